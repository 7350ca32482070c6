// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/atcp, /proc/net/atcp6: a row for every listener, connection, request
 * and TIME-WAIT of an AF_INET or AF_INET6 socket, in the columns of /proc/net/tcp
 * and tcp6.  /proc/net/atcp_stat: counters by name.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "atcp.h"
#include "listen/listen.h"
#include "listen/request.h"
#include "netns.h"
#include "port/timewait.h"
#include "show/proc.h"
#include "show/walk.h"
#include "socket/recv.h"
#include "stat.h"

/* --- /proc/net/atcp, /proc/net/atcp6 --- */

/**
 * struct table_iter - the position of a reader, kept between calls of read()
 * @walk:	the walk over the namespace
 * @pos:	seq_file's position of the walk's current item
 */
struct table_iter {
	struct atcp_walk walk;
	loff_t pos;
};

/* The values of a row. Times are printed in clock ticks (USER_HZ). */
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
	const struct atcp_tcb *tcb;	/* for the columns that only a socket has, or NULL */
};

/* Values of the column "tr". */
#define TIMER_NONE	0
#define TIMER_REXMT	1
#define TIMER_KEEP	2
#define TIMER_WAIT	3	/* TIME-WAIT */
#define TIMER_PROBE	4

/* Prints an address as words in memory order, as the kernel's TCP does, and a port. */
static void show_end(struct seq_file *seq, int family, const struct in6_addr *addr, __be16 port)
{
	const u32 *word = (__force const u32 *)addr->s6_addr32;

	if (family == AF_INET6)
		seq_printf(seq, "%08X%08X%08X", word[0], word[1], word[2]);
	seq_printf(seq, "%08X:%04X ", word[3], ntohs(port));
}

static unsigned long ticks(u64 us)
{
	return jiffies_to_clock_t(usecs_to_jiffies(us));
}

/* The RTO, the ACK delay, whether ACKs are delayed, cwnd and ssthresh in segments. */
static void show_socket(struct seq_file *seq, const struct atcp_tcb *c, bool listens)
{
	u32 ssthresh = READ_ONCE(c->cc.ssthresh), mss = max_t(u32, READ_ONCE(c->mss), 1);

	seq_printf(seq, " %lu %lu %u %u %d", ticks(atcp_rto(c)), ticks(atcp_ack_delay(c)),
		   READ_ONCE(c->interactive), READ_ONCE(c->cc.cwnd) / mss,
		   listens ? 0 : ssthresh == U32_MAX ? -1 : (int)(ssthresh / mss));
}

static void show_row(struct seq_file *seq, const struct row *r)
{
	unsigned long when = jiffies_to_clock_t(nsecs_to_jiffies(r->expires * NSEC_PER_USEC));
	const struct table_iter *iter = seq->private;

	seq_printf(seq, "%4llu: ", (unsigned long long)seq->index - 1);
	show_end(seq, iter->walk.family, &r->key->laddr, r->key->lport);
	show_end(seq, iter->walk.family, &r->key->raddr, r->key->rport);
	seq_printf(seq, "%02X %08X:%08X ", r->state, r->tx_queue, r->rx_queue);
	seq_printf(seq, "%02X:%08lX %08X %5u %8u %lu %d %pK", r->timer, when, r->retries,
		   from_kuid_munged(seq_user_ns(seq), r->uid), r->probes, r->inode, r->refs,
		   r->object);
	if (r->tcb)
		show_socket(seq, r->tcb, r->state == TCP_LISTEN);
	seq_putc(seq, '\n');
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
		.tcb = &atcp_sk(sk)->tcb,
	};

	atcp_listener_key(l, &key);
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
		.tcb = c,
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

static void *table_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct table_iter *iter = seq->private;
	void *item;
	loff_t n;

	atcp_walk_start(&iter->walk);
	if (!*pos) {
		iter->pos = 0;
		return SEQ_START_TOKEN;
	}
	if (*pos == iter->pos)
		return atcp_walk_here(&iter->walk);
	item = atcp_walk_first(&iter->walk);
	for (n = *pos - 1; item && n; n--)
		item = atcp_walk_next(&iter->walk);
	iter->pos = *pos;
	return item;
}

static void *table_next(struct seq_file *seq, void *item, loff_t *pos)
{
	struct table_iter *iter = seq->private;

	iter->pos = ++*pos;
	return item == SEQ_START_TOKEN ? atcp_walk_first(&iter->walk) :
					 atcp_walk_next(&iter->walk);
}

static void table_stop(struct seq_file *seq, void *item)
	__releases(RCU)
{
	struct table_iter *iter = seq->private;

	atcp_walk_rest(&iter->walk);
}

static void show_heading(struct seq_file *seq, int family)
{
	if (family == AF_INET6) {
		seq_puts(seq, "  sl  local_address                         ");
		seq_puts(seq, "remote_address                        st tx_queue rx_queue ");
	} else {
		seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue ");
	}
	seq_puts(seq, "tr tm->when retrnsmt   uid  timeout inode ref pointer\n");
}

static int table_show(struct seq_file *seq, void *item)
{
	struct table_iter *iter = seq->private;

	if (item == SEQ_START_TOKEN)
		show_heading(seq, iter->walk.family);
	else if (atcp_walk_listens(&iter->walk))
		show_listener(seq, item);
	else
		show_node(seq, item);
	return 0;
}

static const struct seq_operations table_ops = {
	.start = table_start,
	.next = table_next,
	.stop = table_stop,
	.show = table_show,
};

static int table_open(struct inode *inode, struct file *file, int family)
{
	struct table_iter *iter = __seq_open_private(file, &table_ops, sizeof(*iter));

	if (!iter)
		return -ENOMEM;
	atcp_walk_enter(&iter->walk, pde_data(inode), family);
	return 0;
}

static int table_open4(struct inode *inode, struct file *file)
{
	return table_open(inode, file, AF_INET);
}

static int table_open6(struct inode *inode, struct file *file)
{
	return table_open(inode, file, AF_INET6);
}

static int table_release(struct inode *inode, struct file *file)
{
	struct table_iter *iter = ((struct seq_file *)file->private_data)->private;

	atcp_walk_exit(&iter->walk);
	return seq_release_private(inode, file);
}

static const struct proc_ops table4_proc_ops = {
	.proc_open = table_open4,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = table_release,
};

static const struct proc_ops table6_proc_ops = {
	.proc_open = table_open6,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = table_release,
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
	struct atcp_net *an = atcp_net(net);

	if (!proc_create_data("atcp", 0444, net->proc_net, &table4_proc_ops, an))
		return -ENOMEM;
	if (!proc_create_data("atcp6", 0444, net->proc_net, &table6_proc_ops, an))
		goto no_table6;
	if (!proc_create_net_single("atcp_stat", 0444, net->proc_net, stat_show, NULL))
		goto no_stat;
	return 0;
no_stat:
	remove_proc_entry("atcp6", net->proc_net);
no_table6:
	remove_proc_entry("atcp", net->proc_net);
	return -ENOMEM;
}

void atcp_proc_exit(struct net *net)
{
	remove_proc_entry("atcp_stat", net->proc_net);
	remove_proc_entry("atcp6", net->proc_net);
	remove_proc_entry("atcp", net->proc_net);
}
