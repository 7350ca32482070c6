// SPDX-License-Identifier: GPL-2.0
/*
 * What the host's owner has decided about sockets and packets holds for atcp: cgroup
 * BPF programs, socket filters, netfilter, IPsec policy.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/fails.h"
#include "lib/file.h"
#include "lib/net.h"
#include "lib/wire.h"

#define PORT	20000
#define QUIET	300	/* ms in which it would have worked */

#define ALL	ip46("0.0.0.0/0", "::/0")

/* A hook of cgroup BPF programs that each IP version has of its own. */
#define HOOK(what) \
	ip46((int)BPF_CGROUP_INET4_##what, (int)BPF_CGROUP_INET6_##what)

FIXTURE(policy)
{
	struct net net;
	int fd;
	struct addr peer;
};

FIXTURE_SETUP(policy)
{
	net_open(&self->net);
	self->fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	self->peer = addr_side(&self->net, SERVER, PORT);
}

FIXTURE_TEARDOWN(policy)
{
	close(self->fd);
}

/* Starts a non-blocking connect() and waits a while for it. */
static bool gets_through(int fd, struct addr to)
{
	if (addr_connect(fd, to) && errno != EINPROGRESS)
		return false;
	return sock_wait(fd, POLLOUT, QUIET) &&
	       !sock_get(fd, SOL_SOCKET, SO_ERROR);
}

static void nft(const struct net *net, int side, const char *hook,
		const char *rules)
{
	net_run(net, side,
		"set -e; nft -f - <<E\n"
		"add table inet rules\n"
		"add chain inet rules c { type filter hook %s priority 0; }\n"
		"%s\n"
		"E\n", hook, rules);
}

TEST_F(policy, netfilter_input)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4);
	char rule[128];

	snprintf(rule, sizeof(rule), "add rule inet rules c meta l4proto %d drop",
		 stack_proto());
	nft(&self->net, SERVER, "input", rule);
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	EXPECT_EQ(0, sock_events(l, POLLIN));
	net_run(&self->net, SERVER, "nft delete table inet rules");
	EXPECT_TRUE(sock_wait(self->fd, POLLOUT, PATIENCE));
	close(l);
}

TEST_F(policy, netfilter_output)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4);
	char rule[128];

	snprintf(rule, sizeof(rule), "add rule inet rules c meta l4proto %d drop",
		 stack_proto());
	nft(&self->net, CLIENT, "output", rule);
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	EXPECT_EQ(0, sock_events(l, POLLIN));
	net_run(&self->net, CLIENT, "nft delete table inet rules");
	EXPECT_TRUE(sock_wait(self->fd, POLLOUT, PATIENCE));
	close(l);
}

/* The rules let out all, let in what belongs to it, and let in nothing new. */
TEST_F(policy, connection_tracking)
{
	int out = sock_listen(&self->net, CLIENT, PORT, 4);
	int in = sock_listen(&self->net, SERVER, PORT, 4), c, s;
	char byte;

	nft(&self->net, SERVER, "input",
	    "add rule inet rules c ct state established,related accept\n"
	    "add rule inet rules c ct state invalid counter drop\n"
	    "add rule inet rules c drop");
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	c = sock_connect(&self->net, SERVER, self->net.ip[CLIENT], PORT);
	s = sock_accept(out);
	sock_send(s, "x", 1);
	sock_recv(c, &byte, 1);
	sock_send(c, "y", 1);
	sock_recv(s, &byte, 1);
	close(s);
	sock_recv_end(c);
	close(c);
	close(in);
	close(out);
}

/* The rules see a socket's mark and user. */
TEST_F(policy, marks_and_users)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4);

	nft(&self->net, CLIENT, "output",
	    "add rule inet rules c meta mark 0x77 drop\n"
	    "add rule inet rules c meta skuid 0 accept\n"
	    "add rule inet rules c drop");
	sock_set(self->fd, SOL_SOCKET, SO_MARK, 0x77);
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	close(self->fd);
	self->fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	EXPECT_TRUE(gets_through(self->fd, self->peer));
	close(l);
}

/* Queueing disciplines see a socket's priority, a server's, too. */
TEST_F(policy, priority)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4);

	nft(&self->net, CLIENT, "output",
	    "add rule inet rules c meta priority 0:5 drop");
	sock_set(self->fd, SOL_SOCKET, SO_PRIORITY, 5);
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	sock_set(self->fd, SOL_SOCKET, SO_PRIORITY, 4);
	EXPECT_TRUE(sock_wait(self->fd, POLLOUT, PATIENCE));
	close(self->fd);
	nft(&self->net, SERVER, "output",
	    "add rule inet rules c meta priority 0:6 drop");
	sock_set(l, SOL_SOCKET, SO_PRIORITY, 6);
	self->fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	close(l);
}

/* IPsec policy: what may not leave fails when it is sent. */
TEST_F(policy, ipsec_blocks_output)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4);

	net_run(&self->net, CLIENT,
		"ip xfrm policy add dir out src %s dst %s proto %d action block",
		ALL, ALL, stack_proto());
	FAILS(EPERM, addr_connect(self->fd, self->peer));
	net_run(&self->net, CLIENT, "ip xfrm policy flush");
	EXPECT_TRUE(gets_through(self->fd, self->peer));
	close(l);
}

/* From now on the server demands encryption. */
static void demand_esp(const struct net *net)
{
	net_run(net, SERVER,
		"ip xfrm policy add dir in src %s dst %s proto %d tmpl proto esp mode transport",
		ALL, ALL, stack_proto());
}

/* What must come encrypted is not accepted in the clear. */
TEST_F(policy, ipsec_demanded_of_input)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4);

	demand_esp(&self->net);
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	EXPECT_EQ(0, sock_events(l, POLLIN));
	net_run(&self->net, SERVER, "ip xfrm policy flush");
	EXPECT_TRUE(sock_wait(self->fd, POLLOUT, PATIENCE));
	close(l);
}

/* The same holds for a connection made before the policy. */
TEST_F(policy, ipsec_demanded_later)
{
	struct conn c;
	char byte;

	conn_open(&self->net, PORT, &c);
	demand_esp(&self->net);
	sock_send(c.end[CLIENT], "x", 1);
	EXPECT_FALSE(sock_wait(c.end[SERVER], POLLIN, QUIET));
	net_run(&self->net, SERVER, "ip xfrm policy flush");
	sock_recv(c.end[SERVER], &byte, 1);
	EXPECT_EQ('x', byte);
	conn_close(&c);
}

/* A classic filter that lets nothing pass. */
static void attach_drop(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { .len = 1, .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		net_die("SO_ATTACH_FILTER: %s", strerror(errno));
}

static void detach(int fd)
{
	int zero = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero)))
		net_die("SO_DETACH_FILTER: %s", strerror(errno));
}

TEST_F(policy, socket_filter)
{
	struct conn c;
	char byte;

	conn_open(&self->net, PORT, &c);
	net_wait_state(&self->net, SERVER, PORT, sock_port(c.end[CLIENT]),
		       ST_ESTABLISHED);
	attach_drop(c.end[SERVER]);
	sock_send(c.end[CLIENT], "x", 1);
	EXPECT_FALSE(sock_wait(c.end[SERVER], POLLIN, QUIET));
	detach(c.end[SERVER]);
	sock_recv(c.end[SERVER], &byte, 1);
	EXPECT_EQ('x', byte);
	conn_close(&c);
}

/* A filter sees the segment from TCP's header on: this one looks at the port. */
TEST_F(policy, socket_filter_of_a_listener)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4444, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };
	struct addr addr = addr_side(&self->net, CLIENT, 4444);
	int l = sock_listen(&self->net, SERVER, PORT, 4), fd;

	ASSERT_EQ(0, setsockopt(l, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				sizeof(prog)));
	ASSERT_EQ(0, addr_bind(self->fd, addr));
	EXPECT_FALSE(gets_through(self->fd, self->peer));
	fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	EXPECT_TRUE(gets_through(fd, self->peer));
	close(fd);
	close(l);
}

/* A cgroup of our own, and a program in it. */
struct group {
	char mount[64];
	char path[80];
	int fd;
};

static void group_enter(struct group *g)
{
	strcpy(g->mount, "/tmp/atcp-policy.XXXXXX");
	if (!mkdtemp(g->mount))
		net_die("mkdtemp: %s", strerror(errno));
	/* The mount is this process's own and ends with it. */
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		net_die("mount namespace: %s", strerror(errno));
	if (mount("none", g->mount, "cgroup2", 0, NULL))
		net_die("mount cgroup2: %s", strerror(errno));
	snprintf(g->path, sizeof(g->path), "%s/atcp-%d", g->mount, getpid());
	if (mkdir(g->path, 0755))
		net_die("mkdir %s: %s", g->path, strerror(errno));
	if (!file_write("0", "%s/cgroup.procs", g->path))
		net_die("%s: %s", g->path, strerror(errno));
	g->fd = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->fd < 0)
		net_die("%s: %s", g->path, strerror(errno));
}

static void group_leave(struct group *g)
{
	close(g->fd);
	if (!file_write("0", "%s/cgroup.procs", g->mount))
		net_die("%s: %s", g->mount, strerror(errno));
	rmdir(g->path);
	umount2(g->mount, MNT_DETACH);
	rmdir(g->mount);
}

#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = c, .dst_reg = d, \
	.src_reg = s, .off = o, .imm = i })

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Loads a program and attaches it to the group. */
static int attach_prog(struct group *g, const struct bpf_insn *insns, int count,
		       int type, int attach_type)
{
	union bpf_attr load, attach;
	int prog;

	memset(&load, 0, sizeof(load));
	load.prog_type = type;
	load.expected_attach_type = attach_type;
	load.insns = (uintptr_t)insns;
	load.insn_cnt = count;
	load.license = (uintptr_t)"GPL";
	prog = bpf(BPF_PROG_LOAD, &load);
	if (prog < 0)
		net_die("loading a program of type %d: %s", type,
			strerror(errno));
	memset(&attach, 0, sizeof(attach));
	attach.target_fd = g->fd;
	attach.attach_bpf_fd = prog;
	attach.attach_type = attach_type;
	if (bpf(BPF_PROG_ATTACH, &attach))
		net_die("attaching a program to hook %d: %s", attach_type,
			strerror(errno));
	return prog;
}

/* A program that says no. */
static int attach_no(struct group *g, int type, int attach_type)
{
	const struct bpf_insn no[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return attach_prog(g, no, 2, type, attach_type);
}

static void detach_prog(struct group *g, int prog, int attach_type)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = g->fd;
	attr.attach_bpf_fd = prog;
	attr.attach_type = attach_type;
	if (bpf(BPF_PROG_DETACH, &attr))
		net_die("detaching a program: %s", strerror(errno));
	close(prog);
}

TEST_F(policy, cgroup_connect)
{
	int l = sock_listen(&self->net, SERVER, PORT, 4), prog;
	struct group g;

	group_enter(&g);
	prog = attach_no(&g, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
			 HOOK(CONNECT));
	close(self->fd);
	self->fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	FAILS(EPERM, addr_connect(self->fd, self->peer));
	detach_prog(&g, prog, HOOK(CONNECT));
	EXPECT_TRUE(gets_through(self->fd, self->peer));
	group_leave(&g);
	close(l);
}

/* A program about TCP on the wire applies to both stacks: atcp(7). */
TEST_F(policy, cgroup_connect_of_tcp)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct bpf_sock_addr, protocol), 0),
		INSN(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, 0xff),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 1, IPPROTO_TCP),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int l = sock_listen(&self->net, SERVER, PORT, 4), prog;
	struct group g;

	group_enter(&g);
	prog = attach_prog(&g, insns, 6, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, HOOK(CONNECT));
	close(self->fd);
	self->fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	if (stack_proto() == IPPROTO_TCP)
		FAILS(EPERM, addr_connect(self->fd, self->peer));
	else
		EXPECT_TRUE(gets_through(self->fd, self->peer));
	detach_prog(&g, prog, HOOK(CONNECT));
	group_leave(&g);
	close(l);
}

/* The program may redirect the connection. */
TEST_F(policy, cgroup_connect_elsewhere)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, htons(PORT)),
		INSN(BPF_STX | BPF_MEM | BPF_W, 1, 2,
		     offsetof(struct bpf_sock_addr, user_port), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int l = sock_listen(&self->net, SERVER, PORT, 4), prog;
	struct addr addr;
	struct group g;

	group_enter(&g);
	prog = attach_prog(&g, insns, 4, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
			   HOOK(CONNECT));
	close(self->fd);
	self->fd = sock_open(&self->net, CLIENT, SOCK_NONBLOCK);
	EXPECT_TRUE(gets_through(self->fd, addr_side(&self->net, SERVER, 1)));
	addr = addr_peer(self->fd);
	EXPECT_EQ(PORT, addr_port(&addr));
	detach_prog(&g, prog, HOOK(CONNECT));
	group_leave(&g);
	close(l);
}

TEST_F(policy, cgroup_bind)
{
	struct addr addr = addr_any(5555);
	struct group g;
	int prog;

	group_enter(&g);
	close(self->fd);
	self->fd = sock_open(&self->net, CLIENT, 0);
	prog = attach_no(&g, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
			 HOOK(BIND));
	FAILS(EPERM, addr_bind(self->fd, addr));
	detach_prog(&g, prog, HOOK(BIND));
	prog = attach_no(&g, BPF_PROG_TYPE_CGROUP_SOCK,
			 HOOK(POST_BIND));
	FAILS(EPERM, addr_bind(self->fd, addr));
	detach_prog(&g, prog, HOOK(POST_BIND));
	/* The refused sockets left nothing behind. */
	EXPECT_EQ(0, addr_bind(self->fd, addr));
	group_leave(&g);
}

TEST_F(policy, cgroup_socket)
{
	struct group g;
	int prog;

	group_enter(&g);
	prog = attach_no(&g, BPF_PROG_TYPE_CGROUP_SOCK,
			 BPF_CGROUP_INET_SOCK_CREATE);
	FAILS(EPERM, sock_try(&self->net, CLIENT, 0));
	detach_prog(&g, prog, BPF_CGROUP_INET_SOCK_CREATE);
	close(sock_open(&self->net, CLIENT, 0));
	group_leave(&g);
}

/* Programs on the packets of the group's sockets, each way. */
TEST_F(policy, cgroup_packets)
{
	static const int hook[] = {
		BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS,
	};
	struct conn c;
	struct group g;
	int prog, i;
	char byte;

	group_enter(&g);
	conn_open(&self->net, PORT, &c);
	net_wait_state(&self->net, SERVER, PORT, sock_port(c.end[CLIENT]),
		       ST_ESTABLISHED);
	for (i = 0; i < 2; i++) {
		prog = attach_no(&g, BPF_PROG_TYPE_CGROUP_SKB, hook[i]);
		send(c.end[CLIENT], "x", 1, MSG_NOSIGNAL);
		EXPECT_FALSE(sock_wait(c.end[SERVER], POLLIN, QUIET));
		detach_prog(&g, prog, hook[i]);
		sock_recv(c.end[SERVER], &byte, 1);
		EXPECT_EQ('x', byte);
	}
	conn_close(&c);
	group_leave(&g);
}

TEST_HARNESS_MAIN
