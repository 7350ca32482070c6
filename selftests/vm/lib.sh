# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that the scripts of selftests/vm and selftests/debug share, besides those of
# module/tools/lib.sh.  Sourced with $0 in one of the two folders.
#
# Contents of the cache that the tests need:
#
#	source/VERSION/		a kernel's source, whole
#	debug/KIND-KEY/		a debug kernel (selftests/debug)
#	kselftest/		the kernel's own test framework and checkpatch
#	root/RELEASE.tar	a small Debian to install packages in, for that kernel
#	guest/ARCHITECTURE/	a root to run on other architectures than amd64
#	programs/		programs to test with, as an addition to /usr
#	ss/			the newest ss(8) and its libraries
#	kvm			whether KVM works here (one line: boot id, answer)

# shellcheck source=module/tools/lib.sh
. "$(dirname "$0")/../../module/tools/lib.sh"
# shellcheck source=selftests/vm/trouble.sh
. "$top/selftests/vm/trouble.sh"

# shellcheck disable=SC2034 # used by the scripts that source this
tools=$top/module/tools

# may_be_root: whether one can be root, in a mount namespace, without a password.
may_be_root()
{
	{ [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; } &&
		as_root unshare --mount --pid --fork true 2>/dev/null
}

# source_dir VERSION: prints the folder of a kernel's whole source.
source_dir()
{
	[ -e "$cache/source/$1/.complete" ] || return 1
	(cd "$cache/source/$1" && pwd -P)
}

# quote WORD: prints it quoted for the shell.
quote()
{
	printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\''/g")"
}

# guest_env OUT KERNEL_DIR MODULE: prints the variables for `guest` and the tests.  The
# user-space programs are in $bin, if that is set.
guest_env()
{
	echo "export ATCP_TOP=$(quote "$top")"
	echo "export ATCP_BUILD=$(quote "$build")"
	echo "export ATCP_CACHE=$(quote "$cache")"
	echo "export ATCP_KERNEL_DIR=$(quote "$2")"
	echo "export ATCP_OUT=$(quote "$1")"
	echo "export ATCP_BIN=$(quote "${bin:-$build/bin}")"
	echo "export ATCP_KO=$(quote "$3")"
	env | sed -n 's/^\(ATCP_TEST_[A-Z_]*\)=.*/\1/p' | while read -r v; do
		eval "echo \"export $v=\$(quote \"\$$v\")\""
	done
}

# verdict OUT STATUS: judges a run whose results are in OUT and whose machine ended
# with STATUS.  Does not return; exits as `vm` documents.
verdict()
{
	# Not dmesg, which a test may have cleared.
	log=$1/console.log
	# Messages while the machine starts or stops are not about the test.
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
