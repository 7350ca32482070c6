// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data (RFC 9293, 3.8.5; RFC 6093) from end to end: the pointer on the wire, and
 * when the receiver is notified.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define QUIET	200	/* ms in which something would have come */

FIXTURE(urgent)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
};

FIXTURE_SETUP(urgent)
{
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	self->conn.listener = sock_listen(&self->net, SERVER, PORT, 1);
	/* A small buffer, set before the handshake tells its window. */
	sock_set(self->conn.listener, SOL_SOCKET, SO_RCVBUF, 16384);
	self->c = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	self->s = sock_accept(self->conn.listener);
	wire_wait(self->wire, "> A 1 1 0");
}

FIXTURE_TEARDOWN(urgent)
{
	wire_close(self->wire);
	close(self->c);
	close(self->s);
	close(self->conn.listener);
}

static bool at_mark(int fd)
{
	int at = -1;

	if (ioctl(fd, SIOCATMARK, &at))
		net_die("SIOCATMARK: %s", strerror(errno));
	return at;
}

static void send_urgent(int fd, const char *text)
{
	ssize_t len = strlen(text);

	if (send(fd, text, len, MSG_OOB) != len)
		net_die("send urgent: %s", strerror(errno));
}

/* Reads what one recv() gives. */
static const char *read_once(int fd, int flags)
{
	static char text[64];
	ssize_t n = recv(fd, text, sizeof(text) - 1, flags | MSG_DONTWAIT);

	snprintf(text + (n > 0 ? n : 0), sizeof(text) - (n > 0 ? n : 0), "%s",
		 n < 0 ? strerrorname_np(errno) : n ? "" : "end");
	return text;
}

static volatile sig_atomic_t signals;

static void on_sigurg(int sig)
{
	signals++;
}

/* Waits until SIGURG has come that often. */
static bool told(int times)
{
	long long deadline = net_now() + PATIENCE;

	while (signals < times && net_now() < deadline)
		usleep(1000);
	return signals == times;
}

TEST_F(urgent, pointer_and_mark)
{
	const struct seg *s;

	sock_send(self->c, "abc", 3);
	wire_wait(self->wire, "< A 1 4 0");
	EXPECT_EQ(0, sock_events(self->s, POLLPRI));
	EXPECT_STREQ("EINVAL", read_once(self->s, MSG_OOB));
	send_urgent(self->c, "def");
	/* The pointer is behind the last byte, as in all implementations (RFC 6093). */
	s = wire_wait(self->wire, "> PAU 4 1 3");
	EXPECT_EQ(3, s->urgent);
	wire_wait(self->wire, "< A 1 7 0");
	EXPECT_EQ(POLLPRI, sock_events(self->s, POLLPRI));
	sock_send(self->c, "gh", 2);
	s = wire_wait(self->wire, "> PA 7 1 2");
	EXPECT_EQ(0, s->urgent);
	wire_wait(self->wire, "< A 1 9 0");

	/* Data is read in order, up to the mark, and then from there. */
	EXPECT_FALSE(at_mark(self->s));
	EXPECT_STREQ("abcde", read_once(self->s, 0));
	EXPECT_TRUE(at_mark(self->s));
	EXPECT_STREQ("f", read_once(self->s, MSG_OOB | MSG_PEEK));
	EXPECT_STREQ("f", read_once(self->s, MSG_OOB));
	EXPECT_STREQ("EINVAL", read_once(self->s, MSG_OOB));
	EXPECT_STREQ("gh", read_once(self->s, 0));
	EXPECT_FALSE(at_mark(self->s));
	EXPECT_EQ(0, sock_events(self->s, POLLPRI));
}

/* With SO_OOBINLINE it is a byte like the others, at the mark. */
TEST_F(urgent, in_line)
{
	sock_set(self->s, SOL_SOCKET, SO_OOBINLINE, 1);
	sock_send(self->c, "ab", 2);
	send_urgent(self->c, "C");
	sock_send(self->c, "de", 2);
	wire_wait(self->wire, "< A 1 6 0");
	EXPECT_STREQ("ab", read_once(self->s, 0));
	EXPECT_TRUE(at_mark(self->s));
	EXPECT_STREQ("EINVAL", read_once(self->s, MSG_OOB));
	EXPECT_STREQ("Cde", read_once(self->s, 0));
	EXPECT_FALSE(at_mark(self->s));
}

/* The segment is lost: its retransmission has the same pointer. */
TEST_F(urgent, retransmitted)
{
	const struct seg *s;

	net_drop(&self->net, SERVER, TH_PSH | TH_ACK | TH_URG, 40, 80, 1);
	send_urgent(self->c, "U");
	s = wire_wait(self->wire, "> PAU 1 1 1");
	EXPECT_EQ(1, s->urgent);
	s = wire_wait(self->wire, "> PAU 1 1 1");
	EXPECT_EQ(1, s->urgent);
	ASSERT_TRUE(sock_wait(self->s, POLLPRI, PATIENCE));
	EXPECT_STREQ("U", read_once(self->s, MSG_OOB));
}

/*
 * The window is closed and the urgent byte cannot come; the notification does (RFC
 * 9293, 3.8.5 and MUST-32), long before it.
 */
TEST_F(urgent, told_through_a_closed_window)
{
	static char block[4096];
	size_t total = 0, got = 0;
	const struct seg *s;
	char byte;
	ssize_t n;

	sock_set(self->c, SOL_SOCKET, SO_SNDBUF, 8192);
	sock_nonblock(self->c, true);
	do {
		n = send(self->c, block, sizeof(block), MSG_NOSIGNAL);
		total += n > 0 ? n : 0;
	} while (n > 0 || sock_wait(self->c, POLLOUT, QUIET));
	ASSERT_EQ(EAGAIN, errno);
	/* The sender has room for one byte more, and the receiver has none. */
	sock_set(self->c, SOL_SOCKET, SO_SNDBUF, 1 << 17);
	ASSERT_TRUE(sock_wait(self->c, POLLOUT, PATIENCE));
	signal(SIGURG, on_sigurg);
	ASSERT_EQ(0, fcntl(self->s, F_SETOWN, getpid()));
	EXPECT_STREQ("EINVAL", read_once(self->s, MSG_OOB));
	send_urgent(self->c, "U");
	total++;
	ASSERT_TRUE(told(1));
	do {
		s = wire_next(self->wire, PATIENCE);
	} while (s && !(s->flags & TH_URG));
	ASSERT_NE(NULL, s);
	EXPECT_EQ(total + 1, s->seq + s->urgent);
	/* The byte is not here yet: POLLPRI is for bytes that are. */
	EXPECT_EQ(0, sock_events(self->s, POLLPRI));
	EXPECT_STREQ("EAGAIN", read_once(self->s, MSG_OOB));
	while (got < total - 1) {
		n = recv(self->s, block, sizeof(block), 0);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(total - 1, got);
	while ((n = recv(self->s, &byte, 1, MSG_OOB)) < 0 && errno == EAGAIN)
		usleep(1000);
	EXPECT_EQ(1, n);
	EXPECT_EQ('U', byte);
}

/* The notification comes at once, and once for each new pointer (MUST-32). */
TEST_F(urgent, signal)
{
	int i;

	signal(SIGURG, on_sigurg);
	ASSERT_EQ(0, fcntl(self->s, F_SETOWN, getpid()));
	for (i = 1; i <= 3; i++) {
		sock_send(self->c, "no", 2);
		send_urgent(self->c, "U");
		EXPECT_TRUE(told(i));
	}
}

/* Many in a row, unread: the mark is where the last one is (MUST-31). */
TEST_F(urgent, the_last_one_counts)
{
	int i;

	for (i = 0; i < 5; i++) {
		sock_send(self->c, "xy", 2);
		send_urgent(self->c, "U");
	}
	wire_wait(self->wire, "< A 1 16 0");
	while (!at_mark(self->s))
		ASSERT_LT(0, recv(self->s, &i, 1, MSG_DONTWAIT));
	EXPECT_STREQ("U", read_once(self->s, MSG_OOB));
	EXPECT_STREQ("EAGAIN", read_once(self->s, 0));
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
}

TEST_HARNESS_MAIN
