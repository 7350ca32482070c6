// SPDX-License-Identifier: GPL-2.0
/* TCP_INFO: what the stack tells a program about its connection. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/info.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000

FIXTURE(info)
{
	struct net net;
};

FIXTURE_SETUP(info)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(info)
{
}

/* It is the newest kernel's structure on any kernel; a caller may ask for less. */
TEST_F(info, lengths)
{
	int fd = sock_open(&self->net, CLIENT, 0);
	unsigned char buf[1000];
	socklen_t len;
	size_t i;

	memset(buf, 0xa5, sizeof(buf));
	len = sizeof(buf);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, buf, &len));
	if (!stack_is_tcp())
		EXPECT_EQ(sizeof(struct info), len);
	for (i = len; i < sizeof(buf); i++)
		ASSERT_EQ(0xa5, buf[i]);
	memset(buf, 0xa5, sizeof(buf));
	len = 3;
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, buf, &len));
	EXPECT_EQ(3, len);
	EXPECT_EQ(ST_CLOSED, buf[0]);
	EXPECT_EQ(0xa5, buf[3]);
	errno = 0;
	len = -1;
	EXPECT_EQ(-1, getsockopt(fd, IPPROTO_TCP, TCP_INFO, buf, &len));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

/* TCP_INFO of a listener shows its queue; that of a socket never connected is empty. */
TEST_F(info, without_a_connection)
{
	int listener = sock_listen(&self->net, SERVER, PORT, 7);
	int fd = sock_open(&self->net, CLIENT, 0), peer;
	struct info i;

	ASSERT_LT(0, info_get(listener, &i));
	EXPECT_EQ(ST_LISTEN, i.state);
	EXPECT_EQ(0, i.unacked);
	EXPECT_EQ(7, i.sacked);
	EXPECT_EQ(10, i.snd_cwnd);
	EXPECT_EQ(3, i.reordering);
	ASSERT_LT(0, info_get(fd, &i));
	EXPECT_EQ(ST_CLOSED, i.state);
	EXPECT_EQ(1000000, i.rto);
	EXPECT_EQ(536, i.snd_mss);
	EXPECT_EQ(0, i.segs_out);
	EXPECT_EQ(~0ULL, i.pacing_rate);
	EXPECT_EQ(~0ULL, i.max_pacing_rate);
	peer = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	ASSERT_TRUE(sock_wait(listener, POLLIN, PATIENCE));
	ASSERT_LT(0, info_get(listener, &i));
	EXPECT_EQ(1, i.unacked);
	close(peer);
	close(fd);
	close(listener);
}

/* Every byte and segment of a dialogue is counted at both its ends. */
TEST_F(info, a_dialogue)
{
	char buf[1000] = "";
	struct info c, s;
	struct conn conn;
	int i;

	conn_open(&self->net, PORT, &conn);
	net_wait_state(&self->net, SERVER, PORT, sock_port(conn.end[CLIENT]),
		       ST_ESTABLISHED);
	for (i = 0; i < 5; i++) {
		sock_send(conn.end[CLIENT], buf, 100);
		sock_recv(conn.end[SERVER], buf, 100);
		sock_send(conn.end[SERVER], buf, 1000);
		sock_recv(conn.end[CLIENT], buf, 1000);
	}
	ASSERT_LT(0, info_get(conn.end[CLIENT], &c));
	ASSERT_LT(0, info_get(conn.end[SERVER], &s));
	EXPECT_EQ(ST_ESTABLISHED, c.state);
	EXPECT_EQ(0, c.ca_state);
	EXPECT_EQ(TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE,
		  c.options);
	EXPECT_EQ(c.options, s.options);
	EXPECT_EQ((int)c.snd_wscale, (int)s.rcv_wscale);
	EXPECT_EQ((int)c.rcv_wscale, (int)s.snd_wscale);
	EXPECT_EQ(stack_mss() - 12, c.snd_mss);
	EXPECT_EQ(stack_mss() - 12, c.advmss);
	EXPECT_EQ(1500, c.pmtu);
	EXPECT_EQ(1000, c.rcv_mss);
	/* The SYN counts as acknowledged, where it was this side's. */
	EXPECT_EQ(501, c.bytes_acked);
	EXPECT_EQ(5000, c.bytes_received);
	EXPECT_EQ(500, c.bytes_sent);
	EXPECT_EQ(500, s.bytes_received);
	EXPECT_EQ(5000, s.bytes_sent);
	EXPECT_EQ(0, c.bytes_retrans);
	EXPECT_EQ(0, s.total_retrans);
	EXPECT_EQ(5, c.data_segs_out);
	EXPECT_EQ(5, c.data_segs_in);
	EXPECT_EQ(5, s.data_segs_out);
	EXPECT_EQ(5, s.data_segs_in);
	EXPECT_EQ(6, c.delivered);
	/*
	 * There are at least the data and the handshake; how many ACKs there are
	 * varies.
	 */
	EXPECT_LE(7, c.segs_out);
	EXPECT_LE(6, c.segs_in);
	EXPECT_GE(17, c.segs_out);
	EXPECT_EQ(0, c.notsent_bytes);
	EXPECT_EQ(0, c.unacked);
	EXPECT_EQ(0, c.rcv_ooopack);
	EXPECT_NE(0, c.rtt);
	EXPECT_NE(0, c.min_rtt);
	/* The smoothed round trip is rounded to eighths, the least one is not. */
	EXPECT_LE(c.min_rtt, c.rtt + 1);
	EXPECT_LE(200000, c.rto);
	EXPECT_LE(10, c.snd_cwnd);
	EXPECT_EQ(0x7fffffff, c.snd_ssthresh);
	EXPECT_GT(PATIENCE, c.last_data_sent);
	EXPECT_GT(PATIENCE, c.last_data_recv);
	EXPECT_NE(0, c.delivery_rate);
	EXPECT_EQ(1, (int)c.app_limited);
	EXPECT_NE(0, c.ato);
	EXPECT_NE(0, c.pacing_rate);
	EXPECT_NE(~0ULL, c.pacing_rate);
	EXPECT_LE(1000, s.snd_wnd);
	if (c.rcv_wnd)
		EXPECT_LE(1000, c.rcv_wnd);
	/* A FIN counts as a byte at the end that receives it. */
	shutdown(conn.end[CLIENT], SHUT_WR);
	sock_recv_end(conn.end[SERVER]);
	ASSERT_LT(0, info_get(conn.end[SERVER], &s));
	EXPECT_EQ(ST_CLOSE_WAIT, s.state);
	EXPECT_EQ(501, s.bytes_received);
	conn_close(&conn);
}

/* What was lost and sent again is counted. */
TEST_F(info, retransmission)
{
	struct info c, s;
	struct conn conn;
	char buf[100];

	conn_open(&self->net, PORT, &conn);
	sock_set(conn.end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
	/* The segment, its probe and its retransmission are lost: two time-outs. */
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 40, 200, 3);
	sock_send(conn.end[CLIENT], buf, 100);
	sock_recv(conn.end[SERVER], buf, 100);
	net_drop_end(&self->net, SERVER);
	sock_send(conn.end[SERVER], buf, 1);
	sock_recv(conn.end[CLIENT], buf, 1);
	ASSERT_LT(0, info_get(conn.end[CLIENT], &c));
	ASSERT_LT(0, info_get(conn.end[SERVER], &s));
	EXPECT_EQ(3, c.total_retrans);
	EXPECT_EQ(300, c.bytes_retrans);
	EXPECT_EQ(400, c.bytes_sent);
	EXPECT_EQ(101, c.bytes_acked);
	EXPECT_EQ(4, c.data_segs_out);
	EXPECT_EQ(1, s.data_segs_in);
	EXPECT_EQ(0, c.retrans);
	EXPECT_EQ(0, c.retransmits);
	EXPECT_EQ(0, c.lost);
	if (!stack_is_tcp()) {		/* the kernel's TCP has it since 6.7, and counts probes */
		EXPECT_EQ(2, c.total_rto);
		EXPECT_EQ(1, c.total_rto_recoveries);
		EXPECT_LE(300, c.total_rto_time);
		EXPECT_EQ(2, c.rehash);
	}
	conn_close(&conn);
}

static bool is_out_of_order(void *arg)
{
	struct info i;

	return info_get(*(int *)arg, &i) > 0 && i.rcv_ooopack;
}

/* What arrives after a hole is counted; so is the time that the sender is busy. */
TEST_F(info, out_of_order)
{
	struct conn conn;
	struct info i;
	char buf[300];

	conn_open(&self->net, PORT, &conn);
	sock_set(conn.end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 100, 200, 0);
	sock_send(conn.end[CLIENT], buf, 60);
	sock_send(conn.end[CLIENT], buf, 240);
	EXPECT_TRUE(net_until(is_out_of_order, &conn.end[SERVER], PATIENCE));
	ASSERT_LT(0, info_get(conn.end[CLIENT], &i));
	EXPECT_EQ(2, i.unacked);
	net_drop_end(&self->net, SERVER);
	sock_recv(conn.end[SERVER], buf, 300);
	ASSERT_LT(0, info_get(conn.end[CLIENT], &i));
	EXPECT_LE(100000, i.busy_time);
	EXPECT_EQ(0, i.rwnd_limited);
	conn_close(&conn);
}

static bool window_is_shut(void *arg)
{
	struct info i;

	return info_get(*(int *)arg, &i) > 0 && i.rwnd_limited > 100000;
}

/* A reader that stalls: the sender is limited by the window. */
TEST_F(info, limited_by_the_window)
{
	static char buf[1 << 16];
	struct conn conn;
	struct info i;

	conn_open(&self->net, PORT, &conn);
	sock_nonblock(conn.end[CLIENT], true);
	while (send(conn.end[CLIENT], buf, sizeof(buf), 0) > 0)
		;
	EXPECT_TRUE(net_until(window_is_shut, &conn.end[CLIENT], PATIENCE));
	ASSERT_LT(0, info_get(conn.end[CLIENT], &i));
	EXPECT_NE(0, i.notsent_bytes);
	EXPECT_LE(i.rwnd_limited, i.busy_time);
	conn_close(&conn);
}

/* The send buffer holds less than what is sent in a round trip. */
TEST_F(info, limited_by_the_send_buffer)
{
	static char buf[200000];
	struct conn conn;
	struct info i;

	net_run(&self->net, CLIENT,
		"tc qdisc add dev v0 root netem delay 20ms");
	conn_open(&self->net, PORT, &conn);
	sock_set(conn.end[CLIENT], SOL_SOCKET, SO_SNDBUF, 10000);
	if (fork() == 0) {
		sock_recv(conn.end[SERVER], buf, sizeof(buf));
		_exit(0);
	}
	sock_send(conn.end[CLIENT], buf, sizeof(buf));
	ASSERT_LT(0, info_get(conn.end[CLIENT], &i));
	/* The kernel's TCP has been seen to count none of this; why is not known. */
	if (!stack_is_tcp())
		EXPECT_LE(20000, i.sndbuf_limited);
	EXPECT_LE(i.sndbuf_limited, i.busy_time);
	EXPECT_LE(20000, i.rtt);
	EXPECT_LE(20000, i.min_rtt);
	EXPECT_GE(10000000, i.delivery_rate);
	conn_close(&conn);
}

/* Lets the page that somebody wants come after 300 ms. */
static void *late_page(void *arg)
{
	int uffd = *(int *)arg;
	struct uffdio_zeropage zero = { .range.len = sysconf(_SC_PAGESIZE) };
	struct uffd_msg msg;

	if (read(uffd, &msg, sizeof(msg)) != sizeof(msg))
		return NULL;
	usleep(300000);
	zero.range.start = msg.arg.pagefault.address & -zero.range.len;
	ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
	return NULL;
}

/*
 * A round trip ends when the ACK comes.  Here a send() has the socket, and waits for a page
 * of its data, so that the ACK of the data before it waits as well.
 */
TEST_F(info, rtt_ends_at_arrival)
{
	struct uffdio_api api = { .api = UFFD_API };
	size_t size = sysconf(_SC_PAGESIZE);
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING, .range.len = size };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct conn conn;
	pthread_t thread;
	struct info i;
	char byte[2];

	if (stack_is_tcp())
		SKIP(return, "the kernel's TCP takes the time when it looks at the ACK");
	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	ASSERT_NE(MAP_FAILED, page);
	reg.range.start = (unsigned long)page;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));
	net_run(&self->net, CLIENT,
		"tc qdisc add dev v0 root netem delay 20ms");
	conn_open(&self->net, PORT, &conn);
	ASSERT_EQ(0, pthread_create(&thread, NULL, late_page, &uffd));
	sock_send(conn.end[CLIENT], "x", 1);
	EXPECT_EQ(1, send(conn.end[CLIENT], page, 1, 0));
	pthread_join(thread, NULL);
	sock_recv(conn.end[SERVER], byte, 2);
	ASSERT_LT(0, info_get(conn.end[CLIENT], &i));
	EXPECT_LE(20000, i.rtt);
	EXPECT_GT(40000, i.rtt);
	close(uffd);
	munmap(page, size);
	conn_close(&conn);
}

/*
 * The receive buffer grows with what is read in a round trip.  The reader has to find out
 * how long that is from the data alone: after a SYN cookie, or a SYN-ACK that was lost, it
 * has nothing else; without timestamps not even echoes.
 */
TEST_F(info, receive_buffer)
{
	static char buf[4000000];
	int i;

	net_run(&self->net, CLIENT,
		"tc qdisc add dev v0 root netem delay 20ms limit 10000");
	for (i = 0; i < 2; i++) {
		struct conn conn;
		pid_t reader;
		int before;

		net_stack_sysctl(&self->net, SERVER, "syncookies", i ? "0" : "2");
		net_stack_sysctl(&self->net, SERVER, "timestamps", i ? "0" : "1");
		if (i)
			net_drop(&self->net, CLIENT, TH_SYN | TH_ACK, 0, 200, 1);
		conn_open(&self->net, PORT + i, &conn);
		before = sock_get(conn.end[SERVER], SOL_SOCKET, SO_RCVBUF);
		reader = fork();
		if (reader == 0) {
			sock_recv(conn.end[SERVER], buf, sizeof(buf));
			_exit(0);
		}
		sock_send(conn.end[CLIENT], buf, sizeof(buf));
		ASSERT_EQ(reader, waitpid(reader, NULL, 0));
		EXPECT_LT(2 * before, sock_get(conn.end[SERVER], SOL_SOCKET, SO_RCVBUF))
			TH_LOG("case %d", i);
		conn_close(&conn);
	}
}

/* What each end measures on a path of 20 ms, and how long ago it last received. */
TEST_F(info, times)
{
	static char buf[2000000];
	struct info before, c, s;
	struct conn conn;
	pid_t reader;

	net_run(&self->net, CLIENT,
		"tc qdisc add dev v0 root netem delay 20ms limit 10000");
	conn_open(&self->net, PORT, &conn);
	ASSERT_LT(0, info_get(conn.end[SERVER], &before));
	EXPECT_NE(0, before.rcv_space);
	EXPECT_EQ(0, before.ato);
	reader = fork();
	if (reader == 0) {
		sock_recv(conn.end[SERVER], buf, sizeof(buf));
		_exit(0);
	}
	sock_send(conn.end[CLIENT], buf, sizeof(buf));
	/* There was always more to send. */
	ASSERT_LT(0, info_get(conn.end[CLIENT], &c));
	EXPECT_EQ(0, (int)c.app_limited);
	ASSERT_EQ(reader, waitpid(reader, NULL, 0));
	sock_send(conn.end[SERVER], buf, 1);
	sock_recv(conn.end[CLIENT], buf, 1);
	usleep(300000);
	ASSERT_LT(0, info_get(conn.end[CLIENT], &c));
	ASSERT_LT(0, info_get(conn.end[SERVER], &s));
	EXPECT_LE(20000, c.rtt);
	/* Without a sample it is a quarter of a second. */
	EXPECT_LT(0, c.rttvar);
	EXPECT_NE(250000, c.rttvar);
	EXPECT_LE(19000, s.rcv_rtt);
	EXPECT_LT(before.rcv_space, s.rcv_space);
	EXPECT_NE(0, s.ato);
	EXPECT_LE(250, c.last_data_sent);
	EXPECT_LE(250, c.last_data_recv);
	EXPECT_LE(250, c.last_ack_recv);
	EXPECT_GT(PATIENCE, c.last_ack_recv);
	/* The last ACK was for the byte, after all the data. */
	EXPECT_GE(s.last_data_recv, s.last_ack_recv);
	conn_close(&conn);
}

/* The row of /proc/net/tcp and its like for a socket, with its last columns. */
TEST_F(info, row_of_proc)
{
	char row[512], path[64];
	int columns, local, cwnd = 0, ssthresh = 0, old;
	unsigned long rto = 0, ato;
	struct conn conn;
	FILE *f;

	conn_open(&self->net, PORT, &conn);
	snprintf(path, sizeof(path), "/proc/thread-self/net/%s%s",
		 stack_is_tcp() ? "tcp" : "atcp", ip46("", "6"));
	old = net_visit(&self->net, CLIENT);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	net_leave(old);
	while (fgets(row, sizeof(row), f))
		if (sscanf(row, "%*d: %*[0-9A-F]:%x", &local) == 1 &&
		    local == sock_port(conn.end[CLIENT]))
			break;
	fclose(f);
	columns = sscanf(row, " %*s %*s %*s 01 %*s %*s %*s 0 0 %*d %*d %*s %lu %lu %*u %d %d",
			 &rto, &ato, &cwnd, &ssthresh);
	EXPECT_EQ(4, columns);
	EXPECT_LE(20, rto);
	EXPECT_EQ(10, cwnd);
	EXPECT_EQ(-1, ssthresh);
	conn_close(&conn);
}

TEST_HARNESS_MAIN
