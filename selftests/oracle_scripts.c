// SPDX-License-Identifier: GPL-2.0
/*
 * Scripted programs, run over atcp and over the kernel's TCP and compared: see
 * oracle/oracle.h.
 *
 *	oracle_scripts [-t] [-a] [NAME...]	only these; -t prints the
 *			transcripts, -a all differences instead of the first
 *	oracle_scripts --run FILE	a program from a file, or - for stdin
 *	oracle_scripts --table		the known differences, as oracle/README.md has them
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kselftest.h"
#include "oracle/oracle.h"

static const struct script **chosen;

static bool run_one(struct oracle *o, unsigned int item)
{
	struct program p;

	program_parse(&p, chosen[item]->text);
	return oracle_run(o, &p);
}

/* See the known differences of older kernels. */
static bool able(const struct script *s)
{
	if (!strncmp(s->name, "peek_off", 8))
		return kernel_has_peek_off();
	if (!strncmp(s->name, "zerocopy", 8))
		return kernel_has_zerocopy();
	return true;
}

static void done(unsigned int item, const char *report)
{
	if (report && !able(chosen[item])) {
		ksft_test_result_skip("%s: not with this kernel\n", chosen[item]->name);
		return;
	}
	if (!report) {
		ksft_test_result_pass("%s\n", chosen[item]->name);
		return;
	}
	printf("%s", report);
	ksft_test_result_fail("%s\n", chosen[item]->name);
}

static int run_file(struct oracle *o, const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "re") : stdin;
	static char text[1 << 16];
	struct program p;
	size_t n;

	if (!f)
		net_die("cannot open %s", name);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	program_parse(&p, text);
	if (oracle_run(o, &p)) {
		puts("no difference");
		return 0;
	}
	printf("%s", o->report);
	return 1;
}

static bool wanted(const struct script *s, char **names)
{
	bool any = false;

	for (; *names; names++) {
		any = true;
		if (!strncmp(s->name, *names, strlen(*names)))
			return true;
	}
	return !any;
}

static unsigned int choose(char **names)
{
	const struct script *const all[] = {
		scripts_calls, scripts_data, scripts_close, scripts_options,
		scripts_sweeps, scripts_states(),
	};
	const struct script *s;
	unsigned int g, count = 0;

	for (g = 0; g < sizeof(all) / sizeof(all[0]); g++)
		for (s = all[g]; s->name; s++) {
			if (!wanted(s, names))
				continue;
			chosen = realloc(chosen, (count + 1) * sizeof(s));
			chosen[count++] = s;
		}
	return count;
}

/* A known difference that does not occur is a failure. */
static void all_occur(void)
{
	unsigned int i;

	for (i = 0; i < differences_count; i++) {
		const struct difference *d = &differences[i];

		if (*d->hits || d->rare)
			ksft_test_result_pass("known: %s\n", d->id);
		else
			ksft_test_result_fail("known: %s: occurs nowhere\n", d->id);
	}
}

int main(int argc, char **argv)
{
	struct lanes l = { .run = run_one, .done = done };
	bool whole;

	setvbuf(stdout, NULL, _IOLBF, 0);
	argv++;
	if (*argv && !strcmp(*argv, "--table")) {
		differences_print();
		return 0;
	}
	differences_begin();
	for (; *argv && argv[0][0] == '-' && argv[0][1] != '-'; argv++) {
		l.trace |= !strcmp(*argv, "-t");
		l.all |= !strcmp(*argv, "-a");
	}
	if (argv[0] && argv[1] && !strcmp(*argv, "--run")) {
		struct oracle o = { .trace = l.trace, .all = l.all };

		oracle_open(&o);
		return run_file(&o, argv[1]);
	}
	whole = !*argv && !stack_is_tcp();
	l.count = choose(argv);
	ksft_print_header();
	ksft_set_plan(l.count + (whole ? differences_count : 0));
	lanes_run(&l);
	if (whole)
		all_occur();
	ksft_print_msg("%u runs, %u programs with more than one outcome over TCP\n",
		       l.runs, l.unsteady);
	ksft_finished();
}
