// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of host.h, which the core calls, for connections of the simulator.
 */
#include <stdlib.h>

#include "core/queue.h"
#include "sim.h"

#define TIGHT_OVERHEAD	128	/* what a segment costs besides its payload */
#define SENT_OVERHEAD	1280	/* the same in the send queue */

static struct sim_conn *conn_of(struct atcp_tcb *c)
{
	struct sim_conn *conn = sim_container_of(c, struct sim_conn, c);

	sim_conn_dirty(conn);
	return conn;
}

void atcp_host_count_by(struct atcp_space *space, enum atcp_stat stat, u32 n)
{
	sim_container_of(space, struct sim_host, space)->stat[stat] += n;
}

/* --- sending --- */

struct atcp_seg *atcp_host_alloc(struct atcp_tcb *c)
{
	return sim_fault(conn_of(c)->host, SIM_ALLOC, c->state) ? NULL : sim_seg_new(0);
}

struct atcp_seg *atcp_host_clone(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sim_conn *conn = conn_of(c);

	SIM_CHECK(seg->owner == SIM_SEG_SENT, "clone of a segment that is not queued");
	return sim_fault(conn->host, SIM_CLONE, c->state) ? NULL : sim_seg_ref(seg);
}

/* An error of the network layer: no memory, no route, a firewall and the like. */
static int refusal(void)
{
	static const int errors[] = { ENOBUFS, EHOSTUNREACH, EPERM, EMSGSIZE, ENETUNREACH };

	return -errors[sim->nevents % (sizeof(errors) / sizeof(errors[0]))];
}

int atcp_host_transmit(struct atcp_tcb *c, struct atcp_seg *seg, u32 hlen, u32 mss)
{
	struct sim_conn *conn = conn_of(c);
	const u8 *hdr = seg->hdr + SIM_HDR_ROOM - hlen;
	u8 bytes[65536 + SIM_HDR_ROOM];
	u32 len = seg->len;

	SIM_CHECK(seg->owner == SIM_SEG_LOOSE, "transmit of a queued segment");
	SIM_CHECK(seg->hlen == hlen, "header of %u bytes, %u pushed", hlen, seg->hlen);
	if (hlen + len > 65535) {
		sim_fail("a segment of %u bytes exceeds an IP packet", hlen + len);
		sim_seg_free(seg);
		return -EMSGSIZE;
	}
	sim_check_transmit(conn, hdr, hlen, len, mss);
	memcpy(bytes, hdr, hlen);
	if (len)
		memcpy(bytes + hlen, seg->data, len);
	sim_seg_free(seg);
	if (sim_fault(conn->host, SIM_TRANSMIT, c->state))
		return refusal();
	sim_wire_send(conn->host->id, conn->peer, bytes, hlen + len, hlen, mss);
	return 0;
}

/* The kernel's bound: the buffer and two large segments, twice for the overhead. */
static bool room_to_split(const struct sim_conn *conn)
{
	u64 most = (u64)conn->opt.sndbuf + 2 * (65536 + SENT_OVERHEAD);

	return (conn->wmem + (u64)conn->nsent * SENT_OVERHEAD) / 2 <= most;
}

bool atcp_host_in_device(struct atcp_tcb *c, struct atcp_seg *seg)
{
	(void)seg;
	return conn_of(c)->in_device;
}

bool atcp_host_may_split(struct atcp_tcb *c)
{
	struct sim_conn *conn = conn_of(c);

	return room_to_split(conn) && !sim_fault(conn->host, SIM_MAY_SPLIT, c->state);
}

struct atcp_seg *atcp_host_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	struct sim_conn *conn = conn_of(c);
	struct atcp_seg *rest;

	SIM_CHECK(seg->owner == SIM_SEG_SENT, "split of a segment that is not queued");
	SIM_CHECK(len && len < seg->len, "split of %u bytes at %u", seg->len, len);
	SIM_CHECK(seg == atcp_queue_first(c) || room_to_split(conn),
		  "a segment was cut though the send queue has %u already", conn->nsent);
	if (sim_fault(conn->host, SIM_SPLIT, c->state))
		return NULL;
	rest = sim_seg_ref(seg);
	memset(rest->cb, 0xa5, sizeof(rest->cb));
	/* The program that waits for an acknowledgment waits for the last octet. */
	atcp_seg_cb(rest)->sent &= ~ATCP_SENT_TELL;
	atcp_seg_cb(rest)->sent |= atcp_seg_cb(seg)->sent & ATCP_SENT_TELL;
	atcp_seg_cb(seg)->sent &= ~ATCP_SENT_TELL;
	rest->owner = SIM_SEG_SENT;
	rest->data += len;
	rest->len -= len;
	rest->charge = min(rest->len, seg->charge);
	seg->charge -= rest->charge;
	seg->len = len;
	conn->nsent++;
	return rest;
}

bool atcp_host_may_join(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from)
{
	SIM_CHECK(to->owner == SIM_SEG_SENT && from->owner == SIM_SEG_SENT,
		  "joining what is not queued");
	return !sim_fault(conn_of(c)->host, SIM_MAY_JOIN, c->state);
}

bool atcp_host_join(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from)
{
	struct sim_conn *conn = conn_of(c);
	struct atcp_seg *both;
	struct sim_buf *buf;

	SIM_CHECK(to->owner == SIM_SEG_SENT && from->owner == SIM_SEG_SENT,
		  "joining what is not queued");
	SIM_CHECK(!((atcp_seg_cb(to)->sent | atcp_seg_cb(from)->sent) & ATCP_SENT_TELL),
		  "joining what is waited for");
	if (sim_fault(conn->host, SIM_JOIN, c->state))
		return false;
	both = sim_seg_new(to->len + from->len);
	memcpy(both->data, to->data, to->len);
	memcpy(both->data + to->len, from->data, from->len);
	buf = to->buf;
	to->buf = both->buf;
	to->data = both->data;
	to->len += from->len;
	to->charge += from->charge;
	both->buf = buf;
	sim_seg_free(both);
	conn->nsent--;
	sim_seg_free(from);
	return true;
}

/* After a trim: unless the buffer is tight, a received segment is charged its payload. */
static void recharge(struct sim_conn *conn, struct atcp_seg *seg)
{
	if (seg->owner != SIM_SEG_RCVD || conn->opt.tight)
		return;
	conn->rmem -= seg->charge - seg->len;
	seg->charge = seg->len;
}

void atcp_seg_trim_head(struct atcp_tcb *c, struct atcp_seg *seg, u32 bytes)
{
	struct sim_conn *conn = conn_of(c);

	SIM_CHECK(bytes <= seg->len, "trim of %u bytes from %u", bytes, seg->len);
	bytes = min(bytes, seg->len);
	seg->data += bytes;
	seg->len -= bytes;
	recharge(conn, seg);
}

void atcp_seg_trim_tail(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	struct sim_conn *conn = conn_of(c);

	SIM_CHECK(len <= seg->len, "trim to %u bytes of %u", len, seg->len);
	seg->len = min(len, seg->len);
	recharge(conn, seg);
}

void atcp_host_acked(struct atcp_tcb *c, struct atcp_seg *seg)
{
	SIM_CHECK(seg->owner == SIM_SEG_SENT && atcp_seg_cb(seg)->sent & ATCP_SENT_TELL,
		  "an acknowledgment reported that nobody waits for");
	conn_of(c)->told++;
}

void atcp_host_free_sent(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sim_conn *conn = conn_of(c);

	SIM_CHECK(seg->owner == SIM_SEG_SENT, "freed as sent what was not");
	SIM_CHECK(conn->wmem >= seg->charge && conn->nsent, "send buffer accounts are wrong");
	conn->wmem -= seg->charge;
	conn->nsent--;
	sim_seg_free(seg);
}

/* --- receiving --- */

static u32 rcv_limit(const struct sim_conn *conn)
{
	return conn->opt.rcvbuf;
}

bool atcp_host_admit(struct atcp_tcb *c, struct atcp_seg *seg, bool ordered)
{
	struct sim_conn *conn = conn_of(c);
	u32 charge = seg->len + (conn->opt.tight ? TIGHT_OVERHEAD : 0);

	SIM_CHECK(seg->owner == SIM_SEG_LOOSE, "admitted twice");
	if (conn->opt.tight) {
		u32 after = ordered ? conn->rmem : conn->rmem + charge;

		if (after > rcv_limit(conn))
			return false;
	}
	if (sim_fault(conn->host, SIM_ADMIT, c->state))
		return false;
	seg->owner = SIM_SEG_RCVD;
	seg->charge = charge;
	conn->rmem += charge;
	return true;
}

static void uncharge(struct sim_conn *conn, struct atcp_seg *seg)
{
	SIM_CHECK(seg->owner == SIM_SEG_RCVD, "freed as admitted what was not");
	SIM_CHECK(conn->rmem >= seg->charge, "receive buffer accounts are wrong");
	conn->rmem -= seg->charge;
}

void atcp_host_free_admitted(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why)
{
	(void)why;
	uncharge(conn_of(c), seg);
	sim_seg_free(seg);
}

void atcp_host_deliver(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sim_conn *conn = conn_of(c);

	SIM_CHECK(seg->owner == SIM_SEG_RCVD, "delivered, but never admitted");
	SIM_CHECK(seg->len, "delivered without payload");
	SIM_CHECK(atcp_seg_cb(seg)->seq == conn->seen.deliver_next,
		  "delivered from %u, expected %u", atcp_seg_cb(seg)->seq - c->irs,
		  conn->seen.deliver_next - c->irs);
	SIM_CHECK(!conn->fin, "data delivered after the FIN");
	conn->seen.deliver_next += seg->len;
	conn->delivered += seg->len;
	conn->rcv_queued += seg->len;
	seg->next = NULL;
	if (conn->rcv_last)
		conn->rcv_last->next = seg;
	else
		conn->rcv_first = seg;
	conn->rcv_last = seg;
}

bool atcp_host_coalesce(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from)
{
	struct sim_conn *conn = conn_of(c);
	struct atcp_seg *both;

	SIM_CHECK(to->owner == SIM_SEG_RCVD && from->owner == SIM_SEG_RCVD,
		  "coalescing what was not admitted");
	if (to->len + from->len > 65535 || sim_chance(&sim->host_rand, 500000) ||
	    sim_fault(conn->host, SIM_COALESCE, c->state))
		return false;
	/* In a new buffer, as @to's may be shared. */
	both = sim_seg_new(to->len + from->len);
	/* A segment with a FIN may have no data and no buffer. */
	if (to->len)
		memcpy(both->data, to->data, to->len);
	if (from->len)
		memcpy(both->data + to->len, from->data, from->len);
	both->len = to->len + from->len;
	{
		struct sim_buf *buf = to->buf;

		to->buf = both->buf;
		to->data = both->data;
		to->len = both->len;
		both->buf = buf;
	}
	sim_seg_free(both);
	to->charge += from->charge;
	sim_seg_free(from);
	return true;
}

u32 atcp_host_rcv_space(struct atcp_tcb *c)
{
	struct sim_conn *conn = conn_of(c);
	u32 limit = rcv_limit(conn);

	if (conn->opt.tight)
		return conn->rmem < limit ? (limit - conn->rmem) / 2 : 0;
	return conn->rcv_queued < limit ? limit - conn->rcv_queued : 0;
}

u32 atcp_host_rcv_full(struct atcp_tcb *c)
{
	return sim_rcv_full(&conn_of(c)->opt);
}

void atcp_host_want_rcv(struct atcp_tcb *c, u32 window)
{
	struct sim_sockopt *opt = &conn_of(c)->opt;
	u32 size = min(opt->tight ? 2 * window : window, opt->rcvbuf_max);

	SIM_CHECK(window > atcp_host_rcv_limit(c), "a smaller receive window is asked for");
	opt->rcvbuf = max(opt->rcvbuf, size);
}

void atcp_host_want_snd(struct atcp_tcb *c, u64 bytes)
{
	struct sim_sockopt *opt = &conn_of(c)->opt;

	opt->sndbuf = max_t(u64, opt->sndbuf, min_t(u64, bytes, opt->sndbuf_max));
}

u32 atcp_host_rcv_limit(struct atcp_tcb *c)
{
	struct sim_conn *conn = conn_of(c);

	return conn->opt.tight ? rcv_limit(conn) / 2 : rcv_limit(conn);
}

/* --- events --- */

void atcp_host_wake(struct atcp_tcb *c, u32 what)
{
	struct sim_conn *conn = conn_of(c);

	if (what & ATCP_WAKE_CONNECTED) {
		conn->connected = true;
		if (conn->opt.no_quick)
			c->quick = 0;
	}
	if (what & ATCP_WAKE_WRITABLE && conn->starved)
		atcp_tune_snd(c);
	if (what & ATCP_WAKE_FIN)
		conn->fin = true;
	if (what & ATCP_WAKE_URGENT)
		conn->urgent = true;
	sim_conn_wake(conn, what);
}

void atcp_host_doubt_route(struct atcp_tcb *c)
{
	conn_of(c)->routes_doubted++;
}

u64 atcp_host_pace(struct atcp_tcb *c)
{
	u64 most = conn_of(c)->opt.pace;

	if (!most && c->cc.pace == ATCP_CC_UNPACED)
		return 0;
	return min(atcp_pacing_rate(c), most ? most : ATCP_CC_UNPACED);
}

bool atcp_host_rehash(struct atcp_tcb *c)
{
	struct sim_conn *conn = conn_of(c);

	if (sim_fault(conn->host, SIM_REHASH, c->state))
		return false;
	conn->rehashed++;
	return true;
}

struct atcp_aside *atcp_host_aside(struct atcp_tcb *c)
{
	if (sim_fault(conn_of(c)->host, SIM_ASIDE, c->state))
		return NULL;
	return calloc(1, sizeof(struct atcp_aside));
}

/*
 * When a timer of the module comes that is set for @when: on Linux's timer wheel at 250 ticks
 * a second, where those of 63 ticks and more wait for every 8th tick, of 504 for every 64th.
 */
static u64 on_the_wheel(u64 when)
{
	const u64 tick = ATCP_SEC / 250;
	u64 now = sim->now / tick, step = 1, left;

	when = when > sim->now ? (when - sim->now + tick - 1) / tick : 0;
	when += now + 1;	/* as atcp_sock_deadline() does */
	for (left = when - now; left >= 63; left /= 8)
		step *= 8;
	return (when / step + 1) * step * tick;
}

bool atcp_host_room(struct atcp_tcb *c, u32 len)
{
	(void)len;
	return !conn_of(c)->no_room;
}

void atcp_host_set_deadline(struct atcp_tcb *c, u64 when, bool fine)
{
	struct sim_conn *conn = conn_of(c);

	conn->due = when;
	conn->fine = fine;
	if (sim->wheel && !fine) {
		/* One that comes earlier stays: it is set again then, as in the module. */
		if (when == ATCP_NEVER || (conn->timer.pos && conn->armed <= when))
			return;
		conn->armed = max(when, sim->now);
		sim_event_set(&conn->timer, on_the_wheel(when));
		return;
	}
	conn->armed = when;
	if (when == ATCP_NEVER) {
		sim_event_cancel(&conn->timer);
		return;
	}
	if (conn->host->timer_slack)
		when += sim_rand(&sim->host_rand) % conn->host->timer_slack;
	sim_event_set(&conn->timer, when);
}

void atcp_host_state(struct atcp_tcb *c, u8 old)
{
	struct sim_conn *conn = conn_of(c);

	sim_check_state(conn, old);
	if (sim->watch)
		sim->watch->state(conn, old);
}

void sim_note_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why)
{
	if (sim->watch && why)
		sim->watch->dropped(conn_of(c), seg, why);
	sim_seg_drop(seg);
}

void sim_note_resent(struct atcp_tcb *c, u32 seq, u32 len, enum atcp_resend kind)
{
	if (sim->watch)
		sim->watch->resent(conn_of(c), seq, len, kind);
}

void sim_note_recovery(struct atcp_tcb *c, u8 old)
{
	if (sim->watch)
		sim->watch->recovery(conn_of(c), old);
}

void atcp_host_closed(struct atcp_tcb *c, int err)
{
	struct sim_conn *conn = conn_of(c);

	SIM_CHECK(!conn->closed, "closed twice");
	SIM_CHECK(err >= 0, "negative error %d", err);
	SIM_CHECK(c->state == ATCP_CLOSED, "closed in state %s", sim_state_name(c->state));
	SIM_CHECK(atcp_queue_empty(c) && !c->ooo_root && !conn->nsent && !conn->wmem,
		  "closed with segments queued");
	conn->closed = true;
	conn->close_err = err;
	if (err)
		conn->err = err;
	sim_event_cancel(&conn->timer);
	sim_conn_wake(conn, SIM_WAKE_CLOSED);
}

void atcp_host_time_wait(struct atcp_tcb *c)
{
	sim_tw_new(conn_of(c));
}
