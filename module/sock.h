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

/* --- family.c --- */

extern struct proto atcp_prot;
extern struct proto atcpv6_prot;

/* proto_register() and sock_register(); a taken family is explained in the log. */
int __init atcp_family_init(void);
void atcp_family_exit(void);

/* --- sock.c --- */

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

/* --- send.c --- */

int atcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
/* stream_memory_free: little enough is unsent (TCP_NOTSENT_LOWAT). Lockless. */
bool atcp_stream_memory_free(const struct sock *sk, int wake);
/* sk_write_space: wakes writers once a third of the send buffer is free. */
void atcp_write_space(struct sock *sk);
/*
 * An empty sk_buff for the send queue, its own memory not yet charged; or NULL.
 * @forced: though the limits are reached, for what is queued can be freed only once
 * it was sent.
 */
struct sk_buff *atcp_alloc_sendable(struct sock *sk, gfp_t gfp, bool forced);
/* Fits the send buffer to the congestion window, unless SO_SNDBUF was used. Locked. */
void atcp_grow_sndbuf(struct sock *sk);
/* Sent data was acknowledged: room for more, perhaps a larger buffer. Locked. */
void atcp_new_space(struct sock *sk);

/* --- splice.c --- */

int atcp_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor);
ssize_t atcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags);
void atcp_splice_eof(struct socket *sock);

/* --- poll.c --- */

__poll_t atcp_poll(struct file *file, struct socket *sock, poll_table *wait);
int atcp_ioctl(struct sock *sk, int cmd, ATCP_IOCTL_ARG arg);

/* --- recv.c --- */

int atcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags);
/* Bytes that recv() could return now. Locked. */
u32 atcp_readable(const struct sock *sk);
/* Is there enough to wake a reader or satisfy poll()? Lockless. */
bool atcp_is_readable(struct sock *sk, int target);
/* Puts small segments of the receive queue together. Locked; any context. */
void atcp_compact(struct sock *sk);
/* The receive window that @space bytes of buffer are good for. */
static inline int atcp_win_from_space(int space)
{
	return space / 2;
}

int atcp_set_rcvlowat(struct sock *sk, int val);
int atcp_peek_len(struct socket *sock);
/* @n bytes of @skb, the first of the receive queue, were read. Locked. */
void atcp_consume(struct sock *sk, struct sk_buff *skb, u32 n);
/* Fits the receive buffer to how fast the program reads. Locked. */
void atcp_tune_rcvbuf(struct sock *sk);
/* Nothing to read: 1 to wait, 0 for the end of the stream, or a negative errno. Locked. */
int atcp_may_wait(struct sock *sk, long timeo);
/* May what was read already be kept waiting for more? Locked. */
bool atcp_may_wait_for_more(struct sock *sk, long timeo);

/* --- info.c --- */

struct atcp_tcp_info;

/* Fills in struct tcp_info as the newest kernel has it. Locked. */
void atcp_get_info(struct sock *sk, struct atcp_tcp_info *info);

/* --- sockopt.c --- */

int atcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int atcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);

/* --- sockopt_socket.c --- */

/* proto_ops.setsockopt: SOL_SOCKET here, the rest goes on to atcp_setsockopt(). */
int atcp_set_option(struct socket *sock, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
/* Tells the kernel what a socket, made or accepted, can do. */
void atcp_socket_flags(struct socket *sock);

/* --- sockopt_ip.c --- */

/* The options of every level but SOL_TCP. */
int atcp_setsockopt_ip(struct sock *sk, int level, int optname, sockptr_t optval,
		       unsigned int optlen);
int atcp_getsockopt_ip(struct sock *sk, int level, int optname, char __user *optval,
		       int __user *optlen);

#endif /* _ATCP_SOCK_H */
