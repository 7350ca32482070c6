// SPDX-License-Identifier: GPL-2.0
/*
 * The port space of the kernel's TCP, from which we take ports by binding sockets of
 * its own there.
 *
 * These sockets have SO_REUSEPORT and a user whom nobody can be: so ours never are
 * in each other's way, whatever our own rules let be bound side by side (bind.c),
 * and never let anybody else in.  TIME-WAITs are the exception: SO_REUSEADDR passes
 * over those of the other stack.  A socket of the kernel's that asks for it passes
 * over a hold that is for TIME-WAITs alone; and one of ours over the kernel's.
 *
 * A port of the pool is held at every address, so that it needs but one hold, and from
 * everybody; there may be thousands.  One socket, the agent, binds to each in turn and
 * leaves a stand-in there, which looks like a TIME-WAIT without SO_REUSEADDR: of those
 * nobody reads what a TIME-WAIT does not have.  It comes back to let go.  As long as a
 * port is the pool's, nobody passes over TIME-WAITs there.
 */
#include <linux/llist.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat/bind_bucket.h"
#include "bind.h"
#include "hold.h"

static void free_dead(struct work_struct *work)
{
	struct atcp_net *an = container_of(work, struct atcp_net, hold_work);
	struct atcp_hold *h, *next;

	llist_for_each_entry_safe(h, next, llist_del_all(&an->dead_holds), dead) {
		sock_release(h->sock);
		kfree_rcu(h, rcu);
	}
}

void atcp_hold_net_init(struct atcp_net *an)
{
	init_llist_head(&an->dead_holds);
	INIT_WORK(&an->hold_work, free_dead);
}

void atcp_hold_net_exit(struct atcp_net *an)
{
	flush_work(&an->hold_work);
}

/* Return: 0, or -EADDRINUSE or -ENOMEM. */
static int new_socket(struct net *net, u16 family, struct socket **sock)
{
	int err = sock_create_kern(net, family, SOCK_STREAM, IPPROTO_TCP, sock);

	if (!err)
		return 0;
	/* Memory (that of an inode is ENFILE), or a policy: the port is not to be had. */
	return err == -ENOMEM || err == -ENOBUFS || err == -ENFILE ? -ENOMEM : -EADDRINUSE;
}

/* What bind() leaves in a socket, for get_port() to read. */
static void set_bound(struct sock *sk, const struct atcp_hold_ask *ask)
{
	struct inet_sock *inet = inet_sk(sk);

	sk->sk_bound_dev_if = ask->bound.dev;
	sk->sk_ipv6only = ask->bound.v6only;
	inet->inet_saddr = ask->bound.v4;
	inet->inet_rcv_saddr = ask->bound.v4;
	if (ask->family == AF_INET6) {
		sk->sk_v6_rcv_saddr = ask->bound.v6;
		inet6_sk(sk)->saddr = ask->bound.v6;
	}
	if (ask->range)
		inet->local_port_range = inet_sk(ask->range)->local_port_range;
	sk->sk_reuse = ask->reuse && ask->port ? SK_CAN_REUSE : SK_NO_REUSE;
	sk->sk_reuseport = 1;
	WRITE_ONCE(sk->sk_uid, INVALID_UID);
	SOCK_INODE(sk->sk_socket)->i_uid = INVALID_UID;
}

/* Is @sk2 somebody else's, not in TIME-WAIT, and bound to what is asked for? */
static bool in_the_way(const struct sock *sk2, const void *arg)
{
	const struct atcp_hold_ask *ask = arg;
	struct atcp_bound theirs;

	if (sk2->sk_state == TCP_TIME_WAIT || uid_eq(sk_uid(sk2), INVALID_UID))
		return false;
	atcp_bound_get(&theirs, sk2);
	return atcp_bound_overlap(ask->family, &ask->bound, &theirs);
}

/*
 * The socket has passed over TIME-WAITs by SO_REUSEADDR.  From now on nobody passes
 * over it: as with listen(), the bucket is told that not all who are there have that
 * option.  Return: false when somebody else has done as we did.
 */
static bool shut_door(struct sock *sk, const struct atcp_hold_ask *ask)
{
	spinlock_t *lock = atcp_bucket_lock(sk);
	bool taken;

	sk->sk_state = TCP_LISTEN;
	sk->sk_reuse = SK_FORCE_REUSE;
	sk->sk_prot->get_port(sk, ask->port);
	sk->sk_state = TCP_CLOSE;
	sk->sk_reuse = SK_NO_REUSE;
	spin_lock_bh(lock);
	taken = atcp_bucket_any(inet_csk(sk)->icsk_bind_hash, in_the_way, ask);
	spin_unlock_bh(lock);
	return !taken;
}

struct atcp_hold *atcp_hold_make(struct net *net, const struct atcp_hold_ask *ask)
{
	struct atcp_hold *h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	struct sock *sk;
	int err;

	if (!h)
		return ERR_PTR(-ENOMEM);
	err = new_socket(net, ask->family, &h->sock);
	if (err)
		goto no_sock;
	sk = h->sock->sk;
	set_bound(sk, ask);
	err = -EADDRINUSE;
	if (sk->sk_prot->get_port(sk, ask->port))
		goto no_port;
	if (sk->sk_reuse && !shut_door(sk, ask))
		goto no_port;
	h->bound = ask->bound;
	h->family = ask->family;
	h->port = inet_sk(sk)->inet_num;
	h->users = 1;
	return h;
no_port:
	sock_release(h->sock);
no_sock:
	kfree(h);
	return ERR_PTR(err);
}

/* Binds the agent to a port that nobody has. */
static int agent_bind(struct net *net, const struct sock *range)
{
	struct atcp_net *an = atcp_net(net);
	struct sock *sk;
	int err;

	if (!an->agent) {
		err = new_socket(net, atcp_hold_family(), &an->agent);
		if (err) {
			an->agent = NULL;
			return err;
		}
	}
	sk = an->agent->sk;
	sk->sk_ipv6only = false;		/* net.ipv6.bindv6only may say otherwise */
	inet_sk(sk)->local_port_range = inet_sk(range)->local_port_range;
	return sk->sk_prot->get_port(sk, 0) ? -EADDRINUSE : 0;
}

static void fill_stand_in(struct inet_timewait_sock *tw, const struct sock *sk)
{
	tw->tw_family = sk->sk_family;
	tw->tw_state = TCP_TIME_WAIT;
	tw->tw_num = inet_sk(sk)->inet_num;
	tw->tw_prot = sk->sk_prot;
	twsk_net_set(tw, sock_net(sk));
	refcount_set(&tw->tw_refcnt, 1);
}

struct atcp_hold *atcp_hold_pick(struct net *net, const struct sock *range)
{
	struct atcp_hold *h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	struct sock *sk;
	int err = -ENOMEM;

	if (!h)
		return ERR_PTR(-ENOMEM);
	h->stand_in = kzalloc(sizeof(*h->stand_in), GFP_KERNEL_ACCOUNT);
	if (!h->stand_in)
		goto fail;
	err = agent_bind(net, range);
	if (err)
		goto fail;
	sk = atcp_net(net)->agent->sk;
	fill_stand_in(h->stand_in, sk);
	h->family = sk->sk_family;
	h->port = inet_sk(sk)->inet_num;
	h->users = 1;
	atcp_bucket_stand_in(h->stand_in, sk);
	return h;
fail:
	kfree(h->stand_in);
	kfree(h);
	return ERR_PTR(err);
}

struct socket *atcp_hold_agent_off(struct atcp_net *an)
{
	struct socket *agent = an->agent;

	lockdep_assert_held(&an->pool_lock);
	an->agent = NULL;
	return agent;
}

static void release_stand_in(struct atcp_net *an, struct atcp_hold *h)
{
	struct sock *sk = an->agent->sk;

	lockdep_assert_held(&an->pool_lock);
	atcp_bucket_stand_back(h->stand_in, sk);
	sk->sk_prot->put_port(sk);
	kfree(h->stand_in);
	kfree_rcu(h, rcu);
}

void atcp_hold_release(struct atcp_net *an, struct atcp_hold *h)
{
	struct sock *sk;

	if (h->stand_in) {
		release_stand_in(an, h);
		return;
	}
	sk = h->sock->sk;
	sk->sk_prot->put_port(sk);
	if (llist_add(&h->dead, &an->dead_holds))
		schedule_work(&an->hold_work);
}

void atcp_hold_changed(struct atcp_hold *h)
{
	bool passable = !atcp_hold_is_ours(h) && !h->strict_tws;

	if (!h->users && !h->tws)
		h->idle_since = jiffies;
	if (h->sock)
		h->sock->sk->sk_reuse = passable ? SK_CAN_REUSE : SK_NO_REUSE;
}
