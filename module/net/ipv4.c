// SPDX-License-Identifier: GPL-2.0
/*
 * IPv4: routes, options, headers of segments without a connection (RFC 9293 section
 * 3.9.2).
 */
#include <linux/skbuff.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "net/atcp_ip.h"

/* --- connections --- */

u32 atcp_v4_hlen(struct sock *sk)
{
	const struct ip_options_rcu *opt;
	u32 len = sizeof(struct iphdr);

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt)
		len += opt->opt.optlen;
	rcu_read_unlock();
	return len;
}

/* The next destination of segments to @daddr: a source route's first hop, or @daddr. */
static __be32 first_hop(struct sock *sk, __be32 daddr)
{
	const struct ip_options_rcu *opt;

	opt = rcu_dereference_protected(inet_sk(sk)->inet_opt, lockdep_sock_is_held(sk));
	return opt && opt->opt.srr ? opt->opt.faddr : daddr;
}

struct dst_entry *atcp_v4_connect_route(struct sock *sk, const struct sockaddr_in *sin)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	__be32 daddr = sin->sin_addr.s_addr;
	__be32 hop = first_hop(sk, daddr);
	struct rtable *rt;

	if (!daddr && hop != daddr)
		return ERR_PTR(-EINVAL);
	rt = ip_route_connect(fl4, hop, inet->inet_saddr, sk->sk_bound_dev_if, atcp_carrier(sk),
			      inet->inet_sport, sin->sin_port, sk);
	if (IS_ERR(rt)) {
		if (PTR_ERR(rt) == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return ERR_CAST(rt);
	}
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	if (hop == daddr)
		daddr = fl4->daddr;
	if (!inet->inet_saddr)
		inet->inet_saddr = fl4->saddr;
	sk_rcv_saddr_set(sk, inet->inet_saddr);
	inet->inet_dport = sin->sin_port;
	sk_daddr_set(sk, daddr);
	atcp_sk(sk)->over_v6 = false;
	return &rt->dst;
}

struct dst_entry *atcp_v4_route_newports(struct sock *sk, struct dst_entry *dst, __be16 sport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rtable *rt;

	sk_set_txhash(sk);
	rt = ip_route_newports(&inet->cork.fl.u.ip4, container_of(dst, struct rtable, dst), sport,
			       inet->inet_dport, inet->inet_sport, inet->inet_dport, sk);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	atomic_set(&inet->inet_id, get_random_u16());
	return &rt->dst;
}

/* Looks up the route to the peer. Return: a reference to it, or NULL. */
static struct rtable *route(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rtable *rt;

	rt = ip_route_connect(&inet->cork.fl.u.ip4, first_hop(sk, inet->inet_daddr),
			      inet->inet_saddr, sk->sk_bound_dev_if, atcp_carrier(sk),
			      inet->inet_sport, inet->inet_dport, sk);
	return IS_ERR(rt) ? NULL : rt;
}

struct dst_entry *atcp_v4_reroute(struct sock *sk)
{
	struct rtable *rt = route(sk);

	return rt ? &rt->dst : NULL;
}

int atcp_v4_child(struct sock *child, const struct atcp_key *key, struct sk_buff *skb)
{
	struct inet_sock *inet = inet_sk(child);
	struct rtable *rt;

	inet->inet_saddr = key->laddr.s6_addr32[3];
	sk_rcv_saddr_set(child, inet->inet_saddr);
	sk_daddr_set(child, key->raddr.s6_addr32[3]);
	inet->mc_index = inet_iif(skb);
	inet->mc_ttl = ip_hdr(skb)->ttl;
	inet->rcv_tos = ip_hdr(skb)->tos;
	if (child->sk_family == AF_INET6) {
		inet6_sk(child)->saddr = key->laddr;
		inet6_sk(child)->mcast_oif = inet->mc_index;
		inet6_sk(child)->mcast_hops = inet->mc_ttl;
	}

	rt = route(child);
	if (!rt)
		return -EHOSTUNREACH;
	atcp_ip_set_route(child, &rt->dst);
	return 0;
}

int atcp_v4_xmit(struct sock *sk, struct sk_buff *skb)
{
	return ip_queue_xmit(sk, skb, &inet_sk(sk)->cork.fl);
}

/* --- segments without a connection --- */

/* The offsets of a source route's fields, RFC 791 section 3.1. */
#define ROUTE_LEN	1
#define ROUTE_PTR	2
#define ROUTE_DATA	3

struct ip_options_rcu *atcp_v4_return_route(struct net *net, const struct sk_buff *skb)
{
	const u8 *route = skb_network_header(skb) + IPCB(skb)->opt.srr;
	struct ip_options_rcu *opt;
	int hops, i;
	u8 *to;

	if (likely(!IPCB(skb)->opt.srr) || route[ROUTE_PTR] <= route[ROUTE_LEN])
		return NULL;
	hops = (route[ROUTE_LEN] - ROUTE_DATA) / sizeof(__be32);
	/* Some hosts record themselves as the first hop (RFC 1812): that is the end. */
	if (hops && !memcmp(&route[ROUTE_DATA], &ip_hdr(skb)->saddr, sizeof(__be32))) {
		route += sizeof(__be32);
		hops--;
	}
	if (!hops)
		return NULL;
	opt = kzalloc(sizeof(*opt) + MAX_IPOPTLEN, GFP_ATOMIC);
	if (!opt)
		return NULL;
	/* The hops in reverse order, in the format of setsockopt(IP_OPTIONS). */
	to = opt->opt.__data;
	to[0] = IPCB(skb)->opt.is_strictroute ? IPOPT_SSRR : IPOPT_LSRR;
	to[ROUTE_LEN] = ROUTE_DATA + hops * sizeof(__be32);
	to[ROUTE_PTR] = IPOPT_MINOFF;
	for (i = 0; i < hops; i++)
		memcpy(&to[ROUTE_DATA + i * sizeof(__be32)],
		       &route[ROUTE_DATA + (hops - 1 - i) * sizeof(__be32)], sizeof(__be32));
	opt->opt.optlen = round_up(to[ROUTE_LEN], 4);
	if (ip_options_compile(net, &opt->opt, NULL)) {
		kfree(opt);
		return NULL;
	}
	return opt;
}

/* SO_DONTROUTE restricts the route to directly connected hosts. */
static u8 route_scope(const struct sock *sk)
{
	return sk && sock_flag(sk, SOCK_LOCALROUTE) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

int atcp_v4_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in)
{
	struct flowi4 fl4;
	struct rtable *rt;
	u8 flags = 0;

	if (f->sk)
		flags = inet_sk_flowi_flags(f->sk);
	else if (f->foreign)
		flags = FLOWI_FLAG_ANYSRC;
	memset(&fl4, 0, sizeof(fl4));
	flowi4_init_output(&fl4, f->oif, f->mark, f->tos & INET_DSCP_MASK, route_scope(f->sk),
			   f->carrier, flags,
			   f->route_opt ? f->route_opt->opt.faddr : f->raddr.s6_addr32[3],
			   f->laddr.s6_addr32[3],
			   f->rport, f->lport, f->sk ? sk_uid(f->sk) : sock_net_uid(net, NULL));
	if (f->sk)
		security_sk_classify_flow(f->sk, flowi4_to_flowi_common(&fl4));
	else if (in)
		security_skb_classify_flow((struct sk_buff *)in, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(net, &fl4, f->sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	/* Never to a broadcast or multicast address (RFC 1122 section 4.2.3.10). */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return -ENETUNREACH;
	}
	f->dst = &rt->dst;
	return 0;
}

int atcp_v4_send(struct net *net, struct atcp_flow *f, struct sk_buff *skb)
{
	const struct ip_options *opt = f->route_opt ? &f->route_opt->opt : NULL;
	int ttl = f->sk ? READ_ONCE(inet_sk(f->sk)->uc_ttl) : -1;
	struct iphdr *iph;

	skb_push(skb, sizeof(*iph) + (opt ? opt->optlen : 0));
	skb_reset_network_header(skb);
	iph = ip_hdr(skb);
	*iph = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.tos = f->tos,
		.frag_off = htons(IP_DF),
		.ttl = ttl < 0 ? ip4_dst_hoplimit(skb_dst(skb)) : ttl,
		.protocol = f->carrier,
		.saddr = f->laddr.s6_addr32[3],
		.daddr = f->raddr.s6_addr32[3],
	};
	if (unlikely(opt)) {
		u8 *route = (u8 *)iph + opt->srr;

		iph->ihl += opt->optlen / 4;
		iph->daddr = opt->faddr;
		memcpy(iph + 1, opt->__data, opt->optlen);
		/* The last address of the source route is the peer's. */
		memcpy(&route[route[ROUTE_LEN] - sizeof(__be32)], &f->raddr.s6_addr32[3],
		       sizeof(__be32));
		IPCB(skb)->opt = *opt;
	}
	skb->protocol = htons(ETH_P_IP);
	ip_select_ident(net, skb, NULL);
	return ip_local_out(net, f->sk, skb);
}

bool atcp_v4_reply_flow(struct net *net, struct atcp_flow *f, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	/* No answer to a segment that was not addressed to this host, or to many hosts. */
	if (!skb_rtable(skb) || skb_rtable(skb)->rt_type != RTN_LOCAL)
		return false;
	ipv6_addr_set_v4mapped(iph->daddr, &f->laddr);
	ipv6_addr_set_v4mapped(iph->saddr, &f->raddr);
	f->mark = IP4_REPLY_MARK(net, skb->mark);
	f->tos = iph->tos & INET_DSCP_MASK;
	return true;
}
