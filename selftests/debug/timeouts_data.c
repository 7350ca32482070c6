// SPDX-License-Identifier: GPL-2.0
/*
 * Unacknowledged data over hours: RFC 9293 sections 3.8.1 and 3.8.3
 * (back-off, R1, R2: MUST-19 to MUST-21, SHLD-10, SHLD-11), 3.8.6.1 (zero-window
 * probes: MUST-35 to MUST-37, SHLD-29, SHLD-30), 3.9.2.2 (soft errors: SHLD-25),
 * 3.8.6.3 (delayed ACKs: MUST-40); RFC 6298; RFC 5482 (user time-out).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/fails.h"
#include "lib/travel.h"

#define PORT		20000
#define RTO		(SECOND / 5)	/* on a path without delay */
#define RTO_MAX		(120 * SECOND)
/* .2 + .4 + ... + 102.4 s, and six times RTO_MAX: fifteen retransmissions. */
#define R2		(1023 * RTO + 6 * RTO_MAX)

static char block[65536];

SKIP_PROGRAM_IF(!travel_ready(), "needs a clock that jumps");

FIXTURE(data)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	uint16_t cport;
};

FIXTURE_SETUP(data)
{
	self->wire = travel_connect(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	self->cport = sock_port(self->c);
}

FIXTURE_TEARDOWN(data)
{
	conn_close(&self->conn);
	wire_close(self->wire);
	covered_net(&self->net);
}

/* --- retransmission --- */

/* MUST-19, MUST-20, SHLD-10, SHLD-11: R2 is fifteen retransmissions, 924.6 s. */
TEST_F_TIMEOUT(data, r2, LONG)
{
	long long at[32], began;
	char byte;
	size_t n;

	host_dies(&self->net, SERVER);
	began = net_now();
	sock_send(self->c, "x", 1);
	EXPECT_EQ(0, error_of(self->c, 100 * SECOND));
	ASSERT_TRUE(sock_wait(self->c, POLLERR, DAY));
	EXPECT_ABOUT(R2, net_now() - began);
	n = wire_times(self->wire, "> PA 1 1 1", at, 32);
	/* The kernel's TCP limits the time, so late timers may leave out one. */
	EXPECT_LE(stack_is_tcp() ? 15 : 16, n);
	EXPECT_GE(16, n);
	EXPECT_TRUE(backs_off(at, n, RTO, RTO_MAX));
	FAILS(ETIMEDOUT, recv(self->c, &byte, 1, 0));
	EXPECT_EQ(0, recv(self->c, &byte, 1, 0));
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(ST_NONE, net_state(&self->net, CLIENT, self->cport, PORT));
	/* The peer is not told, and without keep-alives never will be. */
	EXPECT_FALSE(sock_wait(self->s, POLLIN | POLLERR, HOUR));
}

/* MUST-21: 8 retransmissions make 102 s, just above the minimum of RFC 1122. */
TEST_F_TIMEOUT(data, r2_by_sysctl, LONG)
{
	long long began;

	net_stack_sysctl(&self->net, CLIENT, "retries2", "8");
	host_dies(&self->net, SERVER);
	began = net_now();
	sock_send(self->c, "x", 1);
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, DAY));
	EXPECT_LE(100 * SECOND, net_now() - began);
	EXPECT_ABOUT(511 * RTO, net_now() - began);
}

/* After 13 minutes without a network all data arrives once. */
TEST_F_TIMEOUT(data, outage, LONG)
{
	size_t sent = 40000, got = 0;
	long long began;

	host_dies(&self->net, SERVER);
	pattern_fill(block, sent / 2, 0);
	sock_send(self->c, block, sent / 2);
	travel_sleep(13 * MINUTE);
	pattern_fill(block, sent / 2, sent / 2);
	sock_send(self->c, block, sent / 2);
	host_returns(&self->net, SERVER);
	began = net_now();
	while (got < sent) {
		ssize_t n;

		ASSERT_TRUE(sock_wait(self->s, POLLIN, HOUR));
		n = recv(self->s, block, sizeof(block), 0);
		ASSERT_LT(0, n);
		EXPECT_EQ(n, pattern_check(block, n, got));
		got += n;
	}
	/* The next retransmission resumes the transfer, without further waits. */
	EXPECT_GE(RTO_MAX + RTO_MAX / 7 + SECOND, net_now() - began);
	EXPECT_FALSE(sock_wait(self->s, POLLIN | POLLERR, HOUR));
	/* The back-off is gone: a later loss is resent after one RTO. */
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 0, 200, 1);
	began = net_now();
	sock_send(self->c, "x", 1);
	ASSERT_TRUE(sock_wait(self->s, POLLIN, HOUR));
	EXPECT_ABOUT(RTO, net_now() - began);
}

/* SHLD-25: an ICMP error from a router is the error that is reported at R2. */
TEST_F_TIMEOUT(data, soft_error, LONG)
{
	const struct seg *seg;
	char byte;

	host_dies(&self->net, SERVER);
	sock_send(self->c, "x", 1);
	seg = wire_wait(self->wire, "> PA 1 1 1");
	wire_icmp(&self->net, seg, seg->raw_seq,
		  ip46(ICMP_DEST_UNREACH, ICMP6_DST_UNREACH),
		  ip46(ICMP_HOST_UNREACH, ICMP6_DST_UNREACH_ADDR), 0);
	EXPECT_EQ(0, error_of(self->c, 100 * SECOND));
	ASSERT_TRUE(sock_wait(self->c, POLLERR, DAY));
	FAILS(EHOSTUNREACH, recv(self->c, &byte, 1, 0));
}

/* RFC 5482: a user time-out replaces R2, shorter or longer. */
TEST_F_TIMEOUT(data, user_timeout, LONG)
{
	static const long long limit[] = { 10 * SECOND, 10 * MINUTE, HOUR,
					   12 * HOUR };
	static long long at[1000];
	size_t i, n;

	for (i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		long long began;
		struct conn c;
		char line[32];

		conn_open(&self->net, PORT + 1 + i, &c);
		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + 1 + i);
		sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_USER_TIMEOUT, limit[i]);
		sock_send(c.end[CLIENT], "a", 1);
		sock_recv(c.end[SERVER], line, 1);
		/* It does not end a connection without data in flight. */
		EXPECT_FALSE(sock_wait(c.end[CLIENT], POLLERR, 2 * HOUR));
		wire_drain(self->wire);
		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + 1 + i);
		host_dies(&self->net, SERVER);
		began = net_now();
		sock_send(c.end[CLIENT], "x", 1);
		EXPECT_EQ(ETIMEDOUT, error_of(c.end[CLIENT], 2 * DAY));
		EXPECT_ABOUT(limit[i], net_now() - began);
		n = wire_times_from(self->wire, CLIENT, 0, at, 1000);
		EXPECT_TRUE(backs_off(at, n, RTO, RTO_MAX));
		/* Retransmissions go on to the end: 12 hours are 360 times two minutes. */
		EXPECT_LE(limit[i] / (RTO_MAX + RTO_MAX / 7), n);
		host_returns(&self->net, SERVER);
		conn_close(&c);
	}
}

/* An ACK of new data restarts it: ten minutes pass, but each byte takes less than one. */
TEST_F_TIMEOUT(data, user_timeout_starts_anew, LONG)
{
	char byte;
	int i;

	sock_set(self->c, IPPROTO_TCP, TCP_USER_TIMEOUT, MINUTE);
	for (i = 0; i < 10; i++) {
		host_dies(&self->net, SERVER);
		sock_send(self->c, "x", 1);
		EXPECT_FALSE(sock_wait(self->c, POLLERR, 40 * SECOND));
		host_returns(&self->net, SERVER);
		ASSERT_TRUE(sock_wait(self->s, POLLIN, HOUR));
		sock_recv(self->s, &byte, 1);
	}
}

/* --- a closed window --- */

/* Sends until the buffers of both ends are full, as the server does not read. */
static size_t fill(const struct net *net, const struct conn *c)
{
	size_t sent = 0;
	ssize_t n;

	sock_nonblock(c->end[CLIENT], true);
	do {
		pattern_fill(block, sizeof(block), sent);
		n = send(c->end[CLIENT], block, sizeof(block), MSG_NOSIGNAL);
		if (n > 0)
			sent += n;
		else
			/* Until the window is closed and all segments have arrived. */
			travel_sleep(SECOND);
	} while (n > 0 || sock_events(c->end[CLIENT], POLLOUT));
	return sent;
}

/* Reads len bytes and compares them with the pattern; returns how many were right. */
static size_t empty(int fd, size_t len, size_t offset)
{
	size_t got = 0;

	while (got < len && sock_wait(fd, POLLIN, HOUR)) {
		ssize_t n = recv(fd, block, sizeof(block), 0);

		if (n <= 0 || pattern_check(block, n, offset + got) != n)
			break;
		got += n;
	}
	return got;
}

/*
 * MUST-37: as long as probes are answered the connection stays, here for ten hours.
 * The probes back off to RTO_MAX (SHLD-30).  Then all data arrives.
 */
TEST_F_TIMEOUT(data, zero_window, LONG)
{
	static long long at[1000];
	size_t sent, n, first = 0;
	long long closed;

	sent = fill(&self->net, &self->conn);
	EXPECT_FALSE(sock_wait(self->c, POLLOUT | POLLERR, 10 * HOUR));
	wire_drain(self->wire);
	/* The window was closed by the last ACK of new data. */
	for (n = 0; n < wire_count(self->wire); n++) {
		const struct seg *seg = wire_at(self->wire, n);

		if (seg->from == SERVER && !seg->window) {
			closed = seg->time;
			first = n;
			break;
		}
	}
	ASSERT_LT(0, first);
	n = wire_times_from(self->wire, CLIENT, closed, at, 1000);
	EXPECT_LE(10 * HOUR / (RTO_MAX + RTO_MAX / 7), n);
	EXPECT_GE(10 * HOUR / RTO_MAX + 11, n);
	/* SHLD-29: the first probe goes after a retransmission time-out. */
	EXPECT_ABOUT(RTO, at[0] - closed);
	EXPECT_TRUE(backs_off(at, n, 2 * RTO, RTO_MAX));
	/* Each probe is answered with a window of zero. */
	for (; first < wire_count(self->wire); first++)
		if (wire_at(self->wire, first)->from == SERVER)
			EXPECT_EQ(0, wire_at(self->wire, first)->window);
	EXPECT_EQ(sent, empty(self->s, sent, 0));
	EXPECT_TRUE(sock_wait(self->c, POLLOUT, SECOND));
}

/* Unanswered probes are given up at R2, as data is. */
TEST_F_TIMEOUT(data, zero_window_and_dead, LONG)
{
	long long began;

	fill(&self->net, &self->conn);
	EXPECT_FALSE(sock_wait(self->c, POLLOUT | POLLERR, HOUR));
	host_dies(&self->net, SERVER);
	began = net_now();
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, DAY));
	EXPECT_LE(14 * RTO_MAX, net_now() - began);
	EXPECT_GE(17 * RTO_MAX + 17 * RTO_MAX / 7, net_now() - began);
}

/* MUST-36: after a lost window update, the next probe finds the window open. */
TEST_F_TIMEOUT(data, lost_opening, LONG)
{
	size_t sent = fill(&self->net, &self->conn), got = 0;
	long long began;
	ssize_t n;

	EXPECT_FALSE(sock_wait(self->c, POLLOUT | POLLERR, HOUR));
	host_dies(&self->net, CLIENT);
	while ((n = recv(self->s, block, sizeof(block), MSG_DONTWAIT)) > 0) {
		EXPECT_EQ(n, pattern_check(block, n, got));
		got += n;
	}
	ASSERT_LT(got, sent);
	travel_sleep(SECOND);
	host_returns(&self->net, CLIENT);
	began = net_now();
	EXPECT_EQ(sent, got + empty(self->s, sent - got, got));
	EXPECT_GE(RTO_MAX + RTO_MAX / 7, net_now() - began);
}

/* With a user time-out a window that stays closed ends the connection. */
TEST_F_TIMEOUT(data, zero_window_user_timeout, LONG)
{
	long long began;

	sock_set(self->c, IPPROTO_TCP, TCP_USER_TIMEOUT, 10 * MINUTE);
	began = net_now();
	fill(&self->net, &self->conn);
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, DAY));
	/* Not when the next probe would be due: these are two minutes apart. */
	EXPECT_ABOUT(10 * MINUTE, net_now() - began);
}

/* --- acknowledging --- */

/* MUST-40: an ACK is delayed by half a second at most, after any traffic. */
TEST_F_TIMEOUT(data, delayed_ack, LONG)
{
	long long most = 0;
	size_t i, acks = 0;
	char byte;

	for (i = 0; i < 200; i++) {
		const struct seg *seg;
		long long sent;

		sock_send(self->c, "x", 1);
		sock_recv(self->s, &byte, 1);
		/* Sometimes both ends send, so that ACKs may go with data. */
		if (i % 10 > 5) {
			sock_send(self->s, "y", 1);
			sock_recv(self->c, &byte, 1);
		}
		sent = 0;
		while ((seg = wire_next(self->wire, 600))) {
			if (seg->from == CLIENT && seg->len) {
				sent = seg->time;
			} else if (sent && seg->from == SERVER) {
				if (seg->time - sent > most)
					most = seg->time - sent;
				sent = 0;
				acks++;
			}
		}
		EXPECT_EQ(0, sent);
		travel_sleep(i * 100);
	}
	EXPECT_EQ(200, acks);
	EXPECT_GE(500, most);
	/* Some ACKs must have been delayed, or the test would show nothing. */
	EXPECT_LE(30, most);
}

TEST_HARNESS_MAIN
