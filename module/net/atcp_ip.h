/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network layer, as the rest of the module sees it: the functions named
 * atcp_ip_*.  Each branches once, to ipv4.c or ipv6.c, by the connection's key
 * and not by its socket's family: an AF_INET6 socket may well talk IPv4.
 */
#ifndef _ATCP_ATCP_IP_H
#define _ATCP_ATCP_IP_H

#include <linux/in.h>
#include <linux/netdevice.h>
#include <net/dst.h>
#include <net/ipv6.h>

#include "atcp.h"
#include "netns.h"

/* Do these ends talk IPv6? */
static inline bool atcp_key_is_v6(const struct atcp_key *key)
{
	return !ipv6_addr_v4mapped(&key->raddr);
}

/* The same of a connection. Locked, connected or connecting. */
static inline bool atcp_over_v6(const struct sock *sk)
{
	return atcp_sk(sk)->over_v6;
}

/* The same of a segment that came in. */
static inline bool atcp_skb_is_v6(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6);
}

/* --- connections: ip.c --- */

struct atcp_flow;

/**
 * atcp_ip_way_by_port() - the way to a peer, now that the local port is known
 * @sk:		locked; atcp_v4_way() or atcp_v6_way() has succeeded
 * @dst:	what that returned; given back on failure
 * @sport:	the local port by then
 *
 * Return: the route, and a reference, for atcp_ip_take_route(); or an error pointer.
 */
struct dst_entry *atcp_ip_way_by_port(struct sock *sk, struct dst_entry *dst, __be16 sport);

/* The socket has a (new) route; takes over its reference. Locked. */
void atcp_ip_take_route(struct sock *sk, struct dst_entry *dst);

/* Forgets the peer, and local addresses that no program has chosen. Locked. */
void atcp_ip_disconnected(struct sock *sk);

/**
 * atcp_ip_child() - addresses, options and route of a new child
 * @child:	fresh from sk_clone() and atcp_sock_init(); locked
 * @key:	its ends
 * @f:		what its SYN-ACK is sent with
 * @skb:	the segment that completed the handshake, IP header included
 *
 * Softirq, RCU. Sets addresses, route and path MTU, but no port.
 * Return: 0 or a negative errno; the child can be destroyed in any case.
 */
int atcp_ip_child(struct sock *child, const struct atcp_key *key, const struct atcp_flow *f,
		  struct sk_buff *skb);

/**
 * atcp_ip_xmit() - a segment of a connection goes to IP
 * @sk:		locked, connected
 * @skb:	owned by @sk (skb_set_owner_w() or the like); header and payload
 *		at skb->data, which the transport header is set to; consumed
 *
 * Any context with BHs off or process. The route is the socket's, found anew
 * when stale.
 *
 * Return: 0, or a negative errno as ip_queue_xmit().
 */
int atcp_ip_xmit(struct sock *sk, struct sk_buff *skb);

/* Checksum of a connection's segment: @len bytes that add up to @sum. Locked. */
__sum16 atcp_ip_checksum(const struct sock *sk, u32 len, __wsum sum);

/**
 * atcp_ip_sync_mss() - has the route's MTU changed?
 * To be called before data is queued and when the socket is released
 * (atcp_sock.mss_stale): when true, call atcp_path_changed().
 */
bool atcp_ip_sync_mss(struct sock *sk);

/* Options or extension headers changed. Locked; the core is told. */
void atcp_ip_options_changed(struct sock *sk);

/*
 * Do segments stay in this host, on a device that takes large ones whole?  Then
 * nobody cuts them, and their checksums need never be finished.  Locked.
 */
static inline bool atcp_ip_loopback(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && (dst->dev->flags & IFF_LOOPBACK) && sk_can_gso(sk);
}

/*
 * What a segment's IPv6 header tells a program that asked (RFC 3542): a copy, to be
 * given back after the segment has been taken; or NULL. Locked.
 */
struct sk_buff *atcp_v6_latch(struct sock *sk, struct sk_buff *skb);
/* @last: it was the last in order. Consumes @copy. */
void atcp_v6_latched(struct sock *sk, struct sk_buff *copy, bool last);

/* --- segments without a connection --- */

/**
 * struct atcp_flow - what a segment without a connection is sent with
 * @sk:		whose policies and options apply (a listener), or NULL
 * @carrier:	IP protocol
 * @laddr:	source address; IPv4 is mapped
 * @raddr:	destination address
 * @lport:	source port
 * @rport:	destination port
 * @oif:	interface, or 0
 * @mark:	routing mark
 * @priority:	skb->priority
 * @tos:	type of service, or traffic class
 * @label:	flow label, or 0: made up if the host wants that
 * @hash:	of the connection, for flow labels and queues, or 0
 * @route_opt:	IPv4: the source route to send it by, or NULL; not the flow's own
 * @foreign:	@laddr need not be this host's (a transparent proxy)
 * @dst:	its route: a reference held by the flow, or NULL
 */
struct atcp_flow {
	struct sock *sk;
	u8 carrier;
	struct in6_addr laddr;
	struct in6_addr raddr;
	__be16 lport;
	__be16 rport;
	int oif;
	u32 mark;
	u32 priority;
	u8 tos;
	bool foreign;
	__be32 label;
	u32 hash;
	const struct ip_options_rcu *route_opt;
	struct dst_entry *dst;
};

/* Sets f->dst. @in: the segment that is answered, or NULL. Return: 0 or a negative errno. */
int atcp_ip_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in);

/**
 * atcp_ip_send() - sends a segment without payload that is no connection's own
 * @net:	the namespace
 * @f:		the flow; its route, if found already, is used up
 * @h:		the header; hlen is set by this
 */
void atcp_ip_send(struct net *net, struct atcp_flow *f, struct atcp_hdr *h);

/*
 * Answers @skb, which belongs to no connection, by @h, a RST or an ACK, over the same
 * carrier. @sk: a listener, or NULL.
 */
void atcp_ip_reply(struct net *net, const struct sock *sk, u8 carrier, struct sk_buff *skb,
		   struct atcp_hdr *h);

/* --- the families, for ip.c and connect.c --- */

/**
 * atcp_v4_way() - the first half of the way to a peer
 * @sk:		locked, in CLOSED, not hashed; BHs on
 * @sin:	the peer; the wildcard means this host
 *
 * Sets addresses, remote port and over_v6.
 * Return: the route, and a reference; or an error pointer as tcp_v4_connect() has it.
 */
struct dst_entry *atcp_v4_way(struct sock *sk, const struct sockaddr_in *sin);
/* For atcp_ip_way_by_port(). */
struct dst_entry *atcp_v4_way_by_port(struct sock *sk, struct dst_entry *dst, __be16 sport);
int atcp_v4_child(struct sock *child, const struct atcp_key *key, struct sk_buff *skb);
int atcp_v4_xmit(struct sock *sk, struct sk_buff *skb);
/* Finds the way to the peer again. Return: the socket's new route, or NULL. */
struct dst_entry *atcp_v4_reroute(struct sock *sk);
/* Bytes of header, options included, that every segment of a socket has. */
u32 atcp_v4_hlen(struct sock *sk);
int atcp_v4_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in);
/*
 * The way back that a segment's completed source route tells (RFC 9293 MUST-53), to
 * be kfree()d, or NULL.
 */
struct ip_options_rcu *atcp_v4_return_route(struct net *net, const struct sk_buff *skb);
int atcp_v4_send(struct net *net, struct atcp_flow *f, struct sk_buff *skb);
/* What a segment is answered with. Return: false: not at all. */
bool atcp_v4_reply_flow(struct net *net, struct atcp_flow *f, const struct sk_buff *skb);

/*
 * Whom a program wants to connect to: @sin6 of size @addr_len is checked, a wildcard made
 * this host, the flow label and a link-local peer's interface taken into the socket.
 * Return: 0 or a negative errno as tcp_v6_connect() has it.
 */
int atcp_v6_peer(struct sock *sk, struct sockaddr_in6 *sin6, int addr_len);
/* As atcp_v4_way(), to a peer that is not mapped, after atcp_v6_peer(). */
struct dst_entry *atcp_v6_way(struct sock *sk, const struct sockaddr_in6 *sin6);
void atcp_v6_way_by_port(struct sock *sk);
/* The second half of a child's socket, whichever it talks. */
void atcp_v6_child_init(struct sock *child);
int atcp_v6_child(struct sock *child, const struct atcp_key *key, const struct sock *sk,
		  struct sk_buff *skb);
int atcp_v6_xmit(struct sock *sk, struct sk_buff *skb);
struct dst_entry *atcp_v6_reroute(struct sock *sk);
u32 atcp_v6_hlen(struct sock *sk);
int atcp_v6_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in);
int atcp_v6_send(struct net *net, struct atcp_flow *f, struct sk_buff *skb);
bool atcp_v6_reply_flow(struct net *net, struct atcp_flow *f, struct sk_buff *skb);

#endif /* _ATCP_ATCP_IP_H */
