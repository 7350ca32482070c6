// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of the core by its host that belong to no event of RFC 9293 section
 * 3.10: what they do, and that they do nothing to a closed connection.
 */
#include "core/queue.h"
#include "script.h"

/* --- after the end --- */

/* Timers and calls after the end of the connection change nothing and send nothing. */
SCRIPT(nothing_after_the_end)
{
	be_established();
	inject("R 1");
	closed_with(ECONNRESET);
	atcp_timeout(tcb());
	atcp_icmp(tcb(), script.iss + 1, EHOSTUNREACH, true);
	atcp_icmp_unreachable(tcb(), script.iss + 1);
	atcp_close(tcb());
	atcp_orphan(tcb());
	atcp_abort(tcb(), EINVAL);
	atcp_push(tcb(), true);
	atcp_read(tcb());
	atcp_ack_now(tcb());
	quiet(100 * SEC);
	closed_with(ECONNRESET);
	ASSERT_EQ(tcb()->soft_error, 0);
	ASSERT_EQ(count_of(ATCP_STAT_ICMP_ERRORS), 0);
}

/* --- FIN-WAIT-2 of an orphan --- */

SCRIPT(orphan_in_fin_wait_2)
{
	be_fin_wait_2();
	user_closes();
	quiet(script.conf->fin_timeout - 1);
	state_is(FIN_WAIT_2);
	quiet(1);
	state_is(CLOSED);
}

/* TCP_LINGER2 below zero: the peer is reset instead of waited for in FIN-WAIT-2. */
SCRIPT(orphan_without_fin_wait_2)
{
	be_established();
	tcb()->linger2 = -1;
	user_closes();
	expect("FA 1 1");
	inject("A 1 2");
	expect("R 2");
	state_is(CLOSED);
	quiet(100 * SEC);
}

/* --- TCP_QUICKACK --- */

SCRIPT(ack_that_waits_goes_now)
{
	script.opt.no_quick = true;
	be_established();
	atcp_ack_now(tcb());
	expect_nothing();
	inject("PA 1+10 1");
	expect_nothing();
	atcp_ack_now(tcb());
	expect("A 1 11");
	atcp_ack_now(tcb());
	quiet(10 * SEC);
}

/* --- TCP_WINDOW_CLAMP --- */

SCRIPT(window_clamp)
{
	script.opt.rcvbuf = 8000;
	be_syn_sent();
	tcb()->wnd_clamp = 3000;
	inject("SA 0 1 mss 1460");
	/* The window that the SYN has offered stays: the right edge does not move left. */
	expect("A 1 1 win 8000");
	inject("PA 1+1400 1");
	expect("A 1 1401 win 6600");
	inject("PA 1401+1400 1");
	expect("A 1 2801 win 5200");
	inject("PA 2801+1400 1");
	expect("A 1 4201 win 3800");
	inject("PA 4201+1400 1");
	expect("A 1 5601 win 2400");
	ASSERT_EQ(user_reads(), 5600);
	inject("PA 5601+1000 1");
	expect("A 1 6601 win 3000");
	ASSERT_EQ(user_reads(), 1000);
	expect_nothing();
}

/* --- reports of an acknowledgment (ATCP_SENT_TELL) --- */

static void tell_of_the_last(void)
{
	atcp_seg_cb(atcp_queue_last(tcb()))->sent |= ATCP_SENT_TELL;
}

SCRIPT(told_when_the_last_octet_is_acknowledged)
{
	be_established();
	ASSERT_EQ(user_sends(100), 100);
	expect("PA 1+100 1");
	tell_of_the_last();
	inject("A 1 100");
	ASSERT_EQ(script.conn->told, 0);
	inject("A 1 101");
	ASSERT_EQ(script.conn->told, 1);
}

/* The segment is cut where it is sent and where it is sent again. */
SCRIPT(told_when_what_was_cut_is_acknowledged)
{
	script.wnd = 2000;
	be_established();
	ASSERT_EQ(user_sends(5000), 5000);
	expect("A 1+1460 1");
	tell_of_the_last();
	inject("A 1 1461 win 2000");
	expect("A 1461+1460 1");
	inject("A 1 2921 win 2000");
	expect("A 2921+1460 1");
	inject("A 1 4381 win 2000");
	expect("PA 4381+620 1");
	ASSERT_EQ(script.conn->told, 0);
	inject("A 1 5001 win 2000");
	ASSERT_EQ(script.conn->told, 1);
}

/* --- tcpi_delivery_rate of a program that sends little --- */

static void send_and_ack(u32 at, u32 len, u64 rtt)
{
	ASSERT_EQ(user_sends(len), (int)len);
	while (expect_any())
		;
	sim_run_for(rtt);
	inject("A 1 %u", at + len);
	while (expect_any())
		;
}

SCRIPT(delivery_rate_of_little)
{
	script.syn = "mss 1000";
	be_syn_sent();
	sim_run_for(10 * MSEC);
	inject("SA 0 1 mss 1000");
	expect("A 1 1");
	send_and_ack(1, 5000, 10 * MSEC);
	ASSERT_EQ(tcb()->rate_delivered, 5);
	ASSERT_EQ(tcb()->rate_interval, 10 * MSEC);
	ASSERT(!tcb()->rate_app_limited);
	/* The program sends less than the path can take: the sample is not used. */
	atcp_check_app_limited(tcb());
	send_and_ack(5001, 1000, 10 * MSEC);
	ASSERT_EQ(tcb()->rate_delivered, 5);
	ASSERT(!tcb()->rate_app_limited);
	/* A higher rate than before is used even so. */
	atcp_check_app_limited(tcb());
	send_and_ack(6001, 8000, 10 * MSEC);
	ASSERT_EQ(tcb()->rate_delivered, 8);
	ASSERT(tcb()->rate_app_limited);
	/* Data sent later is not limited by the program any more. */
	send_and_ack(14001, 1000, 10 * MSEC);
	ASSERT_EQ(tcb()->rate_delivered, 1);
	ASSERT(!tcb()->rate_app_limited);
	ASSERT_EQ(tcb()->app_limited, 0);
}

/* --- tcpi_dsack_dups --- */

SCRIPT(duplicates_that_the_peer_reports)
{
	script.syn = "mss 1000 sok";
	be_established();
	ASSERT_EQ(user_sends(3000), 3000);
	expect("A 1+1000 1");
	expect("A 1001+1000 1");
	expect("PA 2001+1000 1");
	inject("A 1 3001 sack 1-2001");
	ASSERT_EQ(tcb()->dsack_dups, 2);
	/* A block above the ACK reports no duplicate. */
	ASSERT_EQ(user_sends(1000), 1000);
	expect("PA 3001+1000 1");
	inject("A 1 3001 sack 3501-4001");
	ASSERT_EQ(tcb()->dsack_dups, 2);
	/* Nor does a block that was never sent, or one that ends before it begins. */
	inject("A 1 4001 sack 4000000000-1001");
	inject("A 1 4001 sack 2001-1001");
	ASSERT_EQ(tcb()->dsack_dups, 2);
}

/* --- the receiver's round trip --- */

SCRIPT(echo_of_no_timestamp_of_ours)
{
	script.syn = "mss 1460 ts 5000 0";
	be_syn_sent();
	sim_run_for(30 * MSEC);
	inject("SA 0 1 mss 1460 ts 5000 %u", script.last_tsval);
	expect("A 1 1 ecr 5000");
	inject("PA 1+1000 1 ts 5001 %u", script.last_tsval - 1000000000);
	expect("A 1 1001 ecr 5001");
	ASSERT_EQ(tcb()->rcv_rtt, 0);
	sim_run_for(20 * MSEC);
	inject("PA 1001+1000 1 ts 5002 %u", script.last_tsval);
	ASSERT_EQ(tcb()->rcv_rtt / 8, 20 * MSEC);
	while (expect_any())
		;
}

/* --- an old urgent pointer --- */

/* If it stayed more than 2^31 octets behind, it would seem to be ahead. */
SCRIPT(urgent_pointer_keeps_up)
{
	be_established();
	tcb()->rcv_up = tcb()->rcv_nxt - 0x40000000 - 5;	/* a gigabyte has come since */
	inject("PA 1+10 1");
	expect("A 1 11");
	ASSERT_EQ(tcb()->rcv_nxt - tcb()->rcv_up, 0x40000000);
	ASSERT(!script.conn->urgent);
	inject("UA 11 1 up 5");
	ASSERT(script.conn->urgent);
	ASSERT_EQ(tcb()->rcv_up, script.irs + 16);
}

/* --- tcpi_sndbuf_limited --- */

SCRIPT(time_that_the_send_buffer_is_the_limit)
{
	be_established();
	ASSERT_EQ(user_sends(1000), 1000);
	expect("PA 1+1000 1");
	/* The program waits for room in the send buffer; the congestion window has room. */
	tcb()->flags |= ATCP_F_STARVED;
	atcp_push(tcb(), false);
	sim_run_for(50 * MSEC);
	inject("A 1 1001");
	ASSERT_EQ(tcb()->chrono, ATCP_IDLE);
	ASSERT_EQ(tcb()->chrono_time[ATCP_SNDBUF_LIMITED - 1], 50);
}

/* --- TIME-WAIT --- */

/* Only a reset with the right number ends it, whatever its timestamp. */
SCRIPT(reset_ends_time_wait)
{
	script.syn = "mss 1460 ts 5000 0";
	script.ts = true;
	script.tsval = 5000;
	be_time_wait();
	inject("R 3");
	state_is(TIME_WAIT);
	inject("R 2 ts 4000 0");
	state_is(CLOSED);
	ASSERT_EQ(count_of(ATCP_STAT_IN_RSTS), 1);
}

/* A new connection between the same ends, with timestamps, begins above the old numbers. */
SCRIPT(open_takes_the_place_of_time_wait)
{
	struct sim_tw *tw;

	script.ts = true;
	script.syn = "mss 1460 ts 5000 0";
	be_time_wait();
	tw = sim_tw_find(sim_host(0), 1, PORT, PEER_PORT);
	ASSERT(atcp_tw_yields(&tw->tw, &sim_host(0)->space, true));
	ASSERT(!atcp_tw_yields(&tw->tw, &sim_host(0)->space, false));
	sim_run_for(script.conf->tw_reuse_delay + 1);
	ASSERT(atcp_tw_yields(&tw->tw, &sim_host(0)->space, false));
	user_opens();
	expect("S 65539");
	state_is(SYN_SENT);
	ASSERT(!sim_tw_find(sim_host(0), 1, PORT, PEER_PORT));
}

/* Without timestamps, only TIME-WAIT keeps old segments out. */
SCRIPT(time_wait_stays_without_timestamps)
{
	struct sim_tw *tw;

	be_time_wait();
	tw = sim_tw_find(sim_host(0), 1, PORT, PEER_PORT);
	ASSERT(!atcp_tw_yields(&tw->tw, &sim_host(0)->space, true));
	sim_run_for(10 * SEC);
	ASSERT(!atcp_tw_yields(&tw->tw, &sim_host(0)->space, false));
}
