// SPDX-License-Identifier: GPL-2.0
/*
 * The send queue (core/queue.c) against a naive model: an array of its segments in order.
 */
#include "core/queue.h"
#include "core/seq.h"
#include "test.h"

#define MOST	200		/* segments */
#define MSS	100

enum place { UNSENT, FLIGHT, LOST, SACKED };

#define IN(place)	(1u << (place))	/* in a set of places */

struct piece {
	struct atcp_seg *seg;
	u32 start;		/* from base on */
	u32 end;
	u64 at;			/* when it was sent last */
	enum place place;
	bool again;
	bool tell;
	bool eor;
};

static struct sim_conn *conn;
static struct atcp_tcb *c;
static struct piece model[MOST + 2];
static u32 n;			/* pieces */
static u32 una;			/* from base on, as all numbers of the model */
static u32 base;
static u64 clock_;
static u64 rand_;

static void begin(u64 seed, u32 first)
{
	static const struct sim_sockopt opt = { .rcvbuf = 1000, .sndbuf = 1 << 30, .room = 1000 };

	test_world(seed, 2);
	sim->link[0][1].down = true;
	conn = sim_connect(sim_host(0), 1, 1000, 2000, &opt);
	ASSERT(conn);
	c = &conn->c;
	base = first;
	c->iss = first - 1;
	c->snd_una = first;
	c->snd_nxt = first;
	c->write_seq = first;
	c->mss = MSS;
	c->rack = true;
	n = 0;
	una = 0;
	clock_ = 1;
	rand_ = seed;
}

static void end(void)
{
	atcp_queue_purge(c);
	ASSERT(atcp_queue_empty(c));
	ASSERT(!c->snd_oldest && !c->snd_newest && !c->snd_last);
	ASSERT_EQ(c->lost + c->sacked + c->lost_segs + c->sacked_segs + c->resent_segs, 0);
	ASSERT_EQ(conn->nsent, 0);
	ASSERT_EQ(conn->wmem, 0);
	c->snd_una = c->iss;
	c->snd_nxt = c->iss + 1;
	c->write_seq = c->iss + 1;
	test_world_end();
}

static u32 below(u32 most)
{
	return sim_below(&rand_, most);
}

static bool is_sent(const struct piece *p)
{
	return p->place != UNSENT;
}

/* The index of a random piece in one of @places, or of none. */
static u32 any(u32 places)
{
	u32 i, skip = below(n ? n : 1);

	for (i = 0; i < n; i++) {
		u32 at = (i + skip) % n;

		if (IN(model[at].place) & places)
			return at;
	}
	return MOST;
}

/* --- comparison --- */

static struct atcp_seg *nth(u32 i)
{
	return i < n ? model[i].seg : NULL;
}

/* The first, or the last, in one of @places. */
static struct atcp_seg *first_in(u32 places, bool last)
{
	u32 found = n, i;

	for (i = 0; i < n && (last || found == n); i++)
		if (IN(model[i].place) & places)
			found = i;
	return nth(found);
}

#define SENT	(IN(FLIGHT) | IN(LOST) | IN(SACKED))

static void compare_sums(void)
{
	u32 lost = 0, sacked = 0, lost_segs = 0, sacked_segs = 0, resent = 0, i;

	for (i = 0; i < n; i++) {
		const struct piece *p = &model[i];
		u32 len = p->end - max(p->start, una);
		u32 segs = atcp_seg_cb(p->seg)->segs;

		if (is_sent(p))
			ASSERT_EQ(segs, (len + MSS - 1) / MSS);
		lost += p->place == LOST ? len : 0;
		lost_segs += p->place == LOST ? segs : 0;
		sacked += p->place == SACKED ? len : 0;
		sacked_segs += p->place == SACKED ? segs : 0;
		resent += p->place == FLIGHT && p->again ? segs : 0;
	}
	ASSERT_EQ(c->lost, lost);
	ASSERT_EQ(c->lost_segs, lost_segs);
	ASSERT_EQ(c->sacked, sacked);
	ASSERT_EQ(c->sacked_segs, sacked_segs);
	ASSERT_EQ(c->resent_segs, resent);
}

/* What is in flight, each once, oldest first. */
static void compare_times(void)
{
	struct atcp_seg *seg;
	u32 count = 0, i;
	u64 at = 0;

	for (seg = atcp_queue_oldest(c); seg; seg = atcp_queue_newer(seg)) {
		for (i = 0; i < n && model[i].seg != seg; i++)
			;
		ASSERT(i < n && model[i].place == FLIGHT);
		ASSERT_GE(model[i].at, at);
		at = model[i].at;
		ASSERT(++count <= n);
	}
	for (i = 0; i < n; i++)
		count -= model[i].place == FLIGHT;
	ASSERT_EQ(count, 0);
}

static void compare_finds(void)
{
	u32 i;

	for (i = 0; i < n; i++) {
		const struct piece *p = &model[i];
		u32 from = max(p->start, una);

		ASSERT(atcp_queue_find(c, base + from) == (is_sent(p) ? p->seg : NULL));
		ASSERT(atcp_queue_find(c, base + p->end - 1) == (is_sent(p) ? p->seg : NULL));
		if (is_sent(p) && i + 1 < n && is_sent(&model[i + 1]))
			ASSERT(atcp_queue_next_sent(c, p->seg) == nth(i + 1));
	}
	/* The first may be acknowledged in part. */
	if (!n || model[0].start >= una)
		ASSERT(!atcp_queue_find(c, base + una - 1));
}

static void compare(void)
{
	struct atcp_seg *seg;
	u32 i;

	for (i = 0; i < n; i++) {
		struct atcp_cb *cb = atcp_seg_cb(model[i].seg);

		ASSERT_EQ(cb->seq - base, model[i].start);
		ASSERT_EQ(cb->end_seq - base, model[i].end);
		ASSERT_EQ(!!(cb->sent & ATCP_SENT_LOST), model[i].place == LOST);
		ASSERT_EQ(!!(cb->sent & ATCP_SENT_SACKED), model[i].place == SACKED);
		ASSERT_EQ(!!(cb->sent & ATCP_SENT_TELL), model[i].tell);
	}
	ASSERT(atcp_queue_sent(c) == first_in(SENT, false));
	ASSERT(atcp_queue_last_sent(c) == first_in(SENT, true));
	ASSERT(atcp_queue_lost(c) == first_in(IN(LOST), false));
	ASSERT(atcp_queue_unsent(c) == first_in(IN(UNSENT), false));
	ASSERT(atcp_queue_first(c) == nth(0));
	ASSERT(atcp_queue_last(c) == (n ? nth(n - 1) : NULL));
	ASSERT_EQ(atcp_queue_empty(c), !n);
	for (i = 0, seg = atcp_queue_unsent(c); seg; seg = atcp_queue_next(seg), i++)
		;
	while (i && n >= i && model[n - i].place == UNSENT && --i)
		;
	ASSERT(i <= 1);
	ASSERT_EQ(conn->nsent, n);
	compare_finds();
	compare_times();
	compare_sums();
}

/* --- operations: each on the queue, then on the model --- */

static void append(void)
{
	u32 len = 1 + below(5 * MSS), start = n ? model[n - 1].end : c->write_seq - base;
	struct atcp_seg *seg;

	if (n == MOST)
		return;
	seg = sim_seg_new(len);
	seg->len = len;
	seg->charge = len;
	seg->owner = SIM_SEG_SENT;
	conn->wmem += len;
	conn->nsent++;
	atcp_enqueue(c, seg);
	model[n] = (struct piece){ .seg = seg, .start = start, .end = start + len };
	/* As the host has it: a program waits for its last octet, or a record ends. */
	model[n].tell = !below(20);
	model[n].eor = !below(20);
	atcp_seg_cb(seg)->sent = (model[n].tell ? ATCP_SENT_TELL : 0) |
				 (model[n].eor ? ATCP_SENT_EOR : 0);
	n++;
}

static void send_one(void)
{
	struct atcp_seg *seg = atcp_queue_unsent(c);
	struct atcp_cb *cb;
	u32 i = any(IN(UNSENT));

	if (i == MOST)
		return;
	while (i && model[i - 1].place == UNSENT)
		i--;
	ASSERT(model[i].seg == seg);
	cb = atcp_seg_cb(seg);
	cb->sent_at = ++clock_;
	cb->sent |= ATCP_SENT_ONCE;
	cb->segs = atcp_segments(c, cb->end_seq - cb->seq);
	atcp_queue_mark_sent(c);
	c->snd_nxt = cb->end_seq;
	model[i].place = FLIGHT;
	model[i].at = clock_;
}

static void split(void)
{
	u32 i = any(~0u), cut;
	struct atcp_seg *rest;
	struct piece *p = &model[i];

	/* Nothing below SND.UNA is cut. */
	if (i == MOST || n == MOST || p->end - p->start < 2 || p->start < una)
		return;
	cut = 1 + below(p->end - p->start - 1);
	rest = atcp_queue_split(c, p->seg, cut);
	ASSERT(rest);
	memmove(p + 2, p + 1, (n - i - 1) * sizeof(*p));
	n++;
	p[1] = *p;
	p->end = p->start + cut;
	p[1].start = p->end;
	p[1].seg = rest;
	p->tell = false;
}

static void join(void)
{
	u32 i = any(~0u);
	struct piece *p = &model[i];
	bool may, joined;

	if (i + 1 >= n || is_sent(p) != is_sent(p + 1) || p->start < una)
		return;
	may = p->place == p[1].place && !p->eor && !p->tell && !p[1].tell;
	joined = atcp_queue_join(c, p->seg, p[1].seg);
	ASSERT_EQ(joined, may);
	if (!joined)
		return;
	p->end = p[1].end;
	p->eor = p[1].eor;
	memmove(p + 1, p + 2, (n - i - 2) * sizeof(*p));
	n--;
}

static void lose(void)
{
	u32 i = any(IN(FLIGHT));

	if (i == MOST)
		return;
	atcp_queue_mark_lost(c, model[i].seg);
	model[i].place = LOST;
}

static void sack(void)
{
	u32 i = any(IN(FLIGHT) | IN(LOST));

	if (i == MOST)
		return;
	atcp_queue_mark_sacked(c, model[i].seg);
	model[i].place = SACKED;
}

static void send_again(void)
{
	u32 i = any(IN(FLIGHT) | IN(LOST));
	struct piece *p = &model[i];

	if (i == MOST || p->start < una)
		return;
	atcp_seg_cb(p->seg)->sent_at = ++clock_;
	atcp_queue_sent_again(c, p->seg, atcp_segments(c, p->end - p->start));
	p->place = FLIGHT;
	p->at = clock_;
	p->again = true;
}

static void lose_all(bool sacked)
{
	u32 i;

	atcp_queue_mark_all_lost(c, sacked);
	for (i = 0; i < n; i++)
		if (model[i].place == FLIGHT || (sacked && model[i].place == SACKED))
			model[i].place = LOST;
}

static void unlose(void)
{
	u32 i;

	atcp_queue_unmark_lost(c);
	for (i = 0; i < n; i++)
		if (model[i].place == LOST)
			model[i].place = FLIGHT;
}

static void acknowledge(void)
{
	u32 gone = 0, ack = una + below(c->snd_nxt - base - una + 1);
	struct atcp_seg *seg;

	while ((seg = atcp_queue_pop(c, base + ack))) {
		ASSERT(gone < n && model[gone].seg == seg && model[gone].end <= ack);
		ASSERT(!atcp_seg_order(seg)->next && !atcp_seg_order(seg)->prev);
		atcp_host_free_sent(c, seg);
		gone++;
	}
	atcp_queue_advance(c, base + ack);
	ASSERT_EQ(c->snd_una, base + ack);
	memmove(model, model + gone, (n - gone) * sizeof(model[0]));
	n -= gone;
	una = ack;
	ASSERT(!n || !is_sent(&model[0]) || model[0].end > una);
}

static void step(void)
{
	switch (below(24)) {
	case 0 ... 4:
		append();
		break;
	case 5 ... 8:
		send_one();
		break;
	case 9 ... 11:
		split();
		break;
	case 12 ... 13:
		join();
		break;
	case 14 ... 15:
		lose();
		break;
	case 16 ... 17:
		sack();
		break;
	case 18 ... 19:
		send_again();
		break;
	case 20:
		lose_all(below(2));
		break;
	case 21:
		unlose();
		break;
	default:
		if (!below(4))
			acknowledge();
	}
}

static void random_steps(u64 seed, u32 first)
{
	u32 i;

	begin(seed, first);
	for (i = 0; i < 1500; i++) {
		test_case("seed %llu, step %u", seed, i);
		step();
		compare();
	}
	end();
}

TEST(random)
{
	u64 seed;

	for (seed = 1; seed <= 20; seed++)
		random_steps(seed, 0x10000000);
}

TEST(random_over_the_wrap)
{
	u64 seed;

	for (seed = 1; seed <= 10; seed++) {
		random_steps(seed, 0u - 20000);
		random_steps(seed, 0x80000000u - 20000);
	}
}

/* The depth of a tree, which stays small in whatever order segments come into it. */
static u32 depth(struct atcp_seg *seg)
{
	if (!seg)
		return 0;
	return 1 + max(depth(atcp_seg_link(seg)->prev), depth(atcp_seg_link(seg)->next));
}

TEST(shallow)
{
	struct atcp_seg *seg;
	u32 i;

	begin(1, 0u - 500);
	for (i = 0; i < 1000; i++) {
		seg = sim_seg_new(1);
		seg->len = 1;
		seg->charge = 1;
		seg->owner = SIM_SEG_SENT;
		conn->wmem++;
		conn->nsent++;
		atcp_enqueue(c, seg);
		atcp_seg_cb(seg)->sent |= ATCP_SENT_ONCE;
		atcp_seg_cb(seg)->segs = 1;
		atcp_queue_mark_sent(c);
		c->snd_nxt++;
	}
	ASSERT_LE(depth(c->snd_flight), 40);
	for (i = 0; i < 1000; i += 2)
		atcp_queue_mark_sacked(c, atcp_queue_find(c, base + i));
	ASSERT_LE(depth(c->snd_flight), 40);
	ASSERT_LE(depth(c->snd_sacked), 40);
	atcp_queue_mark_all_lost(c, true);
	ASSERT_LE(depth(c->snd_lost), 40);
	end();
}
