// SPDX-License-Identifier: GPL-2.0
/* Functions that the fuzz targets share. */
#include <stdarg.h>

#include "fuzz.h"

bool fuzz_verbose;

/* A constructor, as the engines' programs have a main() of their own. */
__attribute__((constructor)) static void read_environment(void)
{
	fuzz_verbose = getenv("ATCP_FUZZ_VERBOSE");
}

void fuzz_begin(const u8 *data, size_t size)
{
	u32 hash = 2166136261u;		/* FNV-1a */
	size_t i;

	if (!fuzz_verbose)
		return;
	for (i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 16777619u;
	printf("# input %zu-%08x\n", size, hash);
}

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "fuzz: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}
