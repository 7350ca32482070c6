/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP_INFO.
 */
#ifndef _ATCP_INFO_H
#define _ATCP_INFO_H

#include <net/sock.h>

struct atcp_tcp_info;

/* Fills in @info, which is laid out as the newest kernel's struct tcp_info. Locked. */
void atcp_get_info(struct sock *sk, struct atcp_tcp_info *info);

#endif /* _ATCP_INFO_H */
