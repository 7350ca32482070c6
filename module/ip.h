/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network layer, as the rest of the module sees it.  ipv4.c does the work
 * for IPv4; the functions without a family in their name choose by sk_family.
 */
#ifndef _ATCP_IP_H
#define _ATCP_IP_H

#include <linux/in.h>
#include <linux/netdevice.h>
#include <net/dst.h>

#include "atcp.h"
#include "netns.h"

/**
 * atcp_v4_connect() - the way to a peer: route, local address, port, table
 * @sk:		locked, in CLOSED, not hashed; BHs on
 * @sin:	a checked AF_INET address; INADDR_ANY means this host
 *
 * On success the socket is in the connection table, its inet fields, device
 * capabilities, and tcb.lport, rport, adv_mss and mss_path are set, and the
 * caller goes on to atcp_open() with atcp_key_tuple(&as->node.key). On failure
 * nothing is held that was not held before, but the socket may keep a local
 * address.
 *
 * Return: 0 or a negative errno as tcp_v4_connect() has it.
 */
int atcp_v4_connect(struct sock *sk, const struct sockaddr_in *sin);

/* Undoes atcp_v4_connect(): for a connection that ended (disconnect, failure). */
void atcp_v4_disconnected(struct sock *sk);

/**
 * atcp_v4_xmit() - a segment of a connection goes to IP
 * @sk:		locked, connected
 * @skb:	owned by @sk (skb_set_owner_w() or the like); header and payload
 *		at skb->data, which the transport header is set to; consumed
 *
 * Any context with BHs off or process. The route is the socket's, found anew
 * when stale.
 *
 * Return: 0, or a negative errno as ip_queue_xmit().
 */
int atcp_v4_xmit(struct sock *sk, struct sk_buff *skb);

/* tcb.mss_path and adv_mss from the route; true when mss_path changed. Locked. */
bool atcp_v4_sync_mss(struct sock *sk);

/* Route of a child that has its ends; sets what atcp_v4_connect() sets, but no port. */
int atcp_v4_child(struct sock *child);

/*
 * Acts on ICMP errors that came while a user owned the lock: to be called when
 * it is released, once atcp_icmp_deferred() says so.  Locked, BHs off.
 */
void atcp_v4_release(struct sock *sk);

static inline bool atcp_icmp_deferred(const struct sock *sk)
{
	return READ_ONCE(atcp_sk(sk)->mss_stale) || READ_ONCE(atcp_sk(sk)->icmp_err);
}

/**
 * struct atcp_flow - what a segment without a connection is sent with
 * @sk:		whose policies and options apply (a listener), or NULL
 * @laddr:	source address
 * @raddr:	destination address
 * @lport:	source port
 * @rport:	destination port
 * @oif:	interface, or 0
 * @mark:	routing mark
 * @priority:	skb->priority
 * @tos:	type of service
 * @rt:		its route: a reference held by the flow, or NULL
 */
struct atcp_flow {
	struct sock *sk;
	__be32 laddr;
	__be32 raddr;
	__be16 lport;
	__be16 rport;
	int oif;
	u32 mark;
	u32 priority;
	u8 tos;
	struct rtable *rt;
};

/* Sets f->rt. @in: the segment that is answered, or NULL. Return: 0 or a negative errno. */
int atcp_v4_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in);

/**
 * atcp_v4_send() - sends a segment without payload that is no connection's own
 * @net:	the namespace
 * @f:		the flow; its route, if found already, is used up
 * @h:		the header; hlen is set by this
 */
void atcp_v4_send(struct net *net, struct atcp_flow *f, struct atcp_hdr *h);

/* Answers @skb, which belongs to no connection, by @h: RST or ACK. */
void atcp_v4_reply(struct net *net, const struct sk_buff *skb, struct atcp_hdr *h);

/* Protocol 253's ICMP error handler. */
int atcp_v4_err(struct sk_buff *skb, u32 info);

/* Family-independent names. */

static inline int atcp_ip_xmit(struct sock *sk, struct sk_buff *skb)
{
	return atcp_v4_xmit(sk, skb);
}

/*
 * Do segments stay in this host, on a device that takes large ones whole?  Then
 * nobody cuts them, and their checksums need never be finished.  Locked.
 */
static inline bool atcp_ip_loopback(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && (dst->dev->flags & IFF_LOOPBACK) && sk_can_gso(sk);
}

/**
 * atcp_ip_sync_mss() - has the route's MTU changed?
 * To be called before data is queued and when the socket is released
 * (atcp_sock.mss_stale): when true, call atcp_mss_changed().
 */
static inline bool atcp_ip_sync_mss(struct sock *sk)
{
	return atcp_v4_sync_mss(sk);
}

#endif /* _ATCP_IP_H */
