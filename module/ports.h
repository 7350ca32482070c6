/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local ports: who holds which, and picking one.
 *
 * A port is held by every socket bound to it, by the children of a listener
 * there, and by TIME-WAITs.
 */
#ifndef _ATCP_PORTS_H
#define _ATCP_PORTS_H

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

int __init atcp_ports_init(void);
void atcp_ports_exit(void);
int atcp_ports_net_init(struct atcp_net *an);
void atcp_ports_net_exit(struct atcp_net *an);

/**
 * atcp_port_get() - bind: hold a local port
 * @sk:		locked, holding none; inet_rcv_saddr is the address to bind to
 * @port:	host byte order, 0 for an ephemeral one
 *
 * SO_REUSEADDR and SO_REUSEPORT mean what they mean for TCP. Sets inet_num and
 * inet_sport. The capability for low ports is the caller's to check. BHs on.
 *
 * Return: 0, -EADDRINUSE (also: no ephemeral port is left), or -ENOMEM.
 */
int atcp_port_get(struct sock *sk, u16 port);

/**
 * atcp_port_check_listen() - may a bound socket start to listen?
 * @sk:		locked, in LISTEN already so that two cannot both pass
 *
 * Return: 0, or -EADDRINUSE: another listens and they do not share by
 * SO_REUSEPORT, or someone holds the port without SO_REUSEADDR.
 */
int atcp_port_check_listen(struct sock *sk);

/* Gives the port up, if one is held: inet_num is 0 afterwards. Any context, socket lock held. */
void atcp_port_put(struct sock *sk);

/*
 * @child holds @port of its listener @sk as well, and gets its inet_num. Listener
 * not locked. Return: 0, or -ENOENT: the listener has given it up.
 */
int atcp_port_inherit(struct sock *child, const struct sock *sk, u16 port);

/**
 * atcp_port_connect() - local port of a connection, and its place in the table
 * @sk:		locked; sk_v6_rcv_saddr and sk_v6_daddr (mapped for IPv4) and
 *		inet_dport are set
 *
 * Picks an ephemeral port (RFC 6056 section 3.3.4) when the socket holds none;
 * sets the node's key and enters the connection table. A TIME-WAIT of the same
 * ends gives way where that is safe. BHs on.
 *
 * Return: 0, -EADDRNOTAVAIL when no port is left or the ends are taken, -ENOMEM.
 */
int atcp_port_connect(struct sock *sk);

/*
 * Gives a connection that holds no port @port of the pool, and its place in the table.
 * Return: as atcp_port_connect(), which this is a part of.
 */
int atcp_port_connect_pooled(struct sock *sk, u16 port);

/* @h, fresh, is for connect() from now on. Return: 0 or -ENOMEM: it is gone. */
int atcp_port_pool(struct atcp_net *an, struct atcp_hold *h);
/* A port of the pool goes if nobody has used it since @before (jiffies). Return: is it gone? */
bool atcp_port_unpool(struct atcp_net *an, u16 port, unsigned long before);

/*
 * Is the local port of @key, of the carrier TCP, ours, at its address and on one of
 * these interfaces?  (A TIME-WAIT alone does not make it so.)  Softirq, RCU.
 */
bool atcp_port_owned(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif);

struct atcp_timewait;
/* A TIME-WAIT holds the port that @sk holds, too; and gives it up. */
void atcp_port_tw_hold(struct atcp_timewait *tw, const struct sock *sk);
void atcp_port_tw_put(struct atcp_net *an, struct atcp_timewait *tw);

/*
 * @sk, which connects and holds no port, gets that of a TIME-WAIT; its lock held.
 * Return: false when a program has chosen the port.
 */
bool atcp_port_tw_share(const struct atcp_timewait *tw, struct sock *sk);

#endif /* _ATCP_PORTS_H */
