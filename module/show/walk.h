/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A walk over the listeners of a namespace, then its connections, requests and
 * TIME-WAITs.  It may leave RCU and continue at the same item.  An item that is added or
 * removed meanwhile may be visited or not, and one may be visited twice if the table is
 * resized.
 */
#ifndef _ATCP_WALK_H
#define _ATCP_WALK_H

#include <linux/rhashtable.h>

#include "listen/listen.h"
#include "netns.h"

/**
 * struct atcp_walk - the position of a walk
 * @an:		the namespace, which has to outlive the walk
 * @family:	family of the sockets to visit: AF_INET, AF_INET6, or AF_UNSPEC for both
 * @iter:	position in the connection table
 * @listens:	the walk is still among the listeners
 * @number:	number of the current listener, ULONG_MAX before the first
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

/* Begin and end the RCU read section; between the two the walk keeps its position. */
void atcp_walk_start(struct atcp_walk *w) __acquires(RCU);
void atcp_walk_rest(struct atcp_walk *w) __releases(RCU);

/*
 * The current item, or the one after it if it has been removed; the next item; the first
 * item, for which the RCU read section is ended and begun again.  All are called in it.
 * Return: a struct atcp_listener while atcp_walk_listens(), then a struct atcp_node; NULL
 * at the end.
 */
void *atcp_walk_here(struct atcp_walk *w);
void *atcp_walk_next(struct atcp_walk *w);
void *atcp_walk_first(struct atcp_walk *w);
bool atcp_walk_listens(const struct atcp_walk *w);

/* Fills @key with a listener's address and port; the remote ones are 0. RCU. */
void atcp_listener_key(const struct atcp_listener *l, struct atcp_key *key);

#endif /* _ATCP_WALK_H */
