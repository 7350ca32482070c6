// SPDX-License-Identifier: GPL-2.0
/*
 * The files of net.atcp: the values that each takes, refuses and returns, for each
 * user, beside its twin net.ipv4.tcp_* in the same namespace.  Their effects are tested
 * in sysctl_effect.c and beside the feature each is about.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define OURS	"/proc/sys/net/atcp/"
#define TCPS	"/proc/sys/net/ipv4/tcp_"

/*
 * The default is not compared with the twin's: it depends on memory, or differs on
 * purpose.
 */
#define OTHER_DEFAULT	1
/* TCP keeps it in jiffies, so that a read returns a rounded value. */
#define ROUNDED		2
/* TCP has it in the first namespace alone. */
#define FIRST_ONLY	4
/* TCP does not have it at all. */
#define NO_TWIN		8
/* The most is what does not overflow in ticks. */
#define IN_TICKS	16
/* TCP takes anything in early kernels of 6.1. */
#define BOUND_LATER	32

struct file {
	const char *name;
	long long min;		/* what is taken */
	long long max;
	const char *value;	/* the default; NULL: it depends */
	int flags;
};

static const struct file files[] = {
	{ "fin_timeout", -INT_MAX, INT_MAX, "60" },
	{ "keepalive_time", -INT_MAX, INT_MAX, "7200" },
	{ "keepalive_intvl", -INT_MAX, INT_MAX, "75" },
	{ "keepalive_probes", 0, 255, "9" },
	{ "syn_linear_timeouts", 0, 127, "4" },
	{ "syn_retries", 1, 127, "7", OTHER_DEFAULT },
	{ "synack_retries", 0, 255, "5" },
	{ "retries1", 0, 255, "3" },
	{ "retries2", 0, 255, "15" },
	{ "orphan_retries", 0, 255, "0" },
	{ "rto_min_us", 1, INT_MAX, "200000" },
	{ "rto_max_ms", 1000, 120000, "120000" },
	{ "min_rtt_wlen", 0, 86400, "300" },
	{ "invalid_ratelimit", 0, INT_MAX, "500", ROUNDED },
	{ "timestamps", 0, 255, "1" },
	{ "window_scaling", 0, 255, "1" },
	{ "sack", 0, 255, "1" },
	{ "dsack", 0, 255, "1" },
	{ "recovery", 0, 255, "1" },
	{ "early_retrans", 0, 4, "3" },
	{ "frto", 0, 255, "2" },
	{ "reordering", 1, 300, "3", BOUND_LATER },
	{ "rfc1337", 0, 255, "0" },
	{ "slow_start_after_idle", 0, 255, "1" },
	{ "min_snd_mss", 48, 65535, "48" },
	{ "mtu_probing", 0, 255, "1", OTHER_DEFAULT },
	{ "base_mss", INT_MIN, INT_MAX, "1024" },
	{ "mtu_probe_floor", 48, 65535, "48" },
	{ "probe_threshold", INT_MIN, INT_MAX, "8" },
	{ "probe_interval", 0, UINT_MAX, "600", IN_TICKS },
	{ "tw_reuse", 0, 2, "2" },
	{ "tw_reuse_delay", 1, 60000, "1000" },
	{ "max_tw_buckets", INT_MIN, INT_MAX, NULL, OTHER_DEFAULT },
	{ "max_orphans", INT_MIN, INT_MAX, NULL, OTHER_DEFAULT | FIRST_ONLY },
	{ "max_syn_backlog", INT_MIN, INT_MAX, NULL, OTHER_DEFAULT },
	{ "syncookies", 0, 255, "1" },
	{ "abort_on_overflow", 0, 255, "0" },
	{ "moderate_rcvbuf", 0, 255, "1" },
	{ "notsent_lowat", 0, UINT_MAX, "4294967295" },
	{ "tolerate_missing_ts", 0, 255, "1", NO_TWIN },
	{ "time_wait", 1, 600, "60", NO_TWIN },
	{ "initial_window", 1, 1000, "10", NO_TWIN },
	{ "debug_isn", 0, UINT_MAX, "0", NO_TWIN },
};

#define FILES	(sizeof(files) / sizeof(files[0]))

/* Files with vectors and names, which have tests of their own. */
static const char *const others[] = {
	"rmem", "wmem", "congestion_control", "available_congestion_control",
	"allowed_congestion_control", "tcp_group_range",
};

/* The values tried on each file. */
static const char *const values[] = {
	"0", "1", "2", "3", "47", "48", "126", "127", "128", "255", "256",
	"600", "601", "999", "1000", "1001", "60000", "60001", "65535",
	"65536", "86400", "86401", "120000", "120001", "1000000",
	"2147483647", "2147483648", "4294967295", "4294967296",
	"18446744073709551616", "-1", "-2", "-2147483648", "-2147483649",
	"", " ", "\n", "x", "1x", "x1", "1 2", "1.5", "0x10", "010", "+1",
	"  7  ", "7\n", "--1", "-", "99999999999999999999999999999999999",
};

SKIP_PROGRAM_IF(stack_is_tcp(), "both stacks are compared anyway");

FIXTURE(sysctl)
{
	struct net net;
};

FIXTURE_SETUP(sysctl)
{
	net_open(&self->net);
	net_enter(&self->net, CLIENT);
}

FIXTURE_TEARDOWN(sysctl)
{
}

/* 0 or an errno. */
static int put(const char *dir, const char *name, const char *value)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		err = errno;
	close(fd);
	return err;
}

/* Its content without the newline; "" if it cannot be read. */
static const char *get(const char *dir, const char *name, char buf[128])
{
	char path[128];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf, 127);
		close(fd);
	}
	buf[n > 0 ? n - 1 : 0] = '\0';
	return buf;
}

static bool there(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", dir, name);
	return !access(path, F_OK);
}

static bool has_twin(const struct file *f)
{
	return !(f->flags & (NO_TWIN | FIRST_ONLY)) && there(TCPS, f->name);
}

static bool same(const struct file *f, const char *a, const char *b)
{
	if (f->flags & ROUNDED)
		return llabs(atoll(a) - atoll(b)) <= 10;
	return !strcmp(a, b);
}

/* This test knows every file. */
TEST_F(sysctl, every_file)
{
	struct dirent *d;
	DIR *dir = opendir(OURS);
	size_t i;

	ASSERT_NE(NULL, dir);
	while ((d = readdir(dir))) {
		bool known = d->d_name[0] == '.';

		for (i = 0; i < FILES; i++)
			known |= !strcmp(files[i].name, d->d_name);
		for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			known |= !strcmp(others[i], d->d_name);
		EXPECT_TRUE(known)
			TH_LOG("%s", d->d_name);
	}
	closedir(dir);
	for (i = 0; i < FILES; i++) {
		EXPECT_TRUE(there(OURS, files[i].name))
			TH_LOG("%s", files[i].name);
	}
}

TEST_F(sysctl, defaults)
{
	char ours[128], theirs[128];
	size_t i;

	for (i = 0; i < FILES; i++) {
		const struct file *f = &files[i];

		get(OURS, f->name, ours);
		if (f->value)
			EXPECT_STREQ(f->value, ours)
				TH_LOG("%s", f->name);
		if (has_twin(f) && !(f->flags & OTHER_DEFAULT))
			EXPECT_STREQ(get(TCPS, f->name, theirs), ours)
				TH_LOG("%s", f->name);
	}
	EXPECT_STREQ(get(TCPS, "rmem", theirs), get(OURS, "rmem", ours));
	EXPECT_STREQ(get(TCPS, "wmem", theirs), get(OURS, "wmem", ours));
}

/* The values that are taken and refused, the errno, and the value read back. */
TEST_F_TIMEOUT(sysctl, as_the_twin, 120)
{
	char ours[128], theirs[128];
	size_t i, j;

	for (i = 0; i < FILES; i++) {
		const struct file *f = &files[i];

		if (!has_twin(f) || (f->flags & BOUND_LATER && !put(TCPS, f->name, "0")))
			continue;
		for (j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			int ret = put(TCPS, f->name, values[j]);

			EXPECT_EQ(ret, put(OURS, f->name, values[j]))
				TH_LOG("%s = %s", f->name, values[j]);
			get(OURS, f->name, ours);
			get(TCPS, f->name, theirs);
			if (j || !(f->flags & OTHER_DEFAULT) || !ret)
				EXPECT_TRUE(same(f, ours, theirs))
					TH_LOG("%s = %s: %s, TCP %s", f->name,
					       values[j], ours, theirs);
		}
	}
}

/* Ticks of this kernel a second. */
static long long ticks(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return 1000000000 / tick.tv_nsec;
}

/* The same for those whose twin this kernel does not have. */
TEST_F(sysctl, range)
{
	char value[32], buf[128], before[128];
	size_t i;

	for (i = 0; i < FILES; i++) {
		const struct file *f = &files[i];
		bool secs = f->min == -INT_MAX;	/* counted in ticks */
		long long most = f->flags & IN_TICKS ? f->max / ticks() : f->max;

		snprintf(value, sizeof(value), "%lld", secs ? 0 : f->min);
		EXPECT_EQ(0, put(OURS, f->name, value))
			TH_LOG("%s = %s", f->name, value);
		EXPECT_STREQ(value, get(OURS, f->name, buf));
		snprintf(value, sizeof(value), "%lld", secs ? INT_MAX / 1000 : most);
		EXPECT_EQ(0, put(OURS, f->name, value))
			TH_LOG("%s = %s", f->name, value);
		EXPECT_TRUE(same(f, value, get(OURS, f->name, before)))
			TH_LOG("%s", f->name);
		EXPECT_EQ(EINVAL, put(OURS, f->name, "x"))
			TH_LOG("%s", f->name);
		if (f->flags & ROUNDED)		/* it accepts values that overflow, too */
			continue;

		snprintf(value, sizeof(value), "%lld", f->min - 1);
		EXPECT_EQ(EINVAL, put(OURS, f->name, value))
			TH_LOG("%s = %s", f->name, value);
		snprintf(value, sizeof(value), "%lld", most + 1);
		EXPECT_EQ(EINVAL, put(OURS, f->name, value))
			TH_LOG("%s = %s", f->name, value);
		EXPECT_STREQ(before, get(OURS, f->name, buf))
			TH_LOG("%s", f->name);
	}
}

TEST_F(sysctl, vectors)
{
	static const char *const name[] = { "rmem", "wmem" };
	static const char *const vec[] = {
		"4096 87380 6291456", "4096", "5000 6000", "4095 1 1",
		"1 1 1", "0 0 0", "-1 5 5", "9000 8000 7000", "1 2 3 4",
		"4096 x 5000", "8192\t8192\t8192", "2147483647 4096 4096",
		"2147483648 4096 4096", "", "x",
	};
	char ours[128], theirs[128];
	bool lax;
	size_t i, j;

	/* Some kernels let TCP go below a page, so there is nothing to compare with. */
	lax = !put(TCPS, "rmem", "4095 4095 4095");
	EXPECT_EQ(EINVAL, put(OURS, "rmem", "4095 4095 4095"));
	EXPECT_EQ(0, put(TCPS, "rmem", "4096 131072 6291456"));
	EXPECT_EQ(0, put(OURS, "rmem", "4096 131072 6291456"));

	for (i = 0; i < 2; i++) {
		for (j = 0; j < sizeof(vec) / sizeof(vec[0]); j++) {
			int first;

			if (lax && !strcmp(name[i], "rmem") &&
			    sscanf(vec[j], "%d", &first) == 1 && first < 4096)
				continue;
			EXPECT_EQ(put(TCPS, name[i], vec[j]),
				  put(OURS, name[i], vec[j]))
				TH_LOG("%s = %s", name[i], vec[j]);
			EXPECT_STREQ(get(TCPS, name[i], theirs),
				     get(OURS, name[i], ours))
				TH_LOG("%s = %s", name[i], vec[j]);
		}
	}
}

/* It is like net.ipv4.ping_group_range, whose default some systems change. */
TEST_F(sysctl, group_range)
{
	static const char *const range[] = {
		"0 0", "100 200", "200 100", "5", "", " ", "x", "7 x", "1 2 3", "-1 5", "5 -1",
		"0 2147483647", "0 4294967294", "0 4294967295", "0 4294967296",
		"0 18446744073709551616", "10\t20\n", "0x10 0x20", "1.5 2", "2147483647 2147483647",
	};
	char ours[128], theirs[128];
	size_t i;

	EXPECT_STREQ("1\t0", get(OURS, "tcp_group_range", ours));
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/", "ping_group_range", "1 0"));
	for (i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		EXPECT_EQ(put("/proc/sys/net/ipv4/", "ping_group_range", range[i]),
			  put(OURS, "tcp_group_range", range[i]))
			TH_LOG("%s", range[i]);
		EXPECT_STREQ(get("/proc/sys/net/ipv4/", "ping_group_range", theirs),
			     get(OURS, "tcp_group_range", ours))
			TH_LOG("%s", range[i]);
	}
	EXPECT_EQ(0, put(OURS, "tcp_group_range", "30 40"));
	EXPECT_EQ(EINVAL, put(OURS, "tcp_group_range", "0 x"));
	EXPECT_EQ(EINVAL, put(OURS, "tcp_group_range", "0 4294967295"));
	EXPECT_STREQ("30\t40", get(OURS, "tcp_group_range", ours));
	net_enter(&self->net, SERVER);
	EXPECT_STREQ("1\t0", get(OURS, "tcp_group_range", ours));
}

/* Enters the first namespace for a while: net_leave() takes what this returns. */
static int visit_first(void)
{
	struct net first = { .ns = { open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC) } };
	int old = net_visit(&first, CLIENT);

	close(first.ns[CLIENT]);
	return old;
}

static int mode_of(const char *dir, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	return stat(path, &st) ? -1 : st.st_mode;
}

static const char *const cc_files[] = {
	"congestion_control", "available_congestion_control", "allowed_congestion_control",
};

#define CC_FILES	(sizeof(cc_files) / sizeof(cc_files[0]))

/* Kernels that have more algorithms of TCP than these two are not compared. */
TEST_F(sysctl, congestion_control)
{
	static const char *const names[] = {
		"reno", "cubic", "nosuch", "", " ", "\n", "reno\n", "reno\ncubic", " reno", "reno ",
		"Reno", "reno cubic", "../../reno", "a/b", "cubic0123456789", "cubic0123456789abcd",
		"reno0123456789abcdefghijklmnopqrs", "c\tubic", "cubic",
	};
	char ours[128], theirs[128];
	size_t i;

	for (i = 0; i < CC_FILES; i++)
		EXPECT_EQ(mode_of(TCPS, cc_files[i]), mode_of(OURS, cc_files[i]))
			TH_LOG("cc_files[%zu]", i);
	EXPECT_STREQ("cubic", get(OURS, "congestion_control", ours));
	EXPECT_STREQ("reno cubic", get(OURS, "available_congestion_control", ours));
	EXPECT_STREQ("reno cubic", get(OURS, "allowed_congestion_control", ours));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		EXPECT_EQ(put(TCPS, "congestion_control", names[i]),
			  put(OURS, "congestion_control", names[i]))
			TH_LOG("\"%s\"", names[i]);
		EXPECT_STREQ(get(TCPS, "congestion_control", theirs),
			     get(OURS, "congestion_control", ours))
			TH_LOG("\"%s\"", names[i]);
	}
	EXPECT_EQ(ENOENT, put(OURS, "congestion_control", "nosuch"));
	/* The other namespace has its own. */
	EXPECT_EQ(0, put(OURS, "congestion_control", "reno"));
	net_enter(&self->net, SERVER);
	EXPECT_STREQ("cubic", get(OURS, "congestion_control", ours));
	/* What is the host's is the first namespace's to write. */
	for (i = 1; i < CC_FILES; i++)
		EXPECT_EQ(put(TCPS, cc_files[i], "reno"), put(OURS, cc_files[i], "reno"))
			TH_LOG("cc_files[%zu]", i);
}

/* A new namespace begins with the first one's algorithm. */
TEST_F(sysctl, congestion_control_of_a_new_namespace)
{
	static const char *const dirs[] = { OURS, TCPS };
	char before[128], buf[128];
	size_t i;

	for (i = 0; i < 2; i++) {
		int old = visit_first();
		struct net fresh;

		get(dirs[i], "congestion_control", before);
		EXPECT_EQ(0, put(dirs[i], "congestion_control", "reno"));
		net_open(&fresh);
		EXPECT_EQ(0, put(dirs[i], "congestion_control", before));
		net_enter(&fresh, CLIENT);
		EXPECT_STREQ("reno", get(dirs[i], "congestion_control", buf));
		net_leave(old);
	}
}

/* The lists that each takes, and what it allows then; restored at the end. */
TEST_F(sysctl, allowed_congestion_control)
{
	static const char *const lists[] = {
		"reno", "cubic", "cubic reno", "reno cubic", "reno nosuch", "nosuch", "", " ",
		" reno", "reno  cubic", "reno ", "reno reno", "reno,cubic", "reno\ncubic",
		"renocubic", "ren", "RENO", "reno cubic\n",
	};
	char ours[128], theirs[128], was[2][128];
	int old = visit_first();
	size_t i;

	for (i = 0; i < CC_FILES; i++)
		EXPECT_EQ(mode_of(TCPS, cc_files[i]), mode_of(OURS, cc_files[i]))
			TH_LOG("cc_files[%zu]", i);
	get(TCPS, "allowed_congestion_control", was[0]);
	get(OURS, "allowed_congestion_control", was[1]);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		EXPECT_EQ(put(TCPS, "allowed_congestion_control", lists[i]),
			  put(OURS, "allowed_congestion_control", lists[i]))
			TH_LOG("\"%s\"", lists[i]);
		EXPECT_STREQ(get(TCPS, "allowed_congestion_control", theirs),
			     get(OURS, "allowed_congestion_control", ours))
			TH_LOG("\"%s\"", lists[i]);
	}
	/* The first namespace allows what it chooses, others choose what is allowed. */
	for (i = 0; i < 2; i++) {
		const char *dir = i ? OURS : TCPS;
		char name[128];

		get(dir, "congestion_control", name);
		EXPECT_EQ(0, put(dir, "allowed_congestion_control", "reno"));
		net_leave(old);
		net_enter(&self->net, SERVER);
		EXPECT_EQ(EPERM, put(dir, "congestion_control", "cubic"));
		EXPECT_EQ(0, put(dir, "congestion_control", "reno"));
		old = visit_first();
		EXPECT_EQ(0, put(dir, "congestion_control", "cubic"));
		EXPECT_STREQ("reno cubic", get(dir, "allowed_congestion_control", ours));
		EXPECT_EQ(0, put(dir, "congestion_control", name));
		EXPECT_EQ(0, put(dir, "allowed_congestion_control", was[i]));
	}
	net_leave(old);
}

/* Each namespace has its own values; a new one begins with the defaults. */
TEST_F(sysctl, per_namespace)
{
	char before[128], buf[128], value[32];
	struct net fresh;
	size_t i;

	for (i = 0; i < FILES; i++) {
		const struct file *f = &files[i];
		long long other = f->min > 0 ? f->min : 1;

		net_enter(&self->net, SERVER);
		get(OURS, f->name, before);
		if (atoll(before) == other)
			other++;
		net_enter(&self->net, CLIENT);
		snprintf(value, sizeof(value), "%lld", other);
		EXPECT_EQ(0, put(OURS, f->name, value))
			TH_LOG("%s = %s", f->name, value);
		EXPECT_TRUE(same(f, value, get(OURS, f->name, buf)))
			TH_LOG("%s", f->name);
		net_enter(&self->net, SERVER);
		EXPECT_STREQ(before, get(OURS, f->name, buf))
			TH_LOG("%s", f->name);
		net_enter(&self->net, CLIENT);
	}
	net_open(&fresh);
	net_enter(&fresh, CLIENT);
	for (i = 0; i < FILES; i++) {
		if (!files[i].value)
			continue;
		EXPECT_STREQ(files[i].value, get(OURS, files[i].name, buf))
			TH_LOG("%s", files[i].name);
	}
}

/* Only the first namespace has net.atcp.mem, which is about the host's memory. */
TEST_F(sysctl, mem)
{
	EXPECT_FALSE(there(OURS, "mem"));
	EXPECT_FALSE(there(TCPS, "mem"));
}

/* Runs check() as nobody; returns its exit status, or -1. */
static int as_nobody(int (*check)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534) ||
		    prctl(PR_SET_DUMPABLE, 1))
			_exit(99);
		_exit(check());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* The number of files that nobody may write, or may not read. */
static int wrong_rights(void)
{
	char ours[128];
	int wrong = 0;
	size_t i;

	if (put(OURS, "tcp_group_range", "0 65534") != EACCES)
		wrong++;
	for (i = 0; i < CC_FILES; i++)
		wrong += put(OURS, cc_files[i], "reno") != EACCES;
	for (i = 0; i < FILES; i++) {
		if (put(OURS, files[i].name, "1") != EACCES ||
		    !*get(OURS, files[i].name, ours)) {
			printf("# %s\n", files[i].name);
			wrong++;
		}
	}
	return wrong;
}

TEST_F(sysctl, unprivileged)
{
	EXPECT_EQ(0, as_nobody(wrong_rights));
}

static int map_root(const char *file, const char *map)
{
	int fd = open(file, O_WRONLY), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, map, strlen(map)) < 0;
	close(fd);
	return ret;
}

/*
 * The maker of a user namespace is root in the network namespaces that it makes, with
 * the rights there that TCP's sysctls give, and nobody in all others.
 */
static int wrong_in_user_namespace(void)
{
	int wrong = 0;
	size_t i;

	if (unshare(CLONE_NEWUSER))
		return errno == EPERM || errno == ENOSPC ? 98 : 97;
	map_root("/proc/self/setgroups", "deny");
	if (map_root("/proc/self/uid_map", "0 65534 1") ||
	    map_root("/proc/self/gid_map", "0 65534 1"))
		return 96;
	wrong = wrong_rights();
	if (wrong)
		return wrong;
	if (unshare(CLONE_NEWNET))
		return 95;
	for (i = 0; i < FILES; i++) {
		const struct file *f = &files[i];
		char value[32];
		int ret;

		snprintf(value, sizeof(value), "%lld", f->min > 1 ? f->min : 1);
		ret = put(OURS, f->name, value);
		if (ret || (has_twin(f) && put(TCPS, f->name, value) != ret)) {
			printf("# %s: %s\n", f->name, strerror(ret));
			wrong++;
		}
	}
	/* What is not known is not loaded for such a one. */
	for (i = 0; i < CC_FILES; i++) {
		wrong += put(OURS, cc_files[i], "reno") != (i ? EACCES : 0);
		wrong += put(TCPS, cc_files[i], "reno") != (i ? EACCES : 0);
	}
	wrong += put(OURS, "congestion_control", "nosuch") != ENOENT;
	return wrong + there(OURS, "mem");
}

TEST_F(sysctl, user_namespace)
{
	int ret = as_nobody(wrong_in_user_namespace);

	if (ret == 98)
		SKIP(return, "no user namespaces for nobody");
	EXPECT_EQ(0, ret);
}

TEST_HARNESS_MAIN
