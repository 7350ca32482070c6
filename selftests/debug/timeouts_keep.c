// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that are idle for days: keep-alives, RFC 9293 section 3.8.4 (MUST-24
 * to MUST-29, SHLD-12), and RFC 5681 section 4.1 (the restart after an idle time).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/fails.h"
#include "../lib/info.h"
#include "lib/travel.h"

#define PORT	20000
#define MANY	200

static char byte, block[65536];

SKIP_PROGRAM_IF(!travel_ready(), "needs a clock that jumps");

FIXTURE(keep)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	uint16_t cport;
};

FIXTURE_SETUP(keep)
{
	self->wire = travel_connect(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	self->cport = sock_port(self->c);
	wire_wait(self->wire, "> A 1 1 0");
}

FIXTURE_TEARDOWN(keep)
{
	conn_close(&self->conn);
	wire_close(self->wire);
	covered_net(&self->net);
}

/* Sets SO_KEEPALIVE, with an idle time, an interval and a number of probes. */
static void keep_alive(int fd, int idle, int interval, int probes)
{
	sock_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
	sock_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
	sock_set(fd, IPPROTO_TCP, TCP_KEEPCNT, probes);
	sock_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* Sends one byte each way; whether both arrive at once, without retransmission. */
static bool talk(const struct conn *c)
{
	long long began = net_now();
	int i;

	for (i = CLIENT; i <= SERVER; i++) {
		sock_send(c->end[i], "x", 1);
		sock_recv(c->end[!i], &byte, 1);
	}
	return net_now() - began < 100;
}

/* --- keep-alives --- */

/* MUST-25: they are off by default, and the connection works after a day. */
TEST_F_TIMEOUT(keep, off, LONG)
{
	EXPECT_TRUE(wire_quiet(self->wire, DAY));
	EXPECT_TRUE(talk(&self->conn));
}

/*
 * MUST-24, MUST-28: two hours, then nine times 75 seconds.  SEG.SEQ is SND.NXT - 1
 * and there is no data (SHLD-12).  At the end a reset is sent to the peer.
 */
TEST_F_TIMEOUT(keep, default_times, LONG)
{
	long long began = net_now(), at[16];
	size_t n;

	EXPECT_EQ(7200, sock_get(self->c, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(75, sock_get(self->c, IPPROTO_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(9, sock_get(self->c, IPPROTO_TCP, TCP_KEEPCNT));
	sock_set(self->c, SOL_SOCKET, SO_KEEPALIVE, 1);
	host_dies(&self->net, SERVER);
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 2 * HOUR - SECOND));
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, DAY));
	EXPECT_ABOUT(2 * HOUR + 9 * 75 * SECOND, net_now() - began);
	n = wire_times(self->wire, "> A 0 1 0", at, 16);
	EXPECT_EQ(9, n);
	EXPECT_ABOUT(2 * HOUR, at[0] - wire_at(self->wire, 2)->time);
	EXPECT_TRUE(evenly(at, n, 75 * SECOND));
	EXPECT_TRUE(wire_match(wire_at(self->wire, wire_count(self->wire) - 1),
			       "> RA 1 1 0"));
}

/* A peer that answers is probed again two hours later, and the connection stays. */
TEST_F_TIMEOUT(keep, answered, LONG)
{
	long long at[32], answer[32];
	size_t n, i;

	sock_set(self->c, SOL_SOCKET, SO_KEEPALIVE, 1);
	EXPECT_FALSE(sock_wait(self->c, POLLERR | POLLIN, DAY));
	n = wire_times(self->wire, "> A 0 1 0", at, 32);
	/* Probes are two hours apart, or later by the lateness of timers. */
	EXPECT_LE(10, n);
	EXPECT_GE(12, n);
	EXPECT_TRUE(evenly(at, n, 2 * HOUR));
	EXPECT_EQ(n, wire_times(self->wire, "< A 1 1 0", answer, 32));
	for (i = 0; i < n; i++)
		EXPECT_GE(10, answer[i] - at[i]);
	EXPECT_TRUE(talk(&self->conn));
}

/* MUST-27: a program can set the times, at either end. */
TEST_F_TIMEOUT(keep, by_option, LONG)
{
	static const struct {
		int idle, interval, probes;
	} set[] = { { 1, 1, 1 }, { 30, 5, 3 }, { 600, 60, 20 }, { 32767, 32767, 2 } };
	size_t i, n;

	for (i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		long long began, at[32], wait;
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + 1 + i);
		conn_open(&self->net, PORT + 1 + i, &c);
		wire_wait(self->wire, "> A 1 1 0");
		began = net_now();
		keep_alive(c.end[i % 2], set[i].idle, set[i].interval, set[i].probes);
		host_dies(&self->net, CLIENT);
		host_dies(&self->net, SERVER);
		EXPECT_EQ(ETIMEDOUT, error_of(c.end[i % 2], 20 * DAY));
		wait = set[i].idle + set[i].interval * set[i].probes;
		EXPECT_ABOUT(wait * SECOND, net_now() - began);
		n = wire_times(self->wire, i % 2 ? "< A 0 1 0" : "> A 0 1 0", at, 32);
		EXPECT_EQ(set[i].probes, n);
		EXPECT_TRUE(evenly(at, n, set[i].interval * SECOND));
		host_returns(&self->net, CLIENT);
		host_returns(&self->net, SERVER);
		conn_close(&c);
	}
}

/* MUST-29: lost probes or answers do not end the connection; one answer is enough. */
TEST_F_TIMEOUT(keep, one_answer_is_enough, LONG)
{
	int i;

	keep_alive(self->c, 600, 60, 9);
	for (i = 0; i < 6; i++) {
		EXPECT_TRUE(talk(&self->conn));
		/* Eight of nine probes or answers are lost, by turns in each direction. */
		host_dies(&self->net, i % 2);
		EXPECT_FALSE(sock_wait(self->c, POLLERR, 600 * SECOND + 8 * 61 * SECOND));
		host_returns(&self->net, i % 2);
		EXPECT_FALSE(sock_wait(self->c, POLLERR, 2 * MINUTE));
	}
	EXPECT_TRUE(talk(&self->conn));
}

/* MUST-26: probes are sent only when idle, not while there is data every minute. */
TEST_F_TIMEOUT(keep, only_when_idle, LONG)
{
	long long at[4];
	int i;

	keep_alive(self->c, 90, 10, 3);
	for (i = 0; i < 120; i++) {
		travel_sleep(MINUTE);
		sock_send(self->s, "x", 1);
		sock_recv(self->c, &byte, 1);
	}
	EXPECT_EQ(0, wire_times(self->wire, "> A 0 1 0", at, 4));
	/* No probe is sent with data in flight, which is resent up to R2. */
	host_dies(&self->net, SERVER);
	sock_send(self->c, "x", 1);
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 10 * MINUTE));
	EXPECT_EQ(0, wire_times(self->wire, "> A 0 121 0", at, 4));
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, HOUR));
}

/* A peer that has lost the connection answers a probe by a reset. */
TEST_F_TIMEOUT(keep, peer_started_anew, LONG)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };
	long long began;

	host_dies(&self->net, CLIENT);
	setsockopt(self->s, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(self->s);
	host_returns(&self->net, CLIENT);
	began = net_now();
	sock_set(self->c, SOL_SOCKET, SO_KEEPALIVE, 1);
	EXPECT_EQ(ECONNRESET, error_of(self->c, DAY));
	EXPECT_ABOUT(2 * HOUR, net_now() - began);
	self->conn.end[SERVER] = -1;
}

/* RFC 5482: with a user time-out it decides, not the number of probes. */
TEST_F_TIMEOUT(keep, user_timeout, LONG)
{
	long long began = net_now(), at[64];

	keep_alive(self->c, 60, 10, 2);
	sock_set(self->c, IPPROTO_TCP, TCP_USER_TIMEOUT, 5 * MINUTE);
	host_dies(&self->net, SERVER);
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, DAY));
	EXPECT_LE(5 * MINUTE, net_now() - began);
	EXPECT_GE(5 * MINUTE + 12 * SECOND, net_now() - began);
	/* Probes go after 60, 70, ... 290 s. */
	EXPECT_LE(20, wire_times(self->wire, "> A 0 1 0", at, 64));
}

/* After one end has closed, the other keeps the connection alive for half a day. */
TEST_F_TIMEOUT(keep, half_closed, LONG)
{
	long long at[32];

	shutdown(self->c, SHUT_WR);
	sock_recv_end(self->s);
	sock_set(self->s, SOL_SOCKET, SO_KEEPALIVE, 1);
	EXPECT_FALSE(sock_wait(self->s, POLLERR, DAY / 2));
	EXPECT_EQ(ST_CLOSE_WAIT, net_state(&self->net, SERVER, PORT, self->cport));
	EXPECT_EQ(ST_FIN_WAIT_2, net_state(&self->net, CLIENT, self->cport, PORT));
	EXPECT_LE(5, wire_times(self->wire, "< A 0 2 0", at, 32));
	sock_send(self->s, "x", 1);
	sock_recv(self->c, &byte, 1);
}

/* Many connections live for a day, and all end in the same minutes. */
TEST_F_TIMEOUT(keep, many, LONG)
{
	static int end[2][MANY];
	long long began;
	int i, probes, dead = 0;

	net_sysctl(&self->net, SERVER, "net/core/somaxconn", "4096");
	listen(self->conn.listener, MANY);
	for (i = 0; i < MANY; i++) {
		end[CLIENT][i] = sock_connect(&self->net, CLIENT,
					      self->net.ip[SERVER], PORT);
		end[SERVER][i] = sock_accept(self->conn.listener);
		sock_set(end[i % 2][i], SOL_SOCKET, SO_KEEPALIVE, 1);
	}
	wire_drain(self->wire);
	probes = wire_count(self->wire);
	travel_sleep(DAY);
	wire_drain(self->wire);
	probes = wire_count(self->wire) - probes;
	/* Each probe is counted with its answer. */
	EXPECT_LE(MANY * 2 * 10, probes);
	EXPECT_GE(MANY * 2 * 12, probes);
	EXPECT_EQ(MANY + 1, net_count_state(&self->net, CLIENT, ST_ESTABLISHED));
	host_dies(&self->net, CLIENT);
	host_dies(&self->net, SERVER);
	began = net_now();
	for (i = 0; i < MANY; i++)
		dead += error_of(end[i % 2][i], 4 * HOUR) == ETIMEDOUT;
	EXPECT_EQ(MANY, dead);
	EXPECT_GE((2 * HOUR + 9 * 75 * SECOND) * 8 / 7, net_now() - began);
	for (i = 0; i < MANY; i++) {
		close(end[CLIENT][i]);
		close(end[SERVER][i]);
	}
}

/* --- after a long time --- */

/* RFC 5681, 4.1: after a day cwnd is the restart window. */
TEST_F_TIMEOUT(keep, restart, LONG)
{
	size_t burst = 0, i, n, from;
	struct info info;

	sock_set(self->s, SOL_SOCKET, SO_RCVBUF, 4 << 20);
	for (n = 0; n < 100; n++) {
		sock_send(self->c, block, sizeof(block));
		sock_recv(self->s, block, sizeof(block));
	}
	info_get(self->c, &info);
	EXPECT_LT(20, info.snd_cwnd);
	travel_sleep(SECOND);
	wire_drain(self->wire);
	from = wire_count(self->wire);
	EXPECT_TRUE(wire_quiet(self->wire, DAY));
	sock_send(self->c, block, sizeof(block));
	sock_recv(self->s, block, sizeof(block));
	wire_drain(self->wire);
	/* RFC 6928: ten segments go before the first ACK. */
	for (i = from; i < wire_count(self->wire); i++) {
		const struct seg *seg = wire_at(self->wire, i);

		if (seg->from == SERVER)
			break;
		burst += seg->len;
	}
	EXPECT_LT(0, burst);
	EXPECT_GE(10 * stack_mss(), burst);
}

TEST_HARNESS_MAIN
