// SPDX-License-Identifier: GPL-2.0
/*
 * Scripted programs, run over atcp and over the kernel's TCP and compared: see
 * oracle/oracle.h.
 *
 *	oracle_scripts [-t] [-a] [NAME...]	only these; -t prints the
 *			transcripts, -a all differences instead of the first
 *	oracle_scripts --run FILE	a program from a file, or - for stdin
 *	oracle_scripts --table		the known differences, as the README has them
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kselftest.h"
#include "oracle/oracle.h"

#define GROUPS	6

static const struct script *all[GROUPS];

static bool run_one(struct oracle *o, const struct script *s)
{
	struct program p;

	program_parse(&p, s->text);
	if (oracle_run(o, &p)) {
		ksft_test_result_pass("%s\n", s->name);
		return true;
	}
	printf("%s", o->report);
	ksft_test_result_fail("%s\n", s->name);
	return false;
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

int main(int argc, char **argv)
{
	struct oracle o = { 0 };
	const struct script *s;
	unsigned int g, count = 0;

	all[0] = scripts_calls;
	all[1] = scripts_data;
	all[2] = scripts_close;
	all[3] = scripts_options;
	all[4] = scripts_sweeps;
	all[5] = scripts_states();
	setvbuf(stdout, NULL, _IOLBF, 0);
	argv++;
	if (*argv && !strcmp(*argv, "--table")) {
		differences_print();
		return 0;
	}
	for (; *argv && argv[0][0] == '-' && argv[0][1] != '-'; argv++) {
		o.trace |= !strcmp(*argv, "-t");
		o.all |= !strcmp(*argv, "-a");
	}
	if (argv[0] && argv[1] && !strcmp(*argv, "--run")) {
		oracle_open(&o);
		return run_file(&o, argv[1]);
	}
	ksft_print_header();
	for (g = 0; g < GROUPS; g++)
		for (s = all[g]; s->name; s++)
			count += wanted(s, argv);
	ksft_set_plan(count);
	oracle_open(&o);
	for (g = 0; g < GROUPS; g++)
		for (s = all[g]; s->name; s++)
			if (wanted(s, argv))
				run_one(&o, s);
	ksft_print_msg("%u runs, %u programs with more than one outcome over TCP\n",
		       o.runs, o.unsteady);
	oracle_close(&o);
	ksft_finished();
}
