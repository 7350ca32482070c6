// SPDX-License-Identifier: GPL-2.0
/*
 * atcp: a second TCP for Linux, beside the kernel's own.
 *
 * Everything that is set up at load, in order, and taken down at unload, in reverse.
 * Each socket holds a reference on the module, so that it cannot be unloaded while there
 * is one: at unload only TIME-WAITs are left.  To unload in spite of connections that
 * are still closing, write 1 to /sys/module/atcp/parameters/reset_orphans.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "arrive/claim.h"
#include "arrive/hooks.h"
#include "cc_registry.h"
#include "family.h"
#include "listen/request.h"
#include "net/carrier.h"
#include "netns.h"
#include "port/bind.h"
#include "port/hold.h"
#include "port/ports.h"
#include "port/timewait.h"

static int set_reset_orphans(const char *val, const struct kernel_param *kp)
{
	bool yes;
	int err = kstrtobool(val, &yes);

	if (!err && yes)
		atcp_reset_orphans();
	return err;
}

static const struct kernel_param_ops reset_orphans_ops = {
	.set = set_reset_orphans,
};

module_param_cb(reset_orphans, &reset_orphans_ops, NULL, 0200);
MODULE_PARM_DESC(reset_orphans, "write 1: reset every connection that no program holds, in all namespaces");

static int __init atcp_init(void)
{
	int err;

	atcp_cc_registry_init();
	err = atcp_ports_init();
	if (err)
		return err;
	err = atcp_binds_init();
	if (err)
		goto no_binds;
	err = atcp_timewait_init();
	if (err)
		goto no_timewait;
	err = atcp_request_init();
	if (err)
		goto no_request;
	err = atcp_netns_init();
	if (err)
		goto no_netns;
	atcp_hold_try();
	err = atcp_offload253_init();
	if (err)
		goto no_offload;
	err = atcp_hooks_init();
	if (err)
		goto no_hooks;
	err = atcp_family_init();
	if (err)
		goto no_family;
	return 0;

no_family:
	atcp_hooks_exit();
no_hooks:
	atcp_offload253_exit();
no_offload:
	atcp_netns_exit();
	rcu_barrier();
no_netns:
	atcp_request_exit();
no_request:
	atcp_timewait_exit();
no_timewait:
	atcp_binds_exit();
no_binds:
	atcp_ports_exit();
	return err;
}

static void __exit atcp_exit(void)
{
	atcp_family_exit();
	atcp_claim_exit();
	atcp_hooks_exit();
	atcp_offload253_exit();
	atcp_netns_exit();
	/*
	 * Requests and TIME-WAITs are freed by RCU callbacks of this module.  These run
	 * after a grace period, and so after timer functions that use the objects.
	 */
	rcu_barrier();
	atcp_request_exit();
	atcp_timewait_exit();
	atcp_binds_exit();
	atcp_ports_exit();
}

module_init(atcp_init);
module_exit(atcp_exit);

MODULE_DESCRIPTION("An alternate TCP (RFC 9293)");
MODULE_VERSION("0.1");
MODULE_LICENSE("GPL");
