// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/atcp: a row for every listener, connection, request and TIME-WAIT,
 * in the columns of /proc/net/tcp.  /proc/net/atcp_stat: counters by name.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "demux.h"
#include "listen.h"
#include "netns.h"
#include "request.h"
#include "sock.h"
#include "timewait.h"

/* --- /proc/net/atcp --- */

/**
 * struct table_iter - where a reader is
 * @p:		seq_file's own, first
 * @walk:	position in the connection table
 * @bucket:	of the listeners, ATCP_LISTEN_BUCKETS once they are through
 */
struct table_iter {
	struct seq_net_private p;
	struct rhashtable_iter walk;
	int bucket;
};

/* What a row tells. Times are clock ticks (USER_HZ). */
struct row {
	const struct atcp_key *key;
	u8 state;
	u32 tx_queue;
	u32 rx_queue;
	u8 timer;
	u64 expires;		/* microseconds from now */
	u8 retries;
	kuid_t uid;
	u32 probes;
	unsigned long inode;
	int refs;
	const void *object;
};

/* Values of the column "tr". */
#define TIMER_NONE	0
#define TIMER_REXMT	1
#define TIMER_KEEP	2
#define TIMER_WAIT	3	/* TIME-WAIT */
#define TIMER_PROBE	4

static void show_row(struct seq_file *seq, const struct row *r)
{
	unsigned long when = jiffies_to_clock_t(nsecs_to_jiffies(r->expires * NSEC_PER_USEC));

	seq_printf(seq, "%4llu: %08X:%04X %08X:%04X %02X %08X:%08X ",
		   (unsigned long long)seq->index - 1,
		   (__force u32)r->key->laddr.s6_addr32[3], ntohs(r->key->lport),
		   (__force u32)r->key->raddr.s6_addr32[3], ntohs(r->key->rport),
		   r->state, r->tx_queue, r->rx_queue);
	seq_printf(seq, "%02X:%08lX %08X %5u %8u %lu %d %pK\n", r->timer, when, r->retries,
		   from_kuid_munged(seq_user_ns(seq), r->uid), r->probes, r->inode, r->refs,
		   r->object);
}

static u64 until(u64 when)
{
	u64 now = atcp_host_now();

	return when != ATCP_NEVER && when > now ? when - now : 0;
}

static void show_listener(struct seq_file *seq, struct atcp_listener *l)
{
	struct sock *sk = l->sk;
	struct atcp_key key;
	struct row r = {
		.key = &key,
		.state = TCP_LISTEN,
		.rx_queue = READ_ONCE(sk->sk_ack_backlog),
		.uid = sk_uid(sk),
		.inode = sock_i_ino(sk),
		.refs = refcount_read(&sk->sk_refcnt),
		.object = sk,
	};

	atcp_key_v4(&key, inet_sk(sk)->inet_rcv_saddr, htons(inet_sk(sk)->inet_num), 0, 0);
	show_row(seq, &r);
}

/* Read without the lock, as for TCP: fields may be of different moments. */
static void show_sock(struct seq_file *seq, struct atcp_sock *as)
{
	struct sock *sk = (struct sock *)as;
	const struct atcp_tcb *c = &as->tcb;
	u64 rexmt = READ_ONCE(c->deadline[ATCP_T_REXMT]);
	u64 keep = READ_ONCE(c->deadline[ATCP_T_KEEP]);
	struct row r = {
		.key = &as->node.key,
		.state = READ_ONCE(sk->sk_state),
		.tx_queue = atcp_unacked(c),
		.rx_queue = atcp_readable(sk),
		.retries = READ_ONCE(c->retries),
		.probes = READ_ONCE(c->probes),
		.uid = sk_uid(sk),
		.inode = sock_i_ino(sk),
		.refs = refcount_read(&sk->sk_refcnt),
		.object = sk,
	};

	if (rexmt != ATCP_NEVER) {
		r.timer = r.probes ? TIMER_PROBE : TIMER_REXMT;
		r.expires = until(rexmt);
	} else if (keep != ATCP_NEVER) {
		r.timer = TIMER_KEEP;
		r.expires = until(keep);
	}
	show_row(seq, &r);
}

static void show_request(struct seq_file *seq, struct atcp_request *req)
{
	struct row r = {
		.key = &req->node.key,
		.state = TCP_SYN_RECV,
		.timer = TIMER_REXMT,
		.expires = until(READ_ONCE(req->req.deadline)),
		.retries = READ_ONCE(req->req.retries),
		.uid = sk_uid(req->listener->sk),
		.object = req,
	};

	show_row(seq, &r);
}

static void show_timewait(struct seq_file *seq, struct atcp_timewait *t)
{
	struct row r = {
		.key = &t->node.key,
		.state = TCP_TIME_WAIT,
		.timer = TIMER_WAIT,
		.expires = until(READ_ONCE(t->tw.expires)),
		.uid = GLOBAL_ROOT_UID,
		.object = t,
	};

	show_row(seq, &r);
}

static void show_node(struct seq_file *seq, struct atcp_node *node)
{
	switch (node->type) {
	case ATCP_NODE_SOCK:
		show_sock(seq, container_of(node, struct atcp_sock, node));
		break;
	case ATCP_NODE_REQ:
		show_request(seq, container_of(node, struct atcp_request, node));
		break;
	case ATCP_NODE_TW:
		show_timewait(seq, container_of(node, struct atcp_timewait, node));
		break;
	}
}

/* seq_file's cursor is a listener as long as iter->bucket says so, then a node. */

static void *next_connection(struct table_iter *iter)
{
	void *node;

	do {
		node = rhashtable_walk_next(&iter->walk);
	} while (IS_ERR(node));		/* resized: from the start again */
	return node;
}

/* The first listener from iter->bucket on, or the first connection. */
static void *next_bucket(struct atcp_net *an, struct table_iter *iter)
{
	struct hlist_node *first;

	for (; iter->bucket < ATCP_LISTEN_BUCKETS; iter->bucket++) {
		first = rcu_dereference(hlist_first_rcu(&an->listeners[iter->bucket].all));
		if (first)
			return hlist_entry(first, struct atcp_listener, node);
	}
	return next_connection(iter);
}

static void *next_item(struct atcp_net *an, struct table_iter *iter, void *item)
{
	struct hlist_node *next;

	if (iter->bucket == ATCP_LISTEN_BUCKETS)
		return next_connection(iter);
	next = rcu_dereference(hlist_next_rcu(&((struct atcp_listener *)item)->node));
	if (next)
		return hlist_entry(next, struct atcp_listener, node);
	iter->bucket++;
	return next_bucket(an, iter);
}

static void *table_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct atcp_net *an = atcp_net(seq_file_net(seq));
	struct table_iter *iter = seq->private;
	void *item;
	loff_t n;

	iter->bucket = 0;
	rhashtable_walk_enter(&an->connections, &iter->walk);
	rhashtable_walk_start(&iter->walk);
	if (!*pos)
		return SEQ_START_TOKEN;
	item = next_bucket(an, iter);
	for (n = *pos - 1; item && n; n--)
		item = next_item(an, iter, item);
	return item;
}

static void *table_next(struct seq_file *seq, void *item, loff_t *pos)
{
	struct atcp_net *an = atcp_net(seq_file_net(seq));
	struct table_iter *iter = seq->private;

	++*pos;
	return item == SEQ_START_TOKEN ? next_bucket(an, iter) : next_item(an, iter, item);
}

static void table_stop(struct seq_file *seq, void *item)
	__releases(RCU)
{
	struct table_iter *iter = seq->private;

	rhashtable_walk_stop(&iter->walk);
	rhashtable_walk_exit(&iter->walk);
}

static int table_show(struct seq_file *seq, void *item)
{
	struct table_iter *iter = seq->private;

	if (item == SEQ_START_TOKEN) {
		seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue ");
		seq_puts(seq, "tr tm->when retrnsmt   uid  timeout inode ref pointer\n");
	} else if (iter->bucket < ATCP_LISTEN_BUCKETS) {
		show_listener(seq, item);
	} else {
		show_node(seq, item);
	}
	return 0;
}

static const struct seq_operations table_ops = {
	.start = table_start,
	.next = table_next,
	.stop = table_stop,
	.show = table_show,
};

/* --- /proc/net/atcp_stat --- */

static void show_stat(struct seq_file *seq, const char *name, u64 val, const char *text)
{
	char lower[32];
	int i;

	for (i = 0; name[i] && i < sizeof(lower) - 1; i++)
		lower[i] = tolower(name[i]);
	lower[i] = '\0';
	seq_printf(seq, "%-20s %12llu  %s\n", lower, val, text);
}

static int stat_show(struct seq_file *seq, void *unused)
{
	struct atcp_net *an = atcp_net(seq_file_single_net(seq));
	int i;

	for (i = 0; i < ATCP_STAT_COUNT; i++)
		show_stat(seq, atcp_stat_info[i].name, atcp_stat_read(an, i),
			  atcp_stat_info[i].text);
	show_stat(seq, "now_sockets", atomic_read(&an->sockets), "sockets, orphans included");
	show_stat(seq, "now_orphans", atomic_read(&an->orphans), "sockets that no program holds");
	show_stat(seq, "now_requests", atomic_read(&an->req_count), "connections in SYN-RECEIVED");
	show_stat(seq, "now_time_waits", atomic_read(&an->tw_count), "connections in TIME-WAIT");
	return 0;
}

int atcp_proc_init(struct net *net)
{
	if (!proc_create_net("atcp", 0444, net->proc_net, &table_ops, sizeof(struct table_iter)))
		return -ENOMEM;
	if (!proc_create_net_single("atcp_stat", 0444, net->proc_net, stat_show, NULL)) {
		remove_proc_entry("atcp", net->proc_net);
		return -ENOMEM;
	}
	return 0;
}

void atcp_proc_exit(struct net *net)
{
	remove_proc_entry("atcp_stat", net->proc_net);
	remove_proc_entry("atcp", net->proc_net);
}
