// SPDX-License-Identifier: GPL-2.0
/*
 * What is particular to IPv6: sockets that take both families, addresses that
 * mean something on one link only, and what of the IPv6 header a program may
 * choose or see (RFC 3493, RFC 3542, RFC 6437).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define ATCP_IPV6	0x100
#define PORT		21000

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
	return stack_is_tcp() ? 0 : ATCP_IPV6;
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

/* Does the pair of sockets carry bytes both ways? */
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

/* Socket, names, bytes, and the end. */
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

	/* And from an IPv6 socket to a mapped address. */
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
	/* The IPv4 port is still to be had. */
	s = sock_listen(&self->net, SERVER, PORT + 1, 1);
	close(s);
	c = socket6(&self->net, CLIENT);
	sock_set(c, SOL_IPV6, IPV6_V6ONLY, 1);
	EXPECT_EQ(-ENETUNREACH, connect6(c, "::ffff:10.0.0.2", PORT + 1));
	EXPECT_EQ(-EINVAL, bind6(c, "::ffff:10.0.0.1", 0));
	close(c);
	close(l);
}

/* Link-local addresses want an interface, and come with one. */
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

/* What is refused, and how. */
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

TEST_HARNESS_MAIN
