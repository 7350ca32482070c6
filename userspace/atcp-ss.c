// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-ss: lists atcp's sockets as ss(8) does the kernel's, through sock_diag (libmnl).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../module/uapi/atcp.h"
#include "family.h"

/* The states, with the kernel's numbers. */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	STATES
};

#define ALL		(((1U << STATES) - 1) & ~1U)
#define BIT(state)	(1U << (state))
#define WAITING		(BIT(TCP_SYN_RECV) | BIT(TCP_TIME_WAIT))
#define CONNECTED	(ALL & ~(BIT(TCP_LISTEN) | BIT(TCP_CLOSE)))

static bool info, memory, processes, timers, extended, kill_them, no_head;
static int families;		/* AF_UNSPEC: both */
static int carrier;		/* 0: both */
static unsigned int states = CONNECTED & ~WAITING;
static struct {
	uint16_t sport, dport;	/* 0: any */
	struct in6_addr src, dst;	/* mapped if IPv4 */
	bool has_src, has_dst;
} filter;

static void __attribute__((noreturn)) usage(int status)
{
	fputs("usage: atcp-ss [OPTION]... [state STATE] [sport = :PORT] [dport = :PORT]\n"
	      "               [src ADDRESS] [dst ADDRESS]\n"
	      "Shows the sockets of atcp, by default connections.\n"
	      "  -a, --all        also listening sockets, SYN-RECEIVED and TIME-WAIT\n"
	      "  -l, --listening  only listening sockets\n"
	      "  -4, --ipv4       only AF_INET;  -6, --ipv6  only AF_INET6\n"
	      "  -c, --carrier=253|tcp   only sockets of this carrier\n"
	      "  -i, --info       show TCP_INFO\n"
	      "  -m, --memory     show the memory of buffers\n"
	      "  -o, --options    show timers\n"
	      "  -e, --extended   show user, inode, cookie, carrier\n"
	      "  -p, --processes  show the processes that have the socket\n"
	      "  -n, --numeric    (always)      -t, --tcp   (always)\n"
	      "  -H, --no-header  show no heading\n"
	      "  -K, --kill       end each socket that is shown, by a reset\n"
	      "STATE: established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed\n"
	      "       close-wait last-ack listening closing; all connected synchronized\n",
	      status ? stderr : stdout);
	exit(status);
}

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("atcp-ss: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(1);
}

static const char *const state_names[STATES] = {
	[TCP_ESTABLISHED] = "ESTAB", [TCP_SYN_SENT] = "SYN-SENT", [TCP_SYN_RECV] = "SYN-RECV",
	[TCP_FIN_WAIT1] = "FIN-WAIT-1", [TCP_FIN_WAIT2] = "FIN-WAIT-2",
	[TCP_TIME_WAIT] = "TIME-WAIT", [TCP_CLOSE] = "UNCONN", [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCP_LAST_ACK] = "LAST-ACK", [TCP_LISTEN] = "LISTEN", [TCP_CLOSING] = "CLOSING",
};

static unsigned int states_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned int states;
	} words[] = {
		{ "established", BIT(TCP_ESTABLISHED) }, { "syn-sent", BIT(TCP_SYN_SENT) },
		{ "syn-recv", BIT(TCP_SYN_RECV) }, { "fin-wait-1", BIT(TCP_FIN_WAIT1) },
		{ "fin-wait-2", BIT(TCP_FIN_WAIT2) }, { "time-wait", BIT(TCP_TIME_WAIT) },
		{ "closed", BIT(TCP_CLOSE) }, { "close-wait", BIT(TCP_CLOSE_WAIT) },
		{ "last-ack", BIT(TCP_LAST_ACK) }, { "listening", BIT(TCP_LISTEN) },
		{ "closing", BIT(TCP_CLOSING) }, { "all", ALL }, { "connected", CONNECTED },
		{ "synchronized", CONNECTED & ~BIT(TCP_SYN_SENT) },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(name, words[i].name))
			return words[i].states;
	fprintf(stderr, "atcp-ss: no state %s\n", name);
	usage(2);
}

/* --- processes that have a socket --- */

struct owner {
	unsigned int inode;
	int pid, fd;
	char name[16];
};

static struct owner *owners;
static size_t owner_count;

static void add_owner(int pid, const char *fd, const char *name)
{
	char path[300], to[64];
	unsigned int inode;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, fd);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return;
	to[n] = '\0';
	if (sscanf(to, "socket:[%u]", &inode) != 1)
		return;
	if (!(owner_count & (owner_count - 1))) {
		owners = realloc(owners, (owner_count ? owner_count * 2 : 1) * sizeof(*owners));
		if (!owners)
			die("out of memory");
	}
	owners[owner_count] = (struct owner){ .inode = inode, .pid = pid, .fd = atoi(fd) };
	snprintf(owners[owner_count++].name, sizeof(owners->name), "%s", name);
}

static void find_owners(void)
{
	DIR *proc = opendir("/proc"), *fds;
	struct dirent *p, *d;
	char path[64], name[32];
	FILE *f;

	while (proc && (p = readdir(proc))) {
		int pid = atoi(p->d_name);

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (!fgets(name, sizeof(name), f))
			name[0] = '\0';
		fclose(f);
		name[strcspn(name, "\n")] = '\0';
		snprintf(path, sizeof(path), "/proc/%d/fd", pid);
		fds = opendir(path);
		while (fds && (d = readdir(fds)))
			if (isdigit((unsigned char)d->d_name[0]))
				add_owner(pid, d->d_name, name);
		if (fds)
			closedir(fds);
	}
	if (proc)
		closedir(proc);
}

static void show_owners(unsigned int inode)
{
	const char *before = " users:(";
	size_t i;

	for (i = 0; inode && i < owner_count; i++) {
		if (owners[i].inode != inode)
			continue;
		printf("%s(\"%s\",pid=%d,fd=%d)", before, owners[i].name, owners[i].pid,
		       owners[i].fd);
		before = ",";
	}
	if (*before == ',')
		putchar(')');
}

/* --- one socket --- */

static struct in6_addr address(int family, const __be32 *words)
{
	struct in6_addr a = { 0 };

	if (family == AF_INET6) {
		memcpy(&a, words, sizeof(a));
	} else {
		a.s6_addr[10] = 0xff;
		a.s6_addr[11] = 0xff;
		memcpy(&a.s6_addr[12], words, 4);
	}
	return a;
}

static bool wanted(const struct inet_diag_msg *m)
{
	struct in6_addr src = address(m->idiag_family, m->id.idiag_src);
	struct in6_addr dst = address(m->idiag_family, m->id.idiag_dst);

	return (!filter.has_src || !memcmp(&filter.src, &src, sizeof(src))) &&
	       (!filter.has_dst || !memcmp(&filter.dst, &dst, sizeof(dst)));
}

static void show_end(int family, const __be32 *words, __be16 port, bool left)
{
	char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16], number[8] = "*";

	inet_ntop(family, words, ip, sizeof(ip));
	if (port)
		snprintf(number, sizeof(number), "%u", ntohs(port));
	snprintf(text, sizeof(text), family == AF_INET6 ? "[%s]:%s" : "%s:%s", ip, number);
	printf(left ? " %25s" : " %-25s", text);
}

static void show_rate(const char *name, uint64_t bytes_a_second)
{
	double bits = bytes_a_second * 8.0;
	const char *unit = "";

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

static void show_info(const struct tcp_info *i, const char *cc, int state)
{
	printf("\n\t");
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
		show_rate("send", (uint64_t)i->tcpi_snd_cwnd * i->tcpi_snd_mss * 1000000 /
			  i->tcpi_rtt);
	printf(" lastsnd:%u lastrcv:%u lastack:%u", i->tcpi_last_data_sent,
	       i->tcpi_last_data_recv, i->tcpi_last_ack_recv);
	if (i->tcpi_pacing_rate && i->tcpi_pacing_rate != ~0ULL)
		show_rate("pacing_rate", i->tcpi_pacing_rate);
	if (i->tcpi_delivery_rate)
		show_rate("delivery_rate", i->tcpi_delivery_rate);
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

static void show_memory(const struct nlattr *a)
{
	const uint32_t *v = mnl_attr_get_payload(a);

	if (mnl_attr_get_payload_len(a) >= SK_MEMINFO_VARS * sizeof(*v))
		printf("\n\t skmem:(r%u,rb%u,t%u,tb%u,f%u,w%u,o%u,bl%u,d%u)",
		       v[SK_MEMINFO_RMEM_ALLOC], v[SK_MEMINFO_RCVBUF], v[SK_MEMINFO_WMEM_ALLOC],
		       v[SK_MEMINFO_SNDBUF], v[SK_MEMINFO_FWD_ALLOC],
		       v[SK_MEMINFO_WMEM_QUEUED], v[SK_MEMINFO_OPTMEM], v[SK_MEMINFO_BACKLOG],
		       v[SK_MEMINFO_DROPS]);
}

static int note_attribute(const struct nlattr *a, void *arg)
{
	const struct nlattr **attrs = arg;
	int type = mnl_attr_get_type(a);

	if (type <= INET_DIAG_MAX)
		attrs[type] = a;
	return MNL_CB_OK;
}

static void show(const struct inet_diag_msg *m, const struct nlattr **attrs)
{
	const struct nlattr *a = attrs[INET_DIAG_PROTOCOL];
	int proto = a ? mnl_attr_get_u8(a) : 0;

	printf("%-10s %-6u %-6u", m->idiag_state < STATES && state_names[m->idiag_state] ?
	       state_names[m->idiag_state] : "?", m->idiag_rqueue, m->idiag_wqueue);
	show_end(m->idiag_family, m->id.idiag_src, m->id.idiag_sport, true);
	show_end(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport, false);
	if (processes)
		show_owners(m->idiag_inode);
	if (timers)
		show_timer(m);
	if (extended) {
		if (m->idiag_uid)
			printf(" uid:%u", m->idiag_uid);
		printf(" ino:%u sk:%llx carrier:%s", m->idiag_inode,
		       (unsigned long long)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0],
		       proto == IPPROTO_TCP ? "tcp" : "253");
		if (attrs[INET_DIAG_MARK] && mnl_attr_get_u32(attrs[INET_DIAG_MARK]))
			printf(" fwmark:0x%x", mnl_attr_get_u32(attrs[INET_DIAG_MARK]));
		if (attrs[INET_DIAG_SKV6ONLY])
			printf(" v6only:%u", mnl_attr_get_u8(attrs[INET_DIAG_SKV6ONLY]));
	}
	if (memory && attrs[INET_DIAG_SKMEMINFO])
		show_memory(attrs[INET_DIAG_SKMEMINFO]);
	if (info && attrs[INET_DIAG_INFO]) {
		struct tcp_info i = { 0 };
		size_t len = mnl_attr_get_payload_len(attrs[INET_DIAG_INFO]);

		memcpy(&i, mnl_attr_get_payload(attrs[INET_DIAG_INFO]),
		       len < sizeof(i) ? len : sizeof(i));
		show_info(&i, attrs[INET_DIAG_CONG] ?
			  mnl_attr_get_str(attrs[INET_DIAG_CONG]) : NULL, m->idiag_state);
	}
	putchar('\n');
}

/* --- requests --- */

/* The sockets that --kill ends, after all have been listed. */
static struct inet_diag_req_v2 *kills;
static size_t kill_count;

static void add_kill(const struct inet_diag_msg *m, int proto, int family)
{
	if (!(kill_count & (kill_count - 1))) {
		kills = realloc(kills, (kill_count ? kill_count * 2 : 1) * sizeof(*kills));
		if (!kills)
			die("out of memory");
	}
	kills[kill_count++] = (struct inet_diag_req_v2){
		.sdiag_family = family,
		.sdiag_protocol = proto,
		.pad = m->idiag_family,
		.id = m->id,
	};
}

static int on_socket(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[INET_DIAG_MAX + 1] = { NULL };
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);

	if (!wanted(m))
		return MNL_CB_OK;
	mnl_attr_parse(h, sizeof(*m), note_attribute, attrs);
	show(m, attrs);
	if (kill_them && attrs[INET_DIAG_PROTOCOL])
		add_kill(m, mnl_attr_get_u8(attrs[INET_DIAG_PROTOCOL]), *(int *)arg);
	return MNL_CB_OK;
}

static void request(struct mnl_socket *nl, int type, int flags,
		    const struct inet_diag_req_v2 *req, int family)
{
	static unsigned int seq;
	char buf[1 << 16];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	ssize_t n;
	int ret;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = ++seq;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*req)), req, sizeof(*req));
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		die("sock_diag: %s", strerror(errno));
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		ret = n < 0 ? -1 : mnl_cb_run(buf, n, seq, mnl_socket_get_portid(nl), on_socket,
					      &family);
	} while (ret == MNL_CB_OK);
	/* A socket that has ended by itself meanwhile is no error. */
	if (ret < 0 && !(type == SOCK_DESTROY && errno == ENOENT))
		die("sock_diag: %s", strerror(errno));
}

/* --- arguments --- */

static uint16_t port_of(const char *text)
{
	char *end;
	long n;

	if (*text == ':')
		text++;
	n = strtol(text, &end, 10);
	if (!*text || *end || n < 1 || n > 65535) {
		fprintf(stderr, "atcp-ss: no port %s\n", text);
		usage(2);
	}
	return htons(n);
}

static struct in6_addr address_of(const char *text)
{
	struct in6_addr a6;
	__be32 a4;

	if (inet_pton(AF_INET6, text, &a6) == 1)
		return a6;
	if (inet_pton(AF_INET, text, &a4) == 1)
		return address(AF_INET, &a4);
	fprintf(stderr, "atcp-ss: no address %s\n", text);
	usage(2);
}

/* Filters such as "state S", "sport = :P", "src A", in a row, with or without "and". */
static void parse_filter(char **w)
{
	unsigned int named = 0;

	for (; *w; w++) {
		const char *what = *w;

		if (!strcmp(what, "and"))
			continue;
		if (!*++w)
			usage(2);
		if (**w == '=' && !(*w)[strspn(*w, "=")] && !*++w)
			usage(2);
		if (!strcmp(what, "state"))
			named |= states_of(*w);
		else if (!strcmp(what, "exclude"))
			named |= ALL & ~states_of(*w);
		else if (!strcmp(what, "sport"))
			filter.sport = port_of(*w);
		else if (!strcmp(what, "dport"))
			filter.dport = port_of(*w);
		else if (!strcmp(what, "src"))
			filter.src = address_of(*w), filter.has_src = true;
		else if (!strcmp(what, "dst"))
			filter.dst = address_of(*w), filter.has_dst = true;
		else
			usage(2);
	}
	if (named)
		states = named;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' }, { "listening", no_argument, NULL, 'l' },
		{ "ipv4", no_argument, NULL, '4' }, { "ipv6", no_argument, NULL, '6' },
		{ "carrier", required_argument, NULL, 'c' }, { "info", no_argument, NULL, 'i' },
		{ "memory", no_argument, NULL, 'm' }, { "options", no_argument, NULL, 'o' },
		{ "extended", no_argument, NULL, 'e' }, { "processes", no_argument, NULL, 'p' },
		{ "numeric", no_argument, NULL, 'n' }, { "tcp", no_argument, NULL, 't' },
		{ "no-header", no_argument, NULL, 'H' }, { "kill", no_argument, NULL, 'K' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "al46c:imoepntHKh", options, NULL)) >= 0) {
		switch (opt) {
		case 'a':
			states = ALL;
			break;
		case 'l':
			states = BIT(TCP_LISTEN);
			break;
		case '4':
			families = AF_INET;
			break;
		case '6':
			families = AF_INET6;
			break;
		case 'c':
			carrier = !strcmp(optarg, "tcp") ? IPPROTO_TCP :
				  !strcmp(optarg, "253") ? IPPROTO_ATCP : -1;
			if (carrier < 0)
				usage(2);
			break;
		case 'i':
			info = true;
			break;
		case 'm':
			memory = true;
			break;
		case 'o':
			timers = true;
			break;
		case 'e':
			extended = true;
			break;
		case 'p':
			processes = true;
			break;
		case 'n':
		case 't':
			break;
		case 'H':
			no_head = true;
			break;
		case 'K':
			kill_them = true;
			break;
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	parse_filter(argv + optind);
}

int main(int argc, char **argv)
{
	struct inet_diag_req_v2 req = { 0 };
	struct mnl_socket *nl;
	int family;
	size_t i;

	parse(argc, argv);
	family = atcp_loaded_family();
	if (family < 0)
		die("atcp is not loaded");
	if (processes)
		find_owners();
	nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("sock_diag: %s", strerror(errno));
	req.sdiag_family = family;
	req.sdiag_protocol = carrier;
	req.pad = families;
	req.idiag_states = states;
	req.id.idiag_sport = filter.sport;
	req.id.idiag_dport = filter.dport;
	if (info)
		req.idiag_ext |= 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
	if (memory)
		req.idiag_ext |= 1 << (INET_DIAG_SKMEMINFO - 1);
	if (!no_head)
		printf("%-10s %-6s %-6s %25s %-25s%s\n", "State", "Recv-Q", "Send-Q",
		       "Local Address:Port", "Peer Address:Port", processes ? " Process" : "");
	request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, family);
	for (i = 0; i < kill_count; i++)
		request(nl, SOCK_DESTROY, NLM_F_ACK, &kills[i], family);
	mnl_socket_close(nl);
	if (fflush(stdout) || ferror(stdout))
		die("output: %s", strerror(errno));
	return 0;
}
