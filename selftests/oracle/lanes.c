// SPDX-License-Identifier: GPL-2.0
/*
 * Most of a program's time is spent waiting for a delayed acknowledgment: so
 * several lanes, each a process with its pair of workers, share the items.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"

#define LANES	4
#define REPORT	16384

enum { OPEN, AGREES, DIFFERS, LEFT_OUT };

struct item {
	volatile int state;
	char report[REPORT];
};

struct board {
	volatile unsigned int next, runs, unsteady;
	struct item item[];
};

__attribute__((noreturn))
static void lane(const struct lanes *l, struct board *b)
{
	struct oracle o = { .trace = l->trace, .all = l->all };
	unsigned int i;

	oracle_open(&o);
	while ((i = __sync_fetch_and_add(&b->next, 1)) < l->count) {
		struct item *item = &b->item[i];

		if (l->until && net_now() > l->until) {
			item->state = LEFT_OUT;
			continue;
		}
		if (l->run(&o, i)) {
			item->state = AGREES;
			continue;
		}
		snprintf(item->report, sizeof(item->report), "%s", o.report);
		item->state = DIFFERS;
	}
	__sync_fetch_and_add(&b->runs, o.runs);
	__sync_fetch_and_add(&b->unsteady, o.unsteady);
	oracle_close(&o);
	fflush(NULL);
	_exit(0);
}

static bool any_alive(pid_t *pid)
{
	bool any = false;
	int i;

	for (i = 0; i < LANES; i++) {
		if (pid[i] > 0 && waitpid(pid[i], NULL, WNOHANG) == pid[i])
			pid[i] = 0;
		any |= pid[i] > 0;
	}
	return any;
}

void lanes_run(struct lanes *l)
{
	size_t size = sizeof(struct board) + l->count * sizeof(struct item);
	struct board *b = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[LANES];
	unsigned int i;

	if (b == MAP_FAILED)
		net_die("out of memory");
	fflush(NULL);
	for (i = 0; i < LANES; i++) {
		pid[i] = fork();
		if (!pid[i])
			lane(l, b);
	}
	for (i = 0; i < l->count; i++) {
		struct item *item = &b->item[i];

		while (item->state == OPEN && any_alive(pid))
			usleep(10000);
		if (item->state == LEFT_OUT)
			l->left_out++;
		else
			l->done(i, item->state == AGREES ? NULL :
				   item->state == DIFFERS ? item->report :
				   "# the lane has died\n");
	}
	while (any_alive(pid))
		usleep(10000);
	l->runs = b->runs;
	l->unsteady = b->unsteady;
	munmap(b, size);
}
