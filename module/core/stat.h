/* SPDX-License-Identifier: GPL-2.0 */
/* A number for every counter of counters.h: ATCP_STAT_IN_SEGS and so on. */
#ifndef _ATCP_CORE_STAT_H
#define _ATCP_CORE_STAT_H

#define ATCP_COUNTER(name, text)	ATCP_STAT_##name,
enum atcp_stat {
#include "core/counters.h"
	ATCP_STAT_COUNT
};

#undef ATCP_COUNTER

#endif /* _ATCP_CORE_STAT_H */
