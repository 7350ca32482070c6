// SPDX-License-Identifier: GPL-2.0
/*
 * The scenes of the daytime pair and the echo server: handshake, data and
 * close, every segment in order.  The same scenes are captured from the real
 * wire by the kselftests scene_walk, scene_echo, scene_wrap and scene_many.
 */
#include "scene.h"

/* The server sends 22 bytes, then closes; the client closes when it has read them. */
static void walk(struct scene *s)
{
	scene_connect(s, 13, NULL);
	scene("> SYN 0       win 65535\n"
	      "< SYN-ACK 0/1 win 65535\n"
	      "> ACK 1/1     win 65535\n");
	scene_send(s->server, 1, 0, 22);
	sim_run_for(10 * MS);
	scene("< PSH-ACK 1/1 +22\n"
	      "> ACK 1/23\n");
	sim_close(s->server);
	sim_run_for(10 * MS);
	scene("< FIN-ACK 23/1\n"
	      "> ACK 1/24\n");
	scene_recv(s->client, 1, 0, 22);
	scene_eof(s->client);
	sim_close(s->client);
	sim_run_for(10 * MS);
	scene("> FIN-ACK 1/24\n"
	      "< ACK 24/2\n");
}

TEST(walk_through)
{
	struct scene s;

	test_world(1, 2);
	walk(&s);
	ASSERT(!sim_host(0)->conns && !sim_host(1)->conns);
	/* The end that closed first is in TIME-WAIT. */
	ASSERT(sim_host(1)->tws && !sim_host(0)->tws);
	scene_over();
}

TEST(walk_through_initial_numbers_differ)
{
	u32 iss[6], i, j, n = 0;
	struct scene s;

	/* Numbers differ from connection to connection, and from boot to boot. */
	for (i = 0; i < 3; i++) {
		test_world(i + 1, 2);
		scene_connect(&s, 13, NULL);
		iss[n++] = s.client->c.iss;
		iss[n++] = s.server->c.iss;
		sim_abort(s.client);
		sim_run_for(10 * MS);
		sim_close(s.server);
		test_world_end();
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			ASSERT_NE(iss[i], iss[j]);
}

TEST(loopback_handshake)
{
	struct sim_host *h;
	struct scene s;
	const u8 *p;
	u16 port;

	test_world(1, 1);
	h = sim_host(0);
	sim->link[0][0].conf = (struct sim_link_conf){ .mtu = 65535, .delay = 10 };
	h->space.conf.timestamps = false;
	h->space.conf.sack = false;
	h->space.conf.window_scaling = false;
	s.listener = sim_listen(h, 13, 4, NULL);
	s.client = sim_connect(h, 0, 0, 13, NULL);
	sim_run_for(10 * MS);
	s.server = test_accept(s.listener);
	ASSERT(s.server && s.client->connected);
	scene("> SYN 0       win 65535\n"
	      "< SYN-ACK 0/1 win 65535\n"
	      "> ACK 1/1     win 65535\n");

	/* The first two segments are compared byte by byte. */
	port = s.client->c.lport;
	p = sim->trace[0].raw;
	ASSERT_EQ(get_unaligned_be16(p), port);
	ASSERT_EQ(get_unaligned_be16(p + 2), 13);
	ASSERT_EQ(get_unaligned_be32(p + 4), s.client->c.iss);
	ASSERT_EQ(get_unaligned_be32(p + 8), 0);
	ASSERT_EQ(p[12], 6 << 4);	/* 24 bytes: MSS; the reserved bits are zero */
	ASSERT_EQ(p[13], ATCP_SYN);
	ASSERT_EQ(get_unaligned_be16(p + 14), 65535);
	ASSERT_EQ(sim_checksum(0, 0, p, 24), 0);
	ASSERT_NE(get_unaligned_be16(p + 16), 0);
	ASSERT_EQ(get_unaligned_be16(p + 18), 0);
	ASSERT_EQ(p[20], 2);
	ASSERT_EQ(p[21], 4);
	ASSERT_EQ(get_unaligned_be16(p + 22), 65535 - 40);
	p = sim->trace[1].raw;
	ASSERT_EQ(get_unaligned_be16(p), 13);
	ASSERT_EQ(get_unaligned_be16(p + 2), port);
	ASSERT_EQ(get_unaligned_be32(p + 4), s.server->c.iss);
	ASSERT_EQ(get_unaligned_be32(p + 8), s.client->c.iss + 1);
	ASSERT_EQ(p[12], 6 << 4);
	ASSERT_EQ(p[13], ATCP_SYN | ATCP_ACK);
	ASSERT_EQ(get_unaligned_be16(p + 14), 65535);
	ASSERT_EQ(sim_checksum(0, 0, p, 24), 0);
	ASSERT_EQ(get_unaligned_be16(p + 18), 0);

	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	sim_run_for(10 * MS);
	scene("> FIN-ACK 1/1\n"
	      "< ACK 1/2\n"
	      "< FIN-ACK 1/2\n"
	      "> ACK 2/2\n");
	scene_over();
}

TEST(wrapped_both_ways)
{
	struct scene s;

	test_world(1, 2);
	sim_host(0)->space.conf.debug_isn = -3u;
	sim_host(1)->space.conf.debug_isn = -12u;
	scene_connect(&s, 13, NULL);
	ASSERT_EQ(s.client->c.iss, -3u);
	ASSERT_EQ(s.server->c.iss, -12u);
	scene_send(s.client, 0, 0, 5);
	sim_run_for(10 * MS);
	scene_send(s.server, 1, 0, 22);
	sim_run_for(10 * MS);
	sim_close(s.server);
	sim_run_for(10 * MS);
	scene("> SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "> ACK 1/1\n"
	      "> PSH-ACK 1/1 +5\n"
	      "< ACK 1/6\n"
	      "< PSH-ACK 1/6 +22\n"
	      "> ACK 6/23\n"
	      "< RST-ACK 23/6\n");	/* it has not read the five bytes */
	ASSERT_LT(s.client->c.snd_nxt, 10);
	ASSERT_LT(s.client->c.rcv_nxt, 100);
	scene_recv(s.client, 1, 0, 22);
	sim_close(s.client);
	scene_over();
}

TEST(wrapped_with_clean_end)
{
	struct scene s;
	u32 isn;

	/* Each sequence number of the scene is once the first after the wrap. */
	for (isn = -30u; isn != 2; isn++) {
		test_case("initial number %u", isn);
		if (!isn)
			continue;	/* 0 would mean a random one */
		test_world(1, 2);
		scene_skip();
		sim_host(0)->space.conf.debug_isn = isn;
		sim_host(1)->space.conf.debug_isn = isn;
		walk(&s);
		scene_over();
		test_world_end();
	}
}

TEST(echo_a_then_ab)
{
	struct scene s;
	char buf[4];

	test_world(1, 2);
	scene_connect(&s, 20000, NULL);
	ASSERT_EQ(sim_send(s.client, "A", 1, 0), 1);
	sim_run_for(10 * MS);
	ASSERT_EQ(sim_recv(s.server, buf, 4), 1);
	ASSERT_EQ(sim_send(s.server, buf, 1, 0), 1);
	sim_run_for(100 * MS);
	ASSERT_EQ(sim_recv(s.client, buf, 4), 1);
	ASSERT_EQ(sim_send(s.client, "AB", 2, 0), 2);
	sim_run_for(10 * MS);
	ASSERT_EQ(sim_recv(s.server, buf, 4), 2);
	ASSERT_EQ(sim_send(s.server, buf, 2, 0), 2);
	sim_run_for(100 * MS);
	ASSERT_EQ(sim_recv(s.client, buf, 4), 2);
	ASSERT(!memcmp(buf, "AB", 2));
	sim_shutdown(s.client, SIM_SHUT_RD | SIM_SHUT_WR);
	sim_run_for(10 * MS);
	scene_eof(s.server);
	sim_close(s.server);
	sim_run_for(10 * MS);
	scene_eof(s.client);
	sim_close(s.client);
	scene("> SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "> ACK 1/1\n"
	      "> PSH-ACK 1/1 +1\n"
	      "< ACK 1/2\n"
	      "< PSH-ACK 1/2 +1\n"
	      "> ACK 2/2\n"
	      "> PSH-ACK 2/2 +2\n"
	      "< PSH-ACK 2/4 +2\n"
	      "> ACK 4/4\n"
	      "> FIN-ACK 4/4\n"
	      "< ACK 4/5\n"
	      "< FIN-ACK 4/5\n"
	      "> ACK 5/5\n");
	scene_over();
}

/* A reader that stalls closes the window; reading again opens it. */
TEST(echo_stalled_reader)
{
	struct sim_sockopt opt = sim_sockopt_default;
	u8 data[6000];
	struct scene s;
	u32 before;

	test_world(1, 2);
	opt.rcvbuf = 4096;
	opt.sndbuf = 8192;
	scene_connect(&s, 20000, &opt);
	sim_pattern_fill(data, 0, 0, sizeof(data));
	ASSERT_EQ(sim_send(s.client, data, sizeof(data), 0), (int)sizeof(data));
	sim_run_for(1 * SEC);
	/* The buffer is full, and the last ACK closes the window. */
	ASSERT_EQ(s.server->rcv_queued, 4096);
	ASSERT_EQ(sim->trace[sim->ntrace - 1].h.wnd, 0);
	ASSERT_EQ(s.client->c.snd_wnd, 0);

	/* Probes of one byte are each answered with a closed window. */
	before = sim->ntrace;
	sim_run_for(10 * SEC);
	ASSERT_GE(sim->ntrace - before, 4);
	ASSERT_EQ(sim->trace[before].len, 1);
	ASSERT_EQ(sim->trace[before + 1].h.wnd, 0);
	ASSERT_EQ(s.server->rcv_queued, 4096);
	ASSERT_GE(sim_host(0)->stat[ATCP_STAT_ZERO_WINDOW_PROBES], 2);

	/* Reading sends an update at once, and the rest follows. */
	scene_skip();
	before = sim->ntrace;
	scene_recv(s.server, 0, 0, 4096);
	ASSERT_EQ(sim->ntrace, before + 1);
	ASSERT_EQ(sim->trace[before].src, 1);
	ASSERT_EQ(sim->trace[before].h.wnd, 4096);
	sim_run_for(100 * MS);
	scene_recv(s.server, 0, 4096, sizeof(data) - 4096);
	sim_close(s.client);
	sim_run_for(10 * MS);
	scene_eof(s.server);
	sim_close(s.server);
	scene_over();
}

#define MANY	400

static struct sim_app many_c[MANY], many_s[MANY];

static void accept_many(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn;

	(void)arg;
	while ((conn = sim_accept(l)))
		sim_app_start(&many_s[conn->c.rport - 10000], conn);
}

TEST(many_at_once)
{
	struct sim_listener *l;
	u32 i;

	test_world(1, 2);
	sim->tracing = false;
	sim_host(0)->max_tw = MANY;
	l = sim_listen(sim_host(1), 7, MANY, NULL);
	l->ready = accept_many;
	for (i = 0; i < MANY; i++) {
		many_c[i] = (struct sim_app){
			.stream = 2 * i, .total = 500 + i, .expect = 700 - i,
			.write_max = 300, .read_max = 300, .write_gap = 3 * MS, .rand = i,
		};
		many_s[i] = (struct sim_app){
			.stream = 2 * i + 1, .total = 700 - i, .expect = 500 + i,
			.write_max = 100, .read_max = 100, .write_gap = 2 * MS, .rand = i,
		};
		sim_app_start(&many_c[i], sim_connect(sim_host(0), 1, 10000 + i, 7, NULL));
	}
	sim_run_for(20 * SEC);
	for (i = 0; i < MANY; i++) {
		test_case("connection %u", i);
		ASSERT(many_c[i].done && many_s[i].done);
		ASSERT_EQ(many_c[i].received, 700 - i);
		ASSERT_EQ(many_s[i].received, 500 + i);
		ASSERT(many_c[i].eof && many_s[i].eof);
	}
	test_case(NULL);
	scene_over();
}
