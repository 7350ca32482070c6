// SPDX-License-Identifier: GPL-2.0
/*
 * The header on the wire: RFC 9293 sections 3.1 and 3.2 (MUST-4 to MUST-7,
 * MUST-64, MUST-68, MUST-69), RFC 7323 sections 2 and 3, RFC 2018 section 3.
 */
#include "test.h"

/* A header in memory of its exact length, so that a read beyond it is noticed. */
struct wire {
	u8 *p;
	u32 len;
};

static struct wire make(const u8 *opts, u32 n)
{
	struct wire w = { .len = ATCP_HDR_MIN + n };

	ASSERT_EQ(n % 4, 0);
	w.p = calloc(1, w.len);
	ASSERT(w.p);
	put_unaligned_be16(1000, w.p);
	put_unaligned_be16(2000, w.p + 2);
	put_unaligned_be32(0xdeadbeef, w.p + 4);
	put_unaligned_be32(0x01020304, w.p + 8);
	w.p[12] = w.len / 4 << 4;
	w.p[13] = ATCP_ACK;
	put_unaligned_be16(5840, w.p + 14);
	put_unaligned_be16(7, w.p + 18);
	if (n)
		memcpy(w.p + ATCP_HDR_MIN, opts, n);
	return w;
}

static struct atcp_hdr read_opts(const u8 *opts, u32 n)
{
	struct wire w = make(opts, n);
	struct atcp_hdr h;

	memset(&h, 0xa5, sizeof(h));
	ASSERT(atcp_hdr_read(&h, w.p, w.len));
	ASSERT_EQ(h.hlen, w.len);
	ASSERT_EQ(h.seq, 0xdeadbeef);
	free(w.p);
	return h;
}

#define READ(...) ({						\
	static const u8 _opts[] = { __VA_ARGS__ };		\
	read_opts(_opts, sizeof(_opts)); })

TEST(fields)
{
	struct wire w = make(NULL, 0);
	struct atcp_hdr h;

	w.p[13] = 0xff;
	ASSERT(atcp_hdr_read(&h, w.p, w.len));
	ASSERT_EQ(h.sport, 1000);
	ASSERT_EQ(h.dport, 2000);
	ASSERT_EQ(h.seq, 0xdeadbeef);
	ASSERT_EQ(h.ack, 0x01020304);
	ASSERT_EQ(h.flags, 0xff);
	ASSERT_EQ(h.wnd, 5840);
	ASSERT_EQ(h.up, 7);
	ASSERT_EQ(h.opts, 0);
	ASSERT_EQ(h.nsack, 0);
	free(w.p);
}

TEST(truncated)
{
	struct atcp_hdr h;
	u32 len;

	for (len = 0; len < ATCP_HDR_MIN; len++) {
		struct wire w = make(NULL, 0);
		u8 *part = malloc(len + !len);

		ASSERT(part);
		memcpy(part, w.p, len);
		test_case("%u bytes", len);
		ASSERT(!atcp_hdr_read(&h, part, len));
		free(part);
		free(w.p);
	}
}

TEST(bad_data_offset)
{
	struct wire w = make(NULL, 0);
	struct atcp_hdr h;
	u32 off;

	for (off = 0; off < 16; off++) {
		test_case("data offset %u", off);
		w.p[12] = off << 4;
		ASSERT_EQ(atcp_hdr_read(&h, w.p, w.len), off == 5);
	}
	free(w.p);
}

/* The parser does not read the payload after the header. */
TEST(payload_behind_the_header)
{
	static const u8 opts[] = { 2, 4, 5, 180 };
	struct wire w = make(opts, 4);
	struct atcp_hdr h;

	w.p[12] = 5 << 4;
	ASSERT(atcp_hdr_read(&h, w.p, w.len));
	ASSERT_EQ(h.hlen, 20);
	ASSERT_EQ(h.opts, 0);
	free(w.p);
}

TEST(known_options)
{
	struct atcp_hdr h = READ(2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 9);

	ASSERT_EQ(h.opts, ATCP_OPT_MSS | ATCP_OPT_SACK_OK | ATCP_OPT_TS | ATCP_OPT_WSCALE);
	ASSERT_EQ(h.mss, 1460);
	ASSERT_EQ(h.tsval, 0x01020304);
	ASSERT_EQ(h.tsecr, 0x05060708);
	ASSERT_EQ(h.wscale, 9);
}

TEST(sack_blocks)
{
	struct atcp_hdr h = READ(1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 9,
				 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 5);

	ASSERT_EQ(h.opts, ATCP_OPT_SACK);
	ASSERT_EQ(h.nsack, 2);
	ASSERT_EQ(h.sack[0].start, 1);
	ASSERT_EQ(h.sack[0].end, 9);
	ASSERT_EQ(h.sack[1].start, 0xfffffff0);
	ASSERT_EQ(h.sack[1].end, 5);
	h = READ(1, 1, 5, 34, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
		 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8);
	ASSERT_EQ(h.nsack, 4);
	ASSERT_EQ(h.sack[3].end, 8);
}

/* The usual layout has a fast path; timestamps in other places must be read, too. */
TEST(timestamps_anywhere)
{
	struct atcp_hdr h = READ(1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6);

	ASSERT_EQ(h.opts, ATCP_OPT_TS);
	ASSERT_EQ(h.tsval, 5);
	ASSERT_EQ(h.tsecr, 6);
	h = READ(8, 10, 0, 0, 0, 5, 0, 0, 0, 6, 1, 1);
	ASSERT_EQ(h.opts, ATCP_OPT_TS);
	ASSERT_EQ(h.tsval, 5);
	h = READ(1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6, 0);
	ASSERT_EQ(h.opts, ATCP_OPT_TS);
	ASSERT_EQ(h.tsecr, 6);
}

/* MUST-64 */
TEST(word_alignment_does_not_matter)
{
	struct atcp_hdr h = READ(1, 2, 4, 5, 180, 1, 1, 1);

	ASSERT_EQ(h.opts, ATCP_OPT_MSS);
	ASSERT_EQ(h.mss, 1460);
	h = READ(3, 3, 7, 2, 4, 5, 180, 0);
	ASSERT_EQ(h.opts, ATCP_OPT_MSS | ATCP_OPT_WSCALE);
	ASSERT_EQ(h.wscale, 7);
}

/* MUST-6, MUST-68: an unknown option is skipped by its length. */
TEST(unknown_options_are_skipped)
{
	struct atcp_hdr h = READ(254, 6, 1, 2, 3, 4, 2, 4, 5, 180, 77, 2);

	ASSERT_EQ(h.opts, ATCP_OPT_MSS);
	ASSERT_EQ(h.mss, 1460);
	h = READ(34, 10, 2, 4, 9, 9, 2, 4, 9, 9, 2, 4, 5, 180, 0, 0);
	ASSERT_EQ(h.mss, 1460);
}

TEST(end_of_list)
{
	struct atcp_hdr h = READ(0, 2, 4, 5, 180, 0, 0, 0);

	ASSERT_EQ(h.opts, 0);
	h = READ(2, 4, 5, 180, 0, 3, 3, 7);
	ASSERT_EQ(h.opts, ATCP_OPT_MSS);
}

/* MUST-7: a length of 0 or 1, or one that leads out of the header. */
TEST(illegal_lengths)
{
	struct atcp_hdr h = READ(2, 4, 5, 180, 77, 0, 3, 3);

	ASSERT_EQ(h.opts, ATCP_OPT_MSS);
	h = READ(77, 1, 2, 4, 5, 180, 0, 0);
	ASSERT_EQ(h.opts, 0);
	h = READ(2, 0, 5, 180);
	ASSERT_EQ(h.opts, 0);
	h = READ(2, 5, 5, 180);
	ASSERT_EQ(h.opts, 0);
	h = READ(2, 255, 5, 180);
	ASSERT_EQ(h.opts, 0);
	h = READ(8, 10, 1, 2, 3, 4, 5, 6);
	ASSERT_EQ(h.opts, 0);
	/* A kind in the last octet has no room for its length. */
	h = READ(1, 1, 1, 2);
	ASSERT_EQ(h.opts, 0);
	h = READ(2, 4, 5, 180, 1, 1, 1, 77);
	ASSERT_EQ(h.opts, ATCP_OPT_MSS);
}

/* A known option of another length than its own is not that option. */
TEST(lengths_that_do_not_fit_the_kind)
{
	struct atcp_hdr h = READ(2, 3, 5, 1);

	ASSERT_EQ(h.opts, 0);
	h = READ(2, 2, 4, 2);
	ASSERT_EQ(h.opts, ATCP_OPT_SACK_OK);
	h = READ(3, 4, 7, 7);
	ASSERT_EQ(h.opts, 0);
	h = READ(4, 3, 0, 1);
	ASSERT_EQ(h.opts, 0);
	h = READ(8, 8, 1, 2, 3, 4, 5, 6);
	ASSERT_EQ(h.opts, 0);
	h = READ(5, 2, 1, 1);
	ASSERT_EQ(h.opts, 0);
	h = READ(5, 9, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1);
	ASSERT_EQ(h.opts, 0);
}

/* RFC 7323 section 2.3. */
TEST(scale_above_14_is_14)
{
	struct atcp_hdr h = READ(3, 3, 14, 0);

	ASSERT_EQ(h.wscale, 14);
	h = READ(3, 3, 15, 0);
	ASSERT_EQ(h.wscale, 14);
	h = READ(3, 3, 255, 0);
	ASSERT_EQ(h.wscale, 14);
}

/* Reserved bits are ignored on arrival, and never sent. */
TEST(reserved_bits)
{
	struct wire w = make(NULL, 0);
	struct atcp_hdr h, plain;
	u8 out[ATCP_HDR_MAX];

	memset(&h, 0, sizeof(h));
	memset(&plain, 0, sizeof(plain));
	ASSERT(atcp_hdr_read(&plain, w.p, w.len));
	w.p[12] |= 0x0f;
	ASSERT(atcp_hdr_read(&h, w.p, w.len));
	ASSERT(!memcmp(&h, &plain, sizeof(h)));
	atcp_hdr_size(&h);
	atcp_hdr_write(&h, out);
	ASSERT_EQ(out[12], 0x50);
	free(w.p);
}

static bool same(const struct atcp_hdr *a, const struct atcp_hdr *b)
{
	u32 i;

	if (a->sport != b->sport || a->dport != b->dport || a->seq != b->seq ||
	    a->wnd != b->wnd || a->flags != b->flags || a->opts != b->opts ||
	    a->hlen != b->hlen)
		return false;
	if ((a->flags & ATCP_ACK ? a->ack : 0) != b->ack ||
	    (a->flags & ATCP_URG ? a->up : 0) != b->up)
		return false;
	if ((a->opts & ATCP_OPT_MSS && a->mss != b->mss) ||
	    (a->opts & ATCP_OPT_WSCALE && a->wscale != b->wscale) ||
	    (a->opts & ATCP_OPT_TS && (a->tsval != b->tsval || a->tsecr != b->tsecr)))
		return false;
	for (i = 0; a->opts & ATCP_OPT_SACK && i < a->nsack; i++)
		if (a->sack[i].start != b->sack[i].start || a->sack[i].end != b->sack[i].end)
			return false;
	return !(a->opts & ATCP_OPT_SACK) || a->nsack == b->nsack;
}

/* A header that is written is read back equal, with every combination of options. */
TEST(write_then_read)
{
	struct atcp_hdr h, back;
	u64 rand = 3;
	u32 opts, nsack, i, len;
	u8 *p;

	for (opts = 0; opts < 32; opts++) {
		for (nsack = opts & ATCP_OPT_SACK ? 1 : 0;
		     nsack <= (opts & ATCP_OPT_SACK ? 4 : 0); nsack++) {
			memset(&h, 0, sizeof(h));
			h.opts = opts;
			h.nsack = nsack;
			h.flags = (u8)sim_rand(&rand);
			h.sport = sim_rand(&rand);
			h.dport = sim_rand(&rand);
			h.seq = sim_rand(&rand);
			h.ack = sim_rand(&rand);
			h.wnd = sim_rand(&rand);
			h.up = sim_rand(&rand);
			h.mss = sim_rand(&rand);
			h.wscale = sim_below(&rand, 15);
			h.tsval = sim_rand(&rand);
			h.tsecr = sim_rand(&rand);
			for (i = 0; i < nsack; i++) {
				h.sack[i].start = sim_rand(&rand);
				h.sack[i].end = sim_rand(&rand);
			}
			len = atcp_hdr_size(&h);
			test_case("options %#x, %u SACK blocks, %u bytes", opts, nsack, len);
			ASSERT_EQ(len % 4, 0);
			ASSERT_EQ(len, h.hlen);
			ASSERT_LE(len, ATCP_HDR_MAX);
			p = malloc(len);
			ASSERT(p);
			memset(p, 0xa5, len);
			atcp_hdr_write(&h, p);
			ASSERT_EQ(atcp_hdr_len(p), len);
			ASSERT_EQ(p[12] & 0x0f, 0);
			ASSERT_EQ(get_unaligned_be16(p + 16), 0);
			ASSERT(atcp_hdr_read(&back, p, len));
			ASSERT(same(&h, &back));
			free(p);
		}
	}
}

/* Timestamps and 3 SACK blocks fit; SACK is cut to what the others leave. */
TEST(options_fit_into_40_bytes)
{
	struct atcp_hdr h = { .opts = ATCP_OPT_TS | ATCP_OPT_SACK, .nsack = 3 };

	ASSERT_LE(atcp_hdr_size(&h), ATCP_HDR_MAX);
	h = (struct atcp_hdr){ .opts = ATCP_OPT_SACK, .nsack = 4 };
	ASSERT_LE(atcp_hdr_size(&h), ATCP_HDR_MAX);
	h = (struct atcp_hdr){ .opts = ATCP_OPT_MSS | ATCP_OPT_WSCALE | ATCP_OPT_TS |
				       ATCP_OPT_SACK_OK };
	ASSERT_EQ(atcp_hdr_size(&h), 40);
	h = (struct atcp_hdr){ .opts = ATCP_OPT_TS | ATCP_OPT_SACK, .nsack = 4 };
	ASSERT_EQ(atcp_hdr_size(&h), ATCP_HDR_MAX);
	ASSERT_EQ(h.nsack, 3);
	h.opts |= ATCP_OPT_MSS | ATCP_OPT_WSCALE;
	ASSERT_EQ(atcp_hdr_size(&h), ATCP_HDR_MAX);
	ASSERT_EQ(h.nsack, 2);
}

/* Random bytes: nothing is read beyond them. */
TEST(random_bytes)
{
	struct atcp_hdr h;
	u64 rand = 4;
	u32 i, j;

	for (i = 0; i < 100000; i++) {
		u32 len = sim_below(&rand, 70);
		u8 *p = malloc(len + !len);

		ASSERT(p);
		for (j = 0; j < len; j++)
			p[j] = sim_below(&rand, 3) ? sim_below(&rand, 12) : sim_rand(&rand);
		if (len > 12 && sim_below(&rand, 4))
			p[12] = len / 4 << 4;
		if (atcp_hdr_read(&h, p, len)) {
			ASSERT_GE(h.hlen, ATCP_HDR_MIN);
			ASSERT_LE(h.hlen, len);
			ASSERT_LE(h.nsack, ATCP_SACK_BLOCKS);
			if (h.opts & ATCP_OPT_WSCALE)
				ASSERT_LE(h.wscale, ATCP_WSCALE_MAX);
		}
		free(p);
	}
}
