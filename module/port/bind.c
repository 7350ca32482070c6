// SPDX-License-Identifier: GPL-2.0
/*
 * The local ports in use, and which sockets may share one: SO_REUSEADDR and SO_REUSEPORT
 * by the rules of the kernel's TCP.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "atcp.h"
#include "port/bind.h"
#include "port/timewait.h"

static struct kmem_cache *bind_cache;
static struct kmem_cache *crowd_cache;

int __init atcp_binds_init(void)
{
	bind_cache = KMEM_CACHE(atcp_bind, SLAB_ACCOUNT);
	crowd_cache = KMEM_CACHE(atcp_crowd, SLAB_ACCOUNT);
	if (bind_cache && crowd_cache)
		return 0;
	atcp_binds_exit();
	return -ENOMEM;
}

void atcp_binds_exit(void)
{
	kmem_cache_destroy(crowd_cache);
	kmem_cache_destroy(bind_cache);
}

int atcp_binds_net_init(struct atcp_net *an)
{
	int i, err;

	err = atcp_places_init(&an->crowds);
	if (err)
		return err;
	err = atcp_places_init(&an->holds);
	if (err)
		goto no_holds;
	err = -ENOMEM;
	an->binds = kvmalloc_array(ATCP_BIND_BUCKETS, sizeof(*an->binds), GFP_KERNEL_ACCOUNT);
	if (!an->binds)
		goto no_binds;
	for (i = 0; i < ATCP_BIND_BUCKETS; i++) {
		spin_lock_init(&an->binds[i].lock);
		INIT_HLIST_HEAD(&an->binds[i].binds);
	}
	return 0;
no_binds:
	atcp_places_exit(&an->holds);
no_holds:
	atcp_places_exit(&an->crowds);
	return err;
}

void atcp_binds_net_exit(struct atcp_net *an)
{
	kvfree(an->binds);
	atcp_places_exit(&an->holds);
	atcp_places_exit(&an->crowds);
}

struct atcp_bind *atcp_bind_find(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
				 int l3mdev)
{
	struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port == port && b->l3mdev == l3mdev && b->carrier == carrier)
			return b;
	}
	return NULL;
}

struct atcp_bind *atcp_bind_create(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
				   int l3mdev)
{
	struct atcp_bind *b = kmem_cache_zalloc(bind_cache, GFP_ATOMIC);

	if (!b)
		return NULL;
	b->port = port;
	b->carrier = carrier;
	b->l3mdev = l3mdev;
	hlist_add_head(&b->node, &bucket->binds);
	return b;
}

void atcp_bind_release(struct atcp_bind *b)
{
	if (b->holders || b->holds)
		return;
	hlist_del(&b->node);
	kmem_cache_free(bind_cache, b);
}

void atcp_bound_get(struct atcp_bound *bound, const struct sock *sk)
{
	bound->v4 = inet_sk(sk)->inet_rcv_saddr;
	bound->dev = sk->sk_bound_dev_if;
	bound->v6only = ipv6_only_sock(sk);
	if (sk->sk_family == AF_INET6)
		bound->v6 = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(bound->v4, &bound->v6);
}

static bool v4_overlap(const struct atcp_bound *a, const struct atcp_bound *b, bool b_all)
{
	return !b->v6only && (!a->v4 || a->v4 == b->v4 || (b_all && !b->v4));
}

/*
 * Whether both are bound to a common address.  If @b_all is false, @b being bound to all
 * addresses does not count as an overlap with one address of @a.  @family is that of @a's
 * socket.  These are the rules of the kernel's TCP, odd ones included.
 */
static bool addresses_overlap(int family, const struct atcp_bound *a, const struct atcp_bound *b,
			      bool b_all)
{
	bool mapped = ipv6_addr_v4mapped(&a->v6), mapped2 = ipv6_addr_v4mapped(&b->v6);

	if (family == AF_INET || (mapped && mapped2))
		return v4_overlap(a, b, b_all);
	if (ipv6_addr_any(&a->v6))
		return ipv6_addr_any(&b->v6) || !(a->v6only && mapped2);
	if (ipv6_addr_any(&b->v6))
		return b_all && !(b->v6only && mapped);
	return ipv6_addr_equal(&a->v6, &b->v6);
}

bool atcp_bound_overlap(int family, const struct atcp_bound *a, const struct atcp_bound *b)
{
	if (a->dev && b->dev && a->dev != b->dev)
		return false;
	return addresses_overlap(family, a, b, true);
}

/* --- crowds --- */

static void traits_get(struct atcp_traits *t, const struct sock *sk)
{
	atcp_bound_get(&t->bound, sk);
	t->user = sk->sk_reuseport ? sk_uid(sk) : INVALID_UID;
	t->reuse = sk->sk_reuse && READ_ONCE(sk->sk_state) != TCP_LISTEN;
	t->reuseport = sk->sk_reuseport;
}

static bool same_kind(const struct atcp_traits *a, const struct atcp_traits *b)
{
	return a->bound.dev == b->bound.dev && a->bound.v6only == b->bound.v6only &&
	       uid_eq(a->user, b->user) && a->reuse == b->reuse &&
	       a->reuseport == b->reuseport &&
	       ipv6_addr_any(&a->bound.v6) == ipv6_addr_any(&b->bound.v6) &&
	       ipv6_addr_v4mapped(&a->bound.v6) == ipv6_addr_v4mapped(&b->bound.v6);
}

static bool same_traits(const struct atcp_traits *a, const struct atcp_traits *b)
{
	return same_kind(a, b) && a->bound.v4 == b->bound.v4 &&
	       ipv6_addr_equal(&a->bound.v6, &b->bound.v6);
}

/* The crowds of that address, carrier and port number, those of other VRFs included. RCU. */
static struct rhlist_head *crowds_at(struct atcp_net *an, const struct atcp_bind *b,
				     const struct in6_addr *addr)
{
	struct atcp_place_key key;

	atcp_place_key(&key, addr, b->port, b->carrier);
	return atcp_place_find(&an->crowds, &key);
}

static struct atcp_crowd *crowd_find(struct atcp_net *an, struct atcp_bind *b,
				     const struct atcp_traits *t)
{
	struct atcp_crowd *c, *found = NULL;
	struct rhlist_head *at;

	if (hlist_empty(&b->kinds))
		return NULL;
	rcu_read_lock();
	rhl_for_each_entry_rcu(c, at, crowds_at(an, b, &t->bound.v6), place.node) {
		if (c->bind == b && same_traits(&c->traits, t)) {
			found = c;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static void enter_kind(struct atcp_bind *b, struct atcp_crowd *crowd)
{
	struct atcp_crowd *c;

	INIT_HLIST_NODE(&crowd->first);
	INIT_LIST_HEAD(&crowd->kin);
	hlist_for_each_entry(c, &b->kinds, first) {
		if (same_kind(&c->traits, &crowd->traits)) {
			list_add(&crowd->kin, &c->kin);
			return;
		}
	}
	hlist_add_head(&crowd->first, &b->kinds);
}

static void leave_kind(struct atcp_bind *b, struct atcp_crowd *crowd)
{
	struct atcp_crowd *next;

	if (!hlist_unhashed(&crowd->first)) {
		if (!list_empty(&crowd->kin)) {
			next = list_first_entry(&crowd->kin, struct atcp_crowd, kin);
			hlist_add_behind(&next->first, &crowd->first);
		}
		hlist_del(&crowd->first);
	}
	list_del(&crowd->kin);
}

static struct atcp_crowd *crowd_get(struct atcp_net *an, struct atcp_bind *b,
				    const struct atcp_traits *t)
{
	struct atcp_crowd *crowd = crowd_find(an, b, t);

	if (crowd)
		return crowd;
	crowd = kmem_cache_zalloc(crowd_cache, GFP_ATOMIC);
	if (!crowd)
		return NULL;
	crowd->bind = b;
	crowd->traits = *t;
	atcp_place_key(&crowd->place.key, &t->bound.v6, b->port, b->carrier);
	if (atcp_place_add(&an->crowds, &crowd->place)) {
		kmem_cache_free(crowd_cache, crowd);
		return NULL;
	}
	enter_kind(b, crowd);
	return crowd;
}

static void crowd_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(crowd_cache, container_of(rcu, struct atcp_crowd, rcu));
}

void atcp_crowd_release(struct atcp_net *an, struct atcp_crowd *crowd)
{
	if (!hlist_empty(&crowd->socks) || !hlist_empty(&crowd->tws))
		return;
	leave_kind(crowd->bind, crowd);
	atcp_place_del(&an->crowds, &crowd->place);
	call_rcu(&crowd->rcu, crowd_free_rcu);
}

struct atcp_crowd *atcp_crowd_of(struct atcp_bind *b, const struct sock *sk)
{
	struct atcp_traits t;

	traits_get(&t, sk);
	return crowd_get(atcp_net(sock_net(sk)), b, &t);
}

/* May leave the old crowd empty: the caller releases it. */
static void move_sock(struct atcp_net *an, struct atcp_sock *as, const struct atcp_traits *t)
{
	struct atcp_crowd *to = crowd_get(an, as->bind, t);

	if (!to || to == as->crowd)
		return;
	hlist_del(&as->bind_node);
	hlist_add_head(&as->bind_node, &to->socks);
	as->crowd = to;
}

static void move_tw(struct atcp_net *an, struct atcp_timewait *tw, const struct atcp_traits *t)
{
	struct atcp_crowd *to = crowd_get(an, tw->bind, t);

	if (!to || to == tw->crowd)
		return;
	hlist_del(&tw->bind_node);
	hlist_add_head(&tw->bind_node, &to->tws);
	tw->crowd = to;
}

void atcp_crowd_move(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_crowd *old = atcp_sk(sk)->crowd;
	struct atcp_traits t;

	traits_get(&t, sk);
	if (same_traits(&t, &old->traits))
		return;
	move_sock(an, atcp_sk(sk), &t);
	atcp_crowd_release(an, old);
}

struct atcp_timewait *atcp_bind_timewait(const struct atcp_bind_bucket *bucket)
{
	struct atcp_crowd *first, *c;
	struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		hlist_for_each_entry(first, &b->kinds, first) {
			c = first;
			do {
				if (!hlist_empty(&c->tws))
					return hlist_entry(c->tws.first, struct atcp_timewait,
							   bind_node);
				c = list_next_entry(c, kin);
			} while (c != first);
		}
	}
	return NULL;
}

/* --- conflicts --- */

/*
 * Whether SO_REUSEPORT applies.  A socket that is in a reuseport group already, because a
 * program was attached to it before bind(), shares nothing.
 */
static bool group_ok(const struct sock *sk)
{
	return sk->sk_reuseport && !rcu_access_pointer(sk->sk_reuseport_cb);
}

/* One conflict check: the socket, the rules, and the bound on moved members. */
struct conflict_check {
	struct atcp_net *an;
	const struct sock *sk;
	struct atcp_bound bound;
	enum atcp_share share;
	bool group_ok;
	int moves;	/* how many more members may be moved */
	bool again;	/* out: that bound was reached */
};

/* Counts one move. Return: false when the bound is reached. */
static bool may_move(struct conflict_check *a)
{
	a->again = !a->moves;
	a->moves -= !a->again;
	return !a->again;
}

/* The rules of inet_bind_conflict(). @tw: @t is a TIME-WAIT's, whose user is ignored. */
static bool conflicts(const struct conflict_check *a, const struct atcp_traits *t, bool tw)
{
	bool grouped = a->group_ok && t->reuseport && (tw || uid_eq(sk_uid(a->sk), t->user));

	if (a->sk->sk_reuse && t->reuse) {
		if (!(a->share == ATCP_SHARE_NOTHING ||
		      (a->share == ATCP_SHARE_REUSE && grouped)))
			return false;
	} else if (a->share == ATCP_SHARE_ALL && grouped) {
		return false;
	}
	return atcp_bound_overlap(a->sk->sk_family, &a->bound, &t->bound);
}

/*
 * Where the crowd's traits conflict and a member's own do not, the member's have changed
 * since it got the port: it is moved to another crowd, and the next one is checked.
 */
static bool sock_conflicts(struct conflict_check *a, struct atcp_crowd *crowd)
{
	struct hlist_node *next;
	struct atcp_sock *as;

	if (!conflicts(a, &crowd->traits, false))
		return false;
	hlist_for_each_entry_safe(as, next, &crowd->socks, bind_node) {
		struct atcp_traits now;

		if ((const struct sock *)as == a->sk)
			continue;
		traits_get(&now, (const struct sock *)as);
		if (conflicts(a, &now, false) || !may_move(a))
			return true;
		move_sock(a->an, as, &now);
	}
	return false;
}

static bool tw_conflicts(struct conflict_check *a, struct atcp_crowd *crowd)
{
	struct atcp_timewait *tw;
	struct hlist_node *next;

	if (!conflicts(a, &crowd->traits, true))
		return false;
	hlist_for_each_entry_safe(tw, next, &crowd->tws, bind_node) {
		struct atcp_traits was = {
			.bound = tw->bound,
			.user = crowd->traits.user,
			.reuse = tw->reuse,
			.reuseport = tw->reuseport,
		};

		if (conflicts(a, &was, true) || !may_move(a))
			return true;
		move_tw(a->an, tw, &was);
	}
	return false;
}

static bool crowd_conflicts(struct conflict_check *a, struct atcp_crowd *crowd)
{
	return sock_conflicts(a, crowd) || tw_conflicts(a, crowd);
}

/* Checks the crowds at one address; :: stands for those bound to all addresses. */
static bool conflict_at(struct conflict_check *a, const struct atcp_bind *b,
			const struct in6_addr *addr)
{
	struct atcp_crowd *c;
	struct rhlist_head *at;
	bool found = false;

	rcu_read_lock();
	rhl_for_each_entry_rcu(c, at, crowds_at(a->an, b, addr), place.node) {
		if (c->bind != b)
			continue;
		found = crowd_conflicts(a, c);
		if (found)
			break;
		atcp_crowd_release(a->an, c);
	}
	rcu_read_unlock();
	return found;
}

/*
 * Checks the crowds of one kind, all of which conflict by their traits.  One without a
 * conflict has no member but the asking socket, or has just lost its members.
 */
static bool conflict_of_kind(struct conflict_check *a, struct atcp_crowd *first)
{
	bool found = crowd_conflicts(a, first);
	struct atcp_crowd *c, *next;

	list_for_each_entry_safe(c, next, &first->kin, kin) {
		if (found)
			break;
		found = crowd_conflicts(a, c);
		atcp_crowd_release(a->an, c);
	}
	atcp_crowd_release(a->an, first);
	return found;
}

static bool conflict_anywhere(struct conflict_check *a, struct atcp_bind *b)
{
	struct atcp_crowd *first;
	struct hlist_node *next;

	hlist_for_each_entry_safe(first, next, &b->kinds, first) {
		if (!conflicts(a, &first->traits, false) && !conflicts(a, &first->traits, true))
			continue;
		if (conflict_of_kind(a, first))
			return true;
	}
	return false;
}

int atcp_bind_conflict(const struct sock *sk, struct atcp_bind *b, enum atcp_share share)
{
	struct conflict_check a = {
		.an = atcp_net(sock_net(sk)),
		.sk = sk,
		.share = share,
		.group_ok = group_ok(sk),
		.moves = ATCP_BIND_MOVES,
	};
	struct atcp_place_key key;
	bool found;

	atcp_bound_get(&a.bound, sk);
	atcp_place_key(&key, &a.bound.v6, b->port, b->carrier);
	if (ipv6_addr_any(&key.addr))
		found = conflict_anywhere(&a, b);
	else
		found = conflict_at(&a, b, &key.addr) || conflict_at(&a, b, &in6addr_any);
	if (!found)
		return 0;
	return a.again ? -EAGAIN : -EADDRINUSE;
}

/* Whether @sk is of the SO_REUSEPORT group that shares the port without a check. */
static bool group_fastreuse(const struct sock *sk, const struct atcp_bind *b)
{
	struct atcp_bound mine;

	if (b->group == ATCP_BIND_NONE || !group_ok(sk) || !uid_eq(b->user, sk_uid(sk)))
		return false;
	if (b->group == ATCP_BIND_ALL)
		return true;
	/* The kernel's TCP ignores the device here, and so lets more in than it should. */
	atcp_bound_get(&mine, sk);
	return addresses_overlap(b->family, &b->bound, &mine, false);
}

bool atcp_bind_fastreuse(const struct sock *sk, const struct atcp_bind *b)
{
	return (b->reuse && sk->sk_reuse && sk->sk_state != TCP_LISTEN) || group_fastreuse(sk, b);
}

void atcp_bind_update_fastreuse(struct atcp_bind *b, const struct sock *sk)
{
	bool first = !b->holders, reuse = sk->sk_reuse && sk->sk_state != TCP_LISTEN;

	b->reuse = reuse && (first || b->reuse);
	if (!sk->sk_reuseport) {
		b->group = ATCP_BIND_NONE;
	} else if (first || !group_fastreuse(sk, b)) {
		b->group = first ? ATCP_BIND_ALL : ATCP_BIND_ALIKE;
		b->user = sk_uid(sk);
		b->family = sk->sk_family;
		atcp_bound_get(&b->bound, sk);
	}
}
