// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-sim: runs the simulator from the command line.
 *
 *   atcp-sim random [FIRST [COUNT]]	random scenarios, on every processor
 *   atcp-sim faults [FIRST [COUNT]]	the same, each again with failures
 *   atcp-sim replay SEED [NTH BURST LASTING]
 *					one scenario, with its ladder
 *   atcp-sim table			throughput by buffer and loss
 *
 * The first two end with a hash of all segments that were sent.  It stays the same when
 * a change of the core does not show on the wire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "random.h"
#include "table.h"

#define BATCHES	20
#define FAIL_RUNS	3	/* runs with failures of one scenario */

static int usage(void)
{
	fprintf(stderr, "usage: atcp-sim random|faults [FIRST [COUNT]]\n");
	fprintf(stderr, "       atcp-sim replay SEED [NTH BURST LASTING]\n");
	fprintf(stderr, "       atcp-sim table\n");
	return 2;
}

static bool with_faults;

/* What the workers tell their parent. */
struct shared {
	u64 calls_failed;
	struct sim_sent sent;		/* the scenarios' hashes are added up */
	u64 current[64];		/* the scenario that each worker runs, from 0 */
	u32 failed[BATCHES];
};

static void report(const char *argv0, u64 seed, const char *why)
{
	pid_t pid;

	printf("# seed %llu: %s\n# replay: %s replay %llu %llu %llu %llu\n", seed, why, argv0,
	       seed, sim_fail_nth.nth, sim_fail_nth.burst, sim_fail_nth.lasting);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		sim_fail_nth.calls = 0;
		sim_fail_nth.failed = 0;
		sim_random_run(seed, true);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Worker @me, one of @of: runs every @of-th scenario from @from on. */
static void work(struct shared *sh, const char *argv0, u64 first, u64 count, u32 me, u32 of,
		 u64 from)
{
	u32 reported = 0;
	u64 i;

	for (i = from; i < count; i += of) {
		const char *why;

		u64 calls_failed = 0;

		sh->current[me] = i;
		sim_sent = (struct sim_sent){ 0 };
		why = with_faults ? sim_random_failing(first + i, FAIL_RUNS, &calls_failed) :
		      sim_random_run(first + i, false);
		__atomic_add_fetch(&sh->calls_failed, calls_failed, __ATOMIC_RELAXED);
		__atomic_add_fetch(&sh->sent.hash, sim_sent.hash, __ATOMIC_RELAXED);
		__atomic_add_fetch(&sh->sent.segs, sim_sent.segs, __ATOMIC_RELAXED);
		if (!why)
			continue;
		__atomic_add_fetch(&sh->failed[i * BATCHES / count], 1, __ATOMIC_RELAXED);
		if (reported++ < 3)
			report(argv0, first + i, why);
		else
			printf("# seed %llu: %s\n", first + i, why);
	}
	fflush(stdout);
	exit(0);
}

static pid_t start_worker(struct shared *sh, const char *argv0, u64 first, u64 count, u32 me,
			  u32 of, u64 from)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		work(sh, argv0, first, count, me, of, from);
	return pid;
}

static int cmd_random(const char *argv0, u64 first, u64 count)
{
	u32 of = sysconf(_SC_NPROCESSORS_ONLN), i, failed = 0, running;
	struct shared *sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[64];

	if (sh == MAP_FAILED || !count)
		return 2;
	of = min(max(of, 1u), 64u);
	for (i = 0; i < of; i++)
		pids[i] = start_worker(sh, argv0, first, count, i, of, i);
	for (running = of; running;) {
		int status;
		pid_t pid = wait(&status);

		for (i = 0; i < of && pids[i] != pid; i++)
			;
		if (pid < 0)
			break;
		if (i == of)
			continue;
		if (WIFEXITED(status) && !WEXITSTATUS(status)) {
			running--;
			continue;
		}
		/* A sanitizer or a signal ended the worker: another goes on after its seed. */
		printf("# seed %llu: the process died\n# replay: %s replay %llu\n",
		       first + sh->current[i], argv0, first + sh->current[i]);
		sh->failed[sh->current[i] * BATCHES / count]++;
		pids[i] = start_worker(sh, argv0, first, count, i, of, sh->current[i] + of);
	}
	for (i = 0; i < BATCHES; i++) {
		printf("%sok %u random scenarios%s, seeds %llu to %llu\n",
		       sh->failed[i] ? "not " : "", i + 1, with_faults ? " with failures" : "",
		       first + (i * count + BATCHES - 1) / BATCHES,
		       first + ((i + 1) * count + BATCHES - 1) / BATCHES - 1);
		failed += sh->failed[i];
	}
	printf("# %llu scenarios, %u failed\n", count, failed);
	printf("# %llu segments, hash %016llx\n", sh->sent.segs, sh->sent.hash);
	if (with_faults)
		printf("# covered: scenarios=%llu faults=%llu\n", count, sh->calls_failed);
	return failed ? 1 : 0;
}

static int cmd_replay(char **args, int n)
{
	const char *why;

	if (n == 4) {
		sim_fail_nth.nth = strtoull(args[1], NULL, 0);
		sim_fail_nth.burst = strtoull(args[2], NULL, 0);
		sim_fail_nth.lasting = strtoull(args[3], NULL, 0);
	}
	why = sim_random_run(strtoull(args[0], NULL, 0), true);
	if (!why)
		printf("# passed\n");
	return why ? 1 : 0;
}

int main(int argc, char **argv)
{
	/* The workers share the output: it is written by whole lines. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		return usage();
	with_faults = !strcmp(argv[1], "faults");
	if (with_faults || !strcmp(argv[1], "random"))
		return cmd_random(argv[0], argc > 2 ? strtoull(argv[2], NULL, 0) : 1,
				  argc > 3 ? strtoull(argv[3], NULL, 0) :
				  with_faults ? 2000 : 10000);
	if (!strcmp(argv[1], "replay") && (argc == 3 || argc == 6))
		return cmd_replay(argv + 2, argc - 2);
	if (!strcmp(argv[1], "table") && argc == 2)
		return sim_table();
	return usage();
}
