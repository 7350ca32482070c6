// SPDX-License-Identifier: GPL-2.0
/*
 * The walk-through: one daytime connection, segment by segment, between two
 * hosts and over lo, with every header field of the handshake.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	13

static const char answer[] = "20 NOV 26 23:16:15 Z\r\n";

static const char *const walk[] = {
	"> S   0  -  0",
	"< SA  0  1  0",
	"> A   1  1  0",
	"< PA  1  1 22",
	"> A   1 23  0",
	"< FA 23  1  0",
	"> A   1 24  0",
	"> FA  1 24  0",
	"< A  24  2  0",
};

FIXTURE(walk)
{
	struct net net;
	struct wire *wire;
};

FIXTURE_VARIANT(walk)
{
	bool lo;
};

FIXTURE_VARIANT_ADD(walk, veth) { .lo = false };
FIXTURE_VARIANT_ADD(walk, lo) { .lo = true };

FIXTURE_SETUP(walk)
{
	if (variant->lo)
		net_open_lo(&self->net);
	else
		net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(walk)
{
	wire_close(self->wire);
}

/* One connection; every step waits until the step before is on the wire. */
static void ask_the_time(const struct net *net, struct wire *wire, char *got)
{
	struct conn c;
	uint16_t cport;

	conn_open(net, PORT, &c);
	cport = sock_port(c.end[CLIENT]);
	wire_wait(wire, walk[2]);
	sock_send(c.end[SERVER], answer, 22);
	wire_wait(wire, walk[4]);
	close(c.end[SERVER]);
	sock_recv(c.end[CLIENT], got, 22);
	sock_recv_end(c.end[CLIENT]);
	wire_wait(wire, walk[6]);
	net_wait_state(net, SERVER, PORT, cport, ST_FIN_WAIT_2);
	close(c.end[CLIENT]);
	wire_wait(wire, walk[8]);
	close(c.listener);
}

TEST_F(walk, nine_segments)
{
	char got[22];

	ask_the_time(&self->net, self->wire, got);
	EXPECT_EQ(0, memcmp(got, answer, 22));
	EXPECT_TRUE(wire_expect(self->wire, walk));
}

TEST_F(walk, initial_numbers_differ)
{
	uint32_t seq[2 * 8];
	int i, j, n = 0;
	char got[22];

	for (i = 0; i < 8; i++) {
		size_t at = wire_count(self->wire);

		ask_the_time(&self->net, self->wire, got);
		seq[n++] = wire_at(self->wire, at)->raw_seq;
		seq[n++] = wire_at(self->wire, at + 1)->raw_seq;
	}
	for (i = 0; i < n; i++) {
		EXPECT_NE(0, seq[i]);
		for (j = 0; j < i; j++)
			EXPECT_NE(seq[i], seq[j]);
	}
}

/* The fields that are the same in every segment of the walk-through. */
static void check_common(struct __test_metadata *_metadata,
			 const struct net *net, const struct seg *s,
			 uint16_t cport)
{
	struct addr from = addr_side(net, s->from, 0);
	struct addr to = addr_side(net, !s->from, 0);
	struct in6_addr saddr = addr_ip(&from), daddr = addr_ip(&to);

	EXPECT_EQ(0, memcmp(&saddr, &s->saddr, sizeof(saddr)));
	EXPECT_EQ(0, memcmp(&daddr, &s->daddr, sizeof(daddr)));
	EXPECT_EQ(64, s->ttl);
	EXPECT_EQ(0, s->tos);
	EXPECT_TRUE(s->dont_fragment);
	EXPECT_EQ(s->from == CLIENT ? cport : PORT, s->sport);
	EXPECT_EQ(s->from == CLIENT ? PORT : cport, s->dport);
	EXPECT_EQ(0, s->reserved);
	EXPECT_EQ(0, s->urgent);
	EXPECT_TRUE(s->sum_ok);
	EXPECT_NE(0, s->window);
	EXPECT_EQ(0, s->doff % 4);
	EXPECT_EQ(20 + s->opt_len, s->doff);
}

TEST_F(walk, every_header_field)
{
	const struct seg *syn, *synack, *ack, *s;
	uint16_t cport;
	char got[22];
	size_t i;

	ask_the_time(&self->net, self->wire, got);
	ASSERT_TRUE(wire_expect(self->wire, walk));
	syn = wire_at(self->wire, 0);
	synack = wire_at(self->wire, 1);
	ack = wire_at(self->wire, 2);
	cport = syn->sport;
	EXPECT_LE(1024, cport);
	for (i = 0; i < wire_count(self->wire); i++)
		check_common(_metadata, &self->net, wire_at(self->wire, i),
			     cport);

	/* The control bits, all eight of them. */
	EXPECT_EQ(TH_SYN, syn->flags);
	EXPECT_EQ(TH_SYN | TH_ACK, synack->flags);
	EXPECT_EQ(TH_ACK, ack->flags);

	/* Without ACK the field means nothing and is sent as zero. */
	EXPECT_EQ(0, syn->raw_ack);
	EXPECT_EQ(syn->raw_seq + 1, synack->raw_ack);
	EXPECT_EQ(syn->raw_seq + 1, ack->raw_seq);
	EXPECT_EQ(synack->raw_seq + 1, ack->raw_ack);

	/* The kernel's TCP rounds its first window to the MSS. */
	if (!side_is_tcp(CLIENT))
		EXPECT_EQ(65535, syn->window);
	if (!side_is_tcp(SERVER))
		EXPECT_EQ(65535, synack->window);

	/* Options: those of the SYN, which its answer has, too; then timestamps. */
	for (i = 0; i < 2; i++) {
		s = wire_at(self->wire, i);
		/*
		 * The MTU less the headers; on lo, whose MTU is 65536, what 16 bits can
		 * hold.
		 */
		EXPECT_LE(variant->lo ? 65463 : stack_mss(), s->mss);
		EXPECT_GE(variant->lo ? 65535 : stack_mss(), s->mss);
		EXPECT_LE(0, s->wscale);
		EXPECT_GE(14, s->wscale);
		EXPECT_TRUE(s->sack_perm);
		EXPECT_TRUE(s->ts);
	}
	EXPECT_EQ(0, syn->tsecr);
	EXPECT_EQ(syn->tsval, synack->tsecr);
	for (i = 2; i < wire_count(self->wire); i++) {
		s = wire_at(self->wire, i);
		EXPECT_EQ(-1, s->mss);
		EXPECT_EQ(-1, s->wscale);
		EXPECT_FALSE(s->sack_perm);
		EXPECT_TRUE(s->ts);
		EXPECT_EQ(32, s->doff);
	}
}

/* The names that the ends return. */
TEST_F(walk, names_of_the_ends)
{
	struct sockaddr_storage a[2], b[2];
	struct addr local[2], peer[2], own;
	struct conn c;
	socklen_t len;
	int i;

	conn_open(&self->net, PORT, &c);
	memset(a, 0xa5, sizeof(a));
	memset(b, 0xa5, sizeof(b));
	for (i = 0; i < 2; i++) {
		own = addr_side(&self->net, i, 0);
		len = sizeof(a[i]);
		ASSERT_EQ(0, getsockname(c.end[i], (void *)&a[i], &len));
		EXPECT_EQ(own.len, len);
		len = sizeof(b[i]);
		ASSERT_EQ(0, getpeername(c.end[i], (void *)&b[i], &len));
		EXPECT_EQ(own.len, len);
		EXPECT_EQ(own.sa.sa_family, a[i].ss_family);
		EXPECT_EQ(own.sa.sa_family, b[i].ss_family);
		local[i] = addr_local(c.end[i]);
		peer[i] = addr_peer(c.end[i]);
		EXPECT_TRUE(addr_same_ip(&local[i], &own));
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, memcmp(&a[i], &b[!i], own.len));
	EXPECT_EQ(PORT, addr_port(&local[SERVER]));
	EXPECT_EQ(PORT, addr_port(&peer[CLIENT]));
	conn_close(&c);
}

TEST_HARNESS_MAIN
