// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that belong to no connection, or do not fit the one they name
 * (RFC 9293, 3.10.7; RFC 5961).  They come from a raw socket, as an attacker's
 * would.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define STRAY	4242	/* the port that strays come from */
#define QUIET	200	/* ms in which an answer would have come */

FIXTURE(stray)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	uint16_t cport;
	uint32_t iss[2];	/* the initial sequence numbers */
};

FIXTURE_SETUP(stray)
{
	net_open(&self->net);
	net_no_timestamps(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(stray)
{
	wire_close(self->wire);
}

/* The answer to a crafted segment: the next segment from the server, or NULL. */
static const struct seg *answer(const struct net *net, struct wire *wire,
				struct craft c, int ms)
{
	long long deadline = net_now() + ms;
	const struct seg *s;

	c.dport = PORT;
	if (!c.sport)
		c.sport = STRAY;
	wire_send(net, CLIENT, &c);
	while ((s = wire_next(wire, deadline - net_now()))) {
		/* A SYN-ACK that comes again answers nothing but a SYN. */
		if (s->flags == (TH_SYN | TH_ACK) && c.flags != TH_SYN)
			continue;
		if (s->from == SERVER)
			return s;
	}
	return NULL;
}

#define CRAFT(...) ((struct craft){ __VA_ARGS__ })
#define ANSWER(craft) answer(&self->net, self->wire, craft, PATIENCE)
#define SILENCE(craft)							\
	EXPECT_TRUE(!answer(&self->net, self->wire, craft, QUIET))

/* 3.10.7.1: with no connection, all but a RST is answered by a RST. */
TEST_F(stray, closed)
{
	static const struct {
		uint8_t flags;
		uint32_t len;
		uint32_t ack;	/* what the RST acknowledges beyond SEG.SEQ */
	} no_ack[] = {
		{ TH_SYN, 0, 1 },
		{ TH_FIN, 0, 1 },
		{ TH_SYN, 10, 11 },
		{ TH_FIN, 10, 11 },
		{ TH_PSH, 7, 7 },
		{ 0, 0, 0 },
		{ TH_SYN | TH_FIN, 3, 5 },
	};
	static const uint8_t with_ack[] = {
		TH_ACK, TH_ACK | TH_SYN, TH_ACK | TH_FIN, TH_ACK | TH_PSH,
	};
	struct craft c = { .data = "0123456789" };
	const struct seg *s;
	size_t i;

	for (i = 0; i < sizeof(no_ack) / sizeof(no_ack[0]); i++) {
		c.seq = 0xfffffff0 + i;
		c.ack = 12345;
		c.flags = no_ack[i].flags;
		c.len = no_ack[i].len;
		s = ANSWER(c);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(TH_RST | TH_ACK, s->flags);
		EXPECT_EQ(0, s->raw_seq);
		EXPECT_EQ((uint32_t)(c.seq + no_ack[i].ack), s->raw_ack);
		EXPECT_EQ(0, s->len);
		EXPECT_TRUE(s->sum_ok);
	}
	for (i = 0; i < sizeof(with_ack); i++) {
		c.seq = 77;
		c.ack = 0x89abcdef + i;
		c.flags = with_ack[i];
		c.len = i;
		s = ANSWER(c);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(TH_RST, s->flags);
		EXPECT_EQ(c.ack, s->raw_seq);
		EXPECT_EQ(0, s->raw_ack);
		EXPECT_EQ(0, s->len);
		EXPECT_TRUE(s->sum_ok);
	}
	c.flags = TH_RST;
	SILENCE(c);
	c.flags = TH_RST | TH_ACK;
	SILENCE(c);
}

/* 3.10.7.2: LISTEN answers an ACK by a RST and a RST by nothing. */
TEST_F(stray, listen)
{
	int l = sock_listen(&self->net, SERVER, PORT, 8);
	const struct seg *s;

	s = ANSWER(CRAFT(.flags = TH_ACK, .seq = 5, .ack = 1000));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TH_RST, s->flags);
	EXPECT_EQ(1000, s->raw_seq);
	s = ANSWER(CRAFT(.flags = TH_SYN | TH_ACK, .seq = 5, .ack = 2000));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TH_RST, s->flags);
	EXPECT_EQ(2000, s->raw_seq);
	SILENCE(CRAFT(.flags = TH_RST, .seq = 5));
	SILENCE(CRAFT(.flags = TH_RST | TH_ACK, .seq = 5, .ack = 3000));
	SILENCE(CRAFT(.flags = TH_FIN, .seq = 5));
	SILENCE(CRAFT(.flags = TH_PSH, .seq = 5, .data = "x", .len = 1));
	/* None of these made a connection. */
	EXPECT_EQ(1, net_count_state(&self->net, SERVER, ST_NONE));
	EXPECT_EQ(0, sock_events(l, POLLIN));
	close(l);
}

/* SYN-RECEIVED: the half-open connection takes a RST, not a wrong ACK. */
TEST_F(stray, syn_received)
{
	int l = sock_listen(&self->net, SERVER, PORT, 8);
	const struct seg *s;
	uint32_t isn;

	/* The answer goes to a host without this connection, which must not reset it. */
	net_drop(&self->net, CLIENT, TH_SYN | TH_ACK, 40, 80, 0);
	s = ANSWER(CRAFT(.flags = TH_SYN, .seq = 100));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TH_SYN | TH_ACK, s->flags);
	EXPECT_EQ(101, s->raw_ack);
	isn = s->raw_seq;
	net_wait_state(&self->net, SERVER, PORT, STRAY, ST_SYN_RECEIVED);
	/* An ACK of something never sent. */
	net_drop(&self->net, CLIENT, TH_RST, 40, 80, 0);
	s = ANSWER(CRAFT(.flags = TH_ACK, .seq = 101, .ack = isn + 1000));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TH_RST, s->flags);
	EXPECT_EQ(isn + 1000, s->raw_seq);
	EXPECT_EQ(ST_SYN_RECEIVED, net_state(&self->net, SERVER, PORT, STRAY));
	SILENCE(CRAFT(.flags = TH_RST, .seq = 100000000));
	EXPECT_EQ(ST_SYN_RECEIVED, net_state(&self->net, SERVER, PORT, STRAY));
	/* The right RST ends it. */
	SILENCE(CRAFT(.flags = TH_RST, .seq = 101));
	net_wait_state(&self->net, SERVER, PORT, STRAY, ST_NONE);
	EXPECT_EQ(0, sock_events(l, POLLIN));
	close(l);
}

#define ESTABLISHED() do {						\
	conn_open(&self->net, PORT, &self->conn);			\
	self->c = self->conn.end[CLIENT];				\
	self->s = self->conn.end[SERVER];				\
	self->cport = sock_port(self->c);				\
	self->iss[CLIENT] = wire_wait(self->wire, "> S 0 - 0")->raw_seq; \
	self->iss[SERVER] = wire_wait(self->wire, "< SA 0 1 0")->raw_seq; \
	wire_wait(self->wire, "> A 1 1 0");				\
	wire_pin(self->wire);						\
	net_wait_state(&self->net, SERVER, PORT, self->cport,		\
		       ST_ESTABLISHED);					\
} while (0)

/* A segment as the client's, at a distance from its next sequence number. */
static struct craft forge(uint16_t cport, const uint32_t iss[2],
			  uint32_t distance, uint8_t flags, const char *data)
{
	return (struct craft){
		.sport = cport,
		.seq = iss[CLIENT] + 1 + distance,
		.ack = flags & TH_ACK ? iss[SERVER] + 1 : 0,
		.flags = flags,
		.data = data,
		.len = strlen(data),
	};
}

#define FORGE(...) forge(self->cport, self->iss, __VA_ARGS__)

#define ALIVE() do {							\
	char byte;							\
									\
	sock_send(self->c, "a", 1);					\
	sock_recv(self->s, &byte, 1);					\
	EXPECT_EQ('a', byte);						\
	sock_send(self->s, "b", 1);					\
	sock_recv(self->c, &byte, 1);					\
	EXPECT_EQ('b', byte);						\
	conn_close(&self->conn);					\
} while (0)

/* The challenge ACK of RFC 5961 has the current numbers, and no data. */
static bool is_challenge(const struct seg *s)
{
	return s && s->flags == TH_ACK && s->seq == 1 && s->ack == 1 &&
	       s->len == 0;
}

TEST_F(stray, rst_inside_the_window)
{
	const struct seg *s;

	ESTABLISHED();
	s = ANSWER(FORGE(1000, TH_RST, ""));
	EXPECT_TRUE(is_challenge(s));
	ALIVE();
}

TEST_F(stray, rst_outside_the_window)
{
	ESTABLISHED();
	SILENCE(FORGE(-1, TH_RST, ""));
	SILENCE(FORGE(100000000, TH_RST, ""));
	SILENCE(FORGE(0x80000000, TH_RST, ""));
	ALIVE();
}

TEST_F(stray, rst_exact)
{
	char byte;

	ESTABLISHED();
	SILENCE(FORGE(0, TH_RST, ""));
	ASSERT_TRUE(sock_wait(self->s, POLLERR, PATIENCE));
	EXPECT_EQ(-1, recv(self->s, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(stray, syn_in_established)
{
	const struct seg *s;

	ESTABLISHED();
	s = ANSWER(FORGE(0, TH_SYN, ""));
	EXPECT_TRUE(is_challenge(s));
	ALIVE();
}

TEST_F(stray, syn_outside_the_window)
{
	const struct seg *s;

	ESTABLISHED();
	s = ANSWER(FORGE(500000000, TH_SYN, ""));
	EXPECT_TRUE(is_challenge(s));
	ALIVE();
}

TEST_F(stray, data_outside_the_window)
{
	const struct seg *s;

	ESTABLISHED();
	s = ANSWER(FORGE(500000000, TH_ACK | TH_PSH, "evil"));
	EXPECT_TRUE(is_challenge(s));
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
	ALIVE();
}

TEST_F(stray, data_received_before)
{
	const struct seg *s;
	char buf[8];

	ESTABLISHED();
	sock_send(self->c, "data", 4);
	sock_recv(self->s, buf, 4);
	wire_wait(self->wire, "< A 1 5 0");
	s = ANSWER(FORGE(0, TH_ACK | TH_PSH, "DATA"));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TH_ACK, s->flags);
	EXPECT_EQ(5, s->ack);
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
	ALIVE();
}

/* RFC 5961, 5.2: data whose ACK is too old, or acknowledges what was not sent. */
TEST_F(stray, data_with_a_bad_ack)
{
	struct craft c;

	ESTABLISHED();
	c = FORGE(0, TH_ACK | TH_PSH, "evil");
	c.ack += 0x70000000;
	answer(&self->net, self->wire, c, QUIET);
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
	c.ack -= 0xe0000000;
	answer(&self->net, self->wire, c, QUIET);
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
	ALIVE();
}

TEST_F(stray, data_without_ack)
{
	ESTABLISHED();
	SILENCE(FORGE(0, TH_PSH, "evil"));
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
	ALIVE();
}

/* The other end is in SYN-SENT. */
TEST_F(stray, wrong_ack_in_syn_sent)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	const struct seg *s;
	int fd;

	net_drop(&self->net, SERVER, TH_SYN, 40, 80, 0);
	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	EXPECT_EQ(-1, addr_connect(fd, addr));
	EXPECT_EQ(EINPROGRESS, errno);
	s = wire_wait(self->wire, "> S 0 - 0");
	self->cport = s->sport;
	self->iss[CLIENT] = s->raw_seq;
	/* 3.10.7.3: an ACK of what was not sent is answered by a RST. */
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = self->cport, .flags = TH_SYN | TH_ACK,
		.seq = 9, .ack = self->iss[CLIENT] + 1000 });
	do {
		s = wire_next(self->wire, PATIENCE);
	} while (s && !(s->flags & TH_RST));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(CLIENT, s->from);
	EXPECT_EQ(TH_RST, s->flags);
	EXPECT_EQ(self->iss[CLIENT] + 1000, s->raw_seq);
	/* A RST that does not acknowledge our SYN is ignored. */
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = self->cport, .flags = TH_RST | TH_ACK,
		.ack = self->iss[CLIENT] + 77 });
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = self->cport, .flags = TH_RST });
	EXPECT_FALSE(sock_wait(fd, POLLERR, QUIET));
	/* A RST that acknowledges it refuses the connection. */
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = self->cport, .flags = TH_RST | TH_ACK,
		.ack = self->iss[CLIENT] + 1 });
	ASSERT_TRUE(sock_wait(fd, POLLERR, PATIENCE));
	EXPECT_EQ(ECONNREFUSED, sock_get(fd, SOL_SOCKET, SO_ERROR));
	close(fd);
}

/* In SYN-RECEIVED of a simultaneous open, send() wakes nobody: the SYN's ACK will. */
TEST_F(stray, no_edge_while_a_syn_is_in_flight)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int fd, ep = epoll_create1(0);
	const struct seg *s;

	net_deaf(&self->net, SERVER);
	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	EXPECT_EQ(-1, addr_connect(fd, addr));
	EXPECT_EQ(EINPROGRESS, errno);
	s = wire_wait(self->wire, "> S 0 - 0");
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = s->sport, .flags = TH_SYN, .seq = 9 });
	wire_wait(self->wire, "> SA 0 1 0");
	EXPECT_EQ(0, shutdown(fd, SHUT_RDWR));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, PATIENCE));
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	close(ep);
	close(fd);
}

/* Two programs call connect() on each other at once: one connection. */
TEST_F(stray, simultaneous_open)
{
	struct addr addr;
	int fd[2], side;
	char byte;

	/* Each SYN is lost once, so both are in SYN-SENT when the next come. */
	for (side = CLIENT; side <= SERVER; side++) {
		net_drop(&self->net, side, TH_SYN, 40, 80, 1);
		fd[side] = sock_open(&self->net, side, SOCK_NONBLOCK);
		addr = addr_side(&self->net, side, side ? PORT : STRAY);
		ASSERT_EQ(0, addr_bind(fd[side], addr));
	}
	for (side = CLIENT; side <= SERVER; side++) {
		addr = addr_side(&self->net, !side, side ? STRAY : PORT);
		EXPECT_EQ(-1, addr_connect(fd[side], addr));
		EXPECT_EQ(EINPROGRESS, errno);
	}
	for (side = CLIENT; side <= SERVER; side++) {
		ASSERT_TRUE(sock_wait(fd[side], POLLOUT, PATIENCE));
		EXPECT_EQ(0, sock_get(fd[side], SOL_SOCKET, SO_ERROR));
	}
	sock_send(fd[CLIENT], "x", 1);
	sock_recv(fd[SERVER], &byte, 1);
	sock_send(fd[SERVER], "y", 1);
	sock_recv(fd[CLIENT], &byte, 1);
	EXPECT_EQ('y', byte);
	close(fd[CLIENT]);
	close(fd[SERVER]);
}

TEST_HARNESS_MAIN
