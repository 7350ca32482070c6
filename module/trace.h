/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints atcp:*, described in atcp(7).  They cost nothing while disabled.
 *
 * Addresses and ports are named and formatted as in the kernel's tcp:*.  Fields that
 * begin with s are this host's, those with d the peer's, in both directions.  Ports are
 * in host byte order.  saddr and daddr are a struct sockaddr_in or sockaddr_in6;
 * saddr_v6 and daddr_v6 are 16 octets, mapped for IPv4.  Sequence numbers are absolute,
 * windows are in bytes, times in microseconds.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM atcp

#if !defined(_ATCP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ATCP_TRACE_H

#include <linux/tracepoint.h>

#include "tracing.h"

/* For programs that print by the format file, in which enums have no values. */
#define ATCP_STATE_ENUM(name)			TRACE_DEFINE_ENUM(ATCP_##name);
#define ATCP_RESEND_ENUM(name)			TRACE_DEFINE_ENUM(ATCP_RESEND_##name);
#define ATCP_DECISION_ENUM(name)		TRACE_DEFINE_ENUM(ATCP_DECISION_##name);
#define ATCP_DROP_ENUM(name, stat, text)	TRACE_DEFINE_ENUM(ATCP_DROP_##name);
#define ATCP_MTU_ENUM(name)			TRACE_DEFINE_ENUM(ATCP_MTU_##name);

ATCP_STATES(ATCP_STATE_ENUM)
TRACE_DEFINE_ENUM(ATCP_CLOSED);
ATCP_RESENDS(ATCP_RESEND_ENUM)
TRACE_DEFINE_ENUM(ATCP_RESEND_KEEPALIVE);
ATCP_DECISIONS(ATCP_DECISION_ENUM)
TRACE_DEFINE_ENUM(ATCP_DECISION_REFUSED);
ATCP_DROPS(ATCP_DROP_ENUM)
TRACE_DEFINE_ENUM(ATCP_DROP_NONE);
ATCP_MTUS(ATCP_MTU_ENUM)
TRACE_DEFINE_ENUM(ATCP_MTU_LOST);
TRACE_DEFINE_ENUM(ATCP_OPEN);
TRACE_DEFINE_ENUM(ATCP_FAST);
TRACE_DEFINE_ENUM(ATCP_LOSS);

#define ATCP_STATE_SYM(name)			{ ATCP_##name, #name },
#define ATCP_RESEND_SYM(name)			{ ATCP_RESEND_##name, #name },
#define ATCP_DECISION_SYM(name)			{ ATCP_DECISION_##name, #name },
#define ATCP_DROP_SYM(name, stat, text)		{ ATCP_DROP_##name, #name },
#define ATCP_MTU_SYM(name)			{ ATCP_MTU_##name, #name },

#define show_atcp_state(val)							\
	__print_symbolic(val, ATCP_STATES(ATCP_STATE_SYM) { ATCP_CLOSED, "CLOSED" })
#define show_atcp_resend(val)							\
	__print_symbolic(val, ATCP_RESENDS(ATCP_RESEND_SYM)			\
			 { ATCP_RESEND_KEEPALIVE, "KEEPALIVE" })
#define show_atcp_decision(val)							\
	__print_symbolic(val, ATCP_DECISIONS(ATCP_DECISION_SYM)			\
			 { ATCP_DECISION_REFUSED, "REFUSED" })
#define show_atcp_drop(val)							\
	__print_symbolic(val, ATCP_DROPS(ATCP_DROP_SYM) { ATCP_DROP_NONE, "NONE" })
#define show_atcp_recovery(val)							\
	__print_symbolic(val, { ATCP_OPEN, "OPEN" }, { ATCP_FAST, "FAST" },	\
			 { ATCP_LOSS, "LOSS" })
#define show_atcp_mtu(val)							\
	__print_symbolic(val, ATCP_MTUS(ATCP_MTU_SYM) { ATCP_MTU_LOST, "LOST" })
#define show_atcp_flags(val)							\
	__print_flags(val, "|", { 0x01, "FIN" }, { 0x02, "SYN" }, { 0x04, "RST" },	\
		      { 0x08, "PSH" }, { 0x10, "ACK" }, { 0x20, "URG" },	\
		      { 0x40, "ECE" }, { 0x80, "CWR" })

#define ATCP_ENDS_FIELDS							\
	__field(const void *, skaddr)						\
	__field(__u64, cookie)							\
	__field(__u32, netns)							\
	__field(__u16, family)							\
	__field(__u16, sport)							\
	__field(__u16, dport)							\
	__array(__u8, saddr_v6, 16)						\
	__array(__u8, daddr_v6, 16)						\
	__array(__u8, saddr, sizeof(struct sockaddr_in6))			\
	__array(__u8, daddr, sizeof(struct sockaddr_in6))

#define ATCP_ENDS_ASSIGN(net, sk, key)						\
	__entry->skaddr = sk;							\
	__entry->cookie = atcp_trace_cookie(sk);				\
	__entry->netns = (net)->ns.inum;					\
	__entry->family = atcp_trace_is_v4(key) ? AF_INET : AF_INET6;		\
	__entry->sport = ntohs((key)->lport);					\
	__entry->dport = ntohs((key)->rport);					\
	memcpy(__entry->saddr_v6, &(key)->laddr, 16);				\
	memcpy(__entry->daddr_v6, &(key)->raddr, 16);				\
	atcp_trace_sockaddr(__entry->saddr, __entry->family == AF_INET,		\
			    &(key)->laddr, (key)->lport, (key)->dev);		\
	atcp_trace_sockaddr(__entry->daddr, __entry->family == AF_INET,		\
			    &(key)->raddr, (key)->rport, (key)->dev)

#define ATCP_ENDS_FORMAT	"src=%pISpc dest=%pISpc "
#define ATCP_ENDS_PRINT		__entry->saddr, __entry->daddr

/*
 * A segment, with the connection's state before a received segment is processed, or as a
 * segment is sent.  These fields are 0 without a socket.  @sk: the socket, a request's
 * listener, or NULL.
 */
DECLARE_EVENT_CLASS(atcp_segment,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 const struct atcp_hdr *h, u32 len, u8 state),
	TP_ARGS(net, sk, key, h, len, state),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(__u32, seq)
		__field(__u32, ack)
		__field(__u32, len)
		__field(__u16, window)
		__field(__u8, flags)
		__field(__u8, state)
		__field(__u32, snd_una)
		__field(__u32, snd_nxt)
		__field(__u32, snd_wnd)
		__field(__u32, rcv_nxt)
		__field(__u32, rcv_wnd)
		__field(__u32, snd_cwnd)
		__field(__u32, ssthresh)
		__field(__u32, srtt)
		__field(__u32, rto)
	),
	TP_fast_assign(
		const struct atcp_tcb *c = atcp_trace_tcb(sk);

		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->seq = h->seq;
		__entry->ack = h->flags & ATCP_ACK ? h->ack : 0;
		__entry->len = len;
		__entry->window = h->wnd;
		__entry->flags = h->flags;
		__entry->state = state;
		__entry->snd_una = c ? c->snd_una : 0;
		__entry->snd_nxt = c ? c->snd_nxt : 0;
		__entry->snd_wnd = c ? c->snd_wnd : 0;
		__entry->rcv_nxt = c ? c->rcv_nxt : 0;
		__entry->rcv_wnd = c ? c->rcv_wnd : 0;
		__entry->snd_cwnd = c ? c->cc.cwnd : 0;
		__entry->ssthresh = c ? c->cc.ssthresh : 0;
		__entry->srtt = c ? c->srtt >> 3 : 0;
		__entry->rto = c ? atcp_rto(c) : 0;
	),
	TP_printk(ATCP_ENDS_FORMAT
		  "%s seq=%u ack=%u len=%u window=%u state=%s snd_una=%u snd_nxt=%u snd_wnd=%u rcv_nxt=%u rcv_wnd=%u snd_cwnd=%u ssthresh=%u srtt=%u rto=%u sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_flags(__entry->flags), __entry->seq, __entry->ack,
		  __entry->len, __entry->window, show_atcp_state(__entry->state),
		  __entry->snd_una, __entry->snd_nxt, __entry->snd_wnd, __entry->rcv_nxt,
		  __entry->rcv_wnd, __entry->snd_cwnd, __entry->ssthresh, __entry->srtt,
		  __entry->rto, __entry->cookie)
);

/* A segment with a valid header and @len bytes of payload has been received. */
DEFINE_EVENT(atcp_segment, atcp_rcv,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 const struct atcp_hdr *h, u32 len, u8 state),
	TP_ARGS(net, sk, key, h, len, state)
);

/* A segment is passed to IP, which will cut it if it is larger than the MSS. */
DEFINE_EVENT(atcp_segment, atcp_snd,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 const struct atcp_hdr *h, u32 len, u8 state),
	TP_ARGS(net, sk, key, h, len, state)
);

/*
 * A state change (RFC 9293 section 3.3.2).  For the end of TIME-WAIT, which has no socket,
 * the cookie is 0.
 */
TRACE_EVENT(atcp_state,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 u8 oldstate, u8 newstate),
	TP_ARGS(net, sk, key, oldstate, newstate),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(__u8, oldstate)
		__field(__u8, newstate)
	),
	TP_fast_assign(
		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
	),
	TP_printk(ATCP_ENDS_FORMAT "oldstate=%s newstate=%s sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_state(__entry->oldstate),
		  show_atcp_state(__entry->newstate), __entry->cookie)
);

/* A retransmission or probe; the event atcp_snd of the same segment precedes or follows. */
TRACE_EVENT(atcp_retransmit,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 u32 seq, u32 len, u8 kind, u8 retries),
	TP_ARGS(net, sk, key, seq, len, kind, retries),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u8, kind)
		__field(__u8, state)
		__field(__u8, retries)
		__field(__u32, snd_una)
		__field(__u32, snd_nxt)
		__field(__u32, snd_cwnd)
		__field(__u32, ssthresh)
		__field(__u32, rto)
	),
	TP_fast_assign(
		const struct atcp_tcb *c = atcp_trace_tcb(sk);

		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->seq = seq;
		__entry->len = len;
		__entry->kind = kind;
		__entry->state = c ? c->state : ATCP_SYN_RECEIVED;
		__entry->retries = retries;
		__entry->snd_una = c ? c->snd_una : seq;
		__entry->snd_nxt = c ? c->snd_nxt : seq + len;
		__entry->snd_cwnd = c ? c->cc.cwnd : 0;
		__entry->ssthresh = c ? c->cc.ssthresh : 0;
		__entry->rto = c ? atcp_rto(c) : 0;
	),
	TP_printk(ATCP_ENDS_FORMAT
		  "kind=%s seq=%u len=%u state=%s retries=%u snd_una=%u snd_nxt=%u snd_cwnd=%u ssthresh=%u rto=%u sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_resend(__entry->kind), __entry->seq, __entry->len,
		  show_atcp_state(__entry->state), __entry->retries, __entry->snd_una,
		  __entry->snd_nxt, __entry->snd_cwnd, __entry->ssthresh, __entry->rto,
		  __entry->cookie)
);

/* Loss recovery begins, changes its state, or ends. */
TRACE_EVENT(atcp_recovery,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 u8 oldstate, u8 newstate),
	TP_ARGS(net, sk, key, oldstate, newstate),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(__u8, oldstate)
		__field(__u8, newstate)
		__field(__u32, snd_una)
		__field(__u32, snd_nxt)
		__field(__u32, recover)
		__field(__u32, snd_cwnd)
		__field(__u32, ssthresh)
		__field(__u32, sacked)
		__field(__u32, lost)
	),
	TP_fast_assign(
		const struct atcp_tcb *c = atcp_trace_tcb(sk);

		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
		__entry->snd_una = c ? c->snd_una : 0;
		__entry->snd_nxt = c ? c->snd_nxt : 0;
		__entry->recover = c ? c->recover : 0;
		__entry->snd_cwnd = c ? c->cc.cwnd : 0;
		__entry->ssthresh = c ? c->cc.ssthresh : 0;
		__entry->sacked = c ? c->sacked : 0;
		__entry->lost = c ? c->lost : 0;
	),
	TP_printk(ATCP_ENDS_FORMAT
		  "oldstate=%s newstate=%s snd_una=%u snd_nxt=%u recover=%u snd_cwnd=%u ssthresh=%u sacked=%u lost=%u sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_recovery(__entry->oldstate),
		  show_atcp_recovery(__entry->newstate), __entry->snd_una, __entry->snd_nxt,
		  __entry->recover, __entry->snd_cwnd, __entry->ssthresh, __entry->sacked,
		  __entry->lost, __entry->cookie)
);

/*
 * Path MTU discovery without ICMP (core/pmtud.c): @size is payload and TCP options of the
 * largest segments from now on, or of the probe.
 */
TRACE_EVENT(atcp_mtu,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 u8 what, u32 size),
	TP_ARGS(net, sk, key, what, size),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(__u8, what)
		__field(__u8, retries)
		__field(__u32, size)
		__field(__u32, mss)
		__field(__u32, snd_una)
		__field(__u32, snd_nxt)
	),
	TP_fast_assign(
		const struct atcp_tcb *c = atcp_trace_tcb(sk);

		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->what = what;
		__entry->retries = c ? c->retries : 0;
		__entry->size = size;
		__entry->mss = c ? c->mss : 0;
		__entry->snd_una = c ? c->snd_una : 0;
		__entry->snd_nxt = c ? c->snd_nxt : 0;
	),
	TP_printk(ATCP_ENDS_FORMAT
		  "what=%s size=%u mss=%u retries=%u snd_una=%u snd_nxt=%u sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_mtu(__entry->what), __entry->size, __entry->mss,
		  __entry->retries, __entry->snd_una, __entry->snd_nxt, __entry->cookie)
);

/*
 * A received segment is dropped, which does not exclude an answer.  @key, @h and @len are
 * 0 as far as the headers cannot be read.
 */
TRACE_EVENT(atcp_drop,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 const struct sk_buff *skb, const struct atcp_hdr *h, u32 len, u8 reason),
	TP_ARGS(net, sk, key, skb, h, len, reason),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(const void *, skbaddr)
		__field(__u32, seq)
		__field(__u32, ack)
		__field(__u32, len)
		__field(__u8, flags)
		__field(__u8, reason)
		__field(__u8, state)
		__field(__u32, rcv_nxt)
		__field(__u32, rcv_wnd)
	),
	TP_fast_assign(
		const struct atcp_tcb *c = atcp_trace_tcb(sk);

		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->skbaddr = skb;
		__entry->seq = h->seq;
		__entry->ack = h->flags & ATCP_ACK ? h->ack : 0;
		__entry->len = len;
		__entry->flags = h->flags;
		__entry->reason = reason;
		__entry->state = c ? c->state : ATCP_CLOSED;
		__entry->rcv_nxt = c ? c->rcv_nxt : 0;
		__entry->rcv_wnd = c ? c->rcv_wnd : 0;
	),
	TP_printk(ATCP_ENDS_FORMAT
		  "reason=%s %s seq=%u ack=%u len=%u state=%s rcv_nxt=%u rcv_wnd=%u sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_drop(__entry->reason),
		  show_atcp_flags(__entry->flags), __entry->seq, __entry->ack, __entry->len,
		  show_atcp_state(__entry->state), __entry->rcv_nxt, __entry->rcv_wnd,
		  __entry->cookie)
);

/* A decision of the listener @sk. */
TRACE_EVENT(atcp_listen,
	TP_PROTO(const struct net *net, const struct sock *sk, const struct atcp_key *key,
		 u8 decision, u32 requests),
	TP_ARGS(net, sk, key, decision, requests),
	TP_STRUCT__entry(
		ATCP_ENDS_FIELDS
		__field(__u8, decision)
		__field(__u32, requests)
		__field(__u32, accept_queue)
		__field(__u32, backlog)
	),
	TP_fast_assign(
		ATCP_ENDS_ASSIGN(net, sk, key);
		__entry->decision = decision;
		__entry->requests = requests;
		__entry->accept_queue = READ_ONCE(sk->sk_ack_backlog);
		__entry->backlog = READ_ONCE(sk->sk_max_ack_backlog);
	),
	TP_printk(ATCP_ENDS_FORMAT
		  "decision=%s requests=%u accept_queue=%u backlog=%u sock_cookie=%llx",
		  ATCP_ENDS_PRINT, show_atcp_decision(__entry->decision), __entry->requests,
		  __entry->accept_queue, __entry->backlog, __entry->cookie)
);

#endif /* _ATCP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
