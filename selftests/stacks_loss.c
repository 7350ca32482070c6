// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery on the wire, of atcp with the kernel's TCP as its peer and of the kernel's TCP
 * with atcp as its: the same is asked of both.  What has to be repaired without a time-out is
 * told from one by its time: time-outs take RTO_MIN.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/info.h"
#include "lib/net.h"
#include "lib/stacks.h"
#include "lib/wire.h"

#define PORT		20000
#define RTO_MIN		4000	/* ms */
#define SOON		2000	/* ms: no time-out was needed */
#define INFINITE	0x7fffffffu	/* ssthresh, before any loss */

SKIP_PROGRAM_IF(stack_is_tcp(), "there are two stacks in this");

struct ends {
	struct net net;
	struct wire *wire;
	int l, c, s;
};

FIXTURE(recovery)
{
	struct ends ends;
};

FIXTURE_VARIANT(recovery)
{
	enum stack sender;
};

FIXTURE_VARIANT_ADD(recovery, of_atcp) { .sender = ATCP };
FIXTURE_VARIANT_ADD(recovery, of_tcp) { .sender = TCP };

FIXTURE_SETUP(recovery)
{
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	net_open(&self->ends.net);
	self->ends.wire = wire_open(&self->ends.net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(recovery)
{
	wire_close(self->ends.wire);
}

static void late_timeouts(const struct net *net)
{
	char us[16];

	snprintf(us, sizeof(us), "%d", RTO_MIN * 1000);
	net_stack_sysctl(net, CLIENT, "rto_min_us", us);
	net_run(net, CLIENT, "ip route add %s/%s dev %s rto_min %dms", net->ip[SERVER],
		ip46("32", "128"), net->dev[CLIENT], RTO_MIN);
}

/*
 * CLIENT calls, and both have sent a byte; then @side's packets meet @netem.  CLIENT's are no
 * larger than the MTU.
 */
static void call(struct ends *e, enum stack sender, int side, const char *netem)
{
	char byte;

	net_run(&e->net, CLIENT, "ethtool -K %s tso off gso off >/dev/null",
		e->net.dev[CLIENT]);
	call_far(&e->net, sender, PORT, &e->l, &e->c, &e->s);
	sock_set(e->c, IPPROTO_TCP, TCP_NODELAY, 1);
	sock_send(e->c, "x", 1);
	sock_recv(e->s, &byte, 1);
	sock_send(e->s, "x", 1);
	sock_recv(e->c, &byte, 1);
	wire_wait(e->wire, "< PA 1 2 1");
	net_run(&e->net, side, "tc qdisc add dev %s root netem limit 10000 %s",
		e->net.dev[side], netem);
}

/* @n segments of @size bytes, which the peer takes; returns how long it took, ms. */
static long long send_segments(struct ends *e, int n, int size)
{
	static char block[2000], got[sizeof(block)];
	long long begun = net_now();
	int i;

	for (i = 0; i < n; i++) {
		pattern_fill(block, size, (uint64_t)i * size);
		sock_send(e->c, block, size);
	}
	for (i = 0; i < n; i++) {
		sock_recv(e->s, got, size);
		if (pattern_check(got, size, (uint64_t)i * size) != size)
			net_die("segment %d has other bytes", i);
	}
	return net_now() - begun;
}

static bool all_acked(void *fd)
{
	struct info i;

	return info_get(*(int *)fd, &i) > 0 && !i.unacked;
}

static void hang_up(struct ends *e)
{
	close(e->c);
	close(e->s);
	close(e->l);
}

/* The last two are lost: a probe tells so. */
TEST_F_TIMEOUT(recovery, tail_loss, 60)
{
	struct info i;

	late_timeouts(&self->ends.net);
	call(&self->ends, variant->sender, SERVER, "delay 20ms");
	net_drop(&self->ends.net, SERVER, TH_PSH | TH_ACK, 1000, 1100, 2);
	EXPECT_GT(SOON, send_segments(&self->ends, 2, 1000));
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	info_get(self->ends.c, &i);
	EXPECT_EQ(2, i.total_retrans);
	hang_up(&self->ends);
}

/* The segment that is sent again is lost as well: what is sent later tells so. */
TEST_F_TIMEOUT(recovery, lost_retransmission, 60)
{
	static char block[1000];
	long long begun;
	struct info i;
	int n;

	late_timeouts(&self->ends.net);
	call(&self->ends, variant->sender, SERVER, "delay 20ms");
	net_drop(&self->ends.net, SERVER, TH_PSH | TH_ACK, 900, 980, 2);
	begun = net_now();
	sock_send(self->ends.c, block, 900);
	for (n = 0; n < 8; n++)
		sock_send(self->ends.c, block, sizeof(block));
	wire_wait(self->ends.wire, "> PA 2 2 900");
	wire_wait(self->ends.wire, "> PA 2 2 900");
	for (n = 0; n < 4; n++)
		sock_send(self->ends.c, block, sizeof(block));
	wire_wait(self->ends.wire, "> PA 2 2 900");
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	EXPECT_GT(SOON, net_now() - begun);
	info_get(self->ends.c, &i);
	EXPECT_LE(2, i.total_retrans);
	hang_up(&self->ends);
}

/* Every eighth packet overtakes the others: that is seen, and soon costs little. */
TEST_F_TIMEOUT(recovery, reordering, 60)
{
	struct info i, later;
	int n;

	call(&self->ends, variant->sender, CLIENT, "delay 20ms reorder 100% gap 8");
	for (n = 0; n < 20; n++)
		send_segments(&self->ends, 40, 1000);
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	info_get(self->ends.c, &i);
	EXPECT_LT(0, i.reord_seen);
	for (n = 0; n < 20; n++)
		send_segments(&self->ends, 40, 1000);
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	info_get(self->ends.c, &later);
	if (variant->sender == ATCP)	/* of 800; the kernel's TCP: 2 to 60 */
		EXPECT_GE(80, later.total_retrans - i.total_retrans);
	hang_up(&self->ends);
}

/* The path becomes longer than the time-out: cwnd is what it was, once that is known. */
TEST_F_TIMEOUT(recovery, spurious_timeout, 60)
{
	struct info before, after;

	call(&self->ends, variant->sender, SERVER, "delay 1500ms");
	info_get(self->ends.c, &before);
	send_segments(&self->ends, 5, 1000);
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	info_get(self->ends.c, &after);
	EXPECT_LT(0, after.total_retrans);
	EXPECT_EQ(INFINITE, after.snd_ssthresh);
	EXPECT_LE(before.snd_cwnd, after.snd_cwnd);
	hang_up(&self->ends);
}

/* True if the first block tells of a duplicate: RFC 2883. */
static bool is_dsack(const struct seg *s)
{
	return s->sack && (int32_t)(s->sack_start - s->raw_ack) < 0;
}

/* Each packet comes twice.  The receiver says so, and to the sender it is no loss. */
TEST_F_TIMEOUT(recovery, duplicates, 60)
{
	struct info before, after;
	int told = 0;
	size_t n;

	call(&self->ends, variant->sender, CLIENT, "duplicate 100%");
	info_get(self->ends.c, &before);
	send_segments(&self->ends, 20, 1000);
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	while (wire_next(self->ends.wire, 300))
		;
	for (n = 0; n < wire_count(self->ends.wire); n++) {
		const struct seg *seg = wire_at(self->ends.wire, n);

		told += seg->from == SERVER && is_dsack(seg);
	}
	EXPECT_LT(0, told);
	info_get(self->ends.c, &after);
	EXPECT_LT(0, after.dsack_dups);
	EXPECT_EQ(0, after.total_retrans);
	EXPECT_EQ(INFINITE, after.snd_ssthresh);
	EXPECT_LE(before.snd_cwnd, after.snd_cwnd);
	hang_up(&self->ends);
}

/* A peer that the test plays: CLIENT's is the only stack in this. */
struct played {
	const struct net *net;
	struct craft seg;
};

static void play(struct played *p, uint32_t ack, uint32_t start, uint32_t end, uint32_t isn)
{
	uint32_t blocks[2] = { htonl(isn + start), htonl(isn + end) };
	uint8_t opt[12] = { 1, 1, 5, 10 };

	memcpy(opt + 4, blocks, sizeof(blocks));
	p->seg.flags = TH_ACK;
	p->seg.ack = isn + ack;
	p->seg.opt = end ? opt : NULL;
	p->seg.opt_len = end ? sizeof(opt) : 0;
	wire_send(p->net, SERVER, &p->seg);
}

/*
 * The peer has reported what came after a loss, and when that is repaired it asks for all of
 * it again: it has dropped what it had (RFC 2018 section 8).
 */
TEST_F_TIMEOUT(recovery, reneging, 60)
{
	static const uint8_t syn_opt[] = { 2, 4, 5, 0xb4, 4, 2, 1, 1 };
	static char block[1000];
	struct played p = { .net = &self->ends.net };
	const struct seg *again;
	long long begun;
	uint32_t isn;
	int n;

	late_timeouts(&self->ends.net);
	net_no_timestamps(&self->ends.net);
	net_sysctl(&self->ends.net, CLIENT, "net/ipv4/tcp_timestamps", "0");
	net_run(&self->ends.net, CLIENT, "ethtool -K %s tso off gso off >/dev/null",
		self->ends.net.dev[CLIENT]);
	net_deaf(&self->ends.net, SERVER);
	self->ends.c = sock_in(&self->ends.net, CLIENT, variant->sender);
	sock_nonblock(self->ends.c, true);
	EXPECT_EQ(-1, addr_connect(self->ends.c, addr_side(&self->ends.net, SERVER, PORT)));
	isn = wire_wait(self->ends.wire, "> S 0 - 0")->raw_seq;
	p.seg = (struct craft) {
		.src = self->ends.net.ip[SERVER], .dst = self->ends.net.ip[CLIENT], .sport = PORT,
		.dport = sock_port(self->ends.c), .seq = 1000, .ack = isn + 1,
		.flags = TH_SYN | TH_ACK, .opt = syn_opt, .opt_len = sizeof(syn_opt),
	};
	wire_send(&self->ends.net, SERVER, &p.seg);
	ASSERT_TRUE(sock_wait(self->ends.c, POLLOUT, PATIENCE));
	sock_nonblock(self->ends.c, false);
	sock_set(self->ends.c, IPPROTO_TCP, TCP_NODELAY, 1);
	p.seg.seq++;
	for (n = 0; n < 6; n++)
		sock_send(self->ends.c, block, sizeof(block));
	wire_wait(self->ends.wire, "> PA 5001 1 1000");
	play(&p, 1, 1001, 6001, isn);
	begun = wire_wait(self->ends.wire, "> PA 1 1 1000")->time;
	play(&p, 1001, 0, 0, isn);
	/* What it has dropped goes again, and not only after a whole time-out. */
	do {
		again = wire_next(self->ends.wire, PATIENCE);
		ASSERT_NE(NULL, again);
	} while (again->from != CLIENT || again->seq != 1001);
	EXPECT_GT(SOON, again->time - begun);
	for (n = 2; n <= 6; n++)
		play(&p, n * 1000 + 1, 0, 0, isn);
	EXPECT_TRUE(net_until(all_acked, &self->ends.c, PATIENCE));
	p.seg.flags = TH_RST;
	wire_send(&self->ends.net, SERVER, &p.seg);
	close(self->ends.c);
}

TEST_HARNESS_MAIN
