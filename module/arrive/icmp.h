/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors from the network, for the connection that they quote a segment of.
 */
#ifndef _ATCP_ICMP_H
#define _ATCP_ICMP_H

#include "atcp.h"

/**
 * atcp_icmp_v4() - an ICMP error about a segment of the carrier that it quotes
 * @skb:	the quoted IPv4 header at skb->data, with 8 bytes behind it
 * @info:	the MTU, pointer or gateway, as an err_handler of struct net_protocol gets it
 *
 * Softirq, RCU read section. Return: 0, or -ENOENT if there is no such connection.
 */
int atcp_icmp_v4(struct sk_buff *skb, u32 info);

/*
 * The same over IPv6, about a segment of @carrier.  The quoted IPv6 header is at
 * skb->data, and at least 8 bytes of the quoted TCP header are at @offset behind it.
 */
int atcp_icmp_v6(u8 carrier, struct sk_buff *skb, u8 type, u8 code, int offset, __be32 info);

#endif /* _ATCP_ICMP_H */
