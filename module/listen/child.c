// SPDX-License-Identifier: GPL-2.0
/*
 * A completed handshake becomes a socket in the accept queue:
 *
 *   atcp_child_make -> atcp_child_open, the connection table -> atcp_child_enter
 */
#include <linux/security.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/request_sock.h>

#include "compat/memcg.h"
#include "listen/child.h"
#include "listen/listen.h"
#include "net/atcp_ip.h"
#include "port/ports.h"
#include "socket/sock.h"

/*
 * Asks the LSM.  Its hook takes a request of the kernel's TCP, reads the family and the
 * ends from it, and writes labels into it: one is built on the stack.
 */
int atcp_child_allowed(const struct sock *sk, struct sk_buff *skb, const struct atcp_key *key,
		       u32 mark, int oif)
{
#ifdef CONFIG_SECURITY_NETWORK
	static struct request_sock_ops ops4 = { .family = PF_INET };
	static struct request_sock_ops ops6 = { .family = PF_INET6 };
	struct inet_request_sock ireq = {};
	struct request_sock *req = (struct request_sock *)&ireq;
	struct ip_options_rcu *opt;
	int err;

	req->rsk_listener = (struct sock *)sk;
	req_to_sk(req)->sk_family = sk->sk_family;
	if (atcp_key_is_v6(key)) {
		req->rsk_ops = &ops6;
		ireq.ir_v6_loc_addr = key->laddr;
		ireq.ir_v6_rmt_addr = key->raddr;
	} else {
		req->rsk_ops = &ops4;
		sk_rcv_saddr_set(req_to_sk(req), key->laddr.s6_addr32[3]);
		sk_daddr_set(req_to_sk(req), key->raddr.s6_addr32[3]);
	}
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

void atcp_child_abort(struct sock *child)
{
	struct atcp_sock *as = atcp_sk(child);

	if (as->tcb.state != ATCP_CLOSED)
		atcp_abort(&as->tcb, 0);
	sock_orphan(child);
	atcp_sock_destroy(child);
}

void atcp_child_put(struct sock *child)
{
	__acquire(&child->sk_lock.slock);	/* sk_clone() does not tell sparse */
	bh_unlock_sock(child);
	sock_put(child);
}

struct sock *atcp_child_make(struct atcp_listener *l, const struct atcp_req *req,
			     const struct atcp_key *key, const struct atcp_flow *f,
			     struct sk_buff *skb)
{
	struct sock *sk = l->sk, *child;
	struct atcp_sock *as;

	child = sk_clone(sk, GFP_ATOMIC, true);
	if (!child)
		return NULL;
	inet_sk_set_state(child, TCP_CLOSE);
	as = atcp_sk(child);
	child->sk_mark = f->mark;
	atomic64_set(&child->sk_cookie, 0);
	child->sk_shutdown = 0;		/* the listener may have been shut down before listen() */
	child->sk_txhash = f->hash ?: net_tx_rndhash();
	atcp_child_memcg(child, sk);

	atcp_sock_init(child);
	as->node.key = *key;
	as->node.key.dev = f->oif;
	as->node.type = ATCP_NODE_SOCK;
	if (atcp_ip_child(child, key, f, skb) || atcp_port_inherit(child, sk, req->lport)) {
		atcp_child_abort(child);
		atcp_child_put(child);
		return NULL;
	}
	return child;
}

void atcp_child_open(struct sock *child, struct sock *sk, const struct atcp_req *req,
		     struct sk_buff *skb)
{
	struct atcp_tcb *c = &atcp_sk(child)->tcb;

	atcp_accept(c, req, c->space);
	atcp_sock_inherit(child, sk);
	inet_sk_set_state(child, TCP_SYN_RECV);
	security_inet_conn_established(child, skb);
}

void atcp_child_enter(struct atcp_listener *l, struct sock *child, struct sk_buff *skb,
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
		atcp_child_abort(child);
		kfree_skb(skb);
	} else {
		__skb_pull(skb, h->hlen);
		skb->dev = NULL;
		atcp_sock_rcv(child, skb, h, 0);
		sk->sk_data_ready(sk);
	}
	atcp_child_put(child);
}
