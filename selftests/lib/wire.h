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
	struct in6_addr saddr;	/* those of IPv4 mapped, as addr_ip() has them */
	struct in6_addr daddr;
	uint32_t ip_len;	/* bytes, the IP header counted */
	uint8_t tos;		/* or traffic class */
	uint8_t ttl;		/* or hop limit */
	bool dont_fragment;	/* always in IPv6 */
	uint8_t ip_opt_len;	/* bytes of IPv4 options */
	uint8_t ip_opt[40];
	uint32_t flow;		/* label */
	uint16_t sport;
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
	bool sack;
	uint32_t sack_start;	/* of the first block, as it is in the option */
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

/* Reads until a segment like the script's line passes, or ends the test. */
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

/* A crafted segment; fields that are 0 get a sensible value. */
struct craft {
	const char *src;	/* addresses: default CLIENT's to SERVER's */
	const char *dst;
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t window;	/* default 65535 */
	bool no_window;		/* none at all */
	uint16_t urgent;
	const void *opt;	/* padded with zeros to a multiple of 4 */
	size_t opt_len;
	const void *data;
	size_t len;
	int doff;		/* bytes; -1 means 0, 0 means right */
	int cut;		/* leave out so many bytes at the end */
	/* What stands between the IP header and the segment: IPv4's options, */
	/* or IPv6's extension headers, the first of which is of type ext_type. */
	const void *ext;
	size_t ext_len;
	uint8_t ext_type;
	bool bad_sum;
	uint8_t reserved;
	int fragment;		/* cut into IP fragments of so many bytes (8n) */
	bool backwards;		/* the last of them first */
	bool link_broadcast;	/* to all on the link, not to the peer's MAC */
};

/*
 * Waits until CLIENT's socket fd has its connection to the port that is captured, and
 * pins the numbers to that one.  Returns what the client would send next: an ACK
 * without data.
 */
struct craft wire_established(struct wire *wire, const struct net *net, int fd);

/*
 * The packet, whole, whatever it says of fragments; returns its length.  It is there
 * until this thread crafts the next.
 */
size_t wire_craft(const struct net *net, const struct craft *craft, const uint8_t **packet);

/* Puts it on the wire at a side's device, to the other side's. */
void wire_send(const struct net *net, int side, const struct craft *craft);

/*
 * Sends an ICMP error from SERVER's host to CLIENT about a segment of the
 * client's with sequence number seq; info is the second word of its header, the
 * next hop's MTU where there is one.  IPv6: ICMPv6, with its types and codes.
 */
void wire_icmp(const struct net *net, const struct seg *about, uint32_t seq,
	       uint8_t type, uint8_t code, uint32_t info);

/* The sum of RFC 1071 of data, added to sum, and its sixteen bits. */
uint32_t wire_sum(const void *data, size_t len, uint32_t sum);
uint16_t wire_fold(uint32_t sum);
/* That of the pseudo-header of RFC 9293, 3.1, or of RFC 8200, 8.1. */
uint32_t wire_pseudo(const struct addr *src, const struct addr *dst, size_t len);

#endif /* ATCP_SELFTEST_WIRE_H */
