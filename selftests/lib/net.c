// SPDX-License-Identifier: GPL-2.0
/* Two hosts and the sockets in them: see net.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

#define FAMILY_FILE	"/sys/module/atcp/parameters/family"

void net_die(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
	_exit(1);
}

bool stack_is_tcp(void)
{
	const char *stack = getenv("ATCP_TEST_STACK");

	return stack && !strcmp(stack, "tcp");
}

int stack_family(void)
{
	static int family;
	FILE *f;

	if (stack_is_tcp())
		return AF_INET;
	if (!family) {
		f = fopen(FAMILY_FILE, "re");
		if (!f || fscanf(f, "%d", &family) != 1)
			family = AF_ATCP_DEFAULT;
		if (f)
			fclose(f);
	}
	return family;
}

int stack_proto(void)
{
	return stack_is_tcp() ? IPPROTO_TCP : PROTO_ATCP;
}

long long net_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

bool net_until(bool (*true_yet)(void *arg), void *arg, int ms)
{
	long long deadline = net_now() + ms;

	while (!true_yet(arg)) {
		if (net_now() >= deadline)
			return false;
		usleep(2000);
	}
	return true;
}

static int ns_current(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		net_die("open ns/net: %s", strerror(errno));
	return fd;
}

static void ns_set(int fd)
{
	if (setns(fd, CLONE_NEWNET))
		net_die("setns: %s", strerror(errno));
}

static int ns_new(void)
{
	int old = ns_current(), fd;

	if (unshare(CLONE_NEWNET))
		net_die("unshare: %s (these tests need root)",
			strerror(errno));
	fd = ns_current();
	ns_set(old);
	close(old);
	return fd;
}

void net_enter(const struct net *net, int side)
{
	ns_set(net->ns[side]);
}

/* Runs cmd in a child of the namespace, quiet unless show is set. */
static int run_in(const struct net *net, int side, const char *cmd, bool show)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		net_die("fork: %s", strerror(errno));
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		net_enter(net, side);
		dup2(null, 0);
		dup2(show ? 2 : null, 1);
		if (!show)
			dup2(null, 2);
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		net_die("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int net_try(const struct net *net, int side, const char *fmt, ...)
{
	char cmd[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return run_in(net, side, cmd, false);
}

void net_run(const struct net *net, int side, const char *fmt, ...)
{
	char cmd[4096];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	status = run_in(net, side, cmd, true);
	if (status)
		net_die("failed with status %d: %s", status, cmd);
}

void net_sysctl(const struct net *net, int side, const char *path,
		const char *value)
{
	char name[256];
	int old = ns_current(), fd;
	ssize_t len = strlen(value);

	ns_set(net->ns[side]);
	snprintf(name, sizeof(name), "/proc/sys/%s", path);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, len) != len)
		net_die("%s: %s", name, strerror(errno));
	close(fd);
	ns_set(old);
	close(old);
}

void net_stack_sysctl(const struct net *net, int side, const char *name,
		      const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), stack_is_tcp() ? "net/ipv4/tcp_%s" :
						      "net/atcp/%s", name);
	net_sysctl(net, side, path, value);
}

/* Fails early and plainly when there is no stack to test. */
static void need_stack(const struct net *net)
{
	int fd = sock_try(net, CLIENT, 0);

	if (fd < 0)
		net_die("no socket of family %d: %s (is atcp.ko loaded?)",
			stack_family(), strerror(errno));
	close(fd);
}

void net_open(struct net *net)
{
	*net = (struct net){
		.dev = { "v0", "v1" },
		.ip = { "10.0.0.1", "10.0.0.2" },
	};
	net->ns[CLIENT] = ns_new();
	net->ns[SERVER] = ns_new();
	need_stack(net);
	net_run(net, CLIENT,
		"set -e; ip -batch - <<E\n"
		"link set lo up\n"
		"link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02 netns /proc/%d/fd/%d\n"
		"addr add 10.0.0.1/24 dev v0\n"
		"link set v0 up\n"
		"neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent\n"
		"route add default via 10.0.0.2 dev v0\n"
		"E\n",
		getpid(), net->ns[SERVER]);
	net_run(net, SERVER,
		"set -e; ip -batch - <<E\n"
		"link set lo up\n"
		"addr add 10.0.0.2/24 dev v1\n"
		"link set v1 up\n"
		"neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev v1 nud permanent\n"
		"E\n"
		"echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter\n"
		"echo 0 >/proc/sys/net/ipv4/conf/v1/rp_filter\n");
	/* Its link is up since v1 is, but it takes the kernel a moment. */
	net_run(net, CLIENT,
		"i=0\n"
		"until ip link show dev v0 | grep -q 'qdisc noqueue'; do\n"
		"	i=$((i + 1)); [ $i -lt 500 ] || exit 1; sleep 0.02\n"
		"done\n");
}

void net_open_lo(struct net *net)
{
	int ns = ns_new();

	*net = (struct net){
		.ns = { ns, ns },
		.dev = { "lo", "lo" },
		.ip = { "127.0.0.1", "127.0.0.1" },
	};
	need_stack(net);
	net_run(net, CLIENT, "ip link set lo up");
}

void net_drop(const struct net *net, int side, uint8_t flags, int min, int max,
	      int count)
{
	char limit[64] = "";

	/* The bucket holds count packets and hardly ever fills again. */
	if (count)
		snprintf(limit, sizeof(limit),
			 "limit rate 1/day burst %d packets ", count);
	net_run(net, side,
		"set -e; nft -f - <<E\n"
		"add table ip scene\n"
		"add chain ip scene in { type filter hook prerouting priority -400; }\n"
		"add rule ip scene in ip protocol %d ip length %d-%d @th,104,8 0x%02x %sdrop\n"
		"E\n",
		stack_proto(), min, max, flags, limit);
}

void net_drop_end(const struct net *net, int side)
{
	net_run(net, side, "nft delete table ip scene");
}

static long stat_sum(const struct net *net, int side, const char *words,
		     bool exact)
{
	char line[512], name[128], list[256], *word, *save;
	int old = ns_current();
	long sum = 0, value;
	bool found = false;
	FILE *f;

	ns_set(net->ns[side]);
	f = fopen("/proc/thread-self/net/atcp_stat", "re");
	if (!f)
		net_die("/proc/net/atcp_stat: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%127s %ld", name, &value) != 2)
			continue;
		snprintf(list, sizeof(list), "%s", words);
		for (word = strtok_r(list, " ", &save); word;
		     word = strtok_r(NULL, " ", &save)) {
			if (exact ? !strcasecmp(name, word) :
				    !!strcasestr(name, word)) {
				sum += value;
				found = true;
				break;
			}
		}
	}
	fclose(f);
	ns_set(old);
	close(old);
	if (!found)
		net_die("/proc/net/atcp_stat has no counter like: %s", words);
	return sum;
}

long net_stat(const struct net *net, int side, const char *name)
{
	return stat_sum(net, side, name, true);
}

long net_stat_like(const struct net *net, int side, const char *words)
{
	return stat_sum(net, side, words, false);
}

/*
 * Calls row(ports and state of a row, arg) for each connection in /proc until
 * it returns true.
 */
static void each_row(const struct net *net, int side,
		     bool (*row)(int local, int remote, int state, void *arg),
		     void *arg)
{
	unsigned int local, remote, state;
	int old = ns_current();
	char line[512];
	FILE *f;

	ns_set(net->ns[side]);
	f = fopen(stack_is_tcp() ? "/proc/thread-self/net/tcp" :
				   "/proc/thread-self/net/atcp", "re");
	if (!f)
		net_die("the list of connections in /proc: %s",
			strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*8x:%x %*8x:%x %x", &local, &remote,
			   &state) == 3 &&
		    row(local, remote, state, arg))
			break;
	fclose(f);
	ns_set(old);
	close(old);
}

struct find {
	int local, remote, state;
};

static bool row_is(int local, int remote, int state, void *arg)
{
	struct find *f = arg;

	if (local != f->local || remote != f->remote)
		return false;
	f->state = state;
	return true;
}

int net_state(const struct net *net, int side, uint16_t local,
	      uint16_t remote)
{
	struct find f = { .local = local, .remote = remote };

	each_row(net, side, row_is, &f);
	return f.state;
}

void net_wait_state(const struct net *net, int side, uint16_t local,
		    uint16_t remote, int state)
{
	long long deadline = net_now() + PATIENCE;
	int seen;

	while ((seen = net_state(net, side, local, remote)) != state) {
		if (net_now() > deadline)
			net_die("port %u to %u: state %d instead of %d",
				local, remote, seen, state);
		usleep(1000);
	}
}

static bool row_count(int local, int remote, int state, void *arg)
{
	struct find *f = arg;

	(void)local;
	(void)remote;
	if (f->state == ST_NONE || f->state == state)
		f->local++;
	return false;
}

int net_count_state(const struct net *net, int side, int state)
{
	struct find f = { .state = state };

	each_row(net, side, row_count, &f);
	return f.local;
}

struct sockaddr_in net_addr(const char *ip, uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	inet_pton(AF_INET, ip, &sin.sin_addr);
	return sin;
}

static int try_socket(const struct net *net, int side, int family, int type,
		      int protocol)
{
	int old = ns_current(), fd, err;

	ns_set(net->ns[side]);
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	err = errno;
	ns_set(old);
	close(old);
	errno = err;
	return fd;
}

int net_socket(const struct net *net, int side, int family, int type,
	       int protocol)
{
	int fd = try_socket(net, side, family, type, protocol);

	if (fd < 0)
		net_die("socket %d/%d/%d: %s", family, type, protocol,
			strerror(errno));
	return fd;
}

int sock_try(const struct net *net, int side, int flags)
{
	return try_socket(net, side, stack_family(), SOCK_STREAM | flags, 0);
}

int sock_open(const struct net *net, int side, int flags)
{
	int fd = sock_try(net, side, flags);

	if (fd < 0)
		net_die("socket: %s", strerror(errno));
	return fd;
}

void sock_set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		net_die("setsockopt %d/%d: %s", level, option,
			strerror(errno));
}

int sock_get(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, level, option, &value, &len))
		net_die("getsockopt %d/%d: %s", level, option,
			strerror(errno));
	return value;
}

void sock_timeo(int fd, int option, int ms)
{
	struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	if (setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv)))
		net_die("setsockopt time-out %d: %s", option, strerror(errno));
}

void sock_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int sock_listen(const struct net *net, int side, uint16_t port, int backlog)
{
	struct sockaddr_in sin = net_addr(net->ip[side], port);
	int fd = sock_open(net, side, 0);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		net_die("bind port %u: %s", port, strerror(errno));
	if (listen(fd, backlog))
		net_die("listen: %s", strerror(errno));
	return fd;
}

int sock_connect(const struct net *net, int side, const char *ip,
		 uint16_t port)
{
	struct sockaddr_in sin = net_addr(ip, port);
	int fd = sock_open(net, side, 0);

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		net_die("connect %s:%u: %s", ip, port, strerror(errno));
	return fd;
}

int sock_accept(int listener)
{
	int fd;

	if (!sock_wait(listener, POLLIN, PATIENCE))
		net_die("no connection to accept in %d ms", PATIENCE);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		net_die("accept: %s", strerror(errno));
	return fd;
}

uint16_t sock_port(int fd)
{
	struct sockaddr_in sin = { 0 };
	socklen_t len = sizeof(sin);

	if (getsockname(fd, (struct sockaddr *)&sin, &len))
		net_die("getsockname: %s", strerror(errno));
	return ntohs(sin.sin_port);
}

bool sock_wait(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	long long deadline = net_now() + ms;

	for (;;) {
		long long left = deadline - net_now();
		int n = poll(&pfd, 1, left > 0 ? left : 0);

		if (n > 0)
			return true;
		if (left <= 0)
			return false;
	}
}

short sock_events(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	if (poll(&pfd, 1, 0) < 0)
		net_die("poll: %s", strerror(errno));
	return pfd.revents;
}

void sock_send(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(fd, (const char *)buf + done, len - done,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN &&
		    sock_wait(fd, POLLOUT, PATIENCE))
			continue;
		if (n <= 0)
			net_die("send: %s after %zu of %zu bytes",
				strerror(errno), done, len);
		done += n;
	}
}

void sock_recv(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n;

		if (!sock_wait(fd, POLLIN, PATIENCE))
			net_die("recv: nothing after %zu of %zu bytes", done,
				len);
		n = recv(fd, (char *)buf + done, len - done, 0);
		if (n <= 0)
			net_die("recv: %s after %zu of %zu bytes",
				n ? strerror(errno) : "end", done, len);
		done += n;
	}
}

void sock_recv_end(int fd)
{
	char byte;
	ssize_t n;

	if (!sock_wait(fd, POLLIN, PATIENCE))
		net_die("the peer's end did not arrive");
	n = recv(fd, &byte, 1, 0);
	if (n)
		net_die("recv: %s instead of the peer's end",
			n < 0 ? strerror(errno) : "data");
}

void conn_open(const struct net *net, uint16_t port, struct conn *conn)
{
	conn->port = port;
	conn->listener = sock_listen(net, SERVER, port, 8);
	conn->end[CLIENT] = sock_connect(net, CLIENT, net->ip[SERVER], port);
	conn->end[SERVER] = sock_accept(conn->listener);
}

void conn_close(struct conn *conn)
{
	close(conn->end[CLIENT]);
	close(conn->end[SERVER]);
	close(conn->listener);
}

/* A prime period: no segment size or buffer size divides it. */
#define PERIOD	65521

static const uint8_t *pattern(void)
{
	static uint8_t bytes[2 * PERIOD];
	uint32_t x = 0x2545f491;
	int i;

	if (bytes[0] || bytes[1])
		return bytes;
	for (i = 0; i < PERIOD; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		bytes[i] = x;
		bytes[i + PERIOD] = x;
	}
	return bytes;
}

void pattern_fill(void *buf, size_t len, uint64_t offset)
{
	const uint8_t *p = pattern();
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < PERIOD ? len - done : PERIOD;

		memcpy((char *)buf + done, p + (offset + done) % PERIOD, n);
		done += n;
	}
}

size_t pattern_check(const void *buf, size_t len, uint64_t offset)
{
	const uint8_t *p = pattern(), *b = buf;
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < PERIOD ? len - done : PERIOD;

		if (memcmp(b + done, p + (offset + done) % PERIOD, n))
			break;
		done += n;
	}
	while (done < len && b[done] == p[(offset + done) % PERIOD])
		done++;
	return done;
}
