// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of core/counters.h, which each CPU has for each namespace.
 */
#include "stat.h"

/* In the order of the numbers, which are made of the same list. */
#define ATCP_COUNTER(name, text)	{ #name, text },
const struct atcp_stat_info atcp_stat_info[ATCP_STAT_COUNT] = {
#include "core/counters.h"
};

#undef ATCP_COUNTER

void atcp_host_count_by(struct atcp_space *space, enum atcp_stat stat, u32 n)
{
	this_cpu_add(atcp_space_net(space)->stats->v[stat], n);
}

unsigned long atcp_stat_read(const struct atcp_net *an, enum atcp_stat stat)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(an->stats, cpu)->v[stat]);
	return sum;
}
