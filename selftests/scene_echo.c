// SPDX-License-Identifier: GPL-2.0
/* An echo server gets 'A', then 'AB'; then a reader that stalls closes the window. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

FIXTURE(echo)
{
	struct net net;
	struct wire *wire;
	struct conn c;
};

FIXTURE_SETUP(echo)
{
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(echo)
{
	wire_close(self->wire);
}

/* The echo server sends back what it receives. */
static size_t echo_once(int fd)
{
	char buf[64];
	ssize_t n;

	if (!sock_wait(fd, POLLIN, PATIENCE))
		net_die("nothing to echo");
	n = recv(fd, buf, sizeof(buf), 0);
	if (n > 0)
		sock_send(fd, buf, n);
	return n > 0 ? n : 0;
}

TEST_F(echo, one_byte_then_two)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> PA  1  1  1",
		"?< A  1  2  0",
		"< PA  1  2  1",
		"> A   2  2  0",
		"> PA  2  2  2",
		"?< A  2  4  0",
		"< PA  2  4  2",
		"> A   4  4  0",
		"> FA  4  4  0",
		"< A   4  5  0",
		"< FA  4  5  0",
		"> A   5  5  0",
	};
	char got[4];
	struct conn *c = &self->c;

	conn_open(&self->net, PORT, c);
	wire_wait(self->wire, script[2]);
	sock_send(c->end[CLIENT], "A", 1);
	EXPECT_EQ(1, echo_once(c->end[SERVER]));
	sock_recv(c->end[CLIENT], got, 1);
	EXPECT_EQ('A', got[0]);
	wire_wait(self->wire, script[6]);
	sock_send(c->end[CLIENT], "AB", 2);
	EXPECT_EQ(2, echo_once(c->end[SERVER]));
	sock_recv(c->end[CLIENT], got, 2);
	EXPECT_EQ(0, memcmp(got, "AB", 2));
	wire_wait(self->wire, script[10]);
	EXPECT_EQ(0, shutdown(c->end[CLIENT], SHUT_RDWR));
	EXPECT_EQ(0, echo_once(c->end[SERVER]));
	wire_wait(self->wire, script[12]);
	net_wait_state(&self->net, CLIENT, sock_port(c->end[CLIENT]), PORT,
		       ST_FIN_WAIT_2);
	close(c->end[SERVER]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	close(c->end[CLIENT]);
	close(c->listener);
}

/* Sends until the peer's window and the own buffer are full. */
static size_t fill(int fd)
{
	static char block[16384];
	size_t total = 0;
	ssize_t n;

	sock_nonblock(fd, true);
	for (;;) {
		pattern_fill(block, sizeof(block), total);
		n = send(fd, block, sizeof(block), MSG_NOSIGNAL);
		if (n < 0)
			break;
		total += n;
	}
	if (errno != EAGAIN)
		net_die("send: %s", strerror(errno));
	return total;
}

static void drain(int fd, size_t total)
{
	static char block[65536];
	size_t got = 0;

	while (got < total) {
		size_t n = total - got < sizeof(block) ? total - got :
							 sizeof(block);

		sock_recv(fd, block, n);
		if (pattern_check(block, n, got) != n)
			net_die("a wrong byte after %zu", got);
		got += n;
	}
}

/* Reads segments until the server has advertised a window of zero, or another. */
static const struct seg *wait_window(struct wire *wire, bool zero)
{
	const struct seg *s;

	while ((s = wire_next(wire, PATIENCE)))
		if (s->from == SERVER && !(s->flags & TH_SYN) &&
		    !s->window == zero)
			return s;
	wire_ladder(wire);
	net_die("the server's window never %s", zero ? "closed" : "opened");
}

TEST_F(echo, stalled_reader_closes_the_window)
{
	struct conn *c = &self->c;
	struct addr addr;
	uint32_t closed_ack;
	size_t total;

	/* A small buffer, set before the handshake tells its window. */
	c->listener = sock_listen(&self->net, SERVER, PORT, 8);
	sock_set(c->listener, SOL_SOCKET, SO_RCVBUF, 16384);
	addr = addr_side(&self->net, SERVER, PORT);
	c->end[CLIENT] = sock_open(&self->net, CLIENT, 0);
	sock_set(c->end[CLIENT], SOL_SOCKET, SO_SNDBUF, 200000);
	ASSERT_EQ(0, addr_connect(c->end[CLIENT], addr));
	c->end[SERVER] = sock_accept(c->listener);

	total = fill(c->end[CLIENT]);
	ASSERT_LT(16384, total);
	closed_ack = wait_window(self->wire, true)->ack;
	/* Never more than the buffer allows has arrived. */
	EXPECT_GE(2 * 16384 + 1, closed_ack);

	/* The buffers of both sides are full, and stay so while nobody reads. */
	EXPECT_EQ(0, sock_events(c->end[CLIENT], POLLOUT));

	drain(c->end[SERVER], total);
	/* After a read comes a window update: the same ACK, with a window. */
	while (wire_at(self->wire, 0) &&
	       wait_window(self->wire, false)->ack < closed_ack)
		;
	EXPECT_TRUE(sock_wait(c->end[CLIENT], POLLOUT, PATIENCE));
	conn_close(c);
}

/* Probes keep asking, and get an answer, while the window is closed. */
TEST_F(echo, zero_window_is_probed)
{
	struct conn *c = &self->c;
	const struct seg *s;
	struct addr addr;
	uint32_t edge;
	size_t total;
	int probes = 0, answers = 0;

	c->listener = sock_listen(&self->net, SERVER, PORT, 8);
	sock_set(c->listener, SOL_SOCKET, SO_RCVBUF, 16384);
	addr = addr_side(&self->net, SERVER, PORT);
	c->end[CLIENT] = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, addr_connect(c->end[CLIENT], addr));
	c->end[SERVER] = sock_accept(c->listener);
	total = fill(c->end[CLIENT]);
	edge = wait_window(self->wire, true)->ack;
	while (probes < 2 || answers < 2) {
		s = wire_next(self->wire, PATIENCE);
		ASSERT_NE(NULL, s);
		if (s->from == CLIENT) {
			/* An old number, or one new byte: both are probes. */
			EXPECT_EQ(TH_ACK, s->flags & ~TH_PSH);
			EXPECT_GE(1, s->len);
			EXPECT_GE(edge, s->seq);
			probes++;
		} else {
			EXPECT_EQ(0, s->window);
			EXPECT_EQ(edge, s->ack);
			answers++;
		}
	}
	/* If the window update is lost, a probe finds the open window. */
	net_drop(&self->net, CLIENT, TH_ACK, 40, 80, 1);
	drain(c->end[SERVER], total);
	EXPECT_TRUE(sock_wait(c->end[CLIENT], POLLOUT, PATIENCE));
	conn_close(c);
}

/* Small writes wait for the ACK of the one before by Nagle's algorithm, or do not. */
TEST_F(echo, nagle_and_nodelay)
{
	struct conn *c = &self->c;
	char got[4];

	conn_open(&self->net, PORT, c);
	wire_wait(self->wire, "> A 1 1 0");
	sock_set(c->end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
	EXPECT_EQ(1, sock_get(c->end[CLIENT], IPPROTO_TCP, TCP_NODELAY));
	net_drop(&self->net, CLIENT, TH_ACK, 40, 80, 0);
	sock_send(c->end[CLIENT], "a", 1);
	sock_send(c->end[CLIENT], "b", 1);
	wire_wait(self->wire, "> PA 1 1 1");
	wire_wait(self->wire, "> PA 2 1 1");
	sock_recv(c->end[SERVER], got, 2);
	net_drop_end(&self->net, CLIENT);
	/* All data is acknowledged in the end. */
	sock_send(c->end[SERVER], "x", 1);
	sock_recv(c->end[CLIENT], got, 1);

	sock_set(c->end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 0);
	net_drop(&self->net, CLIENT, TH_ACK, 40, 80, 0);
	sock_send(c->end[CLIENT], "c", 1);
	sock_send(c->end[CLIENT], "d", 1);
	sock_send(c->end[CLIENT], "e", 1);
	wire_wait(self->wire, "> PA 3 2 1");
	net_drop_end(&self->net, CLIENT);
	wire_wait(self->wire, "> PA 4 2 2");
	sock_recv(c->end[SERVER], got, 3);
	EXPECT_EQ(0, memcmp(got, "cde", 3));
	conn_close(c);
}

TEST_HARNESS_MAIN
