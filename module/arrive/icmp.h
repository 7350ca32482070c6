/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors from the network: what they quote finds a connection, which is told.
 */
#ifndef _ATCP_ICMP_H
#define _ATCP_ICMP_H

#include "atcp.h"

/**
 * atcp_icmp_v4() - an ICMP error about a segment of the carrier that it quotes
 * @skb:	the IPv4 header that is quoted at skb->data, and 8 bytes behind it
 * @info:	what belongs to type and code, as a struct net_protocol's err_handler gets it
 *
 * Softirq, RCU read section. Return: 0, or -ENOENT when there is no such connection.
 */
int atcp_icmp_v4(struct sk_buff *skb, u32 info);

/*
 * The same over IPv6, about a segment of @carrier: the IPv6 header that is quoted is at
 * skb->data, the TCP header @offset behind that, and 8 bytes of it are there.
 */
int atcp_icmp_v6(u8 carrier, struct sk_buff *skb, u8 type, u8 code, int offset, __be32 info);

#endif /* _ATCP_ICMP_H */
