/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When to acknowledge.  The other files say what has happened:
 *
 *	text or FIN has arrived		atcp_schedule_ack(), atcp_schedule_ack_now()
 *	data, or any ACK, goes out	atcp_data_sent(), atcp_ack_sent()
 *
 * (these are in ackevent.h), and then ask for the decision:
 *
 *	the handshake is complete	atcp_ack_synack(), atcp_ack_established()
 *	the segment is dealt with	atcp_ack_gap(), atcp_ack_policy()
 *	the delay is over		atcp_ack_timeout()
 *	the program has read		atcp_read(), of core.h
 */
#ifndef _ATCP_CORE_ACKING_H
#define _ATCP_CORE_ACKING_H

#include "core/tcb.h"

/* An ACK now. */
void atcp_send_ack(struct atcp_tcb *c);
/* An ACK by RFC 5961, if the rate limit allows. */
void atcp_send_challenge(struct atcp_tcb *c);

/* In SYN-SENT: the ACK of a SYN-ACK, which has brought @text or not. */
void atcp_ack_synack(struct atcp_tcb *c, bool text);
/* ESTABLISHED: the first ACKs are not delayed, as the peer is in slow start. */
void atcp_ack_established(struct atcp_tcb *c);

/*
 * Before an arrival's data is sent: a duplicate ACK goes first, for it counts as one
 * only without data (RFC 5681 section 2).  So does a D-SACK, for which full segments have
 * no room.
 */
static inline void atcp_ack_gap(struct atcp_tcb *c)
{
	if (unlikely((c->ooo_root || c->dsack_due) && c->ack_now))
		atcp_send_ack(c);
}

/* After it: the ACK that is still pending, if one is, goes now or after a delay. */
void atcp_ack_policy(struct atcp_tcb *c);
/* ATCP_T_DELACK: the delay is over. */
void atcp_ack_timeout(struct atcp_tcb *c);

#endif /* _ATCP_CORE_ACKING_H */
