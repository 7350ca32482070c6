// SPDX-License-Identifier: GPL-2.0
/*
 * The receiver's own estimate of the round trip (core/tune.c), by echo and by window.
 * What the buffers' sizes make of it is in test_unit_tune.c.
 */
#include "script.h"

/* --- the receiver's round trip --- */

static void be_receiver(void)
{
	script.opt.rcvbuf = 10000;
	script.opt.no_quick = true;
}

/* Both end when the segment came, and not when the lock was free. */
SCRIPT(round_trip_ends_at_arrival)
{
	be_receiver();
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	script.ts = true;
	inject("A 1+1000 1 ts 5000 0");
	quiet(10 * MSEC);
	inject("A 1001+9000 1 ts 5000 0");
	expect("A 1 10001");
	ASSERT_EQ(user_reads(), 10000);
	expect("A 1 10001 win 10000");
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	quiet(30 * MSEC);
	tcb()->waited = 15 * MSEC;
	inject("PA 10001+100 1 ts 5000 0");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 25 * MSEC);
	tcb()->waited = 0;
	expect_within(1, 500 * MSEC, "A 1 10101");
	ASSERT_EQ(user_reads(), 100);
	quiet(30 * MSEC);
	tcb()->waited = 20 * MSEC;
	inject("A 10101+1460 1 ts 5100 %u", script.last_tsval);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 10 * MSEC);
	tcb()->waited = 0;
	expect_within(1, 500 * MSEC, "A 1 11561");
}

/* By window: what is beyond the window of one moment needed an ACK that came later. */
SCRIPT(round_trip_by_window)
{
	be_receiver();
	script.syn = "mss 1460";
	be_established();
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	inject("A 1+1000 1");		/* begins: the window ends at 10001 */
	quiet(10 * MSEC);
	inject("A 1001+1000 1");
	expect("A 1 2001 win 8000");
	ASSERT_EQ(user_reads(), 2000);
	inject("A 2001+8000 1");
	expect("A 1 10001");
	ASSERT_EQ(user_reads(), 8000);
	expect("A 1 10001 win 10000");
	ASSERT_EQ(tcb()->rcv_rtt, 0);	/* all of that fitted into the window of then */
	quiet(30 * MSEC);
	inject("PA 10001+100 1");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 40 * MSEC);
	expect_within(1, 500 * MSEC, "A 1 10101");
	ASSERT_EQ(user_reads(), 100);
	/* A longer time shows a pause of the peer's, and no longer round trip. */
	sim_run_for(SEC);
	inject("A 10101+9900 1");
	expect("A 1 20001 win 0");
	ASSERT_EQ(user_reads(), 9900);
	expect("A 1 20001 win 10000");
	inject("A 20001+1000 1");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 40 * MSEC);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* A window that is closed for long is not taken for a round trip that is short. */
SCRIPT(round_trip_by_a_closed_window)
{
	be_receiver();
	script.syn = "mss 1460";
	be_established();
	inject("A 1+10000 1");		/* begins, with the window full */
	expect("A 1 10001 win 0");
	quiet(10 * MSEC);
	ASSERT_EQ(user_reads(), 10000);
	expect("A 1 10001 win 10000");
	quiet(50 * MSEC);
	inject("A 10001+1000 1");
	ASSERT_GE(tcb()->rcv_rtt / 8, 50 * MSEC);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* What takes longer than any time-out is none. */
SCRIPT(no_round_trip_of_minutes)
{
	be_receiver();
	script.syn = "mss 1460";
	be_established();
	inject("A 1+10000 1");
	expect("A 1 10001 win 0");
	quiet(10 * MINUTE);
	ASSERT_EQ(user_reads(), 10000);
	expect("A 1 10001 win 10000");
	inject("A 10001+1000 1");
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* By echo: the time since the ACK that the segment answers; a pause of the peer counts. */
SCRIPT(round_trip_by_echo)
{
	u32 acked, first;

	be_receiver();
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	first = script.last_tsval;
	quiet(60 * MSEC);
	inject("A 1+1448 1 ts 5060 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 60 * MSEC);
	inject("A 1449+1448 1 ts 5060 %u", first);
	expect("A 1 2897");
	acked = script.last_tsval;
	ASSERT_EQ(user_reads(), 2896);
	expect_nothing();
	/* Another that echoes the same tells nothing new. */
	quiet(10 * MSEC);
	inject("A 2897+1448 1 ts 5070 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 60 * MSEC);
	/* A smaller one is taken at once... */
	quiet(10 * MSEC);
	inject("A 4345+1448 1 ts 5080 %u", acked);
	expect("A 1 5793");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 20 * MSEC);
	acked = script.last_tsval;
	ASSERT_EQ(user_reads(), 2896);
	expect_nothing();
	/* ...a larger one by an eighth... */
	quiet(100 * MSEC);
	inject("A 5793+1448 1 ts 5180 %u", acked);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 30 * MSEC);
	inject("A 7241+1448 1 ts 5180 %u", acked);
	expect("A 1 8689");
	acked = script.last_tsval;
	/* ...and not at all while the program has not read. */
	quiet(100 * MSEC);
	inject("A 8689+1448 1 ts 5280 %u", acked);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 30 * MSEC);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* Segments that are not full may have waited for their program: no sample. */
SCRIPT(round_trip_by_full_segments_alone)
{
	u32 first;

	be_receiver();
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	first = script.last_tsval;
	quiet(60 * MSEC);
	inject("PA 1+100 1 ts 5060 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	/* Nor is a full one that follows, as it echoes the same. */
	quiet(10 * MSEC);
	inject("A 101+1448 1 ts 5070 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	sim_run_for(SEC);
	while (expect_any())
		;
}
