/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core needs from its host: the whole seam, in one page.
 *
 * The kernel's side of it is module/socket/host.h, where a segment is an sk_buff, the
 * simulator's is host_user.h.  The choice is made here, at compile time, and
 * nowhere else in the core.
 *
 * A host provides:
 *
 *  - the types u8 u16 u32 u64 s32 s64 bool, likely(), unlikely(), min(), max(),
 *    min_t(), max_t(), memcpy(), memset(), errno constants, div_u64() and div64_u64()
 *    (a 32-bit kernel cannot divide a u64 by the operator),
 *    get_unaligned_be16/32() and put_unaligned_be16/32(), static_assert();
 *  - struct atcp_seg, opaque here, and the functions below.  Where a call would cost too
 *    much, the function is static inline in the host's header, and only listed:
 *
 *	u64 atcp_host_now(void)
 *		monotonic time in microseconds; never 0
 *	u32 atcp_host_random(void)
 *	u64 atcp_host_siphash(const void *data, u32 len, const u64 key[2])
 *		SipHash-2-4 (any faster pseudo-random function of its strength)
 *	struct atcp_cb *atcp_seg_cb(struct atcp_seg *seg)
 *	struct atcp_link *atcp_seg_link(struct atcp_seg *seg)
 *	struct atcp_order *atcp_seg_order(struct atcp_seg *seg)
 *	u32 atcp_seg_len(const struct atcp_seg *seg)
 *		payload bytes, headers not counted
 *	u32 atcp_seg_count(const struct atcp_seg *seg)
 *		wire segments that a received one stands for (GRO); at least 1
 *	u32 atcp_seg_size(const struct atcp_seg *seg)
 *		payload bytes of the first of those; the last may be smaller
 *	u8 *atcp_host_push(struct atcp_seg *seg, u32 len)
 *		prepends @len bytes for the header; returns where to write them
 *	void atcp_host_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why)
 *		frees a received segment that was not charged
 *	void atcp_host_resent(struct atcp_tcb *c, u32 seq, u32 len, enum atcp_resend kind)
 *	void atcp_host_recovery(struct atcp_tcb *c, u8 old)
 *	void atcp_host_mtu(struct atcp_tcb *c, enum atcp_mtu what, u32 size)
 *		for tracing, see below; may do nothing
 *
 * Every call about a connection is made with that connection's lock held; none
 * may sleep, and none may call back into the core for the same connection.
 */
#ifndef _ATCP_CORE_HOST_H
#define _ATCP_CORE_HOST_H

#include "core/drop.h"
#include "core/stat.h"

struct atcp_seg;
struct atcp_cb;
struct atcp_link;
struct atcp_order;
struct atcp_tcb;
struct atcp_aside;
struct atcp_space;

/* The reason for sending a segment that the peer may have seen before. */
enum atcp_resend {
	ATCP_RESEND_SYN,	/* SYN or SYN-ACK, not answered */
	ATCP_RESEND_TIMEOUT,	/* retransmission time-out */
	ATCP_RESEND_FAST,	/* fast recovery: duplicate ACKs, SACK blocks */
	ATCP_RESEND_WINDOW,	/* a probe's data, as the window has opened */
	ATCP_RESEND_PROBE,	/* zero-window probe, of new data as well */
	ATCP_RESEND_KEEPALIVE,	/* keep-alive probe */
	ATCP_RESEND_TAIL,	/* tail loss probe, RFC 8985 */
};

/* What has happened in path MTU discovery without ICMP (pmtud.c). */
enum atcp_mtu {
	ATCP_MTU_REDUCED,	/* segments are smaller: perhaps a black hole */
	ATCP_MTU_RESTORED,	/* they have the size from before that */
	ATCP_MTU_PROBE,		/* a probe is sent */
	ATCP_MTU_PASSED,	/* it has arrived */
	ATCP_MTU_LOST,		/* it was lost */
};

#ifdef __KERNEL__
#include "socket/host.h"
#else
#include "host_user.h"
#endif

/**
 * struct atcp_cb - the core's own part of a segment
 * @seq:	first sequence number
 * @end_seq:	one past the last; SYN and FIN count one each
 * @sent_at:	sending: time of the last transmission, in microseconds
 * @flags:	ATCP_FIN, ATCP_PSH...: control bits to send it with, or received with it
 * @sent:	ATCP_SENT_*: its history since it was queued
 * @segs:	sending: the segments on the wire that it was, when it was sent
 * @delivered:	sending: tcb.delivered, .delivered_at, .first_sent at @sent_at
 * @delivered_at: likewise
 * @first_sent:	likewise
 * @tx_flight:	sending: bytes in flight then, with it
 * @lost:	sending: atcp_lost_sum() then
 *
 * At most 40 bytes, as it is kept in skb->cb.
 */
struct atcp_cb {
	u32 seq;
	u32 end_seq;
	u64 sent_at;
	u8 flags;
	u8 sent;
	u16 segs;
	u32 delivered;
	u32 delivered_at;
	u32 first_sent;
	u32 tx_flight;
	u32 lost;
};

#define ATCP_SENT_ONCE		0x01	/* transmitted at least once */
#define ATCP_SENT_AGAIN		0x02	/* retransmitted (Karn: no RTT sample) */
#define ATCP_SENT_EOR		0x40	/* host's: nothing is appended to it */
#define ATCP_SENT_TELL		0x80	/* host's: call atcp_host_acked() for it */
#define ATCP_SENT_LIMITED	0x04	/* the program had nothing more to send then */
#define ATCP_SENT_LOST		0x08	/* taken for lost, and not sent again since */
#define ATCP_SENT_SACKED	0x10	/* reported by the peer, not acknowledged */

/**
 * struct atcp_link - three words by which the core queues a segment
 * @next:	list: the following segment; tree: the right child
 * @prev:	list: the preceding segment; tree: the left child
 * @prio:	tree: heap priority
 *
 * Overlays skb->next, skb->prev and skb->dev.  Undefined when a segment is handed to
 * the host, which sets them.
 */
struct atcp_link {
	struct atcp_seg *next;
	struct atcp_seg *prev;
	unsigned long prio;
};

/**
 * struct atcp_order - two more words, for a sent segment in order of time
 * @next:	the one that was sent after it
 * @prev:	the one that was sent before it
 *
 * Overlays skb->tcp_tsorted_anchor.  Both are NULL in a segment that is handed to the host;
 * only in atcp_host_clone() and atcp_host_split() they may have values, and keep them.
 */
struct atcp_order {
	struct atcp_seg *next;
	struct atcp_seg *prev;
};

#define ATCP_NEVER	(~0ULL)		/* a deadline that does not come */

/* Events that a user may wait for, in atcp_host_wake(). */
#define ATCP_WAKE_CONNECTED	0x01	/* ESTABLISHED reached */
#define ATCP_WAKE_READABLE	0x02	/* data queued */
#define ATCP_WAKE_WRITABLE	0x04	/* sent data acknowledged: maybe room */
#define ATCP_WAKE_FIN		0x08	/* the peer will send no more */
#define ATCP_WAKE_URGENT	0x10	/* the urgent pointer moved ahead */

void atcp_host_count_by(struct atcp_space *space, enum atcp_stat stat, u32 n);

static inline void atcp_host_count(struct atcp_space *space, enum atcp_stat stat)
{
	atcp_host_count_by(space, stat, 1);
}

/* --- sending --- */

/* A segment without payload, for control, with room for ATCP_HDR_MAX; or NULL. */
struct atcp_seg *atcp_host_alloc(struct atcp_tcb *c);
/* A second reference to the payload, for one transmission; or NULL. */
struct atcp_seg *atcp_host_clone(struct atcp_tcb *c, struct atcp_seg *seg);
/*
 * Sends and consumes.  @hlen header bytes have been pushed and written with
 * checksum zero; payload above @mss bytes is to be cut at every @mss.
 * Returns 0, or a negative errno when the network layer refused it.
 */
int atcp_host_transmit(struct atcp_tcb *c, struct atcp_seg *seg, u32 hlen, u32 mss);
/*
 * True if what was last sent of a queued segment has not left this host.  RACK does not take it
 * for lost, and it is no probe.  A time-out sends it again all the same: a device that keeps what
 * it has sent must not stop a connection.
 */
bool atcp_host_in_device(struct atcp_tcb *c, struct atcp_seg *seg);
/*
 * Cuts a queued segment: @seg keeps the first @len payload bytes, the rest is
 * returned as a new segment, charged likewise.  The core fills its cb and link, except
 * for ATCP_SENT_TELL, which the host gives to one of the two.
 * NULL for want of memory, with @seg unchanged.
 */
struct atcp_seg *atcp_host_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len);
/*
 * True if the send queue has room for the buffer of one more segment.  This bounds the
 * queue's memory, whatever the peer does; the cut of the first segment is exempt.
 */
bool atcp_host_may_split(struct atcp_tcb *c);
/*
 * Appends the payload of @from to @to, its neighbour in the send queue.  True: @from
 * is freed.  False: it would not be cheap.
 */
bool atcp_host_join(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from);
/*
 * True if that is cheap for @to and a part of @from, where neither was sent yet, and @to,
 * with up to a full segment more, can still be sent at once.
 */
bool atcp_host_may_join(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from);
/* Drops @bytes of payload at the front; keeps only the first @len. */
void atcp_seg_trim_head(struct atcp_tcb *c, struct atcp_seg *seg, u32 bytes);
void atcp_seg_trim_tail(struct atcp_tcb *c, struct atcp_seg *seg, u32 len);
/* The last octet of a segment with ATCP_SENT_TELL is acknowledged; it is freed next. */
void atcp_host_acked(struct atcp_tcb *c, struct atcp_seg *seg);
/* Frees a segment of the send queue, giving its memory back to the sender. */
void atcp_host_free_sent(struct atcp_tcb *c, struct atcp_seg *seg);

/* --- receiving --- */

/*
 * Charges a received segment to the receive buffer; false when that is full.
 * @ordered: it starts at or before RCV.NXT, and may take the room of out-of-order data.
 */
bool atcp_host_admit(struct atcp_tcb *c, struct atcp_seg *seg, bool ordered);
/* Frees a segment that atcp_host_admit() has charged. */
void atcp_host_free_admitted(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why);
/* Hands admitted, in-order, trimmed data to the reader; consumes. Payload > 0. */
void atcp_host_deliver(struct atcp_tcb *c, struct atcp_seg *seg);
/*
 * Tries to append the payload of @from, admitted, to @to, admitted and adjoining.
 * True: @from is consumed.
 */
bool atcp_host_coalesce(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from);
/* Payload bytes that the receive buffer has room for now: the most to offer. */
u32 atcp_host_rcv_space(struct atcp_tcb *c);
/* The same, if the buffer, at its present size, were empty. */
u32 atcp_host_rcv_limit(struct atcp_tcb *c);
/* At least the most that it may ever be for this connection: sets the window scale. */
u32 atcp_host_rcv_full(struct atcp_tcb *c);

/* --- the buffers' sizes: tune.c --- */

/*
 * The connection could use a receive window of @window bytes, more than there may be now:
 * enlarges the receive buffer, as far as its owner allows.
 */
void atcp_host_want_rcv(struct atcp_tcb *c, u32 window);
/* The same for the send buffer, which should hold @bytes of payload at any overhead. */
void atcp_host_want_snd(struct atcp_tcb *c, u64 bytes);

/* --- events --- */

void atcp_host_wake(struct atcp_tcb *c, u32 what);
/*
 * The pacing rate in bytes a second, or 0 for no pacing by the core (also where a
 * queueing discipline does the pacing).  The core's own estimate is atcp_pacing_rate().
 */
u64 atcp_host_pace(struct atcp_tcb *c);
/* A retransmission time-out: asks the network for another path. True: it was asked. */
bool atcp_host_rehash(struct atcp_tcb *c);
/* R1 retransmissions were not answered: IP looks for another route (section 3.8.3). */
void atcp_host_doubt_route(struct atcp_tcb *c);
/*
 * Calls atcp_timeout() at @when or before; never at ATCP_NEVER.  Replaces the last.  @fine: a
 * tick later is too late, if that can be.
 */
void atcp_host_set_deadline(struct atcp_tcb *c, u64 when, bool fine);
/*
 * Zeroed memory for c->aside, or NULL.  The host frees it with the connection.
 */
struct atcp_aside *atcp_host_aside(struct atcp_tcb *c);
/*
 * True if the host's own queue to the network has room for @len bytes more of this connection
 * in one segment.  False: atcp_push() is called when it has.
 */
bool atcp_host_room(struct atcp_tcb *c, u32 len);
/* c->state has changed from @old. */
void atcp_host_state(struct atcp_tcb *c, u8 old);
/*
 * For tracing, inline: atcp_host_resent() when @len bytes of sequence space from
 * @seq on have been sent again; atcp_host_recovery() when c->recovery has changed
 * from @old; atcp_host_mtu() when pmtud.c has found out something about the size of
 * segments, in bytes of payload and TCP options.
 */
/*
 * The connection has ended: c->state is ATCP_CLOSED, all queues are purged, and the host
 * forgets it but for delivered data. @err: positive errno for the user, or 0.
 */
void atcp_host_closed(struct atcp_tcb *c, int err);
/*
 * The connection goes to TIME-WAIT: keep a struct atcp_tw, filled by
 * atcp_tw_init(), in its place.  atcp_host_closed() with 0 follows.
 */
void atcp_host_time_wait(struct atcp_tcb *c);

#endif /* _ATCP_CORE_HOST_H */
