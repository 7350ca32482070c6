/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time travel: User Mode Linux with a clock that jumps to the next timer (uml -T),
 * in which running code takes no time.  So a test measures exactly the times that
 * timers were set to, and hours of them take moments.
 *
 * The kernel's timers are never early.  They are late by at most an eighth of their
 * time and a tick (kernel/time/timer.c), which is the tolerance of about().
 * Times are milliseconds.
 */
#ifndef ATCP_SELFTEST_TRAVEL_H
#define ATCP_SELFTEST_TRAVEL_H

#include "../../lib/net.h"
#include "../../lib/wire.h"

#define SECOND	1000LL
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)

/* A limit that no test reaches, in seconds of a clock that jumps. */
#define LONG	(90 * 86400)

/* Whether this kernel has such a clock; if so, its periodic work is switched off. */
bool travel_ready(void);

/*
 * Makes two hosts.  The kernel's TCP is set to follow RFC 9293 and RFC 6298 alone,
 * without loss probes and without SYNs at equal intervals.
 */
void travel_open(struct net *net);
/* The same with a connection to that port, captured at CLIENT from its first SYN on. */
struct wire *travel_connect(struct net *net, uint16_t port, struct conn *conn);

void travel_sleep(long long ms);

/* A side's host dies: it receives nothing any more; host_returns() undoes this. */
void host_dies(const struct net *net, int side);
void host_returns(const struct net *net, int side);

/*
 * Waits for an error of the socket, and returns its errno; 0 if there is none
 * within ms.
 */
int error_of(int fd, long long ms);

/* Waits until a connection is gone, checking every `every` ms; false after ms. */
bool gone(const struct net *net, int side, uint16_t local, uint16_t remote,
	  long long every, long long ms);

/* Reads all segments that were captured until now. */
void wire_drain(struct wire *wire);

/*
 * Stores the times of up to max captured segments that match the script's line in
 * at[], in order.  Returns how many matched.
 */
size_t wire_times(struct wire *wire, const char *line, long long *at, size_t max);

/* The same for all segments that a side has sent after a time. */
size_t wire_times_from(struct wire *wire, int side, long long after,
		       long long *at, size_t max);

/*
 * Whether a wait of got is about want, within the lateness of timers.  The kernel's
 * TCP counts in ticks, and may be a tick early.
 */
bool about(long long got, long long want);

/*
 * Whether the times are about first, 2 * first, 4 * first, ... apart, with most as
 * the bound.  Prints those that are not.
 */
bool backs_off(const long long *at, size_t n, long long first, long long most);

/* The same for n waits, each of which has to be want. */
bool evenly(const long long *at, size_t n, long long want);

#define EXPECT_ABOUT(want, got) do {					\
	long long got_ = (got), want_ = (want);				\
									\
	EXPECT_TRUE(about(got_, want_))					\
		TH_LOG("%lld ms instead of %lld", got_, want_);		\
} while (0)

#endif /* ATCP_SELFTEST_TRAVEL_H */
