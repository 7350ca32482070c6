/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets made by a listener.
 */
#ifndef _ATCP_CHILD_H
#define _ATCP_CHILD_H

#include "atcp.h"

struct atcp_flow;

/*
 * What the LSM says to a connection of listener @sk that @skb asks for.
 * Return: 0 or a negative errno.
 */
int atcp_child_allowed(const struct sock *sk, struct sk_buff *skb, const struct atcp_key *key,
		       u32 mark, int oif);

/**
 * atcp_child_make() - a socket for a handshake that is complete
 * @l:		the listener; not locked
 * @req:	the handshake
 * @key:	its ends
 * @f:		what its SYN-ACK is sent with: mark, interface, hash and source route
 *		are the child's, too
 * @skb:	the segment that completed it, IP header included
 *
 * Softirq, RCU. It has ends, port and route, but no connection, and is in no
 * table yet.
 *
 * Return: locked, with a reference for the caller beside the base reference; or
 * NULL.
 */
struct sock *atcp_child_make(struct atcp_listener *l, const struct atcp_req *req,
			     const struct atcp_key *key, const struct atcp_flow *f,
			     struct sk_buff *skb);

/* Its control block, in SYN-RECEIVED, with the options of listener @sk. */
void atcp_child_open(struct sock *child, struct sock *sk, const struct atcp_req *req,
		     struct sk_buff *skb);

/**
 * atcp_child_enter() - into the accept queue, and on with the segment
 * @child:	in the connection table; its lock and the caller's reference are
 *		given up
 * @skb:	header at skb->data; consumed
 */
void atcp_child_enter(struct atcp_listener *l, struct sock *child, struct sk_buff *skb,
		      const struct atcp_hdr *h);

/* The end of a child that no program ever saw. Locked, BHs off; a reference is held. */
void atcp_child_abort(struct sock *child);

/* Gives up the lock and the reference of atcp_child_make(). */
void atcp_child_put(struct sock *child);

#endif /* _ATCP_CHILD_H */
