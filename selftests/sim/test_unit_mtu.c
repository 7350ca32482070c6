// SPDX-License-Identifier: GPL-2.0
/*
 * Paths that take less than the link, and tell nobody (RFC 4821), between two hosts; and
 * outages, which must not be mistaken for such paths.
 */
#include "scene.h"

#define BYTES	2000000

static struct sim_app client, server;
static struct sim_conn *ends[2];
static u64 began;
static u32 rcvbuf = 500000;

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn = sim_accept(l);

	(void)arg;
	if (!conn)
		return;
	ends[1] = conn;
	sim_app_start(&server, conn);
}

/* Begins a transfer of BYTES from host @from to the other, host 0 being the client. */
static void begin(u8 from, const struct sim_link_conf *k, u32 probing)
{
	static struct sim_sockopt opt;
	struct sim_listener *l;
	u8 i;

	opt = sim_sockopt_default;
	opt.rcvbuf = rcvbuf;
	opt.sndbuf = 500000;
	opt.room = 64000;
	sim_link_both(0, 1, k);
	for (i = 0; i < 2; i++)
		sim_host(i)->space.conf.mtu_probing = probing;
	client = (struct sim_app){ .stream = 0, .total = from ? 0 : BYTES,
				   .expect = from ? BYTES : 0,
				   .write_max = 60000, .read_max = 60000, .rand = 1 };
	server = (struct sim_app){ .stream = 1, .total = from ? BYTES : 0,
				   .expect = from ? 0 : BYTES,
				   .write_max = 60000, .read_max = 60000, .rand = 2 };
	l = sim_listen(sim_host(1), 80, 4, &opt);
	l->ready = accepted;
	began = sim->now;
	ends[0] = sim_connect(sim_host(0), 1, 0, 80, &opt);
	sim_app_start(&client, ends[0]);
}

static void finish(void)
{
	sim_run_for(60 * SEC);
	ASSERT(!sim->stopped);
	ASSERT_EQ(client.received + server.received, BYTES);
	ASSERT(client.eof && server.eof);
	ASSERT_EQ(client.err, 0);
	ASSERT_EQ(server.err, 0);
	scene_over();
}

/* Waits for the last byte. Returns the time that the transfer took. */
static u64 arrived(u8 from)
{
	const struct sim_app *to = from ? &client : &server;

	while (to->received < BYTES && sim->now < began + 100 * SEC)
		sim_run_for(MS);
	return sim->now - began;
}

static u64 stat_of(u8 host, enum atcp_stat stat)
{
	return sim_host(host)->stat[stat];
}

/* The largest packet that @from has sent since record @since of the trace. */
static u32 largest(u8 from, u32 since)
{
	u32 i, most = 0;

	for (i = since; i < sim->ntrace; i++)
		if (sim->trace[i].src == from)
			most = max(most, sim->trace[i].len + sim->trace[i].h.hlen);
	return most + (sim->ipv6 ? 40 : 20);
}

/* A hop of @mtu that tells nobody: all arrives, in segments nearly as large as fit. */
static void black_hole(u8 from, bool ipv6, u32 link_mtu, u32 mtu, u64 most)
{
	const struct sim_link_conf k = { .delay = 5 * MS, .mtu = link_mtu, .black_hole = mtu };
	u32 half;

	test_world(1, 2);
	sim->ipv6 = ipv6;
	begin(from, &k, 1);
	while ((from ? client : server).received < BYTES / 2)
		sim_run_for(10 * MS);
	half = sim->ntrace;
	ASSERT_LE(arrived(from), most);
	ASSERT_LE(largest(from, half), mtu);
	ASSERT_GT(largest(from, half), mtu - 20);
	ASSERT_EQ(stat_of(from, ATCP_STAT_MTU_RESTORED), 0);
	ASSERT_LE(stat_of(from, ATCP_STAT_MTU_PROBES), 16);
	ASSERT_LE(stat_of(from, ATCP_STAT_RETRANS_TIMEOUT), 2);
	finish();
	test_world_end();
}

TEST(black_hole_1300)
{
	u32 i;

	for (i = 0; i < 4; i++) {
		test_case("from host %u over IPv%u", i % 2, i / 2 ? 6 : 4);
		black_hole(i % 2, i / 2, 1500, 1300, 4 * SEC);
	}
}

TEST(black_hole_in_jumbo_frames)
{
	black_hole(0, false, 9000, 1500, 5 * SEC);
}

/* Below the first size that is tried: the second one fits. */
TEST(black_hole_600)
{
	const struct sim_link_conf k = { .delay = 5 * MS, .mtu = 1500, .black_hole = 600 };
	u32 i;

	test_world(1, 2);
	begin(0, &k, 1);
	ASSERT_LE(arrived(0), 10 * SEC);
	for (i = 0; i < sim->ntrace; i++)
		if (sim->trace[i].src == 0 && sim->trace[i].fate == SIM_PASSED)
			ASSERT_LE(sim->trace[i].len, 600 - 52);
	ASSERT_EQ(stat_of(0, ATCP_STAT_MTU_REDUCED), 2);
	finish();
}

/* Nobody looks for a black hole: nothing arrives. */
TEST(black_hole_unheeded)
{
	const struct sim_link_conf k = { .delay = 5 * MS, .mtu = 1500, .black_hole = 1300 };

	test_world(1, 2);
	begin(0, &k, 0);
	sim_run_for(60 * SEC);
	ASSERT_EQ(server.received, 0);
	ASSERT_EQ(stat_of(0, ATCP_STAT_MTU_REDUCED), 0);
	sim_app_stop(&client);
	sim_app_stop(&server);
	sim_abort(ends[0]);
	sim_run_for(SEC);
	sim_close(ends[1]);
	scene_over();
}

/*
 * An outage of each length, in both directions or in one: half a second after it the segments
 * are as large as before.
 */
TEST(outages)
{
	const struct sim_link_conf k = { .delay = 5 * MS, .mtu = 1500, .rate = 200000,
					 .queue = 100 };
	u32 way, ms;

	rcvbuf = 60000;		/* no more than the queue takes: nothing else is lost */
	for (way = 1; way <= 3; way++) {
		for (ms = 100; ms <= 4000; ms += 300) {
			u32 since;

			test_case("%u ms, ways %u", ms, way);
			test_world(ms, 2);
			begin(0, &k, 1);
			sim_run_for(2 * SEC);
			sim->link[0][1].down = way & 1;
			sim->link[1][0].down = way & 2;
			sim_run_for(ms * MS);
			sim->link[0][1].down = false;
			sim->link[1][0].down = false;
			since = server.received;
			/* It may take one more time-out until the sender knows. */
			while (server.received < since + 200000 && !sim->stopped)
				sim_run_for(10 * MS);
			ASSERT_EQ(ends[0]->c.mss, 1448);
			ASSERT_EQ(ends[0]->c.mtup_low, 0);
			finish();
			test_world_end();
		}
	}
}

/* Mode 2: from base_mss up to what passes, without a time-out. */
TEST(from_the_start)
{
	static const u32 mtu[] = { 1500, 1300, 1100 };
	u32 i;

	for (i = 0; i < 6; i++) {
		const struct sim_link_conf k = {
			.delay = 5 * MS, .mtu = 1500, .black_hole = mtu[i % 3],
		};

		test_case("%u, IPv%u", mtu[i % 3], i / 3 ? 6 : 4);
		if (i == 5)
			continue;	/* no IPv6 path */
		test_world(1, 2);
		sim->ipv6 = i / 3;
		begin(0, &k, 2);
		ASSERT_LE(arrived(0), 3 * SEC);
		ASSERT_GT(largest(0, sim->ntrace * 7 / 8), mtu[i % 3] - 20);
		ASSERT_LE(largest(0, sim->ntrace * 7 / 8), mtu[i % 3]);
		ASSERT_EQ(stat_of(0, ATCP_STAT_RETRANS_TIMEOUT), 0);
		ASSERT_LE(stat_of(0, ATCP_STAT_MTU_PROBES), 8);
		finish();
		test_world_end();
	}
}

/* The path takes less from now on, and nobody is told; later it takes all again. */
TEST(path_changes)
{
	const struct sim_link_conf k = { .delay = 5 * MS, .mtu = 1500, .rate = 100000,
					 .queue = 30 };
	u32 since;

	test_world(1, 2);
	begin(0, &k, 1);
	sim_host(0)->space.conf.probe_interval = 3 * SEC;
	sim_run_for(2 * SEC);
	sim->link[0][1].conf.black_hole = 1400;
	sim_run_for(10 * SEC);
	ASSERT_GE(ends[0]->c.mss, 1400 - 52 - 10);
	ASSERT_LE(ends[0]->c.mss, 1400 - 52);
	sim->link[0][1].conf.black_hole = 0;
	since = sim->ntrace;
	sim_run_for(5 * SEC);
	ASSERT_EQ(largest(0, since), 1500);
	ASSERT_EQ(ends[0]->c.mss, 1448);
	/* Full segments that had passed before are acknowledged after the first reduction. */
	ASSERT_LE(stat_of(0, ATCP_STAT_MTU_REDUCED), 2);
	finish();
}
