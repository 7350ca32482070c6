/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP_INFO.
 */
#ifndef _ATCP_INFO_H
#define _ATCP_INFO_H

#include <net/sock.h>

struct atcp_tcp_info;
union atcp_cc_info;

/* Fills in @info, which is laid out as the newest kernel's struct tcp_info. Locked. */
void atcp_get_info(struct sock *sk, struct atcp_tcp_info *info);
/*
 * What congestion control tells of itself, as an INET_DIAG_* attribute, @attr, with the layout
 * that the kernel gives it.  Return: its size; 0: it tells nothing.  Locked.
 */
u32 atcp_get_cc_info(struct sock *sk, union atcp_cc_info *info, int *attr);

#endif /* _ATCP_INFO_H */
