// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-run --cgroup: a small BPF program is attached to update_socket_protocol(), which
 * kernels from 6.6 on call in socket().  For processes of one cgroup it replaces the
 * protocol of TCP sockets over IPv4 and IPv6 by atcp's.  With --strict a second one, on
 * security_socket_create(), refuses what is still the kernel's TCP.  They are removed with
 * the last descriptor of their links, which only this process has.
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
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "strict.h"

#define MOVE_HOOK	"update_socket_protocol"
#define REFUSE_HOOK	"security_socket_create"
#define TYPE_MASK	0xf	/* the type in socket()'s second argument, without flags */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define LOAD_ARG(reg, n)	INSN(BPF_LDX | BPF_DW | BPF_MEM, reg, BPF_REG_1, 8 * (n), 0)
#define GOTO_IF(op, reg, n, to)	INSN(BPF_JMP32 | (op) | BPF_K, reg, 0, to, n)
#define SET(reg, n)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, n)
#define CALL(function)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define RETURN			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Two instructions long. */
#define LOAD_MAP(reg, what, map, at) \
	INSN(BPF_LD | BPF_DW | BPF_IMM, reg, what, 0, map), INSN(0, 0, 0, 0, at)

/* The numbers that the programs count, in a map of one entry. */
struct counts {
	unsigned long long moved;
	unsigned long long refused;
};

/* Skips @n instructions more, unless the process is in the cgroup of map @ours. */
#define IN_CGROUP(ours, n)						\
	LOAD_MAP(BPF_REG_1, BPF_PSEUDO_MAP_FD, ours, 0),		\
	SET(BPF_REG_2, 0),						\
	CALL(BPF_FUNC_current_task_under_cgroup),			\
	GOTO_IF(BPF_JNE, BPF_REG_0, 1, n)

#define COUNT(map, field)						\
	LOAD_MAP(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, map, offsetof(struct counts, field)), \
	SET(BPF_REG_2, 1),						\
	INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_1, BPF_REG_2, 0, BPF_ADD)

static int load(const struct bpf_insn *program, size_t len, int hook)
{
	struct bpf_prog_load_opts opts = {
		.sz = sizeof(opts),
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = hook,
	};

	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "atcp_run", "GPL", program, len, &opts);
}

/*
 * Loads the program for update_socket_protocol().  If it returns another value than 0, that
 * is the protocol, and update_socket_protocol() itself is not run.  @ours: a map with the
 * cgroup; @count: one with struct counts.
 */
static int load_mover(int ours, int count, int protocol, int hook)
{
	struct bpf_insn program[] = {
		LOAD_ARG(BPF_REG_6, 0),				/* family */
		GOTO_IF(BPF_JEQ, BPF_REG_6, AF_INET, 1),
		GOTO_IF(BPF_JNE, BPF_REG_6, AF_INET6, 18),
		LOAD_ARG(BPF_REG_6, 1),				/* type */
		INSN(BPF_ALU | BPF_AND | BPF_K, BPF_REG_6, 0, 0, TYPE_MASK),
		GOTO_IF(BPF_JNE, BPF_REG_6, SOCK_STREAM, 15),
		LOAD_ARG(BPF_REG_6, 2),				/* protocol */
		GOTO_IF(BPF_JEQ, BPF_REG_6, 0, 2),
		GOTO_IF(BPF_JEQ, BPF_REG_6, IPPROTO_TCP, 1),
		GOTO_IF(BPF_JNE, BPF_REG_6, IPPROTO_MPTCP, 11),
		IN_CGROUP(ours, 6),
		COUNT(count, moved),
		SET(BPF_REG_0, protocol),
		RETURN,
		SET(BPF_REG_0, 0),
		RETURN,
	};

	return load(program, sizeof(program) / sizeof(program[0]), hook);
}

/*
 * Loads the program for security_socket_create(), which comes after the other and is also
 * asked about sockets of io_uring and of SMC, whose other name is TCP.  If it returns an
 * error, the socket is not made.
 */
static int load_refuser(int ours, int count, int hook)
{
	struct bpf_insn program[] = {
		LOAD_ARG(BPF_REG_6, 3),				/* made by the kernel */
		GOTO_IF(BPF_JNE, BPF_REG_6, 0, 22),
		LOAD_ARG(BPF_REG_6, 0),				/* family */
		GOTO_IF(BPF_JEQ, BPF_REG_6, AF_SMC, 9),
		GOTO_IF(BPF_JEQ, BPF_REG_6, AF_INET, 1),
		GOTO_IF(BPF_JNE, BPF_REG_6, AF_INET6, 18),
		LOAD_ARG(BPF_REG_6, 1),				/* type, without flags */
		GOTO_IF(BPF_JNE, BPF_REG_6, SOCK_STREAM, 16),
		LOAD_ARG(BPF_REG_6, 2),				/* protocol */
		GOTO_IF(BPF_JEQ, BPF_REG_6, 0, 3),
		GOTO_IF(BPF_JEQ, BPF_REG_6, IPPROTO_TCP, 2),
		GOTO_IF(BPF_JEQ, BPF_REG_6, IPPROTO_MPTCP, 1),
		GOTO_IF(BPF_JNE, BPF_REG_6, IPPROTO_SMC_INET, 11),
		IN_CGROUP(ours, 6),
		COUNT(count, refused),
		SET(BPF_REG_0, -EPERM),
		RETURN,
		SET(BPF_REG_0, 0),
		RETURN,
	};

	return load(program, sizeof(program) / sizeof(program[0]), hook);
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

/* The kernel's functions to attach to: their numbers, or negative. */
struct hooks {
	int move;
	int refuse;
};

static struct hooks find_hooks(void)
{
	struct hooks hooks = { -1, -1 };
	struct btf *types;

	libbpf_set_print(NULL);
	types = btf__load_vmlinux_btf();
	if (!types)
		return hooks;
	hooks.move = btf__find_by_name_kind(types, MOVE_HOOK, BTF_KIND_FUNC);
	hooks.refuse = btf__find_by_name_kind(types, REFUSE_HOOK, BTF_KIND_FUNC);
	btf__free(types);
	return hooks;
}

bool cgroup_moves(void)
{
	return find_hooks().move >= 0;
}

/* The maps of a run and the links of its programs: descriptors, or -1. */
struct attached {
	int ours;
	int count;
	int mover;
	int refuser;
};

static void detach(struct attached *a)
{
	close(a->mover);
	close(a->refuser);
	close(a->count);
	close(a->ours);
}

static int link_to_hook(int program)
{
	int link = program < 0 ? -1 : bpf_raw_tracepoint_open(NULL, program);

	close(program);
	return link;
}

/* Return: NULL, or why not: then detach() is still to be called. */
static const char *attach(struct attached *a, int cgroup, const struct cgroup_run *r)
{
	struct hooks hooks = find_hooks();
	unsigned int key = 0;

	*a = (struct attached){ -1, -1, -1, -1 };
	if (hooks.move < 0)
		return "this kernel asks no BPF program about sockets (" MOVE_HOOK ", from 6.6 on)";
	a->ours = bpf_map_create(BPF_MAP_TYPE_CGROUP_ARRAY, "atcp_run", sizeof(key),
				 sizeof(cgroup), 1, NULL);
	a->count = bpf_map_create(BPF_MAP_TYPE_ARRAY, "atcp_run", sizeof(key),
				  sizeof(struct counts), 1, NULL);
	if (a->ours >= 0 && a->count >= 0 &&
	    !bpf_map_update_elem(a->ours, &key, &cgroup, BPF_ANY))
		a->mover = link_to_hook(load_mover(a->ours, a->count, r->protocol, hooks.move));
	if (a->mover < 0)
		return "the kernel refuses to load the BPF program for this user";
	if (!r->strict)
		return NULL;
	if (hooks.refuse >= 0)
		a->refuser = link_to_hook(load_refuser(a->ours, a->count, hooks.refuse));
	return a->refuser < 0 ? "the kernel takes no BPF program that refuses its TCP" : NULL;
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
	int own = open_own(), cgroup = -1;
	struct counts counts = { 0 };
	unsigned int key = 0;
	struct attached a;
	const char *why;
	char name[32];

	snprintf(name, sizeof(name), "atcp-run.%d", getpid());
	if (own >= 0 && !mkdirat(own, name, 0755))
		cgroup = openat(own, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return "cannot make a cgroup here";
	why = attach(&a, cgroup, r);
	if (!why) {
		r->status = run(r->argv, cgroup);
		bpf_map_lookup_elem(a.count, &key, &counts);
		r->moved = counts.moved;
		r->refused = counts.refused;
	}
	detach(&a);
	close(cgroup);
	unlinkat(own, name, AT_REMOVEDIR);
	close(own);
	return why;
}
