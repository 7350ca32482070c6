// SPDX-License-Identifier: GPL-2.0
/*
 * Keep-alive: RFC 9293 section 3.8.4.  ATCP_T_KEEP runs until the connection has been
 * idle for keep_time, then from probe to probe.
 */
#include "core/close.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/emit.h"
#include "core/keepalive.h"

static u64 keep_time(const struct atcp_tcb *c)
{
	return c->keep_time ? c->keep_time * ATCP_SEC : c->space->conf.keepalive_time;
}

/*
 * Until the next probe, or until the user time-out, which decides here instead of the
 * number of probes.  The probe that has just been sent is given a time-out for its answer;
 * where the connection has been idle for longer already, it is given all of the interval.
 */
static u64 next_probe(const struct atcp_tcb *c)
{
	const struct atcp_conf *conf = &c->space->conf;
	u64 intvl = c->keep_intvl ? c->keep_intvl * ATCP_SEC : conf->keepalive_intvl;
	u64 idle = c->now - c->last_rcv;

	if (atcp_user_timeout(c) <= idle)
		return intvl;
	return min(intvl, max(atcp_user_timeout(c) - idle, atcp_rto(c)));
}

void atcp_keep_bound(struct atcp_tcb *c)
{
	if (c->keep_sent && c->deadline[ATCP_T_KEEP] != ATCP_NEVER &&
	    !(c->flags & ATCP_F_ORPHAN && c->state == ATCP_FIN_WAIT_2))
		c->deadline[ATCP_T_KEEP] = min(c->deadline[ATCP_T_KEEP], c->now + next_probe(c));
}

void atcp_keep_timeout(struct atcp_tcb *c)
{
	u32 most = c->keep_probes ? c->keep_probes : c->space->conf.keepalive_probes;
	u64 idle = c->now - c->last_rcv;

	if (!(c->flags & ATCP_F_KEEPALIVE) ||
	    !ATCP_IN(c->state, ATCP_SYNCHRONIZED & ~ATCP_S(TIME_WAIT)))
		return;
	/* Data in flight tests the path by itself. */
	if (atcp_unacked(c) || idle < keep_time(c)) {
		atcp_set_timer(c, ATCP_T_KEEP,
			       atcp_unacked(c) ? keep_time(c) : keep_time(c) - idle);
		return;
	}
	if (c->user_timeout ? c->keep_sent && idle >= atcp_user_timeout(c) : c->keep_sent >= most) {
		atcp_send_ctl(c, c->snd_nxt, ATCP_RST | ATCP_ACK);
		atcp_give_up(c, ATCP_STAT_CONN_TIMEOUT);
		return;
	}
	if (c->keep_sent < ATCP_COUNT_MAX)
		c->keep_sent++;
	atcp_count(c, ATCP_STAT_KEEPALIVES);
	atcp_host_resent(c, c->snd_nxt - 1, 0, ATCP_RESEND_KEEPALIVE);
	atcp_send_ctl(c, c->snd_nxt - 1, ATCP_ACK);
	atcp_set_timer(c, ATCP_T_KEEP, next_probe(c));
}

void atcp_set_keepalive(struct atcp_tcb *c, bool on)
{
	atcp_enter(c);
	if (on)
		c->flags |= ATCP_F_KEEPALIVE;
	else
		c->flags &= ~ATCP_F_KEEPALIVE;
	if (ATCP_IN(c->state, ATCP_SYNCHRONIZED) &&
	    !(c->flags & ATCP_F_ORPHAN && c->state == ATCP_FIN_WAIT_2)) {
		u64 idle = c->now - c->last_rcv;

		if (on)
			atcp_set_timer(c, ATCP_T_KEEP,
				       keep_time(c) > idle ? keep_time(c) - idle : 0);
		else
			atcp_stop_timer(c, ATCP_T_KEEP);
	}
	atcp_leave(c);
}
