// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: the header and its options (module/core/wire.c).
 *
 * An input whose first byte is even is a header from the wire.  The core must read
 * it as the simple reader below does, and no byte beyond its end.  A header that was
 * accepted is written and read again, and must be the same.  Any other input fills a
 * struct atcp_hdr, which must be the same after it was written and read.
 */
#include "core.h"
#include "fuzz.h"

/* The contents of an option list: RFC 9293 section 3.2, RFC 7323, RFC 2018. */
struct says {
	u8 opts;
	u16 mss;
	u8 wscale;
	u32 tsval;
	u32 tsecr;
	u8 nsack;
	u32 sack[8];
};

static u32 number(const u8 *p, u32 bytes)
{
	u32 v = 0;

	while (bytes--)
		v = v << 8 | *p++;
	return v;
}

static void option_says(struct says *s, const u8 *o)
{
	u32 i;

	if (o[0] == 2 && o[1] == 4) {
		s->opts |= ATCP_OPT_MSS;
		s->mss = number(o + 2, 2);
	} else if (o[0] == 3 && o[1] == 3) {
		s->opts |= ATCP_OPT_WSCALE;
		s->wscale = o[2] > 14 ? 14 : o[2];
	} else if (o[0] == 4 && o[1] == 2) {
		s->opts |= ATCP_OPT_SACK_OK;
	} else if (o[0] == 8 && o[1] == 10) {
		s->opts |= ATCP_OPT_TS;
		s->tsval = number(o + 2, 4);
		s->tsecr = number(o + 6, 4);
	} else if (o[0] == 5 && (o[1] == 10 || o[1] == 18 || o[1] == 26 || o[1] == 34)) {
		s->opts |= ATCP_OPT_SACK;
		s->nsack = o[1] / 8;
		for (i = 0; i < s->nsack * 2u; i++)
			s->sack[i] = number(o + 2 + 4 * i, 4);
	}
}

/* Reads the options of a header of @hlen bytes; returns the length of the list. */
static u32 list_says(struct says *s, const u8 *hdr, u32 hlen)
{
	u32 at = 20;

	memset(s, 0, sizeof(*s));
	while (at < hlen && hdr[at]) {
		if (hdr[at] == 1) {
			at++;
		} else if (at + 1 < hlen && hdr[at + 1] >= 2 && at + hdr[at + 1] <= hlen) {
			option_says(s, hdr + at);
			at += hdr[at + 1];
		} else {
			break;
		}
	}
	return at;
}

static void check_options(const struct atcp_hdr *h, const struct says *s)
{
	u32 i;

	FUZZ_CHECK(h->opts == s->opts, "options %#x read, %#x sent", h->opts, s->opts);
	FUZZ_CHECK(!(s->opts & ATCP_OPT_MSS) || h->mss == s->mss, "MSS %u read, %u sent",
		   h->mss, s->mss);
	FUZZ_CHECK(!(s->opts & ATCP_OPT_WSCALE) || h->wscale == s->wscale,
		   "window scale %u read, %u sent", h->wscale, s->wscale);
	FUZZ_CHECK(!(s->opts & ATCP_OPT_TS) || (h->tsval == s->tsval && h->tsecr == s->tsecr),
		   "timestamps %u %u read, %u %u sent", h->tsval, h->tsecr, s->tsval, s->tsecr);
	FUZZ_CHECK(h->nsack == s->nsack, "%u SACK blocks read, %u sent", h->nsack, s->nsack);
	for (i = 0; i < h->nsack; i++)
		FUZZ_CHECK(h->sack[i].start == s->sack[2 * i] &&
			   h->sack[i].end == s->sack[2 * i + 1], "SACK block %u differs", i);
}

static void check_same(const struct atcp_hdr *a, const struct atcp_hdr *b)
{
	struct says s = {
		.opts = a->opts, .mss = a->mss, .wscale = a->wscale,
		.tsval = a->tsval, .tsecr = a->tsecr, .nsack = a->nsack,
	};
	u32 i;

	FUZZ_CHECK(a->sport == b->sport && a->dport == b->dport, "ports differ");
	FUZZ_CHECK(a->seq == b->seq, "SEG.SEQ differs");
	FUZZ_CHECK(b->ack == (a->flags & ATCP_ACK ? a->ack : 0), "SEG.ACK differs");
	FUZZ_CHECK(a->wnd == b->wnd, "the window differs");
	FUZZ_CHECK(b->up == (a->flags & ATCP_URG ? a->up : 0), "the urgent pointer differs");
	FUZZ_CHECK(a->flags == b->flags, "control bits differ");
	for (i = 0; i < a->nsack; i++) {
		s.sack[2 * i] = a->sack[i].start;
		s.sack[2 * i + 1] = a->sack[i].end;
	}
	check_options(b, &s);
}

/* Size of @h on the wire, each option padded to a multiple of four bytes. */
static u32 size_of(const struct atcp_hdr *h)
{
	u32 n = 20;

	if (h->opts & ATCP_OPT_MSS)
		n += 4;
	if (h->opts & ATCP_OPT_WSCALE)
		n += 4;
	if (h->opts & ATCP_OPT_TS)
		n += 12;	/* SACK-permitted fits into its padding */
	else if (h->opts & ATCP_OPT_SACK_OK)
		n += 4;
	if (h->opts & ATCP_OPT_SACK)
		n += 4 + 8 * h->nsack;
	return n;
}

/* Writes @was and reads it again; of its SACK blocks, as many as fit. */
static void write_and_read(const struct atcp_hdr *was)
{
	struct atcp_hdr h = *was, again;
	u32 size = atcp_hdr_size(&h);
	struct says s;
	u8 *p;

	FUZZ_CHECK(size == size_of(&h), "atcp_hdr_size() says %u, not %u", size, size_of(&h));
	FUZZ_CHECK(size <= ATCP_HDR_MAX, "a header of %u bytes", size);
	FUZZ_CHECK(h.nsack == was->nsack || (h.nsack < was->nsack && size + 8 > ATCP_HDR_MAX),
		   "%u SACK blocks of %u in %u bytes", h.nsack, was->nsack, size);
	FUZZ_CHECK(h.hlen == size, "hlen %u, size %u", h.hlen, size);
	p = malloc(size);
	if (!p)
		abort();
	memset(p, 0xa5, size);
	atcp_hdr_write(&h, p);
	FUZZ_CHECK(atcp_hdr_len(p) == size, "a data offset of %u for %u", atcp_hdr_len(p), size);
	FUZZ_CHECK(!(p[12] & 0x0f), "reserved bits are set");
	FUZZ_CHECK(!p[16] && !p[17], "the checksum field is not zero");
	FUZZ_CHECK(list_says(&s, p, size) == size, "the option list ends before the header");
	memset(&again, 0xa5, sizeof(again));
	FUZZ_CHECK(atcp_hdr_read(&again, p, size), "what was written cannot be read");
	FUZZ_CHECK(again.hlen == size, "hlen %u read, %u written", again.hlen, size);
	check_options(&again, &s);
	check_same(&h, &again);
	free(p);
}

/* RFC 9293 section 3.10.7.1. */
static void check_closed(const struct atcp_hdr *h, u32 len)
{
	struct atcp_hdr reply;
	u32 end = h->seq + len + !!(h->flags & ATCP_SYN) + !!(h->flags & ATCP_FIN);

	memset(&reply, 0xa5, sizeof(reply));
	if (atcp_closed_arrive(h, len, &reply) == ATCP_DROP) {
		FUZZ_CHECK(h->flags & ATCP_RST, "nothing answers a segment for CLOSED");
		return;
	}
	FUZZ_CHECK(!(h->flags & ATCP_RST), "a reset answers a reset");
	FUZZ_CHECK(reply.sport == h->dport && reply.dport == h->sport, "the reset's ports");
	if (h->flags & ATCP_ACK)
		FUZZ_CHECK(reply.flags == ATCP_RST && reply.seq == h->ack,
			   "<SEQ=SEG.ACK><CTL=RST>");
	else
		FUZZ_CHECK(reply.flags == (ATCP_RST | ATCP_ACK) && !reply.seq &&
			   reply.ack == end, "<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>");
	write_and_read(&reply);
}

static void from_the_wire(const u8 *data, size_t size)
{
	struct atcp_hdr h;
	struct says s;
	bool good;
	u32 hlen;
	u8 *p = malloc(size ? size : 1);	/* so that a read beyond its end is noticed */

	if (!p)
		abort();
	memcpy(p, data, size);
	memset(&h, 0xa5, sizeof(h));
	good = atcp_hdr_read(&h, p, size);
	hlen = size < 20 ? 0 : (p[12] >> 4) * 4u;
	FUZZ_CHECK(good == (size >= 20 && hlen >= 20 && hlen <= size),
		   "%zu bytes, data offset %u: %s", size, hlen, good ? "accepted" : "refused");
	if (fuzz_verbose && !good)
		printf("# refused\n");
	else if (fuzz_verbose)
		printf("# flags %#x, options %#x, %u SACK blocks\n", h.flags, h.opts, h.nsack);
	if (good) {
		FUZZ_CHECK(h.hlen == hlen, "hlen %u read, %u sent", h.hlen, hlen);
		FUZZ_CHECK(h.sport == number(p, 2) && h.dport == number(p + 2, 2), "ports");
		FUZZ_CHECK(h.seq == number(p + 4, 4) && h.ack == number(p + 8, 4), "numbers");
		FUZZ_CHECK(h.flags == p[13], "control bits");
		FUZZ_CHECK(h.wnd == number(p + 14, 2) && h.up == number(p + 18, 2), "window, up");
		list_says(&s, p, hlen);
		check_options(&h, &s);
		write_and_read(&h);
		check_closed(&h, size - hlen);
	}
	free(p);
}

static void to_the_wire(struct fuzz_in *in)
{
	struct atcp_hdr h;
	u32 i;

	memset(&h, 0, sizeof(h));
	h.opts = fuzz_u8(in) & 0x1f;
	h.flags = fuzz_u8(in);
	h.nsack = h.opts & ATCP_OPT_SACK ? 1 + fuzz_u8(in) % ATCP_SACK_BLOCKS : 0;
	h.wscale = fuzz_u8(in) % (ATCP_WSCALE_MAX + 1);
	h.sport = fuzz_u16(in);
	h.dport = fuzz_u16(in);
	h.seq = fuzz_u32(in);
	h.ack = fuzz_u32(in);
	h.wnd = fuzz_u16(in);
	h.up = fuzz_u16(in);
	h.mss = fuzz_u16(in);
	h.tsval = fuzz_u32(in);
	h.tsecr = fuzz_u32(in);
	for (i = 0; i < h.nsack; i++) {
		h.sack[i].start = fuzz_u32(in);
		h.sack[i].end = fuzz_u32(in);
	}
	write_and_read(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { .p = data, .left = size };

	fuzz_begin(data, size);
	if (fuzz_u8(&in) & 1)
		to_the_wire(&in);
	else
		from_the_wire(in.p, in.left);
	return 0;
}
