// SPDX-License-Identifier: GPL-2.0
/* Names of the numbers in programs and transcripts. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <linux/in6.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "oracle.h"
#include "peer.h"

struct name {
	enum kind kind;
	long level;		/* of K_OPT */
	long value;
	const char *name;
};

#define N(_kind, _value) { _kind, 0, _value, #_value }
#define V(_kind, _name, _value) { _kind, 0, _value, _name }
#define O(_level, _value) { K_OPT, _level, _value, #_value }

static const struct name names[] = {
	V(K_SIDE, "C", CLIENT), V(K_SIDE, "S", SERVER),
	V(K_ADDR, "C", A_CLIENT), V(K_ADDR, "S", A_SERVER),
	V(K_ADDR, "any", A_ANY), V(K_ADDR, "lo", A_LO),
	V(K_ADDR, "nobody", A_NOBODY), V(K_ADDR, "far", A_FAR),
	V(K_ADDR, "beyond", A_BEYOND),
	V(K_ADDR, "prohibited", A_PROHIBITED),
	V(K_ADDR, "unreachable", A_UNREACHABLE),
	V(K_ADDR, "broadcast", A_BROADCAST), V(K_ADDR, "limited", A_LIMITED),
	V(K_ADDR, "multicast", A_MULTICAST), V(K_ADDR, "unspec", A_UNSPEC),
	V(K_ADDR, "badfamily", A_BAD_FAMILY),
	V(K_ADDR, "otherfamily", A_OTHER_FAMILY),
	V(K_ADDR, "stackfamily", A_STACK_FAMILY),
	V(K_ADDR, "mappedC", A_MAPPED_CLIENT),
	V(K_ADDR, "mappedS", A_MAPPED_SERVER),
	V(K_ADDR, "mappedany", A_MAPPED_ANY),
	V(K_PROTO, "own", P_OWN), V(K_PROTO, "zero", P_ZERO),
	V(K_PROTO, "other", P_OTHER), V(K_PROTO, "bad", P_BAD),
	N(K_HOW, SHUT_RD), N(K_HOW, SHUT_WR), N(K_HOW, SHUT_RDWR),
	N(K_TYPE, SOCK_STREAM), N(K_TYPE, SOCK_DGRAM), N(K_TYPE, SOCK_RAW),
	N(K_TYPE, SOCK_SEQPACKET), N(K_TYPE, SOCK_NONBLOCK),
	N(K_TYPE, SOCK_CLOEXEC),
	N(K_LEN, DEFAULT_LEN),

	N(K_MSG, MSG_OOB), N(K_MSG, MSG_PEEK), N(K_MSG, MSG_DONTROUTE),
	N(K_MSG, MSG_CTRUNC), N(K_MSG, MSG_PROXY), N(K_MSG, MSG_TRUNC),
	N(K_MSG, MSG_DONTWAIT), N(K_MSG, MSG_EOR), N(K_MSG, MSG_WAITALL),
	N(K_MSG, MSG_FIN), N(K_MSG, MSG_SYN), N(K_MSG, MSG_CONFIRM),
	N(K_MSG, MSG_RST), N(K_MSG, MSG_ERRQUEUE), N(K_MSG, MSG_NOSIGNAL),
	N(K_MSG, MSG_MORE), N(K_MSG, MSG_WAITFORONE), N(K_MSG, MSG_BATCH),
	N(K_MSG, MSG_ZEROCOPY), N(K_MSG, MSG_FASTOPEN),
	N(K_MSG, MSG_CMSG_CLOEXEC),

	N(K_EVENTS, POLLIN), N(K_EVENTS, POLLOUT), N(K_EVENTS, POLLPRI),
	N(K_EVENTS, POLLERR), N(K_EVENTS, POLLHUP), N(K_EVENTS, POLLRDHUP),
	N(K_EVENTS, POLLRDNORM), N(K_EVENTS, POLLWRNORM),
	N(K_EVENTS, POLLRDBAND), N(K_EVENTS, POLLWRBAND), N(K_EVENTS, POLLNVAL),
	N(K_EVENTS, POLLMSG),

	V(K_SEGFLAGS, "FIN", 1), V(K_SEGFLAGS, "SYN", 2),
	V(K_SEGFLAGS, "RST", 4), V(K_SEGFLAGS, "PSH", 8),
	V(K_SEGFLAGS, "ACK", 16), V(K_SEGFLAGS, "URG", 32),

	V(K_SEGOPTS, "MSS", SEG_MSS), V(K_SEGOPTS, "SACK", SEG_SACK),
	V(K_SEGOPTS, "SCALE", SEG_SCALE), V(K_SEGOPTS, "TIME", SEG_TIME),
	V(K_SEGOPTS, "OLD", SEG_OLD), V(K_SEGOPTS, "NEW", SEG_NEW),
	V(K_SEGOPTS, "ECHO", SEG_ECHO), V(K_SEGOPTS, "BLOCK", SEG_BLOCK),
	V(K_SEGOPTS, "DSACK", SEG_DSACK), V(K_SEGOPTS, "NONE", SEG_NONE),
	V(K_FROM, "next", FROM_NEXT), V(K_FROM, "edge", FROM_EDGE),
	V(K_FROM, "acked", FROM_ACKED), V(K_FROM, "start", FROM_START),

	N(K_CMD, SIOCINQ), N(K_CMD, SIOCOUTQ), N(K_CMD, SIOCOUTQNSD),
	N(K_CMD, SIOCATMARK), N(K_CMD, SIOCGPGRP), N(K_CMD, SIOCSPGRP),
	N(K_CMD, FIOGETOWN), N(K_CMD, FIOSETOWN), N(K_CMD, SIOCGSTAMP_OLD),
	N(K_CMD, SIOCGSTAMPNS_OLD), N(K_CMD, SIOCADDRT), N(K_CMD, SIOCDELRT),
	N(K_CMD, SIOCGIFCONF), N(K_CMD, SIOCGIFADDR), N(K_CMD, SIOCGIFMTU),
	N(K_CMD, SIOCGIFINDEX), N(K_CMD, SIOCDARP), N(K_CMD, SIOCPROTOPRIVATE),
	N(K_CMD, SIOCDEVPRIVATE), N(K_CMD, FIONBIO), N(K_CMD, FIOASYNC),

	N(K_LEVEL, SOL_SOCKET), N(K_LEVEL, SOL_IP), N(K_LEVEL, SOL_TCP),
	N(K_LEVEL, SOL_UDP), N(K_LEVEL, SOL_IPV6), N(K_LEVEL, SOL_RAW),

	O(SOL_SOCKET, SO_DEBUG), O(SOL_SOCKET, SO_REUSEADDR),
	O(SOL_SOCKET, SO_TYPE), O(SOL_SOCKET, SO_ERROR),
	O(SOL_SOCKET, SO_DONTROUTE), O(SOL_SOCKET, SO_BROADCAST),
	O(SOL_SOCKET, SO_SNDBUF), O(SOL_SOCKET, SO_RCVBUF),
	O(SOL_SOCKET, SO_KEEPALIVE), O(SOL_SOCKET, SO_OOBINLINE),
	O(SOL_SOCKET, SO_NO_CHECK), O(SOL_SOCKET, SO_PRIORITY),
	O(SOL_SOCKET, SO_LINGER), O(SOL_SOCKET, SO_BSDCOMPAT),
	O(SOL_SOCKET, SO_REUSEPORT), O(SOL_SOCKET, SO_PASSCRED),
	O(SOL_SOCKET, SO_PEERCRED), O(SOL_SOCKET, SO_RCVLOWAT),
	O(SOL_SOCKET, SO_SNDLOWAT), O(SOL_SOCKET, SO_RCVTIMEO),
	O(SOL_SOCKET, SO_SNDTIMEO), O(SOL_SOCKET, SO_BINDTODEVICE),
	O(SOL_SOCKET, SO_ATTACH_FILTER), O(SOL_SOCKET, SO_DETACH_FILTER),
	O(SOL_SOCKET, SO_PEERNAME), O(SOL_SOCKET, SO_TIMESTAMP),
	O(SOL_SOCKET, SO_ACCEPTCONN), O(SOL_SOCKET, SO_PEERSEC),
	O(SOL_SOCKET, SO_SNDBUFFORCE), O(SOL_SOCKET, SO_RCVBUFFORCE),
	O(SOL_SOCKET, SO_PASSSEC), O(SOL_SOCKET, SO_TIMESTAMPNS),
	O(SOL_SOCKET, SO_MARK), O(SOL_SOCKET, SO_TIMESTAMPING),
	O(SOL_SOCKET, SO_PROTOCOL), O(SOL_SOCKET, SO_DOMAIN),
	O(SOL_SOCKET, SO_RXQ_OVFL), O(SOL_SOCKET, SO_WIFI_STATUS),
	O(SOL_SOCKET, SO_PEEK_OFF), O(SOL_SOCKET, SO_NOFCS),
	O(SOL_SOCKET, SO_LOCK_FILTER), O(SOL_SOCKET, SO_SELECT_ERR_QUEUE),
	O(SOL_SOCKET, SO_BUSY_POLL), O(SOL_SOCKET, SO_MAX_PACING_RATE),
	O(SOL_SOCKET, SO_BPF_EXTENSIONS), O(SOL_SOCKET, SO_INCOMING_CPU),
	O(SOL_SOCKET, SO_ATTACH_BPF), O(SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF),
	O(SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF), O(SOL_SOCKET, SO_CNX_ADVICE),
	O(SOL_SOCKET, SO_MEMINFO), O(SOL_SOCKET, SO_INCOMING_NAPI_ID),
	O(SOL_SOCKET, SO_COOKIE), O(SOL_SOCKET, SO_PEERGROUPS),
	O(SOL_SOCKET, SO_ZEROCOPY), O(SOL_SOCKET, SO_TXTIME),
	O(SOL_SOCKET, SO_BINDTOIFINDEX), O(SOL_SOCKET, SO_DETACH_REUSEPORT_BPF),
	O(SOL_SOCKET, SO_PREFER_BUSY_POLL), O(SOL_SOCKET, SO_BUSY_POLL_BUDGET),
	O(SOL_SOCKET, SO_NETNS_COOKIE), O(SOL_SOCKET, SO_BUF_LOCK),
	{ K_OPT, SOL_SOCKET, 73, "SO_RESERVE_MEM" },
	{ K_OPT, SOL_SOCKET, 74, "SO_TXREHASH" },
	{ K_OPT, SOL_SOCKET, 75, "SO_RCVMARK" },
	{ K_OPT, SOL_SOCKET, 76, "SO_PASSPIDFD" },
	{ K_OPT, SOL_SOCKET, 77, "SO_PEERPIDFD" },
	{ K_OPT, SOL_SOCKET, 80, "SO_DEVMEM_DONTNEED" },
	{ K_OPT, SOL_SOCKET, 82, "SO_RCVPRIORITY" },

	O(SOL_IP, IP_TOS), O(SOL_IP, IP_TTL), O(SOL_IP, IP_HDRINCL),
	O(SOL_IP, IP_OPTIONS), O(SOL_IP, IP_ROUTER_ALERT),
	O(SOL_IP, IP_RECVOPTS), O(SOL_IP, IP_RETOPTS), O(SOL_IP, IP_PKTINFO),
	O(SOL_IP, IP_PKTOPTIONS), O(SOL_IP, IP_MTU_DISCOVER),
	O(SOL_IP, IP_RECVERR), O(SOL_IP, IP_RECVTTL), O(SOL_IP, IP_RECVTOS),
	O(SOL_IP, IP_MTU), O(SOL_IP, IP_FREEBIND), O(SOL_IP, IP_IPSEC_POLICY),
	O(SOL_IP, IP_XFRM_POLICY), O(SOL_IP, IP_PASSSEC),
	O(SOL_IP, IP_TRANSPARENT), O(SOL_IP, IP_ORIGDSTADDR),
	O(SOL_IP, IP_MINTTL), O(SOL_IP, IP_NODEFRAG), O(SOL_IP, IP_CHECKSUM),
	O(SOL_IP, IP_BIND_ADDRESS_NO_PORT), O(SOL_IP, IP_MULTICAST_IF),
	O(SOL_IP, IP_MULTICAST_TTL), O(SOL_IP, IP_MULTICAST_LOOP),
	O(SOL_IP, IP_ADD_MEMBERSHIP), O(SOL_IP, IP_DROP_MEMBERSHIP),
	O(SOL_IP, IP_UNBLOCK_SOURCE), O(SOL_IP, IP_BLOCK_SOURCE),
	O(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP),
	O(SOL_IP, IP_DROP_SOURCE_MEMBERSHIP), O(SOL_IP, IP_MSFILTER),
	O(SOL_IP, IP_MULTICAST_ALL), O(SOL_IP, IP_UNICAST_IF),
	{ K_OPT, SOL_IP, 51, "IP_LOCAL_PORT_RANGE" },
	{ K_OPT, SOL_IP, 52, "IP_PROTOCOL" },
	{ K_OPT, SOL_IP, 80, "SO_ORIGINAL_DST" },

	O(SOL_IPV6, IPV6_ADDRFORM), O(SOL_IPV6, IPV6_2292PKTINFO),
	O(SOL_IPV6, IPV6_2292PKTOPTIONS), O(SOL_IPV6, IPV6_CHECKSUM),
	O(SOL_IPV6, IPV6_UNICAST_HOPS), O(SOL_IPV6, IPV6_MULTICAST_IF),
	O(SOL_IPV6, IPV6_MULTICAST_HOPS), O(SOL_IPV6, IPV6_MULTICAST_LOOP),
	O(SOL_IPV6, IPV6_ADD_MEMBERSHIP), O(SOL_IPV6, IPV6_DROP_MEMBERSHIP),
	O(SOL_IPV6, IPV6_ROUTER_ALERT), O(SOL_IPV6, IPV6_MTU_DISCOVER),
	O(SOL_IPV6, IPV6_MTU), O(SOL_IPV6, IPV6_RECVERR),
	O(SOL_IPV6, IPV6_V6ONLY), O(SOL_IPV6, IPV6_JOIN_ANYCAST),
	O(SOL_IPV6, IPV6_FLOWLABEL_MGR), O(SOL_IPV6, IPV6_FLOWINFO_SEND),
	O(SOL_IPV6, IPV6_RECVPKTINFO), O(SOL_IPV6, IPV6_PKTINFO),
	O(SOL_IPV6, IPV6_RECVHOPLIMIT), O(SOL_IPV6, IPV6_HOPLIMIT),
	O(SOL_IPV6, IPV6_RECVTCLASS), O(SOL_IPV6, IPV6_TCLASS),
	O(SOL_IPV6, IPV6_DONTFRAG), O(SOL_IPV6, IPV6_PATHMTU),
	O(SOL_IPV6, IPV6_AUTOFLOWLABEL), O(SOL_IPV6, IPV6_ADDR_PREFERENCES),
	O(SOL_IPV6, IPV6_MINHOPCOUNT), O(SOL_IPV6, IPV6_TRANSPARENT),
	O(SOL_IPV6, IPV6_UNICAST_IF), O(SOL_IPV6, IPV6_RECVERR_RFC4884),
	O(SOL_IPV6, IPV6_FREEBIND),
	{ K_OPT, SOL_IPV6, 80, "IP6T_SO_ORIGINAL_DST" },

	O(SOL_TCP, TCP_NODELAY), O(SOL_TCP, TCP_MAXSEG), O(SOL_TCP, TCP_CORK),
	O(SOL_TCP, TCP_KEEPIDLE), O(SOL_TCP, TCP_KEEPINTVL),
	O(SOL_TCP, TCP_KEEPCNT), O(SOL_TCP, TCP_SYNCNT),
	O(SOL_TCP, TCP_LINGER2), O(SOL_TCP, TCP_DEFER_ACCEPT),
	O(SOL_TCP, TCP_WINDOW_CLAMP), O(SOL_TCP, TCP_INFO),
	O(SOL_TCP, TCP_QUICKACK), O(SOL_TCP, TCP_CONGESTION),
	O(SOL_TCP, TCP_MD5SIG), O(SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS),
	O(SOL_TCP, TCP_THIN_DUPACK), O(SOL_TCP, TCP_USER_TIMEOUT),
	O(SOL_TCP, TCP_REPAIR), O(SOL_TCP, TCP_REPAIR_QUEUE),
	O(SOL_TCP, TCP_QUEUE_SEQ), O(SOL_TCP, TCP_REPAIR_OPTIONS),
	O(SOL_TCP, TCP_FASTOPEN), O(SOL_TCP, TCP_TIMESTAMP),
	O(SOL_TCP, TCP_NOTSENT_LOWAT), O(SOL_TCP, TCP_CC_INFO),
	O(SOL_TCP, TCP_SAVE_SYN), O(SOL_TCP, TCP_SAVED_SYN),
	O(SOL_TCP, TCP_REPAIR_WINDOW), O(SOL_TCP, TCP_FASTOPEN_CONNECT),
	O(SOL_TCP, TCP_ULP), O(SOL_TCP, TCP_MD5SIG_EXT),
	O(SOL_TCP, TCP_FASTOPEN_KEY), O(SOL_TCP, TCP_FASTOPEN_NO_COOKIE),
	O(SOL_TCP, TCP_ZEROCOPY_RECEIVE), O(SOL_TCP, TCP_INQ),
	O(SOL_TCP, TCP_TX_DELAY),
	{ K_OPT, SOL_TCP, 38, "TCP_AO_ADD_KEY" },
	{ K_OPT, SOL_TCP, 39, "TCP_AO_DEL_KEY" },
	{ K_OPT, SOL_TCP, 40, "TCP_AO_INFO" },
	{ K_OPT, SOL_TCP, 41, "TCP_AO_GET_KEYS" },
	{ K_OPT, SOL_TCP, 42, "TCP_AO_REPAIR" },
	{ K_OPT, SOL_TCP, 43, "TCP_IS_MPTCP" },
	{ K_OPT, SOL_TCP, 44, "TCP_RTO_MAX_MS" },
	{ K_OPT, SOL_TCP, 45, "TCP_RTO_MIN_US" },
	{ K_OPT, SOL_TCP, 46, "TCP_DELACK_MAX_US" },
};

#define NAMES	(sizeof(names) / sizeof(names[0]))

static bool is_flags(enum kind kind)
{
	return kind == K_MSG || kind == K_EVENTS || kind == K_SEGFLAGS ||
	       kind == K_SEGOPTS;
}

static bool value_of_one(enum kind kind, long level, const char *name,
			 long *value)
{
	char *end;
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (names[i].kind == kind && !strcmp(names[i].name, name) &&
		    (kind != K_OPT || names[i].level == level)) {
			*value = names[i].value;
			return true;
		}
	*value = strtoul(name, &end, 0);
	if (*name == '-')
		*value = strtol(name, &end, 0);
	return end != name && !*end;
}

bool names_value(enum kind kind, long level, const char *name, long *value)
{
	char buf[256], *part, *save = NULL;
	long one;

	snprintf(buf, sizeof(buf), "%s", name);
	*value = 0;
	for (part = strtok_r(buf, "|", &save); part;
	     part = strtok_r(NULL, "|", &save)) {
		if (!value_of_one(kind, level, part, &one))
			return false;
		*value |= one;
	}
	return true;
}

void names_text(enum kind kind, long level, long value, char *buf, size_t size)
{
	size_t i, len = 0;

	buf[0] = '\0';
	if (kind == K_NUM || (is_flags(kind) && !value)) {
		snprintf(buf, size, "%ld", value);
		return;
	}
	for (i = 0; i < NAMES; i++) {
		const struct name *n = &names[i];

		if (n->kind != kind || (kind == K_OPT && n->level != level))
			continue;
		if (is_flags(kind) ? (value & n->value) == n->value :
				     value == n->value) {
			len += snprintf(buf + len, size - len, "%s%s",
					len ? "|" : "", n->name);
			value &= is_flags(kind) ? ~n->value : 0;
			if (!is_flags(kind))
				return;
		}
	}
	if (value || !len)
		snprintf(buf + len, size - len, is_flags(kind) ? "%s0x%lx" : "%s%ld",
			 len ? "|" : "", value);
}

void events_text(unsigned int events, char *buf, size_t size)
{
	names_text(K_EVENTS, 0, events, buf, size);
}

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ?: "E?";
}

const char *state_name(int state)
{
	static const char *const text[] = {
		"?", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1",
		"FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT", "LAST-ACK",
		"LISTEN", "CLOSING",
	};

	return state < 0 || state > ST_CLOSING ? "?" : text[state];
}
