/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Demultiplexing: the connection table.
 *
 * Each namespace has one table, whose nodes are sockets, requests and TIME-WAITs.  The
 * table has no reference to them.  A node that is found stays valid until the end of the
 * RCU read section, but may leave the table meanwhile: check as->hashed (or ->dead)
 * again under the lock.
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

/* The same for IPv6 addresses; mapped ones stand for IPv4. */
void atcp_key_v6(struct atcp_key *key, u8 carrier, const struct in6_addr *laddr, __be16 lport,
		 const struct in6_addr *raddr, __be16 rport);

/* Converts a key to the core's form, with ports in host byte order. */
void atcp_key_tuple(struct atcp_tuple *t, const struct atcp_key *key);

/**
 * atcp_lookup() - find the node for a segment that came in by an interface
 * @ends:	of a segment, or of one that an ICMP error quotes; its dev is ignored
 * @dif:	interface index from inet_iif(): the VRF's if the segment came through one
 * @sdif:	index of the VRF's member interface then, else 0
 *
 * The same ends may exist once for each device.  A node bound to @dif is preferred, then
 * one bound to @sdif, then one that is not bound, if net.ipv4.tcp_l3mdev_accept allows
 * it.  Input, claim.c, ICMP, sock_diag and connect() all use this one function.  It costs
 * one probe while no node is bound to a device.
 *
 * RCU read section. Return: the node or NULL; one of type ATCP_NODE_MOVING means that the
 * node may be moving, so that the segment is to be dropped.
 */
struct atcp_node *atcp_lookup(struct atcp_net *an, const struct atcp_key *ends,
			      int dif, int sdif);

/* The node that a new one with @key, key->dev included, would conflict with. RCU. */
struct atcp_node *atcp_lookup_taken(struct atcp_net *an, const struct atcp_key *key);

/**
 * atcp_hash() - put a socket into the connection table
 * @sk:		locked; its node's key is set
 *
 * Return: 0, -EADDRNOTAVAIL when the ends are taken, or -ENOMEM.
 */
int atcp_hash(struct sock *sk);

/*
 * Moves a socket in the table after SO_BINDTODEVICE has changed sk_bound_dev_if, which is
 * set back if another connection has these ends there, or if there is no memory.
 * Socket lock held, any context.
 */
void atcp_rehash(struct sock *sk);

/* Takes a socket out, if it is in. Socket lock held. */
void atcp_unhash(struct sock *sk);

/*
 * The same for nodes of other types, under the lock of their object.  A node that is
 * bound to a device is refused if a node with the same ends is bound to the device's VRF
 * or to none.  Otherwise another user could take a connection over by binding to its
 * device.
 */
int atcp_node_insert(struct atcp_net *an, struct atcp_node *node);
void atcp_node_remove(struct atcp_net *an, struct atcp_node *node);
/* Replaces @old by @new, of equal key; every look-up finds one of the two. */
int atcp_node_replace(struct atcp_net *an, struct atcp_node *old, struct atcp_node *new);

#endif /* _ATCP_DEMUX_H */
