/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may make sockets of the carrier TCP.
 */
#ifndef _ATCP_GATE_H
#define _ATCP_GATE_H

#include "netns.h"

/* Nobody's group. */
void atcp_gate_net_init(struct atcp_net *an);

/*
 * May the current task make such a socket in the namespace?  The one place that is asked,
 * by whichever way it came. Process context.
 * Return: 0 or -EACCES.
 */
int atcp_gate_pass(struct atcp_net *an);

/* The sysctl tcp_group_range; @row->extra2 is the namespace's struct atcp_net. */
int atcp_gate_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp, loff_t *ppos);

#endif /* _ATCP_GATE_H */
