/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run description in the simulator: sim_run.c has the flows, sim_records.c writes down what
 * happens.
 */
#ifndef _ATCP_LAB_SIM_RUN_H
#define _ATCP_LAB_SIM_RUN_H

#include <stdio.h>

#include "sim/sim.h"

#include "run.h"

#define SIM_RUN_FLOWS	120	/* each has two hosts of its own */

enum lab_role { SENDER, RECEIVER, ROLES };

/**
 * struct flow - a flow while it runs
 * @conf:	its line of the description
 * @number:	from 1
 * @end:	its connection's ends; NULL: not there yet
 * @turn:	when the next thing is to do: begin, a request, a ping
 * @stop:	when it stops sending
 * @to_send:	bytes left of this answer or of all
 * @to_recv:	bytes left of this answer
 * @requested:	bytes of requests that have come and were not answered
 * @asked:	when the request was made
 * @delivered:	payload that the receiver has read; of a ping, answers
 * @rto_count:	time-outs that were recorded, by role
 */
struct flow {
	const struct run_flow *conf;
	u32 number;
	struct sim_conn *end[ROLES];
	struct sim_event turn;
	struct sim_event stop;
	struct sim_sockopt opt;
	u64 to_send;
	u64 to_recv;
	u64 requested;
	u64 asked;
	u64 delivered;
	u16 rto_count[ROLES];
	bool begun;
	bool stopped;
	bool ended;
};

/*
 * Runs @run and writes the records into the folder @dir, and to @out what each flow has
 * delivered.
 * Return: the exit status: 0; 1, the run failed; 3, the simulator has not what it asks for.
 */
int sim_run_all(struct run *run, const char *dir, FILE *out);

/* The flow whose hosts these are, and whether the host is the right one. */
struct flow *sim_run_flow(u8 host, bool *right);
enum lab_role sim_run_role(const struct flow *f, bool right);
bool sim_run_is_tcp(const struct flow *f);

/* --- sim_records.c; times are those of the simulator's clock --- */

/* Opens the files. Return: false, and errno is set. */
bool records_open(const struct run *run, const char *dir);
/* Writes what has been kept, and closes them. Return: false, and errno is set. */
bool records_close(void);
/* Rows of samples.csv: of a connection's sender; of a ping's answer. */
void records_sample(const struct flow *f);
void records_ping(const struct flow *f, u64 rtt);
/* Rows of queue.csv. */
void records_queues(void);
/* A row of events.csv about a flow as a whole; @detail as printf() prints it. */
void records_event(const struct flow *f, enum lab_role role, const char *event, const char *len,
		   const char *detail);

#endif /* _ATCP_LAB_SIM_RUN_H */
