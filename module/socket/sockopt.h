/* SPDX-License-Identifier: GPL-2.0 */
/*
 * setsockopt(), getsockopt().
 */
#ifndef _ATCP_SOCKOPT_H
#define _ATCP_SOCKOPT_H

#include <linux/sockptr.h>
#include <net/sock.h>

/* --- SOL_TCP: sockopt.c --- */

int atcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int atcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);

/* --- SOL_SOCKET: sockopt_socket.c --- */

/* proto_ops.setsockopt: SOL_SOCKET here, the rest goes on to atcp_setsockopt(). */
int atcp_set_option(struct socket *sock, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
/* Sets the flags of a socket, created or accepted, by which the kernel knows its abilities. */
void atcp_socket_flags(struct socket *sock);

/* --- the levels of IP: sockopt_ip.c --- */

/* The options of every level but SOL_TCP. */
int atcp_setsockopt_ip(struct sock *sk, int level, int optname, sockptr_t optval,
		       unsigned int optlen);
int atcp_getsockopt_ip(struct sock *sk, int level, int optname, char __user *optval,
		       int __user *optlen);

#endif /* _ATCP_SOCKOPT_H */
