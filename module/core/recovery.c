// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery without SACK: fast retransmit and fast recovery (RFC 5681
 * section 3.2, RFC 6582), limited transmit (RFC 3042).
 * One loss is repaired a round trip.  Where that takes longer than a time-out, slow
 * start repairs the rest: only the first partial ACK restarts the timer (the "impatient"
 * variant of RFC 6582 section 4).
 * The retransmission time-out: RFC 5681 section 3.1, RFC 6298 section 5, RFC 3465
 * section 2.3.  A path that takes less than before: RFC 1191 section 6.5.
 *
 * The RFCs let cwnd grow by a segment for each duplicate ACK, and shrink again.  Here cwnd
 * stays as it is: c->sacked tells what the duplicates say, and atcp_flight() subtracts it.
 *
 *              3 duplicate ACKs
 *      OPEN ----------------------> FAST ---+ partial ACK: resend
 *       ^  ^                         |  ^---+
 *       |  +--- all of it acked -----+
 *       |                            | time-out
 *       +--- all of it acked --- LOSS <------+ (from OPEN too)
 */
#include "core/cc.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/mss.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/recovery.h"
#include "core/rtt.h"
#include "core/seq.h"

static void set_recovery(struct atcp_tcb *c, enum atcp_recovery recovery)
{
	u8 old = c->recovery;

	c->recovery = recovery;
	if (old != recovery)
		atcp_host_recovery(c, old);
}

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
		c->ssthresh = max(c->ssthresh, c->cwnd);
	} else {
		/* Without what limited transmit has added: RFC 5681 section 3.2, step 2. */
		c->ssthresh = c->cc->ssthresh(c, c->dup_flight);
		c->cwnd = c->ssthresh;
	}
	add_sacked(c);
	c->partial = false;
	set_recovery(c, ATCP_FAST);
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
		c->cwnd = min_t(u32, c->ssthresh, max_t(u32, flight, c->mss) + c->mss);
		set_recovery(c, ATCP_OPEN);
		return;
	}
	atcp_resend_first(c);
	remove_sacked(c, acked);
}

/*
 * cwnd does not grow while the sender does not fill it (RFC 7661 section 4.3).  The most
 * in flight in a window decides, and not what was at this ACK: ACKs of a burst come
 * when its end has been sent.
 */
static bool fills_cwnd(const struct atcp_tcb *c)
{
	return c->cwnd < c->ssthresh ? c->cwnd <= 2 * c->max_flight :
				       c->cwnd <= c->max_flight + c->mss;
}

/* SND.UNA has advanced by @acked. */
static void advanced(struct atcp_tcb *c, u32 acked)
{
	bool grow;

	c->dupacks = 0;
	if (c->recovery == ATCP_FAST) {
		fast_acked(c, acked);
		return;
	}
	c->sacked = 0;
	grow = c->recovery == ATCP_LOSS || fills_cwnd(c);
	if (c->recovery == ATCP_LOSS) {
		if (seq_lt(c->rtx_nxt, c->snd_una))
			c->rtx_nxt = c->snd_una;
		if (seq_geq(c->snd_una, c->recover))
			set_recovery(c, ATCP_OPEN);
		/* One ACK may cover much that had waited at the peer: no burst for that. */
		acked = min_t(u32, acked, c->mss);
	}
	if (c->recovery == ATCP_OPEN && seq_gt(c->snd_una, c->recover))
		c->recover = c->snd_una - 1;	/* keeps up, or a wrap puts it ahead */
	if (grow)
		c->cc->acked(c, acked);
}

void atcp_recovery_ack(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (a->acked) {
		set_timer(c);
		advanced(c, a->acked);
	} else if (a->duplicate && c->snd_wnd) {
		dupack(c, a->beyond);
	}
}

/*
 * What is unacknowledged counts, with what duplicate ACKs stand for (RFC 5681, equation (4)).
 * In fast recovery ssthresh has been lowered for this loss, and that includes what the
 * duplicates have let out: it does not rise again.
 */
static void lower_ssthresh(struct atcp_tcb *c)
{
	u32 ssthresh = c->cc->ssthresh(c, atcp_flight(c) + c->sacked);

	if (c->recovery == ATCP_FAST)
		ssthresh = min(ssthresh, c->ssthresh);
	c->ssthresh = ssthresh;
}

void atcp_recovery_timeout(struct atcp_tcb *c)
{
	/* Once for all the time-outs of one segment: RFC 5681, below equation (4). */
	if (c->retries == 1)
		lower_ssthresh(c);
	c->cwnd = c->mss;
	c->recover = c->snd_nxt;
	set_recovery(c, ATCP_LOSS);
	c->dupacks = 0;
	c->sacked = 0;
	c->rtx_nxt = c->snd_una;
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
	c->cwnd = min(c->cwnd, atcp_initial_window(c));
	c->recover = c->snd_nxt;
	set_recovery(c, ATCP_LOSS);
	c->dupacks = 0;
	c->sacked = 0;
	c->rtx_nxt = c->snd_una;
	atcp_output(c);
	atcp_arm_rexmt(c);
	atcp_leave(c);
}
