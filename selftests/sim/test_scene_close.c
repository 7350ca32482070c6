// SPDX-License-Identifier: GPL-2.0
/* Orders of closing: RFC 9293 section 3.6, figures 12 and 13; RFC 2525 section 2.17. */
#include "scene.h"

static void connected(struct scene *s)
{
	test_world(1, 2);
	scene_connect(s, 13, NULL);
	scene_skip();
}

TEST(server_first)
{
	struct scene s;

	connected(&s);
	sim_close(s.server);
	sim_run_for(5 * MS);
	ASSERT_EQ(s.client->c.state, ATCP_CLOSE_WAIT);
	scene_eof(s.client);
	sim_close(s.client);
	sim_run_for(5 * MS);
	scene("< FIN-ACK 1/1\n"
	      "> ACK 1/2\n"
	      "> FIN-ACK 1/2\n"
	      "< ACK 2/2\n");
	ASSERT(sim_host(1)->tws && !sim_host(0)->tws);
	scene_over();
}

TEST(client_first)
{
	struct scene s;

	connected(&s);
	sim_close(s.client);
	sim_run_for(5 * MS);
	ASSERT_EQ(s.server->c.state, ATCP_CLOSE_WAIT);
	scene_eof(s.server);
	sim_close(s.server);
	sim_run_for(5 * MS);
	scene("> FIN-ACK 1/1\n"
	      "< ACK 1/2\n"
	      "< FIN-ACK 1/2\n"
	      "> ACK 2/2\n");
	ASSERT(sim_host(0)->tws && !sim_host(1)->tws);
	scene_over();
}

/* RFC 9293 figure 13: both pass through CLOSING and TIME-WAIT. */
TEST(both_at_once)
{
	struct scene s;

	connected(&s);
	sim_shutdown(s.client, SIM_SHUT_WR);
	sim_shutdown(s.server, SIM_SHUT_WR);
	sim_run_for(MS + 500);
	ASSERT_EQ(s.client->c.state, ATCP_CLOSING);
	ASSERT_EQ(s.server->c.state, ATCP_CLOSING);
	sim_run_for(5 * MS);
	scene("> FIN-ACK 1/1\n"
	      "< FIN-ACK 1/1\n"
	      "< ACK 2/2\n"
	      "> ACK 2/2\n");
	ASSERT(sim_host(0)->tws && sim_host(1)->tws);
	scene_eof(s.client);
	scene_eof(s.server);
	sim_close(s.client);
	sim_close(s.server);
	scene_over();
}

TEST(half_close_then_other_side_sends)
{
	struct scene s;

	connected(&s);
	sim_shutdown(s.client, SIM_SHUT_WR);
	ASSERT_EQ(sim_send(s.client, "x", 1, 0), -EPIPE);
	sim_run_for(5 * MS);
	ASSERT_EQ(s.client->c.state, ATCP_FIN_WAIT_2);
	ASSERT_EQ(s.server->c.state, ATCP_CLOSE_WAIT);
	scene_eof(s.server);
	scene_send(s.server, 1, 0, 3000);
	sim_run_for(100 * MS);
	scene_recv(s.client, 1, 0, 3000);
	/* No time-out ends FIN-WAIT-2 while a program holds the socket. */
	sim_run_for(7200 * SEC);
	ASSERT_EQ(s.client->c.state, ATCP_FIN_WAIT_2);
	scene_send(s.server, 1, 3000, 1);
	sim_run_for(100 * MS);
	scene_recv(s.client, 1, 3000, 1);
	sim_close(s.server);
	sim_run_for(100 * MS);
	scene_eof(s.client);
	sim_close(s.client);
	scene("> FIN-ACK 1/1\n"
	      "< ACK 1/2\n"
	      "< ACK 1/2 +1448\n"
	      "< ACK 1449/2 +1448\n"
	      "< PSH-ACK 2897/2 +104\n"
	      "> ACK 2/1449\n"
	      "> ACK 2/2897\n"
	      "> ACK 2/3001\n"
	      "< PSH-ACK 3001/2 +1\n"
	      "> ACK 2/3002\n"
	      "< FIN-ACK 3002/2\n"
	      "> ACK 2/3003\n");
	scene_over();
}

TEST(shutdown_both_directions)
{
	struct scene s;

	connected(&s);
	sim_shutdown(s.client, SIM_SHUT_RD | SIM_SHUT_WR);
	scene_eof(s.client);
	sim_run_for(5 * MS);
	scene_eof(s.server);
	sim_close(s.server);
	sim_run_for(5 * MS);
	scene("> FIN-ACK 1/1\n"
	      "< ACK 1/2\n"
	      "< FIN-ACK 1/2\n"
	      "> ACK 2/2\n");
	sim_close(s.client);
	scene_over();
}

/* Data that comes after SHUT_RDWR cannot be read, and is answered by a reset. */
TEST(shutdown_both_then_data_is_reset)
{
	struct scene s;

	connected(&s);
	sim_shutdown(s.client, SIM_SHUT_RD | SIM_SHUT_WR);
	sim_run_for(5 * MS);
	scene_send(s.server, 1, 0, 10);
	sim_run_for(5 * MS);
	scene("> FIN-ACK 1/1\n"
	      "< ACK 1/2\n"
	      "< PSH-ACK 1/2 +10\n"
	      "> RST 2\n");
	ASSERT(s.server->closed);
	ASSERT_EQ(s.server->close_err, EPIPE);
	sim_close(s.server);
	sim_close(s.client);
	scene_over();
}

TEST(unread_data_gives_reset)
{
	struct scene s;

	connected(&s);
	scene_send(s.client, 0, 0, 7);
	sim_run_for(5 * MS);
	sim_close(s.server);
	sim_run_for(5 * MS);
	scene("> PSH-ACK 1/1 +7\n"
	      "< ACK 1/8\n"
	      "< RST-ACK 1/8\n");
	ASSERT(s.client->closed);
	ASSERT_EQ(sim_recv(s.client, &s, 1), -ECONNRESET);
	ASSERT(!sim_host(0)->tws && !sim_host(1)->tws);
	sim_close(s.client);
	scene_over();
}

/* Data sent before close() arrives, although no program holds the socket any more. */
TEST(close_delivers_what_was_sent)
{
	struct scene s;

	connected(&s);
	scene_send(s.client, 0, 0, 50000);
	sim_close(s.client);
	sim_run_for(2 * SEC);
	scene_recv(s.server, 0, 0, 50000);
	scene_eof(s.server);
	sim_close(s.server);
	scene_over();
}

TEST(abort_resets)
{
	struct scene s;

	connected(&s);
	sim_abort(s.client);
	sim_run_for(5 * MS);
	scene("> RST-ACK 1/1\n");
	ASSERT_EQ(sim_recv(s.server, &s, 1), -ECONNRESET);
	ASSERT_EQ(sim_send(s.server, "x", 1, 0), -EPIPE);
	sim_close(s.server);
	scene_over();
}

/* An orphan does not stay in FIN-WAIT-2 when the peer never closes. */
TEST(orphan_leaves_fin_wait_2)
{
	struct scene s;
	u64 began;

	connected(&s);
	sim_close(s.client);
	sim_run_for(5 * MS);
	ASSERT(sim_host(0)->conns);
	ASSERT_EQ(sim_host(0)->conns->c.state, ATCP_FIN_WAIT_2);
	began = sim->now;
	sim_run_for(sim_host(0)->space.conf.fin_timeout + SEC);
	ASSERT(!sim_host(0)->conns);
	ASSERT_LE(sim_host(0)->space.conf.fin_timeout, sim->now - began);
	scene_skip();
	sim_close(s.server);
	sim_run_for(5 * MS);
	scene("< FIN-ACK 1/2\n"
	      "> RST 2\n");
	scene_over();
}

TEST(time_wait_lasts_2_msl)
{
	struct scene s;
	u64 expires;

	connected(&s);
	sim_close(s.client);
	sim_run_for(5 * MS);
	sim_close(s.server);
	sim_run_for(5 * MS);
	ASSERT(sim_host(0)->tws);
	expires = sim_host(0)->tws->tw.expires;
	/* RFC 9293 MUST-13: 2 MSL, of which some milliseconds have passed. */
	ASSERT_GE(expires - sim->now, 59 * SEC);
	sim_run(expires - 1);
	ASSERT(sim_host(0)->tws);
	sim_run(expires);
	ASSERT(!sim_host(0)->tws);
	scene_over();
}
