// SPDX-License-Identifier: GPL-2.0
/*
 * The send queue, as one list.  It is the only file that knows how segments that wait for
 * transmission or acknowledgment are linked.
 */
#include "core/queue.h"
#include "core/seq.h"

/* Puts @to behind @seg, or makes @seg the last. */
static void link_next(struct atcp_tcb *c, struct atcp_seg *seg, struct atcp_seg *to)
{
	atcp_seg_link(seg)->next = to;
	if (to)
		atcp_seg_link(to)->prev = seg;
	else
		c->snd_last = seg;
}

void atcp_queue_append(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_link *link = atcp_seg_link(seg);

	link->next = NULL;
	link->prev = c->snd_last;
	if (c->snd_last)
		atcp_seg_link(c->snd_last)->next = seg;
	else
		c->snd_first = seg;
	c->snd_last = seg;
	if (!c->snd_head)
		c->snd_head = seg;
}

struct atcp_seg *atcp_queue_pop(struct atcp_tcb *c, u32 ack)
{
	struct atcp_seg *seg = atcp_queue_sent(c);

	if (!seg || seq_gt(atcp_seg_cb(seg)->end_seq, ack))
		return NULL;
	c->snd_first = atcp_queue_next(seg);
	if (c->snd_first)
		atcp_seg_link(c->snd_first)->prev = NULL;
	else
		c->snd_last = NULL;
	if (c->snd_found == seg)
		c->snd_found = NULL;
	return seg;
}

struct atcp_seg *atcp_queue_find(struct atcp_tcb *c, u32 seq)
{
	struct atcp_seg *seg = c->snd_found;

	if (!seg || seq_gt(atcp_seg_cb(seg)->seq, seq))
		seg = atcp_queue_sent(c);
	while (seg && seq_leq(atcp_seg_cb(seg)->end_seq, seq))
		seg = atcp_queue_next_sent(c, seg);
	if (!seg || seq_gt(atcp_seg_cb(seg)->seq, seq))
		return NULL;
	c->snd_found = seg;
	return seg;
}

int atcp_queue_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	struct atcp_seg *rest;
	struct atcp_cb *rcb;
	u8 tell;

	if (unlikely(seg != c->snd_first && !atcp_host_may_split(c))) {
		atcp_count(c, ATCP_STAT_SPLITS_REFUSED);
		return -ENOBUFS;
	}
	rest = atcp_host_split(c, seg, len);
	if (unlikely(!rest)) {
		atcp_count(c, ATCP_STAT_OUT_NO_MEMORY);
		return -ENOMEM;
	}
	rcb = atcp_seg_cb(rest);
	tell = rcb->sent & ATCP_SENT_TELL;
	*rcb = *cb;
	rcb->sent = (cb->sent & ~ATCP_SENT_TELL) | tell;
	rcb->seq = cb->seq + len;
	cb->end_seq = rcb->seq;
	cb->flags = 0;
	link_next(c, rest, atcp_queue_next(seg));
	link_next(c, seg, rest);
	return 0;
}

/* True if @seg and its next must not be sent as one. */
static bool separable(struct atcp_seg *seg)
{
	u8 sent = atcp_seg_cb(seg)->sent;

	return sent & ATCP_SENT_EOR ||
	       (sent | atcp_seg_cb(atcp_queue_next(seg))->sent) & ATCP_SENT_TELL;
}

bool atcp_queue_may_join(struct atcp_tcb *c, struct atcp_seg *seg)
{
	return !separable(seg) && atcp_host_may_join(c, seg, atcp_queue_next(seg));
}

bool atcp_queue_join(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_seg *next = atcp_queue_next(seg), *third = atcp_queue_next(next);
	struct atcp_cb *cb = atcp_seg_cb(seg);
	struct atcp_cb joined = *atcp_seg_cb(next);

	if (separable(seg) || !atcp_host_join(c, seg, next))
		return false;
	cb->end_seq = joined.end_seq;
	cb->flags |= joined.flags;
	cb->sent |= joined.sent & ATCP_SENT_EOR;
	if (c->snd_found == next)
		c->snd_found = seg;
	link_next(c, seg, third);
	return true;
}

void atcp_queue_purge(struct atcp_tcb *c)
{
	struct atcp_seg *seg = c->snd_first;

	while (seg) {
		struct atcp_seg *next = atcp_queue_next(seg);

		atcp_host_free_sent(c, seg);
		seg = next;
	}
	c->snd_first = NULL;
	c->snd_last = NULL;
	c->snd_head = NULL;
	c->snd_found = NULL;
}
