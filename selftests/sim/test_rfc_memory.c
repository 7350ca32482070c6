// SPDX-License-Identifier: GPL-2.0
/*
 * When memory fails the connection recovers by itself, for TCP is made for
 * segments that are lost: what each single failure is made good by.  (Every
 * failure in every test: faults.c.)
 */
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
