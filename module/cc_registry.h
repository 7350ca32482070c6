/* SPDX-License-Identifier: GPL-2.0 */
/* The algorithms of congestion control that there are, and each namespace's default. */
#ifndef _ATCP_CC_REGISTRY_H
#define _ATCP_CC_REGISTRY_H

#include <linux/module.h>

#include "core/cc.h"
#include "netns.h"

#define ATCP_CC_MOST	128				/* algorithms */
#define ATCP_CC_TEXT	(ATCP_CC_MOST * ATCP_CC_NAME_MAX)	/* bytes of all their names */

void __init atcp_cc_registry_init(void);

/* For another user of @ops, which has one: the caller or RCU. False: its module goes. */
static inline bool atcp_cc_hold(const struct atcp_cc_ops *ops)
{
	return try_module_get(ops->owner);
}

static inline void atcp_cc_put(const struct atcp_cc_ops *ops)
{
	module_put(ops->owner);
}

/**
 * atcp_cc_get() - the algorithm of this name, with a reference
 * @name:	ends with a 0
 * @allowed:	set to whether everyone may choose it; else CAP_NET_ADMIN is needed
 *
 * Loads its module if there is none, for who has CAP_NET_ADMIN in the first user namespace.
 * Process context, no lock held but mutexes that a module's loading does not take.
 *
 * Return: it, or ERR_PTR(): -ENOENT; -EBUSY: its module is being unloaded.
 */
const struct atcp_cc_ops *atcp_cc_get(const char *name, bool *allowed);

/*
 * The algorithm whose name has this hash, with a reference, or NULL.  @key: a route's
 * RTAX_CC_ALGO, for which the kernel has hashed a name of its own TCP's.  Any context.
 */
const struct atcp_cc_ops *atcp_cc_get_key(u32 key);

/* The namespace's default, with a reference; reno, if its module goes. Any context. */
const struct atcp_cc_ops *atcp_cc_get_default(struct atcp_net *an);

void atcp_cc_net_init(struct atcp_net *an);
void atcp_cc_net_exit(struct atcp_net *an);

/* --- for the sysctls; process context --- */

/* @name: ATCP_CC_NAME_MAX bytes. */
void atcp_cc_default_name(const struct atcp_net *an, char *name);

/*
 * From now on everyone may choose it.  Return: 0, or as atcp_cc_get(); -EPERM: in another
 * namespace than the first, of one that not everyone may choose.
 */
int atcp_cc_set_default(struct atcp_net *an, const char *name);

/* The names of all, or of those that everyone may choose. @buf: ATCP_CC_TEXT bytes. */
void atcp_cc_names(char *buf, bool allowed);

/* Everyone may choose those in @names, and no others. Return: 0; -ENOENT changes nothing. */
int atcp_cc_allow(const char *names);

#endif /* _ATCP_CC_REGISTRY_H */
