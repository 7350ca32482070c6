/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/net/atcp*
 */
#ifndef _ATCP_PROC_H
#define _ATCP_PROC_H

#include <net/net_namespace.h>

#ifdef CONFIG_PROC_FS

int atcp_proc_init(struct net *net);
void atcp_proc_exit(struct net *net);

#else

static inline int atcp_proc_init(struct net *net)
{
	return 0;
}

static inline void atcp_proc_exit(struct net *net) {}

#endif

#endif /* _ATCP_PROC_H */
