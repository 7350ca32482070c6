/* SPDX-License-Identifier: GPL-2.0 */
/* Timestamps of sent and received data, for the program. */
#ifndef _ATCP_STAMP_H
#define _ATCP_STAMP_H

#include "socket/sock.h"

/* Arrival time of the data that was read last; 0: not known. */
struct atcp_stamp {
	ktime_t software;
	ktime_t hardware;
};

/*
 * With SOF_TIMESTAMPING_OPT_ID in @tsflags the numbering of octets begins at the next one
 * to be written, unless it has begun before; without it, numbering ends. Locked.
 */
void atcp_stamp_base(struct sock *sk, u32 tsflags);

/* Marks the message that was queued last to be reported as @tsflags say. Locked. */
void atcp_stamp_sent(struct sock *sk, u32 tsflags);

/* Whether @skb, of the send queue, has a timestamp to report. */
static inline bool atcp_stamped(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->tx_flags & SKBTX_ANY_TSTAMP ||
	       atcp_seg_cb(atcp_seg((struct sk_buff *)skb))->sent & ATCP_SENT_TELL;
}

/* @rest gets the bytes of @skb from @len on, and its report if that is about them. Locked. */
void atcp_stamp_split(struct sock *sk, struct sk_buff *skb, struct sk_buff *rest, u32 len);

/* Whether the program has asked for arrival times. */
static inline bool atcp_stamp_wanted(const struct sock *sk)
{
	return sock_flag(sk, SOCK_RCVTSTAMP) || READ_ONCE(sk->sk_tsflags);
}

/* Takes the arrival time of @skb for the data that is read. */
static inline void atcp_stamp_take(struct atcp_stamp *stamp, struct sk_buff *skb)
{
	if (skb->tstamp || skb_hwtstamps(skb)->hwtstamp) {
		stamp->software = skb->tstamp;
		stamp->hardware = skb_hwtstamps(skb)->hwtstamp;
	}
}

/* @from was appended to @to, which takes its arrival time, as in tcp_try_coalesce(). */
static inline void atcp_stamp_join(struct sk_buff *to, struct sk_buff *from)
{
	if (unlikely(from->tstamp || skb_hwtstamps(from)->hwtstamp)) {
		to->tstamp = from->tstamp;
		skb_hwtstamps(to)->hwtstamp = skb_hwtstamps(from)->hwtstamp;
	}
}

/* Adds @stamp to @msg as control messages, as tcp_recv_timestamp(). */
void atcp_stamp_put(struct msghdr *msg, struct sock *sk, struct atcp_stamp *stamp);

#endif /* _ATCP_STAMP_H */
