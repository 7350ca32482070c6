// SPDX-License-Identifier: GPL-2.0
/*
 * atcp and the kernel's TCP, each with a peer that this program plays: generated
 * sequences of segments, calls and waiting, the same to both, on a clock that jumps
 * (lib/travel.h).  What each answers on the wire, calls' results, bytes and states must
 * be the same but for the known differences (../oracle/oracle.h, ../oracle/peer.h).
 * Where they are not, the sequence is made as short as shows it.
 *
 *	compare [-t] [-a] FIRST COUNT	seeds; -t prints what both did, -a all differences
 *	compare [-t] [-a] --run FILE	a sequence, as reports print them
 *	compare --show SEED
 *
 * ATCP_TEST_SEED is the first seed if no other is given, ATCP_TEST_ROUNDS how many
 * times as many.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../kselftest.h"
#include "../lib/covered.h"
#include "../oracle/oracle.h"
#include "lib/travel.h"

#define SEEDS	300	/* that make up a test, */
#define TESTS	4	/* of which there are as many */
#define TRIES	300	/* to make a sequence shorter */
#define MOST	5	/* differences that are told; the others may be the same */

static struct oracle oracle = { .peer = true };
static unsigned int told;

static void show(const struct program *p)
{
	char line[256];
	unsigned int i;

	for (i = 0; i < p->count; i++) {
		op_print(&p->op[i], line, sizeof(line));
		puts(line);
	}
}

static int run_file(const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "re") : stdin;
	static char text[1 << 16];
	struct program p;

	if (!f)
		net_die("cannot open %s", name);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	program_parse(&p, text);
	if (oracle_run(&oracle, &p)) {
		puts("no difference");
		return 0;
	}
	fputs(oracle.report, stdout);
	return 1;
}

/* Runs seeds; returns how many of them showed a difference. */
static int run_seeds(unsigned long first, unsigned long count)
{
	unsigned long seed;
	struct program p;
	int bad = 0;

	for (seed = first; seed < first + count && told < MOST; seed++) {
		random_peer_program(&p, seed);
		covered_add("sequences", 1);
		covered_add("steps", p.count);
		if (oracle_run(&oracle, &p))
			continue;
		oracle_shrink(&oracle, &p, TRIES);
		oracle_sign(&oracle, "seed %lu", seed);
		fputs(oracle.report, stdout);
		bad++;
		told++;
	}
	return bad;
}

int main(int argc, char **argv)
{
	unsigned long first = 1, count = covered_rounds(SEEDS, 1000000), i;
	const char *seed = getenv("ATCP_TEST_SEED");

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* On the wire they are the same, then, but for what they say. */
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	for (argv++; *argv && argv[0][0] == '-' && argv[0][1] != '-'; argv++) {
		oracle.trace |= !strcmp(*argv, "-t");
		oracle.all |= !strcmp(*argv, "-a");
	}
	if (argv[0] && argv[1] && !strcmp(*argv, "--show")) {
		struct program p;

		random_peer_program(&p, strtoul(argv[1], NULL, 0));
		show(&p);
		return 0;
	}
	ksft_print_header();
	if (!travel_ready())
		ksft_exit_skip("this needs a clock that can jump\n");
	differences_begin();
	oracle_open(&oracle);
	if (argv[0] && argv[1] && !strcmp(*argv, "--run"))
		return run_file(argv[1]);
	if (argv[0] && argv[1]) {
		first = strtoul(argv[0], NULL, 0);
		count = (strtoul(argv[1], NULL, 0) + TESTS - 1) / TESTS;
	} else if (seed) {
		first = strtoul(seed, NULL, 0);
	}
	ksft_set_plan(TESTS);
	for (i = 0; i < TESTS; i++, first += count) {
		if (told == MOST)
			ksft_test_result_skip("seeds %lu to %lu: enough was found\n", first,
					      first + count - 1);
		else
			ksft_test_result(!run_seeds(first, count), "seeds %lu to %lu\n", first,
					 first + count - 1);
	}
	oracle_close(&oracle);
	ksft_finished();
}
