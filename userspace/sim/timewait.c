// SPDX-License-Identifier: GPL-2.0
/* TIME-WAIT objects of a host. */
#include <stdlib.h>

#include "sim.h"

struct sim_tw *sim_tw_find(struct sim_host *h, u8 peer, u16 lport, u16 rport)
{
	struct sim_tw *tw;

	for (tw = h->tws; tw; tw = tw->next)
		if (tw->peer == peer && tw->tw.lport == lport && tw->tw.rport == rport)
			return tw;
	return NULL;
}

void sim_tw_free(struct sim_tw *tw)
{
	struct sim_tw **at = &tw->host->tws;

	while (*at != tw)
		at = &(*at)->next;
	*at = tw->next;
	tw->host->ntw--;
	sim_event_cancel(&tw->timer);
	free(tw);
}

static void expired(struct sim_event *ev)
{
	struct sim_tw *tw = sim_container_of(ev, struct sim_tw, timer);

	if (tw->tw.expires > sim->now)
		sim_tw_set(tw);
	else
		sim_tw_free(tw);
}

void sim_tw_set(struct sim_tw *tw)
{
	sim_event_set(&tw->timer, tw->tw.expires);
}

void sim_tw_new(struct sim_conn *conn)
{
	struct sim_host *h = conn->host;
	struct sim_tw *tw;

	if (h->ntw >= h->max_tw || sim_fault(h, SIM_TIME_WAIT, ATCP_TIME_WAIT)) {
		h->stat[ATCP_STAT_TIME_WAIT_FULL]++;
		return;
	}
	tw = calloc(1, sizeof(*tw));
	if (!tw)
		abort();
	atcp_tw_init(&tw->tw, &conn->c);
	tw->host = h;
	tw->peer = conn->peer;
	tw->timer.fn = expired;
	tw->next = h->tws;
	h->tws = tw;
	h->ntw++;
	sim_tw_set(tw);
}
