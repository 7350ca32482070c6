// SPDX-License-Identifier: GPL-2.0
/* Connections in every state there is: see states.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "states.h"

/* The states into which a connection with both ends here is brought. */
enum kind {
	IDLE,
	DATA,
	HALF,
	OVER,		/* TIME-WAIT */
	FIN_LOST,
	FIN_LOST_ORPHAN,
	FIN_BEHIND_DATA,
	BOTH_CLOSED,	/* CLOSING */
	BOTH_CLOSED_ORPHAN,
	LAST_LOST,	/* LAST-ACK */
	LAST_LOST_ORPHAN,
	HALF_ORPHAN,	/* the last, since it may not live long */
	KINDS,
};

#define QUEUED	3	/* connect to a listener that takes two */
/*
 * The sockets: these, a bare one, a bound one, a listener, SYN-SENT, a simultaneous
 * open.
 */
#define EACH	(2 * KINDS + 2 + 1 + QUEUED + 1 + 2)
#define LITTLE	4096	/* bytes of a receive buffer */

struct pair {
	int end[2];
};

static void keep(struct states *s, int side, int fd)
{
	s->open[s->count].fd = fd;
	s->open[s->count].side = side;
	s->count++;
}

static void let_go(int *fd)
{
	close(*fd);
	*fd = -1;
}

int states_sockets(int n)
{
	return n * EACH + 2;
}

/* Drops what has this control bit. */
static void drop_bit(const struct net *net, int side, uint8_t bit)
{
	net_run(net, side,
		"set -e; nft -f - <<E\n"
		"add table inet states\n"
		"add chain inet states in { type filter hook prerouting priority -400; }\n"
		"add rule inet states in meta l4proto %d @th,104,8 & 0x%02x == 0x%02x drop\n"
		"E\n", stack_proto(), bit, bit);
}

void states_path_back(const struct net *net)
{
	net_run(net, CLIENT, "nft delete table inet states");
	net_run(net, SERVER, "nft delete table inet states");
}

/* A listener whose connections have a small receive buffer, or a large one. */
static int listener(const struct net *net, uint16_t port, int backlog, bool little)
{
	int fd = sock_open(net, SERVER, 0);

	if (little)
		sock_set(fd, SOL_SOCKET, SO_RCVBUF, LITTLE);
	if (addr_bind(fd, addr_side(net, SERVER, port)) || listen(fd, backlog))
		net_die("listen on port %u: %s", port, strerror(errno));
	return fd;
}

static int start_connect(const struct net *net, int side, int fd, uint16_t port)
{
	sock_nonblock(fd, true);
	if (addr_connect(fd, addr_side(net, !side, port)) && errno != EINPROGRESS)
		net_die("connect to port %u: %s", port, strerror(errno));
	return fd;
}

static struct pair connection(const struct net *net, int from, uint16_t port, bool little)
{
	struct pair p;
	int fd = sock_open(net, CLIENT, 0);

	if (little)
		sock_set(fd, SOL_SOCKET, SO_RCVBUF, LITTLE);
	if (addr_connect(fd, addr_side(net, SERVER, port)))
		net_die("connect to port %u: %s", port, strerror(errno));
	p.end[CLIENT] = fd;
	p.end[SERVER] = sock_accept(from);
	return p;
}

/* Sends more than fits into the peer's buffer, so that some of it stays here. */
static void fill(int fd)
{
	char buf[8 * LITTLE];

	pattern_fill(buf, sizeof(buf), 0);
	sock_nonblock(fd, true);
	if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) <= 0)
		net_die("send: %s", strerror(errno));
}

static void shut(int fd)
{
	if (shutdown(fd, SHUT_WR))
		net_die("shutdown: %s", strerror(errno));
}

/* True if the peer's FIN has arrived, whatever is before it. */
static void wait_fin(int fd)
{
	if (!sock_wait(fd, POLLRDHUP, PATIENCE))
		net_die("a FIN did not arrive");
}

/* Opens the states that need all segments to get through. */
static void begin(enum kind kind, struct pair *p)
{
	switch (kind) {
	case DATA:
		fill(p->end[CLIENT]);
		fill(p->end[SERVER]);
		break;
	case FIN_BEHIND_DATA:
		fill(p->end[CLIENT]);
		break;
	case HALF:
	case LAST_LOST:
	case LAST_LOST_ORPHAN:
		shut(p->end[CLIENT]);
		wait_fin(p->end[SERVER]);
		break;
	case HALF_ORPHAN:
		let_go(&p->end[CLIENT]);
		wait_fin(p->end[SERVER]);
		break;
	case OVER:
		let_go(&p->end[CLIENT]);
		wait_fin(p->end[SERVER]);
		let_go(&p->end[SERVER]);
		break;
	default:
		break;
	}
}

/* Opens the states for which SERVER receives no FIN any more. */
static void client_ends(enum kind kind, struct pair *p)
{
	switch (kind) {
	case FIN_LOST:
	case FIN_BEHIND_DATA:
	case BOTH_CLOSED:
		shut(p->end[CLIENT]);
		break;
	case FIN_LOST_ORPHAN:
	case BOTH_CLOSED_ORPHAN:
		let_go(&p->end[CLIENT]);
		break;
	default:
		break;
	}
	if (kind == BOTH_CLOSED || kind == BOTH_CLOSED_ORPHAN)
		shut(p->end[SERVER]);
}

/* Opens the states for which CLIENT receives none, either. */
static void server_ends(enum kind kind, struct pair *p)
{
	if (kind == LAST_LOST)
		shut(p->end[SERVER]);
	if (kind == LAST_LOST_ORPHAN)
		let_go(&p->end[SERVER]);
}

struct expected {
	const struct net *net;
	int side;
	int state;
	int count;
};

static bool arrived(void *arg)
{
	const struct expected *e = arg;

	return net_count_state(e->net, e->side, e->state) >= e->count;
}

static void expect(const struct net *net, int side, int state, int count)
{
	struct expected e = { net, side, state, count };

	if (!net_until(arrived, &e, PATIENCE))
		net_die("side %d: %d in state %d instead of %d", side,
			net_count_state(net, side, state), state, count);
}

/* Listeners whose accept queues are full, and whose clients have sent something. */
static void full_queues(const struct net *net, uint16_t port, struct states *s)
{
	int i, j, fd;

	for (i = 0; i < s->n; i++) {
		keep(s, SERVER, listener(net, port + i, 1, false));
		for (j = 0; j < QUEUED; j++) {
			fd = sock_open(net, CLIENT, 0);
			keep(s, CLIENT, start_connect(net, CLIENT, fd, port + i));
			if (j < 2 && !sock_wait(fd, POLLOUT, PATIENCE))
				net_die("queued connection %d did not come up", j);
			if (j < 2 && send(fd, "first", 5, MSG_NOSIGNAL) != 5)
				net_die("send: %s", strerror(errno));
		}
	}
}

/* Simultaneous opens: SERVER has received CLIENT's SYN, neither an answer. */
static void simultaneous(const struct net *net, uint16_t port, struct states *s)
{
	struct pair p;
	int i, side;

	for (i = 0; i < s->n; i++) {
		for (side = CLIENT; side <= SERVER; side++) {
			p.end[side] = sock_open(net, side, 0);
			if (addr_bind(p.end[side], addr_side(net, side, port + i)))
				net_die("bind port %u: %s", port + i, strerror(errno));
			keep(s, side, p.end[side]);
		}
		start_connect(net, SERVER, p.end[SERVER], port + i);
		start_connect(net, CLIENT, p.end[CLIENT], port + i);
	}
}

static void alone(const struct net *net, struct states *s)
{
	int i, fd;

	for (i = 0; i < s->n; i++) {
		keep(s, CLIENT, sock_open(net, CLIENT, 0));
		fd = sock_open(net, CLIENT, 0);
		if (addr_bind(fd, addr_any(0)))
			net_die("bind: %s", strerror(errno));
		keep(s, CLIENT, fd);
	}
}

static void many_descriptors(void)
{
	struct rlimit r = { 1 << 18, 1 << 18 };

	if (setrlimit(RLIMIT_NOFILE, &r))
		net_die("descriptors: %s", strerror(errno));
}

void states_open(const struct net *net, uint16_t port, int n, struct states *s)
{
	struct pair *pairs = calloc(KINDS * n, sizeof(*pairs));
	int much, little, i;
	bool tiny;

	many_descriptors();
	s->n = n;
	s->count = 0;
	s->open = calloc(states_sockets(n), sizeof(*s->open));
	alone(net, s);
	much = listener(net, port, n + 16, false);
	little = listener(net, port + 1, 16, true);
	keep(s, SERVER, much);
	keep(s, SERVER, little);
	for (i = 0; i < KINDS * n; i++) {
		tiny = i / n == DATA || i / n == FIN_BEHIND_DATA;
		pairs[i] = connection(net, tiny ? little : much, port + tiny, tiny);
		begin(i / n, &pairs[i]);
	}
	expect(net, CLIENT, ST_FIN_WAIT_2, 4 * n);
	expect(net, SERVER, ST_CLOSE_WAIT, 4 * n);
	expect(net, CLIENT, ST_TIME_WAIT, n);
	full_queues(net, port + 2, s);

	drop_bit(net, SERVER, 0x01);
	for (i = 0; i < KINDS * n; i++)
		client_ends(i / n, &pairs[i]);
	expect(net, CLIENT, ST_FIN_WAIT_1, 3 * n);
	expect(net, CLIENT, ST_CLOSING, 2 * n);

	drop_bit(net, CLIENT, 0x01);
	drop_bit(net, CLIENT, 0x02);
	for (i = 0; i < KINDS * n; i++)
		server_ends(i / n, &pairs[i]);
	for (i = 0; i < n; i++)
		keep(s, CLIENT, start_connect(net, CLIENT, sock_open(net, CLIENT, 0), port));
	simultaneous(net, port + 2 + n, s);
	expect(net, CLIENT, ST_SYN_SENT, 3 * n);
	expect(net, CLIENT, ST_ESTABLISHED, 4 * n);
	expect(net, SERVER, ST_SYN_RECEIVED, 2 * n);
	expect(net, SERVER, ST_LAST_ACK, 2 * n);
	expect(net, SERVER, ST_CLOSE_WAIT, 2 * n);
	expect(net, SERVER, ST_LISTEN, n + 2);

	for (i = 0; i < 2 * KINDS * n; i++)
		if (pairs[i / 2].end[i % 2] >= 0)
			keep(s, i % 2, pairs[i / 2].end[i % 2]);
	free(pairs);
}

void states_close(struct states *s, int side)
{
	int i, left = 0;

	for (i = 0; i < s->count; i++) {
		if (side < 0 || s->open[i].side == side)
			close(s->open[i].fd);
		else
			s->open[left++] = s->open[i];
	}
	s->count = left;
}
