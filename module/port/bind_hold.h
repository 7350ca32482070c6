/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ports of the carrier TCP and what keeps the kernel's TCP off them.
 */
#ifndef _ATCP_BIND_HOLD_H
#define _ATCP_BIND_HOLD_H

#include "port/bind.h"
#include "port/hold.h"

/* --- under the lock of the port's bucket --- */

/* @h, which is entered nowhere, is for @b. Return: 0, or -ENOMEM: it is not. */
int atcp_hold_enter(struct atcp_net *an, struct atcp_bind *b, struct atcp_hold *h);

/* A user or a TIME-WAIT has gone: the last takes the hold, and perhaps the port, with it. */
void atcp_hold_left(struct atcp_net *an, struct atcp_hold *h);

/* One user less; @h may be NULL. */
void atcp_hold_unuse(struct atcp_net *an, struct atcp_hold *h);

/* The hold by which the port is connect()'s, or NULL; @b may be NULL. */
struct atcp_hold *atcp_hold_pooled(const struct atcp_bind *b);

/* --- without it --- */

/* One more use of a hold that is for the same, or NULL. */
struct atcp_hold *atcp_hold_join(struct sock *sk, const struct atcp_hold_ask *ask, int l3mdev);

/*
 * @h, fresh, is for connect() from now on, until @old_at (jiffies).
 * Return: 0 or -ENOMEM: it is gone.
 */
int atcp_port_pool(struct atcp_net *an, struct atcp_hold *h, unsigned long old_at);

/* What has become of a port of the pool? */
enum atcp_pooled {
	ATCP_POOLED,		/* nothing */
	ATCP_POOLED_OLD,	/* it is old */
	ATCP_POOLED_GONE,	/* it is nobody's any more */
};

/* A port of the pool goes if nobody has used it since @before (jiffies). */
enum atcp_pooled atcp_port_unpool(struct atcp_net *an, u16 port, unsigned long before);

/*
 * Is the local port of @key, of the carrier TCP, ours, at its address and on one of
 * these interfaces?  (A TIME-WAIT alone does not make it so.)  RCU.
 */
bool atcp_port_owned(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif);

#endif /* _ATCP_BIND_HOLD_H */
