// SPDX-License-Identifier: GPL-2.0
/*
 * The size of segments: the effective send MSS (RFC 9293 section 3.7.1, RFC 6691),
 * which pmtud.c may bound; and the initial congestion window, which is so many of them
 * (RFC 6928), unless the route knows better.
 */
#include "core/congestion.h"
#include "core/core.h"
#include "core/mss.h"

void atcp_mss_changed(struct atcp_tcb *c)
{
	u32 mss = min(c->mss_peer, c->mss_path);	/* RFC 9293 section 3.7.1 */

	if (unlikely(c->mtup_low))
		mss = min_t(u32, mss, c->mtup_low);
	mss = max_t(u32, mss, c->space->conf.min_snd_mss);
	c->mss = c->ts_on ? mss - 12 : mss;
	/* At least what RFC 5681 allows, by the new size; the route's bound counts segments. */
	c->cc.cwnd = min(max_t(u32, c->cc.cwnd, c->mss), atcp_cwnd_most(c));
	c->cc.ssthresh = atcp_least_ssthresh(c, c->cc.ssthresh);
	atcp_cc_tell(c, ATCP_CC_MSS);
}

u32 atcp_initial_window(const struct atcp_tcb *c)
{
	u32 window;

	if (c->retries)
		return c->mss;		/* RFC 6928 section 2: a SYN was lost */
	/* Whoever owns the route knows the path: the RFC's bound in bytes is not for that. */
	if (unlikely(c->cwnd_first))
		window = (u32)c->cwnd_first * c->mss;
	else
		window = min_t(u32, c->space->conf.initial_window * c->mss,
			       max_t(u32, 2 * c->mss, 14600));
	return min(window, atcp_cwnd_most(c));
}

void atcp_first_cwnd(struct atcp_tcb *c)
{
	c->cc.cwnd = atcp_initial_window(c);
	if (likely(!c->ssthresh_first))
		return;
	c->cc.ssthresh = atcp_least_ssthresh(c, min((u32)c->ssthresh_first * c->mss,
						    atcp_cwnd_most(c)));
}
