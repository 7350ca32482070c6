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

/*
 * 6.10: struct proto_accept_arg.  ATCP_ACCEPT_OLD(fn) makes a function that
 * struct proto of an older kernel can call; ATCP_ACCEPT(fn) is its name.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct proto_accept_arg {
	int flags;
	int err;
	bool kern;
};

#define ATCP_ACCEPT_OLD(fn)							\
static struct sock *fn##_old(struct sock *sk, int flags, int *err, bool kern)	\
{										\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };		\
	struct sock *child = fn(sk, &arg);					\
										\
	*err = arg.err;								\
	return child;								\
}
#define ATCP_ACCEPT(fn)		fn##_old
#else
#define ATCP_ACCEPT_OLD(fn)
#define ATCP_ACCEPT(fn)		fn
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

#endif /* _ATCP_COMPAT_H */
