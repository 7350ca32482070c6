// SPDX-License-Identifier: GPL-2.0
/* Options of SOL_SOCKET and others: their effects and their errors. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

FIXTURE(options)
{
	struct net net;
	int fd;
};

FIXTURE_SETUP(options)
{
	net_open(&self->net);
	self->fd = sock_open(&self->net, CLIENT, 0);
}

FIXTURE_TEARDOWN(options)
{
	close(self->fd);
}

TEST_F(options, bad_arguments)
{
	int fd = self->fd, value = 1, longer[4] = { 1, 0, 0, 0 };
	socklen_t len = sizeof(value);

	FAILS(ENOPROTOOPT, setsockopt(fd, SOL_SOCKET, 9999, &value, 4));
	FAILS(ENOPROTOOPT, getsockopt(fd, SOL_SOCKET, 9999, &value, &len));
	FAILS(ENOPROTOOPT, setsockopt(fd, IPPROTO_TCP, 9999, &value, 4));
	FAILS(ENOPROTOOPT, getsockopt(fd, IPPROTO_TCP, 9999, &value, &len));
	FAILS(ENOPROTOOPT, setsockopt(fd, 12345, 1, &value, 4));
	FAILS(ip46(EOPNOTSUPP, ENOPROTOOPT),
	      getsockopt(fd, 12345, 1, &value, &len));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 0));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 3));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, -1));
	FAILS(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, 4));
	FAILS(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (void *)16, 4));
	FAILS(EFAULT, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (void *)16,
				 &len));
	FAILS(EFAULT, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, NULL));
	len = -1;
	FAILS(EINVAL, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
	/* A short buffer gets the first bytes. */
	len = 1;
	value = 0xa5a5a5a5;
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
	EXPECT_EQ(1, len);
	EXPECT_EQ(0xa5a5a500, (unsigned int)value);
	/* A longer buffer is accepted. */
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, longer,
				sizeof(longer)));
	EXPECT_EQ(1, sock_get(fd, IPPROTO_TCP, TCP_NODELAY));
}

TEST_F(options, buffers)
{
	int fd = self->fd;

	/* The kernel doubles the value, for its own overhead. */
	sock_set(fd, SOL_SOCKET, SO_RCVBUF, 30000);
	EXPECT_EQ(60000, sock_get(fd, SOL_SOCKET, SO_RCVBUF));
	sock_set(fd, SOL_SOCKET, SO_SNDBUF, 40000);
	EXPECT_EQ(80000, sock_get(fd, SOL_SOCKET, SO_SNDBUF));
	sock_set(fd, SOL_SOCKET, SO_RCVBUF, 0);
	EXPECT_LE(1024, sock_get(fd, SOL_SOCKET, SO_RCVBUF));
	sock_set(fd, SOL_SOCKET, SO_SNDBUF, 0);
	EXPECT_LE(1024, sock_get(fd, SOL_SOCKET, SO_SNDBUF));
	sock_set(fd, SOL_SOCKET, SO_RCVLOWAT, 100);
	EXPECT_EQ(100, sock_get(fd, SOL_SOCKET, SO_RCVLOWAT));
}

TEST_F(options, keepalive_values)
{
	int fd = self->fd;

	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_KEEPALIVE));
	sock_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	EXPECT_EQ(1, sock_get(fd, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(7200, sock_get(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(75, sock_get(fd, IPPROTO_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(9, sock_get(fd, IPPROTO_TCP, TCP_KEEPCNT));
	sock_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 33);
	EXPECT_EQ(33, sock_get(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int []){ 0 },
				 4));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE,
				 (int []){ 32768 }, 4));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, (int []){ 128 },
				 4));
}

/* Keep-alives detect a peer that has vanished, and report ETIMEDOUT. */
TEST_F(options, keepalive_finds_the_dead)
{
	struct conn c;
	struct wire *wire;
	const struct seg *s;
	uint32_t edge;
	char byte;

	conn_open(&self->net, PORT, &c);
	net_wait_state(&self->net, SERVER, PORT, sock_port(c.end[CLIENT]),
		       ST_ESTABLISHED);
	wire = wire_open(&self->net, CLIENT, PORT);
	sock_send(c.end[CLIENT], "x", 1);
	sock_recv(c.end[SERVER], &byte, 1);
	while ((s = wire_next(wire, PATIENCE)) && s->from != SERVER)
		;
	ASSERT_NE(NULL, s);
	edge = s->raw_ack;
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_KEEPIDLE, 1);
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_KEEPINTVL, 1);
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_KEEPCNT, 2);
	sock_set(c.end[CLIENT], SOL_SOCKET, SO_KEEPALIVE, 1);
	/* A probe has an old number (RFC 9293, 3.8.4) and is answered. */
	s = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(CLIENT, s->from);
	EXPECT_EQ(TH_ACK, s->flags);
	EXPECT_EQ(edge - 1, s->raw_seq);
	EXPECT_GE(1, s->len);
	s = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(SERVER, s->from);
	EXPECT_EQ(edge, s->raw_ack);
	EXPECT_EQ(0, sock_events(c.end[CLIENT], POLLIN));
	net_drop(&self->net, SERVER, TH_ACK, 40, 80, 0);
	ASSERT_TRUE(sock_wait(c.end[CLIENT], POLLERR, PATIENCE));
	FAILS(ETIMEDOUT, recv(c.end[CLIENT], &byte, 1, 0));
	EXPECT_EQ(0, recv(c.end[CLIENT], &byte, 1, 0));
	conn_close(&c);
	wire_close(wire);
}

/* TCP_MAXSEG bounds the segments sent, and the MSS announced to the peer. */
TEST_F(options, maxseg)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd = self->fd, listener, s, i;
	struct wire *wire;
	const struct seg *seg;
	static char buf[3000];
	size_t seen = 0;

	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, (int []){ 20 },
				 4));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG,
				 (int []){ 70000 }, 4));
	EXPECT_EQ(536, sock_get(fd, IPPROTO_TCP, TCP_MAXSEG));
	sock_set(fd, IPPROTO_TCP, TCP_MAXSEG, 600);
	/* Without segmentation offload the packets show the segment size. */
	net_run(&self->net, CLIENT, "ip link set v0 gso_max_segs 1");
	net_run(&self->net, SERVER, "ip link set v1 gso_max_segs 1");
	wire = wire_open(&self->net, CLIENT, PORT);
	listener = sock_listen(&self->net, SERVER, PORT, 1);
	ASSERT_EQ(0, addr_connect(fd, addr));
	s = sock_accept(listener);
	seg = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, seg);
	EXPECT_EQ(600, seg->mss);
	/* The timestamps take 12 of the 600 bytes. */
	EXPECT_EQ(588, sock_get(fd, IPPROTO_TCP, TCP_MAXSEG));
	EXPECT_EQ(588, sock_get(s, IPPROTO_TCP, TCP_MAXSEG));
	for (i = 0; i < 2; i++) {
		sock_send(i ? fd : s, buf, sizeof(buf));
		sock_recv(i ? s : fd, buf, sizeof(buf));
	}
	while (seen < 2 * sizeof(buf)) {
		seg = wire_next(wire, PATIENCE);
		ASSERT_NE(NULL, seg);
		EXPECT_GE(588, seg->len);
		seen += seg->len;
	}
	EXPECT_EQ(2 * sizeof(buf), seen);
	close(s);
	close(listener);
	wire_close(wire);
}

/* An accepted socket has the listener's options. */
TEST_F(options, inherited)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 1), c, s;

	sock_set(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	sock_set(listener, SOL_SOCKET, SO_RCVBUF, 50000);
	sock_set(listener, SOL_SOCKET, SO_SNDBUF, 60000);
	sock_set(listener, IPPROTO_TCP, TCP_NODELAY, 1);
	sock_set(listener, IPPROTO_TCP, TCP_KEEPIDLE, 44);
	c = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	s = sock_accept(listener);
	EXPECT_EQ(1, sock_get(s, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(100000, sock_get(s, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(120000, sock_get(s, SOL_SOCKET, SO_SNDBUF));
	EXPECT_EQ(1, sock_get(s, IPPROTO_TCP, TCP_NODELAY));
	EXPECT_EQ(44, sock_get(s, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(1, sock_get(s, SOL_SOCKET, SO_REUSEADDR));
	close(c);
	close(s);
	close(listener);
}

/* SO_RCVLOWAT: the socket is readable only when so many bytes are there. */
TEST_F(options, low_water_mark)
{
	struct conn c;
	char buf[64];

	conn_open(&self->net, PORT, &c);
	sock_set(c.end[SERVER], SOL_SOCKET, SO_RCVLOWAT, 10);
	sock_send(c.end[CLIENT], "12345", 5);
	EXPECT_FALSE(sock_wait(c.end[SERVER], POLLIN, 100));
	sock_send(c.end[CLIENT], "67890", 5);
	EXPECT_TRUE(sock_wait(c.end[SERVER], POLLIN, PATIENCE));
	EXPECT_EQ(10, recv(c.end[SERVER], buf, sizeof(buf), 0));
	conn_close(&c);
}

/* With SO_LINGER, close() waits for the peer's ACK, but not for ever. */
TEST_F(options, linger)
{
	struct linger l = { .l_onoff = 1, .l_linger = 1 };
	struct conn c;
	long long start;

	conn_open(&self->net, PORT, &c);
	net_drop(&self->net, SERVER, TH_FIN | TH_ACK, 40, 80, 0);
	net_drop(&self->net, SERVER, TH_FIN | TH_PSH | TH_ACK, 40, 80, 0);
	ASSERT_EQ(0, setsockopt(c.end[CLIENT], SOL_SOCKET, SO_LINGER, &l,
				sizeof(l)));
	start = net_ticks();
	close(c.end[CLIENT]);
	EXPECT_LE(990, net_ticks() - start);
	net_drop_end(&self->net, SERVER);
	sock_recv_end(c.end[SERVER]);
	/* The FIN is acknowledged at once, so the wait is short. */
	l.l_linger = 100;
	setsockopt(c.end[SERVER], SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	start = net_now();
	close(c.end[SERVER]);
	EXPECT_GT(PATIENCE, net_now() - start);
	close(c.listener);
}

/* IP_TTL and IP_TOS are in what is sent. */
TEST_F(options, ip_options)
{
	int fd = self->fd;

	EXPECT_EQ(64, sock_get(fd, IPPROTO_IP, IP_TTL));
	sock_set(fd, IPPROTO_IP, IP_TTL, 9);
	EXPECT_EQ(9, sock_get(fd, IPPROTO_IP, IP_TTL));
	sock_set(fd, IPPROTO_IP, IP_TOS, 0x10);
	EXPECT_EQ(0x10, sock_get(fd, IPPROTO_IP, IP_TOS));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_IP, IP_TTL, (int []){ 256 }, 4));
}

/* SO_BINDTODEVICE: a listener bound to another device gets nothing. */
TEST_F(options, bind_to_device)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int listener;

	listener = sock_open(&self->net, SERVER, 0);
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo",
				3));
	ASSERT_EQ(0, addr_bind(listener, addr));
	ASSERT_EQ(0, listen(listener, 1));
	FAILS(ECONNREFUSED, addr_connect(self->fd, addr));
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "v1",
				3));
	EXPECT_EQ(0, addr_connect(self->fd, addr));
	close(listener);
}

/* SO_DONTROUTE reaches neighbours only, for listeners, too (but not over IPv6). */
TEST_F(options, dont_route)
{
	const char *far = ip46("10.9.9.9", "fd09::9");
	int l = sock_listen(&self->net, SERVER, PORT, 1);
	int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);

	net_run(&self->net, CLIENT, "ip addr add %s dev lo %s", far, ip46("", "nodad"));
	if (stack_is_ipv6())
		net_wait_address(&self->net, CLIENT, far);
	net_run(&self->net, SERVER, "ip route add %s via %s", far,
		ip46("10.0.0.1", "fd00::1"));
	sock_set(l, SOL_SOCKET, SO_DONTROUTE, 1);
	ASSERT_EQ(0, addr_bind(fd, addr_of(far, 0)));
	FAILS(EINPROGRESS, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	EXPECT_EQ(stack_is_ipv6(),
		  sock_wait(fd, POLLOUT, stack_is_ipv6() ? PATIENCE : 300));
	close(fd);
	EXPECT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));

	fd = sock_open(&self->net, SERVER, SOCK_NONBLOCK);
	sock_set(fd, SOL_SOCKET, SO_DONTROUTE, 1);
	FAILS(stack_is_ipv6() ? EINPROGRESS : ENETUNREACH, addr_connect(fd, addr_of(far, 1)));
	close(fd);
	close(l);
}

/* TCP_USER_TIMEOUT: how long data may stay unacknowledged. */
TEST_F(options, user_timeout)
{
	struct conn c;
	char byte;

	conn_open(&self->net, PORT, &c);
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
	EXPECT_EQ(300, sock_get(c.end[CLIENT], IPPROTO_TCP,
				TCP_USER_TIMEOUT));
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 80, 0);
	sock_send(c.end[CLIENT], "x", 1);
	ASSERT_TRUE(sock_wait(c.end[CLIENT], POLLERR, PATIENCE));
	FAILS(ETIMEDOUT, recv(c.end[CLIENT], &byte, 1, 0));
	conn_close(&c);
}

TEST_HARNESS_MAIN
