// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: groups of SO_REUSEPORT, which of several listeners gets a connection,
 * ephemeral ports and their ranges, and ports in TIME-WAIT.  Which sockets may bind to
 * one is in api_bind.c.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT	24
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif

#define PORT	20000
#define CPORT	21000

#define ANY	ip46("0.0.0.0", "::")
#define LOOP	ip46("127.0.0.1", "::1")
#define HERE	ip46("10.0.0.1", "fd00::1")	/* not of loopback, but on lo */

FIXTURE(ports)
{
	struct net net;
};

FIXTURE_SETUP(ports)
{
	struct rlimit files = { 65536, 65536 };

	net_open_lo(&self->net);
	/* Even without DAD it takes IPv6 a moment to take an address. */
	net_run(&self->net, CLIENT,
		"set -e\n"
		"ip addr add 10.0.0.1/32 dev lo\n"
		"ip addr add fd00::1/128 dev lo nodad\n"
		"until ip -6 route get fd00::1 >/dev/null 2>&1; do sleep 0.01; done\n");
	net_enter(&self->net, CLIENT);
	setrlimit(RLIMIT_NOFILE, &files);
}

FIXTURE_TEARDOWN(ports)
{
}

static int sock_new(void)
{
	int fd = socket(stack_family(), SOCK_STREAM, stack_kind());

	if (fd < 0)
		net_die("socket: %s", strerror(errno));
	return fd;
}

static int bind_to(int fd, const char *ip, uint16_t port)
{
	return addr_bind(fd, addr_of(ip, port));
}

static int connect_to(int fd, const char *ip, uint16_t port)
{
	return addr_connect(fd, addr_of(ip, port));
}

/* A socket with an option of SOL_SOCKET set, bound. */
static int bound(int option, const char *ip, uint16_t port)
{
	int fd = sock_new();

	if (option)
		sock_set(fd, SOL_SOCKET, option, 1);
	if (bind_to(fd, ip, port))
		net_die("bind to %s %d: %s", ip, port, strerror(errno));
	return fd;
}

static int listens(int fd)
{
	if (listen(fd, 1024))
		net_die("listen: %s", strerror(errno));
	sock_nonblock(fd, true);
	return fd;
}

static int dial(const char *ip, uint16_t port)
{
	int fd = sock_new();

	if (connect_to(fd, ip, port))
		net_die("connect to %s %d: %s", ip, port, strerror(errno));
	return fd;
}

/* Closes both ends of all connections that wait to be accepted; returns their number. */
static int hang_up(int listener)
{
	static const struct linger reset = { .l_onoff = 1 };
	int fd, count = 0;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
		count++;
	}
	return count;
}

/* Connects n times and counts how many each of the listeners got. */
static void calls(const char *ip, int number, const int *listener, int n,
		  int *count)
{
	int *fd = calloc(number, sizeof(*fd)), i, got = 0;

	for (i = 0; i < number; i++)
		fd[i] = dial(ip, PORT);
	memset(count, 0, n * sizeof(*count));
	/* The last ACK of a handshake may still be on its way. */
	for (long long end = net_now() + PATIENCE; got < number;) {
		for (i = 0; i < n; i++) {
			int more = hang_up(listener[i]);

			count[i] += more;
			got += more;
		}
		if (net_now() > end)
			net_die("%d of %d connections arrived", got, number);
	}
	for (i = 0; i < number; i++)
		close(fd[i]);
	free(fd);
}

static void group_open(const char *ip, int *fd, int n)
{
	for (int i = 0; i < n; i++)
		fd[i] = listens(bound(SO_REUSEPORT, ip, PORT));
}

TEST_F(ports, group_shares_connections)
{
	int fd[8], count[8], i;

	group_open(ANY, fd, 8);
	calls(HERE, 256, fd, 8, count);
	for (i = 0; i < 8; i++)
		EXPECT_LT(0, count[i]);
}

/* A member that leaves, even the first, takes only its own queue with it. */
TEST_F(ports, group_gets_smaller)
{
	int fd[3], count[3], i;

	group_open(HERE, fd, 3);
	for (i = 0; i < 2; i++) {
		close(fd[i]);
		calls(HERE, 48, fd + i + 1, 2 - i, count);
		EXPECT_LT(0, count[0]);
	}
	/* A member comes back by listen() after a shutdown, too. */
	ASSERT_EQ(0, shutdown(fd[2], SHUT_RD));
	fd[0] = sock_new();
	FAILS(ECONNREFUSED, connect_to(fd[0], HERE, PORT));
	listens(fd[2]);
	calls(HERE, 4, fd + 2, 1, count);
	EXPECT_EQ(4, count[0]);
}

TEST_F(ports, large_group)
{
	static int fd[300], count[300];
	int i, idle = 0;

	group_open(ANY, fd, 300);
	calls(LOOP, 1500, fd, 300, count);
	for (i = 0; i < 300; i++)
		idle += !count[i];
	/* By chance one of 150 gets nothing. */
	EXPECT_GT(30, idle);
}

TEST_F(ports, group_is_one_users)
{
	int a = listens(bound(SO_REUSEPORT, ANY, PORT));
	int b = sock_new();

	sock_set(b, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_EQ(0, fchown(b, 1000, -1));
	FAILS(EADDRINUSE, bind_to(b, ANY, PORT));
	FAILS(EADDRINUSE, bind_to(b, HERE, PORT));
	ASSERT_EQ(0, fchown(b, 0, -1));
	EXPECT_EQ(0, bind_to(b, ANY, PORT));
	/* A socket without the option cannot join. */
	close(b);
	b = sock_new();
	FAILS(EADDRINUSE, bind_to(b, ANY, PORT));
	close(a);
}

static int attach(int fd, struct sock_filter *code, int len)
{
	struct sock_fprog prog = { .len = len, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
			  sizeof(prog));
}

/* A BPF program chooses by the bytes of the segment, headers included. */
TEST_F(ports, group_with_a_program)
{
	struct sock_filter by_port[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			 SKF_NET_OFF + stack_ip_header()),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_filter third[] = { BPF_STMT(BPF_RET | BPF_K, 2) };
	struct sock_filter none[] = { BPF_STMT(BPF_RET | BPF_K, 99) };
	int fd[3], count[3], plain, c, i;

	plain = sock_new();
	FAILS(EINVAL, attach(plain, third, 1));
	FAILS(EINVAL, setsockopt(plain, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
				 &i, sizeof(i)));
	ASSERT_EQ(0, bind_to(plain, ANY, PORT + 1));
	ASSERT_EQ(0, listen(plain, 1));
	FAILS(EINVAL, attach(plain, third, 1));
	sock_set(plain, SOL_SOCKET, SO_REUSEPORT, 1);
	FAILS(EINVAL, attach(plain, third, 1));

	group_open(ANY, fd, 3);
	FAILS(ENOENT, setsockopt(fd[0], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
				 &i, sizeof(i)));
	ASSERT_EQ(0, attach(fd[1], third, 1));
	calls(HERE, 16, fd, 3, count);
	EXPECT_EQ(16, count[2]);
	ASSERT_EQ(0, attach(fd[0], by_port, 3));
	for (i = 0; i < 8; i++) {
		c = dial(LOOP, PORT);
		ASSERT_TRUE(sock_wait(fd[sock_port(c) & 1], POLLIN, PATIENCE));
		EXPECT_EQ(1, hang_up(fd[sock_port(c) & 1]));
		close(c);
	}
	/* An index out of range has the effect of no program. */
	ASSERT_EQ(0, attach(fd[0], none, 1));
	calls(HERE, 100, fd, 3, count);
	for (i = 0; i < 3; i++)
		EXPECT_LT(0, count[i]);
	EXPECT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
				&i, sizeof(i)));
}

/* The member whose SO_INCOMING_CPU is the segment's CPU gets the connection. */
TEST_F(ports, group_by_cpu)
{
	int fd[4], count[4];
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	group_open(ANY, fd, 4);
	sock_set(fd[2], SOL_SOCKET, SO_INCOMING_CPU, 0);
	EXPECT_EQ(0, sock_get(fd[2], SOL_SOCKET, SO_INCOMING_CPU));
	calls(LOOP, 32, fd, 4, count);
	EXPECT_EQ(32, count[2]);
}

/* The listener that is bound most narrowly gets the connection. */
TEST_F(ports, narrowest_listener)
{
	int any, here, dev, count;

	any = listens(bound(SO_REUSEPORT, ANY, PORT));
	here = listens(bound(SO_REUSEPORT, HERE, PORT));
	calls(HERE, 8, &here, 1, &count);
	calls(LOOP, 8, &any, 1, &count);
	close(here);
	calls(HERE, 8, &any, 1, &count);
	close(any);

	/* The kernel takes the first of these that it finds. */
	any = -1;
	if (!stack_is_ipv6())
		any = listens(bound(SO_REUSEPORT, ANY, PORT));
	dev = sock_new();
	sock_set(dev, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_EQ(0, setsockopt(dev, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	ASSERT_EQ(0, bind_to(dev, ANY, PORT));
	listens(dev);
	if (stack_is_ipv6())
		any = listens(bound(SO_REUSEPORT, ANY, PORT));
	calls(HERE, 16, &dev, 1, &count);
	close(dev);
	calls(HERE, 16, &any, 1, &count);
}

/*
 * TCP takes the first that it finds of several groups that are bound to the same
 * address or to none: over IPv4 the one joined last, over IPv6 the oldest.
 */
TEST_F(ports, first_group)
{
	int old[2], dev, count[2];

	old[0] = listens(bound(SO_REUSEPORT, ANY, PORT));
	dev = sock_new();
	sock_set(dev, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_EQ(0, setsockopt(dev, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	ASSERT_EQ(0, bind_to(dev, ANY, PORT));
	listens(dev);
	calls(HERE, 8, stack_is_ipv6() ? old : &dev, 1, count);
	old[1] = listens(bound(SO_REUSEPORT, ANY, PORT));
	calls(HERE, 32, old, 2, count);
	EXPECT_NE(0, count[0]);
	EXPECT_NE(0, count[1]);
	close(old[stack_is_ipv6()]);
	calls(HERE, 8, &old[!stack_is_ipv6()], 1, count);
	close(old[!stack_is_ipv6()]);
	calls(HERE, 8, &dev, 1, count);
}

/* An address without a port: connect() shares one that others use, too. */
TEST_F(ports, address_without_a_port)
{
	int a, b;

	listens(bound(0, ANY, PORT));
	listens(bound(0, ANY, PORT + 1));
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40000");
	a = sock_new();
	EXPECT_EQ(0, sock_get(a, SOL_IP, IP_BIND_ADDRESS_NO_PORT));
	sock_set(a, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	EXPECT_EQ(1, sock_get(a, SOL_IP, IP_BIND_ADDRESS_NO_PORT));
	ASSERT_EQ(0, bind_to(a, HERE, 0));
	EXPECT_EQ(0, sock_port(a));
	b = sock_new();
	sock_set(b, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	ASSERT_EQ(0, bind_to(b, HERE, 0));
	EXPECT_EQ(0, connect_to(a, LOOP, PORT));
	EXPECT_EQ(0, connect_to(b, LOOP, PORT + 1));
	EXPECT_EQ(40000, sock_port(a));
	EXPECT_EQ(40000, sock_port(b));
	close(b);

	/* A connection with the same ends exists already. */
	b = sock_new();
	sock_set(b, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	ASSERT_EQ(0, bind_to(b, HERE, 0));
	FAILS(EADDRNOTAVAIL, connect_to(b, LOOP, PORT));
	/* No port is left for bind() and listen(), which need one of their own. */
	FAILS(EADDRINUSE, listen(b, 1));
	close(b);
	b = sock_new();
	FAILS(EADDRINUSE, bind_to(b, HERE, 0));
	sock_set(b, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	/* A socket that names a port gets it at once. */
	ASSERT_EQ(0, bind_to(b, HERE, CPORT));
	EXPECT_EQ(CPORT, sock_port(b));
}

static int set_range(int fd, unsigned int low, unsigned int high)
{
	unsigned int range = high << 16 | low;

	return setsockopt(fd, SOL_IP, IP_LOCAL_PORT_RANGE, &range,
			  sizeof(range));
}

TEST_F(ports, range_of_a_socket)
{
	int l = listens(bound(0, ANY, PORT));
	int fd[5], i, j;

	fd[0] = sock_new();
	FAILS(EINVAL, set_range(fd[0], 45000, 44999));
	FAILS(EINVAL, setsockopt(fd[0], SOL_IP, IP_LOCAL_PORT_RANGE, &i, 2));
	EXPECT_EQ(0, set_range(fd[0], 45000, 0));
	EXPECT_EQ(45000, sock_get(fd[0], SOL_IP, IP_LOCAL_PORT_RANGE));
	close(fd[0]);
	for (i = 0; i < 5; i++) {
		fd[i] = sock_new();
		ASSERT_EQ(0, set_range(fd[i], 45000, 45003));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, connect_to(fd[i], LOOP, PORT));
		EXPECT_LE(45000, sock_port(fd[i]));
		EXPECT_GE(45003, sock_port(fd[i]));
		for (j = 0; j < i; j++)
			EXPECT_NE(sock_port(fd[j]), sock_port(fd[i]));
	}
	FAILS(EADDRNOTAVAIL, connect_to(fd[4], LOOP, PORT));
	FAILS(EADDRINUSE, bind_to(fd[4], ANY, 0));
	close(fd[1]);
	hang_up(l);
	/* The part outside the namespace's range is ignored. */
	ASSERT_EQ(0, set_range(fd[4], 100, 45010));
	ASSERT_EQ(0, bind_to(fd[4], ANY, 0));
	EXPECT_LE(32768, sock_port(fd[4]));
	EXPECT_GE(45010, sock_port(fd[4]));
}

TEST_F(ports, reserved_ports)
{
	int l = listens(bound(0, ANY, PORT)), a, b;

	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40003");
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_reserved_ports",
		   "40000-40001,40003");
	a = dial(LOOP, PORT);
	EXPECT_EQ(40002, sock_port(a));
	b = sock_new();
	FAILS(EADDRNOTAVAIL, connect_to(b, LOOP, PORT));
	FAILS(EADDRINUSE, bind_to(b, ANY, 0));
	/* Reserved ports go only to sockets that name them. */
	EXPECT_EQ(0, bind_to(b, ANY, 40001));
	EXPECT_EQ(0, connect_to(b, LOOP, PORT));
	close(l);
}

TEST_F(ports, unprivileged_ports)
{
	int status, fd;
	pid_t pid;

	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_unprivileged_port_start",
		   "500");
	pid = net_fork();
	if (pid == 0) {
		fd = sock_new();
		if (setgid(65534) || setuid(65534) ||
		    bind_to(fd, ANY, 499) != -1 ||
		    errno != EACCES || bind_to(fd, ANY, 500))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Connections to different ends share ports when there are too few. */
TEST_F(ports, connections_share_ports)
{
	int l[2], fd[9], i;

	l[0] = listens(bound(0, ANY, PORT));
	l[1] = listens(bound(0, ANY, PORT + 1));
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40003");
	for (i = 0; i < 8; i++)
		fd[i] = dial(LOOP, PORT + i / 4);
	fd[8] = sock_new();
	FAILS(EADDRNOTAVAIL, connect_to(fd[8], LOOP, PORT));
	FAILS(EADDRNOTAVAIL, connect_to(fd[8], LOOP, PORT + 1));
	/* A socket with another local address finds one. */
	EXPECT_EQ(0, connect_to(fd[8], HERE, PORT));
	close(l[0]);
	close(l[1]);
}

/* With ip_autobind_reuse they share them with SO_REUSEADDR, too. */
TEST_F(ports, autobind_reuse)
{
	int fd, i;

	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40003");
	for (i = 0; i < 4; i++)
		bound(SO_REUSEADDR, ANY, 0);
	fd = sock_new();
	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(EADDRINUSE, bind_to(fd, ANY, 0));
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_autobind_reuse", "1");
	EXPECT_EQ(0, bind_to(fd, ANY, 0));
	fd = sock_new();
	FAILS(EADDRINUSE, bind_to(fd, ANY, 0));
}

/* A connection that its client ends first; the client gets into TIME-WAIT. */
static void come_and_go(const struct net *net, int listener, int fd,
			const char *ip, uint16_t port)
{
	int child;

	if (connect_to(fd, ip, port))
		net_die("connect to %d: %s", port, strerror(errno));
	sock_wait(listener, POLLIN, PATIENCE);
	child = accept(listener, NULL, NULL);
	close(fd);
	sock_recv_end(child);
	close(child);
	sock_wait(listener, POLLIN, 0);
}

/* A program that insists on its port may use it again at once... */
TEST_F(ports, bound_port_in_time_wait)
{
	int l = listens(bound(0, ANY, PORT)), fd;

	fd = bound(SO_REUSEADDR, HERE, CPORT);
	come_and_go(&self->net, l, fd, HERE, PORT);
	fd = bound(SO_REUSEADDR, HERE, CPORT);
	EXPECT_EQ(0, connect_to(fd, HERE, PORT));
	close(fd);
	hang_up(l);

	/* ... but not when there were no timestamps to tell old from new. */
	net_stack_sysctl(&self->net, CLIENT, "timestamps", "0");
	fd = bound(SO_REUSEADDR, HERE, CPORT + 1);
	come_and_go(&self->net, l, fd, HERE, PORT);
	fd = bound(SO_REUSEADDR, HERE, CPORT + 1);
	FAILS(EADDRNOTAVAIL, connect_to(fd, HERE, PORT));
}

struct call {
	int fd;
	const char *ip;
	uint16_t port;
};

static bool connects(void *arg)
{
	const struct call *c = arg;

	if (!connect_to(c->fd, c->ip, c->port))
		return true;
	if (errno != EADDRNOTAVAIL)
		net_die("connect: %s", strerror(errno));
	return false;
}

/* connect() chooses such a port if tw_reuse allows it, one second into TIME-WAIT. */
TEST_F(ports, tw_reuse)
{
	int l = listens(bound(0, ANY, PORT)), l2, fd;
	struct call c = { .ip = HERE, .port = PORT + 1 };

	l2 = listens(bound(0, ANY, PORT + 1));
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40000");
	fd = sock_new();
	come_and_go(&self->net, l, fd, LOOP, PORT);
	fd = sock_new();
	come_and_go(&self->net, l, fd, HERE, PORT);
	fd = sock_new();
	come_and_go(&self->net, l2, fd, HERE, PORT + 1);

	/* By the time this one connects, all three are a second old. */
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse", "1");
	c.fd = sock_new();
	EXPECT_TRUE(net_until(connects, &c, PATIENCE));

	fd = sock_new();
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse", "0");
	FAILS(EADDRNOTAVAIL, connect_to(fd, HERE, PORT));
	FAILS(EADDRNOTAVAIL, connect_to(fd, LOOP, PORT));
	/* The default, 2, allows it for loopback addresses only. */
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse", "2");
	FAILS(EADDRNOTAVAIL, connect_to(fd, HERE, PORT));
	EXPECT_EQ(0, connect_to(fd, LOOP, PORT));
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse", "1");
	fd = sock_new();
	EXPECT_EQ(0, connect_to(fd, HERE, PORT));
	EXPECT_EQ(40000, sock_port(fd));
}

/* tw_reuse_delay sets how old the TIME-WAIT must be. */
TEST_F(ports, tw_reuse_delay)
{
	int l = listens(bound(0, ANY, PORT));
	int fd;

	if (stack_is_tcp() && access("/proc/sys/net/ipv4/tcp_tw_reuse_delay", F_OK))
		SKIP(return, "a constant of this kernel's TCP");
	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40000");
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse", "1");
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse_delay", "60000");
	come_and_go(&self->net, l, sock_new(), HERE, PORT);
	/* The default delay has passed. */
	usleep(1500000);
	fd = sock_new();
	FAILS(EADDRNOTAVAIL, connect_to(fd, HERE, PORT));
	net_stack_sysctl(&self->net, CLIENT, "tw_reuse_delay", "1000");
	EXPECT_EQ(0, connect_to(fd, HERE, PORT));
	EXPECT_EQ(40000, sock_port(fd));
}

/* With thousands of connections on a port, the next costs as much as the first. */
TEST_F_TIMEOUT(ports, many_from_one_port, 120)
{
	int l = listens(bound(0, ANY, PORT)), i, fd;
	char ip[INET6_ADDRSTRLEN];

	if (stack_is_ipv6())
		net_run(&self->net, CLIENT,
			"ip route add local fd01::/64 dev lo");
	for (i = 1; i <= 4000; i++) {
		fd = bound(SO_REUSEADDR, HERE, CPORT);
		snprintf(ip, sizeof(ip), stack_is_ipv6() ? "fd01::%02x%02x" :
						       "127.1.%d.%d",
			 i >> 8, i & 0xff);
		ASSERT_EQ(0, connect_to(fd, ip, PORT)) {
			TH_LOG("%d: %s", i, strerror(errno));
		}
		if (i % 256 == 0)
			while (accept(l, NULL, NULL) >= 0)
				;
	}
}

/* The same number of listeners, each at a port of its own. */
TEST_F_TIMEOUT(ports, many_listeners, 120)
{
	static int fd[4000];
	int i, c;

	for (i = 0; i < 4000; i++) {
		fd[i] = bound(0, ANY, 10000 + i);
		listens(fd[i]);
	}
	for (i = 0; i < 4000; i += 100) {
		c = dial(LOOP, 10000 + i);
		ASSERT_TRUE(sock_wait(fd[i], POLLIN, PATIENCE));
		EXPECT_EQ(1, hang_up(fd[i]));
		close(c);
	}
}

static long long nanoseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* An operation at a port, done often; its cost must not depend on the port. */
struct cost {
	void (*once)(const struct cost *cost, uint16_t port);
	int fd;
	const char *ip;
};

/*
 * The ratio of the times that it takes at two ports.  It is the best of several batches
 * at each, taken in turn, so that what else the machine does counts for nothing.
 */
static double times_as_long(const struct cost *cost, uint16_t port, uint16_t other)
{
	long long best[2] = { 1LL << 62, 1LL << 62 };
	int i, j;

	for (i = 0; i < 40; i++) {
		long long begun = nanoseconds();

		for (j = 0; j < 25; j++)
			cost->once(cost, i % 2 ? port : other);
		begun = nanoseconds() - begun;
		if (begun < best[i % 2])
			best[i % 2] = begun;
	}
	return (double)best[1] / best[0];
}

static void is_refused(const struct cost *cost, uint16_t port)
{
	int fd = sock_new();

	if (!connect_to(fd, cost->ip, port) || errno != ECONNREFUSED)
		net_die("port %d: %s", port, strerror(errno));
	close(fd);
}

static void is_in_use(const struct cost *cost, uint16_t port)
{
	if (!bind_to(cost->fd, cost->ip, port) || errno != EADDRINUSE)
		net_die("bind to port %d: %s", port, strerror(errno));
}

/* Gives this host many addresses; one_of_many() names one. */
static void many_addresses(const struct net *net)
{
	if (!stack_is_ipv6())
		return;
	net_run(net, CLIENT, "ip route add local fd01::/64 dev lo");
	net_sysctl(net, CLIENT, "net/ipv6/ip_nonlocal_bind", "1");
}

static const char *one_of_many(char *ip, int i)
{
	snprintf(ip, INET6_ADDRSTRLEN, stack_is_ipv6() ? "fd01::%02x%02x" : "127.1.%d.%d",
		 i >> 8, i & 0xff);
	return ip;
}

/*
 * With thousands at one port, a connect() to it at another address does not look at
 * them.
 */
TEST_F_TIMEOUT(ports, many_listening_addresses, 240)
{
	struct cost call = { .once = is_refused, .ip = HERE };
	char ip[INET6_ADDRSTRLEN];
	int i, c, fd[10000];
	double times;

	many_addresses(&self->net);
	for (i = 0; i < 10000; i++)
		fd[i] = listens(bound(0, one_of_many(ip, i + 1), PORT));
	for (i = 0; i < 10000; i += 500) {
		c = dial(one_of_many(ip, i + 1), PORT);
		ASSERT_TRUE(sock_wait(fd[i], POLLIN, PATIENCE));
		EXPECT_EQ(1, hang_up(fd[i]));
		close(c);
	}
	times = times_as_long(&call, PORT, PORT + 1);
	EXPECT_GT(2.0, times);
	TH_LOG("%.2f times as long", times);
}

/* The connections that a server has accepted do not delay a bind() to its port. */
TEST_F_TIMEOUT(ports, bind_beside_connections, 240)
{
	struct cost ask = { .once = is_in_use, .ip = HERE };
	int l = listens(bound(SO_REUSEADDR, ANY, PORT)), i;
	double times;

	listens(bound(SO_REUSEADDR, ANY, PORT + 1));
	for (i = 0; i < 8000; i++) {
		dial(LOOP, PORT);
		if (i % 256 == 255)
			while (accept(l, NULL, NULL) >= 0)
				;
	}
	ask.fd = sock_new();
	sock_set(ask.fd, SOL_SOCKET, SO_REUSEADDR, 1);
	times = times_as_long(&ask, PORT, PORT + 1);
	EXPECT_GT(3.0, times);
	TH_LOG("%.2f times as long at an address", times);
	if (stack_is_tcp())
		return;		/* the kernel's TCP does look at them for the next one */
	ask.ip = ANY;
	times = times_as_long(&ask, PORT, PORT + 1);
	EXPECT_GT(3.0, times);
	TH_LOG("%.2f times as long at all addresses", times);
}

/* TIME-WAITs do not, either, nor sockets that are bound to as many addresses. */
TEST_F_TIMEOUT(ports, bind_beside_addresses, 240)
{
	struct cost ask = { .once = is_in_use, .ip = ANY };
	char ip[INET6_ADDRSTRLEN];
	double times;
	int i;

	if (stack_is_tcp() || stack_on_tcp())
		SKIP(return, "TCP, whose port it is too, passes by all of them");
	many_addresses(&self->net);
	/* The first conflicts with a bind() to all addresses, and the others do not. */
	bound(0, HERE, PORT);
	bound(0, HERE, PORT + 1);
	for (i = 0; i < 8000; i++)
		bound(SO_REUSEADDR, one_of_many(ip, i + 1), PORT);
	ask.fd = sock_new();
	sock_set(ask.fd, SOL_SOCKET, SO_REUSEADDR, 1);
	times = times_as_long(&ask, PORT, PORT + 1);
	EXPECT_GT(3.0, times);
	TH_LOG("%.2f times as long", times);
}

/* The options that a port's holders have now count, not those at bind(). */
TEST_F(ports, options_after_bind)
{
	enum { MANY = 600 };	/* more than atcp looks at in one go */
	int l = listens(bound(0, ANY, PORT)), c[MANY], s[MANY], fd, i;

	for (i = 0; i < MANY; i++) {
		c[i] = dial(LOOP, PORT);
		ASSERT_TRUE(sock_wait(l, POLLIN, PATIENCE));
		s[i] = accept(l, NULL, NULL);
		ASSERT_LE(0, s[i]);
	}
	close(l);
	fd = sock_new();
	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	for (i = 0; i < MANY; i++) {
		if (i < 3 || i > MANY - 3) {
			FAILS(EADDRINUSE, bind_to(fd, ANY, PORT));
			FAILS(EADDRINUSE, bind_to(fd, LOOP, PORT));
		}
		sock_set(s[i], SOL_SOCKET, SO_REUSEADDR, 1);
	}
	EXPECT_EQ(0, bind_to(fd, ANY, PORT));
	EXPECT_EQ(0, listen(fd, 1));
	/* In TIME-WAIT the options are those of the socket before. */
	for (i = 0; i < MANY; i++)
		close(s[i]);
	for (i = 0; i < MANY; i++) {
		sock_recv_end(c[i]);
		close(c[i]);
	}
	close(fd);
	fd = sock_new();
	FAILS(EADDRINUSE, bind_to(fd, ANY, PORT));
	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	EXPECT_EQ(0, bind_to(fd, ANY, PORT));
}

/*
 * The address counts in the same way: one that connect() chose ends with the
 * connection.
 */
TEST_F(ports, address_after_bind)
{
	int fd = bound(0, ANY, CPORT), other;
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	listens(bound(0, ANY, PORT));
	ASSERT_EQ(0, connect_to(fd, LOOP, PORT));
	other = bound(0, HERE, CPORT);
	close(other);
	ASSERT_EQ(0, connect(fd, &none, sizeof(none)));
	other = sock_new();
	FAILS(EADDRINUSE, bind_to(other, HERE, CPORT));
}

/* The new connection is numbered above the old one (RFC 9293, section 3.4.3). */
TEST_F(ports, numbers_after_time_wait)
{
	int l = listens(bound(0, ANY, PORT)), fd;
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	uint32_t end, start;

	fd = bound(SO_REUSEADDR, LOOP, CPORT);
	come_and_go(&self->net, l, fd, LOOP, PORT);
	end = wire_wait(wire, "> FA 1 - 0")->raw_seq;
	fd = bound(SO_REUSEADDR, LOOP, CPORT);
	ASSERT_EQ(0, connect_to(fd, LOOP, PORT));
	start = wire_wait(wire, "> S 0 - 0")->raw_seq;
	EXPECT_LT(0, (int32_t)(start - end));
	wire_close(wire);
}

/* Two hosts that use addresses of neither of them, or of another host. */
FIXTURE(foreign)
{
	struct net net;
	const char *ip;		/* of neither host */
};

FIXTURE_SETUP(foreign)
{
	int side;

	net_open(&self->net);
	self->ip = ip46("198.51.100.9", "2001:db8::9");
	/* Each host accepts packets to such addresses from the other. */
	for (side = 0; side < 2; side++)
		net_run(&self->net, side,
			"set -e; ip='ip -%c'\n"
			"$ip rule add iif %s lookup 100\n"
			"$ip route add local default dev lo table 100\n"
			"$ip route replace %s via %s dev %s\n",
			ip46('4', '6'), self->net.dev[side], self->ip,
			self->net.ip[!side], self->net.dev[side]);
}

FIXTURE_TEARDOWN(foreign)
{
}

TEST_F(foreign, freebind)
{
	int fd = sock_open(&self->net, CLIENT, 0), other;

	FAILS(EADDRNOTAVAIL, bind_to(fd, self->ip, PORT));
	sock_set(fd, SOL_IP, IP_FREEBIND, 1);
	EXPECT_EQ(0, bind_to(fd, self->ip, PORT));
	EXPECT_EQ(0, listen(fd, 1));
	/* It holds the port as any other socket does. */
	other = sock_open(&self->net, CLIENT, 0);
	FAILS(EADDRINUSE, bind_to(other, ANY, PORT));
	sock_set(other, SOL_IP, IP_FREEBIND, 1);
	FAILS(EADDRINUSE, bind_to(other, self->ip, PORT));
	EXPECT_EQ(0, bind_to(other, self->net.ip[CLIENT], PORT));
	/* The owner of the namespace may allow it to all. */
	net_sysctl(&self->net, CLIENT,
		   ip46("net/ipv4/ip_nonlocal_bind",
			"net/ipv6/ip_nonlocal_bind"), "1");
	other = sock_open(&self->net, CLIENT, 0);
	EXPECT_EQ(0, bind_to(other, self->ip, PORT + 1));
}

/* A client connects from a foreign address. */
TEST_F(foreign, transparent_client)
{
	int l = sock_listen(&self->net, SERVER, PORT, 1), fd, s;
	struct addr foreign = addr_of(self->ip, 0), peer;

	fd = sock_open(&self->net, CLIENT, 0);
	if (stack_is_ipv6())
		sock_set(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
	else
		sock_set(fd, SOL_IP, IP_TRANSPARENT, 1);
	ASSERT_EQ(0, bind_to(fd, self->ip, CPORT));
	ASSERT_EQ(0, connect_to(fd, self->net.ip[SERVER], PORT));
	s = sock_accept(l);
	peer = addr_peer(s);
	EXPECT_TRUE(addr_same_ip(&foreign, &peer));
	EXPECT_EQ(CPORT, addr_port(&peer));
	sock_send(fd, "x", 1);
	ASSERT_TRUE(sock_wait(s, POLLIN, PATIENCE));
	close(fd);
	close(s);
}

/* A server answers to every address that leads to it. */
TEST_F(foreign, transparent_server)
{
	struct addr foreign = addr_of(self->ip, 0), own;
	int l = sock_open(&self->net, SERVER, 0), fd, s;

	if (stack_is_ipv6())
		sock_set(l, SOL_IPV6, IPV6_TRANSPARENT, 1);
	else
		sock_set(l, SOL_IP, IP_TRANSPARENT, 1);
	ASSERT_EQ(0, bind_to(l, ANY, PORT));
	ASSERT_EQ(0, listen(l, 1));
	fd = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, connect_to(fd, self->ip, PORT));
	s = sock_accept(l);
	own = addr_local(s);
	EXPECT_TRUE(addr_same_ip(&foreign, &own));
	sock_send(s, "x", 1);
	ASSERT_TRUE(sock_wait(fd, POLLIN, PATIENCE));
	close(fd);
	close(s);
}

TEST_HARNESS_MAIN
