/* SPDX-License-Identifier: GPL-2.0 */
/* What core/cc.h needs where an algorithm is a module of the kernel. */
#ifndef _ATCP_CC_KERNEL_H
#define _ATCP_CC_KERNEL_H

#include <linux/device/driver.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/types.h>

/*
 * Makes a module of the file, which registers the struct atcp_cc_ops @ops.  It stays loaded
 * while a connection uses it.
 */
#define ATCP_CC(ops)	module_driver(ops, atcp_cc_register, atcp_cc_unregister)

/* Programs and net.atcp.congestion_control load it by @name, which is that of its ops. */
#define MODULE_ALIAS_ATCP_CC(name)	MODULE_ALIAS("atcp-cc-" name)

#endif /* _ATCP_CC_KERNEL_H */
