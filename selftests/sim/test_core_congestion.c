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

/* --- its own recovery, and a pace --- */

static void own(u32 n)
{
	memset(&test_cc_owner, 0, sizeof(test_cc_owner));
	test_cc_owner.pace = ATCP_CC_UNPACED;
	loss_sending(n);
	change(&test_cc_owner_ops);
}

/* Ten segments went at once, and the first four arrive together. */
SCRIPT(sample_of_the_rate)
{
	const struct atcp_cc_sample *s = &test_cc_owner.ack;

	own(50);
	quiet(TRIP);
	inject("A 1 4001");
	loss_drain();
	ASSERT_EQ(test_cc_owner.acks, 1);
	ASSERT_EQ(s->acked, 4000);
	ASSERT_EQ(s->delivered, 5);		/* the SYN counts, as in TCP_INFO */
	ASSERT_EQ(s->prior_delivered, 1);
	ASSERT_EQ(s->rate_us, TRIP);
	ASSERT_EQ(s->tx_flight, 4000);
	ASSERT_EQ(s->tx_lost, 0);
	ASSERT(s->is & ATCP_CC_SACK);
	ASSERT(!(s->is & (ATCP_CC_APP_LIMITED | ATCP_CC_RECOVERY)));
	/* One of the next four tells of the second flight. */
	quiet(TRIP);
	inject("A 1 14001");
	ASSERT_EQ(s->delivered, 15);
	ASSERT_EQ(s->prior_delivered, 5);
	ASSERT_EQ(s->rate_us, TRIP);
	ASSERT_EQ(s->tx_flight, 10000);
	loss_drain();
}

/* What the program had too little for is of the time when it was sent. */
SCRIPT(sample_of_little)
{
	own(1);
	quiet(TRIP);
	atcp_check_app_limited(tcb());
	user_sends(1000);
	loss_drain();
	inject("A 1 1001");
	ASSERT(!(test_cc_owner.ack.is & ATCP_CC_APP_LIMITED));
	quiet(TRIP);
	inject("A 1 2001");
	ASSERT(test_cc_owner.ack.is & ATCP_CC_APP_LIMITED);
}

/* cwnd is what it says, in fast recovery too. */
SCRIPT(recovery_of_its_own)
{
	own(50);
	quiet(TRIP);
	inject("A 1 1 sack 1001-4001");
	recovery_is(FAST);
	ASSERT_EQ(test_cc_owner.losses, 1);
	ASSERT_EQ(test_cc_owner.lost.size, 1000);
	ASSERT_EQ(test_cc_owner.lost.tx_flight, 1000);
	ASSERT_EQ(test_cc_owner.lost.tx_lost, 1000);
	ASSERT_EQ(test_cc_owner.ack.acked, 3000);
	ASSERT_EQ(test_cc_owner.ack.tx_lost, 1000);
	ASSERT(test_cc_owner.ack.is & ATCP_CC_RECOVERY);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	pipe_is(10000);
	loss_drain();
	test_cc_owner.cwnd = 15000;
	quiet(10);
	inject("A 1 1 sack 1001-5001");
	ASSERT_EQ(tcb()->cc.cwnd, 15000);
	pipe_is(15000);
	loss_drain();
	/* And when it is over. */
	test_cc_owner.cwnd = 0;
	quiet(TRIP);
	inject("A 1 13001");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->cc.cwnd, 15000);
	ASSERT_EQ(test_cc_owner.acks, 3);
	ASSERT_EQ(test_cc_owner.ack.acked, 9000);
	loss_drain();
}

/* It asks for rates and not for events: what is lost stands in the sample all the same. */
SCRIPT(loss_without_an_event)
{
	static struct atcp_cc_ops ops;

	ops = test_cc_owner_ops;
	ops.event = NULL;
	own(50);
	change(&ops);
	quiet(TRIP);
	inject("A 1 1 sack 1001-4001");
	recovery_is(FAST);
	ASSERT_EQ(test_cc_owner.losses, 0);
	ASSERT_EQ(test_cc_owner.ack.tx_lost, 1000);
	loss_drain();
}

SCRIPT(recovery_of_its_own_without_sack)
{
	u32 i;

	script.syn = "mss 1000";
	own(50);
	quiet(TRIP);
	for (i = 0; i < 3; i++) {
		inject("A 1 1");
		ASSERT_GE(loss_drain(), 1);
	}
	recovery_is(FAST);
	ASSERT_EQ(test_cc_owner.losses, 1);
	ASSERT_EQ(test_cc_owner.lost.size, 1000);
	ASSERT(!(test_cc_owner.lost.is & ATCP_CC_SACK));
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	quiet(TRIP);
	inject("A 1 4001");
	ASSERT_EQ(test_cc_owner.ack.acked, 4000);
	loss_drain();
	inject("A 1 12001");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	loss_drain();
}

/* A time-out and an idle time: cwnd falls for the one, and stays for the other. */
SCRIPT(timeout_and_idle_of_its_own)
{
	own(10);
	quiet(TRIP);
	inject("A 1 10001");
	quiet(60 * SEC);
	user_sends(30000);
	ASSERT_EQ(loss_drain(), 10);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	sim_run_for(10 * SEC);
	recovery_is(LOSS);
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
	loss_drain();
	test_cc_owner.cwnd = 4000;
	inject("A 1 11001");
	ASSERT_EQ(tcb()->cc.cwnd, 4000);
	loss_drain();
}

/* What was lost without doubt by a tail loss probe is no reduction of cwnd either. */
SCRIPT(tail_probe_of_its_own)
{
	own(10);
	quiet(TRIP);
	inject("A 1 9001");
	sim_run_for(4 * TRIP);
	ASSERT_GE(loss_drain(), 1);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	inject("A 1 10001");
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
}

/* Two segments of 1000 bytes are 20 ms at 100 kB/s, whoever else would pace or not. */
SCRIPT(paced_by_the_algorithm)
{
	u32 i;

	own(50);
	test_cc_owner.pace = 100000;
	quiet(TRIP);
	inject("A 1 10001");
	ASSERT_EQ(loss_drain(), 1);
	for (i = 0; i < 4; i++) {
		sim_run_for(10 * MSEC - 1);
		ASSERT_EQ(loss_drain(), 0);
		sim_run_for(1);
		ASSERT_EQ(loss_drain(), 1);
	}
	ASSERT_EQ(atcp_pacing_rate(tcb()), 100000);
}

/* A pace of nothing is brought to one at which it goes on. */
SCRIPT(no_pace)
{
	own(14);
	test_cc_owner.pace = 0;
	quiet(TRIP);
	inject("A 1 10001");
	ASSERT_EQ(tcb()->cc.pace, ATCP_CC_PACE_MIN);
	ASSERT_EQ(loss_drain(), 1);
	sim_run_for(SEC);
	ASSERT_GE(loss_drain(), 1);
	/* Another paces as it likes. */
	change(&atcp_cc_reno);
	ASSERT_EQ(tcb()->cc.pace, ATCP_CC_UNPACED);
}
