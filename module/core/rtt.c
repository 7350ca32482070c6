// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip time and the retransmission time-out: RFC 6298; when a tail loss probe is due:
 * RFC 8985 section 7.2.
 *
 * The clock's granularity G is replaced by rto_min, as in the kernel's TCP, so
 * that an ACK that the peer delays by as much does not cause a time-out.
 */
#include "core/core.h"
#include "core/deadline.h"
#include "core/queue.h"
#include "core/rtt.h"

#define TAIL_PROBES	3	/* the least value of early_retrans that sends them */
#define TAIL_SLACK	(2 * ATCP_MSEC)

/* RFC 6298 (2.2), (2.3) with alpha 1/8 and beta 1/4; srtt is kept times 8, rttvar times 4. */
u32 atcp_rtt_sample(struct atcp_tcb *c, u64 rtt)
{
	u32 r = min_t(u64, max_t(u64, rtt, 1), c->space->conf.rto_max);

	c->min_rtt = atcp_min_sample(&c->min_rtts, c->space->conf.min_rtt_wlen * 1000,
				     atcp_ms(c->now), r);
	if (!c->srtt) {
		c->srtt = r * 8;
		c->rttvar = r * 2;
	} else {
		s32 delta = (s32)(r - c->srtt / 8);
		u32 size = delta < 0 ? -delta : delta;

		c->rttvar += size - c->rttvar / 4;
		c->srtt += delta;
	}
	c->srtt = max_t(u32, c->srtt, 1);
	c->backoff = 0;			/* not before a sample: section 5, last paragraph */
	c->rto = min(c->srtt / 8 + max_t(u64, c->rttvar, atcp_rto_min(c)), atcp_rto_max(c));
	return r;
}

u32 atcp_rtt_by_echo(const struct atcp_hdr *h, u32 clock, u64 most)
{
	u32 ms = clock - h->tsecr;

	/* Both of our clock's readings are rounded down, which may add a millisecond. */
	if (!(h->opts & ATCP_OPT_TS) || !h->tsecr || ms > div_u64(most, ATCP_MSEC) + 1)
		return 0;
	return max_t(u32, ms, 1) * (u32)ATCP_MSEC;
}

/* RFC 6298 (5.5), with the maximum of (2.5). */
static u64 backed_off(const struct atcp_tcb *c, u8 doublings)
{
	return min((u64)c->rto << min_t(u8, doublings, 16), atcp_rto_max(c));
}

u64 atcp_rto(const struct atcp_tcb *c)
{
	return backed_off(c, c->backoff);
}

u64 atcp_persist_delay(const struct atcp_tcb *c)
{
	return backed_off(c, c->probes);
}

/*
 * RFC 8985 section 7.2.  Where the retransmission time-out is nearer, the probe goes in its
 * place: what was not lost then tells so, and cwnd stays as it is.
 */
void atcp_arm_tail(struct atcp_tcb *c)
{
	u64 delay = c->srtt ? c->srtt / 4 : ATCP_RTO_INITIAL;

	atcp_stop_timer(c, ATCP_T_TAIL);
	if (!c->rack || c->space->conf.early_retrans < TAIL_PROBES || c->tlp_out ||
	    c->recovery != ATCP_OPEN || c->sacked || c->lost || !c->snd_flight || !c->snd_wnd)
		return;
	/* The peer may delay the ACK of a single segment. */
	delay += atcp_queue_is_single(c) ? atcp_rto_min(c) : TAIL_SLACK;
	c->deadline[ATCP_T_TAIL] = min(c->now + delay, c->deadline[ATCP_T_REXMT]);
}
