/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failures by count: the nth call of all hosts that can fail does, as fail-nth
 * has it in the kernel, so that with n = 1, 2, ... every one is made to fail.
 * The count outlives worlds; which call failed in which state is kept in a
 * table.
 *
 * (Failures by chance or by a host's own count are struct sim_fault in sim.h.)
 */
#ifndef _ATCP_SIM_FAULT_H
#define _ATCP_SIM_FAULT_H

#include "sim.h"

#define SIM_STATES	12	/* enum atcp_state, from 1 */

/**
 * struct sim_fail_nth - what is to fail, and what has
 * @nth:	this call fails, from 1; 0: none
 * @burst:	and so many after it
 * @lasting:	and all others for so many microseconds of virtual time
 * @calls:	calls so far that could have failed
 * @failed:	calls that did
 * @first_failed:	when the first of them did
 */
struct sim_fail_nth {
	u64 nth;
	u64 burst;
	u64 lasting;
	u64 calls;
	u64 failed;
	u64 first_failed;
};

extern struct sim_fail_nth sim_fail_nth;

/**
 * struct sim_fault_table - calls that could have failed, and those that did
 *
 * [0] over IPv4, [1] over IPv6; by the state of the connection, or of what
 * stands in its place: request, TIME-WAIT, listener, nothing.
 */
struct sim_fault_table {
	u64 made[2][SIM_CALLS][SIM_STATES];
	u64 failed[2][SIM_CALLS][SIM_STATES];
};

/* Where to count; several processes may share it. NULL: nowhere. */
extern struct sim_fault_table *sim_fault_table;

/* The function of host.h, or what of the host's own work it is. */
const char *sim_call_name(enum sim_call call);
bool sim_nth_fails(enum sim_call call, u8 state);

/*
 * Every program dies: nobody is called back any more, sockets are read to the
 * end and closed, links are as they are.  What is left comes to an end by
 * itself.
 */
void sim_programs_die(void);

#endif /* _ATCP_SIM_FAULT_H */
