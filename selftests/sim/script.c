// SPDX-License-Identifier: GPL-2.0
/*
 * The scripted peer: reads segments as script.h writes them, sends and expects
 * them; script_states.c brings a connection into each of the RFC's states.
 */
#include <ctype.h>
#include <stdarg.h>

#include "script.h"

#define QUEUE_MAX	2048	/* segments that came and were not expected yet */
#define PAYLOAD_MAX	65536
#define WRAPPING	1	/* index of the run whose sequence numbers wrap */

struct script script;

struct came {
	u64 at;
	struct atcp_hdr h;
	u32 len;
};

static struct came queue[QUEUE_MAX];
static u32 nqueue;
static u64 nread;		/* bytes of the peer's stream that the user has read */

static const struct { char letter; u8 bit; } flag_letters[] = {
	{ 'F', ATCP_FIN }, { 'S', ATCP_SYN }, { 'R', ATCP_RST }, { 'P', ATCP_PSH },
	{ 'A', ATCP_ACK }, { 'U', ATCP_URG }, { 'E', ATCP_ECE }, { 'C', ATCP_CWR },
};

#define NFLAGS	(sizeof(flag_letters) / sizeof(flag_letters[0]))

static void __attribute__((format(printf, 1, 2), noreturn)) fail(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	test_fail(script.file, script.line, "%s [%s]", text, sim_state_name(script_state()));
}

/* The payload byte at relative sequence number @seq of a stream. */
static u8 byte_at(bool ours, u32 seq)
{
	return (seq * 2654435761u >> 24) + (ours ? 0x55 : 0);
}

/* --- segments as text --- */

/* A segment as parsed, with what it names. */
struct named {
	struct atcp_hdr h;
	u32 len;
	u16 open;		/* control bits that may be there or not */
	bool win;
	bool ecr;
	bool noopt;
};

static void __attribute__((noreturn)) bad(const char *text)
{
	fail("the script has \"%s\", which is no segment", text);
}

static u32 number(const char **p, const char *text)
{
	char *end;
	long long v;

	while (**p == ' ')
		(*p)++;
	v = strtoll(*p, &end, 10);
	if (end == *p)
		bad(text);
	*p = end;
	return v;
}

static bool word(const char **p, const char *w)
{
	size_t len = strlen(w);

	while (**p == ' ')
		(*p)++;
	if (strncmp(*p, w, len) || isalnum((unsigned char)(*p)[len]))
		return false;
	*p += len;
	return true;
}

static void parse_sack(struct named *n, const char **p, const char *text, u32 base)
{
	while (**p == ' ')
		(*p)++;
	while (isdigit((unsigned char)**p)) {
		struct atcp_sack_block *b = &n->h.sack[n->h.nsack++];

		if (n->h.nsack > ATCP_SACK_BLOCKS)
			bad(text);
		b->start = base + number(p, text);
		if (*(*p)++ != '-')
			bad(text);
		b->end = base + number(p, text);
		while (**p == ' ')
			(*p)++;
	}
	n->h.opts |= ATCP_OPT_SACK;
}

static bool parse_option(struct named *n, const char **p, const char *text, u32 ack_base)
{
	if (word(p, "win")) {
		n->h.wnd = number(p, text);
		n->win = true;
	} else if (word(p, "up")) {
		n->h.up = number(p, text);
	} else if (word(p, "mss")) {
		n->h.mss = number(p, text);
		n->h.opts |= ATCP_OPT_MSS;
	} else if (word(p, "ws")) {
		n->h.wscale = number(p, text);
		n->h.opts |= ATCP_OPT_WSCALE;
	} else if (word(p, "sok")) {
		n->h.opts |= ATCP_OPT_SACK_OK;
	} else if (word(p, "ts")) {
		n->h.tsval = number(p, text);
		n->h.tsecr = number(p, text);
		n->h.opts |= ATCP_OPT_TS;
	} else if (word(p, "ecr")) {
		n->h.tsecr = number(p, text);
		n->ecr = true;
	} else if (word(p, "sack")) {
		parse_sack(n, p, text, ack_base);
	} else if (word(p, "noopt")) {
		n->noopt = true;
	} else {
		return false;
	}
	return true;
}

/* @seq_base, @ack_base: what relative numbers count from. */
static void parse(struct named *n, const char *text, u32 seq_base, u32 ack_base)
{
	const char *p = text;
	u32 i;

	memset(n, 0, sizeof(*n));
	for (; *p && *p != ' '; p++) {
		for (i = 0; i < NFLAGS && flag_letters[i].letter != *p; i++)
			;
		if (i < NFLAGS)
			n->h.flags |= flag_letters[i].bit;
		else if (*p == 'p')
			n->open |= ATCP_PSH;
		else if (*p != '.')
			bad(text);
	}
	n->h.seq = seq_base + number(&p, text);
	if (*p == '+')
		n->len = number(&p, text);
	if (n->h.flags & ATCP_ACK)
		n->h.ack = ack_base + number(&p, text);
	while (parse_option(n, &p, text, ack_base))
		;
	if (*p)
		bad(text);
}

static void format(char *out, size_t size, const struct atcp_hdr *h, u32 len)
{
	size_t n = 0;
	u32 i;

	for (i = 0; i < NFLAGS; i++)
		if (h->flags & flag_letters[i].bit)
			out[n++] = flag_letters[i].letter;
	if (!n)
		out[n++] = '.';
	n += snprintf(out + n, size - n, " %d", (s32)(h->seq - script.our_base));
	if (len)
		n += snprintf(out + n, size - n, "+%u", len);
	if (h->flags & ATCP_ACK)
		n += snprintf(out + n, size - n, " %d", (s32)(h->ack - script.peer_base));
	n += snprintf(out + n, size - n, " win %u", h->wnd);
	if (h->flags & ATCP_URG)
		n += snprintf(out + n, size - n, " up %u", h->up);
	if (h->opts & ATCP_OPT_MSS)
		n += snprintf(out + n, size - n, " mss %u", h->mss);
	if (h->opts & ATCP_OPT_WSCALE)
		n += snprintf(out + n, size - n, " ws %u", h->wscale);
	if (h->opts & ATCP_OPT_SACK_OK)
		n += snprintf(out + n, size - n, " sok");
	if (h->opts & ATCP_OPT_TS)
		n += snprintf(out + n, size - n, " ts %u %u", h->tsval, h->tsecr);
	if (h->opts & ATCP_OPT_SACK)
		n += snprintf(out + n, size - n, " sack");
	for (i = 0; h->opts & ATCP_OPT_SACK && i < h->nsack; i++)
		n += snprintf(out + n, size - n, " %d-%d",
			      (s32)(h->sack[i].start - script.peer_base),
			      (s32)(h->sack[i].end - script.peer_base));
}

/* --- what comes --- */

static void peer_rx(struct sim_host *host, const struct sim_pkt *p)
{
	struct came *c = &queue[nqueue];
	u32 i;

	(void)host;
	if (nqueue == QUEUE_MAX)
		fail("%u segments came that were not expected", nqueue);
	if (!atcp_hdr_read(&c->h, p->bytes, p->len)) {
		sim_fail("a segment with a bad header came");
		return;
	}
	SIM_CHECK(!sim_checksum(p->src, p->dst, p->bytes, p->len),
		  "a segment with a wrong checksum came");
	SIM_CHECK(!(p->bytes[12] & 0x0f), "a segment with reserved bits set came");
	SIM_CHECK(c->h.sport == PORT && c->h.dport == PEER_PORT,
		  "a segment with wrong ports came");
	c->at = sim->now;
	c->len = p->len - c->h.hlen;
	for (i = 0; i < c->len; i++)
		SIM_CHECK(p->bytes[c->h.hlen + i] == byte_at(true, c->h.seq + i - script.iss),
			  "payload is wrong from byte %u on", c->h.seq + i - script.iss);
	nqueue++;
}

static void check_world(void)
{
	if (sim->stopped)
		fail("%s", sim->failure);
}

static void run_pending(void)
{
	sim_run(sim->now);
	check_world();
}

static void nothing_left(void)
{
	char text[256];

	if (!nqueue)
		return;
	format(text, sizeof(text), &queue[0].h, queue[0].len);
	fail("not expected: \"%s\" (%llu us ago%s)", text, sim->now - queue[0].at,
	     nqueue > 1 ? ", and more" : "");
}

static bool matches(const struct named *n, const struct came *c)
{
	const struct atcp_hdr *h = &c->h;
	u32 i;

	if ((h->flags ^ n->h.flags) & ~n->open || h->seq != n->h.seq || c->len != n->len)
		return false;
	if ((h->flags & ATCP_ACK) && h->ack != n->h.ack)
		return false;
	if ((n->win && h->wnd != n->h.wnd) || ((h->flags & ATCP_URG) && h->up != n->h.up))
		return false;
	if ((n->h.opts & ~h->opts) || (n->noopt && h->opts != n->h.opts))
		return false;
	if ((n->h.opts & ATCP_OPT_MSS && h->mss != n->h.mss) ||
	    (n->h.opts & ATCP_OPT_WSCALE && h->wscale != n->h.wscale) ||
	    (n->h.opts & ATCP_OPT_TS && (h->tsval != n->h.tsval || h->tsecr != n->h.tsecr)) ||
	    (n->ecr && (!(h->opts & ATCP_OPT_TS) || h->tsecr != n->h.tsecr)))
		return false;
	if ((h->opts & ATCP_OPT_SACK ? h->nsack : 0) != n->h.nsack)
		return false;
	for (i = 0; i < n->h.nsack; i++)
		if (h->sack[i].start != n->h.sack[i].start || h->sack[i].end != n->h.sack[i].end)
			return false;
	return true;
}

static void take(void)
{
	script.last_tsval = queue[0].h.tsval;
	script.last_win = queue[0].h.wnd;
	script.last_at = queue[0].at;
	script.last_hlen = queue[0].h.hlen;
	memmove(queue, queue + 1, --nqueue * sizeof(queue[0]));
}

void script_expect(u64 lo, u64 hi, const char *fmt, ...)
{
	char want[256], got[256];
	u64 start = sim->now;
	struct named n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(want, sizeof(want), fmt, ap);
	va_end(ap);
	run_pending();
	hi = max(lo, hi);
	if (lo)
		nothing_left();
	while (!nqueue && sim_step(start + hi))
		;
	check_world();
	if (!nqueue)
		fail("expected \"%s\", nothing came", want);
	run_pending();
	parse(&n, want, script.our_base, script.peer_base);
	if (!matches(&n, &queue[0])) {
		format(got, sizeof(got), &queue[0].h, queue[0].len);
		fail("expected \"%s\", got \"%s\"", want, got);
	}
	if (hi && (queue[0].at < start + lo || queue[0].at > start + hi))
		fail("\"%s\" came after %llu us, not %llu to %llu", want, queue[0].at - start, lo,
		     hi);
	take();
}

bool script_next(void)
{
	run_pending();
	if (!nqueue)
		return false;
	take();
	return true;
}

void script_quiet(u64 us)
{
	run_pending();
	nothing_left();
	if (us)
		sim_run_for(us);
	check_world();
	nothing_left();
}

/* --- what goes --- */

void script_inject(const char *fmt, ...)
{
	static u8 bytes[ATCP_HDR_MAX + PAYLOAD_MAX];
	char text[256];
	struct named n;
	va_list ap;
	u32 i, hlen, first;

	run_pending();
	nothing_left();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	parse(&n, text, script.peer_base, script.our_base);
	if (n.len > PAYLOAD_MAX - ATCP_HDR_MAX)
		bad(text);
	n.h.sport = PEER_PORT;
	n.h.dport = PORT;
	if (!n.win)
		n.h.wnd = script.wnd;
	if (script.ts && !n.noopt && !(n.h.opts & ATCP_OPT_TS)) {
		n.h.opts |= ATCP_OPT_TS;
		n.h.tsval = script.tsval;
		n.h.tsecr = n.h.flags & ATCP_ACK ? script.last_tsval : 0;
	}
	hlen = atcp_hdr_size(&n.h);
	atcp_hdr_write(&n.h, bytes);
	first = n.h.seq + !!(n.h.flags & ATCP_SYN) - script.irs;
	for (i = 0; i < n.len; i++)
		bytes[hlen + i] = byte_at(false, first + i);
	sim_wire_send(1, 0, bytes, hlen + n.len, hlen, 0);
	run_pending();
}

void script_rebase(u32 nxt, u32 rcv)
{
	script.our_base = script.iss + nxt;
	script.peer_base = script.irs + rcv;
}

/* --- the user --- */

void user_opens(void)
{
	script.conn = sim_connect(sim_host(0), 1, PORT, PEER_PORT, &script.opt);
	if (!script.conn)
		fail("sim_connect() refuses");
	run_pending();
}

static bool alive(void)
{
	return sim_conn_find(sim_host(0), 1, PORT, PEER_PORT) == script.conn;
}

int user_sends_flags(u32 len, u32 flags)
{
	static u8 bytes[1 << 20];
	u32 i;
	int ret;

	run_pending();
	nothing_left();
	if (len > sizeof(bytes))
		fail("the script sends %u bytes at once", len);
	for (i = 0; i < len; i++)
		bytes[i] = byte_at(true, 1 + (u32)script.conn->accepted + i);
	ret = sim_send(script.conn, bytes, len, flags);
	run_pending();
	return ret;
}

int user_reads_some(u32 most)
{
	static u8 bytes[1 << 20];
	int ret, i;

	run_pending();
	nothing_left();
	ret = sim_recv(script.conn, bytes, min(most, (u32)sizeof(bytes)));
	for (i = 0; i < ret; i++)
		SIM_CHECK(bytes[i] == byte_at(false, 1 + (u32)nread + i),
			  "byte %llu that the user read is wrong", nread + i);
	check_world();
	if (ret > 0)
		nread += ret;
	run_pending();
	return ret;
}

int user_reads(void)
{
	return user_reads_some(~0u);
}

void user_shuts(void)
{
	nothing_left();
	sim_shutdown(script.conn, SIM_SHUT_WR);
	run_pending();
}

void user_shuts_reading(void)
{
	nothing_left();
	sim_shutdown(script.conn, SIM_SHUT_RD);
	run_pending();
}

void user_closes(void)
{
	nothing_left();
	sim_close(script.conn);
	run_pending();
}

void user_aborts(void)
{
	nothing_left();
	if (script.conn)
		atcp_abort(&script.conn->c, 0);
	run_pending();
}

void script_check_closed(int err)
{
	run_pending();
	nothing_left();
	if (alive() || !script.conn->closed)
		fail("the connection is not over");
	if (script.conn->close_err != err)
		fail("the user is told %d (%s), not %d", script.conn->close_err,
		     strerror(script.conn->close_err), err);
}

/* --- states --- */

u8 script_state(void)
{
	struct sim_listener *l;
	struct sim_conn *conn;

	if (!sim)
		return ATCP_CLOSED;
	conn = sim_conn_find(sim_host(0), 1, PORT, PEER_PORT);
	if (conn)
		return conn->c.state;
	if (sim_req_find(sim_host(0), 1, PORT, PEER_PORT, &l))
		return ATCP_SYN_RECEIVED;
	if (sim_tw_find(sim_host(0), 1, PORT, PEER_PORT))
		return ATCP_TIME_WAIT;
	return l ? ATCP_LISTEN : ATCP_CLOSED;
}

void script_check_state(u8 want)
{
	run_pending();
	if (script_state() != want)
		fail("the state should be %s", sim_state_name(want));
}

/* --- the run --- */

/* A failure has ended the script: reads and checks what the user has not read yet. */
static void leave(void)
{
	nqueue = 0;
	if (script.conn && alive() && !script.conn->released)
		while (user_reads() > 0)
			nqueue = 0;
}

static void begin(u32 iss, u32 irs)
{
	static const struct sim_link_conf wire = { .mtu = 1500 };

	test_world(1, 2);
	sim_link_both(0, 1, &wire);
	sim->link[1][0].conf.mtu = 2 * PAYLOAD_MAX;
	sim->lenient = true;
	sim_host(1)->raw = true;
	sim_host(1)->raw_rx = peer_rx;
	nqueue = 0;
	nread = 0;
	memset(&script, 0, sizeof(script));
	script.opt = sim_sockopt_default;
	script.conf = &sim_host(0)->space.conf;
	script.conf->cc = &atcp_cc_reno;	/* what most of them are about */
	script.conf->debug_isn = iss;
	script.wnd = 65535;
	script.syn = "mss 1460";
	script.tsval = 5000;
	script.iss = iss;
	script.irs = irs;
	script.our_base = iss;
	script.peer_base = irs;
	script.file = __FILE__;
	script.line = __LINE__;
}

void script_run(void (*body)(void))
{
	static const struct { u32 iss, irs; const char *name; } runs[] = {
		{ 0x12345678, 0x51000000, "ordinary" },
		{ 0xfffffffe, 0xfffffffd, "wrapping at 2^32" },
		{ 0x7ffffffe, 0x7ffffffd, "passing 2^31" },
	};
	u32 i;

	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		/* With failures one of the two runs is enough, as there are many. */
		if (test_with_faults && i != WRAPPING)
			continue;
		test_case("sequence numbers %s", runs[i].name);
		begin(runs[i].iss, runs[i].irs);
		test_left = leave;
		body();
		run_pending();
		nothing_left();
		test_world_end();
	}
}
