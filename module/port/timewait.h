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
 * @node:	node in the connection table
 * @tw:		the core's part
 * @an:		its namespace, whose end flushes it
 * @bind:	the local port it holds
 * @hold:	what keeps the kernel's TCP off that port, or NULL
 * @crowd:	the crowd of @bind that it is in; under the port bucket's lock
 * @bind_node:	node in @crowd's list; likewise
 * @bound:	what its socket was bound to, for bind() conflicts and replies
 * @reuse:	its socket had SO_REUSEADDR
 * @reuseport:	its socket had SO_REUSEPORT
 * @bind_chosen: as atcp_sock.bind_chosen
 * @family:	address family of its socket
 * @timer:	expires when 2 MSL have passed
 * @lock:	protects @tw, @dead and the timer; taken with BHs off
 * @dead:	it has left the table
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
 * atcp_timewait_enter() - replace a socket in the connection table by a TIME-WAIT
 * @sk:		locked, hashed, its control block in TIME-WAIT
 *
 * For atcp_host_time_wait(). The socket leaves the table, but still holds its port. If
 * there is no memory, or the namespace has limits.max_tw TIME-WAITs, it leaves the table
 * without a TIME-WAIT.
 */
void atcp_timewait_enter(struct sock *sk);

/**
 * atcp_timewait_rcv() - a segment arrives
 * @skb:	header at skb->data; consumed unless false is returned
 * @listening:	a listener, ours or perhaps the kernel's TCP's, would take a SYN
 * @reopen:	out: the TIME-WAIT has ended, and the SYN is for the listener
 * @old:	out: copy of @t->tw, if @reopen
 *
 * RCU. Return: false if the TIME-WAIT was dead already, or if @reopen.
 */
bool atcp_timewait_rcv(struct atcp_timewait *t, struct sk_buff *skb, const struct atcp_hdr *h,
		       bool listening, bool *reopen, struct atcp_tw *old);

/**
 * atcp_timewait_replace() - connect() takes the place of a TIME-WAIT
 * @sk:		locked; its node's key equals that of @t, except perhaps the device
 *
 * RCU, BHs on. On success @sk is in the table, and holds the port of @t if it held none.
 *
 * Return: 0, or -EADDRNOTAVAIL: a new incarnation would not be safe (RFC 6191), or
 * net.atcp.tw_reuse forbids it. The sysctl does not apply if @sk holds a port already.
 */
int atcp_timewait_replace(struct atcp_timewait *t, struct sock *sk);

/* Ends all TIME-WAITs of a namespace. Process context. */
void atcp_timewait_flush(struct atcp_net *an);

#endif /* _ATCP_TIMEWAIT_H */
