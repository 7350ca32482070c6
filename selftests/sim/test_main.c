// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the tests, each in a process of its own and some at once, and reports in
 * KTAP.  usage() says how.
 */
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "test.h"

#define TEST_SECONDS	50	/* of the processor's; a test that runs longer hangs */
#define LADDER_MAX	60	/* segments shown of a failure */
#define MAX_AT_ONCE	16
#define NAME_MAX	160

static struct test *tests;
static char case_name[200];
bool test_with_faults;
void (*test_left)(void);
unsigned int test_worlds;

void test_add(struct test *t)
{
	struct test **at = &tests;

	/* Sorted by file, then in the order of the source. */
	while (*at && strcmp((*at)->file, t->file) <= 0)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

/* "rfc_close.name" from ".../test_rfc_close.c" and "name". */
static const char *full_name(const struct test *t, char out[NAME_MAX])
{
	const char *base = strrchr(t->file, '/');
	const char *dot;

	base = base ? base + 1 : t->file;
	if (!strncmp(base, "test_", 5))
		base += 5;
	dot = strchr(base, '.');
	snprintf(out, NAME_MAX, "%.*s.%s", dot ? (int)(dot - base) : 40, base, t->id);
	return out;
}

void test_case(const char *fmt, ...)
{
	va_list ap;

	case_name[0] = '\0';
	if (!fmt)
		return;
	va_start(ap, fmt);
	vsnprintf(case_name, sizeof(case_name), fmt, ap);
	va_end(ap);
}

static void print_case(void)
{
	if (case_name[0])
		printf("# in the case: %s\n", case_name);
	faults_print_case();
}

static void ladders(void)
{
	u32 i, j;

	for (i = 0; sim && i < sim->nhosts; i++)
		for (j = i; j < sim->nhosts; j++)
			sim_ladder(i, j, LADDER_MAX);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	va_list ap;

	faults_excuse();
	print_case();
	printf("# %s:%d: ", base ? base + 1 : file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (sim && sim->stopped)
		printf("# %s\n", sim->failure);
	ladders();
	fflush(stdout);
	_exit(1);
}

void test_world(u64 seed, u32 nhosts)
{
	sim_begin(seed, nhosts);
	sim->tracing = true;
	test_worlds++;
}

void test_world_end(void)
{
	sim_run_pending();
	if (sim->stopped) {
		print_case();
		printf("# an invariant failed %s\n", sim->failure);
		ladders();
		fflush(stdout);
		_exit(1);
	}
	sim_end();
	if (sim_failure()) {
		print_case();
		printf("# %s\n", sim_failure());
		fflush(stdout);
		_exit(1);
	}
}

static void run(const struct test *t)
{
	static const struct rlimit limit = { TEST_SECONDS, TEST_SECONDS };

	setrlimit(RLIMIT_CPU, &limit);
	if (test_with_faults)
		faults_run(t);
	else
		t->fn(t->arg);
	if (sim)
		test_world_end();
	fflush(stdout);
	exit(0);	/* with the sanitizers' checks */
}

/* --- running them --- */

struct job {
	const struct test *t;
	pid_t pid;
	FILE *out;	/* what it prints */
	int status;
	bool over;
};

static void start(struct job *job)
{
	job->out = tmpfile();
	fflush(stdout);
	job->pid = fork();
	if (job->pid)
		return;
	if (job->out) {
		dup2(fileno(job->out), 1);
		dup2(fileno(job->out), 2);
	}
	run(job->t);
}

/* What a test has to say though it passed: the cost of what it did. */
static void print_costs(FILE *out)
{
	char line[1024];

	rewind(out);
	while (fgets(line, sizeof(line), out))
		if (!strncmp(line, "# cost: ", 8))
			fputs(line, stdout);
}

static bool print(const struct job *job, unsigned int n)
{
	bool ok = WIFEXITED(job->status) && !WEXITSTATUS(job->status);
	char buf[4096], name[NAME_MAX];
	size_t len;

	if (!ok && job->out) {
		rewind(job->out);
		while ((len = fread(buf, 1, sizeof(buf), job->out)) > 0)
			fwrite(buf, 1, len, stdout);
	}
	if (ok && job->out && !test_with_faults)
		print_costs(job->out);
	if (WIFSIGNALED(job->status))
		printf("# ended by signal %d (%s)\n", WTERMSIG(job->status),
		       strsignal(WTERMSIG(job->status)));
	if (job->out)
		fclose(job->out);
	printf("%sok %u %s%s\n", ok ? "" : "not ", n, test_with_faults ? "faults." : "",
	       full_name(job->t, name));
	return ok;
}

static int run_all(struct job *jobs, unsigned int n)
{
	unsigned int at_once = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int started = 0, printed = 0, running = 0, failed = 0, i;
	int status;
	pid_t pid;

	at_once = min(max(at_once, 1u), (unsigned int)MAX_AT_ONCE);
	while (printed < n) {
		/* Not too far ahead of the printing, as each job holds a file open. */
		while (started < n && running < at_once && started < printed + 200) {
			start(&jobs[started++]);
			running++;
		}
		pid = wait(&status);
		if (pid < 0)
			break;
		running--;
		for (i = printed; i < started; i++) {
			if (jobs[i].pid == pid) {
				jobs[i].status = status;
				jobs[i].over = true;
			}
		}
		while (printed < started && jobs[printed].over) {
			failed += !print(&jobs[printed], printed + 1);
			printed++;
		}
	}
	fflush(stdout);
	return failed ? 1 : 0;
}

/* Whether @word is the test's name, the beginning of it, or a pattern for it. */
static bool matches(const struct test *t, const char *word)
{
	char name[NAME_MAX];
	size_t len = strlen(word);

	full_name(t, name);
	if (strpbrk(word, "*?["))
		return !fnmatch(word, name, 0);
	return !strncmp(name, word, len);
}

static bool is_whole_name(const char *word)
{
	const struct test *t;
	char name[NAME_MAX];

	for (t = tests; t; t = t->next)
		if (!strcmp(full_name(t, name), word))
			return true;
	return false;
}

static bool wanted(const struct test *t, int n, char **words)
{
	char name[NAME_MAX];
	int i;

	for (i = 0; i < n; i++) {
		/* A test's whole name may be the beginning of another's. */
		if (is_whole_name(words[i]) ? !strcmp(full_name(t, name), words[i]) :
		    matches(t, words[i]))
			return true;
	}
	return !n;
}

/* Says which of @words name nothing, if some do. */
static bool all_known(int n, char **words)
{
	const struct test *t;
	bool known = true;
	int i;

	for (i = 0; i < n; i++) {
		for (t = tests; t && !matches(t, words[i]); t = t->next)
			;
		if (!t) {
			fprintf(stderr, "atcp-sim-test: no test is named %s: see --list\n",
				words[i]);
			known = false;
		}
	}
	return known;
}

static int usage(FILE *to, int status)
{
	fprintf(to, "usage: atcp-sim-test [--list | --faults] [NAME...]\n"
		"\n"
		"Runs the tests of the protocol core in the simulated network; prints KTAP.\n"
		"\n"
		"  NAME      a test (rfc_close.three_segments), the beginning of some tests'\n"
		"            names (rfc_close), or a pattern ('*.*fin*'); without one, all\n"
		"  --list    prints their names, and runs none\n"
		"  --faults  runs each again and again, with calls to the host that fail\n"
		"  --help    prints this\n");
	return status;
}

int main(int argc, char **argv)
{
	const char *option = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
	bool list = !strcmp(option, "--list");
	int skip;
	unsigned int n = 0, max = 0;
	char name[NAME_MAX];
	struct job *jobs;
	struct test *t;
	int failed;

	if (!strcmp(option, "--help") || !strcmp(option, "-h"))
		return usage(stdout, 0);
	test_with_faults = !strcmp(option, "--faults");
	if (*option && !list && !test_with_faults)
		return usage(stderr, 2);
	skip = *option ? 2 : 1;
	if (!all_known(argc - skip, argv + skip))
		return 2;
	for (t = tests; t; t = t->next)
		max++;
	jobs = calloc(max + 1, sizeof(*jobs));
	if (!jobs)
		return 2;
	for (t = tests; t; t = t->next) {
		if (!wanted(t, argc - skip, argv + skip))
			continue;
		/*
		 * Unit tests have no host whose calls could fail.  Those of the laboratory
		 * measure: a call that fails shows nothing there, and they make millions.
		 */
		if (test_with_faults &&
		    (strstr(t->file, "test_unit_") || strstr(t->file, "test_lab_")))
			continue;
		if (list)
			printf("%s\n", full_name(t, name));
		jobs[n++].t = t;
	}
	if (list) {
		free(jobs);
		return 0;
	}
	if (test_with_faults)
		faults_begin();
	printf("KTAP version 1\n1..%u\n", n + test_with_faults);
	failed = run_all(jobs, n);
	if (test_with_faults)
		failed |= !faults_judge(n + 1, argc == skip);
	free(jobs);
	return failed;
}
