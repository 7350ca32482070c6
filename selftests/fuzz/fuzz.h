/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that the fuzz targets share. */
#ifndef _ATCP_FUZZ_H
#define _ATCP_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

/* Both engines call this; each target defines it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints what the input does; set by ATCP_FUZZ_VERBOSE in the environment and replay's -v. */
extern bool fuzz_verbose;

/* The bytes of an input, which are read in order; after its end zeroes are read. */
struct fuzz_in {
	const u8 *p;
	size_t left;
};

static inline u8 fuzz_u8(struct fuzz_in *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static inline u16 fuzz_u16(struct fuzz_in *in)
{
	u16 high = fuzz_u8(in);

	return high << 8 | fuzz_u8(in);
}

static inline u32 fuzz_u32(struct fuzz_in *in)
{
	u32 high = fuzz_u16(in);

	return high << 16 | fuzz_u16(in);
}

/* Prints a name of the input, if fuzz_verbose is set. */
void fuzz_begin(const u8 *data, size_t size);

/* Prints and aborts, which the engines take for a crash. */
void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#define FUZZ_CHECK(cond, ...)			\
	do {					\
		if (!(cond))			\
			fuzz_fail(__VA_ARGS__);	\
	} while (0)

#endif /* _ATCP_FUZZ_H */
