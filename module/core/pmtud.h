/* SPDX-License-Identifier: GPL-2.0 */
/* Path MTU discovery that does not rely on ICMP. */
#ifndef _ATCP_CORE_PMTUD_H
#define _ATCP_CORE_PMTUD_H

#include "core/output.h"
#include "core/tcb.h"

/* The handshake is complete, and the MSS is not set yet: starts the search of mode 2. */
void atcp_mtup_start(struct atcp_tcb *c);
/* A retransmission time-out, counted in c->retries, before anything is sent again. */
void atcp_mtup_timeout(struct atcp_tcb *c);
/* Three duplicate ACKs.  True: what is lost is the probe, which is no sign of congestion. */
bool atcp_mtup_lost(struct atcp_tcb *c);
/* The route or its MTU has changed: what was found out about the path no longer holds. */
void atcp_mtup_restart(struct atcp_tcb *c);
/* The payload that the next probe should have now, or 0. */
u32 atcp_mtup_probe_size(struct atcp_tcb *c);
/* Bytes that a probe of @size needs to be sent: three duplicate ACKs come from behind it. */
static inline u32 atcp_mtup_needs(const struct atcp_tcb *c, u32 size)
{
	return size + (ATCP_DUPTHRESH + 1) * c->mss;
}

/* A probe of @len bytes of payload has been sent, the last segment before SND.NXT. */
void atcp_mtup_sent(struct atcp_tcb *c, u32 len);
/* Part of atcp_mtup_acked(), while there is a probe or a reduction. */
void atcp_mtup_judge(struct atcp_tcb *c, u32 ack);

/* SND.UNA is about to advance to @ack; nothing has been freed yet. */
static inline void atcp_mtup_acked(struct atcp_tcb *c, u32 ack)
{
	if (unlikely(c->mtup_size || c->mtup_before))
		atcp_mtup_judge(c, ack);
}

#endif /* _ATCP_CORE_PMTUD_H */
