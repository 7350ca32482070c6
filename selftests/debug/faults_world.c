// SPDX-License-Identifier: GPL-2.0
/*
 * Every failure outside of connections: creating sockets, creating network
 * namespaces, loading the module, sysctls, tracepoints.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../kselftest_harness.h"
#include "../lib/covered.h"
#include "../lib/net.h"
#include "lib/fault.h"

#define MANY	100000
#define TRACING	"/sys/kernel/tracing"

static bool sensible(int err)
{
	return err == ENOMEM || err == ENOBUFS || err == EFAULT ||
	       err == EAGAIN || err == ENFILE;
}

static void covered_faults(int n)
{
	covered_add("faults", n);
	covered_add("calls", 1);
}

SKIP_PROGRAM_IF(stack_is_tcp() || !fault_begin(),
		"atcp's alone, on a kernel with fault injection");

FIXTURE(faults)
{
	int ns;			/* the namespace in which the test began */
};

FIXTURE_SETUP(faults)
{
	ASSERT_TRUE(fault_begin());
	self->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->ns);
}

FIXTURE_TEARDOWN(faults)
{
}

/* --- socket() --- */

TEST_F(faults, of_socket)
{
	int kind, n, fd, err;
	bool used;

	for (kind = 0; kind < 2; kind++) {
		for (n = 1, used = true; used; n++) {
			fault_arm(n);
			fd = socket(stack_family(), SOCK_STREAM | SOCK_CLOEXEC,
				    kind ? KIND_IPV6 : 0);
			err = errno;
			used = fault_used();
			if (fd < 0 && !sensible(err))
				net_die("socket, fault %d: %s", n, strerror(err));
			if (fd >= 0)
				close(fd);
		}
		covered_faults(n - 2);
	}
}

/* --- namespaces --- */

/* The number of calls that can fail when a namespace is made. */
static int namespace_faults(int ns)
{
	unsigned int left;

	fault_arm(MANY);
	if (unshare(CLONE_NEWNET))
		net_die("unshare: %s", strerror(errno));
	left = fault_left();
	setns(ns, CLONE_NEWNET);
	return MANY - left;
}

static void module_remove(void)
{
	long long deadline = net_now() + PATIENCE;

	while (syscall(SYS_delete_module, "atcp", O_NONBLOCK)) {
		if (errno == ENOENT)
			return;
		if (net_now() > deadline)
			net_die("delete_module: %s", strerror(errno));
		usleep(10000);
	}
}

static long module_insert(int file)
{
	char options[32];

	snprintf(options, sizeof(options), "family=%d", AF_ATCP_DEFAULT);
	return syscall(SYS_finit_module, file, options, 0);
}

/*
 * The number of calls that can fail in loading before the module's init function.
 * These are the calls until a parameter is refused (the most of six attempts), and
 * about 40 more, in which the kernel makes the module's files.
 */
static int faults_before_init(int file)
{
	int i, n, most = 0;
	long ret;

	for (i = 0; i < 6; i++) {
		fault_arm(MANY);
		ret = syscall(SYS_finit_module, file, "reset_orphans=perhaps", 0);
		n = MANY - fault_left();
		if (!ret || errno != EINVAL)
			net_die("a parameter that is none was taken");
		if (n > most)
			most = n;
		if (module_insert(file))
			net_die("finit_module: %s", strerror(errno));
		module_remove();
	}
	return most + 40;
}

/* The module was registered last, so its part of a namespace is made last. */
TEST_F_TIMEOUT(faults, of_a_namespace, 300)
{
	const char *ko = getenv("ATCP_KO");
	int all, others, n, fd, file, made = 0, refused = 0;

	if (!ko)
		SKIP(return, "ATCP_KO does not name atcp.ko");
	file = open(ko, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	module_remove();
	others = namespace_faults(self->ns);
	ASSERT_EQ(0, module_insert(file));
	all = namespace_faults(self->ns);
	/* The number of the kernel's own calls varies. */
	n = others - (all - others) - 20;
	for (n = n < 1 ? 1 : n; ; n++) {
		unsigned int left;
		int ret, err;

		fault_arm(n);
		ret = unshare(CLONE_NEWNET);
		err = errno;
		left = fault_left();
		if (ret && !sensible(err))
			net_die("unshare, fault %d: %s", n, strerror(err));
		if (!ret) {
			/* The namespace works. */
			fd = socket(stack_family(), SOCK_STREAM, stack_kind());
			if (fd < 0)
				net_die("unshare, fault %d: no sockets there: %s",
					n, strerror(errno));
			close(fd);
			if (access("/proc/sys/net/atcp/sack", R_OK) ||
			    access("/proc/thread-self/net/atcp_stat", R_OK))
				net_die("unshare, fault %d: files are missing", n);
			made++;
		} else {
			refused++;
		}
		ASSERT_EQ(0, setns(self->ns, CLONE_NEWNET));
		if (left)
			break;
	}
	fprintf(stderr, "# %d places to fail, %d of them atcp's: %d namespaces made, %d refused\n",
		all, all - others, made, refused);
	covered_faults(made + refused - 1);
	ASSERT_LT(0, refused);
}

/* --- the module --- */

TEST_F_TIMEOUT(faults, of_loading_the_module, 300)
{
	const char *ko = getenv("ATCP_KO");
	int file, n, first, refused = 0;
	unsigned int left = 0;
	long ret;

	if (!ko)
		SKIP(return, "ATCP_KO does not name atcp.ko");
	file = open(ko, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	module_remove();
	/* Earlier failures are in the kernel's own code, which warns of them. */
	first = faults_before_init(file);
	for (n = first; !left; n++) {
		fault_arm(n);
		ret = module_insert(file);
		if (ret && !sensible(errno) && errno != EBUSY)
			net_die("finit_module, fault %d: %s", n, strerror(errno));
		left = fault_left();
		if (ret)
			refused++;
		else
			module_remove();
	}
	fprintf(stderr, "# %d places to fail from %d on, %d times refused\n",
		n - first - 1, first, refused);
	covered_faults(n - first - 1);
	ASSERT_EQ(0, module_insert(file));
	ASSERT_LT(0, refused);
}

/* --- files --- */

/* Writes value to a file, or reads it if value is NULL; returns 0 or a negative errno. */
static int use(const char *path, const char *value)
{
	char buf[4096];
	int fd = open(path, (value ? O_WRONLY : O_RDONLY) | O_CLOEXEC), err;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = value ? write(fd, value, strlen(value)) : read(fd, buf, sizeof(buf));
	err = errno;
	close(fd);
	return n < 0 ? -err : 0;
}

/* Makes every fault of use(); after each the call is repeated. */
static int every_use(const char *path, const char *value)
{
	int n, ret;
	bool used = true;

	for (n = 1; used; n++) {
		fault_arm(n);
		ret = use(path, value);
		used = fault_used();
		if (ret && !sensible(-ret))
			net_die("%s, fault %d: %s", path, n, strerror(-ret));
		ret = use(path, value);
		if (ret)
			net_die("%s, after fault %d: %s", path, n,
				strerror(-ret));
	}
	return n - 2;
}

static void read_line(const char *path, char *line, int room)
{
	FILE *f = fopen(path, "re");

	if (!f || !fgets(line, room, f))
		net_die("%s: %s", path, strerror(errno));
	fclose(f);
}

TEST_F_TIMEOUT(faults, of_sysctls, 120)
{
	char path[PATH_MAX], line[256], now[256];
	struct net net;
	struct dirent *d;
	DIR *dir;
	int faults = 0;

	net_open(&net);
	net_enter(&net, CLIENT);
	dir = opendir("/proc/sys/net/atcp");
	ASSERT_NE(NULL, dir);
	while ((d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/sys/net/atcp/%s", d->d_name);
		if (d->d_name[0] == '.')
			continue;
		faults += every_use(path, NULL);
		if (access(path, W_OK) || !strcmp(d->d_name, "debug_isn"))
			continue;
		read_line(path, line, sizeof(line));
		if (!strncmp(d->d_name, "available", 9))
			continue;
		faults += every_use(path, line);
		read_line(path, now, sizeof(now));
		if (strcmp(line, now))
			net_die("%s: %s instead of %s", path, now, line);
	}
	closedir(dir);
	faults += every_use("/sys/module/atcp/parameters/reset_orphans", "1");
	faults += every_use("/sys/module/atcp/parameters/family", NULL);
	covered_faults(faults);
}

/* --- tracepoints --- */

TEST_F_TIMEOUT(faults, of_tracepoints, 120)
{
	static const char *const events[] = {
		"atcp_drop", "atcp_listen", "atcp_mtu", "atcp_rcv", "atcp_recovery",
		"atcp_retransmit", "atcp_snd", "atcp_state",
	};
	char path[PATH_MAX];
	struct conn c;
	struct net net;
	int faults = 0;
	size_t i;

	if (access(TRACING "/instances", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "/events/atcp", F_OK))
		SKIP(return, "no tracefs");
	net_open(&net);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		snprintf(path, sizeof(path), TRACING "/events/atcp/%s/enable",
			 events[i]);
		faults += every_use(path, "1");
		snprintf(path, sizeof(path), TRACING "/events/atcp/%s/filter",
			 events[i]);
		faults += every_use(path, "sport == 1");
		faults += every_use(path, "0");
		snprintf(path, sizeof(path), TRACING "/events/atcp/%s/format",
			 events[i]);
		faults += every_use(path, NULL);
	}
	/* The tracepoints work. */
	conn_open(&net, 20000, &c);
	conn_close(&c);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		snprintf(path, sizeof(path), TRACING "/events/atcp/%s/enable",
			 events[i]);
		faults += every_use(path, "0");
	}
	use(TRACING "/trace", "\n");
	covered_faults(faults);
}

TEST_HARNESS_MAIN
