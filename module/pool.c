// SPDX-License-Identifier: GPL-2.0
/*
 * The ports from which the carrier TCP connects.
 *
 * To take a port from the kernel's TCP costs a look for one that is free and some memory
 * (hold.c).  So a namespace keeps those that it has for a while, in a pool, and
 * connections share them as long as their other ends differ.  The pool grows by a port
 * that the kernel's TCP picks at random when the first few that are looked at do not do;
 * it takes half of the range at most, and a port that nobody uses goes after a minute.
 *
 * Where in the pool a connection begins to look is told by RFC 6056 section 3.3.4.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "bind_hold.h"
#include "hold.h"
#include "pool.h"
#include "ports.h"

#define POOL_MOST	16384		/* ports */
#define POOL_LEAST	16		/* before any is shared: to be hard to guess */
#define POOL_TRIES	8		/* before it grows */
#define POOL_NARROW	1024		/* ports of a range that may be taken whole */
#define POOL_LINGER	(60 * HZ)

static void reap(struct work_struct *work)
{
	struct atcp_net *an = container_of(to_delayed_work(work), struct atcp_net, pool_work);
	unsigned long before = jiffies - POOL_LINGER;
	struct socket *agent = NULL;
	u32 i = 0;

	mutex_lock(&an->pool_lock);
	while (i < an->pool_count) {
		if (atcp_port_unpool(an, an->pool[i], before)) {
			WRITE_ONCE(an->pool[i], an->pool[an->pool_count - 1]);
			WRITE_ONCE(an->pool_count, an->pool_count - 1);
		} else {
			i++;
		}
		cond_resched();
	}
	if (an->pool_count)
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
	for (i = 0; i < an->pool_count; i++)
		WARN_ON_ONCE(!atcp_port_unpool(an, an->pool[i], jiffies));
	agent = atcp_hold_agent_off(an);
	mutex_unlock(&an->pool_lock);
	if (agent)
		sock_release(agent);
	kvfree(an->pool);
}

/* Return: a new port of the pool, or -EADDRNOTAVAIL, -ENOMEM. */
static int grow(struct sock *sk, u32 most)
{
	struct net *net = sock_net(sk);
	struct atcp_net *an = atcp_net(net);
	struct atcp_hold *h;
	int port;

	mutex_lock(&an->pool_lock);
	port = -EADDRNOTAVAIL;
	if (an->pool_count >= min(most, POOL_MOST))
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
	if (atcp_port_pool(an, h)) {
		port = -ENOMEM;
		goto unlock;
	}
	if (!an->pool_count)
		schedule_delayed_work(&an->pool_work, POOL_LINGER / 4);
	an->pool[an->pool_count] = port;
	/* Whoever reads the count finds what it counts: try_some(). */
	smp_store_release(&an->pool_count, an->pool_count + 1);
unlock:
	mutex_unlock(&an->pool_lock);
	return port;
}

/* The first @most of the pool, from @offset on. */
static int try_some(struct sock *sk, int low, int high, u32 offset, u32 most, u32 *tried)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	u32 i, count;

	/* As grow() has it. */
	count = smp_load_acquire(&an->pool_count);
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

	*tried = 0;
	if (READ_ONCE(an->pool_count) >= min_t(u32, POOL_LEAST, most)) {
		err = try_some(sk, low, high, offset, POOL_TRIES, tried);
		if (err != -EADDRNOTAVAIL)
			return err;
	}
	port = grow(sk, most);
	if (port > 0) {
		err = atcp_port_connect_pooled(sk, port);
		if (err != -EADDRNOTAVAIL)
			return err;
	}
	/* Nothing new is to be had: one that is shared is better than none. */
	err = try_some(sk, low, high, offset, U32_MAX, tried);
	return err == -EADDRNOTAVAIL && port == -ENOMEM ? port : err;
}
