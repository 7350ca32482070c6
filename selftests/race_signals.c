// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that come while a call waits: it fails with EINTR, is restarted, or returns
 * how far it got, as with the kernel's TCP, and no byte is lost or comes twice.
 * signal(7) has the rules; SO_RCVTIMEO and SO_SNDTIMEO are part of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/socket.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/fails.h"
#include "lib/net.h"

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif

#define PORT	20000
#define PIECE	65536	/* bytes that a call would like to send */
#define TICK	8	/* ms from one signal to the next */
#define JIFFY	10	/* ms, the longest that kernels have */

struct scene {
	struct net net;
	struct conn conn;
	int near, far;		/* the calls wait at the near end */
	int pipe[2], epoll;
	int fresh;		/* a socket whose connect() gets no answer */
	uint64_t sent, got;	/* bytes of the pattern, from near to far */
};

FIXTURE(race_signals)
{
	struct scene scene;
};

FIXTURE_SETUP(race_signals)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct scene *s = &self->scene;
	int one = 1;

	net_open(&s->net);
	conn_open(&s->net, PORT, &s->conn);
	s->near = s->conn.end[CLIENT];
	s->far = s->conn.end[SERVER];
	s->fresh = -1;
	/* Small buffers are full soon. */
	sock_set(s->near, SOL_SOCKET, SO_SNDBUF, 2 * PIECE);
	sock_set(s->far, SOL_SOCKET, SO_RCVBUF, 2 * PIECE);
	/* Some kernels have it always on, and refuse to set it. */
	setsockopt(s->near, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	setsockopt(s->far, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	s->epoll = epoll_create1(0);
	ASSERT_EQ(0, pipe2(s->pipe, 0));
	ASSERT_EQ(0, epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->near, &ev));
}

FIXTURE_TEARDOWN(race_signals)
{
	covered_net(&self->scene.net);
}

/* --- the calls that wait --- */

static char block[PIECE];

/* Puts what is to be sent next into block. */
static void *next_piece(struct scene *s)
{
	pattern_fill(block, PIECE, s->sent);
	return block;
}

static ssize_t do_recv(struct scene *s)
{
	return recv(s->near, block, 1, 0);
}

static ssize_t do_read(struct scene *s)
{
	return read(s->near, block, 1);
}

static ssize_t do_waitall(struct scene *s)
{
	return recv(s->near, block, 1, MSG_WAITALL);
}

static ssize_t do_peek(struct scene *s)
{
	return recv(s->near, block, 1, MSG_PEEK) < 0 ? -1 :
						    recv(s->near, block, 1, 0);
}

static ssize_t do_readv(struct scene *s)
{
	struct iovec iov[2] = { { block, 1 }, { block + 1, 1 } };

	return readv(s->near, iov, 2);
}

static ssize_t do_recvmsg(struct scene *s)
{
	struct iovec iov = { block, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return recvmsg(s->near, &msg, 0);
}

static ssize_t do_recvmmsg(struct scene *s)
{
	struct iovec iov = { block, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return recvmmsg(s->near, &m, 1, 0, NULL);
}

static ssize_t do_splice_in(struct scene *s)
{
	ssize_t n = splice(s->near, NULL, s->pipe[1], NULL, 1, 0);

	return n > 0 ? read(s->pipe[0], block, n) : n;
}

static ssize_t do_accept(struct scene *s)
{
	int fd = accept(s->conn.listener, NULL, NULL);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 1;
}

static ssize_t do_accept4(struct scene *s)
{
	int fd = accept4(s->conn.listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 1;
}

static ssize_t do_connect(struct scene *s)
{
	return addr_connect(s->fresh, addr_side(&s->net, SERVER, PORT)) ? -1 : 1;
}

static ssize_t do_send(struct scene *s)
{
	return send(s->near, next_piece(s), PIECE, 0);
}

static ssize_t do_write(struct scene *s)
{
	return write(s->near, next_piece(s), PIECE);
}

/* Pages in flight must not change, so these are not used again. */
static ssize_t do_zerocopy(struct scene *s)
{
	void *p = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n;

	pattern_fill(p, PIECE, s->sent);
	n = send(s->near, p, PIECE, MSG_ZEROCOPY);
	munmap(p, PIECE);
	return n;
}

static ssize_t do_writev(struct scene *s)
{
	struct iovec iov[2] = { { next_piece(s), PIECE / 2 },
				{ block + PIECE / 2, PIECE / 2 } };

	return writev(s->near, iov, 2);
}

static ssize_t do_sendmsg(struct scene *s)
{
	struct iovec iov[2] = { { next_piece(s), 100 },
				{ block + 100, PIECE - 100 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	return sendmsg(s->near, &msg, 0);
}

static ssize_t do_sendmmsg(struct scene *s)
{
	struct iovec iov = { next_piece(s), PIECE };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return sendmmsg(s->near, &m, 1, 0) == 1 ? (ssize_t)m.msg_len : -1;
}

static ssize_t do_sendfile(struct scene *s)
{
	int file = memfd_create("atcp", 0);
	off_t at = 0;
	ssize_t n;

	if (pwrite(file, next_piece(s), PIECE, 0) != PIECE)
		net_die("pwrite: %s", strerror(errno));
	n = sendfile(s->near, file, &at, PIECE);
	close(file);
	if (at != (n < 0 ? 0 : n))
		net_die("sendfile() returned %zd and moved by %ld", n,
			(long)at);
	return n;
}

static ssize_t do_splice_out(struct scene *s)
{
	int left = 0;
	ssize_t n;

	if (write(s->pipe[1], next_piece(s), PIECE) != PIECE)
		net_die("write to a pipe: %s", strerror(errno));
	n = splice(s->pipe[0], NULL, s->near, NULL, PIECE, 0);
	left = PIECE - (n < 0 ? 0 : n);
	/* The pipe still has just what was not sent. */
	if (left && (read(s->pipe[0], block, PIECE) != left ||
		     pattern_check(block, left, s->sent + PIECE - left) !=
		     (size_t)left))
		net_die("splice() returned %zd: not so much is left", n);
	return n;
}

static ssize_t do_poll(struct scene *s)
{
	struct pollfd p = { .fd = s->near, .events = POLLIN };

	return poll(&p, 1, PATIENCE);
}

static ssize_t do_ppoll(struct scene *s)
{
	struct pollfd p = { .fd = s->near, .events = POLLIN };

	return ppoll(&p, 1, NULL, NULL);
}

static ssize_t do_select(struct scene *s)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(s->near, &set);
	return select(s->near + 1, &set, NULL, NULL, NULL);
}

static ssize_t do_epoll(struct scene *s)
{
	struct epoll_event ev;

	return epoll_wait(s->epoll, &ev, 1, PATIENCE);
}

/* Reads the reports of MSG_ZEROCOPY, which would make poll() return. */
static void forget_reports(int fd)
{
	struct msghdr msg = { 0 };
	int err = errno;

	while (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		;
	errno = err;
}

enum what { READS, ACCEPTS, CONNECTS, WRITES, POLLS };

static const struct call {
	const char *name;
	ssize_t (*run)(struct scene *s);
	enum what what;
} calls[] = {
	{ "recv", do_recv, READS },
	{ "read", do_read, READS },
	{ "recv(MSG_WAITALL)", do_waitall, READS },
	{ "recv(MSG_PEEK)", do_peek, READS },
	{ "readv", do_readv, READS },
	{ "recvmsg", do_recvmsg, READS },
	{ "recvmmsg", do_recvmmsg, READS },
	{ "splice from it", do_splice_in, READS },
	{ "accept", do_accept, ACCEPTS },
	{ "accept4", do_accept4, ACCEPTS },
	{ "connect", do_connect, CONNECTS },
	{ "send", do_send, WRITES },
	{ "write", do_write, WRITES },
	{ "send(MSG_ZEROCOPY)", do_zerocopy, WRITES },
	{ "writev", do_writev, WRITES },
	{ "sendmsg", do_sendmsg, WRITES },
	{ "sendmmsg", do_sendmmsg, WRITES },
	{ "sendfile", do_sendfile, WRITES },
	{ "splice into it", do_splice_out, WRITES },
	{ "poll", do_poll, POLLS },
	{ "ppoll", do_ppoll, POLLS },
	{ "select", do_select, POLLS },
	{ "epoll_wait", do_epoll, POLLS },
};

#define CALLS	(sizeof(calls) / sizeof(calls[0]))

static const struct call *call_of(ssize_t (*run)(struct scene *s))
{
	size_t i;

	for (i = 0; calls[i].run != run; i++)
		;
	return &calls[i];
}

/* Makes the call wait, whatever it does. */
static void make_wait(struct scene *s, const struct call *call)
{
	if (call->what == CONNECTS && s->fresh < 0) {
		net_drop(&s->net, SERVER, 0x02, 40, 80, 0);
		s->fresh = sock_open(&s->net, CLIENT, 0);
	}
}

/* Calls until it makes no progress; what was queued before counts, too. */
static ssize_t call_until_it_fails(struct scene *s, const struct call *call)
{
	ssize_t n;

	while ((n = call->run(s)) > 0 && call->what == WRITES)
		s->sent += n;
	return n;
}

/* Reads what has come at the other end and compares it; returns how much. */
static size_t drain(struct scene *s)
{
	static char in[PIECE];
	ssize_t n = recv(s->far, in, sizeof(in), MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	if (pattern_check(in, n, s->got) != (size_t)n)
		net_die("wrong bytes from %llu on",
			(unsigned long long)s->got);
	s->got += n;
	return n;
}

/* All that the calls have returned as sent arrives, and nothing more. */
static void drain_all(struct scene *s)
{
	while (s->got < s->sent) {
		if (!sock_wait(s->far, POLLIN, PATIENCE))
			net_die("%llu of %llu bytes came",
				(unsigned long long)s->got,
				(unsigned long long)s->sent);
		drain(s);
	}
	if (sock_wait(s->far, POLLIN, 50))
		net_die("more came than was sent");
	forget_reports(s->near);
	covered_add("bytes", s->got);
	s->sent = 0;
	s->got = 0;
}

/* --- signals --- */

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void signals_begin(bool restart)
{
	struct sigaction sa = {
		.sa_handler = on_signal,
		.sa_flags = restart ? SA_RESTART : 0,
	};
	struct itimerval it = {
		.it_value = { .tv_usec = TICK * 1000 },
		.it_interval = { .tv_usec = TICK * 1000 },
	};

	signals = 0;
	if (sigaction(SIGALRM, &sa, NULL) || setitimer(ITIMER_REAL, &it, NULL))
		net_die("signals: %s", strerror(errno));
}

static void signals_end(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	covered_add("signals", signals);
}

static void set_timeouts(struct scene *s, int ms)
{
	int fd[] = { s->near, s->conn.listener, s->fresh };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (fd[i] < 0)
			continue;
		sock_timeo(fd[i], SO_RCVTIMEO, ms);
		sock_timeo(fd[i], SO_SNDTIMEO, ms);
	}
}

/* Each call fails with this errno; TH_LOG() tells which does not. */
static void all_fail(struct __test_metadata *_metadata, struct scene *s, int err)
{
	size_t i;

	for (i = 0; i < CALLS; i++) {
		ssize_t n;

		make_wait(s, &calls[i]);
		errno = 0;
		n = call_until_it_fails(s, &calls[i]);
		if (n != -1 || errno != err)
			TH_LOG("%s: %zd, %s", calls[i].name, n,
			       strerror(errno));
		EXPECT_EQ(-1, n);
		EXPECT_EQ(err, errno);
		if (calls[i].what == WRITES && calls[i + 1].what != WRITES)
			drain_all(s);
	}
}

/* Without SA_RESTART each call that waits fails with EINTR. */
TEST_F_TIMEOUT(race_signals, interrupted, 120)
{
	struct scene *s = &self->scene;

	signals_begin(false);
	all_fail(_metadata, s, EINTR);
	signals_end();
	/* The attempt to connect goes on, however often it is interrupted. */
	net_drop_end(&s->net, SERVER);
	EXPECT_TRUE(sock_wait(s->fresh, POLLOUT, PATIENCE));
	EXPECT_EQ(0, sock_get(s->fresh, SOL_SOCKET, SO_ERROR));
	close(s->fresh);
}

/* With SA_RESTART they fail with EINTR as well when the socket has a time-out. */
TEST_F_TIMEOUT(race_signals, interrupted_with_a_time_out, 120)
{
	struct scene *s = &self->scene;

	make_wait(s, call_of(do_connect));
	ASSERT_LT(0, s->fresh);
	set_timeouts(s, PATIENCE);
	signals_begin(true);
	all_fail(_metadata, s, EINTR);
	signals_end();
}

/* The time-out itself ends the call, with and without signals. */
TEST_F_TIMEOUT(race_signals, timed_out, 120)
{
	struct scene *s = &self->scene;
	long long begun;
	size_t i;

	make_wait(s, call_of(do_connect));
	set_timeouts(s, 60);
	for (i = 0; i < CALLS && calls[i].what != POLLS; i++) {
		int err = calls[i].what == CONNECTS ? EINPROGRESS : EAGAIN;
		ssize_t n;

		/* The first connect() reports the time-out, the next returns EALREADY. */
		do {
			begun = net_now();
			n = calls[i].run(s);
			if (n > 0 && calls[i].what == WRITES)
				s->sent += n;
		} while (n > 0);
		if (n != -1 || errno != err)
			TH_LOG("%s: %zd, %s", calls[i].name, n,
			       strerror(errno));
		EXPECT_EQ(-1, n);
		EXPECT_EQ(err, errno);
		/*
		 * The time-out is counted in the kernel's ticks, and a partial one
		 * counts.
		 */
		EXPECT_LE(60 - JIFFY, net_now() - begun);
	}
	drain_all(s);
}

/* --- restarted --- */

struct helper {
	struct scene *s;
	const struct call *call;
	volatile bool done;
	pthread_t thread;
};

/* Ends the wait of the call, but not before three signals have come. */
static void *help(void *arg)
{
	struct helper *h = arg;
	struct scene *s = h->s;

	while (signals < 3)
		usleep(1000);
	switch (h->call->what) {
	case READS:
		sock_send(s->far, "x", 1);
		break;
	case ACCEPTS:
		close(sock_connect(&s->net, CLIENT, s->net.ip[SERVER], PORT));
		break;
	case CONNECTS:
		net_drop_end(&s->net, SERVER);
		break;
	default:
		while (!h->done)
			if (!drain(s))
				usleep(1000);
	}
	return NULL;
}

/* SIGALRM is for the thread that waits. */
static void help_begin(struct helper *h, struct scene *s, const struct call *call)
{
	sigset_t set, old;

	h->s = s;
	h->call = call;
	h->done = false;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	if (pthread_create(&h->thread, NULL, help, h))
		net_die("thread: %s", strerror(errno));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Fills the buffers, until nothing more fits 30 ms later. */
static void fill(struct scene *s)
{
	uint64_t before;
	ssize_t n;

	do {
		before = s->sent;
		while ((n = send(s->near, next_piece(s), PIECE, MSG_DONTWAIT)) > 0)
			s->sent += n;
		usleep(30000);
	} while (s->sent != before);
	forget_reports(s->near);
}

/* With SA_RESTART the calls go on as without a signal. */
TEST_F_TIMEOUT(race_signals, restarted, 120)
{
	struct scene *s = &self->scene;
	struct helper h;
	size_t i;

	for (i = 0; i < CALLS && calls[i].what != POLLS; i++) {
		ssize_t n;

		make_wait(s, &calls[i]);
		if (calls[i].what == WRITES)
			fill(s);
		signals_begin(true);
		help_begin(&h, s, &calls[i]);
		n = calls[i].run(s);
		if (calls[i].what == WRITES && n > 0)
			s->sent += n;
		h.done = true;
		pthread_join(h.thread, NULL);
		signals_end();
		if (n <= 0)
			TH_LOG("%s: %zd, %s", calls[i].name, n,
			       strerror(errno));
		EXPECT_LT(0, n);
		EXPECT_LE(3, signals);
	}
	drain_all(s);
	close(s->fresh);
}

/* --- what a call has done before the signal --- */

/* recv(MSG_WAITALL) returns the part that has come. */
TEST_F_TIMEOUT(race_signals, part_of_what_was_asked_for, 60)
{
	static char much[4 << 20];
	struct scene *s = &self->scene;
	struct helper h;
	int restart;
	ssize_t n;

	pattern_fill(much, sizeof(much), 0);
	for (restart = 0; restart < 2; restart++) {
		signals_begin(restart);
		sock_send(s->far, "0123456789", 10);
		EXPECT_EQ(10, recv(s->near, block, 100, MSG_WAITALL));
		/* Peeking takes nothing away. */
		sock_send(s->far, "0123456789", 10);
		EXPECT_EQ(10, recv(s->near, block, 100,
				   MSG_WAITALL | MSG_PEEK));
		EXPECT_EQ(10, recv(s->near, block, 100, MSG_WAITALL));
		/* The same with SO_RCVLOWAT. */
		sock_set(s->near, SOL_SOCKET, SO_RCVLOWAT, 50);
		sock_send(s->far, "0123456789", 10);
		EXPECT_EQ(10, recv(s->near, block, 100, 0));
		sock_set(s->near, SOL_SOCKET, SO_RCVLOWAT, 1);

		/* A send of more than there is room for returns what was queued. */
		n = send(s->near, much, sizeof(much), 0);
		EXPECT_LT(0, n);
		EXPECT_GT(sizeof(much), n);
		s->sent = n;
		signals_end();
		drain_all(s);
	}

	/* A time-out has the same effect. */
	sock_timeo(s->near, SO_RCVTIMEO, 50);
	sock_send(s->far, "0123456789", 10);
	EXPECT_EQ(10, recv(s->near, block, 100, MSG_WAITALL));

	/* Signals that are ignored, or have no handler, interrupt no call. */
	sock_timeo(s->near, SO_RCVTIMEO, PATIENCE);
	signals_begin(false);
	signal(SIGALRM, SIG_IGN);
	signals = 3;
	help_begin(&h, s, call_of(do_recv));
	EXPECT_EQ(1, recv(s->near, block, 1, 0));
	pthread_join(h.thread, NULL);
	signals_end();
}

/* close() that lingers returns at once, and all that was sent arrives. */
TEST_F_TIMEOUT(race_signals, close_that_lingers, 60)
{
	struct scene *s = &self->scene;
	struct linger linger = { .l_onoff = 1, .l_linger = PATIENCE / 1000 };
	long long begun = net_now();

	fill(s);
	ASSERT_EQ(0, setsockopt(s->near, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	signals_begin(false);
	EXPECT_EQ(0, close(s->near));
	EXPECT_LT(0, signals);
	signals_end();
	EXPECT_GT(PATIENCE, net_now() - begun);
	while (s->got < s->sent) {
		ASSERT_TRUE(sock_wait(s->far, POLLIN, PATIENCE));
		ASSERT_LT(0, drain(s));
	}
	sock_recv_end(s->far);
}

/* --- signals that stop and kill --- */

/* The state letter of a process, or a question mark without one. */
static char process_state(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		fclose(f);
	}
	return state;
}

static void wait_process(pid_t pid, char state, const char *call)
{
	long long deadline = net_now() + PATIENCE;

	while (process_state(pid) != state) {
		if (net_now() > deadline)
			net_die("%s: the process is not '%c' but '%c'", call,
				state, process_state(pid));
		usleep(1000);
	}
}

/* A child that waits in the call, with its result in the pipe if it returns. */
static pid_t child_that_waits(struct scene *s, const struct call *call, int result)
{
	pid_t pid;

	make_wait(s, call);
	if (call->what == WRITES)
		fill(s);
	pid = net_fork();
	if (pid == 0) {
		ssize_t n = call->run(s);
		int err = n < 0 ? errno : 0;

		write(result, &err, sizeof(err));
		_exit(0);
	}
	wait_process(pid, 'S', call->name);
	return pid;
}

/* SIGKILL ends any waiting call at once; the connection lives on. */
TEST_F_TIMEOUT(race_signals, killed, 120)
{
	struct scene *s = &self->scene;
	long long begun;
	int pipe[2];
	pid_t pid;
	size_t i;

	ASSERT_EQ(0, pipe2(pipe, O_NONBLOCK));
	for (i = 0; i < CALLS; i++) {
		pid = child_that_waits(s, &calls[i], pipe[1]);
		begun = net_now();
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_GT(PATIENCE / 2, net_now() - begun);
		FAILS(EAGAIN, read(pipe[0], block, 1));
		covered_add("signals", 1);
		/* Part of what it was sending may have gone, in order. */
		while (calls[i].what == WRITES && sock_wait(s->far, POLLIN, 50))
			ASSERT_LT(0, drain(s));
		EXPECT_LE(s->got, s->sent + PIECE);
		EXPECT_TRUE(calls[i].what != WRITES || s->got >= s->sent);
		s->sent = s->got;
	}
	sock_send(s->far, "y", 1);
	sock_recv(s->near, block, 1);
	EXPECT_EQ('y', block[0]);
}

/* A stop and its end: most go on, some say EINTR (signal(7)). */
TEST_F_TIMEOUT(race_signals, stopped_and_continued, 120)
{
	static ssize_t (*const some[])(struct scene *) = {
		do_recv, do_splice_in, do_accept, do_send, do_sendfile,
		do_poll, do_epoll,
	};
	struct scene *s = &self->scene;
	int pipe[2], timeouts, err, expected;
	const struct call *call;
	pid_t pid;
	size_t i;

	ASSERT_EQ(0, pipe2(pipe, O_NONBLOCK));
	for (i = 0; i < 2 * sizeof(some) / sizeof(some[0]); i++) {
		call = call_of(some[i / 2]);
		timeouts = i % 2;
		expected = call->run == do_epoll ||
			   (timeouts && call->what != POLLS) ? EINTR : 0;
		set_timeouts(s, timeouts ? PATIENCE : 0);
		/* It returns what TCP has room for when it sends again. */
		if (call->what == WRITES && !timeouts) {
			fill(s);
			usleep(300000);
		}
		pid = child_that_waits(s, call, pipe[1]);
		kill(pid, SIGSTOP);
		wait_process(pid, 'T', call->name);
		kill(pid, SIGCONT);
		if (!expected) {
			wait_process(pid, 'S', call->name);
			usleep(10000);
			if (process_state(pid) != 'S' ||
			    read(pipe[0], &err, sizeof(err)) > 0)
				TH_LOG("%s: returned %s", call->name,
				       strerror(err));
			EXPECT_EQ('S', process_state(pid));
			kill(pid, SIGKILL);
		}
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		if (expected) {
			err = 0;
			EXPECT_EQ(sizeof(err), read(pipe[0], &err, sizeof(err)));
			if (err != expected)
				TH_LOG("%s: %s", call->name, strerror(err));
			EXPECT_EQ(expected, err);
		}
		covered_add("signals", 2);
	}
}

/* The last holder is killed in send(): what it sent arrives, then the FIN. */
TEST_F_TIMEOUT(race_signals, last_holder_killed, 60)
{
	struct scene *s = &self->scene;
	uint64_t *sent = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	pid = net_fork();
	if (pid == 0) {
		for (;;) {
			ssize_t n = do_send(s);

			if (n <= 0)
				_exit(1);
			s->sent += n;
			*sent = s->sent;
		}
	}
	close(s->epoll);
	close(s->near);
	ASSERT_TRUE(sock_wait(s->far, POLLIN, PATIENCE));
	usleep(50000);
	wait_process(pid, 'S', "send");
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	/* At least what send() has returned arrives. */
	while (sock_wait(s->far, POLLIN, PATIENCE) && drain(s))
		;
	EXPECT_LE(*sent, s->got);
	EXPECT_GT(*sent + PIECE + 1, s->got);
	EXPECT_EQ(0, recv(s->far, block, 1, MSG_DONTWAIT));
	covered_add("bytes", s->got);
}

/* --- a storm of signals while data flows both ways --- */

/* Any of the sending calls, with up to PIECE bytes from offset s->sent on. */
static void storm_send(struct scene *s, unsigned int *seed)
{
	const struct call *call;
	ssize_t n;

	do {
		call = &calls[rand_r(seed) % CALLS];
	} while (call->what != WRITES);
	n = call->run(s);
	forget_reports(s->near);

	if (n < 0 && errno != EINTR && errno != ENOBUFS)
		net_die("sending: %s", strerror(errno));
	if (n > 0)
		s->sent += n;
}

/* Any of the receiving calls; what comes is compared with the pattern. */
static void storm_recv(struct scene *s, unsigned int *seed)
{
	static char in[PIECE], ahead[PIECE];
	size_t len = 1 + rand_r(seed) % PIECE;
	ssize_t n, m;

	switch (rand_r(seed) % 5) {
	case 0:
		n = splice(s->near, NULL, s->pipe[1], NULL, len, 0);
		if (n > 0 && read(s->pipe[0], in, n) != n)
			net_die("pipe: %s", strerror(errno));
		break;
	case 1:
		n = recv(s->near, in, len, MSG_WAITALL);
		break;
	case 2:
		m = recv(s->near, ahead, len, MSG_PEEK);
		n = recv(s->near, in, len, MSG_WAITALL);
		if (m > 0 && n > 0 && memcmp(in, ahead, m < n ? m : n))
			net_die("not the bytes that were peeked at");
		break;
	default:
		n = recv(s->near, in, len, 0);
	}
	if (n < 0 && errno != EINTR)
		net_die("receiving: %s", strerror(errno));
	if (n <= 0)
		return;
	if (pattern_check(in, n, s->got) != (size_t)n)
		net_die("wrong bytes from %llu on", (unsigned long long)s->got);
	s->got += n;
}

/* What the four processes have sent and received. */
struct sums {
	uint64_t of[4];
};

/* One of them: sends or receives, at least total bytes. */
static void storm(struct scene *s, struct sums *sums, int who, uint64_t total)
{
	bool sends = who % 2 == 0;
	unsigned int seed = who + 1;
	struct itimerval it = {
		.it_value = { .tv_usec = 1000 + 700 * who },
		.it_interval = { .tv_usec = 1000 + 700 * who },
	};
	uint64_t before;

	/* 0 to 1 one way, 2 to 3 the other. */
	s->near = s->conn.end[who % 3 ? SERVER : CLIENT];
	pipe2(s->pipe, 0);
	signals_begin((who & 1) ^ (who >> 1));
	setitimer(ITIMER_REAL, &it, NULL);
	while (sends && s->sent < total)
		storm_send(s, &seed);
	if (sends)
		shutdown(s->near, SHUT_WR);
	do {
		before = s->got;
		if (!sends)
			storm_recv(s, &seed);
	} while (!sends && (s->got != before || recv(s->near, block, 1, MSG_PEEK)));
	signals_end();
	sums->of[who] = sends ? s->sent : s->got;
	_exit(0);
}

TEST_F_TIMEOUT(race_signals, storm, 300)
{
	uint64_t total = (uint64_t)covered_rounds(1, 20) << 20;
	struct scene *s = &self->scene;
	struct sums *sums = mmap(NULL, sizeof(*sums), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, status;
	pid_t pid[4];

	fflush(NULL);
	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			storm(s, sums, i, total);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	for (i = 0; i < 4; i += 2) {
		EXPECT_LE(total, sums->of[i]);
		EXPECT_EQ(sums->of[i], sums->of[i + 1]);
		covered_add("bytes", sums->of[i + 1]);
	}
}

TEST_HARNESS_MAIN
