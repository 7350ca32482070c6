/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registration with IP for incoming segments and ICMP errors.
 */
#ifndef _ATCP_HOOKS_H
#define _ATCP_HOOKS_H

#include <linux/init.h>

/* Registers the handlers of protocol 253 with IPv4 and IPv6. Return: 0 or -EBUSY. */
int __init atcp_hooks_init(void);
void atcp_hooks_exit(void);

#endif /* _ATCP_HOOKS_H */
