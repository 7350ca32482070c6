// SPDX-License-Identifier: GPL-2.0
/* splice(), sendfile() and tee() move data out of the socket and into it by reference. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define BULK	600000

FIXTURE(splice)
{
	struct net net;
	struct conn conn;
	int c, s;
	int pipe[2];
};

FIXTURE_SETUP(splice)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	ASSERT_EQ(0, pipe(self->pipe));
}

FIXTURE_TEARDOWN(splice)
{
	conn_close(&self->conn);
}

static int file_of(size_t len, uint64_t offset)
{
	static char buf[BULK];
	int fd = memfd_create("data", 0);

	pattern_fill(buf, len, offset);
	if (fd < 0 || write(fd, buf, len) != (ssize_t)len)
		net_die("memfd: %s", strerror(errno));
	return fd;
}

struct sink {
	int fd;
	size_t len;
	char buf[BULK];
};

static void *drain(void *arg)
{
	struct sink *sink = arg;
	ssize_t n;

	for (sink->len = 0; sink->len < BULK; sink->len += n) {
		n = recv(sink->fd, sink->buf + sink->len, BULK - sink->len, 0);
		if (n <= 0)
			break;
	}
	return NULL;
}

static struct sink sink;

/* A file is sent over a lossy path: what is retransmitted has the same bytes. */
TEST_F(splice, sendfile_with_loss)
{
	int file = file_of(BULK, 9);
	pthread_t thread;
	off_t off = 0;

	net_run(&self->net, CLIENT, "tc qdisc add dev v0 root netem loss 2%%");
	sink.fd = self->s;
	ASSERT_EQ(0, pthread_create(&thread, NULL, drain, &sink));
	while (off < BULK)
		ASSERT_LT(0, sendfile(self->c, file, &off, BULK - off));
	pthread_join(thread, NULL);
	EXPECT_EQ(BULK, sink.len);
	EXPECT_EQ(BULK, pattern_check(sink.buf, BULK, 9));
	close(file);
}

/* No copy is made: a retransmission sends what the file holds by then. */
TEST_F(splice, sendfile_by_reference)
{
	int file = memfd_create("data", 0);
	off_t off = 0;
	char in[1000];
	char *map;

	ASSERT_EQ(0, ftruncate(file, 4096));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	memset(map, 'a', 4096);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1000, 1200, 0);
	ASSERT_EQ(1000, sendfile(self->c, file, &off, 1000));
	memset(map, 'b', 4096);
	net_drop_end(&self->net, SERVER);
	sock_recv(self->s, in, 1000);
	EXPECT_EQ('b', in[0]);
	EXPECT_EQ('b', in[999]);
	/* The file may be deleted; what was sent from it may not change. */
	munmap(map, 4096);
	close(file);
}

/*
 * Data goes from the socket through a pipe into a file, and tee() gives a copy of the
 * pipe.
 */
TEST_F(splice, out_and_tee)
{
	static char out[100000], in[100000], copy[4096];
	int file = memfd_create("data", 0), other[2];
	size_t got = 0, teed = 0;

	ASSERT_EQ(0, pipe(other));
	pattern_fill(out, sizeof(out), 4);
	sock_nonblock(self->c, true);
	for (size_t sent = 0; got < sizeof(in);) {
		ssize_t n, m;

		if (sent < sizeof(out)) {
			n = send(self->c, out + sent, sizeof(out) - sent, 0);
			if (n > 0)
				sent += n;
		}
		ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
		n = splice(self->s, NULL, self->pipe[1], NULL, 30000,
			   SPLICE_F_MOVE);
		ASSERT_LT(0, n);
		if (teed < 1000) {
			m = tee(self->pipe[0], other[1], 1000 - teed, 0);
			ASSERT_LT(0, m);
			ASSERT_EQ(m, read(other[0], copy + teed, m));
			EXPECT_EQ(m, pattern_check(copy + teed, m, 4 + got));
			teed += m;
		}
		got += n;
		for (; n; n -= m) {
			m = splice(self->pipe[0], NULL, file, NULL, n, 0);
			ASSERT_LT(0, m);
		}
	}
	ASSERT_EQ(sizeof(in), pread(file, in, sizeof(in), 0));
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 4));
	close(file);
}

/* Data goes from one connection into another without a copy to user space. */
TEST_F(splice, socket_to_socket)
{
	static char out[BULK];
	struct conn second;
	pthread_t thread;
	size_t sent = 0, passed = 0;

	pattern_fill(out, BULK, 8);
	conn_open(&self->net, PORT + 1, &second);
	sink.fd = second.end[CLIENT];
	ASSERT_EQ(0, pthread_create(&thread, NULL, drain, &sink));
	sock_nonblock(self->c, true);
	while (passed < BULK) {
		ssize_t n, m;

		if (sent < BULK) {
			n = send(self->c, out + sent, BULK - sent, 0);
			if (n > 0)
				sent += n;
		}
		ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
		n = splice(self->s, NULL, self->pipe[1], NULL, 65536, 0);
		ASSERT_LT(0, n);
		for (passed += n; n; n -= m) {
			m = splice(self->pipe[0], NULL, second.end[SERVER],
				   NULL, n, SPLICE_F_MORE);
			ASSERT_LT(0, m);
		}
	}
	shutdown(second.end[SERVER], SHUT_WR);
	pthread_join(thread, NULL);
	EXPECT_EQ(BULK, sink.len);
	EXPECT_EQ(BULK, pattern_check(sink.buf, BULK, 8));
	conn_close(&second);
}

/* User pages in a pipe go on into the socket. */
TEST_F(splice, user_pages)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { page, 8192 };
	char in[8192];

	ASSERT_NE(MAP_FAILED, page);
	pattern_fill(page, 8192, 2);
	ASSERT_EQ(8192, vmsplice(self->pipe[1], &iov, 1, 0));
	EXPECT_EQ(8192, splice(self->pipe[0], NULL, self->c, NULL, 8192, 0));
	sock_recv(self->s, in, 8192);
	EXPECT_EQ(8192, pattern_check(in, 8192, 2));
}

/* SPLICE_F_MORE holds a short segment as MSG_MORE does; the end lets it go. */
TEST_F(splice, more)
{
	struct wire *wire;
	const struct seg *s;
	char in[16];

	net_wait_state(&self->net, SERVER, PORT, sock_port(self->c),
		       ST_ESTABLISHED);
	wire = wire_open(&self->net, CLIENT, PORT);
	ASSERT_EQ(8, write(self->pipe[1], "abcdefgh", 8));
	EXPECT_EQ(3, splice(self->pipe[0], NULL, self->c, NULL, 3,
			    SPLICE_F_MORE));
	EXPECT_TRUE(wire_quiet(wire, 50));
	EXPECT_EQ(5, splice(self->pipe[0], NULL, self->c, NULL, 5, 0));
	s = wire_next(wire, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(8, s->len);
	sock_recv(self->s, in, 8);
	EXPECT_EQ(0, memcmp(in, "abcdefgh", 8));
	wire_close(wire);
}

TEST_F(splice, ends_and_errors)
{
	struct linger l = { .l_onoff = 1 };
	int fd = sock_open(&self->net, CLIENT, 0);
	int file = file_of(100, 0);
	char buf[16];
	loff_t off = 0;

	signal(SIGPIPE, SIG_IGN);
	sock_nonblock(self->s, true);
	FAILS(EAGAIN, splice(self->s, NULL, self->pipe[1], NULL, 10, 0));
	sock_nonblock(self->s, false);
	FAILS(EINVAL, splice(self->s, &off, self->pipe[1], NULL, 10, 0));
	FAILS(ENOTCONN, splice(fd, NULL, self->pipe[1], NULL, 10, 0));
	FAILS(ENOTCONN, splice(self->conn.listener, NULL, self->pipe[1], NULL,
			       10, 0));
	lseek(file, 0, SEEK_SET);
	FAILS(EPIPE, sendfile(fd, file, NULL, 10));
	/* What is there comes at once, though more was asked for. */
	sock_nonblock(self->s, true);
	sock_send(self->c, "abc", 3);
	ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	EXPECT_EQ(3, splice(self->s, NULL, self->pipe[1], NULL, 10, 0));
	ASSERT_EQ(3, read(self->pipe[0], buf, 16));
	EXPECT_EQ(0, memcmp(buf, "abc", 3));
	sock_nonblock(self->s, false);

	/* splice() returns what is left up to the end of the stream, then 0. */
	sock_send(self->c, "de", 2);
	shutdown(self->c, SHUT_WR);
	EXPECT_EQ(2, splice(self->s, NULL, self->pipe[1], NULL, 10, 0));
	EXPECT_EQ(0, splice(self->s, NULL, self->pipe[1], NULL, 10, 0));
	setsockopt(self->c, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(self->c);
	ASSERT_TRUE(sock_wait(self->s, POLLHUP, PATIENCE));
	EXPECT_EQ(0, splice(self->s, NULL, self->pipe[1], NULL, 10, 0));
	self->conn.end[CLIENT] = fd;
	close(file);
}

/* Urgent data does not go into a pipe: splice() stops before it. */
TEST_F(splice, urgent)
{
	char buf[16];

	sock_send(self->c, "abc", 3);
	ASSERT_EQ(1, send(self->c, "!", 1, MSG_OOB));
	sock_send(self->c, "def", 3);
	ASSERT_TRUE(sock_wait(self->s, POLLPRI, PATIENCE));
	sock_nonblock(self->s, true);
	EXPECT_EQ(3, splice(self->s, NULL, self->pipe[1], NULL, 16, 0));
	ASSERT_EQ(3, read(self->pipe[0], buf, 16));
	EXPECT_EQ(0, memcmp(buf, "abc", 3));
	FAILS(EAGAIN, splice(self->s, NULL, self->pipe[1], NULL, 16, 0));
	EXPECT_EQ(1, recv(self->s, buf, 1, MSG_OOB));
	EXPECT_EQ('!', buf[0]);
	EXPECT_EQ(3, recv(self->s, buf, 3, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(buf, "def", 3));
}

TEST_HARNESS_MAIN
