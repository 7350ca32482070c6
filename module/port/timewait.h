/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TIME-WAIT without a socket.
 */
#ifndef _ATCP_TIMEWAIT_H
#define _ATCP_TIMEWAIT_H

#include "atcp.h"
#include "netns.h"
#include "port/bind.h"

/**
 * struct atcp_timewait - what is left of a connection in TIME-WAIT
 * @node:	in the connection table
 * @tw:		the core's part
 * @an:		its namespace; flushed when that ends
 * @bind:	the port it holds
 * @hold:	what keeps the kernel's TCP off it, or NULL
 * @crowd:	of @bind, which it is in; under the port bucket's lock
 * @bind_node:	in @crowd's list; likewise
 * @bound:	what its socket was bound to, for bind() conflicts and replies
 * @reuse:	its socket had SO_REUSEADDR
 * @reuseport:	its socket had SO_REUSEPORT
 * @bind_chosen: as atcp_sock.bind_chosen
 * @family:	its socket's
 * @timer:	2 MSL
 * @lock:	of @tw, @dead and the timer; taken with BHs off
 * @dead:	left the table
 * @mark, @tos, @label, @hash, @foreign, @priority: for its replies, as in struct atcp_flow
 * @rcu:	for freeing
 */
struct atcp_timewait {
	struct atcp_node node;
	struct atcp_tw tw;
	struct atcp_net *an;
	struct atcp_bind *bind;
	struct atcp_hold *hold;
	struct atcp_crowd *crowd;
	struct hlist_node bind_node;
	struct atcp_bound bound;
	struct timer_list timer;
	spinlock_t lock;		/* of tw, dead and the timer */
	bool dead;
	bool reuse;
	bool reuseport;
	bool bind_chosen;
	bool foreign;
	u16 family;
	u8 tos;
	__be32 label;
	u32 hash;
	u32 mark;
	u32 priority;
	struct rcu_head rcu;
};

int __init atcp_timewait_init(void);
void atcp_timewait_exit(void);

/**
 * atcp_timewait_enter() - put a TIME-WAIT in a socket's place
 * @sk:		locked, hashed, its control block in TIME-WAIT
 *
 * For atcp_host_time_wait(). The socket is out of the table afterwards; its
 * port is still its own to give up. When memory or the namespace's cap do not
 * allow it, the socket just leaves the table.
 */
void atcp_timewait_enter(struct sock *sk);

/**
 * atcp_timewait_rcv() - a segment arrives
 * @skb:	header at skb->data; consumed unless false is returned
 * @listening:	a listener would take a SYN, or may of the kernel's TCP
 * @reopen:	out: TIME-WAIT gave way to a SYN, to be handed to the listener
 * @old:	out, when @reopen: what it was
 *
 * RCU. Return: false when it has gone or given way.
 */
bool atcp_timewait_rcv(struct atcp_timewait *t, struct sk_buff *skb, const struct atcp_hdr *h,
		       bool listening, bool *reopen, struct atcp_tw *old);

/**
 * atcp_timewait_replace() - connect() takes the place of a TIME-WAIT
 * @sk:		locked; its node's key is that of @t, but perhaps for the device
 *
 * RCU, BHs on. @sk shares the port of @t if it holds none, and is in the table
 * afterwards.
 *
 * Return: 0, or -EADDRNOTAVAIL: that would not be safe, or net.atcp.tw_reuse
 * forbids it (which counts only for ports that were not chosen by a program).
 */
int atcp_timewait_replace(struct atcp_timewait *t, struct sock *sk);

/* Ends all in a namespace. Process context. */
void atcp_timewait_flush(struct atcp_net *an);

#endif /* _ATCP_TIMEWAIT_H */
