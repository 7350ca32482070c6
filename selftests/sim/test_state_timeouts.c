// SPDX-License-Identifier: GPL-2.0
/*
 * Time-outs in each state: RFC 9293 section 3.10.8 (user time-out,
 * retransmission time-out, TIME-WAIT time-out).
 */
#include "script.h"

/* --- retransmission --- */

SCRIPT(retransmission_in_syn_sent)
{
	be_syn_sent();
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

/* --- TIME-WAIT --- */

SCRIPT(time_wait_ends)
{
	be_time_wait();
	quiet(script.conf->msl2 - 1);
	state_is(TIME_WAIT);
	quiet(1);
	state_is(CLOSED);
}
