/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults made to order: the kernel's fault injection (its
 * Documentation/fault-injection/), as the tests here want it.
 *
 * In a system call, the nth thing of this thread that can fail does so: slab
 * and page allocations, copies from and to user space.
 *
 *	for (n = 1; ; n++) {
 *		fault_arm(n);
 *		ret = call();
 *		if (!fault_used())
 *			break;		// there is no nth: all were tried
 *	}
 *
 * In softirqs, where no thread is meant: allocations from chosen slab caches.
 */
#ifndef ATCP_SELFTEST_FAULT_H
#define ATCP_SELFTEST_FAULT_H

#include <stdbool.h>

/*
 * For the calling process, once; not inherited by a fork.  False: this kernel
 * has no fault injection.
 */
bool fault_begin(void);

/* The nth fault from now on happens; errno stays. */
void fault_arm(unsigned int nth);
/* Disarms.  True when the fault has happened; errno stays. */
bool fault_used(void);

/* The same; returns how many of the nth were left: 0 when the fault has happened. */
unsigned int fault_left(void);

/* Is there a slab cache of that name, which can be made to fail? */
bool fault_has_cache(const char *name);
/* Picks a slab cache for fault_slab_*(), or leaves it out again. */
void fault_cache(const char *name, bool on);
/*
 * Lets the first skip allocations from the picked cache (one alone, with
 * objects of one size) pass that may not sleep, and fails the next.
 */
void fault_slab_nth(const char *name, int skip);
/* Fails so many of a hundred such allocations, of all picked caches. */
void fault_slab_chance(int percent);
/* Ends either; returns how many have failed (of the first, 0 or 1). */
int fault_slab_end(void);

#endif /* ATCP_SELFTEST_FAULT_H */
