/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that do not pass through libc: their sockets are moved by the kernel. */
#ifndef ATCP_CGROUP_H
#define ATCP_CGROUP_H

/**
 * cgroup_run() - run a command in a cgroup of its own whose TCP sockets become atcp's
 * @argv:	the command
 * @protocol:	what socket() gets instead of TCP (IPPROTO_ATCP, IPPROTO_ATCP_TCP)
 * @status:	out: the command's exit status
 *
 * Returns when the last process in the cgroup has ended.
 * Return: NULL, or why it cannot be done; then nothing was run.
 */
const char *cgroup_run(char **argv, int protocol, int *status);

#endif /* ATCP_CGROUP_H */
