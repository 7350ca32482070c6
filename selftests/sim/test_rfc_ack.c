// SPDX-License-Identifier: GPL-2.0
/*
 * When acknowledgments are sent: RFC 9293 section 3.8.6.3, RFC 5681 section
 * 4.2.  What they report is in test_rfc_sack.c.
 */
#include "script.h"

/* An established connection without the quick ACKs of its start. */
static void be_slow(void)
{
	script.opt.no_quick = true;
	be_established();
}

/* SHLD-18, MUST-40 */
SCRIPT(delayed)
{
	be_slow();
	inject("A 1+100 1");
	expect_within(1, 500 * MSEC - 1, "A 1 101");
	inject("A 101+100 1");
	expect_within(1, 500 * MSEC - 1, "A 1 201");
}

/* SHLD-19 */
SCRIPT(every_second_full_segment)
{
	u32 i;

	be_slow();
	for (i = 0; i < 10; i++) {
		inject("A %u+1460 1", 1 + 2920 * i);
		expect_nothing();
		inject("A %u+1460 1", 1461 + 2920 * i);
		expect("A 1 %u", 2921 + 2920 * i);
	}
}

/* Segments that are full for the peer's path, though below our MSS. */
SCRIPT(every_second_of_a_smaller_size)
{
	be_slow();
	inject("A 1+1000 1");
	expect_nothing();
	inject("A 1001+1000 1");
	expect("A 1 2001");
	inject("A 2001+1000 1");
	expect_nothing();
	inject("A 3001+1000 1");
	expect("A 1 4001");
}

/*
 * The peer's path takes less than before: its segments are smaller, and every second one
 * is acknowledged again (SHLD-19).  Then it takes more again.
 */
static void sizes_change(u32 from, u32 to, u32 back)
{
	u32 seq = 1, i;

	be_slow();
	for (i = 0; i < 4; i++) {
		inject("A %u+%u 1", seq, from);
		seq += from;
		if (i % 2)
			expect("A 1 %u", seq);
	}
	/* Two of a size tell that it is the new one; they are acknowledged after a delay. */
	inject("A %u+%u 1", seq, to);
	inject("A %u+%u 1", seq + to, to);
	seq += 2 * to;
	if (!expect_any())
		expect_within(1, 500 * MSEC - 1, "A 1 %u", seq);
	for (i = 0; i < 10; i++) {
		inject("A %u+%u 1", seq, to);
		expect_nothing();
		inject("A %u+%u 1", seq + to, to);
		seq += 2 * to;
		expect("A 1 %u", seq);
	}
	/* A larger one tells by itself. */
	for (i = 0; i < 10; i++) {
		inject("A %u+%u 1", seq, back);
		expect_nothing();
		inject("A %u+%u 1", seq + back, back);
		seq += 2 * back;
		expect("A 1 %u", seq);
	}
}

SCRIPT(every_second_after_the_path_takes_less)
{
	sizes_change(1460, 536, 1460);
}

SCRIPT(every_second_after_it_takes_very_little)
{
	sizes_change(1460, 256, 1000);
}

SCRIPT(every_second_of_a_size_below_the_default)
{
	sizes_change(300, 200, 536);
}

/* The last segment of what a program writes is smaller, and no sign of another path. */
SCRIPT(ends_of_writes_are_no_smaller_size)
{
	u32 seq = 1, i;

	be_slow();
	for (i = 0; i < 6; i++) {
		inject("A %u+1460 1", seq);
		inject("PA %u+400 1", seq + 1460);
		seq += 1860;
		expect("A 1 %u", seq);
	}
	/* Nor are such segments of different sizes. */
	for (i = 0; i < 6; i++) {
		inject("A %u+%u 1", seq, 600 + i);
		seq += 600 + i;
		if (i % 3 == 2)
			expect("A 1 %u", seq);
	}
	inject("A %u+1460 1", seq);
	expect_nothing();
	inject("A %u+1460 1", seq + 1460);
	expect("A 1 %u", seq + 2920);
}

/* SACK blocks take room in a segment whose size is the same. */
SCRIPT(sack_blocks_are_no_smaller_size)
{
	u32 seq = 1, i;

	script.syn = "mss 1460 sok";
	be_slow();
	user_sends(10);
	expect("PA 1+10 1");
	for (i = 0; i < 6; i++) {
		inject("A %u+1460 1 sack 2-5", seq);
		inject("A %u+1448 1 sack 2-5", seq + 1460);
		seq += 2908;
		expect("A 11 %u", seq);
	}
	ASSERT_EQ(tcb()->rcv_mss, 1460);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/*
 * ACKs of small segments, each the whole of what a program has written, are delayed until
 * these amount to two full ones.
 */
SCRIPT(many_small_ones)
{
	u32 i;

	be_slow();
	for (i = 0; i < 5; i++) {
		inject("PA %u+100 1", 1 + 100 * i);
		expect_nothing();
	}
	expect_within(1, 500 * MSEC - 1, "A 1 501");
}

/* A buffer that stands for several segments (GRO) is acknowledged at once. */
SCRIPT(a_large_one)
{
	be_slow();
	inject("A 1+8760 1");
	expect("A 1 8761");
}

SCRIPT(quick_at_the_start)
{
	u32 i, quick = 0;

	be_established();
	for (i = 0; i < 40; i++) {
		inject("A %u+10 1", 1 + 10 * i);
		quick += expect_any();
		sim_run_for(500 * MSEC);
		expect_any();
	}
	ASSERT_GE(quick, 2);
	ASSERT_LE(quick, 20);
}

/* Refused data does not make the connection interactive: ACKs stay quick. */
SCRIPT(quick_in_spite_of_refused_data)
{
	be_established();
	inject("PA 1+10 70000");
	expect("A 1 1");
	user_sends(10);
	expect("PA 1+10 1");
	inject("PA 1+10 11");
	expect("A 11 11");
}

/* MUST-58: the ACK goes with data that is sent anyway. */
SCRIPT(rides_on_data)
{
	be_slow();
	inject("PA 1+100 1");
	expect_nothing();
	user_sends(10);
	expect("PA 1+10 101");
	quiet(RTO - 1);
}

/* MUST-59: data that waited behind a gap is delivered first, then one ACK goes for all. */
SCRIPT(one_for_all_that_waited)
{
	u32 i;

	be_established();
	for (i = 1; i < 10; i++) {
		inject("A %u+100 1", 1 + 100 * i);
		expect("A 1 1");
	}
	inject("A 1+100 1");
	expect("A 1 1001");
	ASSERT_EQ(user_reads(), 1000);
}

/* RFC 5681 section 4.2: an ACK for out-of-order data is never delayed. */
SCRIPT(out_of_order_at_once)
{
	be_slow();
	inject("A 101+100 1");
	expect("A 1 1");
	inject("A 201+100 1");
	expect("A 1 1");
}

SCRIPT(filling_a_gap_at_once)
{
	be_slow();
	inject("A 101+100 1");
	expect("A 1 1");
	inject("A 301+100 1");
	expect("A 1 1");
	inject("A 1+50 1");
	expect("A 1 51");
	inject("A 51+50 1");
	expect("A 1 201");
	inject("A 201+100 1");
	expect("A 1 401");
	ASSERT_EQ(user_reads(), 400);
}

SCRIPT(duplicate_at_once)
{
	be_slow();
	inject("A 1+100 1");
	expect_within(1, 500 * MSEC, "A 1 101");
	inject("A 1+100 1");
	expect("A 1 101");
	ASSERT_EQ(user_reads(), 100);
}

SCRIPT(fin_at_once)
{
	be_slow();
	inject("FA 1 1");
	expect("A 1 2");
}

/* An ACK is never answered: no loop. */
SCRIPT(never_an_ack_for_an_ack)
{
	be_established();
	inject("A 1 1");
	inject("A 1 1 win 100");
	inject("A 1 1 win 0");
	quiet(SEC);
}

/* --- SHLD-31: out of order, overlapping, in any way --- */

SCRIPT(overlaps_of_every_kind)
{
	be_established();
	inject("A 101+100 1");
	expect("A 1 1");
	/* The same bytes, some inside, over the left edge, over the right edge, around. */
	inject("A 101+100 1");
	expect("A 1 1");
	inject("A 120+20 1");
	expect("A 1 1");
	inject("A 51+100 1");
	expect("A 1 1");
	inject("A 151+100 1");
	expect("A 1 1");
	inject("A 31+300 1");
	expect("A 1 1");
	inject("A 1+40 1");
	expect("A 1 331");
	ASSERT_EQ(user_reads(), 330);
}

SCRIPT(fin_out_of_order)
{
	be_established();
	inject("FPA 101+100 1");
	expect("A 1 1");
	state_is(ESTABLISHED);
	inject("A 1+100 1");
	expect("A 1 202");
	state_is(CLOSE_WAIT);
	ASSERT_EQ(user_reads(), 200);
	ASSERT_EQ(user_reads(), 0);
}

SCRIPT(bare_fin_out_of_order)
{
	be_established();
	inject("FA 101 1");
	expect("A 1 1");
	inject("A 1+100 1");
	expect("A 1 102");
	state_is(CLOSE_WAIT);
	ASSERT_EQ(user_reads(), 100);
	ASSERT_EQ(user_reads(), 0);
}

/* Text beyond a FIN is dropped: text that comes after the FIN... */
SCRIPT(text_behind_a_fin_out_of_order)
{
	static const char *const behind[] = {
		"PA 202+50 1", "PA 201+51 1", "PA 210+10 1", "FPA 202+10 1", "FA 202 1",
		"FPA 101+100 1", "FA 201 1",
	};
	u32 i;

	script.syn = "mss 1460 sok";
	be_established();
	inject("FPA 101+100 1");
	expect("A 1 1 sack 101-202");
	for (i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		inject("%s", behind[i]);
		while (expect_any())
			;
	}
	/* The part of this before the FIN was there already. */
	inject("PA 151+100 1");
	expect("A 1 1 sack 151-201 101-202");
	inject("PA 1+100 1");
	expect("A 1 202");
	state_is(CLOSE_WAIT);
	ASSERT_EQ(user_reads(), 200);
	ASSERT_EQ(user_reads(), 0);
	ASSERT_EQ(count_of(ATCP_STAT_IN_UNEXPECTED), 5);
}

/* ...text that came before the FIN... */
SCRIPT(fin_before_text_out_of_order)
{
	script.syn = "mss 1460 sok";
	be_established();
	inject("PA 301+100 1");
	expect("A 1 1 sack 301-401");
	inject("PA 151+100 1");
	expect("A 1 1 sack 151-251 301-401");
	inject("FPA 101+100 1");
	expect("A 1 1 sack 151-201 101-202");
	inject("PA 1+100 1");
	expect("A 1 202");
	state_is(CLOSE_WAIT);
	ASSERT_EQ(user_reads(), 200);
	ASSERT_EQ(user_reads(), 0);
}

/* ...and text that is next in sequence and reaches over the FIN. */
SCRIPT(text_over_a_fin_out_of_order)
{
	be_established();
	inject("FA 101 1");
	expect("A 1 1");
	inject("PA 1+200 1");
	expect("A 1 102");
	state_is(CLOSE_WAIT);
	ASSERT_EQ(user_reads(), 100);
	ASSERT_EQ(user_reads(), 0);
}

/* When two FINs come, the first in sequence counts. */
SCRIPT(two_fins_out_of_order)
{
	be_established();
	inject("FPA 201+100 1");
	expect("A 1 1");
	inject("FPA 101+50 1");
	expect("A 1 1");
	inject("PA 1+100 1");
	expect("A 1 152");
	ASSERT_EQ(user_reads(), 150);
	ASSERT_EQ(user_reads(), 0);
}
