// SPDX-License-Identifier: GPL-2.0
/*
 * Every failure of the calls that only read, or set an option to its present value:
 * each socket option, names, queues, readiness, the files in /proc.  They are made
 * in every state of a connection, and must not change it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/net.h"
#include "lib/ends.h"
#include "lib/fault.h"

#define MANY	200
#define ROOM	1024		/* for an option's value */

/* One of the calls. */
struct look {
	const char *name;
	int level;
	int option;
	long (*run)(int fd, const struct look *l);
};

static char value[ROOM];
static socklen_t value_len;

/* --- options --- */

static long get(int fd, const struct look *l)
{
	char buf[ROOM];
	socklen_t len = sizeof(buf);

	return getsockopt(fd, l->level, l->option, buf, &len);
}

static long set(int fd, const struct look *l)
{
	return setsockopt(fd, l->level, l->option, value, value_len);
}

/* Options that are not tried, as reading or rewriting them changes something. */
static bool left_out(int level, int option)
{
	if (level != SOL_SOCKET)
		return false;
	switch (option) {
	case SO_ERROR:			/* in faults_calls */
	case SO_ATTACH_FILTER:		/* the frozen ends have a filter */
	case SO_DETACH_FILTER:
	case SO_LOCK_FILTER:
	case 77:			/* SO_PEERPIDFD: a new descriptor */
		return true;
	default:
		return false;
	}
}

/* --- other calls --- */

static long getname(int fd, const struct look *l)
{
	struct addr a = { .len = sizeof(a.in6) };

	return getsockname(fd, &a.sa, &a.len);
}

static long getpeer(int fd, const struct look *l)
{
	struct addr a = { .len = sizeof(a.in6) };

	return getpeername(fd, &a.sa, &a.len);
}

static long queue(int fd, const struct look *l)
{
	int n;

	return ioctl(fd, l->option, &n);
}

static long poll_now(int fd, const struct look *l)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	return poll(&p, 1, 0) < 0 ? -1 : 0;
}

static long select_now(int fd, const struct look *l)
{
	struct timeval none = { 0 };
	fd_set r, w, x;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	w = r;
	x = r;
	return select(fd + 1, &r, &w, &x, &none) < 0 ? -1 : 0;
}

/* Reads a file from its beginning to its end. */
static long read_file(int fd, const struct look *l)
{
	static char buf[1 << 16];
	int file = open(l->name, O_RDONLY | O_CLOEXEC), err;
	long n;

	if (file < 0)
		return -1;
	do {
		n = read(file, buf, sizeof(buf));
	} while (n > 0);
	err = errno;
	close(file);
	errno = err;
	return n;
}

static const struct look looks[] = {
	{ "getsockname", 0, 0, getname },
	{ "getpeername", 0, 0, getpeer },
	{ "SIOCINQ", 0, SIOCINQ, queue },
	{ "SIOCOUTQ", 0, SIOCOUTQ, queue },
	{ "SIOCOUTQNSD", 0, SIOCOUTQNSD, queue },
	{ "SIOCATMARK", 0, SIOCATMARK, queue },
	{ "poll", 0, 0, poll_now },
	{ "select", 0, 0, select_now },
	{ "/proc/thread-self/net/atcp", 0, 0, read_file },
	{ "/proc/thread-self/net/atcp6", 0, 0, read_file },
	{ "/proc/thread-self/net/atcp_stat", 0, 0, read_file },
	{ "/proc/thread-self/net/protocols", 0, 0, read_file },
	{ "/proc/thread-self/net/sockstat", 0, 0, read_file },
};

/* --- faults --- */

static bool sensible(int err)
{
	return err == ENOMEM || err == ENOBUFS || err == EFAULT ||
	       err == EAGAIN || err == ENFILE;
}

/* Makes every fault of a call; returns their number. */
static int every_fault(const struct ends *e, const struct look *l)
{
	long normal, ret;
	int n, err, after;
	bool used;

	errno = 0;
	normal = l->run(e->fd, l);
	after = errno;
	for (n = 1; ; n++) {
		fault_arm(n);
		ret = l->run(e->fd, l);
		err = errno;
		used = fault_used();
		/* Some of the kernel's return the bytes not copied, as IP_OPTIONS. */
		if (ret > 0 && l->run == get) {
			ret = -1;
			err = EFAULT;
		}
		if (ret != normal && !(ret < 0 && sensible(err)))
			net_die("%s (%d, %d) in %s, fault %d: %ld (%s)",
				l->name, l->level, l->option,
				ends_kinds[e->state].name, n, ret, strerror(err));
		if (l->run(e->fd, l) != normal || (normal < 0 && errno != after))
			net_die("%s (%d, %d) in %s, after fault %d: %s",
				l->name, l->level, l->option,
				ends_kinds[e->state].name, n, strerror(errno));
		if (!used)
			return n - 1;
		if (n == MANY)
			net_die("%s: no end of faults", l->name);
	}
}

static int option(const struct ends *e, int level, int name)
{
	struct look l = { "getsockopt", level, name, get };
	int faults;

	value_len = sizeof(value);
	if (left_out(level, name) ||
	    getsockopt(e->fd, level, name, value, &value_len))
		return 0;
	faults = every_fault(e, &l);
	l.name = "setsockopt";
	l.run = set;
	/* The kernel doubles the value that is set. */
	if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF))
		*(int *)value /= 2;
	covered_add("options", 1);
	return faults + every_fault(e, &l);
}

SKIP_PROGRAM_IF(!fault_begin(), "a kernel without fault injection");

FIXTURE(faults)
{
	struct net net;
};

FIXTURE_SETUP(faults)
{
	ASSERT_TRUE(fault_begin());
	net_open(&self->net);
	ends_begin(&self->net);
}

FIXTURE_TEARDOWN(faults)
{
}

TEST_F_TIMEOUT(faults, of_looks_in_every_state, 300)
{
	static const struct {
		int level;
		int last;
	} levels[] = {
		{ SOL_SOCKET, 90 }, { SOL_IP, 70 }, { SOL_IPV6, 90 },
		{ IPPROTO_TCP, 60 },
	};
	int state, name, faults;
	struct ends e;
	size_t i;

	for (state = 0; state < ENDS_STATES; state++) {
		ends_open(state, &e);
		faults = 0;
		for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
			faults += every_fault(&e, &looks[i]);
		for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
			for (name = 1; name <= levels[i].last; name++)
				faults += option(&e, levels[i].level, name);
		if (state != ENDS_GAP &&
		    ends_tcp_state(&e) != ends_kinds[state].tcp_state)
			net_die("%s: the state is %d", ends_kinds[state].name,
				ends_tcp_state(&e));
		ends_finish(&e, false);
		covered_add("faults", faults);
	}
	ends_none_left();
	covered_add("states", ENDS_STATES);
	covered_net(&self->net);
}

TEST_HARNESS_MAIN
