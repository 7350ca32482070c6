// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers that must not be guessed: initial sequence numbers (RFC 9293 section
 * 3.4.1, RFC 6528) and timestamp offsets (RFC 7323 section 5.4); SipHash-2-4, by
 * which they are made, against its authors' vectors.
 */
#include "test.h"

/* The vectors of the paper's appendix A and of the reference implementation. */
TEST(siphash_vectors)
{
	static const struct { u32 len; u64 want; } vectors[] = {
		{ 0, 0x726fdb47dd0e0e31ULL },
		{ 1, 0x74f839c593dc67fdULL },
		{ 8, 0x93f5f5799a932462ULL },
		{ 15, 0xa129ca6149be45e5ULL },
	};
	u64 key[2] = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL };
	u8 in[16];
	u32 i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = i;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		test_case("%u bytes", vectors[i].len);
		ASSERT_EQ(sim_siphash(in, vectors[i].len, key), vectors[i].want);
	}
}

static struct atcp_space *space(void)
{
	return &sim_host(0)->space;
}

static struct atcp_tuple tuple(void)
{
	struct atcp_tuple t;

	sim_tuple(&t, 0, 1, 40000, 13);
	return t;
}

/* MUST-8: the ISN grows by one every 4 microseconds. */
TEST(clock_of_4_microseconds)
{
	struct atcp_tuple t = tuple();
	u32 first, i;

	test_world(1, 2);
	sim->now = sim->now / 4 * 4;
	first = atcp_isn(space(), &t);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(atcp_isn(space(), &t), first + i / 4);
		sim->now++;
	}
	sim->now += 1000000 - 100;
	ASSERT_EQ(atcp_isn(space(), &t), first + 250000);
	/* It wraps in 4.77 hours. */
	sim->now += (1ULL << 34) - 1000000;
	ASSERT_EQ(atcp_isn(space(), &t), first);
}

/* SHLD-1, MUST-9: the ISN depends on each end's address and port, and on the key. */
TEST(differs_by_tuple_and_key)
{
	struct atcp_tuple t = tuple();
	u32 first, i, byte;

	test_world(1, 2);
	first = atcp_isn(space(), &t);
	for (byte = 0; byte < sizeof(t); byte++) {
		((u8 *)&t)[byte] ^= 1;
		test_case("byte %u of the tuple", byte);
		ASSERT_NE(atcp_isn(space(), &t), first);
		((u8 *)&t)[byte] ^= 1;
	}
	ASSERT_EQ(atcp_isn(space(), &t), first);
	for (i = 0; i < 128; i++) {
		space()->isn_key[i / 64] ^= 1ULL << i % 64;
		test_case("bit %u of the key", i);
		ASSERT_NE(atcp_isn(space(), &t), first);
		space()->isn_key[i / 64] ^= 1ULL << i % 64;
	}
	ASSERT(space()->isn_key[0] && space()->isn_key[1]);
	ASSERT_NE(space()->isn_key[0], sim_host(1)->space.isn_key[0]);
}

/* ISNs of neighbouring ports are independent: every bit differs in about half of them. */
TEST(spread)
{
	struct atcp_tuple t = tuple();
	u32 ones[32] = { 0 }, i, b, last;

	test_world(1, 2);
	last = atcp_isn(space(), &t);
	for (i = 0; i < 4096; i++) {
		u32 isn;

		t.lport++;
		isn = atcp_isn(space(), &t);
		for (b = 0; b < 32; b++)
			ones[b] += (isn ^ last) >> b & 1;
		last = isn;
	}
	for (b = 0; b < 32; b++) {
		test_case("bit %u", b);
		ASSERT_GT(ones[b], 1800);
		ASSERT_LT(ones[b], 2300);
	}
}

TEST(debug_isn)
{
	struct atcp_tuple t = tuple();

	test_world(1, 2);
	space()->conf.debug_isn = 4294967290u;
	ASSERT_EQ(atcp_isn(space(), &t), 4294967290u);
}

/*
 * The offset is the same for the same ends, as RFC 6191 compares timestamps.  It
 * differs when an address or port does, so that no connection tells of another.
 */
TEST(timestamp_offset)
{
	struct atcp_tuple t = tuple();
	u32 first, byte, i;

	test_world(1, 2);
	first = atcp_ts_offset(space(), &t);
	sim->now += 3600 * ATCP_SEC;
	ASSERT_EQ(atcp_ts_offset(space(), &t), first);
	for (byte = 0; byte < sizeof(t); byte++) {
		((u8 *)&t)[byte] ^= 1;
		test_case("byte %u of the tuple", byte);
		ASSERT_NE(atcp_ts_offset(space(), &t), first);
		((u8 *)&t)[byte] ^= 1;
	}
	for (i = 0; i < 128; i++) {
		space()->ts_key[i / 64] ^= 1ULL << i % 64;
		test_case("bit %u of the key", i);
		ASSERT_NE(atcp_ts_offset(space(), &t), first);
		space()->ts_key[i / 64] ^= 1ULL << i % 64;
	}
	/* The initial sequence number, another hash of the same ends, differs from it. */
	ASSERT_NE(first, atcp_isn(space(), &t) - (u32)(sim->now / 4));
}

/* Offsets of two ports are near each other by chance only. */
TEST(timestamp_offsets_apart)
{
	struct atcp_tuple t = tuple();
	u32 i, near = 0, last;

	test_world(1, 2);
	last = atcp_ts_offset(space(), &t);
	for (i = 0; i < 4096; i++) {
		u32 offset;

		t.rport++;
		offset = atcp_ts_offset(space(), &t);
		near += offset - last + (1u << 27) < 1u << 28;	/* a sixteenth of all */
		last = offset;
	}
	ASSERT_GT(near, 4096 / 16 / 2);
	ASSERT_LT(near, 4096 / 16 * 2);
}
