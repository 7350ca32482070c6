// SPDX-License-Identifier: GPL-2.0
/*
 * The sizes of the buffers (core/tune.c): one flow fills a long path by the default sizes
 * and limits, whatever the handshake was like.  A run is too long to be repeated with
 * failures; test_core_tune.c has the round trip that this rests on.
 */
#include "scene.h"

/* As net.atcp.rmem and wmem have them; half of a receive buffer is its window. */
#define RCVBUF		65536
#define RCVBUF_MAX	(6291456 / 2)
#define SNDBUF		87040
#define SNDBUF_MAX	4194304

#define MBIT		125000ULL	/* bytes a second */

/* --- one flow, as fast as the path --- */

/**
 * struct path - a path, and what is done on it
 * @rate:	bytes a second
 * @delay:	one way, microseconds
 * @rcvbuf_max:	limit of the receiver's buffer
 * @sndbuf_max:	limit of the sender's, 0: it has 8 KiB and keeps them
 * @seconds:	how long the sender has to fill it
 * @whole:	large segments are not cut
 * @cookie:	the receiver is made of a SYN cookie
 * @lose:	the first segment with these flags is lost: the SYN, or the SYN-ACK
 * @bare:	no timestamps
 * @connects:	the receiver is the end that connects
 * @read_gap:	longest pause before the receiver reads, microseconds
 */
struct path {
	u64 rate;
	u64 delay;
	u32 rcvbuf_max;
	u32 sndbuf_max;
	u32 seconds;
	bool whole;
	bool cookie;
	u8 lose;
	bool bare;
	bool connects;
	u64 read_gap;
};

struct flow {
	struct sim_conn *from;
	struct sim_conn *to;
	struct sim_app sender;
	struct sim_app reader;
};

static void begin_flow(struct flow *f, const struct path *path)
{
	struct sim_link_conf wire = {
		.delay = path->delay, .rate = path->rate, .mtu = 1500, .whole = path->whole,
	};
	struct sim_sockopt opt = {
		.rcvbuf = RCVBUF, .rcvbuf_max = path->rcvbuf_max,
		.sndbuf = path->sndbuf_max ? SNDBUF : 8192, .sndbuf_max = path->sndbuf_max,
		.room = 65536 - 1500,
	};
	struct scene s;

	sim_begin(1, 2);
	sim_link_both(0, 1, &wire);
	sim_host(0)->space.conf.timestamps = !path->bare;
	s.listener = sim_listen(sim_host(1), 13, 16, &opt);
	s.listener->cookies = path->cookie;
	if (path->lose)
		scene_lose(path->lose & ATCP_ACK ? 1 : 0, path->lose, 1);
	s.client = sim_connect(sim_host(0), 1, 0, 13, &opt);
	sim_run_for(3 * SEC);
	s.server = test_accept(s.listener);
	ASSERT_EQ(sim_host(1)->stat[ATCP_STAT_SYN_COOKIES_GOOD], path->cookie);
	ASSERT_EQ(sim_host(0)->stat[ATCP_STAT_RETRANS_SYN] > 0, path->lose > 0);
	f->from = path->connects ? s.server : s.client;
	f->to = path->connects ? s.client : s.server;
	/* It sends nothing, not even a FIN, so that it has no sample but the handshake's. */
	f->reader = (struct sim_app) {
		.rand = 1, .read_max = 1 << 20, .blind = true, .read_gap = path->read_gap,
		.wait_fin = true,
	};
	f->sender = (struct sim_app) { .rand = 2, .total = ~0u, .write_max = 65536 };
	sim_app_start(&f->reader, f->to);
	sim_app_start(&f->sender, f->from);
}

static void end_flow(struct flow *f)
{
	sim_app_stop(&f->sender);
	sim_app_stop(&f->reader);
	sim_abort(f->from);
	sim_abort(f->to);
	test_world_end();
}

/* After @path->seconds the path is full for half a second. */
static void fills(const struct path *path)
{
	struct flow f;
	u32 before;

	begin_flow(&f, path);
	sim_run_for(path->seconds * SEC);
	before = f.reader.received;
	sim_run_for(SEC / 2);
	CHECK(!sim->stopped, "%s", sim->failure);
	/* 40 of 1500 bytes are headers, and 12 options. */
	CHECK(f.reader.received - before >= path->rate / 200 * 95,
	      "%u bytes in half a second, buffers of %u and %u bytes, rcv_rtt %u us",
	      f.reader.received - before, f.from->opt.sndbuf, f.to->opt.rcvbuf,
	      f.to->c.rcv_rtt / 8);
	/* The receiver knows the round trip, if not how long the queue on its way is. */
	ASSERT_GE(f.to->c.rcv_rtt / 8, 2 * path->delay);
	end_flow(&f);
}

#define LONG_PATH	.rate = 200 * MBIT, .delay = 50 * MS, .seconds = 2, \
			.rcvbuf_max = RCVBUF_MAX, .sndbuf_max = SNDBUF_MAX

TEST(fills_200_mbit_100_ms)
{
	fills(&(struct path) { LONG_PATH });
}

TEST(fills_it_without_timestamps)
{
	fills(&(struct path) { LONG_PATH, .bare = true });
}

TEST(fills_it_after_a_cookie)
{
	fills(&(struct path) { LONG_PATH, .cookie = true });
}

TEST(fills_it_after_a_lost_syn)
{
	fills(&(struct path) { LONG_PATH, .lose = ATCP_SYN });
}

TEST(fills_it_after_a_lost_syn_ack)
{
	fills(&(struct path) { LONG_PATH, .lose = ATCP_SYN | ATCP_ACK });
}

TEST(fills_it_without_timestamps_after_a_lost_syn_ack)
{
	fills(&(struct path) { LONG_PATH, .bare = true, .lose = ATCP_SYN | ATCP_ACK });
}

TEST(fills_it_towards_the_client)
{
	fills(&(struct path) { LONG_PATH, .connects = true, .lose = ATCP_SYN });
}

TEST(fills_it_for_a_reader_with_pauses)
{
	fills(&(struct path) { LONG_PATH, .read_gap = 5 * MS });
}

TEST(fills_1_gbit_100_ms_by_64_mb)
{
	fills(&(struct path) {
		.rate = 1000 * MBIT, .delay = 50 * MS, .seconds = 2, .whole = true,
		.rcvbuf_max = 64 << 19, .sndbuf_max = 64 << 20,
	});
}

/* --- and no larger than that --- */

/* Bytes that @path's receiver's buffer has come to. */
static u32 rcvbuf_after(const struct path *path)
{
	struct flow f;
	u32 size;

	begin_flow(&f, path);
	sim_run_for(path->seconds * SEC);
	CHECK(!sim->stopped, "%s", sim->failure);
	size = f.to->opt.rcvbuf;
	end_flow(&f);
	return size;
}

/* A sender that puts 8 KiB on its way at a time. */
TEST(little_needs_little)
{
	ASSERT_EQ(rcvbuf_after(&(struct path) {
		.rate = 200 * MBIT, .delay = 50 * MS, .seconds = 3, .rcvbuf_max = RCVBUF_MAX,
	}), RCVBUF);
}

TEST(a_limit_holds)
{
	ASSERT_EQ(rcvbuf_after(&(struct path) {
		.rate = 200 * MBIT, .delay = 50 * MS, .seconds = 3,
		.rcvbuf_max = 500000, .sndbuf_max = SNDBUF_MAX,
	}), 500000);
}

/* Where the program has set the size, it stays. */
TEST(a_fixed_size_stays)
{
	ASSERT_EQ(rcvbuf_after(&(struct path) {
		.rate = 200 * MBIT, .delay = 50 * MS, .seconds = 3, .sndbuf_max = SNDBUF_MAX,
	}), RCVBUF);
}
