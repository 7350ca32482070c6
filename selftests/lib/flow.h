/* SPDX-License-Identifier: GPL-2.0 */
/* Much data both ways at once. */
#ifndef ATCP_SELFTEST_FLOW_H
#define ATCP_SELFTEST_FLOW_H

#include <stddef.h>

/*
 * The two ends of a connection, which wait, send each other so many bytes of the
 * pattern at once, every one of which is checked; what is wrong ends the test.
 */
void exchange(int a, int b, size_t bytes);

/* What one of the two ends does for that. */
void exchange_end(int fd, size_t bytes);

#endif /* ATCP_SELFTEST_FLOW_H */
