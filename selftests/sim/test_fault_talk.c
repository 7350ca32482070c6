// SPDX-License-Identifier: GPL-2.0
/*
 * Conversations that pass through all states and must complete whatever calls fail:
 * every byte and both ends of the stream arrive.
 *
 * Run alone, each tests that the conversation takes place; faults.c runs it with
 * every failure.
 */
#include "fool.h"
#include "test.h"

#define MS	1000ULL
#define SEC	1000000ULL

/**
 * struct talk - a conversation
 * @name:	the test's, _ipv6 behind it over IPv6
 * @link:	the link in both directions; an MTU of 0 stands for 1500
 * @opt:	socket options of both ends
 * @client:	what the client's program does
 * @server:	what the server's program does
 * @simultaneous: both open
 * @cookies:	the listener keeps no requests
 * @outage_at:	both links are down for @outage from so long after the beginning
 */
struct talk {
	const char *name;
	struct sim_link_conf link;
	struct sim_sockopt opt;
	struct sim_app client;
	struct sim_app server;
	bool simultaneous;
	bool cookies;
	u64 outage_at;
	u64 outage;
};

static struct sim_app client, server;

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn;

	(void)arg;
	while ((conn = sim_accept(l))) {
		if (server.started)	/* by a duplicate of the first connection's SYN */
			sim_abort(conn);
		else
			sim_app_start(&server, conn);
	}
}

static void set_up(struct sim_app *app, const struct sim_app *as, u32 stream, u32 expect)
{
	*app = *as;
	app->rand = stream + 1;
	app->stream = stream;
	app->expect = expect;
	app->write_max = app->write_max ? app->write_max : 3000;
	app->read_max = app->read_max ? app->read_max : 3000;
}

static void open_both(const struct talk *t)
{
	struct sim_conn *a, *b;

	a = sim_connect(sim_host(0), 1, 40000, 13, &t->opt);
	b = sim_connect(sim_host(1), 0, 13, 40000, &t->opt);
	ASSERT(a && b);
	sim_app_start(&client, a);
	sim_app_start(&server, b);
}

static void open_one(const struct talk *t)
{
	struct sim_listener *l = sim_listen(sim_host(1), 13, 4, &t->opt);
	struct sim_conn *conn;

	l->ready = accepted;
	l->cookies = t->cookies;
	conn = sim_connect(sim_host(0), 1, 40000, 13, &t->opt);
	ASSERT(conn);
	sim_app_start(&client, conn);
}

static void check_app(const struct sim_app *app, const char *name)
{
	CHECK(app->done && app->eof && app->received == app->expect && app->sent == app->total,
	      "the %s: %s, error %d, %u of %u bytes sent, %u of %u received%s", name,
	      app->done ? "done" : "hangs", app->err, app->sent, app->total, app->received,
	      app->expect, app->eof ? "" : ", no end");
}

static void links_down(bool down)
{
	sim->link[0][1].down = down;
	sim->link[1][0].down = down;
}

static void talk(const struct talk *as, bool ipv6)
{
	struct talk t = *as;
	u32 i;

	test_world(3, 2);
	sim->ipv6 = ipv6;
	t.link.mtu = t.link.mtu ? t.link.mtu : 1500;
	t.link.delay = t.link.delay ? t.link.delay : 1 * MS;
	sim_link_both(0, 1, &t.link);
	t.opt.rcvbuf = t.opt.rcvbuf ? t.opt.rcvbuf : 6000;
	t.opt.sndbuf = t.opt.sndbuf ? t.opt.sndbuf : 65536;
	t.opt.room = t.opt.room ? t.opt.room : 4000;
	set_up(&client, &t.client, 0, t.server.total);
	set_up(&server, &t.server, 1, t.client.total);
	if (t.simultaneous)
		open_both(&t);
	else
		open_one(&t);
	if (t.outage) {
		sim_run_for(t.outage_at);
		links_down(true);
		sim_run_for(t.outage);
		links_down(false);
	}
	sim_run_for(3000 * SEC);
	if (sim->stopped)
		FAIL("%s", sim->failure);
	check_app(&client, "client");
	check_app(&server, "server");
	/* Nothing is left of the connection. */
	for (i = 0; i < 2; i++) {
		CHECK(!sim_host(i)->conns, "a connection is left in %s",
		      sim_state_name(sim_host(i)->conns->c.state));
		ASSERT(!sim_host(i)->tws);
		ASSERT(!sim_host(i)->listeners || !sim_host(i)->listeners->nreqs);
	}
	ASSERT(!sim->nheap);
}

static const struct talk talks[] = {
	{
		.name = "with_much_memory_for_congestion_control",
		.link = { .loss = 50000 },
		.opt.cc = &test_cc_far,
		.client.total = 9000,
		.server.total = 9000,
	},
	{
		.name = "with_a_foolish_congestion_control",
		.link = { .loss = 50000, .reorder = 200000 },
		.opt.cc = &test_cc_fool,
		.client.total = 30000,
		.server.total = 9000,
	},
	{
		.name = "plain",
		.client.total = 9000,
		.server.total = 9000,
	},
	{
		.name = "with_losses",
		.link = { .loss = 50000, .reorder = 200000, .dup = 20000 },
		.client.total = 12000,
		.server.total = 9000,
	},
	{
		.name = "in_small_pieces",
		.opt = { .room = 300, .rcvbuf = 3000 },
		.client = { .total = 3000, .write_max = 400, .write_gap = 3 * MS, .more = 300000 },
		.server = { .total = 2000, .write_max = 400, .read_max = 300, .read_gap = 5 * MS },
	},
	/* Data is sent in CLOSE-WAIT and received in FIN-WAIT-2. */
	{
		.name = "half_closed",
		.link = { .reorder = 200000 },
		.client.total = 2000,
		.server = { .total = 12000, .wait_fin = true },
	},
	{
		.name = "half_closed_with_losses",
		.link = { .loss = 60000, .reorder = 300000 },
		.client.total = 2000,
		.server = { .total = 12000, .wait_fin = true },
	},
	/* Both close long before their data is sent: FIN-WAIT-1, CLOSING. */
	{
		.name = "closed_behind_data",
		.opt = { .rcvbuf = 2500, .room = 16000 },
		.client = { .total = 16000, .write_max = 16000,
			    .read_max = 700, .read_gap = 4 * MS },
		.server = { .total = 8000, .write_max = 8000, .read_max = 700, .read_gap = 9 * MS },
	},
	{
		.name = "closed_behind_data_with_losses",
		.link = { .loss = 60000, .reorder = 300000 },
		.opt = { .rcvbuf = 2500, .room = 16000 },
		.client = { .total = 16000, .write_max = 16000,
			    .read_max = 700, .read_gap = 4 * MS },
		.server = { .total = 8000, .write_max = 8000, .read_max = 700, .read_gap = 9 * MS },
	},
	{
		.name = "closed_behind_data_out_of_order",
		.link = { .reorder = 600000 },
		.opt = { .rcvbuf = 9000, .room = 16000 },
		.client = { .total = 30000, .write_max = 30000 },
		.server = { .total = 30000, .write_max = 30000 },
	},
	/* The end in CLOSE-WAIT closes before its data is sent: LAST-ACK. */
	{
		.name = "last_data",
		.link = { .loss = 60000, .reorder = 100000 },
		.opt = { .rcvbuf = 2000, .room = 16000 },
		.client = { .total = 100, .read_max = 500, .read_gap = 9 * MS },
		.server = { .total = 14000, .wait_fin = true, .write_max = 14000 },
	},
	/* The other end closes while its window is shut. */
	{
		.name = "zero_windows",
		.opt = { .rcvbuf = 1200, .room = 16000 },
		.client = { .total = 6000, .write_max = 6000,
			    .stall_at = 1000, .stall = 9 * SEC },
		.server = { .total = 6000, .write_max = 6000, .stall_at = 2000, .stall = 5 * SEC },
	},
	{
		.name = "simultaneous_open",
		.simultaneous = true,
		.client = { .total = 3000, .eager = true },
		.server = { .total = 3000, .eager = true },
	},
	{
		.name = "simultaneous_open_with_losses",
		.simultaneous = true,
		.link = { .loss = 100000, .reorder = 100000 },
		.client.total = 3000,
		.server.total = 3000,
	},
	/* The client sends one segment with its FIN, as only the first returns the cookie. */
	{
		.name = "cookies",
		.cookies = true,
		.client = { .total = 1000, .more = 1000000 },
		.server.total = 3000,
	},
	{
		.name = "cookies_with_losses",
		.cookies = true,
		.link = { .loss = 100000, .reorder = 100000 },
		.client = { .total = 1000, .more = 1000000 },
		.server.total = 3000,
	},
	/* Buffers that charge an overhead per segment: out-of-order data is dropped for memory. */
	{
		.name = "tight",
		.link = { .loss = 80000, .reorder = 200000 },
		.opt = { .tight = true, .rcvbuf = 5000 },
		.client = { .total = 15000, .write_max = 500 },
		.server = { .total = 5000 },
	},
	{
		.name = "narrow_path",
		.link = { .path_mtu = 1290, .whole = false },
		.opt = { .rcvbuf = 20000, .room = 16000 },
		.client.total = 15000,
		.server.total = 9000,
	},
	{
		.name = "large_sends",
		.link = { .whole = true, .loss = 50000 },
		.opt = { .rcvbuf = 60000, .room = 30000 },
		.client = { .total = 40000, .write_max = 40000, .read_max = 60000 },
		.server = { .total = 9000, .read_max = 60000 },
	},
	{
		.name = "paced",
		.opt = { .pace = 200000, .rcvbuf = 20000, .nodelay = true },
		.client.total = 9000,
		.server.total = 9000,
	},
	{
		.name = "urgent",
		.client = { .total = 4000, .oob = 300000 },
		.server = { .total = 4000, .oob = 300000 },
	},
	/* Idle for minutes, kept alive, then closed. */
	{
		.name = "kept_alive",
		.opt = { .keepalive = true, .keep_time = 10 * SEC, .keep_intvl = 3 * SEC },
		.client = { .total = 3000, .write_max = 1000, .write_gap = 90 * SEC },
		.server = { .total = 1000, .close_gap = 60 * SEC },
	},
	{
		.name = "outage_at_the_beginning",
		.outage_at = 1,
		.outage = 4 * SEC,
		.client.total = 3000,
		.server.total = 3000,
	},
	{
		.name = "outage_in_the_middle",
		.outage_at = 10 * MS,
		.outage = 9 * SEC,
		.client.total = 30000,
		.server.total = 30000,
	},
	{
		.name = "outage_at_the_end",
		.link = { .delay = 50 * MS },
		.outage_at = 330 * MS,
		.outage = 9 * SEC,
		.client.total = 2000,
		.server.total = 3000,
	},
};

static void over_ipv4(const void *as)
{
	talk(as, false);
}

static void over_ipv6(const void *as)
{
	talk(as, true);
}

static void add(const struct talk *as, const char *ip, void (*fn)(const void *))
{
	struct test *t = calloc(1, sizeof(*t));
	char *id = malloc(100);

	if (!t || !id)
		abort();
	snprintf(id, 100, "%s%s", as->name, ip);
	*t = (struct test){ .id = id, .file = __FILE__, .fn = fn, .arg = as, .robust = true };
	test_add(t);
}

__attribute__((constructor)) static void add_all(void)
{
	u32 i;

	for (i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		add(&talks[i], "", over_ipv4);
		add(&talks[i], "_ipv6", over_ipv6);
	}
}
