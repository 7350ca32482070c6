/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments of the carrier TCP that are ours and not the kernel's TCP's.
 */
#ifndef _ATCP_CLAIM_H
#define _ATCP_CLAIM_H

#include <linux/ipv6.h>
#include <net/ip.h>

#include "netns.h"

void atcp_claim_net_init(struct atcp_net *an);
/* No more segments are claimed in the namespace, once a grace period is over. */
void atcp_claim_stop(struct atcp_net *an);
void atcp_claim_net_exit(struct atcp_net *an);

/**
 * atcp_claim_start() - a socket of the carrier TCP is being made in the namespace
 * @an:	the namespace's
 * @v6:	it is one over IPv6, of which fragments have to be put together
 *
 * From the first on segments are claimed there, until the namespace ends: to begin
 * and to stop disturbs others. Process context.
 *
 * Return: 0, -EAFNOSUPPORT: nothing puts them together, or another negative errno.
 */
int atcp_claim_start(struct atcp_net *an, bool v6);

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
