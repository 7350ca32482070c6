// SPDX-License-Identifier: GPL-2.0
/* A socket in every state: see ends.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/info.h"
#include "ends.h"

#define PORT	20000		/* SERVER listens */
#define NARROW	20001		/* the same with a small receive buffer */
#define DEAF	20002		/* the same, frozen */
#define OWN	20003		/* CLIENT listens */
#define FIRST	21000		/* the first port of simultaneous opens */

const struct ends_kind ends_kinds[ENDS_STATES] = {
	[ENDS_CLOSED] = { "CLOSED", ST_CLOSED },
	[ENDS_BOUND] = { "CLOSED, bound", ST_CLOSED },
	[ENDS_LISTEN] = { "LISTEN", ST_LISTEN },
	[ENDS_LISTEN_REQUEST] = { "LISTEN, one in SYN-RECEIVED", ST_LISTEN },
	[ENDS_LISTEN_CHILD] = { "LISTEN, one to accept", ST_LISTEN },
	[ENDS_SYN_SENT] = { "SYN-SENT", ST_SYN_SENT },
	[ENDS_SYN_RECEIVED] = { "SYN-RECEIVED", ST_SYN_RECEIVED },
	[ENDS_ESTABLISHED] = { "ESTABLISHED", ST_ESTABLISHED, true },
	[ENDS_DATA] = { "ESTABLISHED, data both ways", ST_ESTABLISHED, true },
	[ENDS_FULL] = { "ESTABLISHED, zero window", ST_ESTABLISHED, true },
	[ENDS_GAP] = { "ESTABLISHED, out-of-order data", ST_ESTABLISHED, true },
	[ENDS_URGENT] = { "ESTABLISHED, urgent data", ST_ESTABLISHED, true },
	[ENDS_ERRORS] = { "ESTABLISHED, error queue", ST_ESTABLISHED, true },
	[ENDS_FIN_WAIT_1] = { "FIN-WAIT-1", ST_FIN_WAIT_1, true },
	[ENDS_FIN_WAIT_2] = { "FIN-WAIT-2", ST_FIN_WAIT_2, true },
	[ENDS_CLOSE_WAIT] = { "CLOSE-WAIT", ST_CLOSE_WAIT, true },
	[ENDS_CLOSING] = { "CLOSING", ST_CLOSING, true },
	[ENDS_LAST_ACK] = { "LAST-ACK", ST_LAST_ACK, true },
	[ENDS_TIME_WAIT] = { "TIME-WAIT", ST_CLOSED, true },
	[ENDS_RESET] = { "CLOSED by a reset", ST_CLOSED },
};

static struct {
	const struct net *net;
	int listener;
	int narrow;
	int deaf;
	uint16_t port;		/* the last one of a simultaneous open */
} stage;

/* --- freezing --- */

static void freeze(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &nothing };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		net_die("freezing: %s", strerror(errno));
}

/* Removes the filter, if there is one. */
static void thaw(int fd)
{
	int unused = 0;

	setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
}

/* --- the hosts --- */

static int listen_at(int side, uint16_t port, int rcvbuf)
{
	int fd = sock_open(stage.net, side, SOCK_NONBLOCK);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rcvbuf)
		sock_set(fd, SOL_SOCKET, SO_RCVBUF, rcvbuf);
	if (addr_bind(fd, addr_side(stage.net, side, port)) || listen(fd, 64))
		net_die("listening at port %u: %s", port, strerror(errno));
	return fd;
}

void ends_begin(const struct net *net)
{
	int side;

	stage.net = net;
	stage.port = FIRST;
	for (side = 0; side < 2; side++) {
		if (stack_is_tcp())
			continue;
		/* Short time-outs, so that thawed connections continue soon. */
		net_stack_sysctl(net, side, "rto_min_us", "20000");
		net_stack_sysctl(net, side, "rto_max_ms", "1000");
		/* Short TIME-WAITs, as there are thousands of connections. */
		net_stack_sysctl(net, side, "time_wait", "1");
		net_stack_sysctl(net, side, "fin_timeout", "2");
	}
	stage.listener = listen_at(SERVER, PORT, 0);
	stage.narrow = listen_at(SERVER, NARROW, 4096);
	stage.deaf = listen_at(SERVER, DEAF, 0);
	freeze(stage.deaf);
	net_enter(net, CLIENT);
}

static bool none_left(void *arg)
{
	int side;

	for (side = 0; side < 2; side++)
		if (net_count_state(stage.net, side, ST_NONE) !=
		    net_count_state(stage.net, side, ST_TIME_WAIT))
			return false;
	return true;
}

void ends_none_left(void)
{
	close(stage.listener);
	close(stage.narrow);
	close(stage.deaf);
	if (!net_until(none_left, NULL, PATIENCE))
		net_die("connections are left");
}

/* --- building --- */

static void must_send(int fd, uint32_t *offset, size_t len, int flags)
{
	static char buf[1 << 17];

	pattern_fill(buf, len, *offset);
	if (send(fd, buf, len, flags | MSG_NOSIGNAL) != (ssize_t)len)
		net_die("sending %zu bytes: %s", len, strerror(errno));
	*offset += len;
}

static void peer_sends(struct ends *e, size_t len)
{
	must_send(e->peer, &e->coming, len, 0);
}

static bool all_here(void *arg)
{
	struct ends *e = arg;
	static char buf[1 << 16];
	ssize_t n = recv(e->fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);

	return n >= (ssize_t)(e->coming - e->got);
}

/* On one processor segments are received as they are sent; on two this waits. */
static void await_data(struct ends *e)
{
	if (!net_until(all_here, e, PATIENCE))
		net_die("data did not arrive");
}

static void await_state(const struct ends *e, int state)
{
	long long deadline = net_now() + PATIENCE;

	while (ends_tcp_state(e) != state) {
		if (net_now() > deadline)
			net_die("state %d instead of %d (%s)",
				ends_tcp_state(e), state,
				ends_kinds[e->state].name);
		usleep(500);
	}
}

static void connect_both(struct ends *e, uint16_t port)
{
	int listener = port == PORT ? stage.listener : stage.narrow;

	if (addr_connect(e->fd, addr_side(stage.net, SERVER, port)))
		net_die("connect: %s", strerror(errno));
	e->peer = sock_accept(listener);
	sock_nonblock(e->fd, true);
	sock_nonblock(e->peer, true);
	sock_set(e->peer, IPPROTO_TCP, TCP_NODELAY, 1);
}

static void listen_with(struct ends *e)
{
	uint16_t port = e->state == ENDS_BOUND ? ++stage.port : OWN;

	sock_set(e->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (addr_bind(e->fd, addr_side(stage.net, CLIENT, port)))
		net_die("bind: %s", strerror(errno));
	if (e->state == ENDS_BOUND)
		return;
	if (listen(e->fd, 8))
		net_die("listen: %s", strerror(errno));
	sock_nonblock(e->fd, true);
	if (e->state == ENDS_LISTEN)
		return;
	e->peer = sock_open(stage.net, SERVER, SOCK_NONBLOCK);
	if (e->state == ENDS_LISTEN_REQUEST)
		freeze(e->peer);
	addr_connect(e->peer, addr_side(stage.net, CLIENT, OWN));
	if (e->state == ENDS_LISTEN_CHILD &&
	    !sock_wait(e->fd, POLLIN, PATIENCE))
		net_die("nothing to accept");
}

static void syn_sent(struct ends *e)
{
	sock_nonblock(e->fd, true);
	addr_connect(e->fd, addr_side(stage.net, SERVER, DEAF));
	await_state(e, ST_SYN_SENT);
}

/* The answers to both SYNs are lost. */
static void syn_received(struct ends *e)
{
	struct addr here = addr_side(stage.net, CLIENT, ++stage.port);
	struct addr there = addr_side(stage.net, SERVER, stage.port);

	e->peer = sock_open(stage.net, SERVER, SOCK_NONBLOCK);
	sock_nonblock(e->fd, true);
	freeze(e->fd);
	freeze(e->peer);
	if (addr_bind(e->fd, here) || addr_bind(e->peer, there))
		net_die("bind: %s", strerror(errno));
	addr_connect(e->fd, there);
	thaw(e->fd);
	addr_connect(e->peer, here);
	await_state(e, ST_SYN_RECEIVED);
}

static void fill_up(struct ends *e)
{
	static char buf[8192];
	ssize_t n;

	sock_set(e->fd, SOL_SOCKET, SO_SNDBUF, 10000);
	for (;;) {
		ends_fill(e, buf, sizeof(buf));
		n = send(e->fd, buf, sizeof(buf), MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN && !sock_wait(e->fd, POLLOUT, 0))
			break;
		if (n > 0)
			e->sent += n;
	}
}

static void gap(struct ends *e)
{
	freeze(e->fd);
	peer_sends(e, 1000);
	thaw(e->fd);
	peer_sends(e, 1000);
	peer_sends(e, 500);
}

static void errors(struct ends *e)
{
	static char buf[20000];

	/* Sockets that do not let it be set have it on. */
	setsockopt(e->fd, SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, sizeof(int));
	ends_fill(e, buf, sizeof(buf));
	if (send(e->fd, buf, sizeof(buf), MSG_ZEROCOPY) != sizeof(buf))
		net_die("MSG_ZEROCOPY: %s", strerror(errno));
	/* The data is read, so that nothing holds its pages. */
	sock_recv(e->peer, buf, sizeof(buf));
	if (pattern_check(buf, sizeof(buf), e->sent) != sizeof(buf))
		net_die("wrong data");
	e->sent += sizeof(buf);
	if (!sock_wait(e->fd, POLLERR, PATIENCE))
		net_die("no report of MSG_ZEROCOPY");
}

static void connected_state(struct ends *e)
{
	struct linger reset = { .l_onoff = 1 };

	switch (e->state) {
	case ENDS_DATA:
		peer_sends(e, 3000);
		freeze(e->peer);
		must_send(e->fd, &e->sent, 40000, 0);
		break;
	case ENDS_FULL:
		fill_up(e);
		return;
	case ENDS_GAP:
		gap(e);
		return;
	case ENDS_URGENT:
		peer_sends(e, 100);
		e->hole = e->coming;
		must_send(e->peer, &e->coming, 1, MSG_OOB);
		peer_sends(e, 50);
		if (!sock_wait(e->fd, POLLPRI, PATIENCE))
			net_die("no urgent data");
		return;
	case ENDS_ERRORS:
		errors(e);
		return;
	case ENDS_ESTABLISHED:
		return;
	case ENDS_RESET:
		setsockopt(e->peer, SOL_SOCKET, SO_LINGER, &reset,
			   sizeof(reset));
		close(e->peer);
		e->peer = -1;
		await_state(e, ST_CLOSED);
		return;
	default:
		peer_sends(e, 3000);
		must_send(e->fd, &e->sent, 1000, 0);
	}
	await_data(e);
}

/* Brings a connection with data from ESTABLISHED into a state of closing. */
static void close_some(struct ends *e)
{
	switch (e->state) {
	case ENDS_FIN_WAIT_1:
		freeze(e->peer);
		shutdown(e->fd, SHUT_WR);
		break;
	case ENDS_FIN_WAIT_2:
		shutdown(e->fd, SHUT_WR);
		break;
	case ENDS_CLOSE_WAIT:
		shutdown(e->peer, SHUT_WR);
		break;
	case ENDS_CLOSING:
		/* Both FINs are lost; then the peer's is resent. */
		freeze(e->fd);
		freeze(e->peer);
		shutdown(e->fd, SHUT_WR);
		shutdown(e->peer, SHUT_WR);
		thaw(e->fd);
		break;
	case ENDS_LAST_ACK:
		shutdown(e->peer, SHUT_WR);
		await_state(e, ST_CLOSE_WAIT);
		freeze(e->peer);
		shutdown(e->fd, SHUT_WR);
		break;
	case ENDS_TIME_WAIT:
		shutdown(e->fd, SHUT_WR);
		await_state(e, ST_FIN_WAIT_2);
		shutdown(e->peer, SHUT_WR);
		break;
	default:
		break;
	}
}

void ends_open(enum ends_state state, struct ends *e)
{
	*e = (struct ends){ .state = state, .peer = -1, .accepted = -1 };
	e->fd = socket(stack_family(), SOCK_STREAM | SOCK_CLOEXEC, stack_kind());
	if (e->fd < 0)
		net_die("socket: %s", strerror(errno));
	switch (state) {
	case ENDS_CLOSED:
		sock_nonblock(e->fd, true);
		break;
	case ENDS_BOUND:
	case ENDS_LISTEN:
	case ENDS_LISTEN_REQUEST:
	case ENDS_LISTEN_CHILD:
		listen_with(e);
		sock_nonblock(e->fd, true);
		break;
	case ENDS_SYN_SENT:
		syn_sent(e);
		break;
	case ENDS_SYN_RECEIVED:
		syn_received(e);
		break;
	default:
		connect_both(e, state == ENDS_FULL ? NARROW : PORT);
		connected_state(e);
		close_some(e);
	}
	await_state(e, ends_kinds[state].tcp_state);
}

int ends_tcp_state(const struct ends *e)
{
	struct info info;

	if (e->fd < 0)
		return ST_NONE;
	if (info_get(e->fd, &info) < 0)
		net_die("TCP_INFO: %s", strerror(errno));
	return info.state;
}

/* --- data --- */

void ends_fill(const struct ends *e, void *buf, size_t len)
{
	pattern_fill(buf, len, e->sent);
}

void ends_read(struct ends *e, const void *buf, size_t len)
{
	/* A read stops at an urgent octet that is not inline. */
	if (e->hole && e->got == e->hole)
		e->got++;
	if (pattern_check(buf, len, e->got) != len)
		net_die("%s: wrong data, %zu bytes after %u",
			ends_kinds[e->state].name, len, e->got);
	e->got += len;
}

/* Waits until fd can be read, and empties its error queue meanwhile. */
static bool await_readable(const struct ends *e)
{
	struct pollfd p = { .fd = e->fd, .events = POLLIN };
	long long deadline = net_now() + PATIENCE;
	struct msghdr none = { 0 };

	do {
		poll(&p, 1, 100);
		if (p.revents & POLLIN)
			return true;
		if (p.revents & POLLERR)
			recvmsg(e->fd, &none, MSG_ERRQUEUE);
	} while (net_now() < deadline);
	return false;
}

static void read_rest(struct ends *e)
{
	static char buf[1 << 16];
	ssize_t n;

	while (e->got < e->coming) {
		if (!await_readable(e))
			net_die("%s: %u of %u bytes did not come",
				ends_kinds[e->state].name, e->coming - e->got,
				e->coming);
		n = recv(e->fd, buf, sizeof(buf), 0);
		if (n <= 0)
			net_die("%s: %s after %u of %u bytes",
				ends_kinds[e->state].name,
				n ? strerror(errno) : "end", e->got, e->coming);
		ends_read(e, buf, n);
	}
}

static void peer_reads(struct ends *e)
{
	static char buf[1 << 16];
	uint32_t done = e->state == ENDS_ERRORS ? 20000 : 0;
	ssize_t n;

	for (; done < e->sent; done += n) {
		if (!sock_wait(e->peer, POLLIN, PATIENCE))
			net_die("%s: the peer has %u of %u bytes",
				ends_kinds[e->state].name, done, e->sent);
		n = recv(e->peer, buf, e->sent - done < sizeof(buf) ?
			 e->sent - done : sizeof(buf), 0);
		if (n <= 0)
			net_die("%s: the peer: %s after %u of %u bytes",
				ends_kinds[e->state].name,
				n ? strerror(errno) : "end", done, e->sent);
		if (pattern_check(buf, n, done) != (size_t)n)
			net_die("%s: the peer: wrong data after %u",
				ends_kinds[e->state].name, done);
	}
}

/* Sends a few bytes from one end to the other. */
static void hello(int from, int to)
{
	char buf[5];

	sock_send(from, "hello", sizeof(buf));
	sock_recv(to, buf, sizeof(buf));
}

/* --- the end --- */

void ends_peer_ended(struct ends *e)
{
	long long deadline = net_now() + PATIENCE;
	static char buf[1 << 16];
	ssize_t n;

	if (e->peer < 0)
		return;
	thaw(e->peer);
	do {
		/*
		 * When the reset could not be allocated, a segment of the peer
		 * causes another; after shutdown() the peer cannot send one.
		 */
		if (!sock_wait(e->peer, POLLIN | POLLHUP | POLLERR, 200) &&
		    send(e->peer, "?", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE)
			return;
		if (net_now() > deadline)
			net_die("%s: the peer is not told of the end",
				ends_kinds[e->state].name);
		n = recv(e->peer, buf, sizeof(buf), 0);
	} while (n > 0 || (n < 0 && errno == EAGAIN));
}

static void finish_connected(struct ends *e)
{
	bool ended;

	if (e->state == ENDS_GAP)
		/* Duplicate ACKs make the lost segment be resent. */
		for (int i = 0; i < 3; i++)
			peer_sends(e, 10);
	/* SO_OOBINLINE is off again: the urgent octet is not in the stream. */
	peer_reads(e);
	if (e->hole)
		sock_set(e->fd, SOL_SOCKET, SO_OOBINLINE, 0);
	read_rest(e);
	ended = ends_kinds[e->state].tcp_state == ST_CLOSED;
	if (shutdown(e->fd, SHUT_WR) && !ended && errno != ENOTCONN)
		net_die("shutdown: %s", strerror(errno));
	sock_recv_end(e->peer);
	shutdown(e->peer, SHUT_WR);
	if (!await_readable(e))
		net_die("%s: the peer's end did not come",
			ends_kinds[e->state].name);
	sock_recv_end(e->fd);
}

/* Completes a handshake that was frozen. */
static void finish_handshake(struct ends *e)
{
	int fd, err, listener = e->fd;

	if (e->state == ENDS_SYN_RECEIVED || e->state == ENDS_SYN_SENT) {
		thaw(stage.deaf);
		if (!sock_wait(e->fd, POLLOUT, PATIENCE))
			net_die("%s: not connected", ends_kinds[e->state].name);
		err = sock_get(e->fd, SOL_SOCKET, SO_ERROR);
		if (err)
			net_die("%s: not connected: %s",
				ends_kinds[e->state].name, strerror(err));
		if (e->state == ENDS_SYN_SENT)
			e->peer = sock_accept(stage.deaf);
	} else {
		fd = sock_accept(listener);
		e->fd = fd;
		close(listener);
	}
	hello(e->fd, e->peer);
}

void ends_make_room(struct ends *e)
{
	if (e->peer < 0)
		return;
	thaw(e->peer);
	sock_wait(e->fd, POLLOUT, PATIENCE);
}

void ends_connected(struct ends *e)
{
	e->peer = sock_accept(stage.listener);
	sock_nonblock(e->fd, true);
	sock_nonblock(e->peer, true);
	e->state = ENDS_ESTABLISHED;
}

void ends_listening(struct ends *e)
{
	struct addr own = addr_local(e->fd);
	struct addr to = addr_side(stage.net, CLIENT, addr_port(&own));

	e->peer = sock_open(stage.net, SERVER, SOCK_NONBLOCK);
	addr_connect(e->peer, to);
	e->accepted = sock_accept(e->fd);
	hello(e->accepted, e->peer);
}

struct addr ends_server(void)
{
	return addr_side(stage.net, SERVER, PORT);
}

struct addr ends_own(void)
{
	return addr_side(stage.net, CLIENT, OWN);
}

void ends_finish(struct ends *e, bool wait)
{
	bool handshake = e->state == ENDS_SYN_SENT ||
			 e->state == ENDS_SYN_RECEIVED ||
			 e->state == ENDS_LISTEN_REQUEST;
	int fd;

	if (e->peer >= 0)
		thaw(e->peer);
	if (e->fd >= 0)
		thaw(e->fd);
	if (!e->over && e->fd >= 0 && ends_kinds[e->state].connected)
		finish_connected(e);
	else if (!e->over && e->fd >= 0 && handshake && wait)
		finish_handshake(e);
	if (e->accepted >= 0)
		close(e->accepted);
	if (e->fd >= 0)
		close(e->fd);
	if (e->peer >= 0)
		close(e->peer);
	if (e->state == ENDS_SYN_SENT)
		freeze(stage.deaf);
	/* Connections that a call has made and that were not accepted. */
	while ((fd = accept(stage.listener, NULL, NULL)) >= 0)
		close(fd);
}
