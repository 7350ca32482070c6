// SPDX-License-Identifier: GPL-2.0
/*
 * RECEIVE (RFC 9293 section 3.10.3): data goes from sk_receive_queue to the user.
 *
 * The queue holds data in order, without gaps or overlaps.  A segment's atcp_mark.skip
 * is the number of its bytes that were read; a segment that was read completely leaves
 * the queue at once.
 */
#include <linux/sched/signal.h>
#include <linux/tcp.h>
#include <net/busy_poll.h>
#include <net/inet_common.h>
#include <net/tcp_states.h>

#include "core/seq.h"
#include "atcp.h"
#include "netns.h"
#include "socket/recv.h"
#include "socket/stamp.h"

u32 atcp_readable(const struct sock *sk)
{
	const struct atcp_sock *as = atcp_sk(sk);

	if (skb_queue_empty_lockless(&sk->sk_receive_queue))
		return 0;
	return READ_ONCE(as->tcb.rcv_nxt) - READ_ONCE(as->tcb.copied_seq) -
	       READ_ONCE(as->tcb.fin_rcvd);
}

/*
 * As tcp_stream_is_readable(): data below @target is enough when memory or the window
 * keeps the rest from coming.
 */
bool atcp_is_readable(struct sock *sk, int target)
{
	const struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	int avail = atcp_readable(sk);
	int rcvbuf = READ_ONCE(sk->sk_rcvbuf);

	if (avail <= 0)
		return false;
	return avail >= target || sk_under_memory_pressure(sk) ||
	       atomic_read(&sk->sk_rmem_alloc) > rcvbuf - (rcvbuf >> 3) ||
	       (int)(READ_ONCE(c->rcv_wup) + READ_ONCE(c->rcv_wnd) -
		     READ_ONCE(c->rcv_nxt)) <= READ_ONCE(c->rcv_mss);
}

int atcp_set_rcvlowat(struct sock *sk, int val)
{
	int cap = READ_ONCE(sk->sk_rcvbuf);

	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		cap = READ_ONCE(atcp_net(sock_net(sk))->limits.rmem[2]);
	val = min(val, atcp_win_from_space(cap));
	WRITE_ONCE(sk->sk_rcvlowat, val ?: 1);

	if (atcp_is_readable(sk, sk->sk_rcvlowat) || sock_flag(sk, SOCK_DONE))
		sk->sk_data_ready(sk);
	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK) && val * 2 > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, val * 2);
	return 0;
}

int atcp_peek_len(struct socket *sock)
{
	return atcp_readable(sock->sk);
}

/* Whether the memory of @skb exceeds its payload by more than half. */
static bool bloated(const struct sk_buff *skb)
{
	return skb->truesize > atcp_skb_len(skb) + atcp_skb_len(skb) / 2;
}

/*
 * Copies the segments from @skb up to but not including @end into as few as possible;
 * @bytes is their payload.
 * Return: false when memory has run out; what was not copied by then stays as it was.
 */
static bool squeeze(struct sock *sk, struct sk_buff *skb, struct sk_buff *end, u32 bytes)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	const u32 page = SKB_MAX_ORDER(0, 0);
	/* At the end of the queue, a full page leaves room for data that comes next. */
	const bool open_end = end == (struct sk_buff *)queue;
	struct sk_buff *next, *into = NULL;

	for (; skb != end; skb = next) {
		struct atcp_mark *m = atcp_mark(skb);
		u32 n;

		next = skb->next;
		for (; atcp_skb_len(skb); m->skip += n, bytes -= n) {
			if (!into || !skb_tailroom(into)) {
				into = alloc_skb(open_end ? page : min(bytes, page),
						 GFP_ATOMIC | __GFP_NOWARN);
				if (!into)
					return false;
				/* This may exceed the buffer until @skb is freed. */
				skb_set_owner_r(into, sk);
				atcp_stamp_join(into, skb);
				__skb_queue_before(queue, skb, into);
			}
			n = min_t(u32, atcp_skb_len(skb), skb_tailroom(into));
			WARN_ON_ONCE(skb_copy_bits(skb, m->skip, skb_put(into, n), n));
		}
		__skb_unlink(skb, queue);
		consume_skb(skb);
	}
	return true;
}

/*
 * A segment of a few bytes costs the buffer some hundred, alone or appended to another.
 * When such segments fill the buffer they are copied together.  The window is no more
 * than half of the buffer, so that all of its data fits then.  This is done again only
 * after 1/64 of the buffer has been filled anew, or a segment was read.
 */
void atcp_compact(struct sock *sk)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct sk_buff *end = (struct sk_buff *)queue;
	struct atcp_sock *as = atcp_sk(sk);
	struct sk_buff *skb = queue->next;

	if (as->compacted &&
	    atomic_read(&sk->sk_rmem_alloc) - as->compacted < sk->sk_rcvbuf / 64)
		return;

	while (skb != end) {
		struct sk_buff *stop = skb;
		u32 bytes = 0, taken = 0;

		for (; stop != end && bloated(stop); stop = stop->next) {
			bytes += atcp_skb_len(stop);
			taken += stop->truesize;
		}
		if (stop == skb)
			stop = skb->next;
		else if (taken > bytes + bytes / 4 + 2 * SKB_TRUESIZE(0) &&
			 !squeeze(sk, skb, stop, bytes))
			break;
		skb = stop;
	}
	as->compacted = max(atomic_read(&sk->sk_rmem_alloc), 1);
}

/* The segment with the byte that is @past bytes after the next one to be read, or NULL. */
static struct sk_buff *find(struct sock *sk, u32 past, u32 *offset)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 len = atcp_skb_len(skb);

		if (past < len) {
			*offset = atcp_mark(skb)->skip + past;
			return skb;
		}
		past -= len;
	}
	return NULL;
}

void atcp_consume(struct sock *sk, struct sk_buff *skb, u32 n)
{
	struct atcp_sock *as = atcp_sk(sk);

	WRITE_ONCE(as->tcb.copied_seq, as->tcb.copied_seq + n);
	if (unlikely(as->urgent) && seq_gt(as->tcb.copied_seq, as->urgent_seq))
		WRITE_ONCE(as->urgent, ATCP_URGENT_NONE);
	if (n < atcp_skb_len(skb)) {
		atcp_mark(skb)->skip += n;
		return;
	}
	as->compacted = 0;
	__skb_unlink(skb, &sk->sk_receive_queue);
	consume_skb(skb);
}

/* recv(MSG_OOB): the octet that the urgent pointer points to; never waits. */
static int recv_urgent(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct atcp_sock *as = atcp_sk(sk);
	/* Hardened usercopy forbids copies to the user from the socket's slab object. */
	u8 octet = as->urgent_octet;

	if (sock_flag(sk, SOCK_URGINLINE) || as->urgent == ATCP_URGENT_NONE ||
	    as->urgent == ATCP_URGENT_READ)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (as->urgent == ATCP_URGENT_AHEAD) {
		if (sk->sk_state == TCP_CLOSE || sk->sk_shutdown & RCV_SHUTDOWN)
			return 0;
		return -EAGAIN;
	}

	msg->msg_flags |= MSG_OOB;
	if (!len)
		msg->msg_flags |= MSG_TRUNC;
	else if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &octet, 1))
		return -EFAULT;
	if (!(flags & MSG_PEEK))
		WRITE_ONCE(as->urgent, ATCP_URGENT_READ);
	return !!len;
}

int atcp_may_wait(struct sock *sk, long timeo)
{
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeo);
	return 1;
}

bool atcp_may_wait_for_more(struct sock *sk, long timeo)
{
	return timeo && !sk->sk_err && sk->sk_state != TCP_CLOSE &&
	       !(sk->sk_shutdown & RCV_SHUTDOWN) && !signal_pending(current);
}

/*
 * The part of the @n bytes at @seq that can be read before the urgent octet.  If the urgent
 * octet itself is at @seq and not inline, *@hole is set: it has to be left out.
 */
static u32 until_urgent(struct sock *sk, u32 seq, u32 n, bool *hole)
{
	const struct atcp_sock *as = atcp_sk(sk);
	u32 ahead = as->urgent_seq - seq;

	if (ahead >= n)
		return n;
	if (ahead)
		return ahead;
	*hole = !sock_flag(sk, SOCK_URGINLINE);
	return n;
}

/*
 * Copies up to @len bytes of @skb to the user, from @offset on, which is *@past bytes
 * after the next byte to be read.  They are consumed; MSG_PEEK advances *@past instead.
 * Return: bytes for the user, 0 where the urgent octet was left out, or -EFAULT.
 */
static int take(struct sock *sk, struct sk_buff *skb, u32 offset, struct msghdr *msg,
		size_t len, int flags, u32 *past, struct atcp_stamp *stamp)
{
	u32 used = min_t(size_t, len, atcp_skb_len(skb) + atcp_mark(skb)->skip - offset);
	struct atcp_sock *as = atcp_sk(sk);
	bool hole = false;

	if (unlikely(as->urgent))
		used = until_urgent(sk, as->tcb.copied_seq + *past, used, &hole);
	if (unlikely(hole))
		used = 1;
	else if (!(flags & MSG_TRUNC) && skb_copy_datagram_msg(skb, offset, msg, used))
		return -EFAULT;

	if (unlikely(stamp))
		atcp_stamp_take(stamp, skb);
	if (flags & MSG_PEEK) {
		*past += used;
		sk_peek_offset_fwd(sk, hole ? 0 : used);
	} else {
		atcp_consume(sk, skb, used);
		sk_peek_offset_bwd(sk, hole ? 0 : used);
	}
	return hole ? 0 : used;
}

/* @stamp: is set to the time when the data that is read arrived; or NULL. */
static int recv_locked(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		       struct atcp_stamp *stamp)
{
	struct atcp_sock *as = atcp_sk(sk);
	const bool peek = flags & MSG_PEEK;
	u32 start, past = 0;		/* peeking: its start, and its distance from there */
	u32 peek_from = 0;
	int copied = 0, target, err;
	long timeo;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)
		return recv_urgent(sk, msg, len, flags);

	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	start = as->tcb.copied_seq;
	if (peek) {
		peek_from = max(sk_peek_offset(sk, flags), 0);	/* SO_PEEK_OFF */
		past = peek_from;
	}
	do {
		struct sk_buff *skb, *last;
		u32 offset;

		/* A read ends before the urgent octet, so that SIOCATMARK can find it. */
		if (unlikely(as->urgent) && as->urgent_seq == as->tcb.copied_seq + past) {
			if (copied)
				break;
			if (signal_pending(current)) {
				copied = timeo ? sock_intr_errno(timeo) : -EAGAIN;
				break;
			}
		}

		skb = find(sk, past, &offset);
		if (skb) {
			err = take(sk, skb, offset, msg, len, flags, &past, stamp);
			if (err < 0) {
				copied = copied ?: err;
				break;
			}
			copied += err;
			len -= err;
			continue;
		}

		if (copied >= target && !READ_ONCE(sk->sk_backlog.tail))
			break;
		if (copied) {
			if (!atcp_may_wait_for_more(sk, timeo))
				break;
		} else {
			err = atcp_may_wait(sk, timeo);
			if (err <= 0) {
				copied = err;
				break;
			}
		}
		if (copied >= target) {
			sk_flush_backlog(sk);
		} else {
			atcp_read(&as->tcb);
			last = skb_peek_tail(&sk->sk_receive_queue);
			err = sk_wait_data(sk, &timeo, last);
			if (err < 0)
				return copied ?: err;
		}
		/* Another thread has read meanwhile: peeking starts again with the rest. */
		if (peek && as->tcb.copied_seq != start) {
			start = as->tcb.copied_seq;
			past = peek_from;
		}
	} while (len > 0);

	if (copied > 0 && !peek)
		atcp_read(&as->tcb);
	return copied;
}

/*
 * Bytes left to read, for TCP_INQ and io_uring, as tcp_inq_hint(): 1 if none is left
 * but the end of the stream has arrived.
 */
static int left_to_read(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int left;

	lock_sock(sk);
	left = as->tcb.rcv_nxt - as->tcb.copied_seq;
	release_sock(sk);
	return left ?: sock_flag(sk, SOCK_DONE);
}

int atcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags)
{
	struct atcp_stamp stamp = { 0 };
	struct sock *sk = sock->sk;
	bool stamped, inq;
	int ret;

	if (unlikely(flags & MSG_ERRQUEUE))
		return atcp_recv_error(sk, msg, size);
	if (sk_can_busy_loop(sk) && skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	    sk->sk_state == TCP_ESTABLISHED)
		sk_busy_loop(sk, flags & MSG_DONTWAIT);
	sock_rps_record_flow(sk);
	lock_sock(sk);
	stamped = atcp_stamp_wanted(sk);
	inq = atcp_sk(sk)->recv_inq;
	ret = recv_locked(sk, msg, size, flags, stamped ? &stamp : NULL);
	release_sock(sk);

	if (unlikely(stamped) && ret >= 0)
		atcp_stamp_put(msg, sk, &stamp);
	if (unlikely(inq || msg->msg_get_inq) && ret >= 0) {
		msg->msg_inq = left_to_read(sk);
		if (inq)
			put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(msg->msg_inq), &msg->msg_inq);
	}
	return ret;
}
