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
 * What a socket is bound to, apart from its port, may be another now: bind() is to know.
 * Any context, socket lock held.
 */
void atcp_port_moved(struct sock *sk);

/*
 * @child holds @port of its listener @sk as well, and gets its inet_num. Listener
 * not locked. Return: 0, -ENOMEM, or -ENOENT: the listener has given it up.
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
