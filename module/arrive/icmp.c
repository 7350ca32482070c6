// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about our segments (RFC 9293 section 3.9.2.2, RFC 1122 section 4.2.3.9,
 * RFC 4443, RFC 5927).  They end a connection in SYN-SENT or SYN-RECEIVED, and are soft
 * errors in the synchronized states.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/tcp.h>

#include "compat/icmp.h"
#include "arrive/icmp.h"
#include "atcp.h"
#include "demux.h"
#include "listen/request.h"
#include "net/atcp_ip.h"
#include "stat.h"

/**
 * struct icmp_error - an ICMP or ICMPv6 error, decoded
 * @kind:	what has to be done
 * @err:	positive errno
 * @seq:	the quoted sequence number
 * @mtu:	KIND_TOO_BIG: the MTU of the next hop
 * @info:	for the error queue
 * @ends_request: it ends a request (SYN-RECEIVED, without a socket)
 * @unreachable: no route or host unreachable, which RFC 6069 reacts to
 * @hops:	TTL or hop limit, compared with IP_MINTTL or IPV6_MINHOPCOUNT
 * @port:	the quoted remote port, for the error queue
 * @quoted:	the quoted TCP header, at least 8 bytes
 */
struct icmp_error {
	enum {
		KIND_ERROR,
		KIND_TOO_BIG,
		KIND_REDIRECT,
	} kind;
	int err;
	u32 seq;
	u32 mtu;
	u32 info;
	bool ends_request;
	bool unreachable;
	u8 hops;
	__be16 port;
	u8 *quoted;
};

/*
 * Whether the socket's IP_MTU_DISCOVER or IPV6_MTU_DISCOVER lets ICMP errors change its
 * path MTU.
 */
static bool accepts_mtu(const struct sock *sk, const struct icmp_error *e)
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

static void too_big(struct sock *sk, const struct icmp_error *e)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (!accepts_mtu(sk, e) || e->mtu >= as->pmtu)
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

/* An error that is neither a redirect nor "too big", for any state but CLOSED. */
static void error(struct sock *sk, struct sk_buff *skb, const struct icmp_error *e)
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
	/* As in the kernel's TCP, any of these errors ends an attempt to connect. */
	atcp_icmp(&as->tcb, e->seq, e->err, true);
	WRITE_ONCE(sk->sk_err_soft, as->tcb.soft_error);
}

/* Socket lock held. */
static void sock_err(struct sock *sk, struct sk_buff *skb, const struct icmp_error *e)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (c->state == ATCP_CLOSED || e->hops < min_hops(sk))
		return;
	/* RFC 5927 section 4.1: the quoted sequence number has to be in flight. */
	if (!between(e->seq, c->snd_una, c->snd_nxt)) {
		atcp_net_count(atcp_net(sock_net(sk)), ATCP_STAT_ICMP_IGNORED);
		return;
	}
	switch (e->kind) {
	case KIND_REDIRECT:
		redirect(sk, skb);
		break;
	case KIND_TOO_BIG:
		too_big(sk, e);
		break;
	case KIND_ERROR:
		error(sk, skb, e);
		break;
	}
}

/*
 * Hands an error to the socket or request of the quoted connection, @key.
 * Return: 0, or -ENOENT if there is no such connection.
 */
static int arrive(struct net *net, const struct atcp_key *key, int dif, int sdif,
		  struct sk_buff *skb, const struct icmp_error *e)
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

/* --- over IPv4 --- */

/* Decodes type and code. Return: false if the error does not concern a connection. */
static bool read_error(struct icmp_error *e, int type, int code, u32 info)
{
	switch (type) {
	case ICMP_REDIRECT:
		e->kind = KIND_REDIRECT;
		return true;
	case ICMP_PARAMETERPROB:
		e->err = EPROTO;
		e->ends_request = true;
		return true;
	case ICMP_TIME_EXCEEDED:
		e->err = EHOSTUNREACH;
		e->ends_request = true;
		return true;
	case ICMP_DEST_UNREACH:
		if (code > NR_ICMP_UNREACH)
			return false;
		if (code == ICMP_FRAG_NEEDED) {
			e->kind = KIND_TOO_BIG;
			e->mtu = info;
			return true;
		}
		e->err = icmp_err_convert[code].errno;
		e->unreachable = code == ICMP_NET_UNREACH || code == ICMP_HOST_UNREACH;
		e->ends_request = e->unreachable;
		return true;
	}
	return false;
}

int atcp_icmp_v4(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	u8 *p = skb->data + iph->ihl * 4;
	struct icmp_error e = {
		.seq = get_unaligned_be32(p + 4),
		.info = info,
		.hops = iph->ttl,
		.port = htons(get_unaligned_be16(p + 2)),
		.quoted = p,
	};
	struct atcp_key key;

	if (!read_error(&e, icmp_hdr(skb)->type, icmp_hdr(skb)->code, info))
		return 0;
	atcp_key_v4(&key, iph->protocol, iph->saddr, htons(get_unaligned_be16(p)), iph->daddr,
		    e.port);
	return arrive(dev_net(skb->dev), &key, inet_iif(skb), inet_sdif(skb), skb, &e);
}

/* --- over IPv6 --- */

int atcp_icmp_v6(u8 carrier, struct sk_buff *skb, u8 type, u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *hdr = (const struct ipv6hdr *)skb->data;
	u8 *p = skb->data + offset;
	struct icmp_error e = {
		.seq = get_unaligned_be32(p + 4),
		.mtu = ntohl(info),
		.info = ntohl(info),
		.hops = ipv6_hdr(skb)->hop_limit,
		.unreachable = type == ICMPV6_DEST_UNREACH && code == ICMPV6_NOROUTE,
		.port = htons(get_unaligned_be16(p + 2)),
		.quoted = p,
	};
	struct atcp_key key;

	e.ends_request = icmpv6_err_convert(type, code, &e.err);
	if (type == NDISC_REDIRECT)
		e.kind = KIND_REDIRECT;
	else if (type == ICMPV6_PKT_TOOBIG)
		e.kind = KIND_TOO_BIG;
	atcp_key_v6(&key, carrier, &hdr->saddr, htons(get_unaligned_be16(p)), &hdr->daddr,
		    e.port);
	return arrive(dev_net(skb->dev), &key, inet6_iif(skb), inet6_sdif(skb),
				skb, &e);
}
