// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of sockets in every state (lib/states.h) are abandoned: their program is
 * killed, or closes them one by one, with and without a reset.  As soon as the path
 * carries everything again they end, and all memory is as it was: the counts of
 * atcp_stat and of sockets, the slab caches, the memory that is accounted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/net.h"
#include "lib/states.h"

#define PORT	20000
#define FEW	16	/* of each kind, each time; that is 530 sockets */
#define MANY	160	/* 5300 */
#define SOON	(4 * PATIENCE)

/* --- memory --- */

/*
 * The slab caches of sockets.  The stack's own are empty when no socket is left, unless
 * the kernel merges them with others; of the rest the machine always uses some, and
 * keeps free objects at hand.
 */
static const struct cache {
	const char *name;
	bool own;
} caches[] = {
	{ "ATCP", true },
	{ "ATCPv6", true },
	{ "atcp_request", true },
	{ "atcp_timewait", true },
	{ "atcp_bind", true },
	{ "sock_inode_cache", false },
	{ "skbuff_head_cache", false },
	{ "skbuff_fclone_cache", false },
	{ "skbuff_small_head", false },
	{ "ip_dst_cache", false },
	{ "ip6_dst_cache", false },
};

enum { CACHES = sizeof(caches) / sizeof(caches[0]) };

struct memory {
	long objects[CACHES];	/* in use */
	int n;			/* connections of each kind in between */
	bool say;
};

static bool cache_shared(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s", name);
	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

/* 0 if there is no such cache. */
static long cache_objects(const char *name)
{
	char path[128];
	long objects = 0;
	FILE *f;

	/* Otherwise free objects kept for a CPU count as used. */
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", name);
	f = fopen(path, "we");
	if (!f)
		return 0;
	fputs("1", f);
	fclose(f);
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", name);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%ld", &objects) != 1)
		net_die("%s: %s", path, strerror(errno));
	fclose(f);
	return objects;
}

static void memory_now(struct memory *m)
{
	int i;

	for (i = 0; i < CACHES; i++)
		m->objects[i] = cache_objects(caches[i].name);
}

/* A shared cache may have grown a little: by less than each kind has had. */
static long slack(const struct memory *was, int cache)
{
	if (caches[cache].own && !cache_shared(caches[cache].name))
		return 0;
	return was->n / 2 + 64 * sysconf(_SC_NPROCESSORS_ONLN);
}

static bool memory_back(void *arg)
{
	const struct memory *was = arg;
	struct memory now;
	bool back = true;
	int i;

	memory_now(&now);
	for (i = 0; i < CACHES; i++) {
		if (now.objects[i] <= was->objects[i] + slack(was, i))
			continue;
		back = false;
		if (was->say)
			fprintf(stderr, "# %s: %ld objects instead of %ld\n",
				caches[i].name, now.objects[i], was->objects[i]);
	}
	return back;
}

/* --- counts of a namespace --- */

/* "sockets: used N" */
static long sockets_used(const struct net *net, int side)
{
	int old = net_visit(net, side);
	FILE *f = fopen("/proc/thread-self/net/sockstat", "re");
	long used;

	if (!f || fscanf(f, "sockets: used %ld", &used) != 1)
		net_die("sockstat");
	fclose(f);
	net_leave(old);
	return used;
}

struct counts {
	const struct net *net;
	long used[2];
	long time_waits;	/* from before, which last */
};

static bool counts_back(void *arg)
{
	const struct counts *was = arg;
	int side;

	for (side = CLIENT; side <= SERVER; side++) {
		if (net_stat(was->net, side, "now_sockets") ||
		    net_stat(was->net, side, "now_orphans") ||
		    net_stat(was->net, side, "now_requests") ||
		    net_stat(was->net, side, "now_time_waits") >
		    (side == CLIENT ? was->time_waits : 0) ||
		    sockets_used(was->net, side) > was->used[side])
			return false;
	}
	return true;
}

static void print_counts(const struct net *net)
{
	static const char *const names[] = {
		"now_sockets", "now_orphans", "now_requests", "now_time_waits",
	};
	int side, i;

	for (side = CLIENT; side <= SERVER; side++) {
		for (i = 0; i < 4; i++)
			fprintf(stderr, "# side %d: %s %ld\n", side, names[i],
				net_stat(net, side, names[i]));
		fprintf(stderr, "# side %d: sockets used %ld\n", side,
			sockets_used(net, side));
	}
}

SKIP_PROGRAM_IF(stack_is_tcp(), "the memory of the kernel's TCP is everybody's");

/* --- the tests --- */

FIXTURE(abandoned)
{
	struct net net;
	struct memory memory;	/* before the first connection */
	int go[2], done[2];
};

FIXTURE_SETUP(abandoned)
{
	ASSERT_EQ(0, pipe(self->go));
	ASSERT_EQ(0, pipe(self->done));
	self->memory.n = covered_rounds(FEW, MANY);
	memory_now(&self->memory);
}

FIXTURE_TEARDOWN(abandoned)
{
}

static void set_sysctls(const struct net *net, const char *name, const char *value)
{
	net_stack_sysctl(net, CLIENT, name, value);
	net_stack_sysctl(net, SERVER, name, value);
}

/* The ways in which a program abandons its sockets. */
enum way { KILLED, CLOSED, RESET, MIXED, WAYS };

static void reset_all(struct states *s)
{
	static const struct linger reset = { .l_onoff = 1 };
	int i;

	for (i = 0; i < s->count; i++)
		setsockopt(s->open[i].fd, SOL_SOCKET, SO_LINGER, &reset,
			   sizeof(reset));
	states_close(s, -1);
}

/* Closes from both ends of the list, with the path as it is. */
static void close_mixed(struct states *s)
{
	int i;

	for (i = 0; i < s->count; i++)
		close(s->open[i % 2 ? s->count - 1 - i / 2 : i / 2].fd);
}

static void program(const struct net *net, int n, enum way way, int done, int go)
{
	struct states s;
	char byte;

	states_open(net, PORT, n, &s);
	if (write(done, "", 1) != 1 || read(go, &byte, 1) != 1)
		net_die("pipe");
	if (way == RESET)
		reset_all(&s);
	else if (way == MIXED)
		close_mixed(&s);
	else if (way == CLOSED)
		states_close(&s, -1);
	if (way != KILLED && write(done, "", 1) != 1)
		net_die("pipe");
	pause();
}

/* Returns false, and says what, if something is not freed. */
static bool abandon(struct net *net, const struct memory *memory, enum way way,
		    const int *done, const int *go)
{
	struct counts counts = { .net = net };
	struct memory was = *memory;
	bool back;
	pid_t pid;
	char byte;

	net_open(net);
	counts.used[CLIENT] = sockets_used(net, CLIENT);
	counts.used[SERVER] = sockets_used(net, SERVER);
	pid = net_fork();
	if (pid == 0)
		program(net, was.n, way, done[1], go[0]);
	if (!sock_wait(done[0], POLLIN, 6 * PATIENCE) ||
	    read(done[0], &byte, 1) != 1)
		net_die("no sockets to abandon");
	if (counts_back(&counts))
		net_die("the counts do not tell that there are sockets");
	counts.time_waits = net_stat(net, CLIENT, "now_time_waits");
	/* Orphans to come end at once; none may be ended for being too many. */
	set_sysctls(net, "time_wait", "1");
	set_sysctls(net, "max_orphans", "1000000");
	set_sysctls(net, "max_tw_buckets", "1000000");
	if (way == CLOSED)
		states_path_back(net);
	if (write(go[1], "", 1) != 1)
		net_die("pipe");
	if (way == KILLED)
		kill(pid, SIGKILL);
	else if (!sock_wait(done[0], POLLIN, SOON) || read(done[0], &byte, 1) != 1)
		net_die("closing hangs");
	if (way != CLOSED)
		states_path_back(net);
	back = net_until(counts_back, &counts, SOON);
	if (!back)
		print_counts(net);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	covered_net(net);
	covered_add("sockets", states_sockets(was.n));
	close(net->ns[CLIENT]);
	close(net->ns[SERVER]);
	if (net_until(memory_back, &was, SOON))
		return back;
	was.say = true;
	memory_back(&was);
	return false;
}

/* One round is two of the ways with IPv4, and the others with IPv6. */
TEST_F_TIMEOUT(abandoned, in_every_state, 280)
{
	int n = covered_rounds(WAYS / 2, WAYS), i;

	for (i = 0; i < n; i++) {
		EXPECT_TRUE(abandon(&self->net, &self->memory,
				    (2 * i + i / 2 + ip46(0, 1)) % WAYS,
				    self->done, self->go)) {
			TH_LOG("after %d times", i);
		}
	}
}

TEST_HARNESS_MAIN
