// SPDX-License-Identifier: GPL-2.0
/*
 * What the host's owner may set or do at any time, while connections are at
 * work: every sysctl at its ends, memory cgroups, the module's unloading.
 */
#define _GNU_SOURCE
#include <dirent.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define PORT	20000
#define LEN	20000

FIXTURE(limits)
{
	struct net net;
};

FIXTURE_SETUP(limits)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(limits)
{
}

/* Sends so much one way over a connection that is there; what: for the log. */
static void carries(const struct conn *c, const char *what)
{
	static char out[LEN], in[LEN];
	size_t sent = 0, got = 0;
	ssize_t n;

	pattern_fill(out, LEN, c->port);
	while (got < LEN) {
		n = send(c->end[CLIENT], out + sent, LEN - sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			net_die("%s: send: %s", what, strerror(errno));
		if (n > 0)
			sent += n;
		if (!sock_wait(c->end[SERVER], POLLIN, PATIENCE))
			net_die("%s: %zu of %zu bytes came", what, got,
				sent);
		n = recv(c->end[SERVER], in + got, LEN - got, MSG_DONTWAIT);
		if (n > 0)
			got += n;
	}
	if (pattern_check(in, LEN, c->port) != LEN)
		net_die("%s: wrong bytes", what);
}

static ssize_t file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n;
}

static bool file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

/* With the knob so set, an old and a new connection both still work. */
static void try_value(const struct net *net, const char *path,
		      const char *value, const struct conn *old)
{
	char what[1024];
	struct conn c;

	if (file_write(path, value) < 0)
		return;
	snprintf(what, sizeof(what), "%s %s", path, value);
	carries(old, what);
	conn_open(net, PORT + 1, &c);
	carries(&c, what);
	conn_close(&c);
}

/*
 * Every knob at whatever it takes of the least, the greatest and what lies
 * beyond.
 */
TEST_F_TIMEOUT(limits, sysctls_at_their_ends, 250)
{
	static const char *const values[] = {
		"0", "1", "2", "-1", "127", "255", "600", "3600", "32767",
		"65535", "4194304", "120000", "2147483647", "4294967295",
		"18446744073709551615", "", "x", "1 2 3", "0 0 0",
		"2048 2048 2048", "4096 131072 2147483647",
		"2147483647 2147483647 2147483647",
	};
	const char *dir = stack_is_tcp() ? "/proc/sys/net/ipv4" :
					   "/proc/sys/net/atcp";
	char path[512], was[128];
	struct dirent *entry;
	struct conn old;
	size_t i;
	DIR *d;

	net_enter(&self->net, CLIENT);
	conn_open(&self->net, PORT, &old);
	d = opendir(dir);
	ASSERT_NE(NULL, d);
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] == '.' || access(path, W_OK) ||
		    (stack_is_tcp() && strncmp(entry->d_name, "tcp_", 4)))
			continue;
		/* These two can forbid to send anything, and then do. */
		if (strstr(entry->d_name, "min_snd_mss") ||
		    strstr(entry->d_name, "notsent_lowat"))
			continue;
		ASSERT_TRUE(file_read(path, was, sizeof(was)));
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			try_value(&self->net, path, values[i], &old);
		ASSERT_LT(0, file_write(path, was));
	}
	closedir(d);
	conn_close(&old);
}

/* --- memory cgroups --- */

#define CGROUP	"/atcp-limits"

/* The "sock" row of memory.stat, bytes; -1 without one. */
static long charged(const char *group)
{
	char path[256], line[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.stat", group);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "sock %ld", &value) == 1)
			break;
	if (f)
		fclose(f);
	return value;
}

static bool nothing_charged(void *group)
{
	return charged(group) == 0;
}

/* What a connection holds is on its program's account, until it lets go. */
TEST_F(limits, memory_cgroup)
{
	char top[] = "/tmp/atcp-cgroup-XXXXXX", group[64], path[96];
	static char buf[65536];
	int go[2], done[2], fd;
	struct conn c;
	pid_t pid;
	char byte;

	ASSERT_NE(NULL, mkdtemp(top));
	if (mount("none", top, "cgroup2", 0, NULL)) {
		rmdir(top);
		SKIP(return, "no cgroup2");
	}
	snprintf(group, sizeof(group), "%s%s", top, CGROUP);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", top);
	file_write(path, "+memory");
	if (mkdir(group, 0700) || charged(group) < 0) {
		rmdir(group);
		umount2(top, MNT_DETACH);
		rmdir(top);
		SKIP(return, "no memory controller");
	}
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, pipe(done));
	c.listener = sock_listen(&self->net, SERVER, PORT, 1);
	pid = net_fork();
	if (pid == 0) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", group);
		if (file_write(path, "0") < 0)
			_exit(1);
		fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER],
				  PORT);
		sock_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 20);
		while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		write(done[1], "", 1);
		read(go[0], &byte, 1);
		_exit(0);
	}
	c.end[SERVER] = sock_accept(c.listener);
	ASSERT_EQ(1, read(done[0], &byte, 1));
	/* What it has sent and nobody reads is charged. */
	EXPECT_LT(256 << 10, charged(group));
	ASSERT_EQ(1, write(go[1], "", 1));
	waitpid(pid, NULL, 0);
	close(c.end[SERVER]);
	close(c.listener);
	EXPECT_TRUE(net_until(nothing_charged, group, PATIENCE));
	rmdir(group);
	umount2(top, MNT_DETACH);
	rmdir(top);
}

/* --- unloading --- */

/* However often it is asked to go: not as long as there is a socket. */
TEST_F(limits, unloading_while_busy)
{
	int keep, i, status, refused = 0;
	struct conn c;
	pid_t pid;

	if (stack_is_tcp())
		SKIP(return, "not a module");
	keep = sock_open(&self->net, CLIENT, 0);
	pid = net_fork();
	if (pid == 0) {
		for (i = 0; i < 300; i++) {
			conn_open(&self->net, PORT + i, &c);
			carries(&c, "rmmod");
			conn_close(&c);
		}
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
