// SPDX-License-Identifier: GPL-2.0
/* Reads a run description, as run.h says. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

static const char *at_file;
static int at_line;

uint64_t run_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void run_die(const char *what)
{
	perror(what);
	exit(1);
}

void run_enter(const char *prefix, char side, int number)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s-%c%d", prefix, side, number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		run_die(path);
	close(fd);
}

static void wrong(const char *what, const char *word)
{
	fprintf(stderr, "%s:%d: %s: %s\n", at_file, at_line, what, word ? word : "(nothing)");
	exit(2);
}

static uint64_t number(const char *s)
{
	char *end;
	uint64_t n;

	if (!s || *s < '0' || *s > '9')
		wrong("not a number", s);
	errno = 0;
	n = strtoull(s, &end, 10);
	if (*end || errno)
		wrong("not a number", s);
	return n;
}

static void copy(char *to, const char *from, size_t size)
{
	if (!from || strlen(from) >= size)
		wrong("no name, or too long", from);
	strcpy(to, from);
}

static int find_link(struct run *run, const char *name)
{
	int i;

	for (i = 0; i < run->links; i++)
		if (name && !strcmp(run->link_name[i], name))
			return i;
	wrong("no such link", name);
	return -1;
}

/* The value of a word KEY=VALUE, cut off. */
static char *value_of(char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		wrong("not KEY=VALUE", word);
	*value = 0;
	return value + 1;
}

static void read_link(struct run *run, char *save)
{
	struct path_link *link = &run->link[run->links];
	char *name = run->link_name[run->links], *word;

	if (run->links == RUN_LINKS)
		wrong("too many links", NULL);
	copy(name, strtok_r(NULL, " \t", &save), sizeof(run->link_name[0]));
	path_init(link, name, run->seed, run->links++);
	while ((word = strtok_r(NULL, " \t", &save))) {
		char *value = value_of(word);

		if (!strcmp(word, "aqm"))
			run->aqm[run->links - 1] = true;
		else if (!path_set(link, word, value))
			wrong("a link has no such key or value", word);
	}
}

static void read_opt(struct run_flow *f, const char *value)
{
	int *o = f->opt[f->opts];

	if (f->opts++ == RUN_OPTS || sscanf(value, "%d:%d:%d", o, o + 1, o + 2) != 3)
		wrong("not LEVEL:NAME:VALUE, or too many", value);
}

static void read_sysctl(struct run_flow *f, char *value)
{
	char *number = strchr(value, ':');

	if (!number || f->sysctls == RUN_OPTS)
		wrong("not NAME:VALUE, or too many", value);
	*number = 0;
	copy(f->sysctl[f->sysctls].name, value, sizeof(f->sysctl[0].name));
	f->sysctl[f->sysctls++].value = strtoll(number + 1, NULL, 10);
}

static void read_path(struct run *run, struct run_flow *f, char *value)
{
	char *save, *name;

	f->path = 0;
	for (name = strtok_r(value, ",", &save); name; name = strtok_r(NULL, ",", &save))
		f->path |= 1u << find_link(run, name) / 2;
}

static int one_of(const char *value, const char *const *list)
{
	int i;

	for (i = 0; list[i]; i++)
		if (!strcmp(value, list[i]))
			return i;
	wrong("no such value", value);
	return -1;
}

static void flow_key(struct run *run, struct run_flow *f, const char *key, char *value)
{
	static const char *const kinds[] = { "bulk", "answer", "udp-ping", "command", NULL };
	static const char *const stacks[] = { "atcp", "kernel", NULL };
	static const char *const carriers[] = { "tcp", "253", NULL };
	static const char *const dirs[] = { "forward", "back", NULL };
	const struct {
		const char *key;
		uint64_t *to;
	} keys[] = {
		{ "start_us", &f->start_us }, { "stop_us", &f->stop_us }, { "bytes", &f->bytes },
		{ "answer_bytes", &f->answer_bytes }, { "think_us", &f->think_us },
		{ "every_us", &f->every_us }, { "size", &f->size }, { "sndbuf", &f->sndbuf },
		{ "rcvbuf", &f->rcvbuf }, { "hosts", &f->hosts },
	};
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(key, keys[i].key)) {
			*keys[i].to = number(value);
			return;
		}
	}
	if (!strcmp(key, "stack"))
		f->kernel = one_of(value, stacks);
	else if (!strcmp(key, "carrier"))
		f->proto = one_of(value, carriers) ? 253 : IPPROTO_TCP;
	else if (!strcmp(key, "dir"))
		f->back = one_of(value, dirs);
	else if (!strcmp(key, "kind"))
		f->kind = one_of(value, kinds);
	else if (!strcmp(key, "cc"))
		copy(f->cc, value, sizeof(f->cc));
	else if (!strcmp(key, "nodelay"))
		f->nodelay = number(value);
	else if (!strcmp(key, "opt"))
		read_opt(f, value);
	else if (!strcmp(key, "sysctl"))
		read_sysctl(f, value);
	else if (!strcmp(key, "path"))
		read_path(run, f, value);
	else
		wrong("a flow has no such key", key);
}

static void read_flow(struct run *run, char *save)
{
	struct run_flow *f = &run->flow[run->flows++];
	char *word;

	if (run->flows > RUN_FLOWS)
		wrong("too many flows", NULL);
	copy(f->name, strtok_r(NULL, " \t", &save), sizeof(f->name));
	f->proto = IPPROTO_TCP;
	f->stop_us = run->time_us;
	f->path = ~0u;
	while ((word = strtok_r(NULL, " \t", &save))) {
		char *value = value_of(word);

		flow_key(run, f, word, value);
	}
	if (f->hosts >= RUN_FLOWS)
		wrong("too many hosts", f->name);
	if (f->hosts >= (uint64_t)run->hosts)
		run->hosts = f->hosts + 1;
}

static void read_change(struct run *run, char *save)
{
	struct run_change *c = &run->change[run->changes];
	struct path_link probe;
	uint64_t at = number(strtok_r(NULL, " \t", &save));
	int link = find_link(run, strtok_r(NULL, " \t", &save));
	char *word;

	for (; (word = strtok_r(NULL, " \t", &save)); c++) {
		char *value = value_of(word);

		if (run->changes++ == RUN_CHANGES)
			wrong("too many changes", NULL);
		probe = run->link[link];
		if (!strcmp(word, "loss_at") || !path_set(&probe, word, value))
			wrong("a change has no such key or value", word);
		c->at_us = at;
		c->link = link;
		copy(c->key, word, sizeof(c->key));
		copy(c->value, value, sizeof(c->value));
	}
}

static void read_line(struct run *run, char *line)
{
	const struct {
		const char *word;
		uint64_t *to;
	} words[] = {
		{ "seed", &run->seed }, { "time_us", &run->time_us },
		{ "sample_us", &run->sample_us }, { "mtu", &run->mtu },
	};
	char *save, *word = strtok_r(line, " \t", &save);
	unsigned int i;

	if (!word)
		return;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(word, words[i].word)) {
			*words[i].to = number(strtok_r(NULL, " \t", &save));
			return;
		}
	}
	if (!strcmp(word, "version"))
		number(strtok_r(NULL, " \t", &save)) == 1 ? (void)0 : wrong("version", "not 1");
	else if (!strcmp(word, "ip"))
		run->ipv6 = number(strtok_r(NULL, " \t", &save)) == 6;
	else if (!strcmp(word, "wire"))
		run->wire = number(strtok_r(NULL, " \t", &save));
	else if (!strcmp(word, "link"))
		read_link(run, save);
	else if (!strcmp(word, "flow"))
		read_flow(run, save);
	else if (!strcmp(word, "at"))
		read_change(run, save);
	else
		wrong("unknown word", word);
}

void run_read(struct run *run, const char *file)
{
	FILE *in = strcmp(file, "-") ? fopen(file, "r") : stdin;
	char line[1024];

	if (!in)
		run_die(file);
	memset(run, 0, sizeof(*run));
	run->sample_us = 10000;
	run->mtu = 1500;
	run->wire = true;
	at_file = file;
	for (at_line = 1; fgets(line, sizeof(line), in); at_line++) {
		line[strcspn(line, "#\n")] = 0;
		read_line(run, line);
	}
	fclose(in);
	if (!run->time_us || !run->sample_us || run->links % 2)
		wrong("no time_us, no sample_us, or a link without its way back", "");
}
