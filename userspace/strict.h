/* SPDX-License-Identifier: GPL-2.0 */
/* atcp-run --strict: what keeps a command from the kernel's TCP. */
#ifndef ATCP_STRICT_H
#define ATCP_STRICT_H

/*
 * socket()'s protocol for SMC over IPv4 and IPv6 (Linux 6.11; before, AF_SMC alone).  It
 * falls back to the kernel's TCP.
 */
#define IPPROTO_SMC_INET	256

/*
 * From now on socket() fails with EPERM in this process and its children, where it would
 * make a socket of the kernel's TCP.  So does io_uring, whose sockets no filter sees.
 * Without CAP_SYS_ADMIN this sets no_new_privs.  Return: 0, or -1 with errno.
 */
int strict_filter(void);

/*
 * Looks for a socket of the kernel's TCP among the descriptors that a program started now
 * would inherit.  Return: its number; -1 if there is none; -2, with errno, if /proc cannot
 * be read.
 */
int strict_inherited(void);

#endif /* ATCP_STRICT_H */
