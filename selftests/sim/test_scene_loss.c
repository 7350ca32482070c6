// SPDX-License-Identifier: GPL-2.0
/* Lost, duplicated and reordered segments, and segments for no connection. */
#include "scene.h"

TEST(closed_port)
{
	struct sim_conn *conn;

	test_world(1, 2);
	conn = sim_connect(sim_host(0), 1, 0, 13, NULL);
	sim_run_for(10 * MS);
	scene("> SYN 0\n"
	      "< RST-ACK 0/1\n");
	ASSERT(conn->closed);
	ASSERT_EQ(sim_recv(conn, &conn, 1), -ECONNREFUSED);
	sim_close(conn);
	scene_over();
}

TEST(lost_syn)
{
	struct scene s;

	test_world(1, 2);
	scene_lose(0, ATCP_SYN, 1);
	scene_begin_connect(&s, 13, NULL);
	sim_run_for(999 * MS);
	scene("> SYN 0 LOST\n");
	sim_run_for(10 * MS);
	scene("> SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "> ACK 1/1\n");
	ASSERT(s.client->connected);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(test_accept(s.listener));
	scene_over();
}

/* Two lost SYNs cost two seconds, and not three: net.atcp.syn_linear_timeouts. */
TEST(two_lost_syns)
{
	struct scene s;

	test_world(1, 2);
	sim->link[0][1].down = true;
	scene_begin_connect(&s, 13, NULL);
	sim_run_for(1500 * MS);
	sim->link[0][1].down = false;
	sim_run_for(510 * MS);
	scene("> SYN 0 LOST\n"
	      "> SYN 0 LOST\n"
	      "> SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "> ACK 1/1\n");
	ASSERT(s.client->connected);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(test_accept(s.listener));
	scene_over();
}

TEST(lost_syns_back_off)
{
	struct scene s;

	test_world(1, 2);
	sim_host(0)->space.conf.syn_linear_timeouts = 0;
	sim->link[0][1].down = true;
	scene_begin_connect(&s, 13, NULL);
	sim_run_for(400 * SEC);
	/* They are 1, 2, 4 ... seconds apart; R2 for a SYN is three minutes or more: MUST-23. */
	ASSERT_GE(sim->ntrace, 5);
	ASSERT_EQ(sim->trace[1].sent - sim->trace[0].sent, 1 * SEC);
	ASSERT_EQ(sim->trace[2].sent - sim->trace[1].sent, 2 * SEC);
	ASSERT_EQ(sim->trace[3].sent - sim->trace[2].sent, 4 * SEC);
	ASSERT_EQ(sim->trace[4].sent - sim->trace[3].sent, 8 * SEC);
	ASSERT_GE(sim->now - sim->trace[0].sent, 180 * SEC);
	ASSERT(s.client->closed);
	ASSERT_EQ(s.client->err, ETIMEDOUT);
	sim_close(s.client);
	scene_over();
}

TEST(lost_syn_ack)
{
	struct scene s;

	test_world(1, 2);
	scene_lose(1, ATCP_SYN | ATCP_ACK, 1);
	scene_begin_connect(&s, 13, NULL);
	sim_run_for(1100 * MS);
	/* Both sides resend after a second, and their answers cross. */
	scene("> SYN 0\n"
	      "< SYN-ACK 0/1 LOST\n"
	      "> SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "< SYN-ACK 0/1\n"
	      "> ACK 1/1\n"
	      "> ACK 1/1\n");
	s.server = test_accept(s.listener);
	ASSERT(s.client->connected && s.server);
	ASSERT(!sim_accept(s.listener));
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

TEST(lost_handshake_ack)
{
	struct scene s;

	test_world(1, 2);
	scene_lose(0, ATCP_ACK, 1);
	scene_begin_connect(&s, 13, NULL);
	sim_run_for(100 * MS);
	/* The client is connected and may send: its data completes the handshake. */
	ASSERT(s.client->connected);
	ASSERT(!sim_accept(s.listener));
	scene_send(s.client, 0, 0, 10);
	sim_run_for(100 * MS);
	scene("> SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "> ACK 1/1 LOST\n"
	      "> PSH-ACK 1/1 +10\n"
	      "< ACK 1/11\n");
	s.server = test_accept(s.listener);
	ASSERT(s.server);
	scene_recv(s.server, 0, 0, 10);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

TEST(lost_fin)
{
	struct scene s;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	scene_skip();
	scene_lose(1, ATCP_FIN, 1);
	sim_close(s.server);
	sim_run_for(190 * MS);
	scene("< FIN-ACK 1/1 LOST\n");
	sim_run_for(50 * MS);
	scene("< FIN-ACK 1/1\n"
	      "> ACK 1/2\n");
	scene_eof(s.client);
	sim_close(s.client);
	sim_run_for(10 * MS);
	scene("> FIN-ACK 1/2\n"
	      "< ACK 2/2\n");
	scene_over();
}

TEST(lost_last_ack)
{
	struct scene s;
	u64 expires;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	scene_skip();
	sim_close(s.server);
	sim_run_for(10 * MS);
	scene_eof(s.client);
	scene_lose(1, ATCP_ACK, 1);
	sim_close(s.client);
	sim_run_for(10 * MS);
	scene("< FIN-ACK 1/1\n"
	      "> ACK 1/2\n"
	      "> FIN-ACK 1/2\n"
	      "< ACK 2/2 LOST\n");
	ASSERT_EQ(sim_host(0)->conns->c.state, ATCP_LAST_ACK);
	ASSERT(sim_host(1)->tws);
	expires = sim_host(1)->tws->tw.expires;
	sim_run_for(300 * MS);
	scene("> FIN-ACK 1/2\n"
	      "< ACK 2/2\n");
	ASSERT(!sim_host(0)->conns);
	/* The resent FIN has restarted the 2 MSL. */
	ASSERT_GT(sim_host(1)->tws->tw.expires, expires);
	scene_over();
}

/* RFC 5681: a segment is lost, and the next three cause duplicate ACKs. */
TEST(lost_segment_is_resent_at_third_duplicate)
{
	struct scene s;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	scene_skip();
	scene_lose(0, ATCP_ACK, 2);
	scene_send(s.client, 0, 0, 5 * 1448);
	sim_run_for(100 * MS);
	scene("> ACK 1/1 +1448\n"
	      "> ACK 1449/1 +1448 LOST\n"
	      "> ACK 2897/1 +1448\n"
	      "> ACK 4345/1 +1448\n"
	      "> PSH-ACK 5793/1 +1448\n"
	      "< ACK 1/1449\n"
	      "< ACK 1/1449\n"
	      "< ACK 1/1449\n"
	      "< ACK 1/1449\n"
	      "> ACK 1449/1 +1448\n"
	      "< ACK 1/7241\n");
	scene_recv(s.server, 0, 0, 5 * 1448);
	ASSERT_EQ(sim_host(0)->stat[ATCP_STAT_RETRANS_FAST], 1);
	ASSERT_EQ(sim_host(0)->stat[ATCP_STAT_RETRANS_TIMEOUT], 0);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

/*
 * Segments that waited at the receiver behind a lost one give no sample of the
 * round-trip time: Karn's rule, RFC 6298 section 3.
 */
TEST(waiting_behind_a_gap_is_no_round_trip)
{
	struct scene s;

	test_world(1, 2);
	sim_host(0)->space.conf.timestamps = false;
	scene_connect(&s, 13, NULL);
	scene_skip();
	scene_lose(0, ATCP_ACK, 1);
	scene_send(s.client, 0, 0, 2 * 1460);
	sim_run_for(2 * SEC);
	scene("> ACK 1/1 +1460 LOST\n"
	      "> PSH-ACK 1461/1 +1460\n"
	      "< ACK 1/1\n"
	      "> ACK 1/1 +1460\n"
	      "< ACK 1/2921\n");
	ASSERT_LE(s.client->c.srtt / 8, 3 * MS);
	sim_abort(s.client);
	sim_abort(s.server);
	scene_over();
}

/*
 * A resent FIN has an old sequence number, but the latest ACK and window: both
 * must be used.
 */
TEST(window_of_a_resent_fin)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct scene s;

	test_world(1, 2);
	sim_host(0)->space.conf.window_scaling = false;
	opt.rcvbuf = 3000;
	scene_connect(&s, 13, &opt);
	scene_skip();
	/* The FIN is lost, but a later ACK is not. */
	scene_lose(1, ATCP_FIN, 1);
	sim_shutdown(s.server, SIM_SHUT_WR);
	scene_send(s.client, 0, 0, 100);
	sim_run_for(10 * MS);
	ASSERT_EQ(s.client->c.snd_wl1, s.client->c.irs + 2);
	/* From now on only the resent FIN arrives, with a smaller window. */
	scene_send(s.client, 0, 100, 2800);
	scene_lose(1, ATCP_ACK, 1);
	sim_run_for(1 * MS + 500);
	scene_lose(1, ATCP_ACK, 1);
	sim_run_for(3 * SEC);
	ASSERT_EQ(s.client->c.state, ATCP_CLOSE_WAIT);
	ASSERT_EQ(s.client->c.snd_una + s.client->c.snd_wnd,
		  s.server->c.rcv_wup + s.server->c.rcv_wnd);
	sim_abort(s.client);
	sim_abort(s.server);
	scene_over();
}

/* RFC 9293 figure 10: the peer reboots and has lost the connection. */
TEST(half_open_after_reboot)
{
	struct scene s;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	scene_skip();
	sim_host_reboot(sim_host(1));
	sim_run_for(10 * MS);
	scene("");
	scene_send(s.client, 0, 0, 10);
	sim_run_for(10 * MS);
	scene("> PSH-ACK 1/1 +10\n"
	      "< RST 1\n");
	ASSERT_EQ(sim_recv(s.client, &s, 1), -ECONNRESET);
	sim_close(s.client);
	scene_over();
}

/* Figure 9: the host that has rebooted connects again from the same port. */
TEST(half_open_found_by_syn)
{
	struct scene s;
	u16 port;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	port = s.client->c.lport;
	sim_host_reboot(sim_host(0));
	scene_skip();
	s.client = sim_connect(sim_host(0), 1, port, 13, NULL);
	sim_run_for(50 * MS);
	/* The peer's challenge ACK, our RST, and at once the SYN again. */
	ASSERT_EQ(sim->trace[3].h.flags, ATCP_SYN);
	ASSERT_EQ(sim->trace[4].h.flags, ATCP_ACK);
	ASSERT_EQ(sim->trace[4].h.ack, s.server->c.rcv_nxt);
	ASSERT_EQ(sim->trace[5].h.flags, ATCP_RST);
	ASSERT_EQ(sim->trace[5].h.seq, sim->trace[4].h.ack);
	ASSERT_EQ(sim->trace[6].h.flags, ATCP_SYN);
	ASSERT_EQ(sim->ntrace, 9);
	ASSERT(s.server->closed);
	ASSERT_EQ(s.server->err, ECONNRESET);
	sim_close(s.server);
	ASSERT(s.client->connected);
	s.server = test_accept(s.listener);
	ASSERT(s.server);
	sim_close(s.server);
	sim_run_for(10 * MS);
	sim_close(s.client);
	scene_over();
}

/* Segments for no connection: RFC 9293 section 3.10.7.1. */
TEST(stray_segments)
{
	static const struct {
		u8 flags, len, answer;
	} stray[] = {
		{ ATCP_SYN, 0, ATCP_RST | ATCP_ACK },
		{ ATCP_SYN | ATCP_ACK, 0, ATCP_RST },
		{ ATCP_ACK, 0, ATCP_RST },
		{ ATCP_ACK, 20, ATCP_RST },
		{ ATCP_FIN | ATCP_ACK, 3, ATCP_RST },
		{ 0, 5, ATCP_RST | ATCP_ACK },
		{ ATCP_FIN, 5, ATCP_RST | ATCP_ACK },
		{ ATCP_RST, 0, 0 },
		{ ATCP_RST | ATCP_ACK, 0, 0 },
	};
	u8 bytes[ATCP_HDR_MAX + 32] = { 0 };
	u32 i, hlen, seq_len, before;
	const struct sim_rec *r;
	struct atcp_hdr h;

	test_world(1, 2);
	for (i = 0; i < sizeof(stray) / sizeof(stray[0]); i++) {
		test_case("flags %#x, %u bytes", stray[i].flags, stray[i].len);
		h = (struct atcp_hdr){ .sport = 5, .dport = 6, .seq = -3u, .ack = 4000000000u,
				       .wnd = 100, .flags = stray[i].flags };
		hlen = atcp_hdr_size(&h);
		atcp_hdr_write(&h, bytes);
		before = sim->ntrace;
		sim_wire_inject(0, 1, bytes, hlen + stray[i].len);
		sim_run_pending();
		if (!stray[i].answer) {
			ASSERT_EQ(sim->ntrace, before + 1);
			continue;
		}
		ASSERT_EQ(sim->ntrace, before + 2);
		r = &sim->trace[before + 1];
		ASSERT_EQ(r->h.flags, stray[i].answer);
		ASSERT_EQ(r->h.sport, 6);
		ASSERT_EQ(r->h.dport, 5);
		ASSERT_EQ(r->len, 0);
		seq_len = stray[i].len + !!(h.flags & ATCP_SYN) + !!(h.flags & ATCP_FIN);
		if (stray[i].answer & ATCP_ACK) {
			ASSERT_EQ(r->h.seq, 0);
			ASSERT_EQ(r->h.ack, (u32)(-3u + seq_len));
		} else {
			ASSERT_EQ(r->h.seq, 4000000000u);
		}
	}
	test_case(NULL);
	ASSERT(!sim_host(1)->conns);
	scene_over();
}

TEST(bad_segments_are_counted_and_dropped)
{
	u8 bytes[ATCP_HDR_MAX] = { 0 };
	struct sim_host *h;
	u32 i;

	test_world(1, 2);
	h = sim_host(1);
	for (i = 0; i < ATCP_HDR_MIN; i++)
		sim_wire_inject(0, 1, bytes, i);
	ASSERT_EQ(h->stat[ATCP_STAT_IN_BAD_HEADER], ATCP_HDR_MIN);
	bytes[12] = 4 << 4;	/* a header of 16 bytes */
	sim_wire_inject(0, 1, bytes, ATCP_HDR_MIN);
	bytes[12] = 6 << 4;	/* a header of 24 bytes, of which 20 are there */
	sim_wire_inject(0, 1, bytes, ATCP_HDR_MIN);
	ASSERT_EQ(h->stat[ATCP_STAT_IN_BAD_HEADER], ATCP_HDR_MIN + 2);
	bytes[12] = 5 << 4;
	bytes[16] = 0xde;
	sim_wire_inject_raw(0, 1, bytes, ATCP_HDR_MIN);
	ASSERT_EQ(h->stat[ATCP_STAT_IN_BAD_CHECKSUM], 1);
	ASSERT_EQ(h->stat[ATCP_STAT_OUT_SEGS], 0);
}

/* --- whole transfers over bad links --- */

static struct sim_app client, server;

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn = sim_accept(l);

	(void)arg;
	if (conn)
		sim_app_start(&server, conn);
}

static void transfer(const struct sim_link_conf *k, u32 bytes, const struct sim_sockopt *opt)
{
	struct sim_listener *l;

	sim_link_both(0, 1, k);
	client = (struct sim_app){ .stream = 0, .total = bytes, .expect = bytes,
				   .write_max = 60000, .read_max = 60000, .rand = 1 };
	server = (struct sim_app){ .stream = 1, .total = bytes, .expect = bytes,
				   .write_max = 60000, .read_max = 60000, .rand = 2 };
	l = sim_listen(sim_host(1), 80, 4, opt);
	l->ready = accepted;
	sim_app_start(&client, sim_connect(sim_host(0), 1, 0, 80, opt));
	sim_run_for(3600 * SEC);
	ASSERT(!sim->stopped);
	ASSERT_EQ(client.received, bytes);
	ASSERT_EQ(server.received, bytes);
	ASSERT(client.eof && server.eof);
	ASSERT_EQ(client.err, 0);
	ASSERT_EQ(server.err, 0);
	scene_over();
}

ROBUST(everything_doubled_and_reordered)
{
	const struct sim_link_conf k = {
		.delay = 5 * MS, .mtu = 1500, .dup = 1000000, .reorder = 500000,
	};

	sim_begin(1, 2);
	transfer(&k, 200000, NULL);
}

ROBUST(megabytes_each_way_with_loss_and_reordering)
{
	const struct sim_link_conf k = {
		.delay = 2 * MS, .mtu = 1500, .loss = 50000, .reorder = 50000,
		.corrupt = 1000, .dup = 10000,
	};
	struct sim_sockopt opt = sim_sockopt_default;

	sim_begin(1, 2);
	opt.rcvbuf = 1 << 20;
	opt.sndbuf = 1 << 20;
	opt.room = 65536;
	transfer(&k, 4 << 20, &opt);
}

/* The link fails with data in flight: the connection ends at R2 with ETIMEDOUT. */
TEST(dead_link_times_out)
{
	struct scene s;
	u64 began;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	sim->link[0][1].down = true;
	scene_send(s.client, 0, 0, 100);
	began = sim->now;
	while (!s.client->closed && sim_step(began + 7200 * SEC))
		;
	ASSERT(s.client->closed);
	ASSERT_EQ(s.client->err, ETIMEDOUT);
	/* SHLD-11: R2 is at least 100 s.  MUST-20: at R1 IP is asked for another route. */
	ASSERT_GE(sim->now - began, 100 * SEC);
	ASSERT_EQ(s.client->routes_doubted, 1);
	sim_close(s.client);
	sim_abort(s.server);
	scene_over();
}
