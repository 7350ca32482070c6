/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ports from which the carrier TCP connects.
 */
#ifndef _ATCP_POOL_H
#define _ATCP_POOL_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "atcp.h"
#include "netns.h"

void atcp_pool_net_init(struct atcp_net *an);
/* The last sockets and TIME-WAITs have gone. Process context. */
void atcp_pool_net_exit(struct atcp_net *an);

/**
 * atcp_pool_connect() - a local port for a connection, and its place in the table
 * @sk:		as for atcp_port_connect(); holds no port
 * @low:	of the range of ports that it may have
 * @high:	likewise
 * @offset:	where in the pool to look first
 * @tried:	out: how many were tried
 *
 * Process context. Return: as atcp_port_connect().
 */
int atcp_pool_connect(struct sock *sk, int low, int high, u32 offset, u32 *tried);

#endif /* _ATCP_POOL_H */
