/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments of the carrier TCP that are ours and not the kernel's TCP's.
 */
#ifndef _ATCP_CLAIM_H
#define _ATCP_CLAIM_H

#include <linux/ipv6.h>
#include <net/ip.h>

#include "netns.h"

struct nf_hook_state;

/*
 * Netfilter's hooks: mark a segment that is ours, and look at an ICMP error about one.
 * Softirq or, after NFQUEUE, process context; RCU read section.
 */
unsigned int atcp_claim_v4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int atcp_claim_v6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/* No more segments are claimed anywhere; those that were have been received. */
void atcp_claim_exit(void);

/*
 * A claimed segment's mark, in what IP keeps with it: of its flags the last, which
 * IP does not use, and clears when a packet comes in.
 */
#define ATCP_CLAIMED	BIT(15)

static inline bool atcp_v4_claimed(const struct sk_buff *skb)
{
	return IPCB(skb)->flags & ATCP_CLAIMED;
}

static inline bool atcp_v6_claimed(const struct sk_buff *skb)
{
	return IP6CB(skb)->flags & ATCP_CLAIMED;
}

/* Makes TCP of it again. Return: false: no memory, and it is gone. */
bool atcp_v4_unclaim(struct sk_buff *skb);
bool atcp_v6_unclaim(struct sk_buff *skb);

#endif /* _ATCP_CLAIM_H */
