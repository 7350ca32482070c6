// SPDX-License-Identifier: GPL-2.0
/*
 * The sysctls net.atcp.*, described in atcp(7).
 *
 * A file that TCP has too has the name, range and format of net.ipv4.tcp_*, which is why
 * some accept meaningless values.  A file reads back what was written; the value that
 * takes effect is clamped here.
 *
 * A user who makes a user namespace is root of a network namespace too, and may write all
 * of these files there, as those of TCP.  Most of what that costs the host is limited:
 * buffers and sockets are charged to net.atcp.mem and the cgroup, and half-open
 * connections are bounded by the program's listeners and their backlogs.  TIME-WAITs and
 * orphans are not: they outlive the program, and are made in softirq, which charges no
 * cgroup.  So the first namespace's settings cap their number, and the duration of
 * TIME-WAIT, in all others (@capped below).  user.max_net_namespaces bounds how many
 * namespaces a user makes.
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/tcp.h>

#include "cc_registry.h"
#include "gate.h"
#include "netns.h"
#include "socket/memory.h"
#include "sysctl.h"

/* The type of a file's numbers, which selects one of the kernel's handlers. */
enum kind {
	U8,
	INT,
	UINT,
	MS,		/* milliseconds, kept as ticks */
};

/**
 * struct knob - a sysctl file of one or more numbers
 * @name:	file name
 * @kind:	type of the numbers
 * @count:	how many numbers the file has
 * @min:	least number that is accepted; not used for MS
 * @max:	greatest number that is accepted; -1 for a UINT means no limit
 * @offset:	offset of the field in struct atcp_net
 * @size:	size of the field: 1 (u8 or bool), 4 or 8
 * @unit:	the field's value for 1 in the file, or for a tick if MS
 * @least:	lower bound of the field, in the file's unit or ticks
 * @most:	upper bound of the field, likewise
 * @capped:	the field is at most the first namespace's
 */
struct knob {
	const char *name;
	enum kind kind;
	bool capped;
	u8 count;
	int min;
	int max;
	u16 offset;
	u8 size;
	u32 unit;
	s64 least;
	s64 most;
};

#define FIELD(_name, _field, _size, _kind, _count, _min, _max, _unit, _least, _most, _capped) { \
	.name = _name,							\
	.kind = _kind,							\
	.capped = _capped,						\
	.count = _count,						\
	.min = _min,							\
	.max = _max,							\
	.offset = offsetof(struct atcp_net, _field),			\
	.size = _size,							\
	.unit = _unit,							\
	.least = _least,						\
	.most = _most,							\
}

/* For a field that is a u32. */
#define ROW(name, field, kind, min, max, unit, least, most) \
	FIELD(name, field, sizeof(u32), kind, 1, min, max, unit, least, most, false)

/* For three u32. */
#define VECTOR(name, field, min) \
	FIELD(name, field, sizeof(u32), INT, 3, min, INT_MAX, 1, 0, INT_MAX, false)

/* For a u64 of microseconds. */
#define TIME(name, field, kind, min, max, unit, least, most) \
	FIELD(name, field, sizeof(u64), kind, 1, min, max, unit, least, most, false)

/* For a bool. */
#define SWITCH(name, field) \
	FIELD(name, field, sizeof(bool), U8, 1, 0, 255, 1, 0, 1, false)

#define BYTE(name, field)	ROW(name, field, U8, 0, 255, 1, 0, 255)

/* A time in seconds, with the range of proc_dointvec_jiffies(). */
#define SECONDS(name, field) \
	TIME(name, field, INT, -(INT_MAX / HZ), INT_MAX / HZ, ATCP_SEC, 0, INT_MAX / HZ)

/* A number that the first namespace's caps. */
#define CAPPED(name, field) \
	FIELD(name, field, sizeof(u32), INT, 1, INT_MIN, INT_MAX, 1, 0, INT_MAX, true)

static const struct knob knobs[] = {
	SECONDS("fin_timeout", space.conf.fin_timeout),
	SECONDS("keepalive_time", space.conf.keepalive_time),
	SECONDS("keepalive_intvl", space.conf.keepalive_intvl),
	BYTE("keepalive_probes", space.conf.keepalive_probes),
	ROW("syn_linear_timeouts", space.conf.syn_linear_timeouts, U8, 0, 127, 1, 0, 127),
	ROW("syn_retries", space.conf.syn_retries, U8, 1, 127, 1, 1, 127),
	BYTE("synack_retries", space.conf.synack_retries),
	BYTE("retries1", space.conf.retries1),
	BYTE("retries2", space.conf.retries2),
	BYTE("orphan_retries", space.conf.orphan_retries),
	TIME("rto_min_us", space.conf.rto_min, INT, 1, INT_MAX, 1, 1, INT_MAX),
	TIME("rto_max_ms", space.conf.rto_max, INT, 1000, 120000, ATCP_MSEC, 1000, 120000),
	ROW("min_rtt_wlen", space.conf.min_rtt_wlen, INT, 0, 86400, 1, 0, 86400),
	TIME("invalid_ratelimit", space.conf.challenge_interval, MS, 0, 0, ATCP_SEC / HZ,
	     0, INT_MAX),
	BYTE("timestamps", space.conf.timestamps),
	SWITCH("window_scaling", space.conf.window_scaling),
	SWITCH("sack", space.conf.sack),
	SWITCH("recovery", space.conf.recovery),
	ROW("early_retrans", space.conf.early_retrans, U8, 0, 4, 1, 0, 4),
	BYTE("frto", space.conf.frto),
	ROW("reordering", space.conf.reordering, INT, 1, 300, 1, 1, 300),
	SWITCH("dsack", space.conf.dsack),
	SWITCH("rfc1337", space.conf.rfc1337),
	SWITCH("slow_start_after_idle", space.conf.slow_start_after_idle),
	ROW("min_snd_mss", space.conf.min_snd_mss, INT, 48, 65535, 1, 48, 65535),
	BYTE("mtu_probing", space.conf.mtu_probing),
	ROW("base_mss", space.conf.base_mss, INT, INT_MIN, INT_MAX, 1, 0, 65535),
	ROW("mtu_probe_floor", space.conf.mtu_probe_floor, INT, 48, 65535, 1, 48, 65535),
	ROW("probe_threshold", space.conf.probe_threshold, INT, INT_MIN, INT_MAX, 1, 0, INT_MAX),
	TIME("probe_interval", space.conf.probe_interval, UINT, 0, U32_MAX / HZ, ATCP_SEC,
	     0, U32_MAX),
	ROW("tw_reuse", limits.reuse_tw, U8, 0, 2, 1, 0, 2),
	TIME("tw_reuse_delay", space.conf.tw_reuse_delay, UINT, 1, 60000, ATCP_MSEC, 1, 60000),
	CAPPED("max_tw_buckets", limits.max_tw),
	CAPPED("max_orphans", limits.max_orphans),
	ROW("max_syn_backlog", limits.max_syn_backlog, INT, INT_MIN, INT_MAX, 1, 0, INT_MAX),
	BYTE("syncookies", limits.syncookies),
	SWITCH("abort_on_overflow", limits.abort_on_overflow),
	SWITCH("moderate_rcvbuf", limits.moderate_rcvbuf),
	VECTOR("rmem", limits.rmem, 4096),
	VECTOR("wmem", limits.wmem, 1),
	ROW("notsent_lowat", limits.notsent_lowat, UINT, 0, -1, 1, 0, U32_MAX),
	/* The kernel's TCP has no such sysctls. */
	SWITCH("tolerate_missing_ts", space.conf.tolerate_missing_ts),
	FIELD("time_wait", space.conf.msl2, sizeof(u64), INT, 1, 1, 600, ATCP_SEC, 1, 600, true),
	ROW("initial_window", space.conf.initial_window, INT, 1, 1000, 1, 1, 1000),
	ROW("debug_isn", space.conf.debug_isn, UINT, 0, -1, 1, 0, U32_MAX),
};

/*
 * The files that are not in knobs[]: congestion_control, available_congestion_control,
 * allowed_congestion_control, tcp_group_range, and in the first namespace mem.
 */
#define EXTRA_ROWS	5

/* --- from the file to the field --- */

static size_t width(const struct knob *k)
{
	return k->kind == U8 ? sizeof(u8) : sizeof(int);
}

static s64 load(const struct knob *k, const void *data, int i)
{
	switch (k->kind) {
	case U8:
		return READ_ONCE(((const u8 *)data)[i]);
	case UINT:
		return READ_ONCE(((const u32 *)data)[i]);
	default:
		return READ_ONCE(((const int *)data)[i]);
	}
}

static u64 get_field(const struct knob *k, const struct atcp_net *an, int i)
{
	const void *field = (const void *)an + k->offset + i * k->size;

	if (k->size == sizeof(u64))
		return READ_ONCE(*(const u64 *)field);
	if (k->size == sizeof(u32))
		return READ_ONCE(*(const u32 *)field);
	return READ_ONCE(*(const u8 *)field);
}

/* Sets the field from the file's numbers. caps_lock is held if @k->capped. */
static void apply(const struct knob *k, struct atcp_net *an, const void *data)
{
	int i;

	for (i = 0; i < k->count; i++) {
		void *field = (void *)an + k->offset + i * k->size;
		u64 val = clamp_t(s64, load(k, data, i), k->least, k->most) * k->unit;

		if (k->capped && !net_eq(an->net, &init_net))
			val = min(val, get_field(k, atcp_net(&init_net), i));
		if (k->size == sizeof(u64))
			WRITE_ONCE(*(u64 *)field, val);
		else if (k->size == sizeof(u32))
			WRITE_ONCE(*(u32 *)field, val);
		else
			WRITE_ONCE(*(u8 *)field, val);
	}
}

/* Sets the file's numbers from the field, for a new namespace. */
static void show(const struct knob *k, const struct atcp_net *an, void *data)
{
	int i;

	for (i = 0; i < k->count; i++) {
		u64 val = div_u64(get_field(k, an, i), k->unit);

		if (k->kind == U8)
			((u8 *)data)[i] = val;
		else
			((u32 *)data)[i] = val;
	}
}

/* Held to write capped fields, so that none is left with a value above a new cap. */
static DEFINE_MUTEX(caps_lock);

static void apply_again(struct atcp_net *an, void *arg)
{
	const struct knob *k = arg;

	if (!net_eq(an->net, &init_net))
		apply(k, an, an->sysctl_table[k - knobs].data);
}

static void apply_capped(const struct knob *k, struct atcp_net *an, const void *data)
{
	mutex_lock(&caps_lock);
	apply(k, an, data);
	if (net_eq(an->net, &init_net))
		atcp_netns_each(apply_again, (void *)k);
	mutex_unlock(&caps_lock);
}

void atcp_sysctl_cap(struct atcp_net *an)
{
	int i;

	mutex_lock(&caps_lock);
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		if (knobs[i].capped)
			apply_again(an, (void *)&knobs[i]);
	}
	mutex_unlock(&caps_lock);
}

static int knob_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	const struct knob *k = row->extra1;
	struct atcp_net *an = row->extra2;
	struct ctl_table tmp = {
		.procname = row->procname,
		.data = row->data,
		.maxlen = row->maxlen,
		.mode = row->mode,
		.extra1 = (void *)&k->min,
		.extra2 = (void *)&k->max,
	};
	int err;

	switch (k->kind) {
	case U8:
		err = proc_dou8vec_minmax(&tmp, write, buffer, lenp, ppos);
		break;
	case INT:
		err = proc_dointvec_minmax(&tmp, write, buffer, lenp, ppos);
		break;
	case UINT:
		err = proc_douintvec_minmax(&tmp, write, buffer, lenp, ppos);
		break;
	default:
		err = proc_dointvec_ms_jiffies(&tmp, write, buffer, lenp, ppos);
	}
	if (write && k->capped)
		apply_capped(k, an, row->data);
	else if (write)
		apply(k, an, row->data);	/* despite errors: a vector may be half written */
	if (write && net_eq(an->net, &init_net)) {
		WRITE_ONCE(atcp_rmem_min, READ_ONCE(an->limits.rmem[0]));
		WRITE_ONCE(atcp_wmem_min, READ_ONCE(an->limits.wmem[0]));
	}
	return err;
}

static int congestion_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp,
			      loff_t *ppos)
{
	char name[ATCP_CC_NAME_MAX];
	struct ctl_table tmp = {
		.data = name,
		.maxlen = sizeof(name),
	};
	int err;

	atcp_cc_default_name(row->extra2, name);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	return err || !write ? err : atcp_cc_set_default(row->extra2, name);
}

/* Of available_congestion_control and allowed_congestion_control: @row->extra1 tells which. */
static int names_handler(atcp_ctl_table *row, int write, void *buffer, size_t *lenp,
			 loff_t *ppos)
{
	struct ctl_table tmp = {
		.data = kmalloc(ATCP_CC_TEXT, GFP_KERNEL),
		.maxlen = ATCP_CC_TEXT,
	};
	int err;

	if (!tmp.data)
		return -ENOMEM;
	atcp_cc_names(tmp.data, row->extra1);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (!err && write)
		err = atcp_cc_allow(tmp.data);
	kfree(tmp.data);
	return err;
}

/* --- the table --- */

static int fill(struct atcp_net *an, struct ctl_table *row, void *data)
{
	struct ctl_table *first = row;
	int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++, row++) {
		const struct knob *k = &knobs[i];

		row->procname = k->name;
		row->data = data;
		row->maxlen = k->count * width(k);
		row->mode = 0644;
		row->proc_handler = knob_handler;
		row->extra1 = (void *)k;
		row->extra2 = an;
		show(k, an, data);
		data += ALIGN(row->maxlen, sizeof(int));
	}
	row->procname = "congestion_control";
	row->data = an;			/* not used, but must differ between namespaces */
	row->maxlen = ATCP_CC_NAME_MAX;
	row->mode = 0644;
	row->proc_handler = congestion_handler;
	row->extra2 = an;
	row++;
	row->procname = "available_congestion_control";
	row->data = an;
	row->maxlen = ATCP_CC_TEXT;
	row->mode = 0444;
	row->proc_handler = names_handler;
	row++;
	/* It is the host's: other namespaces read it. */
	row->procname = "allowed_congestion_control";
	row->data = an;
	row->maxlen = ATCP_CC_TEXT;
	row->mode = net_eq(an->net, &init_net) ? 0644 : 0444;
	row->proc_handler = names_handler;
	row->extra1 = an;
	row++;
	row->procname = "tcp_group_range";
	row->data = an;
	row->maxlen = 2 * sizeof(unsigned long);
	row->mode = 0644;
	row->proc_handler = atcp_gate_handler;
	row->extra2 = an;
	row++;
	if (net_eq(an->net, &init_net)) {
		row->procname = "mem";
		row->data = atcp_mem;
		row->maxlen = sizeof(atcp_mem);
		row->mode = 0644;
		row->proc_handler = proc_doulongvec_minmax;
		row++;
	}
	return row - first;
}

int atcp_sysctl_init(struct atcp_net *an)
{
	size_t bytes = 0, rows = ARRAY_SIZE(knobs) + EXTRA_ROWS;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		bytes += ALIGN(knobs[i].count * width(&knobs[i]), sizeof(int));
	/* One more row, which is empty, ends the table in older kernels. */
	an->sysctl_table = kzalloc((rows + 1) * sizeof(*an->sysctl_table) + bytes,
				   GFP_KERNEL_ACCOUNT);
	if (!an->sysctl_table)
		return -ENOMEM;
	n = fill(an, an->sysctl_table, an->sysctl_table + rows + 1);
	an->sysctl = register_net_sysctl_sz(an->net, "net/atcp", an->sysctl_table, n);
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
