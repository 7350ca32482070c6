// SPDX-License-Identifier: GPL-2.0
/*
 * The pool of local ports that connect() uses over the carrier TCP.
 *
 * To take a port from the kernel's TCP costs a search for a free one and a kilobyte of
 * memory (hold.c).  So each namespace keeps its ports for a while, in a pool.
 *
 * Up to POOL_LEAST ports, every connection adds one, which the kernel's TCP picks at
 * random.  The ports have to be hard to guess: an attacker who knows them needs only the
 * sequence numbers, and two peers that see the same few ports can tell that it is the
 * same host.  Above POOL_LEAST, connections share ports as long as their remote ends
 * differ.  The pool then grows only when the first POOL_TRIES ports cannot be used, to
 * half of the range at most.
 *
 * A port is released when it has been unused for a minute.  One that is some minutes old
 * is not picked any more, and is released when its last user has left it.
 *
 * RFC 6056 section 3.3.4 gives the index at which a connection's search begins.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "port/bind_hold.h"
#include "port/hold.h"
#include "port/pool.h"
#include "port/ports.h"

#define POOL_MOST	16384		/* ports in the pool at most */
#define POOL_LEAST	1024		/* ports in the pool before any is shared */
#define POOL_TRIES	8		/* ports tried before the pool grows */
#define POOL_NARROW	1024		/* the pool may take all of a range of so many ports */
#define POOL_LINGER	(60 * HZ)	/* how long an unused port is kept */
#define POOL_AGE	(300 * HZ)	/* a port is old after this, or up to twice this */

/* Removes the port at index @at from the array; pool_lock held. */
static void pool_remove(struct atcp_net *an, u32 at)
{
	if (at < an->pool_count) {
		WRITE_ONCE(an->pool_count, an->pool_count - 1);
		WRITE_ONCE(an->pool[at], an->pool[an->pool_count]);
		at = an->pool_count;
	}
	an->pool_all--;
	WRITE_ONCE(an->pool[at], an->pool[an->pool_all]);
}

/* Moves the port at index @at to the old ones, which are not picked; pool_lock held. */
static void pool_set_old(struct atcp_net *an, u32 at)
{
	u32 last = an->pool_count - 1;
	u16 port = an->pool[at];

	WRITE_ONCE(an->pool_count, last);
	WRITE_ONCE(an->pool[at], an->pool[last]);
	WRITE_ONCE(an->pool[last], port);
}

/* Releases the ports from index @from on that are unused since @before; pool_lock held. */
static void release_unused(struct atcp_net *an, u32 from, unsigned long before)
{
	u32 i = an->pool_all;

	/* Backwards, because a removed port's place is filled from behind, already checked. */
	while (i-- > from) {
		enum atcp_pooled how = atcp_port_unpool(an, an->pool[i], before);

		if (how == ATCP_POOLED_GONE)
			pool_remove(an, i);
		else if (how == ATCP_POOLED_OLD && i < an->pool_count)
			pool_set_old(an, i);
		cond_resched();
	}
}

static void reap(struct work_struct *work)
{
	struct atcp_net *an = container_of(to_delayed_work(work), struct atcp_net, pool_work);
	struct socket *agent = NULL;

	mutex_lock(&an->pool_lock);
	release_unused(an, 0, jiffies - POOL_LINGER);
	/* An old port that is unused is released at once. */
	release_unused(an, an->pool_count, jiffies);
	if (an->pool_all)
		schedule_delayed_work(&an->pool_work, POOL_LINGER / 4);
	else
		agent = atcp_hold_agent_off(an);
	mutex_unlock(&an->pool_lock);
	if (agent)
		sock_release(agent);
}

void atcp_pool_net_init(struct atcp_net *an)
{
	mutex_init(&an->pool_lock);
	INIT_DELAYED_WORK(&an->pool_work, reap);
}

void atcp_pool_net_exit(struct atcp_net *an)
{
	struct socket *agent;
	u32 i;

	cancel_delayed_work_sync(&an->pool_work);
	mutex_lock(&an->pool_lock);
	for (i = 0; i < an->pool_all; i++)
		WARN_ON_ONCE(atcp_port_unpool(an, an->pool[i], jiffies) != ATCP_POOLED_GONE);
	agent = atcp_hold_agent_off(an);
	mutex_unlock(&an->pool_lock);
	if (agent)
		sock_release(agent);
	kvfree(an->pool);
}

/* Adds a port, up to @most. Return: the port, or -EADDRNOTAVAIL, -ENOMEM. */
static int grow(struct sock *sk, u32 most)
{
	struct net *net = sock_net(sk);
	struct atcp_net *an = atcp_net(net);
	struct atcp_hold *h;
	int port;

	mutex_lock(&an->pool_lock);
	port = -EADDRNOTAVAIL;
	if (an->pool_all >= min(most, POOL_MOST))
		goto unlock;
	port = -ENOMEM;
	if (!an->pool)
		an->pool = kvmalloc_array(POOL_MOST, sizeof(*an->pool), GFP_KERNEL_ACCOUNT);
	if (!an->pool)
		goto unlock;
	h = atcp_hold_pick(net, sk);
	if (IS_ERR(h)) {
		port = PTR_ERR(h) == -EADDRINUSE ? -EADDRNOTAVAIL : PTR_ERR(h);
		goto unlock;
	}
	port = h->port;
	if (atcp_port_pool(an, h, jiffies + POOL_AGE + get_random_u32_below(POOL_AGE))) {
		port = -ENOMEM;
		goto unlock;
	}
	if (!an->pool_all)
		schedule_delayed_work(&an->pool_work, POOL_LINGER / 4);
	WRITE_ONCE(an->pool[an->pool_all], an->pool[an->pool_count]);
	WRITE_ONCE(an->pool[an->pool_count], port);
	WRITE_ONCE(an->pool_all, an->pool_all + 1);
	/* Publishes the ports that it counts; paired with atcp_pool_connect(). */
	smp_store_release(&an->pool_count, an->pool_count + 1);
unlock:
	mutex_unlock(&an->pool_lock);
	return port;
}

/* Tries up to @most of the first @count ports of the pool, from index @offset on. */
static int try_some(struct sock *sk, int low, int high, u32 offset, u32 count, u32 most,
		    u32 *tried)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	u32 i;

	most = min(most, count);
	for (i = 0; i < most; i++) {
		u16 port = READ_ONCE(an->pool[(offset + i) % count]);
		int err;

		++*tried;
		if (port < low || port > high)
			continue;
		err = atcp_port_connect_pooled(sk, port);
		if (err != -EADDRNOTAVAIL)
			return err;
		cond_resched();
	}
	return -EADDRNOTAVAIL;
}

int atcp_pool_connect(struct sock *sk, int low, int high, u32 offset, u32 *tried)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	u32 range = high - low + 1;
	u32 most = range <= POOL_NARROW ? POOL_MOST : range / 2;
	int err, port;
	u32 count;

	*tried = 0;
	/* Paired with the release in grow(). */
	count = smp_load_acquire(&an->pool_count);
	if (count >= min_t(u32, POOL_LEAST, range / 2)) {
		err = try_some(sk, low, high, offset, count, POOL_TRIES, tried);
		if (err != -EADDRNOTAVAIL)
			return err;
	}
	port = grow(sk, most);
	if (port > 0) {
		err = atcp_port_connect_pooled(sk, port);
		if (err != -EADDRNOTAVAIL)
			return err;
	}
	/* There is no new port: any port of the pool will do, old ones included. */
	count = smp_load_acquire(&an->pool_count);
	err = try_some(sk, low, high, offset, max(count, READ_ONCE(an->pool_all)), U32_MAX, tried);
	return err == -EADDRNOTAVAIL && port == -ENOMEM ? port : err;
}
