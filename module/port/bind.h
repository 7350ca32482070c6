/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local ports in use: the table of them, the holders of each, and the rules by which
 * holders share a port.
 */
#ifndef _ATCP_BIND_H
#define _ATCP_BIND_H

#include "atcp.h"
#include "netns.h"
#include "place.h"

/**
 * struct atcp_bound - what a socket is bound to, apart from its port
 * @v6:		address; mapped for an AF_INET socket; :: and mapped 0.0.0.0 mean all
 * @v4:		inet_rcv_saddr of the socket: the IPv4 address, or 0.0.0.0 for ::
 * @dev:	interface index, or 0
 * @v6only:	IPV6_V6ONLY
 */
struct atcp_bound {
	struct in6_addr v6;
	__be32 v4;
	int dev;
	bool v6only;
};

/**
 * struct atcp_traits - the properties of a holder that decide conflicts in bind()
 * @bound:	what it is bound to
 * @user:	user of the socket if it has SO_REUSEPORT, else INVALID_UID
 * @reuse:	the socket has SO_REUSEADDR and does not listen
 * @reuseport:	SO_REUSEPORT
 */
struct atcp_traits {
	struct atcp_bound bound;
	kuid_t user;
	bool reuse;
	bool reuseport;
};

/**
 * struct atcp_crowd - the holders of a port that had equal traits when they got it
 * @place:	node in atcp_net.crowds
 * @bind:	the port
 * @traits:	what they had in common.  A holder whose traits have changed since is moved
 *		when a conflict check comes across it.
 * @socks:	the sockets, by atcp_sock.bind_node
 * @tws:	the TIME-WAITs, by atcp_timewait.bind_node; their user is ignored
 * @first:	node in atcp_bind.kinds, in one crowd of each kind.  Crowds of a kind differ
 *		only in their address: a socket bound to all addresses conflicts with all
 *		of them or with none.
 * @kin:	ring of the crowds of one kind
 * @rcu:	for freeing
 *
 * All of it is under the lock of the port's bucket.
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

/*
 * Which sockets with SO_REUSEPORT get a port without a look at its holders.  These are
 * the values of fastreuseport in the kernel's TCP.
 */
enum atcp_bind_group {
	ATCP_BIND_NONE,
	ATCP_BIND_ALIKE,	/* sockets of atcp_bind.user that overlap atcp_bind.bound */
	ATCP_BIND_ALL,		/* sockets of that user, at any address */
};

/**
 * struct atcp_bind - a local port in use
 * @node:	in its bucket
 * @port:	host byte order
 * @carrier:	IP protocol; each carrier has a port space of its own
 * @l3mdev:	interface index of the VRF whose port it is, or 0
 * @reuse:	every holder had SO_REUSEADDR and did not listen when it got the port
 * @group:	enum atcp_bind_group
 * @user:	the user that @group refers to
 * @bound:	the address that @group refers to
 * @family:	family of the socket that @bound was read from
 * @chosen:	how many holders got the port by bind() or from a listener; if there are
 *		none, another connect() may share the port
 * @holders:	how many sockets and TIME-WAITs have the port
 * @kinds:	list of struct atcp_crowd, one of each kind.  It is short: a kind is a device,
 *		a user of SO_REUSEPORT and a set of options.
 * @holds:	how many struct atcp_hold keep the kernel's TCP off it (carrier TCP)
 * @pooled:	the one of them that has the port in the pool (pool.c), or NULL
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

/* Whether both are bound to a common address and device. @family is that of @a's socket. */
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

/* Adds an entry without holders to the table. Return: the entry, or NULL: no memory. */
struct atcp_bind *atcp_bind_create(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
				   int l3mdev);

/* Removes and frees the entry if it has neither holders nor holds. */
void atcp_bind_release(struct atcp_bind *b);

/* The crowd that @sk belongs to, made if there is none. Return: NULL if there is no memory. */
struct atcp_crowd *atcp_crowd_of(struct atcp_bind *b, const struct sock *sk);

/* Removes the crowd if it is empty, and frees it after a grace period. */
void atcp_crowd_release(struct atcp_net *an, struct atcp_crowd *crowd);

/* Moves a holder whose traits may have changed to the right crowd, if there is memory. */
void atcp_crowd_move(struct sock *sk);

/* One of the TIME-WAITs that hold ports of the bucket, or NULL. */
struct atcp_timewait *atcp_bind_timewait(const struct atcp_bind_bucket *bucket);

/* By which rules a socket may share a port with other holders. */
enum atcp_share {
	ATCP_SHARE_NOTHING,	/* bind() to port 0: not at all */
	ATCP_SHARE_REUSE,	/* bind() to port 0 with net.ipv4.ip_autobind_reuse */
	ATCP_SHARE_ALL,		/* bind() to this port: as the options allow */
};

/*
 * atcp_bind_conflict() - whether @sk conflicts with another holder of the port
 *
 * One member is checked of each crowd.  Members whose traits have changed are moved to
 * the right crowd on the way, at most ATCP_BIND_MOVES in a call.
 *
 * Return: 0, -EADDRINUSE, or -EAGAIN: that many were moved, and there may be more.
 */
#define ATCP_BIND_MOVES	256
int atcp_bind_conflict(const struct sock *sk, struct atcp_bind *b, enum atcp_share share);

/* Whether @sk may have the port without a check of its holders, which may be many. */
bool atcp_bind_fastreuse(const struct sock *sk, const struct atcp_bind *b);

/* Updates reuse and group of the port: @sk gets it, or starts to listen there. */
void atcp_bind_update_fastreuse(struct atcp_bind *b, const struct sock *sk);

#endif /* _ATCP_BIND_H */
