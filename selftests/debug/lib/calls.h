/* SPDX-License-Identifier: GPL-2.0 */
/* The calls that change a socket or move data, each to be made in every state. */
#ifndef ATCP_SELFTEST_CALLS_H
#define ATCP_SELFTEST_CALLS_H

#include "ends.h"

#define CALL_PART	1	/* may do a part of it */
#define CALL_LOSES	2	/* what it could not tell of is gone, as with TCP */
#define CALL_ENDS	4	/* data may be lost afterwards */

struct call {
	const char *name;
	int flags;
	/* What has to be done before, without faults. */
	void (*prepare)(struct ends *e);
	/* As a system call: a count or 0, or -1 and errno. May be called again. */
	long (*run)(struct ends *e);
	/* After a run that has succeeded. */
	void (*then)(struct ends *e);
};

extern const struct call calls[];
extern const int calls_count;

/* Makes what they share: files, pipes, filled buffers. */
void calls_begin(void);

#endif /* ATCP_SELFTEST_CALLS_H */
