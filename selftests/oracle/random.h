/* SPDX-License-Identifier: GPL-2.0 */
/* How random programs are made: see random.c. */
#ifndef ATCP_SELFTEST_ORACLE_RANDOM_H
#define ATCP_SELFTEST_ORACLE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "oracle.h"

struct random {
	uint64_t state;
};

/* A number below that. */
uint32_t draw(struct random *r, uint32_t below);

#define PICK(r, array) ((array)[draw(r, sizeof(array) / sizeof((array)[0]))])

struct weighted {
	unsigned int weight;
	const char *text;
};

struct grammar {
	const struct weighted *beginnings, *operations;
	size_t beginnings_count, operations_count;
	/* Writes what a placeholder stands for; returns its length, -1 if it is none. */
	int (*word)(struct random *r, char placeholder, char *to, size_t room);
	/* True if the next operation may follow at once. */
	bool (*may_hurry)(const struct op *op);
};

/* A program by a grammar; the same seed gives the same. */
void random_make(struct program *p, uint64_t seed, const struct grammar *g);

#endif /* ATCP_SELFTEST_ORACLE_RANDOM_H */
