/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of atcp-ss: what it selects, and what is shown of that. */
#ifndef ATCP_SS_OPTIONS_H
#define ATCP_SS_OPTIONS_H

#include <stdbool.h>

#include "filter.h"
#include "ss_owners.h"
#include "ss_show.h"

/**
 * struct ss_options - what the options have selected
 * @tables:	tables of sockets, as bits
 * @families:	address families, as bits
 * @states:	states, as filter.h has them
 * @preferred:	the family named last, or AF_UNSPEC
 * @named:	a table or family has been named
 * @asked_states: states by -a, -l, -B or words; 0: those of the tables
 * @asked_tables: tables that were named, for the column Netid
 * @carrier:	IPPROTO_ATCP, IPPROTO_TCP, or 0 for both
 * @kill:	--kill
 * @no_head:	neither a heading nor notes
 * @no_queues:	--no-queues
 * @summary:	--summary
 * @both:	also the sockets of the kernel's TCP
 * @listening:	--listening
 * @dump_file:	where --diag writes to, or NULL
 * @view:	what is printed of a socket
 * @owners:	what is printed of its processes
 *
 * A table brings its families, and a family its tables, if none of them has been named; with
 * none of both all are shown.
 */
struct ss_options {
	unsigned int tables, families, states;
	int preferred;
	bool named;
	unsigned int asked_states, asked_tables;
	int carrier;
	bool kill, no_head, no_queues, summary, both, listening;
	const char *dump_file;
	struct ss_view view;
	struct ss_owners_view owners;
};

extern struct ss_options opts;

/* Wrong usage; the other errors are 1. */
#define EXIT_USAGE	2

/* Prints a message, and exits with this status. */
void die(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* Parses the options; exits if they are wrong. Return: the first of the words behind them. */
char **ss_options_parse(int argc, char **argv);

/* Completes what is selected, and parses the filter. Return: it; exits if nothing is left. */
struct filter *ss_options_filter(char **w);

/* Whether the table of TCP, and a family that it has, are chosen. */
bool ss_tcp_chosen(void);

/* The family to ask for: AF_INET, AF_INET6, or AF_UNSPEC for both. */
int ss_family_asked(void);

#endif /* ATCP_SS_OPTIONS_H */
