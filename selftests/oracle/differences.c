// SPDX-License-Identifier: GPL-2.0
/*
 * The known differences and their reasons; the table in the documents is printed from
 * here.  Each applies to the lines that its patterns match and no others; one that does
 * not occur any more fails the suite.  An entry without words belongs to the one above
 * it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "oracle.h"

/* A line about an option, either of getsockopt() or of setsockopt(). */
#define GOT(name, value)	"(now |set .*, now )?" name " " value
#define NEWER	"(TCP_IS_MPTCP|TCP_(RTO_MAX_M|RTO_MIN_U|DELACK_MAX_U)S|SO_PEEK_OFF)"
#define SEG			"wire [0-9]+ [<>] "

struct difference differences[] = {
	{
		.id = "types",
		.what = "`socket()` with a type other than `SOCK_STREAM`",
		.tcp = "other protocols' sockets",
		.atcp = "`ESOCKTNOSUPPORT`",
		.why = "the family is this one protocol's",
		.op = "socket . (SOCK_DGRAM|SOCK_RAW|SOCK_SEQPACKET|0|4|5|10|11)",
		.tcp_line = "= .*",
		.atcp_line = "= ESOCKTNOSUPPORT",
	},
	{
		.id = "protocol",
		.what = "`SO_PROTOCOL`",
		.tcp = "6",
		.atcp = "253",
		.why = "what the IP header has",
		.tcp_line = ".*SO_PROTOCOL 0 length [0-9]+ 0?6( 00)*",
		.atcp_line = ".*SO_PROTOCOL 0 length [0-9]+ (253|fd)( 00)*",
	},
	{
		.id = "window",
		.what = "the window in the SYN; in `TCP_INFO` also `rcv_ssthresh`, `snd_wnd`",
		.tcp = "a multiple of the MSS",
		.atcp = "65535",
		.why = "each reckons otherwise how much room data takes in a buffer",
		.tcp_line = SEG "window [0-9]+",
		.atcp_line = SEG "window [0-9]+",
	},
	{
		.id = "window-info",
		.op = "info",
		.tcp_line = "windows rcv ssthresh [0-9]+ snd wnd [0-9]+",
		.atcp_line = "windows rcv ssthresh [0-9]+ snd wnd [0-9]+",
	},
	{
		.id = "window-clamp",
		.what = "`TCP_WINDOW_CLAMP` where it was not set",
		.tcp = "what the window may grow to, changing with the connection",
		.atcp = "the same reckoned from its own buffer",
		.why = "as above",
		.op = "getall|get SOL_TCP TCP_WINDOW_CLAMP",
		.tcp_line = "TCP_WINDOW_CLAMP 0 length [0-9]+ [0-9a-f ]+",
		.atcp_line = "TCP_WINDOW_CLAMP 0 length [0-9]+ [0-9a-f ]+",
	},
	{
		.id = "closed-queue",
		.what = "`SIOCOUTQ`, `SIOCOUTQNSD` of a closed socket",
		.tcp = "what is left of sequence numbers",
		.atcp = "0",
		.why = "nothing is queued",
		.op = "ioctl (SIOCOUTQ|SIOCOUTQNSD)",
		.tcp_line = "value -?[0-9]+",
		.atcp_line = "value 0",
	},
	{
		.id = "closed-info",
		.what = "`TCP_INFO`, `TCP_MAXSEG` of a closed socket",
		.tcp = "what the last connection has left",
		.atcp = "what a new socket has, after `connect(AF_UNSPEC)`",
		.why = "there is no connection to tell of",
		.op = "info",
		.tcp_line = "past .*",
		.atcp_line = "past .*",
	},
	{
		.id = "syn-sent-cwnd",
		.what = "`tcpi_snd_cwnd` before the connection is there",
		.tcp = "10",
		.atcp = "the initial window of what the MSS is by then",
		.why = "RFC 6928; it is 10 segments when the peer has told its MSS",
		.op = "info",
		.tcp_line = "cwnd 10 ssthresh 2147483647",
		.atcp_line = "cwnd [24] ssthresh 2147483647",
		.rare = true,
	},
	{
		.id = "closed-mss",
		.op = "(get|set)all",
		.tcp_line = "(set TCP_MAXSEG .*, now )?TCP_MAXSEG 0 length 4 [0-9]+",
		.atcp_line = "(set TCP_MAXSEG .*, now )?TCP_MAXSEG 0 length 4 536",
	},
	{
		.id = "syn-retries",
		.what = "`TCP_SYNCNT` where it was not set",
		.tcp = "6: gives up after 131 s, before 6.5 after 127 s",
		.atcp = "7: after 251 s",
		.why = "RFC 9293 MUST-23: no less than 3 minutes",
		.tcp_line = ".*TCP_SYNCNT 0 length [0-9]+ 0?6( 00)*",
		.atcp_line = ".*TCP_SYNCNT 0 length [0-9]+ 0?7( 00)*",
	},
	{
		.id = "fast-open",
		.what = "`TCP_FASTOPEN`, `TCP_FASTOPEN_NO_COOKIE`, `TCP_FASTOPEN_KEY`",
		.tcp = "can be set",
		.atcp = "`EOPNOTSUPP`",
		.why = "no fast open yet",
		.tcp_line = "set TCP_FASTOPEN(_NO_COOKIE|_KEY)? done, .*",
		.atcp_line = "set TCP_FASTOPEN(_NO_COOKIE|_KEY)? EOPNOTSUPP, .*",
	},
	{
		.id = "repair",
		.what = "`TCP_REPAIR`",
		.tcp = "for who may",
		.atcp = "`EPERM`",
		.why = "no freezing and thawing of connections yet",
		.op = "SOL_TCP TCP_REPAIR",
		.tcp_line = "= 0|(now )?TCP_REPAIR 0 length 4 1",
		.atcp_line = "= EPERM|(now )?TCP_REPAIR 0 length 4 0",
	},
	{
		.id = "txrehash",
		.what = "`SO_TXREHASH`",
		.tcp = "can be set and got",
		.atcp = "cannot be got; nor set on 6.1",
		.why = "the kernel answers for its own TCP's sockets alone, and asks no protocol",
		.tcp_line = ".*SO_TXREHASH 0 length .*",
		.atcp_line = ".*SO_TXREHASH EOPNOTSUPP",
		.rare = true,		/* not in old kernels */
	},
	{
		.id = "devmem",
		.what = "`SO_DEVMEM_DONTNEED`",
		.tcp = "gives device memory back",
		.atcp = "`EBADF`",
		.why = "as above",
		.tcp_line = "set SO_DEVMEM_DONTNEED .*, now SO_DEVMEM_DONTNEED ENOPROTOOPT",
		.atcp_line = "set SO_DEVMEM_DONTNEED EBADF, now SO_DEVMEM_DONTNEED ENOPROTOOPT",
		.rare = true,
	},
	{
		.id = "original-dst",
		.what = "`SO_ORIGINAL_DST`",
		.tcp = "connection tracking's answer, `ENOENT` if it has none",
		.atcp = "`ENOPROTOOPT`",
		.why = "connection tracking answers for TCP and SCTP alone",
		.tcp_line = ".*SO_ORIGINAL_DST (ENOENT|EINVAL|0 .*)",
		.atcp_line = ".*SO_ORIGINAL_DST ENOPROTOOPT",
		.rare = true,		/* only where connection tracking is */
	},
	{
		.id = "ao",
		.what = "`TCP_AO_*`, where the kernel has TCP-AO",
		.tcp = "keys can be set",
		.atcp = "`ENOPROTOOPT`",
		.why = "no TCP-AO",
		.tcp_line = "(set TCP_AO_[A-Z_]+ [a-zA-Z0-9]+, now )?TCP_AO_[A-Z_]+ E[A-Z0-9]+",
		.atcp_line = "(set TCP_AO_[A-Z_]+ E[A-Z]+, now )?TCP_AO_[A-Z_]+ ENOPROTOOPT",
		.rare = true,
	},
	{
		.id = "older-tcp",
		.what = "on kernels before 7.2, options that their TCP did not have yet",
		.tcp = "`ENOPROTOOPT`, `EOPNOTSUPP`",
		.atcp = "as TCP of 7.2",
		.why = "atcp is the same on every kernel",
		.tcp_line = GOT(NEWER, "(ENOPROTOOPT|EOPNOTSUPP)"),
		.atcp_line = GOT(NEWER, "0 length .*"),
		.rare = true,
	},
	{
		.id = "older-clamp",
		.op = "set(all)? SOL_TCP .*4 -1",
		.tcp_line = ".*now TCP_WINDOW_CLAMP .*",
		.atcp_line = ".*now TCP_WINDOW_CLAMP .*",
		.rare = true,
	},
	{
		.id = "older-info",
		.op = "getall SOL_TCP 1000",
		.tcp_line = "TCP_INFO 0 length [0-9]+ .its own.",
		.atcp_line = "TCP_INFO 0 length [0-9]+ .its own.",
		.rare = true,
	},
	{
		.id = "older-delay",
		.tcp_line = "set TCP_TX_DELAY done, .*",
		.atcp_line = "set TCP_TX_DELAY EINVAL, .*",
		.rare = true,
	},
	{
		.id = "older-ack",
		.op = "inject . (PSH.)?ACK",
		.atcp_line = SEG "A [0-9]+ ack [0-9]+ length 0 time",
		.rare = true,
	},
	{
		.id = "zerocopy",
		.what = "`SO_ZEROCOPY` on 6.1",
		.tcp = "can be set",
		.atcp = "`EOPNOTSUPP`; `MSG_ZEROCOPY` works without it",
		.why = "that kernel takes it for protocols that it knows alone",
		.tcp_line = ".*SO_ZEROCOPY 0 length [0-9]+ [01 ]+",
		.atcp_line = ".*SO_ZEROCOPY 0 length [0-9]+ (01|1)[0 ]*",
		.rare = true,
	},
	{
		.id = "md5",
		.what = "`TCP_MD5SIG`, `TCP_MD5SIG_EXT`",
		.tcp = "keys can be set",
		.atcp = "`ENOPROTOOPT`",
		.why = "no MD5 signatures",
		.tcp_line = "set TCP_MD5SIG(_EXT)? E[A-Z]+, now .*",
		.atcp_line = "set TCP_MD5SIG(_EXT)? ENOPROTOOPT, now .*",
		.rare = true,
	},
	{
		.id = "dupack-first",
		.what = "an ACK that reports a gap, when there is data to send",
		.tcp = "rides on the data",
		.atcp = "goes before it",
		.why = "RFC 5681 section 2: with data it counts for no duplicate",
		.op = "inject",
		.atcp_line = SEG "A [0-9]+ ack [0-9]+ length 0 time has .*",
		.rare = true,
	},
	{
		.id = "urgent-and-reset",
		.what = "urgent data for a socket that is shut both ways",
		.tcp = "`POLLPRI` besides the reset's bits",
		.atcp = "the reset's bits",
		.why = "data that is refused is not looked at",
		.tcp_line = "[0-9]: (edge|CLOSED) .*POLLPRI\\|(POLLERR\\|)?POLLHUP.*",
		.atcp_line = "[0-9]: (edge|CLOSED) .*(POLLERR\\|)?POLLHUP.*",
		.rare = true,
	},
	{
		.id = "reset-of-the-fin",
		.what = "a reset with the number of the FIN before it",
		.tcp = "resets, for Mac OS sends them",
		.atcp = "is dropped",
		.why = "RFC 5961 section 3: RCV.NXT alone resets",
		.op = "inject . RST(.ACK)? -1",
		.tcp_line = "[0-9]: .*",
		.rare = true,
	},
	{
		.id = "sack-on-data",
		.what = "SACK blocks on full segments of data",
		.tcp = "in every one, which is cut shorter",
		.atcp = "in an ACK of their own",
		.why = "the segments keep their length",
		.tcp_line = SEG "A?P? .* length [0-9]{4,} time has .*",
		.atcp_line = SEG "A?P? .* length [0-9]{4,} time",
		.rare = true,
	},
	{
		.id = "ttl-of-resets",
		.what = "`IP_TTL` in a reset that answers a segment",
		.tcp = "the namespace's",
		.atcp = "the socket's",
		.why = "it is the socket's answer",
		.tcp_line = SEG "R [0-9]+ ack 0 length 0.*",
		.atcp_line = SEG "R [0-9]+ ack 0 length 0.* ttl [0-9]+",
		.rare = true,
	},
	{
		.id = "icmp-in-connect",
		.what = "an ICMP error for the SYN that comes while `connect()` has the socket",
		.tcp = "does not end the attempt",
		.atcp = "ends it as soon as the call lets go",
		.why = "RFC 1122 section 4.2.3.9; over a fast link it always comes then",
		.op = "connect beyond",
		.tcp_line = "= blocked|[0-9]: .*",
		.atcp_line = "= E(NET|HOST)UNREACH|[0-9]: .*",
		.rare = true,		/* on a busy machine it comes later */
	},
	{
		.id = "icmp-in-connect-tcp",
		.op = "connect beyond",
		.tcp_line = "[0-9]: (edge|SYN-SENT|in) .*",
		.rare = true,
	},
	{
		.id = "icmp-in-connect-atcp",
		.op = "connect beyond",
		.atcp_line = "[0-9]: (edge|CLOSED|in) .*",
		.rare = true,
	},
	{
		/* No line distinguishes it: random programs that meet it are left out. */
		.id = "more-and-data",
		.what = "what `MSG_MORE` holds, when data arrives that acknowledges nothing",
		.tcp = "goes, or waits if header prediction has taken the segment",
		.atcp = "goes with the answer",
		.why = "TCP looks at its queue on one of its two paths",
		.rare = true,
	},
	{
		.id = "syn-to-time-wait",
		.what = "a new connection's SYN to TIME-WAIT where nobody listens",
		.tcp = "has an ACK for an answer, and gets in after the reset that follows",
		.atcp = "is refused, and TIME-WAIT stays, but as TCP on the wire",
		.why = "its sender learns at once what it would after two minutes",
		.op = "inject . SYN .*",
		.tcp_line = SEG "R 0 ack 0 length 0",
		.atcp_line = SEG "AR 0 ack 0 length 0",
	},
	{
		.id = "syn-to-time-wait-tcp",
		.op = "inject . SYN .*",
		.tcp_line = SEG "A 0 ack 0 length 0 time",
	},
	{
		.id = "fin-wait-2-rst-inside",
		.what = "a reset to FIN-WAIT-2 of a closed socket, in the window",
		.tcp = "ends it",
		.atcp = "is answered by a challenge ACK unless it is exactly next",
		.why = "RFC 5961 section 3",
		.op = "inject . RST",
		.atcp_line = SEG "A [0-9]+ ack [0-9]+ length 0 time",
		.rare = true,
	},
	{
		.id = "fin-wait-2-rst",
		.what = "the same, outside of the window",
		.tcp = "is answered by an ACK",
		.atcp = "is dropped",
		.why = "RFC 9293 section 3.10.7.4: an unacceptable reset has no answer",
		.op = "inject . RST",
		.tcp_line = SEG "A [0-9]+ ack [0-9]+ length 0 time",
		.rare = true,
	},
};

const unsigned int differences_count = sizeof(differences) / sizeof(differences[0]);

void differences_begin(void)
{
	unsigned int count = differences_count + differences_peer_count, i;
	unsigned int *hits = mmap(NULL, count * sizeof(*hits), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (hits == MAP_FAILED)
		net_die("out of memory");
	for (i = 0; i < count; i++)
		difference_at(i)->hits = &hits[i];
}

struct difference *difference_at(unsigned int i)
{
	return i < differences_count ? &differences[i] : &differences_peer[i - differences_count];
}

void differences_print(void)
{
	unsigned int i;

	printf("| what | TCP | atcp | why |\n| --- | --- | --- | --- |\n");
	for (i = 0; i < differences_count + differences_peer_count; i++) {
		const struct difference *d = difference_at(i);

		if (d->what)
			printf("| %s | %s | %s | %s |\n", d->what, d->tcp, d->atcp,
			       d->why);
	}
}
