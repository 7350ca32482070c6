// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel as the core's host: segments are sk_buffs, their memory is charged to the
 * socket, events go to the socket.  core/host.h says what each function must do.
 *
 * A sent segment has its payload in page fragments and an empty linear part.  IP gets
 * a clone, which writes its headers into the linear part.  A received segment may have
 * any layout; nothing here depends on it.
 */
#include <linux/tcp.h>
#include <net/tcp_states.h>

#include "core/queue.h"
#include "net/carrier.h"
#include "netns.h"
#include "port/timewait.h"
#include "socket/pace.h"
#include "socket/recv.h"
#include "socket/send.h"
#include "socket/sock.h"
#include "socket/stamp.h"
#include "tracing.h"

static_assert(sizeof(struct atcp_cb) <= sizeof_field(struct atcp_mark, core));

/* --- sending --- */

/*
 * An sk_buff on its way to the wire keeps the socket alive and counts in sk_wmem_alloc.
 * It waits in the device's queue, whose length bounds the memory of ACKs and
 * retransmissions; new data is bounded by the congestion window as well.
 */
static void own_for_wire(struct sock *sk, struct sk_buff *skb)
{
	skb->sk = sk;
	skb->destructor = sock_wfree;
	refcount_add(skb->truesize, &sk->sk_wmem_alloc);
}

struct atcp_seg *atcp_host_alloc(struct atcp_tcb *c)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *skb;

	skb = alloc_skb(ATCP_HEADROOM, sk_gfp_mask(sk, GFP_ATOMIC | __GFP_NOWARN));
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, ATCP_HEADROOM);
	own_for_wire(sk, skb);
	return atcp_seg(skb);
}

/*
 * Gives @skb a data buffer of its own if clones share it.  pskb_expand_head() may change
 * truesize, which is charged already: the old value is put back.
 */
static int unshare(struct sk_buff *skb)
{
	unsigned int truesize = skb->truesize;

	if (skb_unclone(skb, GFP_ATOMIC | __GFP_NOWARN))
		return -ENOMEM;
	skb->truesize = truesize;
	return 0;
}

/*
 * Frees the first mark->skip bytes of a segment in the send queue, which
 * atcp_seg_trim_head() only marked as acknowledged. Return: 0 or -ENOMEM.
 */
static int free_skipped(struct sock *sk, struct sk_buff *skb)
{
	struct atcp_mark *m = atcp_mark(skb);
	struct skb_shared_info *shinfo;
	u32 skip = m->skip, left = skip;
	int i, kept = 0;

	if (likely(!skip))
		return 0;
	if (unshare(skb))
		return -ENOMEM;

	shinfo = skb_shinfo(skb);
	for (i = 0; i < shinfo->nr_frags; i++) {
		u32 size = skb_frag_size(&shinfo->frags[i]);

		if (size <= left) {
			skb_frag_unref(skb, i);
			left -= size;
			continue;
		}
		shinfo->frags[kept] = shinfo->frags[i];
		skb_frag_off_add(&shinfo->frags[kept], left);
		skb_frag_size_sub(&shinfo->frags[kept], left);
		left = 0;
		kept++;
	}
	shinfo->nr_frags = kept;
	skb->len -= skip;
	skb->data_len -= skip;
	skb->truesize -= skip;
	sk_wmem_queued_add(sk, -skip);
	sk_mem_uncharge(sk, skip);
	m->skip = 0;
	return 0;
}

/*
 * The core's words in a queued sk_buff (atcp_seg_order()) overlay its route and its
 * destructor, which a clone inherits: meanwhile they are 0.
 */
static struct sk_buff *clone_queued(struct sk_buff *skb, gfp_t gfp)
{
	struct atcp_order saved = *atcp_seg_order(atcp_seg(skb));
	struct sk_buff *copy;

	*atcp_seg_order(atcp_seg(skb)) = (struct atcp_order){ };
	/* The header of an earlier clone is still in the linear part that they share. */
	if (unlikely(skb_cloned(skb)))
		copy = pskb_copy(skb, gfp);
	else
		copy = skb_clone(skb, gfp);
	*atcp_seg_order(atcp_seg(skb)) = saved;
	return copy;
}

struct atcp_seg *atcp_host_clone(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *skb = atcp_skb(seg), *copy;

	if (free_skipped(sk, skb))
		return NULL;
	copy = clone_queued(skb, sk_gfp_mask(sk, GFP_ATOMIC | __GFP_NOWARN));
	if (unlikely(!copy))
		return NULL;
	copy->dev = NULL;
	own_for_wire(sk, copy);
	return atcp_seg(copy);
}

bool atcp_host_in_device(struct atcp_tcb *c, struct atcp_seg *seg)
{
	return skb_fclone_busy(atcp_tcb_sk(c), atcp_skb(seg));
}

int atcp_host_transmit(struct atcp_tcb *c, struct atcp_seg *seg, u32 hlen, u32 mss)
{
	struct sock *sk = atcp_tcb_sk(c);
	u32 delay = atcp_sk(sk)->tx_delay;

	/* TCP_TX_DELAY: a queueing discipline that supports delivery times (fq) waits. */
	if (unlikely(delay))
		skb_set_delivery_time(atcp_skb(seg), ktime_get_ns() + delay * NSEC_PER_USEC,
				      SKB_CLOCK_MONOTONIC);
	atcp_saw_snd(sk, atcp_skb(seg), hlen);
	return atcp_carrier_transmit(sk, atcp_skb(seg), hlen, mss);
}

/*
 * The limit is tcp_fragment()'s: one large segment may exceed the buffer while another
 * is split, and the overhead may double the sum.  Whatever the peer does,
 * sk_wmem_queued stays below
 *
 *	2 * (sk_sndbuf + 2 * SKB_TRUESIZE(GSO_LEGACY_MAX_SIZE)) + 2 * SKB_TRUESIZE(headroom)
 *
 * and one buffer of that last kind for each time that the path MTU shrinks, because the
 * first segment of the queue may always be split.
 */
bool atcp_host_may_split(struct atcp_tcb *c)
{
	const struct sock *sk = atcp_tcb_sk(c);
	s64 most = (s64)READ_ONCE(sk->sk_sndbuf) + 2 * SKB_TRUESIZE(GSO_LEGACY_MAX_SIZE);

	return sk->sk_wmem_queued >> 1 <= most;
}

struct atcp_seg *atcp_host_split(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *skb = atcp_skb(seg), *rest;
	u32 moved;

	if (free_skipped(sk, skb) || unshare(skb))
		return NULL;
	/* Only the queue's first segment may exceed net.atcp.mem: one buffer a connection. */
	rest = atcp_alloc_sendable(sk, GFP_ATOMIC | __GFP_NOWARN, seg == atcp_queue_first(c));
	if (!rest)
		return NULL;

	if (unlikely(atcp_stamped(skb)))
		atcp_stamp_split(sk, skb, rest, len);
	moved = skb->len - len;
	skb_split(skb, rest, len);
	skb->truesize -= moved;
	sk_wmem_queued_add(sk, rest->truesize);
	sk_mem_charge(sk, rest->truesize);
	rest->truesize += moved;
	return atcp_seg(rest);
}

static bool may_join(struct sk_buff *skb, struct sk_buff *next)
{
	const struct skb_shared_info *a = skb_shinfo(skb), *b = skb_shinfo(next);

	/* A clone that still waits for the device would change, too. */
	return !skb_cloned(skb) && !skb_cloned(next) &&
	       !atcp_mark(skb)->skip && !atcp_mark(next)->skip &&
	       a->flags == b->flags && !skb_zcopy(skb) && !skb_zcopy(next) &&
	       !atcp_stamped(skb) && !atcp_stamped(next) &&
	       a->nr_frags + b->nr_frags <= MAX_SKB_FRAGS;
}

bool atcp_host_may_join(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from)
{
	const struct sock *sk = atcp_tcb_sk(c);
	u32 most = min_t(u32, sk->sk_gso_max_size, GSO_LEGACY_MAX_SIZE - ATCP_HEADROOM);

	return atcp_seg_len(to) + c->mss <= max_t(u32, most, 2 * c->mss) &&
	       may_join(atcp_skb(to), atcp_skb(from));
}

bool atcp_host_join(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from)
{
	struct sk_buff *skb = atcp_skb(to), *next = atcp_skb(from);
	struct skb_shared_info *a = skb_shinfo(skb), *b = skb_shinfo(next);
	int i = 0, n = a->nr_frags;
	u32 len = next->len;

	if (!may_join(skb, next))
		return false;
	/* The parts of a segment that was split are adjacent in one page. */
	if (skb_can_coalesce(skb, n, skb_frag_page(&b->frags[0]), skb_frag_off(&b->frags[0]))) {
		skb_frag_size_add(&a->frags[n - 1], skb_frag_size(&b->frags[0]));
		skb_frag_unref(next, i++);
	}
	while (i < b->nr_frags)
		a->frags[n++] = b->frags[i++];
	a->nr_frags = n;
	b->nr_frags = 0;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
	next->len = 0;
	next->data_len = 0;
	next->truesize -= len;
	atcp_host_free_sent(c, from);
	return true;
}

void atcp_seg_trim_head(struct atcp_tcb *c, struct atcp_seg *seg, u32 bytes)
{
	atcp_mark(atcp_skb(seg))->skip += bytes;
}

void atcp_seg_trim_tail(struct atcp_tcb *c, struct atcp_seg *seg, u32 len)
{
	atcp_mark(atcp_skb(seg))->cut += atcp_seg_len(seg) - len;
}

void atcp_host_free_sent(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *skb = atcp_skb(seg);

	skb_mark_not_on_list(skb);
	skb->dev = NULL;		/* the core had its own in that word */
	sk_wmem_queued_add(sk, -(int)skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	consume_skb(skb);
}

/* --- receiving --- */

/*
 * Keeps a copy of the announced urgent octet for recv(MSG_OOB), if @skb contains it.
 * The octet itself stays in the stream.
 */
static void catch_urgent(struct sock *sk, struct sk_buff *skb)
{
	struct atcp_sock *as = atcp_sk(sk);
	u32 offset = as->urgent_seq - atcp_seg_cb(atcp_seg(skb))->seq;

	if (offset >= atcp_skb_len(skb) ||
	    skb_copy_bits(skb, atcp_mark(skb)->skip + offset, &as->urgent_octet, 1))
		return;
	WRITE_ONCE(as->urgent, ATCP_URGENT_HERE);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}

/*
 * Received data that was not read yet, in order or not, takes no more memory than
 * sk_rcvbuf and the one segment that exceeded it.
 */
bool atcp_host_admit(struct atcp_tcb *c, struct atcp_seg *seg, bool ordered)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *skb = atcp_skb(seg);

	if (unlikely(atcp_sk(sk)->urgent == ATCP_URGENT_AHEAD))
		catch_urgent(sk, skb);

	if (unlikely(atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf)) {
		atcp_compact(sk);
		if (atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf)
			return false;
	}
	if (unlikely(!sk_rmem_schedule(sk, skb, skb->truesize))) {
		/*
		 * In-order data for an empty queue is what the reader waits for:
		 * without it this socket would never free memory.
		 */
		if (!ordered || !skb_queue_empty(&sk->sk_receive_queue))
			return false;
	}
	skb_set_owner_r(skb, sk);
	return true;
}

void atcp_host_free_admitted(struct atcp_tcb *c, struct atcp_seg *seg, enum atcp_drop why)
{
	struct sk_buff *skb = atcp_skb(seg);

	skb_mark_not_on_list(skb);
	skb->dev = NULL;
	atcp_host_drop(c, seg, why);
}

/*
 * Merges @from into @to, both of them admitted to the receive buffer.
 * Return: true if @from was merged and freed.
 */
static bool append(struct sock *sk, struct sk_buff *to, struct sk_buff *from)
{
	bool stolen;
	int delta;

	if (atcp_mark(to)->cut || atcp_mark(from)->skip || atcp_mark(from)->cut)
		return false;
	if (!skb_try_coalesce(to, from, &stolen, &delta))
		return false;
	atcp_stamp_join(to, from);
	atomic_add(delta, &sk->sk_rmem_alloc);
	sk_mem_charge(sk, delta);
	kfree_skb_partial(from, stolen);
	return true;
}

bool atcp_host_coalesce(struct atcp_tcb *c, struct atcp_seg *to, struct atcp_seg *from)
{
	struct sk_buff *skb = atcp_skb(from);
	struct atcp_link link = *atcp_seg_link(from);

	skb_mark_not_on_list(skb);
	skb->dev = NULL;
	if (append(atcp_tcb_sk(c), atcp_skb(to), skb))
		return true;
	*atcp_seg_link(from) = link;
	return false;
}

void atcp_host_deliver(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *skb = atcp_skb(seg);
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);

	skb_mark_not_on_list(skb);
	skb->dev = NULL;
	if (!tail || !append(sk, tail, skb))
		__skb_queue_tail(&sk->sk_receive_queue, skb);
}

u32 atcp_host_rcv_space(struct atcp_tcb *c)
{
	const struct sock *sk = atcp_tcb_sk(c);
	int space = READ_ONCE(sk->sk_rcvbuf) - READ_ONCE(sk->sk_backlog.len) -
		    atomic_read(&sk->sk_rmem_alloc);

	return space > 0 ? atcp_win_from_space(space) : 0;
}

u32 atcp_host_rcv_limit(struct atcp_tcb *c)
{
	return atcp_win_from_space(READ_ONCE(atcp_tcb_sk(c)->sk_rcvbuf));
}

/* The receive window of the largest buffer that there may be, as the kernel's TCP has it. */
u32 atcp_host_rcv_full(struct atcp_tcb *c)
{
	const struct sock *sk = atcp_tcb_sk(c);
	u32 most = atcp_win_from_space(READ_ONCE(sk->sk_rcvbuf));

	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		most = max3(most, READ_ONCE(atcp_space_net(c->space)->limits.rmem[2]),
			    READ_ONCE(sysctl_rmem_max));
	return c->wnd_clamp ? min(most, c->wnd_clamp) : most;
}

/* --- the buffers' sizes --- */

void atcp_host_want_rcv(struct atcp_tcb *c, u32 window)
{
	const struct atcp_limits *limits = &atcp_space_net(c->space)->limits;
	struct sock *sk = atcp_tcb_sk(c);
	u64 size = min_t(u64, atcp_space_from_win(window), READ_ONCE(limits->rmem[2]));

	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK || !READ_ONCE(limits->moderate_rcvbuf))
		return;
	if (size > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, (int)size);
}

/* At the worst overhead: each segment in a buffer of its own, as tcp_sndbuf_expand(). */
void atcp_host_want_snd(struct atcp_tcb *c, u64 bytes)
{
	const struct atcp_limits *limits = &atcp_space_net(c->space)->limits;
	struct sock *sk = atcp_tcb_sk(c);
	u64 each, size;

	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK)
		return;
	each = roundup_pow_of_two(c->mss + ATCP_HEADROOM +
				  SKB_DATA_ALIGN(sizeof(struct skb_shared_info))) +
	       SKB_DATA_ALIGN(sizeof(struct sk_buff));
	size = min_t(u64, div_u64(bytes, c->mss) * each, READ_ONCE(limits->wmem[2]));
	if (size > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, (int)size);
}

/* --- events --- */

static void peer_finished(struct sock *sk)
{
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sock_set_flag(sk, SOCK_DONE);
	if (sock_flag(sk, SOCK_DEAD))
		return;
	sk->sk_state_change(sk);
	/* A half-closed connection gets POLL_IN, not POLL_HUP. */
	if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
	else
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
}

static void connected(struct sock *sk)
{
	if (sock_flag(sk, SOCK_DEAD))
		return;
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
}

/*
 * The urgent pointer has moved ahead.  If the previous urgent octet is the next byte to
 * be read, it leaves the stream, as in tcp_check_urg(): else it would be read as
 * ordinary data.
 */
static void urgent(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct sk_buff *skb = skb_peek(&sk->sk_receive_queue);

	sk_send_sigurg(sk);
	if (as->urgent && as->urgent_seq == as->tcb.copied_seq && skb &&
	    !sock_flag(sk, SOCK_URGINLINE))
		atcp_consume(sk, skb, 1);
	WRITE_ONCE(as->urgent_seq, as->tcb.rcv_up - 1);
	WRITE_ONCE(as->urgent, ATCP_URGENT_AHEAD);
}

void atcp_host_wake(struct atcp_tcb *c, u32 what)
{
	struct sock *sk = atcp_tcb_sk(c);

	if (unlikely(what & ATCP_WAKE_CONNECTED))
		connected(sk);
	if (unlikely(what & ATCP_WAKE_URGENT))
		urgent(sk);
	if (what & ATCP_WAKE_READABLE && !sock_flag(sk, SOCK_DEAD) &&
	    (atcp_is_readable(sk, READ_ONCE(sk->sk_rcvlowat)) || sock_flag(sk, SOCK_DONE)))
		sk->sk_data_ready(sk);
	if (unlikely(what & ATCP_WAKE_FIN))
		peer_finished(sk);
	if (what & ATCP_WAKE_WRITABLE)
		atcp_new_space(sk);
}

void atcp_host_doubt_route(struct atcp_tcb *c)
{
	dst_negative_advice(atcp_tcb_sk(c));
}

/*
 * Where the queueing discipline fq paces by sk_pacing_rate the core does not.  The rate
 * is updated only once fq has seen the socket, SO_MAX_PACING_RATE was used, or congestion
 * control paces.
 */
u64 atcp_host_pace(struct atcp_tcb *c)
{
	struct sock *sk = atcp_tcb_sk(c);
	u32 status = READ_ONCE(sk->sk_pacing_status);
	u64 rate;

	if (likely(status == SK_PACING_NONE && c->cc.pace == ATCP_CC_UNPACED))
		return 0;
	rate = min_t(u64, atcp_pacing_rate(c), READ_ONCE(sk->sk_max_pacing_rate));
	WRITE_ONCE(sk->sk_pacing_rate, (unsigned long)rate);
	return status != SK_PACING_FQ && rate != ~0UL ? max_t(u64, rate, 1) : 0;
}

struct atcp_aside *atcp_host_aside(struct atcp_tcb *c)
{
	return kzalloc(sizeof(*c->aside), sk_gfp_mask(atcp_tcb_sk(c), GFP_ATOMIC | __GFP_NOWARN));
}

bool atcp_host_rehash(struct atcp_tcb *c)
{
	return sk_rethink_txhash(atcp_tcb_sk(c));
}

void atcp_host_set_deadline(struct atcp_tcb *c, u64 when, bool fine)
{
	atcp_sock_deadline(atcp_tcb_sk(c), when, fine);
}

bool atcp_host_room(struct atcp_tcb *c, u32 len)
{
	return atcp_pace_room(atcp_tcb_sk(c), len);
}

/*
 * sk_state follows the control block, with two exceptions.  A full socket must never be
 * in TCP_TIME_WAIT, because the kernel takes it for a mini-socket then.  TCP_CLOSE is
 * set by atcp_host_closed(), after the socket has left the connection table.
 */
void atcp_host_state(struct atcp_tcb *c, u8 old)
{
	struct sock *sk = atcp_tcb_sk(c);

	/* port/timewait.c traces the end of TIME-WAIT. */
	if (old != ATCP_TIME_WAIT)
		atcp_saw_state(sk, old, c->state);
	if (c->state == ATCP_TIME_WAIT || c->state == ATCP_CLOSED)
		return;
	atcp_sock_state(sk, c->state);
	/* A close() that lingers may be waiting for the ACK of its FIN. */
	if (c->state == ATCP_FIN_WAIT_2 && !sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
}

void atcp_host_closed(struct atcp_tcb *c, int err)
{
	atcp_sock_ended(atcp_tcb_sk(c), err);
}

void atcp_host_time_wait(struct atcp_tcb *c)
{
	atcp_timewait_enter(atcp_tcb_sk(c));
}
