/* SPDX-License-Identifier: GPL-2.0 */
/* Keep-alive probes. */
#ifndef _ATCP_CORE_KEEPALIVE_H
#define _ATCP_CORE_KEEPALIVE_H

#include "core/tcb.h"

/* ATCP_T_KEEP, which is stopped: probes, waits on, or gives the peer up. */
void atcp_keep_timeout(struct atcp_tcb *c);
/* The user time-out has changed: if probes are being sent, they end by it. */
void atcp_keep_bound(struct atcp_tcb *c);

#endif /* _ATCP_CORE_KEEPALIVE_H */
