/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters, once: X(NAME, "explanation").  A host keeps them as it likes
 * (the kernel per CPU and namespace) and shows them under the name in lower
 * case.
 */
#ifndef _ATCP_CORE_STAT_H
#define _ATCP_CORE_STAT_H

#define ATCP_STATS(X)								\
	X(IN_SEGS, "segments received, bad ones included")			\
	X(OUT_SEGS, "segments sent, retransmissions included")			\
	X(ACTIVE_OPENS, "connections begun by connect()")			\
	X(PASSIVE_OPENS, "connections accepted from a SYN")			\
	X(ESTABLISHED, "connections that reached ESTABLISHED")			\
	X(CONN_FAILED, "connection attempts that failed")			\
	X(CONN_RESET, "established connections that were reset")		\
	X(CONN_TIMEOUT, "connections given up after R2 or a user time-out")	\
	X(CONN_ABORTED, "connections that this side aborted")			\
	X(RETRANS_SEGS, "segments retransmitted")				\
	X(RETRANS_FAST, "fast retransmits")					\
	X(RETRANS_TIMEOUT, "retransmission time-outs")				\
	X(RETRANS_SYN, "SYN and SYN-ACK retransmissions")			\
	X(ZERO_WINDOW_PROBES, "zero-window probes sent")			\
	X(KEEPALIVES, "keep-alive probes sent")					\
	X(OUT_RSTS, "resets sent")						\
	X(IN_RSTS, "resets received and accepted")				\
	X(CHALLENGE_ACKS, "challenge ACKs sent (RFC 5961)")			\
	X(CHALLENGE_LIMITED, "challenge ACKs held back by the rate limit")	\
	X(DELAYED_ACKS, "ACKs sent by the delayed-ACK timer")			\
	X(OUT_OF_ORDER, "segments queued out of order")				\
	X(DUPLICATE_DATA, "segments that held only data received before")	\
	X(IN_BAD_HEADER, "dropped: truncated or impossible header")		\
	X(IN_BAD_CHECKSUM, "dropped: wrong checksum")				\
	X(IN_BAD_ADDRESS, "dropped: not addressed to this host alone")		\
	X(IN_NO_PORT, "segments for no connection or listener")			\
	X(IN_FILTERED, "dropped by a socket filter or policy")			\
	X(IN_PAWS, "dropped: old timestamp (PAWS, RFC 7323)")			\
	X(IN_WINDOW, "dropped: outside the receive window")			\
	X(IN_BAD_ACK, "dropped: acknowledgement of data never sent or too old")	\
	X(IN_NO_ACK, "dropped: no ACK bit where one is needed")			\
	X(IN_AFTER_CLOSE, "data received after close, answered by a reset")	\
	X(IN_BACKLOG, "dropped: the socket's backlog was full")			\
	X(IN_RCVBUF, "dropped: the receive buffer was full")			\
	X(IN_NO_MEMORY, "dropped: no memory")					\
	X(OUT_NO_MEMORY, "segments not sent for want of memory, to be retried")	\
	X(OUT_ERRORS, "segments that the network layer refused")		\
	X(SYN_COOKIES_SENT, "SYN-ACKs that carried a cookie")			\
	X(SYN_COOKIES_GOOD, "connections opened by a returned cookie")		\
	X(SYN_COOKIES_BAD, "ACKs that carried no valid cookie")			\
	X(SYN_QUEUE_FULL, "SYNs answered by a cookie: the SYN queue was full")	\
	X(ACCEPT_QUEUE_FULL, "SYNs or ACKs dropped: the accept queue was full")	\
	X(TIME_WAITS, "connections that entered TIME-WAIT")			\
	X(TIME_WAIT_FULL, "connections closed without TIME-WAIT: the cap was reached")	\
	X(TIME_WAIT_REUSED, "TIME-WAIT ended early by a new SYN (RFC 6191)")	\
	X(ORPHANS_FULL, "orphans reset: the cap was reached")			\
	X(ORPHANS_RESET, "orphans reset by the module's switch")		\
	X(ICMP_ERRORS, "ICMP errors that concerned a connection")		\
	X(ICMP_IGNORED, "ICMP errors that matched no data in flight")

#define ATCP_STAT_ENUM(name, text)	ATCP_STAT_##name,
enum atcp_stat {
	ATCP_STATS(ATCP_STAT_ENUM)
	ATCP_STAT_COUNT
};

#undef ATCP_STAT_ENUM

#endif /* _ATCP_CORE_STAT_H */
