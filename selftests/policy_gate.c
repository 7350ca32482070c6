// SPDX-License-Identifier: GPL-2.0
/*
 * Who may make sockets that are TCP on the wire (net.atcp.tcp_group_range), by each way
 * to make one.  Until somebody has, the namespace is left alone.  The sysctl's values
 * are tested beside its twin in sysctl_files.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define PORT	20000
#define RANGE	"net/atcp/tcp_group_range"
#define SECOND	254	/* IPPROTO_ATCP_TCP of module/uapi/atcp.h */
#define NOBODY	65534
#define ALL	0xf	/* every bit of made() */

/* The result that a child writes. */
static int *answer;

SKIP_PROGRAM_IF(stack_is_tcp(), "the kernel's TCP is for everybody");

FIXTURE(gate)
{
	struct net net;
};

FIXTURE_SETUP(gate)
{
	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (answer == MAP_FAILED)
		net_die("mmap: %s", strerror(errno));
	net_open(&self->net);
	net_enter(&self->net, CLIENT);
}

FIXTURE_TEARDOWN(gate)
{
}

/*
 * The ways to a socket over the carrier TCP, a bit for each that is open.  A closed way
 * gives EACCES, and the other carrier is open to all; else the result is negative.
 */
static int made(void)
{
	const int way[][3] = {
		{ stack_family(), IPPROTO_TCP, 0 },
		{ stack_family(), IPPROTO_TCP | KIND_IPV6, KIND_IPV6 },
		{ AF_INET, SECOND, PROTO_ATCP },
		{ AF_INET6, SECOND, PROTO_ATCP },
	};
	int i, fd, open = 0;

	for (i = 0; i < 4; i++) {
		fd = socket(way[i][0], SOCK_STREAM, way[i][1]);
		if (fd < 0 && errno != EACCES)
			return -errno;
		open |= (fd >= 0) << i;
		close(fd);
		fd = socket(way[i][0], SOCK_STREAM, way[i][2]);
		if (fd < 0)
			return -1000 - errno;
		close(fd);
	}
	return open;
}

static void become(gid_t group, int more, const gid_t *groups)
{
	if (setgroups(more, groups) || setgid(group) || setuid(NOBODY))
		net_die("becoming nobody: %s", strerror(errno));
	prctl(PR_SET_DUMPABLE, 1);
}

/* Runs in a child, and ends it with the result. */
#define IN_CHILD(statements) ({						\
	pid_t child;							\
	int how = -1;							\
									\
	fflush(NULL);							\
	*answer = -9999;						\
	child = fork();							\
	if (!child) {							\
		statements						\
		_exit(0);						\
	}								\
	if (waitpid(child, &how, 0) != child || how)			\
		net_die("a child ended with status %#x", how);		\
	*answer;							\
})

/* The sockets that members of @group, and of @more if not 0, may make. */
static int made_by(gid_t group, gid_t more)
{
	return IN_CHILD({
		become(group, !!more, &more);
		*answer = made();
	});
}

/* In a new namespace only its owner may make them. */
TEST_F(gate, closed)
{
	struct net fresh;

	EXPECT_EQ(ALL, made());
	EXPECT_EQ(0, made_by(NOBODY, 0));
	EXPECT_EQ(0, made_by(0, 0));
	EXPECT_EQ(0, made_by(1, 0));
	net_sysctl(&self->net, CLIENT, RANGE, "0 4294967294");
	EXPECT_EQ(ALL, made_by(NOBODY, 0));
	net_enter(&self->net, SERVER);
	EXPECT_EQ(0, made_by(NOBODY, 0));
	net_enter(&self->net, CLIENT);
	net_open(&fresh);
	net_enter(&fresh, CLIENT);
	EXPECT_EQ(0, made_by(NOBODY, 0));
	net_enter(&self->net, CLIENT);
	EXPECT_EQ(ALL, made_by(NOBODY, 0));
}

/* The effective group counts, and every supplementary one. */
TEST_F(gate, groups)
{
	gid_t many[] = { 5, 300, 7 };

	net_sysctl(&self->net, CLIENT, RANGE, "100 200");
	EXPECT_EQ(0, made_by(99, 0));
	EXPECT_EQ(ALL, made_by(100, 0));
	EXPECT_EQ(ALL, made_by(200, 0));
	EXPECT_EQ(0, made_by(201, 0));
	EXPECT_EQ(0, made_by(NOBODY, 99));
	EXPECT_EQ(ALL, made_by(NOBODY, 150));
	EXPECT_EQ(0, made_by(NOBODY, 201));
	net_sysctl(&self->net, CLIENT, RANGE, "300 300");
	EXPECT_EQ(ALL, IN_CHILD({
		become(1, 3, many);
		*answer = made();
	}));
	/* The real group does not count. */
	EXPECT_EQ(0, IN_CHILD({
		if (setgroups(0, NULL) || setresgid(300, 1, 300) || setuid(NOBODY))
			net_die("setresgid: %s", strerror(errno));
		*answer = made();
	}));
	net_sysctl(&self->net, CLIENT, RANGE, "1 0");
	EXPECT_EQ(0, IN_CHILD({
		become(1, 3, many);
		*answer = made();
	}));
}

/* Gives up all capabilities but this one, or -1. */
static void keep_capability(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (cap >= 0) {
		data[cap / 32].effective = 1U << cap % 32;
		data[cap / 32].permitted = 1U << cap % 32;
	}
	if (syscall(SYS_capset, &head, data))
		net_die("capset: %s", strerror(errno));
}

/* The capability alone allows it, for any user, and no other capability does. */
TEST_F(gate, capability)
{
	EXPECT_EQ(0, IN_CHILD({ keep_capability(-1); *answer = made(); }));
	EXPECT_EQ(0, IN_CHILD({ keep_capability(CAP_NET_RAW); *answer = made(); }));
	EXPECT_EQ(ALL, IN_CHILD({ keep_capability(CAP_NET_ADMIN); *answer = made(); }));
	EXPECT_EQ(ALL, IN_CHILD({
		prctl(PR_SET_KEEPCAPS, 1);
		become(NOBODY, 0, NULL);
		keep_capability(CAP_NET_ADMIN);
		*answer = made();
	}));
	net_sysctl(&self->net, CLIENT, RANGE, "0 0");
	EXPECT_EQ(ALL, IN_CHILD({ keep_capability(-1); *answer = made(); }));
}

static void map(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		net_die("%s: %s", file, strerror(errno));
	close(fd);
}

static void read_range(char text[64])
{
	int fd = open("/proc/sys/" RANGE, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, 63);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* Makes this process root, without groups, in a user namespace of its own. */
static bool user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		return false;
	map("/proc/self/setgroups", "deny");
	map("/proc/self/uid_map", "0 65534 1");
	map("/proc/self/gid_map", "0 65534 1");
	return true;
}

#define NO_USER_NAMESPACES	-7777

/*
 * Root of a user namespace has root's rights in the network namespaces that it makes,
 * and no rights in the one it came from.
 */
TEST_F(gate, user_namespace)
{
	char text[64];
	int here;

	here = IN_CHILD({
		become(NOBODY, 0, NULL);
		*answer = user_namespace() ? made() : NO_USER_NAMESPACES;
	});
	if (here == NO_USER_NAMESPACES)
		SKIP(return, "no user namespaces for nobody");
	EXPECT_EQ(0, here);
	EXPECT_EQ(ALL, IN_CHILD({
		become(NOBODY, 0, NULL);
		*answer = user_namespace() && !unshare(CLONE_NEWNET) ? made() : -1;
	}));
	/*
	 * The new namespace refuses as well; group numbers are those of its user
	 * namespace, where 0 is nobody's group.
	 */
	EXPECT_EQ(0, IN_CHILD({
		become(NOBODY, 0, NULL);
		if (!user_namespace() || unshare(CLONE_NEWNET))
			net_die("unshare: %s", strerror(errno));
		keep_capability(-1);
		*answer = made();
	}));
	EXPECT_EQ(ALL, IN_CHILD({
		become(NOBODY, 0, NULL);
		if (!user_namespace() || unshare(CLONE_NEWNET))
			net_die("unshare: %s", strerror(errno));
		map("/proc/sys/" RANGE, "0 0");
		read_range(text);
		keep_capability(-1);
		*answer = strcmp(text, "0\t0\n") ? -1 : made();
	}));
	/* A group without a mapping cannot be allowed. */
	EXPECT_EQ(EINVAL, IN_CHILD({
		int fd;

		become(NOBODY, 0, NULL);
		if (!user_namespace() || unshare(CLONE_NEWNET))
			net_die("unshare: %s", strerror(errno));
		fd = open("/proc/sys/" RANGE, O_WRONLY);
		*answer = write(fd, "0 1", 3) < 0 ? errno : 0;
	}));
}

/* Existing sockets, and what they accept, can be used by any holder. */
TEST_F(gate, sockets_keep)
{
	int l[2], c[2], i;

	for (i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET, server = net_visit(&self->net, SERVER);
		const char *ip = i ? "fd00::2" : "10.0.0.2";

		l[i] = socket(family, SOCK_STREAM, SECOND);
		ASSERT_EQ(0, addr_bind(l[i], addr_of(ip, PORT)));
		ASSERT_EQ(0, listen(l[i], 4));
		net_leave(server);
		c[i] = socket(family, SOCK_STREAM, SECOND);
		EXPECT_EQ(0, IN_CHILD({
			char byte = 'x';
			int s;

			become(NOBODY, 0, NULL);
			if (made() || addr_connect(c[i], addr_of(ip, PORT)))
				net_die("nobody with a socket: %s", strerror(errno));
			s = sock_accept(l[i]);
			sock_send(c[i], &byte, 1);
			sock_recv(s, &byte, 1);
			*answer = 0;
		}));
		EXPECT_EQ(0, made_by(NOBODY, 0));
	}
}

/* References on the kernel module that defragments IPv6; -1: it is built in. */
static int defrag_users(void)
{
	FILE *f = fopen("/proc/modules", "re");
	char line[512];
	int users = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		sscanf(line, "nf_defrag_ipv6 %*d %d", &users);
	fclose(f);
	if (!users && !system("grep -q '\\bnf_defrag_ipv6_enable$' /proc/kallsyms") &&
	    system("grep -q '^nf_defrag_ipv6 ' /proc/modules"))
		return -1;
	return users;
}

/* A refused socket loads nothing, and IPv4 does not load what IPv6 needs. */
TEST_F(gate, nothing_before)
{
	int before = defrag_users(), fd;

	if (before < 0)
		SKIP(return, "nf_defrag_ipv6 is built in");
	EXPECT_EQ(0, made_by(NOBODY, 0));
	EXPECT_EQ(before, defrag_users());
	fd = socket(AF_INET, SOCK_STREAM, SECOND);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(before, defrag_users());
	/* It stays until the namespace goes. */
	fd = socket(AF_INET6, SOCK_STREAM, SECOND);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(before + 1, defrag_users());
}

TEST_HARNESS_MAIN
