// SPDX-License-Identifier: GPL-2.0
/* poll(), select(), epoll, time-outs, signals and non-blocking calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"

#define PORT	20000
#define ALL	(POLLIN | POLLOUT | POLLRDHUP | POLLPRI)

FIXTURE(wait)
{
	struct net net;
	struct conn conn;
	int c, s;
};

FIXTURE_SETUP(wait)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
}

FIXTURE_TEARDOWN(wait)
{
}

/* The bits of poll() in each state, as the kernel's TCP sets them. */
TEST_F(wait, poll_bits)
{
	int fd = sock_open(&self->net, CLIENT, 0);
	char byte;

	EXPECT_EQ(POLLOUT | POLLHUP, sock_events(fd, ALL));
	EXPECT_EQ(0, sock_events(self->conn.listener, ALL));
	EXPECT_EQ(POLLOUT, sock_events(self->c, ALL));
	EXPECT_EQ(POLLOUT, sock_events(self->s, ALL));

	sock_send(self->c, "x", 1);
	ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	EXPECT_EQ(POLLIN | POLLOUT, sock_events(self->s, ALL));
	sock_recv(self->s, &byte, 1);
	EXPECT_EQ(POLLOUT, sock_events(self->s, ALL));

	shutdown(self->c, SHUT_WR);
	ASSERT_TRUE(sock_wait(self->s, POLLRDHUP, PATIENCE));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP, sock_events(self->s, ALL));
	EXPECT_EQ(POLLOUT, sock_events(self->c, ALL));
	shutdown(self->s, SHUT_WR);
	ASSERT_TRUE(sock_wait(self->c, POLLHUP, PATIENCE));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
		  sock_events(self->c, ALL));
	ASSERT_TRUE(sock_wait(self->s, POLLHUP, PATIENCE));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
		  sock_events(self->s, ALL));

	close(fd);
	fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	ASSERT_TRUE(sock_wait(self->conn.listener, POLLIN, PATIENCE));
	EXPECT_EQ(POLLIN, sock_events(self->conn.listener, ALL));
	close(sock_accept(self->conn.listener));
	EXPECT_EQ(0, sock_events(self->conn.listener, ALL));
	close(fd);
}

/* A non-blocking connect(): the socket is writable when it is done, or has failed. */
TEST_F(wait, nonblocking_connect)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd, i;

	/* The listener's SYN-ACK is held up once. */
	net_drop(&self->net, CLIENT, 0x12, 40, 80, 1);
	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	FAILS(EINPROGRESS, addr_connect(fd, addr));
	EXPECT_EQ(0, sock_events(fd, ALL));
	FAILS(EALREADY, addr_connect(fd, addr));
	ASSERT_TRUE(sock_wait(fd, POLLOUT, PATIENCE));
	EXPECT_EQ(POLLOUT, sock_events(fd, ALL));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ERROR));
	/* The first call after it succeeds, the next is one too many. */
	EXPECT_EQ(0, addr_connect(fd, addr));
	FAILS(EISCONN, addr_connect(fd, addr));
	close(fd);

	addr = addr_side(&self->net, SERVER, PORT + 1);
	for (i = 0; i < 2; i++) {
		fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
		FAILS(EINPROGRESS, addr_connect(fd, addr));
		ASSERT_TRUE(sock_wait(fd, POLLERR, PATIENCE));
		EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP,
			  sock_events(fd, ALL));
		/* Both ways report the error. */
		if (i) {
			EXPECT_EQ(ECONNREFUSED,
				  sock_get(fd, SOL_SOCKET, SO_ERROR));
		} else {
			FAILS(ECONNREFUSED,
			      addr_connect(fd, addr));
		}
		EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ERROR));
		close(fd);
	}
}

TEST_F(wait, select_bits)
{
	struct timeval tv = { 0, 0 };
	fd_set r, w, x;
	char byte;
	int max = (self->c > self->s ? self->c : self->s) + 1;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	FD_SET(self->s, &r);
	FD_SET(self->s, &x);
	FD_SET(self->c, &w);
	EXPECT_EQ(1, select(max, &r, &w, &x, &tv));
	EXPECT_TRUE(FD_ISSET(self->c, &w));
	sock_send(self->c, "x", 1);
	FD_ZERO(&r);
	FD_SET(self->s, &r);
	tv.tv_sec = PATIENCE / 1000;
	EXPECT_EQ(1, select(max, &r, NULL, NULL, &tv));
	sock_recv(self->s, &byte, 1);
	FD_ZERO(&r);
	FD_SET(self->s, &r);
	tv = (struct timeval){ 0, 20000 };
	EXPECT_EQ(0, select(max, &r, NULL, NULL, &tv));
}

static uint32_t epoll_events(int ep, int ms)
{
	struct epoll_event ev = { 0 };
	int n = epoll_wait(ep, &ev, 1, ms);

	return n == 1 ? ev.events : 0;
}

TEST_F(wait, epoll_level_and_edge)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP };
	int level = epoll_create1(0), edge = epoll_create1(0);
	char byte;

	ASSERT_EQ(0, epoll_ctl(level, EPOLL_CTL_ADD, self->s, &ev));
	ev.events |= EPOLLET;
	ASSERT_EQ(0, epoll_ctl(edge, EPOLL_CTL_ADD, self->s, &ev));
	EXPECT_EQ(0, epoll_events(level, 0));
	EXPECT_EQ(0, epoll_events(edge, 0));
	sock_send(self->c, "x", 1);
	EXPECT_EQ(EPOLLIN, epoll_events(level, PATIENCE));
	EXPECT_EQ(EPOLLIN, epoll_events(level, 0));
	EXPECT_EQ(EPOLLIN, epoll_events(edge, PATIENCE));
	EXPECT_EQ(0, epoll_events(edge, 20));
	/* Every arrival is an edge, even while data is unread. */
	sock_send(self->c, "y", 1);
	EXPECT_EQ(EPOLLIN, epoll_events(edge, PATIENCE));
	sock_recv(self->s, &byte, 1);
	sock_recv(self->s, &byte, 1);
	EXPECT_EQ(0, epoll_events(level, 0));
	close(self->c);
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, epoll_events(edge, PATIENCE));
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, epoll_events(level, PATIENCE));
}

/* The socket is writable again only when a good part of the buffer is free. */
TEST_F(wait, epoll_wakes_the_writer)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	static char block[65536];
	int ep = epoll_create1(0);
	size_t total = 0;
	ssize_t n;

	sock_set(self->c, SOL_SOCKET, SO_SNDBUF, 100000);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->c, &ev));
	EXPECT_EQ(EPOLLOUT, epoll_events(ep, PATIENCE));
	sock_nonblock(self->c, true);
	while ((n = send(self->c, block, sizeof(block), 0)) > 0 ||
	       sock_wait(self->c, POLLOUT, 300))
		total += n > 0 ? n : 0;
	EXPECT_EQ(EAGAIN, errno);
	epoll_events(ep, 0);
	EXPECT_EQ(0, epoll_events(ep, 100));
	while (total) {
		n = total < sizeof(block) ? total : sizeof(block);
		sock_recv(self->s, block, n);
		total -= n;
	}
	EXPECT_EQ(EPOLLOUT, epoll_events(ep, PATIENCE));
	EXPECT_EQ(10, send(self->c, block, 10, 0));
}

TEST_F(wait, nonblocking)
{
	static char block[65536];
	char byte;
	ssize_t n;

	sock_nonblock(self->c, true);
	FAILS(EAGAIN, recv(self->c, &byte, 1, 0));
	FAILS(EAGAIN, read(self->c, &byte, 1));
	do {
		n = send(self->c, block, sizeof(block), 0);
	} while (n > 0);
	EXPECT_EQ(EAGAIN, errno);
	FAILS(EAGAIN, send(self->c, block, sizeof(block), 0));
	sock_nonblock(self->c, false);
	FAILS(EAGAIN, send(self->c, block, sizeof(block), MSG_DONTWAIT));
}

TEST_F(wait, time_outs)
{
	static char block[65536];
	long long start;
	struct timeval tv = { .tv_usec = 1000000 };
	char byte;
	ssize_t n;

	FAILS(EDOM, setsockopt(self->c, SOL_SOCKET, SO_RCVTIMEO, &tv,
			       sizeof(tv)));
	FAILS(EINVAL, setsockopt(self->c, SOL_SOCKET, SO_RCVTIMEO, &tv, 3));
	sock_timeo(self->c, SO_RCVTIMEO, 100);
	start = net_ticks();
	FAILS(EAGAIN, recv(self->c, &byte, 1, 0));
	EXPECT_LE(99, net_ticks() - start);
	sock_timeo(self->c, SO_SNDTIMEO, 100);
	do {
		start = net_ticks();
		n = send(self->c, block, sizeof(block), 0);
	} while (n > 0);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(99, net_ticks() - start);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* Sends signals until stopped: the first might come before the call sleeps. */
static void alarm_soon(struct __test_metadata *_metadata, bool restart)
{
	struct sigaction sa = {
		.sa_handler = on_alarm,
		.sa_flags = restart ? SA_RESTART : 0,
	};
	struct itimerval it = {
		.it_value = { .tv_usec = 50000 },
		.it_interval = { .tv_usec = 50000 },
	};

	alarms = 0;
	ASSERT_EQ(0, sigaction(SIGALRM, &sa, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &it, NULL));
}

TEST_F(wait, interrupted)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	static char block[65536];
	char byte;
	ssize_t n;
	int fd;

	alarm_soon(_metadata, false);
	FAILS(EINTR, recv(self->c, &byte, 1, 0));
	FAILS(EINTR, accept(self->conn.listener, NULL, NULL));
	/* A partial write returns what was written, the next one EINTR. */
	do {
		n = send(self->c, block, sizeof(block), 0);
	} while (n > 0);
	EXPECT_EQ(EINTR, errno);

	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	net_drop(&self->net, SERVER, 0x02, 40, 80, 0);
	fd = sock_open(&self->net, CLIENT, 0);
	alarm_soon(_metadata, false);
	FAILS(EINTR, addr_connect(fd, addr));
	/* A second call waits for the same attempt. */
	FAILS(EINTR, addr_connect(fd, addr));
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	EXPECT_LT(0, alarms);
	/* The attempt goes on, and succeeds once the path is open. */
	net_drop_end(&self->net, SERVER);
	EXPECT_TRUE(sock_wait(fd, POLLOUT, PATIENCE));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ERROR));
	close(fd);
}

static void *later(void *arg)
{
	int fd = *(int *)arg;

	while (alarms < 3)
		usleep(1000);
	sock_send(fd, "x", 1);
	return NULL;
}

TEST_F(wait, restarted)
{
	pthread_t thread;
	sigset_t set, old;
	char byte;

	/* The signals go to this thread, which sleeps. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	ASSERT_EQ(0, pthread_create(&thread, NULL, later, &self->s));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	alarm_soon(_metadata, true);
	EXPECT_EQ(1, recv(self->c, &byte, 1, 0));
	EXPECT_LE(3, alarms);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	pthread_join(thread, NULL);
}

struct sleeper {
	int fd;
	ssize_t got;
	int err;
};

static void *reader(void *arg)
{
	struct sleeper *s = arg;
	char buf[64];

	s->got = recv(s->fd, buf, sizeof(buf), 0);
	s->err = errno;
	return NULL;
}

/* shutdown() from another thread wakes up recv() and accept(). */
TEST_F(wait, shutdown_wakes)
{
	struct sleeper s = { .fd = self->c, .got = -2 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, reader, &s));
	usleep(20000);
	ASSERT_EQ(0, shutdown(self->c, SHUT_RD));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, s.got);
}

static void *acceptor(void *arg)
{
	struct sleeper *s = arg;

	s->got = accept(s->fd, NULL, NULL);
	s->err = errno;
	return NULL;
}

TEST_F(wait, shutdown_of_a_listener)
{
	struct sleeper s = { .fd = self->conn.listener, .got = -2 };
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	pthread_t thread;
	int fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, acceptor, &s));
	usleep(20000);
	ASSERT_EQ(0, shutdown(s.fd, SHUT_RD));
	pthread_join(thread, NULL);
	EXPECT_EQ(-1, s.got);
	EXPECT_EQ(EINVAL, s.err);
	fd = sock_open(&self->net, CLIENT, 0);
	FAILS(ECONNREFUSED, addr_connect(fd, addr));
	close(fd);
	/* The socket can listen again. */
	EXPECT_EQ(0, listen(s.fd, 1));
	close(sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT));
}

#define SIG	SIGRTMIN

static void ask_for_signals(int fd)
{
	if (fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, SIG) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC))
		net_die("fcntl: %s", strerror(errno));
}

/* The si_code of a pending signal of O_ASYNC, or 0 if there is none. */
static int signal_about(int fd)
{
	struct timespec soon = { .tv_nsec = 300000000 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIG);
	if (sigtimedwait(&set, &info, &soon) < 0)
		return 0;
	return info.si_fd == fd ? info.si_code : -1;
}

/* O_ASYNC sends a signal for each event, whose si_code tells the kind. */
TEST_F(wait, signals)
{
	int l = self->conn.listener, fd;
	sigset_t set;
	char byte;

	sigemptyset(&set);
	sigaddset(&set, SIG);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ask_for_signals(l);
	fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	EXPECT_EQ(POLL_IN, signal_about(l));
	close(fd);
	ask_for_signals(self->s);
	sock_send(self->c, "x", 1);
	EXPECT_EQ(POLL_IN, signal_about(self->s));
	sock_send(self->c, "y", 1);
	EXPECT_EQ(POLL_IN, signal_about(self->s));
	sock_recv(self->s, &byte, 1);
	sock_recv(self->s, &byte, 1);
	/* The FIN is a change of state, and something to read. */
	shutdown(self->c, SHUT_WR);
	EXPECT_EQ(POLL_IN, signal_about(self->s));
	EXPECT_EQ(POLL_IN, signal_about(self->s));
	ask_for_signals(self->c);
	shutdown(self->s, SHUT_WR);
	EXPECT_EQ(POLL_HUP, signal_about(self->c));
	EXPECT_EQ(POLL_IN, signal_about(self->c));
	EXPECT_EQ(0, signal_about(self->c));

	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	ask_for_signals(fd);
	addr_connect(fd, addr_side(&self->net, SERVER, PORT));
	EXPECT_EQ(POLL_OUT, signal_about(fd));
	close(sock_accept(l));
	close(sock_accept(l));
	close(fd);
	while (signal_about(-1))
		;
	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	ask_for_signals(fd);
	addr_connect(fd, addr_side(&self->net, SERVER, PORT + 1));
	EXPECT_EQ(POLL_ERR, signal_about(fd));
	EXPECT_EQ(0, signal_about(fd));
	close(fd);
}

TEST_HARNESS_MAIN
