#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# packetdrill's way to test a TCP: a program has its sockets, and plays its peer by a
# TUN device.  The program is tools/drill.py, under atcp-run and without it; its output
# must be the same.
#
# ATCP_BIN names the folder of atcp-run and libatcp.so.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

version=4
[ -z "$ipv6" ] || version=6

begin 2
# If TUN is a module, its device exists when that is loaded.
[ -e /dev/net/tun ] || modprobe tun || exit 1
for protocol in 0 6; do
	for stack in tcp atcp; do
		ip netns add "$a-$stack" && ip -n "$a-$stack" link set lo up || exit 1
		# shellcheck disable=SC2046 # a command, or none
		ip netns exec "$a-$stack" timeout 60 \
			$([ $stack = tcp ] || echo "$dir/atcp-run" -s -c tcp) \
			python3 "$here/tools/drill.py" $version $protocol >"$tmp/$stack" 2>"$tmp/err"
		status=$?
		ip netns del "$a-$stack"
		[ $status = 0 ] || break
	done
	sed 's/^/# /' "$tmp/err"
	[ $status = 0 ] && [ "$(grep -c '^ >' "$tmp/atcp")" -ge 20 ] &&
		diff "$tmp/tcp" "$tmp/atcp" >"$tmp/diff"
	status=$?
	sed 's/^/# /' "$tmp/diff"
	result "IPv$version, protocol $protocol: as the kernel's TCP does" $status
done

[ $failed -eq 0 ]
