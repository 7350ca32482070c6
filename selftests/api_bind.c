// SPDX-License-Identifier: GPL-2.0
/*
 * Which sockets may hold a port together.  Random calls of bind(), listen(), connect()
 * and what undoes them are made on the stack under test and on the kernel's TCP alike.
 * They come with every combination of SO_REUSEADDR, SO_REUSEPORT, IPV6_V6ONLY, device,
 * user and address, and both stacks give the same results.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define PORT		20000	/* the sockets bind to this and the next */
#define PEER		19000	/* they connect to this one */
#define SLOTS		5
#define STEPS		24
#define SCRIPTS		400
#define LOG		8192

enum { TESTED, ORACLE, STACKS };

/* A place for a socket, the same in both stacks. */
struct slot {
	int fd[STACKS];		/* -1: none */
	bool v6;
	bool dev;		/* bound to a device */
	bool mapped;		/* was connected over IPv4 */
};

struct run {
	struct slot slot[SLOTS];
	bool v6;		/* both stacks have it */
	unsigned int seed;
	char log[LOG];
	int len;
	bool differs;
};

static const char *const addrs4[] = { "0.0.0.0", "127.0.0.1", "10.0.0.1" };
/* ::ffff:0.0.0.0 is left out: it conflicted with nothing in 6.1. */
static const char *const addrs6[] = {
	"::", "::1", "fd00::1", "::ffff:127.0.0.1",
	"::ffff:10.0.0.1", "fe80::1%2",
};

static const char *const peers4[] = { "127.0.0.1", "10.0.0.1" };
static const char *const peers6[] = {
	"::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
};

static const char *const devs[] = { "lo", "d0", "d1" };

#define PICK(r, array)	((array)[roll(r, sizeof(array) / sizeof((array)[0]))])

static unsigned int roll(struct run *r, unsigned int below)
{
	return rand_r(&r->seed) % below;
}

__attribute__((format(printf, 2, 3)))
static void say(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->len += vsnprintf(r->log + r->len, sizeof(r->log) - r->len, fmt, ap);
	va_end(ap);
	if (r->len >= LOG)
		r->len = LOG - 1;
}

static int socket_of(int stack, bool v6)
{
	if (stack == ORACLE || stack_is_tcp())
		return socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	return socket(stack_family(), SOCK_STREAM,
		      PROTO_ATCP | (v6 ? KIND_IPV6 : 0));
}

/* The name that a socket has, without the number of an ephemeral port. */
static void name_of(int fd, char *text, size_t size)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 *sin6 = (void *)&ss;
	struct sockaddr_in *sin = (void *)&ss;
	socklen_t len = sizeof(ss);
	char ip[INET6_ADDRSTRLEN] = "?", num[8];
	int port;

	if (getsockname(fd, (void *)&ss, &len)) {
		snprintf(text, size, "errno %d", errno);
		return;
	}
	if (ss.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &sin6->sin6_addr, ip, sizeof(ip));
	else
		inet_ntop(AF_INET, &sin->sin_addr, ip, sizeof(ip));
	port = ntohs(sin->sin_port);
	snprintf(num, sizeof(num), "%d", port);
	snprintf(text, size, "%s %s%s", ip, port >= 30000 ? "any" : num,
		 sock_get(fd, SOL_SOCKET, SO_ACCEPTCONN) ? " listens" : "");
}

/* Makes the call on both stacks, and compares results and names. */
static void both(struct run *r, struct slot *s, int (*call)(int fd, void *arg),
		 void *arg)
{
	char name[STACKS][INET6_ADDRSTRLEN + 32];
	int stack, result[STACKS], err[STACKS];

	for (stack = 0; stack < STACKS; stack++) {
		errno = 0;
		result[stack] = call(s->fd[stack], arg);
		err[stack] = errno;
		name_of(s->fd[stack], name[stack], sizeof(name[stack]));
	}
	say(r, " = %d %s, %s\n", result[ORACLE],
	    result[ORACLE] ? strerrorname_np(err[ORACLE]) : "",
	    name[ORACLE]);
	r->differs = result[TESTED] != result[ORACLE] ||
		     (result[TESTED] && err[TESTED] != err[ORACLE]) ||
		     strcmp(name[TESTED], name[ORACLE]);
	if (r->differs)
		say(r, "\ttested = %d %s, %s\n", result[TESTED],
		    result[TESTED] ? strerrorname_np(err[TESTED]) : "",
		    name[TESTED]);
}

static int do_bind(int fd, void *arg)
{
	const struct addr *a = arg;

	return bind(fd, &a->sa, a->len);
}

static int do_connect(int fd, void *arg)
{
	const struct addr *a = arg;

	return connect(fd, &a->sa, a->len);
}

static int do_listen(int fd, void *arg)
{
	return listen(fd, 8);
}

static int do_shutdown(int fd, void *arg)
{
	return shutdown(fd, SHUT_RDWR);
}

static void slot_close(struct slot *s)
{
	int stack;

	for (stack = 0; stack < STACKS; stack++) {
		if (s->fd[stack] >= 0)
			close(s->fd[stack]);
		s->fd[stack] = -1;
	}
}

/*
 * A new socket with random options.  They stay as they are: what becomes of a port
 * whose holders change theirs later is not the same in all versions of the kernel.
 * Nothing is left of the socket once it is closed.
 */
static void slot_open(struct run *r, int i)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct slot *s = &r->slot[i];
	bool reuse = roll(r, 2), reuseport = roll(r, 2), v6only = !roll(r, 4);
	const char *dev = roll(r, 4) ? NULL : PICK(r, devs);
	uid_t uid = roll(r, 4) ? 0 : 1000;
	int stack;

	s->v6 = r->v6 && roll(r, 2);
	s->dev = dev;
	s->mapped = false;
	for (stack = 0; stack < STACKS; stack++) {
		int fd = socket_of(stack, s->v6);

		if (fd < 0)
			net_die("socket: %s", strerror(errno));
		s->fd[stack] = fd;
		sock_timeo(fd, SO_SNDTIMEO, 1000);
		sock_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
		sock_set(fd, SOL_SOCKET, SO_REUSEPORT, reuseport);
		if (s->v6)
			sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
		if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
			       sizeof(reset)) ||
		    (dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev,
				       strlen(dev))) || fchown(fd, uid, -1))
			net_die("options: %s", strerror(errno));
	}
	say(r, "%d: socket %s%s%s%s%s%s uid %d\n", i, s->v6 ? "v6" : "v4",
	    reuse ? " reuseaddr" : "", reuseport ? " reuseport" : "",
	    s->v6 && v6only ? " v6only" : "", dev ? " dev " : "",
	    dev ? dev : "", uid);
}

static void step(struct run *r)
{
	int i = roll(r, SLOTS), port = PORT + roll(r, 2);
	struct slot *s = &r->slot[i];
	struct addr a;
	const char *ip;

	if (s->fd[TESTED] < 0) {
		slot_open(r, i);
		return;
	}
	switch (roll(r, 16)) {
	case 0 ... 5:
		ip = s->v6 ? PICK(r, addrs6) : PICK(r, addrs4);
		if (!roll(r, 8))
			port = 0;
		a = addr_of(ip, port);
		say(r, "%d: bind %s %d", i, ip, port);
		both(r, s, do_bind, &a);
		break;
	case 6 ... 8:
		say(r, "%d: listen", i);
		both(r, s, do_listen, NULL);
		break;
	case 9 ... 11:
		/* connect() through a device that leads nowhere takes long. */
		if (s->dev)
			break;
		ip = s->v6 ? PICK(r, peers6) : PICK(r, peers4);
		/* The kernel's TCP gets no answer over IPv6 then, either. */
		if (s->mapped && !strchr(ip, '.'))
			break;
		s->mapped = strchr(ip, '.');
		a = addr_of(ip, PEER);
		say(r, "%d: connect %s", i, ip);
		both(r, s, do_connect, &a);
		break;
	case 12:
		a = (struct addr){ .sa.sa_family = AF_UNSPEC,
				   .len = sizeof(struct sockaddr) };
		say(r, "%d: disconnect", i);
		both(r, s, do_connect, &a);
		break;
	case 13:
		say(r, "%d: shutdown", i);
		both(r, s, do_shutdown, NULL);
		break;
	default:
		say(r, "%d: close\n", i);
		slot_close(s);
	}
}

FIXTURE(bind)
{
	struct net net;
	int peer[STACKS][2];	/* who listens at PEER: IPv4, IPv6 */
	bool v6;
};

FIXTURE_SETUP(bind)
{
	struct addr a;
	int stack, v6, fd;

	net_open_lo(&self->net);
	net_run(&self->net, CLIENT,
		"set -e\n"
		"ip addr add 10.0.0.1/32 dev lo\n"
		"ip addr add fd00::1/128 dev lo nodad\n"
		"ip link add d0 type veth peer name d1\n"
		"ip addr add fe80::1/64 dev d0 nodad\n"
		"ip link set d0 up\n"
		"ip link set d1 up\n"
		"for to in fd00::1 'fe80::1 oif d0'; do\n"
		"	until ip -6 route get $to >/dev/null 2>&1; do sleep 0.01; done\n"
		"done\n"
		"echo 30000 60999 >/proc/sys/net/ipv4/ip_local_port_range\n");
	net_enter(&self->net, CLIENT);
	fd = socket_of(TESTED, true);
	self->v6 = fd >= 0;
	close(fd);
	for (stack = 0; stack < STACKS; stack++) {
		for (v6 = 0; v6 < 2; v6++) {
			self->peer[stack][v6] = -1;
			if (v6 && !self->v6)
				continue;
			fd = socket_of(stack, v6);
			if (v6)
				sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
			sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
			a = addr_of(v6 ? "::" : "0.0.0.0", PEER);
			if (do_bind(fd, &a) || listen(fd, 4096))
				net_die("the peer: %s", strerror(errno));
			sock_nonblock(fd, true);
			self->peer[stack][v6] = fd;
		}
		/* With the oracle under test there is one peer for both. */
		if (stack_is_tcp()) {
			memcpy(self->peer[ORACLE], self->peer[TESTED],
			       sizeof(self->peer[ORACLE]));
			break;
		}
	}
}

FIXTURE_TEARDOWN(bind)
{
}

/* Connections that have come in are closed at once. */
static void drain(int fd)
{
	int child;

	while (fd >= 0 && (child = accept(fd, NULL, NULL)) >= 0)
		close(child);
}

/*
 * When the oracle itself is under test, its second stack would be in the way of the
 * first.
 */
TEST_F_TIMEOUT(bind, as_the_kernel_does, 120)
{
	static struct run r;
	int script, i, j, failed = 0;

	if (stack_is_tcp())
		SKIP(return, "nothing to compare with");
	if (!self->v6)
		TH_LOG("no IPv6");
	for (script = 0; script < SCRIPTS && failed < 5; script++) {
		memset(&r, 0, sizeof(r));
		memset(r.slot, -1, sizeof(r.slot));
		r.v6 = self->v6;
		r.seed = script;
		for (i = 0; i < STEPS && !r.differs; i++)
			step(&r);
		if (r.differs) {
			failed++;
			fprintf(stderr, "# script %d:\n%s\n", script, r.log);
		}
		for (i = 0; i < SLOTS; i++)
			slot_close(&r.slot[i]);
		for (i = 0; i < STACKS; i++)
			for (j = 0; j < 2; j++)
				drain(self->peer[i][j]);
	}
	EXPECT_EQ(0, failed);
}

/* A call to a port of 127.0.0.1 that goes to this listener, or is refused. */
static int answers(int listener, uint16_t port)
{
	int fd = socket_of(TESTED, false), child = -1;

	if (!addr_connect(fd, addr_of("127.0.0.1", port)))
		child = sock_accept(listener);
	else if (errno != ECONNREFUSED)
		net_die("connect: %s", strerror(errno));
	close(fd);
	return child;
}

static int listener_at(bool v6, bool v6only, const char *ip, uint16_t port)
{
	int fd = socket_of(TESTED, v6);

	if (v6)
		sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
	if (addr_bind(fd, addr_of(ip, port)) || listen(fd, 8))
		net_die("listener: %s", strerror(errno));
	return fd;
}

/* A listener of :: is one of 0.0.0.0, too, unless it is IPV6_V6ONLY. */
TEST_F(bind, dual_stack)
{
	struct addr peer;
	int six, four, s;

	if (!self->v6)
		SKIP(return, "no IPv6");
	six = listener_at(true, false, "::", PORT);
	s = answers(six, PORT);
	ASSERT_LE(0, s);
	peer = addr_peer(s);
	EXPECT_EQ(AF_INET6, peer.sa.sa_family);
	EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&peer.in6.sin6_addr));
	close(s);

	six = listener_at(true, true, "::", PORT + 1);
	EXPECT_EQ(-1, answers(six, PORT + 1));
	four = listener_at(false, false, "0.0.0.0", PORT + 1);
	EXPECT_LE(0, answers(four, PORT + 1));

	six = listener_at(true, false, "::ffff:127.0.0.1", PORT + 2);
	EXPECT_LE(0, answers(six, PORT + 2));
	six = listener_at(true, false, "::1", PORT + 3);
	EXPECT_EQ(-1, answers(six, PORT + 3));
}

TEST_HARNESS_MAIN
