// SPDX-License-Identifier: GPL-2.0
/*
 * One segment is lost, each time another one; or the peer does not answer, or exists no
 * more.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define RTO_MIN	190	/* ms: less is no retransmission time-out */

FIXTURE(loss)
{
	struct net net;
	struct wire *wire;
	struct conn conn;
	int c, s;
	uint16_t cport;
};

FIXTURE_SETUP(loss)
{
	net_open(&self->net);
	self->wire = wire_open(&self->net, CLIENT, PORT);
}

FIXTURE_TEARDOWN(loss)
{
	wire_close(self->wire);
}

/* Connects and waits until both ends have the connection. */
static void connected(const struct net *net, struct conn *conn, int *c,
		      int *s, uint16_t *cport)
{
	conn_open(net, PORT, conn);
	*c = conn->end[CLIENT];
	*s = conn->end[SERVER];
	*cport = sock_port(*c);
	net_wait_state(net, SERVER, PORT, *cport, ST_ESTABLISHED);
}

#define CONNECT() \
	connected(&self->net, &self->conn, &self->c, &self->s, &self->cport)

/* Closes a socket without a segment to the peer, as when its host dies. */
static void vanish(const struct net *net, int side, int fd)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };

	net_drop(net, !side, TH_RST | TH_ACK, 40, 80, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
	net_drop_end(net, !side);
}

TEST_F(loss, closed_port)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< RA  0  1  0",
	};
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd = sock_open(&self->net, CLIENT, 0);

	FAILS(ECONNREFUSED, addr_connect(fd, addr));
	EXPECT_TRUE(wire_expect(self->wire, script));
	/* The RST of 3.10.7.1: sequence number 0 as it is on the wire. */
	EXPECT_EQ(0, wire_at(self->wire, 1)->raw_seq);
	close(fd);
}

TEST_F(loss, syn)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
	};

	long long start;

	net_drop(&self->net, SERVER, TH_SYN, 40, 80, 1);
	start = net_now();
	CONNECT();
	/* RFC 6298, 2.1: one second before anything is known. */
	EXPECT_LE(900, net_now() - start);
	EXPECT_TRUE(wire_expect(self->wire, script));
	conn_close(&self->conn);
}

/* Both sides' timers run: either, or both, may retransmit. */
TEST_F(loss, syn_ack)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"?> S  0  -  0",
		"< SA  0  1  0",
		"< SA  0  1  0",
		"?< SA 0  1  0",
		"> A   1  1  0",
		"?> A  1  1  0",
		"?> A  1  1  0",
	};

	net_drop(&self->net, CLIENT, TH_SYN | TH_ACK, 40, 80, 1);
	CONNECT();
	EXPECT_TRUE(wire_expect(self->wire, script));
	sock_send(self->c, "x", 1);
	sock_recv(self->s, &self->cport, 1);
	conn_close(&self->conn);
}

/* The ACK of the handshake is lost: data completes it. */
TEST_F(loss, handshake_ack)
{
	char buf[4];
	int fd, l;

	l = sock_listen(&self->net, SERVER, PORT, 4);
	net_drop(&self->net, SERVER, TH_ACK, 40, 80, 1);
	fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	wire_wait(self->wire, "> A 1 1 0");
	EXPECT_EQ(0, sock_events(l, POLLIN));
	sock_send(fd, "data", 4);
	self->s = sock_accept(l);
	sock_recv(self->s, buf, 4);
	EXPECT_EQ(0, memcmp(buf, "data", 4));
	wire_wait(self->wire, "< A 1 5 0");
	close(fd);
	close(self->s);
	close(l);
}

TEST_F(loss, data_segment)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> PA  1  1  4",
		"> PA  1  1  4",
		"< A   1  5  0",
	};
	const struct seg *first, *again;
	char buf[4];

	CONNECT();
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 80, 1);
	sock_send(self->c, "data", 4);
	sock_recv(self->s, buf, 4);
	EXPECT_TRUE(wire_expect(self->wire, script));
	first = wire_at(self->wire, 3);
	again = wire_at(self->wire, 4);
	if (first->from != CLIENT || again->from != CLIENT)
		return;
	EXPECT_EQ(first->raw_seq, again->raw_seq);
	conn_close(&self->conn);
}

/* The first of many segments is lost: duplicate ACKs cause its retransmission. */
TEST_F(loss, fast_retransmit)
{
	static char block[1000], got[20000];
	const struct seg *s;
	int i, acks = 0, sacks = 0, sent = 0;

	CONNECT();
	sock_set(self->c, IPPROTO_TCP, TCP_NODELAY, 1);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1000, 1500, 1);
	for (i = 0; i < 20; i++) {
		pattern_fill(block, sizeof(block), i * sizeof(block));
		sock_send(self->c, block, sizeof(block));
	}
	sock_recv(self->s, got, sizeof(got));
	EXPECT_EQ(sizeof(got), pattern_check(got, sizeof(got), 0));
	while ((s = wire_next(self->wire, PATIENCE))) {
		if (s->from == SERVER) {
			if (s->len == 0 && s->flags == TH_ACK && s->ack == 1) {
				acks++;
				/* The options are timestamps and a SACK block. */
				sacks += s->opt_len > 12;
			}
		} else if (s->len && s->seq == 1 && ++sent == 2) {
			break;
		}
	}
	ASSERT_NE(NULL, s);
	/* RFC 8985: after a round trip, one that tells of later data; RFC 2018: each does. */
	EXPECT_LE(1, acks);
	EXPECT_EQ(acks, sacks);
	conn_close(&self->conn);
}

/* A full segment is resent as it was sent, after others have been acknowledged. */
TEST_F(loss, full_segment)
{
	static char block[20000], got[20000];
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int i;

	CONNECT();
	for (i = 0; i < 3; i++) {
		sock_send(self->c, block, 1);
		sock_recv(self->s, got, 1);
	}
	pattern_fill(block, sizeof(block), 0);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1400, 65535, 1);
	sock_send(self->c, block, sizeof(block));
	sock_recv(self->s, got, sizeof(got));
	EXPECT_EQ(sizeof(got), pattern_check(got, sizeof(got), 0));
	EXPECT_EQ(0, getsockopt(self->c, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_LT(0, info.tcpi_total_retrans);
	/* Of both IP versions, IpFragOKs to Ip6FragCreates. */
	EXPECT_NE(0, net_try(&self->net, CLIENT,
			     "nstat -asz | grep -E 'Frag(OKs|Fails|Creates) +[1-9]'"));
	conn_close(&self->conn);
}

TEST_F(loss, fin)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"> FA  1  1  0",
		"> FA  1  1  0",
		"< A   1  2  0",
		"< FA  1  2  0",
		"> A   2  2  0",
	};
	long long start;

	CONNECT();
	net_drop(&self->net, SERVER, TH_FIN | TH_ACK, 40, 80, 1);
	start = net_now();
	close(self->c);
	sock_recv_end(self->s);
	/* The kernel's TCP has a loss probe before the time-out. */
	EXPECT_LE(stack_is_tcp() ? 1 : RTO_MIN, net_now() - start);
	wire_wait(self->wire, script[5]);
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_FIN_WAIT_2);
	close(self->s);
	EXPECT_TRUE(wire_expect(self->wire, script));
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_TIME_WAIT);
	net_wait_state(&self->net, SERVER, PORT, self->cport, ST_NONE);
}

/* The last ACK is lost: TIME-WAIT acknowledges the retransmitted FIN. */
TEST_F(loss, last_ack)
{
	static const char *const script[] = {
		"> S   0  -  0",
		"< SA  0  1  0",
		"> A   1  1  0",
		"< FA  1  1  0",
		"> A   1  2  0",
		"> FA  1  2  0",
		"< A   2  2  0",
		"> FA  1  2  0",
		"< A   2  2  0",
	};

	CONNECT();
	close(self->s);
	sock_recv_end(self->c);
	net_wait_state(&self->net, SERVER, PORT, self->cport, ST_FIN_WAIT_2);
	net_drop(&self->net, CLIENT, TH_ACK, 40, 80, 1);
	close(self->c);
	wire_wait(self->wire, script[6]);
	EXPECT_TRUE(wire_expect(self->wire, script));
	net_wait_state(&self->net, CLIENT, self->cport, PORT, ST_NONE);
	EXPECT_EQ(ST_TIME_WAIT, net_state(&self->net, SERVER, PORT,
					  self->cport));
}

/* The server's host died and came back: it knows of no connection. */
TEST_F(loss, half_open)
{
	char byte;

	CONNECT();
	vanish(&self->net, SERVER, self->s);
	EXPECT_EQ(ST_NONE, net_state(&self->net, SERVER, PORT, self->cport));
	EXPECT_EQ(POLLOUT, sock_events(self->c, POLLIN | POLLOUT));
	sock_send(self->c, "x", 1);
	/* Its RST has the sequence number that the client's ACK names. */
	wire_wait(self->wire, "< R 1 - 0");
	ASSERT_TRUE(sock_wait(self->c, POLLERR, PATIENCE));
	FAILS(ECONNRESET, recv(self->c, &byte, 1, 0));
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	close(self->c);
	close(self->conn.listener);
}

/*
 * The client's host died and connects again from the same port (RFC 9293, 3.5.1, and
 * RFC 5961, 4.2): the old connection's ACK is answered by a RST, and the next SYN
 * succeeds.
 */
TEST_F(loss, half_open_and_connect_again)
{
	int fd, s;
	char byte;

	CONNECT();
	vanish(&self->net, CLIENT, self->c);
	fd = sock_open(&self->net, CLIENT, 0);
	ASSERT_EQ(0, addr_bind(fd, addr_side(&self->net, CLIENT, self->cport)));
	ASSERT_EQ(0, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	ASSERT_TRUE(sock_wait(self->s, POLLERR, PATIENCE));
	FAILS(ECONNRESET, recv(self->s, &byte, 1, 0));
	s = sock_accept(self->conn.listener);
	sock_send(fd, "x", 1);
	sock_recv(s, &byte, 1);
	EXPECT_EQ('x', byte);
	close(fd);
	close(s);
	close(self->s);
	close(self->conn.listener);
}

/* The ICMP errors that a router, or a host, sends about a segment. */
static const struct icmp_error {
	uint8_t type, code;
	int err;
} icmp4[] = {
	{ ICMP_DEST_UNREACH, ICMP_NET_UNREACH, ENETUNREACH },
	{ ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, EHOSTUNREACH },
	{ ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, ENOPROTOOPT },
	{ ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, ECONNREFUSED },
	{ ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, EHOSTUNREACH },
	{ ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, EHOSTUNREACH },
}, icmp6[] = {
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, ENETUNREACH },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, EHOSTUNREACH },
	{ ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, EPROTO },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, ECONNREFUSED },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, EACCES },
	{ ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, EHOSTUNREACH },
};

#define ICMP_ERRORS	(sizeof(icmp4) / sizeof(icmp4[0]))

/* An ICMP error about a SYN is reported to the user at once. */
TEST_F(loss, icmp_for_a_syn)
{
	const struct icmp_error *icmp = ip46(icmp4, icmp6);
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	size_t i;

	net_drop(&self->net, SERVER, TH_SYN, 40, 80, 0);
	for (i = 0; i < ICMP_ERRORS; i++) {
		int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
		const struct seg *s;

		FAILS(EINPROGRESS, addr_connect(fd, addr));
		do {
			s = wire_next(self->wire, PATIENCE);
		} while (s && s->sport != sock_port(fd));
		ASSERT_NE(NULL, s);
		/* One with another number is not about what was sent. */
		wire_icmp(&self->net, s, s->raw_seq + 1000, icmp[i].type,
			  icmp[i].code, 0);
		EXPECT_FALSE(sock_wait(fd, POLLERR, 50));
		wire_icmp(&self->net, s, s->raw_seq, icmp[i].type,
			  icmp[i].code, 0);
		ASSERT_TRUE(sock_wait(fd, POLLERR, PATIENCE));
		EXPECT_EQ(icmp[i].err, sock_get(fd, SOL_SOCKET, SO_ERROR));
		close(fd);
	}
}

/* An established connection survives it (RFC 5461, RFC 9293 3.9.2.2). */
TEST_F(loss, icmp_for_data)
{
	const struct icmp_error *icmp = ip46(icmp4, icmp6);
	const struct seg *s;
	char byte;
	size_t i;

	CONNECT();
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 80, 0);
	sock_send(self->c, "x", 1);
	s = wire_wait(self->wire, "> PA 1 1 1");
	/* Anybody can send these: numbers that are not in flight. */
	for (i = 0; i < ICMP_ERRORS; i++) {
		wire_icmp(&self->net, s, s->raw_seq + 0x1000000, icmp[i].type,
			  icmp[i].code, 0);
		wire_icmp(&self->net, s, s->raw_seq - 0x1000000, icmp[i].type,
			  icmp[i].code, 0);
	}
	/* These have numbers in flight, and do not end the connection, either. */
	for (i = 0; i < 2; i++)
		wire_icmp(&self->net, s, s->raw_seq, icmp[i].type,
			  icmp[i].code, 0);
	EXPECT_FALSE(sock_wait(self->c, POLLERR, 50));
	net_drop_end(&self->net, SERVER);
	sock_recv(self->s, &byte, 1);
	EXPECT_EQ('x', byte);
	conn_close(&self->conn);
}

/* A host does not answer: the SYN is retransmitted a number of times. */
TEST_F_TIMEOUT(loss, connect_times_out, 60)
{
	struct addr addr = addr_side(&self->net, SERVER, PORT);
	int fd;

	net_stack_sysctl(&self->net, CLIENT, "syn_retries", "1");
	net_syn_backs_off(&self->net, CLIENT);
	net_drop(&self->net, SERVER, TH_SYN, 40, 80, 0);
	fd = sock_open(&self->net, CLIENT, 0);
	FAILS(ETIMEDOUT, addr_connect(fd, addr));
	while (wire_next(self->wire, 100))
		;
	EXPECT_EQ(2, wire_count(self->wire));
	close(fd);
}

TEST_HARNESS_MAIN
