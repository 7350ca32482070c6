/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that do not pass through libc: their sockets are moved by the kernel. */
#ifndef ATCP_CGROUP_H
#define ATCP_CGROUP_H

/**
 * struct cgroup_run - a command whose TCP sockets become atcp's
 * @argv:	the command
 * @protocol:	what socket() gets instead of TCP (IPPROTO_ATCP, IPPROTO_ATCP_TCP)
 * @status:	out: the command's exit status
 * @moved:	out: sockets that were made by it and by what it started
 */
struct cgroup_run {
	char **argv;
	int protocol;
	int status;
	unsigned long long moved;
};

/*
 * Runs it in a cgroup of its own; returns when the last process in that has ended.
 * Return: NULL, or why it cannot be done; then nothing was run.
 */
const char *cgroup_run(struct cgroup_run *r);

#endif /* ATCP_CGROUP_H */
