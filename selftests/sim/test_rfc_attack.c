// SPDX-License-Identifier: GPL-2.0
/*
 * Blind attackers: RFC 5961 (challenge ACKs and their rate), RFC 9293 section
 * 3.5.3; ICMP errors: RFC 9293 section 3.9.2.2, RFC 5927.
 *
 * test_state_segments.c tests what each state answers.  These test how often, and
 * that no attack succeeds.
 */
#include "script.h"

/* --- the rate limit: RFC 5961 section 7 --- */

SCRIPT(one_challenge_an_interval)
{
	u32 i;

	be_established();
	inject("S 10");
	expect("A 1 1");
	for (i = 0; i < 20; i++)
		inject("S %u", 10 + i);
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_CHALLENGE_ACKS), 1);
	ASSERT_EQ(count_of(ATCP_STAT_CHALLENGE_LIMITED), 20);
	quiet(script.conf->challenge_interval - 1);
	inject("S 10");
	expect_nothing();
	quiet(1);
	inject("S 10");
	expect("A 1 1");
}

/* All kinds of challenge share one limit. */
SCRIPT(one_limit_for_all_kinds)
{
	be_established();
	inject("R 10");
	expect("A 1 1");
	inject("S 10");
	inject("R 20");
	inject("A 1 100");
	inject("A 100000 1");
	expect_nothing();
	quiet(script.conf->challenge_interval);
	inject("A 1 100");
	expect("A 1 1");
}

/* A segment to the second connection of the host. */
static void to_second(u8 flags, u32 seq)
{
	struct atcp_hdr h = {
		.sport = PEER_PORT, .dport = PORT + 1, .flags = flags, .wnd = 1000,
		.seq = seq, .ack = script.iss + 1,
	};

	sim_host_send_hdr(sim_host(1), 0, &h);
	sim_run(sim->now);
}

/* A limit that connections share would tell what happens on another (CVE-2016-5696). */
SCRIPT(no_shared_limit)
{
	struct sim_conn *second;
	u32 i;

	be_established();
	/* Its answers are lost: they are only counted. */
	sim->link[0][1].down = true;
	second = sim_connect(sim_host(0), 1, PORT + 1, PEER_PORT, NULL);
	ASSERT(second);
	to_second(ATCP_SYN | ATCP_ACK, 5000);
	ASSERT_EQ(second->c.state, ATCP_ESTABLISHED);
	sim->link[0][1].down = false;
	inject("S 10");
	expect("A 1 1");
	for (i = 0; i < 20; i++)
		inject("S %u", 10 + i);
	sim->link[0][1].down = true;
	ASSERT_EQ(count_of(ATCP_STAT_CHALLENGE_ACKS), 1);
	to_second(ATCP_SYN, 5010);
	ASSERT_EQ(count_of(ATCP_STAT_CHALLENGE_ACKS), 2);
}

/* Old data is always answered, as the peer may have lost our ACKs. */
SCRIPT(answers_to_data_are_not_limited)
{
	u32 i;

	script.opt.rcvbuf = 4000;
	be_established();
	inject("A 1+100 1");
	expect("A 1 101");
	inject("S 110");
	expect("A 1 101");
	for (i = 0; i < 5; i++) {
		inject("A 1+100 1");
		expect("A 1 101");
	}
	/* Window probes are answered, too. */
	inject("A 101+3900 1");
	expect("A 1 4001 win 0");
	for (i = 0; i < 5; i++) {
		inject("A 4001+1 1");
		expect("A 1 4001 win 0");
	}
}

/* Answers to data that the peer cannot have sent are limited: they are duplicate ACKs. */
SCRIPT(limit_for_data_from_nowhere)
{
	static const s32 seqs[] = { -10000, -100, 0, 70000, 1000000000, -1000000000 };
	u32 i;

	be_established();
	inject("A 1+100 1");
	expect("A 1 101");
	inject("A 70000+100 1");
	expect("A 1 101");
	for (i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		inject("A %d+100 1", seqs[i] - !seqs[i]);
		inject("FA %d 1", seqs[i] - !seqs[i]);
		expect_nothing();
	}
	ASSERT_EQ(count_of(ATCP_STAT_CHALLENGE_LIMITED), 2 * i);
	quiet(script.conf->challenge_interval);
	inject("A 70000+100 1");
	expect("A 1 101");
}

SCRIPT(limit_of_a_request)
{
	be_syn_received();
	inject("R 10");
	expect("A 1 1");
	inject("R 10");
	inject("A 70000 1");
	expect_nothing();
	quiet(script.conf->challenge_interval);
	inject("R 10");
	expect("A 1 1");
}

/* An ACK that guesses is answered, and makes no connection of a request (section 3.10.7.4). */
SCRIPT(request_and_acks_of_other_numbers)
{
	be_syn_received();
	inject("A 1 2");
	expect("R 2");
	inject("PA 1+100 30001");
	expect("R 30001");
	ASSERT_EQ(count_of(ATCP_STAT_PASSIVE_OPENS), 0);
	state_is(SYN_RECEIVED);
	inject("A 1 1");
	state_is(ESTABLISHED);
	ASSERT_EQ(count_of(ATCP_STAT_PASSIVE_OPENS), 1);
}

/* SYNs with a forged source do not flood that host with SYN-ACKs. */
static void syns_again(void)
{
	u32 i, answers = 0;

	for (i = 0; i < 200; i++) {
		inject("S 0 %s", script.syn);
		answers += expect_any();
	}
	ASSERT_EQ(answers, 1);
	ASSERT_EQ(count_of(ATCP_STAT_CHALLENGE_LIMITED), 199);
	/* A real retransmission comes a second after the first SYN. */
	sim_run_for(script.conf->challenge_interval);
	inject("S 0 %s", script.syn);
	expect("SA 0 1");
	state_is(SYN_RECEIVED);
	inject("A 1 1");
	state_is(ESTABLISHED);
}

SCRIPT(limit_of_syns_to_a_request)
{
	be_syn_received();
	syns_again();
}

SCRIPT(limit_of_syns_in_a_simultaneous_open)
{
	be_syn_received_open();
	syns_again();
}

SCRIPT(limit_in_time_wait)
{
	be_time_wait();
	inject("S 1");
	expect("A 2 2");
	inject("S 1");
	inject("A 70000 2");
	expect_nothing();
	quiet(script.conf->challenge_interval);
	inject("S 1");
	expect("A 2 2");
}

/* --- the three attacks --- */

/* A reset in the window does nothing unless it is at RCV.NXT. */
SCRIPT(blind_resets)
{
	u32 i;

	be_established();
	for (i = 2; i < 65536; i += 977) {
		inject("R %u", i);
		expect_any();
	}
	state_is(ESTABLISHED);
	/* A real peer that has closed answers the challenge with the right number. */
	sim_run_for(SEC);
	inject("R 10");
	expect("A 1 1");
	inject("R 1");
	closed_with(ECONNRESET);
}

/* A rebooted peer opens a new connection: SYN, challenge, RST from the ACK field, SYN. */
SCRIPT(syn_of_a_rebooted_peer)
{
	be_established();
	inject("S 30000");
	expect("A 1 1");
	inject("R 1");
	closed_with(ECONNRESET);
	inject("S 30000");
	script_rebase(-script.iss, 0);
	expect("RA 0 30001");
}

/* Sends @len octets, up to number @end, and has them acknowledged. */
static void user_says(u32 len, u32 end)
{
	user_sends(len);
	while (expect_any())
		;
	inject("A 1 %u", end);
}

/* Section 5: data is dropped if its ACK is not in [SND.UNA - MAX.SND.WND, SND.NXT]. */
SCRIPT(blind_data)
{
	script.wnd = 1000;
	be_established();
	user_says(1000, 1001);
	user_says(500, 1501);
	inject("A 1+100 1502");
	expect("A 1501 1");
	sim_run_for(SEC);
	inject("A 1+100 %d", 1501 - 1000 - 1);
	expect("A 1501 1");
	ASSERT_EQ(user_reads(), -EAGAIN);
	inject("A 1+100 %d", 1501 - 1000);
	expect("A 1501 101");
	ASSERT_EQ(user_reads(), 100);
}

/* The range is as large as the largest window that was ever offered. */
SCRIPT(blind_data_largest_window)
{
	script.wnd = 3000;
	be_established();
	user_says(3000, 3001);
	user_says(1000, 4001);
	inject("A 1 4001 win 100");
	inject("A 1+100 %d", 4001 - 3000 - 1);
	expect("A 4001 1");
	inject("A 1+100 %d", 4001 - 3000);
	expect("A 4001 101");
}

/* However large the window is, an ACK below our first octet is refused (CVE-2023-52881). */
SCRIPT(blind_data_of_a_large_window)
{
	static const s32 acks[] = { 0, -1, -1000, -1000000, -500000000, -1000000000 };
	u32 i;

	script.syn = "mss 1460 ws 14";
	be_established_passive();
	ASSERT_EQ(tcb()->snd_wscale, 14);
	inject("A 1 1 win 65535");
	user_says(10, 11);
	for (i = 0; i < sizeof(acks) / sizeof(acks[0]); i++) {
		sim_run_for(SEC);
		inject("PA 1+100 %d", acks[i]);
		expect("A 11 1");
	}
	ASSERT_EQ(user_reads(), -EAGAIN);
	ASSERT_EQ(count_of(ATCP_STAT_IN_BAD_ACK), i);
	/* An old ACK is accepted, down to our first octet. */
	inject("PA 1+100 1");
	expect("A 11 101");
	ASSERT_EQ(user_reads(), 100);
}

/* --- ICMP: RFC 9293 section 3.9.2.2 --- */

/* SHLD-26: a hard error ends an attempt to connect. */
SCRIPT(hard_error_while_connecting)
{
	be_syn_sent();
	atcp_icmp(tcb(), script.iss, ECONNREFUSED, true);
	closed_with(ECONNREFUSED);
}

/* MUST-56 */
SCRIPT(soft_error_while_connecting)
{
	be_syn_sent();
	atcp_icmp(tcb(), script.iss, EHOSTUNREACH, false);
	state_is(SYN_SENT);
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	state_is(ESTABLISHED);
}

SCRIPT(soft_error_is_told_when_connecting_fails)
{
	be_syn_sent();
	atcp_icmp(tcb(), script.iss, EHOSTUNREACH, false);
	while (script_state() == ATCP_SYN_SENT) {
		sim_run_for(SEC);
		expect_any();
	}
	closed_with(EHOSTUNREACH);
}

/* MUST-56; RFC 5927 section 5.2: hard errors do not end a connection either. */
SCRIPT(no_error_ends_a_connection)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	atcp_icmp(tcb(), script.iss + 1, EHOSTUNREACH, false);
	atcp_icmp(tcb(), script.iss + 1, ECONNREFUSED, true);
	state_is(ESTABLISHED);
	ASSERT_EQ(tcb()->soft_error, ECONNREFUSED);
	/* An ACK of new data clears the soft error. */
	inject("A 1 11");
	ASSERT_EQ(tcb()->soft_error, 0);
	ASSERT_EQ(count_of(ATCP_STAT_ICMP_ERRORS), 2);
}

/* RFC 5927 section 4: the quoted sequence number must be in flight. */
SCRIPT(error_about_nothing_in_flight)
{
	be_syn_sent();
	atcp_icmp(tcb(), script.iss + 2, ECONNREFUSED, true);
	atcp_icmp(tcb(), script.iss - 1, ECONNREFUSED, true);
	state_is(SYN_SENT);
	ASSERT_EQ(count_of(ATCP_STAT_ICMP_IGNORED), 2);
}

static void soft_error_in(void (*be)(void), u32 seq)
{
	u8 before;

	be();
	before = script_state();
	atcp_icmp(tcb(), script.iss + seq, ENETUNREACH, false);
	atcp_icmp(tcb(), script.iss + seq, ECONNREFUSED, true);
	script_here(script_check_state(before));
}

/* A simultaneous open is still an attempt to connect, as in SYN-SENT. */
SCRIPT(hard_error_in_syn_received)
{
	be_syn_received_open();
	atcp_icmp(tcb(), script.iss, ENETUNREACH, false);
	state_is(SYN_RECEIVED);
	atcp_icmp(tcb(), script.iss, ECONNREFUSED, true);
	closed_with(ECONNREFUSED);
}

SCRIPT(no_error_ends_fin_wait_1)
{
	soft_error_in(be_fin_wait_1, 1);
}

SCRIPT(no_error_ends_fin_wait_2)
{
	soft_error_in(be_fin_wait_2, 2);
}

SCRIPT(no_error_ends_close_wait)
{
	soft_error_in(be_close_wait, 1);
}

SCRIPT(no_error_ends_closing)
{
	soft_error_in(be_closing, 1);
}

SCRIPT(no_error_ends_last_ack)
{
	soft_error_in(be_last_ack, 1);
}
