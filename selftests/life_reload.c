// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded and unloaded again and again while it is in use.  Programs open,
 * connect and abandon sockets in both families, segments of every kind come from
 * outside, files are read and sysctls written, and namespaces begin and end.
 *
 *	    CLIENT                         SERVER
 *	 connect, send --- netem 2 ms --- listen, accept
 *	 raw segments -------------------> whatever is there
 *	 readers, writers            readers, writers
 *	        ... and short-lived namespaces, with sockets of their own
 *
 * ATCP_KO names the module.  It is loaded again when this ends.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/net.h"

#define PORT		20000
#define ROUNDS		200	/* a quarter of a second each */
#define FEW		25	/* one or two seconds each on an emulated machine */
#define LEAST		8	/* will do once this is over: */
#define ENOUGH		200000	/* ms, a third of it for few */
#define MODPROBE	"/proc/sys/kernel/modprobe"
#define RESET		"/sys/module/atcp/parameters/reset_orphans"

/* What the processes have done so far; shared by all. */
struct done {
	long refused;		/* socket() failed without the module */
	long exchanged;		/* connections that carried something */
	long segments;		/* raw ones */
	long reads;
	long writes;
	long namespaces;
	long busy;		/* unloading was refused */
	long hush;		/* requests for a pause of all sockets */
	long loads;
};

struct job {
	struct net net;
	struct done *done;
	unsigned int seed;
};

static void count(long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static long counted(const long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void pause_up_to(struct job *job, int us)
{
	usleep(rand_r(&job->seed) % us);
}

/* --- the users of the module --- */

/* A socket of AF_ATCP, or -1: there is no such family at the moment. */
static int open_socket(struct job *job, bool ipv6)
{
	int fd = socket(stack_family(), SOCK_STREAM | SOCK_NONBLOCK,
			ipv6 ? KIND_IPV6 : 0);

	if (fd < 0) {
		if (errno != EAFNOSUPPORT)
			net_die("socket: %s", strerror(errno));
		count(&job->done->refused);
	}
	return fd;
}

static int open_listener(struct job *job, bool ipv6, struct addr *addr)
{
	int fd = open_socket(job, ipv6);

	if (fd < 0)
		return -1;
	if (addr_bind(fd, *addr) || listen(fd, 4))
		net_die("a new listener: %s", strerror(errno));
	*addr = addr_local(fd);
	return fd;
}

/* Sends a little; what arrives must be what was sent. */
static void exchange(struct job *job, int from, int to)
{
	char out[3000], in[sizeof(out)];
	int len;

	pattern_fill(out, sizeof(out), 0);
	if (send(from, out, sizeof(out), MSG_NOSIGNAL) <= 0 ||
	    !sock_wait(to, POLLIN, 100))
		return;
	len = recv(to, in, sizeof(in), 0);
	if (len <= 0)
		return;
	if (pattern_check(in, len, 0) != (size_t)len)
		net_die("wrong bytes");
	count(&job->done->exchanged);
}

/* Closes it with a reset, after shutdown(), or plainly. */
static void let_go(struct job *job, int fd)
{
	static const struct linger reset = { .l_onoff = 1 };

	switch (rand_r(&job->seed) % 4) {
	case 0:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		break;
	case 1:
		shutdown(fd, SHUT_WR);
		break;
	}
	close(fd);
}

/* A connection between the namespaces from and to. */
static void connection(struct job *job, int from, int to, const char *ip, bool ipv6)
{
	struct addr addr = addr_of(ip, 0);
	int listener, client, server = -1;

	if (setns(to, CLONE_NEWNET))
		net_die("setns: %s", strerror(errno));
	listener = open_listener(job, ipv6, &addr);
	if (listener < 0)
		return;
	if (setns(from, CLONE_NEWNET))
		net_die("setns: %s", strerror(errno));
	client = open_socket(job, ipv6);
	if (client >= 0) {
		addr_connect(client, addr);
		if (sock_wait(listener, POLLIN, 50))
			server = accept(listener, NULL, NULL);
	}
	if (server >= 0) {
		exchange(job, client, server);
		let_go(job, server);
	}
	if (client >= 0)
		let_go(job, client);
	close(listener);
}

/*
 * A socket holds the module for a grace period after its end, too, so now and then
 * there must be none.  Each process pauses for a time of its own, so that some begin
 * again just as the module goes.
 */
static void keep_quiet(struct job *job, long *seen)
{
	long hush = counted(&job->done->hush);

	if (hush != *seen)
		pause_up_to(job, 100000);
	*seen = hush;
}

static void connect_forever(struct job *job)
{
	const int *ns = job->net.ns;
	long seen = 0;
	bool ipv6;

	for (;;) {
		keep_quiet(job, &seen);
		ipv6 = rand_r(&job->seed) % 2;
		connection(job, ns[CLIENT], ns[SERVER],
			   ipv6 ? "fd00::2" : "10.0.0.2", ipv6);
		pause_up_to(job, 4000);
	}
}

/* Sends segments of no connection or of an old one, and random bytes. */
static void segments_forever(struct job *job)
{
	struct addr to[2] = { addr_of("10.0.0.2", 0), addr_of("fd00::2", 0) };
	uint8_t seg[64];
	int fd[2], i, len;

	net_enter(&job->net, CLIENT);
	fd[0] = socket(AF_INET, SOCK_RAW, PROTO_ATCP);
	fd[1] = socket(AF_INET6, SOCK_RAW, PROTO_ATCP);
	for (;;) {
		for (i = 0; i < (int)sizeof(seg); i++)
			seg[i] = rand_r(&job->seed);
		/* The header is valid, and its port is one that may be in use. */
		seg[2] = 0x80 | seg[2] >> 1;
		seg[12] = 5 << 4;
		len = rand_r(&job->seed) % (sizeof(seg) + 1);
		i = rand_r(&job->seed) % 2;
		if (sendto(fd[i], seg, len, MSG_DONTWAIT, &to[i].sa, to[i].len) == len)
			count(&job->done->segments);
		pause_up_to(job, 1000);
	}
}

/* Reads a file a bit at a time; the module may be unloaded in between. */
static void read_slowly(struct job *job, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[128];

	if (fd < 0)
		return;
	while (read(fd, buf, sizeof(buf)) > 0) {
		count(&job->done->reads);
		if (rand_r(&job->seed) % 4 == 0)
			pause_up_to(job, 2000);
		if (rand_r(&job->seed) % 16 == 0)
			break;
	}
	close(fd);
}

/* Writes a sysctl's value back. */
static void write_back(struct job *job, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), len;
	char buf[128];

	if (fd < 0)
		return;
	len = read(fd, buf, sizeof(buf));
	if (len > 0 && pwrite(fd, buf, len, 0) == len)
		count(&job->done->writes);
	close(fd);
}

/* Opens one sysctl after the other, as "sysctl -a" does. */
static void sysctls(struct job *job)
{
	struct dirent *entry;
	char path[320];
	DIR *d = opendir("/proc/sys/net/atcp");

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/sys/net/atcp/%s", entry->d_name);
		if (rand_r(&job->seed) % 8)
			continue;
		if (rand_r(&job->seed) % 2)
			read_slowly(job, path);
		else
			write_back(job, path);
	}
	if (d)
		closedir(d);
}

/* Writes reset_orphans, which looks for orphans while the module may be unloaded. */
static void ask_for_resets(struct job *job)
{
	int fd = open(RESET, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1", 1) == 1)
		count(&job->done->writes);
	close(fd);
}

static void read_forever(struct job *job)
{
	for (;;) {
		net_enter(&job->net, rand_r(&job->seed) % 2);
		read_slowly(job, "/proc/thread-self/net/atcp");
		read_slowly(job, "/proc/thread-self/net/atcp6");
		read_slowly(job, "/proc/thread-self/net/atcp_stat");
		read_slowly(job, "/sys/module/atcp/parameters/family");
		read_slowly(job, "/sys/module/atcp/refcnt");
		sysctls(job);
		ask_for_resets(job);
		pause_up_to(job, 2000);
	}
}

static void lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		net_die("lo: %s", strerror(errno));
	close(fd);
}

static void namespaces_forever(struct job *job)
{
	long seen = 0;
	int here;

	for (;;) {
		keep_quiet(job, &seen);
		if (unshare(CLONE_NEWNET))
			net_die("unshare: %s", strerror(errno));
		lo_up();
		here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		/* TIME-WAITs, orphans or nothing stay behind. */
		if (rand_r(&job->seed) % 4)
			connection(job, here, here, "127.0.0.1", false);
		close(here);
		count(&job->done->namespaces);
		pause_up_to(job, 10000);
	}
}

/* Starts one of the above, which ends with its parent. */
static void start(const struct job *job, int seed, void (*work)(struct job *))
{
	struct job own = *job;
	pid_t pid;

	own.seed = seed;
	pid = net_fork();
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	work(&own);
	_exit(0);
}

/* --- the module --- */

static bool loaded(void)
{
	return !access("/sys/module/atcp/refcnt", F_OK);
}

static int module_file = -1;
static char module_options[32];

static int load(void)
{
	return syscall(SYS_finit_module, module_file, module_options, 0);
}

static bool unload(void *arg)
{
	struct job *job = arg;
	int fd;

	if (!syscall(SYS_delete_module, "atcp", O_NONBLOCK))
		return true;
	if (errno != EWOULDBLOCK && errno != EBUSY)
		net_die("unloading: %s", strerror(errno));
	if (counted(&job->done->busy) % 16 == 0)
		count(&job->done->hush);
	count(&job->done->busy);
	/* Orphans may not delay it, either. */
	fd = open(RESET, O_WRONLY | O_CLOEXEC);
	if (write(fd, "1", 1) != 1)
		net_die("reset_orphans: %s", strerror(errno));
	close(fd);
	return false;
}

static bool worker_died(void)
{
	int status;

	return waitpid(-1, &status, WNOHANG) > 0;
}

struct wait_for {
	const long *counter;
	long value;
};

static bool reached(void *arg)
{
	const struct wait_for *w = arg;

	return counted(w->counter) >= w->value;
}

/* Loads and unloads, and watches the other processes. */
static void rounds(struct job *job, int n)
{
	struct wait_for w = { .counter = &job->done->exchanged };
	long long deadline = net_now() + (n > FEW ? ENOUGH : ENOUGH / 3);
	int i;

	for (i = 0; i < 3; i++)
		start(job, i + 1, connect_forever);
	start(job, 10, segments_forever);
	start(job, 20, read_forever);
	start(job, 21, read_forever);
	start(job, 30, namespaces_forever);
	for (i = 0; i < n && (i < LEAST || net_now() < deadline); i++) {
		/* Every other time a connection has carried data before. */
		w.value = counted(w.counter) + 1;
		if (i % 2 && !net_until(reached, &w, PATIENCE))
			net_die("round %d: no connection", i);
		if (i % 2 == 0)
			pause_up_to(job, 3000);
		if (!net_until(unload, job, PATIENCE))
			net_die("round %d: it does not unload", i);
		pause_up_to(job, 3000);
		if (load())
			net_die("round %d: loading: %s", i, strerror(errno));
		count(&job->done->loads);
		if (worker_died())
			net_die("round %d: a process has died", i);
	}
	/* The module still works. */
	w.value = counted(w.counter) + 10;
	if (!net_until(reached, &w, PATIENCE))
		net_die("no connections after all that");
}

/* --- the test --- */

/*
 * Sets the program that a failing socket() runs to load a module: none, which is
 * faster.
 */
static void set_modprobe(const char *path)
{
	int fd = open(MODPROBE, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd >= 0 && write(fd, path, strlen(path) + 1) < 0)
		net_die(MODPROBE ": %s", strerror(errno));
	close(fd);
}

SKIP_PROGRAM_IF(stack_is_tcp() || !getenv("ATCP_KO"), "ATCP_KO does not name atcp.ko");

FIXTURE(reload)
{
	struct job job;
	char modprobe[256];	/* what MODPROBE says */
};

FIXTURE_SETUP(reload)
{
	const char *ko = getenv("ATCP_KO");
	int fd, len;

	module_file = open(ko, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, module_file);
	snprintf(module_options, sizeof(module_options), "family=%d",
		 stack_family());
	fd = open(MODPROBE, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? 0 : read(fd, self->modprobe, sizeof(self->modprobe) - 1);
	self->modprobe[len > 0 ? len : 0] = '\0';
	close(fd);

	net_open(&self->job.net);
	net_run(&self->job.net, CLIENT,
		"tc qdisc add dev v0 root netem delay 2ms 1ms");
	set_modprobe("");
	self->job.done = mmap(NULL, sizeof(*self->job.done),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->job.done);
}

FIXTURE_TEARDOWN(reload)
{
	if (module_file < 0)
		return;
	set_modprobe(self->modprobe);
	if (!loaded())
		load();
}

TEST_F_TIMEOUT(reload, under_traffic, 280)
{
	struct done *done = self->job.done;
	int n = covered_rounds(FEW, ROUNDS), status;
	pid_t pid;

	pid = net_fork();
	if (pid == 0) {
		rounds(&self->job, n);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	n = done->loads;
	EXPECT_LE(LEAST, n);
	/* Every process has used the module, and has found it missing. */
	EXPECT_LT(n / 2, done->exchanged);
	EXPECT_LT(n / 4, done->refused);
	EXPECT_LT(n, done->segments);
	EXPECT_LT(n, done->reads);
	EXPECT_LT(n / 4, done->writes);
	EXPECT_LT(n / 8, done->namespaces);
	covered_add("loads", n);
	covered_add("refused_unloads", done->busy);
	covered_add("connections", done->exchanged);
	covered_add("refused_sockets", done->refused);
	covered_add("raw_segments", done->segments);
	covered_add("reads", done->reads);
	covered_add("writes", done->writes);
	covered_add("namespaces", done->namespaces);
}

/* --- a module in use --- */

FIXTURE(busy)
{
	struct net net;
};

FIXTURE_SETUP(busy)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(busy)
{
}

/*
 * The module is not unloaded as long as there is a socket, however often that is tried.
 */
TEST_F(busy, is_not_unloaded)
{
	int keep, i, status, refused = 0;
	pid_t pid;

	keep = sock_open(&self->net, CLIENT, 0);
	pid = net_fork();
	if (pid == 0) {
		for (i = 0; i < 300; i++)
			conn_works(&self->net, PORT + i);
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		ASSERT_EQ(-1, syscall(SYS_delete_module, "atcp", O_NONBLOCK));
		ASSERT_TRUE(errno == EWOULDBLOCK || errno == EBUSY);
		refused++;
	}
	EXPECT_EQ(0, status);
	EXPECT_LT(100, refused);
	close(keep);
}

TEST_HARNESS_MAIN
