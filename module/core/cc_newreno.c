// SPDX-License-Identifier: GPL-2.0
/*
 * Reno's congestion control: RFC 5681 section 3.1, counted in bytes as its
 * section 3.1 and RFC 3465 recommend.
 *
 * An acknowledgment of a large segment counts for all that it covers: with
 * segmentation offload one ACK a segment of 64 KB is all that a peer sends.
 */
#include "core/cc.h"

/* cc_priv[0]: bytes acknowledged since cwnd last grew in congestion avoidance. */

static void newreno_init(struct atcp_tcb *c)
{
	c->cc_priv[0] = 0;
}

static void newreno_acked(struct atcp_tcb *c, u32 bytes)
{
	if (c->cwnd < c->ssthresh) {
		u32 grow = min(bytes, c->ssthresh - c->cwnd);

		c->cwnd += grow;
		bytes -= grow;
	}
	if (bytes) {
		c->cc_priv[0] += bytes;
		while (c->cc_priv[0] >= c->cwnd) {
			c->cc_priv[0] -= c->cwnd;
			c->cwnd += c->mss;
		}
	}
}

static u32 newreno_ssthresh(struct atcp_tcb *c, u32 used)
{
	return max_t(u32, used / 2, 2 * c->mss);	/* equation (4) */
}

const struct atcp_cc_ops atcp_cc_newreno = {
	.name = "reno",
	.init = newreno_init,
	.acked = newreno_acked,
	.ssthresh = newreno_ssthresh,
};
