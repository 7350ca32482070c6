/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A walk over all that a namespace has: listeners, then connections, requests and
 * TIME-WAITs.  It may rest, outside of RCU, and go on where it was; what comes and goes
 * meanwhile may be met, or not, or twice when the table is resized.
 */
#ifndef _ATCP_WALK_H
#define _ATCP_WALK_H

#include <linux/rhashtable.h>

#include "listen/listen.h"
#include "netns.h"

/**
 * struct atcp_walk - where a walk is
 * @an:		the namespace; goes after the walk does
 * @family:	of the sockets wanted, AF_INET or AF_INET6, or AF_UNSPEC: both
 * @iter:	position in the connection table
 * @listens:	not yet through with the listeners
 * @number:	of the listener, ULONG_MAX before the first
 */
struct atcp_walk {
	struct atcp_net *an;
	int family;
	struct rhashtable_iter iter;
	bool listens;
	unsigned long number;
};

/* Process context. */
void atcp_walk_enter(struct atcp_walk *w, struct atcp_net *an, int family);
void atcp_walk_exit(struct atcp_walk *w);

/* Begin and end an RCU read section. */
void atcp_walk_start(struct atcp_walk *w) __acquires(RCU);
void atcp_walk_rest(struct atcp_walk *w) __releases(RCU);

/*
 * In it. The item that it is at, or what has come into its place; the next one; and the
 * first of all, for which the section ends and begins anew.
 * Return: a struct atcp_listener while atcp_walk_listens(), then a struct atcp_node; NULL
 * at the end.
 */
void *atcp_walk_here(struct atcp_walk *w);
void *atcp_walk_next(struct atcp_walk *w);
void *atcp_walk_first(struct atcp_walk *w);
bool atcp_walk_listens(const struct atcp_walk *w);

/* The ends of a listener, the far one of which is any. RCU. */
void atcp_listener_key(const struct atcp_listener *l, struct atcp_key *key);

#endif /* _ATCP_WALK_H */
