// SPDX-License-Identifier: GPL-2.0
/*
 * Links that several pairs of hosts share: path.c's, on the simulator's clock.
 *
 * sim_net_enter() offers a packet to the first link of its route; passed() gives it to the
 * next one, and at the end to its host.  The links count nanoseconds, the clock microseconds:
 * what passes a link goes on to the next at its own time, and comes to its host at the next
 * microsecond.  No packet is ECT, as the core has no ECN: links that mark pass all unmarked.
 */
#include <stdlib.h>

#include "sim.h"

#define NS	1000ULL		/* in a microsecond */

static struct sim_pkt *pkt_of(const struct path_pkt *hop)
{
	return sim_container_of(hop, struct sim_pkt, hop);
}

static const struct sim_link *way_of(const struct sim_pkt *p)
{
	return &sim->link[p->src][p->dst];
}

static void note(struct path_link *link, struct path_pkt *hop, enum path_event what, uint64_t when)
{
	struct sim_pkt *p = pkt_of(hop);

	(void)when;
	if (p->rec && (what == PATH_DROP_POLICE || what == PATH_DROP_LOSS))
		sim->trace[p->rec - 1].fate = SIM_LOST;
	else if (p->rec && what == PATH_DROP_QUEUE)
		sim->trace[p->rec - 1].fate = SIM_QUEUE_FULL;
	if (sim->watch)
		sim->watch->on_link(link, p, what);
}

static void drop(struct path_link *link, struct path_pkt *hop)
{
	(void)link;
	sim_pkt_free(pkt_of(hop));
}

static struct path_pkt *copy(struct path_link *link, const struct path_pkt *hop)
{
	(void)link;
	return &sim_pkt_copy(pkt_of(hop))->hop;
}

/* The packet has passed link @i at @when, in nanoseconds. */
static void passed(u32 i, struct sim_pkt *p, u64 when)
{
	const struct sim_link *way = way_of(p);

	sim->net->onward[i]++;
	if (++p->leg < way->nroute) {
		path_offer(&sim->net->link[way->route[p->leg]], &p->hop, when);
		return;
	}
	if (p->rec)
		sim->trace[p->rec - 1].arrives = sim->now;
	p->ev.fn = sim_pkt_deliver;
	sim_event_set(&p->ev, sim->now);
}

/* The link that has something to do first; NULL: none. */
static struct path_link *next_link(u64 *when)
{
	struct path_link *first = NULL;
	u32 i;

	*when = PATH_NEVER;
	for (i = 0; i < sim->net->nlinks; i++) {
		u64 next = path_next(&sim->net->link[i]);

		if (next < *when) {
			*when = next;
			first = &sim->net->link[i];
		}
	}
	return first;
}

void sim_net_run(void)
{
	struct sim_net *net = sim->net;
	struct path_link *link;
	struct path_pkt *hop;
	u64 when;

	while ((link = next_link(&when)) && when <= sim->now * NS) {
		hop = path_take(link, when);
		if (hop)
			passed(link - net->link, pkt_of(hop), hop->when);
	}
	if (link)
		sim_event_set(&net->work, (when + NS - 1) / NS);
	else
		sim_event_cancel(&net->work);
}

static void work(struct sim_event *ev)
{
	(void)ev;
	sim_net_run();
}

void sim_net_enter(struct sim_pkt *p)
{
	sim_net_run();
	p->leg = 0;
	p->hop.size = p->len + sim_ip_overhead();
	path_offer(&sim->net->link[way_of(p)->route[0]], &p->hop, sim->now * NS);
	sim_net_run();
}

void sim_net_begin(struct path_link *links, u32 nlinks)
{
	u32 i;

	sim->net = calloc(1, sizeof(*sim->net));
	if (!sim->net)
		abort();
	SIM_CHECK(nlinks <= 256, "%u shared links", nlinks);
	sim->net->link = links;
	sim->net->nlinks = nlinks;
	sim->net->work.fn = work;
	for (i = 0; i < nlinks; i++) {
		links[i].note = note;
		links[i].drop = drop;
		links[i].copy = copy;
	}
}

void sim_net_route(u8 src, u8 dst, const u8 *links, u32 n)
{
	struct sim_link *way = &sim->link[src][dst];

	SIM_CHECK(n <= SIM_MAX_ROUTE, "a route of %u links", n);
	memcpy(way->route, links, n);
	way->nroute = n;
}

/* The packets on each link are counted one by one, besides what the link has counted. */
void sim_net_check(void)
{
	u64 found[256] = { 0 };
	const struct sim_pkt *p;
	u32 i;

	sim_net_run();
	for (p = sim->pkts; p; p = p->next)
		if (!p->ev.pos && way_of(p)->nroute)
			found[way_of(p)->route[p->leg]]++;
	for (i = 0; i < sim->net->nlinks; i++) {
		const struct path_link *l = &sim->net->link[i];

		SIM_CHECK(l->inside == found[i], "link %s: %llu packets on it, it counts %llu",
			  l->name, found[i], (u64)l->inside);
		SIM_CHECK(l->passed == sim->net->onward[i],
			  "link %s: %llu packets passed, %llu came out", l->name,
			  (u64)l->passed, sim->net->onward[i]);
		SIM_CHECK(l->offered + l->count[PATH_DUP] ==
			  l->passed + path_drops(l) + l->inside,
			  "link %s: %llu packets and %llu copies; %llu passed, %llu dropped, %llu on it",
			  l->name, (u64)l->offered, (u64)l->count[PATH_DUP], (u64)l->passed,
			  (u64)path_drops(l), (u64)l->inside);
	}
}
