/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments that are not acceptable: which are too old (PAWS), and how often they are
 * answered (RFC 5961).
 */
#ifndef _ATCP_CORE_CHALLENGE_H
#define _ATCP_CORE_CHALLENGE_H

#include "core/seq.h"
#include "core/tcb.h"

/*
 * The answers to segments that are not acceptable, and their limits.
 *
 * "By the interval": between two such answers, of whatever kind, conf.challenge_interval
 * passes.  The limit belongs to one connection, request or TIME-WAIT.
 *
 * "For each": one answer for one segment.  The answer is no larger than the segment, so
 * that nobody gets more out than he puts in.  No answer of the other end's is such a
 * segment, so that two ends cannot keep it up.
 *
 *	no port, LISTEN		RST for each; none for a RST		listen.c
 *	LISTEN, queue full	SYN-ACK with a cookie for each SYN, which cookies cost
 *	SYN-SENT		RST for each ACK that is bad		arrive.c
 *				the SYN, repeated: once a connection
 *	SYN-RECEIVED		RST for each ACK that is bad		listen.c, arrive.c
 *				the SYN, repeated: SYN-ACK, by the interval
 *				all else: ACK, by the interval
 *	synchronized		ACK, by the interval: RST, SYN in the window, bad ACK
 *				outside of the window, or old by PAWS	arrive.c
 *				- text or FIN that the peer may send: ACK for each
 *				- keep-alive, window probes without text, anything
 *				  else: ACK, by the interval
 *				received before, in part or out of order: ACK for each,
 *				it is acceptable			deliver.c
 *				text for nobody: RST, which ends it
 *	TIME-WAIT		the same FIN, repeated: ACK for each	timewait.c
 *				a SYN that is new, nobody listening: RST for each
 *				all else: ACK, by the interval
 *
 * Segments that answer nothing (SYN, SYN-ACK, retransmissions, probes, keep-alive) are
 * sent by timers that back off and come to an end: timer.c, keepalive.c, and
 * atcp_req_timeout().
 */

/*
 * True if an answer "by the interval" may be sent now (RFC 5961 section 7); the next has
 * to wait.  @last: when one was sent last, 0 for never.
 */
static inline bool atcp_may_answer(struct atcp_space *space, u64 *last, u64 now)
{
	if (*last && now - *last < space->conf.challenge_interval) {
		atcp_host_count(space, ATCP_STAT_CHALLENGE_LIMITED);
		return false;
	}
	*last = now;
	return true;
}

/*
 * PAWS (RFC 7323 section 5.3): true if @tsval is older than @ts_recent, unless ts_recent
 * has not changed for 24 days, after which it is invalid (section 5.5).
 */
static inline bool atcp_paws_old(u32 tsval, u32 ts_recent, u64 recent_at, u64 now)
{
	return seq_lt(tsval, ts_recent) && now - recent_at < 24 * 86400 * ATCP_SEC;
}

#endif /* _ATCP_CORE_CHALLENGE_H */
