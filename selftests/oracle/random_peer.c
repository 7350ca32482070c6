// SPDX-License-Identifier: GPL-2.0
/*
 * Random programs with a peer of their own (peer.h): slot 1 is a connection's socket,
 * slot 0 its listener, and connection 0 what they are on the wire.  Placeholders:
 *
 *	# a connection of the peer's	@ a socket
 *	% a length, for segments	$ the same for send()
 *	~ a sequence number near the next	^ an acknowledgment near all that came
 *	< a sequence number near the window's edge
 *	> an urgent pointer
 *	& control bits		* options	= a socket's option, with its value
 *	/ how to shut down	! how long to wait
 */
#include <stdio.h>

#include "oracle.h"
#include "packet.h"
#include "random.h"

#define LISTENS	"0 socket C SOCK_STREAM|SOCK_NONBLOCK; 0 bind any 1; 0 listen;"
#define CALLED	LISTENS "0 seg SYN; 0 seg ACK; 1 accept 0 SOCK_NONBLOCK;"
#define CALLS	"1 socket C SOCK_STREAM|SOCK_NONBLOCK; 1 connect S 1;"
#define ANSWERED CALLS "0 seg SYN|ACK;"

static const struct weighted beginnings[] = {
	{ 30, CALLED },
	{ 30, ANSWERED },
	{ 6, LISTENS },
	{ 6, LISTENS "0 seg SYN" },
	{ 6, CALLS },
	{ 3, CALLS "0 seg SYN" },
	{ 4, CALLED "1 shutdown" },
	{ 4, CALLED "1 shutdown; 0 seg" },
	{ 4, CALLED "0 seg ACK|FIN" },
	{ 4, CALLED "0 seg ACK|FIN; 1 shutdown" },
	{ 4, CALLED "1 shutdown; 0 seg ACK|FIN" },
	{ 3, ANSWERED "1 shutdown; 0 seg ACK|FIN 0 -1" },
	{ 4, ANSWERED "1 close" },
	{ 4, ANSWERED "1 close; 0 seg" },
	{ 3, LISTENS "0 seg SYN 0 0 0 60000 MSS; 0 seg; 1 accept 0 SOCK_NONBLOCK" },
	{ 3, LISTENS "0 seg SYN 0 0 0 60000 MSS|TIME; 0 seg; 1 accept 0 SOCK_NONBLOCK" },
	{ 3, CALLS "0 seg SYN|ACK 0 0 0 60000 MSS|SACK" },
	{ 2, ANSWERED "1 set SOL_SOCKET SO_OOBINLINE 4 1" },
	{ 2, ANSWERED "1 set SOL_TCP TCP_NODELAY 4 1" },
	{ 2, ANSWERED "1 set SOL_SOCKET SO_KEEPALIVE 4 1" },
};

static const struct weighted operations[] = {
	/* What an honest host does. */
	{ 16, "# seg ACK 0 0 %" },
	{ 14, "# seg" },
	{ 5, "# seg FIN|ACK 0 0 %" },
	/* Wrong in one way. */
	{ 6, "# seg ACK ~ 0 %" },
	{ 6, "# seg ACK 0 ^ %" },
	{ 3, "# seg ACK < 0 % 60000 0 edge" },
	{ 3, "# seg ACK 0 ^ % 60000 0 acked" },
	{ 3, "# seg FIN|ACK ~ 0 %" },
	{ 2, "# seg FIN|ACK 0 ^ %" },
	{ 4, "# seg RST ~" },
	{ 2, "# seg RST 0 0 0 60000 0 edge" },
	{ 3, "# seg RST|ACK ~ ^" },
	{ 4, "# seg SYN ~ 0 0 60000 *" },
	{ 2, "# seg SYN 0 0 % 60000 * start" },
	{ 2, "# seg SYN|ACK ~ ^" },
	{ 2, "# seg SYN|ACK 0 0 0 60000 * start" },
	{ 5, "# seg ACK ~ ^ % 60000 *" },
	{ 3, "# seg ACK 0 0 % 0" },
	{ 2, "# seg ACK 0 0 % 1" },
	{ 3, "# seg ACK|URG ~ 0 % 60000 0 next >" },
	{ 5, "# seg & ~ ^ % 60000 *" },
	/* Calls. */
	{ 16, "@ send $" },
	{ 3, "@ send $ MSG_OOB" },
	{ 14, "@ recv $ MSG_DONTWAIT" },
	{ 2, "@ recv $ MSG_DONTWAIT|MSG_PEEK" },
	{ 2, "@ recv 1 MSG_DONTWAIT|MSG_OOB" },
	{ 2, "@ recv $ MSG_DONTWAIT|MSG_TRUNC" },
	{ 6, "@ shutdown /" },
	{ 5, "@ close" },
	{ 3, "@ set SOL_SOCKET SO_LINGER 8 1 0" },
	{ 4, "@ set =" },
	{ 2, "@ get SOL_SOCKET SO_ERROR" },
	{ 2, "@ ioctl SIOCATMARK" },
	{ 2, "1 connect S 1" },
	{ 2, "1 connect unspec" },
	{ 3, "1 accept 0 SOCK_NONBLOCK" },
	{ 2, "2 accept 0 SOCK_NONBLOCK" },
	{ 1, "0 listen 1" },
	{ 14, "0 pause !" },
};

static const int slots[] = { 1, 1, 1, 1, 1, 1, 1, 1, 2, 0 };

static const int flows[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

static const int lengths[] = { 0, 0, 0, 0, 1, 1, 2, 10, 100, 536, 1448, 1460 };

static const int sizes[] = { 0, 1, 1, 2, 10, 100, 1000, 1447, 1448, 1449, 2896, 3000 };

/* None between the sizes of the two stacks' first windows. */
static const int seqs[] = {
	0, 0, 0, 1, 2, -1, -2, 10, 100, -100, 1448, -1448, 20000, -20000, -70000,
	1000000, 2147483647, -2147483647,
};

/* The last of the window, or the first behind it, is left out: see "at-edge". */
static const int edges[] = { 0, 0, 1, 2, 10, 1448, 65535, 1000000, -2, -2, -10, -100, -1000 };

/* Not 0: see "urgent-0". */
static const int urgents[] = { 1, 1, 2, 10, 100, 1448, 65535 };

static const int acks[] = {
	0, 0, 0, 1, 2, -1, -2, 10, -10, 100, -100, -1000, -1448, 1448, -65535, 65536, -200000,
	1000000, 2147483647, -2147483647,
};

static const char *const bits[] = {
	"0", "FIN", "SYN", "PSH", "URG", "FIN|SYN", "FIN|RST", "SYN|RST", "SYN|RST|ACK",
	"SYN|FIN|ACK", "FIN|URG|ACK", "FIN|PSH|URG", "FIN|SYN|RST|PSH|ACK|URG", "RST|URG|ACK",
	"ACK|0x40", "ACK|0x80", "SYN|0xc0",
};

static const char *const seg_options[] = {
	"0", "0", "0", "NONE", "TIME", "OLD", "NEW", "ECHO", "TIME|BLOCK", "TIME|DSACK",
	"BLOCK", "MSS", "MSS|SACK|SCALE|TIME", "MSS|SCALE", "MSS|TIME", "SACK|OLD",
};

static const char *const options[] = {
	"SOL_TCP TCP_NODELAY 4 1", "SOL_TCP TCP_NODELAY 4 0",
	"SOL_TCP TCP_USER_TIMEOUT 4 5000", "SOL_TCP TCP_LINGER2 4 3",
	"SOL_TCP TCP_LINGER2 4 -1", "SOL_TCP TCP_KEEPIDLE 4 5", "SOL_TCP TCP_KEEPCNT 4 2",
	"SOL_TCP TCP_DEFER_ACCEPT 4 3", "SOL_TCP TCP_SYNCNT 4 2", "SOL_SOCKET SO_KEEPALIVE 4 1",
	"SOL_SOCKET SO_OOBINLINE 4 1", "SOL_SOCKET SO_RCVLOWAT 4 100",
	"SOL_TCP TCP_MAXSEG 4 500",
};

static const char *const hows[] = { "SHUT_WR", "SHUT_WR", "SHUT_WR", "SHUT_RD", "SHUT_RDWR" };

/* Not where a time-out of seconds doubled lies. */
static const int waits[] = { 500, 500, 1600, 1600, 4700, 10000, 25000, 63000, 130000, 1000000 };

static int word(struct random *r, char placeholder, char *to, size_t room)
{
	switch (placeholder) {
	case '#':
		return snprintf(to, room, "%d", PICK(r, flows));
	case '@':
		return snprintf(to, room, "%d", PICK(r, slots));
	case '%':
		return snprintf(to, room, "%d", PICK(r, lengths));
	case '$':
		return snprintf(to, room, "%d", PICK(r, sizes));
	case '~':
		return snprintf(to, room, "%d", PICK(r, seqs));
	case '^':
		return snprintf(to, room, "%d", PICK(r, acks));
	case '>':
		return snprintf(to, room, "%d", PICK(r, urgents));
	case '<':
		return snprintf(to, room, "%d", PICK(r, edges));
	case '&':
		return snprintf(to, room, "%s", PICK(r, bits));
	case '*':
		return snprintf(to, room, "%s", PICK(r, seg_options));
	case '=':
		return snprintf(to, room, "%s", PICK(r, options));
	case '/':
		return snprintf(to, room, "%s", PICK(r, hows));
	case '!':
		return snprintf(to, room, "%d", PICK(r, waits));
	}
	return -1;
}

/* What waits is to be seen for itself; so is a new state, that the table asks for. */
static bool may_hurry(const struct op *op)
{
	return op->call != call_find("close") && op->call != call_find("pause") &&
	       !(op->call == call_find("seg") && op->arg[0] & F_SYN);
}

void random_peer_program(struct program *p, uint64_t seed)
{
	static const struct grammar g = {
		.beginnings = beginnings,
		.beginnings_count = sizeof(beginnings) / sizeof(beginnings[0]),
		.operations = operations,
		.operations_count = sizeof(operations) / sizeof(operations[0]),
		.word = word,
		.may_hurry = may_hurry,
	};

	random_make(p, seed, &g);
}
