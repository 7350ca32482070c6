// SPDX-License-Identifier: GPL-2.0
/*
 * poll() and ioctl(): the state of a socket without a read or a write.  The answers are
 * those of the kernel's TCP (tcp_poll(), tcp_ioctl()), to the bit.
 */
#include <asm/ioctls.h>
#include <linux/poll.h>
#include <linux/sockios.h>
#include <net/tcp_states.h>

#include "core/seq.h"
#include "atcp.h"
#include "socket/poll.h"
#include "socket/recv.h"

/* tcp_poll() has the reasons for each bit. */
__poll_t atcp_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	const struct atcp_sock *as = atcp_sk(sk);
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	sock_poll_wait(file, sock, wait);

	state = inet_sk_state_load(sk);
	if (state == TCP_LISTEN)
		return READ_ONCE(sk->sk_ack_backlog) ? EPOLLIN | EPOLLRDNORM : 0;

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;

	if (state != TCP_SYN_SENT && state != TCP_SYN_RECV) {
		int target = sock_rcvlowat(sk, 0, INT_MAX);
		u8 urgent = READ_ONCE(as->urgent);

		if (unlikely(urgent) &&
		    READ_ONCE(as->urgent_seq) == READ_ONCE(as->tcb.copied_seq) &&
		    !sock_flag(sk, SOCK_URGINLINE))
			target++;
		if (atcp_is_readable(sk, target))
			mask |= EPOLLIN | EPOLLRDNORM;

		if (shutdown & SEND_SHUTDOWN) {
			mask |= EPOLLOUT | EPOLLWRNORM;
		} else if (__sk_stream_is_writeable(sk, 1)) {
			mask |= EPOLLOUT | EPOLLWRNORM;
		} else {
			sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
			set_bit(SOCK_NOSPACE, &sock->flags);
			/* Space may have come before the bit was set: see atcp_new_space(). */
			smp_mb__after_atomic();
			if (__sk_stream_is_writeable(sk, 1))
				mask |= EPOLLOUT | EPOLLWRNORM;
		}
		if (urgent == ATCP_URGENT_HERE)
			mask |= EPOLLPRI;
	}
	/* Pairs with the barrier in atcp_sock_state(). */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/* Bytes to read, up to the urgent octet if one is ahead, as in tcp_inq(). Locked. */
static int readable_before_urgent(const struct sock *sk)
{
	const struct atcp_sock *as = atcp_sk(sk);

	if (unlikely(as->urgent) && !sock_flag(sk, SOCK_URGINLINE) &&
	    seq_geq(as->urgent_seq, as->tcb.copied_seq) && seq_lt(as->urgent_seq, as->tcb.rcv_nxt))
		return as->urgent_seq - as->tcb.copied_seq;
	return atcp_readable(sk);
}

int atcp_ioctl(struct sock *sk, int cmd, ATCP_IOCTL_ARG arg)
{
	const struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_tcb *c = &as->tcb;
	int state = inet_sk_state_load(sk);
	bool opening = (1 << state) & (TCPF_SYN_SENT | TCPF_SYN_RECV);
	int answer;

	switch (cmd) {
	case SIOCINQ:
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		if (state == TCP_LISTEN)
			return -EINVAL;
		break;
	case SIOCATMARK:
		break;
	default:
		return -ENOIOCTLCMD;
	}

	lock_sock(sk);
	switch (cmd) {
	case SIOCINQ:
		answer = opening ? 0 : readable_before_urgent(sk);
		break;
	case SIOCOUTQ:
		answer = opening ? 0 : atcp_unacked(c);
		break;
	case SIOCOUTQNSD:
		answer = opening ? 0 : c->write_seq - c->snd_nxt;
		break;
	default:
		answer = as->urgent && as->urgent_seq == as->tcb.copied_seq;
	}
	release_sock(sk);
	return atcp_ioctl_answer(arg, answer);
}
