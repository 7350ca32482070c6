// SPDX-License-Identifier: GPL-2.0
/*
 * Operations that move data.  What a socket sends is one long pattern, so that
 * a receiver's digest tells which bytes came.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls.h"
#include "oracle.h"

#define MOST	1048576	/* bytes in one call */

static uint8_t buf[MOST];

static long most(long len)
{
	return len < 0 || len > MOST ? MOST : len;
}

static uint8_t *next_data(struct slot *s, long len)
{
	pattern_fill(buf, most(len), s->sent);
	return buf;
}

static void sent(struct run *r, struct slot *s, long n)
{
	call_end(r, n);
	if (n > 0)
		s->sent += n;
}

static void say_data(struct run *r, const uint8_t *data, long n)
{
	uint64_t sum = 0xcbf29ce484222325;
	long i;

	if (n <= 0 || r->bulk)
		return;
	for (i = 0; i < n; i++)
		sum = (sum ^ data[i]) * 0x100000001b3;
	say(r->t, "  data %02x..%02x digest %016llx", data[0], data[n - 1],
	    (unsigned long long)sum);
}

void do_send(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	uint8_t *data = next_data(s, op->arg[0]);

	call_begin();
	sent(r, s, send(s->fd, data, op->arg[0],
			op->arg[1] | MSG_NOSIGNAL));
}

void do_sendto(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	uint8_t *data = next_data(s, op->arg[0]);
	struct sockaddr_storage ss;
	socklen_t len = run_addr(r, op->arg[2], op->arg[3], &ss);

	if (op->arg[4] != DEFAULT_LEN)
		len = op->arg[4];
	call_begin();
	sent(r, s, sendto(s->fd, data, op->arg[0], op->arg[1] | MSG_NOSIGNAL,
			  (struct sockaddr *)&ss, len));
}

/* The data in three pieces, the middle one empty, and a control message. */
void do_sendmsg(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	uint8_t *data = next_data(s, op->arg[0]);
	long len = most(op->arg[0]);
	struct iovec iov[] = {
		{ data, len / 3 }, { data, 0 }, { data + len / 3, len - len / 3 },
	};
	union {
		struct cmsghdr c;
		char room[CMSG_SPACE(64)];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };
	int value = op->arg[5];

	if (op->arg[2] != -1) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(op->arg[4] & 63);
		control.c.cmsg_level = op->arg[2];
		control.c.cmsg_type = op->arg[3];
		control.c.cmsg_len = CMSG_LEN(op->arg[4]);
		memcpy(CMSG_DATA(&control.c), &value, sizeof(value));
	}
	call_begin();
	sent(r, s, sendmsg(s->fd, &msg, op->arg[1] | MSG_NOSIGNAL));
}

void do_recv(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	long n;

	memset(buf, 0xee, most(op->arg[0]));
	call_begin();
	n = recv(s->fd, buf, most(op->arg[0]), op->arg[1]);
	call_end(r, n);
	say_data(r, buf, n);
}

void do_recvmsg(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	struct iovec iov = { buf, most(op->arg[0]) };
	struct sockaddr_storage ss = { 0 };
	union {
		struct cmsghdr c;
		char room[512];
	} control = { 0 };
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_namelen = sizeof(ss),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = op->arg[2] & 511,
	};
	struct cmsghdr *c;
	char flags[96];
	long n;

	memset(buf, 0xee, most(op->arg[0]));
	call_begin();
	n = recvmsg(s->fd, &msg, op->arg[1]);
	call_end(r, n);
	if (n < 0)
		return;
	say_data(r, buf, n);
	names_text(K_MSG, 0, msg.msg_flags, flags, sizeof(flags));
	say(r->t, "  flags %s name length %u control length %zu", flags,
	    msg.msg_namelen, msg.msg_controllen);
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		char level[32], type[48];
		int value = 0;

		names_text(K_LEVEL, 0, c->cmsg_level, level, sizeof(level));
		names_text(K_OPT, c->cmsg_level, c->cmsg_type, type,
			   sizeof(type));
		if (c->cmsg_len == CMSG_LEN(sizeof(value)))
			memcpy(&value, CMSG_DATA(c), sizeof(value));
		say(r->t, "  control %s %s length %zu value %d", level, type,
		    c->cmsg_len, value);
	}
}

/* How much fits depends on the size of the kernel's buffers, and is not compared. */
void do_fill(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	long n, total = 0;

	r->bulk = true;
	do {
		uint8_t *data = next_data(s, op->arg[0]);

		do {
			n = send(s->fd, data, most(op->arg[0]),
				 MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n > 0) {
				total += n;
				s->sent += n;
				data = next_data(s, op->arg[0]);
			}
		} while (n > 0 && total < 64 << 20);
		/* Data in flight makes room when it arrives. */
	} while (n < 0 && errno == EAGAIN && total < 64 << 20 &&
		 poll(&(struct pollfd){ .fd = s->fd, .events = POLLOUT }, 1,
		      150) > 0);
	say(r->t, "  %s until %s", total ? "some" : "nothing",
	    n < 0 ? errno_name(errno) : "there is no end");
}

/* Reads until nothing comes any more; all that was sent must be there. */
void do_drain(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	const struct slot *from = &r->slot[op->arg[0] & (SLOTS - 1)];
	uint64_t got = 0;
	long n = -1;

	while (poll(&(struct pollfd){ .fd = s->fd, .events = POLLIN }, 1,
		    got < from->sent ? 5000 : 0) > 0) {
		n = recv(s->fd, buf, MOST, MSG_DONTWAIT);
		if (n <= 0)
			break;
		if (pattern_check(buf, n, got) != n)
			say(r->t, "  wrong data");
		got += n;
	}
	say(r->t, "  got %s, then %s", got == from->sent ? "all" : "not all",
	    n > 0 ? "nothing" : n == 0 ? "the end" : errno_name(errno));
}

void do_sendfile(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	int file = memfd_create("oracle", MFD_CLOEXEC);
	long len = most(op->arg[0]);
	off_t at = 0;

	if (file < 0 || write(file, next_data(s, len), len) != len)
		net_die("memfd: %s", strerror(errno));
	call_begin();
	sent(r, s, sendfile(s->fd, file, &at, len));
	close(file);
}

static void open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		net_die("pipe: %s", strerror(errno));
}

void do_splicein(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	long len = op->arg[0] > 60000 ? 60000 : op->arg[0];
	int fds[2];

	open_pipe(fds);
	if (len > 0 && write(fds[1], next_data(s, len), len) != len)
		net_die("pipe: %s", strerror(errno));
	call_begin();
	sent(r, s, splice(fds[0], NULL, s->fd, NULL, len, op->arg[1]));
	close(fds[0]);
	close(fds[1]);
}

void do_spliceout(struct run *r, const struct op *op)
{
	struct slot *s = &r->slot[op->slot];
	long len = op->arg[0] > 60000 ? 60000 : op->arg[0], n;
	int fds[2];

	open_pipe(fds);
	call_begin();
	n = splice(s->fd, NULL, fds[1], NULL, len, op->arg[1]);
	call_end(r, n);
	if (n > 0 && read(fds[0], buf, n) == n)
		say_data(r, buf, n);
	close(fds[0]);
	close(fds[1]);
}
