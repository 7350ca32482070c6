// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-ss: lists atcp's sockets as ss(8) does the kernel's, through sock_diag (libmnl).  It
 * takes ss's options and filters (ss_options.c); what atcp has nothing for selects nothing.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../module/uapi/atcp.h"
#include "family.h"
#include "filter.h"
#include "ss_options.h"
#include "ss_owners.h"
#include "ss_show.h"

/* --- requests --- */

/* Attributes by type: those of inet_diag, and atcp's own. */
#define ATTRIBUTES	(ATCP_DIAG_CHOSEN + 1)

/**
 * struct source - the sockets of one request, and what is done with each
 * @family:	the family whose sock_diag is asked
 * @kernel:	it is the kernel's TCP
 * @filter:	which of them
 * @each:	called for those
 */
struct source {
	int family;
	bool kernel;
	const struct filter *filter;
	void (*each)(const struct source *s, const struct nlmsghdr *h,
		     const struct inet_diag_msg *m, const struct nlattr **attrs);
};

static FILE *dump_to;		/* -D */
static size_t held_count;	/* listeners shown whose ports the kernel's TCP refuses */

/* The sockets that --kill ends, after all have been listed. */
static struct inet_diag_req_v2 *kills;
static size_t kill_count;

static int note_attribute(const struct nlattr *a, void *arg)
{
	const struct nlattr **attrs = arg;
	int type = mnl_attr_get_type(a);

	if (type < ATTRIBUTES)
		attrs[type] = a;
	return MNL_CB_OK;
}

static bool wanted(const struct filter *filter, const struct inet_diag_msg *m,
		   const struct nlattr **attrs, bool kernel)
{
	struct filter_socket s = {
		.family = m->idiag_family,
		.sport = ntohs(m->id.idiag_sport),
		.dport = ntohs(m->id.idiag_dport),
		.dev = m->id.idiag_if,
		.chosen = kernel ? -1 : 0,
	};

	memcpy(s.src, m->id.idiag_src, sizeof(s.src));
	memcpy(s.dst, m->id.idiag_dst, sizeof(s.dst));
	if (attrs[INET_DIAG_MARK])
		s.mark = mnl_attr_get_u32(attrs[INET_DIAG_MARK]);
	else if (filter_wants_mark(filter) && !(BIT(m->idiag_state) & STATES_BUCKET))
		die(1, "fwmark: marks are shown with CAP_NET_ADMIN alone");
	if (attrs[INET_DIAG_CGROUP_ID])
		s.cgroup = mnl_attr_get_u64(attrs[INET_DIAG_CGROUP_ID]);
	if (attrs[ATCP_DIAG_CHOSEN])
		s.chosen = mnl_attr_get_u8(attrs[ATCP_DIAG_CHOSEN]);
	return filter_match(filter, &s);
}

static int on_socket(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[ATTRIBUTES] = { NULL };
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	const struct source *s = arg;

	mnl_attr_parse(h, sizeof(*m), note_attribute, attrs);
	if (wanted(s->filter, m, attrs, s->kernel))
		s->each(s, h, m, attrs);
	return MNL_CB_OK;
}

/* Return: false with errno if the kernel refuses. */
static bool request(struct mnl_socket *nl, int type, int flags,
		    const struct inet_diag_req_v2 *req, struct source *s)
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
		return false;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		ret = n < 0 ? -1 : mnl_cb_run(buf, n, seq, mnl_socket_get_portid(nl), on_socket,
					      s);
	} while (ret == MNL_CB_OK);
	return ret >= 0;
}

static bool ask_atcp(struct mnl_socket *nl, struct inet_diag_req_v2 req, struct source *s)
{
	req.sdiag_family = s->family;
	req.sdiag_protocol = opts.carrier;
	req.pad = ss_family_asked();
	return request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, s);
}

static bool ask_kernel(struct mnl_socket *nl, struct inet_diag_req_v2 req, struct source s)
{
	int family = ss_family_asked();

	s.kernel = true;
	req.sdiag_protocol = IPPROTO_TCP;
	for (req.sdiag_family = AF_INET; ; req.sdiag_family = AF_INET6) {
		s.family = req.sdiag_family;
		if ((family == AF_UNSPEC || family == req.sdiag_family) &&
		    !request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, &s))
			return false;
		if (req.sdiag_family == AF_INET6)
			return true;
	}
}

/* --- what is done with each socket --- */

static void add_kill(const struct inet_diag_msg *m, int proto, int family)
{
	if (!(kill_count & (kill_count - 1))) {
		kills = realloc(kills, (kill_count ? kill_count * 2 : 1) * sizeof(*kills));
		if (!kills)
			die(1, "out of memory");
	}
	kills[kill_count++] = (struct inet_diag_req_v2){
		.sdiag_family = family,
		.sdiag_protocol = proto,
		.pad = m->idiag_family,
		.id = m->id,
	};
}

static void show_each(const struct source *s, const struct nlmsghdr *h,
		      const struct inet_diag_msg *m, const struct nlattr **attrs)
{
	int proto = attrs[INET_DIAG_PROTOCOL] ? mnl_attr_get_u8(attrs[INET_DIAG_PROTOCOL]) : 0;

	if (dump_to) {
		fwrite(h, 1, NLMSG_ALIGN(h->nlmsg_len), dump_to);
		return;
	}
	ss_show(&opts.view, m, attrs, s->kernel);
	if (!s->kernel && proto == IPPROTO_TCP && m->idiag_state == TCP_LISTEN)
		held_count++;
	if (opts.kill && proto)
		add_kill(m, proto, s->family);
}

/* The kernel's listeners, for the note of --listening: some of their ports, in order. */
#define PORTS	10
static uint16_t ports[PORTS];
static size_t listener_count, port_count;

static void note_listener(const struct source *s, const struct nlmsghdr *h,
			  const struct inet_diag_msg *m, const struct nlattr **attrs)
{
	uint16_t port = ntohs(m->id.idiag_sport);
	size_t i;

	(void)s;
	(void)h;
	(void)attrs;
	listener_count++;
	for (i = 0; i < port_count && ports[i] != port; i++)
		;
	if (i == port_count && port_count < PORTS)
		ports[port_count++] = port;
}

/*
 * Says which ports one stack keeps from the other: bind() there fails with EADDRINUSE, and
 * the tools of that stack do not show why.
 */
static void note_ports(struct mnl_socket *nl, const struct filter *filter)
{
	struct inet_diag_req_v2 req = { .idiag_states = BIT(TCP_LISTEN) };
	struct source s = { .filter = filter, .each = note_listener };
	size_t i;

	if (held_count)
		fprintf(stderr, "atcp-ss: the port of carrier:tcp is held in the kernel's %s\n",
			"TCP, where bind() fails with EADDRINUSE and ss shows nothing");
	if (opts.both || opts.carrier == IPPROTO_ATCP || !ask_kernel(nl, req, s) || !listener_count)
		return;
	fputs("atcp-ss: listeners of the kernel's TCP have port", stderr);
	for (i = 0; i < port_count; i++)
		fprintf(stderr, " %u", ports[i]);
	fprintf(stderr, "%s: %s\n", port_count == PORTS ? " ..." : "",
		"bind() of atcp as TCP on the wire fails there with EADDRINUSE (see --both)");
}

/* --- the summary --- */

static struct {
	unsigned int total, estab, listening, synrecv, orphaned, timewait;
	unsigned int by[2][2];		/* carrier is TCP, family is AF_INET6 */
} sum;

static void count_each(const struct source *s, const struct nlmsghdr *h,
		       const struct inet_diag_msg *m, const struct nlattr **attrs)
{
	bool tcp = attrs[INET_DIAG_PROTOCOL] &&
		   mnl_attr_get_u8(attrs[INET_DIAG_PROTOCOL]) == IPPROTO_TCP;

	(void)s;
	(void)h;
	sum.total++;
	sum.estab += m->idiag_state == TCP_ESTABLISHED || m->idiag_state == TCP_CLOSE_WAIT;
	sum.listening += m->idiag_state == TCP_LISTEN;
	sum.synrecv += m->idiag_state == TCP_SYN_RECV;
	sum.timewait += m->idiag_state == TCP_TIME_WAIT;
	sum.orphaned += !m->idiag_inode && !(BIT(m->idiag_state) & STATES_BUCKET);
	if (m->idiag_state != TCP_TIME_WAIT)
		sum.by[tcp][m->idiag_family == AF_INET6]++;
}

static void show_summary(struct mnl_socket *nl, int family)
{
	struct inet_diag_req_v2 req = {
		.sdiag_family = family,
		.idiag_states = STATES_ALL,
	};
	struct filter_scope scope = { 0 };
	struct filter *all = filter_parse((char *[]){ NULL }, NULL, &scope);
	struct source s = { .family = family, .filter = all, .each = count_each };
	int i;

	if (!all)
		die(1, "out of memory");
	if (!request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, &s))
		die(1, "sock_diag: %s", strerror(errno));
	filter_free(all);
	printf("Total: %u\n", sum.total);
	printf("TCP:   %u (estab %u, listening %u, synrecv %u, orphaned %u, timewait %u)\n\n",
	       sum.total, sum.estab, sum.listening, sum.synrecv, sum.orphaned, sum.timewait);
	puts("Transport Total     IP        IPv6");
	for (i = 0; i < 2; i++)
		printf("%-9s %-9u %-9u %-9u\n", i ? "TCP" : "253", sum.by[i][0] + sum.by[i][1],
		       sum.by[i][0], sum.by[i][1]);
	putchar('\n');
}

/* --- main --- */

/* Whether a set of states has one at most, whose column then says nothing. */
static bool single(unsigned int set)
{
	return !(set & (set - 1));
}

static void open_dump(void)
{
	dump_to = *opts.dump_file == '-' ? stdout : fopen(opts.dump_file, "w");
	if (!dump_to)
		die(1, "dump file \"%s\": %s", opts.dump_file, strerror(errno));
	opts.no_head = true;
}

static void list(struct mnl_socket *nl, int family, const struct filter *filter)
{
	struct inet_diag_req_v2 req = { .idiag_states = opts.states };
	struct source s = { .family = family, .filter = filter, .each = show_each };
	/* The end of a dump file, as ss writes and reads them. */
	const struct nlmsghdr done = { .nlmsg_len = sizeof(done), .nlmsg_type = NLMSG_DONE };
	size_t i;

	if (opts.view.info)
		req.idiag_ext |= 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
	if (opts.view.memory)
		req.idiag_ext |= 1 << (INET_DIAG_SKMEMINFO - 1);
	if (opts.view.tos)
		req.idiag_ext |= 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1);
	if (!opts.no_head)
		ss_show_header(&opts.view);
	/* The other tables, and families, have none of them. */
	if (!ss_tcp_chosen())
		return;
	if (!ask_atcp(nl, req, &s) ||
	    (opts.both && opts.carrier != IPPROTO_ATCP && !ask_kernel(nl, req, s)))
		die(1, "sock_diag: %s", strerror(errno));
	if (dump_to)
		fwrite(&done, 1, sizeof(done), dump_to);
	/* A socket that has ended by itself meanwhile is no error. */
	for (i = 0; i < kill_count; i++)
		if (!request(nl, SOCK_DESTROY, NLM_F_ACK, &kills[i], &s) && errno != ENOENT)
			die(1, "sock_diag: %s", strerror(errno));
	fflush(stdout);
	if (opts.listening && !opts.no_head)
		note_ports(nl, filter);
}

int main(int argc, char **argv)
{
	struct filter *filter = NULL;
	struct mnl_socket *nl;
	bool listed;
	char **words;
	int family;

	words = ss_options_parse(argc, argv);
	/* As with ss, -s alone is no list. */
	listed = !opts.summary || opts.named || *words;
	if (listed)
		filter = ss_options_filter(words);
	family = atcp_loaded_family();
	if (family < 0)
		die(1, "atcp.ko " ATCP_NOT_LOADED);
	nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die(1, "sock_diag: %s", strerror(errno));
	if (opts.view.processes && !ss_owners_find(&opts.owners))
		die(1, "out of memory");
	if (opts.summary)
		show_summary(nl, family);
	if (listed) {
		opts.view.netid = opts.both || !single(opts.asked_tables);
		opts.view.state = !single(opts.states);
		opts.view.queues = !opts.no_queues;
		opts.view.held = opts.listening;
		if (opts.dump_file)
			open_dump();
		list(nl, family, filter);
		filter_free(filter);
	}
	mnl_socket_close(nl);
	if (!dump_to)
		dump_to = stdout;
	if (fflush(stdout) || ferror(stdout) || fflush(dump_to) || ferror(dump_to))
		die(1, "output: %s", strerror(errno));
	return 0;
}
