/* SPDX-License-Identifier: GPL-2.0 */
/*
 * splice() and read_sock(): reading by reference.
 */
#ifndef _ATCP_SPLICE_H
#define _ATCP_SPLICE_H

#include "atcp.h"

int atcp_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor);
ssize_t atcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags);
void atcp_splice_eof(struct socket *sock);

#endif /* _ATCP_SPLICE_H */
