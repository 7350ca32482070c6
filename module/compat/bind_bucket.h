/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bind buckets of the kernel's TCP: which of its sockets are bound to a port, and how
 * a TIME-WAIT (the stand-in) replaces a socket there.
 */
#ifndef _ATCP_COMPAT_BIND_BUCKET_H
#define _ATCP_COMPAT_BIND_BUCKET_H

#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>

/*
 * How the kernel's TCP treats a TIME-WAIT among the sockets bound to a port was read in
 * 6.1, 6.12 and 7.2.  For newer kernels that is unknown: see features.mk.
 */
#define ATCP_STAND_INS_KNOWN	__is_defined(ATCP_HAVE_KNOWN_BINDS)

/*
 * It reads every entry as a socket: sk_state first, then members of struct sock_common,
 * and for a TIME-WAIT those of struct inet_timewait_sock behind them.
 */
static_assert(!offsetof(struct inet_timewait_sock, __tw_common) &&
	      !offsetof(struct sock, __sk_common));
static_assert(offsetof(struct inet_timewait_sock, tw_state) == offsetof(struct sock, sk_state));
static_assert(offsetof(struct inet_timewait_sock, tw_bind_node) ==
	      offsetof(struct sock, sk_bind_node));
static_assert(offsetof(struct inet_timewait_sock, tw_v6_rcv_saddr) ==
	      offsetof(struct sock, sk_v6_rcv_saddr));
static_assert(offsetof(struct inet_timewait_sock, tw_bound_dev_if) ==
	      offsetof(struct sock, sk_bound_dev_if));

/* The size of a TIME-WAIT of @sk's protocol; members unknown here are zeroed with it. */
static inline size_t atcp_stand_in_size(const struct sock *sk)
{
	return max_t(size_t, sk->sk_prot->twsk_prot->twsk_obj_size,
		     sizeof(struct inet_timewait_sock));
}

/* The lock of the port's bucket in bhash, which protects the list of its sockets. */
static inline spinlock_t *atcp_bucket_lock(const struct sock *sk, u16 port)
{
	const struct net *net = sock_net(sk);
	const struct inet_hashinfo *hashinfo = net->ipv4.tcp_death_row.hashinfo;

	return &hashinfo->bhash[inet_bhashfn(net, port, hashinfo->bhash_size)].lock;
}

/* The lock of the bucket in bhash2, by port and address; taken inside the former. */
static inline spinlock_t *atcp_bucket2_lock(const struct sock *sk)
{
	struct net *net = sock_net(sk);

	return &inet_bhashfn_portaddr(net->ipv4.tcp_death_row.hashinfo, sk, net,
				      inet_sk(sk)->inet_num)->lock;
}

/*
 * Whether is() is true for any socket bound to the port of @tb; the bhash lock is held.
 * Since 6.8 the sockets are in the lists of the bhash2 buckets alone.
 */
#ifdef ATCP_HAVE_BIND_BHASH2
static inline bool atcp_bucket_any(const struct inet_bind_bucket *tb,
				   bool (*is)(const struct sock *sk2, const void *arg),
				   const void *arg)
{
	const struct inet_bind2_bucket *tb2;
	const struct sock *sk2;

	hlist_for_each_entry(tb2, &tb->bhash2, bhash_node) {
		sk_for_each_bound(sk2, &tb2->owners) {
			if (is(sk2, arg))
				return true;
		}
	}
	return false;
}

static inline void atcp_bucket_enter(struct sock *sk)
{
	sk_add_bind_node(sk, &inet_csk(sk)->icsk_bind2_hash->owners);
}

static inline void atcp_bucket_leave(struct sock *sk)
{
	__sk_del_bind_node(sk);
}

static inline void atcp_bucket_enter_tw(struct inet_timewait_sock *tw)
{
	hlist_add_head(&tw->tw_bind_node, &tw->tw_tb2->owners);
}

static inline void atcp_bucket_leave_tw(struct inet_timewait_sock *tw)
{
	__hlist_del(&tw->tw_bind_node);
}
#else
static inline bool atcp_bucket_any(const struct inet_bind_bucket *tb,
				   bool (*is)(const struct sock *sk2, const void *arg),
				   const void *arg)
{
	const struct sock *sk2;

	sk_for_each_bound(sk2, &tb->owners) {
		if (is(sk2, arg))
			return true;
	}
	return false;
}

static inline void atcp_bucket_enter(struct sock *sk)
{
	sk_add_bind_node(sk, &inet_csk(sk)->icsk_bind_hash->owners);
	sk_add_bind2_node(sk, &inet_csk(sk)->icsk_bind2_hash->owners);
}

static inline void atcp_bucket_leave(struct sock *sk)
{
	__sk_del_bind_node(sk);
	__sk_del_bind2_node(sk);
}

static inline void atcp_bucket_enter_tw(struct inet_timewait_sock *tw)
{
	hlist_add_head(&tw->tw_bind_node, &tw->tw_tb->owners);
	hlist_add_head(&tw->tw_bind2_node, &tw->tw_tb2->deathrow);
}

static inline void atcp_bucket_leave_tw(struct inet_timewait_sock *tw)
{
	__hlist_del(&tw->tw_bind_node);
	__hlist_del(&tw->tw_bind2_node);
}
#endif

/* Replaces @sk in its bind buckets by @tw of the same port; @sk is unbound after that. */
static inline void atcp_bucket_stand_in(struct inet_timewait_sock *tw, struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	spinlock_t *lock = atcp_bucket_lock(sk, inet_sk(sk)->inet_num);
	spinlock_t *lock2 = atcp_bucket2_lock(sk);

	spin_lock_bh(lock);
	spin_lock(lock2);
	tw->tw_tb = icsk->icsk_bind_hash;
	tw->tw_tb2 = icsk->icsk_bind2_hash;
	atcp_bucket_enter_tw(tw);
	atcp_bucket_leave(sk);
	icsk->icsk_bind_hash = NULL;
	icsk->icsk_bind2_hash = NULL;
	WRITE_ONCE(inet_sk(sk)->inet_num, 0);
	spin_unlock(lock2);
	spin_unlock_bh(lock);
}

/* The reverse: replaces @tw in the bind buckets by @sk, which was not bound. */
static inline void atcp_bucket_stand_back(struct inet_timewait_sock *tw, struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	spinlock_t *lock, *lock2;

	WRITE_ONCE(inet_sk(sk)->inet_num, tw->tw_num);
	lock = atcp_bucket_lock(sk, tw->tw_num);
	lock2 = atcp_bucket2_lock(sk);
	spin_lock_bh(lock);
	spin_lock(lock2);
	icsk->icsk_bind_hash = tw->tw_tb;
	icsk->icsk_bind2_hash = tw->tw_tb2;
	atcp_bucket_enter(sk);
	atcp_bucket_leave_tw(tw);
	spin_unlock(lock2);
	spin_unlock_bh(lock);
}

#endif /* _ATCP_COMPAT_BIND_BUCKET_H */
