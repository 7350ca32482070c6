// SPDX-License-Identifier: GPL-2.0
/*
 * Segments received out of order (core/ooo.c, core/sack.c) against a naive model:
 * a map of the bytes held.
 */
#include "ooo.h"
#include "sack.h"
#include "seq.h"
#include "test.h"

#define SPAN	4000		/* bytes of sequence space that the tests use */

static struct sim_conn *conn;
static struct atcp_tcb *c;
static bool held[SPAN];		/* the model */
static u32 base;		/* sequence number of byte 0 */

static u8 byte_at(u32 offset)
{
	return offset * 2654435761u >> 24;
}

static void begin(u64 seed, u32 first)
{
	static const struct sim_sockopt opt = { .rcvbuf = 1 << 20, .sndbuf = 1000, .room = 1000 };

	test_world(seed, 2);
	sim->link[0][1].down = true;
	conn = sim_connect(sim_host(0), 1, 1000, 2000, &opt);
	ASSERT(conn);
	c = &conn->c;
	base = first;
	c->rcv_nxt = base - 1;
	memset(held, 0, sizeof(held));
}

static void end(void)
{
	atcp_ooo_purge(c);
	ASSERT(!c->ooo_root);
	ASSERT_EQ(conn->rmem, 0);
	c->rcv_nxt = 0;
	test_world_end();
}

static struct atcp_seg *segment(u32 from, u32 len)
{
	u8 bytes[SPAN];
	struct atcp_seg *seg;
	struct atcp_cb *cb;
	u32 i;

	for (i = 0; i < len; i++)
		bytes[i] = byte_at(from + i);
	seg = sim_seg_from(bytes, len);
	cb = atcp_seg_cb(seg);
	memset(cb, 0, sizeof(*cb));
	cb->seq = base + from;
	cb->end_seq = base + from + len;
	ASSERT(atcp_host_admit(c, seg, false));
	return seg;
}

/* Walks the tree in order and marks its bytes; returns the number of segments. */
static u32 walk(struct atcp_seg *seg, bool *seen, u32 *last)
{
	struct atcp_cb *cb;
	u32 i, n, from;

	if (!seg)
		return 0;
	cb = atcp_seg_cb(seg);
	n = walk(atcp_seg_link(seg)->prev, seen, last);
	from = cb->seq - base;
	ASSERT_EQ(cb->end_seq - cb->seq, seg->len);
	ASSERT(seg->len);
	CHECK(from >= *last, "%u overlaps what ends at %u", from, *last);
	for (i = 0; i < seg->len; i++) {
		seen[from + i] = true;
		ASSERT_EQ(seg->data[i], byte_at(from + i));
	}
	*last = from + seg->len;
	return n + 1 + walk(atcp_seg_link(seg)->next, seen, last);
}

static void compare(void)
{
	bool seen[SPAN] = { false };
	u32 last = 0, i;

	walk(c->ooo_root, seen, &last);
	for (i = 0; i < SPAN; i++)
		CHECK(seen[i] == held[i], "byte %u: %d held, should be %d", i, seen[i], held[i]);
}

static void insert(u32 from, u32 len)
{
	u32 i;

	test_case("insert %u to %u", from, from + len);
	atcp_ooo_insert(c, segment(from, len));
	for (i = 0; i < len; i++)
		held[from + i] = true;
}

static void random_inserts(u64 seed, u32 first, u32 most)
{
	u64 rand = seed;
	u32 i;

	begin(seed, first);
	for (i = 0; i < 400; i++) {
		u32 len = 1 + sim_below(&rand, most);

		insert(sim_below(&rand, SPAN - len + 1), len);
		compare();
	}
	end();
}

TEST(random_small)
{
	u64 seed;

	for (seed = 1; seed <= 10; seed++)
		random_inserts(seed, 0x10000000, 20);
}

TEST(random_large)
{
	u64 seed;

	for (seed = 1; seed <= 10; seed++)
		random_inserts(seed, 0x10000000, 1000);
}

TEST(random_over_the_wrap)
{
	u64 seed;

	for (seed = 1; seed <= 10; seed++) {
		random_inserts(seed, 0u - SPAN / 2, 200);
		random_inserts(seed, 0x80000000u - SPAN / 2, 200);
	}
}

/* Removes the first and the last by turns, as delivery and a full buffer do. */
TEST(removal)
{
	u64 rand = 7;
	u32 i, n;

	begin(7, 0u - SPAN / 2);
	for (i = 0; i < SPAN / 10; i++)
		insert(10 * sim_below(&rand, SPAN / 10), 1 + sim_below(&rand, 9));
	for (n = 0; c->ooo_root; n++) {
		struct atcp_seg *seg = n % 2 ? atcp_ooo_last(c) : atcp_ooo_first(c);
		u32 from = atcp_seg_cb(seg)->seq - base;

		for (i = 0; i < SPAN; i++) {
			u32 at = n % 2 ? SPAN - 1 - i : i;

			if (held[at]) {
				ASSERT_EQ(at, n % 2 ? from + seg->len - 1 : from);
				break;
			}
		}
		for (i = 0; i < seg->len; i++)
			held[from + i] = false;
		atcp_ooo_remove(c, seg);
		atcp_host_free_admitted(c, seg, ATCP_DROP_NONE);
		compare();
	}
	ASSERT_GT(n, 50);
	end();
}

/* The depth of the tree, which stays small in whatever order a peer sends. */
static u32 depth(struct atcp_seg *seg)
{
	if (!seg)
		return 0;
	return 1 + max(depth(atcp_seg_link(seg)->prev), depth(atcp_seg_link(seg)->next));
}

static void depth_of(s32 start, s32 step)
{
	u32 i;

	begin(11, 5);
	for (i = 0; i < 1000; i++)
		insert(start + step * (s32)i, 1);
	ASSERT_LE(depth(c->ooo_root), 40);
	end();
}

TEST(shallow_whatever_the_order)
{
	depth_of(0, 2);
	depth_of(1998, -2);
}

/* --- which blocks are reported: RFC 2018 section 4 --- */

static void is_block(u32 i, u32 from, u32 to)
{
	const struct atcp_sack_block *b = &c->aside->ooo_recent[i];

	CHECK(b->start == base + from && b->end == base + to,
	      "block %u is %u to %u, not %u to %u", i, b->start - base, b->end - base, from, to);
}

static void sack_rules(u32 first)
{
	u32 i;

	begin(1, first);
	c->sack_on = true;
	atcp_sack_add(c, base + 100, base + 200);
	ASSERT_EQ(c->ooo_blocks, 1);
	/* The newest comes first. */
	atcp_sack_add(c, base + 300, base + 400);
	ASSERT_EQ(c->ooo_blocks, 2);
	is_block(0, 300, 400);
	is_block(1, 100, 200);
	/* A block that touches an old one extends it and moves it to the front. */
	atcp_sack_add(c, base + 200, base + 250);
	ASSERT_EQ(c->ooo_blocks, 2);
	is_block(0, 100, 250);
	is_block(1, 300, 400);
	/* A block that fills the gap between two joins them. */
	atcp_sack_add(c, base + 250, base + 300);
	ASSERT_EQ(c->ooo_blocks, 1);
	is_block(0, 100, 400);
	/* For a block inside another the outer one is reported. */
	atcp_sack_add(c, base + 150, base + 160);
	ASSERT_EQ(c->ooo_blocks, 1);
	is_block(0, 100, 400);
	/* When there are too many, the oldest is dropped. */
	for (i = 1; i <= 5; i++)
		atcp_sack_add(c, base + 1000 * i / 2 + 100, base + 1000 * i / 2 + 200);
	ASSERT_EQ(c->ooo_blocks, ATCP_SACK_BLOCKS);
	for (i = 0; i < ATCP_SACK_BLOCKS; i++)
		is_block(i, 1000 * (5 - i) / 2 + 100, 1000 * (5 - i) / 2 + 200);
	/* Blocks that RCV.NXT has passed are not reported any more. */
	c->rcv_nxt = base + 1700;
	atcp_sack_advance(c);
	ASSERT_EQ(c->ooo_blocks, 2);
	is_block(0, 2600, 2700);
	is_block(1, 2100, 2200);
	c->ooo_blocks = 0;
	end();
}

TEST(sack_blocks)
{
	sack_rules(1000);
	sack_rules(0u - 150);
	sack_rules(0x80000000u - 350);
}

/* A block of very many segments is looked at no further than the bound allows. */
TEST(sack_of_too_many_segments)
{
	u32 i;

	begin(1, 0u - SPAN / 2);
	c->sack_on = true;
	for (i = 0; i < SPAN; i++)
		insert(i, 1);
	atcp_sack_add(c, base + SPAN / 2, base + SPAN / 2 + 1);
	ASSERT_EQ(c->ooo_blocks, 1);
	ASSERT_LE(c->aside->ooo_recent[0].start - base, SPAN / 2 - 256);
	ASSERT_GE(c->aside->ooo_recent[0].end - base, SPAN / 2 + 256);
	ASSERT_LE(c->aside->ooo_recent[0].end - c->aside->ooo_recent[0].start, SPAN / 2);
	c->ooo_blocks = 0;
	end();
}

TEST(no_sack_blocks_unless_agreed)
{
	begin(1, 1000);
	c->sack_on = false;
	atcp_sack_add(c, base + 100, base + 200);
	ASSERT_EQ(c->ooo_blocks, 0);
	end();
}
