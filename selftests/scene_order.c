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
}

/* Compares a segment's SACK blocks with numbers of the data, in pairs. */
static bool blocks_are(const struct seg *s, uint32_t first, const uint32_t *edge, size_t n)
{
	size_t i;

	if (s->opt_len != 4 + 4 * n || memcmp(s->opt, "\1\1\5", 3))
		return false;
	for (i = 0; i < n; i++) {
		const uint8_t *p = s->opt + 4 + 4 * i;

		if (((uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]) - first != edge[i])
			return false;
	}
	return true;
}

#define EXPECT_BLOCKS(line, ...) do {						\
	static const uint32_t _edge[] = { __VA_ARGS__ };			\
	const struct seg *_s = wire_wait(self->wire, line);			\
										\
	EXPECT_TRUE(blocks_are(_s, self->next.seq, _edge, sizeof(_edge) / 4));	\
} while (0)

/* What arrives twice is in the first block, and once only (RFC 2883). */
TEST_F(order, dsack)
{
	static const char *const counter[] = { "dsack_old_sent", "dsack_ofo_sent" };
	long sent[2] = {};
	int i;

	for (i = 0; i < 2 && !stack_has_tcp(); i++)
		sent[i] = net_stat(&self->net, SERVER, counter[i]);
	/* Out of order: the second block is the whole of it. */
	PUT(1000, 100);
	EXPECT_BLOCKS("< A 1 1 0", 1000, 1100);
	PUT(3000, 100);
	EXPECT_BLOCKS("< A 1 1 0", 3000, 3100, 1000, 1100);
	PUT(1020, 10);
	EXPECT_BLOCKS("< A 1 1 0", 1020, 1030, 1000, 1100, 3000, 3100);
	PUT(3050, 100);
	EXPECT_BLOCKS("< A 1 1 0", 3050, 3100, 3000, 3150, 1000, 1100);
	PUT(5000, 100);
	EXPECT_BLOCKS("< A 1 1 0", 5000, 5100, 3000, 3150, 1000, 1100);
	/* The gap is filled, and over it. */
	PUT(0, 1050);
	EXPECT_BLOCKS("< A 1 1101 0", 1000, 1050, 5000, 5100, 3000, 3150);
	/* Delivered before, all of it and in part. */
	PUT(200, 100);
	EXPECT_BLOCKS("< A 1 1101 0", 200, 300, 5000, 5100, 3000, 3150);
	PUT(1050, 100);
	EXPECT_BLOCKS("< A 1 1151 0", 1050, 1100, 5000, 5100, 3000, 3150);
	if (!stack_has_tcp()) {
		EXPECT_EQ(sent[0] + 3, net_stat(&self->net, SERVER, counter[0]));
		EXPECT_EQ(sent[1] + 2, net_stat(&self->net, SERVER, counter[1]));
	}
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
