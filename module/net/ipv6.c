// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6: routes, extension headers, flow labels, headers of segments without a
 * connection (RFC 8200, RFC 6437).
 */
#include <linux/skbuff.h>
#include <net/addrconf.h>
#include <net/inet6_connection_sock.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include <net/transp_v6.h>

#include "net/atcp_ip.h"

/* --- connections --- */

u32 atcp_v6_hlen(struct sock *sk)
{
	const struct ipv6_txoptions *opt;
	u32 len = sizeof(struct ipv6hdr);

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	if (opt)
		len += opt->opt_flen + opt->opt_nflen;
	rcu_read_unlock();
	return len;
}

/*
 * Looks up the route to the peer. The flow is kept in the socket, from which
 * inet6_csk_xmit() takes addresses and label.
 * Return: a reference to the route, or an error pointer.
 */
static struct dst_entry *route(struct sock *sk)
{
	struct flowi6 *fl6 = &inet_sk(sk)->cork.fl.u.ip6;
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_addr *final_p, final;

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = atcp_carrier(sk);
	fl6->daddr = sk->sk_v6_daddr;
	fl6->saddr = ipv6_addr_any(&sk->sk_v6_rcv_saddr) ? np->saddr : sk->sk_v6_rcv_saddr;
	fl6->flowlabel = ip6_make_flowinfo(np->tclass, np->flow_label);
	fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_mark = READ_ONCE(sk->sk_mark);
	fl6->fl6_sport = inet_sk(sk)->inet_sport;
	fl6->fl6_dport = inet_sk(sk)->inet_dport;
	fl6->flowi6_uid = sk_uid(sk);
	rcu_read_lock();
	final_p = fl6_update_dst(fl6, rcu_dereference(np->opt), &final);
	rcu_read_unlock();
	security_sk_classify_flow(sk, flowi6_to_flowi_common(fl6));
	return ip6_dst_lookup_flow(sock_net(sk), sk, fl6, final_p);
}

struct dst_entry *atcp_v6_reroute(struct sock *sk)
{
	struct dst_entry *dst = route(sk);

	return IS_ERR(dst) ? NULL : dst;
}

/* Stores the flow label that the program chose, which it must have leased. */
static int set_label(struct sock *sk, const struct sockaddr_in6 *sin6)
{
	__be32 info = 0;

	if (atcp_sndflow(sk)) {
		info = sin6->sin6_flowinfo & IPV6_FLOWINFO_MASK;
		IP6_ECN_flow_init(info);
		if (info & IPV6_FLOWLABEL_MASK) {
			struct ip6_flowlabel *label = fl6_sock_lookup(sk, info);

			if (IS_ERR(label))
				return -EINVAL;
			fl6_sock_release(label);
		}
	}
	inet6_sk(sk)->flow_label = info;
	return 0;
}

/* A link-local address is valid on one interface, to which the socket is bound here. */
static int set_scope(struct sock *sk, const struct sockaddr_in6 *sin6, int addr_len)
{
	if (addr_len >= sizeof(*sin6) && sin6->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, sin6->sin6_scope_id))
			return -EINVAL;
		sk->sk_bound_dev_if = sin6->sin6_scope_id;
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

int atcp_v6_peer(struct sock *sk, struct sockaddr_in6 *sin6, int addr_len)
{
	int err, type;

	if (addr_len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (sin6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	err = set_label(sk, sin6);
	if (err)
		return err;
	if (ipv6_addr_any(&sin6->sin6_addr)) {
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &sin6->sin6_addr);
		else
			sin6->sin6_addr = in6addr_loopback;
	}
	type = ipv6_addr_type(&sin6->sin6_addr);
	if (type & IPV6_ADDR_MULTICAST)
		return -ENETUNREACH;
	return type & IPV6_ADDR_LINKLOCAL ? set_scope(sk, sin6, addr_len) : 0;
}

struct dst_entry *atcp_v6_connect_route(struct sock *sk, const struct sockaddr_in6 *sin6)
{
	struct inet_sock *inet = inet_sk(sk);
	struct dst_entry *dst;

	sk->sk_v6_daddr = sin6->sin6_addr;
	inet->inet_dport = sin6->sin6_port;
	sk_set_txhash(sk);
	dst = route(sk);
	if (IS_ERR(dst)) {
		atcp_ip_disconnected(sk);
		return dst;
	}
	if (ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		sk->sk_v6_rcv_saddr = inet->cork.fl.u.ip6.saddr;
	inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	atcp_sk(sk)->over_v6 = true;
	return dst;
}

void atcp_v6_route_newports(struct sock *sk)
{
	inet_sk(sk)->cork.fl.u.ip6.fl6_sport = inet_sk(sk)->inet_sport;
}

void atcp_v6_child_init(struct sock *child)
{
	struct ipv6_pinfo *np = &container_of(atcp_sk(child), struct atcp6_sock, atcp)->inet6;

	/* sk_clone() has copied pointers that belong to the listener. */
	inet_sk(child)->pinet6 = np;
	atcp_fl_list(child) = NULL;
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	RCU_INIT_POINTER(np->opt, NULL);
	np->rcv_flowinfo = 0;
	if (atcp_repflow(child))
		np->flow_label = 0;
}

/* A child inherits copies of its listener's extension headers. */
static void copy_headers(struct sock *child, const struct sock *sk)
{
	struct ipv6_txoptions *opt;

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	if (opt)
		opt = ipv6_dup_options(child, opt);
	RCU_INIT_POINTER(inet6_sk(child)->opt, opt);
	rcu_read_unlock();
}

int atcp_v6_child(struct sock *child, const struct atcp_key *key, const struct sock *sk,
		  struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	struct ipv6_pinfo *np = inet6_sk(child);
	struct dst_entry *dst;

	child->sk_v6_rcv_saddr = key->laddr;
	child->sk_v6_daddr = key->raddr;
	np->saddr = key->laddr;
	inet_sk(child)->inet_saddr = LOOPBACK4_IPV6;
	inet_sk(child)->inet_rcv_saddr = LOOPBACK4_IPV6;
	inet_sk(child)->inet_daddr = LOOPBACK4_IPV6;
	np->mcast_oif = inet6_iif(skb);
	np->mcast_hops = hdr->hop_limit;
	np->rcv_flowinfo = ip6_flowinfo(hdr);
	if (atcp_repflow(child))
		np->flow_label = ip6_flowlabel(hdr);
	copy_headers(child, sk);

	dst = route(child);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	atcp_ip_set_route(child, dst);
	return 0;
}

int atcp_v6_xmit(struct sock *sk, struct sk_buff *skb)
{
	return inet6_csk_xmit(sk, skb, NULL);
}

/*
 * IPV6_PKTOPTIONS: a stream has no messages that ancillary data could belong to.  So the
 * last segment's headers are kept for getsockopt().  The bound is one clone in a socket,
 * and a second one while a segment is processed.
 */
struct sk_buff *atcp_v6_latch(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *copy = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);

	if (!copy)
		return NULL;
	if (!sk_rmem_schedule(sk, copy, copy->truesize)) {
		kfree_skb(copy);
		return NULL;
	}
	skb_set_owner_r(copy, sk);
	return copy;
}

/* Whether the segment has anything that the program has asked for. */
static bool has_options(const struct ipv6_pinfo *np, const struct sk_buff *skb)
{
	const struct inet6_skb_parm *opt = IP6CB(skb);

	return (opt->flags & IP6SKB_HOPBYHOP && (np->rxopt.bits.hopopts ||
						 np->rxopt.bits.ohopopts)) ||
	       (np->rxopt.bits.rxflow && ip6_flowinfo(ipv6_hdr(skb))) ||
	       (opt->srcrt && (np->rxopt.bits.srcrt || np->rxopt.bits.osrcrt)) ||
	       ((opt->dst1 || opt->dst0) && (np->rxopt.bits.dstopts || np->rxopt.bits.odstopts));
}

void atcp_v6_latched(struct sock *sk, struct sk_buff *copy, bool last)
{
	const struct ipv6hdr *hdr = ipv6_hdr(copy);
	struct ipv6_pinfo *np = inet6_sk(sk);

	if (last && !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))) {
		if (np->rxopt.bits.rxinfo || np->rxopt.bits.rxoinfo)
			WRITE_ONCE(np->mcast_oif, inet6_iif(copy));
		if (np->rxopt.bits.rxhlim || np->rxopt.bits.rxohlim)
			np->mcast_hops = hdr->hop_limit;
		if (np->rxopt.bits.rxflow || np->rxopt.bits.rxtclass)
			np->rcv_flowinfo = ip6_flowinfo(hdr);
		if (atcp_repflow(sk))
			np->flow_label = ip6_flowlabel(hdr);
		/* The previous clone is freed below. */
		if (has_options(np, copy)) {
			swap(np->pktoptions, copy);
		} else {
			kfree_skb(np->pktoptions);
			np->pktoptions = NULL;
		}
	}
	consume_skb(copy);
}

/* --- segments without a connection --- */

static void flow_to_fl6(const struct net *net, const struct atcp_flow *f, struct flowi6 *fl6)
{
	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = f->carrier;
	fl6->daddr = f->raddr;
	fl6->saddr = f->laddr;
	fl6->flowlabel = f->label;
	fl6->flowi6_oif = f->oif;
	fl6->flowi6_mark = f->mark;
	fl6->fl6_sport = f->lport;
	fl6->fl6_dport = f->rport;
	fl6->flowi6_uid = f->sk ? sk_uid(f->sk) : sock_net_uid(net, NULL);
}

int atcp_v6_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in)
{
	struct in6_addr *final_p = NULL, final;
	struct dst_entry *dst;
	struct flowi6 fl6;

	/* Never to a multicast address, whatever the source address of the segment was. */
	if (ipv6_addr_is_multicast(&f->raddr))
		return -ENETUNREACH;
	flow_to_fl6(net, f, &fl6);
	if (f->sk) {
		rcu_read_lock();
		final_p = fl6_update_dst(&fl6, rcu_dereference(inet6_sk(f->sk)->opt), &final);
		rcu_read_unlock();
		security_sk_classify_flow(f->sk, flowi6_to_flowi_common(&fl6));
	} else if (in) {
		security_skb_classify_flow((struct sk_buff *)in, flowi6_to_flowi_common(&fl6));
	}
	dst = ip6_dst_lookup_flow(net, f->sk, &fl6, final_p);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	f->dst = dst;
	return 0;
}

/* Sends a segment without a socket: no extension headers, and the host's defaults. */
static int send_plain(struct net *net, const struct atcp_flow *f, struct flowi6 *fl6,
		      struct sk_buff *skb)
{
	u32 len = skb->len;
	struct ipv6hdr *hdr;

	skb_push(skb, sizeof(*hdr));
	skb_reset_network_header(skb);
	hdr = ipv6_hdr(skb);
	ip6_flow_hdr(hdr, f->tos, ip6_make_flowlabel(net, skb, f->label,
						     ip6_default_np_autolabel(net), fl6));
	hdr->payload_len = htons(len);
	hdr->nexthdr = f->carrier;
	hdr->hop_limit = ip6_dst_hoplimit(skb_dst(skb));
	hdr->saddr = f->laddr;
	hdr->daddr = f->raddr;
	skb->protocol = htons(ETH_P_IPV6);
	return ip6_local_out(net, NULL, skb);
}

int atcp_v6_send(struct net *net, struct atcp_flow *f, struct sk_buff *skb)
{
	struct flowi6 fl6;
	int err;

	flow_to_fl6(net, f, &fl6);
	if (!f->sk)
		return send_plain(net, f, &fl6, skb);
	rcu_read_lock();
	err = ip6_xmit(f->sk, skb, &fl6, f->mark, rcu_dereference(inet6_sk(f->sk)->opt),
		       f->tos, f->priority);
	rcu_read_unlock();
	return err;
}

bool atcp_v6_reply_flow(struct net *net, struct atcp_flow *f, struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);

	if (!skb_dst(skb) || !ipv6_unicast_destination(skb))
		return false;
	f->laddr = hdr->daddr;
	f->raddr = hdr->saddr;
	f->mark = IP6_REPLY_MARK(net, skb->mark);
	f->tos = ipv6_get_dsfield(hdr) & ~INET_ECN_MASK;
	if (READ_ONCE(net->ipv6.sysctl.flowlabel_reflect) & FLOWLABEL_REFLECT_TCP_RESET)
		f->label = ip6_flowlabel(hdr);
	if (rt6_need_strict(&f->raddr))
		f->oif = inet6_iif(skb);
	return true;
}
