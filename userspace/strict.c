// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-run --strict: the preloaded library moves the sockets that pass through libc.  This
 * refuses all others, by a seccomp filter, which no program can take off: those of static
 * and 32-bit programs, of libc itself, and of programs that lost their environment.
 *
 * The filter sees numbers, not memory.  So it refuses two calls whole: io_uring, whose
 * requests are in memory, and SYS_SOCKET of socketcall(2), whose arguments are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "strict.h"

#define TYPE_MASK	0xf		/* the type in socket()'s second argument, without flags */
#define X32_BIT		0x40000000	/* in the number of a call of the x32 ABI */

/* io_uring_setup(), _enter() and _register() have the same numbers in every ABI. */
#define FIRST_IO_URING	425
#define LAST_IO_URING	427

/* The architectures whose ABIs the filter knows, all of them little-endian. */
#if defined(__x86_64__) || defined(__i386) || defined(__aarch64__) || defined(__arm__)
#define KNOWN		true
#else
#define KNOWN		false
#endif

#define NO_CALL		X32_BIT		/* a number that no call has after masking */

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define MASK(bits)	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits)
#define IF(op, k, yes, no)	BPF_JUMP(BPF_JMP | (op) | BPF_K, k, yes, no)
#define RETURN(how)	BPF_STMT(BPF_RET | BPF_K, how)

/* The rules of one ABI.  A jump says how many instructions it skips. */
#define ABI(arch_, socket_, socketcall_)						\
	LOAD(arch),									\
	IF(BPF_JEQ, arch_, 0, 22),		/* to the next ABI */			\
	LOAD(nr),									\
	MASK(~X32_BIT),									\
	IF(BPF_JEQ, socketcall_, 15, 0),						\
	IF(BPF_JGE, FIRST_IO_URING, 0, 1),						\
	IF(BPF_JGT, LAST_IO_URING, 16, 15),						\
	IF(BPF_JEQ, socket_, 0, 15),							\
	LOAD(args[0]),				/* the family */			\
	IF(BPF_JEQ, AF_SMC, 12, 0),							\
	IF(BPF_JEQ, AF_INET, 1, 0),							\
	IF(BPF_JEQ, AF_INET6, 0, 11),							\
	LOAD(args[1]),				/* the type */				\
	MASK(TYPE_MASK),								\
	IF(BPF_JEQ, SOCK_STREAM, 0, 8),							\
	LOAD(args[2]),				/* the protocol */			\
	IF(BPF_JEQ, 0, 5, 0),								\
	IF(BPF_JEQ, IPPROTO_TCP, 4, 0),							\
	IF(BPF_JEQ, IPPROTO_MPTCP, 3, 0),						\
	IF(BPF_JEQ, IPPROTO_SMC_INET, 2, 3),						\
	LOAD(args[0]),				/* which call of socketcall() */	\
	IF(BPF_JEQ, SYS_SOCKET, 0, 1),							\
	RETURN(SECCOMP_RET_ERRNO | EPERM),						\
	RETURN(SECCOMP_RET_ALLOW)

int strict_filter(void)
{
	static struct sock_filter code[] = {
		ABI(AUDIT_ARCH_X86_64, 41, NO_CALL),
		ABI(AUDIT_ARCH_I386, 359, 102),
		ABI(AUDIT_ARCH_AARCH64, 198, NO_CALL),
		ABI(AUDIT_ARCH_ARM, 281, NO_CALL),
		RETURN(SECCOMP_RET_KILL_PROCESS),	/* no kernel of these has another */
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (!KNOWN) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return 0;
	if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int option(int fd, int which)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, which, &value, &len) ? -1 : value;
}

static bool is_kernel_tcp(int fd)
{
	int domain = option(fd, SO_DOMAIN), protocol = option(fd, SO_PROTOCOL);

	if (domain == AF_SMC)
		return true;
	return (domain == AF_INET || domain == AF_INET6) &&
	       option(fd, SO_TYPE) == SOCK_STREAM &&
	       (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP ||
		protocol == IPPROTO_SMC_INET);
}

int strict_inherited(void)
{
	DIR *all = opendir("/proc/self/fd");
	int fd, found = -1;
	struct dirent *e;

	if (!all)
		return -2;
	while (found < 0 && (e = readdir(all))) {
		fd = atoi(e->d_name);	/* "." and ".." become 0, which is looked at twice */
		if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC) && is_kernel_tcp(fd))
			found = fd;
	}
	closedir(all);
	return found;
}
