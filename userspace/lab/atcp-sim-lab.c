// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-sim-lab [-o DIR] [FILE]: runs a run description of atcp-lab (standard input, if no FILE
 * is named) in the simulator and writes the records into DIR, which has to exist.  The same
 * description gives the same bytes.
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
	int opt;

	while ((opt = getopt(argc, argv, "o:")) == 'o')
		dir = optarg;
	if (opt != -1 || argc - optind > 1) {
		fprintf(stderr, "usage: atcp-sim-lab [-o DIR] [FILE]\n");
		return 2;
	}
	run_read(&run, optind < argc ? argv[optind] : "-");
	return sim_run_all(&run, dir, stdout);
}
