// SPDX-License-Identifier: GPL-2.0
/*
 * Every sysctl at its ends, set while a connection is at work: that one and new ones
 * still carry data.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/file.h"
#include "lib/net.h"

#define PORT	20000
#define LEN	20000

FIXTURE(extremes)
{
	struct net net;
};

FIXTURE_SETUP(extremes)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(extremes)
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

/* With the sysctl at this value, an old and a new connection both still work. */
static void try_value(const struct net *net, const char *path,
		      const char *value, const struct conn *old)
{
	char what[1024];
	struct conn c;

	if (!file_write(value, "%s", path))
		return;
	snprintf(what, sizeof(what), "%s %s", path, value);
	carries(old, what);
	conn_open(net, PORT + 1, &c);
	carries(&c, what);
	conn_close(&c);
}

/*
 * Every sysctl at the least and the greatest value that it takes; values beyond are
 * tried, too.
 */
TEST_F_TIMEOUT(extremes, every_sysctl, 250)
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
		/* These two can stop all sending. */
		if (strstr(entry->d_name, "min_snd_mss") ||
		    strstr(entry->d_name, "notsent_lowat"))
			continue;
		ASSERT_TRUE(file_read(path, was, sizeof(was)));
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			try_value(&self->net, path, values[i], &old);
		ASSERT_TRUE(file_write(was, "%s", path));
	}
	closedir(d);
	conn_close(&old);
}

TEST_HARNESS_MAIN
