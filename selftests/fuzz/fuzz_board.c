// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: what ACKs and SACK blocks do to the send queue (module/core/board.c, rack.c,
 * queue.c), against an array of bytes.
 *
 * An input is a setup of two bytes, then operations: an ACK with up to four blocks, whose
 * numbers are near those that are out; time, in which timers come; data to send.  What must
 * hold:
 *
 *  - a segment is marked as SACKed only if each byte of it was reported;
 *  - a segment of the queue that a valid block covers is marked;
 *  - no byte that was marked is sent again, unless the peer has dropped what it reported;
 *  - the simulator's invariants after every step: the sums, the time list and the trees.
 */
#include "core/queue.h"
#include "fuzz.h"

#define BYTES	262144u		/* of the stream, at most */
#define FIRST	1		/* number of its first byte, after the SYN */

static struct sim_conn *conn;
static struct atcp_tcb *c;
static bool told[BYTES];	/* reported by a block */
static bool marked[BYTES];	/* in a segment that was marked for it */
static u64 reneged;
static u32 ours;		/* our initial number */

static u32 place(u32 seq)
{
	return seq - ours;
}

static u64 times_reneged(void)
{
	return sim_host(0)->stat[ATCP_STAT_SACK_RENEGING];
}

/* ACKs of which the core has not looked at all blocks. */
static u64 times_left(void)
{
	return sim_host(0)->stat[ATCP_STAT_SACK_LEFT];
}

/* --- what is sent --- */

/* The core has found that the peer has dropped what it reported: nothing counts any more. */
static void note_reneging(void)
{
	if (times_reneged() == reneged)
		return;
	reneged = times_reneged();
	memset(told, 0, sizeof(told));
	memset(marked, 0, sizeof(marked));
}

static void on_resent(struct sim_conn *to, u32 seq, u32 len, enum atcp_resend kind)
{
	u32 i;

	if (to != conn || kind == ATCP_RESEND_SYN || kind == ATCP_RESEND_KEEPALIVE)
		return;
	note_reneging();
	for (i = place(seq); i < place(seq) + len; i++)
		FUZZ_CHECK(i >= BYTES || !marked[i], "byte %u is sent again, and was reported", i);
}

static void ignore_packet(struct sim_pkt *p)
{
	(void)p;
}

static void ignore_arrival(const struct sim_pkt *p)
{
	(void)p;
}

static void ignore_state(struct sim_conn *of, u8 old)
{
	(void)of;
	(void)old;
}

static void ignore_drop(struct sim_conn *of, struct atcp_seg *seg, enum atcp_drop why)
{
	(void)of;
	(void)seg;
	(void)why;
}

static const struct sim_watch watch = {
	.sent = ignore_packet,
	.arrived = ignore_arrival,
	.state = ignore_state,
	.resent = on_resent,
	.recovery = ignore_state,
	.dropped = ignore_drop,
};

static void swallow(struct sim_host *h, const struct sim_pkt *p)
{
	(void)h;
	(void)p;
}

/* --- the model --- */

static void compare(void)
{
	struct atcp_seg *seg;
	u32 i;

	note_reneging();
	for (seg = atcp_queue_sent(c); seg; seg = atcp_queue_next_sent(c, seg)) {
		const struct atcp_cb *cb = atcp_seg_cb(seg);

		if (!(cb->sent & ATCP_SENT_SACKED))
			continue;
		for (i = place(cb->seq); i < place(cb->end_seq); i++) {
			FUZZ_CHECK(told[i], "byte %u is marked, and was not reported", i);
			marked[i] = true;
		}
	}
}

/* Where the segments that were sent begin and end, as a block will find them. */
struct span {
	u32 start;
	u32 end;
};

static struct span spans[BYTES / 16];
static u32 nspans;

static void remember(void)
{
	struct atcp_seg *seg;

	nspans = 0;
	for (seg = atcp_queue_sent(c); seg; seg = atcp_queue_next_sent(c, seg)) {
		if (nspans == sizeof(spans) / sizeof(spans[0]))
			break;
		spans[nspans].start = place(atcp_seg_cb(seg)->seq);
		spans[nspans++].end = place(atcp_seg_cb(seg)->end_seq);
	}
}

/* What the block must have marked. */
static void check_block(u32 start, u32 end)
{
	struct atcp_seg *seg;
	u32 i;

	for (i = 0; i < nspans; i++) {
		if (spans[i].start < start || spans[i].end > end)
			continue;
		seg = atcp_queue_find(c, ours + spans[i].start);
		FUZZ_CHECK(seg && atcp_seg_cb(seg)->sent & ATCP_SENT_SACKED,
			   "%u to %u is not marked, and %u to %u was reported",
			   spans[i].start, spans[i].end, start, end);
	}
}

/* --- operations --- */

static void set_up(struct fuzz_in *in)
{
	static const u32 rooms[] = { 100, 1000, 5000, 64000 };
	struct sim_link_conf wire = { .mtu = 1500, .delay = 1000 };
	struct sim_sockopt opt = sim_sockopt_default;
	u8 a = fuzz_u8(in), b = fuzz_u8(in);
	struct atcp_hdr h = {
		.sport = 2, .dport = 1, .seq = 77, .flags = ATCP_SYN | ATCP_ACK, .wnd = 65535,
		.opts = ATCP_OPT_MSS | ATCP_OPT_SACK_OK | ATCP_OPT_WSCALE, .wscale = 4,
		.mss = b & 1 ? 100 : 1000,
	};
	u8 bytes[ATCP_HDR_MAX];
	u32 len;

	sim_begin(1, 2);
	sim_link_both(0, 1, &wire);
	sim_host(1)->raw = true;
	sim_host(1)->raw_rx = swallow;
	sim->lenient = true;
	sim->watch = &watch;
	memset(told, 0, sizeof(told));
	memset(marked, 0, sizeof(marked));
	reneged = 0;
	opt.room = rooms[a & 3];
	opt.sndbuf = BYTES;
	opt.nodelay = true;
	ours = a & 4 ? 0u - 5000 : a & 8 ? 0x80000000u - 5000 : 5000;
	sim_host(0)->space.conf.debug_isn = ours;
	sim_host(0)->space.conf.reordering = 1 + (a >> 4 & 7);
	sim_host(0)->space.conf.frto = !(b & 2);
	sim_host(0)->space.conf.early_retrans = b & 4 ? 0 : 3;
	conn = sim_connect(sim_host(0), 1, 1, 2, &opt);
	c = &conn->c;
	sim_run_for(b & 8 ? 100000 : 1000);
	h.ack = ours + 1;
	len = atcp_hdr_size(&h);
	atcp_hdr_write(&h, bytes);
	sim_wire_send(1, 0, bytes, len, len, 0);
	sim_run_for(2000);
	c->cc.cwnd = 1u << (10 + (b >> 4));
}

/* A number near what is out. */
static u32 number(struct fuzz_in *in)
{
	return place(c->snd_una) + fuzz_u16(in) % (c->snd_nxt - c->snd_una + 300) - 100;
}

/* Its blocks that are as RFC 2018 has them: above the ACK, of data that was sent. */
static void tell(const struct atcp_hdr *h, bool *valid)
{
	u32 i, k;

	for (k = 0; k < h->nsack; k++) {
		u32 start = place(h->sack[k].start), end = place(h->sack[k].end);

		valid[k] = (s32)(h->sack[k].start - h->ack) > 0 && end > start &&
			   (s32)(h->sack[k].end - c->snd_nxt) <= 0;
		for (i = start; valid[k] && i < end && i < BYTES; i++)
			told[i] = true;
	}
}

static void acknowledge(struct fuzz_in *in, u8 op)
{
	struct atcp_hdr h = {
		.sport = 2, .dport = 1, .seq = c->rcv_nxt, .flags = ATCP_ACK, .wnd = 65535,
		.ack = c->snd_una,
	};
	bool valid[ATCP_SACK_BLOCKS] = { false };
	u64 was, left;
	u32 k, len;
	u8 bytes[ATCP_HDR_MAX];

	if (op & 8)
		h.ack += fuzz_u16(in) % (c->snd_nxt - c->snd_una + 1);
	h.nsack = op >> 4 & 3;
	h.nsack += h.nsack == 3 && op & 128;
	if (h.nsack)
		h.opts = ATCP_OPT_SACK;
	for (k = 0; k < h.nsack; k++) {
		u32 start = number(in), end = start + fuzz_u16(in) % 20000;

		h.sack[k].start = ours + start;
		h.sack[k].end = ours + end;
	}
	if (fuzz_verbose)
		printf("ack %u, %u blocks\n", place(h.ack), h.nsack);
	for (k = 0; fuzz_verbose && k < h.nsack; k++)
		printf("  %u to %u\n", place(h.sack[k].start), place(h.sack[k].end));
	len = atcp_hdr_size(&h);
	atcp_hdr_write(&h, bytes);
	sim_wire_send(1, 0, bytes, len, len, 0);
	sim_run_for(999);	/* it is on its way */
	note_reneging();
	remember();
	tell(&h, valid);
	was = times_reneged();
	left = times_left();
	sim_run_for(1);
	if (times_reneged() != was) {
		/* A timer came first, at the same moment: this ACK is news again. */
		note_reneging();
		tell(&h, valid);
		return;
	}
	if (conn->closed || times_left() != left)
		return;
	for (k = 0; k < h.nsack; k++)
		if (valid[k] && c->rack)
			check_block(place(h.sack[k].start), place(h.sack[k].end));
}

static void operation(struct fuzz_in *in)
{
	static const u8 data[16384];
	u8 op = fuzz_u8(in);

	switch (op & 7) {
	case 0 ... 1:
		if (conn->accepted + sizeof(data) < BYTES)
			sim_send(conn, data, 1 + fuzz_u16(in) % sizeof(data), 0);
		break;
	case 2:
		sim_run_for(1ull << (fuzz_u8(in) % 22));
		break;
	default:
		acknowledge(in, op);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { .p = data, .left = size };
	u32 n = 0;

	fuzz_begin(data, size);
	set_up(&in);
	while (in.left && n++ < 200 && !conn->closed && !sim->stopped) {
		operation(&in);
		if (!conn->closed)
			compare();
	}
	FUZZ_CHECK(!sim->stopped, "%s", sim->failure);
	if (fuzz_verbose)
		printf("%u lost, %u SACKed, %u segments queued\n", c->lost, c->sacked, conn->nsent);
	sim->watch = NULL;
	sim_close(conn);
	sim_end();
	return 0;
}
