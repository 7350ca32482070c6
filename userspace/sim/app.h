/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs for simulated hosts: each end of a connection sends a pattern that
 * is known by stream and offset, checks what it receives, and closes by a plan.
 */
#ifndef _ATCP_SIM_APP_H
#define _ATCP_SIM_APP_H

#include "sim.h"

enum sim_plan {
	SIM_PLAN_GRACE,		/* shutdown(SHUT_WR) after sending, close after the peer's FIN */
	SIM_PLAN_HASTY,		/* close right after sending */
	SIM_PLAN_ABORT,		/* abort at a certain time */
	SIM_PLAN_RDWR,		/* as GRACE, with SHUT_RDWR after sending and receiving */
};

/**
 * struct sim_app - the program at one end
 * @stream:	what it sends; it expects @stream ^ 1
 * @total:	bytes to send
 * @expect:	bytes that the peer means to send
 * @write_max:	bytes a send() call
 * @read_max:	bytes a recv() call
 * @write_gap:	longest pause between two calls of send(), microseconds
 * @read_gap:	longest pause before reading what has come
 * @stall_at:	after so many bytes, it reads nothing for @stall microseconds, once
 * @close_gap:	pause before close()
 * @abort_at:	for SIM_PLAN_ABORT: time after the start
 * @eager:	sends before it is connected
 * @blind:	accepts any bytes, and any number of them
 * @wait_fin:	sends nothing before the peer's FIN has come
 * @more:	chance of MSG_MORE, ppm
 * @oob:	chance of MSG_OOB, ppm
 */
struct sim_app {
	struct sim_conn *conn;
	struct sim_event timer;
	struct sim_event reader;
	struct sim_event aborter;
	u64 rand;
	u32 stream;
	enum sim_plan plan;
	u32 total;
	u32 expect;
	u32 write_max;
	u32 read_max;
	u64 write_gap;
	u64 read_gap;
	u32 stall_at;
	u64 stall;
	u64 close_gap;
	u64 abort_at;
	u32 more;
	u32 oob;
	bool eager;
	bool blind;
	bool wait_fin;
	/* Progress. */
	u32 sent;
	u32 received;
	bool started;
	bool eof;
	bool shut;
	bool done;
	bool stalled;
	int err;
	u64 finished_at;
};

u8 sim_pattern(u32 stream, u32 offset);
void sim_pattern_fill(u8 *to, u32 stream, u32 offset, u32 len);
/* Lets @app drive @conn, which is connecting or was accepted. */
void sim_app_start(struct sim_app *app, struct sim_conn *conn);
/* Ends @app without closing its connection, as when the host is switched off. */
void sim_app_stop(struct sim_app *app);

#endif /* _ATCP_SIM_APP_H */
