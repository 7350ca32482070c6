// SPDX-License-Identifier: GPL-2.0
/*
 * The sizes of the buffers (core/tune.c).  One flow fills a long path by the default sizes
 * and limits, whatever the handshake was like.  Then the receiver's own estimate of the
 * round trip, by echo and by window.
 */
#include "scene.h"
#include "script.h"

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

/* --- the receiver's round trip --- */

static void be_receiver(void)
{
	script.opt.rcvbuf = 10000;
	script.opt.no_quick = true;
}

/* By window: what is beyond the window of one moment needed an ACK that came later. */
SCRIPT(round_trip_by_window)
{
	be_receiver();
	script.syn = "mss 1460";
	be_established();
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	inject("A 1+1000 1");		/* begins: the window ends at 10001 */
	quiet(10 * MSEC);
	inject("A 1001+1000 1");
	expect("A 1 2001 win 8000");
	ASSERT_EQ(user_reads(), 2000);
	inject("A 2001+8000 1");
	expect("A 1 10001");
	ASSERT_EQ(user_reads(), 8000);
	expect("A 1 10001 win 10000");
	ASSERT_EQ(tcb()->rcv_rtt, 0);	/* all of that fitted into the window of then */
	quiet(30 * MSEC);
	inject("PA 10001+100 1");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 40 * MSEC);
	expect_within(1, 500 * MSEC, "A 1 10101");
	ASSERT_EQ(user_reads(), 100);
	/* A longer time shows a pause of the peer's, and no longer round trip. */
	sim_run_for(SEC);
	inject("A 10101+9900 1");
	expect("A 1 20001 win 0");
	ASSERT_EQ(user_reads(), 9900);
	expect("A 1 20001 win 10000");
	inject("A 20001+1000 1");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 40 * MSEC);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* A window that is closed for long is not taken for a round trip that is short. */
SCRIPT(round_trip_by_a_closed_window)
{
	be_receiver();
	script.syn = "mss 1460";
	be_established();
	inject("A 1+10000 1");		/* begins, with the window full */
	expect("A 1 10001 win 0");
	quiet(10 * MSEC);
	ASSERT_EQ(user_reads(), 10000);
	expect("A 1 10001 win 10000");
	quiet(50 * MSEC);
	inject("A 10001+1000 1");
	ASSERT_GE(tcb()->rcv_rtt / 8, 50 * MSEC);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* What takes longer than any time-out is none. */
SCRIPT(no_round_trip_of_minutes)
{
	be_receiver();
	script.syn = "mss 1460";
	be_established();
	inject("A 1+10000 1");
	expect("A 1 10001 win 0");
	quiet(10 * MINUTE);
	ASSERT_EQ(user_reads(), 10000);
	expect("A 1 10001 win 10000");
	inject("A 10001+1000 1");
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* By echo: the time since the ACK that the segment answers; a pause of the peer counts. */
SCRIPT(round_trip_by_echo)
{
	u32 acked, first;

	be_receiver();
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	first = script.last_tsval;
	quiet(60 * MSEC);
	inject("A 1+1448 1 ts 5060 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 60 * MSEC);
	inject("A 1449+1448 1 ts 5060 %u", first);
	expect("A 1 2897");
	acked = script.last_tsval;
	ASSERT_EQ(user_reads(), 2896);
	expect_nothing();
	/* Another that echoes the same tells nothing new. */
	quiet(10 * MSEC);
	inject("A 2897+1448 1 ts 5070 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 60 * MSEC);
	/* A smaller one is taken at once... */
	quiet(10 * MSEC);
	inject("A 4345+1448 1 ts 5080 %u", acked);
	expect("A 1 5793");
	ASSERT_EQ(tcb()->rcv_rtt / 8, 20 * MSEC);
	acked = script.last_tsval;
	ASSERT_EQ(user_reads(), 2896);
	expect_nothing();
	/* ...a larger one by an eighth... */
	quiet(100 * MSEC);
	inject("A 5793+1448 1 ts 5180 %u", acked);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 30 * MSEC);
	inject("A 7241+1448 1 ts 5180 %u", acked);
	expect("A 1 8689");
	acked = script.last_tsval;
	/* ...and not at all while the program has not read. */
	quiet(100 * MSEC);
	inject("A 8689+1448 1 ts 5280 %u", acked);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 30 * MSEC);
	sim_run_for(SEC);
	while (expect_any())
		;
}

/* Segments that are not full may have waited for their program: no sample. */
SCRIPT(round_trip_by_full_segments_alone)
{
	u32 first;

	be_receiver();
	script.syn = "mss 1460 ts 5000 0";
	be_established();
	first = script.last_tsval;
	quiet(60 * MSEC);
	inject("PA 1+100 1 ts 5060 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	/* Nor is a full one that follows, as it echoes the same. */
	quiet(10 * MSEC);
	inject("A 101+1448 1 ts 5070 %u", first);
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	sim_run_for(SEC);
	while (expect_any())
		;
}
