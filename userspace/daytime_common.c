// SPDX-License-Identifier: GPL-2.0
/* What daytime and daytimed share: the stack to use, and its port. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../module/uapi/atcp.h"
#include "daytime_common.h"

#define FAMILY_FILE	"/sys/module/atcp/parameters/family"

/* The family number that the loaded module uses, else the usual one. */
static int atcp_family(void)
{
	int family = AF_ATCP;
	FILE *f = fopen(FAMILY_FILE, "re");

	if (f) {
		if (fscanf(f, "%d", &family) != 1)
			family = AF_ATCP;
		fclose(f);
	}
	return family;
}

int daytime_socket(int af, int flags, bool tcp)
{
	if (tcp)
		return socket(af, SOCK_STREAM | flags, IPPROTO_TCP);
	if (af != AF_INET) {
		errno = EPFNOSUPPORT;
		return -1;
	}
	return socket(atcp_family(), SOCK_STREAM | flags, 0);
}

bool daytime_no_module(int err)
{
	/* The two others: a kernel that has something else at the number. */
	return err == EAFNOSUPPORT || err == ESOCKTNOSUPPORT ||
	       err == EPROTONOSUPPORT;
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
	char host[INET6_ADDRSTRLEN] = "?";

	if (addr->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(buf, len, "[%s]:%u", host, ntohs(in6->sin6_port));
	} else {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(buf, len, "%s:%u", host, ntohs(in->sin_port));
	}
	return buf;
}
