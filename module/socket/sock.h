/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket: its life, its lock, and what the user's calls and the network
 * side do to it.
 *
 * Life.  sk_alloc() or sk_clone() gives the base reference.  It is dropped in
 * one place, atcp_sock_destroy(), once the connection is CLOSED and no program
 * holds the socket (SOCK_DEAD).  A running timer holds a reference.  The
 * connection table holds none: sockets are freed after an RCU grace period,
 * and whoever finds one looks at its state again under the lock.  Segments on
 * their way out hold it by sk_wmem_alloc.
 */
#ifndef _ATCP_SOCK_H
#define _ATCP_SOCK_H

#include "atcp.h"

/**
 * atcp_sock_init() - the part of a socket behind its inet_sock
 * @sk:		fresh from sk_alloc(), or cloned and locked; any context
 *
 * Control block CLOSED, no timer, no port, in no table; counted in its
 * namespace.  Does not touch buffer sizes or what sk_clone() has copied.
 */
void atcp_sock_init(struct sock *sk);

/**
 * atcp_sock_inherit() - a child takes over the options of its listener
 * @child:	locked, after atcp_accept()
 * @sk:		the listener; not locked
 */
void atcp_sock_inherit(struct sock *child, const struct sock *sk);

/**
 * atcp_sock_rcv() - a segment arrives for a connection
 * @sk:		locked by bh_lock_sock() with no user owning it, or by its owner;
 *		any state: where no connection is, the segment is dropped
 * @skb:	payload at skb->data, checksum verified; consumed
 * @h:		its header
 */
void atcp_sock_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h);

/* Bytes that the backlog of a locked socket may hold. Lockless. */
static inline unsigned int atcp_backlog_limit(const struct sock *sk)
{
	u64 limit = ((u64)READ_ONCE(sk->sk_rcvbuf) << 1) +
		    (READ_ONCE(sk->sk_sndbuf) >> 1) + 64 * 1024;

	return min_t(u64, limit, UINT_MAX);
}

/**
 * atcp_sock_destroy() - the end of a socket that nobody holds
 * @sk:		locked, CLOSED, SOCK_DEAD; BHs off or process context
 *
 * Gives up port, queues and the base reference: @sk is valid afterwards only
 * under RCU or a reference of the caller's own.
 */
void atcp_sock_destroy(struct sock *sk);

/* Sets sk_state, visible after what was written before, and traced. Locked. */
void atcp_sock_state(struct sock *sk, int state);

/*
 * A connection has just ended: leaves the table, tells the user, destroys an
 * orphan. Locked, BHs off or process context.
 */
void atcp_sock_ended(struct sock *sk, int err);

/* The core's deadline, lazily. Locked. */
void atcp_sock_deadline(struct sock *sk, u64 when);

/* struct proto's calls */
int atcp_sk_init(struct sock *sk);
void atcp_sk_close(struct sock *sk, long timeout);		/* no listener */
int atcp_sk_disconnect(struct sock *sk, int flags);		/* likewise */
void atcp_sk_shutdown(struct sock *sk, int how);
void atcp_sk_keepalive(struct sock *sk, int on);
void atcp_sk_release_cb(struct sock *sk);
int atcp_sk_backlog_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* _ATCP_SOCK_H */
