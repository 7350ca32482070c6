// SPDX-License-Identifier: GPL-2.0
/*
 * Local ports.  RFC 9293 section 3.9.1 leaves them to the host; SO_REUSEADDR
 * means what the kernel's TCP makes of it; ephemeral ports are picked by the
 * double-hash algorithm of RFC 6056 section 3.3.4.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "demux.h"
#include "ports.h"
#include "timewait.h"

static struct kmem_cache *bind_cache;

int __init atcp_ports_init(void)
{
	bind_cache = KMEM_CACHE(atcp_bind, SLAB_ACCOUNT);
	return bind_cache ? 0 : -ENOMEM;
}

void atcp_ports_exit(void)
{
	kmem_cache_destroy(bind_cache);
}

int atcp_ports_net_init(struct atcp_net *an)
{
	int i;

	an->binds = kvmalloc_array(ATCP_BIND_BUCKETS, sizeof(*an->binds), GFP_KERNEL_ACCOUNT);
	an->perturb = kvmalloc_array(ATCP_PERTURB_SLOTS, sizeof(*an->perturb), GFP_KERNEL_ACCOUNT);
	if (!an->binds || !an->perturb) {
		atcp_ports_net_exit(an);
		return -ENOMEM;
	}
	for (i = 0; i < ATCP_BIND_BUCKETS; i++) {
		spin_lock_init(&an->binds[i].lock);
		INIT_HLIST_HEAD(&an->binds[i].binds);
	}
	get_random_bytes(an->perturb, ATCP_PERTURB_SLOTS * sizeof(*an->perturb));
	get_random_bytes(&an->port_key, sizeof(an->port_key));
	return 0;
}

void atcp_ports_net_exit(struct atcp_net *an)
{
	kvfree(an->binds);
	kvfree(an->perturb);
}

static struct atcp_bind_bucket *bucket_of(struct atcp_net *an, u16 port)
{
	return &an->binds[port & (ATCP_BIND_BUCKETS - 1)];
}

/* The following five: bucket lock held. */

static struct atcp_bind *bind_find(struct atcp_bind_bucket *bucket, u16 port)
{
	struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port == port)
			return b;
	}
	return NULL;
}

static struct atcp_bind *bind_create(struct atcp_bind_bucket *bucket, u16 port, bool connect_only)
{
	struct atcp_bind *b = kmem_cache_alloc(bind_cache, GFP_ATOMIC);

	if (!b)
		return NULL;
	b->port = port;
	b->connect_only = connect_only;
	INIT_HLIST_HEAD(&b->socks);
	INIT_HLIST_HEAD(&b->tws);
	hlist_add_head(&b->node, &bucket->binds);
	return b;
}

static void bind_release(struct atcp_bind *b)
{
	if (!hlist_empty(&b->socks) || !hlist_empty(&b->tws))
		return;
	hlist_del(&b->node);
	kmem_cache_free(bind_cache, b);
}

static void bind_add(struct atcp_bind *b, struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	hlist_add_head(&as->bind_node, &b->socks);
	as->bind = b;
	inet_sk(sk)->inet_num = b->port;
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

static bool overlap_v4(const struct atcp_bound *a, const struct atcp_bound *b)
{
	return !b->v6only && (!a->v4 || !b->v4 || a->v4 == b->v4);
}

/*
 * Is there an address that both are bound to?  @family is that of @a's socket.
 * These are the rules of the kernel's TCP, odd ones included.
 */
static bool overlap(int family, const struct atcp_bound *a, const struct atcp_bound *b)
{
	bool mapped = ipv6_addr_v4mapped(&a->v6), mapped2 = ipv6_addr_v4mapped(&b->v6);

	if (a->dev && b->dev && a->dev != b->dev)
		return false;
	if (family == AF_INET || (mapped && mapped2))
		return overlap_v4(a, b);
	if (ipv6_addr_any(&a->v6))
		return ipv6_addr_any(&b->v6) || !(a->v6only && mapped2);
	if (ipv6_addr_any(&b->v6))
		return !(b->v6only && mapped);
	return ipv6_addr_equal(&a->v6, &b->v6);
}

/*
 * Does another holder of the port stand in @sk's way?  @share: SO_REUSEADDR on
 * both sides lets them share it as long as the other does not listen.
 */
static bool bind_conflict(const struct sock *sk, const struct atcp_bind *b, bool share)
{
	const struct atcp_timewait *tw;
	const struct atcp_sock *as;
	struct atcp_bound mine;

	share = share && sk->sk_reuse;
	atcp_bound_get(&mine, sk);
	hlist_for_each_entry(as, &b->socks, bind_node) {
		const struct sock *sk2 = (const struct sock *)as;
		struct atcp_bound other;

		if (sk2 == sk)
			continue;
		atcp_bound_get(&other, sk2);
		if (!overlap(sk->sk_family, &mine, &other))
			continue;
		if (!share || !sk2->sk_reuse || READ_ONCE(sk2->sk_state) == TCP_LISTEN)
			return true;
	}
	hlist_for_each_entry(tw, &b->tws, bind_node) {
		if (!overlap(sk->sk_family, &mine, &tw->bound))
			continue;
		if (!share || !tw->reuse)
			return true;
	}
	return false;
}

/* Return: 0, -EADDRINUSE or -ENOMEM. */
static int bind_try(struct sock *sk, u16 port, bool share)
{
	struct atcp_bind_bucket *bucket = bucket_of(atcp_net(sock_net(sk)), port);
	struct atcp_bind *b;
	int err = 0;

	spin_lock_bh(&bucket->lock);
	b = bind_find(bucket, port);
	if (b && bind_conflict(sk, b, share)) {
		err = -EADDRINUSE;
	} else {
		if (!b)
			b = bind_create(bucket, port, false);
		if (b) {
			b->connect_only = false;
			bind_add(b, sk);
		} else {
			err = -ENOMEM;
		}
	}
	spin_unlock_bh(&bucket->lock);
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err;
}

/* Return: 0, -EADDRNOTAVAIL: not this one, or -ENOMEM. */
static int connect_try(struct sock *sk, u16 port)
{
	struct atcp_bind_bucket *bucket = bucket_of(atcp_net(sock_net(sk)), port);
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_bind *b;
	int err = -EADDRNOTAVAIL;

	spin_lock_bh(&bucket->lock);
	b = bind_find(bucket, port);
	if (b && !b->connect_only)
		goto unlock;
	if (!b) {
		b = bind_create(bucket, port, true);
		if (!b) {
			err = -ENOMEM;
			goto unlock;
		}
	}
	as->node.key.lport = htons(port);
	err = atcp_hash(sk);
	if (err)
		bind_release(b);
	else
		bind_add(b, sk);
unlock:
	spin_unlock_bh(&bucket->lock);
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err;
}

/*
 * Tries every second port of the range, then the others: those of the first
 * kind are left to connect() or to bind(), as long as they last.  @offset is
 * reduced to the range; even means connect().
 */
static int each_port(struct sock *sk, u32 offset, int (*try)(struct sock *sk, u16 port),
		     int stop_unless, u32 *tried)
{
	struct net *net = sock_net(sk);
	int low, high, parity, range;

	inet_sk_get_local_port_range(sk, &low, &high);
	range = high - low + 1;
	if (range > 1)
		range &= ~1;		/* keeps the two kinds apart across the wrap */
	offset %= range;
	*tried = 0;

	for (parity = 0; parity < 2; parity++, offset ^= 1) {
		u32 at = offset;
		int i;

		for (i = 0; i < range; i += 2) {
			u32 port;
			int err;

			if (at >= range)
				at -= range;
			port = low + at;
			at += 2;
			if (port > high || inet_is_local_reserved_port(net, port))
				continue;
			*tried += 2;
			err = try(sk, port);
			if (err != stop_unless)
				return err;
			cond_resched();
		}
	}
	return stop_unless;
}

static int bind_try_alone(struct sock *sk, u16 port)
{
	return bind_try(sk, port, false);
}

int atcp_port_get(struct sock *sk, u16 port)
{
	u32 tried;

	if (port)
		return bind_try(sk, port, true);
	return each_port(sk, get_random_u32() | 1, bind_try_alone, -EADDRINUSE, &tried);
}

int atcp_port_check_listen(struct sock *sk)
{
	struct atcp_bind_bucket *bucket = bucket_of(atcp_net(sock_net(sk)), inet_sk(sk)->inet_num);
	bool conflict;

	spin_lock_bh(&bucket->lock);
	conflict = bind_conflict(sk, atcp_sk(sk)->bind, true);
	if (!conflict)
		atcp_sk(sk)->bind->connect_only = false;
	spin_unlock_bh(&bucket->lock);
	return conflict ? -EADDRINUSE : 0;
}

void atcp_port_put(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_bind_bucket *bucket;

	if (!as->bind)
		return;
	bucket = bucket_of(atcp_net(sock_net(sk)), inet_sk(sk)->inet_num);
	spin_lock_bh(&bucket->lock);
	hlist_del(&as->bind_node);
	bind_release(as->bind);
	as->bind = NULL;
	inet_sk(sk)->inet_num = 0;
	spin_unlock_bh(&bucket->lock);
}

int atcp_port_inherit(struct sock *child, const struct sock *sk, u16 port)
{
	struct atcp_bind_bucket *bucket = bucket_of(atcp_net(sock_net(sk)), port);
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	/* Written under this lock, so that it stays what it is. */
	b = atcp_sk(sk)->bind;
	if (b && b->port == port)
		bind_add(b, child);
	else
		b = NULL;
	spin_unlock_bh(&bucket->lock);
	return b ? 0 : -ENOENT;
}

int atcp_port_connect(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_sock *as = atcp_sk(sk);
	u32 offset, slot, tried;
	u64 hash;
	int err;

	atcp_key_v6(&as->node.key, &sk->sk_v6_rcv_saddr, htons(inet_sk(sk)->inet_num),
		    &sk->sk_v6_daddr, inet_sk(sk)->inet_dport, sk->sk_bound_dev_if);
	if (as->bind)
		return atcp_hash(sk);

	/* The addresses and the remote port: the local one is 0. */
	hash = siphash(&as->node.key, offsetofend(struct atcp_key, rport), &an->port_key);
	slot = (hash >> 32) & (ATCP_PERTURB_SLOTS - 1);
	offset = (u32)hash + READ_ONCE(an->perturb[slot]);
	err = each_port(sk, offset & ~1u, connect_try, -EADDRNOTAVAIL, &tried);
	/* A random step more tells less of how many connections were made. */
	WRITE_ONCE(an->perturb[slot], READ_ONCE(an->perturb[slot]) + tried +
		   2 * get_random_u32_below(8));
	return err;
}

void atcp_port_tw_hold(struct atcp_timewait *tw, const struct sock *sk)
{
	struct atcp_bind_bucket *bucket = bucket_of(tw->an, inet_sk(sk)->inet_num);

	spin_lock_bh(&bucket->lock);
	tw->bind = atcp_sk(sk)->bind;
	if (tw->bind)
		hlist_add_head(&tw->bind_node, &tw->bind->tws);
	spin_unlock_bh(&bucket->lock);
}

void atcp_port_tw_put(struct atcp_net *an, struct atcp_timewait *tw)
{
	struct atcp_bind_bucket *bucket = bucket_of(an, tw->tw.lport);

	if (!tw->bind)
		return;
	spin_lock_bh(&bucket->lock);
	hlist_del(&tw->bind_node);
	bind_release(tw->bind);
	tw->bind = NULL;
	spin_unlock_bh(&bucket->lock);
}
