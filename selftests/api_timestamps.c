// SPDX-License-Identifier: GPL-2.0
/*
 * SO_TIMESTAMP and its kin tell when data has come, SO_TIMESTAMPING when what was sent
 * has gone and been acknowledged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"

#define PORT	20000

#ifndef SO_TIMESTAMP_NEW
#define SO_TIMESTAMP_NEW	63
#define SO_TIMESTAMPNS_NEW	64
#define SO_TIMESTAMPING_NEW	65
#endif
#define OPT_ID_TCP	0x10000	/* 6.2 */

/* In the statistics of a report; linux/tcp.h and netinet/tcp.h do not mix. */
#define NLA_SRTT	22

FIXTURE(stamps)
{
	struct net net;
	struct conn conn;
	int c, s;
};

FIXTURE_SETUP(stamps)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
}

FIXTURE_TEARDOWN(stamps)
{
	conn_close(&self->conn);
}

/* The control message of a recvmsg(); its data is copied to buf. */
static int recv_control(int fd, int flags, int level, int type, void *buf,
			size_t len)
{
	char data[256], control[512];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm;
	ssize_t n = recvmsg(fd, &msg, flags);

	if (n < 0)
		net_die("recvmsg: %s", strerror(errno));
	for (cm = CMSG_FIRSTHDR(&msg); cm; cm = CMSG_NXTHDR(&msg, cm)) {
		if (cm->cmsg_level != level || cm->cmsg_type != type)
			continue;
		if (cm->cmsg_len != CMSG_LEN(len))
			net_die("control message of %zu bytes", cm->cmsg_len);
		memcpy(buf, CMSG_DATA(cm), len);
		return n;
	}
	return -1;
}

/* True if a time is between start and now. */
static bool recent(long long sec, long long nsec, const struct timespec *start)
{
	struct timespec now;
	long long t = sec * 1000000000 + nsec;

	clock_gettime(CLOCK_REALTIME, &now);
	return t >= (start->tv_sec * 1000000000LL + start->tv_nsec) / 1000 * 1000 &&
	       t <= now.tv_sec * 1000000000LL + now.tv_nsec;
}

TEST_F(stamps, received)
{
	long old[2];		/* as wide as the program's words; those of _NEW never change */
	long long pair[2];
	struct timespec start;
	struct { struct timespec ts[3]; } all;

	/* Stamping starts in the background. */
	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMP, 1);
	do {
		clock_gettime(CLOCK_REALTIME, &start);
		sock_send(self->c, "x", 1);
		ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	} while (recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMP, old,
			      sizeof(old)) < 0);
	EXPECT_TRUE(recent(old[0], old[1] * 1000, &start));

	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMPNS, old,
				  sizeof(old)));
	EXPECT_TRUE(recent(old[0], old[1], &start));
	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMP_NEW, 1);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMP_NEW,
				  pair, sizeof(pair)));
	EXPECT_TRUE(recent(pair[0], pair[1] * 1000, &start));
	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMPNS_NEW, 1);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMPNS_NEW,
				  pair, sizeof(pair)));
	EXPECT_TRUE(recent(pair[0], pair[1], &start));

	/* MSG_PEEK returns the same time as a read. */
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, recv_control(self->s, MSG_PEEK, SOL_SOCKET,
				  SO_TIMESTAMPNS_NEW, pair, sizeof(pair)));
	EXPECT_EQ(1, recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMPNS_NEW,
				  pair, sizeof(pair)));
	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMPNS_NEW, 0);

	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMPING,
		 SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMPING,
				  &all, sizeof(all)));
	EXPECT_TRUE(recent(all.ts[0].tv_sec, all.ts[0].tv_nsec, &start));
	EXPECT_EQ(0, all.ts[1].tv_sec | all.ts[2].tv_sec);
}

/* If data came in pieces, the time is that of the last piece read. */
TEST_F(stamps, received_together)
{
	long early[2], late[2];

	sock_set(self->s, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	do {
		sock_send(self->c, "x", 1);
		ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	} while (recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMPNS, early,
			      sizeof(early)) < 0);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(1, recv_control(self->s, MSG_PEEK, SOL_SOCKET, SO_TIMESTAMPNS,
				  early, sizeof(early)));
	sock_send(self->c, "y", 1);
	sock_set(self->s, SOL_SOCKET, SO_RCVLOWAT, 2);
	ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	EXPECT_EQ(2, recv_control(self->s, 0, SOL_SOCKET, SO_TIMESTAMPNS, late,
				  sizeof(late)));
	EXPECT_TRUE(late[0] > early[0] ||
		    (late[0] == early[0] && late[1] > early[1]));
}

/* A report from the error queue. */
struct report {
	uint32_t what;		/* SCM_TSTAMP_* */
	uint32_t id;
	struct timespec at;
	ssize_t len;		/* of the packet that comes with it */
	char last;		/* its last byte */
	bool stats;		/* with statistics, the round trip among them */
};

static bool find_attr(const uint8_t *p, size_t len, uint16_t type)
{
	uint16_t head[2];

	for (; len >= 4; p += head[0], len -= head[0]) {
		memcpy(head, p, 4);
		if (head[1] == type)
			return true;
		head[0] = (head[0] + 3) & ~3;
		if (head[0] < 4 || head[0] > len)
			break;
	}
	return false;
}

static struct report next_report(int fd)
{
	static char data[200000];
	char control[1024];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct report r = { .what = ~0u };
	struct cmsghdr *cm;

	if (!sock_wait(fd, POLLERR, PATIENCE))
		net_die("no report");
	r.len = recvmsg(fd, &msg, MSG_ERRQUEUE);
	if (r.len < 0)
		net_die("error queue: %s", strerror(errno));
	if (r.len)
		r.last = data[r.len - 1];
	for (cm = CMSG_FIRSTHDR(&msg); cm; cm = CMSG_NXTHDR(&msg, cm)) {
		if (cm->cmsg_level == SOL_SOCKET &&
		    cm->cmsg_type == SO_TIMESTAMPING) {
			memcpy(&r.at, CMSG_DATA(cm), sizeof(r.at));
		} else if (cm->cmsg_level == SOL_SOCKET &&
			   cm->cmsg_type == SCM_TIMESTAMPING_OPT_STATS) {
			r.stats = find_attr(CMSG_DATA(cm),
					    cm->cmsg_len - CMSG_LEN(0),
					    NLA_SRTT);
		} else {
			struct sock_extended_err *ee = (void *)CMSG_DATA(cm);

			if (ee->ee_errno != ENOMSG ||
			    ee->ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
				net_die("errno %d", ee->ee_errno);
			r.what = ee->ee_info;
			r.id = ee->ee_data;
		}
	}
	return r;
}

#define SENT	(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | \
		 SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE)

/* Waits for all three reports of the byte with a number. */
static void expect_three(struct __test_metadata *_metadata, int fd, uint32_t id)
{
	uint32_t seen = 0;

	while (seen != 7) {
		struct report r = next_report(fd);

		EXPECT_EQ(id, r.id);
		EXPECT_NE(0, r.at.tv_sec);
		EXPECT_EQ(0, r.len);
		ASSERT_LE(r.what, 2);
		EXPECT_EQ(0, seen & 1 << r.what);
		seen |= 1 << r.what;
	}
}

TEST_F(stamps, sent)
{
	static char out[150000], in[150000];

	sock_set(self->c, SOL_SOCKET, SO_TIMESTAMPING,
		 SENT | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	sock_send(self->c, "0123456789", 10);
	expect_three(_metadata, self->c, 9);
	sock_send(self->c, "abcde", 5);
	expect_three(_metadata, self->c, 14);
	sock_recv(self->s, in, 15);
	/* The last byte of a message counts, however many segments it takes. */
	ASSERT_EQ(sizeof(out), send(self->c, out, sizeof(out), 0));
	sock_recv(self->s, in, sizeof(in));
	expect_three(_metadata, self->c, 14 + sizeof(out));
	EXPECT_EQ(POLLOUT, sock_events(self->c, POLLIN | POLLOUT));
}

/* The peer's acknowledgment is reported when it comes, and with what was sent. */
TEST_F(stamps, acknowledged)
{
	struct timespec start;
	struct report r;
	char buf[16];

	sock_set(self->c, SOL_SOCKET, SO_TIMESTAMPING,
		 SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE);
	net_drop(&self->net, SERVER, 0x18, 40, 200, 0);
	sock_send(self->c, "hello", 5);
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 50));
	clock_gettime(CLOCK_REALTIME, &start);
	net_drop_end(&self->net, SERVER);
	sock_recv(self->s, buf, 5);
	r = next_report(self->c);
	EXPECT_EQ(SCM_TSTAMP_ACK, r.what);
	EXPECT_EQ(0, r.id);
	EXPECT_TRUE(recent(r.at.tv_sec, r.at.tv_nsec, &start));
	EXPECT_EQ(5, r.len);
	EXPECT_EQ('o', r.last);

	/* The report comes with statistics of the connection. */
	sock_set(self->c, SOL_SOCKET, SO_TIMESTAMPING,
		 SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
		 SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_STATS);
	sock_send(self->c, "hello", 5);
	r = next_report(self->c);
	EXPECT_EQ(SCM_TSTAMP_ACK, r.what);
	EXPECT_TRUE(r.stats);
}

/* Only messages that ask for it by a control message. */
TEST_F(stamps, asked_for_by_message)
{
	union {
		char buf[CMSG_SPACE(4)];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { "xyz", 3 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);
	struct report r;

	sock_set(self->c, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE |
		 SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	sock_send(self->c, "abc", 3);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SO_TIMESTAMPING;
	cm->cmsg_len = CMSG_LEN(4);
	*(uint32_t *)CMSG_DATA(cm) = SOF_TIMESTAMPING_TX_ACK;
	ASSERT_EQ(3, sendmsg(self->c, &msg, 0));
	r = next_report(self->c);
	EXPECT_EQ(SCM_TSTAMP_ACK, r.what);
	EXPECT_EQ(5, r.id);
	sock_send(self->c, "def", 3);
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 50));
	/* Control messages that a stream socket does not have are refused. */
	cm->cmsg_type = 12345;
	FAILS(EINVAL, sendmsg(self->c, &msg, 0));
}

/* Bytes can be numbered once there is a connection to number them in. */
TEST_F(stamps, refused)
{
	int fd = sock_open(&self->net, CLIENT, 0);
	int flags = SENT | SOF_TIMESTAMPING_OPT_STATS;

	FAILS(EINVAL, setsockopt(self->c, SOL_SOCKET, SO_TIMESTAMPING, &flags,
				 sizeof(flags)));
	flags = 1 << 30;
	FAILS(EINVAL, setsockopt(self->c, SOL_SOCKET, SO_TIMESTAMPING, &flags,
				 sizeof(flags)));
	flags = SENT | SOF_TIMESTAMPING_OPT_ID;
	if (!stack_is_tcp() &&
	    !setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		SKIP(return, "before 6.7 the kernel asks no other protocol");
	FAILS(EINVAL, setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags,
				 sizeof(flags)));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_TIMESTAMPING));
	flags |= OPT_ID_TCP;
	FAILS(EINVAL, setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags,
				 sizeof(flags)));
	close(fd);
}

TEST_HARNESS_MAIN
