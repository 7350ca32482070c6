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

/* Writes nonsense into cwnd and ssthresh at every call, and answers nonsense. */
extern const struct atcp_cc_ops test_cc_fool;

/* Calls of init() and of release(), of both. */
extern unsigned int test_cc_inits, test_cc_releases;

#endif /* _ATCP_SELFTESTS_SIM_FOOL_H */
