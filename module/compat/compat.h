/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What older kernels spell differently.  The rest of the module is written for
 * the newest; here, and only here, it is made to fit the others.
 */
#ifndef _ATCP_COMPAT_H
#define _ATCP_COMPAT_H

#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <net/inet_common.h>
#include <net/inet_sock.h>
#include <net/sock.h>

/* Headers that others were split into */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <net/rps.h>
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <linux/skbuff_ref.h>
#include <net/proto_memory.h>
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 6.2: timer_delete(), timer_delete_sync(); 6.16: timer_container_of() */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete(timer)		del_timer(timer)
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif
#ifndef timer_container_of
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif

/* 6.19: addresses whose size only their length argument tells */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized	sockaddr
#endif

/* 6.10: struct proto_accept_arg */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define ATCP_ACCEPT_ARG		int flags, int *err, bool kern
#define ATCP_ACCEPT_FLAGS	flags
#define ATCP_ACCEPT_ERR		err
#else
#define ATCP_ACCEPT_ARG		struct proto_accept_arg *arg
#define ATCP_ACCEPT_FLAGS	(arg->flags)
#define ATCP_ACCEPT_ERR		(&arg->err)
#endif

/* 6.5: sendpage() is gone */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define ATCP_NO_SENDPAGE	.sendpage = sock_no_sendpage,
#else
#define ATCP_NO_SENDPAGE
#endif

/* 6.6: the flags of struct inet_sock are bits of one word */
static inline void atcp_inet_flags(struct sock *sk)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	inet_sk(sk)->mc_loop = 1;
	inet_sk(sk)->mc_all = 1;
#else
	inet_set_bit(MC_LOOP, sk);
	inet_set_bit(MC_ALL, sk);
#endif
}

/* 6.7: programs may change the length of an address */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define atcp_run_connect4(sk, uaddr, len)	BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, uaddr)
#else
#define atcp_run_connect4(sk, uaddr, len)	BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, uaddr, len)
#endif

/* 7.0: recvmsg() sets msg_namelen itself */
static inline int atcp_recv_error(struct sock *sk, struct msghdr *msg, int len)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	int addr_len = 0;
	int ret = inet_recv_error(sk, msg, len, &addr_len);

	if (ret >= 0)
		msg->msg_namelen = addr_len;
	return ret;
#else
	return inet_recv_error(sk, msg, len);
#endif
}

#include <linux/sysctl.h>

#if __has_include(<net/gso.h>)
#include <net/gso.h>			/* 6.5 */
#endif

/* 6.2 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#include <linux/prandom.h>
#define get_random_u32_below(ceil)	prandom_u32_max(ceil)
#endif

/* 6.6: register_net_sysctl_sz(); 6.11: handlers get a constant row */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define register_net_sysctl_sz(net, path, table, size)	register_net_sysctl(net, path, table)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
typedef struct ctl_table atcp_ctl_table;
#else
typedef const struct ctl_table atcp_ctl_table;
#endif

/* 6.17: sk_uid() */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define sk_uid(sk)	((sk)->sk_uid)
#endif

/* 7.0: sk_clone() */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define sk_clone(sk, priority, lock)	sk_clone_lock(sk, priority)
#endif

#endif /* _ATCP_COMPAT_H */
