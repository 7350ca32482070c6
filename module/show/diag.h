/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sock_diag(7) tells of our sockets.
 */
#ifndef _ATCP_DIAG_H
#define _ATCP_DIAG_H

#include <net/sock.h>

int __init atcp_diag_init(int family);
void atcp_diag_exit(void);

/*
 * SOCK_DESTROY, and what else asks for a socket's end (struct proto's diag_destroy):
 * the peer gets a reset, the program @err. Process context. Return: 0 or -ENOENT.
 */
int atcp_diag_destroy(struct sock *sk, int err);

#endif /* _ATCP_DIAG_H */
