// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery without SACK: fast retransmit and fast recovery (RFC 5681
 * section 3.2, RFC 6582).  Limited transmit (RFC 3042) is in output.c.
 * One loss is repaired a round trip.  Where that takes longer than a time-out, slow
 * start repairs the rest: only the first partial ACK restarts the timer (the "impatient"
 * variant of RFC 6582 section 4).
 * The retransmission time-out: RFC 5681 section 3.1, RFC 6298 section 5, RFC 3465
 * section 2.3.  A path that takes less than before: RFC 1191 section 6.5.
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

/* @beyond: as in struct atcp_ack. */
static void dupack(struct atcp_tcb *c, bool beyond)
{
	if (c->dupacks < ATCP_COUNT_MAX)
		c->dupacks++;
	if (c->dupacks == 1)
		c->dup_flight = c->snd_nxt - c->snd_una;

	if (c->recovery == ATCP_FAST) {
		c->cwnd += c->mss;	/* RFC 6582 section 3.2, step 3 */
		return;
	}
	if (c->recovery == ATCP_LOSS || c->dupacks < ATCP_DUPTHRESH)
		return;
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
	c->cwnd += ATCP_DUPTHRESH * c->mss;
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

		c->cwnd = min_t(u32, c->ssthresh, max_t(u32, flight, c->mss) + c->mss);
		set_recovery(c, ATCP_OPEN);
		return;
	}
	atcp_resend_first(c);
	c->cwnd -= min(acked, c->cwnd - c->mss);
	if (acked >= c->mss)
		c->cwnd += c->mss;
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
 * In fast recovery ssthresh has been lowered for this loss, and what is unacknowledged
 * includes what duplicate ACKs have let out: it does not rise again.
 */
static void lower_ssthresh(struct atcp_tcb *c)
{
	u32 ssthresh = c->cc->ssthresh(c, atcp_flight(c));

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
	/*
	 * This is no sign of congestion, and ssthresh stays; a smaller cwnd avoids a burst.
	 * What duplicate ACKs have added to cwnd was for the recovery that ends here.
	 */
	atcp_enter(c);
	if (c->recovery == ATCP_FAST)
		c->cwnd = c->ssthresh;
	c->cwnd = min(c->cwnd, atcp_initial_window(c));
	c->recover = c->snd_nxt;
	set_recovery(c, ATCP_LOSS);
	c->dupacks = 0;
	c->rtx_nxt = c->snd_una;
	atcp_output(c);
	atcp_arm_rexmt(c);
	atcp_leave(c);
}
