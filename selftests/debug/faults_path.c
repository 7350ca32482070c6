// SPDX-License-Identifier: GPL-2.0
/*
 * Failures of the path to the peer.  The route is replaced by one that refuses, or
 * a firewall drops what is sent, in every state of a connection, and calls are made
 * meanwhile.  They fail with an errno or succeed; when the path is back, all data
 * arrives.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/net.h"
#include "lib/ends.h"

FIXTURE(path)
{
	struct net net;
};

FIXTURE_VARIANT(path)
{
	const char *route;	/* type of the route; NULL: a firewall */
	int err;		/* error of connect() */
};

FIXTURE_VARIANT_ADD(path, unreachable) {
	.route = "unreachable", .err = EHOSTUNREACH,
};

FIXTURE_VARIANT_ADD(path, prohibit) {
	.route = "prohibit", .err = EACCES,
};

FIXTURE_VARIANT_ADD(path, blackhole) {
	.route = "blackhole", .err = EINVAL,
};

FIXTURE_VARIANT_ADD(path, firewall) {
	.route = NULL,
};

FIXTURE_SETUP(path)
{
	net_open(&self->net);
	ends_begin(&self->net);
}

FIXTURE_TEARDOWN(path)
{
}

static void refuse(const struct net *net, int side, const char *route)
{
	if (route)
		net_run(net, side, "ip route add %s %s%s metric 1", route,
			net->ip[!side], ip46("/32", "/128"));
	else
		net_run(net, side,
			"nft 'add table inet refuse; add chain inet refuse out { type filter hook output priority 0; }; add rule inet refuse out meta l4proto %d drop'",
			stack_proto());
}

static void allow(const struct net *net, int side, const char *route)
{
	if (route)
		net_run(net, side, "ip route del %s %s%s metric 1", route,
			net->ip[!side], ip46("/32", "/128"));
	else
		net_run(net, side, "nft delete table inet refuse");
}

/* Sends, receives, and in some states shuts down, while there is no path. */
static void use(struct ends *e)
{
	static char buf[5000];
	ssize_t n;

	ends_fill(e, buf, sizeof(buf));
	n = send(e->fd, buf, sizeof(buf), MSG_NOSIGNAL);
	if (n > 0)
		e->sent += n;
	if (ends_kinds[e->state].tcp_state == ST_ESTABLISHED && n < 0 &&
	    errno != EAGAIN)
		net_die("%s: send: %s", ends_kinds[e->state].name,
			strerror(errno));
	n = recv(e->fd, buf, 50, 0);
	if (n > 0)
		ends_read(e, buf, n);
	if (e->state % 2 && ends_kinds[e->state].connected)
		shutdown(e->fd, SHUT_WR);
}

/* In each state, @side's path fails and comes back. */
static void gone_in_every_state(const struct net *net, const char *route, int side)
{
	struct ends e;
	int state;

	for (state = 0; state < ENDS_STATES; state++) {
		ends_open(state, &e);
		refuse(net, side, route);
		use(&e);
		/* Time for a retransmission or two. */
		usleep(70000);
		if (ends_kinds[state].tcp_state == ST_ESTABLISHED &&
		    ends_tcp_state(&e) == ST_CLOSED)
			net_die("%s: the connection is gone",
				ends_kinds[state].name);
		allow(net, side, route);
		ends_finish(&e, true);
	}
	ends_none_left();
	covered_add("states", ENDS_STATES);
	covered_net(net);
}

TEST_F_TIMEOUT(path, of_the_client, 200)
{
	gone_in_every_state(&self->net, variant->route, CLIENT);
}

TEST_F_TIMEOUT(path, of_the_server, 200)
{
	gone_in_every_state(&self->net, variant->route, SERVER);
}

TEST_F(path, of_connect)
{
	struct ends e;

	ends_open(ENDS_CLOSED, &e);
	refuse(&self->net, CLIENT, variant->route);
	EXPECT_EQ(-1, addr_connect(e.fd, ends_server()));
	EXPECT_EQ(variant->err ?: EINPROGRESS, errno);
	allow(&self->net, CLIENT, variant->route);
	if (variant->err)
		EXPECT_EQ(-1, addr_connect(e.fd, ends_server()));
	ASSERT_TRUE(sock_wait(e.fd, POLLOUT, PATIENCE));
	EXPECT_EQ(0, sock_get(e.fd, SOL_SOCKET, SO_ERROR));
	ends_connected(&e);
	ends_finish(&e, true);
	ends_none_left();
}

TEST_HARNESS_MAIN
