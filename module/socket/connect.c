// SPDX-License-Identifier: GPL-2.0
/*
 * connect() and how it is undone (active OPEN, RFC 9293 section 3.10.1): the route to
 * the peer, a local port, an entry in the connection table, the SYN.
 */
#include <linux/bpf-cgroup.h>
#include <net/dst.h>
#include <net/ipv6.h>
#include <net/transp_v6.h>

#include "demux.h"
#include "net/atcp_ip.h"
#include "port/ports.h"
#include "socket/connect.h"
#include "socket/sock.h"

int atcp_connect_pre4(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	/* The cgroup's BPF program may read the whole address. */
	if (addr_len < sizeof(struct sockaddr_in))
		return -EINVAL;
	return atcp_run_connect4(sk, uaddr, &addr_len);
}

int atcp_connect_pre6(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	if (addr_len < SIN6_LEN_RFC2133)
		return -EINVAL;
	return atcp_run_connect6(sk, uaddr, &addr_len);
}

static struct dst_entry *find_way4(struct sock *sk, const struct sockaddr_in *sin, int addr_len)
{
	if (addr_len < sizeof(*sin))
		return ERR_PTR(-EINVAL);
	if (sin->sin_family != AF_INET)
		return ERR_PTR(-EAFNOSUPPORT);
	return atcp_v4_connect_route(sk, sin);
}

/* An AF_INET6 socket connects to an IPv4-mapped address over IPv4. */
static struct dst_entry *find_way_mapped(struct sock *sk, const struct sockaddr_in6 *sin6)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = sin6->sin6_port,
		.sin_addr.s_addr = sin6->sin6_addr.s6_addr32[3],
	};
	struct dst_entry *dst;

	if (ipv6_only_sock(sk))
		return ERR_PTR(-ENETUNREACH);
	dst = atcp_v4_connect_route(sk, &sin);
	if (!IS_ERR(dst))
		inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
	return dst;
}

static struct dst_entry *find_way6(struct sock *sk, struct sockaddr_in6 *sin6, int addr_len)
{
	int err = atcp_v6_peer(sk, sin6, addr_len);

	if (err)
		return ERR_PTR(err);
	return ipv6_addr_v4mapped(&sin6->sin6_addr) ? find_way_mapped(sk, sin6) :
						      atcp_v6_connect_route(sk, sin6);
}

void atcp_connect_undo(struct sock *sk)
{
	atcp_ip_disconnected(sk);
	atcp_port_moved(sk);
}

/*
 * Sets all that belongs to a connection's ends: addresses, ports, the node in the
 * connection table, route and path MTU.  On failure what it has taken is given back; only
 * a local address may stay with the socket.
 */
static int find_ends(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	__be16 sport = inet->inet_sport;
	struct dst_entry *dst;
	int err;

	dst = sk->sk_family == AF_INET6 ?
		find_way6(sk, (struct sockaddr_in6 *)uaddr, addr_len) :
		find_way4(sk, (const struct sockaddr_in *)uaddr, addr_len);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	/*
	 * The socket is in the connection table from here on.  Segments that find it
	 * wait in the backlog until atcp_open() has been called.
	 */
	err = atcp_port_connect(sk);
	if (err)
		goto failed;
	dst = atcp_ip_route_newports(sk, dst, sport);
	if (IS_ERR(dst)) {
		err = PTR_ERR(dst);
		dst = NULL;
		atcp_unhash(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			atcp_port_put(sk);
		goto failed;
	}
	as->tcb.lport = inet->inet_num;
	as->tcb.rport = ntohs(inet->inet_dport);
	atcp_ip_set_route(sk, dst);
	return 0;
failed:
	dst_release(dst);
	atcp_connect_undo(sk);
	return err;
}

int atcp_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tuple t;
	int err;

	err = find_ends(sk, uaddr, addr_len);
	if (err)
		return err;
	/* An earlier disconnect has left ECONNRESET here. */
	WRITE_ONCE(sk->sk_err, 0);
	if (sock_flag(sk, SOCK_KEEPOPEN))
		as->tcb.flags |= ATCP_F_KEEPALIVE;
	atcp_sock_route_cc(sk);
	atcp_key_tuple(&t, &as->node.key);
	atcp_open(&as->tcb, &t);
	return 0;
}
