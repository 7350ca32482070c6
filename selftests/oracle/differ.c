// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the transcripts of the two stacks for a program.  Where they differ both run
 * it again, as on a busy machine a timer can expire between two calls.  Then either TCP
 * shows what atcp has shown, or the difference does not come back.
 */
#define _GNU_SOURCE
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

#define AGAIN	4	/* further runs when there is a difference */
#define ENOUGH	3	/* further runs without one */
#define ENOUGH_PEER 1	/* the same with a peer: nothing but the waiting changes */

/* Differences that there are with such workers. */
static unsigned int possible;

static void start(struct oracle *o)
{
	o->atcp = worker_start(stack_is_tcp() ? "tcp" : "atcp", o->peer);
	o->tcp = worker_start("tcp", o->peer);
}

void oracle_open(struct oracle *o)
{
	struct oracle asked = *o;

	memset(o, 0, sizeof(*o));
	o->trace = asked.trace;
	o->all = asked.all;
	o->peer = asked.peer;
	possible = differences_count + (o->peer ? differences_peer_count : 0);
	start(o);
}

void oracle_close(struct oracle *o)
{
	worker_stop(o->atcp);
	worker_stop(o->tcp);
	free(o->report);
}

/* A position in a transcript. */
struct cursor {
	const char *at;		/* the line */
	size_t len;
	char op[1024];		/* the operation it is about, and those that it followed at once */
	int number;		/* of that operation, from 1 */
	char now[32];		/* the state of the connection that was told last, */
	char before[32];	/* and before the operation */
	char since[64];		/* what has happened by then */
};

/* What a line tells that is not to be compared: a word for the table of differences. */
static bool is_since(struct cursor *c)
{
	char word[16];

	if (sscanf(c->at, " since %15s", word) != 1)
		return false;
	if (!strstr(c->since, word))
		snprintf(c->since + strlen(c->since), sizeof(c->since) - strlen(c->since), " %s",
			 word);
	return true;
}

static void begin_op(struct cursor *c)
{
	size_t at = strlen(c->op);

	c->number++;
	if (!at || c->op[at - 1] != '&')
		at = 0;
	snprintf(c->op + at, sizeof(c->op) - at, "%s%.*s", at ? " " : "", (int)c->len, c->at);
	memcpy(c->before, c->now, sizeof(c->before));
}

static bool next_line(struct cursor *c)
{
	do {
		c->at += c->len + !!c->at[c->len];
		c->len = strcspn(c->at, "\n");
		if (!*c->at)
			return false;
	} while (is_since(c));
	if (*c->at != ' ')
		begin_op(c);
	else
		sscanf(c->at, " wire %*d is in %31s", c->now);
	return true;
}

static bool begin(struct cursor *c, const char *text)
{
	*c = (struct cursor){ .at = text };
	c->len = strcspn(text, "\n");
	c->number = 1;
	snprintf(c->op, sizeof(c->op), "%.*s", (int)c->len, text);
	return *text;
}

static bool matches(const char *pattern, const char *line, size_t len)
{
	char text[1024];
	regex_t re;
	bool found;

	while (len && *line == ' ') {
		line++;
		len--;
	}
	snprintf(text, sizeof(text), "%.*s", (int)len, line);
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		net_die("bad pattern: %s", pattern);
	found = !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return found;
}

static bool line_matches(const char *pattern, const char *line, size_t len)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "^(%s)( after [0-9]+)?$", pattern);
	return matches(whole, line, len);
}

/*
 * True if it is a known difference.  An entry without a pattern for one side is about
 * lines that the other side alone has.
 */
static struct difference *known(const struct cursor *atcp, const struct cursor *tcp,
				const char *since)
{
	unsigned int i;

	for (i = 0; i < possible; i++) {
		struct difference *d = difference_at(i);
		const char *op = tcp ? tcp->op : atcp->op;
		const char *before = tcp ? tcp->before : atcp->before;

		if (!d->tcp_line != !tcp || !d->atcp_line != !atcp)
			continue;
		if (d->op && !matches(d->op, op, strlen(op)))
			continue;
		if (d->since && !strstr(since, d->since))
			continue;
		if (d->state && !line_matches(d->state, before, strlen(before)))
			continue;
		if ((!tcp || line_matches(d->tcp_line, tcp->at, tcp->len)) &&
		    (!atcp || line_matches(d->atcp_line, atcp->at, atcp->len)))
			return d;
	}
	return NULL;
}

/*
 * A line may end in when it came.  What a timer of the kernel's brings is late by an
 * eighth at most (debug/lib/travel.h), and each stack may round up.
 */
static bool same_line(const struct cursor *a, const struct cursor *t)
{
	static const char when[] = " after ";
	const char *wa = memmem(a->at, a->len, when, strlen(when));
	const char *wt = memmem(t->at, t->len, when, strlen(when));
	size_t len = wa ? wa - a->at : a->len;
	long ta, tt;

	if (!wa != !wt || (wt ? wt - t->at : t->len) != len || memcmp(a->at, t->at, len))
		return false;
	if (!wa)
		return true;
	ta = atol(wa + strlen(when));
	tt = atol(wt + strlen(when));
	return labs(ta - tt) <= (ta > tt ? ta : tt) / 8 + 100;
}

/*
 * Goes to the first line that differs; false if none does.  Known differences
 * are counted if @count is set.
 */
static bool differ(struct cursor *a, struct cursor *t, bool count)
{
	bool more_a = *a->at, more_t = *t->at;
	struct difference *d;
	char since[160];

	for (;;) {
		snprintf(since, sizeof(since), "%s%s", a->since, t->since);

		if (!more_a && !more_t)
			return false;
		if (more_a && more_t) {
			if (same_line(a, t)) {
				more_a = next_line(a);
				more_t = next_line(t);
				continue;
			}
			d = known(a, t, since);
			if (d) {
				*d->hits += count;
				if (d->ends)
					return false;
				more_a = next_line(a);
				more_t = next_line(t);
				continue;
			}
		}
		d = more_a ? known(a, NULL, since) : NULL;
		if (d) {
			*d->hits += count;
			if (d->ends)
				return false;
			more_a = next_line(a);
			continue;
		}
		d = more_t ? known(NULL, t, since) : NULL;
		if (d) {
			*d->hits += count;
			if (d->ends)
				return false;
			more_t = next_line(t);
			continue;
		}
		return true;
	}
}

static void print_lines(FILE *f, const char *who, const struct cursor *c)
{
	const char *line = c->at;
	size_t len = c->len;
	int i;

	for (i = 0; i < 4 && line && len; i++) {
		fprintf(f, "#   %s %.*s\n", i ? "        " : who, (int)len, line);
		line += len + !!line[len];
		len = strcspn(line, "\n");
		if (*line != ' ')
			break;
	}
	if (!i)
		fprintf(f, "#   %s (nothing)\n", who);
}

/* Goes over lines that differ: both, if they are about the same operation. */
static void step_over(struct cursor *a, struct cursor *t)
{
	bool both = a->len && t->len && a->number == t->number;

	if (!t->len || both || (a->len && a->number < t->number))
		next_line(a);
	if (!a->len || both || (t->len && t->number < a->number))
		next_line(t);
}

static void report_rest(FILE *f, struct cursor *a, struct cursor *t)
{
	char op[sizeof(a->op)];

	for (;;) {
		snprintf(op, sizeof(op), "%s", t->op);
		step_over(a, t);
		if (!differ(a, t, false))
			return;
		if (strcmp(op, t->op))
			fprintf(f, "# %s\n", t->op);
		fprintf(f, "#   TCP:  %.*s\n#   atcp: %.*s\n", (int)t->len, t->at,
			(int)a->len, a->at);
	}
}

static void report(struct oracle *o, const struct program *p,
		   struct cursor *a, struct cursor *t)
{
	size_t size;
	FILE *f;
	unsigned int i;
	char text[256];

	free(o->report);
	o->report = NULL;
	f = open_memstream(&o->report, &size);
	for (i = 0; i < p->count; i++) {
		op_print(&p->op[i], text, sizeof(text));
		fprintf(f, "#%c%s\n", (int)i + 1 == t->number ? '>' : ' ', text);
	}
	print_lines(f, "TCP:    ", t);
	print_lines(f, "atcp:   ", a);
	if (o->all)
		report_rest(f, a, t);
	fclose(f);
}

/* The worker of a stack has not come to the program's end. */
static void report_end(struct oracle *o, const struct program *p, const char *text,
		       const char *who)
{
	char line[256];
	unsigned int i;
	size_t size;
	FILE *f;

	free(o->report);
	f = open_memstream(&o->report, &size);
	for (i = 0; i < p->count; i++) {
		op_print(&p->op[i], line, sizeof(line));
		fprintf(f, "# %s\n", line);
	}
	fprintf(f, "# the worker of %s has died or hangs after:\n", who);
	size = strlen(text);
	fprintf(f, "#%s\n", size > 300 ? strchrnul(text + size - 300, '\n') : text);
	fclose(f);
}

/* The transcripts of one run of both; a worker that ends or hangs is replaced. */
static bool run_both(struct oracle *o, const struct program *p, int stretch)
{
	unsigned int serial = o->serial++;
	bool tcp, atcp;

	worker_begin(o->atcp, p, serial, stretch);
	worker_begin(o->tcp, p, serial, stretch);
	o->runs++;
	tcp = worker_end(o->tcp);
	atcp = worker_end(o->atcp);
	if (tcp && atcp)
		return true;
	report_end(o, p, tcp ? worker_text(o->atcp) : worker_text(o->tcp),
		   tcp ? "atcp" : "TCP");
	worker_stop(o->atcp);
	worker_stop(o->tcp);
	start(o);
	return false;
}

void oracle_sign(struct oracle *o, const char *fmt, ...)
{
	char *whole, *line;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0 || asprintf(&whole, "# %s:\n%s", line, o->report ?: "") < 0)
		net_die("out of memory");
	free(line);
	free(o->report);
	o->report = whole;
}

bool oracle_run(struct oracle *o, const struct program *p)
{
	static const int jumping[AGAIN] = { 107, 93, 114, 86 }, still[AGAIN];
	const int *stretch = o->peer ? jumping : still;
	int i, same = 0, enough = o->peer ? ENOUGH_PEER : ENOUGH;
	struct cursor a, t;
	char *atcp, *tcp;
	bool agree;

	if (!run_both(o, p, 100))
		return false;
	if (o->trace)
		printf("---- TCP\n%s---- atcp\n%s----\n", worker_text(o->tcp),
		       worker_text(o->atcp));
	begin(&a, worker_text(o->atcp));
	begin(&t, worker_text(o->tcp));
	if (!differ(&a, &t, true))
		return true;

	/* The report is about this run. */
	atcp = strdup(worker_text(o->atcp));
	tcp = strdup(worker_text(o->tcp));
	begin(&a, atcp);
	begin(&t, tcp);
	differ(&a, &t, false);
	report(o, p, &a, &t);
	for (i = 0; i < AGAIN && same + AGAIN - i >= enough && run_both(o, p, stretch[i]); i++) {
		bool other;

		begin(&a, atcp);
		begin(&t, worker_text(o->tcp));
		other = !o->peer && !differ(&a, &t, false);
		begin(&a, worker_text(o->atcp));
		begin(&t, worker_text(o->tcp));
		same += other || !differ(&a, &t, false);
	}
	agree = same >= enough;
	if (agree)
		o->unsteady++;
	free(atcp);
	free(tcp);
	return agree;
}
