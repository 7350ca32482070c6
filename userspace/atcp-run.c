// SPDX-License-Identifier: GPL-2.0
/*
 * atcp-run: runs a program whose TCP sockets become atcp's, by a library that it
 * preloads (libatcp.c) or in the kernel (cgroup.c).  Before the program starts it says
 * what will not be moved, so that the user knows whether atcp is really used.  With
 * --strict the kernel refuses all sockets that are not moved (strict.c, cgroup.c).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/elf.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../module/uapi/atcp.h"
#include "atcp_run.h"
#include "cgroup.h"
#include "family.h"
#include "strict.h"

/* The exit statuses of env(1) and nohup(1) when they themselves fail. */
enum {
	EXIT_OWN	= 125,
	EXIT_NOT_RUN	= 126,
	EXIT_NOT_FOUND	= 127,
};

static const char *carrier = "253";
static bool strict;
static bool verbose;
static bool in_cgroup;

static void __attribute__((noreturn)) usage(int status)
{
	fputs("usage: atcp-run [--carrier=tcp|253] [--strict] [--verbose] [--cgroup] COMMAND...\n"
	      "       atcp-run --check\n"
	      "Runs COMMAND over atcp: its TCP sockets become atcp's.\n"
	      "  -c, --carrier=253   use IP protocol 253 (both ends run atcp)\n"
	      "  -c, --carrier=tcp   use TCP on the wire (the other end is any TCP)\n"
	      "  -s, --strict        fail rather than use the kernel's TCP\n"
	      "  -v, --verbose       print which sockets are moved, and how many were\n"
	      "  -g, --cgroup        move sockets in the kernel: also of static and Go programs\n"
	      "  -C, --check         print whether atcp is loaded and works; run nothing\n",
	      status ? stderr : stdout);
	exit(status);
}

/* --- atcp-run --check --- */

static struct sockaddr_storage loopback(int af, socklen_t *len)
{
	struct sockaddr_storage ss = { .ss_family = af };

	if (af == AF_INET6) {
		((struct sockaddr_in6 *)&ss)->sin6_addr = in6addr_loopback;
		*len = sizeof(struct sockaddr_in6);
	} else {
		((struct sockaddr_in *)&ss)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*len = sizeof(struct sockaddr_in);
	}
	return ss;
}

/* Whether the module refuses this user the carrier. */
static bool gate_shut(int family, int protocol)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	bool shut = fd < 0 && errno == EACCES;

	close(fd);
	return shut;
}

/* Tries a connection of this host with itself, and a byte over it. */
static bool connection_works(int family, int protocol, int af)
{
	struct timeval limit = { .tv_sec = 5 };
	struct sockaddr_storage ss;
	socklen_t len;
	int l, c = -1, s = -1;
	bool works = false;
	char byte = 0;

	if (af == AF_INET6)
		protocol |= ATCP_IPV6;
	l = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (l < 0)
		return false;
	ss = loopback(af, &len);
	if (bind(l, (struct sockaddr *)&ss, len) || listen(l, 1) ||
	    getsockname(l, (struct sockaddr *)&ss, &len))
		goto out;
	c = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (c < 0 || connect(c, (struct sockaddr *)&ss, len))
		goto out;
	s = accept(l, NULL, NULL);
	if (s < 0)
		goto out;
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	works = send(c, "!", 1, 0) == 1 && recv(s, &byte, 1, 0) == 1 && byte == '!';
out:
	close(l);
	close(c);
	close(s);
	return works;
}

static int check(void)
{
	static const struct { const char *name; int protocol; } carriers[] = {
		{ "253", 0 },
		{ "tcp", IPPROTO_TCP },
	};
	int family = atcp_loaded_family(), failed = 0;
	unsigned int i;

	if (family < 0) {
		puts("module: not loaded (modprobe atcp, or insmod atcp.ko)");
		return 1;
	}
	printf("module: loaded, protocol family %d\n", family);
	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		bool v4 = connection_works(family, carriers[i].protocol, AF_INET);
		bool v6 = connection_works(family, carriers[i].protocol, AF_INET6);

		printf("carrier %s: %s over IPv4, %s over IPv6\n", carriers[i].name,
		       v4 ? "works" : "does not work", v6 ? "works" : "does not work");
		if (carriers[i].protocol && gate_shut(family, carriers[i].protocol))
			printf("carrier %s: " ATCP_GATE_SHUT "\n", carriers[i].name, getegid(),
			       getegid());
		failed |= !v4 && !v6;
	}
	return failed;
}

/* --- the command --- */

/* Finds the file that execvp() would run. Return: false if there is none. */
static bool find(const char *command, char *path, size_t size)
{
	const char *dirs = getenv("PATH") ?: "/bin:/usr/bin";
	size_t n;

	if (strchr(command, '/'))
		return snprintf(path, size, "%s", command) < (int)size && !access(path, F_OK);
	for (;; dirs += n + 1) {
		struct stat st;

		n = strcspn(dirs, ":");
		if (snprintf(path, size, "%.*s%s%s", (int)n, dirs, n ? "/" : "", command) <
		    (int)size && !access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode))
			return true;
		if (!dirs[n])
			return false;
	}
}

#if __SIZEOF_POINTER__ == 8
#define OWN_CLASS	ELFCLASS64
#define FOREIGN		"is a 32-bit program"
#define elf_hdr		elf64_hdr
#define elf_shdr	elf64_shdr
#define elf_phdr	elf64_phdr
#else
#define OWN_CLASS	ELFCLASS32
#define FOREIGN		"is a 64-bit program"
#define elf_hdr		elf32_hdr
#define elf_shdr	elf32_shdr
#define elf_phdr	elf32_phdr
#endif

/* Properties of an ELF file that tell how it makes its system calls. */
struct image {
	bool elf;
	bool foreign;		/* of another word size, and then the rest is not known */
	bool dynamic;		/* it has an interpreter, which loads libraries */
	bool go;
};

static bool read_at(int fd, void *buf, size_t len, off_t at)
{
	return pread(fd, buf, len, at) == (ssize_t)len;
}

static bool is_go_section(int fd, const struct elf_shdr *names, const struct elf_shdr *s)
{
	static const char name[] = ".go.buildinfo";
	char text[sizeof(name)];

	return s->sh_name < names->sh_size &&
	       read_at(fd, text, sizeof(text), names->sh_offset + s->sh_name) &&
	       !memcmp(text, name, sizeof(name));
}

static void read_image(int fd, struct image *im)
{
	struct elf_hdr e;
	struct elf_shdr names, s;
	struct elf_phdr p;
	int i;

	memset(im, 0, sizeof(*im));
	if (!read_at(fd, e.e_ident, EI_NIDENT, 0) || memcmp(e.e_ident, ELFMAG, SELFMAG))
		return;
	im->elf = true;
	im->foreign = e.e_ident[EI_CLASS] != OWN_CLASS;
	if (im->foreign || !read_at(fd, &e, sizeof(e), 0))
		return;
	for (i = 0; i < e.e_phnum; i++) {
		if (read_at(fd, &p, sizeof(p), e.e_phoff + i * sizeof(p)) &&
		    p.p_type == PT_INTERP)
			im->dynamic = true;
	}
	if (!read_at(fd, &names, sizeof(names), e.e_shoff + e.e_shstrndx * sizeof(s)))
		return;
	for (i = 0; i < e.e_shnum; i++) {
		if (read_at(fd, &s, sizeof(s), e.e_shoff + i * sizeof(s)) &&
		    is_go_section(fd, &names, &s))
			im->go = true;
	}
}

/* Reads the interpreter from a script's first line; returns false if it is no script. */
static bool interpreter(int fd, char *path, size_t size)
{
	char line[PATH_MAX];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	char *p;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = 0;
	p = line + 2 + strspn(line + 2, " \t");
	p[strcspn(p, " \t\n")] = 0;
	return snprintf(path, size, "%s", p) < (int)size;
}

/* Return: why a preloaded library does not reach the command's sockets, or NULL. */
static const char *out_of_reach(char *path, size_t size)
{
	struct image im;
	struct stat st;
	int fd, depth;
	bool script, capable;

	for (depth = 0; depth < 4; depth++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return NULL;
		read_image(fd, &im);
		script = !im.elf && interpreter(fd, path, size);
		if (fstat(fd, &st))
			st.st_mode = 0;
		capable = fgetxattr(fd, "security.capability", NULL, 0) > 0;
		close(fd);
		if (script)
			continue;	/* the interpreter makes the system calls */
		if ((st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
		    (st.st_mode & S_ISGID && st.st_gid != getegid()))
			return "is set-user-ID or set-group-ID";
		if (capable && getuid())
			return "has file capabilities";
		if (im.foreign)
			return FOREIGN;
		if (im.elf && !im.dynamic)
			return "is statically linked";
		return im.go ? "is a Go program" : NULL;
	}
	return NULL;
}

/* --- the environment --- */

/* Finds the library beside this program, as in a build, or where it is installed. */
static bool find_library(char *path, size_t size)
{
	static const char *const places[] = { "", "../lib/atcp/" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	unsigned int i;
	char *slash;

	if (n < 0)
		return false;
	self[n] = 0;
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	slash[1] = 0;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(path, size, "%s%s%s", self, places[i], ATCP_LIBRARY) < (int)size &&
		    !access(path, R_OK))
			return true;
	}
	return false;
}

/*
 * Return: why LD_PRELOAD cannot name the library, or NULL.  Spaces and colons separate its
 * names, and $ begins a word that the dynamic linker replaces.
 */
static const char *not_nameable(const char *library)
{
	for (; *library; library++) {
		if (isspace((unsigned char)*library) || *library == ':' || *library == '$')
			return "has a space, a colon or a $ in its path: LD_PRELOAD cannot name it";
	}
	return NULL;
}

static void preload(const char *library, int family)
{
	const char *before = getenv("LD_PRELOAD");
	char how[64], number[16], *list;

	if (asprintf(&list, "%s%s%s", library, before && *before ? ":" : "",
		     before ?: "") < 0)
		exit(EXIT_OWN);
	snprintf(how, sizeof(how), "%s%s%s", carrier, strict ? ",strict" : "",
		 verbose ? ",verbose" : "");
	snprintf(number, sizeof(number), "%d", family);
	if (setenv("LD_PRELOAD", list, 1) || setenv(ATCP_RUN_ENV, how, 1) ||
	    setenv(ATCP_FAMILY_ENV, number, 1))
		exit(EXIT_OWN);
	free(list);
}

/* The command cannot use atcp, for a reason already printed; --strict ends here. */
static void without_atcp(void)
{
	if (strict)
		exit(EXIT_OWN);
	fputs("atcp-run: the command runs over the kernel's TCP\n", stderr);
}

static void kept(const char *command, const char *why)
{
	fprintf(stderr, "atcp-run: %s %s\n", command, why);
	without_atcp();
}

/* Return: how a message goes on that says what the library cannot do. */
static const char *but_cgroup(void)
{
	if (!cgroup_moves())
		return "";
	return geteuid() ? "; --cgroup can, for root" : "; --cgroup can";
}

static void no_library(const char *file, const char *why)
{
	fprintf(stderr, "atcp-run: %s %s: the library cannot move sockets%s\n", file, why,
		but_cgroup());
}

static void kept_by_library(const char *file, const char *why)
{
	no_library(file, why);
	without_atcp();
}

static void kept_by_gate(void)
{
	fprintf(stderr, "atcp-run: " ATCP_GATE_SHUT "\n", getegid(), getegid());
	without_atcp();
}

/* Runs the command with --cgroup and exits; returns only if that was not possible. */
static void by_kernel(char **argv)
{
	struct cgroup_run r = {
		.argv = argv,
		.protocol = strcmp(carrier, "tcp") ? IPPROTO_ATCP : IPPROTO_ATCP_TCP,
		.strict = strict,
	};
	const char *why = cgroup_run(&r);

	if (why) {
		kept("--cgroup:", why);
		return;
	}
	if (verbose)
		fprintf(stderr, "atcp-run: %s: %llu of its TCP sockets were atcp's\n", argv[0],
			r.moved);
	if (r.refused)
		fprintf(stderr,
			"atcp-run: %s: %llu sockets of the kernel's TCP were refused\n",
			argv[0], r.refused);
	exit(r.status);
}

/* Prepares the environment for the library, if it can reach the sockets of @path. */
static void by_library(char *path, size_t size, int family)
{
	char library[PATH_MAX];
	const char *why;

	if (!find_library(library, sizeof(library))) {
		no_library(ATCP_LIBRARY, "is neither beside atcp-run nor in ../lib/atcp");
		exit(EXIT_OWN);
	}
	why = not_nameable(library);
	if (why) {
		kept_by_library(library, why);
		return;
	}
	why = out_of_reach(path, size);
	if (why) {
		kept_by_library(path, why);
		return;
	}
	preload(library, family);
	if (!strict)
		return;
	if (strict_filter()) {
		fprintf(stderr, "atcp-run: --strict: the kernel takes no seccomp filter: %s\n",
			strerror(errno));
		exit(EXIT_OWN);
	}
	if (verbose)
		fprintf(stderr,
			"atcp-run: --strict: TCP sockets that the library cannot move fail with EPERM%s\n",
			but_cgroup());
}

/* --strict does not run a command that would inherit a socket of the kernel's TCP. */
static void refuse_inherited(void)
{
	int fd = strict_inherited();

	if (fd == -1)
		return;
	if (fd < 0)
		fprintf(stderr, "atcp-run: --strict: /proc/self/fd: %s\n", strerror(errno));
	else
		fprintf(stderr,
			"atcp-run: --strict: descriptor %d is a socket of the kernel's TCP\n", fd);
	exit(EXIT_OWN);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "carrier", required_argument, NULL, 'c' },
		{ "strict", no_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "cgroup", no_argument, NULL, 'g' },
		{ "check", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int o;

	while ((o = getopt_long(argc, argv, "+c:svgCh", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			carrier = optarg;
			if (strcmp(carrier, "tcp") && strcmp(carrier, "253")) {
				fprintf(stderr, "atcp-run: no carrier %s: tcp or 253\n", carrier);
				exit(EXIT_OWN);
			}
			break;
		case 's':
			strict = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'g':
			in_cgroup = true;
			break;
		case 'C':
			exit(check());
		case 'h':
			usage(0);
		default:
			usage(EXIT_OWN);
		}
	}
	if (optind == argc)
		usage(EXIT_OWN);
}

int main(int argc, char **argv)
{
	int family = atcp_loaded_family();
	char path[PATH_MAX];

	parse(argc, argv);
	argv += optind;
	if (!find(argv[0], path, sizeof(path))) {
		fprintf(stderr, "atcp-run: %s: %s\n", argv[0], strerror(ENOENT));
		return EXIT_NOT_FOUND;
	}
	if (strict)
		refuse_inherited();
	if (family < 0)
		kept("atcp.ko", ATCP_NOT_LOADED);
	else if (!strcmp(carrier, "tcp") && gate_shut(family, IPPROTO_TCP))
		kept_by_gate();
	else if (in_cgroup)
		by_kernel(argv);
	else
		by_library(path, sizeof(path), family);
	execvp(argv[0], argv);
	fprintf(stderr, "atcp-run: %s: %s\n", argv[0], strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
}
