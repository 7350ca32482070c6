/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a connection. */
#ifndef _ATCP_CORE_CLOSE_H
#define _ATCP_CORE_CLOSE_H

#include "core/tcb.h"

/* CLOSED: frees the queues, tells the host, whose user gets @err, 0 for none. */
void atcp_done(struct atcp_tcb *c, int err);
/* The same, as the peer does not answer; counted in @stat. */
void atcp_give_up(struct atcp_tcb *c, enum atcp_stat stat);
/* Hands TIME-WAIT to the host, and ends as by atcp_done(). */
void atcp_time_wait(struct atcp_tcb *c);
/* The peer's FIN is next in sequence: section 3.10.7.4, eighth. */
void atcp_fin_arrived(struct atcp_tcb *c);
/* Our FIN was acknowledged: section 3.10.7.4, fifth. Returns false when the connection ended. */
bool atcp_fin_acked(struct atcp_tcb *c);

#endif /* _ATCP_CORE_CLOSE_H */
