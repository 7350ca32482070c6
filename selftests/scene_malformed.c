// SPDX-License-Identifier: GPL-2.0
/*
 * Malformed segments are dropped and counted, and the connection whose addresses they
 * have goes on undisturbed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define QUIET	200	/* ms in which an answer would have come */

FIXTURE(bad)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	struct craft next;	/* what the client would send next */
};

FIXTURE_SETUP(bad)
{
	net_open(&self->net);
	net_no_timestamps(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	self->next = wire_established(self->wire, &self->net, self->c);
	self->next.flags |= TH_PSH;
	self->next.data = "evil";
	self->next.len = 4;
}

FIXTURE_TEARDOWN(bad)
{
	wire_close(self->wire);
}

/* A counter of the server's host; the kernel's TCP counts elsewhere. */
static long counter(const struct net *net, const char *name)
{
	return stack_is_tcp() ? 0 : net_stat(net, SERVER, name);
}

/* Nothing has come through, and the connection works in both directions. */
#define UNHARMED() do {							\
	char got;							\
									\
	EXPECT_EQ(0, sock_events(self->s, POLLIN | POLLERR));		\
	sock_send(self->c, "a", 1);					\
	sock_recv(self->s, &got, 1);					\
	EXPECT_EQ('a', got);						\
	EXPECT_EQ(-1, recv(self->s, &got, 1, MSG_DONTWAIT));		\
	sock_send(self->s, "b", 1);					\
	sock_recv(self->c, &got, 1);					\
	EXPECT_EQ('b', got);						\
	conn_close(&self->conn);					\
} while (0)

/* Nothing was sent in answer. */
static bool unanswered(struct wire *wire)
{
	long long deadline = net_now() + QUIET;
	const struct seg *s;

	while ((s = wire_next(wire, deadline - net_now())))
		if (s->from == SERVER)
			return false;
	return true;
}

TEST_F(bad, checksum)
{
	long before = counter(&self->net, "in_bad_checksum");
	int i;

	self->next.bad_sum = true;
	for (i = 0; i < 10; i++)
		wire_send(&self->net, CLIENT, &self->next);
	EXPECT_TRUE(unanswered(self->wire));
	if (!stack_is_tcp())
		EXPECT_EQ(10, counter(&self->net, "in_bad_checksum") - before);
	UNHARMED();
}

/* A listener or a closed port does not answer to a wrong checksum, either. */
TEST_F(bad, checksum_of_a_syn)
{
	struct craft c = { .sport = 4242, .dport = PORT, .flags = TH_SYN,
			   .bad_sum = true };
	struct wire *any = wire_open(&self->net, CLIENT, 0);

	wire_send(&self->net, CLIENT, &c);
	c.dport = PORT + 1;
	wire_send(&self->net, CLIENT, &c);
	c.flags = TH_ACK;
	wire_send(&self->net, CLIENT, &c);
	EXPECT_NE(NULL, wire_next(any, PATIENCE));
	EXPECT_NE(NULL, wire_next(any, PATIENCE));
	EXPECT_NE(NULL, wire_next(any, PATIENCE));
	EXPECT_TRUE(wire_quiet(any, QUIET));
	wire_close(any);
	UNHARMED();
}

/* An IP packet that ends inside the header, at any byte of it. */
TEST_F(bad, truncated)
{
	long before = counter(&self->net, "in_bad_header");
	int len;

	self->next.len = 0;
	for (len = 0; len < 20; len++) {
		self->next.cut = 20 - len;
		wire_send(&self->net, CLIENT, &self->next);
	}
	EXPECT_TRUE(unanswered(self->wire));
	/*
	 * Without ports they belong to no socket; as TCP on the wire they are left to
	 * the kernel's TCP.
	 */
	if (!stack_is_tcp())
		EXPECT_EQ(stack_on_tcp() ? 16 : 20,
			  counter(&self->net, "in_bad_header") - before);
	UNHARMED();
}

/* A data offset below 5, or beyond the end of the segment. */
TEST_F(bad, data_offset)
{
	long before = counter(&self->net, "in_bad_header");
	int doff, n = 0;

	for (doff = 0; doff <= 60; doff += 4) {
		if (doff >= 20 && doff <= 24)
			continue;
		self->next.doff = doff ?: -1;
		wire_send(&self->net, CLIENT, &self->next);
		n++;
	}
	EXPECT_TRUE(unanswered(self->wire));
	if (!stack_is_tcp())
		EXPECT_EQ(n, counter(&self->net, "in_bad_header") - before);
	UNHARMED();
}

/* Options whose lengths are impossible, in segments without data (MUST-7). */
TEST_F(bad, options)
{
	static const uint8_t opt[][8] = {
		{ 8, 0 },			/* length zero */
		{ 8, 1 },			/* less than its own two bytes */
		{ 2, 40, 0, 0 },		/* beyond the header */
		{ 1, 1, 1, 5 },			/* no room for the length */
		{ 5, 255, 1, 2, 3, 4, 5, 6 },	/* a SACK block of nothing */
		{ 5, 3, 0, 0 },
		{ 253, 0, 253, 0, 253, 0, 253 },
		{ 3, 3, 99, 0 },		/* a SYN's option, much too big */
		{ 2, 3, 1, 0 },
		{ 8, 9, 0, 0, 0, 0, 0, 0 },
		{ 255, 255, 255, 255, 255, 255, 255, 255 },
	};
	size_t i;

	self->next.len = 0;
	self->next.flags = TH_ACK;
	self->next.opt_len = 8;
	for (i = 0; i < sizeof(opt) / sizeof(opt[0]); i++) {
		self->next.opt = opt[i];
		wire_send(&self->net, CLIENT, &self->next);
	}
	UNHARMED();
}

/* The same in a SYN: a wrong MSS is not used, whatever the answer. */
TEST_F(bad, options_of_a_syn)
{
	static const uint8_t opt[][8] = {
		{ 2, 4, 0, 0 },			/* an MSS of zero */
		{ 2, 4, 0, 1 },
		{ 3, 3, 255, 0 },		/* a shift of 255 */
		{ 2, 0, 5, 180 },
		{ 2, 255, 5, 180 },
		{ 4, 0, 4, 2 },
	};
	struct craft c = { .dport = PORT, .flags = TH_SYN };
	size_t i;

	/* The answers go to a host that knows nothing of them. */
	net_drop(&self->net, CLIENT, TH_SYN | TH_ACK, 40, 80, 0);
	c.opt_len = 8;
	for (i = 0; i < sizeof(opt) / sizeof(opt[0]); i++) {
		const struct seg *s;

		c.sport = 5000 + i;
		c.opt = opt[i];
		wire_send(&self->net, CLIENT, &c);
		do {
			s = wire_next(self->wire, PATIENCE);
		} while (s && s->from != SERVER);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(TH_SYN | TH_ACK, s->flags);
		EXPECT_EQ(1, s->ack);
		EXPECT_EQ(stack_mss(), s->mss);
		EXPECT_GE(14, s->wscale);
	}
	net_drop_end(&self->net, CLIENT);
	UNHARMED();
}

/* MUST-6: the data behind an unknown option is accepted. */
TEST_F(bad, unknown_options)
{
	static const uint8_t opt[8] = { 200, 4, 1, 2, 1, 77, 2, 1 };
	char got[4];

	self->next.opt = opt;
	self->next.opt_len = 8;
	wire_send(&self->net, CLIENT, &self->next);
	sock_recv(self->s, got, 4);
	EXPECT_EQ(0, memcmp(got, "evil", 4));
}

/* The receiver ignores reserved bits (RFC 9293, 3.1). */
TEST_F(bad, reserved_bits)
{
	char got[4];

	self->next.reserved = 0xe;
	wire_send(&self->net, CLIENT, &self->next);
	sock_recv(self->s, got, 4);
	EXPECT_EQ(0, memcmp(got, "evil", 4));
}

/* All 256 sets of control bits, far from the window. */
TEST_F(bad, all_flags_outside_the_window)
{
	int flags;

	self->next.seq += 0x40000000;
	for (flags = 0; flags < 256; flags++) {
		self->next.flags = flags;
		wire_send(&self->net, CLIENT, &self->next);
	}
	UNHARMED();
}

/* A segment larger than any buffer: what exceeds the window is dropped. */
TEST_F(bad, oversized)
{
	static char big[60000];
	static char got[sizeof(big)];
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int c, s, listener = self->conn.listener;
	ssize_t n;
	size_t sum = 0;

	net_run(&self->net, CLIENT, "ip link set v0 mtu 65535");
	net_run(&self->net, SERVER, "ip link set v1 mtu 65535");
	sock_set(listener, SOL_SOCKET, SO_RCVBUF, 8192);
	c = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, addr_connect(c, addr));
	s = sock_accept(listener);
	self->next.sport = sock_port(c);
	self->next.seq = wire_wait(self->wire, "> S 0 - 0")->raw_seq + 1;
	self->next.ack = wire_wait(self->wire, "< SA 0 1 0")->raw_seq + 1;
	wire_wait(self->wire, "> A 1 1 0");
	net_wait_state(&self->net, SERVER, PORT, self->next.sport,
		       ST_ESTABLISHED);
	pattern_fill(big, sizeof(big), 0);
	self->next.data = big;
	self->next.len = sizeof(big);
	wire_send(&self->net, CLIENT, &self->next);
	sock_wait(s, POLLIN, QUIET);
	while ((n = recv(s, got + sum, sizeof(got) - sum, MSG_DONTWAIT)) > 0)
		sum += n;
	EXPECT_EQ(EAGAIN, errno);
	/* The kernel's TCP takes one segment whole, whatever its size. */
	if (!stack_is_tcp())
		EXPECT_GE(16384, sum);
	EXPECT_EQ(sum, pattern_check(got, sum, 0));
	close(s);
	close(c);
	UNHARMED();
}

/* To or from many hosts at once: TCP is between two (RFC 1122, 4.2.3.10). */
TEST_F(bad, addresses)
{
	static const char *const source4[] = {
		"255.255.255.255", "224.0.0.1", "0.0.0.0", "127.0.0.1",
		"10.0.0.2", "10.0.0.255",
	}, *const source6[] = {
		"ff02::1", "ff0e::1", "::1", "::ffff:10.0.0.1",
		"fd00::2", "::",
	};
	static const char *const destination4[] = {
		"10.0.0.255", "224.0.0.1",
	}, *const destination6[] = {
		"ff02::1", "ff01::1",
	};
	const char *const *source = ip46(source4, source6);
	const char *const *destination = ip46(destination4, destination6);
	/* The kernel's TCP answers the last (IPv4: where rp_filter is off). */
	size_t sources = stack_is_tcp() ? 5 : 6;
	long before = counter(&self->net, "in_bad_address");
	struct wire *any = wire_open(&self->net, SERVER, 0);
	struct craft c = { .sport = 4242, .dport = PORT, .flags = TH_SYN };
	int all = sock_open(&self->net, SERVER, 0);
	size_t i, sent = 0;

	ASSERT_EQ(0, addr_bind(all, addr_any(PORT + 1)));
	ASSERT_EQ(0, listen(all, 8));
	net_run(&self->net, SERVER, "ip route add default via %s",
		self->net.ip[CLIENT]);
	for (i = 0; i < sources; i++) {
		c.src = source[i];
		wire_send(&self->net, CLIENT, &c);
		sent++;
	}
	c.src = NULL;
	for (i = 0; i < 3; i++) {
		/* The right IP address, in a link-layer broadcast. */
		c.dst = i < 2 ? destination[i] : NULL;
		c.link_broadcast = i == 2;
		/* A port with a listener on all addresses, and one without. */
		for (c.dport = PORT + 1; c.dport <= PORT + 2; c.dport++) {
			wire_send(&self->net, CLIENT, &c);
			sent++;
		}
	}
	/* Only what came in is on the wire, no answer. */
	for (i = 0;; i++) {
		const struct seg *s = wire_next(any, QUIET);

		if (!s)
			break;
		EXPECT_EQ(TH_SYN, s->flags);
		EXPECT_TRUE(s->sum_ok);
	}
	EXPECT_EQ(sent, i);
	/*
	 * As TCP on the wire, multicast and segments for ports of others are not taken,
	 * either.
	 */
	if (!stack_is_tcp())
		EXPECT_LE(stack_on_tcp() ? 1 : 4,
			  counter(&self->net, "in_bad_address") - before);
	wire_close(any);
	close(all);
}

/*
 * Forged data in the window desynchronizes the ends, so that neither accepts the
 * other's numbers.  They must not answer each other's ACKs for ever.
 */
TEST_F(bad, no_storm_of_acks)
{
	size_t before;
	char got[4];

	wire_send(&self->net, CLIENT, &self->next);
	sock_recv(self->s, got, 4);
	before = wire_count(self->wire);
	sock_send(self->c, "x", 1);
	sock_send(self->s, "y", 1);
	while (wire_next(self->wire, 300) &&
	       wire_count(self->wire) < before + 1000)
		;
	EXPECT_GT(before + 200, wire_count(self->wire));
}

TEST_HARNESS_MAIN
