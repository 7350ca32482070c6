// SPDX-License-Identifier: GPL-2.0
/*
 * Segment text and FIN: RFC 9293 section 3.10.7.4, seventh and eighth;
 * reassembly; RFC 5681 section 4.2 (ACK at once what arrives out of order or
 * fills a gap); RFC 1122 section 4.2.2.13 (data for nobody).
 *
 *   atcp_text_arrived -> trim to the window -> admit -> in order:  accept
 *                                                    -> otherwise: atcp_ooo_insert
 *   accept -> atcp_host_deliver, then whatever the gap was holding up
 */
#include "core/ackevent.h"
#include "core/close.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/deliver.h"
#include "core/dsack.h"
#include "core/emit.h"
#include "core/ooo.h"
#include "core/sack.h"
#include "core/seq.h"
#include "core/tune.h"
#include "core/window.h"

#define HALF_SPACE	0x40000000u

/* A segment with one of these need not be full. */
#define PARTIAL		(ATCP_FIN | ATCP_SYN | ATCP_PSH | ATCP_URG)

/* The segment starts at RCV.NXT: hands it over; consumes. */
static void accept(struct atcp_tcb *c, struct atcp_seg *seg)
{
	u32 len = atcp_seg_len(seg);
	bool fin = atcp_seg_cb(seg)->flags & ATCP_FIN;

	c->rcv_nxt += len;
	c->bytes_received += len;
	if (c->rcv_nxt - c->rcv_up - HALF_SPACE < HALF_SPACE)
		c->rcv_up = c->rcv_nxt - HALF_SPACE;	/* or a wrap puts it ahead */
	if (len) {
		c->last_data_in = max_t(u32, atcp_ms(c->now), 1);
		atcp_host_deliver(c, seg);
		atcp_host_wake(c, ATCP_WAKE_READABLE);
	} else {
		atcp_host_free_admitted(c, seg, ATCP_DROP_NONE);
	}
	if (fin)
		atcp_fin_arrived(c);
}

/* RCV.NXT has moved: accepts the segments that are in order now. */
static void accept_waiting(struct atcp_tcb *c)
{
	struct atcp_seg *seg;

	while ((seg = atcp_ooo_first(c))) {
		struct atcp_cb *cb = atcp_seg_cb(seg);

		if (seq_gt(cb->seq, c->rcv_nxt))
			break;
		/* Only the segment that has just come can overlap this one. */
		if (seq_lt(cb->seq, c->rcv_nxt))
			atcp_dsack_note(c, cb->seq, seq_min(cb->end_seq, c->rcv_nxt));
		atcp_ooo_remove(c, seg);
		if (seq_leq(cb->end_seq, c->rcv_nxt)) {
			atcp_host_free_admitted(c, seg, ATCP_DROP_NONE);
			continue;
		}
		if (seq_lt(cb->seq, c->rcv_nxt)) {
			atcp_seg_trim_head(c, seg, c->rcv_nxt - cb->seq);
			cb->seq = c->rcv_nxt;
		}
		accept(c, seg);
		if (c->state == ATCP_CLOSED)
			return;
	}
	atcp_sack_advance(c);
	atcp_schedule_ack_now(c);
}

/* Keeps the part before @end. False: there is none. */
static bool cut(struct atcp_tcb *c, struct atcp_seg *seg, u32 end)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);

	if (seq_geq(cb->seq, end))
		return false;
	if (seq_lt(end, cb->seq + atcp_seg_len(seg)))
		atcp_seg_trim_tail(c, seg, end - cb->seq);
	cb->end_seq = end;
	cb->flags &= ~ATCP_FIN;
	return true;
}

/*
 * Cuts what was received before, lies beyond the window, or behind a FIN that waits.
 * Returns the reason when nothing is left.
 */
static enum atcp_drop trim(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 edge = atcp_rcv_edge(c);
	u32 fin;

	if (seq_leq(cb->end_seq, c->rcv_nxt))
		return ATCP_DROP_DUPLICATE;
	if (seq_lt(cb->seq, c->rcv_nxt)) {
		atcp_dsack_note(c, cb->seq, c->rcv_nxt);
		if (c->dsack_due)
			atcp_schedule_ack_now(c);
		atcp_seg_trim_head(c, seg, c->rcv_nxt - cb->seq);
		cb->seq = c->rcv_nxt;
	}
	/* A FIN at the window's end stays, as it needs no room. */
	if (seq_gt(cb->seq + atcp_seg_len(seg), edge) && !cut(c, seg, edge))
		return ATCP_DROP_WINDOW;
	if (unlikely(c->ooo_root) && atcp_ooo_fin(c, &fin) && seq_gt(cb->end_seq, fin) &&
	    !cut(c, seg, fin)) {
		if (cb->seq != fin || atcp_seg_len(seg))
			return ATCP_DROP_AFTER_FIN;
		atcp_dsack_note(c, fin, fin + 1);
		atcp_sack_add(c, fin, fin + 1);
		return ATCP_DROP_DUPLICATE;
	}
	return ATCP_DROP_NONE;
}

/*
 * Charges @seg to the receive buffer.  For data that is in order, segments out of order
 * are dropped if need be (RFC 2018 section 8).
 */
static bool admit(struct atcp_tcb *c, struct atcp_seg *seg, bool ordered)
{
	while (!atcp_host_admit(c, seg, ordered)) {
		struct atcp_seg *last = ordered ? atcp_ooo_last(c) : NULL;

		if (!last)
			return false;
		atcp_ooo_remove(c, last);
		atcp_count(c, atcp_drop_stat[ATCP_DROP_PRUNED]);
		atcp_host_free_admitted(c, last, ATCP_DROP_PRUNED);
		c->ooo_blocks = 0;
	}
	return true;
}

/*
 * The estimate of the peer's segment size, for delayed ACKs, window updates and the
 * receiver's round trip; as tcp_measure_rcv_mss().
 *
 * It grows at once.  It shrinks, as after a change of the path, when two segments in turn
 * have the same smaller size and seem to be full.  Below ATCP_MSS_DEFAULT, one with PSH
 * does not: it is the end of what a program has written.  What SACK blocks take of a
 * segment counts as payload, as their number varies.
 */
static void measure_mss(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h)
{
	u32 len = atcp_seg_size(seg);
	u16 before = c->rcv_smaller;

	if (likely(len >= c->rcv_mss)) {
		c->rcv_mss = min_t(u32, len, c->adv_mss);
		c->rcv_smaller = 0;
		return;
	}
	len += h->hlen - min_t(u32, h->hlen, ATCP_HDR_MIN + (c->ts_on ? ATCP_TS_SPACE : 0));
	c->rcv_smaller = 0;
	if (len < ATCP_MSS_DEFAULT && (len < ATCP_MSS_MIN || h->flags & PARTIAL))
		return;
	c->rcv_smaller = min_t(u32, len, c->adv_mss);
	if (c->rcv_smaller == before)
		c->rcv_mss = before;
}

static void measure(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h)
{
	if (c->ts_on && h->opts & ATCP_OPT_TS)
		atcp_tune_echo(c, h, atcp_seg_len(seg) >= c->rcv_mss);
	measure_mss(c, seg, h);
}

void atcp_text_arrived(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	bool fin = cb->flags & ATCP_FIN;
	u32 start, end, whole = cb->end_seq;
	enum atcp_drop why;
	bool ordered;

	if (cb->seq == cb->end_seq || !ATCP_IN(c->state, ATCP_CAN_RECEIVE)) {
		atcp_drop(c, seg, cb->seq == cb->end_seq ? ATCP_DROP_NONE : ATCP_DROP_UNEXPECTED);
		return;
	}
	atcp_schedule_ack(c);
	measure(c, seg, h);
	why = trim(c, seg);
	if (why) {
		atcp_schedule_ack_now(c);
		atcp_drop(c, seg, why);
		return;
	}
	if (unlikely((c->flags & ATCP_F_RCV_SHUT) && c->fin_queued && atcp_seg_len(seg))) {
		atcp_drop(c, seg, ATCP_DROP_AFTER_CLOSE);
		atcp_send_ctl(c, c->snd_nxt, ATCP_RST);
		atcp_done(c, ECONNRESET);
		return;
	}
	ordered = cb->seq == c->rcv_nxt;
	if (!atcp_seg_len(seg) && ordered) {
		atcp_drop(c, seg, ATCP_DROP_NONE);
		atcp_fin_arrived(c);
		/* The end can be read; had it come with data, accept() would have said so. */
		atcp_host_wake(c, ATCP_WAKE_READABLE);
		return;
	}
	if (unlikely(!admit(c, seg, ordered))) {
		/* Tell the peer what has arrived, and the program that it should read. */
		atcp_schedule_ack_now(c);
		atcp_host_wake(c, ATCP_WAKE_READABLE);
		atcp_drop(c, seg, ATCP_DROP_RCVBUF);
		return;
	}
	if (likely(ordered)) {
		accept(c, seg);
		if (c->ooo_root && c->state != ATCP_CLOSED)
			accept_waiting(c);
		if (likely(c->state != ATCP_CLOSED))
			atcp_tune_text(c);
		return;
	}
	atcp_count(c, ATCP_STAT_OUT_OF_ORDER);
	c->rcv_ooopack += atcp_seg_count(seg);
	start = cb->seq;
	end = cb->end_seq;
	atcp_ooo_insert(c, seg);
	/* Its FIN was cut off because the same one waits. */
	if (unlikely(fin && end == whole - 1))
		atcp_dsack_note(c, end, whole);
	/* Its block is reported first, even if it held nothing new (RFC 2018 section 4). */
	atcp_sack_add(c, start, end);
	atcp_schedule_ack_now(c);
}
