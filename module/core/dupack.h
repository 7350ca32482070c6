/* SPDX-License-Identifier: GPL-2.0 */
/* Loss recovery by duplicate ACKs. */
#ifndef _ATCP_CORE_DUPACK_H
#define _ATCP_CORE_DUPACK_H

#include "core/ack.h"

/* As atcp_recovery_ack(), for a connection without c->rack. */
void atcp_dupack_ack(struct atcp_tcb *c, const struct atcp_ack *a);

#endif /* _ATCP_CORE_DUPACK_H */
