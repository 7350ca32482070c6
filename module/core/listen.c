// SPDX-License-Identifier: GPL-2.0
/*
 * States without a control block: CLOSED and LISTEN (RFC 9293 sections
 * 3.10.7.1, 3.10.7.2, reset generation of 3.5.2), and SYN-RECEIVED as a small
 * request until the handshake is complete (3.10.7.4, RFC 4987 section 3).
 *
 *   SYN -> atcp_listen_arrive -> atcp_req_init -> SYN-ACK
 *   ACK -> atcp_req_arrive -> ATCP_ACCEPT -> atcp_accept (open.c)
 */
#include "core/challenge.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/mss.h"
#include "core/rtt.h"
#include "core/seq.h"

static enum atcp_verdict reset(const struct atcp_hdr *h, u32 len, struct atcp_hdr *reply)
{
	*reply = (struct atcp_hdr) {
		.sport = h->dport,
		.dport = h->sport,
		.flags = ATCP_RST,
	};
	if (h->flags & ATCP_ACK) {
		reply->seq = h->ack;
	} else {
		reply->flags |= ATCP_ACK;
		reply->ack = h->seq + len + !!(h->flags & ATCP_SYN) + !!(h->flags & ATCP_FIN);
	}
	return ATCP_REPLY;
}

enum atcp_verdict atcp_closed_arrive(const struct atcp_hdr *h, u32 len, struct atcp_hdr *reply)
{
	if (h->flags & ATCP_RST)
		return ATCP_DROP;
	return reset(h, len, reply);
}

enum atcp_verdict atcp_listen_arrive(const struct atcp_hdr *h, u32 len, struct atcp_hdr *reply)
{
	/* First, check for a RST. */
	if (h->flags & ATCP_RST)
		return ATCP_DROP;
	/* Second, check for an ACK: it returns a cookie, or is answered by a reset. */
	if (h->flags & ATCP_ACK) {
		reset(h, len, reply);
		return h->flags & ATCP_SYN ? ATCP_REPLY : ATCP_MAYBE_COOKIE;
	}
	/* Third, check for a SYN; a FIN beside it makes no sense. */
	if ((h->flags & (ATCP_SYN | ATCP_FIN)) == ATCP_SYN)
		return ATCP_SYN_SEEN;
	/* Fourth, other data or control. */
	return ATCP_DROP;
}

void atcp_req_init(struct atcp_req *r, struct atcp_space *space, const struct atcp_tuple *t,
		   const struct atcp_hdr *h, u16 adv_mss, u32 space_full, u32 wnd)
{
	const struct atcp_conf *conf = &space->conf;
	u64 now = atcp_host_now();

	*r = (struct atcp_req) {
		.irs = h->seq,
		.iss = atcp_isn(space, t),
		.rcv_nxt = h->seq + 1,
		.wnd = min_t(u32, wnd, 65535),
		.snd_wnd = h->wnd,
		.ts_offset = atcp_ts_offset(space, t),
		.sent_at = now,
		.deadline = now + ATCP_RTO_INITIAL,
		.lport = t->lport,
		.rport = t->rport,
		.adv_mss = adv_mss,
		.mss_peer = atcp_default_mss(t),
		.ts_on = conf->timestamps && (h->opts & ATCP_OPT_TS),
		.sack_on = conf->sack && (h->opts & ATCP_OPT_SACK_OK),
		.wscale_on = conf->window_scaling && (h->opts & ATCP_OPT_WSCALE),
	};
	if (h->opts & ATCP_OPT_MSS)
		r->mss_peer = h->mss;
	if (r->ts_on)
		r->ts_recent = h->tsval;
	if (r->wscale_on) {
		r->snd_wscale = h->wscale;
		r->rcv_wscale = atcp_wscale_for(space_full);
	}
}

void atcp_req_follow(struct atcp_req *r, const struct atcp_tw *old)
{
	if (seq_leq(r->iss, old->snd_nxt + 65535))
		r->iss = old->snd_nxt + 65537;
}

static void add_ts(const struct atcp_req *r, struct atcp_hdr *h, u64 now)
{
	if (!r->ts_on)
		return;
	h->opts |= ATCP_OPT_TS;
	h->tsval = r->cookie ? r->cookie_ts : atcp_ts_clock(now) + r->ts_offset;
	h->tsecr = r->ts_recent;
}

void atcp_req_synack(const struct atcp_req *r, struct atcp_hdr *out)
{
	*out = (struct atcp_hdr) {
		.sport = r->lport,
		.dport = r->rport,
		.seq = r->iss,
		.ack = r->rcv_nxt,
		.wnd = r->wnd,
		.flags = ATCP_SYN | ATCP_ACK,
		.opts = ATCP_OPT_MSS,
		.mss = r->adv_mss,
		.wscale = r->rcv_wscale,
	};
	if (r->wscale_on)
		out->opts |= ATCP_OPT_WSCALE;
	if (r->sack_on)
		out->opts |= ATCP_OPT_SACK_OK;
	add_ts(r, out, atcp_host_now());
}

/* An ACK of what has arrived, if the rate limit allows. */
static enum atcp_verdict challenge(struct atcp_req *r, struct atcp_space *space, u64 now,
				   struct atcp_hdr *reply)
{
	if (!atcp_may_answer(space, &r->challenge_at, now))
		return ATCP_DROP;
	*reply = (struct atcp_hdr) {
		.sport = r->lport,
		.dport = r->rport,
		.seq = r->iss + 1,
		.ack = r->rcv_nxt,
		.wnd = r->wnd >> r->rcv_wscale,
		.flags = ATCP_ACK,
	};
	add_ts(r, reply, now);
	return ATCP_REPLY;
}

/* The SYN-ACK goes again, for whatever reason: from now on Karn's rule is to be kept. */
static enum atcp_verdict synack_again(struct atcp_req *r, struct atcp_space *space)
{
	if (r->retries < ATCP_COUNT_MAX)
		r->retries++;
	atcp_host_count(space, ATCP_STAT_RETRANS_SYN);
	return ATCP_SYNACK;
}

/*
 * The SYN, repeated: our SYN-ACK was lost, or a forger wants more of them sent.  Its
 * timestamp is echoed from now on (RFC 7323 section 4.3), so that the peer's sample is
 * right as well.
 */
static enum atcp_verdict syn_repeated(struct atcp_req *r, struct atcp_space *space,
				      const struct atcp_hdr *h, u64 now, enum atcp_drop *why)
{
	if (r->ts_on && h->opts & ATCP_OPT_TS && seq_geq(h->tsval, r->ts_recent))
		r->ts_recent = h->tsval;
	if (atcp_may_answer(space, &r->challenge_at, now))
		return synack_again(r, space);
	*why = ATCP_DROP_DUPLICATE;
	return ATCP_DROP;
}

/* The round trip that the ACK of our SYN-ACK gives; 0: none. */
static u32 synack_rtt(const struct atcp_req *r, const struct atcp_hdr *h, u64 now)
{
	if (r->acked)
		return 0;	/* an earlier ACK was ignored: this one has waited for data */
	if (!r->retries)
		return max_t(u64, now - r->sent_at, 1);
	return r->ts_on ? atcp_rtt_by_echo(h, atcp_ts_clock(now) + r->ts_offset,
					   now - r->sent_at) : 0;
}

enum atcp_verdict atcp_req_arrive(struct atcp_req *r, struct atcp_space *space,
				  const struct atcp_hdr *h, u32 len, struct atcp_hdr *reply,
				  enum atcp_drop *why)
{
	u64 now = atcp_host_now();
	u32 seg_len = len + !!(h->flags & ATCP_SYN) + !!(h->flags & ATCP_FIN);

	*why = ATCP_DROP_NONE;
	if ((h->flags & (ATCP_SYN | ATCP_ACK | ATCP_RST)) == ATCP_SYN && h->seq == r->irs)
		return syn_repeated(r, space, h, now, why);

	/* First, PAWS and the sequence number. */
	if (r->ts_on && !(h->flags & ATCP_RST)) {
		if (!(h->opts & ATCP_OPT_TS)) {
			if (!space->conf.tolerate_missing_ts) {
				*why = ATCP_DROP_NO_TIMESTAMP;
				return ATCP_DROP;
			}
		} else if (atcp_paws_old(h->tsval, r->ts_recent, r->sent_at, now)) {
			*why = ATCP_DROP_PAWS;
			return challenge(r, space, now, reply);
		}
	}
	if (h->seq - r->rcv_nxt >= r->wnd &&
	    !(seg_len && h->seq + seg_len - 1 - r->rcv_nxt < r->wnd)) {
		*why = ATCP_DROP_WINDOW;
		if (h->flags & ATCP_RST)
			return ATCP_DROP;
		return challenge(r, space, now, reply);
	}
	/* Second, the RST bit; fourth, the SYN bit: back to LISTEN. */
	if (h->flags & ATCP_RST) {
		if (h->seq != r->rcv_nxt) {
			*why = ATCP_DROP_BLIND_RST;
			return challenge(r, space, now, reply);
		}
		atcp_host_count(space, ATCP_STAT_IN_RSTS);
		return ATCP_FORGET;
	}
	if (h->flags & ATCP_SYN)
		return ATCP_FORGET;
	/* Fifth, the ACK field. */
	if (!(h->flags & ATCP_ACK)) {
		*why = ATCP_DROP_NO_ACK;
		return ATCP_DROP;
	}
	if (h->ack != r->iss + 1) {
		*why = ATCP_DROP_BAD_ACK;
		return reset(h, len, reply);
	}
	/* TCP_DEFER_ACCEPT: accept() returns it with the first data. */
	if (unlikely(r->timeouts < r->defer && !seg_len)) {
		r->acked = true;
		return ATCP_DROP;
	}
	r->rtt = synack_rtt(r, h, now);
	return ATCP_ACCEPT;
}

enum atcp_verdict atcp_req_timeout(struct atcp_req *r, struct atcp_space *space)
{
	u32 most = r->most ? r->most : space->conf.synack_retries;
	u64 now = atcp_host_now();
	bool waiting;

	if (now < r->deadline)
		return ATCP_DROP;
	/* The peer has acknowledged; it has @defer time-outs to send data. */
	waiting = r->acked && r->timeouts < r->defer;
	if (r->timeouts >= most && !waiting) {
		atcp_host_count(space, ATCP_STAT_CONN_FAILED);
		return ATCP_FORGET;
	}
	r->timeouts++;
	r->deadline = now + min_t(u64, ATCP_RTO_INITIAL << min_t(u8, r->timeouts, 16),
				  r->rto_max ? r->rto_max : space->conf.rto_max);
	/* At the end of them the SYN-ACK is sent once more: any ACK opens a connection. */
	if (waiting && r->timeouts < r->defer)
		return ATCP_DROP;
	return synack_again(r, space);
}
