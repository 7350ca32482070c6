// SPDX-License-Identifier: GPL-2.0
/*
 * Simulated throughput: a regression in recovery or flow control shows as a changed cell.
 */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "table.h"

#define RATE	12500000	/* bytes a second: 100 Mbit/s */
#define DELAY	10000		/* one way */
#define TOTAL	(2u << 20)
#define SEEDS	3

#define MANY		3000	/* responses */

static struct sim_app client, server;

/* One path and what is sent over it. */
struct flow {
	const char *name;
	struct sim_link_conf link;
	u32 buffer;
	u32 total;
	bool dupacks;		/* net.atcp.recovery = 0: duplicate ACKs tell what is lost */
};

struct outcome {
	u64 took;		/* microseconds from connect() to the last byte; 0: it failed */
	u32 lost;		/* packets of the sender */
	u32 resent;		/* segments */
	u32 duplicates;		/* segments that the receiver had already */
	u32 timeouts;
	u32 undone;		/* reductions of cwnd */
};

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn = sim_accept(l);

	(void)arg;
	if (conn)
		sim_app_start(&server, conn);
}

static u64 stat_of(u8 host, enum atcp_stat stat)
{
	return sim_host(host)->stat[stat];
}

static struct outcome transfer(const struct flow *f, const struct atcp_cc_ops *cc, u64 seed)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct outcome out = { 0 };
	struct sim_listener *l;
	u64 began;

	sim_begin(seed, 2);
	sim_link_both(0, 1, &f->link);
	opt.rcvbuf = f->buffer;
	opt.sndbuf = f->buffer;
	memset(&client, 0, sizeof(client));
	memset(&server, 0, sizeof(server));
	client.total = f->total;
	client.write_max = 65536;
	client.read_max = 65536;
	server.stream = 1;
	server.expect = f->total;
	server.write_max = 1;
	server.read_max = 65536;
	sim_host(0)->space.conf.recovery = !f->dupacks;
	opt.cc = cc;
	l = sim_listen(sim_host(1), 80, 4, &opt);
	l->ready = accepted;
	began = sim->now;
	sim_app_start(&client, sim_connect(sim_host(0), 1, 0, 80, &opt));
	sim_run(sim->now + 36000 * ATCP_SEC);
	if (!sim->stopped && server.done && server.received == f->total)
		out.took = max(server.finished_at - began, 1ULL);
	else
		printf("# %s, %u bytes of buffer, seed %llu: %s\n", f->name, f->buffer, seed,
		       sim->stopped ? sim->failure : "not completed");
	out.lost = sim->link[0][1].lost;
	out.resent = stat_of(0, ATCP_STAT_RETRANS_SEGS);
	out.duplicates = stat_of(1, ATCP_STAT_DUPLICATE_DATA);
	out.timeouts = stat_of(0, ATCP_STAT_RETRANS_TIMEOUT);
	out.undone = stat_of(0, ATCP_STAT_UNDO_DSACK) + stat_of(0, ATCP_STAT_UNDO_TIMESTAMP) +
		     stat_of(0, ATCP_STAT_UNDO_FRTO);
	sim_app_stop(&client);
	sim_app_stop(&server);
	sim_end();
	return out;
}

static u64 rate_of(const struct flow *f, const struct outcome *out)
{
	return out->took ? f->total * 1000000ULL / out->took : 0;
}

/* --- buffers and losses --- */

static bool grid(void)
{
	static const u32 buffers[] = { 4096, 16384, 65535, 262144, 1048576 };
	static const u32 losses[] = { 0, 100, 1000, 10000, 50000 };
	bool good = true;
	u32 i, j;
	u64 seed;

	printf("Simulated throughput of Reno in kbyte/s: %u MiB one way, 100 Mbit/s, 20 ms round\n"
	       "trip, queue of 200 packets, mean of %u seeds. Rows: both buffers; columns: loss each\n"
	       "way.\n", TOTAL >> 20, SEEDS);
	printf("\n");
	printf("%10s", "");
	for (j = 0; j < sizeof(losses) / sizeof(losses[0]); j++)
		printf("%9.2f %%", losses[j] / 1e4);
	printf("\n");
	for (i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		printf("%10u", buffers[i]);
		for (j = 0; j < sizeof(losses) / sizeof(losses[0]); j++) {
			const struct flow f = {
				.name = "grid", .buffer = buffers[i], .total = TOTAL,
				.link = { .delay = DELAY, .rate = RATE, .queue = 200,
					  .mtu = 1500, .loss = losses[j] },
			};
			u64 sum = 0;

			for (seed = 1; seed <= SEEDS; seed++) {
				struct outcome out = transfer(&f, &atcp_cc_reno, seed);

				good &= out.took > 0;
				sum += rate_of(&f, &out);
			}
			printf("%11llu", sum / SEEDS / 1000);
		}
		printf("\n");
	}
	return good;
}

/* --- paths --- */

#define LINK(...)	{ .delay = DELAY, .rate = RATE, .queue = 200, .mtu = 1500, __VA_ARGS__ }
#define LONGER(us, n)	{ .delay = us, .rate = RATE, .queue = n, .mtu = 1500 }

static bool paths(const struct atcp_cc_ops *cc)
{
	static const struct flow flows[] = {
		{ "no loss", LINK(.loss = 0), 1 << 20, TOTAL, false },
		{ "no loss, recovery 0", LINK(.loss = 0), 1 << 20, TOTAL, true },
		{ "0.1 % lost", LINK(.loss = 1000), 1 << 20, TOTAL, false },
		{ "1 % lost", LINK(.loss = 10000), 1 << 20, TOTAL, false },
		{ "1 % lost, recovery 0", LINK(.loss = 10000), 1 << 20, TOTAL, true },
		{ "5 % lost", LINK(.loss = 50000), 1 << 20, TOTAL, false },
		{ "1 % reordered", LINK(.reorder = 10000), 1 << 20, TOTAL, false },
		{ "1 % reordered, recovery 0", LINK(.reorder = 10000), 1 << 20, TOTAL, true },
		{ "5 % reordered", LINK(.reorder = 50000), 1 << 20, TOTAL, false },
		{ "jitter of 40 ms", LINK(.jitter = 40000), 1 << 20, TOTAL, false },
		{ "100 ms, no jitter", LONGER(50000, 200), 1 << 20, TOTAL, false },
		{ "100 ms, queue 800", LONGER(50000, 800), 4 << 20, 16 << 20, false },
		{ "100 ms, queue 100", LONGER(50000, 100), 4 << 20, 16 << 20, false },
		{ "100 ms, queue 100, recovery 0", LONGER(50000, 100), 4 << 20, 16 << 20, true },
		{ "policer of 2 MB/s", LINK(.police = 2000000, .burst = 65536), 1 << 20, 16 << 20,
		  false },
		{ "queue 2000", LONGER(DELAY, 2000), 4 << 20, 16 << 20, false },
		{ "1 % lost, 16 MiB", LINK(.loss = 10000), 1 << 20, 16 << 20, false },
	};
	bool good = true;
	u64 seed;
	u32 i;

	printf("\nPaths of 100 Mbit/s and 20 ms, queue of 200, with large buffers, by %s;\n"
	       "sums of %u seeds.\n\n", cc->name, SEEDS);
	printf("%-30s%7s%7s%8s%12s%11s%8s\n", "", "kB/s", "lost", "resent", "duplicates",
	       "time-outs", "undone");
	for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		struct outcome sum = { 0 };
		u64 rate = 0;

		for (seed = 1; seed <= SEEDS; seed++) {
			struct outcome out = transfer(&flows[i], cc, seed);

			good &= out.took > 0;
			rate += rate_of(&flows[i], &out);
			sum.lost += out.lost;
			sum.resent += out.resent;
			sum.duplicates += out.duplicates;
			sum.timeouts += out.timeouts;
			sum.undone += out.undone;
		}
		printf("%-30s%7llu%7u%8u%12u%11u%8u\n", flows[i].name, rate / SEEDS / 1000,
		       sum.lost, sum.resent, sum.duplicates, sum.timeouts, sum.undone);
	}
	return good;
}

/* --- short responses --- */

static int by_time(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static bool responses(void)
{
	static const u32 losses[] = { 0, 20000 };
	static u64 took[MANY];
	bool good = true;
	u32 i, n;

	printf("\n%u transfers of 14 KiB over such a path by CUBIC, from connect() to the last\n"
	       "byte.\n\n",
	       MANY);
	printf("%-30s%7s%12s%12s\n", "", "kB/s", "p50 ms", "p99 ms");
	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		const struct flow f = {
			.name = "short", .link = LINK(.loss = losses[i]), .buffer = 1 << 20,
			.total = 14336,
		};
		u64 sum = 0;

		for (n = 0; n < MANY; n++) {
			struct outcome out = transfer(&f, &atcp_cc_cubic, n + 1);

			good &= out.took > 0;
			took[n] = out.took;
			sum += rate_of(&f, &out);
		}
		qsort(took, MANY, sizeof(took[0]), by_time);
		printf("%.0f %% lost%22s%7llu%12.1f%12.1f\n", losses[i] / 1e4, "",
		       sum / MANY / 1000, took[MANY / 2] / 1e3, took[MANY * 99 / 100] / 1e3);
	}
	return good;
}

int sim_table(void)
{
	bool good = grid();

	good &= paths(&atcp_cc_reno);
	good &= paths(&atcp_cc_cubic);
	good &= paths(sim_cc_find("bbr"));
	good &= responses();
	return good ? 0 : 1;
}
