// SPDX-License-Identifier: GPL-2.0
/*
 * IPv4 below the connection: routes, path MTU, segments without a connection,
 * ICMP errors (RFC 9293 section 3.9.2, RFC 1191, RFC 5927).
 */
#include <linux/icmp.h>
#include <linux/skbuff.h>
#include <net/icmp.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "demux.h"
#include "input.h"
#include "ip.h"
#include "ports.h"
#include "request.h"
#include "sock.h"
#include "tracing.h"

/* A path that takes less than this is not believed. */
#define ATCP_MSS_LEAST	48

/* Bytes of IPv4 header, options included, that every segment of a socket has. */
static u32 ip_hlen(struct sock *sk)
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

static u16 mss_of(struct sock *sk, u32 mtu)
{
	u32 overhead = ip_hlen(sk) + ATCP_HDR_MIN;

	/* A segment of lo's MTU is more than it takes as a large one. */
	if (atcp_ip_loopback(sk))
		mtu = min(mtu, sk->sk_gso_max_size);
	return mtu > overhead + ATCP_MSS_LEAST ? mtu - overhead : ATCP_MSS_LEAST;
}

static u16 adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 mss = min_t(u32, dst_metric_advmss(dst), U16_MAX);
	u16 user = sk ? READ_ONCE(atcp_sk(sk)->tcb.mss_user) : 0;

	return user && user < mss ? user : mss;
}

/* The socket has a (new) route; takes over its reference. */
static void take_route(struct sock *sk, struct rtable *rt)
{
	struct atcp_sock *as = atcp_sk(sk);

	sk->sk_gso_type = SKB_GSO_SCTP;
	sk_setup_caps(sk, &rt->dst);
	as->pmtu = dst_mtu(&rt->dst);
	as->mss_stale = false;
	as->tcb.mss_path = mss_of(sk, as->pmtu);
	as->tcb.adv_mss = adv_mss(sk, &rt->dst);
}

/* Where segments to @daddr go first: a source route's first hop, or itself. */
static __be32 first_hop(struct sock *sk, __be32 daddr)
{
	const struct ip_options_rcu *opt;

	opt = rcu_dereference_protected(inet_sk(sk)->inet_opt, lockdep_sock_is_held(sk));
	return opt && opt->opt.srr ? opt->opt.faddr : daddr;
}

int atcp_v4_connect(struct sock *sk, const struct sockaddr_in *sin)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	__be16 sport = inet->inet_sport, dport = sin->sin_port;
	struct atcp_sock *as = atcp_sk(sk);
	__be32 daddr = sin->sin_addr.s_addr;
	__be32 hop = first_hop(sk, daddr);
	struct rtable *rt;
	int err;

	if (!daddr && hop != daddr)
		return -EINVAL;
	rt = ip_route_connect(fl4, hop, inet->inet_saddr, sk->sk_bound_dev_if, IPPROTO_ATCP,
			      sport, dport, sk);
	if (IS_ERR(rt)) {
		err = PTR_ERR(rt);
		if (err == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return err;
	}
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return -ENETUNREACH;
	}
	if (hop == daddr)
		daddr = fl4->daddr;
	if (!inet->inet_saddr)
		inet->inet_saddr = fl4->saddr;
	sk_rcv_saddr_set(sk, inet->inet_saddr);
	inet->inet_dport = dport;
	sk_daddr_set(sk, daddr);

	/*
	 * A segment that finds the socket from now on waits in the backlog
	 * until atcp_open() has been called.
	 */
	err = atcp_port_connect(sk);
	if (err)
		goto failed;
	sk_set_txhash(sk);
	rt = ip_route_newports(fl4, rt, sport, dport, inet->inet_sport, dport, sk);
	if (IS_ERR(rt)) {
		err = PTR_ERR(rt);
		rt = NULL;
		atcp_unhash(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			atcp_port_put(sk);
		goto failed;
	}
	atomic_set(&inet->inet_id, get_random_u16());
	as->tcb.lport = inet->inet_num;
	as->tcb.rport = ntohs(dport);
	take_route(sk, rt);
	return 0;
failed:
	ip_rt_put(rt);
	atcp_v4_disconnected(sk);
	return err;
}

void atcp_v4_disconnected(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	sk->sk_route_caps = 0;
	inet->inet_dport = 0;
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK)) {
		inet->inet_saddr = 0;
		sk_rcv_saddr_set(sk, 0);
	}
}

/* Finds the way to the peer again. Return: the socket's new route, or NULL. */
static struct dst_entry *rebuild_route(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rtable *rt;

	rt = ip_route_connect(&inet->cork.fl.u.ip4, first_hop(sk, inet->inet_daddr),
			      inet->inet_saddr, sk->sk_bound_dev_if, IPPROTO_ATCP,
			      inet->inet_sport, inet->inet_dport, sk);
	if (IS_ERR(rt))
		return NULL;
	sk_setup_caps(sk, &rt->dst);
	return &rt->dst;
}

int atcp_v4_child(struct sock *child)
{
	const struct inet_sock *inet = inet_sk(child);
	struct rtable *rt;

	rt = ip_route_connect(&inet_sk(child)->cork.fl.u.ip4, inet->inet_daddr, inet->inet_saddr,
			      child->sk_bound_dev_if, IPPROTO_ATCP, inet->inet_sport,
			      inet->inet_dport, child);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	take_route(child, rt);
	return 0;
}

int atcp_v4_xmit(struct sock *sk, struct sk_buff *skb)
{
	int err;

	skb_set_hash_from_sk(skb, sk);
	skb_set_dst_pending_confirm(skb, READ_ONCE(sk->sk_dst_pending_confirm));
	err = ip_queue_xmit(sk, skb, &inet_sk(sk)->cork.fl);
	return err > 0 ? net_xmit_errno(err) : err;
}

bool atcp_v4_sync_mss(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_check(sk, 0);
	struct atcp_sock *as = atcp_sk(sk);
	u32 mtu;

	if (unlikely(as->mss_stale)) {
		as->mss_stale = false;
		if (!dst)
			dst = rebuild_route(sk);
		if (!dst)
			return false;
		dst->ops->update_pmtu(dst, sk, NULL, as->icmp_mtu, true);
		dst = __sk_dst_check(sk, 0);
		if (!dst)
			dst = rebuild_route(sk);
	}
	if (!dst)
		return false;
	mtu = dst_mtu(dst);
	if (likely(mtu == as->pmtu))
		return false;
	as->pmtu = mtu;
	as->tcb.mss_path = mss_of(sk, mtu);
	return true;
}

/* --- segments without a connection --- */

int atcp_v4_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in)
{
	struct flowi4 fl4;
	struct rtable *rt;

	memset(&fl4, 0, sizeof(fl4));
	flowi4_init_output(&fl4, f->oif, f->mark, f->tos & INET_DSCP_MASK, RT_SCOPE_UNIVERSE,
			   IPPROTO_ATCP, f->sk ? inet_sk_flowi_flags(f->sk) : 0,
			   f->raddr, f->laddr, f->rport, f->lport,
			   f->sk ? sk_uid(f->sk) : sock_net_uid(net, NULL));
	if (f->sk)
		security_sk_classify_flow(f->sk, flowi4_to_flowi_common(&fl4));
	else if (in)
		security_skb_classify_flow((struct sk_buff *)in, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(net, &fl4, f->sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	/* TCP is between two (RFC 1122 section 4.2.3.10), whatever the source claimed. */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return -ENETUNREACH;
	}
	f->rt = rt;
	return 0;
}

static void push_headers(struct sk_buff *skb, struct net *net, const struct atcp_flow *f,
			 const struct atcp_hdr *h)
{
	int ttl = f->sk ? READ_ONCE(inet_sk(f->sk)->uc_ttl) : -1;
	struct iphdr *iph;

	skb_push(skb, h->hlen);
	skb_reset_transport_header(skb);
	atcp_hdr_write(h, skb->data);
	tcp_hdr(skb)->check = csum_tcpudp_magic(f->laddr, f->raddr, h->hlen, IPPROTO_ATCP,
						csum_partial(skb->data, h->hlen, 0));

	skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph = ip_hdr(skb);
	*iph = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.tos = f->tos,
		.frag_off = htons(IP_DF),
		.ttl = ttl < 0 ? ip4_dst_hoplimit(&f->rt->dst) : ttl,
		.protocol = IPPROTO_ATCP,
		.saddr = f->laddr,
		.daddr = f->raddr,
	};
	ip_select_ident(net, skb, NULL);
}

void atcp_v4_send(struct net *net, struct atcp_flow *f, struct atcp_hdr *h)
{
	struct atcp_net *an = atcp_net(net);
	struct sk_buff *skb;

	if (!f->rt && atcp_v4_route(net, f, NULL))
		goto error;
	skb = alloc_skb(MAX_HEADER + sizeof(struct iphdr) + ATCP_HDR_MAX, GFP_ATOMIC);
	if (!skb) {
		ip_rt_put(f->rt);
		f->rt = NULL;
		goto error;
	}
	skb_reserve(skb, MAX_HEADER + sizeof(struct iphdr) + ATCP_HDR_MAX);
	atcp_hdr_size(h);
	push_headers(skb, net, f, h);
	skb->priority = f->priority;
	skb->mark = f->mark;
	skb->protocol = htons(ETH_P_IP);
	skb_dst_set(skb, &f->rt->dst);
	f->rt = NULL;
	/* So that the owner's egress filters see it. */
	if (f->sk)
		skb_set_owner_w(skb, f->sk);

	atcp_saw_flow_snd(net, f, h);
	atcp_net_count(an, ATCP_STAT_OUT_SEGS);
	if (h->flags & ATCP_RST)
		atcp_net_count(an, ATCP_STAT_OUT_RSTS);
	if (ip_local_out(net, f->sk, skb) >= 0)
		return;
error:
	atcp_net_count(an, ATCP_STAT_OUT_ERRORS);
}

void atcp_v4_reply(struct net *net, const struct sk_buff *skb, struct atcp_hdr *h)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct atcp_flow f = {
		.laddr = iph->daddr,
		.raddr = iph->saddr,
		.lport = htons(h->sport),
		.rport = htons(h->dport),
		.mark = IP4_REPLY_MARK(net, skb->mark),
		.tos = iph->tos & INET_DSCP_MASK,
	};

	/* Not for what was only passing (transparent proxies) or sent to many. */
	if (!skb_rtable(skb) || skb_rtable(skb)->rt_type != RTN_LOCAL)
		return;
	if (netif_index_is_l3_master(net, skb->skb_iif))
		f.oif = skb->skb_iif;
	if (atcp_v4_route(net, &f, skb))
		return;
	atcp_v4_send(net, &f, h);
}

/* --- ICMP errors --- */

/* Positive errno of an error that a connection should hear of; 0: of none. */
static int icmp_errno(int type, int code)
{
	int err = 0;

	if (type == ICMP_PARAMETERPROB)
		err = EPROTO;
	else if (type == ICMP_TIME_EXCEEDED)
		err = EHOSTUNREACH;
	else if (type == ICMP_DEST_UNREACH && code <= NR_ICMP_UNREACH)
		err = icmp_err_convert[code].errno;
	return err;
}

/* Socket lock held. @seq: the quoted sequence number. */
static void sock_err(struct sock *sk, struct sk_buff *skb, u32 seq, u32 info)
{
	const int type = icmp_hdr(skb)->type;
	const int code = icmp_hdr(skb)->code;
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;
	bool owned = sock_owned_by_user(sk);
	struct dst_entry *dst;
	int err;

	if (c->state == ATCP_CLOSED)
		return;
	/* RFC 5927 section 4.1: it must quote what is in flight. */
	if (!between(seq, READ_ONCE(c->snd_una), READ_ONCE(c->snd_nxt))) {
		atcp_net_count(atcp_net(sock_net(sk)), ATCP_STAT_ICMP_IGNORED);
		return;
	}
	if (type == ICMP_REDIRECT) {
		dst = owned ? NULL : __sk_dst_check(sk, 0);
		if (dst)
			dst->ops->redirect(dst, sk, skb);
		return;
	}
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) {
		if (inet_sk(sk)->pmtudisc == IP_PMTUDISC_INTERFACE ||
		    inet_sk(sk)->pmtudisc == IP_PMTUDISC_OMIT)
			return;
		as->icmp_mtu = info;
		as->mss_stale = true;
		if (!owned && atcp_v4_sync_mss(sk))
			atcp_mss_changed(c);
		return;
	}
	err = icmp_errno(type, code);
	if (!err)
		return;
	if (owned) {
		as->icmp_seq = seq;
		WRITE_ONCE(as->icmp_err, err);
		return;
	}
	/* As the kernel's TCP does, any of these ends an attempt to connect. */
	atcp_icmp(c, seq, err, true);
}

void atcp_v4_release(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int err = as->icmp_err;

	if (as->tcb.state == ATCP_CLOSED || as->tcb.state == ATCP_LISTEN)
		return;
	if (as->mss_stale && atcp_v4_sync_mss(sk))
		atcp_mss_changed(&as->tcb);
	if (err) {
		as->icmp_err = 0;
		atcp_icmp(&as->tcb, as->icmp_seq, err, true);
	}
}

int atcp_v4_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const u8 *p = skb->data + iph->ihl * 4;
	struct net *net = dev_net(skb->dev);
	u32 seq = get_unaligned_be32(p + 4);
	const int type = icmp_hdr(skb)->type;
	struct atcp_node *node;
	struct atcp_key key;
	struct sock *sk;

	atcp_key_v4(&key, iph->saddr, htons(get_unaligned_be16(p)),
		    iph->daddr, htons(get_unaligned_be16(p + 2)));
	node = atcp_lookup(atcp_net(net), &key);
	if (!node) {
		__ICMP_INC_STATS(net, ICMP_MIB_INERRORS);
		return -ENOENT;
	}
	switch (node->type) {
	case ATCP_NODE_SOCK:
		sk = (struct sock *)container_of(node, struct atcp_sock, node);
		if (!inet_sk_bound_dev_eq(net, READ_ONCE(sk->sk_bound_dev_if),
					  inet_iif(skb), inet_sdif(skb)))
			return -ENOENT;
		if (iph->ttl < READ_ONCE(inet_sk(sk)->min_ttl))
			return 0;
		bh_lock_sock(sk);
		sock_err(sk, skb, seq, info);
		bh_unlock_sock(sk);
		break;
	case ATCP_NODE_REQ:
		if (type == ICMP_PARAMETERPROB || type == ICMP_TIME_EXCEEDED ||
		    (type == ICMP_DEST_UNREACH && icmp_hdr(skb)->code <= ICMP_HOST_UNREACH))
			atcp_request_icmp(container_of(node, struct atcp_request, node), seq);
		break;
	default:
		break;
	}
	return 0;
}
