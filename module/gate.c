// SPDX-License-Identifier: GPL-2.0
/*
 * The permission to make sockets of the carrier TCP.
 *
 * These sockets bypass the host's policies about TCP (Landlock, SELinux, programs of
 * cgroups that check for protocol 6), and the first of them changes the path of the
 * namespace's packets (netfilter.c).  So they are restricted like ping sockets
 * (net.ipv4.ping_group_range): to a range of groups, which is empty by default, and to
 * processes with CAP_NET_ADMIN over the namespace.  Only socket() is checked.  A process
 * that is passed a socket, or accepts a connection, may use it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/sysctl.h>
#include <linux/uidgid.h>

#include "gate.h"

void atcp_gate_net_init(struct atcp_net *an)
{
	seqlock_init(&an->tcp_groups_lock);
	an->tcp_groups[0] = make_kgid(&init_user_ns, 1);
	an->tcp_groups[1] = make_kgid(&init_user_ns, 0);
}

static void get_range(struct atcp_net *an, kgid_t *low, kgid_t *high)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&an->tcp_groups_lock);
		*low = an->tcp_groups[0];
		*high = an->tcp_groups[1];
	} while (read_seqretry(&an->tcp_groups_lock, seq));
}

static bool between(kgid_t group, kgid_t low, kgid_t high)
{
	return gid_lte(low, group) && gid_lte(group, high);
}

int atcp_gate_pass(struct atcp_net *an)
{
	const struct group_info *groups = current_cred()->group_info;
	kgid_t low, high;
	int i;

	get_range(an, &low, &high);
	if (between(current_egid(), low, high))
		return 0;
	for (i = 0; i < groups->ngroups; i++) {
		if (between(groups->gid[i], low, high))
			return 0;
	}
	return ns_capable(an->net->user_ns, CAP_NET_ADMIN) ? 0 : -EACCES;
}

/* As ipv4_ping_group_range(): the numbers are those of the caller's user namespace. */
int atcp_gate_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	static const unsigned long least[2] = { 0, 0 };
	static const unsigned long most[2] = { (gid_t)~0U - 1, (gid_t)~0U - 1 };
	struct user_namespace *user_ns = current_user_ns();
	struct atcp_net *an = row->extra2;
	unsigned long range[2];
	struct ctl_table tmp = {
		.procname = row->procname,
		.data = range,
		.maxlen = sizeof(range),
		.mode = row->mode,
		.extra1 = (void *)least,
		.extra2 = (void *)most,
	};
	kgid_t low, high;
	int err;

	get_range(an, &low, &high);
	range[0] = from_kgid_munged(user_ns, low);
	range[1] = from_kgid_munged(user_ns, high);
	err = proc_doulongvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	low = make_kgid(user_ns, range[0]);
	high = make_kgid(user_ns, range[1]);
	if (!gid_valid(low) || !gid_valid(high))
		return -EINVAL;
	if (range[1] < range[0] || gid_lt(high, low)) {
		low = make_kgid(&init_user_ns, 1);
		high = make_kgid(&init_user_ns, 0);
	}
	write_seqlock(&an->tcp_groups_lock);
	an->tcp_groups[0] = low;
	an->tcp_groups[1] = high;
	write_sequnlock(&an->tcp_groups_lock);
	return 0;
}
