/* SPDX-License-Identifier: GPL-2.0 */
/* RACK-TLP: which segments are lost, by the time at which others have arrived. */
#ifndef _ATCP_CORE_RACK_H
#define _ATCP_CORE_RACK_H

#include "core/ack.h"

#define ATCP_REORDERING_MAX	300	/* as the kernel's tcp_max_reordering */

/* A segment, which was in flight or lost, has arrived up to @end. */
void atcp_rack_arrived(struct atcp_tcb *c, const struct atcp_cb *cb, u32 end);
/*
 * Takes for lost what should have arrived by now, and sets ATCP_T_REORDER for what should
 * arrive next.  True: something is lost.
 */
bool atcp_rack_mark(struct atcp_tcb *c);
/* After a retransmission time-out: the first segment, and all that should have arrived. */
void atcp_rack_mark_timeout(struct atcp_tcb *c);
/* Something arrives that is behind what had arrived by @late bytes. */
void atcp_rack_reordered(struct atcp_tcb *c, u32 late);
/* The peer had something already: the reordering window is too small. */
void atcp_rack_dsack(struct atcp_tcb *c);
/* A recovery is over. */
void atcp_rack_recovered(struct atcp_tcb *c);

/* ATCP_T_TAIL has fired. */
void atcp_tail_timeout(struct atcp_tcb *c);
/* Judges a probe by an ACK.  True: it has repaired a loss, which cwnd has to answer for. */
bool atcp_tail_acked(struct atcp_tcb *c, const struct atcp_ack *a);

#endif /* _ATCP_CORE_RACK_H */
