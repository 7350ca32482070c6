// SPDX-License-Identifier: GPL-2.0
/*
 * Hash tables by local address and port, like lhash2 and bhash2 of the kernel's TCP.
 *
 * They grow with the number of objects, and each has a seed of its own.  So a user can
 * lengthen only the chain of one address and port.
 */
#include <net/ipv6.h>

#include "place.h"

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct atcp_place, node),
	.key_offset = offsetof(struct atcp_place, key),
	.key_len = sizeof(struct atcp_place_key),
	.automatic_shrinking = true,
};

/* The key must have no padding, because it is compared octet by octet. */
static_assert(sizeof(struct atcp_place_key) == sizeof(struct in6_addr) + 2 * sizeof(u16));

void atcp_place_key(struct atcp_place_key *key, const struct in6_addr *addr, u16 port, u8 carrier)
{
	key->addr = *addr;
	if (ipv6_addr_v4mapped(addr) && !addr->s6_addr32[3])
		key->addr = in6addr_any;
	key->port = port;
	key->carrier = carrier;
}

int atcp_places_init(struct rhltable *places)
{
	return rhltable_init(places, &params);
}

void atcp_places_exit(struct rhltable *places)
{
	rhltable_destroy(places);
}

int atcp_place_add(struct rhltable *places, struct atcp_place *p)
{
	return rhltable_insert(places, &p->node, params) ? -ENOMEM : 0;
}

void atcp_place_del(struct rhltable *places, struct atcp_place *p)
{
	rhltable_remove(places, &p->node, params);
}

struct rhlist_head *atcp_place_find(struct rhltable *places, const struct atcp_place_key *key)
{
	return rhltable_lookup(places, key, params);
}
