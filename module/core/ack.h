/* SPDX-License-Identifier: GPL-2.0 */
/* The ACK field in the synchronized states. */
#ifndef _ATCP_CORE_ACK_H
#define _ATCP_CORE_ACK_H

#include "core/tcb.h"

/* Section 3.10.7.4, fifth, for the synchronized states. False: drop the segment, for @why. */
bool atcp_ack_arrived(struct atcp_tcb *c, const struct atcp_hdr *h, u32 len,
		      enum atcp_drop *why);

#endif /* _ATCP_CORE_ACK_H */
