/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AF_ATCP: the family and its protocols.
 */
#ifndef _ATCP_FAMILY_H
#define _ATCP_FAMILY_H

#include <net/sock.h>

extern struct proto atcp_prot;
extern struct proto atcpv6_prot;

/* Registers protocols and family; the log says so if the family number is taken. */
int __init atcp_family_init(void);
void atcp_family_exit(void);

#endif /* _ATCP_FAMILY_H */
