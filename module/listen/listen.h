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
 * struct atcp_listener - a listening socket's SYN queue and accept queue
 * @sk:		the socket; both live until an RCU grace period after atcp_listen_stop()
 * @number:	its index in atcp_net.listeners
 * @place:	the entry of the listener table, by address and port
 * @node:	in atcp_listen_place.all; RCU
 * @first:	in atcp_listen_place.firsts, if it is in that list; RCU
 * @group:	links the listeners of its SO_REUSEPORT group, one of them in firsts
 * @lock:	of the two lists and @closed; its order: "Locks" in module/README.md
 * @requests:	the SYN queue: struct atcp_request
 * @nrequests:	its length
 * @children:	the accept queue, by atcp_sock.accept_node; a reference each
 * @closed:	the listener is stopped: nothing is queued any more
 * @cookies:	whether a SYN cookie was ever sent
 * @cookie_at:	jiffies of the last one; @cookies and @cookie_at are read without @lock
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
 * @sk:		locked, in CLOSED, not listening; a port is picked if it has none
 * @backlog:	bound of the accept queue (sk_max_ack_backlog)
 *
 * Return: 0, -EADDRINUSE, -ENOMEM. On success sk_state and tcb.state are LISTEN.
 */
int atcp_listen_start(struct sock *sk, int backlog);

/**
 * atcp_listen_stop() - LISTEN to CLOSED: close() or shutdown() of a listener
 * @sk:		locked, in LISTEN
 *
 * Deletes the requests and resets the children that were not accepted. The socket
 * keeps its port. Process context, BHs on. Wakes nobody.
 */
void atcp_listen_stop(struct sock *sk);

/**
 * atcp_accept_dequeue() - accept()
 * @sk:		a socket in any state; not locked
 * @flags:	only O_NONBLOCK is used
 * @err:	out: negative errno when NULL is returned
 *
 * Waits as SO_RCVTIMEO says.
 * Return: the child, with its reference, for the caller to graft (sock_graft()).  Its
 * memory is charged to the caller's cgroup from now on.
 */
struct sock *atcp_accept_dequeue(struct sock *sk, int flags, int *err);

/**
 * atcp_listen_rcv() - a segment for a listener that matches no request
 * @sk:		the listener, not locked; RCU
 * @skb:	header at skb->data; consumed
 * @h:		the header, parsed
 * @key:	the ends
 * @old:	the TIME-WAIT that this SYN has ended, or NULL
 *
 * Return: false when @sk no longer listens; @skb is untouched then, and a new look-up
 * does not find @sk.
 */
bool atcp_listen_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h,
		     const struct atcp_key *key, const struct atcp_tw *old);

/* Calls the tracepoint for a decision of the listener. RCU read section. */
static inline void atcp_listen_saw(const struct atcp_listener *l, const struct atcp_key *key,
				   enum atcp_decision decision)
{
	atcp_saw_listen(l->sk, READ_ONCE(l->nrequests), key, decision);
}

struct atcp_flow;

/* Fills in @f, by which a segment is sent for a half-open connection of listener @sk. */
void atcp_listen_flow(struct atcp_flow *f, struct sock *sk, const struct atcp_key *key,
		      u32 mark, int oif);

#endif /* _ATCP_LISTEN_H */
