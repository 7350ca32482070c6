/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who of the kernel's TCP is bound to a port?
 */
#ifndef _ATCP_COMPAT_BIND_BUCKET_H
#define _ATCP_COMPAT_BIND_BUCKET_H

#include <net/inet_hashtables.h>

/* What keeps the holders of @sk's port as they are: the lock of its bucket. */
static inline spinlock_t *atcp_bucket_lock(const struct sock *sk)
{
	const struct net *net = sock_net(sk);
	const struct inet_hashinfo *hashinfo = net->ipv4.tcp_death_row.hashinfo;

	return &hashinfo->bhash[inet_bhashfn(net, inet_sk(sk)->inet_num,
					     hashinfo->bhash_size)].lock;
}

/*
 * Is this so of any of the holders?  That lock is held.
 * 6.8: they are in the lists of the second table's buckets alone.
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
#endif

#endif /* _ATCP_COMPAT_BIND_BUCKET_H */
