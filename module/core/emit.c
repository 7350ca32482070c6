// SPDX-License-Identifier: GPL-2.0
/*
 * One segment on its way out: builds its header from the control block (RFC 9293 section
 * 3.1, RFC 7323 section 3.2, RFC 2018 section 3), and notes what it tells the peer.
 *
 * Every segment of a connection goes through atcp_emit(): data from output.c, all others
 * from atcp_send_ctl().
 */
#include "core/ackevent.h"
#include "core/deadline.h"
#include "core/dsack.h"
#include "core/emit.h"
#include "core/seq.h"
#include "core/window.h"

static void add_syn_options(struct atcp_tcb *c, struct atcp_hdr *h)
{
	h->opts = ATCP_OPT_MSS;
	h->mss = c->mss_user ? min(c->adv_mss, c->mss_user) : c->adv_mss;
	if (c->wscale_on) {
		h->opts |= ATCP_OPT_WSCALE;
		h->wscale = c->rcv_wscale;
	}
	if (c->sack_on)
		h->opts |= ATCP_OPT_SACK_OK;
}

/*
 * Adds as many blocks as fit beside @len bytes of payload (MUST-16: options count), and into
 * what the other options leave: atcp_hdr_size().  What came twice is in the first.
 */
static void add_sack(struct atcp_tcb *c, struct atcp_hdr *h, u32 len)
{
	u32 room = ATCP_SACK_BLOCKS;
	u32 i = 0;

	if (len) {
		u32 left = c->mss - min_t(u32, len, c->mss);

		if (left < 4 + 8)
			return;
		room = min(room, (left - 4) / 8);
	}
	h->opts |= ATCP_OPT_SACK;
	if (unlikely(c->dsack_due))
		atcp_dsack_take(c, &h->sack[h->nsack++]);
	while (i < c->ooo_blocks && h->nsack < room)
		h->sack[h->nsack++] = c->aside->ooo_recent[i++];
}

/* Notes what the segment says about RCV.NXT and the window. */
static u16 advertise(struct atcp_tcb *c, u16 flags)
{
	u32 wnd = atcp_window(c);
	u8 shift = flags & ATCP_SYN ? 0 : c->rcv_wscale;
	u16 field = min_t(u32, wnd >> shift, 65535);
	u32 offered = (u32)field << shift;

	/* A SYN's field is not scaled: an ACK between two SYNs may have offered more. */
	if (unlikely(flags & ATCP_SYN))
		offered = max(offered, atcp_rcv_left(c));
	c->rcv_wup = c->rcv_nxt;
	c->rcv_wnd = offered;
	if (flags & ATCP_ACK)
		atcp_ack_sent(c);
	return field;
}

void atcp_emit(struct atcp_tcb *c, struct atcp_seg *out, u32 seq, u16 flags)
{
	struct atcp_hdr h;
	u32 hlen;

	h.sport = c->lport;
	h.dport = c->rport;
	h.seq = seq;
	h.ack = c->rcv_nxt;
	h.opts = 0;
	h.nsack = 0;
	h.up = 0;
	if (unlikely(flags & ATCP_SYN))
		add_syn_options(c, &h);
	if (c->ts_on && likely(flags & (ATCP_ACK | ATCP_SYN))) {
		h.opts |= ATCP_OPT_TS;
		h.tsval = atcp_ts_clock(c->now) + c->ts_offset;
		h.tsecr = flags & ATCP_ACK ? c->ts_recent : 0;
	}
	if (unlikely((c->ooo_blocks || c->dsack_due) && !(flags & (ATCP_SYN | ATCP_RST))))
		add_sack(c, &h, atcp_seg_len(out));
	if (unlikely(seq_gt(c->snd_up, c->snd_una) && seq_gt(c->snd_up, seq) &&
		     !(flags & (ATCP_SYN | ATCP_RST)))) {
		flags |= ATCP_URG;
		h.up = min_t(u32, c->snd_up - seq, 65535);
	}
	h.wnd = flags & ATCP_RST ? 0 : advertise(c, flags);
	h.flags = flags;
	hlen = atcp_hdr_size(&h);
	atcp_hdr_write(&h, atcp_host_push(out, hlen));

	c->segs_out++;
	atcp_count(c, ATCP_STAT_OUT_SEGS);
	if (unlikely(flags & ATCP_RST))
		atcp_count(c, ATCP_STAT_OUT_RSTS);
	if (unlikely(atcp_host_transmit(c, out, hlen, c->mss)))
		atcp_count(c, ATCP_STAT_OUT_ERRORS);
}

/* --- control segments --- */

bool atcp_send_ctl(struct atcp_tcb *c, u32 seq, u16 flags)
{
	struct atcp_seg *out = atcp_host_alloc(c);

	if (unlikely(!out)) {
		atcp_count(c, ATCP_STAT_OUT_NO_MEMORY);
		return false;
	}
	atcp_emit(c, out, seq, flags);
	return true;
}

void atcp_send_syn(struct atcp_tcb *c)
{
	atcp_send_ctl(c, c->iss, c->state == ATCP_SYN_SENT ? ATCP_SYN : ATCP_SYN | ATCP_ACK);
}

void atcp_send_syn_again(struct atcp_tcb *c)
{
	atcp_count(c, ATCP_STAT_RETRANS_SYN);
	c->total_retrans++;
	atcp_host_resent(c, c->iss, 1, ATCP_RESEND_SYN);
	atcp_send_syn(c);
}
