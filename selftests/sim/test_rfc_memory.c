// SPDX-License-Identifier: GPL-2.0
/*
 * A failed allocation is like a lost segment: each test shows by what a connection
 * recovers from one failure.  (faults.c has every failure in every test.)  The tests
 * of the send queue show that a peer cannot make its memory exceed a bound.
 */
#include "core/queue.h"
#include "script.h"

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

/* No memory for the new connection: the request stays, and the peer's next segment makes it. */
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
	/* The peer resends its FIN. */
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
	/* The first two calls are for the ACK and its transmission. */
	next_fails(3);
	inject("FA 1 2");
	expect("A 2 2");
	state_is(CLOSED);
	ASSERT_EQ(count_of(ATCP_STAT_TIME_WAIT_FULL), 1);
}

/* --- what a peer can make the send queue hold --- */

#define SNDBUF		120000
#define SEGMENT		1280	/* overhead of a queued segment: userspace/sim/host.c */
#define MOST		(2 * (SNDBUF + 2 * (65536 + SEGMENT)))

/* Discards the received segments, and checks the bound of the send queue. */
static void drain(void)
{
	while (expect_any())
		;
	/* The program may have added a buffer's worth of large segments. */
	ASSERT_LE(script.conn->nsent, MOST / SEGMENT + 2 + SNDBUF / script.opt.room);
}

/* Acknowledges from @una on, @step bytes at a time, @n times at most; returns SND.UNA. */
static u32 acknowledges(u32 una, u32 step, u32 n)
{
	while (n-- && tcb()->iss + una != tcb()->snd_nxt) {
		una += min(step, tcb()->snd_nxt - tcb()->iss - una);
		inject("A 1 %u", una);
		drain();
	}
	return una;
}

static void is_fed(void)
{
	user_sends(SNDBUF);
	drain();
}

/* Acknowledges all data in steps of @step bytes; the connection does not stall. */
static void goes_on(u32 una, u32 step)
{
	u32 idle = 0;

	while (tcb()->iss + una != tcb()->write_seq) {
		u32 old = una;

		una = acknowledges(una, step, ~0u);
		if (una != old)
			continue;
		ASSERT_LT(idle++, 5);
		sim_run_for(MINUTE);
		drain();
	}
	ASSERT_EQ(atcp_unacked(tcb()), 0);
	ASSERT(atcp_queue_empty(tcb()));
}

/* With an MSS of 48, a queued segment and its overhead are cut off every 48 bytes. */
static void be_cut(u32 step)
{
	u32 una = 1;

	script.syn = "mss 48 ws 4";
	script.opt.sndbuf = SNDBUF;
	be_established();
	is_fed();
	/* The peer's ACKs make the congestion window large. */
	una = acknowledges(una, 48, 1300);
	is_fed();
	ASSERT_GT(tcb()->snd_nxt - tcb()->snd_una, SNDBUF / 4);
	sim_run_for(2 * SEC);
	drain();
	ASSERT_EQ(tcb()->recovery, ATCP_LOSS);
	una = acknowledges(una, step, 1000);
	is_fed();
	goes_on(una, step);
	ASSERT_GT(count_of(ATCP_STAT_SPLITS_REFUSED), 0);
}

SCRIPT(acks_of_48_after_a_timeout)
{
	be_cut(48);
}

/* Here the ACKs are inside of segments. */
SCRIPT(acks_of_47_after_a_timeout)
{
	be_cut(47);
}

/* The window opens by 48 bytes at a time, without a time-out. */
SCRIPT(window_of_crumbs)
{
	u32 wnd;

	script.syn = "mss 48";
	script.wnd = 48;
	script.opt.sndbuf = SNDBUF;
	be_established();
	is_fed();
	tcb()->cc.cwnd = SNDBUF;
	for (wnd = 48; wnd < 65535; wnd += 48) {
		inject("A 1 1 win %u", wnd);
		drain();
	}
	ASSERT_GT(count_of(ATCP_STAT_SPLITS_REFUSED), 0);
	script.wnd = 65535;
	goes_on(1, 1000);
}

/* The path MTU drops to 68 with a full window in flight, and all of it is resent. */
SCRIPT(path_of_68)
{
	script.opt.sndbuf = SNDBUF;
	script.opt.room = 65000;
	script.syn = "mss 1460 ws 4";
	be_established();
	tcb()->cc.cwnd = SNDBUF;
	is_fed();
	tcb()->mss_path = 28;
	atcp_path_changed(tcb());
	drain();
	tcb()->cc.cwnd = SNDBUF;
	sim_run_for(10 * SEC);
	drain();
	goes_on(acknowledges(1, 48, 1500), 20000);
}

/*
 * Single bytes of a program with a small buffer exceed the bound of memory.  The
 * segment at the front is cut and resent all the same.
 */
SCRIPT(the_first_is_always_cut)
{
	u32 i;

	script.opt.nodelay = true;
	script.opt.sndbuf = 4608;
	be_established();
	tcb()->cc.cwnd = 65535;
	user_sends(4000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+1080 1");
	for (i = 0; i < 500; i++) {
		user_sends(1);
		expect("PA %u+1 1", 4001 + i);
	}
	expect_after(RTO, "A 1+1460 1");
	ASSERT_EQ(script.conn->nsent, 502);
	inject("A 1 1461");
	expect("A 1461+1460 1");
	/* The rest of the segment goes with the next 380 bytes. */
	expect("PA 2921+1460 1");
	inject("A 1 4001");
	expect("PA 4381+120 1");
	ASSERT_EQ(script.conn->nsent, 2);
	inject("A 1 4501");
	quiet(MINUTE);
}

/* A segment that may not be cut and exceeds the congestion window waits... */
SCRIPT(not_cut_waits)
{
	be_established();
	user_sends(14600);
	while (expect_any())
		;
	expect_after(RTO, "A 1+1460 1");
	/* The first three calls cut, clone and send; the next cut fails. */
	next_fails(4);
	inject("A 1 1461");
	expect("A 1461+1460 1");
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_SPLITS_REFUSED), 1);
	inject("A 1 2921");
	expect("A 2921+1460 1");
	expect("A 4381+1460 1");
	expect("A 5841+1460 1");
	inject("A 1 14601");
}

/* ...and is sent whole when it fits. */
SCRIPT(not_cut_goes_whole)
{
	u32 i;

	script.opt.nodelay = true;
	be_established();
	for (i = 0; i < 5; i++) {
		user_sends(2000);
		expect("A %u+1460 1", 1 + 2000 * i);
		expect("PA %u+540 1", 1461 + 2000 * i);
	}
	expect_after(RTO, "A 1+1460 1");
	next_fails(3);
	inject("A 1 1461");
	expect("PA 1461+540 1");
	expect("A 2001+1460 1");
	expect("PA 3461+540 1");
	expect("A 4001+1460 1");
	ASSERT_EQ(count_of(ATCP_STAT_SPLITS_REFUSED), 1);
	inject("A 1 10001");
}

/* Small segments are joined when they are resent. */
SCRIPT(small_ones_are_joined)
{
	script.opt.nodelay = true;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(20);
	expect("PA 11+20 1");
	user_sends(1430);
	expect("PA 31+1430 1");
	user_sends(1);
	expect("PA 1461+1 1");
	ASSERT_EQ(script.conn->nsent, 4);
	expect_after(RTO, "PA 1+1460 1");
	ASSERT_EQ(script.conn->nsent, 2);
	/* An ACK of a part of the joined segment. */
	inject("A 1 101");
	expect("PA 1461+1 1");
	expect_within(RTO, 4 * RTO, "PA 101+1361 1");
	inject("A 1 1462");
	user_sends(10);
	expect("PA 1462+10 1");
	inject("A 1 1472");
	quiet(MINUTE);
}

/* Joining in a connection that the peer has closed, before our FIN. */
SCRIPT(joined_before_a_fin)
{
	script.opt.nodelay = true;
	be_close_wait();
	user_sends(10);
	expect("PA 1+10 2");
	user_sends(10);
	expect("PA 11+10 2");
	expect_after(RTO, "PA 1+20 2");
	inject("A 2 21");
	user_sends(10);
	expect("PA 21+10 2");
	user_sends(10);
	expect("PA 31+10 2");
	user_shuts();
	expect("FA 41 2");
	state_is(LAST_ACK);
	/* The last segment carries the FIN. */
	expect_within(RTO, 4 * RTO, "FPA 21+20 2");
	inject("A 2 42");
	closed_with(0);
}

/* Segments are not joined beyond the peer's window. */
SCRIPT(joined_as_the_window_allows)
{
	script.opt.nodelay = true;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	expect("PA 11+10 1");
	user_sends(10);
	expect("PA 21+10 1");
	inject("A 1 1 win 25");
	expect_after(RTO, "PA 1+20 1");
	expect("PA 21+10 1");
	inject("A 1 31");
}

/* What waits to be resent is not joined with what was resent: both go when the window opens. */
SCRIPT(not_joined_with_the_next_to_go)
{
	script.opt.nodelay = true;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends(10);
	expect("PA 11+10 1");
	inject("A 1 1 win 15");
	/* The first is cloned and sent; memory for the second fails twice. */
	next_fails(3);
	expect_after(RTO, "PA 1+10 1");
	inject("A 1 1 win 0");
	expect_nothing();
	inject("A 1 1 win 100");
	expect("PA 1+10 1");
	expect("PA 11+10 1");
	inject("A 1 21");
	quiet(MINUTE);
}

SCRIPT(reset)
{
	be_established();
	next_fails(1);
	user_aborts();
	expect_nothing();
	closed_with(0);
}
