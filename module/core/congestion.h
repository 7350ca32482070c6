/* SPDX-License-Identifier: GPL-2.0 */
/* How much may be in flight: the core's side of cc.h. */
#ifndef _ATCP_CORE_CONGESTION_H
#define _ATCP_CORE_CONGESTION_H

#include "core/ack.h"

/*
 * Bytes that count against cwnd, RFC 6675's pipe: what was sent, without what has left the
 * network or is lost.  What is sent again is not lost any more.
 */
static inline u32 atcp_flight(const struct atcp_tcb *c)
{
	return c->snd_nxt - c->snd_una - c->sacked - c->lost - c->fin_lost;
}

/*
 * cwnd does not grow while the sender does not fill it (RFC 7661 section 4.3).  The most
 * in flight in a window decides, and not what was at this ACK: ACKs of a burst come
 * when its end has been sent.
 */
static inline bool atcp_fills_cwnd(const struct atcp_tcb *c)
{
	return c->cc.cwnd < c->cc.ssthresh ? c->cc.cwnd <= 2 * c->max_flight :
					     c->cc.cwnd <= c->max_flight + c->mss;
}

/* RFC 5681, equation (4): two segments at least. */
static inline u32 atcp_least_ssthresh(const struct atcp_tcb *c, u32 ssthresh)
{
	return max_t(u32, ssthresh, 2 * c->mss);
}

/* The algorithm decides on cwnd in recovery as well. */
static inline bool atcp_cc_owns_recovery(const struct atcp_tcb *c)
{
	return c->cc_ops->flags & ATCP_CC_OWN_RECOVERY;
}

/* The connection is established, with the first cwnd. */
void atcp_cc_start(struct atcp_tcb *c);
/* It is over. */
void atcp_cc_end(struct atcp_tcb *c);
/* Data has arrived: cwnd may grow for @bytes, if it is @full. */
void atcp_cc_acked(struct atcp_tcb *c, const struct atcp_ack *a, u32 bytes, bool full);
/* ssthresh after a loss; @used as in struct atcp_cc_sample. */
u32 atcp_cc_ssthresh(struct atcp_tcb *c, u32 used, enum atcp_cc_why why);
void atcp_cc_tell(struct atcp_tcb *c, enum atcp_cc_event event);
/* A segment, of which @len bytes are not acknowledged, is taken for lost. */
void atcp_cc_lost(struct atcp_tcb *c, const struct atcp_cb *cb, u32 len);
/* The round trip or cwnd has changed: sizes segments by it (atcp_piece()). */
void atcp_set_quantum(struct atcp_tcb *c);

#endif /* _ATCP_CORE_CONGESTION_H */
