/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace has of atcp: tables, limits, counters.
 */
#ifndef _ATCP_NETNS_H
#define _ATCP_NETNS_H

#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "core/core.h"

/* bind.c; a power of two: 128 ports of two carriers in each, for every VRF */
#define ATCP_BIND_BUCKETS	512

/* Counters of core/stat.h, one such structure a CPU and namespace. */
struct atcp_stats {
	u64 v[ATCP_STAT_COUNT];
};

/* Local ports in use whose number hashes here. */
struct atcp_bind_bucket {
	spinlock_t lock;		/* of everything below; taken with BHs off */
	struct hlist_head binds;	/* struct atcp_bind */
};

/**
 * struct atcp_limits - caps and defaults that the glue reads, lockless, any time
 * @max_tw:		TIME-WAITs kept at once; no more than the first namespace's
 * @max_orphans:	connections that no program holds; likewise
 * @max_syn_backlog:	without cookies, a listener's requests that leave none of the
 *			last quarter free
 * @reuse_tw:		may connect() take over a TIME-WAIT? 0: no, 1: yes, 2: on loopback
 * @syncookies:		0: drop a SYN that no queue takes; 1: cookie; 2: always cookie
 * @abort_on_overflow:	reset whom the accept queue does not take
 * @moderate_rcvbuf:	receive buffers grow by themselves
 * @rmem:		receive buffer: least, default, most that auto-tuning gives
 * @wmem:		send buffer, likewise
 * @notsent_lowat:	unsent bytes from which on a socket is not writable
 */
struct atcp_limits {
	u32 max_tw;
	u32 max_orphans;
	u32 max_syn_backlog;
	u32 reuse_tw;
	u32 syncookies;
	bool abort_on_overflow;
	bool moderate_rcvbuf;
	u32 rmem[3];
	u32 wmem[3];
	u32 notsent_lowat;
};

/**
 * struct atcp_net - one namespace's share
 * @net:	the namespace; holds no reference, goes with it
 * @space:	what the core shares between connections
 * @limits:	see there
 * @stats:	per CPU
 * @bound_nodes: how many of @connections are bound to a device, or about to be there; read
 *		for each segment, and so not behind that table, whose count changes
 * @moves:	how often one has gone to another device; likewise
 * @connections: struct atcp_node by struct atcp_key; RCU
 * @listens:	struct atcp_listen_place, by address and port; RCU, changed under @listen_lock
 * @listen_lock: of @listens and all that is in them
 * @listeners:	struct atcp_listener by number, for walks
 * @binds:	ports in use, ATCP_BIND_BUCKETS buckets
 * @crowds:	struct atcp_crowd, who is bound there: by address and port (bind.h)
 * @holds:	struct atcp_hold, likewise; RCU
 * @port_key:	secret of ephemeral port selection (RFC 6056 section 3.3.4)
 * @held:	ports that holds keep the kernel's TCP off, a bit for each of 65536; or NULL:
 *		the namespace has never had a socket of the carrier TCP
 * @tcp_groups_lock: of @tcp_groups
 * @tcp_groups:	the first and the last group that may make sockets of the carrier TCP
 * @claim_lock:	of changes to the next three
 * @claims:	the hooks by which they come (hooks.c) are there
 * @defrags:	and netfilter's reassembly of IPv6, for them
 * @defrag_asked: its module has been asked for
 * @pool_lock:	of changes to the pool and its counts
 * @pool:	ports that connect() takes over the carrier TCP (pool.c), or NULL
 * @pool_count:	how many
 * @pool_all:	with those behind them that are old: connect() leaves them alone
 * @pool_work:	lets go of those that nobody uses
 * @agent:	a socket of the kernel's TCP that picks them (hold.c), or NULL
 * @dead_holds:	struct atcp_hold to be freed by @hold_work
 * @hold_work:	see there
 * @sockets:	atcp sockets in the namespace, of any state
 * @orphans:	sockets that no program holds, not yet closed
 * @tw_count:	TIME-WAITs
 * @req_count:	requests
 * @sysctl:	registration of net.atcp
 * @sysctl_table: its rows, and behind them the numbers as they were written
 * @node:	in the list of all, netns.c
 */
struct atcp_net {
	struct net *net;
	struct atcp_space space;
	struct atcp_limits limits;
	struct atcp_stats __percpu *stats;
	atomic_t bound_nodes;
	atomic_t moves;
	struct rhashtable connections;
	struct rhltable listens;
	spinlock_t listen_lock;		/* of changes to listens */
	struct xarray listeners;
	struct atcp_bind_bucket *binds;
	struct rhltable crowds;
	struct rhltable holds;
	siphash_key_t port_key;
	unsigned long *held;
	seqlock_t tcp_groups_lock;	/* of tcp_groups */
	kgid_t tcp_groups[2];
	struct mutex claim_lock;	/* of the next three */
	bool claims;
	bool defrags;
	bool defrag_asked;
	struct mutex pool_lock;		/* of pool and its counts */
	u16 *pool;
	u32 pool_count;
	u32 pool_all;
	struct delayed_work pool_work;
	struct socket *agent;
	struct llist_head dead_holds;
	struct work_struct hold_work;
	atomic_t sockets;
	atomic_t orphans;
	atomic_t tw_count;
	atomic_t req_count;
	struct ctl_table_header *sysctl;
	struct ctl_table *sysctl_table;
	struct list_head node;
};

extern unsigned int atcp_net_id;

static inline struct atcp_net *atcp_net(const struct net *net)
{
	return net_generic(net, atcp_net_id);
}

static inline struct atcp_net *atcp_space_net(struct atcp_space *space)
{
	return container_of(space, struct atcp_net, space);
}

int __init atcp_netns_init(void);
/* Flushes what is left in every namespace. Call rcu_barrier() afterwards. */
void atcp_netns_exit(void);

/*
 * Resets every connection, in all namespaces, that no program holds (the
 * module parameter reset_orphans). Process context.
 */
void atcp_reset_orphans(void);

/* Calls @fn for each namespace; none begins or ends meanwhile. Process context. */
void atcp_netns_each(void (*fn)(struct atcp_net *an, void *arg), void *arg);

#endif /* _ATCP_NETNS_H */
