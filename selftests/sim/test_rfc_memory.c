// SPDX-License-Identifier: GPL-2.0
/*
 * When memory fails: whatever single allocation, and all of them for a while,
 * the connection recovers by itself, for TCP is made for segments that are
 * lost.
 */
#include "script.h"

/* --- each allocation of a whole connection, one a run --- */

#define TOTAL	9000

struct conversation {
	struct sim_app client;
	struct sim_app server;
};

static void accepted(struct sim_listener *l, void *arg)
{
	struct conversation *talk = arg;
	struct sim_conn *conn;

	while ((conn = sim_accept(l)))
		sim_app_start(&talk->server, conn);
}

static void set_up(struct sim_app *app, u32 stream)
{
	memset(app, 0, sizeof(*app));
	app->rand = 1;
	app->stream = stream;
	app->total = TOTAL;
	app->expect = TOTAL;
	app->write_max = 3000;
	app->read_max = 3000;
	app->plan = SIM_PLAN_GRACE;
}

static void check_app(const struct sim_app *app, const char *name)
{
	CHECK(app->done && !app->err && app->eof && app->received == TOTAL,
	      "the %s: %s, error %d, %u bytes received", name, app->done ? "done" : "hangs",
	      app->err, app->received);
}

/* Both sides send and close, while @fault strikes host @victim. Returns how often it did. */
static u64 converse(u8 victim, const struct sim_fault *fault, bool lossy)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct conversation talk;
	struct sim_listener *l;
	struct sim_conn *conn;
	u64 struck;

	test_world(3, 2);
	if (lossy) {
		sim->link[0][1].conf.loss = 50000;
		sim->link[1][0].conf.loss = 50000;
		sim->link[0][1].conf.reorder = 100000;
		sim->link[1][0].conf.reorder = 100000;
	}
	opt.rcvbuf = 6000;
	set_up(&talk.client, 0);
	set_up(&talk.server, 1);
	l = sim_listen(sim_host(1), 13, 4, &opt);
	l->ready = accepted;
	l->arg = &talk;
	sim_host(victim)->fault = *fault;
	conn = sim_connect(sim_host(0), 1, 40000, 13, &opt);
	ASSERT(conn);
	sim_app_start(&talk.client, conn);
	sim_run_for(20 * SEC);
	sim_host(victim)->fault.ppm = 0;
	sim_run_for(1000 * SEC);
	if (sim->stopped)
		FAIL("%s", sim->failure);
	check_app(&talk.client, "client");
	check_app(&talk.server, "server");
	struck = sim_host(victim)->fault.failed;
	test_world_end();
	return struck;
}

static void each_once(u8 victim, bool lossy)
{
	struct sim_fault fault = { 0 };
	u32 n;

	for (n = 1; n < 1000; n++) {
		test_case("allocation %u of host %u fails", n, victim);
		fault.nth = n;
		if (!converse(victim, &fault, lossy))
			break;
	}
	ASSERT_GT(n, 20);
	ASSERT_LT(n, 1000);
}

TEST(each_of_the_client)
{
	each_once(0, false);
}

TEST(each_of_the_server)
{
	each_once(1, false);
}

TEST(each_of_the_client_with_losses)
{
	each_once(0, true);
}

TEST(each_of_the_server_with_losses)
{
	each_once(1, true);
}

/* A third of them, then all of them, for 20 seconds. */
TEST(many)
{
	struct sim_fault fault = { .ppm = 300000 };

	ASSERT_GT(converse(0, &fault, false), 3);
	ASSERT_GT(converse(1, &fault, false), 3);
}

/* --- what each one is made good by --- */

static void next_fails(u32 nth)
{
	sim_host(0)->fault.nth = nth;
}

SCRIPT(syn)
{
	next_fails(1);
	user_opens();
	expect_nothing();
	state_is(SYN_SENT);
	expect_after(1 * SEC, "S 0");
}

SCRIPT(syn_ack)
{
	be_listen();
	next_fails(1);
	inject("S 0 mss 1460");
	expect_nothing();
	inject("S 0 mss 1460");
	expect("SA 0 1");
}

/* The child: the request is kept, and the peer's next segment makes it. */
SCRIPT(child)
{
	be_syn_received();
	next_fails(1);
	inject("A 1 1");
	state_is(SYN_RECEIVED);
	inject("PA 1+10 1");
	expect("A 1 11");
	state_is(ESTABLISHED);
}

SCRIPT(ack)
{
	be_established();
	next_fails(2);
	inject("PA 1+10 1");
	expect_nothing();
	expect_within(1, 500 * MSEC, "A 1 11");
	ASSERT_EQ(user_reads(), 10);
}

/* Data that cannot be kept is not acknowledged. */
SCRIPT(received_data)
{
	be_established();
	next_fails(1);
	inject("PA 1+10 1");
	if (expect_any())
		ASSERT_EQ(tcb()->rcv_nxt, script.irs + 1);
	ASSERT_EQ(user_reads(), -EAGAIN);
	sim_run_for(SEC);
	expect_any();
	inject("PA 1+10 1");
	expect("A 1 11");
	ASSERT_EQ(user_reads(), 10);
}

SCRIPT(sent_data)
{
	be_established();
	next_fails(2);
	user_sends(10);
	expect_nothing();
	expect_within(1, 2 * RTO, "PA 1+10 1");
}

SCRIPT(sent_data_split)
{
	script.wnd = 2000;
	be_established();
	next_fails(2);
	user_sends(3000);
	expect_nothing();
	expect_within(1, 2 * RTO, "A 1+1460 1");
}

SCRIPT(retransmission)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	quiet(RTO - 1);
	next_fails(1);
	expect_within(1, 4 * RTO, "PA 1+10 1");
}

SCRIPT(fin)
{
	be_established();
	next_fails(1);
	user_shuts();
	expect_nothing();
	state_is(FIN_WAIT_1);
	expect_within(1, 2 * RTO, "FA 1 1");
	inject("A 1 2");
	state_is(FIN_WAIT_2);
}

SCRIPT(ack_of_the_fin)
{
	be_fin_wait_2();
	next_fails(1);
	inject("FA 1 2");
	expect_nothing();
	state_is(TIME_WAIT);
	/* The peer asks again. */
	inject("FA 1 2");
	expect("A 2 2");
}

SCRIPT(probe)
{
	script.wnd = 0;
	be_established();
	user_sends(10);
	quiet(RTO - 1);
	next_fails(1);
	expect_within(2, 4 * RTO, "A 1+1 1");
}

/* No TIME-WAIT can be kept: the connection is over without one. */
SCRIPT(time_wait)
{
	be_fin_wait_2();
	/* First the ACK, and its transmission. */
	next_fails(3);
	inject("FA 1 2");
	expect("A 2 2");
	state_is(CLOSED);
	ASSERT_EQ(count_of(ATCP_STAT_TIME_WAIT_FULL), 1);
}

SCRIPT(reset)
{
	be_established();
	next_fails(1);
	user_aborts();
	expect_nothing();
	closed_with(0);
}
