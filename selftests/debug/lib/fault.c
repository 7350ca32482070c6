// SPDX-License-Identifier: GPL-2.0
/* Fault injection: see fault.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/net.h"
#include "fault.h"

#define KNOBS	"/sys/kernel/debug/"
#define SLABS	"/sys/kernel/slab/"
#define MANY	1000000		/* more faults than any test makes */

static int nth_fd = -1;
static int slab_times;

static bool put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return ok;
}

static void must_put(const char *path, const char *value)
{
	if (!put(path, value))
		net_die("%s: %s", path, strerror(errno));
}

static void put_number(const char *path, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	must_put(path, text);
}

static long get_number(const char *path)
{
	long value;
	FILE *f = fopen(path, "re");

	if (!f || fscanf(f, "%ld", &value) != 1)
		net_die("%s: %s", path, strerror(errno));
	fclose(f);
	return value;
}

bool fault_begin(void)
{
	/* Each of these prints a stack at every failure, unless verbose is 0. */
	static const char *const kinds[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), KNOBS "%s/verbose", kinds[i]);
		if (!put(path, "0"))
			return false;
	}
	must_put(KNOBS "failslab/ignore-gfp-wait", "N");
	must_put(KNOBS "fail_page_alloc/ignore-gfp-wait", "N");
	must_put(KNOBS "fail_page_alloc/ignore-gfp-highmem", "N");
	must_put(KNOBS "fail_page_alloc/min-order", "0");

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		return false;
	/* Page faults of the program would be counted. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	return true;
}

void fault_arm(unsigned int nth)
{
	int err = errno, len;
	char text[16];

	len = snprintf(text, sizeof(text), "%u", nth);
	/* A fault that is armed already may happen in this write. */
	while (pwrite(nth_fd, text, len, 0) != len)
		if (errno != EFAULT)
			net_die("fail-nth: %s", strerror(errno));
	errno = err;
}

unsigned int fault_left(void)
{
	char text[16] = "";
	int err = errno;
	ssize_t n;

	/* EFAULT: the fault has happened in this read. */
	n = pread(nth_fd, text, sizeof(text) - 1, 0);
	if (n < 0 && errno != EFAULT)
		net_die("fail-nth: %s", strerror(errno));
	fault_arm(0);
	errno = err;
	return n < 0 ? 1 : strtoul(text, NULL, 10);
}

bool fault_used(void)
{
	return !fault_left();
}

/* --- slab caches --- */

static char *cache_file(const char *name, const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), SLABS "%s/%s", name, file);
	return path;
}

bool fault_has_cache(const char *name)
{
	struct stat st;

	/* Before 6.2 the file is read-only. */
	return !stat(cache_file(name, "failslab"), &st) && st.st_mode & 0200;
}

void fault_cache(const char *name, bool on)
{
	must_put(cache_file(name, "failslab"), on ? "1" : "0");
}

static void slab_begin(int percent, int times, long space)
{
	must_put(KNOBS "failslab/cache-filter", "Y");
	must_put(KNOBS "failslab/ignore-gfp-wait", "Y");
	must_put(KNOBS "failslab/task-filter", "N");
	put_number(KNOBS "failslab/interval", 1);
	put_number(KNOBS "failslab/space", space);
	put_number(KNOBS "failslab/times", times);
	put_number(KNOBS "failslab/probability", percent);
	slab_times = times;
}

void fault_slab_nth(const char *name, int skip)
{
	long size = get_number(cache_file(name, "object_size"));

	/* The size of each allocation that passes is subtracted from this space. */
	slab_begin(100, 1, skip ? skip * size + 1 : 0);
}

void fault_slab_chance(int percent)
{
	slab_begin(percent, MANY, 0);
}

int fault_slab_end(void)
{
	int left;

	put_number(KNOBS "failslab/probability", 0);
	left = get_number(KNOBS "failslab/times");
	must_put(KNOBS "failslab/cache-filter", "N");
	must_put(KNOBS "failslab/ignore-gfp-wait", "N");
	return slab_times - left;
}
