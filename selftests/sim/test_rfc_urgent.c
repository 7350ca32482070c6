// SPDX-License-Identifier: GPL-2.0
/*
 * The urgent pointer: RFC 9293 section 3.8.5, RFC 6093.  It points to the octet
 * after the last urgent one (MUST-62).
 */
#include "script.h"

SCRIPT(sent)
{
	be_established();
	user_sends_flags(10, SIM_OOB);
	expect("PUA 1+10 1 up 10");
	inject("A 1 11");
	user_sends(10);
	expect("PA 11+10 1");
}

/* Segments before the urgent octet have the pointer; segments after it have none. */
SCRIPT(sent_in_the_middle)
{
	script.opt.nodelay = true;
	script.wnd = 20;
	be_established();
	user_sends(20);
	expect("PA 1+20 1");
	user_sends_flags(10, SIM_OOB);
	user_sends(10);
	expect_nothing();
	inject("A 1 21 win 5");
	inject("A 1 21 win 1000");
	expect("PUA 21+20 1 up 10");
}

/* A resent segment has a pointer that was set after its first transmission. */
SCRIPT(sent_with_a_retransmission)
{
	script.opt.nodelay = true;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_sends_flags(10, SIM_OOB);
	expect("PUA 11+10 1 up 10");
	expect_within(1, RTO, "PUA 1+10 1 up 20");
	expect("PUA 11+10 1 up 10");
}

/* Window probes carry the pointer, which may be beyond the window. */
SCRIPT(sent_with_a_probe)
{
	script.wnd = 0;
	be_established();
	user_sends_flags(10, SIM_OOB);
	expect_within(0, RTO, "UA 1+1 1 up 10");
}

/* Pure ACKs carry it, too. */
SCRIPT(sent_with_an_ack)
{
	script.wnd = 0;
	be_established();
	user_sends_flags(10, SIM_OOB);
	inject("PA 1+5 1");
	expect("UA 1 6 up 10");
}

SCRIPT(received)
{
	be_established();
	inject("PUA 1+10 1 up 4");
	expect("A 1 11");
	ASSERT(script.conn->urgent);
	ASSERT_EQ(tcb()->rcv_up, script.irs + 5);
	ASSERT_EQ(user_reads(), 10);
}

/* MUST-32: the user is told before the urgent data comes; MUST-31: of any length. */
SCRIPT(received_ahead_of_the_data)
{
	be_established();
	inject("UA 1 1 up 50000");
	ASSERT(script.conn->urgent);
	ASSERT_EQ(tcb()->rcv_up, script.irs + 1 + 50000);
	expect_nothing();
}

/* A repeated or older pointer is not reported; a later one is. */
SCRIPT(received_again)
{
	be_established();
	inject("UA 1 1 up 100");
	ASSERT(script.conn->urgent);
	script.conn->urgent = false;
	inject("UA 1 1 up 100");
	inject("UA 1 1 up 50");
	inject("PUA 1+10 1 up 90");
	expect("A 1 11");
	ASSERT(!script.conn->urgent);
	inject("UA 11 1 up 200");
	ASSERT(script.conn->urgent);
	ASSERT_EQ(tcb()->rcv_up, script.irs + 211);
}

SCRIPT(received_behind_what_was_taken)
{
	be_established();
	inject("PA 1+100 1");
	expect("A 1 101");
	inject("PUA 51+100 1 up 20");
	expect("A 1 151");
	ASSERT(!script.conn->urgent);
}

SCRIPT(received_out_of_order)
{
	be_established();
	inject("PUA 101+10 1 up 10");
	expect("A 1 1");
	ASSERT(script.conn->urgent);
	ASSERT_EQ(tcb()->rcv_up, script.irs + 111);
}

SCRIPT(received_with_syn_ack)
{
	be_syn_sent();
	inject("SUPA 0+10 1 mss 1460 up 5");
	expect("A 1 11");
	ASSERT_EQ(user_reads(), 10);
}

/* Without flag URG the field is ignored. */
SCRIPT(field_without_the_bit)
{
	be_established();
	inject("PA 1+10 1 up 4");
	expect("A 1 11");
	ASSERT(!script.conn->urgent);
}
