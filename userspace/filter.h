/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filters of ss(8): which sockets to show.
 *
 *	FILTER := { state STATE | exclude STATE } [ EXPRESSION ]
 *	EXPRESSION := TERM { [ and | or ] TERM }	from left to right, "and" may be left out
 *	TERM := ( EXPRESSION ) | not TERM | CONDITION
 *
 * STATE is parsed by filter_state(), EXPRESSION by filter_parse(); atcp-ss(8) has the rest.
 */
#ifndef ATCP_FILTER_H
#define ATCP_FILTER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The states, with the kernel's numbers. */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	STATES
};

#define BIT(state)	(1U << (state))
#define STATES_ALL	((1U << STATES) - 1)
/* Those that have no socket of their own. */
#define STATES_BUCKET	(BIT(TCP_SYN_RECV) | BIT(TCP_TIME_WAIT))
#define STATES_CONNECTED	(STATES_ALL & ~(BIT(TCP_LISTEN) | BIT(TCP_CLOSE)))

/* Bits of bound but neither connected nor listening sockets, which newer ss(8) can show. */
#define STATES_BOUND	BIT(STATES + 1)

/* The states that a name of ss(8) stands for, in any case of letters; 0 for no such name. */
unsigned int filter_state(const char *name);

/**
 * struct filter_socket - what the conditions look at
 * @family:	AF_INET or AF_INET6
 * @src, @dst:	addresses in network byte order, of IPv4 in the first four bytes
 * @sport, @dport: ports in host byte order
 * @dev:	interface that it is bound to, or 0
 * @mark:	socket mark
 * @cgroup:	number of its cgroup, or 0
 * @chosen:	whether the program has chosen the local port: 1 or 0, or -1 if that is not known
 */
struct filter_socket {
	int family;
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint32_t dev;
	uint32_t mark;
	uint64_t cgroup;
	int chosen;
};

/**
 * struct filter_scope - what the options have said before the expression is parsed
 * @family:	the family that addresses are of: AF_INET, AF_INET6 or AF_UNSPEC, or another,
 *		whose addresses match no socket.  An address with a family, as inet6:[::1],
 *		changes it, as in ss(8).
 * @hosts:	out: there are addresses or ports, which restrict the list to @family
 * @tcp, @udp:	names of ports are those of TCP's services, of UDP's
 */
struct filter_scope {
	int family;
	bool hosts;
	bool tcp, udp;
};

struct filter;

/**
 * filter_parse() - parse an expression
 * @words:	arguments, ended by NULL; each may be several words with blanks between
 * @file:	lines with more of it, or NULL; those that begin with # are comments
 * @scope:	in and out
 *
 * Names of hosts, services, devices and cgroups are looked up.  An error is printed with
 * its place.  At most FILTER_WORDS words, nested FILTER_DEPTH deep.
 *
 * Return: the filter, which matches everything if there are no words, or NULL after an error.
 */
struct filter *filter_parse(char *const *words, FILE *file, struct filter_scope *scope);

#define FILTER_WORDS	4096
#define FILTER_DEPTH	256

void filter_free(struct filter *f);

/*
 * "autobound" has two meanings in ss(8), of which the kernel asks one and ss the other: the
 * program has not chosen the port; the port is one of those that are chosen by themselves.
 * A socket matches if the expression is true with either.  ss does not ask the kernel if
 * there is a "dev".
 */
bool filter_match(const struct filter *f, const struct filter_socket *s);

/* Whether a condition looks at marks, which only CAP_NET_ADMIN is told. */
bool filter_wants_mark(const struct filter *f);

#endif /* ATCP_FILTER_H */
