// SPDX-License-Identifier: GPL-2.0
/*
 * Reno's congestion control: RFC 5681 section 3.1, counted in bytes as its
 * section 3.1 and RFC 3465 recommend.
 *
 * An acknowledgment of a large segment counts for all that it covers: with
 * segmentation offload one ACK a segment of 64 KB is all that a peer sends.
 */
#include "core/cc.h"

struct reno {
	u32 acked;		/* bytes since cwnd last grew in congestion avoidance */
};

static void reno_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	struct reno *r = cc->own;
	u32 acked;

	if (!(s->is & ATCP_CC_FULL))
		return;
	acked = atcp_cc_slow_start(cc, s->acked);
	if (!acked)
		return;
	r->acked += acked;
	while (r->acked >= cc->cwnd) {
		r->acked -= cc->cwnd;
		cc->cwnd += s->mss;
	}
}

static u32 reno_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			 enum atcp_cc_why why)
{
	return s->used / 2;	/* equation (4) */
}

const struct atcp_cc_ops atcp_cc_reno = {
	.name = "reno",
	.api = ATCP_CC_API,
	.size = sizeof(struct reno),
	.ack = reno_ack,
	.ssthresh = reno_ssthresh,
};
