/* SPDX-License-Identifier: GPL-2.0 */
/* Loss recovery: what is lost, and when it is sent again. */
#ifndef _ATCP_CORE_RECOVERY_H
#define _ATCP_CORE_RECOVERY_H

#include "core/ack.h"

/*
 * An ACK has arrived; its window and what it acknowledges are taken in.  Sets the
 * retransmission timer, resends, lets cwnd grow.
 */
void atcp_recovery_ack(struct atcp_tcb *c, const struct atcp_ack *a);
/* ATCP_T_REORDER has fired. */
void atcp_recovery_reorder(struct atcp_tcb *c);
/* The retransmission time-out has come; c->retries counts it already. */
void atcp_recovery_timeout(struct atcp_tcb *c);

#endif /* _ATCP_CORE_RECOVERY_H */
