// SPDX-License-Identifier: GPL-2.0
/*
 * The send queue.  It is the only file that knows how segments that wait for transmission
 * or acknowledgment are linked.
 */
#include "core/queue.h"
#include "core/seq.h"
#include "core/tree.h"

#define PLACE	(ATCP_SENT_LOST | ATCP_SENT_SACKED)
#define STEPS	64	/* of a look for a place in the time list */

/* The tree that a sent segment is in. */
static struct atcp_seg **tree_of(struct atcp_tcb *c, struct atcp_seg *seg)
{
	switch (atcp_seg_cb(seg)->sent & PLACE) {
	case ATCP_SENT_LOST:
		return &c->snd_lost;
	case ATCP_SENT_SACKED:
		return &c->snd_sacked;
	}
	return &c->snd_flight;
}

static bool in_flight(struct atcp_seg *seg)
{
	return !(atcp_seg_cb(seg)->sent & PLACE);
}

/* --- the time list --- */

/* Puts @seg behind @prev, which NULL is before the first. */
static void time_add(struct atcp_tcb *c, struct atcp_seg *seg, struct atcp_seg *prev)
{
	struct atcp_order *o = atcp_seg_order(seg);

	o->prev = prev;
	o->next = prev ? atcp_seg_order(prev)->next : c->snd_oldest;
	if (prev)
		atcp_seg_order(prev)->next = seg;
	else
		c->snd_oldest = seg;
	if (o->next)
		atcp_seg_order(o->next)->prev = seg;
	else
		c->snd_newest = seg;
}

/* Leaves both words 0, as the host needs them in a segment that it frees. */
static void time_remove(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_order *o = atcp_seg_order(seg);

	if (o->prev)
		atcp_seg_order(o->prev)->next = o->next;
	else
		c->snd_oldest = o->next;
	if (o->next)
		atcp_seg_order(o->next)->prev = o->prev;
	else
		c->snd_newest = o->prev;
	o->next = NULL;
	o->prev = NULL;
}

/* --- sums --- */

/* Adds what a sent segment counts for to the sums of its place, or takes it off. */
static void account(struct atcp_tcb *c, struct atcp_seg *seg, bool add)
{
	const struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 len = cb->end_seq - seq_max(cb->seq, c->snd_una);
	u32 segs = cb->segs;

	if (!add) {
		len = -len;
		segs = -segs;
	}
	if (cb->sent & ATCP_SENT_SACKED) {
		c->sacked += len;
		c->sacked_segs += segs;
	} else if (cb->sent & ATCP_SENT_LOST) {
		c->lost += len;
		c->lost_segs += segs;
	} else if (cb->sent & ATCP_SENT_AGAIN) {
		c->resent_segs += segs;
	}
}

/* --- sent segments --- */

static void add_sent(struct atcp_tcb *c, struct atcp_seg *seg)
{
	account(c, seg, true);
	atcp_tree_add(tree_of(c, seg), seg);
}

static void remove_sent(struct atcp_tcb *c, struct atcp_seg *seg)
{
	account(c, seg, false);
	atcp_tree_remove(tree_of(c, seg), seg);
	if (in_flight(seg))
		time_remove(c, seg);
}

/* Moves a sent segment to a place other than in flight. */
static void move(struct atcp_tcb *c, struct atcp_seg *seg, u8 place)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);

	remove_sent(c, seg);
	cb->sent = (cb->sent & ~PLACE) | place;
	add_sent(c, seg);
}

static struct atcp_seg *lower(struct atcp_seg *a, struct atcp_seg *b)
{
	if (!a || !b)
		return a ? a : b;
	return seq_lt(atcp_seg_cb(a)->seq, atcp_seg_cb(b)->seq) ? a : b;
}

static struct atcp_seg *higher(struct atcp_seg *a, struct atcp_seg *b)
{
	if (!a || !b)
		return a ? a : b;
	return lower(a, b) == a ? b : a;
}

struct atcp_seg *atcp_queue_sent(const struct atcp_tcb *c)
{
	struct atcp_seg *first = atcp_tree_first(c->snd_flight);

	if (unlikely(c->snd_lost))
		first = lower(first, atcp_tree_first(c->snd_lost));
	if (unlikely(c->snd_sacked))
		first = lower(first, atcp_tree_first(c->snd_sacked));
	return first;
}

struct atcp_seg *atcp_queue_last_sent(const struct atcp_tcb *c)
{
	return higher(atcp_tree_last(c->snd_flight),
		      higher(atcp_tree_last(c->snd_lost), atcp_tree_last(c->snd_sacked)));
}

/* The segment of @root that holds @seq, or NULL. */
static struct atcp_seg *holder(struct atcp_seg *root, u32 seq)
{
	struct atcp_seg *seg = atcp_tree_before(root, seq + 1);

	return seg && seq_gt(atcp_seg_cb(seg)->end_seq, seq) ? seg : NULL;
}

struct atcp_seg *atcp_queue_find(const struct atcp_tcb *c, u32 seq)
{
	struct atcp_seg *seg = holder(c->snd_flight, seq);

	if (!seg)
		seg = holder(c->snd_lost, seq);
	return seg ? seg : holder(c->snd_sacked, seq);
}

struct atcp_seg *atcp_queue_lost(const struct atcp_tcb *c)
{
	return atcp_tree_first(c->snd_lost);
}

void atcp_queue_mark_sent(struct atcp_tcb *c)
{
	struct atcp_seg *seg = c->snd_unsent;

	c->snd_unsent = atcp_queue_next(seg);
	if (c->snd_unsent)
		atcp_seg_link(c->snd_unsent)->prev = NULL;
	else
		c->snd_last = NULL;
	add_sent(c, seg);
	time_add(c, seg, c->snd_newest);
}

void atcp_queue_sent_again(struct atcp_tcb *c, struct atcp_seg *seg, u32 segs)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);

	remove_sent(c, seg);
	cb->sent = (cb->sent & ~PLACE) | ATCP_SENT_AGAIN;
	cb->segs = segs;
	add_sent(c, seg);
	time_add(c, seg, c->snd_newest);
}

void atcp_queue_mark_lost(struct atcp_tcb *c, struct atcp_seg *seg)
{
	move(c, seg, ATCP_SENT_LOST);
}

void atcp_queue_mark_sacked(struct atcp_tcb *c, struct atcp_seg *seg)
{
	move(c, seg, ATCP_SENT_SACKED);
}

void atcp_queue_mark_all_lost(struct atcp_tcb *c, bool sacked)
{
	while (c->snd_oldest)
		move(c, c->snd_oldest, ATCP_SENT_LOST);
	while (sacked && c->snd_sacked)
		move(c, c->snd_sacked, ATCP_SENT_LOST);
}

/*
 * What was taken for lost was sent before all that is in flight, or RACK would not have
 * taken it for that: its place in the time list is at the front.  Among themselves the lost
 * are in order of sequence, unless some were sent again.  Such a one is looked for no
 * further than STEPS, and then counts as sent when the next was: with many of them a peer
 * could make this long.
 */
void atcp_queue_unmark_lost(struct atcp_tcb *c)
{
	struct atcp_seg *seg;

	while ((seg = atcp_tree_last(c->snd_lost))) {
		struct atcp_seg *prev = NULL, *next = c->snd_oldest;
		struct atcp_cb *cb = atcp_seg_cb(seg);
		u32 steps = 0;

		remove_sent(c, seg);
		cb->sent &= ~PLACE;
		add_sent(c, seg);
		while (next && atcp_seg_cb(next)->sent_at < cb->sent_at && steps++ < STEPS) {
			prev = next;
			next = atcp_queue_newer(next);
		}
		if (next)
			cb->sent_at = min(cb->sent_at, atcp_seg_cb(next)->sent_at);
		time_add(c, seg, prev);
	}
}

struct atcp_seg *atcp_queue_pop(struct atcp_tcb *c, u32 ack)
{
	struct atcp_seg *seg = atcp_queue_sent(c);

	if (!seg || seq_gt(atcp_seg_cb(seg)->end_seq, ack))
		return NULL;
	remove_sent(c, seg);
	return seg;
}

void atcp_queue_advance(struct atcp_tcb *c, u32 ack)
{
	struct atcp_seg *seg = atcp_queue_sent(c);

	if (!seg || seq_leq(ack, atcp_seg_cb(seg)->seq)) {
		c->snd_una = ack;
		return;
	}
	account(c, seg, false);
	c->snd_una = ack;
	atcp_seg_cb(seg)->segs = atcp_segments(c, atcp_seg_cb(seg)->end_seq - ack);
	account(c, seg, true);
}

/* --- unsent segments --- */

/* Puts @to, or nothing, behind @seg in the list. */
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
	struct atcp_order *o = atcp_seg_order(seg);

	o->next = NULL;
	o->prev = NULL;
	atcp_seg_link(seg)->prev = NULL;
	if (c->snd_unsent)
		link_next(c, c->snd_last, seg);
	else
		c->snd_unsent = seg;
	link_next(c, seg, NULL);
}

/* --- cutting and joining --- */

struct atcp_seg *atcp_queue_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	bool sent = cb->sent & ATCP_SENT_ONCE;
	struct atcp_seg *rest;
	struct atcp_cb *rcb;
	u8 tell;

	if (unlikely(seg != atcp_queue_first(c) && !atcp_host_may_split(c))) {
		atcp_count(c, ATCP_STAT_SPLITS_REFUSED);
		return NULL;
	}
	rest = atcp_host_split(c, seg, len);
	if (unlikely(!rest)) {
		atcp_count(c, ATCP_STAT_OUT_NO_MEMORY);
		return NULL;
	}
	atcp_seg_order(rest)->next = NULL;
	atcp_seg_order(rest)->prev = NULL;
	if (sent)
		account(c, seg, false);
	rcb = atcp_seg_cb(rest);
	tell = rcb->sent & ATCP_SENT_TELL;
	*rcb = *cb;
	rcb->sent = (cb->sent & ~ATCP_SENT_TELL) | tell;
	rcb->seq = cb->seq + len;
	cb->end_seq = rcb->seq;
	cb->flags = 0;
	if (!sent) {
		link_next(c, rest, atcp_queue_next(seg));
		link_next(c, seg, rest);
		return rest;
	}
	cb->segs = atcp_segments(c, cb->end_seq - cb->seq);
	rcb->segs = atcp_segments(c, rcb->end_seq - rcb->seq);
	account(c, seg, true);
	add_sent(c, rest);
	if (in_flight(seg))
		time_add(c, rest, seg);
	return rest;
}

/* True if @seg and @next must not be sent as one. */
static bool separable(struct atcp_seg *seg, struct atcp_seg *next)
{
	u8 a = atcp_seg_cb(seg)->sent, b = atcp_seg_cb(next)->sent;

	return a & ATCP_SENT_EOR || (a | b) & ATCP_SENT_TELL || (a ^ b) & PLACE;
}

bool atcp_queue_may_join(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct atcp_seg *next = atcp_queue_next(seg);

	return !separable(seg, next) && atcp_host_may_join(c, seg, next);
}

/* Takes @next out of the list or its tree, and back. */
static void detach(struct atcp_tcb *c, struct atcp_seg *seg, struct atcp_seg *next, bool sent)
{
	if (sent)
		remove_sent(c, next);
	else
		link_next(c, seg, atcp_queue_next(next));
}

static void attach(struct atcp_tcb *c, struct atcp_seg *seg, struct atcp_seg *next, bool sent,
		   struct atcp_seg *older)
{
	if (!sent) {
		link_next(c, next, atcp_queue_next(seg));
		link_next(c, seg, next);
		return;
	}
	add_sent(c, next);
	if (in_flight(next))
		time_add(c, next, older);
}

bool atcp_queue_join(struct atcp_tcb *c, struct atcp_seg *seg, struct atcp_seg *next)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	struct atcp_cb joined = *atcp_seg_cb(next);
	struct atcp_seg *older = atcp_seg_order(next)->prev;
	bool sent = cb->sent & ATCP_SENT_ONCE;

	if (separable(seg, next))
		return false;
	detach(c, seg, next, sent);	/* the host frees it, and needs its links */
	if (!atcp_host_join(c, seg, next)) {
		attach(c, seg, next, sent, older);
		return false;
	}
	if (sent)
		account(c, seg, false);
	cb->end_seq = joined.end_seq;
	cb->flags |= joined.flags;
	cb->sent |= joined.sent & ATCP_SENT_EOR;
	if (sent) {
		cb->segs = atcp_segments(c, cb->end_seq - cb->seq);
		account(c, seg, true);
	}
	return true;
}

void atcp_queue_purge(struct atcp_tcb *c)
{
	struct atcp_seg *seg;

	while ((seg = atcp_queue_sent(c))) {
		remove_sent(c, seg);
		atcp_host_free_sent(c, seg);
	}
	while ((seg = c->snd_unsent)) {
		c->snd_unsent = atcp_queue_next(seg);
		atcp_host_free_sent(c, seg);
	}
	c->snd_last = NULL;
}
