// SPDX-License-Identifier: GPL-2.0
/*
 * Which holds (hold.h) a port of the carrier TCP has: one for each different address and
 * device that its sockets are bound to, and one more if the port is in the pool (pool.c).
 * A hold is released when its last user, its last TIME-WAIT and the pool have left it.
 */
#include <net/inet_sock.h>

#include "atcp.h"
#include "port/bind.h"
#include "port/bind_hold.h"
#include "port/hold.h"

/* The functions above atcp_hold_join() are called with the bucket's lock held. */

static bool port_held(const struct atcp_bind_bucket *bucket, u16 port)
{
	const struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port == port && b->holds)
			return true;
	}
	return false;
}

struct atcp_hold *atcp_hold_pooled(const struct atcp_bind *b)
{
	return b ? b->pooled : NULL;
}

static bool bound_alike(const struct atcp_bound *a, const struct atcp_bound *b)
{
	return ipv6_addr_equal(&a->v6, &b->v6) && a->v4 == b->v4 && a->dev == b->dev &&
	       a->v6only == b->v6only;
}

int atcp_hold_enter(struct atcp_net *an, struct atcp_bind *b, struct atcp_hold *h)
{
	atcp_place_key(&h->place.key, &h->bound.v6, b->port, b->carrier);
	if (atcp_place_add(&an->holds, &h->place))
		return -ENOMEM;
	b->holds++;
	h->bind = b;
	set_bit(b->port, an->held);
	return 0;
}

void atcp_hold_release_unused(struct atcp_net *an, struct atcp_hold *h)
{
	struct atcp_bind *b = h->bind;

	atcp_hold_changed(h);
	if (h->users || h->tws || h->pooled)
		return;
	if (b) {
		atcp_place_del(&an->holds, &h->place);
		b->holds--;
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
		atcp_hold_release_unused(an, h);
	}
}

/* The hold of the port @b that covers @ask and is ours, or NULL. */
static struct atcp_hold *hold_find(struct atcp_net *an, const struct atcp_bind *b,
				   const struct atcp_hold_ask *ask)
{
	struct atcp_hold *h, *found = NULL;
	struct atcp_place_key key;
	struct rhlist_head *at;

	/* The pool's hold covers all addresses. */
	if (b->pooled)
		return b->pooled;
	atcp_place_key(&key, &ask->bound.v6, b->port, b->carrier);
	rcu_read_lock();
	rhl_for_each_entry_rcu(h, at, atcp_place_find(&an->holds, &key), place.node) {
		if (h->bind == b && atcp_hold_is_ours(h) && h->family == ask->family &&
		    bound_alike(&h->bound, &ask->bound)) {
			found = h;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

struct atcp_hold *atcp_hold_join(struct sock *sk, const struct atcp_hold_ask *ask, int l3mdev)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, ask->port);
	struct atcp_hold *h = NULL;
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, IPPROTO_TCP, ask->port, l3mdev);
	if (b)
		h = hold_find(an, b, ask);
	if (h) {
		h->users++;
		atcp_hold_changed(h);
	}
	spin_unlock_bh(&bucket->lock);
	return h;
}

int atcp_port_pool(struct atcp_net *an, struct atcp_hold *h, unsigned long old_at)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, h->port);
	struct atcp_bind *b;
	bool pooled;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, IPPROTO_TCP, h->port, 0);
	if (!b)
		b = atcp_bind_create(bucket, IPPROTO_TCP, h->port, 0);
	h->old_at = old_at;
	if (b && !atcp_hold_enter(an, b, h)) {
		h->pooled = true;
		b->pooled = h;
	}
	pooled = h->pooled;
	atcp_hold_unuse(an, h);
	/* Frees an entry that was created above and got no hold. */
	if (b && !pooled)
		atcp_bind_release(b);
	spin_unlock_bh(&bucket->lock);
	return pooled ? 0 : -ENOMEM;
}

enum atcp_pooled atcp_port_unpool(struct atcp_net *an, u16 port, unsigned long before)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, port);
	struct atcp_hold *h;
	enum atcp_pooled how = ATCP_POOLED;
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, IPPROTO_TCP, port, 0);
	h = atcp_hold_pooled(b);
	if (!h || (!h->users && !h->tws && time_before_eq(h->idle_since, before)))
		how = ATCP_POOLED_GONE;
	else if (time_after_eq(jiffies, h->old_at))
		how = ATCP_POOLED_OLD;
	if (h && how == ATCP_POOLED_GONE) {
		h->pooled = false;
		b->pooled = NULL;
		atcp_hold_release_unused(an, h);
	}
	spin_unlock_bh(&bucket->lock);
	return how;
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

/* Whether one of the holds at @addr covers @key. RCU. */
static bool owned_at(struct atcp_net *an, const struct in6_addr *addr,
		     const struct atcp_key *key, int dif, int sdif)
{
	struct atcp_place_key place;
	struct atcp_hold *h;
	struct rhlist_head *at;

	atcp_place_key(&place, addr, ntohs(key->lport), IPPROTO_TCP);
	rhl_for_each_entry_rcu(h, at, atcp_place_find(&an->holds, &place), place.node) {
		if (atcp_hold_is_ours(h) && hold_covers(an->net, h, key, dif, sdif))
			return true;
	}
	return false;
}

bool atcp_port_owned(struct atcp_net *an, const struct atcp_key *key, int dif, int sdif)
{
	return owned_at(an, &key->laddr, key, dif, sdif) ||
	       owned_at(an, &in6addr_any, key, dif, sdif);
}
