/* SPDX-License-Identifier: GPL-2.0 */
/* How atcp-ss prints a socket. */
#ifndef ATCP_SS_SHOW_H
#define ATCP_SS_SHOW_H

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <stdbool.h>

/* The columns, and what follows them. */
struct ss_view {
	bool netid, state, queues;	/* columns that may be left out */
	bool processes, timers, extended, memory, info, tos, cgroup;
	bool held;			/* which listeners hold their port in the kernel's TCP */
	bool oneline, numeric, resolve;
};

void ss_show_header(const struct ss_view *v);

/**
 * ss_show() - print one socket
 * @m:		sock_diag's message
 * @attrs:	its attributes by type, or NULL
 * @kernel:	it is one of the kernel's TCP
 */
void ss_show(const struct ss_view *v, const struct inet_diag_msg *m, const struct nlattr **attrs,
	     bool kernel);

#endif /* ATCP_SS_SHOW_H */
