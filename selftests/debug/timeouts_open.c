// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes that are not completed, over hours: RFC 9293 sections 3.8.1 and 3.8.3
 * (back-off and R2 of a SYN: MUST-19, MUST-22, MUST-23), 3.9.2.2 (soft errors);
 * RFC 6298 (2.1), (5.5), (5.7); RFC 5482 (user time-out).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/fails.h"
#include "lib/travel.h"

#define PORT		20000
#define RTO_MAX		(120 * SECOND)
#define REQUESTS	500

SKIP_PROGRAM_IF(!travel_ready(), "needs a clock that jumps");

FIXTURE(open)
{
	struct net net;
	struct wire *wire;
};

FIXTURE_SETUP(open)
{
	travel_open(&self->net);
	/* Seven, atcp's default: 247 seconds, for MUST-23; the kernel's TCP has six. */
	if (stack_is_tcp())
		net_stack_sysctl(&self->net, CLIENT, "syn_retries", "7");
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(open)
{
	wire_close(self->wire);
	covered_net(&self->net);
}

/*
 * The server's host does not answer.  SYNs go after 0, 1, 3, 7, 15, 31, 63 and 127 s;
 * the end is at 247 s, as the last wait is RTO_MAX.
 */
TEST_F_TIMEOUT(open, syn, LONG)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd = sock_open(&self->net, CLIENT, 0);
	long long at[16], began;
	size_t n;

	host_dies(&self->net, SERVER);
	began = net_now();
	FAILS(ETIMEDOUT, addr_connect(fd, addr));
	EXPECT_ABOUT(247 * SECOND, net_now() - began);
	/* MUST-23 */
	EXPECT_LE(180 * SECOND, net_now() - began);
	n = wire_times(self->wire, "> S 0 - 0", at, 16);
	EXPECT_EQ(8, n);
	EXPECT_TRUE(backs_off(at, n, SECOND, RTO_MAX));
	/* After that nothing is sent, not even a reset. */
	EXPECT_TRUE(wire_quiet(self->wire, HOUR));
	EXPECT_EQ(8, wire_count(self->wire));
	/* The socket can be used again. */
	host_returns(&self->net, SERVER);
	FAILS(ECONNREFUSED, addr_connect(fd, addr));
	close(fd);
}

/* The largest TCP_SYNCNT, 127: 14 hours of SYNs, RTO_MAX apart. */
TEST_F_TIMEOUT(open, syn_for_hours, LONG)
{
	static long long at[200];
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd = sock_open(&self->net, CLIENT, 0);
	long long began = net_now();
	size_t n;

	sock_set(fd, IPPROTO_TCP, TCP_SYNCNT, 127);
	host_dies(&self->net, SERVER);
	FAILS(ETIMEDOUT, addr_connect(fd, addr));
	/* The first seven waits are 1 + 2 + ... + 64 = 127 s, the 121 others RTO_MAX. */
	EXPECT_ABOUT(127 * SECOND + 121 * RTO_MAX, net_now() - began);
	n = wire_times(self->wire, "> S 0 - 0", at, 200);
	/* The kernel's TCP limits the time, so late timers leave out some. */
	EXPECT_LE(stack_is_tcp() ? 128 * 8 / 9 : 128, n);
	EXPECT_GE(128, n);
	EXPECT_TRUE(backs_off(at, n, SECOND, RTO_MAX));
	close(fd);
}

/* The host is back after two minutes: the next SYN, at 127 s, finds it. */
TEST_F_TIMEOUT(open, syn_answered_late, LONG)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int l = sock_listen(&self->net, SERVER, PORT, 1);
	int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	long long began = net_now(), at[4];
	int s;

	/* With timestamps the kernel's TCP would take a sample. */
	net_stack_sysctl(&self->net, CLIENT, "timestamps", "0");
	host_dies(&self->net, SERVER);
	FAILS(EINPROGRESS, addr_connect(fd, addr));
	travel_sleep(120 * SECOND);
	host_returns(&self->net, SERVER);
	ASSERT_TRUE(sock_wait(fd, POLLOUT, HOUR));
	EXPECT_ABOUT(127 * SECOND, net_now() - began);
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ERROR));
	s = sock_accept(l);
	/* RFC 6298 (5.7): after a resent SYN the RTO is 3 s. */
	wire_drain(self->wire);
	host_dies(&self->net, SERVER);
	sock_send(fd, "x", 1);
	travel_sleep(5 * SECOND);
	ASSERT_EQ(2, wire_times(self->wire, "> PA 1 1 1", at, 4));
	EXPECT_ABOUT(3 * SECOND, at[1] - at[0]);
	close(fd);
	close(s);
	close(l);
}

TEST_F_TIMEOUT(open, user_timeout, LONG)
{
	static const int seconds[] = { 10, 100 };
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	size_t i;

	host_dies(&self->net, SERVER);
	for (i = 0; i < 2; i++) {
		int fd = sock_open(&self->net, CLIENT, 0);
		long long began = net_now();

		sock_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, seconds[i] * SECOND);
		FAILS(ETIMEDOUT, addr_connect(fd, addr));
		EXPECT_ABOUT(seconds[i] * SECOND, net_now() - began);
		close(fd);
	}
}

/* connect() waits no longer than SO_SNDTIMEO; the attempt goes on. */
TEST_F_TIMEOUT(open, send_timeout, LONG)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd = sock_open(&self->net, CLIENT, 0);
	long long began = net_now();

	host_dies(&self->net, SERVER);
	sock_timeo(fd, SO_SNDTIMEO, 40 * SECOND);
	FAILS(EINPROGRESS, addr_connect(fd, addr));
	EXPECT_ABOUT(40 * SECOND, net_now() - began);
	FAILS(EALREADY, addr_connect(fd, addr));
	EXPECT_EQ(ETIMEDOUT, error_of(fd, HOUR));
	EXPECT_ABOUT(247 * SECOND, net_now() - began);
	close(fd);
}

/* --- SYN-RECEIVED --- */

/* A SYN of a host that does not exist: SYN-ACKs at 0, 1, 3, 7, 15, 31 s; it ends at 63 s. */
TEST_F_TIMEOUT(open, syn_ack, LONG)
{
	const char *far = ip46("10.64.0.1", "fd64::1");
	int l = sock_listen(&self->net, SERVER, PORT, 8);
	long long at[16], began = net_now();
	size_t n;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	wire_send(&self->net, CLIENT, &(struct craft){
		.src = far, .sport = 999, .dport = PORT, .seq = 1,
		.flags = TH_SYN });
	net_wait_state(&self->net, SERVER, PORT, 999, ST_SYN_RECEIVED);
	EXPECT_TRUE(gone(&self->net, SERVER, PORT, 999, SECOND, HOUR));
	EXPECT_ABOUT(63 * SECOND, net_now() - began);
	n = wire_times(self->wire, "< SA 0 1 0", at, 16);
	EXPECT_EQ(6, n);
	EXPECT_TRUE(backs_off(at, n, SECOND, RTO_MAX));
	/* The request is gone: a later ACK opens no connection. */
	EXPECT_TRUE(wire_quiet(self->wire, HOUR));
	EXPECT_EQ(0, sock_events(l, POLLIN));
	close(l);
}

/* Of many requests at once none is left. */
TEST_F_TIMEOUT(open, requests, LONG)
{
	int l, i;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	net_sysctl(&self->net, SERVER, "net/core/somaxconn", "4096");
	net_stack_sysctl(&self->net, SERVER, "max_syn_backlog", "4096");
	l = sock_listen(&self->net, SERVER, PORT, 4096);
	for (i = 0; i < REQUESTS; i++)
		wire_send(&self->net, CLIENT, &(struct craft){
			.src = ip46("10.64.0.1", "fd64::1"), .sport = 1000 + i,
			.dport = PORT, .seq = 1, .flags = TH_SYN });
	EXPECT_EQ(REQUESTS, net_count_state(&self->net, SERVER, ST_SYN_RECEIVED));
	travel_sleep(30 * SECOND);
	EXPECT_EQ(REQUESTS, net_count_state(&self->net, SERVER, ST_SYN_RECEIVED));
	travel_sleep(45 * SECOND);
	EXPECT_EQ(0, net_count_state(&self->net, SERVER, ST_SYN_RECEIVED));
	close(l);
}

/*
 * TCP_DEFER_ACCEPT: the client has acknowledged and sends no data.  10 s are rounded
 * to 1 + 2 + 4 + 8.  Then the SYN-ACK is resent, and its ACK completes the accept.
 */
TEST_F_TIMEOUT(open, defer_accept, LONG)
{
	int l = sock_listen(&self->net, SERVER, PORT, 8), fd, s;
	long long began, at[8];

	sock_set(l, IPPROTO_TCP, TCP_DEFER_ACCEPT, 10);
	EXPECT_EQ(15, sock_get(l, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	began = net_now();
	fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	EXPECT_FALSE(sock_wait(l, POLLIN, 14 * SECOND));
	ASSERT_TRUE(sock_wait(l, POLLIN, HOUR));
	EXPECT_ABOUT(15 * SECOND, net_now() - began);
	s = sock_accept(l);
	EXPECT_EQ(2, wire_times(self->wire, "< SA 0 1 0", at, 8));
	EXPECT_ABOUT(15 * SECOND, at[1] - at[0]);
	close(s);
	close(fd);
	/* A connection with data is accepted when the data comes. */
	began = net_now();
	fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	EXPECT_FALSE(sock_wait(l, POLLIN, 5 * SECOND));
	sock_send(fd, "x", 1);
	ASSERT_TRUE(sock_wait(l, POLLIN, SECOND));
	s = sock_accept(l);
	close(s);
	close(fd);
	/* A connection whose client has died meanwhile is never accepted. */
	fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	host_dies(&self->net, CLIENT);
	EXPECT_FALSE(sock_wait(l, POLLIN, HOUR));
	EXPECT_EQ(0, net_count_state(&self->net, SERVER, ST_SYN_RECEIVED));
	close(fd);
	close(l);
}

/*
 * A simultaneous open that the peer does not complete: the SYN-ACK is resent for as
 * long as a SYN would be (MUST-23).
 */
TEST_F_TIMEOUT(open, simultaneous, LONG)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	long long began = net_now(), at[16];
	const struct seg *syn;
	size_t n;

	/* A dead host does not answer by a reset. */
	host_dies(&self->net, SERVER);
	FAILS(EINPROGRESS, addr_connect(fd, addr));
	syn = wire_wait(self->wire, "> S 0 - 0");
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = PORT, .dport = syn->sport, .seq = 1,
		.flags = TH_SYN });
	EXPECT_EQ(ETIMEDOUT, error_of(fd, DAY));
	EXPECT_LE(180 * SECOND, net_now() - began);
	n = wire_times(self->wire, "> SA 0 1 0", at, 16);
	EXPECT_LE(7, n);
	if (!stack_is_tcp())
		EXPECT_TRUE(backs_off(at, n, SECOND, RTO_MAX));
	close(fd);
}

/* Connections can share a port that connect() has picked, for ten minutes at most. */
TEST_F_TIMEOUT(open, ports_get_old, LONG)
{
	int i, c[4];

	if (stack_is_tcp())
		SKIP(return, "TCP has no pool of ports");
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	for (i = 0; i < 3; i++)
		sock_listen(&self->net, SERVER, PORT + i, 4);
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range", "40000 40003");
	for (i = 0; i < 4; i++) {
		if (i == 3)
			travel_sleep(11 * MINUTE);
		c[i] = sock_open(&self->net, CLIENT, 0);
		/* The first two go to one server, so they need two ports. */
		ASSERT_EQ(0, addr_connect(c[i], addr_side(&self->net, SERVER,
							  PORT + (i ? i - 1 : 0))));
	}
	EXPECT_NE(sock_port(c[0]), sock_port(c[1]));
	EXPECT_TRUE(sock_port(c[2]) == sock_port(c[0]) || sock_port(c[2]) == sock_port(c[1]));
	EXPECT_NE(sock_port(c[3]), sock_port(c[0]));
	EXPECT_NE(sock_port(c[3]), sock_port(c[1]));
}

TEST_HARNESS_MAIN
