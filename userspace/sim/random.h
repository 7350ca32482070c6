/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ATCP_SIM_RANDOM_H
#define _ATCP_SIM_RANDOM_H

#include "sim.h"

/**
 * sim_random_run() - one scenario, drawn from @seed
 * @verbose:	print what was drawn, and the ladder at the end
 *
 * Return: NULL, or what went wrong (valid until the next run).
 */
const char *sim_random_run(u64 seed, bool verbose);

#endif /* _ATCP_SIM_RANDOM_H */
