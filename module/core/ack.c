// SPDX-License-Identifier: GPL-2.0
/*
 * The ACK field in the synchronized states: RFC 9293 section 3.10.7.4, fifth;
 * RFC 5961 section 5 (which ACKs are acceptable); RFC 7323 section 4.3 (TS.Recent);
 * RFC 5681 section 2 and RFC 6675 section 2 (what a duplicate ACK is); RFC 6298 (5.2),
 * (5.3) and Karn's rule.
 *
 * One pass over each ACK, which fills a struct atcp_ack, in this order:
 *
 *   valid -> take_window -> take_sack (board.c) -> is_duplicate -> take_acked ->
 *   measure (RTT), measure_rate -> atcp_recovery_ack (recovery.c) -> window_opened
 *
 * Nothing is sent before the last two, so that both see all that the ACK has told.  What
 * else may be sent by now, arrive.c sends.
 */
#include "core/aside.h"
#include "core/ack.h"
#include "core/acking.h"
#include "core/board.h"
#include "core/close.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/mss.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/recovery.h"
#include "core/rtt.h"
#include "core/seq.h"

/*
 * One sample of the delivery rate, over the time since a->last was sent: the lower of the
 * rate at which the segments since then were sent, and of that at which they were
 * acknowledged.
 */
static void measure_rate(struct atcp_tcb *c, struct atcp_ack *a)
{
	const struct atcp_cb *last = &a->last;
	u32 n = c->delivered - last->delivered;
	u32 interval = max((u32)last->sent_at - last->first_sent,
			   (u32)c->now - last->delivered_at);
	bool limited = last->sent & ATCP_SENT_LIMITED;

	c->delivered_at = (u32)c->now;
	c->first_sent = (u32)last->sent_at;
	if (c->app_limited && seq_gt(c->delivered, c->app_limited))
		c->app_limited = 0;
	if (!interval || interval < c->min_rtt)
		return;
	a->rate_us = interval;
	/* While the program sends little, a sample below the last does not count. */
	if (limited && c->rate_interval &&
	    (u64)n * c->rate_interval < (u64)c->rate_delivered * interval)
		return;
	c->rate_delivered = n;
	c->rate_interval = interval;
	c->rate_app_limited = limited;
}

/*
 * Frees the segments that are wholly acknowledged.  a->again is true when any of them was
 * sent again.  Then no time of sending is a round-trip sample: not that segment's own
 * (Karn), nor that of a later one, which may have waited at the peer for it.
 */
static void free_acked(struct atcp_tcb *c, u32 ack, struct atcp_ack *a)
{
	struct atcp_seg *seg;
	struct atcp_cb *cb;

	while ((seg = atcp_queue_pop(c, ack))) {
		cb = atcp_seg_cb(seg);
		a->again |= cb->sent & ATCP_SENT_AGAIN;
		if (likely(!(cb->sent & ATCP_SENT_SACKED))) {
			atcp_board_arrived(c, cb, cb->end_seq, a);
			c->delivered += atcp_segments(c, cb->end_seq -
						      seq_max(cb->seq, c->snd_una));
		}
		if (unlikely(cb->sent & ATCP_SENT_TELL))
			atcp_host_acked(c, seg);
		atcp_host_free_sent(c, seg);
	}
	seg = atcp_queue_sent(c);
	if (!seg)
		return;
	cb = atcp_seg_cb(seg);
	if (seq_leq(ack, cb->seq))
		return;
	a->again |= cb->sent & ATCP_SENT_AGAIN;
	if (cb->sent & ATCP_SENT_SACKED)
		return;
	atcp_board_arrived(c, cb, ack, a);
	c->delivered += atcp_segments(c, cb->end_seq - seq_max(cb->seq, c->snd_una)) -
			atcp_segments(c, cb->end_seq - ack);
}

/*
 * Takes a round-trip sample: by our own clock where what has arrived was sent once; by the
 * echoed timestamp, to a millisecond, where it was sent again (RFC 7323 section 4).
 */
static void measure(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	u64 rtt;

	if (!a->again && a->last.sent_at && !(a->last.sent & ATCP_SENT_AGAIN)) {
		rtt = max_t(u64, atcp_arrived(c) - a->last.sent_at, 1);
	} else if (a->acked && c->ts_on) {
		rtt = atcp_rtt_by_echo(h, atcp_ts_clock(atcp_arrived(c)) + c->ts_offset,
				       c->space->conf.rto_max - ATCP_MSEC);
		if (!rtt)
			return;
	} else {
		return;
	}
	a->rtt = atcp_rtt_sample(c, rtt);
}

/*
 * The lowest ACK that is acceptable.  RFC 5961 section 5.2 allows MAX.SND.WND below
 * SND.UNA, which may be a quarter of the sequence space.  Here it is also bounded by what
 * has been acknowledged, as nothing was sent below that.  Otherwise, after a SYN with a
 * large window, a forged ACK would be acceptable without a guess at our numbers.
 */
static u32 oldest_ack(const struct atcp_tcb *c)
{
	return c->snd_una - (u32)min_t(u64, c->snd_wnd_max, c->bytes_acked);
}

static bool within(const struct atcp_sack_block *in, const struct atcp_sack_block *out)
{
	return seq_geq(in->start, out->start) && seq_leq(in->end, out->end);
}

/*
 * RFC 2883 section 4: a first block that is below the ACK, or within the second, reports data
 * that the peer had already.  A block of data that was never sent is ignored.
 */
static void take_dsack(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	const struct atcp_sack_block *b = h->sack;

	if (!seq_lt(b->start, b->end) || !seq_geq(b->start, oldest_ack(c)) ||
	    seq_gt(b->end, c->snd_nxt))
		return;
	if (!seq_leq(b->end, h->ack) && (h->nsack < 2 || !within(b, b + 1)))
		return;
	a->dsack = true;
	a->dsack_start = b->start;
	a->dsack_end = b->end;
	c->dsack_dups += atcp_segments(c, b->end - b->start);
	atcp_count(c, ATCP_STAT_DSACK_RECEIVED);
}

/*
 * True if the segment was caused by data that the peer has not reported before.  The first
 * block holds that data (RFC 2018 section 4): in an ACK for another cause it is as it was.
 * A duplicate of data that waits is in the second block as well (RFC 2883 section 4).
 */
static bool note_sack(struct atcp_tcb *c, const struct atcp_hdr *h)
{
	const struct atcp_sack_block *b = h->sack;

	if (!atcp_board_valid(c, b, h->ack) || !atcp_has_aside(c) ||
	    within(b, &c->aside->sack_first) || (h->nsack > 1 && within(b, b + 1)))
		return false;
	c->aside->sack_first = *b;
	return true;
}

/* True if the peer reports data that was sent since the last loss was detected. */
static bool sacked_beyond_recover(const struct atcp_tcb *c, const struct atcp_hdr *h)
{
	u32 i;

	for (i = 0; i < h->nsack; i++)
		if (atcp_board_valid(c, &h->sack[i], h->ack) &&
		    seq_gt(h->sack[i].end, c->recover))
			return true;
	return false;
}

/*
 * True if the segment tells that another has arrived at the peer, and not the one that is
 * next there.  Either it has a new block (RFC 6675), or it brings nothing else, neither
 * text nor another window (RFC 5681).
 */
static bool is_duplicate(const struct atcp_tcb *c, const struct atcp_ack *a, u32 len)
{
	return !a->acked && c->snd_una != c->snd_nxt && (a->block || (!len && a->same_window));
}

/* The ACK is acceptable, so that the segment is the peer's: its timestamp holds. */
static void note_good_ack(struct atcp_tcb *c, const struct atcp_hdr *h)
{
	/* RFC 7323 section 4.3: the timestamp of what spans Last.ACK.sent is echoed. */
	if (c->ts_on && (h->opts & ATCP_OPT_TS) && seq_leq(h->seq, c->last_ack_sent) &&
	    (seq_geq(h->tsval, c->ts_recent) || c->now - c->ts_recent_at > 24 * 86400 * ATCP_SEC)) {
		c->ts_recent = h->tsval;
		c->ts_recent_at = c->now;
	}
	c->last_rcv = c->now;
	c->keep_sent = 0;
}

/*
 * Takes the window that the segment offers, if it is the latest.  Where the ACK moves
 * SND.UNA it is, whatever WL1 and WL2 say of a segment that was resent or overtaken.
 * SND.WND counts from SND.UNA, and the old value would reach beyond what was offered.
 */
static void take_window(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	u32 old = c->snd_wnd, wnd = (u32)h->wnd << c->snd_wscale;

	if (!old)
		c->retries = 0;		/* the peer answers, if with no window (3.8.6.1) */
	a->same_window = wnd == old;
	if (h->flags & ATCP_SYN)	/* not scaled; arrive.c has taken it */
		return;
	if (!a->acked && !seq_lt(c->snd_wl1, h->seq) &&
	    !(c->snd_wl1 == h->seq && seq_leq(c->snd_wl2, h->ack)))
		return;
	c->snd_wnd = wnd;
	c->snd_wl1 = h->seq;
	c->snd_wl2 = h->ack;
	c->snd_wnd_max = max(c->snd_wnd_max, wnd);
	if (likely(old || !wnd))
		return;
	a->opened = true;
	c->probes = 0;
	c->retries = 0;
	c->rtx_since = 0;
	c->backoff = 0;
}

static void take_sack(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	take_dsack(c, h, a);
	if (c->rack) {
		atcp_board_take(c, h, a);
	} else {
		a->block = note_sack(c, h);
		a->beyond = sacked_beyond_recover(c, h);
	}
}

/* RFC 3522: what the ACK is for was sent before anything of this recovery was sent again. */
static bool is_delayed(const struct atcp_tcb *c, const struct atcp_hdr *h)
{
	return c->undo && c->aside->undo_sent && c->snd_una == c->aside->undo_una && c->ts_on &&
	       (h->opts & ATCP_OPT_TS) && h->tsecr && seq_lt(h->tsecr, c->aside->resent_ts);
}

/* Takes what the ACK field acknowledges out of the queue. */
static void take_acked(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	atcp_mtup_acked(c, h->ack);
	free_acked(c, h->ack, a);
	atcp_queue_advance(c, h->ack);
	c->fin_lost &= c->snd_una != c->snd_nxt;
	c->bytes_acked += a->acked;
	if (seq_lt(c->snd_up, c->snd_una))
		c->snd_up = c->snd_una;
	/* It keeps up, or a wrap puts it ahead. */
	if (c->aside && seq_lt(c->aside->sack_first.end, c->snd_una))
		c->aside->sack_first.end = c->snd_una;
}

/* The ACK tells of data that has arrived. */
static void advance(struct atcp_tcb *c, const struct atcp_hdr *h, u32 delivered,
		    struct atcp_ack *a)
{
	if (a->acked) {
		a->delayed = is_delayed(c, h);
		take_acked(c, h, a);
	}
	measure(c, h, a);
	if (c->delivered != delivered && a->last.sent_at)
		measure_rate(c, a);	/* after min_rtt has taken this sample in */
	if (a->acked)
		atcp_progress(c);
}

/* The window was closed and has opened: probes end, and what a probe has lost goes again. */
static void window_opened(struct atcp_tcb *c)
{
	if (c->snd_una == c->snd_nxt) {
		atcp_stop_timer(c, ATCP_T_REXMT);
	} else {
		atcp_resend_first(c);
		atcp_arm_rexmt(c);
	}
}

/* True if the ACK is acceptable: RFC 5961 section 5.2. */
static bool valid(struct atcp_tcb *c, const struct atcp_hdr *h, enum atcp_drop *why)
{
	if (seq_gt(h->ack, c->snd_nxt))
		*why = ATCP_DROP_BAD_ACK;
	else if (seq_lt(h->ack, c->snd_una) && seq_lt(h->ack, oldest_ack(c)))
		*why = ATCP_DROP_OLD_ACK;
	else
		return true;
	atcp_send_challenge(c);
	return false;
}

bool atcp_ack_arrived(struct atcp_tcb *c, const struct atcp_hdr *h, u32 len,
		      enum atcp_drop *why)
{
	struct atcp_ack a = { .prior_sacked = c->sacked, .prior_fack = c->fack };
	u32 delivered = c->delivered;

	if (!valid(c, h, why))
		return false;
	note_good_ack(c, h);
	if (seq_lt(h->ack, c->snd_una))
		return true;		/* the ACK is old; the text may still be new */

	a.acked = h->ack - c->snd_una;
	take_window(c, h, &a);
	if (unlikely(h->opts & ATCP_OPT_SACK && h->nsack && c->sack_on))
		take_sack(c, h, &a);
	a.duplicate = is_duplicate(c, &a, len);
	if (a.acked || unlikely(a.sacked))
		advance(c, h, delivered, &a);
	atcp_recovery_ack(c, &a);
	/* Whatever has enlarged it: growth, an undo, recovery. */
	if (unlikely(c->cwnd_max))
		c->cc.cwnd = min(c->cc.cwnd, atcp_cwnd_most(c));
	if (unlikely(a.opened))
		window_opened(c);

	if (a.acked && atcp_fin_sent(c) && c->snd_una == c->write_seq)
		return atcp_fin_acked(c);
	return true;
}
