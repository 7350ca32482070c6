/* SPDX-License-Identifier: GPL-2.0 */
/*
 * send(), and what is queued for sending.
 */
#ifndef _ATCP_SEND_H
#define _ATCP_SEND_H

#include "atcp.h"

int atcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
/* stream_memory_free: whether unsent data is below TCP_NOTSENT_LOWAT. Lockless. */
bool atcp_stream_memory_free(const struct sock *sk, int wake);
/* sk_write_space: wakes writers once a third of the send buffer is free. */
void atcp_write_space(struct sock *sk);
/*
 * An empty sk_buff for the send queue, to be charged by the caller; or NULL.
 * @forced: even when the limits are reached: memory of the queue is freed only by
 * sending it.
 */
struct sk_buff *atcp_alloc_sendable(struct sock *sk, gfp_t gfp, bool forced);
/* Sent data was acknowledged: wakes writers, and may enlarge the send buffer. Locked. */
void atcp_new_space(struct sock *sk);

#endif /* _ATCP_SEND_H */
