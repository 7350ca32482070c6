// SPDX-License-Identifier: GPL-2.0
/*
 * atcp as TCP on the wire, and the kernel's TCP, in one host: which of them a port
 * belongs to, and each as the other's peer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/flow.h"
#include "lib/info.h"
#include "lib/net.h"
#include "lib/stacks.h"
#include "lib/wire.h"

#define PORT	20000

#define ANY	ip46("0.0.0.0", "::")
#define HERE	self->net.ip[CLIENT]
#define THERE	self->net.ip[SERVER]
#define LO	ip46("127.0.0.1", "::1")

SKIP_PROGRAM_IF(stack_is_tcp(), "there are two stacks in this");

FIXTURE(two)
{
	struct net net;
};

FIXTURE_SETUP(two)
{
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	net_open(&self->net);
	net_enter(&self->net, CLIENT);
}

FIXTURE_TEARDOWN(two)
{
}

/* A socket with one or none of SO_REUSEADDR and SO_REUSEPORT. */
static int sock_with(enum stack stack, int option)
{
	int fd = sock_of(stack);

	if (option)
		sock_set(fd, SOL_SOCKET, option, 1);
	return fd;
}

static int bind_to(int fd, const char *ip, uint16_t port)
{
	return addr_bind(fd, addr_of(ip, port));
}

static const int options[] = { 0, SO_REUSEADDR, SO_REUSEPORT };

/* The second stack does not get a port that the other has, whatever options both have. */
TEST_F(two, ports_are_exclusive)
{
	const char *const ips[] = { ANY, HERE };
	int i, first, o, p, a, b, listens, one, two;

	/* Every combination of options and addresses. */
	for (i = 0; i < 2 * 3 * 3 * 2 * 2 * 2; i++) {
		first = i % 2;
		o = i / 2 % 3;
		p = i / 6 % 3;
		a = i / 18 % 2;
		b = i / 36 % 2;
		listens = i / 72;
		one = sock_with(first, options[o]);
		ASSERT_EQ(0, bind_to(one, ips[a], PORT)) {
			TH_LOG("first %d, option %d", first, o);
		}
		if (listens)
			ASSERT_EQ(0, listen(one, 1));
		two = sock_with(!first, options[p]);
		FAILS(EADDRINUSE, bind_to(two, ips[b], PORT));
		close(one);
		/* It gets the port when the first has closed. */
		EXPECT_EQ(0, bind_to(two, ips[b], PORT));
		EXPECT_EQ(0, listen(two, 1));
		close(two);
	}
}

/* The sockets of one stack share ports with each other as ever. */
TEST_F(two, sharing_within_a_stack)
{
	int o, a, b, foreign;

	for (o = 1; o < 3; o++) {
		a = sock_with(ATCP, options[o]);
		b = sock_with(ATCP, options[o]);
		foreign = sock_with(TCP, options[o]);
		EXPECT_EQ(0, bind_to(a, ANY, PORT));
		EXPECT_EQ(0, bind_to(b, HERE, PORT));
		FAILS(EADDRINUSE, bind_to(foreign, HERE, PORT));
		close(a);
		FAILS(EADDRINUSE, bind_to(foreign, HERE, PORT));
		FAILS(EADDRINUSE, bind_to(foreign, ANY, PORT));
		close(b);
		EXPECT_EQ(0, bind_to(foreign, ANY, PORT));
		close(foreign);
	}
}

/* Sockets of different addresses do not conflict. */
TEST_F(two, other_addresses)
{
	int first, one, two, c, s;

	for (first = ATCP; first < STACKS; first++) {
		one = sock_of(first);
		two = sock_of(!first);
		ASSERT_EQ(0, bind_to(one, HERE, PORT));
		ASSERT_EQ(0, bind_to(two, LO, PORT));
		ASSERT_EQ(0, listen(one, 1));
		ASSERT_EQ(0, listen(two, 1));
		/* Each gets the connections to its address. */
		c = sock_of(TCP);
		dial(c, HERE, PORT);
		s = sock_accept(one);
		talk(c, s);
		c = sock_of(ATCP);
		dial(c, LO, PORT);
		s = sock_accept(two);
		talk(c, s);
		close(one);
		close(two);
	}
}

/* A connection of a stack whose server closes first, and is in TIME-WAIT. */
static void leave_time_wait(enum stack stack, const char *ip, uint16_t port)
{
	int l = listen_at(stack, ip, port), c = sock_of(TCP), s;

	dial(c, ip, port);
	s = sock_accept(l);
	close(s);
	sock_recv_end(c);
	close(c);
	close(l);
}

static bool in_time_wait(void *arg)
{
	int stack = *(int *)arg;
	char cmd[128];

	snprintf(cmd, sizeof(cmd),
		 "grep -q ':%04X [0-9A-F]*:[0-9A-F]* 06 ' /proc/thread-self/net/%s%s",
		 PORT + stack, stack == TCP ? "tcp" : "atcp", ip46("", "6"));
	return !system(cmd);
}

/* SO_REUSEADDR ignores the other stack's TIME-WAIT; nothing else does. */
TEST_F(two, time_wait)
{
	int first, port, fd, c, s, late;

	for (first = ATCP; first < STACKS; first++) {
		port = PORT + first;
		leave_time_wait(first, HERE, port);
		ASSERT_TRUE(net_until(in_time_wait, &first, PATIENCE));
		fd = sock_of(!first);
		FAILS(EADDRINUSE, bind_to(fd, ANY, port));
		sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		ASSERT_EQ(0, bind_to(fd, ANY, port));
		ASSERT_EQ(0, listen(fd, 1));
		c = sock_of(TCP);
		dial(c, HERE, port);
		s = sock_accept(fd);
		/* The port is exclusive: the first stack gets it no more. */
		late = sock_with(first, SO_REUSEADDR);
		FAILS(EADDRINUSE, bind_to(late, ANY, port));
		close(late);
		talk(s, c);
		close(fd);
	}
}

/* A port that connect() has chosen is in use, too. */
TEST_F(two, connections_hold_their_port)
{
	int first, o, l[STACKS], c, s, fd;
	uint16_t port;

	for (first = ATCP; first < STACKS; first++) {
		l[0] = listen_at(!first, HERE, PORT);
		c = sock_of(first);
		dial(c, HERE, PORT);
		s = sock_accept(l[0]);
		port = sock_port(c);
		for (o = 0; o < 3; o++) {
			fd = sock_with(!first, options[o]);
			FAILS(EADDRINUSE, bind_to(fd, ANY, port));
			FAILS(EADDRINUSE, bind_to(fd, HERE, port));
			close(fd);
		}
		talk(c, s);
		close(l[0]);
	}
}

static int on_socket(const struct nlmsghdr *h, void *arg)
{
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(h);
	int *port = arg;

	if (ntohs(diag->id.idiag_sport) == *port)
		*port = 0;
	return MNL_CB_OK;
}

/* True if the kernel's TCP lists a socket there, even one that is only bound. */
static bool shown(int port)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *h;
	ssize_t n;
	int more;

	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	req = mnl_nlmsg_put_extra_header(h, sizeof(*req));
	req->sdiag_family = ip46(AF_INET, AF_INET6);
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = ~0U;
	if (!nl || mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		net_die("sock_diag: %s", strerror(errno));
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		more = n < 0 ? n : mnl_cb_run(buf, n, 0, 0, on_socket, &port);
		if (more < 0 && errno != ENOENT)
			net_die("sock_diag: %s", strerror(errno));
	} while (more == MNL_CB_OK);
	mnl_socket_close(nl);
	return !port;
}

/* The reservation of a port is not listed as a socket of the kernel's TCP. */
TEST_F(two, not_shown)
{
	int l = listen_at(TCP, HERE, PORT), c[40], i;

	if (!shown(PORT) && errno == ENOENT)
		SKIP(return, "a kernel without INET_DIAG");
	for (i = 0; i < 40; i++) {
		c[i] = sock_of(ATCP);
		dial(c[i], HERE, PORT);
		EXPECT_TRUE(shown(PORT));
		EXPECT_FALSE(shown(sock_port(c[i])));
	}
	close(l);
}

/* A port that connect() has chosen is bound to as well, and the connection ends first. */
TEST_F(two, bound_and_connected)
{
	int l = listen_at(TCP, HERE, PORT), c = sock_with(ATCP, SO_REUSEADDR), s, fd, late, o;
	uint16_t port;

	dial(c, HERE, PORT);
	s = sock_accept(l);
	port = sock_port(c);
	fd = sock_with(ATCP, SO_REUSEADDR);
	ASSERT_EQ(0, bind_to(fd, HERE, port));
	close(s);
	sock_recv_end(c);
	close(c);
	close(l);
	for (o = 0; o < 3; o++) {
		late = sock_with(TCP, options[o]);
		FAILS(EADDRINUSE, bind_to(late, ANY, port));
		FAILS(EADDRINUSE, bind_to(late, HERE, port));
		close(late);
	}
	ASSERT_EQ(0, listen(fd, 1));
	c = sock_of(TCP);
	dial(c, HERE, port);
	s = sock_accept(fd);
	talk(c, s);
}

/*
 * Where the kernel's TCP listens by now, a TIME-WAIT of atcp's gives way to the SYN of
 * a new connection, and does not disturb that connection.
 */
TEST_F(two, time_wait_gives_way)
{
	static const char *const demux[] = { "1", "0" };
	int l, c, s, i;

	for (i = 0; i < 2; i++) {
		net_sysctl(&self->net, SERVER, "net/ipv4/ip_early_demux", demux[i]);
		c = sock_with(TCP, SO_REUSEADDR);
		ASSERT_EQ(0, bind_to(c, HERE, PORT + 9 + i));
		net_enter(&self->net, SERVER);
		l = listen_at(ATCP, ANY, PORT + i);
		net_enter(&self->net, CLIENT);
		dial(c, THERE, PORT + i);
		s = sock_accept(l);
		close(s);
		sock_recv_end(c);
		close(c);
		close(l);
		net_wait_state(&self->net, SERVER, PORT + i, PORT + 9 + i, ST_TIME_WAIT);

		net_enter(&self->net, SERVER);
		l = listen_at(TCP, ANY, PORT + i);
		net_enter(&self->net, CLIENT);
		c = sock_with(TCP, SO_REUSEADDR);
		ASSERT_EQ(0, bind_to(c, HERE, PORT + 9 + i));
		dial(c, THERE, PORT + i);
		s = sock_accept(l);
		talk(c, s);
		close(l);
	}
}

/* With few ports, no two connections of the two stacks have the same port. */
TEST_F(two, few_ports)
{
	int l = listen_at(TCP, HERE, PORT), fd[16], i, n = 0, used = 0;
	bool seen[16] = { false };

	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range", "40000 40015");
	for (i = 0; i < 16; i++) {
		fd[n] = sock_of(i % 2);
		if (addr_connect(fd[n], addr_of(HERE, PORT))) {
			EXPECT_EQ(EADDRNOTAVAIL, errno);
			close(fd[n]);
			continue;
		}
		n++;
	}
	EXPECT_LE(8, n);
	for (i = 0; i < n; i++) {
		int at = sock_port(fd[i]) - 40000;

		ASSERT_LE(0, at);
		ASSERT_GT(16, at);
		EXPECT_FALSE(seen[at]);
		seen[at] = true;
		used++;
	}
	EXPECT_EQ(n, used);
	for (i = 0; i < n; i++)
		close(fd[i]);
	close(l);
}

/* Connects to that server n times, one after another, and records the ports. */
static int calls_from(const char *ip, bool *seen, int n)
{
	static const struct linger reset = { .l_onoff = 1 };
	int l = listen_at(TCP, ip, PORT), c, s, ports = 0;

	while (n--) {
		c = sock_of(ATCP);
		dial(c, ip, PORT);
		s = sock_accept(l);
		ports += !seen[sock_port(c)];
		seen[sock_port(c)] = true;
		setsockopt(c, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(c);
		close(s);
	}
	close(l);
	return ports;
}

/* The ports that one server sees do not tell which ports another one sees. */
TEST_F(two, servers_see_other_ports)
{
	static bool seen[2][65536];
	int i, both = 0;

	EXPECT_EQ(300, calls_from(HERE, seen[0], 300));
	EXPECT_EQ(300, calls_from(LO, seen[1], 300));
	for (i = 0; i < 65536; i++)
		both += seen[0][i] && seen[1][i];
	EXPECT_EQ(0, both);
}

/* The same holds for a server's, also where sockets of IPv6 leave IPv4's ports alone. */
TEST_F(two, servers_keep_their_ports)
{
	int l = listen_at(TCP, HERE, PORT), servers[8], c, s, i, fd, n = 0;

	net_sysctl(&self->net, CLIENT, "net/ipv6/bindv6only", "1");
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range", "40000 40015");
	for (i = 0; i < 8; i++)
		servers[i] = listen_at(TCP, HERE, 40000 + 2 * i);
	while (fd = sock_of(ATCP), !addr_connect(fd, addr_of(HERE, PORT))) {
		ASSERT_EQ(1, sock_port(fd) % 2);
		n++;
	}
	EXPECT_EQ(EADDRNOTAVAIL, errno);
	EXPECT_LE(4, n);
	for (i = 0; i < 8; i++) {
		c = sock_of(TCP);
		/* Its own port is outside the range. */
		ASSERT_EQ(0, bind_to(c, HERE, 41000 + i));
		dial(c, HERE, 40000 + 2 * i);
		s = sock_accept(servers[i]);
		talk(c, s);
	}
	close(l);
}

/* Each is the other's peer, on this host and from another. */
TEST_F(two, peers)
{
	int i, client, server, side, l, c, s;

	for (i = 0; i < 8; i++) {
		side = i % 2;
		client = i / 2 % 2;
		server = i / 4;
		l = listen_at(server, HERE, PORT);
		c = sock_in(&self->net, side, client);
		dial(c, HERE, PORT);
		s = sock_accept(l);
		talk(c, s);
		c = sock_in(&self->net, side, client);
		dial(c, HERE, PORT);
		s = sock_accept(l);
		talk(s, c);
		close(l);
	}
}

/* A simultaneous open between the two stacks. */
TEST_F(two, simultaneous_open)
{
	struct addr here = addr_of(HERE, PORT), there = addr_of(THERE, PORT + 1);
	int first, a, b;
	char got[4];

	for (first = ATCP; first < STACKS; first++) {
		a = sock_in(&self->net, CLIENT, first);
		b = sock_in(&self->net, SERVER, !first);
		sock_set(a, SOL_SOCKET, SO_REUSEADDR, 1);
		sock_set(b, SOL_SOCKET, SO_REUSEADDR, 1);
		ASSERT_EQ(0, addr_bind(a, here));
		ASSERT_EQ(0, addr_bind(b, there));
		sock_nonblock(a, true);
		sock_nonblock(b, true);
		/* Neither receives the other's SYN before both have sent one. */
		net_drop(&self->net, CLIENT, TH_SYN, 0, 1500, 0);
		net_drop(&self->net, SERVER, TH_SYN, 0, 1500, 0);
		FAILS(EINPROGRESS, addr_connect(a, there));
		FAILS(EINPROGRESS, addr_connect(b, here));
		net_drop_end(&self->net, CLIENT);
		net_drop_end(&self->net, SERVER);
		ASSERT_TRUE(sock_wait(a, POLLOUT, PATIENCE));
		ASSERT_TRUE(sock_wait(b, POLLOUT, PATIENCE));
		sock_nonblock(a, false);
		sock_nonblock(b, false);
		sock_send(a, "abcd", 4);
		sock_recv(b, got, 4);
		sock_send(b, "efgh", 4);
		sock_recv(a, got, 4);
		close(a);
		close(b);
		here = addr_of(HERE, PORT + 10);
		there = addr_of(THERE, PORT + 11);
	}
}

/*
 * A connection to a port without a socket is refused at once, and so is one to a port
 * that is only bound.
 */
TEST_F(two, nobody_there)
{
	int stack, bound = sock_of(ATCP), kernel = sock_of(TCP), fd;

	ASSERT_EQ(0, bind_to(bound, ANY, PORT));
	ASSERT_EQ(0, bind_to(kernel, ANY, PORT + 1));
	for (stack = ATCP; stack < STACKS; stack++) {
		fd = sock_in(&self->net, SERVER, stack);
		FAILS(ECONNREFUSED, addr_connect(fd, addr_of(HERE, PORT)));
		close(fd);
		fd = sock_in(&self->net, SERVER, stack);
		FAILS(ECONNREFUSED, addr_connect(fd, addr_of(HERE, PORT + 1)));
		close(fd);
		fd = sock_in(&self->net, SERVER, stack);
		FAILS(ECONNREFUSED, addr_connect(fd, addr_of(HERE, PORT + 2)));
		close(fd);
	}
	close(bound);
	close(kernel);
}

/* Source NAT knows TCP: what comes back finds its connection. */
TEST_F(two, masquerade)
{
	const char *as = ip46("10.0.0.9", "fd00::9");
	struct addr peer, want = addr_of(as, 0);
	int l, c, s, stack;

	net_run(&self->net, CLIENT,
		"set -e\n"
		"ip addr add %s dev v0 %s\n"
		"nft -f - <<E\n"
		"add table inet nat\n"
		"add chain inet nat c { type nat hook postrouting priority 100; }\n"
		"add rule inet nat c meta l4proto tcp snat %s to %s\n"
		"E\n", as, ip46("", "nodad"), ip46("ip", "ip6"), as);
	if (stack_is_ipv6())
		net_wait_address(&self->net, CLIENT, as);
	for (stack = ATCP; stack < STACKS; stack++) {
		call_far(&self->net, stack, PORT, &l, &c, &s);
		peer = addr_peer(s);
		EXPECT_TRUE(addr_same_ip(&peer, &want));
		talk(c, s);
		close(l);
	}
}

/* Connection tracking sees the segments of both as an established connection. */
TEST_F(two, tracked_as_established)
{
	int l, c, s, stack;

	net_run(&self->net, CLIENT,
		"nft -f - <<E\n"
		"add table inet f\n"
		"add chain inet f c { type filter hook input priority 0; policy drop; }\n"
		"add rule inet f c ct state established accept\n"
		"add rule inet f c meta l4proto icmp accept\n"
		"add rule inet f c meta l4proto icmpv6 accept\n"
		"E\n");
	for (stack = ATCP; stack < STACKS; stack++) {
		call_far(&self->net, stack, PORT, &l, &c, &s);
		talk(c, s);
		close(l);
	}
}

/* --- what the two agree on --- */

#define OPT_TIMESTAMPS	1	/* of TCP_INFO */
#define OPT_WSCALE	4
#define OPT_ECN		8

/* @stack, on CLIENT, connects to the other; both have this window clamp, or 0. */
static void agree(struct net *net, enum stack stack, uint16_t port, int clamp, struct info *c,
		  struct info *s)
{
	int old = net_visit(net, SERVER), l = sock_with(!stack, SO_REUSEADDR), a, b;

	if (clamp)
		sock_set(l, SOL_TCP, TCP_WINDOW_CLAMP, clamp);
	if (bind_to(l, net->ip[SERVER], port) || listen(l, 1))
		net_die("listen: %s", strerror(errno));
	net_leave(old);
	a = sock_of(stack);
	if (clamp)
		sock_set(a, SOL_TCP, TCP_WINDOW_CLAMP, clamp);
	dial(a, net->ip[SERVER], port);
	b = sock_accept(l);
	info_get(a, c);
	info_get(b, s);
	exchange(a, b, 100000);
	talk(a, b);
	close(l);
}

TEST_F(two, window_scales)
{
	struct info c, s;
	int side, stack, scale;

	for (side = CLIENT; side <= SERVER; side++) {
		net_sysctl(&self->net, side, "net/ipv4/tcp_rmem", "4096 131072 1073741824");
		net_sysctl(&self->net, side, "net/atcp/rmem", "4096 131072 1073741824");
	}
	for (stack = ATCP; stack < STACKS; stack++) {
		for (scale = 0; scale <= 14; scale++) {
			agree(&self->net, stack, PORT + 100 * stack + scale, 1 << (15 + scale),
			      &c, &s);
			EXPECT_TRUE(c.options & OPT_WSCALE);
			EXPECT_EQ(scale, (int)c.rcv_wscale);
			EXPECT_EQ(scale, (int)c.snd_wscale);
			EXPECT_EQ(scale, (int)s.rcv_wscale);
			EXPECT_EQ(scale, (int)s.snd_wscale);
		}
	}
}

/*
 * Timestamps are used where both want them; ECN, which the kernel's TCP asks for, is
 * not.
 */
TEST_F(two, timestamps_and_ecn)
{
	static const char *const wants[3][STACKS] = {
		{ [ATCP] = "1", [TCP] = "1" },
		{ [ATCP] = "1", [TCP] = "0" },
		{ [ATCP] = "0", [TCP] = "1" },
	};
	struct info c, s;
	int side, stack, i;

	for (i = 0; i < 3; i++) {
		for (side = CLIENT; side <= SERVER; side++) {
			net_sysctl(&self->net, side, "net/ipv4/tcp_ecn", "1");
			net_sysctl(&self->net, side, "net/ipv4/tcp_timestamps", wants[i][TCP]);
			net_sysctl(&self->net, side, "net/atcp/timestamps", wants[i][ATCP]);
		}
		for (stack = ATCP; stack < STACKS; stack++) {
			agree(&self->net, stack, PORT + 10 * stack + i, 0, &c, &s);
			EXPECT_EQ(!i, !!(c.options & OPT_TIMESTAMPS));
			EXPECT_EQ(!i, !!(s.options & OPT_TIMESTAMPS));
			EXPECT_FALSE((c.options | s.options) & OPT_ECN);
		}
	}
}

/* --- the kernel's TCP while atcp is at work beside it, between the same hosts --- */

struct crowd {
	struct net *net;
	int listener;		/* on SERVER */
	uint16_t port;
	enum stack stack;	/* that connects */
	size_t bytes;		/* each way, before the talk */
	atomic_bool over;
	unsigned int calls;
	pthread_t thread;
};

/* Connects, one connection after another. */
static void call(struct crowd *c)
{
	int a = sock_of(c->stack), b;

	dial(a, c->net->ip[SERVER], c->port);
	b = sock_accept(c->listener);
	exchange(a, b, c->bytes);
	talk(a, b);
	c->calls++;
}

static void *call_on(void *arg)
{
	struct crowd *c = arg;

	while (!c->over)
		call(c);
	return NULL;
}

static void crowd_open(struct crowd *c, struct net *net, enum stack stack, uint16_t port,
		       size_t bytes)
{
	int back = net_visit(net, SERVER);

	*c = (struct crowd){ .net = net, .stack = stack, .port = port, .bytes = bytes };
	c->listener = listen_at(TCP, net->ip[SERVER], port);
	net_leave(back);
}

/* A counter of the kernel's TCP in the current namespace. */
static unsigned long tcp_counter(const char *name)
{
	char cmd[160], text[32] = "";
	FILE *f;

	snprintf(cmd, sizeof(cmd),
		 "awk '/^Tcp:/ { if (!n) while (n < NF && $++n != \"%s\"); v = $n } END { print v }' %s",
		 name, "/proc/thread-self/net/snmp");
	f = popen(cmd, "r");
	if (!f || !fgets(text, sizeof(text), f))
		net_die("no counter %s", name);
	pclose(f);
	return strtoul(text, NULL, 10);
}

TEST_F_TIMEOUT(two, natives_beside, 120)
{
	static const char *const bad[] = { "OutRsts", "InErrs", "AttemptFails", "EstabResets" };
	unsigned long before[ARRAY_SIZE(bad)];
	struct crowd busy[2], native[2];
	int i;

	crowd_open(&busy[0], &self->net, ATCP, PORT, 1 << 20);
	crowd_open(&busy[1], &self->net, ATCP, PORT + 1, 0);
	crowd_open(&native[0], &self->net, TCP, PORT + 2, 16 << 20);
	crowd_open(&native[1], &self->net, TCP, PORT + 3, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		before[i] = tcp_counter(bad[i]);
	for (i = 0; i < 2; i++)
		pthread_create(&busy[i].thread, NULL, call_on, &busy[i]);
	call(&native[0]);
	for (i = 0; i < 300; i++)
		call(&native[1]);
	for (i = 0; i < 2; i++) {
		busy[i].over = true;
		pthread_join(busy[i].thread, NULL);
		EXPECT_LT(0, busy[i].calls);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(before[i], tcp_counter(bad[i]));
}

TEST_HARNESS_MAIN
