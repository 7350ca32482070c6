/* SPDX-License-Identifier: GPL-2.0 */
/* Segment text and FIN. */
#ifndef _ATCP_CORE_DELIVER_H
#define _ATCP_CORE_DELIVER_H

#include "core/tcb.h"

/* Section 3.10.7.4, seventh and eighth. Consumes @seg. @tsecr: its TSecr, 0 for none. */
void atcp_text_arrived(struct atcp_tcb *c, struct atcp_seg *seg, u32 tsecr);

#endif /* _ATCP_CORE_DELIVER_H */
