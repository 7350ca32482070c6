/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sending pages by reference.  Since 6.5 that is sendmsg(MSG_SPLICE_PAGES); older
 * kernels have sendpage() for a single page, which calls the same code here.
 */
#ifndef _ATCP_COMPAT_SENDPAGE_H
#define _ATCP_COMPAT_SENDPAGE_H

#include <linux/bvec.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/uio.h>

#ifdef ATCP_HAVE_SENDPAGE

/* @iter has the one page of atcp_sendpage(). */
static inline ssize_t atcp_splice_from_iter(struct sk_buff *skb, struct iov_iter *iter,
					    ssize_t room, gfp_t gfp)
{
	size_t offset = iter->bvec->bv_offset + iter->iov_offset;
	struct page *page = iter->bvec->bv_page + offset / PAGE_SIZE;
	int len, err;

	offset %= PAGE_SIZE;
	len = min3((size_t)room, iov_iter_count(iter), PAGE_SIZE - offset);
	err = skb_append_pagefrags(skb, page, offset, len);
	if (err)
		return err;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
	iov_iter_advance(iter, len);
	return len;
}

int atcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);

static inline ssize_t atcp_sendpage(struct socket *sock, struct page *page, int offset,
				    size_t size, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };
	struct bio_vec bvec = {
		.bv_page = page,
		.bv_len = size,
		.bv_offset = offset,
	};

	/* A slab page has no reference of its own: it is copied. */
	if (!sendpage_ok(page))
		return sock_no_sendpage(sock, page, offset, size, flags);
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bvec, 1, size);
	return atcp_sendmsg(sock, &msg, size);
}

#define ATCP_SENDPAGE	.sendpage = atcp_sendpage,

#else

#define ATCP_SENDPAGE

/* 6.17: skb_splice_from_iter() takes no gfp flags, for it allocates nothing */
static inline ssize_t atcp_splice_from_iter(struct sk_buff *skb, struct iov_iter *iter,
					    ssize_t room, gfp_t gfp)
{
#ifdef ATCP_HAVE_SPLICE_GFP
	return skb_splice_from_iter(skb, iter, room, gfp);
#else
	return skb_splice_from_iter(skb, iter, room);
#endif
}

#endif

/* Before 6.5 sendpage() has this hint that the next page follows; since then MSG_MORE. */
#ifndef MSG_SENDPAGE_NOTLAST
#define MSG_SENDPAGE_NOTLAST	0
#endif

#endif /* _ATCP_COMPAT_SENDPAGE_H */
