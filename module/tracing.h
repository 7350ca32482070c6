/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls of the tracepoints (trace.h): each atcp_saw_...() is a static branch, which
 * costs nothing while the tracepoint is disabled.
 */
#ifndef _ATCP_TRACING_H
#define _ATCP_TRACING_H

#include <linux/tracepoint-defs.h>

#include "atcp.h"
#include "netns.h"

/* --- values that are printed by name --- */

/* What a listener does with a segment, and how its requests end. */
#define ATCP_DECISIONS(X)							\
	X(REQUEST)		/* SYN: a request, answered by a SYN-ACK */	\
	X(COOKIE)		/* SYN: answered by a cookie, nothing kept */	\
	X(QUEUE_FULL)		/* SYN: the SYN queue is full */		\
	X(ACCEPT_FULL)		/* SYN or ACK: the accept queue is full */	\
	X(ACCEPTED)		/* handshake complete: in the accept queue */	\
	X(COOKIE_GOOD)		/* the same, by the valid cookie in an ACK */	\
	X(COOKIE_BAD)		/* ACK without a valid cookie */		\
	X(FORGOTTEN)		/* request ended: time-out, reset, ICMP, close */

#define ATCP_DECISION_NUMBER(name)	ATCP_DECISION_##name,
enum atcp_decision {
	ATCP_DECISIONS(ATCP_DECISION_NUMBER)
	ATCP_DECISION_REFUSED,	/* policy, no route, no memory: atcp_drop says which */
};

#define ATCP_STATES(X)								\
	X(ESTABLISHED) X(SYN_SENT) X(SYN_RECEIVED) X(FIN_WAIT_1) X(FIN_WAIT_2)	\
	X(TIME_WAIT) X(CLOSE_WAIT) X(LAST_ACK) X(LISTEN) X(CLOSING)

#define ATCP_RESENDS(X)		X(SYN) X(TIMEOUT) X(FAST) X(WINDOW) X(PROBE) X(TAIL)

#define ATCP_MTUS(X)		X(REDUCED) X(RESTORED) X(PROBE) X(PASSED)

/* --- helpers of trace.h's assignments --- */

/* The value of SO_COOKIE; 0 if @sk is NULL. */
u64 atcp_trace_cookie(const struct sock *sk);
bool atcp_trace_is_v4(const struct atcp_key *key);
/* Fills @to, of the size of a struct sockaddr_in6, with a sockaddr_in or _in6. */
void atcp_trace_sockaddr(u8 *to, bool v4, const struct in6_addr *addr, __be16 port, int scope);
/* The control block of a socket that is no listener, or NULL. */
const struct atcp_tcb *atcp_trace_tcb(const struct sock *sk);

/* --- drops --- */

/* Counts and traces the drop of a received segment, and frees it. Any context. */
void atcp_net_drop(struct atcp_net *an, struct sk_buff *skb, enum atcp_drop why);

/* --- called while a tracepoint is enabled --- */

DECLARE_TRACEPOINT(atcp_state);
DECLARE_TRACEPOINT(atcp_rcv);
DECLARE_TRACEPOINT(atcp_snd);
DECLARE_TRACEPOINT(atcp_listen);

void atcp_trace_sock_state(const struct sock *sk, u8 oldstate, u8 newstate);
void atcp_trace_tw_state(const struct net *net, const struct atcp_key *key);
void atcp_trace_sock_snd(const struct sock *sk, const struct sk_buff *skb, u32 hlen);
void atcp_trace_flow_snd(const struct net *net, const struct sock *sk,
			 const struct atcp_key *key, const struct atcp_hdr *h);
void atcp_trace_rcv(const struct net *net, const struct sock *sk, const struct sk_buff *skb,
		    u8 state);
void atcp_trace_listen(const struct sock *sk, u32 requests, const struct atcp_key *key,
		       u8 decision);
void atcp_trace_synack(const struct sock *sk, const struct atcp_key *key,
		       const struct atcp_req *req);

/* A socket's state has changed. Locked. */
static inline void atcp_saw_state(const struct sock *sk, u8 oldstate, u8 newstate)
{
	if (tracepoint_enabled(atcp_state))
		atcp_trace_sock_state(sk, oldstate, newstate);
}

/* A TIME-WAIT has ended. */
static inline void atcp_saw_tw_end(const struct net *net, const struct atcp_key *key)
{
	if (tracepoint_enabled(atcp_state))
		atcp_trace_tw_state(net, key);
}

/* A connection's segment is about to leave: @hlen bytes of header at skb->data. Locked. */
static inline void atcp_saw_snd(const struct sock *sk, const struct sk_buff *skb, u32 hlen)
{
	if (tracepoint_enabled(atcp_snd))
		atcp_trace_sock_snd(sk, skb, hlen);
}

/* Whether atcp_snd is enabled; then call atcp_trace_flow_snd() for segments without a socket. */
static inline bool atcp_watched_snd(void)
{
	return tracepoint_enabled(atcp_snd);
}

/*
 * A valid segment has been demultiplexed.  @sk: the socket, a request's listener, or NULL;
 * @state: that of the connection.
 */
static inline void atcp_saw_rcv(const struct net *net, const struct sock *sk,
				const struct sk_buff *skb, u8 state)
{
	if (tracepoint_enabled(atcp_rcv))
		atcp_trace_rcv(net, sk, skb, state);
}

/* The listener @sk, with @requests in its SYN queue, has decided. RCU read section. */
static inline void atcp_saw_listen(const struct sock *sk, u32 requests,
				   const struct atcp_key *key, enum atcp_decision decision)
{
	if (tracepoint_enabled(atcp_listen))
		atcp_trace_listen(sk, requests, key, decision);
}

/* The SYN-ACK of a request of the listener @sk is retransmitted. RCU read section. */
static inline void atcp_saw_synack_again(const struct sock *sk, const struct atcp_key *key,
					 const struct atcp_req *req)
{
	if (tracepoint_enabled(atcp_retransmit))
		atcp_trace_synack(sk, key, req);
}

#endif /* _ATCP_TRACING_H */
