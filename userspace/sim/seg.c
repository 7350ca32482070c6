// SPDX-License-Identifier: GPL-2.0
/*
 * Segments: payload in reference-counted buffers, the header in front of it.
 */
#include <assert.h>
#include <stdlib.h>

#include "sim.h"

static_assert(sizeof(struct atcp_cb) <= sizeof(((struct atcp_seg *)0)->cb),
	      "the core's part of a segment must fit skb->cb");
static_assert(sizeof(struct atcp_link) <= sizeof(((struct atcp_seg *)0)->link),
	      "the core's links must fit three words");
static_assert(SIM_HDR_ROOM == ATCP_HDR_MAX, "room for the longest header");

struct sim_touch sim_touch;

static struct sim_buf *buf_new(u32 size)
{
	struct sim_buf *buf = malloc(sizeof(*buf) + size);

	if (!buf)
		abort();
	buf->refs = 1;
	buf->size = size;
	sim->bufs++;
	return buf;
}

static void buf_put(struct sim_buf *buf)
{
	if (!buf || --buf->refs)
		return;
	sim->bufs--;
	free(buf);
}

static struct atcp_seg *seg_bare(void)
{
	struct atcp_seg *seg = malloc(sizeof(*seg));

	if (!seg)
		abort();
	/* Poison, so that the use of a field that was not set is noticed. */
	memset(seg, 0xa5, sizeof(*seg));
	seg->buf = NULL;
	seg->data = NULL;
	seg->next = NULL;
	seg->len = 0;
	seg->charge = 0;
	seg->touched = sim_touch.now - 1;
	seg->count = 1;
	seg->owner = SIM_SEG_LOOSE;
	seg->hlen = 0;
	sim->segs++;
	return seg;
}

struct atcp_seg *sim_seg_new(u32 room)
{
	struct atcp_seg *seg = seg_bare();

	if (room) {
		seg->buf = buf_new(room);
		seg->data = seg->buf->bytes;
	}
	return seg;
}

struct atcp_seg *sim_seg_from(const u8 *bytes, u32 len)
{
	struct atcp_seg *seg = sim_seg_new(len);

	if (len)
		memcpy(seg->data, bytes, len);
	seg->len = len;
	return seg;
}

struct atcp_seg *sim_seg_ref(struct atcp_seg *seg)
{
	struct atcp_seg *ref = seg_bare();

	ref->buf = seg->buf;
	ref->data = seg->data;
	ref->len = seg->len;
	if (ref->buf)
		ref->buf->refs++;
	memcpy(ref->cb, seg->cb, sizeof(ref->cb));
	return ref;
}

void sim_seg_free(struct atcp_seg *seg)
{
	buf_put(seg->buf);
	sim->segs--;
	free(seg);
}

u32 sim_seg_tailroom(const struct atcp_seg *seg)
{
	if (!seg->buf || seg->buf->refs != 1)
		return 0;
	return seg->buf->bytes + seg->buf->size - (seg->data + seg->len);
}

/* --- called by host_user.h --- */

void sim_seg_drop(struct atcp_seg *seg)
{
	SIM_CHECK(seg->owner == SIM_SEG_LOOSE, "a charged segment was dropped");
	sim_seg_free(seg);
}

u8 *sim_seg_push(struct atcp_seg *seg, u32 len)
{
	if (seg->hlen + len > SIM_HDR_ROOM) {
		sim_fail("header of %u bytes has no room", seg->hlen + len);
		seg->hlen = 0;
	}
	seg->hlen += len;
	return seg->hdr + SIM_HDR_ROOM - seg->hlen;
}
