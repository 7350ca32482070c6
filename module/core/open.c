// SPDX-License-Identifier: GPL-2.0
/*
 * OPEN: RFC 9293 sections 3.5 and 3.10.1, RFC 7323 section 2 (window scale).
 *
 * active:   atcp_open() -> SYN-SENT -> arrive.c -> atcp_established()
 * passive:  listen.c makes a request; its ACK -> atcp_accept() -> SYN-RECEIVED
 *           -> arrive.c -> atcp_established()
 */
#include "core/acking.h"
#include "core/congestion.h"
#include "core/core.h"
#include "core/deadline.h"
#include "core/emit.h"
#include "core/mss.h"
#include "core/open.h"
#include "core/pmtud.h"
#include "core/rack.h"
#include "core/rtt.h"
#include "core/tune.h"

void atcp_tcb_init(struct atcp_tcb *c, struct atcp_space *space)
{
	int i;

	c->space = space;
	c->state = ATCP_CLOSED;
	c->rto = ATCP_RTO_INITIAL;
	c->mss_peer = ATCP_MSS_DEFAULT;
	c->mss = ATCP_MSS_DEFAULT;
	c->rcv_mss = ATCP_MSS_DEFAULT;
	c->cc.ssthresh = ~0u;
	c->cc.cwnd = space->conf.initial_window * c->mss;
	c->rate_app_limited = true;
	c->cc_ops = space->conf.cc;
	c->cc.own = c->cc.near;
	c->cc.pace = ATCP_CC_UNPACED;
	c->armed = ATCP_NEVER;
	for (i = 0; i < ATCP_T_COUNT; i++)
		c->deadline[i] = ATCP_NEVER;
}

static void init_snd_seq(struct atcp_tcb *c, u32 iss)
{
	c->iss = iss;
	c->snd_una = iss;
	c->snd_nxt = iss + 1;
	c->write_seq = iss + 1;
	c->snd_up = iss;
	c->snd_sml = iss;
	c->recover = iss;
	c->max_flight_end = iss;
	c->fack = iss;
}

void atcp_open(struct atcp_tcb *c, const struct atcp_tuple *t)
{
	const struct atcp_conf *conf = &c->space->conf;

	atcp_enter(c);
	init_snd_seq(c, c->iss ?: atcp_isn(c->space, t));
	c->ts_offset = atcp_ts_offset(c->space, t);
	c->ts_on = conf->timestamps;
	c->sack_on = conf->sack;
	c->wscale_on = conf->window_scaling;
	if (c->wscale_on)
		c->rcv_wscale = atcp_wscale_for(atcp_host_rcv_full(c));
	c->mss_peer = atcp_default_mss(t);
	atcp_mss_changed(c);
	c->syn_sent_at = c->now;
	atcp_count(c, ATCP_STAT_ACTIVE_OPENS);
	atcp_set_state(c, ATCP_SYN_SENT);
	atcp_send_syn(c);
	atcp_arm_rexmt(c);
	atcp_leave(c);
}

void atcp_accept(struct atcp_tcb *c, const struct atcp_req *r, struct atcp_space *space)
{
	atcp_tcb_init(c, space);
	atcp_enter(c);
	c->flags |= ATCP_F_PASSIVE;
	c->lport = r->lport;
	c->rport = r->rport;
	c->adv_mss = r->adv_mss;
	c->mss_peer = r->mss_peer;
	c->ts_on = r->ts_on;
	c->sack_on = r->sack_on;
	c->wscale_on = r->wscale_on;
	c->snd_wscale = r->snd_wscale;
	c->rcv_wscale = r->rcv_wscale;
	c->ts_offset = r->ts_offset;
	c->ts_recent = r->ts_recent;
	c->ts_recent_at = c->now;

	init_snd_seq(c, r->iss);
	c->snd_wnd = r->snd_wnd;
	c->snd_wnd_max = r->snd_wnd;
	c->snd_wl1 = r->irs;
	c->snd_wl2 = r->iss;

	c->irs = r->irs;
	c->rcv_nxt = r->rcv_nxt;
	c->rcv_wup = r->rcv_nxt;
	c->rcv_wnd = r->wnd;
	c->rcv_up = r->irs;
	c->last_ack_sent = r->rcv_nxt;

	c->retries = min(r->retries, r->timeouts);	/* R2 counts those of the timer */
	c->total_retrans = r->retries;
	c->rto_count = r->timeouts;
	if (r->timeouts) {
		c->rto_recoveries = 1;
		c->rto_time = atcp_ms(c->now - r->sent_at);
	}
	c->segs_in = 1;			/* the SYN */
	if (r->rtt)
		atcp_rtt_sample(c, r->rtt);
	atcp_count(c, ATCP_STAT_PASSIVE_OPENS);
	atcp_set_state(c, ATCP_SYN_RECEIVED);
	atcp_arm_rexmt(c);
	atcp_leave(c);
}

void atcp_syn_options(struct atcp_tcb *c, const struct atcp_hdr *h)
{
	if (h->opts & ATCP_OPT_MSS)
		c->mss_peer = h->mss;
	c->ts_on = c->ts_on && (h->opts & ATCP_OPT_TS);
	c->sack_on = c->sack_on && (h->opts & ATCP_OPT_SACK_OK);
	c->wscale_on = c->wscale_on && (h->opts & ATCP_OPT_WSCALE);
	if (c->wscale_on)
		c->snd_wscale = h->wscale;
	else
		c->rcv_wscale = 0;
	if (c->ts_on) {
		c->ts_recent = h->tsval;
		c->ts_recent_at = c->now;
	}
}

void atcp_established(struct atcp_tcb *c)
{
	/* TCP_MAXSEG bounds the MSS that the handshake agreed on; later it changes nothing. */
	if (c->mss_user)
		c->mss_peer = min(c->mss_peer, c->mss_user);
	atcp_mtup_start(c);
	atcp_mss_changed(c);
	atcp_first_cwnd(c);
	if (c->total_retrans && !c->srtt)
		c->rto = ATCP_RTO_AFTER_SYN;
	atcp_progress(c);
	c->backoff = 0;
	c->rcv_mss = min(c->rcv_mss, c->adv_mss);
	atcp_stop_timer(c, ATCP_T_REXMT);
	atcp_ack_established(c);
	c->last_rcv = c->now;
	c->last_snd = c->now;
	atcp_cc_start(c);
	atcp_set_quantum(c);
	c->rack = c->sack_on && c->space->conf.recovery;
	if (likely(!c->reordering))
		c->reordering = c->space->conf.reordering;
	c->reordering = min_t(u32, c->reordering, ATCP_REORDERING_MAX);
	c->reo_mult = 1;
	c->fack = c->snd_una;
	c->reo_round = c->snd_una;
	atcp_tune_start(c);
	atcp_count(c, ATCP_STAT_ESTABLISHED);
	atcp_set_state(c, ATCP_ESTABLISHED);
	if (c->flags & ATCP_F_KEEPALIVE)
		atcp_set_keepalive(c, true);
	atcp_host_wake(c, ATCP_WAKE_CONNECTED | ATCP_WAKE_WRITABLE);
	/* CLOSE was called in SYN-RECEIVED: the FIN may be sent now. */
	if (c->fin_queued)
		atcp_set_state(c, ATCP_FIN_WAIT_1);
}
