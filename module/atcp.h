/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct atcp_sock, the kernel object of a connection, and the nodes and keys of the
 * connection table.
 *
 * A socket is protected by its socket lock: user calls take lock_sock(), softirq
 * takes bh_lock_sock() and puts a segment into the backlog while a user owns the
 * lock.  Everything in struct atcp_sock, the control block included, is under it
 * unless its comment says otherwise.  All locks and their order: "Locks" in
 * module/README.md.
 */
#ifndef _ATCP_ATCP_H
#define _ATCP_ATCP_H

#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "core/core.h"
#include "uapi/atcp.h"

/* Headroom of a segment for the TCP header, the IP header with options, and the link. */
#define ATCP_HEADROOM	L1_CACHE_ALIGN(128 + MAX_HEADER)

/**
 * struct atcp_key - the key of the connection table: addresses, ports, device, carrier
 *
 * IPv4 addresses are mapped (::ffff:a.b.c.d), so that one table serves both.
 */
struct atcp_key {
	struct in6_addr laddr;
	struct in6_addr raddr;
	__be16 lport;
	__be16 rport;
	int dev;		/* interface that the node is bound to, or 0 */
	u8 carrier;		/* IPPROTO_ATCP or IPPROTO_TCP */
};

/* The types of nodes in the connection table. */
enum atcp_node_type {
	ATCP_NODE_SOCK,		/* struct atcp_sock, any state from SYN-SENT on */
	ATCP_NODE_REQ,		/* struct atcp_request, SYN-RECEIVED from a listener */
	ATCP_NODE_TW,		/* struct atcp_timewait */
	ATCP_NODE_MOVING,	/* struct atcp_node alone: placeholder of a moving socket */
};

/* Head of everything in the connection table. */
struct atcp_node {
	struct rhash_head hash;
	struct atcp_key key;
	u8 type;		/* enum atcp_node_type */
};

struct atcp_bind;		/* bind.h: one local port in use */
struct atcp_crowd;		/* bind.h: the holders of a port with equal traits */
struct atcp_hold;		/* hold.h: a port that is bound in the kernel's TCP for us */
struct atcp_pace;		/* pace.h: the fine timer */
struct atcp_listener;		/* listen.c: queues of a listening socket */

/* Urgent data (RFC 6093), as the sockets API shows it. */
enum atcp_urgent {
	ATCP_URGENT_NONE,
	ATCP_URGENT_AHEAD,	/* announced, not yet received */
	ATCP_URGENT_HERE,	/* received: atcp_sock.urgent_octet */
	ATCP_URGENT_READ,	/* read by MSG_OOB */
};

struct atcp_sock {
	struct inet_sock inet;		/* must be first */
	struct atcp_node node;		/* in the connection table while hashed */
	bool hashed;
	bool over_v6;			/* its segments go over IPv6, as node.key says */
	bool bind_chosen;		/* counted in bind's chosen; under the bind bucket's lock */
	bool timer_deferred;		/* @timer fired while a user owned the lock */
	bool timer_fine;		/* tcb.armed is to be kept to microseconds */
	bool mss_stale;			/* route or path MTU may have changed: atcp_ip_sync_mss() */
	struct atcp_bind *bind;		/* port held, or NULL (bind.h) */
	struct atcp_hold *hold;		/* keeps the kernel's TCP off it, or NULL; likewise */
	struct atcp_crowd *crowd;	/* its crowd of @bind; under the bind bucket's lock */
	struct hlist_node bind_node;	/* in crowd's members; likewise */
	struct atcp_listener __rcu *listener;	/* LISTEN only; changed under the lock */
	struct list_head accept_node;	/* child waiting in its listener's accept queue */
	struct timer_list timer;	/* the core's next deadline (sock.c) */
	u64 timer_fires;		/* when @timer fires if it is pending, likewise */
	struct atcp_pace *pace;		/* the fine timer (pace.c), or NULL */
	bool orphaned;			/* counted in atcp_net.orphans */
	bool corked;			/* TCP_CORK */
	u8 defer_accept;		/* TCP_DEFER_ACCEPT, as time-outs of the SYN-ACK */
	u8 save_syn;			/* TCP_SAVE_SYN */
	u8 recv_inq;			/* TCP_INQ */
	bool cc_chosen;			/* TCP_CONGESTION was set: children have the same */
	bool cc_locked;			/* the route does not let it be set */
	const struct atcp_cc_ops *cc;	/* with a reference; RCU reads it without the lock */
	bool stamp_ids;			/* stamp_base is set */
	u8 urgent;			/* enum atcp_urgent */
	u8 urgent_octet;		/* while ATCP_URGENT_HERE */
	u32 stamp_base;			/* number 0 of SOF_TIMESTAMPING_OPT_ID */
	u32 urgent_seq;			/* of the last octet of urgent data */
	int compacted;			/* sk_rmem_alloc after the last atcp_compact(), or 0 */
	u32 pmtu;			/* path MTU that tcb.mss_path was computed from (ip.c) */
	const void *path_dst;		/* the route that @path is of; only compared */
	u32 path;			/* its next hop and device, as a hash (ip.c) */
	u32 icmp_mtu;			/* MTU from an ICMP error, while mss_stale */
	u32 icmp_seq;			/* sequence number that icmp_err was about */
	int icmp_err;			/* ICMP error that came while a user owned the lock, or 0 */
	u32 notsent_lowat;		/* TCP_NOTSENT_LOWAT, 0: the namespace's */
	u32 tx_delay;			/* TCP_TX_DELAY, microseconds */
	struct atcp_saved_syn *saved_syn;	/* TCP_SAVED_SYN, or NULL */
	struct atcp_tcb tcb;
};

/* The headers of the SYN that a connection came from (TCP_SAVE_SYN). */
struct atcp_saved_syn {
	u32 len;
	u8 data[];
};

/* A socket made with ATCP_IPV6.  inet_sk(sk)->pinet6 points to @inet6. */
struct atcp6_sock {
	struct atcp_sock atcp;		/* must be first */
	struct ipv6_pinfo inet6;
};

static inline struct atcp_sock *atcp_sk(const struct sock *sk)
{
	return (struct atcp_sock *)sk;
}

static_assert((ATCP_PROTOCOL_TCP & 0xff) == IPPROTO_TCP);

/*
 * The IP protocol that carries a socket's segments.  It never changes.
 *
 * sk_protocol is 253 or ATCP_PROTOCOL_TCP.  IP writes its low octet into the header; that
 * of ATCP_PROTOCOL_TCP is 6.  IPPROTO_TCP itself is not used, because the kernel would
 * take the socket for a struct tcp_sock.
 */
static inline u8 atcp_carrier(const struct sock *sk)
{
	return sk->sk_protocol & 0xff;
}

static inline struct sock *atcp_tcb_sk(const struct atcp_tcb *c)
{
	return (struct sock *)container_of(c, struct atcp_sock, tcb);
}

#endif /* _ATCP_ATCP_H */
