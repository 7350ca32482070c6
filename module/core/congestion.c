// SPDX-License-Identifier: GPL-2.0
/*
 * What an algorithm of cc.h is told, and what is taken of its answers.  These may be wrong,
 * and then harm no other connection:
 *
 *   cwnd        is one segment at least, so that something goes, and not above the largest
 *               window
 *   ssthresh    is two segments at least: RFC 5681, equation (4)
 *   in recovery both stay as recovery.c has them, unless they are the algorithm's own there
 *   pace        is ATCP_CC_PACE_MIN at least, so that time-outs are no longer than minutes
 *
 * An algorithm gets init() when the connection is established, or when it takes over one that
 * is, and release() once for each init().
 */
#include "core/aside.h"
#include "core/congestion.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/seq.h"

static struct atcp_cc_sample sample(const struct atcp_tcb *c)
{
	return (struct atcp_cc_sample){
		.now = c->now,
		.mss = c->mss,
		.flight = atcp_flight(c),
		.max_flight = c->max_flight,
		.srtt = c->srtt / 8,
		.min_rtt = c->min_rtt,
		.delivered = c->delivered,
		.is = (c->app_limited ? ATCP_CC_APP_LIMITED : 0) |
		      (c->recovery != ATCP_OPEN ? ATCP_CC_RECOVERY : 0),
	};
}

/* The sample's second part: @cb's, ATCP_CC_RATES. */
static void add_segment(const struct atcp_tcb *c, const struct atcp_cb *cb,
			struct atcp_cc_sample *s)
{
	s->prior_delivered = cb->delivered;
	s->tx_flight = cb->tx_flight;
	s->tx_lost = atcp_lost_sum(c) - cb->lost;
	s->is &= ~ATCP_CC_APP_LIMITED;
	if (cb->sent & ATCP_SENT_LIMITED)
		s->is |= ATCP_CC_APP_LIMITED;
	if (c->rack)
		s->is |= ATCP_CC_SACK;
}

static void bound_pace(struct atcp_tcb *c)
{
	c->cc.pace = max_t(u64, c->cc.pace, ATCP_CC_PACE_MIN);
}

static void bound(struct atcp_tcb *c)
{
	c->cc.cwnd = min(max_t(u32, c->cc.cwnd, c->mss), ATCP_CC_CWND_MAX);
	c->cc.ssthresh = atcp_least_ssthresh(c, c->cc.ssthresh);
	bound_pace(c);
}

/* cwnd and ssthresh after a call that may have written them. */
static void take(struct atcp_tcb *c, u32 cwnd, u32 ssthresh)
{
	if (c->recovery != ATCP_OPEN && !atcp_cc_owns_recovery(c)) {
		c->cc.cwnd = cwnd;
		c->cc.ssthresh = ssthresh;
	}
	bound(c);
}

void atcp_cc_start(struct atcp_tcb *c)
{
	struct atcp_cc_sample s = sample(c);
	u32 cwnd = c->cc.cwnd, ssthresh = c->cc.ssthresh;

	c->round_end = c->snd_una;
	c->cc_started = true;
	c->cc.pace = ATCP_CC_UNPACED;
	memset(c->cc.own, 0, c->cc_ops->size);
	if (!c->cc_ops->init)
		return;
	c->cc_ops->init(&c->cc, &s);
	take(c, cwnd, ssthresh);
}

void atcp_cc_end(struct atcp_tcb *c)
{
	if (c->cc_started && c->cc_ops->release)
		c->cc_ops->release(&c->cc);
	c->cc_started = false;
}

void *atcp_cc_memory(const struct atcp_tcb *c)
{
	return c->cc.own == c->cc.near ? NULL : c->cc.own;
}

void *atcp_cc_change(struct atcp_tcb *c, const struct atcp_cc_ops *ops, void *memory)
{
	void *old = atcp_cc_memory(c);
	bool started = c->cc_started;

	atcp_enter(c);
	atcp_cc_end(c);
	c->cc_ops = ops;
	c->cc.own = memory ? memory : c->cc.near;
	if (started)
		atcp_cc_start(c);
	return old;
}

void atcp_cc_acked(struct atcp_tcb *c, const struct atcp_ack *a, u32 bytes, bool full)
{
	struct atcp_cc_sample s = sample(c);

	s.acked = bytes;
	s.rtt = a->rtt;
	if (full)
		s.is |= ATCP_CC_FULL;
	if (a->again)
		s.is |= ATCP_CC_AGAIN;
	if (seq_geq(c->snd_una, c->round_end)) {
		s.is |= ATCP_CC_ROUND;
		c->round_end = c->snd_nxt;
	}
	if (unlikely(c->cc_ops->flags & ATCP_CC_RATES)) {
		add_segment(c, &a->last, &s);
		s.rate_us = a->rate_us;
	}
	c->cc_ops->ack(&c->cc, &s);
	bound(c);
}

u32 atcp_cc_ssthresh(struct atcp_tcb *c, u32 used, enum atcp_cc_why why)
{
	struct atcp_cc_sample s = sample(c);
	u32 cwnd = c->cc.cwnd, ssthresh = c->cc.ssthresh, answer;

	s.used = used;
	answer = c->cc_ops->ssthresh(&c->cc, &s, why);
	c->cc.cwnd = cwnd;
	c->cc.ssthresh = ssthresh;
	bound_pace(c);
	return atcp_least_ssthresh(c, answer);
}

void atcp_cc_tell(struct atcp_tcb *c, enum atcp_cc_event event)
{
	u32 cwnd = c->cc.cwnd, ssthresh = c->cc.ssthresh;
	struct atcp_cc_sample s;

	if (!c->cc_started || !c->cc_ops->event)
		return;
	s = sample(c);
	c->cc_ops->event(&c->cc, &s, event);
	take(c, cwnd, ssthresh);
}

void atcp_cc_lost(struct atcp_tcb *c, const struct atcp_cb *cb, u32 len)
{
	u32 cwnd = c->cc.cwnd, ssthresh = c->cc.ssthresh;
	struct atcp_cc_sample s;

	if (likely(!(c->cc_ops->flags & ATCP_CC_RATES)))
		return;
	if (atcp_has_aside(c))
		c->aside->lost_sum += len;
	if (!c->cc_started || !c->cc_ops->event)
		return;
	s = sample(c);
	add_segment(c, cb, &s);
	s.size = len;
	c->cc_ops->event(&c->cc, &s, ATCP_CC_LOST);
	c->cc.cwnd = cwnd;		/* what is lost together is dealt with as one */
	c->cc.ssthresh = ssthresh;
	bound_pace(c);
}

void atcp_set_quantum(struct atcp_tcb *c)
{
	c->quantum = min_t(u64, atcp_pacing_rate(c) >> 10, ATCP_CC_CWND_MAX);
}
