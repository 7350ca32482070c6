# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that scripts share.  Sourced by a script two folders below the top.
#
# The cache holds downloads; all of it can be downloaded again:
#
#	apt/SUITE/		apt's lists for that suite, apart from the host's
#	kernel/RELEASE/		a Debian kernel with its headers, unpacked
#	kernel/6.1		a link to the release in use of that series
#
# selftests/vm/lib.sh says what the tests put there.

# depmod and modprobe are not in the PATH of every user.
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

# kernel_dir KERNEL: the directory of an unpacked kernel, by series (6.1) or release.
kernel_dir()
{
	[ -e "$cache/kernel/$1/.complete" ] || return 1
	(cd "$cache/kernel/$1" && pwd -P)
}

# kernel_release DIRECTORY: the release of the kernel unpacked there.
kernel_release()
{
	cat "$1/.complete"
}

# kernel_arch RELEASE: prints the architecture of a kernel in the cache, in Debian's words.
kernel_arch()
{
	case $1 in
	*-arm64) echo arm64 ;;
	*-686*) echo i386 ;;
	*) echo amd64 ;;
	esac
}

# compiler ARCHITECTURE: prints the compiler for user-space programs.
compiler()
{
	case $1 in
	arm64) echo aarch64-linux-gnu-gcc-12 ;;
	i386) echo "gcc-12 -m32 -idirafter /usr/include/x86_64-linux-gnu" ;;
	*) echo gcc ;;
	esac
}

# headers_release KDIR: what uname -r prints on the kernel of these headers.  The
# makefiles of Debian's kernels have another version.
headers_release()
{
	sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$1/include/generated/utsrelease.h" 2>/dev/null |
		grep . || make -s -C "$1" kernelrelease
}
