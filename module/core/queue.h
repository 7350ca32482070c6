/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The send queue.  A segment in it is in exactly one of four places:
 *
 *   unsent     a list: it was never sent
 *   in flight  a tree: it was sent, and may be on its way; and the time list, where the one
 *              sent last, be it again, is last
 *   lost       a tree: it was sent, and is taken for lost; it waits to be sent again
 *   SACKed     a tree: the peer has reported it, but not acknowledged it
 *
 * The trees are ordered by sequence number (tree.c), so that a look-up, and each move from
 * one to another, take logarithmic time.  What the peer has reported once is not met again
 * when it reports it again.
 *
 * A FIN is no segment: it rides on the one that ends where it begins, or goes alone.
 *
 * Only queue.c touches the links, and c->snd_unsent, snd_last, snd_flight, snd_lost,
 * snd_sacked, snd_oldest, snd_newest.  It keeps the sums: c->lost, lost_segs, resent_segs
 * and, for a connection with c->rack, c->sacked and sacked_segs.
 */
#ifndef _ATCP_CORE_QUEUE_H
#define _ATCP_CORE_QUEUE_H

#include "core/tcb.h"

/* Segments on the wire that @len bytes make; at least 1. */
static inline u32 atcp_segments(const struct atcp_tcb *c, u32 len)
{
	return len <= c->mss ? 1 : (len + c->mss - 1) / c->mss;
}

/* True if nothing is queued, sent or not. */
static inline bool atcp_queue_empty(const struct atcp_tcb *c)
{
	return !c->snd_unsent && !c->snd_flight && !c->snd_lost && !c->snd_sacked;
}

/* The segment that holds SND.UNA; NULL when no data was sent that is not acknowledged. */
struct atcp_seg *atcp_queue_sent(const struct atcp_tcb *c);
/* The sent segment that holds @seq, or NULL. */
struct atcp_seg *atcp_queue_find(const struct atcp_tcb *c, u32 seq);
/* The sent segment with the highest numbers, or NULL. */
struct atcp_seg *atcp_queue_last_sent(const struct atcp_tcb *c);

/* The sent segment behind @seg, which is sent as well; or NULL. */
static inline struct atcp_seg *atcp_queue_next_sent(const struct atcp_tcb *c,
						    struct atcp_seg *seg)
{
	return atcp_queue_find(c, atcp_seg_cb(seg)->end_seq);
}

/* The first segment that is lost, or NULL. */
struct atcp_seg *atcp_queue_lost(const struct atcp_tcb *c);

/* The first segment that was never sent, or NULL. */
static inline struct atcp_seg *atcp_queue_unsent(const struct atcp_tcb *c)
{
	return c->snd_unsent;
}

/* The first segment of all, sent or not, or NULL. */
static inline struct atcp_seg *atcp_queue_first(const struct atcp_tcb *c)
{
	struct atcp_seg *sent = atcp_queue_sent(c);

	return sent ? sent : c->snd_unsent;
}

/* The segment behind @seg, which is unsent; or NULL. */
static inline struct atcp_seg *atcp_queue_next(struct atcp_seg *seg)
{
	return atcp_seg_link(seg)->next;
}

/* The last segment, sent or not, or NULL. */
static inline struct atcp_seg *atcp_queue_last(const struct atcp_tcb *c)
{
	return c->snd_unsent ? c->snd_last : atcp_queue_last_sent(c);
}

/* The segment in flight that was sent longest ago, or NULL. */
static inline struct atcp_seg *atcp_queue_oldest(const struct atcp_tcb *c)
{
	return c->snd_oldest;
}

/* True if a single segment on the wire is in flight. */
static inline bool atcp_queue_is_single(const struct atcp_tcb *c)
{
	return c->snd_oldest && c->snd_oldest == c->snd_newest &&
	       atcp_seg_cb(c->snd_oldest)->segs == 1;
}

/* The segment in flight that was sent after @seg, which is as well; or NULL. */
static inline struct atcp_seg *atcp_queue_newer(struct atcp_seg *seg)
{
	return atcp_seg_order(seg)->next;
}

/* A new segment, whose control block is filled, joins the end. */
void atcp_queue_append(struct atcp_tcb *c, struct atcp_seg *seg);
/* The first unsent segment has been sent. */
void atcp_queue_mark_sent(struct atcp_tcb *c);
/* A sent one has been sent again, as @segs segments: it is in flight, and the newest. */
void atcp_queue_sent_again(struct atcp_tcb *c, struct atcp_seg *seg, u32 segs);
/* @seg, which is in flight, is taken for lost. */
void atcp_queue_mark_lost(struct atcp_tcb *c, struct atcp_seg *seg);
/* @seg, which is in flight or lost, was reported. */
void atcp_queue_mark_sacked(struct atcp_tcb *c, struct atcp_seg *seg);
/* All that is in flight is taken for lost; with @sacked, what was reported as well. */
void atcp_queue_mark_all_lost(struct atcp_tcb *c, bool sacked);
/* What was taken for lost is in flight: it was sent when it was sent. */
void atcp_queue_unmark_lost(struct atcp_tcb *c);

/*
 * Takes the first sent segment out of the queue, if all of it is below @ack, for the caller
 * to free; else NULL.
 */
struct atcp_seg *atcp_queue_pop(struct atcp_tcb *c, u32 ack);
/* Moves SND.UNA to @ack, when the segments below it are gone. */
void atcp_queue_advance(struct atcp_tcb *c, u32 ack);

/**
 * atcp_queue_split() - cut a segment in two, neighbours in the same place
 * @seg:	keeps the first @len bytes
 * @len:	more than 0, less than it has
 *
 * By its MSS, window, ACKs or SACK blocks a peer can have a few bytes cut off, at the price
 * of a buffer, which is far larger.  So the host bounds how far a queue may grow by cuts.
 * The first segment is exempt: it can be sent when nothing else can, and the connection
 * goes on.  (The kernel's TCP exempts the last as well, for its tail loss probe.)
 *
 * Return: the new segment; NULL when that bound forbids it or memory is short, both
 * counted, with @seg as it was.
 */
struct atcp_seg *atcp_queue_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len);

/* True if it is cheap to append the next segment, or a part, to @seg; both are unsent. */
bool atcp_queue_may_join(struct atcp_tcb *c, struct atcp_seg *seg);
/*
 * Appends @next, which is behind @seg in the same place, to @seg.  False: the host does not
 * find it cheap, or something tells the two apart; nothing has changed.
 */
bool atcp_queue_join(struct atcp_tcb *c, struct atcp_seg *seg, struct atcp_seg *next);

/* Frees all segments. */
void atcp_queue_purge(struct atcp_tcb *c);

#endif /* _ATCP_CORE_QUEUE_H */
