// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring: connect, accept, send, recv and poll through a ring, as one-shot and
 * multishot requests, and zero-copy send.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define ENTRIES	32

/* The part of liburing that these tests need. */
struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned int queued;
};

static int ring_open(struct ring *r)
{
	struct io_uring_params p = { 0 };
	size_t len;
	char *rings;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (r->fd < 0)
		return -1;
	if (!(p.features & IORING_FEAT_SINGLE_MMAP))
		net_die("an old io_uring");
	len = p.cq_off.cqes + p.cq_entries * sizeof(*r->cqes);
	if (len < p.sq_off.array + p.sq_entries * sizeof(unsigned int))
		len = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	rings = mmap(NULL, len, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		       r->fd, IORING_OFF_SQES);
	if (rings == MAP_FAILED || (void *)r->sqes == MAP_FAILED)
		net_die("mmap: %s", strerror(errno));
	r->sq_tail = (void *)(rings + p.sq_off.tail);
	r->sq_mask = (void *)(rings + p.sq_off.ring_mask);
	r->sq_array = (void *)(rings + p.sq_off.array);
	r->cq_head = (void *)(rings + p.cq_off.head);
	r->cq_tail = (void *)(rings + p.cq_off.tail);
	r->cq_mask = (void *)(rings + p.cq_off.ring_mask);
	r->cqes = (void *)(rings + p.cq_off.cqes);
	return 0;
}

static struct io_uring_sqe *ring_op(struct ring *r, int op, int fd,
				    const void *addr, unsigned int len,
				    uint64_t tag)
{
	unsigned int tail = *r->sq_tail + r->queued++;
	struct io_uring_sqe *sqe = &r->sqes[tail & *r->sq_mask];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = len;
	sqe->user_data = tag;
	r->sq_array[tail & *r->sq_mask] = tail & *r->sq_mask;
	return sqe;
}

static void ring_enter(struct ring *r, unsigned int wait)
{
	unsigned int n = r->queued;

	r->queued = 0;
	__atomic_store_n(r->sq_tail, *r->sq_tail + n, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, n, wait,
		    wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0) != (long)n)
		net_die("io_uring_enter: %s", strerror(errno));
}

/* struct io_uring_cqe without the array at its end. */
struct done {
	uint64_t user_data;
	int res;
	uint32_t flags;
};

static bool ring_peek(struct ring *r, struct done *cqe)
{
	const struct io_uring_cqe *from;
	unsigned int head = *r->cq_head;

	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	from = &r->cqes[head & *r->cq_mask];
	*cqe = (struct done){ from->user_data, from->res, from->flags };
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Submits what is queued and waits for the next completion. */
static struct done ring_next(struct ring *r)
{
	struct done cqe;

	if (r->queued)
		ring_enter(r, 0);
	while (!ring_peek(r, &cqe))
		ring_enter(r, 1);
	return cqe;
}

static bool no_io_uring(void)
{
	/* A kernel that has it refuses the arguments. */
	return syscall(__NR_io_uring_setup, 0, NULL) < 0 && errno != EFAULT && errno != EINVAL;
}

SKIP_PROGRAM_IF(no_io_uring(), "a kernel without io_uring");

FIXTURE(ring)
{
	struct net net;
	struct conn conn;
	struct ring r;
	int c, s;
};

FIXTURE_SETUP(ring)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	self->c = self->conn.end[CLIENT];
	self->s = self->conn.end[SERVER];
	ASSERT_EQ(0, ring_open(&self->r));
}

FIXTURE_TEARDOWN(ring)
{
	close(self->r.fd);
	conn_close(&self->conn);
}

TEST_F(ring, connect_and_accept)
{
	struct addr to = addr_side(&self->net, SERVER, PORT);
	int fd = sock_open(&self->net, CLIENT, 0), accepted = -1, i;
	struct done cqe;

	ring_op(&self->r, IORING_OP_ACCEPT, self->conn.listener, NULL, 0, 1);
	ring_op(&self->r, IORING_OP_CONNECT, fd, &to.sa, 0, 2)->off = to.len;
	for (i = 0; i < 2; i++) {
		cqe = ring_next(&self->r);
		if (cqe.user_data == 1)
			accepted = cqe.res;
		EXPECT_TRUE(cqe.user_data == 1 || !cqe.res);
	}
	ASSERT_LE(0, accepted);
	EXPECT_EQ(sock_port(fd), ({ struct addr a = addr_peer(accepted);
				    addr_port(&a); }));
	close(accepted);
	close(fd);

	/* Nobody listens there. */
	fd = sock_open(&self->net, CLIENT, 0);
	to = addr_side(&self->net, SERVER, PORT + 1);
	ring_op(&self->r, IORING_OP_CONNECT, fd, &to.sa, 0, 3)->off = to.len;
	EXPECT_EQ(-ECONNREFUSED, ring_next(&self->r).res);
	close(fd);

	/* One request, any number of connections. */
	ring_op(&self->r, IORING_OP_ACCEPT, self->conn.listener, NULL, 0, 4)
		->ioprio = IORING_ACCEPT_MULTISHOT;
	ring_enter(&self->r, 0);
	for (i = 0; i < 3; i++) {
		fd = sock_connect(&self->net, CLIENT, self->net.ip[SERVER],
				  PORT);
		cqe = ring_next(&self->r);
		ASSERT_LE(0, cqe.res);
		EXPECT_TRUE(cqe.flags & IORING_CQE_F_MORE);
		close(cqe.res);
		close(fd);
	}
}

TEST_F(ring, send_and_recv)
{
	struct linger l = { .l_onoff = 1 };
	struct done cqe;
	char buf[16] = { 0 };

	ring_op(&self->r, IORING_OP_RECV, self->s, buf, sizeof(buf), 1);
	ring_enter(&self->r, 0);
	EXPECT_FALSE(ring_peek(&self->r, &cqe));
	sock_send(self->c, "hello", 5);
	cqe = ring_next(&self->r);
	EXPECT_EQ(5, cqe.res);
	EXPECT_STREQ("hello", buf);

	ring_op(&self->r, IORING_OP_SEND, self->s, "world", 5, 2);
	EXPECT_EQ(5, ring_next(&self->r).res);
	sock_recv(self->c, buf, 5);
	EXPECT_STREQ("world", buf);

	/* MSG_WAITALL completes when all has come. */
	ring_op(&self->r, IORING_OP_RECV, self->s, buf, 6, 3)->msg_flags =
		MSG_WAITALL;
	ring_enter(&self->r, 0);
	sock_send(self->c, "abc", 3);
	EXPECT_FALSE(ring_peek(&self->r, &cqe));
	sock_send(self->c, "def", 3);
	EXPECT_EQ(6, ring_next(&self->r).res);
	EXPECT_EQ(0, memcmp(buf, "abcdef", 6));

	/* The end, and a reset. */
	ring_op(&self->r, IORING_OP_RECV, self->s, buf, 6, 4);
	ring_enter(&self->r, 0);
	shutdown(self->c, SHUT_WR);
	EXPECT_EQ(0, ring_next(&self->r).res);
	ring_op(&self->r, IORING_OP_RECV, self->c, buf, 6, 5);
	ring_enter(&self->r, 0);
	setsockopt(self->s, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(self->s);
	EXPECT_EQ(-ECONNRESET, ring_next(&self->r).res);
	ring_op(&self->r, IORING_OP_SEND, self->c, buf, 1, 6)->msg_flags =
		MSG_NOSIGNAL;
	EXPECT_EQ(-EPIPE, ring_next(&self->r).res);
	self->conn.end[SERVER] = dup(self->c);
}

#define URING_OP_SIOCINQ	0	/* SOCKET_URING_OP_*, since 6.7 */
#define URING_OP_SIOCOUTQ	1
#define OP_URING_CMD		46

/* What an ioctl() returns, asked through the ring. */
TEST_F(ring, how_much_is_queued)
{
	int fd = net_socket(&self->net, CLIENT, AF_INET, SOCK_STREAM, 0);

	ring_op(&self->r, OP_URING_CMD, fd, NULL, 0, 0)->off = URING_OP_SIOCINQ;
	if (ring_next(&self->r).res < 0)
		SKIP(return, "no commands for sockets in this kernel");
	close(fd);
	sock_send(self->c, "abc", 3);
	ASSERT_TRUE(sock_wait(self->s, POLLIN, PATIENCE));
	ring_op(&self->r, OP_URING_CMD, self->s, NULL, 0, 1)->off = URING_OP_SIOCINQ;
	EXPECT_EQ(3, ring_next(&self->r).res);
	net_drop(&self->net, SERVER, TH_ACK, 40, 80, 0);
	sock_send(self->s, "defgh", 5);
	ring_op(&self->r, OP_URING_CMD, self->s, NULL, 0, 2)->off = URING_OP_SIOCOUTQ;
	EXPECT_EQ(5, ring_next(&self->r).res);
	ring_op(&self->r, OP_URING_CMD, self->conn.listener, NULL, 0, 3)->off = URING_OP_SIOCINQ;
	EXPECT_EQ(-EINVAL, ring_next(&self->r).res);
	net_drop_end(&self->net, SERVER);
}

/* A send of more than the buffers take waits, and loses nothing. */
TEST_F(ring, send_that_waits)
{
	static char out[4000000], in[4000000];

	pattern_fill(out, sizeof(out), 7);
	ring_op(&self->r, IORING_OP_SEND, self->c, out, sizeof(out), 1)
		->msg_flags = MSG_WAITALL;
	ring_enter(&self->r, 0);
	sock_recv(self->s, in, sizeof(in));
	EXPECT_EQ(sizeof(out), ring_next(&self->r).res);
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 7));
}

TEST_F(ring, polled)
{
	struct done cqe;
	char byte;
	int i;

	ring_op(&self->r, IORING_OP_POLL_ADD, self->s, NULL, 0, 1)
		->poll32_events = POLLIN | POLLRDHUP;
	ring_enter(&self->r, 0);
	EXPECT_FALSE(ring_peek(&self->r, &cqe));
	sock_send(self->c, "x", 1);
	EXPECT_EQ(POLLIN, ring_next(&self->r).res);
	sock_recv(self->s, &byte, 1);

	ring_op(&self->r, IORING_OP_POLL_ADD, self->s, NULL,
		IORING_POLL_ADD_MULTI, 2)->poll32_events = POLLIN | POLLRDHUP;
	ring_enter(&self->r, 0);
	for (i = 0; i < 3; i++) {
		sock_send(self->c, "x", 1);
		cqe = ring_next(&self->r);
		EXPECT_EQ(POLLIN, cqe.res);
		EXPECT_TRUE(cqe.flags & IORING_CQE_F_MORE);
		sock_recv(self->s, &byte, 1);
	}
	shutdown(self->c, SHUT_WR);
	EXPECT_EQ(POLLIN | POLLRDHUP, ring_next(&self->r).res);
}

/* One request, and a buffer of those provided for each piece that comes. */
TEST_F(ring, recv_multishot)
{
	static char bufs[4][64];
	struct io_uring_sqe *sqe;
	struct done cqe;
	int i;

	ring_op(&self->r, IORING_OP_PROVIDE_BUFFERS, 4, bufs, 64, 1);
	ASSERT_EQ(0, ring_next(&self->r).res);
	sqe = ring_op(&self->r, IORING_OP_RECV, self->s, NULL, 0, 2);
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->ioprio = IORING_RECV_MULTISHOT;
	ring_enter(&self->r, 0);
	for (i = 0; i < 3; i++) {
		sock_send(self->c, "piece", 5);
		cqe = ring_next(&self->r);
		EXPECT_EQ(5, cqe.res);
		EXPECT_TRUE(cqe.flags & IORING_CQE_F_MORE);
		ASSERT_TRUE(cqe.flags & IORING_CQE_F_BUFFER);
		EXPECT_EQ(0, memcmp(bufs[cqe.flags >> IORING_CQE_BUFFER_SHIFT],
				    "piece", 5));
	}
	shutdown(self->c, SHUT_WR);
	cqe = ring_next(&self->r);
	EXPECT_EQ(0, cqe.res);
	EXPECT_FALSE(cqe.flags & IORING_CQE_F_MORE);
}

/* The first completion says that it was sent, the second that the memory is free. */
static void expect_zc(struct __test_metadata *_metadata, struct ring *r,
		      int len)
{
	struct done cqe = ring_next(r);

	EXPECT_EQ(len, cqe.res);
	ASSERT_TRUE(cqe.flags & IORING_CQE_F_MORE);
	cqe = ring_next(r);
	EXPECT_TRUE(cqe.flags & IORING_CQE_F_NOTIF);
	EXPECT_EQ(0, cqe.res & ~IORING_NOTIF_USAGE_ZC_COPIED);
}

TEST_F(ring, send_zc)
{
	static char out[100000] __attribute__((aligned(4096))), in[100000];
	struct iovec iov = { out, sizeof(out) };
	struct io_uring_sqe *sqe;
	size_t at;
	int i;

	net_run(&self->net, CLIENT, "tc qdisc add dev v0 root netem loss 2%%");
	pattern_fill(out, sizeof(out), 3);
	ring_op(&self->r, IORING_OP_SEND_ZC, self->c, out, sizeof(out), 1)
		->msg_flags = MSG_WAITALL;
	ring_enter(&self->r, 0);
	sock_recv(self->s, in, sizeof(in));
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 3));
	expect_zc(_metadata, &self->r, sizeof(out));

	/* The data comes from registered memory, with copied sends in between. */
	ASSERT_EQ(0, syscall(SYS_io_uring_register, self->r.fd,
			     IORING_REGISTER_BUFFERS, &iov, 1));
	for (at = 0, i = 0; at < sizeof(out); i++) {
		size_t n = sizeof(out) - at;

		if (i % 2) {
			n = n < 700 ? n : 700;
			sock_send(self->c, out + at, n);
		} else {
			n = n < 9000 ? n : 9000;
			sqe = ring_op(&self->r, IORING_OP_SEND_ZC, self->c,
				      out + at, n, i);
			sqe->ioprio = IORING_RECVSEND_FIXED_BUF;
			sqe->msg_flags = MSG_WAITALL;
			ring_enter(&self->r, 0);
		}
		sock_recv(self->s, in + at, n);
		at += n;
		if (i % 2 == 0)
			expect_zc(_metadata, &self->r, n);
	}
	EXPECT_EQ(sizeof(in), pattern_check(in, sizeof(in), 3));
}

TEST_HARNESS_MAIN
