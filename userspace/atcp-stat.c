// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-stat: prints the counters of /proc/net/atcp_stat that have changed since it was
 * last run, each with its meaning, as nstat(8) does for the kernel's own.
 *
 * The old values are in a file of the user's, one for each network namespace and boot.
 * A counter below its old value has started from 0: the module was loaded again.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "family.h"

#define STATS	"/proc/net/atcp_stat"
#define MOST	256
#define NOW	"now_"		/* prefix of a present number, which is no counter */

/* One line of STATS; name and text point into the buffer that was read. */
struct counter {
	const char *name;
	const char *text;
	unsigned long long value;
	unsigned long long before;
};

static struct counter counters[MOST];
static int count;

static bool all;
static bool json;
static bool keep = true;	/* write the new values to the history */
static bool reset;		/* ignore the old values */

static void __attribute__((noreturn)) usage(int status)
{
	fputs("usage: atcp-stat [-a] [-j] [-n] [-r] [NAME]...\n"
	      "Prints the counters of atcp that have changed since it was last run.\n"
	      "  NAME             print only counters whose names contain NAME\n"
	      "  -a, --all        print all, changed or not\n"
	      "  -j, --json       print JSON\n"
	      "  -n, --no-update  do not store the values for the next run\n"
	      "  -r, --reset      print the change since the module was loaded\n",
	      status ? stderr : stdout);
	exit(status);
}

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("atcp-stat: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(1);
}

/* Reads a descriptor to its end into a string. */
static char *slurp(int fd, const char *name)
{
	size_t size = 0, room = 4096;
	char *text = malloc(room);
	ssize_t n;

	while (text && (n = read(fd, text + size, room - size - 1)) != 0) {
		if (n < 0)
			die("%s: %s", name, strerror(errno));
		size += n;
		if (room - size < 1024)
			text = realloc(text, room *= 2);
	}
	if (!text)
		die("out of memory");
	text[size] = '\0';
	return text;
}

static void read_counters(void)
{
	int fd = open(STATS, O_RDONLY);
	char *line, *rest;

	if (fd < 0 && errno == ENOENT)
		die(STATS " is not there: atcp.ko " ATCP_NOT_LOADED);
	if (fd < 0)
		die(STATS ": %s", strerror(errno));
	rest = slurp(fd, STATS);
	close(fd);
	while (count < MOST && (line = strsep(&rest, "\n"))) {
		struct counter *c = &counters[count];
		int name, value, text;

		if (!*line)
			continue;
		if (sscanf(line, "%*s%n %n%llu %n", &name, &value, &c->value, &text) != 1)
			die(STATS ": unknown format: %s", line);
		line[name] = '\0';
		c->name = line;
		c->text = line + text;
		count++;
	}
}

static bool is_state(const struct counter *c)
{
	return !strncmp(c->name, NOW, strlen(NOW));
}

/* --- the history --- */

/* The boot and the network namespace, which the history's first line names. */
static void identify(char *buf, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
	char boot[37] = "";
	struct stat st;

	if (fd < 0 || read(fd, boot, 36) != 36 || stat("/proc/self/ns/net", &st))
		die("/proc: %s", strerror(errno));
	close(fd);
	snprintf(buf, size, "%s %ju", boot, (uintmax_t)st.st_ino);
}

/*
 * Opens the history.  It must be a regular file of the user's own, so that nobody else
 * can have put it or a link there.  It is locked, so that two runs do not mix.
 */
static int open_history(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char path[4096];
	struct stat st;
	int fd;

	if (stat("/proc/self/ns/net", &st))
		die("/proc: %s", strerror(errno));
	if (dir && *dir)
		snprintf(path, sizeof(path), "%s/atcp-stat.%ju", dir, (uintmax_t)st.st_ino);
	else
		snprintf(path, sizeof(path), "/tmp/.atcp-stat.u%u.%ju", geteuid(),
			 (uintmax_t)st.st_ino);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 || fstat(fd, &st) || flock(fd, LOCK_EX))
		die("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		die("%s: not a regular file of your own", path);
	return fd;
}

static struct counter *find(const char *name)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(counters[i].name, name))
			return &counters[i];
	return NULL;
}

static void read_history(int fd)
{
	char here[128], *rest = slurp(fd, "history"), *line = strsep(&rest, "\n");

	identify(here, sizeof(here));
	if (strcmp(line, here))
		return;
	while ((line = strsep(&rest, "\n"))) {
		char name[64];
		unsigned long long value;
		struct counter *c;

		if (sscanf(line, "%63s %llu", name, &value) != 2)
			continue;
		c = find(name);
		if (c && value <= c->value)
			c->before = value;
	}
}

static void write_history(int fd)
{
	char here[128];
	FILE *f;
	int i;

	identify(here, sizeof(here));
	f = ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) ? NULL : fdopen(fd, "w");
	if (!f)
		die("history: %s", strerror(errno));
	fprintf(f, "%s\n", here);
	for (i = 0; i < count; i++)
		if (!is_state(&counters[i]))
			fprintf(f, "%s %llu\n", counters[i].name, counters[i].value);
	if (fclose(f))
		die("history: %s", strerror(errno));
}

/* --- output --- */

static bool asked_for(const struct counter *c, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strstr(c->name, *names))
			return true;
	return false;
}

static bool is_shown(const struct counter *c, char **names)
{
	return asked_for(c, names) &&
	       (all || (is_state(c) ? c->value : c->value != c->before));
}

/* The texts are printable; only quotes and backslashes need an escape in JSON. */
static void put_json(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void print_json(char **names)
{
	const char *before = "\n  ";
	int i;

	fputs("{", stdout);
	for (i = 0; i < count; i++) {
		const struct counter *c = &counters[i];

		if (!is_shown(c, names))
			continue;
		fputs(before, stdout);
		before = ",\n  ";
		put_json(c->name);
		printf(": { \"value\": %llu, ", c->value);
		if (!is_state(c))
			printf("\"change\": %llu, ", c->value - c->before);
		fputs("\"text\": ", stdout);
		put_json(c->text);
		fputs(" }", stdout);
	}
	puts("\n}");
}

static void print_table(char **names)
{
	bool head = false;
	int i;

	for (i = 0; i < count; i++) {
		const struct counter *c = &counters[i];

		if (!is_shown(c, names))
			continue;
		if (!head)
			printf("%-20s %12s %12s\n", "", "change", "in all");
		head = true;
		if (is_state(c))
			printf("%-20s %12s %12llu  %s\n", c->name, "-", c->value, c->text);
		else
			printf("%-20s %12llu %12llu  %s\n", c->name,
			       c->value - c->before, c->value, c->text);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "no-update", no_argument, NULL, 'n' },
		{ "reset", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int opt, fd;

	while ((opt = getopt_long(argc, argv, "ajnrh", options, NULL)) >= 0) {
		switch (opt) {
		case 'a':
			all = true;
			break;
		case 'j':
			json = true;
			break;
		case 'n':
			keep = false;
			break;
		case 'r':
			reset = true;
			break;
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	read_counters();
	fd = open_history();
	if (!reset)
		read_history(fd);
	(json ? print_json : print_table)(argv + optind);
	if (fflush(stdout) || ferror(stdout))
		die("output: %s", strerror(errno));
	if (keep)
		write_history(fd);
	return 0;
}
