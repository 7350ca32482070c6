// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion: slow start, congestion avoidance, fast retransmit (RFC 5681),
 * NewReno (RFC 6582), limited transmit (RFC 3042), initial window (RFC 6928).
 * Segments of 1000 bytes.
 */
#include "core/congestion.h"
#include "script.h"

static void be_ready(void)
{
	script.syn = "mss 1000";
	script.opt.room = 50000;
	script.opt.sndbuf = 200000;
	be_established();
}

/* Expects @n full segments from @from on, and nothing else. */
static void sent(u32 from, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		expect("pA %u+1000 1", from + 1000 * i);
	expect_nothing();
}

/* Ten segments in flight, more to send. */
static void be_sending(void)
{
	be_ready();
	user_sends(50000);
	sent(1, 10);
}

/* --- the initial window: RFC 6928 --- */

SCRIPT(initial_window)
{
	script.opt.room = 14600;
	be_established();
	user_sends(29200);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("A 2921+1460 1");
	expect("A 4381+1460 1");
	expect("A 5841+1460 1");
	expect("A 7301+1460 1");
	expect("A 8761+1460 1");
	expect("A 10221+1460 1");
	expect("A 11681+1460 1");
	expect("PA 13141+1460 1");
	expect_nothing();
}

/* min(10 * MSS, max(2 * MSS, 14600)) */
SCRIPT(initial_window_of_large_segments)
{
	sim->link[0][1].conf.mtu = 9000;
	script.syn = "mss 8960";
	script.opt.room = 44800;
	script.opt.sndbuf = 200000;
	be_established();
	user_sends(44800);
	expect("A 1+8960 1");
	expect("PA 8961+8960 1");
	expect_nothing();
}

SCRIPT(initial_window_after_a_lost_syn)
{
	script.opt.room = 50000;
	be_syn_sent();
	expect_after(1 * SEC, "S 0");
	inject("SA 0 1 mss 1000");
	expect("A 1 1");
	user_sends(50000);
	sent(1, 1);
}

/* --- slow start and congestion avoidance: RFC 5681 section 3.1 --- */

SCRIPT(slow_start)
{
	be_sending();
	/* Each ACK of one segment lets two be sent. */
	inject("A 1 1001");
	sent(10001, 2);
	inject("A 1 2001");
	sent(12001, 2);
	inject("A 1 4001");
	sent(14001, 4);
}

SCRIPT(congestion_avoidance)
{
	u32 next = 10001, acked = 1, i;

	be_ready();
	tcb()->cc.ssthresh = 10000;
	user_sends(50000);
	sent(1, 10);
	/* cwnd grows by one segment for each window acknowledged. */
	for (i = 0; i < 9; i++, next += 1000) {
		acked += 1000;
		inject("A 1 %u", acked);
		sent(next, 1);
	}
	acked += 1000;
	inject("A 1 %u", acked);
	sent(next, 2);
	ASSERT_EQ(tcb()->cc.cwnd, 11000);
	next += 2000;
	for (i = 0; i < 10; i++, next += 1000) {
		acked += 1000;
		inject("A 1 %u", acked);
		sent(next, 1);
	}
	acked += 1000;
	inject("A 1 %u", acked);
	sent(next, 2);
	ASSERT_EQ(tcb()->cc.cwnd, 12000);
}

/* cwnd does not grow while it is not filled. */
SCRIPT(no_growth_while_not_filled)
{
	u32 i, at = 1;

	be_ready();
	for (i = 0; i < 20; i++) {
		user_sends(1000);
		expect("PA %u+1000 1", at);
		at += 1000;
		inject("A 1 %u", at);
	}
	ASSERT_LE(tcb()->cc.cwnd, 10000);
}

/* A program that fills cwnd in bursts: the ACKs of a burst find less and less in flight. */
SCRIPT(growth_of_bursts)
{
	u32 at = 1, burst, i;

	be_ready();
	tcb()->cc.ssthresh = 10000;
	for (burst = 10; burst < 14; burst++) {
		/* Each window acknowledged adds a segment to cwnd. */
		ASSERT_EQ(tcb()->cc.cwnd, 1000 * burst);
		user_sends(1000 * burst);
		for (i = 1; i < burst; i++)
			expect("A %u+1000 1", at + 1000 * (i - 1));
		expect("PA %u+1000 1", at + 1000 * (i - 1));
		expect_nothing();
		for (i = 0; i < burst; i++)
			inject("A 1 %u", at += 1000);
	}
}

/* In slow start, too: a burst of a window doubles it. */
SCRIPT(slow_start_of_bursts)
{
	u32 i;

	be_ready();
	user_sends(10000);
	while (expect_any())
		;
	for (i = 1; i <= 10; i++)
		inject("A 1 %u", 1 + 1000 * i);
	ASSERT_EQ(tcb()->cc.cwnd, 20000);
}

/* What filled cwnd once does not let it grow for ever. */
SCRIPT(no_growth_when_no_longer_filled)
{
	u32 i, at = 1;

	be_ready();
	user_sends(10000);
	while (expect_any())
		;
	inject("A 1 10001");
	at = 10001;
	ASSERT_EQ(tcb()->cc.cwnd, 20000);
	for (i = 0; i < 20; i++) {
		user_sends(1000);
		expect("PA %u+1000 1", at);
		at += 1000;
		inject("A 1 %u", at);
	}
	ASSERT_EQ(tcb()->cc.cwnd, 20000);
}

/* RFC 5681 section 4.1: cwnd falls to the restart window when nothing was sent for an RTO. */
SCRIPT(restart_after_idle)
{
	be_ready();
	tcb()->cc.cwnd = 40000;
	user_sends(1000);
	expect("PA 1+1000 1");
	inject("A 1 1001");
	quiet(10 * SEC);
	user_sends(50000);
	sent(1001, 10);
}

/* RFC 2861: by half for each time-out's length; ssthresh remembers. */
SCRIPT(restart_by_halves)
{
	be_ready();
	tcb()->cc.cwnd = 80000;
	tcb()->cc.ssthresh = 20000;
	user_sends(1000);
	expect("PA 1+1000 1");
	inject("A 1 1001");
	quiet(2 * RTO + RTO / 2);
	user_sends(50000);
	sent(1001, 20);
	ASSERT_EQ(tcb()->cc.cwnd, 20000);
	ASSERT_EQ(tcb()->cc.ssthresh, 60000);
}

/* A cork holds the data back, and the restart with it. */
SCRIPT(no_restart_before_data_goes)
{
	be_ready();
	tcb()->cc.cwnd = 80000;
	user_sends(1000);
	expect("PA 1+1000 1");
	inject("A 1 1001");
	quiet(2 * RTO + RTO / 2);
	user_sends_flags(50, SIM_MORE);
	ASSERT_EQ(tcb()->cc.cwnd, 80000);
	user_sends(50);
	expect("PA 1001+100 1");
	ASSERT_EQ(tcb()->cc.cwnd, 20000);
}

SCRIPT(no_restart_when_not_idle)
{
	be_ready();
	tcb()->cc.cwnd = 40000;
	user_sends(1000);
	expect("PA 1+1000 1");
	inject("A 1 1001");
	quiet(RTO / 2);
	user_sends(50000);
	sent(1001, 40);
}

/* --- the time-out --- */

/* One segment, then slow start up to half of what was in flight. */
SCRIPT(timeout)
{
	be_sending();
	expect_after(RTO, "A 1+1000 1");
	expect_nothing();
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	inject("A 1 1001");
	sent(1001, 2);
	/* RFC 3465 section 2.3: an ACK adds one segment to cwnd, however much it covers. */
	inject("A 1 3001");
	sent(3001, 3);
	inject("A 1 4001");
	sent(6001, 2);
	inject("A 1 5001");
	sent(8001, 2);
	ASSERT_EQ(tcb()->cc.cwnd, 5000);
	/* ssthresh is reached: congestion avoidance begins. */
	inject("A 1 7001");
	sent(10001, 2);
	ASSERT_EQ(tcb()->cc.cwnd, 5000);
}

/* Segments that the receiver held already are not resent. */
SCRIPT(timeout_of_one_lost_segment)
{
	be_sending();
	expect_after(RTO, "A 1+1000 1");
	inject("A 1 10001");
	/* RFC 3465 section 2.3: the large ACK causes no burst. */
	sent(10001, 2);
	ASSERT_EQ(tcb()->cc.cwnd, 2000);
}

/* RFC 5681, below equation (4): repeated time-outs of one segment do not halve again. */
SCRIPT(repeated_timeouts)
{
	be_sending();
	expect_after(RTO, "A 1+1000 1");
	expect_after(2 * RTO, "A 1+1000 1");
	expect_after(4 * RTO, "A 1+1000 1");
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
}

SCRIPT(ssthresh_is_two_segments_at_least)
{
	be_ready();
	user_sends(1000);
	expect("PA 1+1000 1");
	expect_after(RTO, "PA 1+1000 1");
	ASSERT_EQ(tcb()->cc.ssthresh, 2000);
}

/*
 * A second time-out, after progress: what the first has given up for lost is not in
 * flight, and does not count for ssthresh.
 */
SCRIPT(second_timeout_counts_what_is_in_flight)
{
	be_ready();
	tcb()->cc.cwnd = 40000;
	user_sends(40000);
	while (expect_any())
		;
	expect_after(RTO, "A 1+1000 1");
	ASSERT_EQ(tcb()->cc.ssthresh, 20000);
	inject("A 1 1001");
	sent(1001, 2);
	inject("A 1 3001");
	sent(3001, 3);
	inject("A 1 6001");
	sent(6001, 4);
	expect_after(2 * RTO, "A 6001+1000 1");
	ASSERT_EQ(tcb()->cc.ssthresh, 2000);
}

/* --- fast retransmit and fast recovery --- */

static void be_recovering(void)
{
	be_sending();
	/* RFC 3042: each of the first two duplicates lets a new segment be sent. */
	inject("A 1 1");
	sent(10001, 1);
	inject("A 1 1");
	sent(11001, 1);
	inject("A 1 1");
	expect("A 1+1000 1");
	expect_nothing();
	/* Segments of limited transmit do not count as in flight for ssthresh. */
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	/* cwnd is not inflated: the duplicates have taken three segments out of the pipe. */
	ASSERT_EQ(tcb()->cc.cwnd, 5000);
	ASSERT_EQ(atcp_flight(tcb()), 12000 - 3000);
}

SCRIPT(fast_retransmit)
{
	be_recovering();
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
}

SCRIPT(two_duplicates_are_not_enough)
{
	be_sending();
	inject("A 1 1");
	sent(10001, 1);
	inject("A 1 1");
	sent(11001, 1);
	inject("A 1 1001");
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
}

/* RFC 5681 section 2: no duplicate has data, another window, or comes with nothing in flight. */
SCRIPT(not_every_repeated_ack_is_a_duplicate)
{
	u32 i;

	be_sending();
	for (i = 0; i < 4; i++) {
		inject("A %u+10 1", 1 + 10 * i);
		expect("A 10001 %u", 11 + 10 * i);
	}
	for (i = 0; i < 4; i++)
		inject("A 41 1 win %u", 60000 + i);
	expect_nothing();
	inject("A 41 10001");
	while (expect_any())
		;
	inject("A 41 30001");
	while (expect_any())
		;
	inject("A 41 50001");
	for (i = 0; i < 4; i++)
		inject("A 41 50001");
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
}

/* --- duplicates by SACK blocks --- */

static void be_sending_with_sack(void)
{
	script.syn = "mss 1000 sok";
	script.opt.room = 50000;
	script.opt.sndbuf = 200000;
	be_established();
	user_sends(50000);
	sent(1, 10);
}

/*
 * RFC 6675 section 2: an ACK with a new block is a duplicate, though its window is
 * another.  A peer whose buffer grows, or whose program reads, sends such ones.
 */
SCRIPT(new_block_with_another_window)
{
	be_sending_with_sack();
	inject("A 1 1 win 60100 sack 1001-2001");
	sent(10001, 1);
	inject("A 1 1 win 60200 sack 1001-3001");
	sent(11001, 1);
	inject("A 1 1 win 60100 sack 1001-4001");
	sent(1, 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
	inject("A 1 12001 win 60100");
	while (expect_any())
		;
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
}

/* Likewise one in a segment of text. */
SCRIPT(new_block_with_text)
{
	be_sending_with_sack();
	inject("A 1+10 1 sack 1001-2001");
	expect("A 10001+1000 11");
	inject("A 11+10 1 sack 3001-4001 1001-2001");
	expect("A 11001+1000 21");
	inject("A 21+10 1 sack 5001-6001 3001-4001 1001-2001");
	expect("A 1+1000 31");
	expect_nothing();
}

/* The same blocks again with another window are a window update. */
SCRIPT(old_block_with_another_window)
{
	u32 i;

	be_sending_with_sack();
	inject("A 1 1 sack 5001-6001 2001-3001");
	sent(10001, 2);		/* two have left the network */
	for (i = 0; i < 5; i++) {
		inject("A 1 1 win %u sack 5001-6001 2001-3001", 60000 + i);
		expect_nothing();
	}
	/* Also where an ACK of something new has brought them first. */
	inject("A 1 1001 win 60000 sack 2001-3001 5001-6001");
	while (expect_any())
		;
	for (i = 0; i < 5; i++) {
		inject("A 1 1001 win %u sack 2001-3001 5001-6001", 61000 + i);
		expect_nothing();
	}
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
}

/* Blocks of what was never sent, or D-SACK's, tell nothing new. */
SCRIPT(no_new_block)
{
	u32 i;

	be_sending_with_sack();
	inject("A 1 1001 sack 2001-4001");
	while (expect_any())
		;
	for (i = 0; i < 4; i++) {
		inject("A 1 1001 win %u sack 40001-%u", 60000 + i, 41001 + i);
		inject("A 1 1001 win %u sack %u-901", 61000 + i, 1 + i);
		inject("A 1 1001 win %u sack %u-3001 2001-4001", 62000 + i, 2501 + i);
		inject("A 1 1001 win %u sack 9001-8001", 63000 + i);
	}
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
}

/*
 * The first segment after recovery is lost: duplicates of the ACK that has ended it begin
 * another, as they report data that was sent since the first loss was detected.
 */
static void lost_after_recovery(u32 recover)
{
	u32 i;

	ASSERT_EQ(tcb()->recovery, ATCP_OPEN);
	for (i = 1; i <= 3; i++) {
		inject("A 1 %u sack %u-%u", recover, recover + 1000, recover + 1000 + 1000 * i);
		if (i < 3)
			while (expect_any())
				;
	}
	expect("A %u+1000 1", recover);
	ASSERT_EQ(tcb()->recovery, ATCP_FAST);
}

SCRIPT(loss_right_after_recovery)
{
	u32 i;

	be_sending_with_sack();
	for (i = 1; i < 10; i++) {
		inject("A 1 1 sack 1001-%u", 1001 + 1000 * i);
		while (expect_any())
			;
	}
	ASSERT_EQ(tcb()->recovery, ATCP_FAST);
	inject("A 1 12001");
	while (expect_any())
		;
	lost_after_recovery(12001);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 2);
}

SCRIPT(loss_right_after_a_timeout)
{
	script.conf->recovery = false;
	be_sending_with_sack();
	expect_after(RTO, "A 1+1000 1");
	inject("A 1 10001");
	sent(10001, 2);
	/* cwnd is 2 segments: two duplicates let out two more. */
	inject("A 1 10001 sack 11001-12001");
	sent(12001, 1);
	inject("A 1 10001 sack 11001-13001");
	sent(13001, 1);
	inject("A 1 10001 sack 11001-14001");
	expect("A 10001+1000 1");
	expect("A 14001+1000 1");
	ASSERT_EQ(tcb()->recovery, ATCP_FAST);
}

/* Duplicates without such a report may be caused by what was resent in vain. */
SCRIPT(no_loss_right_after_a_timeout)
{
	u32 i;

	script.conf->recovery = false;
	be_sending_with_sack();
	expect_after(RTO, "A 1+1000 1");
	inject("A 1 10001");
	sent(10001, 2);
	for (i = 0; i < 5; i++) {
		inject("A 1 10001 sack 1-1001");
		while (expect_any())
			;
	}
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
	/* The first report ends the doubt. */
	inject("A 1 10001 sack 11001-12001");
	expect("A 10001+1000 1");
	expect("A 14001+1000 1");
}

/* Each further duplicate takes a segment out of the pipe: in the end a new one is sent. */
SCRIPT(window_inflates)
{
	u32 i;

	be_recovering();
	for (i = 0; i < 4; i++) {
		inject("A 1 1");
		expect_nothing();
	}
	inject("A 1 1");
	sent(12001, 1);
	inject("A 1 1");
	sent(13001, 1);
	ASSERT_EQ(tcb()->cc.cwnd, 5000);
}

/* Duplicates stand for a segment each, but for no more than is in flight. */
SCRIPT(duplicates_of_small_segments)
{
	u32 i;

	script.opt.nodelay = true;
	be_ready();
	tcb()->cc.cwnd = 1000;
	for (i = 0; i < 10; i++) {
		user_sends(100);
		expect("PA %u+100 1", 1 + 100 * i);
	}
	user_sends(20000);
	expect_nothing();
	inject("A 1 1");
	inject("A 1 1");
	expect_nothing();
	ASSERT_EQ(atcp_flight(tcb()), 1000);
}

/* A partial ACK of more than duplicates have told of leaves cwnd as it is. */
SCRIPT(partial_ack_after_lost_duplicates)
{
	be_recovering();
	inject("A 1 8001");
	expect("A 8001+1000 1");
	expect("A 12001+1000 1");
	expect_nothing();
	ASSERT_EQ(tcb()->cc.cwnd, 5000);
	ASSERT_EQ(atcp_flight(tcb()), 5000);
}

/* RFC 6582 section 3.2, step 3: a partial ACK makes the next lost segment be resent. */
SCRIPT(partial_acks)
{
	be_recovering();
	inject("A 1 3001");
	expect("A 3001+1000 1");
	expect_nothing();
	inject("A 1 7001");
	expect("A 7001+1000 1");
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
}

/*
 * RFC 6582 section 3.2, step 3: the first partial ACK restarts the timer, and no other.
 * Where many segments are lost, one a round trip would be slower than a time-out.
 */
static void be_impatient(void)
{
	be_recovering();
	quiet(RTO - 1);
	inject("A 1 3001");
	expect("A 3001+1000 1");
	quiet(RTO / 2);
	inject("A 1 5001");
	expect("A 5001+1000 1");
	expect_after(RTO - RTO / 2, "A 5001+1000 1");
	ASSERT_EQ(tcb()->recovery, ATCP_LOSS);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 1);
}

SCRIPT(first_partial_ack_restarts_the_timer)
{
	be_impatient();
	/* Slow start repairs the rest. */
	inject("A 1 6001");
	sent(6001, 2);
	inject("A 1 8001");
	sent(8001, 3);
}

/* TCP_USER_TIMEOUT counts from the last progress, not from that timer's start. */
SCRIPT(user_timeout_while_recovering)
{
	script.opt.user_timeout = RTO * 3 / 4;
	be_impatient();
	inject("A 1 6001");
	sent(6001, 2);
	state_is(ESTABLISHED);
}

/* ssthresh does not rise for what duplicate ACKs have let out meanwhile. */
SCRIPT(timeout_of_an_inflated_window)
{
	u32 i;

	be_recovering();
	for (i = 0; i < 12; i++) {
		inject("A 1 1");
		while (expect_any())
			;
	}
	ASSERT_GT(tcb()->snd_nxt - tcb()->snd_una, 2 * 5000);
	expect_within(1, RTO, "A 1+1000 1");
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
}

/* The next recovery begins with a timer of its own. */
SCRIPT(timer_of_a_second_recovery)
{
	u32 i;

	be_recovering();
	inject("A 1 3001");
	expect("A 3001+1000 1");
	inject("A 1 12001");
	while (expect_any())
		;
	inject("A 1 13001");
	for (i = 0; i < 3; i++) {
		while (expect_any())
			;
		inject("A 1 13001");
	}
	expect("PA 13001+1000 1");
	quiet(RTO - 1);
	inject("A 1 14001");
	expect("A 14001+1000 1");
	while (expect_any())
		;
	quiet(RTO - 1);
	inject("A 1 15001");
	while (expect_any())
		;
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
}

/* A full ACK ends recovery, with cwnd at ssthresh at most. */
SCRIPT(full_ack)
{
	be_recovering();
	inject("A 1 12001");
	ASSERT_EQ(tcb()->recovery, ATCP_OPEN);
	ASSERT_LE(tcb()->cc.cwnd, 5000);
	while (expect_any())
		;
	/* A later loss begins another recovery. */
	inject("A 1 13001");
	while (expect_any())
		;
	inject("A 1 13001");
	expect_any();
	inject("A 1 13001");
	expect_any();
	inject("A 1 13001");
	expect("PA 13001+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 2);
}

/* Step 2: duplicate ACKs caused by resent segments after a time-out begin no recovery. */
SCRIPT(no_fast_retransmit_after_a_timeout)
{
	u32 i;

	be_sending();
	expect_after(RTO, "A 1+1000 1");
	inject("A 1 1001");
	sent(1001, 2);
	for (i = 0; i < 5; i++)
		inject("A 1 1001");
	expect_nothing();
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
}

/* Nor do duplicates of the ACK for all that was in flight at the time-out. */
SCRIPT(no_fast_retransmit_at_recover)
{
	u32 i;

	be_sending();
	expect_after(RTO, "A 1+1000 1");
	inject("A 1 10001");
	sent(10001, 2);
	ASSERT_EQ(tcb()->recovery, ATCP_OPEN);
	for (i = 0; i < 3; i++) {
		inject("A 1 10001");
		expect_any();
	}
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
	/* Duplicates of a later ACK do. */
	inject("A 1 11001");
	while (expect_any())
		;
	for (i = 0; i < 3; i++) {
		inject("A 1 11001");
		while (expect_any())
			;
	}
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
}

/* A lost FIN is resent after duplicate ACKs, too. */
SCRIPT(fin_in_flight)
{
	be_ready();
	user_sends(5000);
	while (expect_any())
		;
	user_sends(100);
	expect("PA 5001+100 1");
	user_shuts();
	expect("FA 5101 1");
	inject("A 1 1");
	inject("A 1 1");
	inject("A 1 1");
	expect("A 1+1000 1");
	inject("A 1 5102");
	state_is(FIN_WAIT_2);
}

/* When the resent segment is lost, the time-out resends it. */
SCRIPT(timeout_while_recovering)
{
	be_recovering();
	expect_within(1, 2 * RTO, "A 1+1000 1");
	ASSERT_EQ(tcb()->recovery, ATCP_LOSS);
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	inject("A 1 12001");
	ASSERT_EQ(tcb()->recovery, ATCP_OPEN);
	while (expect_any())
		;
}
