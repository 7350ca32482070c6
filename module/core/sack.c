// SPDX-License-Identifier: GPL-2.0
/*
 * The blocks that the receiver reports: RFC 2018 section 4.  The most recent
 * comes first.  A block that falls off the list is not reported, which the RFC
 * allows, until a segment touches it again.
 */
#include "core/sack.h"
#include "core/seq.h"

static void drop_block(struct atcp_tcb *c, u32 i)
{
	for (c->ooo_blocks--; i < c->ooo_blocks; i++)
		c->ooo_recent[i] = c->ooo_recent[i + 1];
}

void atcp_sack_add(struct atcp_tcb *c, u32 start, u32 end)
{
	u32 i = 0;

	if (!c->sack_on)
		return;
	/* Blocks that the new one touches become part of it. */
	while (i < c->ooo_blocks) {
		struct atcp_sack_block *b = &c->ooo_recent[i];

		if (seq_gt(b->start, end) || seq_lt(b->end, start)) {
			i++;
			continue;
		}
		start = seq_lt(b->start, start) ? b->start : start;
		end = seq_max(b->end, end);
		drop_block(c, i);
	}
	if (c->ooo_blocks == ATCP_SACK_BLOCKS)
		c->ooo_blocks--;
	for (i = c->ooo_blocks; i; i--)
		c->ooo_recent[i] = c->ooo_recent[i - 1];
	c->ooo_recent[0].start = start;
	c->ooo_recent[0].end = end;
	c->ooo_blocks++;
}

void atcp_sack_advance(struct atcp_tcb *c)
{
	u32 i = 0;

	while (i < c->ooo_blocks) {
		if (seq_gt(c->ooo_recent[i].start, c->rcv_nxt))
			i++;
		else
			drop_block(c, i);
	}
}
