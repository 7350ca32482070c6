# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What scripts share.  Sourced with $0 in a folder two below the top.
#
# The cache holds what was downloaded; nothing in it is precious:
#
#	apt/SUITE/		apt's lists for that suite, apart from the host's
#	kernel/RELEASE/		a Debian kernel with its headers, unpacked
#	kernel/6.1		a link to the release in use of that series
#
# selftests/vm/lib.sh says what the tests put there.

# Not everyone has depmod and modprobe on the way.
PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${ATCP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/atcp}
build=${ATCP_BUILD:-$top/build}

say()
{
	printf '%s\n' "atcp: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo: $*"
	fi
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

# What `uname -r` says on the kernel of a directory of headers: of Debian's the makefiles
# tell another version.
headers_release()
{
	sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$1/include/generated/utsrelease.h" 2>/dev/null |
		grep . || make -s -C "$1" kernelrelease
}
