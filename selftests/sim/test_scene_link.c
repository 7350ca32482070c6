// SPDX-License-Identifier: GPL-2.0
/*
 * What the simulator's links do to packets: what is measured over them is true only
 * when they do what a line and its queue do.
 */
#include "scene.h"

#define HDR	20
#define IP	20
#define FULL	(1500 - IP - HDR)	/* payload of the largest packet */

/* Host 0 sends by hand; host 1 counts what comes. */
static struct {
	u32 packets;
	u32 payload;
	u8 flags;		/* of all, together */
} got;

static void count(struct sim_host *h, const struct sim_pkt *p)
{
	(void)h;
	got.packets++;
	got.payload += p->len - HDR;
	got.flags |= p->bytes[13];
}

static void begin(const struct sim_link_conf *k)
{
	test_world(1, 2);
	sim_link_both(0, 1, k);
	sim_host(1)->raw = true;
	sim_host(1)->raw_rx = count;
	memset(&got, 0, sizeof(got));
}

static void send_payload(u32 len, u8 flags)
{
	u8 bytes[65536] = { [12] = HDR / 4 << 4, [13] = flags };

	sim_wire_send(0, 1, bytes, HDR + len, HDR, FULL);
}

/* 1 Mbit/s: a full packet takes 12 ms. */
static const struct sim_link_conf slow = { .rate = 125000, .queue = 10, .mtu = 1500 };

TEST(small_packet_takes_one_place)
{
	u32 i;

	begin(&slow);
	for (i = 0; i < 8; i++)
		send_payload(FULL, ATCP_ACK);
	send_payload(0, ATCP_FIN | ATCP_ACK);	/* seven wait */
	sim_run_for(SEC);
	ASSERT_EQ(got.packets, 9);
	ASSERT(got.flags & ATCP_FIN);
}

TEST(small_packets_fill_the_queue)
{
	u32 i;

	begin(&slow);
	for (i = 0; i < 11; i++)
		send_payload(0, ATCP_ACK);	/* the first is on the line, ten wait */
	send_payload(FULL, ATCP_ACK);
	sim_run_for(SEC);
	ASSERT_EQ(got.packets, 11);
	ASSERT_EQ(got.payload, 0);
	/* The queue is free again. */
	send_payload(FULL, ATCP_ACK);
	sim_run_for(SEC);
	ASSERT_EQ(got.payload, FULL);
}

/* The queue's end is where a large send is dropped, wherever it is cut otherwise. */
static void large_send(bool whole)
{
	struct sim_link_conf k = slow;

	k.whole = whole;
	begin(&k);
	send_payload(40 * FULL, ATCP_FIN | ATCP_ACK);
	sim_run_for(SEC);
	ASSERT_EQ(got.packets, 11);
	ASSERT_EQ(got.payload, 11 * FULL);
	ASSERT(!(got.flags & ATCP_FIN));	/* it was in the last piece */
	ASSERT_EQ(sim->link[0][1].lost, 29);
}

TEST(large_send_takes_a_place_for_each_packet)
{
	large_send(false);
	test_world_end();
	large_send(true);
}

/* Each piece of a large send is lost by itself. */
TEST(large_send_is_lost_by_pieces)
{
	struct sim_link_conf k = { .rate = 125000000, .mtu = 1500, .loss = 500000, .whole = true };

	begin(&k);
	send_payload(40 * FULL, ATCP_ACK);
	sim_run_for(SEC);
	ASSERT_GE(got.packets, 10);
	ASSERT_LE(got.packets, 30);
	ASSERT_EQ(got.packets + sim->link[0][1].lost, 40);
}

/* 3 Mbit/s: 106.67 us for a packet of 40 bytes; the parts of a microsecond add up. */
TEST(rate_is_exact)
{
	struct sim_link_conf k = { .rate = 375000, .mtu = 1500 };
	u64 began;
	u32 i;

	begin(&k);
	began = sim->now;
	for (i = 0; i < 9000; i++)
		send_payload(0, ATCP_ACK);
	while (got.packets < 9000 && sim_step(ATCP_NEVER))
		;
	ASSERT_EQ(sim->now - began, 9000ULL * 40 * 1000000 / 375000);
}
