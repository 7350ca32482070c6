// SPDX-License-Identifier: GPL-2.0
/*
 * The wire: captures what passes the devices of both namespaces, tells the connections
 * apart, and records the segments that bring something new.
 *
 * Left out is what time alone decides: a retransmission, a probe, an ACK that repeats
 * the last one.  A stretch of full segments is recorded as one, as their cut depends on
 * how much a device takes at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oracle.h"
#include "packet.h"

enum { LINK, LO_CLIENT, LO_SERVER, LINK_FAR, DEVICES };	/* the link at both its ends */
#define FLOWS	64
#define SEGMENTS 4096

/* One direction of a connection. */
struct half {
	struct in6_addr addr;
	uint16_t port;
	bool known;		/* isn is */
	uint32_t isn;
	uint32_t next;		/* behind all it has sent */
	uint32_t acked;		/* the last number it has acknowledged */
	bool has_acked;
	bool zero;		/* its window is closed */
	bool scaled;
	uint32_t told;		/* the end of what the transcript has */
	bool over;		/* reset, or known to be gone */
	bool ended;		/* has sent its FIN */
	bool reset;		/* the transcript has a reset */
	uint32_t reset_seq;
	bool timestamps;
	uint32_t tsval;		/* the last that it has sent */
	uint32_t given_up;	/* not to be waited for */
};

struct flow {
	struct half half[2];
	uint16_t mss;
};

struct capture {
	int fd[DEVICES];
	int on_its_way[DEVICES];	/* counted by the device where packets arrive */
	struct flow flow[FLOWS];
	int flows;
	/* Since the last capture_say(). */
	struct packet seg[SEGMENTS];
	uint8_t seg_flow[SEGMENTS];
	uint8_t seg_dir[SEGMENTS];
	struct packet injected;	/* not yet seen; it does not change its sender's state */
	int segs;
};

static int open_device(struct run *r, int side, const char *dev)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd = net_socket(&r->net, side, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct ifreq ifr = { 0 };
	int size = 32 << 20;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		net_die("%s: %s", dev, strerror(errno));
	ll.sll_ifindex = ifr.ifr_ifindex;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		net_die("bind packet socket: %s", strerror(errno));
	return fd;
}

struct capture *capture_open(struct run *r)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		net_die("out of memory");
	c->fd[LINK] = open_device(r, CLIENT, r->net.dev[CLIENT]);
	c->fd[LO_CLIENT] = open_device(r, CLIENT, "lo");
	c->fd[LO_SERVER] = open_device(r, SERVER, "lo");
	c->fd[LINK_FAR] = open_device(r, SERVER, r->net.dev[SERVER]);
	return c;
}

void capture_begin(struct capture *c)
{
	static uint8_t byte[64];
	int i;

	for (i = 0; i < DEVICES; i++)
		while (recv(c->fd[i], byte, sizeof(byte), MSG_TRUNC) >= 0)
			;
	c->flows = 0;
	c->segs = 0;
	c->injected = (struct packet){ 0 };
	memset(c->flow, 0, sizeof(c->flow));
	capture_landed(c);
}

/* Counts what has left one end of a wire and not come to the other. */
static void follow(struct capture *c, int device, int type)
{
	static const int other_end[DEVICES] = {
		[LINK] = LINK_FAR,
		[LINK_FAR] = LINK,
		[LO_CLIENT] = LO_CLIENT,
		[LO_SERVER] = LO_SERVER,
	};

	if (type == PACKET_OUTGOING)
		c->on_its_way[other_end[device]]++;
	else if (type != PACKET_LOOPBACK)
		c->on_its_way[device]--;	/* below 0 until the other end is read */
}

bool capture_in_transit(const struct capture *c)
{
	int i;

	for (i = 0; i < DEVICES; i++)
		if (c->on_its_way[i] > 0)
			return true;
	return false;
}

void capture_landed(struct capture *c)
{
	memset(c->on_its_way, 0, sizeof(c->on_its_way));
}

bool capture_wait(struct capture *c, int ms)
{
	struct pollfd pfd[DEVICES];
	int i;

	for (i = 0; i < DEVICES; i++)
		pfd[i] = (struct pollfd){ .fd = c->fd[i], .events = POLLIN };
	return poll(pfd, DEVICES, ms) > 0;
}

static bool own_port(const struct run *r, uint16_t port)
{
	return port >= r->port && port < r->port + PORTS;
}

/* Finds the connection, or begins one; *dir is 0 for who sent first. */
static struct flow *find_flow(struct capture *c, const struct packet *p, int *dir)
{
	struct flow *f;
	int i, d;

	/* Searches backwards, since a port may be used again. */
	for (i = c->flows - 1; i >= 0; i--) {
		f = &c->flow[i];
		for (d = 0; d < 2; d++) {
			if (f->half[d].port != p->sport ||
			    f->half[!d].port != p->dport ||
			    memcmp(&f->half[d].addr, &p->saddr, 16) ||
			    memcmp(&f->half[!d].addr, &p->daddr, 16))
				continue;
			*dir = d;
			/* A SYN after the end of the old connection begins a new one. */
			if ((p->flags & (F_SYN | F_ACK)) == F_SYN &&
			    (f->half[d].over || (f->half[0].ended && f->half[1].ended)) &&
			    f->half[d].isn != p->seq)
				goto fresh;
			return f;
		}
	}
fresh:
	if (c->flows == FLOWS)
		return NULL;
	f = &c->flow[c->flows++];
	memset(f, 0, sizeof(*f));
	*dir = 0;
	f->half[0].addr = p->saddr;
	f->half[0].port = p->sport;
	f->half[1].addr = p->daddr;
	f->half[1].port = p->dport;
	f->mss = 536;
	return f;
}

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static uint32_t seg_end(const struct packet *p)
{
	return p->seq + p->len + !!(p->flags & F_SYN) + !!(p->flags & F_FIN);
}

static void track(struct flow *f, int dir, const struct packet *p)
{
	struct half *h = &f->half[dir], *peer = &f->half[!dir];

	if (!h->known && !(p->flags & F_RST && !(p->flags & F_ACK))) {
		h->known = true;
		h->isn = p->seq;
		h->next = p->seq;
		h->told = p->seq;
		h->acked = 0;
	}
	if (p->flags & F_SYN && p->mss && (!dir || p->mss < f->mss))
		f->mss = p->mss;
	if (after(seg_end(p), h->next))
		h->next = seg_end(p);
	if (p->flags & F_ACK && (!h->has_acked || after(p->ack, h->acked))) {
		h->has_acked = true;
		h->acked = p->ack;
	}
	h->ended |= !!(p->flags & F_FIN);
	if (p->timestamps) {
		h->timestamps = true;
		h->tsval = p->tsval;
	}
	if (p->flags & F_RST) {
		h->over = true;
		peer->over = true;
	} else if (p->flags & F_ACK) {
		h->zero = !p->window;
	}
}

static bool same_segment(const struct packet *a, const struct packet *b)
{
	return a->sport == b->sport && a->seq == b->seq && a->ack == b->ack &&
	       a->flags == b->flags && a->len == b->len && a->window == b->window;
}

static void keep(struct run *r, const struct packet *p)
{
	struct capture *c = r->capture;
	struct flow *f;
	int dir;

	if (!own_port(r, p->sport) && !own_port(r, p->dport))
		return;
	f = find_flow(c, p, &dir);
	if (!f || c->segs == SEGMENTS)
		return;
	if (same_segment(p, &c->injected))
		c->injected = (struct packet){ 0 };
	else
		track(f, dir, p);
	c->seg[c->segs] = *p;
	c->seg_flow[c->segs] = f - c->flow;
	c->seg_dir[c->segs] = dir;
	c->segs++;
}

bool capture_read(struct run *r)
{
	static uint8_t bytes[1 << 17];
	bool any = false;
	int i;

	for (i = 0; i < DEVICES; i++)
		for (;;) {
			struct sockaddr_ll ll;
			socklen_t len = sizeof(ll);
			struct packet p;
			ssize_t n;

			n = recvfrom(r->capture->fd[i], bytes, sizeof(bytes), 0,
				     (struct sockaddr *)&ll, &len);
			if (n < 0)
				break;
			any = true;
			follow(r->capture, i, ll.sll_pkttype);
			/* On lo everything passes twice: out and in. */
			if (i == LINK_FAR ||
			    (i != LINK && ll.sll_pkttype == PACKET_OUTGOING))
				continue;
			if (packet_read(&p, bytes, n, stack_proto()))
				keep(r, &p);
		}
	return any;
}

/* True if an answer will come to what this half has sent. */
static bool unanswered(const struct half *h, const struct half *peer)
{
	if (!h->known || h->over || h->next == h->isn)
		return false;
	if (h->next == h->given_up)
		return false;
	return !peer->has_acked || after(h->next, peer->acked);
}

bool capture_pending(struct run *r)
{
	struct capture *c = r->capture;
	int i, d;

	for (i = 0; i < c->flows; i++)
		for (d = 0; d < 2; d++)
			if (unanswered(&c->flow[i].half[d],
				       &c->flow[i].half[!d]))
				return true;
	return false;
}

void capture_give_up(struct capture *c)
{
	int i, d;

	for (i = 0; i < c->flows; i++)
		for (d = 0; d < 2; d++)
			c->flow[i].half[d].given_up = c->flow[i].half[d].next;
}

/* ---------------------------------------------------------------- telling */

/*
 * True if it says anything that this direction has not said before.  The number of
 * resets depends on how many packets were in flight at the first.
 */
static bool is_news(const struct run *r, struct half *h, const struct packet *p)
{
	if (p->flags & F_RST) {
		bool again = h->reset && h->reset_seq == p->seq;

		h->reset = true;
		h->reset_seq = p->seq;
		return !again;
	}
	return r->verbose || p->flags & F_URG ||
	       after(seg_end(p), h->told) || !h->known;
}

static void half_text(struct run *r, const struct half *h, char *buf, size_t size)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = h->addr,
		.sin6_port = htons(h->port),
	};
	struct sockaddr_storage ss = { 0 };

	memcpy(&ss, &sin6, sizeof(sin6));
	run_addr_text(r, &ss, sizeof(sin6), buf, size);
}

static void say_packet(struct run *r, int flow, int dir, const struct packet *p)
{
	struct half *h = &r->capture->flow[flow].half[dir];
	struct half *peer = &r->capture->flow[flow].half[!dir];
	char flags[16], more[160] = "", options[160], ip[64], from[96], to[96];

	if (p->flags & F_SYN && !dir) {
		half_text(r, h, from, sizeof(from));
		half_text(r, peer, to, sizeof(to));
		say(r->t, "    wire %d is %s to %s", flow, from, to);
	}
	packet_flags(p, flags);
	if (r->bulk) {
		/* How much is sent when depends on the size of buffers. */
		if (p->flags & (F_SYN | F_FIN | F_RST))
			say(r->t, "    wire %d %c%s%s", flow, dir ? '<' : '>',
			    p->flags & F_FIN ? " FIN" : "",
			    p->flags & F_RST ? " RST" : "");
		return;
	}
	packet_options(p, peer->isn, options, sizeof(options));
	packet_ip(p, ip, sizeof(ip));
	if (p->flags & F_URG)
		snprintf(more, sizeof(more), " urgent %u", p->urgent);
	else if (!p->window && !(p->flags & F_RST))
		snprintf(more, sizeof(more), " window 0");
	say(r->t, "    wire %d %c %s %u ack %u length %u%s%s%s", flow,
	    dir ? '<' : '>', flags, h->known ? p->seq - h->isn : 0,
	    p->flags & F_ACK ? p->ack - (peer->known ? peer->isn : p->ack) : 0,
	    p->len, more, options, ip);
	if (p->flags & F_SYN) {
		say(r->t, "    wire %d %c window %u", flow, dir ? '<' : '>', p->window);
		say(r->t, "    wire %d %c scale %d", flow, dir ? '<' : '>', p->scale);
	}
}

/* Joins next to p if both are parts of one stretch of full segments. */
static bool join(struct packet *p, const struct packet *next, uint16_t mss)
{
	if (!p->len || !next->len || p->seq + p->len != next->seq ||
	    p->len < mss || (p->flags | next->flags) & (F_SYN | F_RST | F_URG) ||
	    p->flags & F_FIN)
		return false;
	p->len += next->len;
	p->flags |= next->flags;
	p->ack = next->ack;
	p->window = next->window;
	return true;
}

static void say_half(struct run *r, int flow, int dir)
{
	struct capture *c = r->capture;
	struct half *h = &c->flow[flow].half[dir];
	struct packet held;
	bool holding = false;
	int i;

	for (i = 0; i < c->segs; i++) {
		struct packet *p = &c->seg[i];

		if (c->seg_flow[i] != flow || c->seg_dir[i] != dir)
			continue;
		if (!is_news(r, h, p))
			continue;
		if (after(seg_end(p), h->told))
			h->told = seg_end(p);
		if (holding && join(&held, p, c->flow[flow].mss))
			continue;
		if (holding)
			say_packet(r, flow, dir, &held);
		held = *p;
		holding = true;
	}
	if (holding)
		say_packet(r, flow, dir, &held);
}

/*
 * Of bare acknowledgments only the last number is recorded: how many there are, and
 * when, each stack may decide (RFC 9293 section 3.8.6.3).
 */
static void say_acked(struct run *r, int flow)
{
	struct flow *f = &r->capture->flow[flow];
	int d;

	for (d = 0; d < 2 && !r->bulk; d++) {
		struct half *h = &f->half[d];

		if (h->has_acked && f->half[!d].known)
			say(r->t, "    wire %d %c acknowledged %u%s", flow,
			    d ? '<' : '>', h->acked - f->half[!d].isn,
			    h->zero ? " window 0" : "");
	}
}

void capture_say(struct run *r)
{
	struct capture *c = r->capture;
	bool seen[FLOWS] = { false };
	int i;

	for (i = 0; i < c->segs; i++)
		seen[c->seg_flow[i]] = true;
	for (i = 0; i < c->flows; i++) {
		if (!seen[i])
			continue;
		say_half(r, i, 0);
		say_half(r, i, 1);
		say_acked(r, i);
	}
	c->segs = 0;
	r->verbose = false;
}

/* ---------------------------------------------------------------- crafting */

bool capture_inject(struct run *r, const long *arg)
{
	int from = arg[0];
	struct capture *c = r->capture;
	struct packet p = { 0 };
	struct half *h, *peer;
	int dir;

	if (!c->flows)
		return false;
	for (dir = 0; dir < 2; dir++) {
		struct sockaddr_storage ss;
		struct in6_addr addr;

		run_addr(r, from == CLIENT ? A_CLIENT : A_SERVER, 0, &ss);
		packet_addr(&addr, &ss);
		if (!memcmp(&addr, &c->flow[0].half[dir].addr, sizeof(addr)))
			break;
	}
	if (dir == 2)
		return false;
	h = &c->flow[0].half[dir];
	peer = &c->flow[0].half[!dir];
	p.saddr = h->addr;
	p.daddr = peer->addr;
	p.sport = h->port;
	p.dport = peer->port;
	/* Relative to what is next. */
	p.flags = arg[1];
	p.seq = h->next + arg[2];
	p.ack = (peer->known ? peer->next : 0) + arg[3];
	p.len = arg[4];
	p.window = arg[5];
	p.timestamps = h->timestamps && arg[6];
	p.tsval = h->tsval;
	p.tsecr = peer->tsval;
	p.ipv6 = !IN6_IS_ADDR_V4MAPPED(&p.saddr);
	c->injected = p;
	run_enter(r, from);
	packet_send(&p, stack_proto());
	return true;
}
