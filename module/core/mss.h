/* SPDX-License-Identifier: GPL-2.0 */
/* The size of segments. */
#ifndef _ATCP_CORE_MSS_H
#define _ATCP_CORE_MSS_H

#include "core/tcb.h"

/* The congestion window before the first ACK, and after idling, in bytes. */
u32 atcp_initial_window(const struct atcp_tcb *c);
/* ESTABLISHED: sets cwnd, and ssthresh if the route has one. */
void atcp_first_cwnd(struct atcp_tcb *c);

/* The most that cwnd may be, in bytes. */
static inline u32 atcp_cwnd_most(const struct atcp_tcb *c)
{
	if (likely(!c->cwnd_max))
		return ATCP_CC_CWND_MAX;
	return min((u32)c->cwnd_max * c->mss, ATCP_CC_CWND_MAX);
}

/* The MSS of a peer that sends no MSS option: RFC 9293 section 3.7.1. */
static inline u16 atcp_default_mss(const struct atcp_tuple *t)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(t->raddr, mapped, sizeof(mapped)) ? ATCP_MSS_DEFAULT6 : ATCP_MSS_DEFAULT;
}

#endif /* _ATCP_CORE_MSS_H */
