/* SPDX-License-Identifier: GPL-2.0 */
/* Segments received out of order. */
#ifndef _ATCP_CORE_OOO_H
#define _ATCP_CORE_OOO_H

#include "core/tcb.h"

/*
 * Adds what is new of an admitted segment, and consumes it.  The segment ends before the
 * FIN that waits, if one does.
 */
void atcp_ooo_insert(struct atcp_tcb *c, struct atcp_seg *seg);
struct atcp_seg *atcp_ooo_first(struct atcp_tcb *c);
struct atcp_seg *atcp_ooo_last(struct atcp_tcb *c);
/* The range of the first segment that starts at @seq or after.  False: there is none. */
bool atcp_ooo_next(struct atcp_tcb *c, u32 seq, u32 *start, u32 *end);
/* Extends a range by the segments that it touches, one at each end.  False: none does. */
bool atcp_ooo_widen(struct atcp_tcb *c, u32 *start, u32 *end);
/* True if a FIN waits: @fin is its number. */
bool atcp_ooo_fin(struct atcp_tcb *c, u32 *fin);
void atcp_ooo_remove(struct atcp_tcb *c, struct atcp_seg *seg);
void atcp_ooo_purge(struct atcp_tcb *c);

#endif /* _ATCP_CORE_OOO_H */
