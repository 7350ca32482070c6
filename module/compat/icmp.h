/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.8: the functions that put ICMP errors into a socket's error queue are exported.
 * Older kernels do not export them: these do the same, without IP_RECVERR_RFC4884.
 */
#ifndef _ATCP_COMPAT_ICMP_H
#define _ATCP_COMPAT_ICMP_H

#include <net/ip.h>
#include <net/ipv6.h>

#ifdef ATCP_HAVE_ICMP_ERROR

#define atcp_icmp_error4	ip_icmp_error
#define atcp_icmp_error6	ipv6_icmp_error

#else

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/sock.h>

/*
 * @ee: the error; @addr: the destination of the packet it is about.  Unread errors count
 * in sk_rmem_alloc, as with ip_icmp_error(): sk_rcvbuf bounds them.
 */
static inline void atcp_queue_icmp_error(struct sock *sk, struct sk_buff *skb,
					 struct sock_extended_err ee, const void *addr,
					 __be16 port, const u8 *payload)
{
	struct sock_exterr_skb *serr;

	skb = skb_clone(skb, GFP_ATOMIC);
	if (!skb)
		return;
	serr = SKB_EXT_ERR(skb);
	serr->ee = ee;
	serr->addr_offset = (const u8 *)addr - skb_network_header(skb);
	serr->port = port;
	if (skb_pull(skb, payload - skb->data)) {
		skb_reset_transport_header(skb);
		if (!sock_queue_err_skb(sk, skb))
			return;
	}
	kfree_skb(skb);
}

static inline void atcp_icmp_error4(struct sock *sk, struct sk_buff *skb, int err, __be16 port,
				    u32 info, u8 *payload)
{
	const struct icmphdr *icmp = icmp_hdr(skb);
	struct sock_extended_err ee = {
		.ee_errno = err,
		.ee_origin = SO_EE_ORIGIN_ICMP,
		.ee_type = icmp->type,
		.ee_code = icmp->code,
		.ee_info = info,
	};

	atcp_queue_icmp_error(sk, skb, ee, &((const struct iphdr *)(icmp + 1))->daddr, port,
			      payload);
}

static inline void atcp_icmp_error6(struct sock *sk, struct sk_buff *skb, int err, __be16 port,
				    u32 info, u8 *payload)
{
	const struct icmp6hdr *icmp = icmp6_hdr(skb);
	struct sock_extended_err ee = {
		.ee_errno = err,
		.ee_origin = SO_EE_ORIGIN_ICMP6,
		.ee_type = icmp->icmp6_type,
		.ee_code = icmp->icmp6_code,
		.ee_info = info,
	};

	if (atcp_recverr6(sk))
		atcp_queue_icmp_error(sk, skb, ee, &((const struct ipv6hdr *)(icmp + 1))->daddr,
				      port, payload);
}

#endif

#endif /* _ATCP_COMPAT_ICMP_H */
