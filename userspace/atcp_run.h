/* SPDX-License-Identifier: GPL-2.0 */
/* The environment by which atcp-run controls the library that it preloads. */
#ifndef ATCP_RUN_H
#define ATCP_RUN_H

#define ATCP_LIBRARY	"libatcp.so"

/*
 * The carrier and the options, such as "tcp,strict,verbose".  Without this variable the
 * library does nothing.
 */
#define ATCP_RUN_ENV	"ATCP_RUN"
/* The number of the family, so that the library need not read /sys. */
#define ATCP_FAMILY_ENV	"ATCP_RUN_FAMILY"

#endif /* ATCP_RUN_H */
