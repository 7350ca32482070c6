/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ATCP_SIM_FORGE_H
#define _ATCP_SIM_FORGE_H

#include "app.h"

/**
 * sim_forge_harmless() - one forged segment or ICMP error that must do no harm
 * @victim:	the end that receives it
 * @other:	the end that it claims to come from
 *
 * Does nothing unless both ends stand in a synchronized state.
 */
void sim_forge_harmless(const struct sim_app *victim, const struct sim_app *other, u64 *rand);

/* Sends @victim a random segment; the connection may fail, and nothing else may. */
void sim_forge_any(const struct sim_app *victim, u64 *rand);

#endif /* _ATCP_SIM_FORGE_H */
