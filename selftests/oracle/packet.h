/* SPDX-License-Identifier: GPL-2.0 */
/* One segment, taken apart, whichever IP carries it. */
#ifndef ATCP_SELFTEST_ORACLE_PACKET_H
#define ATCP_SELFTEST_ORACLE_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define F_FIN	0x01
#define F_SYN	0x02
#define F_RST	0x04
#define F_PSH	0x08
#define F_ACK	0x10
#define F_URG	0x20

struct packet {
	struct in6_addr saddr, daddr;	/* IPv4 mapped */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint32_t len;			/* bytes of payload */
	uint8_t flags;
	uint16_t window;		/* as in the header */
	uint16_t urgent;
	uint16_t mss;			/* of the option, or 0 */
	int scale;			/* of the option, or -1 */
	bool timestamps;
	uint32_t tsval, tsecr;
	uint8_t opt_len;
	uint8_t opt[40];
	bool ipv6;
	uint8_t tos, ttl;
	bool df;
};

/* False if it is no whole segment of the protocol. */
bool packet_read(struct packet *p, const uint8_t *bytes, size_t len, int proto);
/* Sends it from a raw socket of the present namespace. */
void packet_send(const struct packet *p, int proto);

void packet_flags(const struct packet *p, char *text);
/* The options; numbers in SACK blocks are relative to isn. */
void packet_options(const struct packet *p, uint32_t isn, char *text, size_t size);
/* The unusual fields of the IP header. */
void packet_ip(const struct packet *p, char *text, size_t size);
void packet_addr(struct in6_addr *addr, const struct sockaddr_storage *ss);

#endif /* ATCP_SELFTEST_ORACLE_PACKET_H */
