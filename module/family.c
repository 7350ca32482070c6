// SPDX-License-Identifier: GPL-2.0
/*
 * AF_ATCP: socket(), and the tables of functions for the sockets API.
 *
 * Inside the kernel a socket is of AF_INET or AF_INET6 from its creation, because cgroup
 * filters and others act on no other family.  So inet_bind(), inet6_bind() and the like
 * do most of what is not specific to TCP.
 *
 *   bind     inet_bind            -> struct proto's get_port   (ports.c)
 *   connect  inet_stream_connect  -> atcp_connect              (connect.c)
 *   listen   atcp_listen                                       (listen.c)
 *   accept   inet_accept          -> atcp_accept_child, below  (listen.c)
 *   send, recv                    atcp_sendmsg, atcp_recvmsg   (send.c, recv.c)
 *   poll                          atcp_poll                    (poll.c)
 *   ioctl    inet_ioctl           -> atcp_ioctl                (poll.c)
 *   setsockopt                    atcp_set_option, atcp_setsockopt (sockopt*.c)
 *   shutdown inet_shutdown        -> atcp_sk_shutdown          (sock.c)
 *   close    inet_release         -> close_sock, below         (listen.c, sock.c)
 */
#include <linux/bpf-cgroup.h>
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include <net/tcp_states.h>

#include "compat/sendpage.h"
#include "arrive/netfilter.h"
#include "demux.h"
#include "family.h"
#include "gate.h"
#include "listen/listen.h"
#include "netns.h"
#include "port/ports.h"
#include "show/diag.h"
#include "socket/connect.h"
#include "socket/memory.h"
#include "socket/poll.h"
#include "socket/recv.h"
#include "socket/send.h"
#include "socket/sock.h"
#include "socket/sockopt.h"
#include "socket/splice.h"

static int family = AF_ATCP;
module_param(family, int, 0444);
MODULE_PARM_DESC(family, "protocol family number to register (default 22)");

/* --- calls that also concern the queues of a listener: accept(), listen(), close() --- */

static struct sock *atcp_accept_child(struct sock *sk, ATCP_ACCEPT_ARG)
{
	return atcp_accept_dequeue(sk, ATCP_ACCEPT_FLAGS, ATCP_ACCEPT_ERR);
}

static int atcp_stream_accept(struct socket *sock, struct socket *newsock, ATCP_OPS_ACCEPT_ARG)
{
	int err = atcp_inet_accept(sock, newsock);

	if (!err)
		atcp_socket_flags(newsock);
	return err;
}

static int atcp_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED ||
	    !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		goto out;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	err = 0;
	if (sk->sk_state != TCP_LISTEN)
		err = atcp_listen_start(sk, backlog);
out:
	release_sock(sk);
	return err;
}

static void close_sock(struct sock *sk, long timeout)
{
	/* Checked again under the lock: SOCK_DESTROY may end the listener in between. */
	if (inet_sk_state_load(sk) == TCP_LISTEN) {
		lock_sock(sk);
		if (sk->sk_state == TCP_LISTEN)
			atcp_listen_stop(sk);
		release_sock(sk);
	}
	atcp_sk_close(sk, timeout);
}

/* Socket lock held. */
static int disconnect_sock(struct sock *sk, int flags)
{
	if (sk->sk_state == TCP_LISTEN) {
		atcp_listen_stop(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			atcp_port_put(sk);
	}
	return atcp_sk_disconnect(sk, flags);
}

static int atcp_get_port(struct sock *sk, unsigned short port)
{
	return atcp_port_get(sk, port);
}

/* --- the tables --- */

/*
 * Initializes a socket of AF_ATCP, or one of AF_INET or AF_INET6 by the second door
 * (below).  Process context.
 */
static int init_sock(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	int err;

	if (sk->sk_protocol == IPPROTO_ATCP_TCP)
		sk->sk_protocol = ATCP_PROTOCOL_TCP;
	if (sk->sk_protocol == ATCP_PROTOCOL_TCP) {
		err = atcp_gate_pass(an);
		if (!err)
			err = atcp_netfilter_start(an, sk->sk_family == AF_INET6);
		if (err)
			return err;
	}
	if (sk->sk_socket)
		atcp_socket_flags(sk->sk_socket);
	return atcp_sk_init(sk);
}

/* SO_BINDTODEVICE has changed sk_bound_dev_if. Socket lock held. */
static void rebound(struct sock *sk)
{
	atcp_rehash(sk);	/* may change it back */
	atcp_port_moved(sk);
}

#define ATCP_PROTO_CALLS					\
	.owner			= THIS_MODULE,			\
	.init			= init_sock,			\
	.close			= close_sock,			\
	.connect		= atcp_connect,			\
	.disconnect		= disconnect_sock,		\
	.accept			= atcp_accept_child,		\
	.ioctl			= atcp_ioctl,			\
	.shutdown		= atcp_sk_shutdown,		\
	.setsockopt		= atcp_setsockopt,		\
	.getsockopt		= atcp_getsockopt,		\
	.keepalive		= atcp_sk_keepalive,		\
	.backlog_rcv		= atcp_sk_backlog_rcv,		\
	.release_cb		= atcp_sk_release_cb,		\
	.stream_memory_free	= atcp_stream_memory_free,	\
	.unhash			= atcp_unhash,			\
	.get_port		= atcp_get_port,		\
	.put_port		= atcp_port_put,		\
	.rehash			= rebound,			\
	.diag_destroy		= atcp_diag_destroy,		\
	.max_header		= ATCP_HEADROOM,		\
	.no_autobind		= true,				\
								\
	ATCP_PROTO_MEMORY

struct proto atcp_prot = {
	ATCP_PROTO_CALLS,
	.name			= "ATCP",
	.obj_size		= sizeof(struct atcp_sock),
	.pre_connect		= atcp_connect_pre4,
};

struct proto atcpv6_prot = {
	ATCP_PROTO_CALLS,
	.name			= "ATCPv6",
	/* Before 6.8, inet6_create() expects ipv6_pinfo at the end, without padding. */
	.obj_size		= offsetofend(struct atcp6_sock, inet6),
	ATCP_PINFO_OFFSET(struct atcp6_sock, inet6)
	.pre_connect		= atcp_connect_pre6,
};

#define ATCP_STREAM_CALLS				\
	.owner		= THIS_MODULE,			\
	.connect	= inet_stream_connect,		\
	.socketpair	= sock_no_socketpair,		\
	.accept		= atcp_stream_accept,		\
	.poll		= atcp_poll,			\
	.gettstamp	= sock_gettstamp,		\
	.listen		= atcp_listen,			\
	.shutdown	= inet_shutdown,		\
	.setsockopt	= atcp_set_option,		\
	.getsockopt	= sock_common_getsockopt,	\
	.sendmsg	= atcp_sendmsg,			\
	.recvmsg	= atcp_recvmsg,			\
	.mmap		= sock_no_mmap,			\
	.splice_read	= atcp_splice_read,		\
	.splice_eof	= atcp_splice_eof,		\
	.read_sock	= atcp_read_sock,		\
	.peek_len	= atcp_peek_len,		\
	.set_peek_off	= sk_set_peek_off,		\
	.set_rcvlowat	= atcp_set_rcvlowat,		\
	ATCP_SENDPAGE

static const struct proto_ops atcp_stream_ops = {
	ATCP_STREAM_CALLS
	.family		= PF_INET,
	.release	= inet_release,
	.bind		= inet_bind,
	.getname	= inet_getname,
	.ioctl		= inet_ioctl,
};

static const struct proto_ops atcpv6_stream_ops = {
	ATCP_STREAM_CALLS
	.family		= PF_INET6,
	.release	= inet6_release,
	.bind		= inet6_bind,
	.getname	= inet6_getname,
	.ioctl		= inet6_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= inet6_compat_ioctl,
#endif
};

/* Does what inet6_create() does beyond inet_create(). */
static void init_inet6(struct sock *sk)
{
	struct net *net = sock_net(sk);
	struct ipv6_pinfo *np = &((struct atcp6_sock *)sk)->inet6;

	inet_sk(sk)->pinet6 = np;
	np->hop_limit = -1;
	np->mcast_hops = IPV6_DEFAULT_MCASTHOPS;
	np->pmtudisc = IPV6_PMTUDISC_WANT;
	atcp_inet6_flags(sk);
	atcp_set_repflow(sk, !!(READ_ONCE(net->ipv6.sysctl.flowlabel_reflect) &
				FLOWLABEL_REFLECT_ESTABLISHED));
	sk->sk_ipv6only = READ_ONCE(net->ipv6.sysctl.bindv6only);
}

/* Does what inet_create() does, for one protocol and its two carriers. */
static int atcp_create(struct net *net, struct socket *sock, int protocol, int kern)
{
	bool v6 = protocol & ATCP_IPV6;
	struct inet_sock *inet;
	struct sock *sk;
	int err;

	if (protocol < 0 || (protocol & ~ATCP_IPV6) >= IPPROTO_MAX)
		return -EINVAL;
	protocol &= ~ATCP_IPV6;
	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol && protocol != IPPROTO_ATCP && protocol != IPPROTO_TCP)
		return -EPROTONOSUPPORT;
	/* The host may have been booted with ipv6.disable=1. */
	if (v6 && !ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	protocol = protocol == IPPROTO_TCP ? ATCP_PROTOCOL_TCP : IPPROTO_ATCP;

	sock->state = SS_UNCONNECTED;
	sock->ops = v6 ? &atcpv6_stream_ops : &atcp_stream_ops;
	sk = sk_alloc(net, v6 ? PF_INET6 : PF_INET, GFP_KERNEL, v6 ? &atcpv6_prot : &atcp_prot,
		      kern);
	if (!sk)
		return -ENOMEM;

	inet = inet_sk(sk);
	inet->pmtudisc = READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) ?
			 IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	sock_init_data(sock, sk);
	sk->sk_protocol = protocol;
	sk->sk_backlog_rcv = sk->sk_prot->backlog_rcv;
	sk->sk_txrehash = READ_ONCE(net->core.sysctl_txrehash);
	inet->uc_ttl = -1;
	inet->mc_ttl = 1;
	atcp_inet_flags(sk);
	if (v6)
		init_inet6(sk);

	err = sk->sk_prot->init(sk);
	if (!err && !kern)
		err = BPF_CGROUP_RUN_PROG_INET_SOCK(sk);
	if (err) {
		sk_common_release(sk);
		sock->sk = NULL;
	}
	return err;
}

/*
 * The second door: socket(AF_INET or AF_INET6, SOCK_STREAM, IPPROTO_ATCP), for programs
 * that cannot name another family.  IPPROTO_ATCP_TCP stands for TCP on the wire.
 */
static struct inet_protosw doors4[] = {
	{
		.type = SOCK_STREAM, .protocol = IPPROTO_ATCP,
		.prot = &atcp_prot, .ops = &atcp_stream_ops,
	}, {
		.type = SOCK_STREAM, .protocol = IPPROTO_ATCP_TCP,
		.prot = &atcp_prot, .ops = &atcp_stream_ops,
	},
};

static struct inet_protosw doors6[] = {
	{
		.type = SOCK_STREAM, .protocol = IPPROTO_ATCP,
		.prot = &atcpv6_prot, .ops = &atcpv6_stream_ops,
	}, {
		.type = SOCK_STREAM, .protocol = IPPROTO_ATCP_TCP,
		.prot = &atcpv6_prot, .ops = &atcpv6_stream_ops,
	},
};

static void open_doors(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(doors4); i++) {
		inet_register_protosw(&doors4[i]);
		if (ipv6_mod_enabled())
			WARN_ON_ONCE(inet6_register_protosw(&doors6[i]));
	}
}

static void close_doors(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(doors4); i++) {
		if (ipv6_mod_enabled())
			inet6_unregister_protosw(&doors6[i]);
		inet_unregister_protosw(&doors4[i]);
	}
}

static struct net_proto_family atcp_family = {
	.owner	= THIS_MODULE,
	.create	= atcp_create,
};

int __init atcp_family_init(void)
{
	int err;

	/* sock_register() checks the upper limit only. */
	if (family <= AF_UNSPEC || family >= AF_MAX) {
		pr_err("protocol family %d is invalid: family= takes 1 to %d\n",
		       family, AF_MAX - 1);
		return -EINVAL;
	}
	err = atcp_memory_init();
	if (err)
		return err;
	err = proto_register(&atcp_prot, 1);
	if (err)
		goto out_memory;
	err = proto_register(&atcpv6_prot, 1);
	if (err)
		goto out_proto4;

	atcp_family.family = family;
	err = sock_register(&atcp_family);
	if (err) {
		if (err == -EEXIST)
			pr_err("protocol family %d is taken: choose another with family=\n",
			       family);
		else
			pr_err("protocol family %d cannot be registered (%d): see family=\n",
			       family, err);
		goto out_proto;
	}
	err = atcp_diag_init(family);
	if (err)
		goto out_family;
	open_doors();
	return 0;

out_family:
	sock_unregister(family);
out_proto:
	proto_unregister(&atcpv6_prot);
out_proto4:
	proto_unregister(&atcp_prot);
out_memory:
	atcp_memory_exit();
	return err;
}

void atcp_family_exit(void)
{
	close_doors();
	atcp_diag_exit();
	sock_unregister(atcp_family.family);
	proto_unregister(&atcpv6_prot);
	proto_unregister(&atcp_prot);
	atcp_memory_exit();
}
