/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to a connection that acking.c rests its decision on.
 *
 * An ACK is due while c->ack_pending is set, and may not wait while c->ack_now is.
 * While one waits, ATCP_T_DELACK runs.
 */
#ifndef _ATCP_CORE_ACKEVENT_H
#define _ATCP_CORE_ACKEVENT_H

#include "core/core.h"
#include "core/deadline.h"

/* Text or FIN has arrived: its sender waits for an ACK. */
static inline void atcp_schedule_ack(struct atcp_tcb *c)
{
	c->ack_pending = true;
}

/* The same, and the ACK is not delayed. */
static inline void atcp_schedule_ack_now(struct atcp_tcb *c)
{
	c->ack_pending = true;
	c->ack_now = true;
}

/* A segment with the ACK bit goes out, whatever for. */
static inline void atcp_ack_sent(struct atcp_tcb *c)
{
	if (c->ack_pending && c->quick)
		c->quick--;
	c->last_ack_sent = c->rcv_nxt;
	c->flags &= ~ATCP_F_LAZY_ACK;
	c->ack_pending = false;
	c->ack_now = false;
	atcp_stop_timer(c, ATCP_T_DELACK);
}

/*
 * Data goes out.  Where it soon follows data that came in, it is an answer; the peer's
 * next data will be answered as well, so that the ACK of it can wait for that.
 */
static inline void atcp_data_sent(struct atcp_tcb *c)
{
	if (c->last_data_in &&
	    atcp_ms(c->now) - c->last_data_in < atcp_ack_delay(c) / (u32)ATCP_MSEC)
		c->interactive = true;
}

#endif /* _ATCP_CORE_ACKEVENT_H */
