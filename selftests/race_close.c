// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that use one socket at the same moment: any two calls, and close(), in each
 * state; readers and writers that share a connection; listeners that close while
 * connections arrive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/net.h"

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif

#define PORT	20000
#define NOBODY	(PORT + 99)	/* where nothing listens */
#define SHORT	10		/* ms that a call waits at most */
#define WORKERS	4

FIXTURE(race_close)
{
	struct net net;
};

FIXTURE_SETUP(race_close)
{
	/* sendfile() and splice() take no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	net_open(&self->net);
}

FIXTURE_TEARDOWN(race_close)
{
	covered_net(&self->net);
}

/*
 * The longest life of an orphan, in ms.  Where one end gives up by its TCP_USER_TIMEOUT
 * without telling the peer, the peer is in FIN-WAIT-2: for a minute, or for what
 * TCP_LINGER2 says, up to two.
 */
#define ORPHAN	(125 * 1000)

/* Prints what is left, if something is. */
static void tell_what_is_left(const struct net *net)
{
	int side;

	for (side = 0; side < 2; side++)
		net_run(net, side, "sed 's/^/# /' /proc/thread-self/net/%s%s", stack_is_tcp() ?
			"tcp" : "atcp", ip46("", "6"));
}

/* --- any two calls, and close() --- */

struct race {
	const struct net *net;
	pthread_barrier_t begin, end;
	int fd;			/* what all of them use; -1: closed */
	struct addr peer, own;
	bool over;
	int file;
	unsigned int seed;
	long calls;
};

struct worker {
	struct race *race;
	pthread_t thread;
	unsigned int seed;
	int pipe[2];
	char buf[32768];
};

static void op_send(struct worker *w, int fd)
{
	static const int flags[] = { 0, MSG_MORE, MSG_OOB, MSG_DONTWAIT,
				     MSG_ZEROCOPY };

	send(fd, w->buf, 1 + rand_r(&w->seed) % sizeof(w->buf),
	     MSG_NOSIGNAL | flags[rand_r(&w->seed) % 5]);
}

static void op_recv(struct worker *w, int fd)
{
	static const int flags[] = { 0, MSG_PEEK, MSG_WAITALL, MSG_OOB,
				     MSG_DONTWAIT, MSG_ERRQUEUE, MSG_TRUNC };

	recv(fd, w->buf, 1 + rand_r(&w->seed) % sizeof(w->buf),
	     flags[rand_r(&w->seed) % 7]);
}

static void empty_pipe(struct worker *w)
{
	while (read(w->pipe[0], w->buf, sizeof(w->buf)) > 0)
		;
}

static void op_splice_in(struct worker *w, int fd)
{
	splice(fd, NULL, w->pipe[1], NULL, 1 + rand_r(&w->seed) % 30000, 0);
	empty_pipe(w);
}

static void op_splice_out(struct worker *w, int fd)
{
	if (write(w->pipe[1], w->buf, 1 + rand_r(&w->seed) % 30000) > 0)
		splice(w->pipe[0], NULL, fd, NULL, 30000, 0);
	empty_pipe(w);
}

static void op_sendfile(struct worker *w, int fd)
{
	off_t at = 0;

	sendfile(fd, w->race->file, &at, 1 + rand_r(&w->seed) % 60000);
}

static void op_poll(struct worker *w, int fd)
{
	struct pollfd p = { .fd = fd, .events = rand_r(&w->seed) };

	poll(&p, 1, SHORT);
}

static void op_epoll(struct worker *w, int fd)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLOUT | EPOLLPRI |
			  (rand_r(&w->seed) % 2 ? EPOLLET : 0),
	};
	int ep = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	epoll_wait(ep, &ev, 1, rand_r(&w->seed) % SHORT);
	if (rand_r(&w->seed) % 2)
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, &ev);
	close(ep);
}

static void op_shutdown(struct worker *w, int fd)
{
	shutdown(fd, rand_r(&w->seed) % 3);
}

static void op_info(struct worker *w, int fd)
{
	struct addr addr = { .len = sizeof(addr.in6) };
	char info[512];
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
	len = sizeof(info);
	getsockopt(fd, SOL_SOCKET, 55 /* SO_MEMINFO */, info, &len);
	getsockname(fd, &addr.sa, &addr.len);
	addr.len = sizeof(addr.in6);
	getpeername(fd, &addr.sa, &addr.len);
}

static void op_option(struct worker *w, int fd)
{
	static const struct {
		int level;
		int name;
	} options[] = {
		{ SOL_SOCKET, SO_REUSEADDR }, { SOL_SOCKET, SO_REUSEPORT },
		{ SOL_SOCKET, SO_KEEPALIVE }, { SOL_SOCKET, SO_SNDBUF },
		{ SOL_SOCKET, SO_RCVBUF }, { SOL_SOCKET, SO_RCVLOWAT },
		{ SOL_SOCKET, SO_OOBINLINE }, { SOL_SOCKET, SO_ZEROCOPY },
		{ SOL_SOCKET, SO_PEEK_OFF }, { SOL_SOCKET, SO_BUSY_POLL },
		{ IPPROTO_TCP, TCP_NODELAY }, { IPPROTO_TCP, TCP_CORK },
		{ IPPROTO_TCP, TCP_QUICKACK }, { IPPROTO_TCP, TCP_MAXSEG },
		{ IPPROTO_TCP, TCP_KEEPIDLE }, { IPPROTO_TCP, TCP_LINGER2 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ IPPROTO_TCP, TCP_WINDOW_CLAMP },
		{ SOL_IP, IP_TOS }, { SOL_IP, IP_RECVERR },
	};
	size_t i = rand_r(&w->seed) % (sizeof(options) / sizeof(options[0]));
	int val = rand_r(&w->seed) % 3 ? rand_r(&w->seed) % 2 :
					 rand_r(&w->seed) % 65536;

	setsockopt(fd, options[i].level, options[i].name, &val, sizeof(val));
}

static void op_connect(struct worker *w, int fd)
{
	addr_connect(fd, w->race->peer);
}

static void op_disconnect(struct worker *w, int fd)
{
	struct addr unspec = { .sa.sa_family = AF_UNSPEC,
			       .len = sizeof(struct sockaddr) };

	addr_connect(fd, unspec);
}

static void op_accept(struct worker *w, int fd)
{
	int new = accept(fd, NULL, NULL);

	if (new >= 0)
		close(new);
}

static void op_listen(struct worker *w, int fd)
{
	listen(fd, rand_r(&w->seed) % 4);
}

static void op_bind(struct worker *w, int fd)
{
	addr_bind(fd, w->race->own);
}

static void op_ioctl(struct worker *w, int fd)
{
	static const int what[] = { FIONREAD, SIOCOUTQ, SIOCOUTQNSD,
				    SIOCATMARK };
	int val;

	ioctl(fd, what[rand_r(&w->seed) % 4], &val);
}

/* Reads the stack's list in /proc, which has this socket. */
static void op_proc(struct worker *w, int fd)
{
	char path[64];
	int proc;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s%s",
		 stack_is_tcp() ? "tcp" : "atcp", ip46("", "6"));
	proc = open(path, O_RDONLY | O_CLOEXEC);
	while (read(proc, w->buf, sizeof(w->buf)) > 0)
		;
	close(proc);
}

/* The first of the threads does it once. */
static void op_close(struct worker *w, int fd)
{
	struct linger linger = { .l_onoff = rand_r(&w->seed) % 2 };

	fd = __atomic_exchange_n(&w->race->fd, -1, __ATOMIC_RELAXED);
	if (fd < 0)
		return;
	if (rand_r(&w->seed) % 2)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void (*const ops[])(struct worker *w, int fd) = {
	op_send, op_recv, op_splice_in, op_splice_out, op_sendfile, op_poll,
	op_epoll, op_shutdown, op_info, op_option, op_connect, op_disconnect,
	op_accept, op_listen, op_bind, op_ioctl, op_proc, op_close,
	/* Calls that change the state come more often. */
	op_send, op_recv, op_shutdown, op_disconnect, op_close, op_close,
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct race *r = w->race;
	size_t op;
	int fd, i;

	net_enter(r->net, CLIENT);
	if (pipe2(w->pipe, O_NONBLOCK | O_CLOEXEC))
		net_die("pipe: %s", strerror(errno));
	for (;;) {
		pthread_barrier_wait(&r->begin);
		if (r->over)
			break;
		fd = __atomic_load_n(&r->fd, __ATOMIC_RELAXED);
		for (i = rand_r(&w->seed) % 3; i >= 0; i--) {
			/* The threads do not always begin at the very same moment. */
			for (int spin = rand_r(&w->seed) % 512; spin; spin--)
				__asm__ __volatile__("" : : : "memory");
			op = rand_r(&w->seed) % (sizeof(ops) / sizeof(*ops));
			ops[op](w, fd);
			__atomic_add_fetch(&r->calls, 1, __ATOMIC_RELAXED);
		}
		pthread_barrier_wait(&r->end);
	}
	close(w->pipe[0]);
	close(w->pipe[1]);
	return NULL;
}

enum how { CONNECTED, SHUT, ENDED, DATA, FRESH, CONNECTING, REFUSED, LISTENS,
	   HOWS };

/* A socket in that state for r->fd; returns the other end, if there is one. */
static int put_into(struct race *r, enum how state, int listener)
{
	static char data[3000];
	int fd = sock_open(r->net, CLIENT, 0), far = -1;

	sock_timeo(fd, SO_RCVTIMEO, SHORT);
	sock_timeo(fd, SO_SNDTIMEO, SHORT);
	r->fd = fd;
	r->peer = addr_side(r->net, SERVER, PORT);
	r->own = addr_side(r->net, CLIENT, PORT + 1);
	switch (state) {
	case FRESH:
		break;
	case CONNECTING:
		r->peer = addr_of(ip46("10.0.0.77", "fd00::77"), PORT);
		sock_nonblock(fd, true);
		addr_connect(fd, r->peer);
		sock_nonblock(fd, false);
		break;
	case REFUSED:
		r->peer = addr_side(r->net, SERVER, NOBODY);
		sock_nonblock(fd, true);
		addr_connect(fd, r->peer);
		sock_nonblock(fd, false);
		break;
	case LISTENS:
		sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (addr_bind(fd, r->own) || listen(fd, 4)) {
			/*
			 * An earlier socket bound without SO_REUSEADDR may still be
			 * closing.
			 */
			if (errno == EADDRINUSE)
				break;
			net_die("listen: %s", strerror(errno));
		}
		far = sock_open(r->net, SERVER, SOCK_NONBLOCK);
		break;
	default:
		if (addr_connect(fd, r->peer) && errno != EINPROGRESS)
			net_die("connect: %s", strerror(errno));
		far = sock_accept(listener);
		if (state == SHUT)
			shutdown(fd, SHUT_WR);
		if (state == ENDED)
			shutdown(far, SHUT_WR);
		if (state == DATA) {
			sock_send(far, data, sizeof(data));
			send(fd, data, sizeof(data), MSG_NOSIGNAL);
		}
		sock_nonblock(far, true);
	}
	return far;
}

/* What the peer does meanwhile. */
static void far_side(struct race *r, enum how state, int far, char *buf,
		     size_t size)
{
	if (far < 0)
		return;
	if (state == LISTENS)
		addr_connect(far, r->own);
	switch (rand_r(&r->seed) % 4) {
	case 0:
		send(far, buf, size, MSG_NOSIGNAL);
		break;
	case 1:
		recv(far, buf, size, 0);
		break;
	case 2:
		shutdown(far, SHUT_WR);
	}
	if (rand_r(&r->seed) % 2)
		usleep(rand_r(&r->seed) % 1000);
	close(far);
}

static void on_signal(int sig)
{
	(void)sig;
}

TEST_F_TIMEOUT(race_close, any_calls_in_any_state, 600)
{
	int rounds = covered_rounds(500, 20000), listener, fd, far, i;
	static char buf[20000];
	static struct worker w[WORKERS];
	struct race r = { .net = &self->net, .seed = getpid() };
	struct itimerval often = {
		.it_value = { .tv_usec = 3000 },
		.it_interval = { .tv_usec = 3000 },
	};
	struct sigaction sa = { .sa_handler = on_signal };

	listener = sock_listen(&self->net, SERVER, PORT, 16);
	r.file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	pthread_barrier_init(&r.begin, NULL, WORKERS + 1);
	pthread_barrier_init(&r.end, NULL, WORKERS + 1);
	for (i = 0; i < WORKERS; i++) {
		w[i].race = &r;
		w[i].seed = r.seed + i + 1;
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, work, &w[i]));
	}
	/* Signals find some of them in the middle of it; not this thread. */
	ASSERT_EQ(0, sigaction(SIGALRM, &sa, NULL));
	pthread_sigmask(SIG_BLOCK, &(sigset_t){ { 1UL << (SIGALRM - 1) } },
			NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < rounds; i++) {
		enum how state = i % HOWS;

		far = put_into(&r, state, listener);
		pthread_barrier_wait(&r.begin);
		far_side(&r, state, far, buf, sizeof(buf));
		pthread_barrier_wait(&r.end);
		fd = __atomic_exchange_n(&r.fd, -1, __ATOMIC_RELAXED);
		if (fd >= 0)
			close(fd);
		/* Closes the connections that were made again. */
		while (sock_events(listener, POLLIN)) {
			fd = accept(listener, NULL, NULL);
			if (fd >= 0)
				close(fd);
		}
	}
	r.over = true;
	pthread_barrier_wait(&r.begin);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	for (i = 0; i < WORKERS; i++)
		pthread_join(w[i].thread, NULL);
	close(listener);
	close(r.file);
	EXPECT_TRUE(net_until(net_only_time_wait, &self->net, ORPHAN))
		tell_what_is_left(&self->net);
	conn_works(&self->net, PORT + 2);
	covered_add("races", rounds);
	covered_add("calls", r.calls);
}

/* --- readers and writers that share a connection --- */

struct share {
	int fd[2];			/* written to, read from */
	uint64_t each;			/* bytes of one writer */
	uint64_t wrote[256], read[256];	/* how often which byte */
};

static void *share_write(void *arg)
{
	struct share *s = arg;
	unsigned int seed = (unsigned long)pthread_self() >> 12;
	uint64_t done = 0, count[256] = { 0 };
	char buf[8192];

	while (done < s->each) {
		size_t len = 1 + rand_r(&seed) % sizeof(buf);
		ssize_t n;

		pattern_fill(buf, len, rand_r(&seed) % 65536);
		n = send(s->fd[0], buf, len, MSG_NOSIGNAL);
		if (n <= 0)
			net_die("send: %s", strerror(errno));
		for (ssize_t i = 0; i < n; i++)
			count[(uint8_t)buf[i]]++;
		done += n;
	}
	for (int i = 0; i < 256; i++)
		__atomic_add_fetch(&s->wrote[i], count[i], __ATOMIC_RELAXED);
	return NULL;
}

static void *share_read(void *arg)
{
	struct share *s = arg;
	unsigned int seed = (unsigned long)pthread_self() >> 12;
	uint64_t count[256] = { 0 };
	char buf[8192];
	int pipe[2];
	ssize_t n;

	if (pipe2(pipe, O_CLOEXEC))
		net_die("pipe: %s", strerror(errno));
	for (;;) {
		size_t len = 1 + rand_r(&seed) % sizeof(buf);

		switch (rand_r(&seed) % 4) {
		case 0:
			n = recv(s->fd[1], buf, len, MSG_WAITALL);
			break;
		case 1:
			n = splice(s->fd[1], NULL, pipe[1], NULL, len, 0);
			if (n > 0 && read(pipe[0], buf, n) != n)
				net_die("pipe: %s", strerror(errno));
			break;
		case 2:
			/*
			 * MSG_PEEK takes nothing: another reader may get what comes
			 * next.
			 */
			recv(s->fd[1], buf, len, MSG_PEEK | MSG_DONTWAIT);
			continue;
		default:
			n = recv(s->fd[1], buf, len, 0);
		}
		if (n < 0)
			net_die("recv: %s", strerror(errno));
		if (!n)
			break;
		for (ssize_t i = 0; i < n; i++)
			count[(uint8_t)buf[i]]++;
	}
	for (int i = 0; i < 256; i++)
		__atomic_add_fetch(&s->read[i], count[i], __ATOMIC_RELAXED);
	close(pipe[0]);
	close(pipe[1]);
	return NULL;
}

/* Which thread reads what is chance, but each byte comes once. */
TEST_F_TIMEOUT(race_close, readers_and_writers, 300)
{
	struct share s = { .each = (uint64_t)covered_rounds(1, 16) << 19 };
	pthread_t writer[3], reader[3];
	struct conn c;
	int i;

	conn_open(&self->net, PORT, &c);
	s.fd[0] = c.end[CLIENT];
	s.fd[1] = c.end[SERVER];
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, pthread_create(&writer[i], NULL, share_write, &s));
		ASSERT_EQ(0, pthread_create(&reader[i], NULL, share_read, &s));
	}
	for (i = 0; i < 3; i++)
		pthread_join(writer[i], NULL);
	shutdown(c.end[CLIENT], SHUT_WR);
	for (i = 0; i < 3; i++)
		pthread_join(reader[i], NULL);
	for (i = 0; i < 256; i++) {
		EXPECT_EQ(s.wrote[i], s.read[i]);
		covered_add("bytes", s.read[i]);
	}
	conn_close(&c);
}

/* --- listeners that go while connections arrive --- */

struct arrivals {
	const struct net *net;
	volatile bool over;
	long connected, greeted, refused;
};

/* Connects again and again; the server sends a byte to each accepted connection. */
static void *arrive(void *arg)
{
	struct arrivals *a = arg;
	struct addr to = addr_side(a->net, SERVER, PORT);
	char byte;
	int fd;

	net_enter(a->net, CLIENT);
	while (!a->over) {
		fd = sock_open(a->net, CLIENT, SOCK_NONBLOCK);
		addr_connect(fd, to);
		if (!sock_wait(fd, POLLOUT, PATIENCE))
			net_die("neither connected nor refused");
		if (!addr_connect(fd, to)) {
			__atomic_add_fetch(&a->connected, 1, __ATOMIC_RELAXED);
			/*
			 * The client gets its byte, or a reset from the closing
			 * listener.
			 */
			if (!sock_wait(fd, POLLIN, PATIENCE))
				net_die("left alone with a connection");
			if (recv(fd, &byte, 1, 0) == 1)
				__atomic_add_fetch(&a->greeted, 1,
						   __ATOMIC_RELAXED);
			else if (errno != ECONNRESET)
				net_die("recv: %s", strerror(errno));
		} else if (errno == ECONNREFUSED || errno == ECONNRESET) {
			__atomic_add_fetch(&a->refused, 1, __ATOMIC_RELAXED);
		} else {
			net_die("connect: %s", strerror(errno));
		}
		/* A reset avoids TIME-WAIT, since ports would run out. */
		setsockopt(fd, SOL_SOCKET, SO_LINGER,
			   &(struct linger){ .l_onoff = 1 },
			   sizeof(struct linger));
		close(fd);
	}
	return NULL;
}

/* The ways in which a listener ends. */
static void end_listener(int fd, int how)
{
	struct addr unspec = { .sa.sa_family = AF_UNSPEC,
			       .len = sizeof(struct sockaddr) };

	if (how == 1)
		shutdown(fd, SHUT_RD);
	if (how == 2)
		addr_connect(fd, unspec);
	close(fd);
}

TEST_F_TIMEOUT(race_close, listener_goes_while_they_arrive, 300)
{
	static const char *const cookies[] = { "1", "2" };
	int rounds = covered_rounds(60, 2000), i, k, fd, accepted = 0;
	struct arrivals a = { .net = &self->net };
	pthread_t thread[3];

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, arrive, &a));
	for (i = 0; i < rounds; i++) {
		int l;

		net_stack_sysctl(&self->net, SERVER, "syncookies",
				 cookies[i / 4 % 2]);
		l = sock_listen(&self->net, SERVER, PORT, 16);
		sock_nonblock(l, true);
		for (k = i % 5; k > 0 && sock_wait(l, POLLIN, 200); k--) {
			fd = accept(l, NULL, NULL);
			if (fd < 0)
				continue;
			accepted++;
			send(fd, "g", 1, MSG_NOSIGNAL);
			close(fd);
		}
		if (i % 3 == 2)
			usleep(i * 37 % 1000);
		end_listener(l, i % 3);
	}
	a.over = true;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	EXPECT_LE(a.greeted, accepted);
	EXPECT_LE(a.greeted, a.connected);
	EXPECT_LT(0, a.greeted);
	EXPECT_LT(0, a.refused);
	covered_add("listeners", rounds);
	EXPECT_TRUE(net_until(net_only_time_wait, &self->net, PATIENCE));
	conn_works(&self->net, PORT + 2);
}

TEST_HARNESS_MAIN
