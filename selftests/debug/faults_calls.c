// SPDX-License-Identifier: GPL-2.0
/*
 * Every failure, once: in each state of a connection each call is made with its
 * first allocation or copy failing, then with its second, and so on until none
 * is left to fail.  The call succeeds all the same, does a part, or fails with an
 * errno and has changed nothing: then it works when it is tried again.  Data in
 * flight arrives, whatever has failed, and in the end all sockets are closed and
 * freed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/net.h"
#include "lib/calls.h"
#include "lib/ends.h"
#include "lib/fault.h"

#define MANY	400		/* no call has so many places to fail */

/* The results of a call when nothing fails. */
struct normal {
	long ret;
	int err;
	int state;
};

struct run {
	const struct call *call;
	enum ends_state state;
	unsigned int nth;
	struct normal normal;
};

SKIP_PROGRAM_IF(!fault_begin(), "a kernel without fault injection");

FIXTURE(faults)
{
	struct net net;
};

FIXTURE_VARIANT(faults)
{
	enum ends_state state;
};

FIXTURE_VARIANT_ADD(faults, closed) { .state = ENDS_CLOSED, };
FIXTURE_VARIANT_ADD(faults, bound) { .state = ENDS_BOUND, };
FIXTURE_VARIANT_ADD(faults, listen) { .state = ENDS_LISTEN, };
FIXTURE_VARIANT_ADD(faults, listen_request) { .state = ENDS_LISTEN_REQUEST, };
FIXTURE_VARIANT_ADD(faults, listen_child) { .state = ENDS_LISTEN_CHILD, };
FIXTURE_VARIANT_ADD(faults, syn_sent) { .state = ENDS_SYN_SENT, };
FIXTURE_VARIANT_ADD(faults, syn_received) { .state = ENDS_SYN_RECEIVED, };
FIXTURE_VARIANT_ADD(faults, established) { .state = ENDS_ESTABLISHED, };
FIXTURE_VARIANT_ADD(faults, data_both_ways) { .state = ENDS_DATA, };
FIXTURE_VARIANT_ADD(faults, zero_window) { .state = ENDS_FULL, };
FIXTURE_VARIANT_ADD(faults, out_of_order) { .state = ENDS_GAP, };
FIXTURE_VARIANT_ADD(faults, urgent) { .state = ENDS_URGENT, };
FIXTURE_VARIANT_ADD(faults, error_queue) { .state = ENDS_ERRORS, };
FIXTURE_VARIANT_ADD(faults, fin_wait_1) { .state = ENDS_FIN_WAIT_1, };
FIXTURE_VARIANT_ADD(faults, fin_wait_2) { .state = ENDS_FIN_WAIT_2, };
FIXTURE_VARIANT_ADD(faults, close_wait) { .state = ENDS_CLOSE_WAIT, };
FIXTURE_VARIANT_ADD(faults, closing) { .state = ENDS_CLOSING, };
FIXTURE_VARIANT_ADD(faults, last_ack) { .state = ENDS_LAST_ACK, };
FIXTURE_VARIANT_ADD(faults, time_wait) { .state = ENDS_TIME_WAIT, };
FIXTURE_VARIANT_ADD(faults, reset) { .state = ENDS_RESET, };

FIXTURE_SETUP(faults)
{
	ASSERT_TRUE(fault_begin());
	net_open(&self->net);
	ends_begin(&self->net);
	calls_begin();
}

FIXTURE_TEARDOWN(faults)
{
}

static struct ends opened(const struct run *r)
{
	struct ends e;

	ends_open(r->state, &e);
	if (r->call->prepare)
		r->call->prepare(&e);
	return e;
}

static struct normal without_faults(const struct run *r)
{
	struct ends e = opened(r);
	struct normal n;

	errno = 0;
	n.ret = r->call->run(&e);
	n.err = n.ret < 0 ? errno : 0;
	if (n.ret >= 0 && r->call->flags & CALL_ENDS)
		e.over = true;
	n.state = ends_tcp_state(&e);
	if (n.ret >= 0 && r->call->then)
		r->call->then(&e);
	ends_finish(&e, false);
	return n;
}

/* Whether a program must expect this error of a call, also with the kernel's TCP. */
static bool sensible(int err)
{
	switch (err) {
	case ENOMEM:
	case ENOBUFS:
	case EFAULT:
	case EAGAIN:
	case ENFILE:
		return true;
	/* The kernel's TCP reports any failure to get a port by these. */
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return stack_on_tcp();
	default:
		return false;
	}
}

/* Dies unless the result of the call with a fault is one of those allowed. */
static void judge(const struct run *r, long ret, int err, int before, int after)
{
	const struct normal *n = &r->normal;
	bool part = r->call->flags & CALL_PART && n->ret >= 0 && ret > 0;

	if (ret == n->ret ? ret >= 0 || err == n->err : part)
		return;
	if (ret >= 0 || !sensible(err))
		net_die("%s in %s, fault %u: returns %ld (%s) instead of %ld (%s)",
			r->call->name, ends_kinds[r->state].name, r->nth, ret,
			ret < 0 ? strerror(err) : "", n->ret,
			n->ret < 0 ? strerror(n->err) : "");
	if (after != before)
		net_die("%s in %s, fault %u: %s, but the state is %d instead of %d",
			r->call->name, ends_kinds[r->state].name, r->nth,
			strerror(err), after, before);
}

/* Repeats a call that has failed, which must work now. */
static long again(const struct run *r, struct ends *e)
{
	long ret = r->call->run(e);

	/* The fault has made the send buffer shrink. */
	if (ret < 0 && errno == EAGAIN && r->state == ENDS_DATA) {
		ends_make_room(e);
		ret = r->call->run(e);
	}
	if (ret < 0 && !(r->call->flags & CALL_LOSES && errno == EAGAIN))
		net_die("%s in %s, after fault %u: %s", r->call->name,
			ends_kinds[r->state].name, r->nth, strerror(errno));
	return ret;
}

/* Whether the call has ended the connection before it was established. */
static bool given_up(const struct run *r, int state)
{
	return !ends_kinds[r->state].connected && state == ST_CLOSED;
}

/* Makes the call with the nth fault; false: it has no nth fault. */
static bool with_fault(struct run *r)
{
	struct ends e = opened(r);
	int before = ends_tcp_state(&e), after, err;
	bool used;
	long ret;

	fault_arm(r->nth);
	ret = r->call->run(&e);
	err = errno;
	used = fault_used();
	after = ends_tcp_state(&e);
	judge(r, ret, err, before, after);
	if (ret < 0 && r->normal.ret >= 0)
		ret = again(r, &e);
	if ((ret >= 0 && r->call->flags & CALL_ENDS) || given_up(r, after))
		e.over = true;
	if (ret >= 0 && r->call->then)
		r->call->then(&e);
	/* Waiting for the handshake takes a second, so not every call does. */
	ends_finish(&e, !used && (r->call - calls) % 10 == 0);
	return used;
}

static void every_call(enum ends_state state)
{
	struct run r = { .state = state };
	int i, total = 0;

	for (i = 0; i < calls_count; i++) {
		r.call = &calls[i];
		r.normal = without_faults(&r);
		for (r.nth = 1; with_fault(&r); r.nth++) {
			if (r.nth == MANY)
				net_die("%s: no end of faults", r.call->name);
			total++;
		}
	}
	ends_none_left();
	covered_add("faults", total);
	covered_add("calls", calls_count);
	covered_add("states", 1);
}

TEST_F_TIMEOUT(faults, every_call, 300)
{
	every_call(variant->state);
	covered_net(&self->net);
}

TEST_HARNESS_MAIN
