// SPDX-License-Identifier: GPL-2.0
/*
 * BBR, version 3: draft-ietf-ccwg-bbr-06, whose sections and names the functions give.
 *
 * It measures how much the path delivers (max_bw) and its round trip without a queue (min_rtt),
 * and sends at about that rate, with about twice the product of both in flight.
 *
 *   Startup -> Drain -> ProbeBW: Down -> Cruise -> Refill -> Up -> Down ...
 *
 * and from each of them, every 5 seconds without a lower round trip, ProbeRTT for 200 ms.  Loss
 * of more than 2 % of what was in flight while it probes for more bounds what is in flight from
 * then on (long-term model); other loss bounds both until it probes again (short-term model).
 *
 * Differs from the draft, as Linux does: the window of extra_acked is of two halves of 5 rounds.
 * If no round trip was known at first, the first rate is taken anew with the first.  There is no
 * response to ECN, as in the draft.
 *
 * Units besides those of core/cc.h: rates are bytes a second; times that are kept are
 * milliseconds of 1024 microseconds, which wrap; gains are times 256.
 */
#include "core/cc.h"

#define INFINITE	(~0u)
#define NO_BW		(~0ULL)
#define SEC		1000000u

#define TICKS(ms)	((ms) * 1000 / 1024)
#define TICKS_SEC	TICKS(1000)

/* Sections 2.4 to 2.16. */
#define STARTUP_PACING	709u		/* 2.77 */
#define DRAIN_PACING	128u		/* 0.5 */
#define DOWN_PACING	230u		/* 0.9 */
#define UP_PACING	320u		/* 1.25 */
#define ONE		256u
#define CWND_GAIN	512u		/* 2 */
#define UP_CWND_GAIN	576u		/* 2.25 */
#define PROBE_RTT_CWND	128u		/* 0.5 */
#define MARGIN_PERCENT	1
#define LOSS_THRESH	50u		/* one of 50 is 2 % */
#define BETA		179u		/* 0.7 */
#define HEADROOM	38u		/* 0.15 */
#define MIN_PIPE	4u		/* segments */
#define INITIAL_CWND	10u		/* segments */
#define FULL_ROUNDS	3
#define FULL_LOSSES	6		/* BBRStartupFullLossCnt */
#define DRAIN_ROUNDS	3
#define EXTRA_ROUNDS	5		/* half of ExtraAckedFilterLen */
#define MIN_RTT_LEN	TICKS(10000)
#define PROBE_RTT_EVERY	TICKS(5000)
#define PROBE_RTT_LASTS	TICKS(200)
#define RENO_ROUNDS	63u
#define UP_ROUNDS_MAX	30u

enum state { STARTUP, DRAIN, DOWN, CRUISE, REFILL, UP, PROBE_RTT, NONE };

enum phase { INIT, REFILLING, PROBE_STARTING, PROBE_FEEDBACK, PROBE_STOPPING };

/*
 * struct bbr - the model of the path: section 2
 * @bw_max:		max_bw_filter: of the last cycle of ProbeBW, and of this one
 * @bw_latest:		largest rate of this round
 * @bw_short:		bw_shortterm, or NO_BW
 * @undo_bw_short:	what it was before the loss
 * @full_bw:		baseline of the search for a plateau
 * @min_rtt:		microseconds, or INFINITE
 * @min_rtt_at:		when it was measured
 * @rtt_low:		probe_rtt_min_delay
 * @rtt_low_at:		probe_rtt_min_stamp
 * @probe_rtt_ends:	probe_rtt_done_stamp, if @probe_rtt_low
 * @cycle_at:		when this cycle of ProbeBW began
 * @extra_since:	extra_acked_interval_start, microseconds
 * @extra_delivered:	bytes acknowledged since
 * @extra:		extra_acked_filter, two halves of the window
 * @next_round:		next_round_delivered, segments
 * @loss_round:		loss_round_delivered, segments
 * @limited_until:	while @limited: what was sent before as many segments were delivered is
 *			of ProbeRTT, and tells of no rate
 * @inflight_latest:	most that was delivered in a round
 * @inflight_short:	inflight_shortterm, or INFINITE
 * @inflight_long:	inflight_longterm, or INFINITE
 * @undo_short:		what they were before the loss
 * @undo_long:		likewise
 * @prior_cwnd:		cwnd before recovery or ProbeRTT
 * @up_acked:		bw_probe_up_acked
 * @up_acked_per_inc:	probe_up_acked_per_inc, or INFINITE
 * @probe_wait:		bw_probe_wait
 * @rounds:		round_count, as far as it is needed
 * @drain_round:	drain_start_round
 * @rounds_since_up:	rounds_since_probe_up
 * @up_rounds:		bw_probe_up_rounds
 * @full_bw_count:	rounds without more rate
 * @losses:		ACKs with losses in this round
 * @extra_rounds:	of this half of @extra
 */
struct bbr {
	u64 bw_max[2];
	u64 bw_latest;
	u64 bw_short;
	u64 undo_bw_short;
	u64 full_bw;
	u32 min_rtt;
	u32 min_rtt_at;
	u32 rtt_low;
	u32 rtt_low_at;
	u32 probe_rtt_ends;
	u32 cycle_at;
	u32 extra_since;
	u32 extra_delivered;
	u32 extra[2];
	u32 next_round;
	u32 loss_round;
	u32 limited_until;
	u32 inflight_latest;
	u32 inflight_short;
	u32 inflight_long;
	u32 undo_short;
	u32 undo_long;
	u32 prior_cwnd;
	u32 up_acked;
	u32 up_acked_per_inc;
	u16 probe_wait;
	u8 rounds;
	u8 drain_round;
	u8 rounds_since_up;
	u8 up_rounds;
	u8 full_bw_count;
	u8 losses;
	u32 extra_rounds:4;
	u32 state:3;			/* enum state */
	u32 undo_state:3;		/* enum state */
	u32 phase:3;			/* enum phase */
	u32 half:1;			/* of @extra */
	u32 round_start:1;
	u32 loss_round_start:1;
	u32 lost_in_round:1;
	u32 lost_now:1;			/* since the last ACK */
	u32 full_bw_now:1;
	u32 full_bw_reached:1;
	u32 idle_restart:1;
	u32 probe_sample:1;		/* is_bw_probe_sample */
	u32 too_high:1;			/* prev_probe_too_high */
	u32 precautionary:1;		/* prev_probe_precautionary */
	u32 rtt_expired:1;		/* probe_rtt_expired */
	u32 probe_rtt_low:1;		/* what is in flight has come down to it */
	u32 probe_rtt_round:1;		/* probe_rtt_round_done */
	u32 limited:1;
	u32 seen_rtt:1;
};

/*
 * struct rs - section 4.1: one sample
 * @rate:	0: none
 * @delivered:	bytes
 * @limited:	is_app_limited
 */
struct rs {
	u64 rate;
	u32 delivered;
	bool limited;
};

static u32 ticks(const struct atcp_cc_sample *s)
{
	return s->now >> 10;
}

static bool after(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}

static u64 scaled(u64 x, u32 gain)
{
	return x * gain >> 8;
}

/* A number of 11 bits, so that connections do not probe at the same time. */
static u32 spread(const struct atcp_cc_sample *s)
{
	u32 x = (u32)s->now * 2654435761u ^ s->delivered * 2246822519u ^ s->srtt;

	return (x ^ x >> 15) * 2246822519u >> 21;
}

static u64 max_bw(const struct bbr *b)
{
	return max(b->bw_max[0], b->bw_max[1]);
}

/* BoundBWForModel: section 5.5.10.3. */
static u64 bw_of(const struct bbr *b)
{
	return min(max_bw(b), b->bw_short);
}

static bool in_probe_bw(const struct bbr *b)
{
	return b->state >= DOWN && b->state <= UP;
}

/* Section 5.3.3.9. */
static bool is_probing(const struct bbr *b)
{
	return b->state == STARTUP || b->state == REFILL || b->state == UP;
}

static bool cwnd_limited(const struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	return cc->cwnd <= s->max_flight + s->mss;
}

/* The table of section 5.6.1. */
static u32 pacing_gain(const struct bbr *b)
{
	switch (b->state) {
	case STARTUP:
		return STARTUP_PACING;
	case DRAIN:
		return DRAIN_PACING;
	case DOWN:
		return DOWN_PACING;
	case UP:
		return UP_PACING;
	}
	return ONE;
}

static u32 cwnd_gain(const struct bbr *b)
{
	if (b->state == PROBE_RTT)
		return PROBE_RTT_CWND;
	return b->state == UP ? UP_CWND_GAIN : CWND_GAIN;
}

/* --- how much in flight: section 5.6.4.2 --- */

/* BDPMultiple. */
static u32 bdp(const struct bbr *b, u32 mss, u32 gain)
{
	u64 x;

	if (b->min_rtt == INFINITE)
		return INITIAL_CWND * mss;
	/* Neither factor overflows: a rate of 2^40 and a round trip of 2^24 are far off. */
	x = div_u64(min(bw_of(b), 1ULL << 39) * min(b->min_rtt, 1u << 24), SEC);
	return min_t(u64, scaled(x, gain), ATCP_CC_CWND_MAX);
}

/* SetSendQuantum, section 5.6.3; the core cuts segments by the same. */
static u32 quantum(const struct atcp_cc *cc, u32 mss)
{
	return max_t(u64, min(cc->pace >> 10, 65536ULL), 2 * mss);
}

/* QuantizationBudget. */
static u32 budget(const struct atcp_cc *cc, const struct bbr *b, u32 mss, u32 cap)
{
	cap = max(cap, 3 * quantum(cc, mss));
	cap = max(cap, MIN_PIPE * mss);
	return b->state == UP ? cap + 2 * mss : cap;
}

/* What fills the path, times @gain. */
static u32 to_fill(const struct atcp_cc *cc, const struct bbr *b, u32 mss, u32 gain)
{
	return budget(cc, b, mss, bdp(b, mss, gain));
}

/* InflightWithHeadroom. */
static u32 with_headroom(const struct bbr *b, u32 mss)
{
	u32 room;

	if (b->inflight_long == INFINITE)
		return INFINITE;
	room = max_t(u32, mss, scaled(b->inflight_long, HEADROOM));
	return max(b->inflight_long - min(b->inflight_long, room), MIN_PIPE * mss);
}

/* Section 5.3.3.8.3. */
static u32 target_inflight(const struct atcp_cc *cc, const struct bbr *b, u32 mss)
{
	return min(bdp(b, mss, ONE), cc->cwnd);
}

/* Section 5.6.4.5. */
static u32 probe_rtt_cwnd(const struct bbr *b, u32 mss)
{
	return max(bdp(b, mss, PROBE_RTT_CWND), MIN_PIPE * mss);
}

/* --- states: section 5.3 --- */

static void start_round(struct bbr *b, const struct atcp_cc_sample *s)
{
	b->next_round = s->delivered;
}

static void reset_full_bw(struct bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->full_bw_now = 0;
}

/* The search for a plateau begins anew, from this rate. */
static void search_full_bw(struct bbr *b, u64 rate)
{
	reset_full_bw(b);
	b->full_bw = rate;
}

static void reset_short_term(struct bbr *b)
{
	b->bw_short = NO_BW;
	b->inflight_short = INFINITE;
}

static void reset_congestion(struct bbr *b)
{
	b->lost_in_round = 0;
	b->losses = 0;
	b->bw_latest = 0;
	b->inflight_latest = 0;
}

/* Section 5.3.2. */
static void enter_drain(struct bbr *b)
{
	b->state = DRAIN;
	b->drain_round = b->rounds;
}

/* StartProbeBW_DOWN and PickProbeWait: sections 5.3.3.9, 5.3.3.8.3. */
static void start_down(struct bbr *b, const struct atcp_cc_sample *s)
{
	u32 r = spread(s);

	reset_congestion(b);
	b->up_acked_per_inc = INFINITE;
	b->rounds_since_up = r & 1;
	b->probe_wait = 2 * TICKS_SEC + (r * TICKS_SEC >> 11);
	b->cycle_at = ticks(s);
	b->phase = PROBE_STOPPING;
	start_round(b, s);
	b->state = DOWN;
}

static void start_refill(struct bbr *b, const struct atcp_cc_sample *s)
{
	reset_short_term(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->precautionary = 0;
	b->phase = REFILLING;
	start_round(b, s);
	b->state = REFILL;
}

/* RaiseInflightLongtermSlope. */
static void raise_slope(const struct atcp_cc *cc, struct bbr *b, u32 mss)
{
	b->up_acked_per_inc = max(cc->cwnd >> b->up_rounds, mss);
	b->up_rounds = min(b->up_rounds + 1u, UP_ROUNDS_MAX);
}

static void start_up(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s,
		     const struct rs *rs)
{
	b->phase = PROBE_STARTING;
	start_round(b, s);
	search_full_bw(b, rs->rate);
	b->state = UP;
	raise_slope(cc, b, s->mss);
}

/* IsTimeToProbeBW. */
static bool time_to_probe(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	u32 segs = target_inflight(cc, b, s->mss) / s->mss;

	if (!after(ticks(s), b->cycle_at + b->probe_wait) &&
	    b->rounds_since_up < min(segs, RENO_ROUNDS))
		return false;
	start_refill(b, s);
	return true;
}

/* IsTimeToCruise. */
static bool time_to_cruise(const struct atcp_cc *cc, const struct bbr *b,
			   const struct atcp_cc_sample *s)
{
	return s->flight <= with_headroom(b, s->mss) &&
	       s->flight <= to_fill(cc, b, s->mss, ONE);
}

/* IsTimeToGoDown. */
static bool time_to_go_down(const struct atcp_cc *cc, struct bbr *b,
			    const struct atcp_cc_sample *s, const struct rs *rs)
{
	if (b->too_high && s->flight >= b->inflight_long) {
		b->precautionary = 1;
		return true;
	}
	if (cwnd_limited(cc, s) && cc->cwnd >= b->inflight_long) {
		search_full_bw(b, rs->rate);
		return false;
	}
	return b->full_bw_now;
}

/* IsInflightTooHigh: section 5.5.10.2. */
static bool too_high(const struct atcp_cc_sample *s)
{
	return (u64)s->tx_lost * LOSS_THRESH > s->tx_flight ||
	       (s->tx_lost && !(s->is & ATCP_CC_SACK));
}

/* ProbeInflightLongtermUpward. */
static void probe_upward(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	u32 n;

	if (!cwnd_limited(cc, s) || cc->cwnd < b->inflight_long)
		return;
	b->up_acked += s->acked;
	n = b->up_acked / b->up_acked_per_inc;
	b->up_acked -= n * b->up_acked_per_inc;
	b->inflight_long = min_t(u64, b->inflight_long + (u64)n * s->mss, ATCP_CC_CWND_MAX);
	if (b->round_start)
		raise_slope(cc, b, s->mss);
}

/* AdaptLongTermModel. True: it has decided on the next state. */
static bool adapt_long_term(const struct atcp_cc *cc, struct bbr *b,
			    const struct atcp_cc_sample *s, const struct rs *rs)
{
	if (b->phase == PROBE_STARTING && b->round_start)
		b->phase = PROBE_FEEDBACK;
	if (b->phase == PROBE_STOPPING && b->round_start) {
		b->probe_sample = 0;
		b->phase = INIT;
		/* AdvanceMaxBwFilter. */
		if (in_probe_bw(b) && !rs->limited && b->bw_max[1]) {
			b->bw_max[0] = b->bw_max[1];
			b->bw_max[1] = 0;
		}
		if (in_probe_bw(b) && b->precautionary && !b->too_high) {
			start_refill(b, s);
			return true;
		}
	}
	if (too_high(s) || b->inflight_long == INFINITE)
		return false;
	b->inflight_long = max(b->inflight_long, s->tx_flight);
	if (b->state == UP)
		probe_upward(cc, b, s);
	return false;
}

/* UpdateProbeBWCyclePhase. */
static void update_probe_bw(const struct atcp_cc *cc, struct bbr *b,
			    const struct atcp_cc_sample *s, const struct rs *rs)
{
	if (!b->full_bw_reached || adapt_long_term(cc, b, s, rs))
		return;
	switch (b->state) {
	case DOWN:
		if (!time_to_probe(cc, b, s) && time_to_cruise(cc, b, s))
			b->state = CRUISE;
		break;
	case CRUISE:
		time_to_probe(cc, b, s);
		break;
	case REFILL:
		if (b->round_start) {
			b->probe_sample = 1;
			start_up(cc, b, s, rs);
		}
		break;
	case UP:
		if (time_to_go_down(cc, b, s, rs)) {
			b->too_high = 0;
			start_down(b, s);
		}
		break;
	}
}

/* CheckFullBWReached: section 5.3.1.2. */
static void check_full_bw(struct bbr *b, const struct rs *rs)
{
	if (b->full_bw_now || !b->round_start || rs->limited)
		return;
	if (rs->rate >= b->full_bw + b->full_bw / 4) {
		search_full_bw(b, rs->rate);
		return;
	}
	if (++b->full_bw_count < FULL_ROUNDS)
		return;
	b->full_bw_now = 1;
	b->full_bw_reached = 1;
}

/* CheckStartupHighLoss: section 5.3.1.3.  Without SACK a round has one loss at most. */
static void check_high_loss(struct bbr *b, const struct atcp_cc_sample *s)
{
	bool sack = s->is & ATCP_CC_SACK;

	if (b->state == STARTUP && !b->full_bw_reached && s->is & ATCP_CC_RECOVERY &&
	    (sack ? b->loss_round_start && b->losses >= FULL_LOSSES && too_high(s) :
		    b->losses)) {
		b->undo_state = STARTUP;
		b->full_bw_now = 1;
		b->full_bw_reached = 1;
		b->inflight_long = max(bdp(b, s->mss, ONE), b->inflight_latest);
	}
	if (b->loss_round_start)
		b->losses = 0;
}

/* CheckStartupDone and CheckDrainDone: sections 5.3.1.1, 5.3.2. */
static void check_start(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	check_high_loss(b, s);
	if (b->state == STARTUP && b->full_bw_reached)
		enter_drain(b);
	if (b->state == DRAIN &&
	    (s->flight <= to_fill(cc, b, s->mss, ONE) ||
	     (u8)(b->rounds - b->drain_round) > DRAIN_ROUNDS))
		start_down(b, s);
}

/* --- ProbeRTT: section 5.3.4 --- */

/* SaveCwnd: section 5.6.4.4. */
static void save_cwnd(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	if (!(s->is & ATCP_CC_RECOVERY) && b->state != PROBE_RTT)
		b->prior_cwnd = cc->cwnd;
	else
		b->prior_cwnd = max(b->prior_cwnd, cc->cwnd);
}

static void restore_cwnd(struct atcp_cc *cc, const struct bbr *b)
{
	cc->cwnd = max(cc->cwnd, b->prior_cwnd);
}

/* UpdateMinRTT. */
static void update_min_rtt(struct bbr *b, const struct atcp_cc_sample *s)
{
	u32 now = ticks(s);

	b->rtt_expired = after(now, b->rtt_low_at + PROBE_RTT_EVERY);
	if (s->rtt && (s->rtt < b->rtt_low || b->rtt_expired)) {
		b->rtt_low = s->rtt;
		b->rtt_low_at = now;
	}
	if (b->rtt_low < b->min_rtt || after(now, b->min_rtt_at + MIN_RTT_LEN)) {
		b->min_rtt = b->rtt_low;
		b->min_rtt_at = b->rtt_low_at;
	}
}

/* CheckProbeRTTDone and ExitProbeRTT. */
static void check_probe_rtt_done(struct atcp_cc *cc, struct bbr *b,
				 const struct atcp_cc_sample *s)
{
	if (!b->probe_rtt_low || !after(ticks(s), b->probe_rtt_ends))
		return;
	b->rtt_low_at = ticks(s);
	restore_cwnd(cc, b);
	reset_short_term(b);
	if (b->full_bw_reached) {
		start_down(b, s);
		b->state = CRUISE;
	} else {
		b->state = STARTUP;
	}
}

/* HandleProbeRTT. */
static void handle_probe_rtt(struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	b->limited = 1;
	b->limited_until = s->delivered + s->flight / s->mss;
	if (!b->probe_rtt_low) {
		if (s->flight > probe_rtt_cwnd(b, s->mss))
			return;
		b->probe_rtt_low = 1;
		b->probe_rtt_ends = ticks(s) + PROBE_RTT_LASTS;
		b->probe_rtt_round = 0;
		start_round(b, s);
		return;
	}
	b->probe_rtt_round |= b->round_start;
	if (b->probe_rtt_round)
		check_probe_rtt_done(cc, b, s);
}

/* CheckProbeRTT. */
static void check_probe_rtt(struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s,
			    const struct rs *rs)
{
	if (b->state != PROBE_RTT && b->rtt_expired && !b->idle_restart) {
		save_cwnd(cc, b, s);
		b->state = PROBE_RTT;
		b->probe_rtt_low = 0;
		b->phase = PROBE_STOPPING;
		start_round(b, s);
	}
	if (b->state == PROBE_RTT)
		handle_probe_rtt(cc, b, s);
	if (rs->delivered)
		b->idle_restart = 0;
}

/* --- the model: section 5.5 --- */

/* GenerateRateSample: section 4.1.2.3.  Segments, as Linux counts them. */
static struct rs rate_sample(struct bbr *b, const struct atcp_cc_sample *s)
{
	u32 n = s->delivered - s->prior_delivered;
	struct rs rs = { .limited = s->is & ATCP_CC_APP_LIMITED };

	rs.delivered = min_t(u64, (u64)n * s->mss, ATCP_CC_CWND_MAX);
	if (s->rate_us)
		rs.rate = div_u64((u64)rs.delivered * SEC, s->rate_us);
	if (b->limited && after(s->prior_delivered, b->limited_until))
		b->limited = 0;
	rs.limited |= b->limited;
	return rs;
}

/* UpdateRound: section 5.5.1. */
static void update_round(struct bbr *b, const struct atcp_cc_sample *s)
{
	b->round_start = !after(b->next_round, s->prior_delivered);
	if (!b->round_start)
		return;
	start_round(b, s);
	b->rounds++;
	if (b->rounds_since_up < RENO_ROUNDS)
		b->rounds_since_up++;
}

/* UpdateLatestDeliverySignals, the first half: section 5.5.10.3. */
static void update_latest(struct bbr *b, const struct atcp_cc_sample *s, const struct rs *rs)
{
	b->bw_latest = max(b->bw_latest, rs->rate);
	b->inflight_latest = max(b->inflight_latest, rs->delivered);
	b->loss_round_start = !after(b->loss_round, s->prior_delivered);
	if (b->loss_round_start)
		b->loss_round = s->delivered;
}

/* AdaptLowerBoundsFromCongestion. */
static void adapt_lower_bounds(const struct atcp_cc *cc, struct bbr *b)
{
	if (is_probing(b) || !b->lost_in_round)
		return;
	if (b->bw_short == NO_BW)
		b->bw_short = max_bw(b);
	if (b->inflight_short == INFINITE)
		b->inflight_short = cc->cwnd;
	b->bw_short = max(b->bw_latest, scaled(b->bw_short, BETA));
	b->inflight_short = max_t(u32, b->inflight_latest, scaled(b->inflight_short, BETA));
}

/* UpdateCongestionSignals, with UpdateMaxBw (section 5.5.5). */
static void update_congestion(const struct atcp_cc *cc, struct bbr *b,
			      const struct atcp_cc_sample *s, const struct rs *rs)
{
	update_round(b, s);
	if (rs->rate >= max_bw(b) || !rs->limited)
		b->bw_max[1] = max(b->bw_max[1], rs->rate);
	if (!b->loss_round_start)
		return;
	adapt_lower_bounds(cc, b);
	b->lost_in_round = 0;
}

/* UpdateACKAggregation: section 5.5.9. */
static void update_aggregation(const struct atcp_cc *cc, struct bbr *b,
			       const struct atcp_cc_sample *s)
{
	u32 us = (u32)s->now - b->extra_since;
	u64 expected = div_u64(min(bw_of(b), 1ULL << 40) * min(us, 1u << 23), SEC);

	if (b->extra_delivered <= expected) {
		b->extra_delivered = 0;
		b->extra_since = (u32)s->now;
		expected = 0;
	}
	b->extra_delivered += min(s->acked, ATCP_CC_CWND_MAX - min(b->extra_delivered,
								   ATCP_CC_CWND_MAX));
	if (b->round_start && ++b->extra_rounds >= (b->full_bw_reached ? EXTRA_ROUNDS : 1)) {
		b->extra_rounds = 0;
		b->half = !b->half;
		b->extra[b->half] = 0;
	}
	b->extra[b->half] = max_t(u32, b->extra[b->half],
				  min_t(u64, b->extra_delivered - expected, cc->cwnd));
}

/* --- what it decides: section 5.6 --- */

static void init_pace(struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	b->seen_rtt = !!s->srtt;
	cc->pace = scaled(div_u64((u64)cc->cwnd * SEC, s->srtt ? s->srtt : 1000),
			  STARTUP_PACING);
}

/* SetPacingRateWithGain: section 5.6.2. */
static void set_pace(struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s, u32 gain)
{
	u64 rate = div_u64(scaled(bw_of(b), gain) * (100 - MARGIN_PERCENT), 100);

	if (!b->seen_rtt && s->srtt)
		init_pace(cc, b, s);
	if (rate && (b->full_bw_reached || rate > cc->pace))
		cc->pace = rate;
}

/* BoundCwndForProbeRTT and BoundCwndForModel: sections 5.6.4.5, 5.6.4.7. */
static void bound_cwnd(struct atcp_cc *cc, const struct bbr *b, u32 mss)
{
	u32 cap = INFINITE;

	if (b->state == PROBE_RTT)
		cc->cwnd = min(cc->cwnd, probe_rtt_cwnd(b, mss));
	if (b->state == PROBE_RTT || b->state == CRUISE)
		cap = with_headroom(b, mss);
	else if (in_probe_bw(b))
		cap = b->inflight_long;
	cap = min(cap, b->inflight_short);
	cc->cwnd = min(cc->cwnd, max(cap, MIN_PIPE * mss));
}

/* SetCwnd: section 5.6.4.6. */
static void set_cwnd(struct atcp_cc *cc, const struct bbr *b, const struct atcp_cc_sample *s)
{
	u32 extra = max(b->extra[0], b->extra[1]);
	u32 most = budget(cc, b, s->mss, bdp(b, s->mss, cwnd_gain(b)) + extra);

	if (b->full_bw_reached)
		cc->cwnd = min(cc->cwnd + s->acked, most);
	else if (cc->cwnd < most || s->delivered < INITIAL_CWND)
		cc->cwnd += s->acked;
	cc->cwnd = max(cc->cwnd, MIN_PIPE * s->mss);
	bound_cwnd(cc, b, s->mss);
}

/* UpdateOnACK: section 5.2.3. */
static void bbr_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	struct bbr *b = cc->own;
	struct rs rs = rate_sample(b, s);

	update_latest(b, s, &rs);
	update_congestion(cc, b, s, &rs);
	update_aggregation(cc, b, s);
	check_full_bw(b, &rs);
	check_start(cc, b, s);
	update_probe_bw(cc, b, s, &rs);
	update_min_rtt(b, s);
	check_probe_rtt(cc, b, s, &rs);
	if (b->loss_round_start) {
		/* AdvanceLatestDeliverySignals. */
		b->bw_latest = rs.rate;
		b->inflight_latest = rs.delivered;
	}
	b->lost_now = 0;
	set_pace(cc, b, s, pacing_gain(b));
	set_cwnd(cc, b, s);
}

/* --- losses: sections 5.5.10, 5.5.11 --- */

/* SaveStateUponLoss. */
static void save_state(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	save_cwnd(cc, b, s);
	b->undo_state = NONE;
	b->undo_bw_short = b->bw_short;
	b->undo_short = b->inflight_short;
	b->undo_long = b->inflight_long;
}

/* InflightAtLoss. */
static u32 inflight_at_loss(const struct atcp_cc_sample *s)
{
	u32 before = s->tx_flight - min(s->tx_flight, s->size);
	u64 lost = (u64)(s->tx_lost - min(s->tx_lost, s->size)) * LOSS_THRESH;

	return before + (before > lost ? (u32)(before - lost) / (LOSS_THRESH - 1) : 0);
}

/* HandleLostPacket, with NoteLoss and HandleInflightTooHigh. */
static void lost(const struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	if (!b->lost_in_round) {
		b->loss_round = s->delivered;
		save_state(cc, b, s);
	}
	b->lost_in_round = 1;
	if (!b->lost_now && b->losses < FULL_LOSSES)
		b->losses++;
	b->lost_now = 1;
	if (!b->probe_sample || !too_high(s))
		return;
	b->too_high = 1;
	b->probe_sample = 0;
	if (!(s->is & ATCP_CC_APP_LIMITED))
		b->inflight_long = max_t(u32, inflight_at_loss(s),
					 scaled(target_inflight(cc, b, s->mss), BETA));
	if (b->state == UP) {
		b->undo_state = UP;
		start_down(b, s);
	}
}

/* OnEnterFastRecovery and OnEnterRTO: section 5.6.4.4.  The core has no other use of ssthresh. */
static u32 bbr_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			enum atcp_cc_why why)
{
	struct bbr *b = cc->own;

	/* A loss that began it has saved the state, before it was changed for that. */
	if (b->lost_in_round)
		save_cwnd(cc, b, s);
	else
		save_state(cc, b, s);
	return cc->ssthresh;
}

/* HandleSpuriousLossDetection: section 5.5.11.2. */
static void undo(struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	restore_cwnd(cc, b);
	b->lost_in_round = 0;
	reset_full_bw(b);
	b->bw_short = max(b->bw_short, b->undo_bw_short);
	b->inflight_short = max(b->inflight_short, b->undo_short);
	b->inflight_long = max(b->inflight_long, b->undo_long);
	if (b->undo_state == STARTUP && b->state != STARTUP) {
		b->full_bw_reached = 0;
		if (b->state != PROBE_RTT)
			b->state = STARTUP;
	} else if (b->undo_state == UP && b->state != UP && b->state != PROBE_RTT) {
		start_refill(b, s);
	}
	b->undo_state = NONE;
}

/* HandleRestartFromIdle: section 5.4.1. */
static void restart(struct atcp_cc *cc, struct bbr *b, const struct atcp_cc_sample *s)
{
	if (!(s->is & ATCP_CC_APP_LIMITED))
		return;
	b->idle_restart = 1;
	b->extra_since = (u32)s->now;
	b->extra_delivered = 0;
	if (in_probe_bw(b))
		set_pace(cc, b, s, ONE);
	else if (b->state == PROBE_RTT)
		check_probe_rtt_done(cc, b, s);
}

static void bbr_event(struct atcp_cc *cc, const struct atcp_cc_sample *s,
		      enum atcp_cc_event event)
{
	struct bbr *b = cc->own;

	switch (event) {
	case ATCP_CC_START:
		restart(cc, b, s);
		break;
	case ATCP_CC_RECOVERED:
		restore_cwnd(cc, b);
		break;
	case ATCP_CC_UNDO:
		undo(cc, b, s);
		break;
	case ATCP_CC_LOST:
		lost(cc, b, s);
		break;
	case ATCP_CC_MSS:
		break;
	}
}

/* OnInit: section 5.2.1. */
static void begin(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	struct bbr *b = cc->own;

	b->min_rtt = s->srtt ? s->srtt : INFINITE;
	b->min_rtt_at = ticks(s);
	b->rtt_low = b->min_rtt;
	b->rtt_low_at = b->min_rtt_at;
	b->extra_since = (u32)s->now;
	b->inflight_long = INFINITE;
	b->up_acked_per_inc = INFINITE;
	b->undo_state = NONE;
	reset_short_term(b);
	start_round(b, s);
	b->loss_round = s->delivered;
	b->state = STARTUP;
	init_pace(cc, b, s);
}

static enum atcp_cc_info_kind bbr_info(const struct atcp_cc *cc, union atcp_cc_info *info)
{
	const struct bbr *b = cc->own;

	info->bbr.bw_lo = (u32)bw_of(b);
	info->bbr.bw_hi = bw_of(b) >> 32;
	info->bbr.min_rtt = b->min_rtt;
	info->bbr.pacing_gain = pacing_gain(b);
	info->bbr.cwnd_gain = cwnd_gain(b);
	return ATCP_CC_INFO_BBR;
}

static const struct atcp_cc_ops bbr = {
	.name = "bbr",
	.api = ATCP_CC_API,
	.size = sizeof(struct bbr),
	.flags = ATCP_CC_RATES | ATCP_CC_OWN_RECOVERY,
	.init = begin,
	.ack = bbr_ack,
	.ssthresh = bbr_ssthresh,
	.event = bbr_event,
	.info = bbr_info,
	.owner = THIS_MODULE,
};

ATCP_CC(bbr);
MODULE_ALIAS_ATCP_CC("bbr");
MODULE_DESCRIPTION("BBR version 3, congestion control for atcp");
MODULE_LICENSE("GPL");
