// SPDX-License-Identifier: GPL-2.0
/*
 * IPv4's options and IPv6's extension headers before a segment, and fragments: the
 * segment is found, or dropped without effect.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define QUIET	200	/* ms in which something would have come */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct headers {
	const char *what;
	uint8_t type;		/* of the first; IPv6 only */
	uint8_t len;
	uint8_t bytes[24];
};

#define UP	253		/* stands for the stack's own protocol */

/* Options and headers that are ignored. */
static const struct headers passed4[] = {
	{ "nothing", 0, 4, { 1, 1, 1, 0 } },
	{ "router alert", 0, 4, { 148, 4, 0, 0 } },
	{ "record route", 0, 8, { 7, 7, 4, 0, 0, 0, 0, 0 } },
	{ "timestamp", 0, 8, { 68, 8, 5, 0, 0, 0, 0, 0 } },
	{ "unknown", 0, 8, { 222, 6, 1, 2, 3, 4, 0, 0 } },
};

static const struct headers passed6[] = {
	{ "hop-by-hop: padding", IPPROTO_HOPOPTS, 8,
	  { UP, 0, 1, 4, 0, 0, 0, 0 } },
	{ "hop-by-hop: router alert", IPPROTO_HOPOPTS, 8,
	  { UP, 0, 5, 2, 0, 0, 1, 0 } },
	{ "destination: an option to be skipped", IPPROTO_DSTOPTS, 8,
	  { UP, 0, 0x1e, 4, 1, 2, 3, 4 } },
	{ "routing, nothing left of it", IPPROTO_ROUTING, 8,
	  { UP, 0, 0, 0, 0, 0, 0, 0 } },
	{ "a fragment that is whole", IPPROTO_FRAGMENT, 8,
	  { UP, 0, 0, 0, 0, 0, 0, 9 } },
	{ "three of them", IPPROTO_HOPOPTS, 24,
	  { IPPROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0,
	    IPPROTO_FRAGMENT, 0, 1, 4, 0, 0, 0, 0,
	    UP, 0, 0, 0, 0, 0, 0, 8 } },
};

/* Options and headers with which IP drops the packet. */
static const struct headers refused4[] = {
	{ "source route", 0, 8, { 131, 7, 4, 10, 0, 0, 9, 0 } },
	{ "record route without room for its pointer", 0, 4, { 7, 2, 4, 0 } },
	{ "longer than the header", 0, 8, { 222, 40, 1, 2, 3, 4, 5, 6 } },
	{ "length zero", 0, 4, { 222, 0, 0, 0 } },
};

static const struct headers refused6[] = {
	{ "destination: an option that must be known", IPPROTO_DSTOPTS, 8,
	  { UP, 0, 0x5e, 4, 1, 2, 3, 4 } },
	{ "destination: and told of", IPPROTO_DSTOPTS, 8,
	  { UP, 0, 0x9e, 4, 1, 2, 3, 4 } },
	{ "destination: an option beyond it", IPPROTO_DSTOPTS, 8,
	  { UP, 0, 0x1e, 200, 1, 2, 3, 4 } },
	{ "a header beyond the packet", IPPROTO_DSTOPTS, 8,
	  { UP, 255, 1, 4, 0, 0, 0, 0 } },
	{ "hop-by-hop in the second place", IPPROTO_DSTOPTS, 16,
	  { IPPROTO_HOPOPTS, 0, 1, 4, 0, 0, 0, 0,
	    UP, 0, 1, 4, 0, 0, 0, 0 } },
	{ "routing by way of one more host", IPPROTO_ROUTING, 24,
	  { UP, 2, 0, 1, 0, 0, 0, 0,
	    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9 } },
	{ "the first fragment alone", IPPROTO_FRAGMENT, 8,
	  { UP, 0, 0, 1, 0, 0, 0, 7 } },
	{ "no next header", IPPROTO_DSTOPTS, 8,
	  { IPPROTO_NONE, 0, 1, 4, 0, 0, 0, 0 } },
};

FIXTURE(headers)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	struct craft next;	/* what the client would send next */
	uint8_t ext[24];
};

FIXTURE_SETUP(headers)
{
	net_open(&self->net);
	net_no_timestamps(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	self->next = wire_established(self->wire, &self->net, self->c);
	self->next.flags |= TH_PSH;
	self->next.data = "data";
	self->next.len = 4;
	self->next.ext = self->ext;
	/* The client's own end must not receive the server's answers. */
	net_drop(&self->net, CLIENT, TH_ACK, 40, 80, 0);
}

FIXTURE_TEARDOWN(headers)
{
	wire_close(self->wire);
}

/* Returns the segment with these headers before it. */
static struct craft behind(struct craft c, const struct headers *h, uint8_t *ext)
{
	uint8_t *up = NULL;
	size_t i;

	memcpy(ext, h->bytes, h->len);
	/* The next header of the last one. */
	for (i = 0; i < h->len; i += 8 + ext[i + 1] * 8)
		up = ext + i;
	if (stack_is_ipv6() && *up == UP)
		*up = stack_proto();
	c.ext_type = h->type;
	c.ext_len = h->len;
	return c;
}

/*
 * Netfilter, which reassembles TCP's fragments for atcp as for connection tracking,
 * loses those behind options, the kernel's TCP's, too.
 */
static size_t passed_over6(void)
{
	return COUNT(passed6) - stack_on_tcp();
}

TEST_F(headers, passed_over)
{
	const struct headers *h = ip46(passed4, passed6);
	size_t i, n = ip46(COUNT(passed4), passed_over6());
	char got[4];

	for (i = 0; i < n; i++) {
		struct craft c = behind(self->next, &h[i], self->ext);

		TH_LOG("%s", h[i].what);
		wire_send(&self->net, CLIENT, &c);
		sock_recv(self->s, got, 4);
		EXPECT_EQ(0, memcmp(got, "data", 4));
		self->next.seq += 4;
	}
}

/* They do not keep a SYN from making a connection, either. */
TEST_F(headers, of_a_syn)
{
	const struct headers *h = ip46(passed4, passed6);
	size_t i, n = ip46(COUNT(passed4), passed_over6());
	const struct seg *s;

	net_drop(&self->net, CLIENT, TH_SYN | TH_ACK, 40, 80, 0);
	for (i = 0; i < n; i++) {
		struct craft c = behind(self->next, &h[i], self->ext);

		TH_LOG("%s", h[i].what);
		c.flags = TH_SYN;
		c.len = 0;
		c.sport = 5000 + i;
		wire_send(&self->net, CLIENT, &c);
		do {
			s = wire_next(self->wire, PATIENCE);
		} while (s && (s->from != SERVER || s->dport != c.sport));
		ASSERT_NE(NULL, s);
		EXPECT_EQ(TH_SYN | TH_ACK, s->flags);
		EXPECT_EQ(c.seq + 1, s->raw_ack);
	}
}

TEST_F(headers, refused)
{
	const struct headers *h = ip46(refused4, refused6);
	size_t i, n = ip46(COUNT(refused4), COUNT(refused6));
	char byte;

	for (i = 0; i < n; i++) {
		struct craft c = behind(self->next, &h[i], self->ext);

		wire_send(&self->net, CLIENT, &c);
		EXPECT_FALSE(sock_wait(self->s, POLLIN | POLLERR, QUIET))
			TH_LOG("%s", h[i].what);
	}
	/* The ICMP errors that some of them cause have done no harm, either. */
	net_drop_end(&self->net, CLIENT);
	EXPECT_EQ(0, sock_events(self->c, POLLIN | POLLERR));
	sock_send(self->c, "x", 1);
	sock_recv(self->s, &byte, 1);
	EXPECT_EQ('x', byte);
	sock_send(self->s, "y", 1);
	sock_recv(self->c, &byte, 1);
	EXPECT_EQ('y', byte);
}

/* Large segments in fragments of all sizes, in order and not. */
TEST_F(headers, fragments)
{
	/* IPv6: the whole of TCP's header in the first (RFC 7112). */
	const int size[] = { ip46(8, 24), 32, 256, 1000, 1400 };
	static char data[4000], got[4000];
	size_t i, done = 0;

	self->next.data = data;
	self->next.len = sizeof(data);
	for (i = 0; i < 2 * COUNT(size); i++) {
		self->next.fragment = size[i / 2];
		self->next.backwards = i % 2;
		pattern_fill(data, sizeof(data), done);
		wire_send(&self->net, CLIENT, &self->next);
		sock_recv(self->s, got, sizeof(got));
		EXPECT_EQ(sizeof(got), pattern_check(got, sizeof(got), done));
		self->next.seq += sizeof(data);
		done += sizeof(data);
	}
	EXPECT_EQ(0, sock_events(self->s, POLLIN));
}

/* The checksum covers the whole segment. */
TEST_F(headers, fragments_with_a_wrong_sum)
{
	self->next.fragment = 24;
	self->next.bad_sum = true;
	wire_send(&self->net, CLIENT, &self->next);
	EXPECT_FALSE(sock_wait(self->s, POLLIN, QUIET));
}

TEST_HARNESS_MAIN
