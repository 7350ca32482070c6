// SPDX-License-Identifier: GPL-2.0
/*
 * Makes inputs for the target `connection` from scenes, which are text.
 *
 *   seeds SCENES DIRECTORY
 *
 * A scene is "scene NAME", then optionally "setup WORD...", then one operation of
 * ops.h a line; it becomes DIRECTORY/scene-NAME.  An argument is a number, or for a
 * segment
 *
 *	FLAGS	letters F S R P A U E C, "." for none
 *	SEQ ACK	a base and a number to add: nxt, nxt+100, una-1 (ops.h)
 *
 * For the targets `wire` and `board` a scene is "hex BYTES...", the input itself.  A comment
 * begins with '#'.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

static const struct {
	const char *name;
	int args;
} ops[] = {
#define OP(name, text, args)	{ text, args },
	FUZZ_OPS(OP)
};

static const struct {
	const char *name;
	int byte;
	uint8_t bits;
} words[] = {
	{ "active", 0, FUZZ_ACTIVE }, { "passive", 0, FUZZ_PASSIVE }, { "pair", 0, FUZZ_PAIR },
	{ "both", 0, FUZZ_BOTH }, { "wrap", 0, FUZZ_WRAP }, { "half", 0, FUZZ_HALF },
	{ "ipv6", 0, FUZZ_IPV6 }, { "slack", 0, FUZZ_SLACK }, { "spurious", 0, FUZZ_SPURIOUS },
	{ "no-ts", 1, FUZZ_NO_TS }, { "no-wscale", 1, FUZZ_NO_WSCALE },
	{ "no-sack", 1, FUZZ_NO_SACK }, { "no-rfc1337", 1, FUZZ_NO_RFC1337 },
	{ "no-ssai", 1, FUZZ_NO_SSAI }, { "cookies", 1, FUZZ_COOKIES },
	{ "impatient", 1, FUZZ_IMPATIENT }, { "no-tw", 1, FUZZ_NO_TW },
	{ "nodelay", 2, FUZZ_NODELAY }, { "tight", 2, FUZZ_TIGHT },
	{ "no-quick", 2, FUZZ_NO_QUICK }, { "keepalive", 2, FUZZ_KEEPALIVE },
	{ "user-timeout", 2, FUZZ_USER_TO }, { "mss-user", 2, FUZZ_MSS_USER },
	{ "pace", 2, FUZZ_PACE }, { "linger2", 2, FUZZ_LINGER2 },
	{ "rcv-536", 3, 1 }, { "rcv-2000", 3, 2 }, { "rcv-256K", 3, 5 }, { "rcv-100", 3, 7 },
	{ "snd-1000", 3, 2 << 3 }, { "snd-200000", 3, 5 << 3 }, { "room-1", 3, 1 << 6 },
	{ "room-1000", 3, 2 << 6 }, { "room-65000", 3, 3 << 6 },
	{ "mtu-576", 4, 1 }, { "mtu-9000", 4, 2 }, { "mtu-128", 4, 3 },
	{ "whole", 4, FUZZ_WHOLE }, { "rate", 4, FUZZ_RATE }, { "jitter", 4, FUZZ_JITTER },
	{ "no-delay", 4, FUZZ_NO_DELAY }, { "no-backlog", 4, FUZZ_NO_BACKLOG },
	{ "path-mtu", 4, FUZZ_PATH_MTU },
};

#define TEXT(name, text)	text,
static const char * const seqs[] = { FUZZ_SEQS(TEXT) };
static const char * const acks[] = { FUZZ_ACKS(TEXT) };
static const uint32_t deltas[] = FUZZ_DELTAS;

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static uint8_t input[4096];
static size_t len;
static bool plain;		/* the scene is in hexadecimal */
static unsigned int line;

static void __attribute__((noreturn)) bad(const char *what)
{
	fprintf(stderr, "line %u: \"%s\"?\n", line, what);
	exit(1);
}

static uint8_t place(const char *word, const char * const *names, size_t n)
{
	size_t base = strcspn(word, "+-"), i, j;
	uint32_t delta = strtol(word + base, NULL, 10);

	for (i = 0; i < n; i++)
		if (strlen(names[i]) == base && !strncmp(names[i], word, base))
			for (j = 0; j < COUNT(deltas); j++)
				if (deltas[j] == delta)
					return i << 5 | j;
	bad(word);
}

static uint8_t flags(const char *word)
{
	static const char letters[] = "FSRPAUEC";
	uint8_t bits = 0;

	for (; *word; word++) {
		const char *at = strchr(letters, *word);

		if (at)
			bits |= 1 << (at - letters);
		else if (*word != '.')
			bad(word);
	}
	return bits;
}

static uint8_t argument(const char *op, int i, const char *word)
{
	char *end;
	long n;

	if (!strcmp(op, "segment") && i == 1)
		return flags(word);
	if (!strcmp(op, "segment") && i == 2)
		return place(word, seqs, COUNT(seqs));
	if ((!strcmp(op, "segment") && i == 3) || (!strcmp(op, "icmp") && i == 1))
		return place(word, acks, COUNT(acks));
	n = strtol(word, &end, 0);
	if (*end || n < 0 || n > 255)
		bad(word);
	return n;
}

static void set_up(void)
{
	const char *word;
	size_t i;

	while ((word = strtok(NULL, " \t"))) {
		for (i = 0; i < COUNT(words) && strcmp(words[i].name, word); i++)
			;
		if (i == COUNT(words))
			bad(word);
		input[words[i].byte] |= words[i].bits;
	}
}

static void hex(void)
{
	const char *word;
	char *end;

	if (!plain)
		len = 0;
	plain = true;
	while ((word = strtok(NULL, " \t")) && len < sizeof(input)) {
		input[len++] = strtol(word, &end, 16);
		if (*end)
			bad(word);
	}
}

static void operation(const char *name)
{
	const char *word;
	size_t i;
	int n;

	for (i = 0; i < COUNT(ops) && strcmp(ops[i].name, name); i++)
		;
	if (i == COUNT(ops) || len + 1 + ops[i].args > sizeof(input))
		bad(name);
	input[len++] = i;
	for (n = 0; n < ops[i].args; n++) {
		word = strtok(NULL, " \t");
		input[len++] = word ? argument(name, n, word) : 0;
	}
	word = strtok(NULL, " \t");
	if (word)
		bad(word);
}

static void put(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	if (!*name)
		return;
	snprintf(path, sizeof(path), "%s/scene-%s", dir, name);
	f = fopen(path, "wb");
	if (!f || fwrite(input, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char text[1024], name[64] = "";
	FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;
	char *word;

	if (!f) {
		fprintf(stderr, "usage: seeds SCENES DIRECTORY\n");
		return 2;
	}
	while (fgets(text, sizeof(text), f)) {
		line++;
		text[strcspn(text, "#\n")] = '\0';
		word = strtok(text, " \t");
		if (!word)
			continue;
		if (!strcmp(word, "scene")) {
			put(argv[2], name);
			word = strtok(NULL, " \t");
			snprintf(name, sizeof(name), "%s", word ? word : "");
			memset(input, 0, FUZZ_SETUP);
			len = FUZZ_SETUP;
			plain = false;
		} else if (!strcmp(word, "setup")) {
			set_up();
		} else if (!strcmp(word, "hex")) {
			hex();
		} else {
			operation(word);
		}
	}
	put(argv[2], name);
	fclose(f);
	return 0;
}
