// SPDX-License-Identifier: GPL-2.0
/* Time travel: see travel.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/covered.h"
#include "travel.h"

#define TICK	10	/* ms: HZ is 100 */

/* Periodic work of the kernel, which would take long when days pass. */
static const struct {
	const char *path, *value;
} chores[] = {
	{ "/proc/sys/vm/dirty_writeback_centisecs", "0" },
	{ "/proc/sys/kernel/hung_task_timeout_secs", "0" },
	{ "/proc/sys/net/ipv4/neigh/default/interval_probe_time_ms", "86400000" },
	{ "/proc/sys/net/ipv6/neigh/default/interval_probe_time_ms", "86400000" },
	{ "/proc/sys/net/ipv4/neigh/default/base_reachable_time_ms", "86400000" },
	{ "/proc/sys/net/ipv6/neigh/default/base_reachable_time_ms", "86400000" },
	{ "/sys/kernel/debug/kmemleak", "scan=off" },
};

bool travel_ready(void)
{
	char line[4096] = "";
	FILE *f;
	size_t i;

	f = fopen("/proc/cmdline", "re");
	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	if (!strstr(line, "time-travel=inf-cpu"))
		return false;
	for (i = 0; i < sizeof(chores) / sizeof(chores[0]); i++) {
		f = fopen(chores[i].path, "we");
		if (!f)
			continue;
		fputs(chores[i].value, f);
		fclose(f);
	}
	return true;
}

void travel_open(struct net *net)
{
	int side;

	net_open(net);
	for (side = CLIENT; side <= SERVER; side++)
		net_syn_backs_off(net, side);
	/* Time-outs are what is tested. */
	for (side = CLIENT; side <= SERVER; side++) {
		net_stack_sysctl(net, side, "early_retrans", "0");
		net_stack_sysctl(net, side, "congestion_control", "reno");
		if (stack_is_tcp())
			net_stack_sysctl(net, side, "no_metrics_save", "1");
	}
}

struct wire *travel_connect(struct net *net, uint16_t port, struct conn *conn)
{
	struct wire *wire;

	travel_open(net);
	wire = wire_open(net, CLIENT, port);
	conn_open(net, port, conn);
	return wire;
}

void travel_sleep(long long ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

void host_dies(const struct net *net, int side)
{
	net_run(net, side,
		"nft -f - <<E\n"
		"add table inet scene\n"
		"add chain inet scene in { type filter hook prerouting priority -400; }\n"
		"add rule inet scene in meta l4proto %d drop\n"
		"E\n", stack_proto());
}

void host_returns(const struct net *net, int side)
{
	net_drop_end(net, side);
}

int error_of(int fd, long long ms)
{
	if (!sock_wait(fd, POLLERR, ms))
		return 0;
	return sock_get(fd, SOL_SOCKET, SO_ERROR);
}

bool gone(const struct net *net, int side, uint16_t local, uint16_t remote,
	  long long every, long long ms)
{
	long long end = net_now() + ms;

	while (net_state(net, side, local, remote) != ST_NONE) {
		if (net_now() >= end)
			return false;
		travel_sleep(every);
	}
	return true;
}

void wire_drain(struct wire *wire)
{
	while (wire_next(wire, 1))
		;
}

size_t wire_times(struct wire *wire, const char *line, long long *at, size_t max)
{
	size_t i, n = 0;

	wire_drain(wire);
	for (i = 0; i < wire_count(wire); i++) {
		const struct seg *seg = wire_at(wire, i);

		if (!wire_match(seg, line))
			continue;
		if (n < max)
			at[n] = seg->time;
		n++;
	}
	return n;
}

size_t wire_times_from(struct wire *wire, int side, long long after,
		       long long *at, size_t max)
{
	size_t i, n = 0;

	wire_drain(wire);
	for (i = 0; i < wire_count(wire); i++) {
		const struct seg *seg = wire_at(wire, i);

		if (seg->from != side || seg->time <= after)
			continue;
		if (n < max)
			at[n] = seg->time;
		n++;
	}
	return n;
}

bool about(long long got, long long want)
{
	/* TCP's timer may be late by an eighth twice, when it was moved. */
	long long early = stack_is_tcp() ? TICK + 1 : 1;
	long long late = want / (stack_is_tcp() ? 4 : 7) + 3 * TICK;

	return got >= want - early && got <= want + late;
}

static bool spaced(const long long *at, size_t n, long long want, long long most,
		   bool doubling)
{
	bool good = true;
	size_t i;

	for (i = 1; i < n; i++) {
		if (!about(at[i] - at[i - 1], want)) {
			fprintf(stderr, "# %zu. wait: %lld ms instead of %lld\n", i,
				at[i] - at[i - 1], want);
			good = false;
		}
		if (doubling)
			want = want < most / 2 ? 2 * want : most;
	}
	return good;
}

bool backs_off(const long long *at, size_t n, long long first, long long most)
{
	return spaced(at, n, first, most, true);
}

bool evenly(const long long *at, size_t n, long long want)
{
	return spaced(at, n, want, want, false);
}
