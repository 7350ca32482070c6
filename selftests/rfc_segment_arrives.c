// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES in the loaded module: every row of segment_arrives.h, which is RFC
 * 9293 section 3.10.7 with RFC 5961, by crafted segments from an unused address.
 *
 * Each row runs without timestamps and with them, which changes nothing; the second
 * time the peer's sequence numbers wrap.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

/* The states as segment_arrives.h names them. */
enum {
	ATCP_ESTABLISHED = ST_ESTABLISHED,
	ATCP_SYN_SENT = ST_SYN_SENT,
	ATCP_SYN_RECEIVED = ST_SYN_RECEIVED,
	ATCP_FIN_WAIT_1 = ST_FIN_WAIT_1,
	ATCP_FIN_WAIT_2 = ST_FIN_WAIT_2,
	ATCP_TIME_WAIT = ST_TIME_WAIT,
	ATCP_CLOSED = ST_CLOSED,
	ATCP_CLOSE_WAIT = ST_CLOSE_WAIT,
	ATCP_LAST_ACK = ST_LAST_ACK,
	ATCP_LISTEN = ST_LISTEN,
	ATCP_CLOSING = ST_CLOSING,
};

#include "lib/segment_arrives.h"

#define NOBODY		ip46("10.0.0.77", "fd00::77")	/* the peer: no stack answers for it */
#define FIRST_PORT	1000	/* of the host under test; each row has its own */
#define FENCE_PORT	999	/* where nobody listens */
#define PEER_PORT	50000
#define SYN_OPTIONS	"mss 1460"

/*
 * A state, and the way there: the calls of the user and the segments both ways, in
 * order.  "< SEGMENT" comes from the peer, "> SEGMENT" is the answer; the user listens,
 * connects, accepts (and closes the listener), says one octet, shuts (for writing).
 */
struct state {
	const char *name;
	int state;
	int nxt;		/* SND.NXT, RCV.NXT, from the initial numbers */
	int rcv;
	const char *way[8];
	const struct row *rows[3];
};

#define LISTENING	"listen"
#define SENT		"connect", "> S 0"
#define OPEN		SENT, "< SA 0 1 " SYN_OPTIONS, "> A 1 1"
#define PASSIVE		LISTENING, "< S 0 " SYN_OPTIONS, "> SA 0 1"

static const struct state states[] = {
	{ "closed", ATCP_CLOSED, 0, 0, { NULL }, { closed } },
	{ "listen", ATCP_LISTEN, 0, 0, { LISTENING }, { listening } },
	{ "syn_sent", ATCP_SYN_SENT, 0, 0, { SENT }, { syn_sent } },
	{ "syn_received_passive", ATCP_SYN_RECEIVED, 1, 1, { PASSIVE },
		{ syn_received, syn_received_passive } },
	{ "syn_received_open", ATCP_SYN_RECEIVED, 1, 1,
		{ SENT, "< S 0 " SYN_OPTIONS, "> SA 0 1" },
		{ syn_received, syn_received_open } },
	{ "established", ATCP_ESTABLISHED, 1, 1, { OPEN },
		{ synchronized, receiving, established } },
	{ "accepted", ATCP_ESTABLISHED, 2, 1,
		{ PASSIVE, "< A 1 1", "accept", "say", "> PA 1+1 1", "< A 1 2" },
		{ synchronized, receiving, established } },
	{ "fin_wait_1", ATCP_FIN_WAIT_1, 2, 1, { OPEN, "shut", "> FA 1 1" },
		{ synchronized, receiving, fin_wait_1 } },
	{ "fin_wait_2", ATCP_FIN_WAIT_2, 2, 1, { OPEN, "shut", "> FA 1 1", "< A 1 2" },
		{ synchronized, receiving, fin_wait_2 } },
	{ "close_wait", ATCP_CLOSE_WAIT, 1, 2, { OPEN, "< FA 1 1", "> A 1 2" },
		{ synchronized, deaf, close_wait } },
	{ "closing", ATCP_CLOSING, 2, 2,
		{ OPEN, "shut", "> FA 1 1", "< FA 1 1", "> A 2 2" },
		{ synchronized, deaf, closing } },
	{ "last_ack", ATCP_LAST_ACK, 2, 2,
		{ OPEN, "< FA 1 1", "> A 1 2", "shut", "> FA 1 2" },
		{ synchronized, deaf, last_ack } },
	{ "time_wait", ATCP_TIME_WAIT, 2, 2,
		{ OPEN, "shut", "> FA 1 1", "< FA 1 2", "> A 2 2" }, { time_wait } },
};

FIXTURE(arrives)
{
	struct net net;
	struct wire *wire;
};

FIXTURE_SETUP(arrives)
{
	net_open(&self->net);
	/* Segments of 4000 bytes and more, in one piece. */
	net_run(&self->net, CLIENT, "ip link set v0 mtu 9000");
	net_run(&self->net, SERVER, "ip link set v1 mtu 9000");
	net_run(&self->net, SERVER,
		"ip neigh replace %s lladdr 02:00:00:00:00:01 dev v1 nud permanent", NOBODY);
	/* On a busy machine no retransmission may come in between. */
	if (!stack_is_tcp())
		net_stack_sysctl(&self->net, SERVER, "rto_min_us", "10000000");
	self->wire = wire_open(&self->net, CLIENT, 0);
}

FIXTURE_TEARDOWN(arrives)
{
	wire_close(self->wire);
}

/* A row being run. */
struct run {
	const struct net *net;
	struct wire *wire;
	bool stamped;
	uint16_t port;
	uint16_t peer_port;
	uint32_t iss;		/* of the host under test, once it is known */
	uint32_t irs;
	uint32_t our_base;	/* what relative numbers count from */
	uint32_t peer_base;
	uint32_t tsval;		/* the newest that came */
	int listener;		/* or -1 */
	int conn;		/* or -1 */
	char why[256];		/* what is wrong, or "" */
};

__attribute__((format(printf, 2, 3)))
static bool wrong(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	return false;
}

/* --- segments as text --- */

struct text {
	uint8_t flags;
	uint32_t seq;
	uint32_t len;
	uint32_t ack;
	int win;		/* -1: not named; as below */
	int up;
	int mss;
};

/* A number behind a word, or -1. */
static int named(const char *text, const char *word)
{
	const char *p = strstr(text, word);

	return p ? atoi(p + strlen(word)) : -1;
}

static struct text parse(const char *text, uint32_t seq_base, uint32_t ack_base)
{
	static const char letters[] = "FSRPAUEC";
	struct text t = {
		.win = named(text, " win "),
		.up = named(text, " up "),
		.mss = named(text, " mss "),
	};
	char *p = (char *)text;

	for (; *p != ' '; p++) {
		const char *l = strchr(letters, *p);

		if (l)
			t.flags |= 1 << (l - letters);
	}
	t.seq = seq_base + strtoll(p, &p, 10);
	if (*p == '+')
		t.len = strtol(p, &p, 10);
	if (t.flags & TH_ACK)
		t.ack = ack_base + strtoll(p, &p, 10);
	return t;
}

/* --- the peer --- */

/* What stands at a sequence number of the peer's stream. */
static uint8_t byte_at(const struct run *r, uint32_t seq)
{
	return (seq - r->irs) * 2654435761u >> 24;
}

static size_t put_options(uint8_t *opt, const struct run *r, const struct text *t)
{
	uint8_t *p = opt;
	uint32_t ecr = htonl(t->flags & TH_ACK ? r->tsval : 0), val = htonl(5000);

	if (t->mss >= 0) {
		*p++ = 2;
		*p++ = 4;
		*p++ = t->mss >> 8;
		*p++ = t->mss;
	}
	if (r->stamped) {
		memcpy(p, "\1\1\10\12", 4);
		memcpy(p + 4, &val, 4);
		memcpy(p + 8, &ecr, 4);
		p += 12;
	}
	return p - opt;
}

static void inject(struct run *r, const char *segment)
{
	struct text t = parse(segment, r->peer_base, r->our_base);
	static uint8_t data[8000];
	uint8_t opt[40];
	struct craft c = {
		.src = NOBODY,
		.sport = r->peer_port,
		.dport = r->port,
		.seq = t.seq,
		.ack = t.ack,
		.flags = t.flags,
		.urgent = t.up > 0 ? t.up : 0,
		.data = data,
		.len = t.len,
		.opt = opt,
		.opt_len = put_options(opt, r, &t),
	};
	uint32_t i, first = t.seq + !!(t.flags & TH_SYN);

	for (i = 0; i < t.len; i++)
		data[i] = byte_at(r, first + i);
	wire_send(r->net, CLIENT, &c);
}

/* The next that comes from this port of the host under test; NULL: nothing. */
static const struct seg *next_from(struct run *r, uint16_t port, int ms)
{
	const struct seg *s;

	while ((s = wire_next(r->wire, ms))) {
		if (s->from == SERVER && s->sport == port)
			return s;
	}
	return NULL;
}

static void say(char *out, size_t size, const struct run *r, const struct seg *s)
{
	static const char letters[] = "FSRPAUEC";
	size_t n = 0;
	int i;

	for (i = 0; i < 8; i++) {
		if (s->flags & 1 << i)
			out[n++] = letters[i];
	}
	snprintf(out + n, size - n, " %d+%u %d win %u", s->raw_seq - r->our_base, s->len,
		 s->raw_ack - r->peer_base, s->window);
}

static bool expect(struct run *r, const char *segment)
{
	const struct seg *s = next_from(r, r->port, PATIENCE);
	struct text t;
	char got[100];

	if (!s)
		return wrong(r, "expected \"%s\", nothing came", segment);
	if (s->flags & TH_SYN && !r->iss) {
		r->iss = s->raw_seq;
		r->our_base = r->iss;
	}
	if (s->ts)
		r->tsval = s->tsval;
	t = parse(segment, r->our_base, r->peer_base);
	if (s->sum_ok && s->dport == r->peer_port && s->flags == t.flags &&
	    s->raw_seq == t.seq && s->len == t.len &&
	    (!(t.flags & TH_ACK) || s->raw_ack == t.ack) && (t.win < 0 || s->window == t.win))
		return true;
	say(got, sizeof(got), r, s);
	return wrong(r, "expected \"%s\", got \"%s\"", segment, got);
}

/*
 * Nothing has come.  No wait is needed to know it: a segment sent afterwards to a port
 * where nobody listens has had its reset.
 */
static bool expect_nothing(struct run *r)
{
	struct craft fence = {
		.src = NOBODY,
		.sport = r->peer_port,
		.dport = FENCE_PORT,
		.flags = TH_SYN,
	};
	const struct seg *s;
	char got[100];

	wire_send(r->net, CLIENT, &fence);
	while ((s = wire_next(r->wire, PATIENCE))) {
		if (s->from != SERVER)
			continue;
		if (s->sport == FENCE_PORT)
			return true;
		if (s->sport != r->port)
			continue;
		say(got, sizeof(got), r, s);
		return wrong(r, "not expected: \"%s\"", got);
	}
	return wrong(r, "the host under test does not answer any more");
}

/* --- the user --- */

static int open_socket(struct run *r)
{
	int fd = sock_open(r->net, SERVER, SOCK_NONBLOCK);

	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_set(fd, SOL_SOCKET, SO_RCVBUF, WND);
	sock_set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	if (addr_bind(fd, addr_side(r->net, SERVER, r->port)))
		net_die("bind %u: %s", r->port, strerror(errno));
	return fd;
}

static void user_connects(struct run *r)
{
	r->conn = open_socket(r);
	if (!addr_connect(r->conn, addr_of(NOBODY, r->peer_port)) || errno != EINPROGRESS)
		net_die("connect: %s", strerror(errno));
}

static void user_listens(struct run *r)
{
	r->listener = open_socket(r);
	if (listen(r->listener, 16))
		net_die("listen: %s", strerror(errno));
}

static bool can_accept(void *arg)
{
	struct run *r = arg;

	r->conn = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK);
	return r->conn >= 0;
}

static void user_accepts(struct run *r)
{
	if (!net_until(can_accept, r, PATIENCE))
		net_die("accept: %s", strerror(errno));
	close(r->listener);
	r->listener = -1;
}

static bool step(struct run *r, const char *what)
{
	if (*what == '<')
		inject(r, what + 2);
	else if (*what == '>')
		return expect(r, what + 2);
	else if (!strcmp(what, "connect"))
		user_connects(r);
	else if (!strcmp(what, "listen"))
		user_listens(r);
	else if (!strcmp(what, "accept"))
		user_accepts(r);
	else if (!strcmp(what, "say"))
		sock_send(r->conn, "", 1);
	else
		shutdown(r->conn, SHUT_WR);
	return true;
}

/* --- what came of it --- */

static int state_of(const struct run *r)
{
	int state = net_state(r->net, SERVER, r->port, r->peer_port);

	if (state != ST_NONE)
		return state;
	return r->listener >= 0 ? ATCP_LISTEN : ATCP_CLOSED;
}

struct awaited {
	const struct run *r;
	int state;
};

static bool state_is(void *arg)
{
	const struct awaited *a = arg;

	return state_of(a->r) == a->state;
}

/* A segment that was seen on the wire may have been received a moment later. */
static bool check_state(struct run *r, int want)
{
	struct awaited a = { r, want };

	if (net_until(state_is, &a, 2000))
		return true;
	return wrong(r, "the state is %d, not %d", state_of(r), want);
}

/*
 * Reads all there is, also past an urgent byte, where a call stops.  Returns the number
 * of bytes, or a negative errno, -EPROTO when the bytes are wrong.
 */
static int user_reads(const struct run *r, uint32_t seq)
{
	uint8_t buf[8000];
	int i, n, all = 0;

	while ((n = recv(r->conn, buf, sizeof(buf), 0)) > 0) {
		for (i = 0; i < n; i++) {
			if (buf[i] != byte_at(r, seq + all + i))
				return -EPROTO;
		}
		all += n;
	}
	return n < 0 && !all ? -errno : all;
}

/* After the peer's FIN the stream ends; before it, nothing is there yet. */
static bool at_end(int state)
{
	return state == ATCP_CLOSE_WAIT || state == ATCP_CLOSING || state == ATCP_LAST_ACK ||
	       state == ATCP_TIME_WAIT;
}

static bool user_sees(struct run *r, const struct row *row, int next)
{
	int got;

	if (r->conn < 0 && r->listener >= 0)
		can_accept(r);
	if (r->conn < 0)
		return true;
	if (row->reads) {
		got = user_reads(r, r->irs + 1);
		if (got != row->reads)
			return wrong(r, "the user reads %d, not %d", got, row->reads);
	}
	if (next == ATCP_CLOSED) {
		got = sock_get(r->conn, SOL_SOCKET, SO_ERROR);
		return got == row->err || wrong(r, "the user is told %s, not %s",
						strerror(got), strerror(row->err));
	}
	got = user_reads(r, r->irs + 1 + row->reads);
	if (got != (at_end(next) ? 0 : -EAGAIN))
		return wrong(r, "then the user reads %d", got);
	return true;
}

static bool run_row(struct run *r, const struct state *state, const struct row *row)
{
	int i, next = row->next ? row->next : state->state;

	for (i = 0; i < 8 && state->way[i]; i++) {
		if (!step(r, state->way[i]))
			return false;
	}
	if (!check_state(r, state->state))
		return false;
	r->our_base = r->iss ? r->iss + state->nxt : 0;
	r->peer_base = r->irs + state->rcv;
	inject(r, row->in);
	return (!row->out || expect(r, row->out)) && (!row->then || expect(r, row->then)) &&
	       expect_nothing(r) &&
	       check_state(r, next) && user_sees(r, row, next);
}

static void let_go(struct run *r)
{
	struct linger now = { .l_onoff = 1 };

	if (r->conn >= 0) {
		setsockopt(r->conn, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(r->conn);
	}
	if (r->listener >= 0)
		close(r->listener);
}

static bool row_holds(const struct net *net, struct wire *wire, const struct state *state,
		      const struct row *row, bool stamped)
{
	static uint16_t count;
	struct run r = {
		.net = net,
		.wire = wire,
		.stamped = stamped,
		.port = FIRST_PORT + count,
		.peer_port = PEER_PORT + count,
		.irs = stamped ? 0xfffffffd : 0x51000000,
		.listener = -1,
		.conn = -1,
	};
	bool good;

	count++;
	r.peer_base = r.irs;
	good = run_row(&r, state, row);
	if (!good)
		fprintf(stderr, "# %s:%s%s: %s\n", state->name, row->id,
			stamped ? ", with timestamps" : "", r.why);
	let_go(&r);
	return good;
}

/* Returns how many rows of a state do not hold. */
static int failures(const struct net *net, struct wire *wire, const char *name)
{
	const struct state *state = states;
	int i, failed = 0;
	const struct row *row;

	while (strcmp(state->name, name))
		state++;
	for (i = 0; i < 3 && state->rows[i]; i++) {
		for (row = state->rows[i]; row->id; row++) {
			failed += !row_holds(net, wire, state, row, false);
			failed += !row_holds(net, wire, state, row, true);
		}
	}
	return failed;
}

#define HOLDS(name) EXPECT_EQ(0, failures(&self->net, self->wire, name))

TEST_F(arrives, closed)
{
	HOLDS("closed");
}

TEST_F(arrives, listen)
{
	HOLDS("listen");
}

TEST_F(arrives, syn_sent)
{
	HOLDS("syn_sent");
}

TEST_F(arrives, syn_received_passive)
{
	HOLDS("syn_received_passive");
}

TEST_F(arrives, syn_received_open)
{
	HOLDS("syn_received_open");
}

TEST_F_TIMEOUT(arrives, established, 120)
{
	HOLDS("established");
}

TEST_F_TIMEOUT(arrives, accepted, 120)
{
	HOLDS("accepted");
}

TEST_F_TIMEOUT(arrives, fin_wait_1, 120)
{
	HOLDS("fin_wait_1");
}

TEST_F_TIMEOUT(arrives, fin_wait_2, 120)
{
	HOLDS("fin_wait_2");
}

TEST_F(arrives, close_wait)
{
	HOLDS("close_wait");
}

TEST_F(arrives, closing)
{
	HOLDS("closing");
}

TEST_F(arrives, last_ack)
{
	HOLDS("last_ack");
}

TEST_F(arrives, time_wait)
{
	HOLDS("time_wait");
}

TEST_HARNESS_MAIN
