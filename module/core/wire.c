// SPDX-License-Identifier: GPL-2.0
/*
 * The header on the wire: RFC 9293 sections 3.1 and 3.2, RFC 7323 sections 2
 * and 3 (window scale, timestamps), RFC 2018 (SACK).
 *
 * Options are written in the order and with the padding of the kernel's TCP.
 */
#include "core/wire.h"

enum {
	KIND_EOL = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_WSCALE = 3,
	KIND_SACK_OK = 4,
	KIND_SACK = 5,
	KIND_TS = 8,
};

enum {
	LEN_MSS = 4,
	LEN_WSCALE = 3,
	LEN_SACK_OK = 2,
	LEN_SACK_BASE = 2,
	LEN_SACK_BLOCK = 8,
	LEN_TS = 10,
};

/* NOP NOP kind length: timestamps as everyone aligns them (RFC 7323 appendix A). */
#define TS_ALIGNED	((KIND_NOP << 24) | (KIND_NOP << 16) | (KIND_TS << 8) | LEN_TS)

static void read_ts(struct atcp_hdr *h, const u8 *value)
{
	h->opts |= ATCP_OPT_TS;
	h->tsval = get_unaligned_be32(value);
	h->tsecr = get_unaligned_be32(value + 4);
}

static void read_sack(struct atcp_hdr *h, const u8 *value, u32 len)
{
	u32 i;

	h->opts |= ATCP_OPT_SACK;
	h->nsack = min_t(u32, len / LEN_SACK_BLOCK, ATCP_SACK_BLOCKS);
	for (i = 0; i < h->nsack; i++) {
		h->sack[i].start = get_unaligned_be32(value + i * LEN_SACK_BLOCK);
		h->sack[i].end = get_unaligned_be32(value + i * LEN_SACK_BLOCK + 4);
	}
}

/* One option that is not EOL or NOP; @len counts kind and length octets. */
static void read_option(struct atcp_hdr *h, u8 kind, const u8 *value, u32 len)
{
	switch (kind) {
	case KIND_MSS:
		if (len == LEN_MSS) {
			h->opts |= ATCP_OPT_MSS;
			h->mss = get_unaligned_be16(value);
		}
		break;
	case KIND_WSCALE:
		if (len == LEN_WSCALE) {
			h->opts |= ATCP_OPT_WSCALE;
			h->wscale = min_t(u8, value[0], ATCP_WSCALE_MAX);
		}
		break;
	case KIND_SACK_OK:
		if (len == LEN_SACK_OK)
			h->opts |= ATCP_OPT_SACK_OK;
		break;
	case KIND_SACK:
		if (len > LEN_SACK_BASE && !((len - LEN_SACK_BASE) % LEN_SACK_BLOCK))
			read_sack(h, value, len - LEN_SACK_BASE);
		break;
	case KIND_TS:
		if (len == LEN_TS)
			read_ts(h, value);
		break;
	}
}

static void read_options(struct atcp_hdr *h, const u8 *p, u32 left)
{
	while (left) {
		u32 len;

		if (p[0] == KIND_EOL)
			return;
		if (p[0] == KIND_NOP) {
			p++;
			left--;
			continue;
		}
		if (left < 2)
			return;
		len = p[1];
		if (len < 2 || len > left)	/* MUST-7 */
			return;
		read_option(h, p[0], p + 2, len);
		p += len;
		left -= len;
	}
}

bool atcp_hdr_read(struct atcp_hdr *h, const u8 *p, u32 len)
{
	u32 hlen;

	if (len < ATCP_HDR_MIN)
		return false;
	hlen = atcp_hdr_len(p);
	if (hlen < ATCP_HDR_MIN || hlen > len)
		return false;

	h->sport = get_unaligned_be16(p);
	h->dport = get_unaligned_be16(p + 2);
	h->seq = get_unaligned_be32(p + 4);
	h->ack = get_unaligned_be32(p + 8);
	h->hlen = hlen;
	h->flags = p[13];
	h->wnd = get_unaligned_be16(p + 14);
	h->up = get_unaligned_be16(p + 18);
	h->opts = 0;
	h->nsack = 0;

	if (hlen == ATCP_HDR_MIN + 12 && get_unaligned_be32(p + ATCP_HDR_MIN) == TS_ALIGNED)
		read_ts(h, p + ATCP_HDR_MIN + 4);
	else if (hlen > ATCP_HDR_MIN)
		read_options(h, p + ATCP_HDR_MIN, hlen - ATCP_HDR_MIN);
	return true;
}

u32 atcp_hdr_size(struct atcp_hdr *h)
{
	u32 left = ATCP_OPT_SPACE;

	if (h->opts) {
		if (h->opts & ATCP_OPT_MSS)
			left -= LEN_MSS;
		if (h->opts & ATCP_OPT_TS)
			left -= ATCP_TS_SPACE;
		else if (h->opts & ATCP_OPT_SACK_OK)
			left -= 4;
		if (h->opts & ATCP_OPT_WSCALE)
			left -= 4;
		if (h->opts & ATCP_OPT_SACK) {
			left -= 4;
			h->nsack = min_t(u32, h->nsack, left / LEN_SACK_BLOCK);
			left -= h->nsack * LEN_SACK_BLOCK;
		}
	}
	h->hlen = ATCP_HDR_MAX - left;
	return h->hlen;
}

static void write_options(const struct atcp_hdr *h, u8 *p)
{
	u32 i;

	if (h->opts & ATCP_OPT_MSS) {
		put_unaligned_be32((KIND_MSS << 24) | (LEN_MSS << 16) | h->mss, p);
		p += 4;
	}
	if (h->opts & ATCP_OPT_TS) {
		/* SACK-permitted takes the place of the padding. */
		if (h->opts & ATCP_OPT_SACK_OK)
			put_unaligned_be32((KIND_SACK_OK << 24) | (LEN_SACK_OK << 16) |
					   (KIND_TS << 8) | LEN_TS, p);
		else
			put_unaligned_be32(TS_ALIGNED, p);
		put_unaligned_be32(h->tsval, p + 4);
		put_unaligned_be32(h->tsecr, p + 8);
		p += 12;
	} else if (h->opts & ATCP_OPT_SACK_OK) {
		put_unaligned_be32((KIND_NOP << 24) | (KIND_NOP << 16) |
				   (KIND_SACK_OK << 8) | LEN_SACK_OK, p);
		p += 4;
	}
	if (h->opts & ATCP_OPT_WSCALE) {
		put_unaligned_be32((KIND_NOP << 24) | (KIND_WSCALE << 16) |
				   (LEN_WSCALE << 8) | h->wscale, p);
		p += 4;
	}
	if (h->opts & ATCP_OPT_SACK) {
		put_unaligned_be32((KIND_NOP << 24) | (KIND_NOP << 16) | (KIND_SACK << 8) |
				   (LEN_SACK_BASE + h->nsack * LEN_SACK_BLOCK), p);
		p += 4;
		for (i = 0; i < h->nsack; i++, p += LEN_SACK_BLOCK) {
			put_unaligned_be32(h->sack[i].start, p);
			put_unaligned_be32(h->sack[i].end, p + 4);
		}
	}
}

void atcp_hdr_write(const struct atcp_hdr *h, u8 *p)
{
	put_unaligned_be16(h->sport, p);
	put_unaligned_be16(h->dport, p + 2);
	put_unaligned_be32(h->seq, p + 4);
	put_unaligned_be32(h->flags & ATCP_ACK ? h->ack : 0, p + 8);
	put_unaligned_be16((h->hlen / 4) << 12 | h->flags, p + 12);
	put_unaligned_be16(h->wnd, p + 14);
	put_unaligned_be16(0, p + 16);
	put_unaligned_be16(h->flags & ATCP_URG ? h->up : 0, p + 18);
	if (h->opts)
		write_options(h, p + ATCP_HDR_MIN);
}
