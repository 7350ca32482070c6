/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Repeats every test with failures: see faults.c.
 */
#ifndef _ATCP_SELFTESTS_SIM_FAULTS_H
#define _ATCP_SELFTESTS_SIM_FAULTS_H

#include "test.h"

/* Call it before any process is forked: they share the table of failures. */
void faults_begin(void);
/* Runs one test many times, each time with other failures. */
void faults_run(const struct test *t);
/*
 * Called when an assertion does not hold.  Returns when the test has failed.  Leaves
 * the test when a call was made to fail and the test may take another course.
 */
void faults_excuse(void);
/* Prints which calls were made to fail. */
void faults_print_case(void);
/* Prints the table; false: some call never failed in some state. @whole: all tests ran. */
bool faults_judge(unsigned int n, bool whole);

#endif /* _ATCP_SELFTESTS_SIM_FAULTS_H */
