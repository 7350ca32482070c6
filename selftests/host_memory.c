// SPDX-License-Identifier: GPL-2.0
/*
 * The memory that a peer, or anybody, can make the host use is bounded, and is charged
 * to the memory cgroup of the program that it serves.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/file.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define FLOOD	20000	/* SYNs */

FIXTURE(memory)
{
	struct net net;
	int log;		/* of the kernel, read from here on */
};

FIXTURE_SETUP(memory)
{
	net_open(&self->net);
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (self->log < 0 || lseek(self->log, 0, SEEK_END) < 0)
		net_die("/dev/kmsg: %s", strerror(errno));
}

/* The number of lines about TCP or memory that the kernel has logged since. */
static int lines_of_log(int fd)
{
	int lines = 0;
	char line[8192];
	ssize_t n;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n < 0)
			continue;
		line[n] = '\0';
		lines += strcasestr(line, "tcp") || strcasestr(line, "memory");
	}
	return lines;
}

/* Nothing that comes from outside can fill the log. */
FIXTURE_TEARDOWN(memory)
{
	EXPECT_GE(2, lines_of_log(self->log));
	close(self->log);
}

/* One of SK_MEMINFO_*, bytes. */
static unsigned int meminfo(int fd, int what)
{
	unsigned int info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		net_die("SO_MEMINFO: %s", strerror(errno));
	return info[what];
}

/* Bytes of memory that a socket's receive queue takes. */
static unsigned int rmem(int fd)
{
	return meminfo(fd, SK_MEMINFO_RMEM_ALLOC);
}

/* Connects, and has a byte echoed. */
static void works(const struct net *net, int listener)
{
	int c = sock_connect(net, CLIENT, net->ip[SERVER], PORT), s;
	struct addr peer;
	char byte = 'x';

	do {
		s = sock_accept(listener);
		peer = (struct addr){ .len = sizeof(peer.in6) };
		/* The connection may already be gone. */
		if (getpeername(s, &peer.sa, &peer.len))
			continue;
	} while (addr_port(&peer) != sock_port(c));
	sock_send(c, &byte, 1);
	sock_recv(s, &byte, 1);
	close(c);
	close(s);
}

/* A flood of SYNs from hosts that do not exist. */
TEST_F_TIMEOUT(memory, syn_flood, 180)
{
	char src[32];
	int i, l, rows;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	l = sock_listen(&self->net, SERVER, PORT, 16);
	EXPECT_EQ(1, net_count_state(&self->net, SERVER, ST_NONE));
	for (i = 0; i < FLOOD; i++) {
		snprintf(src, sizeof(src), ip46("10.%d.%d.%d", "fd64::%d:%d:%d"),
			 64 + i % 64, i / 64 % 256, 1 + i % 250);
		wire_send(&self->net, CLIENT, &(struct craft){
			.src = src, .sport = 1024 + i, .dport = PORT,
			.seq = i * 77777, .flags = TH_SYN });
	}
	/* Only the listener and its queue of half-open connections are there. */
	rows = net_count_state(&self->net, SERVER, ST_NONE);
	EXPECT_GE(1 + 2 * 16 + 1, rows);
	EXPECT_EQ(0, net_count_state(&self->net, SERVER, ST_ESTABLISHED));
	EXPECT_EQ(0, sock_events(l, POLLIN));
	/* A client that exists still connects, with a cookie. */
	works(&self->net, l);
	if (!stack_is_tcp()) {
		EXPECT_LT(FLOOD / 2, net_stat(&self->net, SERVER,
					      "syn_cookies_sent"));
		EXPECT_LE(1, net_stat(&self->net, SERVER,
				      "syn_cookies_good"));
		EXPECT_LT(FLOOD / 2, net_stat(&self->net, SERVER,
					      "syn_queue_full"));
	}
	/* An ACK without a cookie does not connect. */
	wire_send(&self->net, CLIENT, &(struct craft){
		.sport = 999, .dport = PORT, .seq = 5, .ack = 6,
		.flags = TH_ACK });
	EXPECT_FALSE(sock_wait(l, POLLIN, 100));
	if (!stack_is_tcp())
		EXPECT_LE(1, net_stat(&self->net, SERVER, "syn_cookies_bad"));
	close(l);
}

/* Connections wait for accept(); those that do not fit retry, and get in later. */
TEST_F_TIMEOUT(memory, accept_queue, 90)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int c[8], i, l = sock_listen(&self->net, SERVER, PORT, 2);
	char byte;

	for (i = 0; i < 8; i++) {
		c[i] = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
		EXPECT_EQ(-1, addr_connect(c[i], addr));
		EXPECT_EQ(EINPROGRESS, errno);
	}
	ASSERT_TRUE(sock_wait(l, POLLIN, PATIENCE));
	/*
	 * A connection made by a cookie may have been dropped again: its data, which
	 * carries the cookie, makes it anew.
	 */
	for (i = 0; i < 8; i++)
		send(c[i], "c", 1, MSG_NOSIGNAL);
	/* By now the first retransmissions have come, too. */
	usleep(1500000);
	EXPECT_GE(3, net_count_state(&self->net, SERVER, ST_ESTABLISHED));
	EXPECT_LE(2, net_count_state(&self->net, SERVER, ST_ESTABLISHED));
	if (!stack_is_tcp())
		EXPECT_LT(0, net_stat(&self->net, SERVER,
				      "accept_queue_full"));
	for (i = 0; i < 8; i++) {
		int s = sock_accept(l), j;

		/* A client whose SYN was dropped has not sent its byte yet. */
		for (j = 0; j < 8; j++)
			send(c[j], "c", 1, MSG_NOSIGNAL);
		sock_recv(s, &byte, 1);
		sock_send(s, "x", 1);
		shutdown(s, SHUT_WR);
	}
	for (i = 0; i < 8; i++) {
		sock_recv(c[i], &byte, 1);
		close(c[i]);
	}
	close(l);
}

/* A program does not read: SO_RCVBUF bounds what is kept for it. */
TEST_F(memory, receive_buffer)
{
	static char block[65536];
	struct conn c;
	size_t total = 0;
	ssize_t n;

	c.listener = sock_listen(&self->net, SERVER, PORT, 1);
	sock_set(c.listener, SOL_SOCKET, SO_RCVBUF, 20000);
	c.end[CLIENT] = sock_connect(&self->net, CLIENT,
				     self->net.ip[SERVER], PORT);
	c.end[SERVER] = sock_accept(c.listener);
	sock_nonblock(c.end[CLIENT], true);
	while ((n = send(c.end[CLIENT], block, sizeof(block), 0)) > 0 ||
	       sock_wait(c.end[CLIENT], POLLOUT, 500))
		total += n > 0 ? n : 0;
	EXPECT_LT(0, rmem(c.end[SERVER]));
	EXPECT_GE(2 * 40000, rmem(c.end[SERVER]));
	while (total) {
		n = total < sizeof(block) ? total : sizeof(block);
		sock_recv(c.end[SERVER], block, n);
		total -= n;
	}
	EXPECT_EQ(0, rmem(c.end[SERVER]));
	conn_close(&c);
}

/* The same for writes of one byte, whose overhead is hundreds of bytes each. */
TEST_F(memory, receive_buffer_of_crumbs)
{
	struct conn c;
	char byte = 'x';
	int i;

	c.listener = sock_listen(&self->net, SERVER, PORT, 1);
	sock_set(c.listener, SOL_SOCKET, SO_RCVBUF, 20000);
	c.end[CLIENT] = sock_connect(&self->net, CLIENT,
				     self->net.ip[SERVER], PORT);
	c.end[SERVER] = sock_accept(c.listener);
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
	for (i = 0; i < 5000; i++) {
		byte = i;
		sock_send(c.end[CLIENT], &byte, 1);
	}
	/* All has arrived, or the rest is still at the sender. */
	EXPECT_GE(2 * 40000, rmem(c.end[SERVER]));
	for (i = 0; i < 5000; i++) {
		sock_recv(c.end[SERVER], &byte, 1);
		ASSERT_EQ((char)i, byte);
	}
	conn_close(&c);
}

/* Data arrives after a gap, which the peer can leave open for ever. */
TEST_F(memory, out_of_order)
{
	struct craft next;
	struct wire *wire;
	struct conn c;
	unsigned int most = 0, now;
	int i;

	net_no_timestamps(&self->net);
	wire = wire_open(&self->net, CLIENT, PORT);
	c.listener = sock_listen(&self->net, SERVER, PORT, 1);
	sock_set(c.listener, SOL_SOCKET, SO_RCVBUF, 20000);
	c.end[CLIENT] = sock_connect(&self->net, CLIENT,
				     self->net.ip[SERVER], PORT);
	c.end[SERVER] = sock_accept(c.listener);
	next = wire_established(wire, &self->net, c.end[CLIENT]);
	next.data = "x";
	next.len = 1;
	/* Every second byte: nothing can be merged. */
	for (i = 0; i < 5000; i++) {
		next.seq += 2;
		wire_send(&self->net, CLIENT, &next);
		if (i % 50)
			continue;
		now = rmem(c.end[SERVER]);
		if (now > most)
			most = now;
	}
	EXPECT_LT(0, most);
	EXPECT_GE(2 * 40000, most);
	EXPECT_EQ(0, sock_events(c.end[SERVER], POLLIN));
	wire_close(wire);
	conn_close(&c);
}

/*
 * A peer made by hand, with an MSS of 48, that acknowledges as much or as little as
 * the test likes.
 */
struct peer {
	const struct net *net;
	int fd;			/* SERVER's socket */
	uint32_t iss;		/* its first octet */
	struct craft next;	/* an ACK of all that was acknowledged so far */
	uint32_t fed;		/* bytes queued in all */
	unsigned int most;	/* memory that its send queue took */
};

static int outq(int fd, unsigned long request)
{
	int bytes;

	if (ioctl(fd, request, &bytes))
		net_die("SIOCOUTQ: %s", strerror(errno));
	return bytes;
}

/* Queues all that the send buffer takes. */
static void feed(struct peer *peer)
{
	static char block[65536];
	ssize_t n;

	while ((n = send(peer->fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		peer->fed += n;
}

/* Sends n ACKs, each of step bytes more, or fewer at the end of what was sent. */
static void acknowledge(struct peer *peer, unsigned int step, int n)
{
	while (n--) {
		uint32_t nxt = peer->iss + peer->fed - outq(peer->fd, SIOCOUTQNSD);
		uint32_t left = nxt - peer->next.ack;
		unsigned int now;

		peer->next.ack += left < step ? left : step;
		wire_send(peer->net, CLIENT, &peer->next);
		now = meminfo(peer->fd, SK_MEMINFO_WMEM_QUEUED);
		if (now > peer->most)
			peer->most = now;
	}
}

static bool timed_out(void *arg)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	const struct peer *peer = arg;

	return !getsockopt(peer->fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       info.tcpi_retransmits;
}

static bool all_acknowledged(void *arg)
{
	struct peer *peer = arg;

	acknowledge(peer, 1 << 20, 1);
	return !outq(peer->fd, SIOCOUTQ);
}

/* Each 48 bytes that a peer makes atcp send in a segment of their own cost a buffer. */
TEST_F_TIMEOUT(memory, send_queue, 90)
{
	static const uint8_t options[] = { 2, 4, 0, 48, 1, 3, 3, 10 };
	struct peer peer = { .net = &self->net };
	struct wire *wire;
	unsigned int most;
	int l;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	wire = wire_open(&self->net, CLIENT, PORT);
	/* CUBIC leaves slow start as soon as a busy machine is late with its answers. */
	net_stack_sysctl(&self->net, SERVER, "congestion_control", "reno");
	l = sock_listen(&self->net, SERVER, PORT, 1);
	sock_set(l, SOL_SOCKET, SO_SNDBUF, 200000);
	peer.next = (struct craft){
		.src = ip46("10.64.0.1", "fd64::1"),
		.sport = 1024,
		.dport = PORT,
		.seq = 1000,
		.flags = TH_SYN,
		.opt = options,
		.opt_len = sizeof(options),
	};
	wire_send(&self->net, CLIENT, &peer.next);
	peer.iss = wire_wait(wire, "< SA 0 1 0")->raw_seq + 1;
	wire_close(wire);
	peer.next.opt_len = 0;
	peer.next.flags = TH_ACK;
	peer.next.seq++;
	peer.next.ack = peer.iss;
	wire_send(&self->net, CLIENT, &peer.next);
	peer.fd = sock_accept(l);
	/*
	 * Twice the buffer and two large segments, as the limit on splits in the module
	 * has it.
	 */
	most = 2 * (meminfo(peer.fd, SK_MEMINFO_SNDBUF) + 2 * 66200) + 4096;

	feed(&peer);
	/* The congestion window grows, and with it what is in flight. */
	acknowledge(&peer, 48, 3000);
	feed(&peer);
	EXPECT_LT(stack_is_tcp() ? 0 : 50000,
		  outq(peer.fd, SIOCOUTQ) - outq(peer.fd, SIOCOUTQNSD));
	EXPECT_TRUE(net_until(timed_out, &peer, PATIENCE));
	acknowledge(&peer, 48, 2000);
	/* Some ACKs end inside of segments. */
	acknowledge(&peer, 31, 1000);
	EXPECT_LT(0, outq(peer.fd, SIOCOUTQ));
	/* The kernel's TCP bounds only the splits of retransmissions. */
	if (!stack_is_tcp()) {
		EXPECT_GE(most, peer.most);
		EXPECT_LT(0, net_stat(&self->net, SERVER, "splits_refused"));
	}
	/* The rest is sent and acknowledged. */
	feed(&peer);
	EXPECT_TRUE(net_until(all_acknowledged, &peer, PATIENCE));
	EXPECT_EQ(0, meminfo(peer.fd, SK_MEMINFO_WMEM_QUEUED));
	close(peer.fd);
	close(l);
}

/* TIME-WAIT is capped; beyond the cap a connection closes without it. */
TEST_F(memory, time_wait)
{
	int i, l = sock_listen(&self->net, SERVER, PORT, 16);

	net_stack_sysctl(&self->net, CLIENT, "max_tw_buckets", "10");
	for (i = 0; i < 30; i++) {
		int c = sock_connect(&self->net, CLIENT,
				     self->net.ip[SERVER], PORT);
		int s = sock_accept(l);
		uint16_t port = sock_port(c);

		close(c);
		sock_recv_end(s);
		close(s);
		net_wait_state(&self->net, SERVER, PORT, port, ST_NONE);
	}
	EXPECT_GE(10, net_count_state(&self->net, CLIENT, ST_TIME_WAIT));
	EXPECT_LE(8, net_count_state(&self->net, CLIENT, ST_TIME_WAIT));
	if (!stack_is_tcp())
		EXPECT_LE(20, net_stat(&self->net, CLIENT, "time_wait_full"));
	close(l);
}

/* Orphans, whose peer does not answer. */
TEST_F(memory, orphans)
{
	int c[30], i, l = sock_listen(&self->net, SERVER, PORT, 64);

	/* The kernel's TCP has one limit for the whole machine. */
	if (!stack_is_tcp())
		net_stack_sysctl(&self->net, CLIENT, "max_orphans", "8");
	for (i = 0; i < 30; i++)
		c[i] = sock_connect(&self->net, CLIENT, self->net.ip[SERVER],
				    PORT);
	net_drop(&self->net, SERVER, TH_FIN | TH_ACK, 40, 80, 0);
	for (i = 0; i < 30; i++)
		close(c[i]);
	EXPECT_EQ(stack_is_tcp() ? 30 : 8,
		  net_count_state(&self->net, CLIENT, ST_FIN_WAIT_1));
	if (!stack_is_tcp())
		EXPECT_EQ(22, net_stat(&self->net, CLIENT, "orphans_full"));
	close(l);
}

/* --- memory cgroups --- */

#define CGROUP	"/atcp-memory"

static bool nothing_charged(void *group)
{
	return file_number("sock", "%s/memory.stat", (char *)group) == 0;
}

/* What a connection holds is charged to its program's cgroup, until it is freed. */
TEST_F(memory, cgroup)
{
	char top[] = "/tmp/atcp-cgroup-XXXXXX", group[64];
	static char buf[65536];
	int go[2], done[2], fd;
	struct conn c;
	pid_t pid;
	char byte;

	ASSERT_NE(NULL, mkdtemp(top));
	if (mount("none", top, "cgroup2", 0, NULL)) {
		rmdir(top);
		SKIP(return, "no cgroup2");
	}
	snprintf(group, sizeof(group), "%s%s", top, CGROUP);
	file_write("+memory", "%s/cgroup.subtree_control", top);
	if (mkdir(group, 0700) || file_number("sock", "%s/memory.stat", group) < 0) {
		rmdir(group);
		umount2(top, MNT_DETACH);
		rmdir(top);
		SKIP(return, "no memory controller");
	}
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, pipe(done));
	c.listener = sock_listen(&self->net, SERVER, PORT, 1);
	pid = net_fork();
	if (pid == 0) {
		if (!file_write("0", "%s/cgroup.procs", group))
			_exit(1);
		fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER],
				  PORT);
		sock_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 20);
		while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		write(done[1], "", 1);
		read(go[0], &byte, 1);
		_exit(0);
	}
	c.end[SERVER] = sock_accept(c.listener);
	ASSERT_EQ(1, read(done[0], &byte, 1));
	/* What it has sent and nobody reads is charged. */
	EXPECT_LT(256 << 10, file_number("sock", "%s/memory.stat", group));
	ASSERT_EQ(1, write(go[1], "", 1));
	waitpid(pid, NULL, 0);
	close(c.end[SERVER]);
	close(c.listener);
	EXPECT_TRUE(net_until(nothing_charged, group, PATIENCE));
	rmdir(group);
	umount2(top, MNT_DETACH);
	rmdir(top);
}

TEST_HARNESS_MAIN
