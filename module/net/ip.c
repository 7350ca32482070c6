// SPDX-License-Identifier: GPL-2.0
/*
 * The network layer for both IP versions: routes, path MTU (RFC 9293 section
 * 3.7.2, RFC 1191, RFC 8201), segments without a connection.
 */
#include <linux/jhash.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/tcp.h>

#include "net/carrier.h"
#include "net/atcp_ip.h"
#include "stat.h"
#include "tracing.h"

/* The least MSS, whatever path MTU is reported. */
#define ATCP_MSS_LEAST	48

/* --- connections --- */

struct dst_entry *atcp_ip_route_newports(struct sock *sk, struct dst_entry *dst, __be16 sport)
{
	if (!atcp_over_v6(sk))
		return atcp_v4_route_newports(sk, dst, sport);
	atcp_v6_route_newports(sk);
	return dst;
}

void atcp_ip_disconnected(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	sk->sk_route_caps = 0;
	inet->inet_dport = 0;
	if (sk->sk_userlocks & SOCK_BINDADDR_LOCK)
		return;
	inet->inet_saddr = 0;
	if (sk->sk_family == AF_INET6) {
		inet->inet_rcv_saddr = 0;
		memset(&sk->sk_v6_rcv_saddr, 0, sizeof(sk->sk_v6_rcv_saddr));
		memset(&inet6_sk(sk)->saddr, 0, sizeof(inet6_sk(sk)->saddr));
	} else {
		sk_rcv_saddr_set(sk, 0);
	}
}

/* A copy of the source route for a child, or NULL. */
static struct ip_options_rcu *copy_route(const struct ip_options_rcu *opt)
{
	return opt ? kmemdup(opt, sizeof(*opt) + opt->opt.optlen, GFP_ATOMIC) : NULL;
}

int atcp_ip_child(struct sock *child, const struct atcp_key *key, const struct atcp_flow *f,
		  struct sk_buff *skb)
{
	struct inet_sock *inet = inet_sk(child);

	RCU_INIT_POINTER(inet->inet_opt, copy_route(f->route_opt));
	inet->mc_list = NULL;
	inet->inet_sport = key->lport;
	inet->inet_dport = key->rport;
	inet->inet_num = 0;
	child->sk_bound_dev_if = f->oif;
	atomic_set(&inet->inet_id, get_random_u16());
	if (child->sk_family == AF_INET6)
		atcp_v6_child_init(child);

	atcp_sk(child)->over_v6 = atcp_key_is_v6(key);
	return atcp_over_v6(child) ? atcp_v6_child(child, key, f->sk, skb) :
				     atcp_v4_child(child, key, skb);
}

int atcp_ip_xmit(struct sock *sk, struct sk_buff *skb)
{
	struct atcp_sock *as = atcp_sk(sk);
	int err;

	/* IP would read what the core has noted there: as options, or as a size of fragments. */
	memset(skb->cb, 0, max(sizeof(struct inet_skb_parm), sizeof(struct inet6_skb_parm)));
	skb_set_hash_from_sk(skb, sk);
	skb_set_dst_pending_confirm(skb, READ_ONCE(sk->sk_dst_pending_confirm));
	err = atcp_over_v6(sk) ? atcp_v6_xmit(sk, skb) : atcp_v4_xmit(sk, skb);
	/*
	 * The route's MTU has shrunk, or IP has found another route: what the core has of it is
	 * updated after the core has returned.
	 */
	if (unlikely(err == -EMSGSIZE || __sk_dst_get(sk) != as->path_dst))
		as->mss_stale = true;
	return err > 0 ? net_xmit_errno(err) : err;
}

__sum16 atcp_ip_checksum(const struct sock *sk, u32 len, __wsum sum)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (atcp_over_v6(sk))
		return csum_ipv6_magic(&inet6_sk(sk)->saddr, &sk->sk_v6_daddr, len,
				       atcp_carrier(sk), sum);
	return csum_tcpudp_magic(inet->inet_saddr, inet->inet_daddr, len, atcp_carrier(sk), sum);
}

/* --- path MTU --- */

static u16 mss_of(struct sock *sk, u32 mtu)
{
	u32 overhead = (atcp_over_v6(sk) ? atcp_v6_hlen(sk) : atcp_v4_hlen(sk)) + ATCP_HDR_MIN;

	/* The MTU of lo exceeds the largest GSO segment that it accepts. */
	if (atcp_ip_loopback(sk))
		mtu = min(mtu, sk->sk_gso_max_size);
	return mtu > overhead + ATCP_MSS_LEAST ? min(mtu - overhead, U16_MAX) : ATCP_MSS_LEAST;
}

/* Sets what the core has to know of the path MTU. */
static void set_path_mss(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	as->tcb.mss_path = mss_of(sk, as->pmtu);
	as->tcb.mss_sure = atcp_over_v6(sk) ? mss_of(sk, IPV6_MIN_MTU) : 0;
}

/*
 * Whether the socket's route leads to another next hop than before.  A route is looked up
 * again whenever any route of the namespace changes, which says nothing about this path.
 */
static bool path_moved(struct sock *sk, const struct dst_entry *dst)
{
	struct atcp_sock *as = atcp_sk(sk);
	u32 hop, old = as->path;

	as->path_dst = dst;
	if (atcp_over_v6(sk))
		hop = ipv6_addr_hash(rt6_nexthop(container_of(dst, struct rt6_info, dst),
						 &sk->sk_v6_daddr));
	else
		hop = (__force u32)rt_nexthop(container_of(dst, struct rtable, dst),
					      inet_sk(sk)->inet_daddr);
	as->path = jhash_2words(hop, dst->dev->ifindex, 0);
	return as->path != old;
}

static u16 adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 mss = min_t(u32, dst_metric_advmss(dst), U16_MAX);
	u16 user = sk ? READ_ONCE(atcp_sk(sk)->tcb.mss_user) : 0;

	return user && user < mss ? user : mss;
}

/* --- what the route asks for: atcp(7), "Route metrics" --- */

static u16 metric16(const struct dst_entry *dst, int metric)
{
	return min_t(u32, dst_metric(dst, metric), U16_MAX);
}

/* Microseconds, 0: the route has none.  It counts if it is locked, as ip(8) sets it. */
static u32 metric_rto_min(const struct dst_entry *dst)
{
	if (likely(!dst_metric_locked(dst, RTAX_RTO_MIN)))
		return 0;
	return jiffies_to_usecs(clamp_t(unsigned long, dst_metric_rtt(dst, RTAX_RTO_MIN), 1,
					TCP_RTO_MAX));
}

/* Those that hold for a connection as soon as it has the route. */
static void take_metrics(struct atcp_tcb *c, const struct dst_entry *dst)
{
	c->cwnd_first = metric16(dst, RTAX_INITCWND);
	c->rto_min_route = metric_rto_min(dst);
	if (unlikely(dst_metric(dst, RTAX_QUICKACK)))
		c->flags |= ATCP_F_QUICK_ROUTE;
	else
		c->flags &= ~ATCP_F_QUICK_ROUTE;
}

/* Those that a connection begins with. */
static void take_first_metrics(struct atcp_tcb *c, const struct dst_entry *dst)
{
	take_metrics(c, dst);
	c->wnd_first = metric16(dst, RTAX_INITRWND);
	if (!c->wnd_clamp)
		WRITE_ONCE(c->wnd_clamp, dst_metric(dst, RTAX_WINDOW));
	c->ssthresh_first = metric16(dst, RTAX_SSTHRESH);
	c->cwnd_max = dst_metric_locked(dst, RTAX_CWND) ? metric16(dst, RTAX_CWND) : 0;
	c->reordering = metric16(dst, RTAX_REORDERING);
}

static void setup_caps(struct sock *sk, struct dst_entry *dst)
{
	sk->sk_gso_type = atcp_carrier_gso_type(sk);
	if (atcp_over_v6(sk))
		atcp_ip6_dst_store(sk, dst);
	else
		sk_setup_caps(sk, dst);
}

void atcp_ip_set_route(struct sock *sk, struct dst_entry *dst)
{
	struct atcp_sock *as = atcp_sk(sk);

	setup_caps(sk, dst);
	as->pmtu = dst_mtu(dst);
	as->mss_stale = false;
	set_path_mss(sk);
	path_moved(sk, dst);
	as->tcb.adv_mss = adv_mss(sk, dst);
	take_first_metrics(&as->tcb, dst);
}

static struct dst_entry *check_route(struct sock *sk)
{
	return __sk_dst_check(sk, atcp_over_v6(sk) ? inet6_sk(sk)->dst_cookie : 0);
}

/* The socket's cached route, looked up again if it is stale; or NULL. */
static struct dst_entry *find_route(struct sock *sk)
{
	struct dst_entry *dst = check_route(sk);

	if (dst)
		return dst;
	dst = atcp_over_v6(sk) ? atcp_v6_reroute(sk) : atcp_v4_reroute(sk);
	if (dst)
		setup_caps(sk, dst);
	return dst;
}

bool atcp_ip_sync_mss(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct dst_entry *dst;
	u32 mtu;

	if (unlikely(as->mss_stale)) {
		as->mss_stale = false;
		dst = find_route(sk);
		if (dst && as->icmp_mtu)
			dst->ops->update_pmtu(dst, sk, NULL, as->icmp_mtu, true);
		as->icmp_mtu = 0;
		dst = find_route(sk);
	} else {
		dst = check_route(sk);
	}
	if (!dst)
		return false;
	if (unlikely(dst != as->path_dst)) {
		take_metrics(&as->tcb, dst);
		if (path_moved(sk, dst))
			atcp_route_changed(&as->tcb);
	}
	mtu = dst_mtu(dst);
	if (likely(mtu == as->pmtu))
		return false;
	as->pmtu = mtu;
	set_path_mss(sk);
	return true;
}

void atcp_ip_options_changed(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (!ATCP_IN(as->tcb.state, ~(ATCP_S(CLOSED) | ATCP_S(LISTEN))))
		return;
	set_path_mss(sk);
	atcp_mss_changed(&as->tcb);
}

/* --- segments without a connection --- */

static bool flow_is_v6(const struct atcp_flow *f)
{
	return !ipv6_addr_v4mapped(&f->raddr);
}

int atcp_ip_route(struct net *net, struct atcp_flow *f, const struct sk_buff *in)
{
	return flow_is_v6(f) ? atcp_v6_route(net, f, in) : atcp_v4_route(net, f, in);
}

static __sum16 flow_checksum(const struct atcp_flow *f, u32 len, __wsum sum)
{
	if (flow_is_v6(f))
		return csum_ipv6_magic(&f->laddr, &f->raddr, len, f->carrier, sum);
	return csum_tcpudp_magic(f->laddr.s6_addr32[3], f->raddr.s6_addr32[3], len,
				 f->carrier, sum);
}

/*
 * Makes a listener the segment's owner, so that its cgroup's egress filters apply.
 * Return: false if the listener is being freed, which RCU does not prevent.
 */
static bool set_owner(struct sock *sk, struct sk_buff *skb)
{
	if (!refcount_add_not_zero(skb->truesize, &sk->sk_wmem_alloc))
		return false;
	skb->sk = sk;
	skb->destructor = sock_wfree;
	return true;
}

static void trace_sent(struct net *net, const struct atcp_flow *f, const struct atcp_hdr *h)
{
	struct atcp_key key = {
		.laddr = f->laddr,
		.raddr = f->raddr,
		.lport = f->lport,
		.rport = f->rport,
	};

	atcp_trace_flow_snd(net, f->sk, &key, h);
}

/*
 * The bound: one segment for each that arrived or timer that expired; the device's queue
 * limits those that wait.
 */
void atcp_ip_send(struct net *net, struct atcp_flow *f, struct atcp_hdr *h)
{
	struct atcp_net *an = atcp_net(net);
	struct sk_buff *skb;
	int err;

	if (!f->dst && atcp_ip_route(net, f, NULL))
		goto error;
	skb = alloc_skb(ATCP_HEADROOM, GFP_ATOMIC);
	if (!skb) {
		dst_release(f->dst);
		f->dst = NULL;
		goto error;
	}
	skb_reserve(skb, ATCP_HEADROOM);
	atcp_hdr_size(h);
	skb_push(skb, h->hlen);
	skb_reset_transport_header(skb);
	atcp_hdr_write(h, skb->data);
	tcp_hdr(skb)->check = flow_checksum(f, h->hlen, csum_partial(skb->data, h->hlen, 0));

	skb->priority = f->priority;
	skb->mark = f->mark;
	if (f->hash)
		skb_set_hash(skb, f->hash, PKT_HASH_TYPE_L4);
	skb_dst_set(skb, f->dst);
	f->dst = NULL;
	if (f->sk && !set_owner(f->sk, skb)) {
		kfree_skb(skb);
		return;
	}

	if (atcp_watched_snd())
		trace_sent(net, f, h);
	atcp_net_count(an, ATCP_STAT_OUT_SEGS);
	if (h->flags & ATCP_RST)
		atcp_net_count(an, ATCP_STAT_OUT_RSTS);
	err = flow_is_v6(f) ? atcp_v6_send(net, f, skb) : atcp_v4_send(net, f, skb);
	if (err >= 0)
		return;
error:
	atcp_net_count(an, ATCP_STAT_OUT_ERRORS);
}

void atcp_ip_reply(struct net *net, const struct sock *sk, u8 carrier, struct sk_buff *skb,
		   struct atcp_hdr *h)
{
	struct atcp_flow f = {
		.carrier = carrier,
		.lport = htons(h->sport),
		.rport = htons(h->dport),
	};

	if (!(atcp_skb_is_v6(skb) ? atcp_v6_reply_flow(net, &f, skb) :
				    atcp_v4_reply_flow(net, &f, skb)))
		return;
	if (sk) {
		f.oif = READ_ONCE(sk->sk_bound_dev_if) ?: f.oif;
		f.mark = f.mark ?: READ_ONCE(sk->sk_mark);
		f.priority = READ_ONCE(sk->sk_priority);
		f.foreign = inet_sk_transparent(sk);
	}
	if (!f.oif && netif_index_is_l3_master(net, skb->skb_iif))
		f.oif = skb->skb_iif;
	if (atcp_ip_route(net, &f, skb))
		return;
	atcp_ip_send(net, &f, h);
}
