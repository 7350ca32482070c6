// SPDX-License-Identifier: GPL-2.0
/*
 * The worst networks, shared by many connections: 30 % of what is sent either way is
 * lost, 25 % comes twice, 25 % out of order, and 15 % has a wrong bit.  Every byte
 * arrives once, in order, in the connection it was sent on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/net.h"

#define PORT	20000
#define FLOWS	512		/* at most */
#define WORST	"delay 3ms loss 30% duplicate 25% reorder 25% corrupt 15%"

FIXTURE(race_netem)
{
	struct net net;
};

FIXTURE_SETUP(race_netem)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(race_netem)
{
	covered_net(&self->net);
}

/* One end of a connection: the bytes it has sent and received. */
struct end {
	int fd;
	size_t sent, got;
	bool ended;
};

struct flow {
	struct end end[2];
	size_t len;		/* bytes each way */
	bool small;		/* in small writes, each a segment */
};

/* The offset in the pattern where a direction of a flow begins: no two are alike. */
static uint64_t origin(int flow, int side)
{
	return 7919ULL * (2 * flow + side);
}

static void push(struct flow *f, int i, int side)
{
	struct end *e = &f->end[side];
	char buf[4096];
	size_t n = f->small ? 1 + (e->sent * 31 + i) % 200 : sizeof(buf);
	ssize_t done;

	if (n > f->len - e->sent)
		n = f->len - e->sent;
	pattern_fill(buf, n, origin(i, side) + e->sent);
	done = send(e->fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (done < 0 && errno != EAGAIN)
		net_die("flow %d: send after %zu bytes: %s", i, e->sent,
			strerror(errno));
	if (done > 0)
		e->sent += done;
	if (e->sent == f->len)
		shutdown(e->fd, SHUT_WR);
}

static void pull(struct flow *f, int i, int side)
{
	struct end *e = &f->end[side];
	static char buf[65536];
	ssize_t n = recv(e->fd, buf, sizeof(buf), MSG_DONTWAIT);
	size_t good;

	if (n < 0) {
		if (errno != EAGAIN)
			net_die("flow %d: recv after %zu bytes: %s", i, e->got,
				strerror(errno));
		return;
	}
	good = pattern_check(buf, n, origin(i, !side) + e->got);
	if (good != (size_t)n)
		net_die("flow %d: byte %zu is wrong", i, e->got + good);
	e->got += n;
	if (n)
		return;
	if (e->got != f->len)
		net_die("flow %d: the end after %zu of %zu bytes", i, e->got,
			f->len);
	e->ended = true;
}

/* All connect at once, over the same network. */
static void connect_all(const struct net *net, struct flow *f, int flows)
{
	int l = sock_listen(net, SERVER, PORT, FLOWS), i, k, fd, yes = 1;
	static uint16_t port[FLOWS];
	struct addr peer;

	for (i = 0; i < flows; i++) {
		f[i].end[CLIENT].fd = sock_open(net, CLIENT, SOCK_NONBLOCK);
		if (!addr_connect(f[i].end[CLIENT].fd,
				  addr_side(net, SERVER, PORT)) ||
		    errno != EINPROGRESS)
			net_die("connect: %s", strerror(errno));
		port[i] = sock_port(f[i].end[CLIENT].fd);
		f[i].end[SERVER].fd = -1;
		if (f[i].small)
			setsockopt(f[i].end[CLIENT].fd, IPPROTO_TCP,
				   TCP_NODELAY, &yes, sizeof(yes));
	}
	for (i = 0; i < flows; i++) {
		if (!sock_wait(l, POLLIN, 6 * PATIENCE))
			net_die("%d of %d connections came", i, flows);
		fd = accept(l, NULL, NULL);
		if (fd < 0)
			net_die("accept: %s", strerror(errno));
		peer = addr_peer(fd);
		for (k = 0; k < flows && port[k] != addr_port(&peer); k++)
			;
		if (k == flows || f[k].end[SERVER].fd >= 0)
			net_die("a connection from nobody");
		f[k].end[SERVER].fd = fd;
	}
	close(l);
}

/* All connections send and receive until all is there. */
static void run_all(struct flow *f, int flows, int seconds)
{
	static struct pollfd pfd[2 * FLOWS];
	long long deadline = net_now() + seconds * 1000LL;
	int open, i, side;

	do {
		open = 0;
		for (i = 0; i < flows; i++) {
			for (side = 0; side < 2; side++) {
				struct end *e = &f[i].end[side];

				pfd[2 * i + side] = (struct pollfd){
					.fd = e->ended && e->sent == f[i].len ?
					      -1 : e->fd,
					.events = (e->ended ? 0 : POLLIN) |
						  (e->sent < f[i].len ?
						   POLLOUT : 0),
				};
				open += pfd[2 * i + side].fd >= 0;
			}
		}
		if (open && net_now() > deadline)
			net_die("%d ends of %d have not finished in %d s",
				open, 2 * flows, seconds);
		poll(pfd, 2 * flows, open ? 1000 : 0);
		for (i = 0; i < 2 * flows; i++) {
			if (pfd[i].fd < 0)
				continue;
			if (pfd[i].revents & POLLOUT &&
			    f[i / 2].end[i % 2].sent < f[i / 2].len)
				push(&f[i / 2], i / 2, i % 2);
			if (pfd[i].revents & ~POLLOUT)
				pull(&f[i / 2], i / 2, i % 2);
		}
	} while (open);
}

/*
 * Long pauses only cost time, so there is a second at most between two tries.  There
 * are as many tries as it takes: of 2000 that depend on luck one fails 15 times in a
 * row.
 */
static void try_often(const struct net *net)
{
	int side;

	for (side = 0; side < 2; side++) {
		net_stack_sysctl(net, side, "retries2", "100");
		net_stack_sysctl(net, side, "syn_retries", "60");
		net_stack_sysctl(net, side, "synack_retries", "60");
		/* Only newer kernels' TCP has it. */
		net_try(net, side, "echo 1000 >/proc/sys/net/%s",
			stack_is_tcp() ? "ipv4/tcp_rto_max_ms" :
					 "atcp/rto_max_ms");
	}
}

TEST_F_TIMEOUT(race_netem, worst, 600)
{
	int flows = covered_rounds(24, 240), i, side;
	static struct flow f[FLOWS];
	struct net *net = &self->net;

	try_often(net);
	for (side = 0; side < 2; side++)
		net_run(net, side, "tc qdisc add dev %s root netem limit 10000 %s",
			net->dev[side], WORST);
	for (i = 0; i < flows; i++) {
		f[i].len = 4000 + i % 5 * 4000;
		f[i].small = i % 4 == 3;
		if (f[i].small)
			f[i].len = 3000;
	}
	connect_all(net, f, flows);
	run_all(f, flows, 500);
	for (i = 0; i < flows; i++) {
		for (side = 0; side < 2; side++) {
			EXPECT_EQ(f[i].len, f[i].end[side].got);
			covered_add("bytes", f[i].end[side].got);
			close(f[i].end[side].fd);
		}
	}
	covered_add("flows", flows);
	for (side = 0; side < 2; side++)
		net_run(net, side, "tc qdisc del dev %s root", net->dev[side]);
	EXPECT_TRUE(net_until(net_only_time_wait, net, 3 * PATIENCE));
	if (stack_is_tcp())
		return;
	/* The network was as bad as intended. */
	for (side = 0; side < 2; side++) {
		EXPECT_LT(flows / 2, net_stat(net, side, "in_bad_checksum"));
		EXPECT_LT(flows, net_stat(net, side, "retrans_segs"));
		EXPECT_LT(flows, net_stat(net, side, "duplicate_data"));
		EXPECT_LT(flows / 2, net_stat(net, side, "out_of_order"));
		covered_add("retransmitted", net_stat(net, side, "retrans_segs"));
		covered_add("corrupted", net_stat(net, side, "in_bad_checksum"));
	}
}

TEST_HARNESS_MAIN
