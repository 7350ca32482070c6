/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a connection. */
#ifndef _ATCP_CORE_CLOSE_H
#define _ATCP_CORE_CLOSE_H

#include "tcb.h"

/* Frees the queues, CLOSED, tells the host. */
void atcp_done(struct atcp_tcb *c, int err);
/* The same because the peer does not answer; @stat counts it. */
void atcp_give_up(struct atcp_tcb *c, enum atcp_stat stat);
void atcp_time_wait(struct atcp_tcb *c);
/* The peer's FIN is next in sequence: section 3.10.7.4, eighth. */
void atcp_fin_arrived(struct atcp_tcb *c);
/* Our FIN was acknowledged: section 3.10.7.4, fifth. Returns false when the connection ended. */
bool atcp_fin_acked(struct atcp_tcb *c);

#endif /* _ATCP_CORE_CLOSE_H */
