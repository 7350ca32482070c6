// SPDX-License-Identifier: GPL-2.0
/* Addresses, sockets and connections: see net.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "net.h"

struct addr addr_of(const char *ip, uint16_t port)
{
	struct addr a = { 0 };
	char text[64], *scope;

	snprintf(text, sizeof(text), "%s", ip);
	if (!strchr(text, ':')) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
		a.len = sizeof(a.in);
		if (inet_pton(AF_INET, text, &a.in.sin_addr) != 1)
			net_die("no address: %s", ip);
		return a;
	}
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons(port);
	a.len = sizeof(a.in6);
	scope = strchr(text, '%');
	if (scope) {
		*scope = '\0';
		a.in6.sin6_scope_id = strtoul(scope + 1, NULL, 10);
	}
	if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) != 1)
		net_die("no address: %s", ip);
	return a;
}

struct addr addr_side(const struct net *net, int side, uint16_t port)
{
	return addr_of(net->ip[side], port);
}

struct addr addr_any(uint16_t port)
{
	return addr_of(ip46("0.0.0.0", "::"), port);
}

uint16_t addr_port(const struct addr *a)
{
	return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port :
						   a->in.sin_port);
}

struct in6_addr addr_ip(const struct addr *a)
{
	struct in6_addr ip = { 0 };

	if (a->sa.sa_family == AF_INET6)
		return a->in6.sin6_addr;
	ip.s6_addr[10] = 0xff;
	ip.s6_addr[11] = 0xff;
	memcpy(&ip.s6_addr[12], &a->in.sin_addr, 4);
	return ip;
}

bool addr_same_ip(const struct addr *a, const struct addr *b)
{
	struct in6_addr x = addr_ip(a), y = addr_ip(b);

	return !memcmp(&x, &y, sizeof(x));
}

int addr_bind(int fd, struct addr addr)
{
	return bind(fd, &addr.sa, addr.len);
}

int addr_connect(int fd, struct addr addr)
{
	return connect(fd, &addr.sa, addr.len);
}

struct addr addr_local(int fd)
{
	struct addr a = { .len = sizeof(a.in6) };

	if (getsockname(fd, &a.sa, &a.len))
		net_die("getsockname: %s", strerror(errno));
	return a;
}

struct addr addr_peer(int fd)
{
	struct addr a = { .len = sizeof(a.in6) };

	if (getpeername(fd, &a.sa, &a.len))
		net_die("getpeername: %s", strerror(errno));
	return a;
}

static int try_socket(const struct net *net, int side, int family, int type,
		      int protocol)
{
	int old = net_visit(net, side), fd, err;

	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	err = errno;
	net_leave(old);
	errno = err;
	return fd;
}

int net_socket(const struct net *net, int side, int family, int type,
	       int protocol)
{
	int fd = try_socket(net, side, family, type, protocol);

	if (fd < 0)
		net_die("socket %d/%d/%d: %s", family, type, protocol,
			strerror(errno));
	return fd;
}

int sock_try(const struct net *net, int side, int flags)
{
	if (side_is_tcp(side))
		return try_socket(net, side, ip46(AF_INET, AF_INET6),
				  SOCK_STREAM | flags, 0);
	return try_socket(net, side, stack_family(), SOCK_STREAM | flags,
			  stack_kind());
}

int sock_open(const struct net *net, int side, int flags)
{
	int fd = sock_try(net, side, flags);

	if (fd < 0)
		net_die("socket: %s", strerror(errno));
	return fd;
}

void sock_set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		net_die("setsockopt %d/%d: %s", level, option,
			strerror(errno));
}

int sock_get(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, level, option, &value, &len))
		net_die("getsockopt %d/%d: %s", level, option,
			strerror(errno));
	return value;
}

void sock_timeo(int fd, int option, int ms)
{
	struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	if (setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv)))
		net_die("setsockopt time-out %d: %s", option, strerror(errno));
}

void sock_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int sock_listen(const struct net *net, int side, uint16_t port, int backlog)
{
	int fd = sock_open(net, side, 0);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (addr_bind(fd, addr_side(net, side, port)))
		net_die("bind port %u: %s", port, strerror(errno));
	if (listen(fd, backlog))
		net_die("listen: %s", strerror(errno));
	return fd;
}

int sock_connect(const struct net *net, int side, const char *ip,
		 uint16_t port)
{
	int fd = sock_open(net, side, 0);

	if (addr_connect(fd, addr_of(ip, port)))
		net_die("connect %s port %u: %s", ip, port, strerror(errno));
	return fd;
}

int sock_accept(int listener)
{
	int fd;

	if (!sock_wait(listener, POLLIN, PATIENCE))
		net_die("no connection to accept in %d ms", PATIENCE);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		net_die("accept: %s", strerror(errno));
	return fd;
}

uint16_t sock_port(int fd)
{
	struct addr addr = addr_local(fd);

	return addr_port(&addr);
}

bool sock_wait(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	long long deadline = net_now() + ms;

	for (;;) {
		long long left = deadline - net_now();
		int n = poll(&pfd, 1, left > 0 ? left : 0);

		if (n > 0)
			return true;
		if (left <= 0)
			return false;
	}
}

short sock_events(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	if (poll(&pfd, 1, 0) < 0)
		net_die("poll: %s", strerror(errno));
	return pfd.revents;
}

void sock_send(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(fd, (const char *)buf + done, len - done,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN &&
		    sock_wait(fd, POLLOUT, PATIENCE))
			continue;
		if (n <= 0)
			net_die("send: %s after %zu of %zu bytes",
				strerror(errno), done, len);
		done += n;
	}
}

void sock_recv(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n;

		if (!sock_wait(fd, POLLIN, PATIENCE))
			net_die("recv: nothing after %zu of %zu bytes", done,
				len);
		n = recv(fd, (char *)buf + done, len - done, 0);
		if (n <= 0)
			net_die("recv: %s after %zu of %zu bytes",
				n ? strerror(errno) : "end", done, len);
		done += n;
	}
}

void sock_recv_end(int fd)
{
	char byte;
	ssize_t n;

	if (!sock_wait(fd, POLLIN, PATIENCE))
		net_die("the peer's end did not arrive");
	n = recv(fd, &byte, 1, 0);
	if (n)
		net_die("recv: %s instead of the peer's end",
			n < 0 ? strerror(errno) : "data");
}

void conn_open(const struct net *net, uint16_t port, struct conn *conn)
{
	conn->port = port;
	conn->listener = sock_listen(net, SERVER, port, 8);
	conn->end[CLIENT] = sock_connect(net, CLIENT, net->ip[SERVER], port);
	conn->end[SERVER] = sock_accept(conn->listener);
}

void conn_close(struct conn *conn)
{
	close(conn->end[CLIENT]);
	close(conn->end[SERVER]);
	close(conn->listener);
}

void conn_works(const struct net *net, uint16_t port)
{
	static char out[20000], in[20000];
	struct conn c;
	int from;

	pattern_fill(out, sizeof(out), port);
	conn_open(net, port, &c);
	for (from = 0; from < 2; from++) {
		sock_send(c.end[from], out, sizeof(out));
		sock_recv(c.end[!from], in, sizeof(in));
		if (pattern_check(in, sizeof(in), port) != sizeof(in))
			net_die("wrong bytes");
	}
	conn_close(&c);
}

