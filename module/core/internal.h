/* SPDX-License-Identifier: GPL-2.0 */
/* What the core's files offer each other, and no one else. */
#ifndef _ATCP_CORE_INTERNAL_H
#define _ATCP_CORE_INTERNAL_H

#include "cc.h"
#include "core.h"
#include "seq.h"

#define ATCP_RTO_INITIAL	(1 * ATCP_SEC)	/* RFC 6298 (2.1) */
#define ATCP_RTO_AFTER_SYN	(3 * ATCP_SEC)	/* and (5.7) */
#define ATCP_SYN_AGAIN	(8 * ATCP_MSEC)	/* two ticks of TCP's: the RST goes first */
#define ATCP_LAZY_ACK		(200 * ATCP_MSEC)	/* ATCP_F_LAZY_ACK */
#define ATCP_CORK_MAX		(200 * ATCP_MSEC)
#define ATCP_PACE_BURST		(20 * ATCP_MSEC)	/* what a host's timer may be late */
#define ATCP_PAWS_SLACK		1u	/* ticks that a pure ACK may be late, as in Linux */
#define ATCP_QUICK_ACKS		16u
#define ATCP_THIN_RETRIES	6	/* TCP_THIN_LINEAR_TIMEOUTS: time-outs without back-off */
#define ATCP_DUPTHRESH		3	/* RFC 5681 section 3.2 */
#define ATCP_COUNT_MAX	255		/* of 8 bits: a count that stays there */

/* --- entering and leaving the core --- */

static inline void atcp_enter(struct atcp_tcb *c)
{
	c->now = atcp_host_now();
}

/* Tells the host the next deadline, if it has changed. */
static inline void atcp_leave(struct atcp_tcb *c)
{
	u64 when = min(min(c->deadline[ATCP_T_REXMT], c->deadline[ATCP_T_PACE]),
		       min(c->deadline[ATCP_T_DELACK], c->deadline[ATCP_T_KEEP]));

	if (when != c->armed) {
		c->armed = when;
		atcp_host_set_deadline(c, when);
	}
}

static inline void atcp_set_timer(struct atcp_tcb *c, enum atcp_timer t, u64 delay)
{
	c->deadline[t] = c->now + delay;
}

static inline void atcp_stop_timer(struct atcp_tcb *c, enum atcp_timer t)
{
	c->deadline[t] = ATCP_NEVER;
}

static inline void atcp_count(struct atcp_tcb *c, enum atcp_stat stat)
{
	atcp_host_count(c->space, stat);
}

/* The timestamp clock: one tick a millisecond (RFC 7323 section 5.4). */
static inline u32 atcp_ts_clock(u64 now)
{
	return (u32)(now / ATCP_MSEC);
}

/* The same clock for what is only counted: intervals, not points in time. */
static inline u32 atcp_ms(u64 us)
{
	return (u32)(us / ATCP_MSEC);
}

static inline u64 atcp_rto_max(const struct atcp_tcb *c)
{
	return c->rto_max ? c->rto_max : c->space->conf.rto_max;
}

static inline u64 atcp_rto_min(const struct atcp_tcb *c)
{
	return c->rto_min ? c->rto_min : c->space->conf.rto_min;
}

/* What is being waited for from now on, for TCP_INFO's times. */
static inline void atcp_chrono(struct atcp_tcb *c, enum atcp_chrono what)
{
	u32 now;

	if (likely(what == c->chrono))
		return;
	now = atcp_ms(c->now);
	if (c->chrono)
		c->chrono_time[c->chrono - 1] += now - c->chrono_since;
	c->chrono = what;
	c->chrono_since = now;
}

/* Right edge of the window as last advertised. */
static inline u32 atcp_rcv_edge(const struct atcp_tcb *c)
{
	return c->rcv_wup + c->rcv_wnd;
}

/* How much of that window the peer has yet to use. */
static inline u32 atcp_rcv_left(const struct atcp_tcb *c)
{
	u32 edge = atcp_rcv_edge(c);

	return seq_gt(edge, c->rcv_nxt) ? edge - c->rcv_nxt : 0;
}

/* Sequence number of our FIN, once it is queued. */
static inline u32 atcp_fin_seq(const struct atcp_tcb *c)
{
	return c->write_seq - 1;
}

static inline bool atcp_fin_sent(const struct atcp_tcb *c)
{
	return c->fin_queued && c->snd_nxt == c->write_seq;
}

/*
 * What answers a segment that is not acceptable, and how often.  A limit belongs to one
 * connection, request or TIME-WAIT: conf.challenge_interval between two answers of all
 * kinds that are said to be "by the interval".  "For each" is one answer, that is no
 * larger, for one segment, where the segment is none that an answer provokes: no two
 * ends can keep that up, and nobody gets more out than he puts in.
 *
 *	no port, LISTEN		RST for each; none for a RST		listen.c
 *	LISTEN, queue full	SYN-ACK with a cookie for each SYN: the price of cookies
 *	SYN-SENT		RST for each ACK that is bad		arrive.c
 *				the SYN again: once a connection
 *	SYN-RECEIVED		RST for each ACK that is bad		listen.c, arrive.c
 *				the SYN again: SYN-ACK, by the interval
 *				all else: ACK, by the interval
 *	synchronized		ACK, by the interval: RST, SYN in the window, bad ACK
 *				outside of the window, or old by PAWS	arrive.c
 *				- text or FIN that the peer may send: ACK for each
 *				- keep-alives, window probes without text, anything
 *				  else: ACK, by the interval
 *				received before, in part or out of order: ACK for each,
 *				it is acceptable			deliver.c
 *				text for nobody: RST, which ends it
 *	TIME-WAIT		the FIN again, exactly: ACK for each	timewait.c
 *				a SYN that is new, nobody listening: RST for each
 *				all else: ACK, by the interval
 *
 * What nobody has asked for (SYN and SYN-ACK, retransmissions, probes, keep-alives) goes
 * by timers that back off, and ends: timer.c, and atcp_req_timeout().
 */

/* May an answer "by the interval" go now (RFC 5961 section 7)?  Then the next has to wait. */
static inline bool atcp_may_answer(struct atcp_space *space, u64 *last, u64 now)
{
	if (*last && now - *last < space->conf.challenge_interval) {
		atcp_host_count(space, ATCP_STAT_CHALLENGE_LIMITED);
		return false;
	}
	*last = now;
	return true;
}

/*
 * PAWS (RFC 7323 section 5.3): is @tsval older than @ts_recent?  A ts_recent
 * that has not moved for 24 days means nothing any more (section 5.5).
 */
static inline bool atcp_paws_old(u32 tsval, u32 ts_recent, u64 recent_at, u64 now)
{
	return seq_lt(tsval, ts_recent) && now - recent_at < 24 * 86400 * ATCP_SEC;
}

/* Something new was acknowledged: a run of time-outs is over. */
static inline void atcp_progress(struct atcp_tcb *c)
{
	c->retries = 0;
	c->rtx_since = 0;
	c->soft_error = 0;
	if (unlikely(c->rto_since)) {
		c->rto_time += atcp_ms(c->now) - c->rto_since;
		c->rto_since = 0;
	}
}

/* --- drop.c --- */

/* Counts, unless @why is ATCP_DROP_NONE, and frees a received segment not charged. */
void atcp_drop(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why);

/* --- mss.c --- */

/* The congestion window before the first ACK, and after idling, in bytes. */
u32 atcp_initial_window(const struct atcp_tcb *c);

/* What a peer takes that sends no MSS option: RFC 9293 section 3.7.1. */
static inline u16 atcp_default_mss(const struct atcp_tuple *t)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(t->raddr, mapped, sizeof(mapped)) ? ATCP_MSS_DEFAULT6 : ATCP_MSS_DEFAULT;
}

/* --- open.c --- */

/* Takes the peer's MSS, window scale, timestamp and SACK from its SYN. */
void atcp_syn_options(struct atcp_tcb *c, const struct atcp_hdr *h);
/* ESTABLISHED: congestion window, timers, the user. */
void atcp_established(struct atcp_tcb *c);

/* --- close.c --- */

void atcp_set_state(struct atcp_tcb *c, enum atcp_state state);
/* Frees the queues, CLOSED, tells the host. */
void atcp_done(struct atcp_tcb *c, int err);
void atcp_time_wait(struct atcp_tcb *c);
/* The peer's FIN is next in sequence: section 3.10.7.4, eighth. */
void atcp_fin_arrived(struct atcp_tcb *c);
/* Our FIN was acknowledged: section 3.10.7.4, fifth. Returns false when the connection ended. */
bool atcp_fin_acked(struct atcp_tcb *c);
/* Starts the timer that bounds an orphan's FIN-WAIT-2. */
void atcp_bound_fin_wait_2(struct atcp_tcb *c);

/* --- ack.c --- */

/* Section 3.10.7.4, fifth, for the synchronized states. False: drop the segment, for @why. */
bool atcp_ack_arrived(struct atcp_tcb *c, const struct atcp_hdr *h, u32 len,
		      enum atcp_drop *why);

/* --- deliver.c --- */

/* Section 3.10.7.4, seventh and eighth. Consumes @seg. @tsecr: its echo, 0 for none. */
void atcp_text_arrived(struct atcp_tcb *c, struct atcp_seg *seg, u32 tsecr);

/* --- ooo.c --- */

/*
 * Adds an admitted segment, of which it keeps what is new; consumes it.  It has
 * nothing from the number of a FIN on that waits already.
 */
void atcp_ooo_insert(struct atcp_tcb *c, struct atcp_seg *seg);
struct atcp_seg *atcp_ooo_first(struct atcp_tcb *c);
struct atcp_seg *atcp_ooo_last(struct atcp_tcb *c);
/* Does a FIN wait?  Then @fin is its number. */
bool atcp_ooo_fin(struct atcp_tcb *c, u32 *fin);
void atcp_ooo_remove(struct atcp_tcb *c, struct atcp_seg *seg);
void atcp_ooo_purge(struct atcp_tcb *c);

/* --- sack.c --- */

void atcp_sack_add(struct atcp_tcb *c, u32 start, u32 end);
/* Forgets blocks that RCV.NXT has reached. */
void atcp_sack_advance(struct atcp_tcb *c);

/* --- emit.c --- */

/* Puts a header before the payload of @out and hands it to the host. */
void atcp_emit(struct atcp_tcb *c, struct atcp_seg *out, u32 seq, u8 flags);
/* A bare control segment: SYN, FIN, RST, ACK at @seq. False: no memory. */
bool atcp_send_ctl(struct atcp_tcb *c, u32 seq, u8 flags);
/* The SYN, or the SYN-ACK of a simultaneous open. */
void atcp_send_syn(struct atcp_tcb *c);

/* --- acking.c --- */

void atcp_send_ack(struct atcp_tcb *c);
/* An ACK by RFC 5961, if the rate limit allows. */
void atcp_send_challenge(struct atcp_tcb *c);
/* The ACK that arrival left to do: now or after a delay. */
void atcp_ack_policy(struct atcp_tcb *c);
/* ATCP_T_DELACK: the delay is over. */
void atcp_ack_timeout(struct atcp_tcb *c);

/* --- output.c --- */

/* Sends what window, congestion window and Nagle allow. */
void atcp_output(struct atcp_tcb *c);
/* Resends what stands at SND.UNA: the SYN, at most one full segment, or the FIN. */
void atcp_resend_first(struct atcp_tcb *c);
/* Sends one octet, or FIN, beyond the closed window (section 3.8.6.1). */
void atcp_send_probe(struct atcp_tcb *c);
/* The same as atcp_output(), but what Nagle, a cork or a small window holds goes too. */
void atcp_output_held(struct atcp_tcb *c);
/* Bytes that count against cwnd. */
u32 atcp_flight(const struct atcp_tcb *c);
/* Finds out what it waits for now: atcp_chrono(). */
void atcp_take_stock(struct atcp_tcb *c);
bool atcp_unsent(const struct atcp_tcb *c);

/* --- window.c --- */

/* The window to advertise now, in bytes; never moves the right edge left. */
u32 atcp_window(struct atcp_tcb *c);

/* --- rtt.c --- */

void atcp_rtt_sample(struct atcp_tcb *c, u64 rtt);
void atcp_arm_rexmt(struct atcp_tcb *c);
/* The same timer, to probe a closed window: backed off by the probes sent so far. */
void atcp_arm_persist(struct atcp_tcb *c);

/* --- recovery.c --- */

void atcp_recovery_dupack(struct atcp_tcb *c);
/* SND.UNA has advanced by @acked; @flight was in flight before. */
void atcp_recovery_acked(struct atcp_tcb *c, u32 acked, u32 flight);
void atcp_recovery_timeout(struct atcp_tcb *c);

#endif /* _ATCP_CORE_INTERNAL_H */
