// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission time-out: RFC 6298 section 2, compared with a model in floating
 * point; back-off by its section 5.5.  The least round trip of a window.
 */
#include "minmax.h"
#include "rtt.h"
#include "test.h"

static double distance(double a, double b)
{
	return a < b ? b - a : a - b;
}

/* RFC 6298 (2.2) to (2.4), in microseconds. */
struct model {
	double srtt;
	double rttvar;
	double rto;
};

static void model_sample(struct model *m, double r, const struct atcp_conf *conf)
{
	double g = conf->rto_min;

	if (m->srtt == 0) {
		m->srtt = r;
		m->rttvar = r / 2;
	} else {
		m->rttvar = m->rttvar * 3 / 4 + distance(m->srtt, r) / 4;
		m->srtt = m->srtt * 7 / 8 + r / 8;
	}
	m->rto = m->srtt + max(g, 4 * m->rttvar);
	m->rto = min(m->rto, (double)conf->rto_max);
}

static struct atcp_tcb *tcb_new(struct atcp_tcb *c)
{
	memset(c, 0, sizeof(*c));
	atcp_tcb_init(c, &sim_host(0)->space);
	return c;
}

static void close_to(double got, double want, double slack)
{
	CHECK(distance(got, want) <= slack, "%f is not about %f", got, want);
}

static void compare(const struct atcp_tcb *c, const struct model *m)
{
	/* Integers lose less than 1 us a step; an old error fades by an eighth each step. */
	close_to(c->srtt / 8.0, m->srtt, 2);
	close_to(c->rttvar / 4.0, m->rttvar, 4);
	close_to(c->rto, m->rto, 20);
}

/* (2.1) */
TEST(before_a_sample)
{
	struct atcp_tcb c;

	test_world(1, 1);
	tcb_new(&c);
	ASSERT_EQ(c.rto, 1000000);
	ASSERT_EQ(atcp_rto(&c), 1000000);
}

TEST(first_sample)
{
	static const u32 rtts[] = { 1, 2, 10, 999, 50000, 100000, 400000, 3000000, 100000000 };
	u32 i;

	test_world(1, 1);
	for (i = 0; i < sizeof(rtts) / sizeof(rtts[0]); i++) {
		struct model m = { 0 };
		struct atcp_tcb c;

		tcb_new(&c);
		test_case("%u us", rtts[i]);
		model_sample(&m, rtts[i], &sim_host(0)->space.conf);
		atcp_rtt_sample(&c, rtts[i]);
		compare(&c, &m);
	}
}

/* Steady, drifting, jumping and wildly scattered round-trip times. */
TEST(against_floating_point)
{
	u64 rand = 5;
	u32 run, i;

	test_world(1, 1);
	for (run = 0; run < 200; run++) {
		u32 base = 10 + sim_below(&rand, 1u << sim_below(&rand, 24));
		u32 spread = sim_below(&rand, 4) ? base / 8 + 1 : base * 4;
		struct model m = { 0 };
		struct atcp_tcb c;

		tcb_new(&c);
		for (i = 0; i < 500; i++) {
			u32 r = base + sim_below(&rand, spread);

			if (!sim_below(&rand, 100))
				base = 10 + sim_below(&rand, 1u << sim_below(&rand, 24));
			test_case("run %u, sample %u: %u us", run, i, r);
			model_sample(&m, r, &sim_host(0)->space.conf);
			atcp_rtt_sample(&c, r);
			compare(&c, &m);
		}
	}
}

/* (2.4), (2.5): bounds. */
TEST(bounds)
{
	struct atcp_conf *conf;
	struct atcp_tcb c;
	u32 i;

	test_world(1, 1);
	conf = &sim_host(0)->space.conf;
	ASSERT_GE(conf->rto_max, 60000000);
	tcb_new(&c);
	for (i = 0; i < 1000; i++) {
		atcp_rtt_sample(&c, 0);
		ASSERT_GE(c.rto, conf->rto_min);
		ASSERT_LE(c.rto, conf->rto_min + 10);
	}
	for (i = 0; i < 1000; i++) {
		atcp_rtt_sample(&c, i % 2 ? 1 : ~0ULL);
		ASSERT_LE(c.rto, conf->rto_max);
	}
	/* The RTO falls again when round trips stay short. */
	for (i = 0; i < 1000; i++)
		atcp_rtt_sample(&c, 1000);
	ASSERT_LE(c.rto, conf->rto_min + 2000);
}

/* --- the least round trip of a while --- */

/* The least sample is replaced when it is too old, by the least of those after it. */
TEST(least_of_a_window)
{
	static const struct {
		u32 at;
		u32 value;
		u32 least;
	} row[] = {
		{ 0, 50, 50 }, { 10, 60, 50 },
		/* A lower one counts at once. */
		{ 20, 40, 40 }, { 30, 70, 40 },
		/* These stand by from the second quarter on. */
		{ 50, 65, 40 }, { 60, 55, 40 }, { 80, 60, 40 }, { 110, 80, 40 },
		{ 120, 90, 40 }, { 121, 90, 55 },
		{ 160, 90, 55 }, { 161, 90, 60 },
		/* Nothing for longer than the window. */
		{ 1000, 95, 95 }, { 1001, 94, 94 },
		/* The clock wraps. */
		{ ~0u, 90, 90 }, { 29, 92, 90 }, { 99, 93, 90 }, { 100, 93, 92 },
	};
	struct atcp_min m = { 0 };
	u32 i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		test_case("sample %u", i);
		ASSERT_EQ(atcp_min_sample(&m, 100, row[i].at, row[i].value), row[i].least);
	}
}

/* Against all samples: it is one of the window, and none after it was less. */
TEST(least_of_a_window_of_random_samples)
{
	enum { SAMPLES = 3000 };
	static u32 at[SAMPLES], value[SAMPLES];
	u64 rand = 7;
	u32 run, i, j;

	for (run = 0; run < 50; run++) {
		u32 window = 100 + sim_below(&rand, 1000), now = 0u - sim_below(&rand, 5000);
		u32 spread = 1 + sim_below(&rand, 1u << sim_below(&rand, 20));
		struct atcp_min m = { 0 };

		for (i = 0; i < SAMPLES; i++) {
			u32 least;

			now += sim_below(&rand, window / 20);
			at[i] = now;
			value[i] = 1 + i % 500 + sim_below(&rand, spread);
			least = atcp_min_sample(&m, window, now, value[i]);
			test_case("run %u, sample %u", run, i);
			for (j = i; value[j] > least; j--)
				ASSERT(j && now - at[j - 1] <= window);
			ASSERT_EQ(value[j], least);
		}
	}
}

/* It is taken over net.atcp.min_rtt_wlen seconds. */
TEST(least_round_trip)
{
	struct atcp_tcb c;

	test_world(1, 1);
	tcb_new(&c);
	sim_host(0)->space.conf.min_rtt_wlen = 10;
	ASSERT_EQ(c.min_rtt, 0);
	atcp_rtt_sample(&c, 30000);
	ASSERT_EQ(c.min_rtt, 30000);
	c.now += 3 * ATCP_SEC;
	atcp_rtt_sample(&c, 50000);
	c.now += 3 * ATCP_SEC;
	atcp_rtt_sample(&c, 60000);
	ASSERT_EQ(c.min_rtt, 30000);
	/* Not the last sample, but the least that is young enough. */
	c.now += 4 * ATCP_SEC + ATCP_MSEC;
	atcp_rtt_sample(&c, 90000);
	ASSERT_EQ(c.min_rtt, 50000);
	atcp_rtt_sample(&c, 20000);
	ASSERT_EQ(c.min_rtt, 20000);
}

/* (5.5) */
TEST(back_off)
{
	struct atcp_tcb c;
	u64 want;
	u32 i;

	test_world(1, 1);
	tcb_new(&c);
	atcp_rtt_sample(&c, 100000);
	want = c.rto;
	for (i = 0; i < 256; i++) {
		c.backoff = i;
		ASSERT_EQ(atcp_rto(&c), want);
		want = min(2 * want, sim_host(0)->space.conf.rto_max);
	}
}
