// SPDX-License-Identifier: GPL-2.0
/*
 * Passive open (RFC 9293 sections 3.9.1 and 3.10.7.2, RFC 4987):
 *
 *   SYN -> atcp_listen_rcv -> request in the connection table -> SYN-ACK
 *   ACK -> atcp_request_rcv (request.c) -> child socket in the request's place
 *          (child.c) -> accept queue -> atcp_accept_dequeue
 *
 * No segment takes the listener's socket lock.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/request_sock.h>
#include <net/route.h>

#include "compat/memcg.h"
#include "atcp.h"
#include "demux.h"
#include "listen/child.h"
#include "listen/listen.h"
#include "listen/listeners.h"
#include "listen/request.h"
#include "net/atcp_ip.h"
#include "port/ports.h"
#include "socket/recv.h"
#include "stat.h"
#include "tracing.h"

/* --- SYN --- */

void atcp_listen_flow(struct atcp_flow *f, struct sock *sk, const struct atcp_key *key,
		      u32 mark, int oif)
{
	*f = (struct atcp_flow) {
		.sk = sk,
		.carrier = key->carrier,
		.laddr = key->laddr,
		.raddr = key->raddr,
		.lport = key->lport,
		.rport = key->rport,
		.oif = oif,
		.mark = mark,
		.priority = READ_ONCE(sk->sk_priority),
		.tos = atcp_key_is_v6(key) ? inet6_sk(sk)->tclass : READ_ONCE(inet_sk(sk)->tos),
	};
}

/* The receive window that a connection of this listener starts with. */
static u32 window_first(const struct sock *sk)
{
	u32 clamp = READ_ONCE(atcp_sk(sk)->tcb.wnd_clamp);
	u32 window = atcp_win_from_space(READ_ONCE(sk->sk_rcvbuf));

	return clamp ? min(window, clamp) : window;
}

/* The largest receive window that such a connection may get. */
static u32 window_full(const struct sock *sk)
{
	return atcp_host_rcv_full(&atcp_sk(sk)->tcb);
}

/* The MSS option of a SYN-ACK (RFC 6691); @f has its route. */
static u16 flow_adv_mss(const struct atcp_flow *f)
{
	u32 mss = min_t(u32, dst_metric_advmss(f->dst), U16_MAX);
	u16 user = READ_ONCE(atcp_sk(f->sk)->tcb.mss_user);

	return user && user < mss ? user : mss;
}

/*
 * Bounds what is offered to what the route asks for, where the listener has no clamp of its
 * own.  @req: its MSS and options are known.
 */
static void bound_window(struct atcp_req *req, const struct sock *sk, const struct dst_entry *dst)
{
	u32 clamp = READ_ONCE(atcp_sk(sk)->tcb.wnd_clamp) ? 0 : dst_metric(dst, RTAX_WINDOW);
	u32 segments = min_t(u32, dst_metric(dst, RTAX_INITRWND), U16_MAX);

	if (unlikely(clamp)) {
		req->wnd = min(req->wnd, clamp);
		if (req->wscale_on)
			req->rcv_wscale = atcp_wscale_for(min(window_full(sk), clamp));
	}
	if (unlikely(segments))
		req->wnd = min(req->wnd, segments * (req->adv_mss - (req->ts_on ? 12u : 0)));
}

/*
 * TCP_SAVE_SYN: a copy of the SYN's IP and TCP headers, which are linear; with the value
 * 2, of the link layer's header, too.
 */
static struct atcp_saved_syn *save_syn(const struct sock *sk, const struct sk_buff *skb,
				       const struct atcp_hdr *h)
{
	u8 how = READ_ONCE(atcp_sk(sk)->save_syn);
	struct atcp_saved_syn *syn;
	const u8 *from;
	u32 len;

	if (likely(!how))
		return NULL;
	from = how == 2 && skb_mac_header_was_set(skb) ? skb_mac_header(skb) :
							 skb_network_header(skb);
	len = skb->data + h->hlen - from;
	syn = kmalloc(struct_size(syn, data, len), GFP_ATOMIC | __GFP_NOWARN);
	if (syn) {
		syn->len = len;
		memcpy(syn->data, from, len);
	}
	return syn;
}

static bool request_queue_full(const struct atcp_net *an, const struct atcp_listener *l,
			       bool cookies)
{
	int cap = READ_ONCE(an->limits.max_syn_backlog);
	u32 n = READ_ONCE(l->nrequests);

	return n > READ_ONCE(l->sk->sk_max_ack_backlog) ||
	       (!cookies && cap - (int)n < cap >> 2);
}

static bool not_unicast(struct sk_buff *skb)
{
	if (atcp_skb_is_v6(skb))
		return !ipv6_unicast_destination(skb);
	return skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST);
}

/*
 * The interface that a connection is bound to, or 0.  Link-local addresses are valid on
 * one interface only: the connection is bound to it.
 */
static int bound_dev(const struct sock *sk, struct sk_buff *skb)
{
	int oif = inet_request_bound_dev_if(sk, skb);

	if (atcp_skb_is_v6(skb) &&
	    (ipv6_addr_type(&ipv6_hdr(skb)->saddr) | ipv6_addr_type(&ipv6_hdr(skb)->daddr)) &
	    IPV6_ADDR_LINKLOCAL &&
	    (!READ_ONCE(sk->sk_bound_dev_if) || ipv6_l3mdev_skb(IP6CB(skb)->flags)))
		oif = inet6_iif(skb);
	return oif;
}

/* Answers use the reversed source route or the flow label of the segment that came. */
static void copy_return_path(struct atcp_flow *f, const struct sk_buff *skb)
{
	if (!atcp_skb_is_v6(skb))
		f->route_opt = atcp_v4_return_route(sock_net(f->sk), skb);
	else if (atcp_repflow(f->sk))
		f->label = ip6_flowlabel(ipv6_hdr(skb));
}

/* A SYN in LISTEN. Return: why it is refused, or ATCP_DROP_NONE. */
static enum atcp_drop listen_syn(struct atcp_listener *l, struct sk_buff *skb,
				 const struct atcp_hdr *h, const struct atcp_key *key,
				 const struct atcp_tw *old)
{
	struct sock *sk = l->sk;
	struct net *net = sock_net(sk);
	struct atcp_net *an = atcp_net(net);
	u32 mark = inet_request_mark(sk, skb);
	int oif = bound_dev(sk, skb);
	u32 cookies = READ_ONCE(an->limits.syncookies);
	bool cookie = cookies == 2;
	struct atcp_tuple tuple;
	struct atcp_flow f;
	struct atcp_req req;
	struct atcp_hdr synack;

	/* A SYN to a broadcast or multicast address is not answered (RFC 9293 MUST-57). */
	if (not_unicast(skb))
		return ATCP_DROP_BAD_ADDRESS;
	if (sk_acceptq_is_full(sk)) {
		atcp_listen_saw(l, key, ATCP_DECISION_ACCEPT_FULL);
		return ATCP_DROP_ACCEPT_QUEUE;
	}
	if (request_queue_full(an, l, cookies)) {
		atcp_listen_saw(l, key, ATCP_DECISION_QUEUE_FULL);
		if (!cookies)
			return ATCP_DROP_SYN_QUEUE;
		atcp_net_count(an, ATCP_STAT_SYN_QUEUE_FULL);
		cookie = true;
	}
	if (atcp_child_allowed(sk, skb, key, mark, oif)) {
		atcp_listen_saw(l, key, ATCP_DECISION_REFUSED);
		return ATCP_DROP_POLICY;
	}
	atcp_listen_flow(&f, sk, key, mark, oif);
	f.hash = net_tx_rndhash();
	copy_return_path(&f, skb);
	if (atcp_ip_route(net, &f, skb)) {
		kfree(f.route_opt);
		atcp_listen_saw(l, key, ATCP_DECISION_REFUSED);
		return ATCP_DROP_NO_ROUTE;
	}
	atcp_key_tuple(&tuple, key);
	atcp_req_init(&req, &an->space, &tuple, h, flow_adv_mss(&f),
		      window_full(sk), window_first(sk));
	bound_window(&req, sk, f.dst);
	req.most = READ_ONCE(atcp_sk(sk)->tcb.syn_retries);
	req.rto_max = READ_ONCE(atcp_sk(sk)->tcb.rto_max);
	req.defer = READ_ONCE(atcp_sk(sk)->defer_accept);
	if (old)
		atcp_req_follow(&req, old);
	if (!cookie)
		return atcp_request_open(l, &req, key, &f, save_syn(sk, skb, h));
	atcp_cookie_make(&req, &an->space, &tuple);
	WRITE_ONCE(l->cookie_at, jiffies);
	WRITE_ONCE(l->cookies, true);
	atcp_listen_saw(l, key, ATCP_DECISION_COOKIE);
	atcp_req_synack(&req, &synack);
	atcp_ip_send(net, &f, &synack);
	kfree(f.route_opt);
	atcp_net_count(an, ATCP_STAT_SYN_COOKIES_SENT);
	return ATCP_DROP_NONE;
}

/* --- SYN cookies --- */

/*
 * Whether an ACK may return a cookie of ours: one was sent in the last 128 s, or ever if
 * net.atcp.syncookies is 2.
 */
static bool cookie_expected(const struct atcp_net *an, const struct atcp_listener *l)
{
	u32 cookies = READ_ONCE(an->limits.syncookies);

	if (!cookies || !READ_ONCE(l->cookies))
		return false;
	return cookies == 2 ||
	       time_before(jiffies, READ_ONCE(l->cookie_at) + msecs_to_jiffies(128 * MSEC_PER_SEC));
}

/*
 * An ACK for which there is no request may return a SYN cookie.
 * Return: true when @skb was consumed; false when the ACK has no valid cookie, or with
 * *@why ATCP_DROP_CLOSED, when a new look-up is needed.
 */
static bool listen_cookie(struct atcp_listener *l, struct sk_buff *skb, const struct atcp_hdr *h,
			  const struct atcp_key *key, enum atcp_drop *why)
{
	struct sock *sk = l->sk, *child;
	struct atcp_net *an = atcp_net(sock_net(sk));
	u32 mark = inet_request_mark(sk, skb);
	int oif = bound_dev(sk, skb);
	struct atcp_tuple tuple;
	struct atcp_req req;
	struct atcp_flow f;
	int err;

	*why = ATCP_DROP_NO_PORT;
	if (!cookie_expected(an, l))
		return false;
	atcp_key_tuple(&tuple, key);
	atcp_listen_flow(&f, sk, key, mark, oif);
	if (!atcp_cookie_check(&req, &an->space, &tuple, h, 0, window_full(sk),
			       window_first(sk))) {
		atcp_listen_saw(l, key, ATCP_DECISION_COOKIE_BAD);
		*why = ATCP_DROP_BAD_COOKIE;
		return false;
	}
	if (sk_acceptq_is_full(sk)) {
		atcp_listen_saw(l, key, ATCP_DECISION_ACCEPT_FULL);
		*why = ATCP_DROP_ACCEPT_QUEUE;
		goto drop;
	}
	*why = ATCP_DROP_POLICY;
	if (atcp_child_allowed(sk, skb, key, mark, oif))
		goto drop;
	*why = ATCP_DROP_NO_MEMORY;
	copy_return_path(&f, skb);
	child = atcp_child_make(l, &req, key, &f, skb);
	kfree(f.route_opt);
	if (!child) {
		if (!READ_ONCE(l->closed))
			goto drop;
		*why = ATCP_DROP_CLOSED;
		return false;
	}
	req.adv_mss = atcp_sk(child)->tcb.adv_mss;
	bound_window(&req, sk, __sk_dst_get(child));
	/* Before it is open, so that a duplicate child can be destroyed without a reset. */
	err = atcp_hash(child);
	if (err) {
		atcp_child_abort(child);
		atcp_child_put(child);
		if (err == -ENOMEM)
			goto drop;
		/* Another segment has returned the cookie first: the connection is there. */
		*why = ATCP_DROP_CLOSED;
		return false;
	}
	atcp_child_open(child, sk, &req, skb);
	atcp_net_count(an, ATCP_STAT_SYN_COOKIES_GOOD);
	atcp_listen_saw(l, key, ATCP_DECISION_COOKIE_GOOD);
	atcp_child_enter(l, child, skb, h);
	return true;
drop:
	atcp_net_drop(an, skb, *why);
	return true;
}

bool atcp_listen_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h,
		     const struct atcp_key *key, const struct atcp_tw *old)
{
	struct atcp_listener *l = rcu_dereference(atcp_sk(sk)->listener);
	struct atcp_net *an = atcp_net(sock_net(sk));
	enum atcp_drop why = ATCP_DROP_UNEXPECTED;
	struct atcp_hdr reply;

	if (unlikely(!l))
		return false;
	atcp_saw_rcv(an->net, sk, skb, ATCP_LISTEN);
	switch (atcp_listen_arrive(h, skb->len - h->hlen, &reply)) {
	case ATCP_SYN_SEEN:
		why = listen_syn(l, skb, h, key, old);
		break;
	case ATCP_MAYBE_COOKIE:
		if (listen_cookie(l, skb, h, key, &why))
			return true;
		if (why == ATCP_DROP_CLOSED)
			return false;
		fallthrough;
	case ATCP_REPLY:
		atcp_ip_reply(an->net, sk, key->carrier, skb, &reply);
		break;
	default:
		break;
	}
	if (unlikely(why == ATCP_DROP_CLOSED))
		return false;
	if (why)
		atcp_net_drop(an, skb, why);
	else
		consume_skb(skb);
	return true;
}

/* --- the user's side --- */

int atcp_listen_start(struct sock *sk, int backlog)
{
	struct atcp_sock *as = atcp_sk(sk);
	bool picked = !as->bind;
	struct atcp_listener *l;
	int err;

	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	l->sk = sk;
	spin_lock_init(&l->lock);
	INIT_LIST_HEAD(&l->requests);
	INIT_LIST_HEAD(&l->children);
	INIT_HLIST_NODE(&l->node);
	INIT_HLIST_NODE(&l->first);
	INIT_LIST_HEAD(&l->group);

	if (picked) {
		err = atcp_port_get(sk, 0);
		if (err)
			goto free;
	}
	sk->sk_ack_backlog = 0;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	/* Before the check, so that of two concurrent listen() one sees the other. */
	inet_sk_set_state(sk, TCP_LISTEN);
	err = atcp_port_check_listen(sk);
	if (err)
		goto undo;
	inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	as->tcb.state = ATCP_LISTEN;
	as->tcb.interactive = false;		/* listen() resets TCP_QUICKACK, as in TCP */
	atcp_saw_state(sk, ATCP_CLOSED, ATCP_LISTEN);
	rcu_assign_pointer(as->listener, l);
	err = atcp_listener_hash(l);
	if (!err)
		return 0;
	RCU_INIT_POINTER(as->listener, NULL);
	as->tcb.state = ATCP_CLOSED;
undo:
	inet_sk_set_state(sk, TCP_CLOSE);
	if (picked)
		atcp_port_put(sk);
free:
	kfree(l);
	return err;
}

/* Return: the first request, which may be dead by now; valid in the RCU read section. */
static struct atcp_request *first_request(struct atcp_listener *l)
{
	struct atcp_request *r;

	spin_lock_bh(&l->lock);
	r = list_first_entry_or_null(&l->requests, struct atcp_request, queue);
	spin_unlock_bh(&l->lock);
	return r;
}

static struct sock *first_child(struct atcp_listener *l)
{
	struct sock *child = NULL;
	struct atcp_sock *as;

	spin_lock_bh(&l->lock);
	as = list_first_entry_or_null(&l->children, struct atcp_sock, accept_node);
	if (as) {
		list_del_init(&as->accept_node);
		sk_acceptq_removed(l->sk);
		child = (struct sock *)as;
	}
	spin_unlock_bh(&l->lock);
	return child;
}

void atcp_listen_stop(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_listener *l = rcu_dereference_protected(as->listener, lockdep_sock_is_held(sk));
	struct atcp_request *r;
	struct sock *child;

	atcp_listener_unhash(l);
	spin_lock_bh(&l->lock);
	WRITE_ONCE(l->closed, true);
	spin_unlock_bh(&l->lock);
	RCU_INIT_POINTER(as->listener, NULL);
	as->tcb.state = ATCP_CLOSED;
	inet_sk_set_state(sk, TCP_CLOSE);
	atcp_saw_state(sk, ATCP_LISTEN, ATCP_CLOSED);

	for (;;) {
		rcu_read_lock();
		r = first_request(l);
		if (!r) {
			rcu_read_unlock();
			break;
		}
		spin_lock_bh(&r->lock);
		if (!r->dead)
			atcp_request_kill(r);
		spin_unlock_bh(&r->lock);
		rcu_read_unlock();
		cond_resched();
	}
	while ((child = first_child(l))) {
		sock_hold(child);
		local_bh_disable();
		bh_lock_sock(child);
		atcp_child_abort(child);
		bh_unlock_sock(child);
		local_bh_enable();
		sock_put(child);
		cond_resched();
	}
	kfree_rcu(l, rcu);
}

static struct sock *dequeue(struct sock *sk, int *err)
{
	struct atcp_listener *l;
	struct sock *child = NULL;

	rcu_read_lock();
	l = rcu_dereference(atcp_sk(sk)->listener);
	if (l)
		child = first_child(l);
	rcu_read_unlock();
	*err = l ? -EAGAIN : -EINVAL;
	return child;
}

struct sock *atcp_accept_dequeue(struct sock *sk, int flags, int *err)
{
	long timeo = sock_rcvtimeo(sk, flags & O_NONBLOCK);
	struct sock *child;
	DEFINE_WAIT(wait);

	child = dequeue(sk, err);
	while (!child && *err == -EAGAIN && timeo) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
		child = dequeue(sk, err);
		if (child || *err != -EAGAIN)
			break;
		if (signal_pending(current)) {
			*err = sock_intr_errno(timeo);
			break;
		}
		timeo = schedule_timeout(timeo);
		child = dequeue(sk, err);
	}
	finish_wait(sk_sleep(sk), &wait);
	if (!child)
		return NULL;

	*err = 0;
	atcp_accept_memcg(child);
	return child;
}
