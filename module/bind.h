/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local ports in use: a table of them, who holds each, and who may do so beside
 * whom.
 */
#ifndef _ATCP_BIND_H
#define _ATCP_BIND_H

#include "atcp.h"
#include "netns.h"

/**
 * struct atcp_bound - what a socket is bound to, apart from its port
 * @v6:		address; mapped for an AF_INET socket; :: and mapped 0.0.0.0 mean all
 * @v4:		the same as an IPv4 address: 0.0.0.0 for ::, none's for one of IPv6
 * @dev:	interface index, or 0
 * @v6only:	takes nothing of IPv4
 */
struct atcp_bound {
	struct in6_addr v6;
	__be32 v4;
	int dev;
	bool v6only;
};

/* Who of SO_REUSEPORT gets a port without a look at its holders? */
enum atcp_bind_group {
	ATCP_BIND_NONE,
	ATCP_BIND_ALIKE,	/* @user's sockets on addresses of @bound */
	ATCP_BIND_ALL,		/* @user's sockets: the holders are all of that kind */
};

/**
 * struct atcp_bind - a local port in use
 * @node:	in its bucket
 * @port:	host byte order
 * @carrier:	whose port: each has a space of its own
 * @l3mdev:	interface index of the VRF whose port it is, or 0
 * @reuse:	every holder had SO_REUSEADDR when it got the port, and does not listen
 * @group:	enum atcp_bind_group
 * @user:	see there
 * @bound:	see there
 * @family:	of the socket that @bound is of
 * @chosen:	holders that did not get it from connect(): without any of these
 *		another connect() may share it
 * @socks:	holders, by atcp_sock.bind_node
 * @tws:	holders, by atcp_timewait.bind_node
 * @holds:	struct atcp_hold: what keeps the kernel's TCP off it (carrier TCP)
 */
struct atcp_bind {
	struct hlist_node node;
	u16 port;
	u8 carrier;
	int l3mdev;
	bool reuse;
	u8 group;
	kuid_t user;
	struct atcp_bound bound;
	u16 family;
	u32 chosen;
	struct hlist_head socks;
	struct hlist_head tws;
	struct hlist_head holds;
};

/* Reads what a socket is bound to from its own fields. */
void atcp_bound_get(struct atcp_bound *bound, const struct sock *sk);

/* Is there an address and a device that both are bound to? @family is that of @a's socket. */
bool atcp_bound_overlap(int family, const struct atcp_bound *a, const struct atcp_bound *b);

int __init atcp_binds_init(void);
void atcp_binds_exit(void);
int atcp_binds_net_init(struct atcp_net *an);
void atcp_binds_net_exit(struct atcp_net *an);

static inline struct atcp_bind_bucket *atcp_bucket_of(struct atcp_net *an, u16 port)
{
	return &an->binds[port & (ATCP_BIND_BUCKETS - 1)];
}

/* --- under the lock of the port's bucket, which is taken with BHs off --- */

struct atcp_bind *atcp_bind_find(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
				 int l3mdev);

/* One that nobody holds yet, in the table; NULL: no memory. */
struct atcp_bind *atcp_bind_create(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
				   int l3mdev);

/* It goes if nobody holds it. */
void atcp_bind_release(struct atcp_bind *b);

/* How much may a socket share with the other holders of a port? */
enum atcp_share {
	ATCP_SHARE_NOTHING,	/* it wants any port that is free */
	ATCP_SHARE_REUSE,	/* the same, as net.ipv4.ip_autobind_reuse relaxes it */
	ATCP_SHARE_ALL,		/* it wants this one */
};

/* Does another holder of the port stand in @sk's way? */
bool atcp_bind_conflict(const struct sock *sk, const struct atcp_bind *b,
			enum atcp_share share);

/* Is there no need to look at the holders, of whom there may be many? */
bool atcp_bind_welcome(const struct sock *sk, const struct atcp_bind *b);

/* @sk gets the port, or starts to listen there: who will be welcome from now on? */
void atcp_bind_learn(struct atcp_bind *b, const struct sock *sk);

#endif /* _ATCP_BIND_H */
