// SPDX-License-Identifier: GPL-2.0
/* Bounds: SYN queue and cookies, accept queue, TIME-WAIT, buffers; odd ways to open. */
#include "scene.h"

static void flood(u32 n)
{
	struct atcp_hdr h = { .dport = 13, .wnd = 1000, .flags = ATCP_SYN };
	u8 bytes[ATCP_HDR_MAX];
	u32 i;

	atcp_hdr_size(&h);
	for (i = 0; i < n; i++) {
		h.sport = 1 + i;
		h.seq = i * 1000003;
		atcp_hdr_write(&h, bytes);
		sim_wire_inject(1, 1, bytes, h.hlen);
	}
}

/* A flood fills the SYN queue and no more; cookies let a real client in. */
TEST(syn_flood_and_cookies)
{
	struct sim_host *h;
	struct scene s;

	test_world(1, 2);
	h = sim_host(1);
	sim->link[1][1].down = true;	/* the answers are lost */
	s.listener = sim_listen(h, 13, 16, NULL);
	s.listener->syn_backlog = 20;
	flood(5000);
	ASSERT_EQ(s.listener->nreqs, 20);
	ASSERT(!h->conns);
	ASSERT_EQ(h->stat[ATCP_STAT_SYN_COOKIES_SENT], 4980);
	scene_skip();
	s.client = sim_connect(sim_host(0), 1, 0, 13, NULL);
	sim_run_for(10 * MS);
	s.server = test_accept(s.listener);
	ASSERT(s.client->connected && s.server);
	ASSERT_EQ(h->stat[ATCP_STAT_SYN_COOKIES_GOOD], 1);
	ASSERT_EQ(s.listener->nreqs, 20);
	/* The options came back in the timestamp. */
	ASSERT(s.server->c.sack_on && s.server->c.wscale_on && s.server->c.ts_on);
	ASSERT_EQ(s.server->c.mss_peer, 1460);
	scene_send(s.client, 0, 0, 5000);
	scene_send(s.server, 1, 0, 5000);
	sim_run_for(100 * MS);
	scene_recv(s.server, 0, 0, 5000);
	scene_recv(s.client, 1, 0, 5000);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

TEST(guessed_cookie_is_refused)
{
	struct atcp_hdr h = { .sport = 9, .dport = 13, .seq = 77, .wnd = 1000,
			      .flags = ATCP_ACK };
	struct sim_listener *l;
	u8 bytes[ATCP_HDR_MAX];
	u64 rand = 1;
	u32 i;

	test_world(1, 2);
	sim->tracing = false;
	l = sim_listen(sim_host(1), 13, 16, NULL);
	l->syn_backlog = 0;
	flood(1);
	ASSERT_EQ(sim_host(1)->stat[ATCP_STAT_SYN_COOKIES_SENT], 1);
	atcp_hdr_size(&h);
	for (i = 0; i < 2000; i++) {
		h.ack = sim_rand(&rand);
		atcp_hdr_write(&h, bytes);
		sim_wire_inject(0, 1, bytes, h.hlen);
	}
	ASSERT(!sim_host(1)->conns);
	ASSERT_EQ(sim_host(1)->stat[ATCP_STAT_SYN_COOKIES_BAD], 2000);
	sim_run_for(SEC);
}

TEST(cookie_grows_stale)
{
	struct scene s;

	test_world(1, 2);
	scene_lose(0, ATCP_ACK, 1);
	s.listener = sim_listen(sim_host(1), 13, 16, NULL);
	s.listener->cookies = true;
	s.client = sim_connect(sim_host(0), 1, 0, 13, NULL);
	sim_run_for(200 * SEC);
	ASSERT(s.client->connected && !sim_host(1)->conns);
	scene_send(s.client, 0, 0, 1);
	sim_run_for(SEC);
	ASSERT_EQ(s.client->err, ECONNRESET);
	sim_close(s.client);
	scene_over();
}

/* A full accept queue drops SYNs, and lets the client in once there is room. */
TEST(accept_queue_full)
{
	struct sim_conn *conn[3];
	struct sim_listener *l;
	u32 i;

	test_world(1, 2);
	l = sim_listen(sim_host(1), 13, 1, NULL);
	for (i = 0; i < 3; i++) {
		conn[i] = sim_connect(sim_host(0), 1, 0, 13, NULL);
		sim_run_for(10 * MS);
	}
	ASSERT(conn[0]->connected && conn[1]->connected && !conn[2]->connected);
	ASSERT_GE(sim_host(1)->stat[ATCP_STAT_ACCEPT_QUEUE_FULL], 1);
	sim_close(test_accept(l));
	sim_run_for(2 * SEC);
	ASSERT(conn[2]->connected);
	for (i = 0; i < 3; i++)
		sim_close(conn[i]);
	sim_run_for(10 * MS);
	for (i = 0; i < 2; i++)
		sim_close(test_accept(l));
	scene_over();
}

TEST(closing_listener_resets_the_unaccepted)
{
	struct scene s;

	test_world(1, 2);
	scene_begin_connect(&s, 13, NULL);
	sim_run_for(10 * MS);
	scene_skip();
	sim_listener_close(s.listener);
	sim_run_for(10 * MS);
	scene("< RST-ACK 1/1\n");
	ASSERT_EQ(s.client->err, ECONNRESET);
	sim_close(s.client);
	scene_over();
}

TEST(time_wait_cap)
{
	struct scene s;

	test_world(1, 2);
	sim_host(0)->max_tw = 0;
	scene_connect(&s, 13, NULL);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	sim_run_for(10 * MS);
	ASSERT(!sim_host(0)->tws && !sim_host(0)->conns && !sim_host(1)->conns);
	ASSERT_EQ(sim_host(0)->stat[ATCP_STAT_TIME_WAIT_FULL], 1);
	scene_over();
}

/* A SYN from a port that is in TIME-WAIT on the other side opens a new connection. */
TEST(time_wait_gives_way_to_newer_syn)
{
	struct scene s;
	u16 port;

	test_world(1, 2);
	scene_connect(&s, 13, NULL);
	port = s.client->c.lport;
	sim_close(s.server);
	sim_run_for(10 * MS);
	sim_close(s.client);
	sim_run_for(10 * MS);
	ASSERT(sim_host(1)->tws);
	s.client = sim_connect(sim_host(0), 1, port, 13, NULL);
	sim_run_for(10 * MS);
	s.server = test_accept(s.listener);
	ASSERT(s.client->connected && s.server);
	ASSERT(!sim_host(1)->tws);
	ASSERT_EQ(sim_host(1)->stat[ATCP_STAT_TIME_WAIT_REUSED], 1);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

/* RFC 9293 figure 7. */
TEST(simultaneous_open)
{
	struct sim_conn *a, *b;

	test_world(1, 2);
	a = sim_connect(sim_host(0), 1, 1000, 2000, NULL);
	b = sim_connect(sim_host(1), 0, 2000, 1000, NULL);
	sim_run_for(1500);
	ASSERT_EQ(a->c.state, ATCP_SYN_RECEIVED);
	ASSERT_EQ(b->c.state, ATCP_SYN_RECEIVED);
	sim_run_for(100 * MS);
	ASSERT(a->connected && b->connected);
	scene("> SYN 0\n"
	      "< SYN 0\n"
	      "< SYN-ACK 0/1\n"
	      "> SYN-ACK 0/1\n");
	scene_send(a, 0, 0, 3);
	scene_send(b, 1, 0, 4);
	sim_run_for(100 * MS);
	scene_recv(b, 0, 0, 3);
	scene_recv(a, 1, 0, 4);
	sim_close(a);
	sim_run_for(10 * MS);
	sim_close(b);
	scene_over();
}

/* A socket that connects to itself is a simultaneous open too. */
TEST(connect_to_itself)
{
	struct sim_conn *conn;

	test_world(1, 1);
	conn = sim_connect(sim_host(0), 0, 1000, 1000, NULL);
	sim_run_for(100 * MS);
	ASSERT(conn->connected);
	scene_send(conn, 0, 0, 100);
	sim_run_for(100 * MS);
	scene_recv(conn, 0, 0, 100);
	sim_close(conn);
	scene_over();
}

/* Out-of-order data is bounded by the receive buffer. */
TEST(out_of_order_data_stays_within_the_window)
{
	struct sim_sockopt opt = sim_sockopt_default;
	u8 bytes[ATCP_HDR_MAX + 100] = { 0 };
	struct atcp_hdr h;
	struct scene s;
	u32 i;

	test_world(1, 2);
	sim->tracing = false;
	sim_host(1)->space.conf.timestamps = false;
	opt.rcvbuf = 20000;
	scene_connect(&s, 13, &opt);
	h = (struct atcp_hdr){ .sport = s.client->c.lport, .dport = 13, .wnd = 20000,
			       .ack = s.server->c.rcv_nxt, .flags = ATCP_ACK };
	h.ack = s.client->c.rcv_nxt;
	atcp_hdr_size(&h);
	for (i = 1; i < 1000; i++) {	/* every other 100 bytes, far beyond */
		h.seq = s.server->c.rcv_nxt + 200 * i;
		atcp_hdr_write(&h, bytes);
		sim_wire_inject(0, 1, bytes, h.hlen + 100);
		ASSERT_LE(s.server->rmem, 20000);
	}
	ASSERT_GE(s.server->rmem, 9000);
	sim_abort(s.client);
	sim_abort(s.server);
	sim_run_for(10 * MS);
	scene_over();
}

static void find_narrow_path(bool ipv6, u32 path_mtu, u32 mss)
{
	struct scene s;

	test_world(1, 2);
	sim->ipv6 = ipv6;
	scene_connect(&s, 13, NULL);
	sim->link[0][1].conf.path_mtu = path_mtu;
	scene_send(s.client, 0, 0, 20000);
	sim_run_for(5 * SEC);
	scene_recv(s.server, 0, 0, 20000);
	ASSERT_EQ(s.client->c.mss_path, mss);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

TEST(narrow_path_is_found)
{
	find_narrow_path(false, 600, 560);
}

TEST(narrow_path_is_found_ipv6)
{
	find_narrow_path(true, 1280, 1220);
}

/* MUST-37: a closed window is probed as long as the peer answers. */
TEST(closed_window_is_no_time_out)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct scene s;

	test_world(1, 2);
	sim->tracing = false;
	opt.rcvbuf = 3000;
	scene_connect(&s, 13, &opt);
	scene_send(s.client, 0, 0, 8000);
	sim_run_for(48 * 3600 * SEC);
	ASSERT(!s.client->closed && !s.server->closed);
	scene_recv(s.server, 0, 0, 3000);
	sim_run_for(10 * SEC);
	scene_recv(s.server, 0, 3000, 3000);
	sim_run_for(10 * SEC);
	scene_recv(s.server, 0, 6000, 2000);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}

/* After a lost window update, a probe learns of the open window. */
TEST(lost_window_update)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct scene s;

	test_world(1, 2);
	opt.rcvbuf = 3000;
	scene_connect(&s, 13, &opt);
	scene_send(s.client, 0, 0, 5000);
	sim_run_for(2 * SEC);
	ASSERT_EQ(s.client->c.snd_wnd, 0);
	scene_lose(1, ATCP_ACK, 1);
	scene_recv(s.server, 0, 0, 3000);
	sim_run_for(30 * SEC);
	scene_recv(s.server, 0, 3000, 2000);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_over();
}
