// SPDX-License-Identifier: GPL-2.0
/*
 * MSG_ZEROCOPY: data is sent from the program's own pages, and the error queue tells
 * when they may be used again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"

#define PORT	20000

#ifndef SO_EE_CODE_ZEROCOPY_COPIED
#define SO_EE_CODE_ZEROCOPY_COPIED 1
#endif

FIXTURE(zerocopy)
{
	struct net net;
	struct conn conn;
	int c, s;
	bool settable;		/* the kernel lets SO_ZEROCOPY be set */
};

FIXTURE_SETUP(zerocopy)
{
	int on = 1;

	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	/* Before 6.7 the kernel asks no other protocol: there it is always on. */
	self->settable = !setsockopt(self->c, SOL_SOCKET, SO_ZEROCOPY, &on,
				     sizeof(on));
	if (!self->settable)
		ASSERT_EQ(EOPNOTSUPP, errno);
	ASSERT_EQ(1, sock_get(self->c, SOL_SOCKET, SO_ZEROCOPY));
}

FIXTURE_TEARDOWN(zerocopy)
{
	conn_close(&self->conn);
}

/* One report: sends lo to hi are done, copied or not. False: there is none. */
static bool next_report(int fd, uint32_t *lo, uint32_t *hi, bool *copied)
{
	char control[256];
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err *ee;
	struct cmsghdr *cm;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0) {
		if (errno != EAGAIN)
			net_die("error queue: %s", strerror(errno));
		return false;
	}
	if (!(msg.msg_flags & MSG_ERRQUEUE) || msg.msg_flags & MSG_CTRUNC)
		net_die("msg_flags %x", msg.msg_flags);
	cm = CMSG_FIRSTHDR(&msg);
	if (!cm || !(stack_is_ipv6() ?
		     cm->cmsg_level == SOL_IPV6 && cm->cmsg_type == IPV6_RECVERR :
		     cm->cmsg_level == SOL_IP && cm->cmsg_type == IP_RECVERR))
		net_die("no report of an error");
	ee = (void *)CMSG_DATA(cm);
	if (ee->ee_origin != SO_EE_ORIGIN_ZEROCOPY || ee->ee_errno)
		net_die("origin %d errno %d", ee->ee_origin, ee->ee_errno);
	*lo = ee->ee_info;
	*hi = ee->ee_data;
	*copied = ee->ee_code & SO_EE_CODE_ZEROCOPY_COPIED;
	return true;
}

/* Waits for the reports of sends first to last, in any order, each once. */
static void wait_reports(int fd, uint32_t first, uint32_t last)
{
	bool seen[512] = { false };
	uint32_t left = last - first + 1, lo, hi;
	bool copied;

	while (left) {
		if (!sock_wait(fd, POLLERR, PATIENCE))
			net_die("%u sends of %u are not reported", left, last);
		while (next_report(fd, &lo, &hi, &copied)) {
			if (lo > hi || lo < first || hi > last)
				net_die("report of %u to %u", lo, hi);
			for (; lo <= hi; lo++, left--) {
				if (seen[lo - first])
					net_die("%u reported twice", lo);
				seen[lo - first] = true;
			}
		}
	}
}

TEST_F(zerocopy, completion)
{
	static char out[200000], in[200000];
	uint32_t lo, hi;
	bool copied;

	pattern_fill(out, sizeof(out), 1);
	EXPECT_EQ(sizeof(out), send(self->c, out, sizeof(out), MSG_ZEROCOPY));
	sock_recv(self->s, in, sizeof(in));
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 1));
	ASSERT_TRUE(sock_wait(self->c, POLLERR, PATIENCE));
	EXPECT_EQ(POLLOUT | POLLERR, sock_events(self->c, POLLIN | POLLOUT));
	ASSERT_TRUE(next_report(self->c, &lo, &hi, &copied));
	EXPECT_EQ(0, lo);
	EXPECT_EQ(0, hi);
	/* Between two hosts on one machine a copy is made on the way. */
	EXPECT_TRUE(copied);
	EXPECT_FALSE(next_report(self->c, &lo, &hi, &copied));
	EXPECT_EQ(POLLOUT, sock_events(self->c, POLLIN | POLLOUT));
	/* A report is not an error of the socket. */
	EXPECT_EQ(0, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	/* A send of nothing is not reported. */
	EXPECT_EQ(0, send(self->c, out, 0, MSG_ZEROCOPY));
	EXPECT_FALSE(next_report(self->c, &lo, &hi, &copied));
	EXPECT_EQ(3, send(self->c, out, 3, MSG_ZEROCOPY));
	sock_recv(self->s, in, 3);
	wait_reports(self->c, 1, 1);
}

/* What was sent is whatever the pages hold when it goes: there is no copy. */
TEST_F(zerocopy, is_not_copied_at_once)
{
	/* Shared, for a fork() would give us another page to write to. */
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t lo, hi;
	char in[1000];
	bool copied;

	ASSERT_NE(MAP_FAILED, page);
	memset(page, 'a', 1000);
	net_drop(&self->net, SERVER, 0x18, 1000, 1200, 0);
	EXPECT_EQ(1000, send(self->c, page, 1000, MSG_ZEROCOPY));
	/* It is not acknowledged and may be retransmitted, so it is not done. */
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 100));
	EXPECT_FALSE(next_report(self->c, &lo, &hi, &copied));
	memset(page, 'b', 1000);
	net_drop_end(&self->net, SERVER);
	sock_recv(self->s, in, 1000);
	EXPECT_EQ('b', in[0]);
	EXPECT_EQ('b', in[999]);
	wait_reports(self->c, 0, 0);
	munmap(page, 4096);
}

TEST_F(zerocopy, every_send_is_reported_once)
{
	static char out[64000], in[64000];
	size_t at = 0, n;
	int i, sends = 0;

	pattern_fill(out, sizeof(out), 5);
	for (i = 0; at < sizeof(out); i++, at += n) {
		n = 1 + i * 37 % 2000;
		if (n > sizeof(out) - at)
			n = sizeof(out) - at;
		/* Some sends copy; their bytes may join a zero-copy segment. */
		if (i % 3 == 2) {
			sock_send(self->c, out + at, n);
		} else {
			ASSERT_EQ(n, send(self->c, out + at, n, MSG_ZEROCOPY));
			sends++;
		}
	}
	sock_recv(self->s, in, sizeof(in));
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 5));
	wait_reports(self->c, 0, sends - 1);
}

/* Once a send is reported its pages are free: what was sent stays as it was. */
TEST_F(zerocopy, pages_are_free_after_the_report)
{
	static char out[50000], in[50000 * 8];
	uint64_t at = 0;
	size_t got = 0;
	uint32_t i;

	/* Segments are lost, sent again, and cut in doing so. */
	net_run(&self->net, CLIENT, "tc qdisc add dev v0 root netem loss 3%%");
	for (i = 0; i < 8; i++) {
		pattern_fill(out, sizeof(out), at);
		at += sizeof(out);
		for (size_t sent = 0; sent < sizeof(out);) {
			ssize_t n = send(self->c, out + sent, sizeof(out) - sent,
					 MSG_ZEROCOPY);

			ASSERT_EQ(sizeof(out), n);
			sent += n;
		}
		for (size_t left = sizeof(out); left;) {
			ssize_t n = recv(self->s, in + got, left, 0);

			ASSERT_LT(0, n);
			got += n;
			left -= n;
		}
		wait_reports(self->c, i, i);
		memset(out, 0xee, sizeof(out));
	}
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 0));
}

/* Reports outlive the connection; after a reset all of them come. */
TEST_F(zerocopy, end_of_the_connection)
{
	struct linger l = { .l_onoff = 1 };
	static char out[20000];

	net_drop(&self->net, SERVER, 0x10, 1000, 65535, 0);
	net_drop(&self->net, SERVER, 0x18, 1000, 65535, 0);
	EXPECT_EQ(sizeof(out), send(self->c, out, sizeof(out), MSG_ZEROCOPY));
	setsockopt(self->s, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(self->s);
	wait_reports(self->c, 0, 0);
	/* The error of the reset is still pending. */
	ASSERT_TRUE(sock_wait(self->c, POLLHUP, PATIENCE));
	EXPECT_EQ(ECONNRESET, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	FAILS(EPIPE, send(self->c, out, 10, MSG_ZEROCOPY | MSG_NOSIGNAL));
	/* A send that failed is not reported, and does not count. */
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 50) &&
		     recv(self->c, out, 1, MSG_ERRQUEUE) >= 0);
	self->conn.end[SERVER] = dup(self->c);
}

/* Without the option the flag has no effect. */
TEST_F(zerocopy, off)
{
	uint32_t lo, hi;
	char buf[100];
	bool copied;
	int bad = 2;

	if (!self->settable)
		SKIP(return, "this kernel does not let it be set");
	FAILS(EINVAL, setsockopt(self->c, SOL_SOCKET, SO_ZEROCOPY, &bad,
				 sizeof(bad)));
	bad = -1;
	FAILS(EINVAL, setsockopt(self->c, SOL_SOCKET, SO_ZEROCOPY, &bad,
				 sizeof(bad)));
	FAILS(EINVAL, setsockopt(self->c, SOL_SOCKET, SO_ZEROCOPY, &bad, 3));
	sock_set(self->c, SOL_SOCKET, SO_ZEROCOPY, 0);
	EXPECT_EQ(0, sock_get(self->c, SOL_SOCKET, SO_ZEROCOPY));
	EXPECT_EQ(100, send(self->c, buf, 100, MSG_ZEROCOPY));
	sock_recv(self->s, buf, 100);
	EXPECT_FALSE(next_report(self->c, &lo, &hi, &copied));
	/* An accepted socket can have it, too. */
	EXPECT_EQ(0, sock_get(self->s, SOL_SOCKET, SO_ZEROCOPY));
	sock_set(self->s, SOL_SOCKET, SO_ZEROCOPY, 1);
	EXPECT_EQ(100, send(self->s, buf, 100, MSG_ZEROCOPY));
	sock_recv(self->c, buf, 100);
	wait_reports(self->s, 0, 0);
}

/* Pages that a user may not lock cannot be sent from. */
TEST_F(zerocopy, locked_memory)
{
	static char out[100000];
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct rlimit none = { 0, 0 };

		if (setrlimit(RLIMIT_MEMLOCK, &none) || setuid(65534))
			_exit(2);
		errno = 0;
		_exit(send(self->c, out, sizeof(out), MSG_ZEROCOPY) == -1 &&
		      errno == ENOBUFS ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(zerocopy, bad_memory)
{
	uint32_t lo, hi;
	bool copied;
	char byte;

	FAILS(EFAULT, send(self->c, (void *)4096, 100, MSG_ZEROCOPY));
	EXPECT_FALSE(next_report(self->c, &lo, &hi, &copied));
	/* The failed send did not count. */
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, send(self->c, "y", 1, MSG_ZEROCOPY));
	sock_recv(self->s, &byte, 1);
	sock_recv(self->s, &byte, 1);
	EXPECT_EQ('y', byte);
	wait_reports(self->c, 0, 0);
}

TEST_HARNESS_MAIN
