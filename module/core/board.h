/* SPDX-License-Identifier: GPL-2.0 */
/* The scoreboard: what the peer's SACK blocks say of the segments that were sent. */
#ifndef _ATCP_CORE_BOARD_H
#define _ATCP_CORE_BOARD_H

#include "core/ack.h"
#include "core/seq.h"

/*
 * True if @b may report data that waits at the peer, which acknowledges @ack: not one below
 * that, which is a D-SACK, nor one of data that was never sent.
 */
static inline bool atcp_board_valid(const struct atcp_tcb *c, const struct atcp_sack_block *b,
				    u32 ack)
{
	return seq_gt(b->start, ack) && seq_lt(b->start, b->end) && seq_leq(b->end, c->snd_nxt);
}

/* Takes the SACK blocks of an ACK in, before its ACK field; fills @a. */
void atcp_board_take(struct atcp_tcb *c, const struct atcp_hdr *h, struct atcp_ack *a);
/*
 * Notes in @a that a segment, which was in flight or lost, is reported up to @end, by a SACK
 * block or by the ACK field.
 */
void atcp_board_arrived(struct atcp_tcb *c, const struct atcp_cb *cb, u32 end,
			struct atcp_ack *a);
/* True if the peer has acknowledged up to a segment that it had reported, and not that one. */
bool atcp_board_reneged(const struct atcp_tcb *c);

#endif /* _ATCP_CORE_BOARD_H */
