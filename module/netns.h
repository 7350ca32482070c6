/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's data of a network namespace: tables, limits, counters.
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

/* The counters of core/counters.h, for each CPU and namespace. */
struct atcp_stats {
	unsigned long v[ATCP_STAT_COUNT];	/* read by other CPUs: a word is never torn */
};

/* A hash bucket of local ports in use. */
struct atcp_bind_bucket {
	spinlock_t lock;		/* protects the ports; taken with BHs off */
	struct hlist_head binds;	/* struct atcp_bind */
};

/**
 * struct atcp_limits - sysctls that only the module reads, at any time without a lock
 * @max_tw:		most TIME-WAITs at a time; capped by the first namespace's
 * @max_orphans:	most orphans at a time; likewise
 * @max_syn_backlog:	size of a listener's SYN queue if @syncookies is 0; the last quarter
 *			is kept free
 * @reuse_tw:		whether connect() may replace a TIME-WAIT; 0: no, 1: yes, 2: on
 *			loopback
 * @syncookies:		0: drop a SYN if the queue is full; 1: send a cookie then; 2: always
 * @abort_on_overflow:	reset a connection that the full accept queue cannot take
 * @moderate_rcvbuf:	receive buffers are auto-tuned
 * @rmem:		receive buffer: minimum, default, maximum of auto-tuning
 * @wmem:		send buffer, likewise
 * @notsent_lowat:	a socket with so many unsent bytes is not writable
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
 * struct atcp_net - the module's data of a network namespace
 * @net:	the namespace, without a reference; the structure is freed with it
 * @space:	what the core shares between connections
 * @limits:	sysctls of the module
 * @cc:		congestion control of new sockets, with a reference; RCU
 * @stats:	counters, per CPU
 * @bound_nodes: how many of @connections are bound to a device, or about to be inserted
 *		so.  It is read for each segment, and so is kept off the cache line of
 *		the table's own count, which changes often.
 * @moves:	how often a node has moved to another device; likewise
 * @connections: struct atcp_node by struct atcp_key; RCU
 * @listens:	struct atcp_listen_place, by address and port; RCU, changed under @listen_lock
 * @listen_lock: protects changes to @listens and all that is in them
 * @listeners:	struct atcp_listener by number, for walks
 * @binds:	ports in use, ATCP_BIND_BUCKETS buckets
 * @crowds:	struct atcp_crowd, the holders of ports, by address and port (bind.h)
 * @holds:	struct atcp_hold, likewise; RCU
 * @port_key:	secret of ephemeral port selection (RFC 6056 section 3.3.4)
 * @held:	bitmap of the 65536 ports, with a bit for each that has a hold; NULL if the
 *		namespace has never had a socket of the carrier TCP
 * @tcp_groups_lock: protects @tcp_groups
 * @tcp_groups:	the first and the last group that may make sockets of the carrier TCP
 * @claim_lock:	protects changes to the next three
 * @claims:	the netfilter hooks of the carrier TCP (netfilter.c) are registered
 * @defrags:	netfilter's reassembly of IPv6 fragments is enabled
 * @defrag_asked: its module has been requested
 * @pool_lock:	protects changes to the pool and its counts
 * @pool:	ports that connect() picks from over the carrier TCP (pool.c), or NULL
 * @pool_count:	how many ports of @pool may be picked
 * @pool_all:	how many there are with the old ones, which follow in the array
 * @pool_work:	releases unused ports of the pool
 * @agent:	the socket of the kernel's TCP that binds them (hold.c), or NULL
 * @dead_holds:	struct atcp_hold to be freed by @hold_work
 * @hold_work:	frees @dead_holds
 * @sockets:	atcp sockets in the namespace, of any state
 * @orphans:	sockets that no program holds, not yet closed
 * @tw_count:	TIME-WAITs
 * @req_count:	requests
 * @sysctl:	registration of net.atcp
 * @sysctl_table: its rows, followed by the values as they were written
 * @node:	node in the list of all namespaces, netns.c
 */
struct atcp_net {
	struct net *net;
	struct atcp_space space;
	struct atcp_limits limits;
	const struct atcp_cc_ops __rcu *cc;
	struct atcp_stats __percpu *stats;
	atomic_t bound_nodes;
	atomic_t moves;
	struct rhashtable connections;
	struct rhltable listens;
	spinlock_t listen_lock;		/* protects changes to listens */
	struct xarray listeners;
	struct atcp_bind_bucket *binds;
	struct rhltable crowds;
	struct rhltable holds;
	siphash_key_t port_key;
	unsigned long *held;
	seqlock_t tcp_groups_lock;	/* protects tcp_groups */
	kgid_t tcp_groups[2];
	struct mutex claim_lock;	/* protects the next three */
	bool claims;
	bool defrags;
	bool defrag_asked;
	struct mutex pool_lock;		/* protects pool and its counts */
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
/* Ends the module's data of every namespace. Call rcu_barrier() afterwards. */
void atcp_netns_exit(void);

/*
 * Resets every orphan in all namespaces, for the module parameter reset_orphans.
 * Process context.
 */
void atcp_reset_orphans(void);

/* Calls @fn for each namespace; none is set up or ended meanwhile. Process context. */
void atcp_netns_each(void (*fn)(struct atcp_net *an, void *arg), void *arg);

#endif /* _ATCP_NETNS_H */
