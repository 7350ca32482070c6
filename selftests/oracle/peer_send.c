// SPDX-License-Identifier: GPL-2.0
/* What the peer says: segments made of what it knows, wrong in any way (peer.h). */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../lib/wire.h"
#include "peer.h"

#define OWN_PORT	900	/* of the peer, where it calls */
#define MSS		1460
#define SCALE		7
#define CLOCK		5000000	/* what its timestamps begin at */

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static size_t put_sack(const struct flow *f, bool old, uint8_t *opt)
{
	uint32_t left = old ? f->acked - 100 : f->end - 100;

	memcpy(opt, "\1\1\5\12", 4);
	put32(opt + 4, left);
	put32(opt + 8, left + 100);
	return 12;
}

static size_t put_options(const struct peer *peer, const struct flow *f, unsigned int what,
			  uint8_t *opt)
{
	uint32_t now = CLOCK + (net_now() - peer->begun);
	size_t len = 0;

	if (what & SEG_NONE)
		return 0;
	if (what & SEG_MSS) {
		memcpy(opt, "\2\4", 2);
		opt[2] = MSS >> 8;
		opt[3] = MSS & 255;
		len = 4;
	}
	if (what & SEG_SACK) {
		memcpy(opt + len, "\1\1\4\2", 4);
		len += 4;
	}
	if (what & SEG_SCALE) {
		memcpy(opt + len, "\1\3\3", 3);
		opt[len + 3] = SCALE;
		len += 4;
	}
	if (what & (SEG_TIME | SEG_OLD | SEG_NEW | SEG_ECHO)) {
		memcpy(opt + len, "\1\1\10\12", 4);
		put32(opt + len + 4, what & SEG_OLD ? now - CLOCK :
				     what & SEG_NEW ? now + 1000000 : now);
		put32(opt + len + 8, what & SEG_ECHO ? f->tsval + 1000000 : f->tsval);
		len += 12;
	}
	if (what & (SEG_BLOCK | SEG_DSACK))
		len += put_sack(f, what & SEG_DSACK, opt + len);
	return len;
}

/* What an honest host would put into it. */
static unsigned int right_options(const struct flow *f, int flags)
{
	if (!(flags & F_SYN))
		return f->ts && f->offers_ts ? SEG_TIME : SEG_NONE;
	if (flags & F_ACK)
		return SEG_MSS | SEG_SACK | SEG_SCALE | (f->ts ? SEG_TIME : 0);
	return SEG_MSS | SEG_SACK | SEG_SCALE | SEG_TIME;
}

static uint32_t number(const struct flow *f, long base, bool ack)
{
	switch (base) {
	case FROM_EDGE:
		return ack ? f->end : f->edge + 1;
	case FROM_ACKED:
		return !ack ? f->next : f->has_acked ? f->acked : f->isn;
	case FROM_START:
		return ack ? f->isn : f->iss;
	}
	return ack ? f->end : f->next;
}

/* The segment that an operation describes, but its options and data. */
static struct craft begin_segment(const struct run *r, const struct flow *f, const long *arg)
{
	struct craft c = {
		.src = r->net.ip[SERVER],
		.dst = r->net.ip[CLIENT],
		.sport = f->here,
		.dport = f->there,
		.flags = arg[0],
		.seq = number(f, arg[6], false) + arg[1],
		.len = arg[3] < 0 || arg[3] > MSS ? MSS : arg[3],
		.window = arg[4],
		.no_window = !(uint16_t)arg[4],
	};

	if (c.flags & F_ACK)
		c.ack = number(f, arg[6], true) + arg[2];
	if (c.flags & F_URG)
		c.urgent = arg[7];
	return c;
}

/* A SYN with another number, where there is no connection any more, is another's. */
static void another(struct flow *f, const struct craft *c, uint32_t end)
{
	f->iss = c->seq;
	f->next = end;
	f->known = false;
	f->isn = 0;
	f->end = 0;
	f->has_acked = false;
	f->has_told = false;
}

static void note_sent(struct run *r, struct flow *f, const struct craft *c, bool ts)
{
	uint32_t end = c->seq + c->len + !!(c->flags & F_SYN) + !!(c->flags & F_FIN);

	say_since(r, f, (c->flags & F_FIN ? SINCE_END : 0) |
		  (c->flags & F_SYN && f->next != f->iss ? SINCE_SYNS : 0) |
		  (c->flags & F_SYN && c->seq != f->iss ? SINCE_SHIFTED : 0) |
		  (c->window < f->window ? SINCE_SHRUNK : 0));
	f->window = c->window;
	f->spoken++;
	if (c->flags & F_SYN && !ts)
		f->offers_ts = false;
	if (c->flags == F_SYN && c->seq != f->iss && f->next != f->iss &&
	    (f->state == ST_NONE || f->state == ST_TIME_WAIT)) {
		another(f, c, end);
		f->offers_ts = ts;
	} else if (!(c->flags & F_RST) && !after(c->seq, f->next) && after(end, f->next)) {
		f->next = end;
	}
	if (c->flags & F_ACK && !(c->flags & F_RST) && !after(c->ack, f->end) &&
	    (!f->has_acked || after(c->ack, f->acked))) {
		f->acked = c->ack;
		f->has_acked = true;
	}
}

bool peer_send(struct run *r, int n, const long *arg)
{
	struct peer *peer = r->peer;
	struct flow *f = &peer->flow[n % PEER_FLOWS];
	uint8_t data[1500], opt[40] = { 0 };
	unsigned int what = arg[5];
	const uint8_t *packet;
	struct craft c;
	size_t len;

	peer_hear(r);
	if (!f->used) {
		if ((arg[0] & (F_SYN | F_ACK)) != F_SYN)
			return false;
		peer_flow(peer, n % PEER_FLOWS, OWN_PORT + n % PEER_FLOWS, r->port);
	}
	c = begin_segment(r, f, arg);
	if (!what)
		what = right_options(f, c.flags);
	c.opt_len = put_options(peer, f, what, opt);
	c.opt = opt;
	/* No more than the MTU has room for. */
	if (c.len + c.opt_len > stack_mss())
		c.len = stack_mss() - c.opt_len;
	pattern_fill(data, c.len, (uint32_t)(c.seq - f->iss));
	c.data = data;
	note_sent(r, f, &c, what & SEG_TIME);
	len = wire_craft(&r->net, &c, &packet);
	if (write(peer->tun, packet, len) != (ssize_t)len)
		net_die("writing to the TUN device: %s", strerror(errno));
	peer_hear(r);
	return true;
}
