/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: the one table of function pointers in the core, because
 * it is meant to be swapped.
 *
 * It decides cwnd and ssthresh (bytes); which segments are lost and when they
 * are sent again is recovery.c's business.
 */
#ifndef _ATCP_CORE_CC_H
#define _ATCP_CORE_CC_H

#include "core/tcb.h"

/**
 * struct atcp_cc_ops - a congestion control algorithm
 * @name:	as TCP_CONGESTION names it
 * @init:	the connection is established; may use c->cc_priv
 * @acked:	@bytes were newly acknowledged outside loss recovery: grow c->cwnd
 * @ssthresh:	a loss was detected: the new slow-start threshold, at least two segments; @used
 *		is cwnd, or what was in flight: at a time-out, and without SACK
 */
struct atcp_cc_ops {
	const char *name;
	void (*init)(struct atcp_tcb *c);
	void (*acked)(struct atcp_tcb *c, u32 bytes);
	u32 (*ssthresh)(struct atcp_tcb *c, u32 used);
};

extern const struct atcp_cc_ops atcp_cc_newreno;

#endif /* _ATCP_CORE_CC_H */
