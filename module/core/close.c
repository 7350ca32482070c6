// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a connection: CLOSE and ABORT (RFC 9293 sections 3.6, 3.10.4,
 * 3.10.5), half-close, and the states that FINs lead through.
 *
 * A FIN is no segment of the send queue but the number before write_seq.  It is sent
 * with the last data segment or alone, and needs no memory to wait.
 */
#include "core/ackevent.h"
#include "core/acking.h"
#include "core/close.h"
#include "core/congestion.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/emit.h"
#include "core/ooo.h"
#include "core/output.h"
#include "core/queue.h"

void atcp_done(struct atcp_tcb *c, int err)
{
	int i;

	atcp_queue_purge(c);
	atcp_ooo_purge(c);
	atcp_cc_end(c);
	for (i = 0; i < ATCP_T_COUNT; i++)
		c->deadline[i] = ATCP_NEVER;
	atcp_leave(c);
	atcp_set_state(c, ATCP_CLOSED);
	atcp_host_closed(c, err);
}

void atcp_give_up(struct atcp_tcb *c, enum atcp_stat stat)
{
	atcp_count(c, stat);
	atcp_done(c, c->soft_error ? c->soft_error : ETIMEDOUT);
}

void atcp_time_wait(struct atcp_tcb *c)
{
	atcp_set_state(c, ATCP_TIME_WAIT);
	atcp_count(c, ATCP_STAT_TIME_WAITS);
	atcp_host_time_wait(c);
	atcp_done(c, 0);
}

void atcp_close(struct atcp_tcb *c)
{
	if (c->fin_queued || c->state == ATCP_CLOSED)
		return;
	atcp_enter(c);
	if (c->state == ATCP_SYN_SENT) {
		atcp_done(c, 0);
		return;
	}
	c->fin_queued = true;
	c->write_seq++;
	if (c->state == ATCP_ESTABLISHED)
		atcp_set_state(c, ATCP_FIN_WAIT_1);
	else if (c->state == ATCP_CLOSE_WAIT)
		atcp_set_state(c, ATCP_LAST_ACK);
	/* In SYN-RECEIVED the FIN waits, and atcp_established() goes on. */
	atcp_output(c);
	atcp_leave(c);
}

void atcp_shut_rcv(struct atcp_tcb *c)
{
	c->flags |= ATCP_F_RCV_SHUT;
}

/* Long enough for the peer to send its FIN again, as with tcp_fin_time(). */
static void bound_fin_wait_2(struct atcp_tcb *c)
{
	u64 bound = c->linger2 ? c->linger2 * ATCP_SEC : c->space->conf.fin_timeout;

	atcp_set_timer(c, ATCP_T_KEEP, max_t(u64, bound, c->rto * 7ULL / 2));
}

void atcp_orphan(struct atcp_tcb *c)
{
	if (c->state == ATCP_CLOSED)
		return;
	atcp_enter(c);
	c->flags |= ATCP_F_ORPHAN | ATCP_F_RCV_SHUT;
	if (c->state == ATCP_FIN_WAIT_2)
		bound_fin_wait_2(c);
	atcp_leave(c);
}

/* States in which the peer is told of an ABORT (section 3.10.5). */
#define TOLD	(ATCP_S(SYN_RECEIVED) | ATCP_S(ESTABLISHED) | ATCP_S(FIN_WAIT_1) | \
		 ATCP_S(FIN_WAIT_2) | ATCP_S(CLOSE_WAIT))

static void abort_in(struct atcp_tcb *c, int err, u32 told)
{
	if (c->state == ATCP_CLOSED)
		return;
	atcp_enter(c);
	if (ATCP_IN(c->state, told)) {
		atcp_count(c, ATCP_STAT_CONN_ABORTED);
		atcp_send_ctl(c, c->snd_nxt, ATCP_RST | ATCP_ACK);
	}
	atcp_done(c, err);
}

void atcp_abort(struct atcp_tcb *c, int err)
{
	abort_in(c, err, TOLD);
}

void atcp_close_unread(struct atcp_tcb *c)
{
	abort_in(c, 0, TOLD | ATCP_S(CLOSING) | ATCP_S(LAST_ACK));
}

void atcp_fin_arrived(struct atcp_tcb *c)
{
	c->rcv_nxt++;
	c->bytes_received++;
	c->fin_rcvd = true;
	atcp_schedule_ack_now(c);
	atcp_ooo_purge(c);		/* nothing can follow a FIN */

	switch (c->state) {
	case ATCP_SYN_RECEIVED:
	case ATCP_ESTABLISHED:
		atcp_set_state(c, ATCP_CLOSE_WAIT);
		break;
	case ATCP_FIN_WAIT_1:
		atcp_set_state(c, ATCP_CLOSING);
		break;
	case ATCP_FIN_WAIT_2:
		atcp_host_wake(c, ATCP_WAKE_FIN);
		atcp_send_ack(c);
		atcp_time_wait(c);
		return;
	}
	atcp_host_wake(c, ATCP_WAKE_FIN);
}

bool atcp_fin_acked(struct atcp_tcb *c)
{
	c->delivered++;
	switch (c->state) {
	case ATCP_FIN_WAIT_1:
		atcp_set_state(c, ATCP_FIN_WAIT_2);
		if (!(c->flags & ATCP_F_ORPHAN))
			return true;
		if (c->linger2 < 0) {
			atcp_send_ctl(c, c->snd_nxt, ATCP_RST);
			atcp_done(c, 0);
			return false;
		}
		bound_fin_wait_2(c);
		return true;
	case ATCP_CLOSING:
		atcp_time_wait(c);
		return false;
	case ATCP_LAST_ACK:
		atcp_done(c, 0);
		return false;
	}
	return true;
}
