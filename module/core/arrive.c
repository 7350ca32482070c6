// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES: RFC 9293 section 3.10.7, in its order and with its names;
 * RFC 5961 (blind attacks), RFC 7323 section 5 (PAWS).  Read it with the RFC
 * open beside it.
 *
 *   atcp_arrive -> syn_sent      (3.10.7.3)
 *               -> synchronized  (3.10.7.4): sequence, RST, SYN, ACK -> ack.c,
 *                  URG, text and FIN -> deliver.c
 *               -> what is to be sent in answer -> output.c
 *
 * CLOSED and LISTEN (3.10.7.1, 3.10.7.2) need no control block: listen.c.
 * TIME-WAIT is timewait.c.
 */
#include "core/ack.h"
#include "core/acking.h"
#include "core/challenge.h"
#include "core/close.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/deliver.h"
#include "core/dsack.h"
#include "core/emit.h"
#include "core/open.h"
#include "core/output.h"
#include "core/rtt.h"
#include "core/seq.h"
#include "core/window.h"

#define SYN_AGAIN	(8 * ATCP_MSEC)	/* two ticks of TCP's: the RST goes first */
#define PAWS_SLACK	1u	/* ticks that a pure ACK may be late, as in Linux */

/* --- 3.10.7.3: SYN-SENT --- */

/*
 * The ACK is for something else: the peer has an old connection of these ends, as after
 * we have rebooted, and challenges our SYN (RFC 5961 section 4).  The RST that answers
 * the challenge ends the old connection, and the SYN is sent again soon after it.  This
 * is done once, as anybody may have made up the ACK.
 */
static void syn_again(struct atcp_tcb *c)
{
	if (c->total_retrans || c->flags & ATCP_F_SYN_AGAIN)
		return;
	c->flags |= ATCP_F_SYN_AGAIN;
	atcp_set_timer(c, ATCP_T_REXMT, SYN_AGAIN);
}

/*
 * Our SYN is acknowledged.  @again: it was sent more than once, so that only the echo of
 * its timestamp tells which one was (Karn).
 */
static void measure_syn(struct atcp_tcb *c, const struct atcp_hdr *h, bool again)
{
	u64 at = atcp_arrived(c), rtt = at - c->syn_sent_at;

	if (again)
		rtt = c->ts_on ? atcp_rtt_by_echo(h, atcp_ts_clock(at) + c->ts_offset, rtt) : 0;
	if (rtt || !again)
		atcp_rtt_sample(c, rtt);
}

static void syn_sent(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	enum atcp_drop why = ATCP_DROP_NONE;
	bool acked = h->flags & ATCP_ACK;

	/* First, check the ACK bit. */
	if (acked && (seq_leq(h->ack, c->iss) || seq_gt(h->ack, c->snd_nxt))) {
		if (!(h->flags & ATCP_RST)) {
			atcp_send_ctl(c, h->ack, ATCP_RST);
			syn_again(c);
		}
		why = ATCP_DROP_BAD_ACK;
		goto drop;
	}

	/* Second, check the RST bit. */
	if (h->flags & ATCP_RST) {
		if (acked) {
			atcp_count(c, ATCP_STAT_IN_RSTS);
			atcp_count(c, ATCP_STAT_CONN_FAILED);
			atcp_done(c, ECONNREFUSED);
		} else {
			why = ATCP_DROP_NO_ACK;
		}
		goto drop;
	}

	/* Third, check the security: not provided. */

	/* Fourth, check the SYN bit. */
	if (!(h->flags & ATCP_SYN)) {
		why = ATCP_DROP_UNEXPECTED;
		goto drop;
	}

	c->irs = h->seq;
	c->rcv_nxt = h->seq + 1;
	c->rcv_up = h->seq;
	c->rcv_wup = c->rcv_nxt;
	c->last_ack_sent = c->rcv_nxt;
	c->snd_wnd = h->wnd;		/* a SYN's window is never scaled */
	c->snd_wnd_max = h->wnd;
	c->snd_wl1 = h->seq;
	c->snd_wl2 = acked ? h->ack : c->iss;
	atcp_syn_options(c, h);

	if (!acked) {			/* simultaneous open */
		atcp_set_state(c, ATCP_SYN_RECEIVED);
		atcp_mss_changed(c);
		atcp_send_syn(c);
		goto drop;
	}

	c->snd_una = h->ack;
	c->bytes_acked = 1;
	c->delivered = 1;
	measure_syn(c, h, c->total_retrans);
	atcp_established(c);
	atcp_ack_synack(c, atcp_seg_len(seg));
	/* Sixth: URG, and text that came with the SYN-ACK. */
	cb->seq++;
	atcp_text_arrived(c, seg, h);
	return;
drop:
	atcp_drop(c, seg, why);
}

/* --- 3.10.7.4: the other states --- */

/* The control bits that header prediction looks at: ACK must be set, the others clear. */
#define PREDICTED	(ATCP_FIN | ATCP_SYN | ATCP_RST | ATCP_ACK | ATCP_URG)

/* First, check sequence number: the table of four cases. */
static bool acceptable(const struct atcp_tcb *c, u32 seq, u32 len)
{
	u32 wnd = atcp_rcv_left(c);

	if (!wnd)	/* valid ACKs, URGs and RSTs are accepted, though no text is */
		return seq == c->rcv_nxt;
	if (seq - c->rcv_nxt < wnd)
		return true;
	return len && seq + len - 1 - c->rcv_nxt < wnd;
}

/*
 * True if the peer may have sent a segment that begins at @seq: one that it sends again,
 * which is no more than a window back, or a probe of the window's end.
 */
static bool plausible(const struct atcp_tcb *c, u32 seq)
{
	u32 before = (u32)min_t(u64, 65535u << c->rcv_wscale, c->bytes_received);

	return seq_within(c->rcv_nxt - before, seq, c->rcv_nxt + atcp_rcv_left(c));
}

/*
 * Answers a segment outside of the window.  Text is acknowledged, as its sender waits
 * for that.  Everything else is answered at a bounded rate, or two ends that disagree
 * could answer each other for ever.  Text that the peer cannot have sent is bounded as
 * well: the peer takes each answer for a duplicate ACK, and three of them slow it down.
 */
static void answer_outside(struct atcp_tcb *c, const struct atcp_hdr *h, u32 len)
{
	if (h->flags & ATCP_RST)
		return;
	if (len && !(h->flags & ATCP_SYN) && plausible(c, h->seq)) {
		if (seq_lt(h->seq, c->rcv_nxt))
			atcp_dsack_note(c, h->seq, seq_min(h->seq + len, c->rcv_nxt));
		atcp_send_ack(c);
	} else {
		atcp_send_challenge(c);
	}
}

/* PAWS and the sequence check. */
static enum atcp_drop first_check(struct atcp_tcb *c, const struct atcp_hdr *h, u32 seq, u32 len)
{
	if (c->ts_on && !(h->flags & ATCP_RST)) {
		if (!(h->opts & ATCP_OPT_TS)) {
			/*
			 * RFC 7323 section 3.2 would have the segment dropped; but some
			 * peers, and boxes on the way, leave the timestamp out at times.
			 */
			if (!c->space->conf.tolerate_missing_ts)
				return ATCP_DROP_NO_TIMESTAMP;
		} else if (atcp_paws_old(h->tsval, c->ts_recent, c->ts_recent_at, c->now) &&
			   (len || seq_lt(h->tsval, c->ts_recent - PAWS_SLACK))) {
			answer_outside(c, h, len);
			return ATCP_DROP_PAWS;
		}
	}
	/*
	 * Simultaneous open: the peer's SYN, repeated, or its SYN-ACK begins below the window,
	 * even if it carries text.
	 */
	if (c->state == ATCP_SYN_RECEIVED && seq == c->irs &&
	    (h->flags & (ATCP_SYN | ATCP_RST)) == ATCP_SYN) {
		if (h->flags & ATCP_ACK && h->ack == c->snd_nxt)
			return ATCP_DROP_NONE;
		if (!(h->flags & ATCP_ACK)) {
			if (c->ts_on && h->opts & ATCP_OPT_TS && seq_geq(h->tsval, c->ts_recent))
				c->ts_recent = h->tsval;
			if (atcp_may_answer(c->space, &c->challenge_at, c->now))
				atcp_send_syn_again(c);
			return ATCP_DROP_DUPLICATE;
		}
	}
	if (acceptable(c, seq, len))
		return ATCP_DROP_NONE;
	answer_outside(c, h, len);
	return len && seq_leq(seq + len, c->rcv_nxt) ? ATCP_DROP_DUPLICATE : ATCP_DROP_WINDOW;
}

/* Second, check the RST bit (RFC 5961 section 3). The caller drops the segment. */
static enum atcp_drop reset_arrived(struct atcp_tcb *c, u32 seq)
{
	int err = ECONNRESET;

	if (seq != c->rcv_nxt) {
		atcp_send_challenge(c);
		return ATCP_DROP_BLIND_RST;
	}
	atcp_count(c, ATCP_STAT_IN_RSTS);
	if (c->state == ATCP_SYN_RECEIVED) {
		atcp_count(c, ATCP_STAT_CONN_FAILED);
		err = c->flags & ATCP_F_PASSIVE ? ECONNRESET : ECONNREFUSED;
	} else {
		atcp_count(c, ATCP_STAT_CONN_RESET);
		if (c->state == ATCP_CLOSE_WAIT)
			err = EPIPE;
	}
	atcp_done(c, err);
	return ATCP_DROP_NONE;
}

/* Fifth, in SYN-RECEIVED; false: drop. */
static bool syn_received(struct atcp_tcb *c, const struct atcp_hdr *h)
{
	if (seq_leq(h->ack, c->snd_una) || seq_gt(h->ack, c->snd_nxt)) {
		atcp_send_ctl(c, h->ack, ATCP_RST);
		return false;
	}
	c->delivered++;
	c->snd_una++;			/* the SYN; ack.c does the rest */
	if (!(c->flags & ATCP_F_PASSIVE)) {
		c->bytes_acked++;	/* as in SYN-SENT */
		measure_syn(c, h, true);	/* it went alone, then with an ACK */
	}
	c->snd_wnd = (u32)h->wnd << (h->flags & ATCP_SYN ? 0 : c->snd_wscale);
	c->snd_wnd_max = max(c->snd_wnd_max, c->snd_wnd);
	c->snd_wl1 = h->seq;
	c->snd_wl2 = h->ack;
	atcp_established(c);
	return true;
}

/* Sixth, check the URG bit (RFC 6093). */
static void urgent(struct atcp_tcb *c, const struct atcp_hdr *h, u32 seq)
{
	u32 up = seq + h->up;

	if (!ATCP_IN(c->state, ATCP_CAN_RECEIVE))
		return;
	if (seq_gt(up, c->rcv_up) && seq_gt(up, c->rcv_nxt)) {
		c->rcv_up = up;
		atcp_host_wake(c, ATCP_WAKE_URGENT);
	}
}

static void synchronized(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 len = cb->end_seq - cb->seq;
	enum atcp_drop why = ATCP_DROP_NONE;

	/*
	 * Header prediction: next in sequence, within the window, no control bit
	 * but ACK and PSH, in ESTABLISHED, passes the first four checks.
	 */
	if (likely(c->state == ATCP_ESTABLISHED && cb->seq == c->rcv_nxt &&
		   (h->flags & PREDICTED) == ATCP_ACK && len <= atcp_rcv_left(c) &&
		   (!c->ts_on ||
		    ((h->opts & ATCP_OPT_TS) && seq_geq(h->tsval, c->ts_recent)))))
		goto fifth;

	why = first_check(c, h, cb->seq, len);
	if (why)
		goto drop;

	if (h->flags & ATCP_RST) {
		why = reset_arrived(c, cb->seq);
		goto drop;
	}

	/* Third, check security: not provided. */

	/* Fourth, check the SYN bit (RFC 5961 section 4); a simultaneous SYN-ACK is good. */
	if (h->flags & ATCP_SYN) {
		if (c->state != ATCP_SYN_RECEIVED || cb->seq != c->irs) {
			atcp_send_challenge(c);
			why = ATCP_DROP_BLIND_SYN;
			goto drop;
		}
		cb->seq++;
	}

	/* Fifth, check the ACK field. */
	if (!(h->flags & ATCP_ACK)) {
		why = ATCP_DROP_NO_ACK;
		goto drop;
	}
fifth:
	if (unlikely(c->state == ATCP_SYN_RECEIVED) && !syn_received(c, h)) {
		why = ATCP_DROP_BAD_ACK;
		goto drop;
	}
	if (!atcp_ack_arrived(c, h, len, &why))
		goto drop;

	if (unlikely(h->flags & ATCP_URG))
		urgent(c, h, cb->seq);

	/* Seventh, process the segment text; eighth, check the FIN bit. */
	atcp_text_arrived(c, seg, h);
	return;
drop:
	atcp_drop(c, seg, why);
}

void atcp_arrive(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 una = c->snd_una, nxt = c->snd_nxt;
	u32 segs = 1;

	atcp_enter(c);
	/* Only these counts change before the segment has passed its checks. */
	if (atcp_seg_len(seg)) {
		segs = atcp_seg_count(seg);
		c->data_segs_in += segs;
	}
	c->segs_in += segs;
	c->dsack_due = false;		/* that was of an earlier segment */
	cb->seq = h->seq;
	cb->end_seq = h->seq + atcp_seg_len(seg) + !!(h->flags & ATCP_SYN) +
		      !!(h->flags & ATCP_FIN);
	cb->flags = h->flags & ATCP_FIN;

	if (unlikely(c->state == ATCP_SYN_SENT))
		syn_sent(c, seg, h);
	else
		synchronized(c, seg, h);

	if (c->state == ATCP_CLOSED)
		return;
	atcp_ack_gap(c);
	if (atcp_unsent(c) || unlikely(c->snd_lost || c->fin_lost))
		atcp_output(c);
	else
		atcp_chrono_update(c);
	/* After output: some programs wait until little is unsent (TCP_NOTSENT_LOWAT). */
	if (c->snd_una != una || c->snd_nxt != nxt)
		atcp_host_wake(c, ATCP_WAKE_WRITABLE);
	atcp_ack_policy(c);
	atcp_leave(c);
}

/*
 * Section 3.9.2.2.  The segment that the error quotes must be in flight (RFC 5927), or
 * anyone could make up an error.
 */
void atcp_icmp(struct atcp_tcb *c, u32 seq, int err, bool hard)
{
	if (c->state == ATCP_CLOSED)
		return;
	if (!seq_within(c->snd_una, seq, c->snd_nxt)) {
		atcp_count(c, ATCP_STAT_ICMP_IGNORED);
		return;
	}
	atcp_count(c, ATCP_STAT_ICMP_ERRORS);
	if (ATCP_IN(c->state, ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED)) && hard) {
		atcp_count(c, ATCP_STAT_CONN_FAILED);
		atcp_done(c, err);
		return;
	}
	c->soft_error = err;
}
