// SPDX-License-Identifier: GPL-2.0
/*
 * Duplicate SACK, as the receiver: RFC 2883 section 4.  When a segment brings what was
 * received before, the first block of its ACK tells which part of it that was.
 *
 *   below RCV.NXT, or across it     -> arrive.c, deliver.c  -> atcp_dsack_note
 *   what waits out of order         -> ooo.c, deliver.c     -> atcp_dsack_note
 *   the ACK                         -> emit.c               -> atcp_dsack_take
 *
 * A segment may have several such parts with a gap between them.  The lowest is reported
 * (section 4.2).  Each is reported once, and only while the segment is the latest.  The
 * block that it belongs to, where that waits out of order, comes second: atcp_sack_add() has
 * made it the first of the others.
 *
 * Each segment still has one ACK at most.  One that begins below RCV.NXT and brings something
 * new has it at once, where without this it could have been delayed (deliver.c).
 */
#include "core/aside.h"
#include "core/dsack.h"
#include "core/seq.h"

void atcp_dsack_note(struct atcp_tcb *c, u32 start, u32 end)
{
	if (!c->sack_on || !c->space->conf.dsack || !atcp_has_aside(c))
		return;
	if (!c->dsack_due) {
		c->dsack_due = true;
		c->aside->dsack.start = start;
		c->aside->dsack.end = end;
	} else if (start == c->aside->dsack.end) {
		c->aside->dsack.end = end;
	}
}

void atcp_dsack_take(struct atcp_tcb *c, struct atcp_sack_block *block)
{
	*block = c->aside->dsack;
	c->dsack_due = false;
	atcp_count(c, seq_lt(block->start, c->rcv_nxt) ? ATCP_STAT_DSACK_OLD_SENT :
							 ATCP_STAT_DSACK_OFO_SENT);
}
