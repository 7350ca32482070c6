/* SPDX-License-Identifier: GPL-2.0 */
/* Algorithms of congestion control that only tests use. */
#ifndef _ATCP_SELFTESTS_SIM_FOOL_H
#define _ATCP_SELFTESTS_SIM_FOOL_H

#include "core/cc.h"

/*
 * Reno, with the most memory that an algorithm may have.  It checks that this is zeroed
 * before init(), and its own until release().
 */
extern const struct atcp_cc_ops test_cc_far;

/* Its own recovery, and a pace.  It does what the test says, and notes what it is told. */
extern const struct atcp_cc_ops test_cc_owner_ops;

/**
 * struct test_cc_owner - zeroed by each test
 * @cwnd:	to be written at each ACK; 0: it stays
 * @pace:	likewise, 0 too
 * @acks:	calls of ack()
 * @losses:	segments lost
 * @ack:	the last that ack() was told
 * @lost:	the last that ATCP_CC_LOST came with
 */
extern struct test_cc_owner {
	u32 cwnd;
	u64 pace;
	u32 acks;
	u32 losses;
	struct atcp_cc_sample ack;
	struct atcp_cc_sample lost;
} test_cc_owner;

/* Writes nonsense into cwnd and ssthresh at every call, and answers nonsense. */
extern const struct atcp_cc_ops test_cc_fool;

/* Calls of init() and of release(), of both. */
extern unsigned int test_cc_inits, test_cc_releases;

#endif /* _ATCP_SELFTESTS_SIM_FOOL_H */
