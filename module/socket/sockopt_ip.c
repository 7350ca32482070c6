// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options of SOL_IP and SOL_IPV6.  IP implements them; what TCP adds is here: IP
 * options and extension headers make segments smaller, and multicast is refused.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "atcp.h"
#include "net/atcp_ip.h"
#include "socket/sockopt.h"

/* Whether an option changes the size of the headers before the TCP header. */
static bool changes_headers(int level, int optname)
{
	if (level == SOL_IP)
		return optname == IP_OPTIONS;
	return optname == IPV6_HOPOPTS || optname == IPV6_RTHDRDSTOPTS ||
	       optname == IPV6_RTHDR || optname == IPV6_DSTOPTS ||
	       optname == IPV6_2292PKTOPTIONS;
}

static int set_ip(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	switch (optname) {
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return -EPROTO;
	}
	return ip_setsockopt(sk, SOL_IP, optname, optval, optlen);
}

/* IPV6_FL_F_REFLECT, which IP supports for the kernel's TCP alone; done in the same way. */
static int reflect_label(struct sock *sk, const struct in6_flowlabel_req *req)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	int err = 0;

	if (req->flr_action == IPV6_FL_A_GET &&
	    READ_ONCE(sock_net(sk)->ipv6.sysctl.flowlabel_consistency))
		return -EPERM;
	lock_sock(sk);
	if (req->flr_action == IPV6_FL_A_GET) {
		atcp_set_repflow(sk, 1);
	} else if (!atcp_repflow(sk)) {
		err = -ESRCH;
	} else {
		np->flow_label = 0;
		atcp_set_repflow(sk, 0);
	}
	release_sock(sk);
	return err;
}

static int set_ipv6(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	struct in6_flowlabel_req req;
	int val;

	if (optname == IPV6_ADD_MEMBERSHIP || optname == IPV6_DROP_MEMBERSHIP) {
		if (optlen >= sizeof(val) && copy_from_sockptr(&val, optval, sizeof(val)))
			return -EFAULT;
		return optlen < sizeof(struct ipv6_mreq) ? -EINVAL : -EPROTO;
	}
	if (optname == IPV6_FLOWLABEL_MGR && optlen >= sizeof(req)) {
		if (copy_from_sockptr(&req, optval, sizeof(req)))
			return -EFAULT;
		if (req.flr_flags & IPV6_FL_F_REFLECT &&
		    (req.flr_action == IPV6_FL_A_GET || req.flr_action == IPV6_FL_A_PUT))
			return reflect_label(sk, &req);
	}
	return ipv6_setsockopt(sk, SOL_IPV6, optname, optval, optlen);
}

int atcp_setsockopt_ip(struct sock *sk, int level, int optname, sockptr_t optval,
		       unsigned int optlen)
{
	int err = -ENOPROTOOPT;

	if (level == SOL_IP)
		err = set_ip(sk, optname, optval, optlen);
	else if (level == SOL_IPV6 && sk->sk_family == AF_INET6)
		err = set_ipv6(sk, optname, optval, optlen);
	if (!err && changes_headers(level, optname)) {
		lock_sock(sk);
		atcp_ip_options_changed(sk);
		release_sock(sk);
	}
	return err;
}

int atcp_getsockopt_ip(struct sock *sk, int level, int optname, char __user *optval,
		       int __user *optlen)
{
	if (level == SOL_IP)
		return ip_getsockopt(sk, SOL_IP, optname, optval, optlen);
	if (level == SOL_IPV6 && sk->sk_family == AF_INET6)
		return ipv6_getsockopt(sk, SOL_IPV6, optname, optval, optlen);
	return sk->sk_family == AF_INET6 ? -ENOPROTOOPT : -EOPNOTSUPP;
}
