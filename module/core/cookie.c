// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies: RFC 4987 section 3.6 and appendix A.  When the SYN queue is
 * full, the SYN-ACK's own numbers carry the contents of a request, and nothing
 * is kept.
 *
 *   ISS:   3 bits of a counter that steps every 64 s | 3 bits MSS | 26 bits MAC
 *   TSval: the clock with its low 6 bits replaced: SACK | window scale
 *
 * A cookie is valid in its own and the next step of the counter.  A peer without
 * timestamps goes without window scaling and SACK.
 */
#include "core/core.h"
#include "core/deadline.h"
#include "core/seq.h"

#define STEP		(64 * ATCP_SEC)
#define MAC_BITS	26
#define MAC_MASK	((1u << MAC_BITS) - 1)
#define MSS_SHIFT	MAC_BITS
#define COUNT_SHIFT	29

#define TS_BITS		0x3fu
#define TS_SACK		0x10u
#define TS_NO_WSCALE	0x0fu

static const u16 mss_table[8] = { 64, 216, 536, 1220, 1360, 1440, 1460, 8960 };

struct cookie_data {
	struct atcp_tuple tuple;
	u32 irs;
	u32 count;
	u32 mss_index;
};

static u32 mac(const struct atcp_space *space, const struct atcp_tuple *t, u32 irs, u32 count,
	       u32 mss_index)
{
	struct cookie_data data = {
		.tuple = *t,
		.irs = irs,
		.count = count,
		.mss_index = mss_index,
	};

	return (u32)atcp_host_siphash(&data, sizeof(data), space->cookie_key) & MAC_MASK;
}

void atcp_cookie_make(struct atcp_req *r, struct atcp_space *space, const struct atcp_tuple *t)
{
	u64 now = atcp_host_now();
	u32 count = (u32)div_u64(now, STEP);
	u32 index = 7;

	while (index && mss_table[index] > r->mss_peer)
		index--;
	r->mss_peer = mss_table[index];
	r->iss = (count & 7) << COUNT_SHIFT | index << MSS_SHIFT |
		 mac(space, t, r->irs, count, index);
	r->cookie = true;
	if (r->ts_on) {
		u32 clock = atcp_ts_clock(now);
		u32 ts = (clock & ~TS_BITS) | (r->sack_on ? TS_SACK : 0) |
			 (r->wscale_on ? r->snd_wscale : TS_NO_WSCALE);

		if (seq_gt(ts, clock))
			ts -= TS_BITS + 1;
		r->cookie_ts = ts + r->ts_offset;
	} else {
		r->sack_on = false;
		r->wscale_on = false;
		r->snd_wscale = 0;
		r->rcv_wscale = 0;
	}
}

bool atcp_cookie_check(struct atcp_req *r, struct atcp_space *space, const struct atcp_tuple *t,
		       const struct atcp_hdr *h, u16 adv_mss, u32 space_full, u32 wnd)
{
	u32 cookie = h->ack - 1;
	u32 irs = h->seq - 1;
	u32 now = (u32)div_u64(atcp_host_now(), STEP);
	u32 age = (now - (cookie >> COUNT_SHIFT)) & 7;
	u32 index = (cookie >> MSS_SHIFT) & 7;
	u32 bits = 0;

	if (age > 1 || mac(space, t, irs, now - age, index) != (cookie & MAC_MASK))
		return false;

	*r = (struct atcp_req) {
		.irs = irs,
		.iss = cookie,
		.rcv_nxt = h->seq,
		.wnd = min_t(u32, wnd, 65535),
		.snd_wnd = h->wnd,
		.ts_offset = atcp_ts_offset(space, t),
		.lport = t->lport,
		.rport = t->rport,
		.adv_mss = adv_mss,
		.mss_peer = mss_table[index],
		.ts_on = space->conf.timestamps && (h->opts & ATCP_OPT_TS),
		.cookie = true,
	};
	if (!r->ts_on)
		return true;
	bits = (h->tsecr - r->ts_offset) & TS_BITS;
	r->ts_recent = h->tsval;
	r->sack_on = space->conf.sack && (bits & TS_SACK);
	r->wscale_on = space->conf.window_scaling && (bits & TS_NO_WSCALE) != TS_NO_WSCALE;
	if (r->wscale_on) {
		r->snd_wscale = min_t(u8, bits & TS_NO_WSCALE, ATCP_WSCALE_MAX);
		r->rcv_wscale = atcp_wscale_for(space_full);
		r->snd_wnd <<= r->snd_wscale;
	}
	return true;
}
