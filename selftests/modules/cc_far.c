// SPDX-License-Identifier: GPL-2.0
/*
 * A congestion control for tests: Reno, with the most memory that an algorithm may have.  It
 * warns where that is not zeroed before init(), or not its own until release().
 *
 * wrong= makes it one that is refused.
 */
#include <linux/string.h>

#include "core/cc.h"

#define MARK	0xa5

static int wrong;
module_param(wrong, int, 0);

static void is(const struct atcp_cc *cc, u8 value)
{
	WARN_ON_ONCE(memchr_inv(cc->own, value, ATCP_CC_SIZE_MAX));
}

static void far_init(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	is(cc, 0);
	memset(cc->own, MARK, ATCP_CC_SIZE_MAX);
}

static void far_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	is(cc, MARK);
	if ((s->is & ATCP_CC_FULL) && !atcp_cc_slow_start(cc, s->acked))
		return;
	if (s->is & ATCP_CC_ROUND)
		cc->cwnd += s->mss;
}

static u32 far_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s, enum atcp_cc_why why)
{
	is(cc, MARK);
	return s->used / 2;
}

static void far_event(struct atcp_cc *cc, const struct atcp_cc_sample *s, enum atcp_cc_event event)
{
	is(cc, MARK);
}

static void far_release(struct atcp_cc *cc)
{
	is(cc, MARK);
}

static struct atcp_cc_ops far = {
	.name = "far",
	.api = ATCP_CC_API,
	.size = ATCP_CC_SIZE_MAX,
	.init = far_init,
	.ack = far_ack,
	.ssthresh = far_ssthresh,
	.event = far_event,
	.release = far_release,
	.owner = THIS_MODULE,
};

static int __init far_load(void)
{
	static const char *const names[] = {
		[1] = "reno", [2] = "", [3] = "Far", [4] = "far/", [5] = "cubic0123456789a",
	};

	if (wrong > 0 && wrong < ARRAY_SIZE(names))
		far.name = names[wrong];
	else if (wrong == 6)
		far.name = NULL;
	else if (wrong == 7)
		far.api++;
	else if (wrong == 8)
		far.size++;
	else if (wrong == 9)
		far.ack = NULL;
	else if (wrong == 10)
		far.ssthresh = NULL;
	else if (wrong == 11)
		far.owner = NULL;
	return atcp_cc_register(&far);
}

static void __exit far_unload(void)
{
	atcp_cc_unregister(&far);
}

module_init(far_load);
module_exit(far_unload);

MODULE_ALIAS_ATCP_CC("far");
MODULE_DESCRIPTION("A congestion control for tests of atcp");
MODULE_LICENSE("GPL");
