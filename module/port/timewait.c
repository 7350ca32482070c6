// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT (RFC 9293 section 3.6.1) as a small object that replaces the socket in the
 * connection table, with a timer of its own.
 *
 * The code that marks it dead frees it after an RCU grace period. The timer's function
 * is an RCU read section, as any softirq is, and so the timer needs no reference.
 */
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "demux.h"
#include "net/atcp_ip.h"
#include "port/ports.h"
#include "port/timewait.h"
#include "stat.h"
#include "tracing.h"

static struct kmem_cache *tw_cache;

int __init atcp_timewait_init(void)
{
	tw_cache = KMEM_CACHE(atcp_timewait, SLAB_ACCOUNT);
	return tw_cache ? 0 : -ENOMEM;
}

void atcp_timewait_exit(void)
{
	kmem_cache_destroy(tw_cache);
}

static void tw_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(tw_cache, container_of(rcu, struct atcp_timewait, rcu));
}

/*
 * Ends what has left the table, or been replaced there: stops its timer, gives up its
 * port, and frees it by RCU.  Lock held, not dead.
 */
static void tw_retire(struct atcp_timewait *t)
{
	t->dead = true;
	timer_delete(&t->timer);
	atcp_port_tw_put(t->an, t);
	atomic_dec(&t->an->tw_count);
	atcp_saw_tw_end(t->an->net, &t->node.key);
	call_rcu(&t->rcu, tw_free_rcu);
}

/* Removes it from the table and ends it. Lock held, not dead. */
static void tw_kill(struct atcp_timewait *t)
{
	atcp_node_remove(t->an, &t->node);
	tw_retire(t);
}

/* Arms the timer for the time that is left. Lock held, not dead. */
static void tw_arm(struct atcp_timewait *t)
{
	u64 now = atcp_host_now();
	u64 left = t->tw.expires > now ? t->tw.expires - now : 0;

	mod_timer(&t->timer, jiffies + nsecs_to_jiffies(left * NSEC_PER_USEC) + 1);
}

static void tw_timer(struct timer_list *timer)
{
	struct atcp_timewait *t = timer_container_of(t, timer, timer);

	spin_lock(&t->lock);
	if (!t->dead) {
		if (atcp_host_now() < t->tw.expires)
			tw_arm(t);
		else
			tw_kill(t);
	}
	spin_unlock(&t->lock);
}

void atcp_timewait_enter(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_timewait *t;

	if (!as->hashed)
		return;
	if (atomic_inc_return(&an->tw_count) > READ_ONCE(an->limits.max_tw))
		goto full;
	t = kmem_cache_alloc(tw_cache, GFP_ATOMIC);
	if (!t)
		goto full;

	t->node.key = as->node.key;
	t->node.type = ATCP_NODE_TW;
	atcp_tw_init(&t->tw, &as->tcb);
	t->an = an;
	atcp_bound_get(&t->bound, sk);
	timer_setup(&t->timer, tw_timer, 0);
	spin_lock_init(&t->lock);
	t->dead = false;
	t->reuse = sk->sk_reuse;
	t->reuseport = sk->sk_reuseport;
	t->tos = atcp_over_v6(sk) ? inet6_sk(sk)->tclass : inet_sk(sk)->tos;
	t->label = atcp_over_v6(sk) ? inet6_sk(sk)->flow_label : 0;
	t->hash = READ_ONCE(sk->sk_txhash);
	t->foreign = inet_sk_transparent(sk);
	t->family = sk->sk_family;
	t->mark = READ_ONCE(sk->sk_mark);
	t->priority = READ_ONCE(sk->sk_priority);
	atcp_port_tw_hold(t, sk);

	/* The lock keeps it from being found and ended before the timer is armed. */
	spin_lock_bh(&t->lock);
	if (atcp_node_replace(an, &as->node, &t->node)) {
		/* Cannot happen: the socket is in the table. */
		t->dead = true;
		atcp_port_tw_put(an, t);
		spin_unlock_bh(&t->lock);
		kmem_cache_free(tw_cache, t);
		goto full;
	}
	WRITE_ONCE(as->hashed, false);
	tw_arm(t);
	spin_unlock_bh(&t->lock);
	return;
full:
	atomic_dec(&an->tw_count);
	atcp_net_count(an, ATCP_STAT_TIME_WAIT_FULL);
	atcp_saw_tw_end(an->net, &as->node.key);
	atcp_unhash(sk);
}

static void tw_reply(const struct atcp_timewait *t, struct atcp_hdr *h)
{
	struct atcp_flow f = {
		.carrier = t->node.key.carrier,
		.laddr = t->node.key.laddr,
		.raddr = t->node.key.raddr,
		.lport = t->node.key.lport,
		.rport = t->node.key.rport,
		.oif = t->bound.dev,
		.mark = t->mark,
		.priority = t->priority,
		.tos = t->tos,
		.label = t->label,
		.hash = t->hash,
		.foreign = t->foreign,
	};

	atcp_ip_send(t->an->net, &f, h);
}

bool atcp_timewait_rcv(struct atcp_timewait *t, struct sk_buff *skb, const struct atcp_hdr *h,
		       bool listening, bool *reopen, struct atcp_tw *old)
{
	enum atcp_drop why = ATCP_DROP_NONE;
	enum atcp_verdict verdict;
	struct atcp_hdr reply;
	u64 expires;

	*reopen = false;
	spin_lock(&t->lock);
	if (t->dead) {
		spin_unlock(&t->lock);
		return false;
	}
	atcp_saw_rcv(t->an->net, NULL, skb, ATCP_TIME_WAIT);
	expires = t->tw.expires;
	verdict = atcp_tw_arrive(&t->tw, &t->an->space, h, skb->len - h->hlen, listening, &reply);
	switch (verdict) {
	case ATCP_REPLY:
		if (t->tw.expires != expires)
			tw_arm(t);
		else
			why = ATCP_DROP_UNEXPECTED;
		tw_reply(t, &reply);
		break;
	case ATCP_REOPEN:
		*old = t->tw;
		*reopen = true;
		tw_kill(t);
		break;
	case ATCP_FORGET:
		tw_kill(t);
		break;
	default:
		break;
	}
	spin_unlock(&t->lock);
	if (*reopen)
		return false;
	if (why)
		atcp_net_drop(t->an, skb, why);
	else
		consume_skb(skb);
	return true;
}

static bool on_loopback(const struct atcp_timewait *t)
{
	const struct atcp_key *key = &t->node.key;

	return t->bound.dev == LOOPBACK_IFINDEX ||
	       ipv6_addr_loopback(&key->laddr) || ipv6_addr_v4mapped_loopback(&key->laddr) ||
	       ipv6_addr_loopback(&key->raddr) || ipv6_addr_v4mapped_loopback(&key->raddr);
}

/* Whether a socket may take its place. @chosen: the socket holds a port. Lock held. */
static bool tw_yields(const struct atcp_timewait *t, bool chosen)
{
	u32 reuse = READ_ONCE(t->an->limits.reuse_tw);

	if (t->dead || !(chosen || reuse == 1 || (reuse == 2 && on_loopback(t))))
		return false;
	return atcp_tw_yields(&t->tw, &t->an->space, chosen);
}

int atcp_timewait_replace(struct atcp_timewait *t, struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int err = -EADDRNOTAVAIL;

	spin_lock_bh(&t->lock);
	/* A TIME-WAIT bound to another device has other keys, and cannot be replaced. */
	if (t->node.key.dev != as->node.key.dev || !tw_yields(t, as->bind) ||
	    (!as->bind && !atcp_port_tw_share(t, sk)))
		goto unlock;
	/* A segment that finds the socket from now on waits in the socket's backlog. */
	as->node.type = ATCP_NODE_SOCK;
	WRITE_ONCE(as->hashed, true);
	if (WARN_ON_ONCE(atcp_node_replace(t->an, &t->node, &as->node))) {
		WRITE_ONCE(as->hashed, false);
		goto unlock;
	}
	atcp_open_follow(&as->tcb, &t->tw);
	atcp_net_count(t->an, ATCP_STAT_TIME_WAIT_REUSED);
	tw_retire(t);
	err = 0;
unlock:
	spin_unlock_bh(&t->lock);
	return err;
}

void atcp_timewait_flush(struct atcp_net *an)
{
	struct atcp_bind_bucket *bucket;
	struct atcp_timewait *t;
	int i;

	for (i = 0; i < ATCP_BIND_BUCKETS; i++) {
		bucket = &an->binds[i];
again:
		rcu_read_lock();
		spin_lock_bh(&bucket->lock);
		t = atcp_bind_timewait(bucket);
		spin_unlock_bh(&bucket->lock);
		if (t) {
			spin_lock_bh(&t->lock);
			if (!t->dead)
				tw_kill(t);
			spin_unlock_bh(&t->lock);
			rcu_read_unlock();
			cond_resched();
			goto again;
		}
		rcu_read_unlock();
	}
}
