/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net.atcp.*
 */
#ifndef _ATCP_SYSCTL_H
#define _ATCP_SYSCTL_H

#include "netns.h"

int atcp_sysctl_init(struct atcp_net *an);
/*
 * A new namespace gets no more than the first one has by now.  From atcp_netns_each()'s
 * finding it on that follows by itself. Process context.
 */
void atcp_sysctl_cap(struct atcp_net *an);
void atcp_sysctl_exit(struct atcp_net *an);

#endif /* _ATCP_SYSCTL_H */
