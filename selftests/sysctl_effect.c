// SPDX-License-Identifier: GPL-2.0
/*
 * The effect of the sysctls, on the wire or through the socket, and the caps of the
 * first namespace on all others.  Some are tested elsewhere: max_tw_buckets,
 * max_orphans and syncookies in host_memory.c, syn_retries in scene_loss.c, tw_reuse in
 * api_ports.c, time_wait in host_tracepoints.c, debug_isn in scene_wrap.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's, whose struct tcp_info is longer than the C library's. */
#include <linux/tcp.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

static char byte;

FIXTURE(effect)
{
	struct net net;
	struct wire *wire;
};

FIXTURE_SETUP(effect)
{
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(effect)
{
	wire_close(self->wire);
}

/* True if this kernel has the stack's file. */
static bool has(const struct net *net, const char *name)
{
	char path[128];

	net_enter(net, CLIENT);
	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 stack_is_tcp() ? "ipv4/tcp_" : "atcp/", name);
	return !access(path, F_OK);
}

static struct tcp_info info(int fd)
{
	struct tcp_info ti = {};
	socklen_t len = sizeof(ti);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len))
		net_die("TCP_INFO: %s", strerror(errno));
	return ti;
}

/* The next segment from a side with just these control bits. */
static const struct seg *next_from(struct wire *wire, int side, uint8_t flags)
{
	const struct seg *seg;

	do {
		seg = wire_next(wire, PATIENCE);
		if (!seg)
			net_die("no segment with control bits %#x", flags);
	} while (seg->from != side || seg->flags != flags);
	return seg;
}

/* The socket's errno, once it has one. */
static int error_of(int fd, int ms)
{
	if (!sock_wait(fd, POLLERR, ms))
		return 0;
	return sock_get(fd, SOL_SOCKET, SO_ERROR);
}

/* Everything that SERVER would receive is lost from now on. */
static void cut(const struct net *net)
{
	static const uint8_t flags[] = { TH_ACK, TH_PSH | TH_ACK, TH_FIN | TH_ACK,
					 TH_FIN | TH_PSH | TH_ACK };
	size_t i;

	for (i = 0; i < sizeof(flags); i++)
		net_drop(net, SERVER, flags[i], 0, 65535, 0);
}

TEST_F(effect, options_of_a_syn)
{
	const struct seg *syn;
	struct conn c;

	conn_open(&self->net, PORT, &c);
	syn = wire_wait(self->wire, "> S 0 - 0");
	EXPECT_TRUE(syn->ts);
	EXPECT_TRUE(syn->sack_perm);
	EXPECT_LE(0, syn->wscale);
	conn_close(&c);
	net_stack_sysctl(&self->net, CLIENT, "timestamps", "0");
	net_stack_sysctl(&self->net, CLIENT, "sack", "0");
	net_stack_sysctl(&self->net, CLIENT, "window_scaling", "0");
	conn_open(&self->net, PORT + 1, &c);
	conn_close(&c);
	self->wire = (wire_close(self->wire),
		      wire_open(&self->net, CLIENT, PORT + 2));
	conn_open(&self->net, PORT + 2, &c);
	syn = wire_wait(self->wire, "> S 0 - 0");
	EXPECT_FALSE(syn->ts);
	EXPECT_FALSE(syn->sack_perm);
	EXPECT_EQ(-1, syn->wscale);
	EXPECT_LT(0, syn->mss);
	/* It refuses them as a server, too. */
	wire_close(self->wire);
	self->wire = wire_open(&self->net, CLIENT, PORT + 3);
	conn_close(&c);
	c.listener = sock_listen(&self->net, CLIENT, PORT + 3, 1);
	c.end[SERVER] = sock_connect(&self->net, SERVER, self->net.ip[CLIENT],
				     PORT + 3);
	/* In a capture the end with the port is the server. */
	syn = next_from(self->wire, SERVER, TH_SYN | TH_ACK);
	EXPECT_FALSE(syn->ts);
	EXPECT_FALSE(syn->sack_perm);
	EXPECT_EQ(-1, syn->wscale);
	close(c.end[SERVER]);
	close(c.listener);
}

/* 2 means no random offset, so that two hosts with one clock agree. */
TEST_F(effect, timestamps)
{
	uint32_t val[2];
	struct conn c;
	int mode;

	for (mode = 1; mode <= 2; mode++) {
		net_stack_sysctl(&self->net, CLIENT, "timestamps",
				 mode == 1 ? "1" : "2");
		net_stack_sysctl(&self->net, SERVER, "timestamps",
				 mode == 1 ? "1" : "2");
		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + mode);
		conn_open(&self->net, PORT + mode, &c);
		val[0] = wire_wait(self->wire, "> S 0 - 0")->tsval;
		val[1] = wire_wait(self->wire, "< SA 0 1 0")->tsval;
		conn_close(&c);
		EXPECT_EQ(mode == 1, abs((int)(val[1] - val[0])) > 10000);
	}
}

TEST_F_TIMEOUT(effect, fin_timeout, 60)
{
	long long began = net_now();
	struct conn c;
	uint16_t port;

	net_stack_sysctl(&self->net, CLIENT, "fin_timeout", "2");
	conn_open(&self->net, PORT, &c);
	port = sock_port(c.end[CLIENT]);
	close(c.end[CLIENT]);
	net_wait_state(&self->net, CLIENT, port, PORT, ST_FIN_WAIT_2);
	net_wait_state(&self->net, CLIENT, port, PORT, ST_NONE);
	EXPECT_LE(1900, net_now() - began);
	close(c.end[SERVER]);
	close(c.listener);
}

TEST_F_TIMEOUT(effect, keepalive, 60)
{
	struct conn c;
	long long began;
	int probes = 0;
	size_t i;

	net_stack_sysctl(&self->net, CLIENT, "keepalive_time", "2");
	net_stack_sysctl(&self->net, CLIENT, "keepalive_intvl", "1");
	net_stack_sysctl(&self->net, CLIENT, "keepalive_probes", "3");
	/* The idle time counts from the last segment of the handshake. */
	began = net_now();
	conn_open(&self->net, PORT, &c);
	wire_wait(self->wire, "> A 1 1 0");
	sock_set(c.end[CLIENT], SOL_SOCKET, SO_KEEPALIVE, 1);
	net_drop(&self->net, SERVER, TH_ACK, 0, 65535, 0);
	EXPECT_EQ(ETIMEDOUT, error_of(c.end[CLIENT], PATIENCE));
	EXPECT_LE(4800, net_now() - began);
	while (wire_next(self->wire, 100))
		;
	for (i = 0; i < wire_count(self->wire); i++)
		probes += wire_match(wire_at(self->wire, i), "> A 0 1 0");
	EXPECT_EQ(3, probes);
	conn_close(&c);
}

TEST_F_TIMEOUT(effect, synack_retries, 60)
{
	const char *far = ip46("10.64.0.1", "fd64::1");
	int l, n = 0;
	size_t i;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	net_stack_sysctl(&self->net, SERVER, "synack_retries", "1");
	l = sock_listen(&self->net, SERVER, PORT, 8);
	wire_send(&self->net, CLIENT, &(struct craft){
		.src = far, .sport = 999, .dport = PORT, .seq = 1,
		.flags = TH_SYN });
	net_wait_state(&self->net, SERVER, PORT, 999, ST_SYN_RECEIVED);
	net_wait_state(&self->net, SERVER, PORT, 999, ST_NONE);
	while (wire_next(self->wire, 100))
		;
	for (i = 0; i < wire_count(self->wire); i++)
		n += wire_at(self->wire, i)->flags == (TH_SYN | TH_ACK);
	EXPECT_EQ(2, n);
	close(l);
}

TEST_F_TIMEOUT(effect, retries2, 60)
{
	struct conn c;

	net_stack_sysctl(&self->net, CLIENT, "retries2", "2");
	conn_open(&self->net, PORT, &c);
	cut(&self->net);
	sock_send(c.end[CLIENT], "x", 1);
	EXPECT_EQ(ETIMEDOUT, error_of(c.end[CLIENT], 15000));
	conn_close(&c);
}

TEST_F_TIMEOUT(effect, orphan_retries, 60)
{
	struct conn c;
	uint16_t port;

	net_stack_sysctl(&self->net, CLIENT, "orphan_retries", "2");
	conn_open(&self->net, PORT, &c);
	port = sock_port(c.end[CLIENT]);
	cut(&self->net);
	sock_send(c.end[CLIENT], "x", 1);
	close(c.end[CLIENT]);
	net_wait_state(&self->net, CLIENT, port, PORT, ST_FIN_WAIT_1);
	net_wait_state(&self->net, CLIENT, port, PORT, ST_NONE);
	close(c.end[SERVER]);
	close(c.listener);
}

/* The time from the first transmission of a lost byte to its n-th retransmission. */
static long long again_after(const struct net *net, struct wire *wire, int n)
{
	struct conn c;
	long long at[2];
	int i;

	conn_open(net, PORT, &c);
	net_drop(net, SERVER, TH_PSH | TH_ACK, 0, 65535, 0);
	sock_send(c.end[CLIENT], "x", 1);
	at[0] = wire_wait(wire, "> PA 1 1 1")->time;
	for (i = 0; i < n; i++)
		at[1] = wire_wait(wire, "> PA 1 1 1")->time;
	net_drop_end(net, SERVER);
	sock_recv(c.end[SERVER], &byte, 1);
	conn_close(&c);
	return at[1] - at[0];
}

TEST_F_TIMEOUT(effect, rto_min, 60)
{
	if (!has(&self->net, "rto_min_us"))
		SKIP(return, "this kernel has no rto_min_us");
	net_stack_sysctl(&self->net, CLIENT, "rto_min_us", "2000000");
	EXPECT_LE(1900, again_after(&self->net, self->wire, 1));
}

/* 0.2, 0.4, 0.8 s, and then 1 instead of 1.6 s */
TEST_F_TIMEOUT(effect, rto_max, 90)
{
	if (!has(&self->net, "rto_max_ms"))
		SKIP(return, "this kernel has no rto_max_ms");
	net_stack_sysctl(&self->net, CLIENT, "rto_max_ms", "1000");
	EXPECT_GT(8000, again_after(&self->net, self->wire, 6));
}

TEST_F(effect, invalid_ratelimit)
{
	static const char *const limit[] = { "10000", "0" };
	int i, j, n[2] = {};

	net_no_timestamps(&self->net);
	for (i = 0; i < 2; i++) {
		const struct seg *seg;
		struct craft stray;
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + i);
		net_stack_sysctl(&self->net, SERVER, "invalid_ratelimit",
				 limit[i]);
		conn_open(&self->net, PORT + i, &c);
		stray = wire_established(self->wire, &self->net, c.end[CLIENT]);
		stray.seq += 499999999;
		for (j = 0; j < 5; j++)
			wire_send(&self->net, CLIENT, &stray);
		while ((seg = wire_next(self->wire, 300)))
			n[i] += seg->from == SERVER && seg->flags == TH_ACK;
		conn_close(&c);
	}
	EXPECT_EQ(1, n[0]);
	EXPECT_EQ(5, n[1]);
}

/* The first SYN that is sent again is followed by another after a second, or after two. */
TEST_F_TIMEOUT(effect, syn_linear_timeouts, 60)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int on;

	if (!has(&self->net, "syn_linear_timeouts"))
		SKIP(return, "this kernel has no syn_linear_timeouts");
	net_drop(&self->net, SERVER, TH_SYN, 40, 120, 0);
	for (on = 1; on >= 0; on--) {
		long long at[3];
		int i, fd = sock_open(&self->net, CLIENT, 0);

		net_stack_sysctl(&self->net, CLIENT, "syn_linear_timeouts", on ? "1" : "0");
		sock_nonblock(fd, true);
		EXPECT_EQ(-1, addr_connect(fd, addr));
		EXPECT_EQ(EINPROGRESS, errno);
		for (i = 0; i < 3; i++)
			at[i] = wire_wait(self->wire, "> S 0 - 0")->time;
		EXPECT_EQ(on, at[2] - at[1] < 1500);
		close(fd);
	}
}

/* The answer to data that comes twice, with the block that tells so and without. */
TEST_F(effect, dsack)
{
	int on;

	net_no_timestamps(&self->net);
	for (on = 1; on >= 0; on--) {
		struct craft again;
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + on);
		net_stack_sysctl(&self->net, SERVER, "dsack", on ? "1" : "0");
		conn_open(&self->net, PORT + on, &c);
		again = wire_established(self->wire, &self->net, c.end[CLIENT]);
		again.flags = TH_ACK;
		again.data = "x";
		again.len = 1;
		sock_send(c.end[CLIENT], "x", 1);
		wire_wait(self->wire, "< A 1 2 0");
		wire_send(&self->net, CLIENT, &again);
		EXPECT_EQ(on ? 12 : 0, wire_wait(self->wire, "< A 1 2 0")->opt_len);
		conn_close(&c);
	}
}

/* What was sent last is lost: it goes again soon, or its first part after a time-out. */
TEST_F_TIMEOUT(effect, early_retrans, 60)
{
	static const char block[1000];
	int on;

	if (!has(&self->net, "rto_min_us"))
		SKIP(return, "this kernel has no rto_min_us");
	net_stack_sysctl(&self->net, CLIENT, "rto_min_us", "2000000");
	for (on = 1; on >= 0; on--) {
		long long sent;
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + on);
		net_stack_sysctl(&self->net, CLIENT, "early_retrans", on ? "3" : "0");
		conn_open(&self->net, PORT + on, &c);
		sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
		/* From here on the path is longer: RACK ignores what is faster than ever. */
		net_run(&self->net, SERVER, "tc qdisc add dev v1 root netem delay 20ms");
		net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1000, 1100, 2);
		sock_send(c.end[CLIENT], block, sizeof(block));
		wire_wait(self->wire, "> PA 1 1 1000");
		sock_send(c.end[CLIENT], block, sizeof(block));
		sent = wire_wait(self->wire, "> PA 1001 1 1000")->time;
		if (on)
			wire_wait(self->wire, "> PA 1001 1 1000");
		EXPECT_EQ(on, wire_wait(self->wire, "> PA 1 1 1000")->time - sent < 1000);
		net_drop_end(&self->net, SERVER);
		net_run(&self->net, SERVER, "tc qdisc del dev v1 root");
		conn_close(&c);
	}
}

/*
 * A segment is lost, and when it is sent again, once more.  Data that was sent after that
 * tells so, or a time-out does.
 */
TEST_F_TIMEOUT(effect, recovery, 60)
{
	static const char block[8000];
	int on;

	if (!has(&self->net, "rto_min_us"))
		SKIP(return, "this kernel has no rto_min_us");
	net_stack_sysctl(&self->net, CLIENT, "rto_min_us", "2000000");
	net_stack_sysctl(&self->net, CLIENT, "early_retrans", "0");
	for (on = 1; on >= 0; on--) {
		long long sent;
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + on);
		net_stack_sysctl(&self->net, CLIENT, "recovery", on ? "1" : "0");
		conn_open(&self->net, PORT + on, &c);
		sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
		net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 900, 980, 2);
		sock_send(c.end[CLIENT], block, 900);
		wire_wait(self->wire, "> PA 1 1 900");
		/* At once, so that its ACKs leave room for more during recovery (RFC 9937). */
		sock_send(c.end[CLIENT], block, sizeof(block));
		sent = wire_wait(self->wire, "> PA 1 1 900")->time;
		sock_send(c.end[CLIENT], block, 1000);
		EXPECT_EQ(on, wire_wait(self->wire, "> PA 1 1 900")->time - sent < 1000);
		net_drop_end(&self->net, SERVER);
		conn_close(&c);
	}
}

TEST_F_TIMEOUT(effect, rfc1337, 60)
{
	int on;

	for (on = 1; on >= 0; on--) {
		struct craft rst = { .dport = PORT + on, .flags = TH_RST };
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + on);
		net_stack_sysctl(&self->net, SERVER, "rfc1337", on ? "1" : "0");
		conn_open(&self->net, PORT + on, &c);
		rst.sport = sock_port(c.end[CLIENT]);
		rst.seq = wire_wait(self->wire, "> S 0 - 0")->raw_seq + 2;
		shutdown(c.end[SERVER], SHUT_WR);
		sock_recv_end(c.end[CLIENT]);
		close(c.end[CLIENT]);
		sock_recv_end(c.end[SERVER]);
		close(c.end[SERVER]);
		net_wait_state(&self->net, SERVER, PORT + on, rst.sport,
			       ST_TIME_WAIT);
		wire_send(&self->net, CLIENT, &rst);
		if (on) {
			usleep(300000);
			EXPECT_EQ(ST_TIME_WAIT,
				  net_state(&self->net, SERVER, PORT + on,
					    rst.sport));
		} else {
			net_wait_state(&self->net, SERVER, PORT + on, rst.sport,
				       ST_NONE);
		}
		close(c.listener);
	}
}

/* A byte comes without the negotiated timestamp, and then with it. */
TEST_F(effect, tolerate_missing_ts)
{
	char byte;
	int on;

	if (stack_is_tcp())
		SKIP(return, "TCP always does");
	for (on = 0; on < 2; on++) {
		struct craft bare = {
			.dport = PORT + on, .flags = TH_ACK, .data = "x", .len = 1,
		};
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + on);
		net_sysctl(&self->net, SERVER, "net/atcp/tolerate_missing_ts", on ? "1" : "0");
		conn_open(&self->net, PORT + on, &c);
		bare.sport = sock_port(c.end[CLIENT]);
		bare.seq = wire_wait(self->wire, "> S 0 - 0")->raw_seq + 1;
		bare.ack = wire_wait(self->wire, "< SA 0 1 0")->raw_seq + 1;
		wire_send(&self->net, CLIENT, &bare);
		sock_send(c.end[CLIENT], "y", 1);
		sock_recv(c.end[SERVER], &byte, 1);
		EXPECT_EQ(on ? 'x' : 'y', byte);
		conn_close(&c);
	}
}

TEST_F_TIMEOUT(effect, slow_start_after_idle, 60)
{
	static char block[30000];
	int on;

	for (on = 0; on < 2; on++) {
		unsigned int before, after;
		struct conn c;
		size_t n;

		net_stack_sysctl(&self->net, CLIENT, "slow_start_after_idle",
				 on ? "1" : "0");
		conn_open(&self->net, PORT + on, &c);
		setsockopt(c.end[CLIENT], IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
		for (n = 0; n < 20; n++) {
			sock_send(c.end[CLIENT], block, sizeof(block));
			sock_recv(c.end[SERVER], block, sizeof(block));
		}
		before = info(c.end[CLIENT]).tcpi_snd_cwnd;
		EXPECT_LT(12, before);
		usleep(3000000);
		sock_send(c.end[CLIENT], "x", 1);
		after = info(c.end[CLIENT]).tcpi_snd_cwnd;
		EXPECT_LE(on ? 0 : before, after);
		EXPECT_GE(on ? 10 : before + 1, after);
		conn_close(&c);
	}
}

static const char *cc_of(int fd, char *name)
{
	socklen_t len = 16;

	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		net_die("TCP_CONGESTION: %s", strerror(errno));
	return name;
}

/* New sockets have it; those there are keep theirs. allowed_...: api_tcpopt.c */
TEST_F(effect, congestion_control)
{
	char name[16];
	struct conn c;
	int fd;

	net_stack_sysctl(&self->net, CLIENT, "congestion_control", "cubic");
	net_stack_sysctl(&self->net, SERVER, "congestion_control", "reno");
	conn_open(&self->net, PORT, &c);
	EXPECT_STREQ("cubic", cc_of(c.end[CLIENT], name));
	EXPECT_STREQ("reno", cc_of(c.end[SERVER], name));
	net_stack_sysctl(&self->net, CLIENT, "congestion_control", "reno");
	fd = sock_open(&self->net, CLIENT, 0);
	EXPECT_STREQ("reno", cc_of(fd, name));
	EXPECT_STREQ("cubic", cc_of(c.end[CLIENT], name));
	close(fd);
	conn_close(&c);
}

/* A peer that asks for tiny segments. */
TEST_F(effect, min_snd_mss)
{
	static const char *const mss[] = { "48", "500" };
	char block[2000] = {};
	int i;

	for (i = 0; i < 2; i++) {
		unsigned int most = 0;
		const struct seg *seg;
		struct conn c;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + i);
		net_stack_sysctl(&self->net, CLIENT, "min_snd_mss", mss[i]);
		c.listener = sock_listen(&self->net, SERVER, PORT + i, 1);
		sock_set(c.listener, IPPROTO_TCP, TCP_MAXSEG, 100);
		c.end[CLIENT] = sock_connect(&self->net, CLIENT,
					     self->net.ip[SERVER], PORT + i);
		c.end[SERVER] = sock_accept(c.listener);
		net_run(&self->net, CLIENT,
			"ethtool -K %s gso off tso off 2>/dev/null || :",
			self->net.dev[CLIENT]);
		sock_send(c.end[CLIENT], block, sizeof(block));
		sock_recv(c.end[SERVER], block, sizeof(block));
		EXPECT_EQ(i ? 488 : 88, info(c.end[CLIENT]).tcpi_snd_mss);
		while ((seg = wire_next(self->wire, 100)))
			if (seg->from == CLIENT && seg->len > most)
				most = seg->len;
		EXPECT_LE(i ? 488 : 88, most);
		conn_close(&c);
	}
}

TEST_F(effect, max_syn_backlog)
{
	char src[32];
	int l, i, n;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	net_stack_sysctl(&self->net, SERVER, "syncookies", "0");
	net_stack_sysctl(&self->net, SERVER, "max_syn_backlog", "16");
	l = sock_listen(&self->net, SERVER, PORT, 1000);
	for (i = 0; i < 50; i++) {
		snprintf(src, sizeof(src), ip46("10.64.0.%d", "fd64::%d"),
			 i + 1);
		wire_send(&self->net, CLIENT, &(struct craft){
			.src = src, .sport = 999, .dport = PORT, .seq = 1,
			.flags = TH_SYN });
	}
	usleep(300000);
	n = net_count_state(&self->net, SERVER, ST_SYN_RECEIVED);
	EXPECT_LE(12, n);
	EXPECT_GE(13, n);
	close(l);
}

/* Three handshakes at once, and room for two. */
TEST_F(effect, abort_on_overflow)
{
	const char *far = ip46("10.64.0.1", "fd64::1");
	int on, i, l;

	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	for (on = 0; on < 2; on++) {
		const struct seg *seg;
		uint32_t iss[3] = {};
		int resets = 0;

		wire_close(self->wire);
		self->wire = wire_open(&self->net, CLIENT, PORT + on);
		net_stack_sysctl(&self->net, SERVER, "abort_on_overflow",
				 on ? "1" : "0");
		l = sock_listen(&self->net, SERVER, PORT + on, 1);
		sock_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
		listen(l, 8);
		for (i = 0; i < 3; i++)
			wire_send(&self->net, CLIENT, &(struct craft){
				.src = far, .sport = 1000 + i,
				.dport = PORT + on, .seq = 1, .flags = TH_SYN });
		while (!iss[0] || !iss[1] || !iss[2]) {
			seg = next_from(self->wire, SERVER, TH_SYN | TH_ACK);
			iss[seg->dport - 1000] = seg->raw_seq;
		}
		listen(l, 1);
		for (i = 0; i < 3; i++)
			wire_send(&self->net, CLIENT, &(struct craft){
				.src = far, .sport = 1000 + i,
				.dport = PORT + on, .seq = 2,
				.ack = iss[i] + 1, .flags = TH_ACK });
		while ((seg = wire_next(self->wire, 300)))
			if (seg->from == SERVER && seg->flags & TH_RST) {
				EXPECT_EQ(1002, seg->dport);
				resets++;
			}
		EXPECT_EQ(on, resets);
		close(l);
	}
}

TEST_F(effect, buffers)
{
	char rmem[64], wmem[64];
	int fd;

	snprintf(rmem, sizeof(rmem), "4096 50000 100000");
	snprintf(wmem, sizeof(wmem), "4096 30000 60000");
	net_stack_sysctl(&self->net, CLIENT, "rmem", rmem);
	net_stack_sysctl(&self->net, CLIENT, "wmem", wmem);
	fd = sock_open(&self->net, CLIENT, 0);
	EXPECT_EQ(50000, sock_get(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(30000, sock_get(fd, SOL_SOCKET, SO_SNDBUF));
	close(fd);
	/* The other namespace has its own values. */
	fd = sock_open(&self->net, SERVER, 0);
	EXPECT_NE(50000, sock_get(fd, SOL_SOCKET, SO_RCVBUF));
	close(fd);
}

TEST_F_TIMEOUT(effect, moderate_rcvbuf, 60)
{
	static char block[200000];
	int on, i;

	net_stack_sysctl(&self->net, SERVER, "rmem", "4096 60000 6291456");
	for (on = 0; on < 2; on++) {
		struct conn c;

		net_stack_sysctl(&self->net, SERVER, "moderate_rcvbuf",
				 on ? "1" : "0");
		conn_open(&self->net, PORT + on, &c);
		sock_nonblock(c.end[CLIENT], true);
		for (i = 0; i < 400; i++) {
			if (sock_wait(c.end[CLIENT], POLLOUT, 0))
				send(c.end[CLIENT], block, sizeof(block), 0);
			sock_wait(c.end[SERVER], POLLIN, 100);
			recv(c.end[SERVER], block, sizeof(block), MSG_DONTWAIT);
		}
		EXPECT_EQ(on, sock_get(c.end[SERVER], SOL_SOCKET, SO_RCVBUF) > 60000);
		conn_close(&c);
	}
}

/* The path becomes longer: min_rtt_wlen is how long the old minimum holds. */
TEST_F_TIMEOUT(effect, min_rtt_wlen, 60)
{
	static const char *const wlen[] = { "300", "1" };
	/* Of a single small segment the kernel's TCP suspects that its ACK was delayed. */
	static char block[6000];
	int i, j;

	for (i = 0; i < 2; i++) {
		struct conn c;

		net_stack_sysctl(&self->net, CLIENT, "min_rtt_wlen", wlen[i]);
		conn_open(&self->net, PORT + i, &c);
		sock_send(c.end[CLIENT], "x", 1);
		sock_recv(c.end[SERVER], &byte, 1);
		if (net_try(&self->net, CLIENT,
			    "tc qdisc add dev %s root netem delay 300ms",
			    self->net.dev[CLIENT]))
			SKIP(return, "no netem");
		for (j = 0; j < 5; j++) {
			sock_send(c.end[CLIENT], block, sizeof(block));
			sock_recv(c.end[SERVER], block, sizeof(block));
			usleep(600000);
		}
		EXPECT_EQ(i, info(c.end[CLIENT]).tcpi_min_rtt >= 290000);
		net_run(&self->net, CLIENT, "tc qdisc del dev %s root",
			self->net.dev[CLIENT]);
		conn_close(&c);
	}
}

TEST_F(effect, notsent_lowat)
{
	char block[30000] = {};
	struct conn c;

	net_stack_sysctl(&self->net, CLIENT, "notsent_lowat", "1");
	conn_open(&self->net, PORT, &c);
	EXPECT_TRUE(sock_wait(c.end[CLIENT], POLLOUT, PATIENCE));
	cut(&self->net);
	sock_nonblock(c.end[CLIENT], true);
	EXPECT_LT(0, send(c.end[CLIENT], block, sizeof(block), 0));
	EXPECT_EQ(0, sock_events(c.end[CLIENT], POLLOUT));
	conn_close(&c);
}

TEST_F(effect, initial_window)
{
	static char block[100000];
	size_t total = 0;
	const struct seg *seg;
	struct conn c;

	if (stack_is_tcp())
		SKIP(return, "a constant of TCP");
	net_stack_sysctl(&self->net, CLIENT, "initial_window", "3");
	net_stack_sysctl(&self->net, CLIENT, "early_retrans", "0");
	conn_open(&self->net, PORT, &c);
	wire_wait(self->wire, "> A 1 1 0");
	net_drop(&self->net, SERVER, TH_ACK, 0, 65535, 0);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 0, 65535, 0);
	sock_nonblock(c.end[CLIENT], true);
	EXPECT_LT(0, send(c.end[CLIENT], block, sizeof(block), 0));
	while ((seg = wire_next(self->wire, 100)))
		total += seg->len;
	EXPECT_EQ(3 * (stack_mss() - 12), total);
	conn_close(&c);
}

/* --- what the first namespace caps: this process's own, while it enters no other --- */

#define FIRST	"/proc/sys/net/atcp/"

static const char *const capped[] = { "max_tw_buckets", "max_orphans", "time_wait" };

#define CAPPED	(sizeof(capped) / sizeof(capped[0]))

FIXTURE(cap)
{
	struct net net;
	char before[CAPPED][32];
};

static void first_get(const char *name, char value[32])
{
	char path[128];
	int fd;
	ssize_t n = -1;

	snprintf(path, sizeof(path), FIRST "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, value, 31);
	if (n < 1)
		net_die("%s: %s", path, strerror(errno));
	value[n] = '\0';
	close(fd);
}

static void first_set(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), FIRST "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		net_die("%s: %s", path, strerror(errno));
	close(fd);
}

/* Each test skips itself: the harness of 6.1 runs one whose set-up has skipped it. */
#define NO_CAPS	"the first namespace caps nothing of the kernel's TCP"

FIXTURE_SETUP(cap)
{
	size_t i;

	if (stack_is_tcp())
		return;
	for (i = 0; i < CAPPED; i++)
		first_get(capped[i], self->before[i]);
	net_open(&self->net);
}

FIXTURE_TEARDOWN(cap)
{
	size_t i;

	if (stack_is_tcp())
		return;
	for (i = 0; i < CAPPED; i++)
		first_set(capped[i], self->before[i]);
}

/* Makes @n connections that CLIENT closes, first of the two or without an answer. */
static void end_some(const struct net *net, int n, bool answered)
{
	int l = sock_listen(net, SERVER, PORT, 64), c, s;

	if (!answered)
		net_drop(net, SERVER, TH_FIN | TH_ACK, 40, 80, 0);
	while (n--) {
		uint16_t port;

		c = sock_connect(net, CLIENT, net->ip[SERVER], PORT);
		s = sock_accept(l);
		port = sock_port(c);
		close(c);
		if (answered) {
			sock_recv_end(s);
			close(s);
			net_wait_state(net, SERVER, PORT, port, ST_NONE);
		}
	}
	close(l);
}

/* The cap holds whichever of the two is written last. */
TEST_F(cap, time_waits)
{
	char value[32];
	struct net fresh;

	if (stack_is_tcp())
		SKIP(return, NO_CAPS);
	first_set("max_tw_buckets", "4");
	net_sysctl(&self->net, CLIENT, "net/atcp/max_tw_buckets", "1000");
	end_some(&self->net, 8, true);
	EXPECT_EQ(4, net_count_state(&self->net, CLIENT, ST_TIME_WAIT));
	EXPECT_EQ(4, net_stat(&self->net, CLIENT, "time_wait_full"));
	/* A read returns what was written, which takes effect once the cap allows it. */
	first_set("max_tw_buckets", "6");
	end_some(&self->net, 8, true);
	EXPECT_EQ(6, net_count_state(&self->net, CLIENT, ST_TIME_WAIT));
	first_set("max_tw_buckets", "2000");
	net_open(&fresh);
	first_set("max_tw_buckets", "3");
	first_get("max_tw_buckets", value);
	EXPECT_STREQ("3\n", value);
	end_some(&fresh, 8, true);
	EXPECT_EQ(3, net_count_state(&fresh, CLIENT, ST_TIME_WAIT));
	/* A namespace made afterwards, with its defaults. */
	net_open(&fresh);
	end_some(&fresh, 8, true);
	EXPECT_EQ(3, net_count_state(&fresh, CLIENT, ST_TIME_WAIT));
	/* A namespace may set less. */
	net_sysctl(&fresh, SERVER, "net/atcp/max_tw_buckets", "0");
	first_set("max_tw_buckets", "100");
	net_sysctl(&fresh, CLIENT, "net/atcp/max_tw_buckets", "5");
	end_some(&fresh, 8, true);
	EXPECT_EQ(5, net_count_state(&fresh, CLIENT, ST_TIME_WAIT));
}

TEST_F(cap, orphans)
{
	if (stack_is_tcp())
		SKIP(return, NO_CAPS);
	net_sysctl(&self->net, CLIENT, "net/atcp/max_orphans", "1000");
	first_set("max_orphans", "4");
	end_some(&self->net, 10, false);
	EXPECT_EQ(4, net_count_state(&self->net, CLIENT, ST_FIN_WAIT_1));
	EXPECT_EQ(6, net_stat(&self->net, CLIENT, "orphans_full"));
}

static bool no_time_wait(void *net)
{
	return !net_count_state(net, CLIENT, ST_TIME_WAIT);
}

static bool one_time_wait(void *net)
{
	return net_count_state(net, CLIENT, ST_TIME_WAIT) == 1;
}

TEST_F_TIMEOUT(cap, time_wait, 90)
{
	if (stack_is_tcp())
		SKIP(return, NO_CAPS);
	first_set("time_wait", "2");
	net_sysctl(&self->net, CLIENT, "net/atcp/time_wait", "600");
	end_some(&self->net, 1, true);
	EXPECT_TRUE(net_until(no_time_wait, &self->net, PATIENCE));
	first_set("time_wait", "600");
	end_some(&self->net, 1, true);
	EXPECT_TRUE(one_time_wait(&self->net));
	/* The time of existing TIME-WAITs stays what it was. */
	first_set("time_wait", "1");
	end_some(&self->net, 1, true);
	EXPECT_TRUE(net_until(one_time_wait, &self->net, PATIENCE));
}

TEST_HARNESS_MAIN
