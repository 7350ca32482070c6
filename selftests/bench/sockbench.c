// SPDX-License-Identifier: GPL-2.0
/*
 * sockbench: measures the cost of a stack, in one mode of use.
 *
 *	sockbench -f FAMILY -m MODE [-a ADDRESS] [-c NETNS -s NETNS]
 *
 * FAMILY is atcp (over IP protocol 253), atcp-tcp (as TCP on the wire), tcp or unix;
 * MODE one of
 *
 *	bulk	one way, in writes of -w bytes (64 KiB)
 *	rr	a request and a response of one byte, repeated
 *	crr	connect, request, response, close, repeated
 *	idle	memory of connections to one server that do nothing
 *	idle64	the same to 64 servers
 *
 * The server is a child process in its own network namespace, if one is given.
 * Prints the cost of one byte, exchange or connection, in nanoseconds or, for the idle
 * modes, in bytes of slab.  A nanosecond is an instruction in a VM that counts so.
 * Except for memory it also prints the percentage of the time that the CPU was idle.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AF_ATCP		22
#define PORT		5001
#define UNIX_PATH	"/run/sockbench"

/* Amounts that warm caches, windows and slabs, and amounts that are measured. */
#define BULK_WARM	(32L << 20)
#define BULK_BYTES	(128L << 20)
#define RR_WARM		1000
#define RR_COUNT	5000
#define CRR_WARM	300
#define CRR_COUNT	2000
#define IDLE_WARM	500
#define IDLE_COUNT	2000
#define SERVERS		64

static const char *address = "127.0.0.1";
static int family, protocol;
static int listeners[SERVERS];	/* the server's; all modes but idle64 use only the first */
static size_t write_size = 65536;

/* Results that the two processes share. */
static struct shared {
	long long begin, end;		/* ns */
	double idle_begin, idle_end;	/* s */
} *shared;

static void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "sockbench: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(err));
	va_end(ap);
	exit(1);
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static double idle_seconds(void)
{
	FILE *f = fopen("/proc/uptime", "r");
	double up, idle;

	if (!f || fscanf(f, "%lf %lf", &up, &idle) != 2)
		die("/proc/uptime");
	fclose(f);
	return idle;
}

static void begin(void)
{
	shared->idle_begin = idle_seconds();
	shared->begin = now_ns();
}

static void end(void)
{
	shared->end = now_ns();
	shared->idle_end = idle_seconds();
}

/* Bytes of slab in use, after pending frees are done. */
static long slab(void)
{
	char line[128];
	long kib = 0;
	FILE *f;

	sleep(2);
	f = fopen("/proc/meminfo", "r");
	if (!f)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024;
}

static void enter(const char *netns)
{
	char path[256];
	int fd;

	if (!netns)
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s", path);
	close(fd);
}

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

/* Makes the address of the nth server. */
static socklen_t make_addr(union addr *a, int nth)
{
	memset(a, 0, sizeof(*a));
	if (family == AF_UNIX) {
		a->un.sun_family = AF_UNIX;
		strcpy(a->un.sun_path, UNIX_PATH);
		return sizeof(a->un);
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons(PORT + nth);
	if (inet_pton(AF_INET, address, &a->in.sin_addr) != 1)
		die("bad address %s", address);
	return sizeof(a->in);
}

static int make_socket(void)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		die("socket");
	return fd;
}

static int make_listener(int nth)
{
	union addr a;
	socklen_t len = make_addr(&a, nth);
	int fd = make_socket();
	int one = 1;

	if (family == AF_UNIX)
		unlink(UNIX_PATH);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("SO_REUSEADDR");
	if (bind(fd, &a.sa, len))
		die("bind");
	if (listen(fd, 128))
		die("listen");
	return fd;
}

static int make_connection_to(int nth)
{
	union addr a;
	socklen_t len = make_addr(&a, nth);
	int fd = make_socket();

	if (connect(fd, &a.sa, len))
		die("connect");
	return fd;
}

static int make_connection(void)
{
	return make_connection_to(0);
}

static int take_connection(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		die("accept");
	return fd;
}

static void give(int fd, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		buf = (const char *)buf + n;
		len -= n;
	}
}

/* Receives up to len bytes; returns 0 at the end of the stream. */
static size_t take(int fd, void *buf, size_t len)
{
	ssize_t n = recv(fd, buf, len, 0);

	if (n < 0)
		die("recv");
	return n;
}

/* --- the modes: what the server does, what the client does --- */

static void bulk_server(int listener)
{
	int fd = take_connection(listener);
	char *buf = calloc(1, write_size);
	long total = 0;
	size_t n;

	while ((n = take(fd, buf, write_size))) {
		if (total < BULK_WARM && total + (long)n >= BULK_WARM)
			begin();
		total += n;
	}
	end();
	if (total != BULK_WARM + BULK_BYTES)
		die("%ld bytes came of %ld", total, BULK_WARM + BULK_BYTES);
	close(fd);
	free(buf);
}

static void bulk_client(void)
{
	int fd = make_connection();
	char *buf = calloc(1, write_size);
	long left = BULK_WARM + BULK_BYTES;

	while (left) {
		size_t n = left < (long)write_size ? left : (long)write_size;

		give(fd, buf, n);
		left -= n;
	}
	shutdown(fd, SHUT_WR);
	take(fd, buf, 1);
	close(fd);
	free(buf);
}

static void rr_server(int listener)
{
	int fd = take_connection(listener);
	char c;

	while (take(fd, &c, 1))
		give(fd, &c, 1);
	close(fd);
}

static void exchange(int fd)
{
	char c = 'x';

	give(fd, &c, 1);
	if (take(fd, &c, 1) != 1)
		die("the server closed");
}

static void rr_client(void)
{
	int fd = make_connection();
	int i;

	for (i = 0; i < RR_WARM; i++)
		exchange(fd);
	begin();
	for (i = 0; i < RR_COUNT; i++)
		exchange(fd);
	end();
	close(fd);
}

static void crr_server(int listener)
{
	int i;

	for (i = 0; i < CRR_WARM + CRR_COUNT; i++)
		rr_server(listener);
}

static void crr_client(void)
{
	int i;

	for (i = 0; i < CRR_WARM + CRR_COUNT; i++) {
		int fd;

		if (i == CRR_WARM)
			begin();
		fd = make_connection();
		exchange(fd);
		close(fd);
	}
	end();
}

static void idle_servers(int servers)
{
	static int fds[IDLE_WARM + IDLE_COUNT];
	char c;
	int i;

	for (i = 0; i < IDLE_WARM + IDLE_COUNT; i++) {
		fds[i] = take_connection(listeners[i % servers]);
		give(fds[i], "x", 1);
	}
	/* All connections are kept until the client closes the first. */
	take(fds[0], &c, 1);
}

static void idle_server(int listener)
{
	(void)listener;
	idle_servers(1);
}

static void idle64_server(int listener)
{
	(void)listener;
	idle_servers(SERVERS);
}

static void idle_clients(int servers)
{
	static int fds[IDLE_WARM + IDLE_COUNT];
	long before = 0;
	char c;
	int i;

	for (i = 0; i < IDLE_WARM + IDLE_COUNT; i++) {
		if (i == IDLE_WARM)
			before = slab();
		fds[i] = make_connection_to(i % servers);
		if (take(fds[i], &c, 1) != 1)
			die("the server closed");
	}
	shared->begin = before;
	shared->end = slab();
}

static void idle_client(void)
{
	idle_clients(1);
}

static void idle64_client(void)
{
	idle_clients(SERVERS);
}

static const struct mode {
	const char *name;
	void (*server)(int listener);
	void (*client)(void);
	long count;
	int servers;
	const char *format;
} modes[] = {
	{ "bulk", bulk_server, bulk_client, BULK_BYTES, 1, "%.3f" },
	{ "rr", rr_server, rr_client, RR_COUNT, 1, "%.0f" },
	{ "crr", crr_server, crr_client, CRR_COUNT, 1, "%.0f" },
	{ "idle", idle_server, idle_client, IDLE_COUNT, 1, "%.0f" },
	{ "idle64", idle64_server, idle64_client, IDLE_COUNT, SERVERS, "%.0f" },
	{ }
};

static int family_of(const char *name)
{
	int number = AF_ATCP;
	FILE *f;

	if (!strcmp(name, "tcp"))
		return AF_INET;
	if (!strcmp(name, "unix"))
		return AF_UNIX;
	if (!strcmp(name, "atcp-tcp"))
		protocol = IPPROTO_TCP;
	else if (strcmp(name, "atcp"))
		return -1;
	f = fopen("/sys/module/atcp/parameters/family", "r");
	if (f) {
		if (fscanf(f, "%d", &number) != 1)
			number = AF_ATCP;
		fclose(f);
	}
	return number;
}

int main(int argc, char **argv)
{
	const char *client_ns = NULL, *server_ns = NULL;
	struct rlimit files = { 8192, 8192 };
	const struct mode *mode = NULL;
	int ready[2], status, o;
	pid_t pid;
	char c;

	while ((o = getopt(argc, argv, "f:m:a:c:s:w:")) != -1) {
		switch (o) {
		case 'f':
			family = family_of(optarg);
			break;
		case 'm':
			for (mode = modes; mode->name; mode++)
				if (!strcmp(optarg, mode->name))
					break;
			break;
		case 'a':
			address = optarg;
			break;
		case 'c':
			client_ns = optarg;
			break;
		case 's':
			server_ns = optarg;
			break;
		case 'w':
			write_size = strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (family <= 0 || !mode || !mode->name || !write_size) {
		fputs("usage: sockbench -f atcp|atcp-tcp|tcp|unix -m bulk|rr|crr|idle|idle64\n"
		      "       [-a ADDRESS] [-c NETNS -s NETNS] [-w BYTES]\n",
		      stderr);
		return 2;
	}

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("RLIMIT_NOFILE");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe(ready))
		die("mmap or pipe");

	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		int i;

		enter(server_ns);
		for (i = 0; i < mode->servers; i++)
			listeners[i] = make_listener(i);
		if (write(ready[1], "", 1) != 1)
			die("pipe");
		mode->server(listeners[0]);
		return 0;
	}
	close(ready[1]);
	enter(client_ns);
	if (read(ready[0], &c, 1) != 1)
		return 1;
	mode->client();
	if (!strncmp(mode->name, "idle", 4))
		kill(pid, SIGTERM);
	else if (waitpid(pid, &status, 0) != pid || status)
		return 1;

	printf(mode->format, (double)(shared->end - shared->begin) /
	       mode->count);
	if (strncmp(mode->name, "idle", 4))
		printf(" %.1f", 100e9 *
		       (shared->idle_end - shared->idle_begin) /
		       (shared->end - shared->begin));
	printf("\n");
	return 0;
}
