// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: a connection in any state.  The input is a small program (ops.h) of
 * segments with any fields, calls of the user, timers, time, failing host calls,
 * changes of the path, ICMP errors, losses and duplicates.
 *
 * The simulator's check.c runs after each event (sequence spaces, transitions of
 * RFC 9293 figure 5, queues and accounts, deadlines).  These are checked, too:
 *
 *  - the effects of each forged segment: judge.c;
 *  - every byte that a program reads, or that is on the wire, is the stream's;
 *  - a day after the programs have closed, no connection, timer or segment is left,
 *    and the number of events until then is bounded;
 *  - if no segment was forged and both ends were whole at the end of the program,
 *    every byte that was sent arrives once the links are faultless.
 *
 * An input determines its run: no state is kept between runs, and clock and random
 * numbers are the simulator's.
 */
#include "connection.h"

#define MAX_OPS		300
#define MAX_EVENTS	150000
#define HOUR		(3600 * ATCP_SEC)

static struct fuzz_run run;

static void run_pending(void)
{
	sim_run_pending();
	fuzz_check_world();
}

/* --- the set-up --- */

static const u32 rcvbufs[8] = { 65535, 536, 2000, 4096, 16384, 262144, 1048576, 100 };
static const u32 sndbufs[8] = { 65536, 1, 1000, 4096, 16384, 200000, 1000, 100 };
static const u32 rooms[4] = { 16384, 1, 1000, 65000 };
static const u32 mtus[4] = { 1500, 576, 9000, 128 };

static void set_conf(u8 begin, u8 sysctls)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct sim_host *h = sim_host(i);
		struct atcp_conf *conf = &h->space.conf;

		conf->debug_isn = begin & FUZZ_WRAP ? 0xfffffffe : begin & FUZZ_HALF ? 0x7ffffffe :
				  0x12345678 + i * 0x40000000;
		conf->timestamps = !(sysctls & FUZZ_NO_TS);
		conf->window_scaling = !(sysctls & FUZZ_NO_WSCALE);
		conf->sack = !(sysctls & FUZZ_NO_SACK);
		conf->rfc1337 = !(sysctls & FUZZ_NO_RFC1337);
		conf->slow_start_after_idle = !(sysctls & FUZZ_NO_SSAI);
		if (sysctls & FUZZ_IMPATIENT) {
			conf->syn_retries = 2;
			conf->synack_retries = 2;
			conf->retries2 = 4;
			conf->orphan_retries = 2;
		}
		if (sysctls & FUZZ_NO_TW)
			h->max_tw = 0;
		if (begin & FUZZ_SLACK)
			h->timer_slack = 5000;
		if (begin & FUZZ_SPURIOUS)
			h->spurious_timer = 200000;
	}
	run.isn = begin & FUZZ_WRAP ? 0xfffffffd : begin & FUZZ_HALF ? 0x7ffffffd : 0x51000000;
}

/* With one byte a segment, the buffer is limited to 200 of them. */
static void limit_sndbuf(struct sim_sockopt *opt)
{
	if (opt->room == 1)
		opt->sndbuf = min(opt->sndbuf, 200u);
}

static void set_sockopt(struct sim_sockopt *opt, u8 flags, u8 sizes)
{
	*opt = sim_sockopt_default;
	opt->rcvbuf = rcvbufs[sizes & 7];
	opt->sndbuf = sndbufs[sizes >> 3 & 7];
	opt->room = rooms[sizes >> 6];
	limit_sndbuf(opt);
	opt->nodelay = flags & FUZZ_NODELAY;
	opt->tight = flags & FUZZ_TIGHT;
	if (opt->tight)
		opt->rcvbuf = max(opt->rcvbuf, 4000u);
	opt->no_quick = flags & FUZZ_NO_QUICK;
	opt->keepalive = flags & FUZZ_KEEPALIVE;
	opt->keep_time = flags & FUZZ_KEEPALIVE ? 60 * ATCP_SEC : 0;
	opt->user_timeout = flags & FUZZ_USER_TO ? 20 * ATCP_SEC : 0;
	opt->mss_user = flags & FUZZ_MSS_USER ? 100 : 0;
	opt->pace = flags & FUZZ_PACE ? 100000 : 0;
	opt->linger2 = flags & FUZZ_LINGER2 ? ATCP_SEC : 0;
}

static void set_link(u8 flags)
{
	struct sim_link_conf k = {
		.delay = flags & FUZZ_NO_DELAY ? 10 : 1000,
		.mtu = mtus[flags & FUZZ_MTU_MASK],
		.whole = flags & FUZZ_WHOLE,
		.rate = flags & FUZZ_RATE ? 100000 : 0,
		.queue = flags & FUZZ_RATE ? 8 : 0,
		.jitter = flags & FUZZ_JITTER ? 5000 : 0,
	};

	if (sim->ipv6)
		k.mtu = max(k.mtu, SIM_IPV6_MTU_MIN);
	if (flags & FUZZ_PATH_MTU) {
		k.path_mtu = max(k.mtu / 2, sim->ipv6 ? SIM_IPV6_MTU_MIN : 128u);
		k.whole = false;
	}
	sim_link_both(0, 1, &k);
}

/* --- the programs' calls --- */

static struct sim_sockopt sockopt;

static void take_conn(u8 side, struct sim_conn *conn)
{
	run.conn[side] = conn;
	run.read[side] = 0;
	run.began[side]++;
}

static void op_connect(u8 side)
{
	struct sim_conn *conn;

	if (run.conn[side] || (side && run.raw))
		return;
	conn = sim_connect(sim_host(side), !side, FUZZ_PORT(side), FUZZ_PORT(!side), &sockopt);
	if (conn)
		take_conn(side, conn);
}

static void op_listen(u8 side, u8 sysctls, u8 link)
{
	struct sim_listener *l;

	if (side && run.raw)
		return;
	l = sim_listen(sim_host(side), FUZZ_PORT(side), 1, &sockopt);
	if (!l)
		return;
	l->cookies = sysctls & FUZZ_COOKIES;
	if (link & FUZZ_NO_BACKLOG)
		l->syn_backlog = 1;
}

static void op_accept(u8 side)
{
	struct sim_listener *l = sim_listener_find(sim_host(side), FUZZ_PORT(side));
	struct sim_conn *conn;

	if (!l || run.conn[side])
		return;
	conn = sim_accept(l);
	if (conn)
		take_conn(side, conn);
}

static void op_send(struct sim_conn *conn, u8 arg, u8 flags)
{
	static u8 bytes[65536];
	u32 len = arg < 200 ? arg : (arg - 199) * 1000u;
	u8 side = conn->host->id;
	u32 how = 0;

	if (flags & 1)
		how |= SIM_MORE;
	if (flags & 2)
		how |= SIM_OOB;
	if (flags & 4 && !conn->closed)
		atcp_check_app_limited(&conn->c);
	fuzz_fill(bytes, side, conn->c.iss + 1 + (u32)conn->accepted, len);
	sim_send(conn, bytes, len, how);
}

/* Reads up to @len bytes, and compares them with the stream. */
static int recv_some(struct sim_conn *conn, u32 len)
{
	static u8 bytes[65536];
	u8 side = conn->host->id;
	u32 at = conn->c.irs + 1 + (u32)run.read[side];
	int i, n;

	n = sim_recv(conn, bytes, min(len, (u32)sizeof(bytes)));
	for (i = 0; i < n; i++)
		FUZZ_CHECK(bytes[i] == fuzz_byte(!side, at + i),
			   "byte %llu that the program read is wrong", run.read[side] + i);
	if (n > 0)
		run.read[side] += n;
	return n;
}

static void op_option(struct sim_conn *conn, u8 which, u8 value)
{
	static const u64 times[4] = { 0, ATCP_SEC, 30 * ATCP_SEC, 10 * ATCP_MSEC };
	struct atcp_tcb *c = &conn->c;
	u64 t = times[value & 3];

	if (conn->closed)
		return;
	sim_conn_dirty(conn);
	switch (which % 16) {
	case 0:
		c->flags ^= ATCP_F_NODELAY;
		atcp_push(c, false);
		break;
	case 1:
		c->flags ^= ATCP_F_CORK;
		atcp_push(c, value & 1);
		break;
	case 2:
		atcp_set_keepalive(c, value & 1);
		break;
	case 3:
		c->flags ^= ATCP_F_THIN;
		break;
	case 4:
		c->flags ^= ATCP_F_LAZY_ACK;
		break;
	case 5:
		c->flags ^= ATCP_F_STARVED;
		break;
	case 6:
		atcp_ack_now(c);
		break;
	case 7:
		c->wnd_clamp = value * 256u;
		break;
	case 8:
		c->delack_max = value * 1000u;
		break;
	case 9:
		c->rto_min = t;
		break;
	case 10:
		c->rto_max = value & 4 ? 0 : max(t, ATCP_SEC);
		break;
	case 11:
		c->user_timeout = t / ATCP_MSEC;
		atcp_user_timeout_changed(c);
		break;
	case 12:
		c->keep_time = max(t, ATCP_SEC) / ATCP_SEC;
		c->keep_intvl = max(t, ATCP_SEC) / ATCP_SEC;
		c->keep_probes = value >> 4;
		atcp_set_keepalive(c, c->flags & ATCP_F_KEEPALIVE);
		break;
	case 13:
		c->linger2 = value & 4 ? -1 : (int)(t / ATCP_SEC);
		break;
	case 14:
		c->mss_user = value ? 88 + value : 0;
		break;
	case 15:
		conn->opt.pace = value * 1000u;
		break;
	}
}

static void op_conf(struct sim_host *h, u8 which, u8 value)
{
	struct atcp_conf *conf = &h->space.conf;

	switch (which % 8) {
	case 0:
		conf->timestamps = value % 3;
		break;
	case 1:
		conf->window_scaling = value & 1;
		break;
	case 2:
		conf->sack = value & 1;
		break;
	case 3:
		conf->initial_window = 1 + value % 20;
		break;
	case 4:
		conf->msl2 = (1 + value) * ATCP_SEC;
		break;
	case 5:
		conf->retries2 = 3 + value % 20;
		break;
	case 6:
		conf->fin_timeout = (1 + value) * ATCP_SEC;
		break;
	case 7:
		conf->rto_max = max(value * ATCP_SEC, ATCP_SEC);
		break;
	}
}

/* --- the network --- */

static void op_mtu(u8 side, u8 how)
{
	struct sim_conn *conn = run.conn[side];
	u32 mtu = mtus[how & 3];

	if (sim->ipv6)
		mtu = max(mtu, SIM_IPV6_MTU_MIN);
	mtu = min(mtu, sim->link[side][!side].conf.mtu);
	if (!conn || conn->closed)
		return;
	sim_conn_dirty(conn);
	conn->c.mss_path = mtu - sim_ip_overhead() - ATCP_HDR_MIN;
	if (how & 4)
		atcp_path_changed(&conn->c);
	else
		atcp_mss_changed(&conn->c);
}

static void op_icmp(u8 side, u8 seq, u8 kind)
{
	struct sim_conn *conn = sim_conn_find(sim_host(side), !side, FUZZ_PORT(side),
					      FUZZ_PORT(!side));

	run.forged = true;
	if (!conn)
		return;
	sim_conn_dirty(conn);
	if (kind & 2)
		atcp_icmp_unreachable(&conn->c, fuzz_quoted(conn, seq));
	else
		atcp_icmp(&conn->c, fuzz_quoted(conn, seq),
			  kind & 4 ? ECONNREFUSED : EHOSTUNREACH, kind & 1);
}

static void op_link(u8 side, u8 how)
{
	struct sim_link *link = &sim->link[side][!side];
	struct sim_link_conf *k = &link->conf;

	link->down = how & 1;
	k->loss = how & 2 ? 200000 : 0;
	k->dup = how & 4 ? 200000 : 0;
	k->reorder = how & 8 ? 200000 : 0;
	k->corrupt = how & 16 ? 100000 : 0;
	k->delay = how & 32 ? 200000 : 1000;
}

static void op_timeout(u8 side)
{
	struct sim_conn *conn = run.conn[side];

	if (!conn || conn->closed)
		return;
	sim_conn_dirty(conn);
	atcp_timeout(&conn->c);
}

static void op_events(u8 n)
{
	u64 until = sim->now + HOUR;

	for (n = n % 16 + 1; n && sim_step(until); n--)
		;
}

/* --- an operation --- */

static void let_go(u8 side, bool abort)
{
	struct sim_conn *conn = run.conn[side];

	run.conn[side] = NULL;
	if (abort)
		sim_abort(conn);
	else
		sim_close(conn);
}

/* Runs an operation on the program's connection @conn. */
static void conn_op(enum fuzz_op op, struct sim_conn *conn, const u8 *arg)
{
	u8 side = conn->host->id;

	switch (op) {
	case FUZZ_SEND:
		op_send(conn, arg[0], arg[1]);
		break;
	case FUZZ_RECV:
		recv_some(conn, arg[0] < 200 ? arg[0] : (arg[0] - 199) * 1200u);
		break;
	case FUZZ_SHUTDOWN:
		sim_shutdown(conn, arg[0] % 3 + 1);
		break;
	case FUZZ_CLOSE:
	case FUZZ_ABORT:
		let_go(side, op == FUZZ_ABORT);
		break;
	case FUZZ_OPTION:
		op_option(conn, arg[0], arg[1]);
		break;
	case FUZZ_BUFFER:
		conn->opt.rcvbuf = max(rcvbufs[arg[0] & 7], conn->opt.rcvbuf);
		conn->opt.sndbuf = sndbufs[arg[0] >> 3 & 7];
		limit_sndbuf(&conn->opt);
		break;
	default:
		break;
	}
}

static void host_op(enum fuzz_op op, u8 side, const u8 *arg, const u8 *setup)
{
	struct sim_listener *l;

	switch (op) {
	case FUZZ_ACCEPT:
		op_accept(side);
		break;
	case FUZZ_CONNECT:
		op_connect(side);
		break;
	case FUZZ_LISTEN:
		op_listen(side, setup[1], setup[4]);
		break;
	case FUZZ_UNLISTEN:
		l = sim_listener_find(sim_host(side), FUZZ_PORT(side));
		if (l)
			sim_listener_close(l);
		break;
	case FUZZ_FAULT:
		sim_host(side)->fault.nth = arg[0] % 32;
		break;
	case FUZZ_MTU:
		op_mtu(side, arg[0]);
		break;
	case FUZZ_ICMP:
		op_icmp(side, arg[0], arg[1]);
		break;
	case FUZZ_CONF:
		op_conf(sim_host(side), arg[0], arg[1]);
		break;
	case FUZZ_LOSE:
		run.ring[side].lose = arg[0];
		break;
	case FUZZ_LINK:
		op_link(side, arg[0]);
		break;
	case FUZZ_TIMEOUT:
		op_timeout(side);
		break;
	case FUZZ_REPLAY:
		fuzz_replay(&run, side, arg[0]);
		break;
	default:
		if (run.conn[side])
			conn_op(op, run.conn[side], arg);
	}
}

static void one_op(struct fuzz_in *in, const u8 *setup)
{
#define OP_NAME(name, text, args)	text,
#define OP_ARGS(name, text, args)	args,
	static const char * const names[] = { FUZZ_OPS(OP_NAME) };
	static const u8 nargs[] = { FUZZ_OPS(OP_ARGS) };
	enum fuzz_op op = fuzz_u8(in) % FUZZ_OP_COUNT;
	u8 arg[8], n, i, side;

	if (fuzz_verbose)
		printf("# %llu us: %s\n", sim->now, names[op]);
	if (op == FUZZ_SEGMENT) {
		fuzz_segment(&run, in);
		return;
	}
	n = nargs[op];
	for (i = 0; i < n; i++)
		arg[i] = fuzz_u8(in);
	if (op == FUZZ_TIME) {
		sim_run_for(1ULL << arg[0] % 33);	/* at most 71 minutes */
		return;
	}
	if (op == FUZZ_EVENTS) {
		op_events(arg[0]);
		return;
	}
	side = arg[0] & 1;
	if (side && run.raw && op != FUZZ_LINK)
		side = 0;
	host_op(op, side, arg + 1, setup);
}

/* --- the end --- */

static void drain(struct sim_conn *conn, u32 what, void *arg)
{
	(void)what;
	(void)arg;
	while (recv_some(conn, 65536) > 0)
		;
}

static void heal(void)
{
	struct sim_link_conf k = sim->link[0][1].conf;
	u32 i;

	k.loss = 0;
	k.dup = 0;
	k.reorder = 0;
	k.corrupt = 0;
	k.rate = 0;
	k.jitter = 0;
	k.delay = 1000;
	for (i = 0; i < 2; i++) {
		sim->link[i][!i].conf = k;
		sim->link[i][!i].down = false;
		run.ring[i].lose = 0;
		sim_host(i)->fault.nth = 0;
	}
}

/* Whether only the network can keep this end's bytes from arriving. */
static bool whole(const struct sim_conn *conn)
{
	const struct atcp_tcb *c;

	if (!conn || conn->closed || !conn->connected || conn->shut_rcv)
		return false;
	c = &conn->c;
	return !c->user_timeout && c->retries <= 2 && c->space->conf.retries2 >= 4 &&
	       !c->keep_sent && !(c->flags & ATCP_F_KEEPALIVE);
}

static void deliver_all(void)
{
	struct sim_conn *a = run.conn[0], *b = run.conn[1];
	u32 i;

	if (run.forged || !whole(a) || !whole(b) || a->c.irs != b->c.iss || b->c.irs != a->c.iss)
		return;
	for (i = 0; i < 2; i++) {
		run.conn[i]->wake = drain;
		drain(run.conn[i], 0, NULL);
		run.conn[i]->c.flags &= ~ATCP_F_CORK;
		sim_shutdown(run.conn[i], SIM_SHUT_WR);
	}
	sim_run_for(HOUR);
	fuzz_check_world();
	/* By sim_fail() and not FUZZ_CHECK(), so that the ladder is printed. */
	for (i = 0; i < 2; i++) {
		drain(run.conn[i], 0, NULL);
		if (run.read[i] != run.conn[!i]->accepted)
			sim_fail("host %u read %llu bytes of %llu", i, run.read[i],
				 run.conn[!i]->accepted);
	}
	fuzz_check_world();
}

static void finish(void)
{
	u32 i;

	run_pending();
	if (fuzz_verbose)
		sim_ladder(0, 1, 300);
	heal();
	deliver_all();
	for (i = 0; i < 2; i++) {
		struct sim_listener *l = sim_listener_find(sim_host(i), FUZZ_PORT(i));

		if (l)
			sim_listener_close(l);
		if (run.conn[i])
			let_go(i, false);
	}
	sim_run_for(24 * HOUR);
	fuzz_check_world();
	for (i = 0; i < 2; i++)
		if (sim_host(i)->conns)
			sim_fail("host %u: a connection in %s is left after a day", i,
				 sim_state_name(sim_host(i)->conns->c.state));
	if (sim->nheap)
		sim_fail("something still waits after a day");
	fuzz_check_world();
	sim_end();
	if (sim_failure())
		fuzz_fail("%s", sim_failure());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { .p = data, .left = size };
	u8 setup[FUZZ_SETUP], begin;
	u32 i;

	fuzz_begin(data, size);
	for (i = 0; i < FUZZ_SETUP; i++)
		setup[i] = fuzz_u8(&in);
	memset(&run, 0, sizeof(run));
	begin = (setup[0] & 7) % FUZZ_BEGINS;
	run.raw = begin == FUZZ_ACTIVE || begin == FUZZ_PASSIVE;

	sim_begin(1, 2);
	sim->ipv6 = setup[0] & FUZZ_IPV6;
	sim->tracing = fuzz_verbose;
	sim->max_events = MAX_EVENTS;
	set_conf(setup[0], setup[1]);
	set_sockopt(&sockopt, setup[2], setup[3]);
	set_link(setup[4]);
	fuzz_watch(&run, 0);
	fuzz_watch(&run, 1);
	if (begin == FUZZ_PASSIVE)
		op_listen(0, setup[1], setup[4]);
	if (begin == FUZZ_PAIR)
		op_listen(1, setup[1], setup[4]);
	if (begin != FUZZ_PASSIVE)
		op_connect(0);
	if (begin == FUZZ_BOTH)
		op_connect(1);
	run_pending();
	for (i = 0; i < MAX_OPS && in.left; i++) {
		one_op(&in, setup);
		run_pending();
	}
	finish();
	return 0;
}
