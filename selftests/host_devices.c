// SPDX-License-Identifier: GPL-2.0
/*
 * The same four ends more than once: on other devices and in other VRFs.
 *
 *	 namespace CLIENT                       namespace SERVER
 *	+-------------------+                  +--------------------------+
 *	|       10.1.0.1 c0 | ---------------- | s0 10.1.0.2  (VRF r0)    |
 *	|       10.1.0.1 c1 | ---------------- | s1 10.1.0.2  (VRF r1)    |
 *	|                ...                   ...                        |
 *	+-------------------+                  +--------------------------+
 *
 * fd01:: and fe80:: likewise.  Beside them is what net.h draws.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/flow.h"
#include "lib/net.h"
#include "lib/stacks.h"
#include "lib/wire.h"

#define PORT	4000
#define FROM	5000
#define MANY	40

/* One of the links in the form that wire_send() and others take. */
struct link {
	struct net net;
	char name[2][8];
	char vrf[8];			/* SERVER's, or nothing */
};

static const char *far_ip(int side, bool local)
{
	static const char *const ips[2][3] = {
		{ "10.1.0.1", "fd01::1", "fe80::1" },
		{ "10.1.0.2", "fd01::2", "fe80::2" },
	};

	return ips[side][local ? 2 : ip46(0, 1)];
}

/* Makes link @i; in a VRF: SERVER's device belongs to one. */
static void link_open(const struct net *net, struct link *link, int i, bool vrf, bool local)
{
	int side, old;

	*link = (struct link){ .net = *net };
	for (side = CLIENT; side <= SERVER; side++) {
		snprintf(link->name[side], sizeof(link->name[side]), "%c%d", "cs"[side], i);
		link->net.dev[side] = link->name[side];
		link->net.ip[side] = far_ip(side, local);
		memcpy(link->net.mac[side], (uint8_t[]){ 2, 1, 0, 0, i, side + 1 }, 6);
	}
	net_run(net, CLIENT,
		"exec ip -batch - <<E\n"
		"link add c%d address 02:01:00:00:%02x:01 type veth peer name s%d address 02:01:00:00:%02x:02 netns /proc/%d/fd/%d\n"
		"link set c%d addrgenmode none\n"
		"addr add 10.1.0.1/24 dev c%d\n"
		"addr add fd01::1/64 dev c%d nodad\n"
		"addr add fe80::1/64 dev c%d nodad\n"
		"link set c%d up\n"
		"neigh replace 10.1.0.2 lladdr 02:01:00:00:%02x:02 dev c%d nud permanent\n"
		"neigh replace fd01::2 lladdr 02:01:00:00:%02x:02 dev c%d nud permanent\n"
		"neigh replace fe80::2 lladdr 02:01:00:00:%02x:02 dev c%d nud permanent\n"
		"E\n",
		i, i, i, i, getpid(), net->ns[SERVER], i, i, i, i, i, i, i, i, i, i, i);
	if (vrf) {
		snprintf(link->vrf, sizeof(link->vrf), "r%d", i);
		net_run(net, SERVER,
			"exec ip -batch - <<E\n"
			"link add r%d type vrf table %d\n"
			"link set r%d up\n"
			"link set s%d master r%d\n"
			"E\n",
			i, 100 + i, i, i, i);
	}
	net_run(net, SERVER,
		"exec ip -batch - <<E\n"
		"link set s%d addrgenmode none\n"
		"addr add 10.1.0.2/24 dev s%d\n"
		"addr add fd01::2/64 dev s%d nodad\n"
		"addr add fe80::2/64 dev s%d nodad\n"
		"link set s%d up\n"
		"neigh replace 10.1.0.1 lladdr 02:01:00:00:%02x:01 dev s%d nud permanent\n"
		"neigh replace fd01::1 lladdr 02:01:00:00:%02x:01 dev s%d nud permanent\n"
		"neigh replace fe80::1 lladdr 02:01:00:00:%02x:01 dev s%d nud permanent\n"
		"E\n",
		i, i, i, i, i, i, i, i, i, i, i);
	for (side = CLIENT; side <= SERVER; side++) {
		old = net_visit(net, side);
		link->net.ifindex[side] = if_nametoindex(link->name[side]);
		net_leave(old);
	}
}

/* An address of a link's side; a link-local one names its device. */
static struct addr end_of(const struct link *link, int side, uint16_t port)
{
	struct addr a = addr_of(link->net.ip[side], port);

	if (a.sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a.in6.sin6_addr))
		a.in6.sin6_scope_id = link->net.ifindex[side];
	return a;
}

static int bind_dev(int fd, const char *dev)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev));
}

/* The device that a socket is bound to, or "". */
static const char *bound_dev(int fd)
{
	static char dev[IFNAMSIZ];
	socklen_t len = sizeof(dev);

	memset(dev, 0, sizeof(dev));
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, &len))
		net_die("SO_BINDTODEVICE: %s", strerror(errno));
	return dev;
}

/* SERVER listens at all its addresses on a device, or on all of them. */
static int listen_on(const struct net *net, const char *dev)
{
	int fd = sock_open(net, SERVER, 0);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if ((*dev && bind_dev(fd, dev)) || addr_bind(fd, addr_any(PORT)) || listen(fd, 100))
		net_die("listen on %s: %s", dev, strerror(errno));
	return fd;
}

/* A socket of CLIENT's at FROM, bound to a link's device if @bound. */
static int caller(const struct link *link, bool bound)
{
	int fd = sock_open(&link->net, CLIENT, 0);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_timeo(fd, SO_SNDTIMEO, PATIENCE);
	if (bound && bind_dev(fd, link->name[CLIENT]))
		net_die("SO_BINDTODEVICE: %s", strerror(errno));
	if (addr_bind(fd, end_of(link, CLIENT, FROM)))
		net_die("bind: %s", strerror(errno));
	return fd;
}

/* CLIENT connects over a link, always from the same port to the same port. */
static int call(const struct link *link)
{
	int fd = caller(link, true);

	if (addr_connect(fd, end_of(link, SERVER, PORT)))
		net_die("connect by %s: %s", link->name[CLIENT], strerror(errno));
	return fd;
}

/* A word each way, different for each connection. */
static void word(int c, int s, int i)
{
	char a = 'a' + i % 26, b = 'A' + i % 26, got;

	sock_send(c, &a, 1);
	sock_recv(s, &got, 1);
	if (got != a)
		net_die("another connection's word: %c, not %c", got, a);
	sock_send(s, &b, 1);
	sock_recv(c, &got, 1);
	if (got != b)
		net_die("another connection's answer: %c, not %c", got, b);
}

static void l3mdev_accept(const struct net *net, const char *value)
{
	net_sysctl(net, SERVER, "net/ipv4/tcp_l3mdev_accept", value);
}

/* What net.h draws, where a host may have an address on more than one device. */
static void hosts_open(struct net *net)
{
	net_open(net);
	net_sysctl(net, SERVER, "net/ipv4/conf/default/rp_filter", "0");
	net_sysctl(net, CLIENT, "net/ipv4/conf/default/rp_filter", "0");
	net_sysctl(net, CLIENT, "net/ipv4/conf/all/rp_filter", "0");
}

FIXTURE(devices)
{
	struct net net;
	struct link link[MANY];
};

FIXTURE_SETUP(devices)
{
	hosts_open(&self->net);
}

FIXTURE_TEARDOWN(devices)
{
}

static bool have_vrf(const struct net *net)
{
	return !net_try(net, SERVER, "ip link add probe type vrf table 99 && ip link del probe");
}

/*
 * One listener, and more VRFs with the same ends than a hash table that skips their
 * connections could take.
 */
TEST_F_TIMEOUT(devices, many_vrfs, 120)
{
	int l, c[MANY], s, i, n;

	if (!have_vrf(&self->net))
		SKIP(return, "a kernel without VRFs");
	l3mdev_accept(&self->net, "1");
	for (i = 0; i < MANY; i++)
		link_open(&self->net, &self->link[i], i, true, false);
	l = listen_on(&self->net, "");
	for (i = 0; i < MANY; i++) {
		c[i] = call(&self->link[i]);
		s = sock_accept(l);
		EXPECT_STREQ(self->link[i].vrf, bound_dev(s));
		word(c[i], s, i);
		/* The connections before it still work. */
		n = net_count_state(&self->net, SERVER, ST_ESTABLISHED);
		EXPECT_EQ(i + 1, n);
	}
}

/*
 * A socket that waits for an answer on one device does not disturb another device.  It
 * once hung a processor, which looked it up for ever.
 */
TEST_F(devices, passed_over)
{
	const char *ip = "10.5.0.5";
	int l, c, d, s;

	if (stack_is_ipv6())
		SKIP(return, "no way by lo to another device's address there");
	net_run(&self->net, CLIENT,
		"ip link add d0 type dummy && ip addr add 10.5.0.5/24 dev d0 && ip link set d0 up");
	l = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, bind_dev(l, "d0"));
	ASSERT_EQ(0, addr_bind(l, addr_any(PORT)));
	ASSERT_EQ(0, listen(l, 5));
	/* Its SYN is refused on d0, and it receives nothing there. */
	c = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	ASSERT_EQ(0, bind_dev(c, "lo"));
	ASSERT_EQ(0, addr_bind(c, addr_of(ip, PORT)));
	FAILS(EINPROGRESS, addr_connect(c, addr_of(ip, FROM)));
	d = sock_open(&self->net, CLIENT, 0);
	sock_timeo(d, SO_SNDTIMEO, PATIENCE);
	ASSERT_EQ(0, addr_bind(d, addr_of(ip, FROM)));
	ASSERT_EQ(0, addr_connect(d, addr_of(ip, PORT)));
	s = sock_accept(l);
	word(d, s, 0);
	EXPECT_EQ(0, sock_events(c, POLLIN | POLLOUT));
}

/* A connection is bound to its device while it lives, and data goes on meanwhile. */
struct mover {
	int fd;
	const char *dev;
	atomic_bool done;
	int moves;
};

static void *moves(void *arg)
{
	struct mover *m = arg;

	while (!atomic_load(&m->done)) {
		if (bind_dev(m->fd, m->moves % 2 ? "" : m->dev))
			net_die("SO_BINDTODEVICE: %s", strerror(errno));
		m->moves++;
		usleep(300);
	}
	return NULL;
}

TEST_F(devices, moves_with_data)
{
	struct mover m = { .dev = "c0" };
	pthread_t thread;
	int l, s, i;

	link_open(&self->net, &self->link[0], 0, false, false);
	l = listen_on(&self->net, "");
	m.fd = caller(&self->link[0], false);
	ASSERT_EQ(0, addr_connect(m.fd, end_of(&self->link[0], SERVER, PORT)));
	s = sock_accept(l);
	ASSERT_EQ(0, pthread_create(&thread, NULL, moves, &m));
	for (i = 0; i < 20 || m.moves < 600; i++)
		exchange(m.fd, s, 200000);
	atomic_store(&m.done, true);
	pthread_join(thread, NULL);
	if (stack_is_tcp())
		return;
	EXPECT_EQ(0, net_stat(&self->net, CLIENT, "out_rsts"));
	EXPECT_EQ(0, net_stat(&self->net, SERVER, "out_rsts"));
}

/* It receives nothing from other devices once it is bound to one. */
TEST_F(devices, moves_for_good)
{
	int l[2], c[2], s[2], fd;
	struct link *link = self->link;

	link_open(&self->net, &link[0], 0, false, false);
	link_open(&self->net, &link[1], 1, false, false);
	l[0] = listen_on(&self->net, "s0");
	l[1] = listen_on(&self->net, "s1");
	c[0] = caller(&link[0], false);
	ASSERT_EQ(0, addr_connect(c[0], end_of(&link[0], SERVER, PORT)));
	s[0] = sock_accept(l[0]);
	/*
	 * A socket that could take the connection over by binding to its device is
	 * refused its ends.
	 */
	fd = caller(&link[0], true);
	FAILS(EADDRNOTAVAIL, addr_connect(fd, end_of(&link[0], SERVER, PORT)));
	close(fd);
	fd = caller(&link[1], true);
	FAILS(EADDRNOTAVAIL, addr_connect(fd, end_of(&link[1], SERVER, PORT)));
	close(fd);
	word(c[0], s[0], 0);
	ASSERT_EQ(0, bind_dev(c[0], "c0"));
	EXPECT_STREQ("c0", bound_dev(c[0]));
	word(c[0], s[0], 1);
	c[1] = call(&link[1]);
	s[1] = sock_accept(l[1]);
	word(c[1], s[1], 2);
	word(c[0], s[0], 3);
	if (stack_is_tcp())
		return;		/* the kernel's TCP then has two with the same ends on a device */
	/* A connection stays where it is if another already has its ends there. */
	ASSERT_EQ(0, bind_dev(c[1], "c0"));
	EXPECT_STREQ("c1", bound_dev(c[1]));
	ASSERT_EQ(0, bind_dev(s[1], ""));
	EXPECT_STREQ("", bound_dev(s[1]));
	ASSERT_EQ(0, bind_dev(s[0], "s1"));
	EXPECT_STREQ("s0", bound_dev(s[0]));
	ASSERT_EQ(0, bind_dev(s[1], "s1"));
	word(c[1], s[1], 4);
	word(c[0], s[0], 5);
}

/* The ways in which a server gets the same ends twice. */
FIXTURE(ends)
{
	struct net net;
	struct link link[2];
	int l[2];
};

FIXTURE_VARIANT(ends)
{
	bool vrf[2];		/* the links' */
	bool bound[2];		/* listeners are bound to the device or VRF */
	bool local;		/* addresses */
	const char *accept;
};

FIXTURE_VARIANT_ADD(ends, devices) { .bound = { true, true } };
FIXTURE_VARIANT_ADD(ends, vrfs) { .vrf = { true, true }, .bound = { true, true } };
FIXTURE_VARIANT_ADD(ends, accepted) { .vrf = { true, true }, .accept = "1" };
FIXTURE_VARIANT_ADD(ends, default_and_vrf) { .vrf = { false, true }, .bound = { false, true } };
FIXTURE_VARIANT_ADD(ends, link_local) { .local = true };

FIXTURE_SETUP(ends)
{
	bool vrf = variant->vrf[0] || variant->vrf[1];
	int i;

	hosts_open(&self->net);
	if ((vrf && !have_vrf(&self->net)) || (variant->local && !stack_is_ipv6()))
		return;
	if (variant->accept)
		l3mdev_accept(&self->net, variant->accept);
	for (i = 0; i < 2; i++)
		link_open(&self->net, &self->link[i], i, variant->vrf[i], variant->local);
	if (variant->local) {
		net_wait_address(&self->link[0].net, CLIENT, "fe80::1");
		net_wait_address(&self->link[1].net, CLIENT, "fe80::1");
	}
	for (i = 0; i < 2; i++) {
		const char *dev = variant->vrf[i] ? self->link[i].vrf : self->link[i].name[SERVER];

		if (i && !variant->bound[0] && !variant->bound[1])
			self->l[1] = self->l[0];
		else
			self->l[i] = listen_on(&self->net, variant->bound[i] ? dev : "");
	}
}

FIXTURE_TEARDOWN(ends)
{
}

#define NONE	"no VRFs, or no link-local addresses here"

TEST_F(ends, connection)
{
	int c[2], s[2], i;

	if (!self->l[0])
		SKIP(return, NONE);
	for (i = 0; i < 2; i++) {
		c[i] = call(&self->link[i]);
		s[i] = sock_accept(self->l[i]);
		word(c[i], s[i], i);
	}
	for (i = 0; i < 2; i++)
		word(c[i], s[i], i + 2);
	/* A reset on one link is not the other's. */
	sock_set(c[1], SOL_SOCKET, SO_RCVBUF, 4096);
	close(s[1]);
	sock_recv_end(c[1]);
	close(c[1]);
	word(c[0], s[0], 4);
}

TEST_F(ends, request)
{
	struct craft syn = {
		.sport = FROM, .dport = PORT, .flags = TH_SYN, .seq = 1000,
	};
	int c, s;

	if (!self->l[0])
		SKIP(return, NONE);
	net_deaf(&self->link[0].net, CLIENT);
	wire_send(&self->link[0].net, CLIENT, &syn);
	net_wait_state(&self->net, SERVER, PORT, FROM, ST_SYN_RECEIVED);
	c = call(&self->link[1]);
	s = sock_accept(self->l[1]);
	word(c, s, 0);
	EXPECT_EQ(1, net_count_state(&self->net, SERVER, ST_SYN_RECEIVED));
}

TEST_F(ends, time_wait)
{
	int c, s;

	if (!self->l[0])
		SKIP(return, NONE);
	c = call(&self->link[0]);
	s = sock_accept(self->l[0]);
	close(s);
	sock_recv_end(c);
	close(c);
	net_wait_state(&self->net, SERVER, PORT, FROM, ST_TIME_WAIT);
	c = call(&self->link[1]);
	s = sock_accept(self->l[1]);
	word(c, s, 0);
	EXPECT_EQ(1, net_count_state(&self->net, SERVER, ST_TIME_WAIT));
}

/* SYNs with the ends of a connection come in while what decides whose they are changes. */
TEST_F(devices, world_changes)
{
	static const char *const changes[] = {
		"echo 1 >/proc/sys/net/ipv4/tcp_l3mdev_accept",
		"ip link set s1 master r1",
		"echo 0 >/proc/sys/net/ipv4/tcp_l3mdev_accept",
		"ip link set s1 nomaster",
		"ip link set s1 master r1",
		"echo 1 >/proc/sys/net/ipv4/tcp_l3mdev_accept",
		"ip link set s1 nomaster",
	};
	struct craft syn = {
		.sport = FROM, .dport = PORT, .flags = TH_SYN, .seq = 1000,
	};
	struct link *link = self->link;
	int l, c, s, i, k;

	if (!have_vrf(&self->net))
		SKIP(return, "a kernel without VRFs");
	link_open(&self->net, &link[0], 0, false, false);
	link_open(&self->net, &link[1], 1, false, false);
	net_run(&self->net, SERVER, "ip link add r1 type vrf table 101 && ip link set r1 up");
	net_deaf(&link[1].net, CLIENT);
	l = listen_on(&self->net, "s0");
	listen_on(&self->net, "s1");
	c = call(&link[0]);
	s = sock_accept(l);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		for (k = 0; k < 40; k++) {
			if (k == 20)
				net_run(&self->net, SERVER, "%s", changes[i]);
			syn.seq += 100000;
			wire_send(&link[1].net, CLIENT, &syn);
		}
		word(c, s, i);
	}
}

/*
 * A service of the kernel's TCP on a device or in a VRF, and a stranger's socket of
 * atcp's on another device that has the ends of one of its connections.
 */
FIXTURE(beside)
{
	struct net net;
	struct link link[2];
};

FIXTURE_SETUP(beside)
{
	if (stack_is_tcp())
		return;
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	hosts_open(&self->net);
}

FIXTURE_TEARDOWN(beside)
{
}

/* @service, @stranger: what they are bound to. */
static void serve_beside(const struct link *link, const char *service, const char *stranger)
{
	int l = sock_in(&link->net, SERVER, TCP), u, c, s;

	sock_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind_dev(l, service) || addr_bind(l, addr_any(PORT)) || listen(l, 5))
		net_die("listen on %s: %s", service, strerror(errno));
	net_deaf(&link[0].net, CLIENT);
	u = sock_in(&link->net, SERVER, ATCP);
	sock_nonblock(u, true);
	sock_set(u, SOL_SOCKET, SO_REUSEADDR, 1);
	if ((*stranger && bind_dev(u, stranger)) || addr_bind(u, end_of(link, SERVER, PORT)))
		net_die("bind on %s: %s", stranger, strerror(errno));
	if (!addr_connect(u, end_of(link, CLIENT, FROM)) || errno != EINPROGRESS)
		net_die("the stranger's connect: %s", strerror(errno));

	c = sock_in(&link->net, CLIENT, TCP);
	sock_timeo(c, SO_SNDTIMEO, PATIENCE);
	if (bind_dev(c, link[1].name[CLIENT]) || addr_bind(c, end_of(link + 1, CLIENT, FROM)))
		net_die("bind: %s", strerror(errno));
	if (addr_connect(c, end_of(link + 1, SERVER, PORT)))
		net_die("connect: %s", strerror(errno));
	s = sock_accept(l);
	talk(c, s);
}

TEST_F(beside, device)
{
	if (stack_is_tcp())
		SKIP(return, "there are two stacks in this");
	link_open(&self->net, &self->link[0], 0, false, false);
	link_open(&self->net, &self->link[1], 1, false, false);
	serve_beside(self->link, "s1", "s0");
}

TEST_F(beside, vrf)
{
	if (stack_is_tcp())
		SKIP(return, "there are two stacks in this");
	if (!have_vrf(&self->net))
		SKIP(return, "a kernel without VRFs");
	link_open(&self->net, &self->link[0], 0, false, false);
	link_open(&self->net, &self->link[1], 1, true, false);
	serve_beside(self->link, "r1", "");
}

TEST_HARNESS_MAIN
