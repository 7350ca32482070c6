// SPDX-License-Identifier: GPL-2.0
/*
 * What an algorithm of congestion control (core/cc.h) may rely on: init() and release(),
 * its memory, a change in flight.  And what it cannot do, however wrong it is.
 */
#include "fool.h"
#include "loss.h"

static void begin(void)
{
	test_cc_inits = 0;
	test_cc_releases = 0;
}

static void called(u32 inits, u32 releases)
{
	ASSERT_EQ(test_cc_inits, inits);
	ASSERT_EQ(test_cc_releases, releases);
}

static void change(const struct atcp_cc_ops *ops)
{
	ASSERT_EQ(sim_set_cc(script.conn, ops), 0);
	ASSERT(tcb()->cc_ops == ops);
}

/* --- a change --- */

/* To one with memory of its own and back; an established connection alone is told of. */
static void change_in(void (*be)(void), bool established)
{
	begin();
	be();
	change(&test_cc_far);
	called(established, 0);
	change(&atcp_cc_reno);
	called(established, established);
	change(&test_cc_far);
	change(&test_cc_far);
	called(3 * established, 2 * established);
	user_aborts();
	called(3 * established, 3 * established);
	loss_drain();
}

SCRIPT(changes_in_syn_sent) { change_in(be_syn_sent, false); }
SCRIPT(changes_in_syn_received) { change_in(be_syn_received_open, false); }
SCRIPT(changes_in_established) { change_in(be_established, true); }
SCRIPT(changes_in_fin_wait_1) { change_in(be_fin_wait_1, true); }
SCRIPT(changes_in_fin_wait_2) { change_in(be_fin_wait_2, true); }
SCRIPT(changes_in_close_wait) { change_in(be_close_wait, true); }
SCRIPT(changes_in_closing) { change_in(be_closing, true); }
SCRIPT(changes_in_last_ack) { change_in(be_last_ack, true); }

/* The connection that becomes established is told of then, and its end once. */
SCRIPT(begins_when_established)
{
	begin();
	script.opt.cc = &test_cc_far;
	be_syn_sent();
	called(0, 0);
	inject("SA 0 1");
	expect("A 1 1");
	called(1, 0);
	inject("R 1");
	closed_with(ECONNRESET);
	called(1, 1);
}

SCRIPT(no_end_without_a_beginning)
{
	begin();
	script.opt.cc = &test_cc_far;
	be_syn_sent();
	inject("RA 0 1");
	closed_with(ECONNREFUSED);
	called(0, 0);
}

SCRIPT(time_wait_is_the_end)
{
	begin();
	script.opt.cc = &test_cc_far;
	be_time_wait();
	called(1, 1);
}

/* cwnd and ssthresh stay, and the transfer goes on by the new one's rules. */
SCRIPT(change_in_flight)
{
	begin();
	loss_sending(50);
	tcb()->cc.ssthresh = 12000;
	change(&test_cc_far);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	ASSERT_EQ(tcb()->cc.ssthresh, 12000);
	quiet(TRIP);
	inject("A 1 2001");
	sent(10001, 4);
	ASSERT_EQ(tcb()->cc.cwnd, 12000);
	change(&atcp_cc_reno);
	called(1, 1);
	ASSERT_EQ(tcb()->cc.cwnd, 12000);
	inject("A 1 14001");
	sent(14001, 13);
	ASSERT_EQ(tcb()->cc.cwnd, 13000);
}

/* Recovery decides while it lasts, whoever comes meanwhile. */
SCRIPT(change_in_recovery)
{
	u32 cwnd, ssthresh;

	begin();
	loss_found();
	cwnd = tcb()->cc.cwnd;
	ssthresh = tcb()->cc.ssthresh;
	change(&test_cc_fool);
	called(1, 0);
	ASSERT_EQ(tcb()->cc.cwnd, cwnd);
	ASSERT_EQ(tcb()->cc.ssthresh, ssthresh);
}

/* --- no memory --- */

SCRIPT(no_memory_for_a_change)
{
	begin();
	be_established();
	sim_host(0)->fault.nth = 1;
	ASSERT_EQ(sim_set_cc(script.conn, &test_cc_far), -ENOMEM);
	ASSERT(tcb()->cc_ops == &atcp_cc_reno);
	called(0, 0);
	/* One that needs none can be had. */
	sim_host(0)->fault.nth = 1;
	change(&test_cc_fool);
	sim_host(0)->fault.nth = 0;
}

SCRIPT(child_has_the_listeners)
{
	begin();
	script.opt.cc = &test_cc_far;
	be_established_passive();
	ASSERT(tcb()->cc_ops == &test_cc_far);
	called(1, 0);
}

SCRIPT(child_without_memory)
{
	begin();
	script.opt.cc = &test_cc_far;
	be_syn_received();
	sim_host(0)->fault.nth = 2;	/* after that for the connection itself */
	inject("A 1 1");
	script.conn = test_accept(script.listener);
	state_is(ESTABLISHED);
	ASSERT(tcb()->cc_ops == &atcp_cc_reno);
	called(0, 0);
}

/* --- nonsense --- */

SCRIPT(nonsense_at_time_outs)
{
	u32 i;

	script.syn = "mss 1000 sok";
	script.opt.sndbuf = 1 << 20;
	script.opt.room = 1000;
	script.opt.cc = &test_cc_fool;
	be_established();
	user_sends(50000);
	loss_drain();
	for (i = 0; i < 6; i++) {
		sim_run_for(RTO << i);
		ASSERT_GE(loss_drain(), 1);
		ASSERT_GE(tcb()->cc.cwnd, tcb()->mss);
		ASSERT_LE(tcb()->cc.cwnd, ATCP_CC_CWND_MAX);
		ASSERT_GE(tcb()->cc.ssthresh, 2 * tcb()->mss);
	}
}

/* What it writes besides its answer is not taken for what ssthresh was before. */
SCRIPT(nonsense_at_a_time_out_in_recovery)
{
	loss_found();
	change(&test_cc_fool);
	sim_run_for(10 * TRIP);
	loss_drain();
	recovery_is(LOSS);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
}
