// SPDX-License-Identifier: GPL-2.0
/*
 * The world: clock, event queue, random numbers, beginning and end of a run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fault.h"

struct sim *sim;
static char last_failure[512];

/* --- chance --- */

u64 sim_rand(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

u32 sim_below(u64 *state, u32 n)
{
	return n ? (u32)(sim_rand(state) >> 32) % n : 0;
}

bool sim_chance(u64 *state, u32 ppm)
{
	return ppm && sim_below(state, 1000000) < ppm;
}

u64 sim_time(void)
{
	return sim->now;
}

u32 sim_host_random(void)
{
	return sim_rand(&sim->host_rand) >> 32;
}

/* --- the event queue: a binary heap, positions from 1 --- */

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void place(struct sim_event *ev, u32 pos)
{
	sim->heap[pos] = ev;
	ev->pos = pos;
}

static void sift_up(struct sim_event *ev, u32 pos)
{
	while (pos > 1 && earlier(ev, sim->heap[pos / 2])) {
		place(sim->heap[pos / 2], pos);
		pos /= 2;
	}
	place(ev, pos);
}

static void sift_down(struct sim_event *ev, u32 pos)
{
	u32 child;

	while ((child = 2 * pos) <= sim->nheap) {
		if (child < sim->nheap && earlier(sim->heap[child + 1], sim->heap[child]))
			child++;
		if (!earlier(sim->heap[child], ev))
			break;
		place(sim->heap[child], pos);
		pos = child;
	}
	place(ev, pos);
}

void sim_event_cancel(struct sim_event *ev)
{
	u32 pos = ev->pos;
	struct sim_event *last;

	if (!pos)
		return;
	ev->pos = 0;
	last = sim->heap[sim->nheap--];
	if (last == ev)
		return;
	if (pos > 1 && earlier(last, sim->heap[pos / 2]))
		sift_up(last, pos);
	else
		sift_down(last, pos);
}

void sim_event_set(struct sim_event *ev, u64 when)
{
	sim_event_cancel(ev);
	ev->when = when > sim->now ? when : sim->now;
	ev->order = ++sim->order;
	if (sim->nheap + 2 > sim->heap_room) {
		sim->heap_room = 2 * sim->heap_room + 64;
		sim->heap = realloc(sim->heap, sim->heap_room * sizeof(*sim->heap));
		if (!sim->heap)
			abort();
	}
	sift_up(ev, ++sim->nheap);
}

void sim_event_keep(struct sim_event **kept, u32 n)
{
	for (sim->nheap = 0; sim->nheap < n;) {
		struct sim_event *ev = kept[sim->nheap];

		sift_up(ev, ++sim->nheap);
	}
}

/* --- running --- */

static void check_dirty(void)
{
	struct sim_conn *conn;

	while ((conn = sim->dirty)) {
		sim->dirty = conn->dirty_next;
		conn->dirty = false;
		sim_check_conn(conn);
		if (conn->closed && conn->released && !conn->waking)
			sim_conn_free(conn);
	}
}

void sim_run_pending(void)
{
	struct sim_conn *conn;
	u32 what;

	check_dirty();
	while (!sim->stopped && (conn = sim->wake_first)) {
		sim->wake_first = conn->wake_next;
		if (!sim->wake_first)
			sim->wake_last = NULL;
		what = conn->wake_what;
		conn->wake_what = 0;
		conn->waking = false;
		sim_conn_dirty(conn);
		if (conn->listener && conn->listener->ready)
			conn->listener->ready(conn->listener, conn->listener->arg);
		else if (conn->wake && !conn->released)
			conn->wake(conn, what, conn->wake_arg);
		check_dirty();
	}
}

bool sim_step(u64 until)
{
	struct sim_event *ev;

	sim_run_pending();
	if (sim->stopped || !sim->nheap)
		return false;
	ev = sim->heap[1];
	if (ev->when > until)
		return false;
	if (++sim->nevents > sim->max_events) {
		sim_fail("the run does not end: %llu events", sim->nevents);
		return false;
	}
	sim_event_cancel(ev);
	sim->now = ev->when;
	ev->fn(ev);
	sim_run_pending();
	return !sim->stopped;
}

void sim_run(u64 until)
{
	while (sim_step(until))
		;
	if (!sim->stopped && until != ATCP_NEVER && sim->now < until)
		sim->now = until;
}

void sim_run_for(u64 us)
{
	sim_run(sim->now + us);
}

void sim_fail(const char *fmt, ...)
{
	va_list ap;
	int n;

	if (sim->stopped)
		return;
	sim->stopped = true;
	n = snprintf(sim->failure, sizeof(sim->failure), "at %llu.%06llu s: ",
		     sim->now / 1000000, sim->now % 1000000);
	va_start(ap, fmt);
	vsnprintf(sim->failure + n, sizeof(sim->failure) - n, fmt, ap);
	va_end(ap);
	memcpy(last_failure, sim->failure, sizeof(last_failure));
}

const char *sim_failure(void)
{
	return last_failure[0] ? last_failure : NULL;
}

/* --- beginning and end --- */

void sim_begin(u64 seed, u32 nhosts)
{
	u64 s = seed;
	u32 i, j;

	sim = calloc(1, sizeof(*sim));
	if (!sim)
		abort();
	last_failure[0] = '\0';
	sim->seed = seed;
	sim->net_rand = sim_rand(&s);
	sim->host_rand = sim_rand(&s);
	/* The clock begins at up to 60 days: clocks of 32 bits wrap in some of the runs. */
	sim->now = 1000000 + sim_rand(&s) % (60ULL * 86400 * 1000000);
	sim->max_events = 5000000;
	sim->nhosts = nhosts;
	sim->host = calloc(nhosts, sizeof(*sim->host));
	if (!sim->host)
		abort();
	for (i = 0; i < nhosts; i++) {
		struct sim_host *h = &sim->host[i];

		h->id = i;
		h->max_tw = 64;
		h->next_port = 40000 + sim_below(&s, 10000);
		atcp_space_init(&h->space);
		sim->link[i] = calloc(nhosts, sizeof(*sim->link[i]));
		if (!sim->link[i])
			abort();
		for (j = 0; j < nhosts; j++) {
			sim->link[i][j].conf.delay = i == j ? 0 : 1000;
			sim->link[i][j].conf.mtu = 1500;
		}
	}
}

struct sim_host *sim_host(u8 id)
{
	return &sim->host[id];
}

void sim_link_both(u8 a, u8 b, const struct sim_link_conf *conf)
{
	sim->link[a][b].conf = *conf;
	sim->link[b][a].conf = *conf;
}

bool sim_fault(struct sim_host *h, enum sim_call call, u8 state)
{
	struct sim_fault *f = &h->fault;

	if (sim_nth_fails(call, state)) {
		f->failed++;
		return true;
	}
	/* Rehashing needs no memory: it fails by count only. */
	if (call == SIM_REHASH)
		return false;
	if ((f->nth && !--f->nth) || sim_chance(&sim->host_rand, f->ppm)) {
		f->failed++;
		return true;
	}
	return false;
}

/* Frees the queues of a connection that has not ended. */
static void drain(struct sim_conn *conn)
{
	if (!conn->closed)
		atcp_abort(&conn->c, 0);
}

void sim_end(void)
{
	u32 i;

	sim->watch = NULL;
	sim_run_pending();
	for (i = 0; i < sim->nhosts; i++) {
		struct sim_host *h = &sim->host[i];

		h->tap = NULL;
		h->fault.ppm = 0;
		h->fault.nth = 0;
		while (h->listeners)
			sim_listener_close(h->listeners);
		while (h->conns) {
			drain(h->conns);
			sim_conn_free(h->conns);
		}
		while (h->tws)
			sim_tw_free(h->tws);
	}
	while (sim->pkts) {
		struct sim_pkt *p = sim->pkts;

		sim_event_cancel(&p->ev);
		sim->pkts = p->next;
		free(p);
	}
	if (!sim->stopped)
		SIM_CHECK(!sim->segs && !sim->bufs, "leaked: %u segments, %u buffers",
			  sim->segs, sim->bufs);
	for (i = 0; i < sim->nhosts; i++)
		free(sim->link[i]);
	free(sim->host);
	free(sim->net);
	free(sim->trace);
	free(sim->heap);
	free(sim);
	sim = NULL;
}
