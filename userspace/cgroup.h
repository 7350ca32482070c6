/* SPDX-License-Identifier: GPL-2.0 */
/* atcp-run --cgroup: the kernel moves the sockets of programs that do not use libc. */
#ifndef ATCP_CGROUP_H
#define ATCP_CGROUP_H

/**
 * struct cgroup_run - a command whose TCP sockets become atcp's
 * @argv:	the command
 * @protocol:	replaces TCP in socket() (IPPROTO_ATCP, IPPROTO_ATCP_TCP)
 * @status:	out: the command's exit status
 * @moved:	out: number of sockets that it and its child processes have made
 */
struct cgroup_run {
	char **argv;
	int protocol;
	int status;
	unsigned long long moved;
};

/*
 * Runs the command in a cgroup of its own and waits until its last process has ended.
 * Return: NULL; or why it cannot be done, and then nothing was run.
 */
const char *cgroup_run(struct cgroup_run *r);

#endif /* ATCP_CGROUP_H */
