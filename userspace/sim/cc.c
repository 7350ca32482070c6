// SPDX-License-Identifier: GPL-2.0
/*
 * The algorithms of congestion control that a simulated socket may have, by their names.  Those
 * of files that are loaded register by core/cc.h, as the modules of a kernel do.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "cc.h"
#include "sim.h"

static const struct atcp_cc_ops *table[SIM_CC_MAX] = { &atcp_cc_reno, &atcp_cc_cubic };

/* What the file that is loaded now has registered, or could not. */
static struct {
	bool tried;
	int err;
	const struct atcp_cc_ops *ops;
} loading;

const struct atcp_cc_ops *sim_cc_find(const char *name)
{
	u32 i;

	for (i = 0; i < SIM_CC_MAX; i++)
		if (table[i] && !strcmp(table[i]->name, name))
			return table[i];
	return NULL;
}

static bool good_name(const char *name)
{
	size_t len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") : 0;

	return len && len < ATCP_CC_NAME_MAX && !name[len];
}

static int add(const struct atcp_cc_ops *ops)
{
	u32 i;

	if (ops->api != ATCP_CC_API || !good_name(ops->name) || !ops->ack || !ops->ssthresh ||
	    ops->size > ATCP_CC_SIZE_MAX)
		return -EINVAL;
	if (sim_cc_find(ops->name))
		return -EEXIST;
	for (i = 0; i < SIM_CC_MAX; i++) {
		if (!table[i]) {
			table[i] = ops;
			return 0;
		}
	}
	return -ENOMEM;
}

int atcp_cc_register(const struct atcp_cc_ops *ops)
{
	int err = add(ops);

	if (!loading.err) {
		loading.tried = true;
		loading.err = err;
		loading.ops = ops;
	}
	return err;
}

void atcp_cc_unregister(const struct atcp_cc_ops *ops)
{
	u32 i;

	for (i = 0; i < SIM_CC_MAX; i++)
		if (table[i] == ops)
			table[i] = NULL;
}

static bool refused(const char *file, char *why, size_t size)
{
	const struct atcp_cc_ops *ops = loading.ops;

	if (!loading.tried)
		snprintf(why, size, "%s: no algorithm: it has no ATCP_CC()", file);
	else if (!loading.err)
		return false;
	else if (loading.err == -EEXIST)
		snprintf(why, size, "%s: the name %s is taken", file, ops->name);
	else if (loading.err == -ENOMEM)
		snprintf(why, size, "%s: more than %d algorithms", file, SIM_CC_MAX);
	else if (ops->api != ATCP_CC_API)
		snprintf(why, size, "%s: of version %u of cc.h; the simulator has %u", file,
			 ops->api, ATCP_CC_API);
	else if (!good_name(ops->name))
		snprintf(why, size, "%s: its name is not 1 to %d of a-z 0-9 _ -", file,
			 ATCP_CC_NAME_MAX - 1);
	else if (ops->size > ATCP_CC_SIZE_MAX)
		snprintf(why, size, "%s: %s wants %u bytes of memory; the most is %u", file,
			 ops->name, ops->size, (u32)ATCP_CC_SIZE_MAX);
	else
		snprintf(why, size, "%s: %s has no ack() or no ssthresh()", file, ops->name);
	return true;
}

bool sim_cc_load(const char *file, char *why, size_t size)
{
	const struct atcp_cc_ops *before[SIM_CC_MAX];
	char path[4096];
	void *object;

	/* A name without a folder would be one of a library of the system. */
	snprintf(path, sizeof(path), "%s%s", strchr(file, '/') ? "" : "./", file);
	object = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	if (object) {
		dlclose(object);
		snprintf(why, size, "%s: is loaded already", file);
		return false;
	}
	memset(&loading, 0, sizeof(loading));
	memcpy(before, table, sizeof(table));
	object = dlopen(path, RTLD_NOW);
	if (!object) {
		snprintf(why, size, "%s", dlerror());
		return false;
	}
	if (!refused(file, why, size))
		return true;
	/* Of several in one file none stays. */
	memcpy(table, before, sizeof(table));
	dlclose(object);
	return false;
}
