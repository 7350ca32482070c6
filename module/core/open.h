/* SPDX-License-Identifier: GPL-2.0 */
/* The beginning of a connection. */
#ifndef _ATCP_CORE_OPEN_H
#define _ATCP_CORE_OPEN_H

#include "core/tcb.h"

/* Takes the peer's MSS, window scale, timestamp and SACK from its SYN. */
void atcp_syn_options(struct atcp_tcb *c, const struct atcp_hdr *h);
/* ESTABLISHED: starts congestion control and timers, wakes the user. */
void atcp_established(struct atcp_tcb *c);

#endif /* _ATCP_CORE_OPEN_H */
