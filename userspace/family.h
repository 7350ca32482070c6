/* SPDX-License-Identifier: GPL-2.0 */
/* The protocol family of the loaded module, and messages that several programs print. */
#ifndef ATCP_FAMILY_H
#define ATCP_FAMILY_H

/* The family's number from /sys, or -1 if the module is not loaded. */
int atcp_loaded_family(void);

/* What is wrong with atcp.ko, and what to do. */
#define ATCP_NOT_LOADED	"is not loaded (modprobe atcp, or insmod atcp.ko)"

/*
 * A hint for users whose bind() or listen() fails with EADDRINUSE, where the other stack
 * may have the port: each stack's tool shows its own sockets alone.
 */
#define ATCP_PORT_TAKEN \
	"the other stack may have the port: ss -ltn lists the kernel's TCP, atcp-ss -l atcp"

/* A format for printf(), with the effective group twice, when socket() fails with EACCES. */
#define ATCP_GATE_SHUT \
	"you may not use TCP on the wire: net.atcp.tcp_group_range=\"%u %u\" would allow your group"

#endif /* ATCP_FAMILY_H */
