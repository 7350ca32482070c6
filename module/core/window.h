/* SPDX-License-Identifier: GPL-2.0 */
/* The receive window. */
#ifndef _ATCP_CORE_WINDOW_H
#define _ATCP_CORE_WINDOW_H

#include "core/seq.h"
#include "core/tcb.h"

/* Right edge of the window as last advertised. */
static inline u32 atcp_rcv_edge(const struct atcp_tcb *c)
{
	return c->rcv_wup + c->rcv_wnd;
}

/* The part of that window that the peer has not used. */
static inline u32 atcp_rcv_left(const struct atcp_tcb *c)
{
	u32 edge = atcp_rcv_edge(c);

	return seq_gt(edge, c->rcv_nxt) ? edge - c->rcv_nxt : 0;
}

/* The window to advertise now, in bytes; never moves the right edge left. */
u32 atcp_window(struct atcp_tcb *c);

#endif /* _ATCP_CORE_WINDOW_H */
