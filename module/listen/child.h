/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Child sockets: those that a listener's handshakes create.
 */
#ifndef _ATCP_CHILD_H
#define _ATCP_CHILD_H

#include "atcp.h"

struct atcp_flow;

/*
 * Whether the LSM allows listener @sk the connection that @skb requests.
 * Return: 0 or a negative errno.
 */
int atcp_child_allowed(const struct sock *sk, struct sk_buff *skb, const struct atcp_key *key,
		       u32 mark, int oif);

/**
 * atcp_child_make() - creates the socket for a completed handshake
 * @l:		the listener; not locked
 * @req:	the handshake
 * @key:	its ends
 * @f:		the flow of its SYN-ACK; the child takes mark, interface, hash and source
 *		route from it
 * @skb:	the segment that completed it, IP header included
 *
 * Softirq, RCU. The child has addresses, port and route; its control block is still
 * CLOSED, and it is in no table yet.
 *
 * Return: the child, locked, with a reference for the caller beside the base reference;
 * or NULL.
 */
struct sock *atcp_child_make(struct atcp_listener *l, const struct atcp_req *req,
			     const struct atcp_key *key, const struct atcp_flow *f,
			     struct sk_buff *skb);

/* Sets up the child's control block in SYN-RECEIVED, with the options of listener @sk. */
void atcp_child_open(struct sock *child, struct sock *sk, const struct atcp_req *req,
		     struct sk_buff *skb);

/**
 * atcp_child_enter() - queues a child for accept() and processes the segment on it
 * @child:	in the connection table; its lock and the caller's reference are
 *		given up
 * @skb:	header at skb->data; consumed
 */
void atcp_child_enter(struct atcp_listener *l, struct sock *child, struct sk_buff *skb,
		      const struct atcp_hdr *h);

/* Resets and destroys a child that was not accepted. Locked, BHs off; a reference held. */
void atcp_child_abort(struct sock *child);

/* Releases the lock and the reference that atcp_child_make() gave. */
void atcp_child_put(struct sock *child);

#endif /* _ATCP_CHILD_H */
