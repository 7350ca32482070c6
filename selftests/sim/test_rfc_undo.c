// SPDX-License-Identifier: GPL-2.0
/*
 * Reductions that nothing was behind: undo by D-SACK (RFC 2883, RFC 3708), by timestamps
 * (Eifel: RFC 3522, RFC 4015), by F-RTO (RFC 5682).  cwnd and ssthresh are afterwards what
 * they were before.
 */
#include "loss.h"

#define BEFORE	10000	/* cwnd, and ssthresh */

static void is_undone(enum atcp_stat why)
{
	recovery_is(OPEN);
	ASSERT_EQ(count_of(why), 1);
	ASSERT_EQ(count_of(ATCP_STAT_UNDO_DSACK) + count_of(ATCP_STAT_UNDO_TIMESTAMP) +
		  count_of(ATCP_STAT_UNDO_FRTO), 1);
	ASSERT_EQ(tcb()->cc.cwnd, BEFORE);
	ASSERT_EQ(tcb()->cc.ssthresh, BEFORE);
	ASSERT_EQ(tcb()->lost, 0);
}

static void is_not_undone(void)
{
	ASSERT_EQ(count_of(ATCP_STAT_UNDO_DSACK) + count_of(ATCP_STAT_UNDO_TIMESTAMP) +
		  count_of(ATCP_STAT_UNDO_FRTO), 0);
	ASSERT_EQ(tcb()->cc.ssthresh, BEFORE / 2);
}

/* --- by D-SACK --- */

/* The peer had what was sent again; this ACK acknowledges nothing. */
SCRIPT(dsack)
{
	loss_found();
	ASSERT_EQ(tcb()->cc.ssthresh, BEFORE / 2);
	quiet(TRIP / 2);
	inject("A 1 4001");
	loss_drain();
	recovery_is(FAST);
	quiet(TRIP / 2);
	inject("A 1 4001 sack 1-1001");
	is_undone(ATCP_STAT_UNDO_DSACK);
	/* Room of half a window is no burst: RFC 4015 section 3.2, step 3. */
	ASSERT_LE(loss_drain(), 3);
}

/* Also when recovery is over. */
SCRIPT(dsack_after_recovery)
{
	loss_found();
	quiet(TRIP / 2);
	inject("A 1 12001");
	loss_drain();
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->cc.cwnd, BEFORE / 2);
	inject("A 1 12001 sack 1-1001");
	is_undone(ATCP_STAT_UNDO_DSACK);
	ASSERT_LE(loss_drain(), 3);
}

/* A window of 20 segments, of which the first two are sent again. */
static void be_found_twice(void)
{
	loss_ready();
	tcb()->cc.cwnd = 20000;
	tcb()->cc.ssthresh = 20000;
	user_sends(60000);
	sent(1, 20);
	quiet(TRIP);
	inject("A 1 1 sack 2001-6001");
	sent(1, 2);
	ASSERT_EQ(tcb()->cc.ssthresh, 10000);
}

/* One of two that were sent again was lost. */
SCRIPT(dsack_of_one_of_two)
{
	be_found_twice();
	quiet(TRIP / 2);
	inject("A 1 6001 sack 1-1001");
	loss_drain();
	inject("A 1 20001");
	loss_drain();
	ASSERT_EQ(count_of(ATCP_STAT_UNDO_DSACK), 0);
	ASSERT_EQ(tcb()->cc.ssthresh, 10000);
}

/* Both were in vain: one D-SACK tells of both. */
SCRIPT(dsack_of_two)
{
	be_found_twice();
	quiet(TRIP / 2);
	inject("A 1 6001");
	loss_drain();
	inject("A 1 6001 sack 1-2001");
	loss_drain();
	ASSERT_EQ(count_of(ATCP_STAT_UNDO_DSACK), 1);
	ASSERT_EQ(tcb()->cc.cwnd, 20000);
	ASSERT_EQ(tcb()->cc.ssthresh, 20000);
	recovery_is(OPEN);
}

/* Each is refused and counted: of what was not sent twice in this recovery, or never. */
SCRIPT(forged_dsack)
{
	static const char * const forged[] = {
		"A 1 4001 sack 3001-4001",	/* was sent once */
		"A 1 4001 sack 11001-12001",	/* above the ACK and in no second block */
		"A 1 4001 sack 20001-21001",	/* was never sent */
		"A 1 4001 sack 900-500",
	};
	u32 i;

	loss_found();
	quiet(TRIP / 2);
	inject("A 1 4001");
	loss_drain();
	for (i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		test_case("%s", forged[i]);
		inject("%s", forged[i]);
		loss_drain();
		is_not_undone();
	}
	recovery_is(FAST);
	ASSERT_GE(count_of(ATCP_STAT_DSACK_IGNORED), 1);
}

/* With no recovery to undo there is nothing to be gained by one. */
SCRIPT(forged_dsack_without_a_loss)
{
	u32 i;

	loss_sending(50);
	inject("A 1 1001");
	loss_drain();
	for (i = 0; i < 10; i++) {
		inject("A 1 1001 sack 1-1001");
		loss_drain();
	}
	ASSERT_EQ(count_of(ATCP_STAT_DSACK_IGNORED), 10);
	ASSERT_EQ(tcb()->cc.ssthresh, BEFORE);
	ASSERT_LE(tcb()->cc.cwnd, BEFORE + 1000);
	ASSERT_EQ(tcb()->reo_mult, 1);
}

/* An old one, of a recovery before this, does not undo this one. */
SCRIPT(old_dsack)
{
	loss_found();
	quiet(TRIP);
	inject("A 1 12001");
	loss_drain();
	quiet(TRIP);
	inject("A 1 12001 sack 13001-16001");
	loss_drain();
	recovery_is(FAST);
	inject("A 1 12001 sack 1-1001");
	loss_drain();
	recovery_is(FAST);
	ASSERT_EQ(count_of(ATCP_STAT_UNDO_DSACK), 0);
	ASSERT_EQ(count_of(ATCP_STAT_DSACK_IGNORED), 1);
}

/* --- by timestamps --- */

static void be_found_with_timestamps(u32 *first, u32 *again)
{
	script.syn = "mss 1012 sok ts 5000 0";
	script.ts = true;
	loss_sending(50);
	*first = script.last_tsval;
	quiet(TRIP);
	inject("A 1 1 ts 5100 %u sack 1001-4001", *first);
	sent(1, 1);
	*again = script.last_tsval;
	ASSERT_EQ(tcb()->cc.ssthresh, BEFORE / 2);
	quiet(5 * MSEC);
}

/* The ACK echoes what was sent before anything was sent again. */
SCRIPT(eifel)
{
	u32 first, again;

	be_found_with_timestamps(&first, &again);
	inject("A 1 4001 ts 5105 %u", first);
	is_undone(ATCP_STAT_UNDO_TIMESTAMP);
	loss_drain();
	ASSERT_EQ(tcb()->total_retrans, 1);
}

/* It echoes the retransmission. */
SCRIPT(no_eifel)
{
	u32 first, again;

	be_found_with_timestamps(&first, &again);
	quiet(TRIP);
	inject("A 1 4001 ts 5205 %u", again);
	loss_drain();
	is_not_undone();
	recovery_is(FAST);
}

/* An ACK that is not the first to move SND.UNA tells nothing: the first did. */
SCRIPT(no_eifel_later)
{
	u32 first, again;

	be_found_with_timestamps(&first, &again);
	quiet(TRIP);
	inject("A 1 4001 ts 5205 %u", again);
	loss_drain();
	inject("A 1 5001 ts 5205 %u", first);
	loss_drain();
	is_not_undone();
}

/* Not without an echo. */
SCRIPT(no_eifel_without_an_echo)
{
	u32 first, again;

	be_found_with_timestamps(&first, &again);
	quiet(TRIP);
	inject("A 1 4001 ts 5205 0");
	loss_drain();
	is_not_undone();
}

/* After a time-out as well. */
SCRIPT(eifel_after_a_timeout)
{
	u32 first;

	script.conf->early_retrans = 0;
	script.conf->frto = false;
	script.syn = "mss 1012 sok ts 5000 0";
	script.ts = true;
	loss_sending(50);
	first = script.last_tsval;
	expect_after(TRIP_RTO, "A 1+1000 1");
	recovery_is(LOSS);
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
	quiet(10 * MSEC);
	inject("A 1 1001 ts 5400 %u", first);
	is_undone(ATCP_STAT_UNDO_TIMESTAMP);
	loss_drain();
	ASSERT_EQ(tcb()->total_retrans, 1);
}

/* --- by F-RTO --- */

static void be_timed_out(u32 n)
{
	script.conf->early_retrans = 0;
	loss_sending(n);
	expect_after(TRIP_RTO, "A 1+1000 1");
	recovery_is(LOSS);
	ASSERT_EQ(tcb()->cc.ssthresh, BEFORE / 2);
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
	quiet(10 * MSEC);
}

/* Steps (2b) and (3b): new data went out, and then what was sent once is acknowledged. */
SCRIPT(frto)
{
	be_timed_out(50);
	inject("A 1 1001");
	sent(10001, 2);
	quiet(10 * MSEC);
	inject("A 1 2001");
	is_undone(ATCP_STAT_UNDO_FRTO);
	loss_drain();
	ASSERT_EQ(tcb()->total_retrans, 1);
	/* What was taken for lost is in flight: nothing of it goes again. */
	inject("A 1 12001");
	loss_drain();
	ASSERT_EQ(tcb()->total_retrans, 1);
}

/* By a SACK block, too; and by the first ACK, if it has more than what went again. */
SCRIPT(frto_by_sack)
{
	be_timed_out(50);
	inject("A 1 1001");
	sent(10001, 2);
	inject("A 1 1001 sack 3001-4001");
	is_undone(ATCP_STAT_UNDO_FRTO);
	loss_drain();
}

SCRIPT(frto_by_the_first_ack)
{
	be_timed_out(50);
	inject("A 1 3001");
	is_undone(ATCP_STAT_UNDO_FRTO);
	ASSERT_LE(loss_drain(), 5);
}

/* Step (3a): the new data arrives, and what is before it does not. */
SCRIPT(frto_genuine)
{
	be_timed_out(50);
	inject("A 1 1001");
	sent(10001, 2);
	quiet(TRIP);
	inject("A 1 1001 sack 10001-11001");
	sent(1001, 2);
	recovery_is(LOSS);
	is_not_undone();
}

/* Step (2a): there is no new data, and what is lost goes. */
SCRIPT(frto_no_new_data)
{
	be_timed_out(10);
	inject("A 1 1001");
	sent(1001, 2);
	quiet(TRIP);
	inject("A 1 3001");
	loss_drain();
	is_not_undone();
	recovery_is(LOSS);
}

/* The same when the window has no room for it. */
SCRIPT(frto_no_window)
{
	script.wnd = 10000;
	be_timed_out(50);
	inject("A 1 1001 win 9000");
	sent(1001, 2);
	recovery_is(LOSS);
}

/* A second time-out of the same segment does not end the doubt. */
SCRIPT(frto_after_two_timeouts)
{
	be_timed_out(50);
	expect_within(TRIP_RTO, 2 * TRIP_RTO, "A 1+1000 1");
	inject("A 1 1001");
	sent(10001, 2);
	inject("A 1 2001");
	is_undone(ATCP_STAT_UNDO_FRTO);
	loss_drain();
}

/* net.atcp.frto */
SCRIPT(frto_off)
{
	script.conf->frto = false;
	be_timed_out(50);
	inject("A 1 1001");
	sent(1001, 2);
	inject("A 1 3001");
	loss_drain();
	is_not_undone();
	recovery_is(LOSS);
}

/* What SACK blocks tell of is not sent again after a time-out. */
SCRIPT(timeout_resends_what_is_lost)
{
	script.conf->early_retrans = 0;
	script.conf->frto = false;
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001 3001-4001");
	sim_run_for(2 * TRIP_RTO);
	recovery_is(LOSS);
	loss_drain();
	ASSERT_EQ(tcb()->sacked, 2000);
	quiet(TRIP);
	inject("A 1 2001 sack 3001-4001");
	expect("A 2001+1000 1");
	expect("A 4001+1000 1");
	loss_drain();
}
