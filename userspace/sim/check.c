// SPDX-License-Identifier: GPL-2.0
/*
 * Invariants of a connection, which must hold after every event.
 */
#include "core/congestion.h"
#include "core/queue.h"
#include "core/sack.h"
#include "sim.h"

/* --- states: RFC 9293 figure 5, with RST, ABORT and time-outs to CLOSED --- */

static const u16 may_follow[] = {
	[ATCP_CLOSED] = ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED),
	[ATCP_SYN_SENT] = ATCP_S(SYN_RECEIVED) | ATCP_S(ESTABLISHED) | ATCP_S(CLOSED),
	[ATCP_SYN_RECEIVED] = ATCP_S(ESTABLISHED) | ATCP_S(FIN_WAIT_1) | ATCP_S(CLOSED),
	[ATCP_ESTABLISHED] = ATCP_S(FIN_WAIT_1) | ATCP_S(CLOSE_WAIT) | ATCP_S(CLOSED),
	[ATCP_FIN_WAIT_1] = ATCP_S(FIN_WAIT_2) | ATCP_S(CLOSING) | ATCP_S(TIME_WAIT) |
			    ATCP_S(CLOSED),
	[ATCP_FIN_WAIT_2] = ATCP_S(TIME_WAIT) | ATCP_S(CLOSED),
	[ATCP_CLOSE_WAIT] = ATCP_S(LAST_ACK) | ATCP_S(CLOSED),
	[ATCP_CLOSING] = ATCP_S(TIME_WAIT) | ATCP_S(CLOSED),
	[ATCP_LAST_ACK] = ATCP_S(CLOSED),
	[ATCP_TIME_WAIT] = ATCP_S(CLOSED),
};

/* Which FINs must have been sent, acknowledged and received in each state. */
static void check_fins(const struct atcp_tcb *c)
{
	bool acked = c->fin_queued && c->snd_una == c->write_seq;
	const char *name = sim_state_name(c->state);

	if (ATCP_IN(c->state, ATCP_S(ESTABLISHED) | ATCP_S(CLOSE_WAIT)))
		SIM_CHECK(!c->fin_queued || c->state == ATCP_ESTABLISHED,
			  "%s with a FIN to send", name);
	if (ATCP_IN(c->state, ATCP_S(FIN_WAIT_1) | ATCP_S(FIN_WAIT_2) | ATCP_S(CLOSING) |
			      ATCP_S(LAST_ACK) | ATCP_S(TIME_WAIT)))
		SIM_CHECK(c->fin_queued, "%s without a FIN", name);
	if (ATCP_IN(c->state, ATCP_S(FIN_WAIT_2) | ATCP_S(TIME_WAIT)))
		SIM_CHECK(acked, "%s, but our FIN is not acknowledged", name);
	if (ATCP_IN(c->state, ATCP_S(CLOSE_WAIT) | ATCP_S(CLOSING) | ATCP_S(LAST_ACK) |
			      ATCP_S(TIME_WAIT)))
		SIM_CHECK(c->fin_rcvd, "%s, but no FIN has come", name);
	if (ATCP_IN(c->state, ATCP_CAN_RECEIVE))
		SIM_CHECK(!c->fin_rcvd, "%s, but the FIN has come", name);
}

void sim_check_state(struct sim_conn *conn, u8 old)
{
	struct sim_seen *seen = &conn->seen;
	struct atcp_tcb *c = &conn->c;

	SIM_CHECK(old == seen->state, "left state %s, but was in %s", sim_state_name(old),
		  sim_state_name(seen->state));
	SIM_CHECK(c->state < sizeof(may_follow) / sizeof(may_follow[0]) &&
		  (may_follow[old] & (1u << c->state)), "illegal transition %s -> %s",
		  sim_state_name(old), sim_state_name(c->state));
	if (old == ATCP_LAST_ACK && c->state == ATCP_CLOSED && sim->tracing)
		SIM_CHECK(c->fin_queued, "LAST-ACK without a FIN");
	/* Both ends' numbers are known from here on. */
	if (!seen->ready && c->state != ATCP_SYN_SENT && c->state != ATCP_CLOSED) {
		seen->ready = true;
		seen->deliver_next = c->irs + 1;
		seen->rcv_nxt = c->irs + 1;
		seen->snd_una = c->iss;
		seen->snd_nxt = c->iss;
		seen->right_edge = c->rcv_wup;
	}
	seen->state = c->state;
}

/* --- queues --- */

/* What the send queue's sums should be. */
struct sums {
	u32 n;
	u32 charge;
	u32 sacked, sacked_segs;
	u32 lost, lost_segs;
	u32 resent_segs;
	u32 in_flight;
};

static void add_sent(const struct atcp_tcb *c, struct sums *s, struct atcp_seg *seg)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);
	u32 len = cb->end_seq - seq_max(cb->seq, c->snd_una);

	SIM_CHECK(cb->sent & ATCP_SENT_ONCE, "a segment among those sent that was not");
	SIM_CHECK(cb->segs, "a segment was sent as none");
	if (cb->sent & ATCP_SENT_SACKED) {
		s->sacked += len;
		s->sacked_segs += cb->segs;
	} else if (cb->sent & ATCP_SENT_LOST) {
		s->lost += len;
		s->lost_segs += cb->segs;
	} else {
		s->in_flight++;
		if (cb->sent & ATCP_SENT_AGAIN)
			s->resent_segs += cb->segs;
	}
}

/* One segment of the queue, whatever place it is in. */
static void check_queued(struct sums *s, struct atcp_seg *seg)
{
	struct atcp_cb *cb = atcp_seg_cb(seg);

	SIM_CHECK(seg->owner == SIM_SEG_SENT, "the send queue is broken at its segment %u", s->n);
	SIM_CHECK(cb->end_seq - cb->seq == seg->len && seg->len,
		  "a queued segment of %u bytes spans %u", seg->len, cb->end_seq - cb->seq);
	s->n++;
	s->charge += seg->charge;
}

/* The time list has what is in flight, each once, in the order of transmission. */
static void check_times(const struct atcp_tcb *c, u32 in_flight)
{
	struct atcp_seg *seg, *prev = NULL;
	u32 n = 0;

	for (seg = c->snd_oldest; seg; prev = seg, seg = atcp_seg_order(seg)->next) {
		struct atcp_cb *cb = atcp_seg_cb(seg);

		if (++n > in_flight || atcp_seg_order(seg)->prev != prev ||
		    cb->sent & (ATCP_SENT_LOST | ATCP_SENT_SACKED)) {
			sim_fail("the time list is broken at its segment %u", n);
			return;
		}
		SIM_CHECK(!prev || atcp_seg_cb(prev)->sent_at <= cb->sent_at,
			  "the time list is not in order");
	}
	SIM_CHECK(c->snd_newest == prev && n == in_flight,
		  "%u segments in the time list, %u in flight", n, in_flight);
}

static void check_sums(const struct atcp_tcb *c, const struct sums *s)
{
	SIM_CHECK(s->lost == c->lost && s->lost_segs == c->lost_segs &&
		  s->resent_segs == c->resent_segs,
		  "lost %u bytes, %u segments, resent %u; accounts: %u, %u, %u", s->lost,
		  s->lost_segs, s->resent_segs, c->lost, c->lost_segs, c->resent_segs);
	if (c->rack)
		SIM_CHECK(s->sacked == c->sacked && s->sacked_segs == c->sacked_segs,
			  "SACKed %u bytes, %u segments; accounts: %u, %u", s->sacked,
			  s->sacked_segs, c->sacked, c->sacked_segs);
	else
		SIM_CHECK(!s->sacked, "SACKed without a scoreboard");
}

static void check_send_queue(struct sim_conn *conn)
{
	struct atcp_tcb *c = &conn->c;
	u32 end = c->write_seq - c->fin_queued;
	struct atcp_seg *seg, *prev = NULL;
	struct sums s = { 0 };
	u32 next = 0;

	for (seg = atcp_queue_sent(c); seg && !sim->stopped; seg = atcp_queue_find(c, next)) {
		struct atcp_cb *cb = atcp_seg_cb(seg);

		SIM_CHECK(s.n || seq_gt(cb->end_seq, c->snd_una),
			  "an acknowledged segment is still queued");
		SIM_CHECK(s.n || seq_leq(cb->seq, seq_max(c->snd_una, c->iss + 1)),
			  "what is unacknowledged is not queued");
		SIM_CHECK(!s.n || cb->seq == next, "an overlap among what was sent");
		check_queued(&s, seg);
		add_sent(c, &s, seg);
		next = cb->end_seq;
	}
	if (s.n)
		SIM_CHECK(next == c->snd_nxt || (c->fin_queued && next == c->snd_nxt - 1),
			  "a gap among what was sent");
	check_times(c, s.in_flight);
	check_sums(c, &s);
	for (seg = c->snd_unsent; seg && !sim->stopped; prev = seg, seg = atcp_queue_next(seg)) {
		struct atcp_cb *cb = atcp_seg_cb(seg);

		SIM_CHECK(atcp_seg_link(seg)->prev == prev && !(cb->sent & ATCP_SENT_ONCE),
			  "the list of the unsent is broken");
		SIM_CHECK(cb->seq == (prev ? next : c->snd_nxt), "a gap in the send queue");
		check_queued(&s, seg);
		next = cb->end_seq;
	}
	SIM_CHECK(c->snd_last == prev, "the end of the send queue is lost");
	SIM_CHECK(s.n == conn->nsent && s.charge == conn->wmem,
		  "send queue: %u segments, %u bytes; accounts: %u, %u", s.n, s.charge,
		  conn->nsent, conn->wmem);
	SIM_CHECK(s.n ? next == end : seq_geq(c->snd_una, c->fin_queued ? end : c->write_seq) ||
		  c->state == ATCP_SYN_SENT || c->state == ATCP_SYN_RECEIVED,
		  "the send queue does not end at the last byte");
}

struct walk {
	struct sim_conn *conn;
	u32 n;
	u32 charge;
	u32 end;
	bool any;
	u32 block_start;	/* of the block looked for */
	u32 block;		/* how far it is covered */
	bool touches;		/* data ends where the block begins */
};

static void walk_ooo(struct walk *w, struct atcp_seg *seg, unsigned long prio, u32 depth)
{
	struct atcp_link *l = atcp_seg_link(seg);
	struct atcp_cb *cb = atcp_seg_cb(seg);

	if (depth > 200 || seg->owner != SIM_SEG_RCVD) {
		sim_fail("the out-of-order tree is broken");
		return;
	}
	SIM_CHECK(l->prio <= prio, "the out-of-order tree is no heap");
	if (l->prev)
		walk_ooo(w, l->prev, l->prio, depth + 1);
	SIM_CHECK(!w->any || seq_geq(cb->seq, w->end), "out-of-order data overlaps");
	SIM_CHECK(seq_gt(cb->seq, w->conn->c.rcv_nxt), "data that is in order waits");
	SIM_CHECK(cb->end_seq - cb->seq == seg->len + !!(cb->flags & ATCP_FIN),
		  "an out-of-order segment of %u bytes spans %u", seg->len,
		  cb->end_seq - cb->seq);
	w->any = true;
	w->end = cb->end_seq;
	w->charge += seg->charge;
	w->n++;
	w->touches |= cb->end_seq == w->block_start;
	if (seq_leq(cb->seq, w->block) && seq_gt(cb->end_seq, w->block))
		w->block = cb->end_seq;
	if (l->next)
		walk_ooo(w, l->next, l->prio, depth + 1);
}

static void check_receive_queue(struct sim_conn *conn)
{
	struct atcp_tcb *c = &conn->c;
	struct walk w = { .conn = conn };
	u32 charge = 0, bytes = 0, i;
	struct atcp_seg *seg;

	for (seg = conn->rcv_first; seg; seg = seg->next) {
		charge += seg->charge;
		bytes += seg->len;
	}
	if (c->ooo_root)
		walk_ooo(&w, c->ooo_root, ~0UL, 0);
	SIM_CHECK(charge + w.charge == conn->rmem && bytes == conn->rcv_queued,
		  "receive buffer: %u bytes charged, %u accounted", charge + w.charge,
		  conn->rmem);
	/* It holds no more than the windows have offered, each of them rounded up. */
	SIM_CHECK(conn->opt.tight || conn->rmem <= conn->opt.rcvbuf +
		  (u64)c->segs_out * ((1u << c->rcv_wscale) - 1),
		  "%u bytes held, receive buffer of %u", conn->rmem, conn->opt.rcvbuf);
	SIM_CHECK(c->ooo_blocks <= ATCP_SACK_BLOCKS, "%u SACK blocks", c->ooo_blocks);
	for (i = 0; i < c->ooo_blocks && !sim->stopped; i++) {
		const struct atcp_sack_block *b = &c->aside->ooo_recent[i];

		SIM_CHECK(seq_lt(b->start, b->end) && seq_gt(b->start, c->rcv_nxt),
			  "SACK block %u is empty or below RCV.NXT", i);
		w = (struct walk){ .conn = conn, .block_start = b->start,
				  .block = b->start };
		if (c->ooo_root)
			walk_ooo(&w, c->ooo_root, ~0UL, 0);
		/* Of more segments than sack.c looks for, a block may end early. */
		SIM_CHECK(w.block == b->end || w.n > ATCP_SACK_LOOKS,
			  "SACK block %u does not end where held data ends", i);
		SIM_CHECK(!w.touches || w.n > ATCP_SACK_LOOKS,
			  "SACK block %u does not begin where held data begins", i);
	}
}

/* --- numbers and deadlines --- */

static void check_numbers(struct sim_conn *conn)
{
	struct sim_seen *seen = &conn->seen;
	struct atcp_tcb *c = &conn->c;
	u32 edge = c->rcv_wup + c->rcv_wnd;

	SIM_CHECK(seq_leq(c->snd_una, c->snd_nxt) && seq_leq(c->snd_nxt, c->write_seq),
		  "not SND.UNA %u <= SND.NXT %u <= end of data %u", c->snd_una - c->iss,
		  c->snd_nxt - c->iss, c->write_seq - c->iss);
	if (!seen->ready)
		return;
	SIM_CHECK(seq_geq(c->snd_una, seen->snd_una), "SND.UNA went back");
	SIM_CHECK(seq_geq(c->snd_nxt, seen->snd_nxt), "SND.NXT went back");
	SIM_CHECK(seq_geq(c->rcv_nxt, seen->rcv_nxt), "RCV.NXT went back");
	SIM_CHECK(seq_geq(edge, seen->right_edge),
		  "the receive window's right edge moved left");
	SIM_CHECK(c->rcv_nxt - c->irs - 1 - c->fin_rcvd == (u32)conn->delivered,
		  "RCV.NXT does not tell what was delivered");
	/* A time-out counts what is in flight and one segment more. */
	SIM_CHECK(!c->cwnd_max || !ATCP_IN(c->state, ATCP_CAN_SEND) ||
		  c->cc.cwnd <= (c->cwnd_max + 1u) * c->mss,
		  "cwnd %u, above the %u segments of the route", c->cc.cwnd, c->cwnd_max);
	SIM_CHECK(c->cc.cwnd >= c->mss && c->cc.cwnd <= ATCP_CC_CWND_MAX && c->mss,
		  "cwnd %u, mss %u", c->cc.cwnd, c->mss);
	SIM_CHECK(c->cc.ssthresh >= 2 * c->mss, "ssthresh %u, mss %u", c->cc.ssthresh, c->mss);
	SIM_CHECK(!c->sacked || c->sacked < c->snd_nxt - c->snd_una || c->rack,
		  "%u bytes have left the network, and %u are not acknowledged", c->sacked,
		  c->snd_nxt - c->snd_una);
	SIM_CHECK(atcp_flight(c) <= c->snd_nxt - c->snd_una, "%u bytes in flight, of %u",
		  atcp_flight(c), c->snd_nxt - c->snd_una);
	seen->snd_una = c->snd_una;
	seen->snd_nxt = c->snd_nxt;
	seen->rcv_nxt = c->rcv_nxt;
	seen->right_edge = edge;
}

static void check_deadlines(struct sim_conn *conn)
{
	struct atcp_tcb *c = &conn->c;
	u64 first = ATCP_NEVER;
	u32 t;

	for (t = 0; t < ATCP_T_COUNT; t++)
		first = min(first, c->deadline[t]);
	if (first != ATCP_NEVER && !sim->wheel)
		SIM_CHECK(conn->timer.pos && conn->timer.when <= max(first, sim->now) +
			  conn->host->timer_slack, "a deadline that the host was not told of");
	if (c->snd_una != c->snd_nxt)
		SIM_CHECK(c->deadline[ATCP_T_REXMT] != ATCP_NEVER,
			  "%u bytes in flight and no retransmission timer",
			  c->snd_nxt - c->snd_una);
	else if (c->snd_nxt != c->write_seq && c->state != ATCP_SYN_RECEIVED)
		SIM_CHECK(c->deadline[ATCP_T_REXMT] != ATCP_NEVER ||
			  c->deadline[ATCP_T_PACE] != ATCP_NEVER,
			  "%u bytes to send, nothing in flight, no timer",
			  c->write_seq - c->snd_nxt);
	else if (c->snd_nxt == c->write_seq)	/* RFC 6298 (5.2) */
		SIM_CHECK(c->deadline[ATCP_T_REXMT] == ATCP_NEVER,
			  "a retransmission timer, and nothing to send");
	if (c->ack_pending)
		SIM_CHECK(c->deadline[ATCP_T_DELACK] != ATCP_NEVER,
			  "an ACK is owed and no timer runs");
	if ((c->flags & ATCP_F_ORPHAN) && c->state == ATCP_FIN_WAIT_2)
		SIM_CHECK(c->deadline[ATCP_T_KEEP] != ATCP_NEVER,
			  "an orphan may stay in FIN-WAIT-2 for ever");
	if ((c->flags & ATCP_F_KEEPALIVE) && ATCP_IN(c->state, ATCP_SYNCHRONIZED))
		SIM_CHECK(c->deadline[ATCP_T_KEEP] != ATCP_NEVER,
			  "keep-alive without a timer");
}

/* A look goes over the whole queue: a long one has its turn in one event of 64. */
static bool send_queue_has_turn(const struct sim_conn *conn)
{
	return conn->nsent < 256 || sim->nevents % 64 == 0;
}

void sim_check_conn(struct sim_conn *conn)
{
	struct atcp_tcb *c = &conn->c;

	if (conn->closed) {
		SIM_CHECK(c->state == ATCP_CLOSED, "over, but %s", sim_state_name(c->state));
		return;
	}
	SIM_CHECK(c->state != ATCP_CLOSED && c->state != ATCP_LISTEN &&
		  c->state == conn->seen.state, "in state %s", sim_state_name(c->state));
	check_fins(c);
	if (send_queue_has_turn(conn))
		check_send_queue(conn);
	check_receive_queue(conn);
	check_numbers(conn);
	check_deadlines(conn);
}

/* --- segments --- */

static void check_size(const struct sim_conn *conn, const struct atcp_hdr *h, u32 len, u32 mss)
{
	const struct atcp_tcb *c = &conn->c;
	u32 piece = mss ? min(len, mss) : len;
	u32 limit = min(c->mss_path, c->mss_peer);

	/* RFC 9293 section 3.7.1, MUST-16: options count against the MSS. */
	if (len)
		SIM_CHECK(piece + h->hlen - ATCP_HDR_MIN <= max(limit, 48u),
			  "a segment of %u bytes and %u of options exceeds the MSS of %u",
			  piece, h->hlen - ATCP_HDR_MIN, limit);
	/* Segmentation offload copies the urgent pointer as it stands. */
	SIM_CHECK(len <= mss || !(h->flags & ATCP_URG), "urgent data in a segment to be cut");
}

static bool within(const struct atcp_sack_block *b, u32 start, u32 end)
{
	return seq_geq(b->start, start) && seq_leq(b->end, end);
}

/*
 * A first block that tells of what came twice is about the latest segment, and is sent once
 * (RFC 2883 section 4).  All others are about what waits behind a gap.
 */
static void check_sack(struct sim_conn *conn, const struct atcp_hdr *h)
{
	const struct atcp_sack_block *b = h->sack;
	struct sim_seen *seen = &conn->seen;
	u32 i = 0, n = h->opts & ATCP_OPT_SACK ? h->nsack : 0;

	if (n && (seq_leq(b->end, h->ack) || (n > 1 && within(b, b[1].start, b[1].end)))) {
		SIM_CHECK(conn->host->space.conf.dsack, "D-SACK, which is switched off");
		SIM_CHECK(seen->may_dsack, "D-SACK for the second time");
		SIM_CHECK(seq_lt(b->start, b->end) && within(b, seen->last_seq, seen->last_end),
			  "D-SACK of something else than the latest segment");
		seen->may_dsack = false;
		i++;
	}
	for (; i < n; i++)
		SIM_CHECK(seq_lt(b[i].start, b[i].end) && seq_gt(b[i].start, h->ack),
			  "SACK block %u is empty or below SEG.ACK", i);
}

void sim_check_transmit(struct sim_conn *conn, const u8 *hdr, u32 hlen, u32 len, u32 mss)
{
	struct sim_seen *seen = &conn->seen;
	struct atcp_tcb *c = &conn->c;
	struct atcp_hdr h;
	u32 edge;

	if (!atcp_hdr_read(&h, hdr, hlen) || h.hlen != hlen) {
		sim_fail("an impossible header of %u bytes", hlen);
		return;
	}
	SIM_CHECK(h.sport == c->lport && h.dport == c->rport, "wrong ports");
	check_size(conn, &h, len, mss);
	if (h.flags & (ATCP_SYN | ATCP_RST)) {
		SIM_CHECK(!len, "data with %s", h.flags & ATCP_SYN ? "SYN" : "RST");
		return;
	}
	SIM_CHECK(h.flags & ATCP_ACK, "a segment without ACK after the handshake");
	SIM_CHECK(h.ack == c->rcv_nxt, "SEG.ACK %u is not RCV.NXT %u", h.ack - c->irs,
		  c->rcv_nxt - c->irs);
	check_sack(conn, &h);
	edge = h.ack + ((u32)h.wnd << c->rcv_wscale);
	if (seen->wire_edge_known && !c->fin_rcvd)
		SIM_CHECK(seq_geq(edge, seen->wire_edge),
			  "the window's right edge moved left by %u on the wire",
			  seen->wire_edge - edge);
	if (!seen->wire_edge_known || seq_gt(edge, seen->wire_edge))
		seen->wire_edge = edge;
	seen->wire_edge_known = true;

	if (!len || sim->lenient || !seen->peer_edge_known)
		return;
	SIM_CHECK(seq_leq(h.seq + len, seen->peer_edge) ||
		  (len == 1 && seq_leq(h.seq, seen->peer_edge)),
		  "%u bytes beyond the window that the peer has offered",
		  h.seq + len - seen->peer_edge);
}

/* Follows the furthest right edge that the peer has offered. */
void sim_check_arrival(struct sim_conn *conn, const struct atcp_hdr *h, u32 len)
{
	struct sim_seen *seen = &conn->seen;
	struct atcp_tcb *c = &conn->c;
	u32 from, edge;

	sim_conn_dirty(conn);
	seen->may_dsack = true;
	seen->last_seq = h->seq;
	seen->last_end = h->seq + len + !!(h->flags & ATCP_SYN) + !!(h->flags & ATCP_FIN);
	if (h->flags & ATCP_RST)
		return;
	if (h->flags & ATCP_ACK)
		from = h->ack;
	else if (h->flags & ATCP_SYN)
		from = c->iss + 1;
	else
		return;
	if (seq_lt(from, c->snd_una) || seq_gt(from, c->snd_nxt))
		return;
	edge = from + ((u32)h->wnd << (h->flags & ATCP_SYN ? 0 : c->snd_wscale));
	if (!seen->peer_edge_known || seq_gt(edge, seen->peer_edge))
		seen->peer_edge = edge;
	seen->peer_edge_known = true;
}
