/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports of the carrier TCP are held in the port space of the kernel's TCP as well,
 * so that no port is ever both stacks'.
 */
#ifndef _ATCP_HOLD_H
#define _ATCP_HOLD_H

#include "atcp.h"
#include "netns.h"
#include "port/bind.h"

/**
 * struct atcp_hold - a port that the kernel's TCP leaves to us
 * @place:	in atcp_net.holds, once @bind is set; RCU
 * @bind:	the port as we know it, or NULL: not entered there yet
 * @sock:	a socket of the kernel's TCP, bound, neither connected nor listening; no
 *		segment gets to it; or NULL:
 * @stand_in:	what the kernel's TCP takes for a TIME-WAIT there; goes with the hold
 * @bound:	what it is bound to
 * @family:	of @sock
 * @port:	host byte order
 * @users:	sockets of ours that it is for, and whoever is about to make it theirs
 * @tws:	TIME-WAITs that it is for
 * @strict_tws:	those of them that were not of a socket with SO_REUSEADDR
 * @pooled:	in the pool that connect() takes ports from (pool.c)
 * @idle_since:	jiffies when the last of @users and @tws went
 * @old_at:	jiffies from which on connect() leaves it alone, in use or not
 * @dead:	in atcp_net.dead_holds
 * @rcu:	for freeing
 *
 * Everything that changes is under the lock of the port's bucket (bind.h); whether it is
 * ours is read without.
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
 * @bound:	for what
 * @family:	AF_INET or AF_INET6, for which @bound is read
 * @port:	host byte order, or 0: any that is free
 * @range:	whose IP_LOCAL_PORT_RANGE counts then
 * @reuse:	SO_REUSEADDR: TIME-WAITs of the kernel's TCP do not count
 */
struct atcp_hold_ask {
	struct atcp_bound bound;
	u16 family;
	u16 port;
	const struct sock *range;
	bool reuse;
};

/* Of which family a socket keeps everybody off a port, whatever the addresses. */
static inline u16 atcp_hold_family(void)
{
	return ipv6_mod_enabled() ? AF_INET6 : AF_INET;
}

/*
 * At load, once the first namespace is set up: can ports be picked without a socket for
 * each?  If not, the log says why.
 */
void atcp_hold_try(void);

void atcp_hold_net_init(struct atcp_net *an);
/* All of the namespace's are released by then. */
void atcp_hold_net_exit(struct atcp_net *an);

/**
 * atcp_hold_make() - take a port from the kernel's TCP
 *
 * Process context; a socket's lock may be held. Nobody else has it who could share
 * it with us, whatever SO_REUSEADDR and SO_REUSEPORT say there, now or later.
 *
 * Return: a hold with one user, entered nowhere; or -EADDRINUSE, -ENOMEM.
 */
struct atcp_hold *atcp_hold_make(struct net *net, const struct atcp_hold_ask *ask);

/**
 * atcp_hold_pick() - take a port from the kernel's TCP for the pool
 * @net:	the namespace
 * @range:	whose IP_LOCAL_PORT_RANGE counts
 *
 * Any port that is free at every address.  Process context; atcp_net.pool_lock is held,
 * and will be when the hold is released.  Costs a tenth of what atcp_hold_make()'s does,
 * where a stand-in does for a socket.
 *
 * Return: as atcp_hold_make().
 */
struct atcp_hold *atcp_hold_pick(struct net *net, const struct sock *range);

/*
 * The last hold that was picked has gone.  atcp_net.pool_lock is held.
 * Return: a socket for sock_release() without that lock, or NULL.
 */
struct socket *atcp_hold_agent_off(struct atcp_net *an);

/*
 * Gives the port back at once; @h is gone.  Entered nowhere, or its bucket is locked.
 * Any context.
 */
void atcp_hold_release(struct atcp_net *an, struct atcp_hold *h);

/* The users or TIME-WAITs of a hold, which remains, have changed. Bucket lock held. */
void atcp_hold_changed(struct atcp_hold *h);

/* May another socket be bound there without asking the kernel's TCP again? Likewise, or RCU. */
static inline bool atcp_hold_is_ours(const struct atcp_hold *h)
{
	return READ_ONCE(h->users) || READ_ONCE(h->pooled);
}

#endif /* _ATCP_HOLD_H */
