// SPDX-License-Identifier: GPL-2.0
/* What is on the wire, captured and compared: see wire.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "wire.h"

#define EXTRA	150	/* ms to wait for segments that should not come */

/* The fields of an IP header. */
struct packet {
	struct addr src, dst;
	uint8_t proto;
	size_t hlen;		/* up to the segment */
	size_t len;		/* of all of it */
	uint8_t tos, ttl;
	bool dont_fragment;
	uint32_t flow;
};

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

/* partial: a device was to fill in the checksum, which covers only the pseudo-header. */
static bool sum_ok(const struct packet *p, const uint8_t *th, size_t len,
		   bool partial)
{
	uint32_t pseudo = wire_pseudo(&p->src, &p->dst, len);

	if (partial)
		return get16(th + 16) == wire_fold(pseudo);
	return wire_fold(wire_sum(th, len, pseudo)) == 0xffff;
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
		} else if (o[0] == 5 && o[1] >= 10) {
			s->sack = true;
			s->sack_start = get32(o + 2);
		} else if (o[0] == 8 && o[1] == 10) {
			s->ts = true;
			s->tsval = get32(o + 2);
			s->tsecr = get32(o + 6);
		}
		i += o[1];
	}
}

static bool read_ipv4(const uint8_t *pkt, size_t len, struct packet *p)
{
	const struct iphdr *ip = (const void *)pkt;

	if (len < sizeof(*ip) || ip->version != 4)
		return false;
	*p = (struct packet){
		.src = { .in.sin_family = AF_INET,
			 .in.sin_addr.s_addr = ip->saddr },
		.dst = { .in.sin_family = AF_INET,
			 .in.sin_addr.s_addr = ip->daddr },
		.proto = ip->protocol,
		.hlen = ip->ihl * 4,
		.len = ntohs(ip->tot_len) ?: len,
		.tos = ip->tos,
		.ttl = ip->ttl,
		.dont_fragment = ntohs(ip->frag_off) & IP_DF,
	};
	return true;
}

/* Skips extension headers, except that of a packet that is a fragment. */
static bool read_ipv6(const uint8_t *pkt, size_t len, struct packet *p)
{
	const struct ip6_hdr *ip = (const void *)pkt;

	if (len < sizeof(*ip) || pkt[0] >> 4 != 6)
		return false;
	*p = (struct packet){
		.src = { .in6.sin6_family = AF_INET6,
			 .in6.sin6_addr = ip->ip6_src },
		.dst = { .in6.sin6_family = AF_INET6,
			 .in6.sin6_addr = ip->ip6_dst },
		.proto = ip->ip6_nxt,
		.hlen = sizeof(*ip),
		.len = ip->ip6_plen ? sizeof(*ip) + ntohs(ip->ip6_plen) : len,
		.tos = ntohl(ip->ip6_flow) >> 20,
		.ttl = ip->ip6_hlim,
		.dont_fragment = true,
		.flow = ntohl(ip->ip6_flow) & 0xfffff,
	};
	for (;;) {
		const uint8_t *ext = pkt + p->hlen;

		if (p->hlen + 8 > len)
			return false;
		switch (p->proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			p->hlen += 8 + ext[1] * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (get16(ext + 2) & ~6)
				return false;
			p->hlen += 8;
			break;
		default:
			return true;
		}
		p->proto = ext[0];
	}
}

/* Fills in s from an IP packet; false if it is none of ours. */
static bool dissect(struct wire *w, const uint8_t *pkt, size_t len,
		    bool partial, struct seg *s)
{
	struct packet p;
	const uint8_t *th;
	uint16_t cport;
	struct isn *isn;
	size_t tlen;

	if (!ip46(read_ipv4, read_ipv6)(pkt, len, &p) ||
	    p.proto != stack_proto())
		return false;
	if (p.len < len)
		len = p.len;
	if (len < p.hlen + 20)
		return false;
	th = pkt + p.hlen;
	tlen = len - p.hlen;

	memset(s, 0, sizeof(*s));
	s->saddr = addr_ip(&p.src);
	s->daddr = addr_ip(&p.dst);
	s->ip_len = len;
	s->tos = p.tos;
	s->ttl = p.ttl;
	s->dont_fragment = p.dont_fragment;
	if (!stack_is_ipv6()) {
		s->ip_opt_len = p.hlen - sizeof(struct iphdr);
		memcpy(s->ip_opt, pkt + sizeof(struct iphdr), s->ip_opt_len);
	}
	s->flow = p.flow;
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
	s->sum_ok = sum_ok(&p, th, tlen, partial);
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

	if (!w)
		net_die("out of memory");
	w->port = port;
	w->lo = !strcmp(net->dev[side], "lo");
	w->fd = net_socket(net, side, AF_PACKET, SOCK_DGRAM, 0);
	ll.sll_ifindex = net->ifindex[side];
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

struct craft wire_established(struct wire *wire, const struct net *net, int fd)
{
	struct craft next = {
		.sport = sock_port(fd),
		.dport = wire->port,
		.seq = wire_wait(wire, "> S 0 - 0")->raw_seq + 1,
		.ack = wire_wait(wire, "< SA 0 1 0")->raw_seq + 1,
		.flags = TH_ACK,
	};

	wire_wait(wire, "> A 1 1 0");
	wire_pin(wire);
	net_wait_state(net, SERVER, next.dport, next.sport, ST_ESTABLISHED);
	return next;
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
		if (i == w->count && !wire_next(w, done ? EXTRA : PATIENCE))
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
