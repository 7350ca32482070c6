/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Expects a call to fail with exactly this errno.  It is included after
 * kselftest_harness.h, whose EXPECT_EQ() it uses.
 */
#ifndef ATCP_SELFTEST_FAILS_H
#define ATCP_SELFTEST_FAILS_H

#include <errno.h>

#define FAILS(err, call) do {						\
	errno = 0;							\
	EXPECT_EQ(-1, call);						\
	EXPECT_EQ(err, errno);						\
} while (0)

#endif /* ATCP_SELFTEST_FAILS_H */
