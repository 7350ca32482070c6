/* SPDX-License-Identifier: GPL-2.0 */
/* How the bytes of one sendmsg() get into segments. */
#ifndef _ATCP_PAYLOAD_H
#define _ATCP_PAYLOAD_H

#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/types.h>

enum atcp_from {
	ATCP_FROM_COPY,
	ATCP_FROM_USER_PAGES,	/* MSG_ZEROCOPY */
	ATCP_FROM_PAGES,	/* MSG_SPLICE_PAGES */
};

/**
 * struct atcp_source - where a sendmsg() takes its bytes from
 * @how:	by copy or by reference
 * @ours:	@uarg is to be given back by atcp_source_done()
 * @uarg:	what is told when the user's pages are free again, or NULL
 */
struct atcp_source {
	enum atcp_from how;
	bool ours;
	struct ubuf_info *uarg;
};

/**
 * atcp_source_init() - for a message with MSG_ZEROCOPY or MSG_SPLICE_PAGES
 * @src:	zeroed, which is right for any other message
 * @sk:		locked
 * @msg:	with @size bytes, at least one
 * @size:	of the message
 * @tail:	segment that the first bytes may go to, or NULL
 * Return: 0, or -ENOBUFS when SO_ZEROCOPY's memory (optmem_max) is used up.
 */
int atcp_source_init(struct atcp_source *src, struct sock *sk, struct msghdr *msg, size_t size,
		     struct sk_buff *tail);

/* @sent: something was queued; if not, there will be no completion. Locked. */
void atcp_source_done(struct atcp_source *src, bool sent);

/**
 * atcp_append() - up to @room bytes of @msg to the end of @skb
 *
 * Charges them to the socket. Locked, process context.
 * Return: how many; -EFAULT and the like; -ENOBUFS when memory must be waited
 * for; -EMSGSIZE when @skb takes no more pieces of this kind.
 */
int atcp_append(struct sock *sk, struct sk_buff *skb, struct msghdr *msg,
		const struct atcp_source *src, int room);

#endif /* _ATCP_PAYLOAD_H */
