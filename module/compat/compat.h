/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences of older kernels.  The rest of the module is written for the newest
 * kernel; it is adapted to others here and only here.  features.mk finds out what the
 * kernel's headers offer.
 */
#ifndef _ATCP_COMPAT_H
#define _ATCP_COMPAT_H

#if !IS_ENABLED(CONFIG_INET) || !IS_ENABLED(CONFIG_IPV6)
#error "atcp needs CONFIG_INET and CONFIG_IPV6; ipv6.disable=1 at boot is enough to have no IPv6"
#endif

/* Every message of the module begins with its name. */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/sysctl.h>
#include <linux/timer.h>
#include <net/inet_common.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/sock.h>

/* Headers that were split off others */
#ifdef ATCP_HAVE_GSO_H
#include <net/gso.h>			/* 6.5 */
#endif
#ifdef ATCP_HAVE_RPS_H
#include <net/rps.h>			/* 6.9 */
#endif
#ifdef ATCP_HAVE_PROTO_MEMORY_H
#include <net/proto_memory.h>		/* 6.10 */
#endif
#ifdef ATCP_HAVE_SKBUFF_REF_H
#include <linux/skbuff_ref.h>		/* 6.10 */
#endif
#ifdef ATCP_HAVE_UNALIGNED_H
#include <linux/unaligned.h>		/* 6.12 */
#else
#include <asm/unaligned.h>
#endif

/* 6.2: timer_delete(), timer_delete_sync(); 6.16: timer_container_of() */
#ifndef ATCP_HAVE_TIMER_DELETE
#define timer_delete(timer)		del_timer(timer)
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif
#ifndef timer_container_of
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif

/* 6.19: struct sockaddr_unsized, an address whose size is an argument of its own */
#ifndef ATCP_HAVE_SOCKADDR_UNSIZED
#define sockaddr_unsized	sockaddr
#endif

/* 6.10: struct proto_accept_arg */
#ifndef ATCP_HAVE_PROTO_ACCEPT_ARG
#define ATCP_ACCEPT_ARG		int flags, int *err, bool kern
#define ATCP_ACCEPT_FLAGS	flags
#define ATCP_ACCEPT_ERR		err
#define ATCP_OPS_ACCEPT_ARG	int flags, bool kern
#define atcp_inet_accept(sock, newsock)	inet_accept(sock, newsock, flags, kern)
#else
#define ATCP_OPS_ACCEPT_ARG	struct proto_accept_arg *arg
#define atcp_inet_accept(sock, newsock)	inet_accept(sock, newsock, arg)
#define ATCP_ACCEPT_ARG		struct proto_accept_arg *arg
#define ATCP_ACCEPT_FLAGS	(arg->flags)
#define ATCP_ACCEPT_ERR		(&arg->err)
#endif

/* 6.11: the clock of a delivery time as an enum; before, a bool: the monotonic one */
#ifndef ATCP_HAVE_SKB_CLOCK
#define SKB_CLOCK_MONOTONIC	true
#endif

/* 6.6: the flags of struct inet_sock are bits of one word */
static inline void atcp_inet_flags(struct sock *sk)
{
#ifndef ATCP_HAVE_INET_FLAGS
	inet_sk(sk)->mc_loop = 1;
	inet_sk(sk)->mc_all = sk->sk_family == AF_INET;
#else
	inet_set_bit(MC_LOOP, sk);
	inet_assign_bit(MC_ALL, sk, sk->sk_family == AF_INET);
#endif
}

/* 6.7: so are those of struct ipv6_pinfo; 6.18: its list of flow labels moved */
#ifndef ATCP_HAVE_INET6_FLAGS
#define atcp_recverr4(sk)	(inet_sk(sk)->recverr)
#define atcp_recverr6(sk)	(inet6_sk(sk)->recverr)
#define atcp_sndflow(sk)	(inet6_sk(sk)->sndflow)
#define atcp_repflow(sk)	(inet6_sk(sk)->repflow)
#define atcp_set_repflow(sk, on)	(inet6_sk(sk)->repflow = (on))
#else
#define atcp_recverr4(sk)	inet_test_bit(RECVERR, sk)
#define atcp_recverr6(sk)	inet6_test_bit(RECVERR6, sk)
#define atcp_sndflow(sk)	inet6_test_bit(SNDFLOW, sk)
#define atcp_repflow(sk)	inet6_test_bit(REPFLOW, sk)
#define atcp_set_repflow(sk, on)	inet6_assign_bit(REPFLOW, sk, on)
#endif
#ifndef ATCP_HAVE_INET_FL_LIST
#define atcp_fl_list(sk)	(inet6_sk(sk)->ipv6_fl_list)
#else
#define atcp_fl_list(sk)	(inet_sk(sk)->ipv6_fl_list)
#endif

static inline void atcp_inet6_flags(struct sock *sk)
{
#ifndef ATCP_HAVE_INET6_FLAGS
	inet6_sk(sk)->mc_loop = 1;
	inet6_sk(sk)->mc_all = 1;
#else
	inet6_set_bit(MC6_LOOP, sk);
	inet6_set_bit(MC6_ALL, sk);
#endif
}

/* 6.8: struct proto has the offset of struct ipv6_pinfo */
#ifdef ATCP_HAVE_PINFO_OFFSET
#define ATCP_PINFO_OFFSET(type, member)	.ipv6_pinfo_offset = offsetof(type, member),
#else
#define ATCP_PINFO_OFFSET(type, member)
#endif

/* 6.18: ip6_dst_store() takes flags instead of pointers to addresses */
static inline void atcp_ip6_dst_store(struct sock *sk, struct dst_entry *dst)
{
#ifdef ATCP_HAVE_DST_STORE_BOOL
	ip6_dst_store(sk, dst, false, false);
#else
	ip6_dst_store(sk, dst, NULL, NULL);
#endif
}

/* 6.5: the caller of struct proto's ioctl(), such as io_uring, copies the answer out */
#ifdef ATCP_HAVE_IOCTL_KARG
#define ATCP_IOCTL_ARG		int *
#else
#define ATCP_IOCTL_ARG		unsigned long
#endif

static inline int atcp_ioctl_answer(ATCP_IOCTL_ARG arg, int answer)
{
#ifdef ATCP_HAVE_IOCTL_KARG
	*arg = answer;
	return 0;
#else
	return put_user(answer, (int __user *)arg);
#endif
}

/* 6.7: BPF programs may change the length of an address */
#ifndef ATCP_HAVE_BPF_ADDR_LEN
#define atcp_run_connect6(sk, uaddr, len)	BPF_CGROUP_RUN_PROG_INET6_CONNECT(sk, uaddr)
#define atcp_run_connect4(sk, uaddr, len)	BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, uaddr)
#else
#define atcp_run_connect4(sk, uaddr, len)	BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, uaddr, len)
#define atcp_run_connect6(sk, uaddr, len)	BPF_CGROUP_RUN_PROG_INET6_CONNECT(sk, uaddr, len)
#endif

/* 7.0: recvmsg() sets msg_namelen itself */
static inline int atcp_recv_error(struct sock *sk, struct msghdr *msg, int len)
{
#ifdef ATCP_HAVE_RECV_ERROR_LEN
	int addr_len = 0;
	int ret = inet_recv_error(sk, msg, len, &addr_len);

	if (ret >= 0)
		msg->msg_namelen = addr_len;
	return ret;
#else
	return inet_recv_error(sk, msg, len);
#endif
}

/* 6.2: get_random_u32_below() */
#ifndef ATCP_HAVE_RANDOM_BELOW
#define get_random_u32_below(ceil)	prandom_u32_max(ceil)
#endif

/* 6.6: register_net_sysctl_sz() */
#ifndef ATCP_HAVE_SYSCTL_SIZE
#define register_net_sysctl_sz(net, path, table, size) \
	((void)(size), register_net_sysctl(net, path, table))
#endif

/* 6.11: a sysctl's handler gets a const struct ctl_table */
#ifdef ATCP_HAVE_SYSCTL_CONST
#define atcp_ctl_table	const struct ctl_table
#else
#define atcp_ctl_table	struct ctl_table
#endif

/* 6.17: sk_uid() */
#ifndef ATCP_HAVE_SK_UID
#define sk_uid(sk)	((sk)->sk_uid)
#endif

/* 6.9, 6.16: more reasons to drop a packet */
#ifndef ATCP_HAVE_DROP_MINTTL
#define SKB_DROP_REASON_TCP_MINTTL		SKB_DROP_REASON_NOT_SPECIFIED
#endif
#ifndef ATCP_HAVE_DROP_LISTEN
#define SKB_DROP_REASON_TCP_LISTEN_OVERFLOW	SKB_DROP_REASON_NOT_SPECIFIED
#endif

/* 7.0: sk_clone() */
#ifndef ATCP_HAVE_SK_CLONE
#define sk_clone(sk, priority, lock)	sk_clone_lock(sk, priority)
#endif

/* 6.8: inet_sk_get_local_port_range() returns whether IP_LOCAL_PORT_RANGE is set */
#ifndef ATCP_HAVE_LOCAL_RANGE_BOOL
static inline bool atcp_local_port_range(const struct sock *sk, int *low, int *high)
{
	inet_sk_get_local_port_range(sk, low, high);
	return false;
}
#else
#define atcp_local_port_range(sk, low, high)	inet_sk_get_local_port_range(sk, low, high)
#endif

/* 6.7: SOL_SOCKET reaches proto_ops; before that SO_ZEROCOPY is on and cannot be cleared */
static inline void atcp_ask_sol_socket(struct socket *sock)
{
#ifdef ATCP_HAVE_CUSTOM_SOCKOPT
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
#else
	sock_set_flag(sock->sk, SOCK_ZEROCOPY);
#endif
}

/* 6.16: MSG_ZEROCOPY of device memory */
#ifdef ATCP_HAVE_ZEROCOPY_DEVMEM
#define atcp_zerocopy_realloc(sk, size, uarg)	msg_zerocopy_realloc(sk, size, uarg, false)
#define atcp_zerocopy_iter(sk, skb, msg, len, uarg) \
	skb_zerocopy_iter_stream(sk, skb, msg, len, uarg, NULL)
#else
#define atcp_zerocopy_realloc(sk, size, uarg)	msg_zerocopy_realloc(sk, size, uarg)
#define atcp_zerocopy_iter(sk, skb, msg, len, uarg) \
	skb_zerocopy_iter_stream(sk, skb, msg, len, uarg)
#endif

/* 6.2, 6.12: more flags of SO_TIMESTAMPING; 7.0: its control message in ktime_t */
#ifndef ATCP_HAVE_OPT_ID_TCP
#define SOF_TIMESTAMPING_OPT_ID_TCP	0
#endif
#ifndef ATCP_HAVE_OPT_RX_FILTER
#define SOF_TIMESTAMPING_OPT_RX_FILTER	0
#endif
#ifdef ATCP_HAVE_SCM_KTIME
#define atcp_scm_time(time)	(time)
#else
#define atcp_scm_time(time)	ktime_to_timespec64(time)
#endif

/*
 * net.core.tstamp_allow_data; before 7.0 modules cannot read it.  There the reports that
 * atcp itself makes ignore it: they contain the program's own payload, without headers.
 */
static inline bool atcp_tstamp_allow_data(const struct sock *sk)
{
#ifdef ATCP_HAVE_TSTAMP_ALLOW_DATA
	return READ_ONCE(sock_net(sk)->core.sysctl_tstamp_allow_data);
#else
	return true;
#endif
}

/* 6.13, 6.16: control messages that TCP refuses, too */
static inline bool atcp_sockc_refused(const struct sockcm_cookie *sockc)
{
#ifdef SOCKCM_FLAG_TS_OPT_ID
	if (sockc->tsflags & SOCKCM_FLAG_TS_OPT_ID)
		return true;
#endif
#ifdef ATCP_HAVE_ZEROCOPY_DEVMEM
	if (sockc->dmabuf_id)
		return true;
#endif
	return false;
}

#endif /* _ATCP_COMPAT_H */
