// SPDX-License-Identifier: GPL-2.0
/*
 * How much of a connection waits in the sender's own device, and how evenly it sends: of atcp
 * with the kernel's TCP as its peer and of the kernel's TCP with atcp as its.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/info.h"
#include "lib/net.h"
#include "lib/stacks.h"

#define PORT	20000
#define MEAN	20000	/* bytes in the queue of atcp's; now and then there are twice as many */

SKIP_PROGRAM_IF(stack_is_tcp(), "there are two stacks in this");

FIXTURE(queue)
{
	struct net net;
	pid_t sends, reads;
	int l, c, s;
};

FIXTURE_VARIANT(queue)
{
	enum stack sender;
	const char *offload;
};

FIXTURE_VARIANT_ADD(queue, of_atcp) { .sender = ATCP, .offload = "on" };
FIXTURE_VARIANT_ADD(queue, of_atcp_without_gso) { .sender = ATCP, .offload = "off" };
FIXTURE_VARIANT_ADD(queue, of_tcp) { .sender = TCP, .offload = "on" };

FIXTURE_SETUP(queue)
{
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	net_open(&self->net);
	net_run(&self->net, CLIENT, "ethtool -K %s tso %s gso %s >/dev/null",
		self->net.dev[CLIENT], variant->offload, variant->offload);
	call_far(&self->net, variant->sender, PORT, &self->l, &self->c, &self->s);
}

FIXTURE_TEARDOWN(queue)
{
	kill(self->sends, SIGKILL);
	kill(self->reads, SIGKILL);
	waitpid(self->sends, NULL, 0);
	waitpid(self->reads, NULL, 0);
}

/* CLIENT sends without end, and SERVER reads. */
static void begin(FIXTURE_DATA(queue) * self)
{
	static char block[65536];

	self->sends = net_fork();
	while (!self->sends)
		if (write(self->c, block, sizeof(block)) < 0)
			_exit(1);
	self->reads = net_fork();
	while (!self->reads)
		if (read(self->s, block, sizeof(block)) <= 0)
			_exit(1);
}

/* Bytes that wait in the queueing discipline of CLIENT's device. */
static long backlog(const struct net *net)
{
	int old = net_visit(net, CLIENT);
	char command[100], line[200];
	long bytes = -1, most = -1;
	FILE *f;

	snprintf(command, sizeof(command), "tc -s qdisc show dev %s", net->dev[CLIENT]);
	f = popen(command, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " backlog %ld", &bytes) != 1)
			continue;
		/* "123b", "45Kb" */
		if (strstr(line, "Kb "))
			bytes *= 1000;
		most = bytes > most ? bytes : most;
	}
	if (f)
		pclose(f);
	net_leave(old);
	return most;
}

static bool sends(void *fd)
{
	struct info i;

	return info_get(*(int *)fd, &i) > 0 && i.bytes_acked > 1000000;
}

/*
 * A slow line, and the long queue of a device before it.  What the kernel's TCP has there is
 * printed only: it goes by the least round trip, which chance decides here.
 */
TEST_F_TIMEOUT(queue, little_waits_in_the_device, 90)
{
	long most = 0, sum = 0;
	int i;

	net_run(&self->net, CLIENT,
		"tc qdisc add dev %s root handle 1: tbf rate 10mbit burst 5kb limit 10000000",
		self->net.dev[CLIENT]);
	net_run(&self->net, CLIENT, "tc qdisc add dev %s parent 1:1 pfifo limit 1000",
		self->net.dev[CLIENT]);
	begin(self);
	ASSERT_TRUE(net_until(sends, &self->c, PATIENCE));
	for (i = 0; i < 100; i++) {
		long now = backlog(&self->net);

		ASSERT_LE(0, now);
		most = now > most ? now : most;
		sum += now;
		usleep(10000);
	}
	TH_LOG("backlog: %ld bytes at most, %ld on average", most, sum / 100);
	if (variant->sender == ATCP) {
		EXPECT_GE(MEAN, sum / 100);
		EXPECT_GE(2 * MEAN, most);
	}
	EXPECT_LT(0, sum);
}

TEST_HARNESS_MAIN
