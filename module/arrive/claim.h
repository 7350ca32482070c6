/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claiming: taking segments of the carrier TCP that are ours from the kernel's TCP.
 */
#ifndef _ATCP_CLAIM_H
#define _ATCP_CLAIM_H

#include <linux/ipv6.h>
#include <net/ip.h>

#include "netns.h"

struct nf_hook_state;

/*
 * Netfilter hooks at LOCAL_IN: mark a segment that is ours, and handle an ICMP error about
 * one.  Softirq or, after NFQUEUE, process context; RCU read section.
 */
unsigned int atcp_claim_v4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int atcp_claim_v6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/*
 * The mark of a claimed segment: the highest flag in IP's control block, which IP does
 * not use, and clears when a packet arrives.
 */
#define ATCP_CLAIMED	BIT(15)

static inline bool atcp_v4_claimed(const struct sk_buff *skb)
{
	return IS_ENABLED(CONFIG_NETFILTER) && IPCB(skb)->flags & ATCP_CLAIMED;
}

static inline bool atcp_v6_claimed(const struct sk_buff *skb)
{
	return IS_ENABLED(CONFIG_NETFILTER) && IP6CB(skb)->flags & ATCP_CLAIMED;
}

/* Restores the protocol number of TCP. Return: false if there is no memory; @skb is freed. */
bool atcp_v4_unclaim(struct sk_buff *skb);
bool atcp_v6_unclaim(struct sk_buff *skb);

/* Stops claiming in all namespaces, and waits until claimed segments have been received. */
#ifdef CONFIG_NETFILTER
void atcp_claim_exit(void);
#else
static inline void atcp_claim_exit(void) {}
#endif

#endif /* _ATCP_CLAIM_H */
