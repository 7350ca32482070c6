// SPDX-License-Identifier: GPL-2.0
/*
 * What a security module decides holds, for each of its hooks for sockets and
 * connections.  The module is a BPF program (BPF_PROG_TYPE_LSM) that refuses.  Hooks in
 * a program's own calls refuse only this program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/net.h"

#define PORT	20000
#define QUIET	300	/* ms in which it would have worked */
#define BTF	"/sys/kernel/btf/vmlinux"
#define LSMS	"/sys/kernel/security/lsm"

FIXTURE(lsm)
{
	struct net net;
	struct conn conn;
};

static bool bpf_decides(void)
{
	char list[512] = "";
	FILE *f = fopen(LSMS, "re");

	if (!f)
		return false;
	if (!fgets(list, sizeof(list), f))
		list[0] = '\0';
	fclose(f);
	return strstr(list, "bpf") && !access(BTF, R_OK);
}

/* For the whole program, since some kernels' harness runs a test that its setup skips. */
static void __attribute__((constructor)) needs_bpf(void)
{
	if (bpf_decides())
		return;
	puts("TAP version 13\n1..0 # SKIP no BPF among the security modules");
	exit(KSFT_SKIP);
}

FIXTURE_SETUP(lsm)
{
	net_open(&self->net);
	conn_open(&self->net, PORT, &self->conn);
	net_wait_state(&self->net, SERVER, PORT,
		       sock_port(self->conn.end[CLIENT]), ST_ESTABLISHED);
}

FIXTURE_TEARDOWN(lsm)
{
}

/* How many bytes follow a struct btf_type of this kind. */
static size_t btf_extra(uint32_t info)
{
	uint32_t n = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	default:
		return 0;
	}
}

/* The number that the kernel's type information gives a function. */
static int btf_func(const char *name)
{
	int fd = open(BTF, O_RDONLY | O_CLOEXEC), id = 1;
	const char *types, *strings, *at;
	struct btf_header *head;
	struct stat st;
	size_t got = 0;
	char *all;

	if (fd < 0 || fstat(fd, &st))
		net_die("%s: %s", BTF, strerror(errno));
	all = malloc(st.st_size);
	if (!all)
		net_die("out of memory");
	while (got < (size_t)st.st_size) {
		ssize_t n = read(fd, all + got, st.st_size - got);

		if (n <= 0)
			net_die("%s: %s", BTF, strerror(errno));
		got += n;
	}
	close(fd);
	head = (void *)all;
	types = all + head->hdr_len + head->type_off;
	strings = all + head->hdr_len + head->str_off;
	for (at = types; at < types + head->type_len; id++) {
		const struct btf_type *t = (const void *)at;

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC &&
		    !strcmp(strings + t->name_off, name)) {
			free(all);
			return id;
		}
		at += sizeof(*t) + btf_extra(t->info);
	}
	net_die("%s has no %s", BTF, name);
}

#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = c, .dst_reg = d, \
	.src_reg = s, .off = o, .imm = i })

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/*
 * From now on the hook refuses, for this process alone if own is set.  Returns the
 * descriptor whose close ends that.
 */
static int forbid(const char *hook, bool own)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, 0, 0, 0, 32),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, getpid()),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, -EPERM),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	char name[64];
	union bpf_attr attr;
	int prog, link;

	snprintf(name, sizeof(name), "bpf_lsm_%s", hook);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_LSM;
	attr.expected_attach_type = BPF_LSM_MAC;
	attr.attach_btf_id = btf_func(name);
	attr.insns = (uintptr_t)(insns + (own ? 0 : 3));
	attr.insn_cnt = own ? 7 : 2;
	attr.license = (uintptr_t)"GPL";
	prog = bpf(BPF_PROG_LOAD, &attr);
	if (prog < 0)
		net_die("loading a program for %s: %s", hook, strerror(errno));
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.prog_fd = prog;
	link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	if (link < 0)
		net_die("attaching it to %s: %s", hook, strerror(errno));
	close(prog);
	return link;
}

TEST_F(lsm, socket)
{
	int link = forbid("socket_create", true);

	FAILS(EPERM, sock_try(&self->net, CLIENT, 0));
	close(link);
	close(sock_open(&self->net, CLIENT, 0));
}

TEST_F(lsm, bind_and_listen)
{
	int fd = sock_open(&self->net, SERVER, 0);
	int link = forbid("socket_bind", true);

	FAILS(EPERM, addr_bind(fd, addr_any(PORT + 1)));
	close(link);
	EXPECT_EQ(0, addr_bind(fd, addr_any(PORT + 1)));
	link = forbid("socket_listen", true);
	FAILS(EPERM, listen(fd, 1));
	close(link);
	EXPECT_EQ(0, listen(fd, 1));
	close(fd);
}

TEST_F(lsm, connect_and_accept)
{
	int fd = sock_open(&self->net, CLIENT, 0);
	int link = forbid("socket_connect", true);

	FAILS(EPERM, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	close(link);
	EXPECT_EQ(0, addr_connect(fd, addr_side(&self->net, SERVER, PORT)));
	ASSERT_TRUE(sock_wait(self->conn.listener, POLLIN, PATIENCE));
	link = forbid("socket_accept", true);
	FAILS(EPERM, accept(self->conn.listener, NULL, NULL));
	close(link);
	close(sock_accept(self->conn.listener));
	close(fd);
}

TEST_F(lsm, transfer)
{
	int c = self->conn.end[CLIENT], s = self->conn.end[SERVER], link;
	char byte;

	link = forbid("socket_sendmsg", true);
	FAILS(EPERM, send(c, "x", 1, MSG_NOSIGNAL));
	close(link);
	EXPECT_EQ(1, send(c, "x", 1, MSG_NOSIGNAL));
	ASSERT_TRUE(sock_wait(s, POLLIN, PATIENCE));
	link = forbid("socket_recvmsg", true);
	FAILS(EPERM, recv(s, &byte, 1, 0));
	close(link);
	EXPECT_EQ(1, recv(s, &byte, 1, 0));
	link = forbid("socket_shutdown", true);
	FAILS(EPERM, shutdown(c, SHUT_WR));
	close(link);
	EXPECT_EQ(0, shutdown(c, SHUT_WR));
}

/* A SYN is refused, and its retransmission is not. */
TEST_F(lsm, request)
{
	int fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	int link = forbid("inet_conn_request", false);

	FAILS(EINPROGRESS, addr_connect(fd, addr_side(&self->net, SERVER,
						      PORT)));
	EXPECT_FALSE(sock_wait(fd, POLLOUT, QUIET));
	EXPECT_EQ(0, net_count_state(&self->net, SERVER, ST_SYN_RECEIVED));
	close(link);
	ASSERT_TRUE(sock_wait(fd, POLLOUT, PATIENCE));
	EXPECT_EQ(0, sock_get(fd, SOL_SOCKET, SO_ERROR));
	close(fd);
}

/* A segment is kept from a socket, and its retransmission is not. */
TEST_F(lsm, segment)
{
	int link = forbid("socket_sock_rcv_skb", false);
	char byte;

	sock_send(self->conn.end[CLIENT], "x", 1);
	EXPECT_FALSE(sock_wait(self->conn.end[SERVER], POLLIN, QUIET));
	close(link);
	sock_recv(self->conn.end[SERVER], &byte, 1);
	EXPECT_EQ('x', byte);
}

TEST_HARNESS_MAIN
