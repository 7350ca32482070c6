/* SPDX-License-Identifier: GPL-2.0 */
/* The blocks that the receiver reports. */
#ifndef _ATCP_CORE_SACK_H
#define _ATCP_CORE_SACK_H

#include "core/tcb.h"

/*
 * Most look-ups that one arrival costs, for blocks that are not on the list.  Where a block
 * has more segments than that, what is reported of it ends early.  The host puts small
 * segments together, so that only a peer that wants to make us work gets there.
 */
#define ATCP_SACK_LOOKS	256

/* Reports from @start to @end first, with all received data that it touches. */
void atcp_sack_add(struct atcp_tcb *c, u32 start, u32 end);
/* Forgets blocks that RCV.NXT has reached, and reports others in their place. */
void atcp_sack_advance(struct atcp_tcb *c);

#endif /* _ATCP_CORE_SACK_H */
