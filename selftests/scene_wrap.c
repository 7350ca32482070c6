// SPDX-License-Identifier: GPL-2.0
/*
 * The eight steps of a connection whose sequence numbers pass 2^32 in both
 * directions during the transfer.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT		13
#define START		4294967286u	/* ten before the wrap */

FIXTURE(wrap)
{
	struct net net;
	struct wire *wire;
};

/* The kernel's TCP has no such switch: its numbers wrap by chance. */
static void begin_at(const struct net *net, int side, const char *isn)
{
	if (!side_is_tcp(side))
		net_sysctl(net, side, "net/atcp/debug_isn", isn);
}

FIXTURE_SETUP(wrap)
{
	char value[16];
	int side;

	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	snprintf(value, sizeof(value), "%u", START);
	for (side = CLIENT; side <= SERVER; side++)
		begin_at(&self->net, side, value);
}

FIXTURE_TEARDOWN(wrap)
{
	wire_close(self->wire);
}

TEST_F(wrap, eight_steps)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> PA  1  1 20",
		"< A   1 21  0",
		"< PA  1 21 22",
		"> A  21 23  0",
		"< FA 23 21  0",
		"> A  21 24  0",
		"> FA 21 24  0",
		"< A  24 22  0",
	};
	char question[20], answer[22], got[22];
	struct conn c;
	size_t i;

	pattern_fill(question, sizeof(question), 1);
	pattern_fill(answer, sizeof(answer), 2);
	conn_open(&self->net, PORT, &c);
	wire_wait(self->wire, script[2]);
	sock_send(c.end[CLIENT], question, 20);
	sock_recv(c.end[SERVER], got, 20);
	EXPECT_EQ(0, memcmp(got, question, 20));
	wire_wait(self->wire, script[4]);
	sock_send(c.end[SERVER], answer, 22);
	wire_wait(self->wire, script[6]);
	shutdown(c.end[SERVER], SHUT_WR);
	sock_recv(c.end[CLIENT], got, 22);
	EXPECT_EQ(0, memcmp(got, answer, 22));
	sock_recv_end(c.end[CLIENT]);
	net_wait_state(&self->net, SERVER, PORT, sock_port(c.end[CLIENT]),
		       ST_FIN_WAIT_2);
	close(c.end[CLIENT]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	sock_recv_end(c.end[SERVER]);
	close(c.end[SERVER]);
	close(c.listener);

	/* The numbers on the wire are 4294967286 to 4294967295, then 0, 1, ... */
	for (i = 0; i < wire_count(self->wire); i++) {
		const struct seg *s = wire_at(self->wire, i);

		if (!side_is_tcp(s->from))
			EXPECT_EQ((uint32_t)(START + s->seq), s->raw_seq);
	}
	if (stack_has_tcp())
		return;
	EXPECT_EQ(START, wire_at(self->wire, 0)->raw_seq);
	EXPECT_EQ(12, wire_at(self->wire, wire_count(self->wire) - 1)->raw_ack);
	EXPECT_EQ(14, wire_at(self->wire, wire_count(self->wire) - 1)->raw_seq);
}

/* A bulk transfer both ways at once over the wrap, with many segments. */
TEST_F(wrap, bulk_both_ways)
{
	static char out[300000], in[2][300000];
	size_t sent[2] = { 0, 0 }, got[2] = { 0, 0 }, len = sizeof(out);
	long long deadline = net_now() + PATIENCE;
	char value[16];
	struct conn c;
	int side;

	snprintf(value, sizeof(value), "%u", 0u - 150000);
	for (side = CLIENT; side <= SERVER; side++)
		begin_at(&self->net, side, value);
	pattern_fill(out, len, 0);
	conn_open(&self->net, PORT, &c);
	for (side = CLIENT; side <= SERVER; side++)
		sock_nonblock(c.end[side], true);
	while (got[0] < len || got[1] < len) {
		bool moved = false;

		for (side = CLIENT; side <= SERVER; side++) {
			ssize_t n = send(c.end[side], out + sent[side],
					 len - sent[side], MSG_NOSIGNAL);

			if (n > 0) {
				sent[side] += n;
				moved = true;
			}
			n = recv(c.end[side], in[side] + got[side],
				 len - got[side], 0);
			if (n > 0) {
				got[side] += n;
				moved = true;
			}
		}
		ASSERT_GT(deadline, net_now());
		if (!moved)
			usleep(1000);
	}
	for (side = CLIENT; side <= SERVER; side++)
		EXPECT_EQ(len, pattern_check(in[side], len, 0));
	conn_close(&c);
	/* The numbers have passed the wrap: some are high, the last are low. */
	if (!stack_has_tcp()) {
		const struct seg *first, *last;

		first = wire_at(self->wire, 0);
		while (wire_next(self->wire, 100))
			;
		first = wire_at(self->wire, 0);
		last = wire_at(self->wire, wire_count(self->wire) - 1);
		EXPECT_LT(0xf0000000, first->raw_seq);
		EXPECT_GT(0x10000000, last->raw_seq);
		EXPECT_GT(0x10000000, last->raw_ack);
	}
}

TEST_HARNESS_MAIN
