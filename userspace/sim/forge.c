// SPDX-License-Identifier: GPL-2.0
/*
 * Forged segments.  Those of sim_forge_harmless() do no harm to a TCP that follows
 * RFC 9293, RFC 5961 and RFC 7323.  Data in them that must not be accepted differs
 * from the stream, so that accepting it is noticed.
 */
#include "forge.h"

#define MAX_DATA	600

struct forgery {
	struct atcp_hdr h;
	u8 data[MAX_DATA];
	u32 len;
	bool bad_sum;
};

enum {
	RST_IN_WINDOW, RST_OUTSIDE, A_SYN, ACK_BEYOND, ACK_ANCIENT, NO_ACK, OUTSIDE,
	BAD_CHECKSUM, REPACKETIZED, OLD_TIMESTAMP, NO_TIMESTAMP, ICMP, URGENT_POINTER,
	BEFORE_WINDOW, TRUNCATED, KINDS
};

static void inject(const struct sim_conn *v, struct forgery *f)
{
	u8 bytes[ATCP_HDR_MAX + MAX_DATA];
	u32 hlen = atcp_hdr_size(&f->h);

	atcp_hdr_write(&f->h, bytes);
	memcpy(bytes + hlen, f->data, f->len);
	if (!f->bad_sum) {
		sim_wire_inject(v->peer, v->host->id, bytes, hlen + f->len);
		return;
	}
	put_unaligned_be16(sim_checksum(v->peer, v->host->id, bytes, hlen + f->len) ^ 0x0400,
			   bytes + 16);
	sim_wire_inject_raw(v->peer, v->host->id, bytes, hlen + f->len);
}

/* Bytes that the other end has sent, in a segment with other bounds. */
static bool repacketize(struct forgery *f, const struct sim_app *other, u64 *rand)
{
	const struct atcp_tcb *o = &other->conn->c;
	u32 end = o->snd_nxt - o->iss - 1, from, back;

	if (o->fin_queued && o->snd_nxt == o->write_seq)
		end--;
	back = min(end, 1 + sim_below(rand, 3000));
	if (!back)
		return false;
	from = end - back;
	f->len = 1 + sim_below(rand, min(back, (u32)MAX_DATA));
	f->h.seq = o->iss + 1 + from;
	sim_pattern_fill(f->data, other->stream, from, f->len);
	return true;
}

static bool forge(struct forgery *f, u32 kind, const struct sim_app *victim,
		  const struct sim_app *other, u64 *rand)
{
	const struct atcp_tcb *v = &victim->conn->c;
	u32 edge = v->rcv_wup + v->rcv_wnd;
	u32 wnd = seq_gt(edge, v->rcv_nxt) ? edge - v->rcv_nxt : 0;

	switch (kind) {
	case RST_IN_WINDOW:
		f->h.flags = ATCP_RST | (sim_below(rand, 2) ? ATCP_ACK : 0);
		f->h.seq = v->rcv_nxt + 1 + sim_below(rand, wnd);
		f->len = 0;
		return true;
	case RST_OUTSIDE:
		f->h.flags = ATCP_RST;
		f->h.seq = sim_below(rand, 2) ? v->rcv_nxt - 1 - sim_below(rand, 100000) :
			   v->rcv_nxt + wnd + 1 + sim_below(rand, 100000);
		f->len = 0;
		return true;
	case A_SYN:
		f->h.flags = ATCP_SYN | (sim_below(rand, 2) ? ATCP_ACK : 0);
		f->h.seq = sim_below(rand, 2) ? v->rcv_nxt : sim_rand(rand);
		f->len = 0;
		return true;
	case ACK_BEYOND:
		f->h.ack = v->snd_nxt + 1 + sim_below(rand, 100000);
		return true;
	case ACK_ANCIENT:
		f->h.ack = v->snd_una - (u32)min((u64)v->snd_wnd_max, v->bytes_acked) - 1 -
			   sim_below(rand, 100000);
		return true;
	case NO_ACK:
		f->h.flags = sim_below(rand, 2) ? ATCP_PSH : ATCP_FIN;
		return true;
	case OUTSIDE:
		f->h.seq = v->rcv_nxt + wnd + sim_below(rand, 100000) + !wnd;
		return true;
	case BAD_CHECKSUM:
		f->bad_sum = true;
		return true;
	case REPACKETIZED:
		f->h.flags = ATCP_ACK;
		return repacketize(f, other, rand);
	case OLD_TIMESTAMP:
		f->h.tsval -= 1 + sim_below(rand, 100000);
		return v->ts_on;
	case NO_TIMESTAMP:
		f->h.opts = 0;
		if (!v->ts_on)
			return false;
		return v->space->conf.tolerate_missing_ts ? repacketize(f, other, rand) : true;
	case URGENT_POINTER:
		f->h.flags = ATCP_ACK | ATCP_URG;
		f->h.up = sim_below(rand, 65536);
		f->len = 0;
		return true;
	case BEFORE_WINDOW:
		f->h.seq = v->rcv_nxt - f->len - sim_below(rand, 100000);
		return true;
	}
	return false;
}

void sim_forge_harmless(const struct sim_app *victim, const struct sim_app *other, u64 *rand)
{
	u32 kind = sim_below(rand, KINDS);
	const struct atcp_tcb *v, *o;
	struct forgery f;
	u32 wnd;

	if (!victim->conn || !other->conn || victim->conn->closed || other->conn->closed)
		return;
	v = &victim->conn->c;
	o = &other->conn->c;
	if (!ATCP_IN(v->state, ATCP_SYNCHRONIZED) || !ATCP_IN(o->state, ATCP_SYNCHRONIZED) ||
	    v->rport != o->lport)
		return;
	if (kind == ICMP) {
		sim_conn_dirty(victim->conn);
		atcp_icmp(&victim->conn->c, v->snd_una + sim_below(rand, 5000),
			  EHOSTUNREACH, sim_below(rand, 2));
		return;
	}
	wnd = o->rcv_wup + o->rcv_wnd - o->rcv_nxt;
	memset(&f, 0, sizeof(f));
	f.h = (struct atcp_hdr) {
		.sport = v->rport,
		.dport = v->lport,
		.seq = v->rcv_nxt,
		.ack = v->snd_una,
		.flags = ATCP_ACK | ATCP_PSH,
		.wnd = min(wnd >> o->rcv_wscale, 65535u),
		.opts = v->ts_on ? ATCP_OPT_TS : 0,
		.tsval = v->ts_recent,
	};
	f.len = sim_below(rand, MAX_DATA);
	memset(f.data, 0xee, sizeof(f.data));
	if (kind == TRUNCATED) {
		sim_wire_inject(victim->conn->peer, victim->conn->host->id, f.data,
				sim_below(rand, ATCP_HDR_MIN));
		return;
	}
	if (forge(&f, kind, victim, other, rand))
		inject(victim->conn, &f);
}

/* Mostly a number in or near the @span bytes from @around on; else a random one. */
static u32 near(u64 *rand, u32 around, u32 span)
{
	switch (sim_below(rand, 4)) {
	case 0:
		return around;
	case 1:
		return around + sim_below(rand, span + 2);
	case 2:
		return around + span / 2 - sim_below(rand, 2 * span + 4);
	default:
		return sim_rand(rand);
	}
}

void sim_forge_any(const struct sim_app *victim, u64 *rand)
{
	u8 bytes[ATCP_HDR_MAX + MAX_DATA];
	const struct sim_conn *conn = victim->conn;
	const struct atcp_tcb *v;
	struct atcp_hdr h;
	u32 hlen, len, i;

	if (!conn || conn->closed)
		return;
	v = &conn->c;
	h = (struct atcp_hdr) {
		.sport = v->rport,
		.dport = v->lport,
		.seq = near(rand, v->rcv_nxt, v->rcv_wnd),
		.ack = near(rand, v->snd_una, v->snd_nxt - v->snd_una),
		.wnd = sim_below(rand, 3) ? sim_below(rand, 65536) : 0,
		.up = sim_below(rand, 3) ? 0 : sim_below(rand, 65536),
		.flags = sim_below(rand, 2) ? ATCP_ACK : sim_below(rand, 256),
		.opts = v->ts_on && sim_below(rand, 4) ? ATCP_OPT_TS : 0,
		.tsval = near(rand, v->ts_recent, 1000),
		.tsecr = sim_rand(rand),
	};
	/* Few resets, as they end the connection. */
	if (sim_below(rand, 10))
		h.flags &= ~ATCP_RST;
	hlen = atcp_hdr_size(&h);
	len = sim_below(rand, 3) ? sim_below(rand, MAX_DATA) : 0;
	atcp_hdr_write(&h, bytes);
	for (i = 0; i < len; i++)
		bytes[hlen + i] = sim_rand(rand);
	/* A random header length, which makes options of the payload. */
	if (len > 40 && !sim_below(rand, 4))
		bytes[12] = sim_below(rand, 16) << 4;
	sim_wire_inject(conn->peer, conn->host->id, bytes, hlen + len);
}
