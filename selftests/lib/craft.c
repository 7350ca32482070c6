// SPDX-License-Identifier: GPL-2.0
/* Segments and ICMP messages made by hand: see wire.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.h"
#include "wire.h"

uint32_t wire_sum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2) {
		sum += p[0] << 8 | p[1];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len)
		sum += *p << 8;
	return sum;
}

uint16_t wire_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Finds an address's bytes as they are in a header; returns their number. */
static size_t addr_bytes(const struct addr *a, const void **bytes)
{
	if (a->sa.sa_family == AF_INET6) {
		*bytes = &a->in6.sin6_addr;
		return sizeof(a->in6.sin6_addr);
	}
	*bytes = &a->in.sin_addr;
	return sizeof(a->in.sin_addr);
}

uint32_t wire_pseudo(const struct addr *src, const struct addr *dst, size_t len)
{
	const void *bytes;
	uint32_t sum;
	size_t n;

	n = addr_bytes(src, &bytes);
	sum = wire_sum(bytes, n, 0);
	n = addr_bytes(dst, &bytes);
	return wire_sum(bytes, n, sum) + stack_proto() + len;
}

/*
 * Writes an IP header with what follows it before the segment (ext); returns
 * the length of both.
 */
static size_t put_ip(uint8_t *pkt, const struct addr *src,
		     const struct addr *dst, size_t tlen, const struct craft *c)
{
	size_t hlen = stack_ip_header() + c->ext_len;
	struct ip6_hdr *ip6 = (void *)pkt;
	struct iphdr *ip = (void *)pkt;

	memset(pkt, 0, stack_ip_header());
	if (c->ext_len)
		memcpy(pkt + stack_ip_header(), c->ext, c->ext_len);
	if (stack_is_ipv6()) {
		ip6->ip6_flow = htonl(6 << 28);
		ip6->ip6_plen = htons(c->ext_len + tlen);
		ip6->ip6_nxt = c->ext_len ? c->ext_type : stack_proto();
		ip6->ip6_hlim = 64;
		ip6->ip6_src = src->in6.sin6_addr;
		ip6->ip6_dst = dst->in6.sin6_addr;
		return hlen;
	}
	ip->version = 4;
	ip->ihl = hlen / 4;
	ip->ttl = 64;
	ip->protocol = stack_proto();
	ip->saddr = src->in.sin_addr.s_addr;
	ip->daddr = dst->in.sin_addr.s_addr;
	ip->tot_len = htons(hlen + tlen);
	ip->check = htons(~wire_fold(wire_sum(pkt, hlen, 0)));
	return hlen;
}

/*
 * Hands a packet to the device of a side, past the checks of IP.  Its socket is kept,
 * since some tests send thousands.
 */
static void send_packet(const struct net *net, int side, const void *pkt,
			size_t len, bool broadcast)
{
	static __thread int fd = -1, ns = -1;
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ip46(ETH_P_IP, ETH_P_IPV6)),
		.sll_ifindex = net->ifindex[side],
		.sll_halen = 6,
	};

	if (broadcast)
		memset(to.sll_addr, 0xff, 6);
	else
		memcpy(to.sll_addr, net->mac[!side], 6);
	if (ns != net->ns[side]) {
		if (fd >= 0)
			close(fd);
		fd = net_socket(net, side, AF_PACKET, SOCK_DGRAM, 0);
		ns = net->ns[side];
	}
	if (sendto(fd, pkt, len, 0, (struct sockaddr *)&to, sizeof(to)) !=
	    (ssize_t)len)
		net_die("sending a packet: %s", strerror(errno));
}

/*
 * Writes to out the fragment of a packet that begins with byte at behind its
 * header of hlen bytes; returns its length.
 */
static size_t put_fragment(uint8_t *out, const uint8_t *pkt, size_t hlen,
			   size_t len, size_t at, size_t n)
{
	struct ip6_hdr *ip6 = (void *)out;
	struct iphdr *ip = (void *)out;
	bool more = at + n < len - hlen;
	uint8_t *frag = out + hlen;

	memcpy(out, pkt, hlen);
	if (!stack_is_ipv6()) {
		memcpy(out + hlen, pkt + hlen + at, n);
		ip->id = htons(77);
		ip->frag_off = htons(at / 8 | (more ? IP_MF : 0));
		ip->tot_len = htons(hlen + n);
		ip->check = 0;
		ip->check = htons(~wire_fold(wire_sum(out, hlen, 0)));
		return hlen + n;
	}
	memset(frag, 0, 8);
	frag[0] = ip6->ip6_nxt;
	put16(frag + 2, at | more);
	put32(frag + 4, 77);
	memcpy(frag + 8, pkt + hlen + at, n);
	ip6->ip6_nxt = IPPROTO_FRAGMENT;
	ip6->ip6_plen = htons(8 + n);
	return hlen + 8 + n;
}

static void send_fragments(const struct net *net, int side, const uint8_t *pkt,
			   size_t len, const struct craft *c)
{
	size_t hlen = stack_ip_header(), whole = len - hlen, i, at, n;
	size_t count = (whole + c->fragment - 1) / c->fragment;
	static __thread uint8_t out[1 << 16];

	for (i = 0; i < count; i++) {
		at = (c->backwards ? count - 1 - i : i) * c->fragment;
		n = whole - at < (size_t)c->fragment ? whole - at :
						       (size_t)c->fragment;
		send_packet(net, side, out,
			    put_fragment(out, pkt, hlen, len, at, n),
			    c->link_broadcast);
	}
}

size_t wire_craft(const struct net *net, const struct craft *c, const uint8_t **out)
{
	struct addr to = addr_of(c->dst ?: net->ip[SERVER], 0);
	struct addr from = addr_of(c->src ?: net->ip[CLIENT], 0);
	size_t opt_len = (c->opt_len + 3) & ~3UL, tlen = 20 + opt_len + c->len;
	static __thread uint8_t pkt[1 << 16];
	uint8_t *th;
	int doff;

	if (tlen + stack_ip_header() + c->ext_len > sizeof(pkt))
		net_die("too long to craft");
	*out = pkt;
	th = pkt + put_ip(pkt, &from, &to, tlen - c->cut, c);
	memset(th, 0, 20 + opt_len);
	doff = c->doff < 0 ? 0 : c->doff ? c->doff : (int)(20 + opt_len);
	put16(th, c->sport);
	put16(th + 2, c->dport);
	put32(th + 4, c->seq);
	put32(th + 8, c->ack);
	th[12] = doff / 4 << 4 | c->reserved;
	th[13] = c->flags;
	put16(th + 14, c->no_window ? 0 : c->window ?: 65535);
	put16(th + 18, c->urgent);
	if (c->opt_len)
		memcpy(th + 20, c->opt, c->opt_len);
	if (c->len)
		memcpy(th + 20 + opt_len, c->data, c->len);
	tlen -= c->cut;
	put16(th + 16, ~wire_fold(wire_sum(th, tlen,
					   wire_pseudo(&from, &to, tlen))));
	if (c->bad_sum)
		th[16] ^= 0x55;
	return th + tlen - pkt;
}

void wire_send(const struct net *net, int side, const struct craft *c)
{
	const uint8_t *pkt;
	size_t len = wire_craft(net, c, &pkt);

	if (c->fragment)
		send_fragments(net, side, pkt, len, c);
	else
		send_packet(net, side, pkt, len, c->link_broadcast);
}

void wire_icmp(const struct net *net, const struct seg *about, uint32_t seq,
	       uint8_t type, uint8_t code, uint32_t info)
{
	struct addr to = addr_side(net, CLIENT, 0);
	struct addr src = to, dst = addr_side(net, SERVER, 0);
	uint8_t msg[128] = { type, code };
	size_t len = 8;
	int fd;

	put32(msg + 4, info);
	/* The segment's IP header and the first eight bytes of its own. */
	if (stack_is_ipv6()) {
		src.in6.sin6_addr = about->saddr;
		dst.in6.sin6_addr = about->daddr;
	} else {
		memcpy(&src.in.sin_addr, &about->saddr.s6_addr[12], 4);
		memcpy(&dst.in.sin_addr, &about->daddr.s6_addr[12], 4);
	}
	len += put_ip(msg + len, &src, &dst, 20, &(struct craft){ 0 });
	put16(msg + len, about->sport);
	put16(msg + len + 2, about->dport);
	put32(msg + len + 4, seq);
	len += 8;
	/* The kernel fills in the checksum of ICMPv6, which has a pseudo-header. */
	if (!stack_is_ipv6())
		put16(msg + 2, ~wire_fold(wire_sum(msg, len, 0)));
	fd = net_socket(net, SERVER, to.sa.sa_family, SOCK_RAW,
			ip46((int)IPPROTO_ICMP, (int)IPPROTO_ICMPV6));
	if (sendto(fd, msg, len, 0, &to.sa, to.len) < 0)
		net_die("sending ICMP: %s", strerror(errno));
	close(fd);
}
