/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Passive open: listeners and the accept queue.
 */
#ifndef _ATCP_LISTEN_H
#define _ATCP_LISTEN_H

#include "atcp.h"
#include "netns.h"
#include "tracing.h"

/**
 * struct atcp_listener - the queues of a listening socket
 * @sk:		the socket; both live until an RCU grace period after atcp_listen_stop()
 * @number:	in atcp_net.listeners
 * @place:	where it is found
 * @node:	in atcp_listen_place.all; RCU
 * @first:	in atcp_listen_place.firsts, if it is in that list; RCU
 * @group:	the listeners of its SO_REUSEPORT group, a ring, of whom one is the first
 * @lock:	of the two lists and @closed; its order: "Locks" in module/README.md
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
	u32 number;
	struct atcp_listen_place *place;
	struct hlist_node node;
	struct hlist_node first;
	struct list_head group;
	spinlock_t lock;		/* of the lists, their count and closed */
	struct list_head requests;
	u32 nrequests;
	struct list_head children;
	bool closed;
	bool cookies;
	unsigned long cookie_at;
	struct rcu_head rcu;
};

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

/**
 * atcp_listen_rcv() - a segment for a listener that matches no request
 * @sk:		the listener, not locked; RCU
 * @skb:	header at skb->data; consumed
 * @h:		the header, parsed
 * @key:	the ends
 * @old:	the TIME-WAIT that gave way to this SYN, or NULL
 *
 * Return: false when it no longer listens; @skb is untouched then.  Who looks it
 * up again does not find it.
 */
bool atcp_listen_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h,
		     const struct atcp_key *key, const struct atcp_tw *old);

/* For whoever watches: what the listener has decided. RCU read section. */
static inline void atcp_listen_saw(const struct atcp_listener *l, const struct atcp_key *key,
				   enum atcp_decision decision)
{
	atcp_saw_listen(l->sk, READ_ONCE(l->nrequests), key, decision);
}

struct atcp_flow;

/* What segments of a listener's half-open connection are sent with. */
void atcp_listen_flow(struct atcp_flow *f, struct sock *sk, const struct atcp_key *key,
		      u32 mark, int oif);

#endif /* _ATCP_LISTEN_H */
