// SPDX-License-Identifier: GPL-2.0
/* What the core does for socket options, below the sockets API. */
#include "scene.h"
#include "script.h"

/* --- TCP_DEFER_ACCEPT, TCP_SYNCNT of a listener --- */

struct request {
	struct atcp_req req;
	struct atcp_hdr ack;
	struct atcp_hdr reply;
};

static void begin_request(struct request *r, u8 most, u8 defer)
{
	struct atcp_hdr syn = { .seq = 100, .wnd = 1000, .flags = ATCP_SYN };
	struct atcp_tuple t;

	test_world(1, 2);
	sim_tuple(&t, 0, 1, 1, 2);
	atcp_req_init(&r->req, &sim_host(0)->space, &t, &syn, 1440, 65535, 65535);
	r->req.most = most;
	r->req.defer = defer;
	r->ack = (struct atcp_hdr) {
		.seq = 101, .ack = r->req.iss + 1, .wnd = 1000, .flags = ATCP_ACK,
	};
}

static enum atcp_verdict arrive(struct request *r, u32 len)
{
	enum atcp_drop why;

	return atcp_req_arrive(&r->req, &sim_host(0)->space, &r->ack, len, &r->reply, &why);
}

static enum atcp_verdict next_timeout(struct request *r)
{
	sim_run_for(r->req.deadline - sim_time());
	return atcp_req_timeout(&r->req, &sim_host(0)->space);
}

TEST(deferred_until_data)
{
	struct request r;

	begin_request(&r, 0, 3);
	ASSERT_EQ(arrive(&r, 0), ATCP_DROP);
	ASSERT_EQ(arrive(&r, 10), ATCP_ACCEPT);
}

/* A timer that comes early does nothing. */
TEST(request_before_its_time)
{
	struct request r;

	begin_request(&r, 0, 0);
	sim_run_for(r.req.deadline - sim_time() - 1);
	ASSERT_EQ(atcp_req_timeout(&r.req, &sim_host(0)->space), ATCP_DROP);
	ASSERT_EQ(r.req.timeouts, 0);
	ASSERT_EQ(next_timeout(&r), ATCP_SYNACK);
	ASSERT_EQ(r.req.timeouts, 1);
}

TEST(deferred_until_a_fin)
{
	struct request r;

	begin_request(&r, 0, 3);
	r.ack.flags |= ATCP_FIN;
	ASSERT_EQ(arrive(&r, 0), ATCP_ACCEPT);
}

/* After the ACK the SYN-ACK is resent only once, at the end of the time. */
TEST(deferred_no_longer)
{
	struct request r;

	begin_request(&r, 1, 3);
	ASSERT_EQ(arrive(&r, 0), ATCP_DROP);
	ASSERT_EQ(next_timeout(&r), ATCP_DROP);
	ASSERT_EQ(arrive(&r, 0), ATCP_DROP);
	ASSERT_EQ(next_timeout(&r), ATCP_DROP);
	ASSERT_EQ(next_timeout(&r), ATCP_SYNACK);
	ASSERT_EQ(arrive(&r, 0), ATCP_ACCEPT);
}

/* Without an ACK the request lasts as long as any other. */
TEST(deferred_without_an_ack)
{
	struct request r;

	begin_request(&r, 1, 5);
	ASSERT_EQ(next_timeout(&r), ATCP_SYNACK);
	ASSERT_EQ(next_timeout(&r), ATCP_FORGET);
}

/* TCP_RTO_MAX_MS of the listener bounds the time between two SYN-ACKs. */
TEST(rto_max_of_a_listener)
{
	struct request r;
	u32 i;

	begin_request(&r, 20, 0);
	r.req.rto_max = 5 * SEC;
	for (i = 0; i < 20; i++) {
		u64 gap = r.req.deadline - sim_time();

		ASSERT_EQ(gap, min_t(u64, SEC << i, 5 * SEC));
		ASSERT_EQ(next_timeout(&r), ATCP_SYNACK);
	}
}

/* --- TCP_SYNCNT --- */

SCRIPT(syn_retries)
{
	script.conf->syn_linear_timeouts = 0;
	be_syn_sent();
	tcb()->syn_retries = 2;
	expect_after(1 * SEC, "S 0");
	expect_after(2 * SEC, "S 0");
	quiet(4 * SEC);
	closed_with(ETIMEDOUT);
}

/* Those that do not back off come on top, as in the kernel's TCP. */
SCRIPT(syn_retries_beside_linear_timeouts)
{
	u32 i;

	be_syn_sent();
	tcb()->syn_retries = 2;
	for (i = 0; i < 5; i++)
		expect_after(1 * SEC, "S 0");
	expect_after(2 * SEC, "S 0");
	quiet(4 * SEC);
	closed_with(ETIMEDOUT);
}

/* --- TCP_THIN_LINEAR_TIMEOUTS --- */

SCRIPT(thin_streams_do_not_back_off)
{
	u32 i;

	be_established();
	tcb()->flags |= ATCP_F_THIN;
	user_sends(10);
	expect("PA 1+10 1");
	for (i = 0; i < 6; i++)
		expect_after(RTO, "PA 1+10 1");
	expect_after(RTO, "PA 1+10 1");
	expect_after(2 * RTO, "PA 1+10 1");
}

/* --- TCP_RTO_MIN_US, TCP_RTO_MAX_MS --- */

SCRIPT(bounds_of_the_time_out)
{
	be_established();
	tcb()->rto_min = 50 * MS;
	tcb()->rto_max = 1 * SEC;
	user_sends(10);
	expect("PA 1+10 1");
	sim_run_for(10 * MS);
	inject("A 1 11");
	user_sends(10);
	expect("PA 11+10 1");
	while (atcp_rto(tcb()) < SEC)
		expect_after(atcp_rto(tcb()), "PA 11+10 1");
	expect_after(1 * SEC, "PA 11+10 1");
	ASSERT_EQ(atcp_rto(tcb()), SEC);
}

/* --- a client that is about to send --- */

SCRIPT(handshake_ack_waits)
{
	be_syn_sent();
	tcb()->flags |= ATCP_F_LAZY_ACK;
	inject("SA 0 1 mss 1460");
	state_is(ESTABLISHED);
	expect_nothing();
	expect_after(200 * MS, "A 1 1");
}

SCRIPT(handshake_ack_with_data)
{
	be_syn_sent();
	tcb()->flags |= ATCP_F_LAZY_ACK;
	inject("SA 0 1 mss 1460");
	expect_nothing();
	user_sends(10);
	expect("PA 1+10 1");
	expect_nothing();
}

/* --- tcpi_delivery_rate --- */

/* Samples count although each round trip is the shortest so far. */
SCRIPT(delivery_rate_while_round_trips_shrink)
{
	u64 rtt;
	u32 at = 1;

	be_syn_sent();
	sim_run_for(200 * MS);
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	for (rtt = 100 * MS; rtt >= 10 * MS; rtt -= 10 * MS, at += 10) {
		user_sends(10);
		expect("PA %u+10 1", at);
		sim_run_for(rtt);
		inject("A 1 %u", at + 10);
		ASSERT_EQ(tcb()->rate_delivered, 1);
		ASSERT_EQ(tcb()->rate_interval, rtt);
	}
}

/* --- SO_MAX_PACING_RATE --- */

TEST(pacing)
{
	struct sim_sockopt opt = sim_sockopt_default;
	const u32 bytes = 200000;
	static u8 buf[200000];
	struct scene s;
	u64 start;
	u32 got = 0;

	test_world(1, 2);
	opt.pace = 100000;
	opt.sndbuf = bytes;
	scene_connect(&s, 13, &opt);
	start = sim_time();
	scene_send(s.client, 0, 0, bytes);
	while (got < bytes && !sim->stopped) {
		int n = sim_recv(s.server, buf, sizeof(buf));

		if (n > 0)
			got += n;
		else
			sim_run_for(MS);
		ASSERT_LE(sim_time() - start, 3 * SEC);
	}
	/* Two seconds' worth; the first two segments of it go at once. */
	ASSERT_GE(sim_time() - start, 1950 * MS);
	ASSERT_LE(sim_time() - start, 2100 * MS);
	sim_close(s.client);
	sim_run_for(10 * MS);
	sim_close(s.server);
	scene_skip();
	scene_over();
}

/* 2 MB/s: two segments of 1000 bytes a millisecond, which is what goes at once. */
static void be_paced(void)
{
	script.syn = "mss 1000";
	script.opt.room = 50000;
	script.opt.sndbuf = 400000;
	script.opt.pace = 2000000;
	be_established();
	script.conf->slow_start_after_idle = false;
	tcb()->cc.cwnd = 60000;
	tcb()->srtt = 8 * 20000;
}

static u32 segments_now(void)
{
	u32 n = 0;

	while (expect_any())
		n++;
	return n;
}

/* An idle time gives no credit: what comes after it is paced as anything else. */
SCRIPT(pacing_after_idle)
{
	u32 i;

	be_paced();
	sim_run_for(1 * SEC);
	user_sends(20000);
	ASSERT_EQ(segments_now(), 2);
	for (i = 1; i < 10; i++) {
		sim_run_for(1 * MS);
		ASSERT_EQ(segments_now(), 2);
	}
	inject("A 1 20001");
	sim_run_for(5 * MS);
	user_sends(20000);
	ASSERT_EQ(segments_now(), 2);
	sim_run_for(4 * MS);
	ASSERT_EQ(segments_now(), 8);
}

/* Nor does a time in which cwnd has held the data back. */
SCRIPT(pacing_after_a_full_cwnd)
{
	be_paced();
	tcb()->cc.ssthresh = 10000;
	tcb()->cc.cwnd = 10000;
	user_sends(40000);
	sim_run_for(100 * MS);
	ASSERT_EQ(segments_now(), 10);
	inject("A 1 10001");
	ASSERT_EQ(segments_now(), 2);
	/* 120 % of cwnd in a round trip, by now of 30 ms: two segments in 5 ms. */
	sim_run_for(6 * MS);
	ASSERT_EQ(segments_now(), 2);
}

/* A timer of the host's that is late is made up for, as far as 20 ms. */
static void paced_by_a_late_timer(u64 late, u32 segs)
{
	be_paced();
	user_sends(50000);
	ASSERT_EQ(segments_now(), 2);
	sim->now += 1 * MS + late;
	atcp_timeout(tcb());
	ASSERT_EQ(segments_now(), segs);
	sim_run_for(1 * MS);
	ASSERT_EQ(segments_now(), 2);
}

SCRIPT(pacing_by_a_late_timer)
{
	paced_by_a_late_timer(4 * MS, 10);
}

SCRIPT(pacing_by_a_very_late_timer)
{
	paced_by_a_late_timer(50 * MS, 42);
}

/* --- the size of segments, and the device's queue --- */

/* Segments of the send queue, each sent as one, for 60,000 bytes. */
static u32 pieces(u32 rtt, u32 cwnd)
{
	script.syn = "mss 1000";
	script.opt.room = 60000;
	script.opt.sndbuf = 400000;
	be_established();
	user_sends(1000);
	ASSERT_EQ(segments_now(), 1);
	sim_run_for(rtt);
	tcb()->cc.cwnd = cwnd;
	tcb()->cc.ssthresh = cwnd;
	tcb()->srtt = 0;
	memset(&tcb()->min_rtts, 0, sizeof(tcb()->min_rtts));
	inject("A 1 1001");
	user_sends(60000);
	ASSERT_EQ(segments_now(), min(cwnd / 1000, 60u));
	return script.conn->nsent;
}

/* A millisecond's worth at 120 % of cwnd a round trip, and two segments at least. */
SCRIPT(segments_of_a_slow_path)
{
	ASSERT_EQ(pieces(100 * MS, 60000), 30);
}

SCRIPT(segments_of_a_faster_path)
{
	/* 72 MB/s: 11 segments of 1000 bytes in 1024 us. */
	ASSERT_EQ(pieces(20 * MS, 200000), 6);
}

SCRIPT(segments_of_a_near_peer)
{
	ASSERT_EQ(pieces(1 * MS, 60000), 1);
}

/* What the device has no room for waits, and goes when it has. */
SCRIPT(device_without_room)
{
	script.syn = "mss 1000";
	be_established();
	script.conn->no_room = true;
	user_sends(5000);
	expect_nothing();
	quiet(10 * SEC);
	script.conn->no_room = false;
	atcp_push(tcb(), false);
	ASSERT_EQ(segments_now(), 5);
}

/* Likewise what is sent again. */
SCRIPT(device_without_room_after_a_timeout)
{
	script.syn = "mss 1000";
	be_established();
	user_sends(10000);
	ASSERT_EQ(segments_now(), 10);
	script.conn->no_room = true;
	quiet(RTO + MSEC);
	script.conn->no_room = false;
	atcp_push(tcb(), false);
	expect("A 1+1000 1");
	expect_nothing();
}
