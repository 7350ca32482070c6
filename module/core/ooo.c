// SPDX-License-Identifier: GPL-2.0
/*
 * Segments received out of order: a tree by sequence number (tree.c), so that every operation
 * takes logarithmic time on average, whatever order a peer sends in.
 *
 * No two segments in it overlap: the later arrival is trimmed (RFC 9293
 * section 3.10.7.4 leaves the choice).  Nothing follows a FIN, which is therefore in
 * the last segment or in none.
 */
#include "core/dsack.h"
#include "core/ooo.h"
#include "core/seq.h"
#include "core/tree.h"

static u32 seq_of(struct atcp_seg *seg)
{
	return atcp_seg_cb(seg)->seq;
}

static u32 end_of(struct atcp_seg *seg)
{
	return atcp_seg_cb(seg)->end_seq;
}

void atcp_ooo_remove(struct atcp_tcb *c, struct atcp_seg *seg)
{
	atcp_tree_remove(&c->ooo_root, seg);
}

struct atcp_seg *atcp_ooo_first(struct atcp_tcb *c)
{
	return atcp_tree_first(c->ooo_root);
}

struct atcp_seg *atcp_ooo_last(struct atcp_tcb *c)
{
	return atcp_tree_last(c->ooo_root);
}

bool atcp_ooo_next(struct atcp_tcb *c, u32 seq, u32 *start, u32 *end)
{
	struct atcp_seg *seg = atcp_tree_from(c->ooo_root, seq);

	if (!seg)
		return false;
	*start = seq_of(seg);
	*end = end_of(seg);
	return true;
}

bool atcp_ooo_widen(struct atcp_tcb *c, u32 *start, u32 *end)
{
	struct atcp_seg *prev = atcp_tree_before(c->ooo_root, *start);
	struct atcp_seg *next = atcp_tree_before(c->ooo_root, *end + 1);
	bool wider = false;

	if (prev && seq_geq(end_of(prev), *start)) {
		*start = seq_of(prev);
		wider = true;
	}
	if (next && seq_gt(end_of(next), *end)) {
		*end = end_of(next);
		wider = true;
	}
	return wider;
}

bool atcp_ooo_fin(struct atcp_tcb *c, u32 *fin)
{
	struct atcp_seg *last = atcp_ooo_last(c);

	if (!last || !(atcp_seg_cb(last)->flags & ATCP_FIN))
		return false;
	*fin = end_of(last) - 1;
	return true;
}

/* A FIN has come whose number is @fin: the stream ends there, and later data is dropped. */
static void end_at(struct atcp_tcb *c, u32 fin)
{
	struct atcp_seg *last;

	while ((last = atcp_ooo_last(c)) && seq_gt(end_of(last), fin)) {
		c->ooo_blocks = 0;
		if (seq_lt(seq_of(last), fin)) {
			atcp_seg_trim_tail(c, last, fin - seq_of(last));
			atcp_seg_cb(last)->end_seq = fin;
			atcp_seg_cb(last)->flags &= ~ATCP_FIN;
			break;
		}
		atcp_ooo_remove(c, last);
		atcp_count(c, atcp_drop_stat[ATCP_DROP_AFTER_FIN]);
		atcp_host_free_admitted(c, last, ATCP_DROP_AFTER_FIN);
	}
}

void atcp_ooo_insert(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	struct atcp_seg *prev, *next;

	if (cb->flags & ATCP_FIN)
		end_at(c, cb->end_seq - 1);
	prev = atcp_tree_before(c->ooo_root, cb->seq);
	if (prev && seq_geq(end_of(prev), cb->end_seq)) {
		atcp_dsack_note(c, cb->seq, cb->end_seq);
		goto nothing_new;
	}
	if (prev && seq_gt(end_of(prev), cb->seq)) {
		atcp_dsack_note(c, cb->seq, end_of(prev));
		atcp_seg_trim_head(c, seg, end_of(prev) - cb->seq);
		cb->seq = end_of(prev);
	}
	while ((next = atcp_tree_from(c->ooo_root, cb->seq)) && seq_lt(seq_of(next), cb->end_seq)) {
		atcp_dsack_note(c, seq_of(next), seq_min(end_of(next), cb->end_seq));
		if (seq_of(next) == cb->seq && seq_geq(end_of(next), cb->end_seq))
			goto nothing_new;
		if (seq_gt(end_of(next), cb->end_seq)) {
			atcp_seg_trim_tail(c, seg, seq_of(next) - cb->seq);
			cb->end_seq = seq_of(next);
			cb->flags &= ~ATCP_FIN;
			break;
		}
		atcp_ooo_remove(c, next);
		atcp_host_free_admitted(c, next, ATCP_DROP_NONE);
	}
	if (prev && end_of(prev) == cb->seq && !(cb->flags & ATCP_FIN)) {
		u32 end = cb->end_seq;

		if (atcp_host_coalesce(c, prev, seg)) {
			atcp_seg_cb(prev)->end_seq = end;
			return;
		}
	}
	atcp_tree_add(&c->ooo_root, seg);
	return;

nothing_new:
	atcp_host_free_admitted(c, seg, ATCP_DROP_NONE);
}

void atcp_ooo_purge(struct atcp_tcb *c)
{
	struct atcp_seg *seg;

	while ((seg = c->ooo_root)) {
		atcp_ooo_remove(c, seg);
		atcp_host_free_admitted(c, seg, ATCP_DROP_NONE);
	}
	c->ooo_blocks = 0;
}
