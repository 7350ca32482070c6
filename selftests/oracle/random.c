// SPDX-License-Identifier: GPL-2.0
/*
 * Random programs: a beginning that leads somewhere, then operations drawn by
 * weight.  A placeholder in an operation's text stands for something random:
 *
 *	@ a socket	% a length	$ a message flag or two for send()
 *	^ flags for recv()	! a value for an option	= an option
 *	~ a sequence number near the next, * but not the one before
 *	? an address	/ how to shut down
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oracle.h"
#include "random.h"
#include "scripts.h"

uint32_t draw(struct random *r, uint32_t below)
{
	/* xorshift64* */
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (uint64_t)(uint32_t)((r->state * 0x2545f4914f6cdd1d) >> 32) * below >> 32;
}

static const struct weighted beginnings[] = {
	{ 50, PAIR },
	{ 15, PAIR "1 nonblock; 2 nonblock" },
	{ 10, SERVE "1 socket S; 1 connect lo 1; 2 accept 0" },
	{ 5, SERVE CLIENT_ "1 connect S 1" },
	{ 5, SERVE NONBLOCK },
	{ 3, CLIENT_ "2 socket S" },
	{ 5, SERVE CLIENT_ "1 bind C 2; 1 connect S 1; 2 accept 0" },
	{ 4, PAIR "1 shutdown" },
	{ 4, PAIR "1 set SOL_TCP TCP_NODELAY 4 1; 2 set SOL_TCP TCP_NODELAY 4 1" },
	{ 3, PAIR "2 set SOL_SOCKET SO_OOBINLINE 4 1" },
	{ 3, NONBLOCK "1 connect S 3" },
};

static const struct weighted operations[] = {
	{ 30, "@ send % $" },
	{ 6, "@ sendmsg % $" },
	{ 3, "@ sendfile %" },
	{ 3, "@ splicein % 2" },
	{ 2, "@ sendto % $ ? 1" },
	{ 30, "@ recv % ^" },
	{ 5, "@ recvmsg % ^" },
	{ 3, "@ spliceout %" },
	{ 10, "@ shutdown /" },
	{ 8, "@ close" },
	{ 3, "@ connect ? 1" },
	{ 3, "@ connect unspec 0" },
	{ 2, "@ connect S 3" },
	{ 2, "@ listen 3" },
	{ 2, "@ bind ? 2" },
	{ 4, "3 socket C" },
	{ 4, "3 nonblock" },
	{ 4, "3 connect S 1" },
	{ 4, "4 accept 0 SOCK_NONBLOCK" },
	{ 2, "@ accept 0 SOCK_NONBLOCK" },
	{ 12, "@ set = 4 !" },
	{ 2, "@ set = 8 ! !" },
	{ 1, "@ set = 1 !" },
	{ 5, "@ get = 4" },
	{ 3, "@ get SOL_SOCKET SO_ERROR" },
	{ 4, "@ set SOL_SOCKET SO_LINGER 8 1 0" },
	{ 4, "@ nonblock 1" },
	{ 2, "@ ioctl SIOCATMARK" },
	{ 2, "@ ioctl SIOCINQ" },
	{ 2, "@ getpeername" },
	{ 1, "@ own" },
	{ 2, "1 inject C RST * 0" },
	{ 2, "2 inject S RST|ACK * 0" },
	/* Data or a FIN would leave the two ends with different numbers. */
	{ 2, "1 inject C ACK ~ ~" },
};

static const char *const options[] = {
	"SOL_TCP TCP_NODELAY", "SOL_TCP TCP_CORK", "SOL_TCP TCP_QUICKACK",
	"SOL_TCP TCP_MAXSEG", "SOL_TCP TCP_LINGER2", "SOL_TCP TCP_USER_TIMEOUT",
	"SOL_TCP TCP_KEEPIDLE", "SOL_TCP TCP_KEEPCNT", "SOL_TCP TCP_INQ",
	"SOL_TCP TCP_DEFER_ACCEPT", "SOL_TCP TCP_SYNCNT", "SOL_TCP TCP_NOTSENT_LOWAT",
	"SOL_SOCKET SO_KEEPALIVE", "SOL_SOCKET SO_OOBINLINE", "SOL_SOCKET SO_RCVLOWAT",
	"SOL_SOCKET SO_REUSEADDR", "SOL_SOCKET SO_REUSEPORT", "SOL_SOCKET SO_LINGER",
	"SOL_SOCKET SO_PRIORITY", "SOL_SOCKET SO_MARK", "SOL_SOCKET SO_TIMESTAMP",
	"SOL_SOCKET SO_PEEK_OFF", "SOL_SOCKET SO_ZEROCOPY",
	"SOL_IP IP_TOS", "SOL_IP IP_TTL", "SOL_IP IP_MINTTL", "SOL_IP IP_RECVERR",
	"SOL_IP IP_MTU_DISCOVER", "SOL_IP IP_FREEBIND", "SOL_IP IP_BIND_ADDRESS_NO_PORT",
};

static const char *const send_flags[] = {
	"0", "0", "0", "0", "0", "MSG_MORE", "MSG_MORE", "MSG_OOB", "MSG_OOB", "MSG_DONTWAIT",
	"MSG_EOR", "MSG_OOB|MSG_MORE", "MSG_ZEROCOPY", "MSG_EOR|MSG_MORE",
};

static const char *const recv_flags[] = {
	"0", "0", "0", "MSG_PEEK", "MSG_TRUNC", "MSG_OOB", "MSG_OOB|MSG_PEEK", "MSG_WAITALL",
	"MSG_PEEK|MSG_TRUNC", "MSG_ERRQUEUE", "MSG_PEEK|MSG_WAITALL",
};

static const char *const addresses[] = {
	"S", "S", "S", "C", "any", "lo", "unspec", "badfamily", "multicast", "broadcast",
};

static const int lengths[] = { 0, 1, 1, 2, 3, 5, 10, 100, 1447, 1448, 1449, 1460, 3000, 9000 };
static const int values[] = { -1, 0, 0, 1, 1, 1, 2, 3, 10, 88, 500, 65536, 2147483647 };
static const int near[] = { -1, 0, 0, 0, 1, 2, 5, -5, 1000, -100000, 10000000 };
static const char *const hows[] = { "SHUT_WR", "SHUT_WR", "SHUT_WR", "SHUT_RD", "SHUT_RDWR" };

/* Mostly one of the two ends of the connection. */
static int a_slot(struct random *r)
{
	static const int slots[] = { 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 4, 0 };

	return PICK(r, slots);
}

static bool settable(int family, int proto, int option)
{
	int fd = socket(family, SOCK_STREAM, proto), one = 1;
	bool set = !setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one));

	close(fd);
	return set;
}

bool kernel_has_peek_off(void)
{
	static int has = -1;

	if (has < 0)
		has = settable(AF_INET, 0, SO_PEEK_OFF);
	return has;
}

bool kernel_has_zerocopy(void)
{
	static int has = -1;

	if (has < 0)
		has = settable(stack_family(), stack_kind(), SO_ZEROCOPY);
	return has;
}

/* What depends on the kernel's version is replaced by what is always there. */
static const char *available(const char *name)
{
	if (strstr(name, "SO_PEEK_OFF") && !kernel_has_peek_off())
		return "SOL_TCP TCP_NODELAY";
	if (strstr(name, "SO_ZEROCOPY") && !kernel_has_zerocopy())
		return "SOL_TCP TCP_NODELAY";
	if (strstr(name, "MSG_ZEROCOPY") && !kernel_has_zerocopy())
		return "0";
	return name;
}

static const char *weighted(struct random *r, const struct weighted *w, size_t count)
{
	unsigned int sum = 0, at;
	size_t i;

	for (i = 0; i < count; i++)
		sum += w[i].weight;
	at = draw(r, sum);
	for (i = 0; at >= w[i].weight; i++)
		at -= w[i].weight;
	return w[i].text;
}

static void fill_in(struct random *r, const struct grammar *g, const char *text, char *line,
		    size_t size)
{
	size_t at = 0;

	for (; *text && at < size - 1; text++) {
		int len = g->word(r, *text, line + at, size - at);

		if (len < 0)
			line[at++] = *text;
		else
			at += len;
	}
	line[at < size ? at : size - 1] = '\0';
}

void random_make(struct program *p, uint64_t seed, const struct grammar *g)
{
	struct random r = { .state = (seed + 1) * 0x9e3779b97f4a7c15 };
	unsigned int i, count;
	char line[256];

	draw(&r, 2);
	program_parse(p, weighted(&r, g->beginnings, g->beginnings_count));
	count = 3 + draw(&r, 14);
	for (i = 0; i < count; i++) {
		struct op *op;

		fill_in(&r, g, weighted(&r, g->operations, g->operations_count), line,
			sizeof(line));
		op = program_add(p, line);
		/* Some operations follow at once. */
		op->hurry = !draw(&r, 5) && g->may_hurry(op);
	}
}

/* ---------------------------------------------------------------- two sockets */

static int word(struct random *r, char placeholder, char *to, size_t room)
{
	const char *wait;

	switch (placeholder) {
	case '@':
		return snprintf(to, room, "%d", a_slot(r));
	case '%':
		return snprintf(to, room, "%d", PICK(r, lengths));
	case '$':
		return snprintf(to, room, "%s", available(PICK(r, send_flags)));
	case '^':
		/* Operations that may wait are rare. */
		wait = draw(r, 12) ? "|MSG_DONTWAIT" : "";
		return snprintf(to, room, "%s%s", PICK(r, recv_flags), wait);
	case '!':
		return snprintf(to, room, "%d", PICK(r, values));
	case '=':
		return snprintf(to, room, "%s", available(PICK(r, options)));
	case '~':
		return snprintf(to, room, "%d", PICK(r, near));
	case '*':
		/* See the known difference "reset-of-the-fin". */
		return snprintf(to, room, "%d", abs(PICK(r, near)));
	case '?':
		return snprintf(to, room, "%s", PICK(r, addresses));
	case '/':
		return snprintf(to, room, "%s", PICK(r, hows));
	}
	return -1;
}

/* A close is observed by itself. */
static bool may_hurry(const struct op *op)
{
	return op->call != call_find("close") && op->call != call_find("inject");
}

void random_program(struct program *p, uint64_t seed)
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
