/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run description, which lab-link and lab-flow read both: each takes the lines that it
 * needs, and an unknown word, key or value is an error of both.  atcp-lab(5) has the format.
 */
#ifndef _ATCP_LAB_RUN_H
#define _ATCP_LAB_RUN_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/path.h"

#define RUN_LINKS	32	/* directions of links */
#define RUN_FLOWS	200	/* the last octet of their addresses */
#define RUN_CHANGES	256
#define RUN_OPTS	8	/* socket options, or sysctls, of a flow */

enum run_kind { RUN_BULK, RUN_ANSWER, RUN_UDP_PING, RUN_COMMAND };

/**
 * struct run_flow - a flow
 * @kernel:	over the kernel's TCP, else over atcp
 * @carrier:	of atcp's segments: IPPROTO_TCP or 253
 * @back:	the right host sends
 * @kind:	enum run_kind
 * @hosts:	which pair of hosts, from 0
 * @path:	bit n: takes link n, counted in forward direction
 * @cc:		congestion control, or ""
 * @opt:	socket options: level, name, value
 * @sysctl:	those of its hosts, for the simulator, which has no others
 * Sizes are in bytes, times in microseconds since the run's beginning.
 */
struct run_flow {
	char name[64];
	char cc[16];
	uint64_t kernel, carrier, back, kind, hosts;
	uint32_t path;
	uint64_t start_us, stop_us;
	uint64_t bytes, answer_bytes, think_us, every_us, size;
	uint64_t sndbuf, rcvbuf;
	int opt[RUN_OPTS][3];
	int opts;
	struct {
		char name[48];
		int64_t value;
	} sysctl[RUN_OPTS];
	int sysctls;
};

/* A change of a link's key at a time; changes are in the order of their times. */
struct run_change {
	uint64_t at_us;
	int link;
	char key[32];
	char value[64];
};

/*
 * @link: forward at even indices, each followed by its way back; @aqm: its queue is one of the
 * kernel's; @hosts: how many pairs of hosts there are
 */
struct run {
	uint64_t seed, time_us, sample_us, mtu, wire, ip;
	bool ipv6;
	int links, flows, changes, hosts;
	struct path_link link[RUN_LINKS];
	bool aqm[RUN_LINKS];
	char link_name[RUN_LINKS][64];
	struct run_flow flow[RUN_FLOWS];
	struct run_change change[RUN_CHANGES];
};

/*
 * Reads @file, or standard input for "-"; ends the program with status 2 and FILE:LINE if it
 * is wrong.
 */
void run_read(struct run *run, const char *file);
/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t run_now(void);
/* Waits until @until, or until one of @fds is ready. Return: how many are. */
int run_wait(struct pollfd *fds, int n, uint64_t until);
/* Ends the program with status 1 and errno's text. */
void run_die(const char *what) __attribute__((noreturn));
/*
 * Moves this thread to the network namespace of a host: PREFIX-l0 is the left one of the
 * first pair, PREFIX-r1 the right one of the second (ip-netns(8)).
 */
void run_enter(const char *prefix, char side, int number);

#endif /* _ATCP_LAB_RUN_H */
