// SPDX-License-Identifier: GPL-2.0
/*
 * The blocks that acknowledgments report: RFC 2018 section 4, RFC 2883 section 4.
 */
#include "script.h"

/* --- SACK blocks: RFC 2018 --- */

static void be_sacking(bool ts)
{
	script.syn = ts ? "mss 1460 sok ts 5000 0" : "mss 1460 sok";
	be_established();
	script.ts = ts;
}

SCRIPT(newest_first)
{
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+100 1");
	expect("A 1 1 sack 301-401 101-201");
	inject("A 501+100 1");
	expect("A 1 1 sack 501-601 301-401 101-201");
	/* The block that grows is the newest. */
	inject("A 401+10 1");
	expect("A 1 1 sack 301-411 501-601 101-201");
}

SCRIPT(merges)
{
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+100 1");
	expect("A 1 1 sack 301-401 101-201");
	inject("A 201+100 1");
	expect("A 1 1 sack 101-401");
}

/* The first block holds the segment that caused the ACK, even a duplicate. */
SCRIPT(of_a_duplicate)
{
	script.conf->dsack = false;
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+100 1");
	expect("A 1 1 sack 301-401 101-201");
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201 301-401");
	inject("A 350+10 1");
	expect("A 1 1 sack 301-401 101-201");
}

SCRIPT(goes_as_the_gap_closes)
{
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+100 1");
	expect("A 1 1 sack 301-401 101-201");
	inject("A 1+100 1");
	expect("A 1 201 sack 301-401");
	inject("A 201+100 1");
	expect("A 1 401");
	inject("A 401+100 1");
	expect("A 1 501");
}

SCRIPT(at_most_4_blocks)
{
	be_sacking(false);
	inject("A 101+10 1");
	expect("A 1 1 sack 101-111");
	inject("A 201+10 1");
	expect("A 1 1 sack 201-211 101-111");
	inject("A 301+10 1");
	expect("A 1 1 sack 301-311 201-211 101-111");
	inject("A 401+10 1");
	expect("A 1 1 sack 401-411 301-311 201-211 101-111");
	inject("A 501+10 1");
	expect("A 1 1 sack 501-511 401-411 301-311 201-211");
	ASSERT_LE(script.last_hlen, 60);
}

/*
 * RFC 2018 section 4: the first block is all that is held around the arrival, also where
 * that had fallen off the list.
 */
SCRIPT(of_a_whole_block)
{
	script.conf->dsack = false;
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+10 1");
	expect("A 1 1 sack 301-311 101-201");
	inject("A 401+10 1");
	expect("A 1 1 sack 401-411 301-311 101-201");
	inject("A 501+10 1");
	expect("A 1 1 sack 501-511 401-411 301-311 101-201");
	inject("A 601+10 1");
	expect("A 1 1 sack 601-611 501-511 401-411 301-311");
	inject("A 201+10 1");
	expect("A 1 1 sack 101-211 601-611 501-511 401-411");
	inject("A 291+10 1");
	expect("A 1 1 sack 291-311 101-211 601-611 501-511");
	/* A duplicate of the middle of a block. */
	inject("A 701+10 1");
	expect("A 1 1 sack 701-711 291-311 101-211 601-611");
	inject("A 801+10 1");
	expect("A 1 1 sack 801-811 701-711 291-311 101-211");
	inject("A 505+2 1");
	expect("A 1 1 sack 501-511 801-811 701-711 291-311");
	inject("A 201+10 1");
	expect("A 1 1 sack 101-211 501-511 801-811 701-711");
	/* The gap between two such closes. */
	inject("A 611+90 1");
	expect("A 1 1 sack 601-711 101-211 501-511 801-811");
}

/* Many segments, in a block that had fallen off the list. */
SCRIPT(of_a_long_block)
{
	u32 i;

	be_sacking(false);
	for (i = 0; i < 100; i++) {
		inject("A %u+10 1", 1001 + 10 * i);
		expect("A 1 1 sack 1001-%u", 1011 + 10 * i);
	}
	for (i = 0; i < 4; i++) {
		inject("A %u+10 1", 3001 + 100 * i);
		expect_any();
	}
	inject("A 1505+3 1");
	expect("A 1 1 sack 1505-1508 1001-2001 3301-3311 3201-3211");
}

/* And as many blocks as there is room for: one that had fallen off comes back. */
SCRIPT(of_all_there_are)
{
	be_sacking(false);
	inject("A 501+10 1");
	expect("A 1 1 sack 501-511");
	inject("A 401+10 1");
	expect("A 1 1 sack 401-411 501-511");
	inject("A 301+10 1");
	expect("A 1 1 sack 301-311 401-411 501-511");
	inject("A 201+10 1");
	expect("A 1 1 sack 201-211 301-311 401-411 501-511");
	inject("A 101+10 1");
	expect("A 1 1 sack 101-111 201-211 301-311 401-411");
	inject("A 1+100 1");
	expect("A 1 111 sack 201-211 301-311 401-411 501-511");
	inject("A 111+90 1");
	expect("A 1 211 sack 301-311 401-411 501-511");
}

SCRIPT(at_most_3_blocks_with_timestamps)
{
	be_sacking(true);
	inject("A 101+10 1");
	expect("A 1 1 sack 101-111");
	inject("A 201+10 1");
	expect("A 1 1 sack 201-211 101-111");
	inject("A 301+10 1");
	expect("A 1 1 sack 301-311 201-211 101-111");
	inject("A 401+10 1");
	expect("A 1 1 sack 401-411 301-311 201-211");
	ASSERT_LE(script.last_hlen, 60);
}

/* The same beside timestamps, where three fit. */
SCRIPT(of_all_there_are_with_timestamps)
{
	u32 i;

	be_sacking(true);
	for (i = 5; i; i--) {
		inject("A %u+10 1", 1 + 100 * i);
		expect_any();
	}
	inject("A 150+10 1");
	expect("A 1 1 sack 150-160 101-111 201-211");
	inject("A 1+100 1");
	expect("A 1 111 sack 150-160 201-211 301-311");
	inject("A 111+39 1");
	expect("A 1 160 sack 201-211 301-311 401-411");
	inject("A 160+41 1");
	expect("A 1 211 sack 301-311 401-411 501-511");
}

/* A segment joins two blocks, also where it overlaps both. */
SCRIPT(merges_what_it_overlaps)
{
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+100 1");
	expect("A 1 1 sack 301-401 101-201");
	inject("A 501+100 1");
	expect("A 1 1 sack 501-601 301-401 101-201");
	inject("A 151+200 1");
	expect("A 1 1 sack 151-201 101-401 501-601");
	inject("A 701+10 1");
	expect("A 1 1 sack 701-711 101-401 501-601");
	inject("A 801+10 1");
	expect("A 1 1 sack 801-811 701-711 101-401 501-601");
	inject("A 901+10 1");
	expect("A 1 1 sack 901-911 801-811 701-711 101-401");
	/* The second of these has fallen off the list. */
	inject("A 391+120 1");
	expect("A 1 1 sack 391-401 101-601 901-911 801-811");
}

/* What is next in sequence takes the room of what waits: that is reported no more. */
SCRIPT(room_for_what_is_next)
{
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	inject("A 301+100 1");
	expect("A 1 1 sack 301-401 101-201");
	sim_host(0)->fault.nth = 1;
	inject("A 1+50 1");
	expect("A 1 51 sack 101-201");
	ASSERT_EQ(user_reads(), 50);
	inject("A 51+50 1");
	expect("A 1 201");
}

/* Data segments carry as many blocks as there is room for. */
SCRIPT(on_data)
{
	be_sacking(false);
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	user_sends(10);
	expect("PA 1+10 1 sack 101-201");
}

SCRIPT(none_unless_permitted)
{
	be_established();
	inject("A 101+100 1");
	expect("A 1 1 noopt");
}

SCRIPT(permitted_only_when_offered)
{
	be_listen();
	inject("S 0 mss 1460");
	expect("SA 0 1 mss 1460 noopt");
}

/* --- D-SACK: RFC 2883 section 4 --- */

/* The peer's first @n bytes have come. */
static void be_sacking_from(u32 n, bool ts)
{
	be_sacking(ts);
	inject("A 1+%u 1", n - 1);
	expect("A 1 %u", n);
	ASSERT_EQ(user_reads(), n - 1);
}

static void sent_dsacks(u32 old, u32 waiting)
{
	ASSERT_EQ(count_of(ATCP_STAT_DSACK_OLD_SENT), old);
	ASSERT_EQ(count_of(ATCP_STAT_DSACK_OFO_SENT), waiting);
}

/* Section 4.1: the ACKs were lost, and a segment comes again. */
SCRIPT(dsack_of_what_was_delivered)
{
	be_sacking_from(3000, false);
	inject("A 3000+500 1");
	expect("A 1 3500");
	inject("A 3500+500 1");
	expect("A 1 4000");
	sent_dsacks(0, 0);
	inject("A 3000+500 1");
	expect("A 1 4000 sack 3000-3500");
	sent_dsacks(1, 0);
}

/* The same while another waits behind a gap, which is in the second block. */
SCRIPT(dsack_beside_a_gap)
{
	be_sacking_from(3000, false);
	inject("A 3000+500 1");
	expect("A 1 3500");
	inject("A 4000+500 1");
	expect("A 1 3500 sack 4000-4500");
	inject("A 3000+500 1");
	expect("A 1 3500 sack 3000-3500 4000-4500");
	sent_dsacks(1, 0);
}

/* What waits comes again: the second block is the whole of what it is a part of. */
SCRIPT(dsack_of_ooo_duplicate)
{
	be_sacking_from(4000, false);
	inject("A 4500+500 1");
	expect("A 1 4000 sack 4500-5000");
	inject("A 5000+500 1");
	expect("A 1 4000 sack 4500-5500");
	inject("A 7000+500 1");
	expect("A 1 4000 sack 7000-7500 4500-5500");
	inject("A 5000+500 1");
	expect("A 1 4000 sack 5000-5500 4500-5500 7000-7500");
	sent_dsacks(0, 1);
	inject("A 7000+500 1");
	expect("A 1 4000 sack 7000-7500 7000-7500 4500-5500");
	sent_dsacks(0, 2);
}

/* The second block also where that has fallen off the list. */
SCRIPT(dsack_of_a_forgotten_block)
{
	u32 i;

	be_sacking_from(100, false);
	for (i = 0; i < 6; i++) {
		inject("A %u+50 1", 201 + 100 * i);
		expect_any();
	}
	inject("A 210+20 1");
	expect("A 1 100 sack 210-230 201-251 701-751 601-651");
}

/* The gap fills and the segment that was late comes as well: each of both is told. */
SCRIPT(dsack_of_a_delayed_original)
{
	be_sacking_from(1000, false);
	inject("A 1500+500 1");
	expect("A 1 1000 sack 1500-2000");
	inject("A 2000+500 1");
	expect("A 1 1000 sack 1500-2500");
	inject("A 1000+500 1");
	expect("A 1 2500");
	inject("A 1000+500 1");
	expect("A 1 2500 sack 1000-1500");
}

/* Section 4.2: a part of the segment came before, the rest is new... */
SCRIPT(dsack_partial_overlap)
{
	script.opt.no_quick = true;
	be_sacking(false);
	inject("A 1+1000 1");
	expect_within(1, SEC, "A 1 1001");
	inject("A 501+1000 1");
	expect("A 1 1501 sack 501-1001");
	ASSERT_EQ(user_reads(), 1500);
	/* ...in front of what waits, over its front... */
	inject("A 2001+500 1");
	expect("A 1 1501 sack 2001-2501");
	inject("A 1801+300 1");
	expect("A 1 1501 sack 2001-2101 1801-2501");
	/* ...over its end... */
	inject("A 2401+200 1");
	expect("A 1 1501 sack 2401-2501 1801-2601");
	/* ...and over all of it. */
	inject("A 1701+1000 1");
	expect("A 1 1501 sack 1801-2601 1701-2701");
	sent_dsacks(1, 3);
	/* It fills the gap, and reaches over what waits, or into it. */
	inject("A 1501+300 1");
	expect("A 1 2701 sack 1701-1801");
	inject("A 3001+100 1");
	expect("A 1 2701 sack 3001-3101");
	inject("A 2701+500 1");
	expect("A 1 3201 sack 3001-3101");
	sent_dsacks(3, 3);
	ASSERT_EQ(user_reads(), 1700);
}

/* Several parts with gaps between them: the lowest is told, be it acknowledged... */
SCRIPT(dsack_of_the_first_part)
{
	be_sacking_from(1000, false);
	inject("A 1500+500 1");
	expect("A 1 1000 sack 1500-2000");
	inject("A 500+1500 1");
	expect("A 1 2000 sack 500-1000");
	/* ...or not.  What is in one piece is told in one piece. */
	inject("A 2500+500 1");
	expect("A 1 2000 sack 2500-3000");
	inject("A 3500+500 1");
	expect("A 1 2000 sack 3500-4000 2500-3000");
	inject("A 2500+1500 1");
	expect("A 1 2000 sack 2500-3000 2500-4000");
	inject("A 2400+1700 1");
	expect("A 1 2000 sack 2500-4000 2400-4100");
	sent_dsacks(1, 2);
}

/* Segments of which the host makes no one buffer are told as one. */
SCRIPT(dsack_over_several_segments)
{
	u32 i;

	be_sacking_from(1000, false);
	for (i = 8; i; i--) {
		inject("A %u+10 1", 2000 + 10 * i);
		expect_any();
	}
	inject("A 2000+100 1");
	expect("A 1 1000 sack 2010-2090 2000-2100");
	for (i = 8; i; i--) {
		inject("A %u+10 1", 2990 + 10 * i);
		expect_any();
	}
	inject("A 1000+2500 1");
	expect("A 1 3500 sack 2000-2100");
	ASSERT_EQ(user_reads(), 2500);
}

/* Each is told once: not again, neither with the next ACK nor with data. */
SCRIPT(dsack_once)
{
	be_sacking_from(1000, false);
	inject("A 500+500 1");
	expect("A 1 1000 sack 500-1000");
	user_sends(10);
	expect("PA 1+10 1000 noopt");
	inject("A 1000+100 11");
	expect_within(1, SEC, "A 11 1100 noopt");
	inject("A 1200+100 11");
	expect("A 11 1100 sack 1200-1300");
	inject("A 1200+100 11");
	expect("A 11 1100 sack 1200-1300 1200-1300");
	inject("A 1400+100 11");
	expect("A 11 1100 sack 1400-1500 1200-1300");
	sent_dsacks(1, 1);
}

/* An answer that memory failed for: its block is of the latest segment, or of none. */
SCRIPT(dsack_is_of_the_latest)
{
	script.opt.no_quick = true;
	be_sacking(false);
	inject("A 1+999 1");
	expect_within(1, SEC, "A 1 1000");
	sim_host(0)->fault.nth = 2;	/* the first is for memory to note it */
	inject("A 500+500 1");
	expect_within(1, SEC, "A 1 1000 sack 500-1000");
	sim_host(0)->fault.nth = 1;
	inject("A 500+500 1");
	inject("A 1000+100 1");
	expect_within(1, SEC, "A 1 1100 noopt");
}

/* What is beyond the window, and cut off, is no duplicate; nor is what it is cut for. */
SCRIPT(dsack_at_the_window_edge)
{
	u32 edge;

	script.opt.rcvbuf = 8192;
	be_sacking(false);
	inject("A 1+100 1");
	expect("A 1 101");
	edge = 101 + script.last_win;
	inject("A %u+200 1", edge - 200);
	expect("A 1 101 sack %u-%u", edge - 200, edge);
	inject("A %u+200 1", edge - 100);
	expect("A 1 101 sack %u-%u %u-%u", edge - 100, edge, edge - 200, edge);
	inject("A %u+100 1", edge);
	expect("A 1 101 sack %u-%u", edge - 200, edge);
	sent_dsacks(0, 1);
}

/* A closed window takes no text, but what came before is still told. */
SCRIPT(dsack_with_a_closed_window)
{
	script.opt.rcvbuf = 4000;
	be_sacking(false);
	inject("A 1+4000 1");
	expect("A 1 4001 win 0");
	inject("A 3951+100 1");
	expect("A 1 4001 win 0 sack 3951-4001");
}

/* A FIN is a number of its own. */
SCRIPT(dsack_of_a_fin)
{
	be_sacking_from(100, false);
	inject("FA 201 1");
	expect("A 1 100 sack 201-202");
	inject("FA 201 1");
	expect("A 1 100 sack 201-202 201-202");
	inject("FPA 151+50 1");
	expect("A 1 100 sack 201-202 151-202");
	inject("FPA 151+50 1");
	expect("A 1 100 sack 151-202 151-202");
	inject("PA 100+51 1");
	expect("A 1 202");
	state_is(CLOSE_WAIT);
	inject("FA 201 1");
	expect("A 1 202 sack 201-202");
}

/* Beside timestamps there is room for three blocks. */
SCRIPT(dsack_with_timestamps)
{
	u32 i;

	be_sacking_from(100, true);
	for (i = 0; i < 4; i++) {
		inject("A %u+50 1", 201 + 100 * i);
		expect_any();
	}
	inject("A 401+50 1");
	expect("A 1 100 sack 401-451 401-451 501-551");
	inject("A 50+50 1");
	expect("A 1 100 sack 50-100 401-451 501-551");
	ASSERT_LE(script.last_hlen, 60);
}

/* Full segments that wait have no room for it: it goes before them. */
SCRIPT(dsack_goes_before_data)
{
	be_sacking_from(1000, false);
	user_sends(1460 * 20);
	while (expect_any())
		;
	inject("A 500+500 1461");
	expect("A 14601 1000 sack 500-1000");
	while (expect_any())
		;
	sent_dsacks(1, 0);
}

/* PAWS drops a segment that was overtaken by its retransmission: that is a duplicate, too. */
SCRIPT(dsack_of_an_old_timestamp)
{
	be_sacking_from(1000, true);
	inject("A 1000+100 1 ts 5100 0");
	expect("A 1 1100");
	inject("A 1000+100 1 ts 5050 0");
	expect("A 1 1100 sack 1000-1100");
}

/* What the peer cannot have sent is answered by the interval, and not told. */
SCRIPT(dsack_not_of_what_was_never_sent)
{
	be_sacking_from(1000, false);
	inject("A 3000000000+100 1");
	expect("A 1 1000 noopt");
	inject("A 3000000000+100 1");
	expect_nothing();
	inject("A 1000+100 1");
	expect("A 1 1100 noopt");
	sent_dsacks(0, 0);
}

SCRIPT(dsack_switched_off)
{
	script.conf->dsack = false;
	script.opt.no_quick = true;
	be_sacking(false);
	inject("A 1+1000 1");
	expect_within(1, SEC, "A 1 1001");
	inject("A 1+1000 1");
	expect("A 1 1001 noopt");
	inject("A 501+1000 1");
	expect_within(1, SEC, "A 1 1501 noopt");
	inject("A 2001+100 1");
	expect("A 1 1501 sack 2001-2101");
	inject("A 2001+100 1");
	expect("A 1 1501 sack 2001-2101");
	sent_dsacks(0, 0);
}

SCRIPT(dsack_needs_sack)
{
	be_established();
	inject("A 1+1000 1");
	expect("A 1 1001");
	inject("A 1+1000 1");
	expect("A 1 1001 noopt");
	sent_dsacks(0, 0);
}
