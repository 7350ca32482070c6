/* SPDX-License-Identifier: GPL-2.0 */
/* What module/core/cc.h needs where the simulator takes an algorithm. */
#ifndef _ATCP_CC_USER_H
#define _ATCP_CC_USER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef signed short s16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;
typedef signed long long s64;

#ifndef likely
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#endif

#define min(a, b) ({						\
	__auto_type _min_a = (a);				\
	__auto_type _min_b = (b);				\
	_min_a < _min_b ? _min_a : _min_b; })
#define max(a, b) ({						\
	__auto_type _max_a = (a);				\
	__auto_type _max_b = (b);				\
	_max_a > _max_b ? _max_a : _max_b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

/* Registers the file's algorithm when it is loaded. */
#define ATCP_CC(ops)							\
	static void __attribute__((constructor)) atcp_cc_load(void)	\
	{								\
		atcp_cc_register(&(ops));				\
	}								\
	struct atcp_cc_nothing

/* What a module of the kernel says of itself says nothing here. */
#define THIS_MODULE			NULL
#define MODULE_LICENSE(text)		struct atcp_cc_nothing
#define MODULE_ALIAS_ATCP_CC(name)	struct atcp_cc_nothing
#define MODULE_DESCRIPTION(text)	struct atcp_cc_nothing
#define MODULE_AUTHOR(text)		struct atcp_cc_nothing

#endif /* _ATCP_CC_USER_H */
