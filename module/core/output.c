// SPDX-License-Identifier: GPL-2.0
/*
 * Sending: RFC 9293 sections 3.7.4 (Nagle), 3.8.6.1 (zero-window probes),
 * 3.8.6.2.1 (sender's silly window avoidance), 3.10.2 (SEND).
 *
 *   atcp_push -> atcp_output -> sendable -> send_data -> transmit -> emit.c
 *                            -> resend_lost -> resend  -> transmit
 *
 * A segment of the queue (queue.c) is either sent or unsent: when only a part may be sent,
 * the segment is split.
 */
#include "core/ackevent.h"
#include "core/aside.h"
#include "core/congestion.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/emit.h"
#include "core/mss.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/rtt.h"
#include "core/seq.h"

#define CORK_MAX	(200 * ATCP_MSEC)
#define PACE_BURST	(20 * ATCP_MSEC)	/* what a host's timer may be late */

#define SENDING	(ATCP_S(ESTABLISHED) | ATCP_S(CLOSE_WAIT) | ATCP_S(FIN_WAIT_1) | \
		 ATCP_S(CLOSING) | ATCP_S(LAST_ACK))

bool atcp_unsent(const struct atcp_tcb *c)
{
	return c->snd_nxt != c->write_seq;
}

/* --- data --- */

/* True if our FIN, once CLOSE was called, is next behind @cb, so that it may ride on it. */
static bool before_fin(const struct atcp_tcb *c, const struct atcp_cb *cb)
{
	return c->fin_queued && cb->end_seq == atcp_fin_seq(c);
}

/*
 * Starts the retransmission timer, unless it runs: RFC 6298 (5.1).  @first: nothing was
 * in flight, so that a timer that runs is the persist timer.
 */
static void timer_for_flight(struct atcp_tcb *c, bool first)
{
	if (first || c->deadline[ATCP_T_REXMT] == ATCP_NEVER)
		atcp_arm_rexmt(c);
}

/* Notes what a sample of the delivery rate needs when @cb is acknowledged, or is lost. */
static void take_snapshot(struct atcp_tcb *c, struct atcp_cb *cb)
{
	u32 more = cb->sent & ATCP_SENT_AGAIN ? 0 : cb->end_seq - cb->seq;

	if (c->snd_una == c->snd_nxt) {
		c->first_sent = (u32)c->now;
		c->delivered_at = (u32)c->now;
	}
	cb->delivered = c->delivered;
	cb->delivered_at = c->delivered_at;
	cb->first_sent = c->first_sent;
	cb->tx_flight = atcp_flight(c) + more;
	cb->lost = atcp_lost_sum(c);
	cb->sent &= ~ATCP_SENT_LIMITED;
	if (c->app_limited)
		cb->sent |= ATCP_SENT_LIMITED;
}

/* Why something is sent again now, for a reason other than a tail loss probe. */
static enum atcp_resend reason(const struct atcp_tcb *c)
{
	if (!c->snd_wnd)
		return ATCP_RESEND_PROBE;
	if (c->recovery == ATCP_OPEN)
		return ATCP_RESEND_WINDOW;
	return c->recovery == ATCP_FAST ? ATCP_RESEND_FAST : ATCP_RESEND_TIMEOUT;
}

/* Counts and traces a retransmission of @len bytes of sequence space in @segs segments. */
static void resent(struct atcp_tcb *c, u32 seq, u32 len, u32 segs, enum atcp_resend why)
{
	c->total_retrans += segs;
	atcp_host_count_by(c->space, ATCP_STAT_RETRANS_SEGS, segs);
	atcp_host_resent(c, seq, len, why);
	/* A tail loss probe is judged by itself: atcp_tail_acked(). */
	if (!c->undo || why == ATCP_RESEND_TAIL)
		return;
	if (!c->aside->undo_sent) {
		c->aside->resent_ts = atcp_ts_clock(c->now) + c->ts_offset;
		c->aside->undo_end = seq + len;
	}
	c->aside->undo_end = seq_max(c->aside->undo_end, seq + len);
	c->aside->undo_sent += segs;
}

/*
 * Sends a copy of a queued segment, with FIN when it is the last and @fin.  @why: the reason,
 * if it was sent before.
 */
static bool transmit(struct atcp_tcb *c, struct atcp_seg *seg, bool fin, enum atcp_resend why)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	struct atcp_seg *out = atcp_host_clone(c, seg);
	u32 len = cb->end_seq - cb->seq;
	u32 segs = atcp_segments(c, len);

	if (unlikely(!out)) {
		atcp_count(c, ATCP_STAT_OUT_NO_MEMORY);
		timer_for_flight(c, false);
		return false;
	}
	cb->sent_at = c->now;
	if (cb->sent & ATCP_SENT_ONCE) {
		atcp_queue_sent_again(c, seg, segs);
		resent(c, cb->seq, len + fin, segs, why);
		c->bytes_retrans += len;
	}
	/* The receiver's GRO hands it on at once; only the last piece keeps it. */
	if (segs > 1)
		cb->flags |= ATCP_PSH;
	cb->sent |= ATCP_SENT_ONCE;
	cb->segs = segs;
	c->fin_lost &= !fin;
	if (c->recovery == ATCP_FAST && c->aside)
		c->aside->prr_out += len;
	c->fill_room -= min(len, c->fill_room);
	c->last_snd = c->now;
	c->bytes_sent += len;
	c->data_segs_out += segs;
	/* atcp_emit() counts one. */
	c->segs_out += segs - 1;
	if (segs > 1)
		atcp_host_count_by(c->space, ATCP_STAT_OUT_SEGS, segs - 1);
	take_snapshot(c, cb);
	atcp_data_sent(c);
	atcp_emit(c, out, cb->seq, ATCP_ACK | cb->flags | (fin ? ATCP_FIN : 0));
	return true;
}

/* Cuts @seg in two; false: it is as it was. */
static bool split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	if (likely(atcp_queue_split(c, seg, len)))
		return true;
	timer_for_flight(c, false);
	return false;
}

/*
 * Segments should be full (SHLD-28).  @seg, which was not sent yet, ends with a partial
 * one, and more data follows: it takes what it lacks from there.  True: it did.
 *
 * Where the next is a whole number of segments, the partial one goes.  To fill it, each
 * that follows would have to be cut as well.
 */
static bool fill_up(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_seg *next = atcp_queue_next(seg);
	u32 lacks = c->mss - atcp_seg_len(seg) % c->mss;
	u32 has = atcp_seg_len(next);

	/* Where one is cut on its way, the urgent pointer would not follow. */
	if (unlikely(seq_gt(c->snd_up, c->snd_una)))
		return false;
	if ((has % c->mss == 0 && atcp_queue_next(next)) || !atcp_queue_may_join(c, seg))
		return false;
	return (has <= lacks || split(c, next, lacks)) && atcp_queue_join(c, seg, next);
}

/* True if a partial segment at the queue's end waits: Nagle with Minshall's change. */
static bool hold_partial(const struct atcp_tcb *c)
{
	if (c->fin_queued)
		return false;
	if (c->flags & ATCP_F_CORK)
		return true;
	if (c->flags & ATCP_F_NODELAY)
		return false;
	return c->snd_sml != c->snd_una && seq_within(c->snd_una, c->snd_sml, c->snd_nxt);
}

/* Bytes that cwnd allows.  Limited transmit and fast recovery are in atcp_flight(). */
static u32 cwnd_room(const struct atcp_tcb *c)
{
	u32 flight = atcp_flight(c);
	u32 room = c->cc.cwnd > flight ? c->cc.cwnd - flight : 0;

	return unlikely(c->filling) ? min(room, c->fill_room) : room;
}

static u32 window_room(const struct atcp_tcb *c)
{
	u32 edge = c->snd_una + c->snd_wnd;

	return seq_gt(edge, c->snd_nxt) ? edge - c->snd_nxt : 0;
}

/*
 * The bytes of the first unsent segment that may be sent now: section 3.8.6.2.1.
 * @held: Nagle, cork and the half-window rule are overridden.
 */
static u32 sendable(struct atcp_tcb *c, struct atcp_seg *seg, bool held)
{
	u32 len = atcp_seg_len(seg);
	u32 wnd = window_room(c);
	u32 cong = cwnd_room(c);
	u32 n = min(len, min(wnd, cong));

	/* One segment at a time: where one is cut, the urgent pointer would not follow. */
	if (unlikely(seq_gt(c->snd_up, c->snd_nxt)))
		n = min_t(u32, n, c->mss);

	if (n == len) {
		u32 part;

		/* Urgent data waits for nothing, as in the kernel's TCP. */
		if (held || atcp_queue_next(seg) || seq_gt(c->snd_up, c->snd_una))
			return n;
		part = n < c->mss ? n : n % c->mss;
		return part && hold_partial(c) ? n - part : n;
	}
	if (n >= c->mss)
		return n - n % c->mss;
	/* A silly window is used only if it is half of the peer's largest. */
	if (n && wnd < cong && (held || n >= c->snd_wnd_max / 2))
		return n;
	return 0;
}

/* SND.NXT has moved.  The window of data that max_flight is about ends when it is acked. */
static void note_flight(struct atcp_tcb *c)
{
	u32 flight = atcp_flight(c);

	if (flight < c->max_flight && seq_lt(c->snd_una, c->max_flight_end))
		return;
	c->max_flight = flight;
	c->max_flight_end = c->snd_nxt;
}

static bool send_data(struct atcp_tcb *c, struct atcp_seg *seg, u32 n)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	bool first = c->snd_nxt == c->snd_una;
	bool fin;

	if (n < atcp_seg_len(seg) && !split(c, seg, n))
		return false;
	fin = before_fin(c, cb) && window_room(c) > n;
	if (!transmit(c, seg, fin, 0))
		return false;
	atcp_queue_mark_sent(c);
	c->snd_nxt = cb->end_seq + fin;
	note_flight(c);
	if (n < c->mss || n % c->mss)
		c->snd_sml = cb->end_seq;
	timer_for_flight(c, first);
	atcp_arm_tail(c);
	if (first)
		atcp_cc_tell(c, ATCP_CC_START);
	return true;
}

/* --- pacing --- */

/*
 * Before anything is sent.  While ATCP_T_PACE runs, data waits for it, and a timer that is
 * late is made up for, by PACE_BURST at most.  An idle time is not, nor one in which
 * something else than pacing has held the data back.
 */
static void pace_resume(struct atcp_tcb *c)
{
	u64 late = c->deadline[ATCP_T_PACE] == ATCP_NEVER ? 0 : PACE_BURST;

	if (c->pace_at + late < c->now)
		c->pace_at = c->now - late;
	if (c->deadline[ATCP_T_PACE] <= c->now)
		atcp_stop_timer(c, ATCP_T_PACE);
}

/* True if the next segment may be sent now. Otherwise the timer is set for it. */
static bool pace_allows(struct atcp_tcb *c, u64 rate)
{
	if (likely(!rate) || c->pace_at <= c->now)
		return true;
	c->deadline[ATCP_T_PACE] = c->pace_at;
	return false;
}

/* Bounds @n bytes to what is sent as one segment, also by the @rate if that is not 0. */
static u32 piece(const struct atcp_tcb *c, u32 n, u64 rate)
{
	u32 most = atcp_piece(c);

	if (unlikely(rate))
		most = min_t(u64, most, max_t(u64, rate >> 10, 2 * c->mss));
	return unlikely(n > most) ? most - most % c->mss : n;
}

static void pace_sent(struct atcp_tcb *c, u32 n, u64 rate)
{
	c->pace_at += div64_u64(n * ATCP_SEC, rate);
}

/* --- path MTU probes: RFC 4821 section 7.3, pmtud.c --- */

/* Joins the first unsent segments, or cuts them, so that the first has @size bytes. */
static bool gather(struct atcp_tcb *c, u32 size)
{
	struct atcp_seg *seg = atcp_queue_unsent(c);

	while (atcp_seg_len(seg) < size) {
		struct atcp_seg *next = atcp_queue_next(seg);
		u32 lacks = size - atcp_seg_len(seg);

		if (!next || !atcp_queue_may_join(c, seg) ||
		    (atcp_seg_len(next) > lacks && !split(c, next, lacks)) ||
		    !atcp_queue_join(c, seg, next))
			return false;
	}
	return atcp_seg_len(seg) == size || split(c, seg, size);
}

/*
 * Sends a probe if one is due and enough data and window are there for three duplicate ACKs
 * behind it.  True: one is due, and waits for acknowledgments to make room.
 */
static bool probe_mtu(struct atcp_tcb *c, u64 rate)
{
	u32 size = atcp_mtup_probe_size(c), all = atcp_mtup_needs(c, size);
	u16 mss = c->mss;
	bool sent;

	if (!size || c->write_seq - c->snd_nxt < all || c->snd_wnd < all || c->cc.cwnd < all)
		return false;
	if (window_room(c) < all || cwnd_room(c) < size)
		return c->snd_nxt != c->snd_una;	/* else none comes */
	if (!pace_allows(c, rate) || !gather(c, size))
		return false;
	c->mss = size;		/* it is one segment */
	sent = send_data(c, atcp_queue_unsent(c), size);
	c->mss = mss;
	if (!sent)
		return false;
	if (unlikely(rate))
		pace_sent(c, size, rate);
	atcp_mtup_sent(c, size);
	return false;
}

/* Sends what is lost again, as far as cwnd and pacing allow. */
static void resend_lost(struct atcp_tcb *c, u64 rate);

/* True if what is lost goes before what was never sent.  RFC 5682, (2b): not in doubt. */
static bool lost_first(const struct atcp_tcb *c)
{
	return (c->snd_lost || c->fin_lost) && c->frto != ATCP_FRTO_NEW;
}

/*
 * After idling cwnd tells little of the path (RFC 5681 section 4.1).  As the kernel's TCP, and
 * RFC 2861: half of it is left after each time-out's length, and the initial window at least.
 * ssthresh keeps what was known.
 */
static void restart(struct atcp_tcb *c, bool held)
{
	u32 least = min(c->cc.cwnd, atcp_initial_window(c)), cwnd = c->cc.cwnd;
	u64 idle = c->now - c->last_snd;

	if (!atcp_queue_unsent(c) || !sendable(c, atcp_queue_unsent(c), held))
		return;
	c->cc.ssthresh = max(c->cc.ssthresh, cwnd - cwnd / 4);
	for (; idle > c->rto && cwnd > least; idle -= c->rto)
		cwnd /= 2;
	c->cc.cwnd = max(cwnd, least);
	c->last_snd = c->now;		/* it goes at once, so that this is done once */
}

static void output(struct atcp_tcb *c, bool held)
{
	u64 rate = atcp_host_pace(c);
	struct atcp_seg *seg;

	if (unlikely(rate || c->deadline[ATCP_T_PACE] != ATCP_NEVER))
		pace_resume(c);
	if (!ATCP_IN(c->state, SENDING))
		return;
	if (unlikely(lost_first(c))) {
		resend_lost(c, rate);
		if (lost_first(c))
			return;
	}
	if (!atcp_unsent(c))
		return;

	if (c->snd_nxt == c->snd_una && c->now - c->last_snd > c->rto &&
	    c->space->conf.slow_start_after_idle && !atcp_cc_owns_recovery(c))
		restart(c, held);

	if (unlikely(c->mtup_low) && atcp_queue_unsent(c) && probe_mtu(c, rate))
		return;
	while ((seg = atcp_queue_unsent(c))) {
		u32 n = sendable(c, seg, held);

		if (!n || !pace_allows(c, rate))
			break;
		if (unlikely(n % c->mss && n == atcp_seg_len(seg) && atcp_queue_next(seg)) &&
		    fill_up(c, seg))
			continue;
		n = piece(c, n, rate);
		if (!atcp_host_room(c, n) || !send_data(c, seg, n))
			break;
		if (unlikely(rate))
			pace_sent(c, n, rate);
		held = false;
	}
	if (!atcp_queue_unsent(c) && c->fin_queued && !atcp_fin_sent(c) &&
	    window_room(c) && atcp_send_ctl(c, c->snd_nxt, ATCP_FIN | ATCP_ACK)) {
		timer_for_flight(c, c->snd_nxt == c->snd_una);
		c->snd_nxt = c->write_seq;
	}
	/* Nothing is in flight whose ACK would bring more data out: ATCP_T_REXMT does. */
	if (c->snd_nxt == c->snd_una && atcp_unsent(c) &&
	    c->deadline[ATCP_T_REXMT] == ATCP_NEVER && c->deadline[ATCP_T_PACE] == ATCP_NEVER) {
		if (c->flags & ATCP_F_CORK && window_room(c))
			atcp_set_timer(c, ATCP_T_REXMT, CORK_MAX);
		else
			atcp_arm_persist(c);
	}
}

void atcp_output(struct atcp_tcb *c)
{
	output(c, false);
	atcp_chrono_update(c);
}

void atcp_output_held(struct atcp_tcb *c)
{
	/* No more data is likely to follow soon. */
	if (atcp_queue_last(c))
		atcp_seg_cb(atcp_queue_last(c))->flags |= ATCP_PSH;
	output(c, true);
	atcp_chrono_update(c);
}

/* From now on the connection is limited by @what: for TCP_INFO's times. */
static void chrono(struct atcp_tcb *c, enum atcp_chrono what)
{
	u32 now;

	if (likely(what == c->chrono))
		return;
	now = atcp_ms(c->now);
	if (c->chrono)
		c->chrono_time[c->chrono - 1] += now - c->chrono_since;
	c->chrono = what;
	c->chrono_since = now;
}

void atcp_chrono_update(struct atcp_tcb *c)
{
	struct atcp_seg *unsent = atcp_queue_unsent(c);
	enum atcp_chrono what = ATCP_BUSY;

	if (c->snd_una == c->write_seq) {
		what = ATCP_IDLE;
	} else if (unsent) {
		u32 next = min_t(u32, atcp_seg_len(unsent), c->mss);

		if (window_room(c) < next && cwnd_room(c) >= next)
			what = ATCP_RWND_LIMITED;
	} else if (unlikely(c->flags & ATCP_F_STARVED) && cwnd_room(c) >= c->mss) {
		what = ATCP_SNDBUF_LIMITED;
	}
	chrono(c, what);
}

/* --- again --- */

/*
 * Joins small segments that were sent, up to a full one, as tcp_retrans_try_collapse():
 * fewer segments are sent again, and the memory of their buffers is free.
 */
static void join_next(struct atcp_tcb *c, struct atcp_seg *seg)
{
	u32 seq = atcp_seg_cb(seg)->seq;
	struct atcp_seg *next;

	if (unlikely(seq_gt(c->snd_up, c->snd_una)))
		return;
	while ((next = atcp_queue_next_sent(c, seg))) {
		u32 end = atcp_seg_cb(next)->end_seq;

		if (end - seq > c->mss || seq_gt(end, c->snd_una + c->snd_wnd) ||
		    !atcp_queue_join(c, seg, next))
			return;
	}
}

/* What is acknowledged of @seg is not sent again. */
static void trim_acked(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);

	if (seq_lt(cb->seq, c->snd_una)) {
		atcp_seg_trim_head(c, seg, c->snd_una - cb->seq);
		cb->seq = c->snd_una;
	}
}

/*
 * Sends @seg again from SND.UNA on, in whole segments: one; with c->rack as many as @room
 * has.  If it cannot be cut, it is sent whole, but no more than @room bytes.  False: it waits.
 */
static bool resend(struct atcp_tcb *c, struct atcp_seg *seg, u32 room)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 most = c->mss;

	trim_acked(c, seg);
	/* Not whole: where it is cut on its way, the urgent pointer would not follow. */
	if (unlikely(seq_gt(c->snd_up, cb->seq)))
		room = 0;
	if (c->rack && room > most)
		most = room - room % c->mss;
	if (atcp_seg_len(seg) < c->mss)
		join_next(c, seg);
	else if (atcp_seg_len(seg) > most && !split(c, seg, most) && atcp_seg_len(seg) > room)
		return false;
	return transmit(c, seg, atcp_fin_sent(c) && before_fin(c, cb), reason(c));
}

static void resend_fin(struct atcp_tcb *c, enum atcp_resend why)
{
	if (!atcp_send_ctl(c, atcp_fin_seq(c), ATCP_FIN | ATCP_ACK))
		return;
	c->fin_lost = false;
	resent(c, atcp_fin_seq(c), 1, 1, why);
}

void atcp_resend_first(struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_queue_sent(c);

	if (seg) {
		resend(c, seg, 0);
		return;
	}
	if (atcp_fin_sent(c))
		resend_fin(c, reason(c));
}

static void resend_lost(struct atcp_tcb *c, u64 rate)
{
	struct atcp_seg *seg;

	while ((seg = atcp_queue_lost(c)) && c->snd_wnd && cwnd_room(c) &&
	       pace_allows(c, rate)) {
		u32 room = piece(c, cwnd_room(c), rate);

		if (!atcp_host_room(c, min(room, atcp_seg_len(seg))) || !resend(c, seg, room))
			break;
		/* Its ACK is a round trip away: a time-out counts from here. */
		if (atcp_seg_cb(seg)->seq == c->snd_una)
			atcp_arm_rexmt(c);
		if (unlikely(rate))
			pace_sent(c, atcp_seg_len(seg), rate);
	}
	if (!seg && c->fin_lost && c->snd_wnd && cwnd_room(c) && pace_allows(c, rate))
		resend_fin(c, reason(c));
	timer_for_flight(c, false);
}

bool atcp_send_new(struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_queue_unsent(c);
	u32 n = min_t(u32, window_room(c), c->mss);

	return seg && n && send_data(c, seg, min(n, atcp_seg_len(seg)));
}

bool atcp_resend_last(struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_queue_last_sent(c);
	u32 len;

	if (atcp_host_in_device(c, seg))
		return false;
	trim_acked(c, seg);
	len = atcp_seg_len(seg);
	if (len > c->mss) {
		seg = atcp_queue_split(c, seg, len - ((len - 1) % c->mss + 1));
		if (!seg)
			return false;
	}
	return transmit(c, seg, atcp_fin_sent(c) && before_fin(c, atcp_seg_cb(seg)),
			ATCP_RESEND_TAIL);
}

void atcp_send_probe(struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_queue_unsent(c);

	atcp_count(c, ATCP_STAT_ZERO_WINDOW_PROBES);
	if (c->snd_nxt != c->snd_una) {
		atcp_resend_first(c);
		return;
	}
	if (seg) {
		if ((atcp_seg_len(seg) > 1 && !split(c, seg, 1)) ||
		    !transmit(c, seg, false, ATCP_RESEND_PROBE))
			return;
		atcp_host_resent(c, c->snd_nxt, 1, ATCP_RESEND_PROBE);
		atcp_queue_mark_sent(c);
		c->snd_nxt = atcp_seg_cb(seg)->end_seq;
	} else if (atcp_send_ctl(c, c->snd_nxt, ATCP_FIN | ATCP_ACK)) {
		atcp_host_resent(c, c->snd_nxt, 1, ATCP_RESEND_PROBE);
		c->snd_nxt = c->write_seq;
	}
}

/* --- SEND --- */

void atcp_enqueue(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);

	cb->seq = c->write_seq;
	c->write_seq += atcp_seg_len(seg);
	cb->end_seq = c->write_seq;
	cb->sent_at = 0;
	cb->flags = 0;
	cb->sent = 0;
	atcp_queue_append(c, seg);
}

struct atcp_seg *atcp_tail(struct atcp_tcb *c)
{
	return atcp_queue_unsent(c) ? atcp_queue_last(c) : NULL;
}

void atcp_grew(struct atcp_tcb *c, u32 bytes)
{
	c->write_seq += bytes;
	atcp_seg_cb(atcp_queue_last(c))->end_seq = c->write_seq;
}

void atcp_check_app_limited(struct atcp_tcb *c)
{
	if (c->write_seq - c->snd_nxt < c->mss && atcp_flight(c) < c->cc.cwnd)
		c->app_limited = max_t(u32, c->delivered + atcp_flight(c) / c->mss, 1);
}

void atcp_push(struct atcp_tcb *c, bool end)
{
	atcp_enter(c);
	if (end && atcp_queue_unsent(c))
		atcp_seg_cb(atcp_queue_last(c))->flags |= ATCP_PSH;
	atcp_output(c);
	atcp_leave(c);
}

void atcp_send_urgent(struct atcp_tcb *c)
{
	c->snd_up = c->write_seq;
}
