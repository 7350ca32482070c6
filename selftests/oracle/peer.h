/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other host, played by the program: its segments are operations ("seg"), and what
 * the stack under test sends to it is written down.
 *
 *	 namespace CLIENT
 *	+----------------+
 *	|       10.0.0.1 | t0 ---- this process, as 10.0.0.2
 *	|        fd00::1 |                      as fd00::2
 *	+----------------+
 *
 * The slot of such an operation is the number of a connection, not of a socket.  What
 * connect() opens has the first number that is free.  A SYN opens its own connection, to
 * the program's port 1.  The peer reckons with what it has sent and seen, and believes in no
 * state: any segment can be sent at any time.
 *
 * It takes a clock that jumps (debug/lib/travel.h): an operation takes as long over both
 * stacks, then, and all that is to come within OP_TIME has come when it is looked at.
 */
#ifndef ATCP_SELFTEST_ORACLE_PEER_H
#define ATCP_SELFTEST_ORACLE_PEER_H

#include "oracle.h"
#include "packet.h"

#define OP_TIME	240	/* ms an operation takes; more than an ACK is ever delayed */

/* Options of a segment; none of these: what is right for it. */
#define SEG_MSS		0x01
#define SEG_SACK		0x02	/* permitted */
#define SEG_SCALE	0x04
#define SEG_TIME		0x08
#define SEG_OLD		0x10	/* timestamps of long ago, which PAWS refuses */
#define SEG_NEW		0x20	/* and of some time to come */
#define SEG_ECHO		0x40	/* an echo of what was never sent */
#define SEG_BLOCK	0x80	/* SACK: the last bytes that came */
#define SEG_DSACK	0x100	/* SACK: bytes that were acknowledged */
#define SEG_NONE		0x200	/* no options at all */

/* What a segment's number is relative to. */
enum {
	FROM_NEXT,	/* seq: behind all that the peer has sent; ack: that it has seen */
	FROM_EDGE,	/* seq: the first behind the window where not even nothing fits */
	FROM_ACKED,	/* ack: what it has acknowledged */
	FROM_START,	/* both: the first numbers */
};

/* A connection, as the peer knows it. */
struct flow {
	bool used;
	uint16_t here, there;	/* ports: the peer's, the stack's */
	/* The peer's own. */
	uint32_t iss, next;
	uint32_t acked;		/* of the stack's numbers */
	bool has_acked;
	bool offers_ts, offers_sack;
	/* The stack's. */
	bool known;		/* isn is */
	uint32_t isn, end;	/* the first number; behind all it has sent */
	uint32_t got;		/* what it has acknowledged */
	uint32_t edge;		/* where its window ends */
	int scale;
	bool ts;
	uint32_t tsval;
	/* For the transcript. */
	uint32_t told;		/* the acknowledgment that was told last */
	bool has_told;
	unsigned int since;	/* what was told of below */
	uint16_t window;	/* that the peer has sent last */
	int state;		/* of the connection, as it was told last */
	int spoken;		/* segments that the peer has sent since */
};

/*
 * What has happened to a connection: where, from then on, stacks may rightly differ, the
 * table of differences says so.
 */
#define SINCE_AGAIN	1	/* the stack has sent something again */
#define SINCE_END	2	/* the peer has sent its FIN */
#define SINCE_SHRUNK	4	/* the peer's window has become smaller */
#define SINCE_GAP	8	/* the stack has reported a gap by SACK */
#define SINCE_SYNS	16	/* the peer has sent a SYN, and another */
#define SINCE_SHIFTED	32	/* the peer has sent a SYN with another number than 0 */

#define PEER_FLOWS	4
#define PEER_SEGMENTS	512

/* A segment of the stack's, when it came, on which connection. */
struct heard {
	struct packet p;
	long long time;		/* ms since the operation began */
	int flow;
	uint32_t isn, iss;	/* what its numbers were relative to then, */
	bool known;		/* if there was an isn */
	bool at_end;		/* behind all that was sent */
	bool again;		/* something was sent before */
	bool sum_ok;
};

struct peer {
	int tun;
	long long begun, since;	/* the program; the operation: net_now() */
	bool waits;		/* the operation does nothing else */
	struct flow flow[PEER_FLOWS];
	struct heard heard[PEER_SEGMENTS];
	int count;
};

/* Makes the picture of what net_open() has made. */
struct peer *peer_open(struct run *r);
/* A program begins: at the same moment of a second over both stacks. */
void peer_begin(struct run *r);
/* An operation begins. */
void peer_step(struct run *r);
/* Hears what comes within that time. */
void peer_pass(struct run *r, long long ms);
/* Hears what has come. */
void peer_hear(struct run *r);
/* A connection begins, with its number, between these ports: the peer's, the stack's. */
struct flow *peer_flow(struct peer *peer, int i, uint16_t here, uint16_t there);

/*
 * peer_send.c: sends a segment; the arguments are those of "seg".  False if there is no
 * such connection.
 */
bool peer_send(struct run *r, int flow, const long *arg);

/* peer_say.c: writes down what was heard since the last call. */
void peer_say(struct run *r);
/* Writes down that this has happened, the first time. */
void say_since(struct run *r, struct flow *f, unsigned int what);

#endif /* ATCP_SELFTEST_ORACLE_PEER_H */
