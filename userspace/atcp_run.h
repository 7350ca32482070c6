/* SPDX-License-Identifier: GPL-2.0 */
/* What atcp-run and the library that it preloads tell each other. */
#ifndef ATCP_RUN_H
#define ATCP_RUN_H

#define ATCP_LIBRARY	"libatcp.so"

/*
 * The environment of the command: the carrier, and what else was asked for, as
 * "tcp,strict,verbose".  Without it the library does nothing.
 */
#define ATCP_RUN_ENV	"ATCP_RUN"
/* The number of the family, for the library need not read /sys then. */
#define ATCP_FAMILY_ENV	"ATCP_RUN_FAMILY"

#endif /* ATCP_RUN_H */
