/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which holds (hold.h) a port of the carrier TCP has.
 */
#ifndef _ATCP_BIND_HOLD_H
#define _ATCP_BIND_HOLD_H

#include "port/bind.h"
#include "port/hold.h"

/* --- under the lock of the port's bucket --- */

/* Enters @h, which is in no table, for the port @b. Return: 0 or -ENOMEM. */
int atcp_hold_enter(struct atcp_net *an, struct atcp_bind *b, struct atcp_hold *h);

/*
 * Call after a count of users or TIME-WAITs was decremented: releases the hold if nothing
 * needs it any more, and with it a port that nothing else uses.
 */
void atcp_hold_release_unused(struct atcp_net *an, struct atcp_hold *h);

/* Drops one user; @h may be NULL. */
void atcp_hold_unuse(struct atcp_net *an, struct atcp_hold *h);

/* The hold of a port that is in the pool, else NULL; @b may be NULL. */
struct atcp_hold *atcp_hold_pooled(const struct atcp_bind *b);

/* --- without it --- */

/* Finds a hold of ours that covers @ask and adds a user to it. Return: the hold, or NULL. */
struct atcp_hold *atcp_hold_join(struct sock *sk, const struct atcp_hold_ask *ask, int l3mdev);

/*
 * Makes a new hold part of the pool; connect() picks its port until @old_at (jiffies).
 * Drops the hold's user.  Return: 0, or -ENOMEM: @h has been released.
 */
int atcp_port_pool(struct atcp_net *an, struct atcp_hold *h, unsigned long old_at);

/* The state of a port of the pool after atcp_port_unpool(). */
enum atcp_pooled {
	ATCP_POOLED,		/* in the pool */
	ATCP_POOLED_OLD,	/* in the pool, but past old_at */
	ATCP_POOLED_GONE,	/* not in the pool */
};

/* Takes a port out of the pool if nothing has used it since @before (jiffies). */
enum atcp_pooled atcp_port_unpool(struct atcp_net *an, u16 port, unsigned long before);

/*
 * Whether a hold of ours covers the local address and port of @key on one of these
 * interfaces; a hold that serves TIME-WAITs alone does not count.  Carrier TCP, RCU.
 */
bool atcp_port_owned(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif);

#endif /* _ATCP_BIND_HOLD_H */
