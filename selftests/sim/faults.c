// SPDX-License-Identifier: GPL-2.0
/*
 * Every failure, once: atcp-sim-test --faults repeats each test.  In the first run
 * the first call that can fail (fault.h in the simulator) fails, in the second the
 * second, and so on to the last.  In further runs a few in a row fail, or all of them
 * for a while.
 *
 * A test of the kind ROBUST() must pass all the same.  Any other may take another
 * course after the failure: a script's expected segment may never be sent.  Such a
 * test is left at the first assertion that does not hold, and its programs end.  At
 * the end of every run:
 *
 *  - no invariant of the simulator was broken, and no sanitizer complains;
 *  - all data that was acknowledged can be read, byte for byte as far as the test
 *    reads it, and what the calls return is an errno;
 *  - within a day of virtual time everything ends: no connection, request, TIME-WAIT
 *    or timer is left, and nothing has leaked.
 *
 * In the end each call must have failed in each state where it can be made.
 */
#include <setjmp.h>
#include <sys/mman.h>

#include "fault.h"
#include "faults.h"

#define DAY		(86400 * ATCP_SEC)
#define BUDGET		40000	/* most calls a test; a test with more does not try every n; */
				/* ATCP_SIM_CALLS in the environment replaces it */
#define LEAST		6	/* fewest n that a test tries, however long it is */

static jmp_buf *way_out;
static bool robust;
static char what[100];

void faults_begin(void)
{
	sim_fault_table = mmap(NULL, sizeof(*sim_fault_table), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sim_fault_table == MAP_FAILED)
		abort();
}

void faults_print_case(void)
{
	if (what[0])
		printf("# with failures: %s\n", what);
}

void faults_excuse(void)
{
	if (!way_out || robust || !sim_fail_nth.failed || (sim && sim->stopped))
		return;
	longjmp(*way_out, 1);
}

static void swallow(struct sim_host *h, const struct sim_pkt *p)
{
	(void)h;
	(void)p;
}

/* Ends the programs of a test that was left; connections must then end by themselves. */
static void wind_up(void)
{
	u32 i;

	if (test_left)
		test_left();
	for (i = 0; i < sim->nhosts; i++)
		sim_host(i)->raw_rx = swallow;
	sim_programs_die();
	sim_run(sim->now + DAY);
	for (i = 0; i < sim->nhosts; i++) {
		struct sim_host *h = sim_host(i);

		SIM_CHECK(!h->conns, "host %u: a connection is left in %s", i,
			  sim_state_name(h->conns->c.state));
		SIM_CHECK(!h->tws, "host %u: a TIME-WAIT is left", i);
	}
	SIM_CHECK(!sim->nheap, "something still waits after a day");
}

/* Runs the test once.  Returns the number of calls that could have failed. */
static u64 once(const struct test *t, u64 nth, u64 burst, u64 lasting)
{
	jmp_buf here;

	sim_fail_nth = (struct sim_fail_nth){ .nth = nth, .burst = burst, .lasting = lasting };
	snprintf(what, sizeof(what), "call %llu, %llu more, and all for %llu us", nth, burst,
		 lasting);
	if (!setjmp(here)) {
		way_out = &here;
		t->fn(t->arg);
	} else {
		sim_fail_nth.nth = 0;
		if (sim)
			wind_up();
	}
	way_out = NULL;
	if (sim)
		test_world_end();
	return sim_fail_nth.calls;
}

/* The @i-th, from 0, of @n calls to try among @total: the first half of them in order, */
/* the others spread evenly over the rest. */
static u64 pick(u64 i, u64 n, u64 total)
{
	u64 head = n / 2;

	return n == total || i < head ? i + 1 : head + 1 + (i - head) * (total - head) / (n - head);
}

void faults_run(const struct test *t)
{
	const char *other = getenv("ATCP_SIM_CALLS");
	u64 budget = other ? strtoull(other, NULL, 0) : BUDGET;
	u64 total = once(t, 0, 0, 0);
	u64 n = total ? min(max(budget / total, (u64)LEAST), total) : 0;
	u64 i;

	robust = t->robust;
	for (i = 0; i < n; i++)
		once(t, pick(i, n, total), 0, 0);
	/* Three or eleven in a row fail, or all of them for half a second or 20 s. */
	for (i = 0; i < n; i += 1 + i / 3) {
		once(t, pick(i, n, total), 2, 0);
		once(t, pick(i, n, total), 10, 0);
		once(t, pick(i, n, total), 0, 500 * ATCP_MSEC);
		once(t, pick(i, n, total), 0, 20 * ATCP_SEC);
	}
}

/* --- what was covered --- */

#define ALL		0xffeu	/* the states of enum atcp_state */
#define NO_TCB		(ATCP_S(LISTEN) | ATCP_S(TIME_WAIT) | ATCP_S(CLOSED))
#define OPENING		(ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED))

/* What is done with data that is queued to be sent. */
enum { QUEUED = 1 << SIM_MAY_SPLIT | 1 << SIM_SPLIT | 1 << SIM_MAY_JOIN | 1 << SIM_JOIN };

/* States in which a call is never made, and why.  Such a call is an error. */
static const struct {
	u32 calls;
	u32 states;
	const char *why;
} never[] = {
	{ 1 << SIM_ALLOC | 1 << SIM_CLONE | 1 << SIM_TRANSMIT | QUEUED | 1 << SIM_ADMIT |
	  1 << SIM_COALESCE | 1 << SIM_REHASH | 1 << SIM_ASIDE, NO_TCB,
	  "there is no control block" },
	{ 1 << SIM_CLONE | QUEUED, OPENING,
	  "data waits for the handshake" },
	{ 1 << SIM_ASIDE, OPENING,
	  "nothing was received, and nothing but a SYN is sent" },
	{ 1 << SIM_CLONE | QUEUED | 1 << SIM_REHASH, ATCP_S(FIN_WAIT_2),
	  "all that was sent is acknowledged" },
	{ 1 << SIM_ADMIT | 1 << SIM_COALESCE, OPENING,
	  "text is looked at once the connection is established" },
	{ 1 << SIM_ADMIT | 1 << SIM_COALESCE,
	  ATCP_S(CLOSE_WAIT) | ATCP_S(CLOSING) | ATCP_S(LAST_ACK),
	  "nothing follows a FIN" },
	{ 1 << SIM_SEND, ALL & ~(OPENING | ATCP_S(ESTABLISHED) | ATCP_S(CLOSE_WAIT)),
	  "send() is refused before it needs memory" },
	{ 1 << SIM_TIME_WAIT, ALL & ~ATCP_S(TIME_WAIT),
	  "it is what begins TIME-WAIT" },
	{ 1 << SIM_REQUEST, ALL & ~ATCP_S(LISTEN),
	  "only a listener makes requests" },
	{ 1 << SIM_SYNACK | 1 << SIM_CHILD, ALL & ~(ATCP_S(LISTEN) | ATCP_S(SYN_RECEIVED)),
	  "only requests and cookies come to it" },
	{ 1 << SIM_CC, ATCP_S(LISTEN) | ATCP_S(TIME_WAIT),
	  "there is no control block" },
	{ 1 << SIM_REPLY, ALL & ~(NO_TCB | ATCP_S(SYN_RECEIVED)),
	  "the connection answers by itself" },
};

static const char *why_never(u32 call, u32 state)
{
	u32 i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (never[i].calls & 1u << call && never[i].states & 1u << state)
			return never[i].why;
	return NULL;
}

static u64 both(u64 of[2][SIM_CALLS][SIM_STATES], u32 call, u32 state)
{
	return of[0][call][state] + of[1][call][state];
}

static bool missing(u32 call, u32 state)
{
	const char *why = why_never(call, state);

	if (!why && !both(sim_fault_table->failed, call, state))
		printf("# %s was never made to fail in %s\n", sim_call_name(call),
		       sim_state_name(state));
	else if (why && both(sim_fault_table->made, call, state))
		printf("# %s was called in %s, though %s\n", sim_call_name(call),
		       sim_state_name(state), why);
	else
		return false;
	return true;
}

static void print_reasons(void)
{
	u32 i, call, state;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		printf("#   never:");
		for (call = 0; call < SIM_CALLS; call++)
			if (never[i].calls & 1u << call)
				printf(" %s", sim_call_name(call));
		printf(", in");
		for (state = 1; state < SIM_STATES; state++)
			if (never[i].states & 1u << state)
				printf(" %s", sim_state_name(state));
		printf(": %s\n", never[i].why);
	}
}

static void print_table(void)
{
	u32 call, state;

	printf("# failures, by call and state:\n# %24s", "");
	for (state = 1; state < SIM_STATES; state++)
		printf(" %s", sim_state_name(state));
	for (call = 0; call < SIM_CALLS; call++) {
		printf("\n# %-24s", sim_call_name(call));
		for (state = 1; state < SIM_STATES; state++) {
			int width = strlen(sim_state_name(state));

			if (why_never(call, state))
				printf(" %*s", width, "-");
			else
				printf(" %*llu", width,
				       both(sim_fault_table->failed, call, state));
		}
	}
	printf("\n");
}

bool faults_judge(unsigned int n, bool whole)
{
	u64 calls = 0, faults[2] = { 0 };
	u32 call, state, v, bad = 0;

	print_table();
	print_reasons();
	for (call = 0; call < SIM_CALLS; call++) {
		for (state = 1; state < SIM_STATES; state++) {
			for (v = 0; v < 2; v++)
				faults[v] += sim_fault_table->failed[v][call][state];
			calls += both(sim_fault_table->made, call, state);
			bad += whole && missing(call, state);
		}
	}
	printf("# covered: calls=%llu faults=%llu (IPv4 %llu, IPv6 %llu)\n", calls,
	       faults[0] + faults[1], faults[0], faults[1]);
	printf("%sok %u faults.every_call_in_every_state%s\n", bad ? "not " : "", n,
	       whole ? "" : " # SKIP not all tests ran");
	return !bad;
}
