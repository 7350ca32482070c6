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

/*
 * The most to offer where the route bounds the first window.  It opens by twice what comes in,
 * so that a peer in slow start is not held up; as tcp_grow_window().
 */
static u32 opening(const struct atcp_tcb *c)
{
	/* A SYN does not know yet whether there will be timestamps. */
	u32 mss = c->flags & ATCP_F_PASSIVE && c->ts_on ? c->adv_mss - 12 : c->adv_mss;

	return min_t(u64, (u64)c->wnd_first * mss + 2 * c->bytes_received, ~0u);
}

u32 atcp_window(struct atcp_tcb *c)
{
	u32 now = atcp_rcv_left(c);
	u32 space = atcp_host_rcv_space(c);
	u32 most = likely(!c->wnd_clamp) ? ~0u : c->wnd_clamp;

	if (unlikely(c->wnd_first))
		most = min(most, opening(c));
	space = min(space, most);
	/* Room below a segment, and below half of the buffer, is not offered. */
	if (space < min_t(u32, c->rcv_mss, most) && space < atcp_host_rcv_limit(c) / 2)
		space = 0;
	/* Rounding down could take back what was offered; rounding up adds a few bytes. */
	if (space >> c->rcv_wscale << c->rcv_wscale < now) {
		u32 unit = 1u << c->rcv_wscale;

		space = (now + unit - 1) & ~(unit - 1);
	}
	return space;
}
