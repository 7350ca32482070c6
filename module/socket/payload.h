/* SPDX-License-Identifier: GPL-2.0 */
/* How the bytes of a sendmsg() are put into segments. */
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
 * struct atcp_source - how a sendmsg() takes its bytes from the user
 * @how:	by copy or by reference
 * @ours:	atcp_source_done() has to put the reference to @uarg
 * @uarg:	the completion, called when the user's pages are free again, or NULL
 */
struct atcp_source {
	enum atcp_from how;
	bool ours;
	struct ubuf_info *uarg;
};

/**
 * atcp_source_init() - sets up a message with MSG_ZEROCOPY or MSG_SPLICE_PAGES
 * @src:	zeroed; for any other message it stays so
 * @sk:		locked
 * @msg:	with @size bytes, at least one
 * @size:	of the message
 * @tail:	segment that the first bytes may be appended to, or NULL
 * Return: 0, or -ENOBUFS when SO_ZEROCOPY's memory (optmem_max) is used up.
 */
int atcp_source_init(struct atcp_source *src, struct sock *sk, struct msghdr *msg, size_t size,
		     struct sk_buff *tail);

/* Ends @src's completion; without @sent nothing was queued and none is reported. Locked. */
void atcp_source_done(struct atcp_source *src, bool sent);

/**
 * atcp_append() - appends up to @room bytes of @msg to @skb
 *
 * Charges them to the socket. Locked, process context.
 * Return: the number of bytes; -ENOBUFS when the caller must wait for memory;
 * -EMSGSIZE when @skb takes no more fragments of this kind; or another negative errno,
 * such as -EFAULT.
 */
int atcp_append(struct sock *sk, struct sk_buff *skb, struct msghdr *msg,
		const struct atcp_source *src, int room);

#endif /* _ATCP_PAYLOAD_H */
