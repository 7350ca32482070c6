// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of atcp-ss: options, states and filter, by the rules of ss(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../module/uapi/atcp.h"
#include "ss_options.h"

struct ss_options opts;

static void __attribute__((noreturn)) usage(int status)
{
	fputs("usage: atcp-ss [OPTION]... [FILTER]\n"
	      "Shows the sockets of atcp, by default connections. OPTION and FILTER are as for ss:\n"
	      "  -a, --all        also listening sockets, SYN-RECEIVED and TIME-WAIT\n"
	      "  -l, --listening  only listening sockets, and which ports the stacks keep from\n"
	      "                   each other\n"
	      "  -4, --ipv4       only AF_INET;  -6, --ipv6  only AF_INET6\n"
	      "  -f, --family=inet|inet6  likewise; of other families atcp has nothing\n"
	      "  -c, --carrier=253|tcp   only sockets of this carrier\n"
	      "      --both       also the sockets of the kernel's TCP, as tcp beside atcp\n"
	      "  -A, --query=TABLE[,TABLE]  atcp is in tcp, inet and all; !TABLE leaves one out\n"
	      "  -t, --tcp        (always; the other stacks' -u -w -x -d -S -M -0 select nothing)\n"
	      "  -s, --summary    show how many sockets there are\n"
	      "  -i, --info       show TCP_INFO\n"
	      "  -m, --memory     show the memory of buffers\n"
	      "  -o, --options    show timers\n"
	      "  -e, --extended   show timers, user, inode, cookie, carrier, mark, cgroup\n"
	      "  -p, --processes  show the processes that have the socket\n"
	      "  -T, --threads    show their threads, too\n"
	      "  -Z, --context    show the processes' SELinux contexts\n"
	      "  -z, --contexts   and those of the sockets\n"
	      "      --tos        show type of service and traffic class\n"
	      "      --cgroup     show cgroups\n"
	      "  -r, --resolve    show names of hosts and services\n"
	      "  -n, --numeric    show services as numbers, rates in full\n"
	      "  -H, --no-header  show no heading, and no notes\n"
	      "  -O, --oneline    show each socket on one line\n"
	      "  -Q, --no-queues  show no queues\n"
	      "  -K, --kill       end each socket that is shown, by a reset\n"
	      "  -D, --diag=FILE  write the answers of sock_diag to FILE, and show nothing\n"
	      "  -F, --filter=FILE  read EXPRESSION from FILE, or - for standard input\n"
	      "  -N, --net=NAME   look at this network namespace\n"
	      "  -B, --bound-inactive, -b, --bpf, --inet-sockopt, --tipcinfo: nothing to show\n"
	      "  -V, --version    show the version\n"
	      "FILTER: [ state STATE | exclude STATE ]... [ EXPRESSION ]\n"
	      "STATE: established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed\n"
	      "       close-wait last-ack listening closing; all connected synchronized\n"
	      "       bucket big\n"
	      "EXPRESSION: src and dst ADDRESS[/BITS][:PORT], sport and dport OP :PORT, dev NAME,\n"
	      "       fwmark MARK[/MASK], cgroup PATH, autobound, with and, or, not, ( )\n",
	      status ? stderr : stdout);
	exit(status);
}

void die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("atcp-ss: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(status);
}

/* --- which tables, families and states: the rules of ss(8) --- */

enum {
	TABLE_TCP,
	TABLE_MPTCP,
	TABLE_UDP,
	TABLE_RAW,
	TABLE_DCCP,
	TABLE_SCTP,
	TABLE_UNIX_STREAM,
	TABLE_UNIX_DGRAM,
	TABLE_UNIX_SEQPACKET,
	TABLE_PACKET_RAW,
	TABLE_PACKET_DGRAM,
	TABLE_NETLINK,
	TABLE_VSOCK_STREAM,
	TABLE_VSOCK_DGRAM,
	TABLE_TIPC,
	TABLE_XDP,
	TABLES
};

#define TABLES_ALL	(BIT(TABLES) - 1)
#define TABLES_INET	(BIT(TABLE_TCP) | BIT(TABLE_MPTCP) | BIT(TABLE_UDP) | BIT(TABLE_RAW) | \
			 BIT(TABLE_DCCP) | BIT(TABLE_SCTP))
#define TABLES_UNIX	(BIT(TABLE_UNIX_STREAM) | BIT(TABLE_UNIX_DGRAM) | BIT(TABLE_UNIX_SEQPACKET))
#define TABLES_PACKET	(BIT(TABLE_PACKET_RAW) | BIT(TABLE_PACKET_DGRAM))
#define TABLES_VSOCK	(BIT(TABLE_VSOCK_STREAM) | BIT(TABLE_VSOCK_DGRAM))

/* What ss shows of connections, and of sockets without any. */
#define STATES_DEFAULT	(STATES_CONNECTED & ~STATES_BUCKET)
#define CLOSED		BIT(TCP_CLOSE)

static const struct {
	const char *name;
	int family;
	unsigned int tables, states;
} families[] = {
	{ "inet", AF_INET, TABLES_INET, STATES_DEFAULT },
	{ "inet6", AF_INET6, TABLES_INET, STATES_DEFAULT },
	{ "unix", AF_UNIX, TABLES_UNIX, STATES_DEFAULT },
	{ "link", AF_PACKET, TABLES_PACKET, CLOSED },
	{ "netlink", AF_NETLINK, BIT(TABLE_NETLINK), CLOSED },
	{ "vsock", AF_VSOCK, TABLES_VSOCK, STATES_DEFAULT },
	{ "tipc", AF_TIPC, BIT(TABLE_TIPC), STATES_DEFAULT },
	{ "xdp", AF_XDP, BIT(TABLE_XDP), CLOSED },
};

#define FAMILIES	(sizeof(families) / sizeof(families[0]))

static const struct {
	const char *name;
	unsigned int tables;
} table_names[] = {
	{ "all", TABLES_ALL }, { "inet", TABLES_INET }, { "tcp", BIT(TABLE_TCP) },
	{ "mptcp", BIT(TABLE_MPTCP) }, { "udp", BIT(TABLE_UDP) }, { "raw", BIT(TABLE_RAW) },
	{ "dccp", BIT(TABLE_DCCP) }, { "sctp", BIT(TABLE_SCTP) }, { "unix", TABLES_UNIX },
	{ "unix_stream", BIT(TABLE_UNIX_STREAM) }, { "u_str", BIT(TABLE_UNIX_STREAM) },
	{ "unix_dgram", BIT(TABLE_UNIX_DGRAM) }, { "u_dgr", BIT(TABLE_UNIX_DGRAM) },
	{ "unix_seqpacket", BIT(TABLE_UNIX_SEQPACKET) }, { "u_seq", BIT(TABLE_UNIX_SEQPACKET) },
	{ "packet", TABLES_PACKET }, { "packet_raw", BIT(TABLE_PACKET_RAW) },
	{ "p_raw", BIT(TABLE_PACKET_RAW) }, { "packet_dgram", BIT(TABLE_PACKET_DGRAM) },
	{ "p_dgr", BIT(TABLE_PACKET_DGRAM) }, { "netlink", BIT(TABLE_NETLINK) },
	{ "vsock", TABLES_VSOCK }, { "vsock_stream", BIT(TABLE_VSOCK_STREAM) },
	{ "v_str", BIT(TABLE_VSOCK_STREAM) }, { "vsock_dgram", BIT(TABLE_VSOCK_DGRAM) },
	{ "v_dgr", BIT(TABLE_VSOCK_DGRAM) }, { "tipc", BIT(TABLE_TIPC) },
	{ "xdp", BIT(TABLE_XDP) },
};

static void choose_tables(unsigned int tables, bool on)
{
	int t;

	for (t = 0; on && t < TABLES; t++) {
		if (!(tables & BIT(t)))
			continue;
		if (t == TABLE_UDP || t == TABLE_RAW)
			opts.states |= BIT(TCP_ESTABLISHED);
		else if (BIT(t) & (TABLES_PACKET | BIT(TABLE_UNIX_DGRAM) | BIT(TABLE_NETLINK) |
				   BIT(TABLE_XDP)))
			opts.states |= CLOSED;
		else
			opts.states |= STATES_DEFAULT;
	}
	if (on)
		opts.tables |= tables;
	else
		opts.tables &= ~tables;
	opts.named = true;
}

static void choose_family(int family)
{
	size_t i;

	for (i = 0; i < FAMILIES; i++) {
		if (families[i].family != family)
			continue;
		opts.families |= BIT(i);
		opts.states |= families[i].states;
	}
	opts.preferred = family;
	opts.named = true;
}

static bool family_chosen(int family)
{
	size_t i;

	for (i = 0; i < FAMILIES; i++)
		if (families[i].family == family)
			return opts.families & BIT(i);
	return false;
}

/* Whether the table of TCP, and a family that it has, are chosen. */
bool ss_tcp_chosen(void)
{
	return opts.tables & BIT(TABLE_TCP) &&
	       (family_chosen(AF_INET) || family_chosen(AF_INET6));
}

/* The family to ask for: AF_INET, AF_INET6, or AF_UNSPEC for both. */
int ss_family_asked(void)
{
	bool v4 = family_chosen(AF_INET), v6 = family_chosen(AF_INET6);

	/* Of two the last has it, as in ss. */
	if (opts.preferred == AF_INET || opts.preferred == AF_INET6)
		return opts.preferred;
	return v4 == v6 ? AF_UNSPEC : v4 ? AF_INET : AF_INET6;
}

static unsigned int families_of(int table)
{
	unsigned int set = 0;
	size_t i;

	for (i = 0; i < FAMILIES; i++)
		if (families[i].tables & BIT(table))
			set |= BIT(i);
	return set;
}

static void complete_choice(void)
{
	unsigned int set;
	size_t i;
	int t;

	for (t = 0; t < TABLES; t++) {
		set = families_of(t);
		if (opts.tables & BIT(t) && !(opts.families & set))
			opts.families |= set;
	}
	for (i = 0; i < FAMILIES; i++)
		if (opts.families & BIT(i) && !(opts.tables & families[i].tables))
			opts.tables |= families[i].tables;
}

/* --- the options --- */

static FILE *filter_file;

/* Options that are accepted and select or show nothing, as "-u -x". */
static char strangers[256], idle[256];

static void note_option(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, " %s", name);
}

static void parse_family(const char *name)
{
	size_t i;

	if (!strcmp(name, "help"))
		usage(0);
	for (i = 0; i < FAMILIES; i++) {
		if (strcmp(name, families[i].name))
			continue;
		if (families[i].tables != TABLES_INET)
			note_option(strangers, sizeof(strangers), name);
		choose_family(families[i].family);
		return;
	}
	fprintf(stderr, "atcp-ss: \"%s\" is no family\n", name);
	usage(EXIT_USAGE);
}

/* TABLE[,TABLE]...; @text is changed. */
static void parse_tables(char *text)
{
	static bool before;
	char *name;
	size_t i;

	if (!before) {
		opts.tables = 0;
		opts.asked_tables = 0;
		if (!opts.asked_states)
			opts.asked_states = STATES_DEFAULT;
		before = true;
	}
	while ((name = strsep(&text, ","))) {
		bool on = *name != '!';

		name += !on;
		for (i = 0; i < sizeof(table_names) / sizeof(table_names[0]); i++)
			if (!strcmp(name, table_names[i].name))
				break;
		if (i == sizeof(table_names) / sizeof(table_names[0])) {
			fprintf(stderr, "atcp-ss: \"%s\" is no table of sockets\n", name);
			usage(EXIT_USAGE);
		}
		if (on && !(table_names[i].tables & BIT(TABLE_TCP)))
			note_option(strangers, sizeof(strangers), name);
		choose_tables(table_names[i].tables, on);
		if (on)
			opts.asked_tables |= table_names[i].tables;
		else
			opts.asked_tables &= ~table_names[i].tables;
	}
}

static void enter_namespace(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), strchr(name, '/') ? "%s" : "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(1, "network namespace \"%s\": %s", name, strerror(errno));
	close(fd);
}

static void open_filter(const char *name)
{
	if (filter_file)
		die(EXIT_USAGE, "more than one filter file");
	filter_file = *name == '-' ? stdin : fopen(name, "r");
	if (!filter_file)
		die(EXIT_USAGE, "filter file \"%s\": %s", name, strerror(errno));
}

/* --- states and expression --- */

/* Takes the words "state STATE" and "exclude STATE" from the front. Return: the rest. */
static char **parse_states(char **w)
{
	bool before = false;

	for (; *w; w += 2) {
		bool state = !strcmp(*w, "state");
		unsigned int named;

		if (!state && strcmp(*w, "exclude") && strcmp(*w, "excl"))
			break;
		if (!w[1])
			die(EXIT_USAGE, "filter: %s wants the name of a state, at the end", *w);
		named = filter_state(w[1]);
		if (!named) {
			fprintf(stderr, "atcp-ss: filter: no state %s\n", w[1]);
			usage(EXIT_USAGE);
		}
		if (!before)
			opts.asked_states = state ? 0 : STATES_ALL;
		opts.asked_states = state ? opts.asked_states | named : opts.asked_states & ~named;
		before = true;
	}
	return w;
}

/* Completes what is selected, and parses the filter. Return: it; exits if nothing is left. */
struct filter *ss_options_filter(char **w)
{
	struct filter_scope scope;
	struct filter *filter;

	w = parse_states(w);
	if (!opts.named) {
		if (!opts.asked_states)
			opts.asked_states = STATES_DEFAULT;
		choose_tables(TABLES_ALL, true);
	}
	if (opts.asked_states)
		opts.states = opts.asked_states;
	complete_choice();
	if (!opts.tables || !opts.families) {
		fprintf(stderr, "atcp-ss: no tables of sockets are left to show\n");
		exit(0);
	}
	scope = (struct filter_scope){
		.family = opts.preferred,
		.tcp = opts.tables & BIT(TABLE_TCP),
		.udp = opts.tables & BIT(TABLE_UDP),
	};
	filter = filter_parse(w, filter_file, &scope);
	if (!filter)
		exit(EXIT_USAGE);
	if (scope.hosts && scope.family != AF_UNSPEC) {
		opts.families = 0;
		choose_family(scope.family);
		if (opts.asked_states)
			opts.states = opts.asked_states;
	}
	return filter;
}

/* Options without a letter. */
enum {
	OPT_VSOCK = 256,
	OPT_TIPC,
	OPT_XDP,
	OPT_TIPCINFO,
	OPT_TOS,
	OPT_CGROUP,
	OPT_SOCKOPT,
	OPT_MAPS,
	OPT_MAP_ID,
	OPT_BOTH,
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' }, { "listening", no_argument, NULL, 'l' },
	{ "bound-inactive", no_argument, NULL, 'B' },
	{ "ipv4", no_argument, NULL, '4' }, { "ipv6", no_argument, NULL, '6' },
	{ "family", required_argument, NULL, 'f' },
	{ "carrier", required_argument, NULL, 'c' }, { "both", no_argument, NULL, OPT_BOTH },
	{ "query", required_argument, NULL, 'A' }, { "socket", required_argument, NULL, 'A' },
	{ "tcp", no_argument, NULL, 't' }, { "udp", no_argument, NULL, 'u' },
	{ "raw", no_argument, NULL, 'w' }, { "unix", no_argument, NULL, 'x' },
	{ "dccp", no_argument, NULL, 'd' }, { "sctp", no_argument, NULL, 'S' },
	{ "mptcp", no_argument, NULL, 'M' }, { "packet", no_argument, NULL, '0' },
	{ "vsock", no_argument, NULL, OPT_VSOCK }, { "tipc", no_argument, NULL, OPT_TIPC },
	{ "xdp", no_argument, NULL, OPT_XDP }, { "tipcinfo", no_argument, NULL, OPT_TIPCINFO },
	{ "summary", no_argument, NULL, 's' }, { "info", no_argument, NULL, 'i' },
	{ "memory", no_argument, NULL, 'm' }, { "options", no_argument, NULL, 'o' },
	{ "extended", no_argument, NULL, 'e' }, { "processes", no_argument, NULL, 'p' },
	{ "threads", no_argument, NULL, 'T' }, { "context", no_argument, NULL, 'Z' },
	{ "contexts", no_argument, NULL, 'z' }, { "tos", no_argument, NULL, OPT_TOS },
	{ "cgroup", no_argument, NULL, OPT_CGROUP }, { "bpf", no_argument, NULL, 'b' },
	{ "bpf-maps", no_argument, NULL, OPT_MAPS },
	{ "bpf-map-id", required_argument, NULL, OPT_MAP_ID },
	{ "inet-sockopt", no_argument, NULL, OPT_SOCKOPT },
	{ "resolve", no_argument, NULL, 'r' }, { "numeric", no_argument, NULL, 'n' },
	{ "no-header", no_argument, NULL, 'H' }, { "oneline", no_argument, NULL, 'O' },
	{ "no-queues", no_argument, NULL, 'Q' }, { "kill", no_argument, NULL, 'K' },
	{ "events", no_argument, NULL, 'E' }, { "diag", required_argument, NULL, 'D' },
	{ "filter", required_argument, NULL, 'F' }, { "net", required_argument, NULL, 'N' },
	{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' },
	{ 0 }
};

/* Options that set one flag, some with another. */
static bool set_flags(int opt)
{
	static const struct {
		int opt;
		bool *flag;
	} flags[] = {
		{ OPT_BOTH, &opts.both }, { 's', &opts.summary }, { 'H', &opts.no_head },
		{ 'Q', &opts.no_queues }, { 'K', &opts.kill }, { 'i', &opts.view.info },
		{ 'm', &opts.view.memory }, { 'o', &opts.view.timers }, { 'b', &opts.view.timers },
		{ 'e', &opts.view.timers }, { 'e', &opts.view.extended },
		{ 'p', &opts.view.processes }, { 'T', &opts.view.processes },
		{ 'T', &opts.owners.threads }, { OPT_TOS, &opts.view.tos },
		{ OPT_CGROUP, &opts.view.cgroup }, { 'r', &opts.view.resolve },
		{ 'n', &opts.view.numeric }, { 'O', &opts.view.oneline },
	};
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].opt != opt)
			continue;
		*flags[i].flag = true;
		found = true;
	}
	return found;
}

/* Options for what atcp has none of: tables, families, or something to show. */
static bool strange_option(int opt)
{
	static const struct {
		int opt;
		const char *name;
		unsigned int tables;
		int family;
	} others[] = {
		{ 'u', "-u", BIT(TABLE_UDP), 0 }, { 'w', "-w", BIT(TABLE_RAW), 0 },
		{ 'd', "-d", BIT(TABLE_DCCP), 0 }, { 'S', "-S", BIT(TABLE_SCTP), 0 },
		{ 'M', "-M", BIT(TABLE_MPTCP), 0 }, { 'x', "-x", TABLES_UNIX, AF_UNIX },
		{ '0', "-0", TABLES_PACKET, AF_PACKET },
		{ OPT_VSOCK, "--vsock", TABLES_VSOCK, AF_VSOCK },
		{ OPT_TIPC, "--tipc", BIT(TABLE_TIPC), AF_TIPC },
		{ OPT_XDP, "--xdp", BIT(TABLE_XDP), AF_XDP },
		{ 'b', "-b", 0, 0 }, { OPT_MAPS, "--bpf-maps", 0, 0 },
		{ OPT_MAP_ID, "--bpf-map-id", 0, 0 }, { OPT_SOCKOPT, "--inet-sockopt", 0, 0 },
		{ OPT_TIPCINFO, "--tipcinfo", 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].opt != opt)
			continue;
		if (others[i].tables)
			note_option(strangers, sizeof(strangers), others[i].name);
		else
			note_option(idle, sizeof(idle), others[i].name);
		if (others[i].family)
			choose_family(others[i].family);
		else if (others[i].tables)
			choose_tables(others[i].tables, true);
		opts.asked_tables |= others[i].tables;
		return true;
	}
	return false;
}

/* Which sockets. Return: false if the option is not about that. */
static bool select_option(int opt)
{
	switch (opt) {
	case 'a':
		opts.asked_states = STATES_ALL;
		return true;
	case 'l':
		opts.asked_states = BIT(TCP_LISTEN) | CLOSED;
		opts.listening = true;
		return true;
	case 'B':
		opts.asked_states = STATES_BOUND;
		return true;
	case '4':
		choose_family(AF_INET);
		return true;
	case '6':
		choose_family(AF_INET6);
		return true;
	case 'f':
		parse_family(optarg);
		return true;
	case 'A':
		parse_tables(optarg);
		return true;
	case 't':
		choose_tables(BIT(TABLE_TCP), true);
		opts.asked_tables |= BIT(TABLE_TCP);
		return true;
	case 'c':
		opts.carrier = !strcmp(optarg, "tcp") ? IPPROTO_TCP :
			  !strcmp(optarg, "253") ? IPPROTO_ATCP : -1;
		if (opts.carrier < 0)
			usage(EXIT_USAGE);
		return true;
	default:
		return false;
	}
}

static void want_contexts(bool of_sockets)
{
	if (access("/sys/fs/selinux/enforce", F_OK))
		die(1, "SELinux is not enabled");
	opts.owners.context = true;
	opts.owners.socket_context |= of_sockets;
	opts.view.processes = true;
}

/* Return: the first of the words behind the options. */
char **ss_options_parse(int argc, char **argv)
{
	bool known;
	int opt;

	while ((opt = getopt_long(argc, argv, "alB46f:c:A:tuwxdSM0simoepTZzbrnHOQKED:F:N:vVh",
				  long_options, NULL)) >= 0) {
		known = set_flags(opt);
		if (strange_option(opt) || known || select_option(opt))
			continue;
		switch (opt) {
		case 'z':
		case 'Z':
			want_contexts(opt == 'z');
			break;
		case 'E':
			die(EXIT_USAGE, "-E, --events: not done; %s",
			    "the tracepoint atcp:atcp_state tells each socket that ends");
		case 'D':
			opts.dump_file = optarg;
			break;
		case 'F':
			open_filter(optarg);
			break;
		case 'N':
			enter_namespace(optarg);
			break;
		case 'v':
		case 'V':
			printf("atcp-ss utility, atcp-%s\n", ATCP_VERSION);
			exit(0);
		case 'h':
			usage(0);
		default:
			usage(EXIT_USAGE);
		}
	}
	if (*strangers)
		fprintf(stderr, "atcp-ss: atcp has TCP alone; nothing is selected by%s\n",
			strangers);
	if (*idle)
		fprintf(stderr, "atcp-ss: atcp has nothing to show for%s\n", idle);
	if (opts.both && opts.kill)
		die(EXIT_USAGE, "--kill ends sockets of atcp, and --both shows others");
	return argv + optind;
}
