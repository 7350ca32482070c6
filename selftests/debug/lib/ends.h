/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket in each state, with data in flight, and the other end of its connection,
 * both in this process.
 *
 * The socket (fd) is CLIENT's.  A filter on the socket of a frozen end drops all
 * that arrives.  So a state lasts as long as it is needed, without a change of the
 * network.
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
	ENDS_TIME_WAIT,		/* the socket of a connection that both have closed */
	ENDS_RESET,
	ENDS_STATES
};

/* The properties of a state. */
struct ends_kind {
	const char *name;
	int tcp_state;		/* ST_*, as TCP_INFO tells it */
	bool connected;		/* data was sent, and may be read */
};

extern const struct ends_kind ends_kinds[ENDS_STATES];

struct ends {
	enum ends_state state;
	int fd;			/* -1 once it is closed */
	int peer;		/* -1: there is none */
	int accepted;		/* socket that a tested call has accepted, or -1 */
	/* Offsets in the pattern that both directions carry. */
	uint32_t coming;	/* sent by the peer */
	uint32_t got;		/* read from fd */
	uint32_t sent;		/* sent by fd; the peer reads none of it */
	uint32_t hole;		/* offset of an urgent octet, left out, or 0 */
	bool over;		/* the connection was ended, data may be lost */
};

/* To be called once in a test, which stays in CLIENT's namespace from then on. */
void ends_begin(const struct net *net);
/* Waits until nothing but TIME-WAITs is left in both namespaces. */
void ends_none_left(void);

void ends_open(enum ends_state state, struct ends *e);
/* The state that TCP_INFO tells; ST_NONE when fd is closed. */
int ends_tcp_state(const struct ends *e);
/* Checks the bytes that a call has read from fd, and counts them. */
void ends_read(struct ends *e, const void *buf, size_t len);
/* Fills buf with the bytes that fd has to send next. */
void ends_fill(const struct ends *e, void *buf, size_t len);
/* The address of a listener, and an address that fd may bind to. */
struct addr ends_server(void);
struct addr ends_own(void);
/* Lets the peer acknowledge, so that fd can send again. */
void ends_make_room(struct ends *e);
/* To be called when fd was connected to ends_server(): its state is ESTABLISHED. */
void ends_connected(struct ends *e);
/* Checks that fd, which a call has made a listener, accepts a connection. */
void ends_listening(struct ends *e);

/*
 * Checks that all data arrives, unless over is set, and closes all sockets.  With
 * wait also for handshakes in which a SYN must be resent, which takes a second.
 */
void ends_finish(struct ends *e, bool wait);
/* Thaws the peer and waits until it is told of the end of the connection. */
void ends_peer_ended(struct ends *e);

#endif /* ATCP_SELFTEST_ENDS_H */
