// SPDX-License-Identifier: GPL-2.0
/*
 * The entry points of segments and ICMP errors: the handlers of protocol 253, which IP
 * calls.  Those of the carrier TCP are marked for them first (claim.c).
 */
#include <net/protocol.h>

#include "arrive/hooks.h"
#include "arrive/icmp.h"
#include "arrive/input.h"

static const struct net_protocol protocol253_v4 = {
	.handler = atcp_v4_input,
	.err_handler = atcp_icmp_v4,
	.no_policy = 1,
	.icmp_strict_tag_validation = 1,
};

static int icmp_v6(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code,
		   int offset, __be32 info)
{
	return atcp_icmp_v6(IPPROTO_ATCP, skb, type, code, offset, info);
}

static const struct inet6_protocol protocol253_v6 = {
	.handler = atcp_v6_input,
	.err_handler = icmp_v6,
	.flags = INET6_PROTO_NOPOLICY | INET6_PROTO_FINAL,
};

int __init atcp_hooks_init(void)
{
	if (inet_add_protocol(&protocol253_v4, IPPROTO_ATCP))
		return -EBUSY;
	if (inet6_add_protocol(&protocol253_v6, IPPROTO_ATCP)) {
		inet_del_protocol(&protocol253_v4, IPPROTO_ATCP);
		return -EBUSY;
	}
	return 0;
}

void atcp_hooks_exit(void)
{
	inet6_del_protocol(&protocol253_v6, IPPROTO_ATCP);
	inet_del_protocol(&protocol253_v4, IPPROTO_ATCP);
}
