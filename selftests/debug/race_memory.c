// SPDX-License-Identifier: GPL-2.0
/*
 * Exhausted memory: that of a memory cgroup, and that of all sockets together
 * (net.atcp.mem).  Nothing breaks or hangs, other connections work, acknowledged data
 * is delivered, and when there is memory again all connections continue.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/file.h"
#include "../lib/net.h"

#define PORT	20000
#define MOST	256		/* connections */
#define MB	(1024 * 1024)

FIXTURE(race_memory)
{
	struct net net;
};

FIXTURE_SETUP(race_memory)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(race_memory)
{
	covered_net(&self->net);
}

/* --- many connections one way, each with its piece of the pattern --- */

struct way {
	int from[MOST], to[MOST];
	size_t sent[MOST], got[MOST];
	int n;
	size_t each;		/* bytes to send */
	bool may_end;		/* the reader may be killed, which ends the transfer */
};

/* Sends as much as there is room for; returns the number of unfinished connections. */
static int send_some(struct way *w)
{
	char buf[16384];
	int i, left = 0;

	for (i = 0; i < w->n; i++) {
		size_t n = w->each - w->sent[i];
		ssize_t done;

		if (n > sizeof(buf))
			n = sizeof(buf);
		/* Some send small pieces, whose overhead is far more than their data. */
		if (i % 4 == 3 && n > 100)
			n = 100;
		if (!n)
			continue;
		pattern_fill(buf, n, 77 * i + w->sent[i]);
		done = send(w->from[i], buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		/* The process that was to read has been killed. */
		if (done < 0 && w->may_end &&
		    (errno == EPIPE || errno == ECONNRESET)) {
			w->sent[i] = w->each;
			continue;
		}
		if (done < 0 && errno != EAGAIN && errno != ENOBUFS &&
		    errno != ENOMEM)
			net_die("send: %s", strerror(errno));
		if (done > 0)
			w->sent[i] += done;
		if (w->sent[i] == w->each)
			shutdown(w->from[i], SHUT_WR);
		else
			left++;
	}
	return left;
}

/* Sends until nothing more can be sent for a while, or for four seconds. */
static void send_until_full(struct way *w)
{
	long long deadline = net_now() + 4000;
	size_t before, now = 0;
	int i;

	do {
		before = now;
		for (i = 0; i < 50; i++)
			send_some(w);
		usleep(50000);
		for (i = 0, now = 0; i < w->n; i++)
			now += w->sent[i];
	} while (now != before && net_now() < deadline);
}

/* Reads all data there is; returns the number of unfinished connections. */
static int recv_some(struct way *w)
{
	static char buf[65536];
	int i, left = 0;
	ssize_t n;

	for (i = 0; i < w->n; i++) {
		if (w->to[i] < 0)
			continue;
		left++;
		n = recv(w->to[i], buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			net_die("recv after %zu bytes: %s", w->got[i],
				strerror(errno));
		if (n > 0) {
			if (pattern_check(buf, n, 77 * i + w->got[i]) !=
			    (size_t)n)
				net_die("wrong bytes after %zu", w->got[i]);
			w->got[i] += n;
		}
		if (n)
			continue;
		close(w->to[i]);
		w->to[i] = -1;
	}
	return left;
}

/* Bounds the retransmission timer, so that connections continue soon. */
static void try_often(const struct net *net)
{
	int side;

	for (side = 0; side < 2; side++)
		net_try(net, side, "echo 4000 >/proc/sys/net/%s",
			stack_is_tcp() ? "ipv4/tcp_rto_max_ms" :
					 "atcp/rto_max_ms");
}

/* --- the memory of all sockets --- */

static const char *mem_file(void)
{
	return stack_is_tcp() ? "/proc/sys/net/ipv4/tcp_mem" :
				"/proc/sys/net/atcp/mem";
}

/* The protocol's pages in use, from /proc, and whether it is under memory pressure. */
static long pages_used(bool *pressed)
{
	char line[256], name[32], press[8] = "no";
	long pages = -1, n;
	FILE *f = fopen("/proc/net/protocols", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%31s %*d %*d %ld %7s", name, &n, press) == 3 &&
		    !strcmp(name, stack_is_tcp() ? ip46("TCP", "TCPv6") :
						   ip46("ATCP", "ATCPv6"))) {
			pages = n;
			break;
		}
	}
	if (f)
		fclose(f);
	if (pressed)
		*pressed = !strcmp(press, "yes");
	return pages;
}

/* Pages that each CPU keeps in reserve (SK_MEMORY_PCPU_RESERVE), counted as used. */
#define KEPT	256	/* pages */

static bool pages_back(void *before)
{
	return pages_used(NULL) <= *(long *)before + KEPT * get_nprocs();
}

static void mem_set(const char *text)
{
	int fd = open(mem_file(), O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		net_die("%s: %s", mem_file(), strerror(errno));
	close(fd);
}

static void mem_get(char *text, size_t size)
{
	int fd = open(mem_file(), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		net_die("%s: %s", mem_file(), strerror(errno));
	text[n] = '\0';
	close(fd);
}

/* Restores the limit when the test ends, also when it is killed. */
static void mem_keep(const char *was)
{
	int alive[2];
	char byte;

	if (pipe(alive))
		net_die("pipe: %s", strerror(errno));
	fflush(NULL);
	if (!fork()) {
		close(alive[1]);
		setsid();
		while (read(alive[0], &byte, 1) > 0)
			;
		mem_set(was);
		_exit(0);
	}
	close(alive[0]);
}

static void connect_many(const struct net *net, struct way *w, int n)
{
	int l = sock_listen(net, SERVER, PORT, n), i;

	w->n = n;
	for (i = 0; i < n; i++) {
		w->from[i] = sock_connect(net, CLIENT, net->ip[SERVER], PORT);
		w->to[i] = sock_accept(l);
		sock_set(w->from[i], SOL_SOCKET, SO_SNDBUFFORCE, MB);
		sock_set(w->to[i], SOL_SOCKET, SO_RCVBUFFORCE, MB);
	}
	close(l);
}

/* The limit, with reordering: out-of-order queues are dropped first. */
TEST_F_TIMEOUT(race_memory, of_all_sockets, 300)
{
	int n = covered_rounds(32, MOST), i, left;
	long before = pages_used(NULL), most = 0, high;
	static struct way w = { .each = 200000 };
	struct net *net = &self->net;
	char was[128], mem[128];
	long long deadline;
	bool pressed;
	int fd;

	ASSERT_LE(0, before);
	try_often(net);
	connect_many(net, &w, n);
	net_run(net, CLIENT,
		"tc qdisc add dev v0 root netem delay 2ms loss 3%% reorder 10%%");
	/* A fifth of the memory that the connections would use. */
	high = before + n * w.each / 4096 / 5;
	mem_get(was, sizeof(was));
	mem_keep(was);
	snprintf(mem, sizeof(mem), "%ld %ld %ld", high / 2, high * 3 / 4, high);
	mem_set(mem);

	send_until_full(&w);
	most = pages_used(&pressed);
	EXPECT_TRUE(pressed);
	/*
	 * The limit holds, except for the minimum that each socket may have and the
	 * reserve of each CPU.
	 */
	EXPECT_GT(high + 4 * n + KEPT * get_nprocs() + 768, most);
	for (i = 0, left = 0; i < n; i++)
		left += w.sent[i] != w.each;
	EXPECT_LT(n / 2, left);
	/* A new connection is possible, or is refused at once. */
	fd = sock_open(net, CLIENT, SOCK_NONBLOCK);
	addr_connect(fd, addr_side(net, SERVER, PORT + 1));
	EXPECT_TRUE(sock_wait(fd, POLLOUT, PATIENCE));
	close(fd);

	/* Reading frees memory, and all connections continue, still within the limit. */
	deadline = net_now() + 6 * PATIENCE;
	do {
		send_some(&w);
		left = recv_some(&w);
		if (net_now() > deadline)
			mem_set(was);
		ASSERT_GT(deadline + PATIENCE, net_now());
		if (left)
			usleep(500);
	} while (left);
	mem_set(was);
	EXPECT_GT(deadline, net_now());
	for (i = 0; i < n; i++) {
		EXPECT_EQ(w.each, w.got[i]);
		covered_add("bytes", w.got[i]);
		close(w.from[i]);
	}
	covered_add("pages", most);
	EXPECT_TRUE(net_until(pages_back, &before, PATIENCE));
}

/* --- memory cgroups --- */

struct group {
	char top[32], path[64];
};

/* Makes a memory cgroup; false: there is no memory controller. */
static bool group_make(struct group *g, const char *max)
{
	strcpy(g->top, "/tmp/atcp-memory-XXXXXX");
	if (!mkdtemp(g->top))
		net_die("mkdtemp: %s", strerror(errno));
	snprintf(g->path, sizeof(g->path), "%s/atcp", g->top);
	if (!mount("none", g->top, "cgroup2", 0, NULL)) {
		file_write("+memory", "%s/cgroup.subtree_control", g->top);
		if (!mkdir(g->path, 0700) &&
		    file_write(max, "%s/memory.max", g->path))
			return true;
		rmdir(g->path);
		umount2(g->top, MNT_DETACH);
	}
	rmdir(g->top);
	return false;
}

static void group_end(struct group *g)
{
	int i;

	/* The last charges may take a moment to be released. */
	for (i = 0; i < 200 && rmdir(g->path); i++)
		usleep(10000);
	umount2(g->top, MNT_DETACH);
	rmdir(g->top);
}

/* The only process of the group, with pipes to start it and to report its progress. */
struct member {
	pid_t pid;
	int go[2], done[2];
};

static bool member_start(struct member *m, struct group *g)
{
	if (pipe(m->go) || pipe(m->done))
		net_die("pipe: %s", strerror(errno));
	fflush(NULL);
	m->pid = fork();
	if (m->pid)
		return false;
	if (!file_write("0", "%s/cgroup.procs", g->path))
		_exit(2);
	return true;
}

static void member_say(struct member *m)
{
	if (write(m->done[1], "", 1) != 1)
		_exit(3);
}

static void member_wait(struct member *m)
{
	char byte;

	if (read(m->go[0], &byte, 1) != 1)
		_exit(3);
}

static bool wait_for_member(struct member *m)
{
	struct pollfd p = { .fd = m->done[0], .events = POLLIN };
	char byte;

	close(m->done[1]);
	m->done[1] = -1;
	return poll(&p, 1, 3 * PATIENCE) == 1 && read(p.fd, &byte, 1) == 1;
}

/* Waits for the process and gets its status; true: the OOM killer has ended it. */
static bool member_end(struct member *m, struct group *g, int *status)
{
	long long deadline = net_now() + 3 * PATIENCE;

	while (waitpid(m->pid, status, WNOHANG) != m->pid) {
		if (net_now() > deadline) {
			kill(m->pid, SIGKILL);
			net_die("the group's process hangs");
		}
		usleep(1000);
	}
	return WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL &&
	       file_number("oom_kill", "%s/memory.events", g->path) > 0;
}

/*
 * The group sends to a process outside that does not read, until its memory is used
 * up, and continues when that process reads.
 */
TEST_F_TIMEOUT(race_memory, of_a_group_that_sends, 300)
{
	static struct way w = { .each = 3 * MB };
	struct net *net = &self->net;
	int n = covered_rounds(6, 24), i, l, status;
	long long deadline;
	struct member m;
	struct group g;
	bool killed;

	if (!group_make(&g, "8M"))
		SKIP(return, "no memory controller");
	try_often(net);
	l = sock_listen(net, SERVER, PORT, n);
	w.n = n;
	if (member_start(&m, &g)) {
		for (i = 0; i < n; i++) {
			w.from[i] = sock_connect(net, CLIENT, net->ip[SERVER],
						 PORT);
			sock_set(w.from[i], SOL_SOCKET, SO_SNDBUFFORCE, 8 * MB);
		}
		send_until_full(&w);
		member_say(&m);
		while (send_some(&w))
			usleep(1000);
		_exit(0);
	}
	for (i = 0; i < n; i++)
		w.to[i] = sock_accept(l);
	/* It may also be killed at once. */
	EXPECT_TRUE(wait_for_member(&m) ||
		    file_number("oom_kill", "%s/memory.events", g.path) > 0);
	EXPECT_LT(0, file_number("max", "%s/memory.events", g.path));
	/* Another connection on the same hosts works, whatever the group lacks. */
	conn_works(net, PORT + 1);
	deadline = net_now() + 6 * PATIENCE;
	while (recv_some(&w)) {
		ASSERT_GT(deadline, net_now());
		usleep(200);
	}
	/* A process of the group may have been killed, and nothing else. */
	killed = member_end(&m, &g, &status);
	EXPECT_TRUE(killed || status == 0);
	for (i = 0; i < n; i++) {
		if (!killed)
			EXPECT_EQ(w.each, w.got[i]);
		covered_add("bytes", w.got[i]);
	}
	covered_add("group_limits_hit", file_number("max", "%s/memory.events", g.path));
	close(l);
	group_end(&g);
}

/*
 * The group accepts and does not read, while others connect and send as much as they
 * can; then it reads all data.
 */
TEST_F_TIMEOUT(race_memory, of_a_group_that_receives, 300)
{
	static struct way w = { .each = 2 * MB, .may_end = true };
	struct net *net = &self->net;
	int n = covered_rounds(6, 24), i, l, status;
	long long deadline;
	struct member m;
	struct group g;
	bool killed;
	char said;

	if (!group_make(&g, "6M"))
		SKIP(return, "no memory controller");
	try_often(net);
	w.n = n;
	l = sock_listen(net, SERVER, PORT, n);
	if (member_start(&m, &g)) {
		for (i = 0; i < n; i++) {
			w.to[i] = sock_accept(l);
			sock_set(w.to[i], SOL_SOCKET, SO_RCVBUFFORCE, 8 * MB);
		}
		close(l);
		member_say(&m);
		member_wait(&m);
		while (recv_some(&w))
			usleep(200);
		for (i = 0; i < n; i++)
			if (w.got[i] != w.each)
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < n; i++) {
		w.from[i] = sock_connect(net, CLIENT, net->ip[SERVER], PORT);
		sock_set(w.from[i], SOL_SOCKET, SO_SNDBUFFORCE, 4 * MB);
	}
	close(l);
	EXPECT_TRUE(wait_for_member(&m));
	send_until_full(&w);
	/* Another connection on the same hosts works, whatever the group lacks. */
	conn_works(net, PORT + 1);
	said = write(m.go[1], "", 1);
	ASSERT_EQ(1, said);
	deadline = net_now() + 6 * PATIENCE;
	signal(SIGPIPE, SIG_IGN);
	while (send_some(&w)) {
		ASSERT_GT(deadline, net_now());
		usleep(1000);
	}
	killed = member_end(&m, &g, &status);
	EXPECT_TRUE(killed || status == 0);
	for (i = 0; i < n; i++) {
		covered_add("bytes", w.each);
		close(w.from[i]);
	}
	group_end(&g);
}

TEST_HARNESS_MAIN
