// SPDX-License-Identifier: GPL-2.0
/* What recvmsg() returns besides the data: urgent data, SO_PEEK_OFF, TCP_INQ. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define ALL	(POLLIN | POLLOUT | POLLRDHUP | POLLPRI)

#ifndef TCP_INQ
#define TCP_INQ		36
#endif

FIXTURE(read)
{
	struct net net;
	struct conn conn;
	int c, s;
};

FIXTURE_SETUP(read)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
}

FIXTURE_TEARDOWN(read)
{
	conn_close(&self->conn);
}

static int ask(int fd, unsigned long what)
{
	int answer = -1;

	if (ioctl(fd, what, &answer))
		net_die("ioctl: %s", strerror(errno));
	return answer;
}

static bool all_acked(void *arg)
{
	return !ask(*(int *)arg, SIOCOUTQ);
}

/* Waits until what was sent is in the receiver's queue. */
static void wait_acked(int fd)
{
	if (!net_until(all_acked, &fd, PATIENCE))
		net_die("not acknowledged");
}

TEST_F(read, urgent)
{
	char buf[16];

	FAILS(EINVAL, recv(self->s, buf, 1, MSG_OOB));
	EXPECT_EQ(0, ask(self->s, SIOCATMARK));
	sock_send(self->c, "abc", 3);
	ASSERT_EQ(2, send(self->c, "d!", 2, MSG_OOB));
	sock_send(self->c, "ef", 2);
	wait_acked(self->c);
	EXPECT_EQ(POLLIN | POLLOUT | POLLPRI, sock_events(self->s, ALL));
	/* A read stops before the urgent octet. */
	EXPECT_EQ(4, ask(self->s, SIOCINQ));
	EXPECT_EQ(1, recv(self->s, buf, 8, MSG_OOB | MSG_PEEK));
	EXPECT_EQ(4, recv(self->s, buf, 16, MSG_PEEK));
	EXPECT_EQ(4, recv(self->s, buf, 16, 0));
	EXPECT_EQ(0, memcmp(buf, "abcd", 4));
	EXPECT_EQ(1, ask(self->s, SIOCATMARK));
	EXPECT_EQ(0, ask(self->s, SIOCINQ));
	buf[0] = 0;
	EXPECT_EQ(1, recv(self->s, buf, 8, MSG_OOB));
	EXPECT_EQ('!', buf[0]);
	EXPECT_EQ(POLLIN | POLLOUT, sock_events(self->s, ALL));
	FAILS(EINVAL, recv(self->s, buf, 1, MSG_OOB));
	EXPECT_EQ(1, ask(self->s, SIOCATMARK));
	EXPECT_EQ(2, recv(self->s, buf, 8, 0));
	EXPECT_EQ(0, memcmp(buf, "ef", 2));
	EXPECT_EQ(0, ask(self->s, SIOCATMARK));
}

/* An urgent octet that was passed is gone; a second one cancels the first. */
TEST_F(read, urgent_left_behind)
{
	char buf[16];

	ASSERT_EQ(2, send(self->c, "a!", 2, MSG_OOB));
	wait_acked(self->c);
	sock_send(self->c, "b", 1);
	wait_acked(self->c);
	EXPECT_EQ(1, recv(self->s, buf, 8, 0));
	EXPECT_EQ(1, recv(self->s, buf, 8, 0));
	EXPECT_EQ('b', buf[0]);
	FAILS(EINVAL, recv(self->s, buf, 1, MSG_OOB));

	ASSERT_EQ(1, send(self->c, "1", 1, MSG_OOB));
	wait_acked(self->c);
	ASSERT_EQ(2, send(self->c, "x2", 2, MSG_OOB));
	wait_acked(self->c);
	EXPECT_EQ(1, recv(self->s, buf, 1, MSG_OOB));
	EXPECT_EQ('2', buf[0]);
	EXPECT_EQ(1, recv(self->s, buf, 8, 0));
	EXPECT_EQ('x', buf[0]);
}

TEST_F(read, urgent_inline)
{
	char buf[16];

	sock_set(self->s, SOL_SOCKET, SO_OOBINLINE, 1);
	sock_send(self->c, "ab", 2);
	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	wait_acked(self->c);
	EXPECT_EQ(3, ask(self->s, SIOCINQ));
	FAILS(EINVAL, recv(self->s, buf, 1, MSG_OOB));
	EXPECT_EQ(2, recv(self->s, buf, 8, 0));
	EXPECT_EQ(1, ask(self->s, SIOCATMARK));
	EXPECT_EQ(1, recv(self->s, buf, 8, 0));
	EXPECT_EQ('!', buf[0]);
}

static volatile sig_atomic_t urgents, ios;

static void on_signal(int sig)
{
	if (sig == SIGURG)
		urgents++;
	else
		ios++;
}

static bool got_urgent(void *arg)
{
	return urgents > 0 && ios > 0;
}

/* The urgent pointer comes before the octet: SIGURG, but nothing to read. */
TEST_F(read, urgent_ahead)
{
	struct sigaction sa = { .sa_handler = on_signal };
	static char block[3000];
	char buf[16];

	sigaction(SIGURG, &sa, NULL);
	sigaction(SIGIO, &sa, NULL);
	ASSERT_EQ(0, fcntl(self->s, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->s, F_SETFL, O_ASYNC));
	/* Two full segments get through, the third with the octet does not. */
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK | TH_URG, 40, 1000, 0);
	ASSERT_EQ(sizeof(block), send(self->c, block, sizeof(block), MSG_OOB));
	ASSERT_TRUE(net_until(got_urgent, NULL, PATIENCE));
	ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	EXPECT_EQ(POLLIN | POLLOUT, sock_events(self->s, ALL));
	FAILS(EAGAIN, recv(self->s, buf, 1, MSG_OOB));
	net_drop_end(&self->net, SERVER);
	ASSERT_TRUE(sock_wait(self->s, POLLPRI, PATIENCE));
	EXPECT_EQ(1, recv(self->s, buf, 1, MSG_OOB));
	/* The stream has ended before the octet, which cannot come any more. */
	shutdown(self->c, SHUT_WR);
}

/* The edges of epoll: urgent data, the end of the stream, a reset. */
TEST_F(read, edges)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET,
	};
	struct linger l = { .l_onoff = 1 };
	int ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->s, &ev));
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	wait_acked(self->c);
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, PATIENCE));
	/* The octet itself does not count as readable. */
	EXPECT_EQ(EPOLLPRI, ev.events);
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 20));
	sock_send(self->c, "x", 1);
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, PATIENCE));
	EXPECT_EQ(EPOLLIN | EPOLLPRI, ev.events);
	shutdown(self->c, SHUT_WR);
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, PATIENCE));
	EXPECT_EQ(EPOLLIN | EPOLLPRI | EPOLLRDHUP, ev.events);
	setsockopt(self->c, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(self->c);
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, PATIENCE));
	EXPECT_EQ(EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR,
		  ev.events);
	self->conn.end[CLIENT] = ep;
}

/* Each peek continues where the last one ended. */
TEST_F(read, peek_offset)
{
	int on = 0;
	char buf[16];

	if (setsockopt(self->s, SOL_SOCKET, SO_PEEK_OFF, &on, sizeof(on))) {
		EXPECT_EQ(EOPNOTSUPP, errno);
		SKIP(return, "TCP has it since 6.9");
	}
	sock_send(self->c, "abcdef", 6);
	wait_acked(self->c);
	EXPECT_EQ(2, recv(self->s, buf, 2, MSG_PEEK));
	EXPECT_EQ(0, memcmp(buf, "ab", 2));
	EXPECT_EQ(2, recv(self->s, buf, 2, MSG_PEEK));
	EXPECT_EQ(0, memcmp(buf, "cd", 2));
	EXPECT_EQ(4, sock_get(self->s, SOL_SOCKET, SO_PEEK_OFF));
	/* A read takes from the front, and lowers the offset by as much. */
	EXPECT_EQ(3, recv(self->s, buf, 3, 0));
	EXPECT_EQ(0, memcmp(buf, "abc", 3));
	EXPECT_EQ(1, sock_get(self->s, SOL_SOCKET, SO_PEEK_OFF));
	EXPECT_EQ(2, recv(self->s, buf, 16, MSG_PEEK));
	EXPECT_EQ(0, memcmp(buf, "ef", 2));
	FAILS(EAGAIN, recv(self->s, buf, 16, MSG_PEEK | MSG_DONTWAIT));
	sock_set(self->s, SOL_SOCKET, SO_PEEK_OFF, -1);
	EXPECT_EQ(3, recv(self->s, buf, 16, MSG_PEEK));
	EXPECT_EQ(0, memcmp(buf, "def", 3));
}

/* What TCP_INQ says is left after a read; -1 without it. */
static int recv_inq(int fd, char *buf, size_t len)
{
	char control[128];
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm;
	int left;

	if (recvmsg(fd, &msg, 0) < 0)
		net_die("recvmsg: %s", strerror(errno));
	cm = CMSG_FIRSTHDR(&msg);
	if (!cm || cm->cmsg_level != SOL_TCP || cm->cmsg_type != TCP_INQ)
		return -1;
	memcpy(&left, CMSG_DATA(cm), sizeof(left));
	return left;
}

TEST_F(read, what_is_left)
{
	char buf[16];

	sock_send(self->c, "abcdefgh", 8);
	wait_acked(self->c);
	EXPECT_EQ(-1, recv_inq(self->s, buf, 1));
	sock_set(self->s, SOL_TCP, TCP_INQ, 1);
	EXPECT_EQ(5, recv_inq(self->s, buf, 2));
	EXPECT_EQ(0, recv_inq(self->s, buf, 16));
	/* The end counts as one byte to read. */
	shutdown(self->c, SHUT_WR);
	ASSERT_TRUE(sock_wait(self->s, POLLRDHUP, PATIENCE));
	EXPECT_EQ(1, recv_inq(self->s, buf, 16));
}

/* MSG_EOR closes the segment of its message. */
TEST_F(read, end_of_record)
{
	struct wire *wire;
	const struct seg *s;
	int i;

	net_wait_state(&self->net, SERVER, PORT, sock_port(self->c),
		       ST_ESTABLISHED);
	wire = wire_open(&self->net, CLIENT, PORT);
	sock_set(self->c, IPPROTO_TCP, TCP_CORK, 1);
	EXPECT_EQ(3, send(self->c, "abc", 3, 0));
	EXPECT_EQ(3, send(self->c, "def", 3, MSG_EOR));
	EXPECT_EQ(3, send(self->c, "ghi", 3, 0));
	sock_set(self->c, IPPROTO_TCP, TCP_CORK, 0);
	for (i = 0; i < 2; i++) {
		do {
			s = wire_next(wire, PATIENCE);
			ASSERT_NE(NULL, s);
		} while (s->from != CLIENT);
		EXPECT_EQ(i ? 3 : 6, s->len);
	}
	wire_close(wire);
}

TEST_HARNESS_MAIN
