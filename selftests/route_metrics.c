// SPDX-License-Identifier: GPL-2.0
/*
 * What a route asks for (ip-route(8): initcwnd, initrwnd, window, rto_min, cwnd, ssthresh,
 * reordering, quickack), for connections that its host opens and for those that it accepts.
 *
 * The kernel's TCP takes cwnd, ssthresh and reordering out of what it remembers of a peer,
 * which the first connection to that peer begins: prime().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/info.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define STAMP	12	/* bytes of the timestamp in each segment */

#ifndef TCP_RTO_MIN_US
#define TCP_RTO_MIN_US	45
#endif

static char block[400000];

/* CLIENT has the route. */
struct way {
	struct net net;
	struct wire *wire;
	bool accepts;		/* it does not open the connection, but accepts it */
	int mine, far, listener;
};

FIXTURE(route)
{
	struct way way;
};

FIXTURE_VARIANT(route)
{
	bool accepts;
};

FIXTURE_VARIANT_ADD(route, opened)
{
	.accepts = false,
};

FIXTURE_VARIANT_ADD(route, accepted)
{
	.accepts = true,
};

FIXTURE_SETUP(route)
{
	struct way *w = &self->way;

	net_open(&w->net);
	w->wire = wire_open(&w->net, CLIENT, PORT);
	w->accepts = variant->accepts;
	w->mine = -1;
	w->far = -1;
	w->listener = -1;
}

static void hang_up(struct way *w)
{
	close(w->mine);
	close(w->far);
	close(w->listener);
}

FIXTURE_TEARDOWN(route)
{
	hang_up(&self->way);
	wire_close(self->way.wire);
}

/* The route from CLIENT to SERVER has these metrics and no others. */
static void metrics(const struct way *w, const char *what)
{
	net_run(&w->net, CLIENT, "ip -%c route replace %s dev %s %s", ip46('4', '6'),
		w->net.ip[SERVER], w->net.dev[CLIENT], what);
}

/* Connects; @clamp: TCP_WINDOW_CLAMP of CLIENT's socket, 0 for none. */
static void meet(struct way *w, uint16_t port, int clamp)
{
	int asks = w->accepts ? SERVER : CLIENT;
	int fd = sock_open(&w->net, asks, 0);

	w->listener = sock_listen(&w->net, !asks, port, 8);
	if (clamp)
		sock_set(w->accepts ? w->listener : fd, IPPROTO_TCP, TCP_WINDOW_CLAMP,
			 clamp);
	if (addr_connect(fd, addr_side(&w->net, !asks, port)))
		net_die("connect: %s", strerror(errno));
	w->mine = w->accepts ? sock_accept(w->listener) : fd;
	w->far = w->accepts ? fd : sock_accept(w->listener);
}

/* A connection to the same peer, which CLIENT ends. */
static void prime(struct way *w)
{
	uint16_t mine, far;

	if (!side_is_tcp(CLIENT))
		return;
	/* Some algorithms have a ssthresh of their own. */
	net_sysctl(&w->net, CLIENT, "net/ipv4/tcp_congestion_control", "reno");
	net_sysctl(&w->net, CLIENT, "net/ipv4/tcp_no_ssthresh_metrics_save", "0");
	meet(w, PORT + 1, 0);
	mine = sock_port(w->mine);
	far = sock_port(w->far);
	sock_send(w->mine, "x", 1);
	sock_recv(w->far, block, 1);
	close(w->mine);
	sock_recv_end(w->far);
	close(w->far);
	close(w->listener);
	net_wait_state(&w->net, CLIENT, mine, far, ST_TIME_WAIT);
}

static struct info info_of(int fd)
{
	struct info info;

	if (info_get(fd, &info) < 0)
		net_die("TCP_INFO: %s", strerror(errno));
	return info;
}

/* In a capture the end that accepts is the server. */
static int me(const struct way *w)
{
	return w->accepts ? SERVER : CLIENT;
}

/* CLIENT's next segment with these control bits. */
static const struct seg *next_of(struct way *w, uint8_t flags)
{
	const struct seg *seg;

	do {
		seg = wire_next(w->wire, PATIENCE);
		if (!seg)
			net_die("no segment with control bits %#x", flags);
	} while (seg->from != me(w) || seg->flags != flags);
	return seg;
}

/* CLIENT's SYN, or its SYN-ACK. */
static const struct seg *syn_of(struct way *w)
{
	return next_of(w, w->accepts ? TH_SYN | TH_ACK : TH_SYN);
}

/* Sends @len bytes, and reads them at the other end. */
static void carry(int from, int to, size_t len)
{
	size_t part;

	for (; len; len -= part) {
		part = len < 10000 ? len : 10000;
		sock_send(from, block, part);
		sock_recv(to, block, part);
	}
}

/* --- initcwnd --- */

/* How many bytes CLIENT sends before anything is acknowledged. */
static uint32_t first_flight(struct way *w, uint32_t least)
{
	const struct seg *seg;
	uint32_t end = 1;

	net_stack_sysctl(&w->net, CLIENT, "early_retrans", "0");
	meet(w, PORT, 0);
	wire_wait(w->wire, "> A 1 1 0");
	sock_set(w->mine, SOL_SOCKET, SO_SNDBUF, sizeof(block));
	net_drop(&w->net, SERVER, TH_ACK, 0, 65535, 0);
	net_drop(&w->net, SERVER, TH_PSH | TH_ACK, 0, 65535, 0);
	sock_nonblock(w->mine, true);
	if (send(w->mine, block, sizeof(block), 0) <= 0)
		net_die("send: %s", strerror(errno));
	/* All of it has gone when send() returns; what goes again adds nothing. */
	while ((seg = wire_next(w->wire, end <= least ? PATIENCE : 0)))
		if (seg->from == me(w) && seg->seq + seg->len > end)
			end = seg->seq + seg->len;
	return end - 1;
}

TEST_F(route, initcwnd)
{
	struct way *w = &self->way;
	uint32_t mss = stack_mss() - STAMP;

	metrics(w, "initcwnd 4");
	EXPECT_EQ(4 * mss, first_flight(w, 4 * mss));
	EXPECT_EQ(4, info_of(w->mine).unacked);
}

/* More than RFC 6928 has for a path that nobody knows. */
TEST_F(route, initcwnd_above_ten)
{
	struct way *w = &self->way;
	uint32_t mss = stack_mss() - STAMP;

	metrics(w, "initcwnd 30");
	EXPECT_EQ(30 * mss, first_flight(w, 30 * mss));
	EXPECT_EQ(30, info_of(w->mine).unacked);
}

/* --- initrwnd, window --- */

/* The window of CLIENT's next ACK without data, in bytes. */
static uint32_t window_of_ack(struct way *w, int shift)
{
	return (uint32_t)next_of(w, TH_ACK)->window << shift;
}

TEST_F(route, initrwnd)
{
	struct way *w = &self->way;
	uint32_t first = 3 * (stack_mss() - (w->accepts ? STAMP : 0)), window;
	const struct seg *seg;
	int shift;

	metrics(w, "initrwnd 3");
	meet(w, PORT, 0);
	seg = syn_of(w);
	EXPECT_EQ(first, seg->window);
	shift = seg->wscale;
	ASSERT_LT(0, shift);
	if (w->accepts) {
		sock_send(w->far, block, 1);
		sock_recv(w->mine, block, 1);
	}
	window = window_of_ack(w, shift);
	EXPECT_LE(first, window);
	EXPECT_GE(first + 2 + (1 << shift), window);
	/* It opens by what comes in. */
	carry(w->far, w->mine, 100000);
	while (window < 2 * first)
		window = window_of_ack(w, shift);
}

TEST_F(route, window)
{
	struct way *w = &self->way;
	const struct seg *seg;

	metrics(w, "window 20000");
	meet(w, PORT, 0);
	EXPECT_EQ(20000, sock_get(w->mine, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	seg = syn_of(w);
	EXPECT_GE(20000, seg->window);
	EXPECT_LT(20000 - stack_mss(), seg->window);
	EXPECT_EQ(0, seg->wscale);
	if (w->accepts) {
		sock_send(w->far, block, 1);
		sock_recv(w->mine, block, 1);
	}
	EXPECT_GE(20000, window_of_ack(w, 0));
	carry(w->far, w->mine, 100000);
}

/* What a program has asked for goes before it. */
TEST_F(route, window_and_clamp)
{
	struct way *w = &self->way;

	metrics(w, "window 20000");
	meet(w, PORT, 8000);
	EXPECT_GE(8000, syn_of(w)->window);
	EXPECT_EQ(8000, sock_get(w->mine, IPPROTO_TCP, TCP_WINDOW_CLAMP));
}

/* A SYN cookie keeps nothing of the route: the ACK that brings it back asks again. */
TEST_F(route, window_after_a_cookie)
{
	struct way *w = &self->way;
	const struct seg *seg;

	if (!w->accepts)
		SKIP(return, "a listener's");
	net_stack_sysctl(&w->net, CLIENT, "syncookies", "2");
	if (side_is_tcp(CLIENT))
		net_sysctl(&w->net, CLIENT, "net/ipv4/tcp_syncookies", "2");
	metrics(w, "window 20000 initrwnd 3");
	meet(w, PORT, 0);
	seg = syn_of(w);
	EXPECT_EQ(0, seg->wscale);
	EXPECT_EQ(3 * (stack_mss() - STAMP), seg->window);
	EXPECT_EQ(0, (int)info_of(w->mine).rcv_wscale);
	sock_send(w->far, block, 1);
	sock_recv(w->mine, block, 1);
	EXPECT_GE(3 * stack_mss() + 2, window_of_ack(w, 0));
	carry(w->far, w->mine, 100000);
}

/* --- rto_min --- */

struct rto {
	struct way *w;
	uint32_t least, most;
};

/* Each round trip is a sample: once the time-out has come to be so, it is true. */
static bool rto_between(void *arg)
{
	const struct rto *want = arg;
	uint32_t rto;

	carry(want->w->mine, want->w->far, 1);
	carry(want->w->far, want->w->mine, 1);
	rto = info_of(want->w->mine).rto;
	return want->least <= rto && rto < want->most;
}

TEST_F(route, rto_min)
{
	struct way *w = &self->way;
	struct rto none = { .w = w, .least = 0, .most = 500000 };
	struct rto less = { .w = w, .least = 500000, .most = 700000 };
	struct rto more = { .w = w, .least = 900000, .most = 2000000 };
	int own = 100000;
	bool has;

	metrics(w, "rto_min 700ms");
	meet(w, PORT, 0);
	EXPECT_LE(700000, info_of(w->mine).rto);
	/* It goes before the socket's own, which only new kernels' TCP has. */
	has = !setsockopt(w->mine, IPPROTO_TCP, TCP_RTO_MIN_US, &own, sizeof(own));
	EXPECT_TRUE(has || side_is_tcp(CLIENT));
	if (has)
		EXPECT_EQ(own, sock_get(w->mine, IPPROTO_TCP, TCP_RTO_MIN_US));
	carry(w->mine, w->far, 1);
	carry(w->far, w->mine, 1);
	EXPECT_LE(700000, info_of(w->mine).rto);
	/* Another route under the connection. */
	metrics(w, "rto_min 500ms");
	EXPECT_TRUE(net_until(rto_between, &less, PATIENCE));
	metrics(w, "");
	EXPECT_TRUE(net_until(rto_between, &none, PATIENCE));
	/* TCP's only falls while the connection lasts. */
	metrics(w, "rto_min 900ms");
	if (!side_is_tcp(CLIENT))
		EXPECT_TRUE(net_until(rto_between, &more, PATIENCE));
}

/* --- cwnd --- */

TEST_F(route, cwnd_locked)
{
	struct way *w = &self->way;
	int i;

	metrics(w, "cwnd lock 5");
	prime(w);
	meet(w, PORT, 0);
	EXPECT_EQ(5, info_of(w->mine).snd_cwnd);
	for (i = 0; i < 50; i++) {
		carry(w->mine, w->far, 20000);
		EXPECT_GE(5, info_of(w->mine).snd_cwnd);
	}
	EXPECT_GE(5, info_of(w->mine).unacked);
}

/* Without the lock it is a hint, which nobody takes. */
TEST_F(route, cwnd_not_locked)
{
	struct way *w = &self->way;

	metrics(w, "cwnd 5");
	prime(w);
	meet(w, PORT, 0);
	EXPECT_EQ(10, info_of(w->mine).snd_cwnd);
}

/* --- ssthresh, reordering --- */

TEST_F(route, ssthresh)
{
	struct way *w = &self->way;

	metrics(w, "ssthresh lock 6");
	prime(w);
	meet(w, PORT, 0);
	EXPECT_EQ(6, info_of(w->mine).snd_ssthresh);
}

TEST_F(route, ssthresh_above_cwnd)
{
	struct way *w = &self->way;

	metrics(w, "ssthresh lock 30 cwnd lock 20");
	prime(w);
	meet(w, PORT, 0);
	EXPECT_EQ(20, info_of(w->mine).snd_ssthresh);
}

TEST_F(route, reordering)
{
	struct way *w = &self->way;

	metrics(w, "reordering 7");
	prime(w);
	meet(w, PORT, 0);
	EXPECT_EQ(7, info_of(w->mine).reordering);
}

/* --- congctl --- */

static void has_cc(int fd, const char *name, struct __test_metadata *_metadata)
{
	char buf[16] = {};
	socklen_t len = sizeof(buf);

	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, buf, &len));
	EXPECT_STREQ(name, buf);
}

/* Names that both stacks have.  What is locked cannot be changed. */
TEST_F(route, congctl)
{
	struct way *w = &self->way;

	metrics(w, "congctl reno");
	meet(w, PORT, 0);
	has_cc(w->mine, "reno", _metadata);
	EXPECT_EQ(0, setsockopt(w->mine, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
	has_cc(w->mine, "cubic", _metadata);
	hang_up(w);
	metrics(w, "congctl lock reno");
	meet(w, PORT + 1, 0);
	has_cc(w->mine, "reno", _metadata);
	EXPECT_EQ(-1, setsockopt(w->mine, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
	EXPECT_EQ(EPERM, errno);
	has_cc(w->mine, "reno", _metadata);
}

/* --- quickack --- */

/* ms that CLIENT takes to acknowledge a byte which nothing answers. */
static long long ack_takes(struct way *w)
{
	const struct seg *data, *ack;
	long long sent;

	/* As if the program had answered what came before: without this, reading sends the ACK. */
	sock_set(w->mine, IPPROTO_TCP, TCP_QUICKACK, 0);
	sock_send(w->far, block, 1);
	sock_recv(w->mine, block, 1);
	do
		data = wire_next(w->wire, PATIENCE);
	while (data && data->len != 1);
	if (!data)
		net_die("no data");
	sent = data->time;
	do
		ack = wire_next(w->wire, PATIENCE);
	while (ack && (ack->from != me(w) || ack->flags != TH_ACK));
	if (!ack)
		net_die("no ACK");
	return ack->time - sent;
}

/* The least of some: a timer never fires early, and a busy machine is not always late. */
static long long least_delay(struct way *w)
{
	long long least = PATIENCE, ms;
	int i;

	for (i = 0; i < 10; i++) {
		ms = ack_takes(w);
		if (ms < least)
			least = ms;
	}
	return least;
}

TEST_F(route, quickack)
{
	struct way *w = &self->way;
	int i;

	meet(w, PORT, 0);
	/* The first ACKs are quick anyway. */
	for (i = 0; i < 40; i++)
		ack_takes(w);
	EXPECT_LT(20, least_delay(w));
	metrics(w, "quickack 1");
	for (i = 0; i < 3; i++)
		ack_takes(w);
	EXPECT_GT(20, least_delay(w));
	metrics(w, "quickack 0");
	for (i = 0; i < 3; i++)
		ack_takes(w);
	EXPECT_LT(20, least_delay(w));
	/* A connection that begins with it. */
	hang_up(w);
	wire_close(w->wire);
	w->wire = wire_open(&w->net, CLIENT, PORT + 1);
	metrics(w, "quickack 1");
	meet(w, PORT + 1, 0);
	for (i = 0; i < 40; i++)
		ack_takes(w);
	EXPECT_GT(20, least_delay(w));
}

/* A delayed ACK comes before a time-out of that length. */
TEST_F(route, rto_min_and_delayed_acks)
{
	struct way *w = &self->way;
	int i;

	if (side_is_tcp(CLIENT))
		SKIP(return, "TCP does so from 6.7 on");
	metrics(w, "rto_min 10ms");
	meet(w, PORT, 0);
	for (i = 0; i < 40; i++)
		ack_takes(w);
	EXPECT_GT(36, least_delay(w));
}

TEST_HARNESS_MAIN
