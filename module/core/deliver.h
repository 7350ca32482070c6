/* SPDX-License-Identifier: GPL-2.0 */
/* Segment text and FIN. */
#ifndef _ATCP_CORE_DELIVER_H
#define _ATCP_CORE_DELIVER_H

#include "core/tcb.h"

/* Section 3.10.7.4, seventh and eighth. Consumes @seg, whose header is @h. */
void atcp_text_arrived(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h);

#endif /* _ATCP_CORE_DELIVER_H */
