// SPDX-License-Identifier: GPL-2.0
/*
 * The carrier TCP: segments as any TCP sends them.  The device, or the kernel in its
 * place, computes checksums (CHECKSUM_PARTIAL) and cuts large segments (TSO, GSO).
 */
#include <linux/skbuff.h>
#include <net/tcp.h>

#include "net/carrier.h"
#include "net/atcp_ip.h"

int atcp_carrier_tcp_transmit(struct sock *sk, struct sk_buff *skb, u32 hlen, u32 mss)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 payload = skb->len - hlen;

	skb_reset_transport_header(skb);
	if (payload > mss) {
		shinfo->gso_type = sk->sk_gso_type;
		shinfo->gso_size = mss;
		shinfo->gso_segs = DIV_ROUND_UP(payload, mss);
	} else {
		shinfo->gso_type = 0;
		shinfo->gso_size = 0;
		shinfo->gso_segs = 0;
	}
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	tcp_hdr(skb)->check = ~atcp_ip_checksum(sk, skb->len, 0);
	return atcp_ip_xmit(sk, skb);
}
