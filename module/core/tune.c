// SPDX-License-Identifier: GPL-2.0
/*
 * The sizes of the buffers: dynamic right-sizing, as the kernel's TCP has it
 * (tcp_rcv_space_adjust(), tcp_sndbuf_expand()).  The core says how much a connection
 * could use; the host turns it into memory, and knows the limits of its owner.
 *
 *   a segment arrives -> atcp_tune_echo, atcp_tune_text:  the receiver's round trip
 *   the program reads -> atcp_tune_read  -> atcp_host_want_rcv
 *   it waits for room -> atcp_tune_snd   -> atcp_host_want_snd
 *
 * The round trip must be the receiver's own.  One who only receives has sent nothing since
 * the handshake that could be timed; after a SYN cookie, or a SYN-ACK that was lost, not
 * even that.  There are two ways to know it:
 *
 *   by echo      the peer's segment carries the timestamp of our ACK that let it go; later
 *                than that if the peer had nothing to send, so that the least counts more
 *   by window    what lies beyond the window that was offered at one moment can only have
 *                been sent after a later ACK has arrived: a round trip has passed at least
 */
#include "core/congestion.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/ooo.h"
#include "core/rtt.h"
#include "core/seq.h"
#include "core/tune.h"
#include "core/window.h"

#define WINDOW_MAX	(65535u << ATCP_WSCALE_MAX)
#define FIRST_SEGMENTS	10u	/* what a peer sends before it has heard of us, RFC 6928 */

/*
 * A sample of @us microseconds.  A smaller one is taken as it is.  A larger one counts an
 * eighth, but only if it is @exact, and nothing waits for a program that reads slowly: that
 * would hold the peer up, and the sample would include it.
 */
static void sample(struct atcp_tcb *c, u64 us, bool exact)
{
	u32 eighths;

	if (us > c->space->conf.rto_max)
		return;
	us = max_t(u64, us, 1);
	eighths = min_t(u64, us * 8, ~0u);
	if (!c->rcv_rtt || eighths < c->rcv_rtt)
		c->rcv_rtt = eighths;
	else if (exact && c->rcv_nxt == c->copied_seq)
		c->rcv_rtt += eighths / 8 - c->rcv_rtt / 8;
}

void atcp_tune_echo(struct atcp_tcb *c, const struct atcp_hdr *h, bool full)
{
	u32 clock = atcp_ts_clock(atcp_arrived(c)) + c->ts_offset;
	u32 us;

	if (h->tsecr == c->rcv_tsecr)
		return;			/* one sample for each of our timestamps */
	c->rcv_tsecr = h->tsecr;
	/* Below a millisecond this clock knows nothing, and a window's time is better. */
	if (!full || h->tsecr == clock)
		return;
	us = atcp_rtt_by_echo(h, clock, c->space->conf.rto_max);
	if (us)
		sample(c, us, true);
}

void atcp_tune_text(struct atcp_tcb *c)
{
	if (likely(c->rcv_rtt_at && seq_leq(c->rcv_nxt, c->rcv_rtt_seq)))
		return;
	if (c->rcv_rtt_at)
		sample(c, atcp_arrived(c) - c->rcv_rtt_at, false);
	c->rcv_rtt_seq = atcp_rcv_edge(c);
	c->rcv_rtt_at = atcp_arrived(c);
}

void atcp_tune_start(struct atcp_tcb *c)
{
	c->copied_seq = c->rcv_nxt;
	c->tune_seq = c->rcv_nxt;
	c->tune_at = c->now;
	c->tune_space = max(min(c->rcv_wnd, FIRST_SEGMENTS * c->adv_mss), 1u);
	atcp_tune_snd(c);
}

/*
 * The window should be twice what is read in a round trip, as each measure is a round trip
 * late.  While that grows it should be larger still, so that a peer in slow start can double
 * it again.  What waits behind a gap takes room besides.
 */
static void want(struct atcp_tcb *c, u32 copied)
{
	/* By how many sixteenths it has grown: this needs no division of 64 bits. */
	u32 grown = min((copied - c->tune_space) / (c->tune_space / 16 + 1), 1024u);
	u64 window = 2ULL * copied + 16 * c->adv_mss;
	struct atcp_seg *last = atcp_ooo_last(c);

	window += window * grown / 8;
	if (last)
		window += atcp_seg_cb(last)->end_seq - c->rcv_nxt;
	c->tune_space = copied;
	if (window > atcp_host_rcv_limit(c))
		atcp_host_want_rcv(c, min_t(u64, window, WINDOW_MAX));
}

void atcp_tune_read(struct atcp_tcb *c)
{
	u32 copied = c->copied_seq - c->tune_seq;
	u32 waiting = c->rcv_nxt - c->copied_seq;

	if (!c->rcv_rtt || c->now - c->tune_at < c->rcv_rtt / 8)
		return;
	/* A program that leaves as much in the buffer as it reads needs no larger one. */
	if (copied > waiting && copied - waiting > c->tune_space)
		want(c, copied - waiting);
	c->tune_seq = c->copied_seq;
	c->tune_at = c->now;
}

void atcp_tune_snd(struct atcp_tcb *c)
{
	/* A larger buffer helps only while cwnd is not the limit. */
	if (atcp_flight(c) < c->cc.cwnd)
		atcp_host_want_snd(c, 2ULL * max(c->cc.cwnd, FIRST_SEGMENTS * c->mss));
}
