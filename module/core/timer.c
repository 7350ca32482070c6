// SPDX-License-Identifier: GPL-2.0
/*
 * Time-outs: RFC 9293 sections 3.8.1, 3.8.3 (R1, R2), 3.8.6.1 (zero-window probes),
 * 3.10.8; RFC 6298 (5.4) to (5.7).
 *
 * A timer is a deadline in the control block.  The host knows the nearest only, and may
 * call early.  There are six, and most of them serve several ends:
 *
 *   ATCP_T_REXMT   SYN-SENT, SYN-RECEIVED: the SYN or SYN-ACK goes again; soon, and not
 *                  as a time-out, once a challenge ACK has answered the SYN (arrive.c)
 *                  something is in flight: retransmission; a probe instead while the
 *                  peer's window is closed
 *                  nothing is in flight, but something is queued: the persist timer.
 *                  It probes a closed window, and sends what a cork or too small a
 *                  window holds back (a cork, for output.c's CORK_MAX)
 *   ATCP_T_DELACK  an ACK is owed: the delayed ACK; the ACK of a SYN-ACK that waits for
 *                  the program's first data; the ACK that memory failed for (acking.c)
 *   ATCP_T_KEEP    keep-alive (keepalive.c)
 *                  FIN-WAIT-2 of an orphan: the end of the connection (close.c)
 *   ATCP_T_PACE    pacing lets the next segment go (output.c)
 *   ATCP_T_REORDER RACK has waited long enough for what may be reordered (rack.c)
 *   ATCP_T_TAIL    tail loss probe (rack.c), at ATCP_T_REXMT's time at the latest
 *
 * TIME-WAIT and a listener's SYN-RECEIVED have no control block: their only deadline is
 * in struct atcp_tw and struct atcp_req.
 */
#include "core/acking.h"
#include "core/close.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/emit.h"
#include "core/keepalive.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/rack.h"
#include "core/recovery.h"
#include "core/rtt.h"

#define THIN_RETRIES	6	/* TCP_THIN_LINEAR_TIMEOUTS: time-outs without back-off */

/* @waited: for how long the timer ran that has fired, if it is the first in a run. */
static bool user_timed_out(struct atcp_tcb *c, u64 waited)
{
	if (!c->rtx_since)
		c->rtx_since = c->now - waited;
	return c->user_timeout && c->now - c->rtx_since >= atcp_user_timeout(c);
}

/* R2 of a connection that no program holds. */
static u32 orphan_retries(const struct atcp_tcb *c)
{
	return c->space->conf.orphan_retries ? c->space->conf.orphan_retries : 8;
}

/*
 * R2 of data and of zero-window probes, as a number of retransmissions.  A user's time-out
 * replaces it, even if it is longer (RFC 5482).
 */
static u32 most_retries(const struct atcp_tcb *c)
{
	u32 most = c->space->conf.retries2;

	if (c->user_timeout)
		return ~0u;
	return c->flags & ATCP_F_ORPHAN ? min(most, orphan_retries(c)) : most;
}

/*
 * Counts a transmission that was not answered for @waited microseconds.  True: R2 or the
 * user's time-out is reached.
 */
static bool exhausted(struct atcp_tcb *c, u32 most, u64 waited)
{
	if (user_timed_out(c, waited) || c->retries >= most)
		return true;
	if (c->retries < ATCP_COUNT_MAX)
		c->retries++;
	if (c->retries == c->space->conf.retries1)
		atcp_host_doubt_route(c);
	if (atcp_host_rehash(c))
		c->rehash++;
	return false;
}

static void back_off(struct atcp_tcb *c)
{
	if (c->backoff < ATCP_COUNT_MAX)
		c->backoff++;
}

/* Counts a time-out for TCP_INFO; atcp_progress() ends the run of them. */
static void count_timeout(struct atcp_tcb *c)
{
	c->rto_count++;
	if (c->rto_since)
		return;
	c->rto_recoveries++;
	c->rto_since = max_t(u32, atcp_ms(c->now), 1);
}

/*
 * R2 of a SYN, or of a simultaneous open's SYN-ACK (MUST-23), as a number of
 * retransmissions: those after a time-out that did not back off come on top.
 */
static u32 syn_retries(const struct atcp_tcb *c)
{
	u32 most = c->syn_retries ? c->syn_retries : c->space->conf.syn_retries;

	/* Those of a listener's request, which are counted here, did back off. */
	return c->flags & ATCP_F_PASSIVE ? most : most + c->retries - c->backoff;
}

/*
 * A SYN's first few time-outs do not back off: what is lost on a radio link is not lost by
 * congestion, and one segment a second harms nobody.  RFC 6298 (5.5) would have it back off.
 */
static void syn_back_off(struct atcp_tcb *c)
{
	if (c->state != ATCP_SYN_SENT || c->rto_count > c->space->conf.syn_linear_timeouts)
		back_off(c);
}

static void syn_timeout(struct atcp_tcb *c)
{
	/* The SYN was not lost but challenged, which is no time-out. */
	bool again = c->state == ATCP_SYN_SENT && c->flags & ATCP_F_SYN_AGAIN && !c->total_retrans;

	if (!again) {
		if (exhausted(c, syn_retries(c), atcp_rto(c))) {
			atcp_give_up(c, ATCP_STAT_CONN_FAILED);
			return;
		}
		count_timeout(c);
		syn_back_off(c);
	}
	atcp_send_syn_again(c);
	atcp_arm_rexmt(c);
}

/*
 * The window is closed: while the peer answers, the connection stays (MUST-37).  Not so an
 * orphan, which a peer could keep for ever by its answers; nor past the user's time-out,
 * which is about data that has not been taken for whatever reason.
 */
static void probe_timeout(struct atcp_tcb *c)
{
	if (exhausted(c, most_retries(c), atcp_persist_delay(c)) ||
	    (c->flags & ATCP_F_ORPHAN && c->probes >= orphan_retries(c))) {
		atcp_give_up(c, ATCP_STAT_CONN_TIMEOUT);
		return;
	}
	if (c->probes < ATCP_COUNT_MAX)
		c->probes++;
	atcp_send_probe(c);
	atcp_arm_persist(c);
}

/*
 * TCP_THIN_LINEAR_TIMEOUTS: too little is in flight for three duplicate ACKs, so that
 * the first few time-outs do not back off.
 */
static bool linear(const struct atcp_tcb *c)
{
	return c->flags & ATCP_F_THIN && c->retries <= THIN_RETRIES &&
	       c->snd_nxt - c->snd_una < 4 * (u32)c->mss;
}

static void retransmission_timeout(struct atcp_tcb *c)
{
	if (exhausted(c, most_retries(c), atcp_rto(c))) {
		atcp_give_up(c, ATCP_STAT_CONN_TIMEOUT);
		return;
	}
	count_timeout(c);
	if (linear(c))
		c->backoff = 0;
	else
		back_off(c);
	atcp_mtup_timeout(c);
	atcp_arm_rexmt(c);
	atcp_recovery_timeout(c);
}

void atcp_icmp_unreachable(struct atcp_tcb *c, u32 seq)
{
	struct atcp_seg *seg = atcp_queue_sent(c);
	u64 due;

	if (!ATCP_IN(c->state, ATCP_SYNCHRONIZED) || seq != c->snd_una || !c->retries ||
	    !c->backoff || !seg || !c->snd_wnd)
		return;
	atcp_enter(c);
	c->backoff--;
	due = atcp_seg_cb(seg)->sent_at + atcp_rto(c);
	atcp_set_rexmt(c, due > c->now ? due - c->now : 0);
	atcp_leave(c);
}

static void rexmt(struct atcp_tcb *c)
{
	atcp_stop_timer(c, ATCP_T_REXMT);
	if (ATCP_IN(c->state, ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED))) {
		syn_timeout(c);
	} else if (c->snd_una != c->snd_nxt) {
		if (c->snd_wnd)
			retransmission_timeout(c);
		else
			probe_timeout(c);
	} else if (atcp_unsent(c)) {
		if (c->snd_wnd)
			atcp_output_held(c);
		else
			probe_timeout(c);
	}
}

void atcp_user_timeout_changed(struct atcp_tcb *c)
{
	u64 due = c->deadline[ATCP_T_REXMT];

	if (c->state == ATCP_CLOSED)
		return;
	atcp_enter(c);
	if (due != ATCP_NEVER && due > c->now)
		atcp_set_rexmt(c, due - c->now);
	atcp_keep_bound(c);
	atcp_leave(c);
}

/* An orphan's FIN-WAIT-2 is over, or a keep-alive is due. */
static void keep(struct atcp_tcb *c)
{
	atcp_stop_timer(c, ATCP_T_KEEP);
	if (c->flags & ATCP_F_ORPHAN && c->state == ATCP_FIN_WAIT_2)
		atcp_done(c, 0);
	else
		atcp_keep_timeout(c);
}

void atcp_timeout(struct atcp_tcb *c)
{
	static void (*const handler[ATCP_T_COUNT])(struct atcp_tcb *c) = {
		[ATCP_T_REXMT] = rexmt,
		[ATCP_T_DELACK] = atcp_ack_timeout,
		[ATCP_T_KEEP] = keep,
		[ATCP_T_PACE] = atcp_output,	/* it stops the timer */
		[ATCP_T_REORDER] = atcp_recovery_reorder,
		[ATCP_T_TAIL] = atcp_tail_timeout,
	};
	int t;

	if (c->state == ATCP_CLOSED)
		return;
	atcp_enter(c);
	c->armed = 0;	/* the host's timer has fired: set it again, to ATCP_NEVER as well */
	for (t = 0; t < ATCP_T_COUNT; t++) {
		if (c->deadline[t] > c->now)
			continue;
		handler[t](c);
		if (c->state == ATCP_CLOSED)
			return;
	}
	atcp_leave(c);
}
