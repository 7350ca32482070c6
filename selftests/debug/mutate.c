// SPDX-License-Identifier: GPL-2.0
/*
 * Segments with correct checksums and random changes in other fields, for connections
 * in every state, while other connections transfer data.
 *
 *	 namespace CLIENT              namespace SERVER
 *	+----------------+            +--------------------------+
 *	|       10.0.0.1 | v0 ---- v1 | 10.0.0.2                 |
 *	|       10.0.0.1 | w0 ---- w1 | 10.0.0.2  (now and then  |
 *	|                |            |            in VRF r1)    |
 *	+----------------+            +--------------------------+
 *
 * Each segment is made from the latest segment of a connection, read from the wire, with
 * some fields changed.  It comes by the connection's link or by the other, which has the
 * same addresses, whole or in fragments, with IP options or extension headers.  Nothing
 * may break (the kernel's log and `after` show that), and all transfers must complete.
 *
 * ATCP_TEST_SEED repeats a run as far as the kernel's timing allows; ATCP_TEST_ROUNDS
 * makes it longer, up to hours.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/flow.h"
#include "../lib/net.h"
#include "../lib/states.h"
#include "../lib/wire.h"

#define PORT	20000
#define HONEST	30000
#define FLOWS	256
#define WHOLE	1380		/* payload that fits into one packet with any headers */
#define EACH	3000		/* segments a round */
#define BYTES	200000		/* sent each way at a time by the honest connections */

static uint64_t state;

/* A random number below @n, by xorshift64*. */
static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 2685821657736338717ULL >> 32) % n;
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

/* One direction of a connection, by its latest segment. */
struct flow {
	int from;
	uint16_t sport, dport;
	uint32_t seq, ack;	/* the next number; the latest acknowledgment */
	uint32_t tsval, tsecr;
	bool ts;
};

struct flows {
	struct flow f[FLOWS];
	int n;
	size_t seen;		/* segments of the capture that were read */
};

/* Updates the flows by the segments that were captured since. */
static void read_flows(struct flows *all, struct wire *wire)
{
	const struct seg *s;
	int i;

	while (wire_next(wire, 0))
		;
	for (; all->seen < wire_count(wire); all->seen++) {
		s = wire_at(wire, all->seen);
		if (s->sport >= HONEST || s->dport >= HONEST)
			continue;
		for (i = 0; i < all->n; i++)
			if (all->f[i].from == s->from && all->f[i].sport == s->sport &&
			    all->f[i].dport == s->dport)
				break;
		if (i == FLOWS)
			continue;
		if (i == all->n)
			all->n++;
		all->f[i] = (struct flow){
			.from = s->from, .sport = s->sport, .dport = s->dport,
			.seq = s->raw_seq + s->len + !!(s->flags & TH_SYN) + !!(s->flags & TH_FIN),
			.ack = s->raw_ack, .ts = s->ts, .tsval = s->tsval, .tsecr = s->tsecr,
		};
	}
}

/* A number equal to another, next to it, about a window away, or any number. */
static uint32_t near(uint32_t number)
{
	switch (below(8)) {
	case 0:
		return number + 1;
	case 1:
		return number - 1;
	case 2:
		return number + below(3000);
	case 3:
		return number - below(3000);
	case 4:
		return number + below(1 << 17) - (1 << 16);
	case 5:
		return one_in(2) ? number + (1U << 31) : below(~0U);
	default:
		return number;
	}
}

static size_t put_options(const struct flow *f, uint8_t *opt)
{
	size_t len = 0, i;

	if (f->ts && !one_in(8)) {
		uint32_t v = htonl(near(f->tsval)), e = htonl(near(f->tsecr));

		memcpy(opt, "\1\1\10\12", 4);
		memcpy(opt + 4, &v, 4);
		memcpy(opt + 8, &e, 4);
		len = 12;
	}
	if (one_in(4)) {
		uint32_t n = 1 + below(3);

		/* SACK with plausible blocks. */
		opt[len] = 1;
		opt[len + 1] = 1;
		opt[len + 2] = 5;
		opt[len + 3] = one_in(16) ? below(256) : 2 + 8 * n;
		for (i = 0; i < 2 * n; i++) {
			uint32_t edge = htonl(near(f->ack));

			memcpy(opt + len + 4 + 4 * i, &edge, 4);
		}
		len += 4 + 8 * n;
	}
	if (one_in(6)) {
		size_t more = below(40 - len + 1);

		for (i = 0; i < more; i++)
			opt[len + i] = one_in(2) ? below(12) : below(256);
		len += more;
	}
	return len;
}

static uint8_t some_flags(void)
{
	static const uint8_t usual[] = {
		TH_ACK, TH_ACK, TH_ACK, TH_ACK | TH_PSH, TH_ACK | TH_FIN, TH_SYN, TH_SYN | TH_ACK,
		TH_RST, TH_RST | TH_ACK, TH_FIN, TH_ACK | TH_URG, 0,
	};

	return one_in(4) ? below(256) : usual[below(sizeof(usual))];
}

/* Sends one segment made from @f; @net: the link that it comes by. */
static void send_one(const struct net *net, const struct flow *f)
{
	static const uint8_t v4_options[] = { 1, 1, 7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0, 1, 0 };
	static const uint8_t v6_headers[][8] = {
		{ 0, 0, 1, 4 }, { 60, 0, 1, 4 }, { 43, 0, 4, 0 }, { 0, 0, 5, 2, 0, 0, 1, 0 },
	};
	static uint8_t data[4000];
	uint8_t opt[40] = { 0 };
	struct craft c = {
		.src = net->ip[f->from],
		.dst = net->ip[!f->from],
		.sport = f->sport,
		.dport = f->dport,
		.seq = near(f->seq),
		.ack = near(f->ack),
		.flags = some_flags(),
		.window = one_in(4) ? below(65536) : 0,
		.urgent = one_in(4) ? below(65536) : 0,
		.opt = opt,
		.data = data,
		.reserved = one_in(16) ? below(16) : 0,
		.link_broadcast = one_in(64),
	};
	const uint8_t *ext;

	c.opt_len = put_options(f, opt);
	if (one_in(2))
		c.len = one_in(4) ? below(sizeof(data)) : 1 + below(WHOLE);
	if (one_in(16))
		c.doff = one_in(4) ? -1 : 4 * below(16);
	if (one_in(16))
		c.cut = below(20 + c.opt_len + c.len);
	if (c.len > WHOLE || one_in(16))
		c.fragment = 8 + 8 * below(150);
	c.backwards = one_in(2);
	if (one_in(16)) {
		ext = ip46(v4_options, v6_headers[below(4)]);
		c.ext = ext;
		c.ext_len = ip46(4 * (1 + below(4)), 8);
		c.ext_type = ip46(0, ext[0]);
	}
	wire_send(net, f->from, &c);
}

/* A connection that is not attacked, and must work. */
struct honest {
	struct conn conn;
	pthread_t thread;
	volatile bool over;
	long bytes;
};

static void *transfer(void *arg)
{
	struct honest *h = arg;

	do {
		exchange(h->conn.end[CLIENT], h->conn.end[SERVER], BYTES);
		h->bytes += 2 * BYTES;
	} while (!h->over);
	return NULL;
}

FIXTURE(mutate)
{
	struct net net;
	struct net other;	/* the other link */
};

FIXTURE_SETUP(mutate)
{
	static const uint8_t other_mac[2][6] = { { 2, 1, 0, 0, 0, 1 }, { 2, 1, 0, 0, 0, 2 } };
	const char *seed = getenv("ATCP_TEST_SEED");

	state = seed ? strtoull(seed, NULL, 0) : time(NULL) * 0x9e3779b97f4a7c15ULL;
	TH_LOG("ATCP_TEST_SEED=%#llx", (unsigned long long)state);
	net_open(&self->net);
	net_run(&self->net, CLIENT,
		"exec ip -batch - <<E\n"
		"link add w0 address 02:01:00:00:00:01 type veth peer name w1 address 02:01:00:00:00:02 netns /proc/%d/fd/%d\n"
		"link set w0 up\n"
		"E\n",
		getpid(), self->net.ns[SERVER]);
	net_run(&self->net, SERVER,
		"exec ip -batch - <<E\n"
		"link add r1 type vrf table 101\n"
		"link set r1 up\n"
		"link set w1 up\n"
		"addr add 10.0.0.2/24 dev w1\n"
		"addr add fd00::2/64 dev w1 nodad\n"
		"E\n");
	self->other = self->net;
	self->other.dev[CLIENT] = "w0";
	self->other.dev[SERVER] = "w1";
	memcpy(self->other.mac, other_mac, sizeof(other_mac));
}

FIXTURE_TEARDOWN(mutate)
{
	covered_net(&self->net);
}

/* Changes a setting that affects demultiplexing, offloads or cookies. */
static void change_world(const struct net *net)
{
	switch (below(6)) {
	case 0:
		net_run(net, SERVER, "ip link set w1 master r1");
		break;
	case 1:
		net_run(net, SERVER, "ip link set w1 nomaster");
		break;
	case 2:
		net_sysctl(net, SERVER, "net/ipv4/tcp_l3mdev_accept", one_in(2) ? "1" : "0");
		break;
	case 3:
		net_run(net, SERVER, "ethtool -K v1 gro %s", one_in(2) ? "on" : "off");
		break;
	case 4:
		net_run(net, CLIENT, "ethtool -K v0 gso %s tso %s", one_in(2) ? "on" : "off",
			one_in(2) ? "on" : "off");
		break;
	default:
		net_stack_sysctl(net, SERVER, "syncookies", one_in(2) ? "1" : "2");
	}
}

TEST_F_TIMEOUT(mutate, in_every_state, 36000)
{
	struct net *net = &self->net, *other = &self->other;
	int rounds = covered_rounds(2, 100000), round, i, side, old;
	static struct flows all;

	for (side = CLIENT; side <= SERVER; side++) {
		old = net_visit(net, side);
		other->ifindex[side] = if_nametoindex(other->dev[side]);
		net_leave(old);
	}
	for (round = 0; round < rounds; round++) {
		struct honest h = { 0 };
		struct states s;
		struct wire *wire = wire_open(net, SERVER, 0);

		all = (struct flows){ 0 };
		/* First, as no SYN reaches CLIENT after states_open(). */
		conn_open(net, HONEST + round % 1000, &h.conn);
		net_stack_sysctl(net, SERVER, "syncookies", "1");
		states_open(net, PORT + 100 * (round % 50), 1, &s);
		ASSERT_EQ(0, pthread_create(&h.thread, NULL, transfer, &h));
		for (i = 0; i < EACH; i++) {
			if (i % 64 == 0)
				read_flows(&all, wire);
			if (i % 256 == 0)
				change_world(net);
			send_one(one_in(4) ? other : net, &all.f[below(all.n)]);
		}
		covered_add("mutated", EACH);
		h.over = true;
		pthread_join(h.thread, NULL);
		covered_add("bytes", h.bytes);
		conn_close(&h.conn);
		states_path_back(net);
		states_close(&s, -1);
		wire_close(wire);
	}
}

TEST_HARNESS_MAIN
