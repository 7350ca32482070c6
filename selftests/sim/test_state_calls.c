// SPDX-License-Identifier: GPL-2.0
/*
 * The user's calls in each state: SEND, RECEIVE, CLOSE, ABORT and STATUS of RFC
 * 9293 sections 3.10.2 to 3.10.6; OPEN is the host's to refuse.
 *
 * STATUS is what script_check_state() reads, and so in every test.
 */
#include "script.h"

/* --- SEND --- */

SCRIPT(send_in_syn_sent)
{
	be_syn_sent();
	ASSERT_EQ(user_sends(10), 10);
	quiet(10 * MSEC);
	inject("SA 0 1 mss 1460");
	expect("PA 1+10 1");
	state_is(ESTABLISHED);
}

SCRIPT(send_in_syn_received)
{
	be_syn_received_open();
	ASSERT_EQ(user_sends(10), 10);
	quiet(10 * MSEC);
	state_is(SYN_RECEIVED);
	inject("A 1 1");
	expect("PA 1+10 1");
	state_is(ESTABLISHED);
}

SCRIPT(send_in_established)
{
	be_established();
	ASSERT_EQ(user_sends(10), 10);
	expect("PA 1+10 1");
	inject("A 1 11");
	state_is(ESTABLISHED);
}

SCRIPT(send_in_close_wait)
{
	be_close_wait();
	ASSERT_EQ(user_sends(10), 10);
	expect("PA 1+10 2");
	inject("A 2 11");
	state_is(CLOSE_WAIT);
}

static void cannot_send(void (*be)(void))
{
	u8 before;

	be();
	before = script_state();
	ASSERT_EQ(user_sends(10), -EPIPE);
	quiet(100 * MSEC);
	script_here(script_check_state(before));
}

SCRIPT(send_in_fin_wait_1)
{
	cannot_send(be_fin_wait_1);
}

SCRIPT(send_in_fin_wait_2)
{
	cannot_send(be_fin_wait_2);
}

SCRIPT(send_in_closing)
{
	cannot_send(be_closing);
}

SCRIPT(send_in_last_ack)
{
	cannot_send(be_last_ack);
}

SCRIPT(send_in_time_wait)
{
	cannot_send(be_time_wait);
}

SCRIPT(send_in_closed)
{
	be_established();
	inject("R 1");
	closed_with(ECONNRESET);
	ASSERT_EQ(user_sends(10), -ECONNRESET);
	ASSERT_EQ(user_sends(10), -EPIPE);
	state_is(CLOSED);
}

/* --- RECEIVE --- */

SCRIPT(receive_in_syn_sent)
{
	be_syn_sent();
	ASSERT_EQ(user_reads(), -EAGAIN);
}

SCRIPT(receive_in_syn_received)
{
	be_syn_received_open();
	ASSERT_EQ(user_reads(), -EAGAIN);
	inject("PA 1+10 1");
	expect("A 1 11");
	ASSERT_EQ(user_reads(), 10);
}

static void can_receive(void (*be)(void), u32 nxt)
{
	be();
	ASSERT_EQ(user_reads(), -EAGAIN);
	inject("PA 1+10 1");
	expect("A %u 11", nxt);
	ASSERT_EQ(user_reads_some(4), 4);
	ASSERT_EQ(user_reads(), 6);
	ASSERT_EQ(user_reads(), -EAGAIN);
}

SCRIPT(receive_in_established)
{
	can_receive(be_established, 1);
}

SCRIPT(receive_in_fin_wait_1)
{
	can_receive(be_fin_wait_1, 2);
	state_is(FIN_WAIT_1);
}

SCRIPT(receive_in_fin_wait_2)
{
	can_receive(be_fin_wait_2, 2);
	state_is(FIN_WAIT_2);
}

/* Data that came before the FIN can still be read; then comes the end of the stream. */
SCRIPT(receive_in_close_wait)
{
	be_established();
	inject("FPA 1+10 1");
	expect("A 1 12");
	state_is(CLOSE_WAIT);
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(user_reads(), 0);
}

SCRIPT(receive_in_closing)
{
	be_fin_wait_1();
	inject("FPA 1+10 1");
	expect("A 2 12");
	state_is(CLOSING);
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(user_reads(), 0);
}

SCRIPT(receive_in_last_ack)
{
	be_established();
	inject("FPA 1+10 1");
	expect("A 1 12");
	user_shuts();
	expect("FA 1 12");
	state_is(LAST_ACK);
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(user_reads(), 0);
}

SCRIPT(receive_in_time_wait)
{
	be_fin_wait_2();
	inject("FPA 1+10 2");
	expect("A 2 12");
	state_is(TIME_WAIT);
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(user_reads(), 0);
}

/* Data in the receive buffer can be read after a reset; then the reset is reported once. */
SCRIPT(receive_in_closed)
{
	be_established();
	inject("PA 1+10 1");
	expect("A 1 11");
	inject("R 11");
	closed_with(ECONNRESET);
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(user_reads(), -ECONNRESET);
	ASSERT_EQ(user_reads(), 0);
}

/* --- CLOSE --- */

SCRIPT(close_in_listen)
{
	be_listen();
	sim_listener_close(script.listener);
	state_is(CLOSED);
	inject("S 0 mss 1460");
	script_rebase(-script.iss, 0);
	expect("RA 0 1");
}

SCRIPT(close_in_syn_sent)
{
	be_syn_sent();
	user_shuts();
	expect_nothing();
	closed_with(0);
}

/* The FIN waits for the end of the handshake. */
SCRIPT(close_in_syn_received)
{
	be_syn_received_open();
	user_shuts();
	quiet(10 * MSEC);
	inject("A 1 1");
	expect("FA 1 1");
	state_is(FIN_WAIT_1);
	inject("A 1 2");
	state_is(FIN_WAIT_2);
}

SCRIPT(close_in_syn_received_behind_data)
{
	be_syn_received_open();
	ASSERT_EQ(user_sends(10), 10);
	user_shuts();
	quiet(10 * MSEC);
	inject("A 1 1");
	expect("FPA 1+10 1");
	state_is(FIN_WAIT_1);
}

SCRIPT(close_in_established)
{
	be_established();
	user_shuts();
	expect("FA 1 1");
	state_is(FIN_WAIT_1);
}

SCRIPT(close_in_established_behind_data)
{
	be_established();
	ASSERT_EQ(user_sends_flags(10, SIM_MORE), 10);
	user_shuts();
	expect("FA 1+10 1");
	state_is(FIN_WAIT_1);
}

/* The FIN is sent only when the window has room for it. */
SCRIPT(close_behind_a_full_window)
{
	script.wnd = 10;
	be_established();
	ASSERT_EQ(user_sends(10), 10);
	expect("PA 1+10 1");
	user_shuts();
	expect_nothing();
	state_is(FIN_WAIT_1);
	inject("A 1 11");
	expect("FA 11 1");
}

SCRIPT(close_in_close_wait)
{
	be_close_wait();
	user_shuts();
	expect("FA 1 2");
	state_is(LAST_ACK);
}

SCRIPT(close_in_close_wait_behind_data)
{
	script.wnd = 10;
	be_close_wait();
	ASSERT_EQ(user_sends(20), 20);
	expect("A 1+10 2");
	user_shuts();
	expect_nothing();
	state_is(LAST_ACK);
	inject("A 2 11 win 11");
	expect("FPA 11+10 2");
	inject("A 2 22");
	closed_with(0);
}

/* A second CLOSE sends no second FIN. */
static void close_again(void (*be)(void))
{
	u8 before;

	be();
	before = script_state();
	user_shuts();
	quiet(100 * MSEC);
	script_here(script_check_state(before));
}

SCRIPT(close_in_fin_wait_1)
{
	close_again(be_fin_wait_1);
}

SCRIPT(close_in_fin_wait_2)
{
	close_again(be_fin_wait_2);
}

SCRIPT(close_in_closing)
{
	close_again(be_closing);
}

SCRIPT(close_in_last_ack)
{
	close_again(be_last_ack);
}

SCRIPT(close_in_time_wait)
{
	close_again(be_time_wait);
}

/* --- ABORT --- */

SCRIPT(abort_in_syn_sent)
{
	be_syn_sent();
	user_aborts();
	expect_nothing();
	closed_with(0);
}

/* Closing a listener frees its requests; the peer's next ACK is answered by a reset. */
SCRIPT(abort_in_syn_received_passive)
{
	be_syn_received();
	sim_listener_close(script.listener);
	state_is(CLOSED);
	inject("A 1 1");
	expect("R 1");
}

static void abort_resets(void (*be)(void), u32 nxt, u32 rcv)
{
	be();
	user_aborts();
	expect("RA %u %u", nxt, rcv);
	closed_with(0);
}

SCRIPT(abort_in_syn_received_open)
{
	abort_resets(be_syn_received_open, 1, 1);
}

SCRIPT(abort_in_established)
{
	abort_resets(be_established, 1, 1);
}

SCRIPT(abort_in_fin_wait_1)
{
	abort_resets(be_fin_wait_1, 2, 1);
}

SCRIPT(abort_in_fin_wait_2)
{
	abort_resets(be_fin_wait_2, 2, 1);
}

SCRIPT(abort_in_close_wait)
{
	abort_resets(be_close_wait, 1, 2);
}

static void abort_is_silent(void (*be)(void))
{
	be();
	user_aborts();
	expect_nothing();
	closed_with(0);
}

SCRIPT(abort_in_closing)
{
	abort_is_silent(be_closing);
}

SCRIPT(abort_in_last_ack)
{
	abort_is_silent(be_last_ack);
}

/* Data that is queued or in flight is dropped. */
SCRIPT(abort_flushes_the_queues)
{
	script.wnd = 100;
	be_established();
	ASSERT_EQ(user_sends(300), 300);
	expect("A 1+100 1");
	inject("PA 11+10 1");
	expect("A 101 1");
	user_aborts();
	expect("RA 101 1");
	closed_with(0);
	ASSERT_EQ(script.conn->wmem, 0);
	ASSERT_EQ(script.conn->rmem, 0);
	quiet(MINUTE);
}
