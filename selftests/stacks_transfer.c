// SPDX-License-Identifier: GPL-2.0
/*
 * atcp as TCP on the wire, with the kernel's TCP as its peer, in both roles: much data
 * both ways at once, every byte checked, over links of all sorts.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/stacks.h"

#define PORT	20000
#define MB	1048576

SKIP_PROGRAM_IF(stack_is_tcp(), "there are two stacks in this");

FIXTURE(transfer)
{
	struct net net;
};

FIXTURE_SETUP(transfer)
{
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	net_open(&self->net);
	net_enter(&self->net, CLIENT);
}

FIXTURE_TEARDOWN(transfer)
{
}

/* Sets the devices' offloads "on" or "off". */
static void offloads(const struct net *net, const char *how)
{
	int side;

	for (side = CLIENT; side <= SERVER; side++)
		net_run(net, side, "ethtool -K %s tso %s gso %s gro %s tx %s rx %s sg %s >%s",
			net->dev[side], how, how, how, how, how, how, "/dev/null");
}

static void disturb(const struct net *net, const char *netem)
{
	int side;

	for (side = CLIENT; side <= SERVER; side++)
		net_run(net, side, "tc qdisc add dev %s root netem limit 10000 %s",
			net->dev[side], netem);
}

TEST_F_TIMEOUT(transfer, clean_256_mb_each_way, 240)
{
	both_roles(&self->net, PORT, 256 * MB);
}

/* Without offloads a device gets single segments with their checksums. */
TEST_F_TIMEOUT(transfer, without_offloads, 240)
{
	offloads(&self->net, "off");
	both_roles(&self->net, PORT, 16 * MB);
}

TEST_F_TIMEOUT(transfer, lost, 240)
{
	disturb(&self->net, "loss 1%");
	both_roles(&self->net, PORT, 16 * MB);
}

TEST_F_TIMEOUT(transfer, reordered_and_duplicated, 240)
{
	disturb(&self->net, "delay 2ms 1ms reorder 75% duplicate 5%");
	both_roles(&self->net, PORT, 4 * MB);
}

TEST_F_TIMEOUT(transfer, far_away, 240)
{
	disturb(&self->net, "delay 50ms");
	both_roles(&self->net, PORT, 4 * MB);
}

TEST_F_TIMEOUT(transfer, far_away_and_lost_by_segments, 240)
{
	offloads(&self->net, "off");
	disturb(&self->net, "delay 50ms loss 1%");
	both_roles(&self->net, PORT, MB / 2);
}

TEST_HARNESS_MAIN
