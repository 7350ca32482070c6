/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is on the wire: captures segments, compares them with a script, and
 * sends crafted ones.
 *
 * A script is a list of lines, each a segment:
 *
 *	"> S   0 -  0"		client to server, SYN, sequence 0, no ACK, 0 bytes
 *	"< SA  0 1  0"		server to client, SYN and ACK, 0, acknowledges 1
 *	"< PA  1 1 22"		22 bytes
 *	"?> A  1 24 0"		may also be missing
 *
 * Numbers are relative to the initial sequence numbers of the connection.
 * Control bits: F S R P A U E C; a small p is a PSH that may also be missing.
 * The two directions are compared apart: in each of them the order must be
 * the script's; how the two mix is left to chance.
 */
#ifndef ATCP_SELFTEST_WIRE_H
#define ATCP_SELFTEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"

#define TH_FIN	0x01
#define TH_SYN	0x02
#define TH_RST	0x04
#define TH_PSH	0x08
#define TH_ACK	0x10
#define TH_URG	0x20
#define TH_ECE	0x40
#define TH_CWR	0x80

struct seg {
	long long time;		/* ms, when it passed the device */
	int from;		/* CLIENT or SERVER */
	uint32_t saddr;		/* network byte order */
	uint32_t daddr;
	uint16_t sport;		/* from here on host byte order */
	uint16_t dport;
	uint32_t seq;		/* relative, see wire.h's top */
	uint32_t ack;
	uint32_t raw_seq;	/* as they are in the header */
	uint32_t raw_ack;
	uint32_t len;		/* bytes of payload */
	uint8_t doff;		/* header length in bytes */
	uint8_t reserved;	/* the four bits after the data offset */
	uint8_t flags;
	uint16_t window;	/* as it is in the header */
	uint16_t urgent;
	bool sum_ok;
	uint8_t opt_len;
	uint8_t opt[40];
	/* What the options say; -1 or false without the option. */
	int mss;
	int wscale;
	bool sack_perm;
	bool ts;
	uint32_t tsval;
	uint32_t tsecr;
};

struct wire;

/*
 * Captures at one side's device the segments from and to the server's port
 * (any port if 0).  What the other side drops on receipt is seen here too.
 */
struct wire *wire_open(const struct net *net, int side, uint16_t port);
void wire_close(struct wire *wire);

/* From now on no SYN changes what the numbers are relative to. */
void wire_pin(struct wire *wire);

/* The next segment, or NULL after ms. */
const struct seg *wire_next(struct wire *wire, int ms);

/* Reads on until a segment like the script's line passes, or dies. */
const struct seg *wire_wait(struct wire *wire, const char *line);

/* Says whether seg is what a script's line describes. */
bool wire_match(const struct seg *seg, const char *line);

/*
 * Compares all that was captured with the script, waiting for what is still
 * missing and then a moment for what is too much.  Prints both as ladders and
 * returns false where they differ, and where a checksum is wrong.
 */
bool wire_check(struct wire *wire, const char *const *script, size_t lines);
#define wire_expect(wire, script) \
	wire_check(wire, script, sizeof(script) / sizeof((script)[0]))

/* Returns true if nothing is captured during ms. */
bool wire_quiet(struct wire *wire, int ms);

/* All captured so far, oldest first. */
size_t wire_count(const struct wire *wire);
const struct seg *wire_at(const struct wire *wire, size_t i);

/* Prints all captured so far as a ladder. */
void wire_ladder(const struct wire *wire);

/* A crafted segment; what is 0 is filled in with something sensible. */
struct craft {
	const char *src;	/* addresses: default CLIENT's to SERVER's */
	const char *dst;
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t window;	/* default 65535 */
	uint16_t urgent;
	const void *opt;	/* padded with zeros to a multiple of 4 */
	size_t opt_len;
	const void *data;
	size_t len;
	int doff;		/* bytes; -1 means 0, 0 means right */
	int cut;		/* leave out so many bytes at the end */
	bool bad_sum;
	uint8_t reserved;
};

/* Sends it from a raw socket of a namespace. */
void wire_send(const struct net *net, int side, const struct craft *craft);

/* The ones' complement sum of RFC 1071 of data, added to sum; unfolded. */
uint32_t wire_sum(const void *data, size_t len, uint32_t sum);

#endif /* ATCP_SELFTEST_WIRE_H */
