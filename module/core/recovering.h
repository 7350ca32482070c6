/* SPDX-License-Identifier: GPL-2.0 */
/* What loss recovery with SACK (recovery.c) and without (dupack.c) share. */
#ifndef _ATCP_CORE_RECOVERING_H
#define _ATCP_CORE_RECOVERING_H

#include "core/seq.h"
#include "core/tcb.h"

static inline void atcp_set_recovery(struct atcp_tcb *c, enum atcp_recovery recovery)
{
	u8 old = c->recovery;

	c->recovery = recovery;
	if (old != recovery)
		atcp_host_recovery(c, old);
}

/* Keeps c->recover behind SND.UNA, or a wrap puts it ahead. */
static inline void atcp_keep_up(struct atcp_tcb *c)
{
	if (c->recovery == ATCP_OPEN && seq_gt(c->snd_una, c->recover))
		c->recover = c->snd_una - 1;
}

#endif /* _ATCP_CORE_RECOVERING_H */
