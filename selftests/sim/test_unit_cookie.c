// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies: RFC 4987 section 3.6 and appendix A.  The number that comes back must
 * be ours, recent, and of the same two ends; it holds the MSS, the timestamp the rest.
 */
#include "test.h"

#define SEC	1000000ULL

static struct atcp_space *space;
static struct atcp_tuple tuple;

static void begin(void)
{
	test_world(1, 2);
	space = &sim_host(0)->space;
	sim_tuple(&tuple, 0, 1, 13, 40000);
}

static struct atcp_req make(struct atcp_hdr *syn)
{
	struct atcp_req r;

	syn->flags = ATCP_SYN;
	syn->seq = 777;
	atcp_req_init(&r, space, &tuple, syn, 1460, 1 << 20, 65535);
	atcp_cookie_make(&r, space, &tuple);
	ASSERT(r.cookie);
	return r;
}

/* The ACK that a peer would send to the SYN-ACK of @r. */
static struct atcp_hdr answer(const struct atcp_req *r)
{
	struct atcp_hdr synack;

	atcp_req_synack(r, &synack);
	ASSERT_EQ(synack.seq, r->iss);
	return (struct atcp_hdr) {
		.flags = ATCP_ACK,
		.seq = 778,
		.ack = synack.seq + 1,
		.wnd = 1000,
		.opts = synack.opts & ATCP_OPT_TS,
		.tsval = 60000,
		.tsecr = synack.tsval,
	};
}

static bool check(const struct atcp_hdr *ack, struct atcp_req *out)
{
	return atcp_cookie_check(out, space, &tuple, ack, 1460, 1 << 20, 65535);
}

TEST(there_and_back)
{
	struct atcp_hdr syn = { .opts = ATCP_OPT_MSS, .mss = 1460 };
	struct atcp_req r, back;
	struct atcp_hdr ack;

	begin();
	r = make(&syn);
	ack = answer(&r);
	ASSERT(check(&ack, &back));
	ASSERT_EQ(back.iss, r.iss);
	ASSERT_EQ(back.irs, 777);
	ASSERT_EQ(back.rcv_nxt, 778);
	ASSERT_EQ(back.snd_wnd, 1000);
	ASSERT_EQ(back.mss_peer, 1460);
	ASSERT_EQ(back.lport, 13);
	ASSERT_EQ(back.rport, 40000);
	ASSERT(!back.ts_on && !back.sack_on && !back.wscale_on);
}

/* The MSS that comes back is the largest entry of the table up to the peer's. */
TEST(mss_is_rounded_down)
{
	u32 mss;

	begin();
	for (mss = 64; mss < 10000; mss++) {
		struct atcp_hdr syn = { .opts = ATCP_OPT_MSS, .mss = mss };
		struct atcp_req r = make(&syn), back;
		struct atcp_hdr ack = answer(&r);

		test_case("MSS %u", mss);
		ASSERT(check(&ack, &back));
		ASSERT_LE(back.mss_peer, mss);
		ASSERT_EQ(back.mss_peer, r.mss_peer);
		if (mss >= 536)
			ASSERT_GE(back.mss_peer, 536);
		if (mss >= 1460 && mss < 8960)
			ASSERT_EQ(back.mss_peer, 1460);
	}
}

/* Window scale and SACK-permitted are encoded in the low bits of the timestamp. */
TEST(options_in_timestamps)
{
	u32 scale, sack;

	begin();
	for (scale = 0; scale <= 15; scale++) {
		for (sack = 0; sack < 2; sack++) {
			struct atcp_hdr syn = {
				.opts = ATCP_OPT_MSS | ATCP_OPT_TS |
					(scale < 15 ? ATCP_OPT_WSCALE : 0) |
					(sack ? ATCP_OPT_SACK_OK : 0),
				.mss = 1460,
				.wscale = scale,
				.tsval = 59000,
			};
			struct atcp_req r = make(&syn), back;
			struct atcp_hdr ack = answer(&r);

			test_case("scale %u, SACK %u", scale, sack);
			sim->now += 12345;
			ASSERT(check(&ack, &back));
			ASSERT(back.ts_on);
			ASSERT_EQ(back.ts_recent, 60000);
			ASSERT_EQ(back.ts_offset, r.ts_offset);
			ASSERT_EQ(back.sack_on, sack);
			ASSERT_EQ(back.wscale_on, scale < 15);
			ASSERT_EQ(back.snd_wscale, scale < 15 ? scale : 0);
			ASSERT_EQ(back.rcv_wscale, r.rcv_wscale);
			ASSERT_EQ(back.snd_wnd, 1000u << (scale < 15 ? scale : 0));
		}
	}
}

/* One connection's timestamps tell nothing of another's; the options come back. */
TEST(timestamps_differ_by_port)
{
	u32 first = 0, i;

	begin();
	for (i = 0; i < 64; i++) {
		struct atcp_hdr syn = { .opts = ATCP_OPT_TS };
		struct atcp_req r, back;
		struct atcp_hdr ack;

		tuple.rport = 1000 + i;
		r = make(&syn);
		ack = answer(&r);
		ASSERT(check(&ack, &back));
		ASSERT_EQ(back.ts_offset, r.ts_offset);
		if (!i)
			first = r.cookie_ts;
		else
			ASSERT_GT(r.cookie_ts - first + 1000, 2000);
	}
}

/* The encoded bits must not set the timestamp ahead: later ones would seem old. */
TEST(timestamp_is_not_ahead)
{
	u32 i;

	begin();
	for (i = 0; i < 200; i++) {
		struct atcp_hdr syn = {
			.opts = ATCP_OPT_TS | ATCP_OPT_SACK_OK | ATCP_OPT_WSCALE, .wscale = 14,
		};
		struct atcp_req r = make(&syn);
		u32 clock = (u32)(sim->now / 1000) + r.ts_offset;

		ASSERT(seq_leq(r.cookie_ts, clock));
		ASSERT_LT(clock - r.cookie_ts, 64 + 64);
		sim->now += 1000;
	}
}

/* Without timestamps the options cannot be kept, and the SYN-ACK must not offer them. */
TEST(no_timestamps_no_options)
{
	struct atcp_hdr syn = {
		.opts = ATCP_OPT_MSS | ATCP_OPT_WSCALE | ATCP_OPT_SACK_OK, .mss = 1460, .wscale = 7,
	};
	struct atcp_hdr synack;
	struct atcp_req r;

	begin();
	r = make(&syn);
	atcp_req_synack(&r, &synack);
	ASSERT_EQ(synack.opts, ATCP_OPT_MSS);
}

TEST(age)
{
	u32 phase, age;

	for (phase = 0; phase < 64; phase += 9) {
		begin();
		sim->now = (sim->now / (64 * SEC) + 1) * 64 * SEC + phase * SEC;
		{
			struct atcp_hdr syn = { 0 };
			struct atcp_req r = make(&syn), back;
			struct atcp_hdr ack = answer(&r);
			u64 made = sim->now;

			for (age = 0; age < 700; age++) {
				bool ok;

				sim->now = made + age * SEC;
				test_case("made %u s into a step, %u s old", phase, age);
				ok = check(&ack, &back);
				if (age < 64)
					ASSERT(ok);
				if (age >= 128 && age < 7 * 64)
					ASSERT(!ok);
			}
		}
		test_world_end();
	}
}

/* The counter has 3 bits, but the hash covers all of it. */
TEST(does_not_come_round)
{
	struct atcp_hdr syn = { 0 };
	struct atcp_req r, back;
	struct atcp_hdr ack;
	u32 i;

	begin();
	r = make(&syn);
	ack = answer(&r);
	for (i = 1; i < 50; i++) {
		sim->now += 8 * 64 * SEC;
		ASSERT(!check(&ack, &back));
	}
}

TEST(tampering)
{
	struct atcp_hdr syn = { .opts = ATCP_OPT_MSS, .mss = 1460 };
	struct atcp_req r, back;
	struct atcp_hdr ack;
	u32 bit, byte;

	begin();
	r = make(&syn);
	for (bit = 0; bit < 32; bit++) {
		test_case("bit %u", bit);
		ack = answer(&r);
		ack.ack ^= 1u << bit;
		ASSERT(!check(&ack, &back));
		ack = answer(&r);
		ack.seq ^= 1u << bit;
		ASSERT(!check(&ack, &back));
	}
	ack = answer(&r);
	for (byte = 0; byte < sizeof(tuple); byte++) {
		((u8 *)&tuple)[byte] ^= 1;
		test_case("byte %u of the tuple", byte);
		ASSERT(!check(&ack, &back));
		((u8 *)&tuple)[byte] ^= 1;
	}
	space->cookie_key[1] ^= 1;
	ASSERT(!check(&ack, &back));
	space->cookie_key[1] ^= 1;
	ASSERT(check(&ack, &back));
}

/* An attacker that forges numbers must guess 26 bits. */
TEST(guessing)
{
	struct atcp_hdr ack = { .flags = ATCP_ACK, .seq = 778 };
	struct atcp_req back;
	u32 i, hits = 0;
	u64 rand = 9;

	begin();
	for (i = 0; i < 200000; i++) {
		ack.ack = sim_rand(&rand);
		hits += check(&ack, &back);
	}
	ASSERT_LE(hits, 1);
}
