// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table and the listener table (RFC 9293 section 3.10: which
 * TCB does a segment belong to).
 */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/sock_reuseport.h>

#include "demux.h"
#include "listen.h"

/* What is looked up: ends, whose own dev does not count, and a device or 0. */
struct probe {
	const struct atcp_key *ends;
	int dev;
};

static u32 ends_hash(const struct atcp_key *k, int dev, u32 seed)
{
	u32 laddr = (__force u32)k->laddr.s6_addr32[3];
	u32 raddr = (__force u32)k->raddr.s6_addr32[3];
	u32 ports = (__force u32)k->lport << 16 | (__force u32)k->rport;

	if (unlikely(!ipv6_addr_v4mapped(&k->raddr))) {
		laddr = jhash2((__force const u32 *)k->laddr.s6_addr32, 4, seed);
		raddr = jhash2((__force const u32 *)k->raddr.s6_addr32, 4, laddr);
	}
	if (unlikely(dev))
		laddr = jhash_1word(dev, laddr);
	return jhash_3words(laddr, raddr, ports ^ k->carrier, seed);
}

static u32 probe_hash(const void *data, u32 len, u32 seed)
{
	const struct probe *p = data;

	return ends_hash(p->ends, p->dev, seed);
}

static u32 node_hash(const void *data, u32 len, u32 seed)
{
	const struct atcp_key *k = &((const struct atcp_node *)data)->key;

	return ends_hash(k, k->dev, seed);
}

/* Zero when equal. */
static int probe_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct probe *p = arg->key;
	const struct atcp_key *a = p->ends;
	const struct atcp_key *b = &((const struct atcp_node *)obj)->key;

	return a->rport != b->rport || a->lport != b->lport ||
	       !ipv6_addr_equal(&a->raddr, &b->raddr) ||
	       !ipv6_addr_equal(&a->laddr, &b->laddr) ||
	       p->dev != READ_ONCE(b->dev) || a->carrier != b->carrier;
}

static const struct rhashtable_params table_params = {
	.head_offset = offsetof(struct atcp_node, hash),
	.hashfn = probe_hash,
	.obj_hashfn = node_hash,
	.obj_cmpfn = probe_cmp,
	.min_size = 256,
	.automatic_shrinking = true,
};

int atcp_demux_init(struct atcp_net *an)
{
	int err;

	xa_init_flags(&an->listeners, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	spin_lock_init(&an->listen_lock);
	err = atcp_places_init(&an->listens);
	if (err)
		return err;
	err = rhashtable_init(&an->connections, &table_params);
	if (err)
		atcp_places_exit(&an->listens);
	return err;
}

void atcp_demux_exit(struct atcp_net *an)
{
	rhashtable_destroy(&an->connections);
	atcp_places_exit(&an->listens);
	xa_destroy(&an->listeners);
}

void atcp_key_v4(struct atcp_key *key, u8 carrier, __be32 laddr, __be16 lport,
		 __be32 raddr, __be16 rport)
{
	ipv6_addr_set_v4mapped(laddr, &key->laddr);
	ipv6_addr_set_v4mapped(raddr, &key->raddr);
	key->lport = lport;
	key->rport = rport;
	key->dev = 0;
	key->carrier = carrier;
}

void atcp_key_v6(struct atcp_key *key, u8 carrier, const struct in6_addr *laddr, __be16 lport,
		 const struct in6_addr *raddr, __be16 rport)
{
	key->laddr = *laddr;
	key->raddr = *raddr;
	key->lport = lport;
	key->rport = rport;
	key->dev = 0;
	key->carrier = carrier;
}

void atcp_key_tuple(struct atcp_tuple *t, const struct atcp_key *key)
{
	memcpy(t->laddr, &key->laddr, sizeof(t->laddr));
	memcpy(t->raddr, &key->raddr, sizeof(t->raddr));
	t->lport = ntohs(key->lport);
	t->rport = ntohs(key->rport);
}

static struct atcp_node *find(struct atcp_net *an, const struct atcp_key *ends, int dev)
{
	struct probe p = { .ends = ends, .dev = dev };

	return rhashtable_lookup(&an->connections, &p, table_params);
}

/* Who has the ends on the second device, or on any, of what comes in by @dif and @sdif? */
static struct atcp_node *find_wider(struct atcp_net *an, const struct atcp_key *ends,
				    int dif, int sdif)
{
	struct atcp_node *node = NULL;

	if (unlikely(sdif && sdif != dif) && atomic_read(&an->bound_nodes))
		node = find(an, ends, sdif);
	if (!node && inet_sk_bound_dev_eq(an->net, 0, dif, sdif))
		node = find(an, ends, 0);
	return node;
}

/* So often is looked again when nothing was found while some node moved. */
#define LOOKS	3

struct atcp_node *atcp_lookup(struct atcp_net *an, const struct atcp_key *ends, int dif, int sdif)
{
	static struct atcp_node moving = { .type = ATCP_NODE_MOVING };
	struct atcp_node *node = NULL;
	int i, moves;

	for (i = 0; i < LOOKS; i++) {
		moves = atomic_read_acquire(&an->moves);
		if (unlikely(atomic_read(&an->bound_nodes)))
			node = find(an, ends, dif);
		if (!node)
			node = find_wider(an, ends, dif, sdif);
		if (node)
			return node;
		/*
		 * One that came from a wider place to a narrower may have been missed at
		 * both.  Its stand-in goes after this was counted: move().
		 */
		smp_rmb();
		if (likely(atomic_read(&an->moves) == moves))
			return NULL;
	}
	return &moving;
}

struct atcp_node *atcp_lookup_taken(struct atcp_net *an, const struct atcp_key *key)
{
	return atcp_lookup(an, key, key->dev, l3mdev_master_ifindex_by_index(an->net, key->dev));
}

/* Is there a node in whose name one bound to key->dev could take segments? Not @except. */
static bool taken_from_wider(struct atcp_net *an, const struct atcp_key *key,
			     const struct atcp_node *except)
{
	const struct atcp_node *node;
	bool taken;

	rcu_read_lock();
	node = find_wider(an, key, key->dev, l3mdev_master_ifindex_by_index(an->net, key->dev));
	taken = node && node != except;
	rcu_read_unlock();
	return taken;
}

/* @except: a node that is no obstacle, for it will be removed; or NULL. */
static int insert(struct atcp_net *an, struct atcp_node *node, const struct atcp_node *except)
{
	struct probe p = { .ends = &node->key, .dev = node->key.dev };
	int err = -EEXIST;

	if (likely(!node->key.dev)) {
		err = rhashtable_lookup_insert_key(&an->connections, &p, &node->hash,
						   table_params);
		goto out;
	}
	/* First, so that whoever could meet the node looks for such. */
	atomic_inc(&an->bound_nodes);
	if (taken_from_wider(an, &node->key, except))
		goto undo;
	err = rhashtable_lookup_insert_key(&an->connections, &p, &node->hash, table_params);
	if (err)
		goto undo;
	/* Again, for one that came meanwhile was not in its way. */
	if (likely(!taken_from_wider(an, &node->key, except)))
		return 0;
	rhashtable_remove_fast(&an->connections, &node->hash, table_params);
	err = -EEXIST;
undo:
	atomic_dec(&an->bound_nodes);
out:
	if (err == -EEXIST)
		return -EADDRNOTAVAIL;
	return err ? -ENOMEM : 0;
}

int atcp_node_insert(struct atcp_net *an, struct atcp_node *node)
{
	return insert(an, node, NULL);
}

void atcp_node_remove(struct atcp_net *an, struct atcp_node *node)
{
	rhashtable_remove_fast(&an->connections, &node->hash, table_params);
	if (unlikely(node->key.dev))
		atomic_dec(&an->bound_nodes);
}

int atcp_node_replace(struct atcp_net *an, struct atcp_node *old, struct atcp_node *new)
{
	return rhashtable_replace_fast(&an->connections, &old->hash, &new->hash, table_params);
}

int atcp_hash(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int err;

	as->node.type = ATCP_NODE_SOCK;
	/* Before the insertion: a segment may come in between, on this CPU even. */
	WRITE_ONCE(as->hashed, true);
	err = atcp_node_insert(atcp_net(sock_net(sk)), &as->node);
	if (err)
		WRITE_ONCE(as->hashed, false);
	return err;
}

void atcp_unhash(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (!as->hashed)
		return;
	atcp_node_remove(atcp_net(sock_net(sk)), &as->node);
	WRITE_ONCE(as->hashed, false);
}

/* Stands in the old place of a node that moves, so that no look-up finds nothing there. */
struct moving {
	struct atcp_node node;
	struct rcu_head rcu;
};

/*
 * A segment that meets the stand-in is dropped, and its sender sends it again; at the
 * new place none was the socket's before.  Readers who are just at a node that changes
 * chains notice by the end of the chain, and begin anew; those between two places, by
 * the count of moves.
 */
static int move(struct atcp_net *an, struct atcp_node *node, int dev)
{
	struct moving *m = kmalloc(sizeof(*m), GFP_ATOMIC | __GFP_NOWARN);
	int err, old = node->key.dev;

	if (!m)
		return -ENOMEM;
	m->node.key = node->key;
	m->node.type = ATCP_NODE_MOVING;
	err = atcp_node_replace(an, node, &m->node);
	if (WARN_ON_ONCE(err)) {
		kfree(m);
		return err;
	}
	WRITE_ONCE(node->key.dev, dev);
	err = insert(an, node, &m->node);
	if (!err) {
		atomic_inc(&an->moves);
		/* Who does not find the stand-in any more sees that: atcp_lookup(). */
		smp_mb__after_atomic();
		atcp_node_remove(an, &m->node);
	} else {
		WRITE_ONCE(node->key.dev, old);
		WARN_ON_ONCE(atcp_node_replace(an, &m->node, node));
	}
	kfree_rcu(m, rcu);
	return err;
}

void atcp_rehash(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int dev = sk->sk_bound_dev_if, old = as->node.key.dev;

	if (as->hashed && dev != old && move(atcp_net(sock_net(sk)), &as->node, dev))
		WRITE_ONCE(sk->sk_bound_dev_if, old);
}

struct atcp_listen_place *atcp_listen_place(struct atcp_net *an, const struct in6_addr *addr,
					    __be16 port, u8 carrier)
{
	struct atcp_place_key key;
	struct rhlist_head *found;

	atcp_place_key(&key, addr, ntohs(port), carrier);
	found = atcp_place_find(&an->listens, &key);
	return found ? container_of(found, struct atcp_listen_place, place.node) : NULL;
}

/* Does a listener, bound to @laddr or to all addresses, take segments to @laddr? */
static bool address_taken(const struct sock *sk, const struct in6_addr *laddr)
{
	if (ipv6_addr_v4mapped(laddr))
		return !ipv6_only_sock(sk);
	/* An AF_INET6 socket may be bound to all addresses of IPv4, and no others. */
	return sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr);
}

/* How much is bound beside the address. */
static int listener_score(const struct sock *sk)
{
	return 1 + !!READ_ONCE(sk->sk_bound_dev_if) + (sk->sk_family == AF_INET) +
	       (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id());
}

/* The one of the group that the connection falls to. */
static struct sock *pick_from_group(struct atcp_net *an, struct sock *sk,
				    const struct atcp_key *key, struct sk_buff *skb)
{
	u32 hash = siphash(key, offsetofend(struct atcp_key, rport), &an->port_key);
	int hlen = skb ? atcp_hdr_len(skb->data) : 0;
	struct sock *picked;

	picked = reuseport_select_sock(sk, hash, skb, hlen);
	return IS_ERR(picked) ? NULL : picked ?: sk;
}

/* The best of those that are bound to @addr. */
static struct sock *best_at(struct atcp_net *an, const struct in6_addr *addr,
			    const struct atcp_key *key, int dif, int sdif)
{
	struct atcp_listen_place *place = atcp_listen_place(an, addr, key->lport, key->carrier);
	struct sock *best = NULL;
	struct atcp_listener *l;
	int score, most = 0;

	if (!place)
		return NULL;
	hlist_for_each_entry_rcu(l, &place->firsts, first) {
		if (!address_taken(l->sk, &key->laddr) ||
		    !inet_sk_bound_dev_eq(an->net, READ_ONCE(l->sk->sk_bound_dev_if), dif, sdif))
			continue;
		score = listener_score(l->sk);
		if (score <= most)
			continue;
		best = l->sk;
		/* TCP does not look for a better one than a group. */
		if (best->sk_reuseport)
			break;
		most = score;
	}
	return best;
}

struct sock *atcp_lookup_listener(struct atcp_net *an, const struct atcp_key *key,
				  int dif, int sdif, struct sk_buff *skb)
{
	struct sock *found = best_at(an, &key->laddr, key, dif, sdif) ?:
			     best_at(an, &in6addr_any, key, dif, sdif);

	if (found && found->sk_reuseport)
		found = pick_from_group(an, found, key, skb);
	return found;
}

static bool bound_to_all(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? ipv6_addr_any(&sk->sk_v6_rcv_saddr) :
					   !inet_sk(sk)->inet_rcv_saddr;
}

/* Are two listeners bound alike, and the same user's? */
static bool same_group(const struct sock *a, const struct sock *b)
{
	if (a->sk_family != b->sk_family || ipv6_only_sock(a) != ipv6_only_sock(b) ||
	    a->sk_bound_dev_if != b->sk_bound_dev_if ||
	    atcp_sk(a)->bind != atcp_sk(b)->bind || !uid_eq(sk_uid(a), sk_uid(b)))
		return false;
	if (a->sk_family == AF_INET6)
		return ipv6_addr_equal(&a->sk_v6_rcv_saddr, &b->sk_v6_rcv_saddr);
	return inet_sk(a)->inet_rcv_saddr == inet_sk(b)->inet_rcv_saddr;
}

/* listen_lock held. */
static struct atcp_listener *find_group(struct atcp_listen_place *place, const struct sock *sk)
{
	struct atcp_listener *l;

	hlist_for_each_entry(l, &place->firsts, first) {
		if (l->sk->sk_reuseport && same_group(l->sk, sk))
			return l;
	}
	return NULL;
}

/*
 * Of listeners that are bound as narrowly the last comes first, as in TCP, but for
 * groups over IPv6, of which it is the first.  @first: stands for the group of @l.
 */
static void enter_firsts(struct atcp_listen_place *place, struct atcp_listener *l,
			 struct atcp_listener *first)
{
	if (!l->sk->sk_reuseport || l->sk->sk_family == AF_INET)
		hlist_add_head_rcu(&l->first, &place->firsts);
	else if (!first)
		hlist_add_tail_rcu(&l->first, &place->firsts);
	if (first && !hlist_unhashed(&l->first))
		hlist_del_init_rcu(&first->first);
}

/* The group it is to join, or a group of its own; listen_lock held. */
static int join_group(struct atcp_listener *l, struct atcp_listener *first)
{
	struct sock *sk = l->sk;
	int err;

	if (!sk->sk_reuseport)
		return 0;
	err = first ? reuseport_add_sock(sk, first->sk, bound_to_all(sk)) :
		      reuseport_alloc(sk, bound_to_all(sk));
	if (!err && first)
		list_add_tail(&l->group, &first->group);
	return err;
}

/* listen_lock held. */
static void leave_place(struct atcp_net *an, struct atcp_listen_place *place)
{
	if (!hlist_empty(&place->all))
		return;
	atcp_place_del(&an->listens, &place->place);
	kfree_rcu(place, rcu);
}

/*
 * Takes the place that there is, or @fresh. listen_lock held.
 * Return: 0 or -ENOMEM; @fresh is NULL when it was used.
 */
static int take_place(struct atcp_net *an, struct atcp_listener *l,
		      struct atcp_listen_place **fresh)
{
	struct atcp_place_key *key = &(*fresh)->place.key;
	struct rhlist_head *found;

	rcu_read_lock();
	found = atcp_place_find(&an->listens, key);
	rcu_read_unlock();
	if (found) {
		l->place = container_of(found, struct atcp_listen_place, place.node);
		return 0;
	}
	if (atcp_place_add(&an->listens, &(*fresh)->place))
		return -ENOMEM;
	l->place = *fresh;
	*fresh = NULL;
	return 0;
}

static int enter_place(struct atcp_net *an, struct atcp_listener *l,
		       struct atcp_listen_place **fresh)
{
	struct sock *sk = l->sk;
	struct atcp_listener *first = NULL;
	int err = take_place(an, l, fresh);

	if (err)
		return err;
	if (sk->sk_reuseport)
		first = find_group(l->place, sk);
	err = join_group(l, first);
	if (err) {
		leave_place(an, l->place);
		return err;
	}
	enter_firsts(l->place, l, first);
	hlist_add_head_rcu(&l->node, &l->place->all);
	/* For reuseport_attach_prog(), which asks sk_unhashed(). */
	hlist_add_fake(&sk->sk_node);
	return 0;
}

/* Where a listener is found. */
static void listener_key(struct atcp_place_key *key, const struct sock *sk)
{
	struct in6_addr addr = sk->sk_v6_rcv_saddr;

	if (sk->sk_family == AF_INET)
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &addr);
	atcp_place_key(key, &addr, inet_sk(sk)->inet_num, atcp_carrier(sk));
}

int atcp_listener_hash(struct atcp_listener *l)
{
	struct atcp_net *an = atcp_net(sock_net(l->sk));
	struct atcp_listen_place *fresh;
	int err = -ENOMEM;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;
	listener_key(&fresh->place.key, l->sk);
	/* Nobody is to see it there before it can only go after a grace period. */
	if (xa_alloc(&an->listeners, &l->number, NULL, xa_limit_31b, GFP_KERNEL_ACCOUNT))
		goto free;
	spin_lock_bh(&an->listen_lock);
	err = enter_place(an, l, &fresh);
	spin_unlock_bh(&an->listen_lock);
	if (err)
		xa_erase(&an->listeners, l->number);
	else
		xa_store(&an->listeners, l->number, l, GFP_KERNEL);
free:
	kfree(fresh);
	return err;
}

void atcp_listener_unhash(struct atcp_listener *l)
{
	struct sock *sk = l->sk;
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_listener *next;

	xa_erase(&an->listeners, l->number);
	spin_lock_bh(&an->listen_lock);
	if (rcu_access_pointer(sk->sk_reuseport_cb))
		reuseport_stop_listen_sock(sk);
	sk_node_init(&sk->sk_node);
	hlist_del_init_rcu(&l->node);
	if (!hlist_unhashed(&l->first)) {
		if (list_empty(&l->group)) {
			hlist_del_init_rcu(&l->first);
		} else {
			next = list_first_entry(&l->group, struct atcp_listener, group);
			hlist_replace_rcu(&l->first, &next->first);
		}
	}
	list_del_init(&l->group);
	leave_place(an, l->place);
	spin_unlock_bh(&an->listen_lock);
}
