// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery by duplicate ACKs, for peers without SACK and for net.atcp.recovery = 0: fast
 * retransmit and fast recovery (RFC 5681 section 3.2, RFC 6582).  The time-out is
 * recovery.c's.
 *
 * One loss is repaired a round trip.  Where that takes longer than a time-out, slow start
 * repairs the rest: only the first partial ACK restarts the timer (the "impatient" variant
 * of RFC 6582 section 4).
 *
 * The RFCs let cwnd grow by a segment for each duplicate ACK, and shrink again.  Here cwnd
 * stays as it is: c->sacked tells what the duplicates say, and atcp_flight() subtracts it.
 */
#include "core/congestion.h"
#include "core/deadline.h"
#include "core/dupack.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/recovering.h"
#include "core/rtt.h"

/*
 * At least one segment is in flight, however many duplicates come: a peer that makes them
 * up gains no more by them than a window of cwnd, and then a segment for each.  (As
 * tcp_limit_reno_sacked().)
 */
static void limit_sacked(struct atcp_tcb *c)
{
	u32 flight = c->snd_nxt - c->snd_una;

	c->sacked = min(c->sacked, flight - min_t(u32, flight, c->mss));
}

/* A duplicate ACK: one more segment has left the network. */
static void add_sacked(struct atcp_tcb *c)
{
	c->sacked += c->mss;
	limit_sacked(c);
}

/*
 * A partial ACK of @acked bytes covers one segment that was resent; the rest of it was
 * counted by duplicates.
 */
static void remove_sacked(struct atcp_tcb *c, u32 acked)
{
	if (acked >= c->mss)
		acked -= c->mss;
	c->sacked -= min(acked, c->sacked);
	limit_sacked(c);
}

/* The first segment is lost: all that duplicates tell of. */
static void tell_lost(struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_queue_sent(c);
	u32 len;

	if (!seg)
		return;
	len = atcp_seg_cb(seg)->end_seq - seq_max(atcp_seg_cb(seg)->seq, c->snd_una);
	atcp_cc_lost(c, atcp_seg_cb(seg), min_t(u32, len, c->mss));
}

/* @beyond: as in struct atcp_ack. */
static void dupack(struct atcp_tcb *c, bool beyond)
{
	if (c->dupacks < ATCP_COUNT_MAX)
		c->dupacks++;
	if (c->dupacks == 1)
		c->dup_flight = c->snd_nxt - c->snd_una;

	if (c->recovery == ATCP_LOSS)
		return;
	/* RFC 6582 section 3.2, step 3; RFC 3042. */
	if (c->recovery == ATCP_FAST || c->dupacks < ATCP_DUPTHRESH) {
		add_sacked(c);
		return;
	}
	/*
	 * Step 2: not before more is acknowledged than was outstanding at the last loss.
	 * What was resent then may have arrived twice, and have caused the duplicates; not so
	 * where the peer has data that was sent after it.
	 */
	if (seq_leq(c->snd_una, c->recover) && !beyond)
		return;

	c->recover = c->snd_nxt;
	if (unlikely(atcp_mtup_lost(c))) {
		/* No sign of congestion: RFC 4821 section 7.6.2. */
		c->cc.ssthresh = max(c->cc.ssthresh, c->cc.cwnd);
	} else {
		/* Without what limited transmit has added: RFC 5681 section 3.2, step 2. */
		tell_lost(c);
		c->cc.ssthresh = atcp_cc_ssthresh(c, c->dup_flight, ATCP_CC_LOSS);
		if (!atcp_cc_owns_recovery(c))
			c->cc.cwnd = c->cc.ssthresh;
	}
	add_sacked(c);
	c->partial = false;
	atcp_set_recovery(c, ATCP_FAST);
	atcp_count(c, ATCP_STAT_RETRANS_FAST);
	atcp_resend_first(c);
	atcp_arm_rexmt(c);
}

/* SND.UNA has advanced. */
static void set_timer(struct atcp_tcb *c)
{
	if (c->snd_una == c->snd_nxt) {
		atcp_stop_timer(c, ATCP_T_REXMT);
		return;
	}
	if (c->recovery == ATCP_FAST && seq_lt(c->snd_una, c->recover)) {
		if (c->partial) {
			c->rtx_since = c->now;	/* the user time-out counts from progress */
			return;
		}
		c->partial = true;
	}
	atcp_arm_rexmt(c);
}

/* RFC 6582 section 3.2, steps 3 and 4. */
static void fast_acked(struct atcp_tcb *c, u32 acked)
{
	if (seq_geq(c->snd_una, c->recover)) {
		u32 flight = c->snd_nxt - c->snd_una;

		c->sacked = 0;
		if (!atcp_cc_owns_recovery(c))
			c->cc.cwnd = min_t(u32, c->cc.ssthresh,
					   max_t(u32, flight, c->mss) + c->mss);
		atcp_set_recovery(c, ATCP_OPEN);
		atcp_cc_tell(c, ATCP_CC_RECOVERED);
		return;
	}
	atcp_resend_first(c);
	remove_sacked(c, acked);
}

/* SND.UNA has advanced. */
static void advanced(struct atcp_tcb *c, const struct atcp_ack *a)
{
	u32 acked = a->acked;
	bool full;

	c->dupacks = 0;
	if (c->recovery == ATCP_FAST) {
		fast_acked(c, acked);
		if (atcp_cc_owns_recovery(c))
			atcp_cc_acked(c, a, a->delivered, atcp_fills_cwnd(c));
		return;
	}
	c->sacked = 0;
	full = c->recovery == ATCP_LOSS || atcp_fills_cwnd(c);
	if (c->recovery == ATCP_LOSS) {
		if (seq_geq(c->snd_una, c->recover)) {
			atcp_set_recovery(c, ATCP_OPEN);
			atcp_cc_tell(c, ATCP_CC_RECOVERED);
		}
		/* One ACK may cover much that had waited at the peer: no burst for that. */
		acked = min_t(u32, acked, c->mss);
	}
	atcp_keep_up(c);
	atcp_cc_acked(c, a, acked, full);
}

void atcp_dupack_ack(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (a->acked) {
		set_timer(c);
		advanced(c, a);
	} else if (a->duplicate && c->snd_wnd) {
		dupack(c, a->beyond);
	}
}
