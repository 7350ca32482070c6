// SPDX-License-Identifier: GPL-2.0
/*
 * sock_diag(7) for our sockets, which atcp-ss uses.
 *
 * Requests and answers have the format of inet_diag.  In a request, sdiag_family is
 * AF_ATCP, pad is AF_INET or AF_INET6 (0: both), and sdiag_protocol is the carrier
 * (0: both).  In an answer, idiag_family is the family of the socket, INET_DIAG_PROTOCOL
 * is the carrier, and ATCP_DIAG_CHOSEN says who has chosen the port.
 */
#include <linux/cgroup.h>
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <net/inet_sock.h>
#include <net/netlink.h>
#include <net/tcp.h>

#include "compat/tcp_uapi.h"
#include "atcp.h"
#include "demux.h"
#include "listen/listen.h"
#include "listen/listeners.h"
#include "listen/request.h"
#include "netns.h"
#include "port/timewait.h"
#include "show/diag.h"
#include "show/walk.h"
#include "socket/info.h"
#include "socket/recv.h"

/* Values of idiag_timer, as inet_diag has them. */
enum {
	TIMER_OFF,
	TIMER_REXMT,
	TIMER_KEEP,
	TIMER_WAIT,
	TIMER_PROBE,
};

/**
 * struct answer - a message under construction
 * @skb:	the buffer it is written to
 * @nlh:	its netlink header
 * @msg:	its body, behind the header
 * @ask:	the request
 * @users:	the user namespace in which user numbers are given
 * @admin:	the requester has CAP_NET_ADMIN, and gets marks
 */
struct answer {
	struct sk_buff *skb;
	struct nlmsghdr *nlh;
	struct inet_diag_msg *msg;
	const struct inet_diag_req_v2 *ask;
	struct user_namespace *users;
	bool admin;
};

static bool asked(const struct answer *a, int attr)
{
	return a->ask->idiag_ext & (1 << (attr - 1));
}

static u32 ms_until(u64 when)
{
	u64 now = atcp_host_now();

	return when == ATCP_NEVER || when <= now ? 0 :
	       min_t(u64, div_u64(when - now, ATCP_MSEC), U32_MAX);
}

/* Begins a message with the fields that every item has. Return: 0 or -EMSGSIZE. */
static int begin(struct answer *a, u32 portid, const struct nlmsghdr *to, u16 flags,
		 int family, const struct atcp_key *key, u8 state)
{
	struct inet_diag_msg *m;

	a->nlh = nlmsg_put(a->skb, portid, to->nlmsg_seq, SOCK_DIAG_BY_FAMILY, sizeof(*m), flags);
	if (!a->nlh)
		return -EMSGSIZE;
	m = nlmsg_data(a->nlh);
	memset(m, 0, sizeof(*m));
	a->msg = m;
	m->idiag_family = family;
	m->idiag_state = state;
	m->id.idiag_sport = key->lport;
	m->id.idiag_dport = key->rport;
	m->id.idiag_if = key->dev;
	if (family == AF_INET6) {
		memcpy(m->id.idiag_src, &key->laddr, sizeof(key->laddr));
		memcpy(m->id.idiag_dst, &key->raddr, sizeof(key->raddr));
	} else {
		m->id.idiag_src[0] = key->laddr.s6_addr32[3];
		m->id.idiag_dst[0] = key->raddr.s6_addr32[3];
	}
	m->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	m->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return nla_put_u8(a->skb, INET_DIAG_PROTOCOL, key->carrier);
}

/* Completes the message, or removes it from the buffer if @err. Return: @err. */
static int end(struct answer *a, int err)
{
	if (err)
		nlmsg_cancel(a->skb, a->nlh);
	else
		nlmsg_end(a->skb, a->nlh);
	return err;
}

static void fill_timer(struct inet_diag_msg *m, const struct atcp_tcb *c)
{
	u64 rexmt = READ_ONCE(c->deadline[ATCP_T_REXMT]);
	u64 keep = READ_ONCE(c->deadline[ATCP_T_KEEP]);

	if (rexmt != ATCP_NEVER) {
		m->idiag_timer = c->probes ? TIMER_PROBE : TIMER_REXMT;
		m->idiag_retrans = c->probes ?: c->retries;
		m->idiag_expires = ms_until(rexmt);
	} else if (keep != ATCP_NEVER) {
		m->idiag_timer = TIMER_KEEP;
		m->idiag_retrans = c->probes;
		m->idiag_expires = ms_until(keep);
	}
}

static int put_info(struct answer *a, struct sock *sk)
{
	struct nlattr *attr = nla_reserve_64bit(a->skb, INET_DIAG_INFO,
						sizeof(struct atcp_tcp_info), INET_DIAG_PAD);

	if (!attr)
		return -EMSGSIZE;
	atcp_get_info(sk, nla_data(attr));
	return 0;
}

static int put_cgroup(struct answer *a, struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	return nla_put_u64_64bit(a->skb, INET_DIAG_CGROUP_ID,
				 cgroup_id(sock_cgroup_ptr(&sk->sk_cgrp_data)), INET_DIAG_PAD);
#else
	return 0;
#endif
}

static int put_mark(struct answer *a, u32 mark)
{
	return a->admin ? nla_put_u32(a->skb, INET_DIAG_MARK, mark) : 0;
}

static int put_meminfo(struct answer *a, const struct sock *sk)
{
	struct inet_diag_meminfo mem = {
		.idiag_rmem = sk_rmem_alloc_get(sk),
		.idiag_wmem = READ_ONCE(sk->sk_wmem_queued),
		.idiag_fmem = sk->sk_forward_alloc,
		.idiag_tmem = sk_wmem_alloc_get(sk),
	};

	return nla_put(a->skb, INET_DIAG_MEMINFO, sizeof(mem), &mem);
}

/* The kernel's TCP gives it to who asks for that of Vegas, whatever the algorithm. */
static int put_cc_info(struct answer *a, struct sock *sk)
{
	union atcp_cc_info info;
	int attr;
	u32 size = atcp_get_cc_info(sk, &info, &attr);

	return size ? nla_put(a->skb, attr, size, &info) : 0;
}

/* The caller owns the socket lock. Return: 0 or -EMSGSIZE. */
static int put_attributes(struct answer *a, struct sock *sk)
{
	struct sk_buff *skb = a->skb;

	if (nla_put_u8(skb, INET_DIAG_SHUTDOWN, READ_ONCE(sk->sk_shutdown)) ||
	    (asked(a, INET_DIAG_TOS) &&
	     nla_put_u8(skb, INET_DIAG_TOS, READ_ONCE(inet_sk(sk)->tos))) ||
	    nla_put_u8(skb, ATCP_DIAG_CHOSEN, !!(sk->sk_userlocks & SOCK_BINDPORT_LOCK)) ||
	    put_mark(a, READ_ONCE(sk->sk_mark)) || put_cgroup(a, sk) ||
	    (asked(a, INET_DIAG_MEMINFO) && put_meminfo(a, sk)) ||
	    (asked(a, INET_DIAG_SKMEMINFO) &&
	     sock_diag_put_meminfo(sk, skb, INET_DIAG_SKMEMINFO)) ||
	    (asked(a, INET_DIAG_CONG) &&
	     nla_put_string(skb, INET_DIAG_CONG, atcp_sk(sk)->tcb.cc_ops->name)) ||
	    (asked(a, INET_DIAG_VEGASINFO) && put_cc_info(a, sk)) ||
	    (asked(a, INET_DIAG_INFO) && put_info(a, sk)))
		return -EMSGSIZE;
	if (sk->sk_family == AF_INET6 &&
	    ((asked(a, INET_DIAG_TCLASS) &&
	      nla_put_u8(skb, INET_DIAG_TCLASS, inet6_sk(sk)->tclass)) ||
	     nla_put_u8(skb, INET_DIAG_SKV6ONLY, ipv6_only_sock(sk))))
		return -EMSGSIZE;
	return 0;
}

/* Writes the message for a socket. Process context; takes the socket lock. */
static int fill_sock(struct answer *a, u32 portid, const struct nlmsghdr *to, u16 flags,
		     struct sock *sk, const struct atcp_key *key)
{
	const struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	struct inet_diag_msg *m;
	bool slow;
	int err;

	slow = lock_sock_fast(sk);
	err = begin(a, portid, to, flags, sk->sk_family, key, inet_sk_state_load(sk));
	if (a->nlh) {
		m = a->msg;
		sock_diag_save_cookie(sk, m->id.idiag_cookie);
		m->id.idiag_if = sk->sk_bound_dev_if;
		m->idiag_uid = from_kuid_munged(a->users, sk_uid(sk));
		m->idiag_inode = sock_i_ino(sk);
		if (m->idiag_state == TCP_LISTEN) {
			m->idiag_rqueue = READ_ONCE(sk->sk_ack_backlog);
			m->idiag_wqueue = READ_ONCE(sk->sk_max_ack_backlog);
		} else {
			m->idiag_rqueue = atcp_readable(sk);
			m->idiag_wqueue = atcp_unacked(c);
			fill_timer(m, c);
		}
		err = end(a, err ?: put_attributes(a, sk));
	}
	unlock_sock_fast(sk, slow);
	return err;
}

/* Writes the message for a request or a TIME-WAIT, which have no socket. RCU. */
static int fill_node(struct answer *a, u32 portid, const struct nlmsghdr *to, u16 flags,
		     const struct atcp_node *node)
{
	const struct atcp_timewait *t;
	const struct atcp_request *r;
	int err;

	if (node->type == ATCP_NODE_REQ) {
		r = container_of(node, struct atcp_request, node);
		err = begin(a, portid, to, flags, r->listener->sk->sk_family, &node->key,
			    TCP_SYN_RECV);
		if (!a->nlh)
			return err;
		a->msg->idiag_timer = TIMER_REXMT;
		a->msg->idiag_retrans = READ_ONCE(r->req.retries);
		a->msg->idiag_expires = ms_until(READ_ONCE(r->req.deadline));
		a->msg->idiag_uid = from_kuid_munged(a->users, sk_uid(r->listener->sk));
		err = err ?: put_mark(a, r->mark);
	} else {
		t = container_of(node, struct atcp_timewait, node);
		err = begin(a, portid, to, flags, t->family, &node->key, TCP_TIME_WAIT);
		if (!a->nlh)
			return err;
		a->msg->idiag_timer = TIMER_WAIT;
		a->msg->idiag_expires = ms_until(READ_ONCE(t->tw.expires));
		err = err ?: put_mark(a, t->mark);
	}
	return end(a, err);
}

/* --- dumps of all sockets --- */

/* Whether the request asks for this state, carrier and ports. */
static bool matches(const struct inet_diag_req_v2 *ask, u8 state, const struct atcp_key *key)
{
	return ask->idiag_states & (1 << state) &&
	       (!ask->sdiag_protocol || ask->sdiag_protocol == key->carrier) &&
	       (!ask->id.idiag_sport || ask->id.idiag_sport == key->lport) &&
	       (!ask->id.idiag_dport || ask->id.idiag_dport == key->rport);
}

static int dump_start(struct netlink_callback *cb)
{
	const struct inet_diag_req_v2 *ask = nlmsg_data(cb->nlh);
	struct atcp_walk *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return -ENOMEM;
	atcp_walk_enter(w, atcp_net(sock_net(cb->skb->sk)), ask->pad);
	cb->args[0] = (long)w;
	return 0;
}

static int dump_done(struct netlink_callback *cb)
{
	struct atcp_walk *w = (struct atcp_walk *)cb->args[0];

	atcp_walk_exit(w);
	kfree(w);
	return 0;
}

/*
 * Dumps one socket.  RCU is left and entered again meanwhile, because taking the socket
 * lock may sleep. Return: 0 or -EMSGSIZE.
 */
static int dump_sock(struct answer *a, struct netlink_callback *cb, struct atcp_walk *w,
		     struct sock *sk, const struct atcp_key *key)
	__must_hold(RCU)
{
	struct atcp_key copy = *key;
	int err;

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return 0;
	atcp_walk_rest(w);
	err = fill_sock(a, NETLINK_CB(cb->skb).portid, cb->nlh, NLM_F_MULTI, sk, &copy);
	sock_put(sk);
	atcp_walk_start(w);
	return err;
}

static int dump_item(struct answer *a, struct netlink_callback *cb, struct atcp_walk *w,
		     void *item)
{
	struct atcp_node *node = item;
	struct atcp_key key;
	struct sock *sk;

	if (atcp_walk_listens(w)) {
		sk = ((struct atcp_listener *)item)->sk;
		atcp_listener_key(item, &key);
		return matches(a->ask, TCP_LISTEN, &key) ? dump_sock(a, cb, w, sk, &key) : 0;
	}
	switch (node->type) {
	case ATCP_NODE_SOCK:
		sk = (struct sock *)container_of(node, struct atcp_sock, node);
		return matches(a->ask, inet_sk_state_load(sk), &node->key) ?
		       dump_sock(a, cb, w, sk, &node->key) : 0;
	default:
		return matches(a->ask, node->type == ATCP_NODE_REQ ? TCP_SYN_RECV :
			       TCP_TIME_WAIT, &node->key) ?
		       fill_node(a, NETLINK_CB(cb->skb).portid, cb->nlh, NLM_F_MULTI, node) : 0;
	}
}

static int dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct atcp_walk *w = (struct atcp_walk *)cb->args[0];
	struct answer a = {
		.skb = skb,
		.ask = nlmsg_data(cb->nlh),
		.users = sk_user_ns(NETLINK_CB(cb->skb).sk),
		.admin = netlink_net_capable(cb->skb, CAP_NET_ADMIN),
	};
	void *item;

	if (cb->args[1])
		return 0;
	atcp_walk_start(w);
	for (item = atcp_walk_here(w); item; item = atcp_walk_next(w)) {
		if (dump_item(&a, cb, w, item))
			break;
		if (need_resched()) {
			atcp_walk_rest(w);
			cond_resched();
			atcp_walk_start(w);
		}
	}
	atcp_walk_rest(w);
	cb->args[1] = !item;		/* that was all */
	return skb->len;
}

/* --- requests for one socket --- */

static void key_of(struct atcp_key *key, const struct inet_diag_req_v2 *ask)
{
	const struct in6_addr *src = (const struct in6_addr *)ask->id.idiag_src;
	const struct in6_addr *dst = (const struct in6_addr *)ask->id.idiag_dst;

	if (ask->pad == AF_INET6)
		atcp_key_v6(key, ask->sdiag_protocol, src, ask->id.idiag_sport, dst,
			    ask->id.idiag_dport);
	else
		atcp_key_v4(key, ask->sdiag_protocol, ask->id.idiag_src[0], ask->id.idiag_sport,
			    ask->id.idiag_dst[0], ask->id.idiag_dport);
}

/* The listener bound to exactly this address and port, or NULL. RCU. */
static struct sock *find_listener(struct atcp_net *an, const struct inet_diag_req_v2 *ask,
				  const struct atcp_key *key)
{
	struct atcp_listen_place *place;
	struct atcp_listener *l;
	struct atcp_key k;

	place = atcp_listen_place(an, &key->laddr, key->lport, key->carrier);
	if (!place)
		return NULL;
	hlist_for_each_entry_rcu(l, &place->all, node) {
		atcp_listener_key(l, &k);
		if (l->sk->sk_family == ask->pad && ipv6_addr_equal(&k.laddr, &key->laddr) &&
		    !sock_diag_check_cookie(l->sk, ask->id.idiag_cookie))
			return l->sk;
	}
	return NULL;
}

/* Finds the socket that @ask names. @key: out. Return: a reference to it, or NULL. */
static struct sock *find(struct net *net, const struct inet_diag_req_v2 *ask,
			 struct atcp_key *key)
{
	struct atcp_net *an = atcp_net(net);
	struct atcp_node *node;
	struct sock *sk = NULL;

	key_of(key, ask);
	rcu_read_lock();
	if (ask->id.idiag_dport) {
		node = atcp_lookup(an, key, ask->id.idiag_if, 0);
		if (node && node->type == ATCP_NODE_SOCK)
			sk = (struct sock *)container_of(node, struct atcp_sock, node);
		if (sk && sock_diag_check_cookie(sk, ask->id.idiag_cookie))
			sk = NULL;
	} else {
		sk = find_listener(an, ask, key);
	}
	if (sk && !refcount_inc_not_zero(&sk->sk_refcnt))
		sk = NULL;
	rcu_read_unlock();
	return sk;
}

static int send_one(struct sk_buff *in, struct nlmsghdr *nlh)
{
	struct net *net = sock_net(in->sk);
	struct answer a = {
		.ask = nlmsg_data(nlh),
		.users = sk_user_ns(NETLINK_CB(in).sk),
		.admin = netlink_net_capable(in, CAP_NET_ADMIN),
	};
	u32 portid = NETLINK_CB(in).portid;
	struct atcp_key key;
	struct sock *sk;
	int err;

	sk = find(net, a.ask, &key);
	if (!sk)
		return -ENOENT;
	err = -ENOMEM;
	a.skb = nlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!a.skb)
		goto out;
	err = fill_sock(&a, portid, nlh, 0, sk, &key);
	if (err)
		nlmsg_free(a.skb);
	else
		err = nlmsg_unicast(net->diag_nlsk, a.skb, portid);
out:
	sock_put(sk);
	return err;
}

static int diag_dump(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.start = dump_start,
		.dump = dump,
		.done = dump_done,
	};

	if (nlmsg_len(nlh) < sizeof(struct inet_diag_req_v2))
		return -EINVAL;
	if (nlh->nlmsg_flags & NLM_F_DUMP)
		return netlink_dump_start(sock_net(skb->sk)->diag_nlsk, skb, nlh, &control);
	return send_one(skb, nlh);
}

static int diag_kill(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct atcp_key key;
	struct sock *sk;
	int err;

	if (nlmsg_len(nlh) < sizeof(struct inet_diag_req_v2))
		return -EINVAL;
	sk = find(sock_net(skb->sk), nlmsg_data(nlh), &key);
	if (!sk)
		return -ENOENT;
	err = sock_diag_destroy(sk, ECONNABORTED);
	sock_put(sk);
	return err;
}

int atcp_diag_destroy(struct sock *sk, int err)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	int ret = 0;

	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		atcp_listen_stop(sk);
	else if (c->state == ATCP_CLOSED)
		ret = -ENOENT;
	else
		atcp_abort(c, err);
	release_sock(sk);
	return ret;
}

static struct sock_diag_handler handler = {
	.owner = THIS_MODULE,
	.dump = diag_dump,
	.destroy = diag_kill,
};

int __init atcp_diag_init(int family)
{
	handler.family = family;
	return sock_diag_register(&handler);
}

void atcp_diag_exit(void)
{
	sock_diag_unregister(&handler);
}
