// SPDX-License-Identifier: GPL-2.0
/*
 * The operations: each makes its call and prints the result.  A call that would wait
 * for ever is interrupted, and "blocked" printed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "calls.h"
#include "oracle.h"
#include "peer.h"

#define ENOUGH	600000	/* us after which a call is taken to wait for ever */

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	alarms++;
}

void call_begin(void)
{
	static const struct sigaction sa = { .sa_handler = on_alarm };
	static const struct itimerval it = {
		.it_value = { .tv_usec = ENOUGH },
		.it_interval = { .tv_usec = 50000 },
	};

	sigaction(SIGALRM, &sa, NULL);
	alarms = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	errno = 0;
}

void call_patiently(void)
{
	alarms = 0;
	errno = 0;
}

void call_end(struct run *r, long ret)
{
	static const struct itimerval off;
	int err = errno;

	setitimer(ITIMER_REAL, &off, NULL);
	if (alarms)
		say(r->t, "  = %s", "blocked");
	else if (ret < 0)
		say(r->t, "  = %s", errno_name(err));
	else
		say(r->t, "  = %ld", ret);
	errno = err;
}

static int fd_of(struct run *r, const struct op *op)
{
	return r->slot[op->slot].fd;
}

/* ---------------------------------------------------------------- opening */

/* A socket of a program does not wait unless it is told to. */
static void take_slot(struct run *r, int slot, int fd, int side)
{
	struct slot *s = &r->slot[slot];

	*s = (struct slot){ .fd = fd, .side = side };
	observe_add(r, slot);
}

static void do_socket(struct run *r, const struct op *op)
{
	static const int number[] = { [P_OTHER] = IPPROTO_UDP, [P_BAD] = 999 };
	int proto = op->arg[2] == P_OWN ? stack_proto() : number[op->arg[2] & 3];
	int fd;

	if (r->slot[op->slot].fd >= 0) {
		say(r->t, "  in use");
		return;
	}
	run_enter(r, op->arg[0]);
	call_patiently();
	fd = socket(stack_family(), op->arg[1], proto | stack_kind());
	call_end(r, fd < 0 ? -1 : 0);
	if (fd >= 0)
		take_slot(r, op->slot, fd, op->arg[0]);
}

static void do_bind(struct run *r, const struct op *op)
{
	struct sockaddr_storage ss;
	socklen_t len = run_addr(r, op->arg[0], op->arg[1], &ss);

	if (op->arg[2] != DEFAULT_LEN)
		len = op->arg[2];
	call_begin();
	call_end(r, bind(fd_of(r, op), (struct sockaddr *)&ss, len));
}

static void do_connect(struct run *r, const struct op *op)
{
	struct sockaddr_storage ss;
	socklen_t len = run_addr(r, op->arg[0], op->arg[1], &ss);

	if (op->arg[2] != DEFAULT_LEN)
		len = op->arg[2];
	call_begin();
	call_end(r, connect(fd_of(r, op), (struct sockaddr *)&ss, len));
}

static void do_listen(struct run *r, const struct op *op)
{
	call_begin();
	call_end(r, listen(fd_of(r, op), op->arg[0]));
}

static void say_name(struct run *r, const char *what,
		     const struct sockaddr_storage *ss, socklen_t room,
		     socklen_t len)
{
	struct sockaddr_storage whole = { 0 };
	char text[96];

	memcpy(&whole, ss, room < len ? room : len);
	run_addr_text(r, &whole, len, text, sizeof(text));
	say(r->t, "  %s %s length %u", what, text, len);
}

static void do_accept(struct run *r, const struct op *op)
{
	struct slot *from = &r->slot[op->arg[0] & (SLOTS - 1)];
	struct sockaddr_storage ss = { 0 };
	socklen_t room = op->arg[2] == DEFAULT_LEN ? sizeof(ss) : op->arg[2];
	socklen_t len = room;
	int fd;

	if (r->slot[op->slot].fd >= 0) {
		say(r->t, "  in use");
		return;
	}
	call_begin();
	fd = accept4(from->fd, (struct sockaddr *)&ss, &len, op->arg[1]);
	call_end(r, fd < 0 ? -1 : 0);
	if (fd < 0)
		return;
	say_name(r, "from", &ss, room < sizeof(ss) ? room : sizeof(ss), len);
	say(r->t, "  flags 0x%x", fcntl(fd, F_GETFL));
	take_slot(r, op->slot, fd, from->side);
}

static void do_getname(struct run *r, const struct op *op,
		       int (*call)(int fd, struct sockaddr *sa, socklen_t *len))
{
	struct sockaddr_storage ss = { 0 };
	socklen_t room = op->arg[0] == DEFAULT_LEN ? sizeof(ss) : op->arg[0];
	socklen_t len = room;
	int ret;

	call_begin();
	ret = call(fd_of(r, op), (struct sockaddr *)&ss, &len);
	call_end(r, ret);
	if (!ret)
		say_name(r, "name", &ss, room < sizeof(ss) ? room : sizeof(ss),
			 len);
}

static void do_getsockname(struct run *r, const struct op *op)
{
	do_getname(r, op, (void *)getsockname);
}

static void do_getpeername(struct run *r, const struct op *op)
{
	do_getname(r, op, (void *)getpeername);
}

/* ---------------------------------------------------------------- ending */

static void do_shutdown(struct run *r, const struct op *op)
{
	call_begin();
	call_end(r, shutdown(fd_of(r, op), op->arg[0]));
}

static void do_close(struct run *r, const struct op *op)
{
	call_begin();
	call_end(r, close(fd_of(r, op)));
	r->slot[op->slot].fd = -1;
}

/* ---------------------------------------------------------------- waiting */

static void do_nonblock(struct run *r, const struct op *op)
{
	int on = op->arg[0];

	call_begin();
	call_end(r, ioctl(fd_of(r, op), FIONBIO, &on));
}

static void do_await(struct run *r, const struct op *op)
{
	struct pollfd pfd = { .fd = fd_of(r, op), .events = op->arg[0] };
	bool came = false;
	long long until = net_now() + op->arg[1];

	while (!came && net_now() < until)
		came = poll(&pfd, 1, until - net_now()) > 0;
	say(r->t, "  %s", came ? "came" : "in vain");
}

/* Waits for what only time brings; for nothing else. */
static void do_pause(struct run *r, const struct op *op)
{
	if (r->peer) {
		r->peer->waits = true;
		peer_pass(r, op->arg[0]);
	} else {
		usleep(op->arg[0] * 1000);
	}
	say(r->t, "  done");
}

static void do_ioctl(struct run *r, const struct op *op)
{
	char buf[256] = { 0 };
	int ret, value;

	call_patiently();
	ret = ioctl(fd_of(r, op), op->arg[0], buf);
	call_end(r, ret);
	memcpy(&value, buf, sizeof(value));
	if (ret >= 0)
		say(r->t, "  value %d", value);
}

/* SIGIO and SIGURG are counted by the observer. */
static void do_own(struct run *r, const struct op *op)
{
	int fd = fd_of(r, op);

	call_begin();
	fcntl(fd, F_SETOWN, getpid());
	call_end(r, fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

/* ---------------------------------------------------------------- the wire */

static void do_inject(struct run *r, const struct op *op)
{
	r->verbose = true;
	say(r->t, "  %s", capture_inject(r, op->arg) ? "sent" : "no connection yet");
}

static void do_seg(struct run *r, const struct op *op)
{
	say(r->t, "  %s", r->peer && peer_send(r, op->slot, op->arg) ? "sent" :
		"no connection yet");
}

static void do_link(struct run *r, const struct op *op)
{
	net_run(&r->net, op->arg[0], "ip link set dev %s %s",
		r->net.dev[op->arg[0]], op->arg[1] ? "up" : "down");
	say(r->t, "  set");
}

const struct call calls[] = {
	{ "socket", do_socket, { { "side", K_SIDE, CLIENT },
				 { "type", K_TYPE, SOCK_STREAM },
				 { "proto", K_PROTO, P_ZERO } } },
	{ "bind", do_bind, { { "addr", K_ADDR, A_ANY }, { "port", K_PORT, 0 },
			     { "len", K_LEN, DEFAULT_LEN } } },
	{ "connect", do_connect, { { "addr", K_ADDR, A_SERVER },
				   { "port", K_PORT, 1 },
				   { "len", K_LEN, DEFAULT_LEN } } },
	{ "listen", do_listen, { { "backlog", K_NUM, 8 } } },
	{ "accept", do_accept, { { "from", K_NUM, 0 }, { "flags", K_TYPE, 0 },
				 { "len", K_LEN, DEFAULT_LEN } } },
	{ "getsockname", do_getsockname, { { "len", K_LEN, DEFAULT_LEN } } },
	{ "getpeername", do_getpeername, { { "len", K_LEN, DEFAULT_LEN } } },
	{ "shutdown", do_shutdown, { { "how", K_HOW, SHUT_WR } } },
	{ "close", do_close },
	{ "nonblock", do_nonblock, { { "on", K_NUM, 1 } } },
	{ "await", do_await, { { "events", K_EVENTS, POLLIN },
			       { "ms", K_NUM, 3000 } } },
	{ "pause", do_pause, { { "ms", K_NUM, 100 } } },
	{ "ioctl", do_ioctl, { { "cmd", K_CMD, 0 } } },
	{ "own", do_own },
	{ "inject", do_inject, { { "from", K_SIDE, CLIENT },
				 { "flags", K_SEGFLAGS, 0x10 },
				 { "seq", K_NUM, 0 }, { "ack", K_NUM, 0 },
				 { "len", K_NUM, 0 },
				 { "window", K_NUM, 1000 },
				 { "timestamps", K_NUM, 1 } } },
	{ "seg", do_seg, { { "flags", K_SEGFLAGS, F_ACK },
			   { "seq", K_NUM, 0 }, { "ack", K_NUM, 0 },
			   { "len", K_NUM, 0 }, { "window", K_NUM, 60000 },
			   { "options", K_SEGOPTS, 0 },
			   { "from", K_FROM, FROM_NEXT }, { "urgent", K_NUM, 1 } } },
	{ "link", do_link, { { "side", K_SIDE, CLIENT }, { "up", K_NUM, 1 } } },

	{ "send", do_send, { { "len", K_NUM, 1 }, { "flags", K_MSG, 0 } } },
	{ "sendto", do_sendto, { { "len", K_NUM, 1 }, { "flags", K_MSG, 0 },
				 { "addr", K_ADDR, A_SERVER },
				 { "port", K_PORT, 1 },
				 { "addrlen", K_LEN, DEFAULT_LEN } } },
	{ "sendmsg", do_sendmsg, { { "len", K_NUM, 1 }, { "flags", K_MSG, 0 },
				   { "level", K_LEVEL, -1 },
				   { "type", K_OPT, 0 },
				   { "clen", K_NUM, 4 }, { "v0", K_NUM, 0 } } },
	{ "recv", do_recv, { { "len", K_NUM, 100 }, { "flags", K_MSG, 0 } } },
	{ "recvmsg", do_recvmsg, { { "len", K_NUM, 100 },
				   { "flags", K_MSG, 0 },
				   { "control", K_NUM, 256 } } },
	{ "fill", do_fill, { { "chunk", K_NUM, 4096 } } },
	{ "drain", do_drain, { { "from", K_NUM, 0 } } },
	{ "sendfile", do_sendfile, { { "len", K_NUM, 1000 } } },
	{ "splicein", do_splicein, { { "len", K_NUM, 1000 },
				     { "flags", K_NUM, SPLICE_F_NONBLOCK } } },
	{ "spliceout", do_spliceout, { { "len", K_NUM, 1000 },
				       { "flags", K_NUM, SPLICE_F_NONBLOCK } } },

	{ "set", do_set, { { "level", K_LEVEL, SOL_SOCKET },
			   { "option", K_OPT, 0 }, { "len", K_NUM, 4 },
			   { "v0", K_NUM, 0 }, { "v1", K_NUM, 0 },
			   { "v2", K_NUM, 0 }, { "v3", K_NUM, 0 } } },
	{ "get", do_get, { { "level", K_LEVEL, SOL_SOCKET },
			   { "option", K_OPT, 0 }, { "len", K_NUM, 4 } } },
	{ "setall", do_setall, { { "level", K_LEVEL, SOL_SOCKET },
				 { "len", K_NUM, 4 }, { "v0", K_NUM, 0 },
				 { "v1", K_NUM, 0 } } },
	{ "getall", do_getall, { { "level", K_LEVEL, SOL_SOCKET },
				 { "len", K_NUM, 64 } } },
	{ "info", do_info },
};

const unsigned int calls_count = sizeof(calls) / sizeof(calls[0]);
