// SPDX-License-Identifier: GPL-2.0
/* Flags and errors of send*(), recv*(), read(), write() and shutdown(). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

FIXTURE(data)
{
	struct net net;
	struct conn conn;
	int c, s;		/* the client's and the server's end */
};

FIXTURE_SETUP(data)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
}

FIXTURE_TEARDOWN(data)
{
	conn_close(&self->conn);
}

/* Waits until len bytes can be read. */
static void wait_bytes(int fd, int len)
{
	long long deadline = net_now() + PATIENCE;
	int have = 0;

	while (!ioctl(fd, SIOCINQ, &have) && have < len) {
		if (net_now() > deadline)
			net_die("%d bytes instead of %d", have, len);
		usleep(1000);
	}
}

TEST_F(data, read_and_write)
{
	char buf[16] = { 0 };

	EXPECT_EQ(5, write(self->c, "hello", 5));
	wait_bytes(self->s, 5);
	EXPECT_EQ(5, read(self->s, buf, sizeof(buf)));
	EXPECT_STREQ("hello", buf);
	EXPECT_EQ(0, write(self->c, "", 0));
	EXPECT_EQ(0, send(self->c, "", 0, 0));
	FAILS(EAGAIN, recv(self->s, buf, 0, MSG_DONTWAIT));
	FAILS(EAGAIN, recv(self->s, buf, 1, MSG_DONTWAIT));
}

TEST_F(data, peek)
{
	char buf[8] = { 0 };

	sock_send(self->c, "abcdef", 6);
	wait_bytes(self->s, 6);
	EXPECT_EQ(3, recv(self->s, buf, 3, MSG_PEEK));
	EXPECT_STREQ("abc", buf);
	EXPECT_EQ(6, recv(self->s, buf, 8, MSG_PEEK));
	EXPECT_STREQ("abcdef", buf);
	EXPECT_EQ(2, recv(self->s, buf, 2, 0));
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(4, recv(self->s, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_STREQ("cdef", buf);
	EXPECT_EQ(4, recv(self->s, buf, 8, 0));
	FAILS(EAGAIN, recv(self->s, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	/* The end can be peeked at, too, and stays. */
	shutdown(self->c, SHUT_WR);
	ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	EXPECT_EQ(0, recv(self->s, buf, 8, MSG_PEEK));
	EXPECT_EQ(0, recv(self->s, buf, 8, 0));
}

/* With MSG_TRUNC data is counted and thrown away. */
TEST_F(data, trunc)
{
	char buf[8] = "-------";

	sock_send(self->c, "abcdef", 6);
	wait_bytes(self->s, 6);
	EXPECT_EQ(4, recv(self->s, buf, 4, MSG_TRUNC));
	EXPECT_STREQ("-------", buf);
	/* A bad buffer is no error, for nothing is written to it. */
	EXPECT_EQ(1, recv(self->s, NULL, 1, MSG_TRUNC));
	EXPECT_EQ(1, recv(self->s, buf, 8, 0));
	EXPECT_EQ('f', buf[0]);
}

/* Sends rest to fd when the reader of it has gone to sleep. */
static pid_t send_later(int fd, const char *rest, bool end)
{
	pid_t parent = getpid(), pid = fork();
	char path[64], state = 0;
	long long deadline = net_now() + PATIENCE;

	if (pid)
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/stat", parent);
	while (state != 'S' && net_now() < deadline) {
		FILE *f = fopen(path, "re");

		usleep(1000);
		if (!f)
			continue;
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(f);
	}
	sock_send(fd, rest, strlen(rest));
	if (end)
		shutdown(fd, SHUT_WR);
	_exit(0);
}

TEST_F(data, waitall)
{
	char buf[16] = { 0 };
	pid_t pid;

	sock_send(self->c, "abc", 3);
	wait_bytes(self->s, 3);
	pid = send_later(self->c, "def", false);
	EXPECT_EQ(6, recv(self->s, buf, 6, MSG_WAITALL));
	EXPECT_STREQ("abcdef", buf);
	waitpid(pid, NULL, 0);

	/*
	 * MSG_WAITALL returns less with MSG_DONTWAIT, at the end, and after a time-out.
	 */
	sock_send(self->c, "gh", 2);
	wait_bytes(self->s, 2);
	EXPECT_EQ(2, recv(self->s, buf, 6, MSG_WAITALL | MSG_DONTWAIT));
	sock_send(self->c, "ij", 2);
	sock_timeo(self->s, SO_RCVTIMEO, 50);
	wait_bytes(self->s, 2);
	EXPECT_EQ(2, recv(self->s, buf, 6, MSG_WAITALL));
	sock_timeo(self->s, SO_RCVTIMEO, 0);
	pid = send_later(self->c, "kl", true);
	EXPECT_EQ(2, recv(self->s, buf, 6, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(buf, "kl", 2));
	EXPECT_EQ(0, recv(self->s, buf, 6, MSG_WAITALL));
	waitpid(pid, NULL, 0);
}

/* What MSG_MORE holds goes with the answer to what the peer sends. */
TEST_F(data, more_is_let_go)
{
	struct wire *wire;
	const struct seg *s;

	net_wait_state(&self->net, SERVER, PORT, sock_port(self->c),
		       ST_ESTABLISHED);
	wire = wire_open(&self->net, CLIENT, PORT);
	EXPECT_EQ(3, send(self->c, "abc", 3, MSG_MORE));
	sock_send(self->s, "x", 1);
	do {
		s = wire_next(wire, PATIENCE);
		ASSERT_NE(NULL, s);
	} while (s->from != CLIENT);
	EXPECT_EQ(3, s->len);
	wire_close(wire);
}

/* MSG_MORE and TCP_CORK gather writes into one segment. */
TEST_F(data, more)
{
	struct wire *wire;
	char buf[16] = { 0 };
	uint32_t base;
	const struct seg *s;

	net_wait_state(&self->net, SERVER, PORT, sock_port(self->c),
		       ST_ESTABLISHED);
	wire = wire_open(&self->net, CLIENT, PORT);
	EXPECT_EQ(3, send(self->c, "abc", 3, MSG_MORE));
	EXPECT_EQ(3, send(self->c, "def", 3, MSG_MORE));
	EXPECT_TRUE(wire_quiet(wire, 50));
	EXPECT_EQ(3, send(self->c, "ghi", 3, 0));
	s = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(9, s->len);
	EXPECT_EQ(TH_PSH | TH_ACK, s->flags);
	base = s->raw_seq;
	sock_recv(self->s, buf, 9);
	EXPECT_STREQ("abcdefghi", buf);
	s = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(SERVER, s->from);
	EXPECT_EQ(base + 9, s->raw_ack);

	sock_set(self->c, IPPROTO_TCP, TCP_CORK, 1);
	EXPECT_EQ(2, send(self->c, "jk", 2, 0));
	EXPECT_EQ(2, send(self->c, "lm", 2, 0));
	EXPECT_TRUE(wire_quiet(wire, 50));
	sock_set(self->c, IPPROTO_TCP, TCP_CORK, 0);
	s = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(4, s->len);
	sock_recv(self->s, buf, 4);
	wire_close(wire);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	(void)sig;
	pipes++;
}

TEST_F(data, pipe_signal)
{
	struct sigaction sa = { .sa_handler = on_pipe };

	sigaction(SIGPIPE, &sa, NULL);
	shutdown(self->c, SHUT_WR);
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, pipes);
	FAILS(EPIPE, send(self->c, "x", 1, 0));
	EXPECT_EQ(1, pipes);
	FAILS(EPIPE, write(self->c, "x", 1));
	EXPECT_EQ(2, pipes);
}

/* After a write to a peer that has closed come a reset, then EPIPE. */
TEST_F(data, write_to_the_gone)
{
	char byte;

	close(self->s);
	sock_recv_end(self->c);
	EXPECT_EQ(1, send(self->c, "x", 1, MSG_NOSIGNAL));
	ASSERT_TRUE(sock_wait(self->c, POLLERR, PATIENCE));
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP,
		  sock_events(self->c, POLLIN | POLLOUT | POLLRDHUP));
	/* The peer's FIN had come before its reset: EPIPE, not ECONNRESET. */
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, recv(self->c, &byte, 1, 0));
	self->conn.end[SERVER] = dup(self->c);
}

/* A reset comes while neither end has closed. */
TEST_F(data, reset_by_peer)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };
	char byte;

	/* Data that came before a reset goes with it. */
	sock_send(self->s, "x", 1);
	wait_bytes(self->c, 1);
	setsockopt(self->s, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(self->s);
	ASSERT_TRUE(sock_wait(self->c, POLLERR, PATIENCE));
	EXPECT_EQ(ECONNRESET, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	/* The error is reported once. */
	EXPECT_EQ(0, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(1, recv(self->c, &byte, 1, 0));
	EXPECT_EQ(0, recv(self->c, &byte, 1, 0));
	self->conn.end[SERVER] = dup(self->c);
}

TEST_F(data, shutdown_read)
{
	char byte;

	ASSERT_EQ(0, shutdown(self->s, SHUT_RD));
	EXPECT_EQ(0, recv(self->s, &byte, 1, 0));
	EXPECT_TRUE(sock_events(self->s, POLLRDHUP) & POLLRDHUP);
	/* The peer is not told: what it sends still arrives. */
	sock_send(self->c, "y", 1);
	wait_bytes(self->s, 1);
	EXPECT_EQ(1, recv(self->s, &byte, 1, 0));
	EXPECT_EQ('y', byte);
	EXPECT_EQ(0, recv(self->s, &byte, 1, 0));
	sock_send(self->s, "z", 1);
	sock_recv(self->c, &byte, 1);
}

TEST_F(data, vectors_and_messages)
{
	char a[4] = { 0 }, b[8] = { 0 };
	struct iovec out[3] = { { "abc", 3 }, { "", 0 }, { "defgh", 5 } };
	struct iovec in[2] = { { a, 3 }, { b, 8 } };
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 3 };
	struct addr other;

	EXPECT_EQ(8, sendmsg(self->c, &msg, 0));
	wait_bytes(self->s, 8);
	msg = (struct msghdr){
		.msg_iov = in, .msg_iovlen = 2,
		.msg_name = &other, .msg_namelen = sizeof(other),
		.msg_flags = ~0,
	};
	EXPECT_EQ(8, recvmsg(self->s, &msg, 0));
	EXPECT_STREQ("abc", a);
	EXPECT_STREQ("defgh", b);
	/* A stream gives no address with what it receives. */
	EXPECT_EQ(0, msg.msg_namelen);
	EXPECT_EQ(0, msg.msg_flags & ~MSG_CMSG_CLOEXEC);

	EXPECT_EQ(8, writev(self->c, out, 3));
	wait_bytes(self->s, 8);
	EXPECT_EQ(8, readv(self->s, in, 2));

	/* An address given with the data has no effect on a connected stream. */
	other = addr_of(ip46("10.9.9.9", "2001:db8::9"), 9);
	EXPECT_EQ(1, sendto(self->c, "x", 1, 0, &other.sa, other.len));
	sock_recv(self->s, a, 1);
}

TEST_F(data, many_messages)
{
	char a[2][4] = { { 0 } };
	struct iovec iov[2] = { { "one", 3 }, { "two", 3 } };
	struct mmsghdr m[2] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
	};

	EXPECT_EQ(2, sendmmsg(self->c, m, 2, 0));
	wait_bytes(self->s, 6);
	iov[0].iov_base = a[0];
	iov[1].iov_base = a[1];
	EXPECT_EQ(2, recvmmsg(self->s, m, 2, 0, NULL));
	EXPECT_STREQ("one", a[0]);
	EXPECT_STREQ("two", a[1]);
}

TEST_F(data, bad_arguments)
{
	struct iovec iov = { NULL, 8 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char buf[8];

	FAILS(EFAULT, send(self->c, (void *)16, 8, 0));
	FAILS(EFAULT, sendmsg(self->c, &msg, 0));
	FAILS(EFAULT, sendmsg(self->c, (void *)16, 0));
	msg.msg_iov = (void *)16;
	FAILS(EFAULT, sendmsg(self->c, &msg, 0));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1025;
	FAILS(EMSGSIZE, sendmsg(self->c, &msg, 0));
	FAILS(EINVAL, recv(self->s, buf, 8, MSG_OOB));
	FAILS(EBADF, send(-1, "x", 1, 0));
	FAILS(ENOTSOCK, recv(0, buf, 1, 0));

	/* A fault in the middle takes nothing out of the queue. */
	sock_send(self->c, "abc", 3);
	wait_bytes(self->s, 3);
	FAILS(EFAULT, recv(self->s, (void *)16, 3, 0));
	EXPECT_EQ(3, recv(self->s, buf, 8, 0));
	EXPECT_EQ(0, memcmp(buf, "abc", 3));
}

/* How much waits to be read, to be sent and to be acknowledged. */
TEST_F(data, queue_lengths)
{
	int len = -1;
	char buf[8];

	sock_send(self->c, "abcde", 5);
	wait_bytes(self->s, 5);
	ASSERT_EQ(0, ioctl(self->s, SIOCINQ, &len));
	EXPECT_EQ(5, len);
	sock_recv(self->s, buf, 2);
	ASSERT_EQ(0, ioctl(self->s, FIONREAD, &len));
	EXPECT_EQ(3, len);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 200, 0);
	sock_send(self->c, "lost", 4);
	ASSERT_EQ(0, ioctl(self->c, SIOCOUTQ, &len));
	EXPECT_EQ(4, len);
	FAILS(EINVAL, ioctl(self->conn.listener, SIOCINQ, &len));
}

/* Pages of a file go into a socket, and through a pipe. */
TEST_F(data, sendfile_and_splice)
{
	static char out[100000], in[100000];
	int file = memfd_create("data", 0), pipes[2];
	off_t off = 0;
	size_t got;
	ssize_t n;

	pattern_fill(out, sizeof(out), 3);
	ASSERT_EQ(sizeof(out), write(file, out, sizeof(out)));
	sock_nonblock(self->c, true);
	for (got = 0; got < sizeof(in); got += n) {
		if (off < (off_t)sizeof(out) &&
		    sendfile(self->c, file, &off, sizeof(out) - off) < 0)
			EXPECT_EQ(EAGAIN, errno);
		ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
		n = recv(self->s, in + got, sizeof(in) - got, 0);
		ASSERT_LT(0, n);
	}
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 3));

	ASSERT_EQ(0, pipe(pipes));
	sock_send(self->c, out, 1000);
	for (got = 0; got < 1000; got += n) {
		n = splice(self->s, NULL, pipes[1], NULL, 1000 - got, 0);
		ASSERT_LT(0, n);
	}
	ASSERT_EQ(1000, read(pipes[0], in, 1000));
	EXPECT_EQ(1000, pattern_check(in, 1000, 3));
}

TEST_HARNESS_MAIN
