// SPDX-License-Identifier: GPL-2.0
/* Scenes: compares the segments on the wire with the expected ones. */
#include "scene.h"

static u32 seen;		/* records of the trace that were compared */
static unsigned int seen_of;	/* the world that they belong to */

static void look_afresh(void)
{
	if (seen_of != test_worlds)
		seen = 0;
	seen_of = test_worlds;
}

static u32 base_of(u32 upto, const struct atcp_hdr *h, u8 src, bool other_way)
{
	u32 i, base = 0;

	for (i = 0; i <= upto; i++) {
		const struct sim_rec *r = &sim->trace[i];
		bool same = r->h.sport == (other_way ? h->dport : h->sport) &&
			    r->h.dport == (other_way ? h->sport : h->dport);

		if (same && (r->h.flags & ATCP_SYN) &&
		    (r->src == src || sim->trace[upto].dst == src))
			base = r->h.seq;
	}
	return base;
}

/* Record @i as in "> PSH-ACK 1/1 +22 win 65535 LOST", always with its window. */
static void render(u32 i, char *out, size_t size)
{
	static const char *const fates[] = {
		"", " LOST", " CORRUPTED", " LOST", " LOST", " COPY", " FORGED",
	};
	const struct sim_rec *r = &sim->trace[i];
	bool forth = r->src == r->dst ? r->h.sport > r->h.dport : r->src < r->dst;
	char flags[40];
	int n;

	sim_flag_names(r->h.flags, flags);
	n = snprintf(out, size, "%c %s %u", forth ? '>' : '<', flags,
		     r->h.seq - base_of(i, &r->h, r->src, false));
	if (r->h.flags & ATCP_ACK)
		n += snprintf(out + n, size - n, "/%u",
			      r->h.ack - base_of(i, &r->h, r->dst, true));
	if (r->len)
		n += snprintf(out + n, size - n, " +%u", r->len);
	snprintf(out + n, size - n, " win %u%s", r->h.wnd, fates[r->fate]);
}

static bool next_word(const char **p, char word[64])
{
	u32 n = 0;

	while (**p == ' ' || **p == '\t')
		(*p)++;
	while (**p && **p != ' ' && **p != '\t' && **p != '\n' && n < 63)
		word[n++] = *(*p)++;
	word[n] = '\0';
	return n;
}

/* Compares word for word; "win N" in @is is skipped unless @want has it. */
static bool same(const char *want, const char *is)
{
	char w[64], s[64];
	bool more_want = next_word(&want, w);
	bool more_is = next_word(&is, s);

	while (more_want || more_is) {
		if (more_is && !strcmp(s, "win") && !(more_want && !strcmp(w, "win"))) {
			next_word(&is, s);
			more_is = next_word(&is, s);
			continue;
		}
		if (!more_want || !more_is || strcmp(w, s))
			return false;
		more_want = next_word(&want, w);
		more_is = next_word(&is, s);
	}
	return true;
}

static u32 line_of(const char *text, char *out, size_t size)
{
	u32 n = strcspn(text, "\n");

	snprintf(out, size, "%.*s", (int)n, text);
	return text[n] ? n + 1 : n;
}

void scene_at(const char *file, int line, const char *text)
{
	char want[200], is[200];

	sim_run_pending();
	look_afresh();
	while (*text) {
		text += line_of(text, want, sizeof(want));
		if (!want[0])
			continue;
		if (seen >= sim->ntrace)
			test_fail(file, line, "expected \"%s\", but there is nothing more", want);
		render(seen, is, sizeof(is));
		if (!same(want, is))
			test_fail(file, line, "expected \"%s\", but segment %u is \"%s\"", want,
				  seen + 1, is);
		seen++;
	}
	if (seen < sim->ntrace) {
		render(seen, is, sizeof(is));
		test_fail(file, line, "segment %u is one too many: \"%s\"", seen + 1, is);
	}
}

void scene_skip(void)
{
	seen = sim->ntrace;
	seen_of = test_worlds;
}

void scene_begin_connect(struct scene *s, u16 port, const struct sim_sockopt *opt)
{
	s->listener = sim_listen(sim_host(1), port, 16, opt);
	s->client = sim_connect(sim_host(0), 1, 0, port, opt);
	ASSERT(s->listener && s->client);
	sim_run_pending();
}

void scene_connect(struct scene *s, u16 port, const struct sim_sockopt *opt)
{
	scene_begin_connect(s, port, opt);
	sim_run_for(10 * MS);
	s->server = test_accept(s->listener);
	ASSERT(s->server && s->client->connected);
}

void scene_send(struct sim_conn *conn, u32 stream, u32 offset, u32 len)
{
	u8 *data = malloc(len + 1);
	int n;

	ASSERT(data);
	sim_pattern_fill(data, stream, offset, len);
	n = sim_send(conn, data, len, 0);
	free(data);
	CHECK(n == (int)len, "sent %d of %u bytes", n, len);
	sim_run_pending();
}

void scene_recv(struct sim_conn *conn, u32 stream, u32 offset, u32 len)
{
	static u8 data[1 << 20];
	int n, i;

	ASSERT(len <= sizeof(data));
	n = sim_recv(conn, data, len);
	for (i = 0; i < n; i++)
		SIM_CHECK(data[i] == sim_pattern(stream, offset + i), "byte %u is wrong",
			  offset + i);
	CHECK(n == (int)len && !sim->stopped, "received %d of %u bytes", n, len);
	sim_run_pending();
}

void scene_eof(struct sim_conn *conn)
{
	u8 byte;
	int n = sim_recv(conn, &byte, 1);

	CHECK(n == 0, "expected the end of the stream, recv() gives %d", n);
}

void scene_over(void)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++)
		while (sim_host(i)->listeners)
			sim_listener_close(sim_host(i)->listeners);
	sim_run_for(3600 * SEC);
	for (i = 0; i < sim->nhosts; i++) {
		CHECK(!sim_host(i)->conns, "host %u: a connection is left in %s", i,
		      sim_state_name(sim_host(i)->conns->c.state));
		CHECK(!sim_host(i)->tws, "host %u: a TIME-WAIT is left", i);
	}
	CHECK(!sim->nheap, "%u events are left", sim->nheap);
}

/* --- losing a certain segment --- */

static struct {
	u8 flags;
	u32 nth;
} lose[SIM_MAX_HOSTS];

static bool tap(struct sim_host *h, const struct atcp_hdr *hdr, u32 len, void *arg)
{
	(void)arg;
	(void)len;
	if (!lose[h->id].nth || (hdr->flags & lose[h->id].flags) != lose[h->id].flags)
		return true;
	return --lose[h->id].nth > 0;
}

void scene_lose(u8 host, u8 flags, u32 nth)
{
	lose[host].flags = flags;
	lose[host].nth = nth;
	sim_host(host)->tap = tap;
}
