// SPDX-License-Identifier: GPL-2.0
/*
 * The carrier 253: TCP segments as the payload of IP protocol 253 (RFC 3692).
 */
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "net/carrier.h"
#include "net/atcp_ip.h"

/* On loopback, a payload of so many bytes is sent as GSO to avoid its checksum. */
#define SUM_WORTH	256

int atcp_carrier253_transmit(struct sock *sk, struct sk_buff *skb, u32 hlen, u32 mss)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 payload = skb->len - hlen;
	u32 segs = 1;
	__sum16 sum;

	skb_reset_transport_header(skb);
	if (payload > mss)
		segs = DIV_ROUND_UP(payload, mss);
	else if (payload >= SUM_WORTH && atcp_ip_loopback(sk))
		mss = DIV_ROUND_UP(payload, 2);
	else
		mss = 0;

	if (mss) {
		/*
		 * Software devices accept this GSO type with a partial checksum.
		 * No hardware does, so that none mistakes the segment for TCP.
		 * offload253.c completes the checksum when it cuts the segment.
		 */
		shinfo->gso_type = SKB_GSO_SCTP;
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_transport_header(skb) - skb->head;
		skb->csum_offset = offsetof(struct tcphdr, check);
		sum = ~atcp_ip_checksum(sk, skb->len, 0);
	} else {
		shinfo->gso_type = 0;
		skb->ip_summed = CHECKSUM_NONE;
		sum = atcp_ip_checksum(sk, skb->len, skb_checksum(skb, 0, skb->len, 0));
	}
	shinfo->gso_size = mss;
	shinfo->gso_segs = mss ? segs : 0;
	tcp_hdr(skb)->check = sum;
	return atcp_ip_xmit(sk, skb);
}
