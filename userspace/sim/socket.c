// SPDX-License-Identifier: GPL-2.0
/*
 * The user's side of a connection, as the sockets API has it: connect, send,
 * recv, shutdown, close; buffers with limits; and the life of struct sim_conn.
 */
#include <stdlib.h>

#include "sim.h"

const struct sim_sockopt sim_sockopt_default = {
	.rcvbuf = 65535,
	.sndbuf = 65536,
	.room = 16384,
};

void sim_tuple(struct atcp_tuple *t, u8 local, u8 remote, u16 lport, u16 rport)
{
	static const u8 mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 0 };
	static const u8 ipv6[16] = { 0xfd };
	const u8 *net = sim && sim->ipv6 ? ipv6 : mapped;

	memcpy(t->laddr, net, sizeof(t->laddr));
	memcpy(t->raddr, net, sizeof(t->raddr));
	t->laddr[15] = local + 1;
	t->raddr[15] = remote + 1;
	t->lport = lport;
	t->rport = rport;
}

/* --- bookkeeping --- */

void sim_conn_dirty(struct sim_conn *conn)
{
	if (conn->dirty)
		return;
	conn->dirty = true;
	conn->dirty_next = sim->dirty;
	sim->dirty = conn;
}

void sim_conn_wake(struct sim_conn *conn, u32 what)
{
	conn->wake_what |= what;
	if (conn->waking)
		return;
	conn->waking = true;
	conn->wake_next = NULL;
	if (sim->wake_last)
		sim->wake_last->wake_next = conn;
	else
		sim->wake_first = conn;
	sim->wake_last = conn;
}

static void timer(struct sim_event *ev)
{
	struct sim_conn *conn = sim_container_of(ev, struct sim_conn, timer);

	sim_conn_dirty(conn);
	if (!conn->closed)
		atcp_timeout(&conn->c);
	if (!conn->closed && sim->wheel && !conn->timer.pos)
		atcp_host_set_deadline(&conn->c, conn->due, conn->fine);
}

struct sim_conn *sim_conn_new(struct sim_host *h, const struct sim_sockopt *opt,
			      u8 peer, u16 lport, u16 rport)
{
	struct sim_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		abort();
	conn->host = h;
	conn->peer = peer;
	conn->opt = opt ? *opt : sim_sockopt_default;
	conn->timer.fn = timer;
	conn->due = ATCP_NEVER;
	conn->c.lport = lport;
	conn->c.rport = rport;
	conn->seen.state = ATCP_CLOSED;
	conn->next = h->conns;
	h->conns = conn;
	sim_conn_dirty(conn);
	return conn;
}

static void set_route(struct atcp_tcb *c, const struct sim_route *route)
{
	c->wnd_first = route->wnd_first;
	c->cwnd_first = route->cwnd_first;
	c->cwnd_max = route->cwnd_max;
	c->ssthresh_first = route->ssthresh_first;
	c->reordering = route->reordering;
	c->rto_min_route = route->rto_min;
	c->wnd_clamp = route->wnd_clamp;
	if (route->quick)
		c->flags |= ATCP_F_QUICK_ROUTE;
}

/* Sets the fields of the TCB that are the host's, after atcp_tcb_init() or atcp_accept(). */
void sim_conn_set_up(struct sim_conn *conn)
{
	u16 mtu = sim->link[conn->host->id][conn->peer].conf.mtu;
	struct atcp_tcb *c = &conn->c;

	c->mss_path = mtu - sim_ip_overhead() - ATCP_HDR_MIN;
	if (sim->ipv6)
		c->mss_sure = SIM_IPV6_MTU_MIN - sim_ip_overhead() - ATCP_HDR_MIN;
	c->mss_user = conn->opt.mss_user;
	set_route(c, &conn->opt.route);
	if (conn->opt.nodelay)
		c->flags |= ATCP_F_NODELAY;
	c->user_timeout = conn->opt.user_timeout / ATCP_MSEC;
	c->keep_time = conn->opt.keep_time / ATCP_SEC;
	c->keep_intvl = conn->opt.keep_intvl / ATCP_SEC;
	c->keep_probes = conn->opt.keep_probes;
	c->linger2 = conn->opt.linger2 == ATCP_NEVER ? -1 : (int)(conn->opt.linger2 / ATCP_SEC);
	if (conn->opt.cc)
		sim_set_cc(conn, conn->opt.cc);
	if (conn->opt.keepalive)
		atcp_set_keepalive(c, true);
}

int sim_set_cc(struct sim_conn *conn, const struct atcp_cc_ops *ops)
{
	void *memory = NULL;

	if (ops->size > ATCP_CC_SIZE_NEAR) {
		if (sim_fault(conn->host, SIM_CC, conn->c.state))
			return -ENOMEM;
		memory = malloc(ops->size);
		if (!memory)
			abort();
	}
	free(atcp_cc_change(&conn->c, ops, memory));
	return 0;
}

static void unlink_conn(struct sim_conn *conn)
{
	struct sim_conn **at = &conn->host->conns;

	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
}

static void leave_list(struct sim_conn *conn)
{
	struct sim_conn **at, *last = NULL;

	for (at = &sim->dirty; conn->dirty && *at; at = &(*at)->dirty_next) {
		if (*at == conn) {
			*at = conn->dirty_next;
			conn->dirty = false;
			break;
		}
	}
	for (at = &sim->wake_first; conn->waking && *at; at = &(*at)->wake_next) {
		if (*at == conn) {
			*at = conn->wake_next;
			conn->waking = false;
			break;
		}
	}
	for (conn = sim->wake_first; conn; conn = conn->wake_next)
		last = conn;
	sim->wake_last = last;
}

/* Only when the core is done with the connection, or at a power cut of its host. */
void sim_conn_free(struct sim_conn *conn)
{
	struct atcp_seg *seg;

	leave_list(conn);
	unlink_conn(conn);
	sim_event_cancel(&conn->timer);
	while ((seg = conn->rcv_first)) {
		conn->rcv_first = seg->next;
		conn->rmem -= seg->charge;
		sim_seg_free(seg);
	}
	SIM_CHECK(!conn->rmem || !conn->closed, "receive buffer: %u bytes lost", conn->rmem);
	free(atcp_cc_memory(&conn->c));
	free(conn->c.aside);
	free(conn);
}

/* A power cut: everything is freed, and nothing is sent. */
void sim_host_reboot(struct sim_host *h)
{
	h->off = true;
	while (h->conns) {
		struct sim_conn *conn = h->conns;

		if (!conn->closed)
			atcp_abort(&conn->c, 0);	/* frees its queues */
		sim_conn_free(conn);
	}
	while (h->listeners) {
		h->listeners->accept_first = NULL;
		sim_listener_close(h->listeners);
	}
	while (h->tws)
		sim_tw_free(h->tws);
	h->off = false;
}

/* --- connect --- */

static bool port_taken(struct sim_host *h, u8 peer, u16 lport, u16 rport)
{
	return sim_conn_find(h, peer, lport, rport) || sim_tw_find(h, peer, lport, rport);
}

struct sim_conn *sim_connect(struct sim_host *h, u8 peer, u16 lport, u16 rport,
			     const struct sim_sockopt *opt)
{
	u16 mtu = sim->link[h->id][peer].conf.mtu;
	struct sim_conn *conn;
	u32 tries = 20000;
	struct sim_tw *tw;

	while (!lport && tries--) {
		lport = h->next_port++;
		if (h->next_port < 40000)
			h->next_port = 40000;
		if (port_taken(h, peer, lport, rport))
			lport = 0;
	}
	if (!lport || sim_conn_find(h, peer, lport, rport))
		return NULL;
	conn = sim_conn_new(h, opt, peer, lport, rport);
	sim_tuple(&conn->tuple, h->id, peer, lport, rport);
	atcp_tcb_init(&conn->c, &h->space);
	conn->c.lport = lport;
	conn->c.rport = rport;
	conn->c.adv_mss = mtu - sim_ip_overhead() - ATCP_HDR_MIN;
	sim_conn_set_up(conn);
	/* Only a port that the caller chose can be in TIME-WAIT. */
	tw = sim_tw_find(h, peer, lport, rport);
	if (tw && atcp_tw_yields(&tw->tw, &h->space, true)) {
		atcp_open_follow(&conn->c, &tw->tw);
		sim_tw_free(tw);
	}
	atcp_open(&conn->c, &conn->tuple);
	return conn;
}

/* --- send --- */

static int take_error(struct sim_conn *conn)
{
	int err = conn->err;

	conn->err = 0;
	return -err;
}

static bool may_send(const struct sim_conn *conn)
{
	return ATCP_IN(conn->c.state, ATCP_CAN_SEND | ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED)) &&
	       !conn->shut_snd && !conn->c.fin_queued;
}

static u32 append_to_tail(struct sim_conn *conn, const u8 *data, u32 len)
{
	struct atcp_seg *tail = atcp_tail(&conn->c);
	u32 n;

	if (!tail)
		return 0;
	n = min(len, sim_seg_tailroom(tail));
	if (!n)
		return 0;
	memcpy(tail->data + tail->len, data, n);
	tail->len += n;
	tail->charge += n;
	conn->wmem += n;
	atcp_grew(&conn->c, n);
	return n;
}

/* Bytes taken, or -EAGAIN when the buffer is full, -EPIPE, or the pending error. */
int sim_send(struct sim_conn *conn, const void *data, u32 len, u32 flags)
{
	const u8 *p = data;
	struct atcp_seg *seg;
	u32 done = 0, n, k;

	if (conn->err)
		return take_error(conn);
	if (conn->closed || !may_send(conn))
		return -EPIPE;
	sim_conn_dirty(conn);
	while (done < len && conn->wmem < conn->opt.sndbuf) {
		n = min(len - done, conn->opt.sndbuf - conn->wmem);
		n = min(n, conn->opt.room);
		k = append_to_tail(conn, p + done, n);
		if (k) {
			done += k;
			continue;
		}
		if (sim_fault(conn->host, SIM_SEND, conn->c.state))
			break;
		seg = sim_seg_new(conn->opt.room);
		memcpy(seg->data, p + done, n);
		seg->len = n;
		seg->charge = n;
		seg->owner = SIM_SEG_SENT;
		conn->wmem += n;
		conn->nsent++;
		atcp_enqueue(&conn->c, seg);
		done += n;
	}
	conn->accepted += done;
	conn->starved = done < len;
	if (done && (flags & SIM_OOB))
		atcp_send_urgent(&conn->c);
	if (flags & SIM_MORE)
		conn->c.flags |= ATCP_F_CORK;
	else
		conn->c.flags &= ~ATCP_F_CORK;
	atcp_push(&conn->c, !(flags & SIM_MORE) && done == len);
	return done || !len ? (int)done : -EAGAIN;
}

/* --- recv --- */

/* Bytes, 0 at the end of the stream, -EAGAIN when there is nothing yet. */
int sim_recv(struct sim_conn *conn, void *data, u32 len)
{
	struct atcp_seg *seg;
	u8 *p = data;
	u32 done = 0, n;

	sim_conn_dirty(conn);
	while (done < len && (seg = conn->rcv_first)) {
		n = min(len - done, seg->len);
		memcpy(p + done, seg->data, n);
		done += n;
		conn->rcv_queued -= n;
		seg->data += n;
		seg->len -= n;
		if (seg->len) {
			if (!conn->opt.tight) {
				seg->charge -= n;
				conn->rmem -= n;
			}
			break;
		}
		conn->rcv_first = seg->next;
		if (!conn->rcv_first)
			conn->rcv_last = NULL;
		conn->rmem -= seg->charge;
		sim_seg_free(seg);
	}
	conn->read += done;
	conn->c.copied_seq += done;
	if (done) {
		if (!conn->closed)
			atcp_read(&conn->c);
		return done;
	}
	if (conn->fin || conn->shut_rcv)
		return 0;
	if (conn->err)
		return take_error(conn);
	if (conn->closed)
		return 0;
	return len ? -EAGAIN : 0;
}

/* --- the end --- */

int sim_shutdown(struct sim_conn *conn, int how)
{
	sim_conn_dirty(conn);
	if (how & SIM_SHUT_RD) {
		conn->shut_rcv = true;
		if (!conn->closed)
			atcp_shut_rcv(&conn->c);
	}
	if (how & SIM_SHUT_WR) {
		conn->shut_snd = true;
		if (conn->closed)
			return -ENOTCONN;
		atcp_close(&conn->c);
	}
	return 0;
}

/* close(): data that was not read makes it a reset (RFC 2525 section 2.17). */
void sim_close(struct sim_conn *conn)
{
	bool unread = conn->rcv_queued;

	sim_conn_dirty(conn);
	conn->released = true;
	if (conn->closed)
		return;
	if (unread) {
		atcp_close_unread(&conn->c);
		return;
	}
	atcp_close(&conn->c);
	if (!conn->closed)
		atcp_orphan(&conn->c);
}

void sim_abort(struct sim_conn *conn)
{
	sim_conn_dirty(conn);
	conn->released = true;
	if (!conn->closed)
		atcp_abort(&conn->c, 0);
}
