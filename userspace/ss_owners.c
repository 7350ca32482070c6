// SPDX-License-Identifier: GPL-2.0
/* The processes that have a socket: /proc/PID/fd is read once, then sorted by inode. */
#include <ctype.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "ss_owners.h"

struct owner {
	unsigned int inode;
	int pid, tid, fd;
	char name[16];
	char *context, *socket_context;	/* or NULL */
};

static struct owner *owners;
static size_t owner_count;
static struct ss_owners_view view;

/* The first line of a file, without its end. Return: false if it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "r");
	bool good = f && fgets(line, size, f);

	if (f)
		fclose(f);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	return good;
}

/* @folder: the task's in /proc. Return: false if there is no memory. */
static bool add(const char *folder, int pid, int tid, const char *fd, const char *name)
{
	char path[300], to[64], context[256];
	struct owner *o;
	unsigned int inode;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/fd/%s", folder, fd);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return true;
	to[n] = '\0';
	if (sscanf(to, "socket:[%u]", &inode) != 1)
		return true;
	if (!(owner_count & (owner_count - 1))) {
		o = realloc(owners, (owner_count ? owner_count * 2 : 1) * sizeof(*o));
		if (!o)
			return false;
		owners = o;
	}
	o = &owners[owner_count++];
	*o = (struct owner){ .inode = inode, .pid = pid, .tid = tid, .fd = atoi(fd) };
	snprintf(o->name, sizeof(o->name), "%s", name);
	if (view.socket_context) {
		n = getxattr(path, "security.selinux", context, sizeof(context) - 1);
		context[n < 0 ? 0 : n] = '\0';
		o->socket_context = n < 0 ? NULL : strdup(context);
	}
	if (view.context) {
		snprintf(path, sizeof(path), "%s/attr/current", folder);
		o->context = read_line(path, context, sizeof(context)) ? strdup(context) : NULL;
	}
	return true;
}

static bool add_task(const char *folder, int pid, int tid)
{
	char path[300], name[32] = "";
	struct dirent *d;
	bool good = true;
	DIR *fds;

	snprintf(path, sizeof(path), "%s/comm", folder);
	read_line(path, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/fd", folder);
	fds = opendir(path);
	while (fds && good && (d = readdir(fds)))
		if (isdigit((unsigned char)d->d_name[0]))
			good = add(folder, pid, tid, d->d_name, name);
	if (fds)
		closedir(fds);
	return good;
}

static bool add_threads(int pid)
{
	char path[64], folder[128];
	struct dirent *d;
	bool good = true;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && good && (d = readdir(tasks))) {
		int tid = atoi(d->d_name);

		if (tid <= 0 || tid == pid)
			continue;
		snprintf(folder, sizeof(folder), "%s/%d", path, tid);
		good = add_task(folder, pid, tid);
	}
	if (tasks)
		closedir(tasks);
	return good;
}

static int by_inode(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->tid != y->tid ? (x->tid < y->tid ? -1 : 1) : x->fd - y->fd;
}

bool ss_owners_find(const struct ss_owners_view *how)
{
	DIR *proc = opendir("/proc");
	char folder[64];
	struct dirent *d;
	bool good = true;

	view = *how;
	while (proc && good && (d = readdir(proc))) {
		int pid = atoi(d->d_name);

		if (pid <= 0)
			continue;
		snprintf(folder, sizeof(folder), "/proc/%d", pid);
		good = add_task(folder, pid, pid) && (!view.threads || add_threads(pid));
	}
	if (proc)
		closedir(proc);
	if (owner_count)
		qsort(owners, owner_count, sizeof(*owners), by_inode);
	return good;
}

void ss_owners_show(unsigned int inode)
{
	const char *before = " users:(";
	size_t low = 0, high = owner_count;

	if (!inode)
		return;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (owners[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < owner_count && owners[low].inode == inode; low++) {
		const struct owner *o = &owners[low];

		printf("%s(\"%s\",pid=%d,", before, o->name, o->pid);
		if (view.threads)
			printf("tid=%d,", o->tid);
		if (view.context)
			printf("proc_ctx=%s,", o->context ?: "unavailable");
		printf("fd=%d", o->fd);
		if (view.socket_context)
			printf(",sock_ctx=%s", o->socket_context ?: "unavailable");
		putchar(')');
		before = ",";
	}
	if (*before == ',')
		putchar(')');
}
