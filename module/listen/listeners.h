/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The listener table: who listens where.
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
 * atcp_lookup_listener() - who listens there?
 * @key:	the ends of a segment; a local address that is mapped means IPv4, which
 *		AF_INET6 listeners take, too, unless they are IPV6_V6ONLY
 * @dif:	interface the segment came in by
 * @sdif:	its other index where L3 master devices are involved, or 0
 * @skb:	header at skb->data, or NULL; for programs that pick from a group
 *
 * A listener on the very address comes before others, and then one of which more is
 * true of: it is bound to the device, is of IPv4, is of this CPU (SO_INCOMING_CPU).
 * But the first group of SO_REUSEPORT ends the search, odd as that is, for it does so
 * in the kernel's TCP; within it the hash of the ends decides, or its program.
 *
 * RCU read section. Return: the listener, or NULL.
 */
struct sock *atcp_lookup_listener(struct atcp_net *an, const struct atcp_key *key,
				  int dif, int sdif, struct sk_buff *skb);

/**
 * struct atcp_listen_place - the listeners at one address and port
 * @place:	in atcp_net.listens
 * @all:	struct atcp_listener, by node
 * @firsts:	the same, by first: one of each SO_REUSEPORT group, and those in none
 * @rcu:	for freeing
 *
 * @firsts are few: one for each device, family and user at most, and a group has no more
 * than 65535 members.
 */
struct atcp_listen_place {
	struct atcp_place place;
	struct hlist_head all;
	struct hlist_head firsts;
	struct rcu_head rcu;
};

/* RCU. @addr: :: for the listeners on all addresses. Return: NULL when there are none. */
struct atcp_listen_place *atcp_listen_place(struct atcp_net *an, const struct in6_addr *addr,
					    __be16 port, u8 carrier);

/*
 * Listeners enter and leave; process context, socket lock held.  With SO_REUSEPORT
 * they join the group of those that are bound alike.  Return: 0 or -ENOMEM.
 */
int atcp_listener_hash(struct atcp_listener *l);
void atcp_listener_unhash(struct atcp_listener *l);

#endif /* _ATCP_LISTENERS_H */
