/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of reasons for the drop of a received segment: X(NAME, counter,
 * "explanation").  Several reasons may share a counter of counters.h.
 */
#ifndef _ATCP_CORE_DROP_H
#define _ATCP_CORE_DROP_H

#include "core/stat.h"

#define ATCP_DROPS(X)								\
	X(BAD_HEADER, IN_BAD_HEADER, "truncated or impossible header")		\
	X(BAD_CHECKSUM, IN_BAD_CHECKSUM, "wrong checksum")			\
	X(BAD_ADDRESS, IN_BAD_ADDRESS, "not addressed to this host alone")	\
	X(NO_PORT, IN_NO_PORT, "no connection or listener")			\
	X(POLICY, IN_FILTERED, "IPsec policy or security module")		\
	X(FILTER, IN_FILTERED, "socket filter")					\
	X(MIN_TTL, IN_FILTERED, "IP_MINTTL, IPV6_MINHOPCOUNT")			\
	X(BACKLOG, IN_BACKLOG, "backlog full")					\
	X(NO_MEMORY, IN_NO_MEMORY, "no memory")					\
	X(NO_ROUTE, IN_BAD_ADDRESS, "no route for the answer")			\
	X(SYN_QUEUE, SYN_QUEUE_FULL, "SYN queue full and no cookies")		\
	X(ACCEPT_QUEUE, ACCEPT_QUEUE_FULL, "accept queue full")			\
	X(BAD_COOKIE, SYN_COOKIES_BAD, "no valid SYN cookie")			\
	X(CLOSED, IN_UNEXPECTED, "the socket has just closed")			\
	X(MOVING, IN_MOVING, "its connection changed while it was looked up")	\
	X(UNEXPECTED, IN_UNEXPECTED, "of no meaning in the state")		\
	X(PAWS, IN_PAWS, "old timestamp (PAWS)")				\
	X(NO_TIMESTAMP, IN_PAWS, "no timestamp where all have one")		\
	X(WINDOW, IN_WINDOW, "outside the receive window")			\
	X(BLIND_RST, IN_BLIND, "RST in the window but not next")		\
	X(BLIND_SYN, IN_BLIND, "SYN for a connection that is open")		\
	X(BAD_ACK, IN_BAD_ACK, "acknowledges what was never sent")		\
	X(OLD_ACK, IN_BAD_ACK, "acknowledgment too old")			\
	X(NO_ACK, IN_NO_ACK, "no ACK bit")					\
	X(DUPLICATE, DUPLICATE_DATA, "received before")				\
	X(AFTER_FIN, IN_UNEXPECTED, "text behind the peer's FIN")		\
	X(AFTER_CLOSE, IN_AFTER_CLOSE, "data after close")			\
	X(RCVBUF, IN_RCVBUF, "receive buffer full")				\
	X(PRUNED, IN_RCVBUF, "out of order, pushed out by what is in order")

#define ATCP_DROP_NUMBER(name, stat, text)	ATCP_DROP_##name,
enum atcp_drop {
	ATCP_DROP_NONE,			/* not dropped: it has been used up */
	ATCP_DROPS(ATCP_DROP_NUMBER)
	ATCP_DROP_COUNT
};

/* The counter that a drop counts in. */
extern const unsigned char atcp_drop_stat[ATCP_DROP_COUNT];

struct atcp_tcb;
struct atcp_seg;

/* Frees a received segment that was not charged; counts it, unless @why is NONE. */
void atcp_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why);

#endif /* _ATCP_CORE_DROP_H */
