// SPDX-License-Identifier: GPL-2.0
/* Two hosts, and commands in them: see net.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

void net_skip(const char *why)
{
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(4);		/* KSFT_SKIP */
}

static bool in_environment(const char *name, const char *value)
{
	const char *is = getenv(name);

	return is && !strcmp(is, value);
}

bool stack_is_tcp(void)
{
	return in_environment("ATCP_TEST_STACK", "tcp");
}

bool side_is_tcp(int side)
{
	return stack_is_tcp() ||
	       in_environment("ATCP_TEST_PEER", side == CLIENT ? "client" : "server");
}

bool stack_has_tcp(void)
{
	return side_is_tcp(CLIENT) || side_is_tcp(SERVER);
}

bool stack_on_tcp(void)
{
	return !stack_is_tcp() &&
	       (stack_has_tcp() || in_environment("ATCP_TEST_CARRIER", "tcp"));
}

bool stack_is_ipv6(void)
{
	static const char suffix[] = "_ipv6";
	const char *name = program_invocation_short_name;
	const char *ip = getenv("ATCP_TEST_IP");
	size_t len = strlen(name);

	return (ip && !strcmp(ip, "6")) ||
	       (len >= strlen(suffix) &&
		!strcmp(name + len - strlen(suffix), suffix));
}

int stack_family(void)
{
	static int family;
	FILE *f;

	if (stack_is_tcp())
		return ip46(AF_INET, AF_INET6);
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
	return stack_is_tcp() || stack_on_tcp() ? IPPROTO_TCP : PROTO_ATCP;
}

int stack_so_protocol(void)
{
	return stack_on_tcp() ? SO_PROTOCOL_TCP : stack_proto();
}

int stack_kind(void)
{
	if (stack_is_tcp())
		return 0;
	return ip46(0, KIND_IPV6) | (stack_on_tcp() ? IPPROTO_TCP : 0);
}

int stack_ip_header(void)
{
	return ip46(20, 40);
}

int stack_mss(void)
{
	return 1500 - stack_ip_header() - 20;
}

static long long clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

long long net_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

long long net_ticks(void)
{
	return clock_ms(CLOCK_MONOTONIC_COARSE);
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

int net_visit(const struct net *net, int side)
{
	int old = ns_current();

	ns_set(net->ns[side]);
	return old;
}

void net_leave(int old)
{
	ns_set(old);
	close(old);
}

pid_t net_fork(void)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		net_die("fork: %s", strerror(errno));
	return pid;
}

/* Runs cmd in a child of the namespace, quiet unless show is set. */
static int run_in(const struct net *net, int side, const char *cmd, bool show)
{
	int status;
	pid_t pid;

	pid = net_fork();
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
	/* A test's own signal handlers may interrupt the wait. */
	while (waitpid(pid, &status, 0) != pid) {
		if (errno != EINTR)
			net_die("waitpid: %s", strerror(errno));
	}
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
	int old = net_visit(net, side), fd;
	ssize_t len = strlen(value);

	snprintf(name, sizeof(name), "/proc/sys/%s", path);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, len) != len)
		net_die("%s: %s", name, strerror(errno));
	close(fd);
	net_leave(old);
}

void net_stack_sysctl(const struct net *net, int side, const char *name,
		      const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), side_is_tcp(side) ? "net/ipv4/tcp_%s" :
							 "net/atcp/%s", name);
	net_sysctl(net, side, path, value);
}

void net_syn_backs_off(const struct net *net, int side)
{
	/* Only TCP of 6.5 and later has it. */
	if (!side_is_tcp(side) || !access("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", F_OK))
		net_stack_sysctl(net, side, "syn_linear_timeouts", "0");
}

void net_no_timestamps(const struct net *net)
{
	int side;

	for (side = CLIENT; side <= SERVER; side++)
		net_stack_sysctl(net, side, "timestamps", "0");
}

/* Ends the test early, with a clear message, when there is no stack to test. */
static void need_stack(const struct net *net)
{
	int fd = sock_try(net, CLIENT, 0);

	if (fd < 0)
		net_die("no socket of family %d over %s: %s (is atcp.ko loaded?)",
			stack_family(), ip46("IPv4", "IPv6"),
			strerror(errno));
	close(fd);
}

/* Asks for the numbers of the devices, once they are there. */
static void find_devices(struct net *net)
{
	int side, old;

	for (side = CLIENT; side <= SERVER; side++) {
		old = net_visit(net, side);
		net->ifindex[side] = if_nametoindex(net->dev[side]);
		net_leave(old);
		if (!net->ifindex[side])
			net_die("no device %s", net->dev[side]);
	}
}

/*
 * The kernel does some of what a device or an address asks for later, under one lock.
 * Whoever had this lock after that finds it done.
 */
static void wait_lock(const struct net *net, int side)
{
	int fd = net_socket(net, side, AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, net->dev[side]);
	/* Takes the lock and changes nothing. */
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) || ioctl(fd, SIOCSIFFLAGS, &ifr))
		net_die("%s: %s", ifr.ifr_name, strerror(errno));
	close(fd);
}

/*
 * Waits until a device can send.  Its link is up since its peer is, but the kernel
 * needs a moment to see that, and to give it the queue that drops nothing.
 */
static void wait_link(const struct net *net, int side)
{
	int fd = net_socket(net, side, AF_INET, SOCK_DGRAM, 0);
	long long deadline = net_now() + PATIENCE;
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, net->dev[side]);
	while (!ioctl(fd, SIOCGIFFLAGS, &ifr) &&
	       !(ifr.ifr_flags & IFF_RUNNING)) {
		if (net_now() > deadline)
			net_die("%s does not come up", ifr.ifr_name);
		usleep(1000);
	}
	close(fd);
	wait_lock(net, side);
}

void net_wait_address(const struct net *net, int side, const char *ip)
{
	int fd = net_socket(net, side, AF_INET6, SOCK_DGRAM, 0);
	long long deadline = net_now() + PATIENCE;
	struct addr addr = addr_of(ip, 0);

	if (IN6_IS_ADDR_LINKLOCAL(&addr.in6.sin6_addr))
		addr.in6.sin6_scope_id = net->ifindex[side];
	while (addr_bind(fd, addr)) {
		if (net_now() > deadline)
			net_die("bind %s: %s", ip, strerror(errno));
		usleep(1000);
	}
	close(fd);
	wait_lock(net, side);
}

void net_link(struct net *net)
{
	net_run(net, CLIENT,
		"exec ip -batch - <<E\n"
		"link set lo up\n"
		"link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02 netns /proc/%d/fd/%d\n"
		"link set v0 addrgenmode none\n"
		"addr add 10.0.0.1/24 dev v0\n"
		"addr add fd00::1/64 dev v0 nodad\n"
		"addr add fe80::1/64 dev v0 nodad\n"
		"link set v0 up\n"
		"neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent\n"
		"neigh replace fd00::2 lladdr 02:00:00:00:00:02 dev v0 nud permanent\n"
		"neigh replace fe80::2 lladdr 02:00:00:00:00:02 dev v0 nud permanent\n"
		"route add default via 10.0.0.2 dev v0\n"
		"route add default via fd00::2 dev v0\n"
		"E\n",
		getpid(), net->ns[SERVER]);
	net_run(net, SERVER,
		"exec ip -batch - <<E\n"
		"link set lo up\n"
		"link set v1 addrgenmode none\n"
		"addr add 10.0.0.2/24 dev v1\n"
		"addr add fd00::2/64 dev v1 nodad\n"
		"addr add fe80::2/64 dev v1 nodad\n"
		"link set v1 up\n"
		"neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev v1 nud permanent\n"
		"neigh replace fd00::1 lladdr 02:00:00:00:00:01 dev v1 nud permanent\n"
		"neigh replace fe80::1 lladdr 02:00:00:00:00:01 dev v1 nud permanent\n"
		"E\n");
	net_sysctl(net, SERVER, "net/ipv4/conf/all/rp_filter", "0");
	net_sysctl(net, SERVER, "net/ipv4/conf/v1/rp_filter", "0");
	find_devices(net);
	wait_link(net, CLIENT);
	wait_link(net, SERVER);
	net_wait_address(net, CLIENT, "fd00::1");
	net_wait_address(net, CLIENT, "fe80::1");
	net_wait_address(net, SERVER, "fd00::2");
	net_wait_address(net, SERVER, "fe80::2");
}

void net_open(struct net *net)
{
	*net = (struct net){
		.dev = { "v0", "v1" },
		.mac = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } },
		.ip = { ip46("10.0.0.1", "fd00::1"),
			ip46("10.0.0.2", "fd00::2") },
	};
	net->ns[CLIENT] = ns_new();
	net->ns[SERVER] = ns_new();
	need_stack(net);
	net_link(net);
}

void net_open_lo(struct net *net)
{
	int ns = ns_new();

	*net = (struct net){
		.ns = { ns, ns },
		.dev = { "lo", "lo" },
		.ip = { ip46("127.0.0.1", "::1"), ip46("127.0.0.1", "::1") },
	};
	need_stack(net);
	net_run(net, CLIENT, "ip link set lo up");
	find_devices(net);
}

void net_drop(const struct net *net, int side, uint8_t flags, int min, int max,
	      int count)
{
	int longer = stack_ip_header() - 20;
	char limit[64] = "";

	/* The bucket holds count packets and hardly ever fills again. */
	if (count)
		snprintf(limit, sizeof(limit),
			 "limit rate 1/day burst %d packets ", count);
	net_run(net, side,
		"set -e; nft -f - <<E\n"
		"add table inet scene\n"
		"add chain inet scene in { type filter hook prerouting priority -400; }\n"
		"add rule inet scene in meta nfproto %s meta l4proto %d meta length %d-%d @th,104,8 0x%02x %sdrop\n"
		"E\n",
		ip46("ipv4", "ipv6"), stack_proto(), min + longer,
		max + longer, flags, limit);
}

void net_deaf(const struct net *net, int side)
{
	net_run(net, side,
		"set -e; nft -f - <<E\n"
		"add table inet deaf\n"
		"add chain inet deaf in { type filter hook prerouting priority -400; }\n"
		"add rule inet deaf in iifname %s meta l4proto %d drop\n"
		"E\n",
		net->dev[side], stack_proto());
}

void net_drop_end(const struct net *net, int side)
{
	net_run(net, side, "nft delete table inet scene");
}

