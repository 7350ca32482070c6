// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table, which finds the TCB of a segment (RFC 9293 section 3.10).
 */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include "demux.h"

/* The argument of a look-up: ends, whose own dev is ignored, and a device or 0. */
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
	return rhashtable_init(&an->connections, &table_params);
}

void atcp_demux_exit(struct atcp_net *an)
{
	rhashtable_destroy(&an->connections);
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

/*
 * The node with these ends that is bound to @sdif, or else to no device.  The latter is
 * skipped if net.ipv4.tcp_l3mdev_accept forbids it.
 */
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

/* How often a look-up is tried that found nothing while some node moved. */
#define LOOKUP_TRIES	3

struct atcp_node *atcp_lookup(struct atcp_net *an, const struct atcp_key *ends, int dif, int sdif)
{
	static struct atcp_node moving = { .type = ATCP_NODE_MOVING };
	struct atcp_node *node = NULL;
	int i, moves;

	for (i = 0; i < LOOKUP_TRIES; i++) {
		moves = atomic_read_acquire(&an->moves);
		if (unlikely(atomic_read(&an->bound_nodes)))
			node = find(an, ends, dif);
		if (!node)
			node = find_wider(an, ends, dif, sdif);
		if (node)
			return node;
		/*
		 * A node that moved to a device searched before may have been missed at
		 * both places.  move() counts it before it removes the stand-in.
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

/*
 * Whether a node bound to key->dev would take the segments of another one, which is bound
 * to its VRF or to no device.  @except is ignored.
 */
static bool wider_conflict(struct atcp_net *an, const struct atcp_key *key,
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

/* @except: a node that does not conflict because it will be removed, or NULL. */
static int insert(struct atcp_net *an, struct atcp_node *node, const struct atcp_node *except)
{
	struct probe p = { .ends = &node->key, .dev = node->key.dev };
	int err = -EEXIST;

	if (likely(!node->key.dev)) {
		err = rhashtable_lookup_insert_key(&an->connections, &p, &node->hash,
						   table_params);
		goto out;
	}
	/* Counted before it is inserted, so that a look-up searches for bound nodes. */
	atomic_inc(&an->bound_nodes);
	if (wider_conflict(an, &node->key, except))
		goto undo;
	err = rhashtable_lookup_insert_key(&an->connections, &p, &node->hash, table_params);
	if (err)
		goto undo;
	/* Checked again, because such a node may have been inserted in between. */
	if (likely(!wider_conflict(an, &node->key, except)))
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
	/* Set before the insertion: a segment may arrive in between, even on this CPU. */
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

/* A stand-in at the old place of a node that moves, so that look-ups there find it. */
struct moving {
	struct atcp_node node;
	struct rcu_head rcu;
};

/*
 * Moves a node to the key with device @dev.
 *
 * A segment whose look-up finds the stand-in is dropped, and the peer retransmits it.  At
 * the new place no segment was for the socket before.  A reader that is at the node as it
 * changes chains notices by the marker at the chain's end, and starts again.  A reader
 * between the two places notices by the count of moves.
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
		/* A look-up that misses the stand-in sees the count: atcp_lookup(). */
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
