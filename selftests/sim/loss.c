// SPDX-License-Identifier: GPL-2.0
/* What scripts of loss recovery have in common. */
#include "loss.h"

void loss_ready(void)
{
	if (!strcmp(script.syn, "mss 1460"))
		script.syn = "mss 1000 sok";
	if (script.opt.room == sim_sockopt_default.room)
		script.opt.room = 1000;
	script.opt.sndbuf = 1 << 20;
	be_syn_sent();
	quiet(TRIP);
	inject("SA 0 1 %s", script.syn);
	expect("A 1 1");
	ASSERT_EQ(tcb()->mss, 1000);
	tcb()->cc.ssthresh = tcb()->cc.cwnd;
}

void loss_sent(u32 from, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		script_expect(0, 0, "pA %u+1000 1", from + 1000 * i);
	script_quiet(0);
}

u32 loss_drain(void)
{
	u32 n = 0;

	while (script_next())
		n++;
	return n;
}

void loss_sending(u32 n)
{
	loss_ready();
	user_sends(1000 * n);
	sent(1, min(n, 10u));
}

/*
 * RFC 3042, then the third that is reported, which RFC 8985 takes for the end of doubt.  The
 * new segments and the one that goes again have times of their own.
 */
void loss_found(void)
{
	loss_sending(50);
	quiet(TRIP);
	inject("A 1 1 sack 1001-2001");
	sent(10001, 1);
	quiet(10);
	inject("A 1 1 sack 1001-3001");
	sent(11001, 1);
	quiet(10);
	inject("A 1 1 sack 1001-4001");
	sent(1, 1);
	recovery_is(FAST);
}
