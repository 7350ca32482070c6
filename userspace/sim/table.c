// SPDX-License-Identifier: GPL-2.0
/*
 * Simulated throughput by buffer size and loss rate: a regression in recovery
 * or flow control shows as a changed cell.
 */
#include <stdio.h>

#include "app.h"
#include "table.h"

#define RATE	12500000	/* bytes a second: 100 Mbit/s */
#define DELAY	10000		/* one way */
#define TOTAL	(2u << 20)
#define SEEDS	3

static struct sim_app client, server;

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn = sim_accept(l);

	(void)arg;
	if (conn)
		sim_app_start(&server, conn);
}

/* Bytes a second of one transfer; 0 when it failed. */
static u64 transfer(u32 buffer, u32 loss, u64 seed)
{
	struct sim_link_conf k = {
		.delay = DELAY, .rate = RATE, .queue = 200, .mtu = 1500, .loss = loss,
	};
	struct sim_sockopt opt = sim_sockopt_default;
	struct sim_listener *l;
	u64 began, took = 0;

	sim_begin(seed, 2);
	sim_link_both(0, 1, &k);
	opt.rcvbuf = buffer;
	opt.sndbuf = buffer;
	memset(&client, 0, sizeof(client));
	memset(&server, 0, sizeof(server));
	client.total = TOTAL;
	client.write_max = 65536;
	client.read_max = 65536;
	server.stream = 1;
	server.expect = TOTAL;
	server.write_max = 1;
	server.read_max = 65536;
	l = sim_listen(sim_host(1), 80, 4, &opt);
	l->ready = accepted;
	began = sim->now;
	sim_app_start(&client, sim_connect(sim_host(0), 1, 0, 80, &opt));
	sim_run(sim->now + 36000 * ATCP_SEC);
	if (!sim->stopped && server.done && server.received == TOTAL)
		took = server.finished_at - began;
	if (!took)
		printf("# %u bytes of buffer, %u ppm lost: %s\n", buffer, loss,
		       sim->stopped ? sim->failure : "not completed");
	sim_app_stop(&client);
	sim_app_stop(&server);
	sim_end();
	return took ? TOTAL * 1000000ULL / took : 0;
}

int sim_table(void)
{
	static const u32 buffers[] = { 4096, 16384, 65535, 262144, 1048576 };
	static const u32 losses[] = { 0, 100, 1000, 10000, 50000 };
	bool good = true;
	u32 i, j;
	u64 seed, sum;

	printf("Simulated throughput in kbyte/s: %u MiB one way, 100 Mbit/s, 20 ms round trip,\n"
	       "queue of 200 packets, mean of %u seeds. Rows: both buffers; columns: loss each way.\n\n",
	       TOTAL >> 20, SEEDS);
	printf("%10s", "");
	for (j = 0; j < sizeof(losses) / sizeof(losses[0]); j++)
		printf("%9.2f %%", losses[j] / 1e4);
	printf("\n");
	for (i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		printf("%10u", buffers[i]);
		for (j = 0; j < sizeof(losses) / sizeof(losses[0]); j++) {
			sum = 0;
			for (seed = 1; seed <= SEEDS; seed++) {
				u64 rate = transfer(buffers[i], losses[j], seed);

				good &= rate > 0;
				sum += rate;
			}
			printf("%11llu", sum / SEEDS / 1000);
		}
		printf("\n");
	}
	return good ? 0 : 1;
}
