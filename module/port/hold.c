// SPDX-License-Identifier: GPL-2.0
/*
 * Holds: ports that are taken from the kernel's TCP by binding sockets of its own there.
 *
 * These sockets have SO_REUSEPORT and an invalid user.  So holds never conflict with each
 * other, and bind.c alone decides which of our sockets share a port.  No socket of a
 * program has that user, so that a hold conflicts with all of them.  TIME-WAITs are the
 * exception, for SO_REUSEADDR ignores those of the other stack too.  A kernel TCP socket
 * with SO_REUSEADDR may be bound where a hold serves TIME-WAITs alone; one of ours with
 * SO_REUSEADDR may be bound where the kernel's TCP has TIME-WAITs alone.
 *
 * A port of the pool is held at all addresses, so that one hold is enough for it.  There
 * may be thousands, and a socket for each would be expensive.  So one socket, the agent,
 * binds to each port in turn and leaves a stand-in there.  A stand-in looks like a
 * TIME-WAIT whose socket had no SO_REUSEADDR; the kernel reads no field of it that a
 * TIME-WAIT lacks.  To release the port, the agent takes the stand-in's place again.
 * While a port is in the pool, SO_REUSEADDR does not get past TIME-WAITs there.
 *
 * Stand-ins depend on how the kernel treats its bind table.  So a stand-in is as large as
 * this kernel's TIME-WAITs, is freed after a grace period, and is tested when the module
 * is loaded.  If the test fails, or the kernel's code has not been reviewed
 * (features.mk), a socket holds each port of the pool as well.
 */
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat/bind_bucket.h"
#include "port/bind.h"
#include "port/hold.h"

static bool stand_ins = true;
module_param(stand_ins, bool, 0444);
MODULE_PARM_DESC(stand_ins, "hold the ports that connect() picks over TCP without a socket for each (default: if this kernel is known to allow it)");

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
	/* No inode is ENFILE.  Any other error is a policy's: the port cannot be held. */
	return err == -ENOMEM || err == -ENOBUFS || err == -ENFILE ? -ENOMEM : -EADDRINUSE;
}

/* Sets the fields that bind() sets and get_port() reads. */
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

/* Whether @sk2 is no hold, is not in TIME-WAIT, and overlaps what is asked for. */
static bool conflicts(const struct sock *sk2, const void *arg)
{
	const struct atcp_hold_ask *ask = arg;
	struct atcp_bound theirs;

	if (sk2->sk_state == TCP_TIME_WAIT || uid_eq(sk_uid(sk2), INVALID_UID))
		return false;
	atcp_bound_get(&theirs, sk2);
	return atcp_bound_overlap(ask->family, &ask->bound, &theirs);
}

/*
 * Ends the sharing by SO_REUSEADDR that let @sk ignore TIME-WAITs.  As in listen(),
 * get_port() in LISTEN clears the bucket's fastreuse, so that later sockets conflict.
 * Return: false if another socket was bound to the port in the meantime.
 */
static bool end_reuse(struct sock *sk, const struct atcp_hold_ask *ask)
{
	spinlock_t *lock = atcp_bucket_lock(sk, inet_sk(sk)->inet_num);
	bool taken;

	sk->sk_state = TCP_LISTEN;
	sk->sk_reuse = SK_FORCE_REUSE;
	sk->sk_prot->get_port(sk, ask->port);
	sk->sk_state = TCP_CLOSE;
	sk->sk_reuse = SK_NO_REUSE;
	spin_lock_bh(lock);
	taken = atcp_bucket_any(inet_csk(sk)->icsk_bind_hash, conflicts, ask);
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
	if (sk->sk_reuse && !end_reuse(sk, ask))
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

/* Binds the agent to a free port. */
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
	sk->sk_ipv6only = false;		/* net.ipv6.bindv6only may have set it */
	inet_sk(sk)->local_port_range = inet_sk(range)->local_port_range;
	return sk->sk_prot->get_port(sk, 0) ? -EADDRINUSE : 0;
}

/* Offset of the stand-in in the allocation of its hold. */
#define STAND_IN_AT	ALIGN(sizeof(struct atcp_hold), __alignof__(struct inet_timewait_sock))

static void fill_stand_in(struct inet_timewait_sock *tw, const struct sock *sk)
{
	tw->tw_family = sk->sk_family;
	tw->tw_state = TCP_TIME_WAIT;
	tw->tw_num = inet_sk(sk)->inet_num;
	tw->tw_prot = sk->sk_prot;
	twsk_net_set(tw, sock_net(sk));
	refcount_set(&tw->tw_refcnt, 1);
}

static struct atcp_hold *pick_by_stand_in(struct net *net, const struct sock *range)
{
	struct atcp_hold *h;
	struct sock *sk;
	int err;

	err = agent_bind(net, range);
	if (err)
		return ERR_PTR(err);
	sk = atcp_net(net)->agent->sk;
	h = kzalloc(STAND_IN_AT + atcp_stand_in_size(sk), GFP_KERNEL_ACCOUNT);
	if (!h) {
		sk->sk_prot->put_port(sk);
		return ERR_PTR(-ENOMEM);
	}
	h->stand_in = (void *)h + STAND_IN_AT;
	fill_stand_in(h->stand_in, sk);
	h->family = sk->sk_family;
	h->port = inet_sk(sk)->inet_num;
	h->users = 1;
	atcp_bucket_stand_in(h->stand_in, sk);
	return h;
}

struct atcp_hold *atcp_hold_pick(struct net *net, const struct sock *range)
{
	struct atcp_hold_ask ask = {
		.bound = { .v6 = IN6ADDR_ANY_INIT },
		.family = atcp_hold_family(),
		.range = range,
	};

	return stand_ins ? pick_by_stand_in(net, range) : atcp_hold_make(net, &ask);
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

/* --- the test of stand-ins at load --- */

static bool same_sock(const struct sock *sk2, const void *stand_in)
{
	return sk2 == stand_in;
}

/* Whether a walk over the kernel's list of a port's owners finds the stand-in. */
static bool stand_in_is_found(const struct atcp_hold *h, const struct sock *agent)
{
	const struct inet_timewait_sock *tw = h->stand_in;
	spinlock_t *lock = atcp_bucket_lock(agent, h->port);
	bool found;

	spin_lock_bh(lock);
	found = tw->tw_tb->port == h->port && atcp_bucket_any(tw->tw_tb, same_sock, tw);
	spin_unlock_bh(lock);
	return found;
}

/* Whether @sk can be bound to a port.  It is unbound again afterwards. */
static bool can_be_bound(struct sock *sk, u16 port, bool reuse, bool reuseport)
{
	bool bound;

	sk->sk_reuse = reuse ? SK_CAN_REUSE : SK_NO_REUSE;
	sk->sk_reuseport = reuseport;
	bound = !sk->sk_prot->get_port(sk, port);
	if (bound)
		sk->sk_prot->put_port(sk);
	return bound;
}

/* Whether @sk can be bound to it with any setting of SO_REUSEADDR and SO_REUSEPORT. */
static bool can_share(struct sock *sk, u16 port)
{
	return can_be_bound(sk, port, false, false) || can_be_bound(sk, port, true, false) ||
	       can_be_bound(sk, port, false, true) || can_be_bound(sk, port, true, true);
}

/* Takes and releases one port. pool_lock held. Return: what failed, for the log, or NULL. */
static const char *try_stand_in(struct atcp_net *an, struct sock *other)
{
	struct atcp_hold *h = pick_by_stand_in(an->net, other);
	const char *fault = NULL;
	u16 port;

	if (IS_ERR(h))
		return "cannot take a port";
	port = h->port;
	if (inet_csk(an->agent->sk)->icsk_bind_hash || inet_sk(an->agent->sk)->inet_num)
		fault = "leaves its socket bound";
	else if (!stand_in_is_found(h, an->agent->sk))
		fault = "is not found";
	else if (can_share(other, port))
		fault = "does not keep others off";
	else if (!stand_in_is_found(h, an->agent->sk))
		fault = "is found only once";
	atcp_hold_release(an, h);
	if (!fault && !can_be_bound(other, port, false, false))
		fault = "does not give its port back";
	return fault;
}

void atcp_hold_try(void)
{
	struct atcp_net *an = atcp_net(&init_net);
	const char *fault = "cannot be tried";
	struct socket *other, *agent;

	if (!stand_ins)
		return;
	if (!ATCP_STAND_INS_KNOWN) {
		pr_notice("stand-ins are untested on so new a kernel: a socket holds each port that connect() picks over TCP\n");
		stand_ins = false;
		return;
	}
	if (!new_socket(&init_net, atcp_hold_family(), &other)) {
		mutex_lock(&an->pool_lock);
		fault = try_stand_in(an, other->sk);
		agent = atcp_hold_agent_off(an);
		mutex_unlock(&an->pool_lock);
		if (agent)
			sock_release(agent);
		sock_release(other);
	}
	if (!fault)
		return;
	pr_warn("a stand-in %s: a socket holds each port that connect() picks over TCP\n", fault);
	stand_ins = false;
}
