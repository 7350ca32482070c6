/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket: its lifetime, and the functions that user calls, segments and the core
 * use on it.
 *
 * Lifetime.  sk_alloc() or sk_clone() gives the base reference.  It is dropped in one
 * place, atcp_sock_destroy(), once the connection is CLOSED and no program holds the
 * socket (SOCK_DEAD).  A running timer holds a reference.  The connection table holds
 * none: sockets are freed after an RCU grace period, and a look-up checks the state
 * again under the lock.  Segments on their way out keep it by sk_wmem_alloc.
 */
#ifndef _ATCP_SOCK_H
#define _ATCP_SOCK_H

#include "atcp.h"

/**
 * atcp_sock_init() - initializes the part of a socket behind its inet_sock
 * @sk:		fresh from sk_alloc(), or cloned and locked; any context
 *
 * The control block is CLOSED then, without timer or port and in no table; the socket
 * is counted in its namespace.  Buffer sizes and what is in inet_sock stay.
 */
void atcp_sock_init(struct sock *sk);

/**
 * atcp_sock_change_cc() - another congestion control
 * @sk:		locked, or not seen by others yet
 * @ops:	with a reference, which the socket takes over; it is dropped in case of an error
 * @gfp:	for the algorithm's memory
 *
 * Return: 0 or -ENOMEM, which changes nothing.
 */
int atcp_sock_change_cc(struct sock *sk, const struct atcp_cc_ops *ops, gfp_t gfp);

/**
 * atcp_sock_inherit() - a child takes over the options of its listener
 * @child:	locked, after atcp_accept()
 * @sk:		the listener; not locked
 */
void atcp_sock_inherit(struct sock *child, const struct sock *sk);
/*
 * The congestion control of the socket's route, if it asks for one that there is: before the
 * connection is open.  Locked.
 */
void atcp_sock_route_cc(struct sock *sk);

/**
 * atcp_sock_rcv() - a segment arrives for a connection
 * @sk:		locked by bh_lock_sock() with no user owning it, or by its owner;
 *		any state: in CLOSED and LISTEN the segment is dropped
 * @skb:	payload at skb->data, checksum verified; consumed
 * @h:		its header
 * @waited:	for how long it was in the backlog, microseconds
 */
void atcp_sock_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h, u32 waited);

/* Bytes of segments that may wait in the backlog while a user owns @sk. Lockless. */
static inline unsigned int atcp_backlog_limit(const struct sock *sk)
{
	u64 limit = ((u64)READ_ONCE(sk->sk_rcvbuf) << 1) +
		    (READ_ONCE(sk->sk_sndbuf) >> 1) + 64 * 1024;

	return min_t(u64, limit, UINT_MAX);
}

/**
 * atcp_sock_destroy() - destroys a socket that no program holds
 * @sk:		locked, CLOSED, SOCK_DEAD; BHs off or process context
 *
 * Gives up port, queues and the base reference: @sk is valid afterwards only
 * under RCU or a reference of the caller's own.
 */
void atcp_sock_destroy(struct sock *sk);

/* Sets sk_state, ordered after all earlier writes, and traces it. Locked. */
void atcp_sock_state(struct sock *sk, int state);

/*
 * Ends the socket of a connection that is CLOSED: removes it from the table, reports
 * @err to the user, destroys an orphan. Locked, BHs off or process context.
 */
void atcp_sock_ended(struct sock *sk, int err);

/*
 * Arms a timer for the core's next deadline, unless it fires earlier anyway.  @fine: to some
 * microseconds.  Locked.
 */
void atcp_sock_deadline(struct sock *sk, u64 when, bool fine);
/* A timer has fired: calls the core, now or when the user gives the lock back.  Softirq. */
void atcp_sock_fires(struct sock *sk);

/* Functions of struct proto; close and disconnect are not for listeners. */
int atcp_sk_init(struct sock *sk);
void atcp_sk_close(struct sock *sk, long timeout);
int atcp_sk_disconnect(struct sock *sk, int flags);
void atcp_sk_shutdown(struct sock *sk, int how);
void atcp_sk_keepalive(struct sock *sk, int on);
void atcp_sk_release_cb(struct sock *sk);
int atcp_sk_backlog_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* _ATCP_SOCK_H */
