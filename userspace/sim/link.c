// SPDX-License-Identifier: GPL-2.0
/*
 * The wire: cutting of large sends, checksums, and what links do to packets.
 */
#include <stdlib.h>

#include "sim.h"

#define CSUM_AT		16	/* offset of the checksum in the header */

struct sim_sent sim_sent;

/* FNV-1a, byte by byte. */
static void hash(const u8 *bytes, u32 len)
{
	for (; len; len--)
		sim_sent.hash = (sim_sent.hash ^ *bytes++) * 0x100000001b3ULL;
}

static void note_sent(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	u8 about[14];

	put_unaligned_be32(sim->now >> 32, about);
	put_unaligned_be32((u32)sim->now, about + 4);
	put_unaligned_be32(len, about + 8);
	about[12] = src;
	about[13] = dst;
	hash(about, sizeof(about));
	/* The header's checksum stands for the payload. */
	hash(bytes, min(len, atcp_hdr_len(bytes)));
	sim_sent.segs++;
}

static u32 sum_be16(u32 sum, const u8 *p, u32 len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get_unaligned_be16(p);
	return len ? sum + (*p << 8) : sum;
}

/* Covers the pseudo header, with 10.0.0.(host + 1) or fd00::(host + 1), and the segment. */
u16 sim_checksum(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	const u8 ipv4[12] = {
		10, 0, 0, src + 1, 10, 0, 0, dst + 1, 0, SIM_PROTO, len >> 8, len,
	};
	const u8 ipv6[40] = {
		[0] = 0xfd, [15] = src + 1, [16] = 0xfd, [31] = dst + 1,
		[33] = len >> 16, len >> 8, len, [39] = SIM_PROTO,
	};
	u32 sum = sim->ipv6 ? sum_be16(0, ipv6, sizeof(ipv6)) : sum_be16(0, ipv4, sizeof(ipv4));

	sum = sum_be16(sum, bytes, len);

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void join(struct sim_pkt *p)
{
	p->next = sim->pkts;
	if (p->next)
		p->next->pprev = &p->next;
	p->pprev = &sim->pkts;
	sim->pkts = p;
}

void sim_pkt_free(struct sim_pkt *p)
{
	*p->pprev = p->next;
	if (p->next)
		p->next->pprev = p->pprev;
	free(p);
}

void sim_pkt_deliver(struct sim_event *ev)
{
	struct sim_pkt *p = sim_container_of(ev, struct sim_pkt, ev);

	if (sim->watch)
		sim->watch->arrived(p);
	sim_rx(p);
	sim_pkt_free(p);
}

/* Takes those off the queue whose turn has come. */
static void serve(struct sim_link *link)
{
	struct sim_pkt *p;

	while ((p = link->wait_first) && p->turn <= sim->now) {
		link->wait_first = p->wait_next;
		link->waiting--;
	}
}

static void arrive(struct sim_event *ev)
{
	struct sim_pkt *p = sim_container_of(ev, struct sim_pkt, ev);
	struct sim_link *link = &sim->link[p->src][p->dst];

	serve(link);
	if (link->nroute)
		sim_net_enter(p);
	else
		sim_pkt_deliver(ev);
}

static struct sim_pkt *pkt_new(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	struct sim_pkt *p = malloc(sizeof(*p) + len);

	if (!p)
		abort();
	memset(p, 0, sizeof(*p));
	p->ev.fn = arrive;
	p->src = src;
	p->dst = dst;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	return p;
}

struct sim_pkt *sim_pkt_copy(const struct sim_pkt *p)
{
	struct sim_pkt *copy = pkt_new(p->src, p->dst, p->bytes, p->len);

	copy->hop = p->hop;
	copy->leg = p->leg;
	join(copy);
	return copy;
}

/* Puts the packet in flight; it arrives at @when. */
static void launch(struct sim_pkt *p, u64 when)
{
	join(p);
	if (p->rec)
		sim->trace[p->rec - 1].arrives = when;
	sim_event_set(&p->ev, when);
}

static void lose(struct sim_link *link, struct sim_pkt *p, enum sim_fate fate)
{
	link->lost++;
	if (p->rec)
		sim->trace[p->rec - 1].fate = fate;
	free(p);
}

/*
 * The packet was too large for a later hop: its sender learns the path MTU, as from
 * an ICMP error "fragmentation needed" that quotes the packet.
 */
static void too_big_arrives(struct sim_event *ev)
{
	struct sim_pkt *p = sim_container_of(ev, struct sim_pkt, ev);
	u16 mss = sim->link[p->src][p->dst].conf.path_mtu - sim_ip_overhead() - ATCP_HDR_MIN;
	struct sim_conn *conn = sim_conn_find(sim_host(p->src), p->dst,
					      get_unaligned_be16(p->bytes),
					      get_unaligned_be16(p->bytes + 2));

	if (conn && conn->c.mss_path > mss &&
	    seq_within(conn->c.snd_una, get_unaligned_be32(p->bytes + 4), conn->c.snd_nxt)) {
		sim_conn_dirty(conn);
		conn->c.mss_path = mss;
		atcp_mss_changed(&conn->c);
	}
	sim_pkt_free(p);
}

/* The line takes the packets in turn.  Returns when it is through with this one. */
static u64 line(struct sim_link *link, struct sim_pkt *p, u32 size)
{
	u64 rate = link->conf.rate, parts;

	if (!rate)
		return max(sim->now, link->busy_until);
	if (link->busy_until < sim->now) {
		link->busy_until = sim->now;
		link->fraction = 0;
	}
	p->turn = link->busy_until;
	if (p->turn > sim->now) {
		if (link->wait_first)
			link->wait_last->wait_next = p;
		else
			link->wait_first = p;
		link->wait_last = p;
		link->waiting++;
	}
	parts = (u64)size * 1000000 + link->fraction;
	link->fraction = parts % rate;
	link->busy_until += parts / rate;
	return link->busy_until;
}

static u64 arrival(struct sim_link *link, struct sim_pkt *p, u32 size)
{
	const struct sim_link_conf *k = &link->conf;
	u64 when = line(link, p, size);

	when += k->delay + sim_below(&sim->net_rand, k->jitter);
	if (sim_chance(&sim->net_rand, k->reorder))
		return when + sim_below(&sim->net_rand, 4 * k->delay + 1000);
	if (k->batch)
		when += k->batch - 1 - (when - 1) % k->batch;
	when = max(when, link->last_arrival);
	link->last_arrival = when;
	return when;
}

static bool queue_full(struct sim_link *link)
{
	serve(link);
	return link->conf.queue && link->waiting >= link->conf.queue;
}

/* True if the policer's bucket has not enough for @size bytes. */
static bool policed(struct sim_link *link, u32 size)
{
	const struct sim_link_conf *k = &link->conf;
	u64 full = (u64)k->burst * 1000000;

	if (!k->police)
		return false;
	link->tokens += (sim->now - link->tokens_at) * k->police;
	if (!link->tokens_at || link->tokens > full)
		link->tokens = full;
	link->tokens_at = sim->now;
	if (link->tokens < (u64)size * 1000000)
		return true;
	link->tokens -= (u64)size * 1000000;
	return false;
}

/* True if the packet is an ACK that the next one will replace. */
static bool thinned(const struct sim_link *link, const struct sim_pkt *p)
{
	return link->conf.thin && p->len == atcp_hdr_len(p->bytes) && p->bytes[13] == ATCP_ACK &&
	       sim_chance(&sim->net_rand, link->conf.thin);
}

/* Sends one packet, its checksum filled in, over its link. */
static void put_on_link(struct sim_pkt *p, bool exempt)
{
	struct sim_link *link = &sim->link[p->src][p->dst];
	const struct sim_link_conf *k = &link->conf;
	u32 size = p->len + sim_ip_overhead();
	struct sim_pkt *copy;

	link->sent++;
	if (size > k->mtu && !exempt) {
		sim_fail("a packet of %u bytes for an MTU of %u", size, k->mtu);
		lose(link, p, SIM_TOO_BIG);
		return;
	}
	if (k->path_mtu && size > k->path_mtu) {
		if (p->rec)
			sim->trace[p->rec - 1].fate = SIM_TOO_BIG;
		p->ev.fn = too_big_arrives;
		launch(p, sim->now + 2 * k->delay);
		return;
	}
	if (link->down || (k->black_hole && size > k->black_hole) ||
	    sim_chance(&sim->net_rand, k->loss) || thinned(link, p) || policed(link, size)) {
		lose(link, p, SIM_LOST);
		return;
	}
	if (queue_full(link)) {
		lose(link, p, SIM_QUEUE_FULL);
		return;
	}
	if (sim_chance(&sim->net_rand, k->dup)) {
		copy = pkt_new(p->src, p->dst, p->bytes, p->len);
		if (sim->tracing) {
			copy->rec = sim_trace_add(p->src, p->dst, p->bytes, p->len);
			sim->trace[copy->rec - 1].fate = SIM_COPY;
		}
		launch(copy, arrival(link, copy, size));
	}
	if (sim_chance(&sim->net_rand, k->corrupt)) {
		p->bytes[sim_below(&sim->net_rand, p->len)] ^=
			1 << sim_below(&sim->net_rand, 8);
		if (p->rec)
			sim->trace[p->rec - 1].fate = SIM_CORRUPTED;
	}
	launch(p, arrival(link, p, size));
}

static void send_one(u8 src, u8 dst, const u8 *bytes, u32 len, bool exempt)
{
	struct sim_pkt *p = pkt_new(src, dst, bytes, len);
	struct sim_host *h = sim_host(src);
	struct atcp_hdr hdr;
	u32 hlen;

	put_unaligned_be16(0, p->bytes + CSUM_AT);
	put_unaligned_be16(sim_checksum(src, dst, p->bytes, len), p->bytes + CSUM_AT);
	note_sent(src, dst, p->bytes, len);
	if (sim->tracing)
		p->rec = sim_trace_add(src, dst, p->bytes, len);
	if (sim->watch)
		sim->watch->sent(p);
	if (h->tap) {
		hlen = atcp_hdr_len(p->bytes);
		atcp_hdr_read(&hdr, p->bytes, len);
		if (!h->tap(h, &hdr, len - hlen, h->tap_arg)) {
			lose(&sim->link[src][dst], p, SIM_LOST);
			return;
		}
	}
	put_on_link(p, exempt);
}

void sim_wire_datagram(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	struct sim_pkt *p = pkt_new(src, dst, bytes, len);

	if (sim->watch)
		sim->watch->sent(p);
	put_on_link(p, false);
}

/* Delivers a forged packet to @dst at once, over no link, with the checksum that it has. */
void sim_wire_inject_raw(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	struct sim_pkt *p = pkt_new(src, dst, bytes, len);

	if (sim->tracing && len >= ATCP_HDR_MIN) {
		p->rec = sim_trace_add(src, dst, bytes, len);
		sim->trace[p->rec - 1].fate = SIM_FORGED;
	}
	sim_rx(p);
	free(p);
}

void sim_wire_inject(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	u8 copy[65536];

	memcpy(copy, bytes, len);
	if (len >= ATCP_HDR_MIN) {
		put_unaligned_be16(0, copy + CSUM_AT);
		put_unaligned_be16(sim_checksum(src, dst, copy, len), copy + CSUM_AT);
	}
	sim_wire_inject_raw(src, dst, copy, len);
}

/*
 * @bytes is a header of @hlen bytes and payload.  Payload above @mss bytes is
 * cut, as segmentation offload does: the sequence numbers count up, FIN and PSH
 * stay with the last piece, CWR with the first.  It is cut before the link: each piece
 * has a place of its own in the queue, and is lost, doubled or held back by itself.
 */
void sim_wire_send(u8 src, u8 dst, const u8 *bytes, u32 len, u32 hlen, u32 mss)
{
	const struct sim_link_conf *k = &sim->link[src][dst].conf;
	u32 payload = len - hlen;
	u8 piece[65536];
	u32 seq, done, n;

	if (sim_host(src)->off)
		return;
	if (payload <= mss || !mss || (k->whole && !k->rate)) {
		send_one(src, dst, bytes, len, payload > mss && mss);
		return;
	}
	seq = get_unaligned_be32(bytes + 4);
	for (done = 0; done < payload; done += n) {
		n = min(payload - done, mss);
		memcpy(piece, bytes, hlen);
		memcpy(piece + hlen, bytes + hlen + done, n);
		put_unaligned_be32(seq + done, piece + 4);
		if (done + n < payload)
			piece[13] &= ~(ATCP_FIN | ATCP_PSH);
		if (done)
			piece[13] &= ~ATCP_CWR;
		send_one(src, dst, piece, hlen + n, false);
	}
}
