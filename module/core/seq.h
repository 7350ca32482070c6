/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequence number arithmetic modulo 2^32 (RFC 9293 section 3.4, RFC 7323
 * section 5.2 for timestamps, which compare the same way).
 *
 * A number is "before" another when the distance to it, going up, is less than
 * half of the space.  Comparing numbers 2^31 apart has no meaning; windows are
 * at most 2^30 bytes (RFC 7323 section 2.3), so that it never arises.
 */
#ifndef _ATCP_CORE_SEQ_H
#define _ATCP_CORE_SEQ_H

#include "core/host.h"

static inline bool seq_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_leq(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

static inline bool seq_gt(u32 a, u32 b)
{
	return (s32)(b - a) < 0;
}

static inline bool seq_geq(u32 a, u32 b)
{
	return (s32)(b - a) <= 0;
}

/* True if low =< x =< high, and for any x when the span is the whole space. */
static inline bool seq_within(u32 low, u32 x, u32 high)
{
	return x - low <= high - low;
}

static inline u32 seq_max(u32 a, u32 b)
{
	return seq_gt(a, b) ? a : b;
}

static inline u32 seq_min(u32 a, u32 b)
{
	return seq_lt(a, b) ? a : b;
}

#endif /* _ATCP_CORE_SEQ_H */
