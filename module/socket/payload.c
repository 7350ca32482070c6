// SPDX-License-Identifier: GPL-2.0
/*
 * The user's bytes become page fragments of a segment in one of three ways:
 *
 *  - a copy
 *  - references to the user's own pages, with a completion on the error queue once
 *    they are free again (MSG_ZEROCOPY, io_uring's SEND_ZC)
 *  - references to pages of a file or pipe (splice(), sendfile())
 *
 * A segment may hold fragments of all three, but only one completion: data of another
 * one goes into the next segment.
 */
#include <linux/skbuff.h>
#include <net/sock.h>

#include "compat/sendpage.h"
#include "socket/payload.h"

int atcp_source_init(struct atcp_source *src, struct sock *sk, struct msghdr *msg, size_t size,
		     struct sk_buff *tail)
{
	/* A device without scatter-gather has each page copied later: it is done here. */
	const bool gather = sk->sk_route_caps & NETIF_F_SG;

	if (!(msg->msg_flags & MSG_ZEROCOPY)) {
		if (gather)
			src->how = ATCP_FROM_PAGES;
		return 0;
	}
	if (msg->msg_ubuf) {
		src->uarg = msg->msg_ubuf;
	} else {
		if (!sock_flag(sk, SOCK_ZEROCOPY))
			return 0;
		src->uarg = atcp_zerocopy_realloc(sk, size, skb_zcopy(tail));
		if (!src->uarg)
			return -ENOBUFS;
		src->ours = true;
		if (!gather)
			uarg_to_msgzc(src->uarg)->zerocopy = 0;
	}
	if (gather)
		src->how = ATCP_FROM_USER_PAGES;
	return 0;
}

void atcp_source_done(struct atcp_source *src, bool sent)
{
	if (!src->ours)
		return;
	if (sent)
		net_zcopy_put(src->uarg);
	else
		net_zcopy_put_abort(src->uarg, true);
}

/* Return: how many of @want bytes may be charged; 0: the caller must wait for memory. */
static int charge(struct sock *sk, int want)
{
	if (likely(sk_wmem_schedule(sk, want)))
		return want;
	return min(want, max(sk->sk_forward_alloc, 0));
}

static int append_copy(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int room)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	int i = skb_shinfo(skb)->nr_frags;
	bool merge = true;
	int copy, err;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOBUFS;
	if (!skb_can_coalesce(skb, i, pfrag->page, pfrag->offset)) {
		if (i >= MAX_SKB_FRAGS)
			return -EMSGSIZE;
		merge = false;
	}
	copy = min_t(int, room, pfrag->size - pfrag->offset);
	copy = charge(sk, copy);
	if (!copy)
		return -ENOBUFS;
	/* Pages whose references io_uring manages must not be mixed with our own. */
	if (unlikely(skb_zcopy_managed(skb)))
		skb_zcopy_downgrade_managed(skb);

	err = skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pfrag->page,
				       pfrag->offset, copy);
	if (err)
		return err;
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], copy);
	} else {
		skb_fill_page_desc(skb, i, pfrag->page, pfrag->offset, copy);
		page_ref_inc(pfrag->page);
	}
	pfrag->offset += copy;
	return copy;
}

static int append_user_pages(struct sock *sk, struct sk_buff *skb, struct msghdr *msg,
			     struct ubuf_info *uarg, int room)
{
	int err;

	room = charge(sk, room);
	if (!room)
		return -ENOBUFS;
	/* It charges for whole pages by itself. */
	err = atcp_zerocopy_iter(sk, skb, msg, room, uarg);
	return err == -EEXIST ? -EMSGSIZE : err;
}

static int append_pages(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int room)
{
	int len;

	room = charge(sk, room);
	if (!room)
		return -ENOBUFS;
	if (unlikely(skb_zcopy_managed(skb)))
		skb_zcopy_downgrade_managed(skb);
	len = atcp_splice_from_iter(skb, &msg->msg_iter, room, sk->sk_allocation);
	if (len <= 0)
		return len;
	/* The file may be written to meanwhile: a checksum needs a copy (SHARED_FRAG). */
	if (!(msg->msg_flags & MSG_NO_SHARED_FRAGS))
		skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	sk_wmem_queued_add(sk, len);
	sk_mem_charge(sk, len);
	return len;
}

int atcp_append(struct sock *sk, struct sk_buff *skb, struct msghdr *msg,
		const struct atcp_source *src, int room)
{
	if (likely(src->how == ATCP_FROM_COPY))
		return append_copy(sk, skb, msg, room);
	if (src->how == ATCP_FROM_USER_PAGES)
		return append_user_pages(sk, skb, msg, src->uarg, room);
	return append_pages(sk, skb, msg, room);
}
