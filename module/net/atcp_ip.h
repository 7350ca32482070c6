/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of the network layer: the functions named atcp_ip_*.  Each branches
 * once, to ipv4.c or ipv6.c, by the connection's key and not by its socket's family: an
 * AF_INET6 socket may use IPv4.
 */
#ifndef _ATCP_ATCP_IP_H
#define _ATCP_ATCP_IP_H

#include <linux/in.h>
#include <linux/netdevice.h>
#include <net/dst.h>
#include <net/ipv6.h>

#include "atcp.h"
#include "netns.h"

/* Whether a connection between these ends uses IPv6. */
static inline bool atcp_key_is_v6(const struct atcp_key *key)
{
	return !ipv6_addr_v4mapped(&key->raddr);
}

/* Whether a socket's connection uses IPv6. Locked, connected or connecting. */
static inline bool atcp_over_v6(const struct sock *sk)
{
	return atcp_sk(sk)->over_v6;
}

/* Whether a received segment came over IPv6. */
static inline bool atcp_skb_is_v6(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6);
}

/* --- connections: ip.c --- */

struct atcp_flow;

/**
 * atcp_ip_route_newports() - second half of the route look-up: the local port is known
 * @sk:		locked; atcp_v4_connect_route() or atcp_v6_connect_route() has succeeded
 * @dst:	the route which that returned; released on failure
 * @sport:	the local port at the time of the first half
 *
 * Return: a reference to the route, for atcp_ip_set_route(); or an error pointer.
 */
struct dst_entry *atcp_ip_route_newports(struct sock *sk, struct dst_entry *dst, __be16 sport);

/*
 * Sets the socket's route, whose reference it takes over, path MTU, and what the route's
 * metrics ask for.  Locked.
 */
void atcp_ip_set_route(struct sock *sk, struct dst_entry *dst);

/* Clears the peer, and the local address unless a program has bound it. Locked. */
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
 * atcp_ip_xmit() - pass a segment of a connection to IP
 * @sk:		locked, connected
 * @skb:	owned by @sk (skb_set_owner_w() or the like); header and payload at
 *		skb->data, which is the transport header; consumed
 *
 * Process context, or any with BHs off. Uses the socket's route, which is looked up
 * again if it is stale.
 *
 * Return: 0, or a negative errno as ip_queue_xmit().
 */
int atcp_ip_xmit(struct sock *sk, struct sk_buff *skb);

/* TCP checksum over the pseudo header and @len bytes whose sum is @sum. Locked. */
__sum16 atcp_ip_checksum(const struct sock *sk, u32 len, __wsum sum);

/**
 * atcp_ip_sync_mss() - bring the MSS up to date with the route's MTU, and its metrics
 * To be called before data is queued, and when the socket is released if
 * atcp_sock.mss_stale.
 *
 * Return: true if the MTU has changed; the caller calls atcp_path_changed() then.
 */
bool atcp_ip_sync_mss(struct sock *sk);

/* Updates the MSS after IP options or extension headers have changed. Locked. */
void atcp_ip_options_changed(struct sock *sk);

/*
 * Whether segments stay in this host, on a device that accepts GSO.  Then they are never
 * cut, and their checksums never have to be completed.  Locked.
 */
static inline bool atcp_ip_loopback(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && (dst->dev->flags & IFF_LOOPBACK) && sk_can_gso(sk);
}

/*
 * Clones a segment before the core consumes it, for the IPv6 header information that a
 * program asked for (RFC 3542).  Return: the clone, for atcp_v6_latched(), or NULL.
 * Locked.
 */
struct sk_buff *atcp_v6_latch(struct sock *sk, struct sk_buff *skb);
/* Stores that information if @last: the segment was the last in order. Consumes @copy. */
void atcp_v6_latched(struct sock *sk, struct sk_buff *copy, bool last);

/* --- segments without a connection --- */

/**
 * struct atcp_flow - what a segment without a connection is sent with
 * @sk:		the listener whose policies and options apply, or NULL
 * @carrier:	IP protocol
 * @laddr:	source address; IPv4 is mapped
 * @raddr:	destination address
 * @lport:	source port
 * @rport:	destination port
 * @oif:	interface, or 0
 * @mark:	routing mark
 * @priority:	skb->priority
 * @tos:	type of service, or traffic class
 * @label:	flow label, or 0: generated if the host is configured so
 * @hash:	of the connection, for flow labels and queues, or 0
 * @route_opt:	IPv4: the source route to send it by, or NULL; not owned by the flow
 * @foreign:	@laddr need not be an address of this host (a transparent proxy)
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
 * atcp_ip_send() - send a segment without payload and without a connected socket
 * @net:	the namespace
 * @f:		the flow; a route in it is consumed, else one is looked up
 * @h:		the header, whose hlen is set
 */
void atcp_ip_send(struct net *net, struct atcp_flow *f, struct atcp_hdr *h);

/*
 * Answers @skb, which belongs to no connection, with the RST or ACK @h over @carrier.
 * @sk: a listener, or NULL.
 */
void atcp_ip_reply(struct net *net, const struct sock *sk, u8 carrier, struct sk_buff *skb,
		   struct atcp_hdr *h);

/* --- the families, for ip.c and connect.c --- */

/**
 * atcp_v4_connect_route() - first half of the route look-up for connect()
 * @sk:		locked, in CLOSED, not hashed; BHs on
 * @sin:	the peer; the wildcard means this host
 *
 * Sets addresses, remote port and over_v6.
 * Return: a reference to the route, or an error pointer as from tcp_v4_connect().
 */
struct dst_entry *atcp_v4_connect_route(struct sock *sk, const struct sockaddr_in *sin);
/* For atcp_ip_route_newports(). */
struct dst_entry *atcp_v4_route_newports(struct sock *sk, struct dst_entry *dst, __be16 sport);
int atcp_v4_child(struct sock *child, const struct atcp_key *key, struct sk_buff *skb);
int atcp_v4_xmit(struct sock *sk, struct sk_buff *skb);
/* Looks the route to the peer up again. Return: the socket's new route, or NULL. */
struct dst_entry *atcp_v4_reroute(struct sock *sk);
/* Bytes of the IP header, options included, of each segment of a socket. */
u32 atcp_v4_hlen(struct sock *sk);
int atcp_v4_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in);
/*
 * The reverse of a received segment's completed source route (RFC 9293 MUST-53).
 * Return: options for kfree(), or NULL.
 */
struct ip_options_rcu *atcp_v4_return_route(struct net *net, const struct sk_buff *skb);
int atcp_v4_send(struct net *net, struct atcp_flow *f, struct sk_buff *skb);
/* Fills @f for an answer to @skb. Return: false if it must not be answered. */
bool atcp_v4_reply_flow(struct net *net, struct atcp_flow *f, const struct sk_buff *skb);

/*
 * Checks the address that a program passed to connect(), @sin6 of size @addr_len.  The
 * wildcard is replaced by this host's address.  Stores the flow label, and a link-local
 * peer's interface, in the socket.
 * Return: 0 or a negative errno as from tcp_v6_connect().
 */
int atcp_v6_peer(struct sock *sk, struct sockaddr_in6 *sin6, int addr_len);
/* As atcp_v4_connect_route(), after atcp_v6_peer(), for a peer whose address is not mapped. */
struct dst_entry *atcp_v6_connect_route(struct sock *sk, const struct sockaddr_in6 *sin6);
void atcp_v6_route_newports(struct sock *sk);
/* Sets up a child's struct ipv6_pinfo, over IPv4 as well. */
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
