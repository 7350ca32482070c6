/* SPDX-License-Identifier: GPL-2.0 */
/* Files of the kernel's that hold a value or a table: sysctls, cgroups, parameters. */
#ifndef ATCP_SELFTEST_FILE_H
#define ATCP_SELFTEST_FILE_H

#include <stdbool.h>

/* Writes text to the file of that name, a format; false and errno if it cannot. */
__attribute__((format(printf, 2, 3)))
bool file_write(const char *text, const char *name, ...);

/* The number that follows the word at the start of a line; -1 without one. */
__attribute__((format(printf, 2, 3)))
long file_number(const char *word, const char *name, ...);

#endif /* ATCP_SELFTEST_FILE_H */
