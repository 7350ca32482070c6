// SPDX-License-Identifier: GPL-2.0
/*
 * RACK: RFC 8985 section 6.  Which segments are taken for lost, and when.
 */
#include "loss.h"

/* While no reordering was seen: three segments that have arrived behind a gap end the wait. */
SCRIPT(dupthresh)
{
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	sent(10001, 1);
	inject("A 1 1 sack 1001-3001");
	sent(11001, 1);
	recovery_is(OPEN);
	inject("A 1 1 sack 1001-4001");
	sent(1, 1);
	recovery_is(FAST);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
	/* Only what was sent before them. */
	ASSERT_EQ(tcb()->lost, 0);
}

/* They may arrive in any order, and be several in one ACK. */
SCRIPT(dupthresh_in_one_ack)
{
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 3001-4001 5001-6001 7001-8001");
	sent(1, 3);
	ASSERT_EQ(tcb()->lost, 2000);		/* 4001 and 6001 wait for room */
}

/* net.atcp.reordering */
SCRIPT(dupthresh_by_configuration)
{
	script.conf->reordering = 5;
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 1001-5001");
	expect_nothing();
	inject("A 1 1 sack 1001-6001");
	sent(1, 1);
}

/* Fewer: the rest of the reordering window, a quarter of the least round trip. */
SCRIPT(reorder_timer)
{
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	recovery_is(OPEN);
	expect_within(REORDER, REORDER + 2 * MSEC, "A 1+1000 1");
	recovery_is(FAST);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
}

/* Within it the original may still come. */
SCRIPT(reorder_timer_is_stopped)
{
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	quiet(REORDER - MSEC);
	inject("A 1 2001");
	quiet(TRIP / 2);
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->total_retrans, 0);
}

/* Several losses, each at its time: the timer is set again for the next. */
SCRIPT(reorder_timer_again)
{
	loss_ready();
	tcb()->reord_seen = 1;
	user_sends(1000);
	expect("PA 1+1000 1");
	quiet(10 * MSEC);
	script.opt.nodelay = true;
	user_sends(1000);
	expect_any();
	quiet(10 * MSEC);
	user_sends(1000);
	expect_any();
	quiet(TRIP - 10 * MSEC);
	inject("A 1 1 sack 2001-3001");
	expect_within(1, REORDER, "PA 1+1000 1");
	expect_within(5 * MSEC, 15 * MSEC, "PA 1001+1000 1");
}

/* A retransmission that is lost is found as soon as what was sent after it arrives. */
SCRIPT(lost_resend)
{
	loss_found();
	quiet(MSEC);
	inject("A 1 1 sack 1001-7001");
	sent(12001, 1);
	quiet(TRIP);
	inject("A 1 1 sack 1001-13001");
	expect("A 1+1000 1");
	while (expect_any())
		;
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_LOST), 1);
	quiet(TRIP);
	inject("A 1 13001");
	while (expect_any())
		;
	recovery_is(OPEN);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
	ASSERT_EQ(tcb()->total_retrans, 2);
}

/* The retransmission of the first segment restarts the timer, as it does for Linux. */
SCRIPT(resend_restarts_the_timer)
{
	u64 due;

	loss_found();
	due = sim->now + TRIP_RTO;
	quiet(TRIP);
	ASSERT_GE(tcb()->deadline[ATCP_T_REXMT], due - MSEC);
}

/* Equal times of sending are told apart by sequence numbers. */
SCRIPT(tie)
{
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 4001-7001");
	sent(1, 2);
	/* 1 to 4001 was sent before, 7001 to 10001 was not; two of them went again. */
	ASSERT_EQ(tcb()->lost, 2000);
	ASSERT_EQ(tcb()->resent_segs, 2);
}

/*
 * An ACK sooner than any round trip is for the original.  It does not tell that what was sent
 * before the retransmission is late.
 */
SCRIPT(early_ack)
{
	loss_found();
	quiet(TRIP / 2);
	inject("A 1 4001");
	loss_drain();
	ASSERT_EQ(tcb()->lost, 0);
	ASSERT_EQ(tcb()->total_retrans, 1);
	/* After a round trip it does. */
	quiet(TRIP);
	inject("A 1 4001 sack 10001-12001");
	expect("A 4001+1000 1");
	loss_drain();
}

/* --- reordering --- */

/* An original that comes late: the wait is the window from now on, whatever else arrives. */
SCRIPT(reordering_by_a_late_original)
{
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	loss_drain();
	ASSERT_EQ(count_of(ATCP_STAT_REORDERED), 0);
	inject("A 1 2001");
	loss_drain();
	ASSERT_EQ(count_of(ATCP_STAT_REORDERED), 1);
	ASSERT_EQ(tcb()->reord_seen, 1);
	inject("A 1 2001 sack 3001-8001");
	loss_drain();
	recovery_is(OPEN);
	expect_within(REORDER, REORDER + 2 * MSEC, "A 2001+1000 1");
	loss_drain();
}

/* What is acknowledged in order was not reordered, nor what was sent again. */
SCRIPT(no_reordering)
{
	loss_found();
	quiet(TRIP);
	inject("A 1 12001");
	loss_drain();
	ASSERT_EQ(tcb()->reord_seen, 0);
	ASSERT_EQ(count_of(ATCP_STAT_REORDERED), 0);
}

/* Time goes on, and whatever is sent in it is taken. */
static void pass(u64 us)
{
	sim_run_for(us);
	loss_drain();
}

/*
 * One recovery from SND.UNA on, in a window that is full.  @dsack: the peer had it already.
 * Returns how long the reordering window was, or 0: the third SACKed segment ended it.
 */
static u64 recover_once(bool dsack)
{
	u32 una = tcb()->snd_una - script.iss, nxt, i;
	u64 began;

	tcb()->cc.cwnd = 10000;
	tcb()->cc.ssthresh = 10000;
	user_sends(20000);
	loss_drain();
	pass(TRIP);
	began = sim->now;
	inject("A 1 %u sack %u-%u", una, una + 1000, una + 4000);
	while (tcb()->recovery != ATCP_FAST) {
		pass(MSEC);
		ASSERT_LT(sim->now - began, TRIP_RTO);
	}
	began = sim->now - began;
	loss_drain();
	pass(10 * MSEC);
	nxt = tcb()->snd_nxt - script.iss;
	if (dsack) {
		inject("A 1 %u", una + 4000);
		loss_drain();
		inject("A 1 %u sack %u-%u", una + 4000, una, una + 1000);
		loss_drain();
		nxt = tcb()->snd_nxt - script.iss;
	}
	pass(TRIP);
	inject("A 1 %u", nxt);
	loss_drain();
	for (i = 0; tcb()->snd_una != tcb()->write_seq; i++) {
		ASSERT_LT(i, 100);
		pass(TRIP);
		inject("A 1 %u", tcb()->snd_nxt - script.iss);
		loss_drain();
	}
	recovery_is(OPEN);
	return began;
}

/* Section 6.2, step 4: a quarter more a round trip with a D-SACK, and back after 16 recoveries. */
SCRIPT(window_grows_by_dsacks)
{
	u64 was;
	u32 i;

	loss_ready();
	ASSERT_EQ(recover_once(true), 0);
	ASSERT_EQ(tcb()->reo_mult, 2);
	was = recover_once(true);
	ASSERT_GE(was, 2 * REORDER);
	ASSERT_LE(was, 2 * REORDER + 3 * MSEC);
	ASSERT_EQ(tcb()->reo_mult, 3);
	for (i = 0; i < 16; i++) {
		was = recover_once(false);
		ASSERT_GE(was, 3 * REORDER);
		ASSERT_LE(was, 3 * REORDER + 3 * MSEC);
	}
	was = recover_once(false);
	ASSERT_GE(was, REORDER);
	ASSERT_LE(was, REORDER + 3 * MSEC);
}

/* Not by more than the round trip, however many D-SACKs come. */
SCRIPT(window_is_a_round_trip_at_most)
{
	u32 i;

	loss_ready();
	for (i = 0; i < 8; i++)
		recover_once(true);
	ASSERT_LE(recover_once(false), TRIP + 3 * MSEC);
}

/* What has not left this host is late, and not lost: it has not been overtaken. */
SCRIPT(waits_in_the_device)
{
	loss_sending(10);
	script.conn->in_device = true;
	quiet(TRIP);
	inject("A 1 1 sack 1001-10001");
	quiet(TRIP);
	recovery_is(OPEN);
	script.conn->in_device = false;
	expect_within(0, 12 * MSEC, "A 1+1000 1");
	recovery_is(FAST);
}

/*
 * Section 6.2, step 2: the round trip is that of the latest to arrive, and not of the one that
 * was sent last.  That one has overtaken the others, which take longer.
 */
SCRIPT(round_trip_of_the_latest)
{
	loss_sending(10);
	quiet(TRIP / 4);
	inject("A 1 1 sack 7001-8001");		/* the window is a quarter of that */
	quiet(TRIP / 20);
	inject("A 1 1001 sack 7001-8001");
	quiet(3 * MSEC);
	recovery_is(OPEN);
	expect_within(2 * MSEC, 6 * MSEC, "A 1001+1000 1");
	recovery_is(FAST);
}
