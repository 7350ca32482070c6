/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where segments come in.
 */
#ifndef _ATCP_HOOKS_H
#define _ATCP_HOOKS_H

#include "netns.h"

/* Registers with IP for protocol 253, both versions. Return: 0 or -EBUSY. */
int __init atcp_hooks_init(void);
void atcp_hooks_exit(void);

void atcp_hooks_net_init(struct atcp_net *an);
/* No more segments are claimed in the namespace, once a grace period is over. */
void atcp_hooks_stop(struct atcp_net *an);
void atcp_hooks_net_exit(struct atcp_net *an);

/**
 * atcp_hooks_start() - a socket of the carrier TCP is being made in the namespace
 * @an:	the namespace's
 * @v6:	it is one over IPv6, of which fragments have to be put together
 *
 * From the first on segments are claimed there, until the namespace ends: to begin
 * and to stop disturbs others. Process context.
 *
 * Return: 0, -EAFNOSUPPORT: nothing puts them together, or another negative errno.
 */
int atcp_hooks_start(struct atcp_net *an, bool v6);

#endif /* _ATCP_HOOKS_H */
