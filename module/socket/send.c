// SPDX-License-Identifier: GPL-2.0
/*
 * SEND (RFC 9293 section 3.10.2): the user's bytes become large segments, by the
 * functions of payload.c.
 *
 * A segment grows up to the size that the device takes at once (GSO); the core decides
 * how much of it is sent and when.  Nothing here is done per MSS.
 */
#include <linux/sched/signal.h>
#include <net/tcp_states.h>

#include "compat/sendpage.h"
#include "atcp.h"
#include "core/queue.h"
#include "net/atcp_ip.h"
#include "netns.h"
#include "socket/pace.h"
#include "socket/payload.h"
#include "socket/send.h"
#include "socket/stamp.h"

/* --- the send buffer --- */

bool atcp_stream_memory_free(const struct sock *sk, int wake)
{
	const struct atcp_sock *as = atcp_sk(sk);
	u32 most = READ_ONCE(as->notsent_lowat) ?:
		   READ_ONCE(atcp_net(sock_net(sk))->limits.notsent_lowat);
	u32 unsent = READ_ONCE(as->tcb.write_seq) - READ_ONCE(as->tcb.snd_nxt);

	return unsent << wake < most;
}

/* As sk_stream_write_space(), which is not exported. */
void atcp_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (unlikely(!sock_flag(sk, SOCK_USE_WRITE_QUEUE)))
		atcp_pace_kick(sk);
	if (!__sk_stream_is_writeable(sk, 1) || !sock)
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

void atcp_new_space(struct sock *sk)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	/* Pairs with the barrier in atcp_poll(). */
	smp_mb();
	if (!sk->sk_socket || !test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		return;
	if (!sk_under_memory_pressure(sk) &&
	    sk_memory_allocated(sk) < sk_prot_mem_limits(sk, 0))
		atcp_tune_snd(c);
	sk->sk_write_space(sk);
	if (!test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		c->flags &= ~ATCP_F_STARVED;
}

struct sk_buff *atcp_alloc_sendable(struct sock *sk, gfp_t gfp, bool forced)
{
	struct sk_buff *skb = alloc_skb_fclone(ATCP_HEADROOM, gfp);

	if (unlikely(!skb)) {
		sk->sk_prot->enter_memory_pressure(sk);
		sk_stream_moderate_sndbuf(sk);
		return NULL;
	}
	/* Only this half of the fclone pair is charged, not the clone's. */
	skb->truesize = SKB_TRUESIZE(skb_end_offset(skb));
	if (unlikely(!sk_wmem_schedule(sk, skb->truesize)) && !forced) {
		kfree_skb(skb);
		return NULL;
	}
	skb_reserve(skb, ATCP_HEADROOM);
	__skb_header_release(skb);
	skb->ip_summed = CHECKSUM_PARTIAL;	/* copies need not compute a checksum */
	return skb;
}

/* --- sendmsg() --- */

/* Bytes of payload that a segment should grow to. */
static int size_goal(struct sock *sk, int flags)
{
	const struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	u32 most;

	if (flags & MSG_OOB || !sk_can_gso(sk))
		return c->mss;
	most = min_t(u32, sk->sk_gso_max_size, GSO_LEGACY_MAX_SIZE - ATCP_HEADROOM);
	/* A segment above half of the peer's window would be split anyway. */
	if (c->snd_wnd_max > ATCP_MSS_DEFAULT)
		most = min(most, c->snd_wnd_max >> 1);
	most = min_t(u64, most, (u64)sk->sk_gso_max_segs * c->mss);
	return atcp_size_goal(c, most);
}

/*
 * Appends to the last segment of the queue, or starts a new one, of up to @goal bytes.
 * Increments *@fresh for a new one. Return: bytes queued, or a negative errno.
 */
static int queue_some(struct sock *sk, struct msghdr *msg, const struct atcp_source *src,
		      int goal, int *fresh)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	int left = min_t(size_t, msg_data_left(msg), INT_MAX);
	struct atcp_seg *tail = atcp_tail(c);
	struct sk_buff *skb;
	int copied;

	if (tail && (int)atcp_seg_len(tail) < goal &&
	    !(atcp_seg_cb(tail)->sent & ATCP_SENT_EOR)) {
		copied = atcp_append(sk, atcp_skb(tail), msg, src,
				     min_t(int, left, goal - (int)atcp_seg_len(tail)));
		if (copied > 0)
			atcp_grew(c, copied);
		if (copied != -EMSGSIZE)
			return copied;
	}

	if (!sk_stream_memory_free(sk))
		return -ENOBUFS;
	++*fresh;
	skb = atcp_alloc_sendable(sk, sk->sk_allocation, false);
	if (!skb)
		return -ENOBUFS;
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
	copied = atcp_append(sk, skb, msg, src, min(left, goal));
	if (copied <= 0) {
		atcp_host_free_sent(c, atcp_seg(skb));
		return copied;
	}
	atcp_enqueue(c, atcp_seg(skb));
	return copied;
}

/*
 * The loop of send_locked(): queues all of @msg, and waits for memory up to @timeo.
 * Return: 0, or the negative errno that ended it; *@copied is the bytes queued.
 */
static int queue_all(struct sock *sk, struct msghdr *msg, const struct atcp_source *src,
		     long *timeo, int *copied)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	int flags = msg->msg_flags;
	int goal = size_goal(sk, flags);
	int fresh = 0, n;

	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
		return -EPIPE;

	while (msg_data_left(msg)) {
		if (unlikely(fresh >= 16)) {
			fresh = 0;
			if (sk_flush_backlog(sk)) {
				if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
					return -EPIPE;
				goal = size_goal(sk, flags);
			}
		}
		n = queue_some(sk, msg, src, goal, &fresh);
		if (likely(n > 0)) {
			struct atcp_seg *tail;

			*copied += n;
			if (!msg_data_left(msg)) {
				if (unlikely(flags & MSG_EOR) && atcp_tail(c))
					atcp_seg_cb(atcp_tail(c))->sent |= ATCP_SENT_EOR;
				break;
			}
			/* A full segment can be sent while the next is copied. */
			tail = atcp_tail(c);
			if (tail && (int)atcp_seg_len(tail) >= goal && !(flags & MSG_OOB) &&
			    !atcp_wants_more(c))
				atcp_push(c, false);
			continue;
		}
		if (n != -ENOBUFS)
			return n;

		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		c->flags |= ATCP_F_STARVED;
		if (*copied) {
			if (unlikely(flags & MSG_OOB))
				atcp_send_urgent(c);
			atcp_push(c, true);
		}
		n = sk_stream_wait_memory(sk, timeo);
		if (n)
			return n;
		goal = size_goal(sk, flags);
	}
	return 0;
}

static int send_locked(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;
	u32 tsflags = READ_ONCE(sk->sk_tsflags);
	int flags = msg->msg_flags;
	struct atcp_source src = { 0 };
	int err, copied = 0;
	long timeo;

	if (unlikely(flags & MSG_FASTOPEN))
		return -EOPNOTSUPP;

	if (unlikely(flags & (MSG_ZEROCOPY | MSG_SPLICE_PAGES)) && size) {
		struct atcp_seg *tail = atcp_tail(c);

		err = atcp_source_init(&src, sk, msg, size, tail ? atcp_skb(tail) : NULL);
		if (err)
			goto refused;
	}
	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	if ((1 << sk->sk_state) & ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (err)
			goto refused;
	}
	if (unlikely(msg->msg_controllen)) {
		struct sockcm_cookie sockc;

		sockcm_init(&sockc, sk);
		err = sock_cmsg_send(sk, msg, &sockc);
		if (!err && atcp_sockc_refused(&sockc))
			err = -EINVAL;
		if (err)
			goto refused;
		tsflags = sockc.tsflags;
	}
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	if (sk_wmem_alloc_get(sk) < SKB_TRUESIZE(1))
		atcp_check_app_limited(c);
	if (atcp_ip_sync_mss(sk))
		atcp_path_changed(c);
	if (unlikely(tsflags))
		atcp_stamp_base(sk, tsflags);

	/* MSG_MORE corks the partial segment that this call leaves. */
	if (flags & MSG_MORE)
		c->flags |= ATCP_F_CORK;
	else if (!as->corked)
		c->flags &= ~ATCP_F_CORK;

	err = queue_all(sk, msg, &src, &timeo, &copied);
	if (copied) {
		if (unlikely(tsflags))
			atcp_stamp_sent(sk, tsflags);
		if (unlikely(flags & MSG_OOB))
			atcp_send_urgent(c);
		if (likely(src.how != ATCP_FROM_PAGES || !(flags & MSG_SENDPAGE_NOTLAST)))
			atcp_push(c, !(flags & MSG_MORE));
	}
	/* The partial segment of MSG_MORE may be sent when the next ACK arrives, as in TCP. */
	if (!as->corked)
		c->flags &= ~ATCP_F_CORK;
	if (copied || !err) {
		atcp_source_done(&src, true);
		return copied;
	}

refused:
	atcp_source_done(&src, false);
	err = sk_stream_error(sk, flags, err);
	/*
	 * With nothing queued or in flight, a SYN included, no ACK will wake edge-triggered
	 * waiters: they are woken here.
	 */
	if (unlikely(err == -EAGAIN && atcp_queue_empty(c) && c->snd_una == c->snd_nxt))
		sk->sk_write_space(sk);
	return err;
}

int atcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)
{
	struct sock *sk = sock->sk;
	int ret;

	sock_rps_record_flow(sk);
	lock_sock(sk);
	ret = send_locked(sk, msg, size);
	release_sock(sk);
	return ret;
}
