// SPDX-License-Identifier: GPL-2.0
/* The calls that change a socket or move data: see calls.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls.h"

#define SOME	5000		/* bytes in a call that sends */

static int file;		/* a file with the pattern */
static int pipes[2];
static char out[SOME], in[1 << 16];
static char control[512];

void calls_begin(void)
{
	static char buf[1 << 17];

	signal(SIGPIPE, SIG_IGN);
	file = memfd_create("pattern", MFD_CLOEXEC);
	pattern_fill(buf, sizeof(buf), 0);
	if (file < 0 || write(file, buf, sizeof(buf)) != sizeof(buf) ||
	    pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		net_die("files: %s", strerror(errno));
}

/* --- out --- */

static long sent(struct ends *e, long n)
{
	if (n > 0)
		e->sent += n;
	return n;
}

static long do_send(struct ends *e)
{
	ends_fill(e, out, SOME);
	return sent(e, send(e->fd, out, SOME, 0));
}

static long do_send_more(struct ends *e)
{
	ends_fill(e, out, SOME);
	return sent(e, send(e->fd, out, 100, MSG_MORE));
}

static void peer_inline(struct ends *e)
{
	if (e->peer >= 0)
		sock_set(e->peer, SOL_SOCKET, SO_OOBINLINE, 1);
}

static long do_send_oob(struct ends *e)
{
	ends_fill(e, out, SOME);
	return sent(e, send(e->fd, out, 10, MSG_OOB));
}

/* Lets send() wait two seconds, in states in which there is room. */
static void may_wait(struct ends *e)
{
	sock_timeo(e->fd, SO_SNDTIMEO, 2000);
	if (e->state != ENDS_FULL && e->state != ENDS_SYN_SENT &&
	    e->state != ENDS_SYN_RECEIVED)
		sock_nonblock(e->fd, false);
}

static void waits_no_more(struct ends *e)
{
	sock_nonblock(e->fd, true);
}

static long do_writev(struct ends *e)
{
	struct iovec v[3] = {
		{ .iov_base = out, .iov_len = 10 },
		{ .iov_base = out + 10, .iov_len = 1990 },
		{ .iov_base = out + 2000, .iov_len = SOME - 2000 },
	};

	ends_fill(e, out, SOME);
	return sent(e, writev(e->fd, v, 3));
}

/* With a control message that asks for time stamps. */
static long do_sendmsg(struct ends *e)
{
	struct iovec v = { .iov_base = out, .iov_len = SOME };
	struct msghdr msg = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(sizeof(uint32_t)),
	};
	struct cmsghdr *cm = (void *)control;
	uint32_t flags = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_SOFTWARE |
			 SOF_TIMESTAMPING_TX_SCHED;

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SO_TIMESTAMPING;
	cm->cmsg_len = CMSG_LEN(sizeof(flags));
	memcpy(CMSG_DATA(cm), &flags, sizeof(flags));
	ends_fill(e, out, SOME);
	return sent(e, sendmsg(e->fd, &msg, 0));
}

static long do_sendmmsg(struct ends *e)
{
	struct iovec v[2] = {
		{ .iov_base = out, .iov_len = 1000 },
		{ .iov_base = out + 1000, .iov_len = 1000 },
	};
	struct mmsghdr msg[2] = {
		{ .msg_hdr = { .msg_iov = &v[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &v[1], .msg_iovlen = 1 } },
	};
	int i, n;

	ends_fill(e, out, SOME);
	n = sendmmsg(e->fd, msg, 2, 0);
	for (i = 0; i < n; i++) {
		/* A short message in the middle would leave a hole in the pattern. */
		if (i && msg[i - 1].msg_len != 1000)
			net_die("sendmmsg went on after a part");
		sent(e, msg[i].msg_len);
	}
	return n;
}

static void set_zerocopy(struct ends *e)
{
	int on = 1;

	/* Sockets that do not let it be set have it on. */
	setsockopt(e->fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on));
}

static long do_zerocopy(struct ends *e)
{
	static char pages[16][1 << 14] __attribute__((aligned(4096)));
	static unsigned int turn;
	char *page = pages[turn++ % 16];

	ends_fill(e, page, sizeof(pages[0]));
	return sent(e, send(e->fd, page, sizeof(pages[0]), MSG_ZEROCOPY));
}

static long do_sendfile(struct ends *e)
{
	off_t offset = e->sent;

	return sent(e, sendfile(e->fd, file, &offset, SOME));
}

static void drain_pipe(void)
{
	while (read(pipes[0], in, sizeof(in)) > 0)
		;
}

static void fill_pipe(struct ends *e)
{
	drain_pipe();
	ends_fill(e, out, SOME);
	if (write(pipes[1], out, SOME) != SOME)
		net_die("pipe: %s", strerror(errno));
}

static long do_splice_out(struct ends *e)
{
	return sent(e, splice(pipes[0], NULL, e->fd, NULL, SOME,
			      SPLICE_F_NONBLOCK));
}

/* --- in --- */

static long got(struct ends *e, const void *buf, long n)
{
	if (n > 0)
		ends_read(e, buf, n);
	return n;
}

static long do_recv(struct ends *e)
{
	return got(e, in, recv(e->fd, in, sizeof(in), 0));
}

static long do_recv_some(struct ends *e)
{
	return got(e, in, recv(e->fd, in, 60, MSG_WAITALL));
}

static long do_peek(struct ends *e)
{
	long n = recv(e->fd, in, sizeof(in), MSG_PEEK);

	if (n > 0 && pattern_check(in, n, e->got) != (size_t)n)
		net_die("peeked at wrong data");
	return n;
}

static long do_readv(struct ends *e)
{
	struct iovec v[2] = {
		{ .iov_base = in, .iov_len = 500 },
		{ .iov_base = in + 500, .iov_len = 1500 },
	};

	return got(e, in, readv(e->fd, v, 2));
}

static long do_recv_oob(struct ends *e)
{
	char c;
	long n = recv(e->fd, &c, 1, MSG_OOB);

	if (n == 1 && pattern_check(&c, 1, e->hole) != 1)
		net_die("wrong urgent octet");
	return n;
}

static void ask_for_control(struct ends *e)
{
	sock_set(e->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	sock_set(e->fd, IPPROTO_TCP, TCP_INQ, 1);
}

static long do_recvmsg(struct ends *e)
{
	struct iovec v = { .iov_base = in, .iov_len = 1000 };
	struct msghdr msg = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	return got(e, in, recvmsg(e->fd, &msg, 0));
}

static long do_errqueue(struct ends *e)
{
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	return recvmsg(e->fd, &msg, MSG_ERRQUEUE);
}

static void empty_pipe(struct ends *e)
{
	drain_pipe();
}

static long do_splice_in(struct ends *e)
{
	long n, left;

	n = splice(e->fd, NULL, pipes[1], NULL, 30000, SPLICE_F_NONBLOCK);
	if (n <= 0)
		return n;
	/* A read that failed is repeated: the data stays in the pipe. */
	left = read(pipes[0], in, n);
	if (left < 0)
		left = read(pipes[0], in, n);
	while (left > 0 && left < n) {
		long more = read(pipes[0], in + left, n - left);

		left += more > 0 ? more : 0;
	}
	return got(e, in, n);
}

static long do_so_error(struct ends *e)
{
	int err;
	socklen_t len = sizeof(err);

	return getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &err, &len);
}

/* --- the connection --- */

static bool fresh(const struct ends *e)
{
	return e->state == ENDS_CLOSED || e->state == ENDS_BOUND;
}

static void connect_waits(struct ends *e)
{
	if (fresh(e))
		sock_nonblock(e->fd, false);
}

static long do_connect(struct ends *e)
{
	return addr_connect(e->fd, ends_server());
}

static void then_connected(struct ends *e)
{
	if (fresh(e))
		ends_connected(e);
}

static long do_disconnect(struct ends *e)
{
	struct addr to = { .sa.sa_family = AF_UNSPEC,
			   .len = sizeof(struct sockaddr) };
	long ret = addr_connect(e->fd, to);

	if (!ret)
		e->over = true;
	return ret;
}

static void then_disconnected(struct ends *e)
{
	if (ends_tcp_state(e) != ST_CLOSED)
		net_die("state %d after connect(AF_UNSPEC)", ends_tcp_state(e));
	/* The socket can connect again. */
	if (do_connect(e) < 0 && errno != EINPROGRESS)
		net_die("connecting again: %s", strerror(errno));
}

static void set_reuseaddr(struct ends *e)
{
	sock_set(e->fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

static void set_reuseport(struct ends *e)
{
	sock_set(e->fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static long do_bind(struct ends *e)
{
	return addr_bind(e->fd, ends_own());
}

static long do_bind_any(struct ends *e)
{
	return addr_bind(e->fd, addr_any(0));
}

static long do_listen(struct ends *e)
{
	return listen(e->fd, 5);
}

static void then_listening(struct ends *e)
{
	if (fresh(e))
		ends_listening(e);
}

static long accept_any(struct ends *e, bool name)
{
	struct addr from = { .len = sizeof(from.in6) };
	int fd = accept4(e->fd, name ? &from.sa : NULL,
			 name ? &from.len : NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	e->accepted = fd;
	return 0;
}

static long do_accept(struct ends *e)
{
	return accept_any(e, false);
}

static long do_accept_name(struct ends *e)
{
	return accept_any(e, true);
}

static void then_accepted(struct ends *e)
{
	if (e->accepted < 0)
		return;
	sock_send(e->accepted, "hello", 5);
	sock_recv(e->peer, in, 5);
}

static long do_shut_rd(struct ends *e)
{
	return shutdown(e->fd, SHUT_RD);
}

static long do_shut_wr(struct ends *e)
{
	return shutdown(e->fd, SHUT_WR);
}

static long do_shut_both(struct ends *e)
{
	return shutdown(e->fd, SHUT_RDWR);
}

static long do_close(struct ends *e)
{
	int fd = e->fd;

	e->fd = -1;
	e->over = true;
	return close(fd);
}

static void then_closed(struct ends *e)
{
	if (e->state >= ENDS_ESTABLISHED || e->state == ENDS_LISTEN_CHILD)
		ends_peer_ended(e);
}

static void set_linger(struct ends *e)
{
	struct linger now = { .l_onoff = 1 };

	if (setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)))
		net_die("SO_LINGER: %s", strerror(errno));
}

/* --- options that take more than a number --- */

static long do_filter(struct ends *e)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, ~0U);
	struct sock_fprog prog = { .len = 1, .filter = &all };

	return setsockopt(e->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog));
}

static long do_group_filter(struct ends *e)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &first };

	return setsockopt(e->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
			  sizeof(prog));
}

static long do_ip_options(struct ends *e)
{
	static const uint8_t nops[4] = { 1, 1, 1, 1 };
	static const uint8_t pad[8] = { 0, 0, 1, 4 };	/* PadN */

	if (stack_is_ipv6())
		return setsockopt(e->fd, SOL_IPV6, IPV6_DSTOPTS, pad,
				  sizeof(pad));
	return setsockopt(e->fd, SOL_IP, IP_OPTIONS, nops, sizeof(nops));
}

static long do_congestion(struct ends *e)
{
	return setsockopt(e->fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static long do_ulp(struct ends *e)
{
	return setsockopt(e->fd, IPPROTO_TCP, TCP_ULP, "none", 4);
}

static long do_device(struct ends *e)
{
	return setsockopt(e->fd, SOL_SOCKET, SO_BINDTODEVICE, "v0", 3);
}

static long do_rcvlowat(struct ends *e)
{
	int some = 10;

	return setsockopt(e->fd, SOL_SOCKET, SO_RCVLOWAT, &some, sizeof(some));
}

static long do_nodelay(struct ends *e)
{
	int on = 1;

	return setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* --- waiting --- */

static long do_async(struct ends *e)
{
	int flags = fcntl(e->fd, F_GETFL);

	return fcntl(e->fd, F_SETFL, flags | O_ASYNC);
}

static long do_epoll(struct ends *e)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT };
	int ep = epoll_create1(EPOLL_CLOEXEC), ret, err;

	if (ep < 0)
		return -1;
	ret = epoll_ctl(ep, EPOLL_CTL_ADD, e->fd, &ev);
	if (!ret && epoll_wait(ep, &ev, 1, 0) < 0)
		ret = -1;
	err = errno;
	close(ep);
	errno = err;
	return ret;
}

const struct call calls[] = {
	{ "send", CALL_PART, NULL, do_send },
	{ "send MSG_MORE", CALL_PART, NULL, do_send_more },
	{ "send MSG_OOB", CALL_PART, peer_inline, do_send_oob },
	{ "send, waiting", CALL_PART, may_wait, do_send, waits_no_more },
	{ "writev", CALL_PART, NULL, do_writev },
	{ "sendmsg with a control message", CALL_PART, NULL, do_sendmsg },
	{ "sendmmsg", CALL_PART, NULL, do_sendmmsg },
	{ "send MSG_ZEROCOPY", CALL_PART, set_zerocopy, do_zerocopy },
	{ "sendfile", CALL_PART, NULL, do_sendfile },
	{ "splice out", CALL_PART, fill_pipe, do_splice_out },
	{ "recv", CALL_PART, NULL, do_recv },
	{ "recv of some", CALL_PART, NULL, do_recv_some },
	{ "recv MSG_PEEK", CALL_PART, NULL, do_peek },
	{ "readv", CALL_PART, NULL, do_readv },
	{ "recv MSG_OOB", 0, NULL, do_recv_oob },
	{ "recvmsg", CALL_PART, ask_for_control, do_recvmsg },
	{ "recvmsg MSG_ERRQUEUE", CALL_LOSES, NULL, do_errqueue },
	{ "splice in", CALL_PART, empty_pipe, do_splice_in },
	{ "SO_ERROR", CALL_LOSES, NULL, do_so_error },
	{ "connect", 0, connect_waits, do_connect, then_connected },
	{ "connect AF_UNSPEC", CALL_ENDS, NULL, do_disconnect, then_disconnected },
	{ "bind", 0, set_reuseaddr, do_bind },
	{ "bind, any port", 0, NULL, do_bind_any },
	{ "listen", 0, NULL, do_listen, then_listening },
	{ "listen, SO_REUSEPORT", 0, set_reuseport, do_listen, then_listening },
	{ "accept", CALL_LOSES, NULL, do_accept, then_accepted },
	{ "accept with a name", CALL_LOSES, NULL, do_accept_name, then_accepted },
	{ "shutdown SHUT_RD", CALL_ENDS, NULL, do_shut_rd },
	{ "shutdown SHUT_WR", 0, NULL, do_shut_wr },
	{ "shutdown SHUT_RDWR", CALL_ENDS, NULL, do_shut_both },
	{ "close", CALL_ENDS, NULL, do_close, then_closed },
	{ "close with a reset", CALL_ENDS, set_linger, do_close },
	{ "SO_ATTACH_FILTER", 0, NULL, do_filter },
	{ "SO_ATTACH_REUSEPORT_CBPF", 0, set_reuseport, do_group_filter },
	{ "IP options", 0, NULL, do_ip_options },
	{ "TCP_CONGESTION", 0, NULL, do_congestion },
	{ "TCP_ULP", 0, NULL, do_ulp },
	{ "SO_BINDTODEVICE", 0, NULL, do_device },
	{ "SO_RCVLOWAT", 0, NULL, do_rcvlowat },
	{ "TCP_NODELAY", 0, NULL, do_nodelay },
	{ "O_ASYNC", 0, NULL, do_async },
	{ "epoll", 0, NULL, do_epoll },
};

const int calls_count = sizeof(calls) / sizeof(calls[0]);
