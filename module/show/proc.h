/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/net/atcp*
 */
#ifndef _ATCP_PROC_H
#define _ATCP_PROC_H

#include <net/net_namespace.h>

int atcp_proc_init(struct net *net);
void atcp_proc_exit(struct net *net);

#endif /* _ATCP_PROC_H */
