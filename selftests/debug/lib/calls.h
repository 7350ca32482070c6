/* SPDX-License-Identifier: GPL-2.0 */
/* The calls that change a socket or move data, which are made in every state. */
#ifndef ATCP_SELFTEST_CALLS_H
#define ATCP_SELFTEST_CALLS_H

#include "ends.h"

#define CALL_PART	1	/* may do a part of its work */
#define CALL_LOSES	2	/* loses the data that it could not return, as in TCP */
#define CALL_ENDS	4	/* data may be lost afterwards */

struct call {
	const char *name;
	int flags;
	/* Done before, without faults. */
	void (*prepare)(struct ends *e);
	/* Returns what the system call does: a count or 0, or -1 and errno. May be repeated. */
	long (*run)(struct ends *e);
	/* Done after a run that has succeeded. */
	void (*then)(struct ends *e);
};

extern const struct call calls[];
extern const int calls_count;

/* Makes the files, pipes and buffers that the calls share. */
void calls_begin(void);

#endif /* ATCP_SELFTEST_CALLS_H */
