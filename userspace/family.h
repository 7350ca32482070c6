/* SPDX-License-Identifier: GPL-2.0 */
/* The protocol family of the loaded module, and the message when it refuses a carrier. */
#ifndef ATCP_FAMILY_H
#define ATCP_FAMILY_H

/* The family's number from /sys, or -1 if the module is not loaded. */
int atcp_loaded_family(void);

/* A format for printf(), with the effective group twice, when socket() fails with EACCES. */
#define ATCP_GATE_SHUT \
	"you may not use TCP on the wire: net.atcp.tcp_group_range=\"%u %u\" would allow your group"

#endif /* ATCP_FAMILY_H */
