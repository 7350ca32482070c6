// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, and drops of received segments: each is counted, traced, and freed
 * with a reason that the kernel's tools (kfree_skb, dropwatch) know.  Fields of a
 * connection are read with its lock held.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sock_diag.h>
#include <net/ipv6.h>

#include "stat.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* --- helpers of the assignments --- */

u64 atcp_trace_cookie(const struct sock *sk)
{
	u32 word[2] = {};

	if (sk)
		sock_diag_save_cookie((struct sock *)sk, word);
	return (u64)word[1] << 32 | word[0];
}

bool atcp_trace_is_v4(const struct atcp_key *key)
{
	return ipv6_addr_v4mapped(&key->laddr);
}

void atcp_trace_sockaddr(u8 *to, bool v4, const struct in6_addr *addr, __be16 port, int scope)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *sin = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*sin6));
	if (v4) {
		sin->sin_family = AF_INET;
		sin->sin_port = port;
		sin->sin_addr.s_addr = addr->s6_addr32[3];
	} else {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = port;
		sin6->sin6_addr = *addr;
		sin6->sin6_scope_id = scope;
	}
}

const struct atcp_tcb *atcp_trace_tcb(const struct sock *sk)
{
	return sk && atcp_sk(sk)->tcb.state != ATCP_LISTEN ? &atcp_sk(sk)->tcb : NULL;
}

/* --- addresses and ports --- */

/* The node's key; before connect() there is none, and the key is what @sk is bound to. */
static void key_of(const struct sock *sk, struct atcp_key *key)
{
	if (atcp_sk(sk)->node.key.lport) {
		*key = atcp_sk(sk)->node.key;
		return;
	}
	memset(key, 0, sizeof(*key));
	key->lport = htons(inet_sk(sk)->inet_num);
	if (sk->sk_family == AF_INET6) {
		key->laddr = sk->sk_v6_rcv_saddr;
		return;
	}
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &key->laddr);
	ipv6_addr_set_v4mapped(0, &key->raddr);
}

/* Reads key and header from a received segment. Return: payload bytes. */
static u32 parse(const struct sk_buff *skb, struct atcp_key *key, struct atcp_hdr *h)
{
	const u8 *p = skb_transport_header(skb);
	u32 hlen;

	memset(key, 0, sizeof(*key));
	memset(h, 0, sizeof(*h));
	if (skb_network_header(skb) < skb->head)
		return 0;
	if (ip_hdr(skb)->version == 4) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &key->laddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &key->raddr);
	} else {
		key->laddr = ipv6_hdr(skb)->daddr;
		key->raddr = ipv6_hdr(skb)->saddr;
	}
	if (p + ATCP_HDR_MIN > skb_tail_pointer(skb))
		return 0;
	hlen = atcp_hdr_len(p);
	if (!atcp_hdr_read(h, p, skb_tail_pointer(skb) - p))
		return 0;
	key->lport = htons(h->dport);
	key->rport = htons(h->sport);
	/* skb->data is at the TCP header or behind it. */
	return skb->len + (skb->data - p) - hlen;
}

/* --- drops --- */

/* The nearest reason of the kernel; those not listed have none. */
static const enum skb_drop_reason kernel_reason[ATCP_DROP_COUNT] = {
	[ATCP_DROP_BAD_HEADER] = SKB_DROP_REASON_PKT_TOO_SMALL,
	[ATCP_DROP_BAD_CHECKSUM] = SKB_DROP_REASON_TCP_CSUM,
	[ATCP_DROP_BAD_ADDRESS] = SKB_DROP_REASON_IP_INADDRERRORS,
	[ATCP_DROP_NO_PORT] = SKB_DROP_REASON_NO_SOCKET,
	[ATCP_DROP_POLICY] = SKB_DROP_REASON_XFRM_POLICY,
	[ATCP_DROP_FILTER] = SKB_DROP_REASON_SOCKET_FILTER,
	[ATCP_DROP_MIN_TTL] = SKB_DROP_REASON_TCP_MINTTL,
	[ATCP_DROP_BACKLOG] = SKB_DROP_REASON_SOCKET_BACKLOG,
	[ATCP_DROP_NO_MEMORY] = SKB_DROP_REASON_NOMEM,
	[ATCP_DROP_ACCEPT_QUEUE] = SKB_DROP_REASON_TCP_LISTEN_OVERFLOW,
	[ATCP_DROP_CLOSED] = SKB_DROP_REASON_TCP_CLOSE,
	[ATCP_DROP_UNEXPECTED] = SKB_DROP_REASON_TCP_FLAGS,
	[ATCP_DROP_PAWS] = SKB_DROP_REASON_TCP_RFC7323_PAWS,
	[ATCP_DROP_WINDOW] = SKB_DROP_REASON_TCP_INVALID_SEQUENCE,
	[ATCP_DROP_BLIND_RST] = SKB_DROP_REASON_TCP_RESET,
	[ATCP_DROP_BLIND_SYN] = SKB_DROP_REASON_TCP_INVALID_SYN,
	[ATCP_DROP_BAD_ACK] = SKB_DROP_REASON_TCP_ACK_UNSENT_DATA,
	[ATCP_DROP_OLD_ACK] = SKB_DROP_REASON_TCP_TOO_OLD_ACK,
	[ATCP_DROP_NO_ACK] = SKB_DROP_REASON_TCP_FLAGS,
	[ATCP_DROP_DUPLICATE] = SKB_DROP_REASON_TCP_OLD_DATA,
	[ATCP_DROP_AFTER_FIN] = SKB_DROP_REASON_TCP_FLAGS,
	[ATCP_DROP_AFTER_CLOSE] = SKB_DROP_REASON_TCP_CLOSE,
	[ATCP_DROP_RCVBUF] = SKB_DROP_REASON_SOCKET_RCVBUFF,
	[ATCP_DROP_PRUNED] = SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE,
};

static void refuse(const struct net *net, const struct sock *sk, struct sk_buff *skb,
		   enum atcp_drop why)
{
	if (trace_atcp_drop_enabled()) {
		struct atcp_key key;
		struct atcp_hdr h;
		u32 len = parse(skb, &key, &h);

		trace_atcp_drop(net, sk, &key, skb, &h, len, why);
	}
	kfree_skb_reason(skb, kernel_reason[why] ?: SKB_DROP_REASON_NOT_SPECIFIED);
}

void atcp_trace_drop(struct atcp_tcb *c, struct sk_buff *skb, enum atcp_drop why)
{
	const struct sock *sk = atcp_tcb_sk(c);

	refuse(sock_net(sk), sk, skb, why);
}

void atcp_net_drop(struct atcp_net *an, struct sk_buff *skb, enum atcp_drop why)
{
	atcp_net_count(an, atcp_drop_stat[why]);
	refuse(an->net, NULL, skb, why);
}

/* --- events of the core --- */

void atcp_trace_resent(struct atcp_tcb *c, u32 seq, u32 len, u8 kind)
{
	const struct sock *sk = atcp_tcb_sk(c);

	trace_atcp_retransmit(sock_net(sk), sk, &atcp_sk(sk)->node.key, seq, len, kind,
			      kind == ATCP_RESEND_PROBE ? c->probes :
			      kind == ATCP_RESEND_KEEPALIVE ? c->keep_sent : c->retries);
}

void atcp_trace_recovery(struct atcp_tcb *c, u8 old)
{
	const struct sock *sk = atcp_tcb_sk(c);

	trace_atcp_recovery(sock_net(sk), sk, &atcp_sk(sk)->node.key, old, c->recovery);
}

void atcp_trace_mtu(struct atcp_tcb *c, u8 what, u32 size)
{
	const struct sock *sk = atcp_tcb_sk(c);

	trace_atcp_mtu(sock_net(sk), sk, &atcp_sk(sk)->node.key, what, size);
}

/* --- events of the module --- */

void atcp_trace_sock_state(const struct sock *sk, u8 oldstate, u8 newstate)
{
	struct atcp_key key;

	key_of(sk, &key);
	trace_atcp_state(sock_net(sk), sk, &key, oldstate, newstate);
}

void atcp_trace_tw_state(const struct net *net, const struct atcp_key *key)
{
	trace_atcp_state(net, NULL, key, ATCP_TIME_WAIT, ATCP_CLOSED);
}

void atcp_trace_sock_snd(const struct sock *sk, const struct sk_buff *skb, u32 hlen)
{
	struct atcp_hdr h;

	if (atcp_hdr_read(&h, skb->data, hlen))
		trace_atcp_snd(sock_net(sk), sk, &atcp_sk(sk)->node.key, &h, skb->len - hlen,
			       atcp_sk(sk)->tcb.state);
}

void atcp_trace_flow_snd(const struct net *net, const struct sock *sk,
			 const struct atcp_key *key, const struct atcp_hdr *h)
{
	trace_atcp_snd(net, sk, key, h, 0, sk ? ATCP_SYN_RECEIVED : ATCP_CLOSED);
}

void atcp_trace_rcv(const struct net *net, const struct sock *sk, const struct sk_buff *skb,
		    u8 state)
{
	struct atcp_key key;
	struct atcp_hdr h;
	u32 len = parse(skb, &key, &h);

	trace_atcp_rcv(net, sk, &key, &h, len, state);
}

void atcp_trace_listen(const struct sock *sk, u32 requests, const struct atcp_key *key,
		       u8 decision)
{
	trace_atcp_listen(sock_net(sk), sk, key, decision, requests);
}

void atcp_trace_synack(const struct sock *sk, const struct atcp_key *key,
		       const struct atcp_req *req)
{
	trace_atcp_retransmit(sock_net(sk), sk, key, req->iss, 1, ATCP_RESEND_SYN,
			      req->retries);
}
