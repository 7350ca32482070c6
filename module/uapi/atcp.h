/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * atcp: what a program needs to use it.
 *
 *	fd = socket(AF_ATCP, SOCK_STREAM, 0);			over IPv4
 *	fd = socket(AF_ATCP, SOCK_STREAM, ATCP_IPV6);		over IPv6, or both
 *	fd = socket(AF_ATCP, SOCK_STREAM, IPPROTO_TCP);		with any TCP as the peer
 *	fd = socket(AF_ATCP, SOCK_STREAM, IPPROTO_TCP | ATCP_IPV6);
 *
 * The last two are for root and for the groups in net.atcp.tcp_group_range; for others they
 * fail with EACCES.  Addresses are the ordinary struct sockaddr_in with AF_INET, or
 * sockaddr_in6 with AF_INET6.
 */
#ifndef _ATCP_UAPI_H
#define _ATCP_UAPI_H

/*
 * The protocol family.  Linux reserves 22 (AF_SNA) and has never used it; the
 * module parameter family= changes it, and /sys/module/atcp/parameters/family
 * has the number in use.
 */
#define AF_ATCP		22
#define PF_ATCP		AF_ATCP

/* The IP protocol between two hosts with atcp (RFC 3692: experimental); 0 means it, too. */
#define IPPROTO_ATCP	253

/*
 * socket()'s protocol for AF_INET and AF_INET6 that selects TCP on the wire, as IPPROTO_TCP
 * does for AF_ATCP.  IPPROTO_ATCP works there as well.
 */
#define IPPROTO_ATCP_TCP	254

/*
 * Added to socket()'s protocol it makes a socket like those of AF_INET6, which also
 * takes IPv4 unless IPV6_V6ONLY is set.
 */
#define ATCP_IPV6	0x100

/*
 * SO_PROTOCOL of a socket with TCP on the wire.  It is not IPPROTO_TCP, because the kernel
 * takes every socket with that protocol for one of its own TCP.
 */
#define ATCP_PROTOCOL_TCP	0x206

/*
 * An attribute of sock_diag's answers, beyond those of inet_diag: a byte, 1 if the program
 * has chosen the local port.
 */
#define ATCP_DIAG_CHOSEN	64

#endif /* _ATCP_UAPI_H */
