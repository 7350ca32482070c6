// SPDX-License-Identifier: GPL-2.0
/*
 * How much is sent in recovery: proportional rate reduction (RFC 9937), limited transmit
 * (RFC 3042) as arithmetic of what is in flight.
 */
#include "loss.h"

/* RFC 3042: a new segment for each of the first that are reported, and cwnd stays. */
SCRIPT(limited_transmit)
{
	loss_sending(50);
	pipe_is(10000);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	sent(10001, 1);
	pipe_is(10000);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	inject("A 1 1 sack 1001-3001");
	sent(11001, 1);
	pipe_is(10000);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	ASSERT_EQ(tcb()->sacked, 2000);
}

/* Not beyond the peer's window. */
SCRIPT(limited_transmit_in_a_full_window)
{
	script.wnd = 10000;
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	inject("A 1 1 sack 1001-3001");
	expect_nothing();
	pipe_is(8000);
}

/*
 * The example of RFC 9937 section 8: 20 segments, of which the first is lost, an ACK for each
 * of the others.  N: a new segment, R: the one that was lost.  cwnd and what is in flight after
 * the ACK are in bytes, as the RFC's formula is: half a segment waits for the next ACK, where
 * the RFC's table rounds it up.
 */
SCRIPT(table)
{
	static const struct { u32 cwnd, flight; char sent; } ack[] = {
		{ 20000, 20000, 'N' }, { 20000, 20000, 'N' },	/* 1 and 2 */
		{ 19000, 19000, 'R' }, { 18000, 18000, '-' },
		{ 17500, 17000, '-' }, { 17000, 17000, 'N' },
		{ 16500, 16000, '-' }, { 16000, 16000, 'N' },
		{ 15500, 15000, '-' }, { 15000, 15000, 'N' },
		{ 14500, 14000, '-' }, { 14000, 14000, 'N' },
		{ 13500, 13000, '-' }, { 13000, 13000, 'N' },
		{ 12500, 12000, '-' }, { 12000, 12000, 'N' },
		{ 11500, 11000, '-' }, { 10000, 10000, '-' },
		{ 10000, 10000, 'N' },
	};
	u32 i, next = 20001;

	loss_ready();
	tcb()->cc.cwnd = 20000;
	tcb()->cc.ssthresh = 20000;
	user_sends(60000);
	sent(1, 20);
	quiet(TRIP);
	for (i = 0; i < sizeof(ack) / sizeof(ack[0]); i++) {
		inject("A 1 1 sack 1001-%u", 2001 + 1000 * i);
		if (ack[i].sent == 'R') {
			sent(1, 1);
			ASSERT_EQ(tcb()->cc.ssthresh, 10000);
		} else if (ack[i].sent == 'N') {
			sent(next, 1);
			next += 1000;
		}
		expect_nothing();
		CHECK(tcb()->cc.cwnd == ack[i].cwnd && atcp_flight(tcb()) == ack[i].flight,
		      "ACK %u: cwnd %u, %u in flight; expected %u, %u", i + 1, tcb()->cc.cwnd,
		      atcp_flight(tcb()), ack[i].cwnd, ack[i].flight);
		quiet(10);
	}
	/* All of it: recovery ends where it should, at ssthresh. */
	quiet(TRIP);
	inject("A 1 %u", next);
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	recovery_is(OPEN);
	sent(next, 10);
}

/* Where more is lost than the reduction would take: back to ssthresh, by a segment an ACK. */
static void be_below_ssthresh(void)
{
	loss_ready();
	tcb()->cc.cwnd = 20000;
	tcb()->cc.ssthresh = 20000;
	user_sends(60000);
	sent(1, 20);
	quiet(TRIP);
	/* 15 of 20: as many go as have arrived. */
	inject("A 1 1 sack 15001-18001");
	sent(1, 3);
	ASSERT_EQ(tcb()->cc.ssthresh, 10000);
	pipe_is(20000 - 15000 - 3000 + 3000);
}

/* An ACK that moves SND.UNA and tells of no loss lets a segment more out (safe). */
SCRIPT(safe_ack)
{
	be_below_ssthresh();
	quiet(TRIP);
	inject("A 1 1001 sack 15001-20001");
	/* The three that it tells of, and one. */
	ASSERT_EQ(loss_drain(), 4);
	pipe_is(6000);
}

/* One that does not move it keeps to what has arrived (conservative). */
SCRIPT(conservative)
{
	be_below_ssthresh();
	inject("A 1 1 sack 15001-20001");
	ASSERT_EQ(loss_drain(), 2);
	pipe_is(5000);
}

/* At the end cwnd is ssthresh, though less was in flight. */
SCRIPT(cwnd_at_the_end)
{
	be_below_ssthresh();
	quiet(TRIP);
	inject("A 1 20001");
	ASSERT_EQ(tcb()->cc.cwnd, 10000);
	recovery_is(OPEN);
	loss_drain();
}

/* What is in flight does not pass ssthresh. */
SCRIPT(ssthresh_is_the_bound)
{
	u32 i;

	be_below_ssthresh();
	for (i = 1; i <= 12; i++) {
		quiet(TRIP / 12);
		inject("A 1 %u sack 15001-18001", 1 + 1000 * i);
		loss_drain();
		ASSERT_LE(atcp_flight(tcb()), 10000);
	}
	ASSERT_GE(atcp_flight(tcb()), 9000);
	recovery_is(FAST);
}

/* ACKs of ten bytes each let out no more than one of all of them. */
SCRIPT(ack_division)
{
	u32 i, n = 0;

	loss_ready();
	tcb()->cc.cwnd = 20000;
	tcb()->cc.ssthresh = 20000;
	user_sends(60000);
	sent(1, 20);
	quiet(TRIP);
	inject("A 1 1 sack 1001-4001");
	sent(1, 1);
	for (i = 1; i <= 100; i++) {
		inject("A 1 %u sack 1001-4001", 1 + 10 * i);
		n += loss_drain();
	}
	SAY("prr_ack_division: %u segments for 100 ACKs of 1000 bytes\n", n);
	ASSERT_LE(n, 1);
	ASSERT_GE(atcp_flight(tcb()), 10000);
}

/* Nor do blocks that grow by ten bytes; nor the same ones again and again. */
SCRIPT(sack_division)
{
	u32 i, n = 0;

	loss_ready();
	tcb()->cc.cwnd = 20000;
	tcb()->cc.ssthresh = 20000;
	user_sends(60000);
	sent(1, 20);
	quiet(TRIP);
	inject("A 1 1 sack 1001-4001");
	sent(1, 1);
	for (i = 1; i <= 100; i++) {
		inject("A 1 1 sack 1001-%u", 4001 + 10 * i);
		n += loss_drain();
		inject("A 1 1 sack 1001-%u", 4001 + 10 * i);
		n += loss_drain();
	}
	SAY("prr_sack_division: %u segments for 200 ACKs of 1000 bytes\n", n);
	ASSERT_LE(n, 1);
}

/* --- ACKs of what has not arrived --- */

/* SACK blocks of what was never sent, or empty, or reversed, tell nothing. */
SCRIPT(optimistic_sack)
{
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 10001-11001");
	inject("A 1 1 sack 9001-11001 20001-40001");
	inject("A 1 1 sack 5001-5001 8001-6001");
	expect_nothing();
	ASSERT_EQ(tcb()->sacked, 0);
	recovery_is(OPEN);
}

/* What is acknowledged before it can have arrived opens no more than a window a round trip. */
SCRIPT(optimistic_acks)
{
	u32 i, n = 0;

	loss_sending(100);
	tcb()->cc.ssthresh = 10000;
	for (i = 1; i <= 10; i++) {
		inject("A 1 %u", 1 + 1000 * i);
		n += loss_drain();
	}
	ASSERT_LE(n, 11);
	ASSERT_LE(tcb()->cc.cwnd, 11000);
	/* And what was not sent is not acknowledged. */
	inject("A 1 60001");
	expect("A %u 1", 1 + 10000 + 1000 * n);
	ASSERT_EQ(tcb()->snd_una - script.iss, 10001);
}
