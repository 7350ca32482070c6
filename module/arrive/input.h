/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Input of segments from IP: checks and demultiplexing.
 */
#ifndef _ATCP_INPUT_H
#define _ATCP_INPUT_H

#include "atcp.h"

/**
 * atcp_v4_input() - a segment comes in from IPv4
 * @skb:	of any shape; TCP header at skb->data; consumed
 *
 * Softirq, RCU read section. Return: 0, as a struct net_protocol handler.
 */
int atcp_v4_input(struct sk_buff *skb);
/* The same from IPv6. */
int atcp_v6_input(struct sk_buff *skb);

#endif /* _ATCP_INPUT_H */
