/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local ports in use: a table of them, who holds each, and who may do so beside
 * whom.
 */
#ifndef _ATCP_BIND_H
#define _ATCP_BIND_H

#include "atcp.h"
#include "netns.h"
#include "place.h"

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

/**
 * struct atcp_traits - what of a holder of a port counts for bind()
 * @bound:	what it is bound to
 * @user:	whose it is, if that counts: with SO_REUSEPORT
 * @reuse:	SO_REUSEADDR, and does not listen
 * @reuseport:	SO_REUSEPORT
 */
struct atcp_traits {
	struct atcp_bound bound;
	kuid_t user;
	bool reuse;
	bool reuseport;
};

/**
 * struct atcp_crowd - the holders of a port who were alike when they became so
 * @place:	in atcp_net.crowds
 * @bind:	the port
 * @traits:	theirs; whom an option has changed since is moved when it is met
 * @socks:	of them, by atcp_sock.bind_node
 * @tws:	of them, by atcp_timewait.bind_node; their user does not count
 * @first:	in atcp_bind.kinds, of the first of a kind: crowds that differ in nothing but
 *		their address, of whom a socket that is bound to all meets all or none
 * @kin:	the crowds of that kind, a ring
 * @rcu:	for freeing
 *
 * Under the lock of the port's bucket.
 */
struct atcp_crowd {
	struct atcp_place place;
	struct atcp_bind *bind;
	struct atcp_traits traits;
	struct hlist_head socks;
	struct hlist_head tws;
	union {
		struct {
			struct hlist_node first;
			struct list_head kin;
		};
		struct rcu_head rcu;
	};
};

/* Who of SO_REUSEPORT gets a port without a look at its holders? */
enum atcp_bind_group {
	ATCP_BIND_NONE,
	ATCP_BIND_ALIKE,	/* sockets of atcp_bind.user on addresses of its bound */
	ATCP_BIND_ALL,		/* sockets of that user: the holders are all of that kind */
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
 * @holders:	sockets and TIME-WAITs
 * @kinds:	struct atcp_crowd, one of each kind: one for each device, user of SO_REUSEPORT
 *		and set of options, so that they are few
 * @holds:	how many struct atcp_hold keep the kernel's TCP off it (carrier TCP)
 * @pooled:	the one of them that has it in the pool (pool.c), or NULL
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
	u32 holders;
	struct hlist_head kinds;
	u32 holds;
	struct atcp_hold *pooled;
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

/* The crowd that @sk belongs to, perhaps a new one; NULL: no memory. */
struct atcp_crowd *atcp_crowd_of(struct atcp_bind *b, const struct sock *sk);

/* It goes if it is empty. */
void atcp_crowd_release(struct atcp_net *an, struct atcp_crowd *crowd);

/* @sk, a holder, may not be what it was: to the crowd that it belongs to, if there is memory. */
void atcp_crowd_move(struct sock *sk);

/* One of the TIME-WAITs that hold ports of the bucket, or NULL. */
struct atcp_timewait *atcp_bind_timewait(const struct atcp_bind_bucket *bucket);

/* How much may a socket share with the other holders of a port? */
enum atcp_share {
	ATCP_SHARE_NOTHING,	/* it wants any port that is free */
	ATCP_SHARE_REUSE,	/* the same, as net.ipv4.ip_autobind_reuse relaxes it */
	ATCP_SHARE_ALL,		/* it wants this one */
};

/*
 * Does another holder of the port stand in @sk's way?  Of crowds one member is looked at,
 * and those that no longer belong there, which leave it: so many at a time.
 *
 * Return: 0, -EADDRINUSE, or -EAGAIN: so many have left, and there may be more.
 */
#define ATCP_BIND_MOVES	256
int atcp_bind_conflict(const struct sock *sk, struct atcp_bind *b, enum atcp_share share);

/* Is there no need to look at the holders, of whom there may be many? */
bool atcp_bind_welcome(const struct sock *sk, const struct atcp_bind *b);

/* @sk gets the port, or starts to listen there: who will be welcome from now on? */
void atcp_bind_learn(struct atcp_bind *b, const struct sock *sk);

#endif /* _ATCP_BIND_H */
