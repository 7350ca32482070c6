/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fine timer of a connection, for pacing and for small queues: how little of it waits in
 * the device's queue.
 */
#ifndef _ATCP_PACE_H
#define _ATCP_PACE_H

#include "atcp.h"

/*
 * Has the core's deadline @when kept to some microseconds.  Locked.  False: no memory, or the
 * timer is set for another time; a timer of a tick must do.
 */
bool atcp_pace_at(struct sock *sk, u64 when);
/*
 * True if the device's queue has room for one more segment, of @len bytes of payload.  False:
 * the core is called when it has.  Locked.
 */
bool atcp_pace_room(struct sock *sk, u32 len);
/* Whether atcp_pace_room() was false since, so that the core has to be called.  Locked. */
bool atcp_pace_waited(struct sock *sk);
/* A packet of the socket was freed while it waited for that: sk_write_space.  Any context. */
void atcp_pace_kick(struct sock *sk);
/* The connection has ended.  Locked. */
void atcp_pace_stop(struct sock *sk);
/* The socket goes: sk_destruct. */
void atcp_pace_free(struct sock *sk);

#endif /* _ATCP_PACE_H */
