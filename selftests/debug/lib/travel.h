/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hours that pass in a moment: User Mode Linux with a clock that jumps to the
 * next timer (uml -T), in which running code takes no time.  So what a test
 * measures is what the timers were set to, and nothing else.
 *
 * The kernel's timers are never early, and late by an eighth of what they wait
 * at most, and a tick (kernel/time/timer.c): that is what "about" means here.
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

/* A limit for tests, in seconds of a clock that jumps: longer than any of them. */
#define LONG	(90 * 86400)

/* Does this kernel have such a clock?  If so it is kept from doing other work. */
bool travel_ready(void);

/*
 * Two hosts.  The kernel's TCP sends by what RFC 9293 and RFC 6298 say and no
 * more: no loss probes, no SYN sent at a steady pace.
 */
void travel_open(struct net *net);
/* The same with a connection to that port, captured at CLIENT from its first SYN on. */
struct wire *travel_connect(struct net *net, uint16_t port, struct conn *conn);

void travel_sleep(long long ms);

/* A side's host dies: nothing that comes reaches it any more, or it does again. */
void host_dies(const struct net *net, int side);
void host_returns(const struct net *net, int side);

/*
 * Waits for an error of the socket, and returns its errno; 0 when there is none
 * after ms.
 */
int error_of(int fd, long long ms);

/* Waits until a connection is gone, looking every so often; false after ms. */
bool gone(const struct net *net, int side, uint16_t local, uint16_t remote,
	  long long every, long long ms);

/* Reads all that the wire has by now. */
void wire_drain(struct wire *wire);

/*
 * When segments passed the wire that are like the script's line; at most max of
 * them.  Returns how many there were, the first of them at[0].
 */
size_t wire_times(struct wire *wire, const char *line, long long *at, size_t max);

/* The same of all segments of a side after a time, whatever they are. */
size_t wire_times_from(struct wire *wire, int side, long long after,
		       long long *at, size_t max);

/*
 * Is a wait of so long about what it should be?  The kernel's TCP reckons in
 * ticks, of which the first may be half over.
 */
bool about(long long got, long long want);

/*
 * Do the times lie about first, 2 * first, 4 * first, ... apart, but no further
 * than most?  Prints those that do not.
 */
bool backs_off(const long long *at, size_t n, long long first, long long most);

/* The same for n waits, each of them want. */
bool evenly(const long long *at, size_t n, long long want);

#define EXPECT_ABOUT(want, got) do {					\
	long long got_ = (got), want_ = (want);				\
									\
	EXPECT_TRUE(about(got_, want_))					\
		TH_LOG("%lld ms instead of %lld", got_, want_);		\
} while (0)

#endif /* ATCP_SELFTEST_TRAVEL_H */
