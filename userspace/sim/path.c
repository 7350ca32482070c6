// SPDX-License-Identifier: GPL-2.0
/* A link in one direction, as path.h describes it. */
#include <stdlib.h>
#include <string.h>

#include "path.h"

#define US	1000ULL			/* nanoseconds */
#define SEC	1000000000ULL
#define MILLION	1000000

/* Splitmix64 by Steele, Lea and Flood: any state is a good one. */
uint64_t path_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void path_init(struct path_link *link, const char *name, uint64_t seed, uint32_t number)
{
	uint64_t state = seed;

	memset(link, 0, sizeof(*link));
	link->name = name;
	link->rand = path_random(&state) ^ ((uint64_t)number << 32);
	link->conf.gilbert_ppm[2] = MILLION;
	link->sojourn = PATH_NEVER;
	link->waits_end = &link->waits;
}

static uint32_t below(struct path_link *link, uint32_t most)
{
	return path_random(&link->rand) % most;
}

static void dropped(struct path_link *link, struct path_pkt *p, enum path_event why, uint64_t when)
{
	link->count[why]++;
	link->note(link, p, why, when);
	link->drop(link, p);
}

/* A packet takes tokens if there are enough, else it does not conform. */
static bool conforms(struct path_link *link, const struct path_pkt *p)
{
	const struct path_conf *k = &link->conf;

	if (!k->police_bps)
		return true;
	if (!link->tokens_at)
		link->tokens = k->police_bytes;
	else
		link->tokens += (double)(p->when - link->tokens_at) * k->police_bps / 8 / SEC;
	if (link->tokens > k->police_bytes)
		link->tokens = k->police_bytes;
	link->tokens_at = p->when;
	if (link->tokens < p->size)
		return false;
	link->tokens -= p->size;
	return true;
}

/* The next packet takes the line. */
static void begin(struct path_link *link, struct path_pkt *p)
{
	uint64_t at = p->when > link->free_at ? p->when : link->free_at;

	link->sojourn = at - p->when;
	if (link->conf.rate_bps)
		at += (__uint128_t)p->size * 8 * SEC / link->conf.rate_bps;
	p->when = at;
	link->free_at = at;
	link->line = p;
}

/* Draws the same numbers for each packet, whatever is on: one setting moves no other. */
static void draw(struct path_link *link, struct path_pkt *p)
{
	const uint64_t *g = link->conf.gilbert_ppm;
	uint32_t i, turn, loss;

	p->draw[0] = below(link, MILLION);
	turn = below(link, MILLION);
	loss = below(link, MILLION);
	for (i = 1; i < 3; i++)
		p->draw[i] = below(link, MILLION);
	p->draw[3] = path_random(&link->rand) >> 32;
	if (g[0] && turn < g[link->bad])
		link->bad = !link->bad;
	p->lost_in_burst = g[0] && link->bad && loss < g[2];
}

void path_offer(struct path_link *link, struct path_pkt *p, uint64_t now)
{
	const struct path_conf *k = &link->conf;

	p->when = now;
	p->next = NULL;
	p->number = ++link->offered;
	draw(link, p);
	if (!conforms(link, p)) {
		dropped(link, p, PATH_DROP_POLICE, now);
		return;
	}
	if (link->line && ((k->queue_pkts && link->pkts >= k->queue_pkts) ||
			   (k->queue_bytes && link->bytes + p->size > k->queue_bytes))) {
		dropped(link, p, PATH_DROP_QUEUE, now);
		return;
	}
	if (p->ect && k->mark_pkts && link->pkts >= k->mark_pkts) {
		p->ce = true;
		link->count[PATH_MARK]++;
		link->note(link, p, PATH_MARK, now);
	}
	link->inside++;
	if (!link->line) {
		begin(link, p);
		return;
	}
	*link->waits_end = p;
	link->waits_end = &p->next;
	link->pkts++;
	link->bytes += p->size;
}

static bool chosen(const struct path_link *link, uint64_t number)
{
	int i;

	for (i = 0; i < PATH_LOSS_AT && link->loss_at[i][0]; i++)
		if (number >= link->loss_at[i][0] && number <= link->loss_at[i][1])
			return true;
	return false;
}

/* Sorted by time; packets of the same time stay in order.  Most are the last. */
static void fly(struct path_link *link, struct path_pkt *p)
{
	struct path_pkt **at = &link->flies;

	if (*at && link->flies_last->when <= p->when)
		at = &link->flies_last->next;
	while (*at && (*at)->when <= p->when)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
	if (!p->next)
		link->flies_last = p;
}

/* The packet has left the line at its time. */
static void propagate(struct path_link *link, struct path_pkt *p)
{
	const struct path_conf *k = &link->conf;
	struct path_pkt *copy = NULL;
	uint64_t left = p->when;

	if (chosen(link, p->number) || p->draw[0] < k->loss_ppm || p->lost_in_burst) {
		link->inside--;
		dropped(link, p, PATH_DROP_LOSS, left);
		return;
	}
	p->when += k->delay_us * US;
	if (k->jitter_us)
		p->when += p->draw[3] % (k->jitter_us * US + 1);
	if (p->draw[2] < k->reorder_ppm) {
		p->when += k->reorder_us * US;
		link->count[PATH_REORDER]++;
		link->note(link, p, PATH_REORDER, left);
	} else {
		if (p->when < link->last_passes)
			p->when = link->last_passes;
		link->last_passes = p->when;
	}
	if (p->draw[1] < k->dup_ppm)
		copy = link->copy(link, p);
	fly(link, p);
	if (copy) {
		link->inside++;
		link->count[PATH_DUP]++;
		link->note(link, copy, PATH_DUP, left);
		fly(link, copy);
	}
}

uint64_t path_next(const struct path_link *link)
{
	uint64_t next = link->line ? link->line->when : PATH_NEVER;

	if (link->flies && link->flies->when < next)
		next = link->flies->when;
	return next;
}

struct path_pkt *path_take(struct path_link *link, uint64_t now)
{
	struct path_pkt *p;

	while (path_next(link) <= now) {
		p = link->flies;
		if (p && (!link->line || p->when < link->line->when)) {
			link->flies = p->next;
			link->inside--;
			link->passed++;
			return p;
		}
		p = link->line;
		link->line = NULL;
		propagate(link, p);
		p = link->waits;
		if (p) {
			link->waits = p->next;
			if (!link->waits)
				link->waits_end = &link->waits;
			link->pkts--;
			link->bytes -= p->size;
			begin(link, p);
		}
	}
	return NULL;
}

uint64_t path_drops(const struct path_link *link)
{
	return link->count[PATH_DROP_POLICE] + link->count[PATH_DROP_QUEUE] +
	       link->count[PATH_DROP_LOSS];
}

/* Up to @most numbers joined by commas. Return: how many, or -1. */
static int numbers(const char *s, uint64_t *n, int most)
{
	char *end;
	int i;

	for (i = 0; i < most; s = end + 1) {
		if (*s < '0' || *s > '9')
			return -1;
		n[i++] = strtoull(s, &end, 10);
		if (!*end)
			return i;
		if (*end != ',')
			return -1;
	}
	return -1;
}

static bool set_loss_at(struct path_link *link, const char *s)
{
	char *end;
	int i;

	for (i = 0; i < PATH_LOSS_AT; i++) {
		uint64_t *r = link->loss_at[i];

		r[0] = strtoull(s, &end, 10);
		r[1] = r[0];
		if (end != s && *end == '-') {
			s = end + 1;
			r[1] = strtoull(s, &end, 10);
		}
		if (end == s)
			return false;
		if (!r[0] || r[1] < r[0])
			return false;
		s = end;
		if (!*s)
			return true;
		if (*s++ != ',')
			return false;
	}
	return false;
}

bool path_set(struct path_link *link, const char *key, const char *value)
{
	struct path_conf *k = &link->conf;
	const struct {
		const char *key;
		uint64_t *to;
		int least, most;
	} keys[] = {
		{ "rate_bps", &k->rate_bps, 1, 1 },
		{ "delay_us", &k->delay_us, 1, 1 },
		{ "queue_pkts", &k->queue_pkts, 1, 1 },
		{ "queue_bytes", &k->queue_bytes, 1, 1 },
		{ "mark_pkts", &k->mark_pkts, 1, 1 },
		{ "loss_ppm", &k->loss_ppm, 1, 1 },
		{ "gilbert_ppm", k->gilbert_ppm, 2, 3 },
		{ "dup_ppm", &k->dup_ppm, 1, 1 },
		{ "reorder_ppm", &k->reorder_ppm, 1, 1 },
		{ "reorder_us", &k->reorder_us, 1, 1 },
		{ "jitter_us", &k->jitter_us, 1, 1 },
		{ "police_bps", &k->police_bps, 1, 1 },
		{ "police_bytes", &k->police_bytes, 1, 1 },
	};
	uint64_t n[3];
	unsigned int i;
	int found;

	if (!strcmp(key, "loss_at"))
		return set_loss_at(link, value);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].key))
			continue;
		found = numbers(value, n, keys[i].most);
		if (found < keys[i].least)
			return false;
		memcpy(keys[i].to, n, found * sizeof(n[0]));
		return true;
	}
	return false;
}
