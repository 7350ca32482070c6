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

/**
 * sim_random_failing() - the same scenario, then again with calls to the host failing
 * @runs:	runs with failures; sim_fail_nth holds those of the last run
 * @calls_failed:	calls that failed are added to it
 *
 * Return: as sim_random_run().
 */
const char *sim_random_failing(u64 seed, u32 runs, u64 *calls_failed);

#endif /* _ATCP_SIM_RANDOM_H */
