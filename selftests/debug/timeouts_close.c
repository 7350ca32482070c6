// SPDX-License-Identifier: GPL-2.0
/*
 * How long a connection takes to end without the peer's help.  RFC 9293 sections 3.6
 * and 3.6.1 (TIME-WAIT and its 2 MSL, MUST-13; half-closed connections), 3.10.7.4 (a
 * FIN that comes again), 3.8.3; SO_LINGER; orphans.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/fails.h"
#include "../lib/file.h"
#include "lib/travel.h"

#define PORT		20000
#define RTO		(SECOND / 5)	/* on a path without delay */
#define RTO_MAX		(120 * SECOND)
#define TIME_WAIT	MINUTE
/* Eight retransmissions: .2 + .4 + ... + 51.2 s. */
#define ORPHAN		(511 * RTO)

SKIP_PROGRAM_IF(!travel_ready(), "needs a clock that jumps");

FIXTURE(close)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	uint16_t cport;
};

FIXTURE_SETUP(close)
{
	self->wire = travel_connect(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	self->cport = sock_port(self->c);
	wire_wait(self->wire, "> A 1 1 0");
	net_wait_state(&self->net, SERVER, PORT, self->cport, ST_ESTABLISHED);
}

FIXTURE_TEARDOWN(close)
{
	close(self->c);
	close(self->s);
	close(self->conn.listener);
	wire_close(self->wire);
	covered_net(&self->net);
}

/* Checks that the client's connection is gone after about ms. */
#define ENDS_AFTER(ms) do {						\
	long long began_ = net_now();					\
									\
	EXPECT_TRUE(gone(&self->net, CLIENT, self->cport, PORT, RTO, DAY)); \
	EXPECT_ABOUT(ms, net_now() - began_ - RTO / 2);			\
} while (0)

/* Both ends close, the client first. */
static void both_close(const struct net *net, int c, int s, uint16_t cport)
{
	close(c);
	net_wait_state(net, CLIENT, cport, PORT, ST_FIN_WAIT_2);
	close(s);
	net_wait_state(net, CLIENT, cport, PORT, ST_TIME_WAIT);
}

/* --- TIME-WAIT --- */

/* TIME-WAIT lasts 60 seconds, and sends nothing. */
TEST_F_TIMEOUT(close, time_wait, LONG)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd;

	both_close(&self->net, self->c, self->s, self->cport);
	wire_drain(self->wire);
	/* All this time the pair of ports is in use. */
	fd = sock_open(&self->net, CLIENT, 0);
	FAILS(EADDRINUSE, addr_bind(fd, addr_side(&self->net, CLIENT, self->cport)));
	ENDS_AFTER(TIME_WAIT);
	EXPECT_TRUE(wire_quiet(self->wire, HOUR));
	EXPECT_EQ(0, addr_bind(fd, addr_side(&self->net, CLIENT, self->cport)));
	EXPECT_EQ(0, addr_connect(fd, addr));
	close(fd);
}

/* MUST-13: it can be set to the four minutes of RFC 9293. */
TEST_F_TIMEOUT(close, time_wait_of_the_rfc, LONG)
{
	if (stack_is_tcp())
		SKIP(return, "TCP's is a constant");
	/* The first namespace's, which this process is in, caps the others'. */
	ASSERT_TRUE(file_write("240", "/proc/sys/net/atcp/time_wait"));
	net_sysctl(&self->net, CLIENT, "net/atcp/time_wait", "240");
	both_close(&self->net, self->c, self->s, self->cport);
	ENDS_AFTER(4 * MINUTE);
	EXPECT_TRUE(file_write("60", "/proc/sys/net/atcp/time_wait"));
}

/* A repeated FIN of the peer is acknowledged, and restarts TIME-WAIT. */
TEST_F_TIMEOUT(close, time_wait_starts_anew, LONG)
{
	struct craft again = {
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = self->cport, .flags = TH_FIN | TH_ACK,
	};
	struct seg fin;
	int i;

	/* The server has no connection any more and resets, which RFC 1337 ignores. */
	net_stack_sysctl(&self->net, CLIENT, "rfc1337", "1");
	both_close(&self->net, self->c, self->s, self->cport);
	fin = *wire_wait(self->wire, "< FA 1 2 0");
	again.seq = fin.raw_seq;
	again.ack = fin.raw_ack;
	again.opt = fin.opt;
	again.opt_len = fin.opt_len;
	wire_wait(self->wire, "> A 2 2 0");
	for (i = 0; i < 5; i++) {
		travel_sleep(TIME_WAIT - SECOND);
		EXPECT_EQ(ST_TIME_WAIT,
			  net_state(&self->net, CLIENT, self->cport, PORT));
		wire_send(&self->net, SERVER, &again);
		wire_wait(self->wire, "> A 2 2 0");
	}
	ENDS_AFTER(TIME_WAIT);
}

/* The peer can open a new connection between the same ports at once. */
TEST_F_TIMEOUT(close, time_wait_taken_over, LONG)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	long long began;
	int fd, s;

	/* The server closes first, so TIME-WAIT is there. */
	close(self->s);
	net_wait_state(&self->net, SERVER, PORT, self->cport, ST_FIN_WAIT_2);
	close(self->c);
	net_wait_state(&self->net, SERVER, PORT, self->cport, ST_TIME_WAIT);
	travel_sleep(TIME_WAIT / 2);
	fd = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, addr_bind(fd, addr_side(&self->net, CLIENT, self->cport)));
	began = net_now();
	ASSERT_EQ(0, addr_connect(fd, addr));
	EXPECT_GE(10, net_now() - began);
	s = sock_accept(self->conn.listener);
	travel_sleep(TIME_WAIT);
	EXPECT_EQ(ST_ESTABLISHED, net_state(&self->net, SERVER, PORT, self->cport));
	close(fd);
	close(s);
}

/* --- FIN-WAIT-2 --- */

/* A closed socket stays in FIN-WAIT-2 for fin_timeout. */
TEST_F_TIMEOUT(close, fin_wait_2, LONG)
{
	close(self->c);
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_FIN_WAIT_2);
	ENDS_AFTER(60 * SECOND);
	/* Data that comes later is answered by a reset. */
	sock_send(self->s, "x", 1);
	wire_wait(self->wire, "< PA 1 2 1");
	ASSERT_TRUE(sock_wait(self->s, POLLERR, SECOND));
}

TEST_F_TIMEOUT(close, fin_wait_2_by_sysctl, LONG)
{
	/* Above a minute the kernel's TCP waits twice, a minute less each time. */
	int seconds = stack_is_tcp() ? 20 : 600;
	char value[16];

	snprintf(value, sizeof(value), "%d", seconds);
	net_stack_sysctl(&self->net, CLIENT, "fin_timeout", value);
	close(self->c);
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_FIN_WAIT_2);
	ENDS_AFTER(seconds * SECOND);
}

TEST_F_TIMEOUT(close, linger2, LONG)
{
	sock_set(self->c, IPPROTO_TCP, TCP_LINGER2, 10);
	close(self->c);
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_FIN_WAIT_2);
	ENDS_AFTER(10 * SECOND);
}

/* A program that still reads can keep a half-closed connection, here for a day. */
TEST_F_TIMEOUT(close, half_closed_for_a_day, LONG)
{
	char byte;

	shutdown(self->c, SHUT_WR);
	sock_recv_end(self->s);
	travel_sleep(SECOND);
	wire_drain(self->wire);
	EXPECT_TRUE(wire_quiet(self->wire, DAY));
	EXPECT_EQ(ST_FIN_WAIT_2, net_state(&self->net, CLIENT, self->cport, PORT));
	sock_send(self->s, "x", 1);
	sock_recv(self->c, &byte, 1);
	close(self->s);
	sock_recv_end(self->c);
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_TIME_WAIT);
}

/* --- the peer's host has died --- */

/* In FIN-WAIT-1 of a closed socket the FIN is resent eight times. */
TEST_F_TIMEOUT(close, fin_wait_1, LONG)
{
	long long at[32];
	size_t n;

	host_dies(&self->net, SERVER);
	close(self->c);
	EXPECT_EQ(ST_FIN_WAIT_1, net_state(&self->net, CLIENT, self->cport, PORT));
	ENDS_AFTER(ORPHAN);
	n = wire_times(self->wire, "> FA 1 1 0", at, 32);
	EXPECT_LE(stack_is_tcp() ? 8 : 9, n);
	EXPECT_GE(9, n);
	EXPECT_TRUE(backs_off(at, n, RTO, RTO_MAX));
	EXPECT_TRUE(wire_quiet(self->wire, HOUR));
}

/* The same with data before it. */
TEST_F_TIMEOUT(close, fin_wait_1_and_data, LONG)
{
	host_dies(&self->net, SERVER);
	sock_send(self->c, "x", 1);
	close(self->c);
	ENDS_AFTER(ORPHAN);
}

/* orphan_retries sets another number than eight. */
TEST_F_TIMEOUT(close, orphan_retries, LONG)
{
	net_stack_sysctl(&self->net, CLIENT, "orphan_retries", "3");
	host_dies(&self->net, SERVER);
	close(self->c);
	if (!stack_is_tcp())
		ENDS_AFTER(15 * RTO);
	/* The kernel's TCP counts from the first retransmission: it may make one more. */
	EXPECT_TRUE(gone(&self->net, CLIENT, self->cport, PORT, RTO, 31 * RTO + SECOND));
}

/* While a program holds the socket, the FIN is resent until R2, and the error is reported. */
TEST_F_TIMEOUT(close, fin_wait_1_held, LONG)
{
	long long began = net_now();

	host_dies(&self->net, SERVER);
	shutdown(self->c, SHUT_WR);
	EXPECT_EQ(ETIMEDOUT, error_of(self->c, DAY));
	EXPECT_ABOUT(1023 * RTO + 6 * RTO_MAX, net_now() - began);
}

TEST_F_TIMEOUT(close, last_ack, LONG)
{
	close(self->s);
	sock_recv_end(self->c);
	host_dies(&self->net, SERVER);
	close(self->c);
	EXPECT_EQ(ST_LAST_ACK, net_state(&self->net, CLIENT, self->cport, PORT));
	ENDS_AFTER(ORPHAN);
}

/* CLOSING: both FINs cross, and ours is not acknowledged. */
TEST_F_TIMEOUT(close, closing, LONG)
{
	host_dies(&self->net, SERVER);
	close(self->c);
	close(self->s);
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_CLOSING);
	ENDS_AFTER(ORPHAN);
}

/* An orphan whose peer answers probes with a closed window. */
TEST_F_TIMEOUT(close, zero_window, LONG)
{
	static char block[65536];
	long long began;

	sock_nonblock(self->c, true);
	while (send(self->c, block, sizeof(block), MSG_NOSIGNAL) > 0 ||
	       sock_events(self->c, POLLOUT))
		travel_sleep(SECOND);
	began = net_now();
	close(self->c);
	EXPECT_EQ(ST_FIN_WAIT_1, net_state(&self->net, CLIENT, self->cport, PORT));
	EXPECT_TRUE(gone(&self->net, CLIENT, self->cport, PORT, SECOND, DAY));
	/* It ends after some time, and not at once. */
	EXPECT_LE(30 * SECOND, net_now() - began);
	EXPECT_GE(10 * RTO_MAX, net_now() - began);
}

/* --- SO_LINGER --- */

/* close() waits for the linger time; the connection goes on without the program. */
TEST_F_TIMEOUT(close, linger, LONG)
{
	struct linger l = { .l_onoff = 1, .l_linger = 30 };
	long long began = net_now();

	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	host_dies(&self->net, SERVER);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(0, close(self->c));
	EXPECT_ABOUT(30 * SECOND, net_now() - began);
	EXPECT_EQ(ST_FIN_WAIT_1, net_state(&self->net, CLIENT, self->cport, PORT));
	EXPECT_TRUE(gone(&self->net, CLIENT, self->cport, PORT, RTO, DAY));
	EXPECT_LE(ORPHAN, net_now() - began);
}

/* close() returns as soon as all is acknowledged: the host is back after ten seconds. */
TEST_F_TIMEOUT(close, linger_is_answered, LONG)
{
	struct linger l = { .l_onoff = 1, .l_linger = 3600 };
	long long began = net_now();
	char byte;
	pid_t pid;

	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	host_dies(&self->net, SERVER);
	sock_send(self->c, "x", 1);
	pid = fork();
	if (!pid) {
		close(self->c);
		travel_sleep(10 * SECOND);
		host_returns(&self->net, SERVER);
		_exit(0);
	}
	travel_sleep(SECOND);
	EXPECT_EQ(0, close(self->c));
	/* Retransmissions go after .2, .6, 1.4, 3, 6.2 and 12.6 s. */
	EXPECT_ABOUT(63 * RTO, net_now() - began);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	sock_recv(self->s, &byte, 1);
	sock_recv_end(self->s);
}

TEST_HARNESS_MAIN
