# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the scripts of this folder share.  Sourced with $0 in selftests/vm.
#
# The cache holds what was downloaded; nothing in it is precious:
#
#	apt/SUITE/		apt's lists for that suite, apart from the host's
#	kernel/RELEASE/		a Debian kernel with its headers, unpacked
#	kernel/6.1		a link to the release in use of that series
#	kselftest/		the kernel's own test framework and checkpatch
#	kvm			whether KVM works here (one line: boot id, answer)

# Not everyone has depmod and modprobe on the way.
PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
# A copy of this folder inside a kernel tree has no Makefile of ours above it.
top=$(cd "$here/../.." && pwd)
cache=${ATCP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/atcp}
build=${ATCP_BUILD:-$top/build}
mirror=${ATCP_MIRROR:-http://deb.debian.org/debian}
mirror_security=${ATCP_MIRROR_SECURITY:-http://deb.debian.org/debian-security}

say()
{
	printf '%s\n' "atcp: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# The directory of an unpacked kernel: a series (6.1) or a whole release.
kernel_dir()
{
	[ -e "$cache/kernel/$1/.complete" ] || return 1
	(cd "$cache/kernel/$1" && pwd -P)
}

# The release inside such a directory.
kernel_release()
{
	cat "$1/.complete"
}
