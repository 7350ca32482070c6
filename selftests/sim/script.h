/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scripts: host 0 runs the core.  Its peer is no TCP: it sends the segments that
 * the script injects, and receives those that the script expects, in this order
 * and no others.
 *
 *   SCRIPT(data_is_acknowledged)
 *   {
 *           be_established();
 *           inject("PA 1+100 1");
 *           expect("A 1 101");
 *           ASSERT_EQ(user_reads(), 100);
 *   }
 *
 * A segment is written as
 *
 *   FLAGS SEQ[+LEN] [ACK] [win N] [up N] [mss N] [ws N] [sok] [ts VAL ECR]
 *         [sack A-B...] [noopt]
 *
 * with flags F S R P A U E C ("." for none); ACK is there when flag A is.  An expectation may
 * have p: a PSH that is there or not, as the queue's large segments end anywhere.  SEQ
 * counts from the sender's initial sequence number, ACK and SACK blocks from the
 * other side's.  An expectation that does not name the window, MSS, scale,
 * SACK-permitted or timestamps leaves them open.  All else must be exactly so: no
 * SACK blocks but those named.  "ecr N" alone expects TSecr; "noopt" expects no
 * options but those named.
 * The LEN bytes of payload are a pattern that depends on their place in the stream,
 * on both sides, and are compared.
 *
 * Every segment must be expected: each call but expect() fails when a segment is
 * left.  Each script runs twice: with ordinary initial sequence numbers, and with
 * numbers that wrap within the first bytes.
 */
#ifndef _ATCP_SCRIPT_H
#define _ATCP_SCRIPT_H

#include "test.h"

#define MSEC	1000ULL
#define SEC	1000000ULL
#define MINUTE	(60 * SEC)

/* A script's handshake takes no time: SRTT has its least value, 1 us. */
#define RTO		(200 * MSEC + 1)

#define PORT		2000	/* of the host under test */
#define PEER_PORT	3000

/**
 * struct script - what a script may set before the connection is opened
 * @opt:	the socket's options
 * @conf:	the host's sysctls
 * @wnd:	window field of injected segments that do not name one
 * @syn:	options of the peer's SYN or SYN-ACK
 * @ts:		the peer adds a timestamp to injected segments that name none
 * @tsval:	the TSval of such a timestamp
 * @conn:	the connection under test, once it exists
 * @listener:	the listener that it came from, or NULL
 */
struct script {
	struct sim_sockopt opt;
	struct atcp_conf *conf;
	u32 wnd;
	const char *syn;
	bool ts;
	u32 tsval;
	struct sim_conn *conn;
	struct sim_listener *listener;
	/* Relative numbers count from these; see script_rebase(). */
	u32 our_base;
	u32 peer_base;
	/* Filled in as the script runs. */
	u32 iss;
	u32 irs;
	u32 last_tsval;		/* of the segment expected last */
	u32 last_win;
	u64 last_at;		/* its time of arrival */
	u8 last_hlen;
	const char *file;
	int line;
};

extern struct script script;

void script_run(void (*body)(void));

#define SCRIPT(id)						\
	static void id##_script(void);				\
	TEST(id)						\
	{							\
		script_run(id##_script);			\
	}							\
	static void id##_script(void)

/* Stores the line of the script, for messages. */
#define script_here(call)	(script.file = __FILE__, script.line = __LINE__, call)

/* --- segments --- */

void script_inject(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The segment comes @lo to @hi microseconds from now; @hi 0: after exactly @lo. */
void script_expect(u64 lo, u64 hi, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void script_quiet(u64 us);
bool script_next(void);

/* The peer sends this segment. */
#define inject(...)		script_here(script_inject(__VA_ARGS__))
/* This segment came at once. */
#define expect(...)		script_here(script_expect(0, 0, __VA_ARGS__))
/* This segment comes next, exactly @us microseconds from now. */
#define expect_after(us, ...)	script_here(script_expect(us, 0, __VA_ARGS__))
#define expect_within(lo, hi, ...) script_here(script_expect(lo, hi, __VA_ARGS__))
/* No segment comes for @us microseconds. */
#define quiet(us)		script_here(script_quiet(us))
/* No segment has come. */
#define expect_nothing()	script_here(script_quiet(0))
/* Takes the next segment without a look at it; false: none has come. */
#define expect_any()		script_here(script_next())

/*
 * From here on relative numbers count from our @nxt and the peer's @rcv, so that 0
 * is SND.NXT and RCV.NXT of a state in which these numbers have been reached.
 */
void script_rebase(u32 nxt, u32 rcv);

/* --- states --- */

void be_closed(void);
void be_listen(void);
void be_syn_sent(void);
void be_syn_received(void);		/* from LISTEN: a request */
void be_syn_received_open(void);	/* by simultaneous open */
void be_established(void);		/* by active open */
void be_established_passive(void);
void be_fin_wait_1(void);
void be_fin_wait_2(void);
void be_close_wait(void);
void be_closing(void);
void be_last_ack(void);
void be_time_wait(void);

/* The state of the connection, request, listener or TIME-WAIT; ATCP_CLOSED: none. */
u8 script_state(void);
void script_check_state(u8 want);
#define state_is(name)	script_here(script_check_state(ATCP_##name))

/* --- the user --- */

/* Returns what send() does: bytes, or a negative errno. */
int user_sends_flags(u32 len, u32 flags);
/* Reads and checks all bytes there are; returns their number, or a negative errno. */
int user_reads(void);
int user_reads_some(u32 most);
void user_opens(void);
void user_shuts(void);		/* shutdown(SHUT_WR) */
void user_shuts_reading(void);
void user_closes(void);		/* close() */
void user_aborts(void);

#define user_sends(len)	script_here(user_sends_flags(len, 0))

void script_check_closed(int err);
/* The connection is over, and the user is told @err (0: no error). */
#define closed_with(err)	script_here(script_check_closed(err))

static inline struct atcp_tcb *tcb(void)
{
	return &script.conn->c;
}

static inline u64 count_of(enum atcp_stat stat)
{
	return sim_host(0)->stat[stat];
}

#endif /* _ATCP_SCRIPT_H */
