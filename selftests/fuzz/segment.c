// SPDX-License-Identifier: GPL-2.0
/*
 * Makes segments of any kind, with numbers relative to those of the connection that
 * they are for, and checks the segments that a host sends.
 *
 * A byte of a stream depends only on the side and the sequence number.  So every
 * segment, forged or not, has the right bytes, and all bytes that a program reads or
 * a host sends can be checked.
 */
#include "connection.h"

u8 fuzz_byte(u8 side, u32 seq)
{
	return sim_pattern(side, seq);
}

void fuzz_fill(u8 *to, u8 side, u32 seq, u32 len)
{
	sim_pattern_fill(to, side, seq, len);
}

/* --- segments from a host --- */

static void check_payload(u8 side, const struct sim_pkt *p, const struct atcp_hdr *h)
{
	u32 i;

	for (i = h->hlen; i < p->len; i++)
		FUZZ_CHECK(p->bytes[i] == fuzz_byte(side, h->seq + i - h->hlen),
			   "byte %u of a segment is not the stream's", i - h->hlen);
}

static void raw_rx(struct sim_host *host, const struct sim_pkt *p)
{
	struct atcp_hdr h;

	(void)host;
	/* The link may have corrupted it. */
	if (sim_checksum(p->src, p->dst, p->bytes, p->len))
		return;
	FUZZ_CHECK(atcp_hdr_read(&h, p->bytes, p->len), "a header that cannot be read");
	FUZZ_CHECK(!(p->bytes[12] & 0x0f), "reserved bits are set");
	check_payload(p->src, p, &h);
}

static bool tap(struct sim_host *host, const struct atcp_hdr *h, u32 len, void *arg)
{
	struct fuzz_run *run = arg;
	struct fuzz_ring *ring = &run->ring[host->id];
	u32 i = ring->n++ % FUZZ_RING;
	bool lost = ring->lose & 1;

	ring->h[i] = *h;
	ring->len[i] = len;
	ring->at[i] = sim->now;
	ring->lose >>= 1;
	return !lost;
}

void fuzz_watch(struct fuzz_run *run, u8 side)
{
	struct sim_host *host = sim_host(side);

	if (side && run->raw) {
		host->raw = true;
		host->raw_rx = raw_rx;
		return;
	}
	host->tap = tap;
	host->tap_arg = run;
}

/* --- the connection that a segment is for --- */

struct target {
	struct sim_conn *conn;
	u32 rcv_nxt;
	u32 edge;
	u32 irs;
	u32 rcv_up;
	u32 rcv_wup;
	u32 ooo;
	u32 snd_una;
	u32 snd_nxt;
	u32 iss;
	u32 write_seq;
	u32 oldest;
	bool ts_on;
	u32 ts_recent;
	u32 ts_offset;
};

static void find_conn(struct target *t, struct sim_conn *conn, u32 isn)
{
	const struct atcp_tcb *c = &conn->c;
	bool known = c->state != ATCP_SYN_SENT;

	t->conn = conn;
	t->irs = known ? c->irs : isn;
	t->rcv_nxt = known ? c->rcv_nxt : isn;
	t->rcv_up = known ? c->rcv_up : isn;
	t->rcv_wup = known ? c->rcv_wup : isn;
	t->edge = known ? c->rcv_wup + c->rcv_wnd : isn + 65535;
	t->ooo = c->ooo_root ? atcp_seg_cb(c->ooo_root)->seq : t->rcv_nxt;
	t->snd_una = c->snd_una;
	t->snd_nxt = c->snd_nxt;
	t->iss = c->iss;
	t->write_seq = c->write_seq;
	t->oldest = c->snd_una - c->snd_wnd_max;
	t->ts_on = c->ts_on;
	t->ts_recent = c->ts_recent;
	t->ts_offset = c->ts_offset;
}

static void find(struct target *t, struct fuzz_run *run, u8 to, u16 rport)
{
	struct sim_host *h = sim_host(to);
	u16 lport = FUZZ_PORT(to);
	struct sim_conn *conn = sim_conn_find(h, !to, lport, rport);
	struct sim_listener *l;
	struct sim_req *req;
	struct sim_tw *tw;

	memset(t, 0, sizeof(*t));
	t->ts_on = h->space.conf.timestamps;
	t->ts_recent = 1000;
	t->irs = run->isn;
	t->rcv_nxt = run->isn;
	t->rcv_up = run->isn;
	t->edge = run->isn + 65535;
	if (conn) {
		find_conn(t, conn, run->isn);
		return;
	}
	req = sim_req_find(h, !to, lport, rport, &l);
	if (req) {
		t->irs = req->r.irs;
		t->rcv_nxt = req->r.rcv_nxt;
		t->edge = req->r.rcv_nxt + req->r.wnd;
		t->snd_una = req->r.iss;
		t->snd_nxt = req->r.iss + 1;
		t->ts_on = req->r.ts_on;
		t->ts_recent = req->r.ts_recent;
		t->ts_offset = req->r.ts_offset;
	} else {
		tw = sim_tw_find(h, !to, lport, rport);
		if (tw) {
			t->rcv_nxt = tw->tw.rcv_nxt;
			t->irs = t->rcv_nxt - 1;
			t->edge = t->rcv_nxt + tw->tw.rcv_wnd;
			t->snd_una = tw->tw.snd_nxt;
			t->snd_nxt = tw->tw.snd_nxt;
			t->ts_on = tw->tw.ts_on;
			t->ts_recent = tw->tw.ts_recent;
			t->ts_offset = tw->tw.ts_offset;
		} else if (run->ring[to].n) {	/* for a cookie: the numbers sent last */
			const struct atcp_hdr *last =
				&run->ring[to].h[(run->ring[to].n - 1) % FUZZ_RING];

			t->rcv_nxt = last->ack;
			t->irs = last->ack - 1;
			t->edge = last->ack + 65535;
			t->snd_una = last->seq;
			t->snd_nxt = last->seq + 1;
			t->ts_offset = last->tsval - (u32)(sim->now / ATCP_MSEC);
		}
	}
	t->rcv_up = t->irs;
	t->rcv_wup = t->rcv_nxt;
	t->ooo = t->rcv_nxt;
	t->iss = t->snd_nxt - 1;
	t->write_seq = t->snd_nxt;
	t->oldest = t->snd_una;
}

static const u32 deltas[32] = FUZZ_DELTAS;

static u32 seq_of(const struct target *t, u8 arg)
{
	u32 delta = deltas[arg & 31];

	switch ((enum fuzz_seq)(arg >> 5)) {
	case FUZZ_SEQ_EDGE:
		return t->edge + delta;
	case FUZZ_SEQ_IRS:
		return t->irs + delta;
	case FUZZ_SEQ_OOO:
		return t->ooo + delta;
	case FUZZ_SEQ_WUP:
		return t->rcv_wup + delta;
	case FUZZ_SEQ_RUP:
		return t->rcv_up + delta;
	case FUZZ_SEQ_ZERO:
		return delta;
	default:
		return t->rcv_nxt + delta;
	}
}

static u32 ack_of(const struct target *t, u8 arg)
{
	u32 delta = deltas[arg & 31];

	switch ((enum fuzz_ack)(arg >> 5)) {
	case FUZZ_ACK_UNA:
		return t->snd_una + delta;
	case FUZZ_ACK_ISS:
		return t->iss + delta;
	case FUZZ_ACK_END:
		return t->write_seq + delta;
	case FUZZ_ACK_OLD:
		return t->oldest + delta;
	case FUZZ_ACK_MID:
		return t->snd_una + (t->snd_nxt - t->snd_una) / 2 + delta;
	case FUZZ_ACK_ZERO:
		return delta;
	default:
		return t->snd_nxt + delta;
	}
}

u32 fuzz_quoted(const struct sim_conn *conn, u8 seq)
{
	struct target t;

	memset(&t, 0, sizeof(t));
	t.snd_una = conn->c.snd_una;
	t.snd_nxt = conn->c.snd_nxt;
	t.iss = conn->c.iss;
	t.write_seq = conn->c.write_seq;
	return ack_of(&t, seq);
}

/* --- segments to a host --- */

static void add_ts(struct atcp_hdr *h, const struct target *t, enum fuzz_ts kind)
{
	u32 clock = (u32)(sim->now / ATCP_MSEC);

	if (!t->ts_on ? kind != FUZZ_TS_FAR : kind == FUZZ_TS_NONE)
		return;
	h->opts |= ATCP_OPT_TS;
	h->tsval = t->ts_recent + 1;
	h->tsecr = h->flags & ATCP_ACK ? clock + t->ts_offset : 0;
	switch (kind) {
	case FUZZ_TS_SAME:
		h->tsval = t->ts_recent;
		break;
	case FUZZ_TS_LATE:
		h->tsval = t->ts_recent - 1;
		break;
	case FUZZ_TS_OLD:
		h->tsval = t->ts_recent - 1000;
		break;
	case FUZZ_TS_AHEAD:
		h->tsval = t->ts_recent + 100000;
		break;
	case FUZZ_TS_FAR:
		h->tsval = t->ts_recent + 0x7fffffff;
		break;
	case FUZZ_TS_ECHO:
		h->tsecr -= 300;
		break;
	default:
		break;
	}
}

static void add_syn(struct atcp_hdr *h, u8 how)
{
	static const u16 mss[8] = { 1460, 1460, 536, 1, 0, 65535, 88, 1460 };

	h->opts |= ATCP_OPT_MSS | ATCP_OPT_WSCALE | ATCP_OPT_SACK_OK;
	h->mss = mss[how];
	h->wscale = how == 1 ? 0 : how == 2 ? 14 : 7;
	if (how == 7)
		h->opts = 0;
}

static void inject(struct fuzz_run *run, u8 to, struct atcp_hdr *h, u32 len)
{
	static u8 bytes[ATCP_HDR_MAX + 65536];
	struct sim_host *host = sim_host(to);
	struct fuzz_before before;
	struct atcp_hdr seen;
	u32 hlen = atcp_hdr_size(h);

	/* Without SACK blocks if they do not fit into the header. */
	if (hlen > ATCP_HDR_MAX) {
		h->opts &= ~ATCP_OPT_SACK;
		h->nsack = 0;
		hlen = atcp_hdr_size(h);
	}
	atcp_hdr_write(h, bytes);
	fuzz_fill(bytes + hlen, !to, h->seq + !!(h->flags & ATCP_SYN), len);
	FUZZ_CHECK(atcp_hdr_read(&seen, bytes, hlen), "an own header cannot be read");
	if (fuzz_verbose)
		printf("# inject to %u: flags %#x seq %u ack %u len %u wnd %u\n", to, h->flags,
		       h->seq, h->ack, len, h->wnd);
	sim_run_pending();
	fuzz_check_world();
	fuzz_judge_before(&before, host, sim_conn_find(host, !to, h->dport, h->sport));
	sim_wire_inject(!to, to, bytes, hlen + len);
	fuzz_judge_after(&before, host, &seen, len);
	(void)run;
}

/* Most arguments are small lengths, a few large ones. */
static u32 len_of(u8 arg)
{
	return arg < 200 ? arg : (arg - 199) * 292u;
}

void fuzz_segment(struct fuzz_run *run, struct fuzz_in *in)
{
	u8 to = fuzz_u8(in) & 1;
	u8 flags = fuzz_u8(in), seq = fuzz_u8(in), ack = fuzz_u8(in);
	u32 len = len_of(fuzz_u8(in));
	u8 wnd = fuzz_u8(in), opts = fuzz_u8(in), up = fuzz_u8(in);
	struct atcp_hdr h = { .flags = flags };
	struct target t;
	u32 i;

	if (to && run->raw)
		to = 0;
	run->forged = true;
	h.sport = FUZZ_PORT(!to) + !!(opts & FUZZ_OPT_OTHER);
	h.dport = FUZZ_PORT(to);
	find(&t, run, to, h.sport);
	h.seq = seq_of(&t, seq);
	h.ack = ack_of(&t, ack);
	h.wnd = wnd < 128 ? wnd : wnd << 8 | wnd;
	h.up = up < 128 ? up : up << 8 | up;
	add_ts(&h, &t, opts & 7);
	if (flags & ATCP_SYN)
		add_syn(&h, (opts & FUZZ_OPT_SYN) >> 4);
	else if (opts & FUZZ_OPT_SYN && flags & ATCP_FIN)
		len = 0;
	if (opts & FUZZ_OPT_SACK && !(flags & ATCP_SYN)) {
		h.opts |= ATCP_OPT_SACK;
		h.nsack = 1 + ((opts & FUZZ_OPT_SYN) >> 4) % 3;
		for (i = 0; i < h.nsack; i++) {
			h.sack[i].start = ack_of(&t, up + 33 * i);
			h.sack[i].end = h.sack[i].start + deltas[(wnd + i) & 31];
		}
	}
	inject(run, to, &h, len);
}

void fuzz_replay(struct fuzz_run *run, u8 from, u8 which)
{
	struct fuzz_ring *ring = &run->ring[from];
	struct atcp_hdr h;
	u32 i;

	if (!ring->n || (!from && run->raw))
		return;
	i = (ring->n - 1 - which % min(ring->n, (u32)FUZZ_RING)) % FUZZ_RING;
	/* Too old for a network to deliver, or of an earlier connection. */
	if (sim->now - ring->at[i] > 30 * ATCP_SEC || run->began[0] > 1 || run->began[1] > 1)
		run->forged = true;
	h = ring->h[i];
	inject(run, !from, &h, ring->len[i]);
}
