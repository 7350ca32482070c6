/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: whose a segment is.
 *
 * One table of connections a namespace holds sockets, requests and TIME-WAITs
 * alike; it holds no reference to them.  Whoever is found stays valid until the
 * end of the RCU read section, but may have left the table meanwhile: check
 * as->hashed (or ->dead) again under the lock.
 */
#ifndef _ATCP_DEMUX_H
#define _ATCP_DEMUX_H

#include "atcp.h"
#include "netns.h"

int atcp_demux_init(struct atcp_net *an);
void atcp_demux_exit(struct atcp_net *an);

/* Fills @key for IPv4 ends. @carrier: the IP protocol between them. */
void atcp_key_v4(struct atcp_key *key, u8 carrier, __be32 laddr, __be16 lport,
		 __be32 raddr, __be16 rport);

/* The same for IPv6 ends, either family's as a rule: mapped ones are IPv4. */
void atcp_key_v6(struct atcp_key *key, u8 carrier, const struct in6_addr *laddr, __be16 lport,
		 const struct in6_addr *raddr, __be16 rport);

/* The same ends as the core wants them. */
void atcp_key_tuple(struct atcp_tuple *t, const struct atcp_key *key);

/**
 * atcp_lookup() - whose is what comes in by an interface?
 * @ends:	of a segment, or of one that an ICMP error quotes; its dev does not count
 * @dif:	interface index, as IP tells it: a VRF's where it came through one
 * @sdif:	then its other index, the VRF's member's; else 0
 *
 * The same ends may exist once a device: a node that is bound to @dif comes first, then
 * one that is bound to @sdif, then one that is bound to none, if that takes what comes
 * through a VRF (net.ipv4.tcp_l3mdev_accept).  Input, claim.c, ICMP, sock_diag and
 * connect() all decide by this one function.  It costs one probe where no node is bound.
 *
 * RCU read section. Return: the node, or NULL; one of ATCP_NODE_MOVING: look again later.
 */
struct atcp_node *atcp_lookup(struct atcp_net *an, const struct atcp_key *ends,
			      int dif, int sdif);

/* Who has the ends of @key already, for one that is bound to key->dev? RCU read section. */
struct atcp_node *atcp_lookup_taken(struct atcp_net *an, const struct atcp_key *key);

/**
 * atcp_hash() - put a socket into the connection table
 * @sk:		locked; its node's key is set
 *
 * Return: 0, -EADDRNOTAVAIL when the ends are taken, or -ENOMEM.
 */
int atcp_hash(struct sock *sk);

/*
 * After SO_BINDTODEVICE has changed sk_bound_dev_if.  Where a connection of
 * these ends is in the way there, or memory is short, it goes back to what it was.
 * Socket lock held, any context.
 */
void atcp_rehash(struct sock *sk);

/* Takes a socket out, if it is in. Socket lock held. */
void atcp_unhash(struct sock *sk);

/*
 * The same for nodes of other types, under the lock of their object.  One that is bound
 * to a device does not enter where another, bound to its VRF or to none, has the ends:
 * or a stranger could take a connection over by binding to its device.
 */
int atcp_node_insert(struct atcp_net *an, struct atcp_node *node);
void atcp_node_remove(struct atcp_net *an, struct atcp_node *node);
/* @new takes the place of @old, of equal key: no lookup finds neither. */
int atcp_node_replace(struct atcp_net *an, struct atcp_node *old, struct atcp_node *new);

#endif /* _ATCP_DEMUX_H */
