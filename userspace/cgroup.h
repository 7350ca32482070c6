/* SPDX-License-Identifier: GPL-2.0 */
/* atcp-run --cgroup: the kernel moves the sockets of programs that do not use libc. */
#ifndef ATCP_CGROUP_H
#define ATCP_CGROUP_H

#include <stdbool.h>

/**
 * struct cgroup_run - a command whose TCP sockets become atcp's
 * @argv:	the command
 * @protocol:	replaces TCP in socket() (IPPROTO_ATCP, IPPROTO_ATCP_TCP)
 * @strict:	socket() fails with EPERM where it would make one of the kernel's TCP
 * @status:	out: the command's exit status
 * @moved:	out: how often it and its child processes have asked for a socket of TCP
 *		and been given atcp
 * @refused:	out: how often they were refused
 */
struct cgroup_run {
	char **argv;
	int protocol;
	bool strict;
	int status;
	unsigned long long moved;
	unsigned long long refused;
};

/*
 * Runs the command in a cgroup of its own and waits until its last process has ended.
 * Return: NULL; or why it cannot be done, and then nothing was run.
 */
const char *cgroup_run(struct cgroup_run *r);

/* Whether this kernel has what cgroup_run() needs; it also needs root. */
bool cgroup_moves(void);

#endif /* ATCP_CGROUP_H */
