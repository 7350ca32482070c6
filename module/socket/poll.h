/* SPDX-License-Identifier: GPL-2.0 */
/*
 * poll() and ioctl().
 */
#ifndef _ATCP_POLL_H
#define _ATCP_POLL_H

#include "atcp.h"

__poll_t atcp_poll(struct file *file, struct socket *sock, struct poll_table_struct *wait);
int atcp_ioctl(struct sock *sk, int cmd, ATCP_IOCTL_ARG arg);

#endif /* _ATCP_POLL_H */
