/* SPDX-License-Identifier: GPL-2.0 */
/* Which protocol family the loaded module has, and who may use it how. */
#ifndef ATCP_FAMILY_H
#define ATCP_FAMILY_H

/* The number that it tells in /sys, or -1: none is loaded. */
int atcp_loaded_family(void);

/* For printf(), with the effective group twice: socket() with IPPROTO_TCP said EACCES. */
#define ATCP_GATE_SHUT \
	"TCP on the wire is not for you: net.atcp.tcp_group_range=\"%u %u\" would let your group"

#endif /* ATCP_FAMILY_H */
