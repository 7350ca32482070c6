// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: SYN queue of requests, SYN cookies when it is full, accept queue.
 */
#include <stdlib.h>

#include "sim.h"

struct sim_listener *sim_listener_find(struct sim_host *h, u16 port)
{
	struct sim_listener *l;

	for (l = h->listeners; l; l = l->next)
		if (l->port == port)
			return l;
	return NULL;
}

struct sim_listener *sim_listen(struct sim_host *h, u16 port, u32 backlog,
				const struct sim_sockopt *opt)
{
	struct sim_listener *l;

	if (sim_listener_find(h, port))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	l->host = h;
	l->port = port;
	l->backlog = backlog;
	l->syn_backlog = 1024;
	l->opt = opt ? *opt : sim_sockopt_default;
	l->next = h->listeners;
	h->listeners = l;
	return l;
}

/* Resets the connections that were not accepted, and frees the requests. */
void sim_listener_close(struct sim_listener *l)
{
	struct sim_listener **at = &l->host->listeners;
	struct sim_conn *conn;

	l->closed = true;
	while (l->reqs)
		sim_req_free(l->reqs);
	while ((conn = sim_accept(l)))
		sim_abort(conn);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l);
}

bool sim_accept_full(const struct sim_listener *l)
{
	return l->naccept > l->backlog;
}

/* The first in the queue that is established or has ended; NULL: none. */
struct sim_conn *sim_accept(struct sim_listener *l)
{
	struct sim_conn *conn, *prev = NULL;

	for (conn = l->accept_first; conn; prev = conn, conn = conn->accept_next)
		if (conn->connected || conn->closed || l->closed)
			break;
	if (!conn)
		return NULL;
	if (prev)
		prev->accept_next = conn->accept_next;
	else
		l->accept_first = conn->accept_next;
	if (l->accept_last == conn)
		l->accept_last = prev;
	l->naccept--;
	conn->listener = NULL;
	return conn;
}

/* --- requests --- */

struct sim_req *sim_req_find(struct sim_host *h, u8 peer, u16 lport, u16 rport,
			     struct sim_listener **l)
{
	struct sim_req *req;

	*l = sim_listener_find(h, lport);
	if (!*l)
		return NULL;
	for (req = (*l)->reqs; req; req = req->next)
		if (req->peer == peer && req->r.rport == rport)
			return req;
	return NULL;
}

void sim_req_free(struct sim_req *req)
{
	struct sim_req **at = &req->listener->reqs;

	while (*at != req)
		at = &(*at)->next;
	*at = req->next;
	req->listener->nreqs--;
	sim_event_cancel(&req->timer);
	free(req);
}

void sim_req_send(struct sim_req *req)
{
	struct sim_host *h = req->listener->host;
	struct atcp_hdr hdr;

	sim_event_set(&req->timer, req->r.deadline);
	if (sim_fault(h, SIM_SYNACK, ATCP_SYN_RECEIVED))
		return;
	atcp_req_synack(&req->r, &hdr);
	sim_host_send_hdr(h, req->peer, &hdr);
}

static void req_timer(struct sim_event *ev)
{
	struct sim_req *req = sim_container_of(ev, struct sim_req, timer);

	switch (atcp_req_timeout(&req->r, &req->listener->host->space)) {
	case ATCP_SYNACK:
		SIM_CHECK(req->r.deadline > sim->now, "a request's deadline did not move on");
		sim_req_send(req);
		break;
	case ATCP_FORGET:
		sim_req_free(req);
		break;
	default:
		SIM_CHECK(req->r.deadline > sim->now, "a request's deadline has passed");
		sim_event_set(&req->timer, req->r.deadline);
	}
}

/* Answers a SYN by a request or a cookie; @old: the TIME-WAIT that it ended, or NULL. */
void sim_listener_syn(struct sim_listener *l, const struct sim_pkt *p, const struct atcp_hdr *h,
		      const struct atcp_tw *old)
{
	struct sim_host *host = l->host;
	u16 mss = sim->link[host->id][p->src].conf.mtu - sim_ip_overhead() - ATCP_HDR_MIN;
	u32 first = l->opt.tight ? l->opt.rcvbuf / 2 : l->opt.rcvbuf;
	struct atcp_tuple t;
	struct sim_req *req;
	struct atcp_req r;
	struct atcp_hdr hdr;

	if (sim_accept_full(l)) {
		host->stat[ATCP_STAT_ACCEPT_QUEUE_FULL]++;
		return;
	}
	memset(&r, 0xa5, sizeof(r));
	sim_tuple(&t, host->id, p->src, h->dport, h->sport);
	atcp_req_init(&r, &host->space, &t, h, mss, sim_rcv_full(&l->opt),
		      min(first, 65535u));
	if (old)
		atcp_req_follow(&r, old);
	if (l->cookies || l->nreqs >= l->syn_backlog) {
		if (!l->cookies)
			host->stat[ATCP_STAT_SYN_QUEUE_FULL]++;
		atcp_cookie_make(&r, &host->space, &t);
		if (sim_fault(host, SIM_SYNACK, ATCP_LISTEN))
			return;
		host->stat[ATCP_STAT_SYN_COOKIES_SENT]++;
		atcp_req_synack(&r, &hdr);
		sim_host_send_hdr(host, p->src, &hdr);
		return;
	}
	if (sim_fault(host, SIM_REQUEST, ATCP_LISTEN))
		return;
	req = calloc(1, sizeof(*req));
	if (!req)
		abort();
	req->r = r;
	req->tuple = t;
	req->listener = l;
	req->peer = p->src;
	req->timer.fn = req_timer;
	req->next = l->reqs;
	l->reqs = req;
	l->nreqs++;
	sim_req_send(req);
}

/* The connection that a request or cookie becomes; NULL: no memory. */
struct sim_conn *sim_listener_child(struct sim_listener *l, const struct atcp_req *r,
				    const struct atcp_tuple *t, u8 peer)
{
	struct sim_host *h = l->host;
	struct sim_conn *conn;

	if (sim_fault(h, SIM_CHILD, r->cookie ? ATCP_LISTEN : ATCP_SYN_RECEIVED))
		return NULL;
	conn = sim_conn_new(h, &l->opt, peer, t->lport, t->rport);
	conn->tuple = *t;
	atcp_accept(&conn->c, r, &h->space);
	sim_conn_set_up(conn);
	conn->seen.peer_edge = r->iss + 1 + r->snd_wnd;
	conn->seen.peer_edge_known = true;
	conn->listener = l;
	conn->accept_next = NULL;
	if (l->accept_last)
		l->accept_last->accept_next = conn;
	else
		l->accept_first = conn;
	l->accept_last = conn;
	l->naccept++;
	return conn;
}
