/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments that are not acceptable: which are too old (PAWS), and how often they are
 * answered (RFC 5961).
 */
#ifndef _ATCP_CORE_CHALLENGE_H
#define _ATCP_CORE_CHALLENGE_H

#include "seq.h"
#include "tcb.h"

/*
 * What answers a segment that is not acceptable, and how often.  A limit belongs to one
 * connection, request or TIME-WAIT: conf.challenge_interval between two answers of all
 * kinds that are said to be "by the interval".  "For each" is one answer, that is no
 * larger, for one segment, where the segment is none that an answer provokes: no two
 * ends can keep that up, and nobody gets more out than he puts in.
 *
 *	no port, LISTEN		RST for each; none for a RST		listen.c
 *	LISTEN, queue full	SYN-ACK with a cookie for each SYN: the price of cookies
 *	SYN-SENT		RST for each ACK that is bad		arrive.c
 *				the SYN again: once a connection
 *	SYN-RECEIVED		RST for each ACK that is bad		listen.c, arrive.c
 *				the SYN again: SYN-ACK, by the interval
 *				all else: ACK, by the interval
 *	synchronized		ACK, by the interval: RST, SYN in the window, bad ACK
 *				outside of the window, or old by PAWS	arrive.c
 *				- text or FIN that the peer may send: ACK for each
 *				- keep-alives, window probes without text, anything
 *				  else: ACK, by the interval
 *				received before, in part or out of order: ACK for each,
 *				it is acceptable			deliver.c
 *				text for nobody: RST, which ends it
 *	TIME-WAIT		the FIN again, exactly: ACK for each	timewait.c
 *				a SYN that is new, nobody listening: RST for each
 *				all else: ACK, by the interval
 *
 * What nobody has asked for (SYN and SYN-ACK, retransmissions, probes, keep-alives) goes
 * by timers that back off, and ends: timer.c, and atcp_req_timeout().
 */

/* May an answer "by the interval" go now (RFC 5961 section 7)?  Then the next has to wait. */
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
 * PAWS (RFC 7323 section 5.3): is @tsval older than @ts_recent?  A ts_recent
 * that has not moved for 24 days means nothing any more (section 5.5).
 */
static inline bool atcp_paws_old(u32 tsval, u32 ts_recent, u64 recent_at, u64 now)
{
	return seq_lt(tsval, ts_recent) && now - recent_at < 24 * 86400 * ATCP_SEC;
}

#endif /* _ATCP_CORE_CHALLENGE_H */
