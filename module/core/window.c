// SPDX-License-Identifier: GPL-2.0
/*
 * The receive window: RFC 9293 sections 3.8.6 and 3.8.6.2.2 (silly window
 * avoidance), RFC 7323 sections 2.3 (window scale) and 2.4 (its right edge does not
 * move left).
 */
#include "core/core.h"
#include "core/window.h"

u8 atcp_wscale_for(u32 full)
{
	u8 shift = 0;

	while (shift < ATCP_WSCALE_MAX && full >> shift > 65535)
		shift++;
	return shift;
}

u32 atcp_window(struct atcp_tcb *c)
{
	u32 now = atcp_rcv_left(c);
	u32 space = atcp_host_rcv_space(c);

	if (unlikely(c->wnd_clamp))
		space = min(space, c->wnd_clamp);
	/* Room below a segment, and below half of the buffer, is not offered. */
	if (space < c->rcv_mss && space < atcp_host_rcv_limit(c) / 2)
		space = 0;
	/* Rounding down could take back what was offered; rounding up adds a few bytes. */
	if (space >> c->rcv_wscale << c->rcv_wscale < now) {
		u32 unit = 1u << c->rcv_wscale;

		space = (now + unit - 1) & ~(unit - 1);
	}
	return space;
}
