/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket in every state that one may be in, with data under way, and the
 * other end of its connection, both in this process.
 *
 * The socket (fd) is CLIENT's.  An end that is frozen loses all that arrives, by
 * a filter on its socket: so a state stays what it is for as long as it is
 * needed, without a change to the network.
 */
#ifndef ATCP_SELFTEST_ENDS_H
#define ATCP_SELFTEST_ENDS_H

#include "../../lib/net.h"

enum ends_state {
	ENDS_CLOSED,
	ENDS_BOUND,
	ENDS_LISTEN,
	ENDS_LISTEN_REQUEST,	/* with a connection in SYN-RECEIVED */
	ENDS_LISTEN_CHILD,	/* with a connection to accept */
	ENDS_SYN_SENT,
	ENDS_SYN_RECEIVED,	/* by a simultaneous open */
	ENDS_ESTABLISHED,	/* idle */
	ENDS_DATA,		/* unread, unacknowledged and not yet sent data */
	ENDS_FULL,		/* the peer's window and the send buffer are full */
	ENDS_GAP,		/* out-of-order data */
	ENDS_URGENT,		/* an urgent octet behind 100 others */
	ENDS_ERRORS,		/* a report on the error queue */
	ENDS_FIN_WAIT_1,
	ENDS_FIN_WAIT_2,
	ENDS_CLOSE_WAIT,
	ENDS_CLOSING,
	ENDS_LAST_ACK,
	ENDS_TIME_WAIT,		/* its socket, closed by both */
	ENDS_RESET,
	ENDS_STATES
};

/* What is known of each. */
struct ends_kind {
	const char *name;
	int tcp_state;		/* ST_*, as TCP_INFO tells it */
	bool connected;		/* data went, and may be read */
};

extern const struct ends_kind ends_kinds[ENDS_STATES];

struct ends {
	enum ends_state state;
	int fd;			/* -1 once it is closed */
	int peer;		/* -1: there is none */
	int accepted;		/* by a call that is tested, or -1 */
	/* Offsets in the pattern that both directions carry. */
	uint32_t coming;	/* sent by the peer */
	uint32_t got;		/* of it, read from fd */
	uint32_t sent;		/* by fd; the peer reads none of it */
	uint32_t hole;		/* offset of an urgent octet, left out, or 0 */
	bool over;		/* the connection was ended, data may be lost */
};

/* Once in a test: CLIENT's namespace is entered for good. */
void ends_begin(const struct net *net);
/* Waits until nothing but TIME-WAITs is left in both namespaces. */
void ends_none_left(void);

void ends_open(enum ends_state state, struct ends *e);
/* The state that TCP_INFO tells; ST_NONE when fd is closed. */
int ends_tcp_state(const struct ends *e);
/* Checks what a call has read of fd, and goes on from there. */
void ends_read(struct ends *e, const void *buf, size_t len);
/* What fd is to send next. */
void ends_fill(const struct ends *e, void *buf, size_t len);
/* Where somebody accepts connections, and what fd may bind to. */
struct addr ends_server(void);
struct addr ends_own(void);
/* Lets the peer acknowledge, so that fd can send again. */
void ends_make_room(struct ends *e);
/* A call has connected fd to ends_server(): it goes on as ESTABLISHED. */
void ends_connected(struct ends *e);
/* A call has made fd listen: does it? */
void ends_listening(struct ends *e);

/*
 * Lets everything arrive, checks that it does, unless over, and closes all.
 * With wait also where the handshake has to time out once, a second.
 */
void ends_finish(struct ends *e, bool wait);
/* Waits until the peer, thawed, hears of the end of the connection. */
void ends_peer_ended(struct ends *e);

#endif /* ATCP_SELFTEST_ENDS_H */
