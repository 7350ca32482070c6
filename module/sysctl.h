/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sysctls net.atcp.*
 */
#ifndef _ATCP_SYSCTL_H
#define _ATCP_SYSCTL_H

#include "netns.h"

#ifdef CONFIG_SYSCTL

int atcp_sysctl_init(struct atcp_net *an);
/*
 * Applies the first namespace's caps to a new one.  Call it once atcp_netns_each() finds
 * the namespace: later changes of caps reach it by that. Process context.
 */
void atcp_sysctl_cap(struct atcp_net *an);
void atcp_sysctl_exit(struct atcp_net *an);

#else /* there are the defaults alone */

static inline int atcp_sysctl_init(struct atcp_net *an)
{
	return 0;
}

static inline void atcp_sysctl_cap(struct atcp_net *an) {}
static inline void atcp_sysctl_exit(struct atcp_net *an) {}

#endif

#endif /* _ATCP_SYSCTL_H */
