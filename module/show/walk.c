// SPDX-License-Identifier: GPL-2.0
/*
 * Walks over the sockets, requests and TIME-WAITs of a namespace, for /proc/net/atcp
 * (proc.c) and sock_diag (diag.c).
 */
#include "atcp.h"
#include "demux.h"
#include "listen/listen.h"
#include "listen/request.h"
#include "port/timewait.h"
#include "show/walk.h"

void atcp_walk_enter(struct atcp_walk *w, struct atcp_net *an, int family)
{
	*w = (struct atcp_walk){
		.an = an,
		.family = family,
		.listens = true,
		.number = ULONG_MAX,
	};
	rhashtable_walk_enter(&an->connections, &w->iter);
}

void atcp_walk_exit(struct atcp_walk *w)
{
	rhashtable_walk_exit(&w->iter);
}

void atcp_walk_start(struct atcp_walk *w)
	__acquires(RCU)
{
	rhashtable_walk_start(&w->iter);
}

void atcp_walk_rest(struct atcp_walk *w)
	__releases(RCU)
{
	rhashtable_walk_stop(&w->iter);
}

bool atcp_walk_listens(const struct atcp_walk *w)
{
	return w->listens;
}

static int family_of(const struct atcp_node *node)
{
	switch (node->type) {
	case ATCP_NODE_SOCK:
		return container_of(node, struct atcp_sock, node)->inet.sk.sk_family;
	case ATCP_NODE_REQ:
		return container_of(node, struct atcp_request, node)->listener->sk->sk_family;
	default:
		return container_of(node, struct atcp_timewait, node)->family;
	}
}

static bool wanted(const struct atcp_walk *w, int family)
{
	return w->family == AF_UNSPEC || w->family == family;
}

static bool node_wanted(const struct atcp_walk *w, const struct atcp_node *node)
{
	return node->type != ATCP_NODE_MOVING && wanted(w, family_of(node));
}

static struct atcp_node *next_connection(struct atcp_walk *w)
{
	struct atcp_node *node;

	do {
		node = rhashtable_walk_next(&w->iter);
		/* An error pointer means that the table was resized; the walk begins again. */
	} while (node && (IS_ERR(node) || !node_wanted(w, node)));
	return node;
}

/* The first listener from the current number on, or NULL, which ends that part. */
static struct atcp_listener *find_listener(struct atcp_walk *w)
{
	struct atcp_listener *l;

	while ((l = xa_find(&w->an->listeners, &w->number, ULONG_MAX, XA_PRESENT))) {
		if (wanted(w, l->sk->sk_family))
			return l;
		w->number++;
	}
	w->listens = false;
	return NULL;
}

void *atcp_walk_next(struct atcp_walk *w)
{
	void *item;

	if (atcp_walk_listens(w)) {
		w->number++;
		item = find_listener(w);
		if (item)
			return item;
	}
	return next_connection(w);
}

void *atcp_walk_first(struct atcp_walk *w)
{
	atcp_walk_rest(w);
	atcp_walk_exit(w);
	atcp_walk_enter(w, w->an, w->family);
	atcp_walk_start(w);
	return atcp_walk_next(w);
}

void *atcp_walk_here(struct atcp_walk *w)
{
	struct atcp_node *node;
	void *item;

	if (atcp_walk_listens(w)) {
		if (w->number == ULONG_MAX)
			w->number = 0;
		item = find_listener(w);
		if (item)
			return item;
	}
	node = rhashtable_walk_peek(&w->iter);
	if (node && (IS_ERR(node) || !node_wanted(w, node)))
		node = next_connection(w);
	return node;
}

void atcp_listener_key(const struct atcp_listener *l, struct atcp_key *key)
{
	const struct sock *sk = l->sk;
	__be16 port = htons(inet_sk(sk)->inet_num);

	if (sk->sk_family == AF_INET6)
		atcp_key_v6(key, atcp_carrier(sk), &sk->sk_v6_rcv_saddr, port, &in6addr_any, 0);
	else
		atcp_key_v4(key, atcp_carrier(sk), inet_sk(sk)->inet_rcv_saddr, port, 0, 0);
}
