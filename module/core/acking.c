// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge: RFC 9293 section 3.8.6.3, RFC 5681 section 4.2 (delayed ACKs),
 * RFC 9293 section 3.8.6.2.2 (window updates), RFC 5961 (challenge ACKs).
 *
 * A pending ACK is sent
 *
 *   at once        for a segment that is out of order, a duplicate or a FIN;
 *                  for more than one segment;
 *                  at the start, while the peer is in slow start, unless the program
 *                  answers data with data;
 *                  always, if the route wants so;
 *   with data      that the program sends meanwhile;
 *   with a window  that has opened by enough: atcp_read();
 *   after a delay  otherwise: ATCP_T_DELACK.
 */
#include "core/ackevent.h"
#include "core/acking.h"
#include "core/challenge.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/emit.h"
#include "core/tune.h"
#include "core/window.h"

#define LAZY_ACK	(200 * ATCP_MSEC)	/* ATCP_F_LAZY_ACK */
#define QUICK_ACKS	16u

/* More than a segment has come since the last ACK: the second is acknowledged at once. */
static bool second_segment(const struct atcp_tcb *c)
{
	return c->rcv_nxt - c->rcv_wup > c->rcv_mss;
}

void atcp_ack_established(struct atcp_tcb *c)
{
	c->quick = min_t(u32, QUICK_ACKS, max_t(u32, c->rcv_wnd / (2 * c->rcv_mss), 2));
}

void atcp_ack_synack(struct atcp_tcb *c, bool text)
{
	if (likely(text || !(c->flags & ATCP_F_LAZY_ACK || c->interactive))) {
		atcp_schedule_ack_now(c);
		return;
	}
	/* The program is about to send: its first data may carry the ACK. */
	atcp_schedule_ack(c);
	atcp_set_timer(c, ATCP_T_DELACK, LAZY_ACK);
	c->flags |= ATCP_F_LAZY_ACK;
	c->interactive = false;
}

void atcp_send_ack(struct atcp_tcb *c)
{
	if (likely(atcp_send_ctl(c, c->snd_nxt, ATCP_ACK)))
		return;
	atcp_schedule_ack(c);
	atcp_set_timer(c, ATCP_T_DELACK, atcp_ack_delay(c));
}

void atcp_send_challenge(struct atcp_tcb *c)
{
	if (!atcp_may_answer(c->space, &c->challenge_at, c->now))
		return;
	atcp_count(c, ATCP_STAT_CHALLENGE_ACKS);
	atcp_send_ack(c);
}

void atcp_ack_policy(struct atcp_tcb *c)
{
	bool quick = (c->quick && !c->interactive) || c->flags & ATCP_F_QUICK_ROUTE;

	quick &= !(c->flags & ATCP_F_LAZY_ACK);
	if (!c->ack_pending)
		return;
	if (c->ack_now || second_segment(c) || quick)
		atcp_send_ack(c);
	else if (c->deadline[ATCP_T_DELACK] == ATCP_NEVER)
		atcp_set_timer(c, ATCP_T_DELACK, atcp_ack_delay(c));
}

void atcp_ack_timeout(struct atcp_tcb *c)
{
	atcp_stop_timer(c, ATCP_T_DELACK);
	if (!c->ack_pending)
		return;
	c->interactive = false;		/* no data was sent that could have carried the ACK */
	atcp_count(c, ATCP_STAT_DELAYED_ACKS);
	atcp_send_ack(c);
}

/* --- user calls --- */

void atcp_ack_now(struct atcp_tcb *c)
{
	if (!c->ack_pending)
		return;
	atcp_enter(c);
	atcp_send_ack(c);
	atcp_leave(c);
}

void atcp_read(struct atcp_tcb *c)
{
	u32 now = atcp_rcv_left(c);
	bool update, low;

	if (!ATCP_IN(c->state, ATCP_CAN_RECEIVE))
		return;
	/* Of the buffer as it was: that it grows is no reason for an ACK. */
	low = 2 * now <= atcp_host_rcv_limit(c);
	atcp_tune_read(c);

	/* A second full segment waits for its ACK, or the window can double. */
	update = c->ack_pending && second_segment(c);
	if (!update && low) {
		u32 next = atcp_window(c);

		update = next && next >= 2 * now;
	}
	if (update) {
		atcp_enter(c);
		atcp_send_ack(c);
		atcp_leave(c);
	}
}
