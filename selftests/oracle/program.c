// SPDX-License-Identifier: GPL-2.0
/*
 * Programs as text: an operation a line,
 *
 *	SLOT CALL ARGUMENT...    # comment
 *
 * with a "&" behind it where the next one follows at once.  What stands on a
 * program's failure report can be fed to the suite again.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

unsigned int call_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < calls_count; i++)
		if (!strcmp(calls[i].name, name))
			return i;
	net_die("no such call in a program: %s", name);
}

/* Text in quotes stands for the numbers of its bytes. */
static int parse_string(const char *word, long *arg, int room)
{
	char bytes[4 * ARGS] = { 0 };
	int i;

	snprintf(bytes, sizeof(bytes), "%s", word + 1);
	bytes[strcspn(bytes, "\"")] = '\0';
	for (i = 0; i < room; i++) {
		uint32_t v;

		memcpy(&v, bytes + 4 * i, 4);
		arg[i] = v;
	}
	return room;
}

struct op *program_add(struct program *p, const char *line)
{
	struct op *op = &p->op[p->count];
	char buf[256], *word, *save = NULL;
	const struct call *call;
	int i;

	if (p->count == OPS)
		net_die("a program is too long at: %s", line);
	snprintf(buf, sizeof(buf), "%s", line);
	buf[strcspn(buf, "#")] = '\0';
	word = strtok_r(buf, " \t", &save);
	if (!word)
		return NULL;
	memset(op, 0, sizeof(*op));
	op->slot = strtoul(word, NULL, 10);
	word = strtok_r(NULL, " \t", &save);
	if (!word || op->slot >= SLOTS)
		net_die("not an operation: %s", line);
	op->call = call_find(word);
	call = &calls[op->call];
	for (i = 0; i < ARGS; i++)
		op->arg[i] = call->arg[i].name ? call->arg[i].def : 0;
	for (i = 0; (word = strtok_r(NULL, " \t", &save)); i++) {
		long level = i ? op->arg[i - 1] : 0;

		if (!strcmp(word, "&")) {
			op->hurry = true;
			break;
		}
		if (i == ARGS || !call->arg[i].name)
			net_die("too many arguments: %s", line);
		if (*word == '"') {
			i += parse_string(word, op->arg + i, ARGS - i) - 1;
			continue;
		}
		if (!names_value(call->arg[i].kind, level, word, &op->arg[i]))
			net_die("%s in: %s", word, line);
	}
	p->count++;
	return op;
}

void program_parse(struct program *p, const char *text)
{
	char *copy = strdup(text), *line, *save = NULL;

	p->count = 0;
	for (line = strtok_r(copy, "\n;", &save); line;
	     line = strtok_r(NULL, "\n;", &save))
		program_add(p, line);
	free(copy);
}

void op_print(const struct op *op, char *buf, size_t size)
{
	const struct call *call = &calls[op->call];
	size_t len;
	int i, last = 0;

	len = snprintf(buf, size, "%u %s", op->slot, call->name);
	for (i = 0; i < ARGS; i++)
		if (call->arg[i].name && op->arg[i] != call->arg[i].def)
			last = i + 1;
	for (i = 0; i < last; i++) {
		char text[128];

		names_text(call->arg[i].kind, i ? op->arg[i - 1] : 0,
			   op->arg[i], text, sizeof(text));
		len += snprintf(buf + len, size - len, " %s", text);
	}
	if (op->hurry)
		snprintf(buf + len, size - len, " &");
}
