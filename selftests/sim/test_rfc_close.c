// SPDX-License-Identifier: GPL-2.0
/*
 * Closing: RFC 9293 section 3.6 (half-close, from either side or both at once),
 * TIME-WAIT (section 3.6.1, RFC 1337, RFC 6191), and data that is never read
 * (RFC 1122 section 4.2.2.13).
 */
#include "script.h"

/* --- orders of closing --- */

/* Figure 12. */
SCRIPT(closed_from_here)
{
	be_established();
	user_shuts();
	expect("FA 1 1");
	inject("A 1 2");
	state_is(FIN_WAIT_2);
	inject("FA 1 2");
	expect("A 2 2");
	state_is(TIME_WAIT);
	closed_with(0);
}

SCRIPT(closed_from_there)
{
	be_established();
	inject("FA 1 1");
	expect("A 1 2");
	state_is(CLOSE_WAIT);
	ASSERT(script.conn->fin);
	user_shuts();
	expect("FA 1 2");
	state_is(LAST_ACK);
	inject("A 2 2");
	closed_with(0);
	state_is(CLOSED);
}

/* Figure 13. */
SCRIPT(closed_from_both_sides)
{
	be_established();
	user_shuts();
	expect("FA 1 1");
	inject("FA 1 1");
	expect("A 2 2");
	state_is(CLOSING);
	inject("A 2 2");
	state_is(TIME_WAIT);
}

/* The peer's FIN comes with the ACK of ours. */
SCRIPT(three_segments)
{
	be_established();
	user_shuts();
	expect("FA 1 1");
	inject("FA 1 2");
	expect("A 2 2");
	state_is(TIME_WAIT);
}

/* --- half-close --- */

SCRIPT(receives_after_its_own_fin)
{
	u32 i;

	be_fin_wait_2();
	for (i = 0; i < 20; i++) {
		inject("PA %u+1000 2", 1 + 1000 * i);
		expect_within(0, 500 * MSEC, "A 2 %u", 1001 + 1000 * i);
		ASSERT_EQ(user_reads(), 1000);
	}
	inject("FA 20001 2");
	expect("A 2 20002");
	state_is(TIME_WAIT);
}

SCRIPT(sends_after_the_peers_fin)
{
	u32 i;

	be_close_wait();
	for (i = 0; i < 20; i++) {
		user_sends(1000);
		expect("PA %u+1000 2", 1 + 1000 * i);
		inject("A 2 %u", 1001 + 1000 * i);
	}
	user_shuts();
	expect("FA 20001 2");
	inject("A 2 20002");
	closed_with(0);
}

/* In FIN-WAIT-1 and CLOSING, data that the FIN waits behind is still sent. */
SCRIPT(fin_waits_behind_data)
{
	script.wnd = 1000;
	be_established();
	user_sends(2000);
	expect("A 1+1000 1");
	user_shuts();
	state_is(FIN_WAIT_1);
	inject("PA 1+10 1");
	expect("A 1001 11");
	inject("FA 11 1");
	expect("A 1001 12");
	state_is(CLOSING);
	inject("A 12 1001");
	expect("PA 1001+1000 12");
	state_is(CLOSING);
	inject("A 12 2001");
	expect("FA 2001 12");
	inject("A 12 2002");
	state_is(TIME_WAIT);
}

SCRIPT(data_and_fin_in_one_segment)
{
	be_established();
	user_sends_flags(100, SIM_MORE);
	user_shuts();
	expect("FA 1+100 1");
	inject("FPA 1+100 102");
	expect("A 102 102");
	state_is(TIME_WAIT);
	ASSERT_EQ(user_reads(), 100);
}

/* --- the last segments are lost --- */

SCRIPT(fin_lost)
{
	be_fin_wait_1();
	expect_after(RTO, "FA 1 1");
	inject("A 1 2");
	state_is(FIN_WAIT_2);
}

SCRIPT(ack_of_the_fin_lost)
{
	be_close_wait();
	inject("FA 1 1");
	expect("A 1 2");
	sim_run_for(SEC);
	inject("FA 1 1");
	expect("A 1 2");
	state_is(CLOSE_WAIT);
}

/* --- TIME-WAIT --- */

/* MUST-13: TIME-WAIT lasts 2 MSL; each FIN that comes again restarts them. */
SCRIPT(time_wait_starts_anew)
{
	u64 msl2 = script.conf->msl2;

	be_time_wait();
	quiet(msl2 - SEC);
	inject("FA 1 2");
	expect("A 2 2");
	quiet(msl2 - 1);
	state_is(TIME_WAIT);
	quiet(1);
	state_is(CLOSED);
}

/* Other segments do not restart TIME-WAIT. */
SCRIPT(time_wait_is_not_prolonged)
{
	u64 msl2 = script.conf->msl2;

	be_time_wait();
	quiet(msl2 - SEC);
	inject("A 2 2");
	inject("R 3");
	inject("PA 70000+10 2");
	expect("A 2 2");
	quiet(SEC);
	state_is(CLOSED);
}

/* RFC 1337, when switched on: a late reset does not end TIME-WAIT. */
SCRIPT(time_wait_assassination)
{
	script.conf->rfc1337 = true;
	be_time_wait();
	inject("R 2");
	inject("RA 2 2");
	inject("PA -100+50 2");
	expect("A 2 2");
	inject("R 2");
	state_is(TIME_WAIT);
}

/* SHLD-4, RFC 6191: a SYN with a newer timestamp ends it; our ISN is above the old numbers. */
static void reopen(const char *syn, bool ok)
{
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	script.ts = true;
	script.listener = sim_listen(sim_host(0), PORT, 16, &script.opt);
	user_shuts();
	expect("FA 1 1");
	inject("FA 1 2");
	expect("A 2 2");
	state_is(TIME_WAIT);
	sim_run_for(SEC);
	inject("%s", syn);
	if (ok) {
		script.iss = sim->trace[sim->ntrace - 1].h.seq;
		ASSERT(seq_gt(script.iss, script.our_base + 2 + 65535));
		script.our_base = script.iss;
		ASSERT(expect_any());
		state_is(SYN_RECEIVED);
	} else {
		expect("A 2 2");
		state_is(TIME_WAIT);
	}
}

SCRIPT(reopened_by_a_newer_timestamp)
{
	reopen("S 100000 mss 1460 ts 5001 0", true);
	ASSERT_EQ(count_of(ATCP_STAT_TIME_WAIT_REUSED), 1);
}

/* The newer timestamp suffices, even with a lower sequence number. */
SCRIPT(reopened_by_a_newer_timestamp_below)
{
	reopen("S -100000 mss 1460 ts 5001 0", true);
}

SCRIPT(not_reopened_by_an_older_timestamp)
{
	reopen("S 100000 mss 1460 ts 4999 0", false);
}

/* With the same timestamp the sequence number must be above the old ones. */
SCRIPT(reopened_by_the_same_timestamp_above)
{
	reopen("S 100000 mss 1460 ts 5000 0", true);
}

SCRIPT(not_reopened_by_the_same_timestamp_below)
{
	reopen("S -100000 mss 1460 ts 5000 0", false);
}

/* The peer answers our ACK by a reset, which ends TIME-WAIT; its SYN opens when it is resent. */
static void reopen_after_a_reset(const char *syn, const char *synack)
{
	reopen(syn, false);
	inject("R 2 noopt");
	state_is(LISTEN);
	inject("%s", syn);
	script.iss = sim->trace[sim->ntrace - 1].h.seq;
	script.our_base = script.iss;
	expect("%s", synack);
	state_is(SYN_RECEIVED);
}

SCRIPT(reopened_by_an_older_timestamp_after_a_reset)
{
	reopen_after_a_reset("S 100000 mss 1460 ts 4999 0", "SA 0 100001");
}

SCRIPT(reopened_by_a_lower_number_after_a_reset)
{
	reopen_after_a_reset("S -100000 mss 1460 noopt", "SA 0 -99999");
}

/* MAY-2: without timestamps a SYN above the received numbers reopens. */
SCRIPT(reopened_by_a_sequence_number)
{
	be_time_wait();
	script.listener = sim_listen(sim_host(0), PORT, 16, &script.opt);
	inject("S 2 mss 1460");
	expect("A 2 2");
	state_is(TIME_WAIT);
	inject("S 3 mss 1460");
	script.iss = sim->trace[sim->ntrace - 1].h.seq;
	script.our_base = script.iss;
	expect("SA 0 4");
	state_is(SYN_RECEIVED);
}

/*
 * Without a listener a new connection is refused at once.  The TIME-WAIT remains, and
 * answers segments of the old connection.
 */
SCRIPT(refused_without_a_listener)
{
	be_time_wait();
	script.our_base = 0;
	inject("S 100000 mss 1460");
	expect("RA 0 100001");
	state_is(TIME_WAIT);
	script.our_base = script.iss;
	inject("S -100000 mss 1460");
	expect("A 2 2");
	state_is(TIME_WAIT);
}

/* --- data that nobody reads --- */

/* SHLD-3: closing with data unread resets. */
SCRIPT(close_with_unread_data)
{
	be_established();
	inject("PA 1+100 1");
	expect("A 1 101");
	user_closes();
	expect("RA 1 101");
	state_is(CLOSED);
}

/* Where our FIN may be lost: nobody would send it again. */
SCRIPT(close_with_unread_data_in_last_ack)
{
	be_established();
	inject("FPA 1+100 1");
	expect("A 1 102");
	user_shuts();
	expect("FA 1 102");
	state_is(LAST_ACK);
	user_closes();
	expect("RA 2 102");
	state_is(CLOSED);
}

SCRIPT(close_with_unread_data_in_closing)
{
	be_fin_wait_1();
	inject("FPA 1+100 1");
	expect("A 2 102");
	state_is(CLOSING);
	user_closes();
	expect("RA 2 102");
	state_is(CLOSED);
}

/* Data that comes after close() resets, too. */
SCRIPT(data_after_close)
{
	be_established();
	user_closes();
	expect("FA 1 1");
	inject("A 1 2");
	state_is(FIN_WAIT_2);
	inject("PA 1+100 2");
	expect("R 2");
	state_is(CLOSED);
}

SCRIPT(data_after_shutdown_of_both)
{
	be_established();
	user_shuts_reading();
	user_shuts();
	expect("FA 1 1");
	inject("PA 1+100 1");
	expect("R 2");
	closed_with(ECONNRESET);
}

/* After SHUT_RD alone data is accepted, as by the kernel's TCP. */
SCRIPT(data_after_shutdown_of_reading)
{
	be_established();
	user_shuts_reading();
	inject("PA 1+100 1");
	expect("A 1 101");
	state_is(ESTABLISHED);
}

/* An orphan does not wait for the peer's FIN for ever. */
SCRIPT(orphan_in_fin_wait_2)
{
	be_established();
	user_closes();
	expect("FA 1 1");
	inject("A 1 2");
	quiet(script.conf->fin_timeout - 1);
	state_is(FIN_WAIT_2);
	quiet(1);
	state_is(CLOSED);
}

SCRIPT(orphan_is_retransmitted_less)
{
	u32 n = 0;

	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	user_closes();
	expect("FA 11 1");
	while (script_state() != ATCP_CLOSED && n < 100) {
		sim_run_for(100 * MSEC);
		n += expect_any();
	}
	ASSERT_EQ(n, 8);
}

/* A closed window does not keep an orphan for ever, even when probes are answered. */
SCRIPT(orphan_with_a_closed_window)
{
	u32 n = 0;

	script.wnd = 0;
	script.conf->orphan_retries = 3;
	be_established();
	user_sends(10);
	user_closes();
	while (script_state() != ATCP_CLOSED && n < 100) {
		sim_run_for(100 * MSEC);
		if (!expect_any())
			continue;
		n++;
		inject("A 1 1");
	}
	ASSERT_EQ(n, script.conf->orphan_retries);
}

/* MUST-12: the user learns that a connection was reset, at its next call. */
SCRIPT(reset_is_told)
{
	be_established();
	inject("R 1");
	closed_with(ECONNRESET);
	ASSERT_EQ(user_reads(), -ECONNRESET);
	ASSERT_EQ(user_reads(), 0);
}

/* Our FIN is delivered once, and does not count again with each segment of the peer's. */
SCRIPT(fin_is_delivered_once)
{
	u32 was, i;

	be_fin_wait_1();
	was = tcb()->delivered;
	inject("A 1 2");
	state_is(FIN_WAIT_2);
	ASSERT_EQ(tcb()->delivered, was + 1);
	for (i = 0; i < 10; i++) {
		inject("A %u+10 2", 1 + 10 * i);
		expect_any();
	}
	inject("A 101 2");
	ASSERT_EQ(tcb()->delivered, was + 1);
}
