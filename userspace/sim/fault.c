// SPDX-License-Identifier: GPL-2.0
/* Failures by count, and the sudden end of all programs. */
#include <stdlib.h>

#include "fault.h"

#define MOST	5000	/* failures in a run, so that a program that retries at once ends */

struct sim_fail_nth sim_fail_nth;
struct sim_fault_table *sim_fault_table;

const char *sim_call_name(enum sim_call call)
{
	static const char *const names[SIM_CALLS] = {
		[SIM_ALLOC] = "atcp_host_alloc",
		[SIM_CLONE] = "atcp_host_clone",
		[SIM_TRANSMIT] = "atcp_host_transmit",
		[SIM_MAY_SPLIT] = "atcp_host_may_split",
		[SIM_SPLIT] = "atcp_host_split",
		[SIM_MAY_JOIN] = "atcp_host_may_join",
		[SIM_JOIN] = "atcp_host_join",
		[SIM_ADMIT] = "atcp_host_admit",
		[SIM_COALESCE] = "atcp_host_coalesce",
		[SIM_REHASH] = "atcp_host_rehash",
		[SIM_ASIDE] = "atcp_host_aside",
		[SIM_TIME_WAIT] = "atcp_host_time_wait",
		[SIM_SEND] = "(segment for send())",
		[SIM_REQUEST] = "(request)",
		[SIM_SYNACK] = "(its SYN-ACK)",
		[SIM_CHILD] = "(connection of it)",
		[SIM_REPLY] = "(reply of no connection)",
		[SIM_CC] = "(congestion control)",
	};

	return names[call];
}

/* --- failures by count --- */

static bool due(void)
{
	struct sim_fail_nth *p = &sim_fail_nth;

	p->calls++;
	if (!p->nth || p->calls < p->nth || p->failed >= MOST)
		return false;
	if (!p->failed)
		p->first_failed = sim->now;
	return p->calls <= p->nth + p->burst ||
	       (p->lasting && sim->now - p->first_failed < p->lasting);
}

bool sim_nth_fails(enum sim_call call, u8 state)
{
	bool fails = due();

	if (fails)
		sim_fail_nth.failed++;
	if (!sim_fault_table)
		return fails;
	__atomic_add_fetch(&sim_fault_table->made[sim->ipv6][call][state], 1, __ATOMIC_RELAXED);
	if (fails)
		__atomic_add_fetch(&sim_fault_table->failed[sim->ipv6][call][state], 1,
				   __ATOMIC_RELAXED);
	return fails;
}

/* --- the end of all programs --- */

static void keep(struct sim_event **kept, u32 *n, struct sim_event *ev)
{
	if (ev->pos)
		kept[(*n)++] = ev;
}

/* Keeps the events of hosts and links; the programs' timers are freed with the programs. */
static void forget_programs_timers(void)
{
	struct sim_event **kept = calloc(sim->nheap + 1, sizeof(*kept));
	struct sim_listener *l;
	struct sim_conn *conn;
	struct sim_req *req;
	struct sim_pkt *p;
	struct sim_tw *tw;
	u32 i, n = 0;

	if (!kept)
		abort();
	for (p = sim->pkts; p; p = p->next)
		keep(kept, &n, &p->ev);
	for (i = 0; i < sim->nhosts; i++) {
		for (conn = sim_host(i)->conns; conn; conn = conn->next)
			keep(kept, &n, &conn->timer);
		for (tw = sim_host(i)->tws; tw; tw = tw->next)
			keep(kept, &n, &tw->timer);
		for (l = sim_host(i)->listeners; l; l = l->next)
			for (req = l->reqs; req; req = req->next)
				keep(kept, &n, &req->timer);
	}
	sim_event_keep(kept, n);
	free(kept);
}

static void read_to_the_end(struct sim_conn *conn)
{
	u8 bytes[4096];
	int n;

	do
		n = sim_recv(conn, bytes, sizeof(bytes));
	while (n > 0);
	SIM_CHECK(conn->read == conn->delivered,
		  "of %llu bytes that were acknowledged %llu could be read", conn->delivered,
		  conn->read);
	SIM_CHECK(n <= 0 && n > -200, "recv() returns %d", n);
}

void sim_programs_die(void)
{
	struct sim_conn *conn;
	u32 i;

	forget_programs_timers();
	for (i = 0; i < sim->nhosts; i++) {
		sim_host(i)->tap = NULL;
		for (conn = sim_host(i)->conns; conn; conn = conn->next) {
			conn->wake = NULL;
			if (conn->listener)
				conn->listener->ready = NULL;
		}
	}
	for (i = 0; i < sim->nhosts; i++) {
		while (sim_host(i)->listeners)
			sim_listener_close(sim_host(i)->listeners);
		for (conn = sim_host(i)->conns; conn; conn = conn->next) {
			if (conn->released)
				continue;
			read_to_the_end(conn);
			sim_close(conn);
		}
	}
}
