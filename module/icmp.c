// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about our segments (RFC 9293 section 3.9.2.2, RFC 5927): they end
 * what is not a connection yet, and are a hint to one that is.
 */
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/tcp.h>

#include "compat/icmp.h"
#include "demux.h"
#include "ip.h"
#include "request.h"
#include "sock.h"

/* Does the socket want its path MTU from strangers (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER)? */
static bool believes_mtu(const struct sock *sk, const struct atcp_icmp_error *e)
{
	if (atcp_over_v6(sk))
		return ip6_sk_accept_pmtu(sk) && e->mtu >= IPV6_MIN_MTU;
	return ip_sk_accept_pmtu(sk);
}

static u8 min_hops(const struct sock *sk)
{
	return atcp_over_v6(sk) ? READ_ONCE(inet6_sk(sk)->min_hopcount) :
				  READ_ONCE(inet_sk(sk)->min_ttl);
}

/* IP_RECVERR, IPV6_RECVERR */
static bool wants_errors(const struct sock *sk)
{
	return atcp_over_v6(sk) ? atcp_recverr6(sk) : atcp_recverr4(sk);
}

static void too_big(struct sock *sk, const struct atcp_icmp_error *e)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (!believes_mtu(sk, e) || e->mtu >= as->pmtu)
		return;
	as->icmp_mtu = e->mtu;
	as->mss_stale = true;
	if (!sock_owned_by_user(sk) && atcp_ip_sync_mss(sk))
		atcp_path_changed(&as->tcb);
}

static void redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	if (sock_owned_by_user(sk))
		return;
	dst = __sk_dst_check(sk, atcp_over_v6(sk) ? inet6_sk(sk)->dst_cookie : 0);
	if (dst)
		dst->ops->redirect(dst, sk, skb);
}

/* An error about a connection, or an attempt at one. */
static void error(struct sock *sk, struct sk_buff *skb, const struct atcp_icmp_error *e)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (ATCP_IN(as->tcb.state, ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED))) {
		if (atcp_over_v6(sk))
			atcp_icmp_error6(sk, skb, e->err, e->port, e->info, e->quoted);
		else
			atcp_icmp_error4(sk, skb, e->err, e->port, e->info, e->quoted);
	} else if (e->unreachable && !sock_owned_by_user(sk)) {
		atcp_icmp_unreachable(&as->tcb, e->seq);
	}
	if (ATCP_IN(as->tcb.state, ATCP_SYNCHRONIZED) && wants_errors(sk) &&
	    !sock_owned_by_user(sk)) {
		WRITE_ONCE(sk->sk_err, e->err);
		sk_error_report(sk);
		return;
	}
	if (sock_owned_by_user(sk)) {
		as->icmp_seq = e->seq;
		WRITE_ONCE(as->icmp_err, e->err);
		return;
	}
	/* As the kernel's TCP does, any of these ends an attempt to connect. */
	atcp_icmp(&as->tcb, e->seq, e->err, true);
	WRITE_ONCE(sk->sk_err_soft, as->tcb.soft_error);
}

/* Socket lock held. */
static void sock_err(struct sock *sk, struct sk_buff *skb, const struct atcp_icmp_error *e)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (c->state == ATCP_CLOSED || e->hops < min_hops(sk))
		return;
	/* RFC 5927 section 4.1: it must quote what is in flight. */
	if (!between(e->seq, c->snd_una, c->snd_nxt)) {
		atcp_net_count(atcp_net(sock_net(sk)), ATCP_STAT_ICMP_IGNORED);
		return;
	}
	switch (e->kind) {
	case ATCP_ICMP_REDIRECT:
		redirect(sk, skb);
		break;
	case ATCP_ICMP_TOO_BIG:
		too_big(sk, e);
		break;
	case ATCP_ICMP_ERROR:
		error(sk, skb, e);
		break;
	}
}

void atcp_icmp_release(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int err = as->icmp_err;

	if (as->tcb.state == ATCP_CLOSED || as->tcb.state == ATCP_LISTEN)
		return;
	if (as->mss_stale && atcp_ip_sync_mss(sk))
		atcp_path_changed(&as->tcb);
	if (err) {
		as->icmp_err = 0;
		atcp_icmp(&as->tcb, as->icmp_seq, err, true);
		WRITE_ONCE(sk->sk_err_soft, as->tcb.soft_error);
	}
}

int atcp_icmp_arrive(struct net *net, const struct atcp_key *key, int dif, int sdif,
		     struct sk_buff *skb, const struct atcp_icmp_error *e)
{
	struct atcp_node *node = atcp_lookup(atcp_net(net), key, dif, sdif);
	struct sock *sk;

	if (!node) {
		if (atcp_key_is_v6(key))
			__ICMP6_INC_STATS(net, __in6_dev_get(skb->dev), ICMP6_MIB_INERRORS);
		else
			__ICMP_INC_STATS(net, ICMP_MIB_INERRORS);
		return -ENOENT;
	}
	switch (node->type) {
	case ATCP_NODE_SOCK:
		sk = (struct sock *)container_of(node, struct atcp_sock, node);
		bh_lock_sock(sk);
		sock_err(sk, skb, e);
		bh_unlock_sock(sk);
		break;
	case ATCP_NODE_REQ:
		if (e->ends_request)
			atcp_request_icmp(container_of(node, struct atcp_request, node), e->seq);
		break;
	default:
		break;
	}
	return 0;
}
