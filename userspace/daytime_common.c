// SPDX-License-Identifier: GPL-2.0
/* What daytime and daytimed share: the stack to use, and its port. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../module/uapi/atcp.h"
#include "daytime_common.h"
#include "family.h"

/* The family number that the loaded module uses, else the usual one. */
static int atcp_family(void)
{
	int family = atcp_loaded_family();

	return family < 0 ? AF_ATCP : family;
}

int daytime_parse_carrier(const char *text)
{
	if (!strcmp(text, "253"))
		return STACK_ATCP;
	if (!strcmp(text, "tcp"))
		return STACK_ATCP_TCP;
	return -1;
}

int daytime_socket(int af, int flags, enum stack stack)
{
	if (stack == STACK_TCP)
		return socket(af, SOCK_STREAM | flags, IPPROTO_TCP);
	return socket(atcp_family(), SOCK_STREAM | flags,
		      (stack == STACK_ATCP_TCP ? IPPROTO_TCP : 0) |
		      (af == AF_INET6 ? ATCP_IPV6 : 0));
}

/* Tells whether there is such a socket over IPv4.  Leaves errno as it is. */
static bool can_make(enum stack stack)
{
	int err = errno, fd = daytime_socket(AF_INET, SOCK_CLOEXEC, stack);

	if (fd >= 0)
		close(fd);
	errno = err;
	return fd >= 0;
}

bool daytime_no_module(int err)
{
	/*
	 * The last two come from a kernel that has another family at the number.  But a
	 * kernel without netfilter has atcp over 253 alone.
	 */
	return err == EAFNOSUPPORT || err == ESOCKTNOSUPPORT ||
	       (err == EPROTONOSUPPORT && !can_make(STACK_ATCP));
}

bool daytime_gate_shut(const char *program, int err, enum stack stack)
{
	if (err != EACCES || stack != STACK_ATCP_TCP)
		return false;
	fprintf(stderr, "%s: " ATCP_GATE_SHUT "\n", program, getegid(), getegid());
	return true;
}

bool daytime_no_ipv6(int af, int err, enum stack stack)
{
	return af == AF_INET6 && daytime_no_module(err) && can_make(stack);
}

int daytime_parse_port(const char *text)
{
	char *end;
	long port;

	errno = 0;
	port = strtol(text, &end, 10);
	if (errno || end == text || *end || port < 1 || port > 65535)
		return -1;
	return port;
}

const char *daytime_addr(const struct sockaddr *addr, char *buf, size_t len)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;
	/* An address, and "%" with its interface. */
	char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE] = "?";

	if (addr->sa_family != AF_INET6) {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(buf, len, "%s:%u", host, ntohs(in->sin_port));
	} else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host,
			  sizeof(host));
		snprintf(buf, len, "%s:%u", host, ntohs(in6->sin6_port));
	} else {
		getnameinfo(addr, sizeof(*in6), host, sizeof(host), NULL, 0,
			    NI_NUMERICHOST);
		snprintf(buf, len, "[%s]:%u", host, ntohs(in6->sin6_port));
	}
	return buf;
}
