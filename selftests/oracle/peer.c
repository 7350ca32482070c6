// SPDX-License-Identifier: GPL-2.0
/* The other host, played by the program: see peer.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../lib/wire.h"
#include "peer.h"

/*
 * Time-outs come when the program waits, not while an operation takes its time; and each
 * answer is given, for the stacks do not count the same ones.
 */
static void set_times(const struct net *net)
{
	net_stack_sysctl(net, CLIENT, "rto_min_us", "1000000");
	net_stack_sysctl(net, CLIENT, "syn_retries", "6");
	net_stack_sysctl(net, CLIENT, "invalid_ratelimit", "0");
	if (!stack_is_tcp())
		return;
	net_stack_sysctl(net, CLIENT, "comp_sack_nr", "0");
}

struct peer *peer_open(struct run *r)
{
	struct ifreq ifr = { .ifr_name = "t0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct peer *peer = calloc(1, sizeof(*peer));
	int old = net_visit(&r->net, CLIENT);

	if (!peer)
		net_die("out of memory");
	peer->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (peer->tun < 0 || ioctl(peer->tun, TUNSETIFF, &ifr))
		net_die("no TUN device: %s", strerror(errno));
	net_leave(old);
	r->net.dev[CLIENT] = "t0";
	net_run(&r->net, CLIENT,
		"exec ip -batch - <<E\n"
		"link del v0\n"
		"link set t0 addrgenmode none\n"
		"link set t0 up\n"
		"addr add 10.0.0.1/24 dev t0\n"
		"addr add fd00::1/64 dev t0 nodad\n"
		"route add 0.0.0.0/0 dev t0\n"
		"route add ::/0 dev t0\n"
		"E\n");
	net_wait_address(&r->net, CLIENT, "fd00::1");
	set_times(&r->net);
	return peer;
}

void peer_begin(struct run *r)
{
	struct peer *peer = r->peer;
	struct timespec ts = { .tv_sec = net_now() / 1000 + 2 };
	static uint8_t byte[64];

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	while (read(peer->tun, byte, sizeof(byte)) > 0)
		;
	memset(peer->flow, 0, sizeof(peer->flow));
	peer->count = 0;
	peer->begun = net_now();
	peer_step(r);
}

void peer_step(struct run *r)
{
	r->peer->since = net_now();
	r->peer->waits = false;
}

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* ---------------------------------------------------------------- what it hears */

struct flow *peer_flow(struct peer *peer, int i, uint16_t here, uint16_t there)
{
	struct flow *f = &peer->flow[i];

	*f = (struct flow){
		.used = true,
		.here = here,
		.there = there,
		/* Every second connection's numbers wrap. */
		.iss = i & 1 ? 0xfffffe00 : 0x10000000,
		.offers_ts = true,
		.offers_sack = true,
	};
	f->next = f->iss;
	return f;
}

static int find_flow(const struct run *r, const struct packet *p)
{
	struct peer *peer = r->peer;
	int i;

	for (i = 0; i < PEER_FLOWS; i++)
		if (peer->flow[i].used && peer->flow[i].here == p->dport &&
		    peer->flow[i].there == p->sport)
			return i;
	/* What connect() opens; others are those of earlier programs. */
	if (p->dport < r->port || p->dport >= r->port + PORTS ||
	    (p->flags & (F_SYN | F_ACK | F_RST)) != F_SYN)
		return -1;
	for (i = 0; i < PEER_FLOWS; i++)
		if (!peer->flow[i].used) {
			peer_flow(peer, i, p->dport, p->sport);
			return i;
		}
	return -1;
}

/*
 * True if it carries data or a FIN that was sent before, or a SYN that
 * the peer has asked for; not one that a time-out brings.
 */
static bool repeats(const struct flow *f, const struct packet *p, long long time)
{
	if (!f->known || p->flags & F_RST || !after(f->end, p->seq))
		return false;
	if (p->flags & F_SYN)
		return p->flags == F_SYN && f->spoken && time < 100;
	return p->len || p->flags & F_FIN;
}

static void learn(struct flow *f, const struct packet *p)
{
	uint32_t end = p->seq + p->len + !!(p->flags & F_SYN) + !!(p->flags & F_FIN);

	/* A SYN with another number: a port that is used again. */
	if (p->flags & F_SYN && (!f->known || p->seq != f->isn)) {
		f->known = true;
		f->has_acked = false;
		f->isn = p->seq;
		f->end = end;
		f->scale = p->scale < 0 ? 0 : p->scale;
		f->ts = p->timestamps;
	}
	if (p->flags & F_RST)
		return;
	if (f->known && after(end, f->end))
		f->end = end;
	/* In SYN-RECEIVED TCP of 6.15 refuses what its own ACKs have said. */
	if (p->timestamps && !(f->state == ST_SYN_RECEIVED && p->flags == F_ACK))
		f->tsval = p->tsval;
	if (p->flags & F_ACK) {
		f->got = p->ack;
		f->edge = p->ack + ((uint32_t)p->window << (p->flags & F_SYN ? 0 : f->scale));
	}
}

/* The sum over a segment with its pseudo-header is all ones. */
static bool sum_ok(const struct run *r, const uint8_t *bytes, size_t len)
{
	struct addr src = addr_side(&r->net, CLIENT, 0), dst = addr_side(&r->net, SERVER, 0);
	size_t hlen = stack_ip_header();

	return wire_fold(wire_sum(bytes + hlen, len - hlen,
				  wire_pseudo(&src, &dst, len - hlen))) == 0xffff;
}

void peer_hear(struct run *r)
{
	struct peer *peer = r->peer;
	static uint8_t bytes[1 << 16];
	struct heard h;
	ssize_t n;

	while ((n = read(peer->tun, bytes, sizeof(bytes))) > 0) {
		if (bytes[0] >> 4 != ip46(4, 6) || !packet_read(&h.p, bytes, n, stack_proto()))
			continue;
		h.flow = find_flow(r, &h.p);
		if (h.flow < 0 || peer->count == PEER_SEGMENTS)
			continue;
		h.time = net_now() - peer->since;
		h.again = repeats(&peer->flow[h.flow], &h.p, h.time);
		learn(&peer->flow[h.flow], &h.p);
		h.isn = peer->flow[h.flow].isn;
		h.iss = peer->flow[h.flow].iss;
		h.known = peer->flow[h.flow].known;
		h.at_end = h.p.seq == peer->flow[h.flow].end;
		h.sum_ok = sum_ok(r, bytes, n);
		peer->heard[peer->count++] = h;
	}
}

void peer_pass(struct run *r, long long ms)
{
	struct pollfd pfd = { .fd = r->peer->tun, .events = POLLIN };
	long long until = net_now() + ms * r->stretch / 100, left;

	peer_hear(r);
	while ((left = until - net_now()) > 0)
		if (poll(&pfd, 1, left < INT32_MAX ? left : INT32_MAX) > 0)
			peer_hear(r);
}
