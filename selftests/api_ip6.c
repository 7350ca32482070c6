// SPDX-License-Identifier: GPL-2.0
/*
 * What only IPv6 has (RFC 3493, RFC 3542, RFC 6437).  Some sockets take both families,
 * some addresses have a meaning on one link only, and programs may choose or see parts
 * of the IPv6 header.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define ATCP_IPV6	0x100
#define PORT		21000

/* linux/in6.h, which does not go with netinet/in.h. */
#define FLOWLABEL_MGR	32
#define FLOWINFO_SEND	33
#define FL_A_GET	0
#define FL_F_CREATE	1
#define FL_F_REFLECT	4
#define FL_S_ANY	255

struct flowlabel_req {
	struct in6_addr dst;
	uint32_t label;
	uint8_t action;
	uint8_t share;
	uint16_t flags;
	uint16_t expires;
	uint16_t linger;
	uint32_t pad;
};

#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL	70
#endif
#define PKTOPTIONS	6	/* IPV6_2292PKTOPTIONS */

FIXTURE(ipv6)
{
	struct net net;
};

FIXTURE_SETUP(ipv6)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(ipv6)
{
}

static int family6(void)
{
	return stack_is_tcp() ? AF_INET6 : stack_family();
}

static int proto6(void)
{
	return stack_is_tcp() ? 0 : ATCP_IPV6 | (stack_on_tcp() ? IPPROTO_TCP : 0);
}

static int socket6(const struct net *net, int side)
{
	return net_socket(net, side, family6(), SOCK_STREAM, proto6());
}

static struct sockaddr_in6 addr6(const char *ip, uint16_t port)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};

	if (inet_pton(AF_INET6, ip, &a.sin6_addr) != 1)
		net_die("%s is no address", ip);
	return a;
}

static int bind6(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in6 a = addr6(ip, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
}

static int connect6(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in6 a = addr6(ip, port);

	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
}

static int listen6(const struct net *net, const char *ip, uint16_t port)
{
	int fd = socket6(net, SERVER), err;

	err = bind6(fd, ip, port);
	if (err)
		net_die("bind %s: %s", ip, strerror(-err));
	if (listen(fd, 8))
		net_die("listen: %s", strerror(errno));
	return fd;
}

/* The pair of sockets carries bytes both ways, or the test ends. */
static void talk(int a, int b)
{
	static char big[100000], back[sizeof(big)];
	char buf[8];

	sock_send(a, "there", 5);
	sock_recv(b, buf, 5);
	if (memcmp(buf, "there", 5))
		net_die("other bytes came");
	pattern_fill(big, sizeof(big), 7);
	sock_send(b, big, sizeof(big));
	sock_recv(a, back, sizeof(back));
	if (pattern_check(back, sizeof(back), 7) != sizeof(back))
		net_die("other bytes came back");
}

static const char *text6(const struct sockaddr_in6 *a)
{
	static char text[4][INET6_ADDRSTRLEN];
	static int n;

	n = (n + 1) % 4;
	return inet_ntop(AF_INET6, &a->sin6_addr, text[n], sizeof(text[n]));
}

/* A connection from socket() to close(), with its names and a few bytes. */
TEST_F(ipv6, connection)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);
	int l, c, s, val;

	l = listen6(&self->net, "::", PORT);
	c = socket6(&self->net, CLIENT);
	len = sizeof(val);
	ASSERT_EQ(0, getsockopt(c, SOL_SOCKET, SO_DOMAIN, &val, &len));
	EXPECT_EQ(AF_INET6, val);
	ASSERT_EQ(0, connect6(c, "fd00::2", PORT));
	len = sizeof(a);
	s = accept(l, (struct sockaddr *)&a, &len);
	ASSERT_LE(0, s);
	EXPECT_EQ(sizeof(a), len);
	EXPECT_EQ(AF_INET6, a.sin6_family);
	EXPECT_STREQ("fd00::1", text6(&a));
	EXPECT_EQ(sock_port(c), ntohs(a.sin6_port));
	EXPECT_EQ(0, a.sin6_scope_id);
	ASSERT_EQ(0, getsockname(s, (struct sockaddr *)&a, &len));
	EXPECT_STREQ("fd00::2", text6(&a));
	EXPECT_EQ(PORT, ntohs(a.sin6_port));
	ASSERT_EQ(0, getpeername(c, (struct sockaddr *)&a, &len));
	EXPECT_STREQ("fd00::2", text6(&a));
	ASSERT_EQ(0, getsockname(c, (struct sockaddr *)&a, &len));
	EXPECT_STREQ("fd00::1", text6(&a));
	talk(c, s);
	close(c);
	sock_recv_end(s);
	close(s);
	close(l);
}

/* A listener on :: takes IPv4 too, and shows it as mapped; IPV6_V6ONLY does not. */
TEST_F(ipv6, dual_stack)
{
	struct sockaddr_in6 a;
	struct sockaddr_in in;
	socklen_t len = sizeof(a);
	int l, c, s;

	l = listen6(&self->net, "::", PORT);
	c = sock_connect(&self->net, CLIENT, "10.0.0.2", PORT);
	s = accept(l, (struct sockaddr *)&a, &len);
	ASSERT_LE(0, s);
	EXPECT_EQ(sizeof(a), len);
	EXPECT_EQ(AF_INET6, a.sin6_family);
	EXPECT_STREQ("::ffff:10.0.0.1", text6(&a));
	ASSERT_EQ(0, getsockname(s, (struct sockaddr *)&a, &len));
	EXPECT_STREQ("::ffff:10.0.0.2", text6(&a));
	len = sizeof(in);
	ASSERT_EQ(0, getpeername(c, (struct sockaddr *)&in, &len));
	EXPECT_EQ(AF_INET, in.sin_family);
	talk(c, s);
	close(c);
	close(s);

	/* An IPv6 socket connects to a mapped address. */
	c = socket6(&self->net, CLIENT);
	ASSERT_EQ(0, connect6(c, "::ffff:10.0.0.2", PORT));
	len = sizeof(a);
	s = accept(l, (struct sockaddr *)&a, &len);
	ASSERT_LE(0, s);
	EXPECT_STREQ("::ffff:10.0.0.1", text6(&a));
	ASSERT_EQ(0, getsockname(c, (struct sockaddr *)&a, &len));
	EXPECT_STREQ("::ffff:10.0.0.1", text6(&a));
	talk(c, s);
	close(c);
	close(s);
	close(l);

	l = socket6(&self->net, SERVER);
	sock_set(l, SOL_IPV6, IPV6_V6ONLY, 1);
	ASSERT_EQ(0, bind6(l, "::", PORT + 1));
	ASSERT_EQ(0, listen(l, 1));
	c = sock_open(&self->net, CLIENT, 0);
	in = addr_of("10.0.0.2", PORT + 1).in;
	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&in, sizeof(in)));
	EXPECT_EQ(ECONNREFUSED, errno);
	close(c);
	/* The IPv4 port is still free. */
	s = sock_listen(&self->net, SERVER, PORT + 1, 1);
	close(s);
	c = socket6(&self->net, CLIENT);
	sock_set(c, SOL_IPV6, IPV6_V6ONLY, 1);
	EXPECT_EQ(-ENETUNREACH, connect6(c, "::ffff:10.0.0.2", PORT + 1));
	EXPECT_EQ(-EINVAL, bind6(c, "::ffff:10.0.0.1", 0));
	close(c);
	close(l);
}

/* Link-local addresses need an interface, and are returned with one. */
TEST_F(ipv6, link_local)
{
	struct sockaddr_in6 a = addr6("fe80::2", PORT);
	socklen_t len = sizeof(a);
	int l, c, s, old, index;

	l = listen6(&self->net, "::", PORT);
	c = socket6(&self->net, CLIENT);
	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&a, sizeof(a)));
	EXPECT_EQ(EINVAL, errno);
	old = dup(self->net.ns[CLIENT]);
	net_enter(&self->net, CLIENT);
	index = if_nametoindex("v0");
	close(old);
	a.sin6_scope_id = index;
	ASSERT_EQ(0, connect(c, (struct sockaddr *)&a, sizeof(a)));
	s = accept(l, (struct sockaddr *)&a, &len);
	ASSERT_LE(0, s);
	EXPECT_STREQ("fe80::1", text6(&a));
	net_enter(&self->net, SERVER);
	EXPECT_EQ(if_nametoindex("v1"), a.sin6_scope_id);
	talk(c, s);
	ASSERT_EQ(0, getpeername(c, (struct sockaddr *)&a, &len));
	EXPECT_EQ(index, a.sin6_scope_id);
	EXPECT_STREQ("fe80::2", text6(&a));
	close(c);
	close(s);
	close(l);
}

/* What is refused, and with which errno. */
TEST_F(ipv6, errors)
{
	struct sockaddr_in in = addr_of("10.0.0.2", PORT).in;
	struct sockaddr_in6 a = addr6("fd00::2", PORT);
	int c = socket6(&self->net, CLIENT);

	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&in, sizeof(in)));
	EXPECT_EQ(EINVAL, errno);
	a.sin6_family = AF_INET;
	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&a, sizeof(a)));
	EXPECT_EQ(EAFNOSUPPORT, errno);
	a.sin6_family = AF_INET6;
	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&a, 20));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-ENETUNREACH, connect6(c, "ff02::1", PORT));
	EXPECT_EQ(-EADDRNOTAVAIL, bind6(c, "fd00::99", 0));
	EXPECT_EQ(-EINVAL, bind6(c, "ff02::1", 0));
	EXPECT_EQ(-EINVAL, bind6(c, "fe80::1", 0));
	EXPECT_EQ(-ECONNREFUSED, connect6(c, "fd00::2", PORT));
	/* The wildcard is this host. */
	EXPECT_EQ(-ECONNREFUSED, connect6(c, "::", PORT));
	close(c);
	c = socket6(&self->net, SERVER);
	EXPECT_EQ(-ENETUNREACH, connect6(c, "2001:db8::1", PORT));
	close(c);
}

/* AF_UNSPEC, and the same socket again, over the other family. */
TEST_F(ipv6, again)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	static const char *const to[] = {
		"fd00::2", "::ffff:10.0.0.2", "fd00::2", "::ffff:10.0.0.2",
	};
	struct sockaddr_in6 a;
	socklen_t len;
	int l, c, s, i;

	l = listen6(&self->net, "::", PORT);
	c = socket6(&self->net, CLIENT);
	/* The kernel's TCP cannot go back from IPv4. */
	for (i = 0; i < (stack_is_tcp() ? 2 : 4); i++) {
		ASSERT_EQ(0, connect6(c, to[i], PORT));
		s = sock_accept(l);
		talk(c, s);
		ASSERT_EQ(0, connect(c, &unspec, sizeof(unspec)));
		len = sizeof(a);
		ASSERT_EQ(0, getsockname(c, (struct sockaddr *)&a, &len));
		EXPECT_STREQ("::", text6(&a));
		close(s);
	}
	close(c);
	close(l);
}

/* Rows of /proc/net/{tcp,atcp}[6] in the server's namespace whose local end is @local. */
static int rows(const char *suffix, const char *local)
{
	char name[64], line[512], end[64];
	int n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/thread-self/net/%s%s",
		 stack_is_tcp() ? "tcp" : "atcp", suffix);
	f = fopen(name, "re");
	if (!f)
		net_die("%s: %s", name, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %63s", end) == 1 && !strcmp(end, local))
			n++;
	fclose(f);
	return n;
}

/* Every socket has its row, once, however long the list is. */
TEST_F(ipv6, proc)
{
	char end[64];
	int l, c, s, i, fd[300];

	l = listen6(&self->net, "fd00::2", PORT);
	c = socket6(&self->net, CLIENT);
	ASSERT_EQ(0, connect6(c, "fd00::2", PORT));
	s = sock_accept(l);
	for (i = 0; i < 300; i++) {
		fd[i] = listen6(&self->net, "::", PORT + 1 + i);
		if (i < 100)
			ASSERT_EQ(0, connect6(socket6(&self->net, CLIENT), "fd00::2",
					      PORT + 1 + i));
	}
	net_enter(&self->net, SERVER);
	/* The listener and its connection, in words of the host's byte order. */
	snprintf(end, sizeof(end), "%08X%08X%08X%08X:%04X", htonl(0xfd000000), 0, 0, htonl(2),
		 PORT);
	EXPECT_EQ(2, rows("6", end));
	EXPECT_EQ(0, rows("", end));
	for (i = 0; i < 300; i++) {
		snprintf(end, sizeof(end), "%032X:%04X", 0, PORT + 1 + i);
		EXPECT_EQ(1, rows("6", end));
		snprintf(end, sizeof(end), "%08X%08X%08X%08X:%04X", htonl(0xfd000000), 0, 0,
			 htonl(2), PORT + 1 + i);
		EXPECT_EQ(i < 100, rows("6", end));
		close(fd[i]);
	}
	close(c);
	close(s);
	close(l);
}

/* The fields of the IPv6 header on the wire. */
FIXTURE(header)
{
	struct net net;
	struct wire *wire;
	int l, c, s;
};

FIXTURE_SETUP(header)
{
	/* All of lib/ uses IPv6 from here on. */
	setenv("ATCP_TEST_IP", "6", 1);
	net_open(&self->net);
	net_run(&self->net, CLIENT, "ip link set v0 gso_max_segs 1");
	net_run(&self->net, SERVER, "ip link set v1 gso_max_segs 1");
	self->wire = wire_open(&self->net, CLIENT, PORT);
	self->l = sock_listen(&self->net, SERVER, PORT, 1);
	self->c = sock_open(&self->net, CLIENT, 0);
}

FIXTURE_TEARDOWN(header)
{
	wire_close(self->wire);
}

#define CONNECT()							\
	do {								\
		ASSERT_EQ(0, addr_connect(self->c, addr_side(&self->net, SERVER, PORT))); \
		self->s = sock_accept(self->l);				\
	} while (0)

TEST_F(header, class_and_hops)
{
	size_t i;

	sock_set(self->c, SOL_IPV6, IPV6_TCLASS, 0x28);
	sock_set(self->c, SOL_IPV6, IPV6_UNICAST_HOPS, 77);
	sock_set(self->l, SOL_IPV6, IPV6_TCLASS, 0x48);
	sock_set(self->l, SOL_IPV6, IPV6_UNICAST_HOPS, 99);
	CONNECT();
	talk(self->c, self->s);
	close(self->c);
	sock_recv_end(self->s);
	close(self->s);
	wire_wait(self->wire, "< FA 100001 7 0");
	for (i = 0; i < wire_count(self->wire); i++) {
		const struct seg *s = wire_at(self->wire, i);

		EXPECT_EQ(s->from == CLIENT ? 0x28 : 0x48, s->tos);
		EXPECT_EQ(s->from == CLIENT ? 77 : 99, s->ttl);
		EXPECT_TRUE(s->sum_ok);
		EXPECT_GE(1500, s->ip_len);
	}
}

/* Each direction has one label from its first segment to its last. */
TEST_F(header, automatic_label)
{
	uint32_t label[2] = {};
	size_t i;

	CONNECT();
	talk(self->c, self->s);
	close(self->c);
	sock_recv_end(self->s);
	close(self->s);
	wire_wait(self->wire, "< FA 100001 7 0");
	for (i = 0; i < wire_count(self->wire); i++) {
		const struct seg *s = wire_at(self->wire, i);

		EXPECT_NE(0, s->flow);
		if (label[s->from])
			EXPECT_EQ(label[s->from], s->flow);
		label[s->from] = s->flow;
	}
}

TEST_F(header, chosen_label)
{
	struct flowlabel_req req = {
		.label = htonl(0x12345),
		.action = FL_A_GET,
		.share = FL_S_ANY,
		.flags = FL_F_CREATE,
	};
	struct flowlabel_req reflect = { .action = FL_A_GET, .flags = FL_F_REFLECT };
	struct sockaddr_in6 to = addr6("fd00::2", PORT);
	size_t i;

	sock_set(self->c, SOL_IPV6, FLOWINFO_SEND, 1);
	to.sin6_flowinfo = htonl(0x12345);
	req.dst = to.sin6_addr;
	ASSERT_EQ(0, setsockopt(self->c, SOL_IPV6, FLOWLABEL_MGR, &req, sizeof(req)));
	net_sysctl(&self->net, SERVER, "net/ipv6/flowlabel_consistency", "0");
	ASSERT_EQ(0, setsockopt(self->l, SOL_IPV6, FLOWLABEL_MGR, &reflect, sizeof(reflect)));
	ASSERT_EQ(0, connect(self->c, (struct sockaddr *)&to, sizeof(to)));
	self->s = sock_accept(self->l);
	talk(self->c, self->s);
	close(self->c);
	sock_recv_end(self->s);
	close(self->s);
	wire_wait(self->wire, "< FA 100001 7 0");
	for (i = 0; i < wire_count(self->wire); i++) {
		const struct seg *seg = wire_at(self->wire, i);

		/* The newest kernels' TCP reflects in the SYN-ACK alone. */
		if (stack_is_tcp() && seg->from == SERVER && !(seg->flags & TH_SYN))
			continue;
		EXPECT_EQ(0x12345, seg->flow);
	}
	EXPECT_LT(3, i);
}

TEST_F(header, no_label)
{
	sock_set(self->c, SOL_IPV6, IPV6_AUTOFLOWLABEL, 0);
	CONNECT();
	EXPECT_EQ(0, wire_wait(self->wire, "> S 0 - 0")->flow);
	EXPECT_EQ(0, wire_wait(self->wire, "> A 1 1 0")->flow);
	close(self->c);
	close(self->s);
}

/* A destination options header of eight bytes that say nothing. */
static const uint8_t padding[8] = { 0, 0, 1, 4 };

TEST_F(header, sticky_header)
{
	uint8_t buf[256];
	socklen_t len = sizeof(buf);
	bool found = false;
	struct msghdr msg;
	struct cmsghdr *cmsg;
	int mss;

	sock_set(self->l, SOL_IPV6, IPV6_RECVDSTOPTS, 1);
	CONNECT();
	mss = sock_get(self->c, SOL_TCP, TCP_MAXSEG);
	ASSERT_EQ(0, setsockopt(self->c, SOL_IPV6, IPV6_DSTOPTS, padding, sizeof(padding)));
	EXPECT_EQ(mss - 8, sock_get(self->c, SOL_TCP, TCP_MAXSEG));
	talk(self->s, self->c);
	ASSERT_EQ(0, getsockopt(self->s, SOL_IPV6, PKTOPTIONS, buf, &len));
	msg = (struct msghdr){ .msg_control = buf, .msg_controllen = len };
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		found |= cmsg->cmsg_level == SOL_IPV6 && cmsg->cmsg_type == IPV6_DSTOPTS;
	EXPECT_TRUE(found);
	close(self->c);
	close(self->s);
	/* An option set before connect() is in the SYN, too. */
	self->c = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, setsockopt(self->c, SOL_IPV6, IPV6_DSTOPTS, padding, sizeof(padding)));
	CONNECT();
	EXPECT_EQ(mss - 8, sock_get(self->c, SOL_TCP, TCP_MAXSEG));
	talk(self->s, self->c);
	talk(self->c, self->s);
	close(self->c);
	close(self->s);
}

/* Those of a listener are its connections'. */
TEST_F(header, inherited_headers)
{
	uint8_t buf[64];
	socklen_t len = sizeof(buf);
	int mss;

	ASSERT_EQ(0, setsockopt(self->l, SOL_IPV6, IPV6_DSTOPTS, padding, sizeof(padding)));
	ASSERT_EQ(0, setsockopt(self->l, SOL_IPV6, IPV6_HOPOPTS, padding, sizeof(padding)));
	CONNECT();
	mss = sock_get(self->c, SOL_TCP, TCP_MAXSEG);
	EXPECT_EQ(mss - 16, sock_get(self->s, SOL_TCP, TCP_MAXSEG));
	ASSERT_EQ(0, getsockopt(self->s, SOL_IPV6, IPV6_DSTOPTS, buf, &len));
	EXPECT_EQ(sizeof(padding), len);
	talk(self->s, self->c);
	EXPECT_EQ(40 + 16 + 32 + 5, wire_wait(self->wire, "< PA 1 1 5")->ip_len);
	/* They may be changed on either without the other. */
	ASSERT_EQ(0, setsockopt(self->s, SOL_IPV6, IPV6_DSTOPTS, NULL, 0));
	/*
	 * The kernel's TCP does not compute it again on an end that has not called
	 * connect().
	 */
	if (!stack_is_tcp())
		EXPECT_EQ(mss - 8, sock_get(self->s, SOL_TCP, TCP_MAXSEG));
	len = sizeof(buf);
	ASSERT_EQ(0, getsockopt(self->l, SOL_IPV6, IPV6_DSTOPTS, buf, &len));
	EXPECT_EQ(sizeof(padding), len);
	close(self->c);
	close(self->s);
}

/* RFC 5082: segments from farther away than the program allows are dropped. */
TEST_F(header, min_hops)
{
	char byte;

	CONNECT();
	sock_set(self->s, SOL_IPV6, IPV6_MINHOPCOUNT, 200);
	sock_send(self->c, "x", 1);
	EXPECT_FALSE(sock_wait(self->s, POLLIN, 100));
	sock_set(self->c, SOL_IPV6, IPV6_UNICAST_HOPS, 255);
	sock_recv(self->s, &byte, 1);
	EXPECT_EQ('x', byte);
	close(self->c);
	close(self->s);
}

TEST_HARNESS_MAIN
