// SPDX-License-Identifier: GPL-2.0
/*
 * RFC 9293's rules for TCP with IP below and the user above, over both versions of IP:
 * sections 3.8.3 (failures), 3.9.1 (calls), 3.9.2 (IP). sim/requirements.md says which
 * requirement each test shows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/icmp.h>
#include <linux/tcp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

FIXTURE(ip)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
};

FIXTURE_SETUP(ip)
{
	net_open(&self->net);
	net_no_timestamps(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	wire_wait(self->wire, "> A 1 1 0");
	wire_pin(self->wire);
}

FIXTURE_TEARDOWN(ip)
{
	wire_close(self->wire);
	conn_close(&self->conn);
}

/* A byte gets through, both ways. */
static void works(int a, int b)
{
	char byte;

	sock_send(a, "1", 1);
	sock_recv(b, &byte, 1);
	sock_send(b, "2", 1);
	sock_recv(a, &byte, 1);
}

/*
 * The segment behind an unknown IP option is taken as any other.  In IPv6 it is a
 * destination option of the kind to be skipped.
 */
TEST_F(ip, unknown_option)
{
	static const uint8_t option4[4] = { 30, 4, 0, 0 };
	const uint8_t option6[8] = { stack_proto(), 0, 30, 4, 0, 0, 0, 0 };
	const struct seg *syn = wire_at(self->wire, 0);
	const struct seg *answer = wire_at(self->wire, 1);
	struct craft c = {
		.sport = sock_port(self->c),
		.dport = PORT,
		.seq = syn->raw_seq + 1,
		.ack = answer->raw_seq + 1,
		.flags = TH_ACK | TH_PSH,
		.data = "odd",
		.len = 3,
		.ext = ip46(option4, option6),
		.ext_len = ip46(sizeof(option4), sizeof(option6)),
		.ext_type = IPPROTO_DSTOPTS,
	};
	char text[3];

	ASSERT_EQ(TH_SYN, syn->flags);
	ASSERT_EQ(TH_SYN | TH_ACK, answer->flags);
	wire_send(&self->net, CLIENT, &c);
	sock_recv(self->s, text, 3);
	EXPECT_EQ(0, memcmp(text, "odd", 3));
}

static void set_tos(int fd, int tos)
{
	sock_set(fd, ip46(IPPROTO_IP, (int)IPPROTO_IPV6),
		 ip46(IP_TOS, IPV6_TCLASS), tos);
}

static void set_ttl(int fd, int ttl)
{
	sock_set(fd, ip46(IPPROTO_IP, (int)IPPROTO_IPV6),
		 ip46(IP_TTL, IPV6_UNICAST_HOPS), ttl);
}

/* The Diffserv field and the hop limit, as the user sets them, at any time. */
TEST_F(ip, diffserv_and_hops_on_the_wire)
{
	const struct seg *s;
	int fd;

	set_tos(self->c, 0x28);
	set_ttl(self->c, 33);
	sock_send(self->c, "1", 1);
	s = wire_wait(self->wire, "> PA 1 1 1");
	EXPECT_EQ(0x28, s->tos);
	EXPECT_EQ(33, s->ttl);
	set_tos(self->c, 0xb8);
	set_ttl(self->c, 200);
	sock_send(self->c, "2", 1);
	s = wire_wait(self->wire, "> PA 2 1 1");
	EXPECT_EQ(0xb8, s->tos);
	EXPECT_EQ(200, s->ttl);
	/* The values hold from the first segment on. */
	wire_close(self->wire);
	self->wire = wire_open(&self->net, CLIENT, PORT);
	fd = sock_open(&self->net, CLIENT, 0);
	set_tos(fd, 0x48);
	set_ttl(fd, 44);
	ASSERT_EQ(0, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	s = wire_wait(self->wire, "> S 0 - 0");
	EXPECT_EQ(0x48, s->tos);
	EXPECT_EQ(44, s->ttl);
	s = wire_wait(self->wire, "> A 1 1 0");
	EXPECT_EQ(0x48, s->tos);
	EXPECT_EQ(44, s->ttl);
	close(fd);
}

/* A passive OPEN makes a connection record or fails, and leaves others alone. */
TEST_F(ip, passive_open_disturbs_nothing)
{
	int l;

	/* The port is taken by a listener and a connection. */
	l = sock_open(&self->net, SERVER, 0);
	EXPECT_EQ(-1, addr_bind(l, addr_any(PORT)));
	EXPECT_EQ(EADDRINUSE, errno);
	close(l);
	works(self->c, self->s);
	/*
	 * Now only the connection holds it, and SO_REUSEADDR lets the listener share
	 * it.
	 */
	sock_set(self->s, SOL_SOCKET, SO_REUSEADDR, 1);
	close(self->conn.listener);
	self->conn.listener = sock_listen(&self->net, SERVER, PORT, 4);
	works(self->c, self->s);
	l = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	close(sock_accept(self->conn.listener));
	close(l);
	works(self->c, self->s);
}

/* LISTEN on the port of a connection in SYN-SENT, and of one in SYN-RECEIVED. */
TEST_F(ip, listen_beside_an_attempt)
{
	struct addr here = addr_side(&self->net, CLIENT, 4000);
	int l, fd, other;

	net_drop(&self->net, SERVER, TH_SYN, 40, 80, 0);
	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_EQ(0, addr_bind(fd, here));
	ASSERT_EQ(-1, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	ASSERT_EQ(EINPROGRESS, errno);
	net_wait_state(&self->net, CLIENT, 4000, PORT, ST_SYN_SENT);
	l = sock_listen(&self->net, CLIENT, 4000, 4);
	EXPECT_EQ(ST_SYN_SENT, net_state(&self->net, CLIENT, 4000, PORT));
	/* That listener has a half-open connection, whose client does not answer. */
	net_drop(&self->net, SERVER, TH_SYN | TH_ACK, 40, 80, 0);
	net_drop(&self->net, CLIENT, TH_RST, 40, 80, 0);
	wire_send(&self->net, SERVER, &(struct craft){
		.src = self->net.ip[SERVER], .dst = self->net.ip[CLIENT],
		.sport = 4242, .dport = 4000, .seq = 1, .flags = TH_SYN });
	net_wait_state(&self->net, CLIENT, 4000, 4242, ST_SYN_RECEIVED);
	net_drop_end(&self->net, SERVER);
	/* The listener goes on, and so does the attempt. */
	other = sock_connect(&self->net, SERVER, self->net.ip[CLIENT], 4000);
	close(sock_accept(l));
	close(other);
	ASSERT_TRUE(sock_wait(fd, POLLOUT, PATIENCE));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ERROR));
	close(fd);
	close(l);
}

/*
 * A soft error about data in flight is reported at once to a user who asks for it
 * (IP_RECVERR), to others when they ask, and ends the connection for neither.
 */
TEST_F(ip, soft_errors_can_be_told)
{
	int type = ip46(ICMP_DEST_UNREACH, ICMP6_DST_UNREACH);
	int code = ip46(ICMP_HOST_UNREACH, ICMP6_DST_UNREACH_ADDR);
	const struct seg *s;
	char byte;

	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 80, 0);
	sock_send(self->c, "1", 1);
	s = wire_wait(self->wire, "> PA 1 1 1");
	wire_icmp(&self->net, s, s->raw_seq, type, code, 0);
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 100));
	EXPECT_EQ(EHOSTUNREACH, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	sock_set(self->c, ip46(IPPROTO_IP, (int)IPPROTO_IPV6),
		 ip46(IP_RECVERR, IPV6_RECVERR), 1);
	wire_icmp(&self->net, s, s->raw_seq, type, code, 0);
	ASSERT_TRUE(sock_wait(self->c, POLLERR, PATIENCE));
	EXPECT_EQ(EHOSTUNREACH, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	net_drop_end(&self->net, SERVER);
	sock_recv(self->s, &byte, 1);
	works(self->c, self->s);
}

static bool resent_thrice(void *arg)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(*(int *)arg, IPPROTO_TCP, TCP_INFO, &info, &len))
		net_die("TCP_INFO: %s", strerror(errno));
	return info.tcpi_retransmits >= 3 && info.tcpi_backoff >= 3;
}

/* Between R1 and R2 TCP_INFO shows that data is not being delivered. */
TEST_F(ip, trouble_can_be_seen)
{
	char byte;

	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 80, 0);
	sock_send(self->c, "1", 1);
	EXPECT_TRUE(net_until(resent_thrice, &self->c, PATIENCE));
	EXPECT_EQ(0, sock_get(self->c, SOL_SOCKET, SO_ERROR));
	net_drop_end(&self->net, SERVER);
	sock_recv(self->s, &byte, 1);
	works(self->c, self->s);
}

TEST_HARNESS_MAIN
