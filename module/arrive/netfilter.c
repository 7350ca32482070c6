// SPDX-License-Identifier: GPL-2.0
/*
 * The netfilter hooks that claim segments of the carrier TCP (claim.c).  Without
 * CONFIG_NETFILTER this file is left out, and there is no carrier TCP.
 *
 * A namespace has the hooks from its first socket of the carrier TCP on.  IPv6 reassembles
 * fragments after LOCAL_IN.  So from the first socket over IPv6 on, netfilter's
 * reassembly (nf_defrag_ipv6) is enabled, which affects all packets that the namespace
 * receives or forwards.  Without it a fragmented segment would go to the kernel's TCP,
 * which would reset our connection.  So no socket is made if it cannot be enabled.
 */
#include <linux/kmod.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "arrive/claim.h"
#include "arrive/netfilter.h"

static const struct nf_hook_ops claims[] = {
	{
		.hook		= atcp_claim_v4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MAX,
	}, {
		.hook		= atcp_claim_v6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MAX,
	},
};

/*
 * Enables reassembly in the namespace, until defrag_stop().  atcp.ko has to load on hosts
 * without nf_defrag_ipv6, and so looks its symbols up here.  That module is requested once
 * a namespace; if it is installed later, it has to be loaded by hand.  claim_lock is held.
 */
static int defrag_start(struct atcp_net *an)
{
	int (*enable)(struct net *net);
	int err;

	enable = symbol_get(nf_defrag_ipv6_enable);
	if (!enable && !an->defrag_asked) {
		an->defrag_asked = true;
		request_module("nf_defrag_ipv6");
		enable = symbol_get(nf_defrag_ipv6_enable);
	}
	if (!enable) {
		pr_warn_once("no module nf_defrag_ipv6 to reassemble fragments: no TCP on the wire over IPv6\n");
		return -EAFNOSUPPORT;
	}
	err = enable(an->net);
	if (err)
		symbol_put(nf_defrag_ipv6_enable);
	else
		/* Publishes that reassembly is enabled; paired with atcp_netfilter_start(). */
		smp_store_release(&an->defrags, true);
	return err;
}

static void defrag_stop(struct atcp_net *an)
{
	void (*disable)(struct net *net);

	if (!an->defrags)
		return;
	an->defrags = false;
	disable = symbol_get(nf_defrag_ipv6_disable);
	if (disable) {
		disable(an->net);
		symbol_put(nf_defrag_ipv6_disable);
	}
	symbol_put(nf_defrag_ipv6_enable);
}

void atcp_netfilter_net_init(struct atcp_net *an)
{
	mutex_init(&an->claim_lock);
}

void atcp_netfilter_net_exit(struct atcp_net *an)
{
	kvfree(an->held);
}

/* Allocates the bitmap of held ports and registers the hooks. claim_lock is held. */
static int claims_start(struct atcp_net *an)
{
	int err;

	if (!an->held)
		an->held = kvcalloc(BITS_TO_LONGS(65536), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!an->held)
		return -ENOMEM;
	err = nf_register_net_hooks(an->net, claims, ARRAY_SIZE(claims));
	if (!err)
		/* Publishes an->held and the hooks; paired with atcp_netfilter_start(). */
		smp_store_release(&an->claims, true);
	return err;
}

int atcp_netfilter_start(struct atcp_net *an, bool v6)
{
	int err = 0;

	/* Paired with the releases in claims_start() and defrag_start(). */
	if (smp_load_acquire(&an->claims) && (!v6 || smp_load_acquire(&an->defrags)))
		return 0;
	mutex_lock(&an->claim_lock);
	if (v6 && !an->defrags)
		err = defrag_start(an);
	if (!err && !an->claims)
		err = claims_start(an);
	mutex_unlock(&an->claim_lock);
	return err;
}

void atcp_netfilter_stop(struct atcp_net *an)
{
	defrag_stop(an);
	if (!an->claims)
		return;
	an->claims = false;
	nf_unregister_net_hooks(an->net, claims, ARRAY_SIZE(claims));
}
