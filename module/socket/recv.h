/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recv(), and the receive buffer.
 */
#ifndef _ATCP_RECV_H
#define _ATCP_RECV_H

#include "atcp.h"

int atcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags);
/* Bytes that recv() could return now. Locked. */
u32 atcp_readable(const struct sock *sk);
/* Whether there is enough to wake a reader or satisfy poll(). Lockless. */
bool atcp_is_readable(struct sock *sk, int target);
/* Merges small segments of the receive queue to save memory. Locked; any context. */
void atcp_compact(struct sock *sk);
/* The receive window that @space bytes of buffer allow: the rest is for overhead. */
static inline int atcp_win_from_space(int space)
{
	return space / 2;
}

/* And the other way round. */
static inline u64 atcp_space_from_win(u32 window)
{
	return 2 * (u64)window;
}

int atcp_set_rcvlowat(struct sock *sk, int val);
int atcp_peek_len(struct socket *sock);
/* Removes @n bytes of @skb, the first of the receive queue, as read. Locked. */
void atcp_consume(struct sock *sk, struct sk_buff *skb, u32 n);
/*
 * For a call that found nothing to read.  Locked.
 * Return: 1 to wait, 0 at the end of the stream, or a negative errno.
 */
int atcp_may_wait(struct sock *sk, long timeo);
/* Whether a call that has read something may wait for more. Locked. */
bool atcp_may_wait_for_more(struct sock *sk, long timeo);

#endif /* _ATCP_RECV_H */
