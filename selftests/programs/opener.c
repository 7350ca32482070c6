// SPDX-License-Identifier: GPL-2.0
/*
 * opener WAY: opens a socket of TCP over IPv4 in that way, and prints SO_PROTOCOL as the
 * kernel has it, or the error.  For atcp-run --strict: each way past the C library is one
 * past the library that it preloads.
 *
 * Ways: libc; mptcp and smc, by libc; raw (a system call); iouring; on x86-64 also int80
 * and socketcall (calls of the i386 ABI) and x32.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OP_SOCKET	45	/* IORING_OP_SOCKET, Linux 5.19 */

static int with_errno(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int by_io_uring(void)
{
	struct io_uring_params p = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &p);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *sq, *cq;

	if (ring < 0)
		return -1;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(int), PROT_READ | PROT_WRITE,
		  MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE,
		  MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return -1;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = OP_SOCKET;
	sqe->fd = AF_INET;
	sqe->off = SOCK_STREAM;
	*(unsigned int *)(sq + p.sq_off.array) = 0;
	*(unsigned int *)(sq + p.sq_off.tail) = 1;
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return with_errno(cqe->res);
}

#ifdef __x86_64__

static long int80(long nr, long a, long b, long c)
{
	__asm__ volatile("int $0x80" : "+a" (nr) : "b" (a), "c" (b), "d" (c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)nr;
}

static int by_socketcall(void)
{
	uint32_t *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (args == MAP_FAILED)
		return -1;
	args[0] = AF_INET;
	args[1] = SOCK_STREAM;
	args[2] = 0;
	return with_errno(int80(102, 1, (long)args, 0));
}

#endif

static int opened(const char *way)
{
	if (!strcmp(way, "mptcp"))
		return socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	if (!strcmp(way, "smc"))
		return socket(AF_SMC, SOCK_STREAM, 0);
	if (!strcmp(way, "raw"))
		return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	if (!strcmp(way, "iouring"))
		return by_io_uring();
#ifdef __x86_64__
	if (!strcmp(way, "int80"))
		return with_errno(int80(359, AF_INET, SOCK_STREAM, 0));
	if (!strcmp(way, "socketcall"))
		return by_socketcall();
	if (!strcmp(way, "x32"))
		return syscall(SYS_socket | 0x40000000, AF_INET, SOCK_STREAM, 0);
#endif
	return socket(AF_INET, SOCK_STREAM, 0);
}

int main(int argc, char **argv)
{
	int fd = opened(argc > 1 ? argv[1] : "libc"), protocol = -1;
	socklen_t len = sizeof(protocol);

	/* By a system call, because the preloaded library says 6 of atcp's sockets. */
	if (fd < 0 || syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len)) {
		printf("%s\n", errno == EPERM ? "EPERM" : strerror(errno));
		return 1;
	}
	printf("%d\n", protocol);
	return 0;
}
