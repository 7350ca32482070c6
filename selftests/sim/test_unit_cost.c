// SPDX-License-Identifier: GPL-2.0
/*
 * What an ACK costs the sender: segments of the send queue whose links are looked at, each
 * counted once an ACK, and the memory of the queue.  Peers are what a core must fear: they
 * report whatever costs most.
 *
 * ACKs are given to the core at once, without the checks of a simulated run, which look at
 * every segment.
 */
#include "loss.h"

#define MANY	100000
#define BOUND	64		/* nodes an ACK, beyond those that it newly marks */
#define MB	1000000u

/* @total bytes in flight, in segments of the queue of @room bytes. */
static void be_big(u32 total, u32 room)
{
	script.syn = "mss 1000 sok ws 14";
	script.opt.room = room;
	loss_ready();
	inject("A 1 1");		/* its window is scaled */
	script.conn->opt.sndbuf = total;
	tcb()->cc.cwnd = total;
	tcb()->cc.ssthresh = total;
	atcp_set_quantum(tcb());
	sim->link[0][1].down = true;	/* what is sent is not looked at */
	while (script.conn->accepted < total)
		user_sends(min(total - (u32)script.conn->accepted, 15 * room));
	ASSERT_EQ(tcb()->snd_nxt - tcb()->snd_una, total);
	quiet(TRIP);
}

/* Segments in a tree. */
static u32 nodes(struct atcp_seg *seg)
{
	return seg ? 1 + nodes(atcp_seg_link(seg)->prev) + nodes(atcp_seg_link(seg)->next) : 0;
}

/* An ACK with @n blocks, which count from our initial number on.  Returns its cost. */
static u32 cost(const struct atcp_sack_block *b, u32 n, u32 ack)
{
	struct atcp_hdr h = {
		.sport = PEER_PORT, .dport = PORT, .seq = tcb()->rcv_nxt, .ack = script.iss + ack,
		.flags = ATCP_ACK, .wnd = 65535, .opts = ATCP_OPT_SACK, .nsack = n,
	};
	u32 i;

	for (i = 0; i < n; i++) {
		h.sack[i].start = script.iss + b[i].start;
		h.sack[i].end = script.iss + b[i].end;
	}
	sim_touch.now++;
	sim_touch.nodes = 0;
	atcp_arrive(tcb(), sim_seg_from(NULL, 0), &h);
	return sim_touch.nodes;
}

/* All of them where numbers are ordinary; a few where they wrap. */
static u32 many(void)
{
	return script.iss >> 28 == 1 ? MANY : MANY / 50;
}

/* One byte each, anywhere: none covers a segment. */
SCRIPT(sack_attack)
{
	u32 i, k, most = 0;
	u64 rand = 1, sum = 0;

	be_big(64 * MB, 64000);
	for (i = 0; i < many(); i++) {
		struct atcp_sack_block b[ATCP_SACK_BLOCKS];
		u32 was = script.conn->nsent, n;

		for (k = 0; k < ATCP_SACK_BLOCKS; k++) {
			b[k].start = 2 + sim_below(&rand, 64 * MB - 2);
			b[k].end = b[k].start + 1;
		}
		n = cost(b, ATCP_SACK_BLOCKS, 1);
		most = max(most, n);
		sum += n;
		ASSERT_EQ(script.conn->nsent, was);
	}
	SAY("sack_attack: %u ACKs of %u blocks, %u segments: %llu nodes on average, %u at most\n",
	    many(), ATCP_SACK_BLOCKS, script.conn->nsent, sum / many(), most);
	ASSERT_LE(most, BOUND);
	ASSERT_EQ(tcb()->sacked, 0);
}

/* The most that the kernel's TCP lets a queue of this buffer have: tcp_fragment(). */
static u64 memory(void)
{
	return (script.conn->wmem + 1280ULL * script.conn->nsent) / 2;
}

static u64 most_memory(void)
{
	return script.conn->opt.sndbuf + 2 * (65536 + 1280) + 1280;
}

/* Four times the depth of a balanced tree of all that is queued: what a treap may take. */
static u32 way(void)
{
	u32 n = script.conn->nsent, depth = 1;

	while (n >>= 1)
		depth++;
	return 4 * depth;
}

/*
 * A full segment each, anywhere: each is cut out of a large one, and goes to the board.  For
 * each that is cut, marked or sent again there are ways through trees.
 */
SCRIPT(sack_attack_of_segments)
{
	u32 i, k, most = 0, idle = 0;
	u64 rand = 1;

	be_big(16 * MB, 64000);
	for (i = 0; i < many() / 25; i++) {
		struct atcp_sack_block b[ATCP_SACK_BLOCKS];
		u32 was = script.conn->nsent, sacked = tcb()->sacked, lost = tcb()->lost;
		u32 resent = tcb()->total_retrans, n, new;

		for (k = 0; k < ATCP_SACK_BLOCKS; k++) {
			b[k].start = 1001 + 1000 * sim_below(&rand, 16 * MB / 1000 - 1);
			b[k].end = b[k].start + 1000;
		}
		n = cost(b, ATCP_SACK_BLOCKS, 1);
		ASSERT_LE(memory(), most_memory());
		if (tcb()->lost > lost)
			continue;	/* all that RACK marks is new */
		new = script.conn->nsent - was + (tcb()->sacked - sacked) / 1000 +
		      tcb()->total_retrans - resent;
		ASSERT_LE(n, (ATCP_SACK_BLOCKS + new) * way());
		most = max(most, n);
		if (!new) {
			idle = max(idle, n);
			ASSERT_LE(n, BOUND);
		}
	}
	SAY("sack_attack_of_segments: %u queued, %u refused: %u nodes at most, %u if none is new\n",
	    script.conn->nsent, (u32)count_of(ATCP_STAT_SPLITS_REFUSED), most, idle);
	/* Nothing is left of it when all is acknowledged. */
	cost(NULL, 0, 1 + 16 * MB);
	ASSERT_EQ(script.conn->nsent, 0);
	ASSERT_EQ(script.conn->wmem, 0);
}

/* One byte each, and each segment of the wire one of the queue. */
SCRIPT(sack_attack_on_small_segments)
{
	u32 i, k, most = 0;
	u64 rand = 1;

	be_big(16 * MB, 1000);
	for (i = 0; i < many() / 10; i++) {
		struct atcp_sack_block b[ATCP_SACK_BLOCKS];

		for (k = 0; k < ATCP_SACK_BLOCKS; k++) {
			b[k].start = 2 + sim_below(&rand, 16 * MB - 2);
			b[k].end = b[k].start + 1;
		}
		most = max(most, cost(b, ATCP_SACK_BLOCKS, 1));
	}
	ASSERT_GE(count_of(ATCP_STAT_SACK_LEFT), 1);
	SAY("sack_attack_on_small_segments: %u segments queued: %u nodes at most\n",
	    script.conn->nsent, most);
	ASSERT_LE(most, BOUND);
}

/* 64 MB in flight, and 1 MB newly reported in three blocks. */
SCRIPT(work_bound)
{
	static const struct atcp_sack_block far[] = {
		{ 30 * MB + 500, 30 * MB + 350500 },
		{ 20 * MB + 700, 20 * MB + 350700 },
		{ 10 * MB + 300, 10 * MB + 350300 },
	};
	u32 n, marked, lost;

	be_big(64 * MB, 64000);
	n = cost(far, 3, 1);
	marked = nodes(tcb()->snd_sacked);
	/* What was sent before the last of it is lost, and some of it has gone again. */
	lost = nodes(tcb()->snd_lost) + tcb()->total_retrans;
	SAY("work_bound: 64 MB in flight, 1 MB reported: %u nodes, of them %u SACKed, %u lost\n", n,
	    marked, lost);
	ASSERT_GE(tcb()->sacked, MB + 47000);	/* less what the edges round off */
	ASSERT_LE(n, BOUND + marked + lost);
	/* Half of what has arrived goes again: a product of more than 32 bits. */
	ASSERT_GE(tcb()->aside->prr_out, MB / 2 - 64000);
	ASSERT_LE(tcb()->aside->prr_out, MB / 2 + 64000);
	/* Again: nothing is new. */
	n = cost(far, 3, 1);
	SAY("work_bound: the same once more: %u nodes\n", n);
	ASSERT_LE(n, BOUND);
}

/* No block: what is acknowledged is freed. */
SCRIPT(work_bound_of_a_cumulative_ack)
{
	u32 n;

	be_big(64 * MB, 64000);
	n = cost(NULL, 0, 1 + MB);
	SAY("work_bound: 1 MB acknowledged of 64: %u nodes\n", n);
	ASSERT_LE(n, BOUND + MB / 64000 + 1);
}

/* A peer of tiny segments, of which it reports every other one. */
SCRIPT(memory_of_tiny_segments)
{
	u32 i, k, total = 16 * 64000;

	be_big(total, 64000);
	tcb()->mss = 36;
	for (i = 0; i < total / 36 / 2; i += ATCP_SACK_BLOCKS) {
		struct atcp_sack_block b[ATCP_SACK_BLOCKS];

		for (k = 0; k < ATCP_SACK_BLOCKS; k++) {
			b[k].start = 1 + 36 + 72 * (i + k);
			b[k].end = b[k].start + 36;
		}
		cost(b, ATCP_SACK_BLOCKS, 1);
		ASSERT_LE(memory(), most_memory());
	}
	SAY("memory_of_tiny_segments: %llu bytes for a buffer of %u, %u segments, %u refused\n",
	    memory(), script.conn->opt.sndbuf, script.conn->nsent,
	    (u32)count_of(ATCP_STAT_SPLITS_REFUSED));
	ASSERT_GE(count_of(ATCP_STAT_SPLITS_REFUSED), 1);
	cost(NULL, 0, 1 + total);
	ASSERT_EQ(script.conn->nsent, 0);
}

/* Forged D-SACKs are counted, and cost nothing. */
SCRIPT(dsack_attack)
{
	u32 i, most = 0;

	be_big(16 * MB, 64000);
	cost(NULL, 0, 1 + MB);
	for (i = 0; i < MANY; i++) {
		struct atcp_sack_block b = { 1 + i, 1001 + i };

		most = max(most, cost(&b, 1, 1 + MB));
	}
	SAY("dsack_attack: %u D-SACKs of what was sent once: %u nodes at most\n", MANY, most);
	ASSERT_LE(most, BOUND);
	ASSERT_EQ(count_of(ATCP_STAT_DSACK_IGNORED), MANY);
	ASSERT_EQ(tcb()->reo_mult, 1);
	ASSERT_EQ(tcb()->total_retrans, 0);
}
