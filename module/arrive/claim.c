// SPDX-License-Identifier: GPL-2.0
/*
 * How segments of the carrier TCP get to us instead of the kernel's TCP:
 *
 *   LOCAL_IN, after all other hooks -> look-up of the segment's port
 *     not ours, or a socket is attached to it already: it passes unchanged
 *     ours: its protocol becomes 253, and it is marked -> connection tracking confirms
 *       it, IP calls the handler of 253 -> input.c, where it becomes TCP again
 *
 * IP gives ICMP errors about TCP to the kernel's TCP alone.  So the hook handles a copy of
 * those that quote our segments.
 *
 * A segment that was queued to a program (NFQUEUE) is reinjected in process context, with
 * BHs on.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/tcp.h>

#include "arrive/claim.h"
#include "arrive/icmp.h"
#include "demux.h"
#include "listen/listeners.h"
#include "port/bind_hold.h"

static bool stopped;

static bool port_may_be_ours(const struct atcp_net *an, __be16 port)
{
	return test_bit(ntohs(port), an->held) && likely(!READ_ONCE(stopped));
}

static bool ours(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif)
{
	return atcp_lookup(an, key, dif, sdif) || atcp_lookup_listener(an, key, dif, sdif, NULL) ||
	       atcp_port_owned(an, key, dif, sdif);
}

/* --- IPv4 --- */

/* Handles an ICMP error if it quotes a segment of ours; the kernel's TCP gets it as well. */
static void icmp4_error(struct atcp_net *an, struct sk_buff *skb, u32 hlen)
{
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
	} buf;
	u8 mtu_mode = READ_ONCE(an->net->ipv4.sysctl_ip_no_pmtu_disc);
	const struct icmphdr *icmp;
	struct sk_buff *copy;
	u32 inner, info = 0;

	icmp = skb_header_pointer(skb, hlen, sizeof(buf), &buf);
	if (!icmp)
		return;
	switch (icmp->type) {
	case ICMP_DEST_UNREACH:
		if (icmp->code != ICMP_FRAG_NEEDED)
			break;
		/* ip_no_pmtu_disc: 1 and 2 ignore ICMP; 3 wants it checked, as is done here. */
		if (mtu_mode == 1 || mtu_mode == 2)
			return;
		info = ntohs(icmp->un.frag.mtu);
		if (!info)
			return;
		break;
	case ICMP_PARAMETERPROB:
		info = ntohl(icmp->un.gateway) >> 24;
		break;
	case ICMP_REDIRECT:
		info = ntohl(icmp->un.gateway);
		break;
	case ICMP_TIME_EXCEEDED:
		break;
	default:
		return;
	}
	if (((const struct iphdr *)(icmp + 1))->protocol != IPPROTO_TCP)
		return;

	/* A copy is pulled and trimmed: the rest of the stack gets the packet unchanged. */
	copy = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return;
	inner = hlen + sizeof(*icmp);
	if (!pskb_may_pull(copy, inner + sizeof(struct iphdr)))
		goto out;
	inner += ((struct iphdr *)(copy->data + inner))->ihl * 4;
	if (inner < hlen + sizeof(*icmp) + sizeof(struct iphdr) || !pskb_may_pull(copy, inner + 8))
		goto out;
	if (!port_may_be_ours(an, *(__be16 *)(copy->data + inner)) ||
	    nf_ip_checksum(copy, NF_INET_LOCAL_IN, hlen, IPPROTO_ICMP))
		goto out;
	skb_set_transport_header(copy, hlen);
	__skb_pull(copy, hlen + sizeof(*icmp));
	local_bh_disable();
	atcp_icmp_v4(copy, info);
	local_bh_enable();
out:
	consume_skb(copy);
}

unsigned int atcp_claim_v4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct atcp_net *an = atcp_net(state->net);
	const struct iphdr *iph = ip_hdr(skb);
	u32 hlen = iph->ihl * 4;
	const __be16 *ports;
	struct atcp_key key;
	__be16 buf[2];

	if (skb->sk || skb->pkt_type != PACKET_HOST)
		return NF_ACCEPT;
	if (iph->protocol == IPPROTO_ICMP) {
		icmp4_error(an, skb, hlen);
		return NF_ACCEPT;
	}
	if (iph->protocol != IPPROTO_TCP)
		return NF_ACCEPT;
	ports = skb_header_pointer(skb, hlen, sizeof(buf), buf);
	if (!ports || !port_may_be_ours(an, ports[1]))
		return NF_ACCEPT;
	atcp_key_v4(&key, IPPROTO_TCP, iph->daddr, ports[1], iph->saddr, ports[0]);
	if (!ours(an, &key, inet_iif(skb), inet_sdif(skb)))
		return NF_ACCEPT;
	if (skb_ensure_writable(skb, hlen))
		return NF_DROP;
	ip_hdr(skb)->protocol = IPPROTO_ATCP;
	IPCB(skb)->flags |= ATCP_CLAIMED;
	return NF_ACCEPT;
}

/*
 * A clone may have been made since the hook, by a packet socket for example: the header
 * is copied before it is changed.  Frees @skb if there is no memory.
 */
static bool header_is_writable(struct sk_buff *skb)
{
	if (!skb_header_cloned(skb) || !pskb_expand_head(skb, 0, 0, GFP_ATOMIC | __GFP_NOWARN))
		return true;
	kfree_skb(skb);
	return false;
}

bool atcp_v4_unclaim(struct sk_buff *skb)
{
	if (!header_is_writable(skb))
		return false;
	IPCB(skb)->flags &= ~ATCP_CLAIMED;
	ip_hdr(skb)->protocol = IPPROTO_TCP;
	return true;
}

/* --- IPv6 --- */

/**
 * struct place - where the IPv6 header and its extension headers end
 * @proto:	protocol of the upper-layer header
 * @nexthdr:	offset of the next-header octet that says so
 * @offset:	offset of the upper-layer header
 */
struct place {
	u8 proto;
	u32 nexthdr;
	u32 offset;
};

/*
 * Finds the upper-layer header.  Return: false if the packet is a fragment, is for another
 * hop of a routing header, has IPsec's authentication header, or is malformed.
 */
static bool find_upper(const struct sk_buff *skb, struct place *p)
{
	int hops;

	p->proto = ipv6_hdr(skb)->nexthdr;
	p->nexthdr = offsetof(struct ipv6hdr, nexthdr);
	p->offset = sizeof(struct ipv6hdr);
	for (hops = 0; hops < 8; hops++) {
		const struct ipv6_rt_hdr *ext;
		struct ipv6_rt_hdr buf;

		switch (p->proto) {
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
		case NEXTHDR_ROUTING:
			break;
		case NEXTHDR_FRAGMENT:
		case NEXTHDR_AUTH:
		case NEXTHDR_NONE:
			return false;
		default:
			return true;
		}
		ext = skb_header_pointer(skb, p->offset, sizeof(buf), &buf);
		if (!ext || (p->proto == NEXTHDR_ROUTING && ext->segments_left))
			return false;
		p->proto = ext->nexthdr;
		p->nexthdr = p->offset;
		p->offset += ipv6_optlen((const struct ipv6_opt_hdr *)ext);
	}
	return false;
}

/*
 * The offset of the packet that an ICMPv6 error quotes, or 0.  A redirect quotes it in an
 * option, and is valid only from the link (RFC 4861 sections 4.5 and 8.1).
 */
static u32 quoted_offset(struct sk_buff *skb, u32 offset, const struct icmp6hdr *icmp)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	const struct nd_opt_hdr *opt;
	u32 at = offset + sizeof(struct rd_msg);

	if (icmp->icmp6_type != NDISC_REDIRECT)
		return offset + sizeof(*icmp);
	if (icmp->icmp6_code || hdr->hop_limit != 255 ||
	    IP6CB(skb)->flags & IP6SKB_FRAGMENTED ||
	    !(ipv6_addr_type(&hdr->saddr) & IPV6_ADDR_LINKLOCAL) ||
	    skb_linearize(skb))
		return 0;
	while (at + sizeof(*opt) <= skb->len) {
		opt = (const struct nd_opt_hdr *)(skb->data + at);
		if (!opt->nd_opt_len)
			return 0;
		if (opt->nd_opt_type == ND_OPT_REDIRECT_HDR)
			return at + 8;
		at += opt->nd_opt_len * 8;
	}
	return 0;
}

static void icmp6_error(struct atcp_net *an, struct sk_buff *skb, u32 offset)
{
	struct icmp6hdr buf;
	const struct icmp6hdr *icmp;
	struct sk_buff *copy;
	__be16 frag_off;
	u32 quoted;
	int inner;
	u8 proto;

	icmp = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!icmp)
		return;
	switch (icmp->icmp6_type) {
	case ICMPV6_DEST_UNREACH:
	case ICMPV6_PKT_TOOBIG:
	case ICMPV6_TIME_EXCEED:
	case ICMPV6_PARAMPROB:
	case NDISC_REDIRECT:
		break;
	default:
		return;
	}
	copy = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return;
	quoted = quoted_offset(copy, offset, icmp);
	if (!quoted || !pskb_may_pull(copy, quoted + sizeof(struct ipv6hdr)))
		goto out;
	inner = quoted;
	proto = ((struct ipv6hdr *)(copy->data + inner))->nexthdr;
	inner += sizeof(struct ipv6hdr);
	if (ipv6_ext_hdr(proto)) {
		inner = ipv6_skip_exthdr(copy, inner, &proto, &frag_off);
		if (inner < 0 || frag_off & htons(~0x7))
			goto out;
	}
	if (proto != IPPROTO_TCP || !pskb_may_pull(copy, inner + 8) ||
	    !port_may_be_ours(an, *(__be16 *)(copy->data + inner)) ||
	    nf_ip6_checksum(copy, NF_INET_LOCAL_IN, offset, IPPROTO_ICMPV6))
		goto out;
	skb_set_transport_header(copy, offset);
	__skb_pull(copy, quoted);
	icmp = icmp6_hdr(copy);
	local_bh_disable();
	atcp_icmp_v6(IPPROTO_TCP, copy, icmp->icmp6_type, icmp->icmp6_code, inner - quoted,
		     icmp->icmp6_mtu);
	local_bh_enable();
out:
	consume_skb(copy);
}

unsigned int atcp_claim_v6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct atcp_net *an = atcp_net(state->net);
	const struct ipv6hdr *hdr;
	const __be16 *ports;
	struct atcp_key key;
	struct place place;
	__be16 buf[2];
	u8 *nexthdr;

	if (skb->sk || skb->pkt_type != PACKET_HOST || !find_upper(skb, &place))
		return NF_ACCEPT;
	if (place.proto == IPPROTO_ICMPV6) {
		icmp6_error(an, skb, place.offset);
		return NF_ACCEPT;
	}
	if (place.proto != IPPROTO_TCP)
		return NF_ACCEPT;
	ports = skb_header_pointer(skb, place.offset, sizeof(buf), buf);
	if (!ports || !port_may_be_ours(an, ports[1]))
		return NF_ACCEPT;
	hdr = ipv6_hdr(skb);
	atcp_key_v6(&key, IPPROTO_TCP, &hdr->daddr, ports[1], &hdr->saddr, ports[0]);
	if (!ours(an, &key, inet6_iif(skb), inet6_sdif(skb)))
		return NF_ACCEPT;
	if (skb_ensure_writable(skb, place.offset))
		return NF_DROP;
	nexthdr = skb_network_header(skb) + place.nexthdr;
	skb_postpull_rcsum(skb, nexthdr, 1);
	*nexthdr = IPPROTO_ATCP;
	skb_postpush_rcsum(skb, nexthdr, 1);
	IP6CB(skb)->flags |= ATCP_CLAIMED;
	return NF_ACCEPT;
}

bool atcp_v6_unclaim(struct sk_buff *skb)
{
	if (!header_is_writable(skb))
		return false;
	IP6CB(skb)->flags &= ~ATCP_CLAIMED;
	skb_network_header(skb)[IP6CB(skb)->nhoff] = IPPROTO_TCP;
	return true;
}

/* --- the end --- */

void atcp_claim_exit(void)
{
	WRITE_ONCE(stopped, true);
	synchronize_net();
}
