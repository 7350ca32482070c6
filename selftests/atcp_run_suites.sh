#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Python's own test suites of sockets, and those of asyncio that make TCP sockets: each
# test must end over atcp as it does over the kernel's TCP.  A test that ends otherwise
# is run again by itself over both, so that a busy machine makes no difference.
#
# ATCP_BIN names the folder of atcp-run and libatcp.so; ATCP_TEST_CARRIER=tcp runs them
# as TCP on the wire.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

# over STACK FILE NAME...: runs those tests over atcp in $a or over tcp in $b.
over()
{
	(
		ns=$b
		atcp_run=
		if [ "$1" = atcp ]; then
			ns=$a
			atcp_run="$dir/atcp-run -s -c $carrier"
		fi
		shift
		cd "$tmp" || exit
		# shellcheck disable=SC2086 # words, or none
		ip netns exec "$ns" timeout 1200 $atcp_run /usr/bin/python3 \
			"$here/tools/suites.py" "$@" >>"$tmp/out" 2>>"$tmp/err" </dev/null
	)
}

# both A B NAME...: runs them over the kernel's TCP and over atcp at the same time, since
# they mostly wait.
both()
{
	kernels=$1
	atcps=$2
	shift 2
	over tcp "$kernels" "$@" &
	over atcp "$atcps" "$@"
	set -- $?
	wait $! && [ "$1" = 0 ]
}

# unlike A B: prints the names of tests that ended differently in the two files.
unlike()
{
	sort "$1" >"$1.sorted"
	sort "$2" | comm -3 "$1.sorted" - | awk '{ print $2 }' | sort -u
}

# compare SUITE: runs it over both stacks, and reports the differences.
compare()
{
	: >"$tmp/err"
	both "$tmp/a" "$tmp/b" "$1"
	status=$?
	passed=$(grep -c '^ok' "$tmp/a")
	echo "# $1: $(wc -l <"$tmp/a") tests, of which $passed passed, and" \
		"$(grep -c '^ok' "$tmp/b") over atcp"
	[ "$passed" -gt 0 ] || status=1
	for name in $(unlike "$tmp/a" "$tmp/b"); do
		: >"$tmp/err"
		both "$tmp/a1" "$tmp/b1" "${name#test.}"
		again=$(unlike "$tmp/a1" "$tmp/b1")
		echo "# $name: not as over the kernel's TCP${again:+, nor when asked again:}"
		[ -z "$again" ] || {
			sed 's/^/# /' "$tmp/a1" "$tmp/b1" "$tmp/err"
			status=1
		}
	done
	result "$1, as over the kernel's TCP" $status
}

# Suites without TCP sockets are left out: test_tasks and the like.
suites="test_socket"
for part in base_events buffered_proto events sendfile server sock_lowlevel ssl sslproto \
	streams unix_events; do
	suites="$suites test_asyncio.test_$part"
done

carrier=253
[ $proto = 253 ] || carrier=tcp
if ! /usr/bin/python3 -c 'import sys, importlib.util as u
sys.exit(not u.find_spec("test.test_socket"))' 2>/dev/null; then
	echo "1..0 # SKIP Python's own tests are not installed"
	exit 4
fi
begin 12
ip -n "$a" link set lo up
ip -n "$b" link set lo up
for suite in $suites; do
	compare "$suite"
done
[ "$(ip netns exec "$a" awk '$1 == "established" { print $2 }' /proc/net/atcp_stat)" -gt 200 ]
result "those were atcp's connections" $?
[ $failed -eq 0 ]
