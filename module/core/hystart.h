/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HyStart++, RFC 9406: slow start that ends before the queue of the path is full, for any
 * algorithm that wants it.
 *
 * When the round trip has grown from one round to the next, slow start may have gone far
 * enough.  For five rounds cwnd then grows by a quarter of that (conservative slow start).
 * If the round trip shrinks again, it was chance, and slow start goes on; else
 * congestion avoidance begins.
 *
 * Differs from the RFC: its L, which bounds the growth by one ACK, is infinite.  One ACK of
 * a receiver with GRO covers up to 64 KB, and the kernel's TCP takes all of that as well.
 */
#ifndef _ATCP_CC_HYSTART_H
#define _ATCP_CC_HYSTART_H

#include "core/cc.h"

/* Section 4.3. */
#define ATCP_HYSTART_RTT_THRESH_MIN	4000u
#define ATCP_HYSTART_RTT_THRESH_MAX	16000u
#define ATCP_HYSTART_RTT_DIVISOR	8
#define ATCP_HYSTART_SAMPLES		8
#define ATCP_HYSTART_GROWTH_DIVISOR	4
#define ATCP_HYSTART_ROUNDS		5

/**
 * struct atcp_hystart - zeroed before slow start begins
 * @last:	least round trip of the last round; 0: none
 * @least:	least of this one; 0: none
 * @baseline:	@least when conservative slow start began; 0: it has not
 * @samples:	of this round
 * @rounds:	of conservative slow start
 */
struct atcp_hystart {
	u32 last;
	u32 least;
	u32 baseline;
	u8 samples;
	u8 rounds;
};

/* A round trip has passed.  True: conservative slow start is over. */
static inline bool atcp_hystart_round(struct atcp_hystart *h)
{
	h->last = h->least;
	h->least = 0;
	h->samples = 0;
	return h->baseline && ++h->rounds >= ATCP_HYSTART_ROUNDS;
}

/* Section 4.2, for each round-trip sample. */
static inline void atcp_hystart_sample(struct atcp_hystart *h, u32 rtt)
{
	u32 thresh;

	h->least = h->least ? min(h->least, rtt) : rtt;
	if (h->samples < ATCP_HYSTART_SAMPLES)
		h->samples++;
	if (h->samples < ATCP_HYSTART_SAMPLES)
		return;
	if (h->baseline) {
		if (h->least < h->baseline)
			h->baseline = 0;
		return;
	}
	thresh = min(max(h->last / ATCP_HYSTART_RTT_DIVISOR, ATCP_HYSTART_RTT_THRESH_MIN),
		     ATCP_HYSTART_RTT_THRESH_MAX);
	if (h->last && h->least >= h->last + thresh) {
		h->baseline = h->least;
		h->rounds = 0;
	}
}

/**
 * atcp_hystart_ack() - an ACK in the first slow start of a connection
 * @cc:		cwnd grows; ssthresh is set when slow start is over
 * @h:		its state
 * @s:		what the ACK tells; cwnd grows only if it is ATCP_CC_FULL
 */
static inline void atcp_hystart_ack(struct atcp_cc *cc, struct atcp_hystart *h,
				    const struct atcp_cc_sample *s)
{
	if (s->is & ATCP_CC_ROUND && atcp_hystart_round(h)) {
		cc->ssthresh = cc->cwnd;
		return;
	}
	if (s->rtt)
		atcp_hystart_sample(h, s->rtt);
	if (s->is & ATCP_CC_FULL)
		cc->cwnd += h->baseline ? s->acked / ATCP_HYSTART_GROWTH_DIVISOR : s->acked;
}

#endif /* _ATCP_CC_HYSTART_H */
