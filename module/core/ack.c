// SPDX-License-Identifier: GPL-2.0
/*
 * The ACK field in the synchronized states: RFC 9293 section 3.10.7.4, fifth;
 * RFC 5961 section 5 (which ACKs are acceptable); RFC 7323 section 4.3 (TS.Recent);
 * RFC 5681 section 2 and RFC 6675 section 2 (what a duplicate ACK is); RFC 6298 (5.2),
 * (5.3) and Karn's rule.
 *
 * One pass over each ACK, which fills a struct atcp_ack, in this order:
 *
 *   valid -> take_window -> take_sack -> is_duplicate -> take_acked -> measure (RTT),
 *   measure_rate -> atcp_recovery_ack (recovery.c) -> window_opened
 *
 * Nothing is sent before the last two, so that both see all that the ACK has told.  What
 * else may be sent by now, arrive.c sends.
 */
#include "core/ack.h"
#include "core/acking.h"
#include "core/close.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/recovery.h"
#include "core/rtt.h"
#include "core/seq.h"

static u32 segments(const struct atcp_tcb *c, u32 len)
{
	return len <= c->mss ? 1 : (len + c->mss - 1) / c->mss;
}

/*
 * One sample of the delivery rate, over the time since @last was sent: the lower of the
 * rate at which the segments since then were sent, and of that at which they were
 * acknowledged.
 */
static void measure_rate(struct atcp_tcb *c, const struct atcp_cb *last)
{
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
	/* While the program sends little, a sample below the last does not count. */
	if (limited && c->rate_interval &&
	    (u64)n * c->rate_interval < (u64)c->rate_delivered * interval)
		return;
	c->rate_delivered = n;
	c->rate_interval = interval;
	c->rate_app_limited = limited;
}

/*
 * Frees the segments that are wholly acknowledged.  Leaves in @last a copy of the control
 * block of the last that is acknowledged, be it in part.  Returns true when any of them
 * was sent again.  Then no time of sending is a round-trip sample: not that segment's own
 * (Karn), nor that of a later one, which may have waited at the peer for it.
 */
static bool free_acked(struct atcp_tcb *c, u32 ack, struct atcp_cb *last)
{
	struct atcp_seg *seg;
	struct atcp_cb *cb;
	bool again = false;

	while ((seg = atcp_queue_pop(c, ack))) {
		cb = atcp_seg_cb(seg);
		again |= cb->sent & ATCP_SENT_AGAIN;
		*last = *cb;
		c->delivered += segments(c, cb->end_seq - seq_max(cb->seq, c->snd_una));
		if (unlikely(cb->sent & ATCP_SENT_TELL))
			atcp_host_acked(c, seg);
		atcp_host_free_sent(c, seg);
	}
	seg = atcp_queue_sent(c);
	if (!seg)
		return again;
	cb = atcp_seg_cb(seg);
	if (seq_leq(ack, cb->seq))
		return again;
	*last = *cb;
	c->delivered += segments(c, cb->end_seq - seq_max(cb->seq, c->snd_una)) -
			segments(c, cb->end_seq - ack);
	return again || cb->sent & ATCP_SENT_AGAIN;
}

/*
 * Takes a round-trip sample: by our own clock where the segment was sent once; by the
 * echoed timestamp, to a millisecond, where it was sent again (RFC 7323 section 4).
 */
static void measure(struct atcp_tcb *c, const struct atcp_hdr *h, u64 sent_at)
{
	if (sent_at) {
		atcp_rtt_sample(c, c->now - sent_at);
	} else if (c->ts_on) {
		u32 rtt = atcp_rtt_by_echo(h, atcp_ts_clock(c->now) + c->ts_offset,
					   c->space->conf.rto_max - ATCP_MSEC);

		if (rtt)
			atcp_rtt_sample(c, rtt);
	}
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

/*
 * RFC 2883: a first block below the ACK reports data that the peer had already.  A block
 * of data that was never sent is ignored.
 */
static void count_dsack(struct atcp_tcb *c, const struct atcp_hdr *h)
{
	const struct atcp_sack_block *b = &h->sack[0];

	if (seq_leq(b->end, h->ack) && seq_lt(b->start, b->end) &&
	    seq_geq(b->start, oldest_ack(c)))
		c->dsack_dups += segments(c, b->end - b->start);
}

/* True if @b may report data that waits at the peer, which acknowledges @ack. */
static bool valid_block(const struct atcp_tcb *c, const struct atcp_sack_block *b, u32 ack)
{
	return seq_gt(b->start, ack) && seq_lt(b->start, b->end) && seq_leq(b->end, c->snd_nxt);
}

static bool within(const struct atcp_sack_block *in, const struct atcp_sack_block *out)
{
	return seq_geq(in->start, out->start) && seq_leq(in->end, out->end);
}

/*
 * True if the segment was caused by data that the peer has not reported before.  The first
 * block holds that data (RFC 2018 section 4): in an ACK for another cause it is as it was.
 * A duplicate of data that waits is in the second block as well (RFC 2883 section 4).
 */
static bool note_sack(struct atcp_tcb *c, const struct atcp_hdr *h)
{
	const struct atcp_sack_block *b = h->sack;

	if (!valid_block(c, b, h->ack) || within(b, &c->sack_first) ||
	    (h->nsack > 1 && within(b, b + 1)))
		return false;
	c->sack_first = *b;
	return true;
}

/* True if the peer reports data that was sent since the last loss was detected. */
static bool sacked_beyond_recover(const struct atcp_tcb *c, const struct atcp_hdr *h)
{
	u32 i;

	for (i = 0; i < h->nsack; i++)
		if (valid_block(c, &h->sack[i], h->ack) && seq_gt(h->sack[i].end, c->recover))
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
	count_dsack(c, h);
	a->block = note_sack(c, h);
	a->beyond = sacked_beyond_recover(c, h);
}

/* Takes what the ACK field acknowledges out of the queue. */
static void take_acked(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_cb *last,
		       struct atcp_ack *a)
{
	atcp_mtup_acked(c, h->ack);
	a->again = free_acked(c, h->ack, last);
	c->snd_una = h->ack;
	c->bytes_acked += a->acked;
	if (seq_lt(c->snd_up, c->snd_una))
		c->snd_up = c->snd_una;
	if (seq_lt(c->sack_first.end, c->snd_una))
		c->sack_first.end = c->snd_una;	/* keeps up, or a wrap puts it ahead */
}

static void advance(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	u32 delivered = c->delivered;
	struct atcp_cb last = { 0 };

	take_acked(c, h, &last, a);
	measure(c, h, a->again ? 0 : last.sent_at);
	if (c->delivered != delivered)
		measure_rate(c, &last);	/* after min_rtt has taken this sample in */
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
	struct atcp_ack a = { 0 };

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
	if (a.acked)
		advance(c, h, &a);
	atcp_recovery_ack(c, &a);
	if (unlikely(a.opened))
		window_opened(c);

	if (a.acked && atcp_fin_sent(c) && c->snd_una == c->write_seq)
		return atcp_fin_acked(c);
	return true;
}
