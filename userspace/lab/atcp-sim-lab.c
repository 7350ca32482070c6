// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-sim-lab [-o DIR] [-l OBJECT]... [FILE]: runs a run description of atcp-lab (standard
 * input, if no FILE is named) in the simulator and writes the records into DIR, which has to
 * exist.  The same description gives the same bytes.  Each OBJECT, a shared object, has an
 * algorithm of congestion control that flows may name.
 *
 * Exit status: 0; 1, the run failed; 2, a wrong description; 3, one that is right, but for
 * what the simulator has not.
 */
#include <stdio.h>
#include <unistd.h>

#include "sim_run.h"

int main(int argc, char **argv)
{
	static struct run run;
	const char *dir = ".";
	char why[512];
	int opt;

	while ((opt = getopt(argc, argv, "l:o:")) == 'l' || opt == 'o') {
		if (opt == 'o') {
			dir = optarg;
		} else if (!sim_cc_load(optarg, why, sizeof(why))) {
			fprintf(stderr, "%s\n", why);
			return 2;
		}
	}
	if (opt != -1 || argc - optind > 1) {
		fprintf(stderr, "usage: atcp-sim-lab [-o DIR] [-l OBJECT]... [FILE]\n");
		return 2;
	}
	run_read(&run, optind < argc ? argv[optind] : "-");
	return sim_run_all(&run, dir, stdout);
}
