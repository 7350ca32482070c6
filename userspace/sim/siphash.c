// SPDX-License-Identifier: GPL-2.0
/*
 * SipHash-2-4 of Aumasson and Bernstein, "SipHash: a fast short-input PRF".
 */
#include "sim.h"

static u64 rol(u64 x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[1] = rol(v[1], 13) ^ v[0];
	v[0] = rol(v[0], 32);
	v[2] += v[3];
	v[3] = rol(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rol(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rol(v[1], 17) ^ v[2];
	v[2] = rol(v[2], 32);
}

static u64 little_endian(const u8 *p, u32 len)
{
	u64 x = 0;
	u32 i;

	for (i = 0; i < len; i++)
		x |= (u64)p[i] << 8 * i;
	return x;
}

u64 sim_siphash(const void *data, u32 len, const u64 key[2])
{
	u64 v[4] = {
		key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL,
	};
	const u8 *p = data;
	u64 word;
	u32 i;

	for (i = 0; i + 8 <= len; i += 8) {
		word = little_endian(p + i, 8);
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	word = little_endian(p + i, len - i) | (u64)len << 56;
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
