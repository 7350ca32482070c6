// SPDX-License-Identifier: GPL-2.0
/*
 * A congestion control that is a module of its own (modules/cc_far.c): who can choose it, who
 * makes the kernel load it, and that it stays loaded as long as somebody has it.
 *
 * ATCP_KO names atcp.ko, beside which the tests' modules are in selftests/.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/inet_diag.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/info.h"
#include "lib/net.h"

#define PORT		20000
#define MODPROBE	"/proc/sys/kernel/modprobe"
#define ALLOWED		"/proc/sys/net/atcp/allowed_congestion_control"
#define AVAILABLE	"/proc/sys/net/atcp/available_congestion_control"
#define DEFAULT		"/proc/sys/net/atcp/congestion_control"

/* --- the module --- */

/* A module beside atcp.ko. */
static const char *beside(const char *name)
{
	static char path[PATH_MAX];
	const char *atcp = getenv("ATCP_KO");
	char copy[PATH_MAX] = "";

	if (atcp)
		snprintf(copy, sizeof(copy), "%s", atcp);
	snprintf(path, sizeof(path), "%s/%s", dirname(copy), name);
	return path;
}

static const char *ko(void)
{
	return beside("selftests/cc_far.ko");
}

SKIP_PROGRAM_IF(stack_has_tcp() || access(ko(), R_OK),
		"ATCP_KO does not name atcp.ko beside selftests/cc_far.ko, or one stack is TCP");

static int load_file(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret, err;

	if (fd < 0)
		net_die("%s: %s", path, strerror(errno));
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static int load(const char *parameters)
{
	return load_file(ko(), parameters);
}

static int unload_name(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK);
}

static int unload(void)
{
	return unload_name("cc_far");
}

static bool unloaded(void *name)
{
	return !unload_name(name) || errno == ENOENT;
}

static bool unloads_name(const char *name)
{
	return net_until(unloaded, (void *)name, PATIENCE);
}

static bool unloads(void)
{
	return unloads_name("cc_far");
}

/* --- files --- */

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = errno;
	close(fd);
	return err;
}

static const char *get(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* --- sockets --- */

static int choose(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name));
}

static const char *chosen(int fd)
{
	static char name[17];
	socklen_t len = 16;

	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		net_die("TCP_CONGESTION: %s", strerror(errno));
	return name;
}

FIXTURE(congestion)
{
	struct net net;
	int first;		/* the first namespace */
	char modprobe[PATH_MAX];
	char dir[32];
};

/* Runs in the first namespace. */
static int put_first(int first, const char *path, const char *text)
{
	struct net net = { .ns = { first } };
	int old = net_visit(&net, CLIENT), err = put(path, text);

	net_leave(old);
	return err;
}

FIXTURE_SETUP(congestion)
{
	snprintf(self->modprobe, sizeof(self->modprobe), "%s", get(MODPROBE));
	snprintf(self->dir, sizeof(self->dir), "/tmp/congestion.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->first = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->first);
	net_open(&self->net);
	net_enter(&self->net, CLIENT);
	ASSERT_EQ(0, load(""));
}

FIXTURE_TEARDOWN(congestion)
{
	put(MODPROBE, self->modprobe);
	EXPECT_TRUE(unloads());
	EXPECT_EQ(0, put_first(self->first, ALLOWED, "reno cubic"));
	close(self->first);
}

/* --- the list --- */

TEST_F(congestion, listed)
{
	EXPECT_STREQ("reno cubic far", get(AVAILABLE));
	EXPECT_STREQ("reno cubic", get(ALLOWED));
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("reno cubic", get(AVAILABLE));
	ASSERT_EQ(0, load(""));
	EXPECT_STREQ("reno cubic far", get(AVAILABLE));
}

/*
 * The values of its parameter; 1 has the name of another.  Newer kernels make EBUSY of the
 * EEXIST of a module, which is theirs.
 */
TEST_F(congestion, refused)
{
	char parameters[20];
	int wrong;

	ASSERT_EQ(0, unload());
	for (wrong = 1; wrong <= 11; wrong++) {
		snprintf(parameters, sizeof(parameters), "wrong=%d", wrong);
		EXPECT_EQ(-1, load(parameters));
		EXPECT_TRUE(wrong == 1 ? errno == EEXIST || errno == EBUSY : errno == EINVAL)
			TH_LOG("%s: %s", parameters, strerror(errno));
		EXPECT_STREQ("reno cubic", get(AVAILABLE));
	}
}

/* --- who has it --- */

TEST_F(congestion, socket_holds_it)
{
	int fd = sock_open(&self->net, CLIENT, 0);

	ASSERT_EQ(0, choose(fd, "far"));
	EXPECT_STREQ("far", chosen(fd));
	FAILS(EWOULDBLOCK, unload());
	/* Once again is no second use. */
	ASSERT_EQ(0, choose(fd, "far"));
	ASSERT_EQ(0, choose(fd, "reno"));
	ASSERT_EQ(0, unload());
	FAILS(ENOENT, choose(fd, "far"));
	EXPECT_STREQ("reno", chosen(fd));
	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, choose(fd, "far"));
	close(fd);
	ASSERT_EQ(0, unload());
}

/* A connection has it that came from such a listener, by a request or a cookie. */
TEST_F(congestion, connection_holds_it)
{
	static char out[100000], in[sizeof(out)];
	int cookies, client, listener, s;

	pattern_fill(out, sizeof(out), 0);
	for (cookies = 1; cookies <= 2; cookies++) {
		if (access(AVAILABLE, R_OK) || !strstr(get(AVAILABLE), "far"))
			ASSERT_EQ(0, load(""));
		net_stack_sysctl(&self->net, SERVER, "syncookies", cookies == 1 ? "1" : "2");
		listener = sock_listen(&self->net, SERVER, PORT + cookies, 4);
		ASSERT_EQ(0, choose(listener, "far"));
		client = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT + cookies);
		s = sock_accept(listener);
		close(listener);
		EXPECT_STREQ("far", chosen(s));
		EXPECT_STREQ("cubic", chosen(client));
		FAILS(EWOULDBLOCK, unload());
		sock_send(s, out, sizeof(out));
		sock_recv(client, in, sizeof(in));
		EXPECT_EQ(0, memcmp(out, in, sizeof(in)));
		close(client);
		sock_recv_end(s);
		FAILS(EWOULDBLOCK, unload());
		close(s);
		EXPECT_TRUE(unloads());
	}
}

/* BBR paces from its first byte on, and tells of itself as the kernel's does. */
TEST_F(congestion, bbr)
{
	static char out[400000], in[sizeof(out)];
	struct tcp_bbr_info info;
	socklen_t len = sizeof(info);
	int client, listener, s;
	struct info i;

	ASSERT_EQ(0, load_file(beside("atcp_cc_bbr.ko"), ""));
	listener = sock_listen(&self->net, SERVER, PORT, 4);
	ASSERT_EQ(0, choose(listener, "bbr"));
	client = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	s = sock_accept(listener);
	close(listener);
	EXPECT_STREQ("bbr", chosen(s));
	FAILS(EWOULDBLOCK, unload_name("atcp_cc_bbr"));
	pattern_fill(out, sizeof(out), 0);
	sock_send(s, out, sizeof(out));
	sock_recv(client, in, sizeof(in));
	EXPECT_EQ(0, memcmp(out, in, sizeof(in)));
	ASSERT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	EXPECT_EQ(20, len);
	EXPECT_LT(0, info.bbr_bw_lo | info.bbr_bw_hi);
	EXPECT_LE(128, info.bbr_pacing_gain);
	EXPECT_LE(128, info.bbr_cwnd_gain);
	ASSERT_LT(0, info_get(s, &i));
	EXPECT_NE(~0ULL, i.pacing_rate);
	EXPECT_LT(0, i.pacing_rate);
	/* Another algorithm paces as it likes, and tells what it has. */
	ASSERT_EQ(0, choose(s, "cubic"));
	len = sizeof(info);
	ASSERT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	EXPECT_EQ(0, len);
	close(client);
	sock_recv_end(s);
	close(s);
	EXPECT_TRUE(unloads_name("atcp_cc_bbr"));
}

/* It comes, goes and comes again while data is under way. */
TEST_F(congestion, in_flight)
{
	static const char *const names[] = { "far", "reno", "far", "cubic" };
	static char out[200000], in[sizeof(out)];
	size_t sent = 0, got = 0, n;
	struct conn c;

	conn_open(&self->net, PORT, &c);
	pattern_fill(out, sizeof(out), 0);
	sock_nonblock(c.end[CLIENT], true);
	sock_nonblock(c.end[SERVER], true);
	for (n = 0; got < sizeof(in); n++) {
		size_t left = sizeof(out) - sent;
		ssize_t r = send(c.end[CLIENT], out + sent, left / 8 + !!left, 0);

		sent += r > 0 ? r : 0;
		ASSERT_EQ(0, choose(c.end[CLIENT], names[n % 4]));
		ASSERT_TRUE(sock_wait(c.end[SERVER], POLLIN, PATIENCE));
		r = recv(c.end[SERVER], in + got, sizeof(in) - got, 0);
		got += r > 0 ? r : 0;
	}
	EXPECT_EQ(0, memcmp(out, in, sizeof(in)));
	EXPECT_LT(4, n);
	conn_close(&c);
}

/* An orphan has it until it ends; a TIME-WAIT does not. */
TEST_F(congestion, orphan_holds_it)
{
	static char block[300000];
	struct conn c;

	conn_open(&self->net, PORT, &c);
	ASSERT_EQ(0, choose(c.end[CLIENT], "far"));
	sock_set(c.end[SERVER], SOL_SOCKET, SO_RCVBUF, 4096);
	sock_set(c.end[CLIENT], SOL_SOCKET, SO_SNDBUF, 2 * sizeof(block));
	sock_nonblock(c.end[CLIENT], true);
	while (send(c.end[CLIENT], block, sizeof(block), 0) > 0)
		;
	close(c.end[CLIENT]);
	FAILS(EWOULDBLOCK, unload());
	while (recv(c.end[SERVER], block, sizeof(block), 0) > 0)
		;
	close(c.end[SERVER]);
	EXPECT_TRUE(unloads());
	close(c.listener);
}

/* A socket that disconnects keeps it. */
TEST_F(congestion, disconnected)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct conn c;
	int i;

	conn_open(&self->net, PORT, &c);
	ASSERT_EQ(0, choose(c.end[CLIENT], "far"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, connect(c.end[CLIENT], &nowhere, sizeof(nowhere)));
		EXPECT_STREQ("far", chosen(c.end[CLIENT]));
		FAILS(EWOULDBLOCK, unload());
		close(c.end[SERVER]);
		ASSERT_EQ(0, addr_connect(c.end[CLIENT], addr_side(&self->net, SERVER, PORT)));
		c.end[SERVER] = sock_accept(c.listener);
		sock_send(c.end[CLIENT], "x", 1);
		EXPECT_TRUE(sock_wait(c.end[SERVER], POLLIN, PATIENCE));
	}
	conn_close(&c);
}

/* --- defaults --- */

TEST_F(congestion, namespace_holds_it)
{
	struct net fresh;
	int fd;

	/* It is not allowed yet, and another namespace than the first cannot change that. */
	EXPECT_EQ(EPERM, put(DEFAULT, "far"));
	EXPECT_STREQ("cubic", get(DEFAULT));
	EXPECT_EQ(0, put_first(self->first, DEFAULT, "far"));
	EXPECT_STREQ("reno cubic far", get(ALLOWED));
	FAILS(EWOULDBLOCK, unload());
	net_open(&fresh);
	EXPECT_EQ(0, put_first(self->first, DEFAULT, "cubic"));
	net_enter(&fresh, CLIENT);
	EXPECT_STREQ("far", get(DEFAULT));
	FAILS(EWOULDBLOCK, unload());
	fd = sock_open(&fresh, CLIENT, 0);
	EXPECT_STREQ("far", chosen(fd));
	conn_works(&fresh, PORT);
	EXPECT_EQ(0, put(DEFAULT, "reno"));
	net_enter(&fresh, SERVER);
	EXPECT_EQ(0, put(DEFAULT, "reno"));
	FAILS(EWOULDBLOCK, unload());
	close(fd);
	EXPECT_TRUE(unloads());
}

/* With the namespace its default goes. */
TEST_F(congestion, namespace_ends)
{
	int status;
	pid_t pid;

	EXPECT_EQ(0, put_first(self->first, ALLOWED, "reno cubic far"));
	pid = net_fork();
	if (!pid)
		_exit(unshare(CLONE_NEWNET) ? errno : put(DEFAULT, "far"));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(unloads());
}

/* --- who may have it --- */

#define NO_NAMESPACE	98	/* where tests run in a chroot, nobody may make a user namespace */

/* The errno of TCP_CONGESTION for nobody, or for a user namespace's root; or NO_NAMESPACE. */
static int choose_without_rights(int fd, const char *name, bool root)
{
	int status = -1;
	pid_t pid = net_fork();

	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(99);
		if (root && unshare(CLONE_NEWUSER | CLONE_NEWNET))
			_exit(NO_NAMESPACE);
		if (root) {
			fd = socket(stack_family(), SOCK_STREAM, stack_is_ipv6() ? KIND_IPV6 : 0);
			if (fd < 0)
				_exit(97);
		}
		_exit(choose(fd, name) ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

TEST_F(congestion, needs_a_right)
{
	int fd = sock_open(&self->net, CLIENT, 0);

	EXPECT_EQ(EPERM, choose_without_rights(fd, "far", false));
	EXPECT_STREQ("cubic", chosen(fd));
	EXPECT_EQ(0, put_first(self->first, ALLOWED, "reno cubic far"));
	EXPECT_EQ(0, choose_without_rights(fd, "far", false));
	EXPECT_STREQ("far", chosen(fd));
	close(fd);
}

/* --- loading --- */

/* Has modprobe write its arguments to a file, and load the module if that was asked for. */
static void fake_modprobe(const char *dir, char *log, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(log, size, "%s/log", dir);
	snprintf(path, sizeof(path), "%s/modprobe", dir);
	f = fopen(path, "w");
	if (!f)
		net_die("%s: %s", path, strerror(errno));
	fprintf(f, "#!/bin/sh\nfor name; do :; done\necho \"$name\" >>%s\n"
		"[ \"$name\" != atcp-cc-far ] || /sbin/insmod %s\n", log, ko());
	fclose(f);
	if (chmod(path, 0755) || put(MODPROBE, path))
		net_die("%s: %s", path, strerror(errno));
}

static void asked(struct __test_metadata *_metadata, const char *log, const char *name)
{
	EXPECT_STREQ(name, get(log));
	unlink(log);
}

TEST_F(congestion, loaded_on_demand)
{
	static const char *const bad[] = {
		"Far", "far.", "f/r", "../far", "far far", "far\n", "\xc3\xa4",
	};
	int fd = sock_open(&self->net, CLIENT, 0);
	char log[64];
	size_t i;

	ASSERT_EQ(0, unload());
	fake_modprobe(self->dir, log, sizeof(log));
	/* Nobody, and the root of a user namespace, have nothing loaded. */
	EXPECT_EQ(ENOENT, choose_without_rights(fd, "far", false));
	asked(_metadata, log, "");
	if (!stack_on_tcp()) {
		int err = choose_without_rights(fd, "far", true);

		if (err != NO_NAMESPACE)
			EXPECT_EQ(ENOENT, err);
		asked(_metadata, log, "");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FAILS(ENOENT, choose(fd, bad[i]));
		asked(_metadata, log, "");
	}
	FAILS(ENOENT, choose(fd, "a-b_0123456789c"));
	asked(_metadata, log, "atcp-cc-a-b_0123456789c");
	/* Of a longer name the first 15 bytes count, as of every name. */
	FAILS(ENOENT, choose(fd, "a-b_0123456789cd"));
	asked(_metadata, log, "atcp-cc-a-b_0123456789c");
	ASSERT_EQ(0, choose(fd, "far"));
	asked(_metadata, log, "atcp-cc-far");
	EXPECT_STREQ("far", chosen(fd));
	/* It is there by now. */
	ASSERT_EQ(0, choose(fd, "reno"));
	ASSERT_EQ(0, choose(fd, "far"));
	asked(_metadata, log, "");
	close(fd);
	EXPECT_TRUE(unloads());
	/* The sysctl asks as well. */
	EXPECT_EQ(ENOENT, put(DEFAULT, "nosuch"));
	asked(_metadata, log, "atcp-cc-nosuch");
	EXPECT_EQ(EPERM, put(DEFAULT, "far"));
	asked(_metadata, log, "atcp-cc-far");
	EXPECT_STREQ("reno cubic far", get(AVAILABLE));
}

TEST_HARNESS_MAIN
