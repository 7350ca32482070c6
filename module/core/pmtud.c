// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU discovery that does not rely on ICMP: RFC 4821, sections 7.2 to 7.7.
 *
 * c->mss_path is what the host knows of the route, ICMP included.  Here the connection
 * finds out by its own segments that the path takes less: c->mtup_low bounds the MSS while
 * it is not 0.  Sizes have the unit of c->mss_path: payload and TCP options.
 *
 * Black holes (section 7.7; mtu_probing 1 and 2).  A segment that is never acknowledged may
 * be too large for a hop whose ICMP errors do not arrive.  As likely, the network is out for
 * a moment.  So the sizes take turns while one time-out follows another:
 *
 *   time-outs   what is sent again has at most
 *   1           the present size
 *   2           base_mss, or what every IPv6 path takes (RFC 8200 section 5), if that is more
 *   3, 5, ...   the size before: the smaller one has failed as well
 *   4, 6, ...   half of the last smaller size, down to mtu_probe_floor
 *
 * The size before returns, too, if an ACK covers a segment of that size which was not sent
 * again since the reduction.  An ICMP error that explains the silence puts the
 * first reduction off, to the fourth time-out.
 *
 * Search upwards (sections 7.3 to 7.6; after a reduction, and from the start in mode 2).  A
 * probe is one segment of new data above the MSS, with enough data behind it for three
 * duplicate ACKs.  If it arrives, c->mtup_low becomes its size; if it alone is lost,
 * c->mtup_high does, and cwnd stays.  The first probe after a reduction has the size before,
 * which ends the search at once after an outage; the others halve the interval.  The search
 * ends when that is below probe_threshold.  It begins again after probe_interval, and when
 * the route changes.
 *
 * Bounds: a search takes at most one probe and another for each halving of 65535; one probe is
 * in flight at a time.  A reduction cuts the first segment once (see atcp_host_may_split()),
 * and a run of time-outs has no more reductions than halvings.
 */
#include "core/core.h"
#include "core/output.h"
#include "core/pmtud.h"
#include "core/queue.h"
#include "core/seq.h"

#define BLACK_HOLE	2	/* time-outs in a row before the size is doubted */
#define MSS_MAX	65535u

/* Bytes of TCP options in each segment of data. */
static u32 options(const struct atcp_tcb *c)
{
	return c->ts_on ? 12 : 0;
}

/* What the peer and the route allow. */
static u32 most(const struct atcp_tcb *c)
{
	return min(c->mss_peer, c->mss_path);
}

static u32 base_size(const struct atcp_tcb *c)
{
	return min_t(u32, c->space->conf.base_mss + options(c), MSS_MAX);
}

/* Bounds the MSS by @size; a bound that changes nothing is dropped, except in mode 2. */
static void set_low(struct atcp_tcb *c, u32 size)
{
	c->mtup_low = size >= most(c) && c->space->conf.mtu_probing < 2 ? 0 : size;
	c->mtup_before = 0;
	atcp_mss_changed(c);
}

/* Searches the sizes above mtup_low; @top: the largest first. */
static void search(struct atcp_tcb *c, bool top)
{
	c->mtup_high = MSS_MAX;
	c->mtup_top = top;
	c->mtup_at = c->now;
}

void atcp_mtup_start(struct atcp_tcb *c)
{
	if (likely(c->space->conf.mtu_probing < 2))
		return;
	c->mtup_low = max(base_size(c), c->space->conf.min_snd_mss);
	search(c, false);
}

void atcp_mtup_restart(struct atcp_tcb *c)
{
	if (c->mtup_low)
		search(c, true);
}

/* --- black holes --- */

static void reduce(struct atcp_tcb *c)
{
	const struct atcp_conf *conf = &c->space->conf;
	u32 full = c->mss + options(c), lost, size;
	struct atcp_seg *seg = atcp_queue_sent(c);

	if (!conf->mtu_probing || !seg)
		return;
	/* It explains this time-out, but not all that follow: nothing clears it meanwhile. */
	if (c->soft_error && c->retries < 2 * BLACK_HOLE)
		return;
	lost = min_t(u32, atcp_seg_len(seg), c->mss);
	size = max_t(u32, base_size(c), c->mss_sure) >> min(c->retries / BLACK_HOLE - 1, 16);
	size = max(size, max(conf->mtu_probe_floor + options(c), conf->min_snd_mss));
	if (lost + options(c) <= size)
		return;			/* what is lost would be sent as it was */

	/* Later evidence for the present size: the end of the segment, if that has it. */
	c->mtup_seq = lost == c->mss ? c->snd_una + lost : c->snd_una;
	c->mtup_low = size;
	c->mtup_before = full;
	c->mtup_passed = false;
	search(c, true);
	atcp_mss_changed(c);
	atcp_count(c, ATCP_STAT_MTU_REDUCED);
	atcp_host_mtu(c, ATCP_MTU_REDUCED, size);
}

static void restore(struct atcp_tcb *c)
{
	u32 size = c->mtup_before;

	set_low(c, size);
	atcp_count(c, ATCP_STAT_MTU_RESTORED);
	atcp_host_mtu(c, ATCP_MTU_RESTORED, size);
}

/*
 * True if the ACK of @ack covers a segment of the size before the reduction, which was not
 * sent again since.  A stretch of that length in one buffer contains such a segment.
 */
static bool larger_arrived(struct atcp_tcb *c, u32 ack)
{
	u32 size = c->mtup_before - options(c);
	struct atcp_seg *seg;

	for (seg = atcp_queue_sent(c); seg; seg = atcp_queue_next_sent(c, seg)) {
		const struct atcp_cb *cb = atcp_seg_cb(seg);
		u32 from = seq_gt(c->snd_una, cb->seq) ? c->snd_una : cb->seq;
		u32 to = seq_gt(cb->end_seq, ack) ? ack : cb->end_seq;

		if (seq_geq(cb->seq, ack))
			break;
		if (cb->sent_at < c->mtup_at && (to == c->mtup_seq || to - from >= size))
			return true;
	}
	return false;
}

void atcp_mtup_timeout(struct atcp_tcb *c)
{
	if (c->mtup_size) {
		atcp_mtup_lost(c);
		c->mtup_size = 0;
	}
	if (c->retries < BLACK_HOLE)
		return;
	if (c->mtup_before && !c->mtup_passed)
		restore(c);
	if (c->retries % BLACK_HOLE == 0)
		reduce(c);
}

/* --- the search --- */

u32 atcp_mtup_probe_size(struct atcp_tcb *c)
{
	const struct atcp_conf *conf = &c->space->conf;
	u32 low = c->mtup_low, high;

	/* Its loss has to be told from others: nothing else is being repaired. */
	if (!low || c->mtup_size || c->recovery != ATCP_OPEN || c->dupacks || c->sacked ||
	    seq_leq(c->snd_nxt, c->recover) || seq_gt(c->snd_up, c->snd_una))
		return 0;
	if (c->snd_una == c->iss + 1)
		return 0;			/* nor is it the first that is sent */
	c->mtup_before = 0;
	high = min_t(u32, c->mtup_high, most(c));
	if (high < low + max(conf->probe_threshold, 1u)) {
		if (c->now - c->mtup_at < conf->probe_interval)
			return 0;
		search(c, true);
		high = most(c);
		if (high <= low)
			return 0;
	}
	return (c->mtup_top ? high : (low + high + 1) / 2) - options(c);
}

bool atcp_wants_more(struct atcp_tcb *c)
{
	u32 size;

	if (likely(!c->mtup_low))
		return false;
	size = atcp_mtup_probe_size(c);
	return size && c->write_seq - c->snd_nxt < atcp_mtup_needs(c, size);
}

void atcp_mtup_sent(struct atcp_tcb *c, u32 len)
{
	c->mtup_size = len + options(c);
	c->mtup_seq = c->snd_nxt - len;
	atcp_count(c, ATCP_STAT_MTU_PROBES);
	atcp_host_mtu(c, ATCP_MTU_PROBE, c->mtup_size);
}

bool atcp_mtup_lost(struct atcp_tcb *c)
{
	u32 size = c->mtup_size;

	if (likely(!size) || c->snd_una != c->mtup_seq)
		return false;
	c->mtup_size = 0;
	c->mtup_high = size - 1;
	c->mtup_top = false;
	atcp_count(c, ATCP_STAT_MTU_PROBES_LOST);
	atcp_host_mtu(c, ATCP_MTU_LOST, size);
	return true;
}

/* All of the probe is acknowledged.  True: it arrived itself, for no part was sent again. */
static bool probe_arrived(struct atcp_tcb *c)
{
	struct atcp_seg *seg = atcp_queue_find(c, c->mtup_seq);
	const struct atcp_cb *cb = seg ? atcp_seg_cb(seg) : NULL;

	return cb && cb->seq == c->mtup_seq && !(cb->sent & ATCP_SENT_AGAIN);
}

void atcp_mtup_judge(struct atcp_tcb *c, u32 ack)
{
	u32 size = c->mtup_size;

	if (!size) {
		if (larger_arrived(c, ack))
			restore(c);
		else
			c->mtup_passed = true;
		return;
	}
	if (seq_lt(ack, c->mtup_seq + size - options(c)))
		return;
	c->mtup_size = 0;
	if (!probe_arrived(c))
		return;
	set_low(c, size);
	atcp_count(c, ATCP_STAT_MTU_PROBES_PASSED);
	atcp_host_mtu(c, ATCP_MTU_PASSED, size);
}
