// SPDX-License-Identifier: GPL-2.0
/*
 * Flow control: RFC 9293 section 3.8.6 (window, zero-window probes, silly window
 * avoidance), RFC 7323 section 2 (window scale).
 */
#include "script.h"

/* --- the receiver --- */

/* The peer fills a buffer of 4000 bytes. */
static void be_full(void)
{
	script.opt.rcvbuf = 4000;
	be_established();
	inject("PA 1+4000 1");
	expect("A 1 4001 win 0");
}

/* Nothing new is offered before a segment or half of the buffer is free (3.8.6.2.2). */
SCRIPT(update_after_reading)
{
	be_full();
	ASSERT_EQ(user_reads_some(1000), 1000);
	expect_nothing();
	ASSERT_EQ(user_reads_some(1000), 1000);
	expect("A 1 4001 win 2000");
	ASSERT_EQ(user_reads(), 2000);
	expect("A 1 4001 win 4000");
}

SCRIPT(no_silly_window_in_answers)
{
	be_full();
	ASSERT_EQ(user_reads_some(1000), 1000);
	inject("A 4001+1 1");
	expect("A 1 4001 win 0");
}

/* While the peer sends little by little, the right edge stays. */
SCRIPT(right_edge_stays_while_nothing_is_read)
{
	u32 i;

	script.opt.rcvbuf = 4000;
	be_established();
	for (i = 0; i < 10; i++) {
		inject("PA %u+10 1", 1 + 10 * i);
		expect_within(0, 500 * MSEC, "A 1 %u win %u", 11 + 10 * i, 3990 - 10 * i);
	}
}

/* Reading one segment of a large window causes no update. */
SCRIPT(no_update_for_little)
{
	script.opt.rcvbuf = 60000;
	be_established();
	inject("A 1+1460 1");
	expect("A 1 1461 win 58540");
	ASSERT_EQ(user_reads(), 1460);
	expect_nothing();
	inject("A 1461+1460 1");
	expect("A 1 2921 win 58540");
}

/* MUST-66: with the window closed, ACK, URG and RST are processed, and data is answered. */
SCRIPT(zero_window_takes_ack)
{
	be_full();
	user_sends(10);
	expect("PA 1+10 4001");
	inject("A 4001 11");
	ASSERT_EQ(atcp_unacked(tcb()), 0);
	inject("A 4001+100 11");
	expect("A 11 4001 win 0");
}

SCRIPT(zero_window_takes_ack_beside_data)
{
	be_full();
	user_sends(10);
	expect("PA 1+10 4001");
	inject("A 4001+100 11");
	expect("A 11 4001 win 0");
	ASSERT_EQ(atcp_unacked(tcb()), 0);
}

SCRIPT(zero_window_takes_urg)
{
	be_full();
	ASSERT(!script.conn->urgent);
	inject("UA 4001 1 up 5");
	ASSERT(script.conn->urgent);
}

SCRIPT(zero_window_takes_rst)
{
	be_full();
	inject("R 4002");
	expect_nothing();
	inject("R 4001");
	closed_with(ECONNRESET);
}

/* MAY-8 */
SCRIPT(window_stays_closed)
{
	u32 i;

	be_full();
	for (i = 0; i < 100; i++) {
		quiet(MINUTE);
		inject("A 4001+1 1");
		expect("A 1 4001 win 0");
	}
}

/* --- the sender's silly windows: MUST-38, section 3.8.6.2.1 --- */

SCRIPT(small_window_waits)
{
	script.wnd = 4000;
	be_established();
	user_sends(4000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+1080 1");
	inject("A 1 4001 win 100");
	user_sends(3000);
	expect_nothing();
	/* The override time-out is 0.1 to 1 second. */
	expect_within(100 * MSEC, 1 * SEC, "A 4001+100 1");
	inject("A 1 4101 win 4000");
	expect("A 4101+1460 1");
	expect("PA 5561+1440 1");
}

SCRIPT(small_window_ends_early)
{
	script.wnd = 4000;
	be_established();
	user_sends(4000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+1080 1");
	inject("A 1 4001 win 100");
	user_sends(3000);
	expect_nothing();
	inject("A 1 4001 win 1500");
	expect("A 4001+1460 1");
}

SCRIPT(half_of_the_largest_window_goes)
{
	script.wnd = 1000;
	be_established();
	inject("A 1 1 win 499");
	user_sends(1000);
	expect_nothing();
	inject("A 1 1 win 500");
	expect("A 1+500 1");
}

/* MUST-1: a window above 32767 is not negative. */
SCRIPT(window_is_unsigned)
{
	u32 at;

	script.wnd = 40000;
	script.opt.sndbuf = 100000;
	script.opt.room = 14600;
	be_established();
	tcb()->cc.cwnd = 100000;
	user_sends(60000);
	for (at = 1; at + 1460 <= 40001; at += 1460)
		expect("pA %u+1460 1", at);
	expect_nothing();
	inject("A 1 %u win 65535", at);
	for (; at + 1460 <= 60001; at += 1460)
		expect("pA %u+1460 1", at);
	expect("PA %u+%u 1", at, 60001 - at);
}

/* --- shrinking windows: MUST-34, SHLD-15 to SHLD-17 --- */

SCRIPT(shrunk_window)
{
	script.wnd = 4000;
	be_established();
	user_sends(4000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+1080 1");
	inject("A 1 1461 win 1000");
	/* No new data goes beyond the edge; the segment within it is resent. */
	user_sends(100);
	expect_nothing();
	expect_within(RTO, RTO, "A 1461+1460 1");
	inject("A 1 4001 win 4000");
	expect("PA 4001+100 1");
}

/* A window that shrinks to zero with data in flight is probed, without an end. */
SCRIPT(shrunk_to_zero)
{
	u32 i;

	script.wnd = 4000;
	be_established();
	user_sends(1460);
	expect("PA 1+1460 1");
	inject("A 1 1 win 0");
	for (i = 0; i < 60; i++) {
		expect_within(RTO, 2 * MINUTE, "PA 1+1460 1");
		inject("A 1 1 win 0");
	}
	state_is(ESTABLISHED);
	inject("A 1 1 win 4000");
	expect("PA 1+1460 1");
	inject("A 1 1461 win 4000");
	quiet(10 * MINUTE);
}

/* An update that was overtaken by a newer one is ignored (WL1, WL2). */
SCRIPT(old_update_is_ignored)
{
	be_established();
	inject("A 1+10 1 win 3000");
	expect("A 1 11");
	ASSERT_EQ(tcb()->snd_wnd, 3000);
	inject("A 1+10 1 win 5000");
	expect("A 1 11");
	ASSERT_EQ(tcb()->snd_wnd, 3000);
	user_sends(20);
	expect("PA 1+20 11");
	inject("A 11 21 win 4000");
	ASSERT_EQ(tcb()->snd_wnd, 4000);
	inject("A 11 11 win 6000");
	ASSERT_EQ(tcb()->snd_wnd, 4000);
	inject("A 11 21 win 2000");
	ASSERT_EQ(tcb()->snd_wnd, 2000);
}

/* An update with an ACK of new data is used, even when it was overtaken. */
SCRIPT(update_with_a_new_ack)
{
	be_established();
	inject("A 11 1 win 5000");
	user_sends(20);
	expect("PA 1+20 1");
	inject("A 1 21 win 3000");
	ASSERT_EQ(tcb()->snd_wnd, 3000);
}

/* --- zero-window probes: section 3.8.6.1 --- */

/* SHLD-29, SHLD-30: the first probe goes after the RTO, the next ones at growing intervals. */
SCRIPT(probes_back_off)
{
	u64 wait = RTO;
	u32 i;

	script.wnd = 0;
	be_established();
	user_sends(10);
	for (i = 0; i < 12; i++) {
		expect_after(wait, "A 1+1 1");
		inject("A 1 1");
		wait = min(2 * wait, script.conf->rto_max);
	}
	ASSERT_EQ(wait, script.conf->rto_max);
	ASSERT_EQ(count_of(ATCP_STAT_ZERO_WINDOW_PROBES), 12);
}

/* MUST-36, MUST-37 */
SCRIPT(answered_probes_never_give_up)
{
	u32 i;

	script.wnd = 0;
	be_established();
	user_sends(10);
	for (i = 0; i < 1000; i++) {
		expect_within(RTO, 2 * MINUTE, "A 1+1 1");
		inject("A 1 1");
	}
	state_is(ESTABLISHED);
	inject("A 1 1 win 100");
	expect("A 1+1 1");
	expect("PA 2+9 1");
	inject("A 1 11 win 100");
	quiet(10 * MINUTE);
}

SCRIPT(unanswered_probes_give_up)
{
	script.wnd = 0;
	be_established();
	ASSERT_EQ(user_sends(10), 10);
	expect_nothing();
	while (script_state() == ATCP_ESTABLISHED && count_of(ATCP_STAT_ZERO_WINDOW_PROBES) < 50) {
		sim_run_for(SEC);
		expect_any();
	}
	closed_with(ETIMEDOUT);
	ASSERT_EQ(count_of(ATCP_STAT_ZERO_WINDOW_PROBES), script.conf->retries2);
}

/* When the peer acknowledges the probe's octet, the next probe has the next octet. */
SCRIPT(probe_is_taken)
{
	script.wnd = 0;
	be_established();
	user_sends(10);
	expect_after(RTO, "A 1+1 1");
	inject("A 1 2");
	expect_within(RTO, 4 * RTO, "A 2+1 1");
	inject("A 1 3 win 1000");
	expect("PA 3+8 1");
}

SCRIPT(probe_with_fin)
{
	script.wnd = 0;
	be_established();
	user_shuts();
	expect_nothing();
	expect_after(RTO, "FA 1 1");
	inject("A 1 1");
	expect_after(2 * RTO, "FA 1 1");
	inject("A 1 2");
	state_is(FIN_WAIT_2);
	quiet(10 * MINUTE);
}

/* When the window opens before the first probe, the data goes, and no probe. */
SCRIPT(window_opens_in_time)
{
	script.wnd = 0;
	be_established();
	user_sends(10);
	quiet(RTO - 1);
	inject("A 1 1 win 1000");
	expect("PA 1+10 1");
	ASSERT_EQ(count_of(ATCP_STAT_ZERO_WINDOW_PROBES), 0);
}

/* --- window scale: RFC 7323 section 2 --- */

static const char *syn_with_scale(u32 scale)
{
	static char text[40];

	snprintf(text, sizeof(text), "mss 1460 ws %u", scale);
	return text;
}

static u32 scale_now;

static void peer_scale(void)
{
	script.syn = syn_with_scale(scale_now);
	be_established();
	/* The window of a SYN is not scaled. */
	ASSERT_EQ(tcb()->snd_wnd, 65535);
	inject("A 1 1 win 65535");
	ASSERT_EQ(tcb()->snd_wnd, 65535u << scale_now);
	inject("A 1 1 win 1");
	ASSERT_EQ(tcb()->snd_wnd, 1u << scale_now);
}

TEST(scale_of_the_peer_0_to_14)
{
	for (scale_now = 0; scale_now <= 14; scale_now++)
		script_run(peer_scale);
}

static void own_scale(void)
{
	u32 buf = 65535u << scale_now;

	script.opt.rcvbuf = buf;
	script.syn = syn_with_scale(3);
	user_opens();
	expect("S 0 win 65535 ws %u", scale_now);
	inject("SA 0 1 mss 1460 ws 3");
	expect("A 1 1 win 65535");
	inject("PA 1+1000 1");
	expect("A 1 1001 win %u", (buf - 1000 + (1u << scale_now) - 1) >> scale_now);
	user_aborts();
	expect("RA 1 1001");
}

TEST(scale_of_our_own_0_to_14)
{
	for (scale_now = 0; scale_now <= 14; scale_now++)
		script_run(own_scale);
}

static void own_scale_passive(void)
{
	script.opt.rcvbuf = 65535u << scale_now;
	be_listen();
	inject("S 0 mss 1460 ws 5");
	expect("SA 0 1 win 65535 ws %u", scale_now);
	inject("A 1 1");
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->snd_wnd, 65535u << 5);
	inject("PA 1+1000 1");
	expect("A 1 1001 win %u", ((65535u << scale_now) - 1000) >> scale_now);
}

TEST(scale_of_a_listener_0_to_14)
{
	for (scale_now = 0; scale_now <= 14; scale_now++)
		script_run(own_scale_passive);
}

/* Both ends must have sent the option, or neither scales. */
SCRIPT(scale_refused_by_the_peer)
{
	script.opt.rcvbuf = 1 << 20;
	user_opens();
	expect("S 0 win 65535 ws 5");
	inject("SA 0 1 mss 1460 win 1000");
	expect("A 1 1 win 65535");
	inject("A 1 1 win 65535");
	ASSERT_EQ(tcb()->snd_wnd, 65535);
}

SCRIPT(scale_not_offered_by_the_peer)
{
	script.opt.rcvbuf = 1 << 20;
	be_listen();
	inject("S 0 mss 1460");
	expect("SA 0 1 win 65535 mss 1460 noopt");
}

SCRIPT(scale_above_14)
{
	script.syn = "mss 1460 ws 15";
	be_established();
	inject("A 1 1 win 65535");
	ASSERT_EQ(tcb()->snd_wnd, 65535u << 14);
}

/*
 * The unscaled window of a repeated SYN-ACK may be less than an ACK before it has
 * offered: the offered window stays (RFC 7323 section 2.4).
 */
SCRIPT(syn_ack_again_takes_nothing_back)
{
	script.opt.rcvbuf = 1 << 20;
	script.syn = "mss 1460 ws 7";
	be_syn_received_open();
	inject("A 5000000 1");
	expect("A 1 1 win 32768");
	quiet(script.conf->challenge_interval);
	inject("S 0 mss 1460 ws 7");
	expect("SA 0 1 win 65535");
	/* The window is 1048576 - 746, rounded up to the next 32. */
	inject("PA 1+746 1");
	expect("A 1 747 win 32745");
}
