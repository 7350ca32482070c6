// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces begin and end with connections in every state (lib/states.h), with
 * timers that run and segments that a queue holds.  In whatever way they end,
 * both are gone soon, and nothing holds the module any more.
 *
 *	 CLIENT              SERVER
 *	   v0 ---------------- v1
 *	   |                   |
 *	  watch               watch	each the other end of a device out here,
 *	   |                   |	which goes with the namespace
 *	c<round>            s<round>
 *		  here
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/file.h"
#include "lib/net.h"
#include "lib/states.h"

#define PORT	20000
#define FLOWS	4	/* connections that carry data at the end */
/* Orphans without an answer give up after a retransmission or two, or 2 s. */
#define SOON	(2 * PATIENCE)

/* The module's reference count: its sockets, in all namespaces. */
static long module_users(void)
{
	FILE *f = fopen("/sys/module/atcp/refcnt", "re");
	long users = 0;

	if (f && fscanf(f, "%ld", &users) != 1)
		net_die("refcnt");
	if (f)
		fclose(f);
	return users;
}

FIXTURE(namespaces)
{
	long users;		/* of the module, before */
	int round;
	int tell[2];		/* messages of the process in the namespaces */
};

static bool no_user_left(void *users)
{
	return module_users() <= *(long *)users;
}

FIXTURE_SETUP(namespaces)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, pipe(self->tell));
	/* Sockets left by an earlier test do not count. */
	self->users = 0;
	net_until(no_user_left, &self->users, SOON);
	self->users = module_users();
	self->round = 0;
}

FIXTURE_TEARDOWN(namespaces)
{
}

/* A process that has two namespaces, and what there is in them. */
struct life {
	struct net net;
	struct states states;
	struct conn flow[FLOWS];
};

static void watch(const struct net *net, int side, int round)
{
	net_run(net, side, "ip link add watch type veth peer name %c%d netns %d",
		side == CLIENT ? 'c' : 's', round, getppid());
}

static bool is_there(int side, int round)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "%c%d", side == CLIENT ? 'c' : 's', round);
	return if_nametoindex(name);
}

/* Some connections carry data both ways until the end. */
static void pump(struct life *l)
{
	static char buf[16384];
	int i, side;

	for (i = 0; i < 2 * FLOWS; i++) {
		side = i % 2;
		send(l->flow[i / 2].end[side], buf, sizeof(buf),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(l->flow[i / 2].end[!side], buf, sizeof(buf), MSG_DONTWAIT);
	}
}

static void life_begin(struct life *l, int round)
{
	int i, side;

	net_open(&l->net);
	for (side = CLIENT; side <= SERVER; side++) {
		watch(&l->net, side, round);
		net_stack_sysctl(&l->net, side, "fin_timeout", "2");
		/* The next time-out stays near, however long it takes to open all. */
		if (!stack_is_tcp())
			net_stack_sysctl(&l->net, side, "rto_max_ms", "1000");
		else	/* not all kernels have it */
			net_try(&l->net, side, "sysctl -w net.ipv4.tcp_rto_max_ms=1000");
	}
	for (i = 0; i < FLOWS; i++)
		conn_open(&l->net, PORT + i, &l->flow[i]);
	states_open(&l->net, PORT + FLOWS, covered_rounds(1, 4), &l->states);
	for (side = CLIENT; side <= SERVER; side++)
		net_stack_sysctl(&l->net, side, "orphan_retries", "1");
	for (i = 0; i < 100; i++)
		pump(l);
	covered_net(&l->net);
}

/* Tells the test that all is there, and carries data until it is killed. */
static void life_go_on(struct life *l, int tell)
{
	if (write(tell, "", 1) != 1)
		net_die("pipe: %s", strerror(errno));
	for (;;)
		pump(l);
}

/* Starts a process that runs live(), and waits for its first message. */
static pid_t life_start(int round, int tell[2], void (*live)(struct life *l, int tell))
{
	struct life l;
	char byte;
	pid_t pid;

	pid = net_fork();
	if (pid == 0) {
		close(tell[0]);
		life_begin(&l, round);
		live(&l, tell[1]);
		_exit(0);
	}
	if (!sock_wait(tell[0], POLLIN, SOON) || read(tell[0], &byte, 1) != 1)
		net_die("round %d does not begin", round);
	return pid;
}

static bool all_gone(void *arg)
{
	int round = *(int *)arg;

	return !is_there(CLIENT, round) && !is_there(SERVER, round);
}

/* Both namespaces are gone, and whatever held the module. */
#define EXPECT_END(round) do {						\
	EXPECT_TRUE(net_until(all_gone, &(round), SOON));		\
	EXPECT_TRUE(net_until(no_user_left, &self->users, PATIENCE)) {	\
		TH_LOG("%ld users instead of %ld", module_users(),	\
		       self->users);					\
	}								\
	covered_add("namespaces", 2);					\
} while (0)

static void end(pid_t pid, int expected)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || status != expected)
		net_die("process ended with status 0x%x", status);
}

/* --- both sides end --- */

/* The sockets go first, with the path intact, and then the rest. */
static void close_all(struct life *l, int tell)
{
	int i;

	states_path_back(&l->net);
	states_close(&l->states, -1);
	for (i = 0; i < FLOWS; i++)
		conn_close(&l->flow[i]);
	life_go_on(l, tell);
}

/*
 * A queue holds segments of open and of closed connections for a while, on both sides;
 * it goes with its device, and the device with its namespace.
 */
static void hold_segments(struct life *l, int tell)
{
	int i;

	net_run(&l->net, CLIENT, "tc qdisc replace dev v0 root netem delay 700ms");
	net_run(&l->net, SERVER, "tc qdisc replace dev v1 root netem delay 3s 1s");
	for (i = 0; i < 100; i++)
		pump(l);
	life_go_on(l, tell);
}

/* Orphans that would live for minutes, in namespaces without a process. */
static void patient_orphans(struct life *l, int tell)
{
	int side;

	for (side = CLIENT; side <= SERVER; side++)
		net_stack_sysctl(&l->net, side, "orphan_retries", "15");
	life_go_on(l, tell);
}

static void reset_orphans(int round)
{
	if (!is_there(CLIENT, round) || !is_there(SERVER, round))
		net_die("orphans do not keep their namespaces");
	if (!file_write("1", "/sys/module/atcp/parameters/reset_orphans"))
		net_die("reset_orphans: %s", strerror(errno));
}

/* What a process does before it is killed, and what the test does then. */
static const struct {
	const char *name;
	void (*live)(struct life *l, int tell);
	void (*then)(int round);
} ends[] = {
	{ "killed at work", life_go_on },
	{ "sockets closed before", close_all },
	{ "segments held by netem", hold_segments },
	{ "orphans reset", patient_orphans, reset_orphans },
};

enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

/* One round is half of the ends with IPv4, and the other half with IPv6. */
TEST_F_TIMEOUT(namespaces, both_end, 280)
{
	int n = covered_rounds(ENDS / 2, 2 * ENDS), i;
	pid_t pid;

	for (; self->round < n; self->round++) {
		i = (2 * self->round + self->round / 2 + ip46(0, 1)) % ENDS;
		if (ends[i].then && stack_is_tcp())
			continue;
		TH_LOG("%s", ends[i].name);
		pid = life_start(self->round, self->tell, ends[i].live);
		ASSERT_TRUE(is_there(CLIENT, self->round));
		ASSERT_TRUE(is_there(SERVER, self->round));
		EXPECT_TRUE(stack_is_tcp() || self->users < module_users());
		/* The end comes at any moment. */
		usleep(rand() % 100000);
		end(pid, SIGKILL);
		if (ends[i].then)
			ends[i].then(self->round);
		EXPECT_END(self->round);
	}
}

/* --- one side ends, and the other goes on --- */

static bool device_gone(void *arg)
{
	const struct net *net = arg;

	return net_try(net, SERVER, "ip link show v1");
}

/* Sockets whose peer is gone return an errno, and never hang. */
static void use_what_is_left(const struct states *s)
{
	char buf[2048] = { 0 };
	int i, fd, n;

	for (i = 0; i < s->count; i++) {
		fd = s->open[i].fd;
		sock_nonblock(fd, true);
		do {
			n = recv(fd, buf, sizeof(buf), 0);
		} while (n > 0);
		do {
			n = send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
		} while (n > 0);
		if (n == 0)
			net_die("send() of nothing");
	}
}

static void client_first(struct life *l, int tell)
{
	int i;

	for (i = 0; i < FLOWS; i++)
		close(l->flow[i].end[CLIENT]);
	states_close(&l->states, CLIENT);
	close(l->net.ns[CLIENT]);
	if (!net_until(device_gone, &l->net, SOON))
		net_die("CLIENT does not end");
	use_what_is_left(&l->states);
	/* Sockets that do not depend on CLIENT go on. */
	if (net_count_state(&l->net, SERVER, ST_LISTEN) < l->states.n + 2)
		net_die("listeners are gone");
	if (write(tell, "", 1) != 1)
		net_die("pipe: %s", strerror(errno));
	pause();
}

TEST_F_TIMEOUT(namespaces, one_side_first, 280)
{
	pid_t pid;

	for (; self->round < covered_rounds(1, 3); self->round++) {
		pid = life_start(self->round, self->tell, client_first);
		EXPECT_FALSE(is_there(CLIENT, self->round));
		EXPECT_TRUE(is_there(SERVER, self->round));
		end(pid, SIGKILL);
		EXPECT_END(self->round);
	}
}

FIXTURE(last)
{
	struct net net;
};

FIXTURE_SETUP(last)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(last)
{
}

/*
 * A namespace ends with its last process while its sockets are in any state; its
 * devices go with it, which shows that no reference is left.
 */
TEST_F(last, process_killed)
{
	int l, i, go[2], peer[4];
	struct conn c;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(go));
	l = sock_listen(&self->net, SERVER, PORT, 8);
	pid = net_fork();
	if (pid == 0) {
		net_enter(&self->net, CLIENT);
		/* Connections inside the namespace: in TIME-WAIT, shut down, open. */
		self->net.ns[SERVER] = self->net.ns[CLIENT];
		self->net.ip[SERVER] = self->net.ip[CLIENT];
		for (i = 0; i < 3; i++) {
			conn_open(&self->net, PORT + 1 + i, &c);
			if (i == 0)
				conn_close(&c);
			if (i == 1)
				shutdown(c.end[CLIENT], SHUT_WR);
			if (i == 2)
				sock_send(c.end[CLIENT], "unread", 6);
		}
		/* One that waits to be accepted, and one without an answer. */
		sock_connect(&self->net, CLIENT, self->net.ip[CLIENT], PORT + 2);
		i = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
		addr_connect(i, addr_of(ip46("10.0.0.77", "fd00::77"), PORT));
		/* Some have their other end outside. */
		for (i = 0; i < 4; i++)
			sock_connect(&self->net, CLIENT, ip46("10.0.0.2", "fd00::2"), PORT);
		write(go[1], "", 1);
		pause();
		_exit(0);
	}
	close(self->net.ns[CLIENT]);
	ASSERT_EQ(1, read(go[0], &byte, 1));
	for (i = 0; i < 4; i++)
		peer[i] = sock_accept(l);
	close(peer[0]);
	shutdown(peer[1], SHUT_WR);
	sock_send(peer[2], "unread", 6);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (i = 1; i < 4; i++) {
		EXPECT_TRUE(sock_wait(peer[i], POLLIN, PATIENCE));
		close(peer[i]);
	}
	EXPECT_TRUE(net_until(device_gone, &self->net, PATIENCE));
	close(l);
}

TEST_HARNESS_MAIN
