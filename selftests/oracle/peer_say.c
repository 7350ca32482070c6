// SPDX-License-Identifier: GPL-2.0
/*
 * What the peer has heard, as lines of the transcript: every segment, with its numbers
 * relative to the first, but for what each stack may decide for itself:
 *
 *	an ACK of new data that goes without anything else: only what it has come to
 *	is told (RFC 9293 section 3.8.6.3)
 *	an ACK that the peer has not given any reason for, and that says nothing but
 *	that there is room again
 *	the size of a window that is open; PSH on full segments
 *
 * Whether something is answered, and by an ACK, a reset or not at all, always shows; so
 * does the state of the connection, whoever holds it.
 */
#include <stdio.h>
#include <string.h>

#include "peer.h"

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool has_sack(const struct packet *p)
{
	return !(p->flags & F_SYN) && p->opt_len - 12 * p->timestamps >= 10;
}

/* True if it is a mere acknowledgment. */
static bool bare(const struct heard *h)
{
	return h->p.flags == F_ACK && !h->p.len && !has_sack(&h->p) && h->at_end;
}

/*
 * A reset may have the peer's own number, or none.  Of a connection that the peer takes
 * for gone, numbers mean nothing.
 */
static uint32_t number(const struct heard *h)
{
	if (h->p.flags & F_RST && (!h->known || !h->p.seq))
		return h->p.seq;
	return h->known ? h->p.seq - h->isn : 0;
}

static void say_segment(struct run *r, const struct heard *h)
{
	const struct packet *p = &h->p;
	char flags[16], options[160], ip[64], more[64] = "", when[32] = "";
	struct packet shown = *p;

	if (p->len >= 500)
		shown.flags &= ~F_PSH;
	packet_flags(&shown, flags);
	packet_options(p, h->iss, options, sizeof(options));
	packet_ip(p, ip, sizeof(ip));
	if (p->flags & F_URG)
		snprintf(more, sizeof(more), " urgent %u", p->urgent);
	else if (!p->window && !(p->flags & F_RST))
		snprintf(more, sizeof(more), " window 0");
	if (r->peer->waits)
		snprintf(when, sizeof(when), " after %lld", h->time);
	say(r->t, "    wire %d > %s %u ack %u length %u%s%s%s%s%s", h->flow, flags,
	    number(h), p->flags & F_ACK ? p->ack - h->iss : 0,
	    p->len, more, options, ip, h->sum_ok ? "" : " wrong sum", when);
	if (p->flags & F_SYN) {
		say(r->t, "    wire %d > window %u", h->flow, p->window);
		say(r->t, "    wire %d > scale %d", h->flow, p->scale);
	}
}

void say_since(struct run *r, struct flow *f, unsigned int what)
{
	static const char *const word[] = {
		"again", "end", "shrunk", "gap", "syns", "shifted",
	};
	int i;

	for (i = 0; i < (int)(sizeof(word) / sizeof(*word)); i++)
		if (what & ~f->since & 1 << i)
			say(r->t, "    since %s", word[i]);
	f->since |= what;
}

static void say_state(struct run *r, int flow)
{
	struct flow *f = &r->peer->flow[flow];
	int state;

	if (!f->used)
		return;
	state = net_state(&r->net, CLIENT, f->there, f->here);
	if (state != f->state)
		say(r->t, "    wire %d is in %s", flow, state ? state_name(state) : "none");
	f->state = state;
}

void peer_say(struct run *r)
{
	struct peer *peer = r->peer;
	bool more[PEER_FLOWS] = { false }, merged[PEER_FLOWS] = { false };
	int i;

	for (i = 0; i < peer->count; i++) {
		struct heard *h = &peer->heard[i];
		struct flow *f = &peer->flow[h->flow];
		bool fresh = h->p.flags & F_ACK &&
			     (!f->has_told || after(h->p.ack, f->told));

		if (fresh) {
			f->told = h->p.ack;
			f->has_told = true;
			more[h->flow] = true;
		}
		say_since(r, f, (h->again ? SINCE_AGAIN : 0) | (has_sack(&h->p) ? SINCE_GAP : 0));
		if (!bare(h) || peer->waits) {
			say_segment(r, h);
			continue;
		}
		/* One that comes soon after new data may go together with its own. */
		if (fresh || !f->spoken)
			continue;
		if (more[h->flow] && f->spoken > 1 && !merged[h->flow])
			merged[h->flow] = true;
		else
			say_segment(r, h);
	}
	for (i = 0; i < PEER_FLOWS; i++) {
		struct flow *f = &peer->flow[i];

		if (more[i])
			say(r->t, "    wire %d > acknowledged %u", i, f->told - f->iss);
		f->spoken = 0;
		say_state(r, i);
	}
	peer->count = 0;
}
