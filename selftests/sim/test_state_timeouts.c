// SPDX-License-Identifier: GPL-2.0
/*
 * Time-outs in each state: RFC 9293 section 3.10.8 (user time-out,
 * retransmission time-out, TIME-WAIT time-out).
 */
#include "script.h"

/* --- retransmission --- */

SCRIPT(retransmission_in_syn_sent)
{
	u32 i;

	be_syn_sent();
	for (i = 0; i < 5; i++)
		expect_after(1 * SEC, "S 0");
	expect_after(2 * SEC, "S 0");
	expect_after(4 * SEC, "S 0");
	state_is(SYN_SENT);
}

SCRIPT(retransmission_in_syn_received_passive)
{
	be_syn_received();
	expect_after(1 * SEC, "SA 0 1");
	expect_after(2 * SEC, "SA 0 1");
	state_is(SYN_RECEIVED);
	inject("A 1 1");
	state_is(ESTABLISHED);
}

SCRIPT(retransmission_in_syn_received_open)
{
	be_syn_received_open();
	expect_after(1 * SEC, "SA 0 1");
	expect_after(2 * SEC, "SA 0 1");
	state_is(SYN_RECEIVED);
}

SCRIPT(retransmission_in_established)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(RTO, "PA 1+10 1");
	expect_after(2 * RTO, "PA 1+10 1");
	expect_after(4 * RTO, "PA 1+10 1");
	inject("A 1 11");
	quiet(MINUTE);
	state_is(ESTABLISHED);
}

SCRIPT(retransmission_in_close_wait)
{
	be_close_wait();
	user_sends(10);
	expect("PA 1+10 2");
	expect_after(RTO, "PA 1+10 2");
	inject("A 2 11");
	quiet(MINUTE);
	state_is(CLOSE_WAIT);
}

SCRIPT(retransmission_in_fin_wait_1)
{
	be_fin_wait_1();
	expect_after(RTO, "FA 1 1");
	expect_after(2 * RTO, "FA 1 1");
	inject("A 1 2");
	state_is(FIN_WAIT_2);
	quiet(10 * MINUTE);
	state_is(FIN_WAIT_2);
}

SCRIPT(retransmission_of_data_and_fin)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_shuts();
	expect("FA 11 1");
	expect_after(RTO, "FPA 1+10 1");
	inject("A 1 12");
	state_is(FIN_WAIT_2);
	quiet(MINUTE);
}

SCRIPT(retransmission_in_closing)
{
	be_closing();
	expect_after(RTO, "FA 1 2");
	expect_after(2 * RTO, "FA 1 2");
	state_is(CLOSING);
	inject("A 2 2");
	state_is(TIME_WAIT);
}

SCRIPT(retransmission_in_last_ack)
{
	be_last_ack();
	expect_after(RTO, "FA 1 2");
	expect_after(2 * RTO, "FA 1 2");
	state_is(LAST_ACK);
	inject("A 2 2");
	closed_with(0);
}

SCRIPT(nothing_to_retransmit_in_fin_wait_2)
{
	be_fin_wait_2();
	quiet(24 * 3600 * SEC);
	state_is(FIN_WAIT_2);
}

SCRIPT(nothing_to_retransmit_in_close_wait)
{
	be_close_wait();
	quiet(24 * 3600 * SEC);
	state_is(CLOSE_WAIT);
}

/* --- the user's time-out: section 3.8.3, RFC 5482 --- */

/* Runs for @us, and discards what is retransmitted meanwhile. */
static void pass(u64 us)
{
	sim_run_for(us);
	while (expect_any())
		;
}

static void times_out(u64 us)
{
	u8 before = script_state();

	pass(us - 1);
	script_here(script_check_state(before));
	pass(1);
	closed_with(ETIMEDOUT);
}

SCRIPT(user_timeout_in_syn_sent)
{
	script.opt.user_timeout = 10 * SEC;
	be_syn_sent();
	times_out(10 * SEC);
}

SCRIPT(user_timeout_in_syn_received)
{
	script.opt.user_timeout = 10 * SEC;
	be_syn_received_open();
	times_out(10 * SEC);
}

SCRIPT(user_timeout_in_established)
{
	script.opt.user_timeout = 10 * SEC;
	be_established();
	quiet(MINUTE);
	user_sends(10);
	expect("PA 1+10 1");
	times_out(10 * SEC);
	ASSERT_EQ(user_sends(10), -ETIMEDOUT);
}

SCRIPT(user_timeout_in_close_wait)
{
	script.opt.user_timeout = 10 * SEC;
	be_close_wait();
	quiet(MINUTE);
	user_sends(10);
	expect("PA 1+10 2");
	times_out(10 * SEC);
}

SCRIPT(user_timeout_in_fin_wait_1)
{
	script.opt.user_timeout = 10 * SEC;
	be_fin_wait_1();
	times_out(10 * SEC);
}

SCRIPT(user_timeout_in_closing)
{
	script.opt.user_timeout = 10 * SEC;
	be_closing();
	times_out(10 * SEC);
}

SCRIPT(user_timeout_in_last_ack)
{
	script.opt.user_timeout = 10 * SEC;
	be_last_ack();
	times_out(10 * SEC);
}

/* An ACK of new data restarts the user time-out. */
SCRIPT(user_timeout_starts_anew)
{
	script.opt.user_timeout = 10 * SEC;
	be_established();
	user_sends(20);
	expect("PA 1+20 1");
	pass(9 * SEC);
	inject("A 1 11");
	pass(9 * SEC);
	state_is(ESTABLISHED);
	pass(2 * SEC);
	closed_with(ETIMEDOUT);
}

/*
 * It may be longer than R2.  A day has more time-outs than 8 bits can count; the
 * interval between them stays at its bound.
 */
SCRIPT(user_timeout_beyond_r2)
{
	const u64 most = 2 * MINUTE;
	u32 n = 0;

	ASSERT_EQ(script.conf->rto_max, most);
	script.opt.user_timeout = 24 * 3600 * SEC;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	pass(3600 * SEC);
	while (script_state() == ATCP_ESTABLISHED && n < 1000) {
		expect_within(1, most, "PA 1+10 1");
		n++;
		pass(most - 1);
	}
	ASSERT_GE(n, 23 * 30 - 1);
	ASSERT_LE(n, 23 * 30);
	closed_with(ETIMEDOUT);
}

/* --- the same, to the point, whichever timer runs --- */

/* The peer closes its window; 100 bytes wait.  The first probe is due in an RTO. */
static void be_shut_out(void)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	inject("A 1 11 win 0");
	ASSERT_EQ(user_sends(100), 100);
	expect_nothing();
}

SCRIPT(user_timeout_of_a_closed_window)
{
	script.opt.user_timeout = 10 * SEC;
	be_shut_out();
	times_out(10 * SEC);
}

/* It is due between two probes that are two minutes apart. */
SCRIPT(user_timeout_of_a_window_closed_for_long)
{
	script.opt.user_timeout = 3600 * SEC;
	be_shut_out();
	times_out(3600 * SEC);
}

/* The peer's answers to the probes do not put it off: nothing is taken. */
SCRIPT(user_timeout_of_a_closed_window_with_answers)
{
	u64 end;

	script.opt.user_timeout = 100 * SEC;
	be_shut_out();
	end = sim->now + 100 * SEC;
	while (script_state() == ATCP_ESTABLISHED && sim->now < end) {
		sim_run_for(min(100 * MSEC, end - 1 - sim->now));
		if (expect_any())
			inject("A 1 11 win 0");
		if (sim->now == end - 1)
			break;
	}
	state_is(ESTABLISHED);
	pass(1);
	closed_with(ETIMEDOUT);
}

/* The window closes over data that is in flight. */
SCRIPT(user_timeout_of_a_window_that_shrinks)
{
	script.opt.user_timeout = 10 * SEC;
	be_established();
	user_sends(20);
	expect("PA 1+20 1");
	inject("A 1 11 win 0");
	times_out(10 * SEC);
}

/* A window that opens is progress: what is sent then has the whole time. */
SCRIPT(user_timeout_after_a_window_opens)
{
	script.opt.user_timeout = 10 * SEC;
	be_shut_out();
	pass(9 * SEC);
	inject("A 1 11");
	while (expect_any())
		;
	times_out(10 * SEC);
}

/* R2 does not end it sooner, as it does not where segments are resent. */
SCRIPT(user_timeout_of_a_closed_window_beyond_r2)
{
	script.opt.user_timeout = 24 * 3600 * SEC;
	be_shut_out();
	times_out(24 * 3600 * SEC);
}

/* An orphan's probes are bounded all the same: a peer could keep it by its answers. */
SCRIPT(user_timeout_keeps_no_orphan_at_a_closed_window)
{
	script.opt.user_timeout = 24 * 3600 * SEC;
	script.conf->orphan_retries = 3;
	be_shut_out();
	user_closes();
	state_is(FIN_WAIT_1);
	pass(MINUTE);
	state_is(CLOSED);
}

SCRIPT(user_timeout_of_an_orphan_at_a_closed_window)
{
	script.opt.user_timeout = 10 * SEC;
	be_shut_out();
	user_closes();
	pass(10 * SEC - 1);
	state_is(FIN_WAIT_1);
	pass(1);
	state_is(CLOSED);
}

/* It also ends what has waited for long when it is set, once it is due. */
SCRIPT(user_timeout_set_while_probes_wait)
{
	be_shut_out();
	pass(600 * SEC);
	state_is(ESTABLISHED);
	tcb()->user_timeout = 630 * SEC / ATCP_MSEC;
	atcp_user_timeout_changed(tcb());
	times_out(30 * SEC);
}

SCRIPT(user_timeout_set_while_segments_wait)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	pass(600 * SEC);
	state_is(ESTABLISHED);
	tcb()->user_timeout = 10 * SEC / ATCP_MSEC;
	atcp_user_timeout_changed(tcb());
	pass(0);
	closed_with(ETIMEDOUT);
	atcp_user_timeout_changed(tcb());
	quiet(3600 * SEC);
}

SCRIPT(user_timeout_set_while_nothing_waits)
{
	be_established();
	tcb()->user_timeout = 10 * SEC / ATCP_MSEC;
	atcp_user_timeout_changed(tcb());
	quiet(3600 * SEC);
	state_is(ESTABLISHED);
}

/* RFC 6069 takes a back-off back, which may not put the end off. */
SCRIPT(user_timeout_with_an_unreachable_network)
{
	script.opt.user_timeout = 9 * SEC;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	pass(8500 * MSEC);
	atcp_icmp_unreachable(tcb(), tcb()->snd_una);
	times_out(500 * MSEC);
}

/* It takes back the back-off of retransmissions; probes of a closed window keep theirs. */
SCRIPT(an_unreachable_network_hurries_no_probe)
{
	be_established();
	user_sends(20);
	expect("PA 1+20 1");
	expect_after(RTO, "PA 1+20 1");
	expect_after(2 * RTO, "PA 1+20 1");
	inject("A 1 11 win 0");
	expect_after(4 * RTO, "PA 11+10 1");
	expect_after(2 * RTO, "PA 11+10 1");
	atcp_icmp_unreachable(tcb(), tcb()->snd_una);
	atcp_icmp_unreachable(tcb(), tcb()->snd_una);
	expect_after(4 * RTO, "PA 11+10 1");
	inject("A 1 21 win 1000");
}

static void be_kept_alive(u64 user_timeout)
{
	script.opt.keepalive = true;
	script.opt.keep_time = 60 * SEC;
	script.opt.keep_intvl = 75 * SEC;
	script.opt.keep_probes = 9;
	script.opt.user_timeout = user_timeout;
	be_established();
}

/* With keep-alives it counts from what was last heard of the peer. */
SCRIPT(user_timeout_of_keepalives)
{
	be_kept_alive(100 * SEC);
	expect_after(60 * SEC, "A 0 1");
	quiet(40 * SEC - 1);
	state_is(ESTABLISHED);
	expect_after(1, "RA 1 1");
	closed_with(ETIMEDOUT);
}

SCRIPT(user_timeout_of_keepalives_between_two)
{
	be_kept_alive(200 * SEC);
	expect_after(60 * SEC, "A 0 1");
	expect_after(75 * SEC, "A 0 1");
	expect_after(65 * SEC, "RA 1 1");
	closed_with(ETIMEDOUT);
}

/* The last probe has an RTO for its answer; here that saves the connection. */
SCRIPT(user_timeout_waits_for_an_answer)
{
	be_kept_alive(60 * SEC + 1 * MSEC);
	expect_after(60 * SEC, "A 0 1");
	quiet(RTO - 1);
	inject("A 1 1");
	expect_after(60 * SEC, "A 0 1");
	expect_after(RTO, "RA 1 1");
	closed_with(ETIMEDOUT);
}

/* One that was shorter than the idle time all along leaves the probe its interval. */
SCRIPT(user_timeout_below_the_keepalive_time)
{
	be_kept_alive(10 * SEC);
	expect_after(60 * SEC, "A 0 1");
	expect_after(75 * SEC, "RA 1 1");
	closed_with(ETIMEDOUT);
}

SCRIPT(user_timeout_set_while_keepalives_wait)
{
	be_kept_alive(0);
	expect_after(60 * SEC, "A 0 1");
	quiet(10 * SEC);
	tcb()->user_timeout = 100 * SEC / ATCP_MSEC;
	atcp_user_timeout_changed(tcb());
	expect_after(30 * SEC, "RA 1 1");
	closed_with(ETIMEDOUT);
}

/* FIN-WAIT-2 waits for the peer, not for an answer: its own bound holds, and no other. */
SCRIPT(user_timeout_leaves_fin_wait_2_alone)
{
	script.opt.user_timeout = 10 * SEC;
	script.opt.keepalive = true;
	script.opt.keep_time = 5 * SEC;
	script.conf->fin_timeout = 60 * SEC;
	be_fin_wait_2();
	user_closes();
	quiet(60 * SEC - 1);
	tcb()->user_timeout = 1 * SEC / ATCP_MSEC;
	atcp_user_timeout_changed(tcb());
	state_is(FIN_WAIT_2);
	quiet(1);
	state_is(CLOSED);
}

/* --- TIME-WAIT --- */

SCRIPT(time_wait_ends)
{
	be_time_wait();
	quiet(script.conf->msl2 - 1);
	state_is(TIME_WAIT);
	quiet(1);
	state_is(CLOSED);
}
