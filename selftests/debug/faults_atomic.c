// SPDX-License-Identifier: GPL-2.0
/*
 * Every failure of an allocation that may not sleep, once: segments, sockets,
 * requests, TIME-WAITs and routes, when a segment arrives or a timer fires.  No
 * program is told of such a failure: the connection recovers by retransmissions, and
 * loses nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/net.h"
#include "lib/ends.h"
#include "lib/fault.h"

#define PORT	22000
#define BYTES	30000		/* there, and back */
#define MANY	400		/* more allocations of a kind than a test makes */

/* The slab caches that the module and its segments use, if the kernel has them. */
static const char *const caches[] = {
	"ATCP", "ATCPv6", "atcp_bind", "atcp_request", "atcp_timewait",
	"skbuff_head_cache", "skbuff_fclone_cache", "skbuff_small_head",
	"kmalloc-64", "kmalloc-96", "kmalloc-128", "kmalloc-192",
	"kmalloc-256", "kmalloc-512", "kmalloc-1k", "kmalloc-2k", "kmalloc-4k",
	"ip_dst_cache", "ip6_dst_cache",
};

#define CACHES	((int)(sizeof(caches) / sizeof(caches[0])))

SKIP_PROGRAM_IF(!fault_begin() || !fault_has_cache("skbuff_head_cache"),
		"a kernel without fault injection");

FIXTURE(faults)
{
	struct net net;
	int listener;
};

FIXTURE_SETUP(faults)
{
	int side;

	ASSERT_TRUE(fault_begin());
	net_open(&self->net);
	ends_begin(&self->net);
	/* A SYN is resent often when its allocation fails. */
	for (side = 0; side < 2; side++)
		net_stack_sysctl(&self->net, side, "syn_retries", "100");
	self->listener = sock_listen(&self->net, SERVER, PORT, 100);
	sock_nonblock(self->listener, true);
	/* Options that keep copies: of the SYN, and of the latest segment's options. */
	sock_set(self->listener, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	if (stack_is_ipv6()) {
		sock_set(self->listener, SOL_IPV6, IPV6_RECVPKTINFO, 1);
		sock_set(self->listener, SOL_IPV6, IPV6_RECVTCLASS, 1);
	}
}

FIXTURE_TEARDOWN(faults)
{
	fault_slab_end();
}

/* --- a dialogue --- */

static bool short_of_memory(int err)
{
	return err == ENOMEM || err == ENOBUFS || err == EAGAIN;
}

/* One end, and the bytes that it has sent and received. */
struct side {
	int fd;
	uint32_t sent;
	uint32_t got;
	bool ended;
};

static void move(struct side *s)
{
	static char buf[BYTES];
	ssize_t n;

	if (s->sent < BYTES) {
		pattern_fill(buf, BYTES - s->sent, s->sent);
		n = send(s->fd, buf, BYTES - s->sent, MSG_NOSIGNAL);
		if (n < 0 && !short_of_memory(errno))
			net_die("send: %s after %u bytes", strerror(errno),
				s->sent);
		s->sent += n > 0 ? n : 0;
		if (s->sent == BYTES)
			shutdown(s->fd, SHUT_WR);
	}
	n = recv(s->fd, buf, sizeof(buf), 0);
	if (n < 0 && !short_of_memory(errno))
		net_die("recv: %s after %u bytes", strerror(errno), s->got);
	if (n > 0 && pattern_check(buf, n, s->got) != (size_t)n)
		net_die("wrong data after %u bytes", s->got);
	s->got += n > 0 ? n : 0;
	if (!n)
		s->ended = true;
}

static int try_connect(const struct net *net, bool stamps)
{
	uint32_t flags = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_SOFTWARE |
			 SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
	int fd = socket(stack_family(), SOCK_STREAM | SOCK_CLOEXEC, stack_kind());

	if (fd < 0)
		net_die("socket: %s", strerror(errno));
	if (stamps)
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags,
			   sizeof(flags));
	if (!addr_connect(fd, addr_side(net, SERVER, PORT))) {
		sock_nonblock(fd, true);
		return fd;
	}
	if (!short_of_memory(errno))
		net_die("connect: %s", strerror(errno));
	close(fd);
	return -1;
}

/* CLIENT connects; both ends send, close, and check the bytes that they receive. */
static void dialogue(const struct net *net, int listener, bool stamps)
{
	long long deadline = net_now() + 6 * PATIENCE;
	struct side end[2] = { { .fd = -1 }, { .fd = -1 } };
	int i;

	while (end[CLIENT].fd < 0)
		end[CLIENT].fd = try_connect(net, stamps);
	while (!end[CLIENT].ended || !end[SERVER].ended) {
		struct pollfd p[2] = {
			{ .fd = end[CLIENT].fd, .events = POLLIN },
			{ .fd = end[SERVER].fd < 0 ? listener : end[SERVER].fd,
			  .events = POLLIN },
		};

		if (net_now() > deadline)
			net_die("stuck: sent %u and %u, received %u and %u",
				end[0].sent, end[1].sent, end[0].got, end[1].got);
		poll(p, 2, 10);
		if (end[SERVER].fd < 0) {
			end[SERVER].fd = accept4(listener, NULL, NULL,
						 SOCK_CLOEXEC | SOCK_NONBLOCK);
			if (end[SERVER].fd < 0 && !short_of_memory(errno))
				net_die("accept: %s", strerror(errno));
		}
		for (i = 0; i < 2; i++)
			if (end[i].fd >= 0 && !end[i].ended)
				move(&end[i]);
	}
	for (i = 0; i < 2; i++) {
		if (end[i].got != BYTES)
			net_die("%u bytes of %u", end[i].got, BYTES);
		close(end[i].fd);
	}
}

/* Lets the nth allocation from each cache fail, for every n that a dialogue reaches. */
static void every_nth(const struct net *net, int listener)
{
	int i, skip, total = 0;

	for (i = 0; i < CACHES; i++) {
		if (!fault_has_cache(caches[i]))
			continue;
		fault_cache(caches[i], true);
		for (skip = 0; skip < MANY; skip++) {
			fault_slab_nth(caches[i], skip);
			dialogue(net, listener, skip % 2);
			if (!fault_slab_end())
				break;
		}
		fault_cache(caches[i], false);
		/* The kmalloc caches have other users, too. */
		if (skip == MANY && strncmp(caches[i], "kmalloc", 7))
			net_die("%s: no end of allocations", caches[i]);
		total += skip;
		if (skip)
			fprintf(stderr, "# %s: %d\n", caches[i], skip);
	}
	covered_add("faults", total);
}

TEST_F_TIMEOUT(faults, of_a_connection, 300)
{
	every_nth(&self->net, self->listener);
	close(self->listener);
	ends_none_left();
	covered_net(&self->net);
}

/* Every connection is made by a cookie, without a request. */
TEST_F_TIMEOUT(faults, of_a_connection_by_cookie, 300)
{
	net_stack_sysctl(&self->net, SERVER, "syncookies", "2");
	every_nth(&self->net, self->listener);
	close(self->listener);
	ends_none_left();
	covered_net(&self->net);
}

/* --- in every state --- */

static void pick_segments(bool on)
{
	int i;

	for (i = 0; i < CACHES; i++)
		if (!strncmp(caches[i], "skbuff", 6) && fault_has_cache(caches[i]))
			fault_cache(caches[i], on);
}

/* In each state, timers and arriving segments find no memory for a while. */
TEST_F_TIMEOUT(faults, no_memory_in_every_state, 300)
{
	struct ends e;
	int state;

	pick_segments(true);
	for (state = 0; state < ENDS_STATES; state++) {
		ends_open(state, &e);
		fault_slab_chance(100);
		usleep(state == ENDS_SYN_SENT || state == ENDS_SYN_RECEIVED ||
		       state == ENDS_LISTEN_REQUEST ? 1300000 : 150000);
		covered_add("faults", fault_slab_end());
		if (ends_tcp_state(&e) != ends_kinds[state].tcp_state)
			net_die("%s: the state is %d", ends_kinds[state].name,
				ends_tcp_state(&e));
		ends_finish(&e, true);
	}
	pick_segments(false);
	close(self->listener);
	ends_none_left();
	covered_add("states", ENDS_STATES);
	covered_net(&self->net);
}

/* The connection is ended from each state, with the nth allocation of a segment failing. */
TEST_F_TIMEOUT(faults, of_the_end_of_every_state, 300)
{
	static const char *const used[] = {
		"skbuff_head_cache", "skbuff_fclone_cache", "skbuff_small_head",
		"atcp_timewait",
	};
	int state, i, skip, failed;
	struct ends e;

	for (i = 0; i < 4; i++) {
		if (!fault_has_cache(used[i]))
			continue;
		fault_cache(used[i], true);
		for (state = ENDS_ESTABLISHED; state < ENDS_STATES; state++) {
			for (skip = 0; skip < MANY; skip++) {
				ends_open(state, &e);
				fault_slab_nth(used[i], skip);
				ends_finish(&e, false);
				failed = fault_slab_end();
				covered_add("faults", failed);
				if (!failed)
					break;
			}
			if (skip == MANY)
				net_die("%s: no end", ends_kinds[state].name);
		}
		fault_cache(used[i], false);
	}
	close(self->listener);
	ends_none_left();
	covered_net(&self->net);
}

/* --- by chance --- */

#define WORKERS	6

static void by_chance(const struct net *net, int listener, int percent, int rounds)
{
	int i, status, bad = 0;

	for (i = 0; i < CACHES; i++)
		if (fault_has_cache(caches[i]))
			fault_cache(caches[i], true);
	fflush(NULL);
	fault_slab_chance(percent);
	for (i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			net_die("fork: %s", strerror(errno));
		if (pid == 0) {
			while (rounds--)
				dialogue(net, listener, rounds % 2);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		bad += status != 0;
	covered_add("faults", fault_slab_end());
	for (i = 0; i < CACHES; i++)
		if (fault_has_cache(caches[i]))
			fault_cache(caches[i], false);
	if (bad)
		net_die("%d of %d programs failed at %d %%", bad, WORKERS, percent);
}

TEST_F_TIMEOUT(faults, now_and_then, 300)
{
	by_chance(&self->net, self->listener, 1, covered_rounds(10, 40));
	by_chance(&self->net, self->listener, 5, covered_rounds(3, 12));
	by_chance(&self->net, self->listener, 20, 1);
	close(self->listener);
	ends_none_left();
	covered_net(&self->net);
}

TEST_HARNESS_MAIN
