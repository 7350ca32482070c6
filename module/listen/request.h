/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests: connections in SYN-RECEIVED that came from LISTEN and have no socket yet.
 */
#ifndef _ATCP_REQUEST_H
#define _ATCP_REQUEST_H

#include "atcp.h"
#include "netns.h"

struct atcp_flow;

/**
 * struct atcp_request - a connection in SYN-RECEIVED
 * @node:	in the connection table
 * @req:	the core's state of the handshake
 * @an:		its namespace
 * @listener:	in whose SYN queue it is; valid while not @dead, under RCU
 * @queue:	in listener->requests
 * @timer:	SYN-ACK retransmission; armed under @lock while not @dead
 * @lock:	of @req, @dead and the timer; taken with BHs off; its order: "Locks"
 *		in module/README.md
 * @dead:	it has left the connection table: a segment is looked up again
 * @mark:	socket mark of the connection (fwmark_accept)
 * @oif:	interface that it is bound to, or 0
 * @label:	flow label of its SYN-ACKs, or 0
 * @hash:	the connection's sk_txhash
 * @route_opt:	the source route of its SYN-ACKs, freed with it, or NULL
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
 * atcp_request_open() - queues a request and answers its SYN with a SYN-ACK
 * @l:		the listener
 * @req:	the core's state of the handshake; copied
 * @key:	the ends
 * @f:		the flow back to the peer; its route is released, and route_opt passes to
 *		the request
 * @syn:	the SYN's headers, which pass to the request, or NULL
 *
 * Softirq, RCU. On failure the SYN is dropped; the peer sends it again.
 *
 * Return: why it has failed, or ATCP_DROP_NONE.  ATCP_DROP_CLOSED: the listener has
 * closed or the ends are in use by now: the segment has to be looked up again.
 */
enum atcp_drop atcp_request_open(struct atcp_listener *l, const struct atcp_req *req,
				 const struct atcp_key *key, struct atcp_flow *f,
				 struct atcp_saved_syn *syn);

/* Removes a request that is not dead yet and frees it by RCU. Its lock held. */
void atcp_request_kill(struct atcp_request *r);

/**
 * atcp_request_rcv() - a segment arrives for a request
 * @skb:	header at skb->data; consumed unless false is returned
 * RCU. Return: false when the request is dead: the segment has to be looked up again.
 */
bool atcp_request_rcv(struct atcp_request *r, struct sk_buff *skb, const struct atcp_hdr *h);

/* A hard ICMP error that quotes @seq: ends the request if @seq is its SYN-ACK's. RCU. */
void atcp_request_icmp(struct atcp_request *r, u32 seq);

#endif /* _ATCP_REQUEST_H */
