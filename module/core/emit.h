/* SPDX-License-Identifier: GPL-2.0 */
/* One segment on its way out. */
#ifndef _ATCP_CORE_EMIT_H
#define _ATCP_CORE_EMIT_H

#include "core/tcb.h"

/* Puts a header before the payload of @out and hands it to the host. */
void atcp_emit(struct atcp_tcb *c, struct atcp_seg *out, u32 seq, u16 flags);
/* A bare control segment: SYN, FIN, RST, ACK at @seq. False: no memory. */
bool atcp_send_ctl(struct atcp_tcb *c, u32 seq, u16 flags);
/* The SYN, or the SYN-ACK of a simultaneous open. */
void atcp_send_syn(struct atcp_tcb *c);
/* The same, not for the first time: it is counted. */
void atcp_send_syn_again(struct atcp_tcb *c);

#endif /* _ATCP_CORE_EMIT_H */
