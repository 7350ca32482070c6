/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of core/counters.h, which each CPU has for each namespace.
 */
#ifndef _ATCP_STAT_H
#define _ATCP_STAT_H

#include "netns.h"

/* Counts one event. Any context. */
static inline void atcp_net_count(struct atcp_net *an, enum atcp_stat stat)
{
	this_cpu_inc(an->stats->v[stat]);
}

/* The value of a counter, summed over CPUs.  With 32 bits it wraps, as TCP's counters do. */
unsigned long atcp_stat_read(const struct atcp_net *an, enum atcp_stat stat);

/* A counter's name, in capitals, and explanation. */
struct atcp_stat_info {
	const char *name;
	const char *text;
};

extern const struct atcp_stat_info atcp_stat_info[ATCP_STAT_COUNT];

#endif /* _ATCP_STAT_H */
