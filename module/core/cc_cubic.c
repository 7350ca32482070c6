// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC, RFC 9438, with HyStart++ (hystart.h) in the first slow start.
 *
 * After a loss cwnd follows W_cubic(t) = C (t - K)^3 + W_max (section 4.2): fast at first,
 * slow around W_max, where the loss was, and then faster and faster.  As it depends on the
 * time and not on the round trip, paths of different length share a link more fairly.  Where
 * Reno would be faster, cwnd follows that (section 4.3).
 *
 * Windows are bytes; time is counted in ticks of 1024 us.  With d ticks and an MSS of m,
 *
 *	C d^3 = 0.4 m (d * 0.001024)^3 = m (d^3 / 2^20) * 16 / 35527
 */
#include "core/cc.h"
#include "core/hystart.h"

#define DISTANCE_MAX	0x100000u	/* ticks from K: 18 minutes */
#define FACTOR		35527		/* see above */

/**
 * struct curve - the curve in use: section 4.1.2
 * @w_max:	W_max; 0: none, the curve begins at cwnd
 * @k:		K, ticks
 * @epoch:	t_epoch, ticks; 0: the curve has not begun
 * @w_est:	W_est
 * @cwnd_prior:	cwnd before the last reduction
 */
struct curve {
	u32 w_max;
	u32 k;
	u32 epoch;
	u32 w_est;
	u32 cwnd_prior;
};

/**
 * struct cubic
 * @now:	the curve in use
 * @before:	the one before the last reduction, if that is undone (section 4.9)
 * @acked:	bytes since @now.w_est grew
 * @last:	the last ACK, ticks
 * @slow:	the first slow start
 * @part:	in congestion avoidance: of a byte that cwnd is to grow by, cwnd'ths
 */
struct cubic {
	struct curve now;
	struct curve before;
	u32 acked;
	u32 last;
	union {
		struct atcp_hystart slow;
		u32 part;
	};
};

static u32 ticks(const struct atcp_cc_sample *s)
{
	return s->now >> 10;
}

/* Rounded down. */
static u32 cube_root(u64 x)
{
	u64 root = 0, step;
	int shift;

	for (shift = 63; shift >= 0; shift -= 3) {
		root *= 2;
		step = 3 * root * (root + 1) + 1;
		if (x >> shift >= step) {
			x -= step << shift;
			root++;
		}
	}
	return root;
}

/* W_cubic(@t): section 4.2, equation (1). */
static u32 window_at(const struct curve *v, u32 mss, u32 t)
{
	u64 d = min(t > v->k ? t - v->k : v->k - t, DISTANCE_MAX);
	u64 off = div_u64((d * d * d >> 20) * mss * 16, FACTOR);

	off = min_t(u64, off, ATCP_CC_CWND_MAX);
	if (t < v->k)
		return v->w_max - min_t(u64, off, v->w_max);
	return min_t(u64, v->w_max + off, ATCP_CC_CWND_MAX);
}

/*
 * Congestion avoidance begins.  After a loss K is by equation (2); after a time-out, or
 * slow start that ended without a loss, the curve begins at its middle (sections 4.8, 4.10).
 */
static void begin(const struct atcp_cc *cc, struct cubic *q, const struct atcp_cc_sample *s)
{
	struct curve *v = &q->now;

	v->epoch = max_t(u32, ticks(s), 1);
	v->w_est = cc->cwnd;
	q->acked = 0;
	q->part = 0;
	if (v->w_max > cc->cwnd) {
		u64 segs = div_u64((u64)(v->w_max - cc->cwnd) * FACTOR << 12, s->mss);

		v->k = cube_root(segs << 4);
	} else {
		v->w_max = cc->cwnd;
		v->k = 0;
	}
}

/*
 * W_est, what Reno would have: section 4.3.  It grows by a segment for each cwnd / alpha that
 * is acknowledged; alpha is 9/17, and 1 from the window before the loss on.
 */
static void estimate(const struct atcp_cc *cc, struct cubic *q, u32 mss, u32 acked)
{
	struct curve *v = &q->now;
	u32 each = cc->cwnd;

	if (v->w_est < v->cwnd_prior)
		each = div_u64((u64)cc->cwnd * 17, 9);
	q->acked += acked;
	while (q->acked >= each) {
		q->acked -= each;
		v->w_est += mss;
	}
}

static void avoid(struct atcp_cc *cc, struct cubic *q, const struct atcp_cc_sample *s, u32 acked)
{
	struct curve *v = &q->now;
	u32 t, target, grow;
	u64 n;

	if (!v->epoch)
		begin(cc, q, s);
	estimate(cc, q, s->mss, acked);
	t = ticks(s) - v->epoch;
	if (window_at(v, s->mss, t) < v->w_est) {
		cc->cwnd = max(cc->cwnd, v->w_est);
		return;
	}
	target = window_at(v, s->mss, t + (s->srtt >> 10));
	target = min(max(target, cc->cwnd), cc->cwnd + cc->cwnd / 2);
	n = (u64)(target - cc->cwnd) * acked + q->part;
	grow = div_u64(n, cc->cwnd);
	q->part = n - (u64)grow * cc->cwnd;
	cc->cwnd += grow;
}

/* The curve stands still while the program does not fill cwnd: section 5.8. */
static void rest(struct cubic *q, const struct atcp_cc_sample *s)
{
	if (q->now.epoch)
		q->now.epoch += ticks(s) - q->last;
}

static void cubic_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	struct cubic *q = cc->own;
	u32 acked = s->acked;

	if (!(s->is & ATCP_CC_FULL))
		rest(q, s);
	q->last = ticks(s);
	if (cc->ssthresh == ~0u) {
		atcp_hystart_ack(cc, &q->slow, s);
		return;
	}
	if (!(s->is & ATCP_CC_FULL))
		return;
	acked = atcp_cc_slow_start(cc, acked);
	if (acked)
		avoid(cc, q, s, acked);
}

/* Sections 4.6, 4.7 (fast convergence) and 4.8. */
static u32 cubic_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			  enum atcp_cc_why why)
{
	struct cubic *q = cc->own;
	struct curve *v = &q->now;

	q->before = *v;
	v->cwnd_prior = cc->cwnd;
	if (why == ATCP_CC_TIMEOUT)
		v->w_max = 0;
	else if (cc->cwnd < v->w_max)
		v->w_max = div_u64((u64)cc->cwnd * 17, 20);
	else
		v->w_max = cc->cwnd;
	v->epoch = 0;
	return div_u64((u64)s->used * 7, 10);
}

static void cubic_event(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			enum atcp_cc_event event)
{
	struct cubic *q = cc->own;

	switch (event) {
	case ATCP_CC_START:
		rest(q, s);
		q->last = ticks(s);
		break;
	case ATCP_CC_UNDO:
		q->now = q->before;	/* section 4.9 */
		if (cc->ssthresh == ~0u)
			q->slow = (struct atcp_hystart){ };
		break;
	case ATCP_CC_MSS:
		q->now.epoch = 0;
		break;
	case ATCP_CC_RECOVERED:
	case ATCP_CC_LOST:
		break;
	}
}

const struct atcp_cc_ops atcp_cc_cubic = {
	.name = "cubic",
	.api = ATCP_CC_API,
	.size = sizeof(struct cubic),
	.ack = cubic_ack,
	.ssthresh = cubic_ssthresh,
	.event = cubic_event,
};
