// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probes: RFC 8985 section 7.
 */
#include "loss.h"

/* Three segments and nothing more: the end of a response. */
static void be_at_the_tail(void)
{
	loss_ready();
	user_sends(3000);
	sent(1, 3);
}

/* The last segment goes again, and its ACK tells what else is lost, without a time-out. */
SCRIPT(tail)
{
	be_at_the_tail();
	quiet(TRIP);
	inject("A 1 1001");
	expect_after(PROBE, "PA 2001+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
	/* It is no loss yet. */
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	quiet(TRIP);
	inject("A 1 1001 sack 2001-3001");
	expect("A 1001+1000 1");
	quiet(TRIP);
	inject("A 1 3001");
	recovery_is(OPEN);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
	ASSERT_EQ(tcb()->total_retrans, 2);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);	/* half of cwnd, though two segments were out */
}

/* One that was never sent goes before one that was. */
SCRIPT(new_data_first)
{
	loss_sending(12);
	expect_after(PROBE, "A 10001+1000 1");
	ASSERT_EQ(tcb()->total_retrans, 0);
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
	/* One probe until it is answered; then the time-out. */
	expect_within(TRIP, TRIP_RTO, "A 1+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 1);
}

/* No second one before the first is answered, however long the time-out is: section 7.3. */
SCRIPT(one_at_a_time)
{
	loss_ready();
	tcb()->srtt = 8 * 10 * MSEC;
	user_sends(12000);
	sent(1, 10);
	expect_after(2 * 10 * MSEC + 2 * MSEC, "A 10001+1000 1");
	expect_after(TRIP_RTO, "A 1+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
}

/* The first data carries a SYN cookie, as the peer may not have taken the handshake's ACK. */
SCRIPT(first_data_first)
{
	script.opt.nodelay = false;
	loss_ready();
	user_sends(400);
	expect("PA 1+400 1");
	user_sends(300);
	expect_after(TRIP_RTO, "PA 1+400 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
}

/* Not beyond what the window lets out. */
SCRIPT(new_data_beyond_the_window)
{
	script.wnd = 3000;
	loss_ready();
	user_sends(6000);
	sent(1, 3);
	expect_after(PROBE, "A 2001+1000 1");
}

/* Part of a segment may be acknowledged; what is not goes. */
SCRIPT(of_a_large_segment)
{
	script.opt.room = 20000;
	loss_ready();
	user_sends(4500);
	loss_drain();
	expect_after(PROBE, "PA 4001+500 1");
	inject("A 1 4201");
	expect_nothing();
	ASSERT_EQ(tcb()->snd_nxt - tcb()->snd_una, 300);
}

/*
 * A peer may delay the ACK of a single segment for longer than the time-out is.  Then the probe
 * goes in the place of the first time-out, which would have cost cwnd.
 */
SCRIPT(not_past_rto)
{
	u64 due;

	loss_ready();
	user_sends(1000);
	expect("PA 1+1000 1");
	due = tcb()->deadline[ATCP_T_REXMT];
	ASSERT_EQ(due, sim->now + TRIP_RTO);
	quiet(TRIP_RTO - 1);
	expect_after(1, "PA 1+1000 1");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
	expect_after(TRIP_RTO, "PA 1+1000 1");
	recovery_is(LOSS);
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 1);
}

/* The probe of one segment waits for the delay of its ACK where that is below the time-out. */
SCRIPT(of_a_single_segment)
{
	loss_ready();
	tcb()->rto_min = 50 * MSEC;
	user_sends(1000);
	expect("PA 1+1000 1");
	expect_after(2 * TRIP + 50 * MSEC, "PA 1+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
}

/* The time-out counts from the probe on. */
SCRIPT(timeout_after_a_probe)
{
	be_at_the_tail();
	expect_after(PROBE, "PA 2001+1000 1");
	expect_after(TRIP_RTO, "A 1+1000 1");
	recovery_is(LOSS);
}

/* --- what the probe's ACK tells: section 7.4 --- */

static void be_probed(void)
{
	be_at_the_tail();
	tcb()->rto_min = 20 * MSEC;	/* one segment is out, whose ACK may be delayed so long */
	quiet(TRIP);
	inject("A 1 2001");
	expect_after(2 * TRIP + 20 * MSEC, "PA 2001+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
}

/* No D-SACK: the probe has repaired one loss, and cwnd answers for it. */
SCRIPT(repaired)
{
	be_probed();
	quiet(TRIP);
	inject("A 1 3001");
	ASSERT_EQ(tcb()->cc.ssthresh, 10000);
	user_sends(2000);
	loss_drain();
	quiet(TRIP);
	inject("A 1 4001");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES_REPAIRED), 1);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	ASSERT_EQ(tcb()->cc.cwnd, 5000);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 0);
}

static void not_repaired(void)
{
	user_sends(2000);
	loss_drain();
	quiet(TRIP);
	inject("A 1 5001");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES_REPAIRED), 0);
	ASSERT_GE(tcb()->cc.cwnd, 10000);
	ASSERT_EQ(tcb()->cc.ssthresh, 10000);
}

/* The peer had it already. */
SCRIPT(in_vain_by_dsack)
{
	be_probed();
	inject("A 1 3001");
	quiet(TRIP / 2);
	inject("A 1 3001 win 60000 sack 2001-3001");
	not_repaired();
	ASSERT_EQ(count_of(ATCP_STAT_DSACK_RECEIVED), 1);
}

/* A peer without D-SACK repeats its ACK. */
SCRIPT(in_vain_by_a_duplicate)
{
	be_probed();
	inject("A 1 3001");
	quiet(TRIP / 2);
	inject("A 1 3001");
	not_repaired();
}

/* A probe of new data repairs nothing. */
SCRIPT(new_data_repairs_nothing)
{
	loss_sending(11);
	expect_after(PROBE, "PA 10001+1000 1");
	inject("A 1 11001");
	tcb()->cc.cwnd = 10000;
	user_sends(1000);
	expect_any();
	inject("A 1 12001");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES_REPAIRED), 0);
	ASSERT_EQ(tcb()->cc.ssthresh, 10000);
}

/*
 * The D-SACK of a probe says nothing of what recovery has sent again.  Here the first segment
 * was lost, and the last was probed in vain: the ACK that tells of the loss comes first.
 */
SCRIPT(dsack_is_not_undo)
{
	be_at_the_tail();
	expect_after(PROBE, "PA 2001+1000 1");
	quiet(TRIP / 4);
	inject("A 1 1 sack 1001-3001");
	expect_within(REORDER, REORDER + 2 * MSEC, "A 1+1000 1");
	recovery_is(FAST);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	quiet(TRIP / 2);
	inject("A 1 1 sack 2001-3001 1001-3001");
	recovery_is(FAST);
	quiet(TRIP / 2);
	inject("A 1 3001");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->cc.ssthresh, 5000);
	ASSERT_EQ(count_of(ATCP_STAT_UNDO_DSACK), 0);
}

/* --- when there is none --- */

static void no_probe(void)
{
	be_at_the_tail();
	expect_after(TRIP_RTO, "A 1+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 0);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 1);
}

/* net.atcp.early_retrans */
SCRIPT(off)
{
	script.conf->early_retrans = 0;
	no_probe();
}

SCRIPT(off_below_3)
{
	script.conf->early_retrans = 2;
	no_probe();
}

SCRIPT(none_without_sack)
{
	script.syn = "mss 1000";
	no_probe();
}

SCRIPT(none_without_recovery)
{
	script.conf->recovery = false;
	no_probe();
}

/* While RACK knows what is missing, its timers do. */
SCRIPT(none_while_sacked)
{
	loss_sending(10);
	quiet(TRIP / 2);
	inject("A 1 1 sack 5001-6001");
	ASSERT_EQ(tcb()->deadline[ATCP_T_TAIL], ATCP_NEVER);
	loss_drain();
	quiet(REORDER / 2);
	sim_run_for(2 * TRIP);
	loss_drain();
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 0);
}

/* Nor after a time-out. */
SCRIPT(none_after_a_timeout)
{
	script.conf->early_retrans = 0;
	loss_sending(10);
	expect_after(TRIP_RTO, "A 1+1000 1");
	script.conf->early_retrans = 3;
	inject("A 1 1001");
	loss_drain();
	ASSERT_EQ(tcb()->deadline[ATCP_T_TAIL], ATCP_NEVER);
}

/* The probe goes when the last segment has left this host. */
SCRIPT(after_the_device)
{
	be_at_the_tail();
	script.conn->in_device = true;
	quiet(PROBE + MSEC);
	script.conn->in_device = false;
	expect_within(0, 12 * MSEC, "PA 2001+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 1);
}

/* The time-out trusts no device, which may keep what it has sent. */
SCRIPT(timeout_in_the_device)
{
	be_at_the_tail();
	script.conn->in_device = true;
	expect_after(TRIP_RTO, "A 1+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_TAIL_PROBES), 0);
	recovery_is(LOSS);
}
