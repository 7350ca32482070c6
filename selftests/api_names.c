// SPDX-License-Identifier: GPL-2.0
/* socket, bind, listen, accept, connect, names: what they refuse, and how. */
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
#include "lib/net.h"

#define PORT	20000

/* The call fails with exactly this errno. */
#define FAILS(err, call) do {						\
	errno = 0;							\
	EXPECT_EQ(-1, call);						\
	EXPECT_EQ(err, errno);						\
} while (0)

FIXTURE(names)
{
	struct net net;
	int fd;			/* a fresh socket in CLIENT */
	struct sockaddr_in any;	/* port 0 of all addresses */
	struct sockaddr_in peer;	/* PORT of SERVER */
};

FIXTURE_SETUP(names)
{
	net_open(&self->net);
	self->fd = sock_open(&self->net, CLIENT, 0);
	self->any = net_addr("0.0.0.0", 0);
	self->peer = net_addr(self->net.ip[SERVER], PORT);
}

FIXTURE_TEARDOWN(names)
{
	close(self->fd);
}

static int bind_to(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in sin = net_addr(ip, port);

	return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
}

static int connect_to(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in sin = net_addr(ip, port);

	return connect(fd, (struct sockaddr *)&sin, sizeof(sin));
}

TEST_F(names, socket_kinds)
{
	int family = stack_family(), fd;

	net_enter(&self->net, CLIENT);
	FAILS(EPROTONOSUPPORT, socket(family, SOCK_STREAM, 250));
	FAILS(EINVAL, socket(family, SOCK_STREAM | 0x4000000, 0));
	/* AF_INET has datagrams and more, atcp has streams. */
	if (!stack_is_tcp()) {
		FAILS(ESOCKTNOSUPPORT, socket(family, SOCK_DGRAM, 0));
		FAILS(ESOCKTNOSUPPORT, socket(family, SOCK_RAW, 0));
		FAILS(ESOCKTNOSUPPORT, socket(family, SOCK_SEQPACKET, 0));
		FAILS(EPROTONOSUPPORT, socket(family, SOCK_STREAM,
					      IPPROTO_UDP));
		FAILS(EPROTONOSUPPORT, socket(family, SOCK_STREAM, 0x1fd0));
	}
	FAILS(EINVAL, socket(family, SOCK_STREAM, -1));
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    stack_proto());
	ASSERT_LE(0, fd);
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(SOCK_STREAM, sock_get(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(AF_INET, sock_get(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(stack_proto(), sock_get(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	close(fd);
}

TEST_F(names, socketpair_is_not_supported)
{
	int fds[2];

	FAILS(EOPNOTSUPP, socketpair(stack_family(), SOCK_STREAM, 0, fds));
}

TEST_F(names, bind_addresses)
{
	struct sockaddr_in sin = self->any;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char big[256] = { 0 };
	int fd = self->fd;

	FAILS(EINVAL, bind(fd, (void *)&sin, 0));
	FAILS(EINVAL, bind(fd, (void *)&sin, 8));
	FAILS(EINVAL, bind(fd, (void *)&sin, sizeof(sin) - 1));
	FAILS(EINVAL, bind(fd, (void *)&sin, -1));
	FAILS(EINVAL, bind(fd, (void *)big, sizeof(big)));
	FAILS(EFAULT, bind(fd, (void *)16, sizeof(sin)));
	FAILS(EFAULT, bind(fd, NULL, sizeof(sin)));
	FAILS(EAFNOSUPPORT, bind(fd, (void *)&sun, sizeof(sun)));
	sin.sin_family = AF_INET6;
	FAILS(EAFNOSUPPORT, bind(fd, (void *)&sin, sizeof(sin)));
	/* AF_UNSPEC passes for the wildcard address only. */
	sin = net_addr("10.0.0.1", 0);
	sin.sin_family = AF_UNSPEC;
	FAILS(EAFNOSUPPORT, bind(fd, (void *)&sin, sizeof(sin)));
	FAILS(EADDRNOTAVAIL, bind_to(fd, "10.0.0.99", 0));
	FAILS(EADDRNOTAVAIL, bind_to(fd, "8.8.8.8", PORT));
	EXPECT_EQ(0, sock_port(fd));
	sin = self->any;
	sin.sin_family = AF_UNSPEC;
	EXPECT_EQ(0, bind(fd, (void *)&sin, sizeof(sin)));
	EXPECT_LE(1024, sock_port(fd));
	/* Once only. */
	FAILS(EINVAL, bind_to(fd, "0.0.0.0", PORT));
	FAILS(EBADF, bind(-1, (void *)&sin, sizeof(sin)));
	FAILS(ENOTSOCK, bind(0, (void *)&sin, sizeof(sin)));
}

TEST_F(names, bind_to_a_port_in_use)
{
	int a, b = self->fd;

	a = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, bind_to(a, "0.0.0.0", PORT));
	EXPECT_EQ(PORT, sock_port(a));
	FAILS(EADDRINUSE, bind_to(b, "0.0.0.0", PORT));
	FAILS(EADDRINUSE, bind_to(b, "10.0.0.1", PORT));
	/* One alone with SO_REUSEADDR is not enough. */
	sock_set(b, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(EADDRINUSE, bind_to(b, "0.0.0.0", PORT));
	close(a);

	/* Both with it: yes, until one listens. */
	a = sock_open(&self->net, CLIENT, 0);
	sock_set(a, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_EQ(0, bind_to(a, "0.0.0.0", PORT));
	EXPECT_EQ(0, bind_to(b, "0.0.0.0", PORT));
	EXPECT_EQ(0, listen(a, 1));
	FAILS(EADDRINUSE, listen(b, 1));
	close(b);
	b = sock_open(&self->net, CLIENT, 0);
	sock_set(b, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(EADDRINUSE, bind_to(b, "0.0.0.0", PORT));
	/* Another address of the same host is another matter... */
	close(a);
	a = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, bind_to(a, "127.0.0.1", PORT));
	EXPECT_EQ(0, bind_to(b, "10.0.0.1", PORT));
	/* ... and so is another host. */
	close(b);
	b = sock_open(&self->net, SERVER, 0);
	EXPECT_EQ(0, bind_to(b, "0.0.0.0", PORT));
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
	FAILS(EADDRINUSE, bind_to(fd, "10.0.0.2", PORT));
	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	EXPECT_EQ(0, bind_to(fd, "10.0.0.2", PORT));
	EXPECT_EQ(0, listen(fd, 1));
	close(fd);
}

/* Runs what needs no capability in a child that has none. */
static int as_nobody(int fd, uint16_t port)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(255);
		_exit(bind_to(fd, "0.0.0.0", port) ? errno : 0);
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
	EXPECT_EQ(0, bind_to(self->fd, "0.0.0.0", 13));
}

TEST_F(names, listen_and_accept)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd = self->fd, c, s;

	FAILS(EINVAL, accept(fd, NULL, NULL));
	/* Without bind() it gets a port of its own. */
	ASSERT_EQ(0, listen(fd, 0));
	EXPECT_LE(1024, sock_port(fd));
	EXPECT_EQ(1, sock_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_EQ(0, listen(fd, 5));
	EXPECT_EQ(0, listen(fd, -1));
	FAILS(EINVAL, accept4(fd, NULL, NULL, 0x40));
	FAILS(EISCONN, connect_to(fd, "10.0.0.2", PORT));
	FAILS(ENOTCONN, getpeername(fd, (void *)&sin, &len));
	FAILS(ENOTCONN, recv(fd, &c, 1, 0));
	FAILS(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	sock_nonblock(fd, true);
	FAILS(EAGAIN, accept(fd, NULL, NULL));
	FAILS(EAGAIN, accept4(fd, (void *)16, &len, 0));
	sock_nonblock(fd, false);
	sock_timeo(fd, SO_RCVTIMEO, 50);
	FAILS(EAGAIN, accept(fd, NULL, NULL));

	c = sock_connect(&self->net, SERVER, "10.0.0.1", sock_port(fd));
	ASSERT_TRUE(sock_wait(fd, POLLIN, PATIENCE));
	len = sizeof(sin);
	s = accept4(fd, (void *)&sin, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ASSERT_LE(0, s);
	EXPECT_EQ(sizeof(sin), len);
	EXPECT_EQ(AF_INET, sin.sin_family);
	EXPECT_EQ(sock_port(c), ntohs(sin.sin_port));
	EXPECT_EQ(inet_addr("10.0.0.2"), sin.sin_addr.s_addr);
	EXPECT_TRUE(fcntl(s, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(s, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(0, sock_get(s, SOL_SOCKET, SO_ACCEPTCONN));
	FAILS(EINVAL, accept(s, NULL, NULL));
	FAILS(EINVAL, listen(s, 1));
	FAILS(EINVAL, listen(c, 1));
	close(s);
	close(c);
}

/* A name longer than the buffer is cut; its true length is told. */
TEST_F(names, short_buffers_for_names)
{
	struct sockaddr_in sin, whole;
	socklen_t len = sizeof(whole);

	ASSERT_EQ(0, bind_to(self->fd, "10.0.0.1", PORT));
	ASSERT_EQ(0, getsockname(self->fd, (void *)&whole, &len));
	memset(&sin, 0xa5, sizeof(sin));
	len = 4;
	EXPECT_EQ(0, getsockname(self->fd, (void *)&sin, &len));
	EXPECT_EQ(sizeof(sin), len);
	EXPECT_EQ(0, memcmp(&sin, &whole, 4));
	EXPECT_EQ(0xa5a5a5a5, sin.sin_addr.s_addr);
	len = -1;
	FAILS(EINVAL, getsockname(self->fd, (void *)&sin, &len));
	len = sizeof(sin);
	FAILS(EFAULT, getsockname(self->fd, (void *)16, &len));
	FAILS(EFAULT, getsockname(self->fd, (void *)&sin, NULL));
	FAILS(ENOTCONN, getpeername(self->fd, (void *)&sin, &len));
	/* The eight bytes of padding hold nothing of the kernel's. */
	EXPECT_EQ(0, memcmp(whole.sin_zero, "\0\0\0\0\0\0\0\0", 8));
}

TEST_F(names, connect_addresses)
{
	struct sockaddr_in sin = self->peer;
	int fd = self->fd;

	FAILS(EINVAL, connect(fd, (void *)&sin, 0));
	FAILS(EINVAL, connect(fd, (void *)&sin, 1));
	FAILS(EINVAL, connect(fd, (void *)&sin, sizeof(sin) - 1));
	FAILS(EINVAL, connect(fd, (void *)&sin, 200));
	FAILS(EFAULT, connect(fd, NULL, sizeof(sin)));
	sin.sin_family = AF_UNIX;
	FAILS(EAFNOSUPPORT, connect(fd, (void *)&sin, sizeof(sin)));
	sin.sin_family = AF_INET6;
	FAILS(EAFNOSUPPORT, connect(fd, (void *)&sin, sizeof(sin)));
	/* Neither many hosts at once, nor one that no route leads to. */
	FAILS(ENETUNREACH, connect_to(fd, "224.0.0.1", PORT));
	FAILS(ENETUNREACH, connect_to(fd, "10.0.0.255", PORT));
	FAILS(ENETUNREACH, connect_to(fd, "255.255.255.255", PORT));
	net_run(&self->net, CLIENT, "ip route del default");
	FAILS(ENETUNREACH, connect_to(fd, "192.0.2.1", PORT));
	net_run(&self->net, CLIENT,
		"ip route add prohibit 192.0.2.2; ip route add unreachable 192.0.2.3; ip route add blackhole 192.0.2.4");
	FAILS(EACCES, connect_to(fd, "192.0.2.2", PORT));
	FAILS(EHOSTUNREACH, connect_to(fd, "192.0.2.3", PORT));
	FAILS(EINVAL, connect_to(fd, "192.0.2.4", PORT));
	/* And after all that it still connects. */
	FAILS(ECONNREFUSED, connect_to(fd, "10.0.0.2", PORT));
	close(sock_listen(&self->net, SERVER, PORT + 1, 1));
	FAILS(ECONNREFUSED, connect_to(fd, "10.0.0.2", PORT + 1));
}

TEST_F(names, connect_states)
{
	struct conn c;
	struct sockaddr_in unspec = { .sin_family = AF_UNSPEC };
	socklen_t len = sizeof(unspec);
	int fd = self->fd;

	FAILS(ENOTCONN, recv(fd, &c, 1, 0));
	FAILS(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	FAILS(ENOTCONN, shutdown(fd, SHUT_RDWR));
	FAILS(ENOTCONN, shutdown(fd, SHUT_WR));
	FAILS(EINVAL, shutdown(fd, 3));
	FAILS(EINVAL, shutdown(fd, -1));
	FAILS(ENOTCONN, getpeername(fd, (void *)&unspec, &len));

	conn_open(&self->net, PORT, &c);
	FAILS(EISCONN, connect_to(c.end[CLIENT], "10.0.0.2", PORT));
	FAILS(EISCONN, connect_to(c.end[SERVER], "10.0.0.1", PORT));
	FAILS(EINVAL, bind_to(c.end[CLIENT], "10.0.0.1", 0));
	FAILS(EINVAL, shutdown(c.end[CLIENT], 3));
	conn_close(&c);
}

/* A non-blocking connect() to a host that says nothing. */
TEST_F(names, connect_in_progress)
{
	int fd = self->fd;

	net_drop(&self->net, SERVER, 0x02, 40, 80, 0);
	sock_nonblock(fd, true);
	FAILS(EINPROGRESS, connect_to(fd, "10.0.0.2", PORT));
	FAILS(EALREADY, connect_to(fd, "10.0.0.2", PORT));
	EXPECT_EQ(0, sock_events(fd, POLLIN | POLLOUT));
	EXPECT_EQ(ST_SYN_SENT, net_state(&self->net, CLIENT, sock_port(fd),
					 PORT));
	FAILS(EAGAIN, send(fd, "x", 1, MSG_NOSIGNAL));
	FAILS(EAGAIN, recv(fd, &fd, 1, 0));
	FAILS(EINVAL, listen(fd, 1));
	/* As sent with a time-out: the attempt goes on after it. */
	sock_nonblock(fd, false);
	sock_timeo(fd, SO_SNDTIMEO, 30);
	FAILS(EALREADY, connect_to(fd, "10.0.0.2", PORT));
	close(fd);
	fd = sock_open(&self->net, CLIENT, 0);
	sock_timeo(fd, SO_SNDTIMEO, 30);
	FAILS(EINPROGRESS, connect_to(fd, "10.0.0.2", PORT));
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
	ASSERT_EQ(0, connect_to(c.end[CLIENT], "10.0.0.2", PORT));
	c.end[SERVER] = sock_accept(c.listener);
	sock_send(c.end[CLIENT], "x", 1);
	sock_recv(c.end[SERVER], &byte, 1);
	EXPECT_EQ('x', byte);
	conn_close(&c);
}

/* A socket that is bound to its port, then connects, from that port. */
TEST_F(names, bind_then_connect)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int l = sock_listen(&self->net, SERVER, PORT, 1), s;

	ASSERT_EQ(0, bind_to(self->fd, "0.0.0.0", 4321));
	ASSERT_EQ(0, connect_to(self->fd, "10.0.0.2", PORT));
	s = sock_accept(l);
	ASSERT_EQ(0, getpeername(s, (void *)&sin, &len));
	EXPECT_EQ(4321, ntohs(sin.sin_port));
	len = sizeof(sin);
	ASSERT_EQ(0, getsockname(self->fd, (void *)&sin, &len));
	EXPECT_EQ(inet_addr("10.0.0.1"), sin.sin_addr.s_addr);
	close(s);
	close(l);
}

/* Ephemeral ports come from the namespace's range, until there are none. */
TEST_F(names, ephemeral_ports_run_out)
{
	int fd[5], i, j;

	net_sysctl(&self->net, CLIENT, "net/ipv4/ip_local_port_range",
		   "40000 40003");
	for (i = 0; i < 4; i++) {
		fd[i] = sock_open(&self->net, CLIENT, 0);
		ASSERT_EQ(0, bind_to(fd[i], "0.0.0.0", 0));
		EXPECT_LE(40000, sock_port(fd[i]));
		EXPECT_GE(40003, sock_port(fd[i]));
		for (j = 0; j < i; j++)
			EXPECT_NE(sock_port(fd[j]), sock_port(fd[i]));
	}
	fd[4] = sock_open(&self->net, CLIENT, 0);
	FAILS(EADDRINUSE, bind_to(fd[4], "0.0.0.0", 0));
	FAILS(EADDRNOTAVAIL, connect_to(fd[4], "10.0.0.2", PORT));
	close(fd[1]);
	EXPECT_EQ(0, bind_to(fd[4], "0.0.0.0", 0));
	EXPECT_LE(40000, sock_port(fd[4]));
}

/* Nothing but the calls of a socket reaches one. */
TEST_F(names, odd_calls)
{
	int arg = 0;

	FAILS(ENOTTY, ioctl(self->fd, 0x5401 /* TCGETS */, &arg));
	FAILS(ESPIPE, lseek(self->fd, 0, SEEK_SET));
}

TEST_HARNESS_MAIN
