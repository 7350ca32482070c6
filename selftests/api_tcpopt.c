// SPDX-License-Identifier: GPL-2.0
/* Options of SOL_TCP: their values, and their effect on the wire. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/info.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

/* Newer than libc's headers. */
#define OPT_TX_DELAY		37
#define OPT_IS_MPTCP		43
#define OPT_RTO_MAX_MS		44
#define OPT_RTO_MIN_US		45
#define OPT_DELACK_MAX_US	46

/* The errno of setsockopt() for a congestion control of this name, or 0. */
static int set(int fd, int option, int value)
{
	return setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
}

static int get(int fd, int option)
{
	return sock_get(fd, IPPROTO_TCP, option);
}

FIXTURE(tcpopt)
{
	struct net net;
	int fd;
};

FIXTURE_SETUP(tcpopt)
{
	net_open(&self->net);
	self->fd = sock_open(&self->net, CLIENT, 0);
}

FIXTURE_TEARDOWN(tcpopt)
{
	close(self->fd);
}

/* Numbers that are kept as they are, and the least and most of each. */
TEST_F(tcpopt, numbers)
{
	static const struct {
		int option, low, high, first;
		bool newer;	/* the oldest kernel's TCP does not have it */
	} o[] = {
		{ TCP_SYNCNT, 1, 127 },
		{ TCP_KEEPIDLE, 1, 32767 },
		{ TCP_KEEPINTVL, 1, 32767 },
		{ TCP_KEEPCNT, 1, 127 },
		{ TCP_USER_TIMEOUT, 0, 2147483647 },
		{ TCP_MAXSEG, 88, 32767 },
		{ TCP_SAVE_SYN, 0, 2 },
		{ TCP_INQ, 0, 1 },
		{ TCP_THIN_LINEAR_TIMEOUTS, 0, 1 },
		{ OPT_TX_DELAY, 1, 268435455 },
		{ OPT_RTO_MAX_MS, 1000, 120000, .newer = true },
		{ OPT_RTO_MIN_US, 20000, 200000, .newer = true },
		{ OPT_DELACK_MAX_US, 20000, 200000, .newer = true },
	};
	int fd = self->fd;
	size_t i;

	for (i = 0; i < sizeof(o) / sizeof(o[0]); i++) {
		if (o[i].newer && stack_is_tcp() && set(fd, o[i].option, o[i].high)) {
			ASSERT_EQ(ENOPROTOOPT, errno);
			continue;
		}
		EXPECT_EQ(0, set(fd, o[i].option, o[i].low));
		EXPECT_EQ(o[i].low, get(fd, o[i].option)) {
			TH_LOG("option %d", o[i].option);
		}
		EXPECT_EQ(0, set(fd, o[i].option, o[i].high));
		EXPECT_EQ(o[i].high, get(fd, o[i].option)) {
			TH_LOG("option %d", o[i].option);
		}
		if (o[i].high != 2147483647)
			FAILS(EINVAL, set(fd, o[i].option, o[i].high + 1));
		FAILS(EINVAL, set(fd, o[i].option, -1));
		EXPECT_EQ(o[i].high, get(fd, o[i].option));
	}
	if (!stack_is_tcp())
		EXPECT_EQ(0, get(fd, OPT_IS_MPTCP));
	/* It is given in seconds and kept as a number of time-outs: 1, 3, 7, 15... */
	EXPECT_EQ(0, set(fd, TCP_DEFER_ACCEPT, 4));
	EXPECT_EQ(7, get(fd, TCP_DEFER_ACCEPT));
	EXPECT_EQ(0, set(fd, TCP_DEFER_ACCEPT, -4));
	EXPECT_EQ(0, get(fd, TCP_DEFER_ACCEPT));
	EXPECT_EQ(0, set(fd, TCP_LINGER2, 500));
	EXPECT_EQ(120, get(fd, TCP_LINGER2));
	EXPECT_EQ(0, set(fd, TCP_LINGER2, -7));
	EXPECT_EQ(-1, get(fd, TCP_LINGER2));
	/* It fails before a connection, and with a value that is too small. */
	EXPECT_EQ(0, set(fd, TCP_WINDOW_CLAMP, 10));
	EXPECT_LE(1000, get(fd, TCP_WINDOW_CLAMP));
	EXPECT_EQ(0, set(fd, TCP_WINDOW_CLAMP, 0));
	EXPECT_EQ(0, get(fd, TCP_WINDOW_CLAMP));
	EXPECT_EQ(0, set(fd, TCP_NOTSENT_LOWAT, -1));
	EXPECT_EQ(-1, get(fd, TCP_NOTSENT_LOWAT));
}

/* Options that are not supported fail so that programs go on without them. */
TEST_F(tcpopt, refused)
{
	struct { unsigned int a, b, c, d, e; } window;
	char key[32] = "", name[16] = "";
	socklen_t len = sizeof(name);
	int fd = self->fd;

	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len));
	EXPECT_EQ(0, len);
	FAILS(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_ULP, "nothing", 7));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_ULP, "nothing", 0));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 15));
	FAILS(EINVAL, set(fd, TCP_FASTOPEN, -1));
	FAILS(EINVAL, set(fd, TCP_FASTOPEN_CONNECT, 2));
	FAILS(EINVAL, set(fd, TCP_FASTOPEN_NO_COOKIE, -1));
	FAILS(EPERM, set(fd, TCP_TIMESTAMP, 1));
	FAILS(EPERM, set(fd, TCP_REPAIR_QUEUE, 1));
	FAILS(EINVAL, set(fd, TCP_QUEUE_SEQ, 1));
	FAILS(EINVAL, set(fd, TCP_REPAIR_OPTIONS, 1));
	EXPECT_EQ(0, get(fd, TCP_REPAIR));
	len = sizeof(window);
	FAILS(EPERM, getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window,
				&len));
	len = 4;
	FAILS(EINVAL, getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &window,
				 &len));
	if (stack_is_tcp())
		return;
	FAILS(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3));
	FAILS(EPERM, set(fd, TCP_REPAIR, 1));
	FAILS(EOPNOTSUPP, set(fd, TCP_FASTOPEN, 5));
	FAILS(EOPNOTSUPP, set(fd, TCP_FASTOPEN_CONNECT, 1));
	FAILS(EOPNOTSUPP, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key,
				     16));
	FAILS(ENOPROTOOPT, set(fd, TCP_MD5SIG, 1));
	EXPECT_EQ(0, set(fd, TCP_FASTOPEN, 0));
}

TEST_F(tcpopt, congestion)
{
	char name[20], was[20];
	socklen_t len = sizeof(was);
	int fd = self->fd;

	memset(was, 0xa5, sizeof(was));
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, was, &len));
	/* The name always has this length, padded with zeros. */
	EXPECT_EQ(16, len);
	EXPECT_EQ(0, was[15]);
	EXPECT_EQ((char)0xa5, was[16]);
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, was,
				strlen(was)));
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno\0x",
				6));
	FAILS(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nothing",
				 7));
	FAILS(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 1));
	FAILS(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 0));
	FAILS(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, NULL, 4));
	len = 2;
	memset(name, 0xa5, sizeof(name));
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	EXPECT_EQ(2, len);
	EXPECT_EQ(0, memcmp(name, "re\xa5", 3));
	/* These congestion controls have no information of their own. */
	len = sizeof(name);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, name, &len));
	EXPECT_EQ(0, len);
}

static int choose(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name));
}

static const char *chosen(int fd)
{
	static char name[20];
	socklen_t len = 16;

	memset(name, 0, sizeof(name));
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		net_die("TCP_CONGESTION: %s", strerror(errno));
	return name;
}

/* A connection to @listener; returns what was accepted. */
static int accept_one(struct net *net, int listener, int *client)
{
	*client = sock_connect(net, CLIENT, net->ip[SERVER], sock_port(listener));
	return sock_accept(listener);
}

/* An accepted socket has what was chosen for its listener, or else the present default. */
TEST_F(tcpopt, congestion_inherited)
{
	int cookies;

	for (cookies = 1; cookies <= 2; cookies++) {
		int listener, client, s;

		net_stack_sysctl(&self->net, SERVER, "syncookies", cookies == 1 ? "1" : "2");
		net_stack_sysctl(&self->net, SERVER, "congestion_control", "cubic");
		listener = sock_listen(&self->net, SERVER, PORT + cookies, 4);
		net_stack_sysctl(&self->net, SERVER, "congestion_control", "reno");
		EXPECT_STREQ("cubic", chosen(listener));
		s = accept_one(&self->net, listener, &client);
		EXPECT_STREQ("reno", chosen(s));
		close(s);
		close(client);
		/* What it has already, it has chosen by that. */
		EXPECT_EQ(0, choose(listener, "cubic"));
		s = accept_one(&self->net, listener, &client);
		EXPECT_STREQ("cubic", chosen(s));
		/* So has its own listener, if it becomes one. */
		close(client);
		sock_recv_end(s);
		shutdown(s, SHUT_RDWR);
		EXPECT_STREQ("cubic", chosen(s));
		close(s);
		EXPECT_EQ(0, choose(listener, "reno"));
		net_stack_sysctl(&self->net, SERVER, "congestion_control", "cubic");
		s = accept_one(&self->net, listener, &client);
		EXPECT_STREQ("reno", chosen(s));
		close(listener);
		EXPECT_STREQ("reno", chosen(s));
		close(client);
		close(s);
	}
}

/* It changes at every step of a transfer, and nothing is lost by that. */
TEST_F(tcpopt, congestion_in_flight)
{
	static const char *const names[] = { "reno", "cubic" };
	static char out[100000], in[sizeof(out)];
	size_t sent = 0, got = 0, n = 0;
	struct conn c;

	conn_open(&self->net, PORT, &c);
	pattern_fill(out, sizeof(out), 0);
	sock_nonblock(c.end[CLIENT], true);
	sock_nonblock(c.end[SERVER], true);
	while (got < sizeof(in)) {
		ssize_t r = send(c.end[CLIENT], out + sent, (sizeof(out) - sent) / 4 + 1, 0);

		sent += r > 0 && sent < sizeof(out) ? r : 0;
		ASSERT_EQ(0, choose(c.end[CLIENT], names[n % 2]));
		EXPECT_STREQ(names[n++ % 2], chosen(c.end[CLIENT]));
		if (!sock_wait(c.end[SERVER], POLLIN, PATIENCE))
			break;
		r = recv(c.end[SERVER], in + got, sizeof(in) - got, 0);
		got += r > 0 ? r : 0;
	}
	EXPECT_EQ(0, memcmp(in, out, sizeof(out)));
	EXPECT_LT(3, n);
	/* Of one whose end has come it can still be changed. */
	close(c.end[SERVER]);
	sock_wait(c.end[CLIENT], POLLHUP, PATIENCE);
	EXPECT_EQ(0, choose(c.end[CLIENT], names[n % 2]));
	close(c.end[CLIENT]);
	close(c.listener);
}

/* Exit status: 0, or the errno of TCP_CONGESTION for who has no rights. */
static int choose_as_nobody(int fd, const char *name)
{
	int status = -1;
	pid_t pid = net_fork();

	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(99);
		_exit(choose(fd, name) ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* What is not allowed needs CAP_NET_ADMIN; what the socket has needs nothing. */
TEST_F(tcpopt, congestion_allowed)
{
	struct net first = { .ns = { open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC) } };
	int fd = self->fd;

	EXPECT_EQ(0, choose_as_nobody(fd, "cubic"));
	EXPECT_EQ(0, choose_as_nobody(fd, "reno"));
	net_stack_sysctl(&first, CLIENT, "allowed_congestion_control", "reno");
	EXPECT_EQ(EPERM, choose_as_nobody(fd, "cubic"));
	EXPECT_STREQ("reno", chosen(fd));
	EXPECT_EQ(ENOENT, choose_as_nobody(fd, "nosuch"));
	EXPECT_EQ(0, choose(fd, "cubic"));
	EXPECT_EQ(0, choose_as_nobody(fd, "cubic"));
	EXPECT_EQ(0, choose_as_nobody(fd, "reno"));
	EXPECT_EQ(EPERM, choose_as_nobody(fd, "cubic"));
	net_stack_sysctl(&first, CLIENT, "allowed_congestion_control", "reno cubic");
	EXPECT_EQ(0, choose_as_nobody(fd, "cubic"));
	close(first.ns[CLIENT]);
}

/* What a listener has set, an accepted socket has. */
TEST_F(tcpopt, inherited)
{
	static const int option[] = {
		TCP_NODELAY, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL,
		TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_USER_TIMEOUT,
		TCP_NOTSENT_LOWAT, TCP_SAVE_SYN, TCP_INQ, OPT_TX_DELAY,
		TCP_THIN_LINEAR_TIMEOUTS,
	};
	int listener = sock_listen(&self->net, SERVER, PORT, 1), s;
	size_t i, n = sizeof(option) / sizeof(option[0]);

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, set(listener, option[i], 1));
	/*
	 * Options set after listen() are inherited, too; listen() itself resets
	 * TCP_QUICKACK.
	 */
	ASSERT_EQ(0, set(listener, TCP_QUICKACK, 0));
	ASSERT_EQ(0, set(listener, TCP_WINDOW_CLAMP, 5000));
	ASSERT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	s = sock_accept(listener);
	for (i = 0; i < n; i++)
		EXPECT_EQ(1, get(s, option[i])) {
			TH_LOG("option %d", option[i]);
		}
	EXPECT_EQ(0, get(s, TCP_QUICKACK));
	EXPECT_EQ(5000, get(s, TCP_WINDOW_CLAMP));
	EXPECT_EQ(0, get(s, TCP_DEFER_ACCEPT));
	close(s);
	close(listener);
}

/* Options that a disconnect resets, and options that it keeps. */
TEST_F(tcpopt, disconnected)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 1), s;
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, set(self->fd, TCP_MAXSEG, 700));
	ASSERT_EQ(0, set(self->fd, TCP_WINDOW_CLAMP, 5000));
	ASSERT_EQ(0, set(self->fd, TCP_KEEPIDLE, 99));
	ASSERT_EQ(0, set(self->fd, TCP_NODELAY, 1));
	ASSERT_EQ(0, choose(self->fd, "reno"));
	ASSERT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	s = sock_accept(listener);
	ASSERT_EQ(0, set(self->fd, TCP_QUICKACK, 0));
	ASSERT_EQ(0, connect(self->fd, &nowhere, sizeof(nowhere)));
	EXPECT_EQ(1, get(self->fd, TCP_QUICKACK));
	EXPECT_EQ(0, get(self->fd, TCP_WINDOW_CLAMP));
	EXPECT_NE(700, get(self->fd, TCP_MAXSEG));
	EXPECT_EQ(99, get(self->fd, TCP_KEEPIDLE));
	EXPECT_EQ(1, get(self->fd, TCP_NODELAY));
	EXPECT_STREQ("reno", chosen(self->fd));
	close(s);
	close(listener);
}

/* TCP_SYNCNT is the number of SYN retransmissions. */
TEST_F(tcpopt, syncnt)
{
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	int i;

	net_syn_backs_off(&self->net, CLIENT);
	net_drop(&self->net, SERVER, TH_SYN, 40, 120, 0);
	ASSERT_EQ(0, set(self->fd, TCP_SYNCNT, 1));
	FAILS(ETIMEDOUT, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	for (i = 0; i < 2; i++) {
		const struct seg *seg = wire_next(wire, PATIENCE);

		ASSERT_NE(NULL, seg);
		EXPECT_EQ(TH_SYN, seg->flags);
	}
	EXPECT_TRUE(wire_quiet(wire, 100));
	wire_close(wire);
}

/* TCP_DEFER_ACCEPT: a connection reaches the listener with its first data. */
TEST_F(tcpopt, defer_accept)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 1), s;
	char byte = 0;

	ASSERT_EQ(0, set(listener, TCP_DEFER_ACCEPT, 30));
	ASSERT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	EXPECT_FALSE(sock_wait(listener, POLLIN, 300));
	sock_send(self->fd, "x", 1);
	EXPECT_TRUE(sock_wait(listener, POLLIN, PATIENCE));
	s = sock_accept(listener);
	EXPECT_EQ(1, recv(s, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ('x', byte);
	close(s);
	close(listener);
}

/* When that time is over, a connection without data is accepted as well. */
TEST_F(tcpopt, defer_accept_ends)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 1), s;
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	long long start = net_now();
	const struct seg *seg;
	int synacks = 0;

	ASSERT_EQ(0, set(listener, TCP_DEFER_ACCEPT, 1));
	ASSERT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	EXPECT_TRUE(sock_wait(listener, POLLIN, PATIENCE));
	EXPECT_LE(900, net_now() - start);
	s = sock_accept(listener);
	while ((seg = wire_next(wire, 100)))
		synacks += seg->flags == (TH_SYN | TH_ACK);
	/* The second asked for the ACK that made the connection. */
	EXPECT_EQ(2, synacks);
	wire_close(wire);
	close(s);
	close(listener);
}

/* TCP_SAVE_SYN keeps the headers of the SYN, to be read once. */
TEST_F(tcpopt, saved_syn)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 1), s;
	unsigned char syn[200], *tcp;
	socklen_t len = 10, whole;

	ASSERT_EQ(0, set(listener, TCP_SAVE_SYN, 1));
	ASSERT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	s = sock_accept(listener);
	FAILS(EINVAL, getsockopt(s, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(stack_ip_header() + 40, len);
	whole = sizeof(syn);
	ASSERT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_SAVED_SYN, syn, &whole));
	EXPECT_EQ(len, whole);
	EXPECT_EQ(ip46(4, 6), syn[0] >> 4);
	tcp = syn + stack_ip_header();
	EXPECT_EQ(sock_port(self->fd), tcp[0] << 8 | tcp[1]);
	EXPECT_EQ(PORT, tcp[2] << 8 | tcp[3]);
	EXPECT_EQ(TH_SYN, tcp[13]);
	whole = sizeof(syn);
	EXPECT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_SAVED_SYN, syn, &whole));
	EXPECT_EQ(0, whole);
	close(s);
	close(listener);
}

/* TCP_NODELAY set on a corked socket sends what is queued, once. */
TEST_F(tcpopt, cork_and_nodelay)
{
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	struct conn c;
	char buf[20];

	conn_open(&self->net, PORT, &c);
	ASSERT_EQ(0, set(c.end[CLIENT], TCP_CORK, 1));
	sock_send(c.end[CLIENT], "held", 4);
	EXPECT_EQ(0, sock_events(c.end[SERVER], POLLIN));
	ASSERT_EQ(0, set(c.end[CLIENT], TCP_NODELAY, 1));
	sock_recv(c.end[SERVER], buf, 4);
	EXPECT_EQ(1, get(c.end[CLIENT], TCP_CORK));
	sock_send(c.end[CLIENT], "again", 5);
	EXPECT_FALSE(sock_wait(c.end[SERVER], POLLIN, 100));
	ASSERT_EQ(0, set(c.end[CLIENT], TCP_CORK, 0));
	sock_recv(c.end[SERVER], buf, 5);
	wire_wait(wire, "> PA 1 1 4");
	wire_wait(wire, "> PA 5 1 5");
	wire_close(wire);
	conn_close(&c);
}

/* TCP_QUICKACK: an ACK that is being delayed goes when it is switched on. */
TEST_F(tcpopt, quickack)
{
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	struct conn c;
	char buf[8];

	conn_open(&self->net, PORT, &c);
	EXPECT_EQ(1, get(c.end[SERVER], TCP_QUICKACK));
	ASSERT_EQ(0, set(c.end[SERVER], TCP_QUICKACK, 0));
	EXPECT_EQ(0, get(c.end[SERVER], TCP_QUICKACK));
	sock_send(c.end[CLIENT], "x", 1);
	sock_recv(c.end[SERVER], buf, 1);
	wire_wait(wire, "> PA 1 1 1");
	/* An even number applies once only. */
	ASSERT_EQ(0, set(c.end[SERVER], TCP_QUICKACK, 2));
	wire_wait(wire, "< A 1 2 0");
	ASSERT_EQ(0, set(c.end[SERVER], TCP_QUICKACK, 1));
	EXPECT_EQ(1, get(c.end[SERVER], TCP_QUICKACK));
	sock_send(c.end[CLIENT], "y", 1);
	wire_wait(wire, "< A 1 3 0");
	/* A reply soon after data makes the connection interactive, with delayed ACKs. */
	sock_send(c.end[SERVER], "z", 1);
	sock_recv(c.end[CLIENT], buf, 1);
	EXPECT_EQ(0, get(c.end[SERVER], TCP_QUICKACK));
	wire_close(wire);
	conn_close(&c);
}

/* TCP_WINDOW_CLAMP: the window offered is never larger. */
TEST_F(tcpopt, window_clamp)
{
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	int listener = sock_listen(&self->net, SERVER, PORT, 1), s;
	static char buf[20000];
	const struct seg *seg;

	ASSERT_EQ(0, set(self->fd, TCP_WINDOW_CLAMP, 4000));
	ASSERT_EQ(0, addr_connect(self->fd, addr_side(&self->net, SERVER, PORT)));
	s = sock_accept(listener);
	FAILS(EINVAL, set(self->fd, TCP_WINDOW_CLAMP, 0));
	if (fork() == 0) {
		sock_send(s, buf, sizeof(buf));
		_exit(0);
	}
	sock_recv(self->fd, buf, sizeof(buf));
	while ((seg = wire_next(wire, 200))) {
		if (seg->from != CLIENT)
			continue;
		/* Newer kernels' TCP forgets it once data has come. */
		if (!stack_is_tcp() || seg->flags == TH_SYN)
			EXPECT_GE(4000, seg->window);
		if (seg->flags == TH_SYN)
			EXPECT_EQ(0, seg->wscale);
	}
	wire_close(wire);
	close(s);
	close(listener);
}

/* TCP_NOTSENT_LOWAT: not writable while more than half of it is unsent. */
TEST_F(tcpopt, notsent_lowat)
{
	static char buf[1 << 20];
	size_t queued = 0;
	struct conn c;
	int unsent;

	conn_open(&self->net, PORT, &c);
	ASSERT_EQ(0, set(c.end[CLIENT], TCP_NOTSENT_LOWAT, 20000));
	sock_nonblock(c.end[CLIENT], true);
	/* Writes until the window is full and something waits in the queue. */
	while (queued < 100 << 20) {
		ssize_t n = send(c.end[CLIENT], buf, 1000, 0);

		if (n < 0)
			break;
		queued += n;
	}
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, ioctl(c.end[CLIENT], SIOCOUTQNSD, &unsent));
	EXPECT_LE(20000, unsent);
	/* The rest is no more than what completes a partial segment. */
	EXPECT_GE(20000 + 65536, unsent);
	EXPECT_EQ(0, sock_events(c.end[CLIENT], POLLOUT));
	while (queued) {
		size_t n = queued < sizeof(buf) ? queued : sizeof(buf);

		sock_recv(c.end[SERVER], buf, n);
		queued -= n;
	}
	EXPECT_TRUE(sock_wait(c.end[CLIENT], POLLOUT, PATIENCE));
	ASSERT_EQ(0, ioctl(c.end[CLIENT], SIOCOUTQNSD, &unsent));
	EXPECT_GT(10000, unsent);
	conn_close(&c);
}

/* SO_MAX_PACING_RATE bounds the rate, with and without the fq queueing discipline. */
TEST_F(tcpopt, pacing)
{
	static char buf[400000];
	struct conn c;
	struct info i;
	long long start;

	conn_open(&self->net, PORT, &c);
	sock_set(c.end[CLIENT], SOL_SOCKET, SO_MAX_PACING_RATE, 400000);
	EXPECT_EQ(400000, sock_get(c.end[CLIENT], SOL_SOCKET,
				   SO_MAX_PACING_RATE));
	start = net_now();
	if (fork() == 0) {
		sock_send(c.end[CLIENT], buf, sizeof(buf));
		_exit(0);
	}
	sock_recv(c.end[SERVER], buf, sizeof(buf));
	/* It takes a second, less a burst at its start and plus a late timer. */
	EXPECT_LE(800, net_now() - start);
	EXPECT_GE(3000, net_now() - start);
	ASSERT_LT(0, info_get(c.end[CLIENT], &i));
	EXPECT_EQ(400000, i.max_pacing_rate);
	EXPECT_EQ(400000, i.pacing_rate);
	EXPECT_EQ(0, i.total_retrans);
	conn_close(&c);
}

TEST_HARNESS_MAIN
