// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC, RFC 9438, compared with a model in floating point that gets the same ACKs; and what
 * a connection does with it.
 */
#include "hystart.h"
#include "loss.h"

#define M	1448			/* payload of a segment */
#define C	0.4			/* section 5 */
#define BETA	0.7

/* An algorithm, and what it is told. */
struct driven {
	struct atcp_cc cc;
	struct atcp_cc_sample s;
	u32 rtt;
	double owed;			/* bytes that wait for their ACK */
};

/* RFC 9438 section 4, in segments and seconds. */
struct model {
	double cwnd, w_max, k, w_est, prior, began;
	bool on;
};

static struct driven driven(u32 rtt)
{
	struct driven d = { .rtt = rtt };

	d.cc.ssthresh = ~0u;
	d.s.now = 1ULL << 33;
	d.s.mss = M;
	d.s.srtt = rtt;
	d.s.min_rtt = rtt;
	d.s.is = ATCP_CC_FULL;
	return d;
}

/* A copy has memory of its own. */
static void use(struct driven *d)
{
	d->cc.own = d->cc.near;
}

static double segments(u32 bytes)
{
	return (double)bytes / M;
}

static double seconds(const struct driven *d)
{
	return d->s.now / 1e6;
}

/* By Newton's method. */
static double cube_root(double x)
{
	double r = x > 1 ? x : 1;
	u32 i;

	for (i = 0; i < 100; i++)
		r = (2 * r + x / (r * r)) / 3;
	return r;
}

static double w_cubic(const struct model *m, double t)
{
	return C * (t - m->k) * (t - m->k) * (t - m->k) + m->w_max;
}

static void model_ack(struct model *m, const struct driven *d, double acked)
{
	double t, target, alpha;

	if (!m->on) {
		m->on = true;
		m->began = seconds(d);
		m->w_est = m->cwnd;
		m->k = 0;
		if (m->w_max > m->cwnd)
			m->k = cube_root((m->w_max - m->cwnd) / C);
		else
			m->w_max = m->cwnd;
	}
	t = seconds(d) - m->began;
	alpha = m->w_est < m->prior ? 3 * (1 - BETA) / (1 + BETA) : 1;
	m->w_est += alpha * acked / m->cwnd;
	if (w_cubic(m, t) < m->w_est) {
		m->cwnd = max(m->cwnd, m->w_est);
		return;
	}
	target = w_cubic(m, t + d->rtt / 1e6);
	target = min(max(target, m->cwnd), 1.5 * m->cwnd);
	m->cwnd += (target - m->cwnd) / m->cwnd * acked;
}

/* Both lose something.  @used: in bytes; 0: cwnd. */
static void lose(struct driven *d, struct model *m, u32 used, enum atcp_cc_why why)
{
	double off;

	d->s.used = used ?: d->cc.cwnd;
	m->prior = m->cwnd;
	if (why == ATCP_CC_TIMEOUT)
		m->w_max = 0;
	else if (m->cwnd < m->w_max)
		m->w_max = m->cwnd * (1 + BETA) / 2;
	else
		m->w_max = m->cwnd;
	m->on = false;
	d->cc.ssthresh = atcp_cc_cubic.ssthresh(&d->cc, &d->s, why);
	m->cwnd = (used ? segments(used) : m->cwnd) * BETA;
	off = segments(d->cc.ssthresh) - m->cwnd;
	CHECK(off < 1 && off > -1, "ssthresh is %f, the model's %f", segments(d->cc.ssthresh),
	      m->cwnd);
	d->cc.cwnd = d->cc.ssthresh;
}

/* cwnd of ACKs of two segments, evenly spread over each round trip, for @us. */
static void acks(struct driven *d, struct model *m, u64 us)
{
	u64 end = d->s.now + us;

	while (d->s.now < end) {
		/* What one ACK is for takes so long at a cwnd a round trip. */
		d->s.now += (u64)d->rtt * 2 * M / d->cc.cwnd;
		d->s.acked = 2 * M;
		atcp_cc_cubic.ack(&d->cc, &d->s);
		if (m)
			model_ack(m, d, 2);
	}
}

static void compare(const struct driven *d, const struct model *m)
{
	double off = segments(d->cc.cwnd) - m->cwnd;

	CHECK(off < 1 && off > -1, "after %f s cwnd is %f segments, the model's %f",
	      seconds(d) - m->began, segments(d->cc.cwnd), m->cwnd);
}

/* Section 4.2: below W_max, around it, and far beyond. */
TEST(curve)
{
	static const struct { u32 cwnd, rtt; } paths[] = {
		{ 1000, 100000 }, { 100, 40000 }, { 20000, 200000 }, { 1000, 300000 },
	};
	u32 i, j;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct driven d = driven(paths[i].rtt);
		struct model m = { .cwnd = paths[i].cwnd };

		test_case("%u segments, %u us", paths[i].cwnd, paths[i].rtt);
		use(&d);
		d.cc.cwnd = paths[i].cwnd * M;
		lose(&d, &m, 0, ATCP_CC_LOSS);
		acks(&d, &m, 1);
		ASSERT_GE(m.k, 4);	/* it begins below W_max */
		for (j = 0; j < 10; j++) {
			acks(&d, &m, m.k * 180000);
			compare(&d, &m);
		}
		ASSERT_GT(d.cc.cwnd, (paths[i].cwnd + 10) * M);
	}
}

/* Section 4.3: on a short path W_est is larger; from cwnd_prior on it grows by 1 a round. */
TEST(reno_friendly)
{
	struct driven d = driven(10000);
	struct model m = { .cwnd = 40 };
	u32 j;

	use(&d);
	d.cc.cwnd = 40 * M;
	lose(&d, &m, 0, ATCP_CC_LOSS);
	for (j = 0; j < 10; j++) {
		acks(&d, &m, 50000);
		compare(&d, &m);
	}
	/* 28 segments and half of one for each of 50 rounds: 12 for 23, then 1 each. */
	ASSERT_GE(d.cc.cwnd, 62 * M);
	ASSERT_LE(d.cc.cwnd, 70 * M);
}

/* Section 4.7: what is lost earlier than the last time leaves room for others. */
TEST(fast_convergence)
{
	struct driven d = driven(100000);
	struct model m = { .cwnd = 500 };
	u32 j, cwnd;

	use(&d);
	d.cc.cwnd = 500 * M;
	lose(&d, &m, 0, ATCP_CC_LOSS);
	acks(&d, &m, 1000000);
	cwnd = d.cc.cwnd;
	ASSERT_LT(cwnd, 500 * M);
	lose(&d, &m, 0, ATCP_CC_LOSS);
	ASSERT_LE(m.w_max, 0.86 * segments(cwnd));
	for (j = 0; j < 10; j++) {
		acks(&d, &m, 800000);
		compare(&d, &m);
	}
}

/* Section 4.8: ssthresh by what was in flight; the curve begins in its middle. */
TEST(timeout)
{
	struct driven d = driven(100000);
	struct model m = { .cwnd = 500 };
	u32 j;

	use(&d);
	d.cc.cwnd = 500 * M;
	lose(&d, &m, 400 * M, ATCP_CC_TIMEOUT);
	ASSERT_LE(d.cc.ssthresh, 280 * M);
	ASSERT_GE(d.cc.ssthresh, 280 * M - 1);
	for (j = 0; j < 10; j++) {
		acks(&d, &m, 800000);
		compare(&d, &m);
	}
	ASSERT_EQ(m.k, 0);
}

/* Section 4.9: as if nothing had been. */
TEST(undo)
{
	struct driven d = driven(100000), twin;
	struct model m = { .cwnd = 500 };
	u32 cwnd, ssthresh;

	use(&d);
	d.cc.cwnd = 500 * M;
	lose(&d, &m, 0, ATCP_CC_LOSS);
	acks(&d, &m, 3000000);
	twin = d;
	use(&twin);

	cwnd = d.cc.cwnd;
	ssthresh = d.cc.ssthresh;
	d.s.used = cwnd;
	d.cc.ssthresh = atcp_cc_cubic.ssthresh(&d.cc, &d.s, ATCP_CC_LOSS);
	d.cc.cwnd = d.cc.ssthresh;
	acks(&d, NULL, 500000);
	/* The core restores these. */
	d.cc.cwnd = cwnd;
	d.cc.ssthresh = ssthresh;
	atcp_cc_cubic.event(&d.cc, &d.s, ATCP_CC_UNDO);
	twin.s.now = d.s.now;
	acks(&d, NULL, 5000000);
	acks(&twin, NULL, 5000000);
	ASSERT_EQ(d.cc.cwnd, twin.cc.cwnd);
}

/* Section 5.8: a time without enough to send is none on the curve. */
TEST(application_limited)
{
	struct driven d = driven(100000), twin;
	struct model m = { .cwnd = 500 };
	u32 i;

	use(&d);
	d.cc.cwnd = 500 * M;
	lose(&d, &m, 0, ATCP_CC_LOSS);
	acks(&d, &m, 1000000);
	twin = d;
	use(&twin);
	for (i = 0; i < 100; i++) {
		d.s.now += 100000;
		d.s.is = 0;
		atcp_cc_cubic.ack(&d.cc, &d.s);
	}
	ASSERT_EQ(d.cc.cwnd, twin.cc.cwnd);
	/* And one without anything in flight. */
	d.s.now += 60000000;
	atcp_cc_cubic.event(&d.cc, &d.s, ATCP_CC_START);
	d.s.is = ATCP_CC_FULL;
	acks(&d, NULL, 4000000);
	acks(&twin, NULL, 4000000);
	ASSERT_LE(d.cc.cwnd, twin.cc.cwnd + M);
	ASSERT_GE(d.cc.cwnd + M, twin.cc.cwnd);
}

/* Section 4.10, and no growth beyond the largest window however long nothing is lost. */
TEST(far_and_long)
{
	struct driven d = driven(1000000);
	struct model m = { .cwnd = 300000 };

	use(&d);
	d.cc.cwnd = 300000 * M;
	lose(&d, &m, 0, ATCP_CC_LOSS);
	d.s.now += 3600ULL * 1000000 * 2000;	/* the ticks have wrapped once */
	d.s.acked = 2 * M;
	atcp_cc_cubic.ack(&d.cc, &d.s);
	d.s.now += 3600ULL * 1000000;
	atcp_cc_cubic.ack(&d.cc, &d.s);
	ASSERT_LE(d.cc.cwnd, ATCP_CC_CWND_MAX);
	ASSERT_GE(d.cc.cwnd, d.cc.ssthresh);
}

/* --- HyStart++: RFC 9406 --- */

/* A round trip of @n ACKs of @rtt microseconds each. */
static void hystart_round(struct driven *d, struct atcp_hystart *h, u32 n, u32 rtt)
{
	u32 i;

	for (i = 0; i < n; i++) {
		d->s.is = ATCP_CC_FULL | (i ? 0 : ATCP_CC_ROUND);
		d->s.rtt = rtt;
		d->s.acked = M;
		atcp_hystart_ack(&d->cc, h, &d->s);
	}
}

TEST(hystart_slow_start_goes_on)
{
	struct driven d = driven(100000);
	struct atcp_hystart h = { };
	u32 i;

	d.cc.cwnd = 10 * M;
	/* Less than an eighth more; or too few samples to tell. */
	hystart_round(&d, &h, 10, 100000);
	hystart_round(&d, &h, 20, 112000);
	hystart_round(&d, &h, 7, 150000);
	hystart_round(&d, &h, 20, 150000);
	ASSERT_EQ(d.cc.cwnd, 67 * M);
	ASSERT_EQ(h.baseline, 0);
	/* Not below 4 ms, nor above 16. */
	memset(&h, 0, sizeof(h));
	hystart_round(&d, &h, 10, 1000);
	hystart_round(&d, &h, 10, 4999);
	ASSERT_EQ(h.baseline, 0);
	hystart_round(&d, &h, 10, 8999);
	ASSERT_EQ(h.baseline, 8999);
	memset(&h, 0, sizeof(h));
	hystart_round(&d, &h, 10, 400000);
	for (i = 0; i < 3; i++)
		hystart_round(&d, &h, 10, 415999);
	ASSERT_EQ(h.baseline, 0);
	hystart_round(&d, &h, 10, 431999);
	ASSERT_EQ(h.baseline, 431999);
	ASSERT_EQ(d.cc.ssthresh, ~0u);
}

TEST(hystart_exit)
{
	struct driven d = driven(100000);
	struct atcp_hystart h = { };
	u32 i, cwnd;

	d.cc.cwnd = 10 * M;
	hystart_round(&d, &h, 10, 100000);
	hystart_round(&d, &h, 8, 113000);
	ASSERT_EQ(h.baseline, 113000);
	/* What follows in this round, and the next four, grows by a quarter. */
	cwnd = d.cc.cwnd;
	for (i = 0; i < 4; i++)
		hystart_round(&d, &h, 16, 113000);
	ASSERT_EQ(d.cc.cwnd, cwnd + 16 * M);
	ASSERT_EQ(d.cc.ssthresh, ~0u);
	hystart_round(&d, &h, 1, 113000);
	ASSERT_EQ(d.cc.ssthresh, d.cc.cwnd);
	ASSERT_EQ(d.cc.cwnd, cwnd + 16 * M);
}

TEST(hystart_resumes)
{
	struct driven d = driven(100000);
	struct atcp_hystart h = { };
	u32 cwnd;

	d.cc.cwnd = 10 * M;
	hystart_round(&d, &h, 10, 100000);
	hystart_round(&d, &h, 10, 120000);
	ASSERT_EQ(h.baseline, 120000);
	hystart_round(&d, &h, 10, 119000);
	ASSERT_EQ(h.baseline, 0);
	cwnd = d.cc.cwnd;
	hystart_round(&d, &h, 10, 119000);
	ASSERT_EQ(d.cc.cwnd, cwnd + 10 * M);
	ASSERT_EQ(d.cc.ssthresh, ~0u);
}
