// SPDX-License-Identifier: GPL-2.0
/*
 * Accounting of the sockets' buffers as in TCP: one limit for the host, separate from
 * the limit of the kernel's TCP.
 */
#include <linux/mm.h>
#include <linux/percpu_counter.h>
#include <linux/swap.h>
#include <net/sock.h>

#include "socket/memory.h"

atomic_long_t atcp_memory_allocated;
DEFINE_PER_CPU(int, atcp_memory_per_cpu);
struct percpu_counter atcp_memory_sockets;
unsigned long atcp_memory_pressure;
long atcp_mem[3];
int atcp_rmem_min = PAGE_SIZE;
int atcp_wmem_min = PAGE_SIZE;

void atcp_memory_enter_pressure(struct sock *sk)
{
	if (!READ_ONCE(atcp_memory_pressure))
		WRITE_ONCE(atcp_memory_pressure, 1);
}

void atcp_memory_leave_pressure(struct sock *sk)
{
	if (READ_ONCE(atcp_memory_pressure))
		WRITE_ONCE(atcp_memory_pressure, 0);
}

/* The limits are computed as in tcp_init_mem(). */
int __init atcp_memory_init(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	atcp_mem[0] = limit / 4 * 3;
	atcp_mem[1] = limit;
	atcp_mem[2] = atcp_mem[0] * 2;
	return percpu_counter_init(&atcp_memory_sockets, 0, GFP_KERNEL);
}

void atcp_memory_exit(void)
{
	percpu_counter_destroy(&atcp_memory_sockets);
}
