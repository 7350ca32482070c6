/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every test again, with failures: see faults.c.
 */
#ifndef _ATCP_SELFTESTS_SIM_FAULTS_H
#define _ATCP_SELFTESTS_SIM_FAULTS_H

#include "test.h"

/* Before any process is forked: they share the table of what has failed. */
void faults_begin(void);
/* One test, over and over, each time with other failures. */
void faults_run(const struct test *t);
/*
 * An assertion does not hold.  Returns when that is the test's failure; else,
 * because a call has failed and the test may take another course, leaves it.
 */
void faults_excuse(void);
/* Which failure was on, for messages. */
void faults_print_case(void);
/* Prints the table; false: some call never failed in some state. @whole: all tests ran. */
bool faults_judge(unsigned int n, bool whole);

#endif /* _ATCP_SELFTESTS_SIM_FAULTS_H */
