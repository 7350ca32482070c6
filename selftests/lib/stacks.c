// SPDX-License-Identifier: GPL-2.0
/* Sockets of both stacks in one test: see stacks.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"
#include "stacks.h"

int sock_of(enum stack stack)
{
	int fd;

	if (stack == TCP)
		fd = socket(ip46(AF_INET, AF_INET6), SOCK_STREAM, 0);
	else
		fd = socket(stack_family(), SOCK_STREAM, stack_kind());
	if (fd < 0)
		net_die("socket: %s", strerror(errno));
	return fd;
}

int sock_in(const struct net *net, int side, enum stack stack)
{
	int old = net_visit(net, side), fd = sock_of(stack);

	net_leave(old);
	return fd;
}

int listen_at(enum stack stack, const char *ip, uint16_t port)
{
	int fd = sock_of(stack);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (addr_bind(fd, addr_of(ip, port)) || listen(fd, 100))
		net_die("listen at %s: %s", ip, strerror(errno));
	return fd;
}

void dial(int fd, const char *ip, uint16_t port)
{
	if (addr_connect(fd, addr_of(ip, port)))
		net_die("connect to %s: %s", ip, strerror(errno));
}

void talk(int a, int b)
{
	char got[4];

	sock_send(a, "ping", 4);
	sock_recv(b, got, 4);
	sock_send(b, "pong", 4);
	sock_recv(a, got, 4);
	shutdown(a, SHUT_WR);
	sock_recv_end(b);
	sock_send(b, "last", 4);
	close(b);
	sock_recv(a, got, 4);
	sock_recv_end(a);
	close(a);
}

void call_far(const struct net *net, enum stack stack, uint16_t port, int *l, int *c, int *s)
{
	int old = net_visit(net, SERVER);

	*l = listen_at(!stack, net->ip[SERVER], port);
	net_leave(old);
	*c = sock_in(net, CLIENT, stack);
	dial(*c, net->ip[SERVER], port);
	*s = sock_accept(*l);
}

void both_roles(const struct net *net, uint16_t port, size_t bytes)
{
	int l, c, s, stack;

	for (stack = ATCP; stack < STACKS; stack++) {
		call_far(net, stack, port + stack, &l, &c, &s);
		exchange(c, s, bytes);
		talk(c, s);
		close(l);
	}
}
