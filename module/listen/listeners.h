/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The listener table.
 */
#ifndef _ATCP_LISTENERS_H
#define _ATCP_LISTENERS_H

#include "atcp.h"
#include "netns.h"
#include "place.h"

struct atcp_listener;

/* Return: 0 or -ENOMEM. Process context. */
int atcp_listeners_net_init(struct atcp_net *an);
void atcp_listeners_net_exit(struct atcp_net *an);

/**
 * atcp_lookup_listener() - finds the listener for a segment
 * @key:	the ends of the segment; a mapped local address means IPv4, which AF_INET6
 *		listeners accept, too, unless they are IPV6_V6ONLY
 * @dif:	interface the segment came in by
 * @sdif:	its other index where L3 master devices are involved, or 0
 * @skb:	header at skb->data, or NULL; for BPF programs that select from a group
 *
 * A listener on the address itself is preferred to one on all addresses.  After that the
 * score decides: one point each for a listener that is bound to the device, is AF_INET,
 * or has this CPU as its SO_INCOMING_CPU.  The first SO_REUSEPORT group ends the search,
 * because it does in the kernel's TCP.  Within a group the hash of the ends decides, or
 * the group's program.
 *
 * RCU read section. Return: the listener, or NULL.
 */
struct sock *atcp_lookup_listener(struct atcp_net *an, const struct atcp_key *key,
				  int dif, int sdif, struct sk_buff *skb);

/**
 * struct atcp_listen_place - the listeners at one address and port
 * @place:	in atcp_net.listens
 * @all:	all of them: struct atcp_listener, by node
 * @firsts:	one of each SO_REUSEPORT group, and those in none, by first
 * @rcu:	for freeing
 *
 * @firsts is short: at most one entry for each device, family and user.  A group has no
 * more than 65535 members.
 */
struct atcp_listen_place {
	struct atcp_place place;
	struct hlist_head all;
	struct hlist_head firsts;
	struct rcu_head rcu;
};

/* The place of @addr (:: is all addresses) and @port, or NULL. RCU read section. */
struct atcp_listen_place *atcp_listen_place(struct atcp_net *an, const struct in6_addr *addr,
					    __be16 port, u8 carrier);

/*
 * Add a listener to the table and remove it.  With SO_REUSEPORT it joins the group of
 * those with the same binding.  Process context, socket lock held. Return: 0 or -ENOMEM.
 */
int atcp_listener_hash(struct atcp_listener *l);
void atcp_listener_unhash(struct atcp_listener *l);

#endif /* _ATCP_LISTENERS_H */
