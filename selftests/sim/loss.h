/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For scripts of loss recovery with SACK: segments of 1000 bytes, a round trip that the
 * handshake has taken, an initial window of ten segments.
 */
#ifndef _ATCP_SELFTESTS_SIM_LOSS_H
#define _ATCP_SELFTESTS_SIM_LOSS_H

#include "core/congestion.h"
#include "script.h"

#define TRIP		(100 * MSEC)
#define TRIP_RTO	(3 * TRIP)	/* RFC 6298 (2.2): the first sample and twice that */
#define PROBE		(2 * TRIP + 2 * MSEC)	/* of a tail, when more than a segment is out */
#define REORDER		(TRIP / 4)	/* the first reordering window */

/*
 * An established connection whose peer permits SACK.  It was in slow start up to this
 * window, so that cwnd grows by less than a segment in what follows.
 */
void loss_ready(void);
/* The same; ten segments, each a segment of the send queue, are out, and @n were queued. */
void loss_sending(u32 n);
/* The same, and a round trip later the peer has reported the second to the fourth. */
void loss_found(void);

/* Expects @n full segments from @from on, and nothing else. */
void loss_sent(u32 from, u32 n);
#define sent(from, n)	script_here(loss_sent(from, n))

/* Takes whatever was sent; returns how many segments that were. */
u32 loss_drain(void);

/* The state after a loss, or after none. */
#define recovery_is(state)	ASSERT_EQ(tcb()->recovery, ATCP_##state)
#define pipe_is(bytes)		ASSERT_EQ(atcp_flight(tcb()), bytes)

/* Prints costs, of one of the runs of a script. */
#define SAY(...)						\
	do {							\
		static bool said;				\
								\
		if (!said)					\
			printf("# cost: " __VA_ARGS__);		\
		said = true;					\
	} while (0)

#endif /* _ATCP_SELFTESTS_SIM_LOSS_H */
