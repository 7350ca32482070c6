/* SPDX-License-Identifier: GPL-2.0 */
/* Duplicate SACK, as the receiver: RFC 2883 section 4. */
#ifndef _ATCP_CORE_DSACK_H
#define _ATCP_CORE_DSACK_H

#include "core/tcb.h"

/*
 * The segment that is being dealt with has brought @start to @end again: its ACK tells that.
 * Does nothing where no block may be sent, and for what lies behind a gap in what was noted.
 */
void atcp_dsack_note(struct atcp_tcb *c, u32 start, u32 end);
/* Writes the block that is due to @block, and it is due no more. */
void atcp_dsack_take(struct atcp_tcb *c, struct atcp_sack_block *block);

#endif /* _ATCP_CORE_DSACK_H */
