/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections in SYN-RECEIVED that came from LISTEN and have no socket yet.
 */
#ifndef _ATCP_REQUEST_H
#define _ATCP_REQUEST_H

#include "atcp.h"
#include "netns.h"

struct atcp_flow;

/**
 * struct atcp_request - a connection in SYN-RECEIVED
 * @node:	in the connection table
 * @req:	the core's part
 * @an:		its namespace
 * @listener:	where it is queued; valid while not @dead, under RCU
 * @queue:	in listener->requests
 * @timer:	SYN-ACK retransmission; armed under @lock while not @dead
 * @lock:	of @req, @dead and the timer; taken with BHs off; its order: "Locks"
 *		in module/README.md
 * @dead:	left the table; whoever sees this looks up again or goes
 * @mark:	socket mark of the connection (fwmark_accept)
 * @oif:	interface it is bound to, or 0
 * @label:	flow label of its SYN-ACKs, or 0
 * @hash:	of the connection, as sk_txhash
 * @route_opt:	the source route of its SYN-ACKs, its own, or NULL
 * @tos:	type of service of its SYN-ACKs
 * @saved_syn:	the SYN's headers (TCP_SAVE_SYN), or NULL
 * @rcu:	for freeing
 */
struct atcp_request {
	struct atcp_node node;
	struct atcp_req req;
	struct atcp_net *an;
	struct atcp_listener *listener;
	struct list_head queue;
	struct timer_list timer;
	spinlock_t lock;		/* of req, dead and the timer */
	bool dead;
	u8 tos;
	u32 mark;
	int oif;
	__be32 label;
	u32 hash;
	const struct ip_options_rcu *route_opt;
	struct atcp_saved_syn *saved_syn;
	struct rcu_head rcu;
};

int __init atcp_request_init(void);
void atcp_request_exit(void);

/**
 * atcp_request_open() - keep a request and answer the SYN it came from
 * @l:		where it is queued
 * @req:	the core's part; copied
 * @key:	the ends
 * @f:		the way back, with its route, which is used up, and route_opt, which
 *		becomes the request's own
 * @syn:	the SYN's headers, likewise used up, or NULL
 *
 * Softirq, RCU. Where it fails the SYN is forgotten; the peer sends it again.
 *
 * Return: why it has failed, or ATCP_DROP_NONE; ATCP_DROP_CLOSED: the listener has
 * gone, or the ends are taken by now, as another look-up will find.
 */
enum atcp_drop atcp_request_open(struct atcp_listener *l, const struct atcp_req *req,
				 const struct atcp_key *key, struct atcp_flow *f,
				 struct atcp_saved_syn *syn);

/* The end of a request that is not dead yet. Its lock held. */
void atcp_request_kill(struct atcp_request *r);

/**
 * atcp_request_rcv() - a segment for a request
 * @skb:	header at skb->data; consumed unless false is returned
 * RCU. Return: false when the request has gone: look up again.
 */
bool atcp_request_rcv(struct atcp_request *r, struct sk_buff *skb, const struct atcp_hdr *h);

/* An ICMP error that ends connection attempts quotes @seq of the request's SYN-ACK. RCU. */
void atcp_request_icmp(struct atcp_request *r, u32 seq);

#endif /* _ATCP_REQUEST_H */
