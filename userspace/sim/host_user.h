/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core's host in user space.  ../../module/core/host.h includes this file
 * when it is not compiled for the kernel.
 *
 * It offers what host.h lists and nothing more, so that a core that uses
 * anything else does not compile here.
 */
#ifndef _ATCP_SIM_HOST_USER_H
#define _ATCP_SIM_HOST_USER_H

#include <assert.h>
#include <string.h>

#include "cc_user.h"

static inline u16 get_unaligned_be16(const void *p)
{
	const u8 *b = p;

	return b[0] << 8 | b[1];
}

static inline u32 get_unaligned_be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static inline void put_unaligned_be16(u16 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 8;
	b[1] = v;
}

static inline void put_unaligned_be32(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 24;
	b[1] = v >> 16;
	b[2] = v >> 8;
	b[3] = v;
}

#define SIM_HDR_ROOM	60	/* ATCP_HDR_MAX */

struct sim_buf;

/**
 * struct atcp_seg - a segment, as the sk_buff is in the kernel
 * @cb:		room for struct atcp_cb; 48 bytes, as in skb->cb
 * @link:	room for struct atcp_link
 * @order:	room for struct atcp_order
 * @buf:	the payload's memory, shared by clones and splits; may be NULL
 * @data:	first payload byte
 * @len:	payload bytes
 * @charge:	bytes charged to the connection's send or receive buffer
 * @count:	wire segments that it stands for
 * @owner:	SIM_SEG_*: the function that must free it
 * @hlen:	header bytes pushed so far
 * @touched:	sim_touch.now when its links were last looked at
 * @next:	the host's own list
 * @hdr:	headroom; the header stands at its end
 */
struct atcp_seg {
	u64 cb[6];
	u64 link[3];
	u64 order[2];
	struct sim_buf *buf;
	u8 *data;
	u32 len;
	u32 charge;
	u16 count;
	u8 owner;
	u8 hlen;
	u32 touched;
	struct atcp_seg *next;
	u8 hdr[SIM_HDR_ROOM];
};

/**
 * struct sim_touch - the cost of what the core does with its queues
 * @now:	a number for the present measurement; each one another
 * @nodes:	segments whose links were looked at since it began, each counted once
 */
struct sim_touch {
	u32 now;
	u32 nodes;
};

extern struct sim_touch sim_touch;

u64 sim_time(void);
u32 sim_host_random(void);
struct atcp_tcb;
void sim_note_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why);
void sim_note_resent(struct atcp_tcb *c, u32 seq, u32 len, enum atcp_resend kind);
void sim_note_recovery(struct atcp_tcb *c, u8 old);
u64 sim_siphash(const void *data, u32 len, const u64 key[2]);
void sim_seg_drop(struct atcp_seg *seg);
u8 *sim_seg_push(struct atcp_seg *seg, u32 len);

static inline u64 atcp_host_now(void)
{
	return sim_time();
}

static inline u32 atcp_host_random(void)
{
	return sim_host_random();
}

static inline u64 atcp_host_siphash(const void *data, u32 len, const u64 key[2])
{
	return sim_siphash(data, len, key);
}

static inline struct atcp_cb *atcp_seg_cb(struct atcp_seg *seg)
{
	return (struct atcp_cb *)seg->cb;
}

static inline void sim_seg_touch(struct atcp_seg *seg)
{
	if (seg->touched == sim_touch.now)
		return;
	seg->touched = sim_touch.now;
	sim_touch.nodes++;
}

static inline struct atcp_link *atcp_seg_link(struct atcp_seg *seg)
{
	sim_seg_touch(seg);
	return (struct atcp_link *)seg->link;
}

static inline struct atcp_order *atcp_seg_order(struct atcp_seg *seg)
{
	sim_seg_touch(seg);
	return (struct atcp_order *)seg->order;
}

static inline u32 atcp_seg_len(const struct atcp_seg *seg)
{
	return seg->len;
}

static inline u32 atcp_seg_count(const struct atcp_seg *seg)
{
	return seg->count;
}

static inline u32 atcp_seg_size(const struct atcp_seg *seg)
{
	return (seg->len + seg->count - 1) / seg->count;
}

static inline u8 *atcp_host_push(struct atcp_seg *seg, u32 len)
{
	return sim_seg_push(seg, len);
}

/* Tracepoints of the kernel, for struct sim_watch. */
#define atcp_host_drop(c, seg, why)		sim_note_drop(c, seg, why)
#define atcp_host_resent(c, seq, len, kind)	sim_note_resent(c, seq, len, kind)
#define atcp_host_recovery(c, old)		sim_note_recovery(c, old)
#define atcp_host_mtu(c, what, size)		((void)(c), (void)(what), (void)(size))

#endif /* _ATCP_SIM_HOST_USER_H */
