// SPDX-License-Identifier: GPL-2.0
/*
 * Opening: RFC 9293 sections 3.5 (handshake, simultaneous open, half-open
 * connections), 3.7.1 (MSS); RFC 4987 (SYN cookies).
 */
#include "script.h"

/* --- the SYN --- */

/* The SYN has all options, and a window that is not scaled. */
SCRIPT(syn_of_an_active_open)
{
	user_opens();
	expect("S 0 win 65535 mss 1460 ws 0 sok ecr 0");
	ASSERT_EQ(script.last_hlen, 40);
}

SCRIPT(syn_without_what_is_switched_off)
{
	script.conf->timestamps = false;
	script.conf->window_scaling = false;
	script.conf->sack = false;
	user_opens();
	expect("S 0 win 65535 mss 1460 noopt");
}

SCRIPT(syn_ack_answers_what_was_offered)
{
	be_listen();
	inject("S 0 mss 1000 ws 7 sok ts 77 0");
	expect("SA 0 1 win 65535 mss 1460 ws 0 sok ecr 77");
}

/* SHLD-8 (RFC 3168, 6.1.1): the answer to a SYN with ECN has no ECN flags. */
SCRIPT(ecn_is_declined)
{
	be_listen();
	inject("SEC 0 mss 1460");
	expect("SA 0 1");
	inject("AEC 1 1");
	script.conn = test_accept(script.listener);
	ASSERT(script.conn);
	state_is(ESTABLISHED);
	inject("PAE 1+100 1");
	expect("A 1 101");
	ASSERT_EQ(user_reads(), 100);
	user_sends(10);
	expect("PA 1+10 101");
}

SCRIPT(ecn_is_not_asked_for)
{
	user_opens();
	expect("S 0");
	/* The peer's answer claims ECN, which was not asked for. */
	inject("SAE 0 1 mss 1460");
	expect("A 1 1");
	user_sends(10);
	expect("PA 1+10 1");
}

SCRIPT(small_buffer_small_window)
{
	script.opt.rcvbuf = 3000;
	user_opens();
	expect("S 0 win 3000");
}

/* --- MSS: section 3.7.1, RFC 6691 --- */

/* Sends 3 * @size bytes, which must go in three segments of @size bytes. */
static void sends_segments_of(u32 size)
{
	user_sends(3 * size);
	expect("A 1+%u 1", size);
	expect("A %u+%u 1", 1 + size, size);
	expect("PA %u+%u 1", 1 + 2 * size, size);
}

SCRIPT(mss_of_the_peer)
{
	script.syn = "mss 1000";
	be_established();
	sends_segments_of(1000);
}

/* MUST-15 */
SCRIPT(mss_default)
{
	script.syn = "";
	be_established();
	sends_segments_of(536);
}

SCRIPT(mss_default_passive)
{
	script.syn = "";
	be_established_passive();
	sends_segments_of(536);
}

TEST(mss_default_ipv6)
{
	struct atcp_hdr h = { .flags = ATCP_SYN };
	struct atcp_tuple t;
	struct atcp_req r;

	test_world(1, 2);
	sim_tuple(&t, 0, 1, 1, 2);
	atcp_req_init(&r, &sim_host(0)->space, &t, &h, 1440, 65535, 65535);
	ASSERT_EQ(r.mss_peer, 536);
	memset(t.laddr, 0x20, sizeof(t.laddr));
	memset(t.raddr, 0x20, sizeof(t.raddr));
	atcp_req_init(&r, &sim_host(0)->space, &t, &h, 1440, 65535, 65535);
	ASSERT_EQ(r.mss_peer, 1220);
}

SCRIPT(mss_default_over_ipv6)
{
	sim->ipv6 = true;
	script.syn = "";
	be_established();
	sends_segments_of(1220);
}

SCRIPT(mss_default_over_ipv6_passive)
{
	sim->ipv6 = true;
	script.syn = "";
	be_established_passive();
	sends_segments_of(1220);
}

SCRIPT(mss_over_ipv6)
{
	sim->ipv6 = true;
	user_opens();
	expect("S 0 mss 1440");
	inject("SA 0 1 mss 8960");
	expect("A 1 1");
	sends_segments_of(1440);
}

/* MUST-16: the MSS is the smaller of the peer's and the path's. */
SCRIPT(mss_of_the_path)
{
	sim->link[0][1].conf.mtu = 1000;
	user_opens();
	/* MUST-67: the MSS that we offer is by the interface's MTU. */
	expect("S 0 mss 960");
	inject("SA 0 1 mss 8960");
	expect("A 1 1");
	sends_segments_of(960);
}

/* MUST-16, RFC 6691: options reduce the payload. */
SCRIPT(mss_less_timestamps)
{
	script.syn = "mss 1000 ts 5000 0";
	be_established();
	script.ts = true;
	sends_segments_of(988);
}

SCRIPT(mss_less_sack_blocks)
{
	script.syn = "mss 1000 sok";
	be_established();
	inject("A 101+100 1");
	expect("A 1 1 sack 101-201");
	user_sends(2000);
	expect("A 1+1000 1");
	expect("PA 1001+1000 1");
}

/* SHLD-6: the path gets narrower. */
SCRIPT(mss_shrinks)
{
	be_established();
	user_sends(1460);
	expect("PA 1+1460 1");
	tcb()->mss_path = 500;
	atcp_mss_changed(tcb());
	user_sends(1000);
	expect("A 1461+500 1");
	expect("PA 1961+500 1");
	expect_within(1, RTO, "A 1+500 1");
}

SCRIPT(mss_of_the_user)
{
	script.opt.mss_user = 700;
	user_opens();
	expect("S 0 mss 700");
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	sends_segments_of(700);
}

/* MUST-65 */
SCRIPT(mss_on_syns_only)
{
	be_established();
	user_sends(10);
	expect("PA 1+10 1 noopt");
	user_shuts();
	expect("FA 11 1 noopt");
	inject("FA 1 12");
	expect("A 12 2 noopt");
}

/* MUST-5: the option on a segment without SYN is ignored. */
SCRIPT(mss_of_the_peer_later)
{
	script.syn = "mss 1000";
	be_established();
	inject("PA 1+10 1 mss 300 ws 9 sok");
	expect("A 1 11");
	ASSERT_EQ(tcb()->snd_wscale, 0);
	user_sends(2000);
	expect("A 1+1000 11");
	expect("PA 1001+1000 11");
}

/* A very small MSS is raised, as such segments would cost more than they carry. */
SCRIPT(mss_absurdly_small)
{
	script.syn = "mss 1";
	be_established();
	user_sends(1000);
	while (expect_any())
		;
	ASSERT_GE(tcb()->mss, 36);
	ASSERT_LE(tcb()->mss, 48);
}

/* An MSS of 0 is raised, too. */
SCRIPT(mss_zero)
{
	script.syn = "mss 0";
	be_established();
	ASSERT_GE(tcb()->mss, 36);
}

/* --- simultaneous open: section 3.5, figure 7 (MUST-10) --- */

SCRIPT(simultaneous_open)
{
	be_syn_sent();
	inject("S 0 mss 1460");
	expect("SA 0 1");
	state_is(SYN_RECEIVED);
	inject("SA 0 1 mss 1460");
	state_is(ESTABLISHED);
	user_sends(10);
	expect("PA 1+10 1");
}

/* After the SYNs have crossed, the peer's ACK comes without its SYN. */
SCRIPT(simultaneous_open_bare_ack)
{
	be_syn_received_open();
	inject("A 1 1");
	state_is(ESTABLISHED);
}

SCRIPT(simultaneous_open_with_options)
{
	user_opens();
	expect("S 0 mss 1460 ws 0 sok");
	inject("S 0 mss 1000 ws 3 sok ts 5000 0");
	expect("SA 0 1 mss 1460 ws 0 sok ecr 5000");
	script.ts = true;
	inject("SA 0 1 mss 1000 ws 3 sok");
	state_is(ESTABLISHED);
	inject("A 1 1 win 100");
	ASSERT_EQ(tcb()->snd_wnd, 800);
	user_sends(500);
	expect("PA 1+500 1 ecr 5000");
}

/* The SYN's time-out is the SYN-ACK's: the timer runs already (RFC 6298 (5.1)). */
SCRIPT(simultaneous_open_time_out)
{
	be_syn_sent();
	quiet(700 * MSEC);
	inject("S 0 mss 1460");
	expect("SA 0 1");
	expect_after(300 * MSEC, "SA 0 1");
	expect_after(2 * SEC, "SA 0 1");
	inject("A 1 1");
	state_is(ESTABLISHED);
	/* What is below our first byte was never ours to be acknowledged twice. */
	ASSERT_EQ(tcb()->bytes_acked, 1);
	inject("A 1 0");
	expect_nothing();
}

/* After our SYN-ACK is lost, the peer's resent SYN is answered by another. */
SCRIPT(simultaneous_open_syn_again)
{
	be_syn_received_open();
	inject("S 0 mss 1460");
	expect("SA 0 1");
	state_is(SYN_RECEIVED);
	inject("SA 0 1");
	state_is(ESTABLISHED);
}

/* The same if it carries data: the part in the window does not make it another SYN. */
SCRIPT(simultaneous_open_syn_again_with_data)
{
	be_syn_received_open();
	inject("S 0+100 mss 1460");
	expect("SA 0 1");
	state_is(SYN_RECEIVED);
}

/* A reset before the window has no answer (RFC 9293 section 3.10.7.4), nor if a SYN is in it. */
SCRIPT(simultaneous_open_syn_and_reset)
{
	be_syn_received_open();
	inject("SR 0");
	expect_nothing();
	state_is(SYN_RECEIVED);
}

TEST(simultaneous_open_of_two)
{
	struct sim_conn *a, *b;
	char buf[4];

	test_world(7, 2);
	a = sim_connect(sim_host(0), 1, 1000, 2000, NULL);
	b = sim_connect(sim_host(1), 0, 2000, 1000, NULL);
	ASSERT(a && b);
	sim_run_for(100 * MSEC);
	ASSERT_EQ(a->c.state, ATCP_ESTABLISHED);
	ASSERT_EQ(b->c.state, ATCP_ESTABLISHED);
	ASSERT_EQ(sim_send(a, "abc", 3, 0), 3);
	ASSERT_EQ(sim_send(b, "def", 3, 0), 3);
	sim_run_for(100 * MSEC);
	ASSERT_EQ(sim_recv(a, buf, 4), 3);
	ASSERT(!memcmp(buf, "def", 3));
	ASSERT_EQ(sim_recv(b, buf, 4), 3);
	ASSERT(!memcmp(buf, "abc", 3));
}

/* --- old duplicates and half-open connections: section 3.5 --- */

/* Figure 8: an old duplicate SYN reaches a listener. */
SCRIPT(old_duplicate_syn)
{
	be_listen();
	inject("S -500 mss 1460");
	expect("SA 0 -499");
	/* The peer resets it, as it did not send this SYN now. */
	inject("R -499");
	state_is(LISTEN);
	inject("S 0 mss 1460");
	expect("SA 0 1");
	inject("A 1 1");
	state_is(ESTABLISHED);
}

/* Figure 9: the peer still has a connection that we have lost. */
SCRIPT(half_open_peer)
{
	be_syn_sent();
	inject("A 300 -100");
	expect("R -100");
	state_is(SYN_SENT);
	/* Our reset has ended the peer's connection: the SYN goes before its time-out... */
	expect_within(1, 20 * MSEC, "S 0");
	sim_run_for(20 * MSEC);
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
	state_is(ESTABLISHED);
	/* ...and its second transmission does not count as a loss. */
	ASSERT_EQ(tcb()->cc.cwnd, 10 * tcb()->mss);
	ASSERT_EQ(tcb()->srtt, 0);
	ASSERT_EQ(count_of(ATCP_STAT_RETRANS_SYN), 1);
	ASSERT_EQ(tcb()->rto_count, 0);
}

/* The early SYN goes only once, or such answers would cause a SYN every few milliseconds... */
SCRIPT(half_open_peer_that_stays)
{
	u32 i;

	be_syn_sent();
	inject("A 300 -100");
	expect("R -100");
	sim_run_for(4 * MSEC);
	inject("A 300 -100");
	expect("R -100");
	expect_within(1, 5 * MSEC, "S 0");
	for (i = 0; i < 10; i++) {
		inject("A 300 -100");
		expect("R -100");
		quiet(50 * MSEC);
	}
	expect_after(500 * MSEC, "S 0");
	inject("A 300 -100");
	expect("R -100");
	expect_after(1 * SEC, "S 0");
	ASSERT_EQ(tcb()->total_retrans, 3);
	ASSERT_EQ(tcb()->rto_count, 2);
}

/* ...and only before the SYN has been resent by its timer. */
SCRIPT(half_open_peer_late)
{
	be_syn_sent();
	expect_after(1 * SEC, "S 0");
	inject("A 300 -100");
	expect("R -100");
	expect_after(1 * SEC, "S 0");
}

/* Figure 10: data for a closed connection is answered by a reset. */
SCRIPT(data_for_a_forgotten_connection)
{
	be_closed();
	script_rebase(-script.iss, 0);
	inject("PA 300+10 100");
	expect("R 100");
}

/* --- lost and repeated segments of the handshake --- */

SCRIPT(handshake_ack_lost)
{
	be_syn_received();
	/* Data carries an ACK, too. */
	inject("PA 1+10 1");
	expect("A 1 11");
	state_is(ESTABLISHED);
	script.conn = test_accept(script.listener);
	ASSERT(script.conn);
	ASSERT_EQ(user_reads(), 10);
}

SCRIPT(syn_ack_again)
{
	be_established();
	inject("SA 0 1 mss 1460");
	expect("A 1 1");
}

/* The ACK of the handshake carries data and the FIN. */
SCRIPT(data_and_fin_with_the_ack)
{
	be_syn_received();
	inject("FPA 1+10 1");
	expect("A 1 12");
	state_is(CLOSE_WAIT);
	script.conn = test_accept(script.listener);
	ASSERT(script.conn);
	ASSERT_EQ(user_reads(), 10);
	ASSERT_EQ(user_reads(), 0);
}

/* Data on a SYN is not kept; the peer sends it again. */
SCRIPT(data_on_the_syn)
{
	be_listen();
	inject("S 0+10 mss 1460");
	expect("SA 0 1");
	inject("PA 1+10 1");
	expect("A 1 11");
	script.conn = test_accept(script.listener);
	ASSERT(script.conn);
	ASSERT_EQ(user_reads(), 10);
}

/* --- SYN cookies --- */

static void cookie(const char *syn, bool ts, const char *synack)
{
	be_listen();
	script.listener->cookies = true;
	/* A cookie ignores debug_isn: the ISN is read from the trace. */
	inject("S 0 %s", syn);
	script.ts = ts;
	ASSERT(sim->ntrace);
	script.iss = sim->trace[sim->ntrace - 1].h.seq;
	script_rebase(0, 0);
	expect("SA 0 1 %s", synack);
	state_is(LISTEN);
	inject("A 1 1 win 100");
	state_is(ESTABLISHED);
	script.conn = test_accept(script.listener);
	ASSERT(script.conn);
}

SCRIPT(cookie_handshake)
{
	cookie("mss 1000 ws 3 sok", false, "mss 1460 noopt");
	user_sends(100);
	expect("PA 1+100 1");
	ASSERT_EQ(tcb()->snd_wnd, 100);
	inject("PA 1+10 101");
	expect("A 101 11");
	ASSERT_EQ(user_reads(), 10);
}

SCRIPT(cookie_handshake_with_timestamps)
{
	cookie("mss 1460 ws 3 sok ts 5000 0", true, "mss 1460 ws 0 sok");
	ASSERT(tcb()->sack_on && tcb()->wscale_on && tcb()->ts_on);
	ASSERT_EQ(tcb()->snd_wnd, 800);
	user_sends(500);
	expect("PA 1+500 1 ecr 5000");
	inject("A 101+100 501");
	expect("A 501 1 sack 101-201 ecr 5000");
}

SCRIPT(cookie_that_is_none)
{
	be_listen();
	script.listener->cookies = true;
	inject("A 1 12345");
	expect("R 12345");
	state_is(LISTEN);
}
