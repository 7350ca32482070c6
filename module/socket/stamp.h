/* SPDX-License-Identifier: GPL-2.0 */
/* Timestamps of what is sent and received, for the program. */
#ifndef _ATCP_STAMP_H
#define _ATCP_STAMP_H

#include "socket/sock.h"

/* When what was read last had arrived; 0: not known. */
struct atcp_stamp {
	ktime_t software;
	ktime_t hardware;
};

/*
 * With SOF_TIMESTAMPING_OPT_ID octets are numbered from here on, unless they are
 * already; without it, not any more. Locked.
 */
void atcp_stamp_base(struct sock *sk, u32 tsflags);

/* A message was queued that is to be reported as @tsflags say. Locked. */
void atcp_stamp_sent(struct sock *sk, u32 tsflags);

/* Is there anything in @skb, of the send queue, to report? */
static inline bool atcp_stamped(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->tx_flags & SKBTX_ANY_TSTAMP ||
	       atcp_seg_cb(atcp_seg((struct sk_buff *)skb))->sent & ATCP_SENT_TELL;
}

/* From @len on @skb becomes @rest: to which of them does the report belong? Locked. */
void atcp_stamp_split(struct sock *sk, struct sk_buff *skb, struct sk_buff *rest, u32 len);

/* Does the program want to know when something arrives? */
static inline bool atcp_stamp_wanted(const struct sock *sk)
{
	return sock_flag(sk, SOCK_RCVTSTAMP) || READ_ONCE(sk->sk_tsflags);
}

/* The arrival of @skb is that of what is read. */
static inline void atcp_stamp_take(struct atcp_stamp *stamp, struct sk_buff *skb)
{
	if (skb->tstamp || skb_hwtstamps(skb)->hwtstamp) {
		stamp->software = skb->tstamp;
		stamp->hardware = skb_hwtstamps(skb)->hwtstamp;
	}
}

/* @from was appended to @to: its arrival counts, as in tcp_try_coalesce(). */
static inline void atcp_stamp_join(struct sk_buff *to, struct sk_buff *from)
{
	if (unlikely(from->tstamp || skb_hwtstamps(from)->hwtstamp)) {
		to->tstamp = from->tstamp;
		skb_hwtstamps(to)->hwtstamp = skb_hwtstamps(from)->hwtstamp;
	}
}

/* Control messages, as tcp_recv_timestamp(). */
void atcp_stamp_put(struct msghdr *msg, struct sock *sk, struct atcp_stamp *stamp);

#endif /* _ATCP_STAMP_H */
