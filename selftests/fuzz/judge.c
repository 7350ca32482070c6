// SPDX-License-Identifier: GPL-2.0
/*
 * The effects that one segment may and must have: an independent check of RFC 9293
 * section 3.10.7, which compares the connection before and after.  RFC 5961 (blind
 * resets, SYNs, ACKs) and RFC 7323 section 5 (PAWS) are included, as in
 * module/core/arrive.c.
 *
 * Where the RFCs leave a choice, either result is accepted.
 */
#include "connection.h"

#define DAYS_24	(24 * 86400 * ATCP_SEC)

void fuzz_check_world(void)
{
	u32 i, j;

	if (!sim->stopped)
		return;
	for (i = 0; fuzz_verbose && i < sim->nhosts; i++)
		for (j = i; j < sim->nhosts; j++)
			sim_ladder(i, j, 300);
	fuzz_fail("%s", sim->failure);
}

void fuzz_judge_before(struct fuzz_before *b, struct sim_host *h, struct sim_conn *conn)
{
	memset(b, 0, sizeof(*b));
	b->conn = conn;
	b->out_segs = h->stat[ATCP_STAT_OUT_SEGS];
	b->out_rsts = h->stat[ATCP_STAT_OUT_RSTS];
	b->fault = h->fault.nth;
	if (conn)
		b->c = conn->c;
}

struct verdict {
	const struct atcp_tcb *was;
	const struct atcp_tcb *is;
	const struct atcp_hdr *h;
	u32 len;		/* SEG.LEN, SYN and FIN counted */
	u32 text;		/* payload alone */
	u32 wnd;		/* RCV.WND: the rest of the window that was offered */
};

static void __attribute__((noreturn)) wrong(const struct verdict *v, const char *what)
{
	u32 i, j;

	for (i = 0; fuzz_verbose && i < sim->nhosts; i++)
		for (j = i; j < sim->nhosts; j++)
			sim_ladder(i, j, 300);
	fuzz_fail("%s: flags %#x, seq RCV.NXT%+d, len %u, ack SND.UNA%+d (SND.NXT %+d), wnd %u; "
		  "RCV.WND %u; %s -> %s, RCV.NXT %+d, SND.UNA %+d", what, v->h->flags,
		  (s32)(v->h->seq - v->was->rcv_nxt), v->len, (s32)(v->h->ack - v->was->snd_una),
		  (s32)(v->was->snd_nxt - v->was->snd_una), v->h->wnd, v->wnd,
		  sim_state_name(v->was->state), sim_state_name(v->is->state),
		  (s32)(v->is->rcv_nxt - v->was->rcv_nxt),
		  (s32)(v->is->snd_una - v->was->snd_una));
}

/* The acceptability test of RFC 9293 section 3.10.7.4, first step. */
static bool acceptable(const struct verdict *v)
{
	u32 at = v->h->seq - v->was->rcv_nxt;
	u32 last = at + v->len - 1;

	if (!v->wnd)	/* text is not accepted, but its ACK may be used */
		return at == 0;
	if (!v->len)
		return at < v->wnd;
	return at < v->wnd || last < v->wnd;
}

static bool paws(const struct verdict *v)
{
	const struct atcp_tcb *c = v->was;
	s32 age = c->ts_recent - v->h->tsval;

	if (!c->ts_on || (v->h->flags & ATCP_RST))
		return false;
	if (!(v->h->opts & ATCP_OPT_TS))
		return !c->space->conf.tolerate_missing_ts;
	if (age <= 0 || sim->now - c->ts_recent_at >= DAYS_24)
		return false;
	/* A pure ACK may be one tick old, as ACKs may overtake each other. */
	return v->len || age > 1;
}

/* Checks that a refused segment has changed nothing, but perhaps @ts_recent. */
static void untouched_but(const struct verdict *v, const char *why, u32 ts_recent)
{
	const struct atcp_tcb *a = v->was, *b = v->is;

	if (a->state != b->state || a->snd_una != b->snd_una || a->snd_wnd != b->snd_wnd ||
	    a->rcv_nxt != b->rcv_nxt || a->rcv_up != b->rcv_up || a->fin_rcvd != b->fin_rcvd ||
	    a->bytes_received != b->bytes_received || a->dupacks != b->dupacks ||
	    a->snd_wl1 != b->snd_wl1 || a->ooo_blocks != b->ooo_blocks ||
	    b->ts_recent != ts_recent || a->last_rcv != b->last_rcv ||
	    a->keep_sent != b->keep_sent || a->last_data_in != b->last_data_in ||
	    a->dsack_dups != b->dsack_dups)
		wrong(v, why);
}

static void untouched(const struct verdict *v, const char *why)
{
	untouched_but(v, why, v->was->ts_recent);
}

static void syn_sent(const struct verdict *v)
{
	const struct atcp_tcb *c = v->was;
	u8 flags = v->h->flags;
	bool good = (flags & ATCP_ACK) && seq_gt(v->h->ack, c->iss) &&
		    seq_leq(v->h->ack, c->snd_nxt);

	if ((flags & ATCP_ACK) && !good)
		untouched(v, "an unacceptable ACK in SYN-SENT was believed");
	else if ((flags & ATCP_RST) && !good)
		untouched(v, "a reset without ACK in SYN-SENT was believed");
	else if ((flags & ATCP_RST) && v->is->state != ATCP_CLOSED)
		wrong(v, "a reset in SYN-SENT was ignored");
	else if (!(flags & (ATCP_SYN | ATCP_RST)))
		untouched(v, "a segment without SYN in SYN-SENT was believed");
	else if (!(flags & ATCP_RST) && v->is->state == ATCP_SYN_SENT)
		wrong(v, "a SYN in SYN-SENT was ignored");
}

/* Checks the ACK field of an acceptable segment; false: it had to be refused. */
static bool ack_field(const struct verdict *v)
{
	const struct atcp_tcb *a = v->was, *b = v->is;
	u32 ack = v->h->ack;

	if (a->state == ATCP_SYN_RECEIVED && (seq_leq(ack, a->snd_una) ||
					      seq_gt(ack, a->snd_nxt))) {
		untouched(v, "an unacceptable ACK in SYN-RECEIVED was believed");
		return false;
	}
	/* RFC 5961 section 5.2; numbers that were never sent are refused, too. */
	if (seq_gt(ack, a->snd_nxt) || seq_lt(ack, a->snd_una - a->snd_wnd_max) ||
	    (seq_lt(ack, a->snd_una) && a->snd_una - ack > a->bytes_acked)) {
		untouched(v, "an ACK outside of what may be acknowledged was believed");
		return false;
	}
	if (b->state == ATCP_CLOSED)
		return true;
	if (seq_gt(ack, a->snd_una) && b->snd_una != ack)
		wrong(v, "SND.UNA did not become SEG.ACK");
	if (seq_leq(ack, a->snd_una) && b->snd_una != a->snd_una)
		wrong(v, "an old ACK moved SND.UNA");
	return true;
}

/* Checks text and FIN; @sure: no call was made to fail. */
static void text(const struct verdict *v, bool sure)
{
	const struct atcp_tcb *a = v->was, *b = v->is;
	bool syn = v->h->flags & ATCP_SYN;
	u32 seq = v->h->seq + syn, end = v->h->seq + v->len;
	u32 edge = a->rcv_nxt + v->wnd;
	u32 most = seq_lt(edge, end) ? edge : end;

	if (b->state == ATCP_CLOSED)
		return;
	/* A FIN alone may be accepted though the window is closed, as by other TCPs. */
	if (!v->wnd && !v->text && seq == a->rcv_nxt)
		return;
	/* No octet is the next one: RCV.NXT stays. */
	if (seq_gt(seq, a->rcv_nxt) || seq_leq(end, a->rcv_nxt) || !v->wnd) {
		if (b->rcv_nxt != a->rcv_nxt && seq != end)
			wrong(v, "RCV.NXT moved without the next octet");
		return;
	}
	if (!ATCP_IN(a->state, ATCP_CAN_RECEIVE | ATCP_S(SYN_RECEIVED)) || !sure)
		return;
	/*
	 * Out-of-order data may follow, but nothing beyond the window except a FIN.
	 * After an out-of-order FIN no further text is accepted.
	 */
	if (seq_lt(b->rcv_nxt, most) && !b->fin_rcvd)
		wrong(v, "text in the window was not taken");
	if (seq_gt(b->rcv_nxt, edge + 1))
		wrong(v, "text beyond the window was taken");
}

static void synchronized(const struct verdict *v, bool sure)
{
	const struct atcp_tcb *c = v->was;
	u8 flags = v->h->flags;
	bool again = c->state == ATCP_SYN_RECEIVED && v->h->seq == c->irs &&
		     (flags & (ATCP_SYN | ATCP_RST)) == ATCP_SYN;

	if (paws(v)) {
		untouched(v, "an old timestamp was believed");
		return;
	}
	/* Simultaneous open: the peer's SYN again, with or without an ACK of ours. */
	if (!acceptable(v) && !again) {
		untouched(v, "a segment outside of the window was believed");
		return;
	}
	/* The peer's SYN again is answered with its latest timestamp (RFC 7323 section 4.3). */
	if (again && !(flags & ATCP_ACK)) {
		untouched_but(v, "a SYN before the window was believed",
			      c->ts_on && v->h->opts & ATCP_OPT_TS ? v->h->tsval : c->ts_recent);
		return;
	}
	if (!acceptable(v) && v->h->ack != c->snd_nxt) {
		untouched(v, "a SYN before the window was believed");
		return;
	}
	if (flags & ATCP_RST) {
		if (v->h->seq != c->rcv_nxt)
			untouched(v, "a reset that is not exactly next was believed");
		else if (v->is->state != ATCP_CLOSED)
			wrong(v, "a reset exactly next was ignored");
		return;
	}
	if ((flags & ATCP_SYN) && !again) {
		untouched(v, "a SYN for an open connection was believed");
		return;
	}
	if (!(flags & ATCP_ACK)) {
		untouched(v, "a segment without ACK was believed");
		return;
	}
	if (ack_field(v))
		text(v, sure);
}

void fuzz_judge_after(const struct fuzz_before *b, struct sim_host *h, const struct atcp_hdr *seg,
		      u32 len)
{
	struct verdict v = {
		.was = &b->c,
		.h = seg,
		.len = len + !!(seg->flags & ATCP_SYN) + !!(seg->flags & ATCP_FIN),
		.text = len,
	};
	u32 edge = b->c.rcv_wup + b->c.rcv_wnd;
	bool sure;

	fuzz_check_world();
	/* A timer may have fired before the segment: its effects are not known. */
	if (b->conn && h->spurious_timer)
		return;
	FUZZ_CHECK(!(seg->flags & ATCP_RST) || h->stat[ATCP_STAT_OUT_RSTS] == b->out_rsts,
		   "a reset was answered by a reset");
	if (!b->conn)
		return;
	v.is = &b->conn->c;
	/* Any segment may cause data to be sent that could have been sent before. */
	if ((seg->flags & ATCP_RST) && v.is->snd_nxt == b->c.snd_nxt &&
	    v.is->total_retrans == b->c.total_retrans &&
	    h->stat[ATCP_STAT_OUT_SEGS] > b->out_segs + 1)
		wrong(&v, "a reset was answered by more than a challenge");
	if (seq_gt(edge, b->c.rcv_nxt))
		v.wnd = edge - b->c.rcv_nxt;
	sure = !b->fault && !h->fault.ppm && !b->conn->opt.tight &&
	       !(b->c.flags & ATCP_F_RCV_SHUT);
	if (b->c.state == ATCP_SYN_SENT)
		syn_sent(&v);
	else
		synchronized(&v, sure);
}
