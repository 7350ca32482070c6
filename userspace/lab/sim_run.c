// SPDX-License-Identifier: GPL-2.0
/*
 * The flows of a run description in the simulator.
 *
 * Flow N has two hosts of its own, the left one with number 2 (N - 1), joined by the links of
 * the description alone.  Programs, buffers and ports are those of lab-flow.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sim_run.h"

#define CHUNK		65536u		/* a write */
#define SEGMENT		61440u		/* most that a queued segment holds */
#define REQUEST		100		/* bytes */
#define PING_HDR	8		/* a UDP header */
#define PING_LEAST	8		/* payload: the time */
/* What the kernel tunes buffers to by itself: tcp_rmem[2] without the overhead, tcp_wmem[2]. */
#define RCVBUF		(3u << 20)
#define SNDBUF		(4u << 20)

static struct run *run;
static struct flow flows[SIM_RUN_FLOWS];
static u64 begin;
static struct sim_event sampler, changer;
static int next_change;

bool sim_run_is_tcp(const struct flow *f)
{
	return f->conf->kind != RUN_UDP_PING;
}

struct flow *sim_run_flow(u8 host, bool *right)
{
	*right = host & 1;
	return &flows[host / 2];
}

enum lab_role sim_run_role(const struct flow *f, bool right)
{
	return right == f->conf->back ? SENDER : RECEIVER;
}

static u8 host_of(const struct flow *f, enum lab_role role)
{
	return 2 * (f->number - 1) + (role == SENDER ? f->conf->back : !f->conf->back);
}

static enum lab_role client_role(const struct flow *f)
{
	return f->conf->kind == RUN_ANSWER ? RECEIVER : SENDER;
}

/* --- traffic --- */

static void failed(const struct flow *f, int err)
{
	sim_fail("flow %s: %s", f->conf->name, strerror(err));
}

static void finish(struct flow *f)
{
	f->ended = true;
	sim_event_cancel(&f->turn);
	sim_event_cancel(&f->stop);
	records_event(f, RECEIVER, "end", "", "");
}

static void send_more(struct flow *f)
{
	static const u8 zeros[CHUNK];
	struct sim_conn *conn = f->end[SENDER];

	conn->opt.room = atcp_size_goal(&conn->c, SEGMENT);
	while (f->to_send) {
		int n;

		atcp_check_app_limited(&conn->c);
		n = sim_send(conn, zeros, min_t(u64, f->to_send, CHUNK), 0);

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			failed(f, -n);
			return;
		}
		f->to_send -= n;
	}
	if (f->conf->kind == RUN_BULK && !conn->shut_snd)
		sim_shutdown(conn, SIM_SHUT_WR);
}

static void ask(struct flow *f)
{
	static const u8 request[REQUEST];
	int n;

	f->asked = sim->now;
	f->to_recv = f->conf->answer_bytes;
	n = sim_send(f->end[RECEIVER], request, REQUEST, 0);
	if (n != REQUEST)
		failed(f, n < 0 ? -n : ENOBUFS);
}

static void answered(struct flow *f, u32 n)
{
	char len[24], took[32];

	f->to_recv -= n;
	if (f->to_recv)
		return;
	snprintf(len, sizeof(len), "%llu", (u64)f->conf->answer_bytes);
	snprintf(took, sizeof(took), "%llu us", sim->now - f->asked);
	records_event(f, RECEIVER, "answer", len, took);
	if (!f->stopped)
		sim_event_set(&f->turn, sim->now + f->conf->think_us);
}

static void receive(struct flow *f)
{
	static u8 bytes[CHUNK];
	int n;

	while (!f->ended && (n = sim_recv(f->end[RECEIVER], bytes, CHUNK)) != -EAGAIN) {
		if (n < 0) {
			failed(f, -n);
			return;
		}
		if (!n) {
			finish(f);
			return;
		}
		f->delivered += n;
		if (f->conf->kind == RUN_ANSWER)
			answered(f, n);
	}
}

/* Whole requests that have come are answered. */
static void take_requests(struct flow *f)
{
	u8 bytes[1024];
	int n;

	while ((n = sim_recv(f->end[SENDER], bytes, sizeof(bytes))) > 0)
		f->requested += n;
	f->to_send += f->requested / REQUEST * f->conf->answer_bytes;
	f->requested %= REQUEST;
}

static void woken(struct sim_conn *conn, u32 what, void *arg)
{
	struct flow *f = arg;

	if ((what & SIM_WAKE_CLOSED) && conn->close_err) {
		failed(f, conn->close_err);
		return;
	}
	if (conn == f->end[RECEIVER]) {
		if ((what & ATCP_WAKE_CONNECTED) && client_role(f) == RECEIVER)
			sim_event_set(&f->turn, sim->now);
		receive(f);
		return;
	}
	if (f->conf->kind == RUN_ANSWER)
		take_requests(f);
	if (conn->connected && !conn->closed)
		send_more(f);
}

static void take(struct flow *f, enum lab_role role, struct sim_conn *conn)
{
	f->end[role] = conn;
	conn->wake = woken;
	conn->wake_arg = f;
}

static void accepted(struct sim_listener *l, void *arg)
{
	struct sim_conn *conn = sim_accept(l);
	struct flow *f = arg;

	if (!conn)
		return;
	take(f, client_role(f) == SENDER ? RECEIVER : SENDER, conn);
	woken(conn, ATCP_WAKE_READABLE, f);
}

/* --- pings: datagrams that hold their time --- */

static void ping(struct flow *f)
{
	u32 len = PING_HDR + f->conf->size;
	u8 bytes[65536] = { 0 };

	put_unaligned_be16(40000 + f->number, bytes);
	put_unaligned_be16(5000 + f->number, bytes + 2);
	put_unaligned_be16(len, bytes + 4);
	memcpy(bytes + PING_HDR, &sim->now, sizeof(sim->now));
	sim_wire_datagram(host_of(f, SENDER), host_of(f, RECEIVER), bytes, len);
	sim_event_set(&f->turn, sim->now + f->conf->every_us);
}

static void ping_came(struct sim_host *h, const struct sim_pkt *p)
{
	struct flow *f = h->raw_arg;
	u8 bytes[65536];
	u64 sent;

	if (h->id == host_of(f, RECEIVER)) {
		memcpy(bytes, p->bytes, p->len);
		memcpy(bytes, p->bytes + 2, 2);
		memcpy(bytes + 2, p->bytes, 2);
		sim_wire_datagram(p->dst, p->src, bytes, p->len);
		return;
	}
	memcpy(&sent, p->bytes + PING_HDR, sizeof(sent));
	f->delivered++;
	records_ping(f, sim->now - sent);
}

/* --- what is due at its time --- */

static void start(struct flow *f)
{
	enum lab_role role = client_role(f);

	f->begun = true;
	records_event(f, SENDER, "start", "", "");
	if (!sim_run_is_tcp(f)) {
		ping(f);
		return;
	}
	f->to_send = f->conf->kind == RUN_BULK ? f->conf->bytes ?: ATCP_NEVER : 0;
	take(f, role, sim_connect(sim_host(host_of(f, role)), host_of(f, !role),
				  40000 + f->number, 5000 + f->number, &f->opt));
}

static void turn(struct sim_event *ev)
{
	struct flow *f = sim_container_of(ev, struct flow, turn);

	if (!f->begun)
		start(f);
	else if (sim_run_is_tcp(f))
		ask(f);
	else
		ping(f);
}

static void stop(struct sim_event *ev)
{
	struct flow *f = sim_container_of(ev, struct flow, stop);

	f->stopped = true;
	sim_event_cancel(&f->turn);
	if (f->conf->kind != RUN_BULK || !f->end[SENDER])
		return;
	f->to_send = 0;
	if (!f->end[SENDER]->closed && !f->end[SENDER]->shut_snd)
		sim_shutdown(f->end[SENDER], SIM_SHUT_WR);
}

static void sample(struct sim_event *ev)
{
	int i;

	sim_net_run();
	records_queues();
	for (i = 0; i < run->flows && sim->now < begin + run->time_us; i++)
		if (sim_run_is_tcp(&flows[i]) && flows[i].end[SENDER] && !flows[i].ended)
			records_sample(&flows[i]);
	sim_event_set(ev, sim->now + run->sample_us);
}

static void change(struct sim_event *ev)
{
	const struct run_change *c = &run->change[next_change++];

	sim_net_run();
	path_set(&run->link[c->link], c->key, c->value);
	sim_net_run();
	if (next_change < run->changes)
		sim_event_set(ev, begin + run->change[next_change].at_us);
}

/* --- sysctls: those that the core reads, with the names and ranges of net.atcp --- */

struct knob {
	const char *name;
	size_t offset;
	size_t size;
	u64 unit;
	s64 least;
	s64 most;
};

#define KNOB(_name, _field, _type, _unit, _least, _most) {		\
	.name = _name,							\
	.offset = offsetof(struct atcp_conf, _field),			\
	.size = sizeof(_type),						\
	.unit = _unit,							\
	.least = _least,						\
	.most = _most,							\
}

#define BYTE(name)	KNOB(#name, name, u32, 1, 0, 255)
#define SWITCH(name)	KNOB(#name, name, bool, 1, 0, 255)
#define SECONDS(name)	KNOB(#name, name, u64, ATCP_SEC, 0, 2147483)

static const struct knob knobs[] = {
	SECONDS(fin_timeout),
	SECONDS(keepalive_time),
	SECONDS(keepalive_intvl),
	BYTE(keepalive_probes),
	KNOB("syn_linear_timeouts", syn_linear_timeouts, u32, 1, 0, 127),
	KNOB("syn_retries", syn_retries, u32, 1, 1, 127),
	BYTE(synack_retries),
	BYTE(retries1),
	BYTE(retries2),
	BYTE(orphan_retries),
	KNOB("rto_min_us", rto_min, u64, 1, 1, 2147483647),
	KNOB("rto_max_ms", rto_max, u64, ATCP_MSEC, 1000, 120000),
	KNOB("min_rtt_wlen", min_rtt_wlen, u32, 1, 0, 86400),
	KNOB("invalid_ratelimit", challenge_interval, u64, ATCP_MSEC, 0, 2147483647),
	BYTE(timestamps),
	SWITCH(window_scaling),
	SWITCH(sack),
	SWITCH(dsack),
	SWITCH(rfc1337),
	SWITCH(slow_start_after_idle),
	KNOB("min_snd_mss", min_snd_mss, u32, 1, 48, 65535),
	KNOB("tw_reuse_delay", tw_reuse_delay, u64, ATCP_MSEC, 1, 60000),
	SWITCH(tolerate_missing_ts),
	KNOB("time_wait", msl2, u64, ATCP_SEC, 1, 600),
	KNOB("initial_window", initial_window, u32, 1, 1, 1000),
	KNOB("debug_isn", debug_isn, u32, 1, 0, 4294967295),
};

static const struct knob *find_knob(const char *name)
{
	u32 i;

	for (i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		if (!strcmp(knobs[i].name, name))
			return &knobs[i];
	return NULL;
}

static void set_knob(struct atcp_conf *conf, const struct knob *k, s64 value)
{
	u8 *field = (u8 *)conf + k->offset;

	if (k->size == sizeof(u64))
		*(u64 *)field = value * k->unit;
	else if (k->size == sizeof(u32))
		*(u32 *)field = value * k->unit;
	else
		*(bool *)field = value;
}

/* --- beginning and end --- */

static int refuse(const char *key, const char *value)
{
	fprintf(stderr, "not in the simulator: %s=%s\n", key, value);
	return 3;
}

/* A socket option that the simulator has. */
static bool set_opt(struct sim_sockopt *o, const int opt[3])
{
	if (opt[0] == SOL_SOCKET && opt[1] == SO_MAX_PACING_RATE)
		o->pace = (u32)opt[2];
	else if (opt[0] == IPPROTO_TCP && opt[1] == TCP_NODELAY)
		o->nodelay = opt[2];
	else if (opt[0] == IPPROTO_TCP && opt[1] == TCP_MAXSEG)
		o->mss_user = opt[2];
	else if (opt[0] == IPPROTO_TCP && opt[1] == TCP_USER_TIMEOUT)
		o->user_timeout = opt[2] * ATCP_MSEC;
	else
		return false;
	return true;
}

static int set_up_flow(struct flow *f, const struct run_flow *conf, u32 number)
{
	char text[48];
	int i;

	*f = (struct flow){ .conf = conf, .number = number, .opt = sim_sockopt_default };
	if (conf->kernel)
		return refuse("stack", "kernel");
	if (conf->kind == RUN_COMMAND)
		return refuse("kind", "command");
	if (conf->cc[0]) {
		f->opt.cc = sim_cc_find(conf->cc);
		if (!f->opt.cc)
			return refuse("cc", conf->cc);
	}
	f->opt.sndbuf = conf->sndbuf ? min_t(u64, conf->sndbuf, 1u << 30) : SNDBUF;
	f->opt.rcvbuf = conf->rcvbuf ? min_t(u64, conf->rcvbuf, 1u << 30) : RCVBUF;
	for (i = 0; i < conf->opts; i++) {
		const int *o = conf->opt[i];

		snprintf(text, sizeof(text), "%d:%d:%d", o[0], o[1], o[2]);
		if (!set_opt(&f->opt, o))
			return refuse("opt", text);
	}
	for (i = 0; i < conf->sysctls; i++) {
		const struct knob *k = find_knob(conf->sysctl[i].name);
		s64 value = conf->sysctl[i].value;

		if (!k)
			return refuse("sysctl", conf->sysctl[i].name);
		if (value < k->least || value > k->most) {
			fprintf(stderr, "flow %s: sysctl=%s:%lld: not from %lld to %lld\n",
				conf->name, k->name, value, k->least, k->most);
			return 2;
		}
	}
	if (conf->kind == RUN_UDP_PING &&
	    (conf->size < PING_LEAST || !conf->every_us ||
	     conf->size + PING_HDR + (run->ipv6 ? 40 : 20) > run->mtu)) {
		fprintf(stderr, "flow %s: size=%llu every_us=%llu: not of a ping\n", conf->name,
			(u64)conf->size, (u64)conf->every_us);
		return 2;
	}
	if (conf->kind == RUN_ANSWER && !conf->answer_bytes) {
		fprintf(stderr, "flow %s: answer_bytes=0: no answer\n", conf->name);
		return 2;
	}
	return 0;
}

/* The way there goes through the links in order, the way back in the other order. */
static void set_up_route(const struct flow *f)
{
	u8 there[RUN_LINKS], back[RUN_LINKS], left = 2 * (f->number - 1);
	struct sim_link_conf k = { .mtu = run->mtu };
	u32 n = 0, i;

	for (i = 0; i < (u32)run->links / 2; i++)
		if (f->conf->path & 1u << i)
			there[n++] = 2 * i;
	for (i = 0; i < n; i++)
		back[i] = there[n - 1 - i] + 1;
	sim_link_both(left, left + 1, &k);
	sim_net_route(left, left + 1, there, n);
	sim_net_route(left + 1, left, back, n);
}

static void set_up_ends(struct flow *f)
{
	enum lab_role client = client_role(f);
	struct sim_listener *l;
	int i, j;

	for (i = 0; i < ROLES; i++)
		for (j = 0; j < f->conf->sysctls; j++)
			set_knob(&sim_host(host_of(f, i))->space.conf,
				 find_knob(f->conf->sysctl[j].name), f->conf->sysctl[j].value);
	for (i = 0; i < ROLES && !sim_run_is_tcp(f); i++) {
		struct sim_host *h = sim_host(host_of(f, i));

		h->raw = true;
		h->raw_rx = ping_came;
		h->raw_arg = f;
	}
	if (sim_run_is_tcp(f)) {
		l = sim_listen(sim_host(host_of(f, !client)), 5000 + f->number, 1, &f->opt);
		l->ready = accepted;
		l->arg = f;
	}
	f->turn.fn = turn;
	f->stop.fn = stop;
	sim_event_set(&f->turn, begin + f->conf->start_us);
	if (f->conf->stop_us < run->time_us)
		sim_event_set(&f->stop, begin + f->conf->stop_us);
}

static void set_up(void)
{
	int i;

	sim_begin(run->seed, 2 * run->flows);
	sim->ipv6 = run->ipv6;
	sim->wheel = true;
	sim->max_events = ATCP_NEVER;
	begin = sim->now;
	sim_net_begin(run->link, run->links);
	/* Before all else that is due at the same time. */
	next_change = 0;
	changer.fn = change;
	changer.pos = 0;
	if (run->changes)
		sim_event_set(&changer, begin + run->change[0].at_us);
	sampler.fn = sample;
	sampler.pos = 0;
	sim_event_set(&sampler, begin);
	for (i = 0; i < run->flows; i++) {
		set_up_route(&flows[i]);
		set_up_ends(&flows[i]);
	}
}

int sim_run_all(struct run *r, const char *dir, FILE *out)
{
	int i, status;

	run = r;
	if (!run->flows || run->flows > SIM_RUN_FLOWS) {
		fprintf(stderr, "%d flows: the simulator has 1 to %d\n", run->flows, SIM_RUN_FLOWS);
		return 2;
	}
	if (run->mtu < (run->ipv6 ? 1280 : 68) || run->mtu > 65535) {
		fprintf(stderr, "mtu %llu: no MTU of IP\n", (u64)run->mtu);
		return 2;
	}
	for (i = 0; i < run->flows; i++) {
		status = set_up_flow(&flows[i], &run->flow[i], i + 1);
		if (status)
			return status;
	}
	set_up();
	if (!records_open(run, dir))
		run_die(dir);
	sim_run(begin + run->time_us);
	if (!sim->stopped)
		sim_net_check();
	if (!records_close())
		run_die(dir);
	for (i = 0; i < run->flows; i++)
		fprintf(out, "flow %s delivered_bytes %llu\n", run->flow[i].name,
			flows[i].delivered);
	fprintf(out, "simulated_us %llu\n", sim->now - begin);
	sim_end();
	if (!sim_failure())
		return 0;
	fprintf(stderr, "seed %llu: %s\n", (u64)run->seed, sim_failure());
	return 1;
}
