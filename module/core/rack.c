// SPDX-License-Identifier: GPL-2.0
/*
 * RACK-TLP: RFC 8985.
 *
 * RACK (section 6): a segment is lost when one that was sent after it has arrived, and a
 * round trip and a reordering window have passed since it was sent.  As it goes by the time
 * of the last transmission, it finds lost retransmissions as well.  The window is nothing
 * while no reordering was seen and as many segments as that of duplicate ACKs have arrived
 * (the kernel's TCP dropped RFC 6675 for this rule).
 *
 * TLP (section 7): when no ACK comes for two round trips, the last segment, or a new one, is
 * sent to provoke one.  SACK blocks then tell RACK what is lost, without a time-out.
 *
 * Differs from the RFC: ATCP_T_REORDER is set for the first segment that is late and not
 * for the last, and then again.  So the walk through the time list ends at the first that
 * has time left, and costs no more than it marks.  REORDER_SLACK bounds how often it fires.
 */
#include "core/congestion.h"
#include "core/deadline.h"
#include "core/output.h"
#include "core/queue.h"
#include "core/rack.h"
#include "core/rtt.h"
#include "core/seq.h"

#define REORDER_SLACK	ATCP_MSEC
#define DEVICE_WAIT	(10 * ATCP_MSEC)	/* until this host's queue is looked at again */
#define PERSIST		16	/* recoveries that a window larger than the first lasts */

/* True if what ends at @end and was sent at @at was sent before what RACK goes by. */
static bool sent_before(const struct atcp_tcb *c, u64 at, u32 end)
{
	return at < c->rack_at || (at == c->rack_at && seq_lt(end, c->rack_end));
}

/* Section 6.2, steps 1 and 2. */
void atcp_rack_arrived(struct atcp_tcb *c, const struct atcp_cb *cb, u32 end)
{
	u64 at = atcp_arrived(c);
	u32 rtt = at > cb->sent_at ? (u32)min_t(u64, at - cb->sent_at, ~0u) : 0;

	/* Too early: it is the original that has arrived, and not what was sent again. */
	if (cb->sent & ATCP_SENT_AGAIN && rtt < c->min_rtt)
		return;
	/* Of the latest to arrive: what one has taken, those sent before it may still take. */
	c->rack_rtt = rtt;
	if (sent_before(c, cb->sent_at, end))
		return;
	c->rack_at = cb->sent_at;
	c->rack_end = end;
}

/*
 * Section 6.2, step 4.  It is a tick of the clock at least: two segments that leave and
 * arrive within one tick tell nothing of each other.
 */
static u32 reordering_window(const struct atcp_tcb *c)
{
	if (!c->reord_seen && (c->recovery != ATCP_OPEN || c->sacked_segs >= c->reordering))
		return 0;
	return min_t(u64, (u64)c->reo_mult * c->min_rtt / 4, c->srtt / 8) + 1;
}

/* Microseconds until @cb is late, or 0. */
static u64 time_left(const struct atcp_tcb *c, const struct atcp_cb *cb, u32 window)
{
	u64 due = cb->sent_at + c->rack_rtt + window;

	return due > c->now ? due - c->now : 0;
}

static void lose(struct atcp_tcb *c, struct atcp_seg *seg)
{
	const struct atcp_cb *cb = atcp_seg_cb(seg);

	if (cb->sent & ATCP_SENT_AGAIN)
		atcp_count(c, ATCP_STAT_RETRANS_LOST);
	atcp_queue_mark_lost(c, seg);
	atcp_cc_lost(c, cb, cb->end_seq - seq_max(cb->seq, c->snd_una));
}

/* Section 6.2, step 5. */
bool atcp_rack_mark(struct atcp_tcb *c)
{
	u32 window = reordering_window(c);
	struct atcp_seg *seg;
	bool lost = false;

	atcp_stop_timer(c, ATCP_T_REORDER);
	while ((seg = atcp_queue_oldest(c))) {
		const struct atcp_cb *cb = atcp_seg_cb(seg);
		u64 left = time_left(c, cb, window);

		if (!sent_before(c, cb->sent_at, cb->end_seq))
			break;
		if (left) {
			atcp_set_timer(c, ATCP_T_REORDER, left + REORDER_SLACK);
			break;
		}
		/* It is late, and not lost: what was sent after it took another way out. */
		if (unlikely(atcp_host_in_device(c, seg))) {
			atcp_set_timer(c, ATCP_T_REORDER, DEVICE_WAIT);
			break;
		}
		lose(c, seg);
		lost = true;
	}
	return lost;
}

/* Section 6.3. */
void atcp_rack_mark_timeout(struct atcp_tcb *c)
{
	u32 window = reordering_window(c);
	struct atcp_seg *seg = atcp_queue_find(c, c->snd_una);

	atcp_stop_timer(c, ATCP_T_REORDER);
	if (seg && !(atcp_seg_cb(seg)->sent & (ATCP_SENT_LOST | ATCP_SENT_SACKED)))
		lose(c, seg);
	while ((seg = atcp_queue_oldest(c)) && !time_left(c, atcp_seg_cb(seg), window))
		lose(c, seg);
}

/* Section 6.2, step 3. */
void atcp_rack_reordered(struct atcp_tcb *c, u32 late)
{
	u32 segs = min_t(u32, atcp_segments(c, late), ATCP_REORDERING_MAX);

	if (!c->reord_seen)
		atcp_count(c, ATCP_STAT_REORDERED);
	if (c->reord_seen < ~0u)
		c->reord_seen++;
	c->reordering = max_t(u32, c->reordering, segs);
}

/* Section 6.2, step 4: once a round trip. */
void atcp_rack_dsack(struct atcp_tcb *c)
{
	if (seq_lt(c->snd_una, c->reo_round))
		return;
	c->reo_round = c->snd_nxt;
	c->reo_persist = PERSIST;
	if (c->reo_mult < ATCP_COUNT_MAX)
		c->reo_mult++;
}

void atcp_rack_recovered(struct atcp_tcb *c)
{
	if (c->reo_persist && !--c->reo_persist)
		c->reo_mult = 1;
}

/* --- tail loss probes --- */

/* Section 7.3. */
void atcp_tail_timeout(struct atcp_tcb *c)
{
	bool first;

	atcp_stop_timer(c, ATCP_T_TAIL);
	if (c->recovery != ATCP_OPEN || !c->snd_flight || !c->snd_wnd)
		return;
	c->tlp_out = true;		/* before it is sent: none is armed for it */
	c->tlp_again = false;
	/*
	 * What its listener has forgotten, the peer learns anew from the first data (a SYN cookie),
	 * and from nothing else.
	 */
	first = atcp_queue_is_single(c) && c->snd_una == c->iss + 1;
	if (first || !atcp_send_new(c)) {
		c->tlp_again = atcp_resend_last(c);
		c->tlp_out = c->tlp_again;
		if (!c->tlp_out) {
			/* It has not left this host, or memory is short. */
			c->deadline[ATCP_T_TAIL] = min(c->now + DEVICE_WAIT,
						       c->deadline[ATCP_T_REXMT]);
			return;
		}
	}
	c->tlp_end = c->snd_nxt;
	atcp_count(c, ATCP_STAT_TAIL_PROBES);
	atcp_arm_rexmt(c);
}

/*
 * Section 7.4.  Where the probe was data that was sent before, the peer tells of it twice if
 * nothing was lost: by a D-SACK, or by an ACK that tells nothing else.
 */
bool atcp_tail_acked(struct atcp_tcb *c, const struct atcp_ack *a)
{
	if (likely(!c->tlp_out) || seq_lt(c->snd_una, c->tlp_end))
		return false;
	if (!c->tlp_again ||		/* new data, or its D-SACK came: recovery.c */
	    (!a->acked && !a->sacked && a->same_window)) {
		c->tlp_out = false;
		return false;
	}
	if (c->snd_una == c->tlp_end)
		return false;		/* what comes next decides */
	c->tlp_out = false;
	atcp_count(c, ATCP_STAT_TAIL_PROBES_REPAIRED);
	return true;
}
