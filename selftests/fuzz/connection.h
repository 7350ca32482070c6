/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the target `connection`: see fuzz_connection.c. */
#ifndef _ATCP_FUZZ_CONNECTION_H
#define _ATCP_FUZZ_CONNECTION_H

#include "app.h"
#include "fuzz.h"
#include "ops.h"

#define FUZZ_PORT(side)	((side) ? 3000 : 2000)
#define FUZZ_RING	16

/* The latest packets that a host has sent, which the network may duplicate. */
struct fuzz_ring {
	struct atcp_hdr h[FUZZ_RING];
	u32 len[FUZZ_RING];
	u64 at[FUZZ_RING];
	u32 n;
	u8 lose;		/* which of the next eight packets are lost, a bit each */
};

/**
 * struct fuzz_run - the run of one input, cleared before the next
 * @raw:	host 1 runs no TCP
 * @isn:	host 1's initial sequence number if it is raw
 * @forged:	a segment was sent that no TCP would have sent
 * @ring:	packets that each host has sent
 * @conn:	the connection that the program at each host holds, or NULL
 * @read:	bytes that this program has read
 * @began:	number of connections that this program has opened or accepted
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

/* --- segment.c: segments to a host, and from it --- */

/* The byte of @side's stream at sequence number @seq, also in forged segments. */
u8 fuzz_byte(u8 side, u32 seq);
void fuzz_fill(u8 *to, u8 side, u32 seq, u32 len);
/* Checks and keeps every packet that @side sends from now on. */
void fuzz_watch(struct fuzz_run *run, u8 side);
/* Runs FUZZ_SEGMENT, with its arguments in @in. */
void fuzz_segment(struct fuzz_run *run, struct fuzz_in *in);
void fuzz_replay(struct fuzz_run *run, u8 from, u8 which);
/* A sequence number of @conn for an ICMP error to quote. */
u32 fuzz_quoted(const struct sim_conn *conn, u8 seq);

/* --- judge.c: the effects that a segment may and must have on a connection --- */

struct fuzz_before {
	struct sim_conn *conn;
	struct atcp_tcb c;
	u64 out_segs;
	u64 out_rsts;
	u32 fault;
};

/* @conn: the connection that the segment is for, or NULL. */
void fuzz_judge_before(struct fuzz_before *b, struct sim_host *h, struct sim_conn *conn);
void fuzz_judge_after(const struct fuzz_before *b, struct sim_host *h, const struct atcp_hdr *seg,
		      u32 len);

/* Aborts if an invariant of the simulator does not hold. */
void fuzz_check_world(void);

#endif /* _ATCP_FUZZ_CONNECTION_H */
