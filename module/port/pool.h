/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pool of local ports that connect() uses over the carrier TCP.
 */
#ifndef _ATCP_POOL_H
#define _ATCP_POOL_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "atcp.h"
#include "netns.h"

void atcp_pool_net_init(struct atcp_net *an);
/* Call when no socket and no TIME-WAIT is left. Process context. */
void atcp_pool_net_exit(struct atcp_net *an);

/**
 * atcp_pool_connect() - pick a local port from the pool and enter the connection table
 * @sk:		as for atcp_port_connect(); holds no port
 * @low:	lowest port that it may have
 * @high:	highest port that it may have
 * @offset:	index into the pool at which the search begins
 * @tried:	out: how many ports were tried
 *
 * Process context. Return: as atcp_port_connect().
 */
int atcp_pool_connect(struct sock *sk, int low, int high, u32 offset, u32 *tried);

#endif /* _ATCP_POOL_H */
