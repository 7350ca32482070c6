// SPDX-License-Identifier: GPL-2.0
/*
 * Demultiplexing: a packet that reaches a host is checked, then given to the
 * connection, request, TIME-WAIT or listener that is found first, in this order.
 */
#include "sim.h"

struct sim_conn *sim_conn_find(struct sim_host *h, u8 peer, u16 lport, u16 rport)
{
	struct sim_conn *conn;

	for (conn = h->conns; conn; conn = conn->next)
		if (!conn->closed && conn->peer == peer && conn->c.lport == lport &&
		    conn->c.rport == rport)
			return conn;
	return NULL;
}

/* Sends a header alone, for answers that belong to no connection. */
void sim_host_send_hdr(struct sim_host *h, u8 dst, struct atcp_hdr *hdr)
{
	u8 bytes[ATCP_HDR_MAX];
	u32 len = atcp_hdr_size(hdr);

	atcp_hdr_write(hdr, bytes);
	h->stat[ATCP_STAT_OUT_SEGS]++;
	if (hdr->flags & ATCP_RST)
		h->stat[ATCP_STAT_OUT_RSTS]++;
	sim_wire_send(h->id, dst, bytes, len, len, 0);
}

static void answer(struct sim_host *h, u8 state, const struct sim_pkt *p,
		   const struct atcp_hdr *hdr, struct atcp_hdr *reply)
{
	if (sim_fault(h, SIM_REPLY, state))
		return;
	reply->sport = hdr->dport;
	reply->dport = hdr->sport;
	sim_host_send_hdr(h, p->src, reply);
}

static void to_conn(struct sim_conn *conn, const struct sim_pkt *p, const struct atcp_hdr *hdr)
{
	struct atcp_seg *seg = sim_seg_from(p->bytes + hdr->hlen, p->len - hdr->hlen);

	if (conn->c.mss && seg->len > conn->c.adv_mss)
		seg->count = (seg->len + conn->c.adv_mss - 1) / conn->c.adv_mss;
	if (sim_chance(&sim->host_rand, conn->host->spurious_timer)) {
		atcp_timeout(&conn->c);
		if (conn->closed) {
			sim_seg_drop(seg);
			return;
		}
	}
	/* After the timer, as the segment may acknowledge what the timer has sent. */
	sim_check_arrival(conn, hdr, seg->len);
	atcp_arrive(&conn->c, seg, hdr);
}

static void to_closed(struct sim_host *h, const struct sim_pkt *p, const struct atcp_hdr *hdr)
{
	struct atcp_hdr reply;

	h->stat[ATCP_STAT_IN_NO_PORT]++;
	if (atcp_closed_arrive(hdr, p->len - hdr->hlen, &reply) == ATCP_REPLY)
		answer(h, ATCP_CLOSED, p, hdr, &reply);
}

/* An ACK that may be the answer to a cookie. */
static void to_cookie(struct sim_listener *l, const struct sim_pkt *p, const struct atcp_hdr *hdr)
{
	struct sim_host *h = l->host;
	struct sim_conn *conn;
	struct atcp_tuple t;
	struct atcp_req r;
	u16 mss = sim->link[h->id][p->src].conf.mtu - sim_ip_overhead() - ATCP_HDR_MIN;

	sim_tuple(&t, h->id, p->src, hdr->dport, hdr->sport);
	if (!h->stat[ATCP_STAT_SYN_COOKIES_SENT] ||
	    !atcp_cookie_check(&r, &h->space, &t, hdr, mss, sim_rcv_full(&l->opt),
			       min(l->opt.rcvbuf, 65535u))) {
		h->stat[ATCP_STAT_SYN_COOKIES_BAD]++;
		to_closed(h, p, hdr);
		return;
	}
	if (sim_accept_full(l)) {
		h->stat[ATCP_STAT_ACCEPT_QUEUE_FULL]++;
		return;
	}
	h->stat[ATCP_STAT_SYN_COOKIES_GOOD]++;
	conn = sim_listener_child(l, &r, &t, p->src);
	if (conn)
		to_conn(conn, p, hdr);
}

static void to_listener(struct sim_listener *l, const struct sim_pkt *p,
			const struct atcp_hdr *hdr)
{
	struct atcp_hdr reply;

	switch (atcp_listen_arrive(hdr, p->len - hdr->hlen, &reply)) {
	case ATCP_REPLY:
		answer(l->host, ATCP_LISTEN, p, hdr, &reply);
		break;
	case ATCP_SYN_SEEN:
		sim_listener_syn(l, p, hdr, NULL);
		break;
	case ATCP_MAYBE_COOKIE:
		to_cookie(l, p, hdr);
		break;
	default:
		break;
	}
}

static void to_req(struct sim_req *req, struct sim_listener *l, const struct sim_pkt *p,
		   const struct atcp_hdr *hdr)
{
	struct sim_host *h = l->host;
	enum atcp_verdict verdict;
	struct atcp_hdr reply;
	struct sim_conn *conn;
	enum atcp_drop why;

	verdict = atcp_req_arrive(&req->r, &h->space, hdr, p->len - hdr->hlen, &reply, &why);
	if (why)
		h->stat[atcp_drop_stat[why]]++;
	switch (verdict) {
	case ATCP_REPLY:
		answer(h, ATCP_SYN_RECEIVED, p, hdr, &reply);
		break;
	case ATCP_FORGET:
		sim_req_free(req);
		break;
	case ATCP_SYNACK:
		sim_req_send(req);
		break;
	case ATCP_ACCEPT:
		if (sim_accept_full(l)) {
			h->stat[ATCP_STAT_ACCEPT_QUEUE_FULL]++;
			break;
		}
		conn = sim_listener_child(l, &req->r, &req->tuple, p->src);
		if (!conn)
			break;
		sim_req_free(req);
		to_conn(conn, p, hdr);
		break;
	case ATCP_DROP:
		break;
	default:
		sim_fail("a verdict that does not fit a request");
	}
}

static void to_tw(struct sim_tw *tw, const struct sim_pkt *p, const struct atcp_hdr *hdr)
{
	struct sim_host *h = tw->host;
	struct sim_listener *l = sim_listener_find(h, hdr->dport);
	struct atcp_hdr reply;
	struct atcp_tw old;

	switch (atcp_tw_arrive(&tw->tw, &h->space, hdr, p->len - hdr->hlen, l, &reply)) {
	case ATCP_REPLY:
		answer(h, ATCP_TIME_WAIT, p, hdr, &reply);
		sim_tw_set(tw);
		break;
	case ATCP_REOPEN:
		SIM_CHECK(l, "reopened without a listener");
		old = tw->tw;
		sim_tw_free(tw);
		if (l)
			sim_listener_syn(l, p, hdr, &old);
		break;
	case ATCP_DROP:
		sim_tw_set(tw);
		break;
	case ATCP_FORGET:
		sim_tw_free(tw);
		break;
	default:
		sim_fail("a verdict that does not fit TIME-WAIT");
	}
}

void sim_rx(struct sim_pkt *p)
{
	struct sim_host *h = sim_host(p->dst);
	struct sim_listener *l;
	struct sim_conn *conn;
	struct atcp_hdr hdr;
	struct sim_req *req;
	struct sim_tw *tw;

	if (h->raw) {
		h->raw_rx(h, p);
		return;
	}
	h->stat[ATCP_STAT_IN_SEGS]++;
	if (!atcp_hdr_read(&hdr, p->bytes, p->len)) {
		h->stat[ATCP_STAT_IN_BAD_HEADER]++;
		return;
	}
	if (sim_checksum(p->src, p->dst, p->bytes, p->len)) {
		h->stat[ATCP_STAT_IN_BAD_CHECKSUM]++;
		return;
	}
	conn = sim_conn_find(h, p->src, hdr.dport, hdr.sport);
	if (conn) {
		to_conn(conn, p, &hdr);
		return;
	}
	req = sim_req_find(h, p->src, hdr.dport, hdr.sport, &l);
	if (req) {
		to_req(req, l, p, &hdr);
		return;
	}
	tw = sim_tw_find(h, p->src, hdr.dport, hdr.sport);
	if (tw) {
		to_tw(tw, p, &hdr);
		return;
	}
	l = sim_listener_find(h, hdr.dport);
	if (l)
		to_listener(l, p, &hdr);
	else
		to_closed(h, p, &hdr);
}
