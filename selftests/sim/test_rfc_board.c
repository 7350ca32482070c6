// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard, as who sends: RFC 2018 sections 5 and 8.  Which parts of the send queue a
 * SACK block marks, and what it must not.
 */
#include "loss.h"

/* 64 segments of the wire in one of the queue. */
static void be_large(void)
{
	script.opt.room = 64000;
	script.conf->reordering = 100;	/* nothing is lost meanwhile */
	loss_ready();
	tcb()->cc.cwnd = 64000;
	tcb()->cc.ssthresh = 64000;
	tcb()->quantum = 64000;
	user_sends(64000);
	ASSERT_EQ(loss_drain(), 64);
	ASSERT_EQ(script.conn->nsent, 1);
	quiet(TRIP);
}

/* An edge inside is rounded inwards, to whole segments as they were on the wire. */
SCRIPT(edges)
{
	be_large();
	inject("A 1 1 sack 1501-5600");
	ASSERT_EQ(tcb()->sacked, 3000);		/* 2001 to 5001 */
	ASSERT_EQ(tcb()->sacked_segs, 3);
	ASSERT_EQ(script.conn->nsent, 3);
	loss_drain();
}

/* What is below a segment stays unmarked, and nothing is cut for it. */
SCRIPT(edges_below_a_segment)
{
	be_large();
	inject("A 1 1 sack 10001-10900");
	inject("A 1 1 sack 20500-21500");
	inject("A 1 1 sack 63002-64001 30002-30003 40001-41000");
	ASSERT_EQ(tcb()->sacked, 0);
	ASSERT_EQ(script.conn->nsent, 1);
	expect_nothing();
	recovery_is(OPEN);
}

/* The end of a segment of the queue is one of the wire, however much it has. */
SCRIPT(edges_at_the_end)
{
	script.opt.room = 5500;
	loss_ready();
	user_sends(5500);
	ASSERT_EQ(loss_drain(), 6);
	quiet(TRIP);
	inject("A 1 1 sack 5001-5501");
	ASSERT_EQ(tcb()->sacked, 500);
	ASSERT_EQ(tcb()->sacked_segs, 1);
	loss_drain();
}

/* From where it began, not from SND.UNA. */
SCRIPT(edges_of_what_is_partly_acknowledged)
{
	be_large();
	inject("A 1 501");
	loss_drain();
	inject("A 1 501 sack 1001-3001");
	ASSERT_EQ(tcb()->sacked, 2000);
	loss_drain();
}

/* A segment that a block covers whole is marked, however small it is. */
SCRIPT(small_segments_are_taken_whole)
{
	u32 i;

	script.opt.nodelay = true;
	loss_ready();
	for (i = 0; i < 8; i++) {
		user_sends(10);
		expect("PA %u+10 1", 1 + 10 * i);
	}
	quiet(TRIP);
	inject("A 1 1 sack 15-65");
	ASSERT_EQ(tcb()->sacked, 40);		/* 21 to 61 */
	ASSERT_EQ(tcb()->sacked_segs, 4);
	loss_drain();
}

/* The third of many small ones is lost: it is repaired in a round trip, and alone. */
SCRIPT(sack_small)
{
	u32 i;

	script.opt.nodelay = true;
	loss_ready();
	for (i = 0; i < 8; i++) {
		user_sends(100);
		expect("PA %u+100 1", 1 + 100 * i);
	}
	quiet(TRIP);
	inject("A 1 201");
	inject("A 1 201 sack 301-401");
	inject("A 1 201 sack 301-501");
	expect_nothing();
	inject("A 1 201 sack 301-601");
	expect("PA 201+100 1");
	expect_nothing();
	quiet(TRIP);
	inject("A 1 801");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->total_retrans, 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
}

/* A block that grows, and comes again and again, counts for what is new in it. */
SCRIPT(sack_runs)
{
	u32 i, delivered;

	loss_sending(10);
	quiet(TRIP);
	delivered = tcb()->delivered;
	for (i = 1; i <= 9; i++) {
		inject("A 1 1 sack 1001-%u", 1001 + 1000 * i);
		loss_drain();
		inject("A 1 1 sack 1001-%u", 1001 + 1000 * i);
		loss_drain();
		if (i > 3)	/* within the second: what came twice */
			inject("A 1 1 sack 3001-4001 1001-%u", 1001 + 1000 * i);
		loss_drain();
		ASSERT_EQ(tcb()->sacked, 1000 * i);
	}
	ASSERT_EQ(tcb()->delivered, delivered + 9);
	ASSERT_EQ(tcb()->total_retrans, 1);
}

/* All that is missing goes in one round trip, and nothing else. */
SCRIPT(many_holes)
{
	u32 i;

	loss_ready();
	tcb()->cc.cwnd = 40000;
	tcb()->cc.ssthresh = 40000;
	user_sends(40000);
	ASSERT_EQ(loss_drain(), 40);
	quiet(TRIP);
	/* Every fourth is lost. */
	for (i = 0; i < 10; i++) {
		inject("A 1 1 sack %u-%u", 1001 + 4000 * i, 4001 + 4000 * i);
		loss_drain();
	}
	quiet(TRIP);
	inject("A 1 40001");
	ASSERT_EQ(tcb()->total_retrans, 10);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 0);
	recovery_is(OPEN);
}

/* --- reneging: RFC 2018 section 8 --- */

/* What was reported is missing where the peer acknowledges up to it: the time-out comes soon. */
SCRIPT(renege)
{
	loss_found();
	quiet(TRIP);
	inject("A 1 1001");
	loss_drain();
	expect_within(10 * MSEC, TRIP, "A 1001+1000 1");
	ASSERT_EQ(count_of(ATCP_STAT_SACK_RENEGING), 1);
	ASSERT_EQ(tcb()->sacked, 0);
	recovery_is(LOSS);
}

/* Nothing that it has reported is kept: all of it goes again. */
SCRIPT(renege_at_timeout)
{
	u32 una = 1001;

	script.conf->frto = false;
	loss_found();
	inject("A 1 1 sack 1001-12001");
	loss_drain();
	quiet(TRIP);
	inject("A 1 1001");
	loss_drain();
	sim_run_for(TRIP);
	ASSERT_EQ(count_of(ATCP_STAT_SACK_RENEGING), 1);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 1);
	ASSERT_EQ(tcb()->sacked, 0);
	while (una < 12001) {
		u32 n = 0;

		for (; una + 1000 * n < 12001 && script_next(); n++)
			;
		ASSERT_GE(n, 1);
		una += 1000 * n;
		loss_drain();
		sim_run_for(10 * MSEC);
		inject("A 1 %u", una);
	}
	loss_drain();
	ASSERT_EQ(count_of(ATCP_STAT_SACK_RENEGING), 1);
	ASSERT_GE(tcb()->total_retrans, 12);
}

/* --- switches and peers --- */

/* net.atcp.recovery = 0: duplicate ACKs tell, one loss a round trip, though blocks come. */
SCRIPT(recovery_off)
{
	script.conf->recovery = false;
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	inject("A 1 1 sack 3001-4001 1001-2001");
	expect_nothing();
	inject("A 1 1 sack 3001-5001 1001-2001");
	sent(1, 1);
	inject("A 1 1 sack 3001-10001 1001-2001");
	expect_nothing();
	ASSERT_EQ(tcb()->lost, 0);
	quiet(TRIP);
	inject("A 1 2001 sack 3001-10001");
	sent(2001, 1);
	quiet(TRIP);
	inject("A 1 10001");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->total_retrans, 2);
}

/* The same with it: both at once. */
SCRIPT(recovery_on)
{
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 3001-5001 1001-2001");
	ASSERT_EQ(loss_drain(), 1);
	quiet(10);
	inject("A 1 1 sack 3001-10001 1001-2001");
	sent(2001, 1);
	quiet(TRIP);
	inject("A 1 10001");
	recovery_is(OPEN);
	ASSERT_EQ(tcb()->total_retrans, 2);
}

/* A peer that does not permit SACK: blocks that it sends all the same mean nothing. */
SCRIPT(without_sack)
{
	script.syn = "mss 1000";
	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1");
	inject("A 1 1 sack 1001-10001");
	expect_nothing();
	inject("A 1 1");
	sent(1, 1);
	quiet(TRIP);
	inject("A 1 2001");
	sent(2001, 1);
	ASSERT_EQ(tcb()->total_retrans, 2);
	ASSERT_EQ(tcb()->deadline[ATCP_T_REORDER], ATCP_NEVER);
	ASSERT_EQ(tcb()->deadline[ATCP_T_TAIL], ATCP_NEVER);
}

/* An ACK that ends within what was reported: that has been counted. */
SCRIPT(ack_within_what_was_reported)
{
	u32 was;

	loss_sending(10);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	was = tcb()->delivered;
	inject("A 1 1501");
	ASSERT_EQ(tcb()->delivered, was + 1);
}
