// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU discovery without ICMP (RFC 4821): black holes, and probes for larger segments.
 * The MSS is 1460, without timestamps unless a script asks for them.
 */
#include "script.h"

/* Much to send, and the initial window of it in flight: nothing of it is acknowledged. */
static void be_sending(void)
{
	u32 i;

	script.opt.room = 14600;
	script.opt.sndbuf = 200000;
	be_established();
	user_sends(146000);
	for (i = 0; i < 10; i++)
		expect(i < 9 ? "A %u+1460 1" : "PA %u+1460 1", 1 + 1460 * i);
}

/* Takes the segments that have come, whatever they are. */
static void skip(void)
{
	while (expect_any())
		;
}

/* Two time-outs: the segment that goes again is smaller now. */
static void be_reduced(void)
{
	be_sending();
	expect_after(RTO, "A 1+1460 1");
	expect_after(2 * RTO, "A 1+1024 1");
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 1);
	ASSERT_EQ(tcb()->mss, 1024);
}

/* --- black holes: RFC 4821 section 7.7 --- */

/* Each segment in flight is sent again in pieces; new ones are no larger. */
SCRIPT(black_hole)
{
	be_reduced();
	inject("A 1 1025");
	expect("A 1025+436 1");
	expect("A 1461+1024 1");
	expect("A 2485+1024 1");
	inject("A 1 3509");
	expect("A 3509+1024 1");
	expect("A 4533+1024 1");
	expect("A 5557+1024 1");
	ASSERT_EQ(count_of(ATCP_STAT_MTU_RESTORED), 0);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 0);
}

/* The smaller one fails as well: that is an outage.  Then a still smaller one is tried. */
SCRIPT(outage)
{
	be_reduced();
	expect_after(4 * RTO, "A 1+1460 1");
	ASSERT_EQ(tcb()->mss, 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_RESTORED), 1);
	inject("A 1 1461");
	expect("A 1461+1460 1");
	expect("A 2921+1460 1");
	inject("A 1 4381");
	expect("A 4381+1460 1");
	expect("A 5841+1460 1");
	expect("A 7301+1460 1");
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 1);
}

/* Halved at every second time-out, and never below mtu_probe_floor. */
SCRIPT(floor)
{
	u64 wait = 4 * RTO;
	u32 i;

	script.conf->mtu_probe_floor = 200;
	be_reduced();
	for (i = 3; i <= 12; i++, wait *= 2) {
		static const u32 size[] = { 512, 256, 200, 200, 200 };

		expect_after(min(wait, 120 * SEC), "A 1+%u 1", i % 2 ? 1460 : size[i / 2 - 2]);
	}
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 6);
	inject("A 1 201");
	expect("A 201+200 1");
	expect("A 401+200 1");
}

/* The segment from before the reduction arrives: its size is no reason for the silence. */
SCRIPT(original_arrives)
{
	be_established();
	user_sends(1460);
	expect("PA 1+1460 1");
	expect_after(RTO, "PA 1+1460 1");
	expect_after(2 * RTO, "A 1+1024 1");
	inject("A 1 1461");
	ASSERT_EQ(tcb()->mss, 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_RESTORED), 1);
	user_sends(1460);
	expect("PA 1461+1460 1");
}

/* The same with more in flight, of which the last has the evidence. */
SCRIPT(flight_arrives)
{
	be_reduced();
	inject("A 1 1025");
	expect("A 1025+436 1");
	expect("A 1461+1024 1");
	expect("A 2485+1024 1");
	inject("A 1 14601");
	ASSERT_EQ(tcb()->mss, 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_RESTORED), 1);
	expect("A 14601+1460 1");
	expect("PA 16061+1460 1");
}

/* What is acknowledged was larger than the present size, but not full: no evidence. */
SCRIPT(smaller_arrives)
{
	be_established();
	user_sends(1460);
	expect("PA 1+1460 1");
	user_sends(1200);
	expect("PA 1461+1200 1");
	expect_after(RTO, "PA 1+1460 1");
	expect_after(2 * RTO, "A 1+1024 1");
	inject("A 1 1025");
	expect("PA 1025+436 1");
	expect("A 1461+1024 1");
	expect("PA 2485+176 1");
	inject("A 1 2661");
	ASSERT_EQ(tcb()->mss, 1024);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_RESTORED), 0);
}

/* Once the smaller size has passed, its loss does not bring back the larger one. */
SCRIPT(smaller_is_lost_later)
{
	be_reduced();
	inject("A 1 1025");
	expect("A 1025+436 1");
	expect("A 1461+1024 1");
	expect("A 2485+1024 1");
	/* Still backed off: nothing that was sent once has been acknowledged. */
	expect_after(4 * RTO, "A 1025+436 1");
	expect("A 1461+1024 1");
	expect_after(8 * RTO, "A 1025+436 1");
	expect("A 1461+1024 1");
	expect_after(16 * RTO, "A 1025+436 1");
	expect("A 1461+1024 1");
	ASSERT_EQ(tcb()->mss, 1024);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_RESTORED), 0);
}

/* A segment that is lost and small is not lost for its size. */
SCRIPT(small_segment)
{
	be_established();
	user_sends(1024);
	expect("PA 1+1024 1");
	expect_after(RTO, "PA 1+1024 1");
	expect_after(2 * RTO, "PA 1+1024 1");
	ASSERT_EQ(tcb()->mss, 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 0);
}

/* An ICMP error gives another reason for the silence. */
SCRIPT(explained)
{
	be_sending();
	expect_after(RTO, "A 1+1460 1");
	atcp_icmp(tcb(), script.iss + 1, EHOSTUNREACH, false);
	expect_after(2 * RTO, "A 1+1460 1");
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 0);
}

SCRIPT(switched_off)
{
	script.conf->mtu_probing = 0;
	be_sending();
	expect_after(RTO, "A 1+1460 1");
	expect_after(2 * RTO, "A 1+1460 1");
	expect_after(4 * RTO, "A 1+1460 1");
	expect_after(8 * RTO, "A 1+1460 1");
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 0);
}

SCRIPT(base_mss)
{
	script.conf->base_mss = 700;
	be_sending();
	expect_after(RTO, "A 1+1460 1");
	expect_after(2 * RTO, "A 1+700 1");
}

/* The sysctl counts payload: timestamps come on top. */
SCRIPT(timestamps)
{
	script.syn = "mss 1460 ts 1 0";
	script.ts = true;
	be_established();
	user_sends(1448);
	expect("PA 1+1448 1");
	expect_any();
	quiet(RTO / 2);
	while (count_of(ATCP_STAT_RETRANS_TIMEOUT) < 2)
		sim_run_for(RTO);
	expect("PA 1+1448 1");
	expect("A 1+1024 1");
	inject("A 1 1025");
	expect("PA 1025+424 1");
}

/* Every IPv6 path takes 1280. */
SCRIPT(ipv6)
{
	sim->ipv6 = true;
	be_established();
	user_sends(1440);
	expect("PA 1+1440 1");
	expect_after(RTO, "PA 1+1440 1");
	expect_after(2 * RTO, "A 1+1220 1");
	expect_after(4 * RTO, "PA 1+1440 1");
	expect_after(8 * RTO, "A 1+610 1");
}

/* TCP_MAXSEG is below the first size to try: the second one is tried. */
SCRIPT(maxseg)
{
	script.opt.mss_user = 900;
	be_established();
	user_sends(900);
	expect("PA 1+900 1");
	expect_after(RTO, "PA 1+900 1");
	expect_after(2 * RTO, "PA 1+900 1");
	expect_after(4 * RTO, "PA 1+900 1");
	expect_after(8 * RTO, "A 1+512 1");
	inject("A 1 901");
	ASSERT_EQ(tcb()->mss, 900);
}

/* The user time-out holds, whatever is tried meanwhile. */
SCRIPT(user_timeout)
{
	script.opt.user_timeout = 2 * SEC;
	be_sending();
	expect_after(RTO, "A 1+1460 1");
	expect_after(2 * RTO, "A 1+1024 1");
	expect_after(4 * RTO, "A 1+1460 1");
	quiet(SEC);
	closed_with(ETIMEDOUT);
}

/* R2 is reached by as many time-outs as ever. */
SCRIPT(r2)
{
	u32 n = 0;

	script.conf->retries2 = 5;
	be_sending();
	while (sim_host(0)->conns && !script.conn->closed) {
		sim_run_for(SEC);
		while (expect_any())
			n++;
	}
	ASSERT_EQ(n, 5);
	closed_with(ETIMEDOUT);
}

/* The FIN goes with the last piece, as it has gone with the whole. */
SCRIPT(fin)
{
	be_established();
	user_sends(1460);
	expect("PA 1+1460 1");
	user_closes();
	expect("FA 1461 1");
	expect_after(RTO, "FPA 1+1460 1");
	expect_after(2 * RTO, "A 1+1024 1");
	inject("A 1 1025");
	expect("FPA 1025+436 1");
	inject("A 1 1462");
	state_is(FIN_WAIT_2);
}

/* "Too big" while reduced: at once no larger than that; a probe finds out about the rest. */
SCRIPT(too_big_while_reduced)
{
	be_reduced();
	tcb()->mss_path = 1248;
	atcp_path_changed(tcb());
	expect_nothing();
	ASSERT_EQ(tcb()->mss, 1024);
	tcb()->mss_path = 700;
	atcp_path_changed(tcb());
	ASSERT_EQ(tcb()->mss, 700);
	inject("A 1 1025");
	expect("A 1025+436 1");
	expect("A 1461+700 1");
	expect("A 2161+700 1");
}

/* A probe for a closed window is none for the path. */
SCRIPT(closed_window)
{
	be_established();
	inject("A 1 1 win 0");
	user_sends(14600);
	sim_run_for(10 * SEC);
	skip();
	ASSERT_EQ(tcb()->mss, 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 0);
}

/* --- the search upwards: sections 7.3 to 7.6 --- */

#define PROBE	28937u

/*
 * The smaller segments pass, all in flight is repaired, and the search begins: PROBE is the
 * first number of a probe, and three smaller segments are behind it.
 */
static void be_probing(void)
{
	u32 una = 1;

	be_reduced();
	tcb()->cc.ssthresh = 100000;
	while (una < 14601) {
		una = min(una + 1024, 14601u);
		inject("A 1 %u", una);
		if (una < 14601)
			skip();
	}
	ASSERT_EQ(tcb()->recovery, ATCP_OPEN);
	inject("A 1 16649");
	expect("A %u+1460 1", PROBE);
	expect("A %u+1024 1", PROBE + 1460);
	expect("A %u+1024 1", PROBE + 2484);
	expect("PA %u+1024 1", PROBE + 3508);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 1);
	ASSERT_EQ(tcb()->mss, 1024);
}

/* The first probe has the size before: after an outage the search is over at once. */
SCRIPT(probe_passes)
{
	u32 nxt;

	be_probing();
	inject("A 1 %u", PROBE);
	skip();
	ASSERT_EQ(tcb()->mss, 1024);
	nxt = tcb()->snd_nxt - script.iss;
	inject("A 1 %u", PROBE + 1460);
	expect("A %u+1460 1", nxt);
	skip();
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_PASSED), 1);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 1);
	ASSERT_EQ(tcb()->mss, 1460);
	ASSERT_EQ(tcb()->mtup_low, 0);
}

/* Three duplicates of the ACK up to the probe.  @end: SND.NXT before the third. */
static void lose_probe(u32 *end)
{
	inject("A 1 %u", PROBE);
	skip();
	inject("A 1 %u", PROBE);
	skip();
	inject("A 1 %u", PROBE);
	skip();
	*end = tcb()->snd_nxt - script.iss;
	inject("A 1 %u", PROBE);
	expect("A %u+1024 1", PROBE);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_LOST), 1);
}

/*
 * The probe alone is lost, which is no sign of congestion (section 7.6.2): ssthresh and cwnd
 * stay as they were.  Its data goes again in two pieces.
 */
SCRIPT(probe_is_lost)
{
	u32 end, cwnd;

	be_probing();
	cwnd = tcb()->cc.cwnd;
	lose_probe(&end);
	ASSERT_GE(tcb()->cc.cwnd, cwnd);
	ASSERT_EQ(tcb()->cc.ssthresh, 100000);
	skip();
	inject("A 1 %u", PROBE + 1024);
	expect("A %u+436 1", PROBE + 1024);
	skip();
	inject("A 1 %u", end);
	skip();
	ASSERT_EQ(tcb()->recovery, ATCP_OPEN);
	ASSERT_EQ(tcb()->cc.ssthresh, 100000);
	ASSERT_EQ(tcb()->mss, 1024);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_TIMEOUT), 2);
}

/* The next probe has the size half-way: 1024 has passed, 1460 has not. */
SCRIPT(next_probe)
{
	u32 end;

	be_probing();
	tcb()->cc.ssthresh = 20000;	/* below cwnd: congestion avoidance */
	lose_probe(&end);
	ASSERT_GE(tcb()->cc.ssthresh, 20000);
	skip();
	inject("A 1 %u", end);
	skip();
	user_sends(50000);
	skip();
	while (count_of(ATCP_STAT_MTU_PROBES) == 1) {
		inject("A 1 %u", tcb()->snd_una + 2048 - script.iss);
		if (count_of(ATCP_STAT_MTU_PROBES) == 1)
			skip();
	}
	expect("A %u+1242 1", tcb()->mtup_seq - script.iss);
	skip();
}

/* Another segment before the probe is lost: that is congestion, and no word on the probe. */
SCRIPT(segment_before_the_probe_is_lost)
{
	int i;

	be_probing();
	for (i = 0; i < 4; i++) {
		inject("A 1 %u", PROBE - 1024);
		skip();
	}
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_FAST), 1);
	ASSERT_LT(tcb()->cc.ssthresh, 100000);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_LOST), 0);
	inject("A 1 %u", PROBE + 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_PASSED), 1);
	skip();
}

/* Both are lost: the probe's data has gone again, so that its ACK says nothing about it. */
static void send_probe_again(void)
{
	int i;

	be_probing();
	for (i = 0; i < 4; i++) {
		inject("A 1 %u", PROBE - 1024);
		skip();
	}
	inject("A 1 %u", PROBE);
	expect("A %u+1024 1", PROBE);
	skip();
}

static void probe_was_inconclusive(void)
{
	inject("A 1 %u", PROBE + 1460);
	skip();
	ASSERT_EQ(tcb()->mss, 1024);
	ASSERT_EQ(tcb()->mtup_size, 0);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_PASSED), 0);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_LOST), 0);
}

SCRIPT(probe_goes_again)
{
	send_probe_again();
	inject("A 1 %u", PROBE + 1024);
	expect("A %u+436 1", PROBE + 1024);
	skip();
	probe_was_inconclusive();
}

SCRIPT(probe_goes_again_in_part)
{
	send_probe_again();
	probe_was_inconclusive();
}

/* A time-out while a probe is in flight: it counts as lost, and its data goes in pieces. */
SCRIPT(probe_times_out)
{
	be_probing();
	inject("A 1 %u", PROBE);
	skip();
	sim_run_for(10 * RTO);
	expect("A %u+1024 1", PROBE);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_LOST), 1);
	ASSERT_EQ(tcb()->mtup_high, 1459);
	skip();
}

static void acknowledge(void)
{
	skip();
	inject("A 1 %u", tcb()->snd_nxt - script.iss);
	skip();
}

/*
 * Sends for @us, and acknowledges all each time 10 ms have passed, in the end all there is.
 * Returns the payload of the largest segment.
 */
static u32 bulk(u64 us)
{
	u64 end = sim->now + us;
	u32 from = sim->ntrace, most = 0;

	while (sim->now < end) {
		user_sends_flags(20000, 0);
		sim_run_for(10 * MSEC);
		acknowledge();
	}
	while (tcb()->snd_una != tcb()->write_seq) {
		sim_run_for(MSEC);
		acknowledge();
	}
	for (; from < sim->ntrace; from++)
		most = max(most, sim->trace[from].len);
	return most;
}

/* The search is over: no more than 1027 passes. */
static void be_found(void)
{
	be_reduced();
	inject("A 1 14601");
	skip();
	tcb()->mtup_low = 1024;
	tcb()->mtup_high = 1027;
	tcb()->mtup_top = false;
	tcb()->mtup_at = sim->now;
	atcp_mss_changed(tcb());
}

/* After ten minutes (probe_interval), or another that is set, larger segments are tried again. */
SCRIPT(search_again)
{
	be_found();
	ASSERT_EQ(bulk(SEC), 1024);
	sim_run_for(598 * SEC);
	ASSERT_EQ(bulk(SEC / 2), 1024);
	ASSERT(!atcp_wants_more(tcb()));
	sim_run_for(SEC);
	ASSERT_EQ(bulk(SEC), 1460);
	ASSERT(!atcp_wants_more(tcb()));
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 1);
	ASSERT_EQ(tcb()->mss, 1460);
}

/* The route changes, to the same MTU or to another: so may the path. */
SCRIPT(route_changes)
{
	be_found();
	ASSERT_EQ(bulk(SEC), 1024);
	atcp_route_changed(tcb());
	ASSERT_EQ(bulk(SEC), 1460);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 1);
}

/* No probe without data for three duplicate ACKs behind it, nor among urgent data. */
SCRIPT(no_probe)
{
	be_found();
	bulk(SEC);
	tcb()->mtup_high = 1460;
	user_sends(5000);
	acknowledge();
	acknowledge();
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 0);
	user_sends_flags(20000, SIM_OOB);
	acknowledge();
	acknowledge();
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 0);
}

/* --- mode 2: from the start --- */

SCRIPT(from_the_start)
{
	script.conf->mtu_probing = 2;
	script.opt.room = 14600;
	script.opt.sndbuf = 200000;
	be_established();
	ASSERT_EQ(tcb()->mss, 1024);
	user_sends(50000);
	expect("A 1+1024 1");
	skip();
	ASSERT_EQ(tcb()->snd_nxt - tcb()->snd_una, 10240);
	ASSERT_GE(bulk(SEC), 1452);
	ASSERT_GE(tcb()->mss, 1452);
	ASSERT_LE(count_of(ATCP_STAT_MTU_PROBES), 7);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES_LOST), 0);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_REDUCED), 0);
}

SCRIPT(from_the_start_by_base_mss)
{
	script.conf->mtu_probing = 2;
	script.conf->base_mss = 600;
	script.opt.room = 14600;
	be_established_passive();
	user_sends(5000);
	expect("A 1+600 1");
	skip();
}

/* A search ends when it has narrowed the size down to probe_threshold. */
SCRIPT(threshold)
{
	script.conf->mtu_probing = 2;
	script.conf->probe_threshold = 300;
	script.opt.room = 14600;
	script.opt.sndbuf = 200000;
	be_established();
	ASSERT_EQ(bulk(SEC), 1242);
	ASSERT_EQ(tcb()->mss, 1242);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 1);
}

/* The peer takes less than base_mss: there is nothing to look for. */
SCRIPT(nothing_to_search)
{
	script.conf->mtu_probing = 2;
	script.conf->probe_interval = SEC;
	script.syn = "mss 800";
	script.opt.sndbuf = 200000;
	be_established();
	ASSERT_EQ(bulk(3 * SEC), 800);
	ASSERT_EQ(count_of(ATCP_STAT_MTU_PROBES), 0);
}

/* The queue's segments are smaller than a probe: some are joined for it. */
SCRIPT(joined)
{
	script.conf->mtu_probing = 2;
	script.opt.room = 500;
	script.opt.sndbuf = 200000;
	script.opt.nodelay = true;
	be_established();
	ASSERT_GE(bulk(SEC), 1242);
	ASSERT_GE(tcb()->mss, 1242);
}

SCRIPT(paced)
{
	script.conf->mtu_probing = 2;
	script.opt.room = 14600;
	script.opt.sndbuf = 200000;
	script.opt.pace = 2000000;
	be_established();
	ASSERT_GE(bulk(SEC), 1452);
	ASSERT_GE(tcb()->mss, 1452);
}
