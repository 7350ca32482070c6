/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local ports: getting one for a socket, sharing it, and giving it up.
 *
 * The holders of a port are the sockets bound to it, the children of a listener there,
 * and TIME-WAITs.
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
 * SO_REUSEADDR and SO_REUSEPORT work as for the kernel's TCP. Sets inet_num and
 * inet_sport. The caller checks the capability for low ports. BHs on.
 *
 * Return: 0, -EADDRINUSE (also: no ephemeral port is left), or -ENOMEM.
 */
int atcp_port_get(struct sock *sk, u16 port);

/**
 * atcp_port_check_listen() - check whether a bound socket may start to listen
 * @sk:		locked, in LISTEN already so that two cannot both pass
 *
 * Return: 0, or -EADDRINUSE: another socket listens and they do not share by
 * SO_REUSEPORT, or a holder of the port conflicts with a socket that listens.
 */
int atcp_port_check_listen(struct sock *sk);

/* Gives the port up, if one is held, and sets inet_num to 0. Any context, socket lock held. */
void atcp_port_put(struct sock *sk);

/*
 * Call after the address or device that a socket is bound to may have changed, for the
 * checks of later bind()s.  Any context, socket lock held.
 */
void atcp_port_moved(struct sock *sk);

/*
 * Makes @child a holder of its listener's port and sets its inet_num.  @sk, the listener,
 * is not locked.  Return: 0, -ENOMEM, or -ENOENT: the listener no longer holds @port.
 */
int atcp_port_inherit(struct sock *child, const struct sock *sk, u16 port);

/**
 * atcp_port_connect() - pick a connection's local port and enter the connection table
 * @sk:		locked; sk_v6_rcv_saddr and sk_v6_daddr (mapped for IPv4) and
 *		inet_dport are set
 *
 * Picks an ephemeral port (RFC 6056 section 3.3.4) if the socket holds none, sets the
 * node's key and enters it into the table. A TIME-WAIT with the same addresses and ports
 * is replaced if that is safe (atcp_timewait_replace()). BHs on.
 *
 * Return: 0, -EADDRNOTAVAIL if no port is left or the connection exists, or -ENOMEM.
 */
int atcp_port_connect(struct sock *sk);

/*
 * The part of atcp_port_connect() that tries one port of the pool, for pool.c.
 * Return: as atcp_port_connect().
 */
int atcp_port_connect_pooled(struct sock *sk, u16 port);

struct atcp_timewait;
/* Makes a TIME-WAIT a holder of the port that @sk holds, and gives it up again. */
void atcp_port_tw_hold(struct atcp_timewait *tw, const struct sock *sk);
void atcp_port_tw_put(struct atcp_net *an, struct atcp_timewait *tw);

/*
 * Makes @sk, which connects and holds no port, a holder of the port of @tw, whose lock is
 * held.  Return: false if connect() may not share that port, or there is no memory.
 */
bool atcp_port_tw_share(const struct atcp_timewait *tw, struct sock *sk);

#endif /* _ATCP_PORTS_H */
