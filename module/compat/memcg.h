/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory cgroup that a child's memory is charged to.
 *
 * In the kernel's TCP a child has no memory cgroup until accept(), which charges what
 * has arrived so far to the caller's.  Since 6.18 inet_accept() does that for every
 * protocol.  Older kernels do not export the functions for it.  There a child is charged
 * to its listener's cgroup, and accept() moves it to the caller's if nothing has been
 * charged yet.
 */
#ifndef _ATCP_COMPAT_MEMCG_H
#define _ATCP_COMPAT_MEMCG_H

#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <net/sock.h>

#if defined(CONFIG_MEMCG) && !defined(ATCP_HAVE_MEMCG_ACCEPT)

/* @child: new, of listener @sk; softirq. */
static inline void atcp_child_memcg(struct sock *child, const struct sock *sk)
{
	struct mem_cgroup *memcg = sk->sk_memcg;

	if (mem_cgroup_sockets_enabled && memcg && css_tryget(&memcg->css))
		child->sk_memcg = memcg;
}

/* @child: being accepted; process context. */
static inline void atcp_accept_memcg(struct sock *child)
{
	struct mem_cgroup *memcg;

	if (!mem_cgroup_sockets_enabled || !cgroup_subsys_on_dfl(memory_cgrp_subsys))
		return;
	lock_sock(child);
	if (!child->sk_forward_alloc && !atomic_read(&child->sk_rmem_alloc) &&
	    !child->sk_wmem_queued) {
		memcg = get_mem_cgroup_from_mm(current->mm);
		if (memcg && !parent_mem_cgroup(memcg)) {
			css_put(&memcg->css);	/* the root pays for nothing */
			memcg = NULL;
		}
		swap(child->sk_memcg, memcg);
		if (memcg)
			css_put(&memcg->css);
	}
	release_sock(child);
}

#else

static inline void atcp_child_memcg(struct sock *child, const struct sock *sk)
{
}

static inline void atcp_accept_memcg(struct sock *child)
{
}

#endif

#endif /* _ATCP_COMPAT_MEMCG_H */
