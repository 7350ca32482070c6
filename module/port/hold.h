/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A port that the carrier TCP uses is also held (bound) in the kernel's TCP, so that the
 * two stacks never use the same port.
 */
#ifndef _ATCP_HOLD_H
#define _ATCP_HOLD_H

#include "atcp.h"
#include "netns.h"
#include "port/bind.h"

/**
 * struct atcp_hold - a port that is bound in the kernel's TCP for our use
 * @place:	node in atcp_net.holds, once @bind is set; RCU
 * @bind:	our record of the port, or NULL before atcp_hold_enter()
 * @sock:	the kernel TCP socket that is bound to the port, or NULL if there is a stand-in.
 *		It neither connects nor listens, so that it receives no segment.
 * @stand_in:	the TIME-WAIT look-alike in the kernel's bind table, or NULL; it is part of
 *		the same allocation as the hold
 * @bound:	address and device that @sock is bound to
 * @family:	address family of @sock
 * @port:	host byte order
 * @users:	number of our sockets that use the hold, counting one that is being bound
 * @tws:	number of our TIME-WAITs that use it
 * @strict_tws:	how many of @tws come from a socket without SO_REUSEADDR
 * @pooled:	the port is in the pool that connect() takes ports from (pool.c)
 * @idle_since:	jiffies when the last of @users and @tws went away
 * @old_at:	jiffies after which connect() no longer picks the port
 * @dead:	node in atcp_net.dead_holds
 * @rcu:	for freeing
 *
 * The lock of the port's bucket (bind.h) protects every field that changes.
 * atcp_hold_is_ours() reads two of them without it.
 */
struct atcp_hold {
	struct atcp_place place;
	struct atcp_bind *bind;
	struct socket *sock;
	struct inet_timewait_sock *stand_in;
	struct atcp_bound bound;
	u16 family;
	u16 port;
	bool pooled;
	u32 users;
	u32 tws;
	u32 strict_tws;
	unsigned long idle_since;
	unsigned long old_at;
	struct llist_node dead;
	struct rcu_head rcu;
};

/**
 * struct atcp_hold_ask - which port is to be held
 * @bound:	address and device to bind to
 * @family:	AF_INET or AF_INET6, the family of @bound
 * @port:	host byte order, or 0 for any free port
 * @range:	the socket whose IP_LOCAL_PORT_RANGE applies if @port is 0
 * @reuse:	SO_REUSEADDR: TIME-WAITs of the kernel's TCP are no conflict
 */
struct atcp_hold_ask {
	struct atcp_bound bound;
	u16 family;
	u16 port;
	const struct sock *range;
	bool reuse;
};

/* The family of a socket that, bound to all addresses, conflicts with every other socket. */
static inline u16 atcp_hold_family(void)
{
	return ipv6_mod_enabled() ? AF_INET6 : AF_INET;
}

/*
 * Tests at load, once the first namespace is set up, whether stand-ins work on this
 * kernel.  If they do not, each hold uses a socket, and the log says why.
 */
void atcp_hold_try(void);

void atcp_hold_net_init(struct atcp_net *an);
/* Waits until the sockets of released holds are freed.  No hold is left in the namespace. */
void atcp_hold_net_exit(struct atcp_net *an);

/**
 * atcp_hold_make() - take a port from the kernel's TCP
 *
 * Binds a socket of the kernel's TCP.  While the hold has users, no other socket of the
 * kernel's TCP can share the port, whatever its SO_REUSEADDR and SO_REUSEPORT are.
 * Process context; a socket's lock may be held.
 *
 * Return: a hold with one user, in no table; or -EADDRINUSE, -ENOMEM.
 */
struct atcp_hold *atcp_hold_make(struct net *net, const struct atcp_hold_ask *ask);

/**
 * atcp_hold_pick() - take a port from the kernel's TCP for the pool
 * @net:	the namespace
 * @range:	the socket whose IP_LOCAL_PORT_RANGE applies
 *
 * Takes any port that is free at every address.  Process context; atcp_net.pool_lock is
 * held, and has to be held when the hold is released.  With a stand-in it costs a tenth
 * of what atcp_hold_make() costs.
 *
 * Return: as atcp_hold_make().
 */
struct atcp_hold *atcp_hold_pick(struct net *net, const struct sock *range);

/*
 * Detaches the agent when no hold with a stand-in is left.  atcp_net.pool_lock is held.
 * Return: the agent, for sock_release() after unlocking, or NULL if there was none.
 */
struct socket *atcp_hold_agent_off(struct atcp_net *an);

/*
 * Gives the port back to the kernel's TCP at once, and frees @h.  @h is in no table.
 * Any context.
 */
void atcp_hold_release(struct atcp_net *an, struct atcp_hold *h);

/* Updates a hold after its users, tws or pooled have changed.  Bucket lock held. */
void atcp_hold_changed(struct atcp_hold *h);

/*
 * Whether another socket may use the hold as it is: nothing of the kernel's TCP can have
 * been bound there meanwhile.  Bucket lock held, or RCU.
 */
static inline bool atcp_hold_is_ours(const struct atcp_hold *h)
{
	return READ_ONCE(h->users) || READ_ONCE(h->pooled);
}

#endif /* _ATCP_HOLD_H */
