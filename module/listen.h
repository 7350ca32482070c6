/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Passive open: listeners, requests (SYN-RECEIVED without a socket), the accept
 * queue.
 */
#ifndef _ATCP_LISTEN_H
#define _ATCP_LISTEN_H

#include "atcp.h"
#include "netns.h"

/**
 * struct atcp_listener - the queues of a listening socket
 * @sk:		the socket; both live until an RCU grace period after atcp_listen_stop()
 * @node:	in atcp_net.listeners; RCU
 * @lock:	of the two lists and @closed; nests inside a request's lock
 * @requests:	struct atcp_request
 * @nrequests:	how many
 * @children:	sockets to be accepted, by atcp_sock.accept_node; a reference each
 * @closed:	takes nobody any more
 * @cookies:	a SYN cookie was ever sent
 * @cookie_at:	jiffies when the last one was; both are read without the lock
 * @rcu:	for freeing
 */
struct atcp_listener {
	struct sock *sk;
	struct hlist_node node;
	spinlock_t lock;
	struct list_head requests;
	u32 nrequests;
	struct list_head children;
	bool closed;
	bool cookies;
	unsigned long cookie_at;
	struct rcu_head rcu;
};

/**
 * struct atcp_request - a connection in SYN-RECEIVED
 * @node:	in the connection table
 * @req:	the core's part
 * @an:		its namespace
 * @listener:	where it is queued; valid while not @dead, under RCU
 * @queue:	in listener->requests
 * @timer:	SYN-ACK retransmission; armed under @lock while not @dead
 * @lock:	of @req, @dead and the timer; taken with BHs off, before the
 *		listener's
 * @dead:	left the table; whoever sees this looks up again or goes
 * @mark:	socket mark of the connection (fwmark_accept)
 * @oif:	interface it is bound to, or 0
 * @tos:	type of service of its SYN-ACKs
 * @rcu:	for freeing
 */
struct atcp_request {
	struct atcp_node node;
	struct atcp_req req;
	struct atcp_net *an;
	struct atcp_listener *listener;
	struct list_head queue;
	struct timer_list timer;
	spinlock_t lock;
	bool dead;
	u8 tos;
	u32 mark;
	int oif;
	struct rcu_head rcu;
};

int __init atcp_listen_init(void);
void atcp_listen_exit(void);

/**
 * atcp_listen_start() - CLOSED to LISTEN
 * @sk:		locked, in CLOSED, not listening; a port is picked when none is held
 * @backlog:	bound of the accept queue (sk_max_ack_backlog)
 *
 * Return: 0, -EADDRINUSE, -ENOMEM. On success sk_state and tcb.state are LISTEN.
 */
int atcp_listen_start(struct sock *sk, int backlog);

/**
 * atcp_listen_stop() - LISTEN to CLOSED: close() or shutdown() of a listener
 * @sk:		locked, in LISTEN
 *
 * Forgets the requests, resets the children that nobody accepted. The port
 * stays held. Process context, BHs on. Wakes nobody.
 */
void atcp_listen_stop(struct sock *sk);

/**
 * atcp_accept_dequeue() - accept()
 * @sk:		a socket in any state; not locked
 * @flags:	O_NONBLOCK counts
 * @err:	out: negative errno when NULL is returned
 *
 * Waits as SO_RCVTIMEO says.
 * Return: the child, its reference now the caller's, to be grafted
 * (sock_graft()); it belongs to the caller's memory cgroup from now on.
 */
struct sock *atcp_accept_dequeue(struct sock *sk, int flags, int *err);

/* Is a child waiting? (poll) Lockless. */
static inline bool atcp_accept_pending(const struct sock *sk)
{
	const struct atcp_listener *l;
	bool pending;

	rcu_read_lock();
	l = rcu_dereference(atcp_sk(sk)->listener);
	pending = l && !list_empty(&l->children);
	rcu_read_unlock();
	return pending;
}

/**
 * atcp_listen_rcv() - a segment for a listener that matches no request
 * @sk:		the listener, not locked; RCU
 * @skb:	header at skb->data; consumed
 * @h:		the header, parsed
 * @key:	the ends
 * @old:	the TIME-WAIT that gave way to this SYN, or NULL
 */
void atcp_listen_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h,
		     const struct atcp_key *key, const struct atcp_tw *old);

/**
 * atcp_request_rcv() - a segment for a request
 * @skb:	header at skb->data; consumed unless false is returned
 * RCU. Return: false when the request has gone: look up again.
 */
bool atcp_request_rcv(struct atcp_request *r, struct sk_buff *skb, const struct atcp_hdr *h);

/* An ICMP error that ends connection attempts quotes @seq of the request's SYN-ACK. RCU. */
void atcp_request_icmp(struct atcp_request *r, u32 seq);

#endif /* _ATCP_LISTEN_H */
