/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core offers to its host: RFC 9293 section 3.9.1's user calls,
 * segment arrival and the timer.
 *
 * Every call about a connection is made with that connection's lock held, in
 * process context or softirq; none sleeps.  During any of them the core may call
 * atcp_host_closed(), after which c->state is ATCP_CLOSED and the connection
 * must not be handed to the core again, except to the calls that say so.
 */
#ifndef _ATCP_CORE_CORE_H
#define _ATCP_CORE_CORE_H

#include "core/tcb.h"

/* --- a namespace --- */

/* Defaults for conf; keys are drawn from atcp_host_random(). */
void atcp_space_init(struct atcp_space *space);

/* --- user calls (RFC 9293 sections 3.9.1 and 3.10.1 to 3.10.6) --- */

/* Prepares a zeroed control block: CLOSED, defaults, nothing queued. */
void atcp_tcb_init(struct atcp_tcb *c, struct atcp_space *space);

/**
 * atcp_open() - active OPEN: sends the SYN
 * @c:	CLOSED; the host has set lport, rport, adv_mss, mss_path, mss_sure
 * @t:	the connection's ends, for the initial sequence number
 *
 * When memory fails the SYN is sent by the first retransmission.
 * The outcome comes by ATCP_WAKE_CONNECTED or atcp_host_closed().
 */
void atcp_open(struct atcp_tcb *c, const struct atcp_tuple *t);

/**
 * atcp_enqueue() - SEND, first half: a segment of user data joins the queue
 * @c:		a state of ATCP_CAN_SEND, or SYN-SENT, SYN-RECEIVED
 * @seg:	payload of at least one byte, charged to the sender
 *
 * Nothing is transmitted before atcp_push().
 */
void atcp_enqueue(struct atcp_tcb *c, struct atcp_seg *seg);

/*
 * SEND was called, and nothing waits in the host's device.  If cwnd has room, the program
 * has sent too little to fill the path: until the data now in flight has arrived, samples
 * of the delivery rate are marked as limited by the application.
 */
void atcp_check_app_limited(struct atcp_tcb *c);

/* The last queued segment, if it was never sent, so that data may be appended; or NULL. */
struct atcp_seg *atcp_tail(struct atcp_tcb *c);

/* @bytes were appended to the payload of what atcp_tail() returned. */
void atcp_grew(struct atcp_tcb *c, u32 bytes);

/**
 * atcp_push() - SEND, second half: transmit what may go
 * @c:		any state
 * @end:	the queue ends in a PUSH: the last byte gets the PSH bit
 *
 * Also to be called when ATCP_F_CORK or ATCP_F_NODELAY changed.
 */
void atcp_push(struct atcp_tcb *c, bool end);

/*
 * True while a path MTU probe waits for more than is queued.  A host that queues more in the
 * same call of SEND does so before atcp_push().
 */
bool atcp_wants_more(struct atcp_tcb *c);

/* Declares everything queued up to now urgent (RFC 6093). Before atcp_push(). */
void atcp_send_urgent(struct atcp_tcb *c);

/*
 * The program waits for room to send, and some has been acknowledged: enlarges the send
 * buffer, if that helps.
 */
void atcp_tune_snd(struct atcp_tcb *c);

/**
 * atcp_read() - RECEIVE: the user has taken data out of the buffer
 * @c:		any state; the host has moved copied_seq on
 *
 * Sizes the receive buffer, and sends a window update when the window opens by enough.
 */
void atcp_read(struct atcp_tcb *c);

/**
 * atcp_close() - CLOSE: no more data to send; a FIN follows what is queued
 * @c:	any state; a second call changes nothing
 *
 * In SYN-SENT the connection ends at once.
 */
void atcp_close(struct atcp_tcb *c);

/* SHUT_RD: once both directions are closed, data that arrives is answered by a reset. */
void atcp_shut_rcv(struct atcp_tcb *c);

/**
 * atcp_orphan() - no program holds the connection any more
 * @c:	not CLOSED; atcp_close() was called before
 *
 * Bounds FIN-WAIT-2, retransmissions and zero-window probes; data that arrives
 * from now on is answered by a reset (RFC 1122 section 4.2.2.13).
 */
void atcp_orphan(struct atcp_tcb *c);

/**
 * atcp_abort() - ABORT: reset the peer where RFC 9293 section 3.10.5 says so
 * @c:		any state
 * @err:	positive errno handed to atcp_host_closed(), 0 for the user's own wish
 */
void atcp_abort(struct atcp_tcb *c, int err);

/**
 * atcp_close_unread() - CLOSE while received data has not been read
 * @c:		not CLOSED
 *
 * It is lost, which a reset tells the peer (RFC 1122 section 4.2.2.13, RFC 2525 section
 * 2.17): in CLOSING and LAST-ACK, too, where ABORT has none, for nobody would send our FIN
 * again if that is lost.
 */
void atcp_close_unread(struct atcp_tcb *c);

/* Sends the ACK that is pending, if one is (TCP_QUICKACK). */
void atcp_ack_now(struct atcp_tcb *c);

/* c->user_timeout changed: it holds for what waits for an answer already. Any state. */
void atcp_user_timeout_changed(struct atcp_tcb *c);

/**
 * atcp_cc_change() - another algorithm decides how much may be in flight
 * @c:		any state
 * @ops:	the algorithm
 * @memory:	ops->size bytes of the host's, if that is more than ATCP_CC_SIZE_NEAR; else NULL
 *
 * cwnd and ssthresh stay.  After atcp_tcb_init() and atcp_accept() it is that of struct
 * atcp_conf.
 *
 * Return: the @memory of the last call, which the host frees by now; or NULL.
 */
void *atcp_cc_change(struct atcp_tcb *c, const struct atcp_cc_ops *ops, void *memory);

/* What the last atcp_cc_change() was given as memory, or NULL. Any state. */
void *atcp_cc_memory(const struct atcp_tcb *c);

/* Keep-alive on or off; to be called again when keep_time changes. */
void atcp_set_keepalive(struct atcp_tcb *c, bool on);

/* --- events --- */

/**
 * atcp_arrive() - SEGMENT ARRIVES (section 3.10.7) for a connection
 * @c:		any state but LISTEN and CLOSED
 * @seg:	the payload, header removed, checksum verified; consumed
 * @h:		the header
 *
 * The host has set c->waited to the microseconds since the segment came, if it could not be
 * handed over at once, else to 0.  A round trip ends when its last segment comes.
 */
void atcp_arrive(struct atcp_tcb *c, struct atcp_seg *seg, const struct atcp_hdr *h);

/* The deadline of atcp_host_set_deadline() has come; being called early does no harm. */
void atcp_timeout(struct atcp_tcb *c);

/**
 * atcp_icmp() - an ICMP error quotes a segment of this connection
 * @c:		any state
 * @seq:	the sequence number quoted
 * @err:	positive errno
 * @hard:	RFC 9293 section 3.9.2.2: aborts an attempt in SYN-SENT or
 *		SYN-RECEIVED.  In other states it is only remembered, as a soft error is in
 *		every state
 */
void atcp_icmp(struct atcp_tcb *c, u32 seq, int err, bool hard);

/**
 * atcp_icmp_unreachable() - the error of atcp_icmp() says that the network is broken
 * @seq:	the sequence number quoted
 *
 * RFC 6069: the segment was not lost by congestion, so that one back-off of the
 * retransmission timer is taken back.
 */
void atcp_icmp_unreachable(struct atcp_tcb *c, u32 seq);

/* c->mss_path or c->mss_user changed. */
void atcp_mss_changed(struct atcp_tcb *c);

/* The route changed, and c->mss_path did not: a larger segment may pass now (pmtud.c). */
void atcp_route_changed(struct atcp_tcb *c);

/*
 * The path itself changed, and with it c->mss_path: data in flight that is too large
 * now is sent again, in pieces (RFC 1191 section 6.5).
 */
void atcp_path_changed(struct atcp_tcb *c);

/* --- what the host may ask --- */

/* The most payload to put into one segment, at most @max: whole wire segments. */
static inline u32 atcp_size_goal(const struct atcp_tcb *c, u32 max)
{
	return max > c->mss ? max - max % c->mss : c->mss;
}

/* Bytes that the peer has not acknowledged, sent or not (SIOCOUTQ). */
static inline u32 atcp_unacked(const struct atcp_tcb *c)
{
	return c->write_seq - c->snd_una;
}

/*
 * What congestion control paces by, in bytes a second.  Else the rate at which one cwnd is sent
 * in each round trip, with room to grow: twice that in slow start, a fifth more later.  ~0: no
 * round trip was measured yet.
 */
static inline u64 atcp_pacing_rate(const struct atcp_tcb *c)
{
	u32 percent = c->cc.cwnd < c->cc.ssthresh / 2 ? 200 : 120;

	if (unlikely(c->cc.pace != ATCP_CC_UNPACED))
		return c->cc.pace;
	if (!c->srtt)
		return ~0ULL;
	return div_u64((u64)c->cc.cwnd * percent * (8 * ATCP_SEC / 100), c->srtt);
}

/*
 * The most payload that is sent as one segment: a millisecond's worth, so that nobody waits
 * longer for the line, but two wire segments at least.  Where the round trip is short, a
 * machine is near that takes large segments for less work than many small ones.
 *
 * As tcp_tso_autosize(), but by srtt: where the least round trip counts, a slow line that was
 * idle once has large segments for ever.
 */
static inline u32 atcp_piece(const struct atcp_tcb *c)
{
	u32 near = c->srtt >> 12;	/* half milliseconds */

	return max_t(u32, c->quantum + (near < 16 ? 65536 >> near : 0), 2 * c->mss);
}

#define ATCP_DELACK	(40 * ATCP_MSEC)	/* at most 500 ms, RFC 9293 MUST-40 */

/* Lower bound of the retransmission time-out, microseconds. */
static inline u64 atcp_rto_min(const struct atcp_tcb *c)
{
	u32 own = c->rto_min_route ? c->rto_min_route : c->rto_min;

	return own ? own : c->space->conf.rto_min;
}

/*
 * The delay of a delayed ACK, microseconds.  Whoever lets time-outs come so soon knows that
 * of the peer, too: the ACK comes before that, as with the kernel's TCP from 6.7 on.
 */
static inline u32 atcp_ack_delay(const struct atcp_tcb *c)
{
	u64 most = max(atcp_rto_min(c), 2 * ATCP_MSEC) - ATCP_MSEC;

	if (c->delack_max)
		most = min_t(u64, most, c->delack_max);
	return min_t(u64, most, ATCP_DELACK);
}

/* Current retransmission time-out, back-off included, microseconds. */
u64 atcp_rto(const struct atcp_tcb *c);

/* --- LISTEN and SYN-RECEIVED without a control block --- */

/* What the host must do after one of the calls below. */
enum atcp_verdict {
	ATCP_DROP,		/* free the segment */
	ATCP_REPLY,		/* send the header in *reply, ends swapped; free the segment */
	ATCP_SYN_SEEN,		/* listener: make a request (atcp_req_init) or a cookie */
	ATCP_MAYBE_COOKIE,	/* listener: ACK that may return a cookie */
	ATCP_FORGET,		/* free the segment and the request */
	ATCP_SYNACK,		/* request: send its SYN-ACK (again) */
	ATCP_ACCEPT,		/* request: make a control block, hand the segment to it */
	ATCP_REOPEN,		/* TIME-WAIT: forget it, treat the segment as for LISTEN */
};

/**
 * struct atcp_req - a connection in SYN-RECEIVED that came from LISTEN
 *
 * Embedded in the host's request object.  The host sees to it that segments and the
 * timer of a request come one after the other.
 */
struct atcp_req {
	u32 irs;
	u32 iss;
	u32 rcv_nxt;		/* what the ACK field of our SYN-ACK says */
	u32 wnd;		/* window offered in the SYN-ACK, not scaled on the wire */
	u32 snd_wnd;		/* the peer's, from the SYN */
	u32 ts_recent;
	u32 ts_offset;
	u64 sent_at;		/* first SYN-ACK; for the RTT sample */
	u32 rtt;		/* that sample, microseconds, with ATCP_ACCEPT; 0: none */
	u32 rto_max;		/* TCP_RTO_MAX_MS, microseconds, 0: the namespace's; host sets */
	u64 deadline;		/* next retransmission */
	u64 challenge_at;	/* when it last answered by the interval, or 0 */
	u16 lport;
	u16 rport;
	u16 mss_peer;
	u16 adv_mss;
	u8 snd_wscale;
	u8 rcv_wscale;
	u8 retries;		/* retransmissions, for a repeated SYN or by the timer */
	u8 timeouts;		/* of the timer, also where nothing was sent because of @acked */
	u8 most;		/* TCP_SYNCNT, 0: the namespace's; host sets after init */
	u8 defer;		/* TCP_DEFER_ACCEPT as time-outs to wait for data; host sets */
	bool acked;		/* an ACK without data was ignored, because of @defer */
	bool ts_on;
	bool sack_on;
	bool wscale_on;
	bool cookie;		/* atcp_cookie_make() has filled it */
	u32 cookie_ts;		/* TSval of its SYN-ACK, options inside */
};

/* A segment for a port with no listener or connection: section 3.10.7.1. */
enum atcp_verdict atcp_closed_arrive(const struct atcp_hdr *h, u32 len,
				     struct atcp_hdr *reply);

/* A segment for a listener that matches no request: section 3.10.7.2. */
enum atcp_verdict atcp_listen_arrive(const struct atcp_hdr *h, u32 len,
				     struct atcp_hdr *reply);

/**
 * atcp_req_init() - fill a request from a SYN
 * @r:		out
 * @t:		its ends
 * @h:		the SYN
 * @adv_mss:	MSS option to send
 * @space_full:	at least the largest receive window that this connection may ever
 *		offer: sets the window scale
 * @wnd:	receive window to offer first, bytes
 */
void atcp_req_init(struct atcp_req *r, struct atcp_space *space, const struct atcp_tuple *t,
		   const struct atcp_hdr *h, u16 adv_mss, u32 space_full, u32 wnd);

struct atcp_tw;

/**
 * atcp_req_follow() - after ATCP_REOPEN and atcp_req_init(): number the new
 * connection above the old one (RFC 9293 section 3.6.1)
 */
void atcp_req_follow(struct atcp_req *r, const struct atcp_tw *old);

/* The SYN-ACK of a request. */
void atcp_req_synack(const struct atcp_req *r, struct atcp_hdr *out);

/*
 * A segment arrives for a request: section 3.10.7.4 in SYN-RECEIVED.  @why: set
 * when the segment is refused, and ATCP_DROP_NONE otherwise.
 */
enum atcp_verdict atcp_req_arrive(struct atcp_req *r, struct atcp_space *space,
				  const struct atcp_hdr *h, u32 len, struct atcp_hdr *reply,
				  enum atcp_drop *why);

/**
 * atcp_req_timeout() - r->deadline may have come
 * Return: ATCP_SYNACK (deadline moved on), ATCP_FORGET (given up), or ATCP_DROP
 * (nothing is due yet).
 */
enum atcp_verdict atcp_req_timeout(struct atcp_req *r, struct atcp_space *space);

/**
 * atcp_accept() - a full control block out of a request
 * @c:	zeroed, as for atcp_tcb_init() (which it calls); becomes SYN-RECEIVED.
 *	The host then sets mss_path and mss_sure, and hands over the ACK by atcp_arrive().
 */
void atcp_accept(struct atcp_tcb *c, const struct atcp_req *r, struct atcp_space *space);

/**
 * atcp_cookie_make() - turn a request into a SYN cookie: nothing need be kept
 * @r:	by atcp_req_init(); its iss, ts_offset, options become what a cookie can
 *	carry. Send atcp_req_synack() and forget it.
 */
void atcp_cookie_make(struct atcp_req *r, struct atcp_space *space, const struct atcp_tuple *t);

/**
 * atcp_cookie_check() - look for a cookie in an ACK
 * @r:		out: the request that the cookie stands for
 * Return: false when the ACK returns none. True: go on as for ATCP_ACCEPT.
 */
bool atcp_cookie_check(struct atcp_req *r, struct atcp_space *space, const struct atcp_tuple *t,
		       const struct atcp_hdr *h, u16 adv_mss, u32 space_full, u32 wnd);

/* --- TIME-WAIT without a control block --- */

/**
 * struct atcp_tw - a connection in TIME-WAIT
 *
 * Embedded in the host's object; protected by the host.
 */
struct atcp_tw {
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 rcv_wnd;		/* bytes */
	u32 ts_recent;
	u32 ts_offset;
	u64 ts_recent_at;
	u64 expires;		/* the host forgets it then; 2 MSL, restarted by a FIN */
	u64 challenge_at;	/* as atcp_req.challenge_at */
	u16 lport;
	u16 rport;
	u8 rcv_wscale;
	bool ts_on;
};

void atcp_tw_init(struct atcp_tw *tw, const struct atcp_tcb *c);

/**
 * atcp_tw_arrive() - a segment arrives in TIME-WAIT (section 3.10.7.4, RFC 1337,
 * RFC 6191)
 * @listening:	there is a listener: a new connection's SYN gives ATCP_REOPEN.  Without
 *		one the SYN is refused, and the TIME-WAIT stays
 */
enum atcp_verdict atcp_tw_arrive(struct atcp_tw *tw, struct atcp_space *space,
				 const struct atcp_hdr *h, u32 len, bool listening,
				 struct atcp_hdr *reply);

/**
 * atcp_tw_yields() - true if an active open of the same ends may take its place
 * @at_once:	without waiting for conf.tw_reuse_delay
 *
 * As RFC 6191, for the side that opens: with timestamps, PAWS keeps old segments
 * out of the new connection.
 */
bool atcp_tw_yields(const struct atcp_tw *tw, const struct atcp_space *space, bool at_once);

/* The next atcp_open() of @c numbers its connection above @old (section 3.4.3). */
void atcp_open_follow(struct atcp_tcb *c, const struct atcp_tw *old);

/* --- shared by all of the above --- */

/* RFC 6528. */
u32 atcp_isn(const struct atcp_space *space, const struct atcp_tuple *t);
u32 atcp_ts_offset(const struct atcp_space *space, const struct atcp_tuple *t);

/* The smallest shift by which @full fits into 16 bits (RFC 7323 section 2.3). */
u8 atcp_wscale_for(u32 full);

#endif /* _ATCP_CORE_CORE_H */
