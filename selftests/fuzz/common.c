// SPDX-License-Identifier: GPL-2.0
/* What the fuzz targets share. */
#include <stdarg.h>

#include "fuzz.h"

bool fuzz_verbose;

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
