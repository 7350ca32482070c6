// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that several threads and processes share: threads that use one at once,
 * sockets that are passed around and inherited, processes that accept from one
 * listener.  Nothing breaks, leaks or gets lost.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define PORT	20000

FIXTURE(shared)
{
	struct net net;
};

FIXTURE_SETUP(shared)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(shared)
{
}

/* --- threads --- */

#define THREADS	6
#define SHARED	3	/* sockets, the last one begins as a listener */
#define ROUNDS	3000	/* calls of each thread */

struct race {
	int fd[SHARED];
	struct addr to;		/* the echo server */
	struct addr own;	/* to bind to */
	unsigned int seed;
};

static int race_socket(const struct race *r)
{
	int fd = socket(stack_family(), SOCK_STREAM | SOCK_NONBLOCK,
			stack_kind());

	if (fd < 0)
		net_die("socket: %s", strerror(errno));
	return fd;
}

static void race_option(int fd, unsigned int n, int val)
{
	static const struct {
		int level;
		int name;
	} options[] = {
		{ SOL_SOCKET, SO_REUSEADDR }, { SOL_SOCKET, SO_REUSEPORT },
		{ SOL_SOCKET, SO_KEEPALIVE }, { SOL_SOCKET, SO_SNDBUF },
		{ SOL_SOCKET, SO_RCVBUF }, { SOL_SOCKET, SO_RCVLOWAT },
		{ SOL_SOCKET, SO_OOBINLINE }, { IPPROTO_TCP, TCP_NODELAY },
		{ IPPROTO_TCP, TCP_CORK }, { IPPROTO_TCP, TCP_QUICKACK },
		{ IPPROTO_TCP, TCP_MAXSEG }, { IPPROTO_TCP, TCP_KEEPIDLE },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT }, { IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ IPPROTO_TCP, TCP_WINDOW_CLAMP }, { IPPROTO_TCP, TCP_LINGER2 },
		{ SOL_IP, IP_TOS }, { SOL_IP, IP_RECVERR },
	};

	n %= sizeof(options) / sizeof(options[0]);
	setsockopt(fd, options[n].level, options[n].name, &val, sizeof(val));
}

static void race_call(struct race *r, unsigned int *seed)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct addr unspec = { .sa.sa_family = AF_UNSPEC,
			       .len = sizeof(struct sockaddr) };
	struct pollfd p = { .events = POLLIN | POLLOUT | POLLPRI };
	struct addr addr = { .len = sizeof(addr.in6) };
	int fd = r->fd[rand_r(seed) % SHARED], new, val;
	struct tcp_info info;
	socklen_t len = sizeof(info);
	char buf[4096] = { 0 };

	switch (rand_r(seed) % 22) {
	case 0 ... 3:
		addr_connect(fd, r->to);
		break;
	case 4:
		addr_connect(fd, unspec);
		break;
	case 5 ... 7:
		send(fd, buf, 1 + rand_r(seed) % sizeof(buf), MSG_NOSIGNAL |
		     (rand_r(seed) % 4 ? 0 : MSG_MORE));
		break;
	case 8:
		send(fd, buf, 1, MSG_NOSIGNAL | MSG_OOB);
		break;
	case 9 ... 11:
		recv(fd, buf, 1 + rand_r(seed) % sizeof(buf),
		     rand_r(seed) % 4 ? 0 : MSG_PEEK);
		break;
	case 12:
		p.fd = fd;
		poll(&p, 1, 0);
		break;
	case 13:
		shutdown(fd, rand_r(seed) % 3);
		break;
	case 14 ... 15:
		race_option(fd, rand_r(seed), rand_r(seed) % 8192);
		break;
	case 16:
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
		getsockname(fd, &addr.sa, &addr.len);
		getpeername(fd, &addr.sa, &addr.len);
		break;
	case 17:
		ioctl(fd, rand_r(seed) % 2 ? FIONREAD : TIOCOUTQ, &val);
		break;
	case 18:
		addr_bind(fd, r->own);
		listen(fd, rand_r(seed) % 4);
		break;
	case 19 ... 20:
		new = accept(fd, NULL, NULL);
		if (new >= 0)
			close(new);
		break;
	default:
		if (rand_r(seed) % 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
				   sizeof(reset));
		/* dup2() closes the old one at the same moment. */
		new = race_socket(r);
		dup2(new, fd);
		close(new);
	}
}

static void *race_thread(void *arg)
{
	struct race *r = arg;
	unsigned int seed = __atomic_add_fetch(&r->seed, 1, __ATOMIC_RELAXED);

	for (int i = 0; i < ROUNDS; i++)
		race_call(r, &seed);
	return NULL;
}

/* The echo server accepts, reads, writes a little and closes. */
static void echo_forever(int listener)
{
	char buf[4096];
	int fd, len;

	sock_nonblock(listener, false);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (len > 0)
			send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
	}
}

TEST_F_TIMEOUT(shared, threads_on_one_socket, 120)
{
	pthread_t thread[THREADS];
	struct race r = { 0 };
	int i, listener;
	pid_t peer;

	listener = sock_listen(&self->net, SERVER, PORT, 16);
	peer = fork();
	if (peer == 0)
		echo_forever(listener);
	close(listener);

	net_enter(&self->net, CLIENT);
	r.to = addr_side(&self->net, SERVER, PORT);
	r.own = addr_side(&self->net, CLIENT, PORT + 1);
	for (i = 0; i < SHARED; i++)
		r.fd[i] = race_socket(&r);
	ASSERT_EQ(0, addr_bind(r.fd[SHARED - 1], r.own));
	ASSERT_EQ(0, listen(r.fd[SHARED - 1], 4));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race_thread, &r));
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < SHARED; i++)
		close(r.fd[i]);
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
	EXPECT_TRUE(net_until(net_only_time_wait, &self->net, PATIENCE));
	conn_works(&self->net, PORT + 2);
}

/* Threads block in every call, and the socket is shut down. */
static void *block_recv(void *arg)
{
	char byte;

	return (void *)(long)recv(*(int *)arg, &byte, 1, 0);
}

static void *block_send(void *arg)
{
	static char buf[65536];
	ssize_t n;

	do {
		n = send(*(int *)arg, buf, sizeof(buf), MSG_NOSIGNAL);
	} while (n > 0);
	return (void *)(long)(n < 0 ? -errno : n);
}

static void *block_poll(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return (void *)(long)poll(&p, 1, PATIENCE);
}

static void *block_accept(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);

	return (void *)(long)(fd < 0 ? -errno : fd);
}

TEST_F(shared, shutdown_wakes_all)
{
	void *(*const calls[])(void *) = { block_recv, block_send, block_poll };
	pthread_t thread[4];
	struct conn c;
	void *result;
	int i;

	conn_open(&self->net, PORT, &c);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, calls[i],
					    &c.end[CLIENT]));
	ASSERT_EQ(0, pthread_create(&thread[3], NULL, block_accept,
				    &c.listener));
	/* The sender has filled the buffers; the others have had time to block, too. */
	ASSERT_TRUE(sock_wait(c.end[SERVER], POLLIN, PATIENCE));
	while (sock_events(c.end[CLIENT], POLLOUT))
		usleep(1000);
	ASSERT_EQ(0, shutdown(c.end[CLIENT], SHUT_RDWR));
	ASSERT_EQ(0, shutdown(c.listener, SHUT_RD));
	pthread_join(thread[0], &result);
	EXPECT_EQ(0, (long)result);
	pthread_join(thread[1], &result);
	EXPECT_EQ(-EPIPE, (long)result);
	pthread_join(thread[2], &result);
	EXPECT_EQ(1, (long)result);
	pthread_join(thread[3], &result);
	EXPECT_EQ(-EINVAL, (long)result);
	conn_close(&c);
}

/* --- sockets that go from hand to hand --- */

static void pass(int channel, int fd)
{
	char byte = 0, buf[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = buf,
		.msg_controllen = sizeof(buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	if (sendmsg(channel, &msg, 0) != 1)
		net_die("SCM_RIGHTS: %s", strerror(errno));
}

static int take(int channel)
{
	char byte, buf[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = buf,
		.msg_controllen = sizeof(buf),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(channel, &msg, 0) != 1)
		net_die("SCM_RIGHTS: %s", strerror(errno));
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		net_die("no socket came");
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

TEST_F(shared, passed_by_scm_rights)
{
	int channel[2], fd;
	struct conn c;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	conn_open(&self->net, PORT, &c);
	/* In flight no process holds it; it goes on receiving. */
	pass(channel[0], c.end[CLIENT]);
	close(c.end[CLIENT]);
	sock_send(c.end[SERVER], "x", 1);
	fd = take(channel[1]);
	sock_recv(fd, &byte, 1);
	EXPECT_EQ('x', byte);

	/* A listener is passed while a connection waits in it. */
	pass(channel[0], c.listener);
	close(c.listener);
	close(sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT));
	c.listener = take(channel[1]);
	close(sock_accept(c.listener));
	close(c.listener);

	/* A socket that is not received is closed with the channel... */
	pass(channel[0], fd);
	close(fd);
	close(channel[0]);
	close(channel[1]);
	sock_recv_end(c.end[SERVER]);
	close(c.end[SERVER]);

	/* ... even if the channel was sent through itself. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	conn_open(&self->net, PORT + 1, &c);
	pass(channel[0], c.end[CLIENT]);
	pass(channel[0], channel[0]);
	pass(channel[1], channel[1]);
	close(c.end[CLIENT]);
	close(channel[0]);
	close(channel[1]);
	/* The garbage collector of AF_UNIX runs when the next socket closes. */
	for (int i = 0; !sock_wait(c.end[SERVER], POLLIN, 10); i++) {
		ASSERT_LT(i, PATIENCE / 10);
		close(socket(AF_UNIX, SOCK_STREAM, 0));
	}
	close(c.end[SERVER]);
	close(c.listener);
	EXPECT_TRUE(net_until(net_only_time_wait, &self->net, PATIENCE));
}

TEST_F(shared, inherited_by_a_child)
{
	struct conn c;
	int go[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(go));
	conn_open(&self->net, PORT, &c);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		read(go[0], &byte, 1);
		sock_send(c.end[CLIENT], "c", 1);
		read(go[0], &byte, 1);
		_exit(0);
	}
	/* close() by the parent does not end the connection. */
	close(c.end[CLIENT]);
	ASSERT_EQ(1, write(go[1], "", 1));
	sock_recv(c.end[SERVER], &byte, 1);
	EXPECT_EQ('c', byte);
	EXPECT_EQ(0, sock_events(c.end[SERVER], POLLIN | POLLRDHUP));
	/* The end of the last holder closes the connection. */
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	sock_recv_end(c.end[SERVER]);
	close(c.end[SERVER]);
	close(c.listener);
}

/* Several processes accept from one listener: each connection once. */
TEST_F(shared, children_that_accept)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 64);
	int fd[32], i;
	pid_t pid[4];
	char byte;

	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			for (;;) {
				int s = accept(listener, NULL, NULL);

				if (s < 0)
					_exit(1);
				sock_send(s, "s", 1);
			}
		}
	}
	close(listener);
	for (i = 0; i < 32; i++)
		fd[i] = sock_connect(&self->net, CLIENT, self->net.ip[SERVER],
				     PORT);
	for (i = 0; i < 32; i++) {
		sock_recv(fd[i], &byte, 1);
		EXPECT_EQ('s', byte);
	}
	for (i = 0; i < 4; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	for (i = 0; i < 32; i++) {
		sock_recv_end(fd[i]);
		close(fd[i]);
	}
	EXPECT_TRUE(net_until(net_only_time_wait, &self->net, PATIENCE));
}

TEST_HARNESS_MAIN
