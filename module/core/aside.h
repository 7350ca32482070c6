/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that only a connection with losses takes.  Without it no SACK block is sent; cwnd
 * falls at once and not by RFC 9937; no reduction is undone.
 */
#ifndef _ATCP_CORE_ASIDE_H
#define _ATCP_CORE_ASIDE_H

#include "core/tcb.h"

/* True if c->aside is there, by now. */
static inline bool atcp_has_aside(struct atcp_tcb *c)
{
	if (likely(c->aside))
		return true;
	c->aside = atcp_host_aside(c);
	if (!c->aside)
		return false;
	c->aside->sack_first.start = c->snd_una;
	c->aside->sack_first.end = c->snd_una;
	return true;
}

/* Bytes that were taken for lost, if congestion control asks for that.  It wraps. */
static inline u32 atcp_lost_sum(const struct atcp_tcb *c)
{
	return unlikely(c->aside) ? c->aside->lost_sum : 0;
}

#endif /* _ATCP_CORE_ASIDE_H */
