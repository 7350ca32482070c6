# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
#
# Patterns for messages of a kernel in trouble.

# Messages of a kernel in trouble: a pattern for grep -E.
kernel_trouble='WARNING: (CPU|possible|suspicious|held|bad|inconsistent|.* at )'
kernel_trouble=$kernel_trouble'|\bBUG\b|\bOops\b|general protection|Kernel panic|Call Trace:'
kernel_trouble=$kernel_trouble'|INFO: (task|rcu|lockdep|trying)|rcu:.*stall|soft lockup|hard LOCKUP'
kernel_trouble=$kernel_trouble'|unregister_netdevice: waiting|refcount_t:|list_(add|del) corruption'
kernel_trouble=$kernel_trouble'|Attempt to release|memory leak|Objects remaining|ODEBUG|UBSAN|KASAN'
kernel_trouble=$kernel_trouble'|unreferenced object|turning off the locking|lockdep is turned off|still has locks held'
# Refused memory is no trouble, as a test may cause it: a command for sed.
kernel_refused='invoked oom-killer: \|: vmalloc error: \|: page allocation failure: \|percpu: allocation failed'
kernel_refused=$kernel_refused'\|kmem_cache_create.* failed with error\|sysctl could not get directory'
kernel_refused="/$kernel_refused/,/Call Trace:/s/Call Trace:/(refused)/"
