/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: all that an algorithm and the rest of atcp know of each other.
 *
 * An algorithm is one C file.  It includes this header, fills a struct atcp_cc_ops, and
 * ends with ATCP_CC(ops) and MODULE_ALIAS_ATCP_CC("name").  In the kernel the file is a
 * module, which registers with the loaded atcp, and programs name it by TCP_CONGESTION; the
 * simulator takes the same file.
 *
 * The algorithm decides how much may be in flight.  The rest is atcp's: what is lost, when
 * it is sent again, how cwnd comes down in recovery (RFC 9937), and what is restored where
 * nothing was lost.
 *
 * Units: bytes and microseconds, unless something else is said.  Sums of bytes wrap; only
 * their differences tell something.
 *
 * Every function is called with the connection's lock held, in softirq or in a program's
 * call: none may sleep.
 */
#ifndef _ATCP_CC_H
#define _ATCP_CC_H

/* Integers, min(), max(), div_u64(), div64_u64(), ATCP_CC(). */
#ifdef __KERNEL__
#include "cc_kernel.h"
#else
#include "cc_user.h"
#endif

/* Grows with each change of this file that a compiled algorithm would not survive. */
#define ATCP_CC_API		2

#define ATCP_CC_NAME_MAX	16	/* with the 0 that ends it; of a-z 0-9 _ and - */
#define ATCP_CC_SIZE_MAX	(18 * sizeof(u64))
#define ATCP_CC_SIZE_NEAR	(8 * sizeof(u64))	/* more than this is allocated */
#define ATCP_CC_CWND_MAX	0x40000000u		/* the largest window of TCP */
#define ATCP_CC_UNPACED		(~0ULL)
#define ATCP_CC_PACE_MIN	1000u			/* bytes a second */

/**
 * struct atcp_cc - what an algorithm decides
 * @cwnd:	that may be in flight.  The algorithm changes it in ack() and event(); while
 *		what was lost is repaired (RFC 9937) nothing that it writes is taken, unless
 *		it has ATCP_CC_OWN_RECOVERY.
 * @ssthresh:	slow start ends here; ~0: it was not reached yet
 * @pace:	bytes a second at which data is sent, what is sent again too; ATCP_CC_UNPACED,
 *		which it is before init(): as fast as cwnd allows.  A segment has no more than
 *		a millisecond's worth, but two times the MSS at least.
 * @own:	the algorithm's own memory of ops->size bytes, zeroed before init()
 * @near:	where that is, unless more than this was asked for; of no other use
 *
 * Whatever it writes is brought into bounds: cwnd of one segment to ATCP_CC_CWND_MAX,
 * ssthresh of two segments at least, pace of ATCP_CC_PACE_MIN at least.  SO_MAX_PACING_RATE
 * bounds the pace as well.
 */
struct atcp_cc {
	u32 cwnd;
	u32 ssthresh;
	u64 pace;
	void *own;
	u64 near[ATCP_CC_SIZE_NEAR / sizeof(u64)];
};

enum atcp_cc_is {
	ATCP_CC_ROUND		= 0x01,	/* a round trip has passed since the last such ACK */
	ATCP_CC_FULL		= 0x02,	/* the program fills cwnd: it may grow */
	ATCP_CC_APP_LIMITED	= 0x04,	/* the program had too little to send (of a sample: then) */
	ATCP_CC_RECOVERY	= 0x08,	/* something is lost, and not all repaired */
	ATCP_CC_AGAIN		= 0x10,	/* part of what arrived was sent more than once */
	ATCP_CC_SACK		= 0x20,	/* the peer tells of each segment: RFC 2018 */
};

/**
 * struct atcp_cc_sample - what an algorithm is told
 * @now:	the time; starts anywhere, never goes back
 * @mss:	payload of a full segment
 * @flight:	in the network, as far as is known after this ACK
 * @max_flight:	the most that was, in this window of data or the last
 * @srtt:	smoothed round trip (RFC 6298); 0: none yet
 * @min_rtt:	the least of the last minutes; 0: none yet
 * @is:		enum atcp_cc_is
 * @acked:	ack(): bytes that cwnd may grow for; with ATCP_CC_OWN_RECOVERY all that this
 *		ACK reports for the first time, be it by SACK blocks
 * @rtt:	ack(): the round trip that this ACK has measured; 0: none
 * @used:	ssthresh(): what the loss came with, and is to become less: cwnd, or what was
 *		in flight if that is what counts (at a time-out, and without SACK)
 *
 * With ATCP_CC_RATES also the following.  In ack() they are of the segment, reported by this
 * ACK, that was sent last; for ATCP_CC_LOST of the one that is lost.
 *
 * @delivered:	segments that have arrived up to now
 * @prior_delivered: the same when the segment was sent
 * @rate_us:	ack(): the time in which the segments between these two have arrived; 0: it is
 *		not known, or too short to be believed
 * @tx_flight:	in the network when the segment was sent, with it
 * @tx_lost:	bytes lost since, with it
 * @size:	ATCP_CC_LOST: bytes of the segment, which may be many on the wire
 */
struct atcp_cc_sample {
	u64 now;
	u32 mss;
	u32 flight;
	u32 max_flight;
	u32 srtt;
	u32 min_rtt;
	u32 is;
	u32 acked;
	u32 rtt;
	u32 used;
	u32 delivered;
	u32 prior_delivered;
	u32 rate_us;
	u32 tx_flight;
	u32 tx_lost;
	u32 size;
};

enum atcp_cc_why {
	ATCP_CC_LOSS,		/* segments are lost: recovery begins */
	ATCP_CC_TIMEOUT,	/* nothing came back; cwnd will be one segment */
};

enum atcp_cc_event {
	ATCP_CC_START,		/* data is sent where nothing was in flight */
	ATCP_CC_RECOVERED,	/* what was lost is repaired; cwnd is what recovery has left */
	ATCP_CC_UNDO,		/* nothing was lost: cwnd and ssthresh are as they were */
	ATCP_CC_MSS,		/* the size of segments has changed */
	ATCP_CC_LOST,		/* ATCP_CC_RATES: a segment is lost */
};

/* What an algorithm asks for. */
enum atcp_cc_flag {
	ATCP_CC_RATES		= 0x01,	/* the sample's second part, and ATCP_CC_LOST */
	/*
	 * It decides on cwnd in recovery too: ack() is called for each ACK that tells of
	 * something new, and RFC 9937 is not applied.  Nor is cwnd reduced after idling.  At a
	 * time-out cwnd is a segment more than what is in flight.
	 */
	ATCP_CC_OWN_RECOVERY	= 0x02,
};

/**
 * union atcp_cc_info - what getsockopt(TCP_CC_INFO) and sock_diag tell, in the kernel's layout
 * @bbr:	struct tcp_bbr_info: bytes a second in two halves, microseconds, gains times 256
 */
union atcp_cc_info {
	struct {
		u32 bw_lo;
		u32 bw_hi;
		u32 min_rtt;
		u32 pacing_gain;
		u32 cwnd_gain;
	} bbr;
};

enum atcp_cc_info_kind {
	ATCP_CC_INFO_NONE,
	ATCP_CC_INFO_BBR,
};

/**
 * struct atcp_cc_ops - an algorithm
 * @name:	as TCP_CONGESTION and net.atcp.congestion_control name it
 * @api:	ATCP_CC_API
 * @size:	of its own memory: at most ATCP_CC_SIZE_MAX
 * @flags:	enum atcp_cc_flag
 * @init:	the connection is established, or has changed to this algorithm; may be NULL
 * @ack:	an ACK has told of data that arrived: without a loss, and in slow start after
 *		a time-out (ATCP_CC_RECOVERY)
 * @ssthresh:	the new slow-start threshold
 * @event:	may be NULL
 * @info:	fills @info and returns what it is; may be NULL
 * @release:	the connection changes to another algorithm, or is gone; may be NULL
 * @owner:	THIS_MODULE
 */
struct atcp_cc_ops {
	const char *name;
	u16 api;
	u16 size;
	u32 flags;
	void (*init)(struct atcp_cc *cc, const struct atcp_cc_sample *s);
	void (*ack)(struct atcp_cc *cc, const struct atcp_cc_sample *s);
	u32 (*ssthresh)(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			enum atcp_cc_why why);
	void (*event)(struct atcp_cc *cc, const struct atcp_cc_sample *s,
		      enum atcp_cc_event event);
	enum atcp_cc_info_kind (*info)(const struct atcp_cc *cc, union atcp_cc_info *info);
	void (*release)(struct atcp_cc *cc);
	void *owner;
};

/**
 * atcp_cc_register() - programs may choose the algorithm from now on
 * @ops:	stays where it is until it is unregistered
 *
 * Return: 0; -EINVAL: of another version, or not complete; -EEXIST: the name is taken;
 * -ENOMEM.  May sleep.
 */
int atcp_cc_register(const struct atcp_cc_ops *ops);
/* No connection has it any more: each holds a reference to the module.  May sleep. */
void atcp_cc_unregister(const struct atcp_cc_ops *ops);

/* The two that are built in. */
extern const struct atcp_cc_ops atcp_cc_reno;
extern const struct atcp_cc_ops atcp_cc_cubic;

/*
 * Slow start up to ssthresh: RFC 5681 section 3.1.  Return: what is left of @acked for
 * congestion avoidance.
 */
static inline u32 atcp_cc_slow_start(struct atcp_cc *cc, u32 acked)
{
	u32 grow = cc->cwnd < cc->ssthresh ? min(acked, cc->ssthresh - cc->cwnd) : 0;

	cc->cwnd += grow;
	return acked - grow;
}

#endif /* _ATCP_CC_H */
