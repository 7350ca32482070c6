// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a socket: creation, shutdown(), disconnect, close(), orphan, destruction;
 * its timer and its backlog (RFC 9293 sections 3.9.1 and 3.10).
 *
 * Segments enter through atcp_sock_rcv(), at once or from the backlog.  Time-outs enter
 * through atcp_timer(); while a user owns the lock, they are put off to release_cb.
 */
#include <linux/bottom_half.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <net/tcp_states.h>
#include <net/transp_v6.h>
#include <net/xfrm.h>

#include "cc_registry.h"
#include "demux.h"
#include "net/atcp_ip.h"
#include "netns.h"
#include "port/ports.h"
#include "socket/connect.h"
#include "socket/pace.h"
#include "socket/send.h"
#include "socket/sock.h"
#include "stat.h"
#include "tracing.h"

/* --- the timer --- */

/*
 * A pending timer that fires before @when is not moved: its function compares tcb.armed
 * and arms it again.  So a connection that sends and receives ACKs all the time changes
 * the timer wheel a few times a second at most.
 */
void atcp_sock_deadline(struct sock *sk, u64 when, bool fine)
{
	struct atcp_sock *as = atcp_sk(sk);
	u64 now, delay;

	as->timer_fine = fine;
	if (when == ATCP_NEVER || (fine && atcp_pace_at(sk, when)) ||
	    (timer_pending(&as->timer) && as->timer_fires <= when))
		return;

	now = as->tcb.now;
	delay = when > now ? min(when - now, 1800 * ATCP_SEC) : 0;
	as->timer_fires = now + delay;
	/* Both this and the timer wheel round up, so that it does not fire too early. */
	sk_reset_timer(sk, &as->timer, jiffies + usecs_to_jiffies(delay));
}

/*
 * Runs the core's timers if they are due, and arms the timer again; lets it send what has
 * waited for room in the device's queue.  Locked, BHs off.
 */
static void atcp_sock_timeout(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;
	bool room = atcp_pace_waited(sk);

	c->now = atcp_host_now();
	if (c->armed <= c->now) {
		/* A smaller path MTU may be why nothing was acknowledged. */
		if (atcp_ip_sync_mss(sk))
			atcp_path_changed(c);
		atcp_timeout(c);
	}
	if (room && c->state != ATCP_CLOSED && c->state != ATCP_LISTEN)
		atcp_push(c, false);
	/* The deadline is still ahead, or a new one was set. */
	if (c->armed != ATCP_NEVER && (as->timer_fine || !timer_pending(&as->timer)))
		atcp_sock_deadline(sk, c->armed, as->timer_fine);
}

void atcp_sock_fires(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk)) {
		atcp_sock_timeout(sk);
	} else if (!as->timer_deferred) {
		as->timer_deferred = true;
		sock_hold(sk);
	}
	bh_unlock_sock(sk);
}

static void atcp_timer(struct timer_list *t)
{
	struct atcp_sock *as = timer_container_of(as, t, timer);
	struct sock *sk = &as->inet.sk;

	atcp_sock_fires(sk);
	sock_put(sk);
}

/* Acts on ICMP errors that came while a user owned the lock. BHs off. */
static void release_icmp(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	int err = as->icmp_err;

	if (as->tcb.state == ATCP_CLOSED || as->tcb.state == ATCP_LISTEN)
		return;
	if (as->mss_stale && atcp_ip_sync_mss(sk))
		atcp_path_changed(&as->tcb);
	if (err) {
		as->icmp_err = 0;
		atcp_icmp(&as->tcb, as->icmp_seq, err, true);
		WRITE_ONCE(sk->sk_err_soft, as->tcb.soft_error);
	}
}

/*
 * Handles ICMP errors and time-outs that were put off while a user owned the lock.
 * BHs off, the lock's spinlock held.
 */
void atcp_sk_release_cb(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (unlikely(as->mss_stale || as->icmp_err))
		release_icmp(sk);
	if (unlikely(as->timer_deferred)) {
		as->timer_deferred = false;
		atcp_sock_timeout(sk);
		__sock_put(sk);
	}
}

/* --- segments --- */

static_assert(offsetof(struct atcp_mark, arrived) >= sizeof(struct inet_skb_parm));
static_assert(offsetof(struct atcp_mark, arrived) >= sizeof(struct inet6_skb_parm));

void atcp_sock_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h, u32 waited)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_mark *m = atcp_mark(skb);
	struct sk_buff *copy = NULL;
	u32 end;

	if (unlikely(!ATCP_IN(as->tcb.state, ~(ATCP_S(CLOSED) | ATCP_S(LISTEN))))) {
		atcp_net_drop(atcp_net(sock_net(sk)), skb, ATCP_DROP_CLOSED);
		return;
	}
	atcp_saw_rcv(sock_net(sk), sk, skb, as->tcb.state);
	sock_rps_save_rxhash(sk, skb);
	skb_dst_drop(skb);
	skb->dev = NULL;
	if (unlikely(atcp_over_v6(sk) && inet6_sk(sk)->rxopt.all))
		copy = atcp_v6_latch(sk, skb);
	m->skip = 0;
	m->cut = 0;
	end = h->seq + skb->len + !!(h->flags & ATCP_SYN) + !!(h->flags & ATCP_FIN);
	if (unlikely(as->mss_stale) && atcp_ip_sync_mss(sk))
		atcp_path_changed(&as->tcb);
	as->tcb.waited = waited;
	atcp_arrive(&as->tcb, atcp_seg(skb), h);
	if (unlikely(copy))
		atcp_v6_latched(sk, copy, end == as->tcb.rcv_nxt);
	/* The core clears its soft error when an ACK arrives: so does the socket. */
	if (unlikely(sk->sk_err_soft) && !as->tcb.soft_error)
		WRITE_ONCE(sk->sk_err_soft, 0);
}

int atcp_sk_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct atcp_hdr h;

	/* read_header() has checked the header before the segment was queued. */
	if (!atcp_hdr_read(&h, skb_transport_header(skb),
			   atcp_hdr_len(skb_transport_header(skb)))) {
		kfree_skb(skb);
		return 0;
	}
	/* The backlog is run in process context; atcp_sock_rcv() wants BHs off as in softirq. */
	local_bh_disable();
	atcp_sock_rcv(sk, skb, &h, atcp_host_now() - atcp_mark(skb)->arrived);
	local_bh_enable();
	return 0;
}

/* --- congestion control --- */

/* Locks as for atcp_sock_change_cc(); @memory as in atcp_cc_change(). */
static void set_cc(struct sock *sk, const struct atcp_cc_ops *ops, void *memory)
{
	struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_cc_ops *old = as->cc;

	local_bh_disable();
	kfree(atcp_cc_change(&as->tcb, ops, memory));
	local_bh_enable();
	WRITE_ONCE(as->cc, ops);
	atcp_cc_put(old);
}

int atcp_sock_change_cc(struct sock *sk, const struct atcp_cc_ops *ops, gfp_t gfp)
{
	void *memory = NULL;

	if (ops->size > ATCP_CC_SIZE_NEAR) {
		memory = kmalloc(ops->size, gfp);
		if (!memory) {
			atcp_cc_put(ops);
			return -ENOMEM;
		}
	}
	set_cc(sk, ops, memory);
	return 0;
}

/* No user is left, or the socket was never used. */
static void drop_cc(struct sock *sk)
{
	set_cc(sk, &atcp_cc_reno, NULL);
}

/* A listener may change its own meanwhile, which RCU makes harmless: see cc_registry.c. */
static void inherit_cc(struct sock *child, const struct sock *sk)
{
	const struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_cc_ops *ops;

	atcp_sk(child)->cc_chosen = READ_ONCE(as->cc_chosen);
	rcu_read_lock();
	ops = READ_ONCE(as->cc);
	if (!atcp_sk(child)->cc_chosen || !atcp_cc_hold(ops))
		ops = atcp_cc_get_default(atcp_net(sock_net(sk)));
	rcu_read_unlock();
	/* Without memory it is reno. */
	atcp_sock_change_cc(child, ops, GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
}

/* --- creation --- */

void atcp_sock_init(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_net *an = atcp_net(sock_net(sk));

	memset((char *)as + sizeof(as->inet), 0, sizeof(*as) - sizeof(as->inet));
	INIT_HLIST_NODE(&as->bind_node);
	INIT_LIST_HEAD(&as->accept_node);
	timer_setup(&as->timer, atcp_timer, 0);
	atcp_tcb_init(&as->tcb, &an->space);
	as->cc = as->tcb.cc_ops;
	atomic_inc(&an->sockets);
}

static void atcp_sock_destruct(struct sock *sk)
{
	drop_cc(sk);		/* of one that sk_common_release() has ended */
	kfree(atcp_sk(sk)->saved_syn);
	kfree(atcp_sk(sk)->tcb.aside);
	atcp_pace_free(sk);
	atomic_dec(&atcp_net(sock_net(sk))->sockets);
	sk_sockets_allocated_dec(sk);
	if (sk->sk_family == AF_INET6)
		inet6_sock_destruct(sk);
	else
		inet_sock_destruct(sk);
}

int atcp_sk_init(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	const struct atcp_limits *limits = &an->limits;

	atcp_sock_init(sk);
	sk_sockets_allocated_inc(sk);		/* as sk_clone() does for children */
	sk->sk_destruct = atcp_sock_destruct;
	sk->sk_write_space = atcp_write_space;
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	sock_set_flag(sk, SOCK_RCU_FREE);
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(limits->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(limits->rmem[1]));
	/* Without memory it is reno, as for a child. */
	atcp_sock_change_cc(sk, atcp_cc_get_default(an), GFP_KERNEL_ACCOUNT);
	return 0;
}

/* Copies the options that setsockopt() keeps in the control block. */
static void copy_options(struct atcp_tcb *to, const struct atcp_tcb *from)
{
	to->flags |= READ_ONCE(from->flags) & (ATCP_F_NODELAY | ATCP_F_THIN);
	to->interactive = READ_ONCE(from->interactive);
	to->mss_user = READ_ONCE(from->mss_user);
	to->keep_time = READ_ONCE(from->keep_time);
	to->keep_intvl = READ_ONCE(from->keep_intvl);
	to->keep_probes = READ_ONCE(from->keep_probes);
	to->user_timeout = READ_ONCE(from->user_timeout);
	to->linger2 = READ_ONCE(from->linger2);
	to->syn_retries = READ_ONCE(from->syn_retries);
	/* A child may have one of its route. */
	to->wnd_clamp = READ_ONCE(from->wnd_clamp) ?: to->wnd_clamp;
	to->rto_min = READ_ONCE(from->rto_min);
	to->rto_max = READ_ONCE(from->rto_max);
	to->delack_max = READ_ONCE(from->delack_max);
}

void atcp_sock_route_cc(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);
	const struct atcp_cc_ops *ops;
	u32 key = dst ? dst_metric(dst, RTAX_CC_ALGO) : 0;

	atcp_sk(sk)->cc_locked = false;
	if (likely(!key))
		return;
	ops = atcp_cc_get_key(key);
	if (ops && !atcp_sock_change_cc(sk, ops, GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT))
		atcp_sk(sk)->cc_locked = dst_metric_locked(dst, RTAX_CC_ALGO);
}

void atcp_sock_inherit(struct sock *child, const struct sock *sk)
{
	struct atcp_tcb *c = &atcp_sk(child)->tcb;

	copy_options(c, &atcp_sk(sk)->tcb);
	inherit_cc(child, sk);
	atcp_sock_route_cc(child);
	atcp_sk(child)->corked = READ_ONCE(atcp_sk(sk)->corked);
	if (atcp_sk(child)->corked)
		c->flags |= ATCP_F_CORK;
	atcp_sk(child)->save_syn = READ_ONCE(atcp_sk(sk)->save_syn);
	atcp_sk(child)->recv_inq = READ_ONCE(atcp_sk(sk)->recv_inq);
	atcp_sk(child)->notsent_lowat = READ_ONCE(atcp_sk(sk)->notsent_lowat);
	atcp_sk(child)->tx_delay = READ_ONCE(atcp_sk(sk)->tx_delay);
	if (sock_flag(child, SOCK_KEEPOPEN))
		atcp_set_keepalive(c, true);
}

/*
 * Initializes the control block again after a disconnect.  Options stay, but for those
 * that the kernel's TCP clears when it disconnects.
 */
static void reset_tcb(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	void *memory = atcp_cc_memory(&as->tcb);
	struct atcp_tcb old = as->tcb;

	kfree(old.aside);
	memset(&as->tcb, 0, sizeof(as->tcb));
	atcp_tcb_init(&as->tcb, old.space);
	copy_options(&as->tcb, &old);
	atcp_cc_change(&as->tcb, as->cc, memory);
	as->tcb.interactive = false;
	as->tcb.mss_user = 0;
	as->tcb.wnd_clamp = 0;
	as->tcb.rto_min = 0;
	as->tcb.delack_max = 0;
	kfree(as->saved_syn);
	as->saved_syn = NULL;
	if (as->corked)
		as->tcb.flags |= ATCP_F_CORK;
	if (as->defer_accept)
		as->tcb.flags |= ATCP_F_LAZY_ACK;
	as->urgent = ATCP_URGENT_NONE;
}

/* --- the end --- */

void atcp_sock_state(struct sock *sk, int state)
{
	/* A reader that loads the state with acquire semantics sees all earlier writes. */
	smp_wmb();
	inet_sk_set_state(sk, state);
}

void atcp_sock_destroy(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);

	WARN_ON_ONCE(sk->sk_state != TCP_CLOSE);
	WARN_ON_ONCE(!sock_flag(sk, SOCK_DEAD));

	atcp_unhash(sk);
	atcp_port_put(sk);
	sk_stop_timer(sk, &as->timer);
	atcp_pace_stop(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	drop_cc(sk);
	if (as->orphaned) {
		as->orphaned = false;
		atomic_dec(&atcp_net(sock_net(sk))->orphans);
	}
	sock_put(sk);
}

void atcp_sock_ended(struct sock *sk, int err)
{
	atcp_unhash(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		atcp_port_put(sk);
	sk_stop_timer(sk, &atcp_sk(sk)->timer);
	atcp_pace_stop(sk);

	if (err)
		WRITE_ONCE(sk->sk_err, err);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	atcp_sock_state(sk, TCP_CLOSE);

	if (sock_flag(sk, SOCK_DEAD)) {
		atcp_sock_destroy(sk);
		return;
	}
	sk->sk_state_change(sk);
	if (err)
		sk_error_report(sk);
}

/* --- user calls --- */

void atcp_sk_keepalive(struct sock *sk, int on)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (ATCP_IN(c->state, ~(ATCP_S(CLOSED) | ATCP_S(LISTEN))))
		atcp_set_keepalive(c, on);
}

/* RFC 9293 section 3.10.4; inet_shutdown() has handled SYN-SENT and LISTEN already. */
void atcp_sk_shutdown(struct sock *sk, int how)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (c->state == ATCP_CLOSED || c->state == ATCP_LISTEN)
		return;
	if (how & RCV_SHUTDOWN)
		atcp_shut_rcv(c);
	if (how & SEND_SHUTDOWN)
		atcp_close(c);
}

/*
 * ABORT (RFC 9293 section 3.10.5); then the socket is as before connect().  A listener
 * was stopped by the caller.
 */
int atcp_sk_disconnect(struct sock *sk, int flags)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (c->state != ATCP_CLOSED) {
		bool unsent = ATCP_IN(c->state, ATCP_S(CLOSING) | ATCP_S(LAST_ACK)) &&
			      c->snd_nxt != c->write_seq;
		bool told = unsent || ATCP_IN(c->state, ATCP_S(SYN_SENT) | ATCP_S(SYN_RECEIVED) |
					      ATCP_S(ESTABLISHED) | ATCP_S(CLOSE_WAIT) |
					      ATCP_S(FIN_WAIT_1) | ATCP_S(FIN_WAIT_2));

		local_bh_disable();
		atcp_abort(c, told ? ECONNRESET : 0);
		local_bh_enable();
	}

	__skb_queue_purge(&sk->sk_receive_queue);
	reset_tcb(sk);
	atcp_connect_undo(sk);
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	__sk_dst_reset(sk);
	if (sk->sk_frag.page) {
		put_page(sk->sk_frag.page);
		sk->sk_frag.page = NULL;
		sk->sk_frag.offset = 0;
	}
	sk_error_report(sk);
	return 0;
}

static bool closing(const struct sock *sk)
{
	return (1 << READ_ONCE(sk->sk_state)) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK);
}

/* SO_LINGER: waits until the peer has acknowledged the FIN, at most @timeout jiffies. */
static void wait_closed(struct sock *sk, long timeout)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!timeout)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	do {
		if (sk_wait_event(sk, &timeout, !closing(sk), &wait))
			break;
	} while (!signal_pending(current) && timeout);
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* Whether one more orphan may stay, as in tcp_check_oom(). */
static bool orphan_allowed(struct sock *sk, struct atcp_net *an)
{
	if (atomic_read(&an->orphans) > READ_ONCE(an->limits.max_orphans))
		return false;
	return sk->sk_wmem_queued <= SOCK_MIN_SNDBUF ||
	       sk_memory_allocated(sk) <= sk_prot_mem_limits(sk, 2);
}

/* The last program has closed the socket. Called by the owner of the lock, BHs off. */
static void become_orphan(struct sock *sk)
{
	struct atcp_net *an = atcp_net(sock_net(sk));
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;

	sock_orphan(sk);
	if (sk->sk_state == TCP_CLOSE) {
		atcp_sock_destroy(sk);
		return;
	}
	as->orphaned = true;
	atomic_inc(&an->orphans);
	if (!orphan_allowed(sk, an)) {
		atcp_net_count(an, ATCP_STAT_ORPHANS_FULL);
		atcp_abort(c, 0);
	} else if (!sk->sk_net_refcnt ||
		   (c->state == ATCP_FIN_WAIT_2 && c->linger2 < 0)) {
		/*
		 * A socket of the kernel itself must not outlive its namespace, and
		 * TCP_LINGER2 below 0 wants no FIN-WAIT-2.
		 */
		atcp_abort(c, 0);
	} else {
		atcp_orphan(c);
	}
}

void atcp_sk_close(struct sock *sk, long timeout)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	bool unread;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);

	unread = !skb_queue_empty(&sk->sk_receive_queue);
	__skb_queue_purge(&sk->sk_receive_queue);

	if (c->state == ATCP_CLOSED) {
		/* never connected, or over already */
	} else if (unread) {
		atcp_close_unread(c);
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		atcp_sk_disconnect(sk, 0);
	} else {
		atcp_close(c);
		wait_closed(sk, timeout);
	}

	sock_hold(sk);
	local_bh_disable();
	become_orphan(sk);
	local_bh_enable();
	release_sock(sk);
	if (!sk->sk_net_refcnt)
		timer_delete_sync(&atcp_sk(sk)->timer);
	sock_put(sk);
}
