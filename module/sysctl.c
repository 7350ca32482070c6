// SPDX-License-Identifier: GPL-2.0
/*
 * net.atcp.*: what the owner of a namespace may tune.  Times are seconds unless
 * the name says otherwise; the core keeps microseconds.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "netns.h"
#include "sock.h"

/**
 * struct knob - a row
 * @name:	file name
 * @offset:	of the field in struct atcp_net
 * @count:	values in the file, an array when more than 1
 * @unit:	FLAG, NUMBER, or how many microseconds the file's unit has
 * @min:	least value
 * @max:	greatest value
 */
struct knob {
	const char *name;
	u16 offset;
	u8 count;
	u32 unit;
	u32 min;
	u32 max;
};

#define FLAG	0		/* a bool */
#define NUMBER	1		/* a u32; with any other unit the field is a u64 */

#define ROW(_name, _field, _count, _unit, _min, _max) {			\
	.name = _name,							\
	.offset = offsetof(struct atcp_net, _field),			\
	.count = _count,						\
	.unit = _unit,							\
	.min = _min,							\
	.max = _max,							\
}

static const struct knob knobs[] = {
	ROW("time_wait", space.conf.msl2, 1, ATCP_SEC, 1, 600),
	ROW("fin_timeout", space.conf.fin_timeout, 1, ATCP_SEC, 1, 3600),
	ROW("keepalive_time", space.conf.keepalive_time, 1, ATCP_SEC, 1, 32767),
	ROW("keepalive_intvl", space.conf.keepalive_intvl, 1, ATCP_SEC, 1, 32767),
	ROW("keepalive_probes", space.conf.keepalive_probes, 1, NUMBER, 1, 127),
	ROW("rto_min_ms", space.conf.rto_min, 1, ATCP_MSEC, 1, 120000),
	ROW("rto_max_ms", space.conf.rto_max, 1, ATCP_MSEC, 1000, 3600000),
	ROW("challenge_interval_ms", space.conf.challenge_interval, 1, ATCP_MSEC, 0, 60000),
	ROW("syn_retries", space.conf.syn_retries, 1, NUMBER, 1, 127),
	ROW("synack_retries", space.conf.synack_retries, 1, NUMBER, 0, 127),
	ROW("retries1", space.conf.retries1, 1, NUMBER, 0, 127),
	ROW("retries2", space.conf.retries2, 1, NUMBER, 1, 127),
	ROW("orphan_retries", space.conf.orphan_retries, 1, NUMBER, 0, 127),
	ROW("initial_window", space.conf.initial_window, 1, NUMBER, 1, 1000),
	ROW("timestamps", space.conf.timestamps, 1, FLAG, 0, 1),
	ROW("window_scaling", space.conf.window_scaling, 1, FLAG, 0, 1),
	ROW("sack", space.conf.sack, 1, FLAG, 0, 1),
	ROW("debug_isn", space.conf.debug_isn, 1, NUMBER, 0, U32_MAX),
	ROW("max_tw_buckets", limits.max_tw, 1, NUMBER, 0, 1 << 22),
	ROW("max_orphans", limits.max_orphans, 1, NUMBER, 0, 1 << 22),
	ROW("max_syn_backlog", limits.max_syn_backlog, 1, NUMBER, 0, 1 << 22),
	ROW("tw_reuse", limits.reuse_tw, 1, NUMBER, 0, 2),
	ROW("syncookies", limits.syncookies, 1, NUMBER, 0, 2),
	ROW("rmem", limits.rmem, 3, NUMBER, 2048, INT_MAX),
	ROW("notsent_lowat", limits.notsent_lowat, 1, NUMBER, 0, U32_MAX),
	ROW("wmem", limits.wmem, 3, NUMBER, 2048, INT_MAX),
};

static unsigned long load(const void *field, u32 unit)
{
	switch (unit) {
	case FLAG:
		return READ_ONCE(*(const bool *)field);
	case NUMBER:
		return READ_ONCE(*(const u32 *)field);
	default:
		return div_u64(READ_ONCE(*(const u64 *)field), unit);
	}
}

static void store(void *field, u32 unit, unsigned long val)
{
	switch (unit) {
	case FLAG:
		WRITE_ONCE(*(bool *)field, val);
		break;
	case NUMBER:
		WRITE_ONCE(*(u32 *)field, val);
		break;
	default:
		WRITE_ONCE(*(u64 *)field, (u64)val * unit);
	}
}

static int knob_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	const struct knob *k = row->extra1;
	unsigned long vals[3], min = k->min, max = k->max;
	struct ctl_table tmp = {
		.data = vals,
		.maxlen = k->count * sizeof(vals[0]),
		.extra1 = &min,
		.extra2 = &max,
	};
	int i, err;

	for (i = 0; i < k->count; i++)
		vals[i] = load(row->data + i * sizeof(u32), k->unit);
	err = proc_doulongvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	for (i = 0; i < k->count; i++)
		store(row->data + i * sizeof(u32), k->unit, vals[i]);
	return 0;
}

int atcp_sysctl_init(struct atcp_net *an)
{
	struct ctl_table *row;
	int i;

	/* One empty row more ends the table in older kernels. */
	an->sysctl_table = kcalloc(ARRAY_SIZE(knobs) + 1, sizeof(*row), GFP_KERNEL_ACCOUNT);
	if (!an->sysctl_table)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		row = &an->sysctl_table[i];
		row->procname = knobs[i].name;
		row->data = (void *)an + knobs[i].offset;
		row->maxlen = sizeof(u32);
		row->mode = 0644;
		row->proc_handler = knob_handler;
		row->extra1 = (void *)&knobs[i];
	}
	an->sysctl = register_net_sysctl_sz(an->net, "net/atcp", an->sysctl_table,
					    ARRAY_SIZE(knobs));
	if (!an->sysctl) {
		kfree(an->sysctl_table);
		return -ENOMEM;
	}
	return 0;
}

void atcp_sysctl_exit(struct atcp_net *an)
{
	unregister_net_sysctl_table(an->sysctl);
	kfree(an->sysctl_table);
}
