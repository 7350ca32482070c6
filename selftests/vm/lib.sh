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
#	source/VERSION/		a kernel's source, whole
#	debug/KIND-KEY/		a debug kernel (selftests/debug)
#	kselftest/		the kernel's own test framework and checkpatch
#	root/RELEASE.tar	a small Debian to install packages in, for that kernel
#	programs/		programs to test with, as an addition to /usr
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

# Is there a way to be root, with mounts of its own, without asking anyone?
may_be_root()
{
	{ [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; } &&
		as_root unshare --mount --pid --fork true 2>/dev/null
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

# The directory of a kernel's whole source.
source_dir()
{
	[ -e "$cache/source/$1/.complete" ] || return 1
	(cd "$cache/source/$1" && pwd -P)
}

# A word as the shell reads it back.
quote()
{
	printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\''/g")"
}

# guest_env OUT KERNEL_DIR MODULE: what the script `guest` and the tests are told.
guest_env()
{
	echo "export ATCP_TOP=$(quote "$top")"
	echo "export ATCP_BUILD=$(quote "$build")"
	echo "export ATCP_CACHE=$(quote "$cache")"
	echo "export ATCP_KERNEL_DIR=$(quote "$2")"
	echo "export ATCP_OUT=$(quote "$1")"
	echo "export ATCP_BIN=$(quote "$build/bin")"
	echo "export ATCP_KO=$(quote "$3")"
	env | sed -n 's/^\(ATCP_TEST_[A-Z_]*\)=.*/\1/p' | while read -r v; do
		eval "echo \"export $v=\$(quote \"\$$v\")\""
	done
}

# What a kernel says when it is not well: a pattern for grep -E.
kernel_trouble='WARNING: (CPU|possible|suspicious|held|bad|inconsistent|.* at )'
kernel_trouble=$kernel_trouble'|\bBUG\b|\bOops\b|general protection|Kernel panic|Call Trace:'
kernel_trouble=$kernel_trouble'|INFO: (task|rcu|lockdep|trying)|rcu:.*stall|soft lockup|hard LOCKUP'
kernel_trouble=$kernel_trouble'|unregister_netdevice: waiting|refcount_t:|list_(add|del) corruption'
kernel_trouble=$kernel_trouble'|Attempt to release|memory leak|Objects remaining|ODEBUG|UBSAN|KASAN'
kernel_trouble=$kernel_trouble'|unreferenced object|turning off the locking|lockdep is turned off|still has locks held'
# But memory that was refused is none: a test may have ordered that. For sed.
kernel_refused='invoked oom-killer: \|: vmalloc error: \|: page allocation failure: \|percpu: allocation failed'
kernel_refused=$kernel_refused'\|kmem_cache_create.* failed with error\|sysctl could not get directory'
kernel_refused="/$kernel_refused/,/Call Trace:/s/Call Trace:/(refused)/"

# verdict OUT STATUS: the end of a run of a guest whose results are in OUT and
# whose machine ended with STATUS.  Does not return; exits as `vm` documents.
verdict()
{
	# Not dmesg: a test may have cleared that.
	log=$1/console.log
	# What is said while the machine starts or stops is about the machine.
	start=$(grep -n -m 1 'atcp: guest: start' "$log" | cut -d : -f 1)
	trouble=$(sed '/atcp: guest: end/q' "$log" | tail -n "+${start:-1}" |
		sed "$kernel_refused" | grep -n -E "$kernel_trouble" || :)
	if [ -n "$trouble" ]; then
		first=$((${trouble%%:*} + ${start:-1} - 1))
		say "the kernel's log has trouble (whole: $log):"
		tail -n "+$((first > 3 ? first - 3 : 1))" "$log" | head -n 60 >&2
	fi
	if [ ! -s "$1/status" ]; then
		if [ "$2" = 124 ] || [ "$2" = 137 ]; then
			say "the VM was not done in time; its last words:"
			tail -n 15 "$1/console.log" >&2
			exit 124
		fi
		say "the VM ended without a result (status $2); its last words:"
		[ -n "$trouble" ] || tail -n 25 "$1/console.log" >&2
		exit 125
	fi
	[ -z "$trouble" ] || exit 125
	exit "$(cat "$1/status")"
}
