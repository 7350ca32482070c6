// SPDX-License-Identifier: GPL-2.0
/*
 * The library that atcp-run preloads: TCP sockets over IPv4 and IPv6 that a program opens
 * become atcp's.
 *
 * Everything is decided in socket(), and nothing is stored about a descriptor.  So dup(),
 * fork(), exec and passing it to another process need no care.  Like those of the C
 * library, these calls may be made from any thread and any signal handler.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../module/uapi/atcp.h"
#include "atcp_run.h"
#include "family.h"

typedef int socket_fn(int domain, int type, int protocol);
typedef int bind_fn(int fd, const struct sockaddr *addr, socklen_t len);
typedef int listen_fn(int fd, int backlog);
typedef int getsockopt_fn(int fd, int level, int option, void *value, socklen_t *len);

static socket_fn *next_socket;
static bind_fn *next_bind;
static listen_fn *next_listen;
static getsockopt_fn *next_getsockopt;

static bool wanted;
static bool strict;
static bool verbose;
static int carrier;		/* the protocol in socket() that selects it */
static int family;
static atomic_uint moved;
static atomic_uint left;
static atomic_flag reported = ATOMIC_FLAG_INIT;

/* These call the next library's function, or the kernel before begin() has found it. */

static int plain_socket(int domain, int type, int protocol)
{
	return next_socket ? next_socket(domain, type, protocol) :
			     (int)syscall(SYS_socket, domain, type, protocol);
}

static int plain_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return next_bind ? next_bind(fd, addr, len) : (int)syscall(SYS_bind, fd, addr, len);
}

static int plain_listen(int fd, int backlog)
{
	return next_listen ? next_listen(fd, backlog) : (int)syscall(SYS_listen, fd, backlog);
}

static int plain_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	return next_getsockopt ? next_getsockopt(fd, level, option, value, len) :
				 (int)syscall(SYS_getsockopt, fd, level, option, value, len);
}

/* Prints a line on standard error by a single write(). */
static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "atcp-run: %s[%d]: ",
			 program_invocation_short_name, getpid());
	va_list ap;

	va_start(ap, fmt);
	if (n > 0 && n < (int)sizeof(text))
		n += vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(text) - 1)
		n = sizeof(text) - 1;
	text[n++] = '\n';
	if (write(STDERR_FILENO, text, n) < 0)
		return;			/* standard error is closed: nothing can be done */
}

/* Whether the comma-separated @list contains @w. */
static bool has_word(const char *list, const char *w)
{
	size_t len = strlen(w);
	const char *p;

	for (p = list; (p = strstr(p, w)); p += len) {
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
	}
	return false;
}

/* The C library's own functions for this have names in newer ones that musl lacks. */
static int to_int(const char *digits)
{
	int n = 0;

	while (*digits >= '0' && *digits <= '9')
		n = 10 * n + *digits++ - '0';
	return n;
}

__attribute__((constructor)) static void begin(void)
{
	const char *how = getenv(ATCP_RUN_ENV), *number = getenv(ATCP_FAMILY_ENV);

	next_socket = (socket_fn *)dlsym(RTLD_NEXT, "socket");
	next_bind = (bind_fn *)dlsym(RTLD_NEXT, "bind");
	next_listen = (listen_fn *)dlsym(RTLD_NEXT, "listen");
	next_getsockopt = (getsockopt_fn *)dlsym(RTLD_NEXT, "getsockopt");
	if (!how)
		return;
	carrier = has_word(how, "tcp") ? IPPROTO_TCP : 0;
	strict = has_word(how, "strict");
	verbose = has_word(how, "verbose");
	family = number ? to_int(number) : AF_ATCP;
	wanted = true;
}

__attribute__((destructor)) static void end(void)
{
	unsigned int n = atomic_load(&moved), m = atomic_load(&left);

	if (verbose && (n || m))
		say("%u of its TCP sockets were atcp's, %u the kernel's", n, m);
}

/* MPTCP falls back to TCP where the peer or the path has no MPTCP, and so it does here. */
static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

/*
 * The name of an error of socket() which means that atcp is not there, or not for this
 * program; NULL for others.  ESOCKTNOSUPPORT comes from a kernel that has another protocol
 * family at the number.  EPERM, EACCES and EOPNOTSUPP come from a seccomp filter, a BPF
 * program or a security module that does not know atcp's family, EACCES also from
 * net.atcp.tcp_group_range.  musl has no strerrorname_np().
 */
static const char *no_atcp(int err)
{
	switch (err) {
	case EAFNOSUPPORT:
		return "EAFNOSUPPORT";
	case EPROTONOSUPPORT:
		return "EPROTONOSUPPORT";
	case ESOCKTNOSUPPORT:
		return "ESOCKTNOSUPPORT";
	case EOPNOTSUPP:
		return "EOPNOTSUPP";
	case EPERM:
		return "EPERM";
	case EACCES:
		return "EACCES";
	}
	return NULL;
}

/* Reports @err once for each process. */
static void report(int err)
{
	const char *instead = strict ? "" : ": using the kernel's TCP";

	if (atomic_flag_test_and_set(&reported))
		return;
	if (access("/sys/module/atcp", F_OK))
		say("atcp.ko " ATCP_NOT_LOADED "%s", instead);
	else if (err == EACCES && carrier)
		say(ATCP_GATE_SHUT "%s", getegid(), getegid(), instead);
	else
		say("no socket of family %d (%s); --cgroup needs none, from Linux 6.6 on%s",
		    family, no_atcp(err), instead);
}

int socket(int domain, int type, int protocol)
{
	int err = errno, refused, fd;

	if (!wanted || !is_tcp(domain, type, protocol))
		return plain_socket(domain, type, protocol);
	fd = plain_socket(family, type, carrier | (domain == AF_INET6 ? ATCP_IPV6 : 0));
	if (fd >= 0) {
		atomic_fetch_add(&moved, 1);
		if (verbose)
			say("descriptor %d is atcp's, IPv%d over %s", fd,
			    domain == AF_INET6 ? 6 : 4, carrier ? "TCP" : "253");
		return fd;
	}
	refused = errno;
	if (no_atcp(refused))
		report(refused);
	if (strict || !no_atcp(refused)) {
		errno = refused;
		return -1;
	}
	atomic_fetch_add(&left, 1);
	errno = err;
	return plain_socket(domain, type, protocol);
}

/* A program that reads SO_PROTOCOL of its TCP socket expects IPPROTO_TCP. */
int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	int ret = plain_getsockopt(fd, level, option, value, len);
	int protocol, type;
	socklen_t n = sizeof(type);

	if (ret || !wanted || level != SOL_SOCKET || option != SO_PROTOCOL ||
	    *len != sizeof(protocol))
		return ret;
	memcpy(&protocol, value, sizeof(protocol));
	if (protocol != ATCP_PROTOCOL_TCP && protocol != IPPROTO_ATCP)
		return ret;
	/* A raw socket for protocol 253 is none of atcp's. */
	if (plain_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) || type != SOCK_STREAM)
		return ret;
	protocol = IPPROTO_TCP;
	memcpy(value, &protocol, sizeof(protocol));
	return 0;
}

/* After a failure of bind() or listen(): a hint, if the other stack may have the port. */
static void hint(int fd)
{
	int err = errno, protocol = 0;
	socklen_t n = sizeof(protocol);

	if (!wanted || !verbose || err != EADDRINUSE)
		return;
	if (!plain_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n) &&
	    (protocol == ATCP_PROTOCOL_TCP || protocol == IPPROTO_TCP))
		say("descriptor %d: EADDRINUSE: " ATCP_PORT_TAKEN, fd);
	errno = err;
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	int ret = plain_bind(fd, addr, len);

	if (ret)
		hint(fd);
	return ret;
}

int listen(int fd, int backlog)
{
	int ret = plain_listen(fd, backlog);

	if (ret)
		hint(fd);
	return ret;
}
