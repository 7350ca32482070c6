// SPDX-License-Identifier: GPL-2.0
/* Bulk transfers over bad networks (netem): every byte arrives once, in order. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define PORT	20000
#define MB	(1024 * 1024UL)

FIXTURE(netem)
{
	struct net net;
	struct conn conn;
};

FIXTURE_SETUP(netem)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(netem)
{
}

static void both_ways(const struct net *net, const char *netem)
{
	net_run(net, CLIENT, "tc qdisc add dev v0 root netem %s", netem);
	net_run(net, SERVER, "tc qdisc add dev v1 root netem %s", netem);
}

/* Segments leave one by one, none larger than the MTU. */
static void no_gso(const struct net *net)
{
	net_run(net, CLIENT, "ip link set v0 gso_max_segs 1");
	net_run(net, SERVER, "ip link set v1 gso_max_segs 1");
}

struct flow {
	int fd;
	uint64_t sent, received;
};

/* Sends a piece, if there is room for one. */
static bool push(struct flow *f, uint64_t len)
{
	static char block[65536];
	size_t n = len - f->sent < sizeof(block) ? len - f->sent :
						   sizeof(block);
	ssize_t done;

	if (!n)
		return false;
	pattern_fill(block, n, f->sent);
	done = send(f->fd, block, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (done < 0) {
		if (errno != EAGAIN)
			net_die("send after %llu bytes: %s",
				(unsigned long long)f->sent, strerror(errno));
		return false;
	}
	f->sent += done;
	if (f->sent == len)
		shutdown(f->fd, SHUT_WR);
	return true;
}

/* Receives a piece and compares every byte with what should come. */
static bool pull(struct flow *f, uint64_t len)
{
	static char block[262144];
	ssize_t n = recv(f->fd, block, sizeof(block), MSG_DONTWAIT);
	size_t good;

	if (n < 0) {
		if (errno != EAGAIN)
			net_die("recv after %llu bytes: %s",
				(unsigned long long)f->received,
				strerror(errno));
		return false;
	}
	if (n == 0) {
		if (f->received != len)
			net_die("the end after %llu of %llu bytes",
				(unsigned long long)f->received,
				(unsigned long long)len);
		return false;
	}
	good = pattern_check(block, n, f->received);
	if (good != (size_t)n)
		net_die("byte %llu is wrong",
			(unsigned long long)(f->received + good));
	f->received += n;
	return true;
}

/* len bytes each way, at the same time, then an orderly end. */
static void exchange(const struct net *net, struct conn *conn, uint64_t len,
		     int seconds)
{
	long long deadline = net_now() + seconds * 1000LL;
	struct flow f[2] = { 0 };
	int i;

	conn_open(net, PORT, conn);
	for (i = 0; i < 2; i++)
		f[i].fd = conn->end[i];
	while (f[0].received < len || f[1].received < len) {
		struct pollfd pfd[2];
		bool moved = false;

		for (i = 0; i < 2; i++) {
			moved |= push(&f[i], len);
			if (f[i].received < len)
				moved |= pull(&f[i], len);
			pfd[i].fd = f[i].fd;
			pfd[i].events = (f[i].received < len ? POLLIN : 0) |
					(f[i].sent < len ? POLLOUT : 0);
		}
		if (net_now() > deadline)
			net_die("%d s over: sent %llu, %llu, received %llu, %llu of %llu bytes",
				seconds, (unsigned long long)f[0].sent,
				(unsigned long long)f[1].sent,
				(unsigned long long)f[0].received,
				(unsigned long long)f[1].received,
				(unsigned long long)len);
		if (!moved)
			poll(pfd, 2, 1000);
	}
	sock_recv_end(f[0].fd);
	sock_recv_end(f[1].fd);
	conn_close(conn);
}

TEST_F_TIMEOUT(netem, duplicated_and_reordered, 120)
{
	both_ways(&self->net,
		  "delay 3ms 2ms distribution normal duplicate 30% reorder 20%");
	exchange(&self->net, &self->conn, 4 * MB, 100);
}

TEST_F_TIMEOUT(netem, duplicated_and_reordered_by_segments, 120)
{
	no_gso(&self->net);
	both_ways(&self->net,
		  "delay 3ms 2ms distribution normal duplicate 30% reorder 20%");
	exchange(&self->net, &self->conn, MB, 100);
}

/* netem loses what the sender's host hands to it, here up to 64 KB at once. */
TEST_F_TIMEOUT(netem, loss_64_mb_each_way, 300)
{
	both_ways(&self->net, "delay 1ms loss 5% reorder 10% gap 3");
	exchange(&self->net, &self->conn, 64 * MB, 280);
}

/* The same loss rate for each segment of one MSS hits far more often. */
TEST_F_TIMEOUT(netem, loss_by_segments, 180)
{
	no_gso(&self->net);
	both_ways(&self->net, "delay 1ms loss 5% reorder 10% gap 3");
	exchange(&self->net, &self->conn, 2 * MB, 170);
}

/* Bits flip: the checksum shows it, and the segment is retransmitted. */
TEST_F_TIMEOUT(netem, corrupted, 180)
{
	no_gso(&self->net);
	both_ways(&self->net, "delay 1ms corrupt 3%");
	exchange(&self->net, &self->conn, 2 * MB, 170);
}

/* A slow link with a short queue: the sender causes the loss itself. */
TEST_F_TIMEOUT(netem, bottleneck, 120)
{
	no_gso(&self->net);
	both_ways(&self->net, "delay 5ms rate 20mbit limit 20");
	exchange(&self->net, &self->conn, 2 * MB, 110);
}

/* How many packets v0 has sent: what passes it whole was one in the queue, too. */
static long sent_packets(const struct net *net)
{
	int old = net_visit(net, CLIENT);
	FILE *f = fopen("/proc/thread-self/net/dev", "r");
	char line[512];
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, " v0: %*d %*d %*d %*d %*d %*d %*d %*d %*d %ld", &n);
	if (n < 0)
		net_die("no count of packets");
	fclose(f);
	net_leave(old);
	return n;
}

/* The packets by which a new connection of CLIENT's carries a megabyte. */
static long packets(const struct net *net, const char *features)
{
	static char block[MB];
	struct conn c;
	ssize_t done;
	size_t sent = 0, got = 0;
	long before;

	net_run(net, CLIENT, "ethtool -K v0 %s", features);
	conn_open(net, PORT, &c);
	before = sent_packets(net);
	while (got < MB) {
		done = sent < MB ? send(c.end[CLIENT], block, MB - sent, MSG_DONTWAIT) : 0;
		if (done > 0)
			sent += done;
		if (sock_wait(c.end[SERVER], POLLIN, sent < MB ? 10 : PATIENCE))
			got += recv(c.end[SERVER], block, MB - got, MSG_DONTWAIT);
	}
	before = sent_packets(net) - before;
	conn_close(&c);
	return before;
}

/*
 * What atcp(7) says of protocol 253 and queues that count packets: "tso off gso off" leaves
 * its segments large, and "tx-sctp-segmentation off" besides cuts them before the queue.
 */
TEST_F_TIMEOUT(netem, packets_of_a_queue, 60)
{
	const long all = MB / (stack_mss() - 12);
	long n;

	if (stack_is_tcp())
		SKIP(return, "its queue always has large segments");
	n = packets(&self->net, "tso off gso off");
	EXPECT_TRUE(stack_on_tcp() ? n >= all : n < all / 4)
		TH_LOG("%ld packets", n);
	EXPECT_LE(all, packets(&self->net, "tso off gso off tx-sctp-segmentation off"));
}

TEST_HARNESS_MAIN
