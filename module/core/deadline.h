/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time and the timers of a connection.  A timer is a deadline in the control block;
 * timer.c lists what each of them is for.
 *
 * A call into the core begins with atcp_enter() and ends with atcp_leave(), which tells
 * the host the nearest deadline.
 */
#ifndef _ATCP_CORE_DEADLINE_H
#define _ATCP_CORE_DEADLINE_H

#include "core/tcb.h"

static inline void atcp_enter(struct atcp_tcb *c)
{
	c->now = atcp_host_now();
}

/* When the segment that is being dealt with came: for round trips. */
static inline u64 atcp_arrived(const struct atcp_tcb *c)
{
	return c->now - c->waited;
}

/* RFC 5482, microseconds; 0: the program has set none. */
static inline u64 atcp_user_timeout(const struct atcp_tcb *c)
{
	return c->user_timeout * ATCP_MSEC;
}

/* Tells the host the next deadline, if it has changed. */
static inline void atcp_leave(struct atcp_tcb *c)
{
	u64 when = min(min(min(c->deadline[ATCP_T_REXMT], c->deadline[ATCP_T_PACE]),
			   min(c->deadline[ATCP_T_DELACK], c->deadline[ATCP_T_KEEP])),
		       min(c->deadline[ATCP_T_REORDER], c->deadline[ATCP_T_TAIL]));

	if (when != c->armed) {
		c->armed = when;
		atcp_host_set_deadline(c, when, when == c->deadline[ATCP_T_PACE]);
	}
}

static inline void atcp_set_timer(struct atcp_tcb *c, enum atcp_timer t, u64 delay)
{
	c->deadline[t] = c->now + delay;
}

static inline void atcp_stop_timer(struct atcp_tcb *c, enum atcp_timer t)
{
	c->deadline[t] = ATCP_NEVER;
}

/* The timestamp clock: one tick a millisecond (RFC 7323 section 5.4). */
static inline u32 atcp_ts_clock(u64 now)
{
	return (u32)div_u64(now, ATCP_MSEC);
}

/* The same clock, for intervals that are counted. */
static inline u32 atcp_ms(u64 us)
{
	return (u32)div_u64(us, ATCP_MSEC);
}

#endif /* _ATCP_CORE_DEADLINE_H */
