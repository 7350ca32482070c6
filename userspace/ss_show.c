// SPDX-License-Identifier: GPL-2.0
/* How atcp-ss prints a socket: the columns of ss(8), then what its options ask for. */
#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"
#include "ss_cgroup.h"
#include "ss_owners.h"
#include "ss_show.h"

static const char *const state_names[] = {
	[TCP_ESTABLISHED] = "ESTAB", [TCP_SYN_SENT] = "SYN-SENT", [TCP_SYN_RECV] = "SYN-RECV",
	[TCP_FIN_WAIT1] = "FIN-WAIT-1", [TCP_FIN_WAIT2] = "FIN-WAIT-2",
	[TCP_TIME_WAIT] = "TIME-WAIT", [TCP_CLOSE] = "UNCONN", [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCP_LAST_ACK] = "LAST-ACK", [TCP_LISTEN] = "LISTEN", [TCP_CLOSING] = "CLOSING",
};

/* --- the two ends --- */

/*
 * The names of recent addresses: looking one up may take seconds.  An address has one place,
 * so that there are never more than these.
 */
#define NAMES	256

static const char *name_of(int family, const void *addr)
{
	static struct {
		int family;
		uint8_t addr[16];
		char name[NI_MAXHOST];
	} names[NAMES];
	struct sockaddr_storage sa = { .ss_family = family };
	size_t len = family == AF_INET ? 4 : 16, i, place = 0;

	if (len == 16 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)addr))
		return name_of(AF_INET, (const uint8_t *)addr + 12);
	for (i = 0; i < len; i++)
		place = place * 31 + ((const uint8_t *)addr)[i];
	place %= NAMES;
	if (names[place].family == family && !memcmp(names[place].addr, addr, len))
		return *names[place].name ? names[place].name : NULL;
	names[place].family = family;
	memcpy(names[place].addr, addr, len);
	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)&sa)->sin_addr, addr, len);
	else
		memcpy(&((struct sockaddr_in6 *)&sa)->sin6_addr, addr, len);
	if (getnameinfo((struct sockaddr *)&sa, family == AF_INET ? sizeof(struct sockaddr_in) :
			sizeof(struct sockaddr_in6), names[place].name, sizeof(names->name),
			NULL, 0, NI_NAMEREQD))
		*names[place].name = '\0';
	return *names[place].name ? names[place].name : NULL;
}

static void show_end(const struct ss_view *v, int family, const __be32 *addr, __be16 port,
		     unsigned int dev, bool left)
{
	static const uint8_t any[16];
	char ip[NI_MAXHOST], device[IF_NAMESIZE + 1] = "", number[64] = "*";
	char text[sizeof(ip) + sizeof(device) + sizeof(number) + 8];
	const char *name = NULL;
	struct servent *service = NULL;

	if (v->resolve && memcmp(addr, any, family == AF_INET ? 4 : 16))
		name = name_of(family, addr);
	if (!name)
		inet_ntop(family, addr, ip, sizeof(ip));
	if (port && v->resolve && !v->numeric)
		service = getservbyport(port, "tcp");
	if (service)
		snprintf(number, sizeof(number), "%s", service->s_name);
	else if (port)
		snprintf(number, sizeof(number), "%u", ntohs(port));
	if (dev && if_indextoname(dev, device + 1))
		*device = '%';
	snprintf(text, sizeof(text), family == AF_INET6 && !name ? "[%s]%s:%s" : "%s%s:%s",
		 name ?: ip, device, number);
	printf(left ? "%25s" : " %-25s", text);
}

/* --- what follows the columns --- */

static void show_rate(const struct ss_view *v, const char *name, uint64_t bytes_a_second)
{
	double bits = bytes_a_second * 8.0;
	const char *unit = "";

	if (v->numeric) {
		printf(" %s %.0fbps", name, bits);
		return;
	}
	if (bits >= 1e9)
		bits /= 1e9, unit = "G";
	else if (bits >= 1e6)
		bits /= 1e6, unit = "M";
	else if (bits >= 1e3)
		bits /= 1e3, unit = "k";
	printf(" %s %.3g%sbps", name, bits, unit);
}

#define NUMBER(name, value) do {				\
	unsigned long long number = (value);			\
								\
	if (number)						\
		printf(" " name ":%llu", number);		\
} while (0)

static void show_info(const struct ss_view *v, const struct tcp_info *i, const char *cc,
		      int state)
{
	fputs(v->oneline ? "" : "\n\t", stdout);
	if (i->tcpi_options & TCPI_OPT_TIMESTAMPS)
		printf(" ts");
	if (i->tcpi_options & TCPI_OPT_SACK)
		printf(" sack");
	if (cc)
		printf(" %s", cc);
	if (i->tcpi_options & TCPI_OPT_WSCALE)
		printf(" wscale:%d,%d", i->tcpi_snd_wscale, i->tcpi_rcv_wscale);
	if (state == TCP_LISTEN) {
		printf(" cwnd:%u", i->tcpi_snd_cwnd);
		return;
	}
	printf(" rto:%g", i->tcpi_rto / 1000.0);
	NUMBER("backoff", i->tcpi_backoff);
	if (i->tcpi_rtt)
		printf(" rtt:%g/%g", i->tcpi_rtt / 1000.0, i->tcpi_rttvar / 1000.0);
	if (i->tcpi_ato)
		printf(" ato:%g", i->tcpi_ato / 1000.0);
	NUMBER("mss", i->tcpi_snd_mss);
	NUMBER("pmtu", i->tcpi_pmtu);
	NUMBER("rcvmss", i->tcpi_rcv_mss);
	NUMBER("advmss", i->tcpi_advmss);
	printf(" cwnd:%u", i->tcpi_snd_cwnd);
	if (i->tcpi_snd_ssthresh < 0x7fffffff)
		NUMBER("ssthresh", i->tcpi_snd_ssthresh);
	NUMBER("bytes_acked", i->tcpi_bytes_acked);
	NUMBER("bytes_received", i->tcpi_bytes_received);
	NUMBER("segs_out", i->tcpi_segs_out);
	NUMBER("segs_in", i->tcpi_segs_in);
	NUMBER("data_segs_out", i->tcpi_data_segs_out);
	NUMBER("data_segs_in", i->tcpi_data_segs_in);
	if (i->tcpi_rtt)
		show_rate(v, "send", (uint64_t)i->tcpi_snd_cwnd * i->tcpi_snd_mss * 1000000 /
			  i->tcpi_rtt);
	printf(" lastsnd:%u lastrcv:%u lastack:%u", i->tcpi_last_data_sent,
	       i->tcpi_last_data_recv, i->tcpi_last_ack_recv);
	if (i->tcpi_pacing_rate && i->tcpi_pacing_rate != ~0ULL)
		show_rate(v, "pacing_rate", i->tcpi_pacing_rate);
	if (i->tcpi_delivery_rate)
		show_rate(v, "delivery_rate", i->tcpi_delivery_rate);
	NUMBER("unacked", i->tcpi_unacked);
	if (i->tcpi_retrans || i->tcpi_total_retrans)
		printf(" retrans:%u/%u", i->tcpi_retrans, i->tcpi_total_retrans);
	NUMBER("lost", i->tcpi_lost);
	NUMBER("notsent", i->tcpi_notsent_bytes);
	NUMBER("rcv_space", i->tcpi_rcv_space);
	NUMBER("rcv_ssthresh", i->tcpi_rcv_ssthresh);
	if (i->tcpi_min_rtt && i->tcpi_min_rtt != ~0U)
		printf(" minrtt:%g", i->tcpi_min_rtt / 1000.0);
}

static void show_timer(const struct inet_diag_msg *m)
{
	static const char *const names[] = { NULL, "on", "keepalive", "timewait", "persist" };

	if (m->idiag_timer && m->idiag_timer < sizeof(names) / sizeof(names[0]))
		printf(" timer:(%s,%.3gsec,%u)", names[m->idiag_timer],
		       m->idiag_expires / 1000.0, m->idiag_retrans);
}

static void show_memory(const struct ss_view *v, const struct nlattr *a)
{
	const uint32_t *mem = mnl_attr_get_payload(a);

	if (mnl_attr_get_payload_len(a) >= SK_MEMINFO_VARS * sizeof(*mem))
		printf("%s skmem:(r%u,rb%u,t%u,tb%u,f%u,w%u,o%u,bl%u,d%u)",
		       v->oneline ? "" : "\n\t", mem[SK_MEMINFO_RMEM_ALLOC],
		       mem[SK_MEMINFO_RCVBUF], mem[SK_MEMINFO_WMEM_ALLOC],
		       mem[SK_MEMINFO_SNDBUF], mem[SK_MEMINFO_FWD_ALLOC],
		       mem[SK_MEMINFO_WMEM_QUEUED], mem[SK_MEMINFO_OPTMEM],
		       mem[SK_MEMINFO_BACKLOG], mem[SK_MEMINFO_DROPS]);
}

static void show_extended(const struct ss_view *v, const struct inet_diag_msg *m,
			  const struct nlattr **attrs, const char *carrier)
{
	const struct nlattr *mark = attrs[INET_DIAG_MARK], *shut = attrs[INET_DIAG_SHUTDOWN];
	const struct nlattr *cgroup = attrs[INET_DIAG_CGROUP_ID];

	if (v->extended) {
		if (m->idiag_uid)
			printf(" uid:%u", m->idiag_uid);
		printf(" ino:%u sk:%llx", m->idiag_inode,
		       (unsigned long long)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0]);
	}
	if (v->extended || (v->held && m->idiag_state == TCP_LISTEN))
		printf(" carrier:%s", carrier);
	if (v->extended && mark && mnl_attr_get_u32(mark))
		printf(" fwmark:0x%x", mnl_attr_get_u32(mark));
	if ((v->extended || v->cgroup) && cgroup)
		printf(" cgroup:%s", ss_cgroup_path(mnl_attr_get_u64(cgroup)));
	if (v->extended && attrs[INET_DIAG_SKV6ONLY])
		printf(" v6only:%u", mnl_attr_get_u8(attrs[INET_DIAG_SKV6ONLY]));
	if (v->extended && shut)
		printf(" %c-%c", mnl_attr_get_u8(shut) & 1 ? '-' : '<',
		       mnl_attr_get_u8(shut) & 2 ? '-' : '>');
	if (v->tos && attrs[INET_DIAG_TOS])
		printf(" tos:%#x", mnl_attr_get_u8(attrs[INET_DIAG_TOS]));
	if (v->tos && attrs[INET_DIAG_TCLASS])
		printf(" tclass:%#x", mnl_attr_get_u8(attrs[INET_DIAG_TCLASS]));
}

void ss_show_header(const struct ss_view *v)
{
	if (v->netid)
		printf("%-5s ", "Netid");
	if (v->state)
		printf("%-10s ", "State");
	if (v->queues)
		printf("%-6s %-6s ", "Recv-Q", "Send-Q");
	printf("%25s %-25s%s\n", "Local Address:Port", "Peer Address:Port",
	       v->processes ? " Process" : "");
}

void ss_show(const struct ss_view *v, const struct inet_diag_msg *m, const struct nlattr **attrs,
	     bool kernel)
{
	const struct nlattr *a = attrs[INET_DIAG_PROTOCOL];
	const char *carrier = kernel ? "kernel" : a && mnl_attr_get_u8(a) == IPPROTO_TCP ?
			      "tcp" : "253";
	size_t states = sizeof(state_names) / sizeof(state_names[0]);

	if (v->netid)
		printf("%-5s ", kernel ? "tcp" : "atcp");
	if (v->state)
		printf("%-10s ", m->idiag_state < states && state_names[m->idiag_state] ?
		       state_names[m->idiag_state] : "UNCONN");
	if (v->queues)
		printf("%-6u %-6u ", m->idiag_rqueue, m->idiag_wqueue);
	show_end(v, m->idiag_family, m->id.idiag_src, m->id.idiag_sport, m->id.idiag_if, true);
	show_end(v, m->idiag_family, m->id.idiag_dst, m->id.idiag_dport, 0, false);
	if (v->processes)
		ss_owners_show(m->idiag_inode);
	if (v->timers)
		show_timer(m);
	show_extended(v, m, attrs, carrier);
	if (v->memory && attrs[INET_DIAG_SKMEMINFO])
		show_memory(v, attrs[INET_DIAG_SKMEMINFO]);
	if (v->info && attrs[INET_DIAG_INFO]) {
		struct tcp_info i = { 0 };
		size_t len = mnl_attr_get_payload_len(attrs[INET_DIAG_INFO]);

		memcpy(&i, mnl_attr_get_payload(attrs[INET_DIAG_INFO]),
		       len < sizeof(i) ? len : sizeof(i));
		show_info(v, &i, attrs[INET_DIAG_CONG] ?
			  mnl_attr_get_str(attrs[INET_DIAG_CONG]) : NULL, m->idiag_state);
	}
	putchar('\n');
}
