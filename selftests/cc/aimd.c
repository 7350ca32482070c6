// SPDX-License-Identifier: GPL-2.0
/*
 * An algorithm of congestion control for atcp, whole: additive increase by INCREASE segments
 * a round trip, and multiplicative decrease to DECREASE percent after a loss.
 */
#include <atcp/cc.h>

#define INCREASE	2
#define DECREASE	80

struct aimd {
	u32 acked;		/* bytes since cwnd last grew in congestion avoidance */
};

static void aimd_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	struct aimd *a = cc->own;

	if (!(s->is & ATCP_CC_FULL))
		return;
	a->acked += atcp_cc_slow_start(cc, s->acked);
	while (a->acked >= cc->cwnd / INCREASE) {
		a->acked -= cc->cwnd / INCREASE;
		cc->cwnd += s->mss;
	}
}

static u32 aimd_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			 enum atcp_cc_why why)
{
	return div_u64((u64)s->used * DECREASE, 100);
}

static const struct atcp_cc_ops aimd = {
	.name = "aimd",
	.api = ATCP_CC_API,
	.size = sizeof(struct aimd),
	.ack = aimd_ack,
	.ssthresh = aimd_ssthresh,
	.owner = THIS_MODULE,
};

ATCP_CC(aimd);
MODULE_ALIAS_ATCP_CC("aimd");
MODULE_DESCRIPTION("AIMD, an example of congestion control for atcp");
MODULE_LICENSE("GPL");
