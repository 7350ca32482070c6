/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of sockets' buffers: what struct proto points to.
 */
#ifndef _ATCP_MEMORY_H
#define _ATCP_MEMORY_H

#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/percpu.h>

struct percpu_counter;
struct sock;

extern atomic_long_t atcp_memory_allocated;
DECLARE_PER_CPU(int, atcp_memory_per_cpu);
extern struct percpu_counter atcp_memory_sockets;
extern unsigned long atcp_memory_pressure;

/* In pages, for the host: below [0] pressure ends, above [1] it begins, [2] is the limit. */
extern long atcp_mem[3];
/* Bytes that a socket may have for each direction even when the limits are reached. */
extern int atcp_rmem_min;
extern int atcp_wmem_min;

void atcp_memory_enter_pressure(struct sock *sk);
void atcp_memory_leave_pressure(struct sock *sk);

/* Return: 0 or -ENOMEM. */
int __init atcp_memory_init(void);
void atcp_memory_exit(void);

#define ATCP_PROTO_MEMORY						\
	.memory_allocated	= &atcp_memory_allocated,		\
	.per_cpu_fw_alloc	= &atcp_memory_per_cpu,			\
	.sockets_allocated	= &atcp_memory_sockets,			\
	.memory_pressure	= &atcp_memory_pressure,		\
	.enter_memory_pressure	= atcp_memory_enter_pressure,		\
	.leave_memory_pressure	= atcp_memory_leave_pressure,		\
	.sysctl_mem		= atcp_mem,				\
	.sysctl_wmem		= &atcp_wmem_min,			\
	.sysctl_rmem		= &atcp_rmem_min

#endif /* _ATCP_MEMORY_H */
