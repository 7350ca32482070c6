/* SPDX-License-Identifier: GPL-2.0 */
/* What daytime and daytimed share: the stack to use, and its port. */
#ifndef DAYTIME_COMMON_H
#define DAYTIME_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>

#define DAYTIME_PORT	13

/*
 * The length of an answer in RFC 867's SMTP form with zone Z:
 * "20 NOV 26 23:16:15 Z\r\n".
 */
#define DAYTIME_LEN	22

/* The stack whose sockets are used, and the carrier of its segments. */
enum stack {
	STACK_ATCP,		/* atcp, over IP protocol 253 */
	STACK_ATCP_TCP,		/* atcp, as TCP on the wire */
	STACK_TCP,		/* the kernel's own TCP */
};

/* The stack that the option --carrier=text means, or -1. */
int daytime_parse_carrier(const char *text);

/*
 * Opens a stream socket for addresses of family af (AF_INET or AF_INET6).  flags are
 * those of socket()'s type argument (SOCK_NONBLOCK, SOCK_CLOEXEC).  Returns -1 and
 * sets errno.
 */
int daytime_socket(int af, int flags, enum stack stack);

/* Tells whether an error of daytime_socket() means that atcp is not there. */
bool daytime_no_module(int err);

/*
 * Tells whether an error of daytime_socket() means that this user may not use TCP on the
 * wire, and then says so on standard error in the program's name.
 */
bool daytime_gate_shut(const char *program, int err, enum stack stack);

/*
 * Tells whether an error of daytime_socket(af, ..., stack) means that this host has
 * IPv4 but no IPv6.
 */
bool daytime_no_ipv6(int af, int err, enum stack stack);

/* Parses a port number, 1 to 65535; returns -1 for anything else. */
int daytime_parse_port(const char *text);

/*
 * Writes "address:port" or "[address]:port" of addr to buf and returns buf.  A mapped
 * address is written as IPv4, a link-local one with its interface.
 */
const char *daytime_addr(const struct sockaddr *addr, char *buf, size_t len);

#endif /* DAYTIME_COMMON_H */
