/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets of both stacks in one test, where atcp's segments are TCP's (the test sets
 * ATCP_TEST_CARRIER to say so).  Whatever fails ends the test.
 */
#ifndef ATCP_SELFTEST_STACKS_H
#define ATCP_SELFTEST_STACKS_H

#include "net.h"

enum stack { ATCP, TCP, STACKS };

/* A socket of that stack, here or in a side's namespace. */
int sock_of(enum stack stack);
int sock_in(const struct net *net, int side, enum stack stack);

/* It listens there; it connects there. */
int listen_at(enum stack stack, const char *ip, uint16_t port);
void dial(int fd, const char *ip, uint16_t port);

/*
 * CLIENT's stack connects to a port of the other stack on SERVER: the listener and
 * both ends.
 */
void call_far(const struct net *net, enum stack stack, uint16_t port, int *l, int *c, int *s);

/*
 * CLIENT's atcp calls SERVER's TCP, on @port, and the other way round, on the next: so
 * much data both ways at once (flow.h), and a talk.
 */
void both_roles(const struct net *net, uint16_t port, size_t bytes);

/* A few bytes each way and the end in each direction; both are closed. */
void talk(int a, int b);

#endif /* ATCP_SELFTEST_STACKS_H */
