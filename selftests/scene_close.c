// SPDX-License-Identifier: GPL-2.0
/* The ways in which a connection ends, by who closes first and how. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

FIXTURE(close)
{
	struct net net;
	struct wire *wire;
	struct conn c;
	uint16_t cport;
};

FIXTURE_SETUP(close)
{
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	conn_open(&self->net, PORT, &self->c);
	self->cport = sock_port(self->c.end[CLIENT]);
	net_wait_state(&self->net, SERVER, PORT, self->cport, ST_ESTABLISHED);
}

FIXTURE_TEARDOWN(close)
{
	wire_close(self->wire);
}

/* Waits for the state of one end, as that end's host tells it. */
static void wait_state(const struct net *net, uint16_t cport, int side,
		       int state)
{
	if (side == SERVER)
		net_wait_state(net, side, PORT, cport, state);
	else
		net_wait_state(net, side, cport, PORT, state);
}

#define WAIT(side, state) wait_state(&self->net, self->cport, side, state)

TEST_F(close, server_first)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"< FA  1  1  0",
		"> A   1  2  0",
		"> FA  1  2  0",
		"< A   2  2  0",
	};

	close(self->c.end[SERVER]);
	sock_recv_end(self->c.end[CLIENT]);
	WAIT(SERVER, ST_FIN_WAIT_2);
	WAIT(CLIENT, ST_CLOSE_WAIT);
	close(self->c.end[CLIENT]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	/* The end that closes first is in TIME-WAIT, the other is gone. */
	WAIT(SERVER, ST_TIME_WAIT);
	WAIT(CLIENT, ST_NONE);
}

TEST_F(close, client_first)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> PA  1  1  3",
		"< A   1  4  0",
		"> FA  4  1  0",
		"< A   1  5  0",
		"< FA  1  5  0",
		"> A   5  2  0",
	};
	char got[3];

	sock_send(self->c.end[CLIENT], "one", 3);
	wire_wait(self->wire, script[4]);
	close(self->c.end[CLIENT]);
	sock_recv(self->c.end[SERVER], got, 3);
	EXPECT_EQ(0, memcmp(got, "one", 3));
	sock_recv_end(self->c.end[SERVER]);
	WAIT(CLIENT, ST_FIN_WAIT_2);
	close(self->c.end[SERVER]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	WAIT(CLIENT, ST_TIME_WAIT);
	WAIT(SERVER, ST_NONE);
}

/*
 * Both FINs are in flight before either arrives: each host drops what it receives until
 * both have sent theirs.  The retransmitted ones cross, or one comes when the other has
 * been acknowledged.
 */
TEST_F(close, both_at_once)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> FA  1  1  0",
		"< FA  1  1  0",
		"?> FA 1  1  0",
		"?< FA 1  1  0",
		"?> FA 1  1  0",
		"?< FA 1  1  0",
		"?> FA 1  2  0",
		"?< FA 1  2  0",
		"> A   2  2  0",
		"< A   2  2  0",
		"?> FA 1  2  0",
		"?< FA 1  2  0",
		"?> A  2  2  0",
		"?< A  2  2  0",
	};

	net_drop(&self->net, CLIENT, TH_FIN | TH_ACK, 40, 80, 1);
	net_drop(&self->net, SERVER, TH_FIN | TH_ACK, 40, 80, 1);
	shutdown(self->c.end[CLIENT], SHUT_WR);
	shutdown(self->c.end[SERVER], SHUT_WR);
	sock_recv_end(self->c.end[CLIENT]);
	sock_recv_end(self->c.end[SERVER]);
	close(self->c.end[CLIENT]);
	close(self->c.end[SERVER]);
	EXPECT_TRUE(wire_expect(self->wire, script));
}

TEST_F(close, shutdown_write_then_receive)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> FA  1  1  0",
		"< A   1  2  0",
		"< PA  1  2  5",
		"> A   2  6  0",
		"< PA  6  2  7",
		"> A   2 13  0",
		"< FA 13  2  0",
		"> A   2 14  0",
	};
	char got[16];

	ASSERT_EQ(0, shutdown(self->c.end[CLIENT], SHUT_WR));
	/* This side sends no more... */
	EXPECT_EQ(-1, send(self->c.end[CLIENT], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	sock_recv_end(self->c.end[SERVER]);
	wire_wait(self->wire, script[4]);
	WAIT(CLIENT, ST_FIN_WAIT_2);
	WAIT(SERVER, ST_CLOSE_WAIT);
	/* ... but everything that the other side still sends arrives. */
	sock_send(self->c.end[SERVER], "still", 5);
	sock_recv(self->c.end[CLIENT], got, 5);
	EXPECT_EQ(0, memcmp(got, "still", 5));
	wire_wait(self->wire, script[6]);
	sock_send(self->c.end[SERVER], "talking", 7);
	sock_recv(self->c.end[CLIENT], got, 7);
	EXPECT_EQ(0, memcmp(got, "talking", 7));
	wire_wait(self->wire, script[8]);
	close(self->c.end[SERVER]);
	sock_recv_end(self->c.end[CLIENT]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	WAIT(CLIENT, ST_TIME_WAIT);
	close(self->c.end[CLIENT]);
}

TEST_F(close, shutdown_both)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> FA  1  1  0",
		"< A   1  2  0",
		"< FA  1  2  0",
		"> A   2  2  0",
	};
	char byte;

	ASSERT_EQ(0, shutdown(self->c.end[CLIENT], SHUT_RDWR));
	EXPECT_EQ(0, recv(self->c.end[CLIENT], &byte, 1, 0));
	EXPECT_EQ(-1, send(self->c.end[CLIENT], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	sock_recv_end(self->c.end[SERVER]);
	WAIT(CLIENT, ST_FIN_WAIT_2);
	close(self->c.end[SERVER]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	WAIT(SERVER, ST_NONE);
	close(self->c.end[CLIENT]);
}

/* RFC 2525, 2.17: data that will never be read must not look delivered. */
TEST_F(close, unread_data_resets)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> PA  1  1  6",
		"< A   1  7  0",
		"< RA  1  7  0",
	};
	char byte;

	sock_send(self->c.end[CLIENT], "unread", 6);
	wire_wait(self->wire, script[4]);
	ASSERT_TRUE(sock_wait(self->c.end[SERVER], POLLIN, PATIENCE));
	close(self->c.end[SERVER]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	ASSERT_TRUE(sock_wait(self->c.end[CLIENT], POLLHUP, PATIENCE));
	EXPECT_EQ(-1, recv(self->c.end[CLIENT], &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, recv(self->c.end[CLIENT], &byte, 1, 0));
	WAIT(SERVER, ST_NONE);
	WAIT(CLIENT, ST_NONE);
}

/* The other way to reset: SO_LINGER with a time of zero. */
TEST_F(close, linger_zero_resets)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> RA  1  1  0",
	};
	struct linger l = { .l_onoff = 1, .l_linger = 0 };
	char byte;

	ASSERT_EQ(0, setsockopt(self->c.end[CLIENT], SOL_SOCKET, SO_LINGER,
				&l, sizeof(l)));
	close(self->c.end[CLIENT]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	ASSERT_TRUE(sock_wait(self->c.end[SERVER], POLLHUP, PATIENCE));
	EXPECT_EQ(-1, recv(self->c.end[SERVER], &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
}

/* Data still to be sent goes before the FIN, however soon close() comes. */
TEST_F(close, data_before_fin)
{
	size_t len = 200000, got = 0;
	static char out[200000], in[200000];

	pattern_fill(out, len, 0);
	sock_set(self->c.end[CLIENT], SOL_SOCKET, SO_SNDBUF, 1 << 20);
	sock_send(self->c.end[CLIENT], out, len);
	close(self->c.end[CLIENT]);
	while (got < len) {
		ssize_t n = recv(self->c.end[SERVER], in + got, len - got, 0);

		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(len, pattern_check(in, len, 0));
	sock_recv_end(self->c.end[SERVER]);
}

TEST_HARNESS_MAIN
