// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES, state by state: RFC 9293 section 3.10.7.
 *
 * The rows are in segment_arrives.h; rfc_segment_arrives.c runs them against the
 * loaded module.
 *
 * The test of row "rst" for ESTABLISHED is "state_segments.established:rst".
 */
#include "script.h"
#include "../lib/segment_arrives.h"

/* A state with the rows that hold in it. */
struct state {
	const char *name;
	void (*be)(void);
	u8 state;
	s32 nxt;		/* SND.NXT, relative to the ISS */
	s32 rcv;		/* RCV.NXT, relative to the IRS */
	const struct row *rows[3];
};

/* An accepted connection that has sent data is like one that was opened actively. */
static void be_accepted(void)
{
	be_established_passive();
	user_sends(1);
	expect("PA 1+1 1");
	inject("A 1 2");
	sim_listener_close(script.listener);
	script.listener = NULL;
}

static const struct state states[] = {
	{ "closed", be_closed, ATCP_CLOSED, 0, 0, { closed } },
	{ "listen", be_listen, ATCP_LISTEN, 0, 0, { listening } },
	{ "syn_sent", be_syn_sent, ATCP_SYN_SENT, 0, 0, { syn_sent } },
	{ "syn_received_passive", be_syn_received, ATCP_SYN_RECEIVED, 1, 1,
		{ syn_received, syn_received_passive } },
	{ "syn_received_open", be_syn_received_open, ATCP_SYN_RECEIVED, 1, 1,
		{ syn_received, syn_received_open } },
	{ "established", be_established, ATCP_ESTABLISHED, 1, 1,
		{ synchronized, receiving, established } },
	{ "accepted", be_accepted, ATCP_ESTABLISHED, 2, 1,
		{ synchronized, receiving, established } },
	{ "fin_wait_1", be_fin_wait_1, ATCP_FIN_WAIT_1, 2, 1,
		{ synchronized, receiving, fin_wait_1 } },
	{ "fin_wait_2", be_fin_wait_2, ATCP_FIN_WAIT_2, 2, 1,
		{ synchronized, receiving, fin_wait_2 } },
	{ "close_wait", be_close_wait, ATCP_CLOSE_WAIT, 1, 2, { synchronized, deaf, close_wait } },
	{ "closing", be_closing, ATCP_CLOSING, 2, 2, { synchronized, deaf, closing } },
	{ "last_ack", be_last_ack, ATCP_LAST_ACK, 2, 2, { synchronized, deaf, last_ack } },
	{ "time_wait", be_time_wait, ATCP_TIME_WAIT, 2, 2, { time_wait } },
};

/* --- running a row --- */

struct both {
	const struct state *state;
	const struct row *row;
};

static const struct both *now;
static bool stamped;		/* with timestamps, which must not change the results */

static void user_sees(const struct row *row, u8 next)
{
	if (!script.conn && script.listener)
		script.conn = sim_accept(script.listener);
	if (!script.conn)
		return;
	if (row->reads)
		ASSERT_EQ(user_reads(), row->reads);
	/* Reading may have opened a closed window. */
	if (row->reads == WND)
		expect_any();
	if (next == ATCP_CLOSED) {
		closed_with(row->err);
		return;
	}
	/* read() gives the end of the stream after the FIN, else -EAGAIN. */
	if (ATCP_IN(next, ATCP_S(CLOSE_WAIT) | ATCP_S(CLOSING) | ATCP_S(LAST_ACK) |
		    ATCP_S(TIME_WAIT)))
		ASSERT_EQ(user_reads(), 0);
	else
		ASSERT_EQ(user_reads(), -EAGAIN);
}

static void run_row(void)
{
	const struct state *state = now->state;
	const struct row *row = now->row;
	u8 next = row->next ? row->next : state->state;

	script.opt.rcvbuf = WND;
	script.ts = stamped;
	if (stamped)
		script.syn = "mss 1460 ts 5000 0";
	state->be();
	if (state->state == ATCP_CLOSED)
		script_rebase(-script.iss, 0);
	else
		script_rebase(state->nxt, state->rcv);
	inject("%s", row->in);
	if (row->out)
		expect("%s", row->out);
	if (row->then)
		expect_within(1, 50 * MSEC, "%s", row->then);
	expect_nothing();
	script_here(script_check_state(next));
	user_sees(row, next);
}

static void run(const void *arg)
{
	now = arg;
	for (stamped = false; ; stamped = true) {
		script_run(run_row);
		if (stamped)
			break;
	}
}

static void add(const struct state *state, const struct row *row)
{
	struct both *both = malloc(sizeof(*both));
	struct test *t = calloc(1, sizeof(*t));
	char *id = malloc(100);

	if (!both || !t || !id)
		abort();
	both->state = state;
	both->row = row;
	snprintf(id, 100, "%s:%s", state->name, row->id);
	t->id = id;
	t->file = __FILE__;
	t->fn = run;
	t->arg = both;
	test_add(t);
}

__attribute__((constructor)) static void add_all(void)
{
	u32 i, j;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		for (j = 0; j < 3 && states[i].rows[j]; j++)
			for (const struct row *r = states[i].rows[j]; r->id; r++)
				add(&states[i], r);
}
