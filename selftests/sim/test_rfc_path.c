// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of the path: of its MTU (RFC 9293 section 3.7.2, RFC 1191 section 6.5), and
 * outages (RFC 6069).
 */
#include "script.h"

/* The path's MSS becomes @mss, as by an ICMP error or a change of the route. */
static void path_takes(u16 mss)
{
	tcb()->mss_path = mss;
	atcp_path_changed(tcb());
	sim_run_for(0);
}

/* Segments in flight that are too large are resent at once, in pieces that fit. */
SCRIPT(too_large_in_flight)
{
	u32 ssthresh;

	be_established();
	user_sends(4000);
	expect("A 1+1460 1");
	expect("A 1461+1460 1");
	expect("PA 2921+1080 1");
	ssthresh = tcb()->cc.ssthresh;
	path_takes(1000);
	expect("A 1+1000 1");
	expect("A 1001+1000 1");
	expect("A 2001+1000 1");
	expect("PA 3001+1000 1");
	/* It is no sign of congestion. */
	ASSERT_EQ(tcb()->cc.ssthresh, ssthresh);
	ASSERT_EQ(tcb()->backoff, 0);
	inject("A 1 4001");
	user_sends(2000);
	expect("A 4001+1000 1");
	expect("PA 5001+1000 1");
}

static void be_short_of_cwnd(void)
{
	script.syn = "mss 1000";
	script.opt.room = 50000;
	script.opt.sndbuf = 200000;
	be_established();
	tcb()->cc.cwnd = 2000;
	tcb()->cc.ssthresh = 2000;
	user_sends(20000);
	expect("A 1+1000 1");
	expect("PA 1001+1000 1");
	expect_nothing();
}

/* A path that takes less is no reason to send more than cwnd lets out. */
SCRIPT(smaller_does_not_raise_cwnd)
{
	be_short_of_cwnd();
	path_takes(500);
	expect("A 1+500 1");
	expect("A 501+500 1");
	expect("A 1001+500 1");
	expect("PA 1501+500 1");
	expect_nothing();
	ASSERT_LE(tcb()->cc.cwnd, 2000);
}

/* Nor does it keep what duplicate ACKs have let out in fast recovery. */
SCRIPT(smaller_while_recovering)
{
	u32 i;

	be_short_of_cwnd();
	for (i = 0; i < 6; i++) {
		inject("A 1 1");
		while (expect_any())
			;
	}
	ASSERT_GT(tcb()->snd_nxt - tcb()->snd_una, 5000);
	path_takes(500);
	for (i = 0; i < 4; i++)
		expect(i < 3 ? "A %u+500 1" : "PA %u+500 1", 1 + 500 * i);
	expect_nothing();
}

/* A larger MTU changes no segment in flight. */
SCRIPT(larger)
{
	be_established();
	path_takes(1000);
	user_sends(2000);
	expect("A 1+1000 1");
	expect("PA 1001+1000 1");
	path_takes(1400);
	quiet(RTO / 2);
	inject("A 1 2001");
	user_sends(1400);
	expect("PA 2001+1400 1");
}

/*
 * RFC 5681 section 3.1: ssthresh is at least two segments of the present size.  Else
 * cwnd after recovery would be too small for one segment.
 */
SCRIPT(larger_while_recovering)
{
	be_established();
	path_takes(100);
	user_sends(400);
	expect("A 1+100 1");
	expect("A 101+100 1");
	expect("A 201+100 1");
	expect("PA 301+100 1");
	inject("A 1 1");
	inject("A 1 1");
	inject("A 1 1");
	expect("A 1+100 1");
	path_takes(1460);
	inject("A 1 401");
	user_sends(1460);
	expect("PA 401+1460 1");
}

/* With nothing in flight, nothing is resent. */
SCRIPT(idle)
{
	be_established();
	path_takes(700);
	quiet(MINUTE);
	user_sends(700);
	expect("PA 1+700 1");
}

/* RFC 6069: an ICMP unreachable shows an outage, no congestion: it undoes one back-off. */
SCRIPT(unreachable)
{
	u64 wait = RTO;
	int i;

	be_established();
	user_sends(10);
	expect("PA 1+10 1");
	for (i = 0; i < 5; i++) {
		expect_after(wait, "PA 1+10 1");
		wait *= 2;
	}
	ASSERT_EQ(tcb()->backoff, 5);
	/* An error that quotes another sequence number undoes none. */
	atcp_icmp_unreachable(tcb(), script.iss + 2);
	ASSERT_EQ(tcb()->backoff, 5);
	atcp_icmp_unreachable(tcb(), script.iss + 1);
	ASSERT_EQ(tcb()->backoff, 4);
	expect_after(wait / 2, "PA 1+10 1");
	inject("A 1 11");
	quiet(MINUTE);
}

/* Without a back-off it changes nothing. */
SCRIPT(unreachable_for_nothing)
{
	be_established();
	atcp_icmp_unreachable(tcb(), script.iss + 1);
	quiet(MINUTE);
	user_sends(10);
	expect("PA 1+10 1");
	atcp_icmp_unreachable(tcb(), script.iss + 1);
	expect_after(RTO, "PA 1+10 1");
}
