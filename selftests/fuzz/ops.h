/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The language of the target `connection`: an input is FUZZ_SETUP bytes of set-up,
 * then operations with their arguments, a byte each.  fuzz_connection.c runs it;
 * seeds.c makes it of text (scenes).
 *
 * SIDE is a host: 0 runs the core; 1 runs it too, or is a raw peer that sends only
 * the segments of the input.  Operations are taken modulo their number, so that every
 * input is a program.
 */
#ifndef _ATCP_FUZZ_OPS_H
#define _ATCP_FUZZ_OPS_H

/* X(NAME, "as in scenes", arguments) */
#define FUZZ_OPS(X)								\
	X(SEGMENT, "segment", 8)	/* TO FLAGS SEQ ACK LEN WND OPTS UP */	\
	X(TIME, "time", 1)		/* run for a power of two microseconds */ \
	X(EVENTS, "events", 1)		/* run the next few events */	\
	X(SEND, "send", 3)		/* SIDE LEN FLAGS */			\
	X(RECV, "recv", 2)		/* SIDE LEN */				\
	X(SHUTDOWN, "shutdown", 2)	/* SIDE HOW */				\
	X(CLOSE, "close", 1)		/* SIDE */				\
	X(ABORT, "abort", 1)		/* SIDE */				\
	X(ACCEPT, "accept", 1)		/* SIDE */				\
	X(CONNECT, "connect", 1)	/* SIDE */				\
	X(LISTEN, "listen", 1)		/* SIDE */				\
	X(UNLISTEN, "unlisten", 1)	/* SIDE */				\
	X(FAULT, "fault", 2)		/* SIDE NTH: host call that fails */	\
	X(MTU, "mtu", 2)		/* SIDE HOW */				\
	X(ICMP, "icmp", 3)		/* SIDE SEQ KIND */			\
	X(OPTION, "option", 3)		/* SIDE WHICH VALUE */			\
	X(CONF, "conf", 3)		/* SIDE WHICH VALUE */			\
	X(LOSE, "lose", 2)		/* SIDE MASK: which of its next eight packets */ \
	X(LINK, "link", 2)		/* SIDE HOW */				\
	X(TIMEOUT, "timeout", 1)	/* SIDE: a timer fires early */		\
	X(BUFFER, "buffer", 2)		/* SIDE SIZE */				\
	X(REPLAY, "replay", 2)		/* SIDE WHICH: a duplicate by the network */

#define FUZZ_OP_NUMBER(name, text, args)	FUZZ_##name,
enum fuzz_op {
	FUZZ_OPS(FUZZ_OP_NUMBER)
	FUZZ_OP_COUNT
};

#define FUZZ_SETUP	5	/* bytes before the first operation */

/* The first byte: how the two hosts begin (low three bits), and more. */
enum fuzz_begin {
	FUZZ_ACTIVE,		/* host 0 connects to a raw peer */
	FUZZ_PASSIVE,		/* host 0 listens, a raw peer */
	FUZZ_PAIR,		/* host 0 connects to host 1, that listens */
	FUZZ_BOTH,		/* both connect: simultaneous open */
	FUZZ_BEGINS
};

#define FUZZ_WRAP	0x08	/* sequence numbers wrap at once */
#define FUZZ_HALF	0x10	/* sequence numbers pass 2^31 */
#define FUZZ_IPV6	0x20
#define FUZZ_SLACK	0x40	/* timers come late */
#define FUZZ_SPURIOUS	0x80	/* timers also fire early, before a segment */

/* The second: sysctls of both. */
#define FUZZ_NO_TS	0x01
#define FUZZ_NO_WSCALE	0x02
#define FUZZ_NO_SACK	0x04
#define FUZZ_NO_RFC1337	0x08
#define FUZZ_NO_SSAI	0x10
#define FUZZ_COOKIES	0x20
#define FUZZ_IMPATIENT	0x40	/* R2 is a few retransmissions */
#define FUZZ_NO_TW	0x80

/* The third: options of the sockets. */
#define FUZZ_NODELAY	0x01
#define FUZZ_TIGHT	0x02
#define FUZZ_NO_QUICK	0x04
#define FUZZ_KEEPALIVE	0x08
#define FUZZ_USER_TO	0x10
#define FUZZ_MSS_USER	0x20
#define FUZZ_PACE	0x40
#define FUZZ_LINGER2	0x80

/* The fourth: sizes of buffers: RCVBUF in three bits, SNDBUF in three, room in two. */

/* The fifth: the link. */
#define FUZZ_MTU_MASK	0x03
#define FUZZ_WHOLE	0x04
#define FUZZ_RATE	0x08
#define FUZZ_JITTER	0x10
#define FUZZ_NO_DELAY	0x20
#define FUZZ_NO_BACKLOG	0x40
#define FUZZ_PATH_MTU	0x80

/*
 * SEQ and ACK: the upper three bits select a base (FUZZ_SEQS, FUZZ_ACKS), the lower
 * five one of these numbers to add.
 */
#define FUZZ_DELTAS	{ 0, 1, -1u, 2, -2u, 10, -10u, 100, -100u, 536, -536u, 1000, -1000u, \
			  1448, -1448u, 1460, -1460u, 2896, 5000, -5000u, 20000, 65535,	\
			  -65535u, 65536, 1000000, -1000000u, 0x40000000, 0x7fffffff,	\
			  0x80000000, 0x80000001, 3, 50 }

/* Bases of SEQ: X(NAME, "as in scenes") */
#define FUZZ_SEQS(X)	X(NXT, "nxt") X(EDGE, "edge") X(IRS, "irs") X(OOO, "ooo") X(WUP, "wup") \
			X(NXT2, "next") X(RUP, "rup") X(ZERO, "zero")
/* Bases of ACK. */
#define FUZZ_ACKS(X)	X(SNXT, "snxt") X(UNA, "una") X(ISS, "iss") X(END, "end") X(OLD, "old") \
			X(MID, "mid") X(SNXT2, "newest") X(ZERO, "zero")

#define FUZZ_SEQ_NUMBER(name, text)	FUZZ_SEQ_##name,
enum fuzz_seq { FUZZ_SEQS(FUZZ_SEQ_NUMBER) };
#define FUZZ_ACK_NUMBER(name, text)	FUZZ_ACK_##name,
enum fuzz_ack { FUZZ_ACKS(FUZZ_ACK_NUMBER) };

/* OPTS of a segment: the lower three bits are the timestamp. */
enum fuzz_ts { FUZZ_TS_GOOD, FUZZ_TS_NONE, FUZZ_TS_SAME, FUZZ_TS_LATE, FUZZ_TS_OLD, FUZZ_TS_AHEAD,
	       FUZZ_TS_FAR, FUZZ_TS_ECHO };
#define FUZZ_OPT_SACK	0x08
#define FUZZ_OPT_SYN	0x70	/* how the options of a SYN differ from the usual ones */
#define FUZZ_OPT_OTHER	0x80	/* the segment is from another port of the peer */

#endif /* _ATCP_FUZZ_OPS_H */
