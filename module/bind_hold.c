// SPDX-License-Identifier: GPL-2.0
/*
 * The ports of the carrier TCP and what keeps the kernel's TCP off them: a port has a
 * hold for each different thing that its sockets are bound to, and one more if it is
 * connect()'s (pool.c).  A hold goes with the last who needs it.
 */
#include <net/inet_sock.h>

#include "bind.h"
#include "bind_hold.h"
#include "hold.h"
#include "sock.h"

/* The bucket's lock is held in all of these, up to atcp_hold_join(). */

static bool port_held(const struct atcp_bind_bucket *bucket, u16 port)
{
	const struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port == port && !hlist_empty(&b->holds))
			return true;
	}
	return false;
}

struct atcp_hold *atcp_hold_pooled(const struct atcp_bind *b)
{
	struct atcp_hold *h;

	if (!b)
		return NULL;
	hlist_for_each_entry(h, &b->holds, node) {
		if (h->pooled)
			return h;
	}
	return NULL;
}

static bool bound_alike(const struct atcp_bound *a, const struct atcp_bound *b)
{
	return ipv6_addr_equal(&a->v6, &b->v6) && a->v4 == b->v4 && a->dev == b->dev &&
	       a->v6only == b->v6only;
}

void atcp_hold_enter(struct atcp_net *an, struct atcp_bind *b, struct atcp_hold *h)
{
	hlist_add_head(&h->node, &b->holds);
	h->bind = b;
	set_bit(b->port, an->held);
}

/* A user or a TIME-WAIT has gone: the last takes the hold, and perhaps the port, with it. */
void atcp_hold_left(struct atcp_net *an, struct atcp_hold *h)
{
	struct atcp_bind *b = h->bind;

	atcp_hold_changed(h);
	if (h->users || h->tws || h->pooled)
		return;
	if (b) {
		hlist_del(&h->node);
		if (!port_held(atcp_bucket_of(an, b->port), b->port))
			clear_bit(b->port, an->held);
		atcp_bind_release(b);
	}
	atcp_hold_release(an, h);
}

void atcp_hold_unuse(struct atcp_net *an, struct atcp_hold *h)
{
	if (h) {
		h->users--;
		atcp_hold_left(an, h);
	}
}

/* Does it hold all that is asked for?  One of the pool holds every address. */
static bool answers(const struct atcp_hold *h, const struct atcp_hold_ask *ask)
{
	return h->pooled || (atcp_hold_is_ours(h) && h->family == ask->family &&
			     bound_alike(&h->bound, &ask->bound));
}

/* One more use of a hold that is for the same, or NULL. */
struct atcp_hold *atcp_hold_join(struct sock *sk, const struct atcp_hold_ask *ask, int l3mdev)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(atcp_net(sock_net(sk)), ask->port);
	struct atcp_hold *h = NULL;
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, IPPROTO_TCP, ask->port, l3mdev);
	if (b) {
		hlist_for_each_entry(h, &b->holds, node) {
			if (answers(h, ask))
				break;
		}
	}
	if (h) {
		h->users++;
		atcp_hold_changed(h);
	}
	spin_unlock_bh(&bucket->lock);
	return h;
}

int atcp_port_pool(struct atcp_net *an, struct atcp_hold *h)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, h->port);
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, IPPROTO_TCP, h->port, 0);
	if (!b)
		b = atcp_bind_create(bucket, IPPROTO_TCP, h->port, 0);
	if (b) {
		h->pooled = true;
		atcp_hold_enter(an, b, h);
	}
	atcp_hold_unuse(an, h);
	spin_unlock_bh(&bucket->lock);
	return b ? 0 : -ENOMEM;
}

bool atcp_port_unpool(struct atcp_net *an, u16 port, unsigned long before)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, port);
	struct atcp_hold *h;
	struct atcp_bind *b;
	bool gone;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, IPPROTO_TCP, port, 0);
	h = atcp_hold_pooled(b);
	gone = !h || (!h->users && !h->tws && time_before_eq(h->idle_since, before));
	if (h && gone) {
		h->pooled = false;
		atcp_hold_left(an, h);
	}
	spin_unlock_bh(&bucket->lock);
	return gone;
}

static bool hold_covers(struct net *net, const struct atcp_hold *h, const struct atcp_key *key,
			int dif, int sdif)
{
	if (!inet_sk_bound_dev_eq(net, h->bound.dev, dif, sdif))
		return false;
	if (!ipv6_addr_v4mapped(&key->laddr))
		return h->family == AF_INET6 && (ipv6_addr_any(&h->bound.v6) ||
						 ipv6_addr_equal(&h->bound.v6, &key->laddr));
	if (h->bound.v6only)
		return false;
	return h->bound.v4 ? h->bound.v4 == key->laddr.s6_addr32[3] :
			     h->family == AF_INET || ipv6_addr_any(&h->bound.v6) ||
			     ipv6_addr_v4mapped(&h->bound.v6);
}

bool atcp_port_owned(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif)
{
	u16 port = ntohs(key->lport);
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, port);
	struct atcp_hold *h;
	struct atcp_bind *b;
	bool owned = false;

	spin_lock_bh(&bucket->lock);
	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port != port)
			continue;
		hlist_for_each_entry(h, &b->holds, node)
			owned |= atcp_hold_is_ours(h) && hold_covers(an->net, h, key, dif, sdif);
	}
	spin_unlock_bh(&bucket->lock);
	return owned;
}
