/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets of both stacks in one test, with atcp as TCP on the wire (the test sets
 * ATCP_TEST_CARRIER for that).  Any failure ends the test.
 */
#ifndef ATCP_SELFTEST_STACKS_H
#define ATCP_SELFTEST_STACKS_H

#include "net.h"

enum stack { ATCP, TCP, STACKS };

/* Opens a socket of that stack, in this namespace or in a side's. */
int sock_of(enum stack stack);
int sock_in(const struct net *net, int side, enum stack stack);

/* A listener at that address; connect() to that address. */
int listen_at(enum stack stack, const char *ip, uint16_t port);
void dial(int fd, const char *ip, uint16_t port);

/*
 * CLIENT's stack connects to a port of the other stack on SERVER; returns the listener
 * and both ends.
 */
void call_far(const struct net *net, enum stack stack, uint16_t port, int *l, int *c, int *s);

/*
 * CLIENT's atcp connects to SERVER's TCP, on @port, and the other way round, on the
 * next: so much data both ways at once (flow.h), then talk().
 */
void both_roles(const struct net *net, uint16_t port, size_t bytes);

/* A few bytes each way, then the FIN in each direction; both are closed. */
void talk(int a, int b);

#endif /* ATCP_SELFTEST_STACKS_H */
