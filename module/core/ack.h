/* SPDX-License-Identifier: GPL-2.0 */
/* The ACK field in the synchronized states. */
#ifndef _ATCP_CORE_ACK_H
#define _ATCP_CORE_ACK_H

#include "core/tcb.h"

/**
 * struct atcp_ack - what one acceptable ACK, not an old one, has told
 * @acked:	bytes of sequence space that its ACK field newly acknowledges
 * @delivered:	bytes that it reports for the first time, acknowledged or SACKed
 * @rtt:	the round trip that it has measured, microseconds; 0: none
 * @rate_us:	the time that its sample of the delivery rate took; 0: it has none
 * @prior_sacked: c->sacked before it
 * @prior_fack:	c->fack before it: what it reports together may have arrived in any order
 * @last:	the control block of the segment, reported for the first time, that was sent
 *		last; its sent_at is 0: none
 * @same_window: it offers the window that was known before
 * @opened:	the window was closed, and it opens it
 * @block:	its first SACK block has data that was not reported before
 * @beyond:	it reports data that was sent after c->recover was noted
 * @duplicate:	another segment has arrived at the peer than the one that is next there
 * @again:	part of @acked was sent more than once
 * @original:	it reports data below c->recover that was sent once
 * @sacked:	it has SACKed something new
 * @dsack:	its first block reports @dsack_start to @dsack_end, which the peer had already
 * @delayed:	it was caused by an original, sent before any retransmission of this recovery
 *		(RFC 3522); meaningful with @acked
 *
 * Filled once, in the order of ack.c; what comes after only reads it.
 */
struct atcp_ack {
	u32 acked;
	u32 delivered;
	u32 rtt;
	u32 rate_us;
	u32 prior_sacked;
	u32 prior_fack;
	u32 dsack_start;
	u32 dsack_end;
	struct atcp_cb last;
	bool same_window;
	bool opened;
	bool block;
	bool beyond;
	bool duplicate;
	bool again;
	bool original;
	bool sacked;
	bool dsack;
	bool delayed;
};

/* Section 3.10.7.4, fifth, for the synchronized states. False: drop the segment, for @why. */
bool atcp_ack_arrived(struct atcp_tcb *c, const struct atcp_hdr *h, u32 len,
		      enum atcp_drop *why);

#endif /* _ATCP_CORE_ACK_H */
