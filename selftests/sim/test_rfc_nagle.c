// SPDX-License-Identifier: GPL-2.0
/*
 * When small segments are sent: Nagle's algorithm (RFC 9293 section 3.7.4) in
 * Minshall's form (only a small segment in flight holds back the next), PUSH
 * (section 3.9.1.2), MSG_MORE.
 */
#include "script.h"

SCRIPT(first_small_one_goes)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
}

SCRIPT(second_small_one_waits)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	user_sends(10);
	expect_nothing();
	inject("A 1 11");
	expect("PA 11+20 1");
}

/* The next small segment waits for the ACK of all of the small one in flight. */
SCRIPT(partial_ack_of_the_small_one)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	inject("A 1 6");
	expect_nothing();
	inject("A 1 11");
	expect("PA 11+10 1");
}

SCRIPT(goes_when_full)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(1000);
	expect_nothing();
	user_sends(1000);
	expect("A 11+1460 1");
	expect_nothing();
	inject("A 1 11");
	expect("PA 1471+540 1");
}

/* Minshall: the tail of a large write does not wait for the full segments in flight. */
SCRIPT(tail_of_a_large_write_goes)
{
	be_established();
	user_sends(3000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+80 1");
	user_sends(10);
	expect_nothing();
	inject("A 1 2921");
	expect_nothing();
	inject("A 1 3001");
	expect("PA 3001+10 1");
}

/* MUST-17 */
SCRIPT(nodelay)
{
	script.opt.nodelay = true;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(20);
	expect("PA 11+20 1");
	user_sends(30);
	expect("PA 31+30 1");
}

SCRIPT(nodelay_set_later)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(20);
	expect_nothing();
	tcb()->flags |= ATCP_F_NODELAY;
	atcp_push(tcb(), false);
	expect("PA 11+20 1");
}

/* A FIN is sent at once, together with the small data before it. */
SCRIPT(fin_takes_along_what_waits)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	user_shuts();
	expect("FPA 11+10 1");
	state_is(FIN_WAIT_1);
}

/* Small data that waits goes with the next ACK. */
SCRIPT(held_data_goes_with_the_ack)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	expect_nothing();
	inject("PA 1+5 11");
	expect("PA 11+10 6");
}

/* --- MSG_MORE --- */

SCRIPT(more_holds)
{
	be_established();
	user_sends_flags(10, SIM_MORE);
	expect_nothing();
	user_sends_flags(10, SIM_MORE);
	expect_nothing();
	user_sends(10);
	expect("PA 1+30 1");
}

SCRIPT(more_lets_full_segments_go)
{
	be_established();
	user_sends_flags(2000, SIM_MORE);
	expect("A 1+1460 1");
	expect_nothing();
	inject("A 1 1461");
	expect_within(1, 500 * MSEC, "PA 1461+540 1");
}

/* MSG_MORE holds data back for 200 ms at most, as the kernel's TCP_CORK does. */
SCRIPT(more_is_let_go)
{
	be_established();
	user_sends_flags(10, SIM_MORE);
	expect_after(200 * MSEC, "PA 1+10 1");
}

/* MUST-60: the same when data in flight is acknowledged meanwhile. */
SCRIPT(more_is_let_go_behind_data)
{
	be_established();
	user_sends(1460);
	expect("PA 1+1460 1");
	user_sends_flags(10, SIM_MORE);
	quiet(50 * MSEC);
	inject("A 1 1461");
	expect_within(1, 500 * MSEC, "PA 1461+10 1");
}

/* --- PUSH --- */

/* MUST-61: the last segment of a write has PSH; SHLD-27: the segments before it have none. */
SCRIPT(push_on_the_last)
{
	be_established();
	user_sends(4000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+1080 1");
}

/* What is cut on its way ends with PSH, and a single segment does not: as the kernel's TCP. */
SCRIPT(push_on_what_is_cut)
{
	script.opt.room = 3000;
	script.syn = "mss 1000";
	be_established();
	user_sends(7500);
	expect("A 1+1000 1");
	expect("A 1001+1000 1");
	expect("PA 2001+1000 1");
	expect("A 3001+1000 1");
	expect("A 4001+1000 1");
	expect("PA 5001+1000 1");
	expect("A 6001+1000 1");
	expect("PA 7001+500 1");
	/* Its first segment alone is sent again without. */
	expect_within(1, 2 * RTO, "A 1+1000 1");
}

SCRIPT(pushes_are_collapsed)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	user_sends(10);
	user_sends(10);
	inject("A 1 11");
	expect("PA 11+30 1");
}

/* --- full segments (SHLD-28), whatever the queue's large segments are --- */

static void be_queueing(u32 room)
{
	script.syn = "mss 1000";
	script.opt.room = room;
	script.opt.sndbuf = 400000;
	be_established();
	tcb()->cc.cwnd = 100000;
}

/* All segments but the last are full. */
static void all_full(u32 len)
{
	u32 at;

	for (at = 1; at + 1000 <= len; at += 1000)
		expect("pA %u+1000 1", at);
	expect("PA %u+%u 1", at, len + 1 - at);
	expect_nothing();
}

SCRIPT(full_segments_in_the_middle)
{
	be_queueing(2500);
	user_sends(7500);
	all_full(7500);
}

SCRIPT(full_segments_of_small_ones)
{
	be_queueing(300);
	user_sends(5300);
	all_full(5300);
}

SCRIPT(full_segments_before_a_whole_last)
{
	be_queueing(2500);
	user_sends(4500);
	all_full(4500);
}

/* What was queued before the path took less. */
SCRIPT(full_segments_of_another_size)
{
	be_established();
	inject("A 1 1 win 0");
	user_sends(2 * 16384 + 100);
	expect_nothing();
	tcb()->mss_path = 1000;
	atcp_path_changed(tcb());
	tcb()->cc.cwnd = 100000;
	inject("A 1 1 win 65000");
	all_full(2 * 16384 + 100);
}

/* A probe has put all that follows out of step: one partial segment, and no other. */
SCRIPT(full_segments_after_a_probe)
{
	u32 i;

	be_queueing(3000);
	script.wnd = 0;
	inject("A 1 1 win 0");
	user_sends(12000);
	expect_after(RTO, "A 1+1 1");
	inject("A 1 2 win 60000");
	expect("A 2+1000 1");
	expect("A 1002+1000 1");
	expect("PA 2002+999 1");
	for (i = 0; i < 8; i++)
		expect(i % 3 < 2 ? "A %u+1000 1" : "PA %u+1000 1", 3001 + 1000 * i);
	expect("PA 11001+1000 1");
	expect_nothing();
}
