/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * atcp: what a program needs to know to use it.
 *
 *	fd = socket(AF_ATCP, SOCK_STREAM, 0);			over IPv4
 *	fd = socket(AF_ATCP, SOCK_STREAM, ATCP_IPV6);		over IPv6, or both
 *	fd = socket(AF_ATCP, SOCK_STREAM, IPPROTO_TCP);		with any TCP as the peer
 *	fd = socket(AF_ATCP, SOCK_STREAM, IPPROTO_TCP | ATCP_IPV6);
 *
 * The last two are for root and for the groups in net.atcp.tcp_group_range; for others
 * EACCES.  Addresses are the ordinary struct sockaddr_in with AF_INET, or sockaddr_in6 with
 * AF_INET6.
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

/* The IP protocol between two that have atcp (RFC 3692: experimentation), as 0 is. */
#define IPPROTO_ATCP	253

/*
 * As socket()'s protocol for AF_INET and AF_INET6: TCP on the wire, as IPPROTO_TCP is for
 * AF_ATCP.  IPPROTO_ATCP works there as well.
 */
#define IPPROTO_ATCP_TCP	254

/*
 * Added to socket()'s protocol: a socket as those of AF_INET6, which takes IPv4,
 * too, unless IPV6_V6ONLY is set.
 */
#define ATCP_IPV6	0x100

/*
 * What SO_PROTOCOL says of a socket whose segments are TCP's: the kernel asks for
 * IPPROTO_TCP where it means to find a socket of its own TCP.
 */
#define ATCP_PROTOCOL_TCP	0x206

#endif /* _ATCP_UAPI_H */
