// SPDX-License-Identifier: GPL-2.0
/*
 * The daytime pair against peers that misbehave.  ATCP_BIN names the folder of
 * the two programs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"

#define PORT	13
#define ANSWER	22

/* The two hosts, and the program that runs in one of them. */
struct pair {
	struct net net;
	pid_t pid;
	int out;		/* what the program prints */
};

FIXTURE(daytime)
{
	struct pair pair;
};

FIXTURE_SETUP(daytime)
{
	net_open(&self->pair.net);
}

FIXTURE_TEARDOWN(daytime)
{
}

/* The path of a program, from ATCP_BIN or the repository's build folder. */
static void find(const char *name, char *path)
{
	char self[PATH_MAX / 2] = "";
	const char *bin = getenv("ATCP_BIN");

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		net_die("/proc/self/exe: %s", strerror(errno));
	*strrchr(self, '/') = '\0';
	if (bin)
		snprintf(path, PATH_MAX, "%s/%s", bin, name);
	else
		snprintf(path, PATH_MAX, "%s/../build/bin/%s", self, name);
	if (access(path, X_OK))
		net_die("%s: %s (ATCP_BIN names its folder)", path,
			strerror(errno));
}

/* Starts a program in a namespace, its output in a pipe. */
static void start(struct pair *pair, int side, const char *name,
		  const char *a, const char *b, const char *c)
{
	const char *argv[8] = { name };
	char path[PATH_MAX];
	int pipes[2], n = 1;

	find(name, path);
	if (stack_is_tcp())
		argv[n++] = "--tcp";
	else if (stack_on_tcp())
		argv[n++] = "-ctcp";
	argv[n++] = a;
	argv[n++] = b;
	argv[n++] = c;
	if (pipe2(pipes, O_CLOEXEC))
		net_die("pipe: %s", strerror(errno));
	pair->pid = fork();
	if (pair->pid == 0) {
		net_enter(&pair->net, side);
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		execv(path, (char **)argv);
		_exit(127);
	}
	close(pipes[1]);
	pair->out = pipes[0];
}

/* Waits for its end; returns its exit status and all that it printed. */
static int finish(struct pair *pair, char *text, size_t size)
{
	size_t len = 0;
	int status;
	ssize_t n;

	while ((n = read(pair->out, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(pair->out);
	if (waitpid(pair->pid, &status, 0) != pair->pid || !WIFEXITED(status))
		net_die("the program did not exit: %s", text);
	return WEXITSTATUS(status);
}

#define ASK() start(&self->pair, CLIENT, "daytime",			\
		    self->pair.net.ip[SERVER], NULL, NULL)

TEST_F(daytime, client_of_a_server_that_says_nothing)
{
	int l = sock_listen(&self->pair.net, SERVER, PORT, 1), s;
	char text[1024];

	ASK();
	s = sock_accept(l);
	close(s);
	EXPECT_EQ(7, finish(&self->pair, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "closed early"));
	close(l);
}

TEST_F(daytime, client_of_a_server_that_stops_halfway)
{
	int l = sock_listen(&self->pair.net, SERVER, PORT, 1), s;
	char text[1024];

	ASK();
	s = sock_accept(l);
	sock_send(s, "20 NOV 26", 9);
	shutdown(s, SHUT_WR);
	EXPECT_EQ(7, finish(&self->pair, text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "20 NOV 26", 9));
	EXPECT_NE(NULL, strstr(text, "closed early"));
	close(s);
	close(l);
}

TEST_F(daytime, client_of_a_server_that_resets)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int l = sock_listen(&self->pair.net, SERVER, PORT, 1), s;
	char text[1024];

	ASK();
	s = sock_accept(l);
	setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(s);
	EXPECT_EQ(7, finish(&self->pair, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "closed early"));
	close(l);
}

TEST_F(daytime, client_of_a_server_that_does_not_end)
{
	int l = sock_listen(&self->pair.net, SERVER, PORT, 1), s;
	char text[4096], line[100];

	memset(line, 'x', sizeof(line));
	ASK();
	s = sock_accept(l);
	while (send(s, line, sizeof(line), MSG_NOSIGNAL) > 0)
		;
	EXPECT_EQ(7, finish(&self->pair, text, sizeof(text)));
	/* The client prints no more than a time can have. */
	EXPECT_EQ(512, strspn(text, "x"));
	close(s);
	close(l);
}

TEST_F(daytime, client_of_a_server_that_sleeps)
{
	int l = sock_listen(&self->pair.net, SERVER, PORT, 1);
	char text[1024];

	start(&self->pair, CLIENT, "daytime", "-t", "0.3",
	      self->pair.net.ip[SERVER]);
	EXPECT_EQ(6, finish(&self->pair, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "timed out"));
	close(l);
}

/* Starts the server and waits until it listens. */
static void serve(struct pair *pair)
{
	char text[256] = "";

	start(pair, SERVER, "daytimed", NULL, NULL, NULL);
	if (read(pair->out, text, sizeof(text) - 1) <= 0 ||
	    !strstr(text, "listening"))
		net_die("daytimed: %s", text);
}

static void stop(struct pair *pair)
{
	int status = -1;

	kill(pair->pid, SIGTERM);
	waitpid(pair->pid, &status, 0);
	close(pair->out);
	if (status)
		net_die("daytimed ended with status %#x", status);
}

/* Connects, reads the time and closes. */
static void answered(const struct net *net)
{
	int fd = sock_connect(net, CLIENT, net->ip[SERVER], PORT);
	char text[ANSWER];

	sock_recv(fd, text, ANSWER);
	sock_recv_end(fd);
	if (memcmp(text + ANSWER - 4, " Z\r\n", 4))
		net_die("a strange answer: %.*s", ANSWER, text);
	close(fd);
}

TEST_F(daytime, server_with_clients_that_do_not_read)
{
	int fd[100], i;

	serve(&self->pair);
	for (i = 0; i < 100; i++)
		fd[i] = sock_connect(&self->pair.net, CLIENT,
				     self->pair.net.ip[SERVER], PORT);
	answered(&self->pair.net);
	for (i = 0; i < 100; i++)
		close(fd[i]);
	answered(&self->pair.net);
	stop(&self->pair);
}

/* The server discards what a client sends; the client still gets its whole answer. */
TEST_F(daytime, server_with_clients_that_talk)
{
	char junk[5000], text[ANSWER];
	int i;

	memset(junk, 'j', sizeof(junk));
	serve(&self->pair);
	for (i = 0; i < 10; i++) {
		int fd = sock_connect(&self->pair.net, CLIENT,
				      self->pair.net.ip[SERVER], PORT);

		sock_send(fd, junk, sizeof(junk));
		sock_recv(fd, text, ANSWER);
		sock_recv_end(fd);
		close(fd);
	}
	answered(&self->pair.net);
	stop(&self->pair);
}

TEST_F(daytime, server_with_clients_that_reset)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int i;

	serve(&self->pair);
	for (i = 0; i < 50; i++) {
		int fd = sock_connect(&self->pair.net, CLIENT,
				      self->pair.net.ip[SERVER], PORT);

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		close(fd);
	}
	answered(&self->pair.net);
	stop(&self->pair);
}

/* The server goes on even when nobody reads its log any more. */
TEST_F(daytime, server_without_a_log)
{
	int i;

	serve(&self->pair);
	close(self->pair.out);
	for (i = 0; i < 20; i++)
		answered(&self->pair.net);
	self->pair.out = -1;
	stop(&self->pair);
}

TEST_HARNESS_MAIN
