/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of struct proto for connect().
 */
#ifndef _ATCP_CONNECT_H
#define _ATCP_CONNECT_H

#include "atcp.h"

/* BPF programs of the cgroup see the address and may change it. Socket lock held. */
int atcp_connect_pre4(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len);
int atcp_connect_pre6(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len);

/**
 * atcp_connect() - CLOSED to SYN-SENT
 * @sk:		locked, in CLOSED, not hashed; BHs on
 * @uaddr:	an address of the socket's family; the wildcard means this host
 * @addr_len:	its size
 *
 * Return: 0 or a negative errno, the same as of tcp_v4_connect() and tcp_v6_connect().
 */
int atcp_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len);

/* Clears addresses and route of a connection that ended or failed to open. Locked. */
void atcp_connect_undo(struct sock *sk);

#endif /* _ATCP_CONNECT_H */
