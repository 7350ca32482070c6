// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: RFC 9293 sections 3.6.1 and 3.10.7.4; RFC 1337 (with conf.rfc1337 a RST
 * does not end it); RFC 6191 (a SYN with a newer timestamp, or beyond the old
 * sequence space, ends it where there is a listener).
 *
 * Any other SYN is answered by an ACK.  Its sender does not know that connection, and
 * answers with a RST.  This ends the TIME-WAIT, so that the sender's next SYN succeeds
 * a second later instead of a minute.
 */
#include "core/challenge.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/seq.h"
#include "core/window.h"

void atcp_tw_init(struct atcp_tw *tw, const struct atcp_tcb *c)
{
	tw->snd_nxt = c->snd_nxt;
	tw->rcv_nxt = c->rcv_nxt;
	tw->rcv_wnd = atcp_rcv_left(c);
	tw->ts_recent = c->ts_recent;
	tw->ts_offset = c->ts_offset;
	tw->ts_recent_at = c->ts_recent_at;
	tw->expires = c->now + c->space->conf.msl2;
	tw->challenge_at = 0;
	tw->lport = c->lport;
	tw->rport = c->rport;
	tw->rcv_wscale = c->rcv_wscale;
	tw->ts_on = c->ts_on;
}

static enum atcp_verdict ack(const struct atcp_tw *tw, u64 now, struct atcp_hdr *reply)
{
	*reply = (struct atcp_hdr) {
		.sport = tw->lport,
		.dport = tw->rport,
		.seq = tw->snd_nxt,
		.ack = tw->rcv_nxt,
		.wnd = min_t(u32, tw->rcv_wnd >> tw->rcv_wscale, 65535),
		.flags = ATCP_ACK,
	};
	if (tw->ts_on) {
		reply->opts = ATCP_OPT_TS;
		reply->tsval = atcp_ts_clock(now) + tw->ts_offset;
		reply->tsecr = tw->ts_recent;
	}
	return ATCP_REPLY;
}

/* RFC 6191 section 2, RFC 9293 MAY-2: true if the SYN is of a new connection for sure. */
static bool newer(const struct atcp_tw *tw, const struct atcp_hdr *h)
{
	if (tw->ts_on && (h->opts & ATCP_OPT_TS)) {
		if (seq_gt(h->tsval, tw->ts_recent))
			return true;
		if (seq_lt(h->tsval, tw->ts_recent))
			return false;
	}
	return seq_gt(h->seq, tw->rcv_nxt);
}

enum atcp_verdict atcp_tw_arrive(struct atcp_tw *tw, struct atcp_space *space,
				 const struct atcp_hdr *h, u32 len, bool listening,
				 struct atcp_hdr *reply)
{
	u64 now = atcp_host_now();
	u32 seg_len = len + !!(h->flags & ATCP_SYN) + !!(h->flags & ATCP_FIN);
	bool old = tw->ts_on && (h->opts & ATCP_OPT_TS) &&
		   atcp_paws_old(h->tsval, tw->ts_recent, tw->ts_recent_at, now);

	/* RFC 1337 section 3, fix F1; a RST's timestamp means nothing (RFC 7323 section 5.2). */
	if (h->flags & ATCP_RST) {
		if (space->conf.rfc1337 || h->seq != tw->rcv_nxt)
			return ATCP_DROP;
		atcp_host_count(space, ATCP_STAT_IN_RSTS);
		return ATCP_FORGET;
	}

	if ((h->flags & (ATCP_SYN | ATCP_ACK)) == ATCP_SYN && newer(tw, h)) {
		/* It is a new connection's, and refused as if there were no TIME-WAIT. */
		if (!listening)
			return atcp_closed_arrive(h, len, reply);
		atcp_host_count(space, ATCP_STAT_TIME_WAIT_REUSED);
		return ATCP_REOPEN;
	}
	/* The peer's FIN, repeated: our ACK was lost. The 2 MSL start anew. */
	if (!old && h->flags & ATCP_FIN && h->seq + len + 1 == tw->rcv_nxt) {
		tw->expires = now + space->conf.msl2;
		return ack(tw, now, reply);
	}
	if (!old && !seg_len && h->seq == tw->rcv_nxt)
		return ATCP_DROP;		/* an ACK without text */
	if (!atcp_may_answer(space, &tw->challenge_at, now))
		return ATCP_DROP;
	return ack(tw, now, reply);
}

bool atcp_tw_yields(const struct atcp_tw *tw, const struct atcp_space *space, bool at_once)
{
	return tw->ts_on && (at_once || atcp_host_now() - tw->ts_recent_at >
					space->conf.tw_reuse_delay);
}

void atcp_open_follow(struct atcp_tcb *c, const struct atcp_tw *old)
{
	c->iss = old->snd_nxt + 65537 ?: 1;
}
