/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The send queue: segments in order of sequence numbers.  Those that were sent come first,
 * and the first of them holds SND.UNA; those that were never sent follow.  A FIN is no
 * segment: it rides on the one that ends where it begins, or goes alone.
 *
 * Only queue.c touches the links, and c->snd_first, snd_last, snd_head, snd_found.
 */
#ifndef _ATCP_CORE_QUEUE_H
#define _ATCP_CORE_QUEUE_H

#include "core/tcb.h"

/* The segment that holds SND.UNA; NULL when no data is in flight. */
static inline struct atcp_seg *atcp_queue_sent(const struct atcp_tcb *c)
{
	return c->snd_first != c->snd_head ? c->snd_first : NULL;
}

/* The first segment that was never sent, or NULL. */
static inline struct atcp_seg *atcp_queue_unsent(const struct atcp_tcb *c)
{
	return c->snd_head;
}

/* The last segment, sent or not, or NULL. */
static inline struct atcp_seg *atcp_queue_last(const struct atcp_tcb *c)
{
	return c->snd_last;
}

/* The segment behind @seg, sent or not, or NULL. */
static inline struct atcp_seg *atcp_queue_next(struct atcp_seg *seg)
{
	return atcp_seg_link(seg)->next;
}

/* The segment behind @seg, a sent one, if that was sent as well; or NULL. */
static inline struct atcp_seg *atcp_queue_next_sent(const struct atcp_tcb *c,
						    struct atcp_seg *seg)
{
	struct atcp_seg *next = atcp_seg_link(seg)->next;

	return next != c->snd_head ? next : NULL;
}

/* A new segment, whose control block is filled, joins the end. */
void atcp_queue_append(struct atcp_tcb *c, struct atcp_seg *seg);

/* The first segment that was never sent has been sent. */
static inline void atcp_queue_mark_sent(struct atcp_tcb *c)
{
	c->snd_head = atcp_seg_link(c->snd_head)->next;
}

/*
 * Takes the first sent segment out of the queue, if all of it is below @ack, for the caller
 * to free; else NULL.
 */
struct atcp_seg *atcp_queue_pop(struct atcp_tcb *c, u32 ack);

/*
 * The sent segment that holds @seq, or NULL.  Costs one step where @seq is in the segment
 * last found or behind it, as it is when recovery goes through the queue.
 */
struct atcp_seg *atcp_queue_find(struct atcp_tcb *c, u32 seq);

/**
 * atcp_queue_split() - cut a segment in two, neighbours in the queue
 * @seg:	keeps the first @len bytes; sent if it was sent, as the rest then is
 * @len:	more than 0, less than it has
 *
 * By its MSS, window or ACKs a peer can have a few bytes cut off, at the price of a
 * buffer, which is far larger.  So the host bounds how far a queue may grow by cuts.
 * The first segment is exempt: it can be sent when nothing else can, and the connection
 * goes on.  (The kernel's TCP exempts the last as well, for its tail loss probe.)
 *
 * Return: 0; -ENOBUFS when that bound forbids it, -ENOMEM, both counted, with the segment
 * as it was.
 */
int atcp_queue_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len);

/* True if it is cheap to append the next segment, or a part, to @seg; both are unsent. */
bool atcp_queue_may_join(struct atcp_tcb *c, struct atcp_seg *seg);
/*
 * Appends the next segment, which is sent if @seg is, to @seg.  False: the host does not
 * find it cheap, or something tells the two apart; nothing has changed.
 */
bool atcp_queue_join(struct atcp_tcb *c, struct atcp_seg *seg);

/* Frees all segments. */
void atcp_queue_purge(struct atcp_tcb *c);

#endif /* _ATCP_CORE_QUEUE_H */
