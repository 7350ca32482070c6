/* SPDX-License-Identifier: GPL-2.0 */
/* When to acknowledge. */
#ifndef _ATCP_CORE_ACKING_H
#define _ATCP_CORE_ACKING_H

#include "tcb.h"

void atcp_send_ack(struct atcp_tcb *c);
/* An ACK by RFC 5961, if the rate limit allows. */
void atcp_send_challenge(struct atcp_tcb *c);
/* The ACK that arrival left to do: now or after a delay. */
void atcp_ack_policy(struct atcp_tcb *c);
/* ATCP_T_DELACK: the delay is over. */
void atcp_ack_timeout(struct atcp_tcb *c);

#endif /* _ATCP_CORE_ACKING_H */
