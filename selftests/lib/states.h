/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections in every state there is, to be ended with all that is in them.
 *
 *	CLIENT				SERVER
 *	bare, bound
 *	ESTABLISHED			ESTABLISHED	idle
 *	ESTABLISHED			ESTABLISHED	data unread and unsent both ways
 *	ESTABLISHED, SYN-SENT		LISTEN		queue full, and more than that
 *	FIN-WAIT-2, and as orphan	CLOSE-WAIT
 *	TIME-WAIT			gone
 *	FIN-WAIT-1, and as orphan	ESTABLISHED	FINs do not get through
 *	FIN-WAIT-1			ESTABLISHED	the FIN waits behind data
 *	CLOSING, and as orphan		FIN-WAIT-2
 *	FIN-WAIT-2			LAST-ACK, and as orphan
 *	SYN-SENT			SYN-RECEIVED	a listener's
 *	SYN-SENT			SYN-RECEIVED	that of a simultaneous open
 *
 * To keep them there SERVER receives no FIN, and CLIENT no FIN and no SYN, until
 * states_path_back().
 */
#ifndef ATCP_SELFTEST_STATES_H
#define ATCP_SELFTEST_STATES_H

#include "net.h"

/* The sockets that are still open. */
struct states {
	int n;		/* of each kind */
	int count;	/* of the following */
	struct {
		int fd;
		int side;
	} *open;
};

/*
 * Opens n of each kind between ports from port on, and ends the test if /proc does
 * not show each where it has to be.
 */
void states_open(const struct net *net, uint16_t port, int n, struct states *s);

/* The number of sockets that it opens, on both sides together. */
int states_sockets(int n);

/* Closes those of one side, or of both if it is -1. */
void states_close(struct states *s, int side);

/* From now on all segments get through. */
void states_path_back(const struct net *net);

#endif /* ATCP_SELFTEST_STATES_H */
