// SPDX-License-Identifier: GPL-2.0
/*
 * splice() from the receive queue to a pipe, and read_sock() for other parts of the
 * kernel; both pass references to pages as the kernel's TCP does.  Also the end of a
 * splice into the socket.
 */
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <net/tcp_states.h>

#include "atcp.h"
#include "socket/recv.h"
#include "socket/splice.h"

/* As tcp_read_sock(): ends before urgent data, which only recvmsg() reads. Locked. */
int atcp_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct sk_buff *skb;
	int copied = 0;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	while ((skb = skb_peek(&sk->sk_receive_queue))) {
		size_t len = atcp_skb_len(skb);
		int used;

		if (unlikely(as->urgent)) {
			len = min_t(size_t, len, as->urgent_seq - as->tcb.copied_seq);
			if (!len)
				break;
		}
		used = actor(desc, skb, atcp_mark(skb)->skip, len);
		if (used <= 0) {
			copied = copied ?: used;
			break;
		}
		atcp_consume(sk, skb, used);
		copied += used;
		if (!desc->count)
			break;
	}
	if (copied > 0)
		atcp_read(&as->tcb);
	return copied;
}

struct to_pipe {
	struct pipe_inode_info *pipe;
	unsigned int flags;
};

static int splice_some(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset,
		       size_t len)
{
	const struct to_pipe *to = desc->arg.data;
	int n;

	n = skb_splice_bits(skb, skb->sk, offset, to->pipe, min(desc->count, len), to->flags);
	if (n > 0)
		desc->count -= n;
	return n;
}

static ssize_t splice_locked(struct socket *sock, struct to_pipe *to, size_t len)
{
	struct sock *sk = sock->sk;
	long timeo = sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK);
	ssize_t spliced = 0;
	int n = 0;

	while (len) {
		read_descriptor_t desc = {
			.arg.data = to,
			.count = len,
		};

		n = atcp_read_sock(sk, &desc, splice_some);
		if (n < 0)
			break;
		if (n > 0) {
			len -= n;
			spliced += n;
			if (!len || !timeo)
				break;
			release_sock(sk);
			lock_sock(sk);
			if (!atcp_may_wait_for_more(sk, timeo))
				break;
			continue;
		}
		if (spliced)
			break;
		n = atcp_may_wait(sk, timeo);
		/* Only urgent data is left, which a wait does not change. */
		if (n <= 0 || !skb_queue_empty(&sk->sk_receive_queue))
			break;
		n = sk_wait_data(sk, &timeo, NULL);
		if (n < 0)
			break;
		if (signal_pending(current)) {
			n = sock_intr_errno(timeo);
			break;
		}
	}
	if (spliced)
		return spliced;
	return min(n, 0);
}

ssize_t atcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags)
{
	struct to_pipe to = { .pipe = pipe, .flags = flags };
	struct sock *sk = sock->sk;
	ssize_t ret;

	sock_rps_record_flow(sk);
	if (unlikely(*ppos))
		return -ESPIPE;
	lock_sock(sk);
	ret = splice_locked(sock, &to, len);
	release_sock(sk);
	return ret;
}

/* The end of a splice() or sendfile() that has announced more data: sends the rest. */
void atcp_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	lock_sock(sk);
	if (atcp_tail(c))
		atcp_push(c, true);
	release_sock(sk);
}
