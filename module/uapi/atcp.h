/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * atcp: what a program needs to know to use it.
 *
 *	fd = socket(AF_ATCP, SOCK_STREAM, 0);
 *
 * Addresses are the ordinary struct sockaddr_in with sin_family AF_INET.
 */
#ifndef _ATCP_UAPI_H
#define _ATCP_UAPI_H

/*
 * The protocol family.  Linux reserves 22 (AF_SNA) and has never used it; the
 * module parameter family= moves it, and /sys/module/atcp/parameters/family
 * tells the number in use.
 */
#define AF_ATCP		22
#define PF_ATCP		AF_ATCP

/* The IP protocol that carries atcp's segments (RFC 3692: experimentation). */
#define IPPROTO_ATCP	253

#endif /* _ATCP_UAPI_H */
