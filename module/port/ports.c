// SPDX-License-Identifier: GPL-2.0
/*
 * Local ports: how a socket gets one.  RFC 9293 section 3.9.1 leaves that to the
 * host; ephemeral ports are picked by the double-hash algorithm of RFC 6056
 * section 3.3.4.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "demux.h"
#include "port/bind.h"
#include "port/bind_hold.h"
#include "port/hold.h"
#include "port/pool.h"
#include "port/ports.h"
#include "port/timewait.h"

/*
 * The increments of RFC 6056 section 3.3.4, racy by design.  All namespaces share one
 * table, but each hashes with its own key, so that the ports in one namespace reveal
 * nothing of those in another.  The table is large because a host with 256 slots could be
 * fingerprinted by its ports (CVE-2022-32296).
 */
#define PERTURB_SLOTS	65536
static u32 *perturb;

int __init atcp_ports_init(void)
{
	perturb = kvmalloc_array(PERTURB_SLOTS, sizeof(*perturb), GFP_KERNEL);
	if (!perturb)
		return -ENOMEM;
	get_random_bytes(perturb, PERTURB_SLOTS * sizeof(*perturb));
	return 0;
}

void atcp_ports_exit(void)
{
	kvfree(perturb);
}

int atcp_ports_net_init(struct atcp_net *an)
{
	get_random_bytes(&an->port_key, sizeof(an->port_key));
	return atcp_binds_net_init(an);
}

void atcp_ports_net_exit(struct atcp_net *an)
{
	atcp_binds_net_exit(an);
}

/*
 * Makes @sk a holder of @b.  Bucket lock held.
 * Return: 0, or -ENOMEM: @b has been freed if it has no other holder.
 */
static int bind_add(struct atcp_bind *b, struct sock *sk, bool chosen, struct atcp_hold *h)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_crowd *crowd = atcp_crowd_of(b, sk);
	struct atcp_sock *as = atcp_sk(sk);

	if (!crowd)
		goto no_memory;
	if (h && !h->bind && atcp_hold_enter(an, b, h)) {
		atcp_crowd_release(an, crowd);
		goto no_memory;
	}
	if (h) {
		h->users++;
		atcp_hold_changed(h);
	}
	as->hold = h;
	hlist_add_head(&as->bind_node, &crowd->socks);
	as->crowd = crowd;
	as->bind = b;
	as->bind_chosen = chosen;
	b->holders++;
	b->chosen += chosen;
	WRITE_ONCE(inet_sk(sk)->inet_num, b->port);
	return 0;
no_memory:
	atcp_bind_release(b);
	return -ENOMEM;
}

/* Removes a holder from its crowd and port, which are freed if empty. Bucket lock held. */
static void bind_del(struct atcp_net *an, struct atcp_crowd *crowd, struct hlist_node *node,
		     bool chosen)
{
	struct atcp_bind *b = crowd->bind;

	hlist_del(node);
	atcp_crowd_release(an, crowd);
	b->holders--;
	b->chosen -= chosen;
	if (!b->chosen) {
		b->reuse = false;
		b->group = ATCP_BIND_NONE;
	}
	atcp_bind_release(b);
}

/* A socket gives its port up. Bucket lock held. */
static void bind_leave(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_sock *as = atcp_sk(sk);

	atcp_hold_unuse(an, as->hold);
	as->hold = NULL;
	bind_del(an, as->crowd, &as->bind_node, as->bind_chosen);
	as->crowd = NULL;
	as->bind = NULL;
	WRITE_ONCE(inet_sk(sk)->inet_num, 0);
}

/* Gives @sk the port that it asked bind() for, after the check of conflicts. */
static int bind_new(struct atcp_bind *b, struct sock *sk, struct atcp_hold *hold)
{
	atcp_bind_update_fastreuse(b, sk);
	return bind_add(b, sk, true, hold);
}

/*
 * Checks for conflicts, then makes @sk a holder of the port unless it is one already (as
 * in listen()).  Return: as atcp_bind_conflict(), or -ENOMEM.
 */
static int port_take(struct sock *sk, struct atcp_bind_bucket *bucket, u16 port, int l3mdev,
		     enum atcp_share share, struct atcp_hold *hold)
{
	u8 carrier = atcp_carrier(sk);
	struct atcp_bind *b = atcp_sk(sk)->bind ?: atcp_bind_find(bucket, carrier, port, l3mdev);
	int err = 0;

	if (b && !(share == ATCP_SHARE_ALL && atcp_bind_fastreuse(sk, b)))
		err = atcp_bind_conflict(sk, b, share);
	if (err)
		return err;
	if (!b)
		b = atcp_bind_create(bucket, carrier, port, l3mdev);
	if (!b)
		return -ENOMEM;
	if (atcp_sk(sk)->bind) {
		atcp_bind_update_fastreuse(b, sk);
		atcp_crowd_move(sk);
		return 0;
	}
	return bind_new(b, sk, hold);
}

/* How often port_take() is called if each call moves ATCP_BIND_MOVES holders. */
#define BIND_ROUNDS	1024

/*
 * Binds @sk to @port, in rounds between which the bucket's lock is released.
 * @hold: the hold to use, which the caller has a user of, or NULL
 * Return: 0, -EADDRINUSE or -ENOMEM.
 */
static int bind_with(struct sock *sk, u16 port, int l3mdev, enum atcp_share share,
		     struct atcp_hold *hold)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(atcp_net(sock_net(sk)), port);
	int err, i;

	for (i = 0; i < BIND_ROUNDS; i++) {
		spin_lock_bh(&bucket->lock);
		err = port_take(sk, bucket, port, l3mdev, share, hold);
		spin_unlock_bh(&bucket->lock);
		if (err != -EAGAIN)
			break;
		cond_resched();
	}
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err == -EAGAIN ? -EADDRINUSE : err;
}

static int bind_try(struct sock *sk, u16 port, int l3mdev, enum atcp_share share)
{
	return bind_with(sk, port, l3mdev, share, NULL);
}

/* Binds @sk to the port of @hold, then drops the caller's user of the hold. */
static int bind_held(struct sock *sk, struct atcp_hold *hold, int l3mdev, enum atcp_share share)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, hold->port);
	int err = bind_with(sk, hold->port, l3mdev, share, hold);

	spin_lock_bh(&bucket->lock);
	atcp_hold_unuse(an, hold);
	spin_unlock_bh(&bucket->lock);
	return err;
}

/* The hold for @ask, with one more user: an existing one or a new one. */
static struct atcp_hold *hold_for(struct sock *sk, const struct atcp_hold_ask *ask, int l3mdev)
{
	struct atcp_hold *hold = ask->port ? atcp_hold_join(sk, ask, l3mdev) : NULL;

	return hold ?: atcp_hold_make(sock_net(sk), ask);
}

/* bind_try() for the carrier TCP. @port: 0 for one that the kernel's TCP picks. */
static int bind_both(struct sock *sk, u16 port, int l3mdev, enum atcp_share share)
{
	struct atcp_hold_ask ask = {
		.family = sk->sk_family,
		.port = port,
		.range = sk,
		.reuse = sk->sk_reuse,
	};
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_hold *hold;

	atcp_bound_get(&ask.bound, sk);
	hold = hold_for(sk, &ask, l3mdev);
	if (port && hold == ERR_PTR(-EADDRINUSE)) {
		/* Perhaps the port was just being added to the pool, under this lock. */
		mutex_lock(&an->pool_lock);
		hold = hold_for(sk, &ask, l3mdev);
		mutex_unlock(&an->pool_lock);
	}
	if (IS_ERR(hold))
		return PTR_ERR(hold);
	return bind_held(sk, hold, l3mdev, share);
}

/* Replaces @node, which has the same ends as @sk, if it is a TIME-WAIT that allows it. RCU. */
static int take_over(struct sock *sk, struct atcp_node *node)
{
	if (node->type != ATCP_NODE_TW)
		return -EADDRNOTAVAIL;
	return atcp_timewait_replace(container_of(node, struct atcp_timewait, node), sk);
}

/* Enters the connection table; @sk holds a port and its key is complete. */
static int enter_table(struct sock *sk)
{
	struct atcp_node *node;
	int err = -EADDRNOTAVAIL;

	rcu_read_lock();
	node = atcp_lookup_taken(atcp_net(sock_net(sk)), &atcp_sk(sk)->node.key);
	if (node)
		err = take_over(sk, node);
	rcu_read_unlock();
	return node ? err : atcp_hash(sk);
}

/*
 * Tries one local port for connect(), and enters the connection table with it.
 * @hold: the hold to use, or NULL; then over TCP the port has to be in the pool
 * Return: 0, -EADDRNOTAVAIL if another port has to be tried, or -ENOMEM.
 */
static int connect_with(struct sock *sk, u16 port, int l3mdev, struct atcp_hold *hold)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, port);
	struct atcp_sock *as = atcp_sk(sk);
	u8 carrier = atcp_carrier(sk);
	int err = -EADDRNOTAVAIL;
	struct atcp_node *node;
	struct atcp_bind *b;

	as->node.key.lport = htons(port);
	rcu_read_lock();
	node = atcp_lookup_taken(an, &as->node.key);
	if (node)
		err = take_over(sk, node);
	rcu_read_unlock();
	if (node)
		goto out;

	spin_lock_bh(&bucket->lock);
	b = atcp_bind_find(bucket, carrier, port, l3mdev);
	if (b && b->chosen)
		goto unlock;
	if (carrier == IPPROTO_TCP && !hold) {
		hold = atcp_hold_pooled(b);
		if (!hold)
			goto unlock;
	}
	err = -ENOMEM;
	if (!b)
		b = atcp_bind_create(bucket, carrier, port, l3mdev);
	if (!b)
		goto unlock;
	err = bind_add(b, sk, false, hold);
	if (err)
		goto unlock;
	err = atcp_hash(sk);
	if (err)
		bind_leave(sk);
unlock:
	spin_unlock_bh(&bucket->lock);
out:
	if (!err)
		inet_sk(sk)->inet_sport = htons(port);
	return err;
}

static int connect_try(struct sock *sk, u16 port, int l3mdev, enum atcp_share share)
{
	return connect_with(sk, port, l3mdev, NULL);
}

int atcp_port_connect_pooled(struct sock *sk, u16 port)
{
	return connect_with(sk, port, 0, NULL);
}

/* A search for a port. */
struct search {
	u32 offset;		/* where in the range to begin */
	int low;
	int high;
	int step;		/* 2: every second port first, then the others; 1: one pass */
	int (*try)(struct sock *sk, u16 port, int l3mdev, enum atcp_share share);
	enum atcp_share share;
	int busy;		/* what try() returns if the next port is to be tried */
	u32 tried;		/* out: how far it went, in ports of the range */
};

/* The range that the namespace and the socket (IP_LOCAL_PORT_RANGE) allow. */
static void search_range(struct search *s, const struct sock *sk)
{
	s->step = atcp_local_port_range(sk, &s->low, &s->high) ? 1 : 2;
}

/*
 * Tries every second port of the range, then the others.  connect() begins with an even
 * offset and bind() with an odd one, so that each has half of the ports for itself as
 * long as they last.
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

/* bind() to port 0; with SO_REUSEADDR the upper half of the range is tried last. */
static int bind_any(struct sock *sk, enum atcp_share share)
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
		return both ? bind_both(sk, port, l3mdev, ATCP_SHARE_ALL) :
			      bind_try(sk, port, l3mdev, ATCP_SHARE_ALL);
	err = both ? bind_both(sk, 0, l3mdev, ATCP_SHARE_NOTHING) :
		     bind_any(sk, ATCP_SHARE_NOTHING);
	if (err == -EADDRINUSE && READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_autobind_reuse))
		err = bind_any(sk, ATCP_SHARE_REUSE);
	return err;
}

int atcp_port_check_listen(struct sock *sk)
{
	return bind_try(sk, inet_sk(sk)->inet_num, 0, ATCP_SHARE_ALL);
}

void atcp_port_put(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_bind_bucket *bucket;

	if (!as->bind)
		return;
	bucket = atcp_bucket_of(atcp_net(sock_net(sk)), inet_sk(sk)->inet_num);
	spin_lock_bh(&bucket->lock);
	bind_leave(sk);
	spin_unlock_bh(&bucket->lock);
}

void atcp_port_moved(struct sock *sk)
{
	struct atcp_bind_bucket *bucket;

	if (!atcp_sk(sk)->bind)
		return;
	bucket = atcp_bucket_of(atcp_net(sock_net(sk)), inet_sk(sk)->inet_num);
	spin_lock_bh(&bucket->lock);
	atcp_crowd_move(sk);
	spin_unlock_bh(&bucket->lock);
}

int atcp_port_inherit(struct sock *child, const struct sock *sk, u16 port)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(atcp_net(sock_net(sk)), port);
	struct atcp_bind *b;
	int err = -ENOENT;

	spin_lock_bh(&bucket->lock);
	/*
	 * The listener's inet_num, bind and hold change under the lock of its port's bucket.
	 * If inet_num is still @port, that lock is held here, and bind stays valid.
	 */
	b = READ_ONCE(inet_sk(sk)->inet_num) == port ? atcp_sk(sk)->bind : NULL;
	if (b)
		err = bind_add(b, child, true, atcp_sk(sk)->hold);
	spin_unlock_bh(&bucket->lock);
	return err;
}

/*
 * connect() over TCP in a VRF: there is no pool of a VRF's ports, so that each connection
 * gets a hold of its own.
 */
static int connect_own(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_hold_ask ask = {
		.bound = { .v6 = IN6ADDR_ANY_INIT, .dev = sk->sk_bound_dev_if },
		.family = atcp_hold_family(),
		.range = sk,
	};
	struct atcp_bind_bucket *bucket;
	struct atcp_hold *hold;
	int err;

	hold = atcp_hold_make(sock_net(sk), &ask);
	if (IS_ERR(hold))
		return PTR_ERR(hold) == -EADDRINUSE ? -EADDRNOTAVAIL : PTR_ERR(hold);
	err = connect_with(sk, hold->port, inet_sk_bound_l3mdev(sk), hold);
	bucket = atcp_bucket_of(an, hold->port);
	spin_lock_bh(&bucket->lock);
	atcp_hold_unuse(an, hold);
	spin_unlock_bh(&bucket->lock);
	return err;
}

int atcp_port_connect(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_sock *as = atcp_sk(sk);
	struct search s = { .try = connect_try, .busy = -EADDRNOTAVAIL };
	u32 *slot;
	u64 hash;
	int err;

	as->tcb.iss = 0;
	atcp_key_v6(&as->node.key, atcp_carrier(sk), &sk->sk_v6_rcv_saddr,
		    htons(inet_sk(sk)->inet_num), &sk->sk_v6_daddr, inet_sk(sk)->inet_dport);
	as->node.key.dev = sk->sk_bound_dev_if;
	if (as->bind)
		return enter_table(sk);

	/* Hashes the addresses and the remote port; the local port is 0 here. */
	hash = siphash(&as->node.key, offsetofend(struct atcp_key, rport), &an->port_key);
	slot = &perturb[(hash >> 32) % PERTURB_SLOTS];
	search_range(&s, sk);
	s.offset = ((u32)hash + READ_ONCE(*slot)) & ~1u;
	if (atcp_carrier(sk) != IPPROTO_TCP)
		err = search(sk, &s);
	else if (inet_sk_bound_l3mdev(sk))
		err = connect_own(sk);
	else
		err = atcp_pool_connect(sk, s.low, s.high, s.offset / 2, &s.tried);
	/* The step is random, so that ports do not reveal how many connections were made. */
	WRITE_ONCE(*slot, READ_ONCE(*slot) + s.tried + 2 * get_random_u32_below(8));
	return err;
}

void atcp_port_tw_hold(struct atcp_timewait *tw, const struct sock *sk)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(tw->an, inet_sk(sk)->inet_num);

	spin_lock_bh(&bucket->lock);
	tw->bind = atcp_sk(sk)->bind;
	tw->hold = atcp_sk(sk)->hold;
	tw->bind_chosen = atcp_sk(sk)->bind_chosen;
	if (tw->hold) {
		tw->hold->tws++;
		tw->hold->strict_tws += !tw->reuse;
	}
	if (tw->bind) {
		tw->crowd = atcp_sk(sk)->crowd;
		hlist_add_head(&tw->bind_node, &tw->crowd->tws);
		tw->bind->holders++;
		tw->bind->chosen += tw->bind_chosen;
	}
	spin_unlock_bh(&bucket->lock);
}

bool atcp_port_tw_share(const struct atcp_timewait *tw, struct sock *sk)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(tw->an, tw->tw.lport);
	bool shared;

	spin_lock_bh(&bucket->lock);
	shared = tw->bind && !tw->bind->chosen && (!tw->hold || atcp_hold_is_ours(tw->hold)) &&
		 !bind_add(tw->bind, sk, false, tw->hold);
	spin_unlock_bh(&bucket->lock);
	return shared;
}

void atcp_port_tw_put(struct atcp_net *an, struct atcp_timewait *tw)
{
	struct atcp_bind_bucket *bucket = atcp_bucket_of(an, tw->tw.lport);

	if (!tw->bind)
		return;
	spin_lock_bh(&bucket->lock);
	if (tw->hold) {
		tw->hold->tws--;
		tw->hold->strict_tws -= !tw->reuse;
		atcp_hold_release_unused(an, tw->hold);
		tw->hold = NULL;
	}
	bind_del(an, tw->crowd, &tw->bind_node, tw->bind_chosen);
	tw->bind = NULL;
	spin_unlock_bh(&bucket->lock);
}
