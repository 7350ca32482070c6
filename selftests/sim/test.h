/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test is a function in some test_*.c here:
 *
 *	TEST(window_update_after_read)
 *	{
 *		test_world(1, 2);
 *		...
 *		ASSERT_EQ(conn->c.state, ATCP_ESTABLISHED);
 *	}
 *
 * Its name is "FILE.ID", the file's name without test_ and .c.  Each runs in a
 * process of its own.  A failed assertion prints where it stands and the ladder
 * of the run, and ends the test.  When the function returns the world is torn
 * down; a failed invariant or a leak fails the test too.
 */
#ifndef _ATCP_SELFTESTS_SIM_TEST_H
#define _ATCP_SELFTESTS_SIM_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "sim.h"

/**
 * struct test - a test, as it is registered
 * @id:		its own part of the name
 * @file:	its source file
 * @fn:		the test
 * @arg:	argument of @fn: the row of a table
 * @robust:	it must pass whatever calls to the host fail
 */
struct test {
	const char *id;
	const char *file;
	void (*fn)(const void *arg);
	const void *arg;
	bool robust;
	struct test *next;
};

void test_add(struct test *t);
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
/* sim_begin() with the trace switched on. */
void test_world(u64 seed, u32 nhosts);
/* Names the case of a table that runs now, which a failure prints; NULL: none. */
void test_case(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Number of worlds begun: state kept from an earlier one is of no use. */
extern unsigned int test_worlds;
/* Whether this run is one with failures (faults.c). */
extern bool test_with_faults;
/* Called when a failure ends the test early, or NULL. */
extern void (*test_left)(void);
/* Ends the world, so that the test can begin another; fails if an invariant did not hold. */
void test_world_end(void);

#define TEST(name)	TEST_KIND(name, false)
/* A test that must also pass with failures (faults.c). */
#define ROBUST(name)	TEST_KIND(name, true)

#define TEST_KIND(name, robust_)					\
	static void test_##name(const void *arg);			\
	__attribute__((constructor)) static void add_##name(void)	\
	{								\
		static struct test t = {				\
			.id = #name,					\
			.file = __FILE__,				\
			.fn = test_##name,				\
			.robust = robust_,				\
		};							\
		test_add(&t);						\
	}								\
	static void test_##name(const void *arg __attribute__((unused)))

#define FAIL(...)	test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond, ...)						\
	do {								\
		if (!(cond))						\
			FAIL(__VA_ARGS__);				\
	} while (0)

#define ASSERT(cond)	CHECK(cond, "not so: %s", #cond)

#define ASSERT_OP(a, op, b)						\
	do {								\
		long long _a = (long long)(a);				\
		long long _b = (long long)(b);				\
		if (!(_a op _b))					\
			FAIL("%s is %lld, %s is %lld; expected " #op,	\
			     #a, _a, #b, _b);				\
	} while (0)

#define ASSERT_EQ(a, b)	ASSERT_OP(a, ==, b)
#define ASSERT_NE(a, b)	ASSERT_OP(a, !=, b)
#define ASSERT_LT(a, b)	ASSERT_OP(a, <, b)
#define ASSERT_LE(a, b)	ASSERT_OP(a, <=, b)
#define ASSERT_GT(a, b)	ASSERT_OP(a, >, b)
#define ASSERT_GE(a, b)	ASSERT_OP(a, >=, b)

/* sim_accept() of a connection that must be there. */
#define test_accept(l)							\
	({								\
		struct sim_conn *_conn = sim_accept(l);			\
									\
		if (!_conn)						\
			FAIL("nothing to accept");			\
		_conn;							\
	})

#endif /* _ATCP_SELFTESTS_SIM_TEST_H */
