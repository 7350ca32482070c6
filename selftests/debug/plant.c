// SPDX-License-Identifier: GPL-2.0
/*
 * Bugs, planted on purpose: one of each kind that the debug kernels have to find.
 * Only `build-module -p` puts this file into a module; no Kbuild names it.  Writing
 * a bug's name to the parameter `plant` executes it, in process context, with objects
 * of the module.
 */
#include <linux/delay.h>
#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>

#include "atcp.h"
#include "netns.h"
#include "socket/send.h"
#include "socket/sock.h"

#if !IS_ENABLED(CONFIG_UML) || !IS_ENABLED(CONFIG_KASAN)
#error planted bugs are for debug kernels alone
#endif

static struct socket *planted_socket(void)
{
	struct socket *sock = NULL;

	/* The family that programs use by default. */
	if (__sock_create(current->nsproxy->net_ns, AF_ATCP, SOCK_STREAM, 0, &sock, 0))
		return NULL;
	return sock;
}

static void with_segment(void (*bug)(struct sock *sk, struct sk_buff *skb))
{
	struct socket *sock = planted_socket();
	struct sk_buff *skb;

	if (!sock)
		return;
	lock_sock(sock->sk);
	skb = atcp_alloc_sendable(sock->sk, GFP_KERNEL, false);
	if (skb)
		bug(sock->sk, skb);
	release_sock(sock->sk);
	sock_release(sock);
}

static void read_freed(struct sock *sk, struct sk_buff *skb)
{
	kfree_skb(skb);
	pr_info("a freed segment had %u bytes\n", READ_ONCE(skb->len));
}

static void use_after_free(void)
{
	with_segment(read_freed);
}

static void forget(struct sock *sk, struct sk_buff *skb)
{
	/* No reference to it is kept. */
}

static void leaked_segment(void)
{
	with_segment(forget);
}

static void write_past_end(struct sock *sk, struct sk_buff *skb)
{
	u8 *end = skb_end_pointer(skb) + sizeof(struct skb_shared_info);

	OPTIMIZER_HIDE_VAR(end);
	WRITE_ONCE(end[8], 1);
	kfree_skb(skb);
}

static void out_of_bounds(void)
{
	with_segment(write_past_end);
}

static void double_free(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
}

/* Charges a send buffer for data that it does not hold. */
static void memory_charged(void)
{
	struct socket *sock = planted_socket();

	if (sock) {
		sk_wmem_queued_add(sock->sk, 1);
		sock_release(sock);
	}
}

static void leaked_namespace(void)
{
	get_net(current->nsproxy->net_ns);
}

static void leaked_socket(void)
{
	struct socket *sock = planted_socket();

	if (sock) {
		sock_hold(sock->sk);
		sock_release(sock);
	}
}

/* Takes the lock of the list of listeners inside a socket's spinlock, and the reverse. */
static void lock_inversion(void)
{
	struct socket *sock = planted_socket();
	struct atcp_net *an;

	if (!sock)
		return;
	an = atcp_net(sock_net(sock->sk));
	local_bh_disable();
	bh_lock_sock(sock->sk);
	spin_lock(&an->listen_lock);
	spin_unlock(&an->listen_lock);
	bh_unlock_sock(sock->sk);

	spin_lock(&an->listen_lock);
	bh_lock_sock(sock->sk);
	bh_unlock_sock(sock->sk);
	spin_unlock(&an->listen_lock);
	local_bh_enable();
	sock_release(sock);
}

static void sleep_in_atomic(void)
{
	struct atcp_net *an = atcp_net(current->nsproxy->net_ns);

	spin_lock_bh(&an->listen_lock);
	kfree(kmalloc(1, GFP_KERNEL));
	spin_unlock_bh(&an->listen_lock);
}

/* The task returns to user space while it holds the lock. */
static void held_lock(void)
{
	struct socket *sock = planted_socket();

	if (sock)
		lock_sock(sock->sk);
}

static void refcount_underflow(void)
{
	struct socket *sock = planted_socket();
	refcount_t copy;

	if (!sock)
		return;
	/* As one sock_put() too many, but on a copy of the reference count. */
	refcount_set(&copy, 1);
	if (refcount_dec_and_test(&copy) && !refcount_dec_and_test(&copy))
		pr_info("one reference too few\n");
	sock_release(sock);
}

struct planted_timer {
	struct timer_list timer;
};

static void planted_timeout(struct timer_list *timer)
{
}

static void freed_timer(void)
{
	struct planted_timer *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	timer_setup(&t->timer, planted_timeout, 0);
	mod_timer(&t->timer, jiffies + 3600 * HZ);
	kfree(t);
}

static void list_corruption(void)
{
	LIST_HEAD(list);
	struct list_head node;

	list_add(&node, &list);
	node.prev = &node;
	list_del(&node);
}

static void rcu_misuse(void)
{
	struct socket *sock = planted_socket();

	if (!sock)
		return;
	/* Outside of an RCU read section, and without the lock. */
	pr_info("a listener at %p\n", rcu_dereference(atcp_sk(sock->sk)->listener));
	sock_release(sock);
}

static void bad_shift(void)
{
	int n = 40;

	OPTIMIZER_HIDE_VAR(n);
	pr_info("1 << 40 is %d\n", 1 << n);
}

static void bad_index(void)
{
	static int few[4];
	int n = 4;

	OPTIMIZER_HIDE_VAR(n);
	pr_info("the fifth of four is %d\n", few[n]);
}

/* Longer than twice watchdog_thresh, which the test has made short. */
static void soft_lockup(void)
{
	int i;

	for (i = 0; i < 50; i++)
		mdelay(100);
}

static const struct {
	const char *name;
	void (*commit)(void);
} bugs[] = {
	{ "use-after-free", use_after_free },
	{ "double-free", double_free },
	{ "out-of-bounds", out_of_bounds },
	{ "leaked-segment", leaked_segment },
	{ "leaked-socket", leaked_socket },
	{ "leaked-namespace", leaked_namespace },
	{ "memory-charged", memory_charged },
	{ "lock-inversion", lock_inversion },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "held-lock", held_lock },
	{ "refcount-underflow", refcount_underflow },
	{ "freed-timer", freed_timer },
	{ "list-corruption", list_corruption },
	{ "rcu-misuse", rcu_misuse },
	{ "soft-lockup", soft_lockup },
	{ "bad-shift", bad_shift },
	{ "bad-index", bad_index },
};

static int set_plant(const char *val, const struct kernel_param *kp)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (sysfs_streq(val, bugs[i].name)) {
			bugs[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops plant_ops = {
	.set = set_plant,
};

module_param_cb(plant, &plant_ops, NULL, 0200);
MODULE_PARM_DESC(plant, "commit a bug, for tests of the debug kernels");
