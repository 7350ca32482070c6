/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a program's tests do, and how much they did.
 *
 * The last line of a program that uses this tells what was covered, all of its
 * tests and their processes together:
 *
 *	# covered: connections=1200 segments=8312 rounds=20 seconds=9
 */
#ifndef ATCP_SELFTEST_COVERED_H
#define ATCP_SELFTEST_COVERED_H

#include "net.h"

/*
 * So many times, times ATCP_TEST_ROUNDS of the environment (1): few is what suits
 * an emulated machine, full the most that makes sense.
 */
int covered_rounds(int few, int full);

/* Adds to the figure of that name, a word. Any process of the program. */
void covered_add(const char *what, long count);

/* Adds the connections and segments that the net's two namespaces have counted. */
void covered_net(const struct net *net);

#endif /* ATCP_SELFTEST_COVERED_H */
