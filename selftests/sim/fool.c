// SPDX-License-Identifier: GPL-2.0
#include "fool.h"
#include "test.h"

unsigned int test_cc_inits, test_cc_releases;

/* --- much memory --- */

#define MARK	0xa5

static void far_is(const struct atcp_cc *cc, u8 value)
{
	const u8 *own = cc->own;
	u32 i;

	for (i = 0; i < ATCP_CC_SIZE_MAX; i++)
		SIM_CHECK(own[i] == value, "byte %u of an algorithm's memory is %#x", i, own[i]);
}

static void far_init(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	test_cc_inits++;
	far_is(cc, 0);
	memset(cc->own, MARK, ATCP_CC_SIZE_MAX);
}

static void far_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	far_is(cc, MARK);
	if ((s->is & ATCP_CC_FULL) && !atcp_cc_slow_start(cc, s->acked))
		return;
	if (s->is & ATCP_CC_ROUND)
		cc->cwnd += s->mss;
}

static u32 far_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s, enum atcp_cc_why why)
{
	far_is(cc, MARK);
	return s->used / 2;
}

static void far_event(struct atcp_cc *cc, const struct atcp_cc_sample *s,
		      enum atcp_cc_event event)
{
	far_is(cc, MARK);
}

static void far_release(struct atcp_cc *cc)
{
	test_cc_releases++;
	far_is(cc, MARK);
}

const struct atcp_cc_ops test_cc_far = {
	.name = "far",
	.api = ATCP_CC_API,
	.size = ATCP_CC_SIZE_MAX,
	.init = far_init,
	.ack = far_ack,
	.ssthresh = far_ssthresh,
	.event = far_event,
	.release = far_release,
};

/* --- its own recovery --- */

struct test_cc_owner test_cc_owner;

static void owner_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	test_cc_owner.acks++;
	test_cc_owner.ack = *s;
	if (test_cc_owner.cwnd)
		cc->cwnd = test_cc_owner.cwnd;
	cc->pace = test_cc_owner.pace;
}

static u32 owner_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			  enum atcp_cc_why why)
{
	return cc->ssthresh;
}

static void owner_event(struct atcp_cc *cc, const struct atcp_cc_sample *s,
			enum atcp_cc_event event)
{
	cc->pace = test_cc_owner.pace;
	if (event != ATCP_CC_LOST)
		return;
	test_cc_owner.losses++;
	test_cc_owner.lost = *s;
	cc->cwnd = 0;
	cc->ssthresh = 0;
}

const struct atcp_cc_ops test_cc_owner_ops = {
	.name = "owner",
	.api = ATCP_CC_API,
	.flags = ATCP_CC_RATES | ATCP_CC_OWN_RECOVERY,
	.ack = owner_ack,
	.ssthresh = owner_ssthresh,
	.event = owner_event,
};

/* --- nonsense --- */

static u32 nonsense(struct atcp_cc *cc)
{
	static const u32 values[] = { 0, ~0u, 1, 1u << 31, ~0u, 0, 0 };
	u32 *n = cc->own, i = (*n)++;

	cc->cwnd = values[i % 7];
	cc->ssthresh = values[(i + 4) % 5];
	return values[i % 3];
}

static void fool_init(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	test_cc_inits++;
	nonsense(cc);
}

static void fool_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
	nonsense(cc);
}

static u32 fool_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s, enum atcp_cc_why why)
{
	return nonsense(cc);
}

static void fool_event(struct atcp_cc *cc, const struct atcp_cc_sample *s,
		       enum atcp_cc_event event)
{
	nonsense(cc);
}

static void fool_release(struct atcp_cc *cc)
{
	test_cc_releases++;
	nonsense(cc);
}

const struct atcp_cc_ops test_cc_fool = {
	.name = "fool",
	.api = ATCP_CC_API,
	.size = sizeof(u32),
	.init = fool_init,
	.ack = fool_ack,
	.ssthresh = fool_ssthresh,
	.event = fool_event,
	.release = fool_release,
};
