/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transmission control block (RFC 9293 section 3.3.1) and the state that all
 * connections of one host (a network namespace) share.
 *
 * Everything in struct atcp_tcb is protected by its connection's lock.
 * Sequence numbers are in host byte order; sizes are bytes; times are
 * microseconds on atcp_host_now()'s clock.
 */
#ifndef _ATCP_CORE_TCB_H
#define _ATCP_CORE_TCB_H

#include "core/cc.h"
#include "core/host.h"
#include "core/minmax.h"
#include "core/wire.h"

/*
 * RFC 9293 section 3.3.2.  The values are those of the kernel's TCP_* states,
 * which ss, sk_state and tracing tools know.
 */
enum atcp_state {
	ATCP_ESTABLISHED = 1,
	ATCP_SYN_SENT,
	ATCP_SYN_RECEIVED,
	ATCP_FIN_WAIT_1,
	ATCP_FIN_WAIT_2,
	ATCP_TIME_WAIT,
	ATCP_CLOSED,
	ATCP_CLOSE_WAIT,
	ATCP_LAST_ACK,
	ATCP_LISTEN,
	ATCP_CLOSING,
};

#define ATCP_IN(state, set)	((1u << (state)) & (set))
#define ATCP_S(name)		(1u << ATCP_##name)

/* States in which this side may still queue data to send. */
#define ATCP_CAN_SEND	(ATCP_S(ESTABLISHED) | ATCP_S(CLOSE_WAIT))
/* States in which the peer may still send data (its FIN has not come). */
#define ATCP_CAN_RECEIVE (ATCP_S(ESTABLISHED) | ATCP_S(FIN_WAIT_1) | ATCP_S(FIN_WAIT_2))
/* Synchronized states: both ends know both initial sequence numbers. */
#define ATCP_SYNCHRONIZED (ATCP_CAN_SEND | ATCP_S(FIN_WAIT_1) | ATCP_S(FIN_WAIT_2) | \
			   ATCP_S(CLOSING) | ATCP_S(LAST_ACK) | ATCP_S(TIME_WAIT))

#define ATCP_MSEC	1000ULL
#define ATCP_SEC	1000000ULL

/**
 * struct atcp_tuple - the ends of a connection, as hashed for ISNs and cookies
 * @laddr:	this end's address; IPv4 as ::ffff:a.b.c.d, network byte order
 * @raddr:	the other end's
 * @lport:	this end's port, host byte order
 * @rport:	the other end's
 */
struct atcp_tuple {
	u8 laddr[16];
	u8 raddr[16];
	u16 lport;
	u16 rport;
};

/**
 * struct atcp_conf - the settings of a namespace's owner; read at any time
 * @rto_min:		lower bound of the retransmission time-out, microseconds
 * @rto_max:		upper bound, microseconds (RFC 6298 2.5: at least 60 s)
 * @msl2:		TIME-WAIT, twice the maximum segment lifetime, microseconds
 * @fin_timeout:	how long an orphan stays in FIN-WAIT-2, microseconds
 * @keepalive_time:	idle time before the first probe, microseconds
 * @keepalive_intvl:	time between probes, microseconds
 * @keepalive_probes:	unanswered probes before the connection is given up
 * @syn_linear_timeouts: time-outs of a SYN before they begin to back off
 * @syn_retries:	retransmissions of a SYN, or of a simultaneous open's SYN-ACK,
 *			before connect() times out (R2)
 * @synack_retries:	retransmissions of a SYN-ACK by a listener
 * @retries1:		retransmissions before the route is doubted (R1)
 * @retries2:		retransmissions before the connection is given up (R2)
 * @orphan_retries:	the same, and zero-window probes, for an orphan; 0: 8
 * @tw_reuse_delay:	least age of a TIME-WAIT's last timestamp for connect() to take
 *			its place, microseconds
 * @challenge_interval:	RFC 5961 section 7: least time between two challenge ACKs of
 *			one connection, and other answers (challenge.h), microseconds
 * @initial_window:	RFC 6928: segments sent before the first ACK
 * @min_snd_mss:	least size of segments, whatever a peer or path asks for, options
 *			included, bytes
 * @min_rtt_wlen:	validity of a minimum of the round-trip time, seconds
 * @timestamps:		RFC 7323 timestamps, 0: none; 1: with an offset that is random
 *			for each connection; else without
 * @tolerate_missing_ts: accept a segment without a timestamp where they were negotiated
 * @window_scaling:	offer and accept RFC 7323 window scaling
 * @sack:		offer and accept RFC 2018 SACK
 * @recovery:		SACK blocks and time tell what is lost (RFC 8985); false: duplicate
 *			ACKs, as without SACK
 * @early_retrans:	3 and 4: tail loss probes (RFC 8985 section 7); less: none, as Linux
 * @frto:		find spurious time-outs (RFC 5682), 0: do not
 * @reordering:		segments that one may be late by before it is taken for lost
 * @dsack:		report what arrived twice, RFC 2883
 * @rfc1337:		a RST does not end TIME-WAIT; false: one that is exactly next does
 * @slow_start_after_idle: RFC 5681 section 4.1
 * @mtu_probing:	path MTU discovery without ICMP, 0: none; 1: after two time-outs;
 *			2: from the start
 * @base_mss:		payload of a segment that most paths take, bytes: what a search begins at
 * @mtu_probe_floor:	payload below which no black hole reduces a segment, bytes
 * @probe_threshold:	a search ends when it has narrowed the size down to less, bytes
 * @probe_interval:	from one search to the next, microseconds
 * @debug_isn:		0, or the initial sequence number of every new connection
 */
struct atcp_conf {
	u64 rto_min;
	u64 rto_max;
	u64 msl2;
	u64 fin_timeout;
	u64 keepalive_time;
	u64 keepalive_intvl;
	u64 challenge_interval;
	u64 tw_reuse_delay;
	u64 probe_interval;
	u32 keepalive_probes;
	u32 syn_linear_timeouts;
	u32 syn_retries;
	u32 synack_retries;
	u32 retries1;
	u32 retries2;
	u32 orphan_retries;
	u32 initial_window;
	u32 min_snd_mss;
	u32 min_rtt_wlen;
	u32 timestamps;
	u32 mtu_probing;
	u32 base_mss;
	u32 mtu_probe_floor;
	u32 probe_threshold;
	u32 reordering;
	u32 early_retrans;
	u32 frto;
	bool tolerate_missing_ts;
	bool window_scaling;
	bool sack;
	bool recovery;
	bool dsack;
	bool rfc1337;
	bool slow_start_after_idle;
	u32 debug_isn;
	const struct atcp_cc_ops *cc;	/* until atcp_cc_change(): one that needs no memory */
};

/**
 * struct atcp_space - the state that connections of one namespace or host share
 * @conf:		settings
 * @isn_key:		secret of RFC 6528 initial sequence numbers
 * @ts_key:		secret of the timestamp offsets
 * @cookie_key:		secret of SYN cookies
 *
 * Each number made of a key is a hash of the connection's whole tuple, so that one
 * connection's numbers give nothing away about another's.
 *
 * There is no limit of challenge ACKs here on purpose: if connections shared one, an
 * attacker on one of them could find out what happens on another (CVE-2016-5696).
 */
struct atcp_space {
	struct atcp_conf conf;
	u64 isn_key[2];
	u64 ts_key[2];
	u64 cookie_key[2];
};

/* Of those that are due, the first of this list goes first. */
enum atcp_timer {
	ATCP_T_TAIL,		/* tail loss probe, RFC 8985 section 7; it moves ATCP_T_REXMT */
	ATCP_T_REXMT,		/* retransmission, RFC 6298; or zero-window probe */
	ATCP_T_DELACK,		/* delayed ACK */
	ATCP_T_KEEP,		/* keep-alive; FIN-WAIT-2 of an orphan */
	ATCP_T_PACE,		/* pacing: the next segment may go */
	ATCP_T_REORDER,		/* RACK: what is late is lost, RFC 8985 section 6.2 */
	ATCP_T_COUNT
};

/* What limits a connection, for TCP_INFO. */
enum atcp_chrono {
	ATCP_IDLE,		/* nothing queued */
	ATCP_BUSY,		/* the network or cwnd */
	ATCP_RWND_LIMITED,	/* the peer's window */
	ATCP_SNDBUF_LIMITED,	/* the send buffer: the program waits for room in it */
};

enum atcp_recovery {
	ATCP_OPEN,		/* no loss is known */
	ATCP_FAST,		/* fast recovery, RFC 6582 or RFC 8985 */
	ATCP_LOSS,		/* after a retransmission time-out */
};

/* RFC 5682, after a time-out. */
enum atcp_frto {
	ATCP_FRTO_NO,		/* not in doubt, or not any more */
	ATCP_FRTO_FIRST,	/* the first segment was sent again */
	ATCP_FRTO_NEW,		/* and acknowledged: new data goes */
};

/* What a connection needs once segments were lost, or came out of order: aside.h. */
struct atcp_aside {
	struct atcp_sack_block sack_first; /* the peer's first block, when it last changed */
	struct atcp_sack_block ooo_recent[ATCP_SACK_BLOCKS];	/* most recent first */
	struct atcp_sack_block dsack;	/* what the latest segment has brought again */

	/* Proportional rate reduction, RFC 9937. */
	u32 prr_flight;			/* bytes in flight when recovery began */
	u32 prr_delivered;		/* bytes that have arrived since */
	u32 prr_out;			/* bytes sent since */

	/* While c->undo. */
	u32 undo_una;			/* SND.UNA when recovery began */
	u32 undo_sent;			/* segments sent again since */
	u32 undo_dups;			/* segments since that the peer had already */
	u32 undo_end;			/* one past the highest number that was sent again */
	u32 resent_ts;			/* the timestamp of the first that was sent again, or 0 */
	u32 prior_cwnd;
	u32 prior_ssthresh;

	u32 lost_sum;			/* bytes of all segments that were lost: ATCP_CC_RATES */
};

struct atcp_tcb {
	struct atcp_space *space;
	u16 flags;			/* ATCP_F_*, below */
	u8 state;			/* enum atcp_state */
	u8 syn_retries;			/* this socket's own, 0: the namespace's; host sets */
	u16 lport;			/* host byte order; set by the host before open */
	u16 rport;

	/* Negotiated. */
	u16 adv_mss;			/* MSS option to send: link MTU - headers; host sets */
	u16 mss;			/* payload of a full segment, options deducted */
	u16 mss_peer;			/* the peer's MSS option, or the default */
	u16 mss_path;			/* path MTU - IP and TCP headers; host sets */
	u16 mss_user;			/* TCP_MAXSEG, 0 for none; host sets */
	u16 mss_sure;			/* what every path of this IP version takes, as mss_path,
					 * 0: nothing is known; host sets
					 */
	u8 snd_wscale;
	u8 rcv_wscale;
	bool ts_on;			/* timestamps in every segment */
	bool sack_on;
	bool wscale_on;
	bool rack;			/* SACK blocks and RACK tell what is lost (RFC 8985); false:
					 * duplicate ACKs (RFC 6582)
					 */

	/* Path MTU discovery without ICMP (pmtud.c); sizes have the unit of mss_path. */
	u16 mtup_low;			/* no segment but a probe is larger; 0: no such bound */
	u16 mtup_high;			/* what is larger has not passed */
	u16 mtup_size;			/* of the probe in flight, 0: none */
	u16 mtup_before;		/* the size before a reduction that may be undone, or 0 */
	bool mtup_top;			/* the next probe has the largest size */
	bool mtup_passed;		/* something was acknowledged since the reduction */
	u32 mtup_seq;			/* first number of the probe; else end of the segment for
					 * whose sake the size was reduced
					 */
	u64 mtup_at;			/* when the size was reduced, or the search began */

	/* Send sequence space. */
	u32 snd_una;
	u32 snd_nxt;			/* one past the highest number ever sent */
	u32 snd_wnd;			/* scaled to bytes */
	u32 snd_wl1;
	u32 snd_wl2;
	u32 snd_up;			/* one past the urgent data, RFC 6093 */
	u32 iss;			/* before atcp_open(): 0, or by atcp_open_follow() */
	u32 write_seq;			/* one past the last queued byte or FIN */
	u32 snd_wnd_max;		/* largest window the peer ever offered */
	u32 snd_sml;			/* end of the last partial segment sent (Minshall) */

	/* Receive sequence space. */
	u32 rcv_nxt;
	u32 rcv_wup;			/* RCV.NXT when the window was last advertised */
	u32 rcv_wnd;			/* window advertised then: right edge is the sum */
	u32 rcv_up;			/* one past the peer's urgent data */
	u32 irs;
	u32 copied_seq;			/* next to be read by the program; host sets */
	u32 wnd_clamp;			/* most window to offer, 0: no bound; host sets */
	u16 rcv_mss;			/* estimate of the peer's segment size */
	u16 rcv_smaller;		/* size of the last segment, if it was below that, or 0 */
	u16 wnd_first;			/* segments to offer at first, 0: no bound; host sets */
	u8 quick;			/* ACKs still to be sent at once, at the start */
	bool ack_pending;		/* something arrived that is to be acknowledged */
	bool ack_now;			/* and its ACK is not delayed */
	bool fin_rcvd;
	bool fin_queued;		/* our FIN is in the send queue */
	bool interactive;		/* the program answers data with data: delay ACKs */
	bool dsack_due;			/* the next ACK is to tell of dsack: dsack.c */
	u8 ooo_blocks;			/* blocks in ooo_recent */

	int soft_error;			/* positive errno of a remembered soft error */

	/* Queues.  Those for sending are queue.c's. */
	struct atcp_seg *snd_unsent;	/* never sent: a list */
	struct atcp_seg *snd_last;	/* its end */
	struct atcp_seg *snd_flight;	/* sent, perhaps in the network: a tree by sequence */
	struct atcp_seg *snd_lost;	/* sent, and lost: a tree */
	struct atcp_seg *snd_sacked;	/* sent, and reported: a tree */
	struct atcp_seg *snd_oldest;	/* in flight: a list in order of time */
	struct atcp_seg *snd_newest;	/* its end */
	struct atcp_seg *ooo_root;	/* received out of order, a tree by sequence */

	/* Timestamps, RFC 7323. */
	u64 ts_recent_at;
	u32 ts_offset;			/* added to our clock, to hide the uptime */
	u32 ts_recent;
	u32 last_ack_sent;

	/* Time. */
	u32 waited;			/* for how long the segment that arrives has waited for the
					 * lock before @now; host sets, see atcp_arrive()
					 */
	u64 now;			/* when the core was last entered */
	u64 deadline[ATCP_T_COUNT];	/* ATCP_NEVER: not running */
	u64 armed;			/* the earliest of them, as the host was told */
	u64 last_rcv;			/* arrival of the last acceptable ACK */
	u64 last_snd;			/* last data sent */
	u64 syn_sent_at;		/* first SYN of an active open */
	u64 rtx_since;			/* first transmission of the data now resent, or 0 */
	u64 pace_at;			/* when pacing lets the next segment go */
	u32 quantum;			/* bytes of a millisecond at atcp_pacing_rate() */
	u32 rto_min_route;		/* the route's, 0: none; host sets */
	u32 rto_min;			/* this socket's own, 0: the namespace's; host sets */
	u32 rto_max;
	u32 delack_max;			/* most delay of an ACK, 0: no other than ATCP_DELACK */
	u32 user_timeout;		/* milliseconds, RFC 5482; 0: R2 by count; host sets */
	u16 keep_time;			/* seconds, 0: the namespace's; host sets */
	u16 keep_intvl;			/* seconds, likewise */
	s16 linger2;			/* seconds in FIN-WAIT-2 of an orphan, 0: the namespace's,
					 * below 0: a reset instead; host sets
					 */
	u8 keep_probes;
	u8 keep_sent;
	u16 ssthresh_first;		/* segments, 0: not known; host sets before open */

	/* RTT, RFC 6298; microseconds. */
	u32 srtt;			/* times 8; 0: no sample yet */
	u32 rttvar;			/* times 4 */
	u32 rto;			/* without back-off */
	u8 backoff;
	u8 retries;			/* of the oldest segment, since atcp_progress() */
	u8 probes;			/* zero-window probes since the window opened */

	/* Loss recovery and congestion control. */
	u8 recovery;			/* enum atcp_recovery */
	u8 dupacks;
	bool partial;			/* this fast recovery has had a partial ACK */
	bool fin_lost;			/* the FIN was sent, and is taken for lost */
	bool tlp_again;			/* the tail loss probe was data that was sent before */
	bool cc_started;		/* cc_ops has been told of the connection: init() */
	u32 dup_flight;			/* bytes in flight at the first duplicate ACK */
	u32 sacked;			/* bytes that have left the network: reported by SACK
					 * blocks; without c->rack a segment for each duplicate ACK
					 */
	u32 lost;			/* bytes taken for lost, and not sent again since */
	u32 sacked_segs;		/* the same in segments on the wire */
	u32 lost_segs;
	u32 resent_segs;		/* of those in flight, sent more than once */
	u32 recover;			/* RFC 6582: SND.NXT when recovery began */
	u32 max_flight;			/* most bytes in flight in this window of data */
	u32 max_flight_end;		/* where that window ends */
	u32 round_end;			/* SND.NXT when this round trip began: congestion.c */

	/* RACK-TLP (rack.c). */
	u64 rack_at;			/* of what has arrived, the one that was sent last: when */
	u32 rack_end;			/* its end */
	u32 rack_rtt;			/* its round trip, microseconds */
	u32 fack;			/* one past the highest number that has arrived */
	u32 reord_seen;			/* times that segments were reordered */
	u16 reordering;			/* segments that one may be late by; host may set */
	u8 reo_mult;			/* the reordering window, in quarters of the least RTT */
	u8 reo_persist;			/* recoveries until that is 1 again */
	u32 reo_round;			/* SND.NXT when it last grew */
	u32 tlp_end;			/* SND.NXT when the tail loss probe was sent */
	u32 fill_room;			/* bytes that may be sent before the next ACK */

	/* Proportional rate reduction (RFC 9937) and undo (recovery.c); NULL: not needed yet. */
	struct atcp_aside *aside;
	bool undo;			/* cwnd was reduced, and prior_cwnd may be restored */
	u8 frto;			/* enum atcp_frto */
	bool filling;			/* it was restored: fill_room bounds a burst */
	bool tlp_out;			/* a tail loss probe was sent, and not judged yet */
	u16 cwnd_first;			/* segments, 0: the namespace's initial window; host sets */
	u16 cwnd_max;			/* most segments of cwnd, 0: no bound; host sets */
	const struct atcp_cc_ops *cc_ops;	/* changed by atcp_cc_change() */
	struct atcp_cc cc;

	u64 challenge_at;		/* when it last answered by the interval, or 0 */

	/* Counts for TCP_INFO and the inspection tools. */
	u64 bytes_acked;		/* our SYN (not a SYN-ACK) and FIN count, as in TCP */
	u64 bytes_received;		/* the peer's FIN counts */
	u64 bytes_sent;
	u64 bytes_retrans;
	u32 segs_out;			/* on the wire, not super-segments; so all of these */
	u32 segs_in;
	u32 data_segs_out;
	u32 data_segs_in;
	u32 total_retrans;
	u32 rcv_ooopack;		/* arrived out of order */
	u32 dsack_dups;			/* segments that the peer had twice (RFC 2883) */
	u32 last_data_in;		/* when text last came in order, milliseconds; 0: never */

	/* Time-outs; milliseconds. */
	u16 rto_count;			/* SYN's included */
	u16 rto_recoveries;		/* runs of them without progress */
	u32 rto_time;			/* spent in such runs that have ended */
	u32 rto_since;			/* when the present run began, or 0 */
	u16 rehash;			/* times that another path was asked for */
	bool rate_app_limited;		/* the rate below is of such a time */

	/* What limits us, milliseconds. */
	u8 chrono;			/* enum atcp_chrono, now */
	u32 chrono_since;
	u32 chrono_time[3];		/* by enum atcp_chrono, from ATCP_BUSY on */

	/* Delivery rate (draft-cheng-iccrg-delivery-rate-estimation). */
	u32 delivered;			/* segments known to have arrived */
	u32 delivered_at;		/* when that last grew; microseconds, as all here */
	u32 first_sent;			/* when the segments now measured were sent */
	u32 app_limited;		/* up to this value of delivered: too little to send */
	u32 rate_delivered;		/* the last valid sample: segments */
	u32 rate_interval;		/* and the time for them */

	/* Round trips besides srtt; microseconds. */
	u32 min_rtt;			/* least of the last conf.min_rtt_wlen, or 0 */
	struct atcp_min min_rtts;	/* what it is taken from; times in milliseconds */
	u32 rcv_rtt;			/* the receiver's estimate, times 8; 0: none yet */
	u32 rcv_tsecr;			/* timestamp echo that it was last taken from */
	u32 rcv_rtt_seq;		/* end of the window whose time is taken... */
	u64 rcv_rtt_at;			/* ...since then; 0: none yet */

	/* Sizing of the receive buffer (tune.c). */
	u64 tune_at;			/* when the measurement began... */
	u32 tune_seq;			/* ...and copied_seq then */
	u32 tune_space;			/* most that was read within a round trip, bytes */
};

/* What a connection takes beside its socket: it is to stay below the kernel's TCP. */
static_assert(sizeof(struct atcp_tcb) <= 832, "the control block has grown");

/* atcp_tcb.flags */
#define ATCP_F_NODELAY		0x01	/* TCP_NODELAY: no Nagle; host sets */
#define ATCP_F_CORK		0x02	/* hold partial segments (MSG_MORE); host sets */
#define ATCP_F_KEEPALIVE	0x04	/* set by atcp_set_keepalive() */
#define ATCP_F_ORPHAN		0x08	/* no program holds the socket */
#define ATCP_F_RCV_SHUT		0x10	/* no program will read: data resets */
#define ATCP_F_PASSIVE		0x20	/* came from LISTEN */
#define ATCP_F_THIN		0x40	/* TCP_THIN_LINEAR_TIMEOUTS; host sets */
#define ATCP_F_STARVED		0x80	/* the program waits for room to send; host sets */
#define ATCP_F_LAZY_ACK		0x100	/* SYN-SENT: data may carry the ACK; host sets */
#define ATCP_F_SYN_AGAIN	0x200	/* a challenge ACK has come for our SYN */
#define ATCP_F_QUICK_ROUTE	0x400	/* the route wants no delayed ACKs; host sets */

#define ATCP_COUNT_MAX	255	/* counts of 8 bits do not wrap, but stay there */

static inline void atcp_count(struct atcp_tcb *c, enum atcp_stat stat)
{
	atcp_host_count(c->space, stat);
}

static inline void atcp_set_state(struct atcp_tcb *c, enum atcp_state state)
{
	u8 old = c->state;

	c->state = state;
	atcp_host_state(c, old);
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

#endif /* _ATCP_CORE_TCB_H */
