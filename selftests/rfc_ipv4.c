// SPDX-License-Identifier: GPL-2.0
/*
 * RFC 9293's rules for what only IPv4 has: source routes and other options (section
 * 3.9.2.1), source quench (3.9.2.2). sim/requirements.md says which requirement each
 * test shows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define CPORT	4242

FIXTURE(ipv4)
{
	struct net net;
	struct wire *wire;
};

FIXTURE_SETUP(ipv4)
{
	const uint8_t *mac;
	int side, i;

	net_open(&self->net);
	net_no_timestamps(&self->net);
	for (side = CLIENT; side <= SERVER; side++) {
		net_sysctl(&self->net, side,
			   "net/ipv4/conf/all/accept_source_route", "1");
		mac = self->net.mac[!side];
		for (i = 8; i <= 9; i++)
			net_run(&self->net, side,
				"ip neigh add 10.0.0.%d dev %s lladdr %02x:%02x:%02x:%02x:%02x:%02x",
				i, self->net.dev[side], mac[0], mac[1], mac[2],
				mac[3], mac[4], mac[5]);
	}
	net_sysctl(&self->net, CLIENT, "net/ipv4/conf/v0/accept_source_route",
		   "1");
	net_sysctl(&self->net, SERVER, "net/ipv4/conf/v1/accept_source_route",
		   "1");
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(ipv4)
{
	wire_close(self->wire);
}

static bool to(const struct seg *s, const uint8_t addr[4])
{
	return !memcmp(&s->daddr.s6_addr[12], addr, 4);
}

/* True if s goes to the router first, and to the given address from there. */
static bool routed(const struct seg *s, const uint8_t router[4],
		   const uint8_t addr[4])
{
	return to(s, router) && s->ip_opt_len == 8 && s->ip_opt[0] == 131 &&
	       s->ip_opt[1] == 7 && s->ip_opt[2] == 4 &&
	       !memcmp(s->ip_opt + 3, addr, 4);
}

/* A router that does not exist: what is sent to it shows on the wire. */
static const uint8_t router[4] = { 10, 0, 0, 9 };
static const uint8_t caddr[4] = { 10, 0, 0, 1 };
static const uint8_t saddr[4] = { 10, 0, 0, 2 };

/* The user gives a route, and one in a received segment changes nothing. */
TEST_F(ipv4, route_of_the_user)
{
	static const uint8_t route[] = { 131, 7, 4, 10, 0, 0, 9, 0 };
	static const uint8_t received[] = { 131, 7, 8, 10, 0, 0, 8, 0 };
	const struct seg *s;
	int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);

	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route,
				sizeof(route)));
	ASSERT_EQ(0, addr_bind(fd, addr_side(&self->net, CLIENT, CPORT)));
	ASSERT_EQ(-1, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	ASSERT_EQ(EINPROGRESS, errno);
	s = wire_wait(self->wire, "> S 0 - 0");
	EXPECT_TRUE(routed(s, router, saddr));
	wire_send(&self->net, SERVER, &(struct craft){
		.src = "10.0.0.2", .dst = "10.0.0.1", .sport = PORT,
		.dport = CPORT, .seq = 1000, .ack = s->raw_seq + 1,
		.flags = TH_SYN | TH_ACK, .ext = received,
		.ext_len = sizeof(received) });
	s = wire_wait(self->wire, "> A 1 1 0");
	EXPECT_TRUE(routed(s, router, saddr));
	EXPECT_EQ(POLLOUT, sock_events(fd, POLLOUT | POLLERR));
	sock_send(fd, "1", 1);
	s = wire_wait(self->wire, "> PA 1 1 1");
	EXPECT_TRUE(routed(s, router, saddr));
	close(fd);
}

/* A route in the SYN is the way back for all of a connection. */
TEST_F(ipv4, route_that_was_received)
{
	static const uint8_t received[] = { 131, 7, 8, 10, 0, 0, 9, 0 };
	static const uint8_t later[] = { 131, 7, 8, 10, 0, 0, 8, 0 };
	int l = sock_listen(&self->net, SERVER, PORT, 4);
	struct craft c = {
		.sport = CPORT, .dport = PORT, .seq = 1000, .flags = TH_SYN,
		.ext = received, .ext_len = sizeof(received),
	};
	const struct seg *s;
	int fd;

	wire_send(&self->net, CLIENT, &c);
	s = wire_wait(self->wire, "< SA 0 1 0");
	EXPECT_TRUE(routed(s, router, caddr));
	c.seq++;
	c.ack = s->raw_seq + 1;
	c.flags = TH_ACK;
	c.ext_len = 0;
	wire_send(&self->net, CLIENT, &c);
	fd = sock_accept(l);
	sock_send(fd, "1", 1);
	s = wire_wait(self->wire, "< PA 1 1 1");
	EXPECT_TRUE(routed(s, router, caddr));
	/* A guess of the ports must not redirect the data. */
	c.ack++;
	c.ext = later;
	c.ext_len = sizeof(later);
	wire_send(&self->net, CLIENT, &c);
	sock_send(fd, "2", 1);
	s = wire_wait(self->wire, "< PA 2 1 1");
	EXPECT_TRUE(routed(s, router, caddr));
	close(fd);
	close(l);
}

/* Timestamp and record route, as the user gives them. */
TEST_F(ipv4, timestamp_and_record_route)
{
	static const uint8_t options[] = {
		68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0,	/* two times */
		7, 7, 4, 0, 0, 0, 0, 0,			/* one address */
	};
	int fd = sock_open(&self->net, CLIENT, 0);
	int l = sock_listen(&self->net, SERVER, PORT, 4);
	const struct seg *s;

	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_OPTIONS, options,
				sizeof(options)));
	ASSERT_EQ(0, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	s = wire_wait(self->wire, "> S 0 - 0");
	ASSERT_EQ(sizeof(options), s->ip_opt_len);
	EXPECT_EQ(68, s->ip_opt[0]);
	EXPECT_EQ(9, s->ip_opt[2]);	/* the first time is filled in */
	EXPECT_EQ(7, s->ip_opt[12]);
	EXPECT_EQ(8, s->ip_opt[14]);	/* and so is the address */
	EXPECT_EQ(0, memcmp(s->ip_opt + 15, caddr, 4));
	s = wire_wait(self->wire, "> A 1 1 0");
	EXPECT_EQ(sizeof(options), s->ip_opt_len);
	close(sock_accept(l));
	close(fd);
	close(l);
}

static unsigned int cwnd(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		net_die("TCP_INFO: %s", strerror(errno));
	return info.tcpi_snd_cwnd;
}

/* A source quench is silently discarded (RFC 6633). */
TEST_F(ipv4, source_quench_is_ignored)
{
	struct conn conn;
	const struct seg *s;
	unsigned int before;
	char byte;

	conn_open(&self->net, PORT, &conn);
	sock_set(conn.end[CLIENT], IPPROTO_IP, IP_RECVERR, 1);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 80, 1);
	before = cwnd(conn.end[CLIENT]);
	sock_send(conn.end[CLIENT], "1", 1);
	s = wire_wait(self->wire, "> PA 1 1 1");
	wire_icmp(&self->net, s, s->raw_seq, ICMP_SOURCE_QUENCH, 0, 0);
	EXPECT_FALSE(sock_wait(conn.end[CLIENT], POLLERR, 100));
	EXPECT_EQ(0, sock_get(conn.end[CLIENT], SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(before, cwnd(conn.end[CLIENT]));
	sock_recv(conn.end[SERVER], &byte, 1);
	conn_close(&conn);
}

TEST_HARNESS_MAIN
