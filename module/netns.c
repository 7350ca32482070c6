// SPDX-License-Identifier: GPL-2.0
/*
 * Set-up and end of struct atcp_net, the module's data of a network namespace.
 *
 * Sockets, orphans included, hold a reference on their namespace.  When it ends, or the
 * module is unloaded, only TIME-WAITs are left.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <net/tcp.h>

#include "arrive/netfilter.h"
#include "atcp.h"
#include "cc_registry.h"
#include "demux.h"
#include "gate.h"
#include "listen/listeners.h"
#include "netns.h"
#include "port/hold.h"
#include "port/pool.h"
#include "port/ports.h"
#include "port/timewait.h"
#include "show/proc.h"
#include "stat.h"
#include "sysctl.h"

unsigned int atcp_net_id __read_mostly;

static DEFINE_MUTEX(nets_lock);
static LIST_HEAD(nets);		/* struct atcp_net; under nets_lock */

/*
 * As in tcp_init() and tcp_sk_init(), caps depend on the size of memory.  Buffer sizes
 * are copied from the first namespace, which starts with those of the kernel's TCP.
 */
static void limits_init(struct net *net, struct atcp_limits *limits)
{
	u32 hosts = clamp_t(unsigned long, totalram_pages() >> (17 - PAGE_SHIFT), 512, 524288);

	hosts = roundup_pow_of_two(hosts);
	*limits = (struct atcp_limits) {
		.max_tw = hosts / 2,
		.max_orphans = hosts / 2,
		.max_syn_backlog = max(128U, hosts / 128),
		.reuse_tw = 2,
		.syncookies = 1,
		.moderate_rcvbuf = true,
		.notsent_lowat = U32_MAX,
	};
	if (net_eq(net, &init_net)) {
		memcpy(limits->rmem, net->ipv4.sysctl_tcp_rmem, sizeof(limits->rmem));
		memcpy(limits->wmem, net->ipv4.sysctl_tcp_wmem, sizeof(limits->wmem));
	} else {
		const struct atcp_limits *first = &atcp_net(&init_net)->limits;

		memcpy(limits->rmem, first->rmem, sizeof(limits->rmem));
		memcpy(limits->wmem, first->wmem, sizeof(limits->wmem));
	}
}

static int __net_init net_init(struct net *net)
{
	struct atcp_net *an = atcp_net(net);
	int err;

	an->net = net;
	atcp_gate_net_init(an);
	atcp_netfilter_net_init(an);
	atcp_hold_net_init(an);
	atcp_pool_net_init(an);
	atcp_space_init(&an->space);
	an->space.conf.cc = &atcp_cc_reno;	/* where the default cannot be had */
	limits_init(net, &an->limits);
	an->stats = alloc_percpu_gfp(struct atcp_stats, GFP_KERNEL_ACCOUNT);
	if (!an->stats)
		return -ENOMEM;
	err = atcp_demux_init(an);
	if (err)
		goto no_demux;
	err = atcp_listeners_net_init(an);
	if (err)
		goto no_listeners;
	err = atcp_ports_net_init(an);
	if (err)
		goto no_ports;
	atcp_cc_net_init(an);
	err = atcp_sysctl_init(an);
	if (err)
		goto no_sysctl;
	err = atcp_proc_init(net);
	if (err)
		goto no_proc;
	mutex_lock(&nets_lock);
	list_add(&an->node, &nets);
	mutex_unlock(&nets_lock);
	atcp_sysctl_cap(an);
	return 0;
no_proc:
	atcp_sysctl_exit(an);
no_sysctl:
	atcp_cc_net_exit(an);
	atcp_ports_net_exit(an);
no_ports:
	atcp_listeners_net_exit(an);
no_listeners:
	atcp_demux_exit(an);
no_demux:
	free_percpu(an->stats);
	return err;
}

/* An RCU grace period follows, after which no timer function uses a TIME-WAIT any more. */
static void __net_exit net_pre_exit(struct net *net)
{
	struct atcp_net *an = atcp_net(net);

	mutex_lock(&nets_lock);
	list_del(&an->node);
	mutex_unlock(&nets_lock);
	atcp_netfilter_stop(an);
	atcp_timewait_flush(an);
}

static void __net_exit net_exit(struct net *net)
{
	struct atcp_net *an = atcp_net(net);

	atcp_proc_exit(net);
	atcp_sysctl_exit(an);
	WARN_ON_ONCE(atomic_read(&an->sockets));
	WARN_ON_ONCE(atomic_read(&an->tw_count));
	WARN_ON_ONCE(atomic_read(&an->req_count));
	atcp_pool_net_exit(an);
	atcp_hold_net_exit(an);
	atcp_netfilter_net_exit(an);
	atcp_cc_net_exit(an);
	atcp_ports_net_exit(an);
	atcp_listeners_net_exit(an);
	atcp_demux_exit(an);
	free_percpu(an->stats);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &atcp_net_id,
	.size = sizeof(struct atcp_net),
};

int __init atcp_netns_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void atcp_netns_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}

/* Resets the socket of @node if it is an orphan. RCU read section. */
static void reset_orphan(struct atcp_net *an, struct atcp_node *node)
{
	struct atcp_sock *as = container_of(node, struct atcp_sock, node);
	struct sock *sk = (struct sock *)as;

	if (!sock_flag(sk, SOCK_DEAD) || !refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	local_bh_disable();
	bh_lock_sock(sk);
	/* A socket that close() still owns is skipped, and is reset by the next write. */
	if (!sock_owned_by_user(sk) && sock_flag(sk, SOCK_DEAD) &&
	    as->tcb.state != ATCP_CLOSED) {
		atcp_net_count(an, ATCP_STAT_ORPHANS_RESET);
		atcp_abort(&as->tcb, 0);
	}
	bh_unlock_sock(sk);
	local_bh_enable();
	sock_put(sk);
}

static void reset_orphans(struct atcp_net *an, void *arg)
{
	struct rhashtable_iter iter;
	struct atcp_node *node;

	rhashtable_walk_enter(&an->connections, &iter);
	rhashtable_walk_start(&iter);
	while ((node = rhashtable_walk_next(&iter))) {
		/* The table was resized: some nodes come a second time, which does no harm. */
		if (IS_ERR(node))
			continue;
		if (node->type == ATCP_NODE_SOCK)
			reset_orphan(an, node);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

void atcp_netns_each(void (*fn)(struct atcp_net *an, void *arg), void *arg)
{
	struct atcp_net *an;

	mutex_lock(&nets_lock);
	list_for_each_entry(an, &nets, node)
		fn(an, arg);
	mutex_unlock(&nets_lock);
}

void atcp_reset_orphans(void)
{
	atcp_netns_each(reset_orphans, NULL);
}
