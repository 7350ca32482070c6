// SPDX-License-Identifier: GPL-2.0
/*
 * Passive open (RFC 9293 sections 3.10.7.2 and 3.10.7.4, RFC 4987):
 *
 *   SYN -> atcp_listen_rcv -> request in the connection table -> SYN-ACK
 *   ACK -> atcp_request_rcv -> child socket in the request's place -> accept queue
 *
 * No segment takes the listener's socket lock.  A request has a lock of its own,
 * so that two segments of one handshake on two CPUs make one child, and the
 * second of them goes to it.  Whoever marks a request dead frees it after a
 * grace period: its timer's function is a read section like any softirq.
 */
#include <linux/security.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/request_sock.h>
#include <net/route.h>
#include <net/tcp.h>

#include "compat/memcg.h"
#include "demux.h"
#include "ip.h"
#include "listen.h"
#include "ports.h"
#include "sock.h"

static struct kmem_cache *request_cache;

int __init atcp_listen_init(void)
{
	request_cache = KMEM_CACHE(atcp_request, 0);
	return request_cache ? 0 : -ENOMEM;
}

void atcp_listen_exit(void)
{
	kmem_cache_destroy(request_cache);
}

/* --- requests --- */

static void request_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(request_cache, container_of(rcu, struct atcp_request, rcu));
}

/* Off the listener's queue, for ever; not out of the table. Lock held, not dead. */
static void request_retire(struct atcp_request *r)
{
	struct atcp_listener *l = r->listener;

	r->dead = true;
	timer_delete(&r->timer);
	spin_lock(&l->lock);
	list_del(&r->queue);
	l->nrequests--;
	spin_unlock(&l->lock);
	atomic_dec(&r->an->req_count);
	call_rcu(&r->rcu, request_free_rcu);
}

/* Lock held, not dead. */
static void request_kill(struct atcp_request *r)
{
	atcp_node_remove(r->an, &r->node);
	request_retire(r);
}

/* Lock held, not dead. */
static void request_arm(struct atcp_request *r)
{
	u64 now = atcp_host_now();
	u64 left = r->req.deadline > now ? r->req.deadline - now : 0;

	mod_timer(&r->timer, jiffies + nsecs_to_jiffies(left * NSEC_PER_USEC) + 1);
}

static void flow_of(struct atcp_flow *f, struct sock *sk, const struct atcp_key *key,
		    u32 mark, int oif)
{
	*f = (struct atcp_flow) {
		.sk = sk,
		.laddr = key->laddr.s6_addr32[3],
		.raddr = key->raddr.s6_addr32[3],
		.lport = key->lport,
		.rport = key->rport,
		.oif = oif,
		.mark = mark,
		.priority = READ_ONCE(sk->sk_priority),
		.tos = READ_ONCE(inet_sk(sk)->tos),
	};
}

/* Lock held, not dead. */
static void request_send(struct atcp_request *r, struct atcp_hdr *h)
{
	struct atcp_flow f;

	flow_of(&f, r->listener->sk, &r->node.key, r->mark, r->oif);
	atcp_v4_send(r->an->net, &f, h);
}

static void request_send_synack(struct atcp_request *r)
{
	struct atcp_hdr h;

	atcp_req_synack(&r->req, &h);
	request_send(r, &h);
}

static void request_timer(struct timer_list *timer)
{
	struct atcp_request *r = timer_container_of(r, timer, timer);

	/* The listener is reached through the request: valid under RCU. */
	rcu_read_lock();
	spin_lock(&r->lock);
	if (!r->dead) {
		switch (atcp_req_timeout(&r->req, &r->an->space)) {
		case ATCP_FORGET:
			request_kill(r);
			break;
		case ATCP_SYNACK:
			request_send_synack(r);
			fallthrough;
		default:
			request_arm(r);
		}
	}
	spin_unlock(&r->lock);
	rcu_read_unlock();
}

/* --- SYN --- */

/*
 * The LSM's say about a connection.  Its hook wants the kernel's own kind of
 * request, of which it reads the family and writes labels.
 */
static int ask_lsm(const struct sock *sk, struct sk_buff *skb, const struct atcp_key *key,
		   u32 mark, int oif)
{
#ifdef CONFIG_SECURITY_NETWORK
	static struct request_sock_ops ops = { .family = PF_INET };
	struct inet_request_sock ireq = {};
	struct request_sock *req = (struct request_sock *)&ireq;
	struct ip_options_rcu *opt;
	int err;

	req->rsk_ops = &ops;
	req->rsk_listener = (struct sock *)sk;
	sk_rcv_saddr_set(req_to_sk(req), key->laddr.s6_addr32[3]);
	sk_daddr_set(req_to_sk(req), key->raddr.s6_addr32[3]);
	ireq.ir_num = ntohs(key->lport);
	ireq.ir_rmt_port = key->rport;
	ireq.ir_mark = mark;
	ireq.ir_iif = oif;
	write_pnet(&ireq.ireq_net, sock_net(sk));
	err = security_inet_conn_request(sk, skb, req);
	opt = rcu_dereference_protected(ireq.ireq_opt, 1);
	if (opt)
		kfree_rcu(opt, rcu);
	return err;
#else
	return 0;
#endif
}

/* How much window a connection of this listener starts with, and may ever have. */
static u32 window_first(const struct sock *sk)
{
	return atcp_win_from_space(READ_ONCE(sk->sk_rcvbuf));
}

static u32 window_full(const struct sock *sk)
{
	return atcp_host_rcv_full(&atcp_sk(sk)->tcb);
}

/* MSS option to send on a flow that has its route (RFC 6691). */
static u16 flow_adv_mss(const struct atcp_flow *f)
{
	u32 mss = min_t(u32, dst_metric_advmss(&f->rt->dst), U16_MAX);
	u16 user = READ_ONCE(atcp_sk(f->sk)->tcb.mss_user);

	return user && user < mss ? user : mss;
}

/* Return: 0, or negative: the listener has closed, or the ends are taken. */
static int request_enter(struct atcp_listener *l, struct atcp_request *r)
{
	int err;

	spin_lock(&l->lock);
	if (l->closed) {
		spin_unlock(&l->lock);
		return -EINVAL;
	}
	list_add_tail(&r->queue, &l->requests);
	l->nrequests++;
	spin_unlock(&l->lock);
	err = atcp_node_insert(r->an, &r->node);
	if (!err)
		return 0;
	spin_lock(&l->lock);
	list_del(&r->queue);
	l->nrequests--;
	spin_unlock(&l->lock);
	return err;
}

/* Keeps a request and answers the SYN. Uses up the flow's route. */
static void syn_request(struct atcp_listener *l, const struct atcp_req *req,
			const struct atcp_key *key, struct atcp_flow *f)
{
	struct atcp_net *an = atcp_net(sock_net(l->sk));
	struct atcp_request *r;
	struct atcp_hdr h;

	r = kmem_cache_alloc(request_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!r) {
		atcp_net_count(an, ATCP_STAT_IN_NO_MEMORY);
		goto no_request;
	}
	r->node.key = *key;
	r->node.type = ATCP_NODE_REQ;
	r->req = *req;
	r->an = an;
	r->listener = l;
	timer_setup(&r->timer, request_timer, TIMER_PINNED);
	spin_lock_init(&r->lock);
	r->dead = false;
	r->mark = f->mark;
	r->oif = f->oif;
	atomic_inc(&an->req_count);

	/* Held until it is complete: the ACK may be quick. */
	spin_lock(&r->lock);
	if (request_enter(l, r)) {
		r->dead = true;
		spin_unlock(&r->lock);
		atomic_dec(&an->req_count);
		call_rcu(&r->rcu, request_free_rcu);
		goto no_request;
	}
	request_arm(r);
	atcp_req_synack(&r->req, &h);
	atcp_v4_send(an->net, f, &h);
	spin_unlock(&r->lock);
	return;
no_request:
	ip_rt_put(f->rt);
}

static bool request_queue_full(const struct atcp_net *an, const struct atcp_listener *l)
{
	return READ_ONCE(l->nrequests) > READ_ONCE(l->sk->sk_max_ack_backlog) ||
	       atomic_read(&an->req_count) >= READ_ONCE(an->limits.max_syn_backlog);
}

static void listen_syn(struct atcp_listener *l, struct sk_buff *skb, const struct atcp_hdr *h,
		       const struct atcp_key *key, const struct atcp_tw *old)
{
	struct sock *sk = l->sk;
	struct net *net = sock_net(sk);
	struct atcp_net *an = atcp_net(net);
	u32 mark = inet_request_mark(sk, skb);
	int oif = inet_request_bound_dev_if(sk, skb);
	u32 cookies = READ_ONCE(an->limits.syncookies);
	bool cookie = cookies == 2;
	struct atcp_tuple tuple;
	struct atcp_flow f;
	struct atcp_req req;
	struct atcp_hdr synack;

	/* A SYN to many is never answered (RFC 9293 MUST-57). */
	if (skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		atcp_net_count(an, ATCP_STAT_IN_BAD_ADDRESS);
		return;
	}
	if (sk_acceptq_is_full(sk)) {
		atcp_net_count(an, ATCP_STAT_ACCEPT_QUEUE_FULL);
		return;
	}
	if (request_queue_full(an, l)) {
		atcp_net_count(an, ATCP_STAT_SYN_QUEUE_FULL);
		if (!cookies)
			return;
		cookie = true;
	}
	if (ask_lsm(sk, skb, key, mark, oif)) {
		atcp_net_count(an, ATCP_STAT_IN_FILTERED);
		return;
	}
	flow_of(&f, sk, key, mark, oif);
	if (atcp_v4_route(net, &f, skb)) {
		atcp_net_count(an, ATCP_STAT_IN_BAD_ADDRESS);
		return;
	}
	atcp_key_tuple(&tuple, key);
	atcp_req_init(&req, &an->space, &tuple, h, flow_adv_mss(&f),
		      window_full(sk), window_first(sk));
	if (old)
		atcp_req_follow(&req, old);
	if (!cookie) {
		syn_request(l, &req, key, &f);
		return;
	}
	atcp_cookie_make(&req, &an->space, &tuple);
	WRITE_ONCE(l->cookie_at, jiffies);
	WRITE_ONCE(l->cookies, true);
	atcp_req_synack(&req, &synack);
	atcp_v4_send(net, &f, &synack);
	atcp_net_count(an, ATCP_STAT_SYN_COOKIES_SENT);
}

/* --- the child --- */

/* The end of a child that no program ever saw. Locked, BHs off; a reference is held. */
static void child_abort(struct sock *child)
{
	struct atcp_sock *as = atcp_sk(child);

	if (as->tcb.state != ATCP_CLOSED)
		atcp_abort(&as->tcb, 0);
	sock_orphan(child);
	atcp_sock_destroy(child);
}

/*
 * A socket out of a request or cookie: has ends, port, route and control block,
 * but is in no table yet.  Return: locked, with a reference for the caller
 * beside the base reference; or NULL.
 */
static struct sock *child_make(struct atcp_listener *l, const struct atcp_req *req,
			       const struct atcp_key *key, u32 mark, int oif, struct sk_buff *skb)
{
	struct sock *sk = l->sk, *child;
	struct inet_sock *inet;
	struct atcp_sock *as;

	child = sk_clone(sk, GFP_ATOMIC, true);
	if (!child)
		return NULL;
	inet_sk_set_state(child, TCP_CLOSE);
	inet = inet_sk(child);
	as = atcp_sk(child);
	inet->inet_rcv_saddr = key->laddr.s6_addr32[3];
	inet->inet_saddr = key->laddr.s6_addr32[3];
	sk_daddr_set(child, key->raddr.s6_addr32[3]);
	inet->inet_sport = key->lport;
	inet->inet_dport = key->rport;
	inet->inet_num = 0;
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	inet->mc_list = NULL;
	inet->mc_index = inet_iif(skb);
	inet->mc_ttl = ip_hdr(skb)->ttl;
	inet->rcv_tos = ip_hdr(skb)->tos;
	atomic_set(&inet->inet_id, get_random_u16());
	child->sk_bound_dev_if = oif;
	child->sk_mark = mark;
	atomic64_set(&child->sk_cookie, 0);
	sk_set_txhash(child);
	atcp_child_memcg(child, sk);

	atcp_sock_init(child);
	as->node.key = *key;
	as->node.type = ATCP_NODE_SOCK;
	if (atcp_v4_child(child) || atcp_port_inherit(child, sk, req->lport)) {
		child_abort(child);
		bh_unlock_sock(child);
		sock_put(child);
		return NULL;
	}
	return child;
}

/* The control block, once the child has its place. */
static void child_open(struct sock *child, struct sock *sk, const struct atcp_req *req,
		       struct sk_buff *skb)
{
	struct atcp_tcb *c = &atcp_sk(child)->tcb;

	atcp_accept(c, req, c->space);
	atcp_sock_inherit(child, sk);
	inet_sk_set_state(child, TCP_SYN_RECV);
	security_inet_conn_established(child, skb);
}

/*
 * The child joins the accept queue and gets the segment that completed the
 * handshake.  Consumes @skb, the lock and the reference of child_make().
 */
static void child_enter(struct atcp_listener *l, struct sock *child, struct sk_buff *skb,
			const struct atcp_hdr *h)
{
	struct sock *sk = l->sk;
	bool closed;

	spin_lock(&l->lock);
	closed = l->closed;
	if (!closed) {
		list_add_tail(&atcp_sk(child)->accept_node, &l->children);
		sk_acceptq_added(sk);
	}
	spin_unlock(&l->lock);

	if (closed) {
		child_abort(child);
		kfree_skb(skb);
	} else {
		__skb_pull(skb, h->hlen);
		skb->dev = NULL;
		atcp_sock_rcv(child, skb, h);
		sk->sk_data_ready(sk);
	}
	bh_unlock_sock(child);
	sock_put(child);
}

/*
 * The ACK that completes a handshake: the child takes the request's place.
 * Request locked, not dead.  Return: as child_make().
 */
static struct sock *request_accept(struct atcp_request *r, struct sk_buff *skb)
{
	struct atcp_listener *l = r->listener;
	struct atcp_sock *as;
	struct sock *child;

	if (sk_acceptq_is_full(l->sk)) {
		/* The SYN-ACK goes out again, and its ACK may find room. */
		atcp_net_count(r->an, ATCP_STAT_ACCEPT_QUEUE_FULL);
		return NULL;
	}
	child = child_make(l, &r->req, &r->node.key, r->mark, r->oif, skb);
	if (!child) {
		atcp_net_count(r->an, ATCP_STAT_IN_NO_MEMORY);
		return NULL;
	}
	as = atcp_sk(child);
	child_open(child, l->sk, &r->req, skb);
	WRITE_ONCE(as->hashed, true);
	if (WARN_ON_ONCE(atcp_node_replace(r->an, &r->node, &as->node)))
		WRITE_ONCE(as->hashed, false);
	request_retire(r);
	return child;
}

bool atcp_request_rcv(struct atcp_request *r, struct sk_buff *skb, const struct atcp_hdr *h)
{
	struct atcp_listener *l = r->listener;
	struct sock *child = NULL;
	struct atcp_hdr reply;

	spin_lock(&r->lock);
	if (r->dead) {
		spin_unlock(&r->lock);
		return false;
	}
	switch (atcp_req_arrive(&r->req, &r->an->space, h, skb->len - h->hlen, &reply)) {
	case ATCP_ACCEPT:
		child = request_accept(r, skb);
		break;
	case ATCP_REPLY:
		request_send(r, &reply);
		break;
	case ATCP_SYNACK:
		atcp_net_count(r->an, ATCP_STAT_RETRANS_SYN);
		request_send_synack(r);
		break;
	case ATCP_FORGET_REPLY:
		request_send(r, &reply);
		fallthrough;
	case ATCP_FORGET:
		request_kill(r);
		break;
	default:
		break;
	}
	spin_unlock(&r->lock);
	if (child)
		child_enter(l, child, skb, h);
	else
		consume_skb(skb);
	return true;
}

void atcp_request_icmp(struct atcp_request *r, u32 seq)
{
	spin_lock(&r->lock);
	if (!r->dead) {
		if (seq == r->req.iss) {
			atcp_net_count(r->an, ATCP_STAT_ICMP_ERRORS);
			atcp_net_count(r->an, ATCP_STAT_CONN_FAILED);
			request_kill(r);
		} else {
			atcp_net_count(r->an, ATCP_STAT_ICMP_IGNORED);
		}
	}
	spin_unlock(&r->lock);
}

/* --- SYN cookies --- */

/* Could an ACK return a cookie of ours? */
static bool cookie_expected(const struct atcp_net *an, const struct atcp_listener *l)
{
	u32 cookies = READ_ONCE(an->limits.syncookies);

	if (!cookies || !READ_ONCE(l->cookies))
		return false;
	return cookies == 2 ||
	       time_before(jiffies, READ_ONCE(l->cookie_at) + msecs_to_jiffies(128 * MSEC_PER_SEC));
}

/* Return: false when it is no cookie; true: @skb is consumed. */
static bool listen_cookie(struct atcp_listener *l, struct sk_buff *skb, const struct atcp_hdr *h,
			  const struct atcp_key *key)
{
	struct sock *sk = l->sk, *child;
	struct atcp_net *an = atcp_net(sock_net(sk));
	u32 mark = inet_request_mark(sk, skb);
	int oif = inet_request_bound_dev_if(sk, skb);
	struct atcp_tuple tuple;
	struct atcp_req req;
	struct atcp_flow f;

	if (!cookie_expected(an, l))
		return false;
	atcp_key_tuple(&tuple, key);
	flow_of(&f, sk, key, mark, oif);
	if (!atcp_cookie_check(&req, &an->space, &tuple, h, 0, window_full(sk),
			       window_first(sk))) {
		atcp_net_count(an, ATCP_STAT_SYN_COOKIES_BAD);
		return false;
	}
	if (sk_acceptq_is_full(sk)) {
		atcp_net_count(an, ATCP_STAT_ACCEPT_QUEUE_FULL);
		goto drop;
	}
	if (ask_lsm(sk, skb, key, mark, oif)) {
		atcp_net_count(an, ATCP_STAT_IN_FILTERED);
		goto drop;
	}
	child = child_make(l, &req, key, mark, oif, skb);
	if (!child) {
		atcp_net_count(an, ATCP_STAT_IN_NO_MEMORY);
		goto drop;
	}
	req.adv_mss = atcp_sk(child)->tcb.adv_mss;
	child_open(child, sk, &req, skb);
	if (atcp_hash(child)) {
		/* Another segment was first: this one comes again. */
		child_abort(child);
		bh_unlock_sock(child);
		sock_put(child);
		goto drop;
	}
	atcp_net_count(an, ATCP_STAT_SYN_COOKIES_GOOD);
	child_enter(l, child, skb, h);
	return true;
drop:
	kfree_skb(skb);
	return true;
}

void atcp_listen_rcv(struct sock *sk, struct sk_buff *skb, const struct atcp_hdr *h,
		     const struct atcp_key *key, const struct atcp_tw *old)
{
	struct atcp_listener *l = rcu_dereference(atcp_sk(sk)->listener);
	struct atcp_hdr reply;

	if (unlikely(!l)) {
		kfree_skb(skb);
		return;
	}
	switch (atcp_listen_arrive(h, skb->len - h->hlen, &reply)) {
	case ATCP_SYN_SEEN:
		listen_syn(l, skb, h, key, old);
		break;
	case ATCP_MAYBE_COOKIE:
		if (listen_cookie(l, skb, h, key))
			return;
		fallthrough;
	case ATCP_REPLY:
		atcp_v4_reply(sock_net(sk), skb, &reply);
		break;
	default:
		break;
	}
	consume_skb(skb);
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

	if (picked) {
		err = atcp_port_get(sk, 0);
		if (err)
			goto free;
	}
	sk->sk_ack_backlog = 0;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	/* First, so that of two that do this at once one sees the other. */
	inet_sk_set_state(sk, TCP_LISTEN);
	err = atcp_port_check_listen(sk);
	if (err) {
		inet_sk_set_state(sk, TCP_CLOSE);
		if (picked)
			atcp_port_put(sk);
		goto free;
	}
	inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	as->tcb.state = ATCP_LISTEN;
	rcu_assign_pointer(as->listener, l);
	atcp_listener_hash(l);
	return 0;
free:
	kfree(l);
	return err;
}

/* Return: the first, which may be dead by now; valid as long as the RCU section lasts. */
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
	l->closed = true;
	spin_unlock_bh(&l->lock);
	RCU_INIT_POINTER(as->listener, NULL);
	as->tcb.state = ATCP_CLOSED;
	inet_sk_set_state(sk, TCP_CLOSE);

	for (;;) {
		rcu_read_lock();
		r = first_request(l);
		if (!r) {
			rcu_read_unlock();
			break;
		}
		spin_lock_bh(&r->lock);
		if (!r->dead)
			request_kill(r);
		spin_unlock_bh(&r->lock);
		rcu_read_unlock();
		cond_resched();
	}
	while ((child = first_child(l))) {
		sock_hold(child);
		local_bh_disable();
		bh_lock_sock(child);
		child_abort(child);
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
