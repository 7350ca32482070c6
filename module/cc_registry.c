// SPDX-License-Identifier: GPL-2.0
/*
 * The algorithms of congestion control (core/cc.h): those that are built in, and those of
 * other modules.
 *
 * Each user holds a reference to the algorithm's module: a socket, and a namespace whose
 * default it is.  So a module that goes has no user.  Who reads the algorithm of another
 * user, or finds it by name, is in an RCU read section, for which atcp_cc_unregister() waits.
 *
 * As in the kernel's TCP, one list is for all namespaces, and so is what is allowed.
 */
#include <linux/capability.h>
#include <linux/jhash.h>
#include <linux/kmod.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "cc_registry.h"

struct algorithm {
	struct list_head node;
	const struct atcp_cc_ops *ops;
	bool allowed;		/* everyone may choose it; read without the lock */
};

/* The last is the default of the first namespace. */
static struct algorithm built_in[] = {
	{ .ops = &atcp_cc_reno, .allowed = true },
	{ .ops = &atcp_cc_cubic, .allowed = true },
};

static DEFINE_MUTEX(lock);
static LIST_HEAD(algorithms);		/* RCU; changed under the lock */
static unsigned int count;		/* of them; under the lock */

/* RCU read section, or the lock. */
static struct algorithm *find(const char *name, size_t len)
{
	struct algorithm *a;

	list_for_each_entry_rcu(a, &algorithms, node, lockdep_is_held(&lock)) {
		if (strlen(a->ops->name) == len && !memcmp(a->ops->name, name, len))
			return a;
	}
	return NULL;
}

/* --- the list --- */

static bool valid_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len && len < ATCP_CC_NAME_MAX && !name[len];
}

/* Without an owner there would be no reference to hold. */
static bool usable(const struct atcp_cc_ops *ops)
{
	return ops->api == ATCP_CC_API && ops->size <= ATCP_CC_SIZE_MAX && ops->owner &&
	       ops->ack && ops->ssthresh && ops->name && valid_name(ops->name);
}

int atcp_cc_register(const struct atcp_cc_ops *ops)
{
	struct algorithm *a;
	int err = 0;

	if (!usable(ops)) {
		pr_err("a congestion control is not complete, or not of version %d\n", ATCP_CC_API);
		return -EINVAL;
	}
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	a->ops = ops;
	mutex_lock(&lock);
	if (find(ops->name, strlen(ops->name)))
		err = -EEXIST;
	else if (count == ATCP_CC_MOST)
		err = -ENOMEM;
	else
		list_add_tail_rcu(&a->node, &algorithms);
	count += !err;
	mutex_unlock(&lock);
	if (err)
		kfree(a);
	return err;
}
EXPORT_SYMBOL_GPL(atcp_cc_register);

void atcp_cc_unregister(const struct atcp_cc_ops *ops)
{
	struct algorithm *a;

	mutex_lock(&lock);
	a = find(ops->name, strlen(ops->name));
	list_del_rcu(&a->node);
	count--;
	mutex_unlock(&lock);
	synchronize_rcu();
	kfree(a);
}
EXPORT_SYMBOL_GPL(atcp_cc_unregister);

void __init atcp_cc_registry_init(void)
{
	int i;

	mutex_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(built_in); i++, count++)
		list_add_tail_rcu(&built_in[i].node, &algorithms);
	mutex_unlock(&lock);
}

/* --- who uses them --- */

/*
 * As atcp_cc_get().  The structure is there as long as the reference is held.
 */
static struct algorithm *get(const char *name)
{
	size_t len = strlen(name);
	struct algorithm *a;

	rcu_read_lock();
	a = find(name, len);
	if (!a && valid_name(name) && capable(CAP_NET_ADMIN)) {
		rcu_read_unlock();
		request_module("atcp-cc-%s", name);
		rcu_read_lock();
		a = find(name, len);
	}
	if (!a)
		a = ERR_PTR(-ENOENT);
	else if (!atcp_cc_hold(a->ops))
		a = ERR_PTR(-EBUSY);
	rcu_read_unlock();
	return a;
}

const struct atcp_cc_ops *atcp_cc_get(const char *name, bool *allowed)
{
	struct algorithm *a = get(name);

	if (IS_ERR(a))
		return ERR_CAST(a);
	*allowed = READ_ONCE(a->allowed);
	return a->ops;
}

/* As tcp_register_congestion_control() hashes it. */
static u32 key_of(const char *name)
{
	char buf[ATCP_CC_NAME_MAX] = {};

	strscpy(buf, name, sizeof(buf));
	return jhash(buf, sizeof(buf), strlen(buf));
}

const struct atcp_cc_ops *atcp_cc_get_key(u32 key)
{
	const struct atcp_cc_ops *ops = NULL;
	struct algorithm *a;

	rcu_read_lock();
	list_for_each_entry_rcu(a, &algorithms, node) {
		if (key_of(a->ops->name) == key && atcp_cc_hold(a->ops)) {
			ops = a->ops;
			break;
		}
	}
	rcu_read_unlock();
	return ops;
}

const struct atcp_cc_ops *atcp_cc_get_default(struct atcp_net *an)
{
	const struct atcp_cc_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(an->cc);
	if (!atcp_cc_hold(ops))
		ops = &atcp_cc_reno;
	rcu_read_unlock();
	return ops;
}

void atcp_cc_net_init(struct atcp_net *an)
{
	const struct atcp_cc_ops *ops = built_in[ARRAY_SIZE(built_in) - 1].ops;

	if (!net_eq(an->net, &init_net))
		ops = atcp_cc_get_default(atcp_net(&init_net));
	RCU_INIT_POINTER(an->cc, ops);
}

void atcp_cc_net_exit(struct atcp_net *an)
{
	atcp_cc_put(rcu_dereference_protected(an->cc, true));
}

/* --- the sysctls --- */

void atcp_cc_default_name(const struct atcp_net *an, char *name)
{
	rcu_read_lock();
	strscpy(name, rcu_dereference(an->cc)->name, ATCP_CC_NAME_MAX);
	rcu_read_unlock();
}

int atcp_cc_set_default(struct atcp_net *an, const char *name)
{
	const struct atcp_cc_ops *old;
	struct algorithm *a = get(name);

	if (IS_ERR(a))
		return PTR_ERR(a);
	if (!net_eq(an->net, &init_net) && !READ_ONCE(a->allowed)) {
		atcp_cc_put(a->ops);
		return -EPERM;
	}
	old = unrcu_pointer(xchg(&an->cc, RCU_INITIALIZER(a->ops)));
	WRITE_ONCE(a->allowed, true);
	atcp_cc_put(old);
	return 0;
}

void atcp_cc_names(char *buf, bool allowed)
{
	struct algorithm *a;
	size_t len = 0;

	*buf = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(a, &algorithms, node) {
		if (!allowed || READ_ONCE(a->allowed))
			len += scnprintf(buf + len, ATCP_CC_TEXT - len, "%s%s", len ? " " : "",
					 a->ops->name);
	}
	rcu_read_unlock();
}

/* The name after @name, which has @len bytes.  An empty one ends the list, as in TCP. */
static const char *next(const char *name, size_t len)
{
	return name + len + (name[len] == ' ');
}

int atcp_cc_allow(const char *names)
{
	struct algorithm *a;
	const char *name;
	int err = 0;
	size_t len;

	mutex_lock(&lock);
	for (name = names; (len = strcspn(name, " ")); name = next(name, len)) {
		if (!find(name, len)) {
			err = -ENOENT;
			goto out;
		}
	}
	list_for_each_entry(a, &algorithms, node)
		WRITE_ONCE(a->allowed, false);
	for (name = names; (len = strcspn(name, " ")); name = next(name, len))
		WRITE_ONCE(find(name, len)->allowed, true);
out:
	mutex_unlock(&lock);
	return err;
}
