// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery: what is sent again, and what cwnd has to answer for.
 *
 * With SACK and net.atcp.recovery, RACK (rack.c) tells what is lost:
 *
 *   proportional rate reduction in FAST: RFC 9937
 *   spurious time-outs: F-RTO, RFC 5682, in its variant with SACK
 *   undo of a reduction for which nothing was lost: by the peer's D-SACKs (RFC 3708 section
 *   2), by timestamps (Eifel, RFC 3522, RFC 4015), by F-RTO
 *
 * Without, duplicate ACKs do (dupack.c).
 *
 * Both: limited transmit (RFC 3042), which is arithmetic of atcp_flight(); the retransmission
 * time-out (RFC 5681 section 3.1, RFC 6298 section 5, RFC 3465 section 2.3); a path that
 * takes less than before (RFC 1191 section 6.5).
 *
 *              3 duplicate ACKs, or RACK
 *      OPEN ----------------------------> FAST ---+ what is lost goes again
 *       ^  ^                               |  ^---+
 *       |  +--- all of it acked, or undo --+
 *       |                                  | time-out
 *       +--- all of it acked, or undo --- LOSS <-- (from OPEN, too)
 */
#include "core/aside.h"
#include "core/board.h"
#include "core/congestion.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/dupack.h"
#include "core/mss.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/rack.h"
#include "core/recovering.h"
#include "core/recovery.h"
#include "core/rtt.h"
#include "core/seq.h"

#define FILL_SEGMENTS	3	/* new segments an ACK may let out after an undo, as RFC 4015 */

/* What is to be restored if nothing was lost. */
static void remember(struct atcp_tcb *c)
{
	c->undo = atcp_has_aside(c);
	if (unlikely(!c->undo))
		return;
	c->aside->undo_una = c->snd_una;
	c->aside->undo_sent = 0;
	c->aside->undo_dups = 0;
	c->aside->prior_cwnd = c->cc.cwnd;
	c->aside->prior_ssthresh = c->cc.ssthresh;
}

/* No loss was behind it: RFC 4015 section 3.  What was taken for lost is in flight. */
static void undo(struct atcp_tcb *c, enum atcp_stat why)
{
	atcp_count(c, why);
	c->cc.cwnd = max(c->cc.cwnd, c->aside->prior_cwnd);
	c->cc.ssthresh = max(c->cc.ssthresh, c->aside->prior_ssthresh);
	c->undo = false;
	c->frto = ATCP_FRTO_NO;
	c->filling = true;
	/* What was taken for lost was late.  A time-out tells of no order. */
	if (why != ATCP_STAT_UNDO_FRTO && c->recovery != ATCP_LOSS)
		atcp_rack_reordered(c, c->fack - c->aside->undo_una);
	if (c->recovery != ATCP_OPEN) {
		atcp_queue_unmark_lost(c);
		c->fin_lost = false;
		atcp_set_recovery(c, ATCP_OPEN);
	}
	atcp_cc_tell(c, ATCP_CC_UNDO);
}

/*
 * Undoes a reduction when each segment that was sent again has been reported as a duplicate,
 * or when the first of them was acknowledged before it could have arrived.
 */
static void try_undo(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (!c->undo)
		return;
	if (a->delayed && c->recovery != ATCP_OPEN)
		undo(c, ATCP_STAT_UNDO_TIMESTAMP);
	else if (c->aside->undo_sent && c->aside->undo_dups >= c->aside->undo_sent)
		undo(c, ATCP_STAT_UNDO_DSACK);
}

/*
 * Counts what the peer says it had already.  A probe's duplicate tells nothing of recovery,
 * which may have begun since the probe.
 * One beyond what was sent again since recovery began is none of ours: an old one, one of what
 * the network has duplicated, or made up.
 */
static void note_dsack(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (c->tlp_again && a->dsack_end == c->tlp_end) {
		c->tlp_again = false;
		return;
	}
	if (!c->undo || !c->aside->undo_sent || seq_lt(a->dsack_start, c->aside->undo_una) ||
	    seq_gt(a->dsack_end, c->aside->undo_end)) {
		atcp_count(c, ATCP_STAT_DSACK_IGNORED);
		return;
	}
	atcp_rack_dsack(c);
	c->aside->undo_dups += atcp_segments(c, a->dsack_end - a->dsack_start);
}

/* True if this recovery was a sign of congestion, and cwnd comes down step by step. */
static bool reduces(const struct atcp_tcb *c)
{
	return c->aside && c->aside->prr_flight;
}

/* RFC 9937 section 6.2, when an ACK has come; @safe: as there. */
static void reduce(struct atcp_tcb *c, u32 delivered, bool safe)
{
	struct atcp_aside *a = c->aside;
	u32 flight = atcp_flight(c);
	s64 room;

	a->prr_delivered += delivered;
	if (flight > c->cc.ssthresh) {
		room = (s64)div_u64((u64)a->prr_delivered * c->cc.ssthresh +
				    a->prr_flight - 1, a->prr_flight) - a->prr_out;
	} else {
		room = max((s64)a->prr_delivered - a->prr_out, (s64)delivered);
		if (safe)
			room += c->mss;
		room = min(room, (s64)(c->cc.ssthresh - flight));
	}
	/* The first is sent again in any case. */
	if (!a->prr_out)
		room = max(room, (s64)c->mss);
	c->cc.cwnd = max_t(u32, flight + max_t(s64, room, 0), c->mss);
}

/* @flight: bytes in flight when recovery began. */
static void begin_reduction(struct atcp_tcb *c, u32 flight)
{
	if (unlikely(atcp_cc_owns_recovery(c)))
		return;
	if (likely(c->aside))
		c->aside->prr_flight = flight;
	else
		c->cc.cwnd = c->cc.ssthresh;
}

/* RACK has found a loss. */
static void enter_fast(struct atcp_tcb *c, const struct atcp_ack *a)
{
	u32 flight = c->snd_nxt - c->snd_una + a->acked;
	struct atcp_seg *first = atcp_queue_lost(c);

	remember(c);
	c->recover = c->snd_nxt;
	c->tlp_out = false;
	c->filling = false;
	if (likely(c->aside)) {
		c->aside->prr_delivered = 0;
		c->aside->prr_out = 0;
		c->aside->prr_flight = 0;
	}
	/*
	 * A probe alone is no sign of congestion: RFC 4821 section 7.6.2.  Half of cwnd, and not
	 * of what is in flight: an answer of few segments would fall to two of them at each loss.
	 * cwnd does not grow beyond what was in flight (atcp_fills_cwnd()), as RFC 9438 section
	 * 4.6 asks of who does so.
	 */
	if (likely(seq_gt(atcp_seg_cb(first)->seq, c->snd_una) || !atcp_mtup_lost(c))) {
		c->cc.ssthresh = atcp_cc_ssthresh(c, c->cc.cwnd, ATCP_CC_LOSS);
		begin_reduction(c, max_t(u32, flight - min(flight, a->prior_sacked), c->mss));
	}
	atcp_set_recovery(c, ATCP_FAST);
	atcp_count(c, ATCP_STAT_RETRANS_FAST);
}

/* SND.UNA has reached what was sent when recovery began. */
static void leave_fast(struct atcp_tcb *c)
{
	if (reduces(c))
		c->cc.cwnd = max_t(u32, c->cc.ssthresh, c->mss);
	atcp_rack_recovered(c);
}

/* All that was lost when recovery began is repaired. */
static void end_recovery(struct atcp_tcb *c)
{
	if (c->recovery == ATCP_FAST)
		leave_fast(c);
	c->frto = ATCP_FRTO_NO;
	atcp_set_recovery(c, ATCP_OPEN);
	atcp_cc_tell(c, ATCP_CC_RECOVERED);
}

/* RFC 5682 section 3.1, while it is open whether the time-out was spurious. */
static void doubt_timeout(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (a->original) {
		undo(c, ATCP_STAT_UNDO_FRTO);
	} else if (c->frto == ATCP_FRTO_NEW) {
		if (a->acked || a->sacked)
			c->frto = ATCP_FRTO_NO;		/* (3a) */
	} else if (a->acked) {
		/* (2b): new data, if there is any that may be sent; else (2a). */
		c->frto = c->write_seq - c->snd_nxt >= c->mss &&
			  c->snd_nxt - c->snd_una + c->mss <= c->snd_wnd ?
			  ATCP_FRTO_NEW : ATCP_FRTO_NO;
	} else if (a->sacked) {
		c->frto = ATCP_FRTO_NO;
	}
}

/* One loss, which a tail loss probe has found and repaired. */
static void tail_lost(struct atcp_tcb *c)
{
	c->cc.ssthresh = atcp_cc_ssthresh(c, c->cc.cwnd, ATCP_CC_LOSS);
	if (!atcp_cc_owns_recovery(c))
		c->cc.cwnd = c->cc.ssthresh;
}

/*
 * @was: the state before this ACK.  One that ends recovery may cover much that was counted
 * when it was reported: after FAST cwnd is what recovery has left, after LOSS it grows by
 * what is new.
 */
static void grow(struct atcp_tcb *c, const struct atcp_ack *a, u8 was)
{
	if (unlikely(atcp_cc_owns_recovery(c))) {
		if (a->delivered)
			atcp_cc_acked(c, a, a->delivered, atcp_fills_cwnd(c));
		return;
	}
	if (was == ATCP_FAST)
		return;
	if (was == ATCP_LOSS) {
		if (a->delivered)
			atcp_cc_acked(c, a, a->delivered, true);
	} else if (a->acked) {
		atcp_cc_acked(c, a, a->acked, atcp_fills_cwnd(c));
	}
}

/*
 * Data that was reported is missing at SND.UNA: the peer has dropped it.  The time-out comes
 * soon, and then all of it goes again.
 */
static void hasten_timeout(struct atcp_tcb *c)
{
	u64 soon = max_t(u64, c->srtt / 16, 10 * ATCP_MSEC);

	if (c->now + soon < c->deadline[ATCP_T_REXMT])
		atcp_set_rexmt(c, soon);
}

static void rack_ack(struct atcp_tcb *c, const struct atcp_ack *a)
{
	u8 was = c->recovery;
	bool lost;

	if (a->acked) {
		if (c->snd_una == c->snd_nxt)
			atcp_stop_timer(c, ATCP_T_REXMT);
		else
			atcp_arm_rexmt(c);
	}
	if (unlikely(a->dsack))
		note_dsack(c, a);
	if (unlikely(atcp_tail_acked(c, a)))
		tail_lost(c);
	try_undo(c, a);
	if (unlikely(c->frto))
		doubt_timeout(c, a);
	if (unlikely(c->filling)) {
		c->fill_room = a->delivered + FILL_SEGMENTS * c->mss;
		c->filling = c->cc.cwnd > atcp_flight(c) + c->fill_room;
	}

	/* Undo was first: what is marked from here on is lost anew. */
	lost = atcp_rack_mark(c);
	if (c->recovery != ATCP_OPEN && seq_geq(c->snd_una, c->recover))
		end_recovery(c);
	if (unlikely(c->snd_lost && c->recovery == ATCP_OPEN))
		enter_fast(c, a);
	atcp_keep_up(c);
	if (c->recovery != ATCP_FAST || unlikely(atcp_cc_owns_recovery(c)))
		grow(c, a, was);
	else if (reduces(c) && (a->delivered || !c->aside->prr_out))
		reduce(c, a->delivered, a->acked && !lost);
	if (unlikely(c->snd_sacked && a->acked && atcp_board_reneged(c)))
		hasten_timeout(c);
	atcp_arm_tail(c);
}

void atcp_recovery_reorder(struct atcp_tcb *c)
{
	struct atcp_ack none = { .prior_sacked = c->sacked };

	atcp_rack_mark(c);
	if (!c->snd_lost)
		return;
	if (c->recovery == ATCP_OPEN) {
		enter_fast(c, &none);
		if (reduces(c))
			reduce(c, 0, false);
		atcp_arm_tail(c);
	}
	atcp_output(c);
}

/* --- with SACK and without --- */

void atcp_recovery_ack(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (c->rack)
		rack_ack(c, a);
	else
		atcp_dupack_ack(c, a);
	atcp_set_quantum(c);
}

/*
 * What is unacknowledged counts, with what duplicate ACKs stand for (RFC 5681, equation (4)).
 * In fast recovery ssthresh has been lowered for this loss, and that includes what the
 * duplicates have let out: it does not rise again.
 */
static void lower_ssthresh(struct atcp_tcb *c)
{
	u32 ssthresh = atcp_cc_ssthresh(c, atcp_flight(c) + c->sacked, ATCP_CC_TIMEOUT);

	if (c->recovery == ATCP_FAST)
		ssthresh = min(ssthresh, c->cc.ssthresh);
	c->cc.ssthresh = ssthresh;
}

/* RFC 8985 section 6.3, RFC 2018 section 8. */
static void mark_timeout(struct atcp_tcb *c)
{
	bool reneged = atcp_board_reneged(c);

	if (reneged)
		atcp_count(c, ATCP_STAT_SACK_RENEGING);
	if (c->rack && !reneged)
		atcp_rack_mark_timeout(c);
	else
		atcp_queue_mark_all_lost(c, true);
	if (reneged)
		c->fack = c->snd_una;
	c->fin_lost = atcp_fin_sent(c) && !c->snd_flight;
}

/* Everything is to be sent again, from SND.UNA on, as far as it is lost. */
static void enter_loss(struct atcp_tcb *c)
{
	c->recover = c->snd_nxt;
	atcp_set_recovery(c, ATCP_LOSS);
	c->dupacks = 0;
	if (!c->rack)
		c->sacked = 0;
	c->tlp_out = false;
	c->filling = false;
	atcp_arm_tail(c);	/* stops it */
}

void atcp_recovery_timeout(struct atcp_tcb *c)
{
	bool open = c->recovery == ATCP_OPEN;

	if (open && c->rack)
		remember(c);
	/* Once for all the time-outs of one segment: RFC 5681, below equation (4). */
	if (c->retries == 1)
		lower_ssthresh(c);
	enter_loss(c);
	mark_timeout(c);
	c->cc.cwnd = (c->rack ? atcp_flight(c) : 0) + c->mss;
	c->frto = c->rack && c->aside && c->space->conf.frto && (open || c->retries > 1) ?
		  ATCP_FRTO_FIRST : ATCP_FRTO_NO;
	atcp_count(c, ATCP_STAT_RETRANS_TIMEOUT);
	atcp_output(c);
}

void atcp_route_changed(struct atcp_tcb *c)
{
	atcp_mtup_restart(c);
}

void atcp_path_changed(struct atcp_tcb *c)
{
	u16 old = c->mss;

	atcp_mtup_restart(c);
	atcp_mss_changed(c);
	if (c->mss >= old || !ATCP_IN(c->state, ATCP_SYNCHRONIZED) || c->snd_una == c->snd_nxt ||
	    c->recovery == ATCP_LOSS)
		return;
	/* This is no sign of congestion, and ssthresh stays; a smaller cwnd avoids a burst. */
	atcp_enter(c);
	c->cc.cwnd = min(c->cc.cwnd, atcp_initial_window(c));
	enter_loss(c);
	c->undo = false;
	c->frto = ATCP_FRTO_NO;
	atcp_queue_mark_all_lost(c, false);
	c->fin_lost = atcp_fin_sent(c);
	atcp_stop_timer(c, ATCP_T_REORDER);
	atcp_output(c);
	atcp_arm_rexmt(c);
	atcp_leave(c);
}
