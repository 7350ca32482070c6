// SPDX-License-Identifier: GPL-2.0
/*
 * The ACK that returns a SYN cookie comes on two CPUs at once: one connection is made,
 * and it is not reset.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define ROUNDS	300

FIXTURE(cookies)
{
	struct net net;
	struct wire *wire;
	int l;
};

FIXTURE_SETUP(cookies)
{
	net_open(&self->net);
	net_stack_sysctl(&self->net, SERVER, "syncookies", "2");
	self->l = sock_listen(&self->net, SERVER, PORT, 4096);
	/* The test plays the client, whose own host must not answer. */
	net_deaf(&self->net, CLIENT);
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(cookies)
{
	wire_close(self->wire);
}

/* Two threads, each on a CPU of its own, which send the same ACK. */
struct sender {
	const struct net *net;
	const struct craft *ack;
	int cpu;
	atomic_int *ready;		/* how often the senders were ready */
	pthread_barrier_t *round;	/* begins and ends a round, with the main thread */
};

static void *send_acks(void *arg)
{
	struct sender *s = arg;
	cpu_set_t one;
	int i;

	CPU_ZERO(&one);
	CPU_SET(s->cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(s->round);
		atomic_fetch_add(s->ready, 1);
		while (atomic_load(s->ready) < 2 * (i + 1))
			;
		wire_send(s->net, CLIENT, s->ack);
		pthread_barrier_wait(s->round);
	}
	return NULL;
}

TEST_F_TIMEOUT(cookies, twice_at_once, 120)
{
	struct craft syn = { .dport = PORT, .flags = TH_SYN };
	struct craft ack = { .dport = PORT, .flags = TH_ACK };
	pthread_barrier_t round;
	atomic_int ready = 0;
	const struct seg *seg;
	pthread_t thread[2];
	struct sender s[2];
	int i, k, fd;
	char c;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	pthread_barrier_init(&round, NULL, 3);
	for (k = 0; k < 2; k++) {
		s[k] = (struct sender){ &self->net, &ack, k, &ready, &round };
		ASSERT_EQ(0, pthread_create(&thread[k], NULL, send_acks, &s[k]));
	}
	for (i = 0; i < ROUNDS; i++) {
		syn.sport = 30000 + i;
		syn.seq = 1000 + 1000000 * i;
		wire_send(&self->net, CLIENT, &syn);
		do {
			seg = wire_next(self->wire, PATIENCE);
			ASSERT_NE(NULL, seg);
			EXPECT_FALSE(seg->flags & TH_RST);
		} while (seg->from != SERVER || seg->dport != syn.sport);
		ASSERT_EQ(TH_SYN | TH_ACK, seg->flags);
		ack.sport = syn.sport;
		ack.seq = syn.seq + 1;
		ack.ack = seg->raw_seq + 1;
		pthread_barrier_wait(&round);
		pthread_barrier_wait(&round);
		fd = sock_accept(self->l);
		FAILS(EAGAIN, recv(fd, &c, 1, MSG_DONTWAIT));
	}
	while ((seg = wire_next(self->wire, 100)))
		EXPECT_FALSE(seg->flags & TH_RST);
	sock_nonblock(self->l, true);
	FAILS(EAGAIN, accept(self->l, NULL, NULL));
}

TEST_HARNESS_MAIN
