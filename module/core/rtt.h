/* SPDX-License-Identifier: GPL-2.0 */
/* Round-trip time, the retransmission time-out, and the timer that it sets. */
#ifndef _ATCP_CORE_RTT_H
#define _ATCP_CORE_RTT_H

#include "core/core.h"
#include "core/deadline.h"

#define ATCP_RTO_INITIAL	(1 * ATCP_SEC)	/* RFC 6298 (2.1) */
#define ATCP_RTO_AFTER_SYN	(3 * ATCP_SEC)	/* and (5.7) */

static inline u64 atcp_rto_max(const struct atcp_tcb *c)
{
	return c->rto_max ? c->rto_max : c->space->conf.rto_max;
}

/* Something new was acknowledged: a run of time-outs is over. */
static inline void atcp_progress(struct atcp_tcb *c)
{
	c->retries = 0;
	c->rtx_since = 0;
	c->soft_error = 0;
	if (unlikely(c->rto_since)) {
		c->rto_time += atcp_ms(c->now) - c->rto_since;
		c->rto_since = 0;
	}
}

/* Takes @rtt in, microseconds. */
u32 atcp_rtt_sample(struct atcp_tcb *c, u64 rtt);

/**
 * atcp_rtt_by_echo() - the round trip by the timestamp that the peer echoes
 * @h:		a segment of a connection with timestamps
 * @clock:	what we would send as TSval now
 * @most:	microseconds since the first of them was sent: no echo is older
 *
 * For where something was sent twice, so that the time of sending tells nothing (Karn):
 * the echo says which of the two has arrived (RFC 7323 section 4).
 *
 * Return: microseconds, to a millisecond and at least that; 0: it echoes none of ours.
 */
u32 atcp_rtt_by_echo(const struct atcp_hdr *h, u32 clock, u64 most);

/*
 * ATCP_T_REXMT, in @delay microseconds.  Once a run of time-outs has begun, not past the
 * user time-out (RFC 5482).  Before that nothing was sent twice: the first time-out comes
 * when it is due, for RFC 5482 section 3.1 has no user time-out below that.
 */
static inline void atcp_set_rexmt(struct atcp_tcb *c, u64 delay)
{
	u64 end = c->rtx_since + atcp_user_timeout(c);

	atcp_set_timer(c, ATCP_T_REXMT, delay);
	if (unlikely(c->user_timeout && c->rtx_since && c->deadline[ATCP_T_REXMT] > end))
		c->deadline[ATCP_T_REXMT] = max(end, c->now);
}

/* The delay of a probe of a closed window: it backs off by the probes sent so far. */
u64 atcp_persist_delay(const struct atcp_tcb *c);

/* Starts the retransmission timer anew. */
static inline void atcp_arm_rexmt(struct atcp_tcb *c)
{
	atcp_set_rexmt(c, atcp_rto(c));
}

/* ATCP_T_TAIL, anew or not any more: data was sent, or an ACK taken in. */
void atcp_arm_tail(struct atcp_tcb *c);

/* The same timer, to probe a closed window. */
static inline void atcp_arm_persist(struct atcp_tcb *c)
{
	atcp_set_rexmt(c, atcp_persist_delay(c));
}

#endif /* _ATCP_CORE_RTT_H */
