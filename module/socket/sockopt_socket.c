// SPDX-License-Identifier: GPL-2.0
/*
 * Options of SOL_SOCKET that the kernel offers only to protocols that it knows, or
 * handles differently for others.  Since 6.7 they reach a protocol's own setsockopt()
 * (SOCK_CUSTOM_SOCKOPT); on older kernels only a default can be set.
 */
#include <linux/net_tstamp.h>
#include <net/inet_common.h>
#include <net/tcp_states.h>

#include "atcp.h"
#include "socket/sockopt.h"

void atcp_socket_flags(struct socket *sock)
{
	set_bit(SOCK_SUPPORT_ZC, &sock->flags);		/* io_uring's SEND_ZC */
	atcp_ask_sol_socket(sock);
}

static int set_zerocopy(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val < 0 || val > 1)
		return -EINVAL;
	lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, val);
	release_sock(sk);
	return 0;
}

/*
 * SOF_TIMESTAMPING_OPT_ID counts octets, as for TCP: from the first unacknowledged one,
 * or with OPT_ID_TCP from the next one to be written.
 */
static int set_timestamping(struct socket *sock, int optname, sockptr_t optval,
			    unsigned int optlen)
{
	struct sock *sk = sock->sk;
	struct atcp_sock *as = atcp_sk(sk);
	bool had = READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID;
	int flags, err;

	if (optlen < sizeof(flags))
		return -EINVAL;
	if (copy_from_sockptr(&flags, optval, sizeof(flags)))
		return -EFAULT;
	if (flags & SOF_TIMESTAMPING_OPT_ID && !had &&
	    (1 << inet_sk_state_load(sk)) & (TCPF_CLOSE | TCPF_LISTEN))
		return -EINVAL;
	err = sock_setsockopt(sock, SOL_SOCKET, optname, optval, optlen);
	if (err)
		return err;
	lock_sock(sk);
	if (!(flags & SOF_TIMESTAMPING_OPT_ID))
		as->stamp_ids = false;
	else if (!had)
		as->stamp_base = flags & SOF_TIMESTAMPING_OPT_ID_TCP ? as->tcb.write_seq :
								       as->tcb.snd_una;
	as->stamp_ids = flags & SOF_TIMESTAMPING_OPT_ID;
	release_sock(sk);
	return 0;
}

static int set_txrehash(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val < -1 || val > 1)
		return -EINVAL;
	if (val == -1)
		val = READ_ONCE(sock_net(sk)->core.sysctl_txrehash);
	WRITE_ONCE(sk->sk_txrehash, (u8)val);
	return 0;
}

int atcp_set_option(struct socket *sock, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	if (level != SOL_SOCKET)
		return sock_common_setsockopt(sock, level, optname, optval, optlen);
	switch (optname) {
	case SO_ZEROCOPY:
		return set_zerocopy(sock->sk, optval, optlen);
	case SO_TXREHASH:
		return set_txrehash(sock->sk, optval, optlen);
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return set_timestamping(sock, optname, optval, optlen);
	}
	return sock_setsockopt(sock, level, optname, optval, optlen);
}
