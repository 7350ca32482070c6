/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sock_diag(7) interface to our sockets.
 */
#ifndef _ATCP_DIAG_H
#define _ATCP_DIAG_H

#include <net/sock.h>

int __init atcp_diag_init(int family);
void atcp_diag_exit(void);

/*
 * diag_destroy of struct proto, for SOCK_DESTROY and other callers: resets the
 * connection, and the program gets @err. Process context.
 * Return: 0, or -ENOENT in CLOSED.
 */
int atcp_diag_destroy(struct sock *sk, int err);

#endif /* _ATCP_DIAG_H */
