// SPDX-License-Identifier: GPL-2.0
/*
 * BBR over simulated paths: the test cases of draft-ietf-ccwg-bbr-06, Appendix A.  The state is
 * seen by the gains that TCP_CC_INFO tells of.
 */
#include "test.h"

#define MSEC		ATCP_MSEC
#define RATE		12500000u		/* 100 Mbit/s */
#define PAYLOAD(rate)	((u64)(rate) * 1448 / 1500)
#define MSS		1448u

enum state { STARTUP, DRAIN, DOWN, CRUISE, UP, PROBE_RTT, STATES };

static struct sim_conn *conn, *peer;

/* Times that it went to a state, and milliseconds in it. */
static struct {
	u32 entered[STATES];
	u32 ms[STATES];
	enum state now;
	u64 received;
} seen;

static union atcp_cc_info told(void)
{
	union atcp_cc_info info;

	ASSERT_EQ(conn->c.cc_ops->info(&conn->c.cc, &info), ATCP_CC_INFO_BBR);
	return info;
}

static u64 bw(void)
{
	union atcp_cc_info info = told();

	return (u64)info.bbr.bw_hi << 32 | info.bbr.bw_lo;
}

static enum state state(void)
{
	union atcp_cc_info info = told();

	if (info.bbr.cwnd_gain == 128)
		return PROBE_RTT;
	switch (info.bbr.pacing_gain) {
	case 709:
		return STARTUP;
	case 128:
		return DRAIN;
	case 230:
		return DOWN;
	case 320:
		ASSERT_EQ(info.bbr.cwnd_gain, 576);
		return UP;
	}
	ASSERT_EQ(info.bbr.pacing_gain, 256);
	return CRUISE;			/* or Refill */
}

static void drain_peer(void)
{
	static u8 buf[65536];
	int n;

	while ((n = sim_recv(peer, buf, sizeof(buf))) > 0)
		seen.received += n;
}

/*
 * Runs for @ms milliseconds.  In each the program sends @bytes, or as much as the socket
 * takes.
 */
static void run(u32 ms, u32 bytes)
{
	static const u8 zeros[65536];
	enum state s;
	u32 left;
	int n;

	while (ms--) {
		left = bytes;
		do {
			atcp_check_app_limited(&conn->c);
			n = left ? sim_send(conn, zeros, min_t(u32, left, sizeof(zeros)), 0) : 0;
			left -= max(n, 0);
		} while (n > 0);
		sim_run_for(MSEC);
		drain_peer();
		ASSERT(!sim->stopped);
		s = state();
		seen.ms[s]++;
		if (s != seen.now)
			seen.entered[s]++;
		seen.now = s;
	}
}

#define ENDLESS	(~0u)

static void forget(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.now = state();
}

/* Runs until @s has begun, for @ms at most. */
static void run_to(enum state s, u32 ms, u32 bytes)
{
	u32 i;

	for (i = 0; i < ms && state() != s; i++)
		run(1, bytes);
	CHECK(state() == s, "after %u ms state %u and not %u", ms, state(), s);
}

static struct sim_link_conf path(u32 rate, u64 rtt, u32 queue)
{
	return (struct sim_link_conf){ .delay = rtt / 2, .rate = rate, .queue = queue,
				       .mtu = 1500 };
}

/* From now on, for @seconds, @percent at least of a path of @rate is filled. */
static void carries(u32 seconds, u32 rate, u32 percent)
{
	forget();
	run(seconds * 1000, ENDLESS);
	ASSERT_GE(seen.received, seconds * PAYLOAD(rate) * percent / 100);
}

static void begin_with(const struct sim_link_conf *link, bool sack)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct sim_listener *l;

	test_world(1, 2);
	sim_link_both(0, 1, link);
	sim_host(1)->space.conf.sack = sack;
	opt.rcvbuf = 16 << 20;
	opt.sndbuf = 16 << 20;
	opt.cc = sim_cc_find("bbr");
	ASSERT(opt.cc);
	l = sim_listen(sim_host(1), 80, 4, &opt);
	conn = sim_connect(sim_host(0), 1, 0, 80, &opt);
	sim_run_for(4 * link->delay + 100 * MSEC);
	peer = sim_accept(l);
	ASSERT(peer);
	forget();
}

static void begin(const struct sim_link_conf *link)
{
	begin_with(link, true);
}

static struct sim_link *line(void)
{
	return &sim->link[0][1];
}

/* --- Startup and Drain --- */

/* A.1, A.3: the rate is known to 2 %, and the queue is gone soon after. */
TEST(startup_and_drain)
{
	static const struct { u32 rate; u64 rtt; } paths[] = {
		{ RATE, 20 * MSEC }, { RATE / 100, 100 * MSEC }, { RATE * 10, MSEC },
		{ RATE, 200 * MSEC },
	};
	u32 i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct sim_link_conf link = path(paths[i].rate, paths[i].rtt, 0);
		u64 is = PAYLOAD(paths[i].rate);

		test_case("%u bytes a second, %llu us", paths[i].rate, paths[i].rtt);
		begin(&link);
		ASSERT_EQ(state(), STARTUP);
		run_to(DRAIN, 20 * paths[i].rtt / MSEC + 1000, ENDLESS);
		ASSERT_GE(bw(), is * 98 / 100);
		ASSERT_LE(bw(), is * 102 / 100);
		ASSERT_LE(conn->c.cc.pace, bw() / 2 + 1);
		run_to(CRUISE, 6 * paths[i].rtt / MSEC + 300, ENDLESS);
		ASSERT_EQ(sim->link[0][1].lost, 0);
		sim_end();
	}
	test_world(1, 2);
}

/* A.2, A.7: a program that sends little is no plateau, but much loss ends it. */
TEST(startup_of_little)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);

	begin(&link);
	run(4000, 500);
	ASSERT_EQ(seen.ms[STARTUP], 4000);
	line()->conf.loss = 300000;
	run_to(DRAIN, 900, 5000);
}

/* A.20: ProbeRTT before the rate is known goes back to Startup. */
TEST(probe_rtt_in_startup)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);

	begin(&link);
	run(100, 500);
	line()->conf.delay += 5 * MSEC;		/* no lower round trip any more */
	run_to(PROBE_RTT, 6000, 500);
	run_to(STARTUP, 600, 500);
}

/* --- ProbeBW --- */

/* A.5, A.8: each cycle has all states; 63 rounds of 20 ms are the longest. */
TEST(probes_by_rounds)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 0);

	begin(&link);
	run_to(CRUISE, 1000, ENDLESS);
	forget();
	run(20000, ENDLESS);
	ASSERT_GE(seen.entered[UP], 12);
	ASSERT_LE(seen.entered[UP], 20);
	ASSERT_GE(seen.entered[DOWN], seen.entered[UP] - 1);
	ASSERT_GE(seen.ms[CRUISE], 12000);
	ASSERT_EQ(seen.entered[STARTUP] + seen.entered[DRAIN], 0);
	ASSERT_GE(seen.received, 20 * PAYLOAD(RATE) * 95 / 100);
}

/* With longer round trips 2 to 3 seconds and what Refill and Up take. */
TEST(probes_by_time)
{
	struct sim_link_conf link = path(RATE, 100 * MSEC, 0);

	begin(&link);
	run_to(CRUISE, 3000, ENDLESS);
	forget();
	run(30000, ENDLESS);
	ASSERT_GE(seen.entered[UP], 6);
	ASSERT_LE(seen.entered[UP], 14);
}

/* A.15 */
TEST(ten_times_the_rate)
{
	struct sim_link_conf link = path(RATE / 10, 20 * MSEC, 200);

	begin(&link);
	run(5000, ENDLESS);
	line()->conf.rate = RATE;
	run(5000, ENDLESS);
	ASSERT_GE(bw(), PAYLOAD(RATE) * 90 / 100);
}

/* A.16: what was is forgotten after two cycles. */
TEST(a_tenth_of_the_rate)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);

	begin(&link);
	run(5000, ENDLESS);
	line()->conf.rate = RATE / 10;
	run(1000, ENDLESS);
	ASSERT_LE(conn->c.cc.pace, PAYLOAD(RATE) * 60 / 100);
	run(9000, ENDLESS);
	ASSERT_LE(bw(), PAYLOAD(RATE / 10) * 105 / 100);
	carries(5, RATE / 10, 90);
}

/* A.17 */
TEST(policer)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);
	u64 lost, sent;

	link.police = 2000000;
	link.burst = 65536;
	begin(&link);
	run(2000, ENDLESS);
	lost = line()->lost;
	sent = line()->sent;
	carries(20, link.police, 90);
	ASSERT_LE((line()->lost - lost) * 100, (line()->sent - sent) * 6);
}

/* A.14: less than a segment is on the way, yet four may be. */
TEST(less_than_a_segment)
{
	struct sim_link_conf link = path(8000, 20 * MSEC, 0);

	begin(&link);
	run(20000, ENDLESS);
	forget();
	run(20000, ENDLESS);
	ASSERT_GE(conn->c.cc.cwnd, 4 * MSS);
	ASSERT_LE(conn->c.cc.cwnd, 20 * MSS);
	ASSERT_GE(seen.received, 20 * PAYLOAD(8000) * 90 / 100);
}

/* A.12, A.13: ACKs that come in heaps do not stop it. */
TEST(aggregation)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 0);

	link.batch = 10000;
	begin(&link);
	run(3000, ENDLESS);
	carries(4, RATE, 90);
}

/* A loss rate below 2 % is no reason to slow down. */
TEST(random_loss)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);

	link.loss = 10000;
	begin(&link);
	run(2000, ENDLESS);
	carries(20, RATE, 75);
}

/* A.18: what is late is not lost, and the model is as it was. */
TEST(reordering)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 0);

	link.reorder = 2000;
	begin(&link);
	run(2000, ENDLESS);
	carries(10, RATE, 85);
}

/* A.19, and the real one: it goes on at the rate that it had. */
TEST(timeout)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);

	begin(&link);
	run(3000, ENDLESS);
	line()->down = true;
	run(1000, ENDLESS);
	ASSERT_GE(sim_host(0)->stat[ATCP_STAT_RETRANS_TIMEOUT], 1);
	line()->down = false;
	run(3000, ENDLESS);
	carries(3, RATE, 85);
}

/* Without SACK it is slower, and goes on. */
TEST(without_sack)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 200);

	link.loss = 1000;
	begin_with(&link, false);
	run(10000, ENDLESS);
	ASSERT_GE(seen.received, PAYLOAD(RATE));
}

/* --- ProbeRTT --- */

/* A.10: every 5 seconds, for 200 ms and a round trip, with half of what fills the path. */
TEST(probe_rtt)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 0);
	u32 cwnd;

	begin(&link);
	run(1000, ENDLESS);
	line()->conf.delay += 10 * MSEC;	/* a lower round trip cannot be found */
	forget();
	run_to(PROBE_RTT, 6000, ENDLESS);
	cwnd = conn->c.cc.cwnd;
	ASSERT_LE(cwnd, RATE / 50 * 55 / 100);
	run_to(CRUISE, 400, ENDLESS);
	ASSERT_GE(seen.ms[PROBE_RTT], 190);
	ASSERT_EQ(seen.entered[PROBE_RTT], 1);
	run(11000, ENDLESS);
	/* The longer round trip is known by then, and the path is full. */
	ASSERT_GE(told().bbr.min_rtt, 29 * MSEC);
	carries(2, RATE, 90);
}

/* A.11: after an idle time there is no need for it. */
TEST(idle_is_probe_rtt)
{
	struct sim_link_conf link = path(RATE, 20 * MSEC, 0);
	u64 rate;

	begin(&link);
	run(3000, ENDLESS);
	while (conn->c.snd_una != conn->c.write_seq)
		run(1, 0);
	rate = bw();
	run(6000, 0);
	forget();
	run(5, 100000);
	/* At once with the rate that it had. */
	ASSERT_GE(conn->c.cc.pace, rate * 95 / 100);
	ASSERT_LE(conn->c.cc.pace, rate * 102 / 100);
	run(1000, ENDLESS);
	ASSERT_EQ(seen.entered[PROBE_RTT], 0);
}
