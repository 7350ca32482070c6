// SPDX-License-Identifier: GPL-2.0
/*
 * Timestamps: RFC 7323 sections 3 (the option), 4 (round-trip times), 5 (PAWS).
 */
#include "script.h"

#define DAY	(86400 * SEC)

/* A connection with timestamps, whose TS.Recent is 5000. */
static void be_stamped(void)
{
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	script.ts = true;
	ASSERT_EQ(tcb()->ts_on, true);
}

/* --- section 3.2 --- */

SCRIPT(offered_and_echoed)
{
	u32 tsval;

	be_syn_sent();
	ASSERT_EQ(script.last_hlen, 40);
	tsval = script.last_tsval;
	quiet(100 * MSEC);
	inject("SA 0 1 mss 1460 ts 5000 %u", tsval);
	expect("A 1 1 ecr 5000");
	/* One tick a millisecond (section 5.4: between 1 ms and 1 s). */
	ASSERT_EQ(script.last_tsval - tsval, 100);
}

SCRIPT(echo_is_zero_in_the_first_syn)
{
	be_syn_sent();
	user_aborts();
	user_opens();
	expect("S 0 ecr 0");
}

SCRIPT(passive)
{
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	inject("A 1 1 ts 5001 %u", script.last_tsval);
	script.conn = test_accept(script.listener);
	ASSERT(script.conn);
	user_sends(10);
	expect("PA 1+10 1 ecr 5001");
}

SCRIPT(not_offered_by_the_peer)
{
	be_established();
	ASSERT_EQ(tcb()->ts_on, false);
	user_sends(10);
	expect("PA 1+10 1 noopt");
	/* A timestamp that comes nevertheless is ignored. */
	inject("PA 1+10 11 ts 1 1");
	expect("A 11 11 noopt");
	ASSERT_EQ(user_reads(), 10);
}

SCRIPT(switched_off_here)
{
	script.conf->timestamps = false;
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 mss 1460 noopt");
}

SCRIPT(in_every_segment)
{
	be_stamped();
	user_sends(10);
	expect("PA 1+10 1 ecr 5000");
	inject("FA 1 11");
	expect("A 11 2 ecr 5000");
	user_shuts();
	expect("FA 11 2 ecr 5000");
}

SCRIPT(in_resets_too)
{
	be_stamped();
	user_aborts();
	expect("RA 1 1 ecr 5000");
}

/* Their start shows neither the uptime nor whether hosts share an address. */
SCRIPT(starts_anywhere)
{
	be_stamped();
	ASSERT_NE(tcb()->ts_offset, 0);
	ASSERT_NE(script.last_tsval, (u32)(sim->now / MSEC));
}

/*
 * RFC 6191: between the same ends they grow from a connection in TIME-WAIT to the
 * connection that replaces it.
 */
SCRIPT(grow_over_time_wait)
{
	u32 tsval;

	be_stamped();
	user_shuts();
	expect("FA 1 1");
	inject("FA 1 2");
	expect("A 2 2");
	state_is(TIME_WAIT);
	tsval = script.last_tsval;
	quiet(100 * MSEC);
	user_closes();
	user_opens();
	expect("S %u ecr 0", 2 + 65537);
	ASSERT_EQ(script.last_tsval - tsval, 100);
	user_aborts();
}

/* Segments without them are accepted, as by Linux and FreeBSD: some peers leave them out. */
SCRIPT(missing)
{
	u32 srtt, rcv_rtt;

	be_stamped();
	user_sends(10);
	expect("PA 1+10 1 ecr 5000");
	sim_run_for(10 * MSEC);
	inject("A 1 11 ts 5001 %u", script.last_tsval);
	srtt = tcb()->srtt;
	rcv_rtt = tcb()->rcv_rtt;
	/* Its data is accepted; TS.Recent stays, and is echoed. */
	inject("PA 1+10 11 noopt");
	expect("A 11 11 ecr 5001");
	ASSERT_EQ(user_reads(), 10);
	/* A keep-alive is answered, within the limit of challenge ACKs. */
	inject("A 10 11 noopt");
	expect("A 11 11 ecr 5001");
	/* Without an echo a resent segment gives no sample. */
	user_sends(10);
	expect("PA 11+10 11");
	sim_run_for(SEC);
	while (expect_any())
		;
	inject("A 11 21 noopt");
	ASSERT_EQ(atcp_unacked(tcb()), 0);
	ASSERT_EQ(tcb()->srtt, srtt);
	ASSERT_EQ(tcb()->rcv_rtt, rcv_rtt);
	/* PAWS still compares with the last timestamp. */
	inject("PA 11+10 21 ts 5000 0");
	expect("A 21 11 ecr 5001");
	inject("FA 11 21 noopt");
	expect("A 21 12 ecr 5001");
	state_is(CLOSE_WAIT);
}

/* "If a non-RST segment is received without TSopt, ... silently drop". */
SCRIPT(missing_and_not_tolerated)
{
	script.conf->tolerate_missing_ts = false;
	be_stamped();
	inject("PA 1+10 1 noopt");
	inject("A 1 1 noopt");
	inject("FA 1 1 noopt");
	inject("S 10 noopt");
	expect_nothing();
	ASSERT_EQ(user_reads(), -EAGAIN);
	state_is(ESTABLISHED);
	inject("R 1 noopt");
	closed_with(ECONNRESET);
}

SCRIPT(missing_in_the_handshake)
{
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	inject("A 1 1");
	state_is(ESTABLISHED);
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->ts_on, true);
	user_sends(10);
	expect("PA 1+10 1 ecr 5000");
}

SCRIPT(missing_in_a_simultaneous_open)
{
	script.syn = "mss 1460 ts 5000 0";
	be_syn_received_open();
	inject("A 1 1");
	state_is(ESTABLISHED);
	user_sends(10);
	expect("PA 1+10 1 ecr 5000");
}

SCRIPT(missing_in_time_wait)
{
	script.syn = "mss 1460 ts 5000 0";
	be_time_wait();
	inject("FA 1 2");
	expect("A 2 2 ecr 5000");
}

SCRIPT(missing_in_the_handshake_and_not_tolerated)
{
	script.conf->tolerate_missing_ts = false;
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	inject("A 1 1");
	state_is(SYN_RECEIVED);
	inject("A 1 1 ts 5001 1");
	state_is(ESTABLISHED);
}

/* --- which one is echoed: section 4.3 --- */

/* A delayed ACK echoes the earliest segment not acknowledged yet. */
SCRIPT(echo_of_the_earliest)
{
	script.opt.no_quick = true;
	be_stamped();
	inject("PA 1+100 1 ts 5100 1");
	inject("PA 101+100 1 ts 5200 1");
	expect_within(1, 500 * MSEC, "A 1 201 ecr 5100");
}

/* A segment behind a gap is not echoed. */
SCRIPT(echo_at_a_gap)
{
	be_stamped();
	inject("A 1+100 1 ts 5100 1");
	expect("A 1 101 ecr 5100");
	inject("A 201+100 1 ts 5300 1");
	expect("A 1 101 ecr 5100");
	/* The segment that fills the gap is. */
	inject("A 101+100 1 ts 5200 1");
	expect("A 1 301 ecr 5200");
}

SCRIPT(echo_of_an_old_one)
{
	be_stamped();
	inject("A 1+100 1 ts 5100 1");
	expect("A 1 101 ecr 5100");
	/* A segment outside of the window is not echoed (section 5.3, R2 and R3). */
	inject("A 1+100 1 ts 5400 1");
	expect("A 1 101 ecr 5100");
	inject("A 51+100 1 ts 5500 1");
	expect("A 1 151 ecr 5500");
}

/* A refused segment's timestamp is not kept: PAWS would then refuse all real segments. */
static void refused(const char *segment, const char *answer)
{
	inject("%s ts %u 0", segment, 5000 + 0x7f000000u);
	if (answer)
		expect("%s", answer);
	expect_nothing();
}

SCRIPT(echo_of_what_is_refused)
{
	static const char *const challenged[] = {
		"A 1 90000", "PA 1+10 90000", "A 1 -90000", "PA 1+10 -90000", "S 1", "S 0",
		"A 70000 1", "R 2",
	};
	u32 i;

	be_stamped();
	for (i = 0; i < sizeof(challenged) / sizeof(challenged[0]); i++) {
		refused(challenged[i], "A 1 1 ecr 5000");
		sim_run_for(script.conf->challenge_interval);
	}
	refused(". 1", NULL);
	refused("P 1+10", NULL);
	inject("PA 1+10 1 ts 5001 0");
	expect("A 1 11 ecr 5001");
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(count_of(ATCP_STAT_IN_PAWS), 0);
}

SCRIPT(echo_of_what_is_refused_while_opening)
{
	script.syn = "mss 1460 ts 5000 0";
	be_syn_received_open();
	refused("A 1 2", "R 2");
	refused("A 1 0", "R 0");
	refused(". 1", NULL);
	inject("A 1 1 ts 5001 0");
	state_is(ESTABLISHED);
}

SCRIPT(echo_of_what_a_request_refuses)
{
	script.syn = "mss 1460 ts 5000 0";
	be_syn_received();
	refused("A 1 2", "R 2");
	refused("A 70000 1", "A 1 1 ecr 5000");
	refused(". 1", NULL);
	inject("A 1 1 ts 5001 0");
	state_is(ESTABLISHED);
}

/* --- PAWS: section 5.3 --- */

SCRIPT(paws_drops_and_answers)
{
	be_stamped();
	inject("PA 1+10 1 ts 4999 1");
	expect("A 1 1 ecr 5000");
	ASSERT_EQ(user_reads(), -EAGAIN);
	ASSERT_EQ(count_of(ATCP_STAT_IN_PAWS), 1);
	inject("PA 1+10 1 ts 5000 1");
	expect("A 1 11 ecr 5000");
	ASSERT_EQ(user_reads(), 10);
}

SCRIPT(paws_drops_a_fin)
{
	be_stamped();
	inject("FA 1 1 ts 4999 1");
	expect("A 1 1");
	state_is(ESTABLISHED);
}

/* Neither ACK nor window of a segment that PAWS drops is used. */
SCRIPT(paws_drops_an_ack)
{
	be_stamped();
	user_sends(10);
	expect("PA 1+10 1");
	inject("A 1 11 ts 4998 1");
	expect("A 11 1");
	ASSERT_EQ(atcp_unacked(tcb()), 10);
}

/* An ACK that is one tick old passes, as in Linux: another CPU or queue overtook it. */
SCRIPT(paws_takes_an_ack_of_a_tick_ago)
{
	be_stamped();
	user_sends(10);
	expect("PA 1+10 1");
	inject("A 1 11 ts 4999 1");
	ASSERT_EQ(atcp_unacked(tcb()), 0);
	expect_nothing();
	inject("A 1+1 11 ts 5000 1");
	expect("A 11 2 ecr 5000");
}

/* PAWS does not apply to RST (section 5.2). */
SCRIPT(paws_takes_a_rst)
{
	be_stamped();
	inject("R 1 ts 4000 0");
	closed_with(ECONNRESET);
}

SCRIPT(paws_over_the_wrap)
{
	script.syn = "mss 1460 ts 4294967290 0";
	be_established();
	inject("A 1+10 1 ts 5 1");
	expect("A 1 11 ecr 5");
	inject("A 11+10 1 ts 4294967295 1");
	expect("A 1 11 ecr 5");
	inject("A 11+10 1 ts 2147483652 1");
	expect("A 1 21");
	ASSERT_EQ(user_reads(), 20);
}

/* Section 5.5: TS.Recent is not used after 24 days without a segment. */
SCRIPT(paws_after_23_days)
{
	be_stamped();
	quiet(23 * DAY);
	inject("PA 1+10 1 ts 4000 1");
	expect("A 1 1");
}

SCRIPT(paws_after_24_days)
{
	be_stamped();
	quiet(24 * DAY + 1);
	inject("PA 1+10 1 ts 4000 1");
	expect("A 1 11 ecr 4000");
	inject("PA 11+10 1 ts 3999 1");
	expect("A 1 11 ecr 4000");
}

SCRIPT(paws_in_a_request)
{
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	inject("A 1 1 ts 4999 1");
	expect("A 1 1 ecr 5000");
	state_is(SYN_RECEIVED);
}

SCRIPT(paws_in_time_wait)
{
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	script.ts = true;
	user_shuts();
	expect("FA 1 1");
	inject("FA 1 2");
	expect("A 2 2");
	state_is(TIME_WAIT);
	inject("PA 2+10 2 ts 4000 1");
	expect("A 2 2 ecr 5000");
}

/* --- round-trip times: section 4 --- */

/* A resent segment gives a sample, as the echo tells which transmission arrived. */
SCRIPT(sample_of_what_was_resent)
{
	be_stamped();
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(RTO, "PA 1+10 1");
	quiet(80 * MSEC);
	inject("A 1 11 ts 5001 %u", script.last_tsval);
	/* SRTT = 7/8 * 1 us + 1/8 * 80 ms */
	ASSERT_GE(tcb()->srtt / 8, 9800);
	ASSERT_LE(tcb()->srtt / 8, 10200);
	ASSERT_EQ(tcb()->backoff, 0);
}

/* An echo of the future or of long ago is forged, and gives no sample. */
SCRIPT(absurd_echo)
{
	u32 srtt;

	be_stamped();
	user_sends(10);
	expect("PA 1+10 1");
	srtt = tcb()->srtt;
	expect_after(RTO, "PA 1+10 1");
	inject("A 1 11 ts 5001 %u", script.last_tsval + 100);
	ASSERT_EQ(tcb()->srtt, srtt);
}
