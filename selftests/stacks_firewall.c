// SPDX-License-Identifier: GPL-2.0
/*
 * atcp as TCP on the wire, and a host's firewall: it queues segments to a program
 * (NFQUEUE), and answers handshakes for a host (SYNPROXY).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/flow.h"
#include "lib/net.h"
#include "lib/stacks.h"

#define PORT	20000
#define QUEUE	7
#define BULK	(4 << 20)	/* bytes each way */

SKIP_PROGRAM_IF(stack_is_tcp(), "it is about atcp's segments");

FIXTURE(way)
{
	struct net net;
};

FIXTURE_SETUP(way)
{
	setenv("ATCP_TEST_CARRIER", "tcp", 1);
	net_open(&self->net);
	net_enter(&self->net, CLIENT);
}

FIXTURE_TEARDOWN(way)
{
}

/* --- a program that has packets queued to it and lets them all go on --- */

struct queue {
	struct mnl_socket *nl;
	pthread_t thread;
	volatile bool over;
	unsigned int seen;
};

static struct nlmsghdr *message(char *buf, int type)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;

	h->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type;
	h->nlmsg_flags = NLM_F_REQUEST;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(QUEUE);
	return h;
}

static void say(struct queue *q, const struct nlmsghdr *h)
{
	if (mnl_socket_sendto(q->nl, h, h->nlmsg_len) < 0)
		net_die("nfnetlink: %s", strerror(errno));
}

static int on_packet(const struct nlmsghdr *h, void *arg)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct queue *q = arg;
	struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
		const struct nfqnl_msg_packet_hdr *p = mnl_attr_get_payload(a);
		struct nlmsghdr *answer;

		if (mnl_attr_get_type(a) != NFQA_PACKET_HDR)
			continue;
		q->seen++;
		verdict.id = p->packet_id;
		answer = message(buf, NFQNL_MSG_VERDICT);
		mnl_attr_put(answer, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
		say(q, answer);
	}
	return MNL_CB_OK;
}

static void *let_all_go_on(void *arg)
{
	struct queue *q = arg;
	char buf[1 << 17];

	while (!q->over) {
		struct pollfd pfd = { .fd = mnl_socket_get_fd(q->nl), .events = POLLIN };
		ssize_t n;

		if (poll(&pfd, 1, 50) <= 0)
			continue;
		n = mnl_socket_recvfrom(q->nl, buf, sizeof(buf));
		if (n > 0)
			mnl_cb_run(buf, n, 0, 0, on_packet, q);
	}
	return NULL;
}

/* In CLIENT's namespace. */
static void queue_open(struct queue *q)
{
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = { .copy_mode = NFQNL_COPY_META };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *h;

	*q = (struct queue){ .nl = mnl_socket_open(NETLINK_NETFILTER) };
	if (!q->nl || mnl_socket_bind(q->nl, 0, MNL_SOCKET_AUTOPID))
		net_die("netlink: %s", strerror(errno));
	h = message(buf, NFQNL_MSG_CONFIG);
	mnl_attr_put(h, NFQA_CFG_CMD, sizeof(bind), &bind);
	say(q, h);
	h = message(buf, NFQNL_MSG_CONFIG);
	mnl_attr_put(h, NFQA_CFG_PARAMS, sizeof(params), &params);
	/* GSO segments are queued whole; more may wait than a window holds. */
	mnl_attr_put_u32(h, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
	mnl_attr_put_u32(h, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
	mnl_attr_put_u32(h, NFQA_CFG_QUEUE_MAXLEN, htonl(100000));
	say(q, h);
	if (pthread_create(&q->thread, NULL, let_all_go_on, q))
		net_die("no thread");
}

static unsigned int queue_close(struct queue *q)
{
	q->over = true;
	pthread_join(q->thread, NULL);
	mnl_socket_close(q->nl);
	return q->seen;
}

/* All that has been closed has the other side's ACK and FIN. */
static bool all_acknowledged(void *net)
{
	/* None is in FIN-WAIT-1, LAST-ACK or CLOSING. */
	return !net_try(net, SERVER, "! cat /proc/net/*tcp /proc/net/*tcp6 | %s",
			"grep -qE '^ *[0-9]+: [^ ]+ [^ ]+ (04|09|0B) '");
}

/*
 * Segments continue from the program's call, not from where they arrived: those of 4 MB
 * each way, and those that are refused.
 */
static void queued(struct __test_metadata *_metadata, struct net *net, const char *hook)
{
	int c, bound = sock_of(ATCP), old;
	struct queue q;

	ASSERT_EQ(0, addr_bind(bound, addr_side(net, CLIENT, PORT)));
	net_run(net, CLIENT,
		"nft -f - <<E\n"
		"add table inet q\n"
		"add chain inet q c { type filter hook %s priority 0; }\n"
		"add rule inet q c meta l4proto tcp queue num %d\n"
		"E\n", hook, QUEUE);
	queue_open(&q);
	both_roles(net, PORT, BULK);
	old = net_visit(net, SERVER);
	c = sock_of(TCP);
	FAILS(ECONNREFUSED, addr_connect(c, addr_side(net, CLIENT, PORT)));
	close(c);
	net_leave(old);
	close(bound);
	EXPECT_TRUE(net_until(all_acknowledged, net, PATIENCE));
	EXPECT_LT(20, queue_close(&q));
}

TEST_F_TIMEOUT(way, queued_coming_in, 120)
{
	queued(_metadata, &self->net, "input");
}

TEST_F_TIMEOUT(way, queued_going_out, 120)
{
	queued(_metadata, &self->net, "output");
}

/* Nobody reads the queue: nothing passes, and nothing is left in the end. */
TEST_F(way, queued_in_vain)
{
	int l = listen_at(ATCP, self->net.ip[CLIENT], PORT), old, c;

	net_run(&self->net, CLIENT,
		"nft -f - <<E\n"
		"add table inet q\n"
		"add chain inet q c { type filter hook input priority 0; }\n"
		"add rule inet q c meta l4proto tcp queue num %d\n"
		"E\n", QUEUE);
	old = net_visit(&self->net, SERVER);
	c = sock_of(TCP);
	sock_nonblock(c, true);
	EXPECT_EQ(-1, addr_connect(c, addr_of(self->net.ip[CLIENT], PORT)));
	EXPECT_EQ(EINPROGRESS, errno);
	EXPECT_FALSE(sock_wait(l, POLLIN, 500));
	net_leave(old);
	net_run(&self->net, CLIENT, "nft delete table inet q");
	/* Wait for the SYN's retransmission. */
	EXPECT_TRUE(sock_wait(l, POLLIN, PATIENCE));
	close(c);
	close(l);
}

/* --- handshakes made by somebody else --- */

/*
 * The firewall answers the client's SYN, and only when that has been acknowledged is
 * there one for the server; it translates sequence numbers and timestamps from then on.
 */
TEST_F_TIMEOUT(way, synproxy, 120)
{
	struct net *net = &self->net;
	int l, c, s, old;

	if (net_try(net, SERVER,
		    "nft -f - <<E\n"
		    "add table inet p\n"
		    "add chain inet p r { type filter hook prerouting priority raw; }\n"
		    "add rule inet p r iif v1 tcp dport %d-%d tcp flags syn notrack\n"
		    "add chain inet p c { type filter hook input priority 0; }\n"
		    "add rule inet p c iif v1 tcp dport %d-%d ct state invalid,untracked \\\n"
		    "synproxy mss 1440 wscale 7 timestamp sack-perm\n"
		    "add rule inet p c ct state invalid counter drop\n"
		    "E\n", PORT, PORT + STACKS, PORT, PORT + STACKS))
		SKIP(return, "no SYNPROXY in this kernel");
	net_sysctl(net, SERVER, "net/netfilter/nf_conntrack_tcp_loose", "0");
	both_roles(net, PORT, BULK);
	/* The same with atcp at both ends. */
	old = net_visit(net, SERVER);
	l = listen_at(ATCP, net->ip[SERVER], PORT + STACKS);
	net_leave(old);
	c = sock_of(ATCP);
	dial(c, net->ip[SERVER], PORT + STACKS);
	s = sock_accept(l);
	exchange(c, s, BULK);
	talk(c, s);
	close(l);
	/* The firewall made the handshakes: it counts the SYNs received. */
	EXPECT_EQ(0, net_try(net, SERVER,
			     "awk 'NR > 1 && $2 !~ /^0*$/ { n++ } END { exit !n }' %s",
			     "/proc/net/stat/synproxy"));
}

TEST_HARNESS_MAIN
