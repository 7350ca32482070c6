// SPDX-License-Identifier: GPL-2.0
/* Programs for simulated hosts. */
#include "app.h"

u8 sim_pattern(u32 stream, u32 offset)
{
	u32 x = offset * 0x9e3779b1u ^ stream * 0x85ebca6bu;

	x ^= x >> 15;
	return x * 0x2c1b3c6du >> 24;
}

void sim_pattern_fill(u8 *to, u32 stream, u32 offset, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		to[i] = sim_pattern(stream, offset + i);
}

static void over(struct sim_app *app)
{
	app->done = true;
	app->conn = NULL;
	app->finished_at = sim->now;
	sim_event_cancel(&app->timer);
	sim_event_cancel(&app->reader);
	sim_event_cancel(&app->aborter);
}

void sim_app_stop(struct sim_app *app)
{
	over(app);
}

static void let_go(struct sim_app *app)
{
	struct sim_conn *conn = app->conn;

	over(app);
	sim_close(conn);
}

static void failed(struct sim_app *app, int err)
{
	app->err = err;
	let_go(app);
}

static u64 pause_of(struct sim_app *app, u64 most)
{
	return most ? sim_rand(&app->rand) % most : 0;
}

/* --- sending --- */

static void finish_sending(struct sim_app *app)
{
	if (app->shut)
		return;
	/* CLOSE in SYN-SENT would end the connection. */
	if (app->conn->c.state == ATCP_SYN_SENT && app->plan != SIM_PLAN_HASTY)
		return;
	app->shut = true;
	if (app->plan == SIM_PLAN_HASTY)
		let_go(app);
	else if (app->plan != SIM_PLAN_RDWR)
		sim_shutdown(app->conn, SIM_SHUT_WR);
}

static void write_some(struct sim_app *app)
{
	u8 chunk[65536];
	u32 want, flags = 0;
	int n;

	if (app->wait_fin && !app->eof)
		return;
	while (app->conn && app->sent < app->total) {
		want = 1 + sim_below(&app->rand, min(app->write_max, (u32)sizeof(chunk)));
		want = min(want, app->total - app->sent);
		if (sim_chance(&app->rand, app->more))
			flags |= SIM_MORE;
		if (sim_chance(&app->rand, app->oob))
			flags |= SIM_OOB;
		sim_pattern_fill(chunk, app->stream, app->sent, want);
		atcp_check_app_limited(&app->conn->c);
		n = sim_send(app->conn, chunk, want, flags);
		flags = 0;
		if (n == -EAGAIN) {
			/* Memory failed, the buffer has room: there will be no wake-up. */
			if (app->conn->wmem < app->conn->opt.sndbuf)
				sim_event_set(&app->timer, sim->now + 10 * ATCP_MSEC);
			return;
		}
		if (n < 0) {
			failed(app, -n);
			return;
		}
		app->sent += n;
		if (app->write_gap && app->sent < app->total) {
			sim_event_set(&app->timer, sim->now + pause_of(app, app->write_gap));
			return;
		}
	}
	if (app->conn)
		finish_sending(app);
}

/* --- receiving --- */

static void at_eof(struct sim_app *app)
{
	app->eof = true;
	sim_event_set(&app->timer, sim->now + pause_of(app, app->close_gap));
}

static void read_some(struct sim_app *app)
{
	u8 chunk[65536];
	int n, i;

	if (app->eof || app->stalled)
		return;
	while (app->conn && !app->eof) {
		u32 most = min(app->read_max, (u32)sizeof(chunk));

		n = sim_recv(app->conn, chunk, most);
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			failed(app, -n);
			return;
		}
		if (!n) {
			at_eof(app);
			return;
		}
		for (i = 0; i < n && !app->blind; i++) {
			if (chunk[i] == sim_pattern(app->stream ^ 1, app->received + i))
				continue;
			sim_fail("stream %u: byte %u is not what was sent", app->stream ^ 1,
				 app->received + i);
			return;
		}
		app->received += n;
		if (app->received > app->expect && !app->blind) {
			sim_fail("stream %u: %u bytes received, %u sent", app->stream ^ 1,
				 app->received, app->expect);
			return;
		}
		if (app->stall && app->received >= app->stall_at) {
			sim_event_set(&app->reader, sim->now + app->stall);
			app->stall = 0;
			app->stalled = true;
			return;
		}
		if (app->read_gap) {
			sim_event_set(&app->reader, sim->now + pause_of(app, app->read_gap));
			return;
		}
	}
}

/* --- what drives it --- */

static void act(struct sim_app *app)
{
	if (!app->conn)
		return;
	if (!app->conn->connected && !app->conn->closed && !app->eager)
		return;
	if (!app->reader.pos)
		read_some(app);
	if (app->conn && !app->shut && !app->timer.pos)
		write_some(app);
	/* Both directions are done. */
	if (app->conn && app->eof && !app->timer.pos && (app->shut || app->conn->closed)) {
		if (app->plan == SIM_PLAN_RDWR)
			sim_shutdown(app->conn, SIM_SHUT_RD | SIM_SHUT_WR);
		let_go(app);
		return;
	}
	if (app->conn && app->conn->closed && !app->conn->rcv_first && !app->stalled &&
	    !app->timer.pos && !app->reader.pos)
		failed(app, app->conn->err ? app->conn->err : app->conn->close_err);
}

static void timer(struct sim_event *ev)
{
	act(sim_container_of(ev, struct sim_app, timer));
}

static void reader(struct sim_event *ev)
{
	struct sim_app *app = sim_container_of(ev, struct sim_app, reader);

	app->stalled = false;
	act(app);
}

static void aborter(struct sim_event *ev)
{
	struct sim_app *app = sim_container_of(ev, struct sim_app, aborter);
	struct sim_conn *conn = app->conn;

	if (!conn)
		return;
	over(app);
	sim_abort(conn);
}

static void wake(struct sim_conn *conn, u32 what, void *arg)
{
	(void)conn;
	(void)what;
	act(arg);
}

void sim_app_start(struct sim_app *app, struct sim_conn *conn)
{
	app->conn = conn;
	app->started = true;
	app->timer.fn = timer;
	app->reader.fn = reader;
	app->aborter.fn = aborter;
	conn->wake = wake;
	conn->wake_arg = app;
	if (app->plan == SIM_PLAN_ABORT || app->abort_at)
		sim_event_set(&app->aborter, sim->now + app->abort_at);
	sim_event_set(&app->timer, sim->now);
}
