// SPDX-License-Identifier: GPL-2.0
/*
 * The blocks that the receiver reports: RFC 2018 section 4.  The most recent
 * comes first, and each is all that was received without a gap.  A block that falls
 * off the list is not reported, which the RFC allows, until a segment touches it again
 * or there is room on the list.
 */
#include "core/aside.h"
#include "core/ooo.h"
#include "core/sack.h"
#include "core/seq.h"

static void drop_block(struct atcp_tcb *c, u32 i)
{
	for (c->ooo_blocks--; i < c->ooo_blocks; i++)
		c->aside->ooo_recent[i] = c->aside->ooo_recent[i + 1];
}

/* Blocks of the list that @new touches become part of it. */
static void join_known(struct atcp_tcb *c, struct atcp_sack_block *new)
{
	u32 i = 0;

	while (i < c->ooo_blocks) {
		struct atcp_sack_block *b = &c->aside->ooo_recent[i];

		if (seq_gt(b->start, new->end) || seq_lt(b->end, new->start)) {
			i++;
			continue;
		}
		new->start = seq_lt(b->start, new->start) ? b->start : new->start;
		new->end = seq_max(b->end, new->end);
		drop_block(c, i);
	}
}

/* Makes @new the whole of its block: what touches it was received, too. */
static void make_whole(struct atcp_tcb *c, struct atcp_sack_block *new, u32 *looks)
{
	join_known(c, new);
	while (*looks && atcp_ooo_widen(c, &new->start, &new->end)) {
		--*looks;
		join_known(c, new);
	}
}

void atcp_sack_add(struct atcp_tcb *c, u32 start, u32 end)
{
	struct atcp_sack_block new = { start, end };
	u32 i, looks = ATCP_SACK_LOOKS;

	if (!c->sack_on || !atcp_has_aside(c))
		return;
	make_whole(c, &new, &looks);
	if (c->ooo_blocks == ATCP_SACK_BLOCKS)
		c->ooo_blocks--;
	for (i = c->ooo_blocks; i; i--)
		c->aside->ooo_recent[i] = c->aside->ooo_recent[i - 1];
	c->aside->ooo_recent[0] = new;
	c->ooo_blocks++;
}

/* The end of the block on the list that @seq is in, or @seq. */
static u32 skip_known(const struct atcp_tcb *c, u32 seq)
{
	const struct atcp_sack_block *recent = c->aside->ooo_recent;
	u32 i;

	for (i = 0; i < c->ooo_blocks; i++)
		if (seq_leq(recent[i].start, seq) && seq_lt(seq, recent[i].end))
			return recent[i].end;
	return seq;
}

/* Puts on the list, at its end, blocks that fell off it: the lowest first. */
static void refill(struct atcp_tcb *c)
{
	struct atcp_sack_block b;
	u32 seq = c->rcv_nxt, looks = ATCP_SACK_LOOKS;

	while (c->ooo_blocks < ATCP_SACK_BLOCKS && looks &&
	       atcp_ooo_next(c, seq, &b.start, &b.end)) {
		looks--;
		seq = skip_known(c, b.start);
		if (seq != b.start)
			continue;
		make_whole(c, &b, &looks);
		c->aside->ooo_recent[c->ooo_blocks++] = b;
		seq = b.end;
	}
}

void atcp_sack_advance(struct atcp_tcb *c)
{
	u32 i = 0;

	while (i < c->ooo_blocks) {
		if (seq_gt(c->aside->ooo_recent[i].start, c->rcv_nxt))
			i++;
		else
			drop_block(c, i);
	}
	if (c->sack_on && c->aside)
		refill(c);
}
