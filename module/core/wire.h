/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP header and its options as a structure in host byte order
 * (RFC 9293 section 3.1; RFC 7323 sections 2 and 3; RFC 2018).
 */
#ifndef _ATCP_CORE_WIRE_H
#define _ATCP_CORE_WIRE_H

#include "core/host.h"

/* The eight control bits, as in the 14th octet of the header. */
#define ATCP_FIN	0x01
#define ATCP_SYN	0x02
#define ATCP_RST	0x04
#define ATCP_PSH	0x08
#define ATCP_ACK	0x10
#define ATCP_URG	0x20
#define ATCP_ECE	0x40
#define ATCP_CWR	0x80

#define ATCP_HDR_MIN	20	/* bytes, without options */
#define ATCP_HDR_MAX	60
#define ATCP_OPT_SPACE	(ATCP_HDR_MAX - ATCP_HDR_MIN)	/* the budget of all options */

/* Options present, in atcp_hdr.opts. */
#define ATCP_OPT_MSS		0x01
#define ATCP_OPT_WSCALE		0x02
#define ATCP_OPT_TS		0x04
#define ATCP_OPT_SACK_OK	0x08
#define ATCP_OPT_SACK		0x10

#define ATCP_WSCALE_MAX		14	/* RFC 7323 section 2.3 */
#define ATCP_SACK_BLOCKS	4
#define ATCP_TS_SPACE		12	/* the timestamp option, padded */
#define ATCP_MSS_DEFAULT	536	/* RFC 9293 section 3.7.1, IPv4 */
#define ATCP_MSS_MIN		88	/* the least that TCP_MAXSEG takes, as in Linux */
#define ATCP_MSS_DEFAULT6	1220	/* and IPv6 */

struct atcp_sack_block {
	u32 start;		/* first sequence number of the block */
	u32 end;		/* one past the last */
};

/**
 * struct atcp_hdr - one segment's header
 * @sport:	source port
 * @dport:	destination port
 * @seq:	SEG.SEQ
 * @ack:	SEG.ACK, meaningful when @flags has ATCP_ACK
 * @wnd:	the window field as it stands on the wire, not scaled
 * @up:		SEG.UP, the urgent pointer field
 * @flags:	control bits: the eight above; there is room for the four that are reserved
 * @hlen:	header length in bytes, options included (set by both directions)
 * @opts:	which of the following fields are meaningful
 * @wscale:	shift count; values above 14 are read as 14
 * @mss:	the peer's maximum segment size option
 * @nsack:	number of @sack blocks
 * @tsval:	TSval
 * @tsecr:	TSecr
 * @sack:	blocks, in the order of the wire
 */
struct atcp_hdr {
	u16 sport;
	u16 dport;
	u32 seq;
	u32 ack;
	u16 wnd;
	u16 up;
	u16 flags;
	u16 opts;
	u8 hlen;
	u8 wscale;
	u16 mss;
	u8 nsack;
	u32 tsval;
	u32 tsecr;
	struct atcp_sack_block sack[ATCP_SACK_BLOCKS];
};

/**
 * atcp_hdr_len() - length of the header that @p starts
 * @p:		at least ATCP_HDR_MIN readable bytes
 *
 * Return: bytes, a multiple of 4; below ATCP_HDR_MIN for an impossible data
 * offset, which the caller must refuse.
 */
static inline u32 atcp_hdr_len(const u8 *p)
{
	return (p[12] >> 4) * 4;
}

/**
 * atcp_hdr_read() - decode a header
 * @h:		out
 * @p:		the header
 * @len:	readable bytes at @p; need not exceed the header
 *
 * Unknown options are skipped, options of an impossible length end the list
 * (RFC 9293 MUST-6, MUST-7, MUST-68); neither makes the segment unacceptable.
 *
 * Return: false when the data offset is impossible or exceeds @len: drop it.
 */
bool atcp_hdr_read(struct atcp_hdr *h, const u8 *p, u32 len);

/**
 * atcp_hdr_size() - bytes that atcp_hdr_write() would write, sets h->hlen
 * @h:		in: flags, opts, nsack; out: hlen, and nsack: as many blocks as fit
 *
 * The options share ATCP_OPT_SPACE.  SACK comes last, and takes what the others leave.
 */
u32 atcp_hdr_size(struct atcp_hdr *h);

/**
 * atcp_hdr_write() - encode a header that atcp_hdr_size() was called for
 * @h:		all fields
 * @p:		h->hlen writable bytes; the checksum field is left zero
 */
void atcp_hdr_write(const struct atcp_hdr *h, u8 *p);

#endif /* _ATCP_CORE_WIRE_H */
