// SPDX-License-Identifier: GPL-2.0
/*
 * Random scenarios: hosts, links, faults, applications and closing patterns
 * drawn from a seed.
 *
 * Three classes.  "Fair": trouble that TCP must overcome; every byte and both
 * FINs must arrive.  "Wild": aborts, reboots, links that die, losses beyond all
 * bounds; connections may fail, but must end, and never pass a wrong byte.
 * "Hostile": wild, with random forged segments; connections may fail and receive
 * forged bytes, but nothing else may break.
 */
#include <stdio.h>

#include "app.h"
#include "fault.h"
#include "forge.h"
#include "random.h"

#define MAX_PAIRS	4
#define PORT		1000
#define HOUR		(3600 * ATCP_SEC)

struct pair {
	struct sim_app client;
	struct sim_app server;
	struct sim_sockopt opt;
	struct sim_event start;
	u8 from;
	u8 to;
	u16 port;
	bool simultaneous;
	bool successor;		/* takes over the port of the first pair */
	bool skipped;
};

struct scenario {
	u64 rand;
	u32 npairs;
	bool wild;
	bool hostile;
	struct pair pair[MAX_PAIRS];
	struct sim_event trouble;
	struct sim_event forger;
	u64 forge_gap;
	u32 forge_left;
};

static struct scenario scn;

static u32 draw(u32 n)
{
	return sim_below(&scn.rand, n);
}

static bool one_in(u32 n)
{
	return !draw(n);
}

/* A number up to @most; small ones are more likely. */
static u32 draw_size(u32 most)
{
	u32 bits = 0;

	while (most >> bits)
		bits++;
	bits = draw(bits + 1);
	return bits ? min(most, draw(1u << bits)) : 0;
}

/* --- links --- */

static void draw_link(struct sim_link_conf *k)
{
	static const u32 mtus[] = { 1500, 1500, 1500, 576, 296, 9000 };
	u32 bad = scn.wild ? 300000 : 60000;

	memset(k, 0, sizeof(*k));
	k->delay = one_in(4) ? draw(200000) : draw(20000);
	k->mtu = max(mtus[draw(6)], sim->ipv6 ? SIM_IPV6_MTU_MIN : 0u);
	if (one_in(3))
		k->jitter = draw(10000);
	if (one_in(3)) {
		k->rate = 20000 + draw(2000000);
		k->queue = 4 + draw(50);
	}
	if (one_in(2))
		k->loss = draw(bad);
	if (one_in(4))
		k->dup = draw(bad);
	if (one_in(3))
		k->reorder = draw(bad * 3);
	if (one_in(6))
		k->corrupt = draw(bad / 2);
	k->whole = one_in(4);
	if (one_in(8)) {	/* a narrower hop; large sends are cut before it */
		k->path_mtu = 128 + draw(k->mtu);
		if (sim->ipv6)
			k->path_mtu = max(k->path_mtu, SIM_IPV6_MTU_MIN);
		k->whole = false;
	}
	if (one_in(8)) {	/* the same, and it tells nobody */
		k->black_hole = 600 + draw(k->mtu);	/* the second size that is tried fits */
		if (sim->ipv6)
			k->black_hole = max(k->black_hole, SIM_IPV6_MTU_MIN);
		k->whole = false;
	}
	if (one_in(8)) {
		k->police = 100000 + draw(2000000);
		k->burst = 4000 + draw(60000);
	}
	if (one_in(8))
		k->batch = 1 + draw(20000);
	if (one_in(8))
		k->thin = draw(300000);
}

static void draw_links(void)
{
	struct sim_link_conf k;
	u32 i, j;

	for (i = 0; i < sim->nhosts; i++) {
		for (j = i; j < sim->nhosts; j++) {
			draw_link(&k);
			if (i == j) {
				k = (struct sim_link_conf){ .mtu = 65535, .whole = true };
				if (one_in(2))
					k.mtu = 1500;
			}
			sim_link_both(i, j, &k);
			/* Another path back, with the same MTU. */
			if (i != j && one_in(4)) {
				u32 mtu = k.mtu;

				draw_link(&k);
				k.mtu = mtu;
				sim->link[j][i].conf = k;
			}
		}
	}
}

static void draw_hosts(void)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++) {
		struct sim_host *h = sim_host(i);
		struct atcp_conf *conf = &h->space.conf;

		if (one_in(3))
			conf->timestamps = false;
		if (one_in(3))
			conf->window_scaling = false;
		if (one_in(3))
			conf->sack = false;
		if (one_in(4))
			conf->dsack = false;
		conf->mtu_probing = one_in(3) ? 2 : 1;
		if (one_in(2))
			conf->tolerate_missing_ts = false;
		if (one_in(3))		/* sequence numbers wrap within the first few segments */
			conf->debug_isn = -1u - draw(20000);
		if (one_in(3))
			h->timer_slack = draw(10000);
		if (one_in(4))
			h->spurious_timer = draw(200000);
		if (one_in(3))
			h->fault.ppm = draw(scn.wild ? 200000 : 15000);
		if (one_in(8))
			h->max_tw = 0;
		if (one_in(2))
			conf->cc = &atcp_cc_reno;
	}
}

/* --- applications --- */

static void draw_app(struct sim_app *app, u32 stream)
{
	memset(app, 0, sizeof(*app));
	app->rand = sim_rand(&scn.rand);
	app->stream = stream;
	app->total = one_in(5) ? 0 : draw_size(one_in(8) ? 60000 : 12000);
	if (one_in(600))
		app->total = 200000 + draw(1500000);
	app->write_max = 1 + draw_size(16384);
	app->read_max = 1 + draw_size(65535);
	/* A few hundred calls of send() at most, not tens of thousands. */
	app->write_max = max(app->write_max, app->total / 100);
	if (one_in(3) && app->total < 100000)
		app->write_gap = draw(50000);
	if (one_in(4) && app->total < 100000)
		app->read_gap = draw(20000);
	if (one_in(5)) {
		app->stall_at = draw(app->expect + 1);
		app->stall = draw(8 * ATCP_SEC);
	}
	if (one_in(3))
		app->close_gap = draw(2 * ATCP_SEC);
	app->plan = SIM_PLAN_GRACE;
	if (one_in(4))
		app->more = 200000;
	if (one_in(6))
		app->oob = 100000;
	app->eager = one_in(6);
	app->blind = scn.hostile;
}

static void draw_plans(struct pair *p)
{
	struct sim_app *c = &p->client, *s = &p->server;

	/* Closing at once loses nothing when the peer sends no data. */
	if (!s->total && one_in(2))
		c->plan = SIM_PLAN_HASTY;
	if (!c->total && one_in(2))
		s->plan = SIM_PLAN_HASTY;
	if (c->plan == SIM_PLAN_GRACE && one_in(4))
		s->wait_fin = true;
	else if (c->plan == SIM_PLAN_GRACE && s->plan == SIM_PLAN_GRACE && one_in(6))
		c->plan = SIM_PLAN_RDWR;
	if (!scn.wild) {
		/* CLOSE in SYN-SENT ends the connection. */
		if (c->plan == SIM_PLAN_HASTY)
			c->eager = false;
		if (s->plan == SIM_PLAN_HASTY)
			s->eager = false;
		return;
	}
	if (one_in(4))
		c->plan = SIM_PLAN_HASTY;
	if (one_in(4))
		s->plan = SIM_PLAN_HASTY;
	if (one_in(5))
		c->plan = SIM_PLAN_ABORT;
	if (one_in(5))
		s->plan = SIM_PLAN_ABORT;
	/* Each program gives up after an hour: its peer may have vanished. */
	c->abort_at = c->plan == SIM_PLAN_ABORT ? draw(3 * ATCP_SEC) : HOUR;
	s->abort_at = s->plan == SIM_PLAN_ABORT ? draw(3 * ATCP_SEC) : HOUR;
}

/* One route in eight asks for something.  With draws of its own, each seed would be another. */
static void vary_route(struct sim_sockopt *opt)
{
	u32 n = opt->room / 8;

	if (opt->room % 8)
		return;
	opt->route = (struct sim_route) {
		.wnd_first = n % 7,
		.cwnd_first = n % 31,
		.cwnd_max = n % 23,
		.ssthresh_first = n % 17,
		.reordering = n % 11,
		.quick = n % 3 == 0,
		.rto_min = n % 5 * 20 * ATCP_MSEC,
		.wnd_clamp = n % 13 ? 0 : 1000 + n,
	};
}

static void draw_sockopt(struct sim_sockopt *opt)
{
	*opt = sim_sockopt_default;
	opt->rcvbuf = one_in(2) ? 65535 : 600 + draw_size(one_in(3) ? 1000000 : 30000);
	opt->sndbuf = one_in(2) ? 65536 : 500 + draw_size(60000);
	opt->room = 200 + draw(20000);
	opt->nodelay = one_in(3);
	opt->tight = one_in(3);
	if (opt->tight)
		opt->rcvbuf = max(opt->rcvbuf, 4000u);
	/* With another draw, the scenario of each seed would be another one. */
	opt->rcvbuf_max = opt->nodelay ? 8 * opt->rcvbuf : 0;
	opt->sndbuf_max = opt->nodelay ? 8 * opt->sndbuf : 0;
	opt->no_quick = one_in(4);
	if (one_in(8))
		opt->pace = 100000 + draw(2000000);
	opt->keepalive = one_in(6);
	opt->keep_time = opt->keepalive ? (1 + draw(100)) * ATCP_SEC : 0;
	if (one_in(8))
		opt->mss_user = 88 + draw(1000);
	vary_route(opt);
}

static void start(struct sim_event *ev)
{
	struct pair *p = sim_container_of(ev, struct pair, start);
	struct pair *first = &scn.pair[0];
	struct sim_conn *conn;

	/* With a fixed initial number, TIME-WAIT would refuse it for 2 MSL. */
	if (p->successor && !sim_host(first->from)->space.conf.debug_isn &&
	    first->client.done && first->server.done && !first->skipped &&
	    !sim_tw_find(sim_host(p->from), p->to, first->port, PORT)) {
		p->from = first->from;
		p->to = first->to;
		p->port = first->port;
	}
	conn = sim_connect(sim_host(p->from), p->to, p->port, PORT + p->simultaneous * 1000,
			   &p->opt);
	if (!conn) {
		p->skipped = true;
		return;
	}
	sim_app_start(&p->client, conn);
	if (!p->simultaneous)
		return;
	conn = sim_connect(sim_host(p->to), p->from, PORT + 1000, p->port, &p->opt);
	if (conn)
		sim_app_start(&p->server, conn);
	else
		p->skipped = true;
}

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn;
	u32 i;

	(void)arg;
	while ((conn = sim_accept(l))) {
		for (i = 0; i < scn.npairs; i++) {
			struct pair *p = &scn.pair[i];

			if (p->port == conn->c.rport && p->from == conn->peer &&
			    p->client.started && !p->server.started) {
				sim_app_start(&p->server, conn);
				break;
			}
		}
		if (i == scn.npairs)	/* by a duplicate SYN of an attempt given up */
			sim_abort(conn);
	}
}

static void draw_pairs(void)
{
	u32 i;

	scn.npairs = 1 + (one_in(3) ? draw(MAX_PAIRS) : 0);
	for (i = 0; i < scn.npairs; i++) {
		struct pair *p = &scn.pair[i];

		memset(p, 0, sizeof(*p));
		p->from = draw(sim->nhosts);
		p->to = one_in(8) ? p->from : (p->from + 1) % sim->nhosts;
		p->port = 30000 + i;
		/* The second SYN must come before the first is refused. */
		p->simultaneous = p->from != p->to && one_in(10);
		draw_app(&p->client, 2 * i);
		draw_app(&p->server, 2 * i + 1);
		draw_plans(p);
		p->client.expect = p->server.total;
		p->server.expect = p->client.total;
		if (p->client.stall)
			p->client.stall_at = draw(p->client.expect + 1);
		if (p->server.stall)
			p->server.stall_at = draw(p->server.expect + 1);
		draw_sockopt(&p->opt);
		p->successor = i && !scn.wild && !p->simultaneous &&
			       !scn.pair[0].simultaneous && one_in(2);
		if (p->successor) {
			p->from = scn.pair[0].from;
			p->to = scn.pair[0].to;
		}
		p->start.fn = start;
		sim_event_set(&p->start, sim->now + (p->successor ? draw(20 * ATCP_SEC) :
			      one_in(3) ? draw(3 * ATCP_SEC) : draw(1000)));
	}
}

static void draw_listeners(void)
{
	u32 i;

	for (i = 0; i < sim->nhosts; i++) {
		struct sim_listener *l;
		struct sim_sockopt opt;

		draw_sockopt(&opt);
		l = sim_listen(sim_host(i), PORT, 8, &opt);
		l->ready = accepted;
		/*
		 * When the ACK that returns a cookie is lost or overtaken by
		 * data, the client is reset.
		 */
		l->cookies = scn.wild && one_in(4);
		if (scn.wild && one_in(4))
			l->syn_backlog = draw(3);
		if (scn.wild && one_in(6))
			l->backlog = draw(2);
	}
}

/* --- troubles of the wild class --- */

static void reboot(u8 id)
{
	u32 i;

	for (i = 0; i < scn.npairs; i++) {
		struct pair *p = &scn.pair[i];

		if (p->client.conn && p->client.conn->host->id == id)
			sim_app_stop(&p->client);
		if (p->server.conn && p->server.conn->host->id == id)
			sim_app_stop(&p->server);
	}
	sim_host_reboot(sim_host(id));
}

static void trouble(struct sim_event *ev)
{
	u8 a = draw(sim->nhosts), b = draw(sim->nhosts);
	struct sim_link *link = &sim->link[a][b];

	if (one_in(3)) {
		reboot(a);
		return;
	}
	if (link->down) {
		link->down = false;
		return;
	}
	if (a != b)
		link->down = true;
	if (one_in(2))
		sim_event_set(ev, sim->now + draw(20 * ATCP_SEC));
}

static void forger(struct sim_event *ev)
{
	struct pair *p = &scn.pair[draw(scn.npairs)];

	if (scn.hostile)
		sim_forge_any(one_in(2) ? &p->client : &p->server, &scn.rand);
	else if (one_in(2))
		sim_forge_harmless(&p->client, &p->server, &scn.rand);
	else
		sim_forge_harmless(&p->server, &p->client, &scn.rand);
	if (--scn.forge_left)
		sim_event_set(ev, sim->now + draw(scn.forge_gap));
}

/* --- judging --- */

static void judge_app(const struct sim_app *app, u32 i, const char *name)
{
	/*
	 * Once its own bytes are sent and the peer's FIN has come, an error can
	 * only concern the last ACK.
	 */
	SIM_CHECK(app->started, "connection %u: the %s never began", i, name);
	SIM_CHECK(app->done, "connection %u: the %s is stuck: %u of %u sent, %u of %u received",
		  i, name, app->sent, app->total, app->received, app->expect);
	SIM_CHECK(app->sent == app->total, "connection %u: the %s sent %u of %u bytes (%s)",
		  i, name, app->sent, app->total, strerror(app->err));
	SIM_CHECK(app->received == app->expect,
		  "connection %u: the %s received %u of %u bytes (%s)", i, name, app->received,
		  app->expect, strerror(app->err));
	if (app->plan == SIM_PLAN_GRACE || app->plan == SIM_PLAN_RDWR)
		SIM_CHECK(app->eof, "connection %u: the %s saw no end of the stream (%s)", i,
			  name, strerror(app->err));
}

static void judge(void)
{
	u32 i;

	for (i = 0; i < sim->nhosts && !sim->stopped; i++) {
		struct sim_host *h = sim_host(i);
		struct sim_listener *l;

		for (l = h->listeners; l; l = l->next)
			SIM_CHECK(!l->nreqs, "a request is left");
		SIM_CHECK(!h->conns, "host %u: a connection is left in %s", i,
			  sim_state_name(h->conns->c.state));
		SIM_CHECK(!h->tws, "host %u: a TIME-WAIT is left", i);
	}
	for (i = 0; i < scn.npairs && !sim->stopped && !scn.wild; i++) {
		struct pair *p = &scn.pair[i];

		if (p->skipped)
			continue;
		judge_app(&p->client, i, "client");
		judge_app(&p->server, i, "server");
	}
}

static void describe(void)
{
	u32 i, j;

	printf("# seed %llu: %s, %s, %u hosts, %u connections\n", sim->seed,
	       scn.hostile ? "hostile" : scn.wild ? "wild" : "fair",
	       sim->ipv6 ? "IPv6" : "IPv4", sim->nhosts, scn.npairs);
	for (i = 0; i < sim->nhosts; i++) {
		const struct sim_host *h = sim_host(i);

		printf("# host %u: ts %d, scale %d, sack %d, dsack %d, mtu probing %u, ", i,
		       h->space.conf.timestamps, h->space.conf.window_scaling,
		       h->space.conf.sack, h->space.conf.dsack, h->space.conf.mtu_probing);
		printf("isn %u, faults %u, late by %llu\n", h->space.conf.debug_isn,
		       h->fault.ppm, h->timer_slack);
		for (j = 0; j < sim->nhosts; j++) {
			const struct sim_link_conf *k = &sim->link[i][j].conf;

			printf("# link %u>%u: %llu + %llu us, %llu B/s, queue %u, ", i, j, k->delay,
			       k->jitter, k->rate, k->queue);
			printf("mtu %u, path %u, black hole %u, loss %u, dup %u, reorder %u, ",
			       k->mtu, k->path_mtu, k->black_hole, k->loss, k->dup,
			       k->reorder);
			printf("corrupt %u%s\n", k->corrupt, k->whole ? ", whole" : "");
		}
	}
	for (i = 0; i < scn.npairs; i++) {
		const struct pair *p = &scn.pair[i];

		printf("# connection %u: %u>%u port %u%s; ", i, p->from, p->to, p->port,
		       p->simultaneous ? " simultaneous" : "");
		printf("sends %u (plan %u), receives %u (plan %u); rcvbuf %u%s, sndbuf %u\n",
		       p->client.total, p->client.plan, p->server.total, p->server.plan,
		       p->opt.rcvbuf, p->opt.tight ? " tight" : "", p->opt.sndbuf);
	}
}

static void ladders(void)
{
	u32 i, j;

	for (i = 0; i < sim->nhosts; i++)
		for (j = i; j < sim->nhosts; j++)
			sim_ladder(i, j, 200);
}

static void clear_timers(void)
{
	u32 i;

	for (i = 0; i < scn.npairs; i++) {
		sim_app_stop(&scn.pair[i].client);
		sim_app_stop(&scn.pair[i].server);
	}
}

const char *sim_random_run(u64 seed, bool verbose)
{
	u64 s = seed * 2 + 1;

	memset(&scn, 0, sizeof(scn));
	scn.rand = sim_rand(&s);
	sim_begin(seed, 2 + !draw(6));
	sim->ipv6 = seed % 3 == 0;
	sim->tracing = verbose;
	sim->max_events = 3000000;
	scn.wild = one_in(4);
	scn.hostile = scn.wild && one_in(3);
	sim->lenient = scn.hostile;
	draw_links();
	draw_hosts();
	draw_listeners();
	draw_pairs();
	if (scn.wild && one_in(2)) {
		scn.trouble.fn = trouble;
		sim_event_set(&scn.trouble, sim->now + draw(4 * ATCP_SEC));
	}
	if (scn.hostile || one_in(2)) {
		scn.forger.fn = forger;
		scn.forge_left = 1 + draw_size(300);
		scn.forge_gap = 1 + draw_size(200000);
		sim_event_set(&scn.forger, sim->now + draw(100000));
	}
	if (verbose)
		describe();
	sim_run(sim->now + 24 * HOUR);
	if (!sim->stopped)
		SIM_CHECK(!sim->nheap, "something still waits after a day");
	if (!sim->stopped)
		judge();
	if (verbose) {
		ladders();
		if (sim->stopped)
			printf("# %s\n", sim->failure);
	}
	clear_timers();
	sim_end();
	return sim_failure();
}

/* By turns: one call fails, a few in a row do, all of them do for a while. */
const char *sim_random_failing(u64 seed, u32 runs, u64 *calls_failed)
{
	const char *why;
	u64 calls, s = ~seed;
	u32 i;

	sim_fail_nth = (struct sim_fail_nth){ 0 };
	why = sim_random_run(seed, false);
	calls = sim_fail_nth.calls;
	for (i = 0; i < runs && !why && calls; i++) {
		sim_fail_nth = (struct sim_fail_nth){ .nth = 1 + sim_rand(&s) % calls };
		/* Fewer than a SYN-ACK's transmissions: without any, the connection may end. */
		if (i % 3 == 1)
			sim_fail_nth.burst = 1 + sim_below(&s, 4);
		else if (i % 3 == 2)
			sim_fail_nth.lasting = sim_rand(&s) % (2 * ATCP_SEC);
		why = sim_random_run(seed, false);
		*calls_failed += sim_fail_nth.failed;
	}
	return why;
}
