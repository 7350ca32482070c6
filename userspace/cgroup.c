// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-run --cgroup: a small BPF program is attached to update_socket_protocol(), which
 * kernels from 6.6 on call in socket().  For processes of one cgroup it replaces the
 * protocol of TCP sockets over IPv4 and IPv6 by atcp's.  It is removed with the last
 * descriptor of its link, which only this process has.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"

#define HOOK		"update_socket_protocol"
#define TYPE_MASK	0xf	/* the type in socket()'s second argument, without flags */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define LOAD_ARG(reg, n)	INSN(BPF_LDX | BPF_DW | BPF_MEM, reg, BPF_REG_1, 8 * (n), 0)
#define GOTO_IF(op, reg, n, to)	INSN(BPF_JMP | (op) | BPF_K, reg, 0, to, n)
#define SET(reg, n)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, n)
#define LOAD_MAP(reg, what, map) INSN(BPF_LD | BPF_DW | BPF_IMM, reg, what, 0, map)
#define SECOND_HALF		INSN(0, 0, 0, 0, 0)	/* of LOAD_MAP, which is two long */
#define RETURN			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/*
 * Loads the BPF program.  @ours: a map with the cgroup; @count: a map with the number of
 * sockets moved; each has one entry.  If the program returns another value than 0, that
 * is the protocol, and update_socket_protocol() itself is not run.
 */
static int load(int ours, int count, int protocol, int hook)
{
	struct bpf_insn program[] = {
		LOAD_ARG(BPF_REG_6, 0),				/* family */
		GOTO_IF(BPF_JEQ, BPF_REG_6, AF_INET, 1),
		GOTO_IF(BPF_JNE, BPF_REG_6, AF_INET6, 17),
		LOAD_ARG(BPF_REG_6, 1),				/* type */
		INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_6, 0, 0, TYPE_MASK),
		GOTO_IF(BPF_JNE, BPF_REG_6, SOCK_STREAM, 14),
		LOAD_ARG(BPF_REG_6, 2),				/* protocol */
		GOTO_IF(BPF_JEQ, BPF_REG_6, 0, 1),
		GOTO_IF(BPF_JNE, BPF_REG_6, IPPROTO_TCP, 11),
		LOAD_MAP(BPF_REG_1, BPF_PSEUDO_MAP_FD, ours),
		SECOND_HALF,
		SET(BPF_REG_2, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_current_task_under_cgroup),
		GOTO_IF(BPF_JNE, BPF_REG_0, 1, 6),
		LOAD_MAP(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, count),
		SECOND_HALF,
		SET(BPF_REG_2, 1),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_1, BPF_REG_2, 0, BPF_ADD),
		SET(BPF_REG_0, protocol),
		RETURN,
		SET(BPF_REG_0, 0),
		RETURN,
	};
	struct bpf_prog_load_opts opts = {
		.sz = sizeof(opts),
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = hook,
	};

	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "atcp_run", "GPL", program,
			     sizeof(program) / sizeof(program[0]), &opts);
}

/* Mounts the cgroup tree anew, because `ip netns exec` hides the existing mount. */
static int open_all(void)
{
	int fs = fsopen("cgroup2", FSOPEN_CLOEXEC), tree = -1;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		tree = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	return tree;
}

/* Opens the cgroup of this process in that tree. Return: a descriptor, or -1. */
static int open_own(void)
{
	FILE *f = fopen("/proc/self/cgroup", "r");
	int tree = open_all(), own = -1;
	char line[PATH_MAX];

	while (f && tree >= 0 && own < 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4))
			own = openat(tree, line[4] ? line + 4 : ".",
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (f)
		fclose(f);
	close(tree);
	return own;
}

/*
 * Loads the program and attaches it.  @count: the map that counts sockets.
 * Return: the link's descriptor; or -1, with the reason in *@why.
 */
static int attach(int cgroup, int count, int protocol, const char **why)
{
	int map, prog = -1, link = -1, hook;
	unsigned int key = 0;

	hook = libbpf_find_vmlinux_btf_id(HOOK, BPF_MODIFY_RETURN);
	if (hook < 0) {
		*why = "this kernel asks no BPF program about sockets (" HOOK ", from 6.6 on)";
		return -1;
	}
	*why = "the kernel refuses to load the BPF program for this user";
	map = bpf_map_create(BPF_MAP_TYPE_CGROUP_ARRAY, "atcp_run", sizeof(key), sizeof(cgroup), 1,
			     NULL);
	if (map >= 0 && count >= 0 && !bpf_map_update_elem(map, &key, &cgroup, BPF_ANY))
		prog = load(map, count, protocol, hook);
	if (prog >= 0)
		link = bpf_raw_tracepoint_open(NULL, prog);
	close(map);
	close(prog);
	return link;
}

static bool enter(int cgroup)
{
	int fd = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	bool in = fd >= 0 && write(fd, "0", 1) == 1;

	close(fd);
	return in;
}

/* Waits until the cgroup has no process. */
static void wait_empty(int cgroup)
{
	struct pollfd pfd = { .events = POLLPRI };
	char text[256];
	ssize_t n;

	pfd.fd = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
	while (pfd.fd >= 0) {
		n = pread(pfd.fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		if (n <= 0 || strstr(text, "populated 0"))
			break;
		poll(&pfd, 1, -1);
	}
	close(pfd.fd);
}

/* Signals of a supervisor, which are passed on to the command. */
static const int passed_on[] = { SIGHUP, SIGTERM, SIGUSR1, SIGUSR2 };
static pid_t command;

static void pass_on(int number)
{
	kill(command, number);
}

/* Sets the handler of these signals, except where they are ignored, as under nohup. */
static void handle(void (*how)(int))
{
	struct sigaction action = { .sa_handler = how, .sa_flags = SA_RESTART }, old;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		sigaction(passed_on[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
}

/* Return: the command's exit status. */
static int run(char **argv, int cgroup)
{
	sigset_t all, before;
	siginfo_t info;
	int status = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	command = fork();
	if (command <= 0)
		sigprocmask(SIG_SETMASK, &before, NULL);
	if (!command && enter(cgroup))
		execvp(argv[0], argv);
	if (command <= 0) {
		fprintf(stderr, "atcp-run: %s: %s\n", argv[0], strerror(errno));
		status = errno == ENOENT ? 127 : 126;
		if (!command)
			_exit(status);
		return status;
	}
	/* The terminal sends these to the command, too; this process ends after it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	handle(pass_on);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* Until waitpid() its process ID cannot be reused, so that pass_on() is safe. */
	while (waitid(P_PID, command, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	handle(SIG_DFL);
	waitpid(command, &status, 0);
	wait_empty(cgroup);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *cgroup_run(struct cgroup_run *r)
{
	int own = open_own(), cgroup = -1, count, link;
	const char *why = "cannot make a cgroup here";
	unsigned int key = 0;
	char name[32];

	libbpf_set_print(NULL);
	snprintf(name, sizeof(name), "atcp-run.%d", getpid());
	if (own >= 0 && !mkdirat(own, name, 0755))
		cgroup = openat(own, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return why;
	count = bpf_map_create(BPF_MAP_TYPE_ARRAY, "atcp_run", sizeof(key), sizeof(r->moved), 1,
			       NULL);
	link = attach(cgroup, count, r->protocol, &why);
	if (link >= 0) {
		r->status = run(r->argv, cgroup);
		bpf_map_lookup_elem(count, &key, &r->moved);
		why = NULL;
	}
	close(link);
	close(count);
	close(cgroup);
	unlinkat(own, name, AT_REMOVEDIR);
	close(own);
	return why;
}
