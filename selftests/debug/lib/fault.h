/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An interface to the kernel's fault injection (its
 * Documentation/fault-injection/).
 *
 * In a system call, the nth operation of this thread that can fail does so: slab
 * and page allocations, copies from and to user space.
 *
 *	for (n = 1; ; n++) {
 *		fault_arm(n);
 *		ret = call();
 *		if (!fault_used())
 *			break;		// there is no nth: all were tried
 *	}
 *
 * In softirqs, of any thread: allocations from chosen slab caches.
 */
#ifndef ATCP_SELFTEST_FAULT_H
#define ATCP_SELFTEST_FAULT_H

#include <stdbool.h>

/*
 * To be called once in a process; a child does not inherit it.  False: this kernel
 * has no fault injection.
 */
bool fault_begin(void);

/* Arms the nth fault from now on; errno is kept. */
void fault_arm(unsigned int nth);
/* Disarms.  True when the fault has happened; errno is kept. */
bool fault_used(void);

/* Disarms; returns the rest of the count: 0 when the fault has happened. */
unsigned int fault_left(void);

/* Whether there is a slab cache of that name that can be made to fail. */
bool fault_has_cache(const char *name);
/* Adds a slab cache to those of fault_slab_*(), or removes it. */
void fault_cache(const char *name, bool on);
/*
 * Lets the first skip allocations that may not sleep pass, and fails the next.  One
 * cache alone must be picked, with objects of one size.
 */
void fault_slab_nth(const char *name, int skip);
/* Fails so many percent of such allocations from all picked caches. */
void fault_slab_chance(int percent);
/* Ends both kinds; returns how many allocations have failed (0 or 1 after _nth). */
int fault_slab_end(void);

#endif /* ATCP_SELFTEST_FAULT_H */
