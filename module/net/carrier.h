/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The carriers, by which a connection's segments go to IP.  carrier253.c sends them as
 * the payload of IP protocol 253, whose large segments offload253.c cuts.  carrier_tcp.c
 * sends them as TCP.  The receiving side of both is hooks.c.
 */
#ifndef _ATCP_CARRIER_H
#define _ATCP_CARRIER_H

#include "atcp.h"

/* Registers the segmentation of protocol 253 (GSO) with IP. */
int __init atcp_offload253_init(void);
void atcp_offload253_exit(void);

int atcp_carrier253_transmit(struct sock *sk, struct sk_buff *skb, u32 hlen, u32 mss);
int atcp_carrier_tcp_transmit(struct sock *sk, struct sk_buff *skb, u32 hlen, u32 mss);

/**
 * atcp_carrier_transmit() - finish a connection's segment and give it to IP
 * @sk:		locked, connected
 * @skb:	header (checksum zero) and payload at skb->data, owned by @sk
 * @hlen:	header bytes
 * @mss:	payload above this is to be cut at every @mss bytes
 *
 * Sets the transport header, GSO fields and checksum; consumes @skb. This is
 * the body of atcp_host_transmit().
 *
 * Return: 0 or a negative errno, as ip_queue_xmit().
 */
static inline int atcp_carrier_transmit(struct sock *sk, struct sk_buff *skb, u32 hlen, u32 mss)
{
	return atcp_carrier(sk) == IPPROTO_TCP ? atcp_carrier_tcp_transmit(sk, skb, hlen, mss) :
						 atcp_carrier253_transmit(sk, skb, hlen, mss);
}

/* The GSO type of a connection's large segments. Locked, connecting. */
static inline int atcp_carrier_gso_type(const struct sock *sk)
{
	if (atcp_carrier(sk) != IPPROTO_TCP)
		return SKB_GSO_SCTP;
	return atcp_sk(sk)->over_v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
}

#endif /* _ATCP_CARRIER_H */
