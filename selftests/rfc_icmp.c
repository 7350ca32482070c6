// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about connections (RFC 9293, 3.9.2.2; RFC 5927) and the path's
 * MTU (RFC 1191, RFC 8201), also without them (RFC 4821).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	22000
#define BULK	400000

#ifndef IP_MTU
#define IP_MTU	14
#endif

FIXTURE(icmp)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
};

FIXTURE_SETUP(icmp)
{
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	/* The capture shows segments as the wire would carry them. */
	net_run(&self->net, CLIENT, "ip link set v0 gso_max_segs 1");
}

FIXTURE_TEARDOWN(icmp)
{
	wire_close(self->wire);
}

/* The ICMP error of a router without a route, and the errno that it becomes. */
static uint8_t unreach_type(void)
{
	return ip46(ICMP_DEST_UNREACH, ICMP6_DST_UNREACH);
}

static uint8_t unreach_code(void)
{
	return ip46(ICMP_HOST_UNREACH, ICMP6_DST_UNREACH_ADDR);
}

static void set_recverr(int fd)
{
	sock_set(fd, ip46(SOL_IP, SOL_IPV6), ip46(IP_RECVERR, IPV6_RECVERR), 1);
}

static int path_mtu(int fd)
{
	return sock_get(fd, ip46(SOL_IP, SOL_IPV6), ip46(IP_MTU, IPV6_MTU));
}

/* Sends the ICMP error that a segment is larger than mtu. */
static void too_big(const struct net *net, const struct seg *about, uint32_t seq, int mtu)
{
	wire_icmp(net, about, seq, ip46(ICMP_DEST_UNREACH, ICMP6_PACKET_TOO_BIG),
		  ip46(ICMP_FRAG_NEEDED, 0), mtu);
}

/* A connection whose next segment with data is lost; returns that. */
static const struct seg *lose_data(struct net *net, struct wire *wire, struct conn *conn)
{
	conn_open(net, PORT, conn);
	net_drop(net, SERVER, TH_PSH | TH_ACK, 40, 80, 0);
	sock_send(conn->end[CLIENT], "x", 1);
	return wire_wait(wire, "> PA 1 1 1");
}

static int soft_error;

static bool has_soft_error(void *arg)
{
	soft_error = sock_get(*(int *)arg, SOL_SOCKET, SO_ERROR);
	return soft_error;
}

/* A soft error is kept for SO_ERROR, and cleared by the next ACK. */
TEST_F(icmp, soft)
{
	const struct seg *s = lose_data(&self->net, self->wire, &self->conn);
	int c = self->conn.end[CLIENT];
	char byte;

	wire_icmp(&self->net, s, s->raw_seq, unreach_type(), unreach_code(), 0);
	ASSERT_TRUE(net_until(has_soft_error, &c, PATIENCE));
	EXPECT_EQ(EHOSTUNREACH, soft_error);
	EXPECT_EQ(0, sock_events(c, POLLIN | POLLERR | POLLHUP));
	wire_icmp(&self->net, s, s->raw_seq, unreach_type(), unreach_code(), 0);
	net_drop_end(&self->net, SERVER);
	sock_recv(self->conn.end[SERVER], &byte, 1);
	sock_send(self->conn.end[SERVER], "y", 1);
	sock_recv(c, &byte, 1);
	EXPECT_EQ('y', byte);
	EXPECT_EQ(0, sock_get(c, SOL_SOCKET, SO_ERROR));
	conn_close(&self->conn);
}

/* A program with IP_RECVERR gets the error at once, and the connection goes on. */
TEST_F(icmp, recverr)
{
	const struct seg *s = lose_data(&self->net, self->wire, &self->conn);
	int c = self->conn.end[CLIENT];
	char byte;

	set_recverr(c);
	wire_icmp(&self->net, s, s->raw_seq + 70000, unreach_type(), unreach_code(), 0);
	EXPECT_FALSE(sock_wait(c, POLLERR, 50));
	wire_icmp(&self->net, s, s->raw_seq, unreach_type(), unreach_code(), 0);
	ASSERT_TRUE(sock_wait(c, POLLERR, PATIENCE));
	EXPECT_EQ(EHOSTUNREACH, sock_get(c, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, sock_events(c, POLLERR));
	net_drop_end(&self->net, SERVER);
	sock_recv(self->conn.end[SERVER], &byte, 1);
	EXPECT_EQ('x', byte);
	conn_close(&self->conn);
}

/* The error ends an attempt to connect, and the error queue has its details. */
TEST_F(icmp, error_queue)
{
	struct addr to = addr_side(&self->net, SERVER, PORT);
	char control[512], data[512];
	struct iovec iov = { data, sizeof(data) };
	struct sockaddr_storage name;
	struct msghdr msg = {
		.msg_name = &name, .msg_namelen = sizeof(name),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	struct sock_extended_err *ee;
	struct cmsghdr *cmsg;
	const struct seg *s;

	set_recverr(fd);
	net_drop(&self->net, SERVER, TH_SYN, 40, 80, 0);
	ASSERT_EQ(-1, addr_connect(fd, to));
	ASSERT_EQ(EINPROGRESS, errno);
	s = wire_wait(self->wire, "> S 0 - 0");
	wire_icmp(&self->net, s, s->raw_seq, unreach_type(), unreach_code(), 0);
	ASSERT_TRUE(sock_wait(fd, POLLERR, PATIENCE));
	EXPECT_EQ(EHOSTUNREACH, sock_get(fd, SOL_SOCKET, SO_ERROR));
	ASSERT_LE(0, recvmsg(fd, &msg, MSG_ERRQUEUE));
	EXPECT_TRUE(msg.msg_flags & MSG_ERRQUEUE);
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_type == ip46(IP_RECVERR, IPV6_RECVERR))
			break;
	ASSERT_NE(NULL, cmsg);
	EXPECT_EQ(ip46(SOL_IP, SOL_IPV6), cmsg->cmsg_level);
	ee = (void *)CMSG_DATA(cmsg);
	EXPECT_EQ(EHOSTUNREACH, ee->ee_errno);
	EXPECT_EQ(ip46(SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6), ee->ee_origin);
	EXPECT_EQ(unreach_type(), ee->ee_type);
	EXPECT_EQ(unreach_code(), ee->ee_code);
	EXPECT_EQ(ip46(AF_INET, AF_INET6), name.ss_family);
	EXPECT_EQ(-1, recvmsg(fd, &msg, MSG_ERRQUEUE));
	EXPECT_EQ(EAGAIN, errno);
	close(fd);
}

/* A thread sends all of it one way. */
struct bulk {
	int fd;
	size_t len;
	pthread_t thread;
};

static void *bulk_send(void *arg)
{
	struct bulk *b = arg;
	char *buf = malloc(b->len);

	pattern_fill(buf, b->len, 0);
	sock_send(b->fd, buf, b->len);
	free(buf);
	return NULL;
}

static void bulk_start(struct bulk *b, int fd, size_t len)
{
	b->fd = fd;
	b->len = len;
	if (pthread_create(&b->thread, NULL, bulk_send, b))
		net_die("no thread");
}

/* Receives from byte from on, and returns how many were right. */
static size_t bulk_take(int fd, size_t from, size_t len)
{
	char *buf = malloc(len);
	size_t good;

	sock_recv(fd, buf, len);
	good = pattern_check(buf, len, from);
	free(buf);
	return good;
}

/* The path's MTU goes down by an ICMP error about what is in flight only. */
TEST_F(icmp, too_big)
{
	static char buf[1400];
	const struct seg *s;
	int c, mss;

	conn_open(&self->net, PORT, &self->conn);
	c = self->conn.end[CLIENT];
	EXPECT_EQ(1500, path_mtu(c));
	mss = sock_get(c, SOL_TCP, TCP_MAXSEG);
	/* A segment of this length never gets through. */
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1400, 1500, 0);
	pattern_fill(buf, sizeof(buf), 0);
	sock_send(c, buf, sizeof(buf));
	s = wire_wait(self->wire, "> PA 1 1 1400");
	too_big(&self->net, s, s->raw_seq + 70000, 1300);
	too_big(&self->net, s, s->raw_seq - 70000, 1300);
	usleep(20000);
	EXPECT_EQ(1500, path_mtu(c));
	EXPECT_EQ(mss, sock_get(c, SOL_TCP, TCP_MAXSEG));
	too_big(&self->net, s, s->raw_seq, 1300);
	EXPECT_EQ(sizeof(buf), bulk_take(self->conn.end[SERVER], 0, sizeof(buf)));
	EXPECT_EQ(1300, path_mtu(c));
	EXPECT_EQ(mss - 200, sock_get(c, SOL_TCP, TCP_MAXSEG));
	conn_close(&self->conn);
}

/* A device's MTU goes down and up again during the transfer. */
TEST_F(icmp, device)
{
	struct bulk b;
	size_t at = 0;
	int i;

	conn_open(&self->net, PORT, &self->conn);
	bulk_start(&b, self->conn.end[CLIENT], BULK);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(BULK / 8, bulk_take(self->conn.end[SERVER], at, BULK / 8));
		at += BULK / 8;
		net_run(&self->net, CLIENT, "ip link set v0 mtu %d", i % 2 ? 1500 : 1300);
	}
	pthread_join(b.thread, NULL);
	conn_close(&self->conn);
}

/*
 * A third host, in this process's own namespace, is behind SERVER, which is a router
 * now.  The link between them takes 1300 bytes, which the hosts do not know.
 */
TEST_F(icmp, router)
{
	struct net *net = &self->net;
	struct net far = {
		.dev = { "r0", "r1" },
		.ip = { ip46("10.1.0.1", "fd01::1"), ip46("10.1.0.2", "fd01::2") },
	};
	struct bulk b;
	int l, c, s;

	if (unshare(CLONE_NEWNET))
		net_die("unshare: %s", strerror(errno));
	far.ns[CLIENT] = net->ns[SERVER];
	far.ns[SERVER] = net_visit(net, CLIENT);
	net_leave(dup(far.ns[SERVER]));
	net_run(&far, CLIENT,
		"set -e\n"
		"ip link add r0 type veth peer name r1 netns /proc/%d/fd/%d\n"
		"ip addr add 10.1.0.1/24 dev r0\n"
		"ip addr add fd01::1/64 dev r0 nodad\n"
		"ip link set r0 mtu 1300 up\n"
		"echo 1 >/proc/sys/net/ipv4/ip_forward\n"
		"echo 1 >/proc/sys/net/ipv6/conf/all/forwarding\n",
		getpid(), far.ns[SERVER]);
	net_run(&far, SERVER,
		"set -e\n"
		"ip link set lo up\n"
		"ip addr add 10.1.0.2/24 dev r1\n"
		"ip addr add fd01::2/64 dev r1 nodad\n"
		"ip link set r1 up\n"
		"ip route add default via 10.1.0.1\n"
		"ip route add default via fd01::1\n");
	l = sock_listen(&far, SERVER, PORT, 1);
	c = sock_connect(net, CLIENT, far.ip[SERVER], PORT);
	s = sock_accept(l);
	EXPECT_EQ(1500, path_mtu(c));
	bulk_start(&b, c, BULK);
	EXPECT_EQ(BULK, bulk_take(s, 0, BULK));
	pthread_join(b.thread, NULL);
	EXPECT_EQ(1300, path_mtu(c));
	close(c);
	close(s);
	close(l);
}

/* The destination, and the router that it goes by. */
struct way {
	const char *to, *by;
};

static bool goes_by(void *arg)
{
	const struct way *way = arg;
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "ip route get %s | grep -q 'via %s '", way->to, way->by);
	return !system(cmd);
}

/*
 * A router that forwards to another router on the same link sends a redirect, and from
 * then on segments go there at once.
 */
TEST_F(icmp, redirect)
{
	struct net *net = &self->net;
	struct way way = { ip46("10.9.0.1", "fd09::1"), ip46("10.0.0.3", "fe80::3") };
	int fd = sock_open(net, CLIENT, SOCK_NONBLOCK);

	net_run(net, SERVER,
		"set -e\n"
		"echo 1 >/proc/sys/net/ipv4/ip_forward\n"
		"echo 1 >/proc/sys/net/ipv6/conf/all/forwarding\n"
		"ip neigh add %s lladdr 02:00:00:00:00:03 dev v1 nud permanent\n"
		"ip route add %s via %s dev v1\n", way.by, way.to, way.by);
	net_run(net, CLIENT,
		"ip neigh replace fe80::2 lladdr 02:00:00:00:00:02 dev v0 nud permanent\n"
		"ip neigh add %s lladdr 02:00:00:00:00:03 dev v0 nud permanent\n"
		"ip route add %s via %s dev v0\n",
		way.by, way.to, ip46("10.0.0.2", "fe80::2"));
	net_enter(net, CLIENT);
	EXPECT_FALSE(goes_by(&way));
	ASSERT_EQ(-1, addr_connect(fd, addr_of(way.to, PORT)));
	ASSERT_EQ(EINPROGRESS, errno);
	EXPECT_TRUE(net_until(goes_by, &way, PATIENCE));
	close(fd);
}

/* IP_PMTUDISC_PROBE and INTERFACE: the MTU in an ICMP error is ignored. */
TEST_F(icmp, disbelief)
{
	static char buf[1400];
	const struct seg *s;
	int c, mss;

	net_stack_sysctl(&self->net, CLIENT, "mtu_probing", "0");	/* time-outs may come */
	conn_open(&self->net, PORT, &self->conn);
	c = self->conn.end[CLIENT];
	sock_set(c, ip46(SOL_IP, SOL_IPV6), ip46(IP_MTU_DISCOVER, IPV6_MTU_DISCOVER),
		 ip46(IP_PMTUDISC_INTERFACE, IPV6_PMTUDISC_INTERFACE));
	mss = sock_get(c, SOL_TCP, TCP_MAXSEG);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1000, 1500, 0);
	sock_send(c, buf, sizeof(buf));
	s = wire_wait(self->wire, "> PA 1 1 1400");
	too_big(&self->net, s, s->raw_seq, 1300);
	net_drop_end(&self->net, SERVER);
	sock_recv(self->conn.end[SERVER], buf, sizeof(buf));
	/*
	 * The kernel's TCP over IPv4 updates the route all the same, and then follows
	 * it.
	 */
	if (!stack_is_tcp() || stack_is_ipv6()) {
		EXPECT_EQ(1500, path_mtu(c));
		EXPECT_EQ(mss, sock_get(c, SOL_TCP, TCP_MAXSEG));
	}
	conn_close(&self->conn);
}

/* --- without ICMP --- */

/*
 * What is larger than @mtu is lost on its way from a side to the other; nobody is told.
 * net_drop_end() of the other side ends that.
 */
static void black_hole(const struct net *net, int from, int mtu)
{
	/* As on a wire: nothing is still to be cut where the size is looked at. */
	net_run(net, from, "ip link set %s gso_max_segs 1", net->dev[from]);
	net_run(net, !from,
		"set -e; nft -f - <<E\n"
		"add table inet scene\n"
		"add chain inet scene in { type filter hook prerouting priority -400; }\n"
		"add rule inet scene in meta l4proto %d meta length > %d drop\n"
		"E\n", stack_proto(), mtu);
	/* The kernel's TCP does not look for black holes unless it is told to. */
	if (side_is_tcp(from))
		net_stack_sysctl(net, from, "mtu_probing", "1");
}

static int mss_of(int fd)
{
	struct tcp_info i = { 0 };
	socklen_t len = sizeof(i);

	if (getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len))
		net_die("TCP_INFO: %s", strerror(errno));
	return i.tcpi_snd_mss;
}

/* The MSS of a path of @mtu, with timestamps. */
static int mss_by(int mtu)
{
	return mtu - stack_ip_header() - 20 - 12;
}

/* A side sends BULK bytes to the other, all of which arrive. */
static void carry(const struct conn *conn, int from)
{
	struct bulk b;

	bulk_start(&b, conn->end[from], BULK);
	if (bulk_take(conn->end[!from], 0, BULK) != BULK)
		net_die("wrong bytes");
	pthread_join(b.thread, NULL);
}

/* A path of 1300 passes, whichever end sends, and whatever IP_MTU_DISCOVER says. */
TEST_F_TIMEOUT(icmp, black_hole, 300)
{
	static const int modes[] = {
		IP_PMTUDISC_WANT, IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE,
		IP_PMTUDISC_INTERFACE,
	};
	struct net *net = &self->net;
	size_t i;
	int from;

	for (from = CLIENT; from <= SERVER; from++) {
		black_hole(net, from, 1300);
		/* The kernel's TCP takes six seconds for each. */
		for (i = 0; i < (side_is_tcp(from) ? 1 : sizeof(modes) / sizeof(*modes)); i++) {
			int mss, fd;

			conn_open(net, PORT + 1 + i, &self->conn);
			fd = self->conn.end[from];
			sock_set(fd, ip46(SOL_IP, SOL_IPV6),
				 ip46(IP_MTU_DISCOVER, IPV6_MTU_DISCOVER), modes[i]);
			EXPECT_EQ(mss_by(1500), mss_of(fd));
			carry(&self->conn, from);
			mss = mss_of(fd);
			EXPECT_LE(mss, mss_by(1300))
				TH_LOG("side %d, mode %d", from, modes[i]);
			EXPECT_GE(mss, 1024);
			EXPECT_EQ(1500, path_mtu(fd));
			conn_close(&self->conn);
			if (side_is_tcp(from))
				continue;
			EXPECT_LE(i + 1, net_stat(net, from, "mtu_reduced"));
		}
		net_drop_end(net, !from);
	}
}

/* The search has found the size to a few bytes. */
static bool has_found(void *arg)
{
	const struct conn *conn = arg;

	carry(conn, CLIENT);
	return mss_of(conn->end[CLIENT]) > mss_by(1300) - 10;
}

/* The same without a black hole. */
static bool is_full(void *arg)
{
	const struct conn *conn = arg;

	carry(conn, CLIENT);
	return mss_of(conn->end[CLIENT]) > mss_by(1500) - 8;
}

/*
 * What passes is found out by probes.  When the path takes more again, a change of the route
 * makes the sender look.
 */
TEST_F_TIMEOUT(icmp, black_hole_ends, 120)
{
	struct net *net = &self->net;

	if (side_is_tcp(CLIENT))
		SKIP(return, "looks again by time alone");
	black_hole(net, CLIENT, 1300);
	conn_open(net, PORT, &self->conn);
	EXPECT_TRUE(net_until(has_found, &self->conn, PATIENCE));
	EXPECT_LE(mss_of(self->conn.end[CLIENT]), mss_by(1300));
	net_drop_end(net, SERVER);
	carry(&self->conn, CLIENT);
	EXPECT_LE(mss_of(self->conn.end[CLIENT]), mss_by(1300));
	/* Another next hop, which is the same host. */
	net_run(net, CLIENT,
		"ip neigh add %s lladdr 02:00:00:00:00:02 dev v0 nud permanent\n"
		"ip route add %s via %s dev v0\n",
		ip46("10.0.0.3", "fe80::3"), net->ip[SERVER], ip46("10.0.0.3", "fe80::3"));
	EXPECT_TRUE(net_until(is_full, &self->conn, PATIENCE));
	EXPECT_EQ(mss_by(1500), mss_of(self->conn.end[CLIENT]));
	conn_close(&self->conn);
}

/* After probe_interval the sender looks as well. */
TEST_F_TIMEOUT(icmp, probe_interval, 120)
{
	struct net *net = &self->net;

	net_stack_sysctl(net, CLIENT, "probe_interval", "2");
	black_hole(net, CLIENT, 1300);
	conn_open(net, PORT, &self->conn);
	EXPECT_TRUE(net_until(has_found, &self->conn, PATIENCE));
	net_drop_end(net, SERVER);
	EXPECT_TRUE(net_until(is_full, &self->conn, PATIENCE));
	conn_close(&self->conn);
}

static bool has_reduced(void *net)
{
	return net_stat(net, CLIENT, "mtu_reduced");
}

/* An outage of some time-outs makes no segment smaller for long. */
TEST_F_TIMEOUT(icmp, outage, 120)
{
	struct net *net = &self->net;
	struct bulk b;

	if (side_is_tcp(CLIENT))
		SKIP(return, "keeps the smaller size");
	net_run(net, CLIENT, "ip link set v0 gso_max_segs 1");
	conn_open(net, PORT, &self->conn);
	carry(&self->conn, CLIENT);
	net_run(net, SERVER,
		"set -e; nft -f - <<E\n"
		"add table inet scene\n"
		"add chain inet scene in { type filter hook prerouting priority -400; }\n"
		"add rule inet scene in meta l4proto %d drop\n"
		"E\n", stack_proto());
	bulk_start(&b, self->conn.end[CLIENT], BULK);
	EXPECT_TRUE(net_until(has_reduced, net, PATIENCE));
	net_drop_end(net, SERVER);
	EXPECT_EQ(BULK, bulk_take(self->conn.end[SERVER], 0, BULK));
	pthread_join(b.thread, NULL);
	EXPECT_TRUE(net_until(is_full, &self->conn, PATIENCE));
	EXPECT_EQ(mss_by(1500), mss_of(self->conn.end[CLIENT]));
	conn_close(&self->conn);
}

/* mtu_probing 2: segments begin at base_mss and grow, without a time-out. */
TEST_F_TIMEOUT(icmp, probing_from_the_start, 120)
{
	static const int base[] = { 1024, 700 };
	struct net *net = &self->net;
	char text[16];
	int i;

	net_run(net, CLIENT, "ip link set v0 gso_max_segs 1");
	net_stack_sysctl(net, CLIENT, "mtu_probing", "2");
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%d", base[i]);
		net_stack_sysctl(net, CLIENT, "base_mss", text);
		conn_open(net, PORT + i, &self->conn);
		EXPECT_EQ(base[i], mss_of(self->conn.end[CLIENT]));
		EXPECT_TRUE(net_until(is_full, &self->conn, PATIENCE));
		conn_close(&self->conn);
	}
	if (!side_is_tcp(CLIENT)) {
		EXPECT_EQ(0, net_stat(net, CLIENT, "mtu_reduced"));
		EXPECT_EQ(0, net_stat(net, CLIENT, "mtu_probes_lost"));
		EXPECT_LT(4, net_stat(net, CLIENT, "mtu_probes_passed"));
	}
}

TEST_HARNESS_MAIN
