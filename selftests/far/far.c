// SPDX-License-Identifier: GPL-2.0
/*
 * far serve STACK IP PORT
 * far call STACK IP PORT BYTES
 * far run STACK IP PORT COMMAND
 *
 * One end of a connection between two machines.  STACK is tcp (the kernel's), atcp (on
 * the wire as TCP) or 253.  serve accepts connections until it is killed.  call
 * exchanges BYTES of the pattern both ways at once, and the end of the stream in each
 * direction.  run makes the server's machine run a command.  Any error is printed on
 * standard error and makes the exit status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/flow.h"
#include "../lib/stacks.h"

#define LINE	256	/* first bytes of a connection: "exchange BYTES" or "run COMMAND" */

static enum stack the_stack(const char *name, const char *ip)
{
	if (strchr(ip, ':'))
		setenv("ATCP_TEST_IP", "6", 1);
	if (!strcmp(name, "tcp"))
		return TCP;
	if (!strcmp(name, "atcp"))
		setenv("ATCP_TEST_CARRIER", "tcp", 1);
	else if (strcmp(name, "253"))
		net_die("no stack %s", name);
	return ATCP;
}

static void bytes_and_end(int fd, size_t bytes)
{
	exchange_end(fd, bytes);
	shutdown(fd, SHUT_WR);
	sock_recv_end(fd);
}

static void serve_one(int fd)
{
	char line[LINE], word[16] = "";
	unsigned long bytes;
	int status;

	sock_recv(fd, line, LINE);
	line[LINE - 1] = 0;
	if (sscanf(line, "exchange %lu", &bytes) == 1) {
		bytes_and_end(fd, bytes);
	} else if (sscanf(line, "%15s", word) == 1 && !strcmp(word, "run")) {
		status = system(line + 4);
		sock_send(fd, &status, sizeof(status));
	}
}

static void serve(enum stack stack, const char *ip, uint16_t port)
{
	int l = listen_at(stack, ip, port), fd;

	signal(SIGCHLD, SIG_IGN);
	while ((fd = accept(l, NULL, NULL)) >= 0) {
		/* In a child, so that an error ends this connection only. */
		if (!fork()) {
			signal(SIGCHLD, SIG_DFL);
			close(l);
			serve_one(fd);
			_exit(0);
		}
		close(fd);
	}
	net_die("accept: %s", strerror(errno));
}

struct call {
	enum stack stack;
	struct addr to;
	int fd;
};

static bool connected(void *arg)
{
	struct call *c = arg;

	c->fd = sock_of(c->stack);
	if (!addr_connect(c->fd, c->to))
		return true;
	close(c->fd);
	return false;
}

/* Connects; tries again for a while, as the other machine may still be starting. */
static int call(enum stack stack, const char *ip, uint16_t port)
{
	struct call c = { .stack = stack, .to = addr_of(ip, port) };

	if (!net_until(connected, &c, 3 * PATIENCE))
		net_die("connect to %s port %u: %s", ip, port, strerror(errno));
	return c.fd;
}

int main(int argc, char **argv)
{
	char line[LINE] = "";
	enum stack stack;
	int fd, status = 0;
	uint16_t port;

	if (argc != 5 + !!strcmp(argc > 1 ? argv[1] : "", "serve"))
		net_die("usage: far serve|call|run STACK IP PORT [BYTES|COMMAND]");
	stack = the_stack(argv[2], argv[3]);
	port = atoi(argv[4]);
	if (!strcmp(argv[1], "serve"))
		serve(stack, argv[3], port);
	fd = call(stack, argv[3], port);
	if (!strcmp(argv[1], "call")) {
		snprintf(line, LINE, "exchange %s", argv[5]);
		sock_send(fd, line, LINE);
		bytes_and_end(fd, strtoul(argv[5], NULL, 10));
	} else {
		snprintf(line, LINE, "run %s", argv[5]);
		sock_send(fd, line, LINE);
		sock_recv(fd, &status, sizeof(status));
	}
	close(fd);
	return !!status;
}
