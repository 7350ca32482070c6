/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registration with IP and netfilter for incoming segments and ICMP errors.
 */
#ifndef _ATCP_HOOKS_H
#define _ATCP_HOOKS_H

#include "netns.h"

/* Registers the handlers of protocol 253 with IPv4 and IPv6. Return: 0 or -EBUSY. */
int __init atcp_hooks_init(void);
void atcp_hooks_exit(void);

void atcp_hooks_net_init(struct atcp_net *an);
/* Unregisters the hooks; after a grace period no segment is claimed in the namespace. */
void atcp_hooks_stop(struct atcp_net *an);
void atcp_hooks_net_exit(struct atcp_net *an);

/**
 * atcp_hooks_start() - a socket of the carrier TCP is being made in the namespace
 * @an:	the namespace's
 * @v6:	the socket is for IPv6, whose fragments have to be reassembled first
 *
 * The first call registers the hooks.  They stay until the namespace ends, because
 * registration disturbs other traffic. Process context.
 *
 * Return: 0, -EAFNOSUPPORT: fragments cannot be reassembled, or another negative errno.
 */
int atcp_hooks_start(struct atcp_net *an, bool v6);

#endif /* _ATCP_HOOKS_H */
