// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: connections in SYN-RECEIVED that came from LISTEN, without a socket
 * (RFC 9293 section 3.10.7.4, RFC 4987).
 *
 * A request has a lock of its own.  So if two CPUs process segments of one handshake,
 * only one makes a child, and the other segment is looked up again and finds the child.
 * The code that marks a request dead frees it after an RCU grace period; a running timer
 * function is a read section, so that it needs no reference.
 */
#include <linux/slab.h>
#include <net/ip.h>

#include "demux.h"
#include "listen/child.h"
#include "listen/listen.h"
#include "listen/request.h"
#include "net/atcp_ip.h"
#include "stat.h"
#include "tracing.h"

static struct kmem_cache *request_cache;

int __init atcp_request_init(void)
{
	request_cache = KMEM_CACHE(atcp_request, SLAB_ACCOUNT);
	return request_cache ? 0 : -ENOMEM;
}

void atcp_request_exit(void)
{
	kmem_cache_destroy(request_cache);
}

static void request_free_rcu(struct rcu_head *rcu)
{
	struct atcp_request *r = container_of(rcu, struct atcp_request, rcu);

	kfree(r->saved_syn);
	kfree(r->route_opt);
	kmem_cache_free(request_cache, r);
}

/*
 * Marks a request dead, removes it from the SYN queue and frees it by RCU; the connection
 * table is the caller's part. Lock held, not dead.
 */
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

void atcp_request_kill(struct atcp_request *r)
{
	atcp_listen_saw(r->listener, &r->node.key, ATCP_DECISION_FORGOTTEN);
	atcp_node_remove(r->an, &r->node);
	request_retire(r);
}

/* Arms the timer for the deadline in @r->req. Lock held, not dead. */
static void request_arm(struct atcp_request *r)
{
	u64 now = atcp_host_now();
	u64 left = r->req.deadline > now ? r->req.deadline - now : 0;

	mod_timer(&r->timer, jiffies + nsecs_to_jiffies(left * NSEC_PER_USEC) + 1);
}

static void request_flow(const struct atcp_request *r, struct atcp_flow *f)
{
	atcp_listen_flow(f, r->listener->sk, &r->node.key, r->mark, r->oif);
	f->label = r->label;
	f->hash = r->hash;
	f->route_opt = r->route_opt;
}

/* Sends a segment without data to the peer. Lock held, not dead. */
static void request_send(struct atcp_request *r, struct atcp_hdr *h)
{
	struct atcp_flow f;

	request_flow(r, &f);
	atcp_ip_send(r->an->net, &f, h);
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

	/* r->listener is valid under RCU while the request is not dead. */
	rcu_read_lock();
	spin_lock(&r->lock);
	if (!r->dead) {
		switch (atcp_req_timeout(&r->req, &r->an->space)) {
		case ATCP_FORGET:
			atcp_request_kill(r);
			break;
		case ATCP_SYNACK:
			atcp_saw_synack_again(r->listener->sk, &r->node.key, &r->req);
			request_send_synack(r);
			fallthrough;
		default:
			request_arm(r);
		}
	}
	spin_unlock(&r->lock);
	rcu_read_unlock();
}

/*
 * Into the SYN queue and the connection table.
 * Return: 0; -ENOMEM; another negative errno when the listener has closed or the ends are
 * in use.
 */
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

enum atcp_drop atcp_request_open(struct atcp_listener *l, const struct atcp_req *req,
				 const struct atcp_key *key, struct atcp_flow *f,
				 struct atcp_saved_syn *syn)
{
	struct atcp_net *an = atcp_net(sock_net(l->sk));
	enum atcp_drop why = ATCP_DROP_NO_MEMORY;
	struct atcp_request *r;
	struct atcp_hdr h;
	int err;

	r = kmem_cache_alloc(request_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!r) {
		kfree(syn);
		kfree(f->route_opt);
		goto no_request;
	}
	r->saved_syn = syn;
	r->node.key = *key;
	r->node.key.dev = f->oif;
	r->node.type = ATCP_NODE_REQ;
	r->req = *req;
	r->an = an;
	r->listener = l;
	timer_setup(&r->timer, request_timer, TIMER_PINNED);
	spin_lock_init(&r->lock);
	r->dead = false;
	r->mark = f->mark;
	r->oif = f->oif;
	r->label = f->label;
	r->hash = f->hash;
	r->route_opt = f->route_opt;
	atomic_inc(&an->req_count);

	/* The lock is held until the SYN-ACK is sent: the ACK may come on another CPU. */
	spin_lock(&r->lock);
	err = request_enter(l, r);
	if (err) {
		r->dead = true;
		spin_unlock(&r->lock);
		atomic_dec(&an->req_count);
		call_rcu(&r->rcu, request_free_rcu);
		/* The listener has closed, or another SYN was first: a new look-up is needed. */
		if (err != -ENOMEM)
			why = ATCP_DROP_CLOSED;
		goto no_request;
	}
	request_arm(r);
	atcp_listen_saw(l, key, ATCP_DECISION_REQUEST);
	atcp_req_synack(&r->req, &h);
	atcp_ip_send(an->net, f, &h);
	spin_unlock(&r->lock);
	return ATCP_DROP_NONE;
no_request:
	atcp_listen_saw(l, key, ATCP_DECISION_REFUSED);
	dst_release(f->dst);
	return why;
}

/*
 * The ACK that completes a handshake: the child takes the request's place in the
 * connection table. Request locked, not dead.
 * Return: the child as atcp_child_make() gives it; or NULL, with the reason in *@why.
 */
static struct sock *request_accept(struct atcp_request *r, struct sk_buff *skb,
				   const struct atcp_hdr *h, enum atcp_drop *why)
{
	struct atcp_listener *l = r->listener;
	struct atcp_sock *as;
	struct sock *child;
	struct atcp_flow f;

	if (sk_acceptq_is_full(l->sk)) {
		/* The SYN-ACK will be retransmitted; its next ACK may find room in the queue. */
		atcp_listen_saw(l, &r->node.key, ATCP_DECISION_ACCEPT_FULL);
		if (READ_ONCE(r->an->limits.abort_on_overflow)) {
			struct atcp_hdr reset;

			atcp_closed_arrive(h, skb->len - h->hlen, &reset);
			request_send(r, &reset);
			atcp_request_kill(r);
		}
		*why = ATCP_DROP_ACCEPT_QUEUE;
		return NULL;
	}
	request_flow(r, &f);
	child = atcp_child_make(l, &r->req, &r->node.key, &f, skb);
	if (!child) {
		*why = ATCP_DROP_NO_MEMORY;
		return NULL;
	}
	as = atcp_sk(child);
	as->saved_syn = r->saved_syn;
	r->saved_syn = NULL;
	atcp_child_open(child, l->sk, &r->req, skb);
	WRITE_ONCE(as->hashed, true);
	if (WARN_ON_ONCE(atcp_node_replace(r->an, &r->node, &as->node)))
		WRITE_ONCE(as->hashed, false);
	request_retire(r);
	atcp_listen_saw(l, &r->node.key, ATCP_DECISION_ACCEPTED);
	return child;
}

bool atcp_request_rcv(struct atcp_request *r, struct sk_buff *skb, const struct atcp_hdr *h)
{
	struct atcp_listener *l = r->listener;
	struct sock *child = NULL;
	enum atcp_verdict verdict;
	struct atcp_hdr reply;
	enum atcp_drop why;

	spin_lock(&r->lock);
	if (r->dead) {
		spin_unlock(&r->lock);
		return false;
	}
	verdict = atcp_req_arrive(&r->req, &r->an->space, h, skb->len - h->hlen, &reply, &why);
	/* A segment that completes the handshake is traced as received by the child. */
	if (verdict != ATCP_ACCEPT)
		atcp_saw_rcv(r->an->net, l->sk, skb, ATCP_SYN_RECEIVED);
	switch (verdict) {
	case ATCP_ACCEPT:
		child = request_accept(r, skb, h, &why);
		break;
	case ATCP_REPLY:
		request_send(r, &reply);
		break;
	case ATCP_SYNACK:
		atcp_saw_synack_again(l->sk, &r->node.key, &r->req);
		request_send_synack(r);
		break;
	case ATCP_FORGET:
		atcp_request_kill(r);
		break;
	default:
		break;
	}
	spin_unlock(&r->lock);
	if (child)
		atcp_child_enter(l, child, skb, h);
	else if (why)
		atcp_net_drop(r->an, skb, why);
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
			atcp_request_kill(r);
		} else {
			atcp_net_count(r->an, ATCP_STAT_ICMP_IGNORED);
		}
	}
	spin_unlock(&r->lock);
}
