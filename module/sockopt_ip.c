// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options of SOL_IP and SOL_IPV6.  IP does them; here is what of them
 * concerns TCP: options and extension headers take room from the segments, and
 * there is no multicast.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "sock.h"

static int set_ip(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	switch (optname) {
	case IP_OPTIONS:
		/* Would take room from the MSS, which is not reckoned with. */
		return -ENOPROTOOPT;
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
	case IP_ADD_SOURCE_MEMBERSHIP:
	case IP_DROP_SOURCE_MEMBERSHIP:
	case IP_BLOCK_SOURCE:
	case IP_UNBLOCK_SOURCE:
	case IP_MSFILTER:
	case MCAST_JOIN_GROUP:
	case MCAST_LEAVE_GROUP:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP:
	case MCAST_BLOCK_SOURCE:
	case MCAST_UNBLOCK_SOURCE:
	case MCAST_MSFILTER:
		return -EPROTO;
	}
	return ip_setsockopt(sk, SOL_IP, optname, optval, optlen);
}

int atcp_setsockopt_ip(struct sock *sk, int level, int optname, sockptr_t optval,
		       unsigned int optlen)
{
	if (level == SOL_IP)
		return set_ip(sk, optname, optval, optlen);
	return -ENOPROTOOPT;
}

int atcp_getsockopt_ip(struct sock *sk, int level, int optname, char __user *optval,
		       int __user *optlen)
{
	if (level == SOL_IP)
		return ip_getsockopt(sk, SOL_IP, optname, optval, optlen);
	return -EOPNOTSUPP;
}
