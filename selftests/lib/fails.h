/* SPDX-License-Identifier: GPL-2.0 */
/* A call that must fail with exactly this errno; after kselftest_harness.h, which it speaks to. */
#ifndef ATCP_SELFTEST_FAILS_H
#define ATCP_SELFTEST_FAILS_H

#include <errno.h>

#define FAILS(err, call) do {						\
	errno = 0;							\
	EXPECT_EQ(-1, call);						\
	EXPECT_EQ(err, errno);						\
} while (0)

#endif /* ATCP_SELFTEST_FAILS_H */
