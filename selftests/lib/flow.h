/* SPDX-License-Identifier: GPL-2.0 */
/* Transfers of much data both ways at once. */
#ifndef ATCP_SELFTEST_FLOW_H
#define ATCP_SELFTEST_FLOW_H

#include <stddef.h>

/*
 * The two ends of a connection, which wait, send each other so many bytes of the
 * pattern at once, every one of which is checked; what is wrong ends the test.
 */
void exchange(int a, int b, size_t bytes);

/* One end's part of that. */
void exchange_end(int fd, size_t bytes);

#endif /* ATCP_SELFTEST_FLOW_H */
