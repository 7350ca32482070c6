// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission time-out: RFC 6298 section 2, compared with a model in floating
 * point; back-off by its section 5.5.
 */
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
