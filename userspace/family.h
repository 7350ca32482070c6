/* SPDX-License-Identifier: GPL-2.0 */
/* Which protocol family the loaded module has. */
#ifndef ATCP_FAMILY_H
#define ATCP_FAMILY_H

/* The number that it tells in /sys, or -1: none is loaded. */
int atcp_loaded_family(void);

#endif /* ATCP_FAMILY_H */
