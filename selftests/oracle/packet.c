// SPDX-License-Identifier: GPL-2.0
/* Reading and writing segments: see packet.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/bytes.h"
#include "../lib/wire.h"
#include "oracle.h"
#include "packet.h"

static void map(struct in6_addr *addr, const void *v4)
{
	memset(addr, 0, sizeof(*addr));
	addr->s6_addr[10] = 0xff;
	addr->s6_addr[11] = 0xff;
	memcpy(addr->s6_addr + 12, v4, 4);
}

void packet_addr(struct in6_addr *addr, const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		*addr = ((const struct sockaddr_in6 *)ss)->sin6_addr;
	else
		map(addr, &((const struct sockaddr_in *)ss)->sin_addr);
}

static size_t read_v4(struct packet *p, const uint8_t *bytes, size_t *len, int proto)
{
	const struct iphdr *ip = (const void *)bytes;

	if (*len < sizeof(*ip) || ip->protocol != proto)
		return 0;
	map(&p->saddr, &ip->saddr);
	map(&p->daddr, &ip->daddr);
	p->tos = ip->tos;
	p->ttl = ip->ttl;
	p->df = ip->frag_off & htons(IP_DF);
	if (ntohs(ip->tot_len) && ntohs(ip->tot_len) < *len)
		*len = ntohs(ip->tot_len);
	return ip->ihl * 4;
}

static size_t read_v6(struct packet *p, const uint8_t *bytes, size_t *len, int proto)
{
	const struct ip6_hdr *ip = (const void *)bytes;

	if (*len < sizeof(*ip) || ip->ip6_nxt != proto)
		return 0;
	p->saddr = ip->ip6_src;
	p->daddr = ip->ip6_dst;
	p->tos = ntohl(ip->ip6_flow) >> 20;
	p->ttl = ip->ip6_hlim;
	p->df = true;
	p->ipv6 = true;
	return sizeof(*ip);
}

static void read_options(struct packet *p)
{
	int i = 0;

	while (i < p->opt_len && p->opt[i]) {
		const uint8_t *o = p->opt + i;

		if (o[0] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= p->opt_len || o[1] < 2)
			return;
		if (o[0] == 2)
			p->mss = get16(o + 2);
		if (o[0] == 3)
			p->scale = o[2];
		if (o[0] == 8 && o[1] == 10) {
			p->timestamps = true;
			p->tsval = get32(o + 2);
			p->tsecr = get32(o + 6);
		}
		i += o[1];
	}
}

bool packet_read(struct packet *p, const uint8_t *bytes, size_t len, int proto)
{
	size_t hlen, doff;
	const uint8_t *th;

	memset(p, 0, sizeof(*p));
	p->scale = -1;
	if (!len)
		return false;
	hlen = bytes[0] >> 4 == 6 ? read_v6(p, bytes, &len, proto) :
				    read_v4(p, bytes, &len, proto);
	if (!hlen || len < hlen + 20)
		return false;
	th = bytes + hlen;
	doff = (th[12] >> 4) * 4;
	if (doff < 20 || hlen + doff > len)
		return false;
	p->sport = get16(th);
	p->dport = get16(th + 2);
	p->seq = get32(th + 4);
	p->ack = get32(th + 8);
	p->flags = th[13];
	p->window = get16(th + 14);
	p->urgent = get16(th + 18);
	p->len = len - hlen - doff;
	p->opt_len = doff - 20;
	memcpy(p->opt, th + 20, p->opt_len);
	read_options(p);
	return true;
}

void packet_flags(const struct packet *p, char *text)
{
	static const char names[] = "FSRPAUEC";
	int i;

	for (i = 7; i >= 0; i--)
		if (p->flags & 1 << i)
			*text++ = names[i];
	*text = '\0';
}

void packet_options(const struct packet *p, uint32_t isn, char *text, size_t size)
{
	size_t at = 0, i = 0, k;

	*text = '\0';
	while (i < p->opt_len) {
		const uint8_t *o = p->opt + i;

		if (o[0] <= 1) {
			i++;
			continue;
		}
		if (i + 1 >= p->opt_len || o[1] < 2)
			return;
		switch (o[0]) {
		case 2:
			at += snprintf(text + at, size - at, " mss %u", get16(o + 2));
			break;
		case 3:
			at += snprintf(text + at, size - at, " scale");
			break;
		case 4:
			at += snprintf(text + at, size - at, " sack");
			break;
		case 5:
			for (k = 2; k + 8 <= o[1]; k += 8)
				at += snprintf(text + at, size - at, " has %u-%u",
					       get32(o + k) - isn,
					       get32(o + k + 4) - isn);
			break;
		case 8:
			at += snprintf(text + at, size - at, " time");
			break;
		default:
			at += snprintf(text + at, size - at, " option %u", o[0]);
		}
		i += o[1];
	}
}

void packet_ip(const struct packet *p, char *text, size_t size)
{
	size_t at = 0;

	*text = '\0';
	if (p->tos)
		at += snprintf(text + at, size - at, " tos 0x%02x", p->tos);
	if (p->ttl != 64)
		at += snprintf(text + at, size - at, " ttl %u", p->ttl);
	if (!p->df)
		snprintf(text + at, size - at, " no DF");
}

static uint32_t pseudo(const struct packet *p, size_t len, int proto)
{
	const uint8_t *s = p->saddr.s6_addr, *d = p->daddr.s6_addr;
	uint32_t sum = len + proto;

	if (p->ipv6)
		return wire_sum(d, 16, wire_sum(s, 16, sum));
	return wire_sum(d + 12, 4, wire_sum(s + 12, 4, sum));
}

/* The kernel makes the IP header. */
void packet_send(const struct packet *p, int proto)
{
	struct sockaddr_in6 from6 = { .sin6_family = AF_INET6 }, to6 = from6;
	struct sockaddr_in from4 = { .sin_family = AF_INET }, to4 = from4;
	const void *from = p->ipv6 ? (void *)&from6 : &from4;
	const void *to = p->ipv6 ? (void *)&to6 : &to4;
	socklen_t size = p->ipv6 ? sizeof(to6) : sizeof(to4);
	size_t hlen = p->timestamps ? 32 : 20, len = hlen + p->len;
	static uint8_t th[32 + 65536];
	uint32_t sum;
	int fd;

	memset(th, 0, hlen);
	memset(th + hlen, 'i', p->len);
	put16(th, p->sport);
	put16(th + 2, p->dport);
	put32(th + 4, p->seq);
	put32(th + 8, p->ack);
	th[12] = hlen / 4 << 4;
	th[13] = p->flags;
	put16(th + 14, p->window);
	put16(th + 18, p->urgent);
	if (p->timestamps) {
		memcpy(th + 20, "\x01\x01\x08\x0a", 4);
		put32(th + 24, p->tsval);
		put32(th + 28, p->tsecr);
	}
	sum = wire_sum(th, len, pseudo(p, len, proto));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(th + 16, ~sum);

	from6.sin6_addr = p->saddr;
	to6.sin6_addr = p->daddr;
	memcpy(&from4.sin_addr, p->saddr.s6_addr + 12, 4);
	memcpy(&to4.sin_addr, p->daddr.s6_addr + 12, 4);
	fd = socket(p->ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, proto);
	if (fd < 0 || bind(fd, from, size) || sendto(fd, th, len, 0, to, size) != len)
		net_die("raw send: %s", strerror(errno));
	close(fd);
}
