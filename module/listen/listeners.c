// SPDX-License-Identifier: GPL-2.0
/*
 * The listener table: a hash table by address and port, whose entries list the listeners
 * there; and the groups of SO_REUSEPORT.
 */
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/sock_reuseport.h>

#include "listen/listen.h"
#include "listen/listeners.h"

int atcp_listeners_net_init(struct atcp_net *an)
{
	xa_init_flags(&an->listeners, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	spin_lock_init(&an->listen_lock);
	return atcp_places_init(&an->listens);
}

void atcp_listeners_net_exit(struct atcp_net *an)
{
	atcp_places_exit(&an->listens);
	xa_destroy(&an->listeners);
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

/* Whether a listener that is bound to @laddr or to all addresses takes segments to @laddr. */
static bool address_taken(const struct sock *sk, const struct in6_addr *laddr)
{
	if (ipv6_addr_v4mapped(laddr))
		return !ipv6_only_sock(sk);
	/* An AF_INET6 socket bound to ::ffff:0.0.0.0 listens on IPv4 alone. */
	return sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr);
}

/* Counts what fits beside the address: device, IPv4, CPU. The highest score wins. */
static int listener_score(const struct sock *sk)
{
	return 1 + !!READ_ONCE(sk->sk_bound_dev_if) + (sk->sk_family == AF_INET) +
	       (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id());
}

/* The listener of the SO_REUSEPORT group of @sk that gets the connection, or NULL. */
static struct sock *pick_from_group(struct atcp_net *an, struct sock *sk,
				    const struct atcp_key *key, struct sk_buff *skb)
{
	u32 hash = siphash(key, offsetofend(struct atcp_key, rport), &an->port_key);
	int hlen = skb ? atcp_hdr_len(skb->data) : 0;
	struct sock *picked;

	picked = reuseport_select_sock(sk, hash, skb, hlen);
	return IS_ERR(picked) ? NULL : picked ?: sk;
}

/* The listener with the highest score among those bound to @addr, or NULL. */
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
		/* The first group ends the search, as in TCP. */
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

/* Whether two listeners have the same binding and user, and so the same group. */
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

/* The first listener of the group that @sk belongs to, or NULL; listen_lock held. */
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
 * Among listeners with equal scores the newest is found first, as in TCP.  For groups of
 * IPv6 it is the oldest, also as in TCP.  @first: the listener that is in the list for the
 * group of @l, or NULL.
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

/* Joins the group of @first, or without one creates a group; listen_lock held. */
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

/* Frees @place if no listener is left there; listen_lock held. */
static void leave_place(struct atcp_net *an, struct atcp_listen_place *place)
{
	if (!hlist_empty(&place->all))
		return;
	atcp_place_del(&an->listens, &place->place);
	kfree_rcu(place, rcu);
}

/*
 * Sets the place of @l: the one in the table, or else *@fresh, which is inserted.
 * listen_lock held. Return: 0 or -ENOMEM; *@fresh is NULL when it was used.
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
	/* reuseport_attach_prog() checks sk_unhashed(). */
	hlist_add_fake(&sk->sk_node);
	return 0;
}

/* The key of a listener's place: address, port, carrier. */
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
	/* Readers see NULL there until @l is hashed, and so freed by RCU alone. */
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
