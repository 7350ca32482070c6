/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The permission to make sockets of the carrier TCP.
 */
#ifndef _ATCP_GATE_H
#define _ATCP_GATE_H

#include "netns.h"

/* Sets the range of groups to its default, which is empty. */
void atcp_gate_net_init(struct atcp_net *an);

/*
 * Checks whether the current task may make such a socket in the namespace.  This is the
 * only check, for AF_ATCP and the second door.  Process context.
 * Return: 0 or -EACCES.
 */
int atcp_gate_pass(struct atcp_net *an);

/* The sysctl tcp_group_range; @row->extra2 is the namespace's struct atcp_net. */
int atcp_gate_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp, loff_t *ppos);

#endif /* _ATCP_GATE_H */
