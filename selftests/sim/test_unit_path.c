// SPDX-License-Identifier: GPL-2.0
/* path.c: a link in one direction, of the simulator and of atcp-lab. */
#include "path.h"
#include "test.h"

#define PACKETS	20000
#define US	1000ull			/* nanoseconds */
#define MS	(1000 * US)

static struct path_link link;
static struct path_pkt packets[PACKETS], copies[PACKETS];
static u32 nsent, ncopies, ncame;
static struct {
	u64 id;
	u64 when;
	bool ce;
} came[2 * PACKETS];
static enum path_event fate[PACKETS];	/* PATH_EVENTS: none */

static void note(struct path_link *l, struct path_pkt *p, enum path_event what, uint64_t when)
{
	(void)when;
	ASSERT(l == &link);
	fate[p->id] = what;
}

static void drop(struct path_link *l, struct path_pkt *p)
{
	(void)l;
	(void)p;
}

static struct path_pkt *copy(struct path_link *l, const struct path_pkt *p)
{
	(void)l;
	copies[ncopies] = *p;
	return &copies[ncopies++];
}

static void begin(const char *const settings[][2], u32 n, u64 seed)
{
	u32 i;

	path_init(&link, "link", seed, 0);
	link.note = note;
	link.drop = drop;
	link.copy = copy;
	for (i = 0; i < n; i++)
		ASSERT(path_set(&link, settings[i][0], settings[i][1]));
	nsent = 0;
	ncopies = 0;
	ncame = 0;
}

#define BEGIN(...)								\
	do {									\
		static const char *const set[][2] = { __VA_ARGS__ };		\
		begin(set, sizeof(set) / sizeof(set[0]), 1);			\
	} while (0)

/* Lets the link work up to @now. */
static void work(u64 now)
{
	struct path_pkt *p;

	while ((p = path_take(&link, now))) {
		came[ncame].id = p->id;
		came[ncame].ce = p->ce;
		came[ncame++].when = p->when;
	}
}

static void offer(u64 now, u32 size, bool ect)
{
	struct path_pkt *p = &packets[nsent];

	work(now);
	*p = (struct path_pkt){ .id = nsent, .size = size, .ect = ect };
	fate[nsent++] = PATH_EVENTS;
	path_offer(&link, p, now);
}

/* @n packets of 1000 bytes, @gap apart; then the link empties. */
static void stream(u32 n, u64 gap)
{
	u32 i;

	for (i = 0; i < n; i++)
		offer(1 + i * gap, 1000, false);
	work(PATH_NEVER - 1);
	ASSERT_EQ(link.inside, 0);
	ASSERT_EQ(link.offered + link.count[PATH_DUP], link.passed + path_drops(&link));
	ASSERT_EQ(link.passed, ncame);
}

TEST(rate_and_delay)
{
	u32 i;

	BEGIN({ "rate_bps", "8000000" }, { "delay_us", "7000" });
	stream(100, 0);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(came[i].when, 1 + (i + 1) * MS + 7 * MS);
}

TEST(queue_holds_its_limit_besides_the_line)
{
	u32 i;

	BEGIN({ "rate_bps", "8000000" }, { "queue_pkts", "10" });
	for (i = 0; i < 20; i++)
		offer(1, 1000, false);
	ASSERT_EQ(link.pkts, 10);
	ASSERT_EQ(link.bytes, 10000);
	ASSERT_EQ(link.inside, 11);
	ASSERT_EQ(link.count[PATH_DROP_QUEUE], 9);
	ASSERT_EQ(fate[11], PATH_DROP_QUEUE);
	work(1 + 3 * MS);
	ASSERT_EQ(link.pkts, 7);
	ASSERT_EQ(link.sojourn, 3 * MS);

	BEGIN({ "rate_bps", "8000000" }, { "queue_bytes", "2500" });
	for (i = 0; i < 5; i++)
		offer(1, 1000, false);
	ASSERT_EQ(link.pkts, 2);
	offer(1, 500, false);		/* it just fits */
	ASSERT_EQ(link.pkts, 3);
	ASSERT_EQ(link.count[PATH_DROP_QUEUE], 2);
}

TEST(marks_what_may_be_marked)
{
	u32 i;

	BEGIN({ "rate_bps", "8000000" }, { "mark_pkts", "5" });
	for (i = 0; i < 20; i++)
		offer(1, 1000, i % 2);
	work(PATH_NEVER - 1);
	/* The first is on the line, so that the seventh finds five waiting. */
	for (i = 0; i < 20; i++)
		ASSERT_EQ(came[i].ce, i >= 6 && i % 2);
	ASSERT_EQ(link.count[PATH_MARK], 7);
}

/* A bucket of five packets, refilled by one a millisecond, is offered two a millisecond. */
TEST(policer_passes_its_rate)
{
	u32 i;

	BEGIN({ "police_bps", "8000000" }, { "police_bytes", "5000" });
	stream(2000, MS / 2);
	ASSERT_GE(ncame, 1000);
	ASSERT_LE(ncame, 1006);
	ASSERT_EQ(link.count[PATH_DROP_POLICE], 2000 - ncame);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(fate[i], PATH_EVENTS);	/* the bucket was full */
}

TEST(loses_by_chance_and_by_list)
{
	u32 i, lost = 0;

	BEGIN({ "loss_ppm", "20000" });
	stream(PACKETS, US);
	ASSERT_GE(link.count[PATH_DROP_LOSS], 340);
	ASSERT_LE(link.count[PATH_DROP_LOSS], 460);

	BEGIN({ "loss_at", "17,205-209" });
	stream(1000, US);
	for (i = 0; i < 1000; i++) {
		bool listed = i + 1 == 17 || (i + 1 >= 205 && i + 1 <= 209);

		ASSERT_EQ(fate[i] == PATH_DROP_LOSS, listed);
		lost += listed;
	}
	ASSERT_EQ(link.count[PATH_DROP_LOSS], lost);
}

/* Bad for four packets in the mean, one in a hundred begins it. */
TEST(loses_in_bursts)
{
	u32 i, bursts = 0, lost;

	BEGIN({ "gilbert_ppm", "10000,250000" });
	stream(PACKETS, US);
	lost = link.count[PATH_DROP_LOSS];
	for (i = 1; i < PACKETS; i++)
		bursts += fate[i] == PATH_DROP_LOSS && fate[i - 1] != PATH_DROP_LOSS;
	ASSERT_GE(bursts, 140);
	ASSERT_LE(bursts, 250);
	ASSERT_GE(lost, 3 * bursts);
	ASSERT_LE(lost, 5 * bursts);
}

TEST(duplicates_follow_their_originals)
{
	u32 i, twice = 0;

	BEGIN({ "dup_ppm", "100000" }, { "delay_us", "100" });
	stream(PACKETS / 4, US);
	for (i = 1; i < ncame; i++)
		twice += came[i].id == came[i - 1].id;
	ASSERT_EQ(twice, link.count[PATH_DUP]);
	ASSERT_EQ(ncame, PACKETS / 4 + twice);
	ASSERT_GE(twice, 400);
	ASSERT_LE(twice, 600);
}

TEST(jitter_keeps_the_order)
{
	u64 least = PATH_NEVER, most = 0;
	u32 i;

	BEGIN({ "jitter_us", "5000" }, { "delay_us", "1000" });
	stream(PACKETS, 10 * MS);
	for (i = 0; i < PACKETS; i++) {
		u64 took = came[i].when - 1 - i * 10 * MS;

		ASSERT_EQ(came[i].id, i);
		least = min(least, took);
		most = max(most, took);
	}
	ASSERT_GE(least, 1 * MS);
	ASSERT_LE(least, 1 * MS + 50 * US);
	ASSERT_LE(most, 6 * MS);
	ASSERT_GE(most, 6 * MS - 50 * US);
	BEGIN({ "jitter_us", "5000" });
	stream(PACKETS, 100 * US);
	for (i = 0; i < PACKETS; i++)
		ASSERT_EQ(came[i].id, i);
}

TEST(reordered_packets_are_held_back)
{
	u32 i, late = 0;

	BEGIN({ "reorder_ppm", "50000" }, { "reorder_us", "350" }, { "delay_us", "1000" });
	stream(PACKETS, 100 * US);
	for (i = 0; i < PACKETS; i++) {
		u64 took = came[i].when - 1 - came[i].id * 100 * US;
		bool held = fate[came[i].id] == PATH_REORDER;

		ASSERT_EQ(took, held ? 1350 * US : 1000 * US);
		late += held;
	}
	ASSERT_EQ(late, link.count[PATH_REORDER]);
	ASSERT_GE(late, 880);
	ASSERT_LE(late, 1120);
}

/* The packet on the line ends at the old rate, those that wait have the new one. */
TEST(rate_changes_for_those_that_wait)
{
	u32 i;

	BEGIN({ "rate_bps", "8000000" });
	for (i = 0; i < 4; i++)
		offer(1, 1000, false);
	work(MS / 2);
	ASSERT(path_set(&link, "rate_bps", "4000000"));
	work(PATH_NEVER - 1);
	ASSERT_EQ(came[0].when, 1 + MS);
	ASSERT_EQ(came[1].when, 1 + 3 * MS);
	ASSERT_EQ(came[3].when, 1 + 7 * MS);
}

/* Whatever else is set, the same packets are lost; another seed loses others. */
TEST(settings_do_not_move_each_other)
{
	static const char *const more[][2] = {
		{ "loss_ppm", "50000" }, { "dup_ppm", "100000" }, { "jitter_us", "50" },
		{ "reorder_ppm", "10000" }, { "reorder_us", "500" },
	};
	static bool lost[PACKETS];
	u32 i, differ = 0;

	begin(more, 1, 1);
	stream(PACKETS, US);
	for (i = 0; i < PACKETS; i++)
		lost[i] = fate[i] == PATH_DROP_LOSS;
	begin(more, 5, 1);
	stream(PACKETS / 2, US);
	for (i = 0; i < PACKETS / 2; i++)
		ASSERT_EQ(fate[i] == PATH_DROP_LOSS, lost[i]);
	begin(more, 1, 2);
	stream(PACKETS, US);
	for (i = 0; i < PACKETS; i++)
		differ += lost[i] != (fate[i] == PATH_DROP_LOSS);
	ASSERT_GE(differ, 500);
}

TEST(wrong_settings_are_refused)
{
	static const char *const wrong[][2] = {
		{ "rate", "1" }, { "rate_bps", "" }, { "rate_bps", "-1" }, { "rate_bps", "1k" },
		{ "rate_bps", "1,2" }, { "gilbert_ppm", "1" }, { "gilbert_ppm", "1,2,3,4" },
		{ "loss_at", "0" }, { "loss_at", "9-5" }, { "loss_at", "1," }, { "loss_at", "a" },
	};
	u32 i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		path_init(&link, "link", 1, 0);
		CHECK(!path_set(&link, wrong[i][0], wrong[i][1]), "taken: %s=%s", wrong[i][0],
		      wrong[i][1]);
	}
}
