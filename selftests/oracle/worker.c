// SPDX-License-Identifier: GPL-2.0
/*
 * A worker is a process that runs programs over one stack, between namespaces
 * of its own.  It is pinned to one CPU, so that what a call sends has been
 * received when the call returns, and shares its transcript with its parent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"
#include "peer.h"

#define FIRST_PORT	10000	/* below the range that the stacks choose from */
#define LAST_PORT	30000
#define HANG		90	/* s */
#define HANG_JUMPING	1000000	/* where the clock jumps */

struct shared {
	struct program program;
	unsigned int serial;
	int stretch;
	struct transcript transcript;
};

struct worker {
	pid_t pid;
	int go, done;		/* pipes: a byte begins, a byte ends */
	struct shared *shared;
	char stack[16];
	bool peer;
};

void say(struct transcript *t, const char *fmt, ...)
{
	size_t room = sizeof(t->text) - t->len;
	va_list ap;
	int n;

	if (t->full)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->text + t->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 2 > room) {
		t->full = true;
		return;
	}
	t->len += n;
	t->text[t->len++] = '\n';
	t->text[t->len] = '\0';
}

/* ---------------------------------------------------------------- addresses */

struct place {
	const char *name;
	const char *v4, *v6;
};

static const struct place places[ADDRS] = {
	[A_CLIENT] = { "C", "10.0.0.1", "fd00::1" },
	[A_SERVER] = { "S", "10.0.0.2", "fd00::2" },
	[A_ANY] = { "any", "0.0.0.0", "::" },
	[A_LO] = { "lo", "127.0.0.1", "::1" },
	[A_NOBODY] = { "nobody", "10.0.0.77", "fd00::77" },
	[A_FAR] = { "far", "192.0.2.1", "2001:db8::1" },
	[A_BEYOND] = { "beyond", "10.7.0.1", "fd07::1" },
	[A_PROHIBITED] = { "prohibited", "10.5.0.1", "fd05::1" },
	[A_UNREACHABLE] = { "unreachable", "10.6.0.1", "fd06::1" },
	[A_BROADCAST] = { "broadcast", "10.0.0.255", "fd00::" },
	[A_LIMITED] = { "limited", "255.255.255.255", "ff02::1" },
	[A_MULTICAST] = { "multicast", "224.0.0.1", "ff05::1" },
};

static socklen_t addr_v4(const char *ip, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	if (inet_pton(AF_INET, ip, &sin.sin_addr) != 1)
		net_die("address %s", ip);
	memcpy(ss, &sin, sizeof(sin));
	return sizeof(sin);
}

static socklen_t addr_v6(const char *ip, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};

	if (inet_pton(AF_INET6, ip, &sin6.sin6_addr) != 1)
		net_die("address %s", ip);
	memcpy(ss, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

/* 0 is no port, 1 to PORTS the program's own, others mean themselves. */
static uint16_t port_number(const struct run *r, long port)
{
	return port >= 1 && port <= PORTS ? r->port + port - 1 : port;
}

socklen_t run_addr(const struct run *r, int addr, long arg,
		   struct sockaddr_storage *ss)
{
	uint16_t port = port_number(r, arg);
	socklen_t len;
	char mapped[64];

	memset(ss, 0, sizeof(*ss));
	switch (addr) {
	case A_UNSPEC:
		len = run_addr(r, A_ANY, arg, ss);
		ss->ss_family = AF_UNSPEC;
		return len;
	case A_BAD_FAMILY:
		len = run_addr(r, A_SERVER, arg, ss);
		ss->ss_family = 99;
		return len;
	case A_STACK_FAMILY:
		len = run_addr(r, A_SERVER, arg, ss);
		ss->ss_family = stack_is_tcp() ? 1 : stack_family();
		return len;
	case A_OTHER_FAMILY:
		return r->ipv6 ? addr_v4("10.0.0.2", port, ss) :
				 addr_v6("fd00::2", port, ss);
	case A_MAPPED_CLIENT:
	case A_MAPPED_SERVER:
	case A_MAPPED_ANY:
		addr = addr == A_MAPPED_CLIENT ? A_CLIENT :
		       addr == A_MAPPED_SERVER ? A_SERVER : A_ANY;
		snprintf(mapped, sizeof(mapped), "::ffff:%s", places[addr].v4);
		return addr_v6(mapped, port, ss);
	}
	if (addr < 0 || addr >= ADDRS || !places[addr].name)
		addr = A_ANY;
	return r->ipv6 ? addr_v6(places[addr].v6, port, ss) :
			 addr_v4(places[addr].v4, port, ss);
}

/* Ports that the stack has chosen are named in the order they appear in. */
void run_port_text(struct run *r, uint16_t port, char *buf, size_t size)
{
	int i;

	if (port >= r->port && port < r->port + PORTS) {
		snprintf(buf, size, "%d", port - r->port + 1);
		return;
	}
	if (port < 1024) {
		snprintf(buf, size, "%u", port);
		return;
	}
	for (i = 0; i < r->other_ports && r->other_port[i] != port; i++)
		;
	if (i == r->other_ports && i < 16)
		r->other_port[r->other_ports++] = port;
	snprintf(buf, size, "%c", 'a' + i);
}

static const char *place_name(int family, const void *addr)
{
	struct in6_addr known;
	int i;

	for (i = 0; i < ADDRS; i++)
		if (places[i].name &&
		    inet_pton(family, family == AF_INET ? places[i].v4 : places[i].v6,
			      &known) == 1 &&
		    !memcmp(&known, addr, family == AF_INET ? 4 : 16))
			return places[i].name;
	return NULL;
}

void run_addr_text(struct run *r, const struct sockaddr_storage *ss,
		   socklen_t len, char *buf, size_t size)
{
	const struct sockaddr_in *sin = (const void *)ss;
	const struct sockaddr_in6 *sin6 = (const void *)ss;
	const char *name, *mapped = "";
	char port[16], text[64];

	if (!len || (ss->ss_family != AF_INET && ss->ss_family != AF_INET6)) {
		snprintf(buf, size, "family %u", len ? ss->ss_family : 0);
		return;
	}
	run_port_text(r, ntohs(sin->sin_port), port, sizeof(port));
	if (ss->ss_family == AF_INET) {
		name = place_name(AF_INET, &sin->sin_addr);
		inet_ntop(AF_INET, &sin->sin_addr, text, sizeof(text));
	} else if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		name = place_name(AF_INET, sin6->sin6_addr.s6_addr + 12);
		inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof(text));
		mapped = r->ipv6 ? "mapped" : "";
	} else {
		name = place_name(AF_INET6, &sin6->sin6_addr);
		inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof(text));
	}
	snprintf(buf, size, "%s%s:%s", mapped, name ?: text, port);
}

/* ---------------------------------------------------------------- the worker */

void run_enter(struct run *r, int side)
{
	if (r->ns != side)
		net_enter(&r->net, side);
	r->ns = side;
}

/*
 * What one stack may do of its own accord, and the other need not, is switched off: it
 * would show in the segments without being visible to programs.
 */
static void equalise(struct net *net, int side)
{
	static const char *const tcp[][2] = {
		{ "no_metrics_save", "1" },
		{ "autocorking", "0" },
		{ "ecn", "0" },
		{ "fastopen", "0" },
	};
	size_t i;

	net_stack_sysctl(net, side, "congestion_control", "reno");
	net_stack_sysctl(net, side, "mtu_probing", "0");
	/* Two round trips are so short here that the machine decides whether a probe goes. */
	net_stack_sysctl(net, side, "early_retrans", "0");
	/* TCP before 6.5 has none. */
	if (!stack_is_tcp() && access("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", F_OK))
		net_stack_sysctl(net, side, "syn_linear_timeouts", "0");
	for (i = 0; stack_is_tcp() && i < sizeof(tcp) / sizeof(tcp[0]); i++)
		net_stack_sysctl(net, side, tcp[i][0], tcp[i][1]);
}

/* The routes of both families to addresses without a host; the server is the gateway. */
static void add_routes(struct net *net, int side, bool ipv6)
{
	const char *ip = ipv6 ? "ip -6" : "ip";

	net_sysctl(net, side, "net/ipv4/icmp_ratelimit", "0");
	net_sysctl(net, side, "net/ipv6/icmp/ratelimit", "0");
	net_run(net, side, "%s route add prohibit %s", ip, ipv6 ? "fd05::/64" : "10.5.0.0/24");
	net_run(net, side, "%s route add unreachable %s", ip,
		ipv6 ? "fd06::/64" : "10.6.0.0/24");
	if (side == CLIENT)
		return;
	net_run(net, side, "%s route add blackhole %s", ip,
		ipv6 ? "2001:db8::/32" : "192.0.2.0/24");
	net_run(net, side, "%s route add unreachable %s", ip,
		ipv6 ? "fd07::/64" : "10.7.0.0/24");
	net_sysctl(net, side, ipv6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward", "1");
}

static void pin(void)
{
	cpu_set_t now, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(now), &now))
		return;
	/* The two stacks' workers on two CPUs where there are as many. */
	for (cpu = stack_is_tcp() && CPU_COUNT(&now) > 1; !CPU_ISSET(cpu, &now); cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void close_all(struct run *r)
{
	static const struct linger abort = { .l_onoff = 1 };
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (r->slot[i].fd < 0)
			continue;
		setsockopt(r->slot[i].fd, SOL_SOCKET, SO_LINGER, &abort,
			   sizeof(abort));
		close(r->slot[i].fd);
	}
}

static void run_program(struct run *r, const struct program *p, unsigned int serial)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		r->slot[i] = (struct slot){ .fd = -1 };
	r->port = FIRST_PORT + serial * PORTS % (LAST_PORT - FIRST_PORT);
	r->other_ports = 0;
	r->verbose = false;
	r->bulk = false;
	r->t->len = 0;
	r->t->full = false;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->peer)
		peer_begin(r);
	else
		capture_begin(r->capture);
	for (i = 0; i < p->count; i++) {
		const struct op *op = &p->op[i];
		char text[256];

		op_print(op, text, sizeof(text));
		say(r->t, "%s", text);
		if (r->peer)
			peer_step(r);
		calls[op->call].run(r, op);
		observe(r, !op->hurry || i + 1 == p->count);
	}
	say(r->t, "end");
	observe(r, true);
	close_all(r);
	close(r->epoll);
}

__attribute__((noreturn))
static void work(struct worker *w)
{
	static struct run r;
	char byte;
	int side;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	observe_signals();
	setenv("ATCP_TEST_STACK", w->stack, 1);
	r.ipv6 = stack_is_ipv6();
	r.t = &w->shared->transcript;
	net_open(&r.net);
	for (side = 0; side < 2; side++) {
		equalise(&r.net, side);
		if (!w->peer)
			add_routes(&r.net, side, r.ipv6);
	}
	pin();
	r.ns = -1;
	if (w->peer)
		r.peer = peer_open(&r);
	else
		r.capture = capture_open(&r);
	if (write(w->done, "r", 1) != 1)
		_exit(1);
	while (read(w->go, &byte, 1) == 1) {
		r.stretch = w->shared->stretch;
		run_program(&r, &w->shared->program, w->shared->serial);
		if (write(w->done, "d", 1) != 1)
			break;
	}
	_exit(0);
}

struct worker *worker_start(const char *stack, bool peer)
{
	struct worker *w = calloc(1, sizeof(*w));
	int go[2], done[2];

	w->peer = peer;
	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED || pipe(go) || pipe(done))
		net_die("worker: %s", strerror(errno));
	snprintf(w->stack, sizeof(w->stack), "%s", stack);
	w->pid = net_fork();
	if (!w->pid) {
		w->go = go[0];
		w->done = done[1];
		close(go[1]);
		close(done[0]);
		work(w);
	}
	close(go[0]);
	close(done[1]);
	w->go = go[1];
	w->done = done[0];
	if (!worker_end(w))
		net_die("the worker of %s did not start", stack);
	return w;
}

void worker_stop(struct worker *w)
{
	close(w->go);
	close(w->done);
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	munmap(w->shared, sizeof(*w->shared));
	free(w);
}

void worker_begin(struct worker *w, const struct program *p, unsigned int serial,
		  int stretch)
{
	w->shared->stretch = stretch;
	w->shared->program = *p;
	w->shared->serial = serial;
	if (write(w->go, "g", 1) != 1)
		net_die("the worker of %s is gone", w->stack);
}

bool worker_end(struct worker *w)
{
	struct pollfd pfd = { .fd = w->done, .events = POLLIN };
	char byte;

	return poll(&pfd, 1, (w->peer ? HANG_JUMPING : HANG) * 1000) > 0 &&
	       read(w->done, &byte, 1) == 1;
}

const char *worker_text(const struct worker *w)
{
	return w->shared->transcript.text;
}
