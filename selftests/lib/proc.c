// SPDX-License-Identifier: GPL-2.0
/* The stack's connections and counters in /proc: see net.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net.h"

static long stat_sum(const struct net *net, int side, const char *words,
		     bool exact)
{
	char line[512], name[128], list[256], *word, *save;
	int old = net_visit(net, side);
	long sum = 0, value;
	bool found = false;
	FILE *f;

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
	net_leave(old);
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
	int old = net_visit(net, side);
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s%s",
		 side_is_tcp(side) ? "tcp" : "atcp", ip46("", "6"));
	f = fopen(path, "re");
	if (!f)
		net_die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*[^:]:%x %*[^:]:%x %x", &local,
			   &remote, &state) == 3 &&
		    row(local, remote, state, arg))
			break;
	fclose(f);
	net_leave(old);
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

bool net_only_time_wait(void *net)
{
	int side;

	for (side = CLIENT; side <= SERVER; side++)
		if (net_count_state(net, side, ST_NONE) !=
		    net_count_state(net, side, ST_TIME_WAIT))
			return false;
	return true;
}

