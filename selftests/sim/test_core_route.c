// SPDX-License-Identifier: GPL-2.0
/*
 * What a route asks for, as numbers that the host sets.  Each counts as for the kernel's TCP:
 * selftests/route_metrics.c.
 */
#include "core/rack.h"
#include "core/rtt.h"
#include "core/window.h"
#include "loss.h"

/* A program that fills whatever window there is, to a peer with segments of 1000 bytes. */
static void be_filling(void)
{
	script.syn = "mss 1000";
	script.opt.room = 1000;
	script.opt.sndbuf = 200000;
	be_established();
	user_sends(100000);
}

/* --- initcwnd --- */

SCRIPT(first_flight)
{
	script.opt.route.cwnd_first = 4;
	be_filling();
	sent(1, 4);
}

/* RFC 6928's bound is for those who know nothing of the path. */
SCRIPT(first_flight_above_ten)
{
	script.opt.route.cwnd_first = 30;
	be_filling();
	sent(1, 30);
}

SCRIPT(first_flight_above_all_windows)
{
	script.opt.route.cwnd_first = 65535;
	script.opt.route.cwnd_max = 65535;
	sim->link[0][1].conf.mtu = 65535;
	script.syn = "mss 65000";
	be_established();
	ASSERT_EQ(tcb()->cc.cwnd, ATCP_CC_CWND_MAX);
}

SCRIPT(first_flight_of_a_server)
{
	script.syn = "mss 1000";
	script.opt.sndbuf = 200000;
	script.opt.route.cwnd_first = 4;
	be_established_passive();
	ASSERT_EQ(tcb()->cc.cwnd, 4000);
}

/* A lost SYN is a sign of congestion, whatever the route says. */
SCRIPT(first_flight_after_a_lost_syn)
{
	script.syn = "mss 1000";
	script.opt.route.cwnd_first = 4;
	be_syn_sent();
	expect_after(1 * SEC, "S 0");
	inject("SA 0 1 %s", script.syn);
	expect("A 1 1");
	ASSERT_EQ(tcb()->cc.cwnd, 1000);
}

/* RFC 5681 section 4.1: after an idle time the restart window is the first one. */
SCRIPT(first_flight_after_idling)
{
	script.syn = "mss 1000";
	script.opt.room = 1000;
	script.opt.sndbuf = 200000;
	script.opt.route.cwnd_first = 4;
	be_established();
	user_sends(4000);
	sent(1, 4);
	inject("A 1 4001");
	user_sends(8000);
	sent(4001, 8);
	inject("A 1 12001");
	tcb()->cwnd_first = 3;			/* the route has changed meanwhile */
	sim_run_for(10 * SEC);
	user_sends(20000);
	sent(12001, 3);
}

/* --- cwnd, locked --- */

SCRIPT(cwnd_has_a_bound)
{
	u32 at = 1, n;

	script.opt.route.cwnd_max = 5;
	be_filling();
	for (n = 0; n < 12; n++) {
		sent(at, 5);
		at += 5000;
		inject("A 1 %u", at);
		ASSERT_EQ(tcb()->cc.cwnd, 5000);
	}
	sent(at, 5);
}

/* It counts segments, whatever size they have. */
SCRIPT(bound_of_smaller_segments)
{
	script.opt.route.cwnd_max = 5;
	be_filling();
	sent(1, 5);
	tcb()->mss_path = 500;
	atcp_mss_changed(tcb());
	ASSERT_EQ(tcb()->cc.cwnd, 5 * 500);
}

SCRIPT(bound_below_the_first_flight)
{
	script.opt.route.cwnd_first = 8;
	script.opt.route.cwnd_max = 2;
	be_filling();
	sent(1, 2);
}

/* --- ssthresh --- */

SCRIPT(slow_start_ends_early)
{
	script.opt.route.cwnd_first = 4;
	script.opt.route.ssthresh_first = 6;
	be_filling();
	ASSERT_EQ(tcb()->cc.ssthresh, 6000);
	sent(1, 4);
	inject("A 1 4001");
	/* Two of the four are slow start's; the others are counted for congestion avoidance. */
	sent(4001, 6);
}

SCRIPT(ssthresh_below_the_least)
{
	script.opt.route.ssthresh_first = 1;
	be_filling();
	ASSERT_EQ(tcb()->cc.ssthresh, 2000);
	sent(1, 10);
}

SCRIPT(ssthresh_above_the_bound)
{
	script.opt.route.ssthresh_first = 50;
	script.opt.route.cwnd_max = 20;
	be_filling();
	ASSERT_EQ(tcb()->cc.ssthresh, 20000);
	sent(1, 10);
}

/* --- reordering --- */

SCRIPT(reordering_of_the_route)
{
	script.opt.route.reordering = 6;
	loss_sending(10);
	ASSERT_EQ(tcb()->reordering, 6);
	quiet(TRIP);
	inject("A 1 1 sack 1001-6001");
	expect_nothing();
	inject("A 1 1 sack 1001-7001");
	sent(1, 1);
}

SCRIPT(reordering_beyond_the_most)
{
	script.opt.route.reordering = 65535;
	be_established();
	ASSERT_EQ(tcb()->reordering, ATCP_REORDERING_MAX);
}

/* --- rto_min: the route's, then the socket's, then the namespace's --- */

SCRIPT(whose_rto_min)
{
	script.conf->rto_min = 300 * MSEC;
	script.opt.route.rto_min = 50 * MSEC;
	be_syn_sent();
	tcb()->rto_min = 100 * MSEC;
	sim_run_for(10 * MSEC);
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	ASSERT_EQ(atcp_rto(tcb()), 60 * MSEC);
	user_sends(10);
	expect("PA 1+10 1");
	expect_after(60 * MSEC, "PA 1+10 1");
	tcb()->rto_min_route = 0;
	sim_run_for(10 * MSEC);
	inject("A 1 11");
	user_sends(10);
	expect("PA 11+10 1");
	sim_run_for(10 * MSEC);
	inject("A 1 21");
	ASSERT_EQ(atcp_rto(tcb()), 110 * MSEC);
}

/* A peer that has the same bound gets its ACK before a time-out of that length. */
SCRIPT(ack_before_the_least_time_out)
{
	script.opt.no_quick = true;
	script.opt.route.rto_min = 20 * MSEC;
	be_established();
	inject("PA 1+10 1");
	expect_within(1, 20 * MSEC - 1, "A 1 11");
	/* The socket's own bound of the delay may be less. */
	tcb()->delack_max = 5 * MSEC;
	inject("PA 11+10 1");
	expect_after(5 * MSEC, "A 1 21");
	/* It is a millisecond at least. */
	tcb()->delack_max = 0;
	tcb()->rto_min_route = 1;
	inject("PA 21+10 1");
	expect_after(1 * MSEC, "A 1 31");
}

/* --- initrwnd --- */

/* What comes in opens the window twice as far. */
SCRIPT(first_window)
{
	script.opt.rcvbuf = 60000;
	script.opt.route.wnd_first = 2;
	be_closed();
	user_opens();
	expect("S 0 win 2920");
	inject("SA 0 1 mss 1460");
	expect("A 1 1 win 2920");
	inject("A 1+1460 1");
	expect("A 1 1461 win 5840");
	inject("A 1461+1460 1");
	expect_within(0, 500 * MSEC, "A 1 2921 win 8760");
}

/* Timestamps take room in each segment, which a SYN-ACK knows of. */
SCRIPT(first_window_with_timestamps)
{
	u32 offered, window;

	script.opt.rcvbuf = 60000;
	script.ts = true;
	script.opt.route.wnd_first = 2;
	be_established_passive();
	offered = tcb()->rcv_wnd;
	tcb()->rcv_wnd = 0;		/* the simulator's listener knows no route */
	window = atcp_window(tcb());
	tcb()->rcv_wnd = offered;
	ASSERT_EQ(window, 2 * 1448);
}

/* A first window below a segment of the least size is offered as well. */
SCRIPT(first_window_of_small_segments)
{
	sim->link[0][1].conf.mtu = 340;
	script.opt.route.wnd_first = 1;
	user_opens();
	expect("S 0 win 300");
}

/* --- window --- */

SCRIPT(window_of_the_route)
{
	script.opt.rcvbuf = 60000;
	script.opt.route.wnd_clamp = 100;
	user_opens();
	expect("S 0 win 100");
	inject("SA 0 1 mss 1460");
	expect("A 1 1 win 100");
	inject("A 1+100 1");
	expect("A 1 101 win 100");
}

/* --- quickack --- */

SCRIPT(no_delayed_acks)
{
	u32 i;

	script.opt.no_quick = true;
	script.opt.route.quick = true;
	be_established();
	for (i = 0; i < 40; i++) {
		inject("PA %u+10 1", 1 + 10 * i);
		expect("A 1 %u", 11 + 10 * i);
	}
	/* Not even where data is answered by data. */
	inject("PA 401+10 1");
	expect("A 1 411");
	user_sends(10);
	expect("PA 1+10 411");
	inject("PA 411+10 11");
	expect("A 11 421");
	/* As soon as the route is another, they are delayed. */
	tcb()->flags &= ~ATCP_F_QUICK_ROUTE;
	inject("PA 421+10 11");
	expect_within(1, 500 * MSEC - 1, "A 11 431");
}
