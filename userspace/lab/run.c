// SPDX-License-Identifier: GPL-2.0
/* Reads a run description, as run.h says. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
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

int run_wait(struct pollfd *fds, int n, uint64_t until)
{
	uint64_t now = run_now();
	uint64_t left = until > now ? until - now : 0;
	struct timespec wait = { left / 1000000000, left % 1000000000 };

	return ppoll(fds, n, &wait, NULL);
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

/* A key with a number, or with one of @values, which is kept as its place among them. */
struct key {
	const char *name;
	size_t at;
	const char *const *values;
};

#define RUN_KEY(name)		{ #name, offsetof(struct run, name), NULL }
#define FLOW_KEY(name)		{ #name, offsetof(struct run_flow, name), NULL }
#define FLOW_WORD(name, to, ...) \
	{ name, offsetof(struct run_flow, to), (const char *const []){ __VA_ARGS__, NULL } }

static const struct key run_keys[] = {
	RUN_KEY(seed), RUN_KEY(time_us), RUN_KEY(sample_us), RUN_KEY(mtu), RUN_KEY(wire),
	RUN_KEY(ip), { NULL, 0, NULL }
};

static const struct key flow_keys[] = {
	FLOW_KEY(start_us), FLOW_KEY(stop_us), FLOW_KEY(bytes), FLOW_KEY(answer_bytes),
	FLOW_KEY(think_us), FLOW_KEY(every_us), FLOW_KEY(size), FLOW_KEY(sndbuf),
	FLOW_KEY(rcvbuf), FLOW_KEY(hosts),
	FLOW_WORD("stack", kernel, "atcp", "kernel"),
	FLOW_WORD("carrier", carrier, "tcp", "253"),
	FLOW_WORD("dir", back, "forward", "back"),
	FLOW_WORD("kind", kind, "bulk", "answer", "udp-ping", "command"),
	{ NULL, 0, NULL }
};

/* Sets a key of the structure @to. Return: false: not one of @keys. */
static bool set_key(const struct key *keys, void *to, const char *name, const char *value)
{
	const struct key *k = keys;
	uint64_t n;

	while (k->name && strcmp(k->name, name))
		k++;
	if (!k->name)
		return false;
	if (!k->values)
		n = number(value);
	else
		for (n = 0; !k->values[n] || strcmp(k->values[n], value); n++)
			if (!k->values[n])
				wrong("no such value", value);
	*(uint64_t *)((char *)to + k->at) = n;
	return true;
}

/* The next word KEY=VALUE of a line, parted. Return: its value; NULL: the line is over. */
static char *next_word(char **line, char **key)
{
	char *value;

	*key = strtok_r(NULL, " \t", line);
	value = *key ? strchr(*key, '=') : NULL;
	if (*key && !value)
		wrong("not KEY=VALUE", *key);
	if (value)
		*value++ = 0;
	return value;
}

static void read_link(struct run *run, char *line)
{
	struct path_link *link = &run->link[run->links];
	char *name = run->link_name[run->links], *key, *value;

	if (run->links == RUN_LINKS)
		wrong("too many links", NULL);
	copy(name, strtok_r(NULL, " \t", &line), sizeof(run->link_name[0]));
	path_init(link, name, run->seed, run->links++);
	while ((value = next_word(&line, &key))) {
		if (!strcmp(key, "aqm"))
			run->aqm[run->links - 1] = true;
		else if (!path_set(link, key, value))
			wrong("a link has no such key or value", key);
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

static void read_flow(struct run *run, char *line)
{
	struct run_flow *f = &run->flow[run->flows++];
	char *key, *value;

	if (run->flows > RUN_FLOWS)
		wrong("too many flows", NULL);
	copy(f->name, strtok_r(NULL, " \t", &line), sizeof(f->name));
	f->stop_us = run->time_us;
	f->path = ~0u;
	while ((value = next_word(&line, &key))) {
		if (!strcmp(key, "cc"))
			copy(f->cc, value, sizeof(f->cc));
		else if (!strcmp(key, "opt"))
			read_opt(f, value);
		else if (!strcmp(key, "sysctl"))
			read_sysctl(f, value);
		else if (!strcmp(key, "path"))
			read_path(run, f, value);
		else if (!set_key(flow_keys, f, key, value))
			wrong("a flow has no such key", key);
	}
	f->carrier = f->carrier ? 253 : IPPROTO_TCP;
	if (f->hosts >= RUN_FLOWS)
		wrong("too many hosts", f->name);
	if (f->hosts >= (uint64_t)run->hosts)
		run->hosts = f->hosts + 1;
}

/* In the order of time; of the same time, in that of the file. */
static void add_change(struct run *run, const struct run_change *c)
{
	int i = run->changes++;

	if (i == RUN_CHANGES)
		wrong("too many changes", NULL);
	for (; i && run->change[i - 1].at_us > c->at_us; i--)
		run->change[i] = run->change[i - 1];
	run->change[i] = *c;
}

static void read_change(struct run *run, char *line)
{
	struct run_change c = { .at_us = number(strtok_r(NULL, " \t", &line)) };
	struct path_link probe;
	char *key, *value;

	c.link = find_link(run, strtok_r(NULL, " \t", &line));
	while ((value = next_word(&line, &key))) {
		probe = run->link[c.link];
		if (!strcmp(key, "loss_at") || !path_set(&probe, key, value))
			wrong("a change has no such key or value", key);
		copy(c.key, key, sizeof(c.key));
		copy(c.value, value, sizeof(c.value));
		add_change(run, &c);
	}
}

static void read_line(struct run *run, char *line)
{
	char *save, *word = strtok_r(line, " \t", &save);

	if (!word)
		return;
	if (!strcmp(word, "link"))
		read_link(run, save);
	else if (!strcmp(word, "flow"))
		read_flow(run, save);
	else if (!strcmp(word, "at"))
		read_change(run, save);
	else if (!strcmp(word, "version"))
		number(strtok_r(NULL, " \t", &save)) == 1 ? (void)0 : wrong("version", "not 1");
	else if (!set_key(run_keys, run, word, strtok_r(NULL, " \t", &save)))
		wrong("unknown word", word);
}

void run_read(struct run *run, const char *file)
{
	FILE *in = strcmp(file, "-") ? fopen(file, "r") : stdin;
	char line[1024];

	if (!in)
		run_die(file);
	*run = (struct run){ .sample_us = 10000, .mtu = 1500, .wire = 1 };
	at_file = file;
	for (at_line = 1; fgets(line, sizeof(line), in); at_line++) {
		line[strcspn(line, "#\n")] = 0;
		read_line(run, line);
	}
	fclose(in);
	run->ipv6 = run->ip == 6;
	if (!run->time_us || !run->sample_us || run->links % 2)
		wrong("no time_us, no sample_us, or a link without its way back", "");
}
