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
#include "hold.h"
#include "pool.h"
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

/* Bucket lock held from here to port_take(). */

static struct atcp_bind *bind_find(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
				   int l3mdev)
{
	struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port == port && b->l3mdev == l3mdev && b->carrier == carrier)
			return b;
	}
	return NULL;
}

static struct atcp_bind *bind_create(struct atcp_bind_bucket *bucket, u8 carrier, u16 port,
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

static void bind_release(struct atcp_bind *b)
{
	if (!bind_unused(b) || !hlist_empty(&b->holds))
		return;
	hlist_del(&b->node);
	kmem_cache_free(bind_cache, b);
}

/* --- what keeps the kernel's TCP off a port; the bucket's lock is held as well --- */

static bool port_held(const struct atcp_bind_bucket *bucket, u16 port)
{
	const struct atcp_bind *b;

	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port == port && !hlist_empty(&b->holds))
			return true;
	}
	return false;
}

static struct atcp_hold *pooled(const struct atcp_bind *b)
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

static void hold_enter(struct atcp_net *an, struct atcp_bind *b, struct atcp_hold *h)
{
	hlist_add_head(&h->node, &b->holds);
	h->bind = b;
	set_bit(b->port, an->held);
}

/* A user or a TIME-WAIT has gone: the last takes the hold, and perhaps the port, with it. */
static void hold_left(struct atcp_net *an, struct atcp_hold *h)
{
	struct atcp_bind *b = h->bind;

	atcp_hold_changed(h);
	if (h->users || h->tws || h->pooled)
		return;
	if (b) {
		hlist_del(&h->node);
		if (!port_held(bucket_of(an, b->port), b->port))
			clear_bit(b->port, an->held);
		bind_release(b);
	}
	atcp_hold_release(an, h);
}

static void hold_unuse(struct atcp_net *an, struct atcp_hold *h)
{
	if (h) {
		h->users--;
		hold_left(an, h);
	}
}

static void bind_add(struct atcp_bind *b, struct sock *sk, bool chosen, struct atcp_hold *h)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (h) {
		if (!h->bind)
			hold_enter(atcp_net(sock_net(sk)), b, h);
		h->users++;
		atcp_hold_changed(h);
	}
	as->hold = h;
	hlist_add_head(&as->bind_node, &b->socks);
	as->bind = b;
	as->bind_chosen = chosen;
	b->chosen += chosen;
	WRITE_ONCE(inet_sk(sk)->inet_num, b->port);
}

static void bind_del(struct atcp_bind *b, struct hlist_node *node, bool chosen)
{
	hlist_del(node);
	b->chosen -= chosen;
	if (!b->chosen) {
		b->reuse = false;
		b->group = ATCP_BIND_NONE;
	}
	bind_release(b);
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

/* How much may a socket share with the other holders of a port? */
enum share {
	SHARE_NOTHING,		/* it wants any port that is free */
	SHARE_REUSE,		/* the same, as net.ipv4.ip_autobind_reuse relaxes it */
	SHARE_ALL,		/* it wants this one */
};

/* What of a holder counts for that, apart from what it is bound to. */
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
static bool in_the_way(const struct sock *sk, const struct holder *h, enum share share)
{
	bool grouped = h->reuseport && group_ok(sk);

	if (sk->sk_reuse && h->reuse)
		return share == SHARE_NOTHING || (share == SHARE_REUSE && grouped);
	return share != SHARE_ALL || !grouped;
}

/* Does another holder of the port stand in @sk's way? */
static bool bind_conflict(const struct sock *sk, const struct atcp_bind *b, enum share share)
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

/* Is there no need to look at the holders, of whom there may be many? */
static bool bind_welcome(const struct sock *sk, const struct atcp_bind *b)
{
	return (b->reuse && sk->sk_reuse && sk->sk_state != TCP_LISTEN) || group_welcome(sk, b);
}

/* @sk gets the port, or starts to listen there: who will be welcome from now on? */
static void bind_learn(struct atcp_bind *b, const struct sock *sk)
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

/* Takes the port if that is possible, or just finds that out if @sk holds it. */
static int port_take(struct sock *sk, struct atcp_bind_bucket *bucket, u16 port, int l3mdev,
		     enum share share, struct atcp_hold *hold)
{
	u8 carrier = atcp_carrier(sk);
	struct atcp_bind *b = atcp_sk(sk)->bind ?: bind_find(bucket, carrier, port, l3mdev);

	if (b && !(share == SHARE_ALL && bind_welcome(sk, b)) && bind_conflict(sk, b, share))
		return -EADDRINUSE;
	if (!b)
		b = bind_create(bucket, carrier, port, l3mdev);
	if (!b)
		return -ENOMEM;
	bind_learn(b, sk);
	if (!atcp_sk(sk)->bind)
		bind_add(b, sk, true, hold);
	return 0;
}

/* Return: 0, -EADDRINUSE or -ENOMEM. */
static int bind_try(struct sock *sk, u16 port, int l3mdev, enum share share)
{
	struct atcp_bind_bucket *bucket = bucket_of(atcp_net(sock_net(sk)), port);
	int err;

	spin_lock_bh(&bucket->lock);
	err = port_take(sk, bucket, port, l3mdev, share, NULL);
	spin_unlock_bh(&bucket->lock);
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err;
}

/* The same while @hold keeps the kernel's TCP off the port; one use of it ends. */
static int bind_held(struct sock *sk, struct atcp_hold *hold, int l3mdev, enum share share)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_bind_bucket *bucket = bucket_of(an, hold->port);
	u16 port = hold->port;
	int err;

	spin_lock_bh(&bucket->lock);
	err = port_take(sk, bucket, port, l3mdev, share, hold);
	hold_unuse(an, hold);
	spin_unlock_bh(&bucket->lock);
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err;
}

/* One more use of a hold that is for the same, or NULL. */
static struct atcp_hold *hold_join(struct sock *sk, const struct atcp_hold_ask *ask, int l3mdev)
{
	struct atcp_bind_bucket *bucket = bucket_of(atcp_net(sock_net(sk)), ask->port);
	struct atcp_hold *h = NULL;
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	b = bind_find(bucket, IPPROTO_TCP, ask->port, l3mdev);
	if (b) {
		hlist_for_each_entry(h, &b->holds, node) {
			if (atcp_hold_is_ours(h) && h->family == ask->family &&
			    bound_alike(&h->bound, &ask->bound))
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

/* bind_try() of the carrier TCP. @port: 0 for one that the kernel's TCP picks. */
static int bind_both(struct sock *sk, u16 port, int l3mdev, enum share share)
{
	struct atcp_hold_ask ask = {
		.family = sk->sk_family,
		.port = port,
		.range = sk,
		.reuse = sk->sk_reuse,
	};
	struct atcp_hold *hold = NULL;

	atcp_bound_get(&ask.bound, sk);
	if (port)
		hold = hold_join(sk, &ask, l3mdev);
	if (!hold)
		hold = atcp_hold_make(sock_net(sk), &ask);
	if (IS_ERR(hold))
		return PTR_ERR(hold);
	return bind_held(sk, hold, l3mdev, share);
}

/* The ends are in the table already: does a TIME-WAIT there give way? RCU. */
static int take_over(struct sock *sk, struct atcp_node *node)
{
	if (node->type != ATCP_NODE_TW)
		return -EADDRNOTAVAIL;
	return atcp_timewait_replace(container_of(node, struct atcp_timewait, node), sk);
}

/* Enters the table by a key that is complete, the port being held. */
static int enter_table(struct sock *sk)
{
	struct atcp_node *node;
	int err = -EADDRNOTAVAIL;

	rcu_read_lock();
	node = atcp_lookup(atcp_net(sock_net(sk)), &atcp_sk(sk)->node.key);
	if (node)
		err = take_over(sk, node);
	rcu_read_unlock();
	return node ? err : atcp_hash(sk);
}

/*
 * @hold: what keeps the kernel's TCP off the port, or NULL: the pool, if it takes that
 * Return: 0, -EADDRNOTAVAIL: not this one, or -ENOMEM.
 */
static int connect_with(struct sock *sk, u16 port, int l3mdev, struct atcp_hold *hold)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_bind_bucket *bucket = bucket_of(an, port);
	struct atcp_sock *as = atcp_sk(sk);
	u8 carrier = atcp_carrier(sk);
	int err = -EADDRNOTAVAIL;
	struct atcp_node *node;
	struct atcp_bind *b;

	as->node.key.lport = htons(port);
	rcu_read_lock();
	node = atcp_lookup(an, &as->node.key);
	if (node)
		err = take_over(sk, node);
	rcu_read_unlock();
	if (node)
		goto out;

	spin_lock_bh(&bucket->lock);
	b = bind_find(bucket, carrier, port, l3mdev);
	if (b && b->chosen)
		goto unlock;
	if (carrier == IPPROTO_TCP && !hold) {
		hold = pooled(b);
		if (!hold)
			goto unlock;
	}
	err = -ENOMEM;
	if (!b)
		b = bind_create(bucket, carrier, port, l3mdev);
	if (!b)
		goto unlock;
	err = atcp_hash(sk);
	if (err)
		bind_release(b);
	else
		bind_add(b, sk, false, hold);
unlock:
	spin_unlock_bh(&bucket->lock);
out:
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err;
}

static int connect_try(struct sock *sk, u16 port, int l3mdev, enum share share)
{
	return connect_with(sk, port, l3mdev, NULL);
}

int atcp_port_connect_pooled(struct sock *sk, u16 port)
{
	return connect_with(sk, port, 0, NULL);
}

/* Where a port is looked for. */
struct search {
	u32 offset;		/* where in the range to begin */
	int low;
	int high;
	int step;
	int (*try)(struct sock *sk, u16 port, int l3mdev, enum share share);
	enum share share;
	int busy;		/* what try() returns when there is hope yet */
	u32 tried;		/* out: how far it went */
};

/* The range that the namespace and the socket (IP_LOCAL_PORT_RANGE) allow. */
static void search_range(struct search *s, const struct sock *sk)
{
	s->step = atcp_local_port_range(sk, &s->low, &s->high) ? 1 : 2;
}

/*
 * Tries every second port of the range, then the others: those of the first
 * kind are left to connect() or to bind(), as long as they last.  An even offset
 * means connect().
 */
static int search(struct sock *sk, struct search *s)
{
	struct net *net = sock_net(sk);
	int l3mdev = inet_sk_bound_l3mdev(sk);
	int range = s->high - s->low + 1;
	int parity;

	if (range > 1 && s->step > 1)
		range &= ~1;		/* keeps the two kinds apart across the wrap */
	s->offset %= range;
	s->tried = 0;

	for (parity = 0; parity < s->step; parity++, s->offset ^= 1) {
		u32 at = s->offset;
		int i;

		for (i = 0; i < range; i += s->step, at += s->step) {
			u32 port;
			int err;

			if (at >= range)
				at -= range;
			port = s->low + at;
			if (port > s->high || inet_is_local_reserved_port(net, port))
				continue;
			s->tried += s->step;
			err = s->try(sk, port, l3mdev, s->share);
			if (err != s->busy)
				return err;
			cond_resched();
		}
	}
	return s->busy;
}

/* bind() to port 0; SO_REUSEADDR leaves the upper half to others while it can. */
static int bind_any(struct sock *sk, enum share share)
{
	struct search s = {
		.try = atcp_carrier(sk) == IPPROTO_TCP ? bind_both : bind_try,
		.share = share,
		.busy = -EADDRINUSE,
	};
	int err, half;

	search_range(&s, sk);
	s.step = 2;
	s.offset = get_random_u32() | 1;
	half = s.low + ((s.high + 1 - s.low) >> 2 << 1);
	if (sk->sk_reuse != SK_CAN_REUSE || s.high + 1 - s.low < 4)
		return search(sk, &s);

	swap(s.high, half);
	s.high--;
	err = search(sk, &s);
	if (err != s.busy)
		return err;
	s.low = s.high + 1;
	s.high = half;
	s.offset = get_random_u32() | 1;
	return search(sk, &s);
}

int atcp_port_get(struct sock *sk, u16 port)
{
	bool both = atcp_carrier(sk) == IPPROTO_TCP;
	int err, l3mdev = inet_sk_bound_l3mdev(sk);

	if (port)
		return both ? bind_both(sk, port, l3mdev, SHARE_ALL) :
			      bind_try(sk, port, l3mdev, SHARE_ALL);
	err = both ? bind_both(sk, 0, l3mdev, SHARE_NOTHING) : bind_any(sk, SHARE_NOTHING);
	if (err == -EADDRINUSE && READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_autobind_reuse))
		err = bind_any(sk, SHARE_REUSE);
	return err;
}

int atcp_port_check_listen(struct sock *sk)
{
	return bind_try(sk, inet_sk(sk)->inet_num, 0, SHARE_ALL);
}

void atcp_port_put(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_bind_bucket *bucket;

	if (!as->bind)
		return;
	bucket = bucket_of(atcp_net(sock_net(sk)), inet_sk(sk)->inet_num);
	spin_lock_bh(&bucket->lock);
	hold_unuse(atcp_net(sock_net(sk)), as->hold);
	as->hold = NULL;
	bind_del(as->bind, &as->bind_node, as->bind_chosen);
	as->bind = NULL;
	WRITE_ONCE(inet_sk(sk)->inet_num, 0);
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
		bind_add(b, child, true, atcp_sk(sk)->hold);
	else
		b = NULL;
	spin_unlock_bh(&bucket->lock);
	return b ? 0 : -ENOENT;
}

/* A VRF has ports of its own, and no pool of them: one is taken for this connection. */
static int connect_own(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_hold_ask ask = {
		.bound = { .v6 = IN6ADDR_ANY_INIT, .dev = sk->sk_bound_dev_if },
		.family = atcp_pool_family(),
		.range = sk,
	};
	struct atcp_bind_bucket *bucket;
	struct atcp_hold *hold;
	int err;

	hold = atcp_hold_make(sock_net(sk), &ask);
	if (IS_ERR(hold))
		return PTR_ERR(hold) == -EADDRINUSE ? -EADDRNOTAVAIL : PTR_ERR(hold);
	err = connect_with(sk, hold->port, inet_sk_bound_l3mdev(sk), hold);
	bucket = bucket_of(an, hold->port);
	spin_lock_bh(&bucket->lock);
	hold_unuse(an, hold);
	spin_unlock_bh(&bucket->lock);
	return err;
}

int atcp_port_connect(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_sock *as = atcp_sk(sk);
	struct search s = { .try = connect_try, .busy = -EADDRNOTAVAIL };
	u32 slot;
	u64 hash;
	int err;

	as->tcb.iss = 0;
	atcp_key_v6(&as->node.key, atcp_carrier(sk), &sk->sk_v6_rcv_saddr,
		    htons(inet_sk(sk)->inet_num), &sk->sk_v6_daddr, inet_sk(sk)->inet_dport,
		    sk->sk_bound_dev_if);
	if (as->bind)
		return enter_table(sk);

	/* The addresses and the remote port: the local one is 0. */
	hash = siphash(&as->node.key, offsetofend(struct atcp_key, rport), &an->port_key);
	slot = (hash >> 32) & (ATCP_PERTURB_SLOTS - 1);
	search_range(&s, sk);
	s.offset = ((u32)hash + READ_ONCE(an->perturb[slot])) & ~1u;
	if (atcp_carrier(sk) != IPPROTO_TCP)
		err = search(sk, &s);
	else if (inet_sk_bound_l3mdev(sk))
		err = connect_own(sk);
	else
		err = atcp_pool_connect(sk, s.low, s.high, s.offset / 2, &s.tried);
	/* A random step more tells less of how many connections were made. */
	WRITE_ONCE(an->perturb[slot], READ_ONCE(an->perturb[slot]) + s.tried +
		   2 * get_random_u32_below(8));
	return err;
}

void atcp_port_tw_hold(struct atcp_timewait *tw, const struct sock *sk)
{
	struct atcp_bind_bucket *bucket = bucket_of(tw->an, inet_sk(sk)->inet_num);

	spin_lock_bh(&bucket->lock);
	tw->bind = atcp_sk(sk)->bind;
	tw->hold = atcp_sk(sk)->hold;
	tw->bind_chosen = atcp_sk(sk)->bind_chosen;
	if (tw->hold) {
		tw->hold->tws++;
		tw->hold->strict_tws += !tw->reuse;
	}
	if (tw->bind) {
		hlist_add_head(&tw->bind_node, &tw->bind->tws);
		tw->bind->chosen += tw->bind_chosen;
	}
	spin_unlock_bh(&bucket->lock);
}

bool atcp_port_tw_share(const struct atcp_timewait *tw, struct sock *sk)
{
	struct atcp_bind_bucket *bucket = bucket_of(tw->an, tw->tw.lport);
	bool shared;

	spin_lock_bh(&bucket->lock);
	shared = tw->bind && !tw->bind->chosen && (!tw->hold || atcp_hold_is_ours(tw->hold));
	if (shared)
		bind_add(tw->bind, sk, false, tw->hold);
	spin_unlock_bh(&bucket->lock);
	return shared;
}

void atcp_port_tw_put(struct atcp_net *an, struct atcp_timewait *tw)
{
	struct atcp_bind_bucket *bucket = bucket_of(an, tw->tw.lport);

	if (!tw->bind)
		return;
	spin_lock_bh(&bucket->lock);
	if (tw->hold) {
		tw->hold->tws--;
		tw->hold->strict_tws -= !tw->reuse;
		hold_left(an, tw->hold);
		tw->hold = NULL;
	}
	bind_del(tw->bind, &tw->bind_node, tw->bind_chosen);
	tw->bind = NULL;
	spin_unlock_bh(&bucket->lock);
}

/* --- the carrier TCP --- */

int atcp_port_pool(struct atcp_net *an, struct atcp_hold *h)
{
	struct atcp_bind_bucket *bucket = bucket_of(an, h->port);
	struct atcp_bind *b;

	spin_lock_bh(&bucket->lock);
	b = bind_find(bucket, IPPROTO_TCP, h->port, 0);
	if (!b)
		b = bind_create(bucket, IPPROTO_TCP, h->port, 0);
	if (b) {
		h->pooled = true;
		hold_enter(an, b, h);
	}
	hold_unuse(an, h);
	spin_unlock_bh(&bucket->lock);
	return b ? 0 : -ENOMEM;
}

bool atcp_port_unpool(struct atcp_net *an, u16 port, unsigned long before)
{
	struct atcp_bind_bucket *bucket = bucket_of(an, port);
	struct atcp_hold *h;
	struct atcp_bind *b;
	bool gone;

	spin_lock_bh(&bucket->lock);
	b = bind_find(bucket, IPPROTO_TCP, port, 0);
	h = pooled(b);
	gone = !h || (!h->users && !h->tws && time_before_eq(h->idle_since, before));
	if (h && gone) {
		h->pooled = false;
		hold_left(an, h);
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
	struct atcp_bind_bucket *bucket = bucket_of(an, port);
	struct atcp_hold *h;
	struct atcp_bind *b;
	bool owned = false;

	spin_lock(&bucket->lock);
	hlist_for_each_entry(b, &bucket->binds, node) {
		if (b->port != port)
			continue;
		hlist_for_each_entry(h, &b->holds, node)
			owned |= atcp_hold_is_ours(h) && hold_covers(an->net, h, key, dif, sdif);
	}
	spin_unlock(&bucket->lock);
	return owned;
}
