// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard, sender's side: RFC 2018 section 5, with the tree of SACKed segments of
 * queue.c as the board.
 *
 * A block that covers a whole segment of the queue marks it, however small it is.  An edge
 * inside one, which may be 64 KB, cuts it: at a multiple of the MSS from where it begins, for
 * segmentation has cut it there on its way.  A part that is less stays as it is, so that
 * every piece but a segment's last has an MSS.  However odd the blocks are that a peer makes
 * up, the queue has no more pieces than segments on the wire.
 *
 * Bounds: an ACK has four blocks at most.  Each costs two looks, one in the tree of what is
 * in flight and one in that of what is lost, two cuts in each, and what it newly marks.  The
 * looks that find nothing new pass STEPS segments at most, all of an ACK together.  What is
 * left then waits for the next ACK: an honest peer has what is new in the first block, and
 * reports each block in several ACKs (RFC 2018 section 4).
 */
#include "core/board.h"
#include "core/queue.h"
#include "core/rack.h"
#include "core/seq.h"
#include "core/tree.h"

#define STEPS	40

void atcp_board_arrived(struct atcp_tcb *c, const struct atcp_cb *cb, u32 end,
			struct atcp_ack *a)
{
	a->delivered += end - seq_max(cb->seq, c->snd_una);
	if (!(cb->sent & ATCP_SENT_AGAIN)) {
		/* RFC 8985 section 6.2 step 3: it arrives later than what is behind it. */
		if (c->rack && seq_lt(end, a->prior_fack))
			atcp_rack_reordered(c, a->prior_fack - cb->seq);
		a->original |= seq_leq(end, c->recover);
	}
	c->fack = seq_max(c->fack, end);
	if (cb->sent_at > a->last.sent_at ||
	    (cb->sent_at == a->last.sent_at && seq_gt(end, a->last.end_seq))) {
		a->last = *cb;
		a->last.end_seq = end;
	}
	if (c->rack)
		atcp_rack_arrived(c, cb, end);
}

/*
 * Cuts off @seg what is outside of @start to @end, so that what is left was reported whole.
 * Returns what is left, or NULL: nothing, or it could not be cut.
 */
static struct atcp_seg *cut(struct atcp_tcb *c, struct atcp_seg *seg, u32 start, u32 end)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 from = seq_max(start, cb->seq) - cb->seq;
	u32 to = seq_lt(end, cb->end_seq) ? end - cb->seq : cb->end_seq - cb->seq;
	u32 len = cb->end_seq - cb->seq;

	from += c->mss - 1;
	from -= from % c->mss;
	if (to < len)
		to -= to % c->mss;
	if (from >= to)
		return NULL;
	if (to < len && !atcp_queue_split(c, seg, to))
		return NULL;
	return from ? atcp_queue_split(c, seg, from) : seg;
}

/* Marks what a block reports of one tree, @root.  A look that finds nothing takes of @steps. */
static void mark(struct atcp_tcb *c, struct atcp_seg **root, u32 start, u32 end, u32 *steps,
		 struct atcp_ack *a)
{
	u32 left = *steps;
	struct atcp_seg *seg;

	while ((seg = atcp_tree_beyond(*root, start, steps)) &&
	       seq_lt(atcp_seg_cb(seg)->seq, end)) {
		u32 next = atcp_seg_cb(seg)->end_seq;
		struct atcp_cb *cb;

		seg = cut(c, seg, start, end);
		if (seg) {
			cb = atcp_seg_cb(seg);
			atcp_board_arrived(c, cb, cb->end_seq, a);
			c->delivered += cb->segs;
			atcp_queue_mark_sacked(c, seg);
			a->sacked = true;
			*steps = left;
		}
		left = *steps;
		if (seq_geq(next, end))
			break;
		start = next;
	}
}

void atcp_board_take(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a)
{
	u32 i, steps = STEPS;

	for (i = 0; i < h->nsack; i++) {
		const struct atcp_sack_block *b = &h->sack[i];

		if (!atcp_board_valid(c, b, h->ack))
			continue;
		mark(c, &c->snd_flight, b->start, b->end, &steps, a);
		mark(c, &c->snd_lost, b->start, b->end, &steps, a);
	}
	if (unlikely(!steps))
		atcp_count(c, ATCP_STAT_SACK_LEFT);
}

bool atcp_board_reneged(const struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_tree_first(c->snd_sacked);

	return seg && seq_leq(atcp_seg_cb(seg)->seq, c->snd_una);
}
