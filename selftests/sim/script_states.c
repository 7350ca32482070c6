// SPDX-License-Identifier: GPL-2.0
/*
 * One way into each of the RFC's states (RFC 9293 section 3.3.2).
 */
#include "script.h"

void be_closed(void)
{
	state_is(CLOSED);
}

void be_listen(void)
{
	script.listener = sim_listen(sim_host(0), PORT, 16, &script.opt);
	state_is(LISTEN);
}

void be_syn_sent(void)
{
	user_opens();
	expect("S 0");
	state_is(SYN_SENT);
}

void be_syn_received(void)
{
	be_listen();
	inject("S 0 %s", script.syn);
	expect("SA 0 1");
	state_is(SYN_RECEIVED);
}

void be_syn_received_open(void)
{
	be_syn_sent();
	inject("S 0 %s", script.syn);
	expect("SA 0 1");
	state_is(SYN_RECEIVED);
}

void be_established(void)
{
	be_syn_sent();
	inject("SA 0 1 %s", script.syn);
	expect("A 1 1");
	state_is(ESTABLISHED);
}

void be_established_passive(void)
{
	be_syn_received();
	inject("A 1 1");
	script.conn = test_accept(script.listener);
	CHECK(script.conn, "nothing to accept");
	state_is(ESTABLISHED);
}

void be_fin_wait_1(void)
{
	be_established();
	user_shuts();
	expect("FA 1 1");
	state_is(FIN_WAIT_1);
}

void be_fin_wait_2(void)
{
	be_fin_wait_1();
	inject("A 1 2");
	state_is(FIN_WAIT_2);
}

void be_close_wait(void)
{
	be_established();
	inject("FA 1 1");
	expect("A 1 2");
	state_is(CLOSE_WAIT);
}

void be_closing(void)
{
	be_fin_wait_1();
	inject("FA 1 1");
	expect("A 2 2");
	state_is(CLOSING);
}

void be_last_ack(void)
{
	be_close_wait();
	user_shuts();
	expect("FA 1 2");
	state_is(LAST_ACK);
}

void be_time_wait(void)
{
	be_fin_wait_2();
	inject("FA 1 2");
	expect("A 2 2");
	state_is(TIME_WAIT);
}
