// SPDX-License-Identifier: GPL-2.0
/*
 * Segmentation (GSO) of protocol 253 for devices that cannot take large segments.
 *
 * Checksums are computed here, in software: hardware either takes a checksum 16 bytes
 * into the transport header for that of TCP, or does not support it.
 */
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/protocol.h>

#include "net/carrier.h"

/*
 * Completes the TCP header of one segment: sequence number, flags, urgent pointer and
 * checksum.  Its payload begins at @offset in that of the large segment, whose length
 * from the transport header on was @total.
 */
static void finish_segment(struct sk_buff *seg, u32 offset, u32 total, bool last)
{
	struct tcphdr *th = tcp_hdr(seg);
	u8 *p = (u8 *)th;
	u32 len = seg->len - (p - seg->data);
	__wsum pseudo;

	put_unaligned_be32(get_unaligned_be32(p + 4) + offset, p + 4);
	if (!last)
		p[13] &= ~(ATCP_FIN | ATCP_PSH);
	if (offset)
		p[13] &= ~ATCP_CWR;
	if (p[13] & ATCP_URG) {
		u16 up = get_unaligned_be16(p + 18);

		if (up > offset) {
			put_unaligned_be16(up - offset, p + 18);
		} else {
			put_unaligned_be16(0, p + 18);
			p[13] &= ~ATCP_URG;
		}
	}
	/* th->check has the sum of the pseudo header, whose length has to be corrected. */
	pseudo = csum_sub(csum_unfold(th->check), (__force __wsum)htonl(total));
	pseudo = csum_add(pseudo, (__force __wsum)htonl(len));
	th->check = ~csum_fold(pseudo);
	th->check = gso_make_checksum(seg, ~csum_unfold(th->check));
}

static struct sk_buff *gso_segment(struct sk_buff *skb, netdev_features_t features)
{
	struct sk_buff *segs, *seg;
	u32 hlen, mss, total = skb->len, offset = 0;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_SCTP) || skb->ip_summed != CHECKSUM_PARTIAL ||
	    !pskb_may_pull(skb, ATCP_HDR_MIN))
		return ERR_PTR(-EINVAL);
	hlen = atcp_hdr_len(skb->data);
	mss = skb_shinfo(skb)->gso_size;
	if (hlen < ATCP_HDR_MIN || !pskb_may_pull(skb, hlen) || skb->len - hlen <= mss)
		return ERR_PTR(-EINVAL);

	if (skb_gso_ok(skb, features | NETIF_F_GSO_ROBUST)) {
		/* The device cuts it; an untrusted source may have set a wrong count. */
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(skb->len - hlen, mss);
		return NULL;
	}

	__skb_pull(skb, hlen);
	segs = skb_segment(skb, features & ~NETIF_F_CSUM_MASK);
	if (IS_ERR(segs))
		return segs;
	for (seg = segs; seg; seg = seg->next, offset += mss)
		finish_segment(seg, offset, total, !seg->next);
	/* skb_segment() gives the socket to the last segment: that one reports the timestamp. */
	if (unlikely(skb_shinfo(skb)->tx_flags & SKBTX_ANY_SW_TSTAMP)) {
		skb_shinfo(segs->prev)->tx_flags |= skb_shinfo(skb)->tx_flags & SKBTX_ANY_TSTAMP;
		skb_shinfo(segs->prev)->tskey = skb_shinfo(skb)->tskey;
	}
	return segs;
}

static const struct net_offload offload253 = {
	.callbacks = {
		.gso_segment = gso_segment,
	},
};

int __init atcp_offload253_init(void)
{
	if (inet_add_offload(&offload253, IPPROTO_ATCP))
		return -EBUSY;
	if (inet6_add_offload(&offload253, IPPROTO_ATCP)) {
		inet_del_offload(&offload253, IPPROTO_ATCP);
		return -EBUSY;
	}
	return 0;
}

void atcp_offload253_exit(void)
{
	inet6_del_offload(&offload253, IPPROTO_ATCP);
	inet_del_offload(&offload253, IPPROTO_ATCP);
}
