// SPDX-License-Identifier: GPL-2.0
/* Several hundred connections at once between the same two hosts. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define MANY	400
#define LEN	4000	/* bytes each way on each connection */

FIXTURE(many)
{
	struct net net;
	struct wire *wire;
	int listener;
	int client[MANY];
	int server[MANY];	/* by the order of the client's sockets */
};

FIXTURE_SETUP(many)
{
	struct rlimit files = { 4096, 4096 };

	setrlimit(RLIMIT_NOFILE, &files);
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	self->listener = sock_listen(&self->net, SERVER, PORT, MANY);
}

FIXTURE_TEARDOWN(many)
{
	wire_close(self->wire);
}

/* Connects all; the server's ends are told apart by the client's port. */
static void connect_all(struct net *net, int listener, int *client,
			int *server)
{
	static int by_port[65536];
	struct addr addr;
	int i, fd;

	addr = addr_side(net, SERVER, PORT);
	for (i = 0; i < MANY; i++) {
		client[i] = sock_open(net, CLIENT, SOCK_NONBLOCK);
		if (!addr_connect(client[i], addr) ||
		    errno == EINPROGRESS)
			continue;
		net_die("connect %d: %s", i, strerror(errno));
	}
	for (i = 0; i < MANY; i++) {
		fd = sock_accept(listener);
		addr = addr_peer(fd);
		if (by_port[addr_port(&addr)])
			net_die("port %u twice", addr_port(&addr));
		by_port[addr_port(&addr)] = fd;
	}
	for (i = 0; i < MANY; i++) {
		if (!sock_wait(client[i], POLLOUT, PATIENCE) ||
		    sock_get(client[i], SOL_SOCKET, SO_ERROR))
			net_die("connection %d did not come up", i);
		server[i] = by_port[sock_port(client[i])];
		if (!server[i])
			net_die("connection %d has no other end", i);
	}
}

TEST_F_TIMEOUT(many, no_byte_astray, 120)
{
	static uint8_t seen[65536];
	static char out[LEN], in[LEN];
	const struct seg *s;
	int i, ports = 0;

	connect_all(&self->net, self->listener, self->client, self->server);
	EXPECT_EQ(MANY, net_count_state(&self->net, CLIENT, ST_ESTABLISHED));

	/* All write before any is read, so all are in flight at once. */
	for (i = 0; i < MANY; i++) {
		pattern_fill(out, LEN, i * 31);
		sock_send(self->client[i], out, LEN);
		pattern_fill(out, LEN, i * 37 + 5);
		sock_send(self->server[i], out, LEN);
	}
	for (i = MANY - 1; i >= 0; i--) {
		sock_recv(self->server[i], in, LEN);
		ASSERT_EQ(LEN, pattern_check(in, LEN, i * 31));
		sock_recv(self->client[i], in, LEN);
		ASSERT_EQ(LEN, pattern_check(in, LEN, i * 37 + 5));
	}
	for (i = 0; i < MANY; i++) {
		close(self->client[i]);
		sock_recv_end(self->server[i]);
		close(self->server[i]);
	}
	while ((s = wire_next(self->wire, 200))) {
		uint16_t port = s->from == CLIENT ? s->sport : s->dport;

		EXPECT_TRUE(s->sum_ok);
		EXPECT_EQ(0, s->flags & TH_RST);
		if ((s->flags & TH_SYN) && !seen[port]) {
			seen[port] = 1;
			ports++;
		}
	}
	EXPECT_EQ(MANY, ports);
	EXPECT_EQ(0, net_count_state(&self->net, CLIENT, ST_ESTABLISHED));
	EXPECT_EQ(0, net_count_state(&self->net, SERVER, ST_ESTABLISHED));
}

/* Connections one after the other, which use ports again. */
TEST_F_TIMEOUT(many, one_after_the_other, 120)
{
	char byte;
	int i;

	for (i = 0; i < MANY; i++) {
		int c = sock_connect(&self->net, CLIENT,
				     self->net.ip[SERVER], PORT);
		int s = sock_accept(self->listener);

		byte = i;
		sock_send(s, &byte, 1);
		close(s);
		sock_recv(c, &byte, 1);
		EXPECT_EQ((char)i, byte);
		sock_recv_end(c);
		close(c);
	}
}

TEST_HARNESS_MAIN
