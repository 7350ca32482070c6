/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as the core's host: a segment is an sk_buff.
 *
 * Only the core's host.h includes this file, and documents what each function must do.
 * Functions that cost more than a call are in socket/host.c.
 */
#ifndef _ATCP_HOST_H
#define _ATCP_HOST_H

#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

static inline struct sk_buff *atcp_skb(struct atcp_seg *seg)
{
	return (struct sk_buff *)seg;
}

static inline struct atcp_seg *atcp_seg(struct sk_buff *skb)
{
	return (struct atcp_seg *)skb;
}

static inline u64 atcp_host_now(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_USEC);
}

static inline u32 atcp_host_random(void)
{
	return get_random_u32();
}

static inline u64 atcp_host_siphash(const void *data, u32 len, const u64 key[2])
{
	return siphash(data, len, (const siphash_key_t *)key);
}

static inline struct atcp_cb *atcp_seg_cb(struct atcp_seg *seg)
{
	return (struct atcp_cb *)atcp_skb(seg)->cb;
}

/* The three words that the core's queues and trees may use: next, prev, dev. */
static inline struct atcp_link *atcp_seg_link(struct atcp_seg *seg)
{
	return (struct atcp_link *)seg;
}

/*
 * Two more words, in the place of the route and the destructor, which a queued sk_buff has
 * not.  Whoever clones one takes care: clone_queued() in socket/host.c.
 */
static inline struct atcp_order *atcp_seg_order(struct atcp_seg *seg)
{
	return (struct atcp_order *)&atcp_skb(seg)->tcp_tsorted_anchor;
}

static_assert(sizeof_field(struct sk_buff, tcp_tsorted_anchor) == 2 * sizeof(void *));
static_assert(offsetof(struct sk_buff, next) == 0);
static_assert(offsetof(struct sk_buff, prev) == sizeof(void *));
static_assert(offsetof(struct sk_buff, dev) == 2 * sizeof(void *));

/**
 * struct atcp_mark - the host's own part of skb->cb, behind the core's
 * @core:	struct atcp_cb
 * @skip:	bytes that were trimmed from the front of the payload
 * @cut:	bytes that were trimmed from its end
 *
 * @arrived:	while a received segment waits in the backlog: when it came, atcp_host_now()
 *
 * Trimming must not fail, and the segment is often freed soon after.  So it changes only
 * these fields, and not the sk_buff.  Both are 0 in a new sk_buff.
 *
 * Until atcp_sock_rcv() what is before @arrived is IP's.
 */
struct atcp_mark {
	u8 core[40];
	union {
		struct {
			u32 skip;
			u32 cut;
		};
		u64 arrived;
	};
};

static_assert(sizeof(struct atcp_mark) <= sizeof_field(struct sk_buff, cb));

static inline struct atcp_mark *atcp_mark(const struct sk_buff *skb)
{
	return (struct atcp_mark *)skb->cb;
}

static inline u32 atcp_skb_len(const struct sk_buff *skb)
{
	const struct atcp_mark *m = atcp_mark(skb);

	return skb->len - m->skip - m->cut;
}

static inline u32 atcp_seg_len(const struct atcp_seg *seg)
{
	return atcp_skb_len((const struct sk_buff *)seg);
}

static inline u32 atcp_seg_count(const struct atcp_seg *seg)
{
	const struct skb_shared_info *shinfo = skb_shinfo((const struct sk_buff *)seg);

	return shinfo->gso_segs ?: 1;
}

static inline u32 atcp_seg_size(const struct atcp_seg *seg)
{
	const struct skb_shared_info *shinfo = skb_shinfo((const struct sk_buff *)seg);

	return shinfo->gso_segs > 1 ? shinfo->gso_size : atcp_seg_len(seg);
}

static inline u8 *atcp_host_push(struct atcp_seg *seg, u32 len)
{
	return skb_push(atcp_skb(seg), len);
}

/* For the functions below, if a tracepoint is enabled or a segment is dropped: trace.c. */
void atcp_trace_drop(struct atcp_tcb *c, struct sk_buff *skb, enum atcp_drop why);
void atcp_trace_resent(struct atcp_tcb *c, u32 seq, u32 len, u8 kind);
void atcp_trace_recovery(struct atcp_tcb *c, u8 old);
void atcp_trace_mtu(struct atcp_tcb *c, u8 what, u32 size);

DECLARE_TRACEPOINT(atcp_retransmit);
DECLARE_TRACEPOINT(atcp_recovery);
DECLARE_TRACEPOINT(atcp_mtu);

static inline void atcp_host_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why)
{
	if (likely(!why))
		consume_skb(atcp_skb(seg));
	else
		atcp_trace_drop(c, atcp_skb(seg), why);
}

static inline void atcp_host_resent(struct atcp_tcb *c, u32 seq, u32 len, enum atcp_resend kind)
{
	if (tracepoint_enabled(atcp_retransmit))
		atcp_trace_resent(c, seq, len, kind);
}

static inline void atcp_host_recovery(struct atcp_tcb *c, u8 old)
{
	if (tracepoint_enabled(atcp_recovery))
		atcp_trace_recovery(c, old);
}

static inline void atcp_host_mtu(struct atcp_tcb *c, enum atcp_mtu what, u32 size)
{
	if (tracepoint_enabled(atcp_mtu))
		atcp_trace_mtu(c, what, size);
}

#endif /* _ATCP_HOST_H */
