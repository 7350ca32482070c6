// SPDX-License-Identifier: GPL-2.0
/*
 * Retransmission time-outs: RFC 9293 sections 3.8.1 and 3.8.3 (R1, R2), RFC 6298
 * (Karn, back-off); keep-alives: section 3.8.4.
 */
#include "script.h"

/* Runs until the connection is closed; returns the number of segments it sent. */
static u32 until_over(u64 limit)
{
	u64 end = sim->now + limit;
	u32 n = 0;

	while (script_state() != ATCP_CLOSED && sim->now < end) {
		sim_run_for(100 * MSEC);
		while (expect_any())
			n++;
	}
	return n;
}

/* --- time-outs --- */

/* MUST-19; RFC 6298 (5.5), (2.5): the RTO doubles, up to a bound of at least a minute. */
SCRIPT(exponential_back_off)
{
	u64 wait = RTO;
	u32 i;

	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	for (i = 0; i < 14; i++) {
		expect_after(wait, "PA 1+10 1");
		wait = min(2 * wait, script.conf->rto_max);
	}
	ASSERT_EQ(wait, script.conf->rto_max);
	ASSERT_GE(wait, 60 * SEC);
}

/* (5.2), (5.3): each ACK of new data restarts the timer; the last one stops it. */
SCRIPT(timer_follows_the_acks)
{
	be_established();
	user_sends(3000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+80 1");
	quiet(RTO - 1);
	inject("A 1 1461");
	quiet(RTO - 1);
	inject("A 1 2921");
	expect_within(RTO / 2, 4 * RTO, "PA 2921+80 1");
	inject("A 1 3001");
	quiet(MINUTE);
}

/* Only unacknowledged data is resent. */
SCRIPT(partly_acknowledged)
{
	be_established();
	user_sends(100);
	expect("PA 1+100 1");
	inject("A 1 51");
	expect_within(RTO, 2 * RTO, "PA 51+50 1");
}

/* A resent segment carries the current ACK and window. */
SCRIPT(carries_a_fresh_acknowledgment)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1 win 65535");
	inject("PA 1+100 1");
	expect("A 11 101");
	expect_within(1, RTO, "PA 1+10 101 win 65435");
}

/* Karn: an ACK of a resent segment is no sample of the round-trip time (MUST-18). */
SCRIPT(no_sample_of_what_was_resent)
{
	u32 srtt;

	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	srtt = tcb()->srtt;
	expect_after(RTO, "PA 1+10 1");
	quiet(100 * MSEC);
	inject("A 1 11");
	ASSERT_EQ(tcb()->srtt, srtt);
}

/* The back-off stays until there is a sample (RFC 6298 section 5, its last paragraph). */
SCRIPT(back_off_stays_until_a_sample)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(RTO, "PA 1+10 1");
	inject("A 1 11");
	user_sends(10);
	expect("PA 11+10 1");
	expect_after(2 * RTO, "PA 11+10 1");
	inject("A 1 21");
	user_sends(10);
	expect("PA 21+10 1");
	inject("A 1 31");
	user_sends(10);
	expect("PA 31+10 1");
	expect_within(RTO - 2, RTO + 2, "PA 31+10 1");
}

/* A sample is the time from the only transmission to its acknowledgment. */
SCRIPT(sample)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	quiet(80 * MSEC);
	inject("A 1 11");
	/* SRTT = 7/8 * 1 us + 1/8 * 80 ms */
	ASSERT_GE(tcb()->srtt / 8, 10000);
	ASSERT_LE(tcb()->srtt / 8, 10001);
}

/*
 * An ACK of a part of a large segment is a sample as good as any: to the microsecond,
 * with timestamps and without.
 */
static void sample_of_a_part(u32 len, u32 part)
{
	user_sends(len);
	while (expect_any())
		;
	sim_run_for(400);
	inject("A 1 %u", 1 + part);
	/* SRTT = 7/8 * 1 us + 1/8 * 400 us */
	ASSERT_GE(tcb()->srtt / 8, 50);
	ASSERT_LE(tcb()->srtt / 8, 51);
}

SCRIPT(sample_of_a_large_segment)
{
	script.opt.room = 20000;
	be_established();
	sample_of_a_part(14600, 2920);
}

SCRIPT(sample_of_a_large_segment_with_timestamps)
{
	script.syn = "mss 1460 ts 5000 0";
	script.opt.room = 20000;
	be_established();
	script.ts = true;
	script.tsval = 5001;
	sample_of_a_part(14480, 2896);
}

SCRIPT(sample_of_a_part_of_a_segment)
{
	be_established();
	sample_of_a_part(100, 50);
}

/* tcpi_delivered counts segments, also those that a large one was cut into. */
SCRIPT(delivered_of_a_large_segment)
{
	u32 was;

	script.syn = "mss 1000";
	script.opt.room = 20000;
	be_established();
	was = tcb()->delivered;
	user_sends(9500);
	while (expect_any())
		;
	inject("A 1 2001");
	ASSERT_EQ(tcb()->delivered, was + 2);
	inject("A 1 2501");
	inject("A 1 7001");
	ASSERT_EQ(tcb()->delivered, was + 7);
	inject("A 1 9501");
	ASSERT_EQ(tcb()->delivered, was + 10);
}

/* (5.7): a SYN that was resent makes the first time-out 3 seconds. */
SCRIPT(after_a_lost_syn)
{
	be_syn_sent();
	expect_after(1 * SEC, "S 0");
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(3 * SEC, "PA 1+10 1");
}

SCRIPT(handshake_gives_a_sample)
{
	be_syn_sent();
	quiet(300 * MSEC);
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	ASSERT_EQ(tcb()->srtt / 8, 300000);
	/* SRTT + 4 * SRTT / 2 */
	ASSERT_EQ(tcb()->rto, 900000);
}

/* An ACK of a part of which some was resent is none, where the peer has no timestamps. */
SCRIPT(no_sample_of_a_large_segment_in_part)
{
	script.opt.room = 14600;
	be_established();
	user_sends(14600);
	while (expect_any())
		;
	expect_within(1, 2 * RTO, "A 1+1460 1");
	tcb()->srtt = 0;
	inject("A 1 2921");
	ASSERT_EQ(tcb()->srtt, 0);
	while (expect_any())
		;
}

/* --- a segment that has waited for the lock: the round trip ended when it came --- */

SCRIPT(sample_ends_at_arrival)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	tcb()->srtt = 0;
	sim_run_for(50 * MSEC);
	tcb()->waited = 29999;
	inject("A 1 11");
	ASSERT_EQ(tcb()->srtt, 20001 * 8);
}

SCRIPT(echo_ends_at_arrival)
{
	u32 first;

	script.syn = "mss 1460 ts 5000 0";
	be_established();
	script.ts = true;
	user_sends(10);
	expect("PA 1+10 1");
	expect_within(1, 2 * RTO, "PA 1+10 1");
	first = script.last_tsval;
	tcb()->srtt = 0;
	sim_run_for(50 * MSEC);
	tcb()->waited = 30 * MSEC;
	inject("A 1 11 ts 5100 %u", first);
	ASSERT_EQ(tcb()->srtt, 20 * MSEC * 8);
}

SCRIPT(handshake_ends_at_arrival)
{
	be_syn_sent();
	sim_run_for(300 * MSEC);
	tcb()->waited = 200 * MSEC;
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	ASSERT_EQ(tcb()->srtt / 8, 100 * MSEC);
}

/* --- the handshake's sample where a SYN or SYN-ACK went twice: Karn's rule --- */

/* The time of sending tells nothing: no sample, and (5.7). */
static void no_sample(void)
{
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->srtt, 0);
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(3 * SEC, "PA 1+10 1");
}

SCRIPT(synack_again_for_a_repeated_syn)
{
	be_syn_received();
	quiet(800 * MSEC);
	inject("S 0 mss 1460");
	expect("SA 0 1");
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_SYN), 1);
	quiet(10 * MSEC);
	inject("A 1 1");
	no_sample();
}

SCRIPT(synack_again_by_the_timer)
{
	be_syn_received();
	expect_after(1 * SEC, "SA 0 1");
	quiet(10 * MSEC);
	inject("A 1 1");
	no_sample();
}

/* A SYN-ACK that comes once more, and more often than 8 bits can count. */
SCRIPT(synack_again_300_times)
{
	u32 i;

	script.conf->synack_retries = 127;
	be_syn_received();
	for (i = 0; i < 300; i++) {
		sim_run_for(501 * MSEC);
		while (expect_any())
			;
		inject("S 0 mss 1460");
		expect("SA 0 1");
	}
	inject("A 1 1");
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->srtt, 0);
	ASSERT_EQ(tcb()->total_retrans, ATCP_COUNT_MAX);
}

/* With timestamps the echo says which of them was acknowledged. */
static void be_asked_twice(u32 *first, u32 *second)
{
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	*first = script.last_tsval;
	quiet(800 * MSEC);
	inject("S 0 mss 1460 ts 5800 0");
	/* The SYN that has come last is echoed, so that the peer's sample is right, too. */
	expect("SA 0 1 ecr 5800");
	*second = script.last_tsval;
	quiet(20 * MSEC);
}

static void sample_is(u64 rtt)
{
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->srtt / 8, rtt);
	ASSERT_EQ(tcb()->min_rtt, rtt);
}

SCRIPT(echo_of_the_second_synack)
{
	u32 first, second;

	be_asked_twice(&first, &second);
	inject("A 1 1 ts 5820 %u", second);
	sample_is(20 * MSEC);
	user_sends(10);
	expect("PA 1+10 1 ecr 5820");
	expect_after(220 * MSEC, "PA 1+10 1");
}

SCRIPT(echo_of_the_first_synack)
{
	u32 first, second;

	be_asked_twice(&first, &second);
	inject("A 1 1 ts 5820 %u", first);
	sample_is(820 * MSEC);
}

/* What was never sent, or before the first SYN-ACK, is no sample. */
SCRIPT(echo_of_no_synack)
{
	u32 first, second;

	be_asked_twice(&first, &second);
	inject("A 1 1 ts 5820 %u", first - 2);
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->srtt, 0);
}

SCRIPT(echo_of_the_synack_that_the_timer_sent)
{
	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	expect_after(1 * SEC, "SA 0 1 ecr 5000");
	quiet(20 * MSEC);
	inject("A 1 1 ts 5820 %u", script.last_tsval);
	sample_is(20 * MSEC);
}

/* Data that a deferred accept() has waited for says nothing, echo or not. */
SCRIPT(no_sample_of_a_deferred_accept)
{
	struct sim_listener *l;
	struct sim_req *req;

	be_listen();
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	req = sim_req_find(sim_host(0), 1, PORT, PEER_PORT, &l);
	req->r.defer = 5;
	quiet(600 * MSEC);
	inject("S 0 mss 1460 ts 5600 0");
	expect("SA 0 1 ecr 5600");
	inject("A 1 1 ts 5610 %u", script.last_tsval);
	quiet(300 * MSEC);
	inject("PA 1+10 1 ts 5900 %u", script.last_tsval);
	expect("A 1 11");
	script.conn = test_accept(script.listener);
	ASSERT_EQ(tcb()->srtt, 0);
}

SCRIPT(echo_of_the_second_syn)
{
	be_syn_sent();
	expect_after(1 * SEC, "S 0");
	quiet(20 * MSEC);
	inject("SA 0 1 mss 1460 ts 5000 %u", script.last_tsval);
	expect("A 1 1 ecr 5000");
	ASSERT_EQ(tcb()->srtt / 8, 20 * MSEC);
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(220 * MSEC, "PA 1+10 1");
}

SCRIPT(echo_of_the_first_syn)
{
	u32 first;

	be_syn_sent();
	first = script.last_tsval;
	expect_after(1 * SEC, "S 0");
	quiet(20 * MSEC);
	inject("SA 0 1 mss 1460 ts 5000 %u", first);
	expect("A 1 1 ecr 5000");
	ASSERT_EQ(tcb()->srtt / 8, 1020 * MSEC);
}

SCRIPT(echo_of_no_syn)
{
	be_syn_sent();
	expect_after(1 * SEC, "S 0");
	inject("SA 0 1 mss 1460 ts 5000 %u", script.last_tsval - 5000);
	expect("A 1 1 ecr 5000");
	ASSERT_EQ(tcb()->srtt, 0);
}

/* Simultaneous open: the SYN went alone, then with an ACK; the echo tells which. */
SCRIPT(echo_in_a_simultaneous_open)
{
	be_syn_sent();
	quiet(300 * MSEC);
	inject("S 0 mss 1460 ts 5000 0");
	expect("SA 0 1 ecr 5000");
	quiet(20 * MSEC);
	/* A SYN that comes again is echoed, and counted as answered again. */
	inject("S 0 mss 1460 ts 5020 0");
	expect("SA 0 1 ecr 5020");
	ASSERT_EQ(tcb()->total_retrans, 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_SYN), 1);
	quiet(10 * MSEC);
	inject("SA 0 1 ts 5030 %u", script.last_tsval);
	state_is(ESTABLISHED);
	ASSERT_EQ(tcb()->srtt / 8, 10 * MSEC);
}

SCRIPT(no_sample_of_a_simultaneous_open)
{
	be_syn_received_open();
	quiet(20 * MSEC);
	inject("A 1 1");
	state_is(ESTABLISHED);
	ASSERT_EQ(tcb()->srtt, 0);
}

/* --- R1 and R2: section 3.8.3 --- */

/* MUST-20, SHLD-10, SHLD-11: R1 at 3 retransmissions, R2 at 100 seconds or more. */
SCRIPT(r1_and_r2)
{
	u64 start = sim->now;

	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(RTO, "PA 1+10 1");
	expect_after(2 * RTO, "PA 1+10 1");
	ASSERT_EQ(script.conn->routes_doubted, 0);
	expect_after(4 * RTO, "PA 1+10 1");
	ASSERT_EQ(script.conn->routes_doubted, 1);
	ASSERT_EQ(until_over(3600 * SEC), script.conf->retries2 - 3);
	closed_with(ETIMEDOUT);
	ASSERT_GE(sim->now - start, 100 * SEC);
	ASSERT_EQ(script.conn->routes_doubted, 1);
}

SCRIPT(r1_by_configuration)
{
	script.conf->retries1 = 1;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	ASSERT_EQ(script.conn->routes_doubted, 0);
	expect_after(RTO, "PA 1+10 1");
	ASSERT_EQ(script.conn->routes_doubted, 1);
	expect_after(2 * RTO, "PA 1+10 1");
	ASSERT_EQ(script.conn->routes_doubted, 1);
}

/* MUST-21 */
SCRIPT(r2_by_configuration)
{
	script.conf->retries2 = 4;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	ASSERT_EQ(until_over(3600 * SEC), 4);
	closed_with(ETIMEDOUT);
}

/* An ACK of new data restarts the count. */
SCRIPT(r2_starts_anew)
{
	u32 i;

	script.conf->retries2 = 4;
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	for (i = 0; i < 9; i++) {
		expect_within(RTO / 2, 3 * MINUTE, "PA %u+%u 1", 1 + i, 10 - i);
		expect_within(RTO, 3 * MINUTE, "PA %u+%u 1", 1 + i, 10 - i);
		inject("A 1 %u", 2 + i);
	}
	state_is(ESTABLISHED);
}

/* MUST-22, MUST-23: a SYN is given up after 3 minutes at the earliest. */
SCRIPT(r2_of_a_syn)
{
	u64 start = sim->now;

	be_syn_sent();
	ASSERT_EQ(until_over(3600 * SEC),
		  script.conf->syn_retries + script.conf->syn_linear_timeouts);
	closed_with(ETIMEDOUT);
	ASSERT_EQ(sim->now - start, 251 * SEC);
}

SCRIPT(r2_of_a_syn_that_backs_off)
{
	u64 start = sim->now;

	script.conf->syn_linear_timeouts = 0;
	be_syn_sent();
	ASSERT_EQ(until_over(3600 * SEC), script.conf->syn_retries);
	closed_with(ETIMEDOUT);
	ASSERT_EQ(sim->now - start, 247 * SEC);
}

/* The peer's SYN comes late: the time-outs before it take nothing from those of the SYN-ACK. */
SCRIPT(r2_of_a_late_simultaneous_open)
{
	u32 i;

	be_syn_sent();
	for (i = 0; i < 5; i++)
		expect_after(1 * SEC, "S 0");
	inject("S 0 mss 1460");
	expect("SA 0 1");
	for (i = 1; i < 7; i++)
		expect_after(SEC << i, "SA 0 1");
	quiet(120 * SEC - 1);
	state_is(SYN_RECEIVED);
	quiet(1);
	closed_with(ETIMEDOUT);
}

/* A simultaneous open, which resends a SYN-ACK, is given up no earlier. */
SCRIPT(r2_of_a_simultaneous_open)
{
	u64 start = sim->now;

	be_syn_received_open();
	ASSERT_EQ(until_over(3600 * SEC), script.conf->syn_retries);
	closed_with(ETIMEDOUT);
	ASSERT_GE(sim->now - start, 180 * SEC);
}

SCRIPT(r2_of_a_syn_ack)
{
	u32 i;

	be_syn_received();
	for (i = 0; i < script.conf->synack_retries; i++)
		expect_after((1ULL << i) * SEC, "SA 0 1");
	sim_run_for(2 * MINUTE);
	state_is(LISTEN);
}

/* SHLD-25: the connection fails with the error that ICMP has reported meanwhile. */
SCRIPT(soft_error_at_r2)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	atcp_icmp(tcb(), script.iss + 1, EHOSTUNREACH, false);
	state_is(ESTABLISHED);
	until_over(3600 * SEC);
	closed_with(EHOSTUNREACH);
}

/* --- keep-alives --- */

/* MUST-25 */
SCRIPT(keepalive_is_off)
{
	be_established();
	quiet(48 * 3600 * SEC);
}

/* MUST-24, MUST-28, SHLD-12: the first probe: after two hours, no data, below SND.NXT. */
SCRIPT(keepalive)
{
	script.opt.keepalive = true;
	be_established();
	ASSERT_GE(script.conf->keepalive_time, 7200 * SEC);
	expect_after(script.conf->keepalive_time, "A 0 1");
	inject("A 1 1");
	expect_after(script.conf->keepalive_time, "A 0 1");
	inject("A 1 1");
	state_is(ESTABLISHED);
}

/* MUST-27 */
SCRIPT(keepalive_interval)
{
	script.opt.keepalive = true;
	script.opt.keep_time = 10 * SEC;
	script.opt.keep_intvl = 2 * SEC;
	script.opt.keep_probes = 3;
	be_established();
	expect_after(10 * SEC, "A 0 1");
	expect_after(2 * SEC, "A 0 1");
	expect_after(2 * SEC, "A 0 1");
	expect_after(2 * SEC, "RA 1 1");
	closed_with(ETIMEDOUT);
}

/* MUST-29: one lost answer does not end the connection. */
SCRIPT(keepalive_answer_lost)
{
	u32 i;

	script.opt.keepalive = true;
	script.opt.keep_time = 10 * SEC;
	script.opt.keep_intvl = 2 * SEC;
	script.opt.keep_probes = 3;
	be_established();
	for (i = 0; i < 4; i++) {
		expect_after(10 * SEC, "A 0 1");
		expect_after(2 * SEC, "A 0 1");
		inject("A 1 1");
	}
	state_is(ESTABLISHED);
}

/* Segments that a third party can forge do not keep a dead connection alive. */
SCRIPT(keepalive_and_a_forged_answer)
{
	script.opt.keepalive = true;
	script.opt.keep_time = 10 * SEC;
	script.opt.keep_intvl = 2 * SEC;
	script.opt.keep_probes = 3;
	be_established();
	quiet(9 * SEC);
	inject("A 1 70000");
	expect("A 1 1");
	expect_after(1 * SEC, "A 0 1");
	inject("A 1 -70000");
	expect("A 1 1");
	expect_after(2 * SEC, "A 0 1");
	inject("PA 1+10 70000");
	expect("A 1 1");
	expect_after(2 * SEC, "A 0 1");
	expect_after(2 * SEC, "RA 1 1");
	closed_with(ETIMEDOUT);
}

/* MUST-26 */
SCRIPT(keepalive_only_when_idle)
{
	script.opt.keepalive = true;
	script.opt.keep_time = 10 * SEC;
	be_established();
	quiet(9 * SEC);
	inject("A 1+10 1");
	expect("A 1 11");
	quiet(9 * SEC);
	inject("A 11 1");
	expect_after(10 * SEC, "A 0 11");
}

SCRIPT(keepalive_turned_on_later)
{
	script.opt.keep_time = 10 * SEC;
	be_established();
	quiet(MINUTE);
	atcp_set_keepalive(tcb(), true);
	expect_within(0, 10 * SEC, "A 0 1");
	inject("A 1 1");
	atcp_set_keepalive(tcb(), false);
	quiet(10 * MINUTE);
}

SCRIPT(keepalive_in_close_wait)
{
	script.opt.keepalive = true;
	script.opt.keep_time = 10 * SEC;
	be_close_wait();
	expect_after(10 * SEC, "A 0 2");
	inject("A 2 1");
	state_is(CLOSE_WAIT);
}

/* A peer that has lost the connection answers by a reset. */
SCRIPT(keepalive_answered_by_reset)
{
	script.opt.keepalive = true;
	script.opt.keep_time = 10 * SEC;
	be_established();
	expect_after(10 * SEC, "A 0 1");
	inject("R 1");
	closed_with(ECONNRESET);
}

/* The peer's keep-alives are answered, with and without an octet of data. */
SCRIPT(keepalive_of_the_peer)
{
	be_established();
	inject("A 0 1");
	expect("A 1 1");
	quiet(SEC);
	inject("A 0+1 1");
	expect("A 1 1");
}
