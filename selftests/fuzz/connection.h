/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the target `connection`: see fuzz_connection.c. */
#ifndef _ATCP_FUZZ_CONNECTION_H
#define _ATCP_FUZZ_CONNECTION_H

#include "app.h"
#include "fuzz.h"
#include "ops.h"

#define FUZZ_PORT(side)	((side) ? 3000 : 2000)
#define FUZZ_RING	16

/* Packets that a host has sent, for the network to duplicate. */
struct fuzz_ring {
	struct atcp_hdr h[FUZZ_RING];
	u32 len[FUZZ_RING];
	u64 at[FUZZ_RING];
	u32 n;
	u8 lose;		/* of the next eight, a bit each */
};

/**
 * struct fuzz_run - one input's run; all of it is forgotten with the next
 * @raw:	host 1 runs no TCP
 * @isn:	host 1's initial sequence number if it is raw
 * @forged:	something was sent that no TCP would have
 * @ring:	what each host has sent
 * @conn:	the connection that the program at each host holds, or NULL
 * @read:	bytes that it has read
 * @began:	connections that the programs have begun, or accepted
 */
struct fuzz_run {
	bool raw;
	u32 isn;
	bool forged;
	struct fuzz_ring ring[2];
	struct sim_conn *conn[2];
	u64 read[2];
	u32 began[2];
};

/* --- segment.c: what is sent to a host, and what it sends --- */

/* The byte at place @seq of what @side sends, whoever sends it. */
u8 fuzz_byte(u8 side, u32 seq);
void fuzz_fill(u8 *to, u8 side, u32 seq, u32 len);
/* @side's packets are seen, and looked at. */
void fuzz_watch(struct fuzz_run *run, u8 side);
/* FUZZ_SEGMENT, with its arguments in @in. */
void fuzz_segment(struct fuzz_run *run, struct fuzz_in *in);
void fuzz_replay(struct fuzz_run *run, u8 from, u8 which);
/* A number that an ICMP error quotes, of @conn. */
u32 fuzz_quoted(const struct sim_conn *conn, u8 seq);

/* --- judge.c: what a segment may do to a connection, and what it must --- */

struct fuzz_before {
	struct sim_conn *conn;
	struct atcp_tcb c;
	u64 out_segs;
	u64 out_rsts;
	u32 fault;
};

/* @conn: whom it is for, or NULL. */
void fuzz_judge_before(struct fuzz_before *b, struct sim_host *h, struct sim_conn *conn);
void fuzz_judge_after(const struct fuzz_before *b, struct sim_host *h, const struct atcp_hdr *seg,
		      u32 len);

/* Stops if an invariant of the simulator's does not hold. */
void fuzz_check_world(void);

#endif /* _ATCP_FUZZ_CONNECTION_H */
