/* SPDX-License-Identifier: GPL-2.0 */
/* The processes and threads that have a socket, as far as the caller may see them. */
#ifndef ATCP_SS_OWNERS_H
#define ATCP_SS_OWNERS_H

#include <stdbool.h>

/* What is shown of them besides name, number and descriptor. */
struct ss_owners_view {
	bool threads;		/* each thread, too */
	bool context;		/* the process's security context */
	bool socket_context;	/* and the socket's */
};

/* Looks at all processes, once. Return: false if there is no memory. */
bool ss_owners_find(const struct ss_owners_view *view);

/* Prints those of the socket with this inode; nothing if there are none. */
void ss_owners_show(unsigned int inode);

#endif /* ATCP_SS_OWNERS_H */
