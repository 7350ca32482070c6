// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence arithmetic modulo 2^32 (RFC 9293 section 3.4), against plain 64-bit
 * numbers: b + d compares with b as d compares with 0.
 */
#include "test.h"

static const u32 bases[] = {
	0, 1, 2, 0x3fffffff, 0x40000000, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
	0xbfffffff, 0xfffffffe, 0xffffffff,
};

static const s32 steps[] = {
	0, 1, 2, 1460, 65535, 65536, 1 << 30, (1 << 30) + 1, 0x7ffffffe, 0x7fffffff,
	-1, -2, -1460, -65535, -65536, -(1 << 30), -0x7ffffffe, -0x7fffffff,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void compare(u32 b, s32 d)
{
	u32 a = b + (u32)d;

	test_case("%u against %u, %d away", a, b, d);
	ASSERT_EQ(seq_lt(a, b), d < 0);
	ASSERT_EQ(seq_leq(a, b), d <= 0);
	ASSERT_EQ(seq_gt(a, b), d > 0);
	ASSERT_EQ(seq_geq(a, b), d >= 0);
	ASSERT_EQ(seq_max(a, b), d > 0 ? a : b);
	ASSERT_EQ(seq_max(b, a), d > 0 ? a : b);
}

TEST(compare_over_the_wrap)
{
	u32 i, j;

	for (i = 0; i < COUNT(bases); i++)
		for (j = 0; j < COUNT(steps); j++)
			compare(bases[i], steps[j]);
}

TEST(compare_at_random)
{
	u64 rand = 1;
	u32 i;

	for (i = 0; i < 200000; i++) {
		u32 base = sim_rand(&rand);
		s32 step = (s32)sim_rand(&rand);

		if (step != (s32)0x80000000)
			compare(base, step);
	}
}

/* seq_within() includes both ends, wherever the span lies. */
TEST(within_over_the_wrap)
{
	u64 rand = 2;
	u32 i, j, k;

	for (i = 0; i < COUNT(bases); i++) {
		ASSERT(seq_within(bases[i], bases[i], bases[i]));
		ASSERT(!seq_within(bases[i], bases[i] + 1, bases[i]));
		ASSERT(!seq_within(bases[i], bases[i] - 1, bases[i]));
		for (j = 0; j < 8; j++) {
			u32 span = 1u << (4 * j);

			for (k = 0; k < 200; k++) {
				u32 off = sim_rand(&rand) >> 32;
				u32 x = bases[i] + off;

				test_case("span %u from %u, %u in", span, bases[i], off);
				ASSERT_EQ(seq_within(bases[i], x, bases[i] + span), off <= span);
			}
			ASSERT(seq_within(bases[i], bases[i] + span, bases[i] + span));
			ASSERT(!seq_within(bases[i], bases[i] + span + 1, bases[i] + span));
		}
	}
}
