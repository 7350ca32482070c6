// SPDX-License-Identifier: GPL-2.0
/* What is on the wire: see wire.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define SETTLE	150	/* ms to wait for segments that should not come */

struct isn {
	bool known;
	uint32_t seq;
};

struct wire {
	int fd;
	bool lo;
	bool pinned;
	uint16_t port;
	struct seg *seg;
	size_t count, room;
	/* Initial sequence numbers by the client's port. */
	struct isn isn[2][65536];
};

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

uint32_t wire_sum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2) {
		sum += get16(p);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len)
		sum += *p << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The sum of the pseudo-header of RFC 9293, 3.1. */
static uint32_t pseudo_sum(const struct iphdr *ip, size_t len)
{
	uint32_t sum = wire_sum(&ip->saddr, 8, 0);

	return sum + ip->protocol + len;
}

/* partial: a device was to fill in the sum, only the pseudo-header's is in. */
static bool sum_ok(const struct iphdr *ip, const uint8_t *th, size_t len,
		   bool partial)
{
	uint32_t pseudo = pseudo_sum(ip, len);

	if (partial)
		return get16(th + 16) == fold(pseudo);
	return fold(wire_sum(th, len, pseudo)) == 0xffff;
}

static void parse_options(struct seg *s)
{
	int i = 0;

	s->mss = -1;
	s->wscale = -1;
	while (i < s->opt_len && s->opt[i]) {
		const uint8_t *o = s->opt + i;

		if (o[0] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= s->opt_len || o[1] < 2 || i + o[1] > s->opt_len)
			break;
		if (o[0] == 2 && o[1] == 4) {
			s->mss = get16(o + 2);
		} else if (o[0] == 3 && o[1] == 3) {
			s->wscale = o[2];
		} else if (o[0] == 4 && o[1] == 2) {
			s->sack_perm = true;
		} else if (o[0] == 8 && o[1] == 10) {
			s->ts = true;
			s->tsval = get32(o + 2);
			s->tsecr = get32(o + 6);
		}
		i += o[1];
	}
}

/* Fills in s from an IP packet; false if it is none of ours. */
static bool dissect(struct wire *w, const uint8_t *pkt, size_t len,
		    bool partial, struct seg *s)
{
	const struct iphdr *ip = (const void *)pkt;
	size_t hlen, tlen;
	const uint8_t *th;
	uint16_t cport;
	struct isn *isn;

	if (len < sizeof(*ip) || ip->version != 4 ||
	    ip->protocol != stack_proto())
		return false;
	hlen = ip->ihl * 4;
	if (ntohs(ip->tot_len) && ntohs(ip->tot_len) < len)
		len = ntohs(ip->tot_len);
	if (len < hlen + 20)
		return false;
	th = pkt + hlen;
	tlen = len - hlen;

	memset(s, 0, sizeof(*s));
	s->saddr = ip->saddr;
	s->daddr = ip->daddr;
	s->sport = get16(th);
	s->dport = get16(th + 2);
	if (w->port && s->sport != w->port && s->dport != w->port)
		return false;
	s->raw_seq = get32(th + 4);
	s->raw_ack = get32(th + 8);
	s->doff = (th[12] >> 4) * 4;
	s->reserved = th[12] & 0xf;
	s->flags = th[13];
	s->window = get16(th + 14);
	s->urgent = get16(th + 18);
	s->sum_ok = sum_ok(ip, th, tlen, partial);
	if (s->doff >= 20 && s->doff <= tlen) {
		s->len = tlen - s->doff;
		s->opt_len = s->doff - 20;
		memcpy(s->opt, th + 20, s->opt_len);
	}
	parse_options(s);

	s->from = w->port ? (s->sport == w->port ? SERVER : CLIENT) :
			    (s->sport < s->dport ? SERVER : CLIENT);
	cport = s->from == CLIENT ? s->sport : s->dport;
	isn = &w->isn[s->from][cport];
	if ((s->flags & TH_SYN) && !(w->pinned && isn->known)) {
		isn->known = true;
		isn->seq = s->raw_seq;
	}
	s->seq = s->raw_seq - (isn->known ? isn->seq : 0);
	isn = &w->isn[!s->from][cport];
	s->ack = s->raw_ack - (isn->known ? isn->seq : 0);
	return true;
}

struct wire *wire_open(const struct net *net, int side, uint16_t port)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	struct wire *w = calloc(1, sizeof(*w));
	int one = 1, size = 64 << 20;
	struct ifreq ifr = { 0 };

	if (!w)
		net_die("out of memory");
	w->port = port;
	w->lo = !strcmp(net->dev[side], "lo");
	w->fd = net_socket(net, side, AF_PACKET, SOCK_DGRAM, 0);
	strcpy(ifr.ifr_name, net->dev[side]);
	if (ioctl(w->fd, SIOCGIFINDEX, &ifr))
		net_die("%s: %s", ifr.ifr_name, strerror(errno));
	ll.sll_ifindex = ifr.ifr_ifindex;
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(w->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one));
	setsockopt(w->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	if (bind(w->fd, (struct sockaddr *)&ll, sizeof(ll)))
		net_die("bind packet socket: %s", strerror(errno));
	return w;
}

void wire_pin(struct wire *wire)
{
	wire->pinned = true;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	close(wire->fd);
	free(wire->seg);
	free(wire);
}

/* Reads one packet; false when there is none. */
static bool read_packet(struct wire *w, struct seg *s, bool *ours)
{
	static uint8_t pkt[1 << 17];
	char control[256];
	struct sockaddr_ll ll;
	struct iovec iov = { .iov_base = pkt, .iov_len = sizeof(pkt) };
	struct msghdr msg = {
		.msg_name = &ll,
		.msg_namelen = sizeof(ll),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct timespec ts = { 0 };
	struct cmsghdr *c;
	bool partial = false;
	ssize_t n;

	*ours = false;
	n = recvmsg(w->fd, &msg, MSG_DONTWAIT);
	if (n < 0)
		return false;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		if (c->cmsg_level != SOL_PACKET ||
		    c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		partial = aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	/* On lo everything passes twice: out and in. */
	if (w->lo && ll.sll_pkttype == PACKET_OUTGOING)
		return true;
	*ours = dissect(w, pkt, n, partial, s);
	s->time = ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
	return true;
}

const struct seg *wire_next(struct wire *w, int ms)
{
	long long deadline = net_now() + ms;
	struct seg s;
	bool ours;

	for (;;) {
		struct pollfd pfd = { .fd = w->fd, .events = POLLIN };
		long long left;

		while (read_packet(w, &s, &ours)) {
			if (!ours)
				continue;
			if (w->count == w->room) {
				w->room = w->room ? w->room * 2 : 256;
				w->seg = realloc(w->seg,
						 w->room * sizeof(s));
				if (!w->seg)
					net_die("out of memory");
			}
			w->seg[w->count] = s;
			return &w->seg[w->count++];
		}
		left = deadline - net_now();
		if (left < 0)
			return NULL;
		poll(&pfd, 1, left);
	}
}

size_t wire_count(const struct wire *wire)
{
	return wire->count;
}

const struct seg *wire_at(const struct wire *wire, size_t i)
{
	return &wire->seg[i];
}

static const char flag_names[] = "FSRPAUEC";

static void flags_text(uint8_t flags, char *text)
{
	int i;

	for (i = 7; i >= 0; i--)
		if (flags & 1 << i)
			*text++ = flag_names[i];
	*text = '\0';
}

static void print_seg(const struct seg *s, long long start, const char *mark)
{
	char flags[9];

	flags_text(s->flags, flags);
	fprintf(stderr, "# %s %5lld ms  %5u %s %-4s seq %u ack %u len %u win %u%s%s\n",
		mark, s->time - start,
		s->from == CLIENT ? s->sport : s->dport,
		s->from == CLIENT ? ">" : "<", flags, s->seq,
		s->flags & TH_ACK ? s->ack : 0, s->len, s->window,
		s->flags & TH_URG ? " urgent" : "",
		s->sum_ok ? "" : " BAD CHECKSUM");
}

void wire_ladder(const struct wire *wire)
{
	size_t i;

	fprintf(stderr, "# %zu segments seen:\n", wire->count);
	for (i = 0; i < wire->count; i++) {
		if (i == 60 && wire->count > 120) {
			fprintf(stderr, "#   ...\n");
			i = wire->count - 60;
		}
		print_seg(&wire->seg[i], wire->seg[0].time, " ");
	}
}

/* A script's line, taken apart. */
struct line {
	bool optional;
	int from;
	uint8_t flags, mask;
	bool no_ack;
	uint32_t seq, ack, len;
};

static struct line parse_line(const char *text)
{
	char dir[4], flags[16], seq[16], ack[16], len[16], *d = dir;
	struct line l = { .mask = 0xff };
	const char *f, *at;

	if (sscanf(text, "%3s %15s %15s %15s %15s", dir, flags, seq, ack,
		   len) != 5)
		net_die("bad line in a script: %s", text);
	if (*d == '?') {
		l.optional = true;
		d++;
	}
	l.from = *d == '<' ? SERVER : CLIENT;
	for (f = flags; *f; f++) {
		if (*f == 'p') {
			l.mask &= ~TH_PSH;
			continue;
		}
		at = strchr(flag_names, *f);
		if (!at)
			net_die("bad flag in a script: %s", text);
		l.flags |= 1 << (at - flag_names);
	}
	l.seq = strtoul(seq, NULL, 0);
	l.no_ack = !strcmp(ack, "-");
	l.ack = strtoul(ack, NULL, 0);
	l.len = strtoul(len, NULL, 0);
	return l;
}

static bool match(const struct seg *s, const struct line *l)
{
	return s->from == l->from && (s->flags & l->mask) == l->flags &&
	       s->seq == l->seq && s->len == l->len &&
	       (l->no_ack || s->ack == l->ack);
}

bool wire_match(const struct seg *seg, const char *line)
{
	struct line l = parse_line(line);

	return match(seg, &l);
}

const struct seg *wire_wait(struct wire *wire, const char *line)
{
	struct line l = parse_line(line);
	const struct seg *s;

	while ((s = wire_next(wire, PATIENCE)))
		if (match(s, &l))
			return s;
	wire_ladder(wire);
	net_die("waited in vain for: %s", line);
}

/*
 * Takes seg as the next of its direction.  next[] are the places of both
 * directions in the script; returns false when it does not fit.
 */
static bool take(const struct seg *s, const struct line *l, size_t lines,
		 size_t next[2])
{
	size_t i;

	for (i = next[s->from]; i < lines; i++) {
		if (l[i].from != s->from)
			continue;
		if (match(s, &l[i])) {
			next[s->from] = i + 1;
			return true;
		}
		if (!l[i].optional)
			return false;
	}
	return false;
}

/* True when only optional lines are left. */
static bool complete(const struct line *l, size_t lines, const size_t next[2])
{
	size_t i;

	for (i = 0; i < lines; i++)
		if (!l[i].optional && i >= next[l[i].from])
			return false;
	return true;
}

static void print_difference(struct wire *w, const char *const *script,
			     size_t lines, size_t bad)
{
	size_t i;

	fprintf(stderr, "# expected, in each direction in this order:\n");
	for (i = 0; i < lines; i++)
		fprintf(stderr, "#     %s\n", script[i]);
	fprintf(stderr, "# seen%s:\n",
		bad < w->count ? ", and the first that does not fit" : "");
	for (i = 0; i < w->count; i++)
		print_seg(&w->seg[i], w->seg[0].time, i == bad ? "!" : " ");
}

bool wire_check(struct wire *w, const char *const *script, size_t lines)
{
	struct line *l = calloc(lines, sizeof(*l));
	size_t i, next[2] = { 0, 0 };
	const struct seg *s;
	bool done;

	if (!l)
		net_die("out of memory");
	for (i = 0; i < lines; i++)
		l[i] = parse_line(script[i]);
	i = 0;
	for (;;) {
		done = complete(l, lines, next);
		if (i == w->count && !wire_next(w, done ? SETTLE : PATIENCE))
			break;
		s = &w->seg[i];
		if (!take(s, l, lines, next) || !s->sum_ok) {
			done = false;
			break;
		}
		i++;
	}
	if (!done)
		print_difference(w, script, lines, i);
	free(l);
	return done;
}

bool wire_quiet(struct wire *wire, int ms)
{
	return !wire_next(wire, ms);
}

void wire_send(const struct net *net, int side, const struct craft *c)
{
	struct sockaddr_in to = net_addr(c->dst ?: net->ip[SERVER], 0);
	struct sockaddr_in from = net_addr(c->src ?: net->ip[CLIENT], 0);
	size_t opt_len = (c->opt_len + 3) & ~3UL, tlen = 20 + opt_len + c->len;
	static uint8_t pkt[1 << 16];
	struct iphdr *ip = (void *)pkt;
	uint8_t *th = pkt + sizeof(*ip);
	int fd, doff, one = 1;
	ssize_t len;

	if (tlen + sizeof(*ip) > sizeof(pkt))
		net_die("too long to craft");
	memset(pkt, 0, sizeof(*ip) + 20 + opt_len);
	doff = c->doff < 0 ? 0 : c->doff ? c->doff : (int)(20 + opt_len);
	put16(th, c->sport);
	put16(th + 2, c->dport);
	put32(th + 4, c->seq);
	put32(th + 8, c->ack);
	th[12] = doff / 4 << 4 | c->reserved;
	th[13] = c->flags;
	put16(th + 14, c->window ?: 65535);
	put16(th + 18, c->urgent);
	if (c->opt_len)
		memcpy(th + 20, c->opt, c->opt_len);
	if (c->len)
		memcpy(th + 20 + opt_len, c->data, c->len);
	tlen -= c->cut;
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = stack_proto();
	ip->saddr = from.sin_addr.s_addr;
	ip->daddr = to.sin_addr.s_addr;
	len = sizeof(*ip) + tlen;
	ip->tot_len = htons(len);
	put16(th + 16, ~fold(wire_sum(th, tlen, pseudo_sum(ip, tlen))));
	if (c->bad_sum)
		th[16] ^= 0x55;

	fd = net_socket(net, side, AF_INET, SOCK_RAW, IPPROTO_RAW);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	if (sendto(fd, pkt, len, 0, (struct sockaddr *)&to, sizeof(to)) != len)
		net_die("raw send: %s", strerror(errno));
	close(fd);
}
