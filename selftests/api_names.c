// SPDX-License-Identifier: GPL-2.0
/* Errors of socket(), bind(), listen(), accept(), connect() and the calls for names. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"

#define PORT	20000

FIXTURE(names)
{
	struct net net;
	int fd;			/* a fresh socket in CLIENT */
	const char *any;	/* addresses: all of a host's */
	const char *client;
	const char *server;
	const char *lo;
};

FIXTURE_SETUP(names)
{
	net_open(&self->net);
	self->fd = sock_open(&self->net, CLIENT, 0);
	self->any = ip46("0.0.0.0", "::");
	self->client = self->net.ip[CLIENT];
	self->server = self->net.ip[SERVER];
	self->lo = ip46("127.0.0.1", "::1");
}

FIXTURE_TEARDOWN(names)
{
	close(self->fd);
}

static int bind_to(int fd, const char *ip, uint16_t port)
{
	return addr_bind(fd, addr_of(ip, port));
}

static int connect_to(int fd, const char *ip, uint16_t port)
{
	return addr_connect(fd, addr_of(ip, port));
}

/* The shortest name that is not refused: IPv6's without the scope is one. */
static socklen_t shortest(void)
{
	return ip46(sizeof(struct sockaddr_in),
		    offsetof(struct sockaddr_in6, sin6_scope_id));
}

TEST_F(names, socket_kinds)
{
	int family = stack_family(), kind = stack_kind(), fd;

	net_enter(&self->net, CLIENT);
	FAILS(EPROTONOSUPPORT, socket(family, SOCK_STREAM, kind | 250));
	FAILS(EINVAL, socket(family, SOCK_STREAM | 0x4000000, kind));
	/* AF_INET has datagrams and more, atcp has streams. */
	if (!stack_is_tcp()) {
		FAILS(ESOCKTNOSUPPORT, socket(family, SOCK_DGRAM, kind));
		FAILS(ESOCKTNOSUPPORT, socket(family, SOCK_RAW, kind));
		FAILS(ESOCKTNOSUPPORT, socket(family, SOCK_SEQPACKET, kind));
		FAILS(EPROTONOSUPPORT, socket(family, SOCK_STREAM,
					      kind | IPPROTO_UDP));
	}
	/* Numbers that no protocol can have. */
	FAILS(EINVAL, socket(family, SOCK_STREAM, kind | 0x200));
	FAILS(EINVAL, socket(family, SOCK_STREAM, kind | 0x10000));
	FAILS(EINVAL, socket(family, SOCK_STREAM, -1));
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    kind | stack_proto());
	ASSERT_LE(0, fd);
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(SOCK_STREAM, sock_get(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(ip46(AF_INET, AF_INET6),
		  sock_get(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(stack_so_protocol(), sock_get(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	close(fd);
}

TEST_F(names, socketpair_is_not_supported)
{
	int fds[2];

	FAILS(EOPNOTSUPP, socketpair(stack_family(), SOCK_STREAM, stack_kind(),
				     fds));
}

TEST_F(names, bind_addresses)
{
	struct addr any = addr_any(0), odd;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char big[256] = { 0 };
	int fd = self->fd;

	FAILS(EINVAL, bind(fd, &any.sa, 0));
	FAILS(EINVAL, bind(fd, &any.sa, 8));
	FAILS(EINVAL, bind(fd, &any.sa, shortest() - 1));
	FAILS(EINVAL, bind(fd, &any.sa, -1));
	FAILS(EINVAL, bind(fd, (void *)big, sizeof(big)));
	FAILS(EFAULT, bind(fd, (void *)16, any.len));
	FAILS(EFAULT, bind(fd, NULL, any.len));
	FAILS(EAFNOSUPPORT, bind(fd, (void *)&sun, sizeof(sun)));
	odd = any;
	odd.sa.sa_family = ip46(AF_INET6, AF_INET);
	FAILS(EAFNOSUPPORT, addr_bind(fd, odd));
	/* AF_UNSPEC passes for IPv4's wildcard address only. */
	odd = addr_side(&self->net, CLIENT, 0);
	odd.sa.sa_family = AF_UNSPEC;
	FAILS(EAFNOSUPPORT, addr_bind(fd, odd));
	FAILS(EADDRNOTAVAIL, bind_to(fd, ip46("10.0.0.99", "fd00::99"), 0));
	FAILS(EADDRNOTAVAIL, bind_to(fd, ip46("8.8.8.8", "2001:db8::8"), PORT));
	EXPECT_EQ(0, sock_port(fd));
	if (!stack_is_ipv6())
		any.sa.sa_family = AF_UNSPEC;
	EXPECT_EQ(0, addr_bind(fd, any));
	EXPECT_LE(1024, sock_port(fd));
	/* A socket is bound once only. */
	FAILS(EINVAL, bind_to(fd, self->any, PORT));
	FAILS(EBADF, addr_bind(-1, any));
	FAILS(ENOTSOCK, addr_bind(0, any));
}

TEST_F(names, bind_to_a_port_in_use)
{
	int a, b = self->fd;

	a = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, bind_to(a, self->any, PORT));
	EXPECT_EQ(PORT, sock_port(a));
	FAILS(EADDRINUSE, bind_to(b, self->any, PORT));
	FAILS(EADDRINUSE, bind_to(b, self->client, PORT));
	/* SO_REUSEADDR on one of the two is not enough. */
	sock_set(b, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(EADDRINUSE, bind_to(b, self->any, PORT));
	close(a);

	/* With SO_REUSEADDR on both they share the port, until one listens. */
	a = sock_open(&self->net, CLIENT, 0);
	sock_set(a, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_EQ(0, bind_to(a, self->any, PORT));
	EXPECT_EQ(0, bind_to(b, self->any, PORT));
	EXPECT_EQ(0, listen(a, 1));
	FAILS(EADDRINUSE, listen(b, 1));
	close(b);
	b = sock_open(&self->net, CLIENT, 0);
	sock_set(b, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(EADDRINUSE, bind_to(b, self->any, PORT));
	/* Another address of the same host is another matter... */
	close(a);
	a = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, bind_to(a, self->lo, PORT));
	EXPECT_EQ(0, bind_to(b, self->client, PORT));
	/* ... and so is another host. */
	close(b);
	b = sock_open(&self->net, SERVER, 0);
	EXPECT_EQ(0, bind_to(b, self->any, PORT));
	self->fd = b;
	close(a);
}

/* A server comes back while its old connections are in TIME-WAIT. */
TEST_F(names, reuseaddr_over_time_wait)
{
	struct conn c;
	uint16_t cport;
	int fd;

	conn_open(&self->net, PORT, &c);
	cport = sock_port(c.end[CLIENT]);
	close(c.end[SERVER]);
	sock_recv_end(c.end[CLIENT]);
	net_wait_state(&self->net, SERVER, PORT, cport, ST_FIN_WAIT_2);
	close(c.end[CLIENT]);
	net_wait_state(&self->net, SERVER, PORT, cport, ST_TIME_WAIT);
	close(c.listener);

	fd = sock_open(&self->net, SERVER, 0);
	FAILS(EADDRINUSE, bind_to(fd, self->server, PORT));
	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	EXPECT_EQ(0, bind_to(fd, self->server, PORT));
	EXPECT_EQ(0, listen(fd, 1));
	close(fd);
}

/* Tries bind() to a port in a child that has no capabilities. */
static int as_nobody(int fd, uint16_t port)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(255);
		_exit(addr_bind(fd, addr_any(port)) ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		net_die("child: %s", strerror(errno));
	return WEXITSTATUS(status);
}

TEST_F(names, low_ports_need_the_capability)
{
	int fd = sock_open(&self->net, CLIENT, 0);

	EXPECT_EQ(EACCES, as_nobody(fd, 13));
	EXPECT_EQ(EACCES, as_nobody(fd, 1023));
	EXPECT_EQ(0, as_nobody(fd, 1024));
	close(fd);
	EXPECT_EQ(0, bind_to(self->fd, self->any, 13));
}

TEST_F(names, listen_and_accept)
{
	struct addr peer = { .len = sizeof(peer.in6) };
	struct addr server = addr_side(&self->net, SERVER, 0);
	int fd = self->fd, c, s;

	FAILS(EINVAL, accept(fd, NULL, NULL));
	/* Without bind() it gets a port of its own. */
	ASSERT_EQ(0, listen(fd, 0));
	EXPECT_LE(1024, sock_port(fd));
	EXPECT_EQ(1, sock_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_EQ(0, listen(fd, 5));
	EXPECT_EQ(0, listen(fd, -1));
	FAILS(EINVAL, accept4(fd, NULL, NULL, 0x40));
	FAILS(EISCONN, connect_to(fd, self->server, PORT));
	FAILS(ENOTCONN, getpeername(fd, &peer.sa, &peer.len));
	FAILS(ENOTCONN, recv(fd, &c, 1, 0));
	FAILS(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	sock_nonblock(fd, true);
	FAILS(EAGAIN, accept(fd, NULL, NULL));
	FAILS(EAGAIN, accept4(fd, (void *)16, &peer.len, 0));
	sock_nonblock(fd, false);
	sock_timeo(fd, SO_RCVTIMEO, 50);
	FAILS(EAGAIN, accept(fd, NULL, NULL));

	c = sock_connect(&self->net, SERVER, self->client, sock_port(fd));
	ASSERT_TRUE(sock_wait(fd, POLLIN, PATIENCE));
	s = accept4(fd, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ASSERT_LE(0, s);
	EXPECT_EQ(server.len, peer.len);
	EXPECT_EQ(server.sa.sa_family, peer.sa.sa_family);
	EXPECT_EQ(sock_port(c), addr_port(&peer));
	EXPECT_TRUE(addr_same_ip(&server, &peer));
	EXPECT_TRUE(fcntl(s, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(s, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(0, sock_get(s, SOL_SOCKET, SO_ACCEPTCONN));
	FAILS(EINVAL, accept(s, NULL, NULL));
	FAILS(EINVAL, listen(s, 1));
	FAILS(EINVAL, listen(c, 1));
	close(s);
	close(c);
}

/* A name longer than the buffer is cut; its full length is returned. */
TEST_F(names, short_buffers_for_names)
{
	struct addr whole, cut;
	socklen_t len = 4;

	ASSERT_EQ(0, bind_to(self->fd, self->client, PORT));
	whole = addr_local(self->fd);
	EXPECT_EQ(addr_any(0).len, whole.len);
	memset(&cut, 0xa5, sizeof(cut));
	EXPECT_EQ(0, getsockname(self->fd, &cut.sa, &len));
	EXPECT_EQ(whole.len, len);
	EXPECT_EQ(0, memcmp(&cut, &whole, 4));
	EXPECT_EQ(0xa5a5a5a5, cut.in.sin_addr.s_addr);
	len = -1;
	FAILS(EINVAL, getsockname(self->fd, &cut.sa, &len));
	len = sizeof(cut);
	FAILS(EFAULT, getsockname(self->fd, (void *)16, &len));
	FAILS(EFAULT, getsockname(self->fd, &cut.sa, NULL));
	FAILS(ENOTCONN, getpeername(self->fd, &cut.sa, &len));
	/* Bytes of the structure without a meaning carry no kernel memory. */
	if (stack_is_ipv6()) {
		EXPECT_EQ(0, whole.in6.sin6_flowinfo);
		EXPECT_EQ(0, whole.in6.sin6_scope_id);
	} else {
		EXPECT_EQ(0, memcmp(whole.in.sin_zero, "\0\0\0\0\0\0\0\0",
				    8));
	}
}

/* Multicast and broadcast addresses are refused... */
static const char *const many4[] = {
	"224.0.0.1", "10.0.0.255", "255.255.255.255", NULL,
};

static const char *const many6[] = { "ff02::1", "ff0e::1", NULL };

/* ... and an address without a route. */
static const struct {
	const char *kind;
	const char *ip4, *ip6;
	int err;
} routes[] = {
	{ "prohibit", "192.0.2.2", "2001:db8::2", EACCES },
	{ "unreachable", "192.0.2.3", "2001:db8::3", EHOSTUNREACH },
	{ "blackhole", "192.0.2.4", "2001:db8::4", EINVAL },
};

TEST_F(names, connect_addresses)
{
	struct addr peer = addr_side(&self->net, SERVER, PORT), odd = peer;
	const char *const *many = ip46(many4, many6);
	int fd = self->fd;
	size_t i;

	FAILS(EINVAL, connect(fd, &peer.sa, 0));
	FAILS(EINVAL, connect(fd, &peer.sa, 1));
	FAILS(EINVAL, connect(fd, &peer.sa, shortest() - 1));
	FAILS(EINVAL, connect(fd, &peer.sa, 200));
	FAILS(EFAULT, connect(fd, NULL, peer.len));
	odd.sa.sa_family = AF_UNIX;
	FAILS(EAFNOSUPPORT, addr_connect(fd, odd));
	odd.sa.sa_family = ip46(AF_INET6, AF_INET);
	FAILS(EAFNOSUPPORT, addr_connect(fd, odd));
	for (i = 0; many[i]; i++)
		FAILS(ENETUNREACH, connect_to(fd, many[i], PORT));
	/* A link-local address means nothing without its link. */
	if (stack_is_ipv6())
		FAILS(EINVAL, connect_to(fd, "fe80::2", PORT));
	net_run(&self->net, CLIENT, "ip %s route del default",
		ip46("-4", "-6"));
	FAILS(ENETUNREACH, connect_to(fd, ip46("192.0.2.1", "2001:db8::1"),
				      PORT));
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *ip = ip46(routes[i].ip4, routes[i].ip6);

		net_run(&self->net, CLIENT, "ip route add %s %s",
			routes[i].kind, ip);
		FAILS(routes[i].err, connect_to(fd, ip, PORT));
	}
	/* After all these failures it still connects. */
	FAILS(ECONNREFUSED, connect_to(fd, self->server, PORT));
	close(sock_listen(&self->net, SERVER, PORT + 1, 1));
	FAILS(ECONNREFUSED, connect_to(fd, self->server, PORT + 1));
}

TEST_F(names, connect_states)
{
	struct conn c;
	struct addr peer;
	socklen_t len = sizeof(peer.in6);
	int fd = self->fd;

	FAILS(ENOTCONN, recv(fd, &c, 1, 0));
	FAILS(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	FAILS(ENOTCONN, shutdown(fd, SHUT_RDWR));
	FAILS(ENOTCONN, shutdown(fd, SHUT_WR));
	FAILS(EINVAL, shutdown(fd, 3));
	FAILS(EINVAL, shutdown(fd, -1));
	FAILS(ENOTCONN, getpeername(fd, &peer.sa, &len));

	conn_open(&self->net, PORT, &c);
	FAILS(EISCONN, connect_to(c.end[CLIENT], self->server, PORT));
	FAILS(EISCONN, connect_to(c.end[SERVER], self->client, PORT));
	FAILS(EINVAL, bind_to(c.end[CLIENT], self->client, 0));
	FAILS(EINVAL, shutdown(c.end[CLIENT], 3));
	conn_close(&c);
}

/* A non-blocking connect() to a host that says nothing. */
TEST_F(names, connect_in_progress)
{
	int fd = self->fd;

	net_drop(&self->net, SERVER, 0x02, 40, 80, 0);
	sock_nonblock(fd, true);
	FAILS(EINPROGRESS, connect_to(fd, self->server, PORT));
	FAILS(EALREADY, connect_to(fd, self->server, PORT));
	EXPECT_EQ(0, sock_events(fd, POLLIN | POLLOUT));
	EXPECT_EQ(ST_SYN_SENT, net_state(&self->net, CLIENT, sock_port(fd),
					 PORT));
	FAILS(EAGAIN, send(fd, "x", 1, MSG_NOSIGNAL));
	FAILS(EAGAIN, recv(fd, &fd, 1, 0));
	FAILS(EINVAL, listen(fd, 1));
	/* With a time-out the call ends, and the attempt goes on. */
	sock_nonblock(fd, false);
	sock_timeo(fd, SO_SNDTIMEO, 30);
	FAILS(EALREADY, connect_to(fd, self->server, PORT));
	close(fd);
	fd = sock_open(&self->net, CLIENT, 0);
	sock_timeo(fd, SO_SNDTIMEO, 30);
	FAILS(EINPROGRESS, connect_to(fd, self->server, PORT));
	self->fd = fd;
}

/* AF_UNSPEC takes a connection apart; the socket can be used again. */
TEST_F(names, disconnect)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	struct conn c;
	socklen_t len = sizeof(sa);
	char byte;

	conn_open(&self->net, PORT, &c);
	ASSERT_EQ(0, connect(c.end[CLIENT], &sa, sizeof(sa)));
	FAILS(ENOTCONN, getpeername(c.end[CLIENT], &sa, &len));
	ASSERT_TRUE(sock_wait(c.end[SERVER], POLLHUP, PATIENCE));
	FAILS(ECONNRESET, recv(c.end[SERVER], &byte, 1, 0));
	close(c.end[SERVER]);
	ASSERT_EQ(0, connect_to(c.end[CLIENT], self->server, PORT));
	c.end[SERVER] = sock_accept(c.listener);
	sock_send(c.end[CLIENT], "x", 1);
	sock_recv(c.end[SERVER], &byte, 1);
	EXPECT_EQ('x', byte);
	conn_close(&c);
}

/* A socket that is bound to its port, then connects, from that port. */
TEST_F(names, bind_then_connect)
{
	struct addr client = addr_side(&self->net, CLIENT, 0), peer, local;
	int l = sock_listen(&self->net, SERVER, PORT, 1), s;

	ASSERT_EQ(0, bind_to(self->fd, self->any, 4321));
	ASSERT_EQ(0, connect_to(self->fd, self->server, PORT));
	s = sock_accept(l);
	peer = addr_peer(s);
	EXPECT_EQ(4321, addr_port(&peer));
	local = addr_local(self->fd);
	EXPECT_TRUE(addr_same_ip(&client, &local));
	close(s);
	close(l);
}

/* Ephemeral ports come from the namespace's range, until all are taken. */
TEST_F(names, ephemeral_ports_run_out)
{
	int fd[5], i, j;

	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40003");
	for (i = 0; i < 4; i++) {
		fd[i] = sock_open(&self->net, CLIENT, 0);
		ASSERT_EQ(0, bind_to(fd[i], self->any, 0));
		EXPECT_LE(40000, sock_port(fd[i]));
		EXPECT_GE(40003, sock_port(fd[i]));
		for (j = 0; j < i; j++)
			EXPECT_NE(sock_port(fd[j]), sock_port(fd[i]));
	}
	fd[4] = sock_open(&self->net, CLIENT, 0);
	FAILS(EADDRINUSE, bind_to(fd[4], self->any, 0));
	FAILS(EADDRNOTAVAIL, connect_to(fd[4], self->server, PORT));
	close(fd[1]);
	EXPECT_EQ(0, bind_to(fd[4], self->any, 0));
	EXPECT_LE(40000, sock_port(fd[4]));
}

/* Calls that are not for sockets fail. */
TEST_F(names, odd_calls)
{
	int arg = 0;

	FAILS(ENOTTY, ioctl(self->fd, 0x5401 /* TCGETS */, &arg));
	FAILS(ESPIPE, lseek(self->fd, 0, SEEK_SET));
}

TEST_HARNESS_MAIN
