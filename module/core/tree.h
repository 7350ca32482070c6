/* SPDX-License-Identifier: GPL-2.0 */
/* A tree of segments that do not overlap, by sequence number.  NULL is an empty one. */
#ifndef _ATCP_CORE_TREE_H
#define _ATCP_CORE_TREE_H

#include "core/tcb.h"

/* @at: the tree's root, which may change. */
void atcp_tree_add(struct atcp_seg **at, struct atcp_seg *seg);
void atcp_tree_remove(struct atcp_seg **at, struct atcp_seg *seg);

/* The first and the last segment, or NULL. */
struct atcp_seg *atcp_tree_first(struct atcp_seg *seg);
struct atcp_seg *atcp_tree_last(struct atcp_seg *seg);
/* The last segment that starts before @seq, or NULL. */
struct atcp_seg *atcp_tree_before(struct atcp_seg *cur, u32 seq);
/* The first segment that starts at @seq or after, or NULL. */
struct atcp_seg *atcp_tree_from(struct atcp_seg *cur, u32 seq);
/*
 * The first segment that ends behind @seq; NULL: there is none, or it is not found within
 * *@steps segments.  These become less by those that were looked at.
 */
struct atcp_seg *atcp_tree_beyond(struct atcp_seg *cur, u32 seq, u32 *steps);

#endif /* _ATCP_CORE_TREE_H */
