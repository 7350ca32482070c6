// SPDX-License-Identifier: GPL-2.0
/*
 * The local ports in use, and who may share one: SO_REUSEADDR and SO_REUSEPORT by the
 * rules of the kernel's TCP.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "bind.h"
#include "sock.h"
#include "timewait.h"

static struct kmem_cache *bind_cache;

int __init atcp_binds_init(void)
{
	bind_cache = KMEM_CACHE(atcp_bind, SLAB_ACCOUNT);
	return bind_cache ? 0 : -ENOMEM;
}

void atcp_binds_exit(void)
{
	kmem_cache_destroy(bind_cache);
}

int atcp_binds_net_init(struct atcp_net *an)
{
	int i;

	an->binds = kvmalloc_array(ATCP_BIND_BUCKETS, sizeof(*an->binds), GFP_KERNEL_ACCOUNT);
	if (!an->binds)
		return -ENOMEM;
	for (i = 0; i < ATCP_BIND_BUCKETS; i++) {
		spin_lock_init(&an->binds[i].lock);
		INIT_HLIST_HEAD(&an->binds[i].binds);
	}
	return 0;
}

void atcp_binds_net_exit(struct atcp_net *an)
{
	kvfree(an->binds);
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

/* Has it no holders? */
static bool bind_unused(const struct atcp_bind *b)
{
	return hlist_empty(&b->socks) && hlist_empty(&b->tws);
}

void atcp_bind_release(struct atcp_bind *b)
{
	if (!bind_unused(b) || !hlist_empty(&b->holds))
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

static bool meet_v4(const struct atcp_bound *a, const struct atcp_bound *b, bool b_all)
{
	return !b->v6only && (!a->v4 || a->v4 == b->v4 || (b_all && !b->v4));
}

/*
 * Is there an address that both are bound to?  @b_all: being bound to all addresses
 * counts for @b as it does for @a.  @family is that of @a's socket.  These are the
 * rules of the kernel's TCP, odd ones included.
 */
static bool meet(int family, const struct atcp_bound *a, const struct atcp_bound *b, bool b_all)
{
	bool mapped = ipv6_addr_v4mapped(&a->v6), mapped2 = ipv6_addr_v4mapped(&b->v6);

	if (family == AF_INET || (mapped && mapped2))
		return meet_v4(a, b, b_all);
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
	return meet(family, a, b, true);
}

/* What of a holder counts for sharing, apart from what it is bound to. */
struct holder {
	bool reuse;		/* SO_REUSEADDR, and does not listen */
	bool reuseport;		/* SO_REUSEPORT, and the user is the same */
};

/* A socket with a group of its own, by a program attached to it, shares nothing. */
static bool group_ok(const struct sock *sk)
{
	return sk->sk_reuseport && !rcu_access_pointer(sk->sk_reuseport_cb);
}

/* The rules of inet_bind_conflict(), of two whose addresses overlap. */
static bool in_the_way(const struct sock *sk, const struct holder *h, enum atcp_share share)
{
	bool grouped = h->reuseport && group_ok(sk);

	if (sk->sk_reuse && h->reuse)
		return share == ATCP_SHARE_NOTHING || (share == ATCP_SHARE_REUSE && grouped);
	return share != ATCP_SHARE_ALL || !grouped;
}

bool atcp_bind_conflict(const struct sock *sk, const struct atcp_bind *b, enum atcp_share share)
{
	const struct atcp_timewait *tw;
	const struct atcp_sock *as;
	struct atcp_bound mine;

	atcp_bound_get(&mine, sk);
	hlist_for_each_entry(as, &b->socks, bind_node) {
		const struct sock *sk2 = (const struct sock *)as;
		struct holder h = {
			.reuse = sk2->sk_reuse && READ_ONCE(sk2->sk_state) != TCP_LISTEN,
			.reuseport = sk2->sk_reuseport && uid_eq(sk_uid(sk), sk_uid(sk2)),
		};
		struct atcp_bound other;

		if (sk2 == sk || !in_the_way(sk, &h, share))
			continue;
		atcp_bound_get(&other, sk2);
		if (atcp_bound_overlap(sk->sk_family, &mine, &other))
			return true;
	}
	hlist_for_each_entry(tw, &b->tws, bind_node) {
		struct holder h = { .reuse = tw->reuse, .reuseport = tw->reuseport };

		if (in_the_way(sk, &h, share) &&
		    atcp_bound_overlap(sk->sk_family, &mine, &tw->bound))
			return true;
	}
	return false;
}

/* Is @sk one of those of SO_REUSEPORT whom none of the holders is in the way of? */
static bool group_welcome(const struct sock *sk, const struct atcp_bind *b)
{
	struct atcp_bound mine;

	if (b->group == ATCP_BIND_NONE || !group_ok(sk) || !uid_eq(b->user, sk_uid(sk)))
		return false;
	if (b->group == ATCP_BIND_ALL)
		return true;
	/* TCP does not ask for the device here, and so lets more in than it should. */
	atcp_bound_get(&mine, sk);
	return meet(b->family, &b->bound, &mine, false);
}

bool atcp_bind_welcome(const struct sock *sk, const struct atcp_bind *b)
{
	return (b->reuse && sk->sk_reuse && sk->sk_state != TCP_LISTEN) || group_welcome(sk, b);
}

void atcp_bind_learn(struct atcp_bind *b, const struct sock *sk)
{
	bool first = bind_unused(b), reuse = sk->sk_reuse && sk->sk_state != TCP_LISTEN;

	b->reuse = reuse && (first || b->reuse);
	if (!sk->sk_reuseport) {
		b->group = ATCP_BIND_NONE;
	} else if (first || !group_welcome(sk, b)) {
		b->group = first ? ATCP_BIND_ALL : ATCP_BIND_ALIKE;
		b->user = sk_uid(sk);
		b->family = sk->sk_family;
		atcp_bound_get(&b->bound, sk);
	}
}
