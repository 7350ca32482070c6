// SPDX-License-Identifier: GPL-2.0
/*
 * Segments ordered by sequence number: a treap, with random priorities.  Every operation
 * takes logarithmic time on average, whatever order they are added in, and needs three
 * words in a segment.
 */
#include "core/seq.h"
#include "core/tree.h"

static struct atcp_link *link_of(struct atcp_seg *seg)
{
	return atcp_seg_link(seg);
}

static u32 seq_of(struct atcp_seg *seg)
{
	return atcp_seg_cb(seg)->seq;
}

/*
 * The priority of a node that finds the tree empty: a draw costs more than all else here,
 * and one segment in flight is the most frequent tree.  There is one such node in a tree at
 * most, so that the others' paths grow by a step.
 */
#define PRIO_FIRST	0x80000000u

/* The links of a tree, as struct atcp_link documents them. */
#define left_of(seg)	(link_of(seg)->prev)
#define right_of(seg)	(link_of(seg)->next)

void atcp_tree_add(struct atcp_seg **at, struct atcp_seg *seg)
{
	struct atcp_seg **left = &left_of(seg);
	struct atcp_seg **right = &right_of(seg);
	struct atcp_seg *cur;

	link_of(seg)->prio = *at ? atcp_host_random() : PRIO_FIRST;
	while (*at && link_of(*at)->prio >= link_of(seg)->prio)
		at = seq_lt(seq_of(seg), seq_of(*at)) ? &left_of(*at) : &right_of(*at);

	/* The subtree that was there is split between the two sides. */
	cur = *at;
	*at = seg;
	while (cur) {
		if (seq_lt(seq_of(cur), seq_of(seg))) {
			*left = cur;
			left = &right_of(cur);
			cur = *left;
		} else {
			*right = cur;
			right = &left_of(cur);
			cur = *right;
		}
	}
	*left = NULL;
	*right = NULL;
}

void atcp_tree_remove(struct atcp_seg **at, struct atcp_seg *seg)
{
	struct atcp_seg *left = left_of(seg);
	struct atcp_seg *right = right_of(seg);

	while (*at != seg)
		at = seq_lt(seq_of(seg), seq_of(*at)) ? &left_of(*at) : &right_of(*at);
	while (left && right) {
		if (link_of(left)->prio >= link_of(right)->prio) {
			*at = left;
			at = &right_of(left);
			left = *at;
		} else {
			*at = right;
			at = &left_of(right);
			right = *at;
		}
	}
	*at = left ? left : right;
}

struct atcp_seg *atcp_tree_first(struct atcp_seg *seg)
{
	while (seg && left_of(seg))
		seg = left_of(seg);
	return seg;
}

struct atcp_seg *atcp_tree_last(struct atcp_seg *seg)
{
	while (seg && right_of(seg))
		seg = right_of(seg);
	return seg;
}

struct atcp_seg *atcp_tree_before(struct atcp_seg *cur, u32 seq)
{
	struct atcp_seg *found = NULL;

	while (cur) {
		if (seq_lt(seq_of(cur), seq)) {
			found = cur;
			cur = right_of(cur);
		} else {
			cur = left_of(cur);
		}
	}
	return found;
}

struct atcp_seg *atcp_tree_from(struct atcp_seg *cur, u32 seq)
{
	struct atcp_seg *found = NULL;

	while (cur) {
		if (seq_geq(seq_of(cur), seq)) {
			found = cur;
			cur = left_of(cur);
		} else {
			cur = right_of(cur);
		}
	}
	return found;
}

struct atcp_seg *atcp_tree_beyond(struct atcp_seg *cur, u32 seq, u32 *steps)
{
	struct atcp_seg *found = NULL;

	while (cur) {
		if (!*steps)
			return NULL;
		--*steps;
		if (seq_gt(atcp_seg_cb(cur)->end_seq, seq)) {
			found = cur;
			cur = left_of(cur);
		} else {
			cur = right_of(cur);
		}
	}
	return found;
}
