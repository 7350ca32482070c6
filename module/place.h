/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hash tables by local address and port, each with a secret seed.
 */
#ifndef _ATCP_PLACE_H
#define _ATCP_PLACE_H

#include <linux/in6.h>
#include <linux/rhashtable.h>

/**
 * struct atcp_place_key - an address and a port
 * @addr:	mapped for IPv4; :: stands for all addresses of either family
 * @port:	host byte order
 * @carrier:	IP protocol whose port it is
 */
struct atcp_place_key {
	struct in6_addr addr;
	u16 port;
	u16 carrier;
};

/* Head of the objects in such a table, which may hold several of equal keys. */
struct atcp_place {
	struct rhlist_head node;
	struct atcp_place_key key;
};

/* Fills @key. Any context. @addr: as in struct sock, mapped or not; 0.0.0.0 becomes ::. */
void atcp_place_key(struct atcp_place_key *key, const struct in6_addr *addr, u16 port,
		    u8 carrier);

/* Process context. */
int atcp_places_init(struct rhltable *places);
void atcp_places_exit(struct rhltable *places);

/*
 * Any context. The caller serializes additions and removals of equal keys.
 * Return: 0 or -ENOMEM.
 */
int atcp_place_add(struct rhltable *places, struct atcp_place *p);
/* Removes @p, which may be freed after an RCU grace period. */
void atcp_place_del(struct rhltable *places, struct atcp_place *p);

/* RCU. Return: the objects with this key, for rhl_for_each_entry_rcu(); NULL if none. */
struct rhlist_head *atcp_place_find(struct rhltable *places, const struct atcp_place_key *key);

#endif /* _ATCP_PLACE_H */
