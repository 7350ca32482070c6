// SPDX-License-Identifier: GPL-2.0
/*
 * From IP to the connection:
 *
 *   ip_local_deliver, ip6_input -> (carrier TCP: claimed, claim.c)
 *     -> atcp_v4_input, atcp_v6_input: header, checksum
 *     -> atcp_lookup: socket -> admitted (policies) -> lock -> atcp_sock_rcv
 *                     request -> atcp_request_rcv (request.c)
 *                     TIME-WAIT -> atcp_timewait_rcv (timewait.c)
 *     -> atcp_lookup_listener -> atcp_listen_rcv (listen.c)
 *     -> neither: RFC 9293 section 3.10.7.1, or the kernel's TCP (carrier TCP)
 */
#include <linux/filter.h>
#include <linux/skbuff.h>
#include <net/busy_poll.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/xfrm.h>

#include "arrive/claim.h"
#include "arrive/input.h"
#include "demux.h"
#include "listen/listen.h"
#include "listen/listeners.h"
#include "listen/request.h"
#include "net/atcp_ip.h"
#include "port/bind_hold.h"
#include "port/timewait.h"
#include "socket/sock.h"
#include "stat.h"
#include "tracing.h"

/* RFC 5082: whether the hop limit is below the socket's IP_MINTTL or IPV6_MINHOPCOUNT. */
static bool too_far(const struct sock *sk, const struct sk_buff *skb)
{
	if (atcp_skb_is_v6(skb))
		return ipv6_hdr(skb)->hop_limit < READ_ONCE(inet6_sk(sk)->min_hopcount);
	return ip_hdr(skb)->ttl < READ_ONCE(inet_sk(sk)->min_ttl);
}

/* Whether IPsec policies let the segment in. @sk may be NULL. */
static bool policy_ok(struct sock *sk, struct sk_buff *skb)
{
	return atcp_skb_is_v6(skb) ? xfrm6_policy_check(sk, XFRM_POLICY_IN, skb) :
				     xfrm4_policy_check(sk, XFRM_POLICY_IN, skb);
}

/*
 * Whether the minimum TTL, IPsec policies and socket filters let the segment through.
 * A filter may cut payload off the end.  Consumes @skb if they do not.
 */
static bool admitted(struct atcp_net *an, struct sock *sk, struct sk_buff *skb, u32 hlen)
{
	enum atcp_drop why = ATCP_DROP_POLICY;

	if (unlikely(too_far(sk, skb))) {
		why = ATCP_DROP_MIN_TTL;
		goto no;
	}
	if (!policy_ok(sk, skb))
		goto no;
	nf_reset_ct(skb);
	why = ATCP_DROP_FILTER;
	if (sk_filter_trim_cap(sk, skb, hlen))
		goto no;
	return true;
no:
	atcp_net_drop(an, skb, why);
	return false;
}

/*
 * Processes a segment, or puts it into the backlog if a user owns the socket.
 * Return: false if the socket has left the table; @skb is unchanged but for its device.
 */
static bool sock_input(struct atcp_net *an, struct sock *sk, struct sk_buff *skb,
		       const struct atcp_hdr *h)
{
	bool full;

	/* As segments in the backlog are: without a device; skb->data moves behind the header. */
	skb->dev = NULL;
	bh_lock_sock_nested(sk);
	if (unlikely(!READ_ONCE(atcp_sk(sk)->hashed))) {
		bh_unlock_sock(sk);
		return false;
	}
	sk_incoming_cpu_update(sk);
	sk_mark_napi_id(sk, skb);
	__skb_pull(skb, h->hlen);
	if (!sock_owned_by_user(sk)) {
		atcp_sock_rcv(sk, skb, h, 0);
		bh_unlock_sock(sk);
		return true;
	}
	atcp_mark(skb)->arrived = atcp_host_now();
	full = sk_add_backlog(sk, skb, atcp_backlog_limit(sk));
	bh_unlock_sock(sk);
	if (unlikely(full))
		atcp_net_drop(an, skb, ATCP_DROP_BACKLOG);
	return true;
}

/* A segment for which there is neither a connection nor a listener. Consumes @skb. */
static void no_port(struct atcp_net *an, struct sk_buff *skb, const struct atcp_hdr *h,
		    u8 carrier)
{
	struct atcp_hdr reply;

	atcp_saw_rcv(an->net, NULL, skb, ATCP_CLOSED);
	if (!policy_ok(NULL, skb)) {
		atcp_net_drop(an, skb, ATCP_DROP_POLICY);
		return;
	}
	if (atcp_closed_arrive(h, skb->len - h->hlen, &reply) == ATCP_REPLY) {
		nf_reset_ct(skb);
		atcp_ip_reply(an->net, NULL, carrier, skb, &reply);
	}
	atcp_net_drop(an, skb, ATCP_DROP_NO_PORT);
}

static bool checksum_wrong(struct sk_buff *skb, u8 carrier)
{
	if (atcp_skb_is_v6(skb))
		return skb_checksum_validate(skb, carrier, ip6_compute_pseudo);
	return skb_checksum_validate(skb, carrier, inet_compute_pseudo);
}

/*
 * Pulls the header into the linear part, verifies the checksum and decodes the header.
 * Return: false if anything is wrong; @skb is consumed then.
 */
static bool read_header(struct atcp_net *an, struct sk_buff *skb, struct atcp_hdr *h,
			u8 carrier)
{
	u32 hlen;

	atcp_net_count(an, ATCP_STAT_IN_SEGS);
	if (skb->pkt_type != PACKET_HOST) {
		atcp_net_drop(an, skb, ATCP_DROP_BAD_ADDRESS);
		return false;
	}
	if (!pskb_may_pull(skb, ATCP_HDR_MIN))
		goto bad;
	hlen = atcp_hdr_len(skb->data);
	if (hlen < ATCP_HDR_MIN || !pskb_may_pull(skb, hlen))
		goto bad;
	if (checksum_wrong(skb, carrier)) {
		atcp_net_drop(an, skb, ATCP_DROP_BAD_CHECKSUM);
		return false;
	}
	if (!atcp_hdr_read(h, skb->data, hlen))
		goto bad;
	return true;
bad:
	atcp_net_drop(an, skb, ATCP_DROP_BAD_HEADER);
	return false;
}

/*
 * Whether the local port may be the kernel's TCP's by now.  Then a segment that nothing of
 * ours takes goes back to it: the socket that claim.c found has closed, or only a
 * TIME-WAIT of ours is left.
 */
static bool tcp_may_own(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif)
{
	return key->carrier == IPPROTO_TCP && !atcp_port_owned(an, key, dif, sdif);
}

/* What became of a segment. */
enum fate {
	FATE_TAKEN,		/* it was consumed */
	FATE_AGAIN,		/* what was found had left the table: look up again */
	FATE_TCP,		/* it is for the kernel's TCP, and was not consumed */
};

/*
 * Looks up whose segment it is, and hands it over.
 * @dif, @sdif: the interface that it came in by, as for atcp_lookup()
 * @old: out, the TIME-WAIT that a SYN has ended, if *@reopened
 * @reopened: in and out, whether a SYN has ended a TIME-WAIT
 */
static enum fate demultiplex(struct atcp_net *an, struct sk_buff *skb, const struct atcp_hdr *h,
			     const struct atcp_key *key, int dif, int sdif, struct atcp_tw *old,
			     bool *reopened)
{
	struct atcp_node *node = atcp_lookup(an, key, dif, sdif);
	struct atcp_timewait *tw;
	struct atcp_request *req;
	struct sock *sk;
	bool reopen, listening;

	if (!node)
		goto listener;

	switch (node->type) {
	case ATCP_NODE_SOCK:
		sk = (struct sock *)container_of(node, struct atcp_sock, node);
		if (admitted(an, sk, skb, h->hlen) && !sock_input(an, sk, skb, h))
			return FATE_AGAIN;
		return FATE_TAKEN;
	case ATCP_NODE_REQ:
		req = container_of(node, struct atcp_request, node);
		if (admitted(an, req->listener->sk, skb, h->hlen) &&
		    !atcp_request_rcv(req, skb, h))
			return FATE_AGAIN;
		return FATE_TAKEN;
	case ATCP_NODE_TW:
		tw = container_of(node, struct atcp_timewait, node);
		if (!policy_ok(NULL, skb)) {
			atcp_net_drop(an, skb, ATCP_DROP_POLICY);
			return FATE_TAKEN;
		}
		listening = h->flags & ATCP_SYN &&
			    (atcp_lookup_listener(an, key, dif, sdif, skb) ||
			     tcp_may_own(an, key, dif, sdif));
		if (atcp_timewait_rcv(tw, skb, h, listening, &reopen, old))
			return FATE_TAKEN;
		if (!reopen)
			return FATE_AGAIN;
		*reopened = true;
		goto listener;
	case ATCP_NODE_MOVING:
		atcp_net_drop(an, skb, ATCP_DROP_MOVING);
		return FATE_TAKEN;
	}

listener:
	sk = atcp_lookup_listener(an, key, dif, sdif, skb);
	if (sk) {
		if (admitted(an, sk, skb, h->hlen) &&
		    !atcp_listen_rcv(sk, skb, h, key, *reopened ? old : NULL))
			return FATE_AGAIN;
		return FATE_TAKEN;
	}
	if (tcp_may_own(an, key, dif, sdif))
		return FATE_TCP;
	no_port(an, skb, h, key->carrier);
	return FATE_TAKEN;
}

/* How often a segment is looked up if what was found leaves the table each time. */
#define LOOKUP_TRIES	3

/* Return: true if @skb was consumed; false if it is for the kernel's TCP. */
static bool segment_input(struct atcp_net *an, struct sk_buff *skb, const struct atcp_hdr *h,
			  const struct atcp_key *key, int dif, int sdif)
{
	struct net_device *dev = skb->dev;
	bool reopened = false;
	struct atcp_tw old;
	int i;

	for (i = 0; i < LOOKUP_TRIES; i++) {
		enum fate fate = demultiplex(an, skb, h, key, dif, sdif, &old, &reopened);

		if (fate != FATE_AGAIN)
			return fate == FATE_TAKEN;
		skb->dev = dev;
	}
	/* The peer retransmits it. */
	atcp_net_drop(an, skb, ATCP_DROP_MOVING);
	return true;
}

int atcp_v4_input(struct sk_buff *skb)
{
	struct atcp_net *an = atcp_net(dev_net(skb->dev));
	const struct iphdr *iph;
	u8 carrier = IPPROTO_ATCP;
	struct atcp_key key;
	struct atcp_hdr h;

	if (atcp_v4_claimed(skb)) {
		carrier = IPPROTO_TCP;
		if (!atcp_v4_unclaim(skb))
			return 0;
	}
	/* Drops a reference to a socket of the kernel's that a BPF program assigned. */
	skb_orphan(skb);
	if (!read_header(an, skb, &h, carrier))
		return 0;
	iph = ip_hdr(skb);
	atcp_key_v4(&key, carrier, iph->daddr, htons(h.dport), iph->saddr, htons(h.sport));
	/* A negative protocol number makes IPv4 hand the segment to that protocol. */
	return segment_input(an, skb, &h, &key, inet_iif(skb), inet_sdif(skb)) ? 0 : -IPPROTO_TCP;
}

int atcp_v6_input(struct sk_buff *skb)
{
	struct atcp_net *an = atcp_net(dev_net(skb->dev));
	u8 carrier = IPPROTO_ATCP;
	const struct ipv6hdr *hdr;
	struct atcp_key key;
	struct atcp_hdr h;

	if (atcp_v6_claimed(skb)) {
		carrier = IPPROTO_TCP;
		if (!atcp_v6_unclaim(skb))
			return 0;
	}
	skb_orphan(skb);
	if (!read_header(an, skb, &h, carrier))
		return 0;
	hdr = ipv6_hdr(skb);
	/*
	 * A mapped address would be taken for IPv4's in the key, and is never valid on the
	 * wire.  An unspecified source cannot be answered (RFC 4291 section 2.5.2, RFC 9293
	 * MUST-63).
	 */
	if (ipv6_addr_v4mapped(&hdr->saddr) || ipv6_addr_v4mapped(&hdr->daddr) ||
	    ipv6_addr_any(&hdr->saddr)) {
		atcp_net_drop(an, skb, ATCP_DROP_BAD_ADDRESS);
		return 0;
	}
	atcp_key_v6(&key, carrier, &hdr->daddr, htons(h.dport), &hdr->saddr, htons(h.sport));
	/* A positive protocol number makes IPv6 hand the segment to that protocol. */
	return segment_input(an, skb, &h, &key, inet6_iif(skb), inet6_sdif(skb)) ? 0 : IPPROTO_TCP;
}
