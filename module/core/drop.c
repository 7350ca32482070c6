// SPDX-License-Identifier: GPL-2.0
/* The drop of a received segment, and the counter of each reason. */
#include "core/tcb.h"

/* In the order of the numbers, which are made of the same list; NONE counts nowhere. */
#define STAT_OF(name, stat, text)	ATCP_STAT_##stat,
const u8 atcp_drop_stat[ATCP_DROP_COUNT] = {
	ATCP_STAT_COUNT,
	ATCP_DROPS(STAT_OF)
};

void atcp_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why)
{
	if (unlikely(why))
		atcp_count(c, atcp_drop_stat[why]);
	atcp_host_drop(c, seg, why);
}
