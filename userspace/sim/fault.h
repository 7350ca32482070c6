/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failures by count, as the kernel's fail-nth: of all calls that can fail, on all
 * hosts, the nth does.  With n = 1, 2, ... each of them is made to fail.  The count
 * goes on from world to world.  A table keeps which call failed in which state.
 *
 * (Failures by chance or by a host's own count are struct sim_fault in sim.h.)
 */
#ifndef _ATCP_SIM_FAULT_H
#define _ATCP_SIM_FAULT_H

#include "sim.h"

#define SIM_STATES	12	/* enum atcp_state, from 1 */

/**
 * struct sim_fail_nth - which calls are to fail, and how many have failed
 * @nth:	this call fails, from 1; 0: none
 * @burst:	so many calls after it fail, too
 * @lasting:	all calls fail for so many microseconds of virtual time from then on
 * @calls:	calls so far that could have failed
 * @failed:	calls that have failed
 * @first_failed:	time of the first failure
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
 * The indices are the address family ([0] IPv4, [1] IPv6), the call and the state.
 * Requests count as SYN-RECEIVED, listeners as LISTEN, closed ports as CLOSED.
 */
struct sim_fault_table {
	u64 made[2][SIM_CALLS][SIM_STATES];
	u64 failed[2][SIM_CALLS][SIM_STATES];
};

/* The table in use, which several processes may share; NULL: none. */
extern struct sim_fault_table *sim_fault_table;

/* The name of the function in host.h, or what the host's own work is. */
const char *sim_call_name(enum sim_call call);
bool sim_nth_fails(enum sim_call call, u8 state);

/*
 * Ends every program: no callback is made any more, sockets are read to the end and
 * closed.  Links stay as they are.  What remains has to come to an end by itself.
 */
void sim_programs_die(void);

#endif /* _ATCP_SIM_FAULT_H */
