// SPDX-License-Identifier: GPL-2.0
/*
 * Segments arrive out of order, overlapping and repeated: the receiver reassembles what
 * was sent, and reports what it has (RFC 9293, 3.10.7.4; RFC 2018).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define QUIET	200	/* ms in which something would have come */
#define LEN	30000	/* bytes: fit into the first window */

FIXTURE(order)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	struct craft next;	/* what the client would send next */
	uint8_t data[LEN];
	uint8_t got[LEN];
};

FIXTURE_SETUP(order)
{
	net_open(&self->net);
	net_no_timestamps(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	self->conn.listener = sock_listen(&self->net, SERVER, PORT, 1);
	/* There is room for the overhead of the smallest segments, too. */
	sock_set(self->conn.listener, SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20);
	self->c = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	self->s = sock_accept(self->conn.listener);
	self->next = wire_established(self->wire, &self->net, self->c);
	/* The client's own end has sent none of this, and must not see the ACKs. */
	net_drop(&self->net, CLIENT, TH_ACK, 40, 80, 0);
	pattern_fill(self->data, LEN, 0);
}

FIXTURE_TEARDOWN(order)
{
	wire_close(self->wire);
}

/* Sends len bytes of the data from offset on. */
static void put(const struct net *net, const struct craft *next,
		const uint8_t *data, size_t offset, size_t len)
{
	struct craft c = *next;

	if (offset + len > LEN)
		len = LEN - offset;
	c.seq += offset;
	c.data = data + offset;
	c.len = len;
	wire_send(net, CLIENT, &c);
}

#define PUT(offset, len) \
	put(&self->net, &self->next, self->data, offset, len)

/* All data has arrived, once and in order. */
#define WHOLE() do {							\
	sock_recv(self->s, self->got, LEN);				\
	EXPECT_EQ(LEN, pattern_check(self->got, LEN, 0));		\
	EXPECT_EQ(0, sock_events(self->s, POLLIN));			\
	wire_wait(self->wire, "< A 1 30001 0");				\
} while (0)

TEST_F(order, backwards)
{
	int at;

	for (at = LEN - 1000; at > 0; at -= 1000)
		PUT(at, 1000);
	EXPECT_FALSE(sock_wait(self->s, POLLIN, QUIET));
	PUT(0, 1000);
	WHOLE();
}

TEST_F(order, every_second_first)
{
	int at;

	for (at = 100; at < LEN; at += 200)
		PUT(at, 100);
	EXPECT_FALSE(sock_wait(self->s, POLLIN, QUIET));
	for (at = LEN - 200; at >= 0; at -= 200)
		PUT(at, 100);
	WHOLE();
}

/* Pieces of random length and offset, repeatedly. */
TEST_F(order, at_random)
{
	int i;

	srandom(20261121);
	for (i = 0; i < 2000; i++)
		PUT(1 + random() % (LEN - 1), 1 + random() % 1400);
	EXPECT_FALSE(sock_wait(self->s, POLLIN, QUIET));
	PUT(0, 1);
	for (i = 0; i < LEN; i += 700)
		PUT(i, 700);
	WHOLE();
}

/* A segment inside another one, one over several, and a repeated one. */
TEST_F(order, overlaps)
{
	static const struct {
		int at, len;
	} piece[] = {
		{ 2000, 500 }, { 2100, 100 }, { 1900, 1000 }, { 1900, 1000 },
		{ 4000, 100 }, { 4200, 100 }, { 4400, 100 }, { 3900, 800 },
		{ 5000, 1000 }, { 4500, 600 }, { 5900, 600 }, { 1000, 1400 },
		{ 500, 1 }, { 501, 1 }, { 499, 1 }, { 100, 1400 }, { 0, 200 },
		{ 0, 1400 }, { 1000, 1400 }, { 2000, 1400 }, { 3000, 1400 },
	};
	size_t i;
	int at;

	for (i = 0; i < sizeof(piece) / sizeof(piece[0]); i++)
		PUT(piece[i].at, piece[i].len);
	for (at = 4000; at < LEN; at += 1300)
		PUT(at, 1300);
	WHOLE();
}

/* RFC 2018, 4: the newest block first, and what was there before after it. */
TEST_F(order, blocks_that_have_come)
{
	static const uint8_t kind_of_three[] = { 1, 1, 5, 26 };
	const struct seg *s;
	uint32_t edge[6];
	int i;

	PUT(1000, 100);
	wire_wait(self->wire, "< A 1 1 0");
	PUT(3000, 100);
	wire_wait(self->wire, "< A 1 1 0");
	PUT(2000, 100);
	s = wire_wait(self->wire, "< A 1 1 0");
	ASSERT_EQ(28, s->opt_len);
	EXPECT_EQ(0, memcmp(s->opt, kind_of_three, 4));
	for (i = 0; i < 6; i++) {
		const uint8_t *p = s->opt + 4 + 4 * i;

		edge[i] = ((uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 |
			   p[3]) - self->next.seq;
	}
	EXPECT_EQ(2000, edge[0]);
	EXPECT_EQ(2100, edge[1]);
	EXPECT_EQ(3000, edge[2]);
	EXPECT_EQ(3100, edge[3]);
	EXPECT_EQ(1000, edge[4]);
	EXPECT_EQ(1100, edge[5]);
	/* Two blocks become one. */
	PUT(2100, 900);
	s = wire_wait(self->wire, "< A 1 1 0");
	ASSERT_EQ(20, s->opt_len);
	/* atcp has no D-SACK: the first block is that of what came (RFC 2018). */
	if (!stack_is_tcp())
		return;
	/* The kernel's TCP reports the duplicate first (RFC 2883). */
	PUT(1020, 10);
	s = wire_wait(self->wire, "< A 1 1 0");
	ASSERT_EQ(28, s->opt_len);
	EXPECT_EQ(1020, ((uint32_t)s->opt[4] << 24 | s->opt[5] << 16 |
			 s->opt[6] << 8 | s->opt[7]) - self->next.seq);
}

/* A FIN comes before the data that precedes it. */
TEST_F(order, fin_first)
{
	struct craft fin = self->next;
	char byte;

	fin.flags |= TH_FIN;
	fin.seq += LEN;
	wire_send(&self->net, CLIENT, &fin);
	PUT(LEN - 1000, 1000);
	EXPECT_FALSE(sock_wait(self->s, POLLIN | POLLRDHUP, QUIET));
	while (fin.seq != self->next.seq) {
		fin.seq -= 1000;
		PUT(fin.seq - self->next.seq, 1000);
	}
	sock_recv(self->s, self->got, LEN);
	EXPECT_EQ(LEN, pattern_check(self->got, LEN, 0));
	EXPECT_EQ(0, recv(self->s, &byte, 1, 0));
	wire_wait(self->wire, "< A 1 30002 0");
}

TEST_HARNESS_MAIN
