/* SPDX-License-Identifier: GPL-2.0 */
/* Cgroups by number, as sock_diag(7) names them, and by path below the mount of cgroup2. */
#ifndef ATCP_SS_CGROUP_H
#define ATCP_SS_CGROUP_H

#include <stdint.h>

/* The number of the cgroup at @path, or 0 with errno. */
uint64_t ss_cgroup_id(const char *path);

/* Its path, valid until the next call; "unreachable:NUMBER" where one cannot look. */
const char *ss_cgroup_path(uint64_t id);

#endif /* ATCP_SS_CGROUP_H */
