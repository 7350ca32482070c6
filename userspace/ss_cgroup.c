// SPDX-License-Identifier: GPL-2.0
/* Cgroups by number and by path: file handles of cgroup2 hold the number. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ss_cgroup.h"

/* The type of handles of kernfs, of which cgroup2 is one: FILEID_KERNFS in the kernel. */
#define HANDLE_KERNFS	0xfe

/* A handle with room for the number. */
union handle {
	struct file_handle h;
	char room[sizeof(struct file_handle) + sizeof(uint64_t)];
};

/* The folder where cgroup2 is mounted, open, and its name. Return: -1 with errno. */
static int mount_point(char *name, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	int fd = -1;

	errno = ENOENT;
	while (mounts && (m = getmntent(mounts))) {
		if (strcmp(m->mnt_type, "cgroup2"))
			continue;
		snprintf(name, size, "%s", m->mnt_dir);
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		break;
	}
	if (mounts)
		endmntent(mounts);
	return fd;
}

uint64_t ss_cgroup_id(const char *path)
{
	union handle handle = { .h.handle_bytes = sizeof(uint64_t) };
	char name[4096];
	uint64_t id = 0;
	int fd, mount;

	fd = mount_point(name, sizeof(name));
	if (fd < 0)
		return 0;
	path += strspn(path, "/");
	if (!name_to_handle_at(fd, *path ? path : ".", &handle.h, &mount, 0))
		memcpy(&id, handle.h.f_handle, sizeof(id));
	close(fd);
	return id;
}

const char *ss_cgroup_path(uint64_t id)
{
	static char path[4096];
	union handle handle = {
		.h.handle_bytes = sizeof(id),
		.h.handle_type = HANDLE_KERNFS,
	};
	char name[4096], link[64];
	int mount, fd = -1;
	ssize_t n = -1;

	mount = mount_point(name, sizeof(name));
	memcpy(handle.h.f_handle, &id, sizeof(id));
	if (mount >= 0) {
		fd = open_by_handle_at(mount, &handle.h, O_RDONLY | O_CLOEXEC);
		close(mount);
	}
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		close(fd);
	}
	if (n < 0 || strncmp(path, name, strlen(name))) {
		snprintf(path, sizeof(path), "unreachable:%llx", (unsigned long long)id);
		return path;
	}
	path[n] = '\0';
	return path[strlen(name)] ? path + strlen(name) : "/";
}
