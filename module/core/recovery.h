/* SPDX-License-Identifier: GPL-2.0 */
/* Loss recovery: what is lost, and when it is sent again. */
#ifndef _ATCP_CORE_RECOVERY_H
#define _ATCP_CORE_RECOVERY_H

#include "core/tcb.h"

/*
 * A duplicate ACK has arrived.  @beyond: it reports data that was sent after c->recover
 * was noted.
 */
void atcp_recovery_dupack(struct atcp_tcb *c, bool beyond);
/* SND.UNA has advanced, but not to SND.NXT: sets the retransmission timer. */
void atcp_recovery_set_timer(struct atcp_tcb *c);
/* SND.UNA has advanced by @acked. */
void atcp_recovery_acked(struct atcp_tcb *c, u32 acked);
/* The retransmission time-out has come; c->retries counts it already. */
void atcp_recovery_timeout(struct atcp_tcb *c);

#endif /* _ATCP_CORE_RECOVERY_H */
