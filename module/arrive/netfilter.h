/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registration with netfilter for incoming segments and ICMP errors of the carrier TCP.
 */
#ifndef _ATCP_NETFILTER_H
#define _ATCP_NETFILTER_H

#include "netns.h"

#ifdef CONFIG_NETFILTER

void atcp_netfilter_net_init(struct atcp_net *an);
/* Unregisters the hooks; after a grace period no segment is claimed in the namespace. */
void atcp_netfilter_stop(struct atcp_net *an);
void atcp_netfilter_net_exit(struct atcp_net *an);

/**
 * atcp_netfilter_start() - a socket of the carrier TCP is being made in the namespace
 * @an:	the namespace's
 * @v6:	the socket is for IPv6, whose fragments have to be reassembled first
 *
 * The first call registers the hooks.  They stay until the namespace ends, because
 * registration disturbs other traffic. Process context.
 *
 * Return: 0, -EAFNOSUPPORT: fragments cannot be reassembled, or another negative errno.
 */
int atcp_netfilter_start(struct atcp_net *an, bool v6);

#else /* there is no carrier TCP */

static inline void atcp_netfilter_net_init(struct atcp_net *an) {}
static inline void atcp_netfilter_stop(struct atcp_net *an) {}
static inline void atcp_netfilter_net_exit(struct atcp_net *an) {}

static inline int atcp_netfilter_start(struct atcp_net *an, bool v6)
{
	return -EPROTONOSUPPORT;
}

#endif
#endif /* _ATCP_NETFILTER_H */
