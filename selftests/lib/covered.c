// SPDX-License-Identifier: GPL-2.0
/* The number of rounds that tests do, and what they covered: see covered.h. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "covered.h"

#define FIGURES	16

struct figure {
	char name[24];
	long count;
};

/* Shared by all processes of the program. */
static struct shared {
	int lock;
	struct figure figure[FIGURES];
} *shared;

static pid_t owner;
static long long begun;

int covered_rounds(int few, int full)
{
	const char *text = getenv("ATCP_TEST_ROUNDS");
	long times = text ? atol(text) : 1;

	if (times < 1)
		times = 1;
	return few >= full / times ? full : few * times;
}

void covered_add(const char *what, long count)
{
	struct figure *f = shared->figure;

	while (__atomic_exchange_n(&shared->lock, 1, __ATOMIC_ACQUIRE))
		usleep(100);
	while (f->name[0] && strcmp(f->name, what))
		f++;
	if (f == shared->figure + FIGURES - 1)
		net_die("more than %d figures", FIGURES - 1);
	snprintf(f->name, sizeof(f->name), "%s", what);
	f->count += count;
	__atomic_store_n(&shared->lock, 0, __ATOMIC_RELEASE);
}

void covered_net(const struct net *net)
{
	int side, sides = net->ns[CLIENT] == net->ns[SERVER] ? 1 : 2;

	if (stack_is_tcp())
		return;
	for (side = 0; side < sides; side++) {
		covered_add("connections", net_stat(net, side, "active_opens"));
		covered_add("segments", net_stat(net, side, "in_segs"));
	}
}

/* Every test is a process of its own: the figures outlive it here. */
__attribute__((constructor)) static void covered_begin(void)
{
	owner = getpid();
	begun = net_now();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		net_die("no memory");
}

__attribute__((destructor)) static void covered_print(void)
{
	const struct figure *f = shared->figure;

	if (getpid() != owner || !f->name[0])
		return;
	printf("# covered:");
	for (; f->name[0]; f++)
		printf(" %s=%ld", f->name, f->count);
	printf(" seconds=%lld\n", (net_now() - begun + 500) / 1000);
}
